"""A register of units is taken whole or refused whole, with every wrong row named."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from catalog import load_catalog
from catalog.model import UnitRecord
from catalog.register import RowFault
from examples.province import write_register
from tasks.register import Difference, FieldChange, RegisterRefusedError, export_register, import_register
from tasks.settings import Settings
from tasks.setup import initialise
from tasks.store import engine_for
from tests.delivered import Delivery, install
from warehouse.registry import RegisterMovedError, read_register, sync_registry
from warehouse.registry import import_register as write_in
from workbook.register import write_units_csv

HEADER = "code,valid_from,valid_to,name,kind,parent,source\n"
EVENTS = "kind,day,old_code,old_valid_from,new_code,new_valid_from,share,document\n"

#: A province, a commune of it that ended, and the one it went into.
UNITS = (
    "Q0,2020-01-01,,Tỉnh Không,tinh,,\n"
    "Q1,2020-01-01,2025-06-30,Xã Một,xa,Q0,\n"
    "Q2,2020-01-01,2025-06-30,Xã Hai,xa,Q0,\n"
    "Q2,2025-07-01,,Xã Hai Mới,xa,Q0,\n"
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, delivery: Delivery) -> Settings:
    return install(tmp_path_factory.mktemp("register"), delivery)


@pytest.fixture
def fresh(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path / "nhà")
    initialise(made, made.url)
    return made


def load(settings: Settings, *paths: Path, dry_run: bool = False) -> Difference:
    return import_register(engine_for(settings.url), load_catalog(), paths, dry_run=dry_run)


def counts(difference: Difference, table: str = "units") -> dict[str, int]:
    words = ("added", "changed", "ended", "removed", "same")
    return {what: count for what in words if (count := difference.count(table, what))}


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def refusal(settings: Settings, *paths: Path) -> list[RowFault]:
    """The faults of register files; nothing of them may have been taken."""
    engine = engine_for(settings.url)
    before = read_register(engine)
    with pytest.raises(RegisterRefusedError) as caught:
        load(settings, *paths)
    assert read_register(engine) == before
    assert all(f.what.vi and f.what.en and f.advice.vi and f.advice.en for f in caught.value.faults)
    return caught.value.faults


def refused(settings: Settings, path: Path, rows: str) -> list[str]:
    return [str(fault) for fault in refusal(settings, write(path, HEADER + rows))]


def places(faults: list[RowFault]) -> list[tuple[int, str]]:
    return [(fault.line, fault.column) for fault in faults]


# ------------------------------------------------------------------------------------------------ taken


def test_a_register_that_is_there_already_stays_the_same(
    settings: Settings, delivery: Delivery, tmp_path: Path
) -> None:
    write_register(delivery.province, tmp_path / "units.csv")
    assert counts(load(settings, tmp_path / "units.csv")) == {"same": 60}


def test_every_change_is_told_with_before_and_after(fresh: Settings, tmp_path: Path) -> None:
    path = write(tmp_path / "units.csv", "\ufeff" + HEADER + UNITS)
    assert counts(load(fresh, path)) == {"added": 4}
    write(path, HEADER + "Q1,2020-01-01,2025-06-30,Xã Nhất,xa,,\nQ2,2025-07-01,2026-06-30,Xã Hai Mới,xa,Q0,\n")
    seen = load(fresh, path, dry_run=True)
    assert counts(load(fresh, path, dry_run=True)) == {"changed": 1, "ended": 1}, "a trial changes nothing"
    assert load(fresh, path) == seen
    first, second = seen.changes
    assert (first.where, first.place) == ("Q1 2020-01-01", "units.csv · 2")
    assert first.fields == (FieldChange("name", "Xã Một", "Xã Nhất"), FieldChange("parent", "Q0", ""))
    assert second.fields == (FieldChange("valid_to", "", "2026-06-30"),)
    assert seen.beside["units"] == 331 + 2
    assert counts(load(fresh, path)) == {"same": 2}


def test_a_column_that_is_left_out_says_nothing_and_an_empty_cell_says_none(fresh: Settings, tmp_path: Path) -> None:
    load(fresh, write(tmp_path / "a.csv", HEADER + UNITS))
    row = "Q1,2020-01-01,Xã Một,xa"
    left_out = write(tmp_path / "b.csv", f"code,valid_from,name,kind\n{row}\n")
    assert counts(load(fresh, left_out)) == {"same": 1}
    (change,) = load(fresh, write(left_out, f"code,valid_from,name,kind,parent,valid_to,source\n{row},,,\n")).changes
    assert change.fields == (FieldChange("valid_to", "2025-06-30", ""), FieldChange("parent", "Q0", ""))


def test_events_are_added_changed_and_taken_back(fresh: Settings, tmp_path: Path) -> None:
    units = write(tmp_path / "units.csv", HEADER + UNITS)
    row = "{},2025-07-01,Q{},2020-01-01,Q2,2025-07-01,{},{}\n"
    both = EVENTS + row.format("sáp nhập", 1, "toàn bộ", "NQ 1") + row.format("merge", 2, "full", "NQ 1")
    events = write(tmp_path / "events.csv", both)
    assert counts(load(fresh, units, events), "events") == {"added": 2}
    assert counts(load(fresh, events), "events") == {"same": 2}
    write(events, EVENTS + row.format("merge", 1, "full", "NQ 2") + row.format("hủy", 2, "", ""))
    done = load(fresh, events)
    assert counts(done, "events") == {"changed": 1, "removed": 1}
    assert done.changes[0].fields == (FieldChange("document", "NQ 1", "NQ 2"),)
    kept = [event for event in read_register(engine_for(fresh.url)).events if event.new_code == "Q2"]
    assert [(event.old_code, event.kind, event.document) for event in kept] == [("Q1", "merge", "NQ 2")]
    (fault,) = refusal(fresh, write(events, EVENTS + row.format("remove", 2, "", "")))
    assert (fault.line, fault.column) == (2, "A kind")


def test_what_was_corrected_here_outlives_an_update_of_the_program(fresh: Settings, tmp_path: Path) -> None:
    """The shipped register is edited in a spreadsheet with its sources as they are, and an event of it taken back."""
    engine = engine_for(fresh.url)
    (book,) = export_register(engine, tmp_path / "dm.xlsx")
    shipped = read_register(engine)
    unit, event = shipped.units[0], shipped.events[0]
    mended = f"{unit.code},{unit.valid_from},{unit.valid_to or ''},Tên sửa tại chỗ,{unit.kind},{unit.parent or ''},\n"
    key = f"{event.day},{event.old_code},{event.old_valid_from},{event.new_code},{event.new_valid_from}"
    load(fresh, write(tmp_path / "u.csv", HEADER + mended), write(tmp_path / "e.csv", f"{EVENTS}remove,{key},,\n"))
    corrected = read_register(engine)
    assert corrected.units[0].name == "Tên sửa tại chỗ"
    assert len(corrected.events) == len(shipped.events) - 1
    sync_registry(engine, load_catalog())
    assert read_register(engine) == corrected
    load(fresh, book)
    sync_registry(engine, load_catalog())
    assert read_register(engine) == shipped


def test_a_register_that_moved_since_the_proof_is_not_written_over(fresh: Settings, tmp_path: Path) -> None:
    engine = engine_for(fresh.url)
    proved_with = read_register(engine)
    load(fresh, write(tmp_path / "a.csv", HEADER + UNITS))
    late = odd("Q5", "Xã Năm")
    with pytest.raises(RegisterMovedError):
        write_in(engine, load_catalog(), [late], [], proved_with=proved_with)
    assert "Q5" not in {unit.code for unit in read_register(engine).units}
    write_in(engine, load_catalog(), [late], [], proved_with=read_register(engine))
    assert "Q5" in {unit.code for unit in read_register(engine).units}


# ------------------------------------------------------------------------------------------------ refused


def test_a_unit_that_is_its_own_ancestor_is_refused(settings: Settings, tmp_path: Path) -> None:
    faults = refused(
        settings,
        tmp_path / "vong.csv",
        "Q2.A,2025-07-01,,Đảng ủy A,dang_bo_xa,Q2.B,\nQ2.B,2025-07-01,,Đảng ủy B,dang_bo_xa,Q2.A,\n"
        "Q2.C,2025-07-01,,Chi bộ dưới vòng,chi_bo,Q2.A,\n",
    )
    assert faults == [
        f"vong.csv · {line} · F parent · {code} 2025-07-01: is its own ancestor"
        for line, code in ((2, "Q2.A"), (3, "Q2.B"))
    ]


def test_a_circle_that_closes_later_is_found(settings: Settings, tmp_path: Path) -> None:
    faults = refused(
        settings,
        tmp_path / "vong.csv",
        "Q2.B,2020-01-01,2022-12-31,B,dang_bo_xa,,\nQ2.A,2020-01-01,,A,dang_bo_xa,Q2.B,\n"
        "Q2.B,2023-01-01,,B,dang_bo_xa,Q2.A,\n",
    )
    assert faults == ["vong.csv · 4 · F parent · Q2.B 2023-01-01: is its own ancestor"]


def test_two_units_with_one_code_at_one_time_are_refused(settings: Settings, tmp_path: Path) -> None:
    (fault,) = refused(settings, tmp_path / "chong.csv", "Q3,2025-07-01,,Xã cũ,xa,,\nQ3,2025-09-01,,Xã mới,xa,,\n")
    assert fault == "chong.csv · 2 · C valid_to · Q3 2025-07-01: overlaps with Q3 2025-09-01"


def test_a_unit_whose_parent_is_unknown_is_refused(settings: Settings, tmp_path: Path) -> None:
    faults = refused(settings, tmp_path / "mo_coi.csv", "Q4,2025-07-01,,Xã,xa,KHONG.CO,\n")
    assert faults == ["mo_coi.csv · 2 · F parent · Q4 2025-07-01: its parent KHONG.CO did not live on 2025-07-01"]


def test_a_parent_is_not_ended_above_units_that_live_on(fresh: Settings, tmp_path: Path) -> None:
    """The row to mend is in the file; the orphans stand in the register. With an heir nobody is an orphan."""
    load(fresh, write(tmp_path / "a.csv", HEADER + UNITS + "Q9,2025-07-01,,Tỉnh Chín,tinh,,\n"))
    ending = write(tmp_path / "b.csv", HEADER + "Q0,2020-01-01,2025-12-31,Tỉnh Không,tinh,,\n")
    (fault,) = refusal(fresh, ending)
    assert (fault.file, fault.line, fault.column, fault.where) == ("b.csv", 2, "C valid_to", "Q2 2025-07-01")
    assert "nothing took its place" in fault.what.en
    merged = write(tmp_path / "e.csv", EVENTS + "merge,2026-01-01,Q0,2020-01-01,Q9,2025-07-01,full,NQ 3\n")
    assert counts(load(fresh, ending, merged)) == {"ended": 1}


def test_a_unit_that_stands_twice_is_refused_with_both_lines(settings: Settings, tmp_path: Path) -> None:
    faults = refused(
        settings, tmp_path / "trung.csv", "Q5,2025-07-01,,Xã,xa,,\nQ6,2025-07-01,,Xã,xa,,\nQ5,2025-07-01,,Xã,xa,,\n"
    )
    assert faults == ["trung.csv · 4: stands twice: trung.csv line 2 has the same key"]


def test_every_wrong_cell_is_named_at_once(settings: Settings, tmp_path: Path) -> None:
    path = write(
        tmp_path / "sai.csv",
        HEADER
        + "Q7,01/07/2025,,Xã,xa,,\nQ8,2025-07-01,20250731,,xa,,\n,2025-07-01,,Xã,xa,q9,\n"
        + '"Q7",2025-02-30,,"Xã\nBảy",xa,,\nQ8,2025-07-01,,Xã,xa,,,thừa\n',
    )
    assert places(refusal(settings, path)) == [
        (2, "B valid_from"),
        (3, "C valid_to"),
        (3, "D name"),
        (4, "A code"),
        (4, "F parent"),
        (5, "B valid_from"),
        (5, "D name"),
        (7, "H"),
    ]


def test_what_only_follows_from_an_unreadable_row_is_not_told(settings: Settings, tmp_path: Path) -> None:
    """The parent's row cannot be read, so its child is no orphan; what is wrong by itself is told beside it."""
    rows = "Q7,sai,,Tỉnh,tinh,,\nQ8,2025-07-01,,Xã,xa,Q7,\nQ9,2025-07-01,,Xã,lang,,\n"
    faults = refusal(settings, write(tmp_path / "sai.csv", HEADER + rows))
    assert places(faults) == [(2, "B valid_from"), (4, "E kind")]


