"""The warehouse as a run sees it: one engine a process, the register, and the past figures that checks need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

import polars as pl

from catalog import Catalog, load_catalog
from domain.act import ActRefusedError
from tasks import log
from tasks.settings import Settings
from warehouse.conclusions import known_conclusions
from warehouse.engine import Engine, hear_acts, make_engine, missing_file, write
from warehouse.history import children_counts, known_up_to, previous_figures
from warehouse.migrate import is_current
from warehouse.registry import ensure_periods as add_periods
from warehouse.registry import missing_periods, read_register
from warehouse.waivers import closing_days, waivers_for


@cache
def engine_for(url: str) -> Engine:
    """The engine of this process for a warehouse; connections are pooled behind it. Acts are told in the log."""
    engine = make_engine(url)
    hear_acts(engine, lambda what, count: log.tell("act.recorded", what=what, count=count))
    return engine


def require_warehouse(settings: Settings) -> None:
    """Refuse (:class:`ActRefusedError`) where the warehouse is gone, or of another schema than the program's."""
    gone = missing_file(settings.url)
    if gone is not None:
        raise ActRefusedError(
            f"Không thấy kho số liệu {gone}. Ổ đĩa chưa gắn hay tệp bị chuyển đi thì đưa lại; kho mới: tongket init",
            f"The warehouse {gone} is not there. Bring the disk or the file back; for a new one: tongket init",
        )
    if not is_current(engine_for(settings.url)):
        raise ActRefusedError(
            "Kho số liệu chưa ở phiên bản của chương trình. Chạy: tongket init",
            "The warehouse is not at the program's version. Run: tongket init",
        )


@lru_cache(maxsize=2)
def _definitions(root: Path) -> Catalog:
    return load_catalog(root)


def definitions(settings: Settings) -> Catalog:
    """The definitions as they are on disk, read once a process."""
    return _definitions(settings.catalog_root)


def register_of(settings: Settings) -> Catalog:
    """The definitions with the register of the warehouse, which also holds the units that were imported.

    Without a workspace the shipped register is all there is.
    """
    catalog, engine = definitions(settings), engine_if_any(settings)
    return catalog if engine is None else register_in(engine, catalog)


def register_in(engine: Engine, catalog: Catalog) -> Catalog:
    """The definitions with the register of a warehouse that is there."""
    register = read_register(engine)
    return replace(catalog, units=register.units, events=register.events)


def engine_if_any(settings: Settings) -> Engine | None:
    """The warehouse of the workspace; ``None`` where there is none, or one of another schema."""
    if not settings.workspace.exists or missing_file(settings.url) or not is_current(engine_for(settings.url)):
        return None
    return engine_for(settings.url)


def ensure_periods(engine: Engine, catalog: Catalog, codes: Iterable[str]) -> None:
    """Register the periods that a batch speaks of and the warehouse has not met: old reports may come late."""
    missing = missing_periods(engine, codes)
    periods = [period for code in missing if (period := catalog.period(code)) is not None]
    if periods:
        with write(engine) as connection:
            add_periods(connection, periods)


def renew_period(engine: Engine, catalog: Catalog, code: str) -> None:
    """Bring the days of a period up to the definitions: one that was closed kept its own until it was opened again."""
    period = catalog.period(code)
    if period is not None:
        with write(engine) as connection:
            add_periods(connection, [period])


class WarehousePast:
    """What the warehouse knows of a batch's units before the batch is loaded."""

    def __init__(self, engine: Engine, catalog: Catalog) -> None:
        self._engine = engine
        self._catalog = catalog

    def known_up_to(self) -> int:
        return known_up_to(self._engine)

    def figures(self, headers: pl.DataFrame) -> pl.DataFrame:
        return previous_figures(self._engine, headers, self._catalog)

    def register(self, headers: pl.DataFrame) -> pl.DataFrame:
        return children_counts(self._engine, headers)

    def waivers(self, headers: pl.DataFrame, today: date) -> pl.DataFrame:
        return waivers_for(self._engine, headers, today)

    def conclusions(self, headers: pl.DataFrame) -> pl.DataFrame:
        return known_conclusions(self._engine, headers)

    def closed(self, codes: Iterable[str]) -> dict[str, date]:
        return closing_days(self._engine, codes)
