"""Cells → readings: number cells at once, each distinct text once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from catalog.load import Catalog
from catalog.model import Form, ListColumn
from domain.columns import READINGS
from domain.observation import CellStatus, ValueKind
from domain.parse import check_date, check_number, parse_figure
from domain.quantity import Qualifier, Quantity
from domain.reading import Problem, Reading, Repair
from transform.codes import CodeBook
from transform.frame import conform

#: Kinds of list columns that are read like figures; text is kept as it is.
READ_IN_LISTS = (
    ValueKind.COUNT,
    ValueKind.QUANTITY,
    ValueKind.RATIO,
    ValueKind.PERCENT,
    ValueKind.DATE,
    ValueKind.CODE,
)
_WORDS = "\x1f"
_TOLD_APART = ["kind", "number", "text", "value_kind", "words", "dash_is_zero", "codelist"]

_FIELDS = {
    "form": pl.String,
    "field": pl.String,
    "item": pl.Int32,  # null: every row of a list
    "indicator": pl.String,
    "breakdown": pl.String,
    "value_kind": pl.String,
    "words": pl.String,
    "dash_is_zero": pl.Boolean,
    "codelist": pl.String,
}


class _Field(NamedTuple):
    form: str
    field: str
    item: int | None
    indicator: str | None
    breakdown: str
    value_kind: str
    words: str = ""
    dash_is_zero: bool = False
    codelist: str = ""


def figure_fields(catalog: Catalog) -> pl.DataFrame:
    """A row for every place of a figure: scalars (item 0), matrix cells, and list columns (item null)."""
    rows = [row for form in catalog.forms.values() for row in _fields_of(catalog, form)]
    return pl.DataFrame(rows, schema=_FIELDS, orient="row")


def _fields_of(catalog: Catalog, form: Form) -> Iterator[_Field]:
    for field in form.fields:
        indicator = catalog.indicators[field.indicator]
        words = _WORDS.join(indicator.unit_words)
        yield _Field(form.id, field.code, 0, indicator.code, field.breakdown, indicator.kind, words, field.dash_is_zero)
    for section in form.sections_of("matrix"):
        for code in section.indicators:
            indicator = catalog.indicators[code]
            words = _WORDS.join(indicator.unit_words)
            for item, breakdown in enumerate(section.items, 1):
                yield _Field(form.id, f"{section.code}.{code}", item, code, breakdown, indicator.kind, words)
    for section in form.sections_of("list"):
        for column in section.columns:
            if column.kind in READ_IN_LISTS:
                yield _list_field(form, section.code, column)


def _list_field(form: Form, section: str, column: ListColumn) -> _Field:
    return _Field(form.id, f"{section}.{column.code}", None, None, "", column.kind, codelist=column.codelist or "")


def normalise(cells: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Read every value cell that holds a figure, a date or a code (``domain.columns.CELLS`` → ``READINGS``).

    Scalars and matrix cells carry their indicator; cells of lists (indicator null) are read so that a wrong figure,
    date or code in a list has its finding too. A code that is in its list has neither value nor problem. Cells of text
    columns and narratives are not figures and give no reading.
    """
    placed = _placed(cells, figure_fields(catalog))
    plain = _plain(placed).fill_null(False)
    read = pl.concat([_read_plain(placed.filter(plain)), _read_others(placed.filter(~plain), catalog)], how="diagonal")
    return conform(_with_notes(read, cells), READINGS)


def _placed(cells: pl.DataFrame, fields: pl.DataFrame) -> pl.DataFrame:
    values = cells.filter(pl.col("part") == "value")
    in_lists = fields.filter(pl.col("item").is_null()).drop("item")
    in_place = fields.filter(pl.col("item").is_not_null())
    fixed = values.join(in_place, on=["form", "field", "item"], maintain_order="left")
    return pl.concat([fixed, values.join(in_lists, on=["form", "field"], maintain_order="left")], how="diagonal")


def _plain(placed: pl.DataFrame) -> pl.Series:
    """Number cells beyond doubt: whole counts, quantities, percentages above 1 (:func:`domain.parse.check_number`)."""
    number, kind = pl.col("number"), pl.col("value_kind")
    beyond_doubt = (
        ((kind == ValueKind.COUNT) & (number == number.floor()))
        | (kind == ValueKind.QUANTITY)
        | ((kind == ValueKind.PERCENT) & ((number.abs() > 1) | (number == 0)))
    )
    in_percent = pl.col("text").str.contains("%", literal=True).fill_null(value=False)
    return placed.select((pl.col("kind") == "number") & number.is_finite() & beyond_doubt & ~in_percent).to_series()


