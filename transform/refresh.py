"""Totals after a few reports changed: only those of the units above them are added up again.

The others are taken as they stand. Nothing is taken that does not say all that entered it: a total of worded or
fractional figures, of rates some of whose counts are missing, or a stated one is doubtful, and its figure is added up
from all figures anew. What comes out is, row for row, what adding up everything would give.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from catalog.load import Catalog
from domain.observation import OverUnits, Scope
from transform.observations import EXACT, is_total_row, rate_parts
from transform.roll_up import (
    COUNTS_MISSING,
    NOTHING_REPORTED,
    REPORTED,
    ROLL_UP,
    added_up,
    contributions,
    in_tree,
    reported_in_place,
    rules_of,
    settled,
    tree_of,
)

_KEY = ["indicator", "breakdown"]
_RATIO = OverUnits.RATIO_OF_SUMS.value
_FROM_LISTS = [OverUnits.DISTINCT.value, OverUnits.UNION.value]

#: Whole numbers below this add up to the same whatever the order.
_EXACT_WHOLE = 2.0**53


@dataclass(frozen=True)
class Plan:
    """``above``: the units whose totals change, all with units below; ``read``: those whose own figures are needed;
    ``kept``: those whose totals are taken as they stand; ``beside``: the highest units, where they do not change.
    ``owed``: unit, how many units of its subtree owe the form."""

    tree: pl.DataFrame
    owing: pl.DataFrame
    owed: pl.DataFrame
    above: pl.Series
    read: pl.Series
    kept: pl.Series
    beside: pl.Series

    @property
    def standing(self) -> list[str]:
        """The units whose totals that stand are needed."""
        return pl.concat([self.above, self.kept, self.beside]).unique().sort().to_list()


@dataclass(frozen=True)
class Partial:
    """Totals of the units above, and the figures (indicator, breakdown) that must be added up from everything."""

    totals: pl.DataFrame
    doubtful: pl.DataFrame


def plan(units: pl.DataFrame, expected: pl.DataFrame, changed: list[str]) -> Plan | None:
    """What to add up again when the reports of ``changed`` did; ``None`` when that is not worth it or not possible.

    ``units``: unit, parent; ``expected``: unit.
    """
    tree = tree_of(units)
    owing = in_tree(expected.select("unit").unique(), tree, "obligations")
    known = tree.filter(pl.col("unit").is_in(changed))
    lonely = known.filter(
        pl.col("parent").is_null() & pl.col("leaf")
    )  # in no total, yet it has a word in what there is
    if not changed or known.height < len(changed) or lonely.height:
        return None
    paths = _paths(known.select("unit"), tree)
    above = paths.join(tree.filter(~pl.col("leaf")), on="unit", how="semi")
    children = tree.join(above, left_on="parent", right_on="unit", how="semi").join(above, on="unit", how="anti")
    leaves, kept = children.filter("leaf")["unit"], children.filter(~pl.col("leaf"))["unit"]
    read = pl.concat([above["unit"], leaves])
    if above.is_empty() or 2 * read.len() > tree.height:
        return None
    counts = _paths_up(owing, tree).group_by("unit").agg(expected=pl.len().cast(pl.Int64))
    tops = tree.filter(pl.col("parent").is_null() & ~pl.col("leaf")).join(above, on="unit", how="anti")["unit"]
    return Plan(tree, owing, counts, above["unit"].sort(), read, kept, tops)


def _paths(units: pl.DataFrame, tree: pl.DataFrame) -> pl.DataFrame:
    """These units and every unit above one of them."""
    return _paths_up(units, tree).select("unit").unique()


def _paths_up(units: pl.DataFrame, tree: pl.DataFrame) -> pl.DataFrame:
    """A row of ``unit`` for each of these and each unit above it."""
    step, parts = units.select("unit"), []
    while step.height:
        parts.append(step)
        up = step.join(tree.select("unit", "parent"), on="unit").filter(pl.col("parent").is_not_null())
        step = up.select(unit="parent")
    return pl.concat(parts) if parts else step


def add_up_again(done: Plan, figures: pl.DataFrame, standing: pl.DataFrame, catalog: Catalog) -> Partial | None:
    """The totals of the units above from the figures of ``done.read`` and the totals that stand of
    ``done.standing`` (:data:`transform.roll_up.ROLL_UP`).

    ``None`` when what stands is not what the same reports would be added up to today: another set of units owes, a
    figure appears that no report gave before, or none is left that gives one. ``figures`` as for
    :func:`transform.roll_up.roll_up`.
    """
    known = figures.filter(pl.col("value").is_not_null()).with_columns(pl.col("breakdown").fill_null(""))
    mine = in_tree(known, done.tree, "figures").filter(~is_total_row())
    own = contributions(mine.filter(pl.col("scope") == Scope.OWN.value), done.owing, catalog)
    keys = standing.select(_KEY).unique()
    spoken = pl.concat([own.select(_KEY), mine.select(_KEY)]).unique()
    if spoken.join(keys, on=_KEY, how="anti").height or not _owed_as_before(done, standing):
        return None
    kept = standing.filter(pl.col("unit").is_in(done.kept.implode()))
    part = done.tree.filter(pl.col("unit").is_in(pl.concat([done.read, done.kept]).implode()))
    added = added_up(pl.concat([own, _as_contributions(kept, catalog)]), part)
    computed = settled(added.filter(pl.col("unit").is_in(done.above.implode())), catalog)
    stated = mine.filter((pl.col("scope") != Scope.OWN.value) & pl.col("unit").is_in(done.above.implode()))
    totals = _with_silent(reported_in_place(stated, computed), keys, done)
    if not _still_told(totals, standing, keys, done):
        return None
    return Partial(totals, _doubtful(own, kept, keys, catalog))


def needed_for(doubtful: pl.DataFrame, catalog: Catalog) -> list[str]:
    """The indicators whose figures the doubtful ones are made of."""
    codes = set(doubtful["indicator"])
    parts = rate_parts(catalog).filter(pl.col("rate").is_in(list(codes)))["indicator"]
    stems = {code.removesuffix("_growth_pct") for code in codes if code.endswith("_growth_pct")}
    bases = {name for stem in stems for name in (stem, f"{stem}_base") if name in catalog.indicators}
    return sorted(codes | set(parts) | bases)


def _owed_as_before(done: Plan, standing: pl.DataFrame) -> bool:
    before = standing.select("unit", "expected").unique()
    if before["unit"].n_unique() != before.height:
        return False
    asked = pl.DataFrame({"unit": pl.concat([done.above, done.kept])})
    now = asked.join(done.owed, on="unit", how="left").with_columns(pl.col("expected").fill_null(0))
    both = now.join(before, on="unit", how="left", suffix="_before")
    # where nobody owes and nobody gave anything there are no totals
    return both.filter(pl.col("expected") != pl.col("expected_before").fill_null(0)).is_empty()


def _as_contributions(kept: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Totals that stand, in the shape in which a unit's own figures are added; of doubtful ones nothing may be used."""
    told = kept.filter(pl.col("note").ne_missing(NOTHING_REPORTED))
    value = pl.col("value").fill_null(0.0)
    return told.with_columns(rule=rules_of(catalog)).select(
        "unit",
        *_KEY,
        "rule",
        value=value,
        low=value,
        high=value,
        numerator=pl.col("numerator").fill_null(0.0),
        denominator=pl.col("denominator").fill_null(0.0),
        word="qualifier",
        worded=pl.lit(0, pl.Int64),
        at_most=pl.lit(0, pl.Int64),
        given=pl.lit(1, pl.Int64),
        counts=pl.col("numerator").is_not_null().cast(pl.Int64),
        reported="reported",
    )


