"""Expressions over indicators, as rating rules write them: ``100 * post_study_papers / study_attended >= 90``.

Numbers, names, ``+ - * /``, parentheses, and at most one comparison on the outside. Nothing else is understood.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Sign = Literal["+", "-", "*", "/"]
Relation = Literal[">=", ">", "<=", "<"]

_SIGNS: dict[type[ast.operator], Sign] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_RELATIONS: dict[type[ast.cmpop], Relation] = {ast.GtE: ">=", ast.Gt: ">", ast.LtE: "<=", ast.Lt: "<"}

#: Longer than any rule anybody could check with a pencil.
_LONGEST = 500


class ExpressionError(ValueError):
    """A text that is no expression; the message says where it stops being one."""


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Term:
    sign: Sign
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison of two terms."""

    relation: Relation
    left: Node
    right: Node


Node = Number | Name | Term


def parse(text: str) -> Node:
    """The term a text stands for; raises :class:`ExpressionError`."""
    return _term(_tree(text), text)


def parse_test(text: str) -> Test:
    """The comparison a text stands for; raises :class:`ExpressionError`."""
    found = _tree(text)
    if not isinstance(found, ast.Compare) or len(found.ops) != 1 or type(found.ops[0]) not in _RELATIONS:
        raise ExpressionError(f"{text!r} is not one comparison with >=, >, <= or <")
    return Test(_RELATIONS[type(found.ops[0])], _term(found.left, text), _term(found.comparators[0], text))


def names_in(node: Node | Test) -> Iterator[str]:
    """The names of an expression in their order, repeated where they stand twice."""
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Term | Test):
        yield from names_in(node.left)
        yield from names_in(node.right)


def _tree(text: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise ExpressionError(f"an expression of {len(text)} characters")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"{text!r} is no expression") from None


def _term(node: ast.expr, text: str) -> Node:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return Number(float(node.value))
    if isinstance(node, ast.Name):
        return Name(node.id)
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        return Term(_SIGNS[type(node.op)], _term(node.left, text), _term(node.right, text))
    raise ExpressionError(f"{text!r}: {ast.unparse(node)!r} is neither a number, a name nor + - * /")
