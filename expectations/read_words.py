"""What is said of a cell that was read with a repair, or could not be read."""

from __future__ import annotations

from typing import Any

from catalog.load import Catalog
from catalog.model import Form, ReadingCheck, Rule
from domain.numbers import en_number, en_quantity, vi_number, vi_quantity
from domain.observation import ValueKind
from domain.reading import Problem
from expectations.wording import Said

#: How many choices of a code list are named before "…".
CHOICES_SHOWN = 8

_EXPECTED = {
    ValueKind.COUNT: ("số nguyên", "a whole number"),
    ValueKind.QUANTITY: ("một con số", "a number"),
    ValueKind.PERCENT: ("tỷ lệ phần trăm, ví dụ 95 %", "a percentage, for example 95%"),
    ValueKind.RATIO: ("dạng đạt/tổng số, ví dụ 18/21", "the form achieved/total, for example 18/21"),
    ValueKind.DATE: ("ngày/tháng/năm, ví dụ 29/02/2024", "day/month/year, for example 29/02/2024"),
}


def say_reading(rule: Rule, reading: dict[str, Any], form: Form, catalog: Catalog) -> tuple[Said, Said]:
    """(Vietnamese, English): the text as it stands in the cell, and what it was read as or what belongs there."""
    assert isinstance(rule.check, ReadingCheck)
    text = (reading["text"] or "").strip()
    expected = (
        _read_as(reading) if rule.check.repair else _wanted(rule.check.problem or "", text, reading, form, catalog)
    )
    return Said(text, expected[0]), Said(text, expected[1])


def _read_as(reading: dict[str, Any]) -> tuple[str, str]:
    up, down = reading["numerator"], reading["denominator"]
    if up is not None and down is not None:
        return f"{vi_number(up)}/{vi_number(down)}", f"{en_number(up)}/{en_number(down)}"
    value, qualifier = reading["value"], reading["qualifier"] or "exact"
    if value is None and qualifier == "exact":
        return "", ""
    percent = reading["value_kind"] in (ValueKind.PERCENT, ValueKind.RATIO)
    return vi_quantity(value, qualifier, percent=percent), en_quantity(value, qualifier, percent=percent)


def _wanted(problem: str, text: str, reading: dict[str, Any], form: Form, catalog: Catalog) -> tuple[str, str]:
    if problem == Problem.DOT_EATEN:
        meant = _with_dot_back(text)
        if meant is not None:
            return vi_number(meant), en_number(meant)
    if problem == Problem.NOT_IN_CODE_LIST:
        codelist = _codelist_of(reading["field"], form)
        if codelist:
            return choices(catalog, codelist)
    kind = reading["value_kind"]
    return _EXPECTED.get(ValueKind(kind), ("một số liệu", "a figure")) if kind else ("một số liệu", "a figure")


def _with_dot_back(text: str) -> float | None:
    """1.64 or 1,64 → 1640: the number a spreadsheet program ate the thousands dot of."""
    try:
        return round(float(text.replace(",", ".")) * 1000)
    except ValueError:
        return None


def _codelist_of(field: str, form: Form) -> str | None:
    section, _, column = field.partition(".")
    for candidate in form.sections_of("list"):
        if candidate.code == section:
            return next((entry.codelist for entry in candidate.columns if entry.code == column), None)
    return None


def choices(catalog: Catalog, codelist: str) -> tuple[str, str]:
    """The labels a code list offers, the first few of a long one."""
    items = catalog.codelists[codelist].items
    more = " · …" if len(items) > CHOICES_SHOWN else ""
    shown = items[:CHOICES_SHOWN]
    return " · ".join(item.label_vi for item in shown) + more, " · ".join(item.label_en for item in shown) + more
