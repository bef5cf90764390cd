"""Rows of register files read into units and events; whatever a cell cannot mean is a fault with its place."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from catalog.model import UnitEventRecord, UnitRecord
from catalog.register import EventKey, RowFault, Said, event_key, key_of
from domain.names import fold_name
from domain.unit import EventKind, EventShare, UnitKey
from warehouse.registry import Register
from workbook.cells import Content
from workbook.register import UNITS, RegisterTable, TableRow
from workbook.register import read_register as read_file

#: Far more than any name or title of a decree; what is longer was pasted by mistake.
_LONGEST = 2_000

#: The word in the column ``kind`` of an event that takes back one that was recorded by mistake.
REMOVE = "remove"

_KINDS = {
    "sáp nhập": EventKind.MERGE.value,
    "hợp nhất": EventKind.MERGE.value,
    "chia tách": EventKind.SPLIT.value,
    "đổi tên": EventKind.RENAME.value,
    "chuyển cấp trên": EventKind.REPARENT.value,
    "hủy": REMOVE,
    **{kind.value: kind.value for kind in EventKind},
    REMOVE: REMOVE,
}
_SHARES = {
    "toàn bộ": EventShare.FULL.value,
    "một phần": EventShare.PARTIAL.value,
    **{share.value: share.value for share in EventShare},
}


@dataclass
class Given:
    """What register files say, and where. ``unread``: codes in rows that could not be read, "" for one without."""

    units: dict[UnitKey, UnitRecord] = field(default_factory=dict)
    events: dict[EventKey, UnitEventRecord] = field(default_factory=dict)
    removed: set[EventKey] = field(default_factory=set)
    places: dict[UnitKey | EventKey, tuple[RegisterTable, TableRow]] = field(default_factory=dict)
    faults: list[RowFault] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def placed(given: Given, key: UnitKey | EventKey, column: str, what: Said, advice: Said, where: str = "") -> RowFault:
    if key in given.places:
        table, row = given.places[key]
        letter = table.letters.get(column, "")
        return RowFault(
            table.file, table.sheet, row.line, " ".join(filter(None, (letter, column))), what, advice, where
        )
    return RowFault("", "", 0, column, what, advice, where)


def read_rows(files: Sequence[Path], standing: Register) -> Given:
    """Every row of the files, read beside the ``standing`` register; raises ``OSError``."""
    given = Given()
    known = {unit.code for unit in standing.units}
    there = {key_of(unit): unit for unit in standing.units}
    for file in files:
        tables, faults = read_file(file)
        given.faults.extend(faults)
        for table in tables:
            words = known | {text for row in table.rows if (text := _typed_text(row.cells.get("code")))}
            for row in table.rows:
                _read_row(given, table, row, words, there)
    recorded = {event_key(event) for event in standing.events}
    for key in given.removed - recorded:
        what = Said("không có sự kiện nào như vậy để hủy", "there is no such event to take back")
        advice = Said("xem: tongket units export", "see: tongket units export")
        given.faults.append(placed(given, key, "kind", what, advice))
    given.faults.sort(key=lambda fault: (fault.file, fault.sheet, fault.line))
    return given


def _typed_text(content: Content | None) -> str:
    return content[2].strip() if content and content[0] == "text" else ""


def _read_row(
    given: Given, table: RegisterTable, row: TableRow, known: set[str], there: dict[UnitKey, UnitRecord]
) -> None:
    reading = RowReading(table, row, known, there)
    key = reading.unit(given) if table.kind == UNITS else reading.event(given)
    given.faults.extend(reading.faults)
    if key is None:
        cells = [row.cells.get(column) for column in ("code", "old_code", "new_code") if column in table.letters]
        given.unread.update(cell[2].strip() if cell else "" for cell in cells)
        return
    if key in given.places:
        first, line = given.places[key][0].file, given.places[key][1].line
        what = Said(f"đã đứng ở {first} dòng {line}", f"stands twice: {first} line {line} has the same key")
        given.faults.append(reading.fault("", what, Said("giữ lại một dòng", "keep one of the rows")))
        return
    given.places[key] = (table, row)


class RowReading:
    """One row being read; ``faults`` gathers what its cells cannot mean.

    ``known``: codes a number may stand for. ``there``: the units as they stand, for what a file says nothing of.
    """

    def __init__(self, table: RegisterTable, row: TableRow, known: set[str], there: dict[UnitKey, UnitRecord]) -> None:
        self.table, self.row, self.known, self.there = table, row, known, there
        self.faults: list[RowFault] = []

    def unit(self, given: Given) -> UnitKey | None:
        values: dict[str, Any] = {
            "code": self.code("code"),
            "valid_from": self.day("valid_from"),
            "valid_to": self.day("valid_to", needed=False),
            "name": self.text("name"),
            "kind": self.text("kind"),
            "parent": self.code("parent", needed=False),
            "source": self.text("source", needed=False),
        }
        if self.faults:
            return None
        # every value was proved above; a kind that is no code is told as unknown by the proof of the whole
        key = UnitKey(values["code"], values["valid_from"])
        stands = self.there.get(key)
        for column in ("valid_to", "parent"):
            # a file without the column says nothing of it; an empty cell says that there is none
            if stands is not None and column not in self.table.letters:
                values[column] = getattr(stands, column)
        values["source"] = values["source"] or (stands.source if stands else self.table.file)
        unit = UnitRecord.model_construct(**values)
        given.units.setdefault(key, unit)
        return key

    def event(self, given: Given) -> EventKey | None:
        kind = self.choice("kind", _KINDS)
        removing = kind == REMOVE
        values: dict[str, Any] = {
            "kind": kind,
            "day": self.day("day"),
            "old_code": self.code("old_code"),
            "old_valid_from": self.day("old_valid_from"),
            "new_code": self.code("new_code"),
            "new_valid_from": self.day("new_valid_from"),
            "share": "" if removing else self.choice("share", _SHARES),
            "document": "" if removing else self.text("document"),
        }
        if self.faults:
            return None
        event = UnitEventRecord.model_construct(**values)
        key = event_key(event)
        if removing:
            given.removed.add(key)
        else:
            given.events.setdefault(key, event)
        return key

    def fault(self, column: str, what: Said, advice: Said) -> RowFault:
        letter = self.table.letters.get(column, "")
        shown = " ".join(filter(None, (letter, column)))
        return RowFault(self.table.file, self.table.sheet, self.row.line, shown, what, advice)

    def _say(self, column: str, what: Said, advice: Said) -> None:
        self.faults.append(self.fault(column, what, advice))

    def text(self, column: str, *, needed: bool = True) -> str | None:
        """The words of a cell without surrounding space; a number is its digits."""
        content = self.row.cells.get(column)
        words = content[2].strip() if content else ""
        if content and content[0] == "error":
            self._say(column, Said(f"ô có lỗi {words}", f"the cell shows {words}"), _RETYPE)
        elif not words and needed:
            self._say(column, Said("để trống", "is empty"), Said("ghi vào ô này", "fill it in"))
        elif len(words) > _LONGEST:
            self._say(column, Said(f"dài {len(words)} ký tự", f"has {len(words)} characters"), _RETYPE)
        elif any(unicodedata.category(letter) == "Cc" for letter in words):
            self._say(column, Said("có ký tự điều khiển hoặc xuống dòng", "has line breaks or control signs"), _RETYPE)
        else:
            return words or None
        return None

    def code(self, column: str, *, needed: bool = True) -> str | None:
        words = self.text(column, needed=needed)
        if words is None:
            return None
        if not _is_code(words):
            self._say(
                column,
                Said(f"{words!r} không phải mã đơn vị", f"{words!r} is no unit code"),
                Said("mã chỉ gồm A–Z, 0–9, dấu chấm, gạch ngang", "codes are of A–Z, 0–9, dots and hyphens"),
            )
            return None
        content = self.row.cells[column]
        if content[0] == "number" and words not in self.known:
            self._say(
                column,
                Said(f"mã {words} gõ dạng số, có thể đã mất số 0 ở đầu", f"{words} is a number: zeros may be lost"),
                Said(
                    "định dạng cột là Văn bản (Text) rồi gõ lại đủ các số 0",
                    "format the column as Text and type it again",
                ),
            )
            return None
        return words

    def day(self, column: str, *, needed: bool = True) -> date | None:
        words = self.text(column, needed=needed)
        if words is None:
            return None
        try:
            if len(words) != len("2025-07-01"):
                raise ValueError(words)
            return date.fromisoformat(words)
        except ValueError:
            self._say(
                column,
                Said(f"{words!r} không phải ngày", f"{words!r} is not a day"),
                Said(
                    "viết như 2025-07-01, hoặc để ô dạng ngày trong Excel", "write 2025-07-01, or a date cell in Excel"
                ),
            )
            return None

    def choice(self, column: str, choices: dict[str, str]) -> str:
        words = self.text(column)
        if words is None:
            return ""
        found = {fold_name(word): code for word, code in choices.items()}.get(fold_name(words))
        if found is None:
            known = ", ".join(dict.fromkeys(choices.values()))
            self._say(
                column,
                Said(f"không hiểu {words!r}", f"{words!r} is not understood"),
                Said(f"dùng một trong: {known}", f"use one of: {known}"),
            )
        return found or ""


_RETYPE = Said("gõ lại ô này", "type the cell again")


def _is_code(words: str) -> bool:
    return (
        words[0] not in ".-"
        and all(letter.isascii() and (letter.isalnum() or letter in ".-") for letter in words)
        and (words == words.upper())
    )
