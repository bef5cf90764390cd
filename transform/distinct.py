"""Distinct counts over units: rows of lists, each key counted once wherever it is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from catalog.load import Catalog
from catalog.refs import Ref
from domain.observation import Scope
from transform.observations import EXACT

#: A row for every key a unit's list counts for a figure.
COUNTED = {
    "unit": pl.String,
    "indicator": pl.String,
    "breakdown": pl.String,
    "key": pl.String,
    "is_sure": pl.Boolean,  # the key names one thing, and the list does not say that it goes on
}

_FIGURE = ["indicator", "breakdown"]
_PLACE = ["unit", *_FIGURE]

#: The column by which a list says that it is not whole, and its code for yes.
_GOES_ON, _YES = "more", "yes"


def lists_counted(catalog: Catalog, form: str) -> list[str]:
    """The lists of a form in which some indicator is counted."""
    named = {Ref.parse(item.counted_in).name for item in catalog.indicators.values() if item.counted_in}
    return [section.code for section in catalog.forms[form].sections_of("list") if section.code in named]


def _countable(figures: pl.DataFrame, columns: Iterable[str], catalog: Catalog) -> Iterator[tuple[str, str, Ref]]:
    """(indicator, breakdown, list) of the distinct counts among the figures that a list gives: it has a column for each
    dimension of the breakdown."""
    named = {code: Ref.parse(item.counted_in) for code, item in catalog.indicators.items() if item.counted_in}
    asked = figures.filter(pl.col("indicator").is_in(list(named))).select("indicator", "breakdown").unique()
    for indicator, breakdown in asked.sort("indicator", "breakdown").iter_rows():
        dimensions = {pair.partition("=")[0] for pair in breakdown.split(";") if pair}
        if dimensions <= set(columns):
            yield indicator, breakdown, named[indicator]


def _counted(rows: pl.DataFrame, indicator: str, breakdown: str, ref: Ref) -> pl.DataFrame:
    """COUNTED for one distinct count."""
    wanted = [pair.partition("=") for pair in (ref.breakdown, *breakdown.split(";")) if pair]
    chosen = rows.filter(pl.col("list") == ref.name, *(pl.col(column) == code for column, _, code in wanted))
    key = pl.col("key").fill_null("")
    is_whole = ~pl.concat_str(pl.lit("|"), key, pl.lit("|")).str.contains("||", literal=True)  # no part of it is blank
    goes_on = (pl.col(_GOES_ON) == _YES).fill_null(False) if _GOES_ON in rows.columns else pl.lit(False)
    return chosen.select(
        "unit",
        indicator=pl.lit(indicator),
        breakdown=pl.lit(breakdown),
        key=key,
        is_sure=is_whole & ~goes_on,
    )


def distinct_totals(figures: pl.DataFrame, rows: pl.DataFrame, above: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """``unit, indicator, breakdown, counted``: how many keys a unit and all below it list, each counted once.

    ``figures``: unit, indicator, breakdown, value, qualifier, scope; ``rows``: unit, list, key and a column for every
    column of the lists; ``above``: unit, below. Only where every unit below bears out its own count: it states exactly
    as many as its list names. A list that goes on, a row without a name, a figure without its rows or rows without a
    figure leave the total out, for nobody can tell what was told twice.
    """
    asked = list(_countable(figures, rows.columns, catalog))
    kept = pl.DataFrame([pair[:2] for pair in asked], schema=dict.fromkeys(_FIGURE, pl.String), orient="row")
    counted = pl.concat([pl.DataFrame(schema=COUNTED), *(_counted(rows, *pair) for pair in asked)])
    own = figures.filter(pl.col("scope") == Scope.OWN.value).join(kept, on=_FIGURE, how="semi")
    spoken = figures.filter(pl.col("scope") != Scope.OWN.value).select(_PLACE)
    mine = counted.join(spoken, on=_PLACE, how="anti")
    told = mine.group_by(_PLACE).agg(n=pl.col("key").n_unique().cast(pl.Float64), sure=pl.col("is_sure").all())
    borne = own.select(*_PLACE, "value", "qualifier").join(told, on=_PLACE, how="full", coalesce=True)
    agrees = (
        (pl.col("value") == pl.col("n").fill_null(0.0))
        & pl.col("qualifier").is_in(EXACT)
        & pl.col("sure").fill_null(True)
    ).fill_null(False)
    judged = borne.select(*_PLACE, agrees=agrees)
    up = above.rename({"unit": "top", "below": "unit"})
    whole = judged.join(up, on="unit").group_by("top", *_FIGURE).agg(pl.col("agrees").all())
    keys = mine.join(up, on="unit").group_by("top", *_FIGURE).agg(counted=pl.col("key").n_unique())
    return (
        whole.filter("agrees")
        .join(keys, on=["top", *_FIGURE], how="left")
        .select(*_FIGURE, unit="top", counted=pl.col("counted").fill_null(0).cast(pl.Float64))
    )
