"""Notices: what became of reports, who is to be reminded, what administrators should know; as files, and by mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from domain.act import ActRefusedError
from domain.clock import day_of, now
from domain.notice import NoticeKind
from tasks import log
from tasks.mailing import is_due, send_all
from tasks.notice_digest import digest
from tasks.notice_files import write_files
from tasks.notice_outcomes import outcome_notices, with_reasons
from tasks.notice_reminders import new_reminders, reminders
from tasks.notice_words import People
from tasks.settings import Settings
from tasks.store import definitions, engine_for
from warehouse.engine import Engine
from warehouse.notices import (
    NOTICE,
    also_called,
    drop,
    notices_of,
    outcomes,
    outcomes_of,
    outcomes_of_unit,
    readdress,
    reasons_known,
    reasons_like,
    reword,
    texts_of,
    waiting,
    withdrawn,
    write_notices,
)
from warehouse.notices import (
    give_up as warehouse_give_up,
)
from warehouse.notices import (
    resend as warehouse_resend,
)

_NO_LONGER_TRUE = "không còn đúng khi đến lượt gửi · no longer true when its turn came"

#: A digest that could not be sent for so long is of no use to anybody.
_STALE_DIGEST = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Made:
    """Notices made: how many of each kind, and for how many there is nobody to send them to."""

    by_kind: dict[str, int] = field(default_factory=dict)
    for_nobody: int = 0

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Made:
        return cls(dict(rows.group_by("kind").len().sort("kind").iter_rows()), rows.filter(recipient="").height)

    @property
    def total(self) -> int:
        return sum(self.by_kind.values())


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the notices that waited for the mail server; ``waiting`` of all that wait now, ``unknown`` may
    have gone out or not, ``fault`` is why some could not be sent."""

    sent: int = 0
    refused: int = 0
    dropped: int = 0
    waiting: int = 0
    unknown: int = 0
    fault: str = ""


def notices_after_run(settings: Settings, run: str) -> Made:
    """Tell units what became of the reports this run decided, and of what was decided or turned over since units were
    last told (a run that was killed tells nothing); focal points get one list for all their units.

    Nobody is told the same outcome of a report twice, whichever run comes to it. Without contacts there are files.
    While notices are off what is decided is passed over, so that nobody is told of it when they are on again.
    """
    engine, moment = engine_for(settings.url), now()
    if not settings.notices:
        write_notices(engine, (), moment, up_to=moment)
        return Made()
    found, newest = outcomes(engine, run)
    parts = outcome_notices(settings, engine, definitions(settings), found, moment)
    return _written(settings, engine, write_notices(engine, parts, moment, up_to=newest), run)


def remind(settings: Settings, moment: datetime, period: str | None = None) -> Made:
    """Tell units of open periods that owe a report, each of the most urgent day of reminding alone, and focal points
    one list for all their units; and units whose report was withdrawn, that it was. Administrators get the digest of
    the day, once.

    With ``period`` that one alone, however long ago it was due, and no digest. A closed period reminds nobody.
    """
    if not settings.notices:
        return Made()
    engine = engine_for(settings.url)
    made = write_notices(engine, [due_reminders(settings, engine, moment, period)], moment)
    if period is None:
        rows, so_far = digest(settings, engine, definitions(settings), moment)
        if rows.height:
            made = pl.concat([made, write_notices(engine, [rows], moment, digest=so_far)])
    return _written(settings, engine, made)


def _written(settings: Settings, engine: Engine, rows: pl.DataFrame, run: str | None = None) -> Made:
    """The files of what was put down; told in the log by kind."""
    write_files(settings, engine)
    made = Made.of(rows)
    for kind, count in made.by_kind.items():
        log.tell("notice.written", settings, kind=kind, count=count, run=run)
    return made


def due_reminders(settings: Settings, engine: Engine, moment: datetime, period: str | None = None) -> pl.DataFrame:
    """The reminders and withdrawals nobody was told of yet; nothing is written."""
    catalog = definitions(settings)
    taken_out = outcome_notices(settings, engine, catalog, withdrawn(engine, period), moment)
    rows = reminders(settings, engine, catalog, moment, period)
    with engine.connect() as connection:
        known = reasons_known(connection, rows["reason"].unique())
        lists = [
            reason for number in rows["period_id"].unique() for reason in reasons_like(connection, f"list:{number}:")
        ]
    return pl.concat([*taken_out, new_reminders(rows, known.to_list(), lists)])


