"""Conclusions of a conference: taken in from a file whole or not at all, written down one by one, followed up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from catalog import Catalog
from catalog.lookup import Match, Standing, UnitFinder
from catalog.model import UnitRecord
from catalog.register import RowFault, Said
from domain.act import ActRefusedError
from domain.clock import today
from domain.conclusion import ConclusionState, Direction
from domain.observation import Nature, ValueKind
from domain.parse import parse_date, parse_figure
from domain.quantity import Qualifier
from tasks.row_reading import RowReading
from warehouse import conclusions
from warehouse.conclusions import Conference, Task, Update
from warehouse.engine import Engine
from workbook.register import CONCLUSIONS, RegisterTable, TableRow, read_tables

#: Far more than any conclusion has tasks; what is larger was mistyped.
_LARGEST = 1000

#: What a code of a conference is made of: it is typed by hand, and stands in file names.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@\-]{0,79}")

_CANDIDATES = 6

#: Ways in which words name a unit without leaving anything out.
_PLAIN = (Match.CODE, Match.NAME)

_DIRECTIONS = {
    "ít nhất": Direction.AT_LEAST.value,
    "tối thiểu": Direction.AT_LEAST.value,
    "không quá": Direction.AT_MOST.value,
    "tối đa": Direction.AT_MOST.value,
    **{direction.value: direction.value for direction in Direction},
}


class ConclusionsRefusedError(Exception):
    """A file was refused whole; ``faults`` names every row that is wrong."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in faults))


@dataclass(frozen=True, slots=True)
class Meeting:
    """A conference as it was typed: its code, and for one that nobody knows yet the unit (code or name) and the day."""

    code: str
    unit: str | None = None
    held_on: date | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What an import does to a task. ``what``: added · changed · same; ``fields``: (column, before, after)."""

    number: int
    what: str
    text: str
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changes, task by task, and the conference's tasks the file does not speak of, which stay."""

    conference: Conference
    changes: tuple[Change, ...]
    beside: int

    def count(self, what: str) -> int:
        return sum(change.what == what for change in self.changes)


