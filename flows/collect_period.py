"""``collect-period``: everything that waits in the inbox, from bytes to figures in the warehouse.

No task a submission: a batch is the unit of work. The truth of what is done is the warehouse's, never Prefect's task
runs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.futures import as_completed
from prefect.states import Completed, State
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from domain.numbers import vi_number
from tasks import progress
from tasks.collect import process_batch, publish, receive, roll_up
from tasks.settings import Settings
from tasks.store import engine_for
from tasks.timing import Stopwatch
from tasks.workers import pool, warm_up
from warehouse import intake, queries


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


@flow(name="collect-period", flow_run_name="collect-{period}", task_runner=ThreadPoolTaskRunner(max_workers=4))
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
    waiting = receive(run, settings, _inbox(settings, inbox, files), [Path(name) for name in files or []], watch)
    _process_all(run, settings, waiting, watch)
    roll_up(run, settings, watch)
    publish(run, settings, watch)
    counts = queries.counts_of_run(engine, run)
    name = state_name(counts)
    intake.finish_run(engine, run, "completed", name)
    seconds = _seconds(watch, time.perf_counter() - started)
    return Completed(name=name, message=name, data=RunReport(run, name, counts, seconds))


def report_of(state: State[RunReport]) -> RunReport:
    """The report of a finished run; raises what made it fail."""
    return state.result(raise_on_failure=True)  # type: ignore[no-any-return]


def _seconds(watch: Stopwatch, total: float) -> dict[str, float]:
    """Where the time went; what no step covers is orchestration."""
    steps = {name: watch.seconds(name) for name in ("receive", "warm_up", "process", "roll_up", "publish")}
    return {**steps, "orchestration": total - watch.covered(), "total": total}


def _inbox(settings: Settings, inbox: str | None, files: list[str] | None) -> Path | None:
    """The folder to empty: the given one, or the workspace's unless single files were given."""
    if inbox:
        return Path(inbox).resolve()
    return None if files else settings.workspace.inbox


def _process_all(run: str, settings: Settings, waiting: list[Any], watch: Stopwatch) -> None:
    if not waiting:
        return
    size = batch_size(len(waiting), settings)
    batches = [waiting[start : start + size] for start in range(0, len(waiting), size)]
    done = 0
    workers = min(settings.workers, len(batches))
    with pool(workers, settings) as executor:
        with watch.span("warm_up"):
            warm_up(executor, workers)
        futures = [
            process_batch.submit(number, quote(batch), run, settings, quote(executor), quote(watch))
            for number, batch in enumerate(batches, 1)
        ]
        for future in as_completed(futures):
            done += future.result()
            progress.tell("batch", done, len(waiting))


def batch_size(count: int, settings: Settings) -> int:
    """Batches of the set size, or smaller ones so that every worker has something to do."""
    share = -(-count // settings.workers)
    return max(1, min(settings.batch_size, max(share, 200)))


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
