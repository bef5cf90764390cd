"""Comments at the cells of an .xlsx: ours are put beside those of the unit, and taken away again, never theirs."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from domain.cell import Cell
from workbook.opc import MAIN, Element, Package, StrangePackageError, built, main
from workbook.texts import clean
from workbook.vml import anchored, blocks, place_of, redrawn, with_blocks
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
_SHAPE_TYPE = (
    b'<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    b'<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_DRAWING = (
    b'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    b'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data=""/>'
    b"</o:shapelayout></xml>"
)
#: Numbers of shapes are given out in blocks of so many, one block to one drawing.
_BLOCK = 1024

#: Bytes of comments and boxes that are looked through, of one sheet and of a workbook; a thousand comments take one
#: million. What is larger stays as it is.
_LARGEST, _LARGEST_OF_ALL = 8_000_000, 32_000_000

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
        self._left = _LARGEST_OF_ALL
        self._open: dict[str, bool] = {}

    def is_open(self, part: str) -> bool:
        """Whether the comments of the sheet ``part`` are few enough to be looked through; otherwise they stay."""
        if part not in self._open:
            kinds = ("comments", "vmlDrawing")
            targets = {found.target for found in self._package.relations(part) if found.kind in kinds}
            size = sum(self._package.size(target) for target in targets if target in self._package)
            self._open[part] = size <= min(_LARGEST, self._left)
            self._left -= size if self._open[part] else 0
        return self._open[part]

    # -------------------------------------------------------------------------------------------- taking away

    def clear(self, part: str, sheet: Callable[[str], Worksheet]) -> list[Place]:
        """Take our comments from the sheet ``part``; returns the cells that had one."""
        if not self.is_open(part):
            return []
        listed = dict.fromkeys(self._package.related(part, "comments"))
        ours = [target for target in listed if AUTHOR.encode() in self._package.read(target)]
        return [place for target in ours for place in self._clear_part(part, target, sheet)]

    def _clear_part(self, part: str, comments: str, sheet: Callable[[str], Worksheet]) -> list[Place]:
        root = self._package.tree(comments)
        ours = {str(number) for number, author in enumerate(root.iter(main("author"))) if author.text == AUTHOR}
        gone, places = set(), []
        for comment in list(root.iter(main("comment"))):
            place = _place(comment)
            is_ours = comment.get("authorId") in ours or _words(comment).startswith(OPENING)
            if is_ours:
                comment.getparent().remove(comment)
                gone.add(place)
            if (is_ours or _cut(comment)) and place:
                places.append(place)
        if next(root.iter(main("comment")), None) is None:
            self._remove(part, comments)
        for drawing in dict.fromkeys(self._package.related(part, "vmlDrawing")):
            self._clear_drawing(part, drawing, gone, sheet(part))
        return places

    def _clear_drawing(self, part: str, drawing: str, gone: Container[Place | None], sheet: Worksheet) -> None:
        def kept(shape: bytes) -> bytes:
            place = place_of(shape)
            return b"" if place and place in gone else shape

        left, shapes = redrawn(self._package.read(drawing), kept)
        ids = {relation.id for relation in self._package.relations(part) if relation.target == drawing}
        if shapes or sheet.legacy_drawing not in ids:
            self._package.write(drawing, left)
            return
        sheet.remove_legacy_drawing()
        self._remove(part, drawing)

    def _remove(self, part: str, target: str) -> None:
        for relation in self._package.relations(part):
            if relation.target == target:
                self._package.unrelate(part, relation)
        self._package.remove(target)

    # -------------------------------------------------------------------------------------------- putting in

    def add(self, part: str, sheet: Worksheet, remarks: Mapping[Place, Remark]) -> None:
        """Put remarks at the cells of the sheet ``part``; a comment that is there keeps its author and its words."""
        if not remarks:
            return
        root = self._package.tree(self._comments_of(part))
        if root.tag != main("comments"):
            raise StrangePackageError(str(root.tag))
        author, listed = _author(root), _listed(root)
        there = {_place(comment): comment for comment in root.iter(main("comment"))}
        new, longer = {}, {}
        for place, remark in sorted(remarks.items()):
            if place in there:
                _append(there[place], remark)
                longer[place] = _words(there[place])
            else:
                _new(listed, place, remark, author)
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
        numbers = self._blocks(len(remarks))
        first = numbers[0] * _BLOCK + 1
        shapes = (_shape(number, place, remark, sheet) for number, (place, remark) in enumerate(remarks.items(), first))
        head = b"" if b'id="_x0000_t202"' in content else _SHAPE_TYPE
        before, end, behind = with_blocks(content, numbers).rpartition(b"</xml>")
        if not end:
            raise StrangePackageError(name)
        self._package.write(name, before + head + b"".join(shapes) + end + behind)

    def _enlarge(self, part: str, sheet: Worksheet, longer: Mapping[Place, str]) -> None:
        """Make the boxes of comments that got longer as large as their words need."""
        name = self._drawing_of(part, sheet)

        def resized(shape: bytes) -> bytes:
            place = place_of(shape)
            if place is None or place not in longer:
                return shape
            return anchored(shape, _anchor(sheet, place, _lines(longer[place])))

        self._package.write(name, redrawn(self._package.read(name), resized)[0])

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
            self._next_block = max((number for drawing in drawings for number in blocks(drawing)), default=0) + 1
        numbers = list(range(self._next_block, self._next_block + 1 + shapes // _BLOCK))
        self._next_block = numbers[-1] + 1
        return numbers


def _place(comment: Element) -> Place | None:
    """The cell of a comment; ``None`` where its address is none."""
    try:
        cell = Cell.parse(comment.get("ref", "").partition(":")[0])
    except ValueError:
        return None
    return cell.row, cell.column


def _author(root: Element) -> str:
    """Our number among the authors; whoever wrote the part may have left them out."""
    authors = root.find(main("authors"))
    if authors is None:
        authors = etree.Element(main("authors"))
        root.insert(0, authors)
    names = [author.text or "" for author in authors.iterfind(main("author"))]
    if AUTHOR not in names:
        etree.SubElement(authors, main("author")).text = AUTHOR
        names.append(AUTHOR)
    return str(names.index(AUTHOR))


def _listed(root: Element) -> Element:
    found = root.find(main("commentList"))
    if found is None:
        found = etree.Element(main("commentList"))
        root.find(main("authors")).addnext(found)
    return found


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
            gone = run if run.tag == main("r") else words
            if gone.getparent() is not None:
                gone.getparent().remove(gone)
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
