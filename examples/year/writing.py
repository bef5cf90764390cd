"""The files of the year as units would send them: under the names the register knew when they were written."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from catalog import Catalog
from catalog.model import UnitRecord
from examples.stage import damaged
from examples.write import Writer
from examples.year.deeds import Registers, Script, Sends


def write_files(catalog: Catalog, script: Script, folder: Path) -> int:
    """Write every file of the year into ``folder``; returns how many. Nobody has sent them yet."""
    folder.mkdir(parents=True, exist_ok=True)
    known: dict[tuple[str, str], UnitRecord] = {}
    writer = Writer(catalog)
    count = 0
    for deed in script.deeds:
        if isinstance(deed, Registers):
            known |= {(unit.code, str(unit.valid_from)): unit for unit in deed.units}
            writer = writer.knowing(replace(catalog, units=tuple(known.values())))
        elif isinstance(deed, Sends):
            _write(deed, writer, folder)
            count += 1
    return count


def _write(deed: Sends, writer: Writer, folder: Path) -> None:
    if deed.copy_of:
        shutil.copyfile(folder / deed.copy_of, folder / deed.file)
    else:
        (folder / deed.file).write_bytes(damaged(writer.workbook(deed.filing), deed.damage))
