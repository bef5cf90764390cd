"""Each file is wrong in one way, named for it; the reader says so and reads the others."""

from __future__ import annotations

import io
import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
import xlwt
from filings import FILINGS, identity, one_stop, review_report, the_catalog, the_period, the_unit

from workbook.container import MAX_FILE
from workbook.fill import Filler
from workbook.plain import Contents, write_csv, write_json
from workbook.read import Batch, Source, read_files
from workbook.scan import MAX_AREA
from workbook.template import build_template

FIXTURES = Path(__file__).parent / "fixtures"
REVIEW = the_catalog().forms["review-report"]
FILLER = Filler(build_template(the_catalog(), REVIEW.id, the_period(), the_unit()), REVIEW)
GOOD = FILLER.fill_contents(review_report())


def patched(content: bytes, part: str, change: Callable[[bytes], bytes] | None, **more: bytes) -> bytes:
    """The archive with one part changed, or left out, and others added."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
            elif change:
                new.writestr(name, change(old.read(name)))
        for name, extra in more.items():
            new.writestr(name, extra)
    return stream.getvalue()


def sheet(content: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = re.findall(r'<sheet name="([^"]*)"', archive.read("xl/workbook.xml").decode())
    return f"xl/worksheets/sheet{names.index(name) + 1}.xml"


def in_sheet(name: str, old: bytes, new: bytes, content: bytes = GOOD) -> bytes:
    def change(xml: bytes) -> bytes:
        assert old in xml
        return xml.replace(old, new, 1)

    return patched(content, sheet(content, name), change)


def retyped(address: str, text: str, name: str = "Thông tin", content: bytes = GOOD) -> bytes:
    """The workbook with one cell holding this text, or nothing."""
    cell = f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>' if text else f'<c r="{address}"/>'
    pattern = re.compile(rb'<c r="%s"[^>]*?(?:/>|>.*?</c>)' % address.encode())
    return patched(content, sheet(content, name), lambda xml: pattern.sub(cell.encode(), xml, count=1))


def zip_bomb() -> bytes:
    """A directory that owns up to 300 MB of zeros in one part."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * 1000)
    content = bytearray(stream.getvalue())
    at = content.rfind(b"PK\x01\x02")
    struct.pack_into("<L", content, at + 24, 300_000_000)
    return bytes(content)


def lying_bomb() -> bytes:
    """A part that unpacks to far more than the directory says; the file is large enough for that to do harm."""
    huge = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = huge.compress(b"\0" * 160_000_000) + huge.flush()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("xl/workbook.xml", packed)
    content = bytearray(stream.getvalue())
    local, central = 0, content.rfind(b"PK\x01\x02")
    for at in (local + 8, central + 10):
        struct.pack_into("<H", content, at, 8)
    struct.pack_into("<L", content, central + 24, 5_000)
    return bytes(content)