def _read_plain(placed: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("number") + 0.0  # no negative zero
    zero = pl.lit(CellStatus.DECLARED_ZERO.value)
    return placed.with_columns(
        value=value,
        low=value,
        high=value,
        strict_low=value,
        strict_high=value,
        qualifier=pl.lit(Qualifier.EXACT.value),
        status=pl.when(pl.col("number") == 0).then(zero).otherwise(pl.lit(CellStatus.VALUE.value)),
        repairs=pl.lit(""),
    )


_OUTCOME = {
    "_text": pl.UInt32,
    "value": pl.Float64,
    "qualifier": pl.String,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "strict_low": pl.Float64,
    "strict_high": pl.Float64,
    "status": pl.String,
    "repairs": pl.String,
    "problem": pl.String,
}


def _read_others(placed: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Texts, dates, faults and doubtful numbers: each distinct one is read once."""
    books = {name: CodeBook(codelist) for name, codelist in catalog.codelists.items()} if placed.height else {}
    distinct = placed.select(_TOLD_APART).unique(maintain_order=True).with_row_index("_text")
    outcomes = [(row["_text"], *_outcome(row, books)) for row in distinct.iter_rows(named=True)]
    read = distinct.join(pl.DataFrame(outcomes, schema=_OUTCOME, orient="row"), on="_text").drop("_text")
    joined = placed.join(read, on=_TOLD_APART, nulls_equal=True, maintain_order="left")
    return joined.with_columns(repairs=_without_csv_noise())


def _without_csv_noise() -> pl.Expr:
    """In a file without sheets every number is text; only there that says nothing."""
    in_text_file = pl.col("sheet").fill_null("") == ""
    only_text = pl.col("repairs") == Repair.TEXT_NUMBER.value
    return pl.when(in_text_file & only_text).then(pl.lit("")).otherwise(pl.col("repairs"))


def _outcome(row: dict[str, object], books: dict[str, CodeBook]) -> tuple[object, ...]:
    kind = ValueKind(str(row["value_kind"]))
    reading = _reading(row, kind, books)
    quantity = Quantity(reading.value, reading.qualifier, integer=kind is ValueKind.COUNT)
    loose, strict = quantity.loose, quantity.strict
    return (
        reading.value,
        reading.qualifier.value,
        reading.numerator,
        reading.denominator,
        loose.low if loose else None,
        loose.high if loose else None,
        strict.low if strict else None,
        strict.high if strict else None,
        reading.status.value,
        ",".join(repair for repair in reading.repairs if repair is not Repair.FOLDED_TEXT),  # told by text_repairs
        reading.problem.value if reading.problem else None,
    )


def _reading(row: dict[str, object], kind: ValueKind, books: dict[str, CodeBook]) -> Reading:
    text = str(row["text"] or "")
    words = [word for word in str(row["words"] or "").split(_WORDS) if word]
    match row["kind"]:
        case "error":
            return Reading(problem=Problem.CELL_ERROR)
        case "number" if kind is not ValueKind.CODE:
            return check_number(_as_float(row["number"]), kind, text, words)
        case "date" if kind is not ValueKind.CODE:
            return check_date(text, kind)
        case "bool" if kind is not ValueKind.CODE:
            return Reading(problem=Problem.NOT_A_DATE if kind is ValueKind.DATE else Problem.NOT_A_NUMBER)
    if kind is ValueKind.CODE:
        return _code(text, books.get(str(row["codelist"])))
    return parse_figure(text, kind, words, bool(row["dash_is_zero"]))


def _as_float(number: object) -> float:
    return float(number) if isinstance(number, (int, float)) else math.nan


def _code(text: str, book: CodeBook | None) -> Reading:
    reading = parse_figure(text, ValueKind.CODE)
    if reading.status is CellStatus.MISSING and (book is None or book.find(text) is None):
        return reading
    known = book is None or book.find(text) is not None
    return Reading(repairs=reading.repairs) if known else Reading(problem=Problem.NOT_IN_CODE_LIST)


def _with_notes(read: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    notes = (
        cells.filter((pl.col("part") == "note") & (pl.col("text").str.strip_chars() != ""))
        .group_by("file", "field", "item", maintain_order=True)
        .agg(note=pl.col("text").str.strip_chars().str.normalize("NFC").str.join("\n"))
    )
    has_notes = pl.col("file").is_in(notes["file"].unique().implode())
    noted = read.filter(has_notes).join(notes, on=["file", "field", "item"], how="left", maintain_order="left")
    return pl.concat([noted, read.filter(~has_notes)], how="diagonal")


def unknown_cells(cells: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Cells whose field or item their form does not know: nothing else in this room would speak of them."""
    known = figure_fields(catalog).select("form", "field", "item")
    fixed = known.filter(pl.col("item").is_not_null())
    anywhere = pl.concat([known.filter(pl.col("item").is_null()).select("form", "field"), text_fields(catalog)])
    lost = cells.join(fixed, on=["form", "field", "item"], how="anti")
    return lost.join(anywhere, on=["form", "field"], how="anti")


def text_fields(catalog: Catalog) -> pl.DataFrame:
    """The (form, field) of list columns that are only text, and of narratives."""
    rows = [
        (form.id, f"{section.code}.{column.code}")
        for form in catalog.forms.values()
        for section in form.sections_of("list")
        for column in section.columns
        if column.kind not in READ_IN_LISTS
    ]
    rows += [(form.id, text.code) for form in catalog.forms.values() for text in form.narratives]
    return pl.DataFrame(rows, schema={"form": pl.String, "field": pl.String}, orient="row")
