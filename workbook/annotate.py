"""Findings marked in an .xlsx at their cells: the file stays the unit's own; fills, comments and two sheets are added.

The XML of the parts is changed, nothing is loaded and saved anew: formulas and their results, formats, charts,
pictures, rules of colouring and of input, protection and hidden sheets leave as they came. An earlier annotation is
taken away first: its sheets, its comments, and its fills, in whose place the former ones are put back. The former
formats stand in the hidden sheet as the formats of its own cells, so that they keep their meaning when a program
numbers formats anew.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from domain.cell import Cell, column_letters
from workbook.comments import Commenting, Remark
from workbook.container import Zip
from workbook.layout import folded
from workbook.marker import FACTS, FIRST_MARK, MARKER_SHEET, MARKER_TITLE, RESULT_SHEET, STYLE_COLUMN, Marker
from workbook.opc import MAIN, OFFICE, Element, Package, StrangePackageError, main
from workbook.result_sheet import FILLS, MOST_LISTED, Head, Item, Tone, result_sheet
from workbook.styles import EMPTY, Styles
from workbook.texts import escaped, shortened
from workbook.worksheet import Place, Worksheet

#: The workbook itself; whoever opened the file found it under this name.
_BOOK = "xl/workbook.xml"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_STYLES_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
#: A larger sheet is not marked: its findings are listed in front all the same.
_LARGEST_SHEET = 32_000_000
_LONGEST_REMARK = 2_000
_LONGEST_FACT = 2_000
_OURS = frozenset(FILLS.values())
_VIEW = re.compile(rb"<(?:\w+:)?sheetView\b[^<>]*>")
_SELECTED = re.compile(rb"(?<=\s)tabSelected\s*=\s*[\"'](?:1|true)[\"']")
_ORDER_AFTER_NAMES = (
    "calcPr", "oleSize", "customWorkbookViews", "pivotCaches", "smartTagPr", "smartTagTypes", "webPublishing",
    "fileRecoveryPr", "webPublishObjects", "extLst",
)  # fmt: skip
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_WORDS = {
    Tone.FAULT: ("LỖI PHẢI SỬA", "error"),
    Tone.WARNING: ("CẢNH BÁO CẦN GIẢI THÍCH", "warning"),
    Tone.NOTE: ("LƯU Ý", "note"),
    Tone.SETTLED: ("ĐÃ GIẢI THÍCH / ĐƯỢC MIỄN", "settled"),
}
_GRAVITY = list(Tone)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet of the workbook: its name, its part, and its element in the list of sheets."""

    name: str
    part: str
    element: Element

    @property
    def is_visible(self) -> bool:
        return bool(self.element.get("state", "visible") == "visible")


@dataclass(frozen=True, slots=True)
class Former:
    """An earlier annotation in the same file: the names of its sheets, and what its hidden sheet says."""

    sheets: tuple[str, ...] = ()
    marker: Marker | None = None


def annotated(
    data: bytes, former: Former, items: Sequence[Item], head: Head, facts: Mapping[str, str], copied: str = ""
) -> bytes:
    """The .xlsx ``data`` with the findings marked.

    Raises :class:`StrangePackageError` (or ``LookupError``, ``ValueError``) for a package that is not built as
    programs build it.
    """
    return _Annotation(Package(Zip(data)), former).made(items, head, facts, copied)


