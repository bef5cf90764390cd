"""``retry-failed``: through a real Prefect server, and as the deployment its interface offers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import PrefectHTTPStatusError
from prefect.flows import load_flow_from_entrypoint
from sqlalchemy import text

from flows import work
from flows.deployments import deployments
from flows.retry_failed import retry_failed
from flows.work import report_of
from tasks import workers
from tasks.settings import Settings
from tasks.store import engine_for
from tests.collecting import Inline, collect
from tests.delivered import Delivery, install

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("prefect_api")]


@pytest.fixture
def settings(tmp_path: Path, delivery: Delivery, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A sound report and two with a wrong sum, collected; batches are judged in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TONGKET_HOME", str(tmp_path / "home"))

    @contextmanager
    def pool(_workers: int, chosen: Settings) -> Iterator[Inline]:
        workers.prepare(chosen)
        yield Inline()

    monkeypatch.setattr(work, "pool", pool)
    made = install(tmp_path / "home", delivery)
    for fault in ("", "wrong_sum"):
        for item in [i for i in delivery.sent if i.fault == fault and i.filing.unit.startswith("P99.CB")][:2]:
            shutil.copy2(delivery.folder / f"{item.name}.xlsx", made.workspace.inbox)
    collect(made, [], inbox=made.workspace.inbox)
    return made


def retried(**parameters: Any) -> State[Any]:
    state: State[Any] = retry_failed(  # type: ignore[call-overload]
        reason="quy tắc đã sửa", who="Trần Văn Bình", return_state=True, **parameters
    )
    return state


def asked(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with engine_for(settings.url).connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def tries(settings: Settings) -> dict[int, int]:
    return dict(asked(settings, "select submission_id, count(*) from attempt group by 1"))


def test_only_what_failed_is_judged_again(settings: Settings) -> None:
    failed = {number for (number,) in asked(settings, "select id from submission where state = 'rejected'")}
    before = tries(settings)
    state = retried(all_failed=True)
    assert state.type is StateType.COMPLETED
    assert report_of(state).counts == {"rejected": len(failed)}
    assert {number for number, count in tries(settings).items() if count > before[number]} == failed
    assert asked(settings, "select who, what, count(*) from action group by 1, 2") == [
        ("Trần Văn Bình", "retry", len(failed)),
        *asked(settings, "select who, what, count(*) from action where what <> 'retry' group by 1, 2"),
    ]
    assert asked(settings, "select count(*) from submission where claimed_by is not null") == [(0,)]


def test_a_retry_of_what_never_failed_fails_and_changes_nothing(settings: Settings) -> None:
    (number,) = asked(settings, "select min(id) from submission where state like 'accepted%'")[0]
    before = tries(settings)
    state = retried(submissions=[number])
    assert state.type is StateType.FAILED
    assert "nothing failed" in str(state.message)
    assert state.name == "Từ chối · refused"
    state = retried()
    assert (state.type, state.name) == (StateType.FAILED, "Từ chối · refused")
    assert "Chưa nói chạy lại báo cáo nào" in str(state.message)
    assert "Nothing was named" in str(state.message)
    assert tries(settings) == before
    assert asked(settings, "select count(*) from action where what = 'retry'") == [(0,)]


def test_the_form_of_the_deployment_asks_and_refuses() -> None:
    by_name = {item.name: item for item in deployments()}
    number: Any = by_name["retry-failed"].apply()
    wrong_ones = (
        {"who": "Bình"},
        {"reason": "", "who": "Bình"},
        {"reason": "sửa rồi", "who": "Bình", "submissions": ["a"]},
    )
    with get_client(sync_client=True) as client:
        schema = client.read_deployment(number).parameter_openapi_schema or {}
        for wrong in wrong_ones:
            with pytest.raises(PrefectHTTPStatusError, match="409"):
                client.create_flow_run_from_deployment(number, parameters=wrong)
        run = client.create_flow_run_from_deployment(number, parameters={"reason": "sửa rồi", "who": "Bình"})
    assert run.parameters["reason"] == "sửa rồi"
    assert set(schema["required"]) == {"reason", "who"}
    kinds = {name: field["type"] for name, field in schema["properties"].items()}
    assert (kinds["period"], kinds["submissions"], kinds["all_failed"]) == ("string", "array", "boolean")
    assert all("/" in field["description"] for field in schema["properties"].values()), "in both languages"


def test_the_deployments_name_flows_that_can_be_found_from_any_folder() -> None:
    for item in deployments():
        assert load_flow_from_entrypoint(str(item.entrypoint)).name == item.name
