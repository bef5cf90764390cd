"""A run that dies loses nothing, a run that lives is left alone, and no report is worked on twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select, text, update
from world import arrival, arrive, batch, furnish

from warehouse import acts, intake, leases, queries, tables
from warehouse.engine import make_engine, write
from warehouse.load import load_batch

_ROOT = Path(__file__).parents[2]

_CLAIMING = """
import sys, time
from warehouse import acts, intake, leases
from warehouse.engine import make_engine

engine = make_engine(sys.argv[1])
with leases.running(engine, "collect-period", "2025-Q1") as run:
    print(run, len(intake.claim(engine, run)), flush=True)
    sys.stdin.readline()
"""


@contextmanager
def claiming_process(url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process of its own whose run has claimed everything that waits, and the run."""
    command = [sys.executable, "-c", _CLAIMING, url]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        try:
            yield child, child.stdout.readline().split()[0]
        finally:
            child.kill()


def claims(engine: Engine) -> dict[int, str | None]:
    s = tables.submission.c
    with engine.connect() as connection:
        return dict(connection.execute(select(s.id, s.claimed_by).order_by(s.id)).tuples().all())


def run_row(engine: Engine, run: str) -> dict[str, object]:
    with engine.connect() as connection:
        return dict(connection.execute(select(tables.run).where(tables.run.c.id == run)).mappings().one())


def tried(engine: Engine) -> list[tuple[int, str, str, str | None]]:
    """(submission, run, outcome, nature) of every attempt."""
    a = tables.attempt.c
    query = select(a.submission_id, a.run_id, a.outcome, a.nature).order_by(a.id)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def numbers(handed_out: list[intake.Pending]) -> list[int]:
    return [item.submission_id for item in handed_out]


@pytest.mark.parametrize("is_reaped", [True, False])
def test_a_killed_run_is_found_dead_at_once_and_its_reports_are_handed_on(
    engine: Engine, url: str, is_reaped: bool
) -> None:
    arrive(engine, furnish(engine), "a", "b")
    with claiming_process(url) as (child, killed), leases.running(engine, "collect-period") as run:
        assert leases.release_dead(engine, run) == []
        assert intake.claim(engine, run) == []
        assert {item.run: (item.is_alive, item.claimed) for item in leases.running_now(engine)}[killed] == (True, 2)
        os.kill(child.pid, signal.SIGKILL)
        if is_reaped:
            child.wait()
        else:  # a process nobody waited for keeps its number
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not {item.run: item.is_alive for item in leases.running_now(engine)}[killed]
        (dead,) = leases.release_dead(engine, run)
        assert (dead.run, dead.kind, dead.pid, dead.released) == (killed, "collect-period", child.pid, 2)
        assert leases.release_dead(engine, run) == []
        assert numbers(intake.claim(engine, run)) == [1, 2]
    row = run_row(engine, killed)
    assert row["state"] == "died"
    assert row["finished_at"] is not None
    assert f"tiến trình {child.pid}" in str(row["message"])
    assert "2 báo cáo được trả về hàng chờ" in str(row["message"])
    assert "2 reports wait again" in str(row["message"])
    assert tried(engine) == [(1, killed, "failed", "transient"), (2, killed, "failed", "transient")]


def test_the_number_of_a_process_given_to_another_does_not_keep_a_run_alive(engine: Engine) -> None:
    run = furnish(engine)
    reused = intake.start_run(engine, "collect-period")
    assert leases.release_dead(engine, run) == []
    earlier = datetime.now(UTC) - timedelta(days=3)
    with engine.begin() as connection:
        connection.execute(
            update(tables.run).where(tables.run.c.id == reused).values(process_started_at=earlier, heartbeat_at=earlier)
        )
    assert [dead.run for dead in leases.release_dead(engine, run)] == [reused]


