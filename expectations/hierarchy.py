"""Level 7: what a unit states for everything below it, against what its children give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from catalog.load import Catalog
from catalog.model import Form, HierarchyCheck, Message, Rule
from domain.columns import CHILD_SUMS, CHILD_TERMS, FINDINGS, STATED_AT
from domain.finding import SettledBy, Severity
from expectations.fault import ProgramFault
from expectations.places import Names, address
from expectations.schema import empty_frame, schema_of
from expectations.settling import explained_by
from expectations.severity import said_of_newness
from expectations.wording import EN, VI, Said, Term, Tongue, say_sum_of_children

_PLACE = ["file", "indicator", "breakdown"]

#: Children that are named and written out one by one; a province has hundreds.
NAMED = 6

_COVERAGE = {
    VI: ("đủ {whole}/{all} đơn vị trực thuộc", "{whole}/{all} đơn vị trực thuộc, còn thiếu {names}", "{} đơn vị khác"),
    EN: ("all {whole}/{all} units below", "{whole}/{all} units below, missing {names}", "{} others"),
}


def judged_against_children(
    sums: pl.DataFrame,
    terms: pl.DataFrame,
    stated: pl.DataFrame,
    names: Mapping[str, str],
    catalog: Catalog,
    form: str,
    today: date,
) -> pl.DataFrame:
    """FINDINGS on CHILD_SUMS, their CHILD_TERMS and STATED_AT, for the rules of level 7 in force ``today``.

    ``names``: code of a unit → its name. It cannot be judged on the frames of a batch, which know nothing of other
    units. A warning beside which the unit wrote an explanation is settled by it.
    """
    rows = sums.select(list(CHILD_SUMS)).join(stated.select(list(STATED_AT)), on=_PLACE, how="left")
    explained = rows.with_columns(told=explained_by("note", "original_text"))
    found = [row for rule in _rules(catalog, form, today) for row in _fired(rule, explained)]
    if not found:
        return no_findings()
    children = {
        place: part.select(list(CHILD_TERMS)).to_dicts()
        for place, part in terms.partition_by(_PLACE, as_dict=True, maintain_order=True).items()
    }
    speaker = _Speaker(Names(catalog, catalog.forms[form]), catalog, names, today)
    written = [speaker.finding(rule, row, children[tuple(row[name] for name in _PLACE)]) for rule, row in found]
    return pl.DataFrame(written, schema=schema_of(FINDINGS), orient="row").sort("file", "rule", "field", "item")


def no_findings() -> pl.DataFrame:
    return empty_frame(FINDINGS)


def _rules(catalog: Catalog, form: str, today: date) -> list[tuple[Rule, HierarchyCheck]]:
    return [(rule, rule.check) for rule in catalog.rules_for(form, today) if isinstance(rule.check, HierarchyCheck)]


def _fired(rule: tuple[Rule, HierarchyCheck], rows: pl.DataFrame) -> Iterator[tuple[Rule, dict[str, Any]]]:
    """Rows are of figures whose interval the sum's does not meet: which side it lies on is all that is left to ask."""
    check = rule[1]
    is_above = pl.col("sum") > pl.col("value")
    is_whole = pl.col("whole") == pl.col("children")
    side = {"above": is_above, "below": ~is_above, "apart": pl.lit(True)}[check.sum]
    coverage = {"whole": is_whole, "partial": ~is_whole, "any": pl.lit(True)}[check.children]
    spoken = pl.col("scope").is_in([scope.value for scope in check.scopes])
    return ((rule[0], row) for row in rows.filter(spoken & side & coverage).iter_rows(named=True))


