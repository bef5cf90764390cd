"""Findings that compare with other periods say what stands there, and where."""

from __future__ import annotations

from typing import Any

import polars as pl

from catalog.load import Catalog

FORM = "review-report"


def _one(findings: pl.DataFrame, rule: str) -> dict[str, Any]:
    return findings.filter(pl.col("rule") == rule).row(0, named=True)


def test_the_earlier_figure_has_its_period_file_and_cell(catalog: Catalog, make_batch: Any) -> None:
    finding = _one(make_batch(FORM, {"history": {"previous": {"dossiers_pending": 1090}}}).check(catalog), "HIS-001")
    form = catalog.forms[FORM]
    there = form.places[form.version]["dossiers_pending"]
    assert finding["arithmetic"] == "1.090 ≠ 1.087 (lệch 3)"
    assert f"Kỳ trước: 2024, tệp 2024.xlsx, {there}." in finding["message_vi"]
    assert f"Previous period: 2024, file 2024.xlsx, {there}." in finding["message_en"]
    assert finding["cells"] == form.places[form.version]["dossiers_carried_over"], "cells are those of this file only"


def test_a_figure_with_words_is_compared_and_written_with_them(catalog: Catalog, make_batch: Any) -> None:
    worded = {"value": 1000.0, "low": 1001.0, "high": 1999.0, "qualifier": "gt"}
    inside = make_batch(FORM, {"history": {"previous": {"dossiers_pending": worded}}}).check(catalog)
    assert inside.filter(pl.col("severity") == "critical").is_empty()
    outside = worded | {"value": 2000.0, "low": 2001.0, "high": 2999.0}
    finding = _one(make_batch(FORM, {"history": {"previous": {"dossiers_pending": outside}}}).check(catalog), "HIS-001")
    assert finding["arithmetic"].startswith("hơn 2.000 ≠ 1.087")


def test_a_sum_over_time_is_written_out_with_every_place(catalog: Catalog, make_batch: Any) -> None:
    finding = _one(make_batch(FORM, {"history": {"parts": {"inspections": [2, 4]}}}).check(catalog), "HIS-044")
    form = catalog.forms[FORM]
    there = form.places[form.version]["inspections"]
    assert finding["arithmetic"] == "2 + 4 = 6 ≠ 5 (lệch 1)"
    assert (
        f"Các kỳ ngắn hơn: 2025-1 (2), tệp 2025-1.xlsx, {there}; 2025-2 (4), tệp 2025-2.xlsx, {there}."
        in finding["message_vi"]
    )
    assert finding["field"] == "inspections"
    even = make_batch(FORM, {"history": {"parts": {"inspections": [1, 4]}}}).check(catalog)
    assert even.is_empty()


def test_a_copy_of_the_previous_report_names_it_and_every_equal_cell(catalog: Catalog, make_batch: Any) -> None:
    rule = catalog.rules_by_id["HIS-028"]
    finding = _one(make_batch(FORM, rule.counterexample).check(catalog), rule.id)
    assert "Kỳ trước: 2024, tệp 2024.xlsx." in finding["message_vi"]
    form = catalog.forms[FORM]
    places = form.places[form.version]
    cells = finding["cells"].split(", ")
    assert cells[0] == places["subordinate_cells"]
    history = dict(rule.counterexample["history"])["previous"]  # type: ignore[call-overload]
    assert set(cells) < {places[field] for field in history}
    assert places["dossiers_pending"] not in cells, "1.242 now, 1.087 before"


def test_fewer_than_five_figures_are_no_running_total(catalog: Catalog, make_batch: Any) -> None:
    longer = dict(catalog.rules_by_id["HIS-030"].counterexample["history"])["longer"]  # type: ignore[call-overload]
    equal = {code: value for code, value in longer.items() if code != "study_convened"}
    assert "HIS-030" in make_batch(FORM, {"history": {"longer": equal}}).check(catalog)["rule"]
    few = dict(list(equal.items())[:4])
    assert make_batch(FORM, {"history": {"longer": few}}).check(catalog).is_empty()
    zeros = dict.fromkeys(("edocs_pending",), 0)
    assert make_batch(FORM, {"history": {"longer": few | zeros}}).check(catalog).is_empty()
