"""The pool of processes that reads and checks."""

from __future__ import annotations

from datetime import date

import polars as pl
import psutil

from tasks.workers import pool, process_in_worker, warm_up
from tests.conftest import Collected
from workbook.read import Source


def test_a_spawned_worker_judges_a_batch_as_this_process_would(collected_sqlite: Collected) -> None:
    """With its own definitions, its own register and its own connection to the past."""
    settings = collected_sqlite.settings
    chosen = [item for item in collected_sqlite.delivery.sent if item.fault in ("wrong_sum", "truncated", "unit_words")]
    sources = [
        Source(number, collected_sqlite.delivery.folder / f"{item.name}.xlsx", item.name)
        for number, item in enumerate(chosen, 1)
    ]
    with pool(1, settings) as executor:
        warm_up(executor, 1)
        outcome = executor.submit(process_in_worker, sources, settings, date(2026, 1, 5), None, "thử").result(60)
    states = dict(outcome.verdicts.select("file", "state").iter_rows())
    assert [states[number] for number in range(1, len(chosen) + 1)] == [item.outcome for item in chosen]
    for number, item in enumerate(chosen, 1):
        rules = set(outcome.findings.filter(pl.col("file") == number)["rule"])
        assert set(item.rules) <= rules
    assert not [
        child for child in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(child.cmdline())
    ]
