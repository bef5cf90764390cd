"""Figures of one period beside those of another: a change where there is one, and the reason where there is none."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from catalog.whole import Catalog
from domain.comparison import Caution, ChangeKind, NoGrowth, NotComparable
from domain.observation import Basis
from domain.period import Period
from domain.quantity import Qualifier
from transform.observations import EXACT
from transform.roll_up import NOTHING_REPORTED, REPORTED
from transform.seating import GUEST

_KEY = ["unit", "indicator", "breakdown"]
_SIDE = {
    "value": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "qualifier": pl.String,
    "reported": pl.Int64,
    "expected": pl.Int64,
    "source": pl.String,
    "note": pl.String,
}

#: A row for every figure of either period. ``cautions`` are codes joined by commas. Of a change that is worded
#: ``*_lower`` and ``*_upper`` are its bounds; null beside a change: unbounded.
COMPARED = {
    "unit": pl.String,
    "indicator": pl.String,
    "breakdown": pl.String,
    **{f"{name}_then": kind for name, kind in _SIDE.items()},
    **{f"{name}_now": kind for name, kind in _SIDE.items()},
    "change_kind": pl.String,
    "difference": pl.Float64,
    "difference_lower": pl.Float64,
    "difference_upper": pl.Float64,
    "growth": pl.Float64,
    "growth_lower": pl.Float64,
    "growth_upper": pl.Float64,
    "change_qualifier": pl.String,
    "comparable": pl.Boolean,
    "reason": pl.String,
    "cautions": pl.String,
}

_INFINITE = float("inf")


class Totals(NamedTuple):
    """One side: ``rows`` as :data:`transform.roll_up.ROLL_UP`, ``expected``: ``unit, expected``, and of when."""

    rows: pl.DataFrame
    expected: pl.DataFrame
    period: Period


def compared(then: Totals, now: Totals, units: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Every figure of either period with its counterpart (:data:`COMPARED`), sorted by key.

    ``units``: ``unit, stop, hidden, cautions`` for the units that cannot be compared or only with a caution. ``stop``
    is a code of :class:`NotComparable` or null; ``hidden`` (``then``, ``now`` or null) the side whose figure was added
    up over boundaries that do not hold and must not be shown; ``cautions`` codes joined by commas or null.

    Rates change in percentage points, everything else in percent of the base. There is no percentage of a base that is
    zero, negative, below the threshold of the definitions, or so rough that it may be: the difference stays. Changes of
    qualified figures carry the bounds that follow from both intervals.
    """
    sides = _joined(then, now).join(units, on="unit", how="left")
    for side in ("then", "now"):
        shown = pl.col("hidden").ne_missing(side)
        numbers = [f"{name}_{side}" for name in ("value", "lower", "upper", "qualifier", "source", "note")]
        counts = [f"{name}_{side}" for name in _COVERAGE]
        sides = sides.with_columns(
            *(pl.when(shown).then(pl.col(name)) for name in numbers),
            *(pl.when(shown).then(pl.col(name)).otherwise(0) for name in counts),
        )
    told = sides.with_columns(
        _reason(catalog, then.period, now.period).alias("reason"), change_kind=_change_kind(catalog)
    ).with_columns(comparable=pl.col("reason").is_null())
    changed = _with_changes(told, catalog.comparison.smallest_base_on(now.period.window.last))
    final = changed.with_columns(cautions=_cautions(catalog, then.period, now.period))
    return final.select(pl.col(name).cast(kind) for name, kind in COMPARED.items()).sort(_KEY)


def _joined(then: Totals, now: Totals) -> pl.DataFrame:
    def side(totals: Totals, name: str) -> pl.DataFrame:
        return totals.rows.select(*_KEY, *(pl.col(column).alias(f"{column}_{name}") for column in _SIDE))

    both = side(then, "then").join(side(now, "now"), on=_KEY, how="full", coalesce=True)
    for name, totals in (("then", then), ("now", now)):
        owed = totals.expected.select("unit", owed="expected")
        both = both.join(owed, on="unit", how="left").with_columns(
            pl.col(f"reported_{name}").fill_null(0),
            pl.coalesce(f"expected_{name}", "owed", pl.lit(0)).alias(f"expected_{name}"),
        )
        both = both.drop("owed")
    return both


