"""From what stands in a cell to a figure, with every decision made on the way written down.

Nothing is coerced: a cell that is not understood to its last character gives a problem, never a number.
The rules follow the reporting customs of Vietnamese offices: dot for thousands, comma for decimals, words that qualify.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

from domain.names import fold_text, nfc
from domain.observation import CellStatus, ValueKind
from domain.quantity import Qualifier
from domain.reading import Problem, Reading, Repair

_MISSING = Reading(status=CellStatus.MISSING)

# ------------------------------------------------------------------------------------------------ vocabulary


def _folded(*phrases: str) -> frozenset[str]:
    return frozenset(fold_text(phrase) for phrase in phrases)


def any_of(phrases: Sequence[str] | frozenset[str]) -> str:
    """A regular expression for one of the phrases, the longest first, not followed by more letters."""
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return rf"(?:{'|'.join(re.escape(phrase) for phrase in longest_first)})(?![^\W\d_])"


_MISSING_WORDS = _folded(
    "x", "n/a", "na", "chưa có", "chưa có số liệu", "không có số liệu", "chưa cập nhật", "đang cập nhật",
    "chưa thống kê", "chưa tổng hợp", "đang tổng hợp", "đang thống kê", "chưa báo cáo", "chưa rõ", "không rõ",
    "chờ số liệu", "không có thông tin",
)  # fmt: skip
_ZERO_WORDS = _folded(
    "không", "không có", "không còn", "không phát sinh", "không phát sinh mới", "chưa phát sinh", "kps"
)
QUALIFIERS = {
    fold_text(phrase): qualifier
    for qualifier, phrases in {
        Qualifier.GT: ("hơn", "trên", "nhiều hơn", "lớn hơn"),
        Qualifier.GE: ("ít nhất", "tối thiểu", "không dưới", "không ít hơn"),
        Qualifier.LT: ("dưới", "ít hơn", "chưa đến", "chưa tới", "chưa đầy"),
        Qualifier.LE: ("không quá", "tối đa", "không hơn"),
        Qualifier.APPROX: ("khoảng", "ước", "ước đạt", "ước tính", "ước khoảng", "chừng", "khoảng chừng"),
        Qualifier.APPROX_BELOW: ("gần", "xấp xỉ", "gần bằng"),
        Qualifier.ALL: ("tất cả", "toàn bộ"),
        Qualifier.MOST: ("hầu hết", "đa số", "phần lớn"),
        Qualifier.SOME: ("nhiều", "một số", "một vài"),
    }.items()
    for phrase in phrases
}
_SYMBOLS = {
    ">=": Qualifier.GE,
    "≥": Qualifier.GE,
    "<=": Qualifier.LE,
    "≤": Qualifier.LE,
    ">": Qualifier.GT,
    "<": Qualifier.LT,
    "~": Qualifier.APPROX,
    "≈": Qualifier.APPROX,
}
SCALES = {
    fold_text(word): Decimal(10) ** power
    for word, power in {"nghìn": 3, "ngàn": 3, "vạn": 4, "triệu": 6, "tỷ": 9, "tỉ": 9}.items()
}
#: Places that one works *in*: "trên 08 ấp" is "in eight hamlets", not "more than eight".
PLACE_NOUNS = (
    "ấp", "xã", "thôn", "phường", "huyện", "địa bàn", "tổ dân phố", "tỉnh", "thị trấn", "khu phố", "bản", "làng",
)  # fmt: skip
_PLACES = _folded(*PLACE_NOUNS)
#: Qualifiers that a ratio of counts may carry: its counts are exact whatever the word.
_OF_RATIOS = (None, Qualifier.ALL, Qualifier.MOST)

_FILLER = re.compile(any_of(_folded("đạt", "được", "có")))
_QUALIFIER = re.compile(any_of(tuple(QUALIFIERS)))
_SYMBOL = re.compile("|".join(map(re.escape, _SYMBOLS)))
_FROM = re.compile(any_of(_folded("từ")))
_UPWARDS = re.compile(any_of(_folded("trở lên")))
_DOWNWARDS = re.compile(any_of(_folded("trở xuống")))
_ACROSS = re.compile(any_of(_folded("trên địa bàn")))
_OVER = fold_text("trên")
_PLACE = re.compile(any_of(_PLACES))
_SCALE = re.compile(any_of(tuple(SCALES)))
_PERCENT = re.compile(rf"%|{any_of(_folded('phần trăm'))}")
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)\s?"
    r"(?P<digits>[1-9][0-9]{0,2}(?: [0-9]{3})+(?:,[0-9]+)?(?![.,]?[0-9])|[0-9]+(?:[.,][0-9]+)*)(?![.,]?\d)"
)
_SLASH = re.compile("/")
_SAID_AGAIN = re.compile(r"[(=,;:-]?\s?(?:đạt\s)?(?P<number>[0-9]+(?:[.,][0-9]{1,2})?)\s?%\s?\)?$")

_BLANK = re.compile(r"[-.…\s]*")
_END = re.compile(r"(?<=[^\d\s])[.…;:,\s]+$")
_DASHES = str.maketrans(dict.fromkeys("–—−‒‐‑", "-") | {"％": "%", "∕": "/", "⁄": "/"})
_DASH_ALONE = frozenset({"-", "--", "---"})
#: A figure is short; what is longer is a paragraph in the wrong cell.
_LONGEST_FIGURE = 200


# ------------------------------------------------------------------------------------------------ numbers

_PLAIN = re.compile(r"[0-9]+")
_DOTTED = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_SPACED = re.compile(r"[1-9][0-9]{0,2}(?: [0-9]{3})+")
_COMMAED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+")
_DECIMAL_COMMA = re.compile(rf"(?:[0-9]+|{_DOTTED.pattern}|{_SPACED.pattern}),[0-9]+")
_DECIMAL_DOT = re.compile(r"[0-9]+\.[0-9]+")
_ENGLISH = re.compile(rf"{_COMMAED.pattern}\.[0-9]+")


@dataclass(frozen=True, slots=True)
class _Number:
    """A run of digits and separators, read."""

    value: Decimal = Decimal(0)
    repair: Repair | None = None
    problem: Problem | None = None
    dotted: bool = False  # its decimals stand behind a dot, as a spreadsheet in English writes them


def _number(digits: str, kind: ValueKind) -> _Number:
    """Read digits with their separators.

    A count has no decimals, so three digits after a comma can only be thousands; a quantity or a percentage may have
    them, so there 11,713 stays ambiguous.
    """
    bare = digits.replace(" ", "")
    if _PLAIN.fullmatch(digits) or _SPACED.fullmatch(digits):
        return _Number(Decimal(bare))
    if _DOTTED.fullmatch(digits):
        ambiguous = kind is ValueKind.PERCENT and digits.count(".") == 1
        return _Number(problem=Problem.AMBIGUOUS_NUMBER) if ambiguous else _Number(Decimal(bare.replace(".", "")))
    if _COMMAED.fullmatch(digits):
        ambiguous = kind is not ValueKind.COUNT and digits.count(",") == 1
        thousands = _Number(Decimal(bare.replace(",", "")), Repair.COMMA_THOUSANDS)
        return _Number(problem=Problem.AMBIGUOUS_NUMBER) if ambiguous else thousands
    if _DECIMAL_COMMA.fullmatch(digits):
        return _Number(Decimal(bare.replace(".", "").replace(",", ".")))
    if _ENGLISH.fullmatch(digits):
        return _Number(Decimal(bare.replace(",", "")), Repair.COMMA_THOUSANDS)
    if _DECIMAL_DOT.fullmatch(digits):
        return _Number(Decimal(bare), dotted=True)
    return _Number(problem=Problem.NOT_A_NUMBER)


def _is_whole(value: Decimal) -> bool:
    return value == value.to_integral_value()


def _count_problem(value: float) -> Problem | None:
    """What is wrong with a count that has a fraction.

    1.64 is how a spreadsheet in English keeps a typed 1.640; that a dot was eaten is possible only from 1 to 999.
    """
    if value == math.floor(value):
        return None
    thousandfold = value * 1000
    eaten = 1 <= abs(value) < 1000 and math.isclose(thousandfold, round(thousandfold), abs_tol=1e-6)
    return Problem.DOT_EATEN if eaten else Problem.FRACTION_OF_COUNT


# ------------------------------------------------------------------------------------------------ the cell's words


class _Cursor:
    """Consumes a folded text from its beginning."""

    def __init__(self, text: str) -> None:
        self.rest = text

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.rest)
        if found and found.end():
            self.rest = self.rest[found.end() :].lstrip()
            return found
        return None


@dataclass(slots=True)
class _Stated:
    """What the words of a cell said, before it is judged for its kind."""

    qualifier: Qualifier | None = None
    number: _Number | None = None
    negative: bool = False
    other: _Number | None = None  # the number after a slash
    scale: Decimal | None = None
    percent: bool = False
    unit: bool = False
    place: bool = False  # the "trên" of places: not a bound
    over: bool = False  # the qualifier was the word "trên", which may turn out to be that preposition
    understood: bool = True

    @property
    def repairs(self) -> tuple[Repair, ...]:
        bound = self.qualifier is not None
        found = {
            Repair.COMMA_THOUSANDS: self.number is not None and self.number.repair is Repair.COMMA_THOUSANDS,
            Repair.SCALE_WORDS: self.scale is not None,
            Repair.UNIT_WORDS: self.unit,
            Repair.QUALIFIED: bound and self.number is not None,
            Repair.WORDS_WITHOUT_NUMBER: bound and self.number is None,
            Repair.PREPOSITION: self.place,
        }
        told = tuple(repair for repair, applies in found.items() if applies)
        return told or (() if self.percent or self.other else (Repair.TEXT_NUMBER,))


@lru_cache(maxsize=4096)
def _unit_pattern(unit_words: tuple[str, ...]) -> re.Pattern[str] | None:
    words = [_clean(word) for word in unit_words]
    words = [word for word in words if word and word not in SCALES and not _PERCENT.fullmatch(word)]
    if not words:
        return None
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"\((?:{either})\)|(?:{either})(?![^\W_])")


def _clean(text: str) -> str:
    """Folded, with one kind of dash and of space, without the apostrophe of text cells and without closing dots."""
    one_line = " ".join(fold_text(text).translate(_DASHES).split())
    return _END.sub("", one_line.removeprefix("'").removeprefix("’").lstrip())


def _listen(text: str, kind: ValueKind, unit_words: tuple[str, ...]) -> _Stated:
    """Take the text apart; ``understood`` is false when anything is left over or out of place."""
    cursor, stated = _Cursor(text), _Stated()
    starts = _take_qualifiers(cursor, stated)
    number_kind = ValueKind.QUANTITY if kind is ValueKind.COUNT and _has_scale(cursor.rest) else kind
    _take_numbers(cursor, stated, number_kind)
    _take_measures(cursor, stated, _unit_pattern(unit_words))
    _take_direction(cursor, stated, starts_with_from=starts)
    if cursor.rest and stated.other is not None:
        _take_confirmation(cursor, stated)
    stated.understood &= not cursor.rest and (stated.number is not None or stated.qualifier is not None)
    return stated


def _has_scale(text: str) -> bool:
    return re.search(rf"\d\s?{_SCALE.pattern}", text) is not None


def _take_qualifiers(cursor: _Cursor, stated: _Stated) -> bool:
    """Qualifying words in front, fillers between them ("ước đạt", "đạt trên"); whether the text begins with "từ"."""
    if cursor.take(_ACROSS):
        stated.place = True
    begins_with_from = False
    while True:
        word = cursor.take(_QUALIFIER)
        symbol = None if word else cursor.take(_SYMBOL)
        if word or symbol:
            said = QUALIFIERS[word[0]] if word else _SYMBOLS[symbol[0] if symbol else ""]
            stated.understood &= stated.qualifier in (None, said)
            stated.qualifier = said
            stated.over = word is not None and word[0] == _OVER
        elif cursor.take(_FROM):
            begins_with_from = True
        elif not cursor.take(_FILLER):
            return begins_with_from


def _take_numbers(cursor: _Cursor, stated: _Stated, kind: ValueKind) -> None:
    found = cursor.take(_NUMBER)
    if not found:
        return
    slash = _SLASH.match(cursor.rest)
    stated.number = _number(found["digits"], ValueKind.COUNT if slash else kind)
    stated.negative = found["sign"] == "-"
    if not slash:
        return
    cursor.take(_SLASH)
    other = cursor.take(_NUMBER)
    if other and not other["sign"] and not found["sign"]:
        stated.other = _number(other["digits"], ValueKind.COUNT)
    else:
        stated.understood = False


def _take_measures(cursor: _Cursor, stated: _Stated, unit: re.Pattern[str] | None) -> None:
    """Scale, percent sign and unit words behind the number; the indicator's own "triệu đồng" is not a scale."""
    _take_place(cursor, stated, unit)
    if unit and cursor.take(unit):
        stated.unit = True
        return
    if stated.number is not None and (scale := cursor.take(_SCALE)):
        stated.scale = SCALES[scale[0]]
    if stated.number is not None and cursor.take(_PERCENT):
        stated.percent = True
    if unit and cursor.take(unit):
        stated.unit = True


