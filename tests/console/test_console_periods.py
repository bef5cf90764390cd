"""``tongket period``: what a person asks about periods, and the files of a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands import run_here
from tests.conftest import Collected


@pytest.fixture
def home(collected_sqlite: Collected, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TONGKET_HOME", str(collected_sqlite.settings.home))
    return tmp_path


def test_the_report_of_a_period_is_written_and_agrees_with_the_status(home: Path) -> None:
    told = run_here("period", "report", "2025", "--out", str(home), "--json").json
    boards = [board for board in run_here("status", "--period", "2025", "--json").json if board["form"]]
    assert {board["life"] for board in boards} == {"open"}
    for name in ("expected", "received", "missing", "late", "rejected", "in_force"):
        assert told["total"][name] == sum(board[name] for board in boards), name
    assert {row["code"]: row["missing"] for row in told["groups"]["form"]} == {b["form"]: b["missing"] for b in boards}
    assert len(told["missing"]) == told["total"]["missing"]
    data, page = (Path(path) for path in told["files"])
    assert json.loads(data.read_text(encoding="utf-8")) == {k: v for k, v in told.items() if k != "files"}
    text = page.read_text(encoding="utf-8")
    assert f"Phải gửi {told['total']['expected']} = đã gửi" in text
    assert "http:" not in text
    assert "https:" not in text
    assert "<script" not in text


def test_periods_are_listed_and_shown_with_their_lives(home: Path) -> None:
    rows = {row["period"]: row for row in run_here("period", "list", "--all", "--json").json}
    assert (rows["2025"]["life"], rows["2025"]["received"] > 0) == ("open", True)
    shown = run_here("period", "show", "2025")
    assert "Năm 2025 · đang mở" in shown.out
    assert "chi bộ 15/12/2025" in shown.out
    assert run_here("period", "show", "2025-Q9").code == 2
    assert run_here("period", "close", "2025", "--reason", " ").code == 2