# ------------------------------------------------------------------------------------------------ may it be compared


def _reason(catalog: Catalog, then: Period, now: Period) -> pl.Expr:
    """The gravest reason first: the unit, the indicator, what the totals say, a figure that is not there."""
    never = [item.indicator for item in catalog.comparison.not_over_time]
    running = [code for code, item in catalog.indicators.items() if item.basis is Basis.YEAR_TO_DATE]
    elsewhere = pl.lit(then.ordinal != now.ordinal)
    return pl.coalesce(
        "stop",
        pl.when(pl.col("indicator").is_in(never)).then(pl.lit(NotComparable.NOT_OVER_TIME.value)),
        pl.when(pl.col("indicator").is_in(running) & elsewhere).then(pl.lit(NotComparable.RUNNING_TOTAL.value)),
        _note("now"),
        _note("then"),
        pl.when(pl.col("value_now").is_null()).then(pl.lit(NotComparable.MISSING_CURRENT.value)),
        pl.when(pl.col("value_then").is_null()).then(pl.lit(NotComparable.MISSING_BASE.value)),
    )


def _note(side: str) -> pl.Expr:
    note = pl.col(f"note_{side}")
    return pl.when(pl.col(f"value_{side}").is_null() & (note != NOTHING_REPORTED)).then(note)


def _change_kind(catalog: Catalog) -> pl.Expr:
    points = [code for code, item in catalog.indicators.items() if item.is_rate or item.measure_vi.strip() == "%"]
    told_in_points = pl.col("indicator").is_in(points)
    return pl.when(told_in_points).then(pl.lit(ChangeKind.POINTS.value)).otherwise(pl.lit(ChangeKind.PERCENT.value))


# ------------------------------------------------------------------------------------------------ the change


def _with_changes(told: pl.DataFrame, smallest_base: float) -> pl.DataFrame:
    """The frame with differences, growths and why there is no growth; only where the figures may be compared."""
    bounded = told.with_columns(
        **{f"{end}_{side}_": _bound(end, side) for side in ("then", "now") for end in ("lower", "upper")}
    )
    now, base = pl.col("value_now"), pl.col("value_then")
    low, high, base_low, base_high = (
        pl.col(f"{end}_{side}_") for side in ("now", "then") for end in ("lower", "upper")
    )
    has_percent = pl.col("comparable") & (pl.col("change_kind") == ChangeKind.PERCENT.value)
    grows = has_percent & pl.col("growth_note").is_null()
    least = pl.when(low >= 0).then(low / base_high).otherwise(low / base_low)
    most = pl.when(high >= 0).then(high / base_low).otherwise(high / base_high)
    return (
        bounded.with_columns(growth_note=pl.when(has_percent).then(_no_growth(smallest_base)))
        .with_columns(
            difference=pl.when("comparable").then(now - base),
            difference_lower=pl.when("comparable").then(_finite(low - base_high)),
            difference_upper=pl.when("comparable").then(_finite(high - base_low)),
            growth=pl.when(grows).then(100 * (now / base - 1)),
            growth_lower=pl.when(grows).then(_finite(100 * (least - 1))),
            growth_upper=pl.when(grows).then(_finite(100 * (most - 1))),
        )
        .with_columns(reason=pl.coalesce("reason", "growth_note"), change_qualifier=pl.when("comparable").then(_word()))
    )


def _bound(end: str, side: str) -> pl.Expr:
    open_end = -_INFINITE if end == "lower" else _INFINITE
    exact = pl.col(f"qualifier_{side}").is_in(EXACT)
    bound = pl.when(exact).then(f"value_{side}").otherwise(pl.col(f"{end}_{side}").fill_null(open_end))
    return pl.when(pl.col(f"value_{side}").is_not_null()).then(bound)


def _finite(bound: pl.Expr) -> pl.Expr:
    return pl.when(bound.is_finite()).then(bound)


