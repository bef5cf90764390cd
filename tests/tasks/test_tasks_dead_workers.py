"""A file that kills the process which reads it stops nobody else's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tasks import collect as steps
from tasks import workers
from tasks.collect import process_batch, receive
from tasks.pipeline import Outcome
from tasks.settings import Settings
from tasks.store import engine_for
from tasks.timing import Stopwatch
from tests.delivered import Delivery, install
from warehouse import leases

DEADLY = "deadly.xlsx"


def deadly_process(sources: Any, settings: Settings, *rest: Any) -> Outcome:
    """As a reader that crashes on one file would do it."""
    if any(source.name == DEADLY for source in sources):
        os._exit(9)
    workers.prepare(settings)
    return workers.process_in_worker(sources, settings, *rest)


@contextmanager
def quick(count: int, _settings: Settings) -> Iterator[Executor]:
    """Worker processes that load nothing before they are asked."""
    executor = workers.Renewed(lambda: ProcessPoolExecutor(count, mp_context=get_context("spawn")))
    yield executor
    executor.shutdown()


def test_the_one_file_is_found_and_the_others_are_loaded(
    tmp_path: Path, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = install(tmp_path / "home", delivery)
    sound = [item for item in delivery.sent if item.fault == "" and item.filing.unit.startswith("P99.CB")][:3]
    for item, name in zip(sound, ("a.xlsx", DEADLY, "c.xlsx"), strict=True):
        shutil.copy2(delivery.folder / f"{item.name}.xlsx", settings.workspace.inbox / name)
    monkeypatch.setattr(workers, "_executor", quick)
    monkeypatch.setattr(steps, "process_in_worker", deadly_process)
    engine, watch = engine_for(settings.url), Stopwatch()
    with leases.running(engine, "collect-period") as run, workers.pool(1, settings) as pool:
        waiting = receive.fn(run, settings, settings.workspace.inbox, (), watch)
        done = process_batch.fn(2, waiting, run, settings, pool, watch)
        assert [type(fault).__name__ for fault in done.faults] == ["BrokenProcessPool"]
        assert pool.submit(os.getpid).result(), "the shared pool is whole again"
    with engine.connect() as connection:
        states = dict(connection.execute(text("select name, state from submission")).tuples().all())
        failed = "select name, nature from attempt a join submission s on s.id = submission_id where outcome = 'failed'"
        tries = connection.execute(text(failed)).all()
    assert {name for name, state in states.items() if state == "received"} == {DEADLY}
    assert [tuple(row) for row in tries] == [(DEADLY, "permanent")]


def test_work_a_breaking_pool_forgot_is_not_waited_for_for_ever() -> None:
    pool = workers.Renewed(lambda: ProcessPoolExecutor(1, mp_context=get_context("spawn")))
    with pytest.raises(BrokenProcessPool):
        workers.result_of(pool, pool.submit(os._exit, 9))
    forgotten = pool.submit(os.getpid)
    assert workers.result_of(pool, forgotten, patience=0.01) > 0, "slow is not lost"
    lost: Future[int] = Future()
    pool._homes[lost] = pool._homes[forgotten]
    with pytest.raises(BrokenProcessPool):
        workers.result_of(pool, pool.submit(os._exit, 9))
    with pytest.raises(BrokenProcessPool, match="while it was given"):
        workers.result_of(pool, lost, patience=0.01)
    pool.shutdown()
