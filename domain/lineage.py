"""How figures of units of one day may be set beside those of another, when units merged or split between."""

from __future__ import annotations

from enum import StrEnum


class Comparable(StrEnum):
    """Whether what the old unit reported may be compared with what the new one reports."""

    #: the figures of all rows of this new unit, added up, stand for the same people and places as the new unit's own
    FULL = "full"
    #: all of the old unit is in the new one, but the new one also holds parts of others: less than the whole
    PARTIAL = "partial"
    #: nothing can be said
    NONE = "none"


class LineageReason(StrEnum):
    """Why a row of a mapping is as comparable as it is."""

    #: the same unit on both days, and nothing flowed in or out
    UNCHANGED = "unchanged"
    #: one whole unit became another, by renaming, change of superior, or a merger of one
    CONTINUED = "continued"
    #: one of several that wholly went into the new unit, which holds nothing else: they are added up
    MERGED = "merged"
    #: wholly in the new unit, which also received parts of other units
    RECEIVED_PARTS = "received_parts"
    #: only a part of the old unit is in the new one
    SPLIT = "split"
    #: the old unit ended and no event says where all or this part of it went
    ENDED_UNTOLD = "ended_untold"
    #: the new unit began and no event says what it was made of
    BEGAN_UNTOLD = "began_untold"
