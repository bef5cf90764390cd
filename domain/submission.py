"""A submission and its states: identity is (unit, period, form) and a version number."""

from __future__ import annotations

from enum import StrEnum


class SubmissionState(StrEnum):
    RECEIVED = "received"
    UNREADABLE = "unreadable"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    ACCEPTED_WITH_WARNINGS = "accepted_with_warnings"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


#: States whose figures stand in the totals.
IN_FORCE = frozenset({SubmissionState.ACCEPTED, SubmissionState.ACCEPTED_WITH_WARNINGS})

#: States that a fresh attempt may start from.
FAILED = frozenset({SubmissionState.UNREADABLE, SubmissionState.REJECTED})

#: States a report can be brought back from by an act of its own, to be checked anew.
RESTORABLE = frozenset({SubmissionState.SUPERSEDED, SubmissionState.WITHDRAWN})

_MOVES: dict[SubmissionState, frozenset[SubmissionState]] = {
    SubmissionState.RECEIVED: frozenset(
        {
            SubmissionState.UNREADABLE,
            SubmissionState.REJECTED,
            SubmissionState.ACCEPTED,
            SubmissionState.ACCEPTED_WITH_WARNINGS,
            SubmissionState.SUPERSEDED,
            SubmissionState.WITHDRAWN,
        }
    ),
    SubmissionState.UNREADABLE: frozenset({SubmissionState.RECEIVED, SubmissionState.WITHDRAWN}),
    SubmissionState.REJECTED: frozenset({SubmissionState.RECEIVED, SubmissionState.WITHDRAWN}),
    # a warning may be found later (the same figures came from another unit), and may be settled later (by a waiver)
    SubmissionState.ACCEPTED: frozenset(
        {SubmissionState.ACCEPTED_WITH_WARNINGS, SubmissionState.SUPERSEDED, SubmissionState.WITHDRAWN}
    ),
    SubmissionState.ACCEPTED_WITH_WARNINGS: frozenset(
        {SubmissionState.ACCEPTED, SubmissionState.SUPERSEDED, SubmissionState.WITHDRAWN}
    ),
    SubmissionState.SUPERSEDED: frozenset({SubmissionState.RECEIVED, SubmissionState.WITHDRAWN}),
    SubmissionState.WITHDRAWN: frozenset({SubmissionState.RECEIVED}),
}


class MoveRefusedError(ValueError):
    """A submission was asked to change into a state that cannot follow its present one."""


def may_move(before: SubmissionState, after: SubmissionState) -> bool:
    return after in _MOVES[before]


def move(before: SubmissionState, after: SubmissionState) -> SubmissionState:
    """``after``, when it may follow ``before``; raises :class:`MoveRefusedError` otherwise."""
    if not may_move(before, after):
        allowed = ", ".join(sorted(_MOVES[before])) or "none"
        raise MoveRefusedError(f"{before} cannot become {after} (allowed: {allowed})")
    return after


class AttemptOutcome(StrEnum):
    """How one try at a submission ended. ``same_bytes``: the file was known already and nothing was changed."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_WARNINGS = "accepted_with_warnings"
    REJECTED = "rejected"
    UNREADABLE = "unreadable"
    SAME_BYTES = "same_bytes"
    FAILED = "failed"


class FaultNature(StrEnum):
    """Transient faults are worth trying again as they are; permanent ones need a person."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
