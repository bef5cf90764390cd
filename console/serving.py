"""``serve``: the flows as deployments, to be started from Prefect's interface."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from console.common import open_warehouse
from console.output import out, refuse
from console.words import say

#: Where the server of this machine listens unless PREFECT_API_URL names another.
PORT = 4200

#: Seconds a server may take to come up on a fresh machine.
_PATIENCE = 120


def register(app: typer.Typer) -> None:
    app.command(help=say("mở giao diện Prefect để chạy và chạy lại", "serve the flows in Prefect's interface"))(serve)


def serve(
    port: Annotated[int, typer.Option(help=say("cổng của máy chủ", "port of the server"), min=1, max=65535)] = PORT,
) -> None:
    """Offer ``collect-period`` and ``retry-failed`` with their forms until stopped with Ctrl-C.

    Uses the server PREFECT_API_URL names; without one a server of its own is started on this machine.
    """
    from flows.runtime import prepare

    chosen, _ = open_warehouse()
    # what is served runs in processes of their own, from whatever folder Prefect chooses
    os.environ["TONGKET_HOME"] = str(chosen.workspace.home)
    given = os.environ.get("PREFECT_API_URL")
    address = given or f"http://127.0.0.1:{port}/api"
    os.environ["PREFECT_API_URL"] = address
    prepare(chosen.workspace.prefect)
    with _existing(address) if given else _own_server(address, port):
        out.print(say("✓ Giao diện Prefect: ", "✓ Prefect's interface: ") + address.removesuffix("/api"))
        out.print(say("  Dừng bằng Ctrl-C.", "  Stop with Ctrl-C."))
        _serve_all()


def _serve_all() -> None:
    from prefect import serve as serve_deployments

    from flows.deployments import deployments

    # a schedule or a run that waits goes on waiting while this process is away
    serve_deployments(*deployments(), pause_on_shutdown=False, print_starting_message=False)


@contextmanager
def _existing(address: str) -> Iterator[None]:
    if not _answers(address):
        refuse(
            say(
                f"Máy chủ Prefect {address} không trả lời. Kiểm tra PREFECT_API_URL rồi chạy lại.",
                f"The Prefect server {address} does not answer. Check PREFECT_API_URL and try again.",
            )
        )
    yield


@contextmanager
def _own_server(address: str, port: int) -> Iterator[None]:
    """A Prefect server for as long as this process serves; one that is running on the port already is used."""
    if _answers(address):
        yield
        return
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        _wait_for(address, server)
        yield
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while not _answers(address):
        if server.poll() is not None or time.monotonic() > end:
            refuse(
                say(
                    "Máy chủ Prefect không khởi động được; có thể cổng đang bận. Thử --port khác.",
                    "The Prefect server did not start; the port may be taken. Try another --port.",
                )
            )
        time.sleep(0.5)


def _answers(address: str) -> bool:
    import httpx

    try:
        return httpx.get(f"{address}/health", timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
