"""A unit's own statement about everything below it, beside what its children state: only where the two cannot agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from catalog.load import Catalog
from domain import columns
from domain.observation import OverUnits, Scope
from transform.frame import schema_of
from transform.observations import EXACT, is_total_row
from transform.roll_up import deepest, in_tree, tree_of

CHILD_SUMS, CHILD_TERMS = schema_of(columns.CHILD_SUMS), schema_of(columns.CHILD_TERMS)

_KEY = ["indicator", "breakdown"]
_PLACE = ["unit", *_KEY]

#: How far two sums may stray from each other by binary arithmetic alone, relative to their size.
_ROUNDING = 1e-12


class Apart(NamedTuple):
    """Figures that no reading of the words makes the sum of the children, and what the children gave."""

    sums: pl.DataFrame  # CHILD_SUMS
    terms: pl.DataFrame  # CHILD_TERMS, the largest first


def apart_from_children(
    figures: pl.DataFrame,
    units: pl.DataFrame,
    expected: pl.DataFrame,
    catalog: Catalog,
    only: pl.Series | None = None,
) -> Apart:
    """Every figure of scope subtree or territory whose interval does not meet that of the sum of the unit's children.

    ``figures``: submission_id, unit, indicator, breakdown, value, qualifier, lower, upper, scope; ``units``: unit,
    parent; ``expected``: unit, those that owed the form; ``only``: the units that are judged (default: all).

    A child's part is what it states for its subtree (else for its territory) itself, and otherwise its own figure with
    the parts of its own children: every level is judged against the next one, and a wrong sum is found where it was
    made. A child is whole when everything owed in it has entered its part. Judged are figures that are added over
    units; total rows of matrices follow from their other rows. Raises :class:`transform.roll_up.UnitTreeError`.
    """
    tree = tree_of(units)
    added = [code for code, item in catalog.indicators.items() if item.over_units is OverUnits.SUM]
    known = in_tree(figures.filter(pl.col("value").is_not_null()), tree, "figures")
    known = known.with_columns(pl.col("breakdown").fill_null("")).filter(
        pl.col("indicator").is_in(added) & ~is_total_row()
    )
    stated = _stated(known)
    judged = stated.join(tree.filter(~pl.col("leaf")), on="unit", how="semi")
    if only is not None:
        judged = judged.filter(pl.col("unit").is_in(only.implode()))
    if judged.is_empty():
        return Apart(pl.DataFrame(schema=CHILD_SUMS), pl.DataFrame(schema=CHILD_TERMS))
    asked = judged.select(_KEY).unique()
    owing = in_tree(expected.select("unit").unique(), tree, "obligations")
    tree = tree.join(_owed_below(tree, owing), on="unit", how="left").with_columns(pl.col("owed").fill_null(0))
    own = known.filter(pl.col("scope") == Scope.OWN.value).join(asked, on=_KEY, how="semi")
    parts = pl.concat(_parts(own, stated.join(asked, on=_KEY, how="semi"), tree, owing))
    return _apart(judged, _terms(judged, parts, tree))


def _stated(known: pl.DataFrame) -> pl.DataFrame:
    """What units state beyond themselves; the subtree's figure before the territory's."""
    beyond = known.filter(pl.col("scope") != Scope.OWN.value).sort("scope", maintain_order=True)
    return beyond.unique(_PLACE, keep="first", maintain_order=True)


def _owed_below(tree: pl.DataFrame, owing: pl.DataFrame) -> pl.DataFrame:
    """``unit, owed``: how many units of its subtree owe the form, of units with any."""
    start = owing.select("unit", owed=pl.lit(1, dtype=pl.Int64)).join(tree.select("unit", "parent", "depth"), on="unit")
    layers = []
    carried = start.clear().select("unit", "owed")
    for depth in range(deepest(tree), -1, -1):
        here = start.filter(pl.col("depth") == depth).select("unit", "owed")
        layer = pl.concat([here, carried]).group_by("unit").agg(pl.col("owed").sum())
        layers.append(layer)
        carried = _raised(layer, tree)
    return pl.concat(layers)


def _raised(rows: pl.DataFrame, tree: pl.DataFrame) -> pl.DataFrame:
    """The rows of a layer as rows of the units above."""
    up = rows.join(tree.select("unit", "parent"), on="unit").filter(pl.col("parent").is_not_null())
    return up.with_columns(unit=pl.col("parent")).select(rows.columns)


_SUMS = ["value", "low", "high", "given", "worded", "parts"]


def _parts(own: pl.DataFrame, stated: pl.DataFrame, tree: pl.DataFrame, owing: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """What each unit adds to the sum of its superior, layer by layer from the deepest; open bounds are infinite.

    ``given`` counts the owing units of the subtree that are in it: a stated figure speaks for all of them.
    """
    placed = tree.select("unit", "depth", "owed")
    owes = pl.col("unit").is_in(owing["unit"].implode())
    alone = _bounded(own).with_columns(given=owes.cast(pl.Int64)).join(placed, on="unit")
    speaks = _bounded(stated).join(placed, on="unit").with_columns(given=pl.col("owed"))
    shape = [*_PLACE, *_SUMS, "word"]
    carried = alone.clear().select(shape)
    for depth in range(deepest(tree), -1, -1):
        here = speaks.filter(pl.col("depth") == depth).select(shape)
        below = pl.concat([alone.filter(pl.col("depth") == depth).select(shape), carried])
        added = below.group_by(_PLACE).agg(pl.col(_SUMS).sum(), pl.col("word").first())
        layer = pl.concat([here, added.join(here, on=_PLACE, how="anti").select(shape)])
        yield layer
        carried = _raised(layer, tree)


def _bounded(figures: pl.DataFrame) -> pl.DataFrame:
    return figures.select(
        *_PLACE,
        "value",
        low=pl.col("lower").fill_null(float("-inf")),
        high=pl.col("upper").fill_null(float("inf")),
        worded=(~pl.col("qualifier").is_in(EXACT)).cast(pl.Int64),
        parts=pl.lit(1, dtype=pl.Int64),
        word=pl.col("qualifier"),
    )


def _terms(judged: pl.DataFrame, parts: pl.DataFrame, tree: pl.DataFrame) -> pl.DataFrame:
    """A row for every judged figure and child of whom anything was owed or given; ``low, high`` beside CHILD_TERMS."""
    children = tree.filter(pl.col("parent").is_not_null()).select("owed", child="unit", unit="parent")
    pairs = judged.select("unit", *_KEY, file="submission_id").join(children, on="unit")
    found = pairs.join(parts.rename({"unit": "child"}), on=["child", *_KEY], how="left")
    # a sum of several worded parts has no word of its own but "about"
    single = (pl.col("parts") == 1) | (pl.col("worded") == 0)
    exact = pl.when(pl.col("worded") == 0).then(pl.lit("exact")).otherwise(pl.lit("approx"))
    return found.filter((pl.col("owed") > 0) | pl.col("value").is_not_null()).with_columns(
        qualifier=pl.when(single & (pl.col("parts") == 1)).then("word").otherwise(exact),
        is_whole=pl.col("value").is_not_null() & (pl.col("given") >= pl.col("owed")),
    )


def _apart(judged: pl.DataFrame, terms: pl.DataFrame) -> Apart:
    place = ["file", *_KEY]
    sums = terms.group_by(place).agg(
        pl.col("value").sum().alias("sum"),
        sum_low=pl.col("low").sum(),
        sum_high=pl.col("high").sum(),
        whole=pl.col("is_whole").sum().cast(pl.Int64),
        children=pl.len().cast(pl.Int64),
        told=pl.col("value").count(),
    )
    low, high = pl.col("lower").fill_null(float("-inf")), pl.col("upper").fill_null(float("inf"))
    size = pl.max_horizontal(pl.lit(1.0), pl.col("value").abs(), pl.col("sum").abs())
    gap = pl.max_horizontal(low - pl.col("sum_high"), pl.col("sum_low") - high)
    both = judged.rename({"submission_id": "file"}).join(sums, on=place).filter(pl.col("told") > 0)
    found = both.filter(gap > _ROUNDING * size).with_columns(
        sum_lower=pl.when(pl.col("sum_low").is_finite()).then("sum_low"),
        sum_upper=pl.when(pl.col("sum_high").is_finite()).then("sum_high"),
    )
    chosen = found.select(pl.col(name).cast(kind) for name, kind in CHILD_SUMS.items()).sort("file", *_KEY)
    mine = terms.join(chosen, on=place, how="semi").sort("value", descending=True, nulls_last=True, maintain_order=True)
    told = mine.select(pl.col(name).cast(kind) for name, kind in CHILD_TERMS.items())
    return Apart(chosen, told.sort("file", *_KEY, pl.col("value").fill_null(float("-inf")) * -1, "child"))
