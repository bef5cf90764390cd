"""How far targets were reached: the figure that covers the year best beside what was asked, as intervals."""

from __future__ import annotations

import polars as pl

from catalog.load import Catalog
from domain.observation import Nature, OverUnits
from domain.target import INCOMPLETE, NO_FIGURE, UNIT_ENDED, YEAR_RUNS, ZERO_TARGET, Direction, Outcome
from transform.observations import EXACT
from transform.roll_up import REPORTED

#: What :func:`attained` takes: a row a target. ``lives``: the unit is in the tree of the year.
TARGETS = {
    "unit": pl.String,
    "indicator": pl.String,
    "year": pl.Int64,
    "direction": pl.String,
    "target": pl.Float64,
    "source": pl.String,
    "lives": pl.Boolean,
}

#: A row for every target. ``attainment``: percent of the target with its bounds; of rates ``points``: how many points
#: above it (below it: negative). ``outcome`` is null where there is no figure. A bound that is null beside a value is
#: open.
ATTAINED = {
    **{name: kind for name, kind in TARGETS.items() if name != "lives"},
    "period": pl.String,
    "form": pl.String,
    "value": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "qualifier": pl.String,
    "reported": pl.Int64,
    "expected": pl.Int64,
    "attainment": pl.Float64,
    "attainment_lower": pl.Float64,
    "attainment_upper": pl.Float64,
    "points": pl.Float64,
    "outcome": pl.String,
    "is_beyond": pl.Boolean,  # surely better than was asked; null: perhaps
    "note": pl.String,
}

_KEY = ["unit", "indicator", "year"]
_INFINITE = float("inf")

#: A quarter of 90 days covers as much of a year as one of 92.
_DAYS_OF_A_MONTH = 28


