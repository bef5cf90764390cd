"""Sentences made from figures: a number is never typed, it comes with its qualifier, its coverage and its change."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from conference.facts import Facts, Figure
from conference.outline import Sentence
from conference.reaching import goal, note_told, outcome, outcome_word
from domain.changes_told import bounds_told, change_told, is_unchanged

#: What XML, and with it Word, Excel and PowerPoint, cannot hold; shown as � so that nothing disappears unseen.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
CONTROL_SIGN = "�"


def printable(text: str) -> str:
    """The text with every control sign shown as � and line ends of all kinds as one."""
    return _CONTROL.sub(CONTROL_SIGN, text.replace("\r\n", "\n").replace("\r", "\n"))


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence with what it rests on. ``headline`` is its first half, fit for a title."""

    text: str
    headline: str
    #: names of figures without a number → the reason
    lacking: Mapping[str, str]
    traces: tuple[str, ...]
    is_told: bool
    #: the same, clause by clause
    points: tuple[str, ...] = ()
    coverage: str = ""


def tell(facts: Facts, sentence: Sentence) -> Told:
    """The sentence in words; figures without a number are left to ``lacking``."""
    names = [sentence.lead, *(clause.figure for clause in sentence.clauses)]
    form = facts.form_for(names)
    figures = {name: facts.figure(name, form) for name in names}
    lacking = {name: facts.reason(figure) for name, figure in figures.items() if figure is None or not figure.is_told}
    traces = tuple(figure.trace for figure in figures.values() if figure is not None)
    plain, listed = _clauses(facts, sentence, figures)
    if sentence.lead in lacking:
        return _without_lead(facts, sentence, lacking, traces, (*plain, *listed))
    lead = figures[sentence.lead]
    first = sentence(facts.language).format(figure=facts.told(sentence.lead, lead))
    first = first[:1].upper() + first[1:]
    coverage = facts.coverage(lead)
    change = changed(facts, sentence.lead, form)
    target = targeted(facts, sentence.lead)
    text = (
        first
        + (f" ({coverage})" if coverage else "")
        + "".join(f", {text}" for text in plain)
        + (f"; {change}" if change else "")
        + (facts.words("of_which") + _listed(facts, listed) if listed else "")
        + (f"; {target}" if target else "")
        + "."
    )
    brief = _without_base(facts, sentence.lead, form) if change else ""
    short = first + (f", {brief}" if brief else "")
    beside = tuple(text for text in (change, target) if text)
    return Told(text, short, lacking, traces, True, (*plain, *beside, *listed), coverage)


def _without_lead(
    facts: Facts, sentence: Sentence, lacking: Mapping[str, str], traces: tuple[str, ...], clauses: tuple[str, ...]
) -> Told:
    label = facts.label(sentence.lead)
    head = f"{label}: {facts.words('not_enough')}"
    rest = f"; {_listed(facts, clauses)}" if clauses else ""
    others = {name: reason for name, reason in lacking.items() if name != sentence.lead}
    text = f"{head} ({lacking[sentence.lead]}){rest}."
    headline = facts.words("slide_lacking", label=label)
    points = (facts.words("slide_reason", reason=lacking[sentence.lead]), *clauses)
    return Told(text, headline, others, traces, False, points)


