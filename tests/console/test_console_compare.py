"""The reform through files and the command line: 2024 by the old units, 2026 by the new ones, on both databases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text

from examples.filing import Filing
from examples.write import Writer
from tasks.acting import withdraw
from tasks.settings import Settings
from tasks.setup import initialise
from tasks.store import engine_for, register_of
from tests.collecting import collect
from tests.commands import Ran, run_here

EXAMPLES = Path(__file__).parents[2] / "examples"
FORM = "one-stop-dossiers"
RECEIVED, RATE = "dossiers_received", "on_time_rate_received"

OLD = {
    "VD.UB.35": 4000, "VD.UB.36": 5000, "VD.UB.37": 3000, "VD.35.SNV": 100, "VD.UB.13285": 600, "VD.UB.13309": 400,
    "VD.UB.28681": 300, "VD.UB.28687": 532, "VD.UB.23617": 1015, "VD.UB.23620": 1000, "VD.UB.23602": 2024,
}  # fmt: skip
NEW = {
    "VD.UB.37": 13000, "VD.35.SNV": 120, "VD.UB.13285": 700, "VD.UB.13366": 380, "VD.UB.28687": 900,
    "VD.UB.23617": 11713, "VD.UB.23602": 2500,
}  # fmt: skip


def _figures(received: float, late: float) -> dict[str, Any]:
    return {
        "dossiers_received": received, "dossiers_carried_over": 0, "dossiers_received_online": 0,
        "dossiers_received_direct": received, "dossiers_resolved": received, "dossiers_resolved_early": 0,
        "dossiers_resolved_on_time": received - late, "dossiers_resolved_overdue": late, "dossiers_pending": 0,
        "dossiers_pending_in_time": 0, "dossiers_pending_overdue": 0, "dossiers_refused": 0,
    }  # fmt: skip


class Reform:
    """A workspace whose register went through the reform, and the reports of its units as workbooks."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder

    @property
    def engine(self) -> Engine:
        return engine_for(self.settings.url)

    def sends(self, period: str, reports: Mapping[str, float], late: float = 20, **more: Any) -> None:
        writer = Writer(register_of(self.settings))
        filings = [
            (f"{unit}-{period}", Filing(unit, period, FORM, figures=_figures(received, late), **more))
            for unit, received in reports.items()
        ]
        sent = self.folder / str(len(list(self.folder.iterdir())))
        collect(self.settings, writer.write_all(filings, sent))

    def compare(self, unit: str, *more: str, period: str = "2026-Q1", base: str = "2024-Q1") -> list[dict[str, Any]]:
        versus = () if base == "" else ("--with", base)
        ran = run_here("compare", "--period", period, "--unit", unit, *versus, "--json", *more)
        assert (ran.code, ran.err) == (0, ""), ran.said
        return list(json.loads(ran.out))

    def received(self, unit: str, *more: str, **when: str) -> dict[str, Any]:
        (row,) = self.compare(unit, "--indicator", RECEIVED, *more, **when)
        return row

    def mart(self, sql: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]


