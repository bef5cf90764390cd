"""The deployments on a real Prefect server: their schedules mean what the calendar asks for, and runs come of them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.exceptions import PrefectHTTPStatusError
from prefect.server.schemas.schedules import CronSchedule, RRuleSchedule
from prefect.states import Running, Scheduled

from catalog import Catalog, load_catalog
from catalog.occasions import occasions
from domain.clock import ZONE, pretending
from domain.occasion import OccasionKind
from flows.deployments import deployments, mark_of, prefect_yaml
from flows.serving import bury_dead, is_served_for_another, set_aside_late
from tasks.occasions import FLOW_OF
from tasks.settings import Settings
from tests.catalog.walls import expected

FIRST, LAST = 2026, 2030
ROOT = Path(__file__).parents[2]


@cache
def shipped() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def applied(prefect_api: str) -> dict[str, UUID]:
    """Every deployment, put on the server of this test session."""
    made: dict[str, Any] = {item.name: item.apply() for item in deployments(shipped(), date(FIRST, 1, 1))}
    return made


def moments_of(schedules: list[DeploymentSchedule]) -> list[datetime]:
    """What Prefect itself makes of the schedules it was given, local time; a year at a time, it stops at a thousand."""
    found: list[datetime] = []
    for item in schedules:
        kind = RRuleSchedule if hasattr(item.schedule, "rrule") else CronSchedule
        schedule = kind.model_validate(item.schedule.model_dump())
        for year in range(FIRST, LAST + 1):
            first = datetime(year, 1, 1, tzinfo=ZONE)
            last = datetime(year + 1, 1, 1, tzinfo=ZONE) - timedelta(seconds=1)
            dates = asyncio.run(schedule.get_dates(n=400, start=first, end=last))
            found.extend(moment.astimezone(ZONE).replace(tzinfo=None) for moment in dates)
    return sorted(found)


@pytest.mark.server
def test_schedules_read_back_mean_what_the_calendar_asks_for(applied: dict[str, UUID]) -> None:
    """2026 to 2030, 29/02/2028 among them: against a wall calendar, and against the occasions; each moment once."""
    by_hand = expected(FIRST, LAST)
    asked = occasions(shipped(), datetime(FIRST, 1, 1, tzinfo=ZONE), datetime(LAST + 1, 1, 1, tzinfo=ZONE))
    with get_client(sync_client=True) as client:
        for kind, name in FLOW_OF.items():
            told = moments_of(client.read_deployment(applied[name]).schedules)
            assert told == sorted(by_hand[kind]), name
            assert told == sorted({i.at.astimezone(ZONE).replace(tzinfo=None) for i in asked if i.kind is kind}), name
        assert client.read_deployment(applied["retry-failed"]).schedules == []
    in_leap_february = {moment for moment in by_hand[OccasionKind.COLLECT] if moment.date() == date(2028, 2, 29)}
    assert len(in_leap_february) == 2, "every day, and the cut-off of the calendar month"


@pytest.mark.server
def test_the_server_makes_runs_of_them_and_late_ones_are_set_aside(applied: dict[str, UUID]) -> None:
    """With a SQLAlchemy it does not fit Prefect's scheduler fails in every round, and nothing ever runs."""
    from prefect.server.services.scheduler import schedule_deployments

    began = datetime.now(UTC)
    asyncio.run(schedule_deployments())
    with get_client(sync_client=True) as client:
        runs = [run for run in client.read_flow_runs(limit=200) if run.auto_scheduled]
        coming = occasions(shipped(), began, began + timedelta(days=500))
        for kind, name in FLOW_OF.items():
            made = sorted(run.expected_start_time for run in runs if run.deployment_id == applied[name])
            wanted = sorted({item.at for item in coming if item.kind is kind})
            assert made
            assert made[0] == wanted[0], name
            assert set(made) <= set(wanted), name
        by_hand = client.create_flow_run_from_deployment(applied["remind"], state=Scheduled())
        week = began + timedelta(days=7)
        late = {run.id for run in runs if run.expected_start_time and run.expected_start_time < week}
        with pretending(week):  # nobody served for a week: one run makes up for what the schedule asked for
            assert set_aside_late() == len(late) >= 6
            assert set_aside_late() == 0
        waiting = [run for run in client.read_flow_runs(limit=200) if run.state and run.state.is_scheduled()]
        assert {run.id for run in waiting if run.auto_scheduled} == {run.id for run in runs} - late
        assert by_hand.id in {run.id for run in waiting}, "what a person asked for is done, however late"
        client.delete_flow_run(by_hand.id)


