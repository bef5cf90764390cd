"""The annex as a workbook: tables 1 to 10, paragraphs and lists whole, every figure with its trace."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import polars as pl
import xlsxwriter

from conference.annex_cells import CELL_LIMIT, Formats, pieces, safe
from conference.annex_figures import FigureSheet
from conference.annex_rows import rows_as_xml, with_rows
from conference.facts import Facts
from conference.outline import Annex, ListOf, Style
from conference.reaching import coverage_told, goal, level_told, note_told, outcome_cell, reached
from conference.review import annex_title
from conference.stamping import moment, sealed
from conference.telling import change_cell
from domain.quantity import Qualifier

#: Rows of a sheet, less what stands above them.
_SHEET_ROWS = 1_048_000


@dataclass(frozen=True, slots=True)
class _Amount:
    """A number for a cell with the word and the sign it is told with."""

    value: float
    qualifier: str
    percent: bool


def annex(facts: Facts, style: Style, made_at: datetime) -> bytes:
    """The ``.xlsx`` of the unit and all units below it."""
    out = io.BytesIO()
    # rows are written in order and forgotten: a province does not fit into memory otherwise
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_urls": False,
            "strings_to_formulas": False,
            "default_format_properties": {"font_name": "Times New Roman", "font_size": 11},
        },
    )
    book.set_properties({"title": safe(facts.frozen.title)[:255], "created": made_at.replace(tzinfo=None)})
    book.set_calc_mode("auto")
    writer = _Writer(facts, style, book)
    writer.about()
    for one in facts.outline.annexes:
        writer.annex(one)
    writer.narratives()
    writer.conclusions()
    writer.reports()
    writer.sources()
    book.close()
    return sealed(
        out.getvalue(),
        made_at,
        {name: partial(with_rows, rows=rows, last=last) for name, (rows, last) in writer.added.items()},
    )


class _Writer:
    def __init__(self, facts: Facts, style: Style, book: Any) -> None:
        self.facts = facts
        self.style = style
        self.book = book
        self.formats = Formats(book, facts.language)
        self.words = facts.words
        #: part of the file → rows that go below those of its sheet, and the last cell
        self.added: dict[str, tuple[bytes, str]] = {}

    # -------------------------------------------------------------------------------- sheets

    def annex(self, one: Annex) -> None:
        special = {"comparison": self._comparison, "missing": self._missing, "ratings": self._ratings}
        if one.told:
            special[one.told](one)
        letters = iter("bcdefg" if one.told else "abcdefg")
        several = bool(one.told) + bool(one.figures) + bool(one.breakdown) + bool(one.list) > 1
        if one.breakdown:
            sheet = self._sheet(self._name(one, next(letters) if several else "", self.words("by_word")), one)
            FigureSheet(self.facts, self.formats, sheet, one).by_breakdown(5)
        if one.figures:
            sheet = self._sheet(self._name(one, next(letters) if several else ""), one)
            FigureSheet(self.facts, self.formats, sheet, one).by_unit(5)
        if one.list:
            sheet = self._sheet(self._name(one, next(letters) if several else "", self.words("list_word")), one)
            self._list(sheet, one.list)

    def _name(self, one: Annex, letter: str = "", kind: str = "") -> str:
        """``4b Mô hình theo cấp``: at most 31 letters and none that a sheet may not bear."""
        bare = f"{one.number}{letter} {kind or one(self.facts.language)}".translate(str.maketrans("", "", "[]:*?/\\"))
        return bare[:31].strip().strip("'")

    def _sheet(self, name: str, one: Annex | None = None, title: str = "") -> Any:
        """A sheet with its title in the first three rows; what comes after begins in the sixth."""
        sheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.4, top=0.6, bottom=0.6)
        sheet.set_footer("&C&P/&N")
        heading = annex_title(self.facts, one) if one else title
        sheet.write_string(0, 0, heading, self.formats.of(bold=True, font_size=14))
        sheet.write_string(1, 0, safe(self.facts.name), self.formats.of(bold=True))
        sheet.write_string(2, 0, self.facts.period_label, self.formats.of(italic=True))
        return sheet

    def _rows(self, sheet: Any, head: Sequence[tuple[str, int]], rows: Iterable[Sequence[Any]], first: int = 5) -> None:
        """A table of texts and plain numbers; long texts go on in the rows below."""
        top = self.formats.of(bold=True, border=1, text_wrap=True, align="center", bg_color="#E7EEF5")
        sheet.set_row(first, 34)
        for column, (_, width) in enumerate(head):
            sheet.set_column(column, column, width)
        for column, (label, _) in enumerate(head):
            sheet.write_string(first, column, label, top)
        sheet.repeat_rows(first)
        sheet.freeze_panes(first + 1, 0)
        at = first + 1
        for row in rows:
            at = self._row(sheet, at, row)
        if at == first + 1:
            sheet.write_string(at, 0, self.words("nothing_to_show"), self.formats.of(italic=True))
        else:
            sheet.autofilter(first, 0, at - 1, len(head) - 1)

    def _row(self, sheet: Any, at: int, row: Sequence[Any]) -> int:
        """One row, and as many more as its longest text needs; the row after."""
        texts = [list(pieces(safe(value))) if isinstance(value, str) else [value] for value in row]
        for part in range(max(len(text) for text in texts)):
            for column, text in enumerate(texts):
                if part < len(text):
                    self._write(sheet, at + part, column, text[part])
                elif part and column == 0:
                    self._write(sheet, at + part, column, self.words("continued"))
        return at + max(len(text) for text in texts)

    def _write(self, sheet: Any, row: int, column: int, value: Any) -> None:
        if value is None:
            sheet.write_blank(row, column, None, self.formats.cell())
        elif isinstance(value, _Amount):
            self._quantity(sheet, row, column, value.value, value.qualifier, percent=value.percent)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            whole = float(value).is_integer()
            sheet.write_number(row, column, value, self.formats.number("exact", percent=False, whole=whole))
        else:
            text = str(value)
            sheet.write_string(row, column, text, self.formats.cell(text))

    # -------------------------------------------------------------------------------- tables of words

    def _list(self, sheet: Any, spec: ListOf) -> None:
        """The rows of a list as the units wrote them, codes in words."""
        rows = self.facts.frozen["lists"].filter(
            (pl.col("list") == spec.code) & (pl.col("period") == self.facts.period_code)
        )
        rows = rows.join(self.facts.branches.select("unit", "name", tree="sort"), on="unit").sort(
            "tree", "form", "item"
        )
        head = [(self.words("col_unit"), 34), *((column(self.facts.language), column.width) for column in spec.columns)]
        found = (
            (row["name"], *self._contents(json.loads(row["content"] or "{}"), spec))
            for row in rows.iter_rows(named=True)
        )
        self._rows(sheet, head, found)

    def _contents(self, content: dict[str, Any], spec: ListOf) -> Iterable[Any]:
        for column in spec.columns:
            value = content.get(column.key)
            if value is None or isinstance(value, int | float):
                yield value
            else:
                text = _day(str(value)) if column.is_date else str(value)
                yield self.facts.code_label(column.codelist, text) if column.codelist else text

    def _missing(self, one: Annex) -> None:
        head = [
            ("col_number", 6),
            ("col_unit", 44),
            ("col_code", 18),
            ("col_form", 40),
            ("col_state", 24),
            ("col_due", 14),
        ]
        rows = (
            (
                place,
                row["name"] or row["unit"],
                row["unit"],
                self.facts.form_labels.get(row["form"], row["form"]),
                self.facts.state_word(row["state"]),
                f"{row['due']:%d/%m/%Y}" if row["due"] else None,
            )
            for place, row in enumerate(self.facts.silent.iter_rows(named=True), 1)
        )
        self._rows(self._sheet(self._name(one), one), self._heads(head), rows)

    def _ratings(self, one: Annex) -> None:
        facts, language = self.facts, self.facts.language
        rows = facts.frozen["ratings"].filter(pl.col("period") == facts.period_code)
        rows = rows.join(facts.branches.select("unit", "name", tree="sort"), on="unit").sort("tree")
        head = [
            ("col_unit", 40),
            ("col_code", 16),
            ("col_points", 10),
            ("col_proposed", 26),
            ("col_decided", 26),
            ("col_why", 44),
            ("col_missing", 30),
            ("col_rules", 24),
        ]
        found = (
            (
                row["name"],
                row["unit"],
                row["points"],
                row[f"proposed_{language}"],
                row[f"decided_{language}"],
                row[f"why_{language}"],
                row[f"missing_{language}"],
                row["rules"],
            )
            for row in rows.iter_rows(named=True)
        )
        self._rows(self._sheet(self._name(one, "a"), one), self._heads(head), found)

    def _heads(self, head: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        return [(self.words(key), width) for key, width in head]

    # -------------------------------------------------------------------------------- comparison and targets

    def _comparison(self, one: Annex) -> None:
        sheet = self._sheet(self._name(one, "a"), one)
        head = [
            ("col_indicator", 44),
            ("col_measure", 12),
            ("col_now", 14),
            ("col_coverage", 16),
            ("col_then", 14),
            ("col_coverage_then", 16),
            ("col_difference", 14),
            ("col_growth", 14),
            ("col_change", 30),
            ("col_note", 44),
            ("col_trace", 40),
        ]
        rows = self._compared()
        self._rows(sheet, self._heads(head), ())
        for at, (name, form, change) in enumerate(rows, 6):
            self._compared_row(sheet, at, name, form, change)
        if rows:
            sheet.autofilter(5, 0, 5 + len(rows), len(head) - 1)
        targets = self._sheet(self.words("sheet_targets"), one)
        self._targets(targets)

    def _compared(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Every figure of the unit that has one in either period, in the order of the forms."""
        order = (
            self.facts.frozen["places"]
            .unique(["form", "indicator"], keep="first")
            .select("form", "indicator", place="sort")
        )
        rows = self.facts.frozen["changes"].filter(
            (pl.col("unit") == self.facts.unit)
            & (pl.col("period") == self.facts.period_code)
            & (pl.col("value_then").is_not_null() | pl.col("value_now").is_not_null())
        )
        joined = rows.join(order, on=["form", "indicator"], how="left").sort(
            "form", "place", "indicator", "breakdown", nulls_last=True
        )
        return [
            (row["indicator"] + (f"[{row['breakdown']}]" if row["breakdown"] else ""), row["form"], row)
            for row in joined.to_dicts()
        ]

    def _compared_row(self, sheet: Any, at: int, name: str, form: str, change: dict[str, Any]) -> None:
        facts = self.facts
        rate = facts.is_rate(name)
        self._write(sheet, at, 0, facts.label(name))
        self._write(sheet, at, 1, facts.measure(name))
        for column, side in ((2, "now"), (4, "then")):
            self._quantity(sheet, at, column, change[f"value_{side}"], change[f"qualifier_{side}"], percent=rate)
            self._write(sheet, at, column + 1, _of(change[f"reported_{side}"], change[f"expected_{side}"]))
        self._changes(sheet, at, change)
        language = facts.language
        notes = [change[f"reason_{language}"], change[f"caution_{language}"]]
        self._write(sheet, at, 8, change_cell(facts, change, alone=True))
        self._write(sheet, at, 9, "; ".join(filter(None, notes)))
        figure = facts.figure(name, form)
        self._write(sheet, at, 10, figure.trace if figure else None)

    def _changes(self, sheet: Any, at: int, change: dict[str, Any]) -> None:
        """Live differences and growths where both figures stand beside them and give the frozen result."""
        row = at + 1
        now, then = change["value_now"], change["value_then"]
        for column, key, formula, expected in (
            (6, "difference", f"=C{row}-E{row}", None if now is None or then is None else now - then),
            (7, "growth", f"=(C{row}/E{row}-1)*100", None if now is None or not then else (now / then - 1) * 100),
        ):
            value = change[key] if change["comparable"] else None
            if value is None:
                self._write(sheet, at, column, None)
                continue
            whole = float(value).is_integer()
            shape = self.formats.number(change["change_qualifier"] or "exact", percent=False, whole=whole)
            if expected is not None and abs(expected - value) <= 1e-6 * max(1.0, abs(value)):
                sheet.write_formula(at, column, formula, shape, value)
            else:
                sheet.write_number(at, column, value, shape)

    def _quantity(
        self, sheet: Any, row: int, column: int, value: float | None, qualifier: str | None, *, percent: bool
    ) -> None:
        if value is None:
            self._write(sheet, row, column, None)
            return
        whole = float(value).is_integer()
        sheet.write_number(row, column, value, self.formats.number(qualifier or "exact", percent=percent, whole=whole))

    def _targets(self, sheet: Any) -> None:
        facts = self.facts
        rows = (
            facts.frozen["targets"]
            .join(facts.branches.select("unit", "name", tree="sort"), on="unit")
            .sort("tree", "indicator", "year")
        )
        head = [
            ("col_unit", 40),
            ("col_indicator", 40),
            ("col_target", 24),
            ("col_reached", 16),
            ("col_coverage", 18),
            ("col_attainment", 12),
            ("col_met", 18),
            ("col_source", 24),
            ("col_note", 44),
        ]
        self._rows(sheet, self._heads(head), (self._target(row) for row in rows.iter_rows(named=True)))

    def _target(self, row: dict[str, Any]) -> tuple[Any, ...]:
        facts = self.facts
        figure = reached(facts, row)
        word = figure.qualifier if figure else Qualifier.EXACT.value
        rate = facts.is_rate(row["indicator"])
        return (
            row["name"],
            f"{facts.label(row['indicator'])} ({row['year']})",
            goal(facts, row),
            None if row["value"] is None else _Amount(row["value"], word, percent=rate),
            coverage_told(facts, row) if row["value"] is not None else None,
            None if row["attainment"] is None else _Amount(row["attainment"], word, percent=True),
            outcome_cell(facts, row),
            row["source"],
            note_told(facts, row) or None,
        )

    # -------------------------------------------------------------------------------- what stands beside the tables

    def narratives(self) -> None:
        facts = self.facts
        sheet = self._sheet(self.words("sheet_narratives"), title=self.words("sheet_narratives"))
        rows = facts.frozen["narratives"].filter(pl.col("period") == facts.period_code)
        rows = rows.join(facts.branches.select("unit", "name", tree="sort"), on="unit").sort(
            "tree", "form", "sort", "section"
        )
        head = [("col_unit", 40), ("col_code", 18), ("col_section", 30), ("col_text", 110)]
        label = f"section_{facts.language}"
        self._rows(
            sheet,
            self._heads(head),
            rows.select("name", "unit", pl.col(label).fill_null(pl.col("section")), "body").iter_rows(),
        )

    def conclusions(self) -> None:
        language = self.facts.language
        sheet = self._sheet(self.words("sheet_conclusions"), title=self.words("follow_up"))
        head = [
            ("col_conference", 16),
            ("col_number", 6),
            ("col_task", 60),
            ("col_owner", 30),
            ("col_due", 14),
            ("col_state", 20),
            ("col_progress", 40),
            ("col_level_asked", 50),
        ]
        rows = (
            (
                row["conference"],
                row["number"],
                row["text"],
                row["owner_name"] or row["owner"],
                f"{row['due']:%d/%m/%Y}" if row["due"] else None,
                (row[f"state_{language}"] or row["state"]) + (f" ({self.words('overdue')})" if row["overdue"] else ""),
                row["progress"],
                level_told(self.facts, row) or None,
            )
            for row in self.facts.frozen["conclusions"].iter_rows(named=True)
        )
        self._rows(sheet, self._heads(head), rows)

    def reports(self) -> None:
        """Every report of the period with its file: what the cells of the sheet of sources stand in."""
        facts = self.facts
        sheet = self._sheet(self.words("sheet_reports"), title=self.words("reporting"))
        rows = facts.frozen["reports"].filter(pl.col("period") == facts.period_code)
        rows = rows.join(facts.branches.select("unit", "name", tree="sort"), on="unit", how="left").sort(
            "tree", "form", nulls_last=True
        )
        head = [
            ("col_unit", 40),
            ("col_code", 18),
            ("col_form", 24),
            ("col_state", 22),
            ("col_received", 20),
            ("col_late", 8),
            ("col_version", 8),
            ("col_findings", 14),
            ("col_sha", 70),
        ]
        found = (
            (
                row["name"] or row["unit"],
                row["unit"],
                row["form"],
                facts.state_word(row["state"]),
                f"{row['received']:%d/%m/%Y %H:%M}" if row["received"] else None,
                self.words("late") if row["late"] else None,
                row["version"],
                f"{row['criticals'] or 0} / {row['warnings'] or 0}",
                row["sha256"],
            )
            for row in rows.iter_rows(named=True)
        )
        self._rows(sheet, self._heads(head), found)

    def sources(self) -> None:
        """Every figure of the period with its trace; on several sheets when one is too short."""
        figures = self.facts.frozen["figures"].filter(pl.col("period") == self.facts.period_code)
        rows = figures.select(
            "trace",
            "level",
            "value",
            qualifier=pl.when(pl.col("qualifier") != "exact").then("qualifier"),
            coverage=pl.when(pl.col("expected").is_not_null()).then(
                pl.concat_str(pl.col("reported"), pl.lit("/"), pl.col("expected"))
            ),
            place=pl.when(pl.col("cell").is_not_null()).then(
                pl.concat_str(pl.col("sheet").fill_null(""), pl.lit("!"), pl.col("cell"))
            ),
            note=pl.when(pl.col("value").is_null()).then("note"),
        )
        keys = ("source", "level", "value", "qualifier", "coverage", "place", "note")
        for number, start in enumerate(range(0, max(len(rows), 1), _SHEET_ROWS), 1):
            name = self.words("sheet_sources") + (f" {number}" if number > 1 else "")
            sheet = self._sheet(name, title=self.words("sheet_sources"))
            for column, width in enumerate((70, 10, 14, 14, 12, 24, 24)):
                sheet.set_column(column, column, width)
            for column, key in enumerate(keys):
                sheet.write_string(5, column, self.words(f"col_{key}"), self.formats.of(bold=True, bottom=1))
            sheet.freeze_panes(6, 0)
            part = rows.slice(start, _SHEET_ROWS)
            self.added[f"xl/worksheets/sheet{len(self.book.worksheets())}.xml"] = (
                rows_as_xml(part, 7),
                f"G{6 + max(len(part), 1)}",
            )

    def about(self) -> None:
        """What the figures are and how the sheets are to be read."""
        frozen, words = self.facts.frozen, self.words
        sheet = self._sheet(words("sheet_about"), title=safe(frozen.title)[:CELL_LIMIT])
        note = self.style.note_vi if self.facts.language == "vi" else self.style.note_en
        rows: list[tuple[str, Any]] = [
            (words("conference_word"), frozen.conference),
            (words("held_word"), f"{frozen.held_on:%d/%m/%Y}"),
            (words("frozen_word"), moment(frozen.frozen_at)),
            (words("frozen_by_word"), frozen.frozen_by),
            (words("hash_word"), frozen.hash),
            (words("override_word"), frozen.override),
            (words("style_word"), f"{self.style.version} {note}".strip()),
            (words("col_note"), words("about_reading")),
            (words("col_note"), words("about_trace")),
            (words("col_note"), words("about_control")),
        ]
        rows += [(words("fingerprint", part=part), mark) for part, mark in frozen["versions"].iter_rows()]
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 110)
        at = 4
        for label, value in rows:
            at = self._row(sheet, at, (label, value))


def _day(text: str) -> str:
    """``2017-01-20`` → ``20/01/2017``; what is no such date as it stands."""
    year, _, rest = text.partition("-")
    month, _, day = rest.partition("-")
    return f"{day}/{month}/{year}" if (len(year), len(month), len(day)) == (4, 2, 2) else text


def _of(reported: int | None, expected: int | None) -> str | None:
    return None if reported is None or expected is None else f"{reported}/{expected}"
