"""Notices: what became of reports, who is to be reminded, what administrators should know; as files, and by mail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tasks.settings import Settings


@dataclass(frozen=True, slots=True)
class Made:
    """Notices made: how many of each kind, and for how many there is nobody to send them to."""

    by_kind: dict[str, int] = field(default_factory=dict)
    for_nobody: int = 0


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the notices that waited for the mail server; ``fault`` is why some wait on."""

    sent: int = 0
    refused: int = 0
    dropped: int = 0
    waiting: int = 0
    unknown: int = 0
    fault: str = ""


def notices_after_run(settings: Settings, run: str) -> Made:
    """Tell units what became of the reports the run decided; focal points get a list."""
    raise NotImplementedError


def remind(settings: Settings, moment: datetime, period: str | None = None) -> Made:
    """Remind who owes a report of an open period (or of ``period``) and sent nothing; the digest of the day."""
    raise NotImplementedError


def deliver(settings: Settings) -> Delivered:
    """Send what waits by SMTP, where that is configured."""
    raise NotImplementedError
