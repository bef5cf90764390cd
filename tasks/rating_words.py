"""Proposals in words: the figures behind a grade, what is missing, and the arithmetic of the cap, in both languages."""

from __future__ import annotations

from typing import Any

import polars as pl

from catalog import Catalog
from catalog.rating import RatingRules
from domain.numbers import en_number, vi_number
from domain.rating import (
    BETWEEN,
    CONFIRM_WORDS,
    NEWER_FAILED_WORDS,
    NO_FIGURE_WORDS,
    NOT_RATED,
    OPEN_WORDS,
    Held,
    Place,
)
from transform.rating import Proposal

_LANGUAGES = ("vi", "en")


def grade_words(catalog: Catalog, grade: str) -> tuple[str, str]:
    """The label of a grade, from the code list of grades; its code where it has none."""
    known = {item.code: (item.label_vi, item.label_en) for item in catalog.codelists["grade"].items}
    return known.get(grade, (grade, grade))


def with_words(found: Proposal, facts: pl.DataFrame, rules: RatingRules, catalog: Catalog) -> pl.DataFrame:
    """The units of a proposal with ``proposed_*``, ``why_*`` and ``missing_*`` in both languages."""
    said = found.units
    caps = dict(found.groups.select("peer_group", "cap").iter_rows())
    for number, language in enumerate(_LANGUAGES):
        labels = _open_grades(rules, catalog, number)
        parts = (
            _figures(found, rules, number),
            _failed(found, rules, number),
            _lacking(found, facts, rules, catalog, number),
        )
        for part in parts:
            said = said.join(part, on="unit", how="left", maintain_order="left")
        said = said.with_columns(
            pl.col("proposed")
            .replace_strict(labels, default=None, return_dtype=pl.String)
            .alias(f"proposed_{language}"),
            _why(number, caps).alias(f"why_{language}"),
            _missing(number).alias(f"missing_{language}"),
        ).drop("figures", "failed", "lacking")
    return said


def _open_grades(rules: RatingRules, catalog: Catalog, number: int) -> dict[str, str]:
    """What a proposal may be, in words: a grade, one or the next, or from one to another."""
    grades = [item.grade for item in rules.grades]
    words = {grade: grade_words(catalog, grade)[number] for grade in grades}
    either, span = (("{} hoặc {}", "{} or {}"), ("từ {} đến {}", "from {} to {}"))
    pairs = {
        f"{best}{BETWEEN}{worst}": (either if j == i + 1 else span)[number].format(words[best], words[worst])
        for i, best in enumerate(grades)
        for j, worst in enumerate(grades)
        if j > i
    }
    return words | pairs


def _number(column: pl.Expr, language: int, decimals: int = 2) -> pl.Expr:
    """92.5 as ``92,5`` or ``92.5``; without zeros behind the point."""
    text = column.round(decimals).cast(pl.String).str.replace(r"\.0+$", "")
    return text.str.replace(".", ",", literal=True) if language == 0 else text


def _range(low: pl.Expr, high: pl.Expr, language: int) -> pl.Expr:
    lower, upper = _number(low, language), _number(high, language)
    return pl.when(lower == upper).then(lower).otherwise(pl.concat_str([lower, upper], separator="–"))


def _named(column: str, items: Any, number: int) -> pl.Expr:
    labels = {item.id: (item.label_vi, item.label_en)[number] for item in items}
    return pl.col(column).replace_strict(labels, default=None, return_dtype=pl.String)


