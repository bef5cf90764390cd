"""Totals over the tree: each figure once, with coverage, with the word its parts allow."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog
from domain.quantity import Qualifier, Quantity
from transform.roll_up import UnitTreeError, roll_up

#: P over A and B; A over A1 and A2; B1 under B. Everyone but P owes.
UNITS = pl.DataFrame({"unit": ["P", "A", "B", "A1", "A2", "B1"], "parent": ["VN", "P", "P", "A", "A", "B"]})
OWED = pl.DataFrame({"unit": ["A", "B", "A1", "A2", "B1"]})
SCHEMA = {
    "unit": pl.String, "indicator": pl.String, "breakdown": pl.String, "value": pl.Float64, "numerator": pl.Float64,
    "denominator": pl.Float64, "qualifier": pl.String, "lower": pl.Float64, "upper": pl.Float64, "status": pl.String,
    "scope": pl.String,
}  # fmt: skip


def figure(unit: str, indicator: str, value: float | None, word: str = "exact", **more: Any) -> dict[str, Any]:
    loose = Quantity(value, Qualifier(word)).loose
    low, high = (loose.low, loose.high) if loose else (None, None)
    return {
        "unit": unit, "indicator": indicator, "breakdown": "", "value": value, "qualifier": word, "lower": low,
        "upper": None if high == float("inf") else high, "status": "value", "scope": "own", **more,
    }  # fmt: skip


def totals(catalog: Catalog, *rows: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    rolled = roll_up(pl.DataFrame(list(rows), schema=SCHEMA), UNITS, OWED, catalog)
    return {(row["unit"], row["indicator"]): row for row in rolled.iter_rows(named=True)}


def test_own_figures_are_added_once_up_the_tree_with_their_coverage(small: Catalog) -> None:
    seen = totals(small, figure("A", "received", 1), figure("A1", "received", 10), figure("A2", "received", 100),
                  figure("B1", "received", None, status="missing"))  # fmt: skip
    assert {unit: (row["value"], row["reported"], row["expected"]) for (unit, _), row in seen.items()} == {
        "P": (111, 3, 5), "A": (111, 3, 3), "A1": (10, 1, 1), "A2": (100, 1, 1), "B": (None, 0, 2),
    }  # fmt: skip
    assert seen["B", "received"]["note"] == "nothing_reported"
    assert seen["P", "received"]["source"] == "computed"


def test_a_stated_subtree_stands_only_where_nothing_was_computed_and_is_never_added(small: Catalog) -> None:
    seen = totals(small, figure("A1", "received", 10), figure("A", "received", 99, scope="subtree"),
                  figure("B", "received", 64427, scope="territory"))  # fmt: skip
    assert (seen["A", "received"]["value"], seen["A", "received"]["source"]) == (10, "computed")
    assert (seen["B", "received"]["value"], seen["B", "received"]["source"]) == (64427, "reported")
    assert seen["P", "received"]["value"] == 10


def test_totals_of_worded_figures_are_worded(small: Catalog) -> None:
    over = totals(small, figure("A1", "received", 3), figure("A2", "received", 200, "gt"))
    total = over["P", "received"]
    assert (total["value"], total["qualifier"], total["lower"], total["upper"]) == (203, "gt", 204, 302)
    nearly = totals(small, figure("A1", "received", 3), figure("A2", "received", 1300, "approx_below"))
    assert nearly["P", "received"]["qualifier"] == "approx_below"
    both = totals(small, figure("A1", "received", 200, "gt"), figure("A2", "received", 1300, "approx_below"))
    assert both["P", "received"]["qualifier"] == "approx"
    open_end = totals(small, figure("A1", "received", 5, "ge"), figure("A2", "received", 1))["P", "received"]
    assert (open_end["qualifier"], open_end["lower"], open_end["upper"]) == ("ge", 6, None)
    under = totals(small, figure("A1", "received", 5, "lt"), figure("A2", "received", 1))["P", "received"]
    assert under["qualifier"] == "lt"
    assert totals(small, figure("A1", "received", 5, "approx"))["P", "received"]["qualifier"] == "approx"


def test_rates_are_ratios_of_sums_and_never_averages(small: Catalog) -> None:
    seen = totals(
        small,
        figure("A1", "early", 0), figure("A1", "on_time", 90), figure("A1", "resolved", 100),
        figure("A2", "early", 0), figure("A2", "on_time", 0), figure("A2", "resolved", 900),
        figure("A2", "on_time_rate", 0), figure("B1", "on_time", 7), figure("B1", "resolved", 7),
    )  # fmt: skip
    rate = seen["P", "on_time_rate"]
    assert (rate["value"], rate["numerator"], rate["denominator"]) == (9, 90, 1000)
    assert (rate["reported"], rate["expected"], rate["qualifier"]) == (2, 5, "exact")
    coverage = totals(
        small, *(figure(u, "coverage", 0, numerator=n, denominator=d) for u, n, d in (("A1", 18, 21), ("B1", 8, 8)))
    )
    assert coverage["P", "coverage"]["value"] == pytest.approx(100 * 26 / 29)


def test_rates_without_counts_have_no_total(small: Catalog) -> None:
    seen = totals(small, figure("A1", "on_time_rate", 90), figure("A2", "attendance_rate", 80, "gt"))
    assert (seen["P", "on_time_rate"]["value"], seen["P", "on_time_rate"]["note"]) == (None, "counts_missing")
    assert (seen["P", "attendance_rate"]["value"], seen["P", "attendance_rate"]["note"]) == (None, "not_additive")
    leaf = seen["A2", "attendance_rate"]
    assert (leaf["value"], leaf["qualifier"], leaf["source"], leaf["note"]) == (80, "gt", "reported", None)


def test_growth_is_that_of_the_sums(small: Catalog) -> None:
    seen = totals(small, figure("A1", "received", 30), figure("A1", "received_base", 10),
                  figure("A2", "received", 10), figure("A2", "received_base", 10),
                  figure("B1", "received", 500), figure("A2", "received_growth_pct", 0))  # fmt: skip
    assert seen["P", "received_growth_pct"]["value"] == 100
    assert seen["P", "received_growth_pct"]["denominator"] == 20


def test_greatest_least_and_what_only_lists_can_tell(small: Catalog) -> None:
    seen = totals(small, *(figure(u, i, v) for i in ("procedures", "criteria_min", "models")
                           for u, v in (("A1", 150), ("A2", 11), ("B1", 20))))  # fmt: skip
    assert seen["P", "procedures"]["value"] == 150
    assert seen["P", "criteria_min"]["value"] == seen["P", "criteria_min"]["lower"] == 11
    assert (seen["P", "models"]["value"], seen["P", "models"]["note"]) == (None, "from_lists")
    assert seen["A1", "models"]["value"] == 150


def test_total_rows_of_matrices_are_left_out(small: Catalog) -> None:
    rows = [
        figure("A1", "received", 9, breakdown="level=xa;field=tong"),
        figure("A1", "received", 4, breakdown="field=ho_tich"),
    ]
    rolled = roll_up(pl.DataFrame(rows, schema=SCHEMA), UNITS, OWED, small)
    assert rolled["breakdown"].unique().to_list() == ["field=ho_tich"]


def test_figures_of_strangers_and_rings_are_refused(small: Catalog) -> None:
    with pytest.raises(UnitTreeError, match="X9"):
        totals(small, figure("X9", "received", 1))
    ring = pl.DataFrame({"unit": ["A", "B"], "parent": ["B", "A"]})
    with pytest.raises(UnitTreeError, match="ancestors"):
        roll_up(pl.DataFrame(schema=SCHEMA), ring, OWED.clear(), small)


def test_a_period_without_figures(small: Catalog) -> None:
    assert roll_up(pl.DataFrame(schema=SCHEMA), UNITS, OWED, small).is_empty()


@settings(max_examples=25)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12), st.data())
def test_the_root_holds_the_sum_whatever_the_tree(small: Catalog, values: list[int], data: st.DataObject) -> None:
    parents = [None, *(data.draw(st.integers(0, n - 1)) for n in range(1, len(values)))]
    named = [(str(n), None if above is None else str(above)) for n, above in enumerate(parents)]
    units = pl.DataFrame(named, schema={"unit": pl.String, "parent": pl.String}, orient="row")
    rows = [figure(str(n), "received", float(value)) for n, value in enumerate(values)]
    rolled = roll_up(pl.DataFrame(rows, schema=SCHEMA), units, units.select("unit"), small)
    root = rolled.filter(unit="0", indicator="received").row(0, named=True)
    assert (root["value"], root["lower"], root["upper"], root["reported"]) == (sum(values),) * 3 + (len(values),)
