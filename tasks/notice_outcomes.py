"""What became of reports, as notices: to each unit its own, to focal points one list for all their units."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, islice
from typing import Any

import polars as pl

from catalog import Catalog
from catalog.model import IntakeCheck
from catalog.notices import Audience, Case
from domain.clock import day_of
from domain.finding import Severity
from domain.notice import NoticeKind, NoticeState
from domain.submission import FAILED, IN_FORCE, SubmissionState
from tasks import notice_words as words
from tasks.notice_words import Focal, People, Person
from tasks.returning import copy_place
from tasks.settings import Settings
from warehouse.engine import Engine
from warehouse.notices import NOTICE, findings_to_tell, reasons_known, times_before

#: Findings a notice names, and reports a list names.
MOST_FINDINGS, MOST_REPORTS = 10, 100

#: Notices in memory at a time.
_AT_A_TIME = 5_000

#: Faults of a file's identity that leave open whose file it is: its contents are not sent to whom it names.
_WHOSE = frozenset({"unit_name_mismatch", "unit_unknown", "unit_missing", "reporter_unknown", "returned_to_other"})

_OUTCOMES = {
    SubmissionState.REJECTED: ("bị trả lại", "was rejected"),
    SubmissionState.UNREADABLE: ("không đọc được", "could not be read"),
    SubmissionState.ACCEPTED: ("được nhận", "was accepted"),
    SubmissionState.ACCEPTED_WITH_WARNINGS: ("được nhận, có cảnh báo", "was accepted with warnings"),
}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """Outcomes to tell of: their rows with ``reason`` and ``kind``, and the findings of each that failed."""

    rows: pl.DataFrame
    findings: dict[int, list[dict[str, Any]]]


def with_reasons(engine: Engine, outcomes: pl.DataFrame) -> Told:
    """The outcomes with why each is told: ``rejected:57:3f…``, the same for the same report that ends the same way with
    the same findings, whichever run found them; when it was otherwise in between, ``rejected:57:3f…:1``. Of what was
    withdrawn ``withdrawn:57:12``, with the number of the act."""
    failed = outcomes.filter(pl.col("state").is_in(sorted(FAILED)))
    found = findings_to_tell(engine, failed["submission_id"].to_list())
    findings: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for item in found.iter_rows(named=True):
        findings[item["submission_id"]].append(item)
    before = times_before(engine, outcomes["submission_id"].to_list())
    kinds, reasons = [], []
    for row in outcomes.iter_rows(named=True):
        number = row["submission_id"]
        kind = NoticeKind.ACCEPTED if row["state"] in IN_FORCE else NoticeKind.REJECTED
        again = f":{before[number]}" if number in before else ""
        kinds.append(kind.value)
        reasons.append(
            f"{SubmissionState.WITHDRAWN}:{number}:{row['act']}"
            if _is_withdrawn(row)
            else f"{kind}:{number}:{_digest(row, findings.get(number, []))}{again}"
        )
    rows = outcomes.with_columns(kind=pl.Series(kinds, dtype=pl.String), reason=pl.Series(reasons, dtype=pl.String))
    return Told(rows, findings)


def _is_withdrawn(row: Row) -> bool:
    return bool(row["state"] == SubmissionState.WITHDRAWN)


def _digest(row: Row, findings: list[dict[str, Any]]) -> str:
    """Of a report in force how many warnings there were, whatever settled some since; of one that failed what has to be
    corrected: a warning that was waived is no news to a unit."""
    if row["state"] in IN_FORCE:
        parts = [str(row["n_warning"] + row["n_settled"])]
    else:
        names = ("severity", "rule", "sheet", "cell", "field", "item")
        critical = [item for item in findings if item["severity"] == Severity.CRITICAL]
        parts = [row["state"], *sorted("|".join(str(item[name]) for name in names) for item in critical)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def outcome_notices(
    settings: Settings,
    engine: Engine,
    catalog: Catalog,
    outcomes: pl.DataFrame,
    moment: datetime,
    *,
    anyway: bool = False,
) -> Iterator[pl.DataFrame]:
    """:data:`warehouse.notices.NOTICE` rows of the outcomes nobody was told of, so many at a time; ``anyway``: of
    all."""
    told = with_reasons(engine, outcomes)
    rows = told.rows
    if not anyway:
        with engine.connect() as connection:
            known = reasons_known(connection, rows["reason"])
        rows = rows.filter(~pl.col("reason").is_in(known.implode()))
    day = day_of(moment)
    people = People.of(engine, rows["unit_id"], day)
    writer = _Writer(settings, catalog, people, Told(rows, told.findings), day)
    rows_of = chain(writer.own(), writer.lists())
    while part := list(islice(rows_of, _AT_A_TIME)):
        yield pl.DataFrame(part, schema=NOTICE, orient="row")


@dataclass(frozen=True)
class _Writer:
    settings: Settings
    catalog: Catalog
    people: People
    told: Told
    day: date

    def own(self) -> Iterator[Row]:
        """A notice a report and person of its unit."""
        for row in self.told.rows.iter_rows(named=True):
            attachment = self._attachment(row)
            for person in self.people.told(row["unit_id"]):
                yield {
                    **_of(row, person, self.settings),
                    "attachment": attachment,
                    **self._said(row, person, attachment),
                }

    def _said(self, row: Row, person: Person, attachment: str | None) -> dict[str, str]:
        lang, kind = person.lang, NoticeKind(row["kind"])
        if _is_withdrawn(row):
            text = self.catalog.notice(kind, Audience.UNIT, Case.WITHDRAWN)
            fields = {**self._named(row, person), **self._act(row, lang)}
        else:
            text = self.catalog.notice(kind, Audience.UNIT)
            fields = {**self._named(row, person), **self._outcome(row, attachment, lang)}
        subject, body = words.filled(text, lang, fields)
        return {"subject": subject, "body": body}

    def _named(self, row: Row, person: Person) -> dict[str, str]:
        lang = person.lang
        return {
            "unit": words.clean(row["unit"]) or "?",
            "unit_name": words.clean(row["unit_name"]) or words.pick(lang, "đơn vị chưa rõ", "unknown unit"),
            "period": words.period_words(row, lang),
            "ask": self.people.ask(row["unit_id"], person, lang),
            "form": words.clean(row["form_en" if lang == "en" else "form_vi"])
            or words.pick(lang, "(chưa rõ biểu mẫu)", "(unknown form)"),
            "file": words.clean(row["file_name"], 150),
            "submission": str(row["submission_id"]),
            "received": words.moment_words(row["received_at"], lang),
        }

    def _act(self, row: Row, lang: str) -> dict[str, str]:
        """Who withdrew it, why, and what is left to do; a unit that owes nothing, or may not report, is asked for
        nothing."""
        return {
            "who": words.clean(row["act_who"]),
            "why": words.clean(row["act_why"], 1_000).rstrip("."),
            "when": words.moment_words(row["act_at"], lang),
            "needed": self._needed(row, lang),
        }

    def _needed(self, row: Row, lang: str) -> str:
        if not row["is_owed"]:
            return ""
        by_when = self._by_when(row["due"], lang)
        return words.pick(
            lang,
            f"Đơn vị cần gửi báo cáo mới {by_when}, nếu chưa gửi.",
            f"A new report is needed from your unit {by_when}, if it has not been sent.",
        )

    def _outcome(self, row: Row, attachment: str | None, lang: str) -> dict[str, str]:
        return {
            "outcome": words.pick(lang, *_OUTCOMES[SubmissionState(row["state"])]),
            "warnings": _warnings(row, lang),
            "critical": _critical(row["n_critical"], lang),
            "findings": self._findings(row, lang),
            "attached": self._attached(row, attachment, lang),
            "by_when": self._by_when(row["due"], lang),
        }

    def _critical_findings(self, row: Row) -> list[dict[str, Any]]:
        found = self.told.findings.get(row["submission_id"], [])
        return [item for item in found if item["severity"] == Severity.CRITICAL]

    def _findings(self, row: Row, lang: str) -> str:
        lines = [
            f"{place}. {_where(item, lang)}: {words.clean(item[f'message_{lang}'])}"
            for place, item in enumerate(self._critical_findings(row), 1)
        ]
        return words.listed(lines, MOST_FINDINGS, ("lỗi", "faults"), lang)

    def _is_whose_doubted(self, row: Row) -> bool:
        rules = self.catalog.rules_by_id
        checks = [
            rules[item["rule"]].check
            for item in self.told.findings.get(row["submission_id"], [])
            if item["rule"] in rules
        ]
        return any(isinstance(check, IntakeCheck) and check.fault in _WHOSE for check in checks)

    def _attachment(self, row: Row) -> str | None:
        """The annotated copy, below the workspace; none while it is open whose report it is."""
        if row["state"] not in FAILED or self._is_whose_doubted(row):
            return None
        workspace = self.settings.workspace
        place = copy_place(row["period"], row["unit"], row["form"], row["submission_id"], workspace.returned)
        return place.relative_to(workspace.home).as_posix() if place.is_file() else None

    def _attached(self, row: Row, attachment: str | None, lang: str) -> str:
        if attachment is not None:
            return words.pick(
                lang,
                "Kèm theo là tệp của đơn vị, từng lỗi được đánh dấu tại ô.",
                "Your own workbook is attached, with every fault marked at its cell.",
            )
        if self._is_whose_doubted(row):
            return words.pick(
                lang,
                "Bản đánh dấu lỗi không gửi kèm vì chưa rõ tệp có đúng là của đơn vị không.",
                "The annotated workbook is not attached, as it is not certain that the file is yours.",
            )
        return ""

    def _by_when(self, due: date | None, lang: str) -> str:
        if due is None:
            return words.pick(lang, "trong thời gian sớm nhất", "as soon as possible")
        shown = words.day_words(due, lang)
        if due >= self.day:
            return words.pick(lang, f"trước hết ngày {shown}", f"by the end of {shown}")
        return words.pick(lang, f"ngay trong ngày (hạn {shown} đã qua)", f"today (it was due on {shown})")

    # -------------------------------------------------------------------------------------------- lists

    def lists(self) -> Iterator[Row]:
        """A notice a focal point, person and period, of all outcomes of units below it; what was withdrawn is one
        of its own."""
        groups: dict[tuple[int, str, int | None, bool], list[tuple[Row, Focal]]] = defaultdict(list)
        for row in self.told.rows.iter_rows(named=True):
            for above in self.people.focal.get(row["unit_id"], []):
                groups[above.unit_id, above.person.email, row["period_id"], _is_withdrawn(row)].append((row, above))
        for members in groups.values():
            own = [person for row, _ in members for person in self.people.own.get(row["unit_id"], [])]
            if not words.is_told_of_itself([above for _, above in members], own):
                yield self._list([row for row, _ in members], members[0][1])

    def _list(self, rows: list[Row], above: Focal) -> Row:
        lang, person = above.person.lang, above.person
        failed = [row for row in rows if row["kind"] == NoticeKind.REJECTED]
        kind = NoticeKind.REJECTED if failed else NoticeKind.ACCEPTED
        told = hashlib.sha256("\n".join(sorted(row["reason"] for row in rows)).encode()).hexdigest()[:12]
        fields = {
            "unit": words.clean(above.unit),
            "unit_name": words.clean(above.unit_name),
            "period": words.period_words(rows[0], lang),
            "ask": self.people.ask(above.unit_id, person, lang),
            "accepted": words.number(len(rows) - len(failed), lang),
            "failed": words.number(len(failed), lang),
            "count": words.number(len(rows), lang),
            "reports": self._listed(rows, failed, lang),
        }
        case = Case.WITHDRAWN if _is_withdrawn(rows[0]) else Case.USUAL
        subject, body = words.filled(self.catalog.notice(kind, Audience.FOCAL, case), lang, fields)
        return {
            **_of(rows[0], person, self.settings),
            "kind": kind.value,
            "reason": f"{kind}:list:{above.unit_id}:{rows[0]['period_id'] or 0}:{told}",
            "unit_id": above.unit_id,
            "form_id": None,
            "submission_id": None,
            "attachment": None,
            "subject": subject,
            "body": body,
        }

    def _listed(self, rows: list[Row], failed: list[Row], lang: str) -> str:
        if _is_withdrawn(rows[0]):
            return _acts(rows, lang)
        return _reports(failed, lang) if failed else _with_warnings(rows, lang)


def state_of(person: Person, settings: Settings) -> str:
    """A notice waits when there is somebody to send it to and a server to send it by; else it is a file."""
    can_go = bool(person.email and settings.smtp_host)
    return (NoticeState.WAITING if can_go else NoticeState.WRITTEN).value


def _of(row: Row, person: Person, settings: Settings) -> dict[str, Any]:
    names = ("kind", "reason", "unit_id", "period_id", "form_id", "submission_id")
    return {
        **{name: row[name] for name in names},
        "recipient": person.email,
        "recipient_name": person.name or None,
        "state": state_of(person, settings),
    }


def _critical(count: int, lang: str) -> str:
    shown = words.number(count, lang)
    return words.pick(lang, f"{shown} lỗi phải sửa", f"{shown} fault{'' if count == 1 else 's'} to correct")


def _warnings(row: Row, lang: str) -> str:
    count, settled = row["n_warning"], row["n_settled"]
    shown, done = words.number(count, lang), words.number(settled, lang)
    said = words.pick(lang, "không có cảnh báo", "no warnings")
    if count:
        said = words.pick(
            lang, f"{shown} cảnh báo cần xem lại", f"{shown} warning{'' if count == 1 else 's'} to look at"
        )
    elif settled:
        said = words.pick(lang, "không còn cảnh báo", "no warnings are left")
    if settled:
        said += words.pick(lang, f" ({done} đã giải thích hoặc được miễn)", f" ({done} explained or waived)")
    return said


def _where(item: Row, lang: str) -> str:
    place = "!".join(part for part in (item["sheet"], item["cell"]) if part)
    return words.clean(place) or words.pick(lang, "Cả tệp", "The file")


def _reports(rows: list[Row], lang: str) -> str:
    lines = [
        f"- {words.clean(row['unit_name'])} ({words.clean(row['unit'])}): "
        f"{words.pick(lang, *_OUTCOMES[SubmissionState(row['state'])])}, {_critical(row['n_critical'], lang)}"
        for row in sorted(rows, key=lambda row: (row["unit"], row["submission_id"]))
    ]
    return words.listed(lines, MOST_REPORTS, ("báo cáo", "reports"), lang)


def _acts(rows: list[Row], lang: str) -> str:
    lines = [
        f"- {words.clean(row['unit_name'])} ({words.clean(row['unit'])}): "
        f"{words.moment_words(row['act_at'], lang)}, {words.clean(row['act_who'])}: {words.clean(row['act_why'])}"
        for row in sorted(rows, key=lambda row: (row["unit"], row["submission_id"]))
    ]
    return words.listed(lines, MOST_REPORTS, ("báo cáo", "reports"), lang)


def _with_warnings(rows: list[Row], lang: str) -> str:
    count = sum(row["state"] == SubmissionState.ACCEPTED_WITH_WARNINGS for row in rows)
    if not count:
        return words.pick(lang, "Không có cảnh báo nào cần xem lại.", "There are no warnings to look at.")
    shown = words.number(count, lang)
    return words.pick(lang, f"Trong đó {shown} báo cáo có cảnh báo cần xem lại.", f"{shown} of them have warnings.")
