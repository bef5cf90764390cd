"""A batch is judged by what the warehouse knows: other periods, waivers, closed periods."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import SecretStr

from domain.clock import today
from domain.finding import SettledBy
from examples.filing import Filing
from examples.write import Writer
from tasks.pipeline import Outcome, process
from tasks.settings import Settings
from tasks.setup import initialise
from tasks.store import WarehousePast, engine_for, register_of
from tests.collecting import collect
from warehouse import acts, queries
from workbook.read import Source

FORM = "one-stop-dossiers"
WHO = {"who": "Nguyễn Văn A", "reason": "Theo Công văn 15-CV/TU"}


def _quarter(carried: int, online: int, direct: int, resolved: int, pending: int) -> dict[str, Any]:
    return {
        "dossiers_received": carried + online + direct, "dossiers_carried_over": carried,
        "dossiers_received_online": online, "dossiers_received_direct": direct, "dossiers_resolved": resolved,
        "dossiers_resolved_early": resolved - 3, "dossiers_resolved_on_time": 2, "dossiers_resolved_overdue": 1,
        "dossiers_pending": pending, "dossiers_pending_in_time": pending, "dossiers_pending_overdue": 0,
        "dossiers_refused": 0,
    }  # fmt: skip


FIRST = _quarter(0, 20, 11, 21, 10)
SECOND = _quarter(10, 30, 12, 40, 12)
HALF = _quarter(0, 50, 23, 61, 12)


class Unit:
    """One unit's reports, written as workbooks and collected in the order given."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.engine = engine_for(settings.url)
        self.writer = Writer(register_of(settings))
        self.folder = folder

    def files(self, *reports: tuple[str, dict[str, Any]], notes: dict[str, str] | None = None) -> list[Path]:
        filings = [(p, Filing("UB.12", p, FORM, figures=figures, notes=notes or {})) for p, figures in reports]
        return list(self.writer.write_all(filings, self.folder / str(len(list(self.folder.iterdir())))))

    def sends(self, *reports: tuple[str, dict[str, Any]]) -> None:
        collect(self.settings, self.files(*reports), batch=10)

    def judged(self, path: Path, day: date | None = None) -> Outcome:
        catalog = register_of(self.settings)
        return process([Source(1, path, path.name)], catalog, WarehousePast(self.engine, catalog), day or today())

    def found(self, period: str, rule: str) -> list[dict[str, Any]]:
        findings = queries.findings(self.engine, period=period)
        return findings.filter(pl.col("rule") == rule).to_dicts()


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    settings = Settings(home=tmp_path / "home", warehouse_url=SecretStr(f"sqlite:///{tmp_path / 'warehouse.db'}"))
    (tmp_path / "home").mkdir()
    initialise(settings, settings.url)
    (tmp_path / "sent").mkdir()
    return Unit(settings, tmp_path / "sent")


def test_a_half_year_is_judged_by_the_quarters_that_came_with_it(unit: Unit) -> None:
    half = {"dossiers_resolved": 62, "dossiers_resolved_early": 59, "dossiers_pending": 11}
    half["dossiers_pending_in_time"] = 11
    unit.sends(("2025-H1", HALF | half), ("2025-Q2", SECOND), ("2025-Q1", FIRST))
    (finding,) = unit.found("2025-H1", "HIS-041")
    assert finding["arithmetic"] == "21 + 40 = 61 ≠ 62 (lệch 1)"
    assert "Các kỳ ngắn hơn: 2025-Q1 (21), tệp 2025-Q1.xlsx, " in finding["message_vi"]
    assert "; 2025-Q2 (40), tệp 2025-Q2.xlsx, " in finding["message_vi"]
    assert not unit.found("2025-H1", "HIS-039"), "the dossiers received online add up"
    assert not unit.found("2025-Q2", "HIS-001"), "the second quarter carries over what the first left"


def test_a_quarter_that_is_the_running_total_is_seen_beside_the_half_year(unit: Unit) -> None:
    unit.sends(("2025-H1", HALF))
    outcome = unit.judged(unit.files(("2025-Q2", HALF))[0])
    (finding,) = outcome.findings.filter(pl.col("rule") == "HIS-030").to_dicts()
    assert "Kỳ dài hơn: 2025-H1, tệp 2025-H1.xlsx." in finding["message_vi"]
    assert finding["cells"].count("!") == 6
    sound = unit.judged(unit.files(("2025-Q2", SECOND))[0])
    assert "HIS-030" not in sound.findings["rule"]