def _clauses(
    facts: Facts, sentence: Sentence, figures: Mapping[str, Figure | None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The clauses with a number: those that stand at once behind the lead, and those that are listed."""
    lead = figures[sentence.lead]
    plain: list[str] = []
    listed: list[str] = []
    for clause in sentence.clauses:
        figure = figures[clause.figure]
        if figure is None or not figure.is_told:
            continue
        text = clause(facts.language).format(figure=facts.told(clause.figure, figure))
        other = _coverage_apart(facts, figure, lead)
        (plain if clause.plain else listed).append(f"{text} ({other})" if other else text)
    return tuple(plain), tuple(listed)


def _coverage_apart(facts: Facts, figure: Figure, lead: Figure | None) -> str:
    """The coverage of a clause where it is not that of the lead."""
    if lead is not None and lead.is_told and facts.coverage(lead) == facts.coverage(figure):
        return ""
    return facts.coverage(figure, "coverage_short")


def _listed(facts: Facts, clauses: Iterable[str]) -> str:
    """``a, b và c``."""
    parts = list(clauses)
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + facts.words("and") + parts[-1]


# ------------------------------------------------------------------------------------------------ beside the figure


def changed(facts: Facts, name: str, form: str) -> str:
    """``tăng 481,3 % so với năm 2016 (2.015)``, or why it is not told; empty when nothing is known of a base, and where
    one reason holds for all (:attr:`conference.facts.Facts.nothing_compared`)."""
    change = facts.change(name, form)
    if change is None:
        return ""
    base = facts.base_label
    if not change["comparable"] or change["difference"] is None:
        if facts.nothing_compared:
            return ""
        reason = change[f"reason_{facts.language}"] or facts.words("not_enough")
        return facts.words("not_comparable", base=base, reason=reason)
    return facts.words(_how(facts, change), **_of_change(facts, name, change)) + _caution(facts, change)


def _without_base(facts: Facts, name: str, form: str) -> str:
    """The change for a title: no base value, no bounds, no caution; empty where there is none to tell."""
    change = facts.change(name, form)
    if change is None or not change["comparable"] or change["difference"] is None:
        return ""
    filled = _of_change(facts, name, change) | {"then": "", "bounds": ""}
    return facts.words(_how(facts, change), **filled)


def _how(facts: Facts, change: Mapping[str, Any]) -> str:
    if is_unchanged(change):
        return "unchanged"
    return "direction_unknown" if facts.is_rough(change) else "compared"


def _of_change(facts: Facts, name: str, change: Mapping[str, Any]) -> dict[str, str]:
    then = facts.quantity(change["value_then"], change["qualifier_then"], percent=facts.is_rate(name))
    return {
        "change": change_told(change, facts.language),
        "base": facts.base_label,
        "then": f" ({then})",
        "bounds": bounds_told(change, facts.language),
    }


def _caution(facts: Facts, change: Mapping[str, Any]) -> str:
    caution = change[f"caution_{facts.language}"]
    return f" [{caution}]" if caution else ""


def change_cell(facts: Facts, change: Mapping[str, Any] | None, *, alone: bool = False) -> str:
    """The change for a cell of a table; ``alone`` where nothing around it tells what holds for all figures."""
    if change is None:
        return "–"
    if not change["comparable"] or change["difference"] is None:
        reason = "" if facts.nothing_compared and not alone else change[f"reason_{facts.language}"]
        return f"– ({reason})" if reason else "–"
    if is_unchanged(change):
        return facts.words("unchanged", base="").replace(" so với ", "").replace(" from ", "").strip()
    if facts.is_rough(change):
        return change[f"caution_{facts.language}"] or "–"
    return change_told(change, facts.language)


def targeted(facts: Facts, name: str) -> str:
    """Whether the target of the year was reached; empty without one."""
    target = facts.target(name)
    return target_told(facts, target) if target else ""


def target_told(facts: Facts, target: Mapping[str, Any]) -> str:
    said: dict[str, Any] = {"year": target["year"], "goal": goal(facts, target)}
    if target["met"] is None:
        notes = note_told(facts, target)
        word = outcome_word(facts, outcome(target))
        return facts.words("target_open", outcome=word + (f" ({notes})" if notes else ""), **said)
    key = "target_met" if target["met"] else "target_missed"
    if target["attainment"] is None:
        return facts.words(f"{key}_bare", **said)
    return facts.words(key, attainment=facts.percent(target["attainment"], 1), **said)


def lacking_told(facts: Facts, lacking: Mapping[str, str]) -> str:
    """What could not be computed, gathered by the reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name, reason in lacking.items():
        by_reason[reason].append(facts.label(name))
    return facts.words("lacking", list="; ".join(f"{', '.join(names)} ({why})" for why, names in by_reason.items()))
