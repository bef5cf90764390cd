"""Names that meet although they are spelled differently, and numbers as they are printed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.names import ABBREVIATIONS, fold_name, initiative_key
from domain.numbers import en_number, en_percent, en_quantity, vi_number, vi_percent, vi_quantity
from domain.quantity import Qualifier

SAME = [
    ("Tổ NDTQ – Phát triển toàn diện, số 05 ấp Quới An", "Tổ Nhân dân tự quản - phát triển toàn diện số 5 ấp Quới An"),
    ("Chính quyền thân thiện, vì nhân dân phục vụ", "Chính quyền thân thiện vì nhân dân phục vụ"),
    ("giải quyết kịp thời đơn thư KNTC", "Giải quyết kịp thời đơn thư khiếu nại, tố cáo"),
    ("Phát triển KT-XH", "phát triển kinh tế - xã hội"),
    ("Hiệp Hoà", "Hiệp Hòa"),
    ("Thuỷ lợi", "Thủy lợi"),
    ("Ðảng bộ", "Đảng bộ"),
    ("Chi bộ “4 tốt”", 'Chi bộ "4 tốt"'),
    ("Đảng ủy Bộ CHQS tỉnh", "Đảng uỷ Bộ chỉ huy quân sự tỉnh"),
]
DIFFERENT = [("số 5", "số 50"), ("số 50", "số 05"), ("Hòa", "Hoa"), ("Tân", "Tấn"), ("Dương", "Đương"), ("BTVN", "BTV")]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_spellings_of_one_name_meet(left: str, right: str) -> None:
    assert fold_name(left) == fold_name(right)
    assert fold_name(unicodedata.normalize("NFD", left)) == fold_name(right)


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_names_stay_apart(left: str, right: str) -> None:
    assert fold_name(left) != fold_name(right)


def test_an_initiative_is_its_name_and_its_owner() -> None:
    name = "Chính quyền thân thiện, vì nhân dân phục vụ"
    assert initiative_key(name, "Huyện ủy Bình Lục") != initiative_key(name, "Huyện ủy Lý Nhân")
    assert initiative_key(name, "Huyện uỷ Lý Nhân") == initiative_key(name.replace(",", ""), "Huyện ủy Lý Nhân")


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold_name(text)
    assert fold_name(once) == once
    assert once == once.strip()


def test_every_abbreviation_meets_its_words() -> None:
    for short, words in ABBREVIATIONS.items():
        assert fold_name(f"a {short.upper()} b") == fold_name(f"a {words} b")


def test_numbers_in_both_languages() -> None:
    assert [vi_number(11713), vi_number(97.4866, 2), vi_number(0.125, 2), vi_number(-2.5, 0)] == [
        "11.713",
        "97,49",
        "0,13",
        "-3",
    ]
    assert [vi_number(-0.0), vi_number(-0.001, 2), vi_number(float("nan")), vi_number(1e21)] == [
        "0",
        "0,00",
        "–",
        "1.000.000.000.000.000.000.000",
    ]
    assert [vi_percent(97.4866), vi_percent(95), vi_percent(481.0)] == ["97,49 %", "95 %", "481 %"]
    assert [en_number(11713), en_percent(97.4866)] == ["11,713", "97.49%"]


def test_quantities_carry_their_word() -> None:
    assert vi_quantity(1600, Qualifier.APPROX_BELOW) == "gần 1.600"
    assert vi_quantity(200, "gt") == "hơn 200"
    assert vi_quantity(90, Qualifier.GT, percent=True) == "trên 90 %"
    assert vi_quantity(1503) == "1.503"
    assert [vi_quantity(None), vi_quantity(None, Qualifier.MOST)] == ["–", "hầu hết"]
    assert en_quantity(90, Qualifier.GT, percent=True) == "over 90%"
