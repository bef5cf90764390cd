"""An .xlsx in place of a file that is none: the form filled with what was read, a copy of all values, or nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import xlsxwriter

from catalog import Catalog
from catalog.model import UnitRecord
from workbook.cells import Percentage, content_of, shown
from workbook.faults import BadFileError
from workbook.fill import Filler, Value
from workbook.layout import Layout
from workbook.opc import MAIN, OFFICE
from workbook.packing import packed, zipped
from workbook.read import Batch, Source, read_files
from workbook.sheets import Book
from workbook.styles import EMPTY
from workbook.template import build_template
from workbook.texts import printable, shortened

Slot = tuple[str, int, str]

#: What the reader says when it left out something that stands in the file: the form would not show it.
_LEFT_OUT = {"sheet_missing", "layout_changed", "unknown_field", "unread_cell"}
#: Cells with something in them that a copy of values may have.
_MOST_COPIED = 500_000
_LONGEST_TEXT = 32_767
_LONGEST_NAME = 31
_NO_NAME = re.compile(r"[\[\]:*?/\\\t\r\n]")
#: Programs keep this name for themselves.
_RESERVED = "history"
_FIRST_DAY = date(1900, 1, 1)
_WIDEST, _NARROWEST = 60, 9
#: Stands in the headings, where a template names the unit.
_HEADING = "Bản trả lại"


@dataclass(frozen=True, slots=True)
class Filled:
    """The form filled with what was read. ``slots``: address in the file that was sent → (field, item)."""

    data: bytes
    layout: Layout
    slots: dict[str, tuple[str, int]]


def filled_form(source: Source, catalog: Catalog, *, is_workbook: bool) -> Filled | None:
    """The template with what the file says; ``None`` when its form is unknown or would not show all of it."""
    batch = read_files([source], catalog)
    header = batch.headers.row(0, named=True)
    form, version = catalog.forms.get(header["form"] or ""), header["form_version"] or ""
    if form is None or version not in form.places:
        return None
    if is_workbook and _LEFT_OUT & set(batch.faults["fault"]):
        return None
    filler = _filler(catalog, form.id, version, header["period"] or "")
    data = filler.fill_slots(_identity(header, catalog), _values(batch, filler.layout))
    return Filled(data, filler.layout, {cell: (field, item) for field, item, cell in _places(batch)})


def _places(batch: Batch) -> Iterator[tuple[str, int, str]]:
    yield from batch.cells.select("field", "item", "cell").iter_rows()


def _values(batch: Batch, layout: Layout) -> Iterator[tuple[Slot, Value]]:
    """What was read, as it was typed: a number stays one only when it shows what the person saw."""
    days = {
        f"{section.code}.{column.code}"
        for section in layout.form.sections_of("list")
        for column in section.columns
        if column.kind == "date"
    }
    columns = batch.cells.select("field", "item", "part", "kind", "number", "text")
    for field, item, part, kind, number, text in columns.iter_rows():
        value: Value = text
        if kind == "number" and shown(number) == text:
            value = number
        elif kind == "date" and field in days and len(text) == len("2025-01-31"):
            value = date.fromisoformat(text)
        yield (field, item, part), value


def _identity(header: Mapping[str, Any], catalog: Catalog) -> dict[str, str]:
    period = catalog.period(header["period"]) if header["period"] else None
    names = ("unit", "unit_name", "period", "scope", "reporter")
    return {name: header[name] or "" for name in names} | {"period_label": period.label_vi if period else ""}


#: Templates drawn before, by fingerprint of the catalogue, form, version and period: a run returns many of one.
_FILLERS: dict[tuple[str, str, str, str], Filler] = {}
_MOST_FILLERS = 8


def _filler(catalog: Catalog, form: str, version: str, code: str) -> Filler:
    key = (catalog.fingerprint, form, version, code)
    if key not in _FILLERS:
        period = catalog.period(code) if code else None
        if period is None:
            example = catalog.period(str(catalog.examples[form]["period"]))
            if example is None:
                raise LookupError(code)
            period = replace(example, code=code, label_vi=code, label_en=code)
        unit = UnitRecord(code="X", valid_from=period.window.first, name=_HEADING, kind="x", source="")
        if len(_FILLERS) >= _MOST_FILLERS:
            _FILLERS.clear()
        template = build_template(catalog, form, period, unit, version=version)
        _FILLERS[key] = Filler(template, catalog.forms[form], version)
    return _FILLERS[key]


# ------------------------------------------------------------------------------------------------ values only


def copy_of_values(book: Book) -> bytes:
    """Every sheet of the workbook with its values; raises :class:`BadFileError` for one too large to copy."""
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    left = _MOST_COPIED
    with xlsxwriter.Workbook(stream, options) as copy:
        formats = {code: copy.add_format({"num_format": code}) for code in _FORMATS}
        wrapped = copy.add_format({"text_wrap": True, "valign": "top"})
        names: set[str] = set()
        for name in book.sheet_names:
            sheet = copy.add_worksheet(_sheet_name(name, names))
            left -= _copy_sheet(sheet, book.rows(name) or [], formats, wrapped)
            if left < 0:
                raise BadFileError("sheet_too_large", f"> {_MOST_COPIED}")
            if not book.visible(name):
                sheet.very_hidden()
        first = next((sheet for sheet in copy.worksheets() if not sheet.hidden), None)
        (first or copy.add_worksheet()).activate()
    return stream.getvalue()


_DAY, _MOMENT, _TIME, _PERCENT = "dd/mm/yyyy", "dd/mm/yyyy hh:mm:ss", "[h]:mm:ss", "0.##########%"
_FORMATS = (_DAY, _MOMENT, _TIME, _PERCENT)


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name that an .xlsx may give a sheet."""
    plain = _NO_NAME.sub("-", printable(name))[:_LONGEST_NAME].strip("'") or "-"
    number, free = 1, plain
    while free.casefold() in taken or free.casefold() == _RESERVED:
        number += 1
        end = f" ({number})"
        free = plain[: _LONGEST_NAME - len(end)] + end
    taken.add(free.casefold())
    return free


