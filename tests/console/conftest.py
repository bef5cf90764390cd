"""A workspace of its own for every test; one that was filled once for those that only read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from tasks.settings import Settings
from tests.collecting import Inline
from tests.commands import Ran, run_here
from tests.conftest import Collected

Tongket = Callable[..., Ran]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace's folder, not made yet; the working folder holds no ``.env``."""
    monkeypatch.setenv("TONGKET_HOME", str(tmp_path / "nhà"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "nhà"


@pytest.fixture
def one_process(prefect_api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flows run here: batches are judged in this process, and the Prefect of this test session serves."""
    from flows import work
    from tasks import workers

    @contextmanager
    def pool(_workers: int, chosen: Settings) -> Iterator[Inline]:
        workers.prepare(chosen)
        yield Inline()

    monkeypatch.setattr(work, "pool", pool)
    monkeypatch.setattr("tasks.workers.started_early", lambda *_: nullcontext())
    monkeypatch.setattr("flows.runtime.prepare", lambda _home: None)


@pytest.fixture
def tongket() -> Tongket:
    return run_here


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tasks.setup import initialise
    from tasks.store import engine_for

    settings = Settings(home=tmp_path_factory.mktemp("made"))
    initialise(settings, settings.url)
    engine_for(settings.url).dispose()  # what stands in the write-ahead log goes into the file
    return settings.home


@pytest.fixture
def workspace(home: Path, _made: Path) -> Path:
    """A workspace as ``tongket init`` leaves it."""
    shutil.copytree(_made, home)
    return home


@pytest.fixture
def filled(collected_sqlite: Collected, monkeypatch: pytest.MonkeyPatch) -> Collected:
    """The workspace that was filled once; to be read only."""
    monkeypatch.setenv("TONGKET_HOME", str(collected_sqlite.settings.home))
    return collected_sqlite
