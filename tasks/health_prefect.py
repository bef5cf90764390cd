"""What Prefect says of itself: its server, what serves the deployments, schedules, runs that hang.

Asked over its REST interface: loading Prefect's client for these few questions would take seconds.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

import httpx

from catalog.register import Said
from tasks.condition import Condition, Look
from tasks.settings import Settings
from tasks.store import engine_for
from warehouse.engine import unreachable
from warehouse.schedule import schedule_since

#: Where ``tongket serve`` has its server when no other was named.
OWN_SERVER = "http://127.0.0.1:4200/api"

#: Seconds a server is given for each answer.
PATIENCE = 3.0

#: A run in this state for longer than this hangs.
TOO_LONG = {"RUNNING": timedelta(hours=6), "PENDING": timedelta(minutes=10), "SCHEDULED": timedelta(minutes=15)}

_TAG = "tongket"


def prefect_conditions(settings: Settings) -> Iterator[Condition]:
    """The server; and when there is one: deployments, schedules, workers, runs."""
    look = Look("prefect", Said("Prefect", "Prefect"))
    own = version("prefect")
    given = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    address = given or (OWN_SERVER if settings.workspace.prefect.is_dir() else "")
    if not address:
        yield look.well(Said(f"{own} · máy chủ nhúng", f"{own} · embedded server"))
        return
    with httpx.Client(base_url=address, timeout=PATIENCE, headers=_signed()) as server:
        try:
            theirs = str(server.get("/admin/version").raise_for_status().json())
        except (httpx.HTTPError, ValueError) as error:
            yield _away(look, given, own, error) if given or not _is_schedule_kept(settings) else _nobody_serves(look)
            return
        yield _server_condition(look, address, own, theirs)
        try:
            yield from _served(server)
        except (httpx.HTTPError, ValueError, KeyError) as error:
            yield look.fault(
                Said(f"{address} trả lời không đúng: {error}", f"{address} answers wrongly: {error}"),
                Said(f"Dùng Prefect {own} ở máy chủ", f"Use Prefect {own} on the server"),
            )


def _signed() -> dict[str, str]:
    """How a guarded server is told who asks, from Prefect's own settings."""
    if pair := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    if key := os.environ.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    return {}


def _away(look: Look, given: str, own: str, error: Exception) -> Condition:
    """Nobody asked for a server of this machine: without one commands start their own."""
    if not given:
        return look.well(Said(f"{own} · máy chủ nhúng", f"{own} · embedded server"))
    return look.fault(
        Said(f"{given} không trả lời: {_why(error)}", f"{given} does not answer: {_why(error)}"),
        Said(
            "Khởi động máy chủ Prefect, hoặc kiểm tra PREFECT_API_URL và PREFECT_API_AUTH_STRING",
            "Start the Prefect server, or check PREFECT_API_URL and PREFECT_API_AUTH_STRING",
        ),
    )


def _is_schedule_kept(settings: Settings) -> bool:
    try:
        return schedule_since(engine_for(settings.url)) is not None
    except Exception as error:
        if unreachable(error) is None:
            raise
        return False  # said of the warehouse itself


def _nobody_serves(look: Look) -> Condition:
    """Whoever kept the schedule is gone: nothing is overdue yet, and nothing will be done."""
    return look.attention(
        Said(
            "có giữ lịch, nhưng không có tongket serve nào đang chạy", "the schedule is kept, and no tongket serve runs"
        ),
        Said(
            "Chạy: tongket serve (systemctl start tongket-serve); chạy ở máy khác: đặt PREFECT_API_URL",
            "Run: tongket serve (systemctl start tongket-serve); if another machine does, set PREFECT_API_URL",
        ),
    )


