"""The proof of the register of units: what does not hold, at which row and column, and what to do about it.

One proof for the register that ships with the program and for every file that is imported: units that overlap, hang in
the air or go in a circle, and events whose days or shares cannot be true. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from catalog.model import UnitEventRecord, UnitRecord
from catalog.whole import Catalog
from domain.unit import EventKind, EventShare, UnitKey

_DAY = timedelta(days=1)

#: A renamed or moved unit stays itself, so nothing else may flow in or out of it at that moment.
_ITSELF = frozenset({EventKind.RENAME.value, EventKind.REPARENT.value})

#: What names an event: the day, the unit before and the unit after.
EventKey = tuple[date, UnitKey, UnitKey]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence in both languages."""

    vi: str
    en: str

    @classmethod
    def same(cls, text: object) -> Said:
        return cls(str(text), str(text))


@dataclass(frozen=True, slots=True)
class RegisterFault:
    """One thing that does not hold: ``key`` names the unit or event, ``column`` the cell to look at.

    ``cause`` is another unit whose row may be the one to mend (a superior that was ended above units that live on).
    """

    key: UnitKey | EventKey
    column: str
    what: Said
    advice: Said
    cause: UnitKey | None = None

    @property
    def where(self) -> str:
        """How a person names the row when it stands in no file."""
        if isinstance(self.key, UnitKey):
            return f"{self.key.code} {self.key.valid_from}"
        day, old, new = self.key
        return f"{day} {old.code}→{new.code}"


@dataclass(frozen=True, slots=True)
class RowFault:
    """One thing wrong with a register file. ``line`` 0: the file as a whole, or a row of the register that stands."""

    file: str
    sheet: str
    line: int
    column: str
    what: Said
    advice: Said
    where: str = ""

    def __str__(self) -> str:
        place = " · ".join(filter(None, (self.file, self.sheet, f"{self.line or ''}", self.column, self.where)))
        return f"{place}: {self.what.en}"


def key_of(unit: UnitRecord) -> UnitKey:
    return UnitKey(unit.code, unit.valid_from)


def old_of(event: UnitEventRecord) -> UnitKey:
    return UnitKey(event.old_code, event.old_valid_from)


def new_of(event: UnitEventRecord) -> UnitKey:
    return UnitKey(event.new_code, event.new_valid_from)


def event_key(event: UnitEventRecord) -> EventKey:
    return event.day, old_of(event), new_of(event)


def register_faults(catalog: Catalog) -> Iterator[RegisterFault]:
    """Everything that does not hold in the units and the events of the catalog."""
    yield from _unit_faults(catalog)
    yield from _event_faults(catalog)


# ------------------------------------------------------------------------------------------------ units


def _unit_faults(catalog: Catalog) -> Iterator[RegisterFault]:
    for key, count in Counter(map(key_of, catalog.units)).items():
        if count > 1:
            yield RegisterFault(
                key,
                "code",
                Said(f"đứng {count} lần", f"stands {count} times"),
                Said("giữ lại một dòng", "keep one of the rows"),
            )
    for unit in catalog.units:
        yield from _single_unit_faults(catalog, unit)


def _single_unit_faults(catalog: Catalog, unit: UnitRecord) -> Iterator[RegisterFault]:
    key = key_of(unit)
    if unit.kind not in catalog.unit_kinds:
        known = ", ".join(catalog.unit_kinds)
        yield RegisterFault(
            key,
            "kind",
            Said(f"không có loại đơn vị {unit.kind}", f"unknown kind {unit.kind}"),
            Said(f"dùng một trong: {known}", f"use one of: {known}"),
        )
    if unit.valid_to is not None and unit.valid_to < unit.valid_from:
        yield RegisterFault(
            key,
            "valid_to",
            Said("kết thúc trước khi bắt đầu", "ends before it begins"),
            Said("sửa ngày cuối hoặc ngày đầu", "mend the last day or the first"),
        )
    yield from _overlaps(catalog, unit)
    if _is_own_ancestor(catalog, unit):
        yield RegisterFault(
            key,
            "parent",
            Said("là cấp trên của chính mình", "is its own ancestor"),
            Said("sửa mã đơn vị cấp trên để cây không đi vòng", "mend the superior so that the tree does not circle"),
        )
    else:
        yield from _parent_faults(catalog, unit)


def _overlaps(catalog: Catalog, unit: UnitRecord) -> Iterator[RegisterFault]:
    for other in catalog.units_of(unit.code):
        if other.valid_from > unit.valid_from and (unit.valid_to is None or other.valid_from <= unit.valid_to):
            last = other.valid_from - _DAY
            yield RegisterFault(
                key_of(unit),
                "valid_to",
                Said(f"chồng thời gian với {other.code} {other.valid_from}", f"overlaps with {_name(other)}"),
                Said(
                    f"kết thúc đơn vị này vào {last} hoặc sửa ngày đầu của đơn vị kia",
                    f"end this one on {last}, or mend the first day of the other",
                ),
                cause=key_of(other),
            )


