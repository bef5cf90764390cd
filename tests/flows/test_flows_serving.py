"""Serving: one run of each kind for whatever was missed, and going on when something cuts it short."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from console import serving as console
from domain.clock import ZONE, pretending
from domain.occasion import OccasionKind
from flows import server, serving
from flows.runtime import prepare
from flows.serving import Overdue
from tasks.occasions import begin, due, mark_done
from tasks.settings import Settings

BACK = datetime(2026, 3, 28, 12, tzinfo=ZONE)
IN_TURN = ["open-period", "collect-period", "remind", "close-period"]


@pytest.fixture
def settings(tmp_path: Path, migrated_sqlite: Path) -> Settings:
    """A schedule that was kept since the 12th of March 2026, and nobody served since."""
    made = Settings(home=tmp_path)
    made.workspace.create()
    shutil.copyfile(migrated_sqlite, tmp_path / "warehouse.db")
    begin(made, datetime(2026, 3, 12, 12, tzinfo=ZONE))
    return made


def test_each_kind_is_made_up_for_in_one_run_in_turn(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    told: list[tuple[str, int]] = []

    def run(kind: OccasionKind, _stop: threading.Event) -> bool:
        started.append(kind.value)
        if kind is not OccasionKind.CLOSE:  # it waits for somebody permitted to be late
            mark_done(settings, due(settings, kind, BACK), "lượt", "xong")
        return kind is not OccasionKind.REMIND  # it did its work and failed at the last step

    monkeypatch.setattr(serving, "_run_through", run)
    overdue = Overdue(settings, lambda name, count: told.append((name, count)), lambda error: pytest.fail(str(error)))
    look: Callable[[], None] = lambda: overdue.make_up(threading.Event(), timedelta())  # noqa: E731
    with pretending(BACK):
        look()
    assert [name for name, _ in told] == IN_TURN
    assert started == ["open", "collect", "remind", "close"]
    assert dict(told)["collect-period"] > 60
    with pretending(BACK + timedelta(minutes=50)):
        look()
    assert started[4:] == [], "what is done is done; a closing that waits is asked again the next day"
    with pretending(BACK + timedelta(hours=25)):
        look()
    assert started[4:] == ["collect", "remind", "close"], "a morning went by"
    assert [name for name, _ in told[4:]] == ["collect-period", "remind"], "the closing was told before"


def test_a_run_that_failed_is_started_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    def run(kind: OccasionKind, _stop: threading.Event) -> bool:
        started.append(kind.value)
        return False

    monkeypatch.setattr(serving, "_run_through", run)
    overdue = Overdue(settings, lambda *_: None, lambda error: pytest.fail(str(error)))
    for hour in range(2):
        with pretending(BACK + timedelta(hours=hour)):
            overdue.make_up(threading.Event(), timedelta())
    assert started == ["open", "collect", "remind", "close"] * 2


class Runner:
    """Ends as it is told to, one time after the other."""

    def __init__(self, *ends: Exception | None) -> None:
        self.ends = list(ends)

    def __call__(self, *_: object) -> None:
        end = self.ends.pop(0)
        if end is not None:
            raise end


def serve(settings: Settings, monkeypatch: pytest.MonkeyPatch, runner: Runner) -> None:
    monkeypatch.setattr(serving, "serve_all", runner)
    monkeypatch.setattr(serving, "set_aside_late", lambda: 0)
    monkeypatch.setattr(Overdue, "keep_up", lambda *_: None)
    monkeypatch.setattr(server, "answers", lambda _: True)
    console._serve_for_good(settings, "http://x/api", 2, console._Screen())


def test_serving_begins_anew_when_the_server_went_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = ExceptionGroup("unhandled errors", [RuntimeError("Service exceeded error threshold.")])
    serve(settings, monkeypatch, Runner(away, away, None))
    assert (
        capsys.readouterr().out.splitlines()
        == [
            "! Việc phục vụ bị ngắt (Service exceeded error threshold.); bắt đầu lại khi máy chủ Prefect trả lời.",
            "✓ Tiếp tục phục vụ.",
        ]
        * 2
    )


def test_what_fails_by_itself_is_not_tried_for_ever(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="hỏng"):
        serve(settings, monkeypatch, Runner(*[ValueError("hỏng") for _ in range(9)]))


def test_a_server_copies_its_pages_to_where_a_service_may_write(tmp_path: Path) -> None:
    """Beside the program it may not, and would serve no page without another word."""
    with mock.patch.dict(os.environ, {"PREFECT_HOME": str(tmp_path)}):
        os.environ.pop("PREFECT_UI_STATIC_DIRECTORY", None)
        prepare(tmp_path)
        assert os.environ["PREFECT_UI_STATIC_DIRECTORY"] == str(tmp_path / "ui")
