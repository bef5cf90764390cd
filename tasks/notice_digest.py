"""What administrators are told once a day at most, and only when something happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from catalog import Catalog
from catalog.notices import Audience
from domain.clock import day_of
from domain.notice import NoticeKind
from tasks import notice_words as words
from tasks.notice_outcomes import state_of
from tasks.notice_reminders import open_debts
from tasks.notice_words import NOBODY, Person
from tasks.settings import Settings
from warehouse.contacts import administrators
from warehouse.engine import Engine
from warehouse.notices import NOTICE, counts_by_state, happened, next_cutoff, told_so_far, unplaced

#: Counts that make a day worth telling of.
_NEWS = ("completed", "failed", "died", "received", "accepted", "turned_back", "unsent")

_STATES_UNSENT = ("failing", "sending", "refused")


def digest(
    settings: Settings, engine: Engine, catalog: Catalog, moment: datetime, *, anyway: bool = False
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """:data:`warehouse.notices.NOTICE` rows of today's digest, none when it was told or nothing happened; and what it
    counted, for the next. ``anyway``: to be looked at, whatever was told."""
    day = day_of(moment)
    before = told_so_far(engine)
    so_far: dict[str, Any] = {**happened(engine), "day": day.isoformat()}
    states = counts_by_state(engine)
    new = {
        **{name: max(0, count - int(before.get(name, 0))) for name, count in so_far.items() if name != "day"},
        "unsent": sum(states.get(state, 0) for state in _STATES_UNSENT),
    }
    is_told = str(before.get("day", "")) >= day.isoformat()
    overdue = open_debts(engine, moment)
    if not anyway and (is_told or not (overdue or any(new[name] for name in _NEWS))):
        return pl.DataFrame(schema=NOTICE), before
    with engine.connect() as connection:
        people = [Person(**row) for row in administrators(connection).to_dicts()] or [NOBODY]
    since = before.get("day") or (day - timedelta(days=1)).isoformat()
    new |= {"overdue": overdue, "unplaced": unplaced(engine)}
    rows = [_row(settings, engine, catalog, person, moment, str(since), new) for person in people]
    return pl.DataFrame(rows, schema=NOTICE, orient="row"), so_far


def _row(
    settings: Settings,
    engine: Engine,
    catalog: Catalog,
    person: Person,
    moment: datetime,
    since: str,
    new: Mapping[str, int],
) -> dict[str, Any]:
    lang, day = person.lang, day_of(moment)
    ahead = next_cutoff(engine, day)
    fields = {
        "day": words.day_words(day, lang),
        "since": words.day_words(datetime.fromisoformat(since).date(), lang),
        "runs": _runs(new, lang),
        "received": words.number(new["received"], lang),
        "accepted": words.number(new["accepted"], lang),
        "failed": words.number(new["turned_back"], lang),
        "unplaced": words.number(new["unplaced"], lang),
        "overdue": words.number(new["overdue"], lang),
        "unsent": words.number(new["unsent"], lang),
        "next_cutoff": words.pick(lang, "chưa có trong lịch", "none in the calendar")
        if ahead is None
        else f"{words.day_words(ahead[0], lang)} ({words.pick(lang, ahead[1], ahead[2])})",
    }
    subject, body = words.filled(catalog.notice(NoticeKind.DIGEST, Audience.ADMIN), lang, fields)
    return {
        **dict.fromkeys(NOTICE),
        "kind": NoticeKind.DIGEST.value,
        "reason": f"{NoticeKind.DIGEST}:{day}",
        "recipient": person.email,
        "recipient_name": person.name or None,
        "subject": subject,
        "body": body,
        "state": state_of(person, settings),
    }


def _runs(new: Mapping[str, int], lang: str) -> str:
    completed, failed, died = (words.number(new[name], lang) for name in ("completed", "failed", "died"))
    return words.pick(
        lang,
        f"{completed} hoàn thành, {failed} hỏng, {died} bị ngắt",
        f"{completed} completed, {failed} failed, {died} cut short",
    )
