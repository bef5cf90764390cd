"""A report handed back: marked at its cells, otherwise the unit's own file; and read again as if it had no marks."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any

import polars as pl
import pytest
import python_calamine
import xlsxwriter
from biff12 import write_xlsb
from filings import FILINGS, identity, review_report, the_catalog, the_period, the_unit
from lxml import etree

from domain.columns import FINDINGS
from workbook.container import Zip
from workbook.fill import Filler
from workbook.layout import Layout
from workbook.opc import Package
from workbook.plain import write_csv, write_json
from workbook.read import Batch, Source, read_files
from workbook.returned import Head, returned_workbook
from workbook.scan import sheet_parts_by_name
from workbook.styles import Styles
from workbook.template import build_template

FIXTURES = Path(__file__).parent / "fixtures"
FORM = the_catalog().forms["review-report"]
LAYOUT = Layout(FORM, FORM.version, the_catalog())
RESULT, MARKER = "Kết quả kiểm tra", "_ketqua"
RED, ORANGE, BLUE, YELLOW = "FFFFC7CE", "FFFFEB9C", "FFDDEBF7", "FFFFFDE7"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
MEANING = ["field", "item", "part", "text"]
HEAD = Head(
    submission=42, state="rejected", file_name="=bao cao.xlsx", unit="12", unit_name=the_unit().name, period="2025-Q1",
    period_label=the_period().label_vi, form=FORM.id, form_version=FORM.version, version=2,
    received_at=datetime(2026, 1, 5, 3, 4, tzinfo=UTC), decided_at=None, run="run-1", bound_unit="12",
)  # fmt: skip


#: The version of the copies that LibreOffice saved; it is still accepted.
SAVED = "2025.1"


@pytest.fixture(scope="module")
def report() -> bytes:
    template = build_template(the_catalog(), FORM.id, the_period(), the_unit())
    return Filler(template, FORM).fill_contents(review_report())


def finding(severity: str, sheet: str, cell: str, **more: Any) -> dict[str, Any]:
    words = {
        "message_vi": "Sai rồi. Hãy sửa.",
        "message_en": "Wrong. Mend it.",
        "expected": "41",
        "arithmetic": "1 ≠ 2",
    }
    place = {"rule": "TST-001", "level": 4, "severity": severity, "sheet": sheet, "cell": cell}
    return dict.fromkeys(FINDINGS) | {"field": "", "item": 0} | words | place | more


def returned(folder: Path, content: bytes, findings: list[dict[str, Any]], name: str = "a.xlsx", **head: Any) -> bytes:
    path = folder / f"sent-{name}"
    path.write_bytes(content)
    return returned_workbook(path, name, findings, replace(HEAD, **head), the_catalog())


def read(folder: Path, content: bytes, name: str = "read.xlsx") -> Batch:
    path = folder / name
    path.write_bytes(content)
    return read_files([Source(1, path, "a.xlsx" if name.endswith("xlsx") else name)], the_catalog())


def same(one: Batch, other: Batch) -> bool:
    return one.headers.equals(other.headers) and one.cells.equals(other.cells) and one.faults.equals(other.faults)


class Opened:
    """A workbook looked into, after its package was proved to be whole."""

    def __init__(self, content: bytes) -> None:
        self.zip = zipfile.ZipFile(io.BytesIO(content))
        assert self.zip.testzip() is None
        assert len(set(self.zip.namelist())) == len(self.zip.namelist())
        self._prove_parts()
        self.package = Package(Zip(content))
        self.parts = sheet_parts_by_name(Zip(content))
        self.book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        self.root = self.xml("xl/workbook.xml")
        self._prove_sheets()
        self.styles = Styles(self.package.tree("xl/styles.xml"))

    def xml(self, part: str) -> Any:
        return etree.fromstring(self.zip.read(part))

    def _prove_parts(self) -> None:
        types = self.xml("[Content_Types].xml")
        named = [item.get("PartName")[1:] for item in types if item.tag.endswith("Override")]
        endings = {item.get("Extension") for item in types if item.tag.endswith("Default")}
        assert len(set(named)) == len(named)
        assert set(named) <= set(self.zip.namelist())
        for part in self.zip.namelist():
            assert part in named or part.rpartition(".")[2] in endings or part == "[Content_Types].xml", part
            self.xml(part) if part.endswith((".xml", ".rels", ".vml")) else None
            if part.endswith(".rels"):
                self._prove_relations(part)

    def _prove_relations(self, part: str) -> None:
        folder = dirname(dirname(part))
        ids = [relation.get("Id") for relation in self.xml(part)]
        assert len(set(ids)) == len(ids)
        for relation in self.xml(part):
            if relation.get("TargetMode") != "External":
                target = relation.get("Target")
                path = target[1:] if target.startswith("/") else normpath(join(folder, target))
                assert path in self.zip.namelist(), (part, target)

    def _prove_sheets(self) -> None:
        sheets = self.root.findall(f"{MAIN}sheets/{MAIN}sheet")
        for name in ("name", "sheetId"):
            assert len({sheet.get(name) for sheet in sheets}) == len(sheets)
        for defined in self.root.iter(f"{MAIN}definedName"):
            assert int(defined.get("localSheetId", "0")) < len(sheets)
        selected = [part for part in self.parts.values() if b'tabSelected="1"' in self.zip.read(part)]
        assert selected == [self.parts[next(iter(self.parts))]]

    def colour(self, sheet: str, cell: str) -> str:
        element = self.cell(sheet, cell)
        return self.styles.colour(int(element.get("s", "0")))

    def cell(self, sheet: str, address: str) -> Any:
        found = self.xml(self.parts[sheet]).xpath(f"//*[local-name()='c'][@r='{address}']")
        assert len(found) == 1
        return found[0]

    def comments(self, sheet: str) -> dict[str, tuple[str, str]]:
        """Address → (author, text); every comment has a box of its own, and no box is without a comment."""
        part = self.parts[sheet]
        found: dict[str, tuple[str, str]] = {}
        for name in self.package.related(part, "comments"):
            root = self.xml(name)
            authors = [author.text or "" for author in root.iter(f"{MAIN}author")]
            for comment in root.iter(f"{MAIN}comment"):
                found[comment.get("ref")] = authors[int(comment.get("authorId"))], "".join(comment.itertext())
        boxes = "".join(self.zip.read(name).decode() for name in self.package.related(part, "vmlDrawing"))
        assert boxes.count('ObjectType="Note"') == len(found)
        ids = re.findall(r'<v:shape id="([^"]+)"', boxes)
        assert len(set(ids)) == len(ids)
        return found

    def texts(self, sheet: str) -> list[list[str]]:
        rows = self.book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        return [[str(value) for value in row if value != ""] for row in rows]

    def links(self) -> list[str]:
        first = self.xml(self.parts[next(iter(self.parts))])
        return [link.get("location") for link in first.iter(f"{MAIN}hyperlink")]


FIGURE = LAYOUT.places["party_members"]
SHEET, AT = FIGURE.sheet, FIGURE.address
BLANK = LAYOUT.places["study_convened"].address
LISTED = "B6"  # the owner of the second model in the list, where the template has no cell


def marks() -> list[dict[str, Any]]:
    note = f"F{FIGURE.row + 1}"
    return [
        finding("info", "Mô hình", LISTED),
        finding("warning", SHEET, BLANK, rule="TST-002"),
        finding("critical", SHEET, AT, cells=f"{AT}, {BLANK}, Kiểm tra, giám sát!C9", rule="TST-003"),
        finding("warning", SHEET, note, settled_by="waiver", explanation="=cho qua"),
    ]


def test_cells_are_filled_commented_and_listed_in_front(report: bytes, tmp_path: Path) -> None:
    opened = Opened(returned(tmp_path, report, marks()))
    assert opened.book.sheet_names[0] == RESULT
    assert opened.book.sheet_names[-1] == MARKER
    assert {sheet.name: str(sheet.visible) for sheet in opened.book.sheets_metadata}[MARKER].endswith("VeryHidden")
    assert opened.root.find(f"{MAIN}bookViews/{MAIN}workbookView").get("activeTab") == "0"
    # the gravest counts where two speak of one cell
    assert opened.colour(SHEET, AT) == opened.colour(SHEET, BLANK) == opened.colour("Kiểm tra, giám sát", "C9") == RED
    assert opened.colour("Mô hình", LISTED) == BLUE
    comments = opened.comments(SHEET)
    assert "TST-003" in comments[AT][1]
    assert "Sai rồi. Hãy sửa." in comments[AT][1]
    assert "Cần là (expected): 41" in comments[AT][1]
    assert "TST-002" in comments[BLANK][1]
    assert f"Cùng xét với ô {AT}" in comments[BLANK][1]
    assert f"{SHEET}!{AT}" in opened.comments("Kiểm tra, giám sát")["C9"][1]
    texts = opened.texts(RESULT)
    assert texts[1][0].startswith("TRẢ LẠI ĐỂ SỬA — 1 lỗi phải sửa, 1 cảnh báo cần giải thích")
    flat = [text for row in texts for text in row]
    sections = ["Lỗi phải sửa (1)", "Cảnh báo cần giải thích (1)", "Lưu ý (1)", "Đã giải thích / được miễn (1)"]
    places = [next(n for n, text in enumerate(flat) if text.startswith(section)) for section in sections]
    assert places == sorted(places)
    assert {"=bao cao.xlsx", "12", the_period().code} & set(" · ".join(flat).split(" · ")) >= {"12", "=bao cao.xlsx"}
    assert f"'{SHEET}'!{AT}" in opened.links()
    assert "'Kiểm tra, giám sát'!C9" in opened.links()
    assert not opened.xml(opened.parts[RESULT]).findall(f".//{MAIN}f")


def test_the_template_takes_the_marks_and_nothing_else_changes(report: bytes, tmp_path: Path) -> None:
    before, after = parts_of(report), parts_of(returned(tmp_path, report, marks()))
    touched = {
        "[Content_Types].xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        "docProps/app.xml",
    }
    sheets = sheet_parts_by_name(Zip(report))
    touched |= {sheets[name] for name in (SHEET, "Mô hình", "Kiểm tra, giám sát", "Thông tin")}
    assert {name for name in before if before[name] != after.get(name)} <= touched
    cells = re.compile(rb'<c r="([A-Z]+[0-9]+)".*?(?:/>|</c>)')
    for name in (SHEET, "Mô hình"):
        old = {found[1]: found[0] for found in cells.finditer(before[sheets[name]])}
        new = {found[1]: found[0] for found in cells.finditer(after[sheets[name]])}
        changed = {address.decode() for address in new if old.get(address) != new[address]}
        assert changed == ({AT, BLANK, f"F{FIGURE.row + 1}"} if name == SHEET else {LISTED})


def parts_of(content: bytes) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name) for name in archive.namelist()}


# ------------------------------------------------------------------------------------------------ a rich file


def picture() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head, line = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0), zlib.compress(b"\0\xff\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", line) + chunk(b"IEND", b"")


def rich() -> bytes:
    """A workbook of a unit's own making, with everything that a careless program would lose."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    figures, other = book.add_worksheet("Số liệu"), book.add_worksheet("Của 'tôi', thêm")
    own, hidden = book.add_worksheet(RESULT), book.add_worksheet("ẩn")
    for row in range(6):
        figures.write(row, 4, row * 10)
    figures.write_formula("E7", '=SUM(E1:E6)&"<"', None, "150<")
    figures.write("F1", 0.5, book.add_format({"num_format": "0.0%", "bg_color": "#FFFF00", "bold": True}))
    figures.set_column("G:G", 20, book.add_format({"bg_color": "#00FF00"}))
    figures.write_comment("E2", "ghi chú của đơn vị", {"author": "Chị Lan"})
    figures.write_comment("A1", "không liên quan", {"author": "Chị Lan"})
    red = book.add_format({"font_color": "red"})
    figures.conditional_format("E1:E6", {"type": "cell", "criteria": ">", "value": 30, "format": red})
    figures.data_validation("E1:E6", {"validate": "integer", "criteria": ">", "value": -1})
    figures.protect("mật khẩu")
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "='Số liệu'!$E$1:$E$6"})
    figures.insert_chart("H2", chart)
    figures.insert_image("H20", "x.png", {"image_data": io.BytesIO(picture())})
    other.write_string("B2", "=1+1")
    other.autofilter("B2:C9")
    other.activate()
    own.write("A1", "trang của đơn vị")
    hidden.write("A1", 1)
    hidden.very_hidden()
    book.define_name("tong", "='Số liệu'!$E$7")
    book.define_name("'ẩn'!rieng", "='Số liệu'!$A$1")
    book.close()
    return stream.getvalue()


