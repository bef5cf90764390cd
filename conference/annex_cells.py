"""Cells of the annex: formats by the word of a figure, text that is never a formula, long texts over several cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import xlsxwriter.workbook

from conference.telling import printable
from domain.numbers import en_quantity, vi_quantity
from domain.quantity import Qualifier

#: The most a cell of Excel holds, in units of UTF-16: letters beyond the first plane count twice.
CELL_LIMIT = 32_767

_LOCALES = {"vi": "[$-42A]", "en": "[$-809]"}
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t")


class Formats:
    """The formats of one workbook, each made once."""

    def __init__(self, book: xlsxwriter.workbook.Workbook, language: str) -> None:
        self._book = book
        self._language = language
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._numbers: dict[tuple[str, bool, bool, bool], Any] = {}

    def of(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            base = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
            self._made[key] = self._book.add_format({**base, **properties})
        return self._made[key]

    def number(self, qualifier: str, *, percent: bool, whole: bool, bold: bool = False) -> Any:
        """A number that stays a number, with the word of its qualifier before it: ``hơn 1.500``."""
        key = (qualifier, percent, whole, bold)
        if key not in self._numbers:
            self._numbers[key] = self._number(qualifier, percent=percent, whole=whole, bold=bold)
        return self._numbers[key]

    def _number(self, qualifier: str, *, percent: bool, whole: bool, bold: bool) -> Any:
        word = lead_word(qualifier, self._language, percent=percent)
        digits = "0.00" if percent else "#,##0" if whole else "#,##0.00"
        sign = '" %"' if percent else ""
        code = f"{_LOCALES[self._language]}{f'''{chr(34)}{word} {chr(34)}''' if word else ''}{digits}{sign}"
        return self.of(num_format=code, bold=bold, border=1, align="right")

    def cell(self, text: str = "", *, bold: bool = False, indent: int = 0) -> Any:
        """A bordered text; what looks like a formula is marked as text, so that it stays one when it is edited."""
        extra: dict[str, Any] = {"quote_prefix": True} if text.startswith(_FORMULA_SIGNS) else {}
        return self.of(border=1, text_wrap=True, bold=bold, indent=min(indent, 15), **extra)


def lead_word(qualifier: str, language: str, *, percent: bool) -> str:
    """``hơn``, ``gần``; empty for an exact figure."""
    told = vi_quantity if language == "vi" else en_quantity
    return told(0, Qualifier(qualifier), percent=percent).partition("0")[0].strip()


def safe(text: str) -> str:
    return printable(text)


def pieces(text: str) -> Iterator[str]:
    """The text in parts a cell can hold, cut at a line's end or a blank where there is one; joined, the text."""
    if len(text) * 2 <= CELL_LIMIT:  # nearly all
        yield text
        return
    rest = text
    while _length(rest) > CELL_LIMIT:
        end = _end(rest)
        yield rest[:end]
        rest = rest[end:]
    yield rest


def _end(text: str) -> int:
    # letters beyond the first plane count twice: of a text with many of them half as many fit for sure
    end = CELL_LIMIT if _length(text[:CELL_LIMIT]) <= CELL_LIMIT else CELL_LIMIT // 2
    for sign in ("\n", " "):
        at = text.rfind(sign, end // 2, end)
        if at > 0:
            return at + 1
    return end


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
