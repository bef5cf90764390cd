"""Waivers read back: those in force for the files of a batch, periods that are closed, and the list for people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Engine, String, and_, case, func, literal, or_, select

from domain.clock import day_of
from domain.columns import WAIVERS
from domain.finding import WAIVED_CELL, SettledBy, Severity
from domain.submission import IN_FORCE, RESTORABLE, SubmissionState
from warehouse import tables
from warehouse.bulk import read_frame, read_where_in, update_frame
from warehouse.reporting import is_below, period_row
from warehouse.resolve import resolve

_KEY = ["unit_id", "period_id", "form_id"]

#: What settles a finding by an act rather than by the unit's own note.
BY_AN_ACT = (SettledBy.WAIVER.value, SettledBy.OVERRIDE.value)


def waivers_for(engine: Engine, headers: pl.DataFrame, today: date) -> pl.DataFrame:
    """The waivers in force on ``today`` for each file: :data:`domain.columns.WAIVERS`.

    ``headers`` is a frame of :data:`domain.columns.HEADERS`; of it ``file, unit, period, form`` are read. An empty
    ``field`` waives the rule for the whole report, one of :data:`domain.finding.WAIVED_CELL` for the cell it names.
    """
    with engine.connect() as connection:
        placed = resolve(connection, headers.select("file", "unit", "period", "form")).drop_nulls(_KEY)
        found = _in_force_on(connection, placed["period_id"].unique(), today)
    return placed.join(found, on=_KEY).select(_typed(name, kind) for name, kind in WAIVERS.items()).sort("file", "rule")


def _in_force_on(connection: Connection, period_ids: pl.Series, today: date) -> pl.DataFrame:
    """``unit_id, period_id, form_id, rule, field, item, reason, is_override`` of the waivers of these periods."""
    waiver = tables.waiver.c
    names = [*_KEY, "rule", "field", "item", "reason", "is_override"]
    query = select(*[waiver[name] for name in names]).where(or_(waiver.until.is_(None), waiver.until >= today))
    return read_where_in(connection, query, waiver.period_id, period_ids)


def _typed(name: str, kind: str) -> pl.Expr:
    return pl.col(name).cast(getattr(pl, kind))


def closed_periods(engine: Engine, codes: Iterable[str]) -> frozenset[str]:
    """Of these period codes, those that are closed; a code the registry does not know is not."""
    return frozenset(closing_days(engine, codes))


def closing_days(engine: Engine, codes: Iterable[str]) -> dict[str, date]:
    """Of these period codes, those that are closed, with the day each was."""
    period = tables.period.c
    with engine.connect() as connection:
        query = select(period.code, period.closed_at).where(period.closed_at.is_not(None))
        found = read_where_in(connection, query, period.code, set(codes))
    return {code: day_of(moment) for code, moment in found.iter_rows()}


def waivers_of(engine: Engine, *, period: str | None = None, unit: str | None = None) -> pl.DataFrame:
    """Every waiver, in force or run out, in the order they were given; ``unit`` means the unit and its subtree.

    ``unit, unit_name, period, form, rule, field, item, reason, who, at, until, is_override, second_person`` and
    ``in_use``: a present finding of a report that was not replaced or withdrawn is settled by it. Raises
    :class:`warehouse.reporting.UnknownPeriodError`.
    """
    with engine.connect() as connection:
        return waivers_on(connection, period=period, unit=unit)


def waivers_on(connection: Connection, *, period: str | None = None, unit: str | None = None) -> pl.DataFrame:
    """:func:`waivers_of` on a connection that reads other things too, all of the same moment."""
    waiver = tables.waiver.c
    names = ["rule", "field", "item", "reason", "who", "at", "until", "is_override", "second_person"]
    query = (
        select(
            waiver.unit_id,
            tables.unit.c.code.label("unit"),
            tables.unit.c.name.label("unit_name"),
            tables.period.c.code.label("period"),
            tables.form.c.code.label("form"),
            *[waiver[name] for name in names],
            _in_use().label("in_use"),
        )
        .join_from(tables.waiver, tables.unit, tables.unit.c.id == waiver.unit_id)
        .join(tables.period, tables.period.c.id == waiver.period_id)
        .join(tables.form, tables.form.c.id == waiver.form_id)
        .order_by(waiver.at, waiver.id)
    )
    if period is not None:
        period_row(connection, period)  # an unknown one is refused, not empty
    found = read_frame(connection, query if period is None else query.where(tables.period.c.code == period))
    if unit is not None:
        found = found.filter(is_below(connection, period, unit))
    return found.drop("unit_id")


def _in_use() -> ColumnElement[Any]:
    here, finding = tables.submission.c, tables.finding.c
    settled = (
        select(finding.id)
        .join_from(tables.submission, tables.finding, finding.submission_id == here.id)
        .where(
            *[here[name] == tables.waiver.c[name] for name in _KEY],
            here.state.not_in(sorted(RESTORABLE)),
            finding.attempt_id == here.attempt_id,
            finding.settled_by.in_(BY_AN_ACT),
            speaks_of(tables.waiver.c.rule, tables.waiver.c.field, tables.waiver.c.item),
        )
        .correlate(tables.waiver)
    )
    return settled.exists()


def speaks_of(rule: Any, field: Any, item: Any) -> ColumnElement[bool]:
    """Whether a finding is about what a waiver names: the rule and, unless its field is empty, the place and item."""
    finding = tables.finding.c
    same_place = (place() == field) & (func.coalesce(finding.item, 0) == item)
    return and_(finding.rule == rule, or_(field == "", same_place))


def place() -> ColumnElement[str]:
    """What a waiver of a finding names as its field: the finding's own, else its cell, else nothing, which is the rule
    for the report as a whole."""
    field, sheet, cell = (func.coalesce(tables.finding.c[name], "") for name in ("field", "sheet", "cell"))
    address = case((sheet != "", sheet.concat("!").concat(cell)), else_=cell)
    return case((field != "", field), (cell != "", literal(WAIVED_CELL, String).concat(address)), else_="")


def settle(connection: Connection, submission_ids: Iterable[int], today: date) -> None:
    """Settle the present warnings of these submissions that a waiver in force ``today`` speaks of; inside
    :func:`warehouse.engine.write`."""
    here, finding, waiver = tables.submission.c, tables.finding.c, tables.waiver.c
    query = (
        select(finding.id, waiver.reason.label("explanation"), waiver.field)
        .join_from(tables.finding, tables.submission, _is_present())
        .join(tables.waiver, and_(*[here[name] == waiver[name] for name in _KEY]))
        .where(
            speaks_of(waiver.rule, waiver.field, waiver.item),
            finding.settled_by.is_(None),
            finding.severity == Severity.WARNING.value,
            or_(waiver.until.is_(None), waiver.until >= today),
            ~waiver.is_override,
        )
        .order_by(waiver.id)
    )
    found = read_where_in(connection, query, here.id, submission_ids)
    # the waiver of the very place speaks before the one of the whole report
    first = found.sort(pl.col("field") == "", maintain_order=True).unique("id", keep="first", maintain_order=True)
    settled = first.select("id", "explanation", settled_by=pl.lit(SettledBy.WAIVER.value))
    update_frame(connection, tables.finding, settled, ["id"])


def _is_present() -> ColumnElement[bool]:
    """Of a finding joined to its submission: whether it is of the attempt that gave the present outcome."""
    here, finding = tables.submission.c, tables.finding.c
    return and_(finding.submission_id == here.id, finding.attempt_id == here.attempt_id)


# ------------------------------------------------------------------------------------------------ counts


_STANDS = pl.col("settled_by").is_null()

_COUNTED = {
    **{severity.value: _STANDS & (pl.col("severity") == severity.value) for severity in Severity},
    "explained": pl.col("settled_by") == SettledBy.NOTE.value,
    "waived": pl.col("settled_by") == SettledBy.WAIVER.value,
    "overridden": pl.col("settled_by") == SettledBy.OVERRIDE.value,
}

#: The columns of a submission that count its findings, as sums over them: those that stand by their severity, the
#: others by what settled them.
COUNTS = {f"n_{name}": which.sum().cast(pl.Int64) for name, which in _COUNTED.items()}


def recount(connection: Connection, submission_ids: Iterable[int]) -> None:
    """Bring the counts of these submissions up to their present findings; inside :func:`warehouse.engine.write`.

    Findings that are settled count under what settled them. A report in force is ``accepted_with_warnings`` while
    something stands or was let pass, else ``accepted``; other states stay.
    """
    here, finding = tables.submission.c, tables.finding.c
    query = select(here.id, here.state, finding.severity, finding.settled_by).outerjoin_from(
        tables.submission,
        tables.finding,
        _is_present(),
    )
    found = read_where_in(connection, query, here.id, submission_ids)
    counted = found.group_by("id", "state").agg(**COUNTS)
    doubtful = pl.sum_horizontal("n_critical", "n_warning", "n_overridden") > 0
    passed = (
        pl.when(doubtful)
        .then(pl.lit(SubmissionState.ACCEPTED_WITH_WARNINGS.value))
        .otherwise(pl.lit(SubmissionState.ACCEPTED.value))
    )
    in_force = pl.col("state").is_in([state.value for state in IN_FORCE])
    rows = counted.with_columns(state=pl.when(in_force).then(passed).otherwise("state"))
    update_frame(connection, tables.submission, rows, ["id"])
