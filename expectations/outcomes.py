"""Which rows failed which rule, before a word is written about them; reading rules are judged here in plain polars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from catalog.load import Catalog
from catalog.model import ReadingCheck, Rule, UniqueCheck
from domain import columns
from expectations.fault import ProgramFault
from expectations.schema import empty_frame
from expectations.tables import Tables, helper

READINGS = "readings"
TEXTS = "texts"

#: A row a failed row: the file and item it speaks of, the rule, which instance of it, and the row of which table.
OUTCOMES = {
    "file": pl.Int64,
    "item": pl.Int32,
    "rule": pl.String,
    "instance": pl.String,
    "table": pl.String,
    "row": pl.Int64,
}

_TEXT_COLUMNS = ("file", "item", "field", "text", "sheet", "cell")


def outcomes(table: pl.DataFrame, name: str, rows: Sequence[int], rule: Rule, instance: str = "") -> pl.DataFrame:
    """OUTCOMES of one rule for row positions of a table."""
    failed = table[rows, ["file", "item"]].with_columns(row=pl.Series(rows, dtype=pl.Int64))
    if isinstance(rule.check, UniqueCheck):
        failed = _repeats(table, failed, rule)
    return failed.select(
        pl.col("file").cast(pl.Int64),
        pl.col("item").cast(pl.Int32),
        rule=pl.lit(rule.id),
        instance=pl.lit(instance),
        table=pl.lit(name),
        row=pl.col("row"),
    )


def _repeats(table: pl.DataFrame, failed: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Only the rows that repeat an earlier one: the first is not at fault."""
    keyed = failed.with_columns(key=table[helper(rule)].gather(failed["row"])).sort("file", "item")
    return keyed.filter(~pl.struct("file", "key").is_first_distinct()).drop("key")


def unreadable_or_repaired(readings: pl.DataFrame) -> pl.DataFrame:
    """The readings that have something to say."""
    return readings.select(list(columns.READINGS)).filter(
        (pl.col("repairs").fill_null("") != "") | (pl.col("problem").fill_null("") != "")
    )


def repaired_texts(texts: pl.DataFrame | None) -> pl.DataFrame:
    """Repairs of text cells (``file, field, item, repair, sheet, cell, text``) in the columns of readings."""
    empty = empty_frame(columns.READINGS)
    if texts is None or texts.is_empty():
        return empty
    return pl.concat([empty, texts.select(*_TEXT_COLUMNS, repairs="repair")], how="diagonal_relaxed")


def rules_by_outcome(tables: Tables, rules: list[Rule], catalog: Catalog) -> Iterable[pl.DataFrame]:
    """OUTCOMES of reading rules; raises :class:`ProgramFault` for a repair or problem that no rule names."""
    known = [rule.check for rule in catalog.rules if isinstance(rule.check, ReadingCheck)]
    for name in (READINGS, TEXTS):
        codes = _codes(tables[name])
        nameless = set(codes["code"]) - {check.repair or check.problem for check in known}
        if nameless:
            raise ProgramFault(f"no rule speaks of {', '.join(sorted(map(str, nameless)))}; it would pass in silence")
        for rule in rules:
            assert isinstance(rule.check, ReadingCheck)
            code, kind = rule.check.repair or rule.check.problem, "repair" if rule.check.repair else "problem"
            rows = codes.filter((pl.col("code") == code) & (pl.col("kind") == kind))["row"].to_list()
            if rows:
                yield outcomes(tables[name], name, rows, rule)


def _codes(table: pl.DataFrame) -> pl.DataFrame:
    """row, kind, code: one row a repair or problem of a reading."""
    numbered = table.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    repairs = numbered.select("row", kind=pl.lit("repair"), code=pl.col("repairs").str.split(",")).explode("code")
    problems = numbered.select("row", kind=pl.lit("problem"), code=pl.col("problem"))
    return pl.concat([repairs, problems]).filter(pl.col("code").fill_null("") != "").unique(maintain_order=True)
