"""Notices: what a unit, its focal point or the administrator is told, once for each reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class NoticeKind(StrEnum):
    """``opened``: a period began, with what is owed; ``due_soon``: no report that counts came yet, due in N days;
    ``overdue``: none came and the day has passed; ``rejected`` (also what could not be read, and what was withdrawn)
    and ``accepted``: what became of a report; ``digest``: a summary for the administrator."""

    OPENED = "opened"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    REJECTED = "rejected"
    ACCEPTED = "accepted"
    DIGEST = "digest"


class NoticeState(StrEnum):
    """``written``: a file, and nobody to send it to; ``waiting``: to be sent; ``sending``: handed to the mail server,
    which has not answered (whether it went out is not known); ``sent``; ``refused``: the mail server will never take
    it; ``dropped``: no longer true when its turn came."""

    WRITTEN = "written"
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    DROPPED = "dropped"


class ContactRole(StrEnum):
    """``unit``: is told of the unit itself; ``focal``: of the unit and all below it; ``admin``: gets the digest."""

    UNIT = "unit"
    FOCAL = "focal"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who is told, as in a file: ``unit`` is a code, empty for an administrator."""

    unit: str
    role: str
    name: str
    email: str
    lang: str


#: Letters of an address that no mail server quotes or splits at: what is outside cannot become a header or a second
#: recipient.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def is_address(text: str) -> bool:
    """Whether this is an e-mail address that every mail server takes (RFC 5321, without quoted or foreign letters)."""
    local, at, host = text.rpartition("@")
    labels = host.split(".")
    return (
        bool(at)
        and len(text) <= 254
        and len(local) <= 64
        and _LOCAL.fullmatch(local) is not None
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )
