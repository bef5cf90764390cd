"""The past of the units of a batch: earlier figures and the register, joined by frames, never a query a file."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection, Engine, func, select

from catalog.whole import Catalog
from domain.columns import HISTORY
from domain.observation import Basis, Nature, OverTime
from domain.submission import IN_FORCE
from warehouse import tables
from warehouse.bulk import read_frame, read_where_in
from warehouse.resolve import resolve
from warehouse.units import selves

#: Submissions whose figures are fetched at a time.
_AT_A_TIME = 5_000

#: Reports of windows that share days with the report's own: only what adds up over time compares with them.
_WITHIN_REACH = ("longer", "shorter", "part")

_PLACE = ["file", "which", "field", "item"]


def known_up_to(engine: Engine) -> int:
    """The number of the last attempt whose outcome can be seen; what is read afterwards holds all up to it.

    Attempts are numbered by whoever writes, one writer after the other: a greater number was written down later,
    whatever the clocks say.
    """
    with engine.connect() as connection:
        return connection.scalar(select(func.max(tables.attempt.c.id))) or 0


def previous_figures(engine: Engine, headers: pl.DataFrame, catalog: Catalog | None = None) -> pl.DataFrame:
    """Figures in force of the same unit and form in other periods: :data:`domain.columns.HISTORY`, in the unit of their
    indicator and with the place they stand in.

    ``previous``: same calendar and kind, ending the day before; ``last_year``: the same period of the year before.
    Figures that are added over time besides: ``longer`` and ``shorter`` (ending the same day), ``part`` (the periods
    that make up this one without gap or overlap, the shortest kind of which all are in force) and ``parts``, their sum,
    where each part has the figure. With ``catalog`` the fields of matrices are ``<matrix>.<indicator>`` with their
    item; without it every figure is given as a scalar's field. A unit is followed through renamings and changes of
    superior, which leave it whole; never through mergers and splits.
    """
    with engine.connect() as connection:
        asked = _asked(connection, headers, catalog)
        figures = _figures_of(connection, asked)
    figures = asked.drop("earlier_period_id").join(figures, on="earlier_id")
    figures = figures.filter(~pl.col("which").is_in(_WITHIN_REACH) | pl.col("adds_over_time"))
    placed = figures.join(_fields(catalog, figures), on=["form", "indicator", "breakdown"])
    every = pl.concat([_conform(placed), _conform(_sums(placed))])
    return every.sort(*_PLACE, "first_day").select(list(HISTORY))


def _conform(figures: pl.DataFrame) -> pl.DataFrame:
    names = {**HISTORY, "first_day": "Date"}
    return figures.select(pl.col(name).cast(getattr(pl, kind)) for name, kind in names.items())


# ------------------------------------------------------------------------------------------------ which reports


def _asked(connection: Connection, headers: pl.DataFrame, catalog: Catalog | None) -> pl.DataFrame:
    """``file, which, form, earlier_id, earlier_period_id, period, name, first_day, parts``: the submissions in force to
    compare each header with; ``parts`` is how many make up the header's period."""
    here = resolve(connection, headers.select("file", "unit", "period", "form", "scope")).drop_nulls(
        ["unit_id", "period_id", "form_id"]
    )
    earlier = here.drop("period").join(_other_periods(connection, here["period_id"].unique()), on="period_id")
    whole = selves(connection, earlier["unit_id"]).rename({"self_id": "earlier_unit_id"})
    candidates = earlier.join(whole, on="unit_id")
    found = candidates.join(
        _in_force(connection, candidates), on=["earlier_unit_id", "earlier_period_id", "form_id"]
    ).filter(~pl.col("which").is_in(_WITHIN_REACH) | _same_scope(catalog))
    # a unit that was renamed may have reported under both names: what it is called now goes first
    nearest = found.sort(pl.col("earlier_unit_id") != pl.col("unit_id"), maintain_order=True)
    single = nearest.unique(["file", "which", "earlier_period_id"], keep="first", maintain_order=True)
    return _tiled(single).select(
        "file", "which", "form", "earlier_id", "earlier_period_id", "period", "name", "first_day", "parts"
    )


