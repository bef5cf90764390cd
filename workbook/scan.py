"""What calamine does not tell, or must not be asked, about a sheet: its error cells and how far it reaches.

calamine hands out an empty text for ``#REF!``, which would make a figure vanish; and it takes memory for every cell
between the first and the last, so that two cells in far corners would end the process. Each kind of file is therefore
looked through once before its sheets are loaded.
"""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from domain.cell import column_index
from workbook.container import Compound, Zip
from workbook.faults import BadFileError

#: Cells between the first and the last of a sheet. A form has some thousands.
MAX_AREA = 2_000_000

ErrorCell = tuple[int, int, str]

#: Shown for a formula whose result the file does not tell.
UNCERTAIN = "=?"

_ERROR_CODES = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


@dataclass(frozen=True, slots=True)
class Package:
    """A workbook whose container is sound.

    ``scan(n)`` gives the error cells of the n-th sheet: (row, column, text); ``percentages(n)`` its cells that show
    their number in percent: (row, column). A typed 105 % is kept as 1.05, which only the format of the cell tells.
    """

    media: str
    scan: Callable[[int], list[ErrorCell]]
    percentages: Callable[[int], list[tuple[int, int]]]


def _none(_number: int) -> list[tuple[int, int]]:
    """A kind of workbook whose formats are not looked at."""
    return []


def check_area(rows: int, columns: int) -> None:
    if rows * columns > MAX_AREA:
        raise BadFileError("sheet_too_large", f"{rows} × {columns}", f"≤ {MAX_AREA}")


def open_package(data: bytes) -> Package:
    """Recognise the kind of workbook by its content; raises :class:`BadFileError` for what must not be opened."""
    if data.startswith(b"PK"):
        return _open_zip(Zip(data))
    return _open_compound(Compound(data))


def _open_zip(archive: Zip) -> Package:
    names = archive.parts
    if any(name.rpartition("/")[2].lower() == "vbaproject.bin" or name.startswith("Basic/") for name in names):
        raise BadFileError("macro_file", "vbaProject.bin")
    if "xl/workbook.xml" in names:
        return _open_xlsx(archive)
    if "xl/workbook.bin" in names:
        parts = _sheet_parts(archive, _bundle_ids(archive.read("xl/workbook.bin")), "xl/_rels/workbook.bin.rels")
        return Package("xlsb", lambda number: _scan_xlsb(archive.read(parts[number])), _none)
    if "content.xml" in names and _mimetype(archive).startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return _open_ods(archive)
    if "EncryptedPackage" in names:
        raise BadFileError("password")
    raise BadFileError("unsupported_type", "ZIP", ".xlsx .xls .xlsb .ods .csv .json")


# ------------------------------------------------------------------------------------------------ xlsx

# Files come from anywhere. No expression looks beyond the next ``<`` for the end of a tag, nor for the value of a cell
# beyond the next cell, and none tries what it has taken in another way: their time grows with the size of the part.

#: The inside of a tag.
_INSIDE = rb"(?:[^<>\"']++|\"[^<\"]*+\"|'[^<']*+')*+"
_SHEET, _RELATION, _NUMBER_FORMAT, _CELL_FORMAT = (
    re.compile(rb"<(?:\w++:)?%s\s(%s)>" % (name, _INSIDE)) for name in (b"sheet", b"Relationship", b"numFmt", b"xf")
)
_ATTRIBUTE = re.compile(rb"([\w:]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')|[\w:]++")
_ERROR = re.compile(
    rb"(?><(?:\w++:)?c\s(?=[^<>]*?(?<=\s)t=[\"']e)[^<>]*?(?<=\s)r=[\"']([A-Za-z]++)(\d++)[^<>]*+>)"
    rb"(?>[^<]++|<(?!/?(?:\w++:)?c[\s>/]|(?:\w++:)?v>))*+<(?:\w++:)?v>([^<]*+)<"
)
_STYLED = re.compile(rb"<(?:\w++:)?c\s++r=[\"']([A-Z]++)(\d++)[\"'][^<>]*?\ss=[\"'](\d++)[\"']")
#: A formula without a result, as programs write it that do not reckon: to calamine a blank cell.
_UNRECKONED = re.compile(
    rb"<(?:\w++:)?c\s(?=[^<>]*?(?<=\s)r=[\"']([A-Za-z]++)(\d++))[^<>]*+>\s*+"
    rb"<(?:\w++:)?f\b[^<>]*?(?:/>|>([^<]*+)</(?:\w++:)?f>)\s*+</"
)
_REFERENCE = re.compile(rb"\br\s*+=\s*+[\"']([A-Za-z]*+)(\d++)")
#: Every letter → A, every digit → 0, both quotes → ": a far cell then has one of a few shapes, found at memory speed.
_SHAPE = bytes(
    0x41 if chr(byte).isascii() and chr(byte).isalpha() else 0x30 if 48 <= byte <= 57 else 0x22 if byte == 39 else byte
    for byte in range(256)
)
_FAR_COLUMN, _FARTHER_COLUMN, _FAR_ROW = b'"AAA0', b"AAAA0", b'0000"'
#: Letters and digits that are looked at of an address; one with more is far beyond what may be read.
_LETTERS, _DIGITS = 6, 9
_MOST_NAMED = 3
_OPENED_FIRST = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/styles.xml")


