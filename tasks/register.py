"""The register of units, imported and exported: a file is taken whole, or none of it and every fault is listed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from catalog import Catalog
from catalog.model import UnitRecord
from catalog.register import (
    EventKey,
    RegisterFault,
    RowFault,
    Said,
    event_key,
    half_told,
    key_of,
    not_followed,
    register_faults,
)
from domain.unit import UnitKey
from tasks.register_rows import Given, placed, read_rows
from warehouse import queries
from warehouse.engine import Engine
from warehouse.registry import Register, RegisterMovedError, Signed, read_register
from warehouse.registry import import_register as load_register
from workbook.register import (
    EVENTS,
    UNITS,
    write_events_csv,
    write_units_csv,
    write_workbook,
)

#: How often an import is proved anew because somebody else changed the register meanwhile.
_TRIES = 5


class RegisterRefusedError(Exception):
    """Register files were refused whole; ``faults`` names every row that is wrong."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in faults))


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One column of one row, as it stands in the register and as the file has it."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What an import does to one unit or event.

    ``what``: added · changed · ended (a living unit gets a last day) · removed (an event is taken back). ``place`` is
    the line of the file.
    """

    table: str
    what: str
    where: str
    name: str
    place: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class Difference:
    """What an import changes, row by row. ``same``: rows of the file that change nothing, by table.

    ``beside``: rows of the register the files do not speak of, which stay. ``notices``: what is no fault but should be
    known.
    """

    changes: tuple[Change, ...]
    same: dict[str, int]
    beside: dict[str, int]
    notices: tuple[RowFault, ...] = ()

    def count(self, table: str, what: str) -> int:
        if what == "same":
            return self.same[table]
        return sum(change.table == table and change.what == what for change in self.changes)


def import_register(
    engine: Engine, catalog: Catalog, files: Sequence[Path], *, dry_run: bool = False, who: str = "", reason: str = ""
) -> Difference:
    """Read register files, prove them together with what the register holds, and load them (unless ``dry_run``).

    An import that changes something is an act of ``who``, on record with the files and the ``reason``, if one was said.

    ``catalog`` holds the shipped definitions. A row is known by its key: (code, valid_from) of a unit, (day, old, new)
    of an event; what the files do not name stays. Raises :class:`RegisterRefusedError`; then nothing was changed.
    """
    for _ in range(_TRIES):
        standing = read_register(engine)
        given = read_rows(files, standing)
        after = _after(catalog, standing, given)
        faults = [*given.faults, *_new_faults(catalog, standing, after, given)]
        if faults:
            raise RegisterRefusedError(sorted(faults, key=lambda fault: (fault.file, fault.sheet, fault.line)))
        difference = _difference(standing, given, after)
        if dry_run or not difference.changes:
            return difference
        try:
            load_register(
                engine,
                catalog,
                list(given.units.values()),
                list(given.events.values()),
                given.removed,
                proved_with=standing,
                signed=Signed(" ".join(who.split()), " ".join(reason.split()), tuple(map(_known_by, files))),
            )
        except RegisterMovedError:
            continue
        return difference
    raise RegisterRefusedError(
        [
            RowFault(
                files[0].name,
                "",
                0,
                "",
                Said("danh mục đang bị người khác sửa liên tục", "the register keeps being changed by somebody else"),
                Said("chạy lại sau ít phút", "run it again in a few minutes"),
            )
        ]
    )


def _known_by(file: Path) -> tuple[str, str]:
    return file.name, hashlib.sha256(file.read_bytes()).hexdigest()


def export_register(engine: Engine, to: Path) -> list[Path]:
    """Write the whole register and return the files: a workbook, or (``.csv``) units, and events beside them.

    Imported again they change nothing. Raises :class:`workbook.register.TooLargeToWriteError`, ``OSError`` and
    ``ValueError`` for another ending.
    """
    return write_register(read_register(engine), to)


def write_register(register: Register, to: Path) -> list[Path]:
    """:func:`export_register` of a register that need not be that of a warehouse."""
    suffix = to.suffix.lower()
    if suffix == ".xlsx":
        contents = {to: write_workbook(register.units, register.events)}
    elif suffix == ".csv":
        beside = to.with_name(f"{to.stem}-events{to.suffix}")
        contents = {to: write_units_csv(register.units), beside: write_events_csv(register.events)}
    else:
        raise ValueError(f"{to.name} ends neither in .csv nor in .xlsx")
    to.parent.mkdir(parents=True, exist_ok=True)
    for path, content in contents.items():
        path.write_bytes(content)
    return list(contents)


def mapping(engine: Engine, then: date, now: date, unit: str | None = None) -> pl.DataFrame:
    """What of the units of one day is in which units of a later one: ``code_then, name_then, code_now, name_now, share,
    comparable, reason, documents`` (:func:`warehouse.lineage.mapping_between`); with ``unit`` of it and what is below
    it on either day."""
    rows = queries.mapping_between(engine, then, now)
    if unit is not None:
        sides = {"then": queries.units_below(engine, then, unit), "now": queries.units_below(engine, now, unit)}
        rows = rows.filter(
            pl.any_horizontal(pl.col(f"unit_{side}").is_in(ids.implode()) for side, ids in sides.items()).fill_null(
                value=False
            )
        )
    names = ("code_then", "name_then", "code_now", "name_now", "share", "comparable", "reason", "documents")
    return rows.select(names).sort("code_now", "code_then", nulls_last=True)


# ------------------------------------------------------------------------------------------------ proof


def _after(catalog: Catalog, standing: Register, given: Given) -> Catalog:
    """The definitions with the register as it would be."""
    units = {key_of(unit): unit for unit in standing.units} | given.units
    events = {event_key(event): event for event in standing.events} | given.events
    kept = tuple(event for key, event in events.items() if key not in given.removed)
    return replace(catalog, units=tuple(units.values()), events=kept)


def _new_faults(catalog: Catalog, standing: Register, after: Catalog, given: Given) -> Iterator[RowFault]:
    """What would not hold afterwards. What did not hold before either is not the fault of this file."""
    found = [*register_faults(after), *_zeros_lost(catalog, standing, given)]
    if not found:
        return
    before = set(register_faults(replace(catalog, units=standing.units, events=standing.events)))
    for fault in found:
        if (fault not in before or fault.key in given.places) and not _follows_from_a_bad_row(given, after, fault):
            key, column = _to_mend(given, fault)
            yield placed(given, key, column, fault.what, fault.advice, fault.where)


def _follows_from_a_bad_row(given: Given, after: Catalog, fault: RegisterFault) -> bool:
    """Whether the fault may be there only because another row could not be read: then it would mislead."""
    if not given.unread:
        return False
    keys = [fault.key] if isinstance(fault.key, UnitKey) else [*fault.key[1:]]
    codes = {key.code for key in keys} | ({fault.cause.code} if fault.cause else set())
    codes |= {unit.parent or "" for key in keys for unit in after.units_of(key.code) if fault.column == "parent"}
    leans_on_others = fault.column in ("parent", "old_code", "new_code", "day")
    return bool(codes & given.unread) or ("" in given.unread and leans_on_others)


def _to_mend(given: Given, fault: RegisterFault) -> tuple[UnitKey | EventKey, str]:
    """The row and column to look at: the faulty one, or, when it stands in no file, the days of what made it so."""
    if fault.key in given.places or fault.cause not in given.places or fault.cause is None:
        return fault.key, fault.column
    return fault.cause, "valid_from" if fault.column == "valid_to" else "valid_to"


def _zeros_lost(catalog: Catalog, standing: Register, given: Given) -> Iterator[RegisterFault]:
    """A new code that is a known one of the same level without its leading zeros was eaten by a spreadsheet program.

    Official codes of provinces have two digits, those of districts had three, those of communes have five: 886 and
    00886 are different units.
    """
    known = {unit.code for unit in standing.units}
    shorn = {
        (unit.code.lstrip("0"), _level(catalog, unit)): unit.code
        for unit in (*standing.units, *given.units.values())
        if unit.code.startswith("0")
    }
    for key, unit in given.units.items():
        long = shorn.get((key.code, _level(catalog, unit)))
        if long is not None and key.code not in known:
            yield RegisterFault(
                key,
                "code",
                Said(f"mã {key.code} là {long} mất số 0", f"{key.code} is {long} without its zeros"),
                Said("định dạng cột là Văn bản (Text) rồi gõ lại", "format the column as Text and type it again"),
            )


def _level(catalog: Catalog, unit: UnitRecord) -> str | None:
    kind = catalog.unit_kinds.get(unit.kind)
    return kind.level if kind else None


# ------------------------------------------------------------------------------------------------ difference


def _difference(standing: Register, given: Given, after: Catalog) -> Difference:
    units = {key_of(unit): unit for unit in standing.units}
    events = {event_key(event): event for event in standing.events}
    changes: list[Change] = []
    same: Counter[str] = Counter()
    for unit_key, unit in given.units.items():
        changed = _changed_fields(units.get(unit_key), unit)
        what = _what_of_unit(units.get(unit_key), unit, changed)
        _note(
            changes,
            same,
            Change(UNITS, what, f"{unit.code} {unit.valid_from}", unit.name, _place(given, unit_key), changed),
        )
    for key, event in given.events.items():
        changed = _changed_fields(events.get(key), event)
        what = "added" if key not in events else "changed" if changed else "same"
        _note(changes, same, Change(EVENTS, what, _event_words(key), event.kind, _place(given, key), changed))
    for key in sorted(given.removed):
        _note(changes, same, Change(EVENTS, "removed", _event_words(key), events[key].kind, _place(given, key)))
    told = [
        *(
            fault
            for fault in half_told(after)
            if fault.key in given.events and given.events[fault.key] != events.get(fault.key)
        ),
        *(fault for fault in not_followed(after) if fault.key in given.units and fault.key not in units),
    ]
    notices = tuple(placed(given, item.key, item.column, item.what, item.advice, item.where) for item in told)
    beside = {
        UNITS: len(units.keys() - given.units.keys()),
        EVENTS: len(events.keys() - given.events.keys() - given.removed),
    }
    return Difference(tuple(changes), {UNITS: same[UNITS], EVENTS: same[EVENTS]}, beside, notices)


def _note(changes: list[Change], same: Counter[str], change: Change) -> None:
    if change.what == "same":
        same[change.table] += 1
    else:
        changes.append(change)


def _what_of_unit(before: UnitRecord | None, after: UnitRecord, changed: tuple[FieldChange, ...]) -> str:
    if before is None:
        return "added"
    if before.valid_to is None and after.valid_to is not None:
        return "ended"
    return "changed" if changed else "same"


def _changed_fields(before: Any, after: Any) -> tuple[FieldChange, ...]:
    if before is None:
        return ()

    def words(value: Any) -> str:
        return "" if value is None else str(value)

    pairs = ((name, words(getattr(before, name)), words(getattr(after, name))) for name in type(after).model_fields)
    return tuple(FieldChange(*pair) for pair in pairs if pair[1] != pair[2])


def _event_words(key: EventKey) -> str:
    day, old, new = key
    return f"{day} {old.code} ({old.valid_from}) → {new.code} ({new.valid_from})"


def _place(given: Given, key: UnitKey | EventKey) -> str:
    table, row = given.places[key]
    return " · ".join(filter(None, (table.file, table.sheet, str(row.line))))


def sentences(faults: Iterable[RowFault], vi: bool) -> list[tuple[str, str, str, str, str]]:
    """(file and sheet, line, column, what is wrong, what to do) of every fault, in one language."""
    return [
        (
            " · ".join(filter(None, (fault.file, fault.sheet))) or ("danh mục hiện có" if vi else "the register"),
            str(fault.line or ""),
            " ".join(filter(None, (fault.column, f"({fault.where})" if fault.where else ""))),
            fault.what.vi if vi else fault.what.en,
            fault.advice.vi if vi else fault.advice.en,
        )
        for fault in faults
    ]
