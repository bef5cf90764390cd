"""From the words of a report to the numbers of the registry: which unit, period and form a header names."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, select

from warehouse import tables
from warehouse.bulk import read_where_in


def resolve(connection: Connection, headers: pl.DataFrame) -> pl.DataFrame:
    """The headers with ``unit_id``, ``period_id``, ``form_id``, null where the registry does not know the word.

    A unit code is understood on the last day of the period, or on the first for a unit that ended within the period.
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
    return placed.join(units, on=["unit", "first_day", "last_day"], how="left", maintain_order="left").drop(
        "first_day", "last_day"
    )


def _units_at(connection: Connection, asked: pl.DataFrame) -> pl.DataFrame:
    """``unit_id`` of each (unit, first_day, last_day): the bearer of the code on the last day, else on the first."""
    unit = tables.unit.c
    query = select(unit.code.label("unit"), unit.id.label("unit_id"), unit.valid_from, unit.valid_to)
    bearers = read_where_in(connection, query, unit.code, asked["unit"].unique())
    lived = pl.any_horizontal(_lives_on(pl.col(day)) for day in ("first_day", "last_day"))
    return (
        asked.join(bearers, on="unit")
        .filter(lived)
        .sort("valid_from")
        .unique(["unit", "first_day", "last_day"], keep="last")
        .drop("valid_from", "valid_to")
    )


def _lives_on(day: pl.Expr) -> pl.Expr:
    return (pl.col("valid_from") <= day) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
