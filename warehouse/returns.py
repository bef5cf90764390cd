"""Reports whose unit gets its own workbook back, with the findings to mark in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Select, func, or_, select

from domain.act import Act
from domain.finding import CheckLevel, Severity
from domain.submission import FAILED, SubmissionState
from warehouse import tables
from warehouse.bulk import MOMENT, read_frame, read_where_in, update_frame
from warehouse.engine import write
from warehouse.reporting import is_below, is_latest

#: ``returned_at`` of a copy that was written before something changed: it lies there, and is to be written anew.
_OUT_OF_DATE = datetime(1970, 1, 1, tzinfo=UTC)

#: States that ask something of the unit.
_ASKING = [*(state.value for state in FAILED), SubmissionState.ACCEPTED_WITH_WARNINGS.value]


def returnable(
    engine: Engine,
    *,
    period: str | None = None,
    unit: str | None = None,
    submission: int | None = None,
    only_new: bool = False,
) -> pl.DataFrame:
    """The latest versions that failed or have warnings, and files that could not be placed; a row a submission.

    ``submission, state, file_name, archive_path, unit, unit_name, period, period_label_vi, form, form_version,
    version, received_at, decided_at, run, is_identity_sound``. ``unit`` means the unit and its subtree; a
    ``submission`` asked for by number is given in whatever state it is, once it was checked. With ``only_new`` those
    whose outcome is newer than their last annotated copy.
    """
    query = _query()
    if submission is not None:
        query = query.where(tables.submission.c.id == submission)
    else:
        query = query.where(tables.submission.c.state.in_(_ASKING), is_latest())
    if only_new:
        returned = tables.submission.c.returned_at
        query = query.where(or_(returned.is_(None), returned < tables.submission.c.decided_at))
    with engine.connect() as connection:
        rows = read_frame(connection, query)
        if period is not None:
            rows = rows.filter(pl.col("period") == period)
        if unit is not None:
            rows = rows.filter(is_below(connection, period, unit))
        doubted = _doubted(connection, rows["submission"])
    return rows.drop("unit_id").with_columns(
        is_identity_sound=pl.col("version").is_not_null() & ~pl.col("submission").is_in(doubted.implode())
    )


def outdated(engine: Engine) -> pl.DataFrame:
    """Reports with an annotated copy that ask nothing of their unit any more; columns as :func:`returnable`."""
    here = tables.submission.c
    query = _query().where(here.returned_at.is_not(None), or_(here.state.not_in(_ASKING), ~is_latest()))
    with engine.connect() as connection:
        return read_frame(connection, query).drop("unit_id").with_columns(is_identity_sound=pl.lit(False))


def _query() -> Select[Any]:
    here, attempt = tables.submission.c, tables.attempt.c
    return (
        select(
            here.id.label("submission"),
            here.unit_id,
            here.state,
            here.name.label("file_name"),
            tables.file.c.archive_path,
            func.coalesce(tables.unit.c.code, here.stated_unit, "").label("unit"),
            func.coalesce(tables.unit.c.name, here.stated_unit_name, "").label("unit_name"),
            func.coalesce(tables.period.c.code, here.stated_period, "").label("period"),
            func.coalesce(tables.period.c.label_vi, "").label("period_label_vi"),
            func.coalesce(tables.form.c.code, "").label("form"),
            func.coalesce(here.form_version, "").label("form_version"),
            here.version,
            here.received_at,
            here.decided_at,
            attempt.run_id.label("run"),
        )
        .join_from(tables.submission, tables.file, tables.file.c.sha256 == here.file_sha256)
        .join(tables.attempt, attempt.id == here.attempt_id)
        .outerjoin(tables.unit, tables.unit.c.id == here.unit_id)
        .outerjoin(tables.period, tables.period.c.id == here.period_id)
        .outerjoin(tables.form, tables.form.c.id == here.form_id)
        .order_by(here.id)
    )


def _doubted(connection: Any, submissions: pl.Series) -> pl.Series:
    """Submissions with a finding of levels 1 and 2 that is more than a note: whose they are is not certain."""
    finding = tables.finding.c
    query = select(finding.submission_id).where(
        finding.level <= int(CheckLevel.FORM), finding.severity != Severity.INFO.value
    )
    return read_where_in(connection, query, finding.submission_id, submissions)["submission_id"].unique()


def findings_to_mark(engine: Engine, submissions: Sequence[int]) -> pl.DataFrame:
    """Present findings of these submissions, gravest first within each; ``submission`` and the finding's columns."""
    finding, here = tables.finding.c, tables.submission.c
    names = [column for column in finding if column.name not in ("submission_id", "attempt_id")]
    query = select(finding.submission_id.label("submission"), *names).join_from(
        tables.finding,
        tables.submission,
        (finding.submission_id == here.id) & (finding.attempt_id == here.attempt_id),
    )
    gravity = pl.col("severity").replace_strict(
        {item.value: place for place, item in enumerate(Severity)}, return_dtype=pl.Int8
    )
    with engine.connect() as connection:
        found = read_where_in(connection, query, finding.submission_id, list(submissions))
    return found.sort("submission", gravity, "level", "id")


def mark_returned(engine: Engine, submissions: Sequence[int], moment: datetime) -> None:
    """Write down that the annotated copies of these submissions were written from what was known at ``moment``.

    Left out are those whose findings changed since, by a comparison or a waiver: they are written once more.
    """
    here, action = tables.submission.c, tables.action.c
    since = select(action.id).where(
        action.submission_id == here.id, action.what == Act.WAIVE.value, action.at >= moment
    )
    unchanged = select(here.id).where(or_(here.compared_at.is_(None), here.compared_at < moment), ~since.exists())
    with write(engine) as connection:
        known = read_where_in(connection, unchanged, here.id, submissions)
        update_frame(connection, tables.submission, known.with_columns(returned_at=pl.lit(moment, MOMENT)), ["id"])


def put_out_of_date(connection: Connection, submissions: Sequence[int]) -> None:
    """The annotated copies of these submissions, where there are any, no longer say what is known, and are to be
    written anew; inside :func:`warehouse.engine.write`. That they are there is not forgotten: a report that asks
    nothing any more has its copy removed (:func:`outdated`)."""
    here = tables.submission.c
    has_copy = select(here.id).where(here.returned_at.is_not(None))
    copies = read_where_in(connection, has_copy, here.id, submissions)
    update_frame(connection, tables.submission, copies.with_columns(returned_at=pl.lit(_OUT_OF_DATE, MOMENT)), ["id"])


def unmark_returned(engine: Engine, submissions: Sequence[int]) -> None:
    """The annotated copies of these submissions were removed."""
    if submissions:
        rows = pl.DataFrame({"id": list(submissions)}, schema={"id": pl.Int64})
        with write(engine) as connection:
            gone = rows.with_columns(returned_at=pl.lit(None, MOMENT))
            update_frame(connection, tables.submission, gone, ["id"])
