"""Rows of lists read back, for counts in which each thing counts once."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection, Engine, String, literal, select

from warehouse import tables
from warehouse.bulk import polars_type, read_frame
from warehouse.figures import reports_in_force

_SHARED = ("submission_id", "item", "content", "place_id")

_KEY = {"submission_id": pl.Int64, "list": pl.String, "key": pl.String}


def list_rows(engine: Engine, period: str, form: str, lists: Sequence[str]) -> pl.DataFrame:
    """The rows of these lists in the reports whose figures count: ``unit, list, key`` and the texts and codes of the
    lists that have tables of their own (null in rows of others)."""
    with engine.connect() as connection:
        reports = reports_in_force(connection, period, form).select("submission_id", "unit")
        parts = [_rows(connection, period, form, code) for code in lists]
    rows = pl.concat([pl.DataFrame(schema=_KEY), *parts], how="diagonal")
    return reports.join(rows, on="submission_id").drop("submission_id")


def _rows(connection: Connection, period: str, form: str, code: str) -> pl.DataFrame:
    table = tables.LIST_TABLES.get(code, tables.list_item)
    texts = [c for c in table.c if c.name not in (*_SHARED, "list") and polars_type(c.type) == pl.String]
    query = select(table.c.submission_id, literal(code, String).label("list"), *texts)
    here = tables.submission.c
    of_period = (
        query.join(tables.submission, here.id == table.c.submission_id)
        .join(tables.period, tables.period.c.id == here.period_id)
        .join(tables.form, tables.form.c.id == here.form_id)
        .where(tables.period.c.code == period, tables.form.c.code == form)
    )
    return read_frame(connection, of_period.where(table.c.list == code) if table is tables.list_item else of_period)
