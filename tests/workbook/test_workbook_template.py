"""What a unit gets: identity filled in and locked, open cells of the right kind, checks that speak while typing."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from functools import lru_cache

import pytest
import python_calamine
from filings import FILINGS, the_catalog, the_period, the_unit

from domain.finding import Severity
from domain.observation import Scope
from workbook.fill import Filler
from workbook.layout import Layout
from workbook.mirror import live_checks
from workbook.template import build_template

FORMS = sorted(FILINGS)


@lru_cache
def template(form: str, version: str | None = None) -> bytes:
    return build_template(the_catalog(), form, the_period(), the_unit(), version=version)


@lru_cache
def parts(form: str, version: str | None = None) -> dict[str, str]:
    """Sheet name (or part name for other parts) → XML."""
    with zipfile.ZipFile(io.BytesIO(template(form, version))) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    names = re.findall(r'<sheet name="([^"]*)"', texts["xl/workbook.xml"])
    return texts | {name: texts[f"xl/worksheets/sheet{n}.xml"] for n, name in enumerate(names, 1)}


def unlocked(form: str, sheet: str, address: str) -> bool:
    found = re.search(rf'<c r="{address}" s="(\d+)"', parts(form)[sheet])
    assert found
    formats = re.search(r"<cellXfs.*?</cellXfs>", parts(form)["xl/styles.xml"], re.S)
    assert formats
    styles = re.findall(r"<xf [^>]*/>|<xf [^>]*[^/]>.*?</xf>", formats[0])
    return 'protection locked="0"' in styles[int(found[1])]


def number_format(form: str, sheet: str, address: str) -> str:
    found = re.search(rf'<c r="{address}" s="(\d+)"', parts(form)[sheet])
    formats = re.search(r"<cellXfs.*?</cellXfs>", parts(form)["xl/styles.xml"], re.S)
    assert found
    assert formats
    number = re.findall(r'<xf numFmtId="(\d+)"', formats[0])[int(found[1])]
    codes = dict(re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]*)"', parts(form)["xl/styles.xml"]))
    return codes.get(number, number)


@pytest.mark.parametrize("form", FORMS)
def test_identity_is_filled_in(form: str) -> None:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(template(form)))
    rows = book.get_sheet_by_name("Thông tin").to_python(skip_empty_area=False)
    assert [rows[row][2] for row in range(3, 8)] == ["12", "Tỉnh Lai Châu", "2025-Q1", "Quý 1 năm 2025", "Riêng đơn vị"]
    marks = book.get_sheet_by_name("_tongket").to_python(skip_empty_area=False)
    assert [row[1] for row in marks] == [form, the_catalog().forms[form].version]
    hidden = {
        sheet.name for sheet in book.sheets_metadata if sheet.visible == python_calamine.SheetVisibleEnum.VeryHidden
    }
    assert hidden == {"_tongket", "_danhmuc"}


@pytest.mark.parametrize("form", FORMS)
def test_every_place_of_the_form_is_open_and_everything_else_locked(form: str) -> None:
    layout = Layout(the_catalog().forms[form], the_catalog().forms[form].version)
    lists = {section.code for section in layout.form.sections_of("list")}
    for slot in layout.slots:
        if slot.field.partition(".")[0] not in lists:
            assert unlocked(form, slot.place.sheet, slot.place.address), slot
    assert not unlocked(form, "Thông tin", "C4")
    assert not unlocked(form, "Thông tin", "C6")
    assert unlocked(form, "Thông tin", "C8")
    visible = [*layout.sheets, "Kiểm tra"]
    assert all("<sheetProtection" in parts(form)[name] for name in visible)


def test_formats_suit_what_is_typed() -> None:
    general, text = "0", "@"
    places = the_catalog().forms["review-report"].places["2025.1"]
    cell = {code: place.partition("!")[2] for code, place in places.items()}
    assert number_format("review-report", "Số liệu", cell["party_members"]) == general  # 8/8 is a day, no 46242
    assert number_format("review-report", "Số liệu", cell["one_stop_coverage[kind=cap_xa]"]) == text  # 8/8 is no day
    assert number_format("review-report", "Số liệu", cell["registration_rate"]) == general


def test_lists_offer_their_codes() -> None:
    xml = parts("review-report")["Mô hình"]
    assert re.search(r'<dataValidation type="list"[^>]*sqref="C5:C504"', xml)
    assert "<formula1>_danhmuc!$A$2:$A$" in xml
    assert "Cấp cơ sở" in parts("review-report")["xl/sharedStrings.xml"]
    assert re.search(r'<dataValidation type="list"[^>]*sqref="C8"', parts("review-report")["Thông tin"])


@pytest.mark.parametrize("form", FORMS)
def test_every_field_has_a_name_spreadsheets_accept(form: str) -> None:
    names = dict(re.findall(r'<definedName name="([^"]+)"[^>]*>([^<]*)<', parts(form)["xl/workbook.xml"]))
    definition = the_catalog().forms[form]
    codes = [
        field.code.replace("[", "__").replace("]", "").replace(";", "__").replace("=", "_")
        for field in definition.fields
    ]
    assert {f"f_{code}" for code in codes} <= names.keys()
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]{0,254}", name) for name in names)
    assert names["f_dossiers_received"].endswith("!$E$45" if form == "review-report" else "!$E$6")


@pytest.mark.parametrize("form", FORMS)
def test_rules_between_figures_are_mirrored(form: str) -> None:
    catalog = the_catalog()
    layout = Layout(catalog.forms[form], catalog.forms[form].version, catalog)
    checks = live_checks(catalog, layout, the_period().window.last)
    mirrored = {check.rule.id for check in checks}
    expected = {
        rule.id
        for rule in catalog.rules_for(form, the_period().window.last)
        if rule.check.kind in ("identity", "at_most")
        and rule.severity is not Severity.INFO
        and not re.search(r"(previous|last_year|longer|parts|count|length|register|period):", str(rule.check))
    }
    assert expected
    assert expected <= mirrored
    text = parts(form)["xl/sharedStrings.xml"]
    assert all(rule in text for rule in mirrored)
    assert parts(form)["Kiểm tra"].count("<f>IFERROR(IF(") == 2 * len(checks)


def test_a_rule_not_yet_in_force_is_not_mirrored() -> None:
    catalog = the_catalog()
    layout = Layout(catalog.forms["review-report"], "2025.1", catalog)
    assert live_checks(catalog, layout, date(1990, 1, 1)) == []


def test_equal_arguments_give_equal_bytes() -> None:
    again = build_template(the_catalog(), "review-report", the_period(), the_unit())
    assert again == template("review-report")
    filler = Filler(template("one-stop-dossiers"), the_catalog().forms["one-stop-dossiers"])
    assert filler.fill({"unit": "13"}) == filler.fill({"unit": "13"})


def test_scope_reporter_and_known_figures_can_be_given() -> None:
    content = build_template(
        the_catalog(),
        "review-report",
        the_period(),
        the_unit(),
        scope=Scope.TERRITORY,
        reporter="DU.12",
        prefill={"party_members": 11713, "one_stop_coverage[kind=cap_xa]": "8/8"},
    )
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    rows = book.get_sheet_by_name("Thông tin").to_python(skip_empty_area=False)
    assert [rows[7][2], rows[8][2]] == ["Toàn địa bàn", "DU.12"]
    assert book.get_sheet_by_name("Số liệu").to_python(skip_empty_area=False)[6][4] == 11713
    with pytest.raises(KeyError):
        build_template(the_catalog(), "review-report", the_period(), the_unit(), prefill={"no_such_field": 1})


def test_an_older_version_still_accepted_can_be_drawn() -> None:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(template("review-report", "2024.1")))
    rows = book.get_sheet_by_name("Biểu số liệu").to_python(skip_empty_area=False)
    assert rows[4][0] == "study-convened"
    assert rows[4][2].startswith("Số lượt đảng viên được triệu tập học tập")


def test_filling_refuses_what_the_form_does_not_have() -> None:
    filler = Filler(template("one-stop-dossiers"), the_catalog().forms["one-stop-dossiers"])
    for wrong in (
        {"figures": {"party_members": 5}},
        {"matrices": {"dossiers": {"level=xa;field=khong_co": {"dossiers_received": 1}}}},
    ):
        with pytest.raises(KeyError):
            filler.fill({}, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["=1+1", "+84", "-", "@SUM(A1)", "_x0041_", "a\nb", "<&>\"'", "  x "])
def test_text_that_looks_like_anything_else_stays_text(text: str) -> None:
    filler = Filler(template("one-stop-dossiers"), the_catalog().forms["one-stop-dossiers"])
    content = filler.fill({}, {"dossiers_received": text})
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.get_sheet_by_name("Tổng hợp").to_python(skip_empty_area=False)[5][4] == text
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
