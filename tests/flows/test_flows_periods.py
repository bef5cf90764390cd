"""Opening, closing and reviewing: as plain functions with a fault at every step, and once through a Prefect server."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from prefect.artifacts import Artifact
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import ParameterTypeError
from prefect.states import Completed
from prefect.utilities.callables import parameter_schema

from domain.act import ActRefusedError
from domain.clock import pretending
from domain.occasion import Occasion, OccasionKind
from flows import closing
from flows import collect_period as collecting
from flows.close_period import close_period
from flows.collect_period import collect_period
from flows.open_period import open_period
from flows.work import RunReport
from flows.year_end_review import year_end_review
from tasks import periods
from tasks.archive import arrived_at, store
from tasks.settings import Settings
from tasks.store import engine_for
from tests.collecting import collect
from tests.delivered import Delivery, install
from warehouse import acts, intake, leases, lives, schedule
from warehouse.engine import write

SIGNED: dict[str, Any] = {"who": "Trần Văn Bình", "reason": "họp sớm"}

#: The first month and the first quarter of 2026 are to be closed.
MONTH, QUARTER = datetime(2026, 1, 29, 1, tzinfo=UTC), datetime(2026, 3, 30, 1, tzinfo=UTC)


@pytest.fixture
def settings(url: str, tmp_path: Path, delivery: Delivery, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A workspace on either database; Prefect stays out of it, and nothing is collected unless a test asks for it."""
    yield _workspace(tmp_path, delivery, monkeypatch, url)
    engine_for(url).dispose()


