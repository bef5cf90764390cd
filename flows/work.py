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
from tasks import log, progress
from tasks.batches import batch_size, workers_for
from tasks.cluster import Cluster, joined, outcome_of
from tasks.collect import Done, Waiting, compare, process_alone, process_batch, publish, return_workbooks, roll_up
from tasks.notifying import notify
from tasks.places import Helpers
from tasks.runs import running
from tasks.settings import Settings
from tasks.shown import Progress
from tasks.store import engine_for
from tasks.timing import Stopwatch
from tasks.workers import pool, warm_up
from warehouse import intake, queries
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
    take: Callable[[str, Stopwatch, Helpers | None], list[Waiting]],
    left: Callable[[], list[Exception]] = list,
) -> State[RunReport]:
    """A run from its start to its report; ``take`` gives what it has to process, ``left`` says what it could not take.

    Raises the first fault when everything else is done.
    """
    watch = Stopwatch()
    started = time.perf_counter()
    engine = engine_for(settings.url)
    ended: dict[str, Any] = {}
    with joined(settings) as cluster, running(settings, kind, period, ended) as run:
        waiting = take(run, watch, cluster)
        hand_back: Any = return_workbooks  # quote() hides its type from what Prefect declares
        with _workers(len(waiting), settings, watch, cluster) as executor:
            faults = _process_all(_Doing(run, settings, executor, watch, cluster), waiting) if executor else []
            roll_up(run, settings, watch)
            # what goes wrong from here on must not keep the rest from being done: the totals stand
            faults.extend(_fault_of(lambda: compare(run, settings, watch)))
            faults.extend(_fault_of(lambda: hand_back(settings, quote(executor), watch, run, cluster)))
        faults.extend(_fault_of(lambda: publish(run, settings, period, watch)))
        told = notify(run, settings, watch)
        faults.extend(left())
        if faults:
            raise faults[0]
        counts = queries.counts_of_run(engine, run)
        name = state_name(counts)
        intake.finish_run(engine, run, "completed", name)
        ended.update(message=name, **counts)
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
def _workers(files: int, settings: Settings, watch: Stopwatch, cluster: Cluster | None) -> Iterator[Executor | None]:
    """Worker processes when there is anything to process; beside a cluster they have nothing to do and never start."""
    if not files:
        yield None
        return
    workers = workers_for(files, settings)
    with pool(workers, settings) as executor:
        if cluster is None:
            with watch.span("warm_up"):
                warm_up(executor, workers)
        yield executor


@dataclass(frozen=True, slots=True)
class _Doing:
    """Who does the batches of a run: threads that wait for processes of this machine, or the workers of a cluster."""

    run: str
    settings: Settings
    executor: Executor
    watch: Stopwatch
    cluster: Cluster | None

    def batch_size(self, count: int) -> int:
        return self.cluster.batch_size(count, self.settings) if self.cluster else batch_size(count, self.settings)

    def submit(self, number: int, batch: list[Waiting]) -> Any:
        if self.cluster:
            return self.cluster.submit(number, batch, self.run)
        submit: Any = process_batch.submit  # quote() keeps Prefect from looking into a batch, and hides its type
        return submit(number, quote(batch), self.run, self.settings, quote(self.executor), quote(self.watch))

    def completed(self, futures: list[Any]) -> Iterator[Any]:
        if self.cluster is None:
            yield from as_completed(futures)
            return
        with self.watch.span("process"):
            yield from self.cluster.completed(futures)

    def outcome(self, future: Any, batch: list[Waiting]) -> Done | Exception:
        if self.cluster is None:
            return _of_state(future)
        alone: Any = process_alone
        return outcome_of(future) or _of_state(
            alone(quote(batch), self.run, self.settings, quote(self.watch), return_state=True)
        )


def _of_state(ended: Any) -> Done | Exception:
    outcome = ended.result(raise_on_failure=False)
    assert isinstance(outcome, Done | Exception)
    return outcome


def _process_all(doing: _Doing, waiting: list[Waiting]) -> list[Exception]:
    """Every batch is tried to its end, whatever becomes of another; the faults of those that could not be done."""
    faults: list[Exception] = []
    total, numbers = len(waiting), count(1)
    shown = Progress("progress", f"{doing.run}: {vi_number(total)} báo cáo · {total:,} reports")
    while waiting:
        size = doing.batch_size(len(waiting))
        batches = [waiting[start : start + size] for start in range(0, len(waiting), size)]
        futures = {doing.submit(next(numbers), batch): batch for batch in batches}
        waiting = _gathered(doing, futures, faults, shown, total)
    return faults


def _gathered(
    doing: _Doing, futures: dict[Any, list[Waiting]], faults: list[Exception], shown: Progress, total: int
) -> list[Waiting]:
    """The files whose turn comes next, when all batches of this round have ended."""
    later: list[Waiting] = []
    for ended, future in enumerate(doing.completed(list(futures)), 1):
        outcome = doing.outcome(future, futures[future])
        told = {"run": doing.run, "files": len(futures[future])}
        if isinstance(outcome, Exception):
            log.tell("batch.failed", doing.settings, error=outcome, **told)
            faults.append(outcome)
            continue
        log.tell("batch.done", doing.settings, later=len(outcome.later), faults=len(outcome.faults), **told)
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
