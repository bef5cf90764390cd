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
from catalog.refs import PAST, Ref, refs_of
from domain.columns import FINDINGS, SPOKEN
from domain.finding import SettledBy, Severity
from expectations import read_words, spoken_words
from expectations.earlier import (
    SAME_AS,
    SUM,
    Elsewhere,
    field_there,
    figures_of,
    repeated,
    said_of_report,
    said_where,
    wanted,
)
from expectations.fault import ProgramFault
from expectations.outcomes import READINGS, TEXTS
from expectations.places import SPREADSHEETS, Layout, Names, address, items_of_sum, qualified
from expectations.schema import empty_frame, schema_of
from expectations.settling import Notes
from expectations.severity import SUSPICIOUS, said_of_newness
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
class Beside:
    """What is known beside the failed rows: READINGS, HEADERS, HISTORY, and the notes that explain something."""

    readings: pl.DataFrame
    headers: pl.DataFrame
    history: pl.DataFrame | None
    notes: Notes


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one finding speaks of: its field and item, the figures of each column, and every cell, the first to open
    before the others."""

    field: str
    item: int
    terms: list[list[Term]]
    cells: list[tuple[str, str]]

    @property
    def place(self) -> tuple[str, str]:
        return self.cells[0] if self.cells else ("", "")

    @property
    def addresses(self) -> str:
        return ", ".join(dict.fromkeys(address(sheet, cell) for sheet, cell in self.cells))

    @property
    def scalars(self) -> list[str]:
        """The scalar fields it speaks of, each once."""
        named = [(term.ref, term.item) for part in self.terms for term in part] or [(self.field, self.item)]
        return list(dict.fromkeys(Ref.parse(code).field for code, item in named if code and not item))


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

    @property
    def is_spoken(self) -> bool:
        """Whether its rows are what paragraphs say, with the places they speak of."""
        return self.rule.check.kind in SPOKEN

    @property
    def is_compared(self) -> bool:
        """Whether its rows have columns that may be figures of other periods."""
        return not (self.is_reading or self.is_long or self.is_spoken)


def write_findings(hits: pl.DataFrame, tables: Tables, known: Beside, catalog: Catalog, form: Form) -> pl.DataFrame:
    """FINDINGS for failed rows, ordered by file, level, sheet position as given, and rule."""
    if hits.is_empty():
        return empty_frame(FINDINGS)
    groups = list(_groups(hits, tables, catalog))
    seen, elsewhere = _seen(groups, known.readings, form), _elsewhere(groups, known, form)
    writer = _Writer(catalog, form, _headers_of(known.headers), seen, elsewhere, known.notes)
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


def _elsewhere(groups: Iterable[Group], known: Beside, form: Form) -> Elsewhere:
    """The figures of other periods that the findings compare with, and the reports they are said to repeat."""
    compared = [group for group in groups if group.is_compared]
    if known.history is None or known.history.is_empty() or not compared:
        return Elsewhere()
    keys = [
        group.hits.select("file", "item", which=pl.lit(which), field=pl.lit(field))
        for group in compared
        for which, field in wanted(group.table, group.refs, form)
    ]
    files = [
        group.hits.select("file", which=pl.lit(ref.name))
        for group in compared
        for ref in map(Ref.parse, group.refs)
        if ref.source == SAME_AS
    ]
    return Elsewhere(
        figures_of(pl.concat(keys), known.history) if keys else {},
        repeated(pl.concat(files), known.history, known.readings) if files else {},
    )


class _Writer:
    def __init__(
        self,
        catalog: Catalog,
        form: Form,
        headers: Mapping[int, Header],
        seen: Mapping[tuple[int, int, str], Seen],
        elsewhere: Elsewhere,
        notes: Notes,
    ) -> None:
        self.catalog = catalog
        self.form = form
        self.headers = headers
        self.seen = seen
        self.elsewhere = elsewhere
        self.notes = notes
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
            spoken = self._spoken(group, row)
            sheet, cell = spoken.place
            vi, en = self._said(group, row, spoken)
            words = {
                "sheet": sheet,
                "cell": cell,
                "cells": _cells(spoken.terms, sheet) or (_named_cells(spoken) if group.is_spoken else ""),
                "item": spoken.item,
                "rule": group.rule.id,
                "unit": self.headers[row["file"]].unit,
                "period": self.headers[row["file"]].period,
            }
            labels = self.names.of(spoken.field, spoken.item) if spoken.field else ("", "")
            titles = self._section_title(spoken.field.partition(".")[0] if spoken.field else group.table)
            where = self._said_elsewhere(group, row, spoken.item)
            newness = said_of_newness(group.rule, severity, group.instance)
            note = self._note(row["file"], spoken) if severity == Severity.WARNING else None
            yield (
                row["file"],
                group.rule.id,
                level,
                severity,
                spoken.field,
                spoken.item,
                sheet,
                cell,
                vi.observed,
                vi.expected,
                vi.arithmetic,
                _sentence(
                    group.rule, message.vi, "Các ô", labels[0], titles[0], vi, words,
                    (where[0], message.advice_vi, newness[0]),
                ),
                _sentence(
                    group.rule, message.en, "Cells", labels[1], titles[1], en, words,
                    (where[1], message.advice_en, newness[1]),
                ),
                spoken.addresses,
                SettledBy.NOTE.value if note else None,
                note,
            )  # fmt: skip

    def _note(self, file: int, spoken: Spoken) -> str | None:
        """What the unit wrote beside the scalar fields of a warning, where that says something."""
        if not self.notes:
            return None
        written = (self.notes.get((file, field)) for field in spoken.scalars)
        return "\n".join(dict.fromkeys(note for note in written if note)) or None

    def _message(self, group: Group) -> Message:
        extreme = group.instance == SUSPICIOUS and AT_THE_EXTREME in self.catalog.messages
        return self.catalog.messages[AT_THE_EXTREME if extreme else group.rule.message]

    def _section_title(self, code: str) -> tuple[str, str]:
        """The title of a list or matrix in both languages; empty for what is no section."""
        return self.titles.get(code, ("", ""))

    # -------------------------------------------------------------------------------- figures and cells

    def _spoken(self, group: Group, row: dict[str, Any]) -> Spoken:
        """The field the finding is about, the figures of each column the rule names, and the cells of this file."""
        if group.is_reading:
            return Spoken(row["field"], row["item"], [], [(row["sheet"] or "", row["cell"] or "")])
        item = int(row["item"])
        if group.is_spoken:
            return Spoken(spoken_words.field_of(row), item, [], spoken_words.cells_of(row))
        if group.is_long:
            terms = [[self._term(row, row["field"], item, row.get("value"))]]
            return Spoken(row["field"], item, terms, self._places(row, terms))
        codes = [qualified(group.table, ref, self.form) for ref in group.refs]
        if isinstance(group.rule.check, UniqueCheck | CodeListCheck):
            return Spoken(codes[0], item, [], [self._cell(row["file"], code, item) for code in codes])
        terms = [self._terms_of(group, row, code, ref, item) for code, ref in zip(codes, group.refs, strict=True)]
        first = terms[0][0]
        cells = self._places(row, terms) or list(self._repeated_cells(group, row))
        return Spoken(first.ref, first.item, terms, cells)

    def _terms_of(self, group: Group, row: dict[str, Any], code: str, ref: str, item: int) -> list[Term]:
        """The figures behind one column: itself, those a sum adds up, or those of other periods."""
        parsed = Ref.parse(ref)
        if parsed.source == "sum":
            return self._terms_of_sum(row, ref)
        if parsed.source not in PAST:
            return [self._term(row, code, item, row.get(self._column(group, ref)))]
        known = self.elsewhere.of(row["file"], parsed, field_there(group.table, parsed, self.form), item)
        percent = is_percent(code, self.percentages)
        if parsed.source == SUM and known:
            return [Term(code, item, each.value, each.qualifier, percent, "", "") for each in known]
        value = row.get(ref)
        number = float(value) if isinstance(value, float | int) else None
        return [Term(code, item, number, known[0].qualifier if known else "", percent, "", "")]

    def _repeated_cells(self, group: Group, row: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The cells that are equal to another report's, for a rule that judges how many are."""
        for ref in map(Ref.parse, group.refs):
            report = self.elsewhere.repeated.get((row["file"], ref.name)) if ref.source == SAME_AS else None
            yield from report.cells if report else ()

    def _said_elsewhere(self, group: Group, row: dict[str, Any], item: int) -> tuple[str, str]:
        """Where the figures of other periods stand that the finding compares with."""
        if not group.is_compared:
            return "", ""
        said: dict[tuple[str, str], None] = {}
        for ref in map(Ref.parse, group.refs):
            if ref.source in PAST:
                field = field_there(group.table, ref, self.form)
                said[said_where(ref.source, self.elsewhere.of(row["file"], ref, field, item))] = None
            elif ref.source == SAME_AS and (row["file"], ref.name) in self.elsewhere.repeated:
                said[said_of_report(ref.name, self.elsewhere.repeated[row["file"], ref.name])] = None
        return " ".join(filter(None, (vi for vi, _ in said))), " ".join(filter(None, (en for _, en in said)))

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
        sheet, cell = self._cell(row["file"], code, item)
        qualifier = seen.qualifier if seen else ""
        number = float(value) if isinstance(value, float | int) else None
        return Term(code, item, number, qualifier, is_percent(code, self.percentages), sheet, cell)

    def _cell(self, file: int, code: str, item: int) -> tuple[str, str]:
        """Where a place of the form is in this file: the filled cell, else where it would be."""
        seen = self.seen.get((file, item, code))
        return (seen.sheet, seen.cell) if seen else self._address(file, code, item)

    def _address(self, file: int, code: str, item: int) -> tuple[str, str]:
        header = self.headers[file]
        if header.media not in SPREADSHEETS:
            return "", ""
        key = (header.version, code, item)
        if key not in self.addresses:
            layout = self.layouts.setdefault(header.version, Layout(self.form, header.version))
            self.addresses[key] = layout.cell(code, item)
        return self.addresses[key]

    def _places(self, row: dict[str, Any], terms: list[list[Term]]) -> list[tuple[str, str]]:
        """The cells of the terms, each once; the one to open comes first: the first filled one, or else the first."""
        every = [term for part in terms for term in part if term.cell]
        filled = next((term for term in every if (row["file"], term.item, term.ref) in self.seen), None)
        first = [filled] if filled else []
        return list(dict.fromkeys((term.sheet, term.cell) for term in (*first, *every)))

    # -------------------------------------------------------------------------------- words

    def _said(self, group: Group, row: dict[str, Any], spoken: Spoken) -> tuple[Said, Said]:
        check, terms = group.rule.check, spoken.terms
        if group.is_reading:
            return read_words.say_reading(group.rule, row, self.form, self.catalog)
        if group.is_spoken:
            return spoken_words.say_spoken(check, row, self.names, self.percentages)
        if isinstance(check, UniqueCheck):
            key = " · ".join(str(row[column]) for column in check.columns if row[column])
            return Said(key, "mỗi dòng một lần"), Said(key, "each row once")
        if isinstance(check, CodeListCheck):
            seen = self.seen.get((row["file"], spoken.item, spoken.field))
            text = (seen and seen.text) or str(row[check.column])
            return tuple(Said(text, expected) for expected in read_words.choices(self.catalog, check.codelist))  # type: ignore[return-value]
        approximate = isinstance(check, IdentityCheck) and group.instance == SUSPICIOUS
        return say(group.rule, terms, VI, approximate=approximate), say(group.rule, terms, EN, approximate=approximate)


def _named_cells(spoken: Spoken) -> str:
    """All cells of a finding without terms; the sheet is written only where it is another than the first's."""
    return ", ".join(cell if sheet == spoken.place[0] else address(sheet, cell) for sheet, cell in spoken.cells)


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
    cells_word: str,
    label: str,
    title: str,
    said: Said,
    words: dict[str, Any],
    then: Iterable[str],
) -> str:
    """The message of the rule with its words filled in, the cells it speaks of, and the sentences that follow."""
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
    return " ".join(filter(None, (sentence, *then)))
