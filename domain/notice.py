"""Notices: what a unit, its focal point or the administrator is told, once for each reason."""

from __future__ import annotations

from enum import StrEnum


class NoticeKind(StrEnum):
    """``opened``: a period began, with what is owed; ``due_soon``: nothing came yet, due in N days; ``overdue``:
    nothing came and the day has passed; ``rejected`` (also what could not be read) and ``accepted``: what became of a
    report; ``digest``: a summary for the administrator."""

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
