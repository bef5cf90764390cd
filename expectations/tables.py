"""Check frames made ready for rules: bounds of worded figures, helper columns, and the long table of required figures.

A helper column ``rule:<id>`` holds for every row the one figure a core expectation judges, or null where the rule does
not speak of that row; so that a generic rule costs one expectation and not one a field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from catalog.model import Form, LengthCheck, RangeCheck, RequiredCheck, Rule, UniqueCheck
from catalog.refs import Ref, refs_of
from domain.columns import SPOKEN
from domain.names import fold_name
from domain.observation import CellStatus
from expectations.fault import ProgramFault
from expectations.places import items_of_sum

BOUNDS = ("low:", "high:", "strict_low:", "strict_high:")
MAIN = "main"
VALUES = "values"
REQUIRED = "required"
_KEYS = ("file", "item")

Tables = dict[str, pl.DataFrame]


def helper(rule: Rule, number: int = 0) -> str:
    return f"rule:{rule.id}" if number == 0 else f"rule:{rule.id}:{number}"


def home_of(rule: Rule) -> str:
    """The frame the rule's columns stand in."""
    return SPOKEN.get(rule.check.kind) or rule.frame or MAIN


def is_folded(rule: Rule) -> bool:
    """Whether a range is judged on the long table of values: plain figures of scalars and matrices, more than one.

    A single column is judged in its own frame, which has far fewer rows.
    """
    check = rule.check
    if not isinstance(check, RangeCheck) or any(Ref.parse(text).source for text in check.columns):
        return False
    return bool(check.value_kinds) or len(check.columns) > 1 or rule.frame == VALUES


def table_of(rule: Rule, form: Form) -> str:
    """The table whose rows the rule judges."""
    home = home_of(rule)
    if asks_for_all(rule):
        return REQUIRED
    in_values = home in (MAIN, VALUES) or any(home == section.code for section in form.sections_of("matrix"))
    return VALUES if is_folded(rule) and in_values else home


def asks_for_all(rule: Rule) -> bool:
    """Whether the rule requires all that the form marks so: judged on one long table, not a field at a time."""
    return isinstance(rule.check, RequiredCheck) and not rule.check.columns


def prepare(frames: Mapping[str, pl.DataFrame], readings: pl.DataFrame, rules: list[Rule], form: Form) -> Tables:
    """The tables the rules are judged on; raises :class:`ProgramFault` when a frame or a column of a rule is absent."""
    tables = {name: _with_worded_bounds(frame, name, readings, form) for name, frame in frames.items()}
    for rule in rules:
        _prove_columns(tables, rule, form)
    for name in {table_of(rule, form) for rule in rules} - {REQUIRED}:
        helpers = [column for rule in rules if table_of(rule, form) == name for column in _helpers(tables[name], rule)]
        tables[name] = tables[name].with_columns(helpers)
    required = [rule for rule in rules if asks_for_all(rule)]
    if required:
        tables[REQUIRED] = _required_table(tables, required, form)
    return tables


def _prove_columns(tables: Tables, rule: Rule, form: Form) -> None:
    needed = {home_of(rule), table_of(rule, form)} - {REQUIRED}
    for name in needed:
        if name not in tables:
            raise ProgramFault(f"{rule.id}: form {form.id} was handed over without the frame {name}")
    if table_of(rule, form) == VALUES:
        return
    for text in columns_of(rule, form):
        if text not in tables[home_of(rule)].columns:
            raise ProgramFault(f"{rule.id}: the frame {home_of(rule)} of form {form.id} has no column {text}")


def columns_of(rule: Rule, form: Form) -> list[str]:
    """The columns the rule reads in its frame; narratives are known there by their length."""
    narratives = {narrative.code for narrative in form.narratives}
    named = tuple(refs_of(rule.check))
    if isinstance(rule.check, RequiredCheck):
        named = (*required_columns(rule, form), *rule.check.when)
    return [f"length:{text}" if text in narratives else text for text in named]


