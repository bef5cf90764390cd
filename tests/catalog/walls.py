"""The reporting year as a person counts it on a wall calendar, without the program: the shipped calendars' days."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr

from domain.occasion import OccasionKind

#: Working days after the cut-off: of every month (provinces and districts report), and besides of quarters' ends.
_EVERY_MONTH, _QUARTERS = (4, 7), (1, 2, 3, 4, 7)


def working_day(after: date, number: int) -> date:
    """The ``number``-th day from Monday to Friday after a day."""
    days = (after + timedelta(days=step) for step in range(1, 40))
    return [day for day in days if day.isoweekday() <= 5][number - 1]


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
            for cutoff, numbers in ((middle, _QUARTERS if month % 3 == 0 else _EVERY_MONTH), (end, _EVERY_MONTH)):
                note(OccasionKind.COLLECT, cutoff, 23, 30)
                for number in numbers:
                    note(OccasionKind.COLLECT, working_day(cutoff, number), 23, 30)
                note(OccasionKind.CLOSE, working_day(cutoff, 10), 6)
            if month == 12:
                note(OccasionKind.REVIEW, working_day(middle, 10), 9)
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
