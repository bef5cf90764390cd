"""What the sentences of a paragraph claim: figures of the report they speak of, and years that something was done in.

A number is taken for a figure of the report only where a phrase says so and nothing round it says otherwise: that it is
of another year, of a part, of somebody else, of each one, or planned. Whatever is in doubt is no claim.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.names import CAPITALS, fold_name, fold_text
from domain.running import Mention, Running, Sentence, Year, folded_pattern

# ------------------------------------------------------------------------------------------------ vocabulary


def _word(*words: str) -> re.Pattern[str]:
    return folded_pattern(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)")


#: Words between what a number is and the number itself; they change nothing.
_FILLERS = frozenset(
    fold_text(word) for word in ("là", "được", "đạt", "có", "với", "đã", "tổng", "số", "cộng", "trên", "khoảng")
)
#: What may stand behind a figure that is the whole: the clause ends, or goes on to something else.
_GOES_ON = folded_pattern(
    r"\s*(?:$|[.;!?)…\n/–-]|,\s*(?:(?:hơn|gần|trên|khoảng)?\s*\d|(?:trong đó|với|có|đạt|đã|qua đó|góp phần|tăng|giảm"
    r"|chiếm|bằng|gồm|bao gồm|thu hút|không|chưa|còn|các|được|tỷ lệ)(?!\w))"
    r"|\((?:tăng|giảm|đạt|chiếm|bằng|trong đó|gồm|so với|tỷ lệ|\d)"
    r"|(?:và|với|có|cho)\s(?:hơn |gần |trên |khoảng )?\d|(?:với|có|đạt|tăng|giảm|chiếm|bằng|trong đó|trong kỳ|trong quý"
    r"|trong năm|năm \d)(?!\w)|,?\s*(?:và )?(?:hoàn thành|tiếp tục|bảo đảm|nâng cao|đẩy mạnh|giữ vững|phấn đấu)(?!\w))"
)
_CLAUSE_ENDS = folded_pattern(r"\s*(?:$|[.;!?)…\n(–-]|,|và\s(?:hơn |gần |trên |khoảng )?\d|gồm|trong đó)")
_CLAUSE_BEGINS = folded_pattern(
    r"(?:^|[,.;:!?(…\n–-]|(?<!\w)(?:hiện|hiện nay|đến nay|nay|toàn|và|còn|gồm|trong đó|hằng năm)|năm \d{4})\s*$"
)
#: Words before a phrase that turn it into something else: "chưa giải quyết", "trước và đúng hạn", "để tiếp nhận".
_TURNED = folded_pattern(
    r"(?<!\w)(?:và|hoặc|cùng|không|chưa|trước|sau|nếu|để|khi|sẽ|cần|phải|tăng|giảm|thêm|vượt|hơn|trong số|bị|việc|từng"
    r"|mỗi|các|những|một|nhiều|vài|số|từ|do|thay|yêu cầu|đề nghị|nhằm|được|chậm|muộn|sót|thiếu)\s*$"
)
_PLANNED = _word(
    "phấn đấu", "chỉ tiêu", "mục tiêu", "dự kiến", "dự toán", "sẽ", "năm tới", "kỳ tới", "quý tới", "tháng tới",
    "thời gian tới", "nghị quyết đề ra", "kế hoạch đề ra", "kế hoạch giao", "theo kế hoạch", "được giao", "yêu cầu",
    "tối thiểu", "theo quy định", "đề nghị", "cần", "nếu", "quyết tâm",
)  # fmt: skip
#: Of one of many, or of each: said of the numbers up to the next semicolon.
_EACH = _word(
    "mỗi", "bình quân", "trung bình", "từng", "riêng", "điển hình", "tiêu biểu", "ví dụ", "chẳng hạn", "như", "một số",
    "nhiều nơi", "cá biệt", "đợt", "lần thứ", "cao điểm", "đầu tiên", "trong số", "có nơi",
)  # fmt: skip
#: Of a part, or of another body: said of all numbers of the sentence.
_PARTIAL = _word(
    "lĩnh vực", "cấp tỉnh", "cấp huyện", "cấp xã", "cấp cơ sở", "trực tuyến", "bưu chính", "hđnd", "mặt trận", "ubmttq",
    "mttq", "công đoàn", "đoàn thanh niên", "hội phụ nữ", "hội nông dân", "cựu chiến binh", "ubkt", "ủy ban kiểm tra",
    "đoàn thể", "doanh nghiệp",
)  # fmt: skip
_LIMITED_TO = _word("đối với")
_COMPARED_WITH = _word("so với")
_OTHER_TIME = _word(
    "cùng kỳ", "năm trước", "năm ngoái", "kỳ trước", "quý trước", "tháng trước", "những năm", "các năm", "nhiệm kỳ",
    "giai đoạn", "từ năm", "từ khi", r"(?<!ngay )từ đầu", "lũy kế", "trước đây", "trước khi", r"\d+ năm", "mỗi năm",
    r"tháng \d+", r"quý [ivx\d]+", r"\d+ tháng", r"(?<!ngay từ )đầu năm", "cuối năm", "nửa đầu", "nửa cuối", "ngày",
    "tuần", "trong buổi",
)  # fmt: skip
_WIDER = _word(
    "toàn tỉnh", "toàn huyện", "toàn xã", "toàn quốc", "toàn ngành", "toàn thành phố", "toàn thị xã", "toàn phường",
    "toàn đảng", "cả nước", "cả tỉnh", "toàn khối", "toàn đảng bộ tỉnh", "toàn đảng bộ huyện",
)  # fmt: skip
_KIND_OF_UNIT = (
    "chi bộ|đảng bộ bộ phận|đảng bộ|đảng ủy|đảng uỷ|tổ|thôn|ấp|bản|làng|xóm|buôn|khóm|khu phố|tổ dân phố|tdp|xã|phường"
    "|thị trấn|huyện|quận|thành phố|thị xã|tỉnh|sở|phòng|ban|trường|công an|hội|đoàn|khối|cụm|nhóm|đội|trạm|bệnh viện"
    "|trung tâm|công ty|văn phòng|ủy ban|chi cục|cục|hợp tác xã|htx|tp|ubnd"
)
#: "Chi bộ 3", "xã Than Uyên": a unit by its name. The committees of a unit are itself.
_NAMED_UNIT = re.compile(
    rf"(?<!\w)(?:(?i:{_KIND_OF_UNIT})\s+){{0,3}}((?i:{_KIND_OF_UNIT})\s+(?:số\s+)?"
    rf"(?!Thường vụ|Chấp hành|Bí thư|Trung ương)(?:\d+|[{CAPITALS}]\w*(?:\s+[{CAPITALS}]\w*)*))"
)

# ------------------------------------------------------------------------------------------------ phrases


@dataclass(frozen=True, slots=True)
class Spoken:
    """One phrase for the figure ``subject``: the words before the number, its measure, the words behind."""

    subject: int
    before: str
    measure: str
    after: str
    begins: bool  # the clause must begin with it
    ends: bool  # the clause must end with it
    open: bool  # whatever follows
    falling: bool = False
    follows: int | None = None
    planned: bool = False  # it speaks of a target

    @property
    def length(self) -> int:
        return len(self.before) + len(self.measure) + len(self.after)


def spoken(
    subject: int,
    phrase: str,
    measures: Iterable[str],
    *,
    falling: bool = False,
    follows: int | None = None,
    planned: bool = False,
) -> Iterator[Spoken]:
    """The phrase of a definition (``tiếp nhận {n}``) once for each measure that may stand behind the number."""
    before, _, after = (fold_text(part).strip() for part in phrase.partition("{n}"))
    begins, ends, open_ = before.startswith("|"), after.endswith("|"), after.endswith("…")
    before, after = _without_fillers(before.removeprefix("|").strip()), after.rstrip("|…").strip()
    for measure in measures:
        yield Spoken(subject, before, fold_text(measure), after, begins, ends, open_, falling, follows, planned)


def _without_fillers(left: str) -> str:
    """The words before a number without those next to it that change nothing."""
    while True:
        left = left.rstrip(": \t\n\u00a0")
        last = left.rpartition(" ")[2]
        if last not in _FILLERS:
            return left
        left = left[: -len(last)]


@dataclass(frozen=True, slots=True)
class Claim:
    """A number that the words next to it make a figure of ``subject``; ``negative``: the number of a fall."""

    subject: int
    mention: Mention
    phrase: Spoken

    @property
    def negative(self) -> bool:
        return self.phrase.falling


@dataclass(frozen=True, slots=True)
class Bearing:
    """What must hold of a report for a claim to be about it.

    ``first_year``, ``last_year``: years named round the number, 0 for none. ``base_year``: the year a growth is said to
    be counted from. ``named``: a unit the sentence names (folded). ``wider``: it speaks of a whole province, district,
    commune.
    """

    first_year: int
    last_year: int
    base_year: int
    named: str
    wider: bool


class Phrasebook:
    """Finds claims; built once from the phrases of a form."""

    def __init__(self, phrases: Iterable[Spoken]) -> None:
        self._by_word: dict[str, dict[str, list[Spoken]]] = defaultdict(lambda: defaultdict(list))
        for phrase in phrases:
            self._by_word[phrase.measure.split(" ")[0]][phrase.measure].append(phrase)
        measures = {measure for by_measure in self._by_word.values() for measure in by_measure} - {"%"}
        in_words = "|".join(sorted(map(re.escape, measures), key=len, reverse=True))
        #: What goes on behind a number that may be a claim; the percent sign is part of the number.
        self.counted = re.compile(rf"(?<=%)|(?<={fold_text('phần trăm')})|\s*(?:{in_words})(?!\w)")

    def claims(self, running: Running) -> list[Claim]:
        """Every number that a phrase makes a figure of the report, in the order of the text."""
        found: list[Claim] = []
        last: tuple[int, int] | None = None  # sentence and subject of the mention before
        for mention in running.mentions:
            by_measure = self._measured(running, mention)
            if not by_measure:
                continue
            number = running.sentence_at(mention.start)
            before = last[1] if last and last[0] == number else None
            phrase = _phrase(running, running.sentences[number], mention, by_measure, before)
            last = (number, phrase.subject) if phrase else None
            if phrase:
                found.append(Claim(phrase.subject, mention, phrase))
        return found

    def _measured(self, running: Running, mention: Mention) -> dict[str, list[Spoken]] | None:
        """The phrases whose measure may stand behind the number, by measure."""
        if mention.numerator is not None:
            return None
        return self._by_word.get("%" if mention.percent else _first_word(running.folded, mention.end))


def _phrase(
    running: Running, sentence: Sentence, mention: Mention, by_measure: dict[str, list[Spoken]], before: int | None
) -> Spoken | None:
    """The one longest phrase that the words round a number make up; none where two are equally long."""
    right = running.folded[mention.end : sentence.end].lstrip()
    left = _without_fillers(running.folded[max(sentence.start, mention.start - _FAR) : mention.start])
    fitting: list[Spoken] = []
    for measure, phrases in by_measure.items():
        if measure == "%" or _starts(right, measure):
            rest = right if measure == "%" else right[len(measure) :].lstrip(" ")
            fitting.extend(
                phrase
                for phrase in phrases
                if left.endswith(phrase.before)
                and (phrase.follows is None or phrase.follows == before)
                and _fits(phrase, left, rest)
            )
    longest = max((phrase.length for phrase in fitting), default=0)
    best = [phrase for phrase in fitting if phrase.length == longest]
    return best[0] if len({phrase.subject for phrase in best}) == 1 else None


#: How far before a number its phrase may begin.
_FAR = 160
_A_WORD = re.compile(r"\s*([^\W\d_]+)")


def _first_word(text: str, start: int) -> str:
    found = _A_WORD.match(text, start)
    return found[1] if found else ""


def _fits(phrase: Spoken, left: str, right: str) -> bool:
    if phrase.after:
        if not _starts(right, phrase.after):
            return False
        right = right[len(phrase.after) :]
    return _fits_left(phrase, left) and _fits_right(phrase, right)


def _starts(text: str, words: str) -> bool:
    return text.startswith(words) and not text[len(words) : len(words) + 1].isalnum()


def _fits_left(phrase: Spoken, left: str) -> bool:
    if not phrase.before:
        return phrase.follows is not None or bool(_CLAUSE_BEGINS.search(left))
    if left[-len(phrase.before) - 1 : -len(phrase.before)].isalnum():
        return False
    rest = left[: -len(phrase.before)]
    if phrase.begins:
        return bool(_CLAUSE_BEGINS.search(rest)) or not rest.strip()
    return not _TURNED.search(rest)


def _fits_right(phrase: Spoken, right: str) -> bool:
    if phrase.open:
        return True
    return bool((_CLAUSE_ENDS if phrase.ends else _GOES_ON).match(right))


# ------------------------------------------------------------------------------------------------ what else is said


def bearing(running: Running, claim: Claim) -> Bearing | None:
    """Of which report a claim is one; ``None`` when the sentence says that the number is of another time, a part, of
    somebody else, or planned."""
    mention, phrase = claim.mention, claim.phrase
    number = running.sentence_at(mention.start)
    sentence = running.sentences[number]
    clause_start, clause_end = running.clause(mention.start, mention.end)
    if _is_of_another(running, sentence, mention, clause_start, clause_end, open_=phrase.open):
        return None
    if not phrase.planned and _PLANNED.search(running.folded, sentence.intro, clause_end):
        return None
    named = _named(running, number, mention.start)
    if named is None:
        return None
    years = _years(running, number, mention.start, clause_end, open_=phrase.open)
    behind = [year.year for year in running.years if mention.end <= year.start < clause_end]
    return Bearing(
        min(years, default=0),
        max(years, default=0),
        max(behind, default=0) if phrase.open else 0,
        named,
        bool(_WIDER.search(running.folded, sentence.intro, mention.start)),
    )


def _is_of_another(
    running: Running, sentence: Sentence, mention: Mention, clause_start: int, clause_end: int, *, open_: bool
) -> bool:
    """Whether the number is of a part, of somebody else or of another time."""
    folded, start = running.folded, mention.start
    part = max(folded.rfind(";", sentence.intro, start), sentence.intro)
    return bool(
        _EACH.search(folded, part, start)
        or _PARTIAL.search(folded, sentence.intro, start)
        or _OTHER_TIME.search(folded, sentence.intro, start)
        or _COMPARED_WITH.search(folded, clause_start, start)
        or _LIMITED_TO.search(folded, mention.end, sentence.end)
        or (not open_ and _OTHER_TIME.search(folded, mention.end, clause_end))
    )


def _years(running: Running, number: int, start: int, end: int, *, open_: bool) -> list[int]:
    """The years a number may be of: those its own sentence names before it, else the sentence before; and behind it.

    A year that something is compared with is none of them.
    """
    own, earlier = running.sentences[number], running.sentences[max(0, number - 1)]
    told = [year for year in running.years if not _COMPARED.search(running.folded[: year.start][-_LEFT:])]
    before = [year.year for year in told if own.intro <= year.start < start]
    if not before:
        before = [year.year for year in told if earlier.intro <= year.start < start]
    behind = [] if open_ else [year.year for year in running.years if start <= year.start < end]
    return before + behind


def _named(running: Running, number: int, start: int) -> str | None:
    """The unit that this sentence or the one before names; empty for none, ``None`` for more than one."""
    first = running.sentences[max(0, number - 1)].intro
    names = {fold_name(found[1]) for found in _NAMED_UNIT.finditer(running.text, first, start)}
    return None if len(names) > 1 else next(iter(names), "")


# ------------------------------------------------------------------------------------------------ years

_LOOKS_AHEAD = _word(
    "kế hoạch", "chương trình", "nghị quyết", "chỉ tiêu", "mục tiêu", "phương hướng", "nhiệm vụ", "dự kiến",
    "dự toán", "phấn đấu", "chuẩn bị", "sẽ", "đăng ký", "giao", "triển khai", "chuyên đề", "chủ đề", "đề ra",
    "hướng tới", "tiến tới", "đến năm", "hết năm", "vào năm", "trước năm", "lộ trình", "đề án", "dự án",
    "giai đoạn", "nhiệm kỳ", "thành lập", "đại hội", "năm học", "bầu cử", "tết", "xuân", "chào mừng", "kỷ niệm",
    "quy hoạch", "tiếp tục", "năm tới", "dự thảo", "ban hành", "phê duyệt", "quyết định", "tầm nhìn", "định hướng",
    "chiến lược", "năm sau", "kỳ sau", "nghị định", "luật", "hiệu lực", "thời hạn", "cam kết", "lập", "xây dựng",
    "rà soát", "tuyển", "bổ sung", "khóa",
)  # fmt: skip
_DONE_BEFORE = folded_pattern(r"(?<!\w)(?:đã|hoàn thành|đạt|đạt được)\s(?:[^\W_]+[ ,]+){1,10}(?:trong )?năm\s$")
_DONE_BEHIND = folded_pattern(r"\s*,?\s*(?:[^\W\d_]+\s){0,8}(?:đã|hoàn thành|đạt|đạt được)(?!\w)")
_IN_YEAR = folded_pattern(r"(?<!\w)(?:trong )?năm\s$")
_COMPARED = folded_pattern(r"(?<!\w)so với (?:kết quả )?(?:cùng kỳ )?(?:của )?(?:năm )?$")
#: How far to the left the words stand that say what a year is.
_LEFT = 40
_COMMEMORATES = _word(
    "sinh", "kỷ niệm", "thành lập", "truyền thống", "chủ tịch hồ chí minh", "hồ chí minh", "bác hồ", "bác",
    "lịch sử", "cách mạng", "di chúc", "ra đi", "thế kỷ", "khởi nghĩa", "phong trào", "thời", "triều", "xưa",
    "di tích", "danh nhân",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A year or a day that a paragraph names, and what it is said of. ``year`` is 0 for a day that does not exist."""

    start: int
    end: int
    year: int
    done: bool  # told as a year in which something was done
    compared: bool  # results are compared with it
    plain: bool  # neither a memory nor a horizon: a year that must lie near the report's
    no_such_day: bool = False


