"""Where everything sits in the workbook of one form and version: one plan for drawing, filling in and reading."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from catalog import Catalog
from catalog.model import Form, FormField, Section
from domain.cell import Cell, column_index
from domain.observation import Scope

#: The sheet that names form and version, the same in every form and version.
MARK_SHEET = "_tongket"
#: Sheets a template has beside those of the layout: nothing is typed there.
CHECK_SHEET, CODES_SHEET = "Kiểm tra", "_danhmuc"
#: Heads of the columns of scalars.
VALUE_HEAD, NOTE_HEAD = "Số liệu", "Ghi chú, giải trình"
FORM_MARK = Cell(MARK_SHEET, 0, 1)
VERSION_MARK = Cell(MARK_SHEET, 1, 1)

#: Columns of a scalar's row, zero-based; the value's column is the address itself.
CODE_COLUMN, ORDINAL_COLUMN, LABEL_COLUMN, MEASURE_COLUMN = 0, 1, 2, 3

_REMARK = re.compile(r"\s*\([^)]*\)$")

#: How the scope is written in a workbook; CSV and JSON hold the code.
SCOPE_LABELS = {
    Scope.OWN: "Riêng đơn vị",
    Scope.SUBTREE: "Đơn vị và các đơn vị trực thuộc",
    Scope.TERRITORY: "Toàn địa bàn",
}

IDENTITY = ("unit", "unit_name", "period", "period_label", "scope", "reporter")


def folded(name: str) -> str:
    """A sheet's name as it is compared: composed letters, no case, single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def split_breakdown(code: str) -> tuple[str, str]:
    """``dossiers_received[field=x]`` → (``dossiers_received``, ``field=x``)."""
    name, _, rest = code.partition("[")
    return name, rest.removesuffix("]")


def same_breakdown(text: str) -> str:
    """A breakdown with its pairs in alphabetical order, so that their order in a file does not matter."""
    return ";".join(sorted(pair.strip() for pair in text.split(";") if pair.strip()))


def mark_of(code: str) -> str:
    """A field code as it stands in hidden cells: LibreOffice takes ``_xa_`` in an .xlsx for an escaped character."""
    return code.replace("_", "-")


def breakdown_label(catalog: Catalog, breakdown: str) -> str:
    """``level=tinh;field=dat_dai`` → Cấp tỉnh · Đất đai; remarks in brackets at the end of a label are left out."""
    pairs = [pair.partition("=") for pair in breakdown.split(";")]
    labels = [catalog.codelists[dimension].item(code).label_vi for dimension, _, code in pairs]
    return " · ".join(_REMARK.sub("", label) for label in labels)


def _matrix_labels(catalog: Catalog, section: Section, place: Cell) -> Iterator[Label]:
    for number, code in enumerate(section.indicators):
        yield Label(place.row - 1, place.column + number, catalog.indicators[code].label_vi)
    for number, breakdown in enumerate(section.items):
        yield Label(place.row + number, place.column - 1, breakdown_label(catalog, breakdown))


@dataclass(frozen=True, slots=True)
class Slot:
    """One cell a person may fill in. ``part`` is ``value`` or ``note``; ``item`` is 0 outside lists and matrices."""

    field: str
    item: int
    part: str
    place: Cell


@dataclass(frozen=True, slots=True)
class Mark:
    """The hidden code of a scalar in column A of its row."""

    row: int
    code: str


@dataclass(frozen=True, slots=True)
class Label:
    """A label that heads a column of a list or matrix, or a row of a matrix."""

    row: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Overflow:
    """Rows below a list where nothing may be typed: from ``first`` to before ``end``, in ``columns``."""

    list: str
    first: int
    end: int
    columns: tuple[int, ...]
    max_rows: int


