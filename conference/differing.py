"""What became of frozen figures: each beside what stands now, where the two differ."""

from __future__ import annotations

import polars as pl

from conference.frozen import KEYS

#: What is said of a figure: whether it changed is whether one of these did. Where a figure stands in its file, and in
#: which order figures were added, change nothing that was read out.
_NUMBERS = ("value", "lower", "upper", "numerator", "denominator")
_WORDS = ("qualifier", "note", "reported", "expected")
SAID = (*_NUMBERS, *_WORDS)

#: Two sums of the same parts may differ in the last digits that a computer holds, by the order they were added in.
_SAME = 1e-9

_KEY = list(KEYS["figures"])


def figures_changed(then: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """The figures that differ, by the columns of the key: ``trace``, the key, ``kind`` (``changed``, ``new``, ``gone``)
    and ``<column>_then``, ``<column>_now`` for each of :data:`SAID`, ``source``, ``sheet`` and ``cell``."""
    told = [*SAID, "source", "sheet", "cell"]
    sides = [
        frame.select(*_KEY, pl.col("trace", *told).name.suffix(f"_{side}"), pl.lit(value=True).alias(f"is_{side}"))
        for frame, side in ((then, "then"), (now, "now"))
    ]
    both = sides[0].join(sides[1], on=_KEY, how="full", coalesce=True)
    is_new, is_gone = pl.col("is_then").is_null(), pl.col("is_now").is_null()
    kind = pl.when(is_new).then(pl.lit("new")).when(is_gone).then(pl.lit("gone")).otherwise(pl.lit("changed"))
    return (
        both.filter(is_new | is_gone | pl.any_horizontal(_differs(name) for name in SAID))
        .select(
            *_KEY,
            *[pl.col(f"{name}_{side}") for name in told for side in ("then", "now")],
            trace=pl.coalesce("trace_then", "trace_now"),
            kind=kind,
        )
        .sort(_KEY)
    )


def _differs(name: str) -> pl.Expr:
    then, now = pl.col(f"{name}_then"), pl.col(f"{name}_now")
    if name not in _NUMBERS:
        return then.ne_missing(now)
    is_apart = (then - now).abs() > _SAME * pl.max_horizontal(then.abs(), now.abs(), pl.lit(1.0))
    is_open = then.is_infinite() | now.is_infinite()
    return then.ne_missing(now) & (is_apart | is_open).fill_null(value=True)
