"""Fill in a template fast: the sheets' XML is cut at the open cells once, and each filling joins the pieces anew."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from catalog.model import Form
from domain.cell import Cell, column_index, column_letters
from workbook.container import Zip
from workbook.layout import IDENTITY, SCOPE_LABELS, Layout
from workbook.packing import packed, zipped
from workbook.plain import Contents, Typed
from workbook.scan import sheet_parts_by_name
from workbook.texts import escaped

_CELL = re.compile(rb'<c r="([A-Z]+)([0-9]+)"(?: s="([0-9]+)")?(?: t="[A-Za-z]+")?(?:/>|>.*?</c>)')
_ROW = re.compile(rb'<row r="([0-9]+)"')
_COLUMN = re.compile(rb'<col min="([0-9]+)" max="([0-9]+)"[^>]*? style="([0-9]+)"')
_WIDTH = re.compile(rb'<col min="([0-9]+)" max="([0-9]+)" width="([0-9.]+)"')
_DAY = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_SUBJECT = re.compile(rb"<dc:subject>(.*?)</dc:subject>", re.DOTALL)
_CORE, _STRINGS = "docProps/core.xml", "xl/sharedStrings.xml"
#: Between the name of the unit and the period, in headings and properties.
_BETWEEN = " · "
#: Letters in a unit of a column's width, points of a line, and a width in which no text is broken.
_LETTERS, _LINE, _WIDEST = 1.25, 16, 1e6
_EPOCH = date(1899, 12, 30).toordinal()

Place = tuple[int, int]  # row, column
Value = Typed | date


@dataclass
class _Sheet:
    """A sheet's XML in pieces. ``pieces`` alternate fixed bytes and open cells; ``at`` finds a cell among them."""

    pieces: list[bytes]
    at: dict[Place, int]
    styles: dict[Place, bytes]
    column_styles: dict[int, bytes]
    column_widths: dict[int, float]
    rows: dict[int, int]  # first row that follows rows the template leaves out → the piece they are put into


class Filler:
    """A template prepared for filling in many times.

    ``template`` are the bytes of :func:`workbook.template.build_template` for ``form`` and ``version`` (the form's
    current one by default). Raises ``KeyError`` for a version the form has no places for.
    """

    def __init__(self, template: bytes, form: Form, version: str | None = None) -> None:
        self.layout = Layout(form, version or form.version)
        archive = Zip(template)
        parts = sheet_parts_by_name(archive)
        self._sheets = {
            parts[name]: _cut(archive.read(parts[name]), self._open_places(name)) for name in self.layout.sheets
        }
        self._parts_of = {name: parts[name] for name in self.layout.sheets}
        self._package = _Package(archive)
        self._headings = _Headings.of(archive)

    def fill(
        self,
        identity: Mapping[str, str] | None = None,
        figures: Mapping[str, Typed] | None = None,
        notes: Mapping[str, str] | None = None,
        lists: Mapping[str, Sequence[Mapping[str, Typed]]] | None = None,
        matrices: Mapping[str, Mapping[str, Mapping[str, Typed]]] | None = None,
        narratives: Mapping[str, str] | None = None,
    ) -> bytes:
        """The workbook with these contents; what is not named stays as the template has it.

        ``identity``: ``unit``, ``unit_name``, ``period``, ``period_label``, ``scope`` (a code), ``reporter``.
        ``matrices``: matrix → breakdown of the item → indicator → value. Text is kept as text whatever it looks like;
        in a column of days, ISO text and dates become days. Raises ``KeyError`` for what the form does not have.
        """
        contents = Contents(identity or {}, figures or {}, notes or {}, lists or {}, matrices or {}, narratives or {})
        return self.fill_contents(contents)

    def fill_contents(self, contents: Contents) -> bytes:
        """As :meth:`fill`, from the contents that also go into CSV and JSON."""
        return self.fill_slots(contents.identity, entries(contents, self.layout))

    def fill_slots(self, identity: Mapping[str, str], values: Iterable[tuple[tuple[str, int, str], Value]]) -> bytes:
        """As :meth:`fill`, from ((field, item, part), value) as they were read from another file."""
        filled: dict[str, dict[Place, Value]] = {}
        for cell, value in self._placed(identity, values):
            filled.setdefault(self._parts_of[cell.sheet], {})[cell.row, cell.column] = value
        changed = {part: _joined(self._sheets[part], values) for part, values in filled.items()}
        return self._package.with_parts({**self._headings.of_another(identity), **changed})

    def _open_places(self, sheet: str) -> set[Place]:
        plan = self.layout.sheets[sheet]
        places = {(row, column) for row, cells in plan.rows.items() for column, _ in cells}
        return places | {(row, column) for _, row, column in plan.identity}

    def _placed(
        self, identity: Mapping[str, str], values: Iterable[tuple[tuple[str, int, str], Value]]
    ) -> Iterator[tuple[Cell, Value]]:
        for name in IDENTITY:
            if name in identity:
                text = identity[name]
                yield self.layout.identity[name], scope_label(text) if name == "scope" else text
        slots, numbers = self.layout.slots, self.layout.slot_numbers
        for (code, item, part), value in values:
            yield slots[numbers[code, item, part]].place, value


