"""Units found by code and day, and by names in any spelling; several answers where there are several."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date

import pytest

from catalog.load import load_catalog
from catalog.lookup import Found, Match, Standing, UnitFinder, bare_name
from catalog.model import UnitRecord

TODAY = date(2026, 11, 1)
CATALOG = load_catalog()


def find(text: str, day: date = TODAY) -> Found:
    return UnitFinder(CATALOG).find(text, day)


def codes(found: Found) -> set[str]:
    return {item.unit.code for item in found.candidates}


@pytest.mark.parametrize(
    "text",
    [
        "Phường An Phú",
        "phường an phú",
        unicodedata.normalize("NFD", "Phường An Phú"),
        "PHƯỜNG  AN PHÚ ",
        "Phường An Phú\u200b",
    ],
)
def test_spellings_of_one_name_meet(text: str) -> None:
    found = find(text)
    assert codes(found) == {"23602", "23620"}
    assert {item.match for item in found.candidates} == {Match.NAME}
    assert found.sure is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Xã Hòa Thủy", "phường Hoà Thuỷ"),
        ("UBND phường An Phú", "P. An Phú"),
        ("Đảng ủy xã Long Bình", "Ðảng bộ xã Long Bình"),
        ("Thị trấn Đông Hòa", "TT Ðông Hoà"),
        ("Tỉnh ủy Ninh Bình", "tỉnh Ninh Bình"),
        ("Thị xã An Khê", "Ủy ban nhân dân thị xã An Khê"),
        ("Thành phố Phủ Lý", "TP. Phủ Lý"),
        ("Tổ 05", "tổ 5"),
    ],
)
def test_what_kind_of_unit_it_is_does_not_tell_names_apart(one: str, other: str) -> None:
    assert bare_name(one) == bare_name(other) != ""


def test_a_name_keeps_what_makes_it_one() -> None:
    assert bare_name("xã") == "xã"
    assert bare_name("Xã Hà") != bare_name("Xã Hạ")


def test_names_without_marks_are_found_and_marked_ones_are_not_bent() -> None:
    assert {item.match for item in find("an phu").candidates} == {Match.UNMARKED}
    assert {item.unit.name for item in find("phuong an phu").candidates} == {"Phường An Phú"}
    assert codes(find("tt an phu")) == codes(find("an phu")) > {"23602", "23620"}
    assert find("Án Phù").candidates == ()


def test_the_old_an_phu_went_into_an_khe_and_is_not_the_an_phu_of_today() -> None:
    by_code = {item.unit.code: item for item in find("Phường An Phú").candidates}
    (end,) = by_code["23620"].became
    assert (end.unit and end.unit.name, end.whole) == ("Phường An Khê", True)
    assert end.documents == ("NQ 1664/NQ-UBTVQH15 khoản 124",)
    assert by_code["23602"].standing is Standing.LIVING
    assert [unit.name for unit in by_code["23602"].path] == ["Tỉnh Gia Lai"]
    assert by_code["23602"].became == ()


def test_a_divided_unit_is_in_each_of_its_parts() -> None:
    (candidate,) = [item for item in find("Phường Quang Trung").candidates if item.unit.code == "13285"]
    assert {(end.unit and end.unit.code, end.whole) for end in candidate.became} == {("13285", False), ("13366", False)}


def test_a_unit_that_went_nobody_knows_where_is_told_so() -> None:
    lost = UnitRecord(
        code="T.1", valid_from=date(2000, 1, 1), valid_to=date(2010, 1, 1), name="Mất", kind="xa", source="t"
    )
    (candidate,) = UnitFinder(replace(CATALOG, units=(lost,), events=())).find("mất", TODAY).candidates
    assert [end.unit for end in candidate.became] == [None]


def test_a_code_names_the_unit_of_the_day() -> None:
    for day, parent in ((date(2025, 6, 30), "823"), (date(2025, 7, 1), "82")):
        sure = find("28687", day).sure
        assert sure is not None
        assert sure.unit.parent == parent
    assert find("du.28687").sure is not None
    assert find("DU.28687", date(1990, 1, 1)).sure is None


def test_zeros_that_were_eaten_are_offered_not_assumed() -> None:
    found = find("3390")
    assert codes(found) == {"03390"}
    assert found.sure is None


def test_nothing_is_found_for_nothing() -> None:
    assert find("").candidates == find("  ·  ").candidates == find("không có xã này").candidates == ()
