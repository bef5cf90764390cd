"""Totals over the tree of units, each with its coverage, its bounds and the way it was come by."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from catalog.load import Catalog
from domain.observation import OverUnits, Scope
from domain.quantity import Qualifier
from domain.totals import NoTotal
from transform.distinct import distinct_totals
from transform.observations import EXACT, growth_parts, is_total_row, rate_parts, ratios

#: A row for every unit, indicator and breakdown something is known of.
ROLL_UP = {
    "unit": pl.String,
    "indicator": pl.String,
    "breakdown": pl.String,
    "value": pl.Float64,  # null: see note
    "lower": pl.Float64,  # null beside a value: unbounded
    "upper": pl.Float64,
    "qualifier": pl.String,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
    "reported": pl.Int64,  # units of the subtree that owed the figure and gave it
    "expected": pl.Int64,  # units of the subtree that owed it
    "source": pl.String,  # computed · reported
    "note": pl.String,  # why there is no value: a domain.totals.NoTotal
}

COMPUTED, REPORTED = "computed", "reported"

#: Why a total has no value, as it stands in a frame.
NOT_ADDITIVE = NoTotal.NOT_ADDITIVE.value
FROM_LISTS = NoTotal.FROM_LISTS.value
COUNTS_MISSING = NoTotal.COUNTS_MISSING.value
ZERO_DENOMINATOR = NoTotal.ZERO_DENOMINATOR.value
NOTHING_REPORTED = NoTotal.NOTHING_REPORTED.value

_AT_MOST = [Qualifier.LT.value, Qualifier.LE.value]
_KEY = ["indicator", "breakdown"]
_NOTES = {OverUnits.DISTINCT.value: FROM_LISTS, OverUnits.UNION.value: FROM_LISTS}
_RATIO = OverUnits.RATIO_OF_SUMS.value
_ADDED = [OverUnits.SUM.value, OverUnits.MAX.value, OverUnits.MIN.value]


class UnitTreeError(ValueError):
    """The units are no tree, or figures belong to units that are not in it."""


def roll_up(
    observations: pl.DataFrame,
    units: pl.DataFrame,
    expected: pl.DataFrame,
    catalog: Catalog,
    rows: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Totals of every unit with all units below it (:data:`ROLL_UP`).

    ``observations``: unit, indicator, breakdown, value, numerator, denominator, qualifier, lower, upper, status, scope;
    ``units``: unit, parent (null, or outside, for a root); ``expected``: unit, those that owed the form; ``rows``: the
    rows of the lists that distinct counts are counted in (:func:`transform.distinct.distinct_totals`).

    Only figures of scope ``own`` are added, each once, by the indicator's rule over units: sum, greatest, least, or for
    rates the ratio of the sums over the units whose counts are whole. A growth is that of the sums. A figure a unit
    states for its subtree or territory stands (source ``reported``) where nothing below was computed, and is never
    added to anything. Distinct counts are those of the keys in the lists, where the lists bear them out. What cannot be
    added (``note``) has a value only at a leaf, where it is the unit's own. Total rows of matrices are left out. Raises
    :class:`UnitTreeError` when a figure's unit is not among ``units`` or these are no tree.
    """
    tree = tree_of(units)
    owed = in_tree(expected.select("unit").unique(), tree, "obligations")
    known = observations.filter(pl.col("value").is_not_null()).with_columns(pl.col("breakdown").fill_null(""))
    figures = in_tree(known, tree, "figures").filter(~is_total_row())
    own = figures.filter(pl.col("scope") == Scope.OWN.value)
    computed = settled(added_up(contributions(own, owed, catalog), tree), catalog)
    if rows is not None:
        computed = _counted(computed, distinct_totals(figures, rows, _ancestors(tree), catalog))
    stands = reported_in_place(figures.filter(pl.col("scope") != Scope.OWN.value), computed)
    return _with_coverage(stands, tree, owed).sort("unit", *_KEY)


# ------------------------------------------------------------------------------------------------ the tree


