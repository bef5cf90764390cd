"""The pages: what they answer when all is well and when it is not, and that nobody waits for them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from console.monitoring import monitored
from tasks.settings import Settings


@contextmanager
def watched() -> Iterator[httpx.Client]:
    with monitored(Settings(metrics_port=0).model_copy(update={"metrics_port": _free()})) as address:
        assert address
        with httpx.Client(base_url=address, timeout=60) as client:
            yield client


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _ask_and_go(port: int | None) -> None:
    """A client that hangs up before it is answered."""
    with socket.create_connection(("127.0.0.1", port or 0)) as gone:
        gone.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_all_is_well_and_then_it_is_not(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with watched() as client:
        health = client.get("/health")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        assert {"disk", "warehouse", "clock", "runs", "notices", "calendar"} <= {
            row["code"] for row in health.json()["conditions"]
        }
        assert client.get("/ready").json() == {"ready": True}
        names = {family.name for family in text_string_to_metric_families(client.get("/metrics").text)}
        assert {"tongket_up", "tongket_runs", "tongket_disk_free_bytes", "tongket_build_info"} <= names
        assert (client.head("/health?x=1").status_code, client.head("/health").content) == (200, b"")
        assert client.get("/else").status_code == 404
        assert client.post("/health").status_code == 501
        _ask_and_go(client.base_url.port)
    (workspace / "warehouse.db").write_bytes(b"hong" * 5_000)
    with watched() as client:
        health = client.get("/health")
        assert (health.status_code, health.json()["status"]) == (503, "fault")
        assert client.get("/ready").status_code == 503
        assert "tongket_up 0.0" in client.get("/metrics").text
    assert capsys.readouterr().err == ""


def test_a_port_that_is_taken_is_said_and_the_work_goes_on(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with monitored(Settings(metrics_port=port)) as address:
            assert address is None
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


def test_no_port_no_pages(workspace: Path) -> None:
    with monitored(Settings(metrics_port=0)) as address:
        assert address is None