@dataclass
class SheetPlan:
    """What is placed on one sheet. ``rows``: row → its (column, number of the slot)."""

    name: str
    rows: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    identity: list[tuple[str, int, int]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    overflows: list[Overflow] = field(default_factory=list)
    figure_columns: set[int] = field(default_factory=set)

    @cached_property
    def ordered(self) -> list[tuple[int, list[tuple[int, int]]]]:
        """``rows`` from top to bottom."""
        return sorted(self.rows.items())


class Layout:
    """The places of one form and version. Raises ``KeyError`` when the form has no such version.

    With a ``catalog`` the labels of matrices are known too, by which a reader sees that rows or columns were moved.
    """

    def __init__(self, form: Form, version: str, catalog: Catalog | None = None) -> None:
        self.form = form
        self.catalog = catalog
        self.version = version
        self.places = {name: Cell.parse(address) for name, address in form.places[version].items()}
        self.slots: list[Slot] = []
        self.sheets: dict[str, SheetPlan] = {}
        self.identity = {
            name: self.places[f"identity.{name}"] for name in IDENTITY if f"identity.{name}" in self.places
        }
        for name, cell in self.identity.items():
            self._sheet(cell).identity.append((name, cell.row, cell.column))
        for item in form.fields:
            self._place_scalar(item)
        self._label_columns()
        for section in form.sections:
            self._place_section(section)
        self._find_overflows()

    @cached_property
    def slot_numbers(self) -> dict[tuple[str, int, str], int]:
        """(field, item, part) → number of the slot."""
        return {(slot.field, slot.item, slot.part): number for number, slot in enumerate(self.slots)}

    @cached_property
    def plain_keys(self) -> dict[tuple[str, str], tuple[str, int]]:
        """(indicator, breakdown) of a CSV or JSON file → (field, item)."""
        return dict(self._plain_keys())

    def fields_of(self, section: Section) -> list[FormField]:
        """The scalars of a section that this version has, in the order of the form."""
        return [item for item in self.form.fields if item.section == section.code and item.code in self.places]

    def _sheet(self, cell: Cell) -> SheetPlan:
        return self.sheets.setdefault(cell.sheet, SheetPlan(cell.sheet))

    def _slot(self, code: str, item: int, part: str, place: Cell) -> None:
        self._sheet(place).rows[place.row].append((place.column, len(self.slots)))
        self.slots.append(Slot(code, item, part, place))

    def _place_scalar(self, item: FormField) -> None:
        place = self.places.get(item.code)
        if place is None:
            return
        plan = self._sheet(place)
        plan.figure_columns.add(place.column)
        plan.marks.append(Mark(place.row, mark_of(item.code)))
        self._slot(item.code, 0, "value", place)
        if letters := self.form.note_columns.get(self.version):
            self._slot(item.code, 0, "note", Cell(place.sheet, place.row, column_index(letters)))

    def _label_columns(self) -> None:
        """The head over the figures of scalars, two rows above the first: a column inserted before it moves it."""
        for plan in self.sheets.values():
            if plan.marks:
                top = min(mark.row for mark in plan.marks)
                plan.labels.extend(Label(top - 2, column, VALUE_HEAD) for column in plan.figure_columns)

    def _place_section(self, section: Section) -> None:
        if section.kind == "narrative":
            for narrative in section.narratives:
                if narrative.code in self.places:
                    self._slot(narrative.code, 0, "value", self.places[narrative.code])
        elif section.code in self.places:
            place = self.places[section.code]
            (self._place_list if section.kind == "list" else self._place_matrix)(section, place)

    def _place_list(self, section: Section, place: Cell) -> None:
        plan = self._sheet(place)
        plan.labels.extend(Label(place.row - 1, place.column + n, c.label_vi) for n, c in enumerate(section.columns))
        for row in range(section.max_rows):
            for offset, column in enumerate(section.columns):
                cell = Cell(place.sheet, place.row + row, place.column + offset)
                self._slot(f"{section.code}.{column.code}", row + 1, "value", cell)

    def _place_matrix(self, section: Section, place: Cell) -> None:
        plan = self._sheet(place)
        if self.catalog:
            plan.labels.extend(_matrix_labels(self.catalog, section, place))
        for row in range(len(section.items)):
            for offset, indicator in enumerate(section.indicators):
                plan.figure_columns.add(place.column + offset)
                cell = Cell(place.sheet, place.row + row, place.column + offset)
                self._slot(f"{section.code}.{indicator}", row + 1, "value", cell)

    def _find_overflows(self) -> None:
        for section in self.form.sections_of("list"):
            if section.code not in self.places:
                continue
            place = self.places[section.code]
            first = place.row + section.max_rows
            below = [row for row in self._occupied(place.sheet) if row >= first]
            columns = tuple(range(place.column, place.column + len(section.columns)))
            # two rows above the next thing stand its title and its header
            end = min(below, default=2**31) - 2
            self._sheet(place).overflows.append(Overflow(section.code, first, end, columns, section.max_rows))

    def _occupied(self, sheet: str) -> list[int]:
        plan = self.sheets[sheet]
        return [*plan.rows, *(row for _, row, _ in plan.identity)]

    def _plain_keys(self) -> Iterator[tuple[tuple[str, str], tuple[str, int]]]:
        sections = {section.code: section for section in self.form.sections}
        for slot in self.slots:
            section = sections.get(slot.field.partition(".")[0])
            if slot.part == "note":
                continue
            if slot.item == 0 or section is None:
                name, breakdown = split_breakdown(slot.field)
            elif section.kind == "list":
                name, breakdown = slot.field, f"item={slot.item}"
            else:
                name, breakdown = slot.field, section.items[slot.item - 1]
            yield (name, same_breakdown(breakdown)), (slot.field, slot.item)