def tree_of(units: pl.DataFrame) -> pl.DataFrame:
    """``unit, parent, depth, leaf`` with null parents at the roots."""
    if units["unit"].n_unique() != units.height:
        raise UnitTreeError("a unit stands twice in the tree")
    parent = pl.when(pl.col("parent").is_in(units["unit"].implode())).then(pl.col("parent"))
    tree = units.select("unit", parent=parent)
    level = tree.filter(pl.col("parent").is_null()).select("unit", depth=pl.lit(0))
    levels = [level]
    while level.height:
        level = tree.join(level, left_on="parent", right_on="unit").select("unit", depth=pl.col("depth") + 1)
        levels.append(level)
    placed = pl.concat(levels)
    if placed.height != tree.height:
        lost = tree.join(placed, on="unit", how="anti")["unit"].head(3).to_list()
        raise UnitTreeError(f"units are their own ancestors: {', '.join(lost)}")
    leaf = ~pl.col("unit").is_in(tree["parent"].drop_nulls().unique().implode())
    return tree.join(placed, on="unit").with_columns(leaf=leaf)


def deepest(tree: pl.DataFrame) -> int:
    """How many units stand above the lowest one; -1 of no units."""
    return max(tree["depth"].to_list(), default=-1)


def in_tree(rows: pl.DataFrame, tree: pl.DataFrame, what: str) -> pl.DataFrame:
    strangers = rows.select("unit").unique().join(tree, on="unit", how="anti")["unit"]
    if strangers.len():
        raise UnitTreeError(f"{what} of units that are not in the tree: {', '.join(strangers.sort().head(5))}")
    return rows


def _ancestors(tree: pl.DataFrame) -> pl.DataFrame:
    """``unit, below``: every unit with itself and every unit below it."""
    step = tree.select("unit", below="unit")
    pairs = []
    while step.height:
        pairs.append(step)
        up = step.join(tree.select("unit", "parent"), on="unit").drop("unit")
        step = up.filter(pl.col("parent").is_not_null()).select(unit="parent", below="below")
    return pl.concat(pairs)


# ------------------------------------------------------------------------------------------------ what a unit adds


