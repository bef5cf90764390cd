"""Public holidays: the shipped days against the law and the moon, counting around them, and files that are refused."""

from __future__ import annotations

import math
import re
import shutil
from collections import Counter
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import DATA, CatalogError, load_catalog
from catalog.holidays import (
    MONDAY_TO_FRIDAY,
    HolidayYear,
    Standing,
    WorkingDays,
    holiday_faults,
    to_see_to,
)
from catalog.load import fingerprint
from catalog.read import Reader
from tests.catalog.walls import CROSSED_OUT, WORKED_SATURDAYS

YEARS = range(2025, 2031)
FIRST, LAST = date(2024, 6, 1), date(2032, 6, 1)


@cache
def shipped() -> WorkingDays:
    reader = Reader(DATA)
    years = tuple(reader.items(HolidayYear, "holidays.yaml"))
    assert (reader.faults, list(holiday_faults(years))) == ([], [])
    return WorkingDays(years)


# ------------------------------------------------------------------------------------------------ the shipped days


def test_the_shipped_days_are_those_on_the_wall() -> None:
    assert [item.year for item in shipped().years] == list(YEARS)
    days = (FIRST + timedelta(days=step) for step in range((LAST - FIRST).days))
    unusual = [day for day in days if shipped().is_working(day) != (day.weekday() < 5)]
    assert unusual == sorted(CROSSED_OUT | WORKED_SATURDAYS)


@pytest.mark.parametrize("year", YEARS)
def test_eleven_days_a_year_by_the_labour_code(year: int) -> None:
    """Điều 112: 1 + 5 + 1 + 1 + 2 + 1; made up for when on a weekend (Điều 111.3); who takes one more works another."""
    (item,) = (item for item in shipped().years if item.year == year)
    weekdays = Counter(days.label_vi for days in item.days_off for day in days.days if day.weekday() < 5)
    exchanged = weekdays.pop("nghỉ hoán đổi", 0)
    assert (weekdays.total(), exchanged) == (11, len(item.working_days))
    named = {day for days in item.days_off for day in days.days}
    assert {date(year, 1, 1), date(year, 4, 30), date(year, 5, 1), date(year, 9, 2)} <= named
    assert item.status == ("announced" if year <= 2026 else "reckoned")


@pytest.mark.parametrize("year", YEARS)
def test_tet_and_hung_kings_day_follow_the_moon(year: int) -> None:
    """A lunar month begins on the day of the new moon by the clock of Vietnam (UTC+7)."""
    (item,) = (item for item in shipped().years if item.year == year)
    days = {days.label_vi: days.days for days in item.days_off}
    tet = next(day for day in days["Tết Nguyên đán"] if _is_new_moon(day))
    assert date(year, 1, 21) <= tet <= date(year, 2, 20)
    assert {tet - timedelta(days=1), tet, tet + timedelta(days=1), tet + timedelta(days=2)} <= {*days["Tết Nguyên đán"]}
    (hung_kings,) = days["Giỗ Tổ Hùng Vương"]
    assert _is_new_moon(hung_kings - timedelta(days=9))
    assert 58 + 9 <= (hung_kings - tet).days <= 60 + 9, "the tenth of the third month, no leap month before it"


def _is_new_moon(day: date) -> bool:
    """Whether the moon is new on this day, UTC+7: the main terms of Meeus, Astronomical Algorithms, ch. 49."""
    for number in range(round((day.toordinal() - 730125) / 29.530588861) - 1, 10**6):
        found = _new_moon(number)
        if found >= day:
            return found == day
    raise AssertionError


def _new_moon(number: int) -> date:
    sun, moon, node = (
        math.radians(start + step * number)
        for start, step in ((2.5534, 29.1053567), (201.5643, 385.81693528), (160.7108, 390.67050284))
    )
    terms = (
        (-0.4072, moon),
        (0.17241, sun),
        (0.01608, 2 * moon),
        (0.01039, 2 * node),
        (0.00739, moon - sun),
        (-0.00514, moon + sun),
        (0.00208, 2 * sun),
        (-0.00111, moon - 2 * node),
        (-0.00057, moon + 2 * node),
        (0.00056, 2 * moon + sun),
        (-0.00042, 3 * moon),
        (0.00042, sun + 2 * node),
        (0.00038, sun - 2 * node),
    )
    moment = 2451550.09766 + 29.530588861 * number + sum(size * math.sin(angle) for size, angle in terms)
    dynamical_time = 70 / 86_400
    return date.fromordinal(math.floor(moment - dynamical_time + 0.5 + 7 / 24) - 1721425)


# ------------------------------------------------------------------------------------------------ counting

days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
marked = st.sets(st.dates(date(2026, 1, 1), date(2026, 3, 31)), max_size=60)


def made(off: set[date], weekends: set[date]) -> WorkingDays:
    worked = {day for day in weekends if day.weekday() >= 5} - off
    raw = {
        "year": 2026,
        "status": "reckoned",
        "source": "thử",
        "days_off": [{"label_vi": "nghỉ", "label_en": "off", "days": sorted(off)}] if off else [],
        "working_days": [{"day": day} for day in sorted(worked)],
    }
    years = (HolidayYear.model_validate(raw),)
    assert list(holiday_faults(years)) == []
    return WorkingDays(years)


