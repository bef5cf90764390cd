"""A formula with a text for a result is a 0 in an .xls of LibreOffice: a figure that is not there must not be read."""

from __future__ import annotations

from pathlib import Path

import python_calamine

from workbook.cells import CellError
from workbook.container import Compound
from workbook.scan import UNCERTAIN, open_package
from workbook.sheets import Book

#: Column B: ="12"&"3" · =A1*2 · =IF(A1>1;"trên 90%";"") · =A9 · =IF(A1>9;1;"") · =1/0, with 5 in A1.
SAVED = Path(__file__).parent / "fixtures" / "formulas-saved-as-xls-by-libreoffice.xls"
FOUND = [(0, 1, UNCERTAIN), (2, 1, UNCERTAIN), (3, 1, UNCERTAIN), (5, 1, "#DIV/0!")]


def test_the_reading_library_takes_lost_texts_for_zeros() -> None:
    rows = python_calamine.CalamineWorkbook.from_path(SAVED).get_sheet_by_index(0).to_python()
    assert [row[1] for row in rows] == [0.0, 10.0, 0.0, 0.0, "", ""]


def test_a_zero_that_may_be_a_lost_text_is_an_error_cell() -> None:
    data = SAVED.read_bytes()
    assert open_package(data).scan(0) == FOUND
    book = Book(data)
    rows = book.rows(book.sheet_names[0])
    assert rows is not None
    assert [row[1] for row in rows[:3]] == [CellError(UNCERTAIN), 10.0, CellError(UNCERTAIN)]


def test_a_zero_that_excel_wrote_is_a_zero() -> None:
    data = SAVED.read_bytes()
    summary = Compound(data).read("\x05SummaryInformation")
    assert data.count(summary[100:124]) == 1
    written = data.replace(summary[100:124], b"Microsoft Excel\0".ljust(24, b"\0"))
    assert open_package(written).scan(0) == FOUND[-1:]
