"""Rows of a file of contacts read and proved beside the register; a fault names its cell."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from catalog.register import RowFault, Said
from domain.names import nfc
from domain.notice import ContactRole, is_address
from tasks.row_reading import RowReading
from workbook.register import CONTACTS, RegisterTable, TableRow, read_tables

#: The word in the column ``role`` of a unit that is to have no contacts any more.
REMOVE = "remove"

_ROLES = {
    "đơn vị": ContactRole.UNIT.value,
    "đầu mối": ContactRole.FOCAL.value,
    "quản trị": ContactRole.ADMIN.value,
    "bỏ": REMOVE,
    **{role.value: role.value for role in ContactRole},
    REMOVE: REMOVE,
}
_LANGUAGES = {"vi": "vi", "en": "en", "tiếng việt": "vi", "tiếng anh": "en"}

_LONGEST_NAME = 200

#: Whose contact it is (the unit's number; ``None``: an administrator's), what for, and by which address.
Key = tuple[int | None, str, str]


@dataclass(frozen=True, slots=True)
class GivenContact:
    unit: str
    unit_name: str
    name: str
    email: str
    lang: str
    place: str


@dataclass
class Given:
    """What a file says: contacts by unit, role and address; the units it speaks of (``None``: administrators); and what
    it cannot mean."""

    contacts: dict[Key, GivenContact] = field(default_factory=dict)
    units: set[int | None] = field(default_factory=set)
    faults: list[RowFault] = field(default_factory=list)


class Bearers:
    """Which unit a code means today: the one that bears it, else the last that bore it."""

    def __init__(self, units: pl.DataFrame, day: date) -> None:
        """``units``: :func:`warehouse.contacts.bearer_ids`."""
        self._lives: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for code, number, name, first in units.iter_rows():
            if first <= day or code not in self._lives:
                self._lives[code].append((number, name))

    @property
    def codes(self) -> set[str]:
        return set(self._lives)

    def of(self, code: str) -> tuple[int, str] | None:
        found = self._lives.get(code)
        return found[-1] if found else None


def read_file(file: Path, bearers: Bearers) -> Given:
    """Every row of the file; raises ``OSError``."""
    tables, faults = read_tables(file, (CONTACTS,))
    given = Given(faults=list(faults))
    cleared: set[int | None] = set()
    for table in tables:
        for row in table.rows:
            _Row(table, row, bearers).read_into(given, cleared)
    if tables and not given.units and not given.faults:
        nobody = Said("tệp không có người nhận nào", "the file names nobody")
        given.faults.append(RowFault(file.name, "", 0, "", nobody, Said("ghi ít nhất một dòng", "write a row")))
    return given


class _Row(RowReading):
    def __init__(self, table: RegisterTable, row: TableRow, bearers: Bearers) -> None:
        super().__init__(table, row, bearers.codes)
        self.bearers = bearers

    def read_into(self, given: Given, cleared: set[int | None]) -> None:
        role = self.choice("role", _ROLES)
        code, number, unit_name = self._unit(role)
        if role and role != REMOVE:
            self._person(given, role, code, number, unit_name)
        if not self.faults:
            self._clear(given, cleared, code, number, is_clearing=role == REMOVE)
            given.units.add(number)
        given.faults.extend(self.faults)

    def _clear(
        self, given: Given, cleared: set[int | None], code: str, number: int | None, *, is_clearing: bool
    ) -> None:
        """A unit cannot be left without contacts in one row and be given some in another."""
        if (is_clearing and number in given.units) or number in cleared:
            what = Said(f"{code} vừa bị bỏ hết vừa được ghi", f"{code} is cleared and given contacts")
            self.say("role", what, Said("giữ lại một trong hai", "keep one of the two"))
        elif is_clearing:
            cleared.add(number)

    def _unit(self, role: str) -> tuple[str, int | None, str]:
        """Code, number and name of the unit."""
        if role == ContactRole.ADMIN:
            if self.text("unit", needed=False):
                what = Said("người quản trị không thuộc đơn vị nào", "an administrator belongs to no unit")
                self.say("unit", what, Said("để trống ô này", "leave the cell empty"))
            return "", None, ""
        code = self.code("unit") or ""
        unit = self.bearers.of(code) if code else None
        if code and unit is None:
            what = Said(f"danh mục không có đơn vị {code}", f"unknown unit {code}")
            self.say("unit", what, Said(f"xem: tongket units find {code}", f"see: tongket units find {code}"))
        return (code, *unit) if unit else (code, None, "")

    def _person(self, given: Given, role: str, code: str, number: int | None, unit_name: str) -> None:
        name, email = self.text("name"), self._email()
        lang = self.choice("lang", _LANGUAGES) if self.text("lang", needed=False) else "vi"
        if name and len(name) > _LONGEST_NAME:
            what = Said(f"dài {len(name)} ký tự", f"has {len(name)} characters")
            self.say("name", what, Said(f"nhiều nhất {_LONGEST_NAME}", f"{_LONGEST_NAME} at most"))
        if self.faults or not (name and email):
            return
        key = (number, role, email)
        if key in given.contacts:
            place = given.contacts[key].place
            what = Said(f"đã đứng ở {place}", f"stands twice: see {place}")
            self.say("email", what, Said("giữ lại một dòng", "keep one of the rows"))
            return
        given.contacts[key] = GivenContact(code, unit_name, nfc(name), email, lang, self._place)

    @property
    def _place(self) -> str:
        return " · ".join(filter(None, (self.table.file, self.table.sheet, str(self.row.line))))

    def _email(self) -> str | None:
        """The address in small letters: two spellings of one address would be told twice."""
        words = self.text("email")
        if words is None:
            return None
        if not is_address(words):
            what = Said(f"{words!r} không phải địa chỉ thư điện tử", f"{words!r} is not an e-mail address")
            self.say("email", what, Said("viết một địa chỉ, như vanphong@xa.gov.vn", "write one, as in a@b.gov.vn"))
            return None
        return words.lower()
