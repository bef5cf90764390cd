"""Figures of one period beside those of another: a growth where there is one, and the reason where there is none."""

from __future__ import annotations

from enum import StrEnum

import polars as pl

#: Below this base a percentage tells nothing: from 2 to 7 is "+250 %".
SMALLEST_BASE = 5.0


class NoGrowth(StrEnum):
    """Why a growth is not shown; ``BASE_IS_YEAR`` only warns of one that is."""

    MISSING_CURRENT = "missing_current"
    MISSING_BASE = "missing_base"
    ZERO_BASE = "zero_base"
    NEGATIVE_BASE = "negative_base"
    TINY_BASE = "tiny_base"
    BASE_IS_YEAR = "base_is_year"


def growth(
    frame: pl.DataFrame,
    current: str = "current",
    base: str = "base",
    *,
    base_year: str | int | None = None,
    smallest_base: float = SMALLEST_BASE,
) -> pl.DataFrame:
    """The frame with ``growth_pct`` (percent, two decimals: 481.0 is +481 %) and ``growth_note`` (:class:`NoGrowth`).

    ``current`` and ``base`` name columns. There is no growth on a missing, zero, negative or tiny base. ``base_year``
    (a column, or the year itself) is the label of the base's year: a base equal to it was probably taken from the
    header of a table, so the growth is given with the note ``base_is_year``.
    """
    now, before = pl.col(current), pl.col(base)
    year = pl.lit(base_year, dtype=pl.Float64) if not isinstance(base_year, str) else pl.col(base_year)
    reasons = {
        NoGrowth.MISSING_CURRENT: now.is_null() | now.is_nan(),
        NoGrowth.MISSING_BASE: before.is_null() | before.is_nan(),
        NoGrowth.ZERO_BASE: before == 0,
        NoGrowth.NEGATIVE_BASE: before < 0,
        NoGrowth.TINY_BASE: before < smallest_base,
    }
    why = pl.coalesce(pl.when(applies).then(pl.lit(reason.value)) for reason, applies in reasons.items())
    percent = ((now - before) / before * 100).round(2)
    doubtful = pl.when(before == year).then(pl.lit(NoGrowth.BASE_IS_YEAR.value))
    return frame.with_columns(growth_pct=pl.when(why.is_null()).then(percent), growth_note=pl.coalesce(why, doubtful))
