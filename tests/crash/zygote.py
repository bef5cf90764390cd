"""Processes in no time: one process imports everything heavy once and forks a child for every run.

Polars is imported but never used before a fork: the threads it starts with its first frame would not be in the child.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Longer than any run here takes on a busy machine; one that hangs says where.
PATIENCE = 150


@dataclass(frozen=True)
class Ended:
    """How a child ended: ``signal`` when it was killed, else its exit code and what it said."""

    code: int
    said: str

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL

    @property
    def is_done(self) -> bool:
        return self.code == 0


@dataclass(frozen=True)
class Child:
    """A running child of the zygote."""

    zygote: Zygote
    pid: int
    log: Path

    def kill_after(self, seconds: float) -> None:
        """SIGKILL from outside; one that has ended by then is a child still, until it is waited for."""
        time.sleep(seconds)
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> Ended:
        status = self.zygote.ask(wait=self.pid)["status"]
        return Ended(os.waitstatus_to_exitcode(status), self.log.read_text("utf-8", "replace"))


class Zygote:
    """The parent of children that are ready to work at once.

    ``warm`` names functions (``module:function`` with keyword arguments) that are called before any fork.
    """

    def __init__(self, folder: Path, warm: dict[str, dict[str, Any]]) -> None:
        self._folder = folder
        self._count = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.zygote", json.dumps(warm)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2"},
        )
        self._replies = selectors.DefaultSelector()
        assert self._process.stdout is not None
        self._replies.register(self._process.stdout, selectors.EVENT_READ)
        self._answer()  # it is warm

    def start(self, function: str, **arguments: Any) -> Child:
        """Run ``module:function`` in a child of its own; arguments as JSON can hold them."""
        self._count += 1
        log = self._folder / f"child-{self._count}.log"
        return Child(self, self.ask(run=function, arguments=arguments, log=str(log))["pid"], log)

    def run(self, function: str, **arguments: Any) -> Ended:
        return self.start(function, **arguments).wait()

    def ask(self, **question: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if not self._replies.select(PATIENCE * 2):
            self._process.kill()
            raise TimeoutError("a child of the zygote hangs")
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def end(self) -> None:
        self._replies.close()
        self._process.communicate(timeout=30)


@contextlib.contextmanager
def zygote(folder: Path, warm: dict[str, dict[str, Any]]) -> Iterator[Zygote]:
    made = Zygote(folder, warm)
    try:
        yield made
    finally:
        made.end()


# ------------------------------------------------------------------------------------------------ on the other side


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _serve(warm: dict[str, dict[str, Any]]) -> None:
    from flows.runtime import prepare

    prepare(Path(os.environ["PREFECT_HOME"]))
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    for name, arguments in warm.items():
        _function(name)(**arguments)
    replies.write(b"{}\n")
    alive: set[int] = set()
    for line in sys.stdin.buffer:
        question = json.loads(line)
        if "wait" in question:
            _, status = os.waitpid(question["wait"], 0)
            alive.discard(question["wait"])
            reply = {"status": status}
        else:
            reply = {"pid": _fork(question)}
            alive.add(reply["pid"])
        replies.write(json.dumps(reply).encode() + b"\n")
    for pid in alive:  # nobody waits for them any more
        os.kill(pid, signal.SIGKILL)


def _fork(question: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        log = os.open(question["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        faulthandler.dump_traceback_later(PATIENCE, exit=True, file=sys.stderr)
        _function(question["run"])(**question["arguments"])
        code = 0
    except BaseException:  # whatever it is belongs into the log: nobody is above this frame
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(json.loads(sys.argv[1]))
