"""Every step of a run seen from outside, so that it can be killed at any of them.

Statements, commits, files written, renamed and removed, flushes: each is an event with a name, such as
``load/_write_submissions UPDATE submission``. Killing a run before an event is killing it after the event before.
Nothing of this is known to the program: SQLAlchemy, SQLite, psycopg and Python's audit hooks tell.
"""

from __future__ import annotations

import functools
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from tasks import archive, pipeline

#: Which step of a run a function is; the outermost one on the stack counts.
STEPS = {
    "warehouse.intake.start_run": "start",
    "tasks.setup.keep_registry_current": "start",
    "tasks.archive.waiting": "archive",
    "tasks.archive.store": "archive",
    "tasks.archive.store_found": "archive",
    "warehouse.intake.receive": "receive",
    "tasks.archive.clear": "clear",
    "warehouse.leases.release_dead": "claim",
    "warehouse.intake.claim": "claim",
    "tasks.workers.process_in_worker": "check",
    "tasks.store.ensure_periods": "periods",
    "warehouse.load.load_batch": "load",
    "tasks.comparing.compare_reports": "compare",
    "warehouse.reporting.changed_by_run": "roll-up",
    "tasks.year_on_year.refresh_year_on_year": "roll-up",
    "tasks.rolling.refresh_roll_up": "roll-up",
    "tasks.returning.to_return": "return",
    "tasks.returning.write_returned": "return",
    "warehouse.returns.returnable": "return",
    "warehouse.returns.mark_returned": "return",
    "warehouse.leases._end": "finish",
    "warehouse.intake.finish_run": "finish",
}

#: Rooms whose functions are looked for on the stack, and modules in them that everybody calls.
_ROOMS = ("tasks.", "warehouse.")
_EVERYBODYS = ("warehouse.engine", "warehouse.bulk", "domain.clock")

_TABLE = re.compile(r'\b(insert into|update|delete from|from|copy|analyze)\s+"?(\w+)', re.IGNORECASE)

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_MOVES = {"os.rename": "rename", "os.remove": "remove", "os.mkdir": "mkdir", "os.rmdir": "rmdir"}


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a run: the ``nth`` event of that name."""

    name: str
    nth: int = 1

    @property
    def step(self) -> str:
        return self.name.partition("/")[0]

    def __str__(self) -> str:
        return f"{self.name} #{self.nth}" if self.nth > 1 else self.name


class Watch:
    """Writes every event down in ``trace``; kills this process at ``point``, or stops it at each of ``pauses``."""

    def __init__(self, home: Path, trace: Path, point: Point | None, pauses: Sequence[Point] = ()) -> None:
        self._home = f"{home}{os.sep}"
        self._path = trace
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self._point = point
        self._pauses = list(pauses)
        self._seen: Counter[str] = Counter()
        self._committed = threading.local()

    def __call__(self, what: str) -> None:
        name = f"{_place(sys._getframe(1))} {what}"
        self._seen[name] += 1
        os.write(self._trace, f"{name}\t{self._seen[name]}\n".encode())
        here = Point(name, self._seen[name])
        if here == self._point:
            os.kill(os.getpid(), signal.SIGKILL)
        if here in self._pauses:
            pause(self._path, self._pauses.index(here))

    # -------------------------------------------------------------------------------------------- who tells

    def listen(self, engine: Engine) -> None:
        sys.addaudithook(self._audited)
        os.sync = self._sync  # type: ignore[assignment]
        pieces = archive._pieces
        archive._pieces = lambda reader: self._each(pieces(reader), "piece")
        pipeline._Clock.lap = self._named(pipeline._Clock.lap)  # type: ignore[method-assign]
        event.listen(engine, "checkin", self._returned)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", lambda connection, _: connection.set_trace_callback(self._statement))
            return
        event.listen(engine, "before_cursor_execute", lambda _c, _cursor, sql, *_rest: self._statement(sql))
        event.listen(engine, "commit", lambda _connection: self._statement("COMMIT"))
        psycopg.Cursor.copy = self._copying(psycopg.Cursor.copy)  # type: ignore[method-assign]
        psycopg.Copy.write = self._before(psycopg.Copy.write, "rows of a COPY")  # type: ignore[method-assign]

    def _statement(self, sql: str) -> None:
        self._committed.last = sql.startswith("COMMIT")
        self(_in_short(sql))

    def _returned(self, _connection: Any, _record: Any) -> None:
        if getattr(self._committed, "last", False):
            self._committed.last = False
            self("committed")

    def _audited(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "open":
            path, _mode, flags = arguments
            if isinstance(flags, int) and flags & _WRITING and str(path).startswith(self._home):
                self("write")
        elif name in _MOVES and str(arguments[0]).startswith(self._home):
            self(_MOVES[name])

    def _before(self, function: Callable[..., Any], what: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def watched(*arguments: Any, **more: Any) -> Any:
            self(what)
            return function(*arguments, **more)

        return watched

    def _sync(self) -> None:
        """A kill loses nothing that was written; flushing the whole machine's disks every time would take minutes."""
        self("sync")
        self("after sync")

    def _each(self, items: Any, what: str) -> Any:
        for item in items:
            yield item
            self(what)

    def _named(self, lap: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
        def watched(clock: Any, step: str) -> None:
            lap(clock, step)
            self(f"after {step}")

        return watched

    def _copying(self, copy: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(copy)
        def watched(cursor: Any, statement: Any, *arguments: Any, **more: Any) -> Any:
            self._statement(str(statement))
            return copy(cursor, statement, *arguments, **more)

        return watched


def pause(trace: Path, number: int) -> None:
    """In the run: say that it has come to the pause, and wait for :func:`go_on`."""
    trace.with_suffix(f".paused-{number}").touch()
    while not trace.with_suffix(f".go-{number}").exists():
        time.sleep(0.005)


def wait_for_pause(trace: Path, number: int = 0) -> None:
    """In the test: return when the run has come to the pause."""
    give_up = time.monotonic() + 60
    while not trace.with_suffix(f".paused-{number}").exists():
        assert time.monotonic() < give_up, f"the run never came to pause {number}"
        time.sleep(0.005)


def go_on(trace: Path, number: int = 0) -> None:
    trace.with_suffix(f".go-{number}").touch()


def _place(frame: FrameType | None) -> str:
    """``step/function`` of the program's functions on the stack: the step, and the innermost of them."""
    innermost, step = "", "elsewhere"
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_ROOMS):
            function = frame.f_code.co_name
            if not innermost and not module.startswith(_EVERYBODYS) and not function.startswith("<"):
                innermost = function
            step = STEPS.get(f"{module}.{function}", step)
        frame = frame.f_back
    return f"{step}/{innermost}"


def _in_short(sql: str) -> str:
    """``UPDATE submission``; ``BEGIN IMMEDIATE`` and the like as they are."""
    verb = sql.lstrip().split(maxsplit=1)[0].upper()
    found = _TABLE.search(sql)
    return f"{verb} {found[2]}" if found else sql.strip()[:20]


def read_trace(trace: Path) -> list[Point]:
    """The events of a run in order; when it was killed at an event, that one is the last."""
    if not trace.exists():
        return []
    lines = [line.split("\t") for line in trace.read_text("utf-8").splitlines()]
    return [Point(name, int(nth)) for name, nth in lines]