def times_told(running: Running) -> list[Told]:
    """Every year and every impossible day of a text, and what is said of it."""
    if not running.years and not running.days:
        return []
    told = [Told(day.start, day.end, 0, False, False, False, True) for day in running.days if day.day is None]
    by_sentence: dict[int, list[Year]] = defaultdict(list)
    for year in running.years:
        by_sentence[running.sentence_at(year.start)].append(year)
    for number, years in by_sentence.items():
        told.extend(_told_in(running, running.sentences[number], years))
    return told


def _told_in(running: Running, sentence: Sentence, years: list[Year]) -> Iterator[Told]:
    """The years of one sentence; whether it plans or remembers is asked once."""
    words = running.folded[sentence.intro : sentence.end]
    ahead, planned = bool(_LOOKS_AHEAD.search(words)), bool(_PLANNED.search(words))
    plain = not (ahead or _COMMEMORATES.search(words))
    latest = max(year.year for year in years)
    for year in years:
        left = running.folded[max(sentence.start, year.start - _FAR) : year.start]
        is_latest = not year.in_day and latest == year.year
        compared = is_latest and not planned and bool(_COMPARED.search(left[-_LEFT:]))
        done = not year.in_day and not ahead and not compared and _is_done(running, sentence, year.end, left)
        yield Told(year.start, year.end, year.year, done, compared, plain)


def _is_done(running: Running, sentence: Sentence, end: int, left: str) -> bool:
    if not _IN_YEAR.search(left):
        return False
    return bool(_DONE_BEFORE.search(left) or _DONE_BEHIND.match(running.folded, end, sentence.end))
