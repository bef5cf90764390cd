"""Failed rows → findings: the cell, what was seen, what was expected, the arithmetic, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from catalog.load import Catalog
from catalog.model import (
    CodeListCheck,
    Form,
    IdentityCheck,
    LengthCheck,
    Message,
    RangeCheck,
    RequiredCheck,
    Rule,
    UniqueCheck,
)
from catalog.refs import Ref, refs_of
from domain.columns import FINDINGS
from expectations import read_words
from expectations.fault import ProgramFault
from expectations.outcomes import READINGS, TEXTS
from expectations.places import SPREADSHEETS, Layout, Names, items_of_sum, qualified
from expectations.schema import empty_frame, schema_of
from expectations.severity import SUSPICIOUS
from expectations.tables import REQUIRED, VALUES, Tables
from expectations.wording import EN, VI, Said, Term, is_percent, say

#: The sentence for an identity between qualified figures that holds only at the extreme.
AT_THE_EXTREME = "rounded_sum_doubtful"

_CELL_KEY = ("file", "item", "field")


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a filled cell."""

    value: float | None
    qualifier: str
    text: str
    sheet: str
    cell: str


@dataclass(frozen=True, slots=True)
class Header:
    version: str
    media: str
    unit: str
    period: str


@dataclass(frozen=True)
class Group:
    """The failed rows of one instance of one rule on one table."""

    rule: Rule
    instance: str
    table: str
    hits: pl.DataFrame
    rows: pl.DataFrame
    refs: tuple[str, ...]

    @property
    def is_reading(self) -> bool:
        return self.table in (READINGS, TEXTS)

    @property
    def is_long(self) -> bool:
        return self.table in (VALUES, REQUIRED)


def write_findings(
    hits: pl.DataFrame, tables: Tables, readings: pl.DataFrame, headers: pl.DataFrame, catalog: Catalog, form: Form
) -> pl.DataFrame:
    """FINDINGS for failed rows, ordered by file, level, sheet position as given, and rule."""
    if hits.is_empty():
        return empty_frame(FINDINGS)
    groups = list(_groups(hits, tables, catalog))
    writer = _Writer(catalog, form, _headers_of(headers), _seen(groups, readings, form))
    rows = [row for group in groups for row in writer.findings(group)]
    return pl.DataFrame(rows, schema=schema_of(FINDINGS), orient="row").sort(
        "file", "level", "rule", "item", maintain_order=True
    )


def _groups(hits: pl.DataFrame, tables: Tables, catalog: Catalog) -> Iterator[Group]:
    for (rule_id, instance, table), part in hits.group_by("rule", "instance", "table", maintain_order=True):
        rule = catalog.rules_by_id[str(rule_id)]
        yield Group(
            rule, str(instance), str(table), part, tables[str(table)][part["row"].to_list()], _refs(rule, str(instance))
        )


def _refs(rule: Rule, instance: str) -> tuple[str, ...]:
    """The columns of the finding; a range judged a column at a time speaks of that one column."""
    if isinstance(rule.check, RangeCheck | RequiredCheck):
        number = int(instance) if instance else 1
        return rule.check.columns[number - 1 : number]
    if isinstance(rule.check, LengthCheck):
        return (rule.check.column,)
    return refs_of(rule.check)


def _headers_of(headers: pl.DataFrame) -> dict[int, Header]:
    rows = headers.select("file", "form_version", "media", "unit", "period").iter_rows()
    return {file: Header(*(text or "" for text in rest)) for file, *rest in rows}


def _seen(groups: Iterable[Group], readings: pl.DataFrame, form: Form) -> dict[tuple[int, int, str], Seen]:
    """The readings of the cells the findings speak of, and no others."""
    needed = [frame for group in groups if not group.is_reading for frame in _needed(group, form)]
    if not needed or readings.is_empty():
        return {}
    keys = pl.concat(needed).unique()
    found = readings.join(keys, on=_CELL_KEY, how="semi").select(
        *_CELL_KEY, "value", "qualifier", "text", "sheet", "cell"
    )
    return {
        (file, item, field): Seen(value, qualifier or "", text or "", sheet or "", cell or "")
        for file, item, field, value, qualifier, text, sheet, cell in found.iter_rows()
    }


