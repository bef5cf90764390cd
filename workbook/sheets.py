"""One workbook read with calamine: identity, filled slots, and what was changed in the layout."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum, ZipError

from catalog import Catalog
from domain.cell import Cell
from workbook.cells import CellError, Percentage, content_of
from workbook.faults import BadFileError, Fault
from workbook.layout import (
    CHECK_SHEET,
    CODES_SHEET,
    FORM_MARK,
    MARK_SHEET,
    SCOPE_LABELS,
    VERSION_MARK,
    Layout,
    Overflow,
    SheetPlan,
    folded,
    mark_of,
)
from workbook.marker import Marker, is_ours, may_be_ours, read_marker
from workbook.scan import Package, check_area, open_package
from workbook.strays import lonely_notes, unread_cells, unread_sheet

Rows = list[list[Any]]

#: What broken bytes make of a look into a container or a sheet: numbers and names that lead nowhere.
_ASTRAY = (struct.error, LookupError, ValueError, OverflowError)
_SCOPES = {folded(label): str(scope) for scope, label in SCOPE_LABELS.items()}


class Book:
    """An opened workbook. Raises :class:`BadFileError` for what calamine refuses."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._package: Package = _guarded(lambda: open_package(data))
        self._book = _guarded(lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)))
        numbers = {folded(name): number for number, name in reversed(list(enumerate(self._book.sheet_names)))}
        ours = {name: number for name, number in numbers.items() if may_be_ours(name) and is_ours(self._load(number))}
        self._numbers = {name: number for name, number in numbers.items() if name not in ours}
        self._ours = list(ours.values())

    @property
    def media(self) -> str:
        return self._package.media

    @property
    def sheet_names(self) -> list[str]:
        """The unit's sheets; those of an annotation are left out everywhere."""
        return [name for number, name in enumerate(self._book.sheet_names) if number not in self._ours]

    @cached_property
    def annotation(self) -> list[str]:
        """The sheets that an earlier annotation put in."""
        return [self._book.sheet_names[number] for number in sorted(self._ours)]

    @cached_property
    def marker(self) -> Marker | None:
        """What the hidden sheet of an earlier annotation says, while it is there."""
        return next((found for number in self._ours if (found := read_marker(self._load(number)))), None)

    def visible(self, sheet: str) -> bool:
        """Whether a person sees the sheet in the list of sheets."""
        number = self._numbers.get(folded(sheet))
        return number is not None and self._book.sheets_metadata[number].visible is SheetVisibleEnum.Visible

    def rows(self, sheet: str) -> Rows | None:
        """All rows of a sheet from A1 on, error cells put in; ``None`` when there is no such sheet."""
        number = self._numbers.get(folded(sheet))
        return None if number is None else self._load(number)

    def refuse_giants(self) -> None:
        """Raises :class:`BadFileError` when one of the sheets is larger than may be loaded."""
        _guarded(lambda: [self._package.scan(number) for number in self._numbers.values()])

    def is_empty(self) -> bool:
        return all(not any(content_of(v) for row in self._load(n) for v in row) for n in self._numbers.values())

    def _load(self, number: int) -> Rows:
        errors = _guarded(lambda: self._package.scan(number))
        sheet = _guarded(lambda: self._book.get_sheet_by_index(number))
        check_area(sheet.total_height, sheet.total_width)
        rows: Rows = _guarded(lambda: sheet.to_python(skip_empty_area=False))
        for row, column, text in errors:
            _put(rows, row, column, CellError(text))
        for row, column in _guarded(lambda: self._package.percentages(number)):
            if row < len(rows) and column < len(rows[row]) and type(rows[row][column]) in (int, float):
                rows[row][column] = Percentage(float(rows[row][column]))
        return rows


def _put(rows: Rows, row: int, column: int, value: object) -> None:
    while len(rows) <= row:
        rows.append([])
    rows[row].extend([""] * (column + 1 - len(rows[row])))
    rows[row][column] = value


def _guarded(load: Callable[[], Any]) -> Any:
    """What the file's bytes lead to is a fault of the file: calamine's errors, panics of its native code, our own."""
    try:
        return load()
    except PasswordError as error:
        raise BadFileError("password") from error
    except ZipError as error:
        raise BadFileError("truncated", str(error)) from error
    except CalamineError as error:
        raise BadFileError("unreadable", str(error)) from error
    except _ASTRAY as error:
        raise BadFileError("unreadable", f"{type(error).__name__}: {error}") from error
    except BaseException as error:
        # a panic in native code derives from BaseException and has no importable class
        if type(error).__name__ != "PanicException":
            raise
        raise BadFileError("unreadable", str(error).partition("\n")[0]) from error


# ------------------------------------------------------------------------------------------------ identity


def text_at(rows: Rows, row: int, column: int) -> str | None:
    """The text of a cell without surrounding space, or ``None`` for a blank one."""
    if row >= len(rows) or column >= len(rows[row]):
        return None
    content = content_of(rows[row][column])
    return content[2].strip() if content else None


def form_and_version(book: Book) -> tuple[str | None, str | None]:
    rows = book.rows(MARK_SHEET)
    if rows is None:
        if book.is_empty():
            raise BadFileError("no_cells")
        return None, None
    return text_at(rows, FORM_MARK.row, FORM_MARK.column), text_at(rows, VERSION_MARK.row, VERSION_MARK.column)


