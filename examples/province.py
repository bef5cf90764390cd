"""A made-up province of any size: its register, and reports that hang together, with faults planted in known places.

Everything follows from the seed, so the same arguments give the same province and the same reports on every machine.
Codes begin with ``P99``, which no real province bears.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import product
from pathlib import Path

from catalog.model import UnitRecord
from catalog.whole import Catalog
from domain.period import Period
from domain.submission import AttemptOutcome
from examples.chance import chance
from examples.faults import Fault, plan
from examples.filing import Filing
from examples.reports import Asked, report_of

BORN = date(2025, 7, 1)
SOURCE = "tỉnh mẫu do chương trình tạo"

_FIRST = ("Tân", "Phú", "Bình", "Long", "Thanh", "An", "Hòa", "Vĩnh", "Mỹ", "Đông", "Xuân", "Hưng", "Quảng", "Nam")
_SECOND = ("Lộc", "Thịnh", "Sơn", "Hải", "Giang", "Thành", "Phong", "Khê", "Lâm", "Điền", "Cường", "Hiệp", "Trung")
_CELLS = ("ấp {n}", "thôn {n}", "Trường Tiểu học số {n}", "Trạm Y tế cơ sở {n}", "khu phố {n}", "Hợp tác xã số {n}")


@dataclass(frozen=True)
class Province:
    """The register of the made-up province, parents before children.

    A provincial party committee over commune committees over cells; a provincial people's committee over those of the
    communes.
    """

    seed: int
    units: tuple[UnitRecord, ...]

    @cached_property
    def children(self) -> dict[str, int]:
        """Party cells directly under each committee, by code."""
        counts: dict[str, int] = {}
        for unit in self.units:
            if unit.kind == "chi_bo" and unit.parent:
                counts[unit.parent] = counts.get(unit.parent, 0) + 1
        return counts


@dataclass(frozen=True, slots=True)
class Sent:
    """A filing with what must become of it.

    ``outcome`` is ``None`` for a unit that stays silent: nothing is to be written. ``damage`` is what the writer does
    to the finished file: ``truncated`` · ``empty_file`` · ``sheet_missing``. ``rules`` are the rules that must fire
    because of the planted ``fault``; ``late`` says that the file arrives after the day it was due. ``version`` counts
    the files one unit sends for one period; a later accepted one replaces the earlier.
    """

    filing: Filing
    outcome: AttemptOutcome | None
    fault: str = ""
    rules: tuple[str, ...] = ()
    damage: str = ""
    late: bool = False
    version: int = 1

    @property
    def name(self) -> str:
        """A file name without its ending, unique within one collection."""
        return f"{self.filing.unit}_{self.filing.period.replace('@', '-')}_{self.filing.form}_v{self.version}"


def make_province(seed: int, communes: int | None = None, units: int = 600) -> Province:
    """A province of exactly ``units`` units, ``communes`` of them communes (one for 80 units when not given).

    Raises ``ValueError`` when the communes alone need more units, or more names than there are.
    """
    communes = max(1, units // 80) if communes is None else communes
    cells = units - 2 - 2 * communes
    if communes < 1 or cells < 0:
        raise ValueError(f"{units} units are too few for {communes} communes: at least {2 + 2 * communes} are needed")
    names = _commune_names(seed, communes)
    records = [_unit("P99.DU", "Tỉnh ủy Tân Phú (tỉnh mẫu)", "tinh_uy", None)]
    records.append(_unit("P99.UB", "UBND tỉnh Tân Phú (tỉnh mẫu)", "ubnd_tinh", None))
    for number, name in enumerate(names, 1):
        records.extend(_commune(number, name))
    records.extend(_cell(number, names) for number in range(cells))
    return Province(seed, tuple(records))


def with_province(catalog: Catalog, province: Province) -> Catalog:
    """The catalog with the units of the province added to its register."""
    return replace(catalog, units=(*catalog.units, *province.units))


def write_register(province: Province, path: Path) -> None:
    """Write the register as a CSV file of the same columns as the catalog's ``units.csv``."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(UnitRecord.model_fields)
        writer.writerows(unit.model_dump(mode="json").values() for unit in province.units)


