"""The pool of processes that read and check: calamine and Great Expectations both hold the interpreter's lock."""

from __future__ import annotations

import os
import pickle
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from catalog import Catalog
from expectations.engine import Engine, quiet
from tasks.pipeline import Outcome, process
from tasks.returning import ToReturn, annotated, write_returned
from tasks.settings import Settings
from tasks.store import WarehousePast, definitions, engine_for, register_in
from workbook.read import Source

#: Seconds without an answer after which the pool itself is looked at.
PATIENCE = 30.0


@contextmanager
def pool(workers: int, settings: Settings) -> Iterator[Executor]:
    """Processes that have the definitions and the heavy libraries loaded before the first batch arrives.

    Those that :func:`started_early` started are used when there are any.
    """
    if _early is not None:
        yield _early
        return
    with _executor(workers, settings) as executor:
        yield executor


class Renewed(Executor):
    """Worker processes that are started anew when one of them died: the others are given up with it."""

    def __init__(self, make: Callable[[], ProcessPoolExecutor]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._inner = make()
        self._homes: WeakKeyDictionary[Future[Any], ProcessPoolExecutor] = WeakKeyDictionary()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        with self._lock:
            try:
                future = self._inner.submit(fn, *args, **kwargs)
            except BrokenProcessPool:
                self._inner.shutdown(wait=False)
                self._inner = self._make()
                future = self._inner.submit(fn, *args, **kwargs)
            self._homes[future] = self._inner
            return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._inner.shutdown(wait, cancel_futures=cancel_futures)

    def has_lost(self, future: Future[Any]) -> bool:
        """Whether the processes a future was given to are no more."""
        try:
            self._homes[future].submit(os.getpid)
        except RuntimeError:  # broken, or shut down
            return True
        return False


def result_of(executor: Executor, future: Future[Any], *, patience: float = PATIENCE) -> Any:
    """The result of work that was given to ``executor``, once it is there.

    A pool that breaks in the very moment it is given work forgets that work: nobody would ever complete the future.
    Hence a look at the pool every ``patience`` seconds. Raises ``BrokenProcessPool`` and whatever the work raised.
    """
    while not wait([future], timeout=patience).done:
        is_lost = isinstance(executor, Renewed) and executor.has_lost(future)
        if is_lost and not wait([future], timeout=patience).done:  # whoever broke it may be about to say so
            raise BrokenProcessPool("the pool broke while it was given the work")
    return future.result()


@contextmanager
def a_worker_of_its_own(settings: Settings) -> Iterator[Executor]:
    """One process for work that may have killed another."""
    with _executor(1, settings) as executor:
        yield executor


@contextmanager
def _executor(workers: int, settings: Settings) -> Iterator[Executor]:
    """Spawned processes, not forked ones: polars keeps threads, and a forked copy of such a process may hang."""
    executor = Renewed(
        lambda: ProcessPoolExecutor(
            max_workers=workers, mp_context=get_context("spawn"), initializer=prepare, initargs=(settings,)
        )
    )
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def started_early(workers: int, settings: Settings) -> Iterator[None]:
    """Start the processes now, so that they load their libraries while Prefect's server comes up."""
    global _early  # noqa: PLW0603  (the run that follows in this process finds them here)
    with _executor(workers, settings) as executor:
        for _ in range(workers):
            executor.submit(_definitions)
        _early = executor
        try:
            yield
        finally:
            _early = None


def warm_up(executor: Executor, workers: int) -> None:
    """Return when every worker has loaded what it needs."""
    wait([executor.submit(_definitions) for _ in range(workers)])


_early: Executor | None = None
_settings: Settings | None = None
_run = ""


def prepare(settings: Settings) -> None:
    """Make this process ready to work for a run: its settings, its definitions, the heavy imports."""
    global _settings  # noqa: PLW0603  (a worker process has one set of settings)
    _settings = settings
    _end_with_parent()
    _catalog.cache_clear()
    warnings.simplefilter("ignore")
    with quiet():
        Engine()  # Great Expectations takes seconds to import


class Here(Executor):
    """Does at once, in this process, what it is given: a worker that is asked for a whole batch needs no other."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def ready_for(run: str) -> Settings:
    """The settings this process was prepared with, for a process that outlives runs: units may have been imported since
    the last one."""
    global _run  # noqa: PLW0603  (a worker does one thing at a time)
    if run != _run:
        _catalog.cache_clear()
        _run = run
    return _prepared()


def _prepared() -> Settings:
    if _settings is None:
        raise RuntimeError("the worker was not prepared")
    return _settings


def _end_with_parent() -> None:
    """A worker whose run was killed has nobody to work for: without this it would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


@lru_cache(maxsize=1)
def _catalog() -> Catalog:
    return register_in(engine_for(_prepared().url), definitions(_prepared()))


def _definitions() -> int:
    return len(_catalog().rules)


def process_in_worker(
    sources: Sequence[Source], settings: Settings, today: date, docs: Path | None, run: str
) -> Outcome:
    """:func:`tasks.pipeline.process` with the worker's own definitions and its own reading connection."""
    return process(
        sources,
        _catalog(),
        WarehousePast(engine_for(settings.url), _catalog()),
        today,
        in_turn=True,
        docs=docs,
        run=run,
    )


def return_in_worker(items: Sequence[ToReturn], to: Path) -> None:
    """:func:`tasks.returning.write_returned` with the worker's own definitions."""
    write_returned(items, _catalog(), to)


def annotate_for_another(packed: bytes, run: str) -> list[bytes]:
    """:func:`tasks.returning.annotated` in a worker of a cluster, which does not see where copies lie; the reports come
    packed, as batches do."""
    ready_for(run)
    items: list[ToReturn] = pickle.loads(packed)  # noqa: S301  (packed by the run)
    return annotated(items, _catalog())
