"""Who is to be reminded: units of open periods that owe a report, by how close the due day is. A unit whose report was
returned or withdrawn owes one like a unit that sent nothing, and is told so in other words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from catalog import Catalog
from catalog.model import Schedule
from catalog.notices import Audience, Case
from domain.clock import day_of
from domain.life import Life, life_of
from domain.notice import NoticeKind
from domain.submission import SubmissionState
from tasks import notice_words as words
from tasks.notice_outcomes import state_of
from tasks.notice_words import Focal, People
from tasks.settings import Settings
from warehouse.engine import Engine
from warehouse.notices import NOTICE, first_numbers, open_windows, owing

#: Nobody is told of their own accord of a due day that passed longer ago than this, or of an opening.
_TOO_LATE, _NOT_NEWS = timedelta(days=45), timedelta(days=14)

#: Units a list names; of more it says how many.
MOST_UNITS = 500

#: What a list is called that tells of several kinds.
_GRAVEST = (NoticeKind.OVERDUE, NoticeKind.DUE_SOON, NoticeKind.OPENED)

#: The periods people may still report for.
_OPEN = (Life.OPEN, Life.REOPENED)

#: What became of a report that came and does not count.
_CAME = {
    SubmissionState.REJECTED.value: (
        "đã bị trả lại, phải sửa và gửi lại",
        "was returned and still has to be corrected",
    ),
    SubmissionState.UNREADABLE.value: ("không đọc được, phải gửi lại", "could not be read and has to be sent again"),
    SubmissionState.WITHDRAWN.value: ("đã được rút, cần báo cáo mới", "was withdrawn, and a new one is needed"),
}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Urgency:
    """How pressing a debt is: since when (a day that was crossed), of what kind, by which of the days of reminding."""

    crossed: date
    kind: NoticeKind
    threshold: int


def urgency(
    due: date | None,
    today: date,
    opened: date | None,
    schedule: Schedule,
    *,
    asked: bool = False,
    reopened: date | None = None,
) -> Urgency | None:
    """The most pressing thing to say of a debt; ``None`` when there is nothing to say yet, or not any more.

    Only the last day of reminding that was crossed counts: after days without the program nobody is told of each that
    was missed. ``asked``: a person named the period, however long ago it was due; ``reopened``: the day it was opened
    again, from which on it is asked for like one that was due then.
    """
    left = (due - today).days if due is not None else 0
    if due is not None and left < 0:
        passed = [days for days in schedule.remind_days_after if days <= -left]
        if not passed or not (asked or today - max(due, reopened or due) <= _TOO_LATE):
            return None
        return Urgency(due + timedelta(days=max(passed)), NoticeKind.OVERDUE, max(passed))
    near = [days for days in schedule.remind_days_before if due is not None and left <= days]
    if due is not None and near:
        return Urgency(due - timedelta(days=min(near)), NoticeKind.DUE_SOON, min(near))
    if opened is not None and opened <= today <= opened + _NOT_NEWS:
        return Urgency(opened, NoticeKind.OPENED, 0)
    return None


def reminders(
    settings: Settings,
    engine: Engine,
    catalog: Catalog,
    moment: datetime,
    period: str | None = None,
    *,
    only: Collection[int] | None = None,
    supposing: tuple[str, NoticeKind] | None = None,
) -> pl.DataFrame:
    """:data:`warehouse.notices.NOTICE` rows of everything there is to remind of, told before or not.

    ``period``: that one alone, as long as it is not closed; ``only``: numbers of units and focal points;
    ``supposing``: what this unit would be told of this kind, did it owe every report of the period.
    """
    today = day_of(moment)
    rows: list[Row] = []
    for window in open_windows(engine, period).to_dicts():
        if supposing is not None:
            rows.extend(_supposed(settings, engine, catalog, window, today, *supposing))
            continue
        if _life(window) in _OPEN or (period is not None and _life(window) is Life.PLANNED):
            rows.extend(_of_period(settings, engine, catalog, window, today, asked=period is not None, only=only))
    return pl.DataFrame(rows, schema=NOTICE, orient="row")


def open_debts(engine: Engine, moment: datetime) -> int:
    """Units of open periods that sent nothing although their due day has passed."""
    today = day_of(moment)
    count = 0
    with engine.connect() as connection:
        for window in open_windows(engine).to_dicts():
            if _life(window) in _OPEN:
                debts = owing(connection, window["period"], today)
                late = debts.filter("is_missing", (pl.col("due") < today) & (pl.col("due") >= today - _TOO_LATE))
                count += late["unit_id"].n_unique()
    return count


def _life(window: Row) -> Life:
    moments = (window[name] for name in ("opened_at", "closing_at", "closed_at", "reopened_at"))
    return life_of(*moments, has_reports=bool(window["has_reports"]))


def _of_period(
    settings: Settings,
    engine: Engine,
    catalog: Catalog,
    window: Row,
    today: date,
    *,
    asked: bool,
    only: Collection[int] | None,
) -> Iterator[Row]:
    again, opened = _reopened_on(window), window["opened_at"]
    began = again or (day_of(opened) if opened else None)
    with engine.connect() as connection:
        debts = owing(connection, window["period"], today)
    missing = debts.filter("is_open")
    said = {
        due: urgency(due, today, began, catalog.schedule, asked=asked, reopened=again)
        for due in missing["due"].unique()
    }
    if all(told is None for told in said.values()):
        return
    people = People.of(engine, missing["unit_id"].unique(), today)
    writer = _Writer(settings, catalog, window, today, people, said, _firsts(engine, missing, people))
    units = [part.to_dicts() for part in missing.sort("unit", "form").partition_by("unit_id", maintain_order=True)]
    for unit in units:
        if only is None or unit[0]["unit_id"] in only:
            yield from writer.own(unit)
    yield from writer.lists(units, _owing_below(engine, debts, people, today), only)


def _reopened_on(window: Row) -> date | None:
    return day_of(window["reopened_at"]) if window["reopened_at"] else None


def _supposed(
    settings: Settings, engine: Engine, catalog: Catalog, window: Row, today: date, unit: str, kind: NoticeKind
) -> Iterator[Row]:
    with engine.connect() as connection:
        forms = owing(connection, window["period"], today).filter(unit=unit).to_dicts()
    if forms:
        people = People.of(engine, [forms[0]["unit_id"]], today)
        said = {form["due"]: Urgency(today, kind, 0) for form in forms}
        yield from _Writer(settings, catalog, window, today, people, said, {}).own(forms)


def _firsts(engine: Engine, missing: pl.DataFrame, people: People) -> dict[int, int]:
    """The numbers that reasons name units and focal points by (:func:`warehouse.notices.first_numbers`)."""
    focal = {above.unit_id for focals in people.focal.values() for above in focals}
    with engine.connect() as connection:
        return first_numbers(connection, focal | set(missing["unit_id"]))


def _owing_below(engine: Engine, debts: pl.DataFrame, people: People, today: date) -> dict[int, int]:
    """How many units below each focal point owe anything, those that sent it included."""
    if not people.focal:
        return {}
    everyone = People.of(engine, debts["unit_id"].unique(), today)
    counts: dict[int, int] = defaultdict(int)
    for focals in everyone.focal.values():
        for number in {above.unit_id for above in focals}:
            counts[number] += 1
    return counts


@dataclass(frozen=True)
class _Writer:
    settings: Settings
    catalog: Catalog
    window: Row
    today: date
    people: People
    said: Mapping[date | None, Urgency | None]
    #: the first number of units and focal points that bear another one by now
    firsts: Mapping[int, int]

    def _known_as(self, unit_id: int) -> int:
        """The number by which a reason names a unit: renamed it is told nothing twice."""
        return self.firsts.get(unit_id, unit_id)

    def _most(self, forms: Sequence[Row]) -> Urgency | None:
        """The most urgent of a unit's debts; ``None`` when none is urgent yet."""
        return max((found for form in forms if (found := self._pressing(form)) is not None), default=None)

    def _pressing(self, form: Row) -> Urgency | None:
        """Who sent a report already need not be told that the period was opened."""
        told = self.said[form["due"]]
        return None if told is not None and told.kind is NoticeKind.OPENED and _is_again(form) else told

    def _since(self, kind: NoticeKind) -> str:
        """What a reason says of a period that was opened again, so that whoever still owes is told overdue anew."""
        reopened = self.window["reopened_at"]
        return f":r{reopened:%Y%m%dT%H%M%S}" if reopened and kind is NoticeKind.OVERDUE else ""

    def own(self, forms: Sequence[Row]) -> Iterator[Row]:
        """What the unit itself is told, of all the forms it owes."""
        first, told, due = forms[0], self._most(forms), _first_due(forms)
        if told is None:
            return
        number = self.window["period_id"]
        detail = "" if told.kind is NoticeKind.OPENED else f":{due}:{told.threshold}{self._since(told.kind)}"
        has_texts = told.kind in (NoticeKind.DUE_SOON, NoticeKind.OVERDUE)
        case = Case.AGAIN if has_texts and any(_is_again(form) for form in forms) else Case.USUAL
        for person in self.people.told(first["unit_id"]):
            lang = person.lang
            fields = {
                "unit": words.clean(first["unit"]),
                "unit_name": words.clean(first["unit_name"]),
                "period": words.period_words(self.window, lang),
                "ask": self.people.ask(first["unit_id"], person, lang),
                "forms": "\n".join(_form_line(form, self._not_before(), lang) for form in forms),
                "due": words.day_words(due, lang),
                "days": self._days(due, lang),
            }
            subject, body = words.filled(self.catalog.notice(told.kind, Audience.UNIT, case), lang, fields)
            yield {
                "kind": told.kind.value,
                "reason": f"{told.kind}:{number}:{self._known_as(first['unit_id'])}{detail}",
                "unit_id": first["unit_id"],
                "period_id": number,
                "form_id": None,
                "submission_id": None,
                "recipient": person.email,
                "recipient_name": person.name or None,
                "subject": subject,
                "body": body,
                "attachment": None,
                "state": state_of(person, self.settings),
            }

    def _not_before(self) -> date | None:
        """The day from which reports are taken (FRM-017), while it is still to come."""
        last: date = self.window["last_day"]
        return last if self.today < last else None

    def _days(self, due: date | None, lang: str) -> str:
        return words.how_long((due - self.today).days, lang) if due is not None else ""

    def lists(
        self, units: Sequence[Sequence[Row]], owing_below: Mapping[int, int], only: Collection[int] | None
    ) -> Iterator[Row]:
        """One list a focal point and person, of all units below it that still owe a report."""
        groups: dict[tuple[int, str], list[tuple[Sequence[Row], Focal]]] = defaultdict(list)
        for forms in units:
            for above in self.people.focal.get(forms[0]["unit_id"], []):
                if only is None or above.unit_id in only:
                    groups[above.unit_id, above.person.email].append((forms, above))
        for members in groups.values():
            own = [person for forms, _ in members for person in self.people.own.get(forms[0]["unit_id"], [])]
            pressing = [told for forms, _ in members if (told := self._most(forms)) is not None]
            if pressing and not words.is_told_of_itself([above for _, above in members], own):
                below, above = [forms for forms, _ in members], members[0][1]
                yield self._list(below, above, owing_below.get(above.unit_id, len(below)), pressing)

    def _list(self, units: Sequence[Sequence[Row]], above: Focal, owed: int, pressing: Sequence[Urgency]) -> Row:
        """All that still owe a report are on it, also those nothing presses yet: people rely on their number."""
        person, lang = above.person, above.person.lang
        kind = next(kind for kind in _GRAVEST if any(told.kind is kind for told in pressing))
        # that a period was opened, or opened again, makes no list of debts news
        crossed = max(
            told.crossed for told in pressing if kind is NoticeKind.OPENED or told.kind is not NoticeKind.OPENED
        )
        days = [form["due"] for forms in units for form in forms if form["due"] is not None]
        # of a period that opens the last day is told, of debts the day that comes first
        due = (max if kind is NoticeKind.OPENED else min)(days, default=None)
        fields = {
            "unit": words.clean(above.unit),
            "unit_name": words.clean(above.unit_name),
            "period": words.period_words(self.window, lang),
            "ask": self.people.ask(above.unit_id, person, lang),
            "missing": words.number(len(units), lang),
            "owing": words.number(owed, lang),
            "due": words.day_words(due, lang),
            "days": self._days(due, lang),
            "units": self._units(units, lang),
        }
        subject, body = words.filled(self.catalog.notice(kind, Audience.FOCAL), lang, fields)
        return {
            "kind": kind.value,
            "reason": f"list:{self.window['period_id']}:{self._known_as(above.unit_id)}{self._since(kind)}:{crossed}",
            "unit_id": above.unit_id,
            "period_id": self.window["period_id"],
            "form_id": None,
            "submission_id": None,
            "recipient": person.email,
            "recipient_name": person.name or None,
            "subject": subject,
            "body": body,
            "attachment": None,
            "state": state_of(person, self.settings),
        }

    def _units(self, units: Sequence[Sequence[Row]], lang: str) -> str:
        """The longest overdue first."""
        ordered = sorted(units, key=lambda forms: (_first_due(forms) or date.max, forms[0]["unit"]))
        lines = [
            f"- {words.clean(forms[0]['unit_name'])} ({words.clean(forms[0]['unit'])}): "
            f"{words.pick(lang, 'hạn', 'due')} {words.day_words(_first_due(forms), lang)}, "
            f"{self._days(_first_due(forms), lang)}{_permitted(forms, lang)}{_came_of(forms, lang)}"
            for forms in ordered
        ]
        return words.listed(lines, MOST_UNITS, ("đơn vị", "units"), lang)


