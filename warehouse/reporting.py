"""Who owes, who sent, who is late, and what is wrong with what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, case, func, select

from domain.finding import Severity
from domain.submission import FAILED, IN_FORCE, SubmissionState
from warehouse import tables
from warehouse.bulk import read_frame, read_where_in
from warehouse.units import closure, subtree, tree_on

#: Days of arrival are counted where the offices are.
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

#: Outcomes of a latest version that a status counts under their own names.
STATES = ("accepted", "accepted_with_warnings", "rejected", "unreadable", "withdrawn")

_MISSING = "missing"

#: What a board counts in its rows.
_BOARD_ROWS = {
    "state": pl.String,
    "is_expected": pl.Boolean,
    "is_late": pl.Boolean,
    "is_overdue": pl.Boolean,
    "is_in_force": pl.Boolean,
}


class UnknownPeriodError(LookupError):
    """A period was named that the registry does not hold."""


def period_row(connection: Connection, code: str) -> dict[str, Any]:
    """The period's row; raises :class:`UnknownPeriodError`."""
    row = connection.execute(select(tables.period).where(tables.period.c.code == code)).mappings().first()
    if row is None:
        raise UnknownPeriodError(f"the registry knows no period {code}")
    return dict(row)


def last_day(engine: Engine, period: str) -> date:
    with engine.connect() as connection:
        found: date = period_row(connection, period)["last_day"]
        return found


def periods_with_submissions(engine: Engine) -> list[str]:
    """Codes of the periods some submission speaks of, the oldest first."""
    period = tables.period.c
    query = (
        select(period.code)
        .where(period.id.in_(select(tables.submission.c.period_id).distinct()))
        .order_by(period.last_day, period.first_day)
    )
    with engine.connect() as connection:
        return list(connection.scalars(query))


# ------------------------------------------------------------------------------------------------ obligations


def expected_units(engine: Engine, period: str, form: str) -> pl.DataFrame:
    """Units that owe ``form`` for ``period``: ``unit_id, unit, name, kind, level, parent, due``."""
    with engine.connect() as connection:
        owed = _owed(connection, period_row(connection, period))
    return owed.filter(pl.col("form") == form).drop("form")


def _owed(connection: Connection, period: dict[str, Any]) -> pl.DataFrame:
    """``unit_id, unit, name, kind, level, parent, form, due``: obligations of the units living on the last day."""
    obligation, form, unit = tables.obligation.c, tables.form.c, tables.unit.c
    due, permit = tables.period_due.c, tables.lateness_permit.c
    day = period["last_day"]
    query = (
        select(
            unit.id.label("unit_id"),
            unit.code.label("unit"),
            unit.name,
            unit.kind,
            unit.level,
            unit.parent_code.label("parent"),
            form.code.label("form"),
            func.coalesce(permit.until, due.due).label("due"),
        )
        .join_from(tables.obligation, tables.form, form.id == obligation.form_id)
        .join(tables.unit, unit.kind == obligation.unit_kind)
        .outerjoin(tables.period_due, (due.level == unit.level) & (due.period_id == period["id"]))
        .outerjoin(tables.lateness_permit, (permit.unit_id == unit.id) & (permit.period_id == period["id"]))
        .where(
            obligation.calendar == period["calendar"],
            obligation.period_kind == period["kind"],
            obligation.valid_from <= day,
            obligation.valid_to.is_(None) | (obligation.valid_to >= day),
            unit.valid_from <= day,
            unit.valid_to.is_(None) | (unit.valid_to >= day),
        )
    )
    return read_frame(connection, query).unique(["unit_id", "form"], maintain_order=True)


# ------------------------------------------------------------------------------------------------ status


