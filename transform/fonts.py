"""Cells typed with fonts from before Unicode are read as what a person saw."""

from __future__ import annotations

import polars as pl

from domain.tcvn3 import SUSPECT, from_tcvn3

#: The column that keeps what was typed, null where nothing was turned.
OLD = "old_font"


def in_unicode(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells (``domain.columns.CELLS``) with texts of TCVN3 fonts in Unicode, and :data:`OLD` beside them.

    Each distinct text that could be one is looked at once; a cell is judged by itself, never by its file.
    """
    text = pl.col("text")
    suspects = cells.filter((pl.col("kind") == "text") & text.str.contains(SUSPECT))["text"].unique()
    turned = {typed: read for typed in suspects if (read := from_tcvn3(typed)) is not None}
    if not turned:
        return cells.with_columns(pl.lit(None, dtype=pl.String).alias(OLD))
    in_new = text.replace_strict(turned, default=None, return_dtype=pl.String)
    is_turned = (pl.col("kind") == "text") & in_new.is_not_null()
    return cells.with_columns(
        pl.when(is_turned).then(in_new).otherwise(text).alias("text"), pl.when(is_turned).then(text).alias(OLD)
    )
