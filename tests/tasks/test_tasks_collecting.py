"""A whole collection on both databases: what becomes of each file, and that doing it again changes nothing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tasks.store import engine_for
from tests.collecting import collect
from tests.conftest import Collected
from tests.delivered import PERIOD, Delivery, fact_counts, figures, first_outcomes, install, totals
from warehouse import queries


def test_every_file_gets_the_outcome_that_was_planted(collected: Collected) -> None:
    outcomes = first_outcomes(collected.engine)
    planted = {f"{item.name}.xlsx": item.outcome.value for item in collected.delivery.sent if item.outcome}
    assert {name: outcomes.get(name) for name in planted} == planted


def test_every_source_filing_is_accepted(collected: Collected) -> None:
    planted = {f"{item.name}.xlsx" for item in collected.delivery.sent}
    others = {name: outcome for name, outcome in first_outcomes(collected.engine).items() if name not in planted}
    assert len(others) == collected.delivery.sources
    assert set(others.values()) <= {"accepted", "accepted_with_warnings"}


def test_the_run_counts_every_file_once(collected: Collected) -> None:
    planted = Counter(item.outcome.value for item in collected.delivery.sent if item.outcome)
    counted = queries.counts_of_run(collected.engine, collected.run)
    accepted = ("accepted", "accepted_with_warnings")
    assert {name: counted[name] for name in planted if name not in accepted} == {
        name: count for name, count in planted.items() if name not in accepted
    }
    assert sum(counted.get(name, 0) for name in accepted) == collected.delivery.sources + sum(
        planted[name] for name in accepted
    )


def test_collecting_the_same_files_again_changes_nothing(collected: Collected) -> None:
    before = fact_counts(collected.engine), figures(collected.engine), totals(collected.engine)
    run = collect(collected.settings, collected.delivery.files)
    assert (fact_counts(collected.engine), figures(collected.engine), totals(collected.engine)) == before
    assert before[0]["observation"] > 1_000
    distinct = len(collected.delivery.files) - 1  # one unit sends the same bytes twice
    assert queries.counts_of_run(collected.engine, run) == {"same_bytes": distinct}


def test_nothing_of_a_rejected_file_is_in_force(collected: Collected) -> None:
    refused = {
        item.filing.unit
        for item in collected.delivery.sent
        if item.outcome is not None and item.outcome.value in ("rejected", "unreadable")
    }
    corrected = {
        item.filing.unit
        for item in collected.delivery.sent
        if item.outcome is not None and item.outcome.value.startswith("accepted")
    }
    assert refused - corrected
    reported = set(queries.observations_in_force(collected.engine, PERIOD, "review-report")["unit"])
    assert not reported & (refused - corrected)
    assert corrected <= reported | set(
        queries.observations_in_force(collected.engine, PERIOD, "one-stop-dossiers")["unit"]
    )


def test_a_correction_replaces_what_it_corrects(collected: Collected) -> None:
    first, second = (item for item in collected.delivery.sent if item.fault == "corrected_after_acceptance")
    unit = first.filing.unit
    (found,) = queries.trace(collected.engine, unit, PERIOD, "registered_deeds", "")
    assert found["version"] == 2
    assert found["value"] == second.filing.figures["registered_deeds"] != first.filing.figures["registered_deeds"]


def test_the_province_is_added_up_from_what_is_in_force(collected: Collected) -> None:
    in_force = queries.observations_in_force(collected.engine, PERIOD, "review-report")
    cells = in_force.filter(
        (in_force["indicator"] == "party_members")
        & (in_force["breakdown"] == "")
        & in_force["unit"].str.starts_with("P99.CB")
    )
    summed = queries.summary(collected.engine, PERIOD, "P99.DU", "review-report")
    (total,) = summed.filter((summed["indicator"] == "party_members") & (summed["breakdown"] == "")).to_dicts()
    assert cells.height > 30
    assert total["value"] == cells["value"].sum()
    assert cells.height <= total["reported"] < total["expected"]


@pytest.mark.postgres
def test_both_databases_end_with_the_same_figures_and_totals(
    collected_sqlite: Collected, collected_postgres: Collected
) -> None:
    assert figures(collected_postgres.engine) == figures(collected_sqlite.engine)
    assert totals(collected_postgres.engine) == totals(collected_sqlite.engine)
    assert fact_counts(collected_postgres.engine) == fact_counts(collected_sqlite.engine)


def test_totals_computed_from_older_figures_never_replace_newer_ones(
    url: str, delivery: Delivery, tmp_path: Path
) -> None:
    """Two runs add up the same period: the one that read first may be the one that writes last."""
    settings = install(tmp_path / "home", delivery, url)
    engine = engine_for(settings.url)
    collect(settings, delivery.files)
    newer = totals(engine)
    older = queries.summary(engine, PERIOD, "P99.DU", "review-report").with_columns(
        unit=pl.lit("P99.DU"), value=pl.lit(0.0)
    )
    before = datetime.now(UTC) - timedelta(hours=1)
    assert queries.write_roll_up(engine, PERIOD, "review-report", older, as_of=before) == 0
    assert totals(engine) == newer
    assert queries.write_roll_up(engine, PERIOD, "review-report", older, as_of=queries.settled(engine)) == older.height
    engine.dispose()