def _no_growth(smallest_base: float) -> pl.Expr:
    base, low = pl.col("value_then"), pl.col("lower_then_")
    reasons = {
        NoGrowth.ZERO_BASE: base == 0,
        NoGrowth.NEGATIVE_BASE: base < 0,
        NoGrowth.TINY_BASE: base < smallest_base,
        NoGrowth.UNCERTAIN_BASE: (low <= 0) | (low < smallest_base),
    }
    return pl.coalesce(pl.when(applies).then(pl.lit(reason.value)) for reason, applies in reasons.items())


def _word() -> pl.Expr:
    """How exact a change is: the word that its own interval allows."""
    exact = pl.col("qualifier_then").is_in(EXACT) & pl.col("qualifier_now").is_in(EXACT)
    value, low, high = pl.col("difference"), pl.col("difference_lower"), pl.col("difference_upper")
    words = {name: pl.lit(name.value) for name in Qualifier}
    return (
        pl.when(exact)
        .then(words[Qualifier.EXACT])
        .when((low >= value) & high.is_null())
        .then(words[Qualifier.GE])
        .when(low >= value)
        .then(words[Qualifier.GT])
        .when((high <= value) & low.is_null())
        .then(words[Qualifier.LE])
        .when(high <= value)
        .then(words[Qualifier.APPROX_BELOW])
        .otherwise(words[Qualifier.APPROX])
    )


# ------------------------------------------------------------------------------------------------ cautions


def _cautions(catalog: Catalog, then: Period, now: Period) -> pl.Expr:
    """Codes of everything a reader must know, joined by commas; empty where there is nothing."""
    n, of, n_before, of_before = (pl.col(f"{name}_{side}") for side in ("now", "then") for name in _COVERAGE)
    redefined = [code for code, item in catalog.indicators.items() if item.valid_from > then.window.first]
    ended = [code for code, item in catalog.indicators.items() if item.valid_to and item.valid_to < now.window.last]
    years = [float(then.year), float(now.year)]
    rough = pl.col("difference_lower").fill_null(-_INFINITE) * pl.col("difference_upper").fill_null(_INFINITE) < 0
    both = pl.col("value_now").is_not_null() & pl.col("value_then").is_not_null()
    added = both & ~_stated("now") & ~_stated("then")
    applies = {
        Caution.BASE_IS_YEAR: pl.col("value_then").is_in(years) & (pl.col("change_kind") == ChangeKind.PERCENT.value),
        Caution.COVERAGE_DIFFERS: added & (n * of_before != n_before * of),
        Caution.INCOMPLETE: added & ((n < of) | (n_before < of_before)),
        Caution.DEFINITION_CHANGED: pl.col("indicator").is_in([*redefined, *ended]),
        Caution.SOURCE_DIFFERS: both & (pl.col("source_now") != pl.col("source_then")),
        Caution.DIRECTION_UNKNOWN: pl.col("comparable") & rough,
    }
    codes = [pl.when(holds).then(pl.lit(code.value)) for code, holds in applies.items()]
    of_unit = pl.when(pl.col("stop").is_null() & (pl.col("cautions") != "")).then("cautions")
    return pl.concat_str([*codes, of_unit], separator=",", ignore_nulls=True)


_COVERAGE = ("reported", "expected")


def _stated(side: str) -> pl.Expr:
    """A figure that one unit gave for its whole territory rests on no sum, so there is no coverage to speak of."""
    return (pl.col(f"source_{side}") == REPORTED) & (pl.col(f"reported_{side}") == 0)


def with_stated_guests(rows: pl.DataFrame, tree: pl.DataFrame) -> pl.DataFrame:
    """Totals in which a unit that nothing was added up for says so, where those seated in it stated figures of their
    whole territories: such figures are never added, and a unit of three has none of its own."""
    stated = rows.filter((pl.col("source") == REPORTED) & (pl.col("reported") == 0) & pl.col("value").is_not_null())
    guests = stated.filter(pl.col("unit").str.starts_with(GUEST)).join(tree, on="unit")
    hosts = guests.select("indicator", "breakdown", unit="parent", has_stated=pl.lit(value=True)).unique()
    said = pl.col("has_stated") & pl.col("value").is_null()
    note = pl.when(said).then(pl.lit(NotComparable.STATED_NOT_ADDED.value)).otherwise("note")
    return rows.join(hosts, on=_KEY, how="left").with_columns(note=note).drop("has_stated")