class Concluding:
    """Whoever writes down and follows up conclusions; ``catalog`` has the register of the warehouse.

    Everything refused raises :class:`domain.act.ActRefusedError` and changes nothing.
    """

    def __init__(self, engine: Engine, catalog: Catalog) -> None:
        self.engine, self.catalog = engine, catalog
        self.finder = UnitFinder(catalog)

    def conference(self, meeting: Meeting) -> Conference:
        """The conference that is meant: the one that is known, or a new one when unit and day are said."""
        if not _CODE.fullmatch(meeting.code):
            raise ActRefusedError(
                f"{meeting.code!r} không phải mã hội nghị: dùng chữ không dấu, số, dấu chấm, gạch ngang",
                f"{meeting.code!r} is no code of a conference: use letters, digits, dots and hyphens",
            )
        with self.engine.connect() as connection:
            known = conclusions.conference_of(connection, meeting.code)
        if known is None and (meeting.unit is None or meeting.held_on is None):
            raise ActRefusedError(
                f"Chưa biết hội nghị {meeting.code}: thêm --unit ĐƠN-VỊ --held-on NGÀY (đơn vị đã họp, ngày họp)",
                f"The conference {meeting.code} is not known: add --unit UNIT --held-on DAY (who met, and when)",
            )
        held_on = meeting.held_on or (known.held_on if known else today())
        if held_on > today():
            raise ActRefusedError(
                f"Hội nghị ngày {held_on:%d/%m/%Y} chưa họp", f"The conference of {held_on.isoformat()} is yet to come"
            )
        unit_id = self._number(self.unit(meeting.unit, held_on)) if meeting.unit else None
        said = Conference(meeting.code, unit_id or (known.unit_id if known else 0), held_on)
        if known is None:
            return said
        if (known.unit_id, known.held_on) != (said.unit_id, said.held_on):
            raise ActRefusedError(
                f"Hội nghị {known.code} đã ghi với đơn vị hoặc ngày khác ({known.held_on:%d/%m/%Y});"
                " bỏ --unit, --held-on",
                f"The conference {known.code} is known with another unit or day ({known.held_on.isoformat()});"
                " leave out --unit and --held-on",
            )
        return known

    def unit(self, text: str, day: date) -> UnitRecord:
        """The unit that is meant by a code or a name, as seen from ``day`` or, failing that, from today."""
        for seen_from in (day, today()):
            found = self.finder.find(text, seen_from)
            living = [item for item in found.candidates if item.standing is Standing.LIVING and item.match in _PLAIN]
            if len(living) == 1:  # of those that bear the name only one did on the day
                return living[0].unit
            if found.sure is not None and found.sure.standing is not Standing.LATER:
                return found.sure.unit
        candidates = self.finder.find(text, day).candidates
        if not candidates:
            raise ActRefusedError(
                f"Không có đơn vị nào mang mã hoặc tên {text!r}; xem: tongket units find",
                f"No unit bears the code or name {text!r}; see: tongket units find",
            )
        names = list(dict.fromkeys(f"{item.unit.code} {item.unit.name}" for item in candidates))
        named = "; ".join(names[:_CANDIDATES]) + (" …" if len(names) > _CANDIDATES else "")
        raise ActRefusedError(
            f"{text!r} có thể là {len(names)} đơn vị, ghi theo mã: {named}",
            f"{text!r} may be {len(names)} units, write the code: {named}",
        )

    def _number(self, unit: UnitRecord) -> int:
        return conclusions.unit_number(self.engine, unit.code, unit.valid_from)

    # -------------------------------------------------------------------------------- one task

    def add(self, meeting: Meeting, number: int, given: Mapping[str, str | None], *, who: str, reason: str) -> None:
        """Write down one task; ``given``: ``text``, and ``owner, due, indicator, target, direction`` as typed."""
        conference = self.conference(meeting)
        cells = {name: ("text", None, value) for name, value in given.items() if value is not None}
        row = TableRow(0, {"number": ("text", None, str(number)), **cells})
        reading = _TaskReading(RegisterTable(CONCLUSIONS, "", "", {}), row, self, conference)
        task = reading.task()
        if task is None:
            raise ActRefusedError(
                "; ".join(f"{fault.column}: {fault.what.vi}, {fault.advice.vi}" for fault in reading.faults),
                "; ".join(f"{fault.column}: {fault.what.en}, {fault.advice.en}" for fault in reading.faults),
            )
        if number in self._standing(conference):
            raise ActRefusedError(
                f"{conference.code} đã có nhiệm vụ {number}; sửa bằng: tongket conference conclusions update",
                f"{conference.code} has a task {number} already; change it: tongket conference conclusions update",
            )
        conclusions.put_tasks(self.engine, conference, [task], who=who, reason=reason)

    def update(
        self,
        code: str,
        number: int,
        *,
        state: ConclusionState | None,
        progress: str | None,
        due: date | None,
        owner: str | None,
        on: date | None,
        who: str,
        reason: str,
    ) -> None:
        """Say how a task stands as of ``on`` (today unless given)."""
        conference = self.conference(Meeting(code))
        said_of = on or today()
        if said_of > today():
            raise ActRefusedError(
                f"Ngày {said_of:%d/%m/%Y} chưa đến", f"{said_of.isoformat()} is yet to come; say what is so today"
            )
        words = " ".join((progress or "").split()) or None
        owner_id = self._number(self.unit(owner, conference.held_on)) if owner else None
        said = Update(said_of, state, words, due, owner_id)
        conclusions.say(self.engine, conference.code, number, said, who=who, reason=reason)

    def _standing(self, conference: Conference) -> dict[int, dict[str, Any]]:
        with self.engine.connect() as connection:
            rows = conclusions.tasks_of(connection, conference.code)
        return {row["number"]: row for row in rows.iter_rows(named=True)}

    # -------------------------------------------------------------------------------- a file

    def import_file(self, meeting: Meeting, file: Path, *, who: str, reason: str, dry_run: bool = False) -> Imported:
        """Take in the tasks of a CSV file or workbook, the whole or nothing.

        A task is known by its number; a cell that is empty says nothing, so a file loaded again takes no owner or date
        away. Raises :class:`ConclusionsRefusedError` naming every row that is wrong, and ``OSError``.
        """
        conference = self.conference(meeting)
        tables, faults = read_tables(file, (CONCLUSIONS,))
        given: dict[int, Task] = {}
        for table in tables:
            for row in table.rows:
                faults.extend(self._take(table, row, conference, given))
        if faults:
            raise ConclusionsRefusedError(sorted(faults, key=lambda fault: (fault.sheet, fault.line)))
        there = self._standing(conference)
        changes = tuple(self._change(task, there.get(number)) for number, task in sorted(given.items()))
        if not dry_run:
            moving = [given[change.number] for change in changes if change.what != "same"]
            conclusions.put_tasks(self.engine, conference, moving, who=who, reason=reason)
        return Imported(conference, changes, len(there.keys() - given.keys()))

    def _take(
        self, table: RegisterTable, row: TableRow, conference: Conference, given: dict[int, Task]
    ) -> list[RowFault]:
        reading = _TaskReading(table, row, self, conference)
        task = reading.task()
        if task is None:
            return reading.faults
        if task.number in given:
            what = Said(f"nhiệm vụ {task.number} đứng hai lần", f"the task {task.number} stands twice")
            return [reading.fault("number", what, Said("giữ lại một dòng", "keep one of the rows"))]
        given[task.number] = task
        return []

    def _change(self, task: Task, before: dict[str, Any] | None) -> Change:
        after = {
            "text": task.text,
            "owner_id": task.owner_id,
            "due": task.due,
            "indicator": task.indicator,
            "target": task.target,
            "direction": task.direction.value if task.direction else None,
        }
        if before is None:
            return Change(task.number, "added", task.text)
        fields = tuple(
            (name.removesuffix("_id"), self._word(name, before[name]), self._word(name, value))
            for name, value in after.items()
            if value is not None and value != before[name]
        )
        return Change(task.number, "changed" if fields else "same", task.text, fields)

    def _word(self, name: str, value: Any) -> str:
        if value is None:
            return ""
        if name == "owner_id":
            return conclusions.unit_code(self.engine, value)
        return f"{value:g}" if isinstance(value, float) else str(value)


