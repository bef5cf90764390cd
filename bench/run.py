"""A real run in a process of its own, watched from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Measured:
    """``total`` is the flow's own clock, ``warm_up`` the part of it spent starting workers, ``steps`` what each step
    took; seconds and bytes."""

    wall: float
    total: float
    warm_up: float
    orchestration: float
    peak_memory: int
    accepted: int
    steps: dict[str, float]


def run_flow(home: Path, inbox: Path) -> Measured:
    """``tongket ingest`` on the staged inbox."""
    environment = {**os.environ, "TONGKET_HOME": str(home), "TONGKET_WORKERS": "2"}
    command = [str(Path(sys.executable).with_name("tongket")), "ingest", "--inbox", str(inbox), "--json"]
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    watch = _MemoryWatch(process.pid)
    output, _ = process.communicate()
    wall = time.perf_counter() - started
    peak = watch.stop()
    if process.returncode:
        raise SystemExit(f"the run ended with code {process.returncode}")
    report = json.loads(output)
    counts, seconds = report["counts"], report["seconds"]
    accepted = counts.get("accepted", 0) + counts.get("accepted_with_warnings", 0)
    return Measured(wall, seconds["total"], seconds["warm_up"], seconds["orchestration"], peak, accepted, seconds)


class _MemoryWatch:
    """The largest sum of memory over a process and its children, looked at five times a second.

    Proportional set size: a page that several of them share is counted once in all.
    """

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.2):
            self._peak = max(self._peak, self._memory())

    def _memory(self) -> int:
        try:
            family = [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return 0
        total = 0
        for process in family:
            try:
                total += process.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return total

    def stop(self) -> int:
        self._ended.set()
        self._thread.join()
        return self._peak
