"""What is typed outside the form's cells is never taken for received: a warning names it, or the layout is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import python_calamine
import xlsxwriter
from filings import identity, the_catalog, the_period, the_unit

from domain.cell import Cell
from workbook.fill import Filler
from workbook.layout import Layout
from workbook.read import Source, read_files
from workbook.template import build_template

FORM = the_catalog().forms["review-report"]
LAYOUT = Layout(FORM, FORM.version, the_catalog())
TEMPLATE = build_template(the_catalog(), FORM.id, the_period(), the_unit())
FIGURE = LAYOUT.places["party_members"]
SHEET = FIGURE.sheet


def drawn(typed: dict[tuple[str, int, int], object], shift: int = 0) -> bytes:
    """The template's texts laid out anew, from the figures on moved by ``shift``, and more typed."""
    stream = io.BytesIO()
    old = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(TEMPLATE))
    book = xlsxwriter.Workbook(stream)
    sheets = {name: book.add_worksheet(name) for name in old.sheet_names}
    for name, sheet in sheets.items():
        for y, row in enumerate(old.get_sheet_by_name(name).to_python(skip_empty_area=False)):
            for x, value in enumerate(row):
                if value != "":
                    sheet.write(y, x + (shift if name == SHEET and x >= FIGURE.column else 0), value)
    for (name, y, x), value in typed.items():
        sheet = sheets.get(name) or sheets.setdefault(name, book.add_worksheet(name))
        sheet.write(y, x, value)
    book.close()
    return stream.getvalue()


def faults(folder: Path, content: bytes) -> list[tuple[str, str, str, str]]:
    path = folder / "a.xlsx"
    path.write_bytes(content)
    batch = read_files([Source(1, path, path.name)], the_catalog())
    return batch.faults.select("fault", "sheet", "cell", "observed").rows()


def at(row: int, column: int) -> str:
    return Cell("", row, column).address


KEPT = {(SHEET, FIGURE.row + 1, FIGURE.column): 40}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param((SHEET, FIGURE.row, FIGURE.column + 1), "46 đảng viên", id="a figure in the column of notes"),
        pytest.param((SHEET, FIGURE.row, FIGURE.column + 1), 46, id="a number in the column of notes"),
        pytest.param((SHEET, FIGURE.row, FIGURE.column + 2), 46, id="a column of one's own"),
        pytest.param((SHEET, FIGURE.row, FIGURE.column + 2), "832 hồ sơ", id="words in a column of one's own"),
        pytest.param((SHEET, FIGURE.row, FIGURE.column - 1), 46, id="a number over a label"),
        pytest.param((SHEET, 200, FIGURE.column), "832 hồ sơ", id="words below the last figure"),
        pytest.param(("Phụ lục", 3, 1), 832, id="a sheet of one's own"),
    ],
)
def test_what_looks_like_a_figure_elsewhere_is_named(
    tmp_path: Path, place: tuple[str, int, int], value: object
) -> None:
    sheet, row, column = place
    found = faults(tmp_path, drawn({**KEPT, place: value}))
    assert found == [("unread_cell", sheet, at(row, column), str(value))]


def test_a_note_beside_its_figure_and_words_without_a_digit_are_nothing_strange(tmp_path: Path) -> None:
    noted = {(SHEET, FIGURE.row, FIGURE.column): 46, (SHEET, FIGURE.row, FIGURE.column + 1): "gồm 2 chi bộ mới"}
    signed = {(SHEET, 200, FIGURE.column): "Người lập biểu"}
    assert faults(tmp_path, drawn({**KEPT, **noted, **signed})) == []


def test_a_column_inserted_before_the_figures_is_a_changed_layout(tmp_path: Path) -> None:
    typed = {(SHEET, FIGURE.row, FIGURE.column + 1): 46}
    (found,) = faults(tmp_path, drawn(typed, shift=1))
    assert found[0] == "layout_changed"


def test_many_cells_of_one_column_are_one_fault(tmp_path: Path) -> None:
    typed = {(SHEET, FIGURE.row + n, FIGURE.column + 2): n + 1 for n in range(3)}
    assert [fault[3] for fault in faults(tmp_path, drawn({**KEPT, **typed}))] == ["1 (+2)"]


def test_a_template_that_is_filled_in_has_nothing_outside(tmp_path: Path) -> None:
    assert faults(tmp_path, Filler(TEMPLATE, FORM).fill(identity(), figures={"party_members": 46})) == []


def test_a_formula_nobody_reckoned_is_no_blank_cell(tmp_path: Path) -> None:
    """Programs that write workbooks without reckoning leave the result out."""
    stream = io.BytesIO()
    whole = zipfile.ZipFile(io.BytesIO(Filler(TEMPLATE, FORM).fill(identity(), figures={"party_members": 46})))
    with whole, zipfile.ZipFile(stream, "w") as archive:
        for name in whole.namelist():
            archive.writestr(name, whole.read(name).replace(b"<v>46</v>", b"<f>40+6</f>"))
    path = tmp_path / "a.xlsx"
    path.write_bytes(stream.getvalue())
    cells = read_files([Source(1, path, path.name)], the_catalog()).cells
    assert cells.select("kind", "text", "cell").rows() == [("error", "=40+6", FIGURE.address)]