def status(engine: Engine, period: str, unit: str | None = None, *, today: date | None = None) -> list[dict[str, Any]]:
    """A board a form: ``period, form`` and counts of units.

    ``expected`` owe the form; ``received`` sent something readable; ``late``: the first arrived after the due day;
    ``overdue``: missing, and the due day has passed; then a count for each state of the latest version (state
    ``received`` as ``waiting``), ``missing``,
    ``in_force`` (figures stand in the totals) and ``unexpected`` (sent without owing). Without ``unit`` a last board,
    whose ``form`` is ``None``, counts the files of runs made for this period that name no unit, period or form: they
    cannot be told from a unit that is missing above.
    """
    rows = status_by_unit(engine, period, unit, today=today)
    boards = [_board(period, str(form), part) for (form,), part in rows.group_by("form", maintain_order=True)]
    return boards if unit is not None else [*boards, *_unplaced_board(engine, period)]


def _unplaced_board(engine: Engine, period: str) -> list[dict[str, Any]]:
    failed = {state.value: _unplaced(engine, period, state) for state in sorted(FAILED)}
    count = sum(failed.values())
    empty = _board(period, "", pl.DataFrame(schema=_BOARD_ROWS))
    return [{**empty, "form": None, "received": count, **failed}] if count else []


def _board(period: str, form: str, rows: pl.DataFrame) -> dict[str, Any]:
    states = dict(rows.group_by("state").len().iter_rows())
    return {
        "period": period,
        "form": form,
        "expected": int(rows["is_expected"].sum()),
        "received": rows.filter(pl.col("state") != _MISSING).height,
        "late": int(rows["is_late"].sum()),
        "overdue": int(rows["is_overdue"].sum()),
        "waiting": states.get(SubmissionState.RECEIVED.value, 0),
        **{state: states.get(state, 0) for state in STATES},
        _MISSING: states.get(_MISSING, 0),
        "in_force": int(rows["is_in_force"].sum()),
        "unexpected": int((~rows["is_expected"]).sum()),
    }


def status_by_unit(engine: Engine, period: str, unit: str | None = None, *, today: date | None = None) -> pl.DataFrame:
    """A row a unit and form, for units that owe the form or sent it; with ``unit`` those of its subtree.

    ``unit, name, kind, level, parent, form, due, state`` of the latest version (or ``missing``), ``version,
    submission_id, received_at`` (the first arrival), ``is_expected, is_late, is_overdue, is_in_force, n_critical,
    n_warning``.
    """
    day = today or datetime.now(_ZONE).date()
    with engine.connect() as connection:
        row = period_row(connection, period)
        tree = tree_on(connection, row["last_day"])
        owed = _owed(connection, row)
        sent = _sent(connection, row["id"])
    joined = owed.select("unit_id", "form", "due", is_expected=pl.lit(True)).join(
        sent, on=["unit_id", "form"], how="full", coalesce=True
    )
    rows = _with_units(engine, joined, tree)
    if unit is not None:
        rows = rows.join(subtree(tree, unit), on="unit", how="semi")
    return _judged(rows, day).sort("form", "unit")


def _sent(connection: Connection, period_id: int) -> pl.DataFrame:
    """``unit_id, form`` with the latest version, the first arrival, and whether a version is in force."""
    submission, form = tables.submission.c, tables.form.c
    names = ["unit_id", "version", "state", "received_at", "n_critical", "n_warning"]
    query = (
        select(form.code.label("form"), submission.id.label("submission_id"), *[submission[name] for name in names])
        .join(tables.form, form.id == submission.form_id)
        .where(submission.period_id == period_id, submission.unit_id.is_not(None))
        .order_by(submission.version)
    )
    latest = pl.all().exclude("unit_id", "form", "received_at").last()
    standing = pl.col("state").is_in([state.value for state in IN_FORCE]).any()
    return (
        read_frame(connection, query)
        .group_by("unit_id", "form", maintain_order=True)
        .agg(latest, pl.col("received_at").min(), is_in_force=standing)
    )


def _with_units(engine: Engine, rows: pl.DataFrame, tree: pl.DataFrame) -> pl.DataFrame:
    """Names of the units, also of those that ended before the last day of the period."""
    unit = tables.unit.c
    others = rows.join(tree, on="unit_id", how="anti")["unit_id"].to_list()
    query = select(
        unit.id.label("unit_id"),
        unit.code.label("unit"),
        unit.name,
        unit.kind,
        unit.level,
        unit.parent_code.label("parent"),
    ).where(unit.id.in_(others))
    with engine.connect() as connection:
        ended = read_frame(connection, query)
    named = pl.concat([tree.select(ended.columns), ended])
    return rows.join(named, on="unit_id", how="left", maintain_order="left")


