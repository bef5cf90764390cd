"""What a comparison of two periods is read from: the units of each, their trails, the deeds behind these; and the mart
the comparisons with the year before are kept in."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
from sqlalchemy import Engine, delete, func, select

from domain.submission import IN_FORCE
from domain.unit import EventShare
from warehouse import tables
from warehouse.bulk import MOMENT, insert_frame, read_frame
from warehouse.engine import write
from warehouse.lineage import unit_mapping
from warehouse.units import tree_on

_TRAIL = pl.Schema({"unit": pl.String, "target": pl.String})


def units_of_period(engine: Engine, first: date, last: date) -> pl.DataFrame:
    """Every unit whose report of a period can be in force, as the tree of its last day has them.

    ``unit, parent`` (numbers of the warehouse as text: a code names different units at different times), ``code, name,
    kind, valid_from, until``; ``until`` is the last day of the period, or of the unit where it ended before.
    """
    unit = tables.unit.c
    with engine.connect() as connection:
        tree = tree_on(connection, last, first)
        lives = read_frame(connection, select(unit.id.label("unit_id"), unit.valid_from, unit.valid_to))
    numbers = tree.select(parent="unit", superior=pl.col("unit_id").cast(pl.String))
    return (
        tree.join(lives, on="unit_id", how="left")
        .join(numbers, on="parent", how="left")
        .select(
            unit=pl.col("unit_id").cast(pl.String),
            parent="superior",
            code="unit",
            name="name",
            kind="kind",
            valid_from="valid_from",
            until=pl.min_horizontal(pl.col("valid_to"), pl.lit(last)),
        )
    )


def trails_forward(engine: Engine, then: pl.DataFrame, now: date) -> pl.DataFrame:
    """``unit, target``: what the units ``then`` (``unit, until``) are on the day ``now``; target null where nobody
    says. Of a unit of which one part only is told, the rest is null: the register may hold one province of a reform."""
    units, events = _register(engine)
    parts = [
        unit_mapping(units, events, part["until"][0], now).filter(
            pl.col("unit_then").is_in(part["unit"].cast(pl.Int64).implode())
        )
        for part in then.partition_by("until")
    ]
    found = pl.concat(parts) if parts else pl.DataFrame(schema={"unit_then": pl.Int64, "unit_now": pl.Int64})
    trail = found.select(unit=pl.col("unit_then").cast(pl.String), target=pl.col("unit_now").cast(pl.String))
    if found.is_empty():
        return trail.cast(_TRAIL)
    of_one = found.filter((pl.len().over("unit_then") == 1) & (pl.col("share") == EventShare.PARTIAL.value))
    rest = of_one.select(unit=pl.col("unit_then").cast(pl.String), target=pl.lit(None, pl.String))
    return pl.concat([trail, rest]).unique().sort("unit", "target")


def trails_backward(engine: Engine, then: date, now: pl.DataFrame) -> pl.DataFrame:
    """``unit, target``: what the units ``now`` (``unit, until``) were on the day ``then``; target null where nobody
    says."""
    units, events = _register(engine)
    parts = [
        unit_mapping(units, events, then, part["until"][0]).filter(
            pl.col("unit_now").is_in(part["unit"].cast(pl.Int64).implode())
        )
        for part in now.partition_by("until")
    ]
    if not parts:
        return pl.DataFrame(schema=_TRAIL)
    return (
        pl.concat(parts)
        .select(unit=pl.col("unit_now").cast(pl.String), target=pl.col("unit_then").cast(pl.String))
        .unique()
        .sort("unit", "target")
    )


def _register(engine: Engine) -> tuple[pl.DataFrame, pl.DataFrame]:
    unit, event = tables.unit.c, tables.unit_event.c
    with engine.connect() as connection:
        units = read_frame(connection, select(unit.id.label("unit_id"), unit.valid_from, unit.valid_to))
        events = read_frame(connection, select(event.day, event.old_unit_id, event.new_unit_id, event.share))
    return units, events


def deeds(engine: Engine, then: date, now: date) -> pl.DataFrame:
    """The events between two days: ``old, new`` (numbers as text), ``kind, day, share, document``."""
    event = tables.unit_event.c
    query = select(event.old_unit_id, event.new_unit_id, event.kind, event.day, event.share, event.document).where(
        event.day > then, event.day <= now
    )
    with engine.connect() as connection:
        rows = read_frame(connection, query.order_by(event.day, event.id))
    names = ("kind", "day", "share", "document")
    return rows.select(*names, old=pl.col("old_unit_id").cast(pl.String), new=pl.col("new_unit_id").cast(pl.String))


def has_figures(engine: Engine, period: str, form: str) -> bool:
    """Whether any report of the period and form is in force; also for a period the registry does not hold."""
    submission = tables.submission.c
    query = (
        select(submission.id)
        .join(tables.period, tables.period.c.id == submission.period_id)
        .join(tables.form, tables.form.c.id == submission.form_id)
        .where(tables.period.c.code == period, tables.form.c.code == form)
        .where(submission.state.in_(sorted(IN_FORCE)))
    )
    with engine.connect() as connection:
        return connection.execute(query.limit(1)).first() is not None


def has_year_on_year(engine: Engine, period: str, form: str) -> bool:
    """Whether comparisons of the period and form are kept."""
    mart = tables.mart_year_on_year.c
    with engine.connect() as connection:
        query = select(mart.unit).where(mart.period == period, mart.form == form)
        return connection.execute(query.limit(1)).first() is not None


def write_year_on_year(engine: Engine, period: str, form: str, frame: pl.DataFrame, *, as_of: datetime) -> int:
    """Replace the comparisons of a period and form with the year before, in one transaction; the number of rows.

    ``as_of`` is when the figures were read: what another run compared from later figures stays, and 0 is returned.
    ``frame`` has the columns of ``mart_year_on_year`` but ``period``, ``form`` and ``refreshed_at``; without rows it
    may have none of them, and nothing stands afterwards.
    """
    mart = tables.mart_year_on_year
    rows = frame.with_columns(period=pl.lit(period), form=pl.lit(form), refreshed_at=pl.lit(as_of, MOMENT))
    newest = select(func.max(mart.c.refreshed_at)).where(mart.c.period == period, mart.c.form == form)
    with write(engine) as connection:
        standing = connection.scalar(newest)
        if standing is not None and standing > as_of:
            return 0
        connection.execute(delete(mart).where(mart.c.period == period, mart.c.form == form))
        if frame.is_empty():
            return 0
        ordered = rows.select(column.name for column in mart.columns).sort("unit", "indicator", "breakdown")
        return insert_frame(connection, mart, ordered)
