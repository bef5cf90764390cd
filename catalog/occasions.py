"""What the calendar asks for: when periods are opened, collected, reminded of, closed and reviewed.

Days follow from calendars and obligations, times of day from ``schedule.yaml``. A deadline is one of a level that owes
the period (Nghị định 09/2019/NĐ-CP, Điều 8: a day for every level that takes part). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from catalog.model import Schedule
from catalog.whole import Catalog
from domain.clock import ZONE
from domain.occasion import Occasion, OccasionKind
from domain.period import Period, PeriodKind

#: Labels of occasions: the cut-off, the deadline of a level (``due:base``), a day of daily work (``day:2026-03-02``).
CUTOFF, DUE, DAY = "cutoff", "due:", "day:"

#: Years whose periods have codes (:meth:`catalog.whole.Catalog.period`).
_FIRST_YEAR, _LAST_YEAR = 1945, 2200


@dataclass(frozen=True, slots=True)
class Course:
    """A period that somebody owes reports for, from its opening to its closing (moments in UTC).

    ``due``: deadlines of the levels that owe it, and of no other; empty where the calendar gives them none.
    """

    period: Period
    due: dict[str, date]
    opens_at: datetime
    closes_at: datetime


def moment_of(day: date, at: time) -> datetime:
    """A time of day where the offices are, in UTC."""
    return datetime.combine(day, at, tzinfo=ZONE).astimezone(UTC)


def course_of(catalog: Catalog, period: Period) -> Course | None:
    """The course of a period; ``None`` when no kind of unit owes a form for it."""
    asking = [item.unit_kind for item in catalog.obligations if item.asks_for(period)]
    if not asking:
        return None
    levels = {catalog.unit_kinds[kind].level for kind in asking}
    due = {level: day for level, day in period.due.items() if level in levels}
    said = catalog.schedule
    last = max(due.values(), default=period.cutoff)
    closing = catalog.working_days.after(last, said.working_days_to_close(period.calendar))
    return Course(period, due, moment_of(period.window.first, said.open), moment_of(closing, said.close))


def courses(catalog: Catalog, since: datetime, until: datetime) -> list[Course]:
    """The periods that are open at some moment of [since, until), or closed at ``since`` or reviewed on that day."""
    shift = max((abs(calendar.month_shift) for calendar in catalog.calendars.values()), default=0) // 12
    first, last = max(since.year - shift - 2, _FIRST_YEAR), min(until.year + shift + 2, _LAST_YEAR)
    found = (course_of(catalog, period) for year in range(first, last + 1) for period in catalog.periods(year))
    day = timedelta(days=1)  # the review follows the closing on the same day
    return [course for course in found if course and course.opens_at < until and since < course.closes_at + day]


def occasions(catalog: Catalog, since: datetime, until: datetime) -> list[Occasion]:
    """Everything that falls due in [since, until), in order. Both are moments with their zone.

    Two intervals that meet have together what the one of both has; raises :class:`ValueError` on a moment without zone.
    """
    for moment in (since, until):
        if moment.tzinfo is None:
            raise ValueError(f"a moment needs a time zone, got {moment.isoformat()}")
    found = (item for course in courses(catalog, since, until) for item in _of_course(catalog.schedule, course))
    return sorted(item for item in found if since <= item.at < until)


def singular_occasions(catalog: Catalog, since: datetime, until: datetime) -> list[Occasion]:
    """:func:`occasions` without the daily work, which is by far the most of them; in no order."""
    found = (item for course in courses(catalog, since, until) for item in _once(catalog.schedule, course))
    return [item for item in found if since <= item.at < until]


def _of_course(said: Schedule, course: Course) -> Iterator[Occasion]:
    yield from _once(said, course)
    yield from _daily(course, OccasionKind.COLLECT, said.collect)
    yield from _daily(course, OccasionKind.REMIND, said.remind)


def _once(said: Schedule, course: Course) -> Iterator[Occasion]:
    code = course.period.code
    yield Occasion(course.opens_at, OccasionKind.OPEN, code)
    yield Occasion(moment_of(course.period.cutoff, said.collect_last), OccasionKind.COLLECT, code, CUTOFF)
    for level, day in course.due.items():
        yield Occasion(moment_of(day, said.collect_last), OccasionKind.COLLECT, code, DUE + level)
    yield Occasion(course.closes_at, OccasionKind.CLOSE, code)
    if course.period.kind is PeriodKind.YEAR:
        closing = course.closes_at.astimezone(ZONE).date()
        yield Occasion(moment_of(closing, said.review), OccasionKind.REVIEW, code)


def _daily(course: Course, kind: OccasionKind, at: time) -> Iterator[Occasion]:
    """Every day from the opening (that moment included) to the closing (that moment not)."""
    day = course.period.window.first
    while (moment := moment_of(day, at)) < course.closes_at:
        if moment >= course.opens_at:
            yield Occasion(moment, kind, course.period.code, f"{DAY}{day}")
        day += timedelta(days=1)
