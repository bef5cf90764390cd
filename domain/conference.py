"""Review conferences: sơ kết in the middle of a stretch of work, tổng kết at its end."""

from __future__ import annotations

from enum import StrEnum


class ConferenceKind(StrEnum):
    INTERIM = "interim"  # sơ kết
    FINAL = "final"  # tổng kết


class ConferenceState(StrEnum):
    """``frozen`` is the end: a conference is held once, and another one is opened for other figures."""

    OPEN = "open"
    FROZEN = "frozen"
