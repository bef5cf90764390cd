"""Hundreds of thousands of plain rows of a sheet, made by polars: a call a cell takes a minute for a province."""

from __future__ import annotations

import re

import polars as pl

#: What XML cannot hold, as polars' regular expressions write it.
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\x{fffe}\x{ffff}]"
#: ``_x0041_`` is a letter's number to Excel; written so it stays what the unit wrote.
_NUMBERED = r"(_x[0-9A-Fa-f]{4}_)"
_CELL_LIMIT = 32_000


def rows_as_xml(rows: pl.DataFrame, first: int) -> bytes:
    """The rows as elements of ``sheetData`` from row ``first`` (the first is 1); numbers as numbers, else text.

    A null is no cell. Texts are traces, codes and places, never longer than a cell.
    """
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    row = (pl.int_range(pl.len(), dtype=pl.Int64) + first).cast(pl.String)
    cells = [_cell(name, kind, letters[at], row) for at, (name, kind) in enumerate(rows.schema.items())]
    made = rows.select(
        pl.concat_str(pl.lit('<row r="'), row, pl.lit('">'), *cells, pl.lit("</row>"), ignore_nulls=True)
    )
    return "".join(made.to_series()).encode()


def with_rows(sheet: bytes, rows: bytes, last: str) -> bytes:
    """A sheet's XML with more rows below its own; ``last`` is the last cell (``G480006``), as readers ask for it."""
    sheet = re.sub(rb'<dimension ref="[^"]*"/>', f'<dimension ref="A1:{last}"/>'.encode(), sheet, count=1)
    head, end, tail = sheet.rpartition(b"</sheetData>")
    return head + rows + end + tail


def _cell(name: str, kind: pl.DataType, letter: str, row: pl.Expr) -> pl.Expr:
    place = pl.concat_str(pl.lit(f'<c r="{letter}'), row)
    if kind.is_numeric():
        whole = pl.col(name).cast(pl.Float64)
        digits = pl.when(whole == whole.round()).then(whole.cast(pl.Int64, strict=False).cast(pl.String))
        number = pl.coalesce(digits, whole.cast(pl.String))
        return pl.when(whole.is_finite()).then(pl.concat_str(place, pl.lit('"><v>'), number, pl.lit("</v></c>")))
    text = _escaped(pl.col(name).cast(pl.String))
    opened = pl.lit('" t="inlineStr"><is><t xml:space="preserve">')
    return pl.when(pl.col(name).is_not_null()).then(pl.concat_str(place, opened, text, pl.lit("</t></is></c>")))


def _escaped(text: pl.Expr) -> pl.Expr:
    shown: pl.Expr = (
        text.str.slice(0, _CELL_LIMIT).str.replace_all(_CONTROL, "�").str.replace_all(_NUMBERED, "_x005F${1}")
    )
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        shown = shown.str.replace_all(sign, written, literal=True)
    return shown