def contributions(own: pl.DataFrame, owed: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """A row for every own figure in the shape in which rows are added; open bounds are infinite here."""
    growths = growth_parts(catalog)
    counted = _with_counts(own.with_columns(rule=rules_of(catalog)), own, pl.concat([rate_parts(catalog), growths]))
    owes = pl.col("unit").is_in(owed["unit"].implode())
    has_counts = pl.col("denominator").is_not_null()
    return counted.select(
        "unit",
        *_KEY,
        "rule",
        "value",
        low=pl.col("lower").fill_null(float("-inf")),
        high=pl.col("upper").fill_null(float("inf")),
        numerator=pl.col("numerator").fill_null(0.0),
        denominator=pl.col("denominator").fill_null(0.0),
        word=pl.col("qualifier"),
        worded=(~pl.col("qualifier").is_in(EXACT)).cast(pl.Int64),
        at_most=pl.col("qualifier").is_in(_AT_MOST).cast(pl.Int64),
        given=pl.lit(1, dtype=pl.Int64),
        counts=has_counts.cast(pl.Int64),
        reported=(owes & (has_counts | (pl.col("rule") != _RATIO))).cast(pl.Int64),
    )


def rules_of(catalog: Catalog) -> pl.Expr:
    """How the indicator of a row is added over units: a growth as the ratio it is."""
    rules = {code: indicator.over_units.value for code, indicator in catalog.indicators.items()}
    rules |= dict.fromkeys(growth_parts(catalog)["rate"].unique(), _RATIO)
    return pl.col("indicator").replace_strict(rules, default=OverUnits.NOT_ADDITIVE.value, return_dtype=pl.String)


def _with_counts(ruled: pl.DataFrame, own: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Rates with the counts of their own cell, else of the unit's count indicators; rates nobody stated are added.

    Where there are counts they decide how exact the rate is, not the word beside a stated rate.
    """
    is_rate = pl.col("rule") == _RATIO
    sums = ratios(own, parts, ["unit", "breakdown"]).select(
        "unit", "breakdown", indicator="rate", top="numerator", bottom="denominator", whole="exact"
    )
    joined = ruled.filter(is_rate).join(sums, on=["unit", *_KEY], how="full", coalesce=True)
    in_cell = pl.col("numerator").is_not_null() & pl.col("denominator").is_not_null()
    exact, approx = pl.lit(Qualifier.EXACT.value), pl.lit(Qualifier.APPROX.value)
    in_cell_exact = in_cell & (pl.col("qualifier") != Qualifier.APPROX.value)
    by_counts = pl.when(in_cell_exact | pl.col("whole")).then(exact).when(~pl.col("whole"))
    filled = joined.with_columns(
        numerator=pl.when(in_cell).then("numerator").otherwise("top"),
        denominator=pl.when(in_cell).then("denominator").otherwise("bottom"),
        qualifier=by_counts.then(approx).otherwise("qualifier"),
        rule=pl.lit(_RATIO),
    )
    return pl.concat([ruled.filter(~is_rate), filled.select(ruled.columns)])


# ------------------------------------------------------------------------------------------------ adding up

_ADDABLE = ["numerator", "denominator", "worded", "at_most", "given", "counts", "reported"]
_FOLDED = ["value", "low", "high"]


def added_up(contributions: pl.DataFrame, tree: pl.DataFrame) -> pl.DataFrame:
    """Contributions of every unit and all below it, level by level from the deepest; keys are numbers meanwhile."""
    nodes = tree.select("unit").with_row_index("node")
    keys = contributions.select(*_KEY, "rule").unique(_KEY).with_row_index("key")
    numbered = tree.join(nodes, on="unit").join(nodes.select(parent="unit", above="node"), on="parent", how="left")
    rows = contributions.join(numbered.select("unit", "node", "depth"), on="unit").join(keys.drop("rule"), on=_KEY)
    parts: list[pl.DataFrame] = []
    for rule, fold in ((OverUnits.MAX.value, pl.Expr.max), (OverUnits.MIN.value, pl.Expr.min), (None, pl.Expr.sum)):
        mine = ~pl.col("rule").is_in(_ADDED[1:]) if rule is None else pl.col("rule") == rule
        sums = [*(fold(pl.col(name)) for name in _FOLDED), pl.col(_ADDABLE).sum(), pl.col("word").first()]
        chosen = rows.filter(mine).select("node", "key", "depth", *_FOLDED, *_ADDABLE, "word")
        parts += _levels(chosen, numbered.select("node", "above"), sums)
    added = pl.concat(parts) if parts else rows.clear().select("node", "key", *_FOLDED, *_ADDABLE, "word")
    return added.join(keys, on="key").join(nodes, on="node").join(tree.select("unit", "leaf"), on="unit")


def _levels(rows: pl.DataFrame, above: pl.DataFrame, sums: list[pl.Expr]) -> Iterator[pl.DataFrame]:
    """The sums of the units of one depth after another; each unit passes on its own with those from below."""
    by_depth = rows.partition_by("depth", as_dict=True, include_key=False)
    carried = rows.clear().drop("depth")
    for depth in range(max((int(key[0]) for key in by_depth), default=-1), -1, -1):
        own = by_depth.get((depth,), carried.clear())
        level = pl.concat([own, carried]).group_by("node", "key").agg(sums) if carried.height else own
        yield level
        raised = level.join(above, on="node").filter(pl.col("above").is_not_null())
        carried = raised.drop("node").rename({"above": "node"}).select(carried.columns)


# ------------------------------------------------------------------------------------------------ judging the sums


def settled(added: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Values, bounds, qualifiers and notes of the sums, by the rule of each indicator."""
    growths = growth_parts(catalog)["rate"].unique()
    is_rate = (pl.col("rule") == _RATIO) & (pl.col("counts") > 0)
    is_sum = pl.col("rule").is_in(_ADDED)
    single = pl.col("leaf") & (pl.col("given") == 1)
    rate = 100 * pl.col("numerator") / pl.when(pl.col("denominator") != 0).then(pl.col("denominator"))
    rate = rate - pl.when(pl.col("indicator").is_in(growths.implode())).then(100.0).otherwise(0.0)
    exact_rate = pl.when(pl.col("worded") == 0).then(rate)
    stands = is_sum | single
    return added.with_columns(_without_dust(name) for name in _FOLDED).select(
        "unit",
        *_KEY,
        value=pl.when(is_rate).then(rate).when(stands).then("value"),
        lower=pl.when(is_rate).then(exact_rate).when(stands & pl.col("low").is_finite()).then("low"),
        upper=pl.when(is_rate).then(exact_rate).when(stands & pl.col("high").is_finite()).then("high"),
        qualifier=pl.when(is_rate).then(_word_of_rates()).when(stands).then(_word_of_sums()),
        numerator=pl.when(is_rate).then("numerator"),
        denominator=pl.when(is_rate).then("denominator"),
        reported="reported",
        source=pl.when(is_rate | is_sum).then(pl.lit(COMPUTED)).otherwise(pl.lit(REPORTED)),
        note=_note(is_rate, stands),
    )


def _without_dust(name: str) -> pl.Expr:
    """Fractions without the last binary digits, which depend on the order of adding: the same parts, the same sum."""
    value = pl.col(name)
    return pl.when(value == value.floor()).then(value).otherwise(value.round(9))


def _note(is_rate: pl.Expr, stands: pl.Expr) -> pl.Expr:
    reason = pl.col("rule").replace_strict(_NOTES, default=NOT_ADDITIVE, return_dtype=pl.String)
    return (
        pl.when(is_rate & (pl.col("denominator") == 0))
        .then(pl.lit(ZERO_DENOMINATOR))
        .when(is_rate | stands)
        .then(None)
        .when(pl.col("rule") == _RATIO)
        .then(pl.lit(COUNTS_MISSING))
        .otherwise(reason)
    )


def _word_of_rates() -> pl.Expr:
    exact, approx = pl.lit(Qualifier.EXACT.value), pl.lit(Qualifier.APPROX.value)
    return pl.when(pl.col("worded") == 0).then(exact).otherwise(approx)


def _word_of_sums() -> pl.Expr:
    """A total of qualified parts carries the word its interval allows, never "exact"."""
    value, low, high = pl.col("value"), pl.col("low"), pl.col("high")
    words = {name: pl.lit(name.value) for name in Qualifier}
    at_most = pl.when(high < value).then(words[Qualifier.LT]).otherwise(words[Qualifier.LE])
    at_least = pl.when((low == value) & high.is_infinite()).then(words[Qualifier.GE]).otherwise(words[Qualifier.GT])
    return (
        pl.when(pl.col("given") == 1)
        .then(pl.col("word"))
        .when(pl.col("worded") == 0)
        .then(words[Qualifier.EXACT])
        .when(low >= value)
        .then(at_least)
        .when((high <= value) & (pl.col("at_most") > 0))
        .then(at_most)
        .when(high <= value)
        .then(words[Qualifier.APPROX_BELOW])
        .otherwise(words[Qualifier.APPROX])
    )


def _counted(computed: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """The totals, where one has no value, with what was counted in the lists."""
    joined = computed.join(counts, on=["unit", *_KEY], how="left", maintain_order="left")
    taken = pl.col("value").is_null() & pl.col("counted").is_not_null()
    put = {name: pl.col("counted") for name in ("value", "lower", "upper")}
    words = {"qualifier": pl.lit(Qualifier.EXACT.value), "source": pl.lit(COMPUTED), "note": pl.lit(None, pl.String)}
    return joined.with_columns(
        pl.when(taken).then(new).otherwise(name).alias(name) for name, new in (put | words).items()
    ).drop("counted")


def reported_in_place(figures: pl.DataFrame, computed: pl.DataFrame) -> pl.DataFrame:
    """The totals with the figures stated beyond the own ones where no value was computed."""
    reported = _reported(figures, computed)
    return pl.concat([computed.join(reported, on=["unit", *_KEY], how="anti"), reported], how="diagonal")


def _reported(figures: pl.DataFrame, computed: pl.DataFrame) -> pl.DataFrame:
    """Figures stated for a subtree or territory where no value was computed; the subtree's before the territory's."""
    stated = figures.sort("scope", maintain_order=True).unique(["unit", *_KEY], keep="first", maintain_order=True)
    free = stated.join(computed.filter(pl.col("value").is_not_null()), on=["unit", *_KEY], how="anti")
    columns = ("value", "lower", "upper", "qualifier", "numerator", "denominator")
    return free.select("unit", *_KEY, *columns, reported=pl.lit(0, dtype=pl.Int64), source=pl.lit(REPORTED))


def _with_coverage(totals: pl.DataFrame, tree: pl.DataFrame, owed: pl.DataFrame) -> pl.DataFrame:
    """Beside every total how many units owed it; above the leaves also where none of them gave it."""
    below = _ancestors(tree).join(owed, left_on="below", right_on="unit", how="semi")
    counts = below.group_by("unit").agg(expected=pl.len().cast(pl.Int64))
    inner = tree.filter(~pl.col("leaf")).join(counts, on="unit").select("unit")
    silent = inner.join(totals.select(_KEY).unique(), how="cross").join(totals, on=["unit", *_KEY], how="anti")
    nothing = silent.with_columns(reported=pl.lit(0, dtype=pl.Int64), note=pl.lit(NOTHING_REPORTED))
    everything = pl.concat([totals, nothing], how="diagonal").join(counts, on="unit", how="left")
    filled = everything.with_columns(pl.col("expected").fill_null(0))
    return filled.select(pl.col(name).cast(kind) for name, kind in ROLL_UP.items())
