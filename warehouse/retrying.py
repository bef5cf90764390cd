"""Which failed submissions are worth trying again: all of them on demand, or those a changed definition can touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Select, func, select

from catalog.fingerprints import CALENDAR, FORM, FORM_VERSION, OBLIGATION, RULE, UNIT, UNIT_CHILDREN, version_code
from catalog.model import IntakeCheck, Rule
from catalog.refs import Ref, refs_of
from catalog.whole import Catalog
from domain.clock import ZONE
from domain.finding import CheckLevel, Severity
from domain.submission import FAILED, AttemptOutcome, FaultNature, SubmissionState
from warehouse import tables
from warehouse.bulk import read_frame, read_where_in
from warehouse.reporting import is_below, is_latest

#: Faults of level 2 that the register decides about the stated unit; for ``reporter_unknown`` about the reporter.
_UNIT_FAULTS = frozenset({"unit_unknown", "unit_not_valid_in_period", "unit_name_mismatch", "form_not_owed"})
_REPORTER_FAULT = "reporter_unknown"
_FORM_FAULT = "unknown_form"
#: Faults that the versions a form accepts decide about; every other one is of the version the report was filled in on.
_VERSION_FAULTS = frozenset({_FORM_FAULT, "version_missing", "version_not_accepted"})

#: How the definitions of a kind are called in a sentence.
_NAMES = {
    RULE: ("quy tắc", "rule"),
    FORM: ("biểu mẫu", "form"),
    FORM_VERSION: ("phiên bản biểu mẫu", "version of the form"),
    OBLIGATION: ("nghĩa vụ báo cáo biểu", "obligation to file"),
    CALENDAR: ("lịch báo cáo", "calendar"),
    UNIT: ("đơn vị", "unit"),
    UNIT_CHILDREN: ("các đơn vị trực thuộc", "units directly below"),
}

_FAILED_COLUMNS = (
    "submission",
    "unit",
    "unit_name",
    "period",
    "form",
    "file_name",
    "state",
    "decided_at",
    "n_critical",
)


def failed(
    engine: Engine,
    *,
    period: str | None = None,
    unit: str | None = None,
    submissions: Sequence[int] | None = None,
) -> pl.DataFrame:
    """Rejected and unreadable submissions that are the latest version of their report or could not be placed.

    ``submission, unit, unit_name, period, form, file_name, state, decided_at, n_critical``, in order of receipt; unit
    and period as the file states them where they are not known. ``unit`` means the unit and its subtree. Raises
    :class:`warehouse.reporting.UnknownPeriodError` when a unit is asked for in a period that is not known.
    """
    with engine.connect() as connection:
        return _failed(connection, period, unit, submissions).select(_FAILED_COLUMNS)


def touched(engine: Engine, catalog: Catalog, *, period: str | None = None, unit: str | None = None) -> pl.DataFrame:
    """Those of :func:`failed` that a definition can touch which changed after they were judged.

    With ``why_vi`` and ``why_en`` naming the definitions. ``catalog`` tells what its rules ask; changes are those the
    registry has been told of (:func:`warehouse.registry.sync_registry`, :func:`warehouse.registry.import_units`). A
    definition that was changed and changed back touches nothing.
    """
    with engine.connect() as connection:
        reports = _failed(connection, period, unit, None)
        leaning = _leaning_on(reports, _standing(connection, reports), catalog)
        changed = _changed_since(leaning, _changes(connection, leaning))
    return (
        reports.select(_FAILED_COLUMNS)
        .join(_in_words(changed), on="submission", maintain_order="left")
        .sort("submission")
    )


def transient(engine: Engine) -> pl.DataFrame:
    """Submissions that still wait although they were tried, because of a fault that passes.

    ``submission, file_name, received_at, tries`` (failed ones), ``tried_at, detail`` (of the last), ``claimed_by``.
    """
    submission, attempt = tables.submission.c, tables.attempt.c
    query = (
        select(
            submission.id.label("submission"),
            submission.name.label("file_name"),
            submission.received_at,
            submission.claimed_by,
            attempt.outcome,
            attempt.nature,
            attempt.finished_at.label("tried_at"),
            attempt.detail,
        )
        .join_from(tables.submission, tables.attempt, attempt.submission_id == submission.id)
        .where(submission.state == SubmissionState.RECEIVED.value, attempt.outcome != AttemptOutcome.SAME_BYTES.value)
        .order_by(submission.id, attempt.id)
    )
    with engine.connect() as connection:
        tried = read_frame(connection, query)
    is_failed = pl.col("outcome") == AttemptOutcome.FAILED.value
    return (
        tried.group_by("submission", maintain_order=True)
        .agg(pl.all().exclude("submission").last(), tries=is_failed.sum().cast(pl.Int64))
        .filter(is_failed, pl.col("nature") == FaultNature.TRANSIENT.value)
        .select("submission", "file_name", "received_at", "tries", "tried_at", "detail", "claimed_by")
    )


# ------------------------------------------------------------------------------------------------ what failed


def _failed(
    connection: Connection, period: str | None, unit: str | None, submissions: Sequence[int] | None
) -> pl.DataFrame:
    query = _failed_query(period)
    if submissions is None:
        found = read_frame(connection, query)
    else:
        found = read_where_in(connection, query, tables.submission.c.id, submissions)
    if unit is not None:
        found = found.filter(is_below(connection, period, unit))
    return found.sort("submission")


def _failed_query(period: str | None) -> Select[Any]:
    here = tables.submission.c
    period_code = func.coalesce(tables.period.c.code, here.stated_period)
    query = (
        select(
            here.id.label("submission"),
            here.unit_id,
            func.coalesce(tables.unit.c.code, here.stated_unit).label("unit"),
            func.coalesce(tables.unit.c.name, here.stated_unit_name).label("unit_name"),
            period_code.label("period"),
            tables.form.c.code.label("form"),
            here.name.label("file_name"),
            here.state,
            here.decided_at,
            here.n_critical,
            here.attempt_id,
            here.stated_unit,
            here.stated_period,
            here.reporter,
            here.form_version,
            tables.period.c.calendar,
            tables.attempt.c.started_at,
        )
        .join_from(tables.submission, tables.attempt, tables.attempt.c.id == here.attempt_id)
        .outerjoin(tables.unit, tables.unit.c.id == here.unit_id)
        .outerjoin(tables.period, tables.period.c.id == here.period_id)
        .outerjoin(tables.form, tables.form.c.id == here.form_id)
        .where(here.state.in_(sorted(FAILED)), is_latest())
    )
    return query if period is None else query.where(period_code == period)


def _standing(connection: Connection, reports: pl.DataFrame) -> pl.DataFrame:
    """``submission, rule, level, observed`` of the critical findings that stand in the way of the reports."""
    finding = tables.finding.c
    query = select(
        finding.submission_id.label("submission"), finding.attempt_id, finding.rule, finding.level, finding.observed
    ).where(finding.severity == Severity.CRITICAL.value, finding.settled_by.is_(None))
    found = read_where_in(connection, query, finding.submission_id, reports["submission"])
    return found.join(reports, on=["submission", "attempt_id"], how="semi").drop("attempt_id").unique()


# ------------------------------------------------------------------------------------------------ what it leans on


def _leaning_on(reports: pl.DataFrame, standing: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """``submission, started_at, kind, code``: the definitions that the verdict over each report could change with."""
    met = standing.join(reports, on="submission")
    faults = {rule.id: rule.check.fault for rule in catalog.rules if isinstance(rule.check, IntakeCheck)}
    fault = pl.col("rule").replace_strict(faults, default=None, return_dtype=pl.String)
    of_form = met.filter(pl.col("level") == CheckLevel.FORM)
    by_register = met.filter(pl.col("rule").is_in([rule.id for rule in catalog.rules if _reads_register(rule)]))
    by_unit = pl.concat([by_register, of_form.filter(fault.is_in(_UNIT_FAULTS))])
    # the form a file states is known only by the finding that nobody knows it
    stated_form = pl.coalesce("form", pl.when(fault == _FORM_FAULT).then("observed"))
    version = pl.format(version_code("{}", "{}"), "form", "form_version")
    unplaced = of_form.filter(pl.col("calendar").is_null(), pl.col("stated_period").is_not_null())
    parts = [
        _lean(met, RULE, pl.col("rule")),
        _lean(of_form.filter(fault.is_in(_VERSION_FAULTS)), FORM, stated_form),
        _lean(met.filter(pl.col("level") >= CheckLevel.FORM), FORM_VERSION, version),
        _lean(of_form, OBLIGATION, pl.col("form")),
        _lean(of_form, CALENDAR, pl.col("calendar")),
        *(_lean(unplaced, CALENDAR, pl.lit(code)) for code in catalog.calendars),
        _lean(by_unit, UNIT, pl.col("stated_unit")),
        _lean(of_form.filter(fault == _REPORTER_FAULT), UNIT, pl.col("reporter")),
        _lean(by_register, UNIT_CHILDREN, pl.col("stated_unit")),
    ]
    return pl.concat(parts).drop_nulls("code").unique()


def _reads_register(rule: Rule) -> bool:
    return any(Ref.parse(text).source == "register" for text in refs_of(rule.check))


def _lean(met: pl.DataFrame, kind: str, code: pl.Expr) -> pl.DataFrame:
    return met.select("submission", "started_at", kind=pl.lit(kind), code=code.str.strip_chars())


# ------------------------------------------------------------------------------------------------ what changed


def _changes(connection: Connection, leaning: pl.DataFrame) -> pl.DataFrame:
    """``kind, code, since, fingerprint``: the whole past of the definitions that are leant on."""
    change = tables.definition_change.c
    query = select(change.kind, change.code, change.since, change.fingerprint)
    found = read_where_in(connection, query, change.code, leaning["code"].unique())
    return found.join(leaning, on=["kind", "code"], how="semi")


def _changed_since(leaning: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """``submission, kind, code, since, was_there, is_there``: definitions that are no longer as they were when the
    report was judged."""
    was_known = pl.col("since") <= pl.col("started_at")
    return (
        leaning.join(changes, on=["kind", "code"])
        .sort("since")
        .group_by("submission", "kind", "code")
        .agg(
            pl.col("since").last(),
            before=pl.col("fingerprint").filter(was_known).last(),
            now=pl.col("fingerprint").last(),
        )
        .filter(pl.col("now").ne_missing(pl.col("before")))
        .select(
            "submission",
            "kind",
            "code",
            "since",
            was_there=pl.col("before").is_not_null(),
            is_there=pl.col("now").is_not_null(),
        )
    )


def _in_words(changed: pl.DataFrame) -> pl.DataFrame:
    """``submission, why_vi, why_en``: "quy tắc DOS-001 đã sửa lúc 14:05 16/03/2025; đơn vị X09 mới có lúc …"."""
    order = pl.col("kind").replace_strict({kind: place for place, kind in enumerate(_NAMES)}, return_dtype=pl.Int8)
    return (
        changed.sort(order, "code")
        .group_by("submission", maintain_order=True)
        .agg(
            why_vi=_sentence(0, ("mới có", "đã bỏ", "đã sửa"), "{} {} {} lúc {}").str.join("; "),
            why_en=_sentence(1, ("added", "dropped", "changed"), "{} {} {} at {}").str.join("; "),
        )
    )


def _sentence(language: int, happened: tuple[str, str, str], words: str) -> pl.Expr:
    name = pl.col("kind").replace_strict({kind: names[language] for kind, names in _NAMES.items()})
    added, dropped, changed = (pl.lit(word) for word in happened)
    verb = pl.when(~pl.col("was_there")).then(added).when(~pl.col("is_there")).then(dropped).otherwise(changed)
    return pl.format(
        words, name, "code", verb, pl.col("since").dt.convert_time_zone(ZONE.key).dt.strftime("%H:%M %d/%m/%Y")
    )