RICH = [
    finding("critical", "Số liệu", "E7", cells="E7, E2, F1, Của 'tôi', thêm!B2"),
    finding("warning", "Số liệu", "G3"),
    finding("info", "Số liệu", "C50"),
]


def test_a_unit_keeps_everything_of_its_own(tmp_path: Path) -> None:
    content = rich()
    back = returned(tmp_path, content, RICH)
    before, after = parts_of(content), parts_of(back)
    opened = Opened(back)
    for part in before:
        if part.startswith(("xl/charts/", "xl/media/", "xl/drawings/drawing", "xl/theme/", "xl/sharedStrings")):
            assert after[part] == before[part]
    sheet = after["xl/worksheets/sheet1.xml"]
    for kept in (rb"<conditionalFormatting.*</conditionalFormatting>", rb"<dataValidations.*</dataValidations>",
                 rb"<sheetProtection[^>]*>", rb"<f>.*?</f><v>.*?</v>"):  # fmt: skip
        was = re.search(kept, before["xl/worksheets/sheet1.xml"])
        assert was
        assert was[0] in sheet
    # its own sheet of our name stays, ours takes another
    assert opened.book.sheet_names == [f"{RESULT} (2)", "Số liệu", "Của 'tôi', thêm", RESULT, "ẩn", MARKER]
    names = {name.get("name"): name for name in opened.root.iter(f"{MAIN}definedName")}
    assert names["_xlnm._FilterDatabase"].get("localSheetId") == "2"
    assert names["rieng"].get("localSheetId") == "4"
    assert names["tong"].text == "'Số liệu'!$E$7"
    comments = opened.comments("Số liệu")
    assert comments["A1"] == ("Chị Lan", "không liên quan")
    assert comments["E2"][0] == "Chị Lan"
    assert comments["E2"][1].startswith("ghi chú của đơn vị\n")
    assert "TST-001" in comments["E2"][1]
    assert set(comments) == {"A1", "E2", "E7", "F1", "G3", "C50"}
    # of the cell's own look only the fill is another
    style = Styles(opened.package.tree("xl/styles.xml"))._format(int(opened.cell("Số liệu", "F1").get("s")))
    assert style.get("numFmtId") not in ("0", None)
    assert opened.colour("Số liệu", "F1") == RED
    assert "'Của ''tôi'', thêm'!B2" in opened.links()


