"""Proposals of grades: points from intervals, conditions, and the cap on the best grade. Nothing here decides.

Wherever the figures allow two grades, both are proposed. The cap is arithmetic in whole numbers, and where units at the
limit cannot be told apart by their points they are all named, for a person to choose.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from catalog.rating import Cap, Condition, Criterion, RatingRules
from domain.rating import BETWEEN, Held, Place
from transform.terms import HIGH, LOW, held, is_known, span_of

#: A row for every unit that is to be rated. ``reason``: why it is not (code), null where it is; ``superior`` null at
#: the top; ``decided``: the grade a person gave it, null where nobody did.
UNITS = {
    "unit": pl.String,
    "kind": pl.String,
    "level": pl.String,
    "branch": pl.String,
    "superior": pl.String,
    "reason": pl.String,
    "decided": pl.String,
}

#: Figures of units by name (an indicator or one of :data:`catalog.rating.FACTS`); a bound that is null is open.
FACTS = {"unit": pl.String, "name": pl.String, "value": pl.Float64, "lower": pl.Float64, "upper": pl.Float64}

_INFINITE = float("inf")


@dataclass(frozen=True)
class Proposal:
    """What is proposed for the units of a period.

    ``units``: :data:`UNITS` with ``peer_group, points`` (null where a figure is missing), ``points_lower,
    points_upper, best, worst`` (ranks of grades before the cap, 0 the best one), ``place`` (of those that qualify for
    the best grade), ``proposed`` (a grade, or two with a bar between them; null where there is none), ``position`` in
    the group by points, ``just_under`` (a grade that less than the margin is lacking for).

    ``criteria``: ``unit, criterion, weight, value, lower, upper, points, points_lower, points_upper, is_missing``.
    ``conditions``: ``unit, condition, held``. ``groups``: ``peer_group, units, rated, good_sure, good_possible,
    share_top, share_bottom`` (the limit is N·top/bottom), ``cap, cap_possible, qualify, decided_best, contested``.
    """

    units: pl.DataFrame
    criteria: pl.DataFrame
    conditions: pl.DataFrame
    groups: pl.DataFrame


def proposal(units: pl.DataFrame, facts: pl.DataFrame, rules: RatingRules) -> Proposal:
    """What the rules propose for ``units`` (:data:`UNITS`) by their ``facts`` (:data:`FACTS`); see :class:`Proposal`.

    A unit with a ``reason`` gets no points and no grade. A criterion whose figure is missing may give anything from
    nothing to all of its points. A grade that was decided takes the place of the proposed one in the arithmetic of the
    cap, and nowhere else.
    """
    rated = _wide(units.filter(pl.col("reason").is_null()), facts, rules)
    criteria = _criteria(rated, rules)
    conditions = _conditions(rated, rules)
    judged = (
        units.with_columns(peer_group=_peer_group(rules.cap))
        .join(_points(criteria), on="unit", how="left", maintain_order="left")
        .join(_bars(conditions, rules), on="unit", how="left", maintain_order="left")
        .with_columns(**_ranks(rules))
    )
    groups = _groups(judged, rules)
    placed = _placed(judged, groups)
    told = placed.with_columns(proposed=_proposed(rules), just_under=_just_under(rules), position=_position())
    contested = placed.group_by("peer_group").agg(contested=(pl.col("place") == Place.CONTESTED.value).sum())
    return Proposal(
        told.drop("counted_best", "counted_worst", "bar_best", "bar_worst", "final_best", "final_worst"),
        criteria,
        conditions,
        groups.join(contested, on="peer_group", how="left").sort("peer_group"),
    )


# ------------------------------------------------------------------------------------------------ points


def _wide(units: pl.DataFrame, facts: pl.DataFrame, rules: RatingRules) -> pl.DataFrame:
    """The units with three columns for each name: its value and its bounds."""
    wide = units.select("unit", "branch")
    for name in rules.names:
        of_name = facts.filter(pl.col("name") == name).select(
            "unit",
            pl.col("value").alias(name),
            pl.col("lower").fill_null(-_INFINITE).alias(name + LOW),
            pl.col("upper").fill_null(_INFINITE).alias(name + HIGH),
        )
        wide = wide.join(of_name, on="unit", how="left", maintain_order="left")
    return wide


def _applies(item: Criterion | Condition) -> pl.Expr:
    return pl.col("branch").is_in(item.branches) if item.branches else pl.lit(value=True)


def _criteria(rated: pl.DataFrame, rules: RatingRules) -> pl.DataFrame:
    parts = [_criterion(rated.filter(_applies(item)), item) for item in rules.criteria]
    every = pl.concat(parts).with_columns(weight=100 * pl.col("weight") / pl.col("weight").sum().over("unit"))

    def points(name: str) -> pl.Expr:
        return pl.col("weight") * pl.col(name).clip(0.0, 100.0) / 100

    missing = pl.col("is_missing")
    return every.with_columns(
        points=pl.when(~missing).then(points("value")),
        points_lower=pl.when(missing).then(0.0).otherwise(points("lower")),
        points_upper=pl.when(missing).then("weight").otherwise(points("upper")),
    )


def _criterion(units: pl.DataFrame, item: Criterion) -> pl.DataFrame:
    span, known = span_of(item.term), is_known(item.term)
    return units.select(
        "unit",
        criterion=pl.lit(item.id),
        weight=pl.lit(item.weight),
        value=pl.when(known).then(span.value).cast(pl.Float64),
        lower=pl.when(known).then(span.low).cast(pl.Float64),
        upper=pl.when(known).then(span.high).cast(pl.Float64),
        is_missing=~known,
    )


def _points(criteria: pl.DataFrame) -> pl.DataFrame:
    """Sums, without the last binary digits: 90 is 90."""
    whole = ~pl.col("is_missing").any()
    return criteria.group_by("unit").agg(
        points=pl.when(whole).then(pl.col("points").sum().round(6)),
        points_lower=pl.col("points_lower").sum().round(6),
        points_upper=pl.col("points_upper").sum().round(6),
    )


# ------------------------------------------------------------------------------------------------ conditions


def _conditions(rated: pl.DataFrame, rules: RatingRules) -> pl.DataFrame:
    parts = [_condition(rated.filter(_applies(item)), item) for item in rules.conditions]
    return pl.concat([pl.DataFrame(schema={"unit": pl.String, "condition": pl.String, "held": pl.String}), *parts])


def _condition(units: pl.DataFrame, item: Condition) -> pl.DataFrame:
    words = {name: pl.lit(name.value) for name in Held}
    test = item.comparison
    if test is None:
        outcome = words[Held.CONFIRM]
    else:
        holds = held(test)
        outcome = (
            pl.when(~is_known(test))
            .then(words[Held.MISSING])
            .when(holds)
            .then(words[Held.HOLDS])
            .when(~holds)
            .then(words[Held.FAILS])
            .otherwise(words[Held.UNDECIDED])
        )
    return units.select("unit", condition=pl.lit(item.id), held=outcome)


def _bars(conditions: pl.DataFrame, rules: RatingRules) -> pl.DataFrame:
    """``unit, bar_best, bar_worst``: the best rank the conditions surely allow to reach, and the best they might."""
    ranks = {item.id: rules.rank(item.needed_for) + 1 for item in rules.conditions}
    below = pl.col("condition").replace_strict(ranks, default=0, return_dtype=pl.Int64)
    fails = pl.col("held") == Held.FAILS.value
    doubtful = fails | pl.col("held").is_in([Held.UNDECIDED.value, Held.MISSING.value])
    return conditions.group_by("unit").agg(
        bar_best=pl.when(fails).then(below).otherwise(0).max(),
        bar_worst=pl.when(doubtful).then(below).otherwise(0).max(),
    )


def _rank_of(points: str, rules: RatingRules) -> pl.Expr:
    """The rank of the grade that so many points give: one for each threshold they do not reach."""
    starts = [item.from_points for item in rules.grades if item.from_points is not None]
    return pl.sum_horizontal((pl.col(points) < start).cast(pl.Int64) for start in starts)


def _ranks(rules: RatingRules) -> dict[str, pl.Expr]:
    """``best`` and ``worst`` by points and conditions; ``counted_*``: those the cap reckons with."""
    is_rated = pl.col("points_lower").is_not_null()
    best = pl.max_horizontal(_rank_of("points_upper", rules), pl.col("bar_best").fill_null(0))
    worst = pl.max_horizontal(_rank_of("points_lower", rules), pl.col("bar_worst").fill_null(0))
    ranks = {item.grade: number for number, item in enumerate(rules.grades)}
    decided = pl.col("decided").replace_strict(ranks, default=None, return_dtype=pl.Int64)
    return {
        "best": pl.when(is_rated).then(best),
        "worst": pl.when(is_rated).then(worst),
        "counted_best": pl.coalesce(decided, pl.when(is_rated).then(best)),
        "counted_worst": pl.coalesce(decided, pl.when(is_rated).then(worst)),
    }


# ------------------------------------------------------------------------------------------------ the cap


def _peer_group(cap: Cap) -> pl.Expr:
    """The units a unit is judged among, as text: ``DU.12/chi_bo/cell``."""
    return pl.concat_str([pl.col(name).fill_null("–") for name in cap.peer_group], separator="/")


def _groups(judged: pl.DataFrame, rules: RatingRules) -> pl.DataFrame:
    """The arithmetic of the cap of each group, on those who are surely and those who are possibly good or better."""
    best_grade = rules.cap.grade
    outstanding = _outstanding(judged, rules)
    top, bottom = rules.cap.parts()
    more_top, more_bottom = rules.cap.parts(outstanding=True)
    counted = judged.group_by("peer_group", maintain_order=True).agg(
        units=pl.len().cast(pl.Int64),
        rated=pl.col("counted_best").is_not_null().sum().cast(pl.Int64),
        good_sure=(pl.col("counted_worst") <= 1).sum().cast(pl.Int64),
        good_possible=(pl.col("counted_best") <= 1).sum().cast(pl.Int64),
        qualify=((pl.col("best") == 0) & pl.col("decided").is_null()).sum().cast(pl.Int64),
        decided_best=(pl.col("decided") == best_grade).sum().cast(pl.Int64),
        is_outstanding=outstanding.any(),
    )
    limits = counted.with_columns(
        share_top=pl.when("is_outstanding").then(more_top).otherwise(top).cast(pl.Int64),
        share_bottom=pl.when("is_outstanding").then(more_bottom).otherwise(bottom).cast(pl.Int64),
    )
    return limits.with_columns(
        cap=pl.col("good_sure") * pl.col("share_top") // pl.col("share_bottom"),
        cap_possible=pl.col("good_possible") * pl.col("share_top") // pl.col("share_bottom"),
    )


def _outstanding(judged: pl.DataFrame, rules: RatingRules) -> pl.Expr:
    if not rules.cap.outstanding:
        return pl.lit(value=False)
    best = judged.filter(pl.col("decided") == rules.cap.grade)["unit"]
    return pl.col("superior").is_in(best.implode()).fill_null(value=False)


def _placed(judged: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """The units with ``place`` and the ranks that are left after the cap (``final_best``, ``final_worst``)."""
    candidates = judged.filter((pl.col("best") == 0) & pl.col("decided").is_null()).select(
        "unit", "peer_group", "worst", low="points_lower", high="points_upper"
    )
    sure = candidates.filter(pl.col("worst") == 0)
    rivals = _count_from(candidates, candidates, "high", "low", exact=True).rename({"count": "rivals"})
    ahead = _count_from(sure, candidates, "low", "high", exact=False).rename({"count": "ahead"})
    free = groups.select(
        "peer_group",
        places=(pl.col("cap") - pl.col("decided_best")).clip(0),
        places_possible=(pl.col("cap_possible") - pl.col("decided_best")).clip(0),
    )
    # a candidate is among its own rivals
    within = (pl.col("rivals") <= pl.col("places")) & (pl.col("worst") == 0)
    places = (
        candidates.join(rivals, on="unit")
        .join(ahead, on="unit")
        .join(free, on="peer_group")
        .select(
            "unit",
            place=pl.when(within)
            .then(pl.lit(Place.WITHIN.value))
            .when(pl.col("ahead") >= pl.col("places_possible"))
            .then(pl.lit(Place.BEYOND.value))
            .otherwise(pl.lit(Place.CONTESTED.value)),
        )
    )
    joined = judged.join(places, on="unit", how="left", maintain_order="left")
    barred = pl.col("place").is_in([Place.BEYOND.value, Place.CONTESTED.value]).fill_null(value=False)
    beyond = (pl.col("place") == Place.BEYOND.value).fill_null(value=False)
    return joined.with_columns(
        final_best=pl.when(beyond).then(pl.max_horizontal("best", pl.lit(1))).otherwise("best"),
        final_worst=pl.when(barred).then(pl.max_horizontal("worst", pl.lit(1))).otherwise("worst"),
    )


def _count_from(counted: pl.DataFrame, asked: pl.DataFrame, column: str, of: str, *, exact: bool) -> pl.DataFrame:
    """``unit, count``: how many of ``counted`` in the same group have in ``column`` at least (``exact``) or more than
    what the unit of ``asked`` has in ``of``; by sorting, not by pairs."""
    ranked = (
        counted.sort("peer_group", column)
        .with_columns(count=pl.len().over("peer_group") - pl.int_range(pl.len()).over("peer_group"))
        .group_by("peer_group", column, maintain_order=True)
        .agg(pl.col("count").max())
        .sort(column)
    )
    found = asked.select("unit", "peer_group", of).sort(of)
    joined = found.join_asof(
        ranked.rename({column: "from"}),
        left_on=of,
        right_on="from",
        by="peer_group",
        strategy="forward",
        allow_exact_matches=exact,
        check_sortedness=False,
    )
    return joined.select("unit", pl.col("count").fill_null(0).cast(pl.Int64))


# ------------------------------------------------------------------------------------------------ what is said


def _proposed(rules: RatingRules) -> pl.Expr:
    grades = {number: item.grade for number, item in enumerate(rules.grades)}
    best, worst = (
        pl.col(name).replace_strict(grades, default=None, return_dtype=pl.String)
        for name in ("final_best", "final_worst")
    )
    return pl.when(best == worst).then(best).otherwise(pl.concat_str([best, worst], separator=BETWEEN))


def _just_under(rules: RatingRules) -> pl.Expr:
    """The grade whose threshold lies less than the margin above the points."""
    points = pl.col("points")
    near = [
        pl.when((points < item.from_points) & (points >= item.from_points - rules.margin)).then(pl.lit(item.grade))
        for item in rules.grades
        if item.from_points is not None
    ]
    return pl.coalesce(near)


def _position() -> pl.Expr:
    """1 for the most points of the group; those with as many share a position."""
    return pl.col("points").rank("min", descending=True).over("peer_group").cast(pl.Int64)
