"""Numbers in sentences: figures of published reports in our own words, what is no figure, and any text at all."""

from __future__ import annotations

import time
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.alike import are_near, as_written
from domain.claims import Phrasebook, bearing, spoken, times_told
from domain.names import fold_in_place, fold_name, fold_text, plain
from domain.numbers import vi_percent, vi_quantity
from domain.quantity import Qualifier
from domain.running import read_running

EXACT, GT, BELOW = Qualifier.EXACT, Qualifier.GT, Qualifier.APPROX_BELOW


def said(text: str) -> list[tuple[float, Qualifier]]:
    return [(mention.value, mention.qualifier) for mention in read_running(text).mentions]


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("Xã mở 82 cuộc, có 1.640 người đến nghe.", [(82, EXACT), (1640, EXACT)]),
        ("Các tổ họp 19 cuộc với 658 lượt đồng chí.", [(19, EXACT), (658, EXACT)]),
        ("Chứng thực 509 hồ sơ, hộ tịch 308, người có công 06, bảo trợ 08 và khen thưởng 01 hồ sơ: cộng 832 hồ sơ.",
         [(509, EXACT), (308, EXACT), (6, EXACT), (8, EXACT), (1, EXACT), (832, EXACT)]),
        ("Phường nhận 11.713 hồ sơ (tăng 481 %), xong 11.709 hồ sơ.", [(11713, EXACT), (481, EXACT), (11709, EXACT)]),
        ("Tính ra 46 + 16 = 62 người.", [(46, EXACT), (16, EXACT), (62, EXACT)]),
        ("Hơn 200 mô hình ở huyện, gần 1.300 ở cơ sở, cộng gần 1.600.", [(200, GT), (1300, BELOW), (1600, BELOW)]),
        ("Trên 300 cơ quan, hơn 900 đơn vị, trên 110 việc, trên 11 tiêu chí.",
         [(300, GT), (900, GT), (110, GT), (11, GT)]),
        ("Tỷ lệ đạt trên 90% và 97,49 % số hồ sơ.", [(90, GT), (97.49, EXACT)]),
        ("Ít nhất 5 cuộc, khoảng 40 bài, không quá 3 hồ sơ, từ 30 đảng viên trở lên.",
         [(5, Qualifier.GE), (40, Qualifier.APPROX), (3, Qualifier.LE), (30, Qualifier.GE)]),
        ("Nhân rộng trên 08 ấp; trên địa bàn 5 xã.", [(8, EXACT), (5, EXACT)]),
        ("Tổng số 980 phiếu; trong số 62 người.", [(980, EXACT), (62, EXACT)]),
        ("Có 2.016 hồ sơ, tức 2016 hồ sơ.", [(2016, EXACT), (2016, EXACT)]),
        ("1,07 nghìn lượt", [(1070, Qualifier.APPROX)]),
    ],
)  # fmt: skip
def test_figures_in_sentences(text: str, figures: list[tuple[float, Qualifier]]) -> None:
    assert said(text) == figures
    assert said(unicodedata.normalize("NFD", text)) == figures


def test_a_ratio_has_both_counts() -> None:
    found = read_running("Đăng ký 62/62 người; 18/21 sở, ngành, 8/8 huyện và 108/108 xã.").mentions
    assert [(m.numerator, m.denominator) for m in found] == [(62, 62), (18, 21), (8, 8), (108, 108)]


