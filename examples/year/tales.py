"""What befalls a unit in the year: for each period the steps it takes, on days counted from the last day of the period.

A unit without a tale, and every period a tale does not speak of, has one sound report sent in time.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Send:
    """``is_meant``: these are the figures the unit stands by, from which its year is added up. ``same``: the file that
    was sent before is sent again; ``copies``: the report is that of the period before under a new heading."""

    day: int
    slips: tuple[str, ...] = ()
    damage: str = ""
    is_meant: bool = True
    same: bool = False
    copies: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    day: int
    until: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    day: int


@dataclass(frozen=True, slots=True)
class Restore:
    day: int


@dataclass(frozen=True, slots=True)
class Waive:
    day: int
    rule: str
    until: int


@dataclass(frozen=True, slots=True)
class Retry:
    day: int


Step = Send | Permit | Withdraw | Restore | Waive | Retry
Tale = dict[str, tuple[Step, ...]]

#: Cells are due one working day after the last day of a period: on day 2 in the first quarter, on day 1 in the others.
TALES: dict[str, Tale] = {
    "late": {"Q1": (Send(4),)},
    "permitted": {"Q1": (Permit(1, until=8), Send(4))},
    "later than permitted": {"Q1": (Permit(1, until=3), Send(4))},
    "silent once": {"Q1": ()},
    "silent": dict.fromkeys(("Q1", "Q2", "Q3", "Q4", "year"), ()),
    "corrected": {"Q1": (Send(0, ("one_more",), is_meant=False), Send(4))},
    "the older stands": {"Q1": (Send(0), Send(4, ("wrong_sum",), is_meant=False))},
    "mended by the unit": {"Q1": (Send(0, ("negative",), is_meant=False), Send(4))},
    "unreadable": {"Q1": (Send(0, damage="truncated"),)},
    "read at last": {"Q3": (Send(0, damage="truncated"), Send(5))},
    "twice": {"Q1": (Send(0), Send(4, same=True))},
    "too early": {"Q2": (Send(-2), Retry(2))},
    "met a rule too strict": {"Q2": (Send(0, ("early_committee",)),)},
    "withdrawn and restored": {"Q2": (Send(0), Withdraw(4), Restore(7))},
    "withdrawn": {"Q2": (Send(0), Withdraw(7))},
    "waived": {
        "Q2": (
            Send(0, ("too_many_commitments",), is_meant=False),
            Waive(3, "LRN-010", until=5),
            Send(4, ("too_many_commitments", "other_contents"), is_meant=False),
            Send(7, ("too_many_commitments", "one_more")),
        )
    },
    "after the close": {"Q2": (Send(0, ("one_more",), is_meant=False), Send(36))},
    "worded": {"Q2": (Send(0, ("worded",)),)},
    "copied": {"Q3": (Send(0, copies=True),)},
    "warned, then refused": {
        "Q3": (Send(0, ("many_contents",)),),
        "Q4": (Send(0, ("many_contents",), is_meant=False), Send(4)),
    },
    "refused since October": {"Q4": (Send(0, ("too_many_commitments",), is_meant=False),)},
    "the year is not the sum": {"year": (Send(0, ("year_is_not_the_sum",)),)},
}

#: Of the cells whose renaming is recorded late. What failed under the old code is mended under the new one; who was
#: silent under the old code and may be late is silent under the new one for a day.
RENAMED: tuple[Tale, ...] = (
    {"Q3": (Permit(2, until=9), Send(5, ("wrong_sum",), is_meant=False), Send(8))},
    {"Q3": (Permit(2, until=12), Send(8))},
)

#: Of the committee that reports once more although it is no more.
MERGED: Tale = {"year": ()}
