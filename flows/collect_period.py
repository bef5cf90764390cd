"""``collect-period``: everything that waits in the inbox, from bytes to figures in the warehouse.

No task a submission: a batch is the unit of work. The truth of what is done is the warehouse's, never Prefect's task
runs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.futures import as_completed
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from domain.numbers import vi_number
from tasks import progress
from tasks.batches import batch_size, workers_for
from tasks.collect import process_batch, publish, receive, roll_up
from tasks.settings import Settings
from tasks.store import engine_for
from tasks.timing import Stopwatch
from tasks.workers import pool, warm_up
from warehouse import intake, queries
from warehouse.engine import Engine


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did: counts by outcome, and where its seconds went."""

    run: str
    name: str
    counts: dict[str, int]
    seconds: dict[str, float]

    @property
    def failed(self) -> int:
        return self.counts.get("rejected", 0) + self.counts.get("unreadable", 0)


#: Threads that wait for the pool of processes; the decorator asks for a wider type of futures than this one makes.
_THREADS: Any = ThreadPoolTaskRunner(max_workers=4)


@flow(name="collect-period", flow_run_name="collect-{period}", task_runner=_THREADS)
def collect_period(
    period: str | None = None, inbox: str | None = None, files: list[str] | None = None
) -> State[RunReport]:
    """Collect the submissions that wait in the inbox (or in ``files``) and load those that pass their checks.

    ``period`` names the run and its report; every file is judged by the period it states itself.
    """
    settings = Settings()
    watch = Stopwatch()
    started = time.perf_counter()
    engine = engine_for(settings.url)
    run = intake.start_run(engine, "collect-period", period)
    with _marked_when_it_fails(engine, run):
        waiting = receive(run, settings, _inbox(settings, inbox, files), [Path(name) for name in files or []], watch)
        faults = _process_all(run, settings, waiting, watch)
        roll_up(run, settings, watch)
        publish(run, settings, watch)
        if faults:
            raise faults[0]
    counts = queries.counts_of_run(engine, run)
    name = state_name(counts)
    intake.finish_run(engine, run, "completed", name)
    seconds = _seconds(watch, time.perf_counter() - started)
    return Completed(name=name, message=name, data=RunReport(run, name, counts, seconds))


def report_of(state: State[Any]) -> RunReport:
    """The report of a finished run; raises what made it fail."""
    report = state.result(raise_on_failure=True)
    assert isinstance(report, RunReport)
    return report


def _seconds(watch: Stopwatch, total: float) -> dict[str, float]:
    """Where the time went; what no step covers is orchestration."""
    steps = {name: watch.seconds(name) for name in ("receive", "warm_up", "process", "roll_up", "publish")}
    return {**steps, "orchestration": total - watch.covered(), "total": total}


def _inbox(settings: Settings, inbox: str | None, files: list[str] | None) -> Path | None:
    """The folder to empty: the given one, or the workspace's unless single files were given."""
    if inbox:
        return Path(inbox).resolve()
    return None if files else settings.workspace.inbox


@contextmanager
def _marked_when_it_fails(engine: Engine, run: str) -> Iterator[None]:
    """A run that ends in a fault says so in the warehouse, as long as there is one to say it to."""
    try:
        yield
    except Exception as error:
        with suppress(Exception):
            intake.finish_run(engine, run, "failed", f"{type(error).__name__}: {error}")
        raise


def _process_all(run: str, settings: Settings, waiting: list[Any], watch: Stopwatch) -> list[Exception]:
    """Every batch is tried to its end, whatever becomes of another; the faults of those that could not be done."""
    if not waiting:
        return []
    faults: list[Exception] = []
    total, numbers = len(waiting), count(1)
    workers = workers_for(total, settings)
    with pool(workers, settings) as executor:
        with watch.span("warm_up"):
            warm_up(executor, workers)
        submit: Any = process_batch.submit  # quote() keeps Prefect from looking into a batch, and hides its type
        while waiting:
            size = batch_size(len(waiting), settings)
            batches = [waiting[start : start + size] for start in range(0, len(waiting), size)]
            futures = [
                submit(next(numbers), quote(batch), run, settings, quote(executor), quote(watch)) for batch in batches
            ]
            waiting = _gathered(futures, faults, total)
    return faults


def _gathered(futures: list[Any], faults: list[Exception], total: int) -> list[Any]:
    """The files whose turn comes next, when all batches of this round have ended."""
    later: list[Any] = []
    for ended, future in enumerate(as_completed(futures), 1):
        outcome = future.result(raise_on_failure=False)
        if isinstance(outcome, Exception):
            faults.append(outcome)
            continue
        faults.extend(outcome.faults)
        later.extend(outcome.later)
        progress.tell("batch", total * ended // len(futures) - len(later), total)
    return later


def state_name(counts: dict[str, int]) -> str:
    """``Completed · 9.871 accepted · 96 rejected · 33 unreadable``."""
    accepted = counts.get("accepted", 0) + counts.get("accepted_with_warnings", 0)
    parts = [
        f"{vi_number(accepted)} accepted",
        f"{vi_number(counts.get('rejected', 0))} rejected",
        f"{vi_number(counts.get('unreadable', 0))} unreadable",
    ]
    if counts.get("same_bytes"):
        parts.append(f"{vi_number(counts['same_bytes'])} already known")
    return "Completed · " + " · ".join(parts)
