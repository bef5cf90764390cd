"""A writer of the smallest .xlsb calamine reads: numbers, inline text and error cells (MS-XLSB)."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

_ROW, _ERROR, _REAL, _TEXT = 0, 3, 5, 6
_BEGIN_DATA, _END_DATA, _DIMENSION, _BUNDLE, _BEGIN_BUNDLES, _END_BUNDLES = 145, 146, 148, 156, 143, 144
_BEGIN_BOOK, _END_BOOK = 131, 132
_BEGIN_SHEET, _END_SHEET = 129, 130

#: row, column → number, text, or ``#DIV/0!`` for an error cell
Sheet = Mapping[tuple[int, int], float | str]

_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def write_xlsb(sheets: Mapping[str, Sheet]) -> bytes:
    stream = io.BytesIO()
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.bin"/>'
        for n in range(1, len(sheets) + 1)
    )
    root = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.bin"/>'
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", _RELATIONS.format(root))
        archive.writestr("xl/_rels/workbook.bin.rels", _RELATIONS.format(relations))
        archive.writestr("xl/workbook.bin", _workbook(list(sheets)))
        for number, sheet in enumerate(sheets.values(), 1):
            archive.writestr(f"xl/worksheets/sheet{number}.bin", _sheet(sheet))
    return stream.getvalue()


def _workbook(names: list[str]) -> bytes:
    bundles = b"".join(
        _record(_BUNDLE, struct.pack("<LL", 0, n) + _wide(f"rId{n}") + _wide(name)) for n, name in enumerate(names, 1)
    )
    return _record(_BEGIN_BOOK) + _record(_BEGIN_BUNDLES) + bundles + _record(_END_BUNDLES) + _record(_END_BOOK)


def _sheet(cells: Sheet) -> bytes:
    rows = max(row for row, _ in cells)
    columns = max(column for _, column in cells)
    pieces = [
        _record(_BEGIN_SHEET),
        _record(_DIMENSION, struct.pack("<4L", 0, rows, 0, columns)),
        _record(_BEGIN_DATA),
    ]
    for row in sorted({row for row, _ in cells}):
        pieces.append(_record(_ROW, struct.pack("<LLHBBBL", row, 0, 300, 0, 0, 0, 0)))
        pieces += [_cell(c, cells[r, c]) for r, c in sorted(cells) if r == row]
    pieces += [_record(_END_DATA), _record(_END_SHEET)]
    return b"".join(pieces)


def _cell(column: int, value: float | str) -> bytes:
    place = struct.pack("<LL", column, 0)
    if value == "#DIV/0!":
        return _record(_ERROR, place + b"\x07")
    if isinstance(value, str):
        return _record(_TEXT, place + _wide(value))
    return _record(_REAL, place + struct.pack("<d", value))


def _wide(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<L", len(encoded) // 2) + encoded


def _record(kind: int, content: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length, rest = b"", len(content)
    while True:
        rest, low = rest >> 7, rest & 0x7F
        length += bytes([low | (0x80 if rest else 0)])
        if not rest:
            return head + length + content
