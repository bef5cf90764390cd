"""The Prefect tasks of ``collect-period`` and ``retry-failed``: take up, process a batch, compare, roll up, return,
publish."""

from __future__ import annotations

import errno
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from domain.clock import today
from domain.submission import FaultNature
from tasks import archive, log, places, progress
from tasks.batches import SMALLEST_SHARED_BATCH
from tasks.comparing import compare_reports
from tasks.places import Alone, is_remote
from tasks.returning import ToReturn, keep_copy, tidy, to_return, write_returned
from tasks.settings import Settings
from tasks.setup import keep_registry_current
from tasks.shown import key_of, show_table
from tasks.store import definitions, engine_for, ensure_periods, register_of
from tasks.timing import Stopwatch
from tasks.totals import refresh_totals
from tasks.workers import (
    a_worker_of_its_own,
    annotate_for_another,
    process_in_worker,
    result_of,
    return_in_worker,
)
from warehouse import intake, leases, queries, returns
from warehouse.engine import Engine, is_transient
from warehouse.lives import periods_of_run
from warehouse.load import LoadBatch, load_batch
from workbook.read import Source

if TYPE_CHECKING:
    from tasks.places import Helpers, Place

#: Files of one batch that may fail by a fault of the program before the whole batch is given up.
FAULTY_FILES = 20

#: Annotated copies one worker writes at a time.
COPIES_AT_A_TIME = 25

#: So many times as many are in the memory of a run whose cluster makes them.
SHARES_OF_COPIES = 8

#: What a board in Prefect's interface counts.
SHOWN_OF_BOARD = (
    "form",
    "expected",
    "received",
    "unexpected",
    "late",
    "overdue",
    "accepted",
    "accepted_with_warnings",
    "rejected",
    "unreadable",
    "missing",
    "waiting",
    "in_force",
    "permitted",
)

#: A table artifact is for reading: the rest is in the warehouse.
ROWS_IN_ARTIFACT = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file in the archive that waits to be processed; ``submission`` is its number in the warehouse."""

    submission: int
    path: str
    name: str


def _is_worth_retrying(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Faults of the surroundings pass; faults of the program and of the data do not."""
    try:
        state.result()
    except Exception as error:
        return _passes(error)
    return False


def _passes(error: Exception) -> bool:
    return isinstance(error, OSError | BrokenProcessPool) or is_transient(error)


#: How a step is tried again; what a database or a network did passes, what a program did does not.
RETRYING: dict[str, Any] = {
    "retries": 4,
    "retry_delay_seconds": [1, 5, 15, 60],
    "retry_condition_fn": _is_worth_retrying,
    "cache_policy": NO_CACHE,
}


@task(name="receive", **RETRYING)
def receive(
    run: str,
    settings: Settings,
    inbox: Place | None,
    files: Sequence[Path],
    watch: Stopwatch,
    moment: datetime | None = None,
    helpers: Helpers | None = None,
) -> list[Waiting]:
    """Take files into the archive and the warehouse; hands out what waits to be processed, oldest first.

    ``moment`` is when ``files`` were submitted (now, unless given: a step that is repeated must not count them twice).

    The workspace's own inbox is emptied once its files are safe; a folder of somebody else is left as it was. Objects
    of a store may be copied by ``helpers``: it answers many as readily as one.
    """
    with watch.span("receive"):
        keep_registry_current(engine_for(settings.url), definitions(settings))
        _receive(run, settings, files, moment or datetime.now(UTC))
        if inbox is not None:
            places.require(inbox)  # an unmounted share must not look like an empty inbox
            _receive_waiting(run, settings, inbox, helpers or Alone())
        return _taken_up(run, settings, None)


@task(name="take-up", **RETRYING)
def take_up(run: str, settings: Settings, submissions: Sequence[int], watch: Stopwatch) -> list[Waiting]:
    """Those of the given submissions that wait, for this run to process; no other run gets them meanwhile."""
    with watch.span("receive"):
        keep_registry_current(engine_for(settings.url), definitions(settings))
        return _taken_up(run, settings, submissions)


def _taken_up(run: str, settings: Settings, submissions: Sequence[int] | None) -> list[Waiting]:
    """What a run that died had taken up is taken up again; what a living run works on is left to it."""
    engine = engine_for(settings.url)
    for lost in leases.release_dead(engine, run):
        told = {"kind": lost.kind, "host_lost": lost.host, "pid_lost": lost.pid, "released": lost.released}
        log.tell("run.lost", settings, run=lost.run, found_by=run, **told)
    waiting = intake.claim(engine, run, submissions)
    kept = settings.archive_place
    return [Waiting(item.submission_id, str(archive.find(kept, item.archive_path)), item.name) for item in waiting]


