"""Days and units reckoned by hand: nothing here asks the program, so that it can be told whether it is right.

Days follow Nghị định 09/2019/NĐ-CP as the reports of the year do: a quarter runs from the 15th of the month before to
the 14th, and each level has its working days from there. No public holiday lies between the 15th and the 28th of March,
June, September or December (Giỗ Tổ Hùng Vương lies between 29 March and 29 April): whoever counts from the end of a
quarter counts Monday to Friday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from fractions import Fraction

from examples.filing import Typed

#: Vietnam keeps one time all year.
HERE = timezone(timedelta(hours=7))

_WORKING_DAYS = {"cell": 1, "commune": 3, "province": 7}
LEVELS = {
    "chi_bo": "cell",
    "dang_bo_xa": "commune",
    "dang_bo_phuong": "commune",
    "ubnd_xa": "commune",
    "ubnd_phuong": "commune",
    "tinh_uy": "province",
    "ubnd_tinh": "province",
}


def forms_of(kind: str) -> tuple[str, ...]:
    """What a kind of unit owes for every quarter and for the year."""
    return ("review-report", "one-stop-dossiers") if kind.startswith("ubnd") else ("review-report",)


def window_of(period: str) -> tuple[date, date]:
    """First and last day of ``2026-Q3`` or ``2026``."""
    year, _, quarter = period.partition("-Q")
    if not quarter:
        return date(int(year) - 1, 12, 15), date(int(year), 12, 14)
    month = 3 * int(quarter)
    first = date(int(year) - 1, 12, 15) if month == 3 else date(int(year), month - 3, 15)
    return first, date(int(year), month, 14)


def quarters_of(year: str) -> list[str]:
    return [f"{year}-Q{quarter}" for quarter in (1, 2, 3, 4)]


def working_days_after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= day.isoweekday() <= 5
    return day


def due(kind: str, period: str) -> date:
    return working_days_after(window_of(period)[1], _WORKING_DAYS[LEVELS[kind]])


def last_due(period: str) -> date:
    """The day the last level is due."""
    return working_days_after(window_of(period)[1], max(_WORKING_DAYS.values()))


def opening(period: str) -> datetime:
    """A period is opened on its first day."""
    return datetime.combine(window_of(period)[0], time(6), HERE)


def closing(period: str) -> datetime:
    """A period is closed three working days after the last level was due."""
    return datetime.combine(working_days_after(last_due(period), 3), time(6), HERE)


def local_day(moment: datetime) -> date:
    return moment.astimezone(HERE).date()


# ------------------------------------------------------------------------------------------------ figures


@dataclass(frozen=True)
class Figure:
    """A figure with the least and the most it can be."""

    value: Fraction
    low: Fraction
    high: Fraction

    def __add__(self, other: Figure) -> Figure:
        return Figure(self.value + other.value, self.low + other.low, self.high + other.high)

    @property
    def is_exact(self) -> bool:
        return self.low == self.value == self.high

    @property
    def word(self) -> str:
        """How the total is called: ``exact``, or ``gt`` of "hơn"."""
        return "exact" if self.is_exact else "gt"


def figure(typed: Typed) -> Figure:
    """What a person typed: a number, or "hơn N" of whole things: more than N, less than the next round number."""
    if isinstance(typed, str):
        number = int(typed.removeprefix("hơn "))
        unit = 1
        while number % (unit * 10) == 0:
            unit *= 10
        return Figure(Fraction(number), Fraction(number + 1), Fraction(number + max(unit - 1, 1)))
    exact = Fraction(str(typed))
    return Figure(exact, exact, exact)


# ------------------------------------------------------------------------------------------------ units


@dataclass(frozen=True)
class Life:
    """A unit from one day to another, as the register has it; ``key`` tells it from others of the same code."""

    code: str
    since: date
    until: date | None
    name: str
    kind: str
    parent: str | None

    @property
    def key(self) -> tuple[str, date]:
        return self.code, self.since

    def lived_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


class Register:
    """What is known of the units: their lives, and what became of them."""

    def __init__(self) -> None:
        self.lives: dict[tuple[str, date], Life] = {}
        self._of_code: dict[str, dict[date, Life]] = {}
        #: old key → (kind, day, new key)
        self.events: dict[tuple[str, date], tuple[str, date, tuple[str, date]]] = {}
        #: new key → old key, of those that stay themselves
        self._was: dict[tuple[str, date], tuple[str, date]] = {}

    def put(self, life: Life) -> None:
        self.lives[life.key] = life
        self._of_code.setdefault(life.code, {})[life.since] = life

    def happened(self, kind: str, day: date, old: tuple[str, date], new: tuple[str, date]) -> None:
        self.events[old] = (kind, day, new)
        if kind != "merge":
            self._was[new] = old

    def on(self, code: str, day: date) -> Life | None:
        return next((life for life in self._of_code.get(code, {}).values() if life.lived_on(day)), None)

    def living(self, day: date) -> list[Life]:
        return [life for life in self.lives.values() if life.lived_on(day)]

    def bearer(self, code: str, period: str) -> Life | None:
        """Whom a report of a period is of: who bears the code on its last day, else on its first."""
        first, last = window_of(period)
        return self.on(code, last) or self.on(code, first)

    def itself_on(self, key: tuple[str, date], day: date) -> tuple[str, date]:
        """What a unit is called on a day: renamed and under another superior it is still itself, merged it is not."""
        while key in self.events:
            kind, since, then = self.events[key]
            if kind == "merge" or since > day:
                break
            key = then
        return key

    def selves(self, key: tuple[str, date]) -> list[tuple[str, date]]:
        """Everything a unit was and is called, the earliest first."""
        while key in self._was:
            key = self._was[key]
        found = [key]
        while key in self.events and self.events[key][0] != "merge":
            key = self.events[key][2]
            found.append(key)
        return found

    def heir(self, code: str, day: date) -> str | None:
        """Who has taken the place of a superior that is no more."""
        ended = [life for life in self._of_code.get(code, {}).values() if life.until and life.until < day]
        if not ended:
            return None
        key = max(ended, key=lambda life: life.since).key
        while key in self.events and not self.lives[key].lived_on(day):
            key = self.events[key][2]
        return key[0] if self.lives[key].lived_on(day) else None

    def tree(self, period: str) -> dict[str, str | None]:
        """Code → code of the superior: whoever lived in the period, as things stand on its last day."""
        first, last = window_of(period)
        living = {life.code: life for life in self.living(last)}
        guests = {
            life.code: life
            for life in self.lives.values()
            if life.until and first <= life.until < last and life.code not in living
        }
        return {code: self._above(life, living, last) for code, life in (living | guests).items()}

    def _above(self, life: Life, living: dict[str, Life], day: date) -> str | None:
        if life.parent is None or life.parent in living:
            return life.parent
        heir = self.heir(life.parent, day)
        return heir if heir != life.code else None
