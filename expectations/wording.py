"""Findings in words: what was observed, what was expected, and the arithmetic written out, in both languages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from catalog.model import (
    AtMostCheck,
    ChangeCheck,
    DiffersCheck,
    GrowthCheck,
    IdentityCheck,
    LengthCheck,
    NotMultipleCheck,
    RangeCheck,
    RateCheck,
    Rule,
)
from catalog.refs import PAST, Ref
from domain.numbers import en_number, en_percent, en_quantity, vi_number, vi_percent, vi_quantity
from domain.quantity import Qualifier

#: Columns that hold a share of one; people read a percentage.
SHARE = "same_as:"


@dataclass(frozen=True, slots=True)
class Term:
    """A figure of a finding: its column reference, value, qualifier, whether it is a percentage, and its cell."""

    ref: str
    item: int
    value: float | None
    qualifier: str
    percent: bool
    sheet: str
    cell: str


@dataclass(frozen=True, slots=True)
class Said:
    """The words of one finding in one language."""

    observed: str
    expected: str = ""
    arithmetic: str = ""
    difference: str = ""


class Tongue:
    """How one language writes figures and the few words arithmetic needs."""

    def __init__(
        self,
        number: Callable[[float], str],
        percent: Callable[[float], str],
        quantity: Callable[..., str],
        words: dict[str, str],
    ) -> None:
        self.number = lru_cache(maxsize=100_000)(lambda value: number(_tidy(value)))
        self.percent = lru_cache(maxsize=100_000)(lambda value: percent(_tidy(value)))
        self.quantity = lru_cache(maxsize=100_000)(quantity)
        self.words = words

    def figure(self, value: float, *, percent: bool = False) -> str:
        return str(self.percent(value) if percent else self.number(value))

    def term(self, term: Term) -> str:
        if term.ref in ("period:year", "period:last_year") and term.value is not None:
            return str(int(term.value))
        if term.value is None and term.qualifier in ("", Qualifier.EXACT):
            return self.words["blank"]
        value = None if term.value is None else _tidy(term.value)
        return str(self.quantity(value, term.qualifier or "exact", percent=term.percent))

    def sum(self, terms: Sequence[Term]) -> str:
        return " + ".join(self.term(term) for term in terms)


VI = Tongue(
    vi_number,
    vi_percent,
    vi_quantity,
    {
        "blank": "(trống)",
        "off": "lệch",
        "over": "vượt",
        "points": "điểm phần trăm",
        "about": "khoảng",
        "at_least": "ít nhất",
        "at_most": "không quá",
        "between": "từ {} đến {}",
        "times": "bằng {} lần",
        "divide": ":",
        "value": "một số liệu",
        "other_than": "khác {}",
    },
)
EN = Tongue(
    en_number,
    en_percent,
    en_quantity,
    {
        "blank": "(blank)",
        "off": "off by",
        "over": "over by",
        "points": "points",
        "about": "about",
        "at_least": "at least",
        "at_most": "at most",
        "between": "{} to {}",
        "times": "{} times",
        "divide": "/",
        "value": "a figure",
        "other_than": "other than {}",
    },
)


def _tidy(value: float) -> float:
    """Without the dust of binary fractions: 0.30000000000000004 → 0.3."""
    return float(f"{value:.12g}") if math.isfinite(value) else value


def say(rule: Rule, terms: Sequence[Sequence[Term]], tongue: Tongue, *, approximate: bool = False) -> Said:
    """The words of a finding on figures: the terms of each column, in the order in which the check names them.

    ``approximate``: the two sides of an identity are not unequal, they only meet at the extreme.
    """
    match rule.check:
        case RangeCheck():
            return _range(rule.check, terms[0][0], tongue)
        case IdentityCheck(total=total):
            sign = "≈" if approximate else "≠"
            return _identity(_flat(terms[: len(total)]), _flat(terms[len(total) :]), tongue, sign)
        case AtMostCheck():
            return _at_most_of(rule.check, terms, tongue)
        case RateCheck(numerator=numerator):
            count = len(numerator) + 1
            return _rate(terms[0][0], _flat(terms[1:count]), _flat(terms[count:]), tongue)
        case GrowthCheck():
            return _growth(_flat(terms), tongue)
        case ChangeCheck(factor=factor):
            return _change(_flat(terms), factor, tongue)
        case DiffersCheck():
            observed, other = (tongue.term(term) for term in _flat(terms))
            return Said(observed, tongue.words["other_than"].format(other), f"{observed} = {other}")
        case NotMultipleCheck():
            return _multiple(_flat(terms), tongue)
        case LengthCheck(min=low, max=high):
            return _length(terms[0][0], low, high, tongue)
        case _:
            return Said(tongue.words["blank"], tongue.words["value"])


def _flat(terms: Sequence[Sequence[Term]]) -> list[Term]:
    return [term for part in terms for term in part]


def _nominal(terms: Sequence[Term]) -> float:
    return _tidy(math.fsum(term.value for term in terms if term.value is not None))


def _worded(terms: Sequence[Term]) -> bool:
    return any(term.qualifier not in ("", Qualifier.EXACT, Qualifier.ALL, Qualifier.NONE) for term in terms)


def _outcome(terms: Sequence[Term], tongue: Tongue) -> str:
    """The sum of the terms; a total of qualified parts is never printed as an exact number."""
    number = tongue.figure(_nominal(terms), percent=all(term.percent for term in terms))
    return f"{tongue.words['about']} {number}" if _worded(terms) else number


def _written(terms: Sequence[Term], tongue: Tongue) -> str:
    """``3 + 4 = 7``, or the one term alone."""
    return tongue.term(terms[0]) if len(terms) == 1 else f"{tongue.sum(terms)} = {_outcome(terms, tongue)}"


def _single(terms: Sequence[Term], tongue: Tongue) -> str:
    return tongue.term(terms[0]) if len(terms) == 1 else _outcome(terms, tongue)


def _identity(total: Sequence[Term], parts: Sequence[Term], tongue: Tongue, sign: str) -> Said:
    difference = tongue.figure(abs(_nominal(total) - _nominal(parts)))
    right = f"{_outcome(total, tongue)} = {tongue.sum(total)}" if len(total) > 1 else tongue.term(total[0])
    arithmetic = f"{_written(parts, tongue)} {sign} {right} ({tongue.words['off']} {difference})"
    return Said(_single(total, tongue), _single(parts, tongue), arithmetic, difference)


def say_sum_of_children(
    stated: Term, children: Sequence[Term], tongue: Tongue, *, named: int, others: str, is_above: bool
) -> Said:
    """``62.812 + 480 = 63.292 ≠ 64.437 (lệch 1.145)``; of many children the first ``named`` and the rest in one.

    ``others`` says how many are in the rest; ``is_above``: wrong is only that the sum is larger.
    """
    total, difference = _outcome(children, tongue), tongue.figure(abs(_nominal([stated]) - _nominal(children)))
    shown = [tongue.term(term) for term in children[:named]]
    if rest := children[named:]:
        shown.append(f"{_outcome(rest, tongue)} ({others.format(tongue.number(len(rest)))})")
    added = f"{' + '.join(shown)} = {total}" if len(shown) > 1 else shown[0]
    sign, word = (">", "over") if is_above else ("≠", "off")
    arithmetic = f"{added} {sign} {tongue.term(stated)} ({tongue.words[word]} {difference})"
    return Said(tongue.term(stated), _single(children, tongue), arithmetic, difference)


def say_against(said: Term, figure: Term, tongue: Tongue) -> tuple[str, str]:
    """(``hơn 200 ≠ 163 (lệch 37)``, ``37``): what a sentence says and what the cell states."""
    unit = f" {tongue.words['points']}" if figure.percent else ""
    difference = tongue.number(round(abs((said.value or 0.0) - (figure.value or 0.0)), 2))
    return f"{tongue.term(said)} ≠ {tongue.term(figure)} ({tongue.words['off']} {difference}{unit})", difference


def _at_most_of(check: AtMostCheck, terms: Sequence[Sequence[Term]], tongue: Tongue) -> Said:
    smaller, others = _flat(terms[: len(check.smaller)]), terms[len(check.smaller) :]
    if check.times is None:
        return _at_most(smaller, _flat(others), check.factor, tongue)
    return _product_at_most(smaller, _flat(others[:-1]), others[-1][0], tongue)


def _at_most(smaller: Sequence[Term], larger: Sequence[Term], factor: float, tongue: Tongue) -> Said:
    limit = _tidy(_nominal(larger) * factor)
    shown = _written(larger, tongue)
    expected = _single(larger, tongue)
    if factor != 1:
        expected = tongue.figure(limit)
        whole = f"({tongue.sum(larger)})" if len(larger) > 1 else tongue.term(larger[0])
        shown = f"{whole} × {tongue.figure(factor)} = {expected}"
    difference = tongue.figure(abs(_nominal(smaller) - limit))
    arithmetic = f"{_written(smaller, tongue)} > {shown} ({tongue.words['over']} {difference})"
    return Said(_single(smaller, tongue), expected, arithmetic, difference)


def _product_at_most(smaller: Sequence[Term], larger: Sequence[Term], times: Term, tongue: Tongue) -> Said:
    whole = f"({tongue.sum(smaller)})" if len(smaller) > 1 else tongue.term(smaller[0])
    product = _tidy(_nominal(smaller) * (times.value or 0.0))
    difference = tongue.figure(abs(product - _nominal(larger)))
    said = f"{whole} × {tongue.term(times)} = {tongue.figure(product)} > {_written(larger, tongue)}"
    arithmetic = f"{said} ({tongue.words['over']} {difference})"
    return Said(tongue.figure(product), _single(larger, tongue), arithmetic, difference)


def _rate(rate: Term, numerator: Sequence[Term], denominator: Sequence[Term], tongue: Tongue) -> Said:
    counted = 100 * _nominal(numerator) / _nominal(denominator)
    difference = tongue.number(round(abs((rate.value or 0.0) - counted), 2))
    up, down = (f"({tongue.sum(part)})" if len(part) > 1 else tongue.term(part[0]) for part in (numerator, denominator))
    expected = tongue.figure(counted, percent=True)
    arithmetic = (
        f"{up} {tongue.words['divide']} {down} = {expected} ≠ {tongue.term(rate)} "
        f"({tongue.words['off']} {difference} {tongue.words['points']})"
    )
    return Said(tongue.term(rate), expected, arithmetic, difference)


def _growth(terms: Sequence[Term], tongue: Tongue) -> Said:
    stated, value, base = terms
    counted = 100 * ((value.value or 0.0) / (base.value or 1.0) - 1)
    difference = tongue.number(round(abs((stated.value or 0.0) - counted), 2))
    expected = tongue.figure(counted, percent=True)
    arithmetic = (
        f"{tongue.term(value)} {tongue.words['divide']} {tongue.term(base)} − 1 = {expected} ≠ {tongue.term(stated)} "
        f"({tongue.words['off']} {difference} {tongue.words['points']})"
    )
    return Said(tongue.term(stated), expected, arithmetic, difference)


def _change(terms: Sequence[Term], factor: float, tongue: Tongue) -> Said:
    value, base = (term.value or 0.0 for term in terms)
    low, high = tongue.figure(round(base / factor, 2)), tongue.figure(round(base * factor, 2))
    ratio = tongue.number(round(value / base, 2)) if base else ""
    arithmetic = f"{tongue.term(terms[1])} → {tongue.term(terms[0])} ({tongue.words['times'].format(ratio)})"
    return Said(
        tongue.term(terms[0]), tongue.words["between"].format(low, high), arithmetic, tongue.figure(abs(value - base))
    )


def _multiple(terms: Sequence[Term], tongue: Tongue) -> Said:
    value, of = (term.value or 0.0 for term in terms)
    times = tongue.figure(value / of) if of else ""
    observed, other = tongue.term(terms[0]), tongue.term(terms[1])
    return Said(observed, other, f"{observed} = {times} × {other}")


def _bounds(low: float | None, high: float | None, tongue: Tongue, *, percent: bool = False) -> str:
    if low is not None and high is not None:
        ends = (tongue.figure(low, percent=percent), tongue.figure(high, percent=percent))
        return ends[0] if low == high else tongue.words["between"].format(*ends)
    word, bound = ("at_least", low) if low is not None else ("at_most", high)
    return f"{tongue.words[word]} {tongue.figure(bound or 0.0, percent=percent)}"


def _range(check: RangeCheck, term: Term, tongue: Tongue) -> Said:
    if term.ref.startswith(SHARE):
        term = replace(term, value=100 * (term.value or 0.0), percent=True)
        low, high = (None if bound is None else 100 * bound for bound in (check.min, check.max))
    else:
        low, high = check.min, check.max
    below = low is not None and (high is None or (term.value or 0.0) < low)
    bound = (low if below else high) or 0.0
    arithmetic = f"{tongue.term(term)} {'<' if below else '>'} {tongue.figure(bound, percent=term.percent)}"
    expected = _bounds(low, high, tongue, percent=term.percent)
    difference = tongue.figure(abs((term.value or 0.0) - bound))
    return Said(tongue.term(term), expected, arithmetic, difference)


def _length(term: Term, low: int | None, high: int | None, tongue: Tongue) -> Said:
    below = low is not None and (term.value or 0.0) < low
    bound = float((low if below else high) or 0)
    observed = tongue.figure(term.value or 0.0)
    return Said(observed, tongue.figure(bound), f"{observed} {'<' if below else '>'} {tongue.figure(bound)}")


def is_percent(code: str, percentages: frozenset[str]) -> bool:
    """Whether a figure is shown with a percent sign; ``percentages``: codes of the indicators measured in percent."""
    ref = Ref.parse(code)
    return ref.source in ("", *PAST) and ref.name.rpartition(".")[2] in percentages