def _receive(run: str, settings: Settings, files: Sequence[Path], moment: datetime) -> None:
    arrived = archive.arrived_when_saved if settings.arrival == "modified" else archive.arrived_at(moment)
    for start, chunk in _chunks(files, settings.batch_size):
        _register(run, settings, archive.store(chunk, settings.archive_place, arrived))
        progress.tell("received", start + len(chunk), len(files))


def _receive_waiting(run: str, settings: Settings, inbox: Place, helpers: Helpers) -> None:
    """Copied, then written down in the order of their arrival, then removed: a few chunks at a time."""
    files = archive.waiting(inbox)
    arrived = archive.arrived_when_saved if settings.arrival == "modified" else archive.arrived_in_folder
    copy = partial(archive.store_found, archive=settings.archive_place, arrived=arrived)
    is_far = is_remote(inbox) and is_remote(settings.archive_place)
    by, size = (helpers, min(settings.batch_size, SMALLEST_SHARED_BATCH)) if is_far else (Alone(), settings.batch_size)
    chunks = list(_chunks(files, size))
    for first in range(0, len(chunks), by.width):
        group = chunks[first : first + by.width]
        kept = []
        for (start, chunk), stored in zip(group, by.map(copy, [chunk for _, chunk in group]), strict=True):
            _register(run, settings, stored)
            kept.append(stored)
            progress.tell("received", start + len(chunk), len(files))
        if places.is_same(inbox, settings.inbox_place):
            list(by.map(archive.clear, kept))


def _chunks(files: Sequence[archive.Arriving], size: int) -> Iterator[tuple[int, Sequence[archive.Arriving]]]:
    return ((start, files[start : start + size]) for start in range(0, len(files), size))


def _register(run: str, settings: Settings, stored: Sequence[archive.Stored]) -> None:
    arrivals = [intake.Arrival(s.sha256, s.size, s.media, s.name, s.arrived_at, str(s.path)) for s in stored]
    intake.receive(engine_for(settings.url), run, arrivals)


@dataclass(frozen=True, slots=True)
class Done:
    """What is left of a batch: files whose turn has not come, and the faults of those that stopped alone."""

    later: tuple[Waiting, ...] = ()
    faults: tuple[Exception, ...] = ()

    def __add__(self, other: Done) -> Done:
        return Done(self.later + other.later, self.faults + other.faults)


@task(name="process-batch", task_run_name="process-batch-{number}", **RETRYING)
def process_batch(
    number: int, waiting: Sequence[Waiting], run: str, settings: Settings, pool: Executor, watch: Stopwatch
) -> Done:
    """Read, check and transform a batch in a worker process, then load it in one transaction.

    A report waits for its turn while an earlier period of the same unit is on its way. A fault of the program that a
    file brings out stops that file alone: it goes on waiting, with a failed attempt on record.

    Data Docs show the first batch of a run: every batch is judged by the same suites, and the findings of all are in
    the warehouse.
    """
    docs = settings.workspace.docs if number == 1 else None
    with watch.span("process"):
        return process_here(waiting, run, settings, pool, docs)


@task(name="process-alone", **RETRYING)
def process_alone(waiting: Sequence[Waiting], run: str, settings: Settings, watch: Stopwatch) -> Done:
    """A batch under which a machine of a cluster died: on this machine, with a worker of its own, as
    :func:`process_batch` does it with a batch that killed one of its workers."""
    with watch.span("process"), _archived(waiting, run, settings) as (there, done):
        return done(_process_alone(there, run, settings, _Patience(FAULTY_FILES)) if there else Done())


def process_here(
    waiting: Sequence[Waiting], run: str, settings: Settings, pool: Executor, docs: Path | None = None
) -> Done:
    """A batch from its archived bytes to the warehouse; what is judged is judged in ``pool``."""
    with _archived(waiting, run, settings) as (there, done):
        return done(_process_apart(there, run, settings, pool, docs, _Patience(FAULTY_FILES)) if there else Done())