def encrypted_package() -> bytes:
    """A compound file as Office writes for a password: its directory names an EncryptedPackage."""
    names = ["Root Entry", "EncryptionInfo", "EncryptedPackage"]
    entries = b""
    for number, name in enumerate(names):
        encoded = name.encode("utf-16-le")
        kind = 5 if number == 0 else 2
        entry = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded) + 2, kind, 0) + b"\xff" * 12
        entries += entry.ljust(116, b"\0") + struct.pack("<LQ", 0xFFFFFFFE, 0)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(24, b"\0") + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    header = header.ljust(44, b"\0") + struct.pack("<LLLLLLLL", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<L", 0) + b"\xff" * (108 * 4)
    fat = struct.pack("<LL", 0xFFFFFFFD, 0xFFFFFFFE).ljust(512, b"\xff")
    return header + fat + entries.ljust(512, b"\0")


def far_cell(where: str = "XFD1048576") -> bytes:
    row = re.sub(r"\D", "", where)
    return in_sheet(
        "Mô hình", b"</sheetData>", f'<row r="{row}"><c r="{where}"><v>1</v></c></row></sheetData>'.encode()
    )


def one_sheet(name: str = "Sheet1", text: str = "số liệu") -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.add_worksheet(name).write_string(0, 0, text)
    return stream.getvalue()


def csv_of(*lines: str, head: str = "indicator;breakdown;value;note") -> bytes:
    who = [f"identity.{k};;{v};" for k, v in {"form": REVIEW.id, "form_version": REVIEW.version, **identity()}.items()]
    return "\r\n".join([head, *who, *lines, ""]).encode("utf-8-sig")


def json_of(**more: object) -> bytes:
    document = json.loads(write_json(REVIEW, Contents(identity=identity(), figures={"party_members": 5})))
    return json.dumps(document | more).encode()


def day_beyond_calendars() -> bytes:
    """A day column that holds a number of days no calendar reaches."""
    place = FILLER.layout.places["documents"]
    address = f"{chr(ord('A') + place.column + 1)}{place.row + 1}"
    held = FILLER.fill(identity(), lists={"documents": [{"date": "2025-02-03"}]})
    return in_sheet_cell(place.sheet, address, b"-1e300", held)


def in_sheet_cell(name: str, address: str, number: bytes, content: bytes) -> bytes:
    pattern = re.compile(rb'(<c r="%s"[^>]*><v>)[^<]*' % address.encode())
    return patched(content, sheet(content, name), lambda xml: pattern.sub(rb"\g<1>" + number, xml, count=1))


ROWS = REVIEW.section("topics").max_rows
LONG_LIST = Contents(
    identity=identity(), lists={"topics": [{"year": 2025, "text": f"Chuyên đề {n}"} for n in range(ROWS)]}
)

FILES: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    # name of the case: (fault, file name, content)
    "nothing at all": ("empty_file", "a.xlsx", lambda: b""),
    "cut in the middle": ("truncated", "a.xlsx", lambda: GOOD[: len(GOOD) // 2]),
    "cut in its directory": ("truncated", "a.xlsx", lambda: GOOD[:-30]),
    "an xls cut in the middle": (
        "truncated",
        "a.xls",
        lambda: (FIXTURES / "review-report-filled-in-libreoffice.xls").read_bytes()[:40_000],
    ),
    "zeros left by a full disk": ("truncated", "a.xlsx", lambda: b"\0" * 5000),
    "an encrypted package": ("password", "a.xlsx", encrypted_package),
    "an ods with a password": (
        "password",
        "a.ods",
        lambda: patched(
            (FIXTURES / "review-report-filled-in-libreoffice.ods").read_bytes(),
            "META-INF/manifest.xml",
            lambda xml: xml.replace(b"</manifest:manifest>", b"<manifest:encryption-data/></manifest:manifest>"),
        ),
    ),
    "a PDF": ("unsupported_type", "a.pdf", lambda: b"%PDF-1.7 ..."),
    "a PDF that calls itself xlsx": ("unsupported_type", "a.xlsx", lambda: b"%PDF-1.7 ..."),
    "a page of HTML that calls itself xls": ("unsupported_type", "a.xls", lambda: b"<html><table></table></html>"),
    "a text document": ("unsupported_type", "a.docx", lambda: patched(GOOD, "xl/workbook.xml", None)),
    "a zip bomb": ("zip_bomb", "a.xlsx", zip_bomb),
    "a zip bomb with a lying directory": ("zip_bomb", "a.xlsx", lying_bomb),
    "a cell in the farthest corner": ("sheet_too_large", "a.xlsx", far_cell),
    "a cell in a far row": ("sheet_too_large", "a.xlsx", lambda: far_cell("J1048570")),
    "an ods that repeats a figure a million times": (
        "sheet_too_large",
        "a.ods",
        lambda: patched(
            (FIXTURES / "one-stop-dossiers-filled-in-libreoffice.ods").read_bytes(),
            "content.xml",
            lambda xml: xml.replace(
                b"</table:table>",
                b'<table:table-row table:number-rows-repeated="1000000"><table:table-cell '
                b'table:number-columns-repeated="1000" office:value-type="float" office:value="1"/>'
                b"</table:table-row></table:table>",
            ),
        ),
    ),
    "a macro workbook by name": ("macro_file", "a.xlsm", lambda: GOOD),
    "a macro workbook by content": (
        "macro_file",
        "a.xlsx",
        lambda: patched(GOOD, "", None, **{"xl/vbaProject.bin": b"x"}),
    ),
    "entities in a sheet": (
        "xml_entities",
        "a.xlsx",
        lambda: in_sheet("Số liệu", b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet'),
    ),
    "entities in the shared texts": (
        "xml_entities",
        "a.xlsx",
        lambda: patched(GOOD, "xl/sharedStrings.xml", lambda xml: xml.replace(b"<sst", b"<!DOCTYPE x []><sst", 1)),
    ),
    "broken XML": (
        "unreadable",
        "a.xlsx",
        lambda: in_sheet("Số liệu", b"<sheetData>", b"<sheetData><row r='1'><c></x>"),
    ),
    "a sheet that is missing in the archive": (
        "unreadable",
        "a.xlsx",
        lambda: patched(GOOD, sheet(GOOD, "Số liệu"), None),
    ),
    "a blank form": ("no_cells", "a.xlsx", lambda: FILLER.fill(identity())),
    "a workbook without a word": ("no_cells", "a.xlsx", lambda: one_sheet(text="")),
    "a JSON that ends too early": ("bad_json", "a.json", lambda: json_of()[:-5]),
    "a JSON that is a list": ("bad_json", "a.json", lambda: b"[1, 2]"),
    "a JSON with a misspelt key": ("bad_json", "a.json", lambda: json_of(figurs=[])),
    "a JSON with a misspelt value": (
        "bad_json",
        "a.json",
        lambda: json_of(figures=[{"indicator": "party_members", "valeu": 5}]),
    ),
    "a JSON with NaN": ("bad_json", "a.json", lambda: json_of().replace(b": 5}", b": NaN}")),
    "a JSON of brackets": ("bad_json", "a.json", lambda: b"[" * 100_000),
    "a CSV without a header": ("bad_csv", "a.csv", lambda: csv_of(head="party_members;;5;")),
    "a CSV with one field too many": ("bad_csv", "a.csv", lambda: csv_of("registration_rate;;97;49;")),
    "a CSV of empty columns": ("no_cells", "a.csv", lambda: b";;;\r\n;;;\r\n"),
    "a CSV of space nobody sees": ("no_cells", "a.csv", "\u200b".encode),
    "a CSV with a value beyond its header": (
        "bad_csv",
        "a.csv",
        lambda: csv_of("party_members;;5;;6", head="indicator;breakdown;value;note;"),
    ),
    "an identity the form does not ask for": (
        "unknown_field",
        "a.csv",
        lambda: csv_of("party_members;;5;", "identity.file;;1;"),
    ),
    "a name of its own in a CSV": (
        "unknown_field",
        "a.csv",
        lambda: csv_of("party_members;;5;", "identity.media;;xlsx;"),
    ),
    "half a character in a JSON": ("bad_json", "a.json", lambda: json_of(narratives={"limitation": "\ud83d"})),
    "half a character in a key of a JSON": ("bad_json", "a.json", lambda: b'{"\\ud83d": 1}'),
    "a NUL in a JSON": ("bad_json", "a.json", lambda: json_of(unit_name="Long\0 Bình")),
    "a workbook list in another encoding": (
        "unreadable",
        "a.xlsx",
        lambda: patched(GOOD, "xl/workbook.xml", lambda xml: xml.replace("Số liệu".encode(), b"S\xe9 li\xeau")),
    ),
    "a day beyond all calendars": ("unreadable", "a.xlsx", day_beyond_calendars),
    "a compound file of zeros": ("unreadable", "a.xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    "a CSV with an open quote": ("bad_csv", "a.csv", lambda: csv_of('limitation;;"Một số nơi')),
    "a CSV in Windows-1258": (
        "wrong_encoding",
        "a.csv",
        lambda: csv_of().decode("utf-8-sig").encode("cp1258", "ignore"),
    ),
    "a file of 21 MB": ("too_large_file", "a.xlsx", lambda: GOOD.ljust(MAX_FILE + 1, b"\0")),
    "a workbook of another kind": ("unknown_form", "a.xlsx", one_sheet),
    "a form nobody knows": ("unknown_form", "a.csv", lambda: csv_of().replace(b"review-report", b"review-rapport")),
    "a form without a version": ("version_missing", "a.xlsx", lambda: retyped("B2", "", "_tongket")),
    "a CSV without a version": ("version_missing", "a.csv", lambda: csv_of().replace(b";2026.1;", b";;")),
    "a version of long ago": ("version_not_accepted", "a.xlsx", lambda: retyped("B2", "2019.1", "_tongket")),
    "a sheet thrown away": (
        "sheet_missing",
        "a.xlsx",
        lambda: patched(GOOD, "xl/workbook.xml", lambda xml: xml.replace("Chuyên đề".encode(), b"Sheet9")),
    ),
    "a row inserted": ("layout_changed", "a.xlsx", lambda: retyped("A20", "study-convened", "Số liệu")),
    "columns of a list exchanged": (
        "layout_changed",
        "a.xlsx",
        lambda: retyped("A4", "Đơn vị chủ trì", "Mô hình", retyped("B4", "Tên mô hình", "Mô hình")),
    ),
    "a figure twice in a CSV": ("duplicate_cell", "a.csv", lambda: csv_of("party_members;;5;", "party_members;;6;")),
    "a unit twice in a CSV": ("duplicate_cell", "a.csv", lambda: csv_of("party_members;;5;", "identity.unit;;13;")),
    "a figure twice in a JSON": (
        "duplicate_cell",
        "a.json",
        lambda: json_of(figures=[{"indicator": "party_members", "value": n} for n in (5, 6)]),
    ),
    "a key twice in a JSON": (
        "duplicate_cell",
        "a.json",
        lambda: json_of().replace(b'"unit":', b'"unit": "13", "unit":'),
    ),
    "an indicator of no form": ("unknown_field", "a.csv", lambda: csv_of("party_membres;;5;")),
    "a breakdown of no form": ("unknown_field", "a.csv", lambda: csv_of("party_members;membership=khach;5;")),
    "a list row too far down in a CSV": (
        "unknown_field",
        "a.csv",
        lambda: csv_of(f"topics.text;item={ROWS + 1};Một;"),
    ),
    "a list longer than its form": (
        "unknown_field",
        "a.xlsx",
        lambda: in_sheet(
            "Chuyên đề",
            b"</sheetData>",
            f'<row r="{ROWS + 5}"><c r="B{ROWS + 5}"><v>7</v></c></row></sheetData>'.encode(),
            FILLER.fill_contents(LONG_LIST),
        ),
    ),
    "a number typed below the figures": (
        "unknown_field",
        "a.xlsx",
        lambda: in_sheet("Số liệu", b"</sheetData>", b'<row r="200"><c r="E200"><v>5</v></c></row></sheetData>'),
    ),
    "no unit": ("unit_missing", "a.xlsx", lambda: retyped("C4", "")),
    "no period": ("period_missing", "a.xlsx", lambda: retyped("C6", "")),
    "no unit in a CSV": (
        "unit_missing",
        "a.csv",
        lambda: csv_of("party_members;;5;").replace(b"identity.unit;;12;", b""),
    ),
}


def read(folder: Path, *files: tuple[str, bytes]) -> Batch:
    sources = []
    for number, (name, content) in enumerate(files):
        path = folder / f"{number}-{name}"
        path.write_bytes(content)
        sources.append(Source(number, path, name))
    return read_files(sources, the_catalog())


@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_gets_its_own_fault(case: str, tmp_path: Path) -> None:
    fault, name, make = FILES[case]
    batch = read(tmp_path, (name, make()), ("good.xlsx", GOOD))
    assert batch.faults.filter(file=0)["fault"].to_list() == [fault]
    assert batch.faults.filter(file=1).is_empty()
    assert batch.headers["file"].to_list() == [0, 1]
    assert batch.cells.filter(file=1).height == 24


def test_one_bad_file_among_many_leaves_the_others(tmp_path: Path) -> None:
    files = [("good.xlsx", GOOD)] * 20
    files[13] = ("bad.xlsx", GOOD[:1000])
    batch = read(tmp_path, *files)
    assert batch.faults["file"].to_list() == [13]
    assert batch.cells["file"].n_unique() == 19
    assert batch.headers["unit"].null_count() == 1


def test_faults_say_where(tmp_path: Path) -> None:
    batch = read(
        tmp_path,
        ("a.xlsx", FILES["a row inserted"][2]()),
        ("b.csv", FILES["a figure twice in a CSV"][2]()),
        ("c.xlsx", FILES["a list longer than its form"][2]()),
        ("d.xlsx", FILES["no unit"][2]()),
    )
    places = [(row["sheet"], row["cell"]) for row in batch.faults.to_dicts()]
    assert places == [("Số liệu", "A20"), ("", "C11"), ("Chuyên đề", f"B{ROWS + 5}"), ("Thông tin", "C4")]
    assert batch.faults["observed"].to_list()[1] == "party_members"


def test_a_file_that_is_not_there_is_no_data_fault(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_files([Source(1, tmp_path / "gone.xlsx", "gone.xlsx")], the_catalog())


def test_every_prefix_of_a_workbook_is_a_fault_and_never_an_exception(tmp_path: Path) -> None:
    for fixture in sorted(FIXTURES.glob("one-stop*")):
        content = fixture.read_bytes()
        files = [(fixture.name, content[: len(content) * part // 12]) for part in range(12)]
        assert set(read(tmp_path, *files).faults["file"]) == set(range(12))


def test_a_short_record_of_a_csv_says_nothing(tmp_path: Path) -> None:
    """Columns may stand in any order; a record that ends before the indicator names no figure."""
    head = b"value;indicator;breakdown"
    rows = [f"{text};identity.{name}" for name, text in identity().items() if name != "period_label"]
    content = b"\r\n".join([head, *(row.encode() for row in rows), b"5"])
    batch = read(tmp_path, ("a.csv", content))
    assert batch.faults["fault"].to_list() == ["unknown_form"]


def test_a_file_name_in_another_encoding_is_kept_as_far_as_it_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "good.xlsx"
    path.write_bytes(GOOD)
    batch = read_files([Source(1, path, os.fsdecode(b"b\xe1o c\xe1o.xlsx"))], the_catalog())
    assert batch.headers["name"].to_list() == ["b?o c?o.xlsx"]
    assert batch.faults.is_empty()


def test_parts_with_flipped_bytes_never_stop_the_reader(tmp_path: Path) -> None:
    """Bytes flipped inside the parts, where no checksum of the container gives them away."""
    for fixture in sorted(FIXTURES.glob("one-stop*.*s[xh]*")) + sorted(FIXTURES.glob("one-stop*.ods")):
        content = fixture.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.namelist()
        for number, part in enumerate(parts):
            broken = patched(content, part, lambda xml, n=number: flipped(xml, n))
            batch = read(tmp_path, (fixture.name, broken), ("good.xlsx", GOOD))
            assert batch.cells.filter(file=1).height == 24


def flipped(content: bytes, seed: int) -> bytes:
    broken = bytearray(content)
    for at in range(seed % 7, len(broken), len(broken) // 30 + 1):
        broken[at] ^= 0x80
    return bytes(broken)


def test_flipped_bytes_never_stop_the_reader(tmp_path: Path) -> None:
    """Whatever a broken byte does, the file is read or has a fault, and the good file beside it is read."""
    for fixture in sorted(FIXTURES.glob("one-stop*")):
        content = fixture.read_bytes()
        for seed in range(8):
            broken = bytearray(content)
            for at in range(seed * 7, len(broken), len(broken) // 40 + seed):
                broken[at] ^= 0x55
            batch = read(tmp_path, (fixture.name, bytes(broken)), ("good.xlsx", GOOD))
            assert batch.headers.height == 2
            assert batch.cells.filter(file=1).height == 24


def test_an_error_cell_is_kept_as_an_error(tmp_path: Path) -> None:
    content = in_sheet("Số liệu", b"<v>11713</v>", b"<v>#REF!</v>")
    content = in_sheet("Số liệu", b'<c r="E7" ', b'<c t="e" r="E7" ', content)
    cells = read(tmp_path, ("a.xlsx", content)).cells
    assert cells.filter(field="party_members", part="value").select("kind", "number", "text", "cell").rows() == [
        ("error", None, "#REF!", "E7")
    ]


def test_an_error_cell_of_an_old_program_is_kept(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    marks = book.add_sheet("_tongket")
    marks.write(0, 1, "one-stop-dossiers")
    marks.write(1, 1, "2025.1")
    form = the_catalog().forms["one-stop-dossiers"]
    for name in ("Thông tin", "Tổng hợp", "Hồ sơ", "Thuyết minh"):
        page = book.add_sheet(name)
        if name == "Tổng hợp":
            for row, field in enumerate(form.fields, 5):
                page.write(row, 0, field.code)
            page.write(5, 4, 11713)
            page.row(6).set_cell_error(4, 0x17)
            page.row(7).set_cell_boolean(4, True)
        if name == "Thông tin":
            page.write(3, 2, 12)
            page.write(5, 2, "2025-Q1")
    stream = io.BytesIO()
    book.save(stream)
    batch = read(tmp_path, ("a.xls", stream.getvalue()))
    assert batch.faults.is_empty()
    assert batch.headers["unit"].to_list() == ["12"]
    assert batch.cells.sort("cell").select("field", "kind", "number", "text").rows() == [
        ("dossiers_received", "number", 11713.0, "11713"),
        ("dossiers_received_online", "error", None, "#REF!"),
        ("dossiers_received_direct", "bool", None, "TRUE"),
    ]


def test_sheet_names_are_matched_as_people_see_them(tmp_path: Path) -> None:
    content = patched(
        GOOD,
        "xl/workbook.xml",
        lambda xml: xml.replace('name="Số liệu"'.encode(), 'name=" SO\u0302\u0301  LIE\u0323\u0302U "'.encode()),
    )
    assert read(tmp_path, ("a.xlsx", content)).faults.is_empty()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_in_the_ways_programs_write_it(delimiter: str, encoding: str, tmp_path: Path) -> None:
    text = csv_of("party_members;;11713;", "study_attended;;1.640;", "study_convened;;gần 1.600;").decode("utf-8-sig")
    content = text.replace(";", delimiter).encode(encoding)
    batch = read(tmp_path, ("a.csv", content))
    assert batch.faults.is_empty()
    assert batch.cells.select("field", "kind", "text").rows() == [
        ("party_members", "number", "11713"),
        ("study_attended", "text", "1.640"),
        ("study_convened", "text", "gần 1.600"),
    ]


def test_space_nobody_sees_is_blank_and_other_space_is_kept(tmp_path: Path) -> None:
    contents = Contents(identity=identity(), figures={"party_members": "\u00a0 \u200b", "study_convened": " 832\u00a0"})
    cells = read(tmp_path, ("a.xlsx", FILLER.fill_contents(contents))).cells
    assert cells.select("field", "text").rows() == [("study_convened", " 832\u00a0")]


def test_a_cell_within_the_limit_is_still_read(tmp_path: Path) -> None:
    assert MAX_AREA > 10 * 4000
    batch = read(tmp_path, ("a.xlsx", far_cell("Z4000")))
    assert batch.faults["fault"].to_list() == ["unread_cell"]


def test_all_forms_of_the_catalogue_are_known_here() -> None:
    assert set(FILINGS) == set(the_catalog().forms)
    assert write_csv(the_catalog().forms["one-stop-dossiers"], one_stop()).startswith(b"\xef\xbb\xbfindicator;")