def test_marked_twice_is_marked_once_and_what_was_mended_is_cleared(tmp_path: Path) -> None:
    content = rich()
    once = returned(tmp_path, content, RICH)
    twice = returned(tmp_path, once, RICH, submission=43)
    first, second = Opened(once), Opened(twice)
    assert second.book.sheet_names == first.book.sheet_names
    assert second.comments("Số liệu") == first.comments("Số liệu")
    assert second.zip.read("xl/styles.xml") == first.zip.read("xl/styles.xml")
    assert [second.texts(MARKER)[1]] == [["submission", "43"]]
    cleared = Opened(returned(tmp_path, once, []))
    assert cleared.comments("Số liệu") == {
        "E2": ("Chị Lan", "ghi chú của đơn vị"),
        "A1": ("Chị Lan", "không liên quan"),
    }
    assert cleared.comments("Của 'tôi', thêm") == {}
    before = parts_of(content)["xl/worksheets/sheet1.xml"]
    for address in ("E7", "E2", "F1"):
        was = re.search(rb'<c r="%s"[^>]*>' % address.encode(), before)
        assert was
        assert (cleared.cell("Số liệu", address).get("s") or "0") == (re.findall(rb's="(\d+)"', was[0]) or [b"0"])[
            0
        ].decode()
    assert cleared.colour("Số liệu", "F1") == "FFFFFF00"
    # a cell that was not there takes the look of its column again
    assert cleared.colour("Số liệu", "G3") == "FF00FF00"
    assert cleared.colour("Số liệu", "C50") == ""


