"""Attainment: the figure that covers the year best, outcomes from intervals, and what is not final."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog, load_catalog
from domain.target import note_in_words
from transform.attainment import ATTAINED, TARGETS, attained

CATALOG: Catalog = load_catalog()
_YEAR = {"period": "2025", "is_year": True, "runs": True, "ends": date(2025, 12, 14), "days": 365}


def figure(value: float | None, **more: Any) -> dict[str, Any]:
    row = {
        "unit": "U",
        "indicator": "post_study_papers",
        "breakdown": "",
        "value": value,
        "lower": value,
        "upper": value,
        "qualifier": "exact",
        "numerator": None,
        "denominator": None,
        "reported": 1,
        "expected": 1,
        "source": "computed",
        "note": None,
        "year": 2025,
        "form": "review-report",
        **_YEAR,
    }
    return row | more


def quarter(number: int, value: float | None, **more: Any) -> dict[str, Any]:
    ends = date(2025, 3 * number, 14)
    return figure(value, period=f"2025-Q{number}", is_year=False, runs=number == 1, ends=ends, days=91, **more)


def reached(target: float, *figures: dict[str, Any], **asked: Any) -> dict[str, Any]:
    row = {"unit": "U", "indicator": "post_study_papers", "year": 2025, "direction": "at_least", "source": "KH 1"}
    row |= {"target": target, "lives": True} | asked
    numbers = ("value", "lower", "upper", "numerator", "denominator")
    schema = dict.fromkeys(("note", "qualifier", "source", "form"), pl.String) | dict.fromkeys(numbers, pl.Float64)
    given_figures = [item | {"indicator": row["indicator"]} for item in figures] or [figure(None)]
    frame = pl.DataFrame(given_figures, schema_overrides=schema)
    found = attained(pl.DataFrame([row], schema=TARGETS), frame if figures else frame.clear(), CATALOG)
    assert found.schema == pl.Schema(ATTAINED)
    return found.row(0, named=True)


@pytest.mark.parametrize(
    ("direction", "bounds", "outcome"),
    [
        ("at_least", (100.0, 100.0), "met"),
        ("at_least", (99.0, 99.0), "not_met"),
        ("at_least", (95.0, 105.0), "undecided"),
        ("at_least", (101.0, None), "met"),
        ("at_least", (50.0, None), "undecided"),
        ("at_most", (100.0, 100.0), "met"),
        ("at_most", (101.0, 110.0), "not_met"),
        ("at_most", (95.0, 105.0), "undecided"),
    ],
)
def test_an_outcome_is_told_where_the_whole_interval_lies_on_one_side(
    direction: str, bounds: tuple[float, float | None], outcome: str
) -> None:
    low, high = bounds
    row = reached(100.0, figure(low, lower=low, upper=high, qualifier="approx"), direction=direction)
    assert row["outcome"] == outcome


@settings(deadline=None)
@given(st.integers(0, 200), st.integers(0, 60), st.integers(1, 200), st.sampled_from(["at_least", "at_most"]))
def test_no_value_of_the_interval_contradicts_a_final_outcome(low: int, more: int, target: int, way: str) -> None:
    row = reached(
        float(target), figure(float(low), lower=float(low), upper=float(low + more), qualifier="gt"), direction=way
    )
    possible = {value >= target if way == "at_least" else value <= target for value in (low, low + more)}
    assert row["outcome"] == {(True,): "met", (False,): "not_met"}.get(tuple(possible), "undecided")
    assert row["attainment_lower"] <= row["attainment"] <= row["attainment_upper"]


def test_the_years_report_is_taken_when_it_is_there_and_else_the_period_is_named() -> None:
    year = reached(100.0, quarter(1, 30.0), figure(110.0), quarter(4, 40.0))
    assert (year["period"], year["value"], year["outcome"], year["attainment"]) == ("2025", 110.0, "met", 110.0)
    nine = figure(80.0, period="2025-9M", is_year=False, ends=date(2025, 9, 14), days=274)
    running = reached(100.0, quarter(3, 30.0), nine, figure(None, note="nothing_reported"))
    assert (running["period"], running["outcome"]) == ("2025-9M", "not_met_so_far")
    assert running["note"] == "year_runs=2025-9M,not_met_so_far"
    assert "số của 2025-9M" in note_in_words(running["note"], "vi")


def test_what_can_only_grow_is_final_once_it_is_past_its_target() -> None:
    assert reached(25.0, quarter(1, 30.0))["outcome"] == "met"
    assert reached(25.0, quarter(1, 30.0), direction="at_most")["outcome"] == "not_met"
    assert reached(35.0, quarter(1, 30.0), direction="at_most")["outcome"] == "met_so_far"
    stock = reached(25.0, quarter(1, 30.0), indicator="edocs_pending")
    assert stock["outcome"] == "met_so_far"


def test_of_stocks_the_latest_figure_is_taken_of_flows_the_longest() -> None:
    half = figure(70.0, period="2025-H1", is_year=False, ends=date(2025, 6, 14), days=182)
    assert reached(1.0, half, quarter(3, 5.0), indicator="party_members")["period"] == "2025-Q3"
    assert reached(1.0, half, quarter(3, 5.0))["period"] == "2025-H1"


def test_totals_of_a_part_of_the_units_are_final_only_where_more_cannot_turn_them() -> None:
    part = figure(90.0, reported=12, expected=14)
    assert reached(80.0, part)["outcome"] == "met"
    short = reached(100.0, part)
    assert (short["outcome"], short["note"]) == ("not_met_so_far", "incomplete=12/14,not_met_so_far")
    rate = reached(80.0, part, indicator="registration_rate")
    assert (rate["outcome"], rate["points"], rate["attainment"]) == ("met_so_far", 10.0, None)
    stated = figure(90.0, reported=0, expected=14, source="reported")
    assert reached(100.0, stated)["outcome"] == "not_met"


def test_a_missing_figure_has_a_reason_and_never_a_number() -> None:
    for row, note in (
        (reached(80.0, figure(None, note="not_additive")), "not_additive"),
        (reached(80.0), "no_figure"),
        (reached(80.0, lives=False), "unit_ended"),
    ):
        assert (row["value"], row["attainment"], row["points"], row["outcome"], row["note"]) == (None,) * 4 + (note,)
        assert note_in_words(note, "en")


def test_a_target_of_nothing_has_an_outcome_and_no_percentage() -> None:
    row = reached(0.0, figure(0.0), direction="at_most")
    assert (row["outcome"], row["attainment"], row["note"]) == ("met", None, "zero_target")
