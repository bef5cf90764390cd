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
from tasks.health import holiday_conditions
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
    assert not any(row["overdue"] or row["moved_from"] for row in ran.json)
    assert not home.exists(), "only looked at"


def test_a_day_that_holidays_move_says_from_where_and_why(home: Path) -> None:
    """Tết 2026, Hùng Vương on a Sunday, a Saturday that is worked; and a deadline Tết 2028 brings forward."""

    def told(first: str, last: str) -> dict[tuple[str, str], tuple[str, str, str | None]]:
        with pretending(at(f"{first}T12:00")):
            rows = run_here("schedule", "--until", last, "--json").json
        return {(r["period"], r["occasion"] or r["kind"]): (r["at"][:10], r["why"], r["moved_from"]) for r in rows}

    of_2026 = told("2026-02-13", "2026-08-28")
    assert of_2026["2026-M02", "due:district"] == (
        "2026-02-25",
        "hết hạn của cấp huyện; dời từ 19/02/2026 vì Tết Nguyên đán (16/02–20/02), hạn không quá ngày 25",
        "2026-02-19",
    )
    assert of_2026["2026-M02", "close"] == ("2026-03-02", "3 ngày làm việc sau hạn cuối 25/02/2026", None)
    why = "3 ngày làm việc sau hạn cuối 23/04/2026; dời từ 28/04/2026 vì nghỉ bù Giỗ Tổ Hùng Vương (27/04)"
    assert of_2026["2026-M04", "close"] == ("2026-04-29", why, "2026-04-28")
    why = "hết hạn của cấp tỉnh; dời từ 25/08/2026 vì ngày 22/08 làm việc"
    assert of_2026["2026-M08", "due:province"] == ("2026-08-24", why, "2026-08-25")
    why = "hết hạn của cấp tỉnh; dời từ 25/01/2028 vì Tết Nguyên đán (24/01–28/01), hạn không quá ngày 25"
    assert told("2028-01-20", "2028-01-22")["2028-M01", "due:province"] == ("2028-01-21", why, "2028-01-25")


def test_years_whose_holidays_are_not_known_are_told(home: Path) -> None:
    said = "Chưa có ngày nghỉ lễ năm 2031: thứ Hai đến thứ Sáu đều được tính là ngày làm việc. Bổ sung holidays.yaml."
    with pretending(at("2030-06-10T12:00")):
        shown, seen = run_here("schedule", "--days", "1"), list(holiday_conditions(Settings()))
    assert " ".join(shown.out.split()).count(f"! {said}") == 1
    assert [(item.level.word, item.seen.vi) for item in seen if "2031" in item.seen.vi] == [("attention", said)]
    with pretending(at("2026-06-10T12:00")):
        assert [item.level.word for item in holiday_conditions(Settings())] == ["well"]
        assert "holidays.yaml" not in run_here("schedule", "--days", "1").out


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
    _tell_of_what_stays_open()


def _tell_of_what_stays_open() -> None:
    """A quarter that is closed and opened again before its day is closed on that day; later nobody closes it but a
    person, and a month that stays open long is a condition."""
    from tasks import health_warehouse, periods
    from tasks.occasions import FLOW_OF, due, left_open, mark_done
    from tasks.settings import Settings
    from tasks.store import engine_for

    chosen, signed = Settings(), {"who": "An", "reason": "thử"}
    with pretending(at("2026-03-27T10:00")):
        periods.open_period(chosen, "2026-Q2", **signed)
        for period in ("2026-Q1", "2026-Q2"):
            periods.close_period(chosen, period, **signed)
            periods.reopen_period(chosen, period, **signed)
        assert left_open(chosen) == [], "both are to be closed yet"
        close = next(kind for kind, flow in FLOW_OF.items() if flow == "close-period")
        mark_done(chosen, due(chosen, close, at("2026-03-27T10:00")), None, "đã đóng")
        told = run_here("schedule", "--days", "1").out
        assert "! 2026-Q1 mở từ 27/03/2026 10:00:00: lịch không đóng kỳ này" in told
        assert "2026-Q2 mở từ" not in told
        assert run_here("period", "show", "2026-Q1", "--json").json["left_open"]
    for day, level in (("2026-03-30", "well"), ("2026-04-06", "attention")):
        with pretending(at(f"{day}T10:00")):
            seen = health_warehouse.periods_condition(chosen, engine_for(chosen.url))
            assert (seen.level.word, "2026-Q1" in seen.advice.vi) == (level, level == "attention"), seen


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
