"""What a unit was to reach and how far it came, in words: targets of the year and levels set by conclusions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from conference.facts import Facts, Figure
from domain.conclusion import ConclusionState, Direction, Met
from domain.target import INCOMPLETE, NO_FIGURE, WORDS, YEAR_RUNS, Outcome, note_in_words

#: The order in which outcomes are told; the last is of targets without a figure.
ORDER = (
    Outcome.MET.value,
    Outcome.MET_SO_FAR.value,
    Outcome.NOT_MET.value,
    Outcome.NOT_MET_SO_FAR.value,
    Outcome.UNDECIDED.value,
    NO_FIGURE,
)

_FINAL = {True: Outcome.MET.value, False: Outcome.NOT_MET.value}


# ------------------------------------------------------------------------------------------------ targets of the year


def outcome(target: Mapping[str, Any]) -> str:
    """One of ``ORDER``: the final judgement, else how the note says that it stands."""
    if target["met"] is not None:
        return _FINAL[target["met"]]
    if target["value"] is None:
        return NO_FIGURE
    codes = _codes(target)
    return next((code for code in ORDER if code in codes), Outcome.UNDECIDED.value)


def outcome_word(facts: Facts, code: str) -> str:
    return WORDS[code][0 if facts.language == "vi" else 1]


def outcome_cell(facts: Facts, target: Mapping[str, Any]) -> str:
    """``Đến nay chưa đạt``: begins a cell."""
    word = outcome_word(facts, outcome(target))
    return word[:1].upper() + word[1:]


def note_told(facts: Facts, target: Mapping[str, Any]) -> str:
    """The note in words, without the outcome that stands beside it."""
    known = outcome(target)
    word = outcome_word(facts, known)
    said = [note_in_words(part, facts.language) for part in (target["note"] or "").split(",") if part != known]
    return "; ".join(text for text in said if text and text != word)


def goal(facts: Facts, target: Mapping[str, Any]) -> str:
    """``ít nhất 95 %``."""
    return _goal(facts, target["direction"], target["indicator"], target["target"])


def reached(facts: Facts, target: Mapping[str, Any]) -> Figure | None:
    """The figure the outcome rests on, with its qualifier and its coverage; ``None`` where the freeze does not have
    it."""
    period = _codes(target).get(YEAR_RUNS)
    return facts.figure_reached(target["unit"], target["indicator"], target["value"], period)


def reached_told(facts: Facts, target: Mapping[str, Any]) -> str:
    """``hơn 1.469``; that there is no figure where there is none."""
    if target["value"] is None:
        return facts.words("not_enough")
    found = reached(facts, target)
    return facts.quantity(
        target["value"], found.qualifier if found else None, percent=facts.is_rate(target["indicator"])
    )


def coverage_told(facts: Facts, target: Mapping[str, Any]) -> str:
    """``3/58 đơn vị``; of what a unit itself sent that it did."""
    found = reached(facts, target)
    if found is not None:
        return facts.coverage_cell(found)
    return _codes(target).get(INCOMPLETE) or "–"


def counted_outcomes(targets: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Outcome → targets, in the order of ``ORDER``; their sum is that of all targets."""
    found = Counter(outcome(target) for target in targets)
    return [(code, found[code]) for code in ORDER if found[code]]


def _codes(target: Mapping[str, Any]) -> dict[str, str]:
    parts = (part.partition("=") for part in (target["note"] or "").split(",") if part)
    return {code: value for code, _, value in parts}


def _goal(facts: Facts, direction: str | None, indicator: str | None, value: float) -> str:
    shown = facts.quantity(value, None, percent=bool(indicator) and facts.is_rate(str(indicator)))
    return facts.words(direction, target=shown) if direction else shown


# ------------------------------------------------------------------------------------------------ conclusions

_MET_WORDS = {Met.MET.value: "level_met", Met.NOT_MET.value: "level_not_met", Met.NOT_KNOWN.value: "level_not_known"}


def level_told(facts: Facts, row: Mapping[str, Any]) -> str:
    """``Số mô hình: phải đạt ít nhất 1.500; đạt 1.200: chưa đạt`` of a conclusion; empty where it set no level and no
    figure is linked to it."""
    indicator = row["indicator"]
    value = _value_told(facts, row)
    said = []
    if row["target"] is not None:
        said.append(_required(facts, row))
    if value:
        said.append(facts.words("level_reached", value=value))
    elif indicator or said:
        said.append(facts.words("level_no_figure"))
    if not said:
        return ""
    judged = f": {facts.words(_MET_WORDS[row['met']])}" if value and row["met"] in _MET_WORDS else ""
    return (f"{facts.label(indicator)}: " if indicator else "") + "; ".join(said) + judged


def _required(facts: Facts, row: Mapping[str, Any]) -> str:
    if row["direction"] == Direction.AT_MOST.value:
        return facts.words("level_required_at_most", target=_goal(facts, None, row["indicator"], row["target"]))
    return facts.words("level_required", goal=_goal(facts, row["direction"], row["indicator"], row["target"]))


def _value_told(facts: Facts, row: Mapping[str, Any]) -> str:
    value, indicator = row["value"], row["indicator"]
    if value is None:
        return ""
    found = facts.figure_reached(row["owner"], indicator, value) if indicator else None
    return facts.quantity(
        value, found.qualifier if found else None, percent=bool(indicator) and facts.is_rate(indicator)
    )


def done_short(rows: Iterable[Mapping[str, Any]], met: Met = Met.NOT_MET) -> list[Mapping[str, Any]]:
    """Conclusions said to be done whose level is not met (or not known to be)."""
    return [row for row in rows if row["state"] == ConclusionState.DONE.value and row["met"] == met.value]