def test_a_clock_that_is_set_ends_no_run_that_is_heard_of(engine: Engine) -> None:
    """When a process began is computed from the clock; set by an hour, it says another hour of the same process."""
    run = furnish(engine)
    beating, silent = (intake.start_run(engine, "collect-period") for _ in range(2))
    hour = timedelta(hours=1)
    with engine.begin() as connection:
        moved = update(tables.run).where(tables.run.c.id.in_([beating, silent]))
        connection.execute(moved.values(process_started_at=datetime.now(UTC) - hour))
        late = datetime.now(UTC) - timedelta(seconds=leases.LEASE_SECONDS + 5)
        connection.execute(update(tables.run).where(tables.run.c.id == silent).values(heartbeat_at=late))
    assert [dead.run for dead in leases.release_dead(engine, run)] == [silent]


def test_a_run_here_lives_as_long_as_its_process_however_long_nothing_was_heard_of_it(engine: Engine) -> None:
    """A long load lets no heartbeat through; what an older program wrote down has none at all."""
    run = furnish(engine)
    silent = [intake.start_run(engine, "collect-period") for _ in range(2)]
    long_ago = datetime.now(UTC) - timedelta(days=3)
    with engine.begin() as connection:
        connection.execute(update(tables.run).where(tables.run.c.id == silent[0]).values(heartbeat_at=long_ago))
        connection.execute(
            update(tables.run)
            .where(tables.run.c.id == silent[1])
            .values(started_at=long_ago, heartbeat_at=None, process_started_at=None)
        )
    assert leases.release_dead(engine, run) == []
    with engine.begin() as connection:
        connection.execute(update(tables.run).where(tables.run.c.id == silent[1]).values(pid=2**22 + 1))
    assert [dead.run for dead in leases.release_dead(engine, run)] == [silent[1]]


