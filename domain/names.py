"""Folding of Vietnamese text so that two spellings of one name meet. For matching only, never for display."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: The five tone marks as combining characters; the other marks (â ê ô ă ơ ư) make letters of their own.
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_VOWELS = frozenset("aăâeêioôơuưy")
#: Letters of other alphabets that keyboards put where đ belongs.
_STROKED_D = str.maketrans({"Ð": "Đ", "ð": "đ", "Ɖ": "Đ", "ɖ": "đ"})
_ZERO_WIDTH = str.maketrans(dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad"))

#: The capital letters of Vietnamese, for a class of a regular expression: ranges would hold small letters as well.
CAPITALS = "A-Z" + "".join(letter for letter in map(chr, range(0xC0, 0x1EFA)) if letter.isupper())

_WORD = re.compile(r"[^\W\d_]+")
_NOT_WORD = re.compile(r"[\W_]+")
_LEADING_ZEROS = re.compile(r"\b0+(?=\d)")

#: Abbreviations that stand in names of models, units and topics; words are separated as after folding.
ABBREVIATIONS = {
    "kntc": "khiếu nại tố cáo",
    "kt xh": "kinh tế xã hội",
    "ktxh": "kinh tế xã hội",
    "ntm": "nông thôn mới",
    "ndtq": "nhân dân tự quản",
    "cbđv": "cán bộ đảng viên",
    "cbcc": "cán bộ công chức",
    "ccvc": "công chức viên chức",
    "cbccvc": "cán bộ công chức viên chức",
    "tđkt": "thi đua khen thưởng",
    "tcđ": "tổ chức đảng",
    "btv": "ban thường vụ",
    "chqs": "chỉ huy quân sự",
}


def nfc(text: str) -> str:
    """The text with letters and marks put together (macOS stores them apart)."""
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=50_000)
def _fold_word(word: str) -> str:
    """One lower-case word with its tone on the last vowel: hòa and hoà, thủy and thuỷ become the same.

    The place of the tone never tells two Vietnamese words apart; a word with two tones is not Vietnamese and stays.
    """
    letters = unicodedata.normalize("NFD", word)
    tones = [mark for mark in letters if mark in _TONES]
    if len(tones) != 1:
        return word
    bare = unicodedata.normalize("NFC", letters.replace(tones[0], ""))
    vowels = [index for index, letter in enumerate(bare) if letter in _VOWELS]
    if not vowels:
        return word
    end = vowels[-1] + 1
    return unicodedata.normalize("NFC", bare[:end] + tones[0] + bare[end:])


def fold_text(text: str) -> str:
    """Lower case, composed, one way of writing đ and of placing tones; punctuation and spaces stay as they are."""
    lowered = nfc(text.translate(_ZERO_WIDTH)).translate(_STROKED_D).casefold()
    return fold_tones(nfc(lowered))


def fold_tones(text: str) -> str:
    """Every lower-case word with its tone where :func:`fold_text` puts it; also the words of a regular expression."""
    return _WORD.sub(lambda found: _fold_word(found[0]), text)


_UNSEEN = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_ANY_STROKED_D = re.compile("[ÐðƉɖ]")
_TONED = "".join(unicodedata.normalize("NFC", vowel + tone) for vowel in sorted(_VOWELS) for tone in sorted(_TONES))
#: Vowels whose tone has to move: others follow the one that bears it.
_TONE_BEFORE_VOWEL = re.compile(rf"[{_TONED}][{''.join(sorted(_VOWELS))}]+")


def plain(text: str) -> str:
    """The text as a reader sees it: composed letters, and nothing of no width between them."""
    return nfc(_UNSEEN.sub("", text))


def fold_in_place(text: str) -> str:
    """:func:`fold_text` letter by letter, so that a position in the result is the same position in the text.

    For a text that is :func:`plain`. The same for every Vietnamese syllable; the few letters of other languages that
    lower case makes longer stay as they are, and no tone crosses a consonant.
    """
    if _ANY_STROKED_D.search(text):
        text = text.translate(_STROKED_D)
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    return _TONE_BEFORE_VOWEL.sub(_fold_as_long, lowered)


def _fold_as_long(word: re.Match[str]) -> str:
    folded = _fold_word(word[0])
    return folded if len(folded) == len(word[0]) else word[0]


_EXPANSIONS = {fold_text(short): fold_text(words) for short, words in ABBREVIATIONS.items()}
_ABBREVIATION = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, _EXPANSIONS), key=len, reverse=True))})\b")


def fold_name(text: str) -> str:
    """The matching form of a name: folded text without punctuation, leading zeros or abbreviations.

    "Tổ NDTQ – phát triển, số 05" and "Tổ Nhân dân tự quản phát triển số 5" have the same form.
    """
    words = _NOT_WORD.sub(" ", fold_text(text)).strip()
    return _ABBREVIATION.sub(lambda found: _EXPANSIONS[found[0]], _LEADING_ZEROS.sub("", words))


def fold_bare(text: str) -> str:
    """:func:`fold_name` without any mark, as a name looks when it is typed on a keyboard that has none."""
    letters = unicodedata.normalize("NFD", fold_name(text).replace("đ", "d"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def initiative_key(name: str, owner: str) -> str:
    """The key under which a model (mô hình) counts once: its name and its owner.

    Two units may run models of one name; one model told by two levels has one owner.
    """
    return f"{fold_name(name)}|{fold_name(owner)}"
