"""What settles a finding: the unit's own note, a waiver, or an administrator who lets a critical one pass."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from domain.columns import FINDINGS, WAIVERS
from domain.finding import WAIVED_CELL, CheckLevel, SettledBy, Severity

#: Letters a note needs to explain anything: "đã rà soát" only ticks the box, "tăng do sáp nhập" gives a cause.
FEWEST_LETTERS = 10

Notes = Mapping[tuple[int, str], str]


def telling_notes(notes: pl.DataFrame | None, readings: pl.DataFrame) -> dict[tuple[int, str], str]:
    """(file, field) → the note beside a scalar field that says something: enough letters, and not the figure again.

    ``notes`` are CELLS of the part ``note``; those beside blank figures count too.
    """
    if notes is None or notes.is_empty():
        return {}
    joined = (
        notes.filter(pl.col("item") == 0)
        .group_by("file", "field", maintain_order=True)
        .agg(note=pl.col("text").str.strip_chars().str.normalize("NFC").str.join("\n"))
    )
    figures = readings.filter(pl.col("item") == 0).select("file", "field", figure=_folded("text"))
    own = joined.join(figures, on=["file", "field"], how="left").filter(tells("note", pl.col("figure")))
    return {(file, field): note for file, field, note in own.select("file", "field", "note").iter_rows()}


def tells(note: str, figure: pl.Expr) -> pl.Expr:
    """Whether a note says something: enough letters, and not the figure (folded) again."""
    return (pl.col(note).str.count_matches(r"\p{L}") >= FEWEST_LETTERS) & _folded(note).ne_missing(figure)


def explained_by(note: str, figure: str) -> pl.Expr:
    """The note where it says something beside this figure, else null."""
    return pl.when(tells(note, _folded(figure))).then(pl.col(note).str.strip_chars().str.normalize("NFC"))


def _folded(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.normalize("NFC").str.to_lowercase()


def trusted(waivers: pl.DataFrame | None) -> pl.Series:
    """The files for which some critical finding may be let pass."""
    if waivers is None:
        return pl.Series("file", dtype=pl.Int64)
    return waivers.filter("is_override")["file"].unique()


def waived(findings: pl.DataFrame, waivers: pl.DataFrame | None) -> pl.DataFrame:
    """FINDINGS with those settled that a row of WAIVERS names, by rule and, unless its field is empty, field and item;
    a finding without a field is named by its cell.

    A waiver settles a warning. A critical finding is settled by an override alone, and only from level 3 on: a file
    that cannot be read, or whose identity is not known, cannot be loaded whoever wishes it. What is settled already
    stays as it is.
    """
    if waivers is None or waivers.is_empty() or findings.is_empty():
        return findings
    rows = findings.with_row_index("_row")
    named = rows.join(waivers.select(list(WAIVERS)), on=["file", "rule"], suffix="_waived")
    here = (pl.col("field_waived") == "") | (
        (_place() == pl.col("field_waived")) & (pl.col("item").fill_null(0) == pl.col("item_waived"))
    )
    warned = pl.col("severity") == Severity.WARNING.value
    let_pass = (
        (pl.col("severity") == Severity.CRITICAL.value)
        & (pl.col("level") >= int(CheckLevel.VALUE))
        & pl.col("is_override")
    )
    by = pl.when(let_pass).then(pl.lit(SettledBy.OVERRIDE.value)).otherwise(pl.lit(SettledBy.WAIVER.value))
    settled = (
        named.filter(pl.col("settled_by").is_null() & here & (warned | let_pass))
        # the waiver of the very place speaks before the one of the whole report
        .sort(pl.col("field_waived") == "", maintain_order=True)
        .unique("_row", keep="first", maintain_order=True)
        .select("_row", by=by, why="reason")
    )
    return (
        rows.join(settled, on="_row", how="left", maintain_order="left")
        .with_columns(settled_by=pl.coalesce("settled_by", "by"), explanation=pl.coalesce("explanation", "why"))
        .select(list(FINDINGS))
    )


def _place() -> pl.Expr:
    """What a waiver of the finding names as its field."""
    field, sheet, cell = (pl.col(name).fill_null("") for name in ("field", "sheet", "cell"))
    address = pl.when(sheet != "").then(pl.concat_str(sheet, pl.lit("!"), cell)).otherwise(cell)
    at_cell = pl.when(cell != "").then(pl.concat_str(pl.lit(WAIVED_CELL), address)).otherwise(pl.lit(""))
    return pl.when(field != "").then(field).otherwise(at_cell)
