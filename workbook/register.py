"""Register files in and out: units and events as CSV or as the two sheets of a workbook; and files of targets.

What is read leaves this room as rows of words with the place of each; what they mean is for others to judge. What is
written can be read again with nothing changed, and no text of it can act as a formula.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from catalog.model import UnitEventRecord, UnitRecord
from catalog.register import RowFault, Said
from domain.cell import column_letters
from domain.names import fold_name
from domain.notice import Contact
from domain.target import Target
from workbook.cells import Content, content_of
from workbook.faults import BadFileError
from workbook.plain import decoded, records
from workbook.sheets import Book

UNITS, EVENTS, TARGETS, CONCLUSIONS, CONTACTS = "units", "events", "targets", "conclusions", "contacts"

#: The columns of each table as they are written, in order; and the words offices put above them.
COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    UNITS: {
        "code": ("mã", "mã đơn vị"),
        "valid_from": ("từ ngày", "ngày đầu"),
        "valid_to": ("đến ngày", "ngày cuối"),
        "name": ("tên", "tên đơn vị"),
        "kind": ("loại", "loại đơn vị"),
        "parent": ("cấp trên", "mã cấp trên", "thuộc"),
        "source": ("căn cứ", "nguồn"),
    },
    EVENTS: {
        "kind": ("loại", "loại sự kiện"),
        "day": ("ngày", "ngày hiệu lực"),
        "old_code": ("mã cũ",),
        "old_valid_from": ("mã cũ từ ngày",),
        "new_code": ("mã mới",),
        "new_valid_from": ("mã mới từ ngày",),
        "share": ("phần", "phần chuyển"),
        "document": ("văn bản", "căn cứ"),
    },
    TARGETS: {
        "unit": ("mã", "mã đơn vị", "đơn vị"),
        "indicator": ("mã chỉ tiêu", "chỉ tiêu"),
        "year": ("năm",),
        "direction": ("chiều", "yêu cầu"),
        "value": ("giá trị", "mức giao", "chỉ tiêu giao"),
        "source": ("căn cứ", "văn bản", "số văn bản"),
    },
    CONCLUSIONS: {
        "number": ("số", "số thứ tự", "tt", "stt"),
        "text": ("nhiệm vụ", "nội dung", "kết luận"),
        "owner": ("chủ trì", "đơn vị chủ trì"),
        "due": ("hạn", "hạn hoàn thành", "thời hạn"),
        "indicator": ("chỉ tiêu", "mã chỉ tiêu", "mã chỉ tiêu theo dõi"),
        "target": ("mức phải đạt", "mức"),
        "direction": ("chiều",),
    },
    CONTACTS: {
        "unit": ("mã", "mã đơn vị", "đơn vị"),
        "role": ("vai", "vai trò"),
        "name": ("họ tên", "tên", "chức danh", "họ tên hoặc chức danh"),
        "email": ("thư điện tử", "địa chỉ thư điện tử", "e-mail"),
        "lang": ("ngôn ngữ",),
    },
}

#: Columns that may be left out of a file.
_OPTIONAL = {
    UNITS: {"valid_to", "parent", "source"},
    EVENTS: set[str](),
    TARGETS: set[str](),
    CONCLUSIONS: {"owner", "due", "indicator", "target", "direction"},
    CONTACTS: {"lang"},
}

_ARCHIVES = (b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")

#: A spreadsheet program takes a text that begins so for a formula; one that already begins with ' stays told apart.
_FORMULA = re.compile(r"^'*[=+\-@\t\r]")
_QUOTED = re.compile(r"^'+[=+\-@\t\r]")

#: Before this day serial numbers of days mean different days to different programs.
_FIRST_DAY_OF_SHEETS = date(1900, 3, 1)
_LONGEST_CELL = 32_767
_MOST_ROWS = 1_048_575

_Rows = Sequence[UnitRecord] | Sequence[UnitEventRecord] | Sequence[Target] | Sequence[Contact]


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a register file: its line as spreadsheets count, and what its filled cells hold by column."""

    line: int
    cells: dict[str, Content]


@dataclass(frozen=True, slots=True)
class RegisterTable:
    """The rows of units or of events of one file or sheet; ``letters`` tells where each column stands."""

    kind: str
    file: str
    sheet: str
    letters: dict[str, str]
    rows: list[TableRow] = field(default_factory=list)


