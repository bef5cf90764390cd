"""Rating units for a period: figures, targets and punctuality made into a proposal; and the decision of a person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from catalog import Catalog
from catalog.rating import FACTS as FACT_NAMES
from catalog.rating import RatingRules
from conference.frozen import SCHEMAS
from domain.act import ActRefusedError
from domain.period import Period
from domain.submission import IN_FORCE
from domain.target import Outcome
from tasks.rating_words import grade_words, with_words
from tasks.rolling import totals_in_force
from tasks.targets import attainment_of
from transform.observations import EXACT
from transform.rating import FACTS, UNITS, Proposal, proposal
from warehouse import queries
from warehouse.engine import Engine
from warehouse.ratings import Decision, RatingsMovedError, decisions_of, put_decision
from warehouse.units import subtree

#: How often a decision is proved anew because somebody else decided about the same period meanwhile.
_TRIES = 5

#: The state of a report of which nobody heard.
_MISSING = "missing"


@dataclass(frozen=True)
class Proposed:
    """The proposal of a period.

    ``units``: those of :class:`transform.rating.Proposal` with ``name, unit_id, proposed_vi, proposed_en, decided_vi,
    decided_en, why_vi, why_en, missing_vi, missing_en``; what was decided keeps what was proposed then. ``facts`` are
    the figures behind it, with the number of units they rest on; ``decisions`` those in force.
    """

    period: Period
    rules: RatingRules
    units: pl.DataFrame
    criteria: pl.DataFrame
    conditions: pl.DataFrame
    groups: pl.DataFrame
    facts: pl.DataFrame
    decisions: pl.DataFrame


# ------------------------------------------------------------------------------------------------ the proposal


def rules_for(catalog: Catalog, period: Period) -> RatingRules:
    """The rules in force on the last day of the period; :class:`domain.act.ActRefusedError` where units are not rated
    for such a period."""
    rules = catalog.rating_on(period.window.last)
    if rules is None:
        raise ActRefusedError(
            f"Không có bộ quy định xếp loại nào có hiệu lực ngày {period.window.last:%d/%m/%Y}",
            f"No rating rules are in force on {period.window.last}",
        )
    if period.kind not in rules.period_kinds:
        kinds = ", ".join(rules.period_kinds)
        raise ActRefusedError(
            f"{rules.id} không xếp loại theo kỳ {period.code}; chỉ theo: {kinds}",
            f"{rules.id} does not rate for {period.code}; only for: {kinds}",
        )
    return rules


def propose(engine: Engine, catalog: Catalog, period: Period) -> Proposed:
    """What the rules propose for every unit that owes their form for the period (or reported without owing it).

    Raises :class:`domain.act.ActRefusedError` where the rules do not rate such a period.
    """
    ground = _ground(engine, catalog, period)
    decided = ground.decisions.select("unit_id", decided="grade")
    return _proposed(ground, decided)


@dataclass(frozen=True)
class _Ground:
    """What a proposal is made from, read once."""

    period: Period
    rules: RatingRules
    catalog: Catalog
    units: pl.DataFrame
    facts: pl.DataFrame
    decisions: pl.DataFrame


def _ground(engine: Engine, catalog: Catalog, period: Period) -> _Ground:
    rules = rules_for(catalog, period)
    units = _units(engine, catalog, period, rules)
    facts = _facts(engine, catalog, period, rules, units)
    return _Ground(period, rules, catalog, units, facts, decisions_of(engine, period=period.code))


def _proposed(ground: _Ground, decided: pl.DataFrame) -> Proposed:
    units = ground.units.join(decided, on="unit_id", how="left", maintain_order="left")
    found = proposal(units.select(*UNITS), ground.facts, ground.rules)
    more = units.select("unit", "unit_id", "name", "newer_failed")
    stored = ground.decisions.join(decided, on="unit_id", how="semi").select(
        "unit_id", "grade_vi", "grade_en", was_proposed="proposed", was_decided=pl.lit(value=True)
    )
    joined = (
        found.units.join(more, on="unit", how="left", maintain_order="left")
        .join(stored, on="unit_id", how="left", maintain_order="left")
        .with_columns(proposed=pl.when("was_decided").then("was_proposed").otherwise("proposed"))
        .drop("was_proposed", "was_decided")
        .rename({"grade_vi": "decided_vi", "grade_en": "decided_en"})
    )
    told = Proposal(joined, found.criteria, found.conditions, found.groups)
    said = with_words(told, ground.facts, ground.rules, ground.catalog)
    return Proposed(
        ground.period,
        ground.rules,
        said,
        found.criteria,
        found.conditions,
        found.groups,
        ground.facts,
        ground.decisions,
    )


def _units(engine: Engine, catalog: Catalog, period: Period, rules: RatingRules) -> pl.DataFrame:
    """:data:`transform.rating.UNITS` but ``decided``, with ``unit_id, name, is_late, newer_failed``."""
    branches = {kind.code: kind.branch for kind in catalog.unit_kinds.values()}
    tree = queries.unit_tree(engine, period.window.last, since=period.window.first)
    reports = queries.status_by_unit(engine, period.code).filter(
        (pl.col("form") == rules.form) & (pl.col("is_expected") | pl.col("is_in_force"))
    )
    # of two bearers of one code in the period the one that owes the report
    reports = reports.sort("unit", ~pl.col("is_expected")).unique("unit", keep="first", maintain_order=True)
    passed = [state.value for state in IN_FORCE]
    return (
        reports.drop("name", "kind", "level", "parent")
        .join(tree.select("unit_id", "unit", "name", "kind", "level", superior="parent"), on="unit")
        .with_columns(branch=pl.col("kind").replace_strict(branches, default=None, return_dtype=pl.String))
        .filter(pl.col("branch").is_in(rules.branches))
        .with_columns(
            reason=pl.when(~pl.col("is_in_force")).then("state"),
            newer_failed=pl.col("is_in_force") & ~pl.col("state").is_in(passed),
        )
        .sort("unit")
    )


def _facts(engine: Engine, catalog: Catalog, period: Period, rules: RatingRules, units: pl.DataFrame) -> pl.DataFrame:
    """:data:`transform.rating.FACTS` with ``reported, expected``: how many units a figure rests on."""
    rated = units.filter(pl.col("reason").is_null())
    codes = rated["unit"].to_list()
    names = [name for name in rules.names if name not in FACT_NAMES]
    targets = attainment_of(engine, catalog, period.year, codes, up_to=period.window.last)
    parts = [
        _figures(engine, catalog, period, rules, codes, names),
        *_of_targets(targets.filter(pl.col("unit_id").is_in(rated["unit_id"].implode()))),
        _punctuality(rated),
    ]
    return pl.concat(parts, how="diagonal").filter(pl.col("name").is_in(rules.names))


def _figures(
    engine: Engine, catalog: Catalog, period: Period, rules: RatingRules, codes: Sequence[str], names: Sequence[str]
) -> pl.DataFrame:
    """Totals in force, of the form of the rules; of other forms where that one says nothing."""
    forms = [rules.form, *(form for form in catalog.forms if form != rules.form)]
    parts = [
        totals_in_force(engine, catalog, period.code, form, codes, names).with_columns(order=pl.lit(number))
        for number, form in enumerate(forms)
        if queries.has_figures(engine, period.code, form)
    ]
    if not parts:
        return pl.DataFrame(schema={**FACTS, "reported": pl.Int64, "expected": pl.Int64})
    exact = pl.col("qualifier").is_in(EXACT)
    return (
        pl.concat(parts)
        .filter((pl.col("breakdown") == "") & pl.col("value").is_not_null())
        .sort("order")
        .unique(["unit", "indicator"], keep="first", maintain_order=True)
        .select(
            "unit",
            "value",
            "reported",
            "expected",
            name="indicator",
            lower=pl.when(exact).then("value").otherwise("lower"),
            upper=pl.when(exact).then("value").otherwise("upper"),
        )
        .select(*FACTS, "reported", "expected")
    )


def _of_targets(targets: pl.DataFrame) -> list[pl.DataFrame]:
    """Shares of the targets of each unit; what is not settled yet widens them. A unit without targets has no row."""
    outcome = pl.col("outcome")
    good = outcome.is_in([Outcome.MET.value, Outcome.MET_SO_FAR.value]).fill_null(value=False)
    bad = (outcome == Outcome.NOT_MET.value).fill_null(value=False)
    passed = pl.col("is_beyond").fill_null(value=False)
    short = ~pl.col("is_beyond").fill_null(value=True)

    def share(name: str, surely: pl.Expr, surely_not: pl.Expr) -> pl.DataFrame:
        return targets.group_by("unit", maintain_order=True).agg(
            name=pl.lit(name).first(),
            value=100.0 * surely.sum() / pl.len(),
            lower=100.0 * surely.sum() / pl.len(),
            upper=100.0 - 100.0 * surely_not.sum() / pl.len(),
        )

    return [share("targets_met", good, bad), share("targets_beyond", passed, short)]


def _punctuality(rated: pl.DataFrame) -> pl.DataFrame:
    points = pl.when("is_late").then(0.0).otherwise(100.0)
    return rated.select("unit", name=pl.lit("report_on_time"), value=points, lower=points, upper=points)


# ------------------------------------------------------------------------------------------------ within a subtree


def within(engine: Engine, found: Proposed, unit: str) -> Proposed:
    """The proposal seen from a unit: it and all below it. The arithmetic of the cap stays that of whole groups."""
    window = found.period.window
    below = subtree(queries.unit_tree(engine, window.last, since=window.first), unit)
    units = found.units.join(below, on="unit", how="semi", maintain_order="left")
    groups = found.groups.join(units, on="peer_group", how="semi", maintain_order="left")
    parts = (
        frame.join(units, on="unit", how="semi", maintain_order="left")
        for frame in (found.criteria, found.conditions, found.facts)
    )
    criteria, conditions, facts = parts
    return Proposed(found.period, found.rules, units, criteria, conditions, groups, facts, found.decisions)


# ------------------------------------------------------------------------------------------------ the decision


def decide(
    engine: Engine,
    catalog: Catalog,
    unit: str,
    period: Period,
    grade: str,
    *,
    who: str,
    reason: str | None,
    second: str | None = None,
    over_cap: bool = False,
) -> tuple[int, dict[str, Any]]:
    """Put down the grade a person decided; the version it got, and the row of the unit in the proposal of that moment.

    Refused (:class:`domain.act.ActRefusedError`) without a reason where it differs from the proposal; over the cap
    unless ``over_cap`` says that this is meant, with a reason and a second person; and for units that are not rated.
    """
    for _ in range(_TRIES):
        ground = _ground(engine, catalog, period)
        row, group, is_over = _judged(ground, unit, grade)
        _must_be_said(ground, row, group, grade, reason, is_over=is_over, over_cap=over_cap)
        vi, en = grade_words(catalog, grade)
        decision = Decision(
            row["unit_id"],
            period.code,
            ground.rules.id,
            grade,
            vi,
            en,
            row["proposed"],
            row["peer_group"],
            row["points"],
            row["points_lower"],
            row["points_upper"],
            json.dumps({"unit": row, "group": group}, ensure_ascii=False, default=str),
            is_over,
        )
        given = reason or "Theo đề xuất của chương trình"
        try:
            version = put_decision(engine, decision, who=who, second=second, reason=given, proved_with=ground.decisions)
        except RatingsMovedError:
            continue
        return version, row
    raise ActRefusedError(
        "Người khác đang quyết định liên tục trong kỳ này: chạy lại sau ít phút",
        "Somebody else keeps deciding in this period: run it again in a few minutes",
    )


def _judged(ground: _Ground, unit: str, grade: str) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """The unit in the proposal as it is without a decision about it, its group as it would be with this one, and
    whether this one takes the group over the cap."""
    if grade not in [item.grade for item in ground.rules.grades]:
        known = ", ".join(item.grade for item in ground.rules.grades)
        raise ActRefusedError(f"Không có mức xếp loại {grade}; có: {known}", f"No grade {grade}; there are: {known}")
    others = ground.decisions.filter(pl.col("unit") != unit).select("unit_id", decided="grade")
    before = _proposed(ground, others)
    rows = before.units.filter(pl.col("unit") == unit).to_dicts()
    if not rows:
        raise ActRefusedError(
            f"{unit} không thuộc diện xếp loại kỳ {ground.period.code} theo {ground.rules.id}",
            f"{unit} is not rated for {ground.period.code} by {ground.rules.id}",
        )
    row = rows[0]
    mine = pl.DataFrame({"unit_id": [row["unit_id"]], "decided": [grade]}, schema=others.schema)
    after = _group_of(_proposed(ground, pl.concat([others, mine])), row["peer_group"])
    was = _group_of(before, row["peer_group"])
    is_over = after["decided_best"] > after["cap"]
    was_over = was["decided_best"] > was["cap"]
    takes_it_over = is_over and (grade == ground.rules.cap.grade or not was_over)
    return row, after, takes_it_over


def _group_of(found: Proposed, name: str) -> dict[str, Any]:
    return found.groups.filter(pl.col("peer_group") == name).row(0, named=True)


def _must_be_said(
    ground: _Ground,
    row: dict[str, Any],
    group: dict[str, Any],
    grade: str,
    reason: str | None,
    *,
    is_over: bool,
    over_cap: bool,
) -> None:
    """What a person has to say before a grade is put down."""
    has_reason = bool(reason and reason.strip())
    if is_over and not (over_cap and has_reason):
        best_vi, best_en = grade_words(ground.catalog, ground.rules.cap.grade)
        cap, number = group["cap"], group["decided_best"]
        raise ActRefusedError(
            f"Sẽ có {number} đơn vị {best_vi} trong nhóm {row['peer_group']}, giới hạn là {cap}:"
            " ghi --over-cap kèm --reason và --second nếu cấp có thẩm quyền vẫn quyết định",
            f"{number} units of the group {row['peer_group']} would be {best_en}, the cap is {cap}:"
            " give --over-cap with --reason and --second if it is decided nevertheless",
        )
    if grade != row["proposed"] and not has_reason:
        shown_vi, shown_en = row["proposed_vi"] or "không đề xuất", row["proposed_en"] or "nothing"
        raise ActRefusedError(
            f"Khác với đề xuất ({shown_vi}): ghi lý do bằng --reason",
            f"It differs from what is proposed ({shown_en}): give a --reason",
        )


# ------------------------------------------------------------------------------------------------ the freeze


def ratings_frame(engine: Engine, catalog: Catalog, unit_codes: Sequence[str], periods: Sequence[str]) -> pl.DataFrame:
    """The frame ``ratings`` of a freeze (:data:`conference.frozen.SCHEMAS`): what is proposed and decided for these
    units in those of ``periods`` for which the rules rate; periods the warehouse does not know are left out.

    A unit that is not rated has no grade, and the reason in ``why_*`` and ``missing_*``.
    """
    schema = dict(SCHEMAS["ratings"])
    parts = [pl.DataFrame(schema=schema)]
    for code in periods:
        period = catalog.period(code)
        if period is None or not _is_rated(catalog, period):
            continue
        try:
            found = propose(engine, catalog, period)
        except queries.UnknownPeriodError:
            continue
        rows = found.units.filter(pl.col("unit").is_in(list(unit_codes))).with_columns(
            period=pl.lit(code), rules=pl.lit(found.rules.id)
        )
        parts.append(rows.select(pl.col(name).cast(kind) for name, kind in schema.items()))
    return pl.concat(parts).sort("period", "unit")


def _is_rated(catalog: Catalog, period: Period) -> bool:
    rules = catalog.rating_on(period.window.last)
    return rules is not None and period.kind in rules.period_kinds
