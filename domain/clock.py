"""The clock: the present moment, and the day it is where the reports are written.

A whole year can be played through (:func:`pretending`) without waiting for it; nothing outside this process sees that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

#: Cut-offs and due dates are days of this zone, wherever the program runs.
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

_pretended: datetime | None = None


def now() -> datetime:
    """The present moment, in UTC."""
    return _pretended or datetime.now(UTC)


def today() -> date:
    """The day it is where the offices are."""
    return day_of(now())


def day_of(moment: datetime) -> date:
    """The day it was where the offices are."""
    return moment.astimezone(ZONE).date()


@contextmanager
def pretending(moment: datetime) -> Iterator[None]:
    """Let it be ``moment`` (with its zone) for everything this process does in the meantime, in every thread."""
    global _pretended  # noqa: PLW0603  (there is one clock)
    if moment.tzinfo is None:
        raise ValueError(f"a moment needs a time zone, got {moment.isoformat()}")
    before, _pretended = _pretended, moment.astimezone(UTC)
    try:
        yield
    finally:
        _pretended = before
