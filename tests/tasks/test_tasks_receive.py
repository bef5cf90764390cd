"""Receiving: the archive and the warehouse agree, and only the workspace's own inbox is emptied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.collect import Waiting, receive
from tasks.settings import Settings
from tasks.store import engine_for
from tasks.timing import Stopwatch
from tests.delivered import Delivery, install
from warehouse import intake

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
