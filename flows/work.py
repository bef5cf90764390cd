"""What every run does with the submissions it has taken up: batches, comparison, totals, annotated copies, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from prefect.client.schemas.objects import State
from prefect.futures import as_completed
from prefect.states import Completed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from domain.numbers import vi_number
from tasks import progress
from tasks.batches import batch_size, workers_for
from tasks.collect import Waiting, compare, process_batch, publish, return_workbooks, roll_up
from tasks.notifying import notify
from tasks.settings import Settings
from tasks.shown import Progress
from tasks.store import engine_for
from tasks.timing import Stopwatch
from tasks.workers import pool, warm_up
from warehouse import intake, leases, queries
from warehouse.engine import Engine

STEPS = ("receive", "warm_up", "process", "compare", "roll_up", "return", "publish", "notify")

#: Threads that wait for the pool of processes; the decorator asks for a wider type of futures than this one makes.
THREADS: Any = ThreadPoolTaskRunner(max_workers=4)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did: counts by outcome, where its seconds went, and how often findings of its period were settled by
    a note of the unit, a waiver or an override. ``unsent`` says which notices could not be made or sent, and why."""

    run: str
    name: str
    counts: dict[str, int]
    seconds: dict[str, float]
    settled: dict[str, int] = field(default_factory=dict)
    unsent: str = ""

    @property
    def failed(self) -> int:
        return self.counts.get("rejected", 0) + self.counts.get("unreadable", 0)


def run_through(
    kind: str,
    settings: Settings,
    period: str | None,
    take: Callable[[str, Stopwatch], list[Waiting]],
    left: Callable[[], list[Exception]] = list,
) -> State[RunReport]:
    """A run from its start to its report; ``take`` gives what it has to process, ``left`` says what it could not take.

    Raises the first fault when everything else is done.
    """
    watch = Stopwatch()
    started = time.perf_counter()
    engine = engine_for(settings.url)
    with leases.running(engine, kind, period) as run:
        waiting = take(run, watch)
        hand_back: Any = return_workbooks  # quote() hides its type from what Prefect declares
        with _workers(len(waiting), settings, watch) as executor:
            faults = _process_all(run, settings, waiting, executor, watch) if executor else []
            roll_up(run, settings, watch)
            # what goes wrong from here on must not keep the rest from being done: the totals stand
            faults.extend(_fault_of(lambda: compare(run, settings, watch)))
            faults.extend(_fault_of(lambda: hand_back(settings, quote(executor), watch)))
        faults.extend(_fault_of(lambda: publish(run, settings, period, watch)))
        told = notify(run, settings, watch)
        faults.extend(left())
        if faults:
            raise faults[0]
        counts = queries.counts_of_run(engine, run)
        name = state_name(counts)
        intake.finish_run(engine, run, "completed", name)
    seconds = _seconds(watch, time.perf_counter() - started)
    report = RunReport(run, name, counts, seconds, _settled(engine, period), told)
    return Completed(name=name, message=" · ".join(filter(None, (name, told))), data=report)


def _fault_of(step: Callable[[], object]) -> list[Exception]:
    """What a step raised after Prefect gave it up, if anything."""
    try:
        step()
    except Exception as error:
        return [error]
    return []


def report_of(state: State[Any]) -> RunReport:
    """The report of a finished run; raises what made it fail."""
    report = state.result(raise_on_failure=True)
    assert isinstance(report, RunReport)
    return report


def _settled(engine: Engine, period: str | None) -> dict[str, int]:
    return queries.waiver_counts(engine, period) if period else {}


def _seconds(watch: Stopwatch, total: float) -> dict[str, float]:
    """Where the time went; what no step covers is orchestration."""
    steps = {name: watch.seconds(name) for name in STEPS}
    return {**steps, "orchestration": total - watch.covered(), "total": total}


@contextmanager
def _workers(files: int, settings: Settings, watch: Stopwatch) -> Iterator[Executor | None]:
    """Worker processes when there is anything to process."""
    if not files:
        yield None
        return
    workers = workers_for(files, settings)
    with pool(workers, settings) as executor:
        with watch.span("warm_up"):
            warm_up(executor, workers)
        yield executor


def _process_all(
    run: str, settings: Settings, waiting: list[Waiting], executor: Executor, watch: Stopwatch
) -> list[Exception]:
    """Every batch is tried to its end, whatever becomes of another; the faults of those that could not be done."""
    faults: list[Exception] = []
    total, numbers = len(waiting), count(1)
    shown = Progress("progress", f"{run}: {vi_number(total)} báo cáo · {total:,} reports")
    submit: Any = process_batch.submit  # quote() keeps Prefect from looking into a batch, and hides its type
    while waiting:
        size = batch_size(len(waiting), settings)
        batches = [waiting[start : start + size] for start in range(0, len(waiting), size)]
        futures = [
            submit(next(numbers), quote(batch), run, settings, quote(executor), quote(watch)) for batch in batches
        ]
        waiting = _gathered(futures, faults, total, shown)
    return faults


def _gathered(futures: list[Any], faults: list[Exception], total: int, shown: Progress) -> list[Waiting]:
    """The files whose turn comes next, when all batches of this round have ended."""
    later: list[Waiting] = []
    for ended, future in enumerate(as_completed(futures), 1):
        outcome = future.result(raise_on_failure=False)
        if isinstance(outcome, Exception):
            faults.append(outcome)
            continue
        faults.extend(outcome.faults)
        later.extend(outcome.later)
        done = max(0, total * ended // len(futures) - len(later))
        progress.tell("batch", done, total)
        shown.tell(done, total)
    return later


def state_name(counts: dict[str, int]) -> str:
    """``Completed · 9.871 accepted · 96 rejected · 33 unreadable``; also when there was nothing to do."""
    if not counts:
        return "Completed · không có gì chờ · nothing was waiting"
    accepted = counts.get("accepted", 0) + counts.get("accepted_with_warnings", 0)
    parts = [
        f"{vi_number(accepted)} accepted",
        f"{vi_number(counts.get('rejected', 0))} rejected",
        f"{vi_number(counts.get('unreadable', 0))} unreadable",
    ]
    if counts.get("same_bytes"):
        parts.append(f"{vi_number(counts['same_bytes'])} already known")
    return "Completed · " + " · ".join(parts)
