"""Artifacts in Prefect's interface; where no run is under way there is nobody to show them to."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.context import FlowRunContext, TaskRunContext

from tasks.shown_words import headed


def key_of(word: str, period: str) -> str:
    """The key of an artifact of a period: each new one joins its history. Letters, digits and dashes only."""
    return f"{word}-{re.sub('[^a-z0-9]+', '-', period.lower()).strip('-')}"


def is_shown() -> bool:
    """Whether a run of Prefect is under way here."""
    return FlowRunContext.get() is not None or TaskRunContext.get() is not None


def show_markdown(key: str, text: str, description: str) -> None:
    if is_shown():
        create_markdown_artifact(key=key, markdown=text, description=description)


def show_table(key: str, rows: list[dict[str, Any]], description: str) -> None:
    """A table under headings in words; Prefect shows none without rows, a sentence stands in its place."""
    if is_shown() and rows:
        create_table_artifact(key=key, table=headed(rows), description=description)
    elif is_shown():
        create_markdown_artifact(key=key, markdown="Không có gì · nothing", description=description)


class Progress:
    """How far a run is, shown anew only when another tenth is done: every showing costs as much as a few reports."""

    def __init__(self, key: str, description: str) -> None:
        self._key, self._description = key, description
        self._id: UUID | None = None
        self._shown = -1

    def tell(self, done: int, total: int) -> None:
        tenth = 10 * done // total if total else 10
        if tenth == self._shown or not is_shown():
            return
        self._shown = tenth
        percent = 100.0 * done / total if total else 100.0
        if self._id is None:
            made = create_progress_artifact(progress=percent, key=self._key, description=self._description)
            self._id = made if isinstance(made, UUID) else None
        else:
            update_progress_artifact(artifact_id=self._id, progress=percent)
