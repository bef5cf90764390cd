"""What the views of analysts join: every unit and all units above it, its superior, and what it was before.

The rules are those of :func:`warehouse.units.tree_on`, for all days at once: a superior is the unit that bears the
code on the day; where none does any more, the unit that the last one wholly went into. A view cannot afford to climb
the tree for each question, and a question about one province must not climb it for 280,000 units.
"""

from __future__ import annotations

from datetime import date

import polars as pl
from sqlalchemy import Connection, Table, delete, inspect, select

from domain.unit import EventShare
from warehouse import tables
from warehouse.bulk import gather_statistics, insert_frame, read_frame
from warehouse.units import selves

#: Deeper than any hierarchy of offices; a register with a cycle must not hang whoever imports it.
_DEEPEST = 30

#: Stands for "still" while days are compared.
_STILL = date(9999, 12, 31)

_IN_ONE_STATEMENT = 10_000

_KEPT = (tables.unit_above, tables.unit_superior, tables.unit_self)

_EDGE = {"unit_id": pl.Int64, "superior_id": pl.Int64, "first_day": pl.Date, "last_day": pl.Date}
_TRAIL = {"gone_id": pl.Int64, "heir_id": pl.Int64, "first_day": pl.Date, "last_day": pl.Date}


def refresh_ancestry(connection: Connection) -> None:
    """Bring ``unit_above``, ``unit_superior`` and ``unit_self`` up to the register, inside
    :func:`warehouse.engine.write`; only what changed is written."""
    unit, event = tables.unit.c, tables.unit_event.c
    units = read_frame(
        connection, select(unit.id.label("unit_id"), unit.code, unit.parent_code, unit.valid_from, unit.valid_to)
    )
    events = read_frame(connection, select(event.day, event.old_unit_id, event.new_unit_id, event.share))
    _rewrite(connection, tables.unit_above, ancestry(units, events))
    _rewrite(connection, tables.unit_superior, superiors(units, events))
    _rewrite(connection, tables.unit_self, selves(connection, units["unit_id"]))


def is_kept(connection: Connection) -> bool:
    """Whether :func:`refresh_ancestry` was ever done: a register that was filled before there was anything to keep, or
    restored from such a time, has units and nothing of them here. True where there is nothing to keep it in yet."""
    there = inspect(connection)
    if not all(there.has_table(table.name) for table in _KEPT):
        return True
    lacking = any(connection.execute(select(1).select_from(table).limit(1)).first() is None for table in _KEPT)
    return not lacking or connection.execute(select(1).select_from(tables.unit).limit(1)).first() is None


def _rewrite(connection: Connection, table: Table, wanted: pl.DataFrame) -> None:
    """Make the rows of ``table`` those of ``wanted``: the units of which anything differs are written anew."""
    there, names = read_frame(connection, select(table)), wanted.columns
    fresh = wanted.join(there, on=names, how="anti", nulls_equal=True)
    stale = there.join(wanted, on=names, how="anti", nulls_equal=True)
    changed = pl.concat([fresh["unit_id"], stale["unit_id"]]).unique()
    for part in (stale["unit_id"].unique().to_frame()).iter_slices(_IN_ONE_STATEMENT):
        connection.execute(delete(table).where(table.c.unit_id.in_(part["unit_id"].to_list())))
    rewritten = wanted.join(stale, on="unit_id", how="semi")
    added = pl.concat([rewritten, fresh]).unique().sort(*(column.name for column in table.primary_key))
    insert_frame(connection, table, added)
    gather_statistics(connection, changed.len(), table)


