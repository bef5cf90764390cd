"""Words of notices: fields filled into the texts of the definitions, days and numbers as people write them, and who is
told and asked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from catalog.notices import NoticeText
from domain.clock import ZONE
from domain.notice import ContactRole, NoticeKind
from domain.numbers import en_number, vi_number
from warehouse.contacts import administrators, recipients
from warehouse.engine import Engine
from warehouse.signing import one_line

#: A subject that mail programs show whole, near enough.
_LONGEST_SUBJECT = 200


#: A line that goes on in the definitions; a paragraph ends with a blank line, and what begins with - is a line.
_WRAPPED = re.compile(r"(?<!\n)\n(?![\n-])")

#: Where a field of a line of its own was empty.
_GAP = re.compile(r"\n[ \n]*\n")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a notice goes to; without an address it is a file that somebody passes on."""

    name: str = ""
    email: str = ""
    lang: str = "vi"


NOBODY = Person()


@dataclass(frozen=True, slots=True)
class Focal:
    """A focal point and one of the units it is told of; ``steps`` 0: its own."""

    person: Person
    unit_id: int
    unit: str
    unit_name: str
    steps: int


@dataclass(frozen=True)
class People:
    """Who is told of units and who is asked, by number of unit."""

    own: dict[int, list[Person]] = field(default_factory=dict)
    focal: dict[int, list[Focal]] = field(default_factory=dict)
    admins: list[Person] = field(default_factory=list)

    @classmethod
    def of(cls, engine: Engine, unit_ids: Iterable[int | None], day: date) -> People:
        """Of these units, as they are on ``day``."""
        with engine.connect() as connection:
            found = recipients(connection, unit_ids, day)
            admins = [Person(**row) for row in administrators(connection).to_dicts()]
        own: dict[int, list[Person]] = defaultdict(list)
        focal: dict[int, list[Focal]] = defaultdict(list)
        for row in found.iter_rows(named=True):
            person = Person(row["name"], row["email"], row["lang"])
            if row["role"] == ContactRole.UNIT:
                own[row["unit_id"]].append(person)
            else:
                above = Focal(person, row["focal_id"], row["focal"], row["focal_name"], row["steps"])
                focal[row["unit_id"]].append(above)
        return cls(own, focal, admins)

    def told(self, unit_id: int | None) -> list[Person]:
        """The unit's own people; nobody, when there are none."""
        return (self.own.get(unit_id) if unit_id is not None else None) or [NOBODY]

    def told_of(self, notice: Mapping[str, Any]) -> list[Person]:
        """Whom a notice (``kind, reason, unit_id``) goes to as things are now; :data:`NOBODY` alone of a unit without
        people."""
        if notice["kind"] == NoticeKind.DIGEST:
            return self.admins
        if is_list(notice["reason"]):
            return [above.person for above in self.focal.get(notice["unit_id"], []) if above.steps == 0]
        return self.told(notice["unit_id"])

    def ask(self, unit_id: int | None, besides: Person, lang: str) -> str:
        """Whom to ask: the nearest focal point, else an administrator, other than who is told."""
        near = [above.person for above in (self.focal.get(unit_id, []) if unit_id is not None else [])]
        others = [person for person in (*near, *self.admins) if person.email != besides.email]
        if not others:
            return pick(lang, "cơ quan nhận báo cáo cấp trên trực tiếp", "the office above that collects the reports")
        return f"{clean(others[0].name)} ({others[0].email})"


def is_list(reason: str) -> bool:
    """Whether a notice for this reason is a focal point's list."""
    return "list:" in reason


# ------------------------------------------------------------------------------------------------ texts


def pick(lang: str, vi: str, en: str) -> str:
    return en if lang == "en" else vi


def clean(text: str, longest: int = 500) -> str:
    """One line that nobody can turn into more than words: of a name or a message that came from a file."""
    line = one_line(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def filled(text: NoticeText, lang: str, fields: Mapping[str, str]) -> tuple[str, str]:
    """Subject and body. Every value of ``fields`` is text by now, of several lines where it is a list."""
    subject = clean(text.subject(lang).format_map(fields), _LONGEST_SUBJECT)
    body = _WRAPPED.sub(" ", text.body(lang).strip()).format_map(fields)
    return subject, _GAP.sub("\n\n", body).rstrip() + "\n"


def period_words(row: Mapping[str, Any], lang: str) -> str:
    """``quý I năm 2026``, as it stands within a sentence."""
    if lang == "en":
        return clean(row["period_en"])
    label = clean(row["period_vi"]) or "chưa rõ kỳ"
    return label[:1].lower() + label[1:]


def number(value: int, lang: str) -> str:
    return en_number(value) if lang == "en" else vi_number(value)


def day_words(day: date | None, lang: str) -> str:
    if day is None:
        return pick(lang, "(chưa định)", "(not set)")
    return f"{day:%Y-%m-%d}" if lang == "en" else f"{day:%d/%m/%Y}"


def moment_words(moment: datetime, lang: str) -> str:
    local = moment.astimezone(ZONE)
    return f"{local:%H:%M} {pick(lang, 'ngày', 'on')} {day_words(local.date(), lang)}"


def how_long(left: int, lang: str) -> str:
    """Days until the due day, or since."""
    count = number(abs(left), lang)
    plural = "" if abs(left) == 1 else "s"
    if left > 0:
        return pick(lang, f"còn {count} ngày", f"{count} day{plural} left")
    if left == 0:
        return pick(lang, "hôm nay là ngày cuối", "today is the last day")
    return pick(lang, f"quá hạn {count} ngày", f"{count} day{plural} overdue")


def listed(lines: Sequence[str], most: int, rest: tuple[str, str], lang: str) -> str:
    """The first lines, and how many more there are: ``… và 12 lỗi khác`` (``rest``: words in both languages)."""
    shown = list(lines[:most])
    if len(lines) > most:
        more = number(len(lines) - most, lang)
        shown.append(pick(lang, f"… và {more} {rest[0]} khác", f"… and {more} more {rest[1]}"))
    return "\n".join(shown)


def is_told_of_itself(focals: Collection[Focal], own: Collection[Person]) -> bool:
    """Whether a list would only repeat what the same person is told as the unit's own contact."""
    addresses = {person.email for person in own}
    return all(above.steps == 0 and above.person.email in addresses for above in focals)