def _with_silent(totals: pl.DataFrame, keys: pl.DataFrame, done: Plan) -> pl.DataFrame:
    """The totals with what was owed and what nobody gave."""
    counted = pl.DataFrame({"unit": done.above}).join(done.owed, on="unit", how="left")
    owing = counted.filter(pl.col("expected") > 0)
    silent = owing.select("unit").join(keys, how="cross").join(totals, on=["unit", *_KEY], how="anti")
    nothing = silent.with_columns(reported=pl.lit(0, dtype=pl.Int64), note=pl.lit(NOTHING_REPORTED))
    filled = (
        pl.concat([totals, nothing], how="diagonal")
        .join(counted, on="unit", how="left")
        .with_columns(pl.col("expected").fill_null(0))
    )
    return filled.select(pl.col(name).cast(kind) for name, kind in ROLL_UP.items()).sort("unit", *_KEY)


def _still_told(totals: pl.DataFrame, standing: pl.DataFrame, keys: pl.DataFrame, done: Plan) -> bool:
    """Whether each figure is still given somewhere, for all the highest units know: else it may have no total any
    more."""
    others = standing.filter(pl.col("unit").is_in(done.beside.implode()))
    rows = pl.concat([part.select(*_KEY, "note") for part in (totals, others)])
    told = rows.filter(pl.col("note").ne_missing(NOTHING_REPORTED)).select(_KEY).unique()
    return standing.height > 0 and keys.join(told, on=_KEY, how="anti").is_empty()


def _doubtful(own: pl.DataFrame, kept: pl.DataFrame, keys: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """The figures whose totals cannot be added up from totals."""
    told = kept.filter(pl.col("note").ne_missing(NOTHING_REPORTED))
    stated = (pl.col("source") == REPORTED) & pl.col("note").is_null()
    has_value = pl.col("value").is_not_null() | pl.col("numerator").is_not_null()
    is_worded = has_value & ~pl.col("qualifier").is_in(EXACT).fill_null(False)
    is_rate = rules_of(catalog) == _RATIO
    whole = [_is_whole(name) for name in ("numerator", "denominator")]
    is_broken = ~pl.when(is_rate).then(pl.all_horizontal(whole)).otherwise(_is_whole("value"))
    bad = told.filter(stated | is_worded | is_broken | (pl.col("note") == COUNTS_MISSING))
    own_whole = pl.all_horizontal(_is_whole(name) for name in ("numerator", "denominator"))
    own_broken = ~pl.when(pl.col("rule") == _RATIO).then(own_whole).otherwise(_is_whole("value"))
    own_bad = own.filter((pl.col("worded") > 0) | own_broken)
    listed = keys.filter(rules_of(catalog).is_in(_FROM_LISTS))
    return pl.concat([part.select(_KEY) for part in (bad, own_bad, listed)]).unique().sort(_KEY)


def _is_whole(name: str) -> pl.Expr:
    value = pl.col(name).fill_null(0.0)
    return (value == value.floor()) & (value.abs() < _EXACT_WHOLE)
