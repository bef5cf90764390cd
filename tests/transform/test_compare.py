"""Two periods beside one another: what a change may be, what it may not, and where old units count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog
from catalog.model import Comparison, NotOverTime, SmallestBase
from domain.comparison import Caution, NoGrowth, NotComparable
from domain.observation import Basis
from domain.quantity import Qualifier, Quantity
from transform.compare import Totals, compared
from transform.roll_up import ROLL_UP, roll_up
from transform.seating import Seating, expected_below, seated

NO_STOPS = {"unit": ["U"], "stop": [None], "hidden": [None], "cautions": [""]}
STOPS = {"unit": pl.String, "stop": pl.String, "hidden": pl.String, "cautions": pl.String}


@pytest.fixture(scope="module")
def ruled(small: Catalog) -> Catalog:
    """The small definitions with a threshold from 2020 on, another from 2026 on, and one indicator that is refused."""
    bases = tuple(
        SmallestBase(since=date(year, 1, 1), value=value, source="t") for year, value in ((2020, 10), (2026, 50))
    )
    never = NotOverTime(indicator="received_base", reason_vi="không", reason_en="no")
    old = {code: item.model_copy(update={"valid_from": date(2015, 1, 1)}) for code, item in small.indicators.items()}
    return replace(small, indicators=old, comparison=Comparison(smallest_bases=bases, not_over_time=(never,)))


def total(indicator: str, value: float | None, word: str = "exact", **more: Any) -> dict[str, Any]:
    loose = Quantity(value, Qualifier(word)).loose
    low, high = (loose.low, loose.high) if loose else (None, None)
    return {
        "unit": "U", "indicator": indicator, "breakdown": "", "value": value, "qualifier": word, "reported": 3,
        "lower": None if low == float("-inf") else low, "upper": None if high == float("inf") else high, "expected": 3,
        "source": "computed", **more,
    }  # fmt: skip


def side(catalog: Catalog, year: int, *rows: dict[str, Any]) -> Totals:
    period = catalog.period(str(year))
    assert period is not None
    return Totals(pl.DataFrame(list(rows), schema=ROLL_UP), pl.DataFrame({"unit": ["U"], "expected": [3]}), period)


def change(
    catalog: Catalog,
    then: list[dict[str, Any]],
    now: list[dict[str, Any]],
    years: tuple[int, int] = (2024, 2025),
    **stop: Any,
) -> dict[str, Any]:
    units = pl.DataFrame({**NO_STOPS, **{name: [value] for name, value in stop.items()}}, schema=STOPS)
    told = compared(side(catalog, years[0], *then), side(catalog, years[1], *now), units, catalog)
    assert told.height == 1
    return told.row(0, named=True)


def received(catalog: Catalog, then: float | None, now: float | None, **more: Any) -> dict[str, Any]:
    return change(catalog, [total("received", then)], [total("received", now)], **more)


def test_the_change_of_counts_is_in_percent_of_the_base(ruled: Catalog) -> None:
    told = received(ruled, 2015, 11713)
    assert (told["difference"], round(told["growth"], 2), told["comparable"], told["reason"]) == (
        9698,
        481.29,
        True,
        None,
    )
    assert (told["growth_lower"], told["growth_upper"]) == (told["growth"], told["growth"])
    assert (told["change_qualifier"], told["cautions"], told["change_kind"]) == ("exact", "", "percent")


@pytest.mark.parametrize(
    ("base", "year", "reason"),
    [
        (0, 2025, NoGrowth.ZERO_BASE), (-3, 2025, NoGrowth.NEGATIVE_BASE), (9, 2025, NoGrowth.TINY_BASE),
        (10, 2025, None), (10, 2026, NoGrowth.TINY_BASE), (50, 2026, None), (2, 2019, None),
    ],
)  # fmt: skip
def test_without_a_base_worth_the_name_there_is_a_difference_and_no_percentage(
    ruled: Catalog, base: float, year: int, reason: str | None
) -> None:
    told = received(ruled, base, 100, years=(year - 1, year))
    assert (told["comparable"], told["reason"], told["growth"] is None) == (True, reason, reason is not None)
    assert told["difference"] == 100 - base


def test_a_figure_that_is_not_there_is_no_zero(ruled: Catalog) -> None:
    only_now = change(ruled, [], [total("received", 7)])
    assert (only_now["reason"], only_now["difference"]) == (NotComparable.MISSING_BASE, None)
    assert (only_now["reported_then"], only_now["expected_then"]) == (0, 3)
    assert change(ruled, [total("received", 7)], [])["reason"] == NotComparable.MISSING_CURRENT
    noted = [total("models", None, note="from_lists")]
    assert change(ruled, [total("models", 3)], noted)["reason"] == NotComparable.FROM_LISTS
    silent = [total("received", None, note="nothing_reported")]
    assert change(ruled, silent, [total("received", 3)])["reason"] == NotComparable.MISSING_BASE


def test_rates_change_in_points(ruled: Catalog) -> None:
    told = change(ruled, [total("on_time_rate", 90)], [total("on_time_rate", 99)])
    assert (told["difference"], told["growth"], told["change_kind"], told["reason"]) == (9, None, "points", None)
    from_zero = change(ruled, [total("on_time_rate", 0)], [total("on_time_rate", 9)])
    assert (from_zero["difference"], from_zero["reason"]) == (9, None)


def test_the_indicator_may_forbid_it(ruled: Catalog) -> None:
    refused = change(ruled, [total("received_base", 20)], [total("received_base", 30)])
    assert (refused["reason"], refused["difference"]) == (NotComparable.NOT_OVER_TIME, None)
    running = ruled.indicators["received"].model_copy(update={"basis": Basis.YEAR_TO_DATE})
    catalog = replace(ruled, indicators={**ruled.indicators, "received": running})
    assert received(catalog, 20, 30)["reason"] is None
    pair = [side(catalog, 2025, total("received", value)) for value in (20, 30)]
    second = pair[1]._replace(period=replace(pair[1].period, ordinal=2))
    told = compared(pair[0], second, pl.DataFrame(NO_STOPS, schema=STOPS), catalog)
    assert told["reason"].to_list() == [NotComparable.RUNNING_TOTAL]


def test_a_stopped_unit_shows_no_figure_added_over_boundaries_that_do_not_hold(ruled: Catalog) -> None:
    told = received(ruled, 20, 30, stop=NotComparable.SPLIT.value, hidden="then")
    assert (told["value_then"], told["lower_then"], told["expected_then"], told["value_now"]) == (None, None, 0, 30)
    assert (told["comparable"], told["reason"], told["growth"], told["difference"]) == (False, "split", None, None)
    filed = received(ruled, 20, 30, stop=NotComparable.NOT_THE_SAME.value)
    assert (filed["value_then"], filed["comparable"], filed["growth"]) == (20, False, None)


@pytest.mark.parametrize(
    ("then", "now", "caution"),
    [
        ({"value": 2024}, {}, Caution.BASE_IS_YEAR), ({"value": 2025}, {}, Caution.BASE_IS_YEAR),
        ({"reported": 2}, {}, Caution.COVERAGE_DIFFERS), ({"reported": 2}, {"reported": 2}, Caution.INCOMPLETE),
        ({"source": "reported", "reported": 0}, {}, Caution.SOURCE_DIFFERS),
    ],
)  # fmt: skip
def test_what_a_reader_must_know(ruled: Catalog, then: dict[str, Any], now: dict[str, Any], caution: str) -> None:
    base = {**total("received", then.get("value", 500.0)), **then}
    told = change(ruled, [base], [{**total("received", 600), **now}])
    assert told["comparable"]
    assert caution in told["cautions"].split(",")
    assert (Caution.COVERAGE_DIFFERS in told["cautions"]) == (caution is Caution.COVERAGE_DIFFERS)


def test_three_of_three_and_one_of_one_are_both_whole(ruled: Catalog) -> None:
    merged = {**total("received", 600), "reported": 1, "expected": 1}
    assert change(ruled, [total("received", 500)], [merged])["cautions"] == ""


def test_a_definition_that_began_between_the_periods_is_marked(ruled: Catalog) -> None:
    newer = ruled.indicators["received"].model_copy(update={"valid_from": date(2024, 6, 1)})
    catalog = replace(ruled, indicators={**ruled.indicators, "received": newer})
    assert received(catalog, 500, 600)["cautions"] == Caution.DEFINITION_CHANGED
    assert received(catalog, 500, 600, years=(2025, 2026))["cautions"] == ""


# ------------------------------------------------------------------------------------------------ intervals

WORDS = ["exact", "gt", "ge", "lt", "le", "approx", "approx_below"]
figures = st.tuples(st.integers(1, 100_000).map(float), st.sampled_from(WORDS))


def _within(data: st.DataObject, row: dict[str, Any], side: str) -> float:
    """Some true figure behind a worded one."""
    low, high = row[f"lower_{side}"], row[f"upper_{side}"]
    return data.draw(st.floats(low, low + 1e6 if high is None else high))


@settings(deadline=None, max_examples=60)
@given(figures, figures, st.data())
def test_no_true_change_lies_outside_the_stated_bounds(
    ruled: Catalog, then: tuple[float, str], now: tuple[float, str], data: st.DataObject
) -> None:
    told = change(ruled, [total("received", *then)], [total("received", *now)])
    base, figure = (_within(data, told, name) for name in ("then", "now"))
    slack = 1e-6 * max(1.0, base, figure)
    for name, true in (("difference", figure - base), ("growth", 100 * (figure / base - 1) if base else None)):
        if told[name] is None or true is None:
            continue
        low, high = told[f"{name}_lower"], told[f"{name}_upper"]
        assert low is None or low <= true + slack
        assert high is None or true - slack <= high
    if told["growth"] is not None:
        assert told["lower_then"] >= 10
    if then[1] == now[1] == "exact":
        assert told["change_qualifier"] == "exact"
        assert told["difference_lower"] == told["difference"] == told["difference_upper"]
    else:
        assert told["change_qualifier"] != "exact"


def test_the_word_of_a_change_follows_from_its_bounds(ruled: Catalog) -> None:
    over = change(ruled, [total("received", 100)], [total("received", 200, "gt")])
    assert (over["growth"], over["change_qualifier"], over["growth_lower"]) == (100, "gt", pytest.approx(101))
    under = change(ruled, [total("received", 200, "gt")], [total("received", 300)])
    assert (under["growth"], under["change_qualifier"]) == (50, "approx_below")
    least = change(ruled, [total("received", 100)], [total("received", 200, "ge")])
    assert (least["change_qualifier"], least["growth_upper"]) == ("ge", None)
    rough = change(ruled, [total("received", 100, "approx")], [total("received", 110)])
    assert Caution.DIRECTION_UNKNOWN in rough["cautions"]
    vague = change(ruled, [total("received", 500, "le")], [total("received", 600)])
    assert (vague["growth"], vague["reason"]) == (None, NoGrowth.UNCERTAIN_BASE)


# ------------------------------------------------------------------------------------------------ seats


def tree(**parents: str | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"unit": list(parents), "parent": list(parents.values())}, schema={"unit": pl.String, "parent": pl.String}
    )


def trails(*ways: tuple[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(list(ways), schema={"unit": pl.String, "target": pl.String}, orient="row")


def sits(seating: Seating) -> dict[str, str]:
    return dict(seating.seats.rows())


TODAY = tree(N=None, a="N", b="N", M=None)


def test_a_unit_sits_where_all_of_it_is() -> None:
    then = tree(X=None, Y=None, p="X", q="X", r="Y")
    seating = seated(
        TODAY, then, trails(("X", "N"), ("Y", "N"), ("p", "a"), ("q", "a"), ("q", "b"), ("r", "M"), ("M", "M"))
    )
    assert sits(seating) == {"X": "~X", "Y": "~Y", "p": "~p", "q": "~q", "r": "~r", "M": "~M"}
    parents = dict(seating.tree.rows())
    assert [parents[f"~{unit}"] for unit in "XYpqr"] == ["N", "N", "a", "N", "M"]
    assert seating.crossed.rows() == [("a", "q"), ("b", "q")]
    assert seating.untold.is_empty()


def test_one_whole_unit_is_itself_and_a_new_one_is_nobody() -> None:
    seating = seated(TODAY, tree(X=None, p="X"), trails(("X", "N"), ("p", "a")))
    assert sits(seating) == {"X": "N", "p": "a"}
    assert sorted(seating.untold["unit"]) == ["M", "b"]


def test_what_nobody_tells_of_is_where_its_superior_is() -> None:
    then = tree(X=None, p="X", s="p", lone=None)
    seating = seated(TODAY, then, trails(("X", "N"), ("p", None), ("s", None), ("lone", None)))
    assert sits(seating) == {"X": "N", "p": "~p", "s": "~s"}
    assert dict(seating.tree.rows())["~s"] == "N"
    assert sorted(seating.adopted["moved"]) == ["p", "s"]
    # a part is in a, of the rest nobody says anything: all of it is in N at least, as its superior is
    part = seated(TODAY, then, trails(("X", "N"), ("p", "a"), ("p", None), ("s", "b")))
    assert part.crossed.rows() == [("a", "p")]
    assert dict(part.tree.rows())["~p"] == "N"


def test_a_unit_that_went_to_two_provinces_sits_nowhere_and_stops_all_that_hold_a_part() -> None:
    seating = seated(TODAY, tree(p=None), trails(("p", "a"), ("p", "M")))
    assert sits(seating) == {}
    assert seating.crossed.rows() == [("M", "p"), ("N", "p"), ("a", "p")]


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_figures_are_neither_lost_nor_counted_twice(ruled: Catalog, data: st.DataObject) -> None:
    """At every unit that no part crosses, the total is the sum of the old units all of whose parts are in it."""
    names = [str(number) for number in range(data.draw(st.integers(1, 8)))]
    parents = [None, *(data.draw(st.sampled_from([None, *names[:n]])) for n in range(1, len(names)))]
    standing = tree(**dict(zip(names, parents, strict=True)))
    ways = {f"o{n}": data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)) for n in range(6)}
    then = tree(**dict.fromkeys(ways))
    seating = seated(standing, then, trails(*((old, new) for old, news in ways.items() for new in news)))
    where = sits(seating)
    rows = [
        {**total("received", float(10**n)), "unit": where[f"o{n}"], "status": "value", "scope": "own"}
        for n in range(6)
        if f"o{n}" in where
    ]
    known = {name: kind for name, kind in ROLL_UP.items() if name not in ("reported", "expected", "source", "note")}
    observed = pl.DataFrame(rows, schema={**known, "status": pl.String, "scope": pl.String})
    owed = pl.DataFrame({"unit": list(where.values())}, schema={"unit": pl.String})
    rolled = roll_up(observed, seating.tree, owed, ruled).filter(indicator="received")
    values = {unit: value or 0.0 for unit, value in rolled.select("unit", "value").iter_rows()}
    counted = dict(expected_below(seating.tree, owed).rows())
    crossed = set(seating.crossed["unit"])
    above = dict(standing.rows())

    def is_below(unit: str | None, top: str) -> bool:
        return unit is not None and (unit == top or is_below(above[unit], top))

    for top in set(names) - crossed:
        inside = [n for n in range(6) if all(is_below(new, top) for new in ways[f"o{n}"])]
        assert values.get(top, 0.0) == sum(10**n for n in inside)
        assert counted[top] == len(inside)
