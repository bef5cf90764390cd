"""Periods computed from a calendar's definition."""

from __future__ import annotations

from datetime import date, timedelta

from catalog.model import Calendar, PeriodPattern
from domain.period import Period, Window

#: The calendar whose periods are written without a suffix.
DEFAULT_CALENDAR = "ND09"


def _month_start(year: int, month: int, day: int) -> date:
    """``month`` may lie outside 1…12: 0 is December of the year before."""
    carry, index = divmod(month - 1, 12)
    return date(year + carry, index + 1, day)


def add_working_days(day: date, count: int) -> date:
    """``count`` days from Monday to Friday after ``day``; public holidays are not known here."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def periods_of(calendar: Calendar, year: int) -> list[Period]:
    """Every period of the calendar that carries ``year`` in its label."""
    return [
        _period(calendar, pattern, year, ordinal)
        for pattern in calendar.patterns
        for ordinal in range(1, len(pattern.starts) + 1)
    ]


def _period(calendar: Calendar, pattern: PeriodPattern, year: int, ordinal: int) -> Period:
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
        due={level: add_working_days(last, days) for level, days in calendar.due_working_days.items()},
    )


def _name(names: tuple[str, ...], ordinal: int) -> str:
    return names[ordinal - 1] if names else str(ordinal)