def _judged(rows: pl.DataFrame, today: date) -> pl.DataFrame:
    arrived = pl.col("received_at").dt.convert_time_zone(_ZONE.key).dt.date()
    return rows.with_columns(
        pl.col("state").fill_null(_MISSING),
        pl.col("is_expected", "is_in_force").fill_null(False),
        is_late=(arrived > pl.col("due")).fill_null(False),
        is_overdue=(pl.col("state").is_null() & (pl.lit(today) > pl.col("due"))).fill_null(False),
    ).select(
        "unit",
        "name",
        "kind",
        "level",
        "parent",
        "form",
        "due",
        "state",
        "version",
        "submission_id",
        "received_at",
        "is_expected",
        "is_late",
        "is_overdue",
        "is_in_force",
        "n_critical",
        "n_warning",
    )


def status_by_subtree(engine: Engine, period: str, form: str) -> pl.DataFrame:
    """For each unit, counts over itself and everything below: ``unit, name, level, depth, expected, received, late,
    accepted, rejected, missing``; ``accepted`` has those with warnings in it."""
    rows = status_by_unit(engine, period).filter(pl.col("form") == form)
    with engine.connect() as connection:
        tree = tree_on(connection, period_row(connection, period)["last_day"])
    accepted = pl.col("state").is_in([state.value for state in IN_FORCE])
    counts = (
        closure(tree)
        .join(rows, on="unit")
        .group_by("ancestor")
        .agg(
            expected=pl.col("is_expected").sum().cast(pl.Int64),
            received=(pl.col("state") != _MISSING).sum().cast(pl.Int64),
            late=pl.col("is_late").sum().cast(pl.Int64),
            accepted=accepted.sum().cast(pl.Int64),
            rejected=(pl.col("state") == SubmissionState.REJECTED.value).sum().cast(pl.Int64),
            missing=(pl.col("state") == _MISSING).sum().cast(pl.Int64),
        )
    )
    return tree.select("unit", "name", "level", "depth").join(
        counts, left_on="unit", right_on="ancestor", maintain_order="left"
    )


def status_below(engine: Engine, period: str, unit: str | None = None) -> list[dict[str, Any]]:
    """:func:`status_by_subtree` with its form, of the units directly below ``unit`` (or of the highest ones) that owe
    or sent something, themselves or through what is below them."""
    with engine.connect() as connection:
        tree = tree_on(connection, period_row(connection, period)["last_day"])
        forms = _owed(connection, period_row(connection, period))["form"].unique().sort()
    chosen = tree.filter(pl.col("parent") == unit) if unit else tree.filter(pl.col("depth") == 0)
    found = [
        status_by_subtree(engine, period, form)
        .join(chosen.select("unit"), on="unit", how="semi", maintain_order="left")
        .filter((pl.col("expected") > 0) | (pl.col("received") > 0))
        .with_columns(form=pl.lit(form))
        for form in forms
    ]
    return [row for frame in found for row in frame.to_dicts()]


def _unplaced(engine: Engine, period: str, state: SubmissionState) -> int:
    """Files that name no known unit, period and form, of the runs made for this period."""
    submission, attempt, run = tables.submission.c, tables.attempt.c, tables.run.c
    query = (
        select(func.count())
        .select_from(tables.submission)
        .join(tables.attempt, attempt.id == submission.attempt_id)
        .join(tables.run, run.id == attempt.run_id)
        .where(submission.state == state.value, run.period == period, submission.version.is_(None))
    )
    with engine.connect() as connection:
        return int(connection.scalar(query) or 0)


# ------------------------------------------------------------------------------------------------ findings


