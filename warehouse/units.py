"""The register of units as it stood on a day: the tree, and what lies below a unit."""

from __future__ import annotations

from datetime import date

import polars as pl
from sqlalchemy import Connection, Engine, Select, select

from domain.unit import EventKind, EventShare
from warehouse import tables
from warehouse.bulk import read_frame
from warehouse.lineage import unit_mapping

#: Deeper than any hierarchy of offices; a register with a cycle must not hang a query.
_DEEPEST = 30

#: What leaves a unit whole.
_WHOLE = (EventKind.RENAME.value, EventKind.REPARENT.value)


def unit_tree(engine: Engine, day: date, *, since: date | None = None) -> pl.DataFrame:
    """The units living on ``day``: ``unit_id, unit, name, kind, level, parent, depth`` (0: no living parent).

    A superior that ended has its place taken by the unit it wholly went into (63 → 34 provinces: whoever answered to Hà
    Nam answers to Ninh Bình); one that was split is no superior any more.

    With ``since`` also those that lived at any time from that day on and ended before ``day``, unless another unit
    bears their code by then: with the first day of a period, every unit whose report of the period can be in force.
    """
    with engine.connect() as connection:
        return tree_on(connection, day, since)


def tree_on(connection: Connection, day: date, since: date | None = None) -> pl.DataFrame:
    units = living = _living(connection, day)
    if since is not None:
        ended = _living(connection, day, since).join(units, on="unit", how="anti")
        units = pl.concat([units, ended.unique("unit", keep="last", maintain_order=True)]).sort("unit")
    return with_depth(_under_heirs(connection, units, living["unit"], day))


def _under_heirs(connection: Connection, units: pl.DataFrame, living: pl.Series, day: date) -> pl.DataFrame:
    """The units with the heir of a superior that lives no more in its place; what a divided superior left answers to it
    still, where it is among the units."""
    gone = units.join(living.to_frame("parent"), on="parent", how="anti")["parent"].drop_nulls().unique()
    if gone.is_empty():
        return units
    unit, event = tables.unit.c, tables.unit_event.c
    everyone = read_frame(connection, select(unit.id.label("unit_id"), unit.code, unit.valid_from, unit.valid_to))
    events = read_frame(
        connection,
        select(event.day, event.old_unit_id, event.new_unit_id, event.share).where(event.day <= day),
    )
    ended = everyone.filter(pl.col("code").is_in(gone.implode()) & (pl.col("valid_to") < day))
    last = ended.sort("valid_to").unique("code", keep="last")
    heirs = pl.concat([_heirs(everyone, events, part, day) for part in last.partition_by("valid_to")] or [_NO_HEIRS])
    return (
        units.join(heirs, left_on="parent", right_on="gone", how="left", maintain_order="left")
        # it may have gone into one of those that answered to it: nobody stands above itself
        .with_columns(parent=pl.when(pl.col("heir").ne_missing(pl.col("unit"))).then(pl.coalesce("heir", "parent")))
        .drop("heir")
    )


_NO_HEIRS = pl.DataFrame(schema={"gone": pl.String, "heir": pl.String})


def _heirs(everyone: pl.DataFrame, events: pl.DataFrame, ended: pl.DataFrame, day: date) -> pl.DataFrame:
    """``gone, heir``: codes of the units ``ended`` (all on one day) and of what they wholly went into by ``day``."""
    mapping = unit_mapping(everyone, events, ended["valid_to"][0], day).filter(share=EventShare.FULL.value)
    return (
        ended.select(unit_then=pl.col("unit_id").cast(pl.Int64), gone="code")
        .join(mapping, on="unit_then")
        .join(everyone.select(unit_now=pl.col("unit_id").cast(pl.Int64), heir="code"), on="unit_now")
        .select("gone", "heir")
    )


def _living(connection: Connection, day: date, since: date | None = None) -> pl.DataFrame:
    """The units living on ``day``, or at any time from ``since`` to it; of a code the earlier first."""
    unit = tables.unit.c
    query = select(
        unit.id.label("unit_id"),
        unit.code.label("unit"),
        unit.name,
        unit.kind,
        unit.level,
        unit.parent_code.label("parent"),
    ).where(unit.valid_from <= day, unit.valid_to.is_(None) | (unit.valid_to >= (since or day)))
    return read_frame(connection, query.order_by(unit.code, unit.valid_from))


def with_depth(units: pl.DataFrame) -> pl.DataFrame:
    """Units with ``depth`` below the topmost living unit; a parent that does not live is no parent."""
    living = units.with_columns(parent=pl.when(pl.col("parent").is_in(units["unit"].implode())).then("parent"))
    frontier = living.filter(pl.col("parent").is_null()).select("unit", depth=pl.lit(0, pl.Int64))
    layers = [frontier]
    while frontier.height and len(layers) < _DEEPEST:
        frontier = living.join(frontier, left_on="parent", right_on="unit").select("unit", depth=pl.col("depth") + 1)
        layers.append(frontier)
    return living.join(pl.concat(layers), on="unit", how="left", maintain_order="left")


