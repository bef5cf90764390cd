"""Findings of level 7: where the figures stand that they are about, and the findings put in place of those before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl
from sqlalchemy import Connection, Engine, Select, delete, func, select, update

from domain import clock
from domain.columns import FINDINGS, STATED_AT
from domain.finding import CheckLevel
from domain.submission import IN_FORCE
from warehouse import tables
from warehouse.bulk import insert_frame, number_rows, read_frame, read_where_in
from warehouse.returns import put_out_of_date
from warehouse.units import renamed_since
from warehouse.waivers import recount, settle

_FIGURE = ["file", "indicator", "breakdown"]

#: What a finding says; what settled it follows from the report and the waivers.
_SAID = [name for name in FINDINGS if name not in ("settled_by", "explanation", "file")]


def stated_at(engine: Engine, period: str, figures: pl.DataFrame) -> pl.DataFrame:
    """Where these figures (file, indicator, breakdown) stand: :data:`domain.columns.STATED_AT`."""
    observation, here, place = tables.observation.c, tables.submission.c, tables.place.c
    query = (
        select(
            observation.submission_id.label("file"),
            tables.indicator.c.code.label("indicator"),
            tables.breakdown.c.code.label("breakdown"),
            here.form_version,
            tables.period.c.code.label("period"),
            place.sheet,
            place.cell,
            observation.original_text,
            observation.note,
        )
        .join_from(tables.observation, tables.submission, here.id == observation.submission_id)
        .join(tables.period, tables.period.c.id == observation.period_id)
        .join(tables.indicator, tables.indicator.c.id == observation.indicator_id)
        .join(tables.breakdown, tables.breakdown.c.id == observation.breakdown_id)
        .outerjoin(tables.place, place.id == observation.place_id)
        .where(
            observation.period_id == select(tables.period.c.id).where(tables.period.c.code == period).scalar_subquery()
        )
    )
    with engine.connect() as connection:
        found = read_where_in(connection, query, observation.submission_id, figures["file"].unique())
    return found.join(figures, on=_FIGURE, how="semi").select(list(STATED_AT))


def put_findings(
    connection: Connection, period: str, form: str, findings: pl.DataFrame, units: Sequence[str] | None
) -> None:
    """Make ``findings`` (:data:`domain.columns.FINDINGS`) the ones of level 7 on the reports in force of a period and
    form — of ``units`` alone, where they are named; inside :func:`warehouse.engine.write`.

    What is there already stays as it is, what no longer holds goes, also when it was settled: the waiver stays, and
    settles what it speaks of should it come back. A closed period keeps what it has. Where the findings of a report
    changed, its annotated copy is out of date.
    """
    if _is_closed(connection, period):
        return
    there = _there(connection, period, form, units)
    reports = _in_force(connection, findings["file"].unique())
    wanted = findings.join(reports, on="file").rename({"file": "submission_id"})
    same = ["submission_id", "attempt_id", *_SAID]
    gone = there.join(wanted, on=same, how="anti", nulls_equal=True)
    fresh = wanted.join(there, on=same, how="anti", nulls_equal=True).sort("submission_id", "rule", "field", "item")
    if gone.height:
        connection.execute(delete(tables.finding).where(tables.finding.c.id.in_(gone["id"].to_list())))
    insert_frame(connection, tables.finding, number_rows(connection, tables.finding, fresh))
    changed = sorted({*gone["submission_id"], *fresh["submission_id"]})
    settle(connection, changed, clock.today())
    recount(connection, changed)
    put_out_of_date(connection, changed)
    _mark(connection, changed)


def _is_closed(connection: Connection, period: str) -> bool:
    query = select(tables.period.c.closed_at).where(tables.period.c.code == period)
    return connection.scalar(query) is not None


def _there(connection: Connection, period: str, form: str, units: Sequence[str] | None) -> pl.DataFrame:
    """Present findings of level 7 of the reports in force, with ``id, submission_id, attempt_id``.

    Only reports that speak for more than their own unit can have any: they are few, and looked at first.
    """
    finding, here = tables.finding.c, tables.submission.c
    query: Select[tuple[object, ...]] = (
        select(
            finding.id,
            finding.submission_id,
            finding.attempt_id,
            here.unit_id,
            tables.unit.c.code.label("unit"),
            tables.period.c.last_day,
            *[finding[name] for name in _SAID],
        )
        .join_from(
            tables.submission,
            tables.finding,
            (finding.submission_id == here.id) & (finding.attempt_id == here.attempt_id),
        )
        .join(tables.period, tables.period.c.id == here.period_id)
        .join(tables.form, tables.form.c.id == here.form_id)
        .join(tables.unit, tables.unit.c.id == here.unit_id)
        .where(
            tables.period.c.code == period,
            tables.form.c.code == form,
            here.state.in_(sorted(IN_FORCE)),
            func.coalesce(here.scope, "") != "own",
            finding.level == int(CheckLevel.HIERARCHY),
        )
    )
    found = read_frame(connection, query)
    if units is not None and found.height:
        before = renamed_since(connection, found["last_day"][0])
        named = found.join(before, on="unit_id", how="left", maintain_order="left")
        found = named.filter(pl.coalesce("now", "unit").is_in(list(units))).drop("now_id", "now")
    found = found.drop("unit_id", "unit", "last_day")
    kinds = {name: getattr(pl, kind) for name, kind in FINDINGS.items() if name in _SAID}
    return found.with_columns(pl.col(name).cast(kind) for name, kind in kinds.items())


def _in_force(connection: Connection, submissions: pl.Series) -> pl.DataFrame:
    """``file, attempt_id`` of those that are."""
    here = tables.submission.c
    query = select(here.id.label("file"), here.attempt_id).where(here.state.in_(sorted(IN_FORCE)))
    return read_where_in(connection, query, here.id, submissions)


def _mark(connection: Connection, submissions: Sequence[int]) -> None:
    """A copy that is being written from what was known before does not pass for up to date
    (:func:`warehouse.returns.mark_returned`)."""
    here = tables.submission
    connection.execute(
        update(here)
        .where(here.c.id.in_(list(submissions)), here.c.compared_at.is_not(None))
        .values(compared_at=datetime.now(UTC))
    )