def _needed(group: Group, form: Form) -> Iterator[pl.DataFrame]:
    if group.is_long:
        yield group.rows.select(pl.col("file").cast(pl.Int64), pl.col("item").cast(pl.Int32), "field")
        return
    for ref in group.refs:
        source = Ref.parse(ref).source
        if source == "sum":
            field, items = items_of_sum(form, ref)
            for item in items:
                yield group.hits.select("file", item=pl.lit(item, dtype=pl.Int32), field=pl.lit(field))
        elif not source:
            yield group.hits.select("file", "item", field=pl.lit(qualified(group.table, ref, form)))


class _Writer:
    def __init__(
        self,
        catalog: Catalog,
        form: Form,
        headers: Mapping[int, Header],
        seen: Mapping[tuple[int, int, str], Seen],
    ) -> None:
        self.catalog = catalog
        self.form = form
        self.headers = headers
        self.seen = seen
        self.names = Names(catalog, form)
        self.percentages = frozenset(
            code for code, indicator in catalog.indicators.items() if indicator.is_rate or indicator.measure_vi == "%"
        )
        self.titles = {section.code: (section.title_vi, section.title_en) for section in form.sections}
        self.layouts: dict[str, Layout] = {}
        self.addresses: dict[tuple[str, str, int], tuple[str, str]] = {}

    def findings(self, group: Group) -> Iterator[tuple[Any, ...]]:
        levels = group.hits.select("level", "severity").iter_rows()
        message = self._message(group)
        for row, (level, severity) in zip(group.rows.iter_rows(named=True), levels, strict=True):
            field, item, terms = self._terms(group, row)
            sheet, cell = self._place(group, row, field, item, terms)
            vi, en = self._said(group, row, field, item, terms)
            words = {
                "sheet": sheet,
                "cell": cell,
                "cells": _cells(terms, sheet),
                "item": item,
                "rule": group.rule.id,
                "unit": self.headers[row["file"]].unit,
                "period": self.headers[row["file"]].period,
            }
            labels = self.names.of(field, item) if field else ("", "")
            titles = self._section_title(field.partition(".")[0] if field else group.table)
            yield (
                row["file"],
                group.rule.id,
                level,
                severity,
                field,
                item,
                sheet,
                cell,
                vi.observed,
                vi.expected,
                vi.arithmetic,
                _sentence(group.rule, message.vi, message.advice_vi, "Các ô", labels[0], titles[0], vi, words),
                _sentence(group.rule, message.en, message.advice_en, "Cells", labels[1], titles[1], en, words),
                None,
                None,
                None,
            )

    def _message(self, group: Group) -> Message:
        extreme = group.instance == SUSPICIOUS and AT_THE_EXTREME in self.catalog.messages
        return self.catalog.messages[AT_THE_EXTREME if extreme else group.rule.message]

    def _section_title(self, code: str) -> tuple[str, str]:
        """The title of a list or matrix in both languages; empty for what is no section."""
        return self.titles.get(code, ("", ""))

    # -------------------------------------------------------------------------------- figures and cells

    def _terms(self, group: Group, row: dict[str, Any]) -> tuple[str, int, list[list[Term]]]:
        """(field, item, terms): the field the finding is about and the figures of each column the rule names."""
        if group.is_reading:
            return row["field"], row["item"], []
        item = int(row["item"])
        if group.is_long:
            return row["field"], item, [[self._term(row, row["field"], item, row.get("value"))]]
        codes = [qualified(group.table, ref, self.form) for ref in group.refs]
        if isinstance(group.rule.check, UniqueCheck | CodeListCheck):
            return codes[0], item, []
        terms = [
            self._terms_of_sum(row, ref)
            if ref.startswith("sum:")
            else [self._term(row, code, item, row.get(self._column(group, ref)))]
            for code, ref in zip(codes, group.refs, strict=True)
        ]
        first = terms[0][0]
        return first.ref, first.item, terms

    def _terms_of_sum(self, row: dict[str, Any], ref: str) -> list[Term]:
        """The filled items of a matrix that a sum adds, each a term of its own; the first item where none is filled."""
        field, items = items_of_sum(self.form, ref)
        filled = [item for item in items if (row["file"], item, field) in self.seen] or list(items[:1])
        values = {item: self.seen.get((row["file"], item, field)) for item in filled}
        return [self._term(row, field, item, seen.value if seen else None) for item, seen in values.items()]

    def _column(self, group: Group, ref: str) -> str:
        if isinstance(group.rule.check, LengthCheck):
            return f"rule:{group.rule.id}"
        return ref

    def _term(self, row: dict[str, Any], code: str, item: int, value: Any) -> Term:
        seen = self.seen.get((row["file"], item, code))
        sheet, cell = (seen.sheet, seen.cell) if seen else self._address(row["file"], code, item)
        qualifier = seen.qualifier if seen else ""
        number = float(value) if isinstance(value, float | int) else None
        return Term(code, item, number, qualifier, is_percent(code, self.percentages), sheet, cell)

    def _address(self, file: int, code: str, item: int) -> tuple[str, str]:
        header = self.headers[file]
        if header.media not in SPREADSHEETS:
            return "", ""
        key = (header.version, code, item)
        if key not in self.addresses:
            layout = self.layouts.setdefault(header.version, Layout(self.form, header.version))
            self.addresses[key] = layout.cell(code, item)
        return self.addresses[key]

    def _place(
        self, group: Group, row: dict[str, Any], field: str, item: int, terms: list[list[Term]]
    ) -> tuple[str, str]:
        """The cell to open first: the first filled one the rule names, else the first that has an address."""
        if group.is_reading:
            return row["sheet"] or "", row["cell"] or ""
        if not terms:
            seen = self.seen.get((row["file"], item, field))
            return (seen.sheet, seen.cell) if seen else self._address(row["file"], field, item)
        every = [term for part in terms for term in part]
        for term in every:
            if (row["file"], term.item, term.ref) in self.seen:
                return term.sheet, term.cell
        return next(((term.sheet, term.cell) for term in every if term.cell), ("", ""))

    # -------------------------------------------------------------------------------- words

    def _said(
        self, group: Group, row: dict[str, Any], field: str, item: int, terms: list[list[Term]]
    ) -> tuple[Said, Said]:
        check = group.rule.check
        if group.is_reading:
            return read_words.say_reading(group.rule, row, self.form, self.catalog)
        if isinstance(check, UniqueCheck):
            key = " · ".join(str(row[column]) for column in check.columns if row[column])
            return Said(key, "mỗi dòng một lần"), Said(key, "each row once")
        if isinstance(check, CodeListCheck):
            seen = self.seen.get((row["file"], item, field))
            text = (seen and seen.text) or str(row[check.column])
            return tuple(Said(text, expected) for expected in read_words.choices(self.catalog, check.codelist))  # type: ignore[return-value]
        approximate = isinstance(check, IdentityCheck) and group.instance == SUSPICIOUS
        return say(group.rule, terms, VI, approximate=approximate), say(group.rule, terms, EN, approximate=approximate)


def _cells(terms: list[list[Term]], sheet: str) -> str:
    """Addresses of all terms, each once; the sheet is written only where it is another."""
    written = (
        term.cell if term.sheet == sheet else f"{term.sheet}!{term.cell}" if term.sheet else term.cell
        for part in terms
        for term in part
        if term.cell
    )
    return ", ".join(dict.fromkeys(written))


def _sentence(
    rule: Rule,
    template: str,
    advice: str,
    cells_word: str,
    label: str,
    title: str,
    said: Said,
    words: dict[str, Any],
) -> str:
    """The message of the rule with its words filled in, the cells it speaks of, and the advice."""
    try:
        sentence = template.format(
            label=label,
            list=title,
            observed=said.observed,
            expected=said.expected,
            arithmetic=said.arithmetic,
            difference=said.difference,
            **words,
        )
    except (KeyError, IndexError, ValueError) as fault:
        raise ProgramFault(f"{rule.id}: its message {rule.message} asks for a word it cannot have: {fault}") from fault
    if "," in words["cells"] and "{cells}" not in template:
        sentence = f"{sentence} {cells_word}: {words['cells']}."
    return f"{sentence} {advice}".strip()
