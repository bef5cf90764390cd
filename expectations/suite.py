"""Rules of the catalog → expectations, generated in memory for every check; the catalog stays the only source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from catalog.load import Catalog
from catalog.model import (
    AtMostCheck,
    ChangeCheck,
    CodeListCheck,
    DiffersCheck,
    Form,
    GrowthCheck,
    IdentityCheck,
    LengthCheck,
    NotMultipleCheck,
    RangeCheck,
    RateCheck,
    RequiredCheck,
    Rule,
    SpokenFigureCheck,
    SpokenNameCheck,
    SpokenTimeCheck,
    UniqueCheck,
)
from catalog.refs import PAST, Ref, refs_of
from expectations import custom
from expectations.fault import ProgramFault
from expectations.severity import SUSPICIOUS, severity_of
from expectations.swift import (
    ExpectCodeToBeInSet,
    ExpectFigureToBeBetween,
    ExpectFigureToBeGiven,
    ExpectRowsToBeUnique,
)
from expectations.tables import BOUNDS, helper, table_of


@dataclass(frozen=True, slots=True)
class Probe:
    """One expectation on its way: the rule, which instance of it, the table it judges, the columns it needs there."""

    rule: Rule
    instance: str
    table: str
    columns: tuple[str, ...]
    expectation: Any

    @property
    def key(self) -> str:
        return probe_key(self.rule, self.instance)


def probe_key(rule: Rule, instance: str) -> str:
    return f"{rule.id}#{instance}" if instance else rule.id


def probes(
    tables: Mapping[str, pl.DataFrame], rules: Iterable[Rule], form: Form, catalog: Catalog, day: date
) -> list[Probe]:
    """The expectations of the rules on the tables; severities are those in force on ``day``.

    A rule that compares a figure with another period's is not sent where no submission has one: it cannot fail there.
    """
    return [
        Probe(rule, instance, table, _columns(expectation), expectation)
        for rule in rules
        for table in (table_of(rule, form),)
        if not _has_nothing_to_compare(rule, tables[table])
        for instance, expectation in _expectations(rule, tuple(tables[table].columns), catalog, day)
    ]


def _has_nothing_to_compare(rule: Rule, table: pl.DataFrame) -> bool:
    """Whether one of the two sides of a comparison is unknown in every row, because it speaks of another period."""
    refs = refs_of(rule.check)
    elsewhere = [text for text in refs if Ref.parse(text).source in (*PAST, "same_as")]
    return len(refs) <= 2 and any(table[text].null_count() == table.height for text in elsewhere)


def _columns(expectation: Any) -> tuple[str, ...]:
    if hasattr(expectation, "column_list"):
        return tuple(expectation.column_list)
    if hasattr(expectation, "column_A"):
        return (expectation.column_A, expectation.column_B)
    return (expectation.column,)


def _described(rule: Rule, instance: str, day: date) -> dict[str, Any]:
    """What every expectation carries; Data Docs show the description and neither notes nor meta."""
    severity = severity_of(rule, instance, day)
    extreme = " · chỉ đúng ở mức sát biên / holds only at the extreme" if instance == SUSPICIOUS else ""
    return {
        "meta": {"rule_id": probe_key(rule, instance), "rule": rule.id, "instance": instance},
        "severity": str(severity),
        "description": f"{rule.id} · {severity} · {rule.title_vi} / {rule.title_en}{extreme}",
    }


def _expectations(rule: Rule, present: tuple[str, ...], catalog: Catalog, day: date) -> Iterable[tuple[str, Any]]:
    carried = _described(rule, "", day)
    match rule.check:
        case RangeCheck(min=low, max=high) | LengthCheck(min=low, max=high):
            for column in _helpers_in(rule, present):
                instance = column.removeprefix(helper(rule)).removeprefix(":")
                carried = _described(rule, instance, day)
                yield (
                    instance,
                    ExpectFigureToBeBetween(column=column, min_value=low, max_value=high, **carried),
                )
        case RequiredCheck():
            for column in _helpers_in(rule, present):
                instance = column.removeprefix(helper(rule)).removeprefix(":")
                carried = _described(rule, instance, day)
                yield instance, ExpectFigureToBeGiven(column=column, **carried)
        case CodeListCheck(column=column, codelist=codelist):
            codes = list(catalog.codelists[codelist].codes)
            yield "", ExpectCodeToBeInSet(column=column, value_set=codes, **carried)
        case UniqueCheck():
            yield (
                "",
                ExpectRowsToBeUnique(
                    column_list=["file", helper(rule)], ignore_row_if="any_value_is_missing", **carried
                ),
            )
        case IdentityCheck():
            yield from _identity(rule, rule.check, present, day)
        case SpokenFigureCheck() | SpokenTimeCheck() | SpokenNameCheck():
            yield "", _spoken(rule.check, present, carried)
        case _:
            yield "", _row_wise(rule, present, carried)


def _helpers_in(rule: Rule, present: tuple[str, ...]) -> list[str]:
    mine = helper(rule)
    return [column for column in present if column == mine or column.startswith(f"{mine}:")]


def _with_bounds(columns: Iterable[str], present: tuple[str, ...]) -> list[str]:
    """The columns and, where the table has them, their bounds; each once."""
    named = dict.fromkeys(columns)
    return [*named, *(bound for bound in bounds_of(named, present))]


def bounds_of(columns: Iterable[str], present: Iterable[str]) -> list[str]:
    known = set(present)
    return [prefix + column for column in columns for prefix in BOUNDS if prefix + column in known]


def _identity(rule: Rule, check: IdentityCheck, present: tuple[str, ...], day: date) -> Iterable[tuple[str, Any]]:
    """One expectation, and a second for what holds only at the extreme when any term of this batch is qualified."""
    terms = (*check.total, *check.parts)
    instances = ["", *([SUSPICIOUS] if bounds_of(terms, present) else [])]
    for instance in instances:
        yield (
            instance,
            custom.ExpectPartsToEqualTotal(
                column_list=_with_bounds(terms, present),
                total=list(check.total),
                parts=list(check.parts),
                when_given=list(check.when_given),
                missing_as_zero=check.missing_parts == "zero",
                tolerance=check.tolerance,
                judgement="suspicious" if instance else "violated",
                ignore_row_if="never",
                **_described(rule, instance, day),
            ),
        )


def _spoken(
    check: SpokenFigureCheck | SpokenTimeCheck | SpokenNameCheck, present: tuple[str, ...], carried: dict[str, Any]
) -> Any:
    """What a paragraph says against the figure, the year or the name it must agree with."""
    if isinstance(check, SpokenFigureCheck):
        return custom.ExpectPartsToEqualTotal(
            column_list=_with_bounds(("figure", "said"), present),
            total=["figure"],
            parts=["said"],
            when_given=[],
            missing_as_zero=False,
            tolerance=0.0,
            judgement="violated",
            ignore_row_if="never",
            **carried,
        )
    column = check.fault if isinstance(check, SpokenTimeCheck) else check.likeness
    return ExpectFigureToBeBetween(column=column, min_value=None, max_value=0, **carried)


def _row_wise(rule: Rule, present: tuple[str, ...], carried: dict[str, Any]) -> Any:
    match rule.check:
        case AtMostCheck(smaller=smaller, larger=larger, factor=factor, times=times):
            return custom.ExpectSumToBeAtMost(
                column_list=_with_bounds((*smaller, *larger, *([times] if times else [])), present),
                smaller=list(smaller),
                larger=list(larger),
                factor=factor,
                times=times or "",
                ignore_row_if="never",
                **carried,
            )
        case RateCheck(rate=rate, numerator=numerator, denominator=denominator, tolerance=tolerance):
            return custom.ExpectRateToAgreeWithCounts(
                column_list=_with_bounds((rate, *numerator, *denominator), present),
                rate=rate,
                numerator=list(numerator),
                denominator=list(denominator),
                tolerance=tolerance,
                ignore_row_if="never",
                **carried,
            )
        case GrowthCheck(growth=growth, column=column, base=base, tolerance=tolerance):
            return custom.ExpectGrowthToAgreeWithFigures(
                column_list=_with_bounds((growth, column, base), present),
                growth=growth,
                value=column,
                base=base,
                tolerance=tolerance,
                ignore_row_if="never",
                **carried,
            )
        case _:
            return _pair(rule, carried)


def _pair(rule: Rule, carried: dict[str, Any]) -> Any:
    chosen: Any
    match rule.check:
        case DiffersCheck(column=column, other=other):
            chosen, columns, values = custom.ExpectColumnsToDiffer, (column, other), {}
        case ChangeCheck(column=column, base=base, factor=factor, min_base=min_base):
            chosen, columns = custom.ExpectChangeToStayWithin, (column, base)
            values = {"factor": factor, "min_base": min_base}
        case NotMultipleCheck(column=column, of=of, min_of=min_of):
            chosen, columns, values = custom.ExpectNotToBeMultiple, (column, of), {"min_of": min_of}
        case _:
            raise ProgramFault(f"{rule.id}: no expectation is known for a check of kind {rule.check.kind}")
    return chosen(
        column_A=columns[0], column_B=columns[1], ignore_row_if="either_value_is_missing", **values, **carried
    )