def _take_place(cursor: _Cursor, stated: _Stated, unit: re.Pattern[str] | None) -> None:
    """ "trên 08 ấp": a place behind the number makes the "trên" before it a preposition.

    The place must be the indicator's measure, when that is known: hamlets are no dossiers.
    """
    if not (stated.over or stated.place) or stated.number is None or not _PLACE.match(cursor.rest):
        return
    if unit is None:
        cursor.take(_PLACE)
    elif not unit.match(cursor.rest):
        return
    if stated.over:
        stated.qualifier, stated.place = None, True


def _take_direction(cursor: _Cursor, stated: _Stated, *, starts_with_from: bool) -> None:
    """ "từ 90 % trở lên", "90 % trở xuống"; a "từ" alone opens a range that is not closed."""
    direction = None
    if stated.number is not None and cursor.take(_UPWARDS):
        direction = Qualifier.GE
    elif stated.number is not None and cursor.take(_DOWNWARDS):
        direction = Qualifier.LE
    if direction:
        stated.understood &= stated.qualifier in (None, direction)
        stated.qualifier = direction
    elif starts_with_from:
        stated.understood = False


def _take_confirmation(cursor: _Cursor, stated: _Stated) -> None:
    """ "62/62 (100 %)": the same rate said twice; said differently the ratio is ambiguous."""
    again = cursor.take(_SAID_AGAIN)
    if not again or stated.number is None or stated.other is None or not stated.other.value:
        return
    said = Decimal(again["number"].replace(",", "."))
    exponent = said.as_tuple().exponent
    half_a_digit = Decimal(5).scaleb(int(exponent) - 1)
    if abs(100 * stated.number.value / stated.other.value - said) > half_a_digit:
        stated.number = _Number(problem=Problem.AMBIGUOUS_NUMBER)