def test_colours_of_a_returned_template_give_way_to_its_own(report: bytes, tmp_path: Path) -> None:
    cleared = Opened(returned(tmp_path, returned(tmp_path, report, marks()), []))
    assert cleared.colour(SHEET, AT) == YELLOW
    assert cleared.book.sheet_names.count(RESULT) == 1


# ------------------------------------------------------------------------------------------------ reading again


@pytest.mark.parametrize("form", FILINGS)
def test_a_returned_workbook_reads_as_if_it_had_no_marks(form: str, tmp_path: Path) -> None:
    catalog, definition = the_catalog(), the_catalog().forms[form]
    filler = Filler(build_template(catalog, form, the_period(), the_unit()), definition)
    content = filler.fill_contents(FILINGS[form]())
    layout = Layout(definition, definition.version)
    everywhere = [finding("critical", slot.place.sheet, slot.place.address) for slot in layout.slots[::7]]
    assert same(read(tmp_path, content), read(tmp_path, returned(tmp_path, content, everywhere)))


def test_it_reads_the_same_when_the_hidden_sheet_or_the_name_is_lost(report: bytes, tmp_path: Path) -> None:
    back = returned(tmp_path, report, marks())
    renamed = rewritten(back, lambda text: text.replace(f'name="{RESULT}"', 'name="Trang 2026"'))
    assert python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(renamed)).sheet_names[0] == "Trang 2026"
    unmarked = rewritten(back, lambda text: re.sub(rf'<sheet name="{MARKER}"[^>]*>', "", text))
    assert MARKER not in python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(unmarked)).sheet_names
    for content in (renamed, unmarked):
        assert same(read(tmp_path, report), read(tmp_path, content))
    cleared = Opened(returned(tmp_path, unmarked, []))
    assert cleared.comments(SHEET) == {}
    assert cleared.colour(SHEET, AT) == ""


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_a_copy_mended_and_saved_by_another_program_reads_as_the_mended_report(kind: str, tmp_path: Path) -> None:
    """LibreOffice drops authors of comments, numbers formats anew, and keeps hidden sheets."""
    template = build_template(the_catalog(), FORM.id, the_period(), the_unit(), version=SAVED)
    report = Filler(template, FORM, SAVED).fill_contents(review_report())
    content = (FIXTURES / f"returned-and-mended-in-libreoffice.{kind}").read_bytes()
    was, now = read(tmp_path, report), read(tmp_path, content, f"read.{kind}")
    assert now.faults.is_empty()
    assert now.headers.drop("name", "media").equals(was.headers.drop("name", "media"))
    mended = (pl.col("field") == "party_members") & (pl.col("part") == "value")
    assert now.cells.filter(mended)["number"].to_list() == [41]
    rest = [*MEANING, "sheet", "cell"]
    kept, before = (batch.cells.filter(~mended).select(rest).sort(rest) for batch in (now, was))
    assert kept.equals(before)
    if kind == "xlsx":
        cleared = Opened(returned(tmp_path, content, []))
        assert cleared.book.sheet_names.count(RESULT) == cleared.book.sheet_names.count(MARKER) == 1
        assert cleared.comments(SHEET) == cleared.comments("Mô hình") == {}
        assert cleared.colour(SHEET, AT) == YELLOW


