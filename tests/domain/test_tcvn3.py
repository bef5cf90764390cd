"""Texts in the old fonts are told from everything else, and become what they say."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.tcvn3 import SUSPECT, TABLE, from_tcvn3

ROOT = Path(__file__).parents[2]
_FROM_UNICODE = str.maketrans({letter: code for code, letter in TABLE.items()})

#: Small letters only: what stands in capitals has no code of its own.
WORDS = (
    "hồ sơ giải quyết đúng hạn quá hạn tiếp nhận mô hình chi bộ đảng viên học tập làm theo ủy ban nhân dân xã phường"
    " tổ dân phố khó khăn thường xuyên quyển sách giữ gìn nghiêm túc khuya khuỷu tay ngoằn xoong ưu điểm ỷ lại yêu cầu"
)


def typed(text: str) -> str:
    return text.translate(_FROM_UNICODE)


def test_every_letter_has_a_code() -> None:
    assert len(TABLE) == 74
    assert TABLE["\u00ad"] == "ư"
    assert {TABLE[code] for code in "®§¬«"} == {"đ", "Đ", "ơ", "ô"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Uû ban nh©n d©n", "Uỷ ban nhân dân"),
        ("832 hå s¬", "832 hồ sơ"),
        ("§¶ng bé x· Long B×nh", "Đảng bộ xã Long Bình"),
        ("UBND PH¦êNG T¢N AN", "UBND PHƯỜNG TÂN AN"),
        ("§¶NG ñY", "ĐẢNG ỦY"),
        ("Tæ 1, Êp 5 – ®¹t 100%", "Tổ 1, ấp 5 – đạt 100%"),
        ("th\u00adêng xuyªn", "thường xuyên"),
    ],
)
def test_old_texts_become_what_they_say(old: str, new: str) -> None:
    assert from_tcvn3(old) == new


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Đảng ủy xã Long Bình",
        "hồ sơ ®",
        "Tiki®",
        "© 2025 ABC®",
        "Müller",
        "Zürich – Curaçao",
        "Señor Nuñez",
        "20 × 30 ÷ 4",
        "10m×20m",
        "a×b",
        "5 µm",
        "¾ cup",
        "§ 5",
        "Điều 5 § 2",
        "100¥",
        "kg·m",
        "Số hộ¹",
        "tin¹",
        "café à la",
        "ba là",
    ],
)
def test_other_texts_stay(text: str) -> None:
    assert from_tcvn3(text) is None


def test_no_text_of_the_catalogue_or_the_examples_is_taken_for_one() -> None:
    names = [path for room in ("catalog/data", "examples") for path in (ROOT / room).rglob("*") if path.is_file()]
    texts = [path.read_text(encoding="utf-8") for path in names if path.suffix in (".csv", ".yaml", ".json", ".md")]
    cells = {cell for text in texts for line in csv.reader(text.splitlines()) for cell in line}
    assert len(cells) > 1_000
    found = [cell for cell in cells if from_tcvn3(cell)]
    assert ["limitation: " in cell for cell in found] == [True]  # the counterexample of the rule that tells of them


@given(st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=12))
def test_a_sentence_comes_back(words: list[str]) -> None:
    sentence = " ".join(words)
    old = typed(sentence)
    read = from_tcvn3(old)
    telling = [word for word in old.split() if re.search(SUSPECT, word)]
    with_plain = [word for word in telling if any(letter.isascii() for letter in word)]
    is_certain = any(word[0].isascii() for word in telling) or len(with_plain) > 1
    assert read == (sentence if is_certain else None)


@given(st.text())
def test_anything_may_be_asked(text: str) -> None:
    read = from_tcvn3(text)
    assert read is None or len(read) == len(text)
