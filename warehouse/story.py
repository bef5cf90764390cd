"""The history of a report, told in order: what arrived, what was tried, what became of it, and what people decided."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, func, or_, select

from domain.act import Act
from domain.finding import WAIVED_CELL
from domain.numbers import vi_number
from domain.submission import AttemptOutcome
from warehouse import tables
from warehouse.bulk import read_frame
from warehouse.reporting import period_row
from warehouse.words import ACTS, STATES, Words

#: A row of the history while it is made.
Told = dict[str, Any]

#: What is told first of things that happened at one moment: the order in which they came about.
_KINDS = ("receipt", "attempt", "version", "act")

_OUTCOMES: dict[str, Words] = {
    AttemptOutcome.ACCEPTED: ("được nhận", "accepted"),
    AttemptOutcome.ACCEPTED_WITH_WARNINGS: ("được nhận, có cảnh báo", "accepted with warnings"),
    AttemptOutcome.REJECTED: ("bị trả lại", "rejected"),
    AttemptOutcome.UNREADABLE: ("không đọc được", "unreadable"),
    AttemptOutcome.SAME_BYTES: ("tệp đã có, không có gì thay đổi", "the file was known, nothing changed"),
    AttemptOutcome.FAILED: ("không xử lý được do trục trặc", "could not be processed"),
}


def history_of(engine: Engine, unit: str, period: str, form: str | None = None) -> list[Told]:
    """What happened with a unit's reports of a period, in order of time; with ``form`` only with those of that form.

    Rows of four kinds: ``receipt``, ``attempt``, ``version`` (its present state, at the moment of its last outcome) and
    ``act``. Each has ``at, kind, submission, version, form, words_vi, words_en, who`` and what there is besides: ``run,
    file_name, sha256`` of a receipt; ``run, outcome, nature, detail, findings, started_at`` of an attempt; ``state,
    superseded_by, reporter`` and the counts of findings of a version; ``act, reason, before, after, second_person`` of
    an act, whose ``after`` is an object when a finding was waived: ``rule, field, item, until, is_override, reason,
    who, second_person``.

    Files that state the unit and period and could not be placed are among them (``version`` and ``form`` null; they are
    left out when a ``form`` is asked for). Raises :class:`warehouse.reporting.UnknownPeriodError`; whether the unit
    exists is for the caller to ask.
    """
    with engine.connect() as connection:
        window = period_row(connection, period)
        unit_ids = _bearers(connection, unit, window)
        reports = _reports(connection, unit_ids, unit, window, form)
        told = [
            *_receipts(connection, reports),
            *_attempts(connection, reports),
            *_versions(reports),
            *_acts(connection, reports, unit_ids, window["id"]),
        ]
    return sorted(told, key=lambda row: (row["at"], _KINDS.index(row["kind"]), row["submission"] or 0))


def _bearers(connection: Connection, unit: str, window: Told) -> list[int]:
    """The units that bore the code within the period, and what they were before they were renamed."""
    here, own = tables.unit.c, tables.unit_self.c
    bearers = select(here.id).where(
        here.code == unit,
        here.valid_from <= window["last_day"],
        here.valid_to.is_(None) | (here.valid_to >= window["first_day"]),
    )
    earlier = select(own.self_id).where(own.unit_id.in_(bearers))
    return list(connection.scalars(bearers.union(earlier)))


def _reports(connection: Connection, unit_ids: list[int], unit: str, window: Told, form: str | None) -> dict[int, Told]:
    """The submissions of the unit and period, placed or merely stated, by their number."""
    here = tables.submission.c
    names = ["state", "version", "superseded_by", "reporter", "received_at", "decided_at"]
    counts = ["n_critical", "n_warning", "n_info", "n_explained", "n_waived", "n_overridden"]
    placed = and_(here.unit_id.in_(unit_ids), here.period_id == window["id"])
    stated = and_(here.version.is_(None), here.stated_unit == unit, here.stated_period == window["code"])
    query = (
        select(here.id, *[here[name] for name in [*names, *counts]], tables.form.c.code.label("form"))
        .outerjoin_from(tables.submission, tables.form, tables.form.c.id == here.form_id)
        .where(or_(placed, stated))
    )
    if form is not None:
        query = query.where(tables.form.c.code == form)
    return {row["id"]: row for row in read_frame(connection, query).to_dicts()}


def _rows(connection: Connection, query: Select[Any]) -> list[Told]:
    return read_frame(connection, query).to_dicts()


def _row(kind: str, at: Any, words: Words, report: Told | None = None, who: str | None = None, **more: Any) -> Told:
    report = report or {}
    return {
        "at": at,
        "kind": kind,
        "submission": report.get("id"),
        "version": report.get("version"),
        "form": report.get("form"),
        "words_vi": words[0],
        "words_en": words[1],
        "who": who,
        **more,
    }


# ------------------------------------------------------------------------------------------------ what happened


def _receipts(connection: Connection, reports: dict[int, Told]) -> list[Told]:
    receipt = tables.receipt.c
    query = select(receipt.submission_id, receipt.received_at, receipt.run_id, receipt.name, receipt.file_sha256)
    return [
        _row(
            "receipt",
            row["received_at"],
            (f"nhận tệp {row['name']}", f"received the file {row['name']}"),
            reports[row["submission_id"]],
            run=row["run_id"],
            file_name=row["name"],
            sha256=row["file_sha256"],
        )
        for row in _rows(connection, query.where(receipt.submission_id.in_(reports)))
    ]


def _attempts(connection: Connection, reports: dict[int, Told]) -> list[Told]:
    attempt, finding = tables.attempt.c, tables.finding.c
    found = select(func.count()).where(finding.attempt_id == attempt.id, finding.submission_id == attempt.submission_id)
    names = ["submission_id", "run_id", "started_at", "finished_at", "outcome", "nature", "detail"]
    query = select(*[attempt[name] for name in names], found.scalar_subquery().label("findings"))
    return [_attempt(row, reports) for row in _rows(connection, query.where(attempt.submission_id.in_(reports)))]


def _attempt(row: Told, reports: dict[int, Told]) -> Told:
    vi, en = _OUTCOMES[row["outcome"]]
    if row["findings"]:
        vi = f"{vi}, {vi_number(row['findings'])} phát hiện"
        en = f"{en}, {row['findings']:,} finding{'' if row['findings'] == 1 else 's'}"
    if row["detail"]:
        vi, en = f"{vi}: {row['detail']}", f"{en}: {row['detail']}"
    raw = {name: row[name] for name in ("outcome", "nature", "detail", "findings", "started_at")}
    words = f"xử lý: {vi}", f"processed: {en}"
    return _row("attempt", row["finished_at"], words, reports[row["submission_id"]], run=row["run_id"], **raw)


def _versions(reports: dict[int, Told]) -> list[Told]:
    return [_version(report) for report in reports.values()]


def _version(report: Told) -> Told:
    vi, en = STATES[report["state"]]
    if report["version"] is None:
        words = f"tệp chưa xếp được vào đơn vị, kỳ, biểu nào: {vi}", f"a file that could not be placed: {en}"
    else:
        words = f"bản {report['version']}: {vi}", f"version {report['version']}: {en}"
    if report["superseded_by"] is not None:
        by = report["superseded_by"]
        words = f"{words[0]} (báo cáo {by})", f"{words[1]} (submission {by})"
    past = {"id", "version", "form", "received_at", "decided_at"}
    raw = {name: value for name, value in report.items() if name not in past}
    return _row("version", report["decided_at"] or report["received_at"], words, report, **raw)


# ------------------------------------------------------------------------------------------------ what was decided


def _acts(connection: Connection, reports: dict[int, Told], unit_ids: list[int], period_id: int) -> list[Told]:
    """Acts on these submissions, on the unit in this period, and on the period itself."""
    action = tables.action.c
    names = ["at", "who", "what", "reason", "submission_id", "before", "after", "second_person"]
    of_unit = and_(action.submission_id.is_(None), action.unit_id.in_(unit_ids), action.period_id == period_id)
    of_period = and_(action.submission_id.is_(None), action.unit_id.is_(None), action.period_id == period_id)
    query = (
        select(*[action[name] for name in names])
        .where(or_(action.submission_id.in_(reports), of_unit, of_period))
        .order_by(action.id)
    )
    return [_act(row, reports) for row in _rows(connection, query)]


def _act(row: Told, reports: dict[int, Told]) -> Told:
    raw: Told = {name: row[name] for name in ("reason", "before", "after", "second_person")}
    if row["what"] == Act.WAIVE:
        raw.update({name: json.loads(row[name]) for name in ("before", "after") if row[name]})
    vi, en = _told_act(row["what"], raw)
    with_vi = f" (cùng {row['second_person']})" if row["second_person"] else ""
    with_en = f" (with {row['second_person']})" if row["second_person"] else ""
    why = "" if row["what"] == Act.RETURN else f": {row['reason']}"  # the program returns without being asked why
    words = f"{vi}{with_vi}{why}", f"{en}{with_en}{why}"
    return _row("act", row["at"], words, reports.get(row["submission_id"]), row["who"], act=row["what"], **raw)


def _told_act(what: str, raw: Told) -> Words:
    """What was done, and to what."""
    vi, en = ACTS[what]
    if what == Act.WAIVE:
        return _told_waiver(raw["after"])
    if what == Act.DECIDE_RATING:
        return f"{vi} {raw['after']}", f"{en}: {raw['after']}"
    if what == Act.PERMIT_LATE:
        return f"{vi} đến hết {date.fromisoformat(raw['after']):%d/%m/%Y}", f"{en}, up to {raw['after']}"
    return vi, en


def _told_waiver(waiver: Told) -> Words:
    field = (waiver["field"] or "").removeprefix(WAIVED_CELL)
    what = f"{waiver['rule']} ({field})" if field else waiver["rule"]
    words = (f"cho qua LỖI {what}", f"let the FAULT {what} pass")
    if not waiver["is_override"]:
        words = (f"miễn cảnh báo {what}", f"waived the warning {what}")
    if waiver["until"] is None:
        return words
    return f"{words[0]} đến hết {date.fromisoformat(waiver['until']):%d/%m/%Y}", f"{words[1]} up to {waiver['until']}"
