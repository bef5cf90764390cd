"""Rows of a file of targets read and proved beside the register and the definitions; a fault names its cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from catalog import Catalog
from catalog.model import Indicator
from catalog.register import RowFault, Said
from domain.observation import ValueKind
from domain.parse import check_number, parse_figure
from domain.quantity import Qualifier
from domain.reading import Repair
from domain.target import Direction
from tasks.row_reading import RowReading
from workbook.register import TARGETS, RegisterTable, TableRow, read_tables

#: The word in the column ``direction`` of a target that is no longer asked for.
REMOVE = "remove"

_DIRECTIONS = {
    "ít nhất": Direction.AT_LEAST.value,
    "tối thiểu": Direction.AT_LEAST.value,
    "không quá": Direction.AT_MOST.value,
    "tối đa": Direction.AT_MOST.value,
    "bỏ": REMOVE,
    "hủy": REMOVE,
    **{direction.value: direction.value for direction in Direction},
    REMOVE: REMOVE,
}

_RATES = (ValueKind.PERCENT, ValueKind.RATIO)
_MEASURABLE = (ValueKind.COUNT, ValueKind.QUANTITY, *_RATES)

#: How a stated number may have been repaired and still be exactly what was written.
_HARMLESS = {Repair.UNIT_WORDS, Repair.TEXT_NUMBER, Repair.PERCENT_AS_SHARE, Repair.FOLDED_TEXT, Repair.DECLARED_ZERO}

#: Years of which a target can be given: a number outside of them was mistyped.
_YEARS = range(2000, 2101)

Key = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class GivenTarget:
    """A row of a file: ``value`` null takes the target back."""

    unit_id: int
    unit_name: str
    direction: str
    value: float | None
    source: str
    place: str


@dataclass
class Given:
    """What a file says: targets by (unit, indicator, year), and what it cannot mean."""

    targets: dict[Key, GivenTarget] = field(default_factory=dict)
    faults: list[RowFault] = field(default_factory=list)


class Bearers:
    """Which unit a code means in a year: the one that bears it when the year ends, else the last that bore it then."""

    def __init__(self, units: pl.DataFrame, catalog: Catalog) -> None:
        """``units``: ``unit_id, code, name, valid_from, valid_to``."""
        self.catalog = catalog
        self._lives: dict[str, list[tuple[date, date, int, str]]] = defaultdict(list)
        rows = units.sort("valid_from").select("code", "valid_from", "valid_to", "unit_id", "name")
        for code, first, last, number, name in rows.iter_rows():
            self._lives[code].append((first, last or date.max, number, name))

    @property
    def codes(self) -> set[str]:
        return set(self._lives)

    def of(self, code: str, year: int) -> tuple[int, str] | None:
        """Number and name of the unit."""
        first, last = year_window(self.catalog, year)
        found = [
            (number, name) for born, ended, number, name in self._lives.get(code, []) if born <= last and ended >= first
        ]
        return found[-1] if found else None


def year_window(catalog: Catalog, year: int) -> tuple[date, date]:
    """First and last day of the reporting year (Nghị định 09/2019/NĐ-CP, Điều 12), or of the calendar year."""
    period = catalog.period(str(year))
    return (period.window.first, period.window.last) if period else (date(year, 1, 1), date(year, 12, 31))


def read_file(file: Path, catalog: Catalog, bearers: Bearers, standing: Mapping[Key, object]) -> Given:
    """Every row of the file; raises ``OSError``. ``standing``: the targets in force."""
    tables, faults = read_tables(file, (TARGETS,))
    given = Given(faults=list(faults))
    for table in tables:
        for row in table.rows:
            _read_row(given, _Row(table, row, bearers, catalog), standing)
    return given


def _read_row(given: Given, reading: _Row, standing: Mapping[Key, object]) -> None:
    found = reading.target(standing)
    given.faults.extend(reading.faults)
    if found is None:
        return
    key, target = found
    if key in given.targets:
        what = Said(f"đã đứng ở {given.targets[key].place}", f"stands twice: see {given.targets[key].place}")
        given.faults.append(reading.fault("", what, Said("giữ lại một dòng", "keep one of the rows")))
    given.targets.setdefault(key, target)


class _Row(RowReading):
    def __init__(self, table: RegisterTable, row: TableRow, bearers: Bearers, catalog: Catalog) -> None:
        super().__init__(table, row, bearers.codes)
        self.bearers, self.indicators = bearers, catalog.indicators

    def target(self, standing: Mapping[Key, object]) -> tuple[Key, GivenTarget] | None:
        code, indicator, year = self.code("unit"), self._indicator(), self._year()
        direction = self.choice("direction", _DIRECTIONS)
        removing = direction == REMOVE
        value = self._value(indicator) if indicator and not removing else None
        source = self.text("source")
        bearer = self._bearer(code, year) if code and year else None
        if self.faults or not (code and indicator and year and bearer and source):
            return None
        key = (code, indicator.code, year)
        if removing and key not in standing:
            what = Said("không có chỉ tiêu nào như vậy để bỏ", "there is no such target to take back")
            self.say("direction", what, Said("xem: tongket targets list", "see: tongket targets list"))
            return None
        place = " · ".join(filter(None, (self.table.file, self.table.sheet, str(self.row.line))))
        kept = "" if removing else direction
        return key, GivenTarget(bearer[0], bearer[1], kept, value, source, place)

    def _indicator(self) -> Indicator | None:
        words = self.text("indicator")
        if words is None:
            return None
        found = self.indicators.get(words)
        if found is None:
            self.say(
                "indicator",
                Said(f"không có chỉ tiêu {words!r}", f"there is no indicator {words!r}"),
                Said("ghi mã như trong tongket catalog show", "write its code, as in tongket catalog show"),
            )
        elif found.kind not in _MEASURABLE:
            self.say(
                "indicator",
                Said(f"{words} không phải một con số", f"{words} is not a number"),
                Said("chọn một chỉ tiêu đếm được hoặc tỷ lệ", "choose a count, an amount or a rate"),
            )
            return None
        return found

    def _year(self) -> int | None:
        words = self.text("year")
        if words is None:
            return None
        if not (words.isascii() and words.isdigit()) or int(words) not in _YEARS:
            self.say(
                "year",
                Said(f"{words!r} không phải năm", f"{words!r} is not a year"),
                Said("viết như 2025", "write 2025"),
            )
            return None
        return int(words)

    def _bearer(self, code: str, year: int) -> tuple[int, str] | None:
        found = self.bearers.of(code, year)
        if found is None:
            is_known = code in self.known
            self.say(
                "unit",
                Said(f"{code} không tồn tại trong năm {year}", f"{code} did not live in {year}")
                if is_known
                else Said(f"danh mục không có đơn vị {code}", f"unknown unit {code}"),
                Said(f"xem: tongket units find {code}", f"see: tongket units find {code}"),
            )
        return found

    def _value(self, indicator: Indicator) -> float | None:
        """An exact number in the measure of the indicator; a target of "over 90 %" is "at least", never a bound."""
        words = self.text("value")
        if words is None:
            return None
        kind = ValueKind.PERCENT if indicator.kind in _RATES else indicator.kind
        content = self.row.cells["value"]
        if content[0] == "number" and content[1] is not None:
            read = check_number(content[1], kind, words, indicator.unit_words)
        else:
            read = parse_figure(words, kind, indicator.unit_words)
        inexact = read.qualifier not in (Qualifier.EXACT, Qualifier.NONE) or set(read.repairs) - _HARMLESS
        if read.value is None or inexact:
            self.say(
                "value",
                Said(f"{words!r} không phải một con số chính xác", f"{words!r} is not an exact number"),
                _HOW_RATES if kind is ValueKind.PERCENT else _HOW_COUNTS,
            )
            return None
        if read.value < 0 and kind is not ValueKind.QUANTITY:
            self.say("value", Said(f"{words} là số âm", f"{words} is negative"), _HOW_COUNTS)
        elif kind is ValueKind.PERCENT and read.value > 100:
            self.say("value", Said(f"{words} vượt 100 %", f"{words} is over 100 %"), _HOW_RATES)
        return read.value


_HOW_COUNTS = Said(
    "ghi một số như 11713; ít nhất hay không quá ghi ở cột direction", "write 11713; bounds go to direction"
)
_HOW_RATES = Said(
    "ghi một tỷ lệ như 97,5 %; ít nhất hay không quá ghi ở cột direction", "write 97,5 %; bounds go to direction"
)
