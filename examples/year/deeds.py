"""What happens in the year: dated deeds, in the order they happen. They are data; whoever plays them decides how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from catalog.model import UnitEventRecord, UnitRecord
from domain.notice import Contact
from examples.filing import Filing
from examples.province import Province


@dataclass(frozen=True, slots=True)
class Sends:
    """A unit puts a file into the inbox. ``slips`` are the faults planted in it (:mod:`examples.year.slips`);
    ``damage`` what happened to the finished file; ``copy_of`` another file whose very bytes it is."""

    at: datetime
    file: str
    filing: Filing
    slips: tuple[str, ...] = ()
    damage: str = ""
    copy_of: str = ""


@dataclass(frozen=True, slots=True)
class Permits:
    """A unit may report a period up to a day."""

    at: datetime
    unit: str
    period: str
    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class Withdraws:
    at: datetime
    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Restores:
    """A withdrawn report waits to be checked anew; the next run takes it up."""

    at: datetime
    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Waives:
    """The warning of a rule in a report is waived up to a day."""

    at: datetime
    file: str
    rule: str
    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class Retries:
    """Failed reports are judged anew: those named, or (``mended``) all that a changed definition can touch."""

    at: datetime
    reason: str
    files: tuple[str, ...] = ()
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Registers:
    """Rows of the register of units are imported from files."""

    at: datetime
    name: str
    units: tuple[UnitRecord, ...]
    events: tuple[UnitEventRecord, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Introduces:
    """People who are to be told are taken in from a file."""

    at: datetime
    contacts: tuple[Contact, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Defines:
    """From now on other definitions hold (:mod:`examples.year.definitions`)."""

    at: datetime
    edition: str


@dataclass(frozen=True, slots=True)
class Reopens:
    at: datetime
    period: str
    reason: str


@dataclass(frozen=True, slots=True)
class Closes:
    """A period is closed by hand; what the calendar closes needs no deed."""

    at: datetime
    period: str
    reason: str


@dataclass(frozen=True, slots=True)
class Freezes:
    """The figures of the year's conference of a unit are frozen."""

    at: datetime
    year: int
    unit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wakes:
    """The machine is on at this moment and does what the calendar asks. Where there is none it was off."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Looks:
    """The moment at which all that is known is compared."""

    at: datetime
    label: str


Deed = (
    Sends | Permits | Withdraws | Restores | Waives | Retries | Registers | Introduces | Defines | Reopens | Closes
    | Freezes | Wakes | Looks
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outage:
    """Nothing runs from the one moment to the other."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Script:
    """A year: the province as it was at its beginning, and what happened, in order."""

    year: int
    seed: int
    province: Province
    deeds: tuple[Deed, ...]
    outages: tuple[Outage, ...] = ()
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def files(self) -> Iterator[Sends]:
        return (deed for deed in self.deeds if isinstance(deed, Sends))

    @property
    def periods(self) -> tuple[str, ...]:
        return (*(f"{self.year}-Q{quarter}" for quarter in range(1, 5)), str(self.year))
