"""Register files: what is written is read again as it was, and nothing in it can act as a formula."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.model import UnitEventRecord, UnitRecord
from workbook.register import EVENTS, UNITS, read_register, write_events_csv, write_units_csv, write_workbook

#: Texts as the register may hold them: without control signs and surrounding space.
words = (
    st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" \";,'=+-@_x0"), min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)
days = st.dates(date(1, 1, 1), date(9999, 12, 31))
codes = st.from_regex(r"[A-Z0-9][A-Z0-9.\-]{0,5}", fullmatch=True)
units = st.lists(
    st.builds(
        UnitRecord,
        code=codes,
        valid_from=days,
        valid_to=st.none() | days,
        name=words,
        kind=st.just("xa"),
        parent=st.none() | codes,
        source=words,
    ),
    max_size=5,
)
events = st.lists(
    st.builds(
        UnitEventRecord,
        kind=st.sampled_from(["merge", "split"]),
        day=days,
        old_code=codes,
        old_valid_from=days,
        new_code=codes,
        new_valid_from=days,
        share=st.sampled_from(["full", "partial"]),
        document=words,
    ),
    max_size=5,
)
Rows = Sequence[UnitRecord] | Sequence[UnitEventRecord]


def read_back(files: dict[str, bytes]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder) / name
            path.write_bytes(content)
            tables, faults = read_register(path)
            assert faults == []
            for table in tables:
                rows = [{column: cell[2].strip() for column, cell in row.cells.items()} for row in table.rows]
                found[table.kind] = rows
    return found


def meant(rows: Rows) -> list[dict[str, str]]:
    return [{key: str(value) for key, value in row.model_dump().items() if value is not None} for row in rows]


@settings(deadline=None)
@given(units=units, events=events)
def test_a_register_survives_its_files(units: list[UnitRecord], events: list[UnitEventRecord]) -> None:
    expected = {UNITS: meant(units), EVENTS: meant(events)}
    assert read_back({"dm.xlsx": write_workbook(units, events)}) == expected
    assert read_back({"u.csv": write_units_csv(units), "e.csv": write_events_csv(events)}) == expected


@settings(deadline=None)
@given(name=words)
def test_nothing_that_is_written_can_act_as_a_formula(name: str) -> None:
    unit = UnitRecord(code="01", valid_from=date(2025, 7, 1), name=name, kind="xa", source=name)
    text = write_units_csv([unit]).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    with zipfile.ZipFile(io.BytesIO(write_workbook([unit], []))) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_codes_of_a_workbook_are_text_and_the_same_register_gives_the_same_bytes() -> None:
    unit = UnitRecord(code="01", valid_from=date(2025, 7, 1), name="x", kind="xa", source="y")
    book = write_workbook([unit], [])
    assert book == write_workbook([unit], [])
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert b"<t>01</t>" in archive.read("xl/sharedStrings.xml")


@pytest.mark.parametrize(("content", "line"), [(b'code;name\n01;"x\n', 2), (b"\x81\n", 1), (b"code\n\n\n\x81", 4)])
def test_what_is_no_table_is_told_with_its_line(tmp_path: Path, content: bytes, line: int) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    tables, (fault,) = read_register(tmp_path / "a.csv")
    assert (tables, fault.line) == ([], line)
