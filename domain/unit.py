"""Organisational units and what happens to them over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class UnitKey(NamedTuple):
    """A code alone is never a key: codes are reused after mergers (28687 is two different Long Bình)."""

    code: str
    valid_from: date


class EventKind(StrEnum):
    MERGE = "merge"
    SPLIT = "split"
    RENAME = "rename"
    REPARENT = "reparent"


class EventShare(StrEnum):
    """Whether the whole of the old unit went into the new one; a partial share cannot be compared across the event."""

    FULL = "full"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as it was from ``valid_from`` to ``valid_to`` (both inside; ``None`` while it lives)."""

    code: str
    valid_from: date
    valid_to: date | None
    name: str
    kind: str
    level: str
    parent: str | None
    source: str

    @property
    def key(self) -> UnitKey:
        return UnitKey(self.code, self.valid_from)

    def lived_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class UnitEvent:
    """What became of a unit: old key → new key on a day, by a document."""

    kind: EventKind
    day: date
    old: UnitKey
    new: UnitKey
    share: EventShare
    document: str
