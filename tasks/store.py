"""The warehouse as a run sees it: one engine a process, and the past figures that checks need."""

from __future__ import annotations

from functools import lru_cache

import polars as pl

from warehouse.engine import Engine, make_engine
from warehouse.history import children_counts, previous_figures


@lru_cache(maxsize=4)
def engine_for(url: str) -> Engine:
    """The engine of this process for a warehouse; connections are pooled behind it."""
    return make_engine(url)


class WarehousePast:
    """What the warehouse knows of a batch's units before the batch is loaded."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def figures(self, headers: pl.DataFrame) -> pl.DataFrame:
        return previous_figures(self._engine, headers)

    def register(self, headers: pl.DataFrame) -> pl.DataFrame:
        return children_counts(self._engine, headers)