def _other_periods(connection: Connection, period_ids: pl.Series) -> pl.DataFrame:
    """``period_id, which, earlier_period_id, period, kind, first_day, days, window``: the periods a report of a period
    is compared with, how long they are, and how long it is itself."""
    period = tables.period.c
    names = ["id", "code", "calendar", "kind", "year", "ordinal", "first_day", "last_day"]
    every = read_frame(connection, select(*[period[name] for name in names])).with_columns(
        days=(pl.col("last_day") - pl.col("first_day")).dt.total_days() + 1
    )
    own = {name: f"own_{name}" for name in ("kind", "year", "ordinal", "first_day", "last_day")}
    here = every.filter(pl.col("id").is_in(period_ids.implode())).drop("code")
    pairs = here.rename({"id": "period_id", "days": "window", **own}).join(
        every.rename({"id": "earlier_period_id", "code": "period"}), on="calendar"
    )
    pairs = pairs.filter(pl.col("period_id") != pl.col("earlier_period_id"))
    columns = ["period_id", "earlier_period_id", "period", "kind", "first_day", "days", "window"]
    return pl.concat(pairs.filter(holds).select(*columns, which=pl.lit(which)) for which, holds in _RELATIONS.items())


_SAME_KIND = pl.col("kind") == pl.col("own_kind")
_SAME_END = pl.col("last_day") == pl.col("own_last_day")
_RELATIONS = {
    "previous": _SAME_KIND & (pl.col("last_day") == pl.col("own_first_day").dt.offset_by("-1d")),
    "last_year": _SAME_KIND & (pl.col("year") == pl.col("own_year") - 1) & (pl.col("ordinal") == pl.col("own_ordinal")),
    "longer": _SAME_END & (pl.col("first_day") < pl.col("own_first_day")),
    "shorter": _SAME_END & (pl.col("first_day") > pl.col("own_first_day")),
    "part": (pl.col("first_day") >= pl.col("own_first_day")) & (pl.col("last_day") <= pl.col("own_last_day")),
}


def _same_scope(catalog: Catalog | None) -> pl.Expr:
    """Own figures and those of a whole subtree are not added up; a scope that is not given is the form's."""
    defaults = {form.id: form.default_scope.value for form in catalog.forms.values()} if catalog else {}
    default = pl.col("form").replace_strict(defaults, default=None, return_dtype=pl.String)
    here, there = (
        pl.coalesce(pl.when(pl.col(name) != "").then(pl.col(name)), default) for name in ("scope", "earlier_scope")
    )
    return here.eq_missing(there)


def _tiled(found: pl.DataFrame) -> pl.DataFrame:
    """Of the ``part`` rows of a file those of the shortest kind of period that fills its window, with their number.

    Periods of one kind and calendar never overlap, so they fill the window when their days do.
    """
    parts = found.filter(pl.col("which") == "part")
    filling = (
        parts.group_by("file", "kind")
        .agg(pl.col("days").sum(), pl.col("window").first(), parts=pl.len().cast(pl.Int64))
        .filter(pl.col("days") == pl.col("window"))
        .sort("file", "parts", descending=[False, True])
        .unique("file", keep="first", maintain_order=True)
        .select("file", "kind", "parts")
    )
    others = found.filter(pl.col("which") != "part").with_columns(parts=pl.lit(None, pl.Int64))
    return pl.concat([others, parts.join(filling, on=["file", "kind"]).select(others.columns)])


def _in_force(connection: Connection, candidates: pl.DataFrame) -> pl.DataFrame:
    submission = tables.submission.c
    query = select(
        submission.id.label("earlier_id"),
        submission.unit_id.label("earlier_unit_id"),
        submission.period_id.label("earlier_period_id"),
        submission.form_id,
        submission.name,
        submission.scope.label("earlier_scope"),
    ).where(
        submission.state.in_([state.value for state in IN_FORCE]),
        submission.period_id.in_(candidates["earlier_period_id"].unique().to_list()),
    )
    return read_where_in(connection, query, submission.unit_id, candidates["earlier_unit_id"].unique())


