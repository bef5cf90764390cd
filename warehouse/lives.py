"""Where the periods are in their lives, what a closing waits for, and what was known when a period was closed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, delete, exists, func, select

from domain.act import Act
from domain.life import Life, life_of
from domain.submission import SubmissionState
from warehouse import tables
from warehouse.bulk import read_frame
from warehouse.engine import write
from warehouse.registry import set_setting, setting

_RECEIVED = SubmissionState.RECEIVED.value

#: The setting that names the run which is closing a period.
_CLOSING = "period.closing:"

#: Acts that a life is made of.
_ACTS = (Act.OPEN_PERIOD.value, Act.CLOSE_PERIOD.value, Act.REOPEN_PERIOD.value)


@dataclass(frozen=True, slots=True)
class Permits:
    """Units that may still report a period although the deadline passed, and the last day one of them may."""

    units: int
    until: date


# ------------------------------------------------------------------------------------------------ lives


def lives(engine: Engine, codes: Iterable[str] | None = None) -> pl.DataFrame:
    """The registered periods (or those of them with these codes), the oldest first: ``period, calendar, kind, year,
    label_vi, label_en, first_day, last_day, cutoff, life, opened_at, closing_at, closed_at, reopened_at``."""
    period = tables.period.c
    names = ["calendar", "kind", "year", "label_vi", "label_en", "first_day", "last_day", "cutoff"]
    moments = ["opened_at", "closing_at", "closed_at", "reopened_at"]
    has_reports = exists().where(tables.submission.c.period_id == period.id)
    query = select(
        period.code.label("period"),
        *[period[name] for name in (*names, *moments)],
        has_reports.label("has_reports"),
    ).order_by(period.last_day, period.first_day, period.code)
    with engine.connect() as connection:
        found = read_frame(connection, query)
    if codes is not None:
        found = found.filter(pl.col("period").is_in(list(codes)))
    life = [
        life_of(*(row[name] for name in moments), has_reports=bool(row["has_reports"])).value
        for row in found.select(*moments, "has_reports").iter_rows(named=True)
    ]
    return found.with_columns(life=pl.Series(life, dtype=pl.String)).select("period", *names, "life", *moments)


def life(engine: Engine, period: str) -> Life:
    """The life of a period; of one that the registry does not hold ``planned``."""
    found = lives(engine, [period])
    return Life(found["life"][0]) if found.height else Life.PLANNED


def acts_of(engine: Engine, period: str) -> pl.DataFrame:
    """What was done with the life of a period, in order: ``at, what, who, reason, before, after``."""
    with engine.connect() as connection:
        return acts_on(connection, period)


def acts_on(connection: Connection, period: str) -> pl.DataFrame:
    """:func:`acts_of` on a connection that reads other things too, all of the same moment."""
    action = tables.action.c
    names = ["at", "what", "who", "reason", "before", "after"]
    query = (
        select(*[action[name] for name in names])
        .join(tables.period, tables.period.c.id == action.period_id)
        .where(tables.period.c.code == period, action.what.in_(_ACTS), action.submission_id.is_(None))
        .order_by(action.id)
    )
    return read_frame(connection, query)


def periods_of_run(engine: Engine, run_id: str) -> list[str]:
    """Codes of the periods whose reports a run judged, the oldest first."""
    attempt, here, period = tables.attempt.c, tables.submission.c, tables.period.c
    judged = (
        select(here.period_id)
        .join_from(tables.attempt, tables.submission, here.id == attempt.submission_id)
        .where(attempt.run_id == run_id, here.period_id.is_not(None))
    )
    query = select(period.code).where(period.id.in_(judged)).order_by(period.last_day, period.first_day)
    with engine.connect() as connection:
        return list(connection.scalars(query))


# ------------------------------------------------------------------------------------------------ what it waits for


def permits_running(engine: Engine, period: str, today: date) -> Permits | None:
    """Permits to be late in a period that run on ``today``; ``None`` when none does."""
    with engine.connect() as connection:
        return permits_of(connection, period, today)


def permits_of(connection: Connection, period: str, today: date) -> Permits | None:
    """:func:`permits_running` on a connection that does other things too."""
    permit = tables.lateness_permit.c
    query = (
        select(func.count(), func.max(permit.until))
        .join_from(tables.lateness_permit, tables.period, tables.period.c.id == permit.period_id)
        .where(tables.period.c.code == period, permit.until >= today)
    )
    count, until = connection.execute(query).one()
    return Permits(int(count), until) if count else None


def waiting_on(connection: Connection, period_id: int) -> list[int]:
    """Numbers of the submissions that wait and are of the period, or may be: nobody has looked into them yet."""
    here = tables.submission.c
    of_it = (here.period_id == period_id) | here.period_id.is_(None)
    return list(connection.scalars(select(here.id).where(of_it, here.state == _RECEIVED).order_by(here.id)))


def waiting_of(engine: Engine, period: str) -> int:
    """How many submissions keep the period from being closed."""
    with engine.connect() as connection:
        found = connection.scalar(select(tables.period.c.id).where(tables.period.c.code == period))
        return len(waiting_on(connection, found)) if found is not None else 0


# ------------------------------------------------------------------------------------------------ who is closing it


def holder(connection: Connection, period: str) -> str | None:
    """The run that is closing the period, unless it has ended."""
    run_id = setting(connection, _closing(period))
    if run_id is None:
        return None
    run = tables.run.c
    return connection.scalar(select(run.id).where(run.id == run_id, run.state == "running"))


def take(connection: Connection, period: str, run: str) -> None:
    set_setting(connection, _closing(period), run)


def leave(connection: Connection, period: str) -> None:
    connection.execute(delete(tables.setting).where(tables.setting.c.key == _closing(period)))


def finished(engine: Engine, period: str) -> None:
    """The closing is done with all that belongs to it; that of a period opened again since is another's."""
    with write(engine) as connection:
        if connection.scalar(select(tables.period.c.closed_at).where(tables.period.c.code == period)) is not None:
            leave(connection, period)