@pytest.mark.parametrize(
    "text",
    [
        "Chiều ngày 29/02/2024", "Thứ ba, 03/02/2015 - 14:56'", "lúc 19:47 [GMT+7]", "đến tháng 4/2023", "ngày 15/9",
        "chuyên đề năm 2022, 2023", "giai đoạn 2021 - 2025", "nhiệm kỳ 2020-2025", "chuyên đề 2024 “Phát huy”",
        "Nghị quyết 29- NQ/ĐU", "Chương trình số 19 - CTr/ĐU", "Kế hoạch số 81-KH/ĐU", "Hướng dẫn 05-HD/BTCTU",
        "Kết luận 01-KL/TW và 21-KL/TW", "Chỉ thị 05-CT/TW", "Chỉ thị 05 của cấp trên", "Nghị định 61/2018/NĐ-CP",
        "Nghị quyết Trung ương 4", "Quyết định 1187/QĐ-TTg", "lần thứ XIX, khóa XII", "lần thứ 19",
        "ngày thứ 2 đầu tuần",
        "Tổ 1 - Khối Vận", "Tổ 3.", "số 05 ấp Quới An", "số 5 ấp", "(1) Tiếp tục (6) Đưa",
        "1. Kết quả\n2) Hạn chế\n1.2. Số",
        "Chi bộ “4 tốt”", "“5 không, 3 sạch”", "được 5 trong 1 đánh giá", "chờ 60 giây", "16 năm nay anh làm",
        "Qua hơn 2 năm", "ĐT 0912 345 678", "gọi 02193876543", "5 - 7 cuộc", "từ 5 đến 7 cuộc", "tăng 2 điểm phần trăm",
        "Covid-19", "K10", "mức độ 3, ", "mạng 5G",
    ],
)  # fmt: skip
def test_what_is_no_figure(text: str) -> None:
    assert said(text) == []


def test_days_years_and_positions() -> None:
    running = read_running(
        "Ngày 29/02/2024 họp; 31/02/2024 và thứ hai, 03/02/2015 thì không; ngày 31 tháng 4 cũng vậy."
    )
    assert [day.day for day in running.days] == [date(2024, 2, 29), None, None, None]
    assert [running.text[day.start : day.end] for day in running.days][1:3] == ["31/02/2024", "thứ hai, 03/02/2015"]
    assert read_running("Thứ ba, 03/02/2015 - 14:56'").days[0].day == date(2015, 2, 3)
    assert [year.year for year in read_running("năm 2016, chuyên đề năm 2022, 2023, đến 4/2023").years] == [
        2016, 2022, 2023, 2023,
    ]  # fmt: skip


def test_an_excerpt_is_short_safe_and_in_the_words_of_the_text() -> None:
    text = "Một\u2028 câu rất dài\t" * 9 + "có hơn 200 mô hình\n" + "và còn dài nữa " * 9
    running = read_running(text)
    mention = running.mentions[0]
    shown = running.excerpt(mention.start, mention.end)
    assert "hơn 200" in shown
    assert len(shown) <= 62
    assert shown.isprintable()
    assert shown.strip("…") in " ".join(text.split())


def test_sentences_keep_what_introduces_their_list() -> None:
    running = read_running(
        "Đạt 1.640 lượt. Lĩnh vực đất đai:\n- nhận 300 hồ sơ.\n- xong 280 hồ sơ.\nChung: TP. Lai Châu."
    )
    starts = [running.sentences[running.sentence_at(m.start)].intro for m in running.mentions]
    assert "đất đai" in running.text[starts[1] : running.mentions[1].start]
    assert "đất đai" in running.text[starts[2] : running.mentions[2].start]
    assert "đất đai" not in running.text[running.sentences[-1].intro :]


@given(st.text(max_size=300))
def test_any_text_is_read_and_positions_are_its_own(text: str) -> None:
    running = read_running(text)
    assert running.text == plain(text)
    assert len(running.folded) == len(running.text)
    for mention in running.mentions:
        assert 0 <= mention.start < mention.end <= len(running.text)
        assert any(letter.isdecimal() for letter in running.text[mention.start : mention.end])
        assert mention.value in mention.allowed
    borders = [0, *(sentence.end for sentence in running.sentences)]
    assert [sentence.start for sentence in running.sentences] == borders[:-1]
    assert borders[-1] == len(running.text)


WORDS = st.sampled_from(["Xã mở", "đã đạt", "Trong kỳ, chi bộ viết", "và còn", "— tuyên truyền", "ﬁ İ ß:", "Thủy, hoà"])