# ------------------------------------------------------------------------------------------------ judging for a kind


def parse_figure(text: str, kind: ValueKind, unit_words: Sequence[str] = (), dash_is_zero: bool = False) -> Reading:
    """Read the text of a cell as a figure of ``kind``; never raises, whatever the text.

    ``unit_words`` are the measures the indicator is counted in ("hồ sơ", "lượt người"); other words behind a number are
    not understood. ``dash_is_zero``: the template says that a dash declares zero. "Không phát sinh" is a declared zero
    of counts and quantities; of a rate it says that there is no base, so no number.

    Scaled words ("1,07 nghìn") are rounded to the last digit said: 1070, qualified ``approx``. "trên" before a place
    ("trên 08 ấp") is the preposition, before anything else a bound.
    """
    folded = _clean(text)
    reading = _read_words(folded, kind, tuple(unit_words), dash_is_zero)
    if reading.status is not CellStatus.MISSING and nfc(text) != text:
        return replace(reading, repairs=(*reading.repairs, Repair.FOLDED_TEXT))
    return reading


def _read_words(folded: str, kind: ValueKind, unit_words: tuple[str, ...], dash_is_zero: bool) -> Reading:
    if dash_is_zero and folded in _DASH_ALONE:
        return _declared_zero(kind)
    if _BLANK.fullmatch(folded) or folded in _MISSING_WORDS:
        return _MISSING
    if kind is ValueKind.DATE:
        return Reading() if parse_date(folded) else Reading(problem=Problem.NOT_A_DATE)
    if kind in (ValueKind.TEXT, ValueKind.CODE, ValueKind.LIST):
        return Reading()
    if len(folded) > _LONGEST_FIGURE:
        return Reading(problem=Problem.NOT_A_RATIO if kind is ValueKind.RATIO else Problem.NOT_A_NUMBER)
    if _says_zero(folded, unit_words):
        return _declared_zero(kind)
    if kind is ValueKind.RATIO and parse_date(folded):
        return check_date(folded, kind)
    return _judge(_listen(folded, kind, unit_words), kind, unit_words)


