"""Units that an unknown code may have meant: by the code as people mistype it, and by the name beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cached_property

import polars as pl

from catalog.load import Catalog
from catalog.lookup import Candidate, Standing, UnitFinder, superiors
from catalog.model import UnitRecord

#: More would be a list to search, not a help.
_NAMED = 3

_LAST_WORD = r"0*([^\W_]+)[\W_]*$"


class Candidates:
    """Looks for units by the words of a file. Nothing is built before the first question: a batch whose codes are all
    known pays nothing, and one of them does not pay for every name of the country."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def named(self, code: str, name: str, day: date) -> tuple[str, str]:
        """The units that ``code`` or else ``name`` may mean as of ``day``, the living first and three at most, in
        Vietnamese and English; empty where there are none."""
        found = list(self._units(code, name, day))
        if not found:
            return "", ""
        shown, more = [self._words(item, day) for item in found[:_NAMED]], len(found) - _NAMED
        vi, en = "; ".join(vi for vi, _ in shown), "; ".join(en for _, en in shown)
        return (f"{vi}; và {more} đơn vị khác", f"{en}; and {more} more") if more > 0 else (vi, en)

    def _units(self, code: str, name: str, day: date) -> Iterator[Candidate]:
        near = self._near(code)
        for text in (code, name, *(near if len(near) <= _NAMED else ())):
            likely = tuple(self._likely(text)) if text else ()
            found = UnitFinder(replace(self._catalog, units=likely)).find(text, day).candidates if likely else ()
            yield from self._one_each(found)
            if found and text not in near:
                return

    def _near(self, code: str) -> list[str]:
        """Codes that are this one with a letter too many or too few. Another letter in its place would name any of its
        neighbours."""
        typed = code.strip().upper()
        here, half = pl.col("bare"), len(typed) // 2
        is_longer = (here.str.len_chars() == len(typed) + 1) & (
            here.str.starts_with(typed[:half]) | here.str.ends_with(typed[half:])
        )
        longer = self._words_of_units.filter(is_longer)["bare"].to_list()
        is_shorter = here.is_in(list(_shortened(typed)))
        shorter = self._words_of_units.filter(is_shorter)["bare"].to_list()
        return sorted({*shorter, *(known for known in longer if typed in _shortened(known))})

    def _one_each(self, found: tuple[Candidate, ...]) -> Iterator[Candidate]:
        """A code that several units bore one after the other is named once, by the one that lived."""
        seen: set[str] = set()
        for item in found:
            if item.unit.code not in seen:
                seen.add(item.unit.code)
                yield item

    def _words(self, item: Candidate, day: date) -> tuple[str, str]:
        unit = item.unit
        above = superiors(self._catalog, unit, min(max(day, unit.valid_from), unit.valid_to or day))
        under = f", {above[0].name}" if above else ""
        if item.standing is Standing.LIVING:
            return (f"{unit.code} ({unit.name}{under})",) * 2
        if item.standing is Standing.LATER:
            since = f"{unit.valid_from:%d/%m/%Y}"
            return f"{unit.code} ({unit.name}{under}, có từ {since})", f"{unit.code} ({unit.name}{under}, from {since})"
        until = f"{unit.valid_to:%d/%m/%Y}"
        return f"{unit.code} ({unit.name}{under}, đến {until})", f"{unit.code} ({unit.name}{under}, until {until})"

    def _likely(self, text: str) -> Iterator[UnitRecord]:
        """The few units whose code or last word the text could be, whatever its marks: only their names are folded."""
        word = _last_words(pl.Series([text], dtype=pl.String)).drop_nulls()
        is_likely = (pl.col("code") == text.strip().upper().lstrip("0")) | pl.col("word").is_in(word.implode())
        rows = self._words_of_units.filter(is_likely)["row"]
        return (self._catalog.units[row] for row in rows)

    @cached_property
    def _words_of_units(self) -> pl.DataFrame:
        units = self._catalog.units
        codes = pl.Series([unit.code for unit in units], dtype=pl.String)
        return pl.DataFrame(
            {
                "row": range(len(units)),
                "bare": codes,
                "code": codes.str.strip_chars_start("0"),
                "word": _last_words(pl.Series([unit.name for unit in units], dtype=pl.String)),
            }
        )


def _shortened(code: str) -> set[str]:
    """The code without one of its letters."""
    return {code[:place] + code[place + 1 :] for place in range(len(code))}


def _last_words(texts: pl.Series) -> pl.Series:
    """The last word of each text in lower case, without marks and leading zeros."""
    bare = texts.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    return bare.str.replace_all("[đðɖ]", "d").str.extract(_LAST_WORD, 1)
