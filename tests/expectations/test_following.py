"""Rules on conclusions: silent where nobody knows what was concluded, and where a template could not say it."""

from __future__ import annotations

import polars as pl
import pytest

from catalog.load import Catalog
from domain.conclusion import Direction, Met, judge_target
from tasks.proving import stacked

FORM = "review-report"
UNTOLD = {"lists": {"conclusion_progress": [{"conference": "TK-2024", "number": 7, "state": "done"}]}}


def fired(catalog: Catalog, form_version: str | None = None, **known: pl.DataFrame | None) -> list[str]:
    header = {"form_version": form_version} if form_version else None
    findings = stacked(catalog, FORM, [UNTOLD], header).check(catalog, **known)
    return findings.filter(pl.col("rule").str.starts_with("CON-"))["rule"].to_list()


def test_a_wrong_number_and_two_tasks_without_a_word_are_found(catalog: Catalog) -> None:
    assert fired(catalog) == ["CON-004", "CON-006", "CON-006"]


def test_without_a_warehouse_nothing_is_judged(catalog: Catalog) -> None:
    assert fired(catalog, conclusions=None) == []


def test_a_report_on_an_older_template_is_not_asked_for_what_it_has_no_place_for(catalog: Catalog) -> None:
    assert fired(catalog, "2025.1") == []


@pytest.mark.parametrize(
    ("low", "high", "direction", "judged"),
    [
        (8, 8, Direction.AT_LEAST, Met.MET),
        (7, 7, Direction.AT_LEAST, Met.NOT_MET),
        (7, 9, Direction.AT_LEAST, Met.NOT_KNOWN),
        (7, float("inf"), Direction.AT_LEAST, Met.NOT_KNOWN),
        (8, 8, Direction.AT_MOST, Met.MET),
        (9, float("inf"), Direction.AT_MOST, Met.NOT_MET),
        (float("-inf"), 8, Direction.AT_MOST, Met.MET),
        (7, 9, Direction.AT_MOST, Met.NOT_KNOWN),
    ],
)
def test_a_target_is_judged_on_all_a_figure_may_be(low: float, high: float, direction: Direction, judged: Met) -> None:
    assert judge_target(low, high, direction, 8) is judged
