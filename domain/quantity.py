"""Quantities as offices state them: a number, the word that qualifies it, and the interval the two allow.

"gần 1.600" is not 1600: it is a claim that the true figure lies somewhat below. Identities between such figures
are judged on intervals, so that rounding in a sentence is never reported as a wrong sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Qualifier(StrEnum):
    """How exact a stated figure is. The stored value is the same word in every database and file."""

    EXACT = "exact"
    GT = "gt"  # hơn, trên
    GE = "ge"  # từ … trở lên, ít nhất, tối thiểu
    LT = "lt"  # dưới
    LE = "le"  # không quá, tối đa
    APPROX = "approx"  # khoảng, ước, chừng
    APPROX_BELOW = "approx_below"  # gần, xấp xỉ
    ALL = "all"  # tất cả, toàn bộ
    MOST = "most"  # hầu hết, đa số
    SOME = "some"  # nhiều, một số
    NONE = "none"  # không còn, không phát sinh


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of real numbers; ``-inf`` and ``inf`` stand for an open end."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high) or self.low > self.high:
            raise ValueError(f"an interval needs low <= high, got [{self.low}, {self.high}]")

    @property
    def width(self) -> float:
        return self.high - self.low

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def meets(self, other: Interval) -> bool:
        return self.low <= other.high and other.low <= self.high

    def overlap(self, other: Interval) -> float:
        """Length of the common part; negative when the two do not meet (then it is the gap)."""
        return min(self.high, other.high) - max(self.low, other.low)


class Judgement(StrEnum):
    """What an identity between qualified figures is worth."""

    HOLDS = "holds"
    SUSPICIOUS = "suspicious"
    VIOLATED = "violated"


#: Two strict intervals that share less than this part of the narrower one meet "only at the extreme".
EXTREME_SHARE = 0.1

#: How far inside an excluded bound a non-integer interval begins. Far below any unit a report is printed in.
OPEN_BOUND = 1e-9


@dataclass(frozen=True, slots=True)
class Quantity:
    """A stated figure.

    ``value`` is in the indicator's unit of measure (percent as 97.49, not 0.9749); ``None`` when the words give no
    number ("nhiều", "hầu hết"). ``integer`` says that only whole numbers are possible, which closes "hơn 200" at 201.
    """

    value: float | None
    qualifier: Qualifier = Qualifier.EXACT
    integer: bool = True

    @property
    def strict(self) -> Interval | None:
        """The narrow reading: half a rounding unit."""
        return interval_of(self.value, self.qualifier, integer=self.integer, share=0.5)

    @property
    def loose(self) -> Interval | None:
        """The wide reading: a whole rounding unit."""
        return interval_of(self.value, self.qualifier, integer=self.integer, share=1.0)


def rounding_unit(value: float) -> float:
    """The unit of the last non-zero digit place: 1600 → 100, 110 → 10, 8 → 1, 2.5 → 0.1, 0 → 1."""
    if value == 0 or not math.isfinite(value):
        return 1.0
    digits = f"{abs(value):.6f}".rstrip("0")
    whole, _, fraction = digits.partition(".")
    if fraction:
        return 10.0 ** -len(fraction)
    return 10.0 ** (len(whole) - len(whole.rstrip("0")))


def interval_of(value: float | None, qualifier: Qualifier, *, integer: bool, share: float) -> Interval | None:
    """The values a qualified figure allows, as a closed interval; ``None`` when the words give no number.

    ``share`` is the part of the rounding unit the words may hide: 0.5 strict, 1.0 loose. Bounds that the words
    exclude are moved inside: to the next whole number for counts, by :data:`OPEN_BOUND` otherwise.
    """
    if value is None:
        return None
    step = rounding_unit(value) * share
    inside = 1.0 if integer else OPEN_BOUND
    match qualifier:
        case Qualifier.EXACT | Qualifier.ALL | Qualifier.NONE:
            return Interval(value, value)
        case Qualifier.GT:
            return _closed(value + inside, value + step - inside, value + inside)
        case Qualifier.APPROX_BELOW:
            return _closed(value - step + inside, value - inside, value - inside)
        case Qualifier.APPROX:
            return Interval(value - step, value + step)
        case Qualifier.GE:
            return Interval(value, math.inf)
        case Qualifier.LE:
            return Interval(min(0.0, value), value)
        case Qualifier.LT:
            return _closed(min(0.0, value - inside), value - inside, value - inside)
        case Qualifier.MOST | Qualifier.SOME:
            return None


def _closed(low: float, high: float, only: float) -> Interval:
    """[low, high], or the single value the words still allow when a small unit leaves no room ("hơn 7")."""
    return Interval(low, high) if low <= high else Interval(only, only)


def judge_identity(left: Quantity | list[Quantity], right: Quantity | list[Quantity]) -> Judgement | None:
    """Whether the sum of ``left`` can equal the sum of ``right``; ``None`` when a term has no number.

    Violated when even the loose intervals do not meet; suspicious when they meet only loosely, or strictly but only
    at the extreme (:data:`EXTREME_SHARE`); holds otherwise.
    """
    sides = [side if isinstance(side, list) else [side] for side in (left, right)]
    loose = [_sum([q.loose for q in side]) for side in sides]
    strict = [_sum([q.strict for q in side]) for side in sides]
    if loose[0] is None or loose[1] is None or strict[0] is None or strict[1] is None:
        return None
    return judge_intervals(loose[0], loose[1], strict[0], strict[1])


def judge_intervals(
    loose_left: Interval, loose_right: Interval, strict_left: Interval, strict_right: Interval
) -> Judgement:
    """The judgement of :func:`judge_identity` on sums that were already formed."""
    if not loose_left.meets(loose_right):
        return Judgement.VIOLATED
    if not strict_left.meets(strict_right):
        return Judgement.SUSPICIOUS
    narrower = min(strict_left.width, strict_right.width)
    if narrower > 0 and strict_left.overlap(strict_right) < EXTREME_SHARE * narrower:
        return Judgement.SUSPICIOUS
    return Judgement.HOLDS


def _sum(intervals: list[Interval | None]) -> Interval | None:
    total = Interval(0.0, 0.0)
    for interval in intervals:
        if interval is None:
            return None
        total = total + interval
    return total
