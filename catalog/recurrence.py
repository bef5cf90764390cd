"""Occasions as rules a scheduler can keep by itself: a cron line, an RRULE (RFC 5545), or days one by one.

A rule is guessed from where the days lie in a calendar without public holidays; the days that holidays move are taken
out of it (EXDATE) and put in (RDATE). It is taken only when it then means exactly the moments that
:func:`catalog.occasions.occasions` tells of the years to come, and none that another rule of the same work has. What no
rule says (a deadline that runs across the end of a month) is listed day by day. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rruleset, rrulestr

from catalog.holidays import MONDAY_TO_FRIDAY
from catalog.occasions import DAY, moment_of, occasions, singular_occasions
from catalog.whole import Catalog
from domain.clock import ZONE
from domain.occasion import Occasion, OccasionKind
from domain.period import Period

#: Years, this one the first, a rule is proved for, and days are listed for where there is none.
YEARS_AHEAD = 8

#: Characters Prefect takes for a rule are 6,500.
_LONGEST_RULE = 6_000

#: What lies a little before and after the years a rule is proved for may be moved into them.
_MARGIN = timedelta(days=92)

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
class _Place:
    """What the calendar knows of the days of some work, were there no public holidays."""

    slug: str
    at: time
    #: first day of the calendar's windows, and how many working days after a cut-off; ``None``: not counted from it
    start_day: int = 1
    working_days: int | None = None
    is_daily: bool = False


@dataclass(frozen=True, slots=True)
class _Group:
    """Moments (local, without zone) that may follow one rule; ``plain``: what they would be without public holidays."""

    place: _Place
    moments: frozenset[datetime]
    plain: frozenset[datetime]


def recurrences(catalog: Catalog, since: date) -> dict[OccasionKind, list[Recurrence]]:
    """The rules of each kind of occasion from the year of ``since`` on; together they name each moment once.

    All days of a year give the same rules.
    """
    first, until = date(since.year, 1, 1), date(since.year + YEARS_AHEAD, 1, 1)
    found = _by_kind(occasions(catalog, moment_of(first, time.min), moment_of(until, time.min)))
    plain = replace(catalog, holidays=())
    early, late = moment_of(first - _MARGIN, time.min), moment_of(until + _MARGIN, time.min)
    unmoved = _by_kind(singular_occasions(plain, early, late))
    return {
        kind: list(_rules(_grouped(plain, found[kind], unmoved[kind], first, until), first, until))
        for kind in OccasionKind
    }


def _by_kind(items: list[Occasion]) -> dict[OccasionKind, list[Occasion]]:
    found: dict[OccasionKind, list[Occasion]] = {kind: [] for kind in OccasionKind}
    for item in items:
        found[item.kind].append(item)
    return found


def _rules(groups: list[_Group], since: date, until: date) -> Iterator[Recurrence]:
    """Moments that a holiday moves onto those of another rule are left to that one."""
    said: set[datetime] = set()
    plainly_said: set[datetime] = set()
    left: set[datetime] = set()
    for group in groups:
        own = group.moments - said
        rule = _rule(group, own, since, until) if plainly_said.isdisjoint(group.plain) else None
        if rule is not None:
            said |= own
            plainly_said |= group.plain
            yield rule
        else:
            left |= own
    yield from _listed(sorted(left - said))


def _rule(group: _Group, own: frozenset[datetime], since: date, until: date) -> Recurrence | None:
    """The rule that means exactly ``own``: one for the days without holidays, and the days these move."""
    base = next((guess for guess in _guesses(group) if _means(guess, since, until) == group.plain), None)
    if base is None or not own:
        return None
    rule = _with_moves(base, sorted(own - group.plain), sorted(group.plain - own))
    return rule if len(rule.rrule) <= _LONGEST_RULE and _means(rule, since, until) == own else None


def _with_moves(base: Recurrence, into: list[datetime], out_of: list[datetime]) -> Recurrence:
    if not into and not out_of:
        return base
    lines = [f"RRULE:{base.rrule or _as_rrule(base.cron)}"]
    for name, moments in (("RDATE", into), ("EXDATE", out_of)):
        if moments:
            lines.append(f"{name}:{_written(moments)}")
    return Recurrence(base.slug, rrule="\n".join(lines))


# ------------------------------------------------------------------------------------------------ groups


def _grouped(plain: Catalog, items: list[Occasion], unmoved: list[Occasion], since: date, until: date) -> list[_Group]:
    """What may follow one rule: daily work, first days, and days as far from the cut-off; by calendar.

    ``plain``: the definitions without holidays, and ``unmoved`` the occasions they ask for, daily work left out. An
    occasion stands in the group it would be in by them.
    """
    first, last = datetime.combine(since, time.min), datetime.combine(until, time.min)
    places = {(item.period, item.label): _place(plain, item) for item in unmoved}
    by_plain: dict[_Place, set[datetime]] = defaultdict(set)
    for item in unmoved:
        if first <= (local := _local(item)) < last:
            by_plain[places[item.period, item.label]].add(local)
    groups: dict[_Place, set[datetime]] = defaultdict(set)
    for item in items:
        groups[places.get((item.period, item.label)) or _place(plain, item)].add(_local(item))
    made = [
        _Group(place, frozenset(own), frozenset(own if place.is_daily else by_plain[place]))
        for place, own in groups.items()
    ]
    return sorted(made, key=lambda group: (not group.place.is_daily, group.place.slug, group.place.at))


def _local(item: Occasion) -> datetime:
    return item.at.astimezone(ZONE).replace(tzinfo=None)


def _place(plain: Catalog, item: Occasion) -> _Place:
    local = _local(item)
    if item.label.startswith(DAY):
        return _Place("daily", local.time(), is_daily=True)
    period = plain.period(item.period)
    assert period is not None, item
    name, start = period.calendar.lower(), plain.calendars[period.calendar].start_day
    if item.kind is OccasionKind.OPEN:
        return _Place(f"{name}-first-day", local.time(), start)
    days = _working_days_after(period, local.date())
    return _Place(f"{name}-working-day-{days}" if days else f"{name}-cutoff", local.time(), start, days)


def _working_days_after(period: Period, day: date) -> int:
    days = 0
    while MONDAY_TO_FRIDAY.after(period.cutoff, days) < day:
        days += 1
    return days


# ------------------------------------------------------------------------------------------------ rules


def _guesses(group: _Group) -> Iterator[Recurrence]:
    place = group.place
    months = sorted({moment.month for moment in group.plain})
    some_months = "*" if len(months) == 12 else ",".join(map(str, months))
    clock = f"{place.at.minute} {place.at.hour}"
    if place.is_daily:
        yield Recurrence(place.slug, cron=f"{clock} * * *")
        return
    days = {moment.day for moment in group.plain}
    if len(days) == 1:
        yield Recurrence(place.slug, cron=f"{clock} {min(days)} {some_months} *")
    by_month = "" if some_months == "*" else f"BYMONTH={some_months};"
    by_clock = f"BYHOUR={place.at.hour};BYMINUTE={place.at.minute};BYSECOND=0"
    yield Recurrence(place.slug, rrule=f"FREQ=MONTHLY;{by_month}BYMONTHDAY=-1;{by_clock}")
    if place.working_days:
        span = place.working_days + 2 * -(-place.working_days // 5)  # when the count begins on a Friday
        reach = range(place.start_day, min(place.start_day + span, _SHORTEST_MONTH + 1))
        among = f"BYMONTHDAY={','.join(map(str, reach))};BYDAY=MO,TU,WE,TH,FR;BYSETPOS={place.working_days}"
        yield Recurrence(place.slug, rrule=f"FREQ=MONTHLY;{by_month}{among};{by_clock}")


def _listed(moments: list[datetime]) -> Iterator[Recurrence]:
    """Days one by one, a rule a year: schedulers take no longer ones."""
    for year in dict.fromkeys(moment.year for moment in moments):
        days = _written([moment for moment in moments if moment.year == year])
        yield Recurrence(f"days-of-{year}", rrule=f"RDATE:{days}")


def _written(moments: list[datetime]) -> str:
    return ",".join(f"{moment:%Y%m%dT%H%M%S}" for moment in moments)


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
