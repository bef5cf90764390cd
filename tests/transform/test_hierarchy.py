"""What a unit states for everything below it against its children: every level, intervals, missing children."""

from __future__ import annotations

from typing import Any

import polars as pl

from catalog import Catalog
from domain.quantity import Qualifier, Quantity
from transform.hierarchy import apart_from_children

#: P over A, B and C; A over A1 and A2; B over B1. Everyone but P owes.
PARENTS = {"P": None, "A": "P", "B": "P", "C": "P", "A1": "A", "A2": "A", "B1": "B"}
UNITS = pl.DataFrame({"unit": list(PARENTS), "parent": list(PARENTS.values())})
OWED = UNITS.filter(pl.col("unit") != "P").select("unit")


def figure(unit: str, value: float | None, word: str = "exact", scope: str = "own") -> dict[str, Any]:
    loose = Quantity(value, Qualifier(word)).loose
    low, high = (loose.low, None if loose.high == float("inf") else loose.high) if loose else (None, None)
    return {
        "submission_id": list(PARENTS).index(unit), "unit": unit, "indicator": "received", "breakdown": "",
        "value": value, "qualifier": word, "lower": low, "upper": high, "scope": scope,
    }  # fmt: skip


def apart(catalog: Catalog, *figures: dict[str, Any], only: list[str] | None = None) -> dict[str, tuple[Any, ...]]:
    """unit → (stated, sum, whole, children) of what cannot agree."""
    chosen = None if only is None else pl.Series(only, dtype=pl.String)
    frame = pl.DataFrame(list(figures), infer_schema_length=None).cast({"lower": pl.Float64, "upper": pl.Float64})
    found = apart_from_children(frame, UNITS, OWED, catalog, chosen)
    rows = found.sums.select("unit", "value", "sum", "whole", "children").rows()
    return {unit: rest for unit, *rest in rows}  # type: ignore[misc]


def test_every_level_is_judged_by_the_next_and_a_stated_child_speaks_for_what_is_below_it(small: Catalog) -> None:
    below = [figure("A1", 62812), figure("A2", 480), figure("B", 1), figure("B1", 2), figure("C", 5)]
    assert apart(small, figure("P", 63300, scope="subtree"), *below[:2], *below[2:]) == {}  # A owes and gave nothing
    said = [figure("P", 64445, scope="subtree"), figure("A", 64437, scope="subtree"), *below]
    assert apart(small, *said) == {"A": [64437, 63292, 2, 2]}
    wrong = [figure("P", 63300, scope="subtree"), figure("A", 64437, scope="subtree"), *below]
    assert apart(small, *wrong) == {"A": [64437, 63292, 2, 2], "P": [63300, 64445, 3, 3]}
    assert apart(small, *wrong, only=["P"]) == {"P": [63300, 64445, 3, 3]}


def test_a_sum_without_all_children_is_wrong_only_when_it_is_larger(small: Catalog) -> None:
    some = [figure("B", 7), figure("B1", 3), figure("C", None)]
    partial = apart(small, figure("P", 9, scope="subtree"), *some)
    assert partial == {"P": [9, 10, 1, 3]}  # C gave no number, A nothing at all
    assert apart(small, figure("P", 900, scope="subtree"), *some) == {"P": [900, 10, 1, 3]}  # for the rule to tell
    assert apart(small, figure("P", 900, scope="subtree"), figure("C", None)) == {}


def test_worded_figures_violate_only_when_the_intervals_do_not_meet(small: Catalog) -> None:
    whole = [figure("A", 0, scope="subtree"), figure("B", 0), figure("B1", 200, "gt")]
    assert apart(small, figure("P", 300, scope="subtree"), *whole, figure("C", 1)) == {}  # 202 … 300
    assert apart(small, figure("P", 301, scope="subtree"), *whole, figure("C", 1)) == {"P": [301, 201, 3, 3]}
    assert apart(small, figure("P", 301, scope="subtree"), *whole[:2], figure("B1", 5, "ge"), figure("C", 1)) == {}
    assert (
        apart(small, figure("P", 300, "approx", scope="territory"), *whole[:2], figure("B1", 350), figure("C", 1)) == {}
    )


def test_a_leaf_and_an_own_figure_are_compared_with_nothing(small: Catalog) -> None:
    assert apart(small, figure("C", 7, scope="subtree"), figure("A", 3), figure("A1", 1), figure("A2", 1)) == {}
    terms = apart_from_children(
        pl.DataFrame([figure("A", 9, scope="subtree"), figure("A1", 4), figure("A2", 8)]), UNITS, OWED, small
    ).terms
    assert terms.select("child", "value", "is_whole").rows() == [("A2", 8, True), ("A1", 4, True)]