def _open_xlsx(archive: Zip) -> Package:
    for name in _OPENED_FIRST:
        if name in archive.parts:
            _refuse_entities(name, archive.prolog(name))
    sheets = _SHEET.findall(archive.read("xl/workbook.xml"))
    ids = [_relation_id(_attributes(sheet)) for sheet in sheets]
    parts = _sheet_parts(archive, ids, "xl/_rels/workbook.xml.rels")
    styles = _percent_styles(archive.read("xl/styles.xml") if "xl/styles.xml" in archive.parts else b"")
    return Package(
        "xlsx",
        lambda number: _scan_xlsx(parts[number], archive.read(parts[number])),
        lambda number: _styled_cells(archive.read(parts[number]), styles) if styles else [],
    )


def _percent_styles(content: bytes) -> set[bytes]:
    """The numbers of the cell formats that show percent: 9 and 10 are built in, others have a code with the sign."""
    formats = [_attributes(text) for text in _NUMBER_FORMAT.findall(content)]
    percent = {"9", "10"} | {f.get("numFmtId", "") for f in formats if _shows_percent(f.get("formatCode", ""))}
    start = content.find(b"cellXfs")
    cells = _CELL_FORMAT.findall(content[start : content.find(b"cellXfs>", start + 1)])
    return {b"%d" % number for number, text in enumerate(cells) if _attributes(text).get("numFmtId") in percent}


def _shows_percent(code: str) -> bool:
    """A percent sign that is not quoted words of the format."""
    return "%" in re.sub(r'"[^"]*"|\\\\.', "", html.unescape(code))


def _styled_cells(content: bytes, styles: set[bytes]) -> list[tuple[int, int]]:
    return [_row_and_column(letters, digits) for letters, digits, style in _STYLED.findall(content) if style in styles]


def sheet_parts_by_name(archive: Zip) -> dict[str, str]:
    """Sheet name → part of an .xlsx."""
    sheets = [_attributes(sheet) for sheet in _SHEET.findall(archive.read("xl/workbook.xml"))]
    parts = _sheet_parts(archive, [_relation_id(sheet) for sheet in sheets], "xl/_rels/workbook.xml.rels")
    return {html.unescape(sheet["name"]): part for sheet, part in zip(sheets, parts, strict=True)}


def _relation_id(attributes: dict[str, str]) -> str:
    return next((value for name, value in attributes.items() if name.endswith(":id")), "")


def _refuse_entities(name: str, content: bytes) -> None:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise BadFileError("xml_entities", name)


def _attributes(text: bytes) -> dict[str, str]:
    found = _ATTRIBUTE.findall(text)
    return {key.decode(): (double or single).decode() for key, double, single in found if key}


def _sheet_parts(archive: Zip, ids: list[str], relations: str) -> list[str]:
    """The parts of the sheets in the order of the workbook."""
    if relations not in archive.parts:
        raise BadFileError("unreadable", f"{relations}?")
    targets = {}
    for text in _RELATION.findall(archive.read(relations)):
        attributes = _attributes(text)
        target = attributes.get("Target", "")
        targets[attributes.get("Id", "")] = target[1:] if target.startswith("/") else f"xl/{target}"
    parts = [targets.get(number, "") for number in ids]
    missing = [part for part in parts if part not in archive.parts]
    if missing or not parts:
        raise BadFileError("unreadable", f"{', '.join(missing[:_MOST_NAMED])}?")
    if len(set(parts)) < len(parts):
        # a small file would be read as a great many large sheets
        raise BadFileError("unreadable", f"{len(parts)} > {len(set(parts))}")
    return parts


