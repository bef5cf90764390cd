"""What a column of a check frame is called and where it stands in the unit's file."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from catalog.load import Catalog
from catalog.model import Form, Section
from catalog.refs import Ref
from domain.cell import Cell

#: Files whose figures have spreadsheet addresses even when the cell is empty.
SPREADSHEETS = frozenset({"xlsx", "xls", "xlsb", "ods"})

_VI = {
    "previous": "{} (kỳ trước)",
    "last_year": "{} (cùng kỳ năm trước)",
    "longer": "{} (kỳ dài hơn)",
    "shorter": "{} (kỳ ngắn hơn)",
    "parts": "{} (tổng các kỳ ngắn hơn)",
    "count": "số dòng của danh sách “{}”",
    "sum": "tổng trong bảng chi tiết: {}",
    "length": "{}",
}
_EN = {
    "previous": "{} (previous period)",
    "last_year": "{} (same period last year)",
    "longer": "{} (longer period)",
    "shorter": "{} (shorter period)",
    "parts": "{} (sum of the shorter periods)",
    "count": "rows of the list “{}”",
    "sum": "sum in the detailed table: {}",
    "length": "{}",
}
_DERIVED = {
    "register": ("Số đơn vị trực thuộc trong danh mục", "Subordinate units in the register"),
    "period:year": ("Năm báo cáo", "Year of the report"),
    "period:last_year": ("Năm trước năm báo cáo", "Year before the report"),
    "period:months": ("Số tháng của kỳ báo cáo", "Months of the period"),
    "same_as:previous": ("Tỷ lệ số liệu trùng với kỳ trước", "Share of figures equal to the previous period's"),
    "same_as:longer": ("Tỷ lệ số liệu trùng với kỳ dài hơn", "Share of figures equal to the longer period's"),
    "same_as:shorter": ("Tỷ lệ số liệu trùng với kỳ ngắn hơn", "Share of figures equal to the shorter period's"),
}


@dataclass(frozen=True)
class Names:
    """Labels of a form's columns in both languages, each worked out once."""

    catalog: Catalog
    form: Form
    _known: dict[tuple[str, int], tuple[str, str]] = field(default_factory=dict)

    @cached_property
    def _sections(self) -> dict[str, Section]:
        return {section.code: section for section in self.form.sections}

    def of(self, code: str, item: int = 0) -> tuple[str, str]:
        """(Vietnamese, English) of ``previous:dossiers_pending``, ``initiatives.name`` in row 3, ``limitation`` …"""
        key = (code, item)
        if key not in self._known:
            self._known[key] = self._named(Ref.parse(code), item)
        return self._known[key]

    def _named(self, ref: Ref, item: int) -> tuple[str, str]:
        if ref.source in ("register", "period", "same_as"):
            return _DERIVED.get(str(ref)) or _DERIVED[ref.source]
        vi, en = self._plain(ref, item)
        if ref.breakdown and ref.source in ("count", "sum"):
            codes = self._breakdown(ref.breakdown)
            vi, en = f"{vi}, {codes[0]}", f"{en}, {codes[1]}"
        return (_VI[ref.source].format(vi), _EN[ref.source].format(en)) if ref.source else (vi, en)

    def _plain(self, ref: Ref, item: int) -> tuple[str, str]:
        section, _, column = ref.name.partition(".")
        if column and section in self._sections:
            return self._in_section(self._sections[section], column, item)
        if ref.name in self._sections and ref.name not in self.catalog.indicators:
            return self._sections[ref.name].title_vi, self._sections[ref.name].title_en
        for narrative in self.form.narratives:
            if narrative.code == ref.name:
                return narrative.label_vi, narrative.label_en
        return self._scalar(ref)

    def _scalar(self, ref: Ref) -> tuple[str, str]:
        given = next((item for item in self.form.fields if item.code == ref.field), None)
        indicator = self.catalog.indicators.get(ref.name)
        if indicator is None:
            return ref.field, ref.field
        codes = self._breakdown(ref.breakdown)
        vi = (given and given.label_vi) or ", ".join(filter(None, (indicator.label_vi, codes[0])))
        en = (given and given.label_en) or ", ".join(filter(None, (indicator.label_en, codes[1])))
        return vi, en

    def _in_section(self, section: Section, column: str, item: int) -> tuple[str, str]:
        if section.kind == "matrix":
            indicator = self.catalog.indicators[column]
            codes = self._breakdown(section.items[item - 1]) if 0 < item <= len(section.items) else ("", "")
            return (
                ", ".join(filter(None, (indicator.label_vi, codes[0]))),
                ", ".join(filter(None, (indicator.label_en, codes[1]))),
            )
        given = next(entry for entry in section.columns if entry.code == column)
        if not item:
            return given.label_vi, given.label_en
        return f"{given.label_vi} (dòng {item})", f"{given.label_en} (row {item})"

    def _breakdown(self, breakdown: str) -> tuple[str, str]:
        items = []
        for pair in filter(None, breakdown.split(";")):
            dimension, _, code = pair.partition("=")
            items.append(self._code(dimension, code))
        return ", ".join(vi for vi, _ in items), ", ".join(en for _, en in items)

    def _code(self, dimension: str, code: str) -> tuple[str, str]:
        codelist = self.catalog.codelists.get(dimension)
        if codelist is None or code not in codelist.codes:
            return code, code
        item = codelist.item(code)
        return item.label_vi, item.label_en


@dataclass(frozen=True)
class Layout:
    """Addresses of a form's places in one of its versions, also of cells that are empty."""

    form: Form
    version: str

    def cell(self, code: str, item: int = 0) -> tuple[str, str]:
        """(sheet, address) of a field, a row of a list or matrix, a narrative; two empty texts where there is none."""
        ref = Ref.parse(code)
        if ref.source not in ("", "count", "length"):
            return "", ""
        places = self.form.places.get(self.version, {})
        name, _, column = ref.name.partition(".")
        if ref.source != "count" and (ref.field in places):
            return _address(Cell.parse(places[ref.field]), 0, 0)
        if name not in places:
            return "", ""
        return _address(Cell.parse(places[name]), max(item - 1, 0), self._offset(name, column))

    def _offset(self, section_code: str, column: str) -> int:
        section = self.form.section(section_code)
        codes = section.indicators if section.kind == "matrix" else tuple(entry.code for entry in section.columns)
        return codes.index(column) if column in codes else 0


def _address(first: Cell, down: int, across: int) -> tuple[str, str]:
    cell = Cell(first.sheet, first.row + down, first.column + across)
    return cell.sheet, cell.address


def address(sheet: str, cell: str) -> str:
    """``Số liệu!E7``, or the cell alone in a file without sheets; empty where there is none."""
    return f"{sheet}!{cell}" if sheet and cell else cell


def items_of_sum(form: Form, text: str) -> tuple[str, tuple[int, ...]]:
    """(``dossiers.dossiers_received``, items) that ``sum:dossiers.dossiers_received[field=tong]`` adds up."""
    ref = Ref.parse(text)
    wanted = set(filter(None, ref.breakdown.split(";")))
    items = form.section(ref.name.partition(".")[0]).items
    return ref.name, tuple(number for number, item in enumerate(items, 1) if wanted <= set(item.split(";")))


def qualified(table: str, ref: str, form: Form) -> str:
    """The field code of a reference: in the frame of a list or matrix the column's name goes after the section's."""
    if Ref.parse(ref).source:
        return ref
    return f"{table}.{ref}" if any(section.code == table for section in form.sections) else ref
