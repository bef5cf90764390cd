"""Figures read back: for the roll-up, for the summary, and for whoever asks where a figure comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Engine, FromClause, and_, delete, func, or_, select, union_all

from catalog.fingerprints import FORM, FORM_VERSION, OBLIGATION, UNIT, version_code
from domain.submission import IN_FORCE
from warehouse import tables
from warehouse.bulk import MOMENT, insert_frame, polars_type, read_frame, read_where_in
from warehouse.changes import TOTALS_MADE_BY, refreshed_at
from warehouse.engine import write
from warehouse.hierarchy import put_findings
from warehouse.history import in_words
from warehouse.registry import set_setting
from warehouse.reporting import period_row
from warehouse.roll_up_past import FIGURES, KEY, keep_replaced, stood_at
from warehouse.units import renamed_since, tree_on

_MANNER = ["qualifier", "status", "basis", "scope", "derived"]


def observations_in_force(
    engine: Engine,
    period: str,
    form: str | None = None,
    *,
    units: Sequence[str] | None = None,
    indicators: Sequence[str] | None = None,
    as_of: datetime | None = None,
) -> pl.DataFrame:
    """Figures of a period that stand in the totals, of all units and indicators or of those named; with ``as_of``
    those that were believed at that moment.

    ``submission_id, unit_id, unit, form, indicator, breakdown, value, numerator, denominator, qualifier, lower, upper,
    status, basis, scope, derived``; ``lower`` or ``upper`` null beside a value: unbounded there. The unit is the one
    that owes the report (:func:`reports_in_force`).
    """
    source, is_believed = _believed(as_of)
    observation, manner = source.c, tables.manner.c
    names = ["submission_id", "indicator_id", "breakdown_id", "manner_id", "value", "numerator", "denominator"]
    names += ["lower", "upper"]
    with engine.connect() as connection:
        row = period_row(connection, period)
        query = select(*[observation[name] for name in names]).where(observation.period_id == row["id"], is_believed)
        if indicators is not None:
            named = select(tables.indicator.c.id).where(tables.indicator.c.code.in_(list(indicators)))
            query = query.where(observation.indicator_id.in_(connection.scalars(named).all()))
        reports = reports_in_force(connection, period, form, units=units, as_of=as_of)
        if units is None:
            found = read_frame(connection, query)
        else:
            found = read_where_in(connection, query, observation.submission_id, reports["submission_id"])
        rows = in_words(connection, found)
        manners = read_frame(connection, select(manner.id.label("manner_id"), *[manner[name] for name in _MANNER]))
    return (
        rows.join(reports, on="submission_id", maintain_order="left")
        .join(manners, on="manner_id", maintain_order="left")
        .select(
            "submission_id",
            "unit_id",
            "unit",
            "form",
            "indicator",
            "breakdown",
            "value",
            "numerator",
            "denominator",
            "qualifier",
            "lower",
            "upper",
            "status",
            "basis",
            "scope",
            "derived",
        )
    )


def reports_in_force(
    connection: Connection,
    period: str,
    form: str | None = None,
    *,
    units: Sequence[str] | None = None,
    as_of: datetime | None = None,
) -> pl.DataFrame:
    """``submission_id, form, unit_id, unit`` of the reports of a period whose figures count, of all units or of those
    named; the unit is the one that owes the report, whatever it was called when it sent it. With ``as_of`` those whose
    figures were believed at that moment.

    Of a unit that sent both before and after it was renamed, and whose renaming was recorded afterwards, the one sent
    last counts, as of the versions of a report: the figures of a unit are never added to themselves.
    """
    here, unit = tables.submission.c, tables.unit.c
    row = period_row(connection, period)
    before = renamed_since(connection, row["last_day"])
    query = (
        select(here.id.label("submission_id"), tables.form.c.code.label("form"), here.unit_id, unit.code.label("unit"))
        .join_from(tables.submission, tables.form, tables.form.c.id == here.form_id)
        .join(tables.unit, unit.id == here.unit_id)
        .where(here.period_id == row["id"], _counts(row["id"], as_of))
    )
    if form is not None:
        query = query.where(tables.form.c.code == form)
    if units is None:
        found = read_frame(connection, query)
    else:
        was = before.filter(pl.col("now").is_in(list(units)))["unit_id"]
        parts = [read_where_in(connection, query, unit.code, units), read_where_in(connection, query, unit.id, was)]
        found = pl.concat(parts).unique("submission_id")
    present = found.join(before, on="unit_id", how="left").select(
        "submission_id", "form", unit_id=pl.coalesce("now_id", "unit_id"), unit=pl.coalesce("now", "unit")
    )
    # a code may have been borne by another unit, whose report was sent under it
    asked = present if units is None else present.filter(pl.col("unit").is_in(list(units)))
    return asked.sort("submission_id").unique(["unit_id", "form"], keep="last", maintain_order=True)


def _counts(period_id: int, as_of: datetime | None) -> ColumnElement[bool]:
    """Whether the figures of a submission count, or did at that moment."""
    here = tables.submission.c
    if as_of is None:
        return here.state.in_(sorted(IN_FORCE))
    source, is_believed = _believed(as_of)
    return here.id.in_(select(source.c.submission_id).where(source.c.period_id == period_id, is_believed))


# ------------------------------------------------------------------------------------------------ roll-up

_ROLL_UP = [*KEY, *FIGURES]


def settled(engine: Engine, made_by: str = "") -> datetime:
    """Now, while no load is under way: what is read after this holds every load that was decided before it.

    ``made_by``: the version of the computation that is to follow; where another one made the totals that stand, none
    of them is built upon (:func:`warehouse.changes.changed_since`).
    """
    with write(engine) as connection:
        if made_by:
            set_setting(connection, TOTALS_MADE_BY, made_by)
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Part:
    """Totals of some units alone: ``units`` whose totals are replaced, ``base`` when the ones that stand were computed,
    from which they were added up."""

    units: tuple[str, ...]
    base: datetime


def write_roll_up(
    engine: Engine,
    period: str,
    form: str,
    frame: pl.DataFrame,
    *,
    as_of: datetime | None = None,
    part: Part | None = None,
    findings: pl.DataFrame | None = None,
) -> int | None:
    """Replace the totals of a period and form by ``frame``, in one transaction; returns the number of rows.

    ``as_of`` is when the figures were read (:func:`settled`): totals that another run computed from later figures
    stay, and 0 is returned. With ``part`` only the totals of its units are replaced; ``None`` is returned, and nothing
    changed, when the totals they were added up from have been computed anew meanwhile. ``findings``
    (:data:`domain.columns.FINDINGS`) of level 7 on the same figures take the place of those that stand, for the same
    units (:func:`warehouse.hierarchy.put_findings`).

    Takes ``unit, indicator, breakdown, value, lower, upper, qualifier, numerator, denominator, reported, expected,
    source, note``; further columns are left out, of the optional ones (from ``lower`` on) any may be absent. What they
    replace is kept (:mod:`warehouse.roll_up_past`).
    """
    mart = tables.mart_roll_up
    absent = [pl.lit(None).alias(name) for name in _ROLL_UP[4:] if name not in frame.columns]
    moment = as_of or datetime.now(UTC)
    rows = frame.with_columns(absent).select(
        *(pl.col(name).cast(polars_type(mart.c[name].type)) for name in _ROLL_UP),
        period=pl.lit(period),
        form=pl.lit(form),
        refreshed_at=pl.lit(moment, MOMENT),
    )
    with write(engine) as connection:
        standing = refreshed_at(connection, period, form)
        if part is not None and standing != part.base:
            return None
        if standing is not None and standing > moment:
            return 0
        replaced = [mart.c.period == period, mart.c.form == form]
        if part is not None:
            replaced.append(mart.c.unit.in_(part.units))
        keep_replaced(connection, period, form, and_(*replaced), rows)
        connection.execute(delete(mart).where(*replaced))
        if findings is not None:
            put_findings(connection, period, form, findings, part.units if part else None)
        return insert_frame(connection, mart, rows.sort("unit", "indicator", "breakdown"))


def kept_totals(engine: Engine, period: str, form: str, units: Sequence[str]) -> pl.DataFrame:
    """The totals that stand of these units, columns as :func:`write_roll_up` takes them."""
    mart = tables.mart_roll_up.c
    query = select(*[mart[name] for name in _ROLL_UP]).where(mart.period == period, mart.form == form)
    with engine.connect() as connection:
        return read_where_in(connection, query, mart.unit, units)


def summary(
    engine: Engine, period: str, unit: str, form: str | None = None, as_of: datetime | None = None
) -> pl.DataFrame:
    """The totals of a unit for a period, in the order of the definitions, with labels and coverage; with ``as_of``
    those that stood at that moment, whatever became of figures, register and definitions since.

    ``form, indicator, label_vi, label_en, measure_vi, measure_en, kind, breakdown, value, lower, upper, qualifier,
    numerator, denominator, reported, expected, source, note, refreshed_at``. Raises
    :class:`warehouse.roll_up_past.NotKeptError`.
    """
    mart, indicator = tables.mart_roll_up.c, tables.indicator.c
    query = select(mart.form, *[mart[name] for name in _ROLL_UP[1:]], mart.refreshed_at).where(
        mart.period == period, mart.unit == unit
    )
    if form is not None:
        query = query.where(mart.form == form)
    labels = ["label_vi", "label_en", "measure_vi", "measure_en", "kind"]
    words = select(indicator.id, indicator.code.label("indicator"), *[indicator[name] for name in labels])
    with engine.connect() as connection:
        rows = read_frame(connection, query)
        if as_of is not None:
            rows = stood_at(connection, rows, period, unit, form, as_of)
        named = rows.join(read_frame(connection, words), on="indicator")
    return named.sort("form", "id", "breakdown").select(
        "form", "indicator", *labels, "breakdown", *FIGURES, "refreshed_at"
    )


def defined_anew(engine: Engine, form: str, unit: str, since: datetime) -> datetime | None:
    """When the form, a version of it that the unit filled in, who owes it or the unit was last changed, if that was
    after the moment."""
    change, here = tables.definition_change.c, tables.submission.c
    filled_in = (
        select(here.form_version)
        .join_from(tables.submission, tables.unit, tables.unit.c.id == here.unit_id)
        .join(tables.form, tables.form.c.id == here.form_id)
        .where(tables.unit.c.code == unit, tables.form.c.code == form, here.form_version.is_not(None))
        .distinct()
    )
    with engine.connect() as connection:
        versions = [(FORM_VERSION, version_code(form, version)) for version in connection.scalars(filled_in)]
        names = ((FORM, form), (OBLIGATION, form), (UNIT, unit), *versions)
        these = or_(*((change.kind == kind) & (change.code == code) for kind, code in names))
        found: datetime | None = connection.scalar(select(func.max(change.since)).where(these, change.since > since))
    return found


def top_unit(engine: Engine, period: str, prefix: str = "") -> str | None:
    """The unit highest in the tree, of those with a total for the period and a code that begins with ``prefix``."""
    mart = tables.mart_roll_up.c
    query = select(mart.unit).where(mart.period == period, mart.unit.startswith(prefix, autoescape=True)).distinct()
    with engine.connect() as connection:
        tree = tree_on(connection, period_row(connection, period)["last_day"])
        told = read_frame(connection, query)
    ranked = told.join(tree, on="unit", how="inner").sort("depth", "unit")
    return str(ranked["unit"][0]) if ranked.height else None


# ------------------------------------------------------------------------------------------------ trace


def trace(
    engine: Engine,
    unit: str,
    period: str,
    indicator: str,
    breakdown: str | None = None,
    as_of: datetime | None = None,
) -> list[dict[str, Any]]:
    """Figures in force down to file and cell; every breakdown unless one is named (``""``: the whole). With ``as_of``
    those that were believed at that moment; state and findings of their submission are always the present ones.

    Each with ``value, qualifier, lower, upper, numerator, denominator, status, basis, scope, derived, original_text,
    note, sheet, cell, unit, unit_name, period, form, indicator, label_vi, label_en, measure_vi, measure_en, breakdown,
    submission, version, state, reporter, received_at, recorded_from, run, file_name, sha256, archive_path`` and
    ``findings``: those of the submission that name this cell or field.
    """
    with engine.connect() as connection:
        rows = read_frame(connection, _trace_query(connection, unit, period, indicator, breakdown, as_of)).to_dicts()
        for row in rows:
            row["findings"] = _findings_at(connection, row)
    return rows


def _trace_query(
    connection: Connection, unit: str, period: str, indicator: str, breakdown: str | None, as_of: datetime | None
) -> Any:
    source, is_believed = _believed(as_of)
    o, s, i, m = source.c, tables.submission.c, tables.indicator.c, tables.manner.c
    figures = ["value", "lower", "upper", "numerator", "denominator", "original_text", "note", "recorded_from"]
    labels = ["label_vi", "label_en", "measure_vi", "measure_en"]
    query = (
        select(
            *[o[name] for name in figures],
            *[m[name] for name in _MANNER],
            tables.place.c.sheet,
            tables.place.c.cell,
            tables.unit.c.code.label("unit"),
            tables.unit.c.name.label("unit_name"),
            tables.period.c.code.label("period"),
            tables.form.c.code.label("form"),
            i.code.label("indicator"),
            *[i[name] for name in labels],
            tables.breakdown.c.code.label("breakdown"),
            s.id.label("submission"),
            *[s[name] for name in ("version", "state", "reporter", "received_at", "attempt_id")],
            tables.attempt.c.run_id.label("run"),
            s.name.label("file_name"),
            tables.file.c.sha256,
            tables.file.c.archive_path,
        )
        .join_from(source, tables.submission, s.id == o.submission_id)
        .join(tables.unit, tables.unit.c.id == o.unit_id)
        .join(tables.period, tables.period.c.id == o.period_id)
        .join(tables.form, tables.form.c.id == s.form_id)
        .join(tables.indicator, i.id == o.indicator_id)
        .join(tables.breakdown, tables.breakdown.c.id == o.breakdown_id)
        .join(tables.manner, m.id == o.manner_id)
        .join(tables.file, tables.file.c.sha256 == s.file_sha256)
        .outerjoin(tables.place, tables.place.c.id == o.place_id)
        .outerjoin(tables.attempt, tables.attempt.c.id == s.attempt_id)
        .where(
            tables.unit.c.id.in_(_bearers(connection, unit, period)),
            tables.period.c.code == period,
            i.code == indicator,
            is_believed,
        )
        .order_by(tables.form.c.code, tables.breakdown.c.code)
    )
    return query if breakdown is None else query.where(tables.breakdown.c.code == breakdown)


def _bearers(connection: Connection, code: str, period: str) -> list[int]:
    """The units that ever bore the code, and what the one that bears it on the last day of the period was before."""
    unit, window = tables.unit.c, tables.period.c
    day = connection.scalar(select(window.last_day).where(window.code == period))
    before = renamed_since(connection, day).filter(now=code)["unit_id"].to_list() if day else []
    return [*connection.scalars(select(unit.id).where(unit.code == code)), *before]


def _believed(as_of: datetime | None) -> tuple[FromClause, ColumnElement[bool]]:
    """Where the figures believed at a moment stand, and which they are."""
    if as_of is None:
        return tables.observation, tables.observation.c.recorded_to.is_(None)
    every = union_all(select(tables.observation), select(tables.observation_past)).subquery()
    return every, (every.c.recorded_from <= as_of) & (every.c.recorded_to.is_(None) | (every.c.recorded_to > as_of))


def _findings_at(connection: Any, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Findings about the cell, or about the field when no cell is known (a derived figure, a sum)."""
    finding = tables.finding.c
    field = f"{row['indicator']}[{row['breakdown']}]" if row["breakdown"] else row["indicator"]
    at_cell = (func.coalesce(finding.sheet, "") == (row["sheet"] or "")) & (finding.cell == (row["cell"] or "no cell"))
    query = (
        select(*[c for c in finding if c.name not in ("id", "submission_id", "attempt_id")])
        .where(
            finding.submission_id == row["submission"],
            finding.attempt_id == row.pop("attempt_id"),
            at_cell | (finding.field == field),
        )
        .order_by(finding.level, finding.id)
    )
    return read_frame(connection, query).to_dicts()
