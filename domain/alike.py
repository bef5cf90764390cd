"""Whether two names are one thing's: written otherwise, or near enough to ask."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from domain.names import fold_bare, fold_name, fold_tones, plain

_QUOTES = re.compile(r"[“”\"'‘’«»]")
_EDGES = re.compile(r"^[\s.,;:…–-]+|[\s.,;:…–-]+$")

#: Words that count or order: names that differ in one of these are names of different things.
_NUMERALS = frozenset(
    fold_name(word)
    for word in (
        "một", "hai", "ba", "bốn", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười", "nhất", "nhì", "trên", "dưới",
        "nam", "nữ", "đông", "tây", "bắc", "trong", "ngoài", "không", "chưa", "i", "ii", "iii", "iv", "v", "vi", "vii",
        "viii", "cũ", "mới", "trước", "sau", "a", "b", "c", "d",
    )
)  # fmt: skip

#: From so many words on a name is long enough for a share of common words to tell something.
LONG_NAME = 8
COMMON_SHARE = 0.75
#: A name of so many words that another begins with is told shortly, not by chance.
_WHOLE_NAME = 4


def as_written(name: str) -> str:
    """The name with what nobody sees or means taken away: spaces, quotes, marks at its ends, its first capital."""
    bare = _EDGES.sub("", " ".join(_QUOTES.sub("", plain(name)).split()))
    return fold_tones(bare[:1].lower() + bare[1:])


@lru_cache(maxsize=100_000)
def are_near(one: str, other: str) -> bool:
    """Whether two different folded names (:func:`domain.names.fold_name`) are probably one name.

    Without their marks they are equal; or, as long as they do not differ in a number, both are long and share most of
    their words, or one letter of one word is missing or another, or one is the beginning of the other.
    """
    if one == other:
        return False
    words, others = one.split(), other.split()
    if min(len(words), len(others)) >= 3 and fold_bare(one) == fold_bare(other):
        return True
    if any(word.isdecimal() or word in _NUMERALS for word in _differing(words, others)):
        return False
    return begins_with(words, others) or _is_one_letter_off(words, others) or _common_share(words, others)


def begins_with(words: list[str], others: list[str]) -> bool:
    """Whether the shorter of two names is the beginning of the other."""
    shorter, longer = sorted((words, others), key=len)
    return _WHOLE_NAME <= len(shorter) < len(longer) and longer[: len(shorter)] == shorter


def _differing(words: list[str], others: list[str]) -> Counter[str]:
    return (Counter(words) - Counter(others)) + (Counter(others) - Counter(words))


def _common_share(words: list[str], others: list[str]) -> bool:
    if min(len(words), len(others)) < LONG_NAME:
        return False
    common = sum((Counter(words) & Counter(others)).values())
    return common >= COMMON_SHARE * max(len(words), len(others))


def _is_one_letter_off(words: list[str], others: list[str]) -> bool:
    if len(words) != len(others) or len(words) < LONG_NAME - 2:
        return False
    pairs = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    return len(pairs) == 1 and _within_one_edit(*map(fold_bare, pairs[0]))


def _within_one_edit(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    begins = next(
        (at for at, pair in enumerate(zip(shorter, longer, strict=False)) if pair[0] != pair[1]), len(shorter)
    )
    rest = longer[begins + 1 :]
    return rest in (shorter[begins:], shorter[begins + 1 :])


# ------------------------------------------------------------------------------------------------ names in paragraphs

_QUOTED = re.compile(r"[“\"«]\s*([^“”\"«»\n]{3,250}?)\s*[”\"»]")
_BETWEEN = re.compile(r"[\s,;:…]*(?:và|hoặc|hay|cùng|,)?[\s,;:]*")
#: How far behind "mô hình" the quoted name may begin.
_NEAR = 30
_LONGEST = 200
_NAME_END = re.compile(r"[.;!?\n()…]")


def quoted_names(text: str, folded: str, called: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """(position, name) of names in quotes behind one of the words ``called``, and of those listed right behind them.

    ``folded`` is :func:`domain.names.fold_in_place` of the text.
    """
    words = _called(called)
    last_end = -1
    for found in _QUOTED.finditer(text):
        left = folded[max(0, found.start() - _NEAR) : found.start()]
        listed = last_end >= 0 and _BETWEEN.fullmatch(text, last_end, found.start()) is not None
        if listed or words.search(left):
            last_end = found.end()
            yield found.start(1), found[1]


def words_behind(text: str, folded: str, called: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """(position, words up to the end of the sentence) behind each of the words ``called`` that no quote follows."""
    for found in _called(called).finditer(folded):
        start = found.end()
        end = _NAME_END.search(text, start, start + _LONGEST)
        words = text[start : end.start() if end else start + _LONGEST]
        if words.strip() and not _QUOTES.match(words.strip()):
            yield start, words


@lru_cache(maxsize=100)
def _called(called: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(fold_name(word)) for word in called)})(?!\w)")


def first_words(text: str, count: int) -> str:
    """The beginning of a text up to the end of its word number ``count``."""
    ends = [found.end() for found in re.finditer(r"[^\W_]+", text)]
    return text[: ends[count - 1]].strip() if 0 < count <= len(ends) else ""
