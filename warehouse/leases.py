"""Leases: a run says that it is alive as long as it is, and what a dead one left undone is handed on.

A run on this machine is judged by its process: gone means dead, at once and for certain. Whether a process that is
there is still the same one is less certain, because when it began is computed from a clock that may be set: it counts
as another one only when nothing was heard of the run either. A run on another machine is judged by its heartbeat, by
the clock of the warehouse. The judgement can be wrong (a laptop that slept, containers that share a name but not their
processes): then nothing is lost or doubled either, because a load takes from a run that was declared dead nothing but
what it holds a claim on, and it holds none (:func:`warehouse.load.load_batch`).
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
from sqlalchemy import Connection, Engine, create_engine, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from domain.numbers import vi_number
from domain.submission import AttemptOutcome, FaultNature, SubmissionState
from warehouse import intake, tables
from warehouse.bulk import read_frame
from warehouse.clock import now_by_warehouse
from warehouse.engine import is_postgres, write

_log = logging.getLogger(__name__)

#: Seconds from one heartbeat to the next.
BEAT_SECONDS = 10.0

#: Seconds without a heartbeat after which a run is taken for dead whose process cannot be asked or seems another one.
LEASE_SECONDS = 90

#: A heartbeat that has to wait longer than this for a writer is left out: the writer writes one when it commits.
_BEAT_PATIENCE_SECONDS = 1

#: Two readings of when a process began differ by less: it is computed from the clock of the machine.
_SAME_START = timedelta(seconds=2)

#: When a process began that is there and not ours to look at.
_UNKNOWN = datetime.min.replace(tzinfo=UTC)

#: Runs of this process that are over, although the warehouse was out of reach when that was to be written down.
_over: set[str] = set()


@dataclass(frozen=True, slots=True)
class Dead:
    """A run found dead; ``released``: submissions it had claimed, which wait for another run now."""

    run: str
    kind: str
    host: str
    pid: int
    started_at: datetime
    released: int


@dataclass(frozen=True, slots=True)
class Running:
    """A run that has not ended; ``claimed``: submissions it has taken up and not decided. ``is_alive`` as judged by
    this machine; what is not alive is declared dead by the next run that starts."""

    run: str
    kind: str
    period: str | None
    host: str
    pid: int
    started_at: datetime
    heartbeat_at: datetime | None
    claimed: int
    is_alive: bool


# ------------------------------------------------------------------------------------------------ being alive


@contextmanager
def running(engine: Engine, kind: str, period: str | None = None) -> Iterator[str]:
    """A run: written down when it begins, kept alive by heartbeats, and ended whatever happens; gives its id.

    Without an exception it is ``completed``, unless the caller has ended it in its own words
    (:func:`warehouse.intake.finish_run`); with one it is ``failed``, if the warehouse answers, and the exception goes
    on. What it claimed and did not decide waits for others afterwards.
    """
    run_id = intake.start_run(engine, kind, period)
    try:
        with _heartbeat(engine, run_id):
            yield run_id
    except BaseException as error:
        try:
            _end(engine, run_id, "failed", f"{type(error).__name__}: {error}")
        except Exception:  # what made the run fail is what the caller is to hear of
            _log.warning("the warehouse does not answer: that run %s failed is not written down", run_id, exc_info=True)
        raise
    _end(engine, run_id, "completed")


def _end(engine: Engine, run_id: str, state: str, message: str | None = None) -> None:
    _over.add(run_id)
    with write(engine) as connection:
        present = connection.scalar(select(tables.run.c.state).where(tables.run.c.id == run_id))
        if present == "running" or state == "failed":
            intake.end_run(connection, run_id, state, message)
        intake.release(connection, run_id)
    _over.discard(run_id)


@contextmanager
def _heartbeat(engine: Engine, run_id: str) -> Iterator[None]:
    """Renews the heartbeat in a thread of its own, over a connection of its own, until the block is left."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(engine, run_id, stop), name=f"heartbeat {run_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_BEAT_PATIENCE_SECONDS * 3)  # one that hangs in a dead network ends with the process


def _beat(engine: Engine, run_id: str, stop: threading.Event) -> None:
    own = _impatient(engine)
    while not stop.wait(BEAT_SECONDS):
        try:
            with own.connect() as connection:
                renew(connection, run_id)
        except (SQLAlchemyError, OSError) as error:
            _log.info("heartbeat of run %s left out: %s", run_id, error)


def _impatient(engine: Engine) -> Engine:
    """Connections that write a statement at a time, and on SQLite would rather fail than wait behind a long writer; on
    PostgreSQL the row of the run is free while a load goes on."""
    if not is_postgres(engine):
        return create_engine(
            engine.url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": _BEAT_PATIENCE_SECONDS},
        )
    waiting = {"connect_timeout": 5} if "connect_timeout" not in engine.url.query else {}
    return create_engine(engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=waiting)


