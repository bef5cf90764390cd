"""Which words of the units a report shows: whole paragraphs and sentences are chosen, never reworded.

The rule: the unit of the report first, then one unit of each branch below it in turn (of a branch the higher first, in
the order of the tree), so that no branch speaks alone. Of each its paragraphs from the beginning while they fit; when
not even the first fits, its sentences from the beginning, at least one. Everything stands whole in the annex.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from conference.blocks import Quote
from conference.outline import Selection
from conference.telling import printable

_PARAGRAPH = re.compile(r"\n+")
#: A sentence ends with its sign and a blank before what cannot be a small letter: "gần 1.600" and "v.v. và" go on.
_SENTENCE_END = re.compile(r"(?<=[.!?…])[ \t]+(?=[^\Wa-zà-ỹđ])")


@dataclass(frozen=True, slots=True)
class Chosen:
    quotes: tuple[Quote, ...]
    #: units that wrote on the section, shown or not
    units: int
    shown: int

    @property
    def is_whole(self) -> bool:
        return self.shown == self.units and not any(quote.extract for quote in self.quotes)


def choose(narratives: pl.DataFrame, selection: Selection) -> Chosen:
    """The paragraphs to show of a section (``unit, name, body``, in the order of :meth:`Facts.narratives`)."""
    units = narratives["unit"].unique(maintain_order=True)
    shown = units.head(selection.units)
    rows = narratives.filter(pl.col("unit").is_in(shown.implode())).select("name", "body").iter_rows()
    quotes = tuple(_quote(name, body, selection.characters) for name, body in rows)
    return Chosen(quotes, len(units), len(shown))


def _quote(unit: str, body: str, characters: int) -> Quote:
    text = printable(body).strip()
    kept = shortened(text, characters)
    return Quote(printable(unit), kept, extract=kept != text)


def shortened(text: str, characters: int) -> str:
    """Whole paragraphs of the text from its beginning within so many characters, or whole sentences of the first."""
    if len(text) <= characters:
        return text
    paragraphs = _PARAGRAPH.split(text)
    kept = _while_they_fit(paragraphs, characters, "\n")
    return kept or _while_they_fit(_SENTENCE_END.split(paragraphs[0]), characters, " ", at_least=1)


def _while_they_fit(parts: list[str], characters: int, between: str, at_least: int = 0) -> str:
    kept: list[str] = []
    for part in parts:
        if len(kept) >= at_least and len(between.join([*kept, part])) > characters:
            break
        kept.append(part)
    return between.join(kept)
