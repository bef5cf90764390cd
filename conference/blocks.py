"""The parts of a report, before anything is a document: headings, sentences, tables, charts, paragraphs of units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    level: int  # 1 a part, 2 a section, 3 within


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    bold: bool = False
    italic: bool = False
    #: a place where a person must write
    write: bool = False
    bullet: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """What a unit wrote, word for word; ``extract`` when it goes on in the annex."""

    unit: str
    text: str
    extract: bool


@dataclass(frozen=True, slots=True)
class Table:
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    #: columns of figures, set to the right
    right: frozenset[int] = frozenset()
    #: shares of the width, one a column
    widths: tuple[float, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    #: null: no figure, no bar
    values: tuple[float | None, ...]
    #: the figures in words, beside the bars
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Horizontal bars: one category a row, one bar a series."""

    id: str
    kind: Literal["beside", "children", "parts"]
    caption: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    percent: bool
    #: coverage and what is not drawn
    note: str = ""
    traces: tuple[str, ...] = ()

    @property
    def alternative(self) -> str:
        """The chart in words, for whoever cannot see it."""
        rows = [
            f"{category}: " + ", ".join(f"{one.name} {one.labels[row]}" for one in self.series)
            for row, category in enumerate(self.categories)
        ]
        return f"{self.caption}. " + "; ".join(rows)


Block: TypeAlias = Heading | Paragraph | Quote | Table | Chart
