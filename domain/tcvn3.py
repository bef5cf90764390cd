"""Texts typed with the old TCVN3 (ABC) fonts, whose letters are signs of other alphabets until the font is there.

"hå s¬" is "hồ sơ" in a font such as .VnTime. A cell is turned into Unicode only when it can be nothing else: letters
that no Vietnamese text has must stand in its words, and every such word must become a Vietnamese syllable.
"""

from __future__ import annotations

import re
import unicodedata

#: The letters of TCVN 5712:1993 VN3 that are not ASCII, and what they stand for. Written as numbers: editors and
#: browsers drop the soft hyphen (ư), after which every later pair is wrong.
_CODES = bytes.fromhex(
    "b5b8b6b7b9a8bbbebcbdc6a9c7cac8c9cbaeccd0cecfd1aad2d5d3d4d6d7ddd8dcdedfe3e1e2e4abe5e8e6e7e9aceaedebeceeeff3f1f2f4ad"
    "f5f8f6f7f9fafdfbfcfea1a2a7a3a4a5a6"
).decode("latin-1")
_LETTERS = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ"
TABLE = dict(zip(_CODES, _LETTERS, strict=True))

_TO_UNICODE = str.maketrans(TABLE)
_VIETNAMESE = frozenset(_LETTERS + _LETTERS.upper())
#: Signs that no Vietnamese text in Unicode has inside a word.
_TELLING = "".join(code for code in _CODES if code not in _VIETNAMESE)
#: A text without one of these is not looked at any further; also as an expression for polars.
SUSPECT = f"[{re.escape(_TELLING)}]"
_SUSPECT = re.compile(SUSPECT)

_WORD = re.compile(f"[A-Za-z0-9{re.escape(_CODES)}]+")
#: Beside the letters: what word processors put into any text (dashes, quotes, dots).
_FOREIGN = re.compile("[^\\x00-\\xff\u2010-\u2027\u2030-\u203a]")

_ONSET = "(?:b|ch?|d|đ|gh?|gi|h|kh?|l|m|ngh?|nh?|ph?|qu|r|s|th?|tr|v|x)?"
_NUCLEUS = (
    "(?:iêu|yêu|oai|oao|oay|oeo|uai|uây|uôi|uya|uyê|uyu|ươi|ươu|uêu"
    "|ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă|oe|oi|oo|ôi|ơi|ua|uâ|uê|ui|uô|uơ|uy|ưa|ưi|ươ|ưu|yê|ya"
    "|a|ă|â|e|ê|i|o|ô|ơ|u|ư|y)"
)
_SYLLABLE = re.compile(f"{_ONSET}{_NUCLEUS}(?:ch?|m|ngh?|nh?|p|t)?")
_TONES = str.maketrans(dict.fromkeys("\u0300\u0301\u0303\u0309\u0323"))
_LEAST_CAPITALS = 2


def from_tcvn3(text: str) -> str | None:
    """The text in Unicode; ``None`` when it is no TCVN3 text, or might be something else."""
    if not _SUSPECT.search(text) or _FOREIGN.search(text):
        return None
    words = _WORD.findall(text)
    telling = [word for word in words if _SUSPECT.search(word)]
    if not _is_certain(telling) or not all(map(_becomes_syllable, telling)):
        return None
    in_capitals = _is_in_capitals("".join(words))
    return _WORD.sub(lambda word: _word_of(word[0], in_capitals=in_capitals), text)


def _is_certain(telling: list[str]) -> bool:
    """A sign before a letter may be one of measure (µm): then a second such word must confirm the first."""
    with_plain = [word for word in telling if any(letter.isascii() for letter in word)]
    return any(word[0].isascii() for word in telling) or len(with_plain) > 1


def _becomes_syllable(word: str) -> bool:
    letters = unicodedata.normalize("NFD", word.translate(_TO_UNICODE).lower())
    tones = sum(letter in "\u0300\u0301\u0303\u0309\u0323" for letter in letters)
    bare = unicodedata.normalize("NFC", letters.translate(_TONES))
    return tones <= 1 and _SYLLABLE.fullmatch(bare) is not None


def _word_of(word: str, *, in_capitals: bool) -> str:
    """Capitals with a tone have no code of their own: they are small letters in a font of capitals."""
    turned = word.translate(_TO_UNICODE)
    return turned.upper() if in_capitals or _is_in_capitals(word) else turned


def _is_in_capitals(word: str) -> bool:
    plain = [letter for letter in word if letter.isascii() and letter.isalpha()]
    return len(plain) >= _LEAST_CAPITALS and all(letter.isupper() for letter in plain)
