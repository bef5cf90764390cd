"""Comments at the cells of an .xlsx: ours are put beside those of the unit, and taken away again, never theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from domain.cell import Cell
from workbook.opc import MAIN, Element, Package, Relation, built, main
from workbook.texts import clean
from workbook.worksheet import Place, Worksheet

#: Who our comments are by; theirs have another author.
AUTHOR = "tongket"
#: Begins each of ours: programs drop the authors of comments when they save.
OPENING = f"{AUTHOR} · "
#: Begins what we add to a comment that was there already.
SEPARATOR = "──── tongket ────"

_COMMENTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_EMPTY = f'<comments xmlns="{MAIN}"><authors/><commentList/></comments>'.encode()
_ANCHOR = re.compile(rb"<x:Anchor>[^<]*<")
_SHAPE = re.compile(rb"<v:shape\s.*?</v:shape>", re.S)
_SHAPE_TYPE = (
    b'<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    b'<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_IDS = re.compile(rb'(<o:idmap\b[^>]*\bdata=")([0-9, ]*)(")')
_DRAWING = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data=""/>'
    b"</o:shapelayout></xml>"
)
#: Numbers of shapes are given out in blocks of so many, one block to one drawing.
_BLOCK = 1024

_LINE_PIXELS, _LINE_LETTERS, _BOX_PIXELS = 17, 52, 340
_MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said at one cell: paragraphs of (head, words), the colour of the box as RRGGBB."""

    paragraphs: tuple[tuple[str, str], ...]
    colour: str