def _first_due(forms: Sequence[Row]) -> date | None:
    return min((form["due"] for form in forms if form["due"] is not None), default=None)


def _permitted(forms: Sequence[Row], lang: str) -> str:
    if not any(form["is_permitted"] for form in forms):
        return ""
    return words.pick(lang, ", đã được phép gửi muộn", ", a later day was permitted")


def _is_again(form: Row) -> bool:
    """Whether a report came that does not count."""
    return bool(form["state"] in _CAME)


def _came(form: Row, lang: str) -> str:
    """What became of the report that came; empty when none did."""
    if not _is_again(form):
        return ""
    day = words.day_words(day_of(form["arrived_at"]), lang)
    vi, en = _CAME[form["state"]]
    return words.pick(lang, f"báo cáo nhận ngày {day} {vi}", f"the report received on {day} {en}")


def _came_of(forms: Sequence[Row], lang: str) -> str:
    """The same of a unit, each thing once; of one that sent nothing its due day says enough."""
    return "".join(f", {came}" for came in dict.fromkeys(_came(form, lang) for form in forms) if came)


def _form_line(form: Row, not_before: date | None, lang: str) -> str:
    label = words.clean(form["form_en" if lang == "en" else "form_vi"])
    permit = _permitted([form], lang)
    due = words.day_words(form["due"], lang)
    begin = words.day_words(not_before, lang)
    vi, en = (f"gửi từ ngày {begin}, ", f"to be sent from {begin}, ") if not_before else ("", "")
    came = f": {said}" if (said := _came(form, lang)) else ""
    told_vi, told_en = f"- {label} ({vi}hạn ngày {due}{permit}){came}", f"- {label} ({en}due {due}{permit}){came}"
    return words.pick(lang, told_vi, told_en)


def new_reminders(rows: pl.DataFrame, known: Collection[str], lists: Sequence[str]) -> pl.DataFrame:
    """Those of the reminders nobody was told: by their reason; a list also when one of a later day was written
    (``lists``: the reasons of lists on record): a shorter one says nothing new."""
    latest: dict[str, str] = {}
    for reason in lists:
        prefix, _, crossed = reason.rpartition(":")
        latest[prefix] = max(crossed, latest.get(prefix, ""))
    day = pl.col("reason").str.extract("([^:]*)$", 1)
    told = pl.col("reason").str.replace(":[^:]*$", "").replace_strict(latest, default="", return_dtype=pl.String)
    is_list = pl.col("reason").str.starts_with("list:")
    return rows.filter(pl.when(is_list).then(day > told).otherwise(~pl.col("reason").is_in(list(known))))