@dataclass(frozen=True)
class _Speaker:
    """Writes findings of one form."""

    labels: Names
    catalog: Catalog
    units: Mapping[str, str]
    today: date

    def finding(self, rule: Rule, row: dict[str, Any], children: list[dict[str, Any]]) -> tuple[Any, ...]:
        severity = rule.severity_on(self.today)
        field, item = field_of(self.labels.form, row["indicator"], row["breakdown"])
        sheet, cell = row["sheet"] or "", row["cell"] or ""
        label = self.labels.of(field, item)
        said = [self._said(rule, row, children, tongue) for tongue in (VI, EN)]
        vi, en = self._sentences(rule, row, children, label, said)
        new_vi, new_en = said_of_newness(rule, severity)
        note = row["told"] if severity is Severity.WARNING else None
        return (
            row["file"],
            rule.id,
            int(rule.level),
            str(severity),
            field,
            item,
            sheet,
            cell,
            said[0].observed,
            said[0].expected,
            said[0].arithmetic,
            f"{vi} {new_vi}".strip(),
            f"{en} {new_en}".strip(),
            address(sheet, cell),
            SettledBy.NOTE.value if note else None,
            note,
        )

    def _said(self, rule: Rule, row: dict[str, Any], children: list[dict[str, Any]], tongue: Tongue) -> Said:
        assert isinstance(rule.check, HierarchyCheck)
        stated = Term(row["indicator"], 0, row["value"], row["qualifier"], False, "", "")
        given = [
            Term(child["child"], 0, child["value"], child["qualifier"], False, "", "")
            for child in children
            if child["value"] is not None
        ]
        _, _, others = _COVERAGE[tongue]
        said = say_sum_of_children(
            stated, given, tongue, named=NAMED, others=others, is_above=rule.check.sum == "above"
        )
        return Said(said.observed, f"{said.expected} ({self._coverage(row, children, tongue)})", said.arithmetic,
                    said.difference)  # fmt: skip

    def _coverage(self, row: dict[str, Any], children: list[dict[str, Any]], tongue: Tongue) -> str:
        whole, partial, others = _COVERAGE[tongue]
        missing = [child["child"] for child in children if not child["is_whole"]]
        words = {"whole": tongue.number(row["whole"]), "all": tongue.number(row["children"])}
        if not missing:
            return whole.format(**words)
        return partial.format(**words, names=", ".join(_first(map(self._unit, sorted(missing)), others, tongue)))

    def _sentences(
        self, rule: Rule, row: dict[str, Any], children: list[dict[str, Any]], label: tuple[str, str], said: list[Said]
    ) -> Iterator[str]:
        message = self.catalog.messages[rule.message]
        for tongue, words, name, text, advice in (
            (VI, said[0], label[0], message.vi, message.advice_vi),
            (EN, said[1], label[1], message.en, message.advice_en),
        ):
            filled = {
                "label": name,
                "observed": words.observed,
                "expected": words.expected,
                "arithmetic": words.arithmetic,
                "difference": words.difference,
                "cell": address(row["sheet"] or "", row["cell"] or "") or "…",
                "sheet": row["sheet"] or "",
                "unit": self._unit(row["unit"]),
                "period": row["period"] or "",
                "list": "; ".join(self._given(children, tongue)),
            }
            yield f"{_filled(text, filled, rule, message)} {_filled(advice, filled, rule, message)}"

    def _given(self, children: list[dict[str, Any]], tongue: Tongue) -> Iterator[str]:
        told = (
            f"{self._unit(child['child'])}: {tongue.quantity(child['value'], child['qualifier'])}"
            for child in children
            if child["value"] is not None
        )
        return _first(told, _COVERAGE[tongue][2], tongue)

    def _unit(self, code: str) -> str:
        name = self.units.get(code)
        return f"{name} ({code})" if name else code


def _first(texts: Iterator[str], others: str, tongue: Tongue) -> Iterator[str]:
    """The first few, and how many there are besides."""
    every = list(texts)
    yield from every[:NAMED]
    if len(every) > NAMED:
        yield others.format(tongue.number(len(every) - NAMED))


def _filled(text: str, words: dict[str, str], rule: Rule, message: Message) -> str:
    try:
        return text.format(**words)
    except (KeyError, IndexError, ValueError) as fault:
        raise ProgramFault(f"{rule.id}: its message {message.id} asks for a word it cannot have: {fault}") from fault


def field_of(form: Form, indicator: str, breakdown: str) -> tuple[str, int]:
    """(field, item) as findings name them: a scalar by its code, a cell of a matrix by its column and row."""
    code = f"{indicator}[{breakdown}]" if breakdown else indicator
    if any(field.code == code for field in form.fields):
        return code, 0
    for section in form.sections_of("matrix"):
        if indicator in section.indicators and breakdown in section.items:
            return f"{section.code}.{indicator}", section.items.index(breakdown) + 1
    return code, 0