def _copy_sheet(sheet: Any, rows: list[list[Any]], formats: Mapping[str, Any], wrapped: Any) -> int:
    widths: dict[int, int] = {}
    copied = 0
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            content = content_of(value)
            if content:
                copied += 1
                widths[x] = max(widths.get(x, 0), len(content[2]))
                _write(sheet, (y, x), value, content[2], formats, wrapped)
    for x, width in widths.items():
        sheet.set_column(x, x, min(max(width + 2, _NARROWEST), _WIDEST))
    return copied


def _write(
    sheet: Any, place: tuple[int, int], value: object, text: str, formats: Mapping[str, Any], wrapped: Any
) -> None:
    match value:
        case bool():
            sheet.write_boolean(*place, value)
        case Percentage():
            sheet.write_number(*place, value.value, formats[_PERCENT])
        case int() | float() if text != "#NUM!":
            sheet.write_number(*place, value)
        case datetime() | date() if date(value.year, value.month, value.day) >= _FIRST_DAY:
            is_day = len(text) == len("2025-01-31")
            sheet.write_datetime(*place, _naive(value), formats[_DAY if is_day else _MOMENT])
        case time() | timedelta():
            sheet.write_datetime(*place, value, formats[_TIME])
        case _:
            long = len(text) > _WIDEST or "\n" in text
            sheet.write_string(*place, shortened(text, _LONGEST_TEXT), wrapped if long else None)


def _naive(value: date) -> date:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


# ------------------------------------------------------------------------------------------------ nothing

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def nothing() -> bytes:
    """A workbook without a sheet, for the results alone."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SPREADSHEET}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SPREADSHEET}.styles+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets/></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": EMPTY.decode(),
    }
    return zipped({name: packed((head + xml).encode()) for name, xml in parts.items()})
