"""``monitor``, and what ``serve`` opens beside its work: ``/health``, ``/ready`` and ``/metrics`` over HTTP."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.common import settings
from console.output import out, refuse
from console.words import say

if TYPE_CHECKING:
    from tasks.condition import Condition
    from tasks.settings import Settings

#: Seconds a client may take to say what it wants.
_PATIENCE = 10

#: Seconds for which what was seen is told again.
_SEEN_SECONDS = 5.0

#: What an answer says, its kind, and its status.
Answer = tuple[int, str, bytes]

_JSON, _TEXT = "application/json; charset=utf-8", "text/plain; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"


def register(app: typer.Typer) -> None:
    app.command(
        help=say("mở /health, /ready, /metrics trên máy không chạy serve", "open /health, /ready, /metrics alone")
    )(monitor)


def monitor(
    port: Annotated[
        int | None, typer.Option(help=say("cổng; mặc định TONGKET_METRICS_PORT", "port"), min=1, max=65535)
    ] = None,
    host: Annotated[
        str | None, typer.Option(help=say("địa chỉ; mặc định TONGKET_METRICS_HOST", "address to listen on"))
    ] = None,
) -> None:
    """For a machine where only workers run; serve opens the same by itself."""
    chosen = settings()
    chosen = chosen.model_copy(
        update={"metrics_port": port or chosen.metrics_port, "metrics_host": host or chosen.metrics_host}
    )
    try:
        server = opened(chosen)
    except OSError as error:
        refuse(_taken(chosen.metrics_host, chosen.metrics_port, error))
    out.print(say(f"✓ Theo dõi tại {address_of(server)}/health", f"✓ Monitoring at {address_of(server)}/health"))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


@contextmanager
def monitored(chosen: Settings) -> Iterator[str | None]:
    """The pages for as long as the block runs, in threads of their own; their address, ``None`` where there are none.

    A port that is taken is said and nothing more: the work is not to wait for whoever watches it.
    """
    from tasks import log

    if chosen.metrics_port == 0:
        yield None
        return
    try:
        server = opened(chosen)
    except OSError as error:
        sys.stderr.write("! " + _taken(chosen.metrics_host, chosen.metrics_port, error) + "\n")
        log.tell("service.fault", chosen, service="monitoring", error=error)
        yield None
        return
    thread = threading.Thread(target=server.serve_forever, name="monitoring", daemon=True)
    thread.start()
    log.tell("service.started", chosen, service="monitoring", address=address_of(server))
    try:
        yield address_of(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_PATIENCE)
        log.tell("service.ended", chosen, service="monitoring")


def _taken(host: str, port: int, error: OSError) -> str:
    why = error.strerror or str(error)
    return say(
        f"Không mở được /metrics và /health ở {host}:{port}: {why}. Đặt TONGKET_METRICS_PORT khác (0: không mở).",
        f"/metrics and /health cannot be opened at {host}:{port}: {why}. Set another TONGKET_METRICS_PORT (0: none).",
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    pages: dict[str, Callable[[], Answer]]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked may be gone before the answer: nothing a journal need know."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def opened(chosen: Settings) -> ThreadingHTTPServer:
    """A server that listens and answers once it is served; raises ``OSError`` when it cannot listen."""
    server = _Server((chosen.metrics_host, chosen.metrics_port), _Handler)
    server.pages = pages(chosen)
    return server


def address_of(server: ThreadingHTTPServer) -> str:
    host, port = server.server_address[:2]
    return f"http://{host if isinstance(host, str) else host.decode()}:{port}"


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD of the known pages, and nothing else."""

    server: _Server
    timeout = _PATIENCE
    server_version, sys_version = "tongket", ""

    def do_GET(self) -> None:
        self._answer(is_with_body=True)

    def do_HEAD(self) -> None:
        self._answer(is_with_body=False)

    def _answer(self, *, is_with_body: bool) -> None:
        page = self.server.pages.get(self.path.partition("?")[0])
        status, kind, body = page() if page else (404, _TEXT, b"/health /ready /metrics\n")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if is_with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Scrapes come every few seconds; nobody wants a line for each."""


# ------------------------------------------------------------------------------------------------ the pages


def pages(chosen: Settings) -> dict[str, Callable[[], Answer]]:
    """Every page by its path."""
    from tasks.metrics import Warehouse, exposition

    collector, seen = Warehouse(chosen), _Seen(chosen)
    return {
        "/health": lambda: _guarded(chosen, lambda: health(seen.conditions())),
        "/ready": lambda: _guarded(chosen, lambda: ready(seen.conditions())),
        "/metrics": lambda: _guarded(chosen, lambda: (200, _METRICS, exposition(collector))),
    }


class _Seen:
    """What was seen, looked at anew after some seconds; one looks at a time, the others get what it saw."""

    def __init__(self, chosen: Settings) -> None:
        self._chosen = chosen
        self._lock = threading.Lock()
        self._at = float("-inf")
        self._conditions: list[Condition] = []

    def conditions(self) -> list[Condition]:
        from tasks.health import cheap_conditions

        with self._lock:
            if time.monotonic() - self._at >= _SEEN_SECONDS:
                self._conditions = list(cheap_conditions(self._chosen))
                self._at = time.monotonic()
            return self._conditions


def _guarded(chosen: Settings, page: Callable[[], Answer]) -> Answer:
    """A fault of this program is an answer too: a page that does not come looks like a machine that is away."""
    from tasks import log

    try:
        return page()
    except Exception as error:
        log.tell("service.fault", chosen, service="monitoring", error=error)
        return 500, _JSON, _as_json({"status": "fault", "error": type(error).__name__})


def health(conditions: list[Condition]) -> Answer:
    """``status`` ok, attention or fault, with everything that was looked at; 503 when something does not work."""
    from tasks.condition import Level, worst

    level = worst([condition.level for condition in conditions])
    told = [
        {
            "code": condition.code,
            "level": condition.level.word,
            "seen": {"vi": condition.seen.vi, "en": condition.seen.en},
            "advice": {"vi": condition.advice.vi, "en": condition.advice.en},
        }
        for condition in conditions
    ]
    status = "ok" if level is Level.WELL else level.word
    return (503 if level is Level.FAULT else 200), _JSON, _as_json({"status": status, "conditions": told})


def ready(conditions: list[Condition]) -> Answer:
    """Whether work can be taken up: there is a workspace, and a warehouse of the program's schema answers."""
    needed = {"workspace", "warehouse", "schema"}
    is_ready = needed <= {condition.code for condition in conditions if not condition.is_fault}
    return (200 if is_ready else 503), _JSON, _as_json({"ready": is_ready})


def _as_json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False) + "\n").encode()
