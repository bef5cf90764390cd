"""Sheets of figures: the whole, the units directly below, what each unit sent; sums are live where a sum is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from xlsxwriter.utility import xl_col_to_name

from conference.annex_cells import Formats, safe
from conference.facts import Facts, Figure, figure_of
from conference.outline import Annex, split

#: Over-units rule → the function of a spreadsheet that does the same.
_FUNCTIONS = {"sum": "SUM", "max": "MAX", "min": "MIN"}

_NUMBER, _UNIT, _CODE, _UNDER, _FIRST = 0, 1, 2, 3, 4


@dataclass
class _Column:
    """One figure of a sheet, and where it stands."""

    name: str
    at: int
    rule: str
    is_rate: bool
    above: list[int] = field(default_factory=list)  # columns of the numerator of a rate
    below: list[int] = field(default_factory=list)

    @property
    def letter(self) -> str:
        return str(xl_col_to_name(self.at))


class FigureSheet:
    """One sheet of an annex while it is written, from ``first`` row on."""

    def __init__(self, facts: Facts, formats: Formats, sheet: Any, annex: Annex) -> None:
        self.facts = facts
        self.formats = formats
        self.sheet = sheet
        self.annex = annex
        self.words = facts.words
        self.form = facts.form_for(annex.figures)
        self.notes: dict[str, int] = {}
        self.columns = self._columns(annex.figures, _FIRST)

    def _columns(self, names: tuple[str, ...], first: int) -> list[_Column]:
        columns = [
            _Column(name, first + place, str(self._indicator(name).get("over_units")), self.facts.is_rate(name))
            for place, name in enumerate(names)
        ]
        places = {column.name: column.at for column in columns}
        for column in columns:
            column.above += self._places(column.name, "numerator", places)
            column.below += self._places(column.name, "denominator", places)
        return columns

    def _places(self, name: str, side: str, places: Mapping[str, int]) -> list[int]:
        """The columns of the counts of a rate; none when one of them is not on this sheet."""
        _, breakdown = split(name)
        parts = [part for part in str(self._indicator(name).get(side) or "").split("|") if part]
        named = [part + (f"[{breakdown}]" if breakdown else "") for part in parts]
        return [places[part] for part in named] if all(part in places for part in named) else []

    def _indicator(self, name: str) -> Mapping[str, Any]:
        return self.facts.indicators.get(split(name)[0], {})

    # -------------------------------------------------------------------------------- by unit

    def by_unit(self, first: int) -> None:
        """The whole and the units directly below above, every unit that sent figures below them."""
        facts = self.facts
        sent = self._sent()
        children = list(facts.children.select("unit", "name").iter_rows())
        has_children = bool(children)
        begin = first + 4 + 1 + len(children) + (1 if has_children else 0) + 1
        last = begin + len(sent) - 1
        self._head(first)
        own = {column.name: facts.figure(column.name, self.form) for column in self.columns}
        sums = self._sums(sent)
        self._total(first + 3, own, sums, begin, last)
        self._coverage(first + 4, own)
        at = first + 5
        if has_children:
            at = self._children(at, children, sent, begin)
        self._band(at, self.words("filed_head"))
        self._filed(begin, sent)
        self._footnotes(last + 2)
        self.sheet.freeze_panes(first + 3, _CODE)

    def _sent(self) -> pl.DataFrame:
        """What units sent: one row a unit in the order of the tree, a column of values and one of words a figure."""
        wanted = pl.DataFrame({"name": [c.name for c in self.columns]}).with_columns(
            indicator=pl.col("name").map_elements(lambda name: split(name)[0], return_dtype=pl.String),
            breakdown=pl.col("name").map_elements(lambda name: split(name)[1], return_dtype=pl.String),
        )
        rows = self.facts.filed.filter((pl.col("form") == self.form) & pl.col("value").is_not_null())
        rows = rows.join(wanted, on=["indicator", "breakdown"]).select("unit", "name", "value", "qualifier")
        order = self.facts.branches.select("unit", "depth", "branch", "sort", unit_name="name")
        wide = rows.pivot("name", index="unit", values=["value", "qualifier"])
        return order.join(wide, on="unit").sort("sort")

    def _sums(self, sent: pl.DataFrame) -> pl.DataFrame:
        """Branch (null: the top's own report) → the sum, least or most of each figure its units sent."""
        made = []
        for column in self.columns:
            value = f"value_{column.name}"
            if value in sent.columns and column.rule in _FUNCTIONS:
                made.append(getattr(pl.col(value), column.rule)().alias(column.name))
        return sent.group_by("branch").agg(made) if made else sent.select("branch").unique()

    def _head(self, first: int) -> None:
        for row, height in ((first, 64), (first + 1, 16), (first + 2, 36), (first + 3, 18)):
            self.sheet.set_row(row, height)
        top = self.formats.of(bold=True, border=1, text_wrap=True, align="center", bg_color="#E7EEF5")
        small = self.formats.of(italic=True, border=1, text_wrap=True, align="center", font_size=8)
        for at, width in ((_NUMBER, 6), (_UNIT, 44), (_CODE, 24), (_UNDER, 16)):
            self.sheet.set_column(at, at, width)
        last = self.columns[-1].at
        self.sheet.set_column(_FIRST, last, 15)
        self.sheet.set_column(last + 1, last + 1, 30)
        keys = ("number", "unit", "trace", "under")
        for at, key in enumerate(keys):
            self.sheet.write_string(first, at, self.words(f"col_{key}"), top)
        for column in self.columns:
            self.sheet.write_string(first, column.at, self.facts.label(column.name), top)
        self.sheet.write_string(first, last + 1, self.words("col_note"), top)
        for column in self.columns:
            self.sheet.write_string(first + 1, column.at, self.facts.measure(column.name), small)
        for column in self.columns:
            indicator, breakdown = split(column.name)
            self.sheet.write_string(
                first + 2, column.at, "/".join(filter(None, (self.form, indicator, breakdown))), small
            )
        self.sheet.repeat_rows(first, first + 2)

    def _band(self, row: int, text: str) -> None:
        band = self.formats.of(bold=True, italic=True, bg_color="#F2F2F2")
        for at in range(self.columns[-1].at + 2):
            self.sheet.write_string(row, at, text if at == _UNIT else "", band)

    def _unit(
        self,
        row: int,
        number: int | None,
        name: str,
        code: str,
        under: str = "",
        *,
        bold: bool = False,
        indent: int = 0,
    ) -> None:
        cell = self.formats.cell
        if number is None:
            self.sheet.write_blank(row, _NUMBER, None, cell())
        else:
            self.sheet.write_number(row, _NUMBER, number, self.formats.of(border=1, align="center"))
        self.sheet.write_string(row, _UNIT, name, cell(name, bold=bold, indent=indent))
        self.sheet.write_string(row, _CODE, f"{self.facts.period_code}/{code}", cell(bold=bold))
        self.sheet.write_string(row, _UNDER, under, cell(under))

    def _total(self, row: int, own: Mapping[str, Figure | None], sums: pl.DataFrame, begin: int, last: int) -> None:
        self._unit(row, None, f"{self.words('total')}: {safe(self.facts.name)}", self.facts.unit, bold=True)
        for column in self.columns:
            figure = own[column.name]
            live = f"{_FUNCTIONS.get(column.rule, '')}({column.letter}{begin + 1}:{column.letter}{last + 1})"
            found = self._added(sums, column)
            self._figure(row, column, figure, live if found is not None else "", found)
        self._note(row, "")

    def _coverage(self, row: int, own: Mapping[str, Figure | None]) -> None:
        """How many units each total rests on, below it."""
        small = self.formats.of(italic=True, border=1, align="right")
        for at, text in ((_NUMBER, ""), (_UNIT, self.words("col_coverage")), (_CODE, ""), (_UNDER, "")):
            self.sheet.write_string(row, at, text, self.formats.of(italic=True, border=1))
        for column in self.columns:
            self.sheet.write_string(row, column.at, self.facts.coverage(own[column.name], "fraction"), small)
        self._note(row, "")

    def _added(self, sums: pl.DataFrame, column: _Column, branch: str | None = None) -> float | None:
        """The sum (least, most) over a branch, or over everything; ``None`` where that is not how it is formed."""
        if column.name not in sums.columns:
            return None
        rows = sums if branch is None else sums.filter(pl.col("branch") == branch)
        values = rows[column.name].drop_nulls()
        if not len(values):
            return None
        least_or_most = max if column.rule == "max" else min
        return float(values.sum() if column.rule == "sum" else least_or_most(values.to_list()))

    def _children(self, at: int, children: list[tuple[str, str]], sent: pl.DataFrame, begin: int) -> int:
        self._band(at, self.words("children_head"))
        found = {column.name: self.facts.figures_of_children(column.name, self.form) for column in self.columns}
        spans = self._spans(sent, begin)
        sums = {row["branch"]: row for row in self._sums(sent).to_dicts()}
        for number, (unit, name) in enumerate(children, 1):
            row = at + number
            self._unit(row, number, safe(name), unit, bold=True)
            coverage = []
            for column in self.columns:
                figure = found[column.name].get(unit)
                span = spans.get(unit)
                live, added = "", sums.get(unit, {}).get(column.name)
                if span is not None and added is not None:
                    live = f"{_FUNCTIONS[column.rule]}({column.letter}{span[0] + 1}:{column.letter}{span[1] + 1})"
                self._figure(row, column, figure, live, added)
                coverage += [self.facts.coverage(figure, "coverage_short")]
            self._note(row, "; ".join(dict.fromkeys(filter(None, coverage))))
        return at + len(children) + 1

    @staticmethod
    def _spans(sent: pl.DataFrame, begin: int) -> Mapping[str, tuple[int, int]]:
        """Branch → its first and last row: a branch stands together, as the rows follow the tree."""
        rows = (
            sent.with_row_index("at", begin)
            .drop_nulls("branch")
            .group_by("branch")
            .agg(first=pl.col("at").min(), last=pl.col("at").max())
        )
        return {branch: (first, last) for branch, first, last in rows.iter_rows()}

    def _filed(self, begin: int, sent: pl.DataFrame) -> None:
        known = [(column, f"value_{column.name}", f"qualifier_{column.name}") for column in self.columns]
        codes = self.facts.names
        for at, row in enumerate(sent.iter_rows(named=True), begin):
            branch = row["branch"] or ""
            under = branch if branch in codes and branch != row["unit"] else ""
            self._unit(at, at - begin + 1, safe(row["unit_name"]), row["unit"], under, indent=row["depth"])
            for column, value, qualifier in known:
                self._number(at, column, row.get(value), row.get(qualifier) or "exact")

    # -------------------------------------------------------------------------------- by breakdown

    def by_breakdown(self, first: int) -> None:
        """The unit's figures by the parts of a breakdown, the whole above them with the sum where it is the sum."""
        assert self.annex.breakdown is not None
        dimensions = set(self.annex.breakdown.dimensions)
        names = [name for name in self.annex.figures if not split(name)[1]]
        self.columns = self._columns(tuple(names), _FIRST)
        parts = self._parts([split(name)[0] for name in names], dimensions)
        self._head(first)
        begin = first + 5
        own = {column.name: self.facts.figure(column.name, self.form) for column in self.columns}
        for column in self.columns:
            added = self._sum_of_parts(parts, column)
            live = f"SUM({column.letter}{begin + 1}:{column.letter}{begin + len(parts)})" if added is not None else ""
            self._figure(first + 3, column, own[column.name], live, added)
        self._unit_of_total(first + 3)
        self._coverage(first + 4, own)
        for number, (breakdown, figures) in enumerate(parts.items(), 1):
            at = begin + number - 1
            label = self.facts.breakdown_label(breakdown)
            self._unit(at, number, label, f"{self.facts.unit}/…/{breakdown}")
            for column in self.columns:
                self._figure(at, column, figures.get(split(column.name)[0]), "", None)
        self._footnotes(begin + len(parts) + 1)
        self.sheet.freeze_panes(first + 3, _CODE)

    def _unit_of_total(self, row: int) -> None:
        self._unit(row, None, f"{self.words('total')}: {safe(self.facts.name)}", self.facts.unit, bold=True)

    def _parts(self, indicators: list[str], dimensions: set[str]) -> Mapping[str, Mapping[str, Figure]]:
        """Breakdown → indicator → figure, only the dimensions of this table, the largest first."""
        rows = self.facts.now.filter(
            (pl.col("unit") == self.facts.unit)
            & (pl.col("form") == self.form)
            & pl.col("indicator").is_in(indicators)
            & (pl.col("breakdown") != "")
        ).to_dicts()
        kept = [row for row in rows if {pair.partition("=")[0] for pair in row["breakdown"].split(";")} <= dimensions]
        kept.sort(key=lambda row: (row["indicator"] != indicators[0], -(row["value"] or 0.0), row["breakdown"]))
        found: dict[str, dict[str, Figure]] = {}
        for row in kept:
            found.setdefault(row["breakdown"], {})[row["indicator"]] = figure_of(row)
        return found

    def _sum_of_parts(self, parts: Mapping[str, Mapping[str, Figure]], column: _Column) -> float | None:
        values = [f[column.name].value for f in parts.values() if column.name in f]
        told = [value for value in values if value is not None]
        return sum(told) if told and column.rule == "sum" else None

    # -------------------------------------------------------------------------------- figures

    def _figure(self, row: int, column: _Column, figure: Figure | None, live: str, added: float | None) -> None:
        """The figure with a live formula where that gives the frozen value; else the value, and why, in a footnote."""
        if figure is None or figure.value is None:
            self._absent(row, column, figure)
            return
        value = figure.value
        shape = self._shape(column, value, figure.qualifier, bold=True)
        ratio = self._ratio(row, column) if figure.numerator is not None else ""
        if live and added is not None and _same(added, value):
            self.sheet.write_formula(row, column.at, f"={live}", shape, value)
        elif ratio and figure.denominator and _same(100 * (figure.numerator or 0.0) / figure.denominator, value):
            self.sheet.write_formula(row, column.at, f"={ratio}", shape, value)
        else:
            self.sheet.write_number(row, column.at, value, shape)
            if live and figure.is_total:
                self._remark(self.words("sum_fits_not", reason=self.words("rows_differ")), column, row)

    def _absent(self, row: int, column: _Column, figure: Figure | None) -> None:
        text = ""
        if figure is not None:
            self._remark(f"{self.words('not_enough')}: {self.facts.reason(figure)}", column, row)
            text = self.facts.told(column.name, figure)
        self.sheet.write_string(row, column.at, text, self.formats.cell())

    def _ratio(self, row: int, column: _Column) -> str:
        """``100*(F6+G6)/E6``, when the counts of the rate are columns of this sheet."""
        if not column.above or not column.below:
            return ""
        above, below = (
            "+".join(f"{xl_col_to_name(at)}{row + 1}" for at in places) for places in (column.above, column.below)
        )
        return f'IF(({below})=0,"",100*({above})/({below}))'

    def _number(self, row: int, column: _Column, value: float | None, qualifier: str) -> None:
        if value is None:
            self.sheet.write_blank(row, column.at, None, self.formats.cell())
        else:
            self.sheet.write_number(row, column.at, value, self._shape(column, value, qualifier))

    def _shape(self, column: _Column, value: float, qualifier: str, *, bold: bool = False) -> Any:
        return self.formats.number(qualifier, percent=column.is_rate, whole=value.is_integer(), bold=bold)

    # -------------------------------------------------------------------------------- notes

    def _note(self, row: int, text: str) -> None:
        self.sheet.write_string(row, self.columns[-1].at + 1, text, self.formats.cell(text))

    def _remark(self, text: str, column: _Column, row: int) -> None:
        """A footnote, said once a column and reason."""
        self.notes.setdefault(f"{self.facts.label(column.name)}: {text}", row)

    def _footnotes(self, row: int) -> None:
        italic = self.formats.of(italic=True)
        for number, text in enumerate(self.notes, 1):
            self.sheet.write_string(row + number - 1, _UNIT, f"({number}) {text}", italic)


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(1.0, abs(other))