class _Annotation:
    def __init__(self, package: Package, former: Former) -> None:
        self.package, self.former = package, former
        self.root = package.tree(_BOOK)
        if self.root.tag != main("workbook"):
            raise StrangePackageError(str(self.root.tag))
        self.styles = Styles(package.tree(self._styles_part()))
        self.comments = Commenting(package)
        self._worksheets: dict[str, Worksheet] = {}
        self._parts = set(package.related(_BOOK, "worksheet"))
        #: Sheets that are marked without comments.
        self._uncommented: list[str] = []

    def made(self, items: Sequence[Item], head: Head, facts: Mapping[str, str], copied: str) -> bytes:
        self._clear()
        self._unsign()
        sheets = {folded(sheet.name): sheet for sheet in self._sheets()}
        name = _free_name(RESULT_SHEET, sheets)
        marked = self._mark(items, sheets, name)
        self._deselect(sheets.values())
        visible = {name: sheet.name for name, sheet in sheets.items() if sheet.is_visible}
        result = result_sheet(
            head, items, self.styles, lambda name: visible.get(folded(name), ""), copied, self._uncommented
        )
        self._add_sheet(name, result, first=True)
        self._add_sheet(_free_name(MARKER_SHEET, sheets), _marker_sheet(facts, marked), first=False)
        self._open_in_front()
        self._forget_order()
        return self.package.to_bytes()

    def _styles_part(self) -> str:
        known = self.package.related(_BOOK, "styles")
        if known:
            return known[0]
        name = self.package.free_name("xl/styles{}.xml")
        self.package.add(name, EMPTY, _STYLES_TYPE)
        self.package.relate(_BOOK, "styles", name)
        return name

    def _sheets(self) -> list[_Sheet]:
        targets = {relation.id: relation.target for relation in self.package.relations(_BOOK)}
        return [
            _Sheet(element.get("name", ""), targets.get(element.get(f"{{{OFFICE}}}id"), ""), element)
            for element in self._list.iterchildren(main("sheet"))
        ]

    @property
    def _list(self) -> Element:
        found = self.root.find(main("sheets"))
        if found is None:
            raise StrangePackageError("sheets")
        return found

    def _worksheet(self, part: str) -> Worksheet:
        if part not in self._worksheets:
            self._worksheets[part] = Worksheet(self.package.tree(part))
        return self._worksheets[part]

    def _may_be_marked(self, sheet: _Sheet) -> bool:
        return sheet.part in self._parts and self.package.size(sheet.part) <= _LARGEST_SHEET

    # -------------------------------------------------------------------------------------------- an earlier annotation

    def _clear(self) -> None:
        sheets = self._sheets()
        ours = [sheet for sheet in sheets if sheet.name in self.former.sheets]
        former = self._former_styles(ours)
        for sheet in sheets:
            if sheet not in ours and self._may_be_marked(sheet):
                self._restore(sheet, former.get(folded(sheet.name), {}))
        if ours:
            self._remove_sheets(ours)

    def _former_styles(self, ours: Iterable[_Sheet]) -> dict[str, dict[Place, int]]:
        """Sheet → marked cells of the earlier annotation, and the format that each had before."""
        marker = self.former.marker
        parts = [sheet.part for sheet in ours if folded(sheet.name).startswith(folded(MARKER_SHEET))]
        if marker is None or not parts:
            return {}
        worksheet = self._worksheet(parts[0])
        former: dict[str, dict[Place, int]] = {}
        for row, cell in marker.marked.items():
            former.setdefault(folded(cell.sheet), {})[cell.row, cell.column] = worksheet.style((row, STYLE_COLUMN))
        return former

    def _restore(self, sheet: _Sheet, own: Mapping[Place, int]) -> None:
        commented = self.comments.clear(sheet.part, self._worksheet)
        for place in {*own, *commented}:
            worksheet = self._worksheet(sheet.part)
            style = worksheet.style(place)
            # a cell that the unit has coloured otherwise meanwhile is left as it is
            if self.styles.colour(style) in _OURS:
                worksheet.set_style(place, self.styles.refilled(style, own.get(place)))

    def _remove_sheets(self, sheets: Sequence[_Sheet]) -> None:
        parts = {sheet.part for sheet in sheets}
        gone = [number for number, sheet in enumerate(self._sheets()) if sheet.part in parts]
        for name in list(self.root.iterfind(f"{main('definedNames')}/{main('definedName')}")):
            if name.get("localSheetId") in map(str, gone):
                name.getparent().remove(name)
        self._shift_names(lambda number: number - bisect_left(gone, number))
        for sheet in sheets:
            self._list.remove(sheet.element)
        for relation in self.package.relations(_BOOK):
            if relation.target in parts:
                self.package.unrelate(_BOOK, relation)
        for part in parts:
            self.package.remove(part)
            self._worksheets.pop(part, None)

    def _unsign(self) -> None:
        """A signature speaks of the file as it was sent; over the changed one it would read as a forgery."""
        origins = [relation for relation in self.package.relations("") if relation.kind == "origin"]
        for relation in origins:
            self.package.unrelate("", relation)
        for name in self.package.names("") if origins else ():
            if name.startswith("_xmlsignatures/"):
                self.package.remove(name)

    # -------------------------------------------------------------------------------------------- marks

    def _mark(self, items: Sequence[Item], sheets: Mapping[str, _Sheet], result: str) -> list[tuple[Cell, int]]:
        """Fill and comment the cells of the findings; returns each cell with the format that it had.

        ``result`` is the name of the sheet that says all.
        """
        marked: list[tuple[Cell, int]] = []
        for name, places in _by_sheet(items).items():
            sheet = sheets.get(name)
            if sheet is None or not self._may_be_marked(sheet):
                continue
            worksheet = self._worksheet(sheet.part)
            for place, found in sorted(places.items()):
                style = worksheet.style(place)
                tone = min((item.tone for item in found), key=_GRAVITY.index)
                worksheet.set_style(place, self.styles.filled(style, FILLS[tone]))
                marked.append((Cell(sheet.name, *place), style))
            if not self.comments.is_open(sheet.part):
                self._uncommented.append(sheet.name)
                continue
            remarks = {place: _remark(found, sheet.name, place, result) for place, found in places.items()}
            self.comments.add(sheet.part, worksheet, {place: remark for place, remark in remarks.items() if remark})
        return marked

    # -------------------------------------------------------------------------------------------- the list of sheets

    def _add_sheet(self, name: str, xml: bytes, *, first: bool) -> None:
        part = self.package.free_name("xl/worksheets/sheet{}.xml")
        self.package.add(part, xml, _SHEET_TYPE)
        element = etree.Element(main("sheet"), name=name)
        numbers = [int(sheet.element.get("sheetId", "0")) for sheet in self._sheets()]
        element.set("sheetId", str(1 + max(numbers, default=0)))
        if not first:
            element.set("state", "veryHidden")
        element.set(f"{{{OFFICE}}}id", self.package.relate(_BOOK, "worksheet", part))
        if first:
            self._list.insert(0, element)
            self._shift_names(lambda number: number + 1)
            self._repeat_rows(name)
        else:
            self._list.append(element)

    def _shift_names(self, moved: Any) -> None:
        for name in self.root.iterfind(f"{main('definedNames')}/{main('definedName')}"):
            if name.get("localSheetId", "").isdigit():
                name.set("localSheetId", str(moved(int(name.get("localSheetId")))))

    def _repeat_rows(self, name: str) -> None:
        """Title and outcome stand on every printed page."""
        names = self.root.find(main("definedNames"))
        if names is None:
            names = etree.Element(main("definedNames"))
            later = {main(follower) for follower in _ORDER_AFTER_NAMES}
            following = (number for number, child in enumerate(self.root) if child.tag in later)
            self.root.insert(next(following, len(self.root)), names)
        element = etree.SubElement(names, main("definedName"), name="_xlnm.Print_Titles", localSheetId="0")
        element.text = f"'{name}'!$1:$2"

    def _deselect(self, sheets: Iterable[_Sheet]) -> None:
        """Sheets selected together are changed together by whoever types into one."""
        for sheet in sheets:
            if sheet.part in self._worksheets:
                for view in self.package.tree(sheet.part).iter(main("sheetView")):
                    view.attrib.pop("tabSelected", None)
            elif sheet.part in self.package:
                content = self.package.read(sheet.part)
                start = max(0, content.find(b"sheetData"))
                if b"tabSelected" in content[:start]:
                    self.package.write(sheet.part, _unselected(content[:start]) + content[start:])

    def _open_in_front(self) -> None:
        views = self.root.find(main("bookViews"))
        if views is None:
            views = etree.Element(main("bookViews"))
            self._list.addprevious(views)
            etree.SubElement(views, main("workbookView"))
        for view in views.iterchildren(main("workbookView")):
            view.set("activeTab", "0")
            view.attrib.pop("firstSheet", None)

    def _forget_order(self) -> None:
        """What programs keep of the order of sheets and of reckoning, and make anew by themselves."""
        for relation in self.package.relations(_BOOK):
            if relation.kind == "calcChain":
                self.package.unrelate(_BOOK, relation)
                self.package.remove(relation.target)
        for name in self.package.related("", "extended-properties"):
            properties = self.package.tree(name)
            for child in list(properties):
                if isinstance(child.tag, str) and etree.QName(child).localname in ("HeadingPairs", "TitlesOfParts"):
                    properties.remove(child)


