"""Proposals: points from intervals, conditions, the cap in whole numbers, and ties that nothing here breaks."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.expression import ExpressionError, Node, Number, Term, names_in, parse, parse_test
from catalog.rating import RatingRules
from transform.rating import FACTS, UNITS, Proposal, proposal
from transform.terms import HIGH, LOW, held, is_known, span_of

_GRADES = [
    {"grade": "excellent", "from_points": 90},
    {"grade": "good", "from_points": 70},
    {"grade": "completed", "from_points": 50},
    {"grade": "failed"},
]


def rules(*conditions: dict[str, Any], **cap: Any) -> RatingRules:
    """One criterion, ``score``, worth all points."""
    origin = {"origin": "judgement", "source": "thử"}
    words = {"label_vi": "Thử", "label_en": "A try"}
    return RatingRules.model_validate(
        {
            "id": "THU-1",
            "valid_from": "2025-01-01",
            "text_read": False,
            "form": "bieu-1",
            "branches": ["party"],
            "period_kinds": ["year"],
            "grades": _GRADES,
            "grades_origin": "judgement",
            "grades_source": "thử",
            "criteria": [{"id": "score", "weight": 10, "measure": "score", **words, **origin}],
            "conditions": [{**words, **origin, **item} for item in conditions],
            "cap": {
                "grade": "excellent",
                "share": 20,
                "denominator": "good_only",
                "peer_group": ["superior", "kind"],
                "rounding": "floor",
                **origin,
                **cap,
            },
            "margin": 2,
            **words,
            "source": "thử",
        }
    )


def units(count: int, **more: Sequence[Any]) -> pl.DataFrame:
    rows = {
        "unit": [f"U{number:02d}" for number in range(count)],
        **{name: [value] * count for name, value in (("kind", "cb"), ("level", "cell"), ("branch", "party"))},
        "superior": ["S"] * count,
        "reason": [None] * count,
        "decided": [None] * count,
    }
    return pl.DataFrame({**rows, **more}, schema=UNITS)


def facts(scores: Sequence[float | tuple[float, float] | None], name: str = "score") -> pl.DataFrame:
    rows = []
    for number, score in enumerate(scores):
        if score is not None:
            low, high = score if isinstance(score, tuple) else (score, score)
            rows.append(
                {"unit": f"U{number:02d}", "name": name, "value": (low + high) / 2, "lower": low, "upper": high}
            )
    return pl.DataFrame(rows, schema=FACTS)


def by_unit(found: Proposal, column: str) -> list[Any]:
    return found.units.sort("unit")[column].to_list()


# ------------------------------------------------------------------------------------------------ the cap


@pytest.mark.parametrize(("denominator", "places"), [("good_only", 4), ("good_or_better", 5)])
def test_the_cap_is_a_share_of_those_rated_well_and_never_of_all_units(denominator: str, places: int) -> None:
    """Domain B2: 30 units, 29 good or better. "20 % of the good" gives 4, "of good or better" 5; never 6."""
    scores = [99.0 - number / 10 for number in range(29)] + [60.0]
    found = proposal(units(30), facts(scores), rules(denominator=denominator))
    group = found.groups.row(0, named=True)
    assert (group["units"], group["good_sure"], group["cap"]) == (30, 29, places)
    assert by_unit(found, "proposed").count("excellent") == places
    assert by_unit(found, "proposed")[-1] == "completed"


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(1, 100), st.sampled_from(["good_only", "good_or_better"]))
def test_the_cap_is_the_most_that_keeps_the_share(count: int, share: int, denominator: str) -> None:
    top, bottom = rules(share=share, denominator=denominator).cap.parts()
    cap = count * top // bottom

    def keeps(number: int) -> bool:
        of = count - number if denominator == "good_only" else count
        return number <= Fraction(share, 100) * of

    assert keeps(cap)
    assert not keeps(cap + 1)


def test_units_that_cannot_be_told_apart_at_the_limit_are_named_and_not_chosen() -> None:
    """10 units, all good or better: x ≤ 20 % × (10 − x) → 1 place, and two share the most points."""
    found = proposal(units(10), facts([95.0, 95.0, 93.0, *[80.0] * 7]), rules())
    assert by_unit(found, "place")[:3] == ["contested", "contested", "beyond"]
    assert by_unit(found, "proposed")[:4] == ["excellent|good", "excellent|good", "good", "good"]
    assert found.groups["contested"].to_list() == [2]


def test_points_whose_intervals_meet_are_a_tie() -> None:
    found = proposal(units(10), facts([(94.0, 96.0), (91.0, 94.5), 90.0, *[80.0] * 7]), rules())
    assert by_unit(found, "place")[:3] == ["contested", "contested", "beyond"]


def test_a_decision_takes_its_place_in_the_arithmetic() -> None:
    """With one of two tied units decided the only place is taken; a decision to rate it good leaves the place open."""
    scores = facts([95.0, 95.0, *[80.0] * 8])
    decided = ["excellent", *[None] * 9]
    assert by_unit(proposal(units(10, decided=decided), scores, rules()), "proposed")[1] == "good"
    decided[0] = "good"
    assert by_unit(proposal(units(10, decided=decided), scores, rules()), "proposed")[1] == "excellent"


def test_the_higher_cap_of_outstanding_superiors_is_off_unless_asked_for() -> None:
    own = units(13).with_columns(superior=pl.when(pl.col("unit") != "U00").then(pl.lit("U00")))
    own = own.with_columns(decided=pl.when(pl.col("unit") == "U00").then(pl.lit("excellent")))
    for outstanding, places in ((False, 2), (True, 6)):
        asked = rules(outstanding=outstanding, outstanding_share=50, denominator="good_or_better", share=20)
        group = proposal(own, facts([95.0] * 13), asked).groups.filter(peer_group="U00/cb").row(0, named=True)
        assert group["cap"] == places


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(70, 100), st.integers(0, 6)).map(lambda pair: (float(pair[0]), float(sum(pair)))),
        min_size=1,
        max_size=30,
    )
)
def test_places_are_those_that_comparing_every_pair_gives(scores: list[tuple[float, float]]) -> None:
    bounds = [(low, min(high, 100.0)) for low, high in scores]
    found = proposal(units(len(bounds)), facts(bounds), rules())
    group = found.groups.row(0, named=True)
    candidates = [index for index, (_, high) in enumerate(bounds) if high >= 90]
    for index, place in enumerate(by_unit(found, "place")):
        if index not in candidates:
            assert place is None
            continue
        low, high = bounds[index]
        rivals = sum(bounds[other][1] >= low for other in candidates)
        ahead = sum(bounds[other][0] > high for other in candidates if bounds[other][0] >= 90)
        if low >= 90 and rivals <= group["cap"]:
            assert place == "within"
        else:
            assert place == ("beyond" if ahead >= group["cap_possible"] else "contested")
    assert by_unit(found, "proposed").count("excellent") <= group["cap"]


# ------------------------------------------------------------------------------------------------ points, conditions


@pytest.mark.parametrize(
    ("score", "proposed"),
    [
        (70.0, "good"),
        (69.999, "completed"),
        (50.0, "completed"),
        (49.0, "failed"),
        ((68.0, 72.0), "good|completed"),
        ((40.0, 72.0), "good|failed"),
        (None, "excellent|failed"),
    ],
)
def test_a_threshold_inside_the_interval_gives_both_grades(score: Any, proposed: str) -> None:
    found = proposal(units(1), facts([score]), rules(share=100, denominator="good_or_better"))
    assert by_unit(found, "proposed") == [proposed]
    assert (found.units["points"][0] is None) == (score is None)


def test_who_lacks_less_than_the_margin_is_named() -> None:
    found = proposal(units(4), facts([89.0, 88.0, 87.9, 68.5]), rules())
    assert by_unit(found, "just_under") == ["excellent", "excellent", None, "good"]


def test_conditions_bar_the_grade_and_every_better_one() -> None:
    needs = {"id": "late", "needed_for": "good", "test": "late <= 20"}
    confirmed = {"id": "discipline", "needed_for": "excellent"}
    late = facts([10.0, 30.0, (15.0, 25.0), None], "late")
    found = proposal(
        units(4), pl.concat([facts([80.0] * 4), late]), rules(needs, confirmed, share=100, denominator="good_or_better")
    )
    assert by_unit(found, "proposed") == ["good", "completed", "good|completed", "good|completed"]
    told = found.conditions.filter(pl.col("condition") == "late").sort("unit")["held"].to_list()
    assert told == ["holds", "fails", "undecided", "missing"]
    assert found.conditions.filter(pl.col("condition") == "discipline")["held"].unique().to_list() == ["confirm"]


def test_a_unit_without_a_report_has_no_grade_and_enters_no_arithmetic() -> None:
    found = proposal(units(3, reason=[None, "missing", "rejected"]), facts([95.0, 95.0, 95.0]), rules())
    assert by_unit(found, "proposed")[1:] == [None, None]
    assert by_unit(found, "points_upper")[1:] == [None, None]
    assert found.groups.select("units", "rated", "good_sure").row(0) == (3, 1, 1)


def test_weights_are_stretched_over_the_criteria_a_unit_has() -> None:
    asked = rules().model_dump(mode="json")
    asked["criteria"].append({**asked["criteria"][0], "id": "state_only", "branches": ["state"], "weight": 30})
    found = proposal(units(1), facts([90.0]), RatingRules.model_validate(asked))
    assert found.criteria.select("criterion", "weight", "points").rows() == [("score", 100.0, 90.0)]


# ------------------------------------------------------------------------------------------------ expressions

_NAMES = ("a", "b", "c")
_bounds = st.tuples(st.integers(0, 50), st.integers(0, 20)).map(lambda pair: (float(pair[0]), float(sum(pair))))
_leaves: st.SearchStrategy[str] = st.sampled_from(_NAMES) | st.integers(0, 9).map(str)
_terms = st.recursive(
    _leaves,
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=5,
)


def _value(node: Node, values: dict[str, float]) -> float | None:
    if isinstance(node, Number):
        return node.value
    if not isinstance(node, Term):
        return values[node.name]
    left, right = _value(node.left, values), _value(node.right, values)
    if left is None or right is None or (node.sign == "/" and right == 0):
        return None
    results = {"+": left + right, "-": left - right, "*": left * right}
    return left / right if node.sign == "/" else results[node.sign]


@settings(max_examples=150, deadline=None)
@given(_terms, st.tuples(_bounds, _bounds, _bounds), st.tuples(*[st.floats(0, 1)] * 3))
def test_whatever_the_figures_are_within_their_bounds_the_term_is_within_its_own(
    text: str, bounds: tuple[tuple[float, float], ...], shares: tuple[float, ...]
) -> None:
    node = parse(text)
    inside = {name: low + share * (high - low) for name, (low, high), share in zip(_NAMES, bounds, shares, strict=True)}
    frame = pl.DataFrame(
        {
            **inside,
            **{name + LOW: low for name, (low, _) in zip(_NAMES, bounds, strict=True)},
            **{name + HIGH: high for name, (_, high) in zip(_NAMES, bounds, strict=True)},
        }
    )
    span = span_of(node)
    row = frame.select(value=span.value, low=span.low, high=span.high, known=is_known(node)).row(0, named=True)
    expected = _value(node, inside)
    assert row["known"] == (expected is not None)
    if expected is not None:
        assert row["value"] == pytest.approx(expected)
        slack = 1e-6 * max(1.0, abs(expected))
        assert row["low"] - slack <= expected <= row["high"] + slack


def test_a_test_is_undecided_where_its_intervals_overlap() -> None:
    frame = pl.DataFrame({"a": [90.5, 95.0, 80.0], f"a{LOW}": [89.0, 91.0, 70.0], f"a{HIGH}": [92.0, 99.0, 89.9]})
    assert frame.select(held(parse_test("a >= 90"))).to_series().to_list() == [None, True, False]


@pytest.mark.parametrize(
    "text",
    ["", "a +", "a ** 2", "f(a)", "a[0]", "'x'", "True", "a if b else c", "a.b", "-a", "a < b < c", "__import__"],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_test(text)


def test_names_are_found_in_order() -> None:
    assert list(names_in(parse_test("100 * a / b >= c"))) == ["a", "b", "c"]