@pytest.fixture
def here(tmp_path: Path, delivery: Delivery, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same on SQLite alone."""
    return _workspace(tmp_path, delivery, monkeypatch, "")


def _workspace(tmp_path: Path, delivery: Delivery, monkeypatch: pytest.MonkeyPatch, url: str) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TONGKET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TONGKET_WAREHOUSE_URL", url)
    for name in ("begin", "back_up", "close", "report"):
        monkeypatch.setattr(closing.closing, name, getattr(closing.closing, name).fn)
    monkeypatch.setattr(collecting, "run_through", nothing)
    return install(tmp_path / "home", delivery, url or None)


def plainly(_kind: str, settings: Settings, _period: str | None, _take: Any, _left: Any) -> State[RunReport]:
    """A collection of the inbox without Prefect."""
    run = collect(settings, [], inbox=settings.workspace.inbox)
    return Completed(name="Completed", data=RunReport(run, "Completed", {}, {}))


def nothing(*_: Any) -> State[RunReport]:
    return Completed(name="Completed", data=RunReport("x", "Completed", {}, {}))


def life(settings: Settings, period: str) -> tuple[Any, ...]:
    """All that a closing leaves behind."""
    told = periods.lives(settings).row(by_predicate=pl.col("period") == period, named=True)
    with engine_for(settings.url).connect() as connection:
        holder = lives.holder(connection, period)
    said = lives.acts_of(engine_for(settings.url), period).select("before", "after", "who").rows()
    files = sorted(path.name for path in (settings.workspace.reports / period).glob("*"))
    return told["life"], told["closing_at"], holder, said, files, bool(periods.backups_of(settings, period))


def backed_up(_settings: Settings, _engine: Any, out: Path) -> dict[str, Any]:
    out.touch(exist_ok=False)
    return {"lost": []}


class Killed(BaseException):
    """What stops the program where it stands: nothing may catch it."""


def killed(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, done: bool) -> None:
    """The program dies once, when the step is called, before it does anything or after it did all."""
    real: Callable[..., Any] = getattr(owner, name)

    def dying(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(owner, name, real)
        if done:
            real(*arguments, **named)
        raise Killed

    monkeypatch.setattr(owner, name, dying)


def test_a_closing_that_is_killed_at_any_step_is_finished_by_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same end as an undisturbed closing has, whatever it died of and wherever."""
    engine, asked = engine_for(settings.url), ["2026-M01"]

    def due(_settings: Settings, kind: OccasionKind, moment: datetime) -> list[Occasion]:
        done = {period for period, _ in schedule.done_occasions(engine, kind)}
        return [Occasion(moment, kind, period) for period in asked if period not in done]

    monkeypatch.setattr(closing.occasions, "due", due)
    monkeypatch.setattr(periods.keeping, "backup", backed_up)
    with pretending(QUARTER):
        assert str(close_period.fn().name).startswith("Đã đóng 2026-M01: 0/")
        expected = life(settings, "2026-M01")
        assert expected[:3] == ("closed", None, None)
        assert len(expected[4]) == 2
        steps = [
            (closing.closing, "begin"),
            (collecting, "run_through"),
            (closing.closing, "back_up"),
            (periods, "close_period"),
            (closing.closing, "report"),
            (closing.occasions, "mark_done"),
        ]
        cases = [(owner, name, done) for owner, name in steps for done in (False, True)]
        for number, (owner, name, done) in enumerate(cases, 1):
            period = f"20{26 + number // 12}-M{1 + number % 12:02}"
            asked[:] = [period]
            killed(monkeypatch, owner, name, done=done)
            with pytest.raises(Killed):
                close_period.fn()
            if (name, done) == ("close_period", True):  # closed, and nobody made its report
                assert periods.interrupted(settings) == [period]
            if (name, done) in (("begin", True), ("run_through", True), ("close_period", False)):
                assert periods.life(settings, period) == "closing"
                assert periods.interrupted(settings) == [period]
            close_period.fn()
            found = life(settings, period)
            assert found[:4] == expected[:4], (name, done)
            assert found[4] == [file.replace("2026-M01", period) for file in expected[4]], (name, done)
            assert found[5], (name, done)
            assert "no period is due" in str(close_period.fn().name), (name, done)


def test_a_closing_by_schedule_waits_for_permits_and_is_taken_up_by_the_daily_collection(here: Settings) -> None:
    settings, engine = here, engine_for(here.url)
    with pretending(QUARTER - timedelta(days=5)):
        open_period.fn()
    with pretending(QUARTER):
        unit = "P99.CB.001.001"
        acts.permit_late(engine, unit, "2026-Q1", date(2026, 4, 9), **SIGNED)
        state = close_period.fn()
        assert "2026-Q1 chờ 1 đơn vị được phép muộn đến 09/04/2026" in str(state.message)
        assert "waiting until 2026-04-09; units permitted to be late: 1" in str(state.message)
        assert periods.life(settings, "2026-Q1") == "open"
    with pretending(datetime(2026, 4, 9, 9, tzinfo=UTC)):
        assert "chờ 1 đơn vị" in str(collect_period.fn().message)
        collect_period.fn(by_calendar=False)  # a person who collects closes nothing
        assert periods.life(settings, "2026-Q1") == "open"
    with pretending(datetime(2026, 4, 9, 17, 30, tzinfo=UTC)):  # the tenth, in Việt Nam
        assert "đã đóng 2026-Q1" in str(collect_period.fn().message)
        assert "no period is due" in str(close_period.fn().name)


def test_a_person_closes_in_spite_of_permits_and_schedule_and_twice_says_so(here: Settings) -> None:
    settings, engine = here, engine_for(here.url)
    with pretending(datetime(2026, 3, 1, 1, tzinfo=UTC)):
        acts.permit_late(engine, "P99.CB.001.001", "2026-Q1", date(2026, 4, 9), **SIGNED)
        for half in ({"who": "Bình"}, {"reason": "họp"}):
            assert close_period.fn(period="2026-Q1", **half).type is StateType.FAILED
        periods.register(settings, "2026-Q1")
        with leases.running(engine, "close-period", "2026-Q1") as other:
            acts.begin_closing(engine, "2026-Q1", other, **SIGNED)
            state = close_period.fn(period="2026-Q1", **SIGNED)
            assert f"đang được lượt chạy {other} đóng" in str(state.name)
        state = close_period.fn(period="2026-Q1", **SIGNED)
        assert "Đã đóng 2026-Q1" in str(state.name)
        assert "Đã đóng từ trước" in str(close_period.fn(period="2026-Q1", **SIGNED).name)
        said = lives.acts_of(engine, "2026-Q1")
        assert said.filter(pl.col("after") == "closed")["who"].to_list() == [SIGNED["who"]]
        acts.reopen_period(engine, "2026-Q1", **SIGNED)
        assert periods.life(settings, "2026-Q1") == "reopened"


def test_nobody_acts_in_the_name_of_the_schedule_before_it_asks_to_or_after_it_did(here: Settings) -> None:
    with pretending(datetime(2026, 3, 1, 1, tzinfo=UTC)):
        early = close_period.fn(period="2026-Q1")
        assert early.type is StateType.FAILED
        assert "27/03/2026 06:00" in str(early.message)
        assert open_period.fn(period="2026-Q3").type is StateType.FAILED
        assert "15/06/2026 06:00" in str(open_period.fn(period="2026-Q3", reason="chuẩn bị trước").message)
        assert open_period.fn(period="2026-Q3", **SIGNED).type is StateType.COMPLETED
        assert {life(here, "2026-Q1")[0], periods.life(here, "2026-Q1")} == {"planned"}
    with pretending(QUARTER):
        assert "Đã đóng 2026-Q1" in str(close_period.fn(period="2026-Q1").name), "closed as the calendar asks to"
        acts.reopen_period(engine_for(here.url), "2026-Q1", **SIGNED)
        again = close_period.fn(period="2026-Q1")
        assert again.type is StateType.FAILED
        assert "lịch đã đóng kỳ này một lần" in str(again.message)


def test_whoever_closes_the_period_meanwhile_is_no_fault_and_one_that_cannot_be_closed_stops_no_other(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, begin = engine_for(here.url), closing.closing.begin
    monkeypatch.setattr(periods.keeping, "backup", backed_up)

    def beaten(settings: Settings, period: str, *arguments: Any) -> None:
        acts.close_period(engine, period, **SIGNED)
        begin(settings, period, *arguments)

    with pretending(MONTH):
        monkeypatch.setattr(closing.closing, "begin", beaten)
        assert "Đã đóng từ trước: 2026-M01" in str(close_period.fn(period="2026-M01", **SIGNED).name)
        monkeypatch.setattr(closing.closing, "begin", begin)
        with write(engine) as connection:  # its calendar has left the definitions since
            lives.take(connection, "2026-M01@OWN", "x")
        outcome = closing.close(here, [closing.Asked(code) for code in ("2026-M01@OWN", "2026-M02")], nothing)
    (fault,) = outcome.faults
    assert str(fault).startswith("There is no period '2026-M01@OWN'")
    assert [(item.period, item.state) for item in outcome.closings] == [("2026-M02", "closed")]


def test_a_permit_given_while_the_schedule_closes_puts_the_closing_off(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_for(settings.url)
    monkeypatch.setattr(periods.keeping, "backup", backed_up)

    def permitted(*_: Any) -> State[RunReport]:
        acts.permit_late(engine, "P99.CB.001.001", "2026-Q1", date(2026, 4, 9), **SIGNED)
        return nothing()

    with pretending(QUARTER):
        monkeypatch.setattr(collecting, "run_through", permitted)
        state = close_period.fn(period="2026-Q1")
        assert "2026-Q1 chờ 1 đơn vị được phép muộn đến 09/04/2026" in str(state.message)
        assert life(settings, "2026-Q1")[:3] == ("planned", None, None), "reminded of and open as before"
        assert lives.acts_of(engine, "2026-Q1")["after"].to_list() == ["closing", "open"]
        monkeypatch.setattr(collecting, "run_through", nothing)
        with leases.running(engine, "close-period", "2026-Q1") as run:  # ends without having closed it
            acts.begin_closing(engine, "2026-Q1", run, who=periods.SCHEDULE, reason="theo lịch")
        assert "chờ 1 đơn vị" in str(close_period.fn(period="2026-Q1").message)
        assert periods.interrupted(settings) == [], "nothing to be finished before the permitted day is over"
        assert "Đã đóng 2026-Q1" in str(close_period.fn(period="2026-Q1", **SIGNED).name), "a person does not wait"


def test_a_closing_waits_for_what_another_run_is_reading(
    here: Settings, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daily collection begins in the same minute: it has taken up all there is."""
    engine = engine_for(here.url)
    monkeypatch.setattr(periods.keeping, "backup", backed_up)
    with pretending(MONTH), leases.running(engine, "collect-period") as other:
        kept = store([delivery.folder / f"{delivery.sent[0].name}.xlsx"], here.workspace.archive, arrived_at(MONTH))
        (taken,) = intake.receive(
            engine, other, [intake.Arrival(s.sha256, s.size, s.media, s.name, s.arrived_at, str(s.path)) for s in kept]
        )
        intake.claim(engine, other)
        slept = []

        def done(seconds: float) -> None:
            slept.append(seconds)
            with write(engine) as connection:
                intake.release(connection, other)
            acts.withdraw(engine, taken.submission_id, **SIGNED)

        monkeypatch.setattr(closing.time, "sleep", done)
        assert "Đã đóng 2026-M01" in str(close_period.fn(period="2026-M01", **SIGNED).name)
        assert len(slept) == 1


def test_a_period_is_not_closed_while_reports_wait_or_no_backup_can_be_written(
    settings: Settings, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, backups = engine_for(settings.url), settings.workspace.backups
    sent = next(item for item in delivery.sent if not item.fault and item.filing.unit.startswith("P99.CB"))
    with pretending(MONTH):
        run = intake.start_run(engine, "collect-period", None)
        kept = store([delivery.folder / f"{sent.name}.xlsx"], settings.workspace.archive, arrived_at(MONTH))
        intake.receive(
            engine, run, [intake.Arrival(s.sha256, s.size, s.media, s.name, s.arrived_at, str(s.path)) for s in kept]
        )
        intake.finish_run(engine, run, "completed", "")
        with pytest.raises(ActRefusedError) as refused:  # collected three times, and still it waits
            closing_of(close_period.fn(period="2026-M01", **SIGNED))
        assert "Còn 1 báo cáo chờ xử lý" in refused.value.vi
        assert periods.interrupted(settings) == ["2026-M01"]
        monkeypatch.setattr(collecting, "run_through", plainly)
        shutil.rmtree(backups)
        backups.write_text("đây là tệp")
        with pytest.raises(ActRefusedError) as refused:
            closing_of(close_period.fn())
        assert "không ghi được bản sao lưu" in refused.value.vi
        assert periods.life(settings, "2026-M01") == "closing"
        backups.unlink()
        assert "óng 2026-M01: 0/8" in str(close_period.fn().message)
        for _ in range(4):
            periods.back_up(settings, ["2026-M01", "2026-M01@CALENDAR"])
        others = backups / ".2026-Q1-20260330T060000000000.zip.7.part"  # which another run is writing
        others.touch()
        with monkeypatch.context() as one_name:
            one_name.setattr(os, "link", no_second_name)
            made = periods.back_up(settings, ["2026-M01", "2026-M01@CALENDAR", "2026"])
        assert made.file.exists(), "not taken for the oldest where the clock stands still, or went back"
        assert periods.backups_of(settings, "2026")[-1].read_bytes() == made.file.read_bytes()
        assert others.exists()
        assert len(periods.backups_of(settings, "2026-M01")) == periods.BACKUPS
        assert len(list(backups.glob("2026-M01@CALENDAR-*"))) == periods.BACKUPS
        said = lives.acts_of(engine, "2026-M01").filter(pl.col("after") == "closed")["who"].to_list()
        assert said == [SIGNED["who"]], "what a person began is finished in that person's name"


def no_second_name(*_: Any) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def closing_of(state: State[Any]) -> Any:
    return state.result() if state.type is StateType.COMPLETED else raised(state)


def raised(state: State[Any]) -> Any:
    assert isinstance(state.data, BaseException)
    raise state.data


def test_the_year_is_reviewed_when_its_time_has_come_and_frozen_by_a_person_only(here: Settings) -> None:
    with pretending(datetime(2026, 12, 25, 3, tzinfo=UTC)):
        open_period.fn()
    with pretending(datetime(2026, 12, 29, 3, tzinfo=UTC)):
        state = year_end_review.fn()
        assert "P99.DU-2026-TK chốt được; " in str(state.message), "with what is still to be known"
        assert "báo cáo chưa gửi" in str(state.message)
        assert "no year is due" in str(year_end_review.fn().name)
        for half in ({}, {"year": 2026}, {"year": 2026, "who": "Lan"}, {"who": "Lan", "reason": "họp"}):
            refused = year_end_review.fn(freeze=True, **half)
            assert refused.type is StateType.FAILED, half
            assert "Chốt số liệu là quyết định của người" in str(refused.message)
        assert "chỉ làm từ số liệu đã chốt" in str(year_end_review.fn(year=2026, pack=True).message)
        frozen = year_end_review.fn(year=2026, freeze=True, who="Lan", reason="họp hội nghị")
        assert "P99.DU-2026-TK đã chốt" in str(frozen.name)
        (reviewed,) = frozen.data
        assert reviewed.is_frozen


@pytest.mark.parametrize("flow", [open_period, close_period, collect_period, year_end_review])
def test_parameters_are_a_form_that_refuses_what_cannot_be(flow: Any) -> None:
    schema = parameter_schema(flow).model_dump_for_openapi()
    for name, field in schema["properties"].items():
        assert "default" in field, name
        assert " / " in field["description"], "in both languages"
    wrong: list[dict[str, Any]] = [{"year": -1}, {"unit": "rm -rf"}, {"year": "năm nay"}]
    if "period" in schema["properties"]:
        assert "pattern" in schema["properties"]["period"]
        wrong = [{"period": text} for text in ("quý 1", "2025/Q1", "2025-Q1; drop", "25-Q1", "../2025")]
        for code in ("", "2025", "2025-Q1", "2025-9M", "2025-M04@CALENDAR"):
            flow.validate_parameters({"period": code})
    for parameters in wrong:
        with pytest.raises(ParameterTypeError):
            flow.validate_parameters(parameters)


# ------------------------------------------------------------------------------------------------ with a server


@pytest.mark.server
@pytest.mark.usefixtures("prefect_api")
def test_open_collect_and_close_through_prefect_with_real_files(
    tmp_path: Path, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TONGKET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TONGKET_WORKERS", "1")
    made = install(tmp_path / "home", delivery)
    for fault in ("", "unit_words", "wrong_sum"):
        sent = next(item for item in delivery.sent if item.fault == fault and item.filing.unit.startswith("P99.CB"))
        shutil.copy2(delivery.folder / f"{sent.name}.xlsx", made.workspace.inbox)
    with pretending(datetime(2025, 12, 1, 1, tzinfo=UTC)):
        state: State[Any] = open_period(period="2025", return_state=True)
        assert (state.type, str(state.name)[:11]) == (StateType.COMPLETED, "Đã mở 2025:")
        assert open_period(period="2025", return_state=True).name == "2025 đã mở từ trước · 2025 open already"
    with pretending(datetime(2025, 12, 30, 1, tzinfo=UTC)):
        state = close_period(period="2025", return_state=True, **SIGNED)
        assert state.type is StateType.COMPLETED, state.message
        (closed,) = state.result()
        again = close_period(period="2025", return_state=True, **SIGNED)
    assert str(again.name).startswith("Đã đóng từ trước: 2025: 3/")
    told = json.loads(closed.files[0].read_text(encoding="utf-8"))
    assert (told["life"], told["total"]["received"], told["total"]["rejected"]) == ("closed", 3, 1)
    assert list(made.workspace.inbox.iterdir()) == []
    assert len(periods.backups_of(made, "2025")) == 1
    for key, kind in (("period-report-2025", "markdown"), ("period-late-2025", "table"), ("status-2025", "table")):
        artifact: Any = Artifact.get(key)
        assert artifact is not None, key
        assert artifact.type == kind
    found: list[Any] = [Artifact.get(key) for key in ("status-2025", "period-late-2025")]
    board, late = (json.loads(artifact.data) for artifact in found)
    assert sum(row["đã gửi · received"] for row in board) == 3
    assert {row["loại · what"] for row in late} <= {"chưa gửi · missing", "muộn · late"}
    with pretending(datetime(2026, 1, 5, 1, tzinfo=UTC)):
        state = year_end_review(year=2025, freeze=True, who="Lan", reason="họp", return_state=True)
    assert state.type is StateType.FAILED
    assert "Chưa chốt được" in str(state.message)
    assert "1 báo cáo bị trả lại" in str(Artifact.get("year-end-review-2025").data)  # type: ignore[union-attr]
