"""The page on the register of units, run from its first command to its last."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.commands import Ran, run_here

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "units.md"
STEP = re.compile(r"<!-- hand: write (?P<name>\S+): (?P<rows>.*?) -->|```sh\n(?P<typed>.*?)```", re.DOTALL)
REFUSED = "# bị từ chối"


def test_every_command_of_the_page_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples" / "reform", tmp_path / "examples" / "reform")
    said: dict[str, Ran] = {}
    for step in STEP.finditer(PAGE.read_text(encoding="utf-8")):
        if step["name"]:
            Path(step["name"]).write_text(step["rows"].replace("|", "\n") + "\n", encoding="utf-8")
            continue
        for line in step["typed"].splitlines():
            command, refused, _ = line.partition(REFUSED)
            words = shlex.split(command.replace("$PWD", str(tmp_path)))
            if words[0] == "export":
                monkeypatch.setenv(*words[1].split("=", 1))
                continue
            assert words[0] == "tongket", line
            ran = run_here(*words[1:])
            assert (ran.code, ran.err) == (2 if refused else 0, ""), f"{line}\n{ran.said}"
            said[" ".join(words[1:])] = ran
    assert len(said) >= 14
    trial = said["units import examples/reform/units.csv examples/reform/events.csv --dry-run"]
    assert "○ sự kiện: thêm 15" in trial.out
    wrong = said["units import sai.csv"].out
    for place in ("E kind", "F parent", "C valid_to", "B valid_from", "D name"):
        assert place in wrong
    assert "thêm 0 · sửa 0 · kết thúc 0" in said["units import danh-muc.csv danh-muc-events.csv"].out
    assert "nay ở trong Phường An Khê 23617" in said["units find phường an phú"].out
    assert "VD.35.SNV" in said["units tree --as-of 2025-07-01 --unit VD.37"].out