def _scan_xlsx(name: str, content: bytes) -> list[ErrorCell]:
    start = max(0, content.find(b"sheetData"))
    # a DOCTYPE stands before the root element; in a sheet without data the whole is looked through
    _refuse_entities(name, content[: start or len(content)])
    cells = content[start : content.rfind(b"sheetData>") + 1]
    shape = cells.translate(_SHAPE)
    if _FAR_COLUMN in shape or _FARTHER_COLUMN in shape or _FAR_ROW in shape:
        _check_references(cells)
    found = [
        (*_row_and_column(letters, row), f"={html.unescape(formula.decode('utf-8', 'replace'))}")
        for letters, row, formula in _UNRECKONED.findall(cells)
    ]
    if b't="e"' in cells or b"t='e'" in cells:
        found += [
            (*_row_and_column(letters, row), text.decode("utf-8", "replace"))
            for letters, row, text in _ERROR.findall(cells)
        ]
    # they are put in: an attribute that only looks like an address must not make the sheet larger than it is
    check_area(1 + max((cell[0] for cell in found), default=0), 1 + max((cell[1] for cell in found), default=0))
    return found


def _row_and_column(letters: bytes, digits: bytes) -> tuple[int, int]:
    return int(digits[:_DIGITS]) - 1, column_index(letters[:_LETTERS].decode().upper())


def _check_references(content: bytes) -> None:
    rows, columns = 0, 0
    for letters, digits in _REFERENCE.findall(content):
        row, column = _row_and_column(letters, digits)
        rows, columns = max(rows, row + 1), max(columns, column + 1)
    check_area(rows, columns)


# ------------------------------------------------------------------------------------------------ xlsb

_ROW_HEADER, _CELL_KINDS, _BUNDLE_SHEET = 0, range(1, 12), 156
_CELL_ERROR, _FORMULA_ERROR = 3, 11


def _records(content: bytes) -> Iterator[tuple[int, int, int]]:
    """(kind, start, length) of every record of a binary part (MS-XLSB 2.1.4)."""
    at = 0
    while at < len(content):
        kind = content[at]
        at += 1
        if kind & 0x80 and at < len(content):
            kind = (kind & 0x7F) | (content[at] & 0x7F) << 7
            at += 1
        length = 0
        for shift in (0, 7, 14, 21):
            if at >= len(content):
                return
            byte = content[at]
            at += 1
            length |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        yield kind, at, length
        at += length


def _bundle_ids(content: bytes) -> list[str]:
    ids = []
    for kind, start, length in _records(content):
        if kind == _BUNDLE_SHEET and start + 12 <= len(content):
            size = struct.unpack_from("<L", content, start + 8)[0]
            ids.append(content[start + 12 : min(start + 12 + 2 * size, start + length)].decode("utf-16-le", "replace"))
    return ids


def _scan_xlsb(content: bytes) -> list[ErrorCell]:
    row, rows, columns = 0, 0, 0
    errors: list[ErrorCell] = []
    for kind, start, length in _records(content):
        if start + 4 > len(content) or length < 4:
            continue
        if kind == _ROW_HEADER:
            row = struct.unpack_from("<L", content, start)[0]
        elif kind in _CELL_KINDS:
            column = struct.unpack_from("<L", content, start)[0]
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            if kind in (_CELL_ERROR, _FORMULA_ERROR) and start + 8 < len(content):
                errors.append((row, column, _ERROR_CODES.get(content[start + 8], "#ERROR")))
    check_area(rows, columns)
    return errors


# ------------------------------------------------------------------------------------------------ ods

