"""Notices as rows: which outcomes and debts there are to tell of, what was told, and what became of each telling.

A reason is told once: whoever writes notices looks for the reason inside the transaction that writes them, and both
databases keep (reason, recipient) unique. What goes out is claimed first (:func:`claim`): a notice whose claim was
committed and whose end was not is never sent again by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, case, exists, func, or_, select, update

from domain.act import Act, ActRefusedError
from domain.finding import Severity
from domain.notice import NoticeState
from domain.submission import FAILED, IN_FORCE, SubmissionState
from warehouse import tables
from warehouse.bulk import MOMENT, insert_frame, next_id, number_rows, read_frame, read_where_in, update_frame
from warehouse.engine import write
from warehouse.registry import set_setting, setting
from warehouse.reporting import is_latest, is_same_report, permits, status_on
from warehouse.signing import record, sign
from warehouse.units import selves
from warehouse.words import Words

#: A notice before it has a number; ``made_at`` and ``state`` are the same for all of one writing.
NOTICE = {
    "kind": pl.String,
    "reason": pl.String,
    "unit_id": pl.Int64,
    "period_id": pl.Int64,
    "form_id": pl.Int64,
    "submission_id": pl.Int64,
    "recipient": pl.String,
    "recipient_name": pl.String,
    "subject": pl.String,
    "body": pl.String,
    "attachment": pl.String,
    "state": pl.String,
}

#: States whose outcome is told.
_TOLD = sorted({*FAILED, *IN_FORCE})

#: How a try ends that decides what becomes of a report.
_DECIDED = _TOLD

#: What is told of an act, by what it is called.
_ACT = {"id": "act", "who": "act_who", "reason": "act_why", "at": "act_at"}

#: States of the latest version of a report that its unit still owes, as long as no version is in force.
_OWING = ["missing", *sorted({*FAILED, SubmissionState.WITHDRAWN})]

#: Up to which decision outcomes were told, and how far before it a decision may have been committed later.
_UP_TO, _OVERLAP = "notices_told_up_to", timedelta(hours=1)

#: What the last digest counted.
_DIGEST = "notices_digest"

#: Runs that do not work on reports.
_NO_REPORTS = ("remind",)

#: Notices in full in memory at a time.
_PAGE = 5_000

#: While a notice was handed over less than this ago, whoever did may still be waiting for the answer: a mail server may
#: take minutes for the text, and as many to say that it has it.
STILL_SENDING = timedelta(minutes=15)

_TAKEN_BACK = "người nhận không còn trong danh sách · no longer among those who are told"


# ------------------------------------------------------------------------------------------------ outcomes to tell


def outcomes(engine: Engine, run: str) -> tuple[pl.DataFrame, datetime | None]:
    """Latest versions whose outcome this run decided, or that were decided, or turned over, since outcomes were last
    told; and the newest such moment, for :func:`write_notices`.

    ``submission_id, state, unit_id, unit, unit_name, period_id, period, period_vi, period_en, form_id, form, form_vi,
    form_en, file_name, received_at, decided_at, n_critical, n_warning, n_settled, due, act, act_who, act_why, act_at,
    is_owed``; the last five only of what was withdrawn (:func:`withdrawn`), which is among them.
    """
    here, attempt = tables.submission.c, tables.attempt.c
    with engine.connect() as connection:
        told = setting(connection, _UP_TO)
        concerned: ColumnElement[bool] = attempt.run_id == run
        if told is not None:
            since = datetime.fromisoformat(told) - _OVERLAP
            concerned = or_(concerned, here.decided_at > since, here.returned_at > since)
        found = read_frame(connection, _outcomes().where(concerned, here.state.in_(_TOLD), is_latest()))
        taken_out = _withdrawn_since_told(connection)
    moments = [moment for name in ("decided_at", "returned_at") if (moment := found[name].max()) is not None]
    newest = max(moments, default=None)
    assert newest is None or isinstance(newest, datetime)
    return _together(found, taken_out), newest


def withdrawn(engine: Engine, period: str | None = None) -> pl.DataFrame:
    """:func:`outcomes` of the reports that stood in the totals and were withdrawn since outcomes were last told, as
    long as nothing stands in their place: with the act (``act, act_who, act_why, act_at``), and with ``is_owed`` 1 when
    the unit still may and must report. Of one period, or of all."""
    with engine.connect() as connection:
        found = _together(None, _withdrawn_since_told(connection))
    return found if period is None else found.filter(pl.col("period") == period)


def _withdrawn_since_told(connection: Connection) -> pl.DataFrame:
    told = setting(connection, _UP_TO)
    since = datetime.now(UTC) if told is None else datetime.fromisoformat(told) - _OVERLAP
    return read_frame(connection, _withdrawn().where(tables.action.c.at > since))


def _together(found: pl.DataFrame | None, taken_out: pl.DataFrame) -> pl.DataFrame:
    parts = [taken_out] if found is None else [found, taken_out]
    return pl.concat(parts, how="diagonal_relaxed").drop("returned_at")


def begin_telling(engine: Engine) -> None:
    """From now on units are told of what is decided; what was decided before the program told anybody is left."""
    with write(engine) as connection:
        if setting(connection, _UP_TO) is None:
            set_setting(connection, _UP_TO, datetime.now(UTC).isoformat())


def outcomes_of(connection: Connection, submissions: Iterable[int]) -> pl.DataFrame:
    """:func:`outcomes` of these submissions as they are now; those that are not the latest version any more are not
    among them."""
    here, numbers = tables.submission.c, list(submissions)
    query = _outcomes().where(here.state.in_(_TOLD), is_latest())
    found = read_where_in(connection, query, here.id, numbers)
    return _together(found, read_where_in(connection, _withdrawn(), here.id, numbers))


def outcomes_of_unit(engine: Engine, unit: str, period: str) -> pl.DataFrame:
    """:func:`outcomes` of what a unit, or what it was before it was renamed, sent for a period."""
    here = tables.submission.c
    of_it = (tables.period.c.code == period, here.unit_id.in_(_selves_of(unit)))
    query = _outcomes().where(here.state.in_(_TOLD), is_latest(), *of_it)
    with engine.connect() as connection:
        return _together(read_frame(connection, query), read_frame(connection, _withdrawn().where(*of_it)))


def _selves_of(code: str) -> Select[tuple[int]]:
    """The units that bore the code, and what they were before."""
    own, bearer = tables.unit_self.c, tables.unit.alias("bearer")
    return (
        select(own.self_id)
        .select_from(tables.unit_self)
        .join(bearer, bearer.c.id == own.unit_id)
        .where(bearer.c.code == code)
    )


def _outcomes() -> Select[Any]:
    here, attempt, unit, period, form = (
        tables.submission.c,
        tables.attempt.c,
        tables.unit.c,
        tables.period.c,
        tables.form.c,
    )
    due, permit = tables.period_due.c, permits()
    return (
        select(
            here.id.label("submission_id"),
            here.state,
            here.unit_id,
            func.coalesce(unit.code, here.stated_unit, "").label("unit"),
            func.coalesce(unit.name, here.stated_unit_name, "").label("unit_name"),
            here.period_id,
            func.coalesce(period.code, here.stated_period, "").label("period"),
            func.coalesce(period.label_vi, here.stated_period, "").label("period_vi"),
            func.coalesce(period.label_en, here.stated_period, "").label("period_en"),
            here.form_id,
            func.coalesce(form.code, "").label("form"),
            func.coalesce(form.label_vi, "").label("form_vi"),
            func.coalesce(form.label_en, "").label("form_en"),
            here.name.label("file_name"),
            here.received_at,
            here.decided_at,
            here.returned_at,
            here.n_critical,
            here.n_warning,
            (here.n_explained + here.n_waived).label("n_settled"),
            func.coalesce(permit.c.until, due.due).label("due"),
        )
        .join_from(tables.submission, tables.attempt, attempt.id == here.attempt_id)
        .outerjoin(tables.unit, unit.id == here.unit_id)
        .outerjoin(tables.period, period.id == here.period_id)
        .outerjoin(tables.form, form.id == here.form_id)
        .outerjoin(tables.period_due, (due.period_id == here.period_id) & (due.level == unit.level))
        .outerjoin(permit, (permit.c.unit_id == here.unit_id) & (permit.c.period_id == here.period_id))
        .order_by(here.id)
    )


def _withdrawn() -> Select[Any]:
    """As :func:`_outcomes`, with the act: reports in force that somebody withdrew, and that nothing replaced since.
    What was not in force when it was withdrawn had been told to be corrected, and changes nothing for its unit."""
    here, action = tables.submission.c, tables.action.c
    other, act = tables.submission.alias("other").c, tables.action.alias("act").c
    last = (
        select(func.max(act.id))
        .where(act.submission_id == here.id, act.what == Act.WITHDRAW.value)
        .correlate(tables.submission)
        .scalar_subquery()
    )
    in_its_place = sorted({*IN_FORCE, SubmissionState.RECEIVED})  # or waits to be checked, and is told of then
    stands = exists().where(*is_same_report(here, other), other.state.in_(in_its_place))
    unit, period, obligation = tables.unit.c, tables.period.c, tables.obligation.c
    is_owed = exists().where(
        obligation.form_id == here.form_id,
        obligation.unit_kind == unit.kind,
        obligation.calendar == period.calendar,
        obligation.period_kind == period.kind,
        obligation.valid_from <= period.last_day,
        or_(obligation.valid_to.is_(None), obligation.valid_to >= period.last_day),
        period.closed_at.is_(None),
    )
    act_columns = [action[name].label(label) for name, label in _ACT.items()]
    return (
        _outcomes()
        .add_columns(*act_columns, case((is_owed, 1), else_=0).label("is_owed"))
        .join(tables.action, action.id == last)
        .where(here.state == SubmissionState.WITHDRAWN.value, action.before.in_(sorted(IN_FORCE)), ~stands)
    )


def times_before(engine: Engine, submissions: Sequence[int]) -> dict[int, int]:
    """How often each of these submissions ended before as it does now, and otherwise or taken out of the totals in
    between; those for which it is 0 are left out.

    Told again is what came back; a report that is judged anew and ends as it did has not been anything else.
    """
    action, attempt = tables.action.c, tables.attempt.c
    restored = (
        select(action.submission_id, func.count().label("times"))
        .where(action.what == Act.RESTORE.value)
        .group_by(action.submission_id)
    )
    often = (
        select(attempt.submission_id)
        .where(attempt.outcome.in_(_DECIDED))
        .group_by(attempt.submission_id)
        .having(func.count() > 2)  # as it is now, otherwise, as it is now
    )
    with engine.connect() as connection:
        times = read_where_in(connection, restored, action.submission_id, submissions)
        tried = read_where_in(connection, often, attempt.submission_id, submissions)["submission_id"]
        ended = _ends(connection, tried)
    before = dict(times.iter_rows())
    for number, count in ended.items():
        before[number] = before.get(number, 0) + count
    return before


def _ends(connection: Connection, submissions: pl.Series) -> dict[int, int]:
    """How often tries at these submissions ended as the last one did, before one that ended otherwise: accepted, or
    failed with the same critical findings."""
    attempt, finding = tables.attempt.c, tables.finding.c
    tries = select(attempt.submission_id, attempt.id.label("attempt_id"), attempt.outcome).where(
        attempt.outcome.in_(_DECIDED)
    )
    names = ["rule", "sheet", "cell", "field", "item"]
    faults = select(finding.submission_id, finding.attempt_id, *[finding[name] for name in names]).where(
        finding.severity == Severity.CRITICAL.value, finding.settled_by.is_(None)
    )
    tried = read_where_in(connection, tries, attempt.submission_id, submissions)
    found = read_where_in(connection, faults, finding.submission_id, submissions)
    said = pl.concat_str(pl.col(names).cast(pl.String).fill_null(""), separator="|")
    by_try = found.group_by("attempt_id").agg(faults=said.sort().str.join("\n"))
    has_failed = pl.col("outcome").is_in(sorted(FAILED))
    end = pl.when(has_failed).then(pl.concat_str("outcome", pl.col("faults").fill_null(""), separator="\n"))
    ends = (
        tried.join(by_try, on="attempt_id", how="left")
        .sort("submission_id", "attempt_id")
        .select("submission_id", end=end.fill_null(""))
    )
    is_new = (pl.col("end") != pl.col("end").shift(1)).fill_null(value=True).over("submission_id")
    counted = (
        ends.filter(is_new)
        .group_by("submission_id")
        .agg(times=(pl.col("end") == pl.col("end").last()).sum().cast(pl.Int64) - 1)
    )
    return dict(counted.filter(pl.col("times") > 0).iter_rows())


def findings_to_tell(engine: Engine, submissions: Sequence[int]) -> pl.DataFrame:
    """Present critical findings and warnings of these submissions that nothing settled, the gravest first: ``submission
    _id, rule, level, severity, field, item, sheet, cell, message_vi, message_en``."""
    with engine.connect() as connection:
        return findings_on(connection, submissions)


def findings_on(connection: Connection, submissions: Sequence[int]) -> pl.DataFrame:
    finding, here = tables.finding.c, tables.submission.c
    names = ["rule", "level", "severity", "field", "item", "sheet", "cell", "message_vi", "message_en", "id"]
    query = (
        select(finding.submission_id, *[finding[name] for name in names])
        .join_from(tables.finding, tables.submission, finding.submission_id == here.id)
        .where(
            finding.attempt_id == here.attempt_id,
            finding.settled_by.is_(None),
            finding.severity != Severity.INFO.value,
        )
    )
    found = read_where_in(connection, query, finding.submission_id, submissions)
    is_critical = pl.col("severity") == Severity.CRITICAL.value
    return found.sort("submission_id", ~is_critical, "level", "id").drop("id")


# ------------------------------------------------------------------------------------------------ debts to tell


def open_windows(engine: Engine, period: str | None = None) -> pl.DataFrame:
    """``period_id, period, period_vi, period_en, first_day, last_day, cutoff, opened_at, closing_at, closed_at,
    reopened_at, has_reports`` of the periods that were opened or that reports came for and that are not closed; or of
    ``period`` alone, whatever its life."""
    here = tables.period.c
    has_reports = select(tables.submission.c.id).where(tables.submission.c.period_id == here.id).exists()
    query = select(
        here.id.label("period_id"),
        here.code.label("period"),
        here.label_vi.label("period_vi"),
        here.label_en.label("period_en"),
        *[here[name] for name in ("first_day", "last_day", "cutoff")],
        *[here[name] for name in ("opened_at", "closing_at", "closed_at", "reopened_at")],
        case((has_reports, 1), else_=0).label("has_reports"),
    ).order_by(here.last_day, here.code)
    if period is not None:
        query = query.where(here.code == period)
    else:
        query = query.where(here.closed_at.is_(None), or_(has_reports, here.opened_at.is_not(None)))
    with engine.connect() as connection:
        return read_frame(connection, query)


def owing(connection: Connection, period: str, day: date) -> pl.DataFrame:
    """``unit_id, unit, unit_name, form, form_vi, form_en, due, is_permitted, state, arrived_at, is_missing, is_open``
    of every report owed for the period. A unit that sent something, in whatever state it is, is not missing;
    ``is_open`` is what it still owes: nothing is in force and nothing waits to be checked. ``state`` and ``arrived_at``
    are of the latest version."""
    unit, form, here = tables.unit.c, tables.form.c, tables.submission.c
    rows = status_on(connection, period, today=day).filter("is_expected")
    forms = read_frame(
        connection, select(form.code.label("form"), form.label_vi.label("form_vi"), form.label_en.label("form_en"))
    )
    row = connection.execute(select(tables.period).where(tables.period.c.code == period)).one()
    living = read_frame(
        connection,
        select(unit.id.label("unit_id"), unit.code.label("unit")).where(
            unit.valid_from <= row.last_day, unit.valid_to.is_(None) | (unit.valid_to >= row.last_day)
        ),
    )
    is_open = pl.col("state").is_in(_OWING) & ~pl.col("is_in_force")
    sent = rows.filter(is_open)["submission_id"].drop_nulls()
    arrived = select(here.id.label("submission_id"), here.received_at.label("arrived_at"))
    arrivals = read_where_in(connection, arrived, here.id, sent)
    return (
        rows.join(living, on="unit", how="inner", maintain_order="left")
        .join(arrivals, on="submission_id", how="left", maintain_order="left")
        .join(forms, on="form", maintain_order="left")
        .select(
            "unit_id",
            "unit",
            "form",
            "form_vi",
            "form_en",
            "due",
            "is_permitted",
            "state",
            "arrived_at",
            unit_name="name",
            is_missing=pl.col("state") == "missing",
            is_open=is_open,
        )
    )


def first_numbers(connection: Connection, unit_ids: Iterable[int]) -> dict[int, int]:
    """The number each unit bore first, of those that bore another one since: what was told of a unit under one name was
    told of it under every other."""
    known = selves(connection, pl.Series("unit_id", list(unit_ids), dtype=pl.Int64))
    first = known.group_by("unit_id", maintain_order=True).agg(pl.col("self_id").last())
    return dict(first.filter(pl.col("unit_id") != pl.col("self_id")).iter_rows())


def also_called(engine: Engine, unit_ids: Iterable[int]) -> set[int]:
    """Every number that these units bore or bear."""
    own = tables.unit_self.c
    given = set(unit_ids)
    with engine.connect() as connection:
        first = first_numbers(connection, given)
        firsts = {first.get(number, number) for number in given}
        later = read_where_in(connection, select(own.unit_id, own.self_id), own.self_id, sorted(firsts))
    return given | firsts | set(later["unit_id"])


# ------------------------------------------------------------------------------------------------ writing


def reasons_known(connection: Connection, reasons: Iterable[str]) -> pl.Series:
    """Those of the reasons that somebody was told, or that are on record for nobody."""
    here = tables.notice.c
    return read_where_in(connection, select(here.reason), here.reason, reasons)["reason"].unique()


def reasons_like(connection: Connection, prefix: str) -> list[str]:
    """Every reason that begins so."""
    here = tables.notice.c
    return list(connection.scalars(select(here.reason).where(here.reason.startswith(prefix, autoescape=True))))


def write_notices(
    engine: Engine,
    parts: Iterable[pl.DataFrame],
    made_at: datetime,
    *,
    up_to: datetime | None = None,
    digest: Mapping[str, Any] | None = None,
) -> pl.DataFrame:
    """Put down :data:`NOTICE` rows whose reason is not on record; ``kind, recipient`` of those that were. With
    ``up_to`` outcomes are told so far; ``digest`` is what :func:`told_so_far` is from now on.

    All of one transaction: of one reason everybody is told, or nobody is. ``parts`` are taken one after the other, so
    that the texts of a whole country are never in memory together; a reason may go on in the next part.
    """
    last = pl.Series([], dtype=pl.String)
    told = [pl.DataFrame(schema={"kind": pl.String, "recipient": pl.String})]
    with write(engine) as connection:
        for rows in parts:
            known = reasons_known(connection, rows["reason"].unique())
            is_known = pl.col("reason").is_in(known.implode()) & ~pl.col("reason").is_in(last.implode())
            new = rows.filter(~is_known).unique(["reason", "recipient"], keep="first", maintain_order=True)
            last = new["reason"].unique()
            if new.height:
                made = new.select(*NOTICE).with_columns(
                    made_at=pl.lit(made_at.astimezone(UTC), MOMENT), tries=pl.lit(0, pl.Int64)
                )
                insert_frame(connection, tables.notice, number_rows(connection, tables.notice, made))
                told.append(new.select("kind", "recipient"))
        if up_to is not None:
            before = setting(connection, _UP_TO)
            if before is None or datetime.fromisoformat(before) < up_to:
                set_setting(connection, _UP_TO, up_to.isoformat())
        if digest is not None:
            set_setting(connection, _DIGEST, json.dumps(digest))
    return pl.concat(told)


def _has_no_file() -> ColumnElement[bool]:
    here = tables.notice.c
    return and_(here.path.is_(None), here.state.in_([NoticeState.WRITTEN.value, NoticeState.WAITING.value]))


def without_files(engine: Engine) -> pl.DataFrame:
    """Notices whose file was not written yet, counted: ``kind, period_id, made_at, count, first``, the number of the
    first of them."""
    here = tables.notice.c
    query = (
        select(here.kind, here.period_id, here.made_at, func.count().label("count"), func.min(here.id).label("first"))
        .where(_has_no_file())
        .group_by(here.kind, here.period_id, here.made_at)
    )
    with engine.connect() as connection:
        return read_frame(connection, query).sort("first")


def pages_without_files(engine: Engine, group: Mapping[str, Any]) -> Iterator[pl.DataFrame]:
    """The notices of a row of :func:`without_files`, so many at a time: ``id, kind, reason, recipient, recipient_name,
    subject, body, attachment, made_at, state, unit, period``."""
    here = tables.notice.c
    same = here.period_id.is_(None) if group["period_id"] is None else here.period_id == group["period_id"]
    of_it = (_has_no_file(), here.kind == group["kind"], here.made_at == group["made_at"], same)
    after = 0
    while True:
        with engine.connect() as connection:
            query = _in_words().where(*of_it, here.id > after).order_by(here.id).limit(_PAGE)
            page = read_frame(connection, query)
        if page.is_empty():
            return
        yield page
        after = int(page["id"][-1])


def mark_written(engine: Engine, paths: pl.DataFrame) -> None:
    """``id, path``: where the files lie."""
    with write(engine) as connection:
        update_frame(connection, tables.notice, paths, ["id"])


def _in_words() -> Select[Any]:
    here = tables.notice.c
    names = ["id", "kind", "reason", "recipient", "recipient_name", "subject", "body", "attachment", "made_at", "state"]
    return (
        select(
            *[here[name] for name in names],
            func.coalesce(tables.unit.c.code, tables.submission.c.stated_unit, "").label("unit"),
            func.coalesce(tables.period.c.code, "").label("period"),
        )
        .outerjoin_from(tables.notice, tables.unit, tables.unit.c.id == here.unit_id)
        .outerjoin(tables.period, tables.period.c.id == here.period_id)
        .outerjoin(tables.submission, tables.submission.c.id == here.submission_id)
    )


# ------------------------------------------------------------------------------------------------ sending


def waiting(engine: Engine) -> pl.DataFrame:
    """Notices that wait to be sent, the oldest first: ``id, kind, reason, recipient, made_at, unit_id, submission_id,
    tries, tried_at, period``, without their texts."""
    here = tables.notice.c
    names = ("id", "kind", "reason", "recipient", "made_at", "unit_id", "submission_id", "tries", "tried_at")
    query = (
        select(*[here[name] for name in names], func.coalesce(tables.period.c.code, "").label("period"))
        .outerjoin_from(tables.notice, tables.period, tables.period.c.id == here.period_id)
        .where(here.state == NoticeState.WAITING.value)
    )
    with engine.connect() as connection:
        return read_frame(connection, query.order_by(here.id))


def texts_of(engine: Engine, ids: Sequence[int]) -> pl.DataFrame:
    """These notices in full, as :func:`pages_without_files` gives them."""
    with engine.connect() as connection:
        return read_where_in(connection, _in_words(), tables.notice.c.id, ids).sort("id")


def drop(engine: Engine, ids: Sequence[int], why: str) -> None:
    """These are no longer true: of those that still wait none is sent."""
    rows = pl.DataFrame({"id": list(ids)}, schema={"id": pl.Int64})
    gone = rows.with_columns(state=pl.lit(NoticeState.DROPPED.value), fault=pl.lit(why))
    _update_waiting(engine, gone)


def reword(engine: Engine, rows: pl.DataFrame) -> None:
    """``id, subject, body``: what those that still wait say by now; their files are written anew."""
    _update_waiting(engine, rows.with_columns(path=pl.lit(None, pl.String)))


def _update_waiting(engine: Engine, rows: pl.DataFrame) -> None:
    if rows.is_empty():
        return
    here = tables.notice.c
    with write(engine) as connection:
        query = select(here.id).where(here.state == NoticeState.WAITING.value)
        still = read_where_in(connection, query, here.id, rows["id"])
        update_frame(connection, tables.notice, rows.join(still, on="id", how="semi"), ["id"])


def postpone(engine: Engine, ids: Sequence[int], fault: str, moment: datetime) -> None:
    """The mail server could not be reached, or would not talk to us: these wait on, one try later."""
    notice = tables.notice
    with write(engine) as connection:
        for start in range(0, len(ids), 10_000):
            part = list(ids[start : start + 10_000])
            connection.execute(
                update(notice)
                .where(notice.c.id.in_(part), notice.c.state == NoticeState.WAITING.value)
                .values(fault=fault, tries=notice.c.tries + 1, tried_at=moment)
            )


def claim(engine: Engine, number: int, moment: datetime, ended: Ended | None = None) -> bool:
    """Whether this process may send the notice: nobody else does, and it was not sent. Committed before it is handed
    over. ``ended``: what became of the one before it, in the same transaction."""
    notice = tables.notice
    with write(engine) as connection:
        if ended is not None:
            _end(connection, ended)
        taken = connection.execute(
            update(notice)
            .where(notice.c.id == number, notice.c.state == NoticeState.WAITING.value)
            .values(state=NoticeState.SENDING.value, tries=notice.c.tries + 1, tried_at=moment, fault=None)
        )
        return taken.rowcount == 1


#: What became of a notice: its number, its state, why (empty when sent), and when.
Ended = tuple[int, NoticeState, str, datetime]


def end(engine: Engine, ended: Ended) -> None:
    """Write down what became of a notice that was claimed."""
    with write(engine) as connection:
        _end(connection, ended)


def _end(connection: Connection, ended: Ended) -> None:
    number, state, fault, moment = ended
    notice = tables.notice
    sent_at = moment if state is NoticeState.SENT else None
    connection.execute(
        update(notice)
        .where(notice.c.id == number, notice.c.state == NoticeState.SENDING.value)
        .values(state=state.value, fault=fault or None, sent_at=sent_at)
    )


def readdress(engine: Engine, people: Mapping[int, Sequence[tuple[str, str]]]) -> None:
    """Those of the notices (by number) that still wait do not go to whom they were made for any more, but to each of
    the people (name, address) who was not told for the same reason; one without an address is a file for nobody."""
    notice = tables.notice
    with write(engine) as connection:
        for number, told in people.items():
            query = select(notice).where(notice.c.id == number, notice.c.state == NoticeState.WAITING.value)
            found = connection.execute(query).mappings().first()
            if found is not None:
                _copy_to(connection, dict(found), told)
                _drop(connection, number, _TAKEN_BACK)


def _drop(connection: Connection, number: int, why: str) -> None:
    notice = tables.notice
    gone = {"state": NoticeState.DROPPED.value, "fault": why}
    connection.execute(update(notice).where(notice.c.id == number).values(gone))


def _copy_to(connection: Connection, row: Mapping[str, Any], people: Sequence[tuple[str, str]]) -> int:
    """A copy that waits for each of the people who has none; how many."""
    notice = tables.notice
    told = connection.scalars(select(notice.c.recipient).where(notice.c.reason == row["reason"])).all()
    new = [(name, email) for name, email in people if email not in told]
    first = next_id(connection, notice)
    again = {"tries": 0, "tried_at": None, "sent_at": None, "fault": None, "path": None}
    copies = [
        {
            **row,
            **again,
            "id": first + place,
            "recipient": email,
            "recipient_name": name or None,
            "state": (NoticeState.WAITING if email else NoticeState.WRITTEN).value,
        }
        for place, (name, email) in enumerate(new)
    ]
    if copies:
        connection.execute(notice.insert(), copies)
    return len(copies)


_RESENDABLE = (NoticeState.SENDING, NoticeState.SENT, NoticeState.REFUSED, NoticeState.WRITTEN)


def resend(
    engine: Engine,
    number: int,
    moment: datetime,
    *,
    who: str,
    reason: str,
    people: Sequence[tuple[str, str]],
) -> str:
    """Let a notice wait to be sent (again); its state before. On record as an act.

    ``people`` (name, address) are those who are told by now: one that was written for nobody, or for somebody who is
    not among them, waits for each of them. Refused for one that is not there, waits already, was dropped, has nobody to
    go to, or is being sent right now.
    """
    signed = sign(who, reason)
    notice = tables.notice
    with write(engine) as connection:
        row = _noticed(connection, number)
        if row["recipient"]:
            _refuse_resending(row, moment)
        if row["recipient"] in [email for _, email in people]:
            waits = {"state": NoticeState.WAITING.value, "tries": 0, "tried_at": None, "sent_at": None, "fault": None}
            connection.execute(update(notice).where(notice.c.id == number).values(waits))
        else:
            if not _copy_to(connection, row, people):
                _refuse_for_nobody(number, people)
            if row["recipient"]:
                _drop(connection, number, _TAKEN_BACK)
        _record(connection, Act.RESEND_NOTICE, signed, row, NoticeState.WAITING)
    return str(row["state"])


def give_up(engine: Engine, number: int, moment: datetime, *, who: str, reason: str) -> str:
    """A notice need not go out any more: it arrived after all, or was told in another way; its state before. On record
    as an act. Refused for one that is not there, was sent or dropped, or is being sent right now."""
    signed = sign(who, reason)
    with write(engine) as connection:
        row = _noticed(connection, number)
        if row["state"] in (NoticeState.SENT, NoticeState.DROPPED):
            raise ActRefusedError(
                f"Thông báo {number} không còn chờ gì: đã gửi, hoặc đã bỏ",
                f"Notice {number} waits for nothing: it was sent or dropped",
            )
        _refuse_while_sending(row, moment)
        _drop(connection, number, signed[1])
        _record(connection, Act.DROP_NOTICE, signed, row, NoticeState.DROPPED)
    return str(row["state"])


def _noticed(connection: Connection, number: int) -> dict[str, Any]:
    found = connection.execute(select(tables.notice).where(tables.notice.c.id == number)).mappings().first()
    if found is None:
        raise ActRefusedError(f"Không có thông báo số {number}", f"There is no notice {number}")
    return dict(found)


def _record(connection: Connection, act: Act, signed: Words, row: Mapping[str, Any], after: NoticeState) -> None:
    number, where = row["id"], {"id": row["submission_id"], "unit_id": row["unit_id"], "period_id": row["period_id"]}
    told = {"before": f"notice {number}: {row['state']}", "after": f"notice {number}: {after.value}"}
    record(connection, act, signed, where, **told)


def _refuse_for_nobody(number: int, people: Sequence[tuple[str, str]]) -> None:
    if people:
        raise ActRefusedError(
            f"Mọi người nhận hiện nay đều đã có tin của thông báo {number}; xem: tongket notices list",
            f"Everybody who is told by now has what notice {number} says; see: tongket notices list",
        )
    raise ActRefusedError(
        f"Thông báo {number} chưa có ai để gửi: nạp người nhận (tongket contacts import), hoặc gửi tay tệp ấy",
        f"Notice {number} has nobody to go to: import contacts, or pass its file on by hand",
    )


def _refuse_resending(row: Mapping[str, Any], moment: datetime) -> None:
    number, state = row["id"], NoticeState(row["state"])
    if state not in _RESENDABLE:
        vi = "đang chờ gửi: chạy tongket notices send" if state is NoticeState.WAITING else "không còn đúng nữa"
        en = "waits already: run tongket notices send" if state is NoticeState.WAITING else "is no longer true"
        raise ActRefusedError(f"Thông báo {number} {vi}", f"Notice {number} {en}")
    _refuse_while_sending(row, moment)


def _refuse_while_sending(row: Mapping[str, Any], moment: datetime) -> None:
    number, is_sending = row["id"], row["state"] == NoticeState.SENDING
    if is_sending and row["fault"] is None and moment - row["tried_at"] < STILL_SENDING:
        raise ActRefusedError(
            f"Thông báo {number} có thể đang được gửi; đợi {STILL_SENDING.seconds // 60} phút rồi làm lại",
            f"Notice {number} may be on its way this very moment; try again in {STILL_SENDING.seconds // 60} minutes",
        )


# ------------------------------------------------------------------------------------------------ reading


def notices_of(
    engine: Engine,
    *,
    period: str | None = None,
    unit: str | None = None,
    state: str | None = None,
    kind: str | None = None,
    number: int | None = None,
) -> pl.DataFrame:
    """Notices, the newest first: :func:`pages_without_files` with ``path, tries, tried_at, sent_at, fault, unit_name,
    submission_id, unit_id``."""
    here = tables.notice.c
    more = [here[name] for name in ("path", "tries", "tried_at", "sent_at", "fault", "submission_id", "unit_id")]
    query = _in_words().add_columns(*more, func.coalesce(tables.unit.c.name, "").label("unit_name"))
    asked = {here.state: state, here.kind: kind, here.id: number, tables.period.c.code: period}
    for column, value in asked.items():
        if value is not None:
            query = query.where(column == value)
    if unit is not None:
        query = query.where(or_(tables.unit.c.code == unit, here.unit_id.in_(_selves_of(unit))))
    with engine.connect() as connection:
        return read_frame(connection, query.order_by(here.id.desc()))


def counts_by_state(engine: Engine) -> dict[str, int]:
    """Notices by state; ``waiting`` with a fault as ``failing``."""
    here = tables.notice.c
    query = select(here.state, here.fault.is_not(None).label("faulty"), func.count()).group_by(
        here.state, here.fault.is_not(None)
    )
    counted: dict[str, int] = {}
    with engine.connect() as connection:
        for state, faulty, count in connection.execute(query):
            name = "failing" if faulty and state == NoticeState.WAITING.value else state
            counted[name] = counted.get(name, 0) + count
    return counted


# ------------------------------------------------------------------------------------------------ the digest


def happened(engine: Engine) -> dict[str, int]:
    """Ever so far: runs ``completed``, ``failed``, ``died`` (those that only remind left out); files ``received``;
    tries that ended ``accepted`` and ``turned_back``. What happened since is the difference."""
    run, attempt = tables.run.c, tables.attempt.c
    runs = select(run.state, func.count()).where(run.kind.not_in(_NO_REPORTS)).group_by(run.state)
    tries = select(attempt.outcome, func.count()).group_by(attempt.outcome)
    with engine.connect() as connection:
        ended = dict(connection.execute(runs).tuples().all())
        tried = dict(connection.execute(tries).tuples().all())
        received = connection.scalar(select(func.count()).select_from(tables.receipt)) or 0
    return {
        **{state: int(ended.get(state, 0)) for state in ("completed", "failed", "died")},
        "received": int(received),
        "accepted": sum(int(tried.get(state, 0)) for state in sorted(IN_FORCE)),
        "turned_back": sum(int(tried.get(state, 0)) for state in sorted(FAILED)),
    }


def unplaced(engine: Engine) -> int:
    """Files that failed and name no unit, period or form that is known: nobody can be told of them."""
    here = tables.submission.c
    nowhere = here.unit_id.is_(None) | here.period_id.is_(None) | here.form_id.is_(None)
    query = select(func.count()).select_from(tables.submission).where(nowhere, here.state.in_(sorted(FAILED)))
    with engine.connect() as connection:
        return int(connection.scalar(query) or 0)


def told_so_far(engine: Engine) -> dict[str, Any]:
    """What the last digest counted (:func:`happened`), with its ``day``; empty before the first."""
    with engine.connect() as connection:
        found = setting(connection, _DIGEST)
    told: dict[str, Any] = json.loads(found) if found else {}
    return told


def next_cutoff(engine: Engine, day: date) -> tuple[date, str, str] | None:
    """The next day figures are closed on, and the label of its period in both languages, of the periods that some unit
    owes a report for."""
    here, obligation = tables.period.c, tables.obligation.c
    is_owed = (
        select(obligation.form_id)
        .where(obligation.calendar == here.calendar, obligation.period_kind == here.kind)
        .exists()
    )
    query = select(here.cutoff, here.label_vi, here.label_en).where(here.cutoff >= day, is_owed).order_by(here.cutoff)
    with engine.connect() as connection:
        row = connection.execute(query.limit(1)).first()
    return (row.cutoff, row.label_vi, row.label_en) if row else None
