"""Who owes, who sent, who is late, and what is wrong with what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import (
    ColumnCollection,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    or_,
    select,
)

from domain import clock
from domain.act import Act
from domain.clock import ZONE
from domain.finding import SettledBy, Severity
from domain.life import life_of
from domain.submission import FAILED, IN_FORCE, RESTORABLE, AttemptOutcome, SubmissionState
from warehouse import tables
from warehouse.bulk import read_frame, read_where_in
from warehouse.changes import all_changed, refreshed_at
from warehouse.units import closure, depth_first, selves, subtree, tree_on

#: Outcomes of a latest version that a status counts under their own names.
STATES = ("accepted", "accepted_with_warnings", "rejected", "unreadable", "withdrawn")

_MISSING = "missing"

#: How the attempt at a version ended that came in force, or would have without a newer one.
_PASSED = [AttemptOutcome.ACCEPTED.value, AttemptOutcome.ACCEPTED_WITH_WARNINGS.value]

Columns = ColumnCollection[str, Any]

#: Counts of a submission that a status adds up, by what they are called there.
_SETTLED = {"explained": "n_explained", "waived": "n_waived", "overridden": "n_overridden"}

#: What a board counts in its rows.
_BOARD_ROWS = {
    "state": pl.String,
    "is_expected": pl.Boolean,
    "is_late": pl.Boolean,
    "is_overdue": pl.Boolean,
    "is_in_force": pl.Boolean,
    "is_permitted": pl.Boolean,
    **dict.fromkeys(_SETTLED.values(), pl.Int64),
}

#: What a status of a subtree counts, over rows of :func:`status_by_unit`.
_OVER_SUBTREES = {
    "expected": pl.col("is_expected"),
    "received": pl.col("state") != _MISSING,
    "late": pl.col("is_late"),
    "accepted": pl.col("state").is_in([state.value for state in IN_FORCE]),
    "rejected": pl.col("state") == SubmissionState.REJECTED.value,
    _MISSING: pl.col("state") == _MISSING,
    "accepted_with_warnings": pl.col("state") == SubmissionState.ACCEPTED_WITH_WARNINGS.value,
    "unreadable": pl.col("state") == SubmissionState.UNREADABLE.value,
    "withdrawn": pl.col("state") == SubmissionState.WITHDRAWN.value,
    "waiting": pl.col("state") == SubmissionState.RECEIVED.value,
    "overdue": pl.col("is_overdue"),
    "in_force": pl.col("is_in_force"),
    "permitted": pl.col("is_permitted"),
    **{name: pl.col(column) for name, column in _SETTLED.items()},
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
    return owed.filter(pl.col("form") == form).drop("form", "is_permitted")


def _owed(connection: Connection, period: dict[str, Any]) -> pl.DataFrame:
    """``unit_id, unit, name, kind, level, parent, form, due, is_permitted``: obligations of the units living on the
    last day; a permit to be late, also one given before a unit was renamed, is a later due day."""
    obligation, form, unit, due = tables.obligation.c, tables.form.c, tables.unit.c, tables.period_due.c
    day, permit = period["last_day"], permits(period["id"])
    query = (
        select(
            unit.id.label("unit_id"),
            unit.code.label("unit"),
            unit.name,
            unit.kind,
            unit.level,
            unit.parent_code.label("parent"),
            form.code.label("form"),
            func.coalesce(permit.c.until, due.due).label("due"),
            permit.c.until.is_not(None).label("is_permitted"),
        )
        .join_from(tables.obligation, tables.form, form.id == obligation.form_id)
        .join(tables.unit, unit.kind == obligation.unit_kind)
        .outerjoin(tables.period_due, (due.level == unit.level) & (due.period_id == period["id"]))
        .outerjoin(permit, permit.c.unit_id == unit.id)
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


def permits(period_id: int | None = None) -> Subquery:
    """``unit_id, period_id, until``: the last permitted day of each unit that was given one, whatever it was called
    then; of one period, or of all."""
    own, permit = tables.unit_self.c, tables.lateness_permit.c
    query = (
        select(own.unit_id, permit.period_id, func.max(permit.until).label("until"))
        .join_from(tables.lateness_permit, tables.unit_self, own.self_id == permit.unit_id)
        .group_by(own.unit_id, permit.period_id)
    )
    return (query if period_id is None else query.where(permit.period_id == period_id)).subquery()


# ------------------------------------------------------------------------------------------------ status


def status(engine: Engine, period: str, unit: str | None = None, *, today: date | None = None) -> list[dict[str, Any]]:
    """A board a form: ``period, form`` and counts of units.

    ``expected`` owe the form; ``received`` sent something readable; ``late``: the first arrived after the due day;
    ``overdue``: missing, and the due day has passed; then a count for each state of the latest version (state
    ``received`` as ``waiting``), ``missing``,
    ``in_force`` (figures stand in the totals) and ``unexpected`` (sent without owing). ``permitted``: units that may be
    late; ``explained``, ``waived``, ``overridden``: findings by what settled them. ``closed_at`` is
    when the period was closed, ``None`` while it is open, and ``life`` is its :class:`domain.life.Life`.

    The latest version is the last that was neither withdrawn nor superseded (:func:`is_latest`); a report of which
    nothing else is left counts as ``withdrawn``. What is settled is counted in the version in force, and without one
    in the latest. Without ``unit`` a last board, whose ``form`` is ``None``, counts the files of runs made
    for this period that name no unit, period or form: they cannot be told from a unit that is missing above.
    """
    rows = status_by_unit(engine, period, unit, today=today)
    boards = [_board(period, str(form), part) for (form,), part in rows.group_by("form", maintain_order=True)]
    if unit is None:
        boards.extend(_unplaced_board(engine, period))
    with engine.connect() as connection:
        row = period_row(connection, period)
    came = any(board["received"] for board in boards)
    life = life_of(row["opened_at"], row["closing_at"], row["closed_at"], row["reopened_at"], has_reports=came)
    return [{**board, "closed_at": row["closed_at"], "life": life.value} for board in boards]


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
        "permitted": int(rows["is_permitted"].sum()),
        **{name: int(rows[column].sum()) for name, column in _SETTLED.items()},
    }


def status_by_unit(engine: Engine, period: str, unit: str | None = None, *, today: date | None = None) -> pl.DataFrame:
    """A row a unit and form, for units that owe the form or sent it; with ``unit`` those of its subtree.

    ``unit, name, kind, level, parent, form, due, state`` of the latest version (or ``missing``; see :func:`status`),
    ``version, submission_id, received_at`` (the first arrival), ``is_expected, is_late, is_overdue, is_in_force,
    n_critical, n_warning, n_explained, n_waived, n_overridden, is_permitted``.
    """
    with engine.connect() as connection:
        return status_on(connection, period, unit, today=today).drop("in_force_sha256")


def status_on(
    connection: Connection,
    period: str,
    unit: str | None = None,
    *,
    today: date | None = None,
    without: pl.Series | None = None,
) -> pl.DataFrame:
    """:func:`status_by_unit` on a connection that reads other things too, all of the same moment; besides
    ``in_force_sha256``, the file whose figures stand. ``without`` these submissions it is as if they had never come."""
    row = period_row(connection, period)
    tree = tree_on(connection, row["last_day"])
    owed = _owed(connection, row)
    sent = _sent(connection, row["id"], owed["unit_id"], without)
    joined = owed.select("unit_id", "form", "due", "is_permitted", is_expected=pl.lit(True)).join(
        sent, on=["unit_id", "form"], how="full", coalesce=True
    )
    rows = _with_units(connection, joined, tree)
    if unit is not None:
        rows = rows.join(subtree(tree, unit), on="unit", how="semi")
    return _judged(rows, today or clock.today()).sort("form", "unit")


def status_by_kind(engine: Engine, period: str, today: date) -> pl.DataFrame:
    """The counts of :func:`status` by kind of unit, without reading the tree: ``form, kind, state`` of the latest
    version (or ``missing``), ``reports, expected, late, overdue``."""
    with engine.connect() as connection:
        row = period_row(connection, period)
        owed = _owed(connection, row)
        sent = _sent(connection, row["id"], owed["unit_id"])
        joined = owed.select("unit_id", "kind", "form", "due", is_expected=pl.lit(True)).join(
            sent, on=["unit_id", "form"], how="full", coalesce=True
        )
        unit = tables.unit.c
        query = select(unit.id.label("unit_id"), unit.kind.label("kind_of_others"))
        others = read_where_in(connection, query, unit.id, joined.filter(pl.col("kind").is_null())["unit_id"])
    rows = joined.join(others, on="unit_id", how="left", maintain_order="left")
    return (
        rows.with_columns(pl.coalesce("kind", "kind_of_others").alias("kind"))
        .with_columns(_verdicts(today))
        .group_by("form", "kind", "state")
        .agg(
            reports=pl.len().cast(pl.Int64),
            expected=pl.col("is_expected").sum().cast(pl.Int64),
            late=pl.col("is_late").sum().cast(pl.Int64),
            overdue=pl.col("is_overdue").sum().cast(pl.Int64),
        )
        .sort("form", "kind", "state")
    )


def _sent(connection: Connection, period_id: int, owing: pl.Series, without: pl.Series | None = None) -> pl.DataFrame:
    """``unit_id, form`` with the latest version, the first arrival, and whether a version is in force; what a unit that
    owes it sent before it was renamed or came under another superior is its own."""
    submission, form, attempt = tables.submission.c, tables.form.c, tables.attempt.c
    names = ["unit_id", "version", "state", "received_at", "n_critical", "n_warning", *_SETTLED.values()]
    query = (
        select(
            form.code.label("form"),
            submission.id.label("submission_id"),
            *[submission[name] for name in names],
            submission.file_sha256,
            func.coalesce(attempt.outcome.in_(_PASSED), False).label("has_passed"),
        )
        .join(tables.form, form.id == submission.form_id)
        .outerjoin(tables.attempt, attempt.id == submission.attempt_id)
        .where(submission.period_id == period_id, submission.unit_id.is_not(None))
    )
    report = ["unit_id", "form"]
    stands = pl.col("state").is_in([state.value for state in IN_FORCE])
    # numbered in the order of their versions, also where a unit sent before and after it was renamed
    number = pl.col("submission_id")
    passed_later = number < number.filter("has_passed").max().over(report)
    # as in is_latest: what failed before a version that passed was mended by it
    is_mended = (pl.col("state").is_in([state.value for state in FAILED]) & passed_later).fill_null(False)
    is_past = pl.col("state").is_in([state.value for state in RESTORABLE]) | is_mended
    settled = [pl.col(name).filter(stands).last().fill_null(pl.col(name).last()) for name in _SETTLED.values()]
    latest = pl.all().exclude(*report, "received_at", "has_passed", "file_sha256", *_SETTLED.values()).last()
    now = selves(connection, owing).rename({"unit_id": "now", "self_id": "unit_id"})
    found = read_frame(connection, query)
    if without is not None:
        found = found.filter(~pl.col("submission_id").is_in(without.implode()))
    sent = found.join(now.unique("unit_id"), on="unit_id", how="left", maintain_order="left")
    return (
        sent.with_columns(pl.col("has_passed").cast(pl.Boolean), unit_id=pl.coalesce("now", "unit_id"))
        .drop("now")
        .sort(~is_past, "submission_id")
        .group_by(report, maintain_order=True)
        .agg(
            latest,
            *settled,
            pl.col("received_at").min(),
            is_in_force=stands.any(),
            in_force_sha256=pl.col("file_sha256").filter(stands).last(),
        )
    )


def _with_units(connection: Connection, rows: pl.DataFrame, tree: pl.DataFrame) -> pl.DataFrame:
    """Names of the units, also of those that ended before the last day of the period."""
    unit = tables.unit.c
    others = rows.join(tree, on="unit_id", how="anti")["unit_id"].unique()
    query = select(
        unit.id.label("unit_id"),
        unit.code.label("unit"),
        unit.name,
        unit.kind,
        unit.level,
        unit.parent_code.label("parent"),
    )
    ended = read_where_in(connection, query, unit.id, others)
    named = pl.concat([tree.select(ended.columns), ended])
    return rows.join(named, on="unit_id", how="left", maintain_order="left")


def _verdicts(today: date) -> list[pl.Expr]:
    """What is said of a unit that owes a report or sent one: ``state, is_expected, is_late, is_overdue``."""
    arrived = pl.col("received_at").dt.convert_time_zone(ZONE.key).dt.date()
    return [
        pl.col("state").fill_null(_MISSING),
        pl.col("is_expected").fill_null(False),
        (arrived > pl.col("due")).fill_null(False).alias("is_late"),
        (pl.col("state").is_null() & (pl.lit(today) > pl.col("due"))).fill_null(False).alias("is_overdue"),
    ]


def _judged(rows: pl.DataFrame, today: date) -> pl.DataFrame:
    return rows.with_columns(pl.col("is_in_force", "is_permitted").fill_null(False), *_verdicts(today)).select(
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
        *_SETTLED.values(),
        "is_permitted",
        "in_force_sha256",
    )


def _over_subtrees(tree: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The units of ``tree`` with the counts over everything below each."""
    counts = (
        closure(tree)
        .join(rows, on="unit")
        .group_by("ancestor")
        .agg(**{name: which.sum().cast(pl.Int64) for name, which in _OVER_SUBTREES.items()})
    )
    return tree.select("unit", "name", "kind", "level", "parent", "depth").join(
        counts, left_on="unit", right_on="ancestor", how="left", maintain_order="left"
    )


