"""Reading what stands in a cell: the figures of real reports, the traps of spreadsheets, and any text at all."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.numbers import en_number, vi_number, vi_percent, vi_quantity
from domain.observation import CellStatus, ValueKind
from domain.parse import PLACE_NOUNS, check_date, check_number, parse_date, parse_figure
from domain.quantity import Qualifier, Quantity
from domain.reading import Problem, Reading, Repair

COUNT, QUANTITY, PERCENT, RATIO = ValueKind.COUNT, ValueKind.QUANTITY, ValueKind.PERCENT, ValueKind.RATIO
FIGURES = (COUNT, QUANTITY, PERCENT, RATIO)
UNITS = ("hồ sơ", "việc", "tiêu chí", "cơ quan", "mô hình", "đảng viên")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("11.713", 11713), ("64.427", 64427), ("1.640", 1640), ("1.300", 1300), ("832", 832), ("06", 6), ("08", 8),
        ("1.234.567", 1234567), ("11 713", 11713), ("11\u00a0713", 11713), ("832 ", 832), ("'832", 832), ("832.0", 832),
        ("832 hồ sơ", 832), ("832\u00a0hồ\u2009sơ.", 832), ("832 (hồ sơ)", 832), ("46 Đảng viên", 46), ("-5", -5),
        ("11,713", 11713), ("1,234,567", 1234567), ("−5", -5),
    ],
)  # fmt: skip
def test_counts_as_offices_write_them(text: str, value: float) -> None:
    reading = parse_figure(text, COUNT, UNITS)
    assert (reading.value, reading.qualifier, reading.problem) == (value, Qualifier.EXACT, None)
    assert reading.repairs  # a number kept as text is never read in silence


@pytest.mark.parametrize(
    ("text", "kind", "value", "qualifier"),
    [
        ("trên 90%", PERCENT, 90, Qualifier.GT),
        ("trên 80 %", PERCENT, 80, Qualifier.GT),
        ("trên 110 việc", COUNT, 110, Qualifier.GT),
        ("trên 11 tiêu chí", COUNT, 11, Qualifier.GT),
        ("trên 300 cơ quan", COUNT, 300, Qualifier.GT),
        ("hơn 900", COUNT, 900, Qualifier.GT),
        ("Gần 1.600 mô hình", COUNT, 1600, Qualifier.APPROX_BELOW),
        ("xấp xỉ 1.300", COUNT, 1300, Qualifier.APPROX_BELOW),
        ("khoảng 200", COUNT, 200, Qualifier.APPROX),
        ("ước đạt 200 hồ sơ", COUNT, 200, Qualifier.APPROX),
        ("chừng 200", COUNT, 200, Qualifier.APPROX),
        ("từ 90 % trở lên", PERCENT, 90, Qualifier.GE),
        ("ít nhất 5", COUNT, 5, Qualifier.GE),
        ("tối thiểu 5", COUNT, 5, Qualifier.GE),
        ("không quá 3", COUNT, 3, Qualifier.LE),
        ("tối đa 3", COUNT, 3, Qualifier.LE),
        ("dưới 10", COUNT, 10, Qualifier.LT),
        ("tất cả", PERCENT, 100, Qualifier.ALL),
        ("toàn bộ", RATIO, 100, Qualifier.ALL),
        ("toàn bộ 46 đảng viên", COUNT, 46, Qualifier.ALL),
        ("đa số 80%", PERCENT, 80, Qualifier.MOST),
        (">= 90%", PERCENT, 90, Qualifier.GE),
        ("1,07 nghìn hồ sơ", COUNT, 1070, Qualifier.APPROX),
        ("5,65 ngàn", COUNT, 5650, Qualifier.APPROX),
        ("hơn 2,5 triệu", QUANTITY, 2_500_000, Qualifier.GT),
    ],
)
def test_words_that_qualify(text: str, kind: ValueKind, value: float, qualifier: Qualifier) -> None:
    reading = parse_figure(text, kind, UNITS)
    assert (reading.value, reading.qualifier) == (value, qualifier)
    assert {Repair.QUALIFIED, Repair.SCALE_WORDS} & set(reading.repairs)


@pytest.mark.parametrize("text", ["trên 90%", "hoà 5 việc", "khoảng 200", "không phát sinh", "tỷ", "gần 1.600 mô hình"])
def test_writing_does_not_change_the_reading(text: str) -> None:
    plain = parse_figure(text, PERCENT if "%" in text else COUNT, UNITS)
    for other in (text.upper(), unicodedata.normalize("NFD", text), f"\u00a0{text}\u200b "):
        again = parse_figure(other, PERCENT if "%" in text else COUNT, UNITS)
        assert (again.value, again.qualifier, again.problem) == (plain.value, plain.qualifier, plain.problem)
    decomposed = parse_figure(unicodedata.normalize("NFD", text), COUNT, UNITS)
    assert Repair.FOLDED_TEXT in decomposed.repairs


@pytest.mark.parametrize("place", PLACE_NOUNS)
def test_over_before_a_place_is_a_preposition(place: str) -> None:
    for units in ((), (place,)):
        reading = parse_figure(f"trên 08 {place}", COUNT, units)
        assert (reading.value, reading.qualifier) == (8, Qualifier.EXACT)
        assert Repair.PREPOSITION in reading.repairs
    assert parse_figure(f"trên 08 {place}", COUNT, ("hồ sơ",)).problem is Problem.NOT_A_NUMBER
    assert parse_figure(f"hơn 08 {place}", COUNT, (place,)).qualifier is Qualifier.GT


@pytest.mark.parametrize(
    ("text", "top", "bottom", "value"),
    [("62/62", 62, 62, 100), ("18 / 21", 18, 21, 100 * 18 / 21), ("108/108", 108, 108, 100), ("8/8", 8, 8, 100),
     ("0/5", 0, 5, 0), ("6/8 cơ quan", 6, 8, 75), ("1.640/3.280", 1640, 3280, 50), ("62/62 (100 %)", 62, 62, 100),
     ("18/21, đạt 85,71 %", 18, 21, 100 * 18 / 21)],
)  # fmt: skip
def test_ratios_keep_their_counts(text: str, top: float, bottom: float, value: float) -> None:
    reading = parse_figure(text, RATIO, UNITS)
    assert (reading.numerator, reading.denominator, reading.value) == (top, bottom, pytest.approx(value))
    in_percent = parse_figure(text, PERCENT, UNITS)
    assert in_percent.value == pytest.approx(value)
    assert Repair.PERCENT_AS_COUNTS in in_percent.repairs
    assert parse_figure(text, COUNT, UNITS).problem is Problem.NOT_A_NUMBER


@pytest.mark.parametrize(
    ("text", "value"),
    [("95%", 95), ("97,49 %", 97.49), ("97.49", 97.49), ("95 phần trăm", 95), ("100", 100), ("0,95%", 0.95),
     ("1%", 1), ("481%", 481), ("-2,3 %", -2.3), ("0", 0)],
)  # fmt: skip
def test_percentages(text: str, value: float) -> None:
    assert parse_figure(text, PERCENT, ("%",)).value == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["", " ", "-", "–", "—", "…", "...", "x", "đang cập nhật", "Chưa có số liệu", "\u00a0"]
)
@pytest.mark.parametrize("kind", list(ValueKind))
def test_blank_like_cells_are_missing_and_never_zero(text: str, kind: ValueKind) -> None:
    assert parse_figure(text, kind, UNITS) == Reading(status=CellStatus.MISSING)


@pytest.mark.parametrize("text", ["không phát sinh", "KPS", "không có", "Không còn", "không", "không có hồ sơ"])
def test_declared_zero_is_a_figure_of_counts_and_no_rate(text: str) -> None:
    assert parse_figure(text, COUNT, UNITS) == Reading(
        0.0, Qualifier.NONE, CellStatus.DECLARED_ZERO, repairs=(Repair.DECLARED_ZERO,)
    )
    rate = parse_figure(text, PERCENT, UNITS)
    assert (rate.value, rate.status, rate.repairs) == (None, CellStatus.MISSING, (Repair.WORDS_WITHOUT_NUMBER,))


def test_a_dash_declares_zero_only_where_the_template_says_so() -> None:
    assert parse_figure("–", COUNT, dash_is_zero=True).status is CellStatus.DECLARED_ZERO
    assert parse_figure("", COUNT, dash_is_zero=True).status is CellStatus.MISSING
    assert parse_figure("…", COUNT, dash_is_zero=True).status is CellStatus.MISSING
    assert parse_figure("0", COUNT).status is CellStatus.DECLARED_ZERO


@pytest.mark.parametrize("text", ["hầu hết", "đa số", "nhiều hồ sơ", "một số"])
def test_words_without_a_number_give_none(text: str) -> None:
    reading = parse_figure(text, COUNT, UNITS)
    assert (reading.value, reading.problem) == (None, None)
    assert Repair.WORDS_WITHOUT_NUMBER in reading.repairs


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        ("1.64", COUNT, Problem.DOT_EATEN),
        ("1.3", COUNT, Problem.DOT_EATEN),
        ("12,5", COUNT, Problem.FRACTION_OF_COUNT),
        ("0.5", COUNT, Problem.FRACTION_OF_COUNT),
        ("1,0705 nghìn", COUNT, Problem.FRACTION_OF_COUNT),
        ("11,713", QUANTITY, Problem.AMBIGUOUS_NUMBER),
        ("11,713 %", PERCENT, Problem.AMBIGUOUS_NUMBER),
        ("1.640 %", PERCENT, Problem.AMBIGUOUS_NUMBER),
        ("18/21 (90 %)", RATIO, Problem.AMBIGUOUS_NUMBER),
        ("0.95", PERCENT, Problem.SHARE_OR_PERCENT),
        ("1", PERCENT, Problem.SHARE_OR_PERCENT),
        ("5/0", RATIO, Problem.ZERO_DENOMINATOR),
        ("0/0", PERCENT, Problem.ZERO_DENOMINATOR),
        ("95%", RATIO, Problem.NOT_A_RATIO),
        ("18", RATIO, Problem.NOT_A_RATIO),
        ("gần 18/21", RATIO, Problem.NOT_A_RATIO),
        ("mười hai", COUNT, Problem.NOT_A_NUMBER),
        ("95%", COUNT, Problem.NOT_A_NUMBER),
        ("832 người", COUNT, Problem.NOT_A_NUMBER),
        ("1.23.456", COUNT, Problem.NOT_A_NUMBER),
        ("832.", COUNT, Problem.NOT_A_NUMBER),
        ("832…", COUNT, Problem.NOT_A_NUMBER),
        ("từ 80 đến 90%", PERCENT, Problem.NOT_A_NUMBER),
        ("từ 80%", PERCENT, Problem.NOT_A_NUMBER),
        ("gần hơn 80", COUNT, Problem.NOT_A_NUMBER),
        ("5 trong 1 đánh giá", COUNT, Problem.NOT_A_NUMBER),
        ("29- NQ/ĐU", COUNT, Problem.NOT_A_NUMBER),
        ("05-CT/TW", COUNT, Problem.NOT_A_NUMBER),
        ("lần thứ XIX", COUNT, Problem.NOT_A_NUMBER),
        ("(1) chưa gồm chi bộ quân sự", COUNT, Problem.NOT_A_NUMBER),
        ("=SUM(A1:A3)", COUNT, Problem.NOT_A_NUMBER),
        ("1e5", COUNT, Problem.NOT_A_NUMBER),
        ("9" * 400, COUNT, Problem.NOT_A_NUMBER),
    ],
)
def test_what_is_not_understood_has_no_value(text: str, kind: ValueKind, problem: Problem) -> None:
    assert parse_figure(text, kind, UNITS) == Reading(problem=problem)


@pytest.mark.parametrize(
    ("value", "kind", "text", "outcome"),
    [
        (832.0, COUNT, "", Reading(832.0)),
        (0.0, COUNT, "", Reading(0.0, status=CellStatus.DECLARED_ZERO)),
        (1.64, COUNT, "", Reading(problem=Problem.DOT_EATEN)),
        (11.713, COUNT, "", Reading(problem=Problem.DOT_EATEN)),
        (0.5, COUNT, "", Reading(problem=Problem.FRACTION_OF_COUNT)),
        (1.23456, COUNT, "", Reading(problem=Problem.FRACTION_OF_COUNT)),
        (97.49, PERCENT, "", Reading(97.49)),
        (0.95, PERCENT, "0.95", Reading(problem=Problem.SHARE_OR_PERCENT)),
        (1.0, PERCENT, "", Reading(problem=Problem.SHARE_OR_PERCENT)),
        (0.95, PERCENT, "95%", Reading(95.0, repairs=(Repair.PERCENT_AS_SHARE,))),
        (1.0, PERCENT, "100 %", Reading(100.0, repairs=(Repair.PERCENT_AS_SHARE,))),
        (0.95, PERCENT, "0,95 %", Reading(problem=Problem.SHARE_OR_PERCENT)),
        (1.05, PERCENT, "105%", Reading(105.0, repairs=(Repair.PERCENT_AS_SHARE,))),
        (0.0, PERCENT, "0%", Reading(0.0, status=CellStatus.DECLARED_ZERO, repairs=(Repair.PERCENT_AS_SHARE,))),
        (1.0, COUNT, "100%", Reading(problem=Problem.NOT_A_NUMBER)),
        (1.2, QUANTITY, "120%", Reading(problem=Problem.NOT_A_NUMBER)),
        (0.857, RATIO, "", Reading(problem=Problem.NOT_A_RATIO)),
        (float("nan"), COUNT, "", Reading(problem=Problem.NOT_A_NUMBER)),
        (float("inf"), QUANTITY, "", Reading(problem=Problem.NOT_A_NUMBER)),
    ],
)
def test_number_cells(value: float, kind: ValueKind, text: str, outcome: Reading) -> None:
    assert check_number(value, kind, text) == outcome


def test_a_quantity_measured_in_percent_is_a_share_where_its_cell_shows_percent() -> None:
    assert check_number(1.2, QUANTITY, "120%", ("%",)) == Reading(120.0, repairs=(Repair.PERCENT_AS_SHARE,))


def test_a_ratio_that_became_a_date_is_recovered_where_only_one_was_typed() -> None:
    recovered = check_date("2026-08-08", RATIO)
    assert (recovered.numerator, recovered.denominator, recovered.repairs) == (8, 8, (Repair.RATIO_AS_DATE,))
    for typed_6_of_8 in ("2026-08-06 00:00:00", "2026-06-08", "06/08/2026"):
        assert check_date(typed_6_of_8, RATIO).value == 75
    assert check_date("2026-05-01", RATIO).problem is Problem.DATE_IN_NUMBER  # 1/5 or 5/26
    assert check_date("2026-08-08", COUNT).problem is Problem.DATE_IN_NUMBER


@pytest.mark.parametrize(
    ("text", "day"),
    [("Thứ ba, 03/02/2015 - 14:56'", "2015-02-03"), ("29/02/2024", "2024-02-29"), ("04/01/2024", "2024-01-04"),
     ("2024-02-29", "2024-02-29"), ("1.2.2024", "2024-02-01"), ("thứ hai, 03/02/2015", None), ("29/02/2023", None),
     ("02/13/2024", None), ("31/4/2024", None), ("tháng 4/2023", None)],
)  # fmt: skip
def test_dates_are_day_first_and_agree_with_their_weekday(text: str, day: str | None) -> None:
    found = parse_date(text)
    assert (found.isoformat() if found else None) == day
    assert (parse_figure(text, ValueKind.DATE).problem is Problem.NOT_A_DATE) == (day is None)


# ------------------------------------------------------------------------------------------------ properties


@given(st.integers(-(10**15), 10**15))
def test_every_printed_count_reads_back(value: int) -> None:
    assert parse_figure(vi_number(value), COUNT).value == value
    assert parse_figure(en_number(value), COUNT).value == value


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False, allow_infinity=False))
def test_every_printed_decimal_reads_back_or_is_asked_about(value: Decimal) -> None:
    reading = parse_figure(vi_number(value), QUANTITY)
    digits = vi_number(abs(value))
    if 1 <= abs(value) < 1000 and len(digits.partition(",")[2]) == 3:
        assert reading.problem is Problem.AMBIGUOUS_NUMBER
    else:
        assert reading.value == float(value)


@given(st.decimals(min_value=0, max_value=999, places=2, allow_nan=False, allow_infinity=False))
def test_every_printed_percentage_reads_back(value: Decimal) -> None:
    assert parse_figure(vi_percent(value), PERCENT).value == float(value)


BOUNDS = [Qualifier.GT, Qualifier.GE, Qualifier.LT, Qualifier.LE, Qualifier.APPROX, Qualifier.APPROX_BELOW]


@given(st.integers(0, 10**9), st.sampled_from(BOUNDS))
def test_every_printed_qualified_count_reads_back_within_its_interval(value: int, qualifier: Qualifier) -> None:
    reading = parse_figure(vi_quantity(value, qualifier), COUNT)
    assert (reading.value, reading.qualifier) == (value, qualifier)
    quantity = Quantity(reading.value, reading.qualifier)
    assert quantity.loose is not None
    assert quantity.strict is not None
    assert quantity.loose.low <= quantity.strict.low <= quantity.strict.high <= quantity.loose.high
    assert abs(min(quantity.loose.low, value) - value) <= max(value, 1)


PIECES = st.sampled_from(
    [*"0123456789.,/-+% ()<>=…–xđĐ'", "trên", "hơn", "gần", "từ", "trở lên", "tất cả", "nghìn", "triệu", "hồ sơ", "ấp",
     "không", "không có", "11.713", "62/62", "\u00a0", "\u0301", "ỷ", "²", "٣", "８"]
)  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=60), st.lists(PIECES, max_size=8).map("".join), st.lists(PIECES, max_size=8).map(" ".join)
    )
)
def test_any_text_is_read_without_an_exception(text: str) -> None:
    for kind in ValueKind:
        reading = parse_figure(text, kind, UNITS)
        if reading.problem:
            assert reading.value is None
        if reading.status is CellStatus.MISSING:
            assert reading.value is None
        check_date(text, kind)


@given(st.integers(0, 10**6), st.text("abcdeghiklmnopqrstuvyđêô", min_size=1, max_size=12), st.sampled_from(FIGURES))
def test_no_value_while_characters_are_left_over(value: int, rest: str, kind: ValueKind) -> None:
    for text in (f"{value} {rest} {rest}", f"{rest}§ {value}", f"{value}{rest}§", f"{value} § "):
        assert parse_figure(text, kind, ()).value is None


@given(st.floats(), st.sampled_from(list(ValueKind)))
def test_any_number_is_judged_without_an_exception(value: float, kind: ValueKind) -> None:
    reading = check_number(value, kind)
    assert reading.value is None or (reading.problem is None and reading.value == value)
