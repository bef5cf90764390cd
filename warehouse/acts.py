"""Acts of administrators: each one transaction, each on record, each refused with its reason or carried out whole.

A report that a run has claimed and not decided is left alone by every act that would change it: the run judges it by
what it read when it began. Handing back a workbook changes nothing and is allowed; permits and periods do not touch the
report. A claim of a run that ended or is found dead binds nobody: whatever that run may still try to load is left out,
because the report is no longer as it was.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Row, Select, func, select, update

from domain import clock
from domain.act import Act, ActRefusedError
from domain.clock import day_of
from domain.finding import CheckLevel, SettledBy, Severity
from domain.names import fold_bare
from domain.submission import FAILED, IN_FORCE, RESTORABLE, SubmissionState, may_move, move
from warehouse import lives, tables
from warehouse.bulk import MOMENT, insert_frame, next_id, number_rows, read_where_in, update_frame
from warehouse.engine import note_act, write
from warehouse.facts import end_belief, set_aside
from warehouse.leases import running_now
from warehouse.returns import put_out_of_date
from warehouse.signing import one_line, record, sign
from warehouse.waivers import place, recount, speaks_of
from warehouse.words import STATES, Words

_RECEIVED = SubmissionState.RECEIVED.value

#: A submission with the words and states around it: :func:`_reports`.
Report = dict[str, Any]


class ClosedElsewhereError(ActRefusedError):
    """Another run that lives is closing the period."""


class PermitRunsError(ActRefusedError):
    """Units may still report the period: whoever closes it by the calendar waits for them."""

    def __init__(self, period: str, permits: lives.Permits) -> None:
        super().__init__(
            f"{period} chờ {permits.units} đơn vị được phép muộn đến {permits.until:%d/%m/%Y}",
            f"{period} waiting until {permits.until}; units permitted to be late: {permits.units}",
        )


@dataclass(frozen=True, slots=True)
class Changed:
    """Totals that an act made out of date; until they are refreshed every run is told so
    (:func:`warehouse.reporting.changed_by_run`)."""

    period: str
    form: str


@dataclass(frozen=True, slots=True)
class Waived:
    """What a waiver did: ``state`` of the report afterwards, and how many findings it settled at once. With
    ``needs_retry`` it takes effect only when the report is checked again."""

    submission: int
    state: str
    settled: int
    needs_retry: bool


# ------------------------------------------------------------------------------------------------ reports


def retry(engine: Engine, submission_ids: Sequence[int], *, who: str, reason: str) -> int:
    """Let failed submissions wait for another attempt; returns how many did not wait before.

    All or none: refused, naming each, when one is unknown, did not fail, is of a closed period or is being processed.
    The attempts and findings of before stay.
    """
    signed = sign(who, reason)
    dead = _dead(engine)
    with write(engine) as connection:
        rows = _reports(connection, submission_ids, dead)
        waits = pl.col("state") == _RECEIVED
        asked = rows.filter(~waits)
        _refuse([*_unknown(submission_ids, rows), *(why for row in asked.to_dicts() for why in _no_retry(row))])
        again = asked.select("id", state=pl.lit(_RECEIVED), claimed_by=pl.lit(None, pl.String))
        update_frame(connection, tables.submission, again, ["id"])
        _record_each(connection, Act.RETRY, signed, asked, after=_RECEIVED)
    return asked.height


def _no_retry(row: Report) -> list[Words]:
    state = SubmissionState(row["state"])
    if state in RESTORABLE:
        return [_of(row, f"{STATES[state][0]}: dùng restore để lấy lại", f"{STATES[state][1]}: use restore")]
    if state not in FAILED:
        return [_of(row, f"{STATES[state][0]}, không có gì để chạy lại", f"{STATES[state][1]}: nothing failed")]
    return _bound(row)


def withdraw(engine: Engine, submission_id: int, *, who: str, reason: str) -> list[Changed]:
    """Take a report back: its figures are believed no longer and reach no total.

    Returns the totals to refresh, none when the report was not in force. No older version comes back by itself:
    :func:`restore`. Refused when it is withdrawn already, of a closed period or being processed.
    """
    signed = sign(who, reason)
    dead = _dead(engine)
    with write(engine) as connection:
        row = _report(connection, submission_id, dead)
        before = SubmissionState(row["state"])
        if not may_move(before, SubmissionState.WITHDRAWN):
            _refuse([_of(row, f"{STATES[before][0]} rồi", f"is {STATES[before][1]} already")])
        _refuse(_bound(row))
        _change(connection, row, state=move(before, SubmissionState.WITHDRAWN).value)
        if before in IN_FORCE:
            believed = pl.DataFrame({"period_id": [row["period_id"]], "submission_id": [row["id"]]})
            end_belief(connection, believed, datetime.now(UTC))
        record(connection, Act.WITHDRAW, signed, row, before=before.value, after=SubmissionState.WITHDRAWN.value)
    return [Changed(row["period"], row["form"])] if before in IN_FORCE else []


def restore(engine: Engine, submission_id: int, *, who: str, reason: str) -> None:
    """Let a superseded or withdrawn report wait to be checked anew; it comes in force when it passes.

    Refused when a newer version is in force or once was and was not withdrawn: it would stand above this one. Refused
    as well in a closed period, and for reports that are neither superseded nor withdrawn.
    """
    signed = sign(who, reason)
    dead = _dead(engine)
    with write(engine) as connection:
        row = _report(connection, submission_id, dead)
        before = SubmissionState(row["state"])
        _refuse([*_no_restore(row), *_bound(row), *_newer(connection, row)])
        _change(connection, row, state=_RECEIVED, superseded_by=None, compared_at=None)
        if row["period_id"] is not None:
            set_aside(connection, row["period_id"], row["id"])
        record(connection, Act.RESTORE, signed, row, before=before.value, after=_RECEIVED)


def _no_restore(row: Report) -> list[Words]:
    state = SubmissionState(row["state"])
    if state in RESTORABLE:
        return []
    vi, en = STATES[state]
    if state in FAILED:
        return [_of(row, f"{vi}: dùng retry để chạy lại", f"{en}: use retry")]
    return [_of(row, f"{vi}, không có gì để lấy lại", f"{en}: nothing to restore")]


def _newer(connection: Connection, row: Report) -> list[Words]:
    """The newest version above this one that is in force or was, and so keeps it out of force."""
    here = tables.submission.c
    passed = [*(state.value for state in IN_FORCE), SubmissionState.SUPERSEDED.value]
    query = (
        select(here.id, here.version, here.state)
        .where(
            here.unit_id == row["unit_id"],
            here.period_id == row["period_id"],
            here.form_id == row["form_id"],
            here.id > row["id"],
            here.state.in_(passed),
        )
        .order_by(here.id.desc())
    )
    found = connection.execute(query).first()
    if found is None:
        return []
    vi, en = STATES[SubmissionState(found.state)]
    return [
        _of(
            row,
            f"còn bản {found.version} mới hơn (báo cáo {found.id}, {vi}): rút bản {found.version} trước",
            f"version {found.version} is newer (submission {found.id}, {en}): withdraw that one first",
        )
    ]


def record_return(engine: Engine, submission_ids: Sequence[int], *, who: str, reason: str) -> None:
    """Write down that the annotated workbooks of these submissions were handed back. Changes nothing else, hence it is
    allowed whatever their state, also while a run works on them."""
    signed = sign(who, reason)
    with write(engine) as connection:
        rows = _reports(connection, submission_ids)
        _refuse(_unknown(submission_ids, rows))
        _record_each(connection, Act.RETURN, signed, rows)


# ------------------------------------------------------------------------------------------------ waivers


def waive(
    engine: Engine,
    finding_id: int,
    *,
    who: str,
    reason: str,
    until: date | None,
    override: bool = False,
    second_person: str | None = None,
    today: date,
) -> Waived:
    """Waive what a finding says, for its unit, period, form, rule and place, up to and including ``until``.

    The place is the field of the finding, or its cell when it has no field; one without either is of the report as a
    whole. A warning is settled at once, with every other present warning at the same place by the same rule. A critical
    finding of level 3 and above is let pass (``override``) with the name of a second person, when the report is checked
    again. Notes need no waiver; criticals of the file and its identity cannot have one. Refused for findings of an
    earlier attempt, of a version that does not count any more, or settled already, and in a closed period.
    """
    signed = sign(who, reason)
    second = one_line(second_person or "") or None
    dead = _dead(engine)
    with write(engine) as connection:
        finding = _finding(connection, finding_id)
        row = _report(connection, finding.submission_id, dead)
        _refuse_waiver(connection, finding, row)
        _refuse(_no_grounds(finding, override, signed[0], second))
        if until is not None and until < today:
            raise ActRefusedError(
                f"Ngày cuối {until:%d/%m/%Y} đã qua; chọn ngày khác", f"{until} has passed; give a later day"
            )
        given = {"until": until, "is_override": override, "second_person": second}
        before, after = _put_waiver(connection, finding, row, signed, given)
        settled = 0 if override else _settle(connection, finding, signed[1])
        recount(connection, [row["id"]])
        if settled:
            put_out_of_date(connection, [row["id"]])
        record(connection, Act.WAIVE, signed, row, before=before, after=after, second_person=second)
        here = tables.submission.c
        state = str(connection.scalar(select(here.state).where(here.id == row["id"])))
    return Waived(row["id"], state, settled, needs_retry=override)


def _finding(connection: Connection, finding_id: int) -> Row[Any]:
    """The finding, and as ``place`` what a waiver of it names as its field."""
    query = select(tables.finding, place().label("place")).where(tables.finding.c.id == finding_id)
    found = connection.execute(query).first()
    if found is None:
        raise ActRefusedError(
            f"Không có phát hiện số {finding_id}; xem số ở lệnh findings",
            f"There is no finding {finding_id}; the command findings gives their numbers",
        )
    return found


def _refuse_waiver(connection: Connection, finding: Row[Any], row: Report) -> None:
    """Whatever forbids a waiver of this finding, whoever asks for it."""
    if finding.attempt_id != row["attempt_id"]:
        raise ActRefusedError(
            f"Phát hiện {finding.id} là của lần xử lý trước; xem lại lệnh findings",
            f"Finding {finding.id} is of an earlier attempt; see the command findings",
        )
    if row["unit_id"] is None or row["period_id"] is None or row["form_id"] is None:
        _refuse(
            [
                _of(
                    row,
                    "chưa rõ đơn vị, kỳ hoặc biểu nên không miễn được; đơn vị phải sửa và gửi lại",
                    "has no known unit, period and form, so nothing can be waived; the unit must mend and resend it",
                )
            ]
        )
    if SubmissionState(row["state"]) in RESTORABLE or _is_followed(connection, row):
        _refuse([_of(row, "không còn là bản đang xét", "is not the version that counts any more")])
    _refuse(_bound(row))
    if finding.settled_by is not None:
        raise ActRefusedError(
            f"Phát hiện {finding.id} đã xong: {finding.explanation}",
            f"Finding {finding.id} is settled already: {finding.explanation}",
        )


def _is_followed(connection: Connection, row: Report) -> bool:
    """Whether a later version of the report counts."""
    here = tables.submission.c
    later = select(here.id).where(
        here.unit_id == row["unit_id"],
        here.period_id == row["period_id"],
        here.form_id == row["form_id"],
        here.version > row["version"],
        here.state.not_in(sorted(RESTORABLE)),
    )
    return connection.execute(later).first() is not None


def _no_grounds(finding: Row[Any], override: bool, who: str, second: str | None) -> list[Words]:
    name = f"{finding.rule}"
    if finding.severity == Severity.INFO:
        return [(f"{name} chỉ là lưu ý, không cần miễn", f"{name} is a note: nothing needs to be waived")]
    if finding.severity == Severity.WARNING:
        said = (f"{name} là cảnh báo: miễn không cần cho qua lỗi", f"{name} is a warning: waive it without an override")
        return [said] if override else []
    if finding.level <= CheckLevel.FORM:
        return [
            (
                f"{name} là lỗi của tệp hoặc của đơn vị, kỳ, biểu ghi trong tệp: không thể miễn; đơn vị phải gửi lại",
                f"{name} is a fault of the file or of the identity in it: it cannot be waived; the unit must resend",
            )
        ]
    if not override:
        return [
            (
                f"{name} là lỗi nghiêm trọng: chỉ được cho qua (override) khi có người thứ hai cùng quyết định",
                f"{name} is critical: it can only be overridden, with a second person",
            )
        ]
    if second is None or fold_bare(second) == fold_bare(who):
        return [
            (
                f"Cho qua {name} cần tên người thứ hai, khác {who} (không chỉ khác dấu: ghi cả họ tên)",
                f"To override {name} a second person is needed, other than {who} (not by marks alone: give full names)",
            )
        ]
    return []


def _put_waiver(
    connection: Connection, finding: Row[Any], row: Report, signed: Words, given: dict[str, Any]
) -> tuple[str | None, str]:
    """The waiver written, in place of an earlier one for the same place; both as readable JSON."""
    waiver = tables.waiver
    key = {
        **{name: row[name] for name in ("unit_id", "period_id", "form_id")},
        "rule": finding.rule,
        "field": finding.place,
        "item": finding.item or 0,
    }
    values = {**given, "who": signed[0], "reason": signed[1], "at": datetime.now(UTC)}
    same = [waiver.c[name] == value for name, value in key.items()]
    there = connection.execute(select(waiver).where(*same)).mappings().first()
    if there is None:
        connection.execute(waiver.insert().values(id=next_id(connection, waiver), **key, **values))
    else:
        connection.execute(update(waiver).where(*same).values(values))
    return (_told(there) if there is not None else None), _told({**key, **values})


def _told(waiver: Any) -> str:
    names = ("rule", "field", "item", "until", "is_override", "reason", "who", "second_person")
    return json.dumps({name: waiver[name] for name in names}, ensure_ascii=False, default=str)


def _settle(connection: Connection, finding: Row[Any], reason: str) -> int:
    """Every present warning at the place of the waiver is settled, as it would be if the report were checked again."""
    column = tables.finding.c
    return connection.execute(
        update(tables.finding)
        .where(
            column.submission_id == finding.submission_id,
            column.attempt_id == finding.attempt_id,
            column.severity == Severity.WARNING.value,
            column.settled_by.is_(None),
            speaks_of(finding.rule, finding.place, finding.item or 0),
        )
        .values(settled_by=SettledBy.WAIVER.value, explanation=reason)
    ).rowcount


# ------------------------------------------------------------------------------------------------ periods


def permit_late(engine: Engine, unit: str, period: str, until: date, *, who: str, reason: str) -> None:
    """Let a unit report a period up to ``until``, which lies after its due day; a permit of before is replaced.

    Refused when the unit does not live in the period or owes nothing for it, and when the period is closed.
    """
    signed = sign(who, reason)
    with write(engine) as connection:
        window = _open_period(connection, period)
        bearer = _bearer(connection, unit, window)
        due = _due(connection, bearer, window)
        if due is not None and until <= due:
            raise ActRefusedError(
                f"Hạn của {unit} là {due:%d/%m/%Y}: ngày được phép phải sau ngày đó",
                f"{unit} is due on {due}: the permitted day must lie after it",
            )
        permit = tables.lateness_permit
        same = (permit.c.unit_id == bearer.id) & (permit.c.period_id == window.id)
        before = connection.scalar(select(permit.c.until).where(same))
        values = {"until": until, "reason": signed[1], "who": signed[0], "at": datetime.now(UTC)}
        if before is None:
            connection.execute(permit.insert().values(unit_id=bearer.id, period_id=window.id, **values))
        else:
            connection.execute(update(permit).where(same).values(values))
        where = {"unit_id": bearer.id, "period_id": window.id}
        old = before or due
        record(connection, Act.PERMIT_LATE, signed, where, before=str(old) if old else None, after=str(until))


def open_period(engine: Engine, period: str, *, who: str, reason: str, moment: datetime | None = None) -> None:
    """Open a planned period at ``moment`` (now): its reports are awaited. Those that came before count all the same.

    Refused when somebody opened it already, and when it is closed.
    """
    signed = sign(who, reason)
    with write(engine) as connection:
        window = _open_period(connection, period)
        if window.opened_at is not None:
            day = day_of(window.opened_at)
            raise ActRefusedError(f"Kỳ {period} đã mở từ {day:%d/%m/%Y}", f"The period {period} is open since {day}")
        _mark_period(connection, window, opened_at=moment or clock.now())
        record(connection, Act.OPEN_PERIOD, signed, {"period_id": window.id}, before="planned", after="open")


def begin_closing(
    engine: Engine, period: str, run: str, *, who: str, reason: str, moment: datetime | None = None
) -> datetime:
    """The run begins to close the period: reports are still taken, for the last time. When the closing began.

    One run closes a period at a time: refused while another that lives does. What a dead one began goes on, and began
    when that one began it. Refused when the period is closed.
    """
    signed = sign(who, reason)
    dead = _dead(engine)
    with write(engine) as connection:
        window = _open_period(connection, period)
        _refuse_two(connection, period, run, dead)
        lives.take(connection, period, run)
        if window.closing_at is not None:
            began: datetime = window.closing_at
            return began
        began = moment or clock.now()
        _mark_period(connection, window, closing_at=began)
        record(connection, Act.CLOSE_PERIOD, signed, {"period_id": window.id}, before="open", after="closing")
        return began


def _refuse_two(connection: Connection, period: str, run: str | None, dead: frozenset[str]) -> None:
    """Refuse while a run that lives, other than ``run``, is closing the period."""
    holder = lives.holder(connection, period)
    if holder is None or holder == run or holder in dead:
        return
    raise ClosedElsewhereError(
        f"Kỳ {period} đang được lượt chạy {holder} đóng: đợi lượt đó xong",
        f"The run {holder} is closing the period {period}: wait until it is done",
    )


def put_off_closing(engine: Engine, period: str, *, who: str, reason: str, run: str | None = None) -> None:
    """Let a period that is being closed be open again as it was before; nothing happens where nobody is closing it.

    Refused while another run than ``run`` that lives is closing it, and when it is closed.
    """
    signed = sign(who, reason)
    dead = _dead(engine)
    with write(engine) as connection:
        window = _open_period(connection, period)
        _refuse_two(connection, period, run, dead)
        lives.leave(connection, period)
        if window.closing_at is None:
            return
        _mark_period(connection, window, closing_at=None)
        record(connection, Act.CLOSE_PERIOD, signed, {"period_id": window.id}, before="closing", after="open")


def close_period(
    engine: Engine,
    period: str,
    *,
    who: str,
    reason: str,
    moment: datetime | None = None,
    run: str | None = None,
    permits_on: date | None = None,
) -> None:
    """Close a period at ``moment`` (now): no report of it is accepted, and none of its reports is changed, until it is
    opened again.

    Refused while reports of it wait; also while files wait that nobody has looked into, for they may be of it. Refused
    as well while another run than ``run`` is closing it, and with :class:`PermitRunsError` while units may be late on
    the day ``permits_on``: a permit may have been given since the closing began.
    """
    signed = sign(who, reason)
    dead = _dead(engine)
    with write(engine) as connection:
        window = _open_period(connection, period)
        _refuse_two(connection, period, run, dead)
        permits = lives.permits_of(connection, period, permits_on) if permits_on is not None else None
        if permits is not None:
            raise PermitRunsError(period, permits)
        waiting = lives.waiting_on(connection, window.id)
        if waiting:
            named = ", ".join(map(str, waiting[:10])) + (", …" if len(waiting) > 10 else "")
            raise ActRefusedError(
                f"Còn {len(waiting)} báo cáo chờ xử lý, có thể của kỳ {period} ({named}): xử lý hoặc rút",
                f"{len(waiting)} submissions that wait may be of {period} ({named}): process or withdraw them",
            )
        _mark_period(connection, window, closing_at=None, closed_at=moment or clock.now())
        if run is None:  # a run still has the report of the period to make
            lives.leave(connection, period)
        lives.keep_last_attempt(connection, period)
        before = "open" if window.closing_at is None else "closing"
        record(connection, Act.CLOSE_PERIOD, signed, {"period_id": window.id}, before=before, after="closed")


def reopen_period(engine: Engine, period: str, *, who: str, reason: str, moment: datetime | None = None) -> None:
    """Open a closed period again, at ``moment`` (now); refused when it is open."""
    signed = sign(who, reason)
    with write(engine) as connection:
        window = _period(connection, period)
        if window.closed_at is None:
            raise ActRefusedError(f"Kỳ {period} đang mở", f"The period {period} is open")
        _mark_period(connection, window, closed_at=None, reopened_at=moment or clock.now())
        lives.leave(connection, period)
        lives.forget_figures(connection, period)
        record(connection, Act.REOPEN_PERIOD, signed, {"period_id": window.id}, before="closed", after="open")


def _mark_period(connection: Connection, window: Row[Any], **moments: datetime | None) -> None:
    connection.execute(update(tables.period).where(tables.period.c.id == window.id).values(**moments))


def _period(connection: Connection, code: str) -> Row[Any]:
    found = connection.execute(select(tables.period).where(tables.period.c.code == code)).first()
    if found is None:
        raise ActRefusedError(f"Không có kỳ {code}", f"There is no period {code}")
    return found


def _open_period(connection: Connection, code: str) -> Row[Any]:
    found = _period(connection, code)
    if found.closed_at is not None:
        raise ActRefusedError(f"Kỳ {code} đã đóng: mở lại kỳ trước", f"The period {code} is closed: reopen it first")
    return found


def _bearer(connection: Connection, code: str, window: Row[Any]) -> Row[Any]:
    """The unit with this code on the last day of the period, else on the first."""
    unit = tables.unit.c
    query = (
        select(tables.unit)
        .where(unit.code == code, unit.valid_from <= window.last_day)
        .where(unit.valid_to.is_(None) | (unit.valid_to >= window.first_day))
        .order_by(unit.valid_from.desc())
    )
    days = (window.last_day, window.first_day)
    bearers = connection.execute(query).all()
    for day in days:
        for found in bearers:
            if found.valid_from <= day and (found.valid_to is None or found.valid_to >= day):
                return found
    raise ActRefusedError(
        f"Không có đơn vị {code} trong kỳ {window.code}", f"There is no unit {code} in the period {window.code}"
    )


def _due(connection: Connection, bearer: Row[Any], window: Row[Any]) -> date | None:
    """The day the unit is due, by the calendar; refused when it owes no form for the period."""
    obligation, due = tables.obligation.c, tables.period_due.c
    owed = select(func.count()).where(
        obligation.unit_kind == bearer.kind,
        obligation.calendar == window.calendar,
        obligation.period_kind == window.kind,
        obligation.valid_from <= window.last_day,
        obligation.valid_to.is_(None) | (obligation.valid_to >= window.last_day),
    )
    if not connection.scalar(owed):
        raise ActRefusedError(
            f"Đơn vị {bearer.code} không phải gửi báo cáo cho kỳ {window.code}",
            f"The unit {bearer.code} owes no report for the period {window.code}",
        )
    return connection.scalar(select(due.due).where(due.period_id == window.id, due.level == bearer.level))


# ------------------------------------------------------------------------------------------------ reading


def _dead(engine: Engine) -> frozenset[str]:
    """Runs that say they are running and are not; asked before the transaction, which must be short."""
    return frozenset(run.run for run in running_now(engine) if not run.is_alive)


def _reports(connection: Connection, submission_ids: Sequence[int], dead: frozenset[str] = frozenset()) -> pl.DataFrame:
    """The submissions with ``unit, period, form`` in words, ``closed_at`` of the period, and in ``claimed_by`` the run
    that is at work on them, if any."""
    found = read_where_in(connection, _reports_query(), tables.submission.c.id, dict.fromkeys(submission_ids))
    works = (pl.col("run_state") == "running") & ~pl.col("claimed_by").is_in(list(dead))
    return found.with_columns(claimed_by=pl.when(works).then("claimed_by")).drop("run_state").sort("id")


def _reports_query() -> Select[Any]:
    here = tables.submission.c
    names = ["id", "state", "unit_id", "period_id", "form_id", "version", "attempt_id", "claimed_by"]
    return (
        select(
            *[here[name] for name in names],
            tables.period.c.code.label("period"),
            tables.period.c.closed_at,
            tables.form.c.code.label("form"),
            tables.run.c.state.label("run_state"),
        )
        .outerjoin_from(tables.submission, tables.period, tables.period.c.id == here.period_id)
        .outerjoin(tables.form, tables.form.c.id == here.form_id)
        .outerjoin(tables.run, tables.run.c.id == here.claimed_by)
    )


def _report(connection: Connection, submission_id: int, dead: frozenset[str]) -> Report:
    rows = _reports(connection, [submission_id], dead)
    _refuse(_unknown([submission_id], rows))
    return rows.row(0, named=True)


def _unknown(asked: Sequence[int], rows: pl.DataFrame) -> list[Words]:
    missing = sorted(set(asked) - set(rows["id"]))
    return [(f"không có báo cáo {number}", f"there is no submission {number}") for number in missing]


def _bound(row: Report) -> list[Words]:
    """What keeps every act away from a report: its period is closed, or a run is at work on it."""
    said: list[Words] = []
    if row["closed_at"] is not None:
        vi, en = (
            f"thuộc kỳ {row['period']} đã đóng: mở lại kỳ trước",
            f"is of {row['period']}, which is closed: reopen it",
        )
        said.append(_of(row, vi, en))
    if row["claimed_by"] is not None:
        run = row["claimed_by"]
        said.append(_of(row, f"đang được lượt chạy {run} xử lý: đợi xong", f"is in the hands of the run {run}: wait"))
    return said


# ------------------------------------------------------------------------------------------------ writing


def record_replacement(connection: Connection, *, who: str, reason: str, before: str, after: str) -> None:
    """A backup took the place of all that stood here; the only row that stands beside what the backup held."""
    record(connection, Act.REPLACE_WAREHOUSE, sign(who, reason), {}, before=before, after=after)


def record_conference(
    connection: Connection, act: Act, unit_id: int, *, who: str, reason: str, before: str | None, after: str
) -> Words:
    """An act on a conference of the unit; who and why as they were written down."""
    signed = sign(who, reason)
    record(connection, act, signed, {"unit_id": unit_id}, before=before, after=after)
    return signed


def _of(row: Report, vi: str, en: str) -> Words:
    return f"báo cáo {row['id']} {vi}", f"submission {row['id']} {en}"


def _refuse(words: Sequence[Words]) -> None:
    """Raise :class:`ActRefusedError` with all that stands against the act; nothing happens when nothing does."""
    if words:
        vi = "; ".join(said for said, _ in words)
        en = "; ".join(said for _, said in words)
        raise ActRefusedError(vi[:1].upper() + vi[1:], en[:1].upper() + en[1:])


def _change(connection: Connection, row: Report, **values: object) -> None:
    here = tables.submission
    connection.execute(update(here).where(here.c.id == row["id"]).values(claimed_by=None, **values))


def _record_each(
    connection: Connection, act: Act, signed: Words, rows: pl.DataFrame, *, after: str | None = None
) -> None:
    """A row of ``action`` for each of :func:`_reports`; without ``after`` their state does not change."""
    acts = rows.select(
        "unit_id",
        "period_id",
        at=pl.lit(datetime.now(UTC), MOMENT),
        who=pl.lit(signed[0]),
        what=pl.lit(act.value),
        reason=pl.lit(signed[1]),
        submission_id="id",
        before="state",
        after=pl.col("state") if after is None else pl.lit(after),
    )
    insert_frame(connection, tables.action, number_rows(connection, tables.action, acts))
    note_act(connection, act.value, acts.height)
