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


def refs_of(check: Check) -> tuple[str, ...]:
    """Every column the check names, in the order it names them."""
    match check:
        case RangeCheck(columns=columns):
            return columns
        case RequiredCheck(columns=columns, when=when):
            return columns + when
        case CodeListCheck(column=column):
            return (column,)
        case IdentityCheck(total=total, parts=parts):
            return total + parts
        case AtMostCheck(smaller=smaller, larger=larger):
            return smaller + larger
        case RateCheck(rate=rate, numerator=numerator, denominator=denominator):
            return (rate, *numerator, *denominator)
        case DiffersCheck(column=column, other=other):
            return (column, other)
        case ChangeCheck(column=column, base=base):
            return (column, base)
        case GrowthCheck(growth=growth, column=column, base=base):
            return (growth, column, base)
        case NotMultipleCheck(column=column, of=of):
            return (column, of)
        case LengthCheck(column=column, when=when):
            return (column, *when)
        case UniqueCheck(columns=columns):
            return columns
        case _:
            return ()
