"""The figures of five published documents as their units would have filed them (data in ``examples/sources``).

``filings.csv`` holds the identity of each filing, ``figures.csv`` what is typed into its cells and what must be read
back, ``list_rows.csv`` the rows of its lists, ``expected.csv`` every figure and statement the documents contain,
``claims.csv`` what can, and what cannot, be concluded from them. No sentence of the documents is kept.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from catalog.whole import Catalog
from domain.observation import ValueKind
from examples.filing import Filing, ListRow, Typed

SOURCES = Path(__file__).parent / "sources"

_WHOLE = re.compile(r"0|[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class SourceFiling:
    """A filing with where it comes from. ``period_assumed`` tells that the document gives no date for its figures."""

    name: str
    document: str
    filing: Filing
    period_as_written: str
    period_assumed: bool
    note: str


@dataclass(frozen=True, slots=True)
class ExpectedFigure:
    """What must be read back out of one cell: the value in the field's unit of measure, and its qualifier."""

    filing: str
    field: str
    typed: str
    value: float
    qualifier: str
    note: str
    seeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seed:
    """One figure or statement of a document. ``carried_as`` names the field, or ``list:row``, that carries it."""

    seed: str
    document: str
    unit_as_written: str
    unit: str
    indicator: str
    period_as_written: str
    value: str
    qualifier: str
    filing: str
    carried_as: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a reader of the documents may conclude.

    ``holds``: yes · no · flag · ambiguous · not_computable · not_supported. ``how`` names the kind of proof and
    ``args`` what it works on: filings by name, fields by code.
    """

    id: str
    document: str
    claim_vi: str
    claim_en: str
    expected: str
    holds: str
    how: str
    args: dict[str, Any]


def filings(catalog: Catalog) -> list[Filing]:
    """The filings of the five documents, in the order of the documents."""
    return [source.filing for source in source_filings(catalog)]


def source_filings(catalog: Catalog) -> list[SourceFiling]:
    """The same filings with their names, documents and the periods as the documents write them."""
    figures, notes = _figures()
    lists = _lists(catalog)
    return [_source_filing(row, figures, notes, lists) for row in _rows("filings.csv")]


def expected_figures() -> list[ExpectedFigure]:
    """What every typed figure must be read as."""
    return [
        ExpectedFigure(
            filing=row["filing"],
            field=row["field"],
            typed=row["typed"],
            value=float(row["expected_value"]),
            qualifier=row["expected_qualifier"],
            note=row["note"],
            seeds=tuple(row["seeds"].split()),
        )
        for row in _rows("figures.csv")
    ]


def seeds() -> list[Seed]:
    """Every figure and statement of the documents, and where it is carried."""
    return [Seed(**row) for row in _rows("expected.csv")]


def claims() -> list[Claim]:
    """The conclusions a correct system reproduces or refuses."""
    return [Claim(**{**row, "args": json.loads(row["args"])}) for row in _rows("claims.csv")]


def _source_filing(
    row: dict[str, str],
    figures: dict[str, dict[str, Typed]],
    notes: dict[str, dict[str, str]],
    lists: dict[str, dict[str, list[ListRow]]],
) -> SourceFiling:
    name = row["filing"]
    filing = Filing(
        unit=row["unit"],
        period=row["period"],
        form=row["form"],
        scope=row["scope"],
        reporter=row["reporter"],
        figures=figures.get(name, {}),
        notes=notes.get(name, {}),
        lists=lists.get(name, {}),
        narratives={n["narrative"]: n["text"] for n in _rows("narratives.csv") if n["filing"] == name},
    )
    return SourceFiling(
        name, row["document"], filing, row["period_as_written"], row["period_assumed"] == "yes", row["note"]
    )


def _figures() -> tuple[dict[str, dict[str, Typed]], dict[str, dict[str, str]]]:
    figures: dict[str, dict[str, Typed]] = defaultdict(dict)
    notes: dict[str, dict[str, str]] = defaultdict(dict)
    for row in _rows("figures.csv"):
        figures[row["filing"]][row["field"]] = _typed(row["typed"])
        if row["note"]:
            notes[row["filing"]][row["field"]] = row["note"]
    return dict(figures), dict(notes)


def _lists(catalog: Catalog) -> dict[str, dict[str, list[ListRow]]]:
    lists: dict[str, dict[str, list[ListRow]]] = defaultdict(lambda: defaultdict(list))
    forms = {row["filing"]: row["form"] for row in _rows("filings.csv")}
    for row in _rows("list_rows.csv"):
        rows = lists[row["filing"]][row["list"]]
        while len(rows) < int(row["item"]):
            rows.append({})
        rows[-1][row["column"]] = _chosen(catalog, forms[row["filing"]], row)
    return {filing: dict(by_list) for filing, by_list in lists.items()}


def _chosen(catalog: Catalog, form: str, row: dict[str, str]) -> Typed:
    """What stands in the cell: the label a person picks from the drop-down, a number, or the text."""
    column = next(c for c in catalog.forms[form].section(row["list"]).columns if c.code == row["column"])
    if column.codelist:
        return catalog.codelists[column.codelist].item(row["typed"]).label_vi
    return row["typed"] if column.kind is ValueKind.TEXT else _typed(row["typed"])


def _typed(text: str) -> Typed:
    """Plain digits become a number cell; everything else stays the text a person wrote (06, 11.713, trên 90%)."""
    return int(text) if _WHOLE.fullmatch(text) else text


@lru_cache
def _rows(name: str) -> list[dict[str, str]]:
    with (SOURCES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
