"""A collection without Prefect's engine: the same tasks as plain functions, in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from tasks import workers
from tasks.collect import process_batch, receive, roll_up
from tasks.settings import Settings
from tasks.store import engine_for
from tasks.timing import Stopwatch
from warehouse import intake


class Inline(Executor):
    """Runs what is submitted at once, where it was submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def collect(settings: Settings, files: Sequence[Path], *, inbox: Path | None = None, batch: int = 1_000) -> str:
    """Receive, check, load and roll up ``files`` and what waits in ``inbox``; the id of the run."""
    workers.prepare(settings)
    engine = engine_for(settings.url)
    watch = Stopwatch()
    run = intake.start_run(engine, "collect-period")
    waiting = receive.fn(run, settings, inbox, files, watch)
    while waiting:
        parts = [waiting[start : start + batch] for start in range(0, len(waiting), batch)]
        waiting = [item for part in parts for item in process_batch.fn(0, part, run, settings, Inline(), watch)]
    roll_up.fn(run, settings, watch)
    intake.finish_run(engine, run, "completed")
    return run
