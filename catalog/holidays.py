"""Public holidays as data, and working days counted around them.

Bộ luật Lao động 2019 (45/2019/QH14), Điều 112: eleven days off a year, of which those of Tết and the second of the
National Day are chosen each year by the Prime Minister; Điều 111 khoản 3: a holiday on a weekly day of rest is made up
for on the next working day. What is moved besides (a weekday off, a Saturday worked in exchange) is announced in the
autumn before. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from catalog.model import Definition

FILE = "holidays.yaml"

#: Monday to Friday.
_WEEKDAYS = 5

#: From this month on the days of the next year should have been announced.
_ANNOUNCED_BY = 12

_DAY = timedelta(days=1)


class DaysOff(Definition):
    """Days nobody works, and what they are called; days of a weekend may stand among them."""

    label_vi: str
    label_en: str
    days: tuple[date, ...] = Field(min_length=1)


class WorkedDay(Definition):
    """A Saturday or Sunday that is worked, in exchange for the weekday off ``instead_of`` (of any year)."""

    day: date
    instead_of: date | None = None


class HolidayYear(Definition):
    """The days off of a year. ``reckoned``: by law and custom, before the year was announced."""

    year: Annotated[int, Field(ge=1945, le=2200)]
    status: Literal["announced", "reckoned"]
    source: str
    days_off: tuple[DaysOff, ...]
    working_days: tuple[WorkedDay, ...] = ()


# ------------------------------------------------------------------------------------------------ counting


@dataclass(frozen=True, slots=True)
class Unusual:
    """A day that is otherwise than its weekday says: a weekday off by these names, or a day of the weekend worked."""

    day: date
    off_vi: str = ""
    off_en: str = ""

    @property
    def is_off(self) -> bool:
        return bool(self.off_vi)


@dataclass(frozen=True)
class WorkingDays:
    """Which days are worked: Monday to Friday, but for the days off, and the weekend days that are worked.

    A year without data has Monday to Friday.
    """

    years: tuple[HolidayYear, ...] = ()

    @cached_property
    def _off(self) -> dict[date, DaysOff]:
        return {day: item for year in self.years for item in year.days_off for day in item.days}

    @cached_property
    def _worked(self) -> frozenset[date]:
        return frozenset(item.day for year in self.years for item in year.working_days)

    @cached_property
    def _known(self) -> dict[int, HolidayYear]:
        return {item.year: item for item in self.years}

    def is_working(self, day: date) -> bool:
        return day in self._worked or (day.weekday() < _WEEKDAYS and day not in self._off)

    def after(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day``; ``day`` itself for none."""
        while count > 0:
            day += _DAY
            count -= self.is_working(day)
        return day

    def last_until(self, day: date) -> date:
        """``day``, or the last working day before it."""
        while not self.is_working(day):
            day -= _DAY
        return day

    def unusual(self, after: date, until: date) -> list[Unusual]:
        """The unusual days in (after, until]."""
        days = (after + _DAY * step for step in range(1, (until - after).days + 1))
        return [self._told(day) for day in days if self.is_working(day) != (day.weekday() < _WEEKDAYS)]

    def _told(self, day: date) -> Unusual:
        off = None if day in self._worked else self._off.get(day)
        return Unusual(day, off.label_vi, off.label_en) if off else Unusual(day)

    def standing(self, year: int) -> Standing:
        """How well the days off of a year are known."""
        found = self._known.get(year)
        return Standing(found.status) if found else Standing.MISSING


#: Without any holiday.
MONDAY_TO_FRIDAY = WorkingDays()


# ------------------------------------------------------------------------------------------------ what to see to


class Standing(StrEnum):
    ANNOUNCED = "announced"
    RECKONED = "reckoned"
    MISSING = "missing"


def to_see_to(working: WorkingDays, today: date) -> list[tuple[int, Standing]]:
    """The years somebody should complete: this or the next is missing, or only reckoned when it is time to know it.

    A calendar's last deadlines and closings lie in the year after its periods.
    """
    this, following = working.standing(today.year), working.standing(today.year + 1)
    found: list[tuple[int, Standing]] = [(today.year, this)] if this is not Standing.ANNOUNCED else []
    is_time = today.month >= _ANNOUNCED_BY
    if following is Standing.MISSING or (is_time and following is Standing.RECKONED):
        found.append((today.year + 1, following))
    return found


def holiday_faults(years: Sequence[HolidayYear]) -> Iterator[tuple[str, str]]:
    """(where, what) is wrong: years and days that stand twice, days of another year, exchanges that are none."""
    for year, count in Counter(item.year for item in years).items():
        if count > 1:
            yield str(year), f"the year stands {count} times"
    off = [day for item in years for days in item.days_off for day in days.days]
    for item in years:
        yield from _faults_of_year(item, frozenset(off))
    for day, count in Counter(off).items():
        if count > 1:
            yield str(day), f"the day off stands {count} times"
    for day, count in Counter(worked.day for item in years for worked in item.working_days).items():
        if count > 1:
            yield str(day), f"the working day stands {count} times"


def _faults_of_year(item: HolidayYear, off: frozenset[date]) -> Iterator[tuple[str, str]]:
    named = [day for days in item.days_off for day in days.days] + [worked.day for worked in item.working_days]
    for day in named:
        if day.year != item.year:
            yield str(day), f"stands under {item.year}"
    for worked in item.working_days:
        if worked.day in off:
            yield str(worked.day), "is both a day off and a working day"
        elif worked.day.weekday() < _WEEKDAYS:
            yield str(worked.day), "is a weekday and worked anyway: only Saturdays and Sundays need saying"
        if worked.instead_of is not None and worked.instead_of not in off:
            yield str(worked.day), f"is worked instead of {worked.instead_of}, which is no day off"
