"""``schedule`` without any server, and ``serve`` where the server is away."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import pytest
import typer

from console.serving import _own_server, _Screen
from domain.clock import ZONE, pretending
from flows.server import end_left_behind, note_server, served_by
from tasks.settings import Settings
from tests.commands import run_here, start

#: Nobody listens there.
NOWHERE = "http://127.0.0.1:9/api"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_the_next_runs_without_a_workspace(home: Path) -> None:
    with pretending(at("2028-03-13T12:00")):
        ran = run_here("schedule", "--until", "2028-03-31", "--json")
    assert ran.code == 0
    rows = [row for row in ran.json if row["period"] == "2028-Q1" and not row["occasion"].startswith("day:")]
    assert [(row["at"][:16], row["flow"], row["occasion"]) for row in rows] == [
        ("2028-03-14T23:30", "collect-period", "cutoff"),
        ("2028-03-15T23:30", "collect-period", "due:cell"),
        ("2028-03-16T23:30", "collect-period", "due:base"),
        ("2028-03-17T23:30", "collect-period", "due:commune"),
        ("2028-03-20T23:30", "collect-period", "due:district"),
        ("2028-03-23T23:30", "collect-period", "due:province"),
        ("2028-03-28T06:00", "close-period", ""),
    ]
    last = rows[-1]
    assert (last["label"], last["first_day"], last["cutoff"]) == ("Quý 1 năm 2028", "2027-12-15", "2028-03-14")
    assert last["due"]["commune"] == "2028-03-17"
    assert last["why"] == "3 ngày làm việc sau hạn cuối 23/03/2028"
    assert not any(row["overdue"] for row in ran.json)
    assert not home.exists(), "only looked at"


def test_what_is_overdue_comes_first_and_is_marked(workspace: Path) -> None:
    from tasks.occasions import begin

    with pretending(at("2026-03-27T09:00")):
        before = run_here("schedule", "--days", "1")
    assert "Lịch chưa được giữ: chạy tongket serve" in before.out
    begin(Settings(), at("2026-03-26T10:00"))
    with pretending(at("2026-03-27T09:00")):
        ran = run_here("schedule", "--days", "1")
        told = run_here("schedule", "--days", "1", "--json").json
    lines = [line.strip() for line in ran.out.splitlines() if "close-period" in line]
    assert all(line.startswith("TRỄ") for line in lines)
    assert ["2026-M03" in line or "2026-Q1" in line for line in lines] == [True, True]
    assert "bỏ lỡ 1 lần" in ran.out, "the reminders of the 27th"
    assert "Lịch được giữ từ 26/03/2026 10:00:00." in ran.out
    marks = [row["overdue"] for row in told]
    assert marks == sorted(marks, reverse=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--days", "3", "--until", "2028-03-31"), "không cả hai"),
        (("--until", "2028-02-30"), "không phải ngày"),
        (("--until", "2028-03-12"), "từ hôm nay (2028-03-13)"),
        (("--days", "0"), "--days"),
    ],
)
def test_days_that_make_no_sense(arguments: tuple[str, ...], said: str) -> None:
    with pretending(at("2028-03-13T12:00")):
        ran = run_here("schedule", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_serve_waits_for_its_server_and_ends_when_told(workspace: Path) -> None:
    serving = start(workspace, "serve", PREFECT_API_URL=NOWHERE)
    assert serving.stdout is not None
    try:
        with selectors.DefaultSelector() as ready:
            ready.register(serving.stdout, selectors.EVENT_READ)
            assert ready.select(timeout=60), "says at once that it waits"
        assert serving.stdout.readline() == (
            f"! Máy chủ Prefect {NOWHERE} chưa trả lời; đang chờ. Kiểm tra máy chủ hoặc PREFECT_API_URL.\n"
        )
        time.sleep(1)
        assert serving.poll() is None
    finally:
        serving.send_signal(signal.SIGTERM)
        out, err = serving.communicate(timeout=30)
    assert (serving.returncode, out, err) == (0, "✓ Đã dừng.\n", "")


def test_nobody_serves_twice_nor_in_the_server_of_another_workspace(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> str:
        with pytest.raises(typer.Exit) as ended, _own_server("http://127.0.0.1:9/api", 9, Settings(), _Screen()):
            pytest.fail("it serves")
        assert ended.value.exit_code == 2
        return capsys.readouterr().err

    monkeypatch.setattr("flows.server.answers", lambda _address: True)
    assert "Chọn --port khác; nếu dùng chung: PREFECT_API_URL=http://127.0.0.1:9/api" in refused()
    monkeypatch.setattr("flows.server.served_by", lambda _home: 4711)
    assert "đang được phục vụ (tiến trình 4711)" in refused()


def test_a_server_whose_master_was_killed_is_ended_by_the_next(tmp_path: Path) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    note = tmp_path / "server.json"
    try:
        assert not end_left_behind(tmp_path), "nothing is noted"
        note_server(note, left.pid)
        assert not end_left_behind(tmp_path), "its master lives: this process"
        assert served_by(tmp_path) is None, "and may go on"
        kept = json.loads(note.read_text(encoding="utf-8"))
        other = psutil.Process(os.getppid())
        note.write_text(json.dumps(kept | {"by": other.pid, "since": other.create_time()}), encoding="utf-8")
        assert served_by(tmp_path) == other.pid
        for wrong in (kept | {"since": 0.0, "started": 0.0}, {"pid": "?"}, []):  # another process by now; rubbish
            note.write_text(json.dumps(wrong), encoding="utf-8")
            assert not end_left_behind(tmp_path)
        assert left.poll() is None
        note.write_text(
            json.dumps(kept | {"since": kept["since"] - timedelta(days=1).total_seconds()}), encoding="utf-8"
        )
        assert end_left_behind(tmp_path)
        assert not psutil.pid_exists(left.pid)
        assert not note.exists()
        assert psutil.pid_exists(os.getpid())
    finally:
        left.kill()
        left.wait()
