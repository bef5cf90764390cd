"""A report as a unit would file it: what is typed into which cell, before anything is written or read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: What a person types into one cell: a number, or text as it is written ("gần 1.600", "18/21").
Typed = int | float | str

#: One row of a list: column → what is typed.
ListRow = dict[str, Typed]


@dataclass(frozen=True, slots=True)
class Filing:
    """One report of one unit for one period.

    ``figures`` and ``notes`` are keyed by field code (``dossiers_received[field=ho_tich]``); a figure of a matrix by
    ``<matrix>.<indicator>`` with the item's breakdown in brackets (``one_stop.dossiers_received[field=ho_tich]``).
    ``lists`` holds the rows of each list, ``narratives`` the text of each narrative. ``reporter`` is the code of the
    unit that wrote the report when it speaks for another one.
    """

    unit: str
    period: str
    form: str
    scope: str = "own"
    reporter: str = ""
    figures: Mapping[str, Typed] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, list[ListRow]] = field(default_factory=dict)
    narratives: Mapping[str, str] = field(default_factory=dict)