def subtree(tree: pl.DataFrame, unit: str) -> pl.DataFrame:
    """The rows of ``tree`` for a unit and everything below it; empty when it does not live."""
    frontier = tree.filter(pl.col("unit") == unit).select("unit")
    parts = [frontier]
    while frontier.height and len(parts) < _DEEPEST:
        frontier = tree.join(frontier, left_on="parent", right_on="unit", how="semi").select("unit")
        parts.append(frontier)
    return tree.join(pl.concat(parts), on="unit", how="semi", maintain_order="left")


def units_below(engine: Engine, day: date, unit: str) -> pl.Series:
    """``unit_id`` of a unit and everything below it on a day; empty when it does not live."""
    with engine.connect() as connection:
        return subtree(tree_on(connection, day), unit)["unit_id"]


def closure(tree: pl.DataFrame) -> pl.DataFrame:
    """``ancestor, unit`` for every unit and each unit above it, itself included."""
    step = tree.select("unit", "parent")
    frontier = step.select("unit", ancestor="unit")
    parts = [frontier]
    while frontier.height and len(parts) < _DEEPEST:
        frontier = (
            frontier.join(step, left_on="ancestor", right_on="unit")
            .drop_nulls("parent")
            .select("unit", ancestor="parent")
        )
        parts.append(frontier)
    return pl.concat(parts).select("ancestor", "unit")


def depth_first(rows: pl.DataFrame) -> pl.DataFrame:
    """Each unit before what is below it, units beside each other by code: by the codes on the way down to it."""
    parts: list[pl.DataFrame] = []
    above = pl.DataFrame(schema={"parent": pl.String, "way_above": pl.List(pl.String)})
    for layer in rows.sort("depth").partition_by("depth", maintain_order=True):
        here = layer.join(above, on="parent", how="left").with_columns(
            way=pl.concat_list(pl.col("way_above").fill_null([]), "unit")
        )
        parts.append(here.drop("way_above"))
        above = here.select(parent="unit", way_above="way")
    if not parts:
        return rows
    key = pl.col("way").list.join("\x00")
    return pl.concat(parts).sort(key).drop("way")


def units(engine: Engine, day: date | None = None) -> pl.DataFrame:
    """The register on ``day``, or all of it: ``code, name, kind, level, parent, valid_from, valid_to, source``."""
    with engine.connect() as connection:
        return read_frame(connection, _register(day))


def _register(day: date | None) -> Select[tuple[str, str, str, str, str, date, date, str]]:
    unit = tables.unit.c
    query = select(
        unit.code,
        unit.name,
        unit.kind,
        unit.level,
        unit.parent_code.label("parent"),
        unit.valid_from,
        unit.valid_to,
        unit.source,
    ).order_by(unit.code, unit.valid_from)
    if day is None:
        return query
    return query.where(unit.valid_from <= day, unit.valid_to.is_(None) | (unit.valid_to >= day))


def selves(connection: Connection, unit_ids: pl.Series) -> pl.DataFrame:
    """``unit_id, self_id``: each unit and what it was before renamings and changes of superior, itself first and then
    further and further back. Merged or split a unit does not stay itself."""
    event = tables.unit_event.c
    steps = read_frame(
        connection,
        select(event.new_unit_id.label("self_id"), event.old_unit_id).where(
            event.kind.in_(_WHOLE), event.share == EventShare.FULL.value
        ),
    )
    own = unit_ids.drop_nulls().unique(maintain_order=True)
    reached = pl.DataFrame({"unit_id": own, "self_id": own}).cast(pl.Int64)
    frontier = reached
    while frontier.height:
        frontier = frontier.join(steps, on="self_id").select("unit_id", self_id="old_unit_id")
        frontier = frontier.join(reached, on=["unit_id", "self_id"], how="anti")
        reached = pl.concat([reached, frontier])
    return reached


def renamed_since(connection: Connection, day: date) -> pl.DataFrame:
    """``unit_id, now_id, now``: what the units living on ``day`` were before renamings and changes of superior, with
    the number and the code they bear on it. What a unit sent then is its own, and is owed by it alone."""
    own, unit = tables.unit_self.c, tables.unit.c
    query = (
        select(own.self_id.label("unit_id"), unit.id.label("now_id"), unit.code.label("now"))
        .join_from(tables.unit_self, tables.unit, unit.id == own.unit_id)
        .where(own.self_id != own.unit_id, unit.valid_from <= day, unit.valid_to.is_(None) | (unit.valid_to >= day))
    )
    return read_frame(connection, query).unique("unit_id", keep="first", maintain_order=True)
