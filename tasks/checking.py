"""Checking files without storing anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from domain.clock import today
from tasks.pipeline import NoPast, Outcome, Past, process
from tasks.settings import Settings
from tasks.store import WarehousePast, engine_for, register_of
from warehouse.migrate import is_current
from workbook.read import Source


def check_files(settings: Settings, files: Sequence[Path]) -> Outcome:
    """The outcome of ``files`` (numbered from 1): with a workspace also against its register and its past."""
    catalog = register_of(settings)
    past: Past = NoPast()
    if settings.workspace.exists and is_current(engine_for(settings.url)):
        past = WarehousePast(engine_for(settings.url), catalog)
    sources = [Source(number, path, path.name) for number, path in enumerate(files, 1)]
    return process(sources, catalog, past, today())
