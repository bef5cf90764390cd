"""Targets: what a unit is to reach in a year, and what may be said of how far it came.

A target is an exact number; what was reached may be a rough one, and may rest on a part of the year or of the units. So
an outcome is told as final only where nothing that is still to come can turn it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True, slots=True)
class Target:
    """A target as files hold it: ``value`` in words that can be read back ("11713", "97,5 %")."""

    unit: str
    indicator: str
    year: int
    direction: str
    value: str
    source: str


class Outcome(StrEnum):
    """What became of a target."""

    MET = "met"
    NOT_MET = "not_met"
    #: the figure is so rough that the target lies within its bounds
    UNDECIDED = "undecided"
    #: as far as the year has run, or as far as the units have reported
    MET_SO_FAR = "met_so_far"
    NOT_MET_SO_FAR = "not_met_so_far"


#: Why an outcome is not final, and why there is no percentage.
YEAR_RUNS, INCOMPLETE, ZERO_TARGET = "year_runs", "incomplete", "zero_target"

#: Why there is no figure, besides the notes of totals.
NO_FIGURE, UNIT_ENDED = "no_figure", "unit_ended"

#: Code → (Vietnamese, English): outcomes, and everything a note may hold.
WORDS: dict[str, tuple[str, str]] = {
    Outcome.MET: ("đạt", "met"),
    Outcome.NOT_MET: ("không đạt", "not met"),
    Outcome.UNDECIDED: ("chưa kết luận được: số áng chừng", "undecided: the figure is too rough"),
    Outcome.MET_SO_FAR: ("đến nay đạt", "met so far"),
    Outcome.NOT_MET_SO_FAR: ("đến nay chưa đạt", "not met so far"),
    YEAR_RUNS: ("số của {}, chưa phải cả năm", "the figure of {}, not of the whole year"),
    INCOMPLETE: ("mới có {} đơn vị có số liệu", "only {} units gave the figure"),
    ZERO_TARGET: ("chỉ tiêu bằng 0, không có tỷ lệ phần trăm", "the target is 0: no percentage"),
    NO_FIGURE: ("chưa có số liệu", "no figure"),
    UNIT_ENDED: ("đơn vị đã kết thúc, mã nay thuộc đơn vị khác", "the unit ended and its code is another's"),
    "nothing_reported": ("chưa có số liệu", "no figure"),
    "not_additive": ("không cộng được giữa các đơn vị", "not additive over units"),
    "from_lists": ("đếm theo danh sách, không cộng số", "counted from the lists"),
    "counts_missing": ("tỷ lệ không kèm số đếm", "rates without counts"),
    "zero_denominator": ("mẫu số bằng 0", "denominator is 0"),
}


def note_in_words(note: str | None, language: str) -> str:
    """A note of attainment in words: ``year_runs=2025-9M,incomplete=12/14`` are two of them.

    An outcome that stands in a note is told as well; a code nobody explained is told as it is.
    """
    parts = (part.partition("=") for part in (note or "").split(",") if part)
    number = 0 if language == "vi" else 1
    return "; ".join(WORDS.get(code, (code, code))[number].format(value) for code, _, value in parts)