def _soon(holds: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + 30
    while not (found := holds()) and time.monotonic() < give_up:
        time.sleep(0.1)
    return found


@pytest.mark.server
def test_a_server_that_serves_another_warehouse_is_told_from_an_idle_one(
    applied: dict[str, UUID], tmp_path: Path
) -> None:
    """Either would take up the runs of the other: deployments are known by their names alone."""
    one, two = (Settings(home=tmp_path / name) for name in ("one", "two"))
    deployments(shipped(), date(FIRST, 1, 1), mark_of(one))[0].apply()
    assert not is_served_for_another(two), "nobody takes up runs"
    with get_client(sync_client=True) as client:
        client.get_scheduled_flow_runs_for_deployments([applied["open-period"]])
    assert _soon(lambda: is_served_for_another(two)), "the server notes who asked it after it has answered"
    assert not is_served_for_another(one)
    deployments(shipped(), date(FIRST, 1, 1))[0].apply()
    assert not is_served_for_another(two), "for a work pool, or by an older program"


@pytest.mark.server
def test_a_run_whose_process_is_gone_does_not_hold_the_place_of_the_next(applied: dict[str, UUID]) -> None:
    with get_client(sync_client=True) as client:
        gone, living = (client.create_flow_run_from_deployment(applied["remind"]).id for _ in range(2))
        for run in (gone, living):
            client.set_flow_run_state(run, Running(), force=True)
        surroundings = {**os.environ, "PREFECT__FLOW_RUN_ID": str(living)}
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env=surroundings)
        try:
            assert bury_dead() == 1
        finally:
            process.kill()
            process.wait()
        states = [client.read_flow_run(run).state for run in (gone, living)]
        assert [state.type.value for state in states if state] == ["CRASHED", "RUNNING"]
        assert bury_dead() == 1, "the other is gone by now"


@pytest.mark.server
@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("open-period", {"period": "quý 1"}),
        ("close-period", {"period": "2026/Q1"}),
        ("year-end-review", {"year": "năm nay"}),
        ("year-end-review", {"freeze": "có lẽ"}),
        ("year-end-review", {"unit": "xã An Phú"}),
        ("retry-failed", {"reason": "sửa", "who": "Bình", "period": "Q1 2026"}),
        ("collect-period", {"period": 5, "files": "a.xlsx"}),
    ],
)
def test_a_form_that_is_filled_in_wrong_is_refused(applied: dict[str, UUID], name: str, wrong: dict[str, Any]) -> None:
    with get_client(sync_client=True) as client, pytest.raises(PrefectHTTPStatusError, match="409"):
        client.create_flow_run_from_deployment(applied[name], parameters=wrong)


@pytest.mark.server
def test_every_parameter_is_described_in_both_languages(applied: dict[str, UUID]) -> None:
    with get_client(sync_client=True) as client:
        for name, number in applied.items():
            deployment = client.read_deployment(number)
            asked = (deployment.parameter_openapi_schema or {})["properties"]
            assert all(" / " in field["description"] for field in asked.values()), name
            assert all("default" in field for key, field in asked.items() if key not in ("reason", "who")), name
            assert deployment.concurrency_options is not None
            assert deployment.concurrency_options.collision_strategy.value == "ENQUEUE"
            assert "tongket" in deployment.tags


def test_the_file_for_work_pools_is_up_to_date() -> None:
    """``python -m flows.deployments > prefect.yaml``."""
    text = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    assert text == prefect_yaml(shipped(), date(FIRST, 1, 1))
    names = [item["name"] for item in yaml.safe_load(text)["deployments"]]
    assert names == [item.name for item in deployments(shipped(), date(2029, 7, 1))]
