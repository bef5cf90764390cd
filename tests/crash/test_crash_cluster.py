"""Several machines: one that is killed, one that was taken for dead, a file that kills whoever reads it, unfit ones."""

from __future__ import annotations

import pickle
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from distributed import KilledWorker
from sqlalchemy import text

from console.faults import explain
from domain.act import ActRefusedError
from tasks import cluster, health, workers
from tasks import collect as steps
from tasks.cluster import Cluster, Fitness, fitness, joined, outcome_of
from tasks.collect import Waiting, process_alone, receive
from tasks.store import engine_for
from tasks.timing import Stopwatch
from tests.commands import Ran, start, surroundings
from tests.crash.crowd import make_crowd
from tests.crash.same import assert_sound, dump
from tests.crash.world import Fresh, Place, World, place
from tests.crash.zygote import Zygote
from tests.tasks.test_tasks_dead_workers import DEADLY, deadly_process, quick
from warehouse import leases

FILES = 90
BATCH = 6


@contextmanager
def machines(where: Place, count: int, **more: str) -> Iterator[tuple[dict[str, str], list[subprocess.Popen[bytes]]]]:
    """A scheduler and workers as processes of their own; the environment of all, and the workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    own = {
        "TONGKET_CATALOG": str(where.settings.catalog_root),
        "TONGKET_WAREHOUSE_URL": where.settings.url,
        "TONGKET_DASK": address,
        "TONGKET_BATCH_SIZE": str(BATCH),
        "TONGKET_WORKERS": "1",
        "POLARS_MAX_THREADS": "1",
        **more,
    }
    dask = str(Path(sys.executable).with_name("dask"))
    worker = (dask, "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--preload", "tasks.cluster")
    commands = [(dask, "scheduler", "--port", address.rpartition(":")[2], "--no-dashboard"), *[worker] * count]
    home = where.home
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [
        subprocess.Popen(command, env=surroundings(home, **own), cwd=home.parent, **quiet) for command in commands
    ]
    try:
        yield own, started[1:]
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


def decided(where: Place) -> int:
    with engine_for(where.settings.url).connect() as connection:
        return int(connection.execute(text("select count(*) from submission where state <> 'received'")).scalar() or 0)


@pytest.mark.server
@pytest.mark.postgres
def test_a_machine_killed_in_the_middle_changes_nothing(
    world: World, fresh_postgres: Fresh, processes: Zygote, prefect_api: str, tmp_path: Path
) -> None:
    """Every row of the warehouse is that of one process that nothing disturbed."""
    files = list(make_crowd(world, tmp_path, 2).files)[:FILES]
    with (
        place(world, tmp_path / "cluster", fresh_postgres, files) as where,
        machines(where, 2, PREFECT_API_URL=prefect_api) as (own, workers_),
    ):
        run = start(where.home, "ingest", **own)
        give_up = time.monotonic() + 120
        while not decided(where):
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < give_up, "nothing was loaded"
            time.sleep(0.02)
        workers_[0].send_signal(signal.SIGKILL)
        at = decided(where)
        out, err = run.communicate(timeout=120)
        assert Ran(run.returncode, out, err).code == 0, out + err
        assert 0 < at < FILES
        assert_sound(where)
        told = dump(where)
        engine_for(where.settings.url).dispose()
    with place(world, tmp_path / "alone", fresh_postgres, files) as alone:
        ended = processes.run(
            "tests.crash.child:collecting", **alone.arguments, trace=str(tmp_path / "trace"), batch=BATCH
        )
        assert ended.is_done, ended.said
        assert told.differences(dump(alone)) == []


def waiting_in(where: Place, run: str) -> list[Waiting]:
    return receive.fn(run, where.settings, where.inbox, (), Stopwatch())


def test_a_batch_loaded_by_one_taken_for_dead_as_well_changes_nothing(
    world: World, fresh: Fresh, tmp_path: Path
) -> None:
    """Dask gives the batch to another worker; the first was only slow and loads it too. And the run itself may have
    been declared dead by then."""
    with place(world, tmp_path / "home", fresh) as where:
        engine = engine_for(where.settings.url)
        workers.prepare(where.settings)
        with leases.running(engine, "collect-period") as run:
            packed = pickle.dumps(waiting_in(where, run))
            done = cluster.process_on_cluster.fn(1, packed, run)
            assert done.faults == ()
            later = pickle.dumps(list(done.later))
            before = dump(where)
            again = cluster.process_on_cluster.fn(1, packed, run)
            assert dump(where).differences(before) == []
            assert {item.submission for item in again.later} <= {item.submission for item in done.later}
        with leases.running(engine, "collect-period") as other:  # what the first had left waits for this one
            leases.release_dead(engine, other)
            before = dump(where)
            cluster.process_on_cluster.fn(2, later, run)
            assert dump(where).differences(before) == [], "a run that is over decides nothing"
        engine.dispose()


def test_a_batch_that_kills_every_machine_is_done_apart_file_by_file(
    world: World, fresh_sqlite: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed:
        def result(self, **_: Any) -> None:
            raise KilledWorker("process", None, 3)

    assert outcome_of(Killed()) is None
    monkeypatch.setattr(workers, "_executor", quick)
    monkeypatch.setattr(steps, "process_in_worker", deadly_process)
    files = world.files[4:6]
    with place(world, tmp_path / "home", fresh_sqlite, files) as where:
        sent = sorted(where.inbox.iterdir())
        sent[1].rename(sent[1].with_name(DEADLY))
        engine = engine_for(where.settings.url)
        with leases.running(engine, "collect-period") as run:
            done = process_alone.fn(waiting_in(where, run), run, where.settings, Stopwatch())
        assert [type(fault).__name__ for fault in done.faults] == ["BrokenProcessPool"]
        with engine.connect() as connection:
            left = connection.execute(text("select name from submission where state = 'received'")).scalars().all()
        assert left == [DEADLY]
        engine.dispose()


class Scheduler:
    """What a run asks of a scheduler whose workers are ``told``: their fitness, ``None`` or what asking them raised."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.client = self
        self._told = told

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        assert n_workers == -1
        tags = {name: {fit.tag: 1} if isinstance(fit, Fitness) else {} for name, fit in self._told.items()}
        return {"workers": {name: {"resources": tag} for name, tag in tags.items()}}

    def run(self, _asked: Any, workers: list[str], on_error: str) -> dict[str, Any]:
        assert on_error == "return"
        return {name: self._told[name] for name in workers}


