"""The one-stop shop in one row a report: the figures of the report, rates as ratios, found by an index."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, text
from world import CATALOG, UNITS, arrive, batch, frame

from domain import columns
from tests.conftest import Collected
from tests.delivered import PERIOD
from warehouse.intake import start_run
from warehouse.load import LoadBatch, load_batch
from warehouse.registry import sync_registry

from world import _indicator  # isort: skip

CODES = ("dossiers_received", "dossiers_resolved", "dossiers_pending", "on_time_rate_resolved")


def _rows(engine: Engine, question: str) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(text(question)).mappings()]


def test_every_figure_is_that_of_the_report_and_rates_are_ratios(collected: Collected) -> None:
    rows = _rows(collected.engine, "SELECT * FROM mart_dossier")
    assert {row["form"] for row in rows} == {"one-stop-dossiers", "review-report"}
    assert PERIOD in {row["period"] for row in rows}
    asked = "indicator LIKE 'dossiers%' OR indicator LIKE 'on_time_rate_re%'"
    told = _rows(collected.engine, f"SELECT * FROM mart_observation WHERE breakdown = '' AND ({asked})")
    stated = {(one["submission_id"], one["scope"], one["indicator"]): one for one in told}
    known_to_view = {code for _, _, code in stated} - {"dossiers_received_base", "dossiers_received_growth_pct",
                     "dossiers_due", "dossiers_overdue_unspecified", "dossiers_by_process_rate"}  # fmt: skip
    reports = {key[:2] for key in stated if key[2] in known_to_view}
    assert {(row["submission_id"], row["scope"]) for row in rows} == reports
    for row in rows:
        for name in ("received", "resolved", "resolved_early", "resolved_overdue", "pending", "pending_overdue"):
            known = stated.get((row["submission_id"], row["scope"], f"dossiers_{name}"))
            assert row[name] == (known["value"] if known else None), (row["unit"], name)
        if row["resolved_numerator"] is not None:
            rate = 100 * row["resolved_numerator"] / row["resolved_denominator"]
            assert row["on_time_rate_resolved"] == pytest.approx(rate)
    assert any(row["resolved_numerator"] for row in rows)


def _reports(*stated: tuple[int, str, dict[str, tuple[float, str, str]]]) -> LoadBatch:
    """Reports as (submission, unit, indicator → value, qualifier, scope)."""
    loaded = batch(*((file, unit, "accepted", {}) for file, unit, _ in stated))
    rows = [
        {"file": file, "indicator": code, "breakdown": "", "value": value, "qualifier": word, "status": "value",
         "basis": "in_period", "scope": scope, "derived": False}
        for file, _, figures in stated for code, (value, word, scope) in figures.items()
    ]  # fmt: skip
    return replace(loaded, observations=frame(columns.OBSERVATIONS, rows))


@pytest.fixture
def run(engine: Engine) -> str:
    catalog = replace(CATALOG, indicators={**CATALOG.indicators, **{code: _indicator(code, code) for code in CODES}})
    sync_registry(engine, catalog, UNITS, years=(2025,))
    return start_run(engine, "collect-period", "2025-Q1")


def test_what_is_about_whose_and_no_longer_believed(engine: Engine, run: str) -> None:
    """Figures of the territory stand in a row of their own; what was corrected stands in none."""
    one, two, corrected = arrive(engine, run, "a", "b", "c")
    exact = {"dossiers_received": (10.0, "exact", "own"), "dossiers_resolved": (8.0, "exact", "own")}
    about = {"dossiers_received": (200.0, "gt", "own"), "dossiers_pending": (900.0, "exact", "territory")}
    load_batch(engine, run, _reports((one, "X01", exact), (two, "X02", about)))
    load_batch(engine, run, _reports((corrected, "X01", {"dossiers_received": (11.0, "exact", "own")})))
    question = "SELECT unit, scope, received, resolved, pending, is_exact, submission_id, version FROM mart_dossier"
    assert [tuple(row.values()) for row in _rows(engine, f"{question} ORDER BY unit, scope")] == [
        ("X01", "own", 11.0, None, None, 1, corrected, 2),
        ("X02", "own", 200.0, None, None, 0, two, 1),
        ("X02", "territory", None, None, 900.0, 1, two, 1),
    ]


def test_one_unit_is_found_by_indexes_alone(engine: Engine, run: str) -> None:
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, _reports((one, "X01", {"dossiers_received": (10.0, "exact", "own")})))
    question = "SELECT * FROM mart_dossier WHERE period = '2025-Q1' AND unit = 'X01'"
    if engine.dialect.name == "sqlite":
        plan = [row["detail"] for row in _rows(engine, f"EXPLAIN QUERY PLAN {question}")]
        scanned = [step for step in plan if step.startswith("SCAN ") and step.split()[1] in ("o", "s", "u", "p")]
        assert scanned == [], plan
    else:
        with engine.connect() as connection:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            plan = list(connection.scalars(text(f"EXPLAIN {question}")))
        walked = [step for step in plan if "Seq Scan on observation" in step or "Seq Scan on submission" in step]
        assert walked == [], plan
