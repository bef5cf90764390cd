"""What the calendar asks for at this moment and is not done yet: several that were missed are one piece of work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.occasions import Course, course_of, courses, occasions
from catalog.whole import Catalog
from domain import clock
from domain.occasion import Occasion, OccasionKind
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
    engine, catalog = engine_for(settings.url), definitions(settings)
    since = schedule.schedule_since(engine) or moment
    fallen = [*_running_before(catalog, kind, since), *occasions(catalog, since, moment + _INSTANT)]
    wanted = [item for item in fallen if item.kind is kind]
    if not wanted:
        return []
    done = schedule.done_occasions(engine, kind)
    missing = [item for item in wanted if (item.period, item.label) not in done]
    return _still_of_use(catalog, missing, moment) if kind in _UNTIL_CLOSED else missing


def _running_before(catalog: Catalog, kind: OccasionKind, since: datetime) -> list[Occasion]:
    """Openings from before ``since`` of periods that are open then."""
    if kind is not OccasionKind.OPEN:
        return []
    running = [item for item in courses(catalog, since, since + _INSTANT) if item.opens_at < since < item.closes_at]
    return sorted(Occasion(item.opens_at, kind, item.period.code) for item in running)


def _still_of_use(catalog: Catalog, items: Sequence[Occasion], moment: datetime) -> list[Occasion]:
    closing: dict[str, bool] = {}
    for code in {item.period for item in items}:
        period = catalog.period(code)
        course = course_of(catalog, period) if period else None
        closing[code] = course is None or course.closes_at <= moment
    return [item for item in items if not closing[item.period]]


def mark_done(settings: Settings, occasions: Sequence[Occasion], run: str | None, outcome: str) -> None:
    """Write down that these were done, by the run and with the outcome in words; what is on record stays as it is.

    The first opening also begins the schedule.
    """
    engine = engine_for(settings.url)
    if any(item.kind is OccasionKind.OPEN for item in occasions):
        schedule.begin_schedule(engine, clock.now())
    schedule.mark_occasions(engine, occasions, run, outcome)


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
    overdue = sorted(item for kind in OccasionKind for item in due(settings, kind, moment)) if there else []
    coming = occasions(catalog, moment + _INSTANT, until)
    by_code: dict[str, Course] = {}
    for code in dict.fromkeys(item.period for item in (*overdue, *coming)):
        period = catalog.period(code)
        course = course_of(catalog, period) if period else None
        if course is not None:
            by_code[code] = course
    late = [Planned(item, by_code[item.period], is_overdue=True) for item in overdue]
    return late + [Planned(item, by_code[item.period]) for item in coming]
