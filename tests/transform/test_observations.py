"""What goes into the warehouse, what follows from it, and what must never follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from catalog import Catalog
from domain.columns import OBSERVATIONS
from domain.period import WindowError
from transform.frame import schema_of
from transform.normalise import normalise
from transform.observations import in_period_from_ytd, observations, ytd_from_in_period

Make = Callable[..., pl.DataFrame]


@pytest.fixture
def observe(small: Catalog, figures: Make, make_headers: Make) -> Make:
    def build(*files: dict[str, object], **headers: object) -> pl.DataFrame:
        cells = figures(*files)
        return observations(make_headers(len(files), **headers), normalise(cells, small), small)

    return build


def test_stated_figures_keep_their_words_and_places(observe: Make) -> None:
    seen = observe({"received": "ít nhất 5 hồ sơ", "coverage": "18/21", "early": "-", "models": 1.5})
    assert seen.schema == pl.Schema(schema_of(OBSERVATIONS))
    rows = {row["indicator"]: row for row in seen.iter_rows(named=True)}
    assert set(rows) == {"received", "coverage", "early"}  # the broken one has no observation
    assert (rows["received"]["lower"], rows["received"]["upper"], rows["received"]["qualifier"]) == (5, None, "ge")
    assert (rows["received"]["original_text"], rows["received"]["cell"]) == ("ít nhất 5 hồ sơ", "E7")
    assert (rows["coverage"]["numerator"], rows["coverage"]["denominator"]) == (18, 21)
    assert (rows["early"]["value"], rows["early"]["status"]) == (None, "missing")
    assert {row["basis"] for row in rows.values()} == {"in_period"}


def test_scope_is_the_headers_or_the_forms(observe: Make) -> None:
    assert observe({"received": 1})["scope"].to_list() == ["own"]
    assert observe({"received": 1}, scope="")["scope"].to_list() == ["own"]
    assert observe({"received": 1}, scope="territory")["scope"].to_list() == ["territory"]


def test_a_rate_is_derived_from_whole_counts_only(observe: Make) -> None:
    whole = {"early": 0, "on_time": 62812, "resolved": 63292}
    rate = observe(whole).filter(pl.col("derived")).row(0, named=True)
    assert (rate["indicator"], round(rate["value"], 2), rate["numerator"], rate["denominator"]) == (
        "on_time_rate", 99.24, 62812, 63292,
    )  # fmt: skip
    assert (rate["original_text"], rate["cell"]) == (None, None)
    for missing in whole:
        assert not observe({**whole, missing: "–"})["derived"].any()
        assert not observe({name: value for name, value in whole.items() if name != missing})["derived"].any()
    assert not observe({"early": 0, "on_time": 0, "resolved": 0})["derived"].any()


def test_a_stated_rate_is_not_derived_again_and_a_silent_one_is_replaced(observe: Make) -> None:
    counts = {"early": 1, "on_time": 1, "resolved": 4}
    assert not observe({**counts, "on_time_rate": "hầu hết"})["derived"].any()
    assert not observe({**counts, "on_time_rate": 51})["derived"].any()
    silent = observe({**counts, "on_time_rate": "–"}).filter(indicator="on_time_rate")
    assert silent.select("value", "derived").rows() == [(50, True)]


def test_a_rate_of_worded_counts_is_worded(observe: Make) -> None:
    rate = observe({"early": 0, "on_time": "hơn 200", "resolved": 300}).filter(pl.col("derived")).row(0, named=True)
    assert rate["qualifier"] == "approx"
    assert (rate["lower"], rate["upper"]) == (pytest.approx(67), pytest.approx(100 * 299 / 300))


def test_growth_is_derived_from_a_stored_base(observe: Make) -> None:
    grown = observe({"received": 11713, "received_base": 2016}).filter(pl.col("derived")).row(0, named=True)
    assert (grown["indicator"], round(grown["value"], 2)) == ("received_growth_pct", 481.0)
    assert not observe({"received": 11713})["derived"].any()
    assert not observe({"received": 11713, "received_base": 0})["derived"].any()


def test_keys_are_unique_and_nothing_is_nan(observe: Make) -> None:
    seen = observe({"early": 1, "on_time": 1, "resolved": 4, "on_time_rate": "-", "received": 2, "received_base": 1})
    assert seen.select("file", "indicator", "breakdown").is_unique().all()
    assert not any(seen[name].is_nan().any() for name, kind in seen.schema.items() if kind == pl.Float64)


# ------------------------------------------------------------------------------------------------ over the year

Q1, Q2, Q3 = (
    (date(2025, 1, 1), date(2025, 3, 31)),
    (date(2025, 4, 1), date(2025, 6, 30)),
    (date(2025, 7, 1), date(2025, 9, 30)),
)


def series(*windows: tuple[tuple[date, date], float | None], unit: str = "A") -> pl.DataFrame:
    rows = [(unit, first, last, value) for (first, last), value in windows]
    return pl.DataFrame(
        rows, schema={"unit": pl.String, "first": pl.Date, "last": pl.Date, "value": pl.Float64}, orient="row"
    )


def test_running_totals_and_back() -> None:
    quarters = pl.concat([series((Q2, 5), (Q1, 3), (Q3, 7)), series((Q1, 1), (Q2, 1), unit="B")])
    running = ytd_from_in_period(quarters)
    assert running.rows() == [
        ("A", Q1[0], Q1[1], 3), ("A", Q1[0], Q2[1], 8), ("A", Q1[0], Q3[1], 15),
        ("B", Q1[0], Q1[1], 1), ("B", Q1[0], Q2[1], 2),
    ]  # fmt: skip
    assert in_period_from_ytd(running).rows() == quarters.sort("unit", "first").rows()


def test_nothing_follows_from_a_missing_quarter() -> None:
    assert ytd_from_in_period(series((Q1, 3), (Q2, None), (Q3, 7)))["value"].to_list() == [3, None, None]
    totals = series(((Q1[0], Q1[1]), 3), ((Q1[0], Q2[1]), None), ((Q1[0], Q3[1]), 15))
    assert in_period_from_ytd(totals)["value"].to_list() == [3, None, None]


@pytest.mark.parametrize("windows", [(Q1, Q3), (Q1, (Q1[1], Q2[1])), (Q1, Q1)], ids=["gap", "overlap", "twice"])
def test_windows_that_do_not_tile_are_refused(windows: tuple[tuple[date, date], ...]) -> None:
    with pytest.raises(WindowError, match="2025"):
        ytd_from_in_period(series(*((window, 1.0) for window in windows)))


def test_running_totals_of_different_starts_are_refused() -> None:
    with pytest.raises(WindowError):
        in_period_from_ytd(series((Q1, 1.0), (Q2, 2.0)))
    with pytest.raises(WindowError):
        in_period_from_ytd(series((Q1, 1.0), (Q1, 2.0)))
