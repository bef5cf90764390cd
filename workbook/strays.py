"""What stands in a workbook outside the cells of its form: nobody may take it for a figure that was received."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from domain.cell import Cell
from workbook.cells import content_of
from workbook.faults import Fault
from workbook.layout import Layout, SheetPlan

Rows = list[list[Any]]

_DIGIT = re.compile(r"[0-9]")


def unread_cells(plan: SheetPlan, rows: Rows) -> Iterator[Fault]:
    """Numbers outside the form's cells, and words with digits below or beside them; one fault a column, at its first.

    Numbers in a column of figures are left to the caller: there they are graver.
    """
    if not plan.rows:
        return
    own = {row: {column for column, _ in cells} for row, cells in plan.rows.items()}
    for _, row, column in plan.identity:
        own.setdefault(row, set()).add(column)
    yield from _by_column(plan.name, _outside(plan, rows, own))


def unread_sheet(name: str, rows: Rows) -> Iterator[Fault]:
    """The first number of a sheet the form does not have, or else its first words with a digit."""
    cells = [(y, x, value) for y, row in enumerate(rows) for x, value in enumerate(row) if _figure_like(value)]
    cells.sort(key=lambda cell: isinstance(cell[2], str))
    for row, column, value in cells[:1]:
        yield Fault("unread_cell", _figure_like(value), "", name, Cell("", row, column).address)


def lonely_notes(layout: Layout, filled: Iterable[tuple[int, object]]) -> Iterator[Fault]:
    """Notes with a digit beside a blank figure: a figure typed one column too far to the right looks like that."""
    texts = {slot: text for slot, value in filled if (text := _text(value))}
    for slot, text in texts.items():
        field = layout.slots[slot]
        if field.part != "note" or not _DIGIT.search(text):
            continue
        if layout.slot_numbers[field.field, field.item, "value"] not in texts:
            yield Fault("unread_cell", text, "", field.place.sheet, field.place.address)


def _outside(plan: SheetPlan, rows: Rows, own: dict[int, set[int]]) -> Iterator[tuple[int, int, str]]:
    """(row, column, text) of what looks like a figure and is in none of the form's cells."""
    first, last = min(plan.rows), max((column for row in plan.rows.values() for column, _ in row), default=0)
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value == "" or column in own.get(number, ()) or _overflows(plan, number, column):
                continue
            if isinstance(value, str):
                apart = number >= first and (column > last or column in plan.figure_columns)
                seen = apart and _figure_like(value)
            else:
                seen = (column not in plan.figure_columns or number in own) and _figure_like(value)
            if seen:
                yield number, column, seen


def _overflows(plan: SheetPlan, row: int, column: int) -> bool:
    """Below a list, where a fault of its own speaks of the whole row."""
    return any(part.first <= row < part.end and column in part.columns for part in plan.overflows)


def _by_column(sheet: str, found: Iterable[tuple[int, int, str]]) -> Iterator[Fault]:
    columns: dict[int, list[tuple[int, str]]] = {}
    for row, column, text in found:
        columns.setdefault(column, []).append((row, text))
    for column, cells in columns.items():
        (row, text), more = cells[0], len(cells) - 1
        yield Fault("unread_cell", f"{text} (+{more})" if more else text, "", sheet, Cell("", row, column).address)


def _figure_like(value: object) -> str:
    text = _text(value)
    return text if _DIGIT.search(text) else ""


def _text(value: object) -> str:
    content = content_of(value)
    return content[2].strip() if content else ""
