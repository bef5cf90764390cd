"""The files of a pack, read back by other programs: the same bytes, live sums, nothing that runs, nothing lost."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from pptx import Presentation
from python_calamine import CalamineWorkbook

from conference.frozen import Frozen
from conference.pack import FORMATS, PackRefusedError, build_pack
from conference.slides import LEAST_POINTS
from tests import frozen_samples as samples
from tests.frozen_samples import MADE_AT
from tests.xlsx_read import Sheet, read


def built(folder: Path, frozen: Frozen, unit: str | None = None, **asked: Any) -> dict[str, bytes]:
    paths = build_pack(frozen, unit or frozen.unit, folder, **{"made_at": MADE_AT, **asked})
    return {path.name: path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return built(tmp_path_factory.mktemp("province") / "pack", samples.province(4, 5))


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return built(tmp_path_factory.mktemp("evil") / "pack", samples.evil())


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# ------------------------------------------------------------------------------------------------ the same bytes


def test_two_builds_of_one_freeze_are_the_same_to_the_byte(province: dict[str, bytes], tmp_path: Path) -> None:
    again = built(tmp_path / "pack", samples.province(4, 5))
    assert again == province
    assert set(again) == {*FORMATS.values(), "figures.json", "pack.json"}


def test_another_moment_changes_the_time_stamp_and_nothing_else(province: dict[str, bytes], tmp_path: Path) -> None:
    later = built(tmp_path / "pack", samples.province(4, 5), made_at=MADE_AT + timedelta(days=400, hours=3))
    changed = {name for name in later if later[name] != province[name]}
    assert changed == set(FORMATS.values())
    for name in ("report.docx", "annex.xlsx", "slides.pptx"):
        one, other = parts(province[name]), parts(later[name])
        # a chart of a slide holds a workbook with a stamp of its own
        differing = {part for part in one if one[part] != other[part] and not part.endswith(".xlsx")}
        assert differing == {"docProps/core.xml"}, name
        assert b"2019-03-08T11:30:00Z" in other["docProps/core.xml"]
    pages = [re.sub(rb'content="20[^"]*Z"', b"", pack["page.html"]) for pack in (province, later)]
    assert pages[0] == pages[1]


@pytest.mark.parametrize("made", [samples.leaf, samples.nobody, samples.bare])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_units_without_figures_or_units_below_get_a_whole_pack(made: Any, language: str, tmp_path: Path) -> None:
    files = built(tmp_path / "pack", made(), language=language)
    Document(io.BytesIO(files["report.docx"]))
    assert len(read(files["annex.xlsx"])) > 15
    assert len(Presentation(io.BytesIO(files["slides.pptx"])).slides) >= 2


# ------------------------------------------------------------------------------------------------ Word


def test_the_report_has_the_header_of_its_standard_and_a_number_from_page_two_on(
    province: dict[str, bytes], tmp_path: Path
) -> None:
    document = Document(io.BytesIO(province["report.docx"]))
    section = document.sections[0]
    sizes = (section.page_width, section.left_margin, section.right_margin, section.top_margin)
    assert [round(size.mm) for size in sizes] == [210, 30, 15, 20]
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header._element.xml
    assert "PAGE" not in section.first_page_header._element.xml
    left, right = (cell.text for cell in document.tables[0].rows[0].cells)
    assert "TỈNH ỦY ĐỒNG THÁP\n*" in left
    assert right.startswith("ĐẢNG CỘNG SẢN VIỆT NAM")
    assert "ngày 09 tháng 02 năm 2018" in right
    state = built(tmp_path / "state", samples.province(4, 5), style="state", formats=["report"])
    other = Document(io.BytesIO(state["report.docx"])).tables[0].rows[0].cells[1].text
    assert other.startswith("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc")


def test_word_knows_the_font_for_every_script_the_language_and_the_heads_of_tables(province: dict[str, bytes]) -> None:
    document = Document(io.BytesIO(province["report.docx"]))
    for style in ("Normal", "Heading 1", "Caption"):
        fonts = document.styles[style].element.rPr.rFonts
        assert {fonts.get(qn(f"w:{script}")) for script in ("ascii", "hAnsi", "eastAsia", "cs")} == {"Times New Roman"}
        assert not [name for name in fonts.attrib if "Theme" in name]
    assert document.styles["Normal"].element.rPr.find(qn("w:lang")).get(qn("w:val")) == "vi-VN"
    xml = document.element.xml
    tables = len(document.tables) - 2  # less header and signature
    assert xml.count("<w:tblHeader") == tables
    assert xml.count("SEQ Bảng") == tables
    assert xml.count("SEQ Biểu_đồ") == len(document.inline_shapes) > 0
    captions = [paragraph for paragraph in document.paragraphs if paragraph.style.name == "Caption"]
    assert all(paragraph.paragraph_format.keep_with_next for paragraph in captions if paragraph.text.startswith("Bảng"))
    shown = [run.text for p in document.paragraphs for run in p.runs if run.font.highlight_color is not None]
    assert "[Người viết bổ sung nhận định chung của Tỉnh ủy Đồng Tháp]" in shown


# ------------------------------------------------------------------------------------------------ Excel


def column_of(sheet: Sheet, trace: str) -> int:
    """The column that bears the end of a trace in the third row of its head."""
    return next(column for (row, column), cell in sheet.items() if row == 8 and cell.value == trace)


def named(book: dict[str, Sheet], start: str) -> Sheet:
    return next(sheet for name, sheet in book.items() if name.startswith(start))


def test_sums_are_live_where_a_sum_is_right_and_show_the_frozen_value(province: dict[str, bytes]) -> None:
    figures = {row["trace"]: row for row in json.loads(province["figures.json"])["figures"]}
    book = read(province["annex.xlsx"])
    sheet = named(book, "3 ")
    registrants, rate = (column_of(sheet, f"review-report/{name}") for name in ("registrants", "registration_rate"))
    live = str(sheet[9, registrants].formula)
    assert re.fullmatch(r"SUM\(F\d+:F\d+\)", live)
    assert sheet[9, rate].formula == 'IF((E9)=0,"",100*(F9)/(E9))'
    for column, indicator in ((registrants, "registrants"), (rate, "registration_rate")):
        total = figures[f"{samples.PERIOD}/TU/{samples.FORM}/{indicator}"]["value"]
        assert sheet[9, column].value == pytest.approx(total)
    first, last = (int(n) for n in re.findall(r"F(\d+)", live))
    values = [sheet[row, registrants].value for row in range(first, last + 1)]
    assert sum(values) == sheet[9, registrants].value  # type: ignore[arg-type]
    assert (last + 1, registrants) not in sheet
    assert isinstance(sheet[first - 1, registrants].value, str | None)  # the head of the rows
    for row in range(12, 16):  # the four communes, each the sum of its own cells
        start, end = (int(n) for n in re.findall(r"F(\d+)", str(sheet[row, registrants].formula)))
        below = [sheet[at, registrants].value for at in range(start, end + 1)]
        assert sheet[row, registrants].value == sum(below)  # type: ignore[arg-type]
    assert sheet[12, 2].value == "Đảng bộ xã Long Bình 1"
    assert named(book, "4a")[9, 5].number_format.startswith('[$-42A]"hơn "')


def test_a_total_that_is_not_the_sum_of_its_rows_is_no_formula(tmp_path: Path) -> None:
    book = read(built(tmp_path / "pack", samples.ward(), formats=["annex"])["annex.xlsx"])
    sheet = named(book, "7b")
    received = column_of(sheet, "review-report/dossiers_received")
    on_time = column_of(sheet, "review-report/dossiers_resolved_on_time")
    assert str(sheet[9, received].formula).startswith("SUM(")
    assert (sheet[9, on_time].value, sheet[9, on_time].formula) == (11709, None)
    empty = named(book, "3 ")
    texts = [cell.value for cell in empty.values() if isinstance(cell.value, str)]
    assert any("chưa đủ số liệu: chưa đơn vị nào có số liệu" in text for text in texts)
    assert not [place for place, cell in empty.items() if place[0] >= 9 and place[1] > 4 and cell.value == 0]


def test_every_figure_stands_in_the_sources_with_its_trace(province: dict[str, bytes]) -> None:
    sheet = read(province["annex.xlsx"])["Nguồn"]
    rows = {cell.value: row for (row, column), cell in sheet.items() if column == 1 and row > 6}
    whole = samples.province(4, 5)["figures"]
    assert set(rows) == set(whole["trace"])
    filed = whole.filter(whole["level"] == "filed").row(0, named=True)
    at = rows[filed["trace"]]
    assert sheet[at, 3].value == filed["value"]
    assert sheet[at, 6].value == f"Số liệu!{filed['cell']}"
    seen = CalamineWorkbook.from_filelike(io.BytesIO(province["annex.xlsx"])).get_sheet_by_name("Nguồn").to_python()
    assert len(seen) == max(row for row, _ in sheet)  # others read as far as there are rows


def test_what_looks_like_a_formula_is_text_and_long_texts_go_on(evil: dict[str, bytes]) -> None:
    book = read(evil["annex.xlsx"])
    formulas = [cell.formula for sheet in book.values() for cell in sheet.values() if cell.formula]
    assert formulas
    assert all(re.match(r"(SUM|MAX|MIN|IF)\(|\(?C\d", formula) for formula in formulas)
    sheet = book["Thuyết minh"]
    last = max(row for row, _ in sheet)
    texts = [sheet[row, 4].value for row in range(7, last + 1)]
    assert "=1+1�� dừng�" in texts
    assert "+cmd|' /C calc'!A0" in texts
    begin = next(place for place, text in enumerate(texts) if str(text).startswith("Đoạn 0:"))
    following = [texts[begin]]
    for row in range(begin + 8, last + 1):
        if sheet[row, 1].value != "(tiếp)":
            break
        following.append(sheet[row, 4].value)
    assert len(following) > 1
    assert "".join(map(str, following)) == samples.LONG_BODY


# ------------------------------------------------------------------------------------------------ slides


def test_every_slide_has_a_message_letters_of_24_points_and_its_sources(province: dict[str, bytes]) -> None:
    deck = Presentation(io.BytesIO(province["slides.pptx"]))
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert all(titles)
    assert any(title.startswith("Tiếp nhận") and "so với năm 2016" in title for title in titles)
    charts = 0
    for slide in deck.slides:
        sizes = {int(size) for size in re.findall(r'sz="(\d+)"', slide._element.xml)}
        assert not sizes or min(sizes) >= LEAST_POINTS * 100
        for shape in slide.shapes:
            assert shape.top + shape.height <= deck.slide_height
            if shape.has_chart:
                charts += 1
                drawn = {int(size) for size in re.findall(r'sz="(\d+)"', shape.chart._chartSpace.xml)}
                assert min(drawn) >= LEAST_POINTS * 100
                assert samples.PERIOD in slide.notes_slide.notes_text_frame.text
    assert charts >= 3


# ------------------------------------------------------------------------------------------------ the page


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[dict[str, str | None]] = []
        self.inside: list[str] = []
        self.links: list[str] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [str(given[name]) for name in ("src", "href", "xlink:href") if given.get(name)]
        if tag == "script":
            self.scripts.append(given)
            self.inside.append("")
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inside[-1] += data


def test_no_name_breaks_out_of_the_page_and_nothing_is_fetched(evil: dict[str, bytes]) -> None:
    read = _Scripts()
    read.feed(evil["page.html"].decode())
    assert [script.get("type") for script in read.scripts] == ["application/json", None]
    data = json.loads(read.inside[0])
    assert any("</script><script>alert(1)" in unit[1] for unit in data["units"])
    assert all(link.startswith("#") for link in read.links), read.links
    assert "alert(1)" not in read.inside[1]


def test_the_page_has_the_figures_of_every_unit_and_words_for_its_charts(province: dict[str, bytes]) -> None:
    text = province["page.html"].decode()
    read = _Scripts()
    read.feed(text)
    data = json.loads(read.inside[0])
    assert len(data["units"]) == 1 + 4 + 20
    column = next(place for place, one in enumerate(data["columns"]) if one[2] == "review-report/registrants")
    row = next(row for row in data["figures"]["0"] if row[0] == column)
    trace = f"{samples.PERIOD}/TU/{samples.FORM}/registrants"
    total = samples.province(4, 5)["figures"].filter(trace=trace)["value"].item()
    assert row[2] == total
    assert data["told"][row[1]] == f"{total:,.0f}".replace(",", ".")
    assert text.count('<svg role="img" aria-label=') == text.count("<figure>") > 0
    ids = re.findall(r' id="([^"]+)"', text.replace('id="data"', ""))
    assert len(ids) == len(set(ids))


# ------------------------------------------------------------------------------------------------ the folder


def test_a_pack_is_replaced_only_by_the_same_freeze_and_edited_files_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    built(folder, samples.leaf(), formats=["report"])
    built(folder, samples.leaf(), formats=["report", "page"], made_at=datetime(2020, 1, 1, tzinfo=UTC))
    (folder / "ghi-chu.txt").write_text("của người viết", encoding="utf-8")
    with pytest.raises(PackRefusedError, match="another freeze"):
        built(folder, samples.frozen("X1", dict(samples.leaf().frames), hash="0" * 64))
    report = folder / "report.docx"
    document = Document(report)
    document.add_paragraph("Bổ sung của người viết")
    document.save(report)
    edited = report.read_bytes()
    with pytest.raises(PackRefusedError, match="changed after it was made"):
        built(folder, samples.leaf())
    built(folder, samples.leaf(), formats=["slides"])
    with pytest.raises(PackRefusedError, match="changed after it was made"):  # also after others were made anew
        built(folder, samples.leaf(), formats=["report"])
    assert report.read_bytes() == edited
    assert {path.name for path in folder.iterdir()} == {
        "report.docx", "page.html", "slides.pptx", "figures.json", "pack.json", "ghi-chu.txt",
    }  # fmt: skip


def test_a_folder_of_other_files_is_refused_and_a_failure_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "anh").mkdir()
    (tmp_path / "anh" / "a.jpg").write_bytes(b"x")
    with pytest.raises(PackRefusedError, match="other files"):
        built(tmp_path / "anh", samples.leaf())
    with pytest.raises(KeyError):
        built(tmp_path / "new", samples.leaf(), "X9")

    def fails(*_: object) -> bytes:
        raise OSError("disk full")

    monkeypatch.setattr("conference.pack.figures", fails)
    with pytest.raises(OSError, match="disk full"):
        built(tmp_path / "new", samples.leaf(), formats=["page"])
    assert [path.name for path in tmp_path.iterdir()] == ["anh"]