@given(
    WORDS,
    st.integers(1, 10**7),
    st.sampled_from([EXACT, GT, BELOW, Qualifier.APPROX, Qualifier.GE, Qualifier.LE]),
    st.sampled_from([" hồ sơ", " cuộc, rồi thôi", " đảng viên.", " lượt"]),
)
def test_a_number_as_it_is_printed_reads_back(before: str, value: int, qualifier: Qualifier, after: str) -> None:
    printed = vi_quantity(float(value), qualifier)
    running = read_running(f"{before} {printed}{after}")
    assert [(m.value, m.qualifier) for m in running.mentions] == [(value, qualifier)]
    assert running.text[running.mentions[0].start : running.mentions[0].end] == printed


@given(st.integers(0, 20_000))
def test_a_percentage_as_it_is_printed_reads_back(hundredths: int) -> None:
    value = hundredths / 100
    found = read_running(f"Tỷ lệ là {vi_percent(value)} số phiếu").mentions
    assert [(m.value, m.percent) for m in found] == [(value, True)]


@given(st.text(max_size=60).map(plain))
def test_folding_in_place_keeps_every_position(text: str) -> None:
    assert len(fold_in_place(text)) == len(text)


SYLLABLES = ("Ngày", "thủy", "thuỷ", "hoà", "Hòa", "khóa", "tuổi", "ĐẢNG", "ủy", "chiều", "Ðoàn", "uỷ", "quý", "(08)")


@given(st.lists(st.sampled_from(SYLLABLES)))
def test_folding_in_place_folds_syllables_as_everywhere(words: list[str]) -> None:
    assert fold_in_place(" ".join(words)) == fold_text(" ".join(words))


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("Ngày thứ bảy với dân", "Ngày thứ bẩy với dân", True),
        ("Tổ nhân dân tự quản", "Tổ nhân dân tự quản – Phát triển toàn diện", True),
        ("Nâng cao sự chủ động, sáng tạo của cấp ủy, tổ chức Đảng và cán bộ, đảng viên trong xây dựng, chỉnh đốn Đảng",
         "Nâng cao sự chủ động, sáng tạo của cấp ủy, tổ chức Đảng trong xây dựng, chỉnh đốn Đảng", True),
        ("Tổ tự quản số 5 ấp Quới An", "Tổ tự quản số 6 ấp Quới An", False),
        ("Chi bộ ba chủ động", "Chi bộ bốn chủ động", False),
        ("Tuyến đường hoa kiểu mẫu", "Tuyến đường cờ kiểu mẫu", False),
        ("Ngày thứ bảy với dân", "Ngày chủ nhật xanh", False),
        ("Nụ cười công sở", "Nụ cười", False),
    ],
)  # fmt: skip
def test_names_that_are_near(one: str, other: str, near: bool) -> None:
    assert are_near(fold_name(one), fold_name(other)) is near
    assert are_near(fold_name(other), fold_name(one)) is near


def test_what_counts_as_written_otherwise() -> None:
    assert as_written("“Ngày  thứ bảy\u00a0với dân”.") == as_written("ngày thứ bảy với dân")
    assert as_written("Tổ tự quản – Phát triển") != as_written("Tổ tự quản - Phát triển")
    assert as_written("Thân thiện, vì dân") != as_written("Thân thiện vì dân")
    assert as_written("Tổ Nhân dân") != as_written("Tổ nhân dân")


@pytest.mark.parametrize(
    "piece", ["1", "1/", "“a", "a", "à", "chi bộ ", "2024, ", "so với năm 2030 ", "mô hình ", "\n- 1 "]
)
def test_a_hostile_paragraph_costs_no_more_than_its_length(piece: str) -> None:
    """Twenty thousand characters of anything are read in an instant, not in time that grows with their square."""
    text = (piece * 20_000)[:20_000]
    book = Phrasebook(spoken(0, "tiếp nhận {n}", ["hồ sơ"]))
    began = time.process_time()
    running = read_running(text + " tiếp nhận 5 hồ sơ")
    for claim in book.claims(running):
        bearing(running, claim)
    times_told(running)
    assert time.process_time() - began < 2
