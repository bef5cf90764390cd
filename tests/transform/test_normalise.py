"""Cells become readings: the fast way and the careful way agree, and every decision is written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog
from domain.columns import READINGS
from domain.observation import ValueKind
from domain.parse import check_number
from transform.frame import schema_of
from transform.normalise import _plain, normalise, unknown_cells

Make = Callable[..., pl.DataFrame]


def test_every_kind_of_cell_is_read(small: Catalog, figures: Make) -> None:
    cells = figures(
        {"received": 832, "resolved": "gần 1.600 hồ sơ", "on_time_rate": 97.49, "coverage": "18/21", "early": "–"},
        {
            "received": 1.64,
            "resolved": "không phát sinh",
            "on_time_rate": "62/62",
            "coverage": 0.857,
            "early": "832 hồ sơ",
        },
    )
    read = normalise(cells, small)
    assert read.schema == pl.Schema(schema_of(READINGS))
    seen = {(row["file"], row["field"]): row for row in read.iter_rows(named=True)}
    assert len(seen) == cells.height
    assert seen[1, "received"]["value"] == seen[1, "received"]["low"] == 832
    near = seen[1, "resolved"]
    assert (near["value"], near["qualifier"], near["strict_low"], near["strict_high"]) == (
        1600,
        "approx_below",
        1551,
        1599,
    )
    assert (near["low"], near["high"], near["repairs"]) == (1501, 1599, "unit_words,qualified")
    ratio = seen[1, "coverage"]
    assert (ratio["numerator"], ratio["denominator"], round(ratio["value"], 2)) == (18, 21, 85.71)
    assert (seen[1, "early"]["value"], seen[1, "early"]["status"]) == (None, "missing")
    assert (seen[2, "received"]["value"], seen[2, "received"]["problem"]) == (None, "dot_eaten")
    assert (seen[2, "resolved"]["value"], seen[2, "resolved"]["status"]) == (0, "declared_zero")
    assert seen[2, "on_time_rate"]["repairs"] == "percent_as_counts"
    assert seen[2, "coverage"]["problem"] == "not_a_ratio"
    assert seen[2, "early"]["repairs"] == "unit_words"
    assert not read.select(pl.col(pl.Float64).is_nan().any()).row(0).count(True)


def test_numbers_shown_in_percent(small: Catalog, make_cell: Any, make_cells: Any) -> None:
    """A typed 105 % is kept as 1.05, a whole number of hundreds of percent as a whole number."""
    shown = make_cells([
        make_cell(1, "on_time_rate", 1.05) | {"text": "105%"},
        make_cell(2, "received", 1) | {"text": "100%"},
    ])  # fmt: skip
    read = normalise(shown, small)
    assert read["value"].to_list() == [105.0, None]
    assert read["problem"].to_list() == [None, "not_a_number"]
    assert read["repairs"].to_list()[0] == "percent_as_share"


def test_dates_and_errors_in_figure_cells(small: Catalog, make_cell: Any, make_cells: Any) -> None:
    read = normalise(
        make_cells([
            make_cell(1, "coverage", "2026-08-08", kind="date"),
            make_cell(2, "coverage", "2026-05-01", kind="date"),
            make_cell(3, "received", "2026-08-08", kind="date"),
            make_cell(4, "received", "#REF!", kind="error"),
            make_cell(5, "received", "TRUE", kind="bool"),
        ]),
        small,
    )  # fmt: skip
    assert read["problem"].to_list() == [None, "date_in_number", "date_in_number", "cell_error", "not_a_number"]
    assert read["repairs"].to_list()[0] == "ratio_as_date"
    assert read["numerator"].to_list()[0] == 8


def test_lists_are_read_for_their_findings(small: Catalog, make_cell: Any, make_cells: Any) -> None:
    texts = {"level": ["Cấp tỉnh", "cap xa", "liên hành tinh", "TINH", "-"], "day": ["31/02/2024", "29/02/2024"],
             "members": ["08", "tám"]}  # fmt: skip
    rows = [
        make_cell(1, f"initiatives.{column}", text, item)
        for column, given in texts.items()
        for item, text in enumerate(given, 1)
    ]
    read = normalise(make_cells(rows), small)
    assert read["problem"].to_list() == [
        None, None, "not_in_code_list", None, None, "not_a_date", None, None, "not_a_number",
    ]  # fmt: skip
    assert read["indicator"].null_count() == read.height
    assert read["value"].drop_nulls().to_list() == [8]


def test_matrix_cells_know_their_breakdown_and_notes_are_kept(small: Catalog, make_cell: Any, make_cells: Any) -> None:
    rows = [
        make_cell(1, "table.received", 5, 2),
        make_cell(1, "received", 7),
        make_cell(1, "received", " (1) chưa gồm chi bộ quân sự ", part="note"),
        make_cell(1, "received", "theo sổ", part="note"),
    ]
    read = normalise(make_cells(rows), small)
    assert read.select("indicator", "breakdown", "note").rows() == [
        ("received", "field=ho_tich", None),
        ("received", "", "(1) chưa gồm chi bộ quân sự\ntheo sổ"),
    ]


def test_text_numbers_are_news_in_a_workbook_and_not_in_a_csv(small: Catalog, figures: Make) -> None:
    assert normalise(figures({"received": "11.713"}), small)["repairs"].to_list() == ["text_number"]
    assert normalise(figures({"received": "11.713"}, sheet=""), small)["repairs"].to_list() == [""]
    assert normalise(figures({"received": "11,713"}, sheet=""), small)["repairs"].to_list() == ["comma_thousands"]


def test_cells_no_form_knows_are_named(small: Catalog, make_cell: Any, make_cells: Any) -> None:
    rows = [make_cell(1, "received", 1), make_cell(1, "recieved", 1), make_cell(1, "table.received", 1, 9),
            make_cell(1, "initiatives.name", "a", 3), make_cell(1, "limitation", "b"),
            make_cell(1, "received", "n", part="note")]  # fmt: skip
    lost = unknown_cells(make_cells(rows), small)
    assert lost.select("field", "item").rows() == [("recieved", 0), ("table.received", 9)]


@given(
    st.floats(allow_nan=True, allow_infinity=True) | st.integers(-2000, 2000).map(lambda n: n / 8),
    st.sampled_from([ValueKind.COUNT, ValueKind.QUANTITY, ValueKind.PERCENT, ValueKind.RATIO]),
    st.sampled_from(["", "105%"]),
)
def test_what_goes_the_fast_way_is_beyond_doubt(number: float, kind: ValueKind, text: str) -> None:
    placed = pl.DataFrame({"kind": ["number"], "number": [number], "text": [text], "value_kind": [kind.value]})
    fast = bool(_plain(placed).fill_null(False)[0])
    careful = check_number(number, kind, text)
    assert fast == (careful.problem is None and careful.repairs == () and careful.value == number)


@pytest.mark.parametrize("form", ["review-report", "one-stop-dossiers"])
def test_the_shipped_examples_are_read_without_a_question(shipped: Catalog, example_cells: Make, form: str) -> None:
    cells = example_cells(form)
    read = normalise(cells, shipped)
    assert unknown_cells(cells, shipped).is_empty()
    assert read.filter(pl.col("problem").is_not_null() | (pl.col("repairs") != "")).is_empty()
    assert read.filter(pl.col("indicator").is_not_null())["value"].null_count() == 0


def test_an_empty_batch_is_a_batch(small: Catalog, figures: Make) -> None:
    assert normalise(figures(), small).schema == pl.Schema(schema_of(READINGS))