@pytest.fixture
def reform(url: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reform:
    settings = Settings(home=home, warehouse_url=SecretStr(url))
    initialise(settings, settings.url)
    monkeypatch.setenv("TONGKET_WAREHOUSE_URL", url)
    for folder in ("reform", "compare"):
        ran = run_here("units", "import", *(str(EXAMPLES / folder / name) for name in ("units.csv", "events.csv")))
        assert ran.code == 0, ran.said
    (tmp_path / "sent").mkdir()
    return Reform(settings, tmp_path / "sent")


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["value_then"], row["value_now"], row["comparable"], row["reason"]


@pytest.mark.thorough("sqlite")
def test_the_reform_from_files_to_the_command_line(reform: Reform) -> None:
    reform.sends("2024-Q1", OLD)
    reform.sends("2026-Q1", NEW)

    # three provinces in one: the sum of three, with everything below them
    province = reform.received("VD.37")
    assert told(province) == (13100, 14200, True, None)
    assert province["sentence_vi"] == "14.200 · tăng 8,4 % so với 13.100"
    assert [province[f"{name}_{side}"] for side in ("then", "now") for name in ("reported", "expected")] == [6, 6, 4, 4]
    (rate,) = reform.compare("VD.37", "--indicator", RATE)
    assert rate["sentence_vi"] == "99,44 % · tăng 0,35 điểm % so với 99,08 %"
    assert (rate["growth"], rate["change_kind"]) == (None, "points")

    # the code stayed, the territory grew: a sum of two on today's boundaries, no comparison as filed or on the old ones
    assert told(reform.received("VD.28687")) == (832, 900, True, None)
    filed = reform.received("VD.28687", "--boundaries", "filed")
    assert (*told(filed), filed["difference"], filed["growth"]) == (532, 900, False, "not_the_same", None, None)
    assert "Xã Bình Tân (VD.28681) (sáp nhập 01/07/2025, NQ 1663/NQ-UBTVQH15 khoản 74)" in filed["reason_vi"]
    back = reform.received("VD.28687", "--boundaries", "then")
    assert told(back) == (532, None, False, "split")

    # the old An Phú is in An Khê; today's An Phú is another commune
    assert reform.received("VD.23617")["sentence_vi"] == "11.713 · tăng 481,3 % so với 2.015"
    today = reform.received("VD.23602")
    assert told(today) == (2024, 2500, True, None)
    assert today["cautions"] == "base_is_year"
    gone = run_here("compare", "--period", "2026-Q1", "--unit", "VD.23620")
    assert (gone.code, gone.out) == (2, "")
    assert "Phường An Phú nay ở trong Phường An Khê VD.23617 (NQ 1664/NQ-UBTVQH15 khoản 124)" in gone.err

    # a divided ward: neither heir is compared, their province is
    for heir, received in (("VD.13285", 700), ("VD.13366", 380), ("VD.UB.13366", 380)):
        row = reform.received(heir)
        assert (*told(row), row["growth"], row["expected_then"]) == (None, received, False, "split", None, 0)
        assert "Quang Trung" in row["reason_vi"]
        assert "NQ 1674/NQ-UBTVQH15" in row["reason_vi"]
        assert "split 01/07/2025" in row["reason_en"]

    # what stayed whole can be asked on the old boundaries too; moved with its code to another province all the same
    for boundaries in ("now", "then", "filed"):
        assert told(reform.received("VD.35.SNV", "--boundaries", boundaries)) == (100, 120, True, None)
    assert told(reform.received("VD.35", "--boundaries", "then"))[2:] == (False, "split")


@pytest.mark.thorough("postgres")
def test_a_hole_in_either_sum_is_a_caution(reform: Reform) -> None:
    reform.sends("2024-Q1", {unit: value for unit, value in OLD.items() if unit != "VD.UB.28681"})
    reform.sends("2026-Q1", NEW)
    row = reform.received("VD.28687")
    assert (row["reported_then"], row["expected_then"], row["cautions"]) == (1, 2, "coverage_differs,incomplete")
    ran = run_here("compare", "--period", "2026-Q1", "--with", "2024-Q1", "--unit", "VD.28687")
    assert ran.code == 0
    assert "900 · tăng 69,2 % so với 532" in ran.out
    assert "độ bao phủ hai kỳ khác nhau" in ran.out
    assert "1/2" in ran.out
    english = run_here("--lang", "en", "compare", "--period", "2026-Q1", "--with", "2024-Q1", "--unit", "VD.28687")
    assert english.code == 0


@pytest.mark.thorough("postgres")
def test_what_the_province_states_for_its_territory_is_not_added(reform: Reform) -> None:
    reform.sends("2024-Q1", {"VD.UB.35": 4000, "VD.UB.36": 5000}, scope="territory")
    reform.sends("2026-Q1", {"VD.UB.37": 13000}, scope="territory")
    row = reform.received("VD.UB.37")
    assert told(row) == (None, 13000, False, "stated_not_added")
    assert row["sentence_vi"] == "13.000 · không so sánh được"


def test_the_mart_follows_the_figures(reform: Reform) -> None:
    asked = (
        f"SELECT unit, value_then, value_now, comparable, reason FROM mart_year_on_year WHERE indicator = '{RECEIVED}'"
    )
    reform.sends("2026-Q1", NEW)
    assert reform.mart("SELECT count(*) FROM mart_year_on_year") == [(0,)]
    reform.sends("2025-Q1", OLD)  # the older period came later
    rows = {row[0]: (row[1], row[2], bool(row[3]), row[4]) for row in reform.mart(asked)}
    assert rows == {
        "VD.37": (13100, 14200, True, None), "VD.82": (832, 900, True, None), "VD.28687": (832, 900, True, None),
        "VD.52": (4039, 14213, True, None), "VD.23617": (2015, 11713, True, None), "VD.23602": (2024, 2500, True, None),
        "VD.13285": (None, 700, False, "split"), "VD.13366": (None, 380, False, "split"),
    }  # fmt: skip
    for unit in rows:  # the mart and the command agree
        assert told(reform.received(unit, base="")) == rows[unit]
    said = reform.mart("SELECT DISTINCT reason_vi, reason_en FROM mart_year_on_year WHERE unit = 'VD.13366'")
    assert len(said) == 1
    assert all("Quang Trung" in sentence for sentence in said[0])
    (number,) = reform.mart(
        "SELECT s.id FROM submission s JOIN unit u ON u.id = s.unit_id WHERE u.code = 'VD.UB.28681'"
    )
    withdraw(reform.settings, number[0], who="Trần Văn Phòng", reason="gửi nhầm")
    row = reform.mart(
        "SELECT value_then, reported_then, expected_then, cautions, caution_vi FROM mart_year_on_year"
        f" WHERE unit = 'VD.28687' AND indicator = '{RECEIVED}'"
    )
    assert row[0][:4] == (532, 1, 2, "coverage_differs,incomplete")
    assert row[0][4] == "độ bao phủ hai kỳ khác nhau; còn đơn vị chưa có số liệu"


@pytest.mark.thorough("postgres")
def test_without_the_older_reports_the_mart_holds_nothing(reform: Reform) -> None:
    for period in ("2025-Q1", "2026-Q1"):
        reform.sends(period, {"VD.35.SNV": 100})
    kept = "SELECT DISTINCT unit, base_period FROM mart_year_on_year"
    assert reform.mart(kept) == [("VD.37", "2025-Q1")]
    first = reform.mart("SELECT min(id) FROM submission")[0][0]
    withdraw(reform.settings, first, who="Trần Văn Phòng", reason="gửi nhầm")
    assert reform.mart(kept) == []


@pytest.mark.thorough("postgres")
def test_what_cannot_be_asked_is_refused_in_one_sentence(reform: Reform) -> None:
    def refused(*arguments: str) -> str:
        ran: Ran = run_here("compare", "--unit", "VD.37", *arguments)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran.said
        return ran.err

    assert "khác loại kỳ" in refused("--period", "2026-Q1", "--with", "2025")
    assert "phải kết thúc trước" in refused("--period", "2026-Q1", "--with", "2026-Q1")
    assert "Chọn một trong" in refused("--period", "2026-Q1", "--with", "2025-Q1", "--previous")
    assert "so dossiers_received" in refused("--period", "2026-Q1", "--indicator", "dossiers_received_growth_pct")
    assert "Không có chỉ tiêu" in refused("--period", "2026-Q1", "--indicator", "dossiers")
    assert "Không có biểu mẫu" in refused("--period", "2026-Q1", "--form", "bieu-99")
    assert "Chưa có số liệu nào" in refused("--period", "2026-Q1", "--previous")
    assert "Không có kỳ báo cáo" in refused("--period", "2026-Q7")
    assert "Không có đơn vị" in run_here("compare", "--unit", "VD.99", "--period", "2026-Q1").err
