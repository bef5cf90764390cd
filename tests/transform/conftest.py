"""Cells without a workbook: what the reader would hand over for figures written in a test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from catalog import Catalog, load_catalog
from catalog.calendars import DEFAULT_CALENDAR
from catalog.model import (
    Calendar,
    CodeItem,
    CodeList,
    Form,
    FormField,
    Indicator,
    ListColumn,
    NarrativeField,
    PeriodPattern,
    Rule,
    Section,
)
from domain.columns import CELLS, HEADERS
from domain.observation import Nature, OverTime, OverUnits, ValueKind
from domain.period import PeriodKind
from transform.frame import schema_of

DAY = date(2024, 1, 1)


def _indicator(code: str, kind: ValueKind = ValueKind.COUNT, over: OverUnits = OverUnits.SUM, **more: Any) -> Indicator:
    words = {"label_vi": code, "label_en": code, "measure_vi": "hồ sơ", "measure_en": "dossiers"}
    return Indicator(
        code=code, kind=kind, nature=Nature.FLOW, over_units=over, over_time=OverTime.SUM, valid_from=DAY,
        unit_words=("hồ sơ",) if kind is ValueKind.COUNT else (), **words, **more,
    )  # fmt: skip


INDICATORS = [
    _indicator("received", dimensions=("field",)),
    _indicator("received_base"),
    _indicator("received_growth_pct", ValueKind.QUANTITY, OverUnits.NOT_ADDITIVE),
    _indicator("resolved", dimensions=("field",)),
    _indicator("early", dimensions=("field",)),
    _indicator("on_time", dimensions=("field",)),
    _indicator(
        "on_time_rate", ValueKind.PERCENT, OverUnits.RATIO_OF_SUMS, dimensions=("field",),
        numerator=("early", "on_time"), denominator=("resolved",),
    ),
    _indicator("attendance_rate", ValueKind.PERCENT, OverUnits.NOT_ADDITIVE),
    _indicator("coverage", ValueKind.RATIO, OverUnits.RATIO_OF_SUMS),
    _indicator("procedures", over=OverUnits.MAX),
    _indicator("criteria_min", over=OverUnits.MIN),
    _indicator("models", over=OverUnits.DISTINCT),
]  # fmt: skip
SCALARS = ["received", "received_base", "received_growth_pct", "resolved", "early", "on_time",
           "on_time_rate", "attendance_rate", "coverage", "procedures", "criteria_min", "models",
           "received[field=ho_tich]"]  # fmt: skip
ITEMS = ("field=tong", "field=ho_tich", "field=chung_thuc")


def _rule(number: int, frame: str, check: dict[str, Any]) -> Rule:
    return Rule.model_validate(
        {"id": f"TST-{number:03}", "frame": frame, "level": 4, "severity": "critical", "title_vi": "t", "title_en": "t",
         "message": "m", "check": check, "since": DAY}
    )  # fmt: skip


RULES = (
    _rule(1, "main", {"kind": "change", "column": "received", "base": "previous:received", "factor": 2.0}),
    _rule(
        2, "main", {"kind": "at_most", "smaller": ["count:initiatives[level=tinh]"], "larger": ["count:initiatives"]}
    ),
    _rule(3, "main", {"kind": "range", "columns": ["same_as:previous", "register:children[kind=chi_bo]"], "max": 0.9}),
    _rule(4, "main", {"kind": "differs", "column": "received_base", "other": "period:year"}),
    _rule(5, "table", {"kind": "at_most", "smaller": ["resolved"], "larger": ["received", "previous:received"]}),
    _rule(6, "initiatives", {"kind": "at_most", "smaller": ["members"], "larger": ["period:months", "count:table"]}),
    _rule(7, "main", {"kind": "length", "column": "limitation", "min": 20}),
)


@pytest.fixture(scope="session")
def small() -> Catalog:
    """One form with every kind of section, and rules that name every kind of column."""
    columns = (
        ListColumn(code="name", label_vi="Tên", label_en="Name", kind=ValueKind.TEXT),
        ListColumn(code="owner", label_vi="Đơn vị", label_en="Owner", kind=ValueKind.TEXT),
        ListColumn(code="level", label_vi="Cấp", label_en="Level", kind=ValueKind.CODE, codelist="level"),
        ListColumn(code="members", label_vi="Số người", label_en="Members", kind=ValueKind.COUNT),
        ListColumn(code="day", label_vi="Ngày", label_en="Day", kind=ValueKind.DATE),
    )
    titles = {"title_vi": "t", "title_en": "t", "sheet": "S"}
    form = Form(
        id="report", label_vi="Báo cáo", label_en="Report", version="1", accepted_versions=("1",),
        sections=(
            Section(code="figures", kind="scalars", **titles),
            Section(code="table", kind="matrix", indicators=("received", "resolved"), items=ITEMS, **titles),
            Section(code="initiatives", kind="list", columns=columns, key=("name", "owner"), **titles),
            Section(code="texts", kind="narrative", **titles,
                    narratives=(NarrativeField(code="limitation", label_vi="Hạn chế", label_en="Limitation"),)),
        ),
        fields=tuple(
            FormField(code=code, form="report", section="figures", indicator=code.partition("[")[0]) for code in SCALARS
        ),
    )  # fmt: skip
    level = CodeList(id="level", label_vi="Cấp", label_en="Level", items=(
        CodeItem(code="tinh", label_vi="Cấp tỉnh", label_en="Province", aliases=("Tỉnh",)),
        CodeItem(code="xa", label_vi="Cấp xã", label_en="Commune"),
    ))  # fmt: skip
    year = PeriodPattern(kind=PeriodKind.YEAR, code="{year}", label_vi="", label_en="", months=12, starts=(1,))
    calendar = Calendar(
        id=DEFAULT_CALENDAR, label_vi="", label_en="", source="", start_day=15, month_shift=-1, patterns=(year,),
        due_working_days={},
    )  # fmt: skip
    return Catalog(
        root=Path(), fingerprint="", messages={}, codelists={"level": level},
        indicators={item.code: item for item in INDICATORS}, forms={"report": form}, examples={}, rules=RULES,
        calendars={calendar.id: calendar}, unit_kinds={}, units=(), events=(), obligations=(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def shipped() -> Catalog:
    return load_catalog()


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else "text"


def cell(file: int, field: str, value: Any, item: int = 0, *, part: str = "value", kind: str = "", form: str = "report",
         sheet: str = "Số liệu") -> dict[str, Any]:  # fmt: skip
    kind = kind or _kind(value)
    number = float(value) if kind == "number" else None
    return {"file": file, "form": form, "field": field, "item": item, "part": part, "kind": kind, "number": number,
            "text": None if kind == "number" else str(value), "sheet": sheet, "cell": f"E{item + 7}"}  # fmt: skip


def cells_of(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema_of(CELLS))


@pytest.fixture(scope="session")
def figures() -> Callable[..., pl.DataFrame]:
    """``figures({"received": 5}, {"received": "hơn 5"})``: one file a mapping, numbered from 1."""

    def build(*files: dict[str, Any], **more: Any) -> pl.DataFrame:
        return cells_of(
            cell(file, field, value, **more) for file, given in enumerate(files, 1) for field, value in given.items()
        )

    return build


@pytest.fixture(scope="session")
def make_cell() -> Callable[..., dict[str, Any]]:
    return cell


@pytest.fixture(scope="session")
def make_cells() -> Callable[[Iterable[dict[str, Any]]], pl.DataFrame]:
    return cells_of


def headers_of(count: int, form: str = "report", period: str = "2025", **more: Any) -> pl.DataFrame:
    rows = [{"file": file, "form": form, "period": period, **more} for file in range(1, count + 1)]
    return pl.DataFrame(rows, schema=schema_of(HEADERS))


@pytest.fixture(scope="session")
def make_headers() -> Callable[..., pl.DataFrame]:
    return headers_of


@pytest.fixture(scope="session")
def example_cells(shipped: Catalog) -> Callable[[str], pl.DataFrame]:
    """The cells of a form's shipped example."""

    def build(form: str) -> pl.DataFrame:
        example = shipped.examples[form]
        rows = [cell(1, code, value, form=form) for code, value in example["figures"].items()]
        for name, items in example["matrices"].items():
            order = list(shipped.forms[form].section(name).items)
            for breakdown, row in items.items():
                rows += [
                    cell(1, f"{name}.{code}", value, order.index(breakdown) + 1, form=form)
                    for code, value in row.items()
                ]
        for name, items in example["lists"].items():
            for number, row in enumerate(items, 1):
                rows += [cell(1, f"{name}.{code}", value, number, form=form) for code, value in row.items()]
        rows += [cell(1, code, value, form=form) for code, value in example["narratives"].items()]
        return cells_of(json.loads(json.dumps(rows, default=str)))

    return build
