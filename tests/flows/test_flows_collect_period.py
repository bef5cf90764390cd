"""``collect-period`` through a real Prefect server: how a run ends, what it publishes, what is tried again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from flows import work as flow_module
from flows.collect_period import collect_period
from flows.work import STEPS, report_of, state_name
from tasks import collect as steps
from tasks import workers
from tasks.settings import Settings
from tasks.store import engine_for
from tests.collecting import Inline
from tests.delivered import Delivery, figures, install
from warehouse.engine import Engine

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("prefect_api")]

#: What a unit does wrong (nothing, a wrong sum, a file cut off) and what becomes of its file.
THREE_GOOD, REJECTED, UNREADABLE = ("", "unit_words", "declared_zero"), "wrong_sum", "truncated"


@pytest.fixture
def settings(tmp_path: Path, delivery: Delivery, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A workspace with three sound reports, a wrong one and a broken one in its inbox."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TONGKET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TONGKET_WORKERS", "1")
    made = install(tmp_path / "home", delivery)
    for fault in (*THREE_GOOD, REJECTED, UNREADABLE):
        sent = next(item for item in delivery.sent if item.fault == fault and item.filing.unit.startswith("P99.CB"))
        shutil.copy2(delivery.folder / f"{sent.name}.xlsx", made.workspace.inbox)
    return made


@pytest.fixture
def inline(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches are judged in this process: what is told here does not depend on the worker processes."""

    @contextmanager
    def pool(_workers: int, chosen: Settings) -> Iterator[Inline]:
        workers.prepare(chosen)
        yield Inline()

    monkeypatch.setattr(flow_module, "pool", pool)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried again at once."""
    for task in (steps.receive, steps.process_batch, steps.roll_up):
        monkeypatch.setattr(task, "retry_delay_seconds", [0, 0, 0, 0])


def run() -> State[Any]:
    state: State[Any] = collect_period(period="2025", return_state=True)  # type: ignore[call-overload]
    return state


def failing(monkeypatch: pytest.MonkeyPatch, name: str, faults: list[Exception]) -> list[int]:
    """The step raises these faults one after the other, then works; the calls made of it are counted."""
    real: Callable[..., Any] = getattr(steps, name)
    calls: list[int] = []

    def fake(*arguments: Any, **named: Any) -> Any:
        calls.append(len(calls))
        if faults:
            raise faults.pop(0)
        return real(*arguments, **named)

    monkeypatch.setattr(steps, name, fake)
    return calls


def asked(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def test_a_run_ends_completed_with_a_name_that_says_what_happened(settings: Settings) -> None:
    state = run()
    assert state.type is StateType.COMPLETED
    assert state.name == "Completed · 3 accepted · 1 rejected · 1 unreadable"
    report = report_of(state)
    assert report.failed == 2
    assert sum(report.counts.values()) == 5
    assert set(report.seconds) == {*STEPS, "orchestration", "total"}
    assert 0 <= report.seconds["orchestration"] <= report.seconds["total"]
    assert asked(engine_for(settings.url), "select state, message from run") == [("completed", state.name)]
    assert list(settings.workspace.inbox.iterdir()) == []
    assert list(settings.workspace.docs.rglob("index.html")), "Data Docs of the first batch"


@pytest.mark.usefixtures("inline")
def test_prefect_shows_the_same_state_and_what_was_rejected() -> None:
    state = run()
    assert state.state_details.flow_run_id is not None
    with get_client(sync_client=True) as client:
        seen = client.read_flow_run(state.state_details.flow_run_id)
    assert seen.state is not None
    assert (seen.name, seen.state.type, seen.state.name) == ("collect-2025", StateType.COMPLETED, state.name)
    artifact = Artifact.get("rejected-submissions")
    assert not isinstance(artifact, Coroutine)
    assert artifact is not None
    assert artifact.type == "table"
    rows = json.loads(str(artifact.data))
    returned = "đã bị trả lại · rejected"
    assert sorted(row["tình trạng · state"] for row in rows) == ["không đọc được · unreadable", returned]
    (rejected,) = [row for row in rows if row["tình trạng · state"] == returned]
    assert rejected["mã đơn vị · unit"].startswith("P99.CB")
    assert rejected["quy tắc · rule"] == "LRN-001"
    assert rejected["điều phát hiện · finding, in Vietnamese"]


@pytest.mark.usefixtures("inline")
def test_a_run_without_files_completes_and_says_so() -> None:
    run()
    state = run()
    assert state.type is StateType.COMPLETED
    assert state.name == "Completed · không có gì chờ · nothing was waiting"
    assert report_of(state).counts == {}


def test_what_cannot_be_taken_in_is_refused_at_once_by_the_form_too(settings: Settings, tmp_path: Path) -> None:
    """Not tried again for a minute and a half, and the archive is not taken for new reports."""
    wrong: list[dict[str, Any]] = [
        {"inbox": str(tmp_path / "gone")},
        {"inbox": str(settings.workspace.home)},
        {"files": [str(tmp_path / "gone.xlsx")]},
    ]
    for given, said in zip(wrong, ("Không có thư mục", "chứa kho lưu trữ", "Không có tệp"), strict=True):
        state: Any = collect_period.fn(**given)
        assert (state.type, state.name) == (StateType.FAILED, "Từ chối · refused")
        assert said in state.message


def test_a_warehouse_whose_file_is_gone_is_not_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "disk" / "kho.db"
    monkeypatch.setenv("TONGKET_WAREHOUSE_URL", f"sqlite:///{gone}")
    for given in ({}, {"period": "2025"}):
        state: Any = collect_period.fn(**given)
        assert (state.type, state.name) == (StateType.FAILED, "Từ chối · refused")
        assert f"Không thấy kho số liệu {gone}" in state.message
    assert not gone.exists()


@pytest.mark.usefixtures("inline", "soon")
def test_a_database_that_was_gone_for_a_moment_is_asked_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = OperationalError("insert", {}, ConnectionResetError("server closed the connection"))
    calls = failing(monkeypatch, "load_batch", [gone])
    state = run()
    assert (state.type, state.name) == (
        StateType.COMPLETED,
        "Completed · 3 accepted · 1 rejected · 1 unreadable",
    )
    assert len(calls) == 2
    tries = asked(engine_for(settings.url), "select outcome, nature, count(*) from attempt group by 1, 2 order by 1")
    assert ("failed", "transient", 5) in tries
    assert sum(count for outcome, _, count in tries if outcome != "failed") == 5


@pytest.mark.usefixtures("inline", "soon")
def test_a_fault_of_the_program_is_not_tried_again_and_is_on_record(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = failing(monkeypatch, "load_batch", [ValueError("không nên có") for _ in range(9)])
    state = run()
    assert state.type is StateType.FAILED
    with pytest.raises(ValueError, match="không nên có"):
        report_of(state)
    assert len(calls) == 9, "five files, halved until each stands alone"
    engine = engine_for(settings.url)
    assert asked(engine, "select state, message from run") == [("failed", "ValueError: không nên có")]
    assert asked(engine, "select outcome, nature, count(*) from attempt group by 1, 2") == [("failed", "permanent", 5)]
    assert asked(engine, "select distinct state from submission") == [("received",)]


@pytest.mark.usefixtures("inline", "soon")
def test_other_batches_are_loaded_when_one_cannot_be(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKET_BATCH_SIZE", "1")
    failing(monkeypatch, "load_batch", [ValueError("không nên có")])
    assert run().type is StateType.FAILED
    engine = engine_for(settings.url)
    assert asked(engine, "select count(*) from submission where state = 'received'") == [(1,)]
    assert run().type is StateType.COMPLETED, "the next run does what is left"
    assert asked(engine, "select count(*) from submission where state = 'received'") == [(0,)]
    accepted = "select u.code from submission s join unit u on u.id = s.unit_id where s.state like 'accepted%'"
    assert {row[1] for row in figures(engine)} == {code for (code,) in asked(engine, accepted)}


@pytest.mark.usefixtures("inline", "soon")
@pytest.mark.parametrize("step", ["compare_reports", "to_return", "show_table"])
def test_a_fault_after_the_load_leaves_totals_and_the_other_steps_done(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    failing(monkeypatch, step, [ValueError("không nên có") for _ in range(9)])
    state = run()
    assert state.type is StateType.FAILED
    engine = engine_for(settings.url)
    assert asked(engine, "select state, message from run") == [("failed", "ValueError: không nên có")]
    assert asked(engine, "select count(*) > 0 from mart_roll_up")[0][0]
    assert asked(engine, "select count(*) from submission where state = 'received'") == [(0,)]
    assert bool(list(settings.workspace.returned.rglob("*.xlsx"))) is (step != "to_return")


@pytest.mark.usefixtures("inline", "soon")
def test_data_that_is_wrong_is_judged_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = failing(monkeypatch, "load_batch", [])
    run()
    assert len(calls) == 1
    assert asked(engine_for(settings.url), "select distinct nature from attempt where outcome = 'rejected'") == [
        ("permanent",)
    ]


def test_a_name_counts_in_vietnamese_figures() -> None:
    counts = {"accepted": 9_000, "accepted_with_warnings": 871, "rejected": 96, "unreadable": 33, "same_bytes": 1_200}
    assert state_name(counts) == ("Completed · 9.871 accepted · 96 rejected · 33 unreadable · 1.200 already known")


def test_prefect_keeps_its_home_where_it_was_told() -> None:
    from flows.runtime import PreparedTooLateError, prepare

    with pytest.raises(PreparedTooLateError):
        prepare(Path("/nowhere"))
    prepare(Path(os.environ["PREFECT_HOME"]))
