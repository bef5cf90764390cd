"""Addresses of cells, as a person reads them in a spreadsheet program."""

from __future__ import annotations

import re
from dataclasses import dataclass

_A1 = re.compile(r"^(?:'?(?P<sheet>[^'!]+)'?!)?\$?(?P<column>[A-Z]{1,3})\$?(?P<row>[1-9][0-9]*)$")


def column_letters(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """A → 0, Z → 25, AA → 26."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A cell: sheet name, zero-based row and column."""

    sheet: str
    row: int
    column: int

    @property
    def address(self) -> str:
        """The address within the sheet: D7."""
        return f"{column_letters(self.column)}{self.row + 1}"

    @classmethod
    def parse(cls, text: str, sheet: str = "") -> Cell:
        """Read ``Sheet!D7``, ``'Số liệu'!$D$7`` or ``D7`` (then ``sheet`` names the sheet); raises ``ValueError``."""
        found = _A1.match(text.strip())
        if found is None:
            raise ValueError(f"not a cell address: {text!r}")
        return cls(found["sheet"] or sheet, int(found["row"]) - 1, column_index(found["column"]))
