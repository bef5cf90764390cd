"""Numbers, years and days in running text: what a sentence states as a figure, and where it stands.

Most numbers of a Vietnamese report are no figures: days, years, numbers of documents, groups and hamlets, enumerators,
names in quotes. What may be one of these is passed over: a figure that is not read costs nothing, one that is read
wrongly accuses a report. How a number itself is read is the matter of :mod:`domain.parse`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from domain.names import CAPITALS, fold_in_place, fold_text, fold_tones, plain
from domain.observation import ValueKind
from domain.parse import PLACE_NOUNS, QUALIFIERS, SCALES, any_of, parse_date, parse_figure
from domain.quantity import Interval, Qualifier, Quantity
from domain.reading import Reading


@dataclass(frozen=True, slots=True)
class Mention:
    """A number that a text states. ``text[start:end]`` is the number with the word that qualifies it.

    ``value`` as in :class:`domain.reading.Reading` (percent as 97.49; of 62/62 the percentage, with both counts);
    ``step``: one unit of the last digit that was printed, 0.01 for 97,49.
    """

    start: int
    end: int
    value: float
    qualifier: Qualifier
    percent: bool
    step: float
    numerator: float | None = None
    denominator: float | None = None

    @property
    def allowed(self) -> Interval:
        """Every value of which the words would not be wrong, in the widest reading people use.

        Wider than the loose interval of :class:`domain.quantity.Quantity`: "trên 95 %" is said of 97, and "97 %" of
        97.49; so "hơn" reaches as far as the unit of the first digit, and a number with decimals or a percent sign may
        be rounded or cut off.
        """
        if self.qualifier is Qualifier.GT:
            return Interval(self.value, self.value + _first_unit(self.value))
        rounded = self.step if self.percent or self.step < 1 else 0.0
        if self.qualifier is Qualifier.EXACT:
            return Interval(self.value - rounded, self.value + rounded)
        loose = Quantity(self.value, self.qualifier, integer=False).loose or Interval(self.value, self.value)
        wide = self.step * (5 if round(self.value / self.step) % 10 == 5 else 1)
        rounds = self.qualifier in (Qualifier.APPROX, Qualifier.APPROX_BELOW)
        return Interval(min(loose.low, self.value - (wide if rounds else rounded)), max(loose.high, self.value))


@dataclass(frozen=True, slots=True)
class Year:
    """A year that a text names; ``in_day``: as part of a day or month."""

    start: int
    end: int
    year: int
    in_day: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A day that a text names, with the day of the week where it stands before; ``None``: there is no such day."""

    start: int
    end: int
    day: date | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """``text[start:end]``; ``intro`` is where the line that introduces its list begins ("Lĩnh vực đất đai:")."""

    start: int
    end: int
    intro: int


@dataclass(frozen=True)
class Running:
    """A text that was read. ``text`` is :func:`domain.names.plain`, ``folded`` the same letter by letter, in lower case
    and with one way of placing tones: every position is one in both."""

    text: str
    folded: str
    mentions: tuple[Mention, ...]
    years: tuple[Year, ...]
    days: tuple[Day, ...]

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(_sentences(self.text))

    @cached_property
    def _starts(self) -> list[int]:
        return [sentence.start for sentence in self.sentences]

    def sentence_at(self, position: int) -> int:
        """The number of the sentence in which a position lies."""
        return max(0, bisect_right(self._starts, position) - 1)

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """The part of the sentence round a place, between commas, brackets and the like."""
        sentence = self.sentences[self.sentence_at(start)]
        before = [found.end() for found in _CLAUSE_END.finditer(self.text, sentence.start, start)]
        after = _CLAUSE_END.search(self.text, end, sentence.end)
        return (before[-1] if before else sentence.start), (after.start() if after else sentence.end)

    def excerpt(self, start: int, end: int, length: int = 60) -> str:
        """The words round a place on one line, at most ``length`` characters, cut between words."""
        return _excerpt(self.text, start, end, length)


