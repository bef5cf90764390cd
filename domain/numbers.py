"""Numbers as they are printed: Vietnamese 11.713 · 97,49 % · hơn 1.500, English 11,713 · 97.49% · over 1,500.

Halves are rounded away from zero, as a reader with a pencil does it.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

from domain.quantity import Qualifier

#: What is printed where there is no number.
NO_NUMBER = "–"

_VI_WORDS = {
    Qualifier.GT: "hơn",
    Qualifier.GE: "ít nhất",
    Qualifier.LT: "dưới",
    Qualifier.LE: "không quá",
    Qualifier.APPROX: "khoảng",
    Qualifier.APPROX_BELOW: "gần",
    Qualifier.MOST: "hầu hết",
}
_EN_WORDS = {
    Qualifier.GT: "over",
    Qualifier.GE: "at least",
    Qualifier.LT: "under",
    Qualifier.LE: "at most",
    Qualifier.APPROX: "about",
    Qualifier.APPROX_BELOW: "nearly",
    Qualifier.MOST: "most",
}
_VI_ALONE = {Qualifier.ALL: "tất cả", Qualifier.MOST: "hầu hết", Qualifier.SOME: "một số", Qualifier.NONE: "không có"}
_EN_ALONE = {Qualifier.ALL: "all", Qualifier.MOST: "most", Qualifier.SOME: "some", Qualifier.NONE: "none"}


def vi_number(value: float | Decimal, decimals: int | None = None) -> str:
    """``11713`` → ``11.713``, ``97.4866`` with two decimals → ``97,49``.

    Without ``decimals`` every digit of the number is printed, none invented. "–" for a number that is not finite.
    """
    return _grouped(value, decimals).translate(str.maketrans(",.", ".,"))


def en_number(value: float | Decimal, decimals: int | None = None) -> str:
    """``11713`` → ``11,713``; otherwise as :func:`vi_number`."""
    return _grouped(value, decimals)


def vi_percent(value: float | Decimal, decimals: int | None = 2) -> str:
    """``97.4866`` → ``97,49 %``; trailing zeros after the comma are dropped: ``95`` → ``95 %``."""
    return f"{_shortest(value, decimals).translate(str.maketrans(',.', '.,'))} %"


def en_percent(value: float | Decimal, decimals: int | None = 2) -> str:
    """``97.4866`` → ``97.49%``."""
    return f"{_shortest(value, decimals)}%"


def vi_quantity(value: float | None, qualifier: Qualifier | str = Qualifier.EXACT, *, percent: bool = False) -> str:
    """A figure with the word that qualifies it: ``gần 1.600``, ``hơn 200``; ``trên 90 %`` for rates."""
    qualifier = Qualifier(qualifier)
    if value is None:
        return _VI_ALONE.get(qualifier, NO_NUMBER)
    number = vi_percent(value) if percent else vi_number(value)
    word = "trên" if percent and qualifier is Qualifier.GT else _VI_WORDS.get(qualifier)
    return f"{word} {number}" if word else number


def en_quantity(value: float | None, qualifier: Qualifier | str = Qualifier.EXACT, *, percent: bool = False) -> str:
    """A figure with the word that qualifies it: ``nearly 1,600``, ``over 90%``."""
    qualifier = Qualifier(qualifier)
    if value is None:
        return _EN_ALONE.get(qualifier, NO_NUMBER)
    number = en_percent(value) if percent else en_number(value)
    word = _EN_WORDS.get(qualifier)
    return f"{word} {number}" if word else number


def _grouped(value: float | Decimal, decimals: int | None) -> str:
    number = _decimal(value)
    if number is None:
        return NO_NUMBER
    text = f"{number:,f}" if decimals is None else f"{_rounded(number, decimals):,f}"
    if decimals is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.removeprefix("-") if not text.strip("-0.,") else text


def _shortest(value: float | Decimal, decimals: int | None) -> str:
    text = _grouped(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(value: float | Decimal) -> Decimal | None:
    """The number as its shortest decimal form, so that 0.1 prints as 0,1."""
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    return Decimal(str(value)) if isinstance(value, int) or math.isfinite(value) else None


def _rounded(number: Decimal, decimals: int) -> Decimal:
    digits = max(number.adjusted(), 0) + decimals + 3
    if digits > 28:  # beyond the default precision a float has no decimals left to round
        return number
    return number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
