"""Killed at every step, taken up again: the warehouse is that of one undisturbed run, row for row.

A chain of runs works in one workspace: each is killed at the next point, and each takes up what the one before it left.
The last one ends, and everything is compared.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.crash.undisturbed import BATCH, Undisturbed
from tests.crash.watching import Point, read_trace
from tests.crash.world import Fresh, Place, World, place
from tests.crash.zygote import Zygote

#: How many points there are in a step at least: what is killed here must not become less unnoticed.
LEAST = {
    "start": 4,
    "archive": 10,
    "receive": 9,
    "clear": 4,
    "claim": 7,
    "check": 7,
    "periods": 4,
    "load": 20,
    "compare": 5,
    "roll-up": 8,
    "return": 9,
    "finish": 5,
}

#: Statements that change nothing: being killed at one is like being killed at the next. A few of a step are enough.
_READING = re.compile(r" (SELECT|PRAGMA|BEGIN|ROLLBACK)\b")
_FEW = 3

#: A statement of so many rows is also interrupted in the middle of them.
_MANY = 5

Run = Callable[[Place, Point | None], list[Point]]

Sampled = Callable[[Sequence[Point]], list[Point]]


@pytest.fixture
def run(processes: Zygote, tmp_path: Path) -> Run:
    """One run in a process of its own; the events it came by. Without a point it must end well."""

    def call(where: Place, point: Point | None) -> list[Point]:
        trace = tmp_path / "trace"
        spec = [point.name, point.nth] if point else None
        ended = processes.run(
            "tests.crash.child:collecting", **where.arguments, trace=str(trace), batch=BATCH, point=spec
        )
        assert ended.was_killed or ended.is_done, ended.said
        events = read_trace(trace)
        assert not ended.was_killed or events[-1] == point
        return events

    return call


@pytest.fixture
def sampled(request: pytest.FixtureRequest, database: str) -> Sampled:
    """Every third point on an ordinary day, others on the other database; all of them with ``--thorough``."""
    step = 1 if request.config.getoption("--thorough") else 3
    first = 0 if database == "sqlite" or step == 1 else 1
    return lambda points: list(points[first::step])


def points_of(step: str, events: Sequence[Point]) -> list[Point]:
    """Where a step is interrupted, in the order of the work: before everything it writes, and in the middle of it."""
    last = {event.name: event.nth for event in events if event.step == step}
    reading = [name for name in last if _READING.search(name)]
    chosen = {Point(name) for name in random.Random(step).sample(reading, min(_FEW, len(reading)))}
    for name, count in last.items():
        if not _READING.search(name):
            chosen |= {Point(name), *({Point(name, count // 2)} if count >= _MANY else ())}
    if step == "clear":  # each run leaves one file less to the next
        chosen |= {Point(name, 2) for name in last}
        return [point for point in events if point in chosen for _ in range(3 if point.nth == 2 else 1)]
    return [point for point in events if point in chosen]


@pytest.mark.parametrize("step", [pytest.param(step, id=f"{step}-{least}-points") for step, least in LEAST.items()])
def test_killed_in_a_step(
    step: str,
    world: World,
    fresh: Fresh,
    undisturbed: Undisturbed,
    run: Run,
    sampled: Sampled,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    points = points_of(step, undisturbed.events)
    assert len(points) >= LEAST[step], points
    left = points = sampled(points)
    while left:
        with place(world, tmp_path / f"home-{len(left)}", fresh) as where:
            killed = _chain(where, left, run)
            assert killed, f"no run came by {left[0]}"
            undisturbed.assert_same(where)
        left = left[killed:]
    record_property("killed", len(points))


def test_no_step_goes_unwatched(undisturbed: Undisturbed) -> None:
    """A step that is new must be killed in too."""
    writing = [event for event in undisturbed.events if not _READING.search(event.name)]
    assert {event.step for event in writing} <= set(LEAST)


def _chain(where: Place, points: Sequence[Point], run: Run) -> int:
    """Killed at one point after the other until a run ends, which it does at the end; how many were killed."""
    for killed, point in enumerate(points):
        if run(where, point)[-1] != point:
            return killed
    run(where, None)
    return len(points)


@pytest.mark.parametrize("seed", [1])
def test_killed_at_six_random_moments(
    seed: int,
    world: World,
    fresh: Fresh,
    undisturbed: Undisturbed,
    processes: Zygote,
    run: Run,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Not at an event: by the clock, from outside, in the middle of whatever goes on."""
    chance = random.Random(seed)
    left = 6
    while left:
        with place(world, tmp_path / f"home-{left}", fresh) as where:
            while left and _killed_after(where, processes, chance.uniform(0.1, 0.6) * undisturbed.seconds):
                left -= 1
            run(where, None)
            undisturbed.assert_same(where)
    record_property("killed", 6)


def _killed_after(where: Place, processes: Zygote, seconds: float) -> bool:
    trace = where.home.with_name("trace")
    child = processes.start("tests.crash.child:collecting", **where.arguments, trace=str(trace), batch=BATCH)
    child.kill_after(seconds)
    ended = child.wait()
    assert ended.was_killed or ended.is_done, ended.said
    return ended.was_killed


# ------------------------------------------------------------------------------------------------ order


def test_nothing_is_written_down_before_it_is_safe_nor_cleared_before_it_is_written_down(
    undisturbed: Undisturbed,
) -> None:
    """A power cut loses what was not flushed: bytes first, then the books, and only then the inbox."""
    steps = [event.name for event in undisturbed.events]

    def first(what: str) -> int:
        return next(number for number, name in enumerate(steps) if what in name)

    def last(what: str) -> int:
        return len(steps) - 1 - next(number for number, name in enumerate(reversed(steps)) if what in name)

    assert last("archive/_store_one rename") < first("archive/store_found sync")
    assert first("archive/store_found after sync") < first("receive/receive COMMIT")
    assert first("receive/receive committed") < first("clear/clear remove")
