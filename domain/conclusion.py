"""Conclusions of a conference: numbered tasks with an owner and a day, followed until they are closed."""

from __future__ import annotations

from enum import StrEnum

#: The list of a report in which a unit says what became of the conclusions it answers for.
PROGRESS_LIST = "conclusion_progress"


class ConclusionState(StrEnum):
    """What became of a task. ``dropped`` is decided by an administrator; a report says one of the others."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    DROPPED = "dropped"


#: States after which nothing more is asked.
CLOSED = frozenset({ConclusionState.DONE, ConclusionState.DROPPED})

#: State → (Vietnamese, English).
STATE_WORDS = {
    ConclusionState.OPEN: ("chưa thực hiện", "not begun"),
    ConclusionState.IN_PROGRESS: ("đang thực hiện", "in progress"),
    ConclusionState.DONE: ("đã hoàn thành", "done"),
    ConclusionState.DROPPED: ("thôi thực hiện", "dropped"),
}


class Direction(StrEnum):
    """On which side of the target a figure is to lie."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"


#: Direction → sign before the target.
DIRECTION_SIGNS = {Direction.AT_LEAST: "≥", Direction.AT_MOST: "≤"}


class Speaker(StrEnum):
    """Who said it: an administrator's act, the report of the task's owner, or that of the unit that met."""

    ACT = "act"
    OWNER = "owner"
    HOLDER = "holder"


class Met(StrEnum):
    """Whether a target is met, as far as the figure tells."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_KNOWN = "not_known"


def judge_target(low: float, high: float, direction: Direction, target: float) -> Met:
    """A figure somewhere in [``low``, ``high``] beside a target.

    "khoảng 8" may be less than 8 or more: of "at least 8" it is neither met nor not met. Open ends are infinite.
    """
    if direction is Direction.AT_MOST:
        return judge_target(-high, -low, Direction.AT_LEAST, -target)
    if low >= target:
        return Met.MET
    return Met.NOT_MET if high < target else Met.NOT_KNOWN
