"""Small things every part of this room does with frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl


def schema_of(columns: Mapping[str, str]) -> dict[str, pl.DataType]:
    """The polars types of a frame spelled out in :mod:`domain.columns`."""
    return {name: getattr(pl, kind)() for name, kind in columns.items()}


def conform(frame: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    """The frame with exactly these columns, in this order and of these types; absent ones are null."""
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema_of(columns).items()
    )


def with_null_columns(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """The frame with a null figure column for each name it lacks."""
    missing = [name for name in dict.fromkeys(names) if name not in frame.columns]
    return frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in missing)
