"""How a period is closed, step by step; each may be repeated, and whoever comes after a run that died goes on.

``closing_at`` → everything that waits is collected → warehouse, archive and definitions are backed up → closed in one
transaction, which refuses while anything of the period waits → the period's report.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from domain import clock
from domain.act import ActRefusedError
from domain.life import Life
from domain.occasion import Occasion, OccasionKind
from tasks import closing, occasions, periods
from tasks.periods import SCHEDULE
from tasks.settings import Settings
from tasks.store import engine_for
from warehouse import intake, leases
from warehouse.acts import ClosedElsewhereError

#: How often the reports that wait are collected before a closing gives up.
TRIES = 3

#: Why the schedule closes a period.
BY_CALENDAR = "đến ngày đóng kỳ theo lịch · the calendar closes it"

#: Collects everything that waits; the period names the run.
Collect = Callable[[Settings, str], object]


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


def close(settings: Settings, period: str, *, who: str, reason: str, collect: Collect) -> Closing:
    """Close a period, or tell why it is not closed. The schedule (``who``) waits while permits to be late run; a person
    does not. Raises :class:`ActRefusedError` when it cannot be closed: another run closes it, reports go on waiting,
    the backup cannot be written."""
    periods.register(settings, period)
    if periods.life(settings, period) is Life.CLOSED:
        return _closed_before(settings, period)
    permits = periods.permits_running(settings, period, clock.now()) if who == SCHEDULE else None
    if permits is not None:
        return Closing(
            period,
            "waits",
            f"{period} chờ {permits.units} đơn vị được phép muộn đến {permits.until:%d/%m/%Y}",
            f"{period} waiting for {permits.units} units permitted until {permits.until}",
        )
    engine = engine_for(settings.url)
    with leases.running(engine, "close-period", period) as run:
        closing.begin(settings, period, run, who, reason)
        _collect_and_close(settings, period, run, who, reason, collect)
        made = closing.report(settings, period)
        done = Closing(period, "closed", f"đã đóng {made.vi}", f"closed {made.en}", made.files)
        intake.finish_run(engine, run, "completed", f"{done.vi} · {done.en}")
    return done


def _collect_and_close(settings: Settings, period: str, run: str, who: str, reason: str, collect: Collect) -> None:
    for left in reversed(range(TRIES)):
        collect(settings, period)
        if left and periods.is_waiting(settings, period):
            continue
        closing.back_up(settings, period)
        try:
            closing.close(settings, period, run, who, reason)
        except ActRefusedError:  # something came in while the backup was written
            if not left or not periods.is_waiting(settings, period):
                raise
        else:
            return


def _closed_before(settings: Settings, period: str) -> Closing:
    """Its report is made again, in case the run that closed it died before."""
    made = closing.report(settings, period)
    return Closing(period, "before", f"đã đóng từ trước: {made.vi}", f"closed before: {made.en}", made.files)


# ------------------------------------------------------------------------------------------------ by the calendar


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the closings that were due came to; ``faults`` of those that stopped."""

    closings: tuple[Closing, ...]
    faults: tuple[Exception, ...]


def close_due(settings: Settings, collect: Collect, *, overdue: timedelta = timedelta(0)) -> Outcome:
    """Close the periods the calendar asks to close and those whose closing was cut short; one that cannot be closed
    stays due and keeps no other from it. ``overdue``: only what has been due that long."""
    moment = clock.now()
    due = [item for item in occasions.due(settings, OccasionKind.CLOSE, moment) if item.at <= moment - overdue]
    asked = dict.fromkeys([*(item.period for item in due), *periods.interrupted(settings)])
    closings: list[Closing] = []
    faults: list[Exception] = []
    for period in asked:
        try:
            done = _close_in_turn(settings, period, collect)
        except Exception as error:
            faults.append(error)
            continue
        closings.append(done)
        if done.is_done:
            mark(settings, period, due, done)
    return Outcome(tuple(closings), tuple(faults))


def _close_in_turn(settings: Settings, period: str, collect: Collect) -> Closing:
    """What a person began is finished in that person's name; what another run closes at this moment is left to it."""
    who, reason = periods.who_began(settings, period) or (SCHEDULE, BY_CALENDAR)
    try:
        return close(settings, period, who=who, reason=reason, collect=collect)
    except ClosedElsewhereError as elsewhere:
        return Closing(period, "busy", elsewhere.vi, elsewhere.en)


def mark(settings: Settings, period: str, due: list[Occasion], done: Closing) -> None:
    """The closing of this period is done, as far as the calendar asked for it."""
    own = [item for item in due if item.period == period]
    if own:
        occasions.mark_done(settings, own, None, f"{done.vi} · {done.en}")
