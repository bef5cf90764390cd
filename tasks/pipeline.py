"""One batch of files from archived bytes to everything the warehouse needs to know of them.

No Prefect and no writing here: this is what runs in a worker process, and what ``tongket check`` runs without storing
anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from catalog import Catalog
from domain.columns import CELLS, FINDINGS, HEADERS, LIST_ROWS, NARRATIVES, OBSERVATIONS
from domain.submission import SubmissionState
from workbook.read import Source

#: States whose figures go on into the warehouse.
_PASSED = [SubmissionState.ACCEPTED.value, SubmissionState.ACCEPTED_WITH_WARNINGS.value]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch; ``file`` in every frame is the number the caller gave the file."""

    headers: pl.DataFrame
    verdicts: pl.DataFrame
    findings: pl.DataFrame
    observations: pl.DataFrame
    list_rows: pl.DataFrame
    narratives: pl.DataFrame
    started_at: datetime
    finished_at: datetime
    seconds: dict[str, float] = field(default_factory=dict)