def _says_zero(folded: str, unit_words: tuple[str, ...]) -> bool:
    if folded in _ZERO_WORDS:
        return True
    unit = _unit_pattern(unit_words)
    return any(
        unit is not None and folded.startswith(f"{word} ") and unit.fullmatch(folded[len(word) + 1 :]) is not None
        for word in _ZERO_WORDS
    )


def _declared_zero(kind: ValueKind) -> Reading:
    if kind in (ValueKind.PERCENT, ValueKind.RATIO):
        return Reading(None, Qualifier.NONE, CellStatus.MISSING, repairs=(Repair.WORDS_WITHOUT_NUMBER,))
    return Reading(0.0, Qualifier.NONE, CellStatus.DECLARED_ZERO, repairs=(Repair.DECLARED_ZERO,))


def _judge(stated: _Stated, kind: ValueKind, unit_words: tuple[str, ...]) -> Reading:
    wrong = Problem.NOT_A_RATIO if kind is ValueKind.RATIO else Problem.NOT_A_NUMBER
    if not stated.understood:
        return Reading(problem=wrong)
    if stated.number is None:
        return _words_alone(stated, kind, wrong)
    if stated.other is not None:
        return _ratio(stated, stated.number, stated.other, kind, wrong)
    if kind is ValueKind.RATIO or stated.qualifier is Qualifier.SOME:
        return Reading(problem=wrong)
    if stated.percent and kind is not ValueKind.PERCENT and "%" not in unit_words:
        return Reading(problem=wrong)
    return _figure(stated, stated.number, kind)


