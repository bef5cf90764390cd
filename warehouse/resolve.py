"""From the words of a report to the numbers of the registry: which unit, period and form a header names."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, select

from warehouse import tables
from warehouse.bulk import read_where_in
from warehouse.units import selves


def resolve(connection: Connection, headers: pl.DataFrame) -> pl.DataFrame:
    """The headers with ``unit_id``, ``period_id``, ``form_id``, null where the registry does not know the word.

    A unit code is understood on the last day of the period, and for a unit that ended within it by who bore it last.
    What a unit sends again after it was renamed, or came under another superior, within the period is a version of the
    report it sent before.
    """
    period = tables.period.c
    form = tables.form.c
    periods = read_where_in(
        connection,
        select(period.code.label("period"), period.id.label("period_id"), period.first_day, period.last_day),
        period.code,
        headers["period"].drop_nulls().unique(),
    )
    forms = read_where_in(
        connection,
        select(form.code.label("form"), form.id.label("form_id")),
        form.code,
        headers["form"].drop_nulls().unique(),
    )
    placed = headers.join(periods, on="period", how="left", maintain_order="left")
    placed = placed.join(forms, on="form", how="left", maintain_order="left")
    units = _units_at(connection, placed.select("unit", "first_day", "last_day").drop_nulls().unique())
    found = placed.join(units, on=["unit", "first_day", "last_day"], how="left", maintain_order="left")
    return _where_it_was(connection, found.drop("first_day", "last_day"))


def _where_it_was(connection: Connection, placed: pl.DataFrame) -> pl.DataFrame:
    """A report stays with the unit its first version was taken in for, when that is what the unit was before."""
    selves_of = selves(connection, placed["unit_id"]).filter(pl.col("unit_id") != pl.col("self_id"))
    if selves_of.is_empty():
        return placed
    submission = tables.submission.c
    query = select(submission.unit_id.label("self_id"), submission.period_id, submission.form_id).distinct()
    sent = read_where_in(connection, query, submission.unit_id, selves_of["self_id"].unique())
    before = (
        selves_of.join(sent, on="self_id")
        .group_by("unit_id", "period_id", "form_id")
        .agg(before=pl.col("self_id").min())
        .cast({name: placed.schema[name] for name in ("unit_id", "period_id", "form_id")})
    )
    return (
        placed.join(before, on=["unit_id", "period_id", "form_id"], how="left", maintain_order="left")
        .with_columns(unit_id=pl.coalesce("before", "unit_id").cast(placed.schema["unit_id"]))
        .drop("before")
    )


def _units_at(connection: Connection, asked: pl.DataFrame) -> pl.DataFrame:
    """``unit_id`` of each (unit, first_day, last_day): who bore the code last between the two days."""
    unit = tables.unit.c
    query = select(unit.code.label("unit"), unit.id.label("unit_id"), unit.valid_from, unit.valid_to)
    bearers = read_where_in(connection, query, unit.code, asked["unit"].unique())
    lived = (pl.col("valid_from") <= pl.col("last_day")) & (
        pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("first_day"))
    )
    return (
        asked.join(bearers, on="unit")
        .filter(lived)
        .sort("valid_from")
        .unique(["unit", "first_day", "last_day"], keep="last")
        .drop("valid_from", "valid_to")
    )
