"""Runs and acts at the same time: whoever wins, the warehouse is as if they had come one after the other."""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from examples.write import Writer
from tasks.rolling import refresh_roll_up
from tasks.store import register_of
from tests.crash.crowd import Crowd, make_crowd
from tests.crash.same import assert_archive_sound, dump
from tests.crash.undisturbed import BATCH, Undisturbed
from tests.crash.watching import Point, go_on, wait_for_pause
from tests.crash.world import UNITS, Fresh, Place, World, figures, one_stop, place, sha256, stamp
from tests.crash.zygote import Zygote
from warehouse.engine import make_engine

SENDERS = 8

#: Where a run is held up while another runs from beginning to end. No write lock is held there.
HELD = {
    "while it copies": ("archive", "rename", 3),
    "before it writes down what arrived": ("archive", "after sync", 1),
    "while it clears the inbox": ("clear", "remove", 4),
    "before it takes up what waits": ("claim", "committed", 1),
    "before it loads": ("check", "after transform", 1),
    "between two loads": ("load", "committed", 2),
    "while it adds up": ("roll-up", "committed", 1),
    "while it writes annotated copies": ("return", "rename", 1),
}


#: On a day like any other each is tried on one of the databases.
HALF = [
    *(f"sqlite-{held}" for held in list(HELD)[::2]),
    *(f"postgres-{held}" for held in list(HELD)[1::2]),
]


def _point(events: list[Point], step: str, word: str, nth: int) -> Point:
    return [event for event in events if event.step == step and event.name.endswith(f" {word}")][nth - 1]


@pytest.mark.thorough(*HALF)
@pytest.mark.parametrize("held", HELD)
def test_two_runs_over_one_inbox(
    held: str, world: World, fresh: Fresh, undisturbed: Undisturbed, processes: Zygote, tmp_path: Path
) -> None:
    """One is held up in the middle, the other one runs from beginning to end, and then the first goes on."""
    point = _point(undisturbed.events, *HELD[held])
    with place(world, tmp_path / "home", fresh) as where:
        known = {**where.arguments, "batch": BATCH}
        trace = tmp_path / "first"
        first = processes.start(
            "tests.crash.child:collecting", **known, trace=str(trace), pauses=[[point.name, point.nth]]
        )
        wait_for_pause(trace)
        second = processes.run("tests.crash.child:collecting", **known, trace=str(tmp_path / "second"))
        go_on(trace)
        ended = first.wait()
        assert second.is_done, second.said
        assert ended.is_done, ended.said
        undisturbed.assert_same(where)


def test_two_runs_start_together(
    world: World, fresh: Fresh, undisturbed: Undisturbed, processes: Zygote, tmp_path: Path
) -> None:
    with place(world, tmp_path / "home", fresh) as where:
        both = [
            processes.start(
                "tests.crash.child:collecting", **where.arguments, batch=BATCH, trace=str(tmp_path / f"trace-{number}")
            )
            for number in range(2)
        ]
        for ended in [child.wait() for child in both]:
            assert ended.is_done, ended.said
        undisturbed.assert_same(where)


# ------------------------------------------------------------------------------------------------ acts


@pytest.mark.thorough("sqlite-1", "postgres-2")
@pytest.mark.parametrize("seed", [1, 2])
def test_collecting_retrying_and_withdrawing_at_once(
    seed: int, world: World, fresh: Fresh, processes: Zygote, tmp_path: Path
) -> None:
    """Corrections of two units arrive while their reports are retried and withdrawn."""
    chance = random.Random(seed)
    with place(world, tmp_path / "home", fresh) as where:
        known = {**where.arguments, "batch": 3}
        assert processes.run("tests.crash.child:collecting", **known, trace=str(tmp_path / "before")).is_done
        numbers = _numbers(where)
        more = _corrections(world, where, tmp_path / "corrections")
        failed = [numbers[name] for name in ("bốn, sai tổng.xlsx", "kỳ chưa đến.xlsx", "không đọc được.xlsx")]
        in_force = [numbers[name] for name in ("bốn, đã sửa.xlsx", "hai, bản sửa.xlsx", "toàn tỉnh.xlsx")]
        retries = [["retry", number] for number in chance.sample(failed, 3)]
        withdrawals = [["withdraw", number] for number in chance.sample(in_force, 3)]
        trace = {"trace": str(tmp_path / "meanwhile")}
        children = [
            processes.start("tests.crash.child:collecting", **known, **trace),
            processes.start("tests.crash.child:acting", **where.arguments, acts=retries),
            processes.start("tests.crash.child:acting", **where.arguments, acts=withdrawals),
        ]
        said = [child.wait() for child in children]
        assert all(ended.is_done for ended in said), [ended.said for ended in said]
        assert "withdraw" in said[2].said
        assert processes.run("tests.crash.child:collecting", **known, trace=str(tmp_path / "after")).is_done
        _assert_invariants(where, Counter((sha256(path), path.name) for path in (*where.sent, *more)))


def _numbers(where: Place) -> dict[str, int]:
    with _connected(where) as connection:
        return {name: number for number, name in connection.execute(text("select id, name from submission"))}


def _corrections(world: World, where: Place, folder: Path) -> list[Path]:
    filings = [
        ("bốn, lần ba", one_stop(UNITS[3], **figures(50))),
        ("hai, lần ba", one_stop(UNITS[1], **figures(51))),
        ("hai, lần tư", one_stop(UNITS[1], **figures(52))),
    ]
    paths = Writer(world.definitions).write_all(filings, folder)
    for minute, path in enumerate(paths):
        stamp(path, 100 + minute)
        shutil.copy2(path, where.inbox)
    return paths


