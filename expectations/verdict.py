"""What becomes of a submission, given its findings."""

from __future__ import annotations

import polars as pl

from domain.finding import CheckLevel, Severity
from domain.submission import SubmissionState


def verdicts(headers: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """``file, state`` for every file of ``headers``.

    Unreadable with a critical finding about the file itself (level 1), rejected with any other critical one, accepted
    with warnings when there is a warning, accepted otherwise: what is only shown does not count.
    """
    critical = pl.col("severity") == Severity.CRITICAL.value
    judged = findings.group_by("file").agg(
        unreadable=(critical & (pl.col("level") == int(CheckLevel.FILE))).any(),
        rejected=critical.any(),
        warned=(pl.col("severity") == Severity.WARNING.value).any(),
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
