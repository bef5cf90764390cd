"""Targets of units: what is in force, what was before, and how new versions are put down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl
from sqlalchemy import Connection, Engine, Select, select

from domain.act import Act
from warehouse import tables
from warehouse.bulk import MOMENT, insert_frame, number_rows, read_frame, update_frame
from warehouse.engine import write
from warehouse.signing import record, sign

#: What :func:`put_targets` takes: numbers of the warehouse, and null as ``value`` where a target is taken back.
PUT = {
    "unit_id": pl.Int64,
    "indicator_id": pl.Int64,
    "year": pl.Int64,
    "direction": pl.String,
    "value": pl.Float64,
    "source": pl.String,
}

_KEY = ["unit_id", "indicator_id", "year"]


class TargetsMovedError(Exception):
    """Somebody else changed targets since those were read that the new ones were proved beside."""


def targets_of(
    engine: Engine, *, year: int | None = None, units: Sequence[str] | None = None, history: bool = False
) -> pl.DataFrame:
    """Targets in force, or with ``history`` every version, by unit, year, indicator and version.

    ``id, unit_id, unit, unit_name, indicator_id, indicator, year, version, direction, value, source, recorded_from,
    recorded_to, who, reason``.

    A version whose ``value`` is null says that the target was taken back; only a history has such. ``units``: codes.
    """
    with engine.connect() as connection:
        found = read_frame(connection, _query(year))
    if not history:
        found = found.filter(pl.col("recorded_to").is_null() & pl.col("value").is_not_null())
    if units is not None:
        found = found.filter(pl.col("unit").is_in(list(units)))
    return found.sort("unit", "year", "indicator_id", "version")


def _query(year: int | None) -> Select[tuple[object, ...]]:
    target, action, unit, indicator = (
        table.c for table in (tables.target, tables.action, tables.unit, tables.indicator)
    )
    names = ("year", "version", "direction", "value", "source", "recorded_from", "recorded_to")
    query = (
        select(
            target.id,
            target.unit_id,
            unit.code.label("unit"),
            unit.name.label("unit_name"),
            target.indicator_id,
            indicator.code.label("indicator"),
            *(target[name] for name in names),
            action.who,
            action.reason,
        )
        .join(tables.unit, unit.id == target.unit_id)
        .join(tables.indicator, indicator.id == target.indicator_id)
        .join(tables.action, action.id == target.action_id)
    )
    return query if year is None else query.where(target.year == year)


def numbers_of(engine: Engine) -> tuple[pl.DataFrame, dict[str, int]]:
    """The units (``unit_id, code, name, valid_from, valid_to``) and the number of each indicator by its code."""
    unit, indicator = tables.unit.c, tables.indicator.c
    with engine.connect() as connection:
        units = read_frame(
            connection, select(unit.id.label("unit_id"), unit.code, unit.name, unit.valid_from, unit.valid_to)
        )
        numbers = {row.code: row.id for row in connection.execute(select(indicator.code, indicator.id))}
    return units, numbers


def put_targets(
    engine: Engine, new: pl.DataFrame, *, who: str, reason: str, before: str, after: str, proved_with: pl.DataFrame
) -> None:
    """Put down a version of each target in ``new`` (:data:`PUT`), all in one act; the version of before ends.

    ``before`` and ``after`` are kept with the act. ``proved_with``: the targets in force (:func:`targets_of`) when the
    new ones were proved; raises :class:`TargetsMovedError` when they are others by now. Nothing is changed then.
    """
    signed = sign(who, reason)
    with write(engine) as connection:
        every = read_frame(connection, _query(None))
        standing = every.filter(pl.col("recorded_to").is_null())
        if _fingerprint(standing.filter(pl.col("value").is_not_null())) != _fingerprint(proved_with):
            raise TargetsMovedError
        action = record(connection, Act.SET_TARGETS, signed, {}, before=before, after=after)
        _put(connection, new, every, action)


def _fingerprint(targets: pl.DataFrame) -> list[tuple[object, ...]]:
    return sorted(targets.select(*_KEY, "version").iter_rows())


def _put(connection: Connection, new: pl.DataFrame, every: pl.DataFrame, action: int) -> None:
    now = datetime.now(UTC)
    target = tables.target
    keys = new.select(_KEY)
    ended = every.filter(pl.col("recorded_to").is_null()).join(keys, on=_KEY, how="semi")
    update_frame(connection, target, ended.select("id", recorded_to=pl.lit(now, MOMENT)), ["id"])
    newest = every.group_by(_KEY).agg(last=pl.col("version").max())
    rows = new.join(newest, on=_KEY, how="left").select(
        *PUT,
        version=pl.col("last").fill_null(0) + 1,
        recorded_from=pl.lit(now, MOMENT),
        recorded_to=pl.lit(None, MOMENT),
        action_id=pl.lit(action),
    )
    insert_frame(connection, target, number_rows(connection, target, rows))
