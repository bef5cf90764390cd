"""The past of the units of a batch: earlier figures and the register, joined by frames, never a query a file."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection, Engine, select

from catalog.whole import Catalog
from domain.submission import IN_FORCE
from domain.unit import EventKind, EventShare
from warehouse import tables
from warehouse.bulk import read_frame, read_where_in
from warehouse.resolve import resolve

#: Submissions whose figures are fetched at a time.
_AT_A_TIME = 5_000

_COLUMNS = ["file", "which", "field", "item", "indicator", "breakdown", "value", "low", "high"]


def previous_figures(engine: Engine, headers: pl.DataFrame, catalog: Catalog | None = None) -> pl.DataFrame:
    """Figures in force of the same unit and form, a period ago and a year ago, in the unit of their indicator.

    ``file`` Int64, ``which`` (``previous``: same calendar and kind, ending the day before; ``last_year``: the same
    period of the year before), ``field``, ``item`` Int32, ``indicator``, ``breakdown``, ``value``, ``low``, ``high``
    (null beside a value: open there). With ``catalog`` the fields of matrices are ``<matrix>.<indicator>`` with their
    item; without it every figure is given as a scalar's field. A unit is followed through renamings and changes of
    superior, which leave it whole; never through mergers and splits.
    """
    with engine.connect() as connection:
        asked = _asked(connection, headers)
        figures = _figures_of(connection, asked)
    figures = asked.select("file", "which", "form", "earlier_id").join(figures, on="earlier_id")
    fields = _fields(catalog, figures)
    return (
        figures.join(fields, on=["form", "indicator", "breakdown"])
        .select(_COLUMNS)
        .sort("file", "which", "field", "item")
    )


def _asked(connection: Connection, headers: pl.DataFrame) -> pl.DataFrame:
    """``file, which, form, earlier_id, earlier_period_id``: the submission in force to compare each header with."""
    here = resolve(connection, headers.select("file", "unit", "period", "form")).drop_nulls(
        ["unit_id", "period_id", "form_id"]
    )
    earlier = here.join(_earlier_periods(connection, here["period_id"].unique()), on="period_id")
    selves = _selves(connection, earlier["unit_id"].unique())
    candidates = earlier.join(selves, on="unit_id")
    return candidates.join(
        _in_force(connection, candidates), on=["earlier_unit_id", "earlier_period_id", "form_id"]
    ).select("file", "which", "form", "earlier_id", "earlier_period_id")


def _earlier_periods(connection: Connection, period_ids: pl.Series) -> pl.DataFrame:
    """``period_id, which, earlier_period_id``."""
    period = tables.period.c
    names = ["id", "calendar", "kind", "year", "ordinal", "first_day", "last_day"]
    every = read_frame(connection, select(*[period[name] for name in names]))
    here = every.filter(pl.col("id").is_in(period_ids.implode())).rename({"id": "period_id"})
    other = every.rename({"id": "earlier_period_id"})
    before = here.with_columns(last_day=pl.col("first_day").dt.offset_by("-1d")).join(
        other, on=["calendar", "kind", "last_day"]
    )
    year_ago = here.with_columns(year=pl.col("year") - 1).join(other, on=["calendar", "kind", "year", "ordinal"])
    pairs = ["period_id", "earlier_period_id"]
    return pl.concat(
        [
            before.select(*pairs, which=pl.lit("previous")),
            year_ago.select(*pairs, which=pl.lit("last_year")),
        ]
    )


def _selves(connection: Connection, unit_ids: pl.Series) -> pl.DataFrame:
    """``unit_id, earlier_unit_id``: each unit and what it was before renamings and changes of superior."""
    event = tables.unit_event.c
    whole = [EventKind.RENAME.value, EventKind.REPARENT.value]
    steps = read_frame(
        connection,
        select(event.new_unit_id.label("earlier_unit_id"), event.old_unit_id).where(
            event.kind.in_(whole), event.share == EventShare.FULL.value
        ),
    )
    reached = pl.DataFrame({"unit_id": unit_ids, "earlier_unit_id": unit_ids}).cast(pl.Int64)
    frontier = reached
    while frontier.height:
        frontier = frontier.join(steps, on="earlier_unit_id").select("unit_id", earlier_unit_id="old_unit_id")
        frontier = frontier.join(reached, on=["unit_id", "earlier_unit_id"], how="anti")
        reached = pl.concat([reached, frontier])
    return reached


def _in_force(connection: Connection, candidates: pl.DataFrame) -> pl.DataFrame:
    submission = tables.submission.c
    query = select(
        submission.id.label("earlier_id"),
        submission.unit_id.label("earlier_unit_id"),
        submission.period_id.label("earlier_period_id"),
        submission.form_id,
    ).where(
        submission.state.in_([state.value for state in IN_FORCE]),
        submission.period_id.in_(candidates["earlier_period_id"].unique().to_list()),
    )
    return read_where_in(connection, query, submission.unit_id, candidates["earlier_unit_id"].unique())


def _figures_of(connection: Connection, asked: pl.DataFrame) -> pl.DataFrame:
    observation = tables.observation.c
    query = select(
        observation.submission_id.label("earlier_id"),
        observation.indicator_id,
        observation.breakdown_id,
        observation.value,
        observation.lower.label("low"),
        observation.upper.label("high"),
    )
    parts = [read_frame(connection, query.where(observation.period_id.is_(None)))]
    for (period_id,), part in asked.select("earlier_id", "earlier_period_id").unique().group_by("earlier_period_id"):
        in_period = query.where(observation.period_id == period_id, observation.recorded_to.is_(None))
        parts.extend(
            read_where_in(connection, in_period, observation.submission_id, ids["earlier_id"])
            for ids in part.iter_slices(_AT_A_TIME)
        )
    return in_words(connection, pl.concat(parts))


def in_words(connection: Connection, figures: pl.DataFrame) -> pl.DataFrame:
    """``indicator_id`` and ``breakdown_id`` replaced by ``indicator`` and ``breakdown``."""
    indicator, breakdown = tables.indicator.c, tables.breakdown.c
    indicators = read_frame(connection, select(indicator.id.label("indicator_id"), indicator.code.label("indicator")))
    breakdowns = read_frame(connection, select(breakdown.id.label("breakdown_id"), breakdown.code.label("breakdown")))
    return (
        figures.join(indicators, on="indicator_id", maintain_order="left")
        .join(breakdowns, on="breakdown_id", maintain_order="left")
        .drop("indicator_id", "breakdown_id")
    )


# ------------------------------------------------------------------------------------------------ fields


def _fields(catalog: Catalog | None, figures: pl.DataFrame) -> pl.DataFrame:
    """``form, indicator, breakdown, field, item``: where a form holds a figure."""
    if catalog is not None:
        rows = [row for form in catalog.forms for row in _fields_of(catalog, form)]
        return pl.DataFrame(rows, schema=_FIELDS, orient="row")
    pairs = figures.select("form", "indicator", "breakdown").unique()
    named = (
        pl.when(pl.col("breakdown") == "").then("indicator").otherwise(pl.format("{}[{}]", "indicator", "breakdown"))
    )
    return pairs.with_columns(field=named, item=pl.lit(0, pl.Int32))


_FIELDS: dict[str, type[pl.DataType]] = {
    "form": pl.String,
    "indicator": pl.String,
    "breakdown": pl.String,
    "field": pl.String,
    "item": pl.Int32,
}


def _fields_of(catalog: Catalog, form_id: str) -> Sequence[tuple[str, str, str, str, int]]:
    form = catalog.forms[form_id]
    scalars = [(form_id, field.indicator, field.breakdown, field.code, 0) for field in form.fields]
    matrices = [
        (form_id, indicator, breakdown, f"{section.code}.{indicator}", item)
        for section in form.sections_of("matrix")
        for indicator in section.indicators
        for item, breakdown in enumerate(section.items, 1)
    ]
    return [*scalars, *matrices]


# ------------------------------------------------------------------------------------------------ register


def children_counts(engine: Engine, headers: pl.DataFrame) -> pl.DataFrame:
    """How many units the register puts directly below each unit on the last day of its period.

    ``file`` Int64, ``kind`` (null: of any kind), ``ref`` (``register:children[kind=chi_bo]``), ``value`` Float64. A
    kind the register knows none of has no row: the register may be silent where the unit is not.
    """
    with engine.connect() as connection:
        asked = _days(connection, headers)
        counted = [_children_on(connection, part) for part in asked.partition_by("last_day")]
    empty = pl.DataFrame(schema={"file": pl.Int64, "kind": pl.String})
    children = pl.concat([empty, *counted])
    by_kind = children.group_by("file", "kind").agg(value=pl.len().cast(pl.Float64))
    in_all = children.group_by("file").agg(kind=pl.lit(None, pl.String), value=pl.len().cast(pl.Float64))
    ref = pl.format("register:children[kind={}]", "kind").fill_null("register:children")
    both = pl.concat([by_kind, in_all.select(by_kind.columns)])
    return both.select("file", "kind", ref.alias("ref"), "value").sort("file", "ref")


def _days(connection: Connection, headers: pl.DataFrame) -> pl.DataFrame:
    period = tables.period.c
    days = read_where_in(
        connection,
        select(period.code.label("period"), period.last_day),
        period.code,
        headers["period"].drop_nulls().unique(),
    )
    return headers.select("file", "unit", "period").join(days, on="period").drop_nulls("unit")


def _children_on(connection: Connection, asked: pl.DataFrame) -> pl.DataFrame:
    """``file, kind`` a child; ``asked`` speaks of one day."""
    unit = tables.unit.c
    day = asked["last_day"][0]
    query = select(unit.parent_code.label("unit"), unit.kind).where(
        unit.valid_from <= day, unit.valid_to.is_(None) | (unit.valid_to >= day)
    )
    children = read_where_in(connection, query, unit.parent_code, asked["unit"].unique())
    return asked.join(children, on="unit").select("file", "kind")
