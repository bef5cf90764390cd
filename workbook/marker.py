"""How an annotated copy is known again: a results sheet in front, a very hidden one that says whose it is.

Programs may drop the hidden sheet or rename the other one, so each is recognised by itself, by its first cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.cell import Cell
from workbook.layout import folded

Rows = list[list[Any]]

#: The sheet put in front, and the very hidden one at the end.
RESULT_SHEET, MARKER_SHEET = "Kết quả kiểm tra", "_ketqua"
#: What stands in A1 of each; a unit's own sheet of the same name does not have it.
RESULT_TITLE, MARKER_TITLE = "KẾT QUẢ KIỂM TRA BÁO CÁO · Report check result", "tongket · bản trả lại"
#: Facts of the hidden sheet, one a row from the second on: name in column A, value in column B.
FACTS = ("submission", "unit", "period", "form", "sha256")
#: Its marked cells begin below: sheet, address, and a cell in the style that the marked one had before.
FIRST_MARK = len(FACTS) + 2
SHEET_COLUMN, ADDRESS_COLUMN, STYLE_COLUMN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Marker:
    """What the hidden sheet says. ``unit`` is the code the copy is bound to, empty where that was in doubt.

    ``marked``: row of the hidden sheet → the cell that was marked, whose former style that row's cell has.
    """

    submission: str
    unit: str
    marked: dict[int, Cell]


def may_be_ours(name: str) -> bool:
    """Whether a sheet's name is one that we give, so that its first cell must be looked at."""
    known = folded(name)
    return known == folded(MARKER_SHEET) or known.startswith(folded(RESULT_SHEET))


def is_ours(rows: Sequence[Sequence[Any]]) -> bool:
    """Whether a sheet was put in by us."""
    return _first(rows) in (folded(RESULT_TITLE), folded(MARKER_TITLE))


def read_marker(rows: Rows) -> Marker | None:
    """The contents of the hidden sheet; ``None`` for any other sheet."""
    if _first(rows) != folded(MARKER_TITLE):
        return None
    facts = dict.fromkeys(FACTS, "") | {_text(row, 0): _text(row, 1) for row in rows[1 : FIRST_MARK - 1]}
    listed = enumerate(rows[FIRST_MARK - 1 :], FIRST_MARK - 1)
    marked = {n: _marked(_text(row, SHEET_COLUMN), _text(row, ADDRESS_COLUMN)) for n, row in listed}
    return Marker(facts["submission"], facts["unit"], {number: cell for number, cell in marked.items() if cell})


def _marked(sheet: str, address: str) -> Cell | None:
    try:
        cell = Cell.parse(address)
    except ValueError:
        return None
    return Cell(sheet, cell.row, cell.column)


def _first(rows: Sequence[Sequence[Any]]) -> str:
    return folded(_text(rows[0], 0)) if rows else ""


def _text(row: Sequence[Any], column: int) -> str:
    return str(row[column]).strip() if column < len(row) else ""