class TooLargeToWriteError(ValueError):
    """More than a sheet can hold; ``vi`` and ``en`` say what."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi, self.en = vi, en


# ------------------------------------------------------------------------------------------------ reading


def read_register(path: Path) -> tuple[list[RegisterTable], list[RowFault]]:
    """The tables of units and events of a register file, as :func:`read_tables` reads them."""
    return read_tables(path, (UNITS, EVENTS))


def read_tables(path: Path, kinds: Sequence[str]) -> tuple[list[RegisterTable], list[RowFault]]:
    """The tables of these kinds in a file (xlsx, xls, xlsb, ods or CSV), and what cannot be read of it, by place.

    Raises ``OSError`` for a file that cannot be opened.
    """
    try:
        sheets = list(_sheets(path.read_bytes()))
    except BadFileError as bad:
        return [], [_unreadable(path.name, bad)]
    tables: list[RegisterTable] = []
    faults: list[RowFault] = []
    for sheet, rows in sheets:
        _read_table(path.name, sheet, rows, kinds, tables, faults)
    if not tables and not faults:
        faults.append(
            RowFault(
                path.name,
                "",
                0,
                "",
                Said("tệp không có dòng nào", "the file is empty"),
                Said("ghi hàng tiêu đề và các dòng", "write the header and the rows"),
            )
        )
    return tables, faults


#: (line, what its cells hold)
_Lines = list[tuple[int, list[Content | None]]]


def _sheets(data: bytes) -> Iterator[tuple[str, _Lines]]:
    """(sheet, rows that are not blank)."""
    if not data.startswith(_ARCHIVES):
        yield "", [(line, [_from_csv(text) for text in record]) for line, record in records(decoded(data))]
        return
    book = Book(data)
    for name in book.sheet_names:
        lines = [(number, [content_of(value) for value in row]) for number, row in enumerate(book.rows(name) or [], 1)]
        yield name, [(line, row) for line, row in lines if any(row)]


def _from_csv(text: str) -> Content | None:
    return content_of(text[1:] if _QUOTED.match(text) else text)


def _unreadable(file: str, bad: BadFileError) -> RowFault:
    fault = bad.fault
    seen = f" ({fault.fault}{': ' if fault.observed else ''}{fault.observed})"
    line = int(fault.cell[1:]) if re.fullmatch(r"A[0-9]+", fault.cell) else 0
    return RowFault(
        file,
        fault.sheet,
        line,
        "",
        Said(f"không đọc được như một bảng{seen}", f"cannot be read as a table{seen}"),
        Said(
            "lưu lại thành .xlsx hoặc .csv (UTF-8), không đặt mật khẩu", "save it as .xlsx or .csv (UTF-8), unprotected"
        ),
    )


def _read_table(
    file: str, sheet: str, lines: _Lines, kinds: Sequence[str], tables: list[RegisterTable], faults: list[RowFault]
) -> None:
    if not lines:
        return
    (top, header), *body = lines
    kind, names, wrong = _columns(header, kinds)
    faults.extend(RowFault(file, sheet, top, column, what, advice) for column, what, advice in wrong)
    if wrong:
        return
    table = RegisterTable(kind, file, sheet, {name: column_letters(n) for n, name in enumerate(names) if name})
    tables.append(table)
    for line, row in body:
        stray = [n for n, content in enumerate(row) if content and (n >= len(names) or not names[n])]
        faults.extend(RowFault(file, sheet, line, column_letters(n), *_STRAY) for n in stray)
        cells = {names[n]: content for n, content in enumerate(row) if content and n < len(names) and names[n]}
        table.rows.append(TableRow(line, cells))


_STRAY = (
    Said("có chữ ngoài các cột của tiêu đề", "something stands outside the columns of the header"),
    Said(
        "xóa ô thừa; trong CSV, đặt chữ có dấu phân cách trong ngoặc kép",
        "clear the cell; in CSV put the text in quotes",
    ),
)

_WrongColumn = tuple[str, Said, Said]


def _columns(header: Sequence[Content | None], kinds: Sequence[str]) -> tuple[str, list[str], list[_WrongColumn]]:
    """The kind of table a header stands above, the name of each column ("" for none), and what is wrong with it."""
    texts = [content[2].strip() if content else "" for content in header]
    kind = max(kinds, key=lambda kind: _named(kind, texts))  # of kinds that fit alike the first
    known = _words(kind)
    names = [known.get(fold_name(text), "") for text in texts]
    every = ", ".join(COLUMNS[kind])
    wrong: list[_WrongColumn] = []
    for number, (text, name) in enumerate(zip(texts, names, strict=True)):
        if text and not name:
            what = Said(f"không có cột nào tên {text!r}", f"there is no column {text!r}")
            wrong.append(
                (column_letters(number), what, Said(f"bỏ cột này; các cột là: {every}", f"remove it; columns: {every}"))
            )
        elif name and name in names[:number]:
            what = Said(f"cột {name} đứng hai lần", f"the column {name} stands twice")
            wrong.append((column_letters(number), what, Said("giữ lại một cột", "keep one of them")))
    missing = ", ".join(name for name in COLUMNS[kind] if name not in names and name not in _OPTIONAL[kind])
    if missing:
        what = Said(f"thiếu các cột {missing}", f"lacks the columns {missing}")
        wrong.append(
            ("", what, Said(f"dòng đầu phải là tiêu đề, gồm: {every}", f"the first row is the header: {every}"))
        )
    return kind, names, wrong


def _words(kind: str) -> dict[str, str]:
    return {fold_name(word): name for name, words in COLUMNS[kind].items() for word in (name, *words)}


def _named(kind: str, texts: Iterable[str]) -> int:
    words = _words(kind)
    return sum(fold_name(text) in words for text in texts)


# ------------------------------------------------------------------------------------------------ writing


def write_units_csv(units: Sequence[UnitRecord]) -> bytes:
    return _csv(COLUMNS[UNITS], units)


def write_events_csv(events: Sequence[UnitEventRecord]) -> bytes:
    return _csv(COLUMNS[EVENTS], events)


def write_targets_csv(targets: Sequence[Target]) -> bytes:
    return _csv(COLUMNS[TARGETS], targets)


def write_contacts_csv(contacts: Sequence[Contact]) -> bytes:
    return _csv(COLUMNS[CONTACTS], contacts)


def _csv(columns: Iterable[str], rows: _Rows) -> bytes:
    """UTF-8 with a byte order mark and semicolons, as Excel in Vietnam opens it; formulas are made text by a '."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_csv_text(getattr(row, name)) for name in columns] for row in rows)
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def _csv_text(value: date | str | int | None) -> str:
    text = value.isoformat() if isinstance(value, date) else str(value or "")
    return f"'{text}" if _FORMULA.match(text) else text


