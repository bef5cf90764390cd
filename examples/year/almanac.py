"""What the calendar asked for and when it was done, reckoned by hand: occasions, the lives of periods, runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from examples.year.reckoning import HERE, LEVELS, closing, due, opening, window_of

#: (period, kind, label) as the program keeps them.
Occasion = tuple[str, str, str]


@dataclass
class Life:
    """The moments of a period; each is empty until it happened."""

    opened_at: datetime | None = None
    closed_at: datetime | None = None
    reopened_at: datetime | None = None

    @property
    def name(self) -> str:
        if self.closed_at:
            return "closed"
        if self.reopened_at:
            return "reopened"
        return "open" if self.opened_at else "planned"


@dataclass
class Almanac:
    """The periods of three years, and what has been done for them. Nothing is asked for before ``began``."""

    year: int
    began: datetime | None = None
    lives: dict[str, Life] = field(default_factory=dict)
    done: dict[Occasion, datetime] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=Counter)

    def begin(self, moment: datetime) -> None:
        self.began = self.began or moment

    @property
    def periods(self) -> list[str]:
        years = [str(year) for year in (self.year - 1, self.year, self.year + 1)]
        return [code for year in years for code in (*(f"{year}-Q{number}" for number in (1, 2, 3, 4)), year)]

    def due(self, kind: str, now: datetime) -> list[Occasion]:
        """What of a kind has fallen due and is not done. Who opens or reminds too late does neither."""
        fallen = []
        for period in self.periods:
            if kind in ("open", "remind") and closing(period) <= now:
                continue
            for label, at in _occasions(period, kind):
                is_running = kind == "open" and self.began is not None and at < self.began < closing(period)
                is_ours = self.began is not None and self.began <= at
                if at <= now and (is_ours or is_running) and (period, kind, label) not in self.done:
                    fallen.append((period, kind, label))
        return fallen

    def do(self, occasions: list[Occasion], now: datetime) -> None:
        self.done |= dict.fromkeys(occasions, now)

    def life(self, period: str) -> Life:
        return self.lives.setdefault(period, Life())

    @property
    def closed(self) -> set[str]:
        return {period for period, life in self.lives.items() if life.closed_at}


def _occasions(period: str, kind: str) -> Iterator[tuple[str, datetime]]:
    """(label, moment) of what the calendar asks for."""
    first, last = window_of(period)
    match kind:
        case "open":
            yield "", opening(period)
        case "collect":
            yield "cutoff", _at(last, time(23, 30))
            levels = {LEVELS[unit_kind]: due(unit_kind, period) for unit_kind in LEVELS}
            yield from ((f"due:{level}", _at(day, time(23, 30))) for level, day in levels.items())
            yield from _daily(first, time(6), closing(period))
        case "remind":
            yield from _daily(first, time(8), closing(period))
        case "close":
            yield "", closing(period)
        case "review" if "-Q" not in period:
            yield "", _at(closing(period).date(), time(9))


def _daily(day: date, at: time, until: datetime) -> Iterator[tuple[str, datetime]]:
    while _at(day, at) < until:
        yield f"day:{day}", _at(day, at)
        day += timedelta(days=1)


def _at(day: date, at: time) -> datetime:
    return datetime.combine(day, at, HERE)
