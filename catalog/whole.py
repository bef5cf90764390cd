"""The definitions together: what every other room asks of them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from catalog.calendars import periods_of
from catalog.holidays import HolidayYear, WorkingDays
from catalog.model import (
    Calendar,
    CodeList,
    Comparison,
    Form,
    FormField,
    Indicator,
    Message,
    Obligation,
    Rule,
    RunningText,
    Schedule,
    UnitEventRecord,
    UnitKind,
    UnitRecord,
)
from catalog.notices import Audience, Case, NoticeText
from catalog.rating import RatingRules
from domain.notice import NoticeKind
from domain.period import Period

_YEAR = re.compile(r"^(\d{4})")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the definitions."""

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.file} · {self.where}: {self.what}"


class CatalogError(Exception):
    """The definitions do not hold together. ``faults`` lists every place, not only the first."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


@dataclass(frozen=True)
class Catalog:
    """Everything the program knows about what is reported. ``fingerprint`` changes when any definition file changes."""

    root: Path
    fingerprint: str
    messages: dict[str, Message]
    codelists: dict[str, CodeList]
    indicators: dict[str, Indicator]
    forms: dict[str, Form]
    examples: dict[str, dict[str, Any]]
    rules: tuple[Rule, ...]
    calendars: dict[str, Calendar]
    unit_kinds: dict[str, UnitKind]
    units: tuple[UnitRecord, ...]
    events: tuple[UnitEventRecord, ...]
    obligations: tuple[Obligation, ...]
    comparison: Comparison = field(default_factory=Comparison)
    ratings: tuple[RatingRules, ...] = ()
    running_text: RunningText = field(default_factory=RunningText)
    schedule: Schedule = field(default_factory=Schedule)
    notices: tuple[NoticeText, ...] = ()
    holidays: tuple[HolidayYear, ...] = ()

    @cached_property
    def working_days(self) -> WorkingDays:
        """Which days are worked: deadlines and closings are counted in them."""
        return WorkingDays(self.holidays)

    @cached_property
    def rules_by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def _fields(self) -> dict[str, dict[str, FormField]]:
        return {form.id: {field.code: field for field in form.fields} for form in self.forms.values()}

    def field(self, form: str, code: str) -> FormField:
        return self._fields[form][code]

    def period(self, code: str) -> Period | None:
        """The period with this code (``2025``, ``2025-Q1``, ``2025-H1``, ``2025-9M``, ``2025-M04@CALENDAR``) if any."""
        found = _YEAR.match(code)
        return self._periods_of_year(int(found[1])).get(code) if found else None

    @cached_property
    def _periods(self) -> dict[int, dict[str, Period]]:
        return {}

    def _periods_of_year(self, year: int) -> dict[str, Period]:
        if year not in self._periods and 1945 <= year <= 2200:
            self._periods[year] = {period.code: period for period in self.periods(year)}
        return self._periods.get(year, {})

    def period_before(self, period: Period) -> Period | None:
        """The period of the same calendar and kind that ends the day before this one begins."""
        near = (*self.periods(period.year - 1, period.calendar), *self.periods(period.year, period.calendar))
        eve = period.window.first - timedelta(days=1)
        return next((item for item in near if item.kind is period.kind and item.window.last == eve), None)

    def year_before(self, period: Period, years: int = 1) -> Period | None:
        """The same period of the year before; with a negative number of a later year."""
        there = self.periods(period.year - years, period.calendar)
        return next((item for item in there if (item.kind, item.ordinal) == (period.kind, period.ordinal)), None)

    def periods(self, year: int, calendar: str | None = None) -> list[Period]:
        """All periods labelled with ``year``, in every calendar or in one."""
        chosen = [self.calendars[calendar]] if calendar else list(self.calendars.values())
        return [period for item in chosen for period in periods_of(item, year, self.working_days)]

    @cached_property
    def _units_by_code(self) -> dict[str, list[UnitRecord]]:
        by_code: dict[str, list[UnitRecord]] = defaultdict(list)
        for unit in self.units:
            by_code[unit.code].append(unit)
        return by_code

    def unit_on(self, code: str, day: date) -> UnitRecord | None:
        """The unit that bore ``code`` on ``day``: a code alone names different units at different times."""
        for unit in self._units_by_code.get(code, []):
            if unit.valid_from <= day and (unit.valid_to is None or day <= unit.valid_to):
                return unit
        return None

    def units_of(self, code: str) -> list[UnitRecord]:
        """Every unit that ever bore ``code``."""
        return list(self._units_by_code.get(code, []))

    @cached_property
    def _events_by_old(self) -> dict[tuple[str, date], list[UnitEventRecord]]:
        by_old: dict[tuple[str, date], list[UnitEventRecord]] = defaultdict(list)
        for event in sorted(self.events, key=lambda event: event.day):
            by_old[event.old_code, event.old_valid_from].append(event)
        return by_old

    def events_from(self, unit: UnitRecord) -> list[UnitEventRecord]:
        """What became of a unit, by day: every event it went out of."""
        return list(self._events_by_old.get((unit.code, unit.valid_from), []))

    def rules_for(self, form: str, day: date) -> list[Rule]:
        """The rules in force for a form on a day."""
        return [rule for rule in self.rules if rule.applies_to(form) and rule.applies_on(day)]

    def notice(self, kind: NoticeKind, audience: Audience, case: Case = Case.USUAL) -> NoticeText:
        """What is told on such an occasion; the definitions are proved to have a text for each."""
        return next(text for text in self.notices if text.key == (kind, audience, case))

    def rating_on(self, day: date) -> RatingRules | None:
        """The rules by which units are rated for a period that ends on ``day``."""
        return next((rules for rules in self.ratings if rules.in_force_on(day)), None)

    def owed(self, unit_kind: str, period: Period) -> list[Obligation]:
        """The forms a kind of unit owes for a period."""
        return [item for item in self.obligations if item.unit_kind == unit_kind and item.asks_for(period)]
