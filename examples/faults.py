"""Faults planted into sound reports, each with what must become of the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from domain.submission import AttemptOutcome
from examples.filing import Filing, Typed

Change = Callable[[Filing], Filing]

ACCEPTED = AttemptOutcome.ACCEPTED
WARNED = AttemptOutcome.ACCEPTED_WITH_WARNINGS
REJECTED = AttemptOutcome.REJECTED
UNREADABLE = AttemptOutcome.UNREADABLE


def _as_it_is(filing: Filing) -> Filing:
    return filing


@dataclass(frozen=True, slots=True)
class Step:
    """One file the unit sends: how it differs from the sound report, and what must become of it."""

    outcome: AttemptOutcome | None
    change: Change = _as_it_is
    rules: tuple[str, ...] = ()
    damage: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a unit does wrong (or oddly) with its report, in one or more files."""

    name: str
    steps: tuple[Step, ...]
    late: bool = False
    copies: bool = False  # the report is that of the period before


def _number(filing: Filing, field: str) -> int:
    value = filing.figures[field]
    assert isinstance(value, int), field
    return value


def _typing(**typed: Typed) -> Change:
    return lambda filing: replace(filing, figures={**filing.figures, **typed})


def _adding(field: str, amount: int) -> Change:
    return lambda filing: replace(filing, figures={**filing.figures, field: _number(filing, field) + amount})


def _words_around(field: str, pattern: str) -> Change:
    return lambda filing: replace(filing, figures={**filing.figures, field: pattern.format(_number(filing, field))})


def _more_attended_than_convened(filing: Filing) -> Filing:
    figures = {**filing.figures, "study_attended": _number(filing, "study_convened") + 1}
    figures.pop("study_attendance_rate")
    return replace(filing, figures=figures)


def _more_commitments_than_members(filing: Filing) -> Filing:
    return _typing(commitments_signed=_number(filing, "party_members") + 3)(filing)


def _unknown_unit(filing: Filing) -> Filing:
    return replace(filing, unit=f"{filing.unit}X", reporter=filing.unit)


def _unknown_period(filing: Filing) -> Filing:
    return replace(filing, period=f"{filing.period[:4]}-Q9")


def _month_not_owed(filing: Filing) -> Filing:
    """A month that is over by the end of any period of its year in which the units live: they were born in mid-2025."""
    year = filing.period[:4]
    return replace(filing, period=f"{year}-M09" if year == "2025" else f"{year}-M02")


def _one(name: str, outcome: AttemptOutcome, change: Change, *rules: str) -> Fault:
    return Fault(name, (Step(outcome, change, rules),))


_WRONG_SUM = Step(REJECTED, _adding("party_members[membership=du_bi]", 1), ("LRN-001",))

#: Every planted fault. All of them are at home in the review report of a party cell.
FAULTS = (
    Fault("wrong_sum", (_WRONG_SUM,)),
    _one("negative", REJECTED, _typing(registered_deeds=-5), "VAL-001"),
    _one("part_over_whole", REJECTED, _more_attended_than_convened, "LRN-002"),
    _one("dot_eaten", REJECTED, _typing(dissemination_attendees=1.64), "REA-004"),
    _one("percent_over_100", REJECTED, _typing(meeting_attendance_rate=105), "VAL-004"),
    _one("text_in_number", REJECTED, _typing(party_members="xem phụ lục"), "REA-001"),
    _one("declared_zero", ACCEPTED, _typing(models_launched="không phát sinh"), "REA-019"),
    _one("qualified", ACCEPTED, _words_around("registered_deeds", "hơn {}"), "REA-014"),
    _one("unit_words", ACCEPTED, _words_around("registered_deeds", "{} việc"), "REA-012"),
    _one("more_than_the_whole", WARNED, _more_commitments_than_members, "LRN-010"),
    _one("unknown_unit", REJECTED, _unknown_unit, "FRM-005"),
    _one("unknown_period", REJECTED, _unknown_period, "FRM-009"),
    _one("period_not_owed", REJECTED, _month_not_owed, "FRM-010"),
    Fault("sheet_missing", (Step(REJECTED, rules=("FRM-013",), damage="sheet_missing"),)),
    Fault("truncated", (Step(UNREADABLE, rules=("FIL-002",), damage="truncated"),)),
    Fault("empty_file", (Step(UNREADABLE, rules=("FIL-001",), damage="empty_file"),)),
    Fault("same_bytes", (Step(ACCEPTED), Step(AttemptOutcome.SAME_BYTES))),
    Fault("corrected_after_rejection", (_WRONG_SUM, Step(ACCEPTED))),
    Fault("corrected_after_acceptance", (Step(ACCEPTED, _adding("registered_deeds", 1)), Step(ACCEPTED))),
    Fault("late", (Step(ACCEPTED),), late=True),
    Fault("silent", (Step(None),)),
)


#: A report copied from the period before; to be recognised only where that one was collected.
COPIED = Fault("copied", (Step(WARNED, rules=("HIS-028",)),), copies=True)


def plan(positions: list[int], random: Random, share: float, *, history: bool) -> dict[int, Fault]:
    """Which of the positions get which fault: ``share`` of them, but every fault once when there is room for all."""
    faults = (*FAULTS, COPIED) if history else FAULTS
    wanted = max(round(share * len(positions)), len(faults)) if share > 0 else 0
    chosen = random.sample(positions, min(wanted, len(positions)))
    return {position: faults[turn % len(faults)] for turn, position in enumerate(chosen)}