@contextmanager
def _archived(
    waiting: Sequence[Waiting], run: str, settings: Settings
) -> Iterator[tuple[list[Waiting], Callable[[Done], Done]]]:
    """The reports with their bytes at hand, and what makes of their outcome that of all: those whose archived file is
    gone are at fault, and those that wait for their turn lie where they lay."""
    with ExitStack() as stack:
        try:
            paths = stack.enter_context(places.at_hand([item.path for item in waiting]))
        except OSError as error:
            _record(settings, run, waiting, error, FaultNature.TRANSIENT)
            raise
        there, missing = _parted(waiting, paths)
        gone = _gone(settings, run, missing)
        lay = {item.submission: item for item in waiting}
        yield there, lambda done: gone + replace(done, later=tuple(lay[item.submission] for item in done.later))


def _parted(waiting: Sequence[Waiting], paths: Sequence[Path]) -> tuple[list[Waiting], list[Waiting]]:
    """Those whose archived file is there, with its path, and those whose file is gone; each is asked for once."""
    there, missing = [], []
    for item, path in zip(waiting, paths, strict=True):
        if path.exists():
            there.append(replace(item, path=str(path)))
        else:
            missing.append(item)
    return there, missing


def _gone(settings: Settings, run: str, missing: Sequence[Waiting]) -> Done:
    """Reports whose archived file is not there any more: a person must bring it back, the others need not wait."""
    faults = [FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), item.path) for item in missing]
    for item, fault in zip(missing, faults, strict=True):
        _record(settings, run, [item], fault, FaultNature.PERMANENT)
    return Done(faults=tuple(faults))


def _process_alone(waiting: Sequence[Waiting], run: str, settings: Settings, patience: _Patience) -> Done:
    """A worker died under this batch, or under another that shared its pool: again with a worker of its own, then in
    halves, down to the one file that kills whoever reads it."""
    try:
        with a_worker_of_its_own(settings) as own:
            return _process_apart(waiting, run, settings, own, None, patience, is_shared=False)
    except BrokenProcessPool as error:
        if len(waiting) == 1 or not patience.left:
            patience.left = max(0, patience.left - 1)
            _record(settings, run, waiting, error, FaultNature.PERMANENT)
            return Done(faults=(error,))
    half = len(waiting) // 2
    first = _process_alone(waiting[:half], run, settings, patience)
    return first + _process_alone(waiting[half:], run, settings, patience)


class _Patience:
    """How many files may fail by a fault of the program before it is the program that is taken to be broken."""

    def __init__(self, left: int) -> None:
        self.left = left


def _process_apart(
    waiting: Sequence[Waiting],
    run: str,
    settings: Settings,
    pool: Executor,
    docs: Path | None,
    patience: _Patience,
    *,
    is_shared: bool = True,
) -> Done:
    """:func:`_process`; after a fault of the program in two halves, down to the one file that brings it out.

    ``is_shared``: other batches use the pool as well; who killed a worker of it is found out apart from them.
    """
    try:
        return Done(later=tuple(_process(waiting, run, settings, pool, docs)))
    except BrokenProcessPool:
        if not is_shared:
            raise
        log.tell("worker.lost", settings, run=run, files=len(waiting))
        return _process_alone(waiting, run, settings, patience)
    except Exception as error:
        if _passes(error):
            _record(settings, run, waiting, error, FaultNature.TRANSIENT)
            raise
        if len(waiting) == 1 or not patience.left:
            patience.left = max(0, patience.left - 1)
            _record(settings, run, waiting, error, FaultNature.PERMANENT)
            return Done(faults=(error,))
    half = len(waiting) // 2
    halves = (waiting[:half], waiting[half:])
    first, second = (_process_apart(part, run, settings, pool, None, patience, is_shared=is_shared) for part in halves)
    return first + second


def _record(settings: Settings, run: str, waiting: Sequence[Waiting], error: Exception, nature: FaultNature) -> None:
    """A try that ended in a fault is written down for each submission, unless the warehouse itself is out of reach."""
    submissions = [item.submission for item in waiting]
    event = "worker.lost" if isinstance(error, BrokenProcessPool) else "batch.failed"
    log.tell(event, settings, run=run, files=len(waiting), error=error)
    with suppress(Exception):
        detail = f"{type(error).__name__}: {error}"
        intake.fail_attempt(engine_for(settings.url), run, submissions, detail, nature=nature)


def _process(
    waiting: Sequence[Waiting], run: str, settings: Settings, pool: Executor, docs: Path | None
) -> list[Waiting]:
    sources = [Source(item.submission, Path(item.path), item.name) for item in waiting]
    engine = engine_for(settings.url)
    outcome = result_of(pool, pool.submit(process_in_worker, sources, settings, today(), docs, run))
    ensure_periods(engine, definitions(settings), outcome.headers["period"].drop_nulls().unique())
    result = load_batch(engine, run, LoadBatch.of(outcome))
    judged = set(outcome.verdicts["file"]) - result.stale
    return [item for item in waiting if item.submission not in judged]


