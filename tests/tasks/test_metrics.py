"""Metrics: a valid exposition whose numbers are those of the status board, bounded, and never waited for."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from domain import clock
from tasks import metrics
from tasks.metrics import Warehouse, exposition
from tasks.settings import Settings
from tasks.store import engine_for
from tests.conftest import Collected
from warehouse import operations, queries
from warehouse.engine import write

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


def read(content: bytes) -> Samples:
    found: Samples = defaultdict(dict)
    for family in text_string_to_metric_families(content.decode()):
        assert " · " in family.documentation, family.name
        for sample in family.samples:
            found[sample.name][tuple(sorted(sample.labels.items()))] = sample.value
    return found


def counted(collector: Warehouse) -> Samples:
    """The metrics once the counts are made."""
    exposition(collector)
    if collector._counting is not None:
        collector._counting.join()
    collector._collected_at = float("-inf")
    return read(exposition(collector))


def total(samples: Samples, name: str, **wanted: str) -> float:
    return sum(value for labels, value in samples[name].items() if wanted.items() <= dict(labels).items())


@pytest.fixture
def moment(collected: Collected) -> datetime:
    """A moment at which the newest period of the delivery is not history yet."""
    last = max(queries.last_day(collected.engine, code) for code in queries.periods_with_submissions(collected.engine))
    return datetime(last.year, last.month, last.day, 12, tzinfo=UTC)


def test_the_counts_are_those_of_the_status_board(collected: Collected, moment: datetime) -> None:
    with clock.pretending(moment):
        samples = counted(Warehouse(collected.settings))
        told = {dict(labels)["period"] for labels in samples["tongket_expected"]}
        boards = [board for code in told for board in queries.status(collected.engine, code) if board["form"]]
    assert boards
    for board in boards:
        here = {"period": board["period"], "form": board["form"]}
        for name in ("expected", "missing", "overdue", "late"):
            assert total(samples, f"tongket_{name}", **here) == board[name], (name, here)
        for state in ("accepted", "accepted_with_warnings", "rejected", "unreadable", "withdrawn"):
            assert total(samples, "tongket_submissions", **here, result=state) == board[state], (state, here)
    kinds = {dict(labels)["unit_kind"] for labels in samples["tongket_submissions"]}
    assert "None" not in kinds


def test_runs_notices_and_the_rest_are_told(collected: Collected, moment: datetime) -> None:
    with clock.pretending(moment):
        samples = counted(Warehouse(collected.settings))
    with collected.engine.connect() as connection:  # another test may have collected the same files again
        words = "select count(*) from run where kind = 'collect-period' and state = 'completed'"
        runs = connection.execute(text(words)).scalar_one()
    assert runs >= 1
    assert total(samples, "tongket_runs_total", kind="collect-period", state="completed") == runs
    # a failure is an increase only when the series was there before it
    assert {("retry-failed", "failed"), ("close-period", "died"), ("remind", "failed")} <= {
        (dict(labels)["kind"], dict(labels)["state"]) for labels in samples["tongket_runs_total"]
    }
    assert total(samples, "tongket_run_seconds", kind="collect-period") > 0
    assert abs(total(samples, "tongket_last_success_timestamp_seconds", kind="collect-period") - time.time()) < 3_600
    assert total(samples, "tongket_up") == total(samples, "tongket_build_info") == 1
    assert total(samples, "tongket_notices") == total(samples, "tongket_waiting") == 0
    assert total(samples, "tongket_disk_free_bytes", place="home") > 0
    assert total(samples, "tongket_next_cutoff_timestamp_seconds") > moment.timestamp()
    lives = {dict(labels)["life"] for labels, value in samples["tongket_period_life"].items() if value}
    assert lives == {"open"}


def test_a_warehouse_that_is_away_is_told_not_raised(tmp_path: Path) -> None:
    away = Settings(home=tmp_path, warehouse_url="postgresql://u:sEcReT@127.0.0.1:1/x")  # type: ignore[arg-type]
    content = exposition(Warehouse(away))
    assert total(read(content), "tongket_up") == 0
    assert b"sEcReT" not in content


def test_counts_are_made_again_only_when_something_changed(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path, warehouse_url=url)  # type: ignore[arg-type]
    engine, made = engine_for(url), []
    monkeypatch.setattr(metrics, "COUNTS_SECONDS", 0.0)
    monkeypatch.setattr(operations, "boards", lambda *_: made.append(1) or pl.DataFrame())
    collector = Warehouse(settings)
    for _ in range(3):
        collector._next_at = float("-inf")
        counted(collector)
    assert len(made) == 1
    with write(engine) as connection:
        words = "insert into action (id, at, who, what, reason) values (1, '2026-01-01', 'a', 'retry', 'x')"
        connection.execute(text(words))
    collector._next_at = float("-inf")
    counted(collector)
    assert len(made) == 2
    engine.dispose()


def test_counting_that_takes_long_is_not_waited_for(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path, warehouse_url=url)  # type: ignore[arg-type]
    monkeypatch.setattr(metrics, "A_MOMENT", 0.01)
    monkeypatch.setattr(operations, "boards", lambda *_: time.sleep(1) or pl.DataFrame())
    collector = Warehouse(settings)
    first = read(exposition(collector))
    assert "tongket_counted_timestamp_seconds" not in first
    assert total(first, "tongket_up") == 1
    assert "tongket_counted_timestamp_seconds" in counted(collector)
    engine_for(url).dispose()


def test_history_that_nobody_closed_is_not_told_for_ever(collected: Collected) -> None:
    with clock.pretending(datetime(2040, 1, 1, tzinfo=UTC)):
        assert operations.periods_now(collected.engine, clock.now()) == []