# ------------------------------------------------------------------------------------------------ their figures


def _figures_of(connection: Connection, asked: pl.DataFrame) -> pl.DataFrame:
    """``earlier_id, indicator, adds_over_time, breakdown, value, low, high, qualifier, sheet, cell``."""
    observation = tables.observation.c
    query = select(
        observation.submission_id.label("earlier_id"),
        observation.indicator_id,
        observation.breakdown_id,
        observation.manner_id,
        observation.place_id,
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
    figures = in_words(connection, pl.concat(parts))
    return _placed(connection, figures).join(_adding(connection), on="indicator", maintain_order="left")


def _placed(connection: Connection, figures: pl.DataFrame) -> pl.DataFrame:
    """``manner_id`` and ``place_id`` replaced by ``qualifier``, ``sheet`` and ``cell``."""
    manner, place = tables.manner.c, tables.place.c
    manners = read_frame(connection, select(manner.id.label("manner_id"), manner.qualifier))
    places = read_where_in(
        connection,
        select(place.id.label("place_id"), place.sheet, place.cell),
        place.id,
        figures["place_id"].drop_nulls().unique(),
    )
    return (
        figures.join(manners, on="manner_id", how="left", maintain_order="left")
        .join(places, on="place_id", how="left", maintain_order="left")
        .drop("manner_id", "place_id")
    )


def _adding(connection: Connection) -> pl.DataFrame:
    """``indicator, adds_over_time``: whether a longer period's figure is the sum of the shorter ones'."""
    indicator = tables.indicator.c
    wanted = {"nature": Nature.FLOW, "basis": Basis.IN_PERIOD, "over_time": OverTime.SUM}
    known = read_frame(connection, select(indicator.code.label("indicator"), *[indicator[name] for name in wanted]))
    adds = pl.all_horizontal(pl.col(name) == value.value for name, value in wanted.items())
    return known.select("indicator", adds_over_time=adds)


def _sums(placed: pl.DataFrame) -> pl.DataFrame:
    """``parts``: the ``part`` figures of a place added up where every part has one; a bound is open as soon as one is.

    A sum without any bound is no claim at all and is left out.
    """
    exact = pl.col("low").is_null() & pl.col("high").is_null()
    low, high = (pl.when(exact).then(pl.col("value")).otherwise(pl.col(bound)) for bound in ("low", "high"))
    part = placed.filter(pl.col("which") == "part")
    sums = part.group_by("file", "field", "item", "indicator", "breakdown", maintain_order=True).agg(
        pl.col("value").sum(),
        low=pl.when(low.null_count() == 0).then(low.sum()),
        high=pl.when(high.null_count() == 0).then(high.sum()),
        whole=(pl.col("value").count() == pl.col("parts").first()),
    )
    known = sums.filter(pl.col("whole") & (pl.col("low").is_not_null() | pl.col("high").is_not_null()))
    nowhere = [pl.lit(None, pl.String).alias(name) for name in ("period", "name", "sheet", "cell", "qualifier")]
    return known.select(pl.exclude("whole"), *nowhere, which=pl.lit("parts"), first_day=pl.lit(None, pl.Date))


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
    """How many units the register puts directly below each unit on the last day of its period, those of a superior
    that wholly went into it among them.

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
    above, child, superior = tables.unit_above.c, tables.unit.alias("child"), tables.unit.alias("superior")
    day = asked["last_day"][0]
    query = (
        select(superior.c.code.label("unit"), child.c.kind)
        .join_from(tables.unit_above, child, child.c.id == above.unit_id)
        .join(superior, superior.c.id == above.ancestor_id)
        .where(above.steps == 1, above.first_day <= day, above.last_day.is_(None) | (above.last_day >= day))
    )
    children = read_where_in(connection, query, superior.c.code, asked["unit"].unique())
    return asked.join(children, on="unit").select("file", "kind")
