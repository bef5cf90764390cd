"""Expressions over figures that are known as intervals: a value with the bounds that follow from those of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import polars as pl

from catalog.expression import Name, Node, Number, Term, Test

#: Names of the columns that hold the bounds of a figure.
LOW, HIGH = ".low", ".high"

_INFINITE = float("inf")


@dataclass(frozen=True)
class Span:
    """``value`` null: not known; then the bounds mean nothing. Open bounds are infinite."""

    value: pl.Expr
    low: pl.Expr
    high: pl.Expr


def span_of(node: Node) -> Span:
    """The interval of a term over a frame with the columns ``name``, ``name.low`` and ``name.high`` of each name."""
    if isinstance(node, Number):
        return Span(*(pl.lit(node.value) for _ in range(3)))
    if isinstance(node, Name):
        return Span(pl.col(node.name), pl.col(node.name + LOW), pl.col(node.name + HIGH))
    return _combined(node, span_of(node.left), span_of(node.right))


def _combined(node: Term, left: Span, right: Span) -> Span:
    match node.sign:
        case "+":
            return Span(left.value + right.value, left.low + right.low, left.high + right.high)
        case "-":
            return Span(left.value - right.value, left.low - right.high, left.high - right.low)
        case "*":
            ends = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
            return Span(left.value * right.value, _least(ends), _most(ends))
        case "/":
            # what may be divided by nothing, or by a negative number, may be anything
            sure = right.low > 0
            ends = [a / b for a in (left.low, left.high) for b in (right.low, right.high)]
            low, high = pl.when(sure).then(_least(ends)), pl.when(sure).then(_most(ends))
            value = left.value / pl.when(right.value != 0).then(right.value)
            return Span(value, low.otherwise(-_INFINITE), high.otherwise(_INFINITE))


def _least(ends: list[pl.Expr]) -> pl.Expr:
    return pl.min_horizontal(end.fill_nan(None) for end in ends)


def _most(ends: list[pl.Expr]) -> pl.Expr:
    return pl.max_horizontal(end.fill_nan(None) for end in ends)


def is_known(node: Node | Test) -> pl.Expr:
    """Whether every figure of an expression is there, and nothing is divided by 0."""
    spans = [span_of(node.left), span_of(node.right)] if isinstance(node, Test) else [span_of(node)]
    return reduce(lambda a, b: a & b, [span.value.is_not_null() for span in spans])


def held(test: Test) -> pl.Expr:
    """True or false where all the intervals allow says so; null where it may be either, or something is not known."""
    left, right = span_of(test.left), span_of(test.right)
    match test.relation:
        case ">=":
            yes, no = left.low >= right.high, left.high < right.low
        case ">":
            yes, no = left.low > right.high, left.high <= right.low
        case "<=":
            yes, no = left.high <= right.low, left.low > right.high
        case "<":
            yes, no = left.high < right.low, left.low >= right.high
    known = is_known(test)
    return pl.when(known & yes).then(pl.lit(value=True)).when(known & no).then(pl.lit(value=False))