class _connected:  # noqa: N801
    """A connection to a place's warehouse."""

    def __init__(self, where: Place) -> None:
        self._engine = make_engine(where.settings.url)

    def __enter__(self) -> Connection:
        self._connection = self._engine.connect()
        return self._connection

    def __exit__(self, *_error: object) -> None:
        self._connection.close()
        self._engine.dispose()


def _assert_invariants(where: Place, delivered: Counter[tuple[str, str]]) -> None:
    with _connected(where) as connection:

        def asked(sql: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in connection.execute(text(sql))]

        passed = "state in ('accepted', 'accepted_with_warnings')"
        assert Counter(asked("select file_sha256, name from receipt")) == delivered
        assert {row[0] for row in asked("select file_sha256 from submission")} == {digest for digest, _ in delivered}
        assert asked("select id from submission where state = 'received' or claimed_by is not null") == []
        assert set(asked(f"select count(*) from submission where {passed} group by unit_id, period_id, form_id")) == {
            (1,)
        }
        believed = Counter(asked("select submission_id from observation where recorded_to is null"))
        assert set(believed) == set(asked(f"select id from submission where {passed}"))
        assert len(set(believed.values())) == 2, "figures of the one form or of the other, all of them and once"
        _assert_attempts_are_accounted_for(asked)
    _assert_totals_are_those_of_now(where)
    assert_archive_sound(where)


def _assert_attempts_are_accounted_for(asked: Callable[[str], list[tuple[Any, ...]]]) -> None:
    """One outcome for each report and one more for each time it was let try again; the last one is the present one."""
    deciding = Counter(asked("select submission_id from attempt where outcome not in ('same_bytes', 'failed')"))
    retried = Counter(asked("select submission_id from action where what = 'retry'"))
    assert deciding == Counter(asked("select id from submission")) + retried
    last = "select submission_id, max(id) from attempt where {} group by submission_id"
    decided = asked(last.format("outcome not in ('same_bytes', 'failed')"))
    assert set(decided) == set(asked("select id, attempt_id from submission"))
    for (before,) in asked("select before from action where what = 'withdraw'"):
        assert before.startswith("accepted") or before in ("superseded", "rejected", "unreadable", "received")


def _assert_totals_are_those_of_now(where: Place) -> None:
    """Adding up anew changes nothing."""
    standing = dump(where)
    engine = make_engine(where.settings.url)
    try:
        with engine.connect() as connection:
            pairs = connection.execute(text("select distinct period, form from mart_roll_up")).all()
        for period, form in pairs:
            refresh_roll_up(engine, register_of(where.settings), period, form)
    finally:
        engine.dispose()
    assert len(pairs) == 3
    assert dump(where).differences(standing) == []


# ------------------------------------------------------------------------------------------------ many


@pytest.fixture(scope="session")
def crowd(world: World, tmp_path_factory: pytest.TempPathFactory) -> Crowd:
    return make_crowd(world, tmp_path_factory.mktemp("crowd"), SENDERS)


@pytest.fixture(scope="session")
def alone(
    world: World, crowd: Crowd, fresh_sqlite: Fresh, processes: Zygote, tmp_path_factory: pytest.TempPathFactory
) -> Counter[Any]:
    """What the warehouse holds after one process took in everything."""
    with place(world, tmp_path_factory.mktemp("alone") / "home", fresh_sqlite, []) as where:
        files = [str(path) for path in crowd.arrivals]
        ended = processes.run("tests.crash.child:submitting", **where.arguments, files=files, batch=200)
        assert ended.is_done, ended.said
        return _whoever_sent(where)


def _whoever_sent(where: Place) -> Counter[Any]:
    """Every row; a submission bears the name of the first who sent it, which may be any of them."""
    rows: Counter[Any] = Counter()
    for table, counted in dump(where).rows.items():
        for row, count in counted.items():
            plain = tuple((name, re.sub(r" từ \d", "", v) if isinstance(v, str) else v) for name, v in row)
            rows[table, plain] += count
    return rows


@pytest.mark.thorough("sqlite")
def test_eight_processes_submit_two_hundred_files_with_duplicates(
    world: World, crowd: Crowd, alone: Counter[Any], fresh: Fresh, processes: Zygote, tmp_path: Path
) -> None:
    with place(world, tmp_path / "home", fresh, []) as where:
        children = [
            processes.start(
                "tests.crash.child:submitting", **where.arguments, files=[str(path) for path in share], batch=50
            )
            for share in crowd.senders
        ]
        for ended in [child.wait() for child in children]:
            assert ended.is_done, ended.said
            assert "locked" not in ended.said
        with _connected(where) as connection:
            states = dict(connection.execute(text("select state, count(*) from submission group by state")).all())
            receipts = Counter(name for (name,) in connection.execute(text("select name from receipt")))
        assert sum(states.values()) == len(crowd.files) == 200
        assert receipts == Counter(path.name for path in crowd.arrivals), "a receipt for each arrival"
        assert states.keys() >= {"accepted", "rejected", "unreadable"}
        assert "received" not in states
        assert_archive_sound(where)
        rows = _whoever_sent(where)
        assert list((rows - alone).items()) == []
        assert list((alone - rows).items()) == []
