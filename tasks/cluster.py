"""A run's batches on a Dask cluster: who may take part in it, and what one of its workers does with a batch.

A worker is started with ``dask worker tcp://host:8786 --nthreads 1 --preload tasks.cluster`` and the settings of the
run in its environment. It loads what a batch needs and shows its :class:`Fitness`; batches are given only to workers
whose program, definitions, warehouse and archive are those of the run, also when one joins in the middle of it.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from prefect import task
from prefect.settings import PREFECT_API_URL

from domain.act import ActRefusedError
from tasks import places, workers
from tasks.batches import SMALLEST_SHARED_BATCH
from tasks.collect import RETRYING, Done, Waiting, process_here
from tasks.places import Item, Result
from tasks.settings import Settings
from tasks.store import definitions, engine_for, require_warehouse
from warehouse.engine import identity

_log = logging.getLogger(__name__)

#: Seconds a run waits for a worker that may take part, when it begins and when the last one has left.
PATIENCE = 60.0
LEFT_ALONE = 300.0

#: Seconds a scheduler is given to answer whoever only looks.
GLANCE = 5.0

_LOOK_EVERY = 0.2
_COUNT_EVERY = 5.0

#: Batches a worker is given in all, so that one that is slower, or came late, holds nobody up.
_SHARES = 3

#: What a verdict comes from besides the definitions.
_ROOMS = ("domain", "catalog", "workbook", "expectations", "transform", "warehouse", "tasks")
_LIBRARIES = ("great-expectations", "polars", "python-calamine")

_WORDS = {
    "program": ("chương trình", "program"),
    "definitions": ("bộ định nghĩa", "definitions"),
    "warehouse": ("kho số liệu", "warehouse"),
    "archive": ("kho lưu trữ", "archive"),
}


class ClusterLostError(ConnectionError):
    """The scheduler went away, or for too long nobody was there to do the work."""

    vi = (
        "Mất cụm Dask giữa chừng: bộ điều phối đã dừng, hoặc không còn máy nào nhận việc. Báo cáo chưa xong vẫn chờ:"
        " khởi động lại bộ điều phối và các máy, rồi chạy lại"
    )
    en = (
        "The Dask cluster was lost in the middle: its scheduler stopped, or no worker was left. Reports that were not"
        " done still wait: start the scheduler and the workers again, then run it again"
    )

    def __str__(self) -> str:
        return f"{self.vi} · {self.en}"


@dataclass(frozen=True, slots=True)
class Fitness:
    """What must be the same on all machines for one to do another's work."""

    program: str
    definitions: str
    warehouse: str
    archive: str

    @property
    def tag(self) -> str:
        """The resource a worker has one of: a batch asks for it, so nobody else is given it, nor two at a time."""
        return "tongket-" + hashlib.sha256(repr(asdict(self)).encode()).hexdigest()[:16]

    def differs(self, other: Fitness) -> list[tuple[str, str, str]]:
        """What is not the same: Vietnamese, English, and the other's against this one's."""
        mine, theirs = asdict(self), asdict(other)
        return [(*_WORDS[name], f"{theirs[name]} ≠ {mine[name]}") for name in mine if mine[name] != theirs[name]]


def fitness(settings: Settings) -> Fitness:
    """The fitness of this process with these settings. Raises what keeps it from the warehouse or the archive."""
    require_warehouse(settings)
    places.require(settings.archive_place)
    return Fitness(
        _program(),
        definitions(settings).fingerprint,
        identity(engine_for(settings.url)),
        places.identity(settings.archive_place),
    )


