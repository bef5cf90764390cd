"""A workbook's cells as they stand in its XML: the formula, the value kept with it, the kind and the format."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from xml.etree import ElementTree

_NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True)
class Cell:
    value: float | str | None
    formula: str | None
    number_format: str


Sheet = dict[tuple[int, int], Cell]


def read(data: bytes) -> dict[str, Sheet]:
    """Sheet → (row, column), both from 1 → cell."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        rels = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        targets = {rel.get("Id"): str(rel.get("Target")) for rel in rels}
        formats = _formats(ElementTree.fromstring(archive.read("xl/styles.xml")))
        return {
            str(sheet.get("name")): _sheet(archive.read(f"xl/{targets[sheet.get(_ID)]}"), formats)
            for sheet in book.iterfind("m:sheets/m:sheet", _NS)
        }


def _formats(styles: ElementTree.Element) -> list[str]:
    own = {f.get("numFmtId"): str(f.get("formatCode")) for f in styles.iterfind("m:numFmts/m:numFmt", _NS)}
    return [own.get(xf.get("numFmtId"), "") for xf in styles.iterfind("m:cellXfs/m:xf", _NS)]


def _sheet(data: bytes, formats: list[str]) -> Sheet:
    return {_place(str(c.get("r"))): _cell(c, formats) for c in ElementTree.fromstring(data).iterfind(".//m:c", _NS)}


def _place(reference: str) -> tuple[int, int]:
    letters, digits = re.fullmatch(r"([A-Z]+)(\d+)", reference).groups()  # type: ignore[union-attr]
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(digits), column


def _cell(cell: ElementTree.Element, formats: list[str]) -> Cell:
    formula = cell.findtext("m:f", None, _NS)
    style = formats[int(cell.get("s", "0"))]
    if cell.get("t") == "inlineStr":
        return Cell("".join(t.text or "" for t in cell.iterfind(".//m:t", _NS)), formula, style)
    value = cell.findtext("m:v", None, _NS)
    return Cell(None if value is None else value if cell.get("t") == "str" else float(value), formula, style)