@dataclass(frozen=True)
class _Headings:
    """The parts that name the template's unit and period in the headings of its sheets and in its properties."""

    unit: str
    period: str
    parts: dict[str, bytes]

    @classmethod
    def of(cls, archive: Zip) -> _Headings:
        core = archive.read(_CORE)
        subject = _SUBJECT.search(core)
        if subject is None:
            return cls("", "", {})
        unit, _, period = html.unescape(subject[1].decode()).rpartition(_BETWEEN)
        return cls(unit, period, {_CORE: core, _STRINGS: archive.read(_STRINGS)})

    def of_another(self, identity: Mapping[str, str]) -> dict[str, bytes]:
        """The parts for another unit or period; none when both are the template's own."""
        unit, period = identity.get("unit_name", self.unit), identity.get("period_label", self.period)
        if (unit, period) == (self.unit, self.period):
            return {}
        before, after = escaped(f"{self.unit}{_BETWEEN}{self.period}"), escaped(f"{unit}{_BETWEEN}{period}")
        return {name: content.replace(before, after) for name, content in self.parts.items()}


def scope_label(code: str) -> str:
    """A scope as it is written in a workbook; what is no code of a scope stays as it is."""
    return next((label for scope, label in SCOPE_LABELS.items() if scope == code), code)


def entries(contents: Contents, layout: Layout) -> Iterator[tuple[tuple[str, int, str], Value]]:
    """((field, item, part), value) of everything but the identity."""
    for code, value in contents.figures.items():
        yield (code, 0, "value"), value
    for code, value in contents.notes.items():
        yield (code, 0, "note"), value
    for code, value in contents.narratives.items():
        yield (code, 0, "value"), value
    for code, rows in contents.lists.items():
        days = {column.code for column in layout.form.section(code).columns if column.kind == "date"}
        for number, row in enumerate(rows, 1):
            for column, value in row.items():
                yield (f"{code}.{column}", number, "value"), _as_day(value) if column in days else value
    for matrix, items in contents.matrices.items():
        order = layout.form.section(matrix).items
        for breakdown, values in items.items():
            number = order.index(breakdown) + 1 if breakdown in order else 0
            for indicator, value in values.items():
                yield (f"{matrix}.{indicator}", number, "value"), value


def _as_day(value: Value) -> Value:
    return date.fromisoformat(value) if isinstance(value, str) and _DAY.match(value) else value


# ------------------------------------------------------------------------------------------------ XML of a sheet


def _cut(xml: bytes, places: set[Place]) -> _Sheet:
    sheet = _Sheet([], {}, {}, _column_styles(xml), _column_widths(xml), {})
    end = 0
    rows = {int(found[1]) - 1: found.start() for found in _ROW.finditer(xml)}
    starts = sorted(rows)
    missing = _insertions({row for row, _ in places} - rows.keys(), starts, rows, xml.index(b"</sheetData>"))
    for start, stop, place, style in sorted(_openings(xml, places) + missing, key=lambda opening: opening[:2]):
        sheet.pieces.append(xml[end:start])
        end = stop
        if place[1] >= 0:
            sheet.at[place] = len(sheet.pieces)
            sheet.styles[place] = style
        else:
            sheet.rows[place[0]] = len(sheet.pieces)
        sheet.pieces.append(xml[start:stop])
    sheet.pieces.append(xml[end:])
    return sheet


