"""Column names and type names of :mod:`domain.columns` as polars schemas."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl


def schema_of(columns: Mapping[str, str]) -> pl.Schema:
    return pl.Schema({name: getattr(pl, kind) for name, kind in columns.items()})


def empty_frame(columns: Mapping[str, str]) -> pl.DataFrame:
    return pl.DataFrame(schema=schema_of(columns))