def form_faults(form: str | None, version: str | None, catalog: Catalog) -> Iterator[Fault]:
    """Why no layout can be chosen, if so. The same for every medium."""
    known = catalog.forms.get(form or "")
    if known is None:
        yield Fault("unknown_form", form or "", " · ".join(catalog.forms), MARK_SHEET, FORM_MARK.address)
    elif not version:
        yield Fault("version_missing", "", known.version, MARK_SHEET, VERSION_MARK.address)
    elif version not in known.accepted_versions or version not in known.places:
        accepted = " · ".join(known.accepted_versions)
        yield Fault("version_not_accepted", version, accepted, MARK_SHEET, VERSION_MARK.address)


def identity_faults(header: dict[str, object], place: Callable[[str], tuple[str, str]]) -> Iterator[Fault]:
    for name in ("unit", "period"):
        if not header.get(name):
            sheet, cell = place(name)
            yield Fault(f"{name}_missing", sheet=sheet, cell=cell)


def marker_faults(header: dict[str, object], marker: Marker | None, place: tuple[str, str]) -> Iterator[Fault]:
    """A copy that was returned to one unit and states another."""
    stated, bound = str(header.get("unit") or ""), marker.unit if marker else ""
    if stated and bound and stated.casefold() != bound.casefold():
        yield Fault("returned_to_other", stated, bound, *place)


def scope_code(text: str | None) -> str | None:
    """The code of a scope written as its label; any other text stays as it is."""
    return None if text is None else _SCOPES.get(folded(text), text)


# ------------------------------------------------------------------------------------------------ cells


class SheetReader:
    """Reads one workbook by its layout; faults gather in ``faults``, filled slots in ``slots`` and ``values``."""

    def __init__(self, book: Book, layout: Layout) -> None:
        self.layout = layout
        self.header: dict[str, object] = {}
        self.faults: list[Fault] = []
        self.slots: list[int] = []
        self.values: list[object] = []
        for plan in layout.sheets.values():
            rows = book.rows(plan.name)
            if rows is None:
                self.faults.append(Fault("sheet_missing", " · ".join(book.sheet_names), plan.name, plan.name))
            else:
                self._read(plan, rows)
        self.faults.extend(lonely_notes(layout, zip(self.slots, self.values, strict=True)))
        if not any(fault.fault == "sheet_missing" for fault in self.faults):
            self.faults.extend(_unread_sheets(book, layout))

    def _read(self, plan: SheetPlan, rows: Rows) -> None:
        for name, row, column in plan.identity:
            self.header[name] = text_at(rows, row, column)
        moved = _moved(plan, rows)
        if moved:
            # cells of a moved layout would be taken for other figures
            self.faults.append(moved)
            return
        height = len(rows)
        for row, cells in plan.ordered:
            if row >= height:
                break
            self._read_row(rows[row], cells)
        self.faults.extend(_strays(plan, rows))
        self.faults.extend(unread_cells(plan, rows))

    def _read_row(self, row: list[Any], cells: list[tuple[int, int]]) -> None:
        width = len(row)
        for column, slot in cells:
            if column < width:
                value = row[column]
                if value != "":
                    self.slots.append(slot)
                    self.values.append(value)


def _unread_sheets(book: Book, layout: Layout) -> Iterator[Fault]:
    known = {folded(name) for name in (*layout.sheets, MARK_SHEET, CHECK_SHEET, CODES_SHEET)}
    for name in book.sheet_names:
        if folded(name) in known:
            continue
        rows = book.rows(name) or []
        if not is_ours(rows):
            # a results sheet that somebody renamed or copied says nothing of the unit
            yield from unread_sheet(name, rows)


def _moved(plan: SheetPlan, rows: Rows) -> Fault | None:
    """The first sign that rows or columns were inserted, deleted or moved."""
    for mark in plan.marks:
        observed = rows[mark.row][0] if mark.row < len(rows) and rows[mark.row] else ""
        if observed != mark.code and mark_of(str(observed).strip()) != mark.code:
            return Fault("layout_changed", str(observed), mark.code, plan.name, Cell("", mark.row, 0).address)
    for label in plan.labels:
        observed = text_at(rows, label.row, label.column) or ""
        if observed != label.text and folded(observed) != folded(label.text) and _elsewhere(rows, label.text):
            # a label that is merely worded otherwise is no sign; one that stands elsewhere is
            return Fault("layout_changed", observed, label.text, plan.name, Cell("", label.row, label.column).address)
    return None


def _elsewhere(rows: Rows, text: str) -> bool:
    wanted = folded(text)
    return any(isinstance(value, str) and folded(value) == wanted for row in rows for value in row)


def _strays(plan: SheetPlan, rows: Rows) -> Iterator[Fault]:
    """What was typed where no figure belongs: below the last row of a list, or a number in a column of figures."""
    for overflow in plan.overflows:
        yield from _overflowing(plan, overflow, rows)
    if not plan.figure_columns:
        return
    taken = {row for _, row, _ in plan.identity} | plan.rows.keys()
    for number, row in enumerate(rows):
        if number in taken:
            continue
        for column in plan.figure_columns:
            if column < len(row) and isinstance(row[column], float | int) and not isinstance(row[column], bool):
                observed = (content_of(row[column]) or ("", None, ""))[2]
                yield Fault("unknown_field", observed, "", plan.name, Cell("", number, column).address)


def _overflowing(plan: SheetPlan, overflow: Overflow, rows: Rows) -> Iterator[Fault]:
    for number in range(overflow.first, min(overflow.end, len(rows))):
        for column in overflow.columns:
            content = content_of(rows[number][column]) if column < len(rows[number]) else None
            if content:
                expected = f"≤ {overflow.max_rows} dòng"
                yield Fault("unknown_field", content[2], expected, plan.name, Cell("", number, column).address)
                break