def write_workbook(units: Sequence[UnitRecord], events: Sequence[UnitEventRecord]) -> bytes:
    """A workbook with the sheets ``units`` and ``events``: codes are text, so that no program eats their zeros.

    Raises :class:`TooLargeToWriteError` for more rows, or a longer text, than a sheet holds.
    """
    return _workbook({UNITS: units, EVENTS: events})


def write_targets_workbook(targets: Sequence[Target]) -> bytes:
    """A workbook with the sheet ``targets``; raises :class:`TooLargeToWriteError`."""
    return _workbook({TARGETS: targets})


def write_contacts_workbook(contacts: Sequence[Contact]) -> bytes:
    """A workbook with the sheet ``contacts``; raises :class:`TooLargeToWriteError`."""
    return _workbook({CONTACTS: contacts})


def _workbook(sheets: Mapping[str, _Rows]) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    # the same register gives the same bytes
    book.set_properties({"created": datetime(2025, 1, 1)})  # noqa: DTZ001
    for kind, rows in sheets.items():
        _write_sheet(book, kind, rows)
    book.close()
    return stream.getvalue()


def _write_sheet(book: Any, kind: str, rows: _Rows) -> None:
    if len(rows) > _MOST_ROWS:
        raise TooLargeToWriteError(f"{len(rows)} dòng, một trang chỉ chứa {_MOST_ROWS}", f"{len(rows)} rows: too many")
    sheet = book.add_worksheet(kind)
    text, day = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    head = book.add_format({"bold": True, "bottom": 1})
    columns = list(COLUMNS[kind])
    for number, name in enumerate(columns):
        # empty cells below the last row are text as well: a code typed there keeps its zeros
        sheet.set_column(number, number, _width(name), None if _is_day(name) else text)
        sheet.write_string(0, number, name, head)
    for line, row in enumerate(rows, 1):
        for number, name in enumerate(columns):
            _write_cell(sheet, line, number, getattr(row, name), text, day)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)


def _write_cell(sheet: Any, line: int, number: int, value: date | str | int | None, text: Any, day: Any) -> None:
    if isinstance(value, date) and value >= _FIRST_DAY_OF_SHEETS:
        sheet.write_datetime(line, number, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001
    elif value:
        words = str(value)
        if len(words) > _LONGEST_CELL:
            raise TooLargeToWriteError(f"một ô dài {len(words)} ký tự", f"a text of {len(words)} characters")
        sheet.write_string(line, number, words, text)


def _is_day(name: str) -> bool:
    return name == "day" or "valid" in name


def _width(name: str) -> int:
    return {"name": 36, "indicator": 36, "source": 60, "document": 60}.get(name, 16)
