"""What becomes of a submission, given its findings."""

from __future__ import annotations

import polars as pl

from domain.finding import CheckLevel, SettledBy, Severity
from domain.submission import SubmissionState


def verdicts(headers: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """``file, state`` for every file of ``headers``.

    Unreadable with a critical finding about the file itself (level 1), rejected with any other critical one, accepted
    with warnings when there is a warning, accepted otherwise: what is settled or only shown does not count — but a
    critical finding that was let pass leaves its mark: such a report is never accepted without a warning.
    """
    stands = pl.col("settled_by").is_null()
    critical = stands & (pl.col("severity") == Severity.CRITICAL.value)
    warned = stands & (pl.col("severity") == Severity.WARNING.value)
    let_pass = pl.col("settled_by") == SettledBy.OVERRIDE.value
    judged = findings.group_by("file").agg(
        unreadable=(critical & (pl.col("level") == int(CheckLevel.FILE))).any(),
        rejected=critical.any(),
        warned=(warned | let_pass.fill_null(False)).any(),
    )
    state = (
        pl.when(pl.col("unreadable"))
        .then(pl.lit(SubmissionState.UNREADABLE.value))
        .when(pl.col("rejected"))
        .then(pl.lit(SubmissionState.REJECTED.value))
        .when(pl.col("warned"))
        .then(pl.lit(SubmissionState.ACCEPTED_WITH_WARNINGS.value))
        .otherwise(pl.lit(SubmissionState.ACCEPTED.value))
    )
    files = headers.select("file").unique(maintain_order=True)
    return files.join(judged, on="file", how="left", maintain_order="left").select("file", state=state)
