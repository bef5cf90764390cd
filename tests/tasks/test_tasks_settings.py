"""Settings, the cutting up of work, and how long it took."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.batches import SMALLEST_BATCH, batch_size, workers_for
from tasks.settings import Settings
from tasks.timing import Stopwatch

SECRET = "postgresql://u:sEcReT@db.example/kho"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TONGKET_HOME", "nha")
    monkeypatch.setenv("TONGKET_WORKERS", "3")
    settings = Settings()
    assert settings.workspace.home == tmp_path / "nha"
    assert settings.workers == 3
    assert settings.url == f"sqlite:///{tmp_path / 'nha' / 'warehouse.db'}"


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TONGKET_WAREHOUSE_URL={SECRET}\nTONGKET_WORKERS=2\nOTHER=1\n", encoding="utf-8")
    monkeypatch.setenv("TONGKET_WORKERS", "5")
    settings = Settings()
    assert (settings.url, settings.workers) == (SECRET, 5)


def test_an_empty_address_means_the_own_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKET_WAREHOUSE_URL", "")
    assert Settings().url.startswith("sqlite:///")


def test_the_secret_shows_in_no_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKET_WAREHOUSE_URL", SECRET)
    settings = Settings()
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "sEcReT" not in shown
    assert settings.url == SECRET


@pytest.mark.parametrize(
    ("name", "value"),
    [("WORKERS", "0"), ("WORKERS", "many"), ("BATCH_SIZE", "0"), ("BATCH_SIZE", "99999"), ("LANG", "fr")],
)
def test_a_setting_out_of_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TONGKET_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


@pytest.mark.parametrize(
    ("count", "workers", "most", "expected"),
    [
        (1, 4, 2_500, SMALLEST_BATCH),
        (800, 4, 2_500, SMALLEST_BATCH),
        (1_000, 2, 2_500, 500),
        (1_001, 2, 2_500, 501),
        (100_000, 2, 2_500, 2_500),
        (30, 2, 10, 10),
    ],
)
def test_batches_keep_every_worker_busy_and_never_exceed_the_setting(
    count: int, workers: int, most: int, expected: int
) -> None:
    settings = Settings(workers=workers, batch_size=most)
    assert batch_size(count, settings) == expected


@pytest.mark.parametrize(("count", "expected"), [(0, 1), (1, 1), (200, 1), (201, 2), (10_000, 4)])
def test_there_are_no_more_workers_than_batches(count: int, expected: int) -> None:
    assert workers_for(count, Settings(workers=4)) == expected


def test_overlapping_spans_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Stopwatch()
    watch.spans.extend([("read", 0.0, 2.0), ("read", 1.0, 3.0), ("load", 2.5, 4.0), ("load", 10.0, 11.0)])
    assert watch.seconds("read") == 3.0
    assert watch.seconds("load") == 2.5
    assert watch.covered() == 5.0
    assert watch.seconds("rest") == 0.0


def test_spans_of_several_threads_and_of_work_that_failed_are_gathered() -> None:
    watch = Stopwatch()

    def work() -> None:
        with watch.span("work"):
            time.sleep(0.01)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(ValueError, match="no"), watch.span("work"):
        raise ValueError("no")
    assert len(watch.spans) == 5
    assert watch.seconds("work") >= 0.01