def deliver(settings: Settings, *, at_once: bool = False) -> Delivered:
    """Send what waits by SMTP, where that is configured; what is no longer true is dropped first, what is true in other
    words by now is put into them, and what waits for somebody who is not told any more goes to whoever is.

    A server that cannot be reached is no error: the notices wait, and say why. ``at_once``: also those whose next try
    is not due yet. Nothing goes out while notices are off.
    """
    if not settings.notices:
        return Delivered()
    engine, moment = engine_for(settings.url), now()
    _readdress(engine, moment)
    dropped = _bring_up_to_date(settings, engine, moment)
    write_files(settings, engine)
    rows = waiting(engine).to_dicts()
    if not settings.smtp_host:
        fault = "chưa cấu hình máy chủ thư · no mail server is configured" if rows else ""
        return Delivered(dropped=dropped, waiting=len(rows), fault=fault)
    tally = send_all(settings, engine, [row["id"] for row in rows if at_once or is_due(row, moment)])
    left = len(rows) - tally.sent - tally.refused - tally.unknown
    return Delivered(tally.sent, tally.refused, dropped, left, tally.unknown, tally.fault)


def resend(settings: Settings, number: int, *, who: str, reason: str) -> str:
    """Let a notice go out (again) although nobody knows whether it did, or it was refused, or only written; its state
    before. One that was written for nobody, or for somebody who is not told any more, goes to whoever is by now. Raises
    :class:`ActRefusedError`."""
    engine, moment = engine_for(settings.url), now()
    rows = notices_of(engine, number=number)
    people = People.of(engine, rows["unit_id"], day_of(moment))
    told = [person for row in rows.iter_rows(named=True) for person in people.told_of(row) if person.email]
    return warehouse_resend(engine, number, moment, who=who, reason=reason, people=[(p.name, p.email) for p in told])


def give_up(settings: Settings, number: int, *, who: str, reason: str) -> str:
    """A notice need not go out (again): it arrived after all, or was told in another way; its state before. Raises
    :class:`ActRefusedError`."""
    return warehouse_give_up(engine_for(settings.url), number, now(), who=who, reason=reason)


def preview(settings: Settings, kind: NoticeKind, unit: str, period: str) -> pl.DataFrame:
    """What would be told now of a unit and a period (nothing of either for the digest), whatever was told before; rows
    of :data:`warehouse.notices.NOTICE`, none of which are kept. Raises :class:`ActRefusedError`."""
    engine, moment, catalog = engine_for(settings.url), now(), definitions(settings)
    if kind is NoticeKind.DIGEST:
        return digest(settings, engine, catalog, moment, anyway=True)[0]
    if not unit or not period:
        raise ActRefusedError("Ghi --unit và --period", "Give --unit and --period")
    if kind in (NoticeKind.REJECTED, NoticeKind.ACCEPTED):
        found = outcomes_of_unit(engine, unit, period)
        told = outcome_notices(settings, engine, catalog, found, moment, anyway=True)
        rows = pl.concat([pl.DataFrame(schema=NOTICE), *told]).filter(
            pl.col("kind") == kind.value, pl.col("submission_id").is_not_null()
        )
    else:
        rows = reminders(settings, engine, catalog, moment, period, supposing=(unit, kind))
    if rows.is_empty():
        raise ActRefusedError(
            f"{unit} không có gì để báo như vậy cho kỳ {period}; xem: tongket status --period {period} --unit {unit}",
            f"There is nothing of the kind to tell {unit} of {period}; see: tongket status --period {period}"
            f" --unit {unit}",
        )
    return rows


# ------------------------------------------------------------------------------------------------ still true?


