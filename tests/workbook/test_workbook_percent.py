"""A typed 105 % is kept as 1.05 in a cell of percent: only the cell's format tells, and it must not be lost."""

from __future__ import annotations

import io
import zipfile

import xlsxwriter
import xlwt

from workbook.cells import Percentage, content_of
from workbook.scan import open_package
from workbook.sheets import Book

#: B2, C2 and D2 in every file: 1.05 and 0.9749 in percent, 1.2 plain.
SHOWN = [(1, 1), (1, 2)]
MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def xlsx() -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet("Số liệu")
    sheet.write_number(1, 1, 1.05, book.add_format({"num_format": "0%"}))
    sheet.write_number(1, 2, 0.9749, book.add_format({"num_format": '#,##0.0%" năm"'}))
    sheet.write_number(1, 3, 1.2, book.add_format({"num_format": '0.0"%"'}))
    book.close()
    return stream.getvalue()


def xls() -> bytes:
    stream = io.BytesIO()
    book = xlwt.Workbook()
    sheet = book.add_sheet("Số liệu")
    for column, number, code in ((1, 1.05, "0%"), (2, 0.9749, "#,##0.0%"), (3, 1.2, '0.0"%"')):
        sheet.write(1, column, number, xlwt.easyxf(num_format_str=code))
    book.save(stream)
    return stream.getvalue()


def ods() -> bytes:
    def cell(kind: str, value: float) -> str:
        return f'<table:table-cell office:value-type="{kind}" office:value="{value}"/>'

    row = "".join(cell(*typed) for typed in (("percentage", 1.05), ("percentage", 0.9749), ("float", 1.2)))
    xml = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:spreadsheet>'
        '<table:table table:name="Số liệu"><table:table-row/><table:table-row><table:table-cell/>'
        f"{row}</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", xml)
    return stream.getvalue()


def test_cells_of_percent_are_known_in_every_kind_of_workbook() -> None:
    found = {make.__name__: open_package(make()).percentages(0) for make in (xlsx, xls, ods)}
    assert found == {"xlsx": SHOWN, "xls": SHOWN, "ods": SHOWN}


def test_a_number_in_percent_is_read_as_it_is_shown() -> None:
    for make in (xlsx, xls, ods):
        rows = Book(make()).rows("Số liệu")
        assert rows is not None
        assert [content_of(value) for value in rows[1][1:4]] == [
            ("number", 1.05, "105%"),
            ("number", 0.9749, "97.49%"),
            ("number", 1.2, "1.2"),
        ]


def test_no_float_tail_is_shown() -> None:
    shown = [content_of(Percentage(value)) for value in (0.0, 1.0, 0.07, 10.0, 0.125)]
    assert [content[2] for content in shown if content] == ["0%", "100%", "7%", "1000%", "12.5%"]
