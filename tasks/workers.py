"""The pool of processes that read and check: calamine and Great Expectations both hold the interpreter's lock."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from catalog import Catalog, load_catalog
from tasks.pipeline import Outcome, process
from tasks.store import WarehousePast, engine_for
from workbook.read import Source


@contextmanager
def pool(workers: int, catalog_root: Path) -> Iterator[ProcessPoolExecutor]:
    """Processes that have the definitions and the heavy libraries loaded before the first batch arrives.

    They are spawned, not forked: polars keeps threads, and a forked copy of a process with threads may hang.
    """
    executor = ProcessPoolExecutor(
        max_workers=workers, mp_context=get_context("spawn"), initializer=_warm_up, initargs=(str(catalog_root),)
    )
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _warm_up(catalog_root: str) -> None:
    warnings.simplefilter("ignore")
    logging.captureWarnings(False)
    _catalog(catalog_root)
    import expectations.check  # noqa: F401  (Great Expectations takes seconds to import)


@lru_cache(maxsize=2)
def _catalog(root: str) -> Catalog:
    return load_catalog(root)


def process_in_worker(
    sources: Sequence[Source], catalog_root: str, url: str, today: date, docs: Path | None, run: str
) -> Outcome:
    """:func:`tasks.pipeline.process` with the worker's own definitions and its own reading connection."""
    return process(sources, _catalog(catalog_root), WarehousePast(engine_for(url)), today, docs=docs, run=run)