def required_columns(rule: Rule, form: Form) -> tuple[str, ...]:
    """The columns a required rule names, or all that the form marks so."""
    assert isinstance(rule.check, RequiredCheck)
    if rule.check.columns:
        return rule.check.columns
    if home_of(rule) == MAIN:
        return tuple(field.code for field in form.fields if field.required)
    return tuple(column.code for column in form.section(home_of(rule)).columns if column.required)


# ------------------------------------------------------------------------------------------------ worded figures


def _with_worded_bounds(frame: pl.DataFrame, name: str, readings: pl.DataFrame, form: Form) -> pl.DataFrame:
    """A figure that is there but gives no number ("nhiều", or unreadable) may be anything: (-∞, ∞), not missing.

    Otherwise an identity would count it as zero and a required rule would call it absent.
    """
    if name == VALUES or readings.is_empty():
        return frame
    prefix = "" if name == MAIN else f"{name}."
    worded = readings.filter(
        pl.col("value").is_null()
        & ((pl.col("status") == CellStatus.VALUE) | pl.col("problem").is_not_null())
        & pl.col("field").str.starts_with(prefix)
    ).select("file", "item", field=pl.col("field").str.strip_prefix(prefix))
    for column in worded["field"].unique().sort():
        if frame.schema.get(column) == pl.Float64:
            frame = _unbound(frame, column, worded.filter(pl.col("field") == column).select(_KEYS))
    for column in frame.columns if name == MAIN else ():
        if column.startswith("sum:"):
            frame = _unbound(frame, column, _in_sum(worded, column, form))
    return frame


def _in_sum(worded: pl.DataFrame, column: str, form: Form) -> pl.DataFrame:
    """The submissions in which a worded figure stands in the matrix items that ``sum:…`` adds up."""
    field, items = items_of_sum(form, column)
    inside = worded.filter((pl.col("field") == field) & pl.col("item").is_in(items))
    return inside.select("file", item=pl.lit(0, dtype=pl.Int32))


def _unbound(frame: pl.DataFrame, column: str, rows: pl.DataFrame) -> pl.DataFrame:
    if rows.is_empty():
        return frame
    marked = frame.join(rows.unique().with_columns(worded=pl.lit(True)), on=_KEYS, how="left", maintain_order="left")
    anything = pl.col("worded").fill_null(False)
    bounds = []
    for prefix in BOUNDS:
        known = pl.col(prefix + column if prefix + column in frame.columns else column)
        limit = float("-inf") if "low" in prefix else float("inf")
        bounds.append(pl.when(anything).then(limit).otherwise(known).alias(prefix + column))
    return marked.with_columns(bounds).drop("worded")


def _bound(columns: Iterable[str], prefix: str, name: str) -> pl.Expr:
    return pl.col(prefix + name if prefix + name in columns else name)


# ------------------------------------------------------------------------------------------------ helper columns


def _helpers(table: pl.DataFrame, rule: Rule) -> list[pl.Expr]:
    match rule.check:
        case RangeCheck():
            return _range_helpers(table, rule, rule.check)
        case RequiredCheck(columns=columns, when=when):
            asked = _any_above_zero(table.columns, when) if when else pl.lit(True)
            return [
                pl.when(asked).then(_present(table, text)).otherwise(1.0).alias(helper(rule, number))
                for number, text in enumerate(columns, 1)
            ]
        case LengthCheck(column=column, when=when) if when:
            return [pl.when(_any_above_zero(table.columns, when)).then(_length(table, column)).alias(helper(rule))]
        case LengthCheck(column=column):
            return [_length(table, column).alias(helper(rule))]
        case UniqueCheck(columns=columns):
            return [_key(columns).alias(helper(rule))]
        case _:
            return []