def _words_alone(stated: _Stated, kind: ValueKind, wrong: Problem) -> Reading:
    """ "tất cả" is 100 % of a rate; no word is a count."""
    qualifier = stated.qualifier
    if qualifier is Qualifier.ALL and kind in (ValueKind.PERCENT, ValueKind.RATIO):
        return Reading(100.0, Qualifier.ALL, repairs=(Repair.QUALIFIED,))
    if qualifier in (Qualifier.ALL, Qualifier.MOST, Qualifier.SOME):
        return Reading(None, qualifier, repairs=stated.repairs)
    return Reading(problem=wrong)


def _ratio(stated: _Stated, top: _Number, bottom: _Number, kind: ValueKind, wrong: Problem) -> Reading:
    problem = top.problem or bottom.problem
    countable = kind in (ValueKind.RATIO, ValueKind.PERCENT) and stated.qualifier in _OF_RATIOS and not stated.percent
    if not countable or stated.scale or problem not in (None, Problem.AMBIGUOUS_NUMBER):
        return Reading(problem=wrong)
    if problem or not (_is_whole(top.value) and _is_whole(bottom.value)):
        return Reading(problem=problem or wrong)
    if bottom.value == 0:
        return Reading(problem=Problem.ZERO_DENOMINATOR)
    as_counts = (Repair.PERCENT_AS_COUNTS,) if kind is ValueKind.PERCENT else ()
    return _settled(
        Reading(
            float(100 * top.value / bottom.value),
            stated.qualifier or Qualifier.EXACT,
            numerator=float(top.value),
            denominator=float(bottom.value),
            repairs=as_counts + stated.repairs,
        )
    )


def _figure(stated: _Stated, number: _Number, kind: ValueKind) -> Reading:
    if number.problem:
        return Reading(problem=number.problem)
    value = number.value * (stated.scale or 1) * (-1 if stated.negative else 1)
    if kind is ValueKind.COUNT and not _is_whole(value):
        eaten = number.dotted and stated.scale is None
        return Reading(problem=_count_problem(float(value)) if eaten else Problem.FRACTION_OF_COUNT)
    if kind is ValueKind.PERCENT and not stated.percent and 0 < abs(value) <= 1:
        return Reading(problem=Problem.SHARE_OR_PERCENT)
    plain = float(value)
    if not math.isfinite(plain):
        return Reading(problem=Problem.NOT_A_NUMBER)
    rounded = Qualifier.APPROX if stated.scale else Qualifier.EXACT
    return _settled(Reading(plain + 0.0, stated.qualifier or rounded, repairs=stated.repairs))


def _settled(reading: Reading) -> Reading:
    """A stated 0 is a declared zero; "hơn 0" is not."""
    is_zero = reading.value == 0 and reading.qualifier is Qualifier.EXACT
    return replace(reading, status=CellStatus.DECLARED_ZERO) if is_zero else reading


# ------------------------------------------------------------------------------------------------ numbers and dates


