"""Receiving: the archive and the warehouse agree, and only the workspace's own inbox is emptied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tasks import workers
from tasks.collect import Waiting, process_batch, receive
from tasks.settings import Settings
from tasks.store import engine_for
from tasks.timing import Stopwatch
from tests.collecting import Inline, collect
from tests.delivered import Delivery, install
from warehouse import acts, intake, tables

Receive = Callable[..., list[Waiting]]


@pytest.fixture
def settings(tmp_path: Path, delivery: Delivery) -> Settings:
    return install(tmp_path / "home", delivery)


@pytest.fixture
def received(settings: Settings) -> Receive:
    engine = engine_for(settings.url)
    run = intake.start_run(engine, "collect-period")

    def call(inbox: Path | None = None, files: tuple[Path, ...] = ()) -> list[Waiting]:
        return receive.fn(run, settings, inbox, files, Stopwatch())

    return call


def test_the_own_inbox_is_emptied(settings: Settings, received: Receive, delivery: Delivery) -> None:
    for path in delivery.files[:3]:
        shutil.copy2(path, settings.workspace.inbox)
    waiting = received(settings.workspace.inbox)
    assert sorted(item.name for item in waiting) == sorted(path.name for path in delivery.files[:3])
    assert all(Path(item.path).is_file() for item in waiting)
    assert list(settings.workspace.inbox.iterdir()) == []


def test_a_folder_of_somebody_else_is_left_as_it_was(tmp_path: Path, received: Receive, delivery: Delivery) -> None:
    foreign = tmp_path / "chia sẻ"
    foreign.mkdir()
    shutil.copy2(delivery.files[0], foreign)
    assert len(received(foreign)) == 1
    assert [path.name for path in foreign.iterdir()] == [delivery.files[0].name]


def test_files_received_before_a_crash_are_handed_out_again(received: Receive, delivery: Delivery) -> None:
    first = received(None, (delivery.files[0],))
    assert received(None, (delivery.files[1],)) == [*first, *received(None)[1:]]
    assert len(received(None)) == 2


def test_the_same_bytes_under_two_names_wait_once(tmp_path: Path, received: Receive, delivery: Delivery) -> None:
    copy = tmp_path / "bản sao.xlsx"
    shutil.copy2(delivery.files[0], copy)
    assert len(received(None, (delivery.files[0], copy))) == 1


def test_more_files_than_a_batch_are_received_in_chunks(
    settings: Settings, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = settings.model_copy(update={"batch_size": 2})
    run = intake.start_run(engine_for(settings.url), "collect-period")
    waiting = receive.fn(run, small, None, tuple(delivery.files[:5]), Stopwatch())
    assert len(waiting) == 5


def arrivals(settings: Settings) -> set[datetime]:
    with engine_for(settings.url).connect() as connection:
        return set(connection.execute(select(tables.receipt.c.received_at)).scalars())


def test_what_is_submitted_arrives_at_the_moment_of_its_submission_however_often_the_step_is_repeated(
    settings: Settings, delivery: Delivery
) -> None:
    taken = settings.model_copy(update={"arrival": "taken"})
    run = intake.start_run(engine_for(settings.url), "collect-period")
    moment = datetime(2025, 4, 3, 2, 0, tzinfo=UTC)
    for _ in range(2):
        receive.fn(run, taken, None, (delivery.files[0],), Stopwatch(), moment)
    assert arrivals(settings) == {moment}


def test_an_inbox_that_is_away_is_not_an_empty_one(tmp_path: Path, received: Receive) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        received(tmp_path / "gone")


def test_a_report_whose_archived_file_is_gone_fails_alone(settings: Settings, delivery: Delivery) -> None:
    run = intake.start_run(engine_for(settings.url), "collect-period")
    waiting = receive.fn(run, settings, None, tuple(delivery.files[:3]), Stopwatch())
    Path(waiting[1].path).unlink()
    workers.prepare(settings)
    done = process_batch.fn(0, waiting, run, settings, Inline(), Stopwatch())
    assert [type(fault) for fault in done.faults] == [FileNotFoundError]
    with engine_for(settings.url).connect() as connection:
        rows = connection.execute(text("select submission_id, outcome, nature from attempt")).all()
        waits = connection.execute(text("select id from submission where state = 'received'")).scalars().all()
    failed = [(row.submission_id, row.outcome) for row in rows if row.nature == "permanent"]
    assert failed == [(waiting[1].submission, "failed")]
    assert len(rows) == 3
    assert waits == [waiting[1].submission]


def test_a_workspace_that_was_moved_goes_on_where_it_was(settings: Settings, delivery: Delivery) -> None:
    wrong = next(item for item in delivery.sent if item.fault == "wrong_sum")
    collect(settings, [delivery.folder / f"{wrong.name}.xlsx"])
    home = settings.workspace.home.rename(settings.workspace.home.with_name("moved"))
    moved = Settings(home=home)
    engine = engine_for(moved.url)
    acts.retry(engine, [1], who="An", reason="chuyển máy")
    collect(moved, [])
    with engine.connect() as connection:
        rows = connection.execute(text("select outcome from attempt order by id")).scalars().all()
    assert rows == ["rejected", "rejected"]
    assert len(list(moved.workspace.returned.rglob("*.xlsx"))) == 1
