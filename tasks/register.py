"""Units imported from a file: the whole file is taken, or none of it and every fault is listed."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from catalog import Catalog
from catalog.load import Fault
from catalog.model import UnitRecord
from catalog.prove import register_faults
from warehouse.engine import Engine
from warehouse.registry import import_units as load_units
from warehouse.registry import read_units

COLUMNS = ("code", "valid_from", "valid_to", "name", "kind", "parent", "source")


class RegisterRefusedError(Exception):
    """A register file was refused whole; ``faults`` names every row that is wrong."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


def import_units(engine: Engine, catalog: Catalog, file: Path) -> dict[str, int]:
    """Read a CSV of units, prove it together with what the register holds, and load it.

    Returns counts of rows ``added``, ``changed`` and ``same``; raises :class:`RegisterRefusedError`.
    """
    try:
        records = _read(file)
    except (UnicodeDecodeError, csv.Error) as error:
        raise RegisterRefusedError([Fault(file.name, "file", f"is not a CSV table in UTF-8: {error}")]) from None
    standing = {(unit.code, unit.valid_from): unit for unit in read_units(engine)}
    before = dict(standing)
    standing.update({(unit.code, unit.valid_from): unit for unit in records})
    faults = list(register_faults(replace(catalog, units=tuple(standing.values())), file.name))
    if faults:
        raise RegisterRefusedError(faults)
    counts = Counter(_change(before.get((unit.code, unit.valid_from)), unit) for unit in records)
    load_units(engine, catalog, records)
    return {name: counts[name] for name in ("added", "changed", "same")}


def _change(before: UnitRecord | None, after: UnitRecord) -> str:
    if before is None:
        return "added"
    return "same" if before == after else "changed"


def _read(file: Path) -> list[UnitRecord]:
    faults: list[Fault] = []
    records: dict[tuple[str, object], UnitRecord] = {}
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in COLUMNS[:2] + COLUMNS[3:5] if name not in (reader.fieldnames or [])]
        if missing:
            raise RegisterRefusedError([Fault(file.name, "header", f"lacks the columns {', '.join(missing)}")])
        for row in reader:
            where = f"line {reader.line_num}"
            try:
                unit = UnitRecord.model_validate({"source": file.name, **_given(row)})
            except ValidationError as error:
                faults.extend(
                    Fault(file.name, where, f"{e['loc'][0] if e['loc'] else ''}: {e['msg']}") for e in error.errors()
                )
                continue
            if (unit.code, unit.valid_from) in records:
                faults.append(Fault(file.name, where, f"{unit.code} {unit.valid_from} stands twice"))
            records[unit.code, unit.valid_from] = unit
    if faults:
        raise RegisterRefusedError(faults)
    return list(records.values())


def _given(row: dict[str, str]) -> dict[str, str]:
    return {key: value.strip() for key, value in row.items() if key in COLUMNS and value and value.strip()}