def test_a_unit_of_an_unknown_kind_is_refused(settings: Settings, tmp_path: Path) -> None:
    (fault,) = refusal(settings, write(tmp_path / "loai.csv", HEADER + "Q9,2025-07-01,,Xã,Làng,,\n"))
    assert (fault.line, fault.column, fault.what.en) == (2, "E kind", "unknown kind Làng")
    assert "phuong" in fault.advice.vi


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("merge,2025-07-01,Q1,2020-01-01,Q9,2025-07-01,full,NQ\n", [(2, "E new_code")]),
        ("merge,2025-08-01,Q1,2020-01-01,Q2,2025-07-01,full,NQ\n", [(2, "B day")]),
        ("merge,2025-07-01,Q1,2020-01-01,Q0,2020-01-01,50%,NQ\n", [(2, "G share")]),
        ("split,2025-07-01,Q1,2020-01-01,Q2,2025-07-01,full,NQ\n", [(2, "G share")]),
        ("rename,2025-07-01,Q2,2020-01-01,Q2,2025-07-01,partial,NQ\n", [(2, "G share")]),
        ("đập,2025-07-01,Q1,2020-01-01,Q2,2025-07-01,full,\n", [(2, "A kind"), (2, "H document")]),
        # the whole of a unit goes into one, not two
        (
            "merge,2025-07-01,Q1,2020-01-01,Q2,2025-07-01,full,NQ\nmerge,2025-07-01,Q1,2020-01-01,Q0,2020-01-01,full,NQ\n",
            [(2, "G share"), (3, "G share")],
        ),
        (
            "split,2025-07-01,Q1,2020-01-01,Q2,2025-07-01,full,NQ\nsplit,2025-07-01,Q1,2020-01-01,Q0,2020-01-01,partial,NQ\n",
            [(2, "G share"), (2, "G share"), (3, "G share")],
        ),
        # what went whole does not live on
        ("merge,2025-07-01,Q0,2020-01-01,Q2,2025-07-01,full,NQ\n", [(2, "G share")]),
        # what was renamed is itself: nothing else goes into it
        (
            "rename,2025-07-01,Q2,2020-01-01,Q2,2025-07-01,full,NQ\nmerge,2025-07-01,Q1,2020-01-01,Q2,2025-07-01,full,NQ\n",
            [(2, "A kind")],
        ),
        ("merge,2025-07-01,Q1,2020-01-01,Q2,2025-07-01,full,NQ\n" * 2, [(3, "")]),
    ],
)
def test_events_that_cannot_be_true_are_refused(
    fresh: Settings, tmp_path: Path, rows: str, expected: list[tuple[int, str]]
) -> None:
    load(fresh, write(tmp_path / "units.csv", HEADER + UNITS))
    faults = refusal(fresh, write(tmp_path / "events.csv", EVENTS + rows))
    assert sorted(places(faults)) == expected