class _FastClock(datetime):
    """The clock of a machine that is a day ahead."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return datetime.now(UTC) + timedelta(days=1)


def test_a_run_on_another_machine_is_dead_after_its_lease_by_the_clock_of_the_warehouse(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(engine, furnish(engine), "a")
    far, run = intake.start_run(engine, "collect-period"), intake.start_run(engine, "collect-period")
    intake.claim(engine, far)
    _heard_of(engine, far, seconds_ago=leases.LEASE_SECONDS - 20)
    monkeypatch.setattr(leases, "datetime", _FastClock)
    assert leases.release_dead(engine, run) == []
    assert claims(engine) == {1: far}
    _heard_of(engine, far, seconds_ago=leases.LEASE_SECONDS + 1)
    (dead,) = leases.release_dead(engine, run)
    assert (dead.run, dead.host, dead.released) == (far, "máy-khác", 1)
    assert "không báo còn sống" in str(run_row(engine, far)["message"])
    assert claims(engine) == {1: None}


def _heard_of(engine: Engine, run: str, *, seconds_ago: int) -> None:
    """The run is one of another machine, whose last heartbeat was so long ago."""
    moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    with engine.begin() as connection:
        connection.execute(
            update(tables.run).where(tables.run.c.id == run).values(host="máy-khác", heartbeat_at=moment)
        )


def test_a_heartbeat_goes_on_and_ends_with_the_run(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.02)
    with leases.running(engine, "collect-period") as run:
        first = run_row(engine, run)["heartbeat_at"]
        beats = {_next_beat(engine, run, first)}
        beats.add(_next_beat(engine, run, max(beats)))
    assert len(beats) == 2
    assert not [thread for thread in threading.enumerate() if run in thread.name]
    assert run_row(engine, run)["state"] == "completed"


def test_a_heartbeat_neither_waits_for_a_long_writer_nor_ends_with_a_warehouse_that_is_away(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(leases, "_BEAT_PATIENCE_SECONDS", 0.02)
    with leases.running(engine, "collect-period") as run:
        with write(engine) as connection:
            connection.execute(text("ALTER TABLE run RENAME TO away"))
            time.sleep(0.2)
        time.sleep(0.1)  # there is no such table now
        with write(engine) as connection:
            connection.execute(text("ALTER TABLE away RENAME TO run"))
        assert _next_beat(engine, run, run_row(engine, run)["heartbeat_at"])


def _next_beat(engine: Engine, run: str, after: object) -> object:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        beat = run_row(engine, run)["heartbeat_at"]
        if beat != after:
            return beat
        time.sleep(0.01)
    raise AssertionError("no heartbeat in ten seconds")


def test_a_long_load_counts_as_a_sign_of_life(engine: Engine) -> None:
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    _heard_of(engine, run, seconds_ago=1_000)
    load_batch(engine, run, batch((one, "X01", "accepted", {})))
    assert leases.release_dead(engine, intake.start_run(engine, "collect-period")) == []


@pytest.mark.parametrize("raised", [ValueError("hỏng"), KeyboardInterrupt("dừng")])
def test_a_run_that_fails_says_so_and_gives_back_what_it_had(engine: Engine, raised: BaseException) -> None:
    arrive(engine, furnish(engine), "a")

    def fail() -> None:
        with leases.running(engine, "collect-period") as run:
            intake.claim(engine, run)
            begun.append(run)
            raise raised

    begun: list[str] = []
    with pytest.raises(type(raised)):
        fail()
    (run,) = begun
    row = run_row(engine, run)
    assert (row["state"], row["message"]) == ("failed", f"{type(raised).__name__}: {raised}")
    assert claims(engine) == {1: None}


def test_a_run_ends_in_its_own_words_and_gives_back_what_it_left(engine: Engine) -> None:
    arrive(engine, furnish(engine), "a")
    with leases.running(engine, "collect-period") as run:
        intake.claim(engine, run)
        intake.finish_run(engine, run, "completed", "xong")
    assert (run_row(engine, run)["state"], run_row(engine, run)["message"]) == ("completed", "xong")
    assert claims(engine) == {1: None}


def test_a_run_whose_end_could_not_be_written_is_found_by_the_next_one_of_the_same_process(engine: Engine) -> None:
    arrive(engine, furnish(engine), "a")
    lost = make_engine(engine.url.render_as_string(hide_password=False))

    def is_away(*_args: object) -> None:
        raise ConnectionError("mất kết nối")

    def fail() -> None:
        with leases.running(lost, "collect-period") as run:
            intake.claim(lost, run)
            begun.append(run)
            event.listen(lost, "before_cursor_execute", is_away)
            raise KeyError("việc chính")

    begun: list[str] = []
    with pytest.raises(KeyError, match="việc chính"):
        fail()
    lost.dispose()
    (run,) = begun
    assert run_row(engine, run)["state"] == "running"
    (dead,) = leases.release_dead(engine, intake.start_run(engine, "collect-period"))
    assert (dead.run, dead.released) == (run, 1)


# ------------------------------------------------------------------------------------------------ claims


def test_claims_asked_for_at_the_same_time_are_given_once(engine: Engine, url: str) -> None:
    ids = arrive(engine, furnish(engine), *(f"{number:02}" for number in range(30)))
    runs = [intake.start_run(engine, "collect-period") for _ in range(6)]
    wishes = [None, ids[:20], ids[5:15], None, ids[25:], [*ids[::3], 999]]
    together = threading.Barrier(len(runs))

    def claim(place: int) -> list[int]:
        own = make_engine(url)
        together.wait()
        try:
            return numbers(intake.claim(own, runs[place], wishes[place]))
        finally:
            own.dispose()

    with ThreadPoolExecutor(len(runs)) as threads:
        given = list(threads.map(claim, range(len(runs))))
    assert sorted(one for part in given for one in part) == ids
    assert all(set(part) <= set(wish or ids) for part, wish in zip(given, wishes, strict=True))
    assert [part == sorted(part) for part in given] == [True] * len(runs)
    assert {one: run for one, run in claims(engine).items() if run} == {
        one: run for run, part in zip(runs, given, strict=True) for one in part
    }


def test_bytes_that_arrive_again_stay_with_the_run_that_has_them(engine: Engine) -> None:
    first = furnish(engine)
    (one,) = arrive(engine, first, "a")
    assert numbers(intake.claim(engine, first)) == [one]
    intake.fail_attempt(engine, first, [one], "mất kết nối")
    second = intake.start_run(engine, "collect-period")
    intake.receive(engine, second, [arrival("a", minutes=5), arrival("b", minutes=6)])
    assert numbers(intake.claim(engine, second)) == [2]
    assert numbers(intake.claim(engine, first)) == [one]  # asked again, the same is said


def test_a_run_that_has_ended_is_given_nothing_and_keeps_nothing(engine: Engine) -> None:
    run = furnish(engine)
    arrive(engine, run, "a")
    intake.claim(engine, run)
    intake.finish_run(engine, run, "completed")
    leases.release_dead(engine, intake.start_run(engine, "collect-period"))
    assert claims(engine) == {1: None}
    with pytest.raises(intake.RunOverError, match="completed"):
        intake.claim(engine, run)


# ------------------------------------------------------------------------------------------------ fencing


def test_a_run_wrongly_taken_for_dead_doubles_nothing_when_it_wakes_up(engine: Engine) -> None:
    asleep = furnish(engine)
    one, two = arrive(engine, asleep, "a", "b")
    intake.claim(engine, asleep)
    judged = batch((one, "X01", "accepted", {"received": 5}), (two, "X02", "accepted", {"received": 7}))
    load_batch(engine, asleep, judged.only(judged.verdicts["file"].head(1)))
    _heard_of(engine, asleep, seconds_ago=500)
    run = intake.start_run(engine, "collect-period")
    leases.release_dead(engine, run)
    assert numbers(intake.claim(engine, run)) == [two]

    woken = load_batch(engine, asleep, judged)
    assert (woken.skipped, woken.outcomes, woken.observations) == (2, {}, 0)
    assert claims(engine) == {one: None, two: run}
    intake.finish_run(engine, asleep, "completed", "2 accepted")
    row = run_row(engine, asleep)
    assert row["state"] == "died"
    assert str(row["message"]).startswith("Bị ngắt")
    assert "completed, 2 accepted" in str(row["message"])

    assert load_batch(engine, run, judged).outcomes == {"accepted": 1}
    assert claims(engine) == {one: None, two: None}
    assert queries.counts_of_run(engine, run) == {"accepted": 1}
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.observation)) == 2


def test_a_run_wrongly_taken_for_dead_does_not_overrule_a_retry_with_its_old_verdict(engine: Engine) -> None:
    """Nobody has claimed the report at that moment; what the run once had of it was decided and asked for anew."""
    asleep = furnish(engine)
    (one,) = arrive(engine, asleep, "a")
    intake.claim(engine, asleep)
    judged = batch((one, "X01", "rejected", {}))
    _heard_of(engine, asleep, seconds_ago=500)
    with leases.running(engine, "collect-period") as run:
        leases.release_dead(engine, run)
        unclaimed = load_batch(engine, asleep, judged)
        assert (unclaimed.skipped, unclaimed.outcomes) == (1, {})
        intake.claim(engine, run)
        assert load_batch(engine, run, judged).outcomes == {"rejected": 1}
    acts.retry(engine, [one], who="Trần Văn Phòng", reason="quy tắc đã sửa")
    assert load_batch(engine, asleep, judged).skipped == 1
    assert [waiting.submission_id for waiting in intake.pending(engine)] == [one]
    run = intake.start_run(engine, "collect-period")
    assert load_batch(engine, run, batch((one, "X01", "accepted", {}))).outcomes == {"accepted": 1}