def filings_of(
    province: Province,
    catalog: Catalog,
    period: Period,
    seed: int,
    *,
    previous: bool = False,
    share: float = 0.06,
    history: bool = False,
) -> Iterator[Sent]:
    """The reports of every obliged unit for ``period``, unit by unit; about ``share`` of the cells' carry a fault.

    With ``previous`` the reports of the period before come instead, all sound: what history checks compare with.
    What was pending at the end of one period is carried over into the next. ``history`` says that the reports of the
    period before have been collected, so that copies of them can be recognised; only then are copies planted.
    """
    period = period_before(catalog, period) if previous else period
    owing = [(unit, form) for unit in province.units for form in _owed(catalog, unit, period)]
    cells = [position for position, (unit, _) in enumerate(owing) if unit.kind == "chi_bo"]
    faults = {} if previous else plan(cells, chance(seed, period.code, "faults"), share, history=history)
    before = period_before(catalog, period)
    for position, (unit, form) in enumerate(owing):
        asked = Asked(unit, period, before, seed, province.children.get(unit.code, 0))
        if position in faults:
            yield from _sent(faults[position], catalog, asked, form)
        else:
            yield Sent(report_of(asked, form), AttemptOutcome.ACCEPTED)


def period_before(catalog: Catalog, period: Period) -> Period:
    """The period of the same kind and calendar that ends the day before this one begins."""
    for year in (period.year, period.year - 1):
        for other in catalog.periods(year, period.calendar):
            if other.kind is period.kind and (period.window.first - other.window.last).days == 1:
                return other
    raise ValueError(f"no period lies before {period.code}")


def _sent(fault: Fault, catalog: Catalog, asked: Asked, form: str) -> Iterator[Sent]:
    sound = report_of(asked, form)
    if fault.copies:
        earlier = replace(asked, period=asked.before, before=period_before(catalog, asked.before))
        sound = replace(report_of(earlier, form), period=sound.period)
    for version, step in enumerate(fault.steps, 1):
        yield Sent(
            filing=step.change(sound),
            outcome=step.outcome,
            fault=fault.name,
            rules=step.rules,
            damage=step.damage,
            late=fault.late,
            version=version,
        )


def _owed(catalog: Catalog, unit: UnitRecord, period: Period) -> list[str]:
    return [item.form for item in catalog.owed(unit.kind, period)]


def _commune_names(seed: int, count: int) -> list[str]:
    names = [f"{first} {second}" for first, second in product(_FIRST, _SECOND)]
    if count > len(names):
        raise ValueError(f"there are names for {len(names)} communes only, {count} were asked for")
    return chance(seed, "names").sample(names, count)


def _commune(number: int, name: str) -> list[UnitRecord]:
    """The party committee and the people's committee of a commune; every fifth is a ward."""
    ward = number % 5 == 0
    place = f"{'phường' if ward else 'xã'} {name}"
    party, state = ("dang_bo_phuong", "ubnd_phuong") if ward else ("dang_bo_xa", "ubnd_xa")
    return [
        _unit(f"P99.DU.{number:03d}", f"Đảng ủy {place}", party, "P99.DU"),
        _unit(f"P99.UB.{number:03d}", f"UBND {place}", state, "P99.UB"),
    ]


def _cell(number: int, communes: list[str]) -> UnitRecord:
    turn, place = divmod(number, len(communes))
    what = _CELLS[turn % len(_CELLS)].format(n=turn // len(_CELLS) + 1)
    return _unit(
        f"P99.CB.{place + 1:03d}.{turn + 1:03d}",
        f"Chi bộ {what}, {communes[place]}",
        "chi_bo",
        f"P99.DU.{place + 1:03d}",
    )


def _unit(code: str, name: str, kind: str, parent: str | None) -> UnitRecord:
    return UnitRecord(code=code, valid_from=BORN, name=name, kind=kind, parent=parent, source=SOURCE)