def read_running(text: str, counted: re.Pattern[str] | None = None) -> Running:
    """Read a text of any length; never raises, whatever the text. Positions are those of ``plain(text)``.

    With ``counted`` only numbers are mentions behind which the folded text goes on like this: the measures one looks
    for. That saves most of the work.
    """
    clean = plain(text)
    folded = fold_in_place(clean)
    quotes = [found.span() for found in _QUOTED.finditer(clean)]
    mentions: list[Mention] = []
    years: list[Year] = []
    days: list[Day] = []
    for found in _numerals(folded):
        match found.lastgroup:
            case "day":
                days.append(_day(folded, found))
                years.append(Year(found.end() - 4, found.end(), int(folded[found.end() - 4 : found.end()]), True))
            case "month":
                years.append(Year(found.end() - 4, found.end(), int(folded[found.end() - 4 : found.end()]), True))
            case "years":
                years.extend(Year(at.start(), at.end(), int(at[0])) for at in _FOUR.finditer(folded, *found.span()))
            case "spoken_day":
                days.append(_spoken_day(found))
            case "number":
                _read_number(clean, folded, found, quotes, mentions, years, counted)
    return Running(clean, folded, tuple(mentions), tuple(years), tuple(days))


# ------------------------------------------------------------------------------------------------ what a numeral is


