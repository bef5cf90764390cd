"""The package of an .xlsx, to be changed in a few parts: everything else leaves as it came, byte for byte."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from workbook.container import Zip
from workbook.packing import Member, packed, zipped

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_TYPES_PART = "[Content_Types].xml"

Element = Any


class StrangePackageError(ValueError):
    """The package is not built as programs build it; it is left alone. Never leaves this room."""


def main(name: str) -> str:
    """The name of an element of a workbook."""
    return f"{{{MAIN}}}{name}"


def parsed(content: bytes) -> Element:
    """The root element. Nothing outside the text is ever fetched, no entity is put in."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise StrangePackageError(str(error)) from error
    if root.getroottree().docinfo.doctype:
        raise StrangePackageError("DOCTYPE")
    return root


def built(xml: str) -> Element:
    """An element of a workbook from XML of our own."""
    return etree.fromstring(f'<x xmlns="{MAIN}">{xml}</x>')[0]


def written(root: Element) -> bytes:
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return text


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship of a part. ``target`` is the name of a part, or an address outside the package."""

    id: str
    kind: str  # the last word of its type: worksheet · comments · vmlDrawing …
    target: str
    element: Element


class Package:
    """Parts by name. ``tree`` parses a part once, to be changed: :meth:`to_bytes` writes every such part anew."""

    def __init__(self, archive: Zip) -> None:
        self._archive = archive
        self._names = dict.fromkeys(archive.parts)
        self._changed: dict[str, bytes] = {}
        self._trees: dict[str, Element] = {}
        self._relations: dict[str, Element] = {}
        self._overrides: dict[str, list[Element]] | None = None

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def names(self, suffix: str) -> list[str]:
        return [name for name in self._names if name.lower().endswith(suffix)]

    def read(self, name: str) -> bytes:
        return self._changed[name] if name in self._changed else self._archive.read(name)

    def size(self, name: str) -> int:
        return len(self._changed[name]) if name in self._changed else self._archive.parts[name].size

    def write(self, name: str, content: bytes) -> None:
        self._trees.pop(name, None)
        self._names[name] = None
        self._changed[name] = content

    def tree(self, name: str) -> Element:
        if name not in self._trees:
            self._trees[name] = parsed(self.read(name))
        return self._trees[name]

    def add(self, name: str, content: bytes, content_type: str) -> None:
        """A new part with its content type."""
        self.write(name, content)
        typed = self._typed
        override = etree.SubElement(self.tree(_TYPES_PART), f"{{{_TYPES}}}Override")
        override.set("PartName", f"/{name}")
        override.set("ContentType", content_type)
        typed.setdefault(f"/{name}".casefold(), []).append(override)

    def remove(self, name: str) -> None:
        """A part, its relationships and its content type; whoever names it is the caller's to mend."""
        for gone in (name, _relations_of(name)):
            self._names.pop(gone, None)
            self._changed.pop(gone, None)
            self._trees.pop(gone, None)
            self._relations.pop(gone, None)
        for override in self._typed.pop(f"/{name}".casefold(), ()):
            override.getparent().remove(override)

    @property
    def _typed(self) -> dict[str, list[Element]]:
        """What is said of the types of single parts."""
        if self._overrides is None:
            self._overrides = {}
            for override in self.tree(_TYPES_PART).iterfind(f"{{{_TYPES}}}Override"):
                self._overrides.setdefault(override.get("PartName", "").casefold(), []).append(override)
        return self._overrides

    def knows_extension(self, extension: str, content_type: str) -> None:
        """Parts whose name ends so are of this type unless something else is said of them."""
        types = self.tree(_TYPES_PART)
        known = types.findall(f"{{{_TYPES}}}Default")
        if not any(default.get("Extension", "").casefold() == extension for default in known):
            default = etree.Element(f"{{{_TYPES}}}Default", Extension=extension, ContentType=content_type)
            types.insert(0, default)

    def free_name(self, pattern: str) -> str:
        """``pattern`` with the first number that no part has."""
        taken = {name.casefold() for name in self._names}
        number = 1
        while pattern.format(number).casefold() in taken:
            number += 1
        return pattern.format(number)

    # -------------------------------------------------------------------------------------------- relationships

    def relations(self, part: str) -> list[Relation]:
        name = _relations_of(part)
        if name not in self:
            return []
        if name not in self._relations:
            # only looked at: written anew when one is added or taken away
            self._relations[name] = parsed(self.read(name))
        return list(_each(self._relations[name], posixpath.dirname(part)))

    def related(self, part: str, kind: str) -> list[str]:
        """The parts inside the package that ``part`` has relationships of this kind with."""
        return [
            relation.target for relation in self.relations(part) if relation.kind == kind and relation.target in self
        ]

    def relate(self, part: str, kind: str, target: str) -> str:
        """A new relationship; returns its id."""
        name = _relations_of(part)
        if name not in self:
            self.write(name, written(etree.Element(f"{{{_RELATIONS}}}Relationships", nsmap={None: _RELATIONS})))
        self.relations(part)
        root = self._trees[name] = self._relations[name]
        taken = {element.get("Id") for element in root}
        number = next(n for n in range(1, len(taken) + 2) if f"rId{n}" not in taken)
        element = etree.SubElement(root, f"{{{_RELATIONS}}}Relationship")
        element.set("Id", f"rId{number}")
        element.set("Type", f"{OFFICE}/{kind}")
        element.set("Target", f"/{target}")
        return f"rId{number}"

    def unrelate(self, part: str, relation: Relation) -> None:
        root = self._trees[_relations_of(part)] = relation.element.getparent()
        root.remove(relation.element)

    # -------------------------------------------------------------------------------------------- the whole

    def to_bytes(self) -> bytes:
        for name, root in self._trees.items():
            self._changed[name] = written(root)
        return zipped({name: self._member(name) for name in self._names})

    def _member(self, name: str) -> Member:
        if name in self._changed:
            return packed(self._changed[name])
        part = self._archive.parts[name]
        return Member(part.crc, part.size, self._archive.packed(name), part.method)


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _each(root: Element, folder: str) -> Iterator[Relation]:
    for element in root.findall(f"{{{_RELATIONS}}}Relationship"):
        target = element.get("Target", "")
        if element.get("TargetMode") != "External":
            target = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        yield Relation(element.get("Id", ""), element.get("Type", "").rpartition("/")[2], target, element)
