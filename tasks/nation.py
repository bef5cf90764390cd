"""The nation's administrative units as register files, to be looked at and imported like any other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from catalog.model import UnitRecord
from catalog.nation import nation_rows
from tasks.register import write_register
from warehouse.engine import Engine
from warehouse.registry import Register, read_register
from workbook.nation import read_nation


@dataclass(frozen=True, slots=True)
class Written:
    """The files, how many rows each table has, and the units that the register names otherwise than the lists."""

    files: list[Path]
    units: int
    events: int
    differing: tuple[tuple[UnitRecord, str], ...]


def write_nation(engine: Engine, lists: Path, to: Path, bodies: Iterable[str]) -> Written:
    """Write what the register lacks of the lists of the package at ``lists`` as register files at ``to``.

    Nothing is changed. Raises :class:`workbook.nation.NationListsError`, and what :func:`tasks.register.write_register`
    raises.
    """
    held = read_register(engine)
    rows = nation_rows(read_nation(lists), held.units, held.events, bodies=bodies)
    files = write_register(Register(rows.units, rows.events), to)
    return Written(files, len(rows.units), len(rows.events), rows.differing)
