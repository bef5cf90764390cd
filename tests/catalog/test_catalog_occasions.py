"""What the calendar asks for: each occasion once, on the days a person counts on a wall calendar."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog, load_catalog
from catalog.model import Calendar, CalendarSchedule, PeriodPattern
from catalog.occasions import course_of, occasions
from catalog.recurrence import Recurrence, recurrences
from domain.clock import ZONE
from domain.occasion import Occasion, OccasionKind
from domain.period import PeriodKind
from tests.catalog.walls import dates_of, expected

FIRST, LAST = datetime(2026, 1, 1), datetime(2030, 12, 31)  # noqa: DTZ001  (hypothesis wants them so)
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=ZONE), datetime(2031, 1, 1, tzinfo=ZONE)


@cache
def shipped() -> Catalog:
    return load_catalog()


@cache
def all_of_them() -> tuple[Occasion, ...]:
    return tuple(occasions(shipped(), SINCE, UNTIL))


def local(item: Occasion) -> str:
    return f"{item.at.astimezone(ZONE):%Y-%m-%d %H:%M}"


moments = st.datetimes(FIRST, LAST).map(lambda moment: moment.replace(tzinfo=UTC))


@given(st.lists(moments, min_size=2, max_size=5))
@settings(max_examples=15, deadline=None)
def test_an_interval_has_what_its_parts_have_and_nothing_twice(marks: list[datetime]) -> None:
    marks.sort()
    whole = occasions(shipped(), marks[0], marks[-1])
    parts = [item for since, until in pairwise(marks) for item in occasions(shipped(), since, until)]
    assert parts == whole
    assert whole == [item for item in all_of_them() if marks[0] <= item.at < marks[-1]]
    assert max(Counter((item.kind, item.period, item.label) for item in whole).values(), default=1) == 1


def test_the_days_are_those_of_a_wall_calendar() -> None:
    for kind, moments_expected in expected(2026, 2030).items():
        found = {item.at.astimezone(ZONE).replace(tzinfo=None) for item in all_of_them() if item.kind is kind}
        assert found == moments_expected, kind


def test_a_quarter_of_a_leap_year_by_hand() -> None:
    """2028: 14/3 is a Tuesday; the CALENDAR month of February ends on the 29th, a Tuesday too."""
    told = {
        (item.kind.value, item.label): local(item)
        for item in all_of_them()
        if item.period == "2028-Q1" and not item.label.startswith("day:")
    }
    assert told == {
        ("open", ""): "2027-12-15 06:00",
        ("collect", "cutoff"): "2028-03-14 23:30",
        ("collect", "due:cell"): "2028-03-15 23:30",
        ("collect", "due:base"): "2028-03-16 23:30",
        ("collect", "due:commune"): "2028-03-17 23:30",
        ("collect", "due:district"): "2028-03-20 23:30",
        ("collect", "due:province"): "2028-03-23 23:30",
        ("close", ""): "2028-03-28 06:00",
    }
    days = [item for item in all_of_them() if item.period == "2028-Q1" and item.label.startswith("day:")]
    assert len([item for item in days if item.kind is OccasionKind.COLLECT]) == 104, "15/12 … 27/3 with a 29/2"
    february = {local(item) for item in all_of_them() if (item.period, item.label) == ("2028-M02@CALENDAR", "cutoff")}
    assert february == {"2028-02-29 23:30"}


def test_the_year_is_reviewed_when_it_is_closed() -> None:
    """The year 15/12/2027 … 14/12/2028; its last deadline is Monday 25/12/2028."""
    own = [item for item in all_of_them() if item.period == "2028" and not item.label.startswith("day:")]
    assert [(item.kind.value, local(item)) for item in own[:1] + own[-2:]] == [
        ("open", "2027-12-15 06:00"),
        ("close", "2028-12-28 06:00"),
        ("review", "2028-12-28 09:00"),
    ]
    assert {item.period for item in all_of_them() if item.kind is OccasionKind.REVIEW} == {
        str(year) for year in range(2026, 2031)
    }


def test_only_what_somebody_owes_is_asked_for_and_only_of_who_owes_it() -> None:
    catalog = shipped()
    quarters = [item for item in catalog.obligations if PeriodKind.QUARTER in item.period_kinds]
    ended = [
        item.model_copy(update={"valid_to": date(2028, 6, 14), "period_kinds": (PeriodKind.QUARTER,)})
        for item in quarters
    ]
    of_communes = [item for item in ended if catalog.unit_kinds[item.unit_kind].level in ("commune", "base")]
    left = replace(catalog, obligations=tuple(of_communes))
    found = [item for item in occasions(left, SINCE, UNTIL) if item.kind is OccasionKind.COLLECT]
    periods = dict.fromkeys(item.period for item in found)
    assert [code for code in periods if code.startswith("2028")] == ["2028-Q1", "2028-Q2"], "in force on the last day"
    labels = {item.label for item in found if not item.label.startswith("day:")}
    assert labels == {"cutoff", "due:commune", "due:base"}


def test_a_moment_needs_its_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        occasions(shipped(), FIRST, datetime(2026, 2, 1, tzinfo=UTC))


# ------------------------------------------------------------------------------------------------ as rules


def of_rules(rules: list[Recurrence], since: date, until: date) -> list[datetime]:
    return sorted(moment for rule in rules for moment in dates_of(rule.cron, rule.rrule, since, until))


def by_kind(catalog: Catalog, since: date, until: date) -> dict[OccasionKind, list[datetime]]:
    first, last = (datetime(day.year, day.month, day.day, tzinfo=ZONE) for day in (since, until))
    found: dict[OccasionKind, set[datetime]] = {kind: set() for kind in OccasionKind}
    for item in occasions(catalog, first, last):
        found[item.kind].add(item.at.astimezone(ZONE).replace(tzinfo=None))
    return {kind: sorted(moments) for kind, moments in found.items()}


def test_rules_of_the_shipped_calendars_hold_for_every_kind_of_year() -> None:
    """28 years have every weekday with and without a leap day; the rules were proved for eight.

    The years to 2030 have their holidays in the rules; after them no holidays are known, and the rules go on.
    """
    rules = recurrences(shipped(), date(2026, 5, 17))
    since, until = date(2026, 1, 1), date(2054, 1, 1)
    asked = expected(since.year, until.year - 1)
    for kind in (OccasionKind.OPEN, OccasionKind.CLOSE, OccasionKind.REVIEW):
        assert of_rules(rules[kind], since, until) == sorted(asked[kind]), kind
    assert [rule.cron for rule in rules[OccasionKind.REMIND]] == ["0 8 * * *"]
    assert not [rule for found in rules.values() for rule in found if rule.slug.startswith("days-of")]
    assert {kind.value: len(found) for kind, found in rules.items()} == {
        "open": 2,
        "collect": 10,
        "remind": 1,
        "close": 2,
        "review": 1,
    }, "as many as without holidays"


@given(
    start=st.integers(1, 28),
    shift=st.sampled_from((-1, 0)),
    days=st.lists(st.integers(1, 12), min_size=2, max_size=2),
    closing=st.integers(1, 8),
    kinds=st.sets(st.sampled_from((PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)), min_size=1),
)
@settings(max_examples=5, deadline=None)
def test_rules_say_any_calendar_exactly(
    start: int, shift: int, days: list[int], closing: int, kinds: set[PeriodKind]
) -> None:
    """Also where a deadline runs across the end of a month: such days are listed one by one."""
    catalog = shipped()
    own = Calendar(
        id="OWN",
        label_vi="Lịch riêng",
        label_en="Own",
        source="thử",
        start_day=start,
        month_shift=shift,
        patterns=tuple(item for item in catalog.calendars["ND09"].patterns if item.kind in kinds),
        due_working_days={"commune": min(days), "province": max(days)},
    )
    assert all(isinstance(item, PeriodPattern) for item in own.patterns)
    owing = [
        item.model_copy(update={"calendar": "OWN", "period_kinds": tuple(kinds)})
        for item in catalog.obligations
        if item.unit_kind in ("ubnd_tinh", "ubnd_xa")
    ]
    said = catalog.schedule.model_copy(update={"calendars": {"OWN": CalendarSchedule(close_working_days=closing)}})
    made = replace(catalog, calendars={"OWN": own}, obligations=tuple(owing), schedule=said)
    since, until = date(2027, 2, 3), date(2029, 2, 3)
    rules, asked = recurrences(made, since), by_kind(made, since, until)
    for kind, found in rules.items():
        assert of_rules(found, since, until) == asked[kind], kind
        assert len({rule.slug for rule in found}) == len(found)
    course = course_of(made, made.periods(2028)[0])
    assert course is not None
    assert max(course.due.values()) < course.closes_at.astimezone(ZONE).date() + timedelta(days=1)