def findings(
    engine: Engine,
    *,
    period: str | None = None,
    unit: str | None = None,
    submission: int | None = None,
    severity: str | None = None,
    limit: int | None = None,
) -> pl.DataFrame:
    """Present findings of the latest version of each report and of files that could not be placed, gravest first.

    The columns of the finding, with ``submission, unit, unit_name, period, form, version, state, file_name``; ``unit``
    means the unit and its subtree.
    """
    query = _findings_query(period, submission, severity)
    with engine.connect() as connection:
        found = read_frame(connection, query)
        if unit is not None:
            day = period_row(connection, period)["last_day"] if period else datetime.now(UTC).date()
            below = subtree(tree_on(connection, day), unit)["unit"]
            found = found.filter(pl.col("unit").is_in(below.implode()) | (pl.col("unit") == unit))
    return found.head(limit) if limit is not None else found


def _findings_query(period: str | None, submission: int | None, severity: str | None) -> Select[Any]:
    finding, here = tables.finding.c, tables.submission.c
    later = tables.submission.alias("later")
    newest = (
        ~select(later.c.id)
        .where(
            later.c.unit_id == here.unit_id,
            later.c.period_id == here.period_id,
            later.c.form_id == here.form_id,
            later.c.version > here.version,
        )
        .exists()
    )
    gravity = case({item.value: place for place, item in enumerate(Severity)}, value=finding.severity)
    names = [c for c in finding if c.name not in ("id", "submission_id", "attempt_id")]
    query = (
        select(
            finding.id,
            here.id.label("submission"),
            func.coalesce(tables.unit.c.code, here.stated_unit).label("unit"),
            func.coalesce(tables.unit.c.name, here.stated_unit_name).label("unit_name"),
            func.coalesce(tables.period.c.code, here.stated_period).label("period"),
            tables.form.c.code.label("form"),
            here.version,
            here.state,
            here.name.label("file_name"),
            *names,
        )
        .join_from(
            tables.finding,
            tables.submission,
            (finding.submission_id == here.id) & (finding.attempt_id == here.attempt_id),
        )
        .outerjoin(tables.unit, tables.unit.c.id == here.unit_id)
        .outerjoin(tables.period, tables.period.c.id == here.period_id)
        .outerjoin(tables.form, tables.form.c.id == here.form_id)
        .order_by(gravity, finding.level, finding.rule, here.id, finding.id)
    )
    query = query.where(newest if submission is None else here.id == submission)
    if period is not None:
        query = query.where(func.coalesce(tables.period.c.code, here.stated_period) == period)
    return query if severity is None else query.where(finding.severity == severity)


def finding_counts(engine: Engine, period: str | None = None) -> pl.DataFrame:
    """Present findings by rule: ``rule, severity, title_vi, title_en, count``, gravest and most frequent first."""
    rule = tables.rule.c
    with engine.connect() as connection:
        titles = read_frame(connection, select(rule.id.label("rule"), rule.title_vi, rule.title_en))
    order = pl.col("severity").replace_strict({s.value: n for n, s in enumerate(Severity)}, return_dtype=pl.Int8)
    return (
        findings(engine, period=period)
        .group_by("rule", "severity")
        .agg(count=pl.len().cast(pl.Int64))
        .join(titles, on="rule", how="left")
        .sort(order, -pl.col("count"), "rule")
        .select("rule", "severity", "title_vi", "title_en", "count")
    )


# ------------------------------------------------------------------------------------------------ runs


def counts_of_run(engine: Engine, run_id: str) -> dict[str, int]:
    """How the submissions a run tried came out: :class:`domain.submission.AttemptOutcome` → number of submissions."""
    attempt = tables.attempt.c
    query = (
        select(attempt.outcome, func.count(attempt.submission_id.distinct()))
        .where(attempt.run_id == run_id)
        .group_by(attempt.outcome)
    )
    with engine.connect() as connection:
        return dict(connection.execute(query).tuples().all())