def attained(targets: pl.DataFrame, figures: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Every target with what was reached of it (:data:`ATTAINED`), sorted by unit, indicator and year.

    ``figures``: :data:`transform.roll_up.ROLL_UP` of the whole (no breakdown) with ``year, period, form``, ``is_year``:
    the period is the whole year, ``runs``: it begins with the year, ``ends`` its last day, ``days`` its length. Of
    several the one that covers the year best is taken: of stocks the latest, of everything else the longest; of those
    alike the one that begins with the year where figures add up over time, else the latest.

    An outcome is final when the figure is of the whole year and of all units; or when what is still to come can only
    add to a count that is past its target already. Rates are compared in points and have no percentage.
    """
    best = _best(figures, catalog)
    joined = targets.join(best, on=_KEY, how="left", maintain_order="left").with_columns(**_bounds())
    told = joined.with_columns(
        reached=_reached(),
        is_whole=pl.col("is_year").fill_null(value=False),
        is_complete=_is_complete(),
    ).with_columns(outcome=_outcome(catalog), **_attainment(catalog))
    return (
        told.with_columns(is_beyond=_beyond(), note=_note())
        .select(pl.col(name).cast(kind) for name, kind in ATTAINED.items())
        .sort(_KEY)
    )


def _best(figures: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    stocks = [code for code, item in catalog.indicators.items() if item.nature is Nature.STOCK]
    adding = [code for code, item in catalog.indicators.items() if item.adds_over_time]
    is_stock, adds = pl.col("indicator").is_in(stocks), pl.col("indicator").is_in(adding)
    months, end = pl.col("days") // _DAYS_OF_A_MONTH, pl.col("ends").cast(pl.Int32).cast(pl.Int64)
    covered = pl.when(pl.col("expected") > 0).then(pl.col("reported") / pl.col("expected")).otherwise(0.0)
    ranked = figures.filter(pl.col("breakdown") == "").sort(
        pl.col("value").is_not_null(),
        "is_year",
        pl.when(is_stock).then(end).otherwise(months),
        pl.when(is_stock).then(months).when(adds).then(pl.col("runs").cast(pl.Int64)).otherwise(end),
        end,
        covered,
        "period",
        "form",
        descending=[True, True, True, True, True, True, False, False],
    )
    return ranked.unique(_KEY, keep="first", maintain_order=True).drop("breakdown").rename({"source": "made"})


def _bounds() -> dict[str, pl.Expr]:
    """Bounds without holes; what is open is infinite here."""
    exact = pl.col("qualifier").is_in(EXACT)
    has = pl.col("value").is_not_null()
    return {
        "low": pl.when(has).then(pl.when(exact).then("value").otherwise(pl.col("lower").fill_null(-_INFINITE))),
        "high": pl.when(has).then(pl.when(exact).then("value").otherwise(pl.col("upper").fill_null(_INFINITE))),
    }


def _is_complete() -> pl.Expr:
    """Every unit that owed the figure gave it, or one stated it for all of them."""
    stated = (pl.col("made") == REPORTED) & (pl.col("reported") == 0)
    return (stated | (pl.col("reported") >= pl.col("expected"))).fill_null(value=True)


def _at_least() -> pl.Expr:
    return pl.col("direction") == Direction.AT_LEAST.value


def _reached() -> pl.Expr:
    """True or false where the whole interval lies on one side of the target; null where it does not."""
    low, high, target = pl.col("low"), pl.col("high"), pl.col("target")
    yes = pl.when(_at_least()).then(low >= target).otherwise(high <= target)
    no = pl.when(_at_least()).then(high < target).otherwise(low > target)
    return pl.when(yes).then(pl.lit(value=True)).when(no).then(pl.lit(value=False))


def _beyond() -> pl.Expr:
    low, high, target = pl.col("low"), pl.col("high"), pl.col("target")
    yes = pl.when(_at_least()).then(low > target).otherwise(high < target)
    no = pl.when(_at_least()).then(high <= target).otherwise(low >= target)
    stays = pl.col("outcome").is_in([Outcome.MET.value, Outcome.NOT_MET.value]) & pl.col("is_whole")
    grows = pl.col("outcome") == Outcome.MET.value
    return (
        pl.when((stays | (grows & _at_least())) & yes)
        .then(pl.lit(value=True))
        .when((stays & no) | (pl.col("outcome") == Outcome.NOT_MET.value))
        .then(pl.lit(value=False))
    )


def _outcome(catalog: Catalog) -> pl.Expr:
    grow_over_time = [code for code, item in catalog.indicators.items() if item.adds_over_time]
    grow_over_units = [code for code, item in catalog.indicators.items() if item.over_units is OverUnits.SUM]
    whole, complete = pl.col("is_whole"), pl.col("is_complete")
    # what is still to come is never negative: a sum only rises, over the rest of the year and over units not heard yet
    only_rises = (whole | pl.col("indicator").is_in(grow_over_time)) & (
        complete | pl.col("indicator").is_in(grow_over_units)
    )
    past_turning = only_rises & (pl.col("reached") == _at_least())
    final = (whole & complete) | past_turning
    words = {item: pl.lit(item.value) for item in Outcome}
    return (
        pl.when(pl.col("value").is_null())
        .then(None)
        .when(pl.col("reached").is_null())
        .then(words[Outcome.UNDECIDED])
        .when(pl.col("reached") & final)
        .then(words[Outcome.MET])
        .when(pl.col("reached"))
        .then(words[Outcome.MET_SO_FAR])
        .when(final)
        .then(words[Outcome.NOT_MET])
        .otherwise(words[Outcome.NOT_MET_SO_FAR])
    )


def _attainment(catalog: Catalog) -> dict[str, pl.Expr]:
    """Percent of targets above 0; points of rates."""
    rates = [code for code, item in catalog.indicators.items() if item.is_rate or item.measure_vi.strip() == "%"]
    is_rate = pl.col("indicator").is_in(rates)
    in_percent = ~is_rate & (pl.col("target") > 0)

    def percent(name: str) -> pl.Expr:
        share = 100 * pl.col(name) / pl.col("target")
        return pl.when(in_percent & share.is_finite()).then(share)

    return {
        "attainment": percent("value"),
        "attainment_lower": percent("low"),
        "attainment_upper": percent("high"),
        "points": pl.when(is_rate).then((pl.col("value") - pl.col("target")).round(9)),
    }


def _note() -> pl.Expr:
    """Codes joined by commas: why there is no figure; else what a reader of the outcome must know."""
    has = pl.col("value").is_not_null()
    missing = (
        pl.when(has)
        .then(None)
        .when(~pl.col("lives"))
        .then(pl.lit(UNIT_ENDED))
        .otherwise(pl.coalesce("note", pl.lit(NO_FIGURE)))
    )
    coverage = pl.format("{}={}/{}", pl.lit(INCOMPLETE), "reported", "expected")
    codes = [
        missing,
        pl.when(has & ~pl.col("is_whole")).then(pl.format("{}={}", pl.lit(YEAR_RUNS), "period")),
        pl.when(has & ~pl.col("is_complete")).then(coverage),
        pl.when(has & pl.col("attainment").is_null() & pl.col("points").is_null()).then(pl.lit(ZERO_TARGET)),
        pl.when(has & ~pl.col("outcome").is_in([Outcome.MET.value, Outcome.NOT_MET.value])).then("outcome"),
    ]
    return pl.concat_str(codes, separator=",", ignore_nulls=True)
