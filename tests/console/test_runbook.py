"""The runbook for administrators, run from its first command to its last: what it says is what happens."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from catalog import DATA, load_catalog
from tasks.settings import Settings
from tasks.store import engine_for
from tests.commands import Ran, run_here
from workbook.fill import Filler

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("one_process")]

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"

#: What the reader does by hand (in a spreadsheet program), and what they type.
STEP = re.compile(r"<!-- hand: (?P<hand>.*?) -->|```sh\n(?P<typed>.*?)```", re.DOTALL)


class Reader:
    """Somebody who does what the page says, in the folder they are in."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.typed: list[tuple[str, Ran]] = []

    def follow(self, page: str) -> None:
        for step in STEP.finditer(page):
            if step["hand"]:
                self._do(step["hand"])
            else:
                for line in step["typed"].splitlines():
                    self._type(line)

    def said(self, start: str) -> str:
        """What the commands that begin so answered, one after the other."""
        return "\n".join(ran.out for line, ran in self.typed if line.startswith(start))

    def _type(self, line: str) -> None:
        words = shlex.split(line.replace("$PWD", str(Path.cwd())).replace("$PHAT_HIEN", self._critical()))
        if words[0] == "export":
            self.monkeypatch.setenv(*words[1].split("=", 1))
        elif words[0] == "unset":
            self.monkeypatch.delenv(words[1])
        else:
            assert words[0] == "tongket", line
            ran = run_here(*words[1:])
            assert (ran.code, ran.err) == (0, ""), f"{line}\n{ran.said}"
            self.typed.append((line, ran))

    def _critical(self) -> str:
        """The number of the critical finding that stands."""
        if not os.environ.get("TONGKET_HOME") or not Settings().workspace.exists:
            return ""
        found = run_here("findings", "--unit", "DU.28687", "--severity", "critical", "--json").json
        return str(found[0]["finding"]) if found else ""

    def _do(self, hand: str) -> None:
        what, _, how = hand.partition(": ")
        if "->" in what:
            source, target = what.split(" -> ")
            self._fill(Path(source), Path(target), dict(word.rsplit("=", 1) for word in how.split()))
        elif what.startswith("write "):
            Path(what.removeprefix("write ")).write_text(how.replace("|", "\n") + "\n", encoding="utf-8")
        else:
            folder, (rule, _severity, before, _to, after) = what.removeprefix("catalog "), how.split()
            _mend(Path(folder), rule, before, after)

    def _fill(self, source: Path, target: Path, typed: dict[str, str]) -> None:
        identity = {name: typed.pop(name).replace("_", " ") for name in ("unit", "unit_name") if name in typed}
        filler = Filler(source.read_bytes(), load_catalog().forms["review-report"])
        target.write_bytes(filler.fill(identity, {field: int(value) for field, value in typed.items()}))


def _mend(folder: Path, rule: str, before: str, after: str) -> None:
    shutil.copytree(DATA, folder)
    for path in (folder / "rules").iterdir():
        entries = path.read_text(encoding="utf-8").split("- id: ")
        mended = [
            entry.replace(f"severity: {before}", f"severity: {after}", 1) if entry.startswith(rule) else entry
            for entry in entries
        ]
        path.write_text("- id: ".join(mended), encoding="utf-8")


def test_every_command_of_the_runbook_does_what_it_says(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(monkeypatch)
    reader.follow(RUNBOOK.read_text(encoding="utf-8"))
    assert states(Settings()) == {
        1: "rejected",  # 40 + 5 ≠ 46
        2: "superseded",  # restored, then followed by the last
        3: "accepted_with_warnings",  # its unit was imported
        4: "withdrawn",
        5: "accepted_with_warnings",  # its fault was let pass
    }
    assert {path.name for path in (tmp_path / "tra-lai" / "2025").iterdir()} == {"DU.28687_review-report_1.xlsx"}
    assert "bị trả lại" in reader.said("tongket submit lan1")
    assert "1 báo cáo bị trả lại nay có thể khác: tongket retry --mended" in reader.said("tongket units import")
    assert "DU.99001" in reader.said('tongket retry --mended --dry-run --reason "Bổ sung')
    assert "LRN-001" in reader.said('tongket retry --mended --dry-run --reason "LRN')
    assert "1 đơn vị được nộp muộn" in reader.said("tongket status --period 2025 --unit DU.82")
    assert "1 LỖI được cho qua" in reader.said("tongket status --period 2025 --unit DU.28687")
    history = reader.said("tongket history")
    assert all(words in history for words in ("Đơn vị gửi nhầm bản nháp", "Bản này mới đúng"))


def states(settings: Settings) -> dict[Any, Any]:
    with engine_for(settings.url).connect() as connection:
        return dict(connection.execute(text("select id, state from submission")).tuples().all())
