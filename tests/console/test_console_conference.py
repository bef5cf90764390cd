"""Conferences on the command line: the page about them, read and done from top to bottom; refusals; JSON."""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
from pathlib import Path

import pytest

from catalog import load_catalog
from tasks.settings import Settings
from tests.collecting import collect
from tests.commands import Ran, run_here
from tests.conftest import Collected
from workbook.fill import Filler

DOCS = Path(__file__).parents[2] / "docs"
#: The second speaks of what the first froze.
PAGES = (DOCS / "conference.md", DOCS / "conference-pack.md")

#: What a unit does by hand, and what the reader types.
STEP = re.compile(r"<!-- hand: correct (?P<hand>.*?) -->|```sh\n(?P<typed>.*?)```", re.DOTALL)


@pytest.fixture
def province(home: Path, collected_sqlite: Collected) -> Collected:
    """A copy of the workspace that was filled once, to be worked in."""
    source = collected_sqlite.settings
    shutil.copytree(source.home, home, ignore=shutil.ignore_patterns("*.db*"))
    database = Path(source.url.removeprefix("sqlite:///"))
    original, copy = sqlite3.connect(database), sqlite3.connect(home / database.name)
    original.backup(copy)
    copy.close()
    original.close()
    return Collected(Settings(home=home), collected_sqlite.delivery, collected_sqlite.run)


class Reader:
    """Somebody who does what the page says."""

    def __init__(self, province: Collected) -> None:
        self.province = province
        self.typed: dict[str, Ran] = {}

    def follow(self, page: str) -> None:
        for step in STEP.finditer(page):
            if step["hand"]:
                self._correct(*step["hand"].split())
            for line in (step["typed"] or "").splitlines():
                self._type(line)

    def _type(self, line: str) -> None:
        known = {"$BAO_CAO": self._submission, "$LUC_CHOT": self._frozen_at}
        filled = line
        for name, value in known.items():
            filled = filled.replace(name, value()) if name in line else filled
        program, *words = shlex.split(filled, comments=True)
        assert program == "tongket", line
        ran = run_here(*words)
        assert (ran.code, ran.err) == (0, ""), f"{line}\n{ran.said}"
        self.typed[line] = ran

    def said(self, start: str) -> str:
        return "\n".join(ran.out for line, ran in self.typed.items() if line.startswith(start))

    def _correct(self, unit: str, told: str) -> None:
        field, value = told.split("=")
        sent = next(path for path in self.province.delivery.files if path.name.startswith(unit))
        mended = Filler(sent.read_bytes(), load_catalog().forms["review-report"]).fill({}, {field: int(value)})
        path = self.province.settings.home.parent / f"{unit}_sua.xlsx"
        path.write_bytes(mended)
        collect(self.province.settings, [path])

    @staticmethod
    def _submission() -> str:
        question = "select submission_id from mart_reporting where period = '2025' and unit = 'P99.CB.001.002'"
        return str(run_here("query", question, "--format", "json").json[0]["submission_id"])

    @staticmethod
    def _frozen_at() -> str:
        return str(run_here("conference", "show", "TK-2025", "--json").json["frozen_at"])


def test_every_command_of_the_pages_does_what_it_says(
    province: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    reader = Reader(province)
    for page in PAGES:
        reader.follow(page.read_text(encoding="utf-8"))
    whole, commune = (tmp_path / name for name in ("english", "bo-xa"))
    assert {path.name for path in whole.iterdir()} == {path.name for path in commune.iterdir()}
    assert {"report.docx", "annex.xlsx", "slides.pptx", "page.html"} < {path.name for path in whole.iterdir()}
    board = reader.typed["tongket conference show TK-2025"].out
    assert "CHƯA sẵn sàng" in board
    assert "báo cáo bị trả lại hoặc không đọc được mà chưa có bản nào được nhận" in board
    counts = reader.typed["tongket conference show TK-2025 --json"].json["boards"][0]
    assert counts["expected"] == counts["received"] + counts["missing"] > 50
    assert "Nguyên vẹn: 14 bảng" in reader.said("tongket conference verify")
    told = reader.typed["tongket conference diff TK-2025"].out
    assert "số liệu khác lúc chốt" in told
    assert "rút báo cáo · Chánh Văn phòng · Đơn vị gửi nhầm bản nháp" in " ".join(told.split())
    found = reader.typed["tongket conference diff TK-2025 --indicator registered_deeds --limit 5 --json"].json
    own = next(row for row in found["figures"] if row["unit"] == "P99.CB.001.001")
    assert (own["kind"], own["value_now"], own["causes"]) == ("changed", 77.0, ["2025/P99.CB.001.001/review-report"])
    assert {(report["unit"], report["version"]) for report in found["reports"]} == {
        ("P99.CB.001.001", 2), ("P99.CB.001.002", None)
    }  # fmt: skip
    then, now = (ran.out for line, ran in reader.typed.items() if line.startswith("tongket trace"))
    assert f"{own['value_then']:g} việc" in then
    assert "77 việc" in now
    assert "P99.DU" in reader.said("tongket query")
    assert "TK-2025" in run_here("conference", "list").out


def test_what_cannot_be_done_is_refused_in_a_sentence(province: Collected) -> None:
    opened = ("conference", "open", "--scope", "P99.DU", "--kind", "final", "--on", "2026-01-20")
    assert run_here(*opened, "--periods", "2025", "--code", "TK").code == 0
    refusals = {
        (*opened, "--periods", "2025-Q9"): "2025-Q9",
        (*opened, "--periods", ","): "--periods",
        (*opened, "--periods", "2025,2025-Q1"): "ngày chung",
        (*opened, "--periods", "2012"): "Không đơn vị nào mang mã P99.DU",
        (*opened, "--periods", "2025", "--code", "TK"): "đã dùng",
        ("conference", "freeze", "TK"): "Chưa chốt được TK",
        ("conference", "freeze", "TK", "--override"): "--reason",
        ("conference", "freeze", "KHAC"): "Không có hội nghị KHAC",
        ("conference", "verify", "TK"): "chưa chốt",
        ("conference", "diff", "TK"): "chưa chốt",
    }
    for arguments, why in refusals.items():
        ran = run_here(*arguments)
        assert (ran.code, ran.out) == (2, ""), ran.said
        assert why in ran.err, ran.err
        assert len(ran.err.strip().splitlines()) == 1
    frozen = run_here("conference", "freeze", "TK", "--override", "--reason", "họp ngay", "--by", "Lan", "--json").json
    assert (frozen["state"], frozen["frozen_by"], frozen["override_reason"]) == ("frozen", "Lan", "họp ngay")
    again = run_here("conference", "freeze", "TK", "--override", "--reason", "lại")
    assert (again.code, "mở hội nghị khác" in again.err) == (2, True)
    assert run_here("conference", "diff", "TK", "--unit", "DU.82").code == 2
    assert run_here("conference", "diff", "TK", "--indicator", "khong_co").code == 2
    database = sqlite3.connect(Path(province.settings.url.removeprefix("sqlite:///")))
    database.execute("DROP TRIGGER conference_part_frozen_update")
    database.execute("UPDATE conference_part SET content = x'00' WHERE frame = 'labels'")
    database.commit()
    database.close()
    spoilt = run_here("conference", "verify", "TK", "--json")
    assert (spoilt.code, spoilt.json["holds"], spoilt.json["damaged"]) == (1, False, ["labels"])
    assert "labels" in run_here("conference", "verify", "TK").err
    assert "labels" in run_here("conference", "diff", "TK").err