def _range_helpers(table: pl.DataFrame, rule: Rule, check: RangeCheck) -> list[pl.Expr]:
    if "value_kind" not in table.columns:
        return [
            _nearest(_bound(table.columns, "low:", text), _bound(table.columns, "high:", text), check).alias(
                helper(rule, number)
            )
            for number, text in enumerate(check.columns, 1)
        ]
    prefix = "" if home_of(rule) in (MAIN, VALUES) else f"{home_of(rule)}."
    named = pl.col("field").is_in([prefix + text for text in check.columns])
    kinds = pl.col("value_kind").is_in([str(kind) for kind in check.value_kinds])
    return [pl.when(named | kinds).then(_nearest(pl.col("low"), pl.col("high"), check)).alias(helper(rule))]


def _nearest(low: pl.Expr, high: pl.Expr, check: RangeCheck) -> pl.Expr:
    """The point of [low, high] that lies deepest in the range: outside only when the whole interval is."""
    point = low
    if check.min is not None:
        point = pl.max_horizontal(low, pl.min_horizontal(high, pl.lit(check.min)))
    if check.max is not None:
        point = pl.when(low > check.max).then(low).otherwise(pl.min_horizontal(point, pl.lit(check.max)))
    return pl.when(low.is_not_null() & high.is_not_null()).then(point)


def _any_above_zero(columns: Iterable[str], when: Iterable[str]) -> pl.Expr:
    return pl.any_horizontal((_bound(columns, "low:", text) > 0).fill_null(False) for text in when)


def _length(table: pl.DataFrame, column: str) -> pl.Expr:
    if table.schema[column] == pl.String:
        return pl.col(column).str.len_chars().cast(pl.Float64)
    return pl.col(column)


def _key(columns: Iterable[str]) -> pl.Expr:
    """One folded text for the key of a row; null where every part is blank."""
    parts = [pl.col(column).cast(pl.String).fill_null("") for column in columns]
    blank = pl.all_horizontal(part.str.strip_chars() == "" for part in parts)
    return pl.when(~blank).then(pl.concat_str([part.map_batches(_folded, pl.String) for part in parts], separator="|"))


def _folded(names: pl.Series) -> pl.Series:
    """Every name folded; each different name once, because names repeat."""
    different = names.unique()
    return names.replace_strict(different, [fold_name(name) for name in different], return_dtype=pl.String)


# ------------------------------------------------------------------------------------------------ required figures


def _required_table(tables: Tables, rules: list[Rule], form: Form) -> pl.DataFrame:
    """A row a figure the form requires (``file, item, field``); the rule's helper column is null where it is absent."""
    rows = pl.concat([_required_rows(tables[home_of(rule)], rule, form) for rule in rules])
    return rows.with_columns(
        pl.when(pl.col("asked_by") == rule.id).then(pl.col("present")).otherwise(1.0).alias(helper(rule))
        for rule in rules
    )


def _required_rows(frame: pl.DataFrame, rule: Rule, form: Form) -> pl.DataFrame:
    assert isinstance(rule.check, RequiredCheck)
    prefix = "" if home_of(rule) == MAIN else f"{home_of(rule)}."
    asked = frame.filter(_any_above_zero(frame.columns, rule.check.when)) if rule.check.when else frame
    present = [_present(asked, text).alias(prefix + text) for text in required_columns(rule, form)]
    return (
        asked.select(*_KEYS, *present)
        .unpivot(index=_KEYS, variable_name="field", value_name="present")
        .with_columns(asked_by=pl.lit(rule.id))
    )


def _present(frame: pl.DataFrame, column: str) -> pl.Expr:
    """1 where the column is filled, null where it is blank; a narrative is known by its length."""
    if column not in frame.columns:
        filled = pl.col(f"length:{column}") > 0
    elif frame.schema[column] == pl.String:
        filled = pl.col(column).str.strip_chars() != ""
    else:
        filled = _bound(frame.columns, "low:", column).is_not_null()
    return pl.when(filled.fill_null(False)).then(1.0)


#: Checks that are judged by plain code: faults of files and intake, outcomes of reading, reports of other units,
#: conclusions of conferences.
PLAIN = frozenset({"file", "intake", "reading", "copy", "conclusion"})
