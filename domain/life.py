"""The life of a reporting period: planned → open → closing → closed → (reopened)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum


class Life(StrEnum):
    """``planned``: nobody opened it yet (a report that comes early is taken all the same); ``closing``: the last
    collection before it is closed is under way; ``closed``: its reports are refused; ``reopened``: open again."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    REOPENED = "reopened"


#: What a life is called, in Vietnamese and in English.
WORDS: Mapping[str, tuple[str, str]] = {
    Life.PLANNED: ("chưa mở", "planned"),
    Life.OPEN: ("đang mở", "open"),
    Life.CLOSING: ("đang đóng", "closing"),
    Life.CLOSED: ("đã đóng", "closed"),
    Life.REOPENED: ("đã mở lại", "reopened"),
}


def life_of(
    opened_at: datetime | None,
    closing_at: datetime | None,
    closed_at: datetime | None,
    reopened_at: datetime | None,
    *,
    has_reports: bool = False,
) -> Life:
    """What a period's moments say of it; each is empty until it happened, ``closed_at`` again when reopened.

    A period that reports came for is open although nobody said so."""
    if closed_at is not None:
        return Life.CLOSED
    if closing_at is not None:
        return Life.CLOSING
    if reopened_at is not None:
        return Life.REOPENED
    return Life.OPEN if has_reports or opened_at is not None else Life.PLANNED
