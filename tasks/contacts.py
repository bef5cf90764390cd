"""Contacts: whom to tell, taken in from a file whole or not at all, and written out again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from catalog.register import RowFault, Said
from domain.act import ActRefusedError
from domain.clock import today
from domain.notice import Contact
from tasks.contact_rows import Bearers, Given, GivenContact, Key, read_file
from tasks.register import Change, Difference, FieldChange
from warehouse.contacts import PUT, ContactsMovedError, bearer_ids, contacts_of, put_contacts
from warehouse.engine import Engine
from workbook.register import CONTACTS, write_contacts_csv, write_contacts_workbook

#: How often an import is proved anew because somebody else changed contacts meanwhile.
_TRIES = 5

_FIELDS = ("name", "lang")


class ContactsRefusedError(Exception):
    """A file of contacts was refused whole; ``faults`` names every row that is wrong."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in faults))


def import_contacts(engine: Engine, file: Path, *, who: str, reason: str | None, dry_run: bool = False) -> Difference:
    """Read a file of contacts, prove it, and let it be the contacts of the units it names (unless ``dry_run``); the
    difference it makes.

    Contacts of units the file does not name stay; of a unit it names those it leaves out are removed; a row whose role
    is ``remove`` leaves a unit with none. Any change needs a ``reason``: else :class:`domain.act.ActRefusedError`.
    Raises :class:`ContactsRefusedError`; after either nothing was changed.
    """
    for _ in range(_TRIES):
        before = contacts_of(engine)
        given = read_file(file, Bearers(bearer_ids(engine), today()))
        if given.faults:
            raise ContactsRefusedError(sorted(given.faults, key=lambda fault: (fault.sheet, fault.line)))
        standing = {_key(row): row for row in before.to_dicts()}
        difference = _difference(standing, given)
        if dry_run or not difference.changes:
            return difference
        if not reason:
            raise ActRefusedError(
                f"{len(difference.changes)} người nhận sẽ đổi: ghi lý do bằng --reason, hoặc xem trước bằng --dry-run",
                f"{len(difference.changes)} contacts would change: give a --reason, or look first with --dry-run",
            )
        counted = {what: difference.count(CONTACTS, what) for what in ("added", "changed", "removed", "same")}
        told = " · ".join(f"{what} {count}" for what, count in counted.items())
        try:
            put_contacts(engine, given.units, _rows(given), before, who=who, reason=reason, told=told)
        except ContactsMovedError:
            continue
        return difference
    what = Said("người nhận đang bị người khác sửa liên tục", "the contacts keep being changed by somebody else")
    raise ContactsRefusedError(
        [RowFault(file.name, "", 0, "", what, Said("chạy lại sau ít phút", "run it again in a few minutes"))]
    )


def _key(row: Mapping[str, Any]) -> Key:
    return row["now_id"], row["role"], row["email"]


def _rows(given: Given) -> pl.DataFrame:
    rows = [
        {"unit_id": number, "role": role, "name": item.name, "email": email, "lang": item.lang}
        for (number, role, email), item in given.contacts.items()
    ]
    return pl.DataFrame(rows, schema=PUT)


def _difference(standing: Mapping[Key, Mapping[str, Any]], given: Given) -> Difference:
    changes: list[Change] = []
    same: Counter[str] = Counter()
    for key, item in given.contacts.items():
        fields = _changed(standing.get(key), item)
        what = "added" if key not in standing else "changed" if fields else "same"
        if what == "same":
            same[CONTACTS] += 1
        else:
            changes.append(Change(CONTACTS, what, _where(item.unit, key), item.unit_name, item.place, fields))
    replaced = {key: row for key, row in standing.items() if key[0] in given.units}
    for key, row in replaced.items():
        if key not in given.contacts:
            name = FieldChange("name", row["name"], "")
            changes.append(Change(CONTACTS, "removed", _where(row["unit"], key), row["unit_name"], "", (name,)))
    return Difference(tuple(changes), {CONTACTS: same[CONTACTS]}, {CONTACTS: len(standing) - len(replaced)})


def _where(unit: str, key: Key) -> str:
    return " · ".join(filter(None, (unit, *key[1:])))


def _changed(before: Mapping[str, Any] | None, after: GivenContact) -> tuple[FieldChange, ...]:
    pairs = ((name, str(before[name]) if before else "", str(getattr(after, name))) for name in _FIELDS)
    return tuple(FieldChange(*pair) for pair in pairs if pair[1] != pair[2])


def export_contacts(engine: Engine, to: Path, unit: str | None = None) -> int:
    """Write the contacts as ``.csv`` or ``.xlsx``; imported again they change nothing. The number of rows.

    Those of units that were merged or split are left out: their code may be another unit's by now.
    """
    rows = [
        Contact(row["unit"], row["role"], row["name"], row["email"], row["lang"])
        for row in contacts_of(engine, unit=unit).filter(~pl.col("is_ended")).to_dicts()
    ]
    to.write_bytes(write_contacts_csv(rows) if to.suffix.lower() == ".csv" else write_contacts_workbook(rows))
    return len(rows)
