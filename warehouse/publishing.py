"""A copy of the marts that nobody writes to any more: one SQLite file, with what its columns mean beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Column, Date, Double, Engine, Integer, MetaData, String, Table, create_engine, select
from sqlalchemy.types import TypeEngine

from warehouse import tables
from warehouse.bulk import insert_frame
from warehouse.engine import snapshot
from warehouse.extracts import COLUMNS, MARTS, read_view
from warehouse.reporting import periods_with_submissions


@dataclass(frozen=True, slots=True)
class Question:
    """A question that stands ready beside the tables, in SQL of SQLite, and the chart of its answer.

    ``{period}`` and ``{unit}`` are asked for; left blank they are the newest period and its widest unit, and
    ``{any_unit}`` is every unit. ``chart``: the columns that datasette-vega draws, x and y; without that plugin only
    the rows are shown.
    """

    title: str
    sql: str
    chart: tuple[str, str] | None = None


#: Name → question.
QUESTIONS = {
    "chua_gui": Question(
        "Ai chưa gửi · Who has not reported",
        "SELECT period, unit, unit_name, form, due FROM mart_reporting\n"
        "WHERE period = {period} AND state = 'missing'\nORDER BY form, unit",
    ),
    "ty_le_bao_cao": Question(
        "Tỷ lệ báo cáo của các đơn vị trực thuộc · Reporting rates directly below a unit",
        "SELECT period, unit, unit_name, form, expected, received, late, missing, complete,\n"
        "  round(reporting_rate, 2) AS reporting_rate, round(completeness_rate, 2) AS completeness_rate\n"
        "FROM mart_reporting_rate WHERE period = {period} AND parent = {unit}\nORDER BY form, unit",
        chart=("unit_name", "reporting_rate"),
    ),
    "trang_thai": Question(
        "Số báo cáo ở mỗi trạng thái · Reports in each state",
        "SELECT period, state, form, count(*) AS reports FROM mart_reporting\n"
        "WHERE period = {period} GROUP BY period, state, form\nORDER BY reports DESC, state, form",
        chart=("state", "reports"),
    ),
    "tong_hop": Question(
        "Tổng hợp của một đơn vị, kèm độ bao phủ · Totals of a unit with their coverage",
        "SELECT period, unit_name, label_vi, label_en, breakdown, value, qualifier, measure_vi, coverage,\n"
        "  note_vi FROM mart_total WHERE period = {period} AND unit = {unit}\nORDER BY form, indicator, breakdown",
    ),
    "so_voi_cung_ky": Question(
        "So với cùng kỳ năm trước · Beside the same period last year",
        "SELECT period, unit_name, label_vi, label_en, breakdown, base_period, value_then, value_now,\n"
        "  round(growth, 2) AS growth, difference, change_kind, reason_vi, caution_vi\n"
        "FROM mart_year_on_year WHERE period = {period} AND unit = {unit}\nORDER BY form, indicator, breakdown",
        chart=("label_vi", "growth"),
    ),
    "ho_so": Question(
        "Hồ sơ một cửa của mỗi đơn vị · One-stop dossiers of each unit",
        "SELECT period, unit, unit_name, form, received, resolved, resolved_overdue, pending, pending_overdue,\n"
        "  round(on_time_rate_resolved, 2) AS on_time_rate_resolved, is_exact\n"
        "FROM mart_dossier WHERE period = {period} AND scope = 'own'\nORDER BY pending_overdue DESC, unit",
        chart=("unit_name", "pending_overdue"),
    ),
    "so_lieu": Question(
        "Số liệu của một đơn vị, kèm ô · Figures of a unit with their cells",
        "SELECT period, unit, label_vi, label_en, breakdown, value_text, value, sheet, cell FROM mart_observation\n"
        "WHERE period = {period} AND unit = {any_unit}\nORDER BY unit, form, indicator, breakdown",
    ),
    "loi": Question(
        "Điều phát hiện ở báo cáo của một đơn vị · What checks found in a unit's reports",
        "SELECT period, unit, severity, rule, title_vi, title_en, sheet, cell, message_vi, message_en, settled_by\n"
        "FROM mart_finding WHERE period = {period} AND unit = {any_unit}\nORDER BY unit, check_level, rule, finding",
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
                asked_by = ", ".join(name for name in ("period", "unit") if name in frame.columns)
                target.exec_driver_sql(f'CREATE INDEX "ix_{view}" ON "{view}" ({asked_by})')
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


def newest(engine: Engine) -> tuple[str, str]:
    """The newest period somebody reported and, of its totals, the unit with the most reports below it; blank where
    there is none."""
    periods = periods_with_submissions(engine)
    if not periods:
        return "", ""
    mart = tables.mart_roll_up.c
    widest = select(mart.unit).where(mart.period == periods[-1]).order_by(mart.expected.desc(), mart.unit).limit(1)
    with engine.connect() as connection:
        return periods[-1], connection.scalar(widest) or ""


def metadata(database: str, period: str, unit: str) -> dict[str, Any]:
    """What Datasette shows of the copy, in its format: titles, meanings of the columns, questions that stand ready and
    are about ``period`` and ``unit`` unless others are named."""
    return {
        "title": "tongket",
        "databases": {
            database: {
                "tables": {view: dict(_described(view)) for view in COLUMNS},
                "queries": {name: dict(_asked(question, period, unit)) for name, question in QUESTIONS.items()},
            }
        },
    }


def _described(view: str) -> Iterator[tuple[str, Any]]:
    yield "description", MARTS[view]
    yield "columns", COLUMNS[view]


def _asked(question: Question, period: str, unit: str) -> Iterator[tuple[str, Any]]:
    yield "title", question.title
    yield "description", f"Để trống: kỳ {period}, đơn vị {unit} · Left blank: period {period}, unit {unit}"
    blanks = {"period": _or_else("period", period), "unit": _or_else("unit", unit)}
    yield "sql", question.sql.format(**blanks, any_unit="coalesce(nullif(:unit, ''), unit)")
    yield "hide_sql", True
    if question.chart is not None:
        x, y = question.chart
        yield "fragment", f"g.mark=bar&g.x_column={x}&g.x_type=ordinal&g.y_column={y}&g.y_type=quantitative"


def _or_else(name: str, value: str) -> str:
    quoted = value.replace("'", "''")
    return f"coalesce(nullif(:{name}, ''), '{quoted}')"
