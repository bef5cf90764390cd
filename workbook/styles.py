"""The style sheet of an .xlsx: formats are added to it, none is changed or taken away."""

from __future__ import annotations

from copy import deepcopy

from workbook.opc import MAIN, Element, StrangePackageError, built, main

#: The order of the collections that cell formats are made of.
_ORDER = (
    "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles", "colors",
    "extLst",
)  # fmt: skip
#: What a style sheet holds at least.
_FIRST = {
    "fonts": ('<font><sz val="11"/><name val="Calibri"/></font>',),
    "fills": ('<fill><patternFill patternType="none"/></fill>', '<fill><patternFill patternType="gray125"/></fill>'),
    "borders": ("<border><left/><right/><top/><bottom/><diagonal/></border>",),
    "cellStyleXfs": ('<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>',),
    "cellXfs": ('<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>',),
}
EMPTY = f'<styleSheet xmlns="{MAIN}"/>'.encode()
#: Cell formats that programs allow in one workbook.
_MOST = 64_000

Form = tuple[object, ...]


class Styles:
    """Formats by number. Equal formats have one number, so marking a workbook twice does not make it grow."""

    def __init__(self, root: Element) -> None:
        self._root = root
        for name in _FIRST:
            self._complete(name)
        self._known: dict[str, dict[Form, int]] = {}
        # a format may be large, and many cells have it
        self._filled: dict[tuple[int, str], int] = {}
        self._refilled: dict[tuple[int, int | None], int] = {}
        self._lists = {name: _elements(self._collection(name)) for name in _FIRST}

    def add(self, collection: str, xml: str) -> int:
        """The number of an element of ``collection``, put in when there is no equal one."""
        return self._intern(collection, built(xml))

    def solid(self, rgb: str) -> int:
        """The number of a fill in one colour."""
        pattern = f'<patternFill patternType="solid"><fgColor rgb="{rgb}"/><bgColor indexed="64"/></patternFill>'
        return self.add("fills", f"<fill>{pattern}</fill>")

    def filled(self, style: int, rgb: str) -> int:
        """The format ``style`` with another fill and nothing else changed."""
        if (style, rgb) not in self._filled:
            changed = deepcopy(self._format(style))
            changed.set("fillId", str(self.solid(rgb)))
            changed.set("applyFill", "1")
            self._filled[style, rgb] = self._interned_format(changed)
        return self._filled[style, rgb]

    def refilled(self, style: int, like: int | None) -> int:
        """The format ``style`` with the fill that ``like`` has, or with none."""
        if (style, like) not in self._refilled:
            changed = deepcopy(self._format(style))
            source = self._format(like).attrib if like is not None else {"fillId": "0"}
            for name in ("fillId", "applyFill"):
                if name in source:
                    changed.set(name, source[name])
                else:
                    changed.attrib.pop(name, None)
            self._refilled[style, like] = self._interned_format(changed)
        return self._refilled[style, like]

    def colour(self, style: int) -> str:
        """The colour of a solid fill, as eight hexadecimal digits; empty for any other."""
        fills = self._lists["fills"]
        number = int(self._format(style).get("fillId", "0"))
        pattern: Element = fills[number].find(main("patternFill")) if number < len(fills) else None
        front = pattern.find(main("fgColor")) if pattern is not None else None
        if front is None or pattern.get("patternType") != "solid":
            return ""
        return str(front.get("rgb", "")).upper()

    def _format(self, style: int) -> Element:
        formats = self._lists["cellXfs"]
        return formats[style if 0 <= style < len(formats) else 0]

    def _interned_format(self, element: Element) -> int:
        number = self._intern("cellXfs", element)
        if number >= _MOST:
            raise StrangePackageError(f"{number} formats")
        return number

    def _intern(self, name: str, element: Element) -> int:
        elements = self._lists[name]
        if name not in self._known:
            # of equal ones the first counts
            self._known[name] = {_form(known): number for number, known in reversed(list(enumerate(elements)))}
        number = self._known[name].setdefault(_form(element), len(elements))
        if number == len(elements):
            elements.append(element)
            collection = self._collection(name)
            collection.append(element)
            collection.set("count", str(len(elements)))
        return number

    def _collection(self, name: str) -> Element:
        found = self._root.find(main(name))
        if found is None:
            raise StrangePackageError(name)
        return found

    def _complete(self, name: str) -> None:
        if self._root.find(main(name)) is not None:
            return
        later = {main(follower) for follower in _ORDER[_ORDER.index(name) + 1 :]}
        place = next((number for number, child in enumerate(self._root) if child.tag in later), len(self._root))
        first = _FIRST[name]
        self._root.insert(place, built(f'<{name} count="{len(first)}">{"".join(first)}</{name}>'))


def _elements(collection: Element) -> list[Element]:
    return [child for child in collection if isinstance(child.tag, str)]


def _form(element: Element) -> Form:
    """What makes two formats the same: names, attributes, what is inside; not how it was written."""
    inside = tuple(_form(child) for child in element if isinstance(child.tag, str))
    return str(element.tag), tuple(sorted(element.attrib.items())), (element.text or "").strip(), inside