def _why(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _server_condition(look: Look, address: str, own: str, theirs: str) -> Condition:
    if theirs.split(".")[:2] == own.split(".")[:2]:
        return look.well(Said.same(f"{theirs} · {address}"))
    return look.attention(
        Said(f"máy chủ {theirs}, chương trình {own}", f"server {theirs}, program {own}"),
        Said("Dùng cùng một phiên bản Prefect", "Use one version of Prefect"),
    )


# ------------------------------------------------------------------------------------------------ what is served


def _served(server: httpx.Client) -> Iterator[Condition]:
    filters = {"deployments": {"tags": {"all_": [_TAG]}}, "limit": 200}
    found = server.post("/deployments/filter", json=filters).raise_for_status().json()
    yield _deployments_condition(found)
    if found:
        yield _schedules_condition(found)
    for pool in sorted({item["work_pool_name"] for item in found if item.get("work_pool_name")}):
        yield _workers_condition(server, pool)
    yield _runs_condition(server, [item["id"] for item in found])


def _deployments_condition(found: list[dict[str, Any]]) -> Condition:
    look = Look("deployments", Said("Việc được phục vụ", "Flows that are served"))
    start = Said("Chạy: tongket serve (hoặc systemctl start tongket-serve)", "Run: tongket serve")
    if not found:
        return look.attention(Said("chưa có việc nào trên máy chủ", "the server has no flow of ours"), start)
    idle = sorted(item["name"] for item in found if item.get("status") != "READY")
    if not idle:
        return look.well(Said(f"{len(found)} việc", f"{len(found)} flows"))
    named = ", ".join(idle)
    return look.fault(Said(f"không ai nhận việc: {named}", f"nobody takes up: {named}"), start)


def _schedules_condition(found: list[dict[str, Any]]) -> Condition:
    look = Look("schedules", Said("Lịch chạy", "Schedules"))
    scheduled = [item for item in found if item.get("schedules")]
    paused = sorted(item["name"] for item in scheduled if item.get("paused") or not _is_active(item))
    if not scheduled:
        return look.attention(
            Said("không việc nào có lịch: chỉ chạy khi có người bấm", "nothing is scheduled: it runs when asked"),
            Said("Khởi động lại: tongket serve", "Start again: tongket serve"),
        )
    if paused:
        named = ", ".join(paused)
        return look.fault(
            Said(f"đang tạm dừng: {named}", f"paused: {named}"),
            Said("Bật lại lịch trong giao diện Prefect", "Resume the schedule in Prefect's interface"),
        )
    return look.well(Said(f"{len(scheduled)} việc có lịch", f"{len(scheduled)} flows are scheduled"))


def _is_active(item: dict[str, Any]) -> bool:
    return any(schedule.get("active") for schedule in item["schedules"])


def _workers_condition(server: httpx.Client, pool: str) -> Condition:
    look = Look("workers", Said(f"Máy làm việc · {pool}", f"Workers · {pool}"))
    found = server.post(f"/work_pools/{pool}/workers/filter", json={}).raise_for_status().json()
    online = [item["name"] for item in found if item.get("status") == "ONLINE"]
    if online:
        return look.well(Said.same(", ".join(sorted(online))))
    return look.fault(
        Said(f"không máy nào đang chạy ({len(found)} máy từng chạy)", f"none is online ({len(found)} were)"),
        Said(
            f"Trên máy làm việc: prefect worker start --pool {pool}",
            f"On a working machine: prefect worker start --pool {pool}",
        ),
    )


# ------------------------------------------------------------------------------------------------ runs


def _runs_condition(server: httpx.Client, deployments: list[str]) -> Condition:
    """Runs that have been in a state for too long to be still on their way out of it."""
    look = Look("flow_runs", Said("Lượt chạy của Prefect", "Prefect's runs"))
    stuck = _stuck(server, deployments) if deployments else []
    if not stuck:
        return look.well(Said("không lượt nào bị treo", "none hangs"))
    first = f"{stuck[0]['name']} ({stuck[0]['state_name']})"
    return look.attention(
        Said(f"{len(stuck)} lượt bị treo: {first}", f"{len(stuck)} hang: {first}"),
        Said(
            "Hủy lượt ấy trong giao diện Prefect rồi chạy lại: việc đã xong không làm lại",
            "Cancel it in Prefect's interface and run again: nothing is done twice",
        ),
    )


def _stuck(server: httpx.Client, deployments: list[str]) -> list[dict[str, Any]]:
    filters = {
        "flow_runs": {
            "state": {"type": {"any_": sorted(TOO_LONG)}},
            "deployment_id": {"any_": deployments},
            "expected_start_time": {"before_": (datetime.now(UTC) - min(TOO_LONG.values())).isoformat()},
        },
        "limit": 200,
    }
    found = server.post("/flow_runs/filter", json=filters).raise_for_status().json()
    return [item for item in found if _since(item) > TOO_LONG[item["state_type"]]]


def _since(item: dict[str, Any]) -> timedelta:
    """How long a run has been where it is; one that waits for its time, since that time."""
    at = item["expected_start_time"] if item["state_type"] == "SCHEDULED" else item["state"]["timestamp"]
    return datetime.now(UTC) - datetime.fromisoformat(at.replace("Z", "+00:00"))
