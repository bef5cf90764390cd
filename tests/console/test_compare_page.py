"""The page on comparing periods, run from its first command to its last."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.commands import Ran, run_here

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("one_process")]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "compare.md"
REFUSED = "# bị từ chối"


def _words(line: str, here: Path) -> list[str]:
    """The words of a command as a shell would hand them over, file patterns resolved."""
    words: list[str] = []
    for word in shlex.split(line.replace("$PWD", str(here))):
        found = sorted(str(path) for path in here.glob(word)) if "*.csv" in word else []
        words += found or [word]
    return words


def test_every_command_of_the_page_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("reform", "compare"):
        shutil.copytree(ROOT / "examples" / folder, tmp_path / "examples" / folder)
    said: dict[str, Ran] = {}
    for typed in re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        for line in typed.splitlines():
            command, refused, _ = line.partition(REFUSED)
            words = _words(command, tmp_path)
            if words[0] == "export":
                monkeypatch.setenv(*words[1].split("=", 1))
                continue
            ran = run_here(*words[1:])
            assert ran.code == (2 if refused else 0), f"{line}\n{ran.said}"
            said[command.strip().removeprefix("tongket ")] = ran
    assert len(said) >= 13
    compare = "compare --period 2026-Q1 --unit"
    assert "11.713 · tăng 481,3 % so với 2.015" in said[f"{compare} VD.23617"].out
    long_binh = f"{compare} VD.28687 --indicator dossiers_received"
    assert "900 · tăng 8,2 % so với 832" in said[long_binh].out
    assert "900 · kỳ gốc 532 · không so sánh được" in said[f"{long_binh} --boundaries filed"].out
    assert "9 · tăng 1 so với 8" in run_here(*f"{compare} VD.28687".split()).out
    assert "chia tách 01/07/2025, NQ 1674" in said[f"{compare} VD.13285 --indicator dossiers_received"].out
    assert "Phường An Khê VD.23617" in said[f"{compare} VD.23620"].err
    assert "13.100" in said[next(name for name in said if name.startswith("query"))].out