def test_unfit_machines_are_named_and_get_no_work() -> None:
    mine = Fitness("0.1.0+aaaa", "định nghĩa 1", "kho", "s3://b/archive")
    other = replace(mine, program="0.2.0+bbbb", definitions="định nghĩa 2")
    told = {"tcp://a": other, "tcp://b": None, "tcp://c": ModuleNotFoundError("No module named 'tasks'")}
    with pytest.raises(ActRefusedError) as refused:
        Cluster(Scheduler(told), mine).wait(0)
    for part in ("tcp://a: khác chương trình 0.2.0+bbbb ≠ 0.1.0+aaaa, bộ định nghĩa", "tcp://b", "--preload", "'tasks"):
        assert part in refused.value.vi
    assert "another program 0.2.0+bbbb ≠ 0.1.0+aaaa, definitions" in refused.value.en
    with pytest.raises(ActRefusedError, match="no workers"):
        Cluster(Scheduler({}), mine).wait(0)
    ready = Cluster(Scheduler({**told, "tcp://d": mine}), mine)
    ready.wait(0)
    assert ready.workers() == ["tcp://d"]


def test_a_run_ends_when_nobody_is_left_to_do_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import CancelledError

    class Future:
        def __init__(self) -> None:
            self.wrapped_future, self.called_off = self, False

        def done(self) -> bool:
            return self.called_off

        def result(self, **_: Any) -> None:
            raise CancelledError

    class Empty(Scheduler):
        def cancel(self, futures: list[Future]) -> None:
            for future in futures:
                future.called_off = True

    monkeypatch.setattr(cluster, "LEFT_ALONE", 0.05)
    monkeypatch.setattr(cluster, "_COUNT_EVERY", 0.01)
    monkeypatch.setattr(cluster, "_LOOK_EVERY", 0.01)
    future = Future()
    assert list(Cluster(Empty({}), Fitness("", "", "", "")).completed([future])) == [future]
    fault = outcome_of(future)
    assert isinstance(fault, ConnectionError), "the next run takes it up"
    assert explain(pickle.loads(pickle.dumps(fault))) == fault.vi


def test_a_scheduler_that_does_not_answer_is_refused(
    world: World, fresh_sqlite: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask

    with place(world, tmp_path / "home", fresh_sqlite, []) as where:
        settings = where.settings.model_copy(update={"dask": "tcp://127.0.0.1:9"})
        with (
            dask.config.set({"distributed.comm.timeouts.connect": "0.3s"}),
            pytest.raises(ActRefusedError, match="TONGKET_DASK"),
            joined(settings),
        ):
            pass
        monkeypatch.setattr(cluster, "GLANCE", 0.3)
        (told,) = health.cluster_conditions(settings)
        assert (told.is_fault, "TONGKET_DASK" in told.seen.vi) == (True, True)
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "distributed", None)
            (told,) = health.cluster_conditions(settings)
            assert "make install-server" in told.seen.vi
        for some, level in ((2, "attention"), (0, "fault")):
            monkeypatch.setattr(
                cluster, "looked_at", lambda _, some=some: (some, [("tcp://a: khác", "tcp://a: other")])
            )
            (told,) = health.cluster_conditions(settings)
            assert (told.level.word, told.seen.vi[:1], "tcp://a: khác" in told.seen.vi) == (level, f"{some}", True)
        assert not list(health.cluster_conditions(where.settings))
        engine_for(settings.url).dispose()


def test_a_machine_that_sees_another_warehouse_or_archive_is_another(
    world: World, fresh: Fresh, tmp_path: Path
) -> None:
    with place(world, tmp_path / "a", fresh, []) as one, place(world, tmp_path / "b", fresh, []) as other:
        mine, theirs = fitness(one.settings), fitness(other.settings)
        assert fitness(one.settings).tag == mine.tag
        assert {words[1] for words in mine.differs(theirs)} == {"warehouse", "archive"}
        shutil.rmtree(other.settings.workspace.archive)
        with pytest.raises(FileNotFoundError):
            fitness(other.settings)
        for where in (one, other):
            engine_for(where.settings.url).dispose()