def rewritten(content: bytes, change: Any) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, body in parts_of(content).items():
            archive.writestr(name, change(body.decode()).encode() if name == "xl/workbook.xml" else body)
    return stream.getvalue()


def test_a_sheet_of_the_unit_with_our_name_is_still_looked_at(report: bytes, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        for name, rows in values_of(report).items():
            sheet = book.add_worksheet(name)
            for y, row in enumerate(rows):
                for x, value in enumerate(row):
                    if value != "":
                        sheet.write_string(y, x, value) if isinstance(value, str) else sheet.write(y, x, value)
        book.add_worksheet(RESULT).write(3, 1, 832)
    found = read(tmp_path, stream.getvalue()).faults
    assert found.select("fault", "sheet", "cell").rows() == [("unread_cell", RESULT, "B4")]


def values_of(content: bytes) -> dict[str, list[list[Any]]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


@pytest.mark.parametrize(
    ("bound", "faults"),
    [("12", []), ("", []), ("DU.12", [("returned_to_other", "Thông tin", "C4", "12", "DU.12")])],
)
def test_a_copy_comes_back_from_the_unit_it_was_returned_to(
    report: bytes, bound: str, faults: list[tuple[str, ...]], tmp_path: Path
) -> None:
    batch = read(tmp_path, returned(tmp_path, report, marks(), bound_unit=bound))
    assert batch.faults.select("fault", "sheet", "cell", "observed", "expected").rows() == faults
    assert batch.cells.equals(read(tmp_path, report).cells)


# ------------------------------------------------------------------------------------------------ other media


def media() -> dict[str, bytes]:
    cells: dict[str, dict[tuple[int, int], float | str]] = {name: {} for name in LAYOUT.sheets}
    for plan in LAYOUT.sheets.values():
        cells[plan.name].update({(mark.row, 0): mark.code for mark in plan.marks})
    for name, cell in LAYOUT.identity.items():
        cells[cell.sheet][cell.row, cell.column] = identity()[name]
    cells[SHEET][FIGURE.row, FIGURE.column] = 11713.0
    cells["_tongket"] = {(0, 1): FORM.id, (1, 1): FORM.version}
    filed = FIXTURES / f"{FORM.id}-filled-in-libreoffice"
    return {
        "ods": filed.with_suffix(".ods").read_bytes(),
        "xls": filed.with_suffix(".xls").read_bytes(),
        "csv": write_csv(FORM, review_report()),
        "json": write_json(FORM, review_report()),
        "xlsb": write_xlsb({name: found or {(0, 0): "x"} for name, found in cells.items()}),
    }


@pytest.mark.parametrize("kind", ["ods", "xls", "xlsb", "csv", "json"])
def test_a_file_of_another_kind_comes_back_as_the_form_filled_in(kind: str, tmp_path: Path) -> None:
    content = media()[kind]
    was = read(tmp_path, content, f"read.{kind}")
    if kind in ("csv", "json"):
        place = was.cells.filter(field="party_members", part="value")["cell"][0]
        found = [
            finding("critical", "", place, field="party_members"),
            finding("warning", "", "", rule="FRM-008"),
            finding("critical", "", "Z99", rule="FRM-016"),
        ]
    else:
        found = [finding("critical", SHEET, AT, field="party_members"), finding("warning", "Thông tin", "C6")]
    back = returned(tmp_path, content, found, f"a.{kind}")
    opened = Opened(back)
    assert opened.colour(SHEET, AT) == RED
    assert opened.colour(LAYOUT.identity["period"].sheet, LAYOUT.identity["period"].address) == ORANGE
    again = read(tmp_path, back)
    assert again.faults.is_empty()
    assert again.headers.drop("name", "media").equals(was.headers.drop("name", "media"))
    assert again.cells.select(MEANING).sort(MEANING).equals(was.cells.select(MEANING).sort(MEANING))
    if kind == "csv":
        numbers = pl.col("kind") == "number"
        assert again.cells.filter(numbers).height == was.cells.filter(numbers).height > 0


def test_a_workbook_of_an_unknown_form_comes_back_as_a_copy_of_its_values(tmp_path: Path) -> None:
    content = write_xlsb({"Tự làm": {(0, 0): "=1+1", (3, 2): 832.0}})
    opened = Opened(returned(tmp_path, content, [finding("critical", "Tự làm", "C4")], "a.xlsb", form=""))
    assert opened.book.sheet_names == [RESULT, "Tự làm", MARKER]
    assert opened.colour("Tự làm", "C4") == RED
    assert values_of(returned(tmp_path, content, [], "a.xlsb"))["Tự làm"][3][2] == 832
    assert opened.texts("Tự làm")[0] == ["=1+1"]
    assert opened.cell("Tự làm", "A1").find(f"{MAIN}f") is None


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/big.xml", b"\0" * 130_000_000)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.xlsx", b"", id="empty"),
        pytest.param("a.xlsx", rich()[:5000], id="cut off"),
        pytest.param("a.xlsx", bomb(), id="bomb"),
        pytest.param("a.pdf", b"%PDF-1.7", id="another kind"),
        pytest.param("a.json", b"{", id="bad JSON"),
        pytest.param("a.csv", b"\xff\xfe\xfd", id="bad CSV"),
        pytest.param("a.xlsx", rewritten(rich(), lambda text: text.replace("<sheets>", "<sheetz>")), id="bad XML"),
        pytest.param("a.xlsm", rich(), id="macros"),
    ],
)
def test_what_cannot_be_opened_comes_back_as_the_results_alone(name: str, content: bytes, tmp_path: Path) -> None:
    back = returned(tmp_path, content, [finding("critical", "Số liệu", "E7")], name, state="unreadable", form="")
    opened = Opened(back)
    assert opened.book.sheet_names == [RESULT, MARKER]
    assert opened.texts(RESULT)[1][0].startswith("KHÔNG ĐỌC ĐƯỢC")
    assert opened.links() == []
    assert read(tmp_path, back).faults["fault"].to_list() == ["no_cells"]
    # the state may be another than the file allows: still no error
    assert Opened(returned(tmp_path, content, [], name)).book.sheet_names[0].startswith(RESULT)


