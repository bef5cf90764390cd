"""Column references of rules: ``previous:dossiers_pending``, ``count:initiatives[level=tinh]``."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.model import (
    AtMostCheck,
    ChangeCheck,
    Check,
    CodeListCheck,
    DiffersCheck,
    GrowthCheck,
    IdentityCheck,
    LengthCheck,
    NotMultipleCheck,
    RangeCheck,
    RateCheck,
    RequiredCheck,
    UniqueCheck,
)


@dataclass(frozen=True, slots=True)
class Ref:
    """``source`` is empty for a field of the submission itself."""

    source: str
    name: str
    breakdown: str

    @classmethod
    def parse(cls, text: str) -> Ref:
        source, colon, rest = text.rpartition(":")
        name, _, breakdown = rest.partition("[")
        return cls(source if colon else "", name, breakdown.removesuffix("]"))

    @property
    def field(self) -> str:
        """The field code without its source."""
        return f"{self.name}[{self.breakdown}]" if self.breakdown else self.name

    def __str__(self) -> str:
        return f"{self.source}:{self.field}" if self.source else self.field


#: Sources of figures that the unit reported for other periods.
PAST = ("previous", "last_year", "longer", "shorter", "parts")

#: Those of them that only figures added over time have: their windows share days with the report's own.
WITHIN_REACH = ("longer", "shorter", "parts")


#: The attributes of a check that name columns, in the order a person would read them.
_NAMING: dict[type, tuple[str, ...]] = {
    RangeCheck: ("columns",),
    RequiredCheck: ("columns", "when"),
    CodeListCheck: ("column",),
    IdentityCheck: ("total", "parts"),
    AtMostCheck: ("smaller", "larger", "times"),
    RateCheck: ("rate", "numerator", "denominator"),
    DiffersCheck: ("column", "other"),
    ChangeCheck: ("column", "base"),
    GrowthCheck: ("growth", "column", "base"),
    NotMultipleCheck: ("column", "of"),
    LengthCheck: ("column", "when"),
    UniqueCheck: ("columns",),
}


def refs_of(check: Check) -> tuple[str, ...]:
    """Every column the check names, in the order it names them; none for levels 1 and 2 and reading checks."""
    return tuple(text for name in _NAMING.get(type(check), ()) for text in _texts(getattr(check, name)))


def _texts(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()