_ODS_TOKEN = re.compile(rb"<table:(table-row|table-cell|covered-table-cell)\b(" + _INSIDE + rb")>")
_ODS_TABLE = re.compile(rb"<table:table(?:\s" + _INSIDE + rb")?>")
_ODS_TABLE_END = b"</table:table>"
_ROWS_REPEATED = re.compile(rb"number-rows-repeated=[\"'](\d++)")
_COLUMNS_REPEATED = re.compile(rb"number-columns-repeated=[\"'](\d++)")
_ODS_NOTE, _ODS_NOTE_END = b"<office:annotation ", b"</office:annotation>"
_ODS_TEXT = re.compile(rb"<text:p\b[^<>]*+>([^<]*+)<")


def _mimetype(archive: Zip) -> bytes:
    return archive.read("mimetype") if "mimetype" in archive.parts else b""


def _open_ods(archive: Zip) -> Package:
    if "META-INF/manifest.xml" in archive.parts and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise BadFileError("password")
    content = archive.read("content.xml")
    _refuse_entities("content.xml", content)
    tables = list(_ods_tables(content))
    scans = [_scan_table(table) for table in tables]
    return Package(
        "ods",
        lambda number: scans[number] if number < len(scans) else [],
        lambda number: _percent_cells(tables[number]) if number < len(tables) else [],
    )


def _ods_tables(content: bytes) -> Iterator[bytes]:
    at = 0
    while opening := _ODS_TABLE.search(content, at):
        at = opening.end()
        if not opening[0].endswith(b"/>"):
            end = content.find(_ODS_TABLE_END, at)
            if end < 0:
                return
            at = end + len(_ODS_TABLE_END)
        yield content[opening.start() : at]


def _percent_cells(table: bytes) -> list[tuple[int, int]]:
    """Cells of percent; a repeated one at the first of its places and all others."""
    if b'office:value-type="percentage"' not in table:
        return []
    found: list[tuple[int, int]] = []
    row, after, column, repeat = 0, 0, 0, 1
    for token in _ODS_TOKEN.finditer(table):
        inside = token[2]
        if token[1] == b"table-row":
            repeat = _repeated(_ROWS_REPEATED, inside)
            row, after, column = after, after + repeat, 0
            continue
        first, column = column, column + _repeated(_COLUMNS_REPEATED, inside)
        if b'office:value-type="percentage"' in inside:
            found.extend((y, x) for y in range(row, row + repeat) for x in range(first, column))
    return found


def _scan_table(table: bytes) -> list[ErrorCell]:
    rows = columns = 0
    row, after, column = 0, 0, 0
    repeat = 1
    errors: list[ErrorCell] = []
    for token in _ODS_TOKEN.finditer(table):
        inside = token[2]
        if token[1] == b"table-row":
            repeat = _repeated(_ROWS_REPEATED, inside)
            row, after, column = after, after + repeat, 0
            continue
        first, column = column, column + _repeated(_COLUMNS_REPEATED, inside)
        if b"value-type" in inside:
            rows, columns = max(rows, row + repeat), max(columns, column)
        if b'value-type="error"' in inside:
            text = _ODS_TEXT.search(table, *_own_words(table, token.end()))
            errors.append((row, first, text[1].decode("utf-8", "replace") if text else "#ERROR"))
    check_area(rows, columns)
    return errors


def _own_words(table: bytes, at: int) -> tuple[int, int]:
    """Where a cell's own words begin and end: a comment on the cell stands before them and has words too."""
    end = table.find(b"<table:", at)
    end = len(table) if end < 0 else end
    note = table.find(_ODS_NOTE_END, at, end) if table.startswith(_ODS_NOTE, at) else -1
    return max(note, at), end


def _repeated(pattern: re.Pattern[bytes], inside: bytes) -> int:
    found = pattern.search(inside)
    return int(found[1][:9]) if found else 1


# ------------------------------------------------------------------------------------------------ xls

_NUMBER_FORMAT_XLS, _CELL_FORMAT_XLS, _NUMBERS_IN_ROW = 0x41E, 0xE0, 0xBD
_ONE_NUMBER = (0x203, 0x27E, 0x06)  # a number, a packed number, a formula
#: Who wrote the file stands in its summary, as text that ends with a zero.
_SUMMARY, _EXCEL = "\x05SummaryInformation", b"Microsoft Excel\0"
_BEGIN, _END, _FILE_PASS, _BOUND_SHEET, _BOOL_ERROR, _FORMULA = 0x809, 0x0A, 0x2F, 0x85, 0x205, 0x06