@task(name="compare", **RETRYING)
def compare(run: str, settings: Settings, watch: Stopwatch) -> None:
    """Compare reports that came in force with those of other units."""
    with watch.span("compare"):
        compare_reports(engine_for(settings.url), register_of(settings), run)


@task(name="roll-up", **RETRYING)
def roll_up(run: str, settings: Settings, watch: Stopwatch) -> None:
    """Refresh the roll-up of every period and form that this run changed, and what is compared with them."""
    engine = engine_for(settings.url)
    with watch.span("roll_up"):
        catalog = register_of(settings)
        for period, form in queries.changed_by_run(engine, run):
            refresh_totals(engine, catalog, period, form)


@task(name="return-workbooks", **RETRYING)
def return_workbooks(
    settings: Settings, pool: Executor | None, watch: Stopwatch, run: str = "", helpers: Helpers | None = None
) -> None:
    """Write the annotated copy of every report that failed or has warnings and has none yet.

    Also of those that a killed run left without; many are shared out among the worker processes, or made by ``helpers``
    and written here.
    """
    with watch.span("return"):
        engine = engine_for(settings.url)
        moment = datetime.now(UTC)
        rows = returns.returnable(engine, only_new=True)
        width = SHARES_OF_COPIES if helpers else settings.workers if pool else 1
        for part in rows.iter_slices(COPIES_AT_A_TIME * width):
            items = to_return(engine, part, settings.archive_place)
            _write_shared(items, settings, pool, partial(annotate_for_another, run=run), helpers)
            returns.mark_returned(engine, [item.head.submission for item in items], moment)
        tidy(engine, settings.workspace.returned)


def _write_shared(
    items: Sequence[ToReturn],
    settings: Settings,
    pool: Executor | None,
    annotate: Callable[[bytes], list[bytes]],
    helpers: Helpers | None,
) -> None:
    to = settings.workspace.returned
    parts = [items[start : start + COPIES_AT_A_TIME] for start in range(0, len(items), COPIES_AT_A_TIME)]
    if helpers is not None and len(parts) > 1 and _written_from(helpers, annotate, parts, to):
        return
    if pool is None or len(parts) <= 1:
        write_returned(items, register_of(settings), to)
        return
    for future in [pool.submit(return_in_worker, part, to) for part in parts]:
        result_of(pool, future)


def _written_from(
    helpers: Helpers, annotate: Callable[[bytes], list[bytes]], parts: Sequence[Sequence[ToReturn]], to: Path
) -> bool:
    """Whether others made the copies, which are written here; whatever kept them from it, this machine can make them as
    well."""
    try:
        made = list(helpers.map(annotate, [pickle.dumps(part) for part in parts]))
    except Exception:
        return False  # what is at fault with a report itself comes to light here once more
    for item, data in zip(chain.from_iterable(parts), chain.from_iterable(made), strict=True):
        keep_copy(item, data, to)
    return True


@task(name="publish", cache_policy=NO_CACHE)
def publish(run: str, settings: Settings, period: str | None, watch: Stopwatch) -> None:
    """What was rejected or could not be read, the board of its period and of those whose reports it judged, and
    what was settled in them, as tables in Prefect's interface. The whole lists are in the warehouse.
    """
    with watch.span("publish"):
        engine = engine_for(settings.url)
        rows = queries.failed_of_run(engine, run, limit=ROWS_IN_ARTIFACT)
        show_table("rejected-submissions", rows, "Báo cáo bị trả lại · rejected")
        for code in dict.fromkeys([*([period] if period else []), *periods_of_run(engine, run)]):
            _show_period(engine, code)


def _show_period(engine: Engine, period: str) -> None:
    """The board of a period by form, and what was settled in it."""
    board = [{name: row[name] for name in SHOWN_OF_BOARD} for row in queries.status(engine, period)]
    show_table(key_of("status", period), board, f"{period}: tình hình gửi báo cáo theo biểu mẫu · status by form")
    settled = [{"settled_by": kind, "findings": count} for kind, count in queries.waiver_counts(engine, period).items()]
    show_table(
        key_of("settled-findings", period),
        settled,
        f"{period}: đã giải thích, được miễn, được cho qua · explained, waived, overridden",
    )
