"""What happened to reports after a moment: which version stands now, in which file, and what people decided."""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import select

from warehouse import tables
from warehouse.bulk import read_frame, read_where_in
from warehouse.freezing import Ground, in_force

_REPORT = ["period", "unit", "form"]


def files_of(ground: Ground) -> pl.DataFrame:
    """The versions of the reports in force: ``period, unit, form, submission, version, state, file_name, sha256,
    received_at, decided_at``."""
    here = tables.submission.c
    query = select(
        here.id.label("submission_id"),
        here.version,
        here.state,
        here.name.label("file_name"),
        here.file_sha256.label("sha256"),
        here.received_at,
        here.decided_at,
    )
    standing = in_force(ground)
    found = read_where_in(ground.connection, query, here.id, standing["submission_id"])
    rows = standing.join(found, on="submission_id").sort("submission_id")
    return rows.unique(_REPORT, keep="last").rename({"submission_id": "submission"})


def files_named(ground: Ground, digests: pl.Series) -> pl.DataFrame:
    """``sha256, version, file_name, state`` of these files: what the frozen figures were read from, and
    what became of it."""
    here = tables.submission.c
    query = select(here.file_sha256.label("sha256"), here.version, here.name.label("file_name"), here.state)
    return read_where_in(ground.connection, query, here.file_sha256, digests.drop_nulls().unique())


def acts_since(ground: Ground, moment: datetime) -> pl.DataFrame:
    """Acts on reports of the conference's units and periods after a moment, in their order: ``period, unit, form,
    submission, version, act, who, reason, at``."""
    action, here = tables.action.c, tables.submission.c
    query = (
        select(
            tables.period.c.code.label("period"),
            tables.unit.c.code.label("unit"),
            tables.form.c.code.label("form"),
            here.id.label("submission"),
            here.version,
            action.id,
            action.what.label("act"),
            action.who,
            action.reason,
            action.at,
        )
        .join_from(tables.action, tables.submission, here.id == action.submission_id)
        .join(tables.unit, tables.unit.c.id == here.unit_id)
        .join(tables.period, tables.period.c.id == here.period_id)
        .join(tables.form, tables.form.c.id == here.form_id)
        .where(here.period_id.in_(ground.periods["id"].to_list()), action.at > moment)
    )
    rows = read_frame(ground.connection, query)
    return rows.filter(pl.col("unit").is_in(ground.codes.implode())).sort("id").drop("id")
