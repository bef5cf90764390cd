"""A copy of the marts that nobody writes to any more: one SQLite file, with what its columns mean beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Column, Date, Double, Engine, Integer, MetaData, String, Table, create_engine
from sqlalchemy.types import TypeEngine

from warehouse.bulk import insert_frame
from warehouse.engine import snapshot
from warehouse.extracts import COLUMNS, MARTS, read_view

#: Questions that stand ready beside the tables: name → title and SQL.
CANNED: dict[str, tuple[str, str]] = {
    "chua_gui": (
        "Ai chưa gửi · Who has not reported",
        "SELECT unit, unit_name, form, due FROM mart_reporting"
        " WHERE period = :period AND state = 'missing' ORDER BY form, unit",
    ),
    "ty_le_bao_cao": (
        "Tỷ lệ báo cáo của các đơn vị trực thuộc · Reporting rates directly below a unit",
        "SELECT unit, unit_name, form, expected, received, late, missing, complete, reporting_rate, completeness_rate"
        " FROM mart_reporting_rate WHERE period = :period AND parent = :unit ORDER BY form, unit",
    ),
    "tong_hop": (
        "Tổng hợp của một đơn vị, kèm độ bao phủ · Totals of a unit with their coverage",
        "SELECT label_vi, label_en, breakdown, value, qualifier, measure_vi, coverage, note_vi FROM mart_total"
        " WHERE period = :period AND unit = :unit ORDER BY form, indicator, breakdown",
    ),
    "so_lieu": (
        "Số liệu của một đơn vị, kèm ô · Figures of a unit with their cells",
        "SELECT label_vi, label_en, breakdown, value_text, value, sheet, cell FROM mart_observation"
        " WHERE period = :period AND unit = :unit ORDER BY form, indicator, breakdown",
    ),
    "loi": (
        "Điều phát hiện ở báo cáo của một đơn vị · What checks found in a unit's reports",
        "SELECT severity, rule, title_vi, title_en, sheet, cell, message_vi, message_en, settled_by FROM mart_finding"
        " WHERE period = :period AND unit = :unit ORDER BY check_level, rule, finding",
    ),
}


def write_copy(engine: Engine, draft: Path) -> dict[str, int]:
    """Every mart as a table of a new SQLite file at ``draft``, all of one moment; rows by name."""
    counts = {}
    copy = create_engine(f"sqlite:///{draft}")
    try:
        with snapshot(engine) as connection, copy.begin() as target:
            for view in COLUMNS:
                frame = read_view(connection, view)
                table = _table(view, frame)
                table.create(target)
                counts[view] = insert_frame(target, table, frame.sort(pl.all(), nulls_last=True))
                target.exec_driver_sql(f'CREATE INDEX "ix_{view}" ON "{view}" (period, unit)')
    finally:
        copy.dispose()
    return counts


def _table(view: str, frame: pl.DataFrame) -> Table:
    return Table(view, MetaData(), *[Column(name, _kind(dtype)) for name, dtype in frame.schema.items()])


def _kind(dtype: pl.DataType) -> TypeEngine[Any]:
    if dtype.is_integer() or dtype == pl.Boolean:
        return Integer()
    if dtype.is_float():
        return Double()
    return Date() if dtype == pl.Date else String()


def metadata(database: str) -> dict[str, Any]:
    """What Datasette shows of the copy, in its format: titles, meanings of the columns, questions that stand ready."""
    return {
        "title": "tongket",
        "databases": {
            database: {
                "tables": {view: dict(_described(view)) for view in COLUMNS},
                "queries": {name: {"title": words, "sql": sql} for name, (words, sql) in CANNED.items()},
            }
        },
    }


def _described(view: str) -> Iterator[tuple[str, Any]]:
    yield "description", MARTS[view]
    yield "columns", COLUMNS[view]
