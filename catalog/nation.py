"""The administrative units of the nation, before and after 1 July 2025, as rows of the register.

The lists themselves are somebody else's (:mod:`workbook.nation` reads them); here they become units and events that
fit into a register which holds some of them already. On that day 63 provinces became 34, the districts ended, and about
10,035 communes became 3,321 (Nghị quyết 202/2025/QH15; the Standing Committee's resolutions for each province).
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from catalog.model import UnitEventRecord, UnitRecord
from catalog.register import event_key, key_of
from domain.names import fold_name
from domain.unit import UnitKey

#: The first day of the two-level administration.
REFORM = date(2025, 7, 1)
_EVE = REFORM - timedelta(days=1)

#: What the lists leave out: since when a former unit was what it was on its last day. The day only says "long before".
LONG_BEFORE = date(2004, 1, 1)

_AMENDMENTS = Path(__file__).parent / "data" / "nation" / "amendments.csv"

_KINDS = {
    "xã": "xa",
    "phường": "phuong",
    "thị trấn": "thi_tran",
    "đặc khu": "dac_khu",
    "huyện": "huyen",
    "quận": "quan",
    "thị xã": "thi_xa",
}

#: Bodies that stand on a territory: the prefix of their codes, and by the territory's kind their own kind and the words
#: before the name; where the words end in a dots mark the kind of the territory is left out of the name.
_BODIES: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "party": (
        "DU.",
        {
            "tinh": ("tinh_uy", "Tỉnh ủy …"),
            "thanh_pho_tw": ("tinh_uy", "Thành ủy …"),
            "huyen": ("cap_uy_cap_huyen", "Huyện ủy …"),
            "quan": ("cap_uy_cap_huyen", "Quận ủy …"),
            "thi_xa": ("cap_uy_cap_huyen", "Thị ủy …"),
            "thanh_pho": ("cap_uy_cap_huyen", "Thành ủy …"),
            "xa": ("dang_bo_xa", "Đảng ủy"),
            "thi_tran": ("dang_bo_xa", "Đảng ủy"),
            "phuong": ("dang_bo_phuong", "Đảng ủy"),
            "dac_khu": ("dang_bo_dac_khu", "Đảng ủy"),
        },
    ),
    "state": (
        "UB.",
        {
            "tinh": ("ubnd_tinh", "UBND"),
            "thanh_pho_tw": ("ubnd_tinh", "UBND"),
            **dict.fromkeys(("huyen", "quan", "thi_xa", "thanh_pho"), ("ubnd_cap_huyen", "UBND")),
            "xa": ("ubnd_xa", "UBND"),
            "thi_tran": ("ubnd_xa", "UBND"),
            "phuong": ("ubnd_phuong", "UBND"),
            "dac_khu": ("ubnd_dac_khu", "UBND"),
        },
    ),
}

BODIES = tuple(_BODIES)


@dataclass(frozen=True, slots=True)
class Place:
    """A territory of one of the lists: its official code, full name, and the code of what it lies in (or ``None``)."""

    code: str
    name: str
    within: str | None


@dataclass(frozen=True, slots=True)
class Went:
    """Where a former territory went, whole or one of its parts."""

    old: str
    new: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class NationLists:
    """The territories before and from 1 July 2025, how they passed into one another, and where the lists come from."""

    before: tuple[Place, ...]
    after: tuple[Place, ...]
    went: tuple[Went, ...]
    source: str


@dataclass(frozen=True, slots=True)
class NationRows:
    """Rows to be imported: what the register lacks, and what changes in it. ``differing``: units it names otherwise."""

    units: tuple[UnitRecord, ...]
    events: tuple[UnitEventRecord, ...]
    differing: tuple[tuple[UnitRecord, str], ...]


def nation_rows(
    lists: NationLists,
    units: Sequence[UnitRecord],
    events: Sequence[UnitEventRecord],
    *,
    bodies: Iterable[str] = (),
    since: date = LONG_BEFORE,
) -> NationRows:
    """The units and events of the nation that a register of ``units`` and ``events`` lacks.

    What it holds already keeps its first day, its name and its superior; what ended meanwhile gets its last day.
    ``bodies``: which of :data:`BODIES` are made for every territory, hung one under the other as the territories are.
    """
    territories = _as_of_the_reform(lists, since)
    whole = [*territories, *_amended(territories)]
    made = _Growing(units)
    for unit in sorted(whole, key=lambda unit: unit.valid_from):
        made.add(unit)
    for body in bodies:
        for unit in sorted(whole, key=lambda unit: unit.valid_from):
            made.add(_body_of(body, unit))
    known = {event_key(event) for event in events}
    told = [event for event in _events(lists, made, ["", *bodies]) if event_key(event) not in known]
    return NationRows(made.rows, tuple(told), tuple(made.differing))


# ------------------------------------------------------------------------------------------------ territories


def _as_of_the_reform(lists: NationLists, since: date) -> list[UnitRecord]:
    """The former territories up to the last day, and those of the day after; one that is both stays one."""
    source = f"{lists.source}; ngày bắt đầu thật không ghi"
    unchanged = _unchanged(lists)
    former = [
        _unit(place, since, None if place.code in unchanged else _EVE, source, is_former=True) for place in lists.before
    ]
    new = [
        _unit(place, REFORM, None, f"{lists.source}; NQ 202/2025/QH15 và nghị quyết sắp xếp cấp xã")
        for place in lists.after
        if place.code not in unchanged
    ]
    return [*former, *new]


def _unchanged(lists: NationLists) -> set[str]:
    """Codes of provinces that the reform left as they were: nothing flowed in, and the code and the name are the
    same. A commune is never one of them, for its district ended."""
    entering = Counter(went.new for went in lists.went)
    alone = {went.old for went in lists.went if went.is_whole and went.old == went.new and entering[went.new] == 1}
    after = {place.code: place.name for place in lists.after if place.within is None}
    return {place.code for place in lists.before if place.code in alone and after.get(place.code) == place.name}


def _unit(place: Place, first: date, last: date | None, source: str, *, is_former: bool = False) -> UnitRecord:
    return UnitRecord(
        code=place.code,
        valid_from=first,
        valid_to=last,
        name=place.name,
        kind=_kind(place, is_former=is_former),
        parent=place.within,
        source=source,
    )


def _kind(place: Place, *, is_former: bool) -> str:
    """The kind a name begins with: a city is one of three things, told by what it lies in."""
    name = place.name.lower()
    if place.within is None:
        return "thanh_pho_tw" if name.startswith("thành phố ") else "tinh"
    if is_former and name.startswith("thành phố "):
        return "thanh_pho"
    found = next((kind for words, kind in _KINDS.items() if name.startswith(f"{words} ")), None)
    if found is None:
        raise ValueError(f"{place.code} {place.name}: the name begins with no known kind of unit")
    return found


@dataclass(frozen=True, slots=True)
class _Amendment:
    code: str
    day: date
    name: str
    kind: str
    document: str


@lru_cache(maxsize=1)
def amendments() -> tuple[_Amendment, ...]:
    """Changes of name and kind since the reform, each with its resolution; codes stay."""
    with _AMENDMENTS.open(encoding="utf-8", newline="") as file:
        return tuple(
            _Amendment(row["code"], date.fromisoformat(row["day"]), row["name"], row["kind"], row["document"])
            for row in csv.DictReader(file)
        )


def _amended(territories: Sequence[UnitRecord]) -> Iterator[UnitRecord]:
    """The territories as they are from the day of an amendment on."""
    living = {unit.code: unit for unit in territories if unit.valid_to is None}
    for item in amendments():
        if item.code in living:
            yield living[item.code].model_copy(
                update={"valid_from": item.day, "name": item.name, "kind": item.kind, "source": item.document}
            )


def _body_of(body: str, territory: UnitRecord) -> UnitRecord:
    prefix, kinds = _BODIES[body]
    kind, words = kinds[territory.kind]
    name = territory.name[:1].lower() + territory.name[1:]
    if words.endswith("…"):
        name = _bare(territory.name)
    return territory.model_copy(
        update={
            "code": f"{prefix}{territory.code}",
            "name": f"{words.rstrip('…').strip()} {name}",
            "kind": kind,
            "parent": f"{prefix}{territory.parent}" if territory.parent else None,
            "source": f"cùng địa bàn {territory.name} ({territory.code}); {territory.source}",
        }
    )


def _bare(name: str) -> str:
    """The name without the kind it begins with."""
    lowered = name.lower()
    for words in ("thành phố ", "tỉnh ", *(f"{kind} " for kind in _KINDS)):
        if lowered.startswith(words):
            return name[len(words) :]
    return name


# ------------------------------------------------------------------------------------------------ into a register


class _Growing:
    """A register while rows are added to it, in order of their first days."""

    def __init__(self, units: Iterable[UnitRecord]) -> None:
        self._by_code: dict[str, list[UnitRecord]] = defaultdict(list)
        for unit in units:
            self._by_code[unit.code].append(unit)
        self._held = {key_of(unit): unit for unit in units}
        self.differing: list[tuple[UnitRecord, str]] = []

    def add(self, unit: UnitRecord) -> None:
        """A unit that bears the code on that day is the one meant, whenever it is said to have begun."""
        day = _EVE if unit.valid_from < REFORM else unit.valid_from
        there = self.on(unit.code, day)
        if there is None or (unit.valid_from > REFORM and there.valid_from != unit.valid_from):
            if there is not None:
                self._replace(there, valid_to=unit.valid_from - timedelta(days=1))
            self._by_code[unit.code].append(self._below_its_superior(unit, day))
            return
        if fold_name(there.name) != fold_name(unit.name):
            self.differing.append((there, unit.name))
        if there.valid_to is None and unit.valid_to is not None:
            self._replace(there, valid_to=unit.valid_to)

    def _below_its_superior(self, unit: UnitRecord, day: date) -> UnitRecord:
        """A unit whose first day is only known to be long ago was not there before what it lies in."""
        superior = self.on(unit.parent, day) if unit.parent else None
        if superior is None or superior.valid_from <= unit.valid_from:
            return unit
        return unit.model_copy(update={"valid_from": superior.valid_from})

    def on(self, code: str, day: date) -> UnitRecord | None:
        return next(
            (
                unit
                for unit in self._by_code[code]
                if unit.valid_from <= day and (unit.valid_to is None or day <= unit.valid_to)
            ),
            None,
        )

    def _replace(self, unit: UnitRecord, *, valid_to: date) -> None:
        others = [other for other in self._by_code[unit.code] if other is not unit]
        self._by_code[unit.code] = [*others, unit.model_copy(update={"valid_to": valid_to})]

    @property
    def rows(self) -> tuple[UnitRecord, ...]:
        """What is new or not as it was, by code and first day."""
        everything = (unit for units in self._by_code.values() for unit in units)
        return tuple(
            sorted(
                (unit for unit in everything if self._held.get(key_of(unit)) != unit),
                key=lambda unit: (unit.code, unit.valid_from),
            )
        )


# ------------------------------------------------------------------------------------------------ events


def _events(lists: NationLists, made: _Growing, bodies: Sequence[str]) -> Iterator[UnitEventRecord]:
    entering = Counter(went.new for went in lists.went)
    for body in bodies:
        prefix = _BODIES[body][0] if body else ""
        for went in lists.went:
            old, new = made.on(prefix + went.old, _EVE), made.on(prefix + went.new, REFORM)
            if old is not None and new is not None and key_of(old) != key_of(new):
                kind = _kind_of_event(old, new, went, is_alone=entering[went.new] == 1)
                yield _event(kind, REFORM, key_of(old), key_of(new), went.is_whole, lists.source)
        for item in amendments():
            old, new = made.on(prefix + item.code, item.day - timedelta(days=1)), made.on(prefix + item.code, item.day)
            if old is not None and new is not None and key_of(old) != key_of(new):
                yield _event("rename", item.day, key_of(old), key_of(new), True, item.document)


def _kind_of_event(old: UnitRecord, new: UnitRecord, went: Went, *, is_alone: bool) -> str:
    if not went.is_whole:
        return "split"
    if not is_alone:
        return "merge"
    return "reparent" if fold_name(old.name) == fold_name(new.name) else "rename"


def _event(kind: str, day: date, old: UnitKey, new: UnitKey, is_whole: bool, document: str) -> UnitEventRecord:
    return UnitEventRecord.model_validate(
        {
            "kind": kind,
            "day": day,
            "old_code": old.code,
            "old_valid_from": old.valid_from,
            "new_code": new.code,
            "new_valid_from": new.valid_from,
            "share": "full" if is_whole else "partial",
            "document": document,
        }
    )
