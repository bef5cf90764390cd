"""One worksheet of an .xlsx: the styles of its cells, and how many pixels its rows and columns take."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from functools import cached_property

from lxml import etree

from domain.cell import Cell, column_index
from workbook.opc import MAIN, OFFICE, Element, StrangePackageError, main
from workbook.texts import shortened

Place = tuple[int, int]  # row, column

#: What may follow ``legacyDrawing`` in a worksheet.
_BEHIND_DRAWING = {
    main(name)
    for name in (
        "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst",
    )
} | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"}  # fmt: skip
_LAST_COLUMN, _LAST_ROW = 16_383, 1_048_575
_MOST_LETTERS = 3
#: Rows or columns that a box may reach over: of no height there may be a million.
_MOST_STEPS = 200
_TRUE = ("1", "true", "on")


class Worksheet:
    """The tree of one sheet. Rows and cells that do not say where they are follow the one before."""

    def __init__(self, root: Element) -> None:
        self._root = root
        data = root.find(main("sheetData"))
        if root.tag != main("worksheet") or data is None:
            raise StrangePackageError(str(root.tag))
        self._data = data
        self._rows: dict[int, Element] = {}
        row = -1
        for element in data.iterchildren(main("row")):
            row = int(element.get("r", row + 2)) - 1
            self._rows[row] = element
        self._order = sorted(self._rows)
        self._cells: dict[int, dict[int, Element]] = {}

    # -------------------------------------------------------------------------------------------- styles

    def style(self, place: Place) -> int:
        """The number of the format a cell has, or would have if it were there."""
        row, column = place
        cell = self._cells_of(row).get(column)
        if cell is not None:
            return int(cell.get("s", "0"))
        element = self._rows.get(row)
        if element is not None and element.get("customFormat") in _TRUE:
            return int(element.get("s", "0"))
        of_column = self._column(column)
        return 0 if of_column is None else int(of_column.get("style", "0"))

    def set_style(self, place: Place, style: int) -> None:
        """Give a cell a format; one that is not there is put in its place, without a value."""
        row, column = place
        cell = self._cells_of(row).get(column)
        if cell is None:
            cell = self._insert(row, column)
        if "s" in cell.attrib or "r" not in cell.attrib:
            cell.set("s", str(style))
            return
        # readers look for the format right behind the address
        others = [(name, value) for name, value in cell.attrib.items() if name != "r"]
        for name, _ in others:
            del cell.attrib[name]
        cell.set("s", str(style))
        for name, value in others:
            cell.set(name, value)

    def _cells_of(self, row: int) -> dict[int, Element]:
        if row not in self._cells:
            cells: dict[int, Element] = {}
            column = -1
            for cell in self._rows[row].iterchildren(main("c")) if row in self._rows else ():
                address = cell.get("r")
                column = _column_of(address) if address else column + 1
                cells[column] = cell
            self._cells[row] = cells
        return self._cells[row]

    def _insert(self, row: int, column: int) -> Element:
        cells = self._cells_of(row)
        element = self._rows[row] if row in self._rows else self._insert_row(row)
        # the hint of which columns a row takes would be wrong
        element.attrib.pop("spans", None)
        following = min((known for known in cells if known > column), default=None)
        cell = etree.Element(main("c"), r=Cell("", row, column).address)
        if following is None:
            place = len(element) if not cells else element.index(cells[max(cells)]) + 1
        else:
            place = element.index(cells[following])
        element.insert(place, cell)
        cells[column] = cell
        return cell

    def _insert_row(self, row: int) -> Element:
        element = etree.Element(main("row"), r=str(row + 1))
        at = bisect_left(self._order, row)
        if at < len(self._order):
            self._rows[self._order[at]].addprevious(element)
        else:
            self._data.append(element)
        self._order.insert(at, row)
        self._rows[row] = element
        return element

    def _column(self, column: int) -> Element | None:
        """What is said of a column."""
        firsts, elements = self._columns
        at = bisect_right(firsts, column) - 1
        return elements[at] if at >= 0 and column < int(elements[at].get("max", "1")) else None

    @cached_property
    def _columns(self) -> tuple[list[int], list[Element]]:
        """The first column of each description of some, and the descriptions, in order."""
        elements: Iterable[Element] = self._root.iterfind(f"{main('cols')}/{main('col')}")
        ordered = sorted(elements, key=lambda element: int(element.get("min", "1")))
        return [int(element.get("min", "1")) - 1 for element in ordered], ordered

    # -------------------------------------------------------------------------------------------- comments

    @property
    def legacy_drawing(self) -> str:
        """The relationship of the drawing that holds the boxes of comments; empty without one."""
        element = self._root.find(main("legacyDrawing"))
        return "" if element is None else element.get(f"{{{OFFICE}}}id", "")

    def set_legacy_drawing(self, relation: str) -> None:
        self.remove_legacy_drawing()
        element = etree.fromstring(f'<legacyDrawing xmlns="{MAIN}" xmlns:r="{OFFICE}" r:id="{relation}"/>')
        start = self._root.index(self._data)
        following = (n for n, child in enumerate(self._root) if n > start and child.tag in _BEHIND_DRAWING)
        self._root.insert(next(following, len(self._root)), element)

    def remove_legacy_drawing(self) -> None:
        element = self._root.find(main("legacyDrawing"))
        if element is not None:
            self._root.remove(element)

    def box(self, place: Place, width: int, height: int) -> tuple[int, ...]:
        """The anchor of a box of so many pixels beside a cell: column, pixels into it, row, …, and where it ends."""
        row, column = place
        left = min(column + 1, _LAST_COLUMN - 1)
        top = max(0, min(row, _LAST_ROW - 100) - 1)
        right, across = self._walk(left, 15 + width, self._column_pixels, _LAST_COLUMN)
        # LibreOffice makes some boxes flat that end far inside of a row
        bottom, _ = self._walk(top, 4 + height, self._row_pixels, _LAST_ROW)
        return left, 15, top, 4, right, across, min(bottom + 1, _LAST_ROW), 2

    def _walk(self, at: int, pixels: int, size: Callable[[int], int], last: int) -> tuple[int, int]:
        for step in range(at, min(at + _MOST_STEPS, last)):
            taken = size(step)
            if pixels <= taken:
                return step, pixels
            pixels -= taken
            at = step + 1
        return at, pixels

    @cached_property
    def _defaults(self) -> tuple[int, int]:
        """Pixels of a column and of a row of which nothing is said."""
        element = self._root.find(main("sheetFormatPr"))
        attributes = {} if element is None else element.attrib
        width, height = (
            float(attributes.get("defaultColWidth", "8.43")),
            float(attributes.get("defaultRowHeight", "15")),
        )
        return round(width * 7 + 5), round(height * 4 / 3)

    def _column_pixels(self, column: int) -> int:
        element = self._column(column)
        if element is None:
            return self._defaults[0]
        return 0 if element.get("hidden") in _TRUE else round(float(element.get("width", "8.43")) * 7 + 5)

    def _row_pixels(self, row: int) -> int:
        element = self._rows.get(row)
        if element is None:
            return self._defaults[1]
        height = element.get("ht")
        if element.get("hidden") in _TRUE:
            return 0
        return round(float(height) * 4 / 3) if height else self._defaults[1]


def _column_of(address: str) -> int:
    letters = address.rstrip("0123456789").upper()
    if not (letters.isascii() and letters.isalpha() and len(letters) <= _MOST_LETTERS):
        raise StrangePackageError(shortened(address, 20))
    return column_index(letters)
