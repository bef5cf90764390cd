"""What the calendar asks for at this moment and is not done yet: several that were missed are one piece of work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from catalog.occasions import Course, course_of, courses, occasions
from catalog.whole import Catalog
from domain import clock
from domain.act import ActRefusedError
from domain.clock import ZONE
from domain.life import Life
from domain.occasion import Occasion, OccasionKind
from tasks import log, periods
from tasks.settings import Settings
from tasks.store import definitions, engine_for, engine_if_any
from warehouse import schedule

#: The order in which what was missed is made up for: what a later one rests on comes first.
IN_TURN = (OccasionKind.OPEN, OccasionKind.COLLECT, OccasionKind.REMIND, OccasionKind.CLOSE, OccasionKind.REVIEW)

#: The flow, and the deployment, that does the work of each kind.
FLOW_OF = {
    OccasionKind.OPEN: "open-period",
    OccasionKind.COLLECT: "collect-period",
    OccasionKind.REMIND: "remind",
    OccasionKind.CLOSE: "close-period",
    OccasionKind.REVIEW: "year-end-review",
}

#: Of no use any more once the period is closed.
_UNTIL_CLOSED = (OccasionKind.OPEN, OccasionKind.REMIND)

#: Lives in which somebody opened the period and nobody is closing it.
_OPENED = [Life.OPEN.value, Life.REOPENED.value]

#: ``moment`` itself has fallen due.
_INSTANT = timedelta(microseconds=1)


def begin(settings: Settings, moment: datetime) -> datetime:
    """Keep the schedule from ``moment`` on, unless that is done already; the moment it is kept since."""
    return schedule.begin_schedule(engine_for(settings.url), moment)


def due(settings: Settings, kind: OccasionKind, moment: datetime) -> list[Occasion]:
    """The occasions of a kind that have fallen due by ``moment`` and are not done, the oldest first.

    All of them are done at once, whatever their number: who collects after a long absence collects once. Nothing is due
    from before the schedule was first kept (:func:`begin`), except that the periods which had not ended with their
    closing then are to be opened. Neither an opening nor a reminder is due once its period should be closed.
    """
    return _due(settings, [kind], moment)


def all_due(settings: Settings, moment: datetime) -> list[Occasion]:
    """The same of every kind, the oldest first; the calendar is gone through once."""
    return sorted(_due(settings, list(OccasionKind), moment))


def _due(settings: Settings, kinds: Sequence[OccasionKind], moment: datetime) -> list[Occasion]:
    engine, catalog = engine_for(settings.url), definitions(settings)
    since = schedule.schedule_since(engine) or moment
    before = _running_before(catalog, since) if OccasionKind.OPEN in kinds else []
    fallen = [*before, *occasions(catalog, since, moment + _INSTANT)]
    found = []
    for kind in kinds:
        wanted = [item for item in fallen if item.kind is kind]
        done = schedule.done_occasions(engine, kind) if wanted else set()
        missing = [item for item in wanted if (item.period, item.label) not in done]
        found += _still_of_use(catalog, missing, moment) if kind in _UNTIL_CLOSED else missing
    return found


def _running_before(catalog: Catalog, since: datetime) -> list[Occasion]:
    """Openings from before ``since`` of periods that are open then."""
    running = [item for item in courses(catalog, since, since + _INSTANT) if item.opens_at < since < item.closes_at]
    return sorted(Occasion(item.opens_at, OccasionKind.OPEN, item.period.code) for item in running)


def _still_of_use(catalog: Catalog, items: Sequence[Occasion], moment: datetime) -> list[Occasion]:
    closing: dict[str, bool] = {}
    for code in {item.period for item in items}:
        period = catalog.period(code)
        course = course_of(catalog, period) if period else None
        closing[code] = course is None or course.closes_at <= moment
    return [item for item in items if not closing[item.period]]


def refuse_untimely(settings: Settings, kind: OccasionKind, period: str, moment: datetime) -> None:
    """Refuse to open or close a period in the name of the schedule when the calendar has not asked for that yet, asks
    for it never, or had it done before: whoever wants it all the same says who and why. A closing that was begun is
    gone on with, and the report of a closed period made again."""
    if kind is OccasionKind.CLOSE and periods.life(settings, period) in (Life.CLOSING, Life.CLOSED):
        return
    found = definitions(settings).period(period)
    course = course_of(definitions(settings), found) if found else None
    at = None if course is None else course.opens_at if kind is OccasionKind.OPEN else course.closes_at
    vi, en = {OccasionKind.OPEN: ("mở", "open"), OccasionKind.CLOSE: ("đóng", "close")}[kind]
    if at is None:
        why = f"lịch không {vi} kỳ này", f"the calendar does not {en} it"
    elif at > moment:
        why = (
            f"lịch {vi} kỳ này lúc {at.astimezone(ZONE):%d/%m/%Y %H:%M}",
            f"the calendar asks to {en} it at {at.astimezone(ZONE):%Y-%m-%d %H:%M}",
        )
    elif (period, "") in schedule.done_occasions(engine_for(settings.url), kind):
        why = f"lịch đã {vi} kỳ này một lần", f"the calendar had that done once (to {en} it)"
    else:
        return
    raise ActRefusedError(
        f"Kỳ {period}: {why[0]}; muốn {vi} bây giờ thì ghi cả lý do và tên người quyết định",
        f"{period}: {why[1]}; to {en} it now give the reason and the name of who decides",
    )


def mark_done(settings: Settings, occasions: Sequence[Occasion], run: str | None, outcome: str) -> None:
    """Write down that these were done, by the run and with the outcome in words; what is on record stays as it is.

    The first opening also begins the schedule.
    """
    engine = engine_for(settings.url)
    if any(item.kind is OccasionKind.OPEN for item in occasions):
        schedule.begin_schedule(engine, clock.now())
    schedule.mark_occasions(engine, occasions, run, outcome)
    for item in occasions:
        told = {"kind": item.kind, "period": item.period, "label": item.label or None, "due_at": item.at}
        log.tell("occasion.done", settings, run=run, outcome=outcome, **told)


# ------------------------------------------------------------------------------------------------ left to a person


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A period that takes reports until a person closes it: the schedule had it closed once, or closes it never.
    ``since``: when it was opened (again)."""

    period: str
    life: Life
    since: datetime


