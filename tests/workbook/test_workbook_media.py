"""One meaning in every medium: the same report reads the same from xlsx, xls, xlsb, ods, csv and json."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import python_calamine
from biff12 import write_xlsb
from filings import ERROR_FIELD, FILINGS, identity, the_catalog, the_period, the_unit
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.columns import CELLS, FAULTS, HEADERS
from workbook.cells import is_blank, schema
from workbook.fill import Filler, entries
from workbook.layout import FORM_MARK, SCOPE_LABELS, VERSION_MARK, Layout
from workbook.plain import Contents, write_csv, write_json
from workbook.read import Batch, Source, read_files
from workbook.template import build_template

FIXTURES = Path(__file__).parent / "fixtures"
MEANING = ["field", "item", "part", "kind", "number", "text"]


@pytest.fixture(scope="module")
def fillers() -> dict[str, Filler]:
    catalog = the_catalog()
    return {
        form: Filler(build_template(catalog, form, the_period(), the_unit()), catalog.forms[form]) for form in FILINGS
    }


def read_one(folder: Path, name: str, content: bytes) -> Batch:
    path = folder / name
    path.write_bytes(content)
    return read_files([Source(7, path, name)], the_catalog())


def meaning(cells: pl.DataFrame) -> list[tuple[object, ...]]:
    return cells.select(MEANING).sort(MEANING).rows()


def expected(form: str) -> list[tuple[object, ...]]:
    """The report as it was typed, spelled out without the reader."""
    contents = FILINGS[form]()
    layout = Layout(the_catalog().forms[form], the_catalog().forms[form].version)
    rows: list[tuple[object, ...]] = []
    for (field, item, part), value in entries(contents, layout):
        if isinstance(value, str):
            rows.append((field, item, part, "text", None, value))
        elif isinstance(value, int | float):
            rows.append((field, item, part, "number", float(value), f"{value:g}" if value < 1e5 else str(value)))
        else:
            rows.append((field, item, part, "date", None, value.isoformat()))
    return pl.DataFrame(rows, schema=MEANING, orient="row", infer_schema_length=None).sort(MEANING).rows()


def as_xlsb(form: str) -> bytes:
    """The report typed into the cells of the layout, without days, which need a style sheet."""
    definition = the_catalog().forms[form]
    layout = Layout(definition, definition.version)
    sheets: dict[str, dict[tuple[int, int], float | str]] = {name: {} for name in layout.sheets}
    for plan in layout.sheets.values():
        sheets[plan.name].update({(mark.row, 0): mark.code for mark in plan.marks})
    for name, cell in layout.identity.items():
        text = FILINGS[form]().identity[name]
        sheets[cell.sheet][cell.row, cell.column] = SCOPE_LABELS.get(text, text)  # type: ignore[call-overload]
    for key, value in entries(FILINGS[form](), layout):
        place = layout.slots[layout.slot_numbers[key]].place
        if isinstance(value, str | int | float):
            sheets[place.sheet][place.row, place.column] = value if isinstance(value, str) else float(value)
    if ERROR_FIELD in layout.places:
        place = layout.places[ERROR_FIELD]
        sheets[place.sheet][place.row, place.column] = "#DIV/0!"
    sheets["_tongket"] = {
        (FORM_MARK.row, FORM_MARK.column): form,
        (VERSION_MARK.row, VERSION_MARK.column): definition.version,
    }
    return write_xlsb({name: cells or {(0, 0): "x"} for name, cells in sheets.items()})


@pytest.mark.parametrize("form", FILINGS)
@pytest.mark.parametrize("suffix", ["xlsx", "csv", "json"])
def test_what_was_written_is_what_is_read(form: str, suffix: str, fillers: dict[str, Filler], tmp_path: Path) -> None:
    definition, contents = the_catalog().forms[form], FILINGS[form]()
    content = {
        "xlsx": lambda: fillers[form].fill_contents(contents),
        "csv": lambda: write_csv(definition, contents),
        "json": lambda: write_json(definition, contents),
    }[suffix]()
    batch = read_one(tmp_path, f"report.{suffix}", content)
    assert batch.faults.is_empty()
    assert meaning(batch.cells) == expected(form)
    assert batch.headers.row(0, named=True) == {
        "file": 7,
        "name": f"report.{suffix}",
        "form": form,
        "form_version": definition.version,
        **{key: value for key, value in identity().items() if key != "period_label"},
        "media": suffix,
    }


@pytest.mark.parametrize("form", FILINGS)
@pytest.mark.parametrize("suffix", ["xlsx", "ods", "xls"])
def test_a_file_saved_by_libreoffice_reads_the_same(form: str, suffix: str) -> None:
    path = FIXTURES / f"{form}-filled-in-libreoffice.{suffix}"
    batch = read_files([Source(1, path, path.name)], the_catalog())
    assert batch.faults.is_empty()
    assert batch.headers["media"].to_list() == [suffix]
    assert batch.headers["scope"].to_list() == ["own"]
    errors = batch.cells.filter(kind="error")
    assert meaning(batch.cells.filter(pl.col("kind") != "error")) == expected(form)
    assert errors["text"].to_list() == (["#DIV/0!"] if form == "review-report" else [])


@pytest.mark.parametrize("form", FILINGS)
def test_a_binary_workbook_reads_the_same(form: str, tmp_path: Path) -> None:
    batch = read_one(tmp_path, "report.xlsb", as_xlsb(form))
    assert batch.faults.is_empty()
    assert batch.headers["media"].to_list() == ["xlsb"]
    assert meaning(batch.cells.filter(pl.col("kind") != "error")) == [r for r in expected(form) if r[3] != "date"]
    assert batch.cells.filter(kind="error")["field"].to_list() == ([ERROR_FIELD] if form == "review-report" else [])


def test_libreoffice_computed_the_checks_of_the_form() -> None:
    book = python_calamine.CalamineWorkbook.from_path(FIXTURES / "one-stop-dossiers-filled-in-libreoffice.xlsx")
    rows = book.get_sheet_by_name("Kiểm tra").to_python()
    outcomes = {row[0]: (row[3], row[4]) for row in rows[4:]}
    assert outcomes["OST-001"] == ("SAI LỆCH", 13.0)
    assert outcomes["OST-003"] == ("Chưa đủ số", "")
    assert outcomes["VAL-001"] == ("Đúng", "")
    assert outcomes["OST-026"] == ("SAI LỆCH", 10881.0)  # 11713 in all, 832 in the one row that is filled in
    assert rows[2][0] == "2 sai lệch · 0 cần giải trình"


def test_frames_have_the_columns_other_rooms_rely_on(fillers: dict[str, Filler], tmp_path: Path) -> None:
    batch = read_one(tmp_path, "a.xlsx", fillers["review-report"].fill_contents(FILINGS["review-report"]()))
    for frame, columns in ((batch.headers, HEADERS), (batch.cells, CELLS), (batch.faults, FAULTS)):
        assert dict(frame.schema) == schema(columns)
    empty = read_files([], the_catalog())
    assert (empty.headers.height, empty.cells.height, empty.faults.height) == (0, 0, 0)


def test_every_cell_says_where_it_stood(fillers: dict[str, Filler], tmp_path: Path) -> None:
    batch = read_one(tmp_path, "a.xlsx", fillers["review-report"].fill_contents(FILINGS["review-report"]()))
    where = {(f, i, p): (s, c) for f, i, p, s, c in batch.cells.select("field", "item", "part", "sheet", "cell").rows()}
    assert where["party_members", 0, "value"] == ("Số liệu", "E7")
    assert where["party_members", 0, "note"] == ("Số liệu", "F7")
    assert where["initiatives.owner", 2, "value"] == ("Mô hình", "B6")
    assert where["limitation", 0, "value"] == ("Thuyết minh", "B15")


def test_the_place_in_a_plain_file_is_a_line_or_a_pointer(tmp_path: Path) -> None:
    form = the_catalog().forms["one-stop-dossiers"]
    contents = Contents(identity=identity(), figures={"dossiers_received": 5}, notes={"dossiers_received": "hai\ndòng"})
    csv = read_one(tmp_path, "a.csv", write_csv(form, contents)).cells
    assert csv["cell"].to_list() == ["C9", "D9"]
    json = read_one(tmp_path, "a.json", write_json(form, contents)).cells
    assert json["cell"].to_list() == ["/figures/0/value", "/figures/0/note"]


typed = st.one_of(
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda x: round(x, 4)),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20),
)


@settings(max_examples=40, deadline=None)
@given(figures=st.fixed_dictionaries({"party_members": typed, "registration_rate": typed, "study_convened": typed}))
def test_any_figure_survives_the_workbook_and_json(
    figures: dict[str, int | float | str], tmp_path_factory: object
) -> None:
    folder = Path(tmp_path_factory.mktemp("any"))  # type: ignore[attr-defined]
    contents = Contents(identity=identity(), figures=figures)
    definition = the_catalog().forms["review-report"]
    workbook = read_one(folder, "a.xlsx", _review_filler().fill_contents(contents)).cells
    json = read_one(folder, "a.json", write_json(definition, contents)).cells
    kept = {field: value for field, value in figures.items() if not (isinstance(value, str) and is_blank(value))}
    for cells in (workbook, json):
        found = {row["field"]: row["text"] if row["number"] is None else row["number"] for row in cells.to_dicts()}
        assert found == kept


def _review_filler(kept: dict[str, Filler] = {}) -> Filler:  # noqa: B006 — one filler for all examples
    if not kept:
        form = the_catalog().forms["review-report"]
        kept["review"] = Filler(build_template(the_catalog(), form.id, the_period(), the_unit()), form)
    return kept["review"]
