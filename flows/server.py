"""A Prefect server: whether one answers, and one of its own that lives as long as this process serves.

Nothing here imports Prefect: it reads its settings when it is imported, and a server is another process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

#: Seconds a server may take to come up on a fresh machine.
PATIENCE = 120

#: Seconds a server may take to end before it is killed.
_LAST_WORDS = 15

#: Seconds between two looks at the server's process.
_GLANCE = 1.0

#: Seconds before a server that could not be started is tried again.
_AGAIN = 10.0

#: What a server that many short tasks report to is set to, unless the user set it otherwise.
_SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}


def answers(address: str) -> bool:
    """Whether a Prefect server answers at this address (with ``/api``)."""
    import httpx

    try:
        return httpx.get(f"{address}/health", timeout=2).status_code == httpx.codes.OK
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return False


class ServerNotStartedError(RuntimeError):
    """The server ended before it answered, or did not answer in time; ``log`` is what it wrote."""

    def __init__(self, log: Path) -> None:
        super().__init__(str(log))
        self.log = log


class OwnServer:
    """A server on a port of this machine, started again whenever it dies, until :meth:`stop`.

    ``home`` keeps a note of it, so that one whose master was killed is found and ended by the next. ``tell`` hears each
    time that it died and that it is back.
    """

    def __init__(self, home: Path, port: int, tell: Callable[[str], None]) -> None:
        self.address = f"http://127.0.0.1:{port}/api"
        self._port = port
        self._tell = tell
        self._note = home / "server.json"
        self._log = home / "server.log"
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watch = threading.Thread(target=self._keep, name="server", daemon=True)

    def start(self) -> None:
        """Start it and wait until it answers; raises :class:`ServerNotStartedError`."""
        self._launch()
        self._watch.start()

    def stop(self) -> None:
        """End it; no process is left behind."""
        self._stopping.set()
        if self._watch.is_alive():
            self._watch.join(_LAST_WORDS)
        if self._process is not None:
            _end(psutil.Process(self._process.pid) if self._process.poll() is None else None)
            self._process.wait()
        self._note.unlink(missing_ok=True)

    def _launch(self) -> None:
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self._port)]
        surroundings = {**_SETTINGS, **os.environ}
        with self._log.open("wb") as log:
            # in a session of its own: Ctrl-C at the terminal ends what it serves first, and the server last
            self._process = subprocess.Popen(  # noqa: S603
                command,
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        note_server(self._note, self._process.pid)
        end = time.monotonic() + PATIENCE
        while not answers(self.address):
            if self._process.poll() is not None or time.monotonic() > end or self._stopping.is_set():
                raise ServerNotStartedError(self._log)
            time.sleep(0.5)

    def _keep(self) -> None:
        assert self._process is not None
        pause, is_told = _GLANCE, False
        while not self._stopping.wait(pause):
            if self._process.poll() is None:
                continue
            if not is_told:
                self._tell("died")
            pause, is_told = _AGAIN, True
            with suppress(ServerNotStartedError, OSError):  # a full disk passes: it is tried again
                self._launch()
                self._tell("back")
                pause, is_told = _GLANCE, False


# ------------------------------------------------------------------------------------------------ left behind


def note_server(note: Path, pid: int) -> None:
    """Write down which server was started, and by which process."""
    mine = psutil.Process()
    kept = {"pid": pid, "started": psutil.Process(pid).create_time(), "by": mine.pid, "since": mine.create_time()}
    note.write_text(json.dumps(kept), encoding="utf-8")


def end_left_behind(home: Path) -> bool:
    """End the server of a process that was killed; one whose process lives is left alone. Whether one was ended."""
    server, master = _noted(home)
    if server is None or master is not None:
        return False
    _end(server)
    (home / "server.json").unlink(missing_ok=True)
    return True


def served_by(home: Path) -> int | None:
    """The number of the process that serves this workspace with a server of its own; ``None`` when none does."""
    _, master = _noted(home)
    return master.pid if master is not None and master.pid != os.getpid() else None


def _noted(home: Path) -> tuple[psutil.Process | None, psutil.Process | None]:
    """The server that was written down and the process that started it, each while it lives."""
    try:
        kept = json.loads((home / "server.json").read_text(encoding="utf-8"))
        return _same(kept["pid"], kept["started"]), _same(kept["by"], kept["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, None


def _same(pid: int, started: float) -> psutil.Process | None:
    """The process with this number, if it is still the one that began then."""
    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - started) < 2 and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except psutil.Error:
        return None
    return None


def _end(process: psutil.Process | None) -> None:
    if process is None:
        return
    with suppress(psutil.Error):
        family = [process, *process.children(recursive=True)]
        process.terminate()
        _, alive = psutil.wait_procs(family, timeout=_LAST_WORDS)
        for left in alive:
            left.kill()
