"""Hashes of the figures of reports: equal where all figures are, whenever and from whatever file they came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

import polars as pl
from sqlalchemy import Connection, select

from domain.submission import IN_FORCE, RESTORABLE
from warehouse import tables
from warehouse.bulk import MOMENT, read_frame, read_where_in, update_frame
from warehouse.history import in_words

#: With fewer figures than this two reports are the same by chance.
_TELLING_FIGURES = 6

#: Reports whose figures are read at a time.
_AT_A_TIME = 5_000


def fingerprints(observations: pl.DataFrame) -> pl.DataFrame:
    """``file, n_figures, figures_sha256``: over the figures a report states that are not 0, in an order of their own.

    Of ``observations`` are read ``file, indicator, breakdown, value, derived``. The same figures give the same print
    whatever batch, program or kind of file they came in; what is computed from them says nothing more. Null where too
    few are left.
    """
    stated = observations.filter(pl.col("value") != 0, ~pl.col("derived"))
    figure = pl.concat_str("indicator", "breakdown", pl.col("value").round(6).cast(pl.String), separator="\x1f")
    written = stated.group_by("file").agg(n_figures=pl.len().cast(pl.Int64), text=figure.sort().str.join("\n"))
    return written.select(
        "file",
        "n_figures",
        figures_sha256=pl.when(pl.col("n_figures") >= _TELLING_FIGURES)
        .then("text")
        .map_elements(lambda text: hashlib.sha256(text.encode()).hexdigest(), return_dtype=pl.String),
    )


def backfill_fingerprints(connection: Connection) -> None:
    """Give every report that passed and has no fingerprint the one a load would have given it, inside
    :func:`warehouse.engine.write`; done again, it changes nothing.

    They count as compared: copies of them are found from now on, and they are not all judged anew at once.
    """
    now = datetime.now(UTC)
    for figures in _figures(connection):
        prints = fingerprints(figures).with_columns(compared_at=pl.lit(now, MOMENT)).rename({"file": "id"})
        update_frame(connection, tables.submission, prints, ["id"])


def _figures(connection: Connection) -> Iterator[pl.DataFrame]:
    """``file, indicator, breakdown, value, derived`` of reports without a fingerprint, some at a time."""
    here, observation, manner = tables.submission.c, tables.observation.c, tables.manner.c
    passed = sorted(IN_FORCE | RESTORABLE)
    unknown = read_frame(
        connection,
        select(here.id, here.period_id).where(
            here.figures_sha256.is_(None), here.n_figures == 0, here.period_id.is_not(None), here.state.in_(passed)
        ),
    )
    query = select(
        observation.submission_id.label("file"),
        observation.indicator_id,
        observation.breakdown_id,
        observation.value,
        manner.derived,
    ).join_from(tables.observation, tables.manner, manner.id == observation.manner_id)
    for (period_id,), part in unknown.sort("id").group_by("period_id"):
        of_it = query.where(observation.period_id == period_id)
        for some in part.iter_slices(_AT_A_TIME):
            yield in_words(connection, read_where_in(connection, of_it, observation.submission_id, some["id"]))
