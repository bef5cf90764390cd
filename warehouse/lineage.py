"""Old units and new: what of the units of one day is in which units of another, and how far it may be compared.

The ground of every comparison across mergers (year on year, before and after a reform). Facts stay on the unit that
reported them; this mapping says which of them may be added up to stand beside a unit of today:

* **full merges are summed.** Of a new unit whose rows are all ``full``, the figures of its ``unit_then`` added up
  compare with its own;
* **a split or partial transfer is not comparable**, and the row says why. Nothing is ever apportioned: no document says
  how many dossiers of a divided commune went where, and a share of its land or people is a share of neither;
* **chains are followed**: merged in July and renamed in October is one merger;
* **a code that comes again is not a trail.** Where no event joins two units of one code, both stand alone.
"""

from __future__ import annotations

from datetime import date

import polars as pl
from sqlalchemy import Engine, select

from domain.lineage import Comparable, LineageReason
from domain.unit import EventShare
from warehouse import tables
from warehouse.bulk import read_frame

#: One row for each pair of an old and a new unit that have something in common, and one for each without a counterpart.
MAPPING = {
    "unit_then": pl.Int64,
    "unit_now": pl.Int64,
    "share": pl.String,
    "comparable": pl.String,
    "reason": pl.String,
}

_PAIR = ["unit_then", "unit_now"]


def unit_mapping(units: pl.DataFrame, events: pl.DataFrame, then: date, now: date) -> pl.DataFrame:
    """:data:`MAPPING` of the units living on ``then`` to those living on ``now``, sorted; pure.

    ``units``: ``unit_id`` Int64, ``valid_from``, ``valid_to`` Date (null while it lives; both days inside).
    ``events``: ``day`` Date, ``old_unit_id``, ``new_unit_id`` Int64, ``share`` (:class:`domain.unit.EventShare`); those
    with ``then < day <= now`` are followed, the events of one day as one step.

    Every unit living on ``then`` is a ``unit_then``, every unit living on ``now`` a ``unit_now``; null stands where
    there is no counterpart. ``share`` is how much **of unit_then** is in ``unit_now``: ``full``, ``partial``, or null
    where ``unit_then`` is null. A whole unit stands in exactly one row, so no figure can be summed twice. Parts that
    meet again in one unit stay ``partial``: that they are all of it nobody recorded. The register's contradictions (two
    whole transfers of one unit, a unit that went whole and lives on) are read as parts, never as twice the figure.

    ``comparable`` and ``reason``: :class:`domain.lineage.Comparable`, :class:`domain.lineage.LineageReason`. Of one
    ``unit_now`` either every row is ``full`` or none is.

    Raises ``ValueError`` when ``then`` is after ``now``.
    """
    if then > now:
        raise ValueError(f"{then} is after {now}")
    born = _living(units, then)
    pairs = born.select(unit_then="unit_id", unit_now="unit_id", whole=pl.lit(value=True))
    between = events.filter((pl.col("day") > then) & (pl.col("day") <= now)).unique(
        ["day", "old_unit_id", "new_unit_id"]
    )
    for day in between["day"].unique().sort():
        pairs = _stepped(pairs, between.filter(pl.col("day") == day), _living(units, day))
    living = _living(units, now)
    arrived = pairs.join(living.select(unit_now="unit_id", lives=pl.lit(value=True)), on="unit_now", how="left")
    ends = arrived.with_columns(unit_now=pl.when("lives").then("unit_now")).group_by(_PAIR).agg(pl.col("whole").all())
    untold = living.join(ends, left_on="unit_id", right_on="unit_now", how="anti").select(
        unit_then=pl.lit(None, pl.Int64), unit_now="unit_id", whole=pl.lit(None, pl.Boolean)
    )
    return _judged(pl.concat([ends, untold]))


def _living(units: pl.DataFrame, day: date) -> pl.DataFrame:
    lives = (pl.col("valid_from") <= day) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
    return units.filter(lives).select(pl.col("unit_id").cast(pl.Int64))


def _stepped(pairs: pl.DataFrame, step: pl.DataFrame, living: pl.DataFrame) -> pl.DataFrame:
    """The pairs after the events of one day. A unit that gives parts away and lives on keeps the rest, a part as well.

    A unit that ended without an event so far waits where it is: one may still come, and if none does its trail ends.
    """
    flows = step.select(
        unit_now=pl.col("old_unit_id").cast(pl.Int64),
        into=pl.col("new_unit_id").cast(pl.Int64),
        is_full=pl.col("share") == EventShare.FULL.value,
    )
    rest = flows.select("unit_now").unique().join(living, left_on="unit_now", right_on="unit_id", how="semi")
    kept = rest.select("unit_now", into="unit_now", is_full=pl.lit(value=True))
    ways = pl.concat([flows, kept]).with_columns(only=pl.len().over("unit_now") == 1)
    moved = pairs.join(ways, on="unit_now").select(
        "unit_then", unit_now="into", whole=pl.col("whole") & pl.col("is_full") & pl.col("only")
    )
    stayed = pairs.join(flows, on="unit_now", how="anti")
    together = pl.concat([stayed, moved]).group_by(_PAIR)
    # a pair reached on two ways is two parts
    return together.agg(whole=pl.col("whole").all() & (pl.len() == 1))