def test_a_strange_package_is_copied_rather_than_broken(tmp_path: Path) -> None:
    parts = parts_of(rich())
    strict = {
        name: body.replace(
            b"schemas.openxmlformats.org/spreadsheetml/2006/main", b"purl.oclc.org/ooxml/spreadsheetml/main"
        )
        for name, body in parts.items()
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, body in strict.items():
            archive.writestr(name, body)
    opened = Opened(returned(tmp_path, stream.getvalue(), RICH))
    assert opened.book.sheet_names[0].startswith(RESULT)


def test_hostile_words_and_many_findings(report: bytes, tmp_path: Path) -> None:
    nasty = "=cmd|' /C calc'!A0 \x00\x0b _x0041_ <b>&\ud800 " + "dài " * 20_000
    found = [finding("warning", SHEET, AT, message_vi=nasty, explanation=None, arithmetic=nasty) for _ in range(1_203)]
    found.append(finding("critical", "Không có", "E7"))
    opened = Opened(returned(tmp_path, report, found, file_name=nasty))
    flat = [text for row in opened.texts(RESULT) for text in row]
    assert max(map(len, flat)) <= 32_767
    assert any(text.startswith("Còn 204 điều nữa") for text in flat)
    assert any("=cmd|" in text and "_x0041_" in text and "\x0b" not in text for text in flat)
    assert len(opened.comments(SHEET)[AT][1]) < 5_000
    assert "Không có!E7" in flat
    assert all("Không có" not in link for link in opened.links())


def added(content: bytes, parts: dict[str, bytes], relations: dict[str, tuple[str, str]], types: str) -> bytes:
    """The package with more parts; ``relations``: relationship part → (kind, target)."""
    stream = io.BytesIO()
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in (parts_of(content) | parts).items():
            if name in relations:
                kind, target = relations[name]
                relation = f'<Relationship Id="rIdX" Type="{office}/{kind}" Target="{target}"/></Relationships>'
                archive.writestr(name, body.replace(b"</Relationships>", relation.encode()))
            elif name == "[Content_Types].xml":
                archive.writestr(name, body.replace(b"</Types>", f"{types}</Types>".encode()))
            else:
                archive.writestr(name, body)
    return stream.getvalue()


def test_what_other_programs_put_into_a_package_is_kept_or_forgotten_rightly(tmp_path: Path) -> None:
    threads = b'<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"/>'
    chain = (
        b'<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="E7" i="1"/></calcChain>'
    )
    sheet = parts_of(rich())["xl/worksheets/sheet2.xml"]
    unnumbered = re.sub(rb'<(row|c) r="[A-Z0-9]+"', rb"<\1", sheet).replace(b"</row>", b"<c/></row>")
    content = added(
        rich(),
        {
            "xl/threadedComments/threadedComment1.xml": threads,
            "xl/calcChain.xml": chain,
            "_xmlsignatures/origin.sigs": b"",
            "xl/worksheets/sheet2.xml": unnumbered,
        },
        {
            "xl/_rels/workbook.xml.rels": ("calcChain", "calcChain.xml"),
            "xl/worksheets/_rels/sheet1.xml.rels": ("threadedComment", "../threadedComments/threadedComment1.xml"),
            "_rels/.rels": ("digital-signature/origin", "_xmlsignatures/origin.sigs"),
        },
        '<Default Extension="sigs" ContentType="application/x"/>'
        '<Override PartName="/xl/calcChain.xml" ContentType="application/x"/>',
    )
    found = [*RICH, finding("warning", "Của 'tôi', thêm", "C1"), finding("warning", "Của 'tôi', thêm", "A9")]
    back = returned(tmp_path, content, found)
    opened, parts = Opened(back), parts_of(back)
    assert parts["xl/threadedComments/threadedComment1.xml"] == threads
    # the order of reckoning is made anew; a signature would call the copy a forgery
    assert not [name for name in parts if "calcChain" in name or "_xmlsignatures" in name]
    assert opened.colour("Của 'tôi', thêm", "C1") == ORANGE
    rows = [row.get("r") for row in opened.xml(opened.parts["Của 'tôi', thêm"]).iter(f"{MAIN}row")]
    # without numbers its one row is the first; B2 and A9 are put behind it
    assert rows == [None, "2", "9"]
