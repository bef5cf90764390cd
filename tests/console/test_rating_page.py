"""The page on targets and ratings, run from its first command to its last."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.commands import Ran, run_here

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("one_process")]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rating.md"
REFUSED = "# bị từ chối"


def _words(line: str, here: Path) -> list[str]:
    words: list[str] = []
    for word in shlex.split(line.replace("$PWD", str(here))):
        found = sorted(str(path) for path in here.glob(word)) if "*.csv" in word else []
        words += found or [word]
    return words


def test_every_command_of_the_page_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples" / "rating", tmp_path / "examples" / "rating")
    said: list[tuple[str, Ran]] = []
    for typed in re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        for line in typed.splitlines():
            command, refused, _ = line.partition(REFUSED)
            words = _words(command, tmp_path)
            if words[0] == "export":
                monkeypatch.setenv(*words[1].split("=", 1))
                continue
            ran = run_here(*words[1:])
            assert ran.code == (2 if refused else 0), f"{line}\n{ran.said}"
            said.append((command.strip().removeprefix("tongket "), ran))

    def told(start: str) -> list[Ran]:
        return [ran for command, ran in said if command.startswith(start)]

    for place in ("A unit", "E value"):
        assert place in told("targets import examples/rating/targets-wrong.csv")[0].out
    assert "giữ nguyên 26" in told("targets import chi-tieu.xlsx")[0].out
    status = {(row["unit"], row["indicator"]): row for row in told("targets status")[1].json}
    total = status["DU.28687", "registered_deeds"]
    assert (total["outcome"], total["reported"], total["expected"]) == ("met", 6, 9)
    assert status["DU.28687", "meeting_attendance_rate"]["value"] is None
    assert status["VD.CB.06", "registered_deeds"]["outcome"] == "undecided"
    first, second, as_json, quarter = told("rating propose")
    assert "x ≤ 20 % × (5 − x) → x ≤ 0,83 → 0" in first.out
    assert "x ≤ 20 % × (6 − x) → x ≤ 1 → 1" in second.out
    assert "ngang nhau ở giới hạn: VD.CB.06, VD.CB.01, VD.CB.02" in second.out
    assert "VD.CB.03 (89 → HTXSNV)" in second.out
    assert "QD124-2023" in quarter.err
    (group,) = (group for group in as_json.json["groups"] if group["peer_group"] == "DU.28687/chi_bo/cell")
    proposed = {row["unit"]: row["proposed"] for row in group["units"]}
    assert proposed == {
        "VD.CB.01": "excellent|good",
        "VD.CB.02": "excellent|good",
        "VD.CB.03": "good",
        "VD.CB.04": "good",
        "VD.CB.05": "good",
        "VD.CB.06": "excellent|good",
        "VD.CB.07": None,
        "VD.CB.08": None,
    }
    versions = told("rating list")[1].json
    assert [(row["grade"], row["over_cap"]) for row in versions] == [("excellent", True), ("good", False)]
    assert "Nhiều việc làm theo hơn" in told("query")[0].out