def ancestry(units: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """``unit_id, ancestor_id, first_day, last_day`` (null: still) ``, steps``: each unit below itself and below every
    unit above it; pure.

    ``units``: ``unit_id, code, parent_code, valid_from, valid_to``; ``events``: ``day,
    old_unit_id, new_unit_id, share``.
    """
    living = units.with_columns(pl.col("unit_id").cast(pl.Int64), pl.col("valid_to").fill_null(_STILL))
    edges = _superiors(living, _flows(events))
    here = living.select(
        "unit_id", ancestor_id="unit_id", first_day="valid_from", last_day="valid_to", steps=pl.lit(0, pl.Int64)
    )
    layers = [here]
    while here.height and len(layers) <= _DEEPEST:
        higher = here.join(edges, left_on="ancestor_id", right_on="unit_id", suffix="_there")
        here = (
            _overlap(higher)
            .select("unit_id", "first_day", "last_day", ancestor_id="superior_id", steps=pl.col("steps") + 1)
            .select(here.columns)
        )
        layers.append(here)
    every = pl.concat(layers).unique(["unit_id", "ancestor_id", "first_day"], keep="first", maintain_order=True)
    still = pl.when(pl.col("last_day") < _STILL).then("last_day")
    return every.with_columns(last_day=still).sort("unit_id", "ancestor_id", "first_day")


def superiors(units: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """``unit_id, first_day, last_day`` (null: still) ``, parent_code``: whom each unit answers to, from its first day
    on without a gap, also after its end: what it left is added up there; pure.

    The heir of a superior that lives no more, while there is one, and the registered superior else; as for
    :func:`ancestry`, nobody is above itself.
    """
    living = units.with_columns(pl.col("unit_id").cast(pl.Int64), pl.col("valid_to").fill_null(_STILL))
    mine = living.select("unit_id", "code", "parent_code", "valid_from")
    heirs = (
        _heirs(living, _flows(events))
        .join(living.select(heir_id="unit_id", heir="code"), on="heir_id")
        .join(mine.drop("code"), left_on="code", right_on="parent_code")
        .filter(pl.col("last_day") >= pl.col("valid_from"))
        .with_columns(first_day=pl.max_horizontal("first_day", "valid_from"))
        .sort("unit_id", "first_day")
    )
    under_heir = heirs.join(mine.select("unit_id", own="code"), on="unit_id").select(
        "unit_id", "first_day", "last_day", parent_code=pl.when(pl.col("heir") != pl.col("own")).then("heir")
    )
    return (
        pl.concat([_between(heirs, mine), under_heir])
        .with_columns(last_day=pl.when(pl.col("last_day") < _STILL).then("last_day"))
        .sort("unit_id", "first_day")
    )


def _between(heirs: pl.DataFrame, mine: pl.DataFrame) -> pl.DataFrame:
    """The days on which a unit answers to its registered superior: those that no heir has. ``heirs`` in order."""
    before = heirs.select(
        "unit_id",
        since=pl.col("last_day").shift(1).over("unit_id").dt.offset_by("1d").fill_null(pl.col("valid_from")),
        until=pl.col("first_day").dt.offset_by("-1d"),
    )
    ends = heirs.group_by("unit_id").agg(taken=pl.col("last_day").max())
    onward = mine.join(ends, on="unit_id", how="left").filter(pl.col("taken").is_null() | (pl.col("taken") < _STILL))
    after = onward.select(
        "unit_id", since=pl.coalesce(pl.col("taken").dt.offset_by("1d"), "valid_from"), until=pl.lit(_STILL)
    )
    return (
        pl.concat([before, after])
        .filter(pl.col("since") <= pl.col("until"))
        .join(mine, on="unit_id")
        .select("unit_id", "parent_code", first_day="since", last_day="until")
        .select("unit_id", "first_day", "last_day", "parent_code")
    )


def heirs_on(connection: Connection, unit_ids: pl.Series, day: date) -> pl.DataFrame:
    """``unit_id, heir_id``: the unit that all of each of these units is on ``day``, itself while it lives; null where
    it went apart, or where nobody recorded where it went."""
    unit, event = tables.unit.c, tables.unit_event.c
    asked = unit_ids.drop_nulls().unique().cast(pl.Int64).to_frame("unit_id")
    lived = read_frame(connection, select(unit.id.label("unit_id"), unit.code, unit.valid_from, unit.valid_to))
    units = lived.with_columns(pl.col("unit_id").cast(pl.Int64), pl.col("valid_to").fill_null(_STILL))
    own = asked.join(units, on="unit_id")
    gone = own.filter(pl.col("valid_to") < day).select("code", gone_id="unit_id", ended="valid_to")
    if gone.is_empty():
        return own.select("unit_id", heir_id="unit_id")
    events = read_frame(connection, select(event.day, event.old_unit_id, event.new_unit_id, event.share))
    there = _trails(gone, units, _flows(events)).filter(pl.col("first_day") <= day, pl.col("last_day") >= day)
    found = own.join(there, left_on="unit_id", right_on="gone_id", how="left")
    still_itself = pl.when(pl.col("valid_to") >= day).then("unit_id")
    return found.select("unit_id", heir_id=pl.coalesce(still_itself, "heir_id"))


def _flows(events: pl.DataFrame) -> pl.DataFrame:
    """``old_id, new_id, day, is_full``, one row for each pair of units and day."""
    return events.unique(["day", "old_unit_id", "new_unit_id"]).select(
        "day",
        old_id=pl.col("old_unit_id").cast(pl.Int64),
        new_id=pl.col("new_unit_id").cast(pl.Int64),
        is_full=pl.col("share") == EventShare.FULL.value,
    )


def _overlap(pairs: pl.DataFrame) -> pl.DataFrame:
    """The days both stretches of a row have in common, where there are any."""
    return pairs.with_columns(
        first_day=pl.max_horizontal("first_day", "first_day_there"),
        last_day=pl.min_horizontal("last_day", "last_day_there"),
    ).filter(pl.col("first_day") <= pl.col("last_day"))


def _superiors(units: pl.DataFrame, flows: pl.DataFrame) -> pl.DataFrame:
    """``unit_id, superior_id, first_day, last_day``: whom each unit answers to, and when."""
    children = units.select("unit_id", "parent_code", first_day="valid_from", last_day="valid_to")
    bearers = units.select("code", superior_id="unit_id", first_day_there="valid_from", last_day_there="valid_to")
    heirs = _heirs(units, flows).rename(
        {"heir_id": "superior_id", "first_day": "first_day_there", "last_day": "last_day_there"}
    )
    superiors = pl.concat([bearers, heirs.select(bearers.columns)])
    edges = _overlap(children.join(superiors, left_on="parent_code", right_on="code"))
    # what a superior wholly went into may be one of those that answered to it: nobody is above itself
    return edges.filter(pl.col("superior_id") != pl.col("unit_id")).select(
        pl.col(name).cast(kind) for name, kind in _EDGE.items()
    )


def _heirs(units: pl.DataFrame, flows: pl.DataFrame) -> pl.DataFrame:
    """``code, heir_id, first_day, last_day``: who stands in for a code that nobody bears."""
    is_superior = pl.col("code").is_in(units["parent_code"].drop_nulls().unique().implode())
    ended = units.filter(is_superior & (pl.col("valid_to") < _STILL))
    gone = ended.select("code", gone_id="unit_id", ended="valid_to")
    next_born = (
        gone.join(units.select("code", "valid_from", "valid_to"), on="code")
        .filter(pl.col("valid_to") > pl.col("ended"))
        .group_by("gone_id")
        .agg(next_born=pl.col("valid_from").min())
    )
    vacant = gone.join(next_born, on="gone_id", how="left").select(
        "code",
        "gone_id",
        first_day_there=pl.col("ended").dt.offset_by("1d"),
        last_day_there=pl.col("next_born").dt.offset_by("-1d").fill_null(_STILL),
    )
    found = _overlap(_trails(gone, units, flows).join(vacant, on="gone_id"))
    return found.select("code", "heir_id", "first_day", "last_day")


def _trails(gone: pl.DataFrame, units: pl.DataFrame, flows: pl.DataFrame) -> pl.DataFrame:
    """``gone_id, heir_id, first_day, last_day``: where all of a unit that ended was to be found, and when.

    As :func:`warehouse.lineage.unit_mapping` follows a whole: it is no whole any more once parts went different ways,
    once only a part went on, or once it went from a unit that lives on. A trail that ends says nothing of later days.
    """
    lives = units.select("unit_id", "valid_from", "valid_to")
    here = gone.select("gone_id", at="gone_id", since="ended")
    stays = [pl.DataFrame(schema=_TRAIL)]
    while here.height:
        later = here.join(flows, left_on="at", right_on="old_id").filter(pl.col("day") > pl.col("since"))
        step = later.filter(pl.col("day") == pl.col("day").min().over("gone_id"))
        left = step.select("gone_id", left=pl.col("day")).unique()
        stays.append(_stays(here.filter(pl.col("at") != pl.col("gone_id")).join(left, on="gone_id", how="left"), lives))
        bounded = step.join(lives, left_on="at", right_on="unit_id")
        lives_on = (pl.col("valid_from") <= pl.col("day")) & (pl.col("day") <= pl.col("valid_to"))
        is_whole = pl.col("is_full") & (pl.len().over("gone_id") == 1) & ~lives_on
        here = bounded.filter(is_whole).select("gone_id", at="new_id", since="day")
    return pl.concat(stays)


def _stays(stops: pl.DataFrame, lives: pl.DataFrame) -> pl.DataFrame:
    """The days of a trail in one unit: from its arrival until it leaves, as long as the unit lives."""
    during = stops.join(lives, left_on="at", right_on="unit_id").select(
        "gone_id",
        heir_id="at",
        first_day=pl.max_horizontal("since", "valid_from"),
        last_day=pl.min_horizontal(pl.col("left").dt.offset_by("-1d").fill_null(_STILL), "valid_to"),
    )
    return during.filter(pl.col("first_day") <= pl.col("last_day")).cast(pl.Schema(_TRAIL))
