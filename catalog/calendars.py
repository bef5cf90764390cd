"""Periods computed from a calendar's definition."""

from __future__ import annotations

from datetime import date, timedelta

from catalog.holidays import WorkingDays
from catalog.model import Calendar, PeriodPattern
from domain.period import Period, Window

#: The calendar whose periods are written without a suffix.
DEFAULT_CALENDAR = "ND09"


def _month_start(year: int, month: int, day: int) -> date:
    """``month`` may lie outside 1…12: 0 is December of the year before."""
    carry, index = divmod(month - 1, 12)
    return date(year + carry, index + 1, day)


def periods_of(calendar: Calendar, year: int, working: WorkingDays) -> list[Period]:
    """Every period of the calendar that carries ``year`` in its label; deadlines are counted in working days."""
    return [
        _period(calendar, pattern, year, ordinal, working)
        for pattern in calendar.patterns
        for ordinal in range(1, len(pattern.starts) + 1)
    ]


def _period(calendar: Calendar, pattern: PeriodPattern, year: int, ordinal: int, working: WorkingDays) -> Period:
    first_month = pattern.starts[ordinal - 1] + calendar.month_shift
    first = _month_start(year, first_month, calendar.start_day)
    last = _month_start(year, first_month + pattern.months, calendar.start_day) - timedelta(days=1)
    words = {"year": year, "ordinal": ordinal}
    suffix = "" if calendar.id == DEFAULT_CALENDAR else f"@{calendar.id}"
    return Period(
        code=pattern.code.format(**words) + suffix,
        calendar=calendar.id,
        kind=pattern.kind,
        year=year,
        ordinal=ordinal,
        label_vi=pattern.label_vi.format(**words, name=_name(pattern.names_vi, ordinal)),
        label_en=pattern.label_en.format(**words, name=_name(pattern.names_en, ordinal)),
        window=Window(first, last),
        cutoff=last,
        due=_due(calendar, last, working),
    )


def _due(calendar: Calendar, cutoff: date, working: WorkingDays) -> dict[str, date]:
    """The day each level is due; with a ``due_by_day`` nobody later than the last working day up to it.

    One working day is left to everybody in any case (Nghị định 09/2019, Điều 8).
    """
    due = {level: working.after(cutoff, days) for level, days in calendar.due_working_days.items()}
    if calendar.due_by_day is None:
        return due
    by_day = cutoff.replace(day=calendar.due_by_day)
    if by_day <= cutoff:
        by_day = _month_start(cutoff.year, cutoff.month + 1, calendar.due_by_day)
    latest = max(working.last_until(by_day), working.after(cutoff, 1))
    return {level: min(day, latest) for level, day in due.items()}


def _name(names: tuple[str, ...], ordinal: int) -> str:
    return names[ordinal - 1] if names else str(ordinal)
