"""The command line as a user meets it: in this process for speed, as a process of its own where that is the point."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

PROGRAM = Path(sys.executable).with_name("tongket")


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        return self.out + self.err


def run_here(*arguments: str) -> Ran:
    """Run the command line in this process; what it does not explain is raised."""
    from console.cli import main

    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", ["tongket", *arguments]),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Ran(code, out.getvalue(), err.getvalue())


def surroundings(home: Path, **more: str) -> dict[str, str]:
    """The environment of a user: nothing of this test session's settings, all of the machine's."""
    ours = ("TONGKET_", "PREFECT_", "PYTEST_", "COV_", "COLUMNS")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**inherited, "TONGKET_HOME": str(home), "TONGKET_ARRIVAL": "modified", **more}


def start(home: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        _command(arguments),
        env=surroundings(home, **more),
        cwd=home.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def run(home: Path, *arguments: str, **more: str) -> Ran:
    """Run the installed program in a process of its own."""
    process = start(home, *arguments, **more)
    out, err = process.communicate(timeout=180)
    return Ran(process.returncode, out, err)


def _command(arguments: Sequence[str]) -> list[str]:
    return [str(PROGRAM), *arguments]