def _joined(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """``unit`` and the texts of its rows (column ``text``) one after the other."""
    return rows.group_by("unit", maintain_order=True).agg(pl.col("text").str.join("; ").alias(name))


def _figures(found: Proposal, rules: RatingRules, number: int) -> pl.DataFrame:
    """``Chỉ tiêu được giao đã đạt 87,5 % (35/40 điểm)`` of each criterion."""
    label = _named("criterion", rules.criteria, number)
    points = _range(pl.col("points_lower"), pl.col("points_upper"), number)
    unit_of_points = ("điểm", "points")[number]
    given = pl.format(
        "{} {} % ({}/{} {})" if number == 0 else "{} {}% ({}/{} {})",
        label,
        _number(pl.col("value").clip(0.0, 100.0), number),
        points,
        _number(pl.col("weight"), number),
        pl.lit(unit_of_points),
    )
    absent = pl.format(
        "{}: {} ({}/{} {})",
        label,
        pl.lit(NO_FIGURE_WORDS[number]),
        points,
        _number(pl.col("weight"), number),
        pl.lit(unit_of_points),
    )
    rows = found.criteria.select("unit", text=pl.when("is_missing").then(absent).otherwise(given))
    return _joined(rows, "figures")


def _failed(found: Proposal, rules: RatingRules, number: int) -> pl.DataFrame:
    rows = found.conditions.filter(pl.col("held") == Held.FAILS.value).select(
        "unit",
        text=pl.format(("không đạt điều kiện: {}", "fails: {}")[number], _named("condition", rules.conditions, number)),
    )
    return _joined(rows, "failed")


def _lacking(found: Proposal, facts: pl.DataFrame, rules: RatingRules, catalog: Catalog, number: int) -> pl.DataFrame:
    """Criteria and conditions without figures, figures of a part of the units, and what a person has to confirm."""
    criteria = found.criteria.filter("is_missing").select(
        "unit", text=pl.format("{}: {}", _named("criterion", rules.criteria, number), pl.lit(NO_FIGURE_WORDS[number]))
    )
    words = {
        Held.MISSING.value: NO_FIGURE_WORDS[number],
        Held.UNDECIDED.value: OPEN_WORDS[number],
        Held.CONFIRM.value: CONFIRM_WORDS[number],
    }
    conditions = found.conditions.filter(pl.col("held").is_in(list(words))).select(
        "unit",
        text=pl.format(
            "{}: {}",
            _named("condition", rules.conditions, number),
            pl.col("held").replace_strict(words, default=None, return_dtype=pl.String),
        ),
    )
    labels = {code: (item.label_vi, item.label_en)[number] for code, item in catalog.indicators.items()}
    partial = facts.filter(pl.col("reported") < pl.col("expected")).select(
        "unit",
        text=pl.format(
            ("{}: mới có {}/{} đơn vị", "{}: only {}/{} units")[number],
            pl.col("name").replace_strict(labels, default=pl.col("name"), return_dtype=pl.String),
            "reported",
            "expected",
        ),
    )
    return _joined(pl.concat([criteria, partial, conditions]), "lacking")


def _why(number: int, caps: dict[str, int]) -> pl.Expr:
    """The points, the figures behind them, conditions that fail, and what the cap does; or why there is no grade."""
    total = pl.format(("{} điểm", "{} points")[number], _range(pl.col("points_lower"), pl.col("points_upper"), number))
    cap = pl.col("peer_group").replace_strict(caps, default=0, return_dtype=pl.Int64)
    over = pl.format(("vượt giới hạn {} đơn vị của nhóm", "beyond the cap of {} units of the group")[number], cap)
    tied = pl.format(
        (
            "ở ranh giới hạn {} đơn vị, không phân biệt được bằng điểm: người quyết định chọn",
            "at the cap of {} units, not to be told apart by points: a person chooses",
        )[number],
        cap,
    )
    place = pl.when(pl.col("place") == Place.BEYOND.value).then(over).when(pl.col("place") == Place.CONTESTED.value)
    told = pl.concat_str([total, "figures", "failed", place.then(tied)], separator="; ", ignore_nulls=True)
    not_rated = pl.format(("không xếp loại: {}", "not rated: {}")[number], _reason(number))
    return pl.when(pl.col("reason").is_null()).then(told).otherwise(not_rated)


def _reason(number: int) -> pl.Expr:
    words = {code: pair[number] for code, pair in NOT_RATED.items()}
    return pl.col("reason").replace_strict(words, default=pl.col("reason"), return_dtype=pl.String)


def _missing(number: int) -> pl.Expr:
    newer = pl.when("newer_failed").then(pl.lit(NEWER_FAILED_WORDS[number]))
    told = pl.concat_str(["lacking", newer], separator="; ", ignore_nulls=True)
    return pl.when(pl.col("reason").is_null()).then(told).otherwise(_reason(number))


# ------------------------------------------------------------------------------------------------ the cap


def cap_words(group: dict[str, Any], rules: RatingRules) -> tuple[str, str]:
    """How the cap of a group is come by: ``20 % × (29 − x) ≥ x → x ≤ 4,83 → 4``, in both languages."""
    share = rules.cap.outstanding_share if group["is_outstanding"] and rules.cap.outstanding_share else rules.cap.share
    told = [_one_cap(group, rules, float(share), side, number) for number in (0, 1) for side in ("sure", "possible")]
    vi, vi_more, en, en_more = told
    if group["cap"] == group["cap_possible"] and group["good_sure"] == group["good_possible"]:
        return vi, en
    return f"{vi}; nhiều nhất có thể: {vi_more}", f"{en}; at the most: {en_more}"


def _one_cap(group: dict[str, Any], rules: RatingRules, share: float, side: str, number: int) -> str:
    write = (vi_number, en_number)[number]
    count = group[f"good_{side}"]
    limit = 100 * count * group["share_top"] // group["share_bottom"] / 100  # cut off, as the cap itself is
    cap = group["cap" if side == "sure" else "cap_possible"]
    percent = f"{write(share)} %" if number == 0 else f"{write(share)}%"
    if rules.cap.denominator == "good_only":
        return f"x ≤ {percent} × ({write(count)} − x) → x ≤ {write(limit)} → {write(cap)}"
    return f"{percent} × {write(count)} = {write(limit)} → {write(cap)}"
