"""How Prefect runs here: its home inside the workspace, no telemetry, a server of its own unless one is given.

Prefect reads its settings when it is imported, so :func:`prepare` must be called before any module that imports it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Set unless the user set them: an address of a server, a log level and so on remain the user's to choose.
_DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # what went wrong is said once, by the command line and in the warehouse; a server's logs are the user's to turn on
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_ROOT_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
}


class PreparedTooLateError(RuntimeError):
    """Prefect was imported before its surroundings were set."""


def prepare(home: Path) -> None:
    """Set Prefect's surroundings for this process; ``home`` is the folder it keeps its own database in."""
    if "prefect" in sys.modules and os.environ.get("PREFECT_HOME") != str(home):
        raise PreparedTooLateError("prefect was imported before flows.runtime.prepare()")
    os.environ.setdefault("PREFECT_HOME", str(home))
    # a server copies its pages before it shows them; beside the program, where it wants to, a service may not write
    os.environ.setdefault("PREFECT_UI_STATIC_DIRECTORY", str(Path(os.environ["PREFECT_HOME"]) / "ui"))
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)


def given_server() -> str:
    """The address of the server the user named (``PREFECT_API_URL``, also in ``.env``); empty when there is none."""
    from dotenv import dotenv_values

    return (os.environ.get("PREFECT_API_URL") or dotenv_values(".env").get("PREFECT_API_URL") or "").rstrip("/")


def dead_server() -> str:
    """The address of the server the user named, when it does not answer; otherwise empty."""
    from flows.server import answers

    given = given_server()
    return "" if not given or answers(given) else given


@contextmanager
def without_server() -> Iterator[None]:
    """Run as if no server had been named: Prefect starts one for the run. After :func:`prepare`."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    os.environ.pop("PREFECT_API_URL", None)
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        yield
