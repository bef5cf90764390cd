"""Sums of qualified figures as arrays of bounds: :func:`domain.quantity.judge_intervals` for whole columns at once.

Everything here is float64 numpy over columns of a pandas frame; a missing figure is NaN in all its bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from domain.quantity import EXTREME_SHARE

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

#: Bounds beside a qualified column ``x``, in the order of the fields of :class:`Spans`.
BOUNDS = ("low:", "high:", "strict_low:", "strict_high:")

#: How far two sums may stray from each other by binary arithmetic alone, relative to their size.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Spans:
    """The loose and the strict interval of a term or a sum of terms in every row; ``given`` where it is known."""

    given: Booleans
    low: Floats
    high: Floats
    strict_low: Floats
    strict_high: Floats

    @property
    def bounds(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.low, self.high, self.strict_low, self.strict_high


def term(frame: pd.DataFrame, column: str) -> Spans:
    """The bounds of one column; where the frame has none the figures are exact."""
    columns: Any = frame.columns
    arrays = [
        frame[prefix + column if prefix + column in columns else column].to_numpy(dtype=np.float64) for prefix in BOUNDS
    ]
    return Spans(~np.isnan(arrays[0]), *arrays)


def total(frame: pd.DataFrame, columns: Sequence[str], *, missing_as_zero: bool) -> Spans:
    """The sum of the columns, known where all are given — or, with ``missing_as_zero``, where at least one is."""
    terms = [term(frame, column) for column in columns]
    given = np.stack([item.given for item in terms])
    known: Booleans = np.any(given, axis=0) if missing_as_zero else np.all(given, axis=0)
    sums = [np.nansum(np.stack(bound), axis=0) for bound in zip(*(item.bounds for item in terms), strict=True)]
    return Spans(known, *sums)


def all_given(frame: pd.DataFrame, columns: Sequence[str]) -> Booleans:
    """Rows in which every one of the columns is known."""
    known: Booleans = np.ones(len(frame), dtype=np.bool_)
    for column in columns:
        known &= term(frame, column).given
    return known


def slack(left: Spans, right: Spans, tolerance: float = 0.0) -> Floats:
    """How far apart two sums may lie and still count as equal: the tolerance and the dust of binary fractions."""
    size = np.maximum.reduce([_finite(np.abs(bound)) for bound in (left.low, left.high, right.low, right.high)])
    allowed: Floats = tolerance + ROUNDING * np.maximum(1.0, size)
    return allowed


def violated(left: Spans, right: Spans, tolerance: float = 0.0) -> Booleans:
    """Rows in which even the loose intervals do not meet."""
    gap = np.maximum(left.low - right.high, right.low - left.high)
    known: Booleans = left.given & right.given
    return known & (gap > slack(left, right, tolerance))


def suspicious(left: Spans, right: Spans, tolerance: float = 0.0) -> Booleans:
    """Rows in which the two meet only loosely, or strictly but only at the extreme (``EXTREME_SHARE``)."""
    overlap = np.minimum(left.strict_high, right.strict_high) - np.maximum(left.strict_low, right.strict_low)
    narrower = np.minimum(left.strict_high - left.strict_low, right.strict_high - right.strict_low)
    loosely = -overlap > slack(left, right, tolerance)
    at_the_extreme = (narrower > 0) & (overlap + tolerance < EXTREME_SHARE * narrower)
    known: Booleans = left.given & right.given
    return known & ~violated(left, right, tolerance) & (loosely | at_the_extreme)


def times(spans: Spans, numbers: Floats) -> Spans:
    """The spans times an exact number of each row, which is not negative; not known where the number is not."""
    return Spans(spans.given & ~np.isnan(numbers), *(bound * numbers for bound in spans.bounds))


def exceeds(smaller: Spans, larger: Spans, factor: float) -> Booleans:
    """Rows in which ``smaller`` is above ``larger`` × ``factor`` in every reading of the words."""
    limit = Spans(larger.given, *(bound * factor for bound in larger.bounds))
    known: Booleans = smaller.given & limit.given
    return known & (smaller.low - limit.high > slack(smaller, limit))


def percentage(numerator: Spans, denominator: Spans) -> Spans:
    """100 × numerator / denominator for figures that are not negative; unknown where the denominator can be zero."""
    known = numerator.given & denominator.given & (denominator.low > 0)

    def share(part: Floats, whole: Floats) -> Floats:
        return 100.0 * np.divide(part, whole, out=np.zeros_like(part), where=known)

    return Spans(
        known,
        share(numerator.low, denominator.high),
        share(numerator.high, denominator.low),
        share(numerator.strict_low, denominator.strict_high),
        share(numerator.strict_high, denominator.strict_low),
    )


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, 0.0)
