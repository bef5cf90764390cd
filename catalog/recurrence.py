"""Occasions as rules a scheduler can keep by itself: a cron line, an RRULE (RFC 5545), or days one by one.

A rule is guessed from where the days lie in a calendar, and taken only when it means exactly the moments that
:func:`catalog.occasions.occasions` tells of the years to come, and none that another rule of the same work has. What no
rule says (a deadline that runs across the end of a month) is listed day by day. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rruleset, rrulestr

from catalog.calendars import add_working_days
from catalog.occasions import DAY, moment_of, occasions
from catalog.whole import Catalog
from domain.clock import ZONE
from domain.occasion import Occasion, OccasionKind
from domain.period import Period

#: Years a rule is proved for, and days are listed for where there is none.
YEARS_AHEAD = 8

#: The last day that every month has.
_SHORTEST_MONTH = 28


@dataclass(frozen=True, slots=True)
class Recurrence:
    """When some work is done, by the clock of :data:`domain.clock.ZONE`; ``slug`` names it among those of the work.

    Either ``cron`` or ``rrule`` is set.
    """

    slug: str
    cron: str = ""
    rrule: str = ""


@dataclass(frozen=True, slots=True)
class _Moments:
    """Moments (local, without zone) that may follow one rule, and what the calendar knows of their days."""

    slug: str
    at: time
    moments: frozenset[datetime]
    #: first day of the calendar's windows, and how many working days after a cut-off; ``None``: not counted from it
    start_day: int = 1
    working_days: int | None = None
    is_daily: bool = False


def recurrences(catalog: Catalog, since: date) -> dict[OccasionKind, list[Recurrence]]:
    """The rules of each kind of occasion from the day ``since`` on; together they name each moment once."""
    until = since.replace(year=since.year + YEARS_AHEAD, day=min(since.day, _SHORTEST_MONTH))
    found: dict[OccasionKind, list[Occasion]] = {kind: [] for kind in OccasionKind}
    for item in occasions(catalog, moment_of(since, time.min), moment_of(until, time.min)):
        found[item.kind].append(item)
    return {kind: list(_rules(_grouped(catalog, items), since, until)) for kind, items in found.items()}


def _rules(groups: list[_Moments], since: date, until: date) -> Iterator[Recurrence]:
    said: set[datetime] = set()
    left: set[datetime] = set()
    for group in groups:
        rule = next((r for r in _guesses(group) if _means(r, since, until) == group.moments), None)
        if rule is not None and said.isdisjoint(group.moments):
            said |= group.moments
            yield rule
        else:
            left |= group.moments
    yield from _listed(sorted(left - said))


# ------------------------------------------------------------------------------------------------ groups


def _grouped(catalog: Catalog, items: list[Occasion]) -> list[_Moments]:
    """What may follow one rule: daily work, first days, and days as far from the cut-off; by calendar."""
    groups: dict[tuple[str, time, int, int | None, bool], set[datetime]] = defaultdict(set)
    for item in items:
        local = item.at.astimezone(ZONE).replace(tzinfo=None)
        groups[(*_place(catalog, item, local), item.label.startswith(DAY))].add(local)
    made = [
        _Moments(slug, at, frozenset(moments), start, days, is_daily)
        for (slug, at, start, days, is_daily), moments in groups.items()
    ]
    return sorted(made, key=lambda group: (not group.is_daily, group.slug, group.at))


def _place(catalog: Catalog, item: Occasion, local: datetime) -> tuple[str, time, int, int | None]:
    if item.label.startswith(DAY):
        return "daily", local.time(), 1, None
    period = catalog.period(item.period)
    assert period is not None, item
    name, start = period.calendar.lower(), catalog.calendars[period.calendar].start_day
    if item.kind is OccasionKind.OPEN:
        return f"{name}-first-day", local.time(), start, None
    days = _working_days_after(period, local.date())
    return (f"{name}-working-day-{days}" if days else f"{name}-cutoff"), local.time(), start, days


def _working_days_after(period: Period, day: date) -> int:
    days = 0
    while add_working_days(period.cutoff, days) < day:
        days += 1
    return days


# ------------------------------------------------------------------------------------------------ rules


def _guesses(group: _Moments) -> Iterator[Recurrence]:
    months = sorted({moment.month for moment in group.moments})
    some_months = "*" if len(months) == 12 else ",".join(map(str, months))
    clock = f"{group.at.minute} {group.at.hour}"
    if group.is_daily:
        yield Recurrence(group.slug, cron=f"{clock} * * *")
        return
    days = {moment.day for moment in group.moments}
    if len(days) == 1:
        yield Recurrence(group.slug, cron=f"{clock} {min(days)} {some_months} *")
    by_month = "" if some_months == "*" else f"BYMONTH={some_months};"
    by_clock = f"BYHOUR={group.at.hour};BYMINUTE={group.at.minute};BYSECOND=0"
    yield Recurrence(group.slug, rrule=f"FREQ=MONTHLY;{by_month}BYMONTHDAY=-1;{by_clock}")
    if group.working_days:
        span = group.working_days + 2 * -(-group.working_days // 5)  # when the count begins on a Friday
        reach = range(group.start_day, min(group.start_day + span, _SHORTEST_MONTH + 1))
        among = f"BYMONTHDAY={','.join(map(str, reach))};BYDAY=MO,TU,WE,TH,FR;BYSETPOS={group.working_days}"
        yield Recurrence(group.slug, rrule=f"FREQ=MONTHLY;{by_month}{among};{by_clock}")


def _listed(moments: list[datetime]) -> Iterator[Recurrence]:
    """Days one by one, a rule a year: schedulers take no longer ones."""
    for year in dict.fromkeys(moment.year for moment in moments):
        days = ",".join(f"{moment:%Y%m%dT%H%M%S}" for moment in moments if moment.year == year)
        yield Recurrence(f"days-of-{year}", rrule=f"RDATE:{days}")


def _means(rule: Recurrence, since: date, until: date) -> frozenset[datetime]:
    """The moments of a rule in [since, until)."""
    first, last = datetime.combine(since, time.min), datetime.combine(until, time.min) - timedelta(seconds=1)
    text = rule.rrule or _as_rrule(rule.cron)
    found = rrulestr(text, dtstart=first, forceset=True)
    assert isinstance(found, rruleset)
    return frozenset(found.between(first, last, inc=True))


def _as_rrule(cron: str) -> str:
    """A cron line as written here: minute, hour, a day or all, months or all."""
    minute, hour, day, months, _ = cron.split()
    by_day = "FREQ=DAILY" if day == "*" else f"FREQ=MONTHLY;BYMONTHDAY={day}"
    by_month = "" if months == "*" else f"BYMONTH={months};"
    return f"{by_day};{by_month}BYHOUR={hour};BYMINUTE={minute};BYSECOND=0"
