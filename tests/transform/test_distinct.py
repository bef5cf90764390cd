"""Distinct counts: each key of the lists once in a subtree, and no number where the lists do not bear it out."""

from __future__ import annotations

from typing import Any

import polars as pl

from catalog import Catalog
from transform.roll_up import roll_up

UNITS = pl.DataFrame({"unit": ["P", "A", "A1", "A2", "B"], "parent": [None, "P", "A", "A", "P"]})
OWED = UNITS.filter(pl.col("unit") != "P").select("unit")


FLOATS = dict.fromkeys(("value", "lower", "upper", "numerator", "denominator"), pl.Float64)


def figure(unit: str, value: float, breakdown: str = "", word: str = "exact", scope: str = "own") -> dict[str, Any]:
    return {
        "unit": unit, "indicator": "models_total", "breakdown": breakdown, "value": value, "qualifier": word,
        "lower": value, "upper": value, "status": "value", "scope": scope, "numerator": None, "denominator": None,
    }  # fmt: skip


def row(unit: str, key: str, level: str = "co_so", more: str | None = None) -> dict[str, Any]:
    return {
        "unit": unit,
        "list": "initiatives",
        "key": key,
        "level": level,
        "status": None,
        "pilot": None,
        "more": more,
    }


def counts(catalog: Catalog, figures: list[dict[str, Any]], rows: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    listed = pl.DataFrame(rows, schema=dict.fromkeys(row("", ""), pl.String))
    told = pl.DataFrame(figures, infer_schema_length=None).cast(FLOATS)
    found = roll_up(told, UNITS, OWED, catalog, listed)
    chosen = found.filter(pl.col("unit").is_in(["P", "A"])).select("unit", "breakdown", "value", "note", "reported")
    return {f"{unit}{breakdown}": rest for unit, breakdown, *rest in chosen.rows()}  # type: ignore[misc]


def test_a_model_told_by_two_levels_counts_once(shipped: Catalog) -> None:
    figures = [figure("A", 1), figure("A1", 2), figure("A2", 1), figure("B", 0)]
    rows = [row("A", "kntc|xã a"), row("A1", "kntc|xã a"), row("A1", "dân vận|tổ 5"), row("A2", "dân vận|tổ 6")]
    assert counts(shipped, figures, rows) == {"A": [3.0, None, 3], "P": [3.0, None, 4]}
    by_level = [*figures, figure("A1", 1, "level=tinh"), figure("A2", 0, "level=tinh")]
    told = counts(shipped, by_level, [*rows[:2], row("A1", "dân vận|tổ 5", "tinh"), rows[3]])
    assert told["Alevel=tinh"] == [1.0, None, 2]


def test_nothing_is_guessed(shipped: Catalog) -> None:
    figures = [figure("A1", 1), figure("B", 1)]
    rows = [row("A1", "kntc|xã a"), row("B", "kntc|xã b")]
    assert counts(shipped, figures, rows)["P"] == [2.0, None, 2]
    unsure = [None, "from_lists", 2]
    assert counts(shipped, figures, rows[:1])["P"] == unsure  # a figure without its row
    assert counts(shipped, figures[:1], rows)["P"] == [None, "from_lists", 1]  # a row without its figure
    assert counts(shipped, figures, [rows[0], row("B", "kntc|")])["P"] == unsure  # nobody knows whose
    assert counts(shipped, figures, [rows[0], row("B", "kntc|xã b", more="yes")])["P"] == unsure
    assert counts(shipped, [figures[0], figure("B", 1, word="ge")], rows)["P"] == unsure
    beyond = [*figures, figure("A", 9, scope="subtree")]  # stated for others: its list enters nothing
    assert counts(shipped, beyond, [*rows, row("A", "khác|xã a")])["P"] == [2.0, None, 2]
