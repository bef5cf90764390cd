"""Expectations of our own, where the core ones do not fit: identities, caps, rates and changes of qualified figures.

Each is a row-wise yes/no on float64 columns of one stacked frame. A row the rule cannot judge (a figure is missing)
meets the expectation; required figures are a matter of their own rule. The bounds of a qualified column ``x`` stand in
``low:x``, ``high:x``, ``strict_low:x``, ``strict_high:x`` and are named in ``column_list`` where the frame has them.

The base classes are not public API of Great Expectations; ``tests/expectations/test_custom.py`` holds the contract.
Importing this module registers the classes: an unregistered one would be dropped silently.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnPairMapMetricProvider,
    MulticolumnMapMetricProvider,
    column_pair_condition_partial,
    multicolumn_condition_partial,
)

from expectations import spans
from expectations.swift import SwiftPair, SwiftRow


def _met(failed: spans.Booleans, columns: Any) -> pd.Series:
    return pd.Series(~failed, index=columns.index)


# ------------------------------------------------------------------------------------------------ metrics


class IdentityHolds(MulticolumnMapMetricProvider):
    condition_metric_name = "tongket.identity"
    condition_value_keys = ("total", "parts", "when_given", "missing_as_zero", "tolerance", "judgement")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, columns: pd.DataFrame, **given: Any) -> pd.Series:  # noqa: N805
        left = spans.total(columns, given["parts"], missing_as_zero=given["missing_as_zero"])
        right = spans.total(columns, given["total"], missing_as_zero=given["missing_as_zero"])
        judge = spans.suspicious if given["judgement"] == "suspicious" else spans.violated
        judged = spans.all_given(columns, given["when_given"])
        return _met(judged & judge(left, right, given["tolerance"]), columns)


class AtMost(MulticolumnMapMetricProvider):
    condition_metric_name = "tongket.at_most"
    condition_value_keys = ("smaller", "larger", "factor", "times")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, columns: pd.DataFrame, **given: Any) -> pd.Series:  # noqa: N805
        # a missing part of the smaller side can only add to an excess; one of the larger side could hide it
        smaller = spans.total(columns, given["smaller"], missing_as_zero=True)
        larger = spans.total(columns, given["larger"], missing_as_zero=False)
        if given["times"]:
            smaller = spans.times(smaller, columns[given["times"]].to_numpy(dtype=np.float64))
        return _met(spans.exceeds(smaller, larger, given["factor"]), columns)


class RateAgrees(MulticolumnMapMetricProvider):
    condition_metric_name = "tongket.rate"
    condition_value_keys = ("rate", "numerator", "denominator", "tolerance")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, columns: pd.DataFrame, **given: Any) -> pd.Series:  # noqa: N805
        counted = spans.percentage(
            spans.total(columns, given["numerator"], missing_as_zero=False),
            spans.total(columns, given["denominator"], missing_as_zero=False),
        )
        return _met(spans.violated(spans.term(columns, given["rate"]), counted, given["tolerance"]), columns)


class GrowthAgrees(MulticolumnMapMetricProvider):
    condition_metric_name = "tongket.growth"
    condition_value_keys = ("growth", "value", "base", "tolerance")

    @multicolumn_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, columns: pd.DataFrame, **given: Any) -> pd.Series:  # noqa: N805
        share = spans.percentage(spans.term(columns, given["value"]), spans.term(columns, given["base"]))
        counted = spans.Spans(share.given, *(bound - 100.0 for bound in share.bounds))
        return _met(spans.violated(spans.term(columns, given["growth"]), counted, given["tolerance"]), columns)


class PairDiffers(ColumnPairMapMetricProvider):
    condition_metric_name = "tongket.differs"
    condition_value_keys = ()

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_a: pd.Series, column_b: pd.Series, **_: Any) -> pd.Series:  # noqa: N805
        return column_a != column_b


class PairChange(ColumnPairMapMetricProvider):
    condition_metric_name = "tongket.change"
    condition_value_keys = ("factor", "min_base")

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_a: pd.Series, column_b: pd.Series, **given: Any) -> pd.Series:  # noqa: N805
        value, base = column_a.to_numpy(dtype=np.float64), column_b.to_numpy(dtype=np.float64)
        factor = float(given["factor"])
        leapt = (value > base * factor) | (value * factor < base)
        return _met((base >= given["min_base"]) & leapt, column_a)


class PairNotMultiple(ColumnPairMapMetricProvider):
    condition_metric_name = "tongket.not_multiple"
    condition_value_keys = ("min_of",)

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_a: pd.Series, column_b: pd.Series, **given: Any) -> pd.Series:  # noqa: N805
        value, of = column_a.to_numpy(dtype=np.float64), column_b.to_numpy(dtype=np.float64)
        judged = (of >= given["min_of"]) & (of > 0) & (value > of)
        rest = np.remainder(value, of, out=np.ones_like(value), where=judged)
        return _met(judged & (rest == 0), column_a)


# ------------------------------------------------------------------------------------------------ expectations


class ExpectPartsToEqualTotal(SwiftRow):
    """Expect the sum of the parts to equal the total, on the intervals that qualified figures allow."""

    map_metric: ClassVar[str | None] = "tongket.identity"
    success_keys: ClassVar[tuple[str, ...]] = (
        "mostly",
        "total",
        "parts",
        "when_given",
        "missing_as_zero",
        "tolerance",
        "judgement",
    )
    total: list[str]
    parts: list[str]
    when_given: list[str]
    missing_as_zero: bool
    tolerance: float
    judgement: Literal["violated", "suspicious"]


class ExpectSumToBeAtMost(SwiftRow):
    """Expect one sum (times a column, when one is named) not to exceed another times a factor, by their intervals."""

    map_metric: ClassVar[str | None] = "tongket.at_most"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "smaller", "larger", "factor", "times")
    smaller: list[str]
    larger: list[str]
    factor: float
    times: str


class ExpectRateToAgreeWithCounts(SwiftRow):
    """Expect a stated percentage to equal numerator / denominator within so many points."""

    map_metric: ClassVar[str | None] = "tongket.rate"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "rate", "numerator", "denominator", "tolerance")
    rate: str
    numerator: list[str]
    denominator: list[str]
    tolerance: float


class ExpectGrowthToAgreeWithFigures(SwiftRow):
    """Expect a stated growth in percent to equal value / base − 1 within so many points."""

    map_metric: ClassVar[str | None] = "tongket.growth"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "growth", "value", "base", "tolerance")
    growth: str
    value: str
    base: str
    tolerance: float


class ExpectColumnsToDiffer(SwiftPair):
    """Expect two figures not to be equal where both are given."""

    map_metric: ClassVar[str | None] = "tongket.differs"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "ignore_row_if")
    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"]


class ExpectChangeToStayWithin(SwiftPair):
    """Expect a figure to stay within [1/factor, factor] of its base, where the base is large enough to judge."""

    map_metric: ClassVar[str | None] = "tongket.change"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "ignore_row_if", "factor", "min_base")
    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"]
    factor: float
    min_base: float


class ExpectNotToBeMultiple(SwiftPair):
    """Expect a figure not to be an exact whole multiple (two times or more) of another."""

    map_metric: ClassVar[str | None] = "tongket.not_multiple"
    success_keys: ClassVar[tuple[str, ...]] = ("mostly", "ignore_row_if", "min_of")
    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"]
    min_of: float


#: Every class of this module, for the proof that none is dropped.
CUSTOM = (
    ExpectPartsToEqualTotal,
    ExpectSumToBeAtMost,
    ExpectRateToAgreeWithCounts,
    ExpectGrowthToAgreeWithFigures,
    ExpectColumnsToDiffer,
    ExpectChangeToStayWithin,
    ExpectNotToBeMultiple,
)
