"""Why a deadline or a closing is not where Monday to Friday would have it, for people who look at it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from catalog.holidays import MONDAY_TO_FRIDAY, Unusual
from catalog.occasions import DUE, Course
from catalog.whole import Catalog
from domain.clock import ZONE
from domain.occasion import Occasion, OccasionKind

#: Days off with no more than a weekend between them are told as one stretch.
_ONE_STRETCH = timedelta(days=3)

#: A stretch that begins within the days counted is told to its end.
_LONGEST_STRETCH = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days off of one name from ``first`` to ``last``, or, without a name, a day of a weekend that is worked."""

    first: date
    last: date
    off_vi: str
    off_en: str


@dataclass(frozen=True, slots=True)
class Moved:
    """``plain``: the day it would be without holidays; ``by_day``: the day of the month nothing may be due after, where
    that, and not the count, decided."""

    plain: date
    because: tuple[Stretch, ...]
    by_day: int | None = None


def moved(catalog: Catalog, course: Course, item: Occasion) -> Moved | None:
    """What moved the day of an occasion; ``None`` when it is where Monday to Friday would have it."""
    if item.label.startswith(DUE):
        return _moved_deadline(catalog, course, item.label.removeprefix(DUE))
    if item.kind in (OccasionKind.CLOSE, OccasionKind.REVIEW):
        last = max(course.due.values(), default=course.period.cutoff)
        count = catalog.schedule.working_days_to_close(course.period.calendar)
        return _moved(catalog, last, count, course.closes_at.astimezone(ZONE).date())
    return None


def _moved_deadline(catalog: Catalog, course: Course, level: str) -> Moved | None:
    calendar, cutoff = catalog.calendars[course.period.calendar], course.period.cutoff
    count = calendar.due_working_days[level]
    is_early = course.due[level] < catalog.working_days.after(cutoff, count)
    return _moved(catalog, cutoff, count, course.due[level], calendar.due_by_day if is_early else None)


def _moved(catalog: Catalog, after: date, count: int, day: date, by_day: int | None = None) -> Moved | None:
    plain = MONDAY_TO_FRIDAY.after(after, count)
    if plain == day:
        return None
    until = max(plain, day)
    stretches = _stretches(catalog.working_days.unusual(after, until + _LONGEST_STRETCH))
    return Moved(plain, tuple(stretch for stretch in stretches if stretch.first <= until), by_day)


def _stretches(days: list[Unusual]) -> list[Stretch]:
    found: list[Stretch] = []
    for item in days:
        before = found[-1] if found else None
        goes_on = before and item.is_off and before.off_vi == item.off_vi and item.day - before.last <= _ONE_STRETCH
        if before and goes_on:
            found[-1] = Stretch(before.first, item.day, item.off_vi, item.off_en)
        else:
            found.append(Stretch(item.day, item.day, item.off_vi, item.off_en))
    return found
