"""The contract with classes of Great Expectations that are not public, and the judgement of our own expectations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.quantity import Judgement, Qualifier, Quantity, judge_identity
from expectations import spans
from expectations.engine import Engine, quiet

with quiet():
    from great_expectations.expectations import core
    from great_expectations.expectations.registry import get_expectation_impl

    from expectations import custom, swift

Judge = Callable[[dict[str, list[float | None]], Any], list[int]]


@pytest.fixture(scope="module")
def engine() -> Engine:
    with quiet():
        return Engine()


@pytest.fixture
def failed(engine: Engine) -> Judge:
    """Row positions that fail an expectation on columns of floats."""

    def judge(columns: dict[str, list[float | None]], expectation: Any) -> list[int]:
        frame = pd.DataFrame({name: pd.array(values, dtype="float64") for name, values in columns.items()})
        (result,) = engine.validate("t", frame, [expectation])
        assert "raised_exception" in result.exception_info
        assert not result.exception_info["raised_exception"], result.exception_info
        return list(result.result["unexpected_index_list"])

    return judge


def _identity(judgement: str = "violated", **more: Any) -> Any:
    given = {"missing_as_zero": True, "tolerance": 0.0, "when_given": [], "total": ["t"], "parts": ["a", "b"]} | more
    bounds = [f"{prefix}{name}" for name in more.pop("qualified", []) for prefix in spans.BOUNDS]
    given.pop("qualified", None)
    return custom.ExpectPartsToEqualTotal(
        column_list=["t", "a", "b", *bounds], judgement=judgement, ignore_row_if="never", meta={"rule_id": "T"}, **given
    )


class TestContract:
    @pytest.mark.parametrize("chosen", custom.CUSTOM, ids=lambda chosen: chosen.__name__)
    def test_every_class_is_registered_under_its_own_name(self, chosen: Any) -> None:
        assert get_expectation_impl(chosen.expectation_type) is chosen

    @pytest.mark.parametrize(
        ("fast", "plain", "given"),
        [
            (swift.ExpectFigureToBeBetween, core.ExpectColumnValuesToBeBetween, {"column": "x", "min_value": 2}),
            (swift.ExpectFigureToBeGiven, core.ExpectColumnValuesToNotBeNull, {"column": "x"}),
            (swift.ExpectCodeToBeInSet, core.ExpectColumnValuesToBeInSet, {"column": "c", "value_set": ["p"]}),
            (
                swift.ExpectRowsToBeUnique,
                core.ExpectCompoundColumnsToBeUnique,
                {"column_list": ["f", "c"], "ignore_row_if": "any_value_is_missing"},
            ),
        ],
    )
    def test_the_short_way_says_what_the_long_way_says(
        self, engine: Engine, fast: Any, plain: Any, given: dict[str, Any]
    ) -> None:
        frame = pd.DataFrame({"x": [1.0, 2.0, np.nan, 0.5], "c": ["p", "q", None, "q"], "f": [1, 1, 1, 1]})
        short, long = engine.validate(
            "t", frame, [fast(**given, meta={"rule_id": "1"}), plain(**given, meta={"rule_id": "2"})]
        )
        if short.expectation_config.meta["rule_id"] == "2":
            short, long = long, short
        said = ("element_count", "unexpected_count", "unexpected_index_list")
        assert {key: short.result[key] for key in said} == {key: long.result[key] for key in said}
        assert short.success == long.success

    def test_a_crash_is_told_apart_from_a_failure(self, engine: Engine) -> None:
        frame = pd.DataFrame({"a": [1.0]})
        absent = swift.ExpectFigureToBeBetween(column="absent", min_value=0, meta={"rule_id": "1"})
        (result,) = engine.validate("t", frame, [absent])
        assert "raised_exception" not in result.exception_info

    def test_tables_one_after_the_other_are_not_mixed_up(self, failed: Judge) -> None:
        between = swift.ExpectFigureToBeBetween(column="x", min_value=0, meta={"rule_id": "1"})
        assert failed({"x": [-1.0, 1.0]}, between) == [0]
        assert failed({"x": [1.0, -1.0]}, between) == [1]


class TestIdentity:
    def test_exact_figures(self, failed: Judge) -> None:
        assert failed({"t": [10, 10], "a": [4, 4], "b": [6, 5]}, _identity()) == [1]

    def test_binary_dust_is_not_a_difference(self, failed: Judge) -> None:
        assert failed({"t": [0.3], "a": [0.1], "b": [0.2]}, _identity()) == []

    def test_missing_parts_as_zero(self, failed: Judge) -> None:
        columns = {"t": [10, 10, None], "a": [4, None, 4], "b": [None, None, 4]}
        assert failed(columns, _identity()) == [0]

    def test_missing_parts_skipped(self, failed: Judge) -> None:
        assert failed({"t": [10, 10], "a": [4, 4], "b": [None, 4]}, _identity(missing_as_zero=False)) == [1]

    def test_waits_for_what_must_be_given(self, failed: Judge) -> None:
        assert failed({"t": [10, 10], "a": [4, None], "b": [None, 4]}, _identity(when_given=["b"])) == [1]

    def test_tolerance(self, failed: Judge) -> None:
        assert failed({"t": [10, 10], "a": [4, 4], "b": [5, 4]}, _identity(tolerance=1.0)) == [1]

    def test_a_worded_part_may_be_anything(self, failed: Judge) -> None:
        inf = float("inf")
        columns = {"t": [10.0], "a": [4.0], "b": [None], "low:b": [-inf], "high:b": [inf],
                   "strict_low:b": [-inf], "strict_high:b": [inf]}  # fmt: skip
        assert failed(columns, _identity(qualified=["b"])) == []
        assert failed(columns, _identity("suspicious", qualified=["b"])) == []


_WORDS = st.sampled_from([Qualifier.EXACT, Qualifier.GT, Qualifier.GE, Qualifier.LT, Qualifier.APPROX,
                          Qualifier.APPROX_BELOW])  # fmt: skip
_QUANTITY = st.builds(Quantity, st.integers(1, 3000).map(float), _WORDS)


def _column(name: str, quantity: Quantity) -> dict[str, list[float]]:
    loose, strict = quantity.loose, quantity.strict
    assert loose is not None
    assert strict is not None
    assert quantity.value is not None
    return {
        name: [quantity.value],
        f"low:{name}": [loose.low],
        f"high:{name}": [loose.high],
        f"strict_low:{name}": [strict.low],
        f"strict_high:{name}": [strict.high],
    }


class TestIntervals:
    @settings(max_examples=300, deadline=None)
    @given(total=_QUANTITY, first=_QUANTITY, second=_QUANTITY)
    def test_columns_are_judged_as_quantities_are(self, total: Quantity, first: Quantity, second: Quantity) -> None:
        frame = pd.DataFrame(_column("t", total) | _column("a", first) | _column("b", second))
        left = spans.total(frame, ["a", "b"], missing_as_zero=True)
        right = spans.total(frame, ["t"], missing_as_zero=True)
        judged = judge_identity([first, second], total)
        assert spans.violated(left, right)[0] == (judged is Judgement.VIOLATED)
        assert spans.suspicious(left, right)[0] == (judged is Judgement.SUSPICIOUS)


class TestOthers:
    def test_at_most_counts_the_given_parts_of_the_smaller_side(self, failed: Judge) -> None:
        expectation = custom.ExpectSumToBeAtMost(
            column_list=["a", "b", "t"], smaller=["a", "b"], larger=["t"], factor=0.5, times="",
            ignore_row_if="never", meta={"rule_id": "T"},
        )  # fmt: skip
        assert failed({"a": [6, 5, 6], "b": [None, None, 1], "t": [10, 10, None]}, expectation) == [0]

    def test_at_most_times_a_number_of_each_row(self, failed: Judge) -> None:
        expectation = custom.ExpectSumToBeAtMost(
            column_list=["groups", "meetings", "months"], smaller=["groups"], larger=["meetings"], factor=1.0,
            times="months", ignore_row_if="never", meta={"rule_id": "T"},
        )  # fmt: skip
        columns = {"groups": [3, 3, 3, 3], "meetings": [19, 36, 9, 8], "months": [12, 12, 3, None]}
        assert failed(columns, expectation) == [0]

    def test_rate(self, failed: Judge) -> None:
        expectation = custom.ExpectRateToAgreeWithCounts(
            column_list=["r", "n", "d"], rate="r", numerator=["n"], denominator=["d"], tolerance=0.05,
            ignore_row_if="never", meta={"rule_id": "T"},
        )  # fmt: skip
        columns = {"r": [97.49, 97.0, 50, 0], "n": [62812, 62812, None, 0], "d": [64427, 64427, 10, 0]}
        assert failed(columns, expectation) == [1]

    def test_growth(self, failed: Judge) -> None:
        expectation = custom.ExpectGrowthToAgreeWithFigures(
            column_list=["g", "v", "b"], growth="g", value="v", base="b", tolerance=0.5, ignore_row_if="never",
            meta={"rule_id": "T"},
        )  # fmt: skip
        assert failed({"g": [481, 400, 481], "v": [11713] * 3, "b": [2016, 2016, None]}, expectation) == [1]

    def test_change(self, failed: Judge) -> None:
        expectation = custom.ExpectChangeToStayWithin(
            column_A="v", column_B="b", factor=3.0, min_base=10.0, ignore_row_if="either_value_is_missing",
            meta={"rule_id": "T"},
        )  # fmt: skip
        columns = {"v": [31, 30, 3, 90, None], "b": [10, 10, 10, 9, 10]}
        assert failed(columns, expectation) == [0, 2]

    def test_differs(self, failed: Judge) -> None:
        expectation = custom.ExpectColumnsToDiffer(
            column_A="a", column_B="b", ignore_row_if="either_value_is_missing", meta={"rule_id": "T"}
        )
        assert failed({"a": [None, 2016, 5], "b": [None, 2016, 2016]}, expectation) == [1]

    def test_not_multiple_means_two_times_or_more(self, failed: Judge) -> None:
        expectation = custom.ExpectNotToBeMultiple(
            column_A="a", column_B="b", min_of=10.0, ignore_row_if="either_value_is_missing", meta={"rule_id": "T"}
        )
        columns = {"a": [1640, 1641, 82, 18, 0], "b": [82, 82, 82, 9, 82]}
        assert failed(columns, expectation) == [0]