def test_a_unit_of_which_one_part_is_told_is_a_notice(fresh: Settings, tmp_path: Path) -> None:
    units = write(tmp_path / "units.csv", HEADER + UNITS)
    path = write(tmp_path / "events.csv", EVENTS + "split,2025-07-01,Q1,2020-01-01,Q2,2025-07-01,partial,NQ\n")
    _, notice = sorted(load(fresh, units, path).notices, key=lambda each: each.column)
    assert (notice.line, notice.column) == (2, "G share")
    assert load(fresh, path).notices == (), "it was told before"


def test_a_unit_that_moved_without_an_event_is_a_notice(fresh: Settings, tmp_path: Path) -> None:
    above = "Q0,2020-01-01,,Tỉnh Không,tinh,,\nQ9,2020-01-01,,Tỉnh Chín,tinh,,\n"
    row = "Q7,{},{},Xã Bảy,xa,{},\n"
    load(fresh, write(tmp_path / "before.csv", HEADER + above + row.format("2020-01-01", "", "Q0")))
    moved = row.format("2020-01-01", "2025-06-30", "Q0") + row.format("2025-07-01", "", "Q9")
    path = write(tmp_path / "moved.csv", HEADER + moved)
    (notice,) = load(fresh, path).notices
    assert (notice.line, notice.column) == (3, "B valid_from")
    assert "rename hoặc reparent" in notice.advice.vi
    assert load(fresh, path).notices == (), "it was told before"


