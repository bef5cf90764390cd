"""Units found by what people write: a code on a day, a name in any spelling; and where a unit went that is no more.

Nothing is guessed: where the words fit several units, all of them are answered, each with its superiors and its days.
Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from catalog.model import UnitRecord
from catalog.whole import Catalog
from domain.names import fold_name
from domain.unit import EventShare, UnitKey

#: Deeper than any hierarchy of offices.
_DEEPEST = 30

#: What stands before the name proper. Longer words first: "thị xã An Khê" is no "thị" and no "xã".
_OFFICES = ("Đảng ủy", "Đảng bộ", "Chi bộ", "Ban Chấp hành Đảng bộ", "UBND", "Ủy ban nhân dân", "UBMTTQ")
_PLACES = (
    *("tỉnh", "thành phố", "huyện", "quận", "thị xã", "xã", "phường", "thị trấn", "đặc khu"),
    *("tỉnh ủy", "thành ủy", "huyện ủy", "quận ủy", "thị ủy", "TP", "TX", "TT", "H", "Q", "P", "X"),
)


def _any_of(words: tuple[str, ...]) -> str:
    return "|".join(sorted(map(re.escape, map(fold_name, words)), key=len, reverse=True))


def _unmarked(folded: str) -> str:
    letters = unicodedata.normalize("NFD", folded).replace("đ", "d")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


_BEFORE_THE_NAME = rf"^(?:(?:{_any_of(_OFFICES)}) )?(?:(?:{_any_of(_PLACES)}) )?(?=.)"
_PREFIX = re.compile(_BEFORE_THE_NAME)
_PREFIX_UNMARKED = re.compile(_unmarked(_BEFORE_THE_NAME))


class Match(StrEnum):
    """How the words fit, best first."""

    CODE = "code"
    #: the code of the register without its leading zeros
    CODE_WITHOUT_ZEROS = "code_without_zeros"
    NAME = "name"
    #: the name without "xã", "phường", "Đảng ủy"…
    BARE_NAME = "bare_name"
    #: typed without diacritics, or without some of them
    UNMARKED = "unmarked"


class Standing(StrEnum):
    """What the unit was on the day in question."""

    LIVING = "living"
    ENDED = "ended"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Became:
    """Where a unit is on a day: ``unit`` is ``None`` when the register does not say. ``whole``: all of it went there.

    ``documents`` are the decisions on the way.
    """

    unit: UnitRecord | None
    whole: bool
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit the words may mean: its superiors from the nearest up, and, when it is no more, what it became."""

    unit: UnitRecord
    match: Match
    standing: Standing
    path: tuple[UnitRecord, ...]
    became: tuple[Became, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Everything the words may mean on a day, units that lived then first."""

    text: str
    day: date
    candidates: tuple[Candidate, ...]

    @property
    def sure(self) -> Candidate | None:
        """The one unit that is meant, when there is no doubt: the bearer of the code, or the only one so named."""
        if len(self.candidates) == 1 and self.candidates[0].match in (Match.CODE, Match.NAME):
            return self.candidates[0]
        living = [item for item in self.candidates if item.standing is Standing.LIVING and item.match is Match.CODE]
        return living[0] if len(living) == 1 else None


class UnitFinder:
    """Looks words up in the register of a catalog; the names are folded once, at the first question about a name."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def find(self, text: str, day: date) -> Found:
        """The units that ``text`` may mean, as seen from ``day``; of the ways to match, the best that finds any."""
        match, units = next(((match, units) for match, units in self._matches(text) if units), (Match.NAME, []))
        candidates = [self._candidate(unit, match, day) for unit in units]
        order = list(Standing)
        candidates.sort(key=lambda item: (order.index(item.standing), item.unit.code, item.unit.valid_from))
        return Found(text, day, tuple(candidates))

    def _matches(self, text: str) -> Iterator[tuple[Match, list[UnitRecord]]]:
        code = text.strip().upper()
        yield Match.CODE, self._catalog.units_of(code)
        yield Match.CODE_WITHOUT_ZEROS, self._shorn.get(code, [])
        name = fold_name(text)
        if not name:
            return
        yield Match.NAME, self._by_name.get(name, [])
        yield Match.BARE_NAME, self._by_bare.get(_without_prefix(name), [])
        bare = _unmarked(name)
        yield Match.UNMARKED, _bearing(name, self._by_unmarked_name.get(bare, []), fold_name)
        stripped = _PREFIX_UNMARKED.sub("", bare)
        yield Match.UNMARKED, _bearing(name[-len(stripped) :], self._by_unmarked.get(stripped, []), bare_name)

    def _candidate(self, unit: UnitRecord, match: Match, day: date) -> Candidate:
        standing = _standing(unit, day)
        seen_on = (
            min(max(day, unit.valid_from), unit.valid_to or day) if standing is not Standing.LATER else unit.valid_from
        )
        became = what_became(self._catalog, unit, day) if standing is Standing.ENDED else ()
        return Candidate(unit, match, standing, superiors(self._catalog, unit, seen_on), tuple(became))

    @cached_property
    def _shorn(self) -> dict[str, list[UnitRecord]]:
        return _grouped((unit.code.lstrip("0"), unit) for unit in self._catalog.units if unit.code.startswith("0"))

    @cached_property
    def _by_name(self) -> dict[str, list[UnitRecord]]:
        return _grouped((fold_name(unit.name), unit) for unit in self._catalog.units)

    @cached_property
    def _by_bare(self) -> dict[str, list[UnitRecord]]:
        return _grouped((_without_prefix(name), unit) for name, units in self._by_name.items() for unit in units)

    @cached_property
    def _by_unmarked_name(self) -> dict[str, list[UnitRecord]]:
        return _grouped((_unmarked(name), unit) for name, units in self._by_name.items() for unit in units)

    @cached_property
    def _by_unmarked(self) -> dict[str, list[UnitRecord]]:
        return _grouped((_unmarked(name), unit) for name, units in self._by_bare.items() for unit in units)


def bare_name(text: str) -> str:
    """The folded name without what kind of unit it is: "UBND phường An Phú", "X. An Phú" and "An Phú" are one."""
    return _without_prefix(fold_name(text))


def _without_prefix(folded: str) -> str:
    return _PREFIX.sub("", folded)


def _bearing(typed: str, units: list[UnitRecord], folded: Callable[[str], str]) -> list[UnitRecord]:
    """The units whose names have every mark that was typed, letter by letter: Hà is not Hạ, and Ha may be either."""
    return [unit for unit in units if _may_be(typed, folded(unit.name))]


def _may_be(typed: str, name: str) -> bool:
    return len(typed) == len(name) and all(map(_letter_may_be, typed, name))


def _letter_may_be(typed: str, letter: str) -> bool:
    if typed in (letter, _unmarked(letter)):
        return True
    return set(unicodedata.normalize("NFD", typed)) <= set(unicodedata.normalize("NFD", letter))


def _grouped(pairs: Iterator[tuple[str, UnitRecord]]) -> dict[str, list[UnitRecord]]:
    groups: dict[str, list[UnitRecord]] = defaultdict(list)
    for key, unit in pairs:
        groups[key].append(unit)
    return groups


def _standing(unit: UnitRecord, day: date) -> Standing:
    if day < unit.valid_from:
        return Standing.LATER
    return Standing.LIVING if unit.valid_to is None or day <= unit.valid_to else Standing.ENDED


def superiors(catalog: Catalog, unit: UnitRecord, day: date) -> tuple[UnitRecord, ...]:
    """The units above, from the nearest up, as they stood on ``day``."""
    above: list[UnitRecord] = []
    here: UnitRecord | None = unit
    while here is not None and here.parent is not None and len(above) < _DEEPEST:
        here = catalog.unit_on(here.parent, day)
        if here is not None:
            above.append(here)
    return tuple(above)


def what_became(catalog: Catalog, unit: UnitRecord, day: date) -> list[Became]:
    """Where ``unit`` is on ``day``, every event followed: one whole, or its parts; ``None`` where the trail ends.

    It agrees with :func:`warehouse.lineage.unit_mapping`, which answers for all units at once.
    """
    arrived: dict[UnitKey | None, list[Became]] = defaultdict(list)
    for end in _followed(catalog, Became(unit, whole=True), unit.valid_from, day):
        arrived[UnitKey(end.unit.code, end.unit.valid_from) if end.unit else None].append(end)
    return [_together(ends) for ends in arrived.values()]


def _followed(catalog: Catalog, here: Became, since: date, day: date) -> Iterator[Became]:
    """The ends of all ways from ``here`` over events after ``since`` up to ``day``; events of one day are one step."""
    assert here.unit is not None
    coming = [event for event in catalog.events_from(here.unit) if since < event.day <= day]
    if not coming:
        lives = _standing(here.unit, day) is Standing.LIVING
        yield here if lives else Became(None, here.whole, here.documents)
        return
    step = [event for event in coming if event.day == coming[0].day]
    stays = _standing(here.unit, coming[0].day) is Standing.LIVING
    only = len(step) + stays == 1
    for event in step:
        bearers = catalog.units_of(event.new_code)
        into = next((unit for unit in bearers if unit.valid_from == event.new_valid_from), None)
        whole = here.whole and only and event.share == EventShare.FULL.value
        documents = (*here.documents, event.document)
        if into is None:
            yield Became(None, whole, documents)
        else:
            yield from _followed(catalog, Became(into, whole, documents), event.day, day)
    if stays:
        yield from _followed(catalog, Became(here.unit, whole=False, documents=here.documents), coming[0].day, day)


def _together(ends: list[Became]) -> Became:
    """Parts that meet again stay parts: whether they are all of it nobody recorded."""
    if len(ends) == 1:
        return ends[0]
    documents = dict.fromkeys(document for end in ends for document in end.documents)
    return Became(ends[0].unit, whole=False, documents=tuple(documents))