def folded_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern for folded text: its words are written as people write them."""
    return re.compile(fold_tones(pattern), flags)


_LETTERS = r"[a-zđ]{1,8}[0-9]{0,2}"
_DIGITS = r"(?:[1-9][0-9]{0,2}(?:[  ][0-9]{3})+(?![0-9])|[0-9]+(?:[.,][0-9]+)*)"
#: Whatever begins with a digit, the longer and the more certain before the shorter; only ``number`` may be a figure.
_NUMERAL = folded_pattern(
    rf"""(?<!\w)(?<![^\W_][-–/.,])(?<![^\W\d_]\+)(?<![0-9][/.,])(?:
      (?P<spoken_day>(?<=ngày[ ])[0-9]{{1,2}}[ ]tháng[ ][0-9]{{1,2}}(?:[ ]năm[ ][0-9]{{4}})?(?!\w))
    | (?P<day>[0-9]{{1,2}}(?P<mark>[/.-])[0-9]{{1,2}}(?P=mark)[0-9]{{4}}(?!\w))
    | (?P<iso>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?!\w))
    | (?P<document>[0-9]+[a-z]?\s?[-–/]\s?(?:[0-9]{{4}}\s?/\s?)?{_LETTERS}(?:\s?[-–/]\s?{_LETTERS})+(?!\w)
        | [0-9]+[-–/](?:[0-9]{{4}}/)?{_LETTERS}(?!\w))
    | (?P<month>[0-9]{{1,2}}\s?/\s?(?:19|20)[0-9]{{2}}(?!\w))
    | (?P<clock>[0-9]{{1,2}}(?::[0-9]{{2}})+|[0-9]{{1,2}}\s?(?:h|giờ)\s?[0-9]{{0,2}}(?!\w))
    | (?P<years>(?:19|20)[0-9]{{2}}(?:\s?[-–/,]\s?(?:và[ ])?(?:19|20)[0-9]{{2}})+(?![\w%]))
    | (?P<phone>0[0-9]{{2,3}}[. ][0-9]{{3}}[. ]?[0-9]{{3,4}}(?!\w)|0[0-9]{{2,}}(?!\w)|[0-9]{{9,}}(?!\w))
    | (?P<of>[0-9]+[ ]trong[ ][0-9]+)
    | (?P<range>{_DIGITS}\s?%?\s?(?:-|–|đến|tới)\s?{_DIGITS}(?!\w)|{_DIGITS}(?:/{_DIGITS}){{2,}})
    | (?P<number>{_DIGITS}(?:/{_DIGITS})?(?:\s?(?:{any_of(tuple(SCALES))}))?(?:\s?(?:%|％|phần\ trăm(?!\w)))?)
    )""",
    re.VERBOSE,
)
_RUN = re.compile(r"[0-9]+")
_FOUR = re.compile(r"[0-9]{4}")
_DIGITS_ALONE = re.compile(_DIGITS)
_PERCENT_SIGN = folded_pattern(r"%|％|phần trăm")

#: Words that make an ordinal of the number behind them, whatever follows it.
_ALWAYS_ORDINAL = (
    "số", "thứ", "khóa", "đợt", "giai đoạn", "mức độ", "cấp độ", "điều", "khoản", "chương", "phụ lục", "biểu", "bảng",
    "trang", "lớp", "hạng", "quận", "quốc lộ", "khu phố", "khu vực", "ngày", "tháng", "quý", "kỳ", "vòng", "bước",
    "nghị quyết", "chỉ thị", "kết luận", "quyết định", "quy định", "thông tư", "nghị định", "hướng dẫn", "công văn",
    "trung ương", "thông báo", "quy chế", "tờ trình", "hội nghị trung ương", "vụ", "tiết", "câu", "ngạch", "bậc",
)  # fmt: skip
#: Words that do so only when no word goes on behind the number: "Tổ 1 - Khối vận" but "các tổ 19 cuộc".
_SOMETIMES_ORDINAL = (
    "tổ", "khối", "nhóm", "cụm", "đội", "chi bộ", "ấp", "thôn", "bản", "làng", "xóm", "khóm", "buôn", "phường", "xã",
    "mục", "điểm", "phần", "loại", "cấp", "mẫu", "luật", "đề án", "kế hoạch", "chương trình", "mô hình", "tiêu chí",
    "nội dung", "nhiệm vụ", "tuyến", "đường", "trường", "trạm", "cột", "dòng", "ô", "tdp", "tổ dân phố", "đại hội",
)  # fmt: skip
#: "tổng số 980 phiếu", "trong số 62 người": here số is a sum.
_A_SUM = ("tổng số", "trong số", "con số", "quân số", "dân số", "sĩ số")
_BEHIND_YEAR = folded_pattern(r"(?<!\w)năm\s$")
_BEHIND_YEAR_WORD = folded_pattern(
    r"(?:năm|năm học|đến|từ|từ năm|đến năm|hết|giai đoạn|nhiệm kỳ|niên độ|chuyên đề|chủ đề|đại hội|luật|vụ|mùa|tết|xuân"
    r"|quý [ivx0-9]+|tháng [0-9]+)[ /,]*$"
)
_TIME_WORDS = ("giây", "phút", "giờ", "tuần", "tháng", "năm", "tuổi", "thế kỷ", "thập kỷ", "thập niên", "quý")


def _folded(phrases: tuple[str, ...]) -> str:
    return any_of(tuple(fold_text(phrase) for phrase in phrases))


_ORDINAL = frozenset(map(fold_text, _ALWAYS_ORDINAL))
_ORDINAL_ALONE = frozenset(map(fold_text, _SOMETIMES_ORDINAL))
_SUMS = frozenset(map(fold_text, _A_SUM))
_GOES_ON = re.compile(rf"\s*(?![{CAPITALS}])[^\W\d_]")
_LASTS = folded_pattern(rf"\s?{_folded(_TIME_WORDS)}")
_POINTS = folded_pattern(r"\s?điểm (?:%|phần trăm)")
_GLUED = folded_pattern(r"[^\W_]|[.,/-][^\W_]")
_ENUMERATED = folded_pattern(r"(?:^|[\n.;:!?])[\s*•+–-]*\(?$")
_ENUMERATOR = folded_pattern(r"(?:\.?\)|[./])(?=\s|$)|\.[0-9]")
_SAID_BETWEEN = frozenset(map(fold_text, ("đạt", "được", "có", "là")))
_SYMBOL = folded_pattern(r"(?:>=|<=|[<>≥≤~≈])\s*$")
_PLACE = folded_pattern(rf"\s*{_folded(PLACE_NOUNS)}")
_DIRECTION = folded_pattern(r"\s*(?:[^\W\d_]+\s+){0,3}trở (?P<way>lên|xuống)(?!\w)")
_IN_DAY = folded_pattern(r"(?:ngày|hết|đến|trước|sáng|chiều|tối|dịp|lễ|mừng|từ|rằm)\s*$")
_WEEKDAY = folded_pattern(r"(?<!\w)(?P<weekday>thứ [^\W\d_]+|chủ nhật),? (?:ngày )?$")
_QUOTED = re.compile(r"“[^“”\n]{0,250}[”\"]|\"(?=\S)[^\"\n]{0,150}\"|«[^»\n]{0,250}»|‘[^’\n]{0,150}’")
_OPENING = re.compile(r"[“\"«‘'’”]\s?$")
#: How far to the left the words stand that say what a number is.
_LEFT = 40
#: Read no number: only years and days are wanted.
NOTHING = re.compile(r"(?!)")

_QUALIFIER_OF_SYMBOL = {
    ">": Qualifier.GT, "<": Qualifier.LT, ">=": Qualifier.GE, "≥": Qualifier.GE, "<=": Qualifier.LE, "≤": Qualifier.LE,
    "~": Qualifier.APPROX, "≈": Qualifier.APPROX,
}  # fmt: skip
_OVER = fold_text("trên")


def _numerals(folded: str) -> Iterator[re.Match[str]]:
    at = 0
    while run := _RUN.search(folded, at):
        found = _NUMERAL.match(folded, run.start())
        at = found.end() if found else run.end()
        if found:
            yield found


def _day(folded: str, found: re.Match[str]) -> Day:
    """A written day; with the day of the week before it, when one is there."""
    before = _WEEKDAY.search(folded, max(0, found.start() - _LEFT), found.start())
    if not before or before["weekday"] not in _WEEKDAYS:
        return Day(found.start(), found.end(), parse_date(found[0]))
    return Day(before.start(), found.end(), parse_date(f"{before['weekday']} {found[0]}"))


_WEEKDAYS = frozenset(
    fold_text(name) for name in ("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật")
)


def _spoken_day(found: re.Match[str]) -> Day:
    """ "ngày 29 tháng 02 năm 2024"; without a year any leap year will do."""
    day, month, *year = (int(part) for part in re.findall(r"[0-9]+", found[0]))
    return Day(found.start(), found.end(), parse_date(f"{day}/{month}/{year[0] if year else 2024:04d}"))


def _read_number(
    text: str,
    folded: str,
    found: re.Match[str],
    quotes: list[tuple[int, int]],
    mentions: list[Mention],
    years: list[Year],
    counted: re.Pattern[str] | None,
) -> None:
    """Add the number to the mentions, or to the years, or pass it over."""
    start, end = found.span()
    left = folded[max(0, start - _LEFT) : start]
    if _is_year(found[0], left, text, end):
        years.append(Year(start, end, int(found[0])))
    elif counted is not None and not counted.match(folded, end):
        return
    elif not _is_no_figure(text, folded, found, left, quotes):
        mention = _mention(folded, start, end, left)
        if mention:
            mentions.append(mention)


def _is_year(digits: str, left: str, text: str, end: int) -> bool:
    """Four digits are a year behind "năm"; 1800…2199 also behind other words of time, or where nothing is counted."""
    if len(digits) != 4 or not digits.isdecimal():
        return False
    if _BEHIND_YEAR.search(left):
        return True
    return "1800" <= digits < "2200" and bool(_BEHIND_YEAR_WORD.search(left) or not _GOES_ON.match(text, end))


def _is_no_figure(text: str, folded: str, found: re.Match[str], left: str, quotes: list[tuple[int, int]]) -> bool:
    start, end = found.span()
    return (
        _GLUED.match(folded, end) is not None
        or _LASTS.match(folded, end) is not None
        or _POINTS.match(folded, end) is not None
        or any(opened < start < closed for opened, closed in quotes)
        or _OPENING.search(left) is not None
        or _is_ordinal(text, end, left)
        or _is_enumerator(folded, found, left)
    )


def _is_ordinal(text: str, end: int, left: str) -> bool:
    if _ends_with(_ORDINAL, left):
        return not _ends_with(_SUMS, left)
    return bool(_ends_with(_ORDINAL_ALONE, left)) and not _GOES_ON.match(text, end) and not text.startswith("%", end)


def _ends_with(phrases: frozenset[str] | Mapping[str, Qualifier], left: str) -> str:
    """The longest of the phrases (of up to three words) that stands right before; empty for none."""
    words = left.split()[-3:]
    tails = (" ".join(words[at:]) for at in range(len(words)))
    return next((tail for tail in tails if tail in phrases), "")


def _is_enumerator(folded: str, found: re.Match[str], left: str) -> bool:
    """ "(1)", and "1." or "1.2" where a line or sentence begins."""
    start, end = found.span()
    if left.endswith("(") and folded.startswith(")", end):
        return True
    if end - start > 5 or not (_ENUMERATED.search(left) if start else True):
        return False
    return bool(_ENUMERATOR.match(folded, end)) or bool(re.fullmatch(r"[0-9]\.[0-9]{1,2}(?:\.[0-9])?", found[0]))


def _mention(folded: str, start: int, end: int, left: str) -> Mention | None:
    piece = folded[start:end]
    if "/" in piece:
        return _ratio(piece, start, end, left)
    percent = _PERCENT_SIGN.search(piece) is not None
    reading = _read(piece, ValueKind.PERCENT if percent else ValueKind.QUANTITY)
    if reading.value is None:
        return None
    begins, qualifier = _qualifier(folded, start, end, left)
    digits = _DIGITS_ALONE.match(piece)
    alone = _read(digits[0], ValueKind.QUANTITY).value if digits else None
    step = _step(digits[0] if digits else "") * (round(reading.value / alone) if alone and not percent else 1)
    return Mention(begins, end, reading.value, qualifier or reading.qualifier, percent, max(step, 1e-6))


def _ratio(piece: str, start: int, end: int, left: str) -> Mention | None:
    """ "62/62"; behind a word of time 8/8 is a day."""
    reading = _read(piece, ValueKind.RATIO)
    up, down = reading.numerator, reading.denominator
    if reading.value is None or up is None or down is None or up > down or _IN_DAY.search(left):
        return None
    return Mention(start, end, reading.value, Qualifier.EXACT, False, 1.0, up, down)


@lru_cache(maxsize=20_000)
def _read(piece: str, kind: ValueKind) -> Reading:
    return parse_figure(piece, kind)


def _qualifier(folded: str, start: int, end: int, left: str) -> tuple[int, Qualifier | None]:
    """Where the statement begins, and the word that qualifies it; "trên" before a place is none."""
    if direction := _DIRECTION.match(folded, end):
        return start, Qualifier.GE if direction["way"] == "lên" else Qualifier.LE
    before = left.rstrip()
    if (said := before.rpartition(" ")[2]) in _SAID_BETWEEN:
        before = before[: -len(said)]
    if word := _ends_with(QUALIFIERS, before):
        if word == _OVER and _PLACE.match(folded, end):
            return start, None
        begins = before.rfind(word.split()[0])
        return start - len(left) + begins, QUALIFIERS[word]
    if symbol := _SYMBOL.search(left):
        return start - len(left) + symbol.start(), _QUALIFIER_OF_SYMBOL[symbol[0].strip()]
    return start, None


def _step(digits: str) -> float:
    """The unit of the last digit printed; a dot between thousands prints every digit."""
    fraction = re.search(r"(?:,|(?<!\d)\d+\.(?!\d{3}(?:\D|$)))([0-9]+)$", digits)
    return 10.0 ** -len(fraction[1]) if fraction else 1.0


def _first_unit(value: float) -> float:
    """110 → 100, 95 → 10, 8 → 1: the unit of the first digit, at least 1."""
    whole = f"{abs(value):.0f}"
    return 10.0 ** (len(whole) - 1)


# ------------------------------------------------------------------------------------------------ sentences

_CLAUSE_END = re.compile(r"[,;:()\n](?!\d)|[.!?…](?=\s|$)")
_BORDER = re.compile(r"[.!?…]+[\"”»)\]]*(?=\s|$)|\n+")
_ABBREVIATED = re.compile(r"(?:^|[\s(])(?:TP|Tp|tp|TX|TT|P|Q|H|T|Th\.?S|TS|PGS|GS|BS|v\.v|đ/c|Đ/c|ĐC|Mr|Mrs|No)$")
_BULLET = re.compile(r"\s*[-–+*•]")


def _sentences(text: str) -> Iterator[Sentence]:
    start, intro = 0, 0
    for border in _BORDER.finditer(text):
        if border.start() < start or _goes_on(text, start, border):
            continue
        yield Sentence(start, border.end(), _intro(text, start, intro))
        intro = _intro_after(text, start, border.start(), intro)
        start = border.end()
    if start < len(text) or not text:
        yield Sentence(start, len(text), _intro(text, start, intro))


def _goes_on(text: str, start: int, border: re.Match[str]) -> bool:
    """A dot behind an abbreviation or an enumerator ends no sentence."""
    before = text[start : border.start()].strip()
    return border[0] == "." and (before.isdecimal() or bool(_ABBREVIATED.search(text[start : border.start()])))


def _intro(text: str, start: int, intro: int) -> int:
    return intro if _BULLET.match(text, start) else start


def _intro_after(text: str, start: int, end: int, intro: int) -> int:
    """Where the introduction of the next lines begins: a line with a colon at its end, through all its bullets."""
    if text[start:end].rstrip().endswith(":"):
        return _intro(text, start, intro)
    return intro if _BULLET.match(text, start) else end


# ------------------------------------------------------------------------------------------------ excerpts


def _excerpt(text: str, start: int, end: int, length: int) -> str:
    end = min(end, start + length)
    room = max(0, length - (end - start) - 2)
    first, last = max(0, start - room // 2), min(len(text), end + room - room // 2)
    while 0 < first < start and not text[first - 1].isspace():
        first += 1
    while end < last < len(text) and not text[last].isspace():
        last -= 1
    words = " ".join(text[first:last].split())
    if not words.isprintable():
        words = "".join(letter if letter.isprintable() else " " for letter in words)
    return f"{'…' if first else ''}{words}{'…' if last < len(text) else ''}"
