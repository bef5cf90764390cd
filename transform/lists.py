"""Lists and paragraphs: kept in the unit's own words, folded only for keys."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from catalog.load import Catalog
from catalog.model import Form, Section
from domain.columns import CELLS, LIST_ROWS, NARRATIVES
from domain.names import fold_name
from domain.observation import ValueKind
from domain.reading import Repair
from transform.codes import CodeBook
from transform.fonts import OLD
from transform.frame import conform
from transform.normalise import normalise

#: A row per repair of a text: what :func:`text_repairs` reports.
TEXT_REPAIRS = {
    "file": "Int64",
    "field": "String",
    "item": "Int32",
    "repair": "String",
    "sheet": "String",
    "cell": "String",
    "text": "String",
}


def clean_texts(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells with composed, trimmed texts; a number without a text gets its digits; empty texts are dropped."""
    digits = (
        pl.when(pl.col("number") == pl.col("number").floor())
        .then(pl.col("number").cast(pl.Int64, strict=False).cast(pl.String))
        .otherwise(pl.col("number").cast(pl.String))
    )
    text = pl.coalesce(pl.col("text"), digits).str.normalize("NFC").str.strip_chars()
    return cells.with_columns(text=text).filter(pl.col("text").fill_null("") != "")


def list_cells(cells: pl.DataFrame, forms: Iterable[Form]) -> dict[tuple[str, str], pl.DataFrame]:
    """The filled cells of every list that has any, by (form, list), with ``column`` the code of the list's column."""
    fields = [
        (form.id, f"{section.code}.{column.code}", section.code, column.code)
        for form in forms
        for section in form.sections_of("list")
        for column in section.columns
    ]
    names = ("form", "field", "list", "column")
    known = pl.DataFrame(fields, schema=dict.fromkeys(names, pl.String), orient="row")
    values = cells.filter((pl.col("item") > 0) & (pl.col("part") == "value"))
    chosen = clean_texts(values.join(known, on=["form", "field"], maintain_order="left"))
    parts = chosen.partition_by("form", "list", as_dict=True, maintain_order=True)
    return {(str(form), str(name)): part for (form, name), part in parts.items()}


def list_texts(cells: pl.DataFrame, section: Section) -> pl.DataFrame:
    """A row a (file, item) of :func:`list_cells` with a String column for every column of the list."""
    columns = [column.code for column in section.columns]
    wide = cells.pivot("column", index=["file", "item"], values="text", aggregate_function="first")
    absent = [pl.lit(None, dtype=pl.String).alias(code) for code in columns if code not in wide.columns]
    return wide.with_columns(absent).select("file", "item", *columns).sort("file", "item")


