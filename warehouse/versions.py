"""Which version a submission is, and which version of a report is in force. Pure: a frame in, a frame out.

The order of versions is the order in which the files were taken in (within a delivery: oldest first), which is that of
their numbers; never the order in which they happened to be processed: a run that was killed and repeated gives the same
warehouse as an undisturbed one. What a file says of its own day decides nothing: a correction saved before the report
it corrects was sent, or a clock set wrong, would otherwise keep the correction out of force in silence.
"""

from __future__ import annotations

import polars as pl

from domain.submission import IN_FORCE, SubmissionState

#: What makes two submissions versions of one report.
KEY = ["unit_id", "period_id", "form_id"]

_STANDING = [state.value for state in IN_FORCE]
_SUPERSEDED = SubmissionState.SUPERSEDED.value


def arrange(submissions: pl.DataFrame) -> pl.DataFrame:
    """``version``, ``state`` and ``superseded_by`` as they must be, for all submissions of some reports.

    Takes and gives ``id``, the key, ``state``, ``version``, ``superseded_by``. The last version that
    passed is in force; those that passed before it are superseded, each by the next that passed. What was superseded
    once never comes back, even when the version that replaced it is withdrawn.
    """
    ordered = submissions.sort(*KEY, "id").with_columns(version=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(KEY))
    passed = (
        ordered.filter(pl.col("state").is_in([*_STANDING, _SUPERSEDED]))
        .with_columns(next_id=pl.col("id").shift(-1).over(KEY))
        .select("id", "next_id")
    )
    overtaken = pl.col("next_id").is_not_null()
    return (
        ordered.join(passed, on="id", how="left", maintain_order="left")
        .with_columns(
            state=pl.when(overtaken).then(pl.lit(_SUPERSEDED)).otherwise("state"),
            superseded_by=pl.when(overtaken).then("next_id").otherwise("superseded_by"),
        )
        .drop("next_id")
    )