@given(start=days, step=st.integers(0, 40), count=st.integers(1, 30), off=marked, weekends=marked)
def test_working_days_are_worked_and_in_order(
    start: date, step: int, count: int, off: set[date], weekends: set[date]
) -> None:
    for working in (made(off, weekends), shipped(), MONDAY_TO_FRIDAY):
        found = working.after(start, count)
        assert working.is_working(found)
        assert start < found < working.after(start, count + 1)
        assert found <= working.after(start + timedelta(days=step), count)
        between = (start + timedelta(days=number) for number in range(1, (found - start).days + 1))
        assert sum(map(working.is_working, between)) == count
        assert working.after(start, 0) == start
        last = working.last_until(start)
        assert last <= start < working.after(last, 1)
    assert made(off, set()).after(start, count) >= MONDAY_TO_FRIDAY.after(start, count), "holidays never come sooner"


def test_what_was_unusual_is_told_with_its_reason() -> None:
    told = shipped().unusual(date(2026, 8, 21), date(2026, 9, 3))
    assert [(f"{item.day:%d/%m}", item.off_vi, item.off_en, item.is_off) for item in told] == [
        ("22/08", "", "", False),
        ("31/08", "nghỉ hoán đổi", "day off in exchange", True),
        ("01/09", "Quốc khánh", "National Day", True),
        ("02/09", "Quốc khánh", "National Day", True),
    ]
    assert shipped().unusual(date(2026, 4, 25), date(2026, 4, 26)) == [], "a holiday on a Sunday takes no day away"


# ------------------------------------------------------------------------------------------------ files

_YEAR = "- year: 2026\n  status: announced\n  source: thử\n  days_off:\n"
_OFF = "    - {label_vi: nghỉ, label_en: off, days: [2026-02-17]}\n"


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (_YEAR + _OFF + _YEAR + _OFF.replace("17", "18"), "2026", "the year stands 2 times"),
        (_YEAR + _OFF + _OFF, "2026-02-17", "the day off stands 2 times"),
        (_YEAR + _OFF.replace("2026", "2027"), "2027-02-17", "stands under 2026"),
        (_YEAR + _OFF + "  working_days: [{day: 2026-02-17}]\n", "2026-02-17", "both a day off and a working day"),
        (_YEAR + _OFF + "  working_days: [{day: 2026-02-16}]\n", "2026-02-16", "is a weekday and worked anyway"),
        (
            _YEAR + _OFF + "  working_days: [{day: 2026-02-14}, {day: 2026-02-14}]\n",
            "2026-02-14",
            "the working day stands 2 times",
        ),
        (
            _YEAR + _OFF + "  working_days: [{day: 2026-02-14, instead_of: 2026-02-18}]\n",
            "2026-02-14",
            "instead of 2026-02-18, which is no day off",
        ),
        (_YEAR + _OFF.replace("2026-02-17", ""), "item 1 days_off.0.days", "at least 1 item"),
        (_YEAR + _OFF.replace("2026-02-17", "2026-02-30"), "item 1 days_off.0.days.0", "valid date"),
        (_YEAR.replace("announced", "known") + _OFF, "item 1 status", "'announced' or 'reckoned'"),
        ("{}\n", "file", "must be a list"),
    ],
)
def test_a_file_that_says_what_cannot_be_is_refused(tmp_path: Path, text: str, where: str, what: str) -> None:
    (tmp_path / "holidays.yaml").write_text(text, encoding="utf-8")
    reader = Reader(tmp_path)
    years = reader.items(HolidayYear, "holidays.yaml")
    found = [*((fault.where, fault.what) for fault in reader.faults), *holiday_faults(years)]
    assert any(where in place and what in told for place, told in found), found


def test_the_example_of_the_page_holds(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "schedule.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "holidays.yaml").write_text(example, encoding="utf-8")
    reader = Reader(tmp_path)
    years = reader.items(HolidayYear, "holidays.yaml")
    assert (reader.faults, list(holiday_faults(years))) == ([], [])
    assert WorkingDays(tuple(years)).after(date(2027, 2, 10), 7) == date(2027, 2, 20), "a Saturday that is worked"


@pytest.fixture
def small_definitions(tmp_path: Path) -> Path:
    """A copy of the shipped definitions without a register."""
    root = tmp_path / "data"
    shutil.copytree(DATA, root, ignore=shutil.ignore_patterns("nation"))
    for name in ("units.csv", "unit_events.csv"):
        (root / name).write_text((DATA / name).read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    return root


def test_an_organisation_has_its_own_or_the_shipped(small_definitions: Path) -> None:
    own = small_definitions / "holidays.yaml"
    own.write_text(_YEAR + _OFF.replace("2026-02-17", "2026-11-24"), encoding="utf-8")
    catalog = load_catalog(small_definitions)
    assert not catalog.working_days.is_working(date(2026, 11, 24))
    november = catalog.period("2026-M11")
    assert november is not None
    assert november.due["province"] == date(2026, 11, 25)
    with_own = fingerprint(small_definitions)
    own.unlink()
    assert load_catalog(small_definitions).holidays == shipped().years
    assert fingerprint(small_definitions) != with_own
    own.write_text(_YEAR + _OFF + _OFF, encoding="utf-8")
    with pytest.raises(CatalogError, match=r"holidays\.yaml · 2026-02-17: the day off stands 2 times"):
        load_catalog(small_definitions)


# ------------------------------------------------------------------------------------------------ years to complete


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 11, 23), []),
        (date(2026, 12, 1), [(2027, Standing.RECKONED)]),
        (date(2027, 1, 1), [(2027, Standing.RECKONED)]),
        (date(2030, 5, 1), [(2030, Standing.RECKONED), (2031, Standing.MISSING)]),
        (date(2031, 1, 1), [(2031, Standing.MISSING), (2032, Standing.MISSING)]),
    ],
)
def test_years_that_are_missing_or_not_announced_are_told(today: date, said: list[tuple[int, Standing]]) -> None:
    assert to_see_to(shipped(), today) == said