def changed_by_run(engine: Engine, run_id: str) -> list[tuple[str, str]]:
    """(period, form) whose totals this run must compute anew: its own changes, and those of runs that were cut short.

    A run may be killed between loading and adding up. What it changed is handed out to every later run until totals
    are there that were computed after it.
    """
    attempt, run = tables.attempt.c, tables.run.c
    unfinished = select(run.id).where(run.state != "completed", run.id != run_id)
    with engine.connect() as connection:
        own = {(period, form) for period, form, _ in _changes(connection, attempt.run_id == run_id)}
        left = {
            (period, form)
            for period, form, decided_at in _changes(connection, attempt.run_id.in_(unfinished))
            if (period, form) not in own and _totals_are_older(connection, period, form, decided_at)
        }
    return sorted(own | left)


def _changes(connection: Connection, by: ColumnElement[bool]) -> Sequence[Row[tuple[str, str, datetime]]]:
    """(period, form, last decision) of the reports whose figures these attempts put in force or out of it."""
    attempt, submission = tables.attempt.c, tables.submission.c
    touched = [*(state.value for state in IN_FORCE), SubmissionState.SUPERSEDED.value]
    query = (
        select(tables.period.c.code, tables.form.c.code, func.max(submission.decided_at))
        .join_from(tables.attempt, tables.submission, submission.id == attempt.submission_id)
        .join(tables.period, tables.period.c.id == submission.period_id)
        .join(tables.form, tables.form.c.id == submission.form_id)
        .where(by, submission.state.in_(touched), attempt.outcome.in_(touched))
        .group_by(tables.period.c.code, tables.form.c.code)
    )
    return connection.execute(query).all()


def _totals_are_older(connection: Connection, period: str, form: str, moment: datetime) -> bool:
    """Whether the totals, which are always replaced whole, were computed before the moment, or never."""
    mart = tables.mart_roll_up.c
    query = select(mart.refreshed_at).where(mart.period == period, mart.form == form).limit(1)
    refreshed_at = connection.scalar(query)
    return refreshed_at is None or refreshed_at < moment


def failed_of_run(engine: Engine, run_id: str, *, limit: int | None = None) -> list[dict[str, Any]]:
    """Submissions a run rejected or could not read, each with its gravest finding.

    ``submission, file_name, unit, unit_name, period, state, n_critical, rule, message_vi, message_en``.
    """
    submission, attempt = tables.submission.c, tables.attempt.c
    failed = [SubmissionState.REJECTED.value, SubmissionState.UNREADABLE.value]
    query = (
        select(
            submission.id.label("submission"),
            submission.name.label("file_name"),
            submission.stated_unit.label("unit"),
            submission.stated_unit_name.label("unit_name"),
            submission.stated_period.label("period"),
            submission.state,
            submission.n_critical,
            submission.attempt_id,
        )
        .join_from(tables.attempt, tables.submission, submission.id == attempt.submission_id)
        .where(attempt.run_id == run_id, attempt.id == submission.attempt_id, submission.state.in_(failed))
        .order_by(submission.id)
        .limit(limit)
    )
    with engine.connect() as connection:
        rows = read_frame(connection, query)
        worst = _worst(connection, rows["submission"])
    return rows.join(worst, on="attempt_id", how="left", maintain_order="left").drop("attempt_id").to_dicts()


def _worst(connection: Connection, submissions: pl.Series) -> pl.DataFrame:
    """The gravest finding of each attempt at the submissions: of the critical ones the first of the lowest level."""
    finding = tables.finding.c
    query = select(
        finding.attempt_id, finding.id, finding.level, finding.rule, finding.message_vi, finding.message_en
    ).where(finding.severity == Severity.CRITICAL.value)
    found = read_where_in(connection, query, finding.submission_id, submissions).sort("level", "id")
    return found.unique("attempt_id", keep="first", maintain_order=True).drop("level", "id")


def counts(engine: Engine) -> dict[str, int]:
    """Submissions by state, and the rows of the largest tables."""
    submission = tables.submission.c
    states = select(submission.state, func.count()).group_by(submission.state)
    with engine.connect() as connection:
        by_state = dict(connection.execute(states).tuples().all())
        rows = {
            table.name: int(connection.scalar(select(func.count()).select_from(table)) or 0)
            for table in (tables.unit, tables.file, tables.submission, tables.finding, tables.observation)
        }
    return {**rows, **by_state}