def test_a_half_year_that_repeats_its_last_quarter_is_seen(unit: Unit) -> None:
    unit.sends(("2025-Q2", SECOND))
    outcome = unit.judged(unit.files(("2025-H1", SECOND))[0])
    (finding,) = outcome.findings.filter(pl.col("rule") == "HIS-031").to_dicts()
    assert "Kỳ ngắn hơn: 2025-Q2, tệp 2025-Q2.xlsx." in finding["message_vi"]


def test_a_quarter_alone_is_not_suspected(unit: Unit) -> None:
    """That every figure is larger than the quarter's before does not make it a running total."""
    unit.sends(("2025-Q1", FIRST))
    outcome = unit.judged(unit.files(("2025-Q2", SECOND))[0])
    assert not {"HIS-030", "HIS-031"} & set(outcome.findings["rule"])


def test_the_note_in_the_workbook_explains_the_warning(unit: Unit) -> None:
    unit.sends(("2025-Q1", FIRST), ("2025-Q2", SECOND))
    wrong = HALF | {"dossiers_received_online": 51, "dossiers_received": 74, "dossiers_pending": 13,
                    "dossiers_pending_in_time": 13}  # fmt: skip
    note = {"dossiers_received_online": "Bổ sung hồ sơ nhập muộn của quý I"}
    for notes, expected in (({}, (None, None)), (note, (SettledBy.NOTE, *note.values()))):
        outcome = unit.judged(unit.files(("2025-H1", wrong), notes=notes)[0])
        (finding,) = outcome.findings.filter(pl.col("rule") == "HIS-039").to_dicts()
        assert (finding["settled_by"], finding["explanation"]) == expected


def test_a_waiver_holds_on_the_day_the_batch_is_judged(unit: Unit) -> None:
    """Worker processes are told the day with the batch; their own clock, past midnight by now, decides nothing."""
    unit.sends(("2025-Q1", FIRST), ("2025-Q2", SECOND))
    (path,) = unit.files(("2025-H1", HALF | {"dossiers_received_online": 51, "dossiers_received_direct": 22}))
    collect(unit.settings, [path])
    until = today() + timedelta(days=1)
    for finding in unit.found("2025-H1", "HIS-039"):
        acts.waive(unit.engine, finding["finding"], until=until, today=today(), **WHO)
    for day, settled in ((until, SettledBy.WAIVER), (until + timedelta(days=1), None)):
        (finding,) = unit.judged(path, day).findings.filter(pl.col("rule") == "HIS-039").to_dicts()
        assert finding["settled_by"] == settled


def test_a_critical_finding_that_was_let_pass_and_a_closed_period(unit: Unit) -> None:
    unit.sends(("2025-Q1", FIRST))
    wrong = SECOND | {"dossiers_resolved": 41}
    (path,) = unit.files(("2025-Q2", wrong))
    collect(unit.settings, [path])
    critical = queries.findings(unit.engine, period="2025-Q2").filter(pl.col("severity") == "critical")
    assert critical["level"].unique().to_list() == [4]
    for number in critical["finding"]:
        acts.waive(unit.engine, number, until=None, override=True, second_person="Trần Thị B", today=today(), **WHO)
    outcome = unit.judged(path)
    assert outcome.verdicts["state"].to_list() == ["accepted_with_warnings"]
    let_pass = outcome.findings.filter(pl.col("severity") == "critical")
    assert set(let_pass["settled_by"]) == {SettledBy.OVERRIDE}
    assert set(let_pass["explanation"]) == {WHO["reason"]}
    assert outcome.observations.height

    acts.retry(unit.engine, [critical["submission"][0]], **WHO)
    collect(unit.settings, [])
    acts.close_period(unit.engine, "2025-Q2", **WHO)
    closed = unit.judged(path)
    assert closed.verdicts["state"].to_list() == ["rejected"]
    assert closed.findings["rule"].to_list() == ["FRM-019"]
    assert closed.observations.is_empty()
    acts.reopen_period(unit.engine, "2025-Q2", **WHO)
    assert unit.judged(path).verdicts["state"].to_list() == ["accepted_with_warnings"]
