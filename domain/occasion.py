"""Occasions: what the calendar asks for at a certain moment, such as to collect at the cut-off of a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OccasionKind(StrEnum):
    """Each is the work of one flow: ``open-period``, ``collect-period``, ``remind``, ``close-period``,
    ``year-end-review``."""

    OPEN = "open"
    COLLECT = "collect"
    REMIND = "remind"
    CLOSE = "close"
    REVIEW = "review"


@dataclass(frozen=True, slots=True, order=True)
class Occasion:
    """``at`` is the moment (UTC) it falls due; ``label`` tells occasions of a kind and period apart: ``cutoff``,
    ``due:base`` (the deadline of a level), ``day:2026-03-02`` (daily), empty where there is only one."""

    at: datetime
    kind: OccasionKind
    period: str
    label: str = ""
