"""What whoever keeps the program running asks of the warehouse: its clock, its runs, its periods, what waits.

Small answers, counted by the database: they are asked again every minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Engine, Row, func, or_, select

from domain.life import Life, life_of
from domain.notice import NoticeState
from domain.submission import SubmissionState
from warehouse import tables
from warehouse.clock import now_by_warehouse
from warehouse.registry import setting
from warehouse.reporting import status_by_kind

#: Days a closed period goes on being told of.
_RECENTLY = timedelta(days=92)

#: Periods that ended longer ago are history, also when nobody ever closed them.
_OLDEST = timedelta(days=400)

#: No more periods than these are told of at once, the latest ones.
_MOST = 8


@dataclass(frozen=True, slots=True)
class Newest:
    """The latest moment anything in the warehouse bears, and which table it stands in."""

    at: datetime
    table: str


@dataclass(frozen=True, slots=True)
class PeriodNow:
    """A period that is under way or was closed lately. ``since``: when it came to be in that life, where known."""

    code: str
    life: Life
    since: datetime | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run of a kind that ended."""

    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Submissions that were taken in and not decided; ``oldest``: when the first of them arrived."""

    count: int
    oldest: datetime | None


# ------------------------------------------------------------------------------------------------ clocks


def clock_of(engine: Engine) -> datetime:
    """The present moment by the clock of the warehouse."""
    with engine.connect() as connection:
        now: datetime = connection.execute(select(now_by_warehouse(connection))).scalar_one()
    return now


def newest(engine: Engine) -> Newest | None:
    """The latest moment a program wrote down; ``None`` in a warehouse where nothing has happened yet.

    Only moments the program itself set: when a file arrived can be what the file says.
    """
    run, act, done = tables.run.c, tables.action.c, tables.occasion.c
    moments: list[tuple[str, ColumnElement[Any]]] = [
        ("run", func.max(run.started_at)),
        ("run", func.max(run.finished_at)),
        ("action", func.max(act.at)),
        ("occasion", func.max(done.done_at)),
        ("notice", func.max(tables.notice.c.made_at)),
    ]
    with engine.connect() as connection:
        found = [(connection.scalar(select(moment)), table) for table, moment in moments]
    known = [Newest(at, table) for at, table in found if at is not None]
    return max(known, key=lambda item: item.at, default=None)


# ------------------------------------------------------------------------------------------------ periods


def periods_now(engine: Engine, now: datetime) -> list[PeriodNow]:
    """The periods under way and those closed within three months, at most eight, in the order of their days."""
    with engine.connect() as connection:
        rows = _periods(connection, now)
    return [_period_now(row) for row in rows]


def _periods(connection: Connection, now: datetime) -> Sequence[Row[Any]]:
    period = tables.period.c
    has_reports = period.id.in_(select(tables.submission.c.period_id).distinct())
    was_touched = or_(*[period[name].is_not(None) for name in ("opened_at", "closing_at", "closed_at", "reopened_at")])
    query = (
        select(
            period.code,
            period.opened_at,
            period.closing_at,
            period.closed_at,
            period.reopened_at,
            has_reports.label("has_reports"),
        )
        .where(
            or_(was_touched, has_reports),
            or_(period.closed_at.is_(None), period.closed_at >= now - _RECENTLY),
            period.last_day >= (now - _OLDEST).date(),
        )
        .order_by(period.last_day.desc(), period.first_day.desc())
        .limit(_MOST)
    )
    return connection.execute(query).all()[::-1]


def _period_now(row: Row[Any]) -> PeriodNow:
    life = life_of(row.opened_at, row.closing_at, row.closed_at, row.reopened_at, has_reports=bool(row.has_reports))
    since = {
        Life.OPEN: row.opened_at,
        Life.CLOSING: row.closing_at,
        Life.CLOSED: row.closed_at,
        Life.REOPENED: row.reopened_at,
    }
    return PeriodNow(row.code, life, since.get(life))


def boards(engine: Engine, periods: Sequence[str], today: date) -> pl.DataFrame:
    """Reports of the periods by kind of unit: ``period, form, kind, state, reports, expected, late, overdue``, counted
    as :func:`warehouse.queries.status` counts them; ``state`` is that of the latest version or ``missing``."""
    parts = [status_by_kind(engine, code, today).with_columns(period=pl.lit(code)) for code in periods]
    return pl.concat(parts) if parts else pl.DataFrame()


def state_of_reports(engine: Engine) -> tuple[Any, ...]:
    """What is another as soon as :func:`boards` may be another on the same day: cheap to ask, to be compared."""
    with engine.connect() as connection:
        return (
            connection.scalar(select(func.max(tables.attempt.c.id))),
            connection.scalar(select(func.max(tables.action.c.id))),
            setting(connection, "catalog_fingerprint"),
            setting(connection, "register_events"),
            connection.scalar(select(func.count()).select_from(tables.unit)),
        )


# ------------------------------------------------------------------------------------------------ runs, notices


def runs_by_state(engine: Engine) -> dict[tuple[str, str], int]:
    """How many runs of each kind are in each state."""
    run = tables.run.c
    query = select(run.kind, run.state, func.count()).group_by(run.kind, run.state)
    with engine.connect() as connection:
        return {(kind, state): count for kind, state, count in connection.execute(query)}


def last_runs(engine: Engine) -> list[LastRun]:
    """How long the last run of each kind took that ended."""
    run = tables.run.c
    last = select(func.max(run.id)).where(run.finished_at.is_not(None)).group_by(run.kind)  # ids sort by time
    query = select(run.kind, run.started_at, run.finished_at).where(run.id.in_(last)).order_by(run.kind)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return [LastRun(row.kind, (row.finished_at - row.started_at).total_seconds()) for row in rows]


def last_successes(engine: Engine) -> dict[str, datetime]:
    """When a run of each kind last ended well."""
    run = tables.run.c
    query = select(run.kind, func.max(run.finished_at)).where(run.state == "completed").group_by(run.kind)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return {kind: at for kind, at in rows if at is not None}


def waiting(engine: Engine) -> Waiting:
    """What was taken in and is not decided yet."""
    here = tables.submission.c
    query = select(func.count(), func.min(here.received_at)).where(here.state == SubmissionState.RECEIVED.value)
    with engine.connect() as connection:
        count, oldest = connection.execute(query).one()
    return Waiting(count, oldest)


def has_reports(engine: Engine) -> bool:
    """Whether anything was ever taken in."""
    with engine.connect() as connection:
        return connection.scalar(select(tables.submission.c.id).limit(1)) is not None


def notices_by_state(engine: Engine) -> dict[str, int]:
    """How many notices are in each state; every state is named."""
    state = tables.notice.c.state
    with engine.connect() as connection:
        found = dict(connection.execute(select(state, func.count()).group_by(state)).tuples().all())
    return {item.value: found.get(item.value, 0) for item in NoticeState}


def notices_since(engine: Engine, state: NoticeState, moment: datetime) -> int:
    """How many notices have been in this state since before ``moment``: one that is being sent since it was handed
    over, any other since it was made, however often sending was tried."""
    notice = tables.notice.c
    at = func.coalesce(notice.tried_at, notice.made_at) if state is NoticeState.SENDING else notice.made_at
    query = select(func.count()).where(notice.state == state.value, at < moment.astimezone(UTC))
    with engine.connect() as connection:
        return connection.scalar(query) or 0