def renew(connection: Connection, run_id: str) -> None:
    """The run is alive at this moment. Long writers say so as well before they commit: while they write, SQLite lets no
    heartbeat through."""
    run = tables.run.c
    connection.execute(
        update(tables.run)
        .where(run.id == run_id, run.state == "running")
        .values(heartbeat_at=now_by_warehouse(connection))
    )


# ------------------------------------------------------------------------------------------------ being dead


def release_dead(engine: Engine, run_id: str) -> list[Dead]:
    """Declare the runs dead that are, and hand on what they had taken up; every run does this when it starts.

    Each submission gets an attempt that says it was interrupted; claims of runs that have ended are cleared as well.
    ``run_id``, which found them, is never judged. One transaction.
    """
    with write(engine) as connection:
        lost = [item for item in _judged(connection) if not item.is_alive and item.run != run_id]
        found = [_declare_dead(connection, item, run_id) for item in lost]
        submission, run = tables.submission.c, tables.run.c
        connection.execute(
            update(tables.submission)
            .where(
                submission.claimed_by.is_not(None),
                submission.claimed_by.not_in(select(run.id).where(run.state == "running")),
            )
            .values(claimed_by=None)
        )
    for item in lost:
        _over.discard(item.run)
    return found


def running_now(engine: Engine) -> list[Running]:
    """The runs that have not ended, the oldest first."""
    with engine.connect() as connection:
        return _judged(connection)


def _declare_dead(connection: Connection, item: Running, found_by: str) -> Dead:
    submission = tables.submission.c
    held = read_frame(
        connection,
        select(submission.id).where(
            submission.claimed_by == item.run, submission.state == SubmissionState.RECEIVED.value
        ),
    )["id"]
    detail = (
        f"Lượt chạy {item.run} bị ngắt giữa chừng, do lượt {found_by} phát hiện · "
        f"Run {item.run} was cut short, as run {found_by} found"
    )
    intake.write_attempts(
        connection, item.run, held, AttemptOutcome.FAILED, detail, FaultNature.TRANSIENT, item.started_at
    )
    run = tables.run.c
    connection.execute(
        update(tables.run)
        .where(run.id == item.run)
        .values(state="died", finished_at=datetime.now(UTC), message=_last_words(item, len(held)))
    )
    return Dead(item.run, item.kind, item.host, item.pid, item.started_at, len(held))


def _last_words(item: Running, released: int) -> str:
    if item.host == socket.gethostname():
        vi = f"tiến trình {item.pid} trên máy {item.host} không còn chạy"
        en = f"process {item.pid} on {item.host} no longer runs"
    else:
        vi = f"tiến trình {item.pid} trên máy {item.host} quá {LEASE_SECONDS} giây không báo còn sống"
        en = f"process {item.pid} on {item.host} has given no sign of life for {LEASE_SECONDS} seconds"
    reports = "1 report waits again" if released == 1 else f"{released:,} reports wait again"
    return f"Bị ngắt: {vi}; {vi_number(released)} báo cáo được trả về hàng chờ · Cut short: {en}; {reports}"


def _judged(connection: Connection) -> list[Running]:
    run, submission = tables.run.c, tables.submission.c
    claimed = (
        select(func.count())
        .where(submission.claimed_by == run.id, submission.state == SubmissionState.RECEIVED.value)
        .scalar_subquery()
    )
    query = (
        select(
            run.id,
            run.kind,
            run.period,
            run.host,
            run.pid,
            run.started_at,
            run.heartbeat_at,
            run.process_started_at,
            claimed.label("claimed"),
        )
        .where(run.state == "running")
        .order_by(run.started_at, run.id)
    )
    rows = connection.execute(query).all()
    now = connection.execute(select(now_by_warehouse(connection))).scalar_one()
    return [
        Running(
            row.id,
            row.kind,
            row.period,
            row.host,
            row.pid,
            row.started_at,
            row.heartbeat_at,
            row.claimed,
            _is_alive(row, now),
        )
        for row in rows
    ]


def _is_alive(row: Any, now: datetime) -> bool:
    heard = row.heartbeat_at or row.started_at  # runs of an older program had no heart
    is_heard = bool(now - heard <= timedelta(seconds=LEASE_SECONDS))
    if row.host != socket.gethostname():
        return is_heard
    if row.pid == os.getpid() and row.id in _over:
        return False
    began = _began(row.pid)
    return began is not None and (is_heard or _is_same(began, row.process_started_at))


def _is_same(began: datetime, started_at: datetime | None) -> bool:
    return started_at is None or began == _UNKNOWN or abs(began - started_at) < _SAME_START


def _began(pid: int) -> datetime | None:
    """When the process with this number began, ``_UNKNOWN`` when it is not ours to look at; ``None``: it is gone."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return datetime.fromtimestamp(process.create_time(), UTC)
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return _UNKNOWN
