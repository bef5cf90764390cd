"""Who must be told what, reckoned by hand: each reason once, to the unit's own people and to the focal point above."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

#: Days before and after the due day on which a unit that sent nothing is told.
BEFORE, AFTER = (10, 5, 1), (1, 5)
#: An opening is told for so many days; a due day that passed longer ago than this is told no more.
NEWS, TOO_LATE = timedelta(days=14), timedelta(days=45)

GRAVITY = ("opened", "due_soon", "overdue")


@dataclass(frozen=True, order=True)
class Pressing:
    """A debt that is to be spoken of: since which day, how it is called, by which of the days of reminding."""

    since: date
    kind: str
    days: int


def pressing(due: date, today: date, opened: date | None, reopened: date | None = None) -> Pressing | None:
    """The most pressing thing there is to say of a report that did not come. A period that was opened again is asked
    for as if it had been due then."""
    past = (today - due).days
    if past > 0:
        crossed = [days for days in AFTER if days <= past]
        is_told = crossed and today - max(due, reopened or due) <= TOO_LATE
        return Pressing(due + timedelta(days=max(crossed)), "overdue", max(crossed)) if is_told else None
    near = [days for days in BEFORE if -past <= days]
    if near:
        return Pressing(due - timedelta(days=min(near)), "due_soon", min(near))
    if opened is not None and opened <= today <= opened + NEWS:
        return Pressing(opened, "opened", 0)
    return None


@dataclass(frozen=True)
class Debt:
    """A unit that owes a period: who it is by any of its names, until when, and whether it sent what does not count."""

    unit: tuple[str, date]
    due: date
    has_sent: bool = False


@dataclass
class Told:
    """Everything that was told. ``people``: unit by its first name → address; ``focal``: the unit all lists go to."""

    people: dict[tuple[str, date], str] = field(default_factory=dict)
    #: (kind, unit, period, what for) → address it went to: reminders
    reminders: dict[tuple[str, tuple[str, date], str, str], str] = field(default_factory=dict)
    #: (kind, file) → how often, each time with something new
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: period → lists of outcomes, and of debts, to the focal point
    lists: Counter[tuple[str, str]] = field(default_factory=Counter)
    digests: set[date] = field(default_factory=set)
    _known: set[tuple[object, ...]] = field(default_factory=set)
    _ended: dict[str, tuple[object, ...]] = field(default_factory=dict)
    _listed: dict[tuple[str, str], date] = field(default_factory=dict)

    def remind(
        self, period: str, debts: Iterable[Debt], today: date, opened: date | None, reopened: datetime | None = None
    ) -> None:
        """Tell each unit of its debt, and the focal point of all of them when one has become more pressing; of what is
        overdue anew whenever the period was opened again."""
        most: list[Pressing] = []
        again = f"r{reopened.astimezone(UTC):%Y%m%dT%H%M%S}" if reopened else ""
        for debt in debts:
            said = pressing(debt.due, today, opened, opened if reopened else None)
            if said is None or (said.kind == "opened" and debt.has_sent):
                continue
            most.append(said)
            what = [] if said.kind == "opened" else [f"{debt.due}", f"{said.days}"]
            if said.kind == "overdue" and again:
                what.append(again)
            self.reminders.setdefault((said.kind, debt.unit, period, ":".join(what)), self.people.get(debt.unit, ""))
        series = (period, again if any(said.kind == "overdue" for said in most) else "")
        grave = [said.since for said in most if said.kind != "opened"] or [said.since for said in most]
        if grave and max(grave) > self._listed.get(series, date.min):
            self._listed[series] = max(grave)
            self.lists["debts", period] += 1

    def decide(self, file: str, state: str, findings: object, period: str, restored: int) -> str:
        """A report came out so, after it was restored so often; the period whose focal point is to hear of it, when it
        is news."""
        kind = "accepted" if state.startswith("accepted") else "rejected"
        end = (file, kind, state if kind == "rejected" else "", findings, restored)
        is_back = kind == "rejected" and self._ended.get(file, end) != end
        self._ended[file] = end
        if end in self._known and not is_back:
            return ""
        self._known.add(end)
        self.outcomes[kind, file] += 1
        return period

    def withdraw(self, file: str) -> None:
        """A unit hears that its report was taken out of the totals."""
        self.outcomes["rejected", file] += 1

    def list_outcomes(self, periods: Iterable[str]) -> None:
        for period in set(periods) - {""}:
            self.lists["outcomes", period] += 1
