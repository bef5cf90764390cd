"""Reporting periods: always an explicit window with a label, never "Q1" alone.

Two calendars live side by side in Vietnamese reporting: Nghị định 09/2019/NĐ-CP, Điều 12 (the 15th of the month before
to the 14th) and the calendar month of statistics. The same label therefore names different windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise


class PeriodKind(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    NINE_MONTHS = "nine_months"
    YEAR = "year"


class WindowError(ValueError):
    """Windows that overlap or leave a gap were asked to be added together."""


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """First and last day, both inside."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"a window needs first <= last, got {self.first} … {self.last}")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def overlaps(self, other: Window) -> bool:
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class Period:
    """A reporting period of one calendar.

    ``code`` is unique over all calendars: ``2025-Q1`` under Nghị định 09 (the default), ``2025-Q1@CALENDAR`` elsewhere.
    ``cutoff`` is the day figures are closed; ``due`` the day the report must have arrived, by unit level.
    """

    code: str
    calendar: str
    kind: PeriodKind
    year: int
    ordinal: int
    label_vi: str
    label_en: str
    window: Window
    cutoff: date
    due: dict[str, date]


def add_windows(windows: list[Window]) -> Window:
    """The one window that the given windows tile exactly.

    Raises :class:`WindowError` when two overlap or a day between them is missing: such figures must not be added.
    """
    if not windows:
        raise WindowError("no windows to add")
    ordered = sorted(windows)
    for before, after in pairwise(ordered):
        if before.overlaps(after):
            raise WindowError(f"{before.first} … {before.last} and {after.first} … {after.last} overlap")
        if before.last + timedelta(days=1) != after.first:
            raise WindowError(f"days are missing between {before.last} and {after.first}")
    return Window(ordered[0].first, ordered[-1].last)
