"""What is looked at to know whether everything is well, and what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from catalog.register import Said


class Level(IntEnum):
    """``ATTENTION``: it works, and somebody should see to it; ``FAULT``: something does not work or is about to end."""

    WELL = 0
    ATTENTION = 1
    FAULT = 2

    @property
    def word(self) -> str:
        return self.name.lower()


NOTHING = Said("", "")


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that was looked at: ``code`` (stable, for programs), its name, what was seen, and what to do when it is
    not well."""

    code: str
    name: Said
    level: Level
    seen: Said
    advice: Said = NOTHING

    @property
    def is_fault(self) -> bool:
        return self.level is Level.FAULT


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at, by its code and name; makes its conditions."""

    code: str
    name: Said

    def well(self, seen: Said) -> Condition:
        return Condition(self.code, self.name, Level.WELL, seen)

    def attention(self, seen: Said, advice: Said) -> Condition:
        return Condition(self.code, self.name, Level.ATTENTION, seen, advice)

    def fault(self, seen: Said, advice: Said) -> Condition:
        return Condition(self.code, self.name, Level.FAULT, seen, advice)


def worst(levels: list[Level]) -> Level:
    return max(levels, default=Level.WELL)