def _unselected(head: bytes) -> bytes:
    return _VIEW.sub(lambda view: _SELECTED.sub(b"", view[0]), head)


def _free_name(name: str, sheets: Mapping[str, Any]) -> str:
    """The name, with a number where the unit has a sheet of this name."""
    number, free = 1, name
    while folded(free) in sheets:
        number += 1
        free = f"{name} ({number})"
    return free


def _by_sheet(items: Sequence[Item]) -> dict[str, dict[Place, list[Item]]]:
    """Folded name of a sheet → its cells → what is said of each."""
    sheets: dict[str, dict[Place, list[Item]]] = {}
    for item in items:
        for cell in item.places:
            sheets.setdefault(folded(cell.sheet), {}).setdefault((cell.row, cell.column), []).append(item)
    return sheets


def _remark(items: Sequence[Item], sheet: str, place: Place, result: str) -> Remark | None:
    listed = [item for item in items if item.number <= MOST_LISTED]
    if not listed:
        return None
    paragraphs = tuple(paragraph for item in listed for paragraph in _paragraphs(item, sheet, place))
    colour = FILLS[min((item.tone for item in listed), key=_GRAVITY.index)][2:]
    return Remark(_limited(paragraphs, result), colour)


def _paragraphs(item: Item, sheet: str, place: Place) -> Iterator[tuple[str, str]]:
    vi, en = _WORDS[item.tone]
    head = f"{vi} · {item.rule} ({en})"
    first = item.places[0]
    if (folded(first.sheet), first.row, first.column) != (folded(sheet), *place):
        where = first.address if folded(first.sheet) == folded(sheet) else f"{first.sheet}!{first.address}"
        said = item.arithmetic or "\n".join(filter(None, (item.vi, _english(item))))
        yield head, f"Cùng xét với ô {where} (judged together with it): {said}"
        return
    yield head, "\n".join(_said(item))


