"""Cells gathered over a whole batch, column by column, and made into the frames that leave the room."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from domain.columns import CELLS, FAULTS, HEADERS
from workbook.faults import Fault
from workbook.layout import Layout

#: Signs that leave a cell blank for the eye; the others are white space for Python.
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"

#: (kind, number, text) of a cell
Content = tuple[str, float | None, str]


@dataclass(frozen=True, slots=True)
class CellError:
    """A cell that shows an error: ``#REF!``."""

    text: str


@dataclass(frozen=True, slots=True)
class Percentage:
    """A number in a cell that shows it in percent: a typed 105 % is kept as 1.05."""

    value: float


def schema(columns: dict[str, str]) -> dict[str, Any]:
    """The polars types of a frame of :mod:`domain.columns`."""
    return {name: getattr(pl, kind) for name, kind in columns.items()}


def is_blank(text: str) -> bool:
    """Whether a person would see nothing."""
    return not text or text.isspace() or not text.strip(_INVISIBLE).strip()


def shown(value: float) -> str:
    """A number as it would be typed without grouping: 11713 · 97.49."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def content_of(value: object) -> Content | None:
    """What a cell holds, never coerced; ``None`` for a blank cell."""
    if isinstance(value, str):
        return None if is_blank(value) else ("text", None, value)
    if isinstance(value, bool):
        return "bool", None, "TRUE" if value else "FALSE"
    if isinstance(value, (float, int)):
        number = float(value)
        return ("number", number, shown(number)) if math.isfinite(number) else ("error", None, "#NUM!")
    if isinstance(value, Percentage):
        return "number", value.value, f"{(Decimal(repr(value.value)) * 100).normalize():f}%"
    if isinstance(value, CellError):
        return "error", None, value.text
    return None if value is None else ("date", None, _moment(value))


def _moment(value: object) -> str:
    """ISO 8601 of what calamine takes for a date; a midnight is a plain day."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
    raise TypeError(f"no cell holds {type(value).__name__}")


@dataclass
class Filled:
    """Filled cells of workbooks of one layout: of each the number of its slot and what it holds."""

    layout: Layout
    files: list[int] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def frame(self) -> pl.DataFrame:
        contents = [content_of(value) for value in self.values]
        kept = [number for number, content in enumerate(contents) if content]
        filled = [content for content in contents if content]
        kinds, numbers, texts = zip(*filled, strict=True) if filled else ((), (), ())
        slots = pl.Series([self.slots[n] for n in kept], dtype=pl.Int64)
        return (
            _slot_frame(self.layout)[slots]
            .with_columns(
                pl.Series("file", [self.files[n] for n in kept], dtype=pl.Int64),
                pl.Series("kind", kinds, dtype=pl.String),
                pl.Series("number", numbers, dtype=pl.Float64),
                pl.Series("text", texts, dtype=pl.String),
            )
            .select(list(CELLS))
        )


def _slot_frame(layout: Layout) -> pl.DataFrame:
    slots = layout.slots
    return pl.DataFrame(
        {
            "form": [layout.form.id] * len(slots),
            "field": [slot.field for slot in slots],
            "item": [slot.item for slot in slots],
            "part": [slot.part for slot in slots],
            "sheet": [slot.place.sheet for slot in slots],
            "cell": [slot.place.address for slot in slots],
        },
        schema={
            "form": pl.String,
            "field": pl.String,
            "item": pl.Int32,
            "part": pl.String,
            "sheet": pl.String,
            "cell": pl.String,
        },
    )


def header_frame(rows: Iterable[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema(HEADERS), orient="row")


def cell_frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema(CELLS), orient="row")


def fault_frame(faults: Iterable[tuple[int, Fault]]) -> pl.DataFrame:
    rows = [(file, f.fault, f.sheet, f.cell, f.observed, f.expected) for file, f in faults]
    return pl.DataFrame(rows, schema=schema(FAULTS), orient="row")
