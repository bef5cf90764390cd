"""A collection without Prefect's engine: the same tasks as plain functions, in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from tasks import workers
from tasks.collect import Waiting, compare, process_batch, receive, return_workbooks, roll_up, take_up
from tasks.retrying import Wanted, reopen
from tasks.settings import Settings
from tasks.store import engine_for
from tasks.timing import Stopwatch
from warehouse import leases

#: A worker process does one thing at a time; the libraries it calls may lock one another out when threads do several.
_ONE_AT_A_TIME = threading.RLock()


class Inline(Executor):
    """Runs what is submitted at once, where it was submitted, one after the other."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with _ONE_AT_A_TIME:
            future.set_result(fn(*args, **kwargs))
        return future


def collect(
    settings: Settings, files: Sequence[Path], *, inbox: Path | None = None, batch: int = 1_000, forgiving: bool = False
) -> str:
    """Receive, check, load and roll up ``files`` and what waits in ``inbox``; the id of the run.

    A fault of the program is raised when everything else is done, unless ``forgiving``.
    """

    def take(run: str, watch: Stopwatch) -> list[Waiting]:
        return receive.fn(run, settings, inbox, files, watch)

    return _run(settings, "collect-period", take, batch=batch, forgiving=forgiving)


def _run(
    settings: Settings,
    kind: str,
    take: Callable[[str, Stopwatch], list[Waiting]],
    *,
    batch: int = 1_000,
    forgiving: bool = False,
) -> str:
    watch = Stopwatch()
    with leases.running(engine_for(settings.url), kind) as run:
        waiting = take(run, watch)
        if waiting:
            workers.prepare(settings)
        faults: list[Exception] = []
        while waiting:
            parts = [waiting[start : start + batch] for start in range(0, len(waiting), batch)]
            done = [process_batch.fn(0, part, run, settings, Inline(), watch) for part in parts]
            waiting = [item for part in done for item in part.later]
            faults.extend(fault for part in done for fault in part.faults)
        compare.fn(run, settings, watch)
        roll_up.fn(run, settings, watch)
        return_workbooks.fn(settings, None, watch)
        if faults and not forgiving:
            raise faults[0]
    return run


def retry(settings: Settings, wanted: Wanted, *, who: str, reason: str) -> str:
    """Judge failed reports anew; the id of the run."""
    numbers = reopen(settings, wanted, who=who, reason=reason).taken
    return _run(settings, "retry-failed", lambda run, watch: take_up.fn(run, settings, numbers, watch))