def under_way(engine: Engine) -> dict[str, str]:
    """Closings that are not done with everything: period → the run that took them, which may have ended."""
    key, value = tables.setting.c.key, tables.setting.c.value
    query = select(key, value).where(key.startswith(_CLOSING, autoescape=True)).order_by(key)
    with engine.connect() as connection:
        return {name.removeprefix(_CLOSING): run for name, run in connection.execute(query)}


def _closing(period: str) -> str:
    return f"{_CLOSING}{period}"


# ------------------------------------------------------------------------------------------------ as it was then


def keep_last_attempt(connection: Connection, period: str) -> None:
    """Write down which attempt is the last one, inside the transaction that closes the period: what is judged later is
    refused, and no part of what was known of the period when it was closed. A number, not a moment: clocks differ."""
    last = connection.scalar(select(func.max(tables.attempt.c.id))) or 0
    set_setting(connection, _closed(period), str(last))


def last_attempt_of(connection: Connection, period: dict[str, Any]) -> int | None:
    """The number of the last attempt before the period (a row) was closed; ``None`` when it is not closed, or was
    closed by an older program, which did not write it down."""
    kept = setting(connection, _closed(period["code"])) if period["closed_at"] is not None else None
    return int(kept) if kept is not None else None


def judged_since_closed(connection: Connection, period: dict[str, Any]) -> pl.Series:
    """Numbers of the submissions of a closed period that were judged after it was closed; of an open one none."""
    last = last_attempt_of(connection, period)
    if last is None:
        return pl.Series("submission_id", [], dtype=pl.Int64)
    here = tables.submission.c
    query = select(here.id.label("submission_id")).where(here.period_id == period["id"], here.attempt_id > last)
    return read_frame(connection, query)["submission_id"]


def figures_at_closing(engine: Engine, period: str, closed_at: datetime, figures: dict[str, Any]) -> dict[str, Any]:
    """What the first report of a closed period counted: ``figures`` from now on, unless those of this closing are on
    record. The register and the definitions are not kept as they were: who reads a later report must know that it
    differs."""
    with engine.connect() as connection:
        kept = _kept_figures(connection, period, closed_at)
    if kept is not None:
        return kept
    with write(engine) as connection:
        still = connection.scalar(select(tables.period.c.closed_at).where(tables.period.c.code == period))
        kept = _kept_figures(connection, period, closed_at)
        if kept is None and still == closed_at:
            told = {"closed_at": closed_at.isoformat(), "figures": figures}
            set_setting(connection, _figures(period), json.dumps(told, sort_keys=True))
    return figures if kept is None else kept


def _kept_figures(connection: Connection, period: str, closed_at: datetime) -> dict[str, Any] | None:
    text = setting(connection, _figures(period))
    told: dict[str, Any] = json.loads(text) if text else {}
    return dict(told["figures"]) if told.get("closed_at") == closed_at.isoformat() else None


def forget_figures(connection: Connection, period: str) -> None:
    """The period is open again: its next closing has figures of its own."""
    connection.execute(delete(tables.setting).where(tables.setting.c.key == _figures(period)))


def _figures(period: str) -> str:
    return f"period.closed_figures:{period}"


def _closed(period: str) -> str:
    return f"period.closed_after_attempt:{period}"


def refused_since_closed(engine: Engine, period: str) -> int:
    """How many reports of a closed period came, or were tried again, after it was closed."""
    with engine.connect() as connection:
        row = connection.execute(select(tables.period).where(tables.period.c.code == period)).mappings().first()
        return len(judged_since_closed(connection, dict(row))) if row is not None else 0
