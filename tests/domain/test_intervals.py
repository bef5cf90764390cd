"""Interval arithmetic of qualified figures."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from domain.quantity import Interval, Judgement, Qualifier, Quantity, judge_identity, rounding_unit

WITH_NUMBER = [q for q in Qualifier if q not in (Qualifier.MOST, Qualifier.SOME)]
quantities = st.builds(Quantity, st.integers(0, 100_000).map(float), st.sampled_from(WITH_NUMBER))
intervals = st.tuples(st.integers(-1000, 1000), st.integers(0, 1000)).map(lambda p: Interval(p[0], p[0] + p[1]))


@given(intervals, intervals, intervals)
def test_sums_commute_and_associate(a: Interval, b: Interval, c: Interval) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert (a + b).width == a.width + b.width


@given(intervals, intervals, intervals)
def test_sums_are_monotone(a: Interval, b: Interval, c: Interval) -> None:
    wider = Interval(min(a.low, b.low), max(a.high, b.high))
    total, wide_total = a + c, wider + c
    assert wide_total.low <= total.low <= total.high <= wide_total.high


@given(st.lists(quantities, max_size=3), st.lists(quantities, max_size=3))
def test_an_identity_may_be_read_from_either_side(left: list[Quantity], right: list[Quantity]) -> None:
    assert judge_identity(left, right) == judge_identity(right, left)


@given(st.lists(quantities, min_size=1, max_size=4))
def test_a_figure_always_agrees_with_itself(parts: list[Quantity]) -> None:
    assert judge_identity(parts, parts) is not Judgement.VIOLATED


@given(quantities)
def test_the_strict_reading_lies_in_the_loose_one(quantity: Quantity) -> None:
    strict, loose = quantity.strict, quantity.loose
    assert strict is not None
    assert loose is not None
    assert loose.low <= strict.low <= strict.high <= loose.high
    assert not math.isnan(loose.width)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=5), st.integers(1, 10_000))
def test_exact_identities_are_plain_arithmetic(parts: list[int], off: int) -> None:
    stated = [Quantity(float(part)) for part in parts]
    assert judge_identity(Quantity(float(sum(parts))), stated) is Judgement.HOLDS
    assert judge_identity(Quantity(float(sum(parts) + off)), stated) is Judgement.VIOLATED


@given(st.integers(1, 10**9))
def test_a_number_is_a_whole_multiple_of_its_rounding_unit(value: int) -> None:
    unit = rounding_unit(float(value))
    assert value % unit == 0
    assert (value / unit) % 10 != 0


def test_nearly_1600_models_of_3_over_200_and_nearly_1300() -> None:
    parts = [Quantity(3.0), Quantity(200.0, Qualifier.GT), Quantity(1300.0, Qualifier.APPROX_BELOW)]
    assert judge_identity(Quantity(1600.0, Qualifier.APPROX_BELOW), parts) is Judgement.SUSPICIOUS
    assert judge_identity(Quantity(1602.0), parts) is Judgement.VIOLATED
    assert judge_identity(Quantity(1600.0), [*parts, Quantity(None, Qualifier.SOME)]) is None
