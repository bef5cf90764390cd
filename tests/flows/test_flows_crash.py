"""Runs that are killed, and runs that meet: the warehouse is that of one undisturbed run."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from tasks.settings import Settings
from tasks.store import engine_for
from tests.collecting import collect
from tests.commands import Ran, start
from tests.conftest import Collected
from tests.delivered import Delivery, figures, install, totals
from warehouse.engine import Engine

pytestmark = pytest.mark.server


@pytest.fixture
def settings(tmp_path: Path, delivery: Delivery) -> Settings:
    """A workspace with what the province sent in its inbox."""
    made = install(tmp_path / "home", delivery)
    for item in delivery.sent:
        shutil.copy2(delivery.folder / f"{item.name}.xlsx", made.workspace.inbox)
    engine_for(made.url).dispose()
    return made


def asked(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def decided(home: Path) -> int:
    """Submissions with an outcome, asked as a stranger would: over a connection of its own."""
    connection = sqlite3.connect(f"file:{home / 'warehouse.db'}?mode=ro", uri=True)
    try:
        (count,) = connection.execute("select count(*) from submission where state <> 'received'").fetchone()
    finally:
        connection.close()
    return int(count)


def kill_in_the_middle(process: subprocess.Popen[str], home: Path) -> int:
    """SIGKILL to the run once some batches are loaded and others are not; how many files were decided by then."""
    children = psutil.Process(process.pid).children
    give_up = time.monotonic() + 120
    while not decided(home):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up, "nothing was loaded"
        time.sleep(0.02)
    left = children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    _gone, alive = psutil.wait_procs(left, timeout=10)
    assert not alive, "worker processes outlive the run that started them"
    return decided(home)


def assert_same(engine: Engine, undisturbed: Engine) -> None:
    """Figures and totals of the province are those of one run that nothing disturbed."""
    for rows in (figures, totals):
        told, expected = ([row for row in rows(one) if row[1].startswith("P99.")] for one in (engine, undisturbed))
        assert told == expected
        assert told


def assert_nothing_is_doubled(engine: Engine, files: int) -> None:
    distinct = files - 1  # one unit sends the same bytes twice
    assert asked(engine, "select count(*), count(distinct file_sha256) from submission") == [(distinct, distinct)]
    outcomes = asked(engine, "select submission_id from attempt where outcome not in ('same_bytes', 'failed')")
    assert set(Counter(outcomes).values()) == {1}
    assert len(outcomes) == distinct
    assert asked(engine, "select count(*) from submission where state = 'received'") == [(0,)]


def test_a_killed_run_taken_up_again_gives_the_same_figures(
    settings: Settings, collected_sqlite: Collected, prefect_api: str
) -> None:
    home = settings.workspace.home
    files = len(list(settings.workspace.inbox.iterdir()))
    more = {"TONGKET_BATCH_SIZE": "20", "TONGKET_WORKERS": "1", "PREFECT_API_URL": prefect_api}
    process = start(home, "ingest", **more)
    assert 0 < kill_in_the_middle(process, home) < files
    collect(settings, [], inbox=settings.workspace.inbox)
    engine = engine_for(settings.url)
    assert_same(engine, collected_sqlite.engine)
    assert_nothing_is_doubled(engine, files)
    assert list(settings.workspace.inbox.iterdir()) == []


@pytest.mark.thorough
def test_two_runs_at_once_give_what_one_would(
    settings: Settings, collected_sqlite: Collected, prefect_api: str
) -> None:
    home = settings.workspace.home
    files = len(list(settings.workspace.inbox.iterdir()))
    more = {"TONGKET_BATCH_SIZE": "40", "TONGKET_WORKERS": "1", "PREFECT_API_URL": prefect_api}
    both = [start(home, "ingest", **more) for _ in range(2)]
    said = [Ran(process.wait(), *streams) for process in both for streams in [process.communicate(timeout=180)]]
    assert [(ran.code, ran.err) for ran in said] == [(0, ""), (0, "")]
    engine = engine_for(settings.url)
    assert_same(engine, collected_sqlite.engine)
    assert_nothing_is_doubled(engine, files)
    assert list(settings.workspace.inbox.iterdir()) == []