def _said(item: Item) -> Iterator[str]:
    """The sentence, what it does not say itself, and the first English sentence."""
    yield item.vi
    if item.expected and item.expected not in item.vi:
        yield f"Cần là (expected): {item.expected}"
    if item.arithmetic and item.arithmetic not in item.vi:
        yield f"Phép tính (arithmetic): {item.arithmetic}"
    if item.explanation:
        yield f"Giải thích (explanation): {item.explanation}"
    if item.en:
        yield _english(item)


def _english(item: Item) -> str:
    return f"EN: {_SENTENCE_END.split(item.en, maxsplit=1)[0]}" if item.en else ""


def _limited(paragraphs: Sequence[tuple[str, str]], result: str) -> tuple[tuple[str, str], ...]:
    """As much as a box can show; the rest stands on the first sheet."""
    kept: list[tuple[str, str]] = []
    left = _LONGEST_REMARK
    for head, words in paragraphs:
        if left <= len(head):
            kept.append(("", f"… xem trang “{result}” (see that sheet)"))
            break
        kept.append((head, shortened(words, max(left - len(head), 1))))
        left -= len(head) + len(words)
    return tuple(kept)


def _marker_sheet(facts: Mapping[str, str], marked: Sequence[tuple[Cell, int]]) -> bytes:
    """The hidden sheet: whose copy this is, and the marked cells, each with a cell in the format it had."""
    rows = [_row(1, MARKER_TITLE)]
    rows += [_row(number, name, shortened(facts.get(name, ""), _LONGEST_FACT)) for number, name in enumerate(FACTS, 2)]
    rows += [
        _row(number, cell.sheet, cell.address, style=style) for number, (cell, style) in enumerate(marked, FIRST_MARK)
    ]
    return b"".join(
        (
            f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}"><sheetData>'.encode(),
            *rows,
            b'</sheetData><sheetProtection sheet="1"/></worksheet>',
        )
    )


def _row(number: int, *texts: str, style: int | None = None) -> bytes:
    cells = [
        b'<c r="%s%d" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>'
        % (column_letters(column).encode(), number, escaped(text))
        for column, text in enumerate(texts)
    ]
    if style is not None:
        cells.append(b'<c r="%s%d" s="%d"/>' % (column_letters(STYLE_COLUMN).encode(), number, style))
    return b'<row r="%d">%s</row>' % (number, b"".join(cells))