def _open_compound(compound: Compound) -> Package:
    names = compound.names
    if "EncryptedPackage" in names:
        raise BadFileError("password")
    stream = next((name for name in ("Workbook", "Book") if name in names), None)
    if stream is None:
        raise BadFileError("unsupported_type", "OLE", ".xlsx .xls .xlsb .ods .csv .json")
    if "_VBA_PROJECT_CUR" in names:
        raise BadFileError("macro_file", "_VBA_PROJECT_CUR")
    content = compound.read(stream)
    starts = _sheet_starts(content)
    is_excels = _SUMMARY in names and _EXCEL in compound.read(_SUMMARY)
    return Package(
        "xls",
        lambda number: _scan_xls(content, starts[number], trusts_zeros=is_excels) if number < len(starts) else [],
        lambda number: _percent_xls(content, starts[number]) if number < len(starts) else [],
    )


def _percent_xls(content: bytes, at: int) -> list[tuple[int, int]]:
    """Cells whose format shows percent."""
    styles = _percent_formats(content)
    found: list[tuple[int, int]] = []
    for kind, start, length in _biff(content, at) if styles else ():
        if kind in _ONE_NUMBER and length >= 6:
            row, column, style = struct.unpack_from("<HHH", content, start)
            found += [(row, column)] if style in styles else []
        elif kind == _NUMBERS_IN_ROW and length >= 6:
            row, column = struct.unpack_from("<HH", content, start)
            cells = range((length - 6) // 6)
            used = [struct.unpack_from("<H", content, start + 4 + 6 * number)[0] for number in cells]
            found += [(row, column + number) for number in cells if used[number] in styles]
    return found


def _percent_formats(content: bytes) -> set[int]:
    """The numbers of the cell formats (XF) that show percent."""
    percent, styles, number = {9, 10}, set(), 0
    for kind, start, length in _biff(content, 0):
        if kind == _NUMBER_FORMAT_XLS and length >= 5:
            size, flags = struct.unpack_from("<HB", content, start + 2)
            width, encoding = (2, "utf-16-le") if flags & 1 else (1, "latin-1")
            code = content[start + 5 : start + 5 + size * width].decode(encoding, "replace")
            percent |= {struct.unpack_from("<H", content, start)[0]} if _shows_percent(code) else set()
        elif kind == _CELL_FORMAT_XLS and length >= 4:
            styles |= {number} if struct.unpack_from("<H", content, start + 2)[0] in percent else set()
            number += 1
    return styles


def _biff(content: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """(kind, start, length) of every record of a substream; a chart inside is a substream of its own."""
    depth = 0
    while at + 4 <= len(content):
        kind, length = struct.unpack_from("<HH", content, at)
        yield kind, at + 4, length
        depth += (kind == _BEGIN) - (kind == _END)
        if depth <= 0:
            return
        at += 4 + length
    raise BadFileError("truncated", f"{len(content)} B")


def _sheet_starts(content: bytes) -> list[int]:
    starts = []
    for kind, start, _ in _biff(content, 0):
        if kind == _FILE_PASS:
            raise BadFileError("password")
        if kind == _BOUND_SHEET:
            starts.append(struct.unpack_from("<L", content, start)[0])
    return starts


def _scan_xls(content: bytes, at: int, *, trusts_zeros: bool) -> list[ErrorCell]:
    """Error cells; and formulas whose result is 0 in a file of another program than Excel: LibreOffice writes 0 where
    the result is a text, others write 0 for whatever they did not reckon, and nothing tells such a 0 from a figure."""
    errors: list[ErrorCell] = []
    for kind, start, length in _biff(content, at):
        if kind == _BOOL_ERROR and length >= 8 and content[start + 7]:
            code = content[start + 6]
        elif (
            kind == _FORMULA
            and length >= 14
            and content[start + 6] == 2
            and content[start + 12 : start + 14] == b"\xff\xff"
        ):
            code = content[start + 8]
        elif kind == _FORMULA and not trusts_zeros and content[start + 6 : start + 14] == bytes(8):
            errors.append((*struct.unpack_from("<HH", content, start), UNCERTAIN))
            continue
        else:
            continue
        row, column = struct.unpack_from("<HH", content, start)
        errors.append((row, column, _ERROR_CODES.get(code, "#ERROR")))
    return errors
