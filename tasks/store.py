"""The warehouse as a run sees it: one engine a process, the register, and the past figures that checks need."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import polars as pl
from warehouse.history import children_counts, previous_figures

from catalog import Catalog, load_catalog
from tasks.settings import Settings
from warehouse.engine import Engine, make_engine
from warehouse.migrate import is_current
from warehouse.registry import read_units


@lru_cache(maxsize=4)
def engine_for(url: str) -> Engine:
    """The engine of this process for a warehouse; connections are pooled behind it."""
    return make_engine(url)


def register_of(settings: Settings) -> Catalog:
    """The definitions with the register of the warehouse, which also holds the units that were imported.

    Without a workspace the shipped register is all there is.
    """
    catalog = load_catalog(settings.catalog_root)
    if not settings.workspace.exists or not is_current(engine_for(settings.url)):
        return catalog
    return replace(catalog, units=tuple(read_units(engine_for(settings.url))))


class WarehousePast:
    """What the warehouse knows of a batch's units before the batch is loaded."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def figures(self, headers: pl.DataFrame) -> pl.DataFrame:
        return previous_figures(self._engine, headers)

    def register(self, headers: pl.DataFrame) -> pl.DataFrame:
        return children_counts(self._engine, headers)