def _judged(ends: pl.DataFrame) -> pl.DataFrame:
    whole = pl.col("whole")
    only_wholes = whole.all().over("unit_now")
    alone = pl.len().over("unit_now") == 1
    reason = (
        pl.when(pl.col("unit_then").is_null())
        .then(pl.lit(LineageReason.BEGAN_UNTOLD.value))
        .when(pl.col("unit_now").is_null())
        .then(pl.lit(LineageReason.ENDED_UNTOLD.value))
        .when(~whole)
        .then(pl.lit(LineageReason.SPLIT.value))
        .when(~only_wholes)
        .then(pl.lit(LineageReason.RECEIVED_PARTS.value))
        .when(~alone)
        .then(pl.lit(LineageReason.MERGED.value))
        .when(pl.col("unit_then") == pl.col("unit_now"))
        .then(pl.lit(LineageReason.UNCHANGED.value))
        .otherwise(pl.lit(LineageReason.CONTINUED.value))
    )
    full = [LineageReason.MERGED.value, LineageReason.UNCHANGED.value, LineageReason.CONTINUED.value]
    comparable = (
        pl.when(pl.col("reason").is_in(full))
        .then(pl.lit(Comparable.FULL.value))
        .when(pl.col("reason") == LineageReason.RECEIVED_PARTS.value)
        .then(pl.lit(Comparable.PARTIAL.value))
        .otherwise(pl.lit(Comparable.NONE.value))
    )
    share = pl.when(whole).then(pl.lit(EventShare.FULL.value)).when(~whole).then(pl.lit(EventShare.PARTIAL.value))
    return (
        ends.with_columns(share=share, reason=reason)
        .with_columns(comparable=comparable)
        .select(pl.col(name).cast(kind) for name, kind in MAPPING.items())
        .sort("unit_now", "unit_then", nulls_last=True)
    )


def mapping_between(engine: Engine, then: date, now: date) -> pl.DataFrame:
    """:func:`unit_mapping` of the warehouse's register, with ``code_then, name_then, code_now, name_now`` and
    ``documents``: the decisions on the way, with semicolons; null where nothing was decided."""
    unit, event = tables.unit.c, tables.unit_event.c
    with engine.connect() as connection:
        units = read_frame(
            connection, select(unit.id.label("unit_id"), unit.code, unit.name, unit.valid_from, unit.valid_to)
        )
        events = read_frame(
            connection,
            select(event.day, event.old_unit_id, event.new_unit_id, event.share, event.document).where(
                event.day > then, event.day <= now
            ),
        )
    mapping = unit_mapping(units, events, then, now).join(
        _documents(events), on=_PAIR, how="left", maintain_order="left"
    )
    for side in ("then", "now"):
        words = units.select(
            pl.col("unit_id").cast(pl.Int64).alias(f"unit_{side}"),
            pl.col("code").alias(f"code_{side}"),
            pl.col("name").alias(f"name_{side}"),
        )
        mapping = mapping.join(words, on=f"unit_{side}", how="left", maintain_order="left")
    return mapping


def _documents(events: pl.DataFrame) -> pl.DataFrame:
    """``unit_then, unit_now, documents``: the decisions on every way from a unit to where its events led, in the order
    of their days; the pair of a unit with itself has those by which it gave parts away."""
    told = events.select(
        "day", "document", old=pl.col("old_unit_id").cast(pl.Int64), new=pl.col("new_unit_id").cast(pl.Int64)
    )
    here = told.select(unit_then="old", unit_now="old", documents=pl.lit([], pl.List(pl.String))).unique(_PAIR)
    for day in told["day"].unique().sort():
        step = told.filter(pl.col("day") == day)
        moved = here.join(step, left_on="unit_now", right_on="old").select("unit_then", "new", "documents", "document")
        given = step.group_by("old").agg(pl.col("document").unique(maintain_order=True))
        stayed = here.join(given, left_on="unit_now", right_on="old", how="left").select(
            *_PAIR, pl.col("documents").list.concat(pl.col("document").fill_null(pl.lit([], pl.List(pl.String))))
        )
        arrived = moved.select("unit_then", unit_now="new", documents=pl.col("documents").list.concat("document"))
        here = (
            pl.concat([stayed, arrived])
            .group_by(_PAIR, maintain_order=True)
            .agg(pl.col("documents").list.explode(keep_nulls=False, empty_as_null=False))
        )
        here = here.with_columns(pl.col("documents").list.unique(maintain_order=True))
    joined = pl.col("documents").list.join("; ")
    return here.select(*_PAIR, documents=pl.when(joined != "").then(joined))
