"""Level 6: what a report says of the conclusions of earlier conferences, against the ones the warehouse holds.

It cannot be judged on the frames of a batch alone, which know nothing of what was concluded: KNOWN_CONCLUSIONS says it.
A file that is checked without a warehouse is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from catalog.load import Catalog
from catalog.model import ConclusionCheck, Form, Rule
from domain.columns import FINDINGS
from domain.conclusion import DIRECTION_SIGNS, PROGRESS_LIST, STATE_WORDS, ConclusionState, Direction, Met, judge_target
from domain.finding import Severity
from domain.numbers import en_number, en_quantity, vi_number, vi_quantity
from domain.quantity import Qualifier
from expectations.fault import ProgramFault
from expectations.places import SPREADSHEETS, Layout, Names, address
from expectations.schema import empty_frame, schema_of
from expectations.severity import said_of_newness

#: Tasks that are named one by one; of more the others are counted.
_NAMED = 6

_TASK = ["file", "folded", "number"]


@dataclass(frozen=True, slots=True)
class _Hit:
    """A row of the list, or a task without one (``item`` 0), and how both languages say it."""

    item: int
    observed: str
    expected: tuple[str, str]
    arithmetic: tuple[str, str] = ("", "")
    figure: tuple[str, str] = ("", "")


def followed(
    rows: pl.DataFrame | None,
    readings: pl.DataFrame,
    headers: pl.DataFrame,
    known: pl.DataFrame | None,
    catalog: Catalog,
    form: Form,
    days: Mapping[int, date],
) -> pl.DataFrame:
    """FINDINGS of the conclusion rules on the check frame of the list ``rows``.

    ``known`` (KNOWN_CONCLUSIONS) is ``None`` where nobody knows what was concluded; ``days``: file → the last day of
    its period. Files whose version of the form has no such list are not judged: they cannot say anything.
    """
    if known is None or rows is None or not _rules(catalog, form):
        return empty_frame(FINDINGS)
    asked = headers.filter(pl.col("form_version").is_in(_versions(form)))
    tasks = known.with_columns(folded=_folded("conference")).join(asked, on="file", how="semi")
    own = rows.join(asked, on="file", how="semi", maintain_order="left")
    said = own.with_columns(folded=_folded("conference"), number=pl.col("number").cast(pl.Int64, strict=False))
    if said.is_empty() and not tasks["expected"].any():
        return empty_frame(FINDINGS)
    speaker = _Speaker(catalog, form, Names(catalog, form), headers, _places(readings))
    judges = {
        "conclusion_unknown": lambda: _unknown(said, tasks),
        "conclusion_done_but_not_met": lambda: _not_met(said, tasks, readings, catalog),
        "conclusion_progress_missing": lambda: _missing(said, tasks),
    }
    written = [
        speaker.finding(rule, file, hit, rule.severity_on(days[file]))
        for rule, check in _rules(catalog, form)
        for file, hit in judges[check.fault]()
        if rule.applies_on(days[file])
    ]
    return pl.DataFrame(written, schema=schema_of(FINDINGS), orient="row")


def _rules(catalog: Catalog, form: Form) -> list[tuple[Rule, ConclusionCheck]]:
    rules = (rule for rule in catalog.rules if rule.applies_to(form.id))
    return [(rule, rule.check) for rule in rules if isinstance(rule.check, ConclusionCheck)]


def _versions(form: Form) -> list[str]:
    return [version for version, places in form.places.items() if PROGRESS_LIST in places]


def _folded(column: str) -> pl.Expr:
    return pl.col(column).fill_null("").str.strip_chars().str.to_uppercase()


def _places(readings: pl.DataFrame) -> dict[tuple[int, int], tuple[str, str]]:
    """Where each row stands in a file without sheets: at its number."""
    numbers = readings.filter(pl.col("field") == f"{PROGRESS_LIST}.number").select("file", "item", "sheet", "cell")
    return {(file, item): (sheet or "", cell or "") for file, item, sheet, cell in numbers.iter_rows()}


def _task(row: Mapping[str, Any]) -> str:
    return f"{row['conference'] or '…'} · {row['number'] if row['number'] is not None else '…'}"


# ------------------------------------------------------------------------------------------------ what is wrong


def _unknown(said: pl.DataFrame, tasks: pl.DataFrame) -> Iterator[tuple[int, _Hit]]:
    """Rows on tasks that do not concern the unit; one without conference or number is told by another rule."""
    named = said.filter(pl.col("folded") != "", pl.col("number").is_not_null())
    for row in named.join(tasks, on=_TASK, how="anti", maintain_order="left").iter_rows(named=True):
        own = [_task(task) for task in tasks.filter(pl.col("file") == row["file"]).iter_rows(named=True)]
        more = len(own) - _NAMED
        listed = "; ".join(own[:_NAMED])
        vi, en = (f"; … ({more} nữa)", f"; … ({more} more)") if more > 0 else ("", "")
        yield row["file"], _Hit(row["item"], _task(row), (listed + vi or "không có", listed + en or "none"))


def _missing(said: pl.DataFrame, tasks: pl.DataFrame) -> Iterator[tuple[int, _Hit]]:
    """Expected tasks without a row, or whose row says nothing."""
    silent = pl.all_horizontal(pl.col("state", "progress").fill_null("") == "", pl.col("value").is_null())
    rows = said.unique(_TASK, keep="first", maintain_order=True).select(*_TASK, "item", silent=silent)
    asked = tasks.filter("expected").join(rows, on=_TASK, how="left", maintain_order="left")
    for task in asked.filter(pl.col("silent").fill_null(value=True)).iter_rows(named=True):
        yield task["file"], _Hit(task["item"] or 0, _task(task), _due(task["due"]))


def _due(day: date | None) -> tuple[str, str]:
    if day is None:
        return "chưa có hạn hoàn thành", "which has no due date yet"
    return f"hạn {day:%d/%m/%Y}", f"due on {day.isoformat()}"


def _not_met(
    said: pl.DataFrame, tasks: pl.DataFrame, readings: pl.DataFrame, catalog: Catalog
) -> Iterator[tuple[int, _Hit]]:
    """Rows that say "done" although the figure of the linked indicator in the same report lies beyond its target.

    A figure with words is beyond only when all of what it may be is. A report without the figure gives the one of the
    row, if any.
    """
    linked = tasks.filter(pl.all_horizontal(pl.col("indicator", "target", "direction").is_not_null()))
    done = said.filter(pl.col("state") == ConclusionState.DONE.value).select(*_TASK, "item", "conference")
    rows = done.join(linked.drop("conference"), on=_TASK, maintain_order="left")
    figures = readings.filter(pl.col("value").is_not_null()).select(
        "file", "field", "item", "value", "qualifier", "low", "high"
    )
    given = figures.filter(pl.col("item") == 0).drop("item").rename({"field": "indicator"})
    beside = figures.filter(pl.col("field") == f"{PROGRESS_LIST}.value").drop("field")
    judged = rows.join(given, on=["file", "indicator"], how="left").join(
        beside, on=["file", "item"], how="left", suffix="_row"
    )
    own = pl.col("value").is_not_null()
    names = ("value", "qualifier", "low", "high")
    stated = judged.with_columns(pl.when(own).then(name).otherwise(f"{name}_row").alias(name) for name in names)
    for row in stated.filter(pl.col("value").is_not_null()).iter_rows(named=True):
        if _judged(row) is Met.NOT_MET:
            yield row["file"], _hit_of_figure(row, catalog)


def _judged(row: Mapping[str, Any]) -> Met:
    low = row["value"] if row["low"] is None else row["low"]
    high = row["value"] if row["high"] is None else row["high"]
    return judge_target(low, high, Direction(row["direction"]), row["target"])


def _hit_of_figure(row: Mapping[str, Any], catalog: Catalog) -> _Hit:
    indicator = catalog.indicators.get(row["indicator"])
    percent = indicator is not None and (indicator.is_rate or indicator.measure_vi == "%")
    label = (indicator.label_vi, indicator.label_en) if indicator else (row["indicator"], row["indicator"])
    sign = DIRECTION_SIGNS[Direction(row["direction"])]
    qualifier = row["qualifier"] or Qualifier.EXACT.value
    figures = (
        vi_quantity(row["value"], qualifier, percent=percent),
        en_quantity(row["value"], qualifier, percent=percent),
    )
    targets = (vi_number(row["target"]), en_number(row["target"]))
    opposite = "<" if sign == "≥" else ">"
    return _Hit(
        row["item"],
        _task(row),
        (f"{sign} {targets[0]}", f"{sign} {targets[1]}"),
        (f"{figures[0]} {opposite} {targets[0]}", f"{figures[1]} {opposite} {targets[1]}"),
        label,
    )


# ------------------------------------------------------------------------------------------------ in words


class _Speaker:
    """Writes findings of one form."""

    def __init__(
        self,
        catalog: Catalog,
        form: Form,
        names: Names,
        headers: pl.DataFrame,
        places: Mapping[tuple[int, int], tuple[str, str]],
    ) -> None:
        self.catalog, self.form, self.names, self.places = catalog, form, names, places
        self.headers = {row["file"]: row for row in headers.iter_rows(named=True)}

    def finding(self, rule: Rule, file: int, hit: _Hit, severity: Severity) -> tuple[Any, ...]:
        assert isinstance(rule.check, ConclusionCheck)
        column = "number" if rule.check.fault == "conclusion_unknown" else "state"
        field = f"{PROGRESS_LIST}.{column}"
        sheet, cell = self._place(file, field, hit.item)
        section = self.form.section(PROGRESS_LIST)
        titles = (f"“{section.title_vi}”", f"“{section.title_en}”")
        labels = self.names.of(field, hit.item) if hit.item else titles
        message = self.catalog.messages[rule.message]
        vi, en = (
            self._filled(rule, f"{text} {advice}", number, labels[number], hit, address(sheet, cell) or titles[number])
            for number, (text, advice) in enumerate(((message.vi, message.advice_vi), (message.en, message.advice_en)))
        )
        new_vi, new_en = said_of_newness(rule, severity)
        return (
            file,
            rule.id,
            int(rule.level),
            str(severity),
            field,
            hit.item,
            sheet,
            cell,
            hit.observed if not hit.figure[0] else f"{hit.observed}: {STATE_WORDS[ConclusionState.DONE][0]}",
            hit.expected[0],
            hit.arithmetic[0],
            f"{vi} {new_vi}".strip(),
            f"{en} {new_en}".strip(),
            address(sheet, cell),
            None,
            None,
        )

    def _place(self, file: int, field: str, item: int) -> tuple[str, str]:
        header = self.headers[file]
        if header["media"] in SPREADSHEETS:
            return Layout(self.form, header["form_version"]).cell(field, item or 1)
        return self.places.get((file, item), ("", ""))

    def _filled(self, rule: Rule, text: str, language: int, label: str, hit: _Hit, cell: str) -> str:
        words = {
            "label": label,
            "observed": hit.observed,
            "expected": hit.expected[language],
            "arithmetic": hit.arithmetic[language],
            "list": hit.figure[language],
            "cell": cell,
        }
        try:
            return text.format(**words)
        except (KeyError, IndexError, ValueError) as fault:
            raise ProgramFault(f"{rule.id}: its message asks for a word it cannot have: {fault}") from fault