class Commenting:
    """Comments of a whole package; numbers of shapes are never given out twice."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._next_block = 0

    # -------------------------------------------------------------------------------------------- taking away

    def clear(self, part: str, sheet: Callable[[str], Worksheet]) -> list[Place]:
        """Take our comments from the sheet ``part``; returns the cells that had one."""
        places: list[Place] = []
        for relation in self._package.relations(part):
            if relation.kind == "comments" and AUTHOR.encode() in self._read(relation.target):
                places += self._clear_part(part, relation, sheet)
        return places

    def _read(self, name: str) -> bytes:
        return self._package.read(name) if name in self._package else b""

    def _clear_part(self, part: str, comments: Relation, sheet: Callable[[str], Worksheet]) -> list[Place]:
        root = self._package.tree(comments.target)
        ours = {number for number, author in enumerate(root.iter(main("author"))) if author.text == AUTHOR}
        gone, places = [], []
        for comment in list(root.iter(main("comment"))):
            place = _place(comment.get("ref", "A1"))
            if int(comment.get("authorId", "-1")) in ours or _words(comment).startswith(OPENING):
                comment.getparent().remove(comment)
                gone.append(place)
                places.append(place)
            elif _cut(comment):
                places.append(place)
        if next(root.iter(main("comment")), None) is None:
            self._package.unrelate(part, comments)
            self._package.remove(comments.target)
        for relation in self._package.relations(part):
            if relation.kind == "vmlDrawing" and relation.target in self._package:
                self._clear_drawing(part, relation, gone, sheet(part))
        return places

    def _clear_drawing(self, part: str, relation: Relation, gone: list[Place], sheet: Worksheet) -> None:
        content = self._package.read(relation.target)
        left = _SHAPE.sub(lambda shape: b"" if _place_of(shape[0]) in gone else shape[0], content)
        if b"<v:shape " in left or relation.id != sheet.legacy_drawing:
            self._package.write(relation.target, left)
            return
        sheet.remove_legacy_drawing()
        self._package.unrelate(part, relation)
        self._package.remove(relation.target)

    # -------------------------------------------------------------------------------------------- putting in

    def add(self, part: str, sheet: Worksheet, remarks: Mapping[Place, Remark]) -> None:
        """Put remarks at the cells of the sheet ``part``; a comment that is there keeps its author and its words."""
        if not remarks:
            return
        root = self._package.tree(self._comments_of(part))
        author = _author(root)
        there = {_place(comment.get("ref", "A1")): comment for comment in root.iter(main("comment"))}
        new, longer = {}, {}
        for place, remark in sorted(remarks.items()):
            if place in there:
                _append(there[place], remark)
                longer[place] = _words(there[place])
            else:
                _new(root.find(main("commentList")), place, remark, author)
                new[place] = remark
        if new:
            self._draw(part, sheet, new)
        if longer:
            self._enlarge(part, sheet, longer)

    def _comments_of(self, part: str) -> str:
        known = self._package.related(part, "comments")
        if known:
            return known[0]
        name = self._package.free_name("xl/comments{}.xml")
        self._package.add(name, _EMPTY, _COMMENTS)
        self._package.relate(part, "comments", name)
        return name

    def _draw(self, part: str, sheet: Worksheet, remarks: Mapping[Place, Remark]) -> None:
        name = self._drawing_of(part, sheet)
        content = self._package.read(name)
        blocks = self._blocks(len(remarks))
        first = blocks[0] * _BLOCK + 1
        shapes = (_shape(number, place, remark, sheet) for number, (place, remark) in enumerate(remarks.items(), first))
        numbers = ",".join(map(str, blocks)).encode()
        content = _IDS.sub(lambda ids: ids[1] + b",".join(filter(None, (ids[2], numbers))) + ids[3], content, count=1)
        head = b"" if b'id="_x0000_t202"' in content else _SHAPE_TYPE
        before, end, behind = content.rpartition(b"</xml>")
        self._package.write(name, before + head + b"".join(shapes) + end + behind)

    def _enlarge(self, part: str, sheet: Worksheet, longer: Mapping[Place, str]) -> None:
        """Make the boxes of comments that got longer as large as their words need."""
        name = self._drawing_of(part, sheet)

        def resized(shape: re.Match[bytes]) -> bytes:
            place = _place_of(shape[0])
            if place is None or place not in longer:
                return shape[0]
            anchor = _anchor(sheet, place, _lines(longer[place]))
            return _ANCHOR.sub(lambda _: f"<x:Anchor>{anchor}<".encode(), shape[0], count=1)

        self._package.write(name, _SHAPE.sub(resized, self._package.read(name)))

    def _drawing_of(self, part: str, sheet: Worksheet) -> str:
        for relation in self._package.relations(part):
            if relation.id == sheet.legacy_drawing and relation.target in self._package:
                return relation.target
        self._package.knows_extension("vml", _VML)
        name = self._package.free_name("xl/drawings/vmlDrawing{}.vml")
        self._package.write(name, _DRAWING)
        sheet.set_legacy_drawing(self._package.relate(part, "vmlDrawing", name))
        return name

    def _blocks(self, shapes: int) -> list[int]:
        if not self._next_block:
            drawings = (self._package.read(name) for name in self._package.names(".vml"))
            lists = (ids[1] for drawing in drawings for ids in _IDS.findall(drawing))
            taken = [int(number) for listed in lists for number in listed.split(b",") if number.strip()]
            self._next_block = max(taken, default=0) + 1
        blocks = list(range(self._next_block, self._next_block + 1 + shapes // _BLOCK))
        self._next_block = blocks[-1] + 1
        return blocks


def _place(address: str) -> Place:
    cell = Cell.parse(address.partition(":")[0])
    return cell.row, cell.column


def _author(root: Element) -> str:
    authors = root.find(main("authors"))
    names = [author.text or "" for author in authors]
    if AUTHOR not in names:
        etree.SubElement(authors, main("author")).text = AUTHOR
        names.append(AUTHOR)
    return str(names.index(AUTHOR))


def _new(comments: Element, place: Place, remark: Remark, author: str) -> None:
    comment = etree.SubElement(comments, main("comment"), ref=Cell("", *place).address, authorId=author)
    text = etree.SubElement(comment, main("text"))
    (head, words), *others = remark.paragraphs
    text.extend(_runs([(f"{OPENING}{head}", words), *others]))


def _append(comment: Element, remark: Remark) -> None:
    text = comment.find(main("text"))
    if text is None:
        text = etree.SubElement(comment, main("text"))
    plain = text.find(main("t"))
    if plain is not None:
        run = etree.Element(main("r"))
        text.replace(plain, run)
        run.append(plain)
    text.extend(_runs((("", f"\n{SEPARATOR}"), *remark.paragraphs)))


def _words(comment: Element) -> str:
    return "".join(words.text or "" for words in comment.iter(main("t")))


def _cut(comment: Element) -> bool:
    """Take from a comment what we added to it."""
    found = False
    for words in list(comment.iter(main("t"))):
        if found:
            run = words.getparent()
            run.getparent().remove(run)
        elif SEPARATOR in (words.text or ""):
            found = True
            words.text = words.text.partition(SEPARATOR)[0].removesuffix("\n")
    return found


def _runs(paragraphs: Iterable[tuple[str, str]]) -> list[Element]:
    runs = []
    for number, (head, words) in enumerate(paragraphs):
        lead = "\n" if number else ""
        if head:
            runs.append(_run(lead + head, "<b/>"))
        if words:
            runs.append(_run(("\n" if head else lead) + words, ""))
    return runs


def _run(words: str, weight: str) -> Element:
    run = built(f'<r><rPr>{weight}<sz val="9"/><rFont val="Tahoma"/></rPr><t/></r>')
    text = run.find(main("t"))
    text.text = clean(words)
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return run


# ------------------------------------------------------------------------------------------------ boxes


def _shape(number: int, place: Place, remark: Remark, sheet: Worksheet) -> bytes:
    """The box of one comment, as large as its words need."""
    lines = _lines("\n".join(text for paragraph in remark.paragraphs for text in paragraph if text))
    anchor, height = _anchor(sheet, place, lines), _box_height(lines)
    return (
        f'<v:shape id="_x0000_s{number}" type="#_x0000_t202" style="position:absolute;margin-left:59.25pt;'
        f"margin-top:1.5pt;width:{_BOX_PIXELS * 0.75:g}pt;height:{height * 0.75:g}pt;z-index:{number % _BLOCK};"
        f'visibility:hidden" fillcolor="#{remark.colour}" o:insetmode="auto"><v:fill color2="#{remark.colour}"/>'
        '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        f'<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
        f"<x:AutoFill>False</x:AutoFill><x:Row>{place[0]}</x:Row><x:Column>{place[1]}</x:Column></x:ClientData></v:shape>"
    ).encode()


def _anchor(sheet: Worksheet, place: Place, lines: int) -> str:
    return ", ".join(map(str, sheet.box(place, _BOX_PIXELS, _box_height(lines))))


def _box_height(lines: int) -> int:
    return min(lines, _MOST_LINES) * _LINE_PIXELS + 8


def _lines(words: str) -> int:
    return sum(1 + len(line) // _LINE_LETTERS for line in words.split("\n"))


def _place_of(shape: bytes) -> Place | None:
    """The cell whose comment a shape is the box of; ``None`` for another shape."""
    row, column = (re.search(rb"<x:%s>\s*(\d+)" % name, shape) for name in (b"Row", b"Column"))
    return (int(row[1]), int(column[1])) if row and column and b'ObjectType="Note"' in shape else None