def list_rows(cells: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Every filled row of every list (``domain.columns.LIST_ROWS``).

    ``content`` is a JSON object of the columns filled in, in the order of the definition, with the texts as they were
    written (composed Unicode); ``read`` one of the figures among them as numbers ("1.640" → 1640.0) and of the
    drop-downs as codes; ``key`` joins the folded key columns with ``|``. A row with only empty cells is no row.
    """
    found = list_cells(cells, catalog.forms.values())
    parts = [_rows_of(part, catalog.forms[form].section(name), catalog) for (form, name), part in found.items()]
    return conform(pl.concat(parts), LIST_ROWS) if parts else conform(cells.clear(), LIST_ROWS)


def _rows_of(cells: pl.DataFrame, section: Section, catalog: Catalog) -> pl.DataFrame:
    order = {column.code: number for number, column in enumerate(section.columns)}
    ordered = cells.with_columns(_order=pl.col("column").replace_strict(order, return_dtype=pl.Int32))
    pair = pl.concat_str(_json("column"), pl.lit(": "), _json("text"))
    rows = (
        ordered.sort("file", "item", "_order")
        .group_by("file", "item", maintain_order=True)
        .agg(content=pair.str.join(", "), sheet=pl.col("sheet").first(), cell=pl.col("cell").first())
        .with_columns(content=pl.concat_str(pl.lit("{"), "content", pl.lit("}")), list=pl.lit(section.code))
    )
    for part in (_keys(cells, section), _read(cells, section, catalog)):
        rows = rows.join(part, on=["file", "item"], how="left", maintain_order="left")
    return rows


def _read(cells: pl.DataFrame, section: Section, catalog: Catalog) -> pl.DataFrame:
    """``read``: the figures and codes of each row as a JSON object; null for a row that has none."""
    figures = normalise(cells.select(list(CELLS)), catalog).filter(pl.col("value").is_not_null())
    column = pl.col("field").str.strip_prefix(f"{section.code}.")
    number = pl.concat_str(pl.lit('"'), column, pl.lit('": '), pl.col("value").cast(pl.String))
    pairs = [figures.select("file", "item", pair=number)]
    for drop_down in section.columns:
        if drop_down.codelist and drop_down.kind is ValueKind.CODE:
            chosen = cells.filter(pl.col("column") == drop_down.code)
            coded = chosen.with_columns(text=codes_of(chosen["text"], CodeBook(catalog.codelists[drop_down.codelist])))
            pairs.append(coded.select("file", "item", pair=pl.concat_str(_json("column"), pl.lit(": "), _json("text"))))
    joined = pl.concat(pairs).group_by("file", "item", maintain_order=True).agg(read=pl.col("pair").str.join(", "))
    return joined.with_columns(read=pl.concat_str(pl.lit("{"), "read", pl.lit("}")))


def codes_of(texts: pl.Series, book: CodeBook) -> pl.Series:
    """Drop-downs as their code; a text that is no code of the list stays as it is, for the rule to find."""
    distinct = texts.drop_nulls().unique()
    codes = pl.Series([book.find(text) or text for text in distinct], dtype=pl.String)
    return texts.replace_strict(distinct, codes, default=None, return_dtype=pl.String)


def _json(column: str) -> pl.Expr:
    """The text as a JSON string."""
    wrapped = pl.struct(pl.col(column).alias("t")).struct.json_encode()
    return wrapped.str.strip_prefix('{"t":').str.strip_suffix("}")


def _keys(cells: pl.DataFrame, section: Section) -> pl.DataFrame:
    columns = list(section.key) or [column.code for column in section.columns]
    wide = list_texts(cells, section).select("file", "item", *columns)
    folded = [_folded(wide[column]) for column in columns]
    return wide.select("file", "item").with_columns(pl.concat_str(folded, separator="|").alias("key"))


def _folded(texts: pl.Series) -> pl.Series:
    """Each distinct text folded once."""
    distinct = texts.drop_nulls().unique()
    names = pl.Series([fold_name(text) for text in distinct], dtype=pl.String)
    return texts.replace_strict(distinct, names, default=None, return_dtype=pl.String).fill_null("")


def narratives(cells: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """The filled paragraphs (``domain.columns.NARRATIVES``); ``section`` is the narrative's code."""
    known = [(form.id, text.code) for form in catalog.forms.values() for text in form.narratives]
    codes = pl.DataFrame(known, schema={"form": pl.String, "field": pl.String}, orient="row")
    values = cells.filter((pl.col("item") == 0) & (pl.col("part") == "value"))
    filled = clean_texts(values.join(codes, on=["form", "field"], how="semi", maintain_order="left"))
    return conform(filled.rename({"field": "section", "text": "body"}), NARRATIVES)


#: Begins like a formula: = and @ always, + and - unless a space or nothing follows (the bullet of an outline, a dash).
_FORMULA = r"^\s*(?:[=@]|[+\-][^\s\-])"
_SIGNED_NUMBER = r"^\s*[+\-][0-9][0-9., ]*\s?%?\s*$"


def text_repairs(cells: pl.DataFrame) -> pl.DataFrame:
    """What was done to texts (:data:`TEXT_REPAIRS`): old fonts turned into Unicode (``text`` is what was typed),
    decomposed letters put together, formulas kept as text.

    ``cells`` come from :func:`transform.fonts.in_unicode`. Judged is every text, of figures, lists, paragraphs and
    notes; the readings of :func:`transform.normalise.normalise` therefore do not repeat ``folded_text``. A figure with
    a sign (+481 %) is no formula.
    """
    text = pl.col("text")
    texts = cells.filter((pl.col("kind") == "text") & text.is_not_null())
    found = {
        Repair.FOLDED_TEXT: texts.filter(text != text.str.normalize("NFC")),
        Repair.OLD_FONT: texts.filter(pl.col(OLD).is_not_null()).with_columns(text=pl.col(OLD)),
        Repair.FORMULA_TEXT: texts.filter(text.str.contains(_FORMULA) & ~text.str.contains(_SIGNED_NUMBER)),
    }
    told = pl.concat(rows.with_columns(repair=pl.lit(repair.value)) for repair, rows in found.items())
    return conform(told.sort("file", "field", "item", "part", "repair"), TEXT_REPAIRS)