@lru_cache(maxsize=1)
def _program() -> str:
    """Its version, and a digest of the code itself: machines are not always updated together."""
    digest = hashlib.sha256("".join(f"{name}{version(name)}" for name in _LIBRARIES).encode())
    root = Path(__file__).parents[1]
    for path in sorted(path for room in _ROOMS for path in (root / room).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return f"{version('tongket')}+{digest.hexdigest()[:8]}"


# ------------------------------------------------------------------------------------------------ a worker

_fitness: Fitness | None = None


def dask_setup(worker: Any) -> None:
    """What ``dask worker --preload tasks.cluster`` runs before the worker is known to the scheduler.

    One that cannot do the work says why and is given none.
    """
    global _fitness  # noqa: PLW0603  (a worker is one process)
    settings = Settings()
    try:
        _fitness = fitness(settings)
        workers.prepare(settings)
        workers.ready_for("")
    except Exception as error:
        _log.error("Máy này không nhận việc của tongket · This worker takes no work of tongket: %s", error)
        return
    worker.state.total_resources[_fitness.tag] = 1
    worker.state.available_resources[_fitness.tag] = 1


def shown_fitness() -> Fitness | None:
    """The fitness of this worker, for whoever asks."""
    return _fitness


@task(name="process-batch-on-cluster", task_run_name="process-batch-{number}", **RETRYING)
def process_on_cluster(number: int, packed: bytes, run: str) -> Done:  # noqa: ARG001  (the number names the task)
    """:func:`tasks.collect.process_batch` in the process of a cluster's worker, with the settings of that worker.

    The batch comes packed, for Prefect and Dask both look into what they carry, and Dask takes records apart. No Data
    Docs: they would lie on whichever machine it was. What is loaded twice, because a worker was taken for dead, changes
    nothing the second time (:func:`warehouse.load.load_batch`).
    """
    waiting: list[Waiting] = pickle.loads(packed)  # noqa: S301  (packed by the run)
    try:
        done = process_here(waiting, run, workers.ready_for(run), workers.Here())
    except Exception as error:
        travelling = _travelling(error)
        if travelling is error:
            raise
        raise travelling from None
    return replace(done, faults=tuple(_travelling(fault) for fault in done.faults))


def _travelling(error: Exception) -> Exception:
    """The fault as it can be sent to another machine: not everything that is raised can be."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  (our own)
    except Exception:
        kind = ConnectionError if isinstance(error, OSError) else RuntimeError
        return kind(f"{type(error).__name__}: {error}")
    return error


# ------------------------------------------------------------------------------------------------ a run


@dataclass(slots=True, eq=False)
class _Piece:
    """Work that was given out."""

    wrapped_future: Any
    is_done: bool = False


class Cluster:
    """The workers of a scheduler that may take part in a run."""

    def __init__(self, runner: Any, fit: Fitness) -> None:
        self._runner = runner
        self._fit = fit

    def batch_size(self, count: int, settings: Settings) -> int:
        """Some batches for each worker, none so small that what a batch costs by itself weighs."""
        share = -(-count // self.width)
        return max(1, min(settings.batch_size, max(share, SMALLEST_SHARED_BATCH)))

    def workers(self) -> list[str]:
        """Addresses of those that may take part at this moment."""
        return [address for address, about in self._known().items() if self._fit.tag in about["resources"]]

    def _known(self) -> dict[str, Any]:
        known: dict[str, Any] = self._runner.client.scheduler_info(n_workers=-1)["workers"]
        return known

    def submit(self, number: int, batch: Sequence[Waiting], run: str) -> Any:
        from dask import annotate  # type: ignore[attr-defined]

        parameters = {"number": number, "packed": pickle.dumps(list(batch)), "run": run}
        with annotate(resources={self._fit.tag: 1}):
            return self._runner.submit(process_on_cluster, parameters)

    @property
    def width(self) -> int:
        """Pieces worth giving out at a time: some for each worker."""
        return _SHARES * max(1, len(self.workers()))

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Work of an instant, without a task of Prefect's; :meth:`tasks.places.Helpers.map`. A cluster that went away
        is a ``ConnectionError``: what is tried again elsewhere must bear to be done twice."""
        from distributed import KilledWorker

        submit, tag = self._runner.client.submit, {self._fit.tag: 1}
        futures = [_Piece(submit(work, item, resources=tag, pure=False)) for item in items]
        waiting = self.completed(futures)
        for piece in futures:
            while not piece.is_done:
                next(waiting).is_done = True
            try:
                yield piece.wrapped_future.result()
            except (KilledWorker, CancelledError) as error:
                raise ClusterLostError from error

    def completed(self, futures: Sequence[Any]) -> Iterator[Any]:
        """The futures as they end. When nobody has been there for a while to do the work, what is left is called off,
        so that it ends as well: a run must not wait for ever."""
        left, seen = list(futures), time.monotonic()
        counted = seen
        while left:
            ended = [future for future in left if future.wrapped_future.done()]
            yield from ended
            left = [future for future in left if future not in ended]
            now = time.monotonic()
            if now - counted >= _COUNT_EVERY:
                counted = now
                seen = now if self.workers() else seen
                if now - seen > LEFT_ALONE:
                    self._runner.client.cancel([future.wrapped_future for future in left])
            if left:
                time.sleep(_LOOK_EVERY)

    def wait(self, patience: float) -> None:
        """Return when somebody may take part. Raises :class:`ActRefusedError` that names who may not, and why."""
        end = time.monotonic() + patience
        while not self.workers():
            if time.monotonic() > end:
                raise self._refused()
            time.sleep(_LOOK_EVERY)
        for vi, en in self.unfit():
            _log.warning("%s · %s", vi, en)

    def unfit(self) -> list[tuple[str, str]]:
        """Of each worker that may not take part, in Vietnamese and English, why not."""
        others = sorted(set(self._known()) - set(self.workers()))
        if not others:
            return []
        told = self._runner.client.run(shown_fitness, workers=others, on_error="return")
        return [self._reason(address, told.get(address)) for address in others]

    def _reason(self, address: str, told: object) -> tuple[str, str]:
        if isinstance(told, Exception):
            return f"{address}: không có chương trình này ({told})", f"{address}: the program is not there ({told})"
        if not isinstance(told, Fitness):
            vi = "chưa sẵn sàng; chạy: dask worker … --preload tasks.cluster, và xem nhật ký của nó"
            en = "not ready; start it with: dask worker … --preload tasks.cluster, and see its log"
            return f"{address}: {vi}", f"{address}: {en}"
        differs = self._fit.differs(told)
        vi, en = (", ".join(f"{words[place]} {words[2]}" for words in differs) for place in (0, 1))
        return f"{address}: khác {vi}", f"{address}: another {en}"

    def _refused(self) -> ActRefusedError:
        unfit = self.unfit()
        nobody = [("cụm không có máy nào", "the cluster has no workers")]
        vi, en = ("; ".join(reasons) for reasons in zip(*(unfit or nobody), strict=True))
        return ActRefusedError(
            f"Không máy nào trong cụm nhận được việc: {vi}. Sửa rồi khởi động lại dask worker; chưa có gì thay đổi.",
            f"No worker of the cluster can take the work: {en}. Mend that, restart dask worker; nothing was changed.",
        )


@contextmanager
def joined(settings: Settings) -> Iterator[Cluster | None]:
    """The cluster that was set, with at least one worker that may take part; ``None`` when none was set.

    Raises :class:`ActRefusedError` when it does not answer, or nobody in it may.
    """
    if not settings.dask:
        yield None
        return
    fit = fitness(settings)
    with _connected(settings.dask) as runner:
        _refuse_own_server()
        cluster = Cluster(runner, fit)
        cluster.wait(PATIENCE)
        yield cluster


def _refuse_own_server() -> None:
    """A server that Prefect starts for one run speaks to its own machine alone."""
    if not PREFECT_API_URL.value():
        raise ActRefusedError(
            "Chạy trên cụm cần một máy chủ Prefect mà mọi máy đều tới được: đặt PREFECT_API_URL.",
            "A cluster needs a Prefect server that every machine can reach: set PREFECT_API_URL.",
        )


def refuse_unready(settings: Settings) -> None:
    """Refuse, before an act is written down, what :func:`joined` would refuse after it."""
    with joined(settings):
        return


def looked_at(settings: Settings) -> tuple[int, list[tuple[str, str]]]:
    """How many workers may take part at this moment, and of each that may not why, in Vietnamese and English.

    Raises what :func:`joined` raises, and waits for nobody.
    """
    address = settings.dask or ""
    try:
        from distributed import Client
    except ImportError as error:
        raise _not_installed() from error
    fit = fitness(settings)
    try:
        client = Client(address, timeout=GLANCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise _silent(address, error) from error
    with client:
        cluster = Cluster(SimpleNamespace(client=client), fit)
        return len(cluster.workers()), cluster.unfit()


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as error:
        raise _not_installed() from error
    # what is lost is said once, by the run: Dask adds the whole way to the broken connection
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    with DaskTaskRunner(address=address) as runner:
        try:
            runner.client  # noqa: B018  (connects)
        except (OSError, ValueError) as error:
            raise _silent(address, error) from error
        yield runner


def _not_installed() -> ActRefusedError:
    return ActRefusedError(
        "TONGKET_DASK cần phần mở rộng cluster: make install-server",
        "TONGKET_DASK needs the extra cluster: make install-server",
    )


def _silent(address: str, error: Exception) -> ActRefusedError:
    return ActRefusedError(
        f"Bộ điều phối Dask {address} không trả lời ({error}). Kiểm tra TONGKET_DASK; chưa có gì thay đổi.",
        f"The Dask scheduler {address} does not answer ({error}). Check TONGKET_DASK; nothing was changed.",
    )


def outcome_of(future: Any) -> Done | Exception | None:
    """What became of a batch; ``None``: it went down with every worker that had it."""
    from distributed import KilledWorker

    try:
        outcome = future.result(raise_on_failure=False)
    except KilledWorker:
        return None
    except CancelledError:
        return ClusterLostError()
    except Exception as error:
        return error
    assert isinstance(outcome, Done | Exception)
    return outcome