def status_tree(
    engine: Engine,
    period: str,
    form: str,
    unit: str | None = None,
    *,
    depth: int | None = None,
    today: date | None = None,
) -> pl.DataFrame:
    """Counts over units and everything below each, down the tree from ``unit`` (or from the highest units), each before
    what is below it.

    ``unit, name, kind, level, parent, depth, expected, received, late, accepted, rejected, missing,
    accepted_with_warnings, unreadable, withdrawn, waiting, overdue, in_force, permitted, explained, waived,
    overridden``; ``accepted`` has those with warnings in it. ``depth`` counts from where the tree begins and goes as
    far as the parameter says, without one to the leaves. Units of which nothing is expected and nothing came,
    themselves or below, are left out.
    """
    rows = status_by_unit(engine, period, unit, today=today).filter(pl.col("form") == form)
    with engine.connect() as connection:
        tree = tree_on(connection, period_row(connection, period)["last_day"])
    if unit is not None:
        tree = subtree(tree, unit)
        top = tree.filter(pl.col("unit") == unit)["depth"]
        tree = tree.with_columns(pl.col("depth") - (top[0] if len(top) else 0))
    counted = _over_subtrees(tree, rows).filter((pl.col("expected") > 0) | (pl.col("received") > 0))
    ordered = depth_first(counted)
    return ordered if depth is None else ordered.filter(pl.col("depth") <= depth)


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

    The columns of the finding, its number as ``finding``, with ``submission, unit, unit_name, period, form, version,
    state, file_name`` and ``other_submission``; ``unit`` means the unit and its subtree. Those that are settled are
    among them, with ``settled_by`` and ``explanation``. What was withdrawn asks nothing of anybody and is only given
    when its ``submission`` is named.
    """
    with engine.connect() as connection:
        found = findings_on(connection, period=period, unit=unit, submission=submission, severity=severity)
    return found.head(limit) if limit is not None else found


def findings_on(
    connection: Connection,
    *,
    period: str | None = None,
    unit: str | None = None,
    submission: int | None = None,
    severity: str | None = None,
) -> pl.DataFrame:
    """:func:`findings` on a connection that reads other things too, all of the same moment."""
    found = read_frame(connection, _findings_query(period, submission, severity))
    kept = found if unit is None else found.filter(is_below(connection, period, unit))
    return kept.drop("unit_id")


def _findings_query(period: str | None, submission: int | None, severity: str | None) -> Select[Any]:
    finding, here = tables.finding.c, tables.submission.c
    gravity = case({item.value: place for place, item in enumerate(Severity)}, value=finding.severity)
    names = [c for c in finding if c.name not in ("id", "submission_id", "attempt_id", "other_submission_id")]
    query = (
        select(
            finding.id,
            finding.id.label("finding"),
            here.id.label("submission"),
            here.unit_id,
            func.coalesce(tables.unit.c.code, here.stated_unit).label("unit"),
            func.coalesce(tables.unit.c.name, here.stated_unit_name).label("unit_name"),
            func.coalesce(tables.period.c.code, here.stated_period).label("period"),
            tables.form.c.code.label("form"),
            here.version,
            here.state,
            here.name.label("file_name"),
            *names,
            finding.other_submission_id.label("other_submission"),
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
    query = query.where(is_latest() if submission is None else here.id == submission)
    if period is not None:
        query = query.where(func.coalesce(tables.period.c.code, here.stated_period) == period)
    return query if severity is None else query.where(finding.severity == severity)


def states_of(
    engine: Engine, *, period: str | None = None, unit: str | None = None, submission: int | None = None
) -> dict[str, int]:
    """How many submissions there are in each state: of all, or of a period, of a unit with its subtree, of a number."""
    here = tables.submission.c
    code = func.coalesce(tables.unit.c.code, here.stated_unit)
    query = (
        select(here.state, here.unit_id, code.label("unit"))
        .outerjoin(tables.unit, tables.unit.c.id == here.unit_id)
        .outerjoin(tables.period, tables.period.c.id == here.period_id)
    )
    if period is not None:
        query = query.where(func.coalesce(tables.period.c.code, here.stated_period) == period)
    if submission is not None:
        query = query.where(here.id == submission)
    with engine.connect() as connection:
        rows = read_frame(connection, query)
        if unit is not None:
            rows = rows.filter(is_below(connection, period, unit))
    return dict(rows.group_by("state").len().iter_rows())


def is_below(connection: Connection, period: str | None, unit: str) -> pl.Expr:
    """Whether a row (``unit_id, unit``) is of this unit or one below it, also under what they were called before they
    were renamed; where the register does not know the unit, by its code."""
    day = period_row(connection, period)["last_day"] if period else clock.today()
    below = subtree(tree_on(connection, day), unit)
    own = selves(connection, below["unit_id"])["self_id"]
    is_unplaced = pl.col("unit_id").is_null() & pl.col("unit").is_in(below["unit"].implode())
    return pl.col("unit_id").is_in(own.implode()) | is_unplaced | (pl.col("unit") == unit)


def is_latest() -> ColumnElement[bool]:
    """Whether a row of ``submission`` is the version of its report that counts: the last that was neither withdrawn nor
    superseded. Of files that could not be placed each is one.

    What failed before a version that passed was mended by it, also when that one was withdrawn since.
    """
    here, later, tried = tables.submission.c, tables.submission.alias("later").c, tables.attempt.alias("tried").c
    past = sorted(RESTORABLE)
    has_passed = exists().where(tried.id == later.attempt_id, tried.outcome.in_(_PASSED))
    newer = exists().where(
        *is_same_report(here, later),
        later.version > here.version,
        or_(later.state.not_in(past), and_(here.state.in_(sorted(FAILED)), has_passed)),
    )
    return and_(here.state.not_in(past), ~newer)


def is_same_report(one: Columns, other: Columns) -> list[ColumnElement[bool]]:
    """Whether rows of ``submission`` (its columns, and those of another name for it) are versions of one report."""
    return [one[name] == other[name] for name in ("unit_id", "period_id", "form_id")]


def _is_shown() -> ColumnElement[bool]:
    """Whether a row of ``submission`` is the version whose settled findings are counted: the one in force, whose
    figures stand in the totals; without one the latest."""
    here, other = tables.submission.c, tables.submission.alias("other").c
    stands = exists().where(*is_same_report(here, other), other.state.in_(sorted(IN_FORCE)))
    return or_(here.state.in_(sorted(IN_FORCE)), and_(is_latest(), ~stands))


def waiver_counts(engine: Engine, period: str | None = None) -> dict[str, int]:
    """How many findings of the versions in force (of the latest, where none is) are settled, by
    :class:`domain.finding.SettledBy`; of a period nobody has reported yet, and of an unknown one, none."""
    here, finding = tables.submission.c, tables.finding.c
    query = (
        select(finding.settled_by, func.count())
        .join_from(
            tables.finding,
            tables.submission,
            (finding.submission_id == here.id) & (finding.attempt_id == here.attempt_id),
        )
        .where(finding.settled_by.is_not(None), _is_shown())
        .group_by(finding.settled_by)
    )
    if period is not None:
        query = query.where(
            here.period_id == select(tables.period.c.id).where(tables.period.c.code == period).scalar_subquery()
        )
    with engine.connect() as connection:
        found = dict(connection.execute(query).tuples().all())
    return {by.value: found.get(by.value, 0) for by in SettledBy}


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
    """(period, form) whose totals this run must compute anew: its own changes, those of runs that were cut short, and
    those of acts.

    A run may be killed between loading and adding up, and a program between withdrawing a report and adding up. What
    was changed is handed out to every later run until totals are there that were computed after it.
    """
    attempt, run = tables.attempt.c, tables.run.c
    unfinished = select(run.id).where(run.state != "completed", run.id != run_id)
    with engine.connect() as connection:
        own = {(period, form) for period, form, _ in _changes(connection, attempt.run_id == run_id)}
        changes = [*_changes(connection, attempt.run_id.in_(unfinished)), *_taken_out(connection), *_opened(connection)]
        left = {
            (period, form)
            for period, form, changed_at in changes
            if (period, form) not in own and _totals_are_older(connection, period, form, changed_at)
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


def _taken_out(connection: Connection) -> Sequence[Row[tuple[str, str, datetime]]]:
    """(period, form, last act) of the reports that acts took out of force."""
    action, submission = tables.action.c, tables.submission.c
    query = (
        select(tables.period.c.code, tables.form.c.code, func.max(action.at))
        .join_from(tables.action, tables.submission, submission.id == action.submission_id)
        .join(tables.period, tables.period.c.id == action.period_id)
        .join(tables.form, tables.form.c.id == submission.form_id)
        .where(action.what == Act.WITHDRAW.value, action.before.in_(sorted(IN_FORCE)))
        .group_by(tables.period.c.code, tables.form.c.code)
    )
    return connection.execute(query).all()


def _opened(connection: Connection) -> Sequence[Row[tuple[str, str, datetime]]]:
    """(period, form, last act) of periods that were opened again: while they were closed no finding of level 7 was
    written or taken back."""
    action, mart = tables.action.c, tables.mart_roll_up.c
    query = (
        select(tables.period.c.code, tables.form.c.code, func.max(action.at))
        .join_from(tables.action, tables.period, tables.period.c.id == action.period_id)
        .join(tables.form, select(mart.unit).where(_is_of(mart)).exists())
        .where(action.what == Act.REOPEN_PERIOD.value)
        .group_by(tables.period.c.code, tables.form.c.code)
    )
    return connection.execute(query).all()


def _is_of(mart: Columns) -> ColumnElement[bool]:
    return and_(mart.period == tables.period.c.code, mart.form == tables.form.c.code)


def _totals_are_older(connection: Connection, period: str, form: str, moment: datetime) -> bool:
    """Whether the totals were computed before the moment, or never although there is something to add up."""
    here = tables.submission.c
    computed_at = refreshed_at(connection, period, form)
    if computed_at is not None:
        return computed_at < moment
    standing = (
        select(here.id)
        .join(tables.period, tables.period.c.id == here.period_id)
        .join(tables.form, tables.form.c.id == here.form_id)
        .where(tables.period.c.code == period, tables.form.c.code == form, here.state.in_(sorted(IN_FORCE)))
    )
    return connection.execute(standing.limit(1)).first() is not None


def stale_totals(connection: Connection, periods: Sequence[str]) -> list[tuple[str, str]]:
    """(period, form) of these periods whose totals are not those of the reports in force: computed before a report
    changed, or before the definitions or the register did; those of closed periods are not computed any more for the
    latter."""
    period = tables.period.c
    named = period.code.in_(list(periods))
    changes = [
        *_changes(connection, named),
        *(row for row in (*_taken_out(connection), *_opened(connection)) if row[0] in periods),
    ]
    older = {
        (code, form)
        for code, form, moment in changes
        if _totals_are_older(connection, code, form, moment)
        and (refreshed_at(connection, code, form) is not None or _has_totals(connection, code, form))
    }
    mart = tables.mart_roll_up.c
    kept = (
        select(mart.period, mart.form, func.max(mart.refreshed_at))
        .join(tables.period, period.code == mart.period)
        .where(named, period.closed_at.is_(None))
        .group_by(mart.period, mart.form)
    )
    outdated = {(code, form) for code, form, moment in connection.execute(kept) if all_changed(connection, moment)}
    return sorted(older | outdated)


def _has_totals(connection: Connection, period: str, form: str) -> bool:
    """Whether anything is to be added up: a report in force of a unit that stands below another."""
    here, above = tables.submission.c, tables.unit_above.c
    query = (
        select(here.id)
        .join(tables.period, tables.period.c.id == here.period_id)
        .join(tables.form, tables.form.c.id == here.form_id)
        .join(tables.unit_above, (above.unit_id == here.unit_id) & (above.steps > 0))
        .where(tables.period.c.code == period, tables.form.c.code == form, here.state.in_(sorted(IN_FORCE)))
        .where(above.first_day <= tables.period.c.last_day)
        .where(above.last_day.is_(None) | (above.last_day >= tables.period.c.first_day))
    )
    return connection.execute(query.limit(1)).first() is not None


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