def _is_own_ancestor(catalog: Catalog, unit: UnitRecord) -> bool:
    """A circle lives from the first day of its youngest member on, so looking on each unit's first day finds all."""
    seen: set[str] = set()
    here: UnitRecord | None = unit
    while here is not None and here.parent is not None and here.parent not in seen:
        if here.parent == unit.code:
            return True
        seen.add(here.parent)
        here = catalog.unit_on(here.parent, unit.valid_from)
    return False


def _parent_faults(catalog: Catalog, unit: UnitRecord) -> Iterator[RegisterFault]:
    """A unit has a superior on every day of its life: the bearer of the code, or what wholly took its place."""
    if unit.parent is None:
        return
    above = catalog.unit_on(unit.parent, unit.valid_from)
    if above is None:
        yield RegisterFault(
            key_of(unit),
            "parent",
            Said(
                f"đơn vị cấp trên {unit.parent} không tồn tại vào {unit.valid_from}",
                f"its parent {unit.parent} did not live on {unit.valid_from}",
            ),
            Said(
                "thêm đơn vị cấp trên vào tệp, hoặc sửa mã hay ngày đầu", "add the parent, or mend the code or the day"
            ),
        )
    while (
        above is not None and above.valid_to is not None and (unit.valid_to is None or above.valid_to < unit.valid_to)
    ):
        ended, above = above, _follower(catalog, above, unit.parent)
        if above is None:
            yield RegisterFault(
                key_of(unit),
                "parent",
                Said(
                    f"đơn vị cấp trên {_name(ended)} kết thúc ngày {ended.valid_to}, không có gì thay thế",
                    f"its parent {_name(ended)} ended on {ended.valid_to} and nothing took its place",
                ),
                Said(
                    "kết thúc đơn vị này cùng ngày rồi thêm dòng mới với cấp trên mới, hoặc ghi cấp trên nhập vào đâu",
                    "end this unit on that day and add a row with its new parent, or record where the parent went",
                ),
                cause=key_of(ended),
            )


def _follower(catalog: Catalog, ended: UnitRecord, code: str) -> UnitRecord | None:
    """Who stands in the place of an ended superior: the next bearer of the code, or the unit it wholly went into."""
    assert ended.valid_to is not None
    day = ended.valid_to + _DAY
    bearer = catalog.unit_on(code, day)
    if bearer is not None:
        return bearer
    told = [event for event in catalog.events_from(ended) if event.day >= day]
    if len(told) != 1 or told[0].share != EventShare.FULL.value:
        return None
    return catalog.unit_on(told[0].new_code, told[0].day)


def _name(unit: UnitRecord) -> str:
    return f"{unit.code} {unit.valid_from}"


# ------------------------------------------------------------------------------------------------ events


def _event_faults(catalog: Catalog) -> Iterator[RegisterFault]:
    units = {key_of(unit): unit for unit in catalog.units}
    entering = Counter((event.day, new_of(event)) for event in catalog.events)
    for key, count in Counter(map(event_key, catalog.events)).items():
        if count > 1:
            yield RegisterFault(
                key,
                "day",
                Said(f"sự kiện đứng {count} lần", f"the event stands {count} times"),
                Said("giữ lại một dòng", "keep one of the rows"),
            )
    for event in catalog.events:
        yield from _single_event_faults(event, units)
        if event.kind in _ITSELF:
            yield from _itself_faults(event, entering[event.day, new_of(event)])
    for (_, old), events in _leaving(catalog).items():
        if old in units:
            yield from _share_faults(events, units[old])


def _leaving(catalog: Catalog) -> dict[tuple[date, UnitKey], list[UnitEventRecord]]:
    """The events of one day by the unit they go out of."""
    leaving: dict[tuple[date, UnitKey], list[UnitEventRecord]] = defaultdict(list)
    for event in catalog.events:
        leaving[event.day, old_of(event)].append(event)
    return leaving


def half_told(catalog: Catalog) -> Iterator[RegisterFault]:
    """Units that ended and of which only one part is told where it went: no fault (a register may hold one province
    of a reform), but the whole is not accounted for and a person should know."""
    units = {key_of(unit): unit for unit in catalog.units}
    for (day, old), events in _leaving(catalog).items():
        ended = old in units and (last := units[old].valid_to) is not None and last < day
        if ended and len(events) == 1 and events[0].share == EventShare.PARTIAL.value:
            yield RegisterFault(
                event_key(events[0]),
                "share",
                Said(
                    f"{_name(units[old])} đã kết thúc mà mới ghi nơi đến của một phần",
                    f"{_name(units[old])} ended and only one part is told where it went",
                ),
                Said("thêm dòng cho các phần còn lại nếu biết", "add the rows of the other parts when they are known"),
            )