def left_open(settings: Settings) -> list[LeftOpen]:
    """Periods somebody opened, or opened again, that the schedule does not close, the oldest first.

    Of those that only reports opened (old ones, taken in late) nothing is told, nor where no schedule is kept of
    periods that were never closed: there a person closes all of them.
    """
    engine, catalog = engine_for(settings.url), definitions(settings)
    since = schedule.schedule_since(engine)
    done = schedule.done_occasions(engine, OccasionKind.CLOSE)
    found = []
    for row in periods.lives(settings).filter(pl.col("life").is_in(_OPENED)).iter_rows(named=True):
        opened = row["reopened_at"] or row["opened_at"]
        course = course_of(catalog, period) if (period := catalog.period(row["period"])) else None
        is_to_come = since is not None and course is not None and course.closes_at >= since
        is_told = opened is not None and (since is not None or row["reopened_at"] is not None)
        if is_told and not (is_to_come and (row["period"], "") not in done):
            found.append(LeftOpen(row["period"], Life(row["life"]), opened))
    return found


# ------------------------------------------------------------------------------------------------ what is to come


@dataclass(frozen=True, slots=True)
class Planned:
    """An occasion with the course of its period; ``is_overdue``: it has fallen due and is not done."""

    occasion: Occasion
    course: Course
    is_overdue: bool = False


def planned(settings: Settings, moment: datetime, until: datetime) -> list[Planned]:
    """What is overdue at ``moment``, the oldest first, and then what is to come before ``until``.

    Without a workspace nothing is overdue.
    """
    catalog = definitions(settings)
    there = engine_if_any(settings) is not None
    overdue = all_due(settings, moment) if there else []
    coming = occasions(catalog, moment + _INSTANT, until)
    by_code: dict[str, Course] = {}
    for code in dict.fromkeys(item.period for item in (*overdue, *coming)):
        period = catalog.period(code)
        course = course_of(catalog, period) if period else None
        if course is not None:
            by_code[code] = course
    late = [Planned(item, by_code[item.period], is_overdue=True) for item in overdue]
    return late + [Planned(item, by_code[item.period]) for item in coming]
