"""How periods are closed, step by step; each may be repeated, and whoever comes after a run that died goes on.

``closing_at`` → everything that waits is collected → warehouse, archive and definitions are backed up → each period is
closed in one transaction, which refuses while anything of it waits → its report. What is due together is collected and
backed up once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain import clock
from domain.act import ActRefusedError
from domain.life import Life
from domain.occasion import Occasion, OccasionKind
from tasks import closing, occasions, periods
from tasks.periods import SCHEDULE
from tasks.runs import running
from tasks.settings import Settings
from tasks.store import engine_for
from warehouse import intake
from warehouse.acts import ClosedElsewhereError

#: How often the reports that wait are collected before a closing gives up.
TRIES = 3

#: Why the schedule closes a period.
BY_CALENDAR = "đến ngày đóng kỳ theo lịch · the calendar closes it"

#: Collects everything that waits; the period, if any, names the run.
Collect = Callable[[Settings, str], object]


@dataclass(frozen=True, slots=True)
class Asked:
    """A period that is to be closed, by whom and why. The schedule (``who``) waits while permits to be late run; a
    person does not."""

    period: str
    who: str = SCHEDULE
    reason: str = BY_CALENDAR


@dataclass(frozen=True, slots=True)
class Closing:
    """What became of a closing. ``state``: ``closed`` now, ``before`` (it was closed already; its report was made
    again), ``waits`` for units that may be late, or ``busy``: another run is closing it."""

    period: str
    state: str
    vi: str
    en: str
    files: tuple[Path, ...] = ()

    @property
    def is_done(self) -> bool:
        return self.state in ("closed", "before")


@dataclass(slots=True)
class Outcome:
    """What the closings came to; ``faults`` of those that stopped, which a later run goes on with."""

    closings: list[Closing] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)


# ------------------------------------------------------------------------------------------------ in order


def close(settings: Settings, asked: Sequence[Asked], collect: Collect) -> Outcome:
    """Close the periods, or tell why one is not closed; what stops one keeps no other from being closed.

    Faults are :class:`ActRefusedError` where a period cannot be closed: reports go on waiting, the backup cannot be
    written.
    """
    outcome = Outcome()
    to_close = [item for item in asked if _is_to_close(settings, item, outcome)]
    if not to_close:
        return outcome
    engine = engine_for(settings.url)
    named = to_close[0].period if len(to_close) == 1 else None
    ended: dict[str, Any] = {}
    with running(settings, "close-period", named, ended) as run:
        begun = [item for item in to_close if _is_begun(settings, item, run, outcome)]
        try:
            closed = _collect_and_close(settings, begun, run, collect, outcome)
        except Exception as error:  # nothing was closed by it; what is being closed stays so, and is taken up again
            outcome.faults.append(error)
            closed = []
        for item in closed:
            _report(settings, item, "closed", outcome)
        state = "failed" if outcome.faults else "completed"
        said = [
            *(f"{done.vi} · {done.en}" for done in outcome.closings),
            *(f"{type(error).__name__}: {error}" for error in outcome.faults),
        ]
        intake.finish_run(engine, run, state, "; ".join(said))
        ended.update(state=state, message="; ".join(said))
    return outcome


def _is_to_close(settings: Settings, asked: Asked, outcome: Outcome) -> bool:
    """Whether anything is to be done now; the report of one that was closed before is made again, in case whoever
    closed it died before."""
    period = asked.period
    periods.register(settings, period)
    if periods.life(settings, period) is Life.CLOSED:
        _report(settings, asked, "before", outcome)
        return False
    permits = periods.permits_running(settings, period, clock.now()) if asked.who == SCHEDULE else None
    if permits is None:
        return True
    waits = Closing(
        period,
        "waits",
        f"{period} chờ {permits.units} đơn vị được phép muộn đến {permits.until:%d/%m/%Y}",
        f"{period} waiting until {permits.until}; units permitted to be late: {permits.units}",
    )
    outcome.closings.append(waits)
    return False


def _is_begun(settings: Settings, asked: Asked, run: str, outcome: Outcome) -> bool:
    try:
        closing.begin(settings, asked.period, run, asked.who, asked.reason)
    except ClosedElsewhereError as elsewhere:
        outcome.closings.append(Closing(asked.period, "busy", elsewhere.vi, elsewhere.en))
        return False
    return True


def _collect_and_close(
    settings: Settings, asked: Sequence[Asked], run: str, collect: Collect, outcome: Outcome
) -> list[Asked]:
    """Those that were closed. What came in while the backup was written is collected too, and backed up anew."""
    closed: list[Asked] = []
    left = list(asked)
    for tries in reversed(range(TRIES)):
        if not left:
            break
        collect(settings, left[0].period if len(left) == 1 else "")
        if tries and any(periods.is_waiting(settings, item.period) for item in left):
            continue
        closing.back_up(settings, [item.period for item in left])
        still = [item for item in left if not _is_closed(settings, item, run, tries, outcome)]
        closed += [item for item in left if item not in still]
        left = [item for item in still if tries]
    return closed


def _is_closed(settings: Settings, asked: Asked, run: str, tries: int, outcome: Outcome) -> bool:
    """Whether it could be closed; what was refused for good is a fault."""
    try:
        closing.close(settings, asked.period, run, asked.who, asked.reason)
    except ActRefusedError as refused:
        if not tries or not periods.is_waiting(settings, asked.period):
            outcome.faults.append(refused)
        return False
    return True


def _report(settings: Settings, asked: Asked, state: str, outcome: Outcome) -> None:
    try:
        made = closing.report(settings, asked.period)
    except Exception as error:  # the period is closed all the same, and stays due until its report is there
        outcome.faults.append(error)
        return
    vi, en = ("đã đóng", "closed") if state == "closed" else ("đã đóng từ trước:", "closed before:")
    outcome.closings.append(Closing(asked.period, state, f"{vi} {made.vi}", f"{en} {made.en}", made.files))


# ------------------------------------------------------------------------------------------------ by the calendar


def close_due(settings: Settings, collect: Collect, *, overdue: timedelta = timedelta(0)) -> Outcome:
    """Close the periods the calendar asks to close and those whose closing was cut short; what cannot be closed stays
    due. ``overdue``: only what has been due that long."""
    moment = clock.now()
    due = [item for item in occasions.due(settings, OccasionKind.CLOSE, moment) if item.at <= moment - overdue]
    codes = dict.fromkeys([*(item.period for item in due), *periods.interrupted(settings)])
    outcome = close(settings, [_in_turn(settings, period) for period in codes], collect)
    mark(settings, due, outcome)
    return outcome


def _in_turn(settings: Settings, period: str) -> Asked:
    """What a person began to close is finished in that person's name."""
    began = periods.who_began(settings, period)
    return Asked(period, *began) if began is not None else Asked(period)


def mark(settings: Settings, due: Sequence[Occasion], outcome: Outcome) -> None:
    """The closings that are done are done for the calendar, too, as far as it asked for them."""
    for item in outcome.closings:
        own = [occasion for occasion in due if item.is_done and occasion.period == item.period]
        occasions.mark_done(settings, own, None, f"{item.vi} · {item.en}")