def check_number(value: float, kind: ValueKind, text: str = "", unit_words: Sequence[str] = ()) -> Reading:
    """Judge a number cell; never raises.

    A count with a fraction is a problem (:class:`~domain.reading.Problem`). In a percent cell 0 < x ≤ 1 (or its
    negative) is asked about: 1 is what a spreadsheet keeps of a typed "100 %", and may be 1 % as well. Only when
    ``text``, the number as the cell shows it, bears a percent sign is it taken for the share it is: a typed "105 %" is
    kept as 1.05. Where neither the kind nor the ``unit_words`` speak of percent, a number shown as one is no number.
    """
    if not math.isfinite(value):
        return Reading(problem=Problem.NOT_A_NUMBER)
    if kind is ValueKind.RATIO:
        return Reading(problem=Problem.NOT_A_RATIO)
    if "%" in text and kind in (ValueKind.COUNT, ValueKind.QUANTITY, ValueKind.PERCENT):
        in_percent = kind is ValueKind.PERCENT or (kind is ValueKind.QUANTITY and "%" in unit_words)
        return _share(value, text) if in_percent else Reading(problem=Problem.NOT_A_NUMBER)
    if kind is ValueKind.COUNT and (problem := _count_problem(value)):
        return Reading(problem=problem)
    if kind is ValueKind.PERCENT and 0 < abs(value) <= 1:
        return Reading(problem=Problem.SHARE_OR_PERCENT)
    if kind is ValueKind.DATE:
        return Reading(problem=Problem.NOT_A_DATE)
    if kind in (ValueKind.TEXT, ValueKind.CODE, ValueKind.LIST):
        return Reading()
    return _settled(Reading(float(value) + 0.0))


def _share(value: float, text: str) -> Reading:
    shown = parse_figure(text, ValueKind.PERCENT)
    if shown.value is None or abs(shown.value - value * 100) > 1:
        return Reading(problem=Problem.SHARE_OR_PERCENT)
    return _settled(Reading(float(Decimal(str(value)) * 100) + 0.0, repairs=(Repair.PERCENT_AS_SHARE,)))


def check_date(text: str, kind: ValueKind) -> Reading:
    """Judge a date cell (``2026-08-08``, with or without a time, or ``08/08/2026``) where a figure was asked.

    In a ratio cell a typed 6/8 became a date; a part is never greater than its whole, so the smaller of day and month
    is the numerator, whichever order the spreadsheet's language has. The first of a month is not recovered: 5/26
    becomes 1 May 2026 just as 1/5 does.
    """
    day = parse_date(text)
    if kind is ValueKind.DATE:
        return Reading() if day else Reading(problem=Problem.NOT_A_DATE)
    if kind in (ValueKind.TEXT, ValueKind.CODE, ValueKind.LIST):
        return Reading()
    if kind is not ValueKind.RATIO or day is None or day.day == 1:
        return Reading(problem=Problem.DATE_IN_NUMBER)
    part, whole = sorted((day.day, day.month))
    return Reading(100 * part / whole, numerator=float(part), denominator=float(whole), repairs=(Repair.RATIO_AS_DATE,))


_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[t ][0-9:.]+z?)?")
_WRITTEN_DATE = re.compile(
    r"(?:(?P<weekday>[^\W\d_]+ [^\W\d_]+),? )?(?P<day>[0-9]{1,2})(?P<mark>[/.-])(?P<month>[0-9]{1,2})(?P=mark)"
    r"(?P<year>[0-9]{4})(?:[ ,-]+[0-9]{1,2}[:h][0-9:]*'?)?"
)
_WEEKDAYS = {
    fold_text(word): number
    for number, word in enumerate(("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật"))
}


def parse_date(text: str) -> date | None:
    """The day a text names: ``29/02/2024`` (day first, always), ``Thứ ba, 03/02/2015 - 14:56'`` or ISO 8601.

    ``None`` when there is no such day or when the weekday beside it is another one.
    """
    folded = _clean(text)
    if iso := _ISO_DATE.fullmatch(folded):
        return _day(iso[1], iso[2], iso[3])
    written = _WRITTEN_DATE.fullmatch(folded)
    if not written:
        return None
    day = _day(written["year"], written["month"], written["day"])
    if day and written["weekday"] and _WEEKDAYS.get(written["weekday"]) != day.weekday():
        return None
    return day


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
