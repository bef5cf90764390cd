"""Units of one tree seated in another: where the figures of old units count on today's boundaries, or the reverse.

A unit sits at the lowest place that holds all of it. Merged wholly into one unit it sits there; divided between two
communes of one province it sits at the province, and neither commune can be compared. Nothing is apportioned.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

#: Marks a seat that is a place of its own below the unit it belongs to.
GUEST = "~"


@dataclass(frozen=True)
class Seating:
    """What :func:`seated` found.

    ``tree``: ``unit, parent`` — the tree that stands, with a guest place below a unit for each one that sits there
    beside others. ``seats``: ``moved, seat``; who is missing sits nowhere. ``crossed``: ``unit, moved`` — units of the
    standing tree that hold a part of a moved one and not all of it. ``untold``: ``unit`` — those nothing leads to.
    ``adopted``: ``moved, unit`` — seated where their superior is, for want of a trail of their own.
    """

    tree: pl.DataFrame
    seats: pl.DataFrame
    crossed: pl.DataFrame
    untold: pl.DataFrame
    adopted: pl.DataFrame


def ancestry(tree: pl.DataFrame) -> pl.DataFrame:
    """``below, unit, steps``: every unit with itself (0 steps) and each unit above it. Raises on a ring."""
    step = tree.select(below="unit", unit="unit")
    above = tree.select(unit="unit", parent="parent").join(tree.select(parent="unit"), on="parent", how="semi")
    parts: list[pl.DataFrame] = []
    while step.height:
        if len(parts) > tree.height:
            raise ValueError("units are their own ancestors")
        parts.append(step.with_columns(steps=pl.lit(len(parts), pl.Int64)))
        step = step.join(above, on="unit").select("below", unit="parent")
    return pl.concat(parts) if parts else step.with_columns(steps=pl.lit(0, pl.Int64))


def below(tree: pl.DataFrame, unit: str) -> pl.DataFrame:
    """``unit``: a unit and everything below it."""
    return ancestry(tree).filter(pl.col("unit") == unit).select(unit="below")


def seated(standing: pl.DataFrame, moved: pl.DataFrame, trails: pl.DataFrame) -> Seating:
    """Where each unit of ``moved`` sits in ``standing`` (both ``unit, parent``).

    ``trails``: ``unit`` (of ``moved``), ``target`` (of ``standing``; null: of this unit or this part of it nobody says
    where it is). What has no trail follows the nearest unit above it in ``moved`` that has one. Codes of the two trees
    are names of units, so one that stands in both is the same unit; guests are named :data:`GUEST` + unit.
    """
    direct = trails.drop_nulls("target").select("unit", "target").unique()
    lost = trails.filter(pl.col("target").is_null()).select("unit").unique()
    adopted = _by_superior(moved, direct, lost)
    targets = pl.concat([direct, adopted]).unique()
    homeless = lost.join(adopted, on="unit", how="anti")
    reach = _reach(standing, targets, homeless)
    lowest = reach.filter("holds_all").sort("steps", "place").unique("unit", keep="first", maintain_order=True)
    alone = direct.filter((pl.len().over("unit") == 1) & (pl.len().over("target") == 1)).join(
        lost, on="unit", how="anti"
    )
    itself = alone.select("unit", place="target", is_itself=pl.lit(value=True))
    guest = pl.concat_str(pl.lit(GUEST), pl.col("unit"))
    seats = lowest.join(itself, on=["unit", "place"], how="left").with_columns(
        seat=pl.when("is_itself").then("place").otherwise(guest)
    )
    guests = seats.filter(pl.col("seat") != pl.col("place")).select(unit="seat", parent="place")
    return Seating(
        tree=pl.concat([standing.select("unit", "parent"), guests]),
        seats=seats.select(moved="unit", seat="seat"),
        crossed=reach.filter(~pl.col("holds_all")).select(unit="place", moved="unit").unique().sort("unit", "moved"),
        untold=standing.select("unit").join(direct, left_on="unit", right_on="target", how="anti"),
        adopted=lowest.join(lost, on="unit", how="semi").select(moved="unit", unit="place"),
    )


def _by_superior(moved: pl.DataFrame, direct: pl.DataFrame, lost: pl.DataFrame) -> pl.DataFrame:
    """``unit, target``: what has no trail, or of a part of which none is known, is where the nearest unit above it is
    that has a whole one."""
    told = direct.join(lost, on="unit", how="anti")
    above = ancestry(moved).filter(pl.col("steps") > 0).select("steps", unit="below", superior="unit")
    nearest = (
        above.join(lost, on="unit", how="semi")
        .join(told, left_on="superior", right_on="unit", how="semi")
        .sort("unit", "steps")
        .unique("unit", keep="first", maintain_order=True)
    )
    return nearest.join(told, left_on="superior", right_on="unit").select("unit", "target")


def _reach(standing: pl.DataFrame, targets: pl.DataFrame, homeless: pl.DataFrame) -> pl.DataFrame:
    """``unit, place, steps, holds_all``: every place of the standing tree that holds something of a moved unit.

    ``steps`` is the way up from the nearest part, so that of the places that hold all the lowest has the fewest.
    """
    chain = ancestry(standing).select("steps", target="below", place="unit")
    parts = targets.group_by("unit").agg(parts=pl.len())
    return (
        targets.join(chain, on="target")
        .group_by("unit", "place")
        .agg(held=pl.len(), steps=pl.col("steps").max())
        .join(parts, on="unit")
        .join(homeless.with_columns(is_homeless=pl.lit(value=True)), on="unit", how="left")
        .select(
            "unit",
            "place",
            "steps",
            holds_all=(pl.col("held") == pl.col("parts")) & pl.col("is_homeless").is_null(),
        )
    )


def expected_below(tree: pl.DataFrame, owed: pl.DataFrame) -> pl.DataFrame:
    """``unit, expected``: how many units of ``owed`` (``unit``) are a unit of the tree or below it; all units."""
    counted = ancestry(tree).join(owed.select(below="unit").unique(), on="below", how="semi")
    counts = counted.group_by("unit").agg(expected=pl.len().cast(pl.Int64))
    return tree.select("unit").join(counts, on="unit", how="left").with_columns(pl.col("expected").fill_null(0))