class _TaskReading(RowReading):
    """One row of a file of tasks being read."""

    def __init__(self, table: RegisterTable, row: TableRow, of: Concluding, conference: Conference) -> None:
        super().__init__(table, row, set())
        self.of, self.conference = of, conference

    def task(self) -> Task | None:
        number, text, owner, due = self._numbered(), self.text("text"), self._owner(), self._due()
        indicator, target, direction = self._indicator(), self._target(), self._direction()
        if target is not None and indicator is None and "indicator" not in self.row.cells:
            self.say("target", Said("có mức mà không có chỉ tiêu", "a target without an indicator"), _NAME_INDICATOR)
        if self.faults or number is None or text is None:
            return None
        if target is not None and direction is None:
            direction = Direction.AT_LEAST
        return Task(number, text, owner, due, indicator, target, direction if target is not None else None)

    def _numbered(self) -> int | None:
        words = self.text("number")
        digits = (words or "").removesuffix(".0")
        if words is None:
            return None
        if not digits.isdecimal() or not 1 <= int(digits) <= _LARGEST:
            what = Said(f"{words!r} không phải số thứ tự", f"{words!r} is no number of a task")
            self.say("number", what, Said(f"ghi số từ 1 đến {_LARGEST}", f"write a number from 1 to {_LARGEST}"))
            return None
        return int(digits)

    def _owner(self) -> int | None:
        words = self.text("owner", needed=False)
        if words is None:
            return None
        try:
            return self.of._number(self.of.unit(words, self.conference.held_on))
        except ActRefusedError as unclear:
            self.say("owner", Said(unclear.vi, unclear.en), _NAME_OWNER)
            return None

    def _due(self) -> date | None:
        words = self.text("due", needed=False)
        if words is None:
            return None
        day = parse_date(words)
        if day is None:
            self.say("due", Said(f"{words!r} không phải ngày", f"{words!r} is not a day"), _WRITE_DAY)
        elif day < self.conference.held_on:
            held = self.conference.held_on
            what = Said(f"hạn trước ngày họp {held:%d/%m/%Y}", f"is due before the conference of {held.isoformat()}")
            self.say("due", what, _WRITE_DAY)
        return day

    def _indicator(self) -> str | None:
        words = self.text("indicator", needed=False)
        known = self.of.catalog.indicators.get(words or "")
        if words is not None and known is not None and known.nature is Nature.TARGET:
            what = Said(f"{words} là số dự kiến, không phải kết quả", f"{words} is a plan, not a result")
            self.say("indicator", what, Said("chọn chỉ tiêu kết quả", "choose an indicator of results"))
            return None
        if words is None or (known is not None and known.kind not in (ValueKind.TEXT, ValueKind.LIST)):
            return words
        what = Said(f"không có chỉ tiêu số nào mang mã {words!r}", f"there is no indicator of figures {words!r}")
        self.say("indicator", what, Said("xem: tongket catalog show MÃ", "see: tongket catalog show CODE"))
        return None

    def _target(self) -> float | None:
        words = self.text("target", needed=False)
        if words is None:
            return None
        reading = parse_figure(words, ValueKind.QUANTITY)
        if reading.value is None or reading.qualifier is not Qualifier.EXACT:
            what = Said(f"{words!r} không phải một số", f"{words!r} is no exact number")
            self.say("target", what, Said("ghi một số, ví dụ 8 hoặc 97,5", "write a number, such as 8 or 97,5"))
        return reading.value

    def _direction(self) -> Direction | None:
        if self.text("direction", needed=False) is None:
            return None
        found = self.choice("direction", _DIRECTIONS)
        return Direction(found) if found else None


_NAME_INDICATOR = Said("ghi mã chỉ tiêu theo dõi", "name the indicator")
_NAME_OWNER = Said("ghi mã đơn vị; xem: tongket units find", "write the code; see: tongket units find")
_WRITE_DAY = Said("viết như 30/06/2024 hoặc 2024-06-30", "write 30/06/2024 or 2024-06-30")


def prefilled(engine: Engine, period: str, units: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Unit → the rows of the list of conclusions in its template of the period; units without any are left out."""
    rows = conclusions.to_report(engine, period, units)
    return {
        str(unit): [{name: value for name, value in row.items() if value is not None} for row in part.to_dicts()]
        for (unit,), part in rows.with_columns(pl.col("number").cast(pl.Int64)).group_by("unit", maintain_order=True)
        for part in (part.drop("unit"),)
    }
