"""The reporting year as a person counts it on a wall calendar, without the program: the shipped calendars' days."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr

from domain.occasion import OccasionKind

#: Working days after the cut-off: of every month (provinces and districts report), and besides of quarters' ends.
_EVERY_MONTH, _QUARTERS = (4, 7), (1, 2, 3, 4, 7)

#: Weekdays crossed out on the wall, and Saturdays that are worked: typed from the law and the announcements, not from
#: the program's file. Of years without a calendar nothing is crossed out.
_CROSSED_OUT = {
    2025: "1/1 27/1 28/1 29/1 30/1 31/1 7/4 30/4 1/5 2/5 1/9 2/9",
    2026: "1/1 2/1 16/2 17/2 18/2 19/2 20/2 27/4 30/4 1/5 31/8 1/9 2/9",
    2027: "1/1 4/2 5/2 8/2 9/2 10/2 16/4 30/4 3/5 2/9 3/9",
    2028: "3/1 24/1 25/1 26/1 27/1 28/1 4/4 1/5 2/5 1/9 4/9",
    2029: "1/1 12/2 13/2 14/2 15/2 16/2 23/4 30/4 1/5 3/9 4/9",
    2030: "1/1 31/1 1/2 4/2 5/2 6/2 12/4 30/4 1/5 2/9 3/9",
}
_WORKED_SATURDAYS = {2025: "26/4", 2026: "10/1 22/8"}


def _on_the_wall(written: dict[int, str]) -> set[date]:
    marks = ((year, mark.split("/")) for year, text in written.items() for mark in text.split())
    return {date(year, int(month), int(day)) for year, (day, month) in marks}


CROSSED_OUT, WORKED_SATURDAYS = _on_the_wall(_CROSSED_OUT), _on_the_wall(_WORKED_SATURDAYS)


def is_worked(day: date) -> bool:
    return day in WORKED_SATURDAYS or (day.isoweekday() <= 5 and day not in CROSSED_OUT)


def working_day(after: date, number: int) -> date:
    """The ``number``-th day after a day on which people work."""
    days = (after + timedelta(days=step) for step in range(1, 60))
    return [day for day in days if is_worked(day)][number - 1]


def due_by_the_decree(cutoff: date, number: int) -> date:
    """The same after the 14th, but when the 25th is past the last day before it on which people work."""
    days = (cutoff.replace(day=step) for step in range(15, 26))
    return min(working_day(cutoff, number), max(day for day in days if is_worked(day)))


def expected(first: int, last: int) -> dict[OccasionKind, set[datetime]]:
    """When each work is done in the years ``first`` … ``last``, local time."""
    found: dict[OccasionKind, set[datetime]] = {kind: set() for kind in OccasionKind}

    def note(kind: OccasionKind, day: date, hour: int, minute: int = 0) -> None:
        if first <= day.year <= last:
            found[kind].add(datetime.combine(day, time(hour, minute)))

    for year in range(first - 1, last + 1):
        for month in range(1, 13):
            note(OccasionKind.OPEN, date(year, month, 1), 6)
            note(OccasionKind.OPEN, date(year, month, 15), 6)
            middle, end = date(year, month, 14), date(year, month, calendar.monthrange(year, month)[1])
            numbers = _QUARTERS if month % 3 == 0 else _EVERY_MONTH
            for cutoff, due in (
                (middle, [due_by_the_decree(middle, number) for number in numbers]),
                (end, [working_day(end, number) for number in _EVERY_MONTH]),
            ):
                for day in (cutoff, *due):
                    note(OccasionKind.COLLECT, day, 23, 30)
                note(OccasionKind.CLOSE, working_day(due[-1], 3), 6)
            if month == 12:
                note(OccasionKind.REVIEW, working_day(due_by_the_decree(middle, 7), 3), 9)
    day = date(first, 1, 1)
    while day.year <= last:
        note(OccasionKind.COLLECT, day, 6)
        note(OccasionKind.REMIND, day, 8)
        day += timedelta(days=1)
    return found


def dates_of(cron: str, rrule: str, since: date, until: date) -> list[datetime]:
    """The moments of a rule in [since, until), local time; a cron line is read by the library Prefect reads it with."""
    first, last = datetime.combine(since, time.min), datetime.combine(until, time.min)
    if rrule:
        every = rrulestr(rrule, dtstart=first, forceset=True)
        return list(every.between(first - timedelta(seconds=1), last - timedelta(seconds=1)))
    from prefect._vendor.croniter import croniter

    ticks = croniter(cron, first - timedelta(seconds=1))
    found = []
    while (moment := ticks.get_next(datetime)) < last:
        found.append(moment)
    return found
