"""The figures of one unit of a freeze, looked up by name; what stands here is what every document of the pack tells."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from conference.frozen import Frozen
from conference.outline import Outline, Words, split
from domain.comparison import WORDS, Caution
from domain.numbers import NO_NUMBER, en_number, en_percent, en_quantity, vi_number, vi_percent, vi_quantity
from domain.quantity import Qualifier
from domain.submission import IN_FORCE

_RATES = ("percent", "ratio")
_STANDING = sorted(state.value for state in IN_FORCE)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it is told. ``value`` null: there is none, ``note`` is the code of the reason."""

    trace: str
    form: str
    indicator: str
    breakdown: str
    level: str
    value: float | None
    qualifier: str
    numerator: float | None
    denominator: float | None
    reported: int | None
    expected: int | None
    source: str | None
    note: str | None

    @property
    def is_told(self) -> bool:
        """Whether there is a number, or words that stand for one ("hầu hết")."""
        return vi_quantity(self.value, self.qualifier) != NO_NUMBER

    @property
    def is_total(self) -> bool:
        return self.level == "total"


class Facts:
    """One unit of a freeze in one language. Figures are those of the latest period; see :meth:`figure`."""

    def __init__(self, frozen: Frozen, unit: str, outline: Outline, language: str) -> None:
        self.whole = frozen
        self.frozen = frozen.within(unit)
        self.unit = unit
        self.outline = outline
        self.language = language
        self.words = Words(language)

    # -------------------------------------------------------------------------------- the unit and its period

    @cached_property
    def unit_row(self) -> dict[str, Any]:
        return self.frozen["units"].row(by_predicate=pl.col("unit") == self.unit, named=True)

    @cached_property
    def name(self) -> str:
        return str(self.unit_row["name"])

    @cached_property
    def superior(self) -> str | None:
        """The name of the unit above, where the freeze knows it."""
        units = self.whole["units"]
        parent = units.filter(pl.col("unit") == self.unit)["parent"].item()
        names = units.filter(pl.col("unit") == parent)["name"] if parent else pl.Series([], dtype=pl.String)
        return names[0] if len(names) else None

    @cached_property
    def period(self) -> dict[str, Any] | None:
        """The latest period; of those that end on one day the longest."""
        rows = self.frozen["periods"].sort("ends", "starts", descending=[True, False]).to_dicts()
        return rows[0] if rows else None

    @cached_property
    def period_code(self) -> str:
        return self.period["period"] if self.period else ""

    @cached_property
    def period_label(self) -> str:
        return str(self.period[f"label_{self.language}"]) if self.period else ""

    @cached_property
    def base_label(self) -> str:
        """``năm 2016``: the period the changes are told against."""
        codes = self.of_unit("changes")["base_period"].drop_nulls()
        if not len(codes):
            return self.words("no_base")
        labels = self.frozen["periods"].filter(pl.col("period") == codes[0])[f"label_{self.language}"]
        label = str(labels[0]) if len(labels) else codes[0]
        return label[:1].lower() + label[1:]

    @cached_property
    def children(self) -> pl.DataFrame:
        """Units directly below, in the order of the tree."""
        return self.frozen["units"].filter(pl.col("parent") == self.unit).sort("sort")

    @cached_property
    def names(self) -> Mapping[str, str]:
        units = self.frozen["units"]
        return dict(zip(units["unit"], units["name"], strict=True))

    # -------------------------------------------------------------------------------- indicators

    @cached_property
    def indicators(self) -> Mapping[str, dict[str, Any]]:
        return {row["indicator"]: row for row in self.frozen["indicators"].to_dicts()}

    @cached_property
    def _labels(self) -> Mapping[tuple[str, str], str]:
        labels = self.frozen["labels"]
        return dict(
            zip(zip(labels["list"], labels["code"], strict=True), labels[f"label_{self.language}"], strict=True)
        )

    def code_label(self, codelist: str, code: str) -> str:
        return self._labels.get((codelist, code), code)

    def breakdown_label(self, breakdown: str) -> str:
        """``level=xa;field=tong`` in words; a whole breakdown may have a label of its own."""
        pairs = [pair.partition("=")[::2] for pair in breakdown.split(";") if pair]
        return " · ".join(self.code_label(dimension, code) for dimension, code in pairs)

    def label(self, name: str) -> str:
        indicator, breakdown = split(name)
        row = self.indicators.get(indicator)
        label = str(row[f"label_{self.language}"]) if row else indicator
        words = self.breakdown_label(breakdown)
        return f"{label}: {words[:1].lower()}{words[1:]}" if words else label

    def measure(self, name: str) -> str:
        row = self.indicators.get(split(name)[0])
        return str(row[f"measure_{self.language}"]) if row else ""

    def is_rate(self, name: str) -> bool:
        row = self.indicators.get(split(name)[0])
        return bool(row and row["kind"] in _RATES)

    # -------------------------------------------------------------------------------- figures

    @cached_property
    def now(self) -> pl.DataFrame:
        """Figures of the period, for each unit and figure its total, else what the unit itself sent."""
        rows = self.frozen["figures"].filter(pl.col("period") == self.period_code)
        totals = rows.filter(pl.col("level") == "total")
        keys = ["unit", "form", "indicator", "breakdown"]
        return pl.concat([totals, rows.filter(pl.col("level") == "filed").join(totals, on=keys, how="anti")])

    @cached_property
    def filed(self) -> pl.DataFrame:
        """What units themselves sent for the period."""
        return self.frozen["figures"].filter((pl.col("period") == self.period_code) & (pl.col("level") == "filed"))

    def of_unit(self, frame: str) -> pl.DataFrame:
        rows = self.frozen[frame].filter(pl.col("unit") == self.unit)
        return rows.filter(pl.col("period") == self.period_code) if "period" in rows.columns else rows

    @cached_property
    def own(self) -> Mapping[tuple[str, str, str], dict[str, Any]]:
        rows = self.now.filter(pl.col("unit") == self.unit)
        return {(row["form"], row["indicator"], row["breakdown"]): row for row in rows.to_dicts()}

    @cached_property
    def _changes(self) -> Mapping[tuple[str, str, str], dict[str, Any]]:
        return {(row["form"], row["indicator"], row["breakdown"]): row for row in self.of_unit("changes").to_dicts()}

    def form_for(self, names: Iterable[str]) -> str:
        """The first form of the outline that has one of the figures, here or below; so nothing is mixed of two."""
        wanted = list(names)
        for form in self.outline.forms:
            if any(self._has(form, name) for name in wanted):
                return form
        keys = [split(name) for name in wanted]
        for form in self.outline.forms:
            below = self._below_told.filter(pl.col("form") == form)
            if any(key in set(below.select("indicator", "breakdown").iter_rows()) for key in keys):
                return form
        return self.outline.forms[0]

    def _has(self, form: str, name: str) -> bool:
        row = self.own.get((form, *split(name)))
        return row is not None and row["value"] is not None

    @cached_property
    def _below_told(self) -> pl.DataFrame:
        return self.now.filter(pl.col("value").is_not_null()).select("form", "indicator", "breakdown").unique()

    def figure(self, name: str, form: str) -> Figure | None:
        """The unit's total, or its own figure where it has no total; ``None`` when the freeze has neither."""
        row = self.own.get((form, *split(name)))
        return figure_of(row) if row else None

    def figures_of_children(self, name: str, form: str) -> Mapping[str, Figure]:
        """Unit → figure, for the units directly below."""
        indicator, breakdown = split(name)
        rows = self._childrens.filter(
            (pl.col("form") == form) & (pl.col("indicator") == indicator) & (pl.col("breakdown") == breakdown)
        )
        return {row["unit"]: figure_of(row) for row in rows.to_dicts()}

    @cached_property
    def _childrens(self) -> pl.DataFrame:
        return self.now.filter(pl.col("unit").is_in(self.children["unit"].implode()))

    def change(self, name: str, form: str) -> dict[str, Any] | None:
        return self._changes.get((form, *split(name)))

    @cached_property
    def has_changes(self) -> bool:
        """Whether the freeze sets anything of this unit beside a base period; changes are of totals, so a unit without
        units below has none."""
        return bool(self._changes)

    @cached_property
    def nothing_compared(self) -> str:
        """Why no figure at all is compared with last year, said once for all of them; empty when some are, or when
        each has a reason of its own."""
        changes = list(self._changes.values())
        reasons = {change[f"reason_{self.language}"] or "" for change in changes}
        is_one = len(changes) > 1 and len(reasons) == 1 and not any(change["comparable"] for change in changes)
        return reasons.pop() if is_one else ""

    @cached_property
    def targets(self) -> list[dict[str, Any]]:
        """Targets of this unit for the year the period ends in."""
        if self.period is None:
            return []
        rows = self.frozen["targets"].filter(
            (pl.col("unit") == self.unit) & (pl.col("year") == self.period["ends"].year)
        )
        return rows.to_dicts()

    def target(self, name: str) -> dict[str, Any] | None:
        indicator, breakdown = split(name)
        return next((t for t in self.targets if not breakdown and t["indicator"] == indicator), None)

    def figure_reached(
        self, unit: str, indicator: str, value: float | None, period: str | None = None
    ) -> Figure | None:
        """The figure of the freeze that a target or a conclusion was judged by: of this unit and value, of the period
        when one is given, else of the latest that has it; totals before what the unit itself sent."""
        if value is None:
            return None
        rows = (
            row
            for row in self._reached[unit, indicator]
            if period in (None, row["period"]) and math.isclose(row["value"], value, rel_tol=1e-9)
        )
        found = next(rows, None)
        return figure_of(found) if found else None

    @cached_property
    def _reached(self) -> Mapping[tuple[str, str], list[dict[str, Any]]]:
        keys = ["unit", "indicator"]
        conclusions = self.frozen["conclusions"].select(unit="owner", indicator="indicator")
        asked = pl.concat([self.frozen["targets"].select(keys), conclusions]).unique()
        days = self.frozen["periods"].select("period", "starts", "ends")
        rows = (
            self.frozen["figures"]
            .filter((pl.col("breakdown") == "") & pl.col("value").is_not_null())
            .join(asked, on=keys, how="semi")
            .join(days, on="period", how="left")
            .sort("ends", "starts", "level", "form", descending=[True, False, True, False])
        )
        found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for row in rows.to_dicts():
            found[row["unit"], row["indicator"]].append(row)
        return found

    # -------------------------------------------------------------------------------- reports and paragraphs

    @cached_property
    def owed(self) -> pl.DataFrame:
        """Reports owed for the period, with ``stands``: whether figures of it are in the totals."""
        rows = self.frozen["reports"].filter((pl.col("period") == self.period_code) & pl.col("owed"))
        order = self.frozen["units"].select("unit", "name", "sort")
        standing = pl.col("state").is_in(_STANDING)
        return (
            rows.join(order, on="unit", how="left", maintain_order="left")
            .with_columns(stands=standing)
            .sort("form", "sort", "unit", nulls_last=True)
        )

    @cached_property
    def silent(self) -> pl.DataFrame:
        return self.owed.filter(~pl.col("stands"))

    @cached_property
    def form_labels(self) -> Mapping[str, str]:
        places = self.frozen["places"].unique("form", maintain_order=True)
        return dict(zip(places["form"], places[f"form_{self.language}"], strict=True))

    def narratives(self, sections: Iterable[str]) -> pl.DataFrame:
        """Paragraphs of the period on these sections: the unit's own, then one unit of each branch in turn, of a branch
        the higher first, in the order of the tree."""
        order = self.branches.select("unit", "name", "depth", "branch", tree="sort")
        rows = self.frozen["narratives"].filter(
            (pl.col("period") == self.period_code)
            & pl.col("section").is_in(list(sections))
            & (pl.col("body").str.strip_chars() != "")
        )
        turn = pl.struct("depth", "tree").rank("dense").over("branch")
        own = pl.col("unit") != self.unit
        return rows.join(order, on="unit").sort(own, turn, "tree", "form", "sort", "section")

    @cached_property
    def branches(self) -> pl.DataFrame:
        """The units in the order of the tree with ``branch``: the unit directly below the top they are or belong to;
        null for the top itself."""
        units = self.frozen["units"].sort("sort")
        found = units.filter(pl.col("depth") == 1).select("unit", branch="unit")
        level, levels = found, [found]
        while not level.is_empty():
            level = (
                units.select("unit", "parent").join(level, left_on="parent", right_on="unit").select("unit", "branch")
            )
            levels.append(level)
        return units.join(pl.concat(levels), on="unit", how="left", maintain_order="left")

    def state_word(self, state: str) -> str:
        key = f"state_{state}"
        return self.words(key) if self.words.has(key) else state

    # -------------------------------------------------------------------------------- words

    def number(self, value: float, decimals: int | None = None) -> str:
        return vi_number(value, decimals) if self.language == "vi" else en_number(value, decimals)

    def percent(self, value: float, decimals: int | None = 2) -> str:
        return vi_percent(value, decimals) if self.language == "vi" else en_percent(value, decimals)

    def quantity(self, value: float | None, qualifier: str | None, *, percent: bool) -> str:
        """A figure with the word that qualifies it, two decimals at most."""
        told = vi_quantity if self.language == "vi" else en_quantity
        shown = None if value is None else round(value, 2)
        return told(shown, Qualifier(qualifier or Qualifier.EXACT), percent=percent)

    def told(self, name: str, figure: Figure | None) -> str:
        """The figure in words, "chưa đủ số liệu" when there is none; never 0 for what is not known."""
        if figure is None or not figure.is_told:
            return self.words("not_enough")
        return self.quantity(figure.value, figure.qualifier, percent=self.is_rate(name))

    def reason(self, figure: Figure | None) -> str:
        """Why there is no figure."""
        if figure is None:
            return self.words("no_row")
        return self.note_word(figure.note or "nothing_reported")

    def note_word(self, note: str) -> str:
        if note in WORDS:
            return WORDS[note][0 if self.language == "vi" else 1]
        return self.words(note) if self.words.has(note) else note

    def coverage(self, figure: Figure | None, key: str = "coverage") -> str:
        """``23/25 đơn vị báo cáo`` of a total; nothing beside what the unit itself sent."""
        if figure is None or not figure.is_total:
            return ""
        if figure.source == "reported" and not figure.reported:
            return self.words("stated")
        if figure.expected is None or figure.reported is None:
            return ""
        return self.words(key, n=self.number(figure.reported), total=self.number(figure.expected))

    def coverage_cell(self, figure: Figure) -> str:
        """The coverage for a cell of a table; of what the unit itself sent that it did, as nothing is lacking there."""
        if not figure.is_total:
            return self.words("coverage_own")
        return self.coverage(figure, "coverage_short") or "–"

    def is_rough(self, change: Mapping[str, Any]) -> bool:
        """Whether nobody can tell a rise from a fall."""
        return WORDS[Caution.DIRECTION_UNKNOWN][0] in (change["caution_vi"] or "")


def figure_of(row: Mapping[str, Any]) -> Figure:
    return Figure(
        row["trace"],
        row["form"],
        row["indicator"],
        row["breakdown"],
        row["level"],
        row["value"],
        row["qualifier"] or Qualifier.EXACT.value,
        row["numerator"],
        row["denominator"],
        row["reported"],
        row["expected"],
        row["source"],
        row["note"],
    )