def _readdress(engine: Engine, moment: datetime) -> None:
    """A contact that was corrected, or is somebody else's by now, gets nothing that waited for it, least of all a
    unit's workbook."""
    rows = waiting(engine)
    people = People.of(engine, rows["unit_id"].unique(), day_of(moment)) if rows.height else People()
    moved = {
        row["id"]: [(person.name, person.email) for person in told]
        for row in rows.iter_rows(named=True)
        for told in [people.told_of(row)]
        if row["recipient"] not in [person.email for person in told]
    }
    if moved:
        readdress(engine, moved)


def _bring_up_to_date(settings: Settings, engine: Engine, moment: datetime) -> int:
    """How many notices that waited were dropped."""
    rows = waiting(engine)
    if rows.is_empty():
        return 0
    is_digest = pl.col("kind") == NoticeKind.DIGEST.value
    stale = rows.filter(is_digest & (pl.col("made_at") < moment - _STALE_DIGEST))
    gone = [*stale["id"], *_overtaken(engine, rows), *_settled_debts(settings, engine, rows, moment)]
    drop(engine, gone, _NO_LONGER_TRUE)
    if gone:
        log.tell("notice.dropped", settings, count=len(gone))
    return len(gone)


def _overtaken(engine: Engine, rows: pl.DataFrame) -> Sequence[int]:
    """Notices of reports that have another outcome by now, or a newer version. Lists speak of a run: they stay true."""
    told = rows.filter(pl.col("submission_id").is_not_null())
    with engine.connect() as connection:
        present = outcomes_of(connection, told["submission_id"].unique())
    reasons = with_reasons(engine, present).rows["reason"]
    return told.filter(~pl.col("reason").is_in(reasons.implode()))["id"].to_list()


_REMINDING = [NoticeKind.OPENED.value, NoticeKind.DUE_SOON.value, NoticeKind.OVERDUE.value]


def _settled_debts(settings: Settings, engine: Engine, rows: pl.DataFrame, moment: datetime) -> Sequence[int]:
    """Reminders to units that sent a report meanwhile, or that something more urgent is to be said to."""
    told = rows.filter(pl.col("kind").is_in(_REMINDING))
    gone: list[int] = []
    catalog = definitions(settings)
    for (period,), part in told.group_by("period"):
        only = also_called(engine, part["unit_id"])
        said = texts_of(engine, part["id"].to_list()).select("id", "subject", "body")
        true_now = reminders(settings, engine, catalog, moment, str(period), only=only)
        ours = (
            part.join(said, on="id")
            .with_columns(_matter())
            .join(
                true_now.with_columns(_matter()).select(
                    "matter", "recipient", now_reason="reason", now_subject="subject", now_body="body"
                ),
                on=["matter", "recipient"],
                how="left",
            )
        )
        # a shorter list is still true; what a later day of reminding asks for, or a period that was opened again, is
        # written as a notice of its own
        holds = (
            pl.when(pl.col("reason").str.starts_with("list:"))
            .then((pl.col("now_reason") <= pl.col("reason")) & (_series("now_reason") == _series("reason")))
            .otherwise(pl.col("now_reason") == pl.col("reason"))
            .fill_null(value=False)
        )
        gone.extend(ours.filter(~holds)["id"])
        other = ours.filter(
            holds & ((pl.col("now_body") != pl.col("body")) | (pl.col("now_subject") != pl.col("subject")))
        )
        reword(engine, other.select("id", subject="now_subject", body="now_body"))
    return gone


def _series(reason: str) -> pl.Expr:
    return pl.col(reason).str.replace(":[^:]*$", "")


def _matter() -> pl.Expr:
    """What a reminder is about, without the day of reminding: a list by its focal point, else the unit; both by the
    number the reason names them by, which stays when they are renamed."""
    reason = pl.col("reason")
    is_list = reason.str.starts_with("list:")
    unit = reason.str.extract("^[^:]*:[^:]*:([^:]*)", 1)
    return pl.when(is_list).then(pl.lit("list:") + unit).otherwise(pl.lit("unit:") + unit).alias("matter")


def unsent(delivered: Delivered) -> int:
    """Notices that should have gone out by now and did not."""
    return delivered.waiting + delivered.refused + delivered.unknown