_Opening = tuple[int, int, Place, bytes]


def _openings(xml: bytes, places: set[Place]) -> list[_Opening]:
    found = []
    for cell in _CELL.finditer(xml):
        place = (int(cell[2]) - 1, column_index(cell[1].decode()))
        if place in places:
            found.append((cell.start(), cell.end(), place, cell[3] or b"0"))
    return found


def _insertions(missing: set[int], starts: list[int], rows: dict[int, int], end: int) -> list[_Opening]:
    """One empty piece for each run of rows the template leaves out; it stands for the first row that may follow it."""
    points = {next((rows[start] for start in starts if start > row), end) for row in missing}
    return [
        (point, point, (next((start for start in starts if rows[start] == point), 1 << 20), -1), b"")
        for point in points
    ]


def _column_styles(xml: bytes) -> dict[int, bytes]:
    return {
        column: style
        for first, last, style in _COLUMN.findall(xml)
        for column in range(int(first) - 1, int(last))
        if int(last) - int(first) < 1000
    }


def _column_widths(xml: bytes) -> dict[int, float]:
    return {
        column: float(width)
        for first, last, width in _WIDTH.findall(xml)
        for column in range(int(first) - 1, int(last))
        if int(last) - int(first) < 1000
    }


def _height(sheet: _Sheet, values: Iterable[tuple[int, Value]]) -> bytes:
    """The attribute of a row whose texts take several lines: of rows that are put in nobody fits the height."""
    lines = [
        1 + len(value) // round(sheet.column_widths.get(column, _WIDEST) * _LETTERS)
        for column, value in values
        if isinstance(value, str)
    ]
    return b' ht="%d"' % (max(lines) * _LINE) if max(lines, default=1) > 1 else b""


def _joined(sheet: _Sheet, values: Mapping[Place, Value]) -> bytes:
    pieces = sheet.pieces.copy()
    added: dict[int, list[tuple[int, bytes]]] = {}
    typed: dict[int, list[tuple[int, Value]]] = {}
    for place, value in values.items():
        at = sheet.at.get(place)
        if at is None:
            style = sheet.column_styles.get(place[1], b"0")
            added.setdefault(place[0], []).append((place[1], _cell(place, style, value)))
            typed.setdefault(place[0], []).append((place[1], value))
        else:
            pieces[at] = _cell(place, sheet.styles[place], value)
    for row in sorted(added):
        cells = b"".join(cell for _, cell in sorted(added[row]))
        at = sheet.rows[min(following for following in sheet.rows if following > row)]
        pieces[at] += b'<row r="%d"%s>%s</row>' % (row + 1, _height(sheet, typed[row]), cells)
    return b"".join(pieces)


def _cell(place: Place, style: bytes, value: Value) -> bytes:
    address = f"{column_letters(place[1])}{place[0] + 1}".encode()
    if isinstance(value, date):
        return b'<c r="%s" s="%s"><v>%d</v></c>' % (address, style, value.toordinal() - _EPOCH)
    if isinstance(value, str):
        return b'<c r="%s" s="%s" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>' % (
            address,
            style,
            escaped(value),
        )
    return b'<c r="%s" s="%s"><v>%s</v></c>' % (address, style, repr(value).encode())


# ------------------------------------------------------------------------------------------------ the package


class _Package:
    """The parts of a template, packed once; only changed ones are packed again."""

    def __init__(self, archive: Zip) -> None:
        self._members = {name: packed(archive.read(name), level=6) for name in archive.parts}

    def with_parts(self, changed: Mapping[str, bytes]) -> bytes:
        return zipped(self._members | {name: packed(content) for name, content in changed.items()})
