"""Rows of lists read back, for counts in which each thing counts once."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sqlalchemy import ColumnElement, Connection, Engine, Select, String, literal, select

from domain.submission import IN_FORCE
from warehouse import tables
from warehouse.bulk import polars_type, read_frame

_SHARED = ("submission_id", "item", "content", "place_id")

_KEY = {"unit": pl.String, "list": pl.String, "key": pl.String}


def list_rows(engine: Engine, period: str, form: str, lists: Sequence[str]) -> pl.DataFrame:
    """The rows of these lists in the reports in force: ``unit, list, key`` and the texts and codes of the lists that
    have tables of their own (null in rows of others)."""
    with engine.connect() as connection:
        parts = [_rows(connection, period, form, code) for code in lists]
    return pl.concat([pl.DataFrame(schema=_KEY), *parts], how="diagonal")


def _rows(connection: Connection, period: str, form: str, code: str) -> pl.DataFrame:
    table = tables.LIST_TABLES.get(code, tables.list_item)
    texts = [c for c in table.c if c.name not in (*_SHARED, "list") and polars_type(c.type) == pl.String]
    columns: list[ColumnElement[str]] = [tables.unit.c.code.label("unit"), literal(code, String).label("list"), *texts]
    query = _in_force(select(*columns), table.c.submission_id, period, form)
    return read_frame(connection, query.where(table.c.list == code) if table is tables.list_item else query)


def _in_force(
    query: Select[tuple[str, ...]], submission: ColumnElement[int], period: str, form: str
) -> Select[tuple[str, ...]]:
    here = tables.submission.c
    return (
        query.join(tables.submission, here.id == submission)
        .join(tables.unit, tables.unit.c.id == here.unit_id)
        .join(tables.period, tables.period.c.id == here.period_id)
        .join(tables.form, tables.form.c.id == here.form_id)
        .where(
            tables.period.c.code == period,
            tables.form.c.code == form,
            here.state.in_(sorted(IN_FORCE)),
        )
    )