def not_followed(catalog: Catalog) -> Iterator[RegisterFault]:
    """Units that begin the day after one of the same code ended, without an event between the two: no fault (a code may
    be given to another unit), but they count as two, and what was known of the first does not follow."""
    linked = {(old_of(event), new_of(event)) for event in catalog.events}
    lives = sorted(catalog.units, key=key_of)
    for before, after in pairwise(lives):
        follows = before.code == after.code and before.valid_to == after.valid_from - _DAY
        if follows and (key_of(before), key_of(after)) not in linked:
            yield RegisterFault(
                key_of(after),
                "valid_from",
                Said(
                    f"{_name(after)} tiếp ngay sau đơn vị cùng mã mà không có sự kiện nào giữa hai dòng: được coi là"
                    " hai đơn vị, báo cáo và người nhận thông báo của dòng trước không theo sang",
                    f"{_name(after)} begins right after a unit of the same code without an event between the two: they"
                    " count as two units, and reports and contacts of the first do not follow",
                ),
                Said(
                    f"vẫn là đơn vị ấy thì thêm sự kiện rename hoặc reparent ngày {after.valid_from}",
                    f"if it is still the same unit, add an event rename or reparent on {after.valid_from}",
                ),
            )


def _single_event_faults(event: UnitEventRecord, units: dict[UnitKey, UnitRecord]) -> Iterator[RegisterFault]:
    key = event_key(event)
    for side, named, day in (("old", old_of(event), event.day - _DAY), ("new", new_of(event), event.day)):
        unit = units.get(named)
        if unit is None:
            yield RegisterFault(
                key,
                f"{side}_code",
                Said(
                    f"danh mục không có đơn vị {named.code} {named.valid_from}",
                    f"unknown unit {named.code} {named.valid_from}",
                ),
                Said(
                    "sửa mã và ngày đầu của đơn vị, hoặc thêm đơn vị vào tệp",
                    "mend the code and first day, or add the unit",
                ),
            )
        elif not (unit.valid_from <= day and (unit.valid_to is None or day <= unit.valid_to)):
            yield RegisterFault(
                key,
                "day",
                Said(f"{_name(unit)} không tồn tại vào {day}", f"{_name(unit)} did not live on {day}"),
                Said(
                    "đơn vị cũ phải còn tồn tại đến hết ngày trước sự kiện, đơn vị mới phải tồn tại vào ngày sự kiện",
                    "the old unit lives until the day before the event, the new one on the day itself",
                ),
            )
    if old_of(event) == new_of(event):
        yield RegisterFault(
            key,
            "new_code",
            Said("đơn vị cũ và mới là một", "the unit before and after is one and the same"),
            Said("thêm dòng đơn vị mới với ngày đầu là ngày sự kiện", "add the unit anew from the day of the event"),
        )


def _itself_faults(event: UnitEventRecord, entering: int) -> Iterator[RegisterFault]:
    if event.share != EventShare.FULL.value:
        yield RegisterFault(
            event_key(event),
            "share",
            Said(
                f"{event.kind} phải là full: đơn vị vẫn là chính nó", f"a {event.kind} is full: the unit stays itself"
            ),
            Said("ghi full, hoặc đổi loại sự kiện thành split", "write full, or make it a split"),
        )
    if entering > 1:
        yield RegisterFault(
            event_key(event),
            "kind",
            Said(
                f"{event.kind} nhưng còn đơn vị khác nhập vào {event.new_code} cùng ngày",
                f"a {event.kind}, but others go into {event.new_code} on the same day",
            ),
            Said("đổi loại sự kiện thành merge", "make it a merge"),
        )


def _share_faults(events: list[UnitEventRecord], old: UnitRecord) -> Iterator[RegisterFault]:
    """The shares in which one unit leaves on one day: one whole, or parts; never more than all of it."""
    day = events[0].day
    lives_on = old.valid_to is None or old.valid_to >= day
    full = [event for event in events if event.share == EventShare.FULL.value]
    if full and len(events) > 1:
        for event in events:
            yield RegisterFault(
                event_key(event),
                "share",
                Said(
                    f"toàn bộ {_name(old)} chỉ đi vào một đơn vị, ở đây có {len(events)} dòng",
                    f"the whole of {_name(old)} can go into one unit only, here are {len(events)} rows",
                ),
                Said("ghi partial ở mọi dòng nếu đơn vị bị chia", "write partial in every row when it was split"),
            )
    elif full and lives_on:
        yield RegisterFault(
            event_key(full[0]),
            "share",
            Said(
                f"toàn bộ {_name(old)} đã chuyển đi nhưng đơn vị vẫn tồn tại", f"{_name(old)} went whole but lives on"
            ),
            Said(f"kết thúc đơn vị cũ vào {day - _DAY}, hoặc ghi partial", f"end it on {day - _DAY}, or write partial"),
            cause=key_of(old),
        )
    yield from (
        RegisterFault(
            event_key(event),
            "share",
            Said("split phải là partial", "a split is partial"),
            Said("ghi partial, hoặc đổi loại thành merge hay rename", "write partial, or make it a merge or rename"),
        )
        for event in full
        if event.kind == EventKind.SPLIT.value
    )
