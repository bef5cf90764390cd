"""Where the figures of other periods stand that a finding compares with, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from catalog.model import Form
from catalog.refs import PAST, Ref
from domain.numbers import en_number, vi_number
from expectations.places import address

#: HISTORY holds the single figures of a sum under this name.
PART = "part"
SUM = "parts"
SAME_AS = "same_as"

_LEADS = {
    "previous": ("Kỳ trước", "Previous period"),
    "last_year": ("Cùng kỳ năm trước", "Same period last year"),
    "longer": ("Kỳ dài hơn", "Longer period"),
    "shorter": ("Kỳ ngắn hơn", "Shorter period"),
    "parts": ("Các kỳ ngắn hơn", "Shorter periods"),
}

_KEY = ["file", "which", "field", "item"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A figure of another period, and where it stands."""

    value: float | None
    qualifier: str
    period: str
    name: str
    sheet: str
    cell: str


@dataclass(frozen=True)
class Repeated:
    """The report whose figures a submission repeats, and the cells of the submission that are equal to it."""

    period: str
    name: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Elsewhere:
    """What is known of other periods, for the findings that compare with them and no others."""

    figures: Mapping[tuple[int, str, str, int], tuple[Earlier, ...]] = field(default_factory=dict)
    repeated: Mapping[tuple[int, str], Repeated] = field(default_factory=dict)

    def of(self, file: int, ref: Ref, field_code: str, item: int) -> tuple[Earlier, ...]:
        """The figures behind a column: one, or those a sum adds up; none where the history says nothing of them."""
        which = PART if ref.source == SUM else ref.source
        return self.figures.get((file, which, field_code, item), ())


def wanted(table: str, refs: Sequence[str], form: Form) -> Iterator[tuple[str, str]]:
    """(which, field) in HISTORY of every column among ``refs`` that speaks of another period."""
    for text in refs:
        ref = Ref.parse(text)
        if ref.source in PAST:
            yield (PART if ref.source == SUM else ref.source), field_there(table, ref, form)


def field_there(table: str, ref: Ref, form: Form) -> str:
    """The field code in HISTORY: in the frame of a matrix the column's name goes after the section's."""
    inside = any(section.code == table for section in form.sections)
    return f"{table}.{ref.field}" if inside else ref.field


def figures_of(keys: pl.DataFrame, history: pl.DataFrame) -> dict[tuple[int, str, str, int], tuple[Earlier, ...]]:
    """The figures of HISTORY for ``keys`` (``file, which, field, item``), in the order of their periods."""
    found = history.join(keys.unique(), on=_KEY, how="semi").select(
        *_KEY, "value", *(pl.col(name).fill_null("") for name in ("qualifier", "period", "name", "sheet", "cell"))
    )
    figures: dict[tuple[int, str, str, int], list[Earlier]] = {}
    for file, which, code, item, *rest in found.iter_rows():
        figures.setdefault((file, which, code, item), []).append(Earlier(*rest))
    return {key: tuple(known) for key, known in figures.items()}


def repeated(files: pl.DataFrame, history: pl.DataFrame, readings: pl.DataFrame) -> dict[tuple[int, str], Repeated]:
    """For each of ``file, which`` the report that most figures equal, and the equal cells in the order of the form."""
    if files.is_empty():
        return {}
    there = history.join(files.unique(), on=["file", "which"], how="semi").select(
        "file", "which", "field", "item", "value", pl.col("period", "name").fill_null("")
    )
    same = readings.filter(pl.col("value").is_not_null() & (pl.col("value") != 0)).join(
        there, on=["file", "field", "item", "value"], maintain_order="left"
    )
    reports = (
        same.group_by("file", "which", "period", "name", maintain_order=True)
        .agg(pl.len(), pl.struct(pl.col("sheet", "cell").fill_null("")).alias("cells"))
        .sort("len", descending=True, maintain_order=True)
        .unique(["file", "which"], keep="first", maintain_order=True)
    )
    return {
        (row["file"], row["which"]): Repeated(
            row["period"], row["name"], tuple((cell["sheet"], cell["cell"]) for cell in row["cells"])
        )
        for row in reports.iter_rows(named=True)
    }


def said_where(which: str, figures: Sequence[Earlier]) -> tuple[str, str]:
    """ "Kỳ trước: 2024, tệp DU.82_2024.xlsx, Số liệu!E45." in both languages; empty where no place is known."""
    known = [figure for figure in figures if figure.period]
    if not known:
        return "", ""
    lead = _LEADS[which]
    several = which == SUM
    vi = "; ".join(_place(figure, "tệp", vi_number(figure.value or 0.0) if several else "") for figure in known)
    en = "; ".join(_place(figure, "file", en_number(figure.value or 0.0) if several else "") for figure in known)
    return f"{lead[0]}: {vi}.", f"{lead[1]}: {en}."


def said_of_report(which: str, report: Repeated) -> tuple[str, str]:
    return said_where(which, [Earlier(None, "", report.period, report.name, "", "")])


def _place(figure: Earlier, file_word: str, number: str) -> str:
    """``2025-Q1 (30), tệp a.xlsx, Số liệu!E45``; what is not known is left out."""
    when = f"{figure.period} ({number})" if number else figure.period
    file = f"{file_word} {figure.name}" if figure.name else ""
    return ", ".join(filter(None, (when, file, address(figure.sheet, figure.cell))))