@pytest.mark.parametrize(
    ("header", "column", "said"),
    [
        ("ma,ten\nQ1,Xã\n", "A", "no column 'ma'"),
        ("code,valid_from,kind\n", "", "lacks the columns name"),
        ("code,valid_from,name,kind,ghi chú\n", "E", "no column 'ghi chú'"),
        ("code,valid_from,name,kind,mã\n", "E", "code stands twice"),
    ],
)
def test_a_table_with_other_columns_is_refused(
    settings: Settings, tmp_path: Path, header: str, column: str, said: str
) -> None:
    faults = refusal(settings, write(tmp_path / "cot.csv", header))
    assert any(fault.column == column and said in fault.what.en for fault in faults)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04\x00\xff\xfe", "code;valid_from\n".encode("utf-16"), b"\xff\xfe\x00"]
)
def test_a_file_that_is_no_table_is_refused(settings: Settings, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "units.xlsx"
    path.write_bytes(content)
    assert refusal(settings, path)


# ------------------------------------------------------------------------------------------------ workbooks


def workbook(path: Path, rows: list[list[object]]) -> Path:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"default_date_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet("Đơn vị")
    for line, row in enumerate(rows):
        sheet.write_row(line, 0, row)
    book.close()
    path.write_bytes(stream.getvalue())
    return path


def test_vietnamese_headings_and_dates_of_a_spreadsheet_are_read(fresh: Settings, tmp_path: Path) -> None:
    rows: list[list[object]] = [["Mã đơn vị", "Từ ngày", "Tên", "Loại", "Cấp trên"]]
    rows += [["01", date(2020, 1, 1), "Tỉnh Một", "tinh", ""], [28687, date(2026, 7, 1), "x", "xa", "01"]]
    path = workbook(tmp_path / "dm.xlsx", rows)
    (fault,) = refusal(fresh, path)
    assert "overlaps" in fault.what.en, "the number 28687 is a code that is known"
    rows[2] = [1, date(2020, 1, 1), "Xã", "xa", "01"]
    (fault,) = refusal(fresh, workbook(path, rows))
    assert (fault.sheet, fault.line, fault.column) == ("Đơn vị", 3, "A code")
    load(fresh, workbook(path, rows[:2]))
    assert "01" in {unit.code for unit in read_register(engine_for(fresh.url)).units}
    (fault,) = refusal(fresh, write(tmp_path / "mat-so-0.csv", HEADER + "1,2020-01-01,,Tỉnh Một,tinh,,\n"))
    assert "01 without its zeros" in fault.what.en


#: Names that programs take for something else.
ODD = ["=1+1", "+84", "-1", "@SUM(A1)", "'=1", "''-x", 'a;b "c", d', "_x0041_", "Xã hòa Ð", "1e5", "TRUE", "2025-07-01"]


def odd(code: str, name: str) -> UnitRecord:
    return UnitRecord(code=code, valid_from=date(1800, 1, 1), name=name, kind="xa", source=name)


@pytest.mark.parametrize("name", ["dm.xlsx", "dm.csv"])
def test_what_is_written_out_changes_nothing_when_read_again(fresh: Settings, tmp_path: Path, name: str) -> None:
    engine = engine_for(fresh.url)
    path = tmp_path / "la.csv"
    path.write_bytes(write_units_csv([odd(f"Q{n:03}", name) for n, name in enumerate(ODD)]))
    load(fresh, path)
    before = read_register(engine)
    assert {unit.name for unit in before.units if unit.code.startswith("Q0")} == set(ODD)
    written = export_register(engine, tmp_path / "ra" / name)
    difference = load(fresh, *written)
    assert difference.changes == ()
    assert difference.same == {"units": len(before.units), "events": len(before.events)}
    assert difference.beside == {"units": 0, "events": 0}
    assert read_register(engine) == before
