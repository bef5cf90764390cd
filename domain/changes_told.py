"""A change between two periods in words: ``tăng 481,3 %``, ``giảm hơn 20 %``, ``tăng 2,3 điểm %``.

A change is a row with the columns of a comparison: ``difference`` and ``growth`` (null when there is no percentage)
with their bounds ``…_lower`` and ``…_upper``, ``change_qualifier`` and ``change_kind``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.comparison import ChangeKind
from domain.numbers import en_number, en_percent, en_quantity, vi_number, vi_percent, vi_quantity
from domain.quantity import Qualifier

#: A fall of "over 20" is a signed change of less than −20: the words of bounds change sides with the sign.
_OF_A_FALL = {
    Qualifier.GT: Qualifier.APPROX_BELOW,
    Qualifier.APPROX_BELOW: Qualifier.GT,
    Qualifier.GE: Qualifier.LE,
    Qualifier.LE: Qualifier.GE,
}

#: The least that is printed of a change in percent and in percentage points: what would round to 0 is "under" it.
_LEAST_PERCENT, _LEAST_POINTS = 0.1, 0.01

_WAYS = {"vi": ("tăng", "giảm"), "en": ("up", "down")}
_UNDER = {"vi": "dưới", "en": "under"}
_ENDS = {"vi": ("từ", "đến"), "en": ("from", "to")}


def is_unchanged(change: Mapping[str, Any]) -> bool:
    return bool(change["difference"] == 0 and change["change_qualifier"] == Qualifier.EXACT.value)


def change_told(change: Mapping[str, Any], language: str) -> str:
    """``tăng hơn 20 %``: the way, the word of its bounds, the amount. ``difference`` must not be null."""
    amount = change["difference"] if change["growth"] is None else change["growth"]
    rises = change["difference"] >= 0
    way = _WAYS[language][0 if rises else 1]
    least = _LEAST_PERCENT if change["growth"] is not None else _LEAST_POINTS if _in_points(change) else 0.0
    if 0 < abs(amount) < least / 2:
        return f"{way} {_UNDER[language]} {_amount(change, least, language)}"
    word = Qualifier(change["change_qualifier"])
    shown = word if rises else _OF_A_FALL.get(word, word)
    lead = (vi_quantity if language == "vi" else en_quantity)(0, shown).removesuffix("0").strip()
    return " ".join(filter(None, (way, lead, _amount(change, abs(amount), language))))


def bounds_told(change: Mapping[str, Any], language: str) -> str:
    """The bounds of a change that is worded, empty for an exact one; signed, as one end may be a rise, the other a
    fall: `` (từ -3 đến +5)``."""
    if change["change_qualifier"] == Qualifier.EXACT.value:
        return ""
    name = "difference" if change["growth"] is None else "growth"
    parts = [
        f"{word} {'+' if bound > 0 else ''}{_amount(change, bound, language)}"
        for word, bound in zip(_ENDS[language], (change[f"{name}_lower"], change[f"{name}_upper"]), strict=True)
        if bound is not None
    ]
    return f" ({' '.join(parts)})" if parts else ""


def _amount(change: Mapping[str, Any], number: float, language: str) -> str:
    if language == "vi":
        if change["growth"] is not None:
            return vi_percent(number, 1)
        return vi_percent(number).removesuffix(" %") + " điểm %" if _in_points(change) else vi_number(round(number, 2))
    if change["growth"] is not None:
        return en_percent(number, 1)
    return en_percent(number).removesuffix("%") + " points" if _in_points(change) else en_number(round(number, 2))


def _in_points(change: Mapping[str, Any]) -> bool:
    return bool(change["change_kind"] == ChangeKind.POINTS.value)
