"""Texts of notices as definitions: subject and body in both languages, with named fields that are filled in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import product
from string import Formatter

from catalog.model import Definition
from domain.notice import NoticeKind

FILE = "notices.yaml"


class Audience(StrEnum):
    """Whom a text speaks to: the unit it is about, the focal point above it (a list of units), administrators."""

    UNIT = "unit"
    FOCAL = "focal"
    ADMIN = "admin"


class Case(StrEnum):
    """What sets an occasion apart. ``again``: the unit did send a report and still owes one, because it was returned or
    withdrawn; ``withdrawn``: a report that stood in the totals was taken out of them."""

    USUAL = "usual"
    AGAIN = "again"
    WITHDRAWN = "withdrawn"


_ALWAYS = ("unit", "unit_name", "period", "ask")
_REPORT = (*_ALWAYS, "form", "file", "submission", "received", "outcome", "warnings")
_LISTED = (*_ALWAYS, "reports", "accepted", "failed")
_OWED = (*_ALWAYS, "missing", "owing", "due", "days", "units")

#: The fields that are known when a text is filled in, by what it tells and to whom.
_USUAL: dict[tuple[NoticeKind, Audience], tuple[str, ...]] = {
    (NoticeKind.OPENED, Audience.UNIT): (*_ALWAYS, "forms", "due"),
    (NoticeKind.DUE_SOON, Audience.UNIT): (*_ALWAYS, "forms", "due", "days"),
    (NoticeKind.OVERDUE, Audience.UNIT): (*_ALWAYS, "forms", "due", "days"),
    (NoticeKind.REJECTED, Audience.UNIT): (*_REPORT, "critical", "findings", "attached", "by_when"),
    (NoticeKind.ACCEPTED, Audience.UNIT): _REPORT,
    (NoticeKind.OPENED, Audience.FOCAL): _OWED,
    (NoticeKind.DUE_SOON, Audience.FOCAL): _OWED,
    (NoticeKind.OVERDUE, Audience.FOCAL): _OWED,
    (NoticeKind.REJECTED, Audience.FOCAL): _LISTED,
    (NoticeKind.ACCEPTED, Audience.FOCAL): _LISTED,
    (NoticeKind.DIGEST, Audience.ADMIN): (
        "day",
        "since",
        "runs",
        "received",
        "accepted",
        "failed",
        "unplaced",
        "overdue",
        "unsent",
        "next_cutoff",
    ),
}

_WITHDRAWN = ("form", "file", "submission", "received", "who", "why", "when", "needed")

#: What a text is told on: its kind, whom it speaks to, and what sets the occasion apart.
Key = tuple[NoticeKind, Audience, Case]

FIELDS: dict[Key, tuple[str, ...]] = {
    **{(*key, Case.USUAL): fields for key, fields in _USUAL.items()},
    (NoticeKind.DUE_SOON, Audience.UNIT, Case.AGAIN): _USUAL[NoticeKind.DUE_SOON, Audience.UNIT],
    (NoticeKind.OVERDUE, Audience.UNIT, Case.AGAIN): _USUAL[NoticeKind.OVERDUE, Audience.UNIT],
    (NoticeKind.REJECTED, Audience.UNIT, Case.WITHDRAWN): (*_ALWAYS, *_WITHDRAWN),
    (NoticeKind.REJECTED, Audience.FOCAL, Case.WITHDRAWN): (*_ALWAYS, "reports", "count"),
}

LANGUAGES = ("vi", "en")


class NoticeText(Definition):
    """What is told on an occasion, to whom. A subject is one line."""

    kind: NoticeKind
    audience: Audience
    case: Case = Case.USUAL
    subject_vi: str
    body_vi: str
    subject_en: str
    body_en: str

    @property
    def key(self) -> Key:
        return self.kind, self.audience, self.case

    def subject(self, lang: str) -> str:
        return self.subject_en if lang == "en" else self.subject_vi

    def body(self, lang: str) -> str:
        return self.body_en if lang == "en" else self.body_vi


def text_faults(texts: Sequence[NoticeText]) -> Iterator[tuple[str, str]]:
    """(where, what): a text that is missing, stands twice, is empty, or names a field that is not known then."""
    keys = [text.key for text in texts]
    for key in FIELDS:
        if key not in keys:
            yield _named(key), "has no text"
    for text in texts:
        where = _named(text.key)
        if text.key not in FIELDS:
            yield where, "is told to nobody"
            continue
        if keys.count(text.key) > 1:
            yield where, f"stands {keys.count(text.key)} times"
        for part, lang in product(("subject", "body"), LANGUAGES):
            words: str = getattr(text, f"{part}_{lang}")
            yield from ((where, f"{part}_{lang} {what}") for what in _wrong(words, FIELDS[text.key], part))


def _named(key: Key) -> str:
    kind, audience, case = key
    return f"{kind} {audience}" if case is Case.USUAL else f"{kind} {audience} {case}"


def _wrong(words: str, known: Sequence[str], part: str) -> Iterator[str]:
    if not words.strip():
        yield "is empty"
    if part == "subject" and len(words.strip().splitlines()) > 1:
        yield "has more than one line"
    try:
        parsed = list(Formatter().parse(words))
    except ValueError as error:
        yield f"has a brace that does not close: {error}"
        return
    for _, name, how, conversion in parsed:
        if name is not None and name not in known:
            yield f"names an unknown field {{{name}}}; known are {', '.join(known)}"
        elif how or conversion:
            yield f"{{{name}}} can only be filled in as it is"
