"""Annotated copies of reports: the unit's own workbook with the findings marked at the cells."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from catalog import Catalog
from domain.act import ActRefusedError
from tasks.archive import find
from tasks.places import at_hand
from tasks.settings import Settings
from tasks.store import register_of
from warehouse import acts, returns
from warehouse.engine import Engine
from workbook.returned import Head, returned_workbook

if TYPE_CHECKING:
    from tasks.places import Place

#: What may stand in the name of a file on every system; a unit's code comes from the file it sent.
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

_LONGEST_NAME = 60

_DRAFT, _OLD_DRAFT_SECONDS = ".part", 86_400

#: The folder of reports whose period is not known.
NO_PERIOD = "khong-ro-ky"
NO_UNIT = "khong-ro-don-vi"


@dataclass(frozen=True, slots=True)
class ToReturn:
    """A report to hand back, and the findings to mark in it."""

    head: Head
    archived: str
    findings: list[dict[str, Any]]


def to_return(engine: Engine, rows: pl.DataFrame, archive: Place) -> list[ToReturn]:
    """The reports of :func:`warehouse.returns.returnable` with their findings."""
    findings = returns.findings_to_mark(engine, rows["submission"].to_list())
    by_submission = findings.partition_by("submission", as_dict=True)
    return [
        ToReturn(_head(row), str(find(archive, row["archive_path"])), found.to_dicts() if found is not None else [])
        for row in rows.iter_rows(named=True)
        for found in [by_submission.get((row["submission"],))]
    ]


def _head(row: dict[str, Any]) -> Head:
    return Head(
        submission=row["submission"],
        state=row["state"],
        file_name=row["file_name"],
        unit=row["unit"],
        unit_name=row["unit_name"],
        period=row["period"],
        period_label=row["period_label_vi"],
        form=row["form"],
        form_version=row["form_version"],
        version=row["version"],
        received_at=row["received_at"],
        decided_at=row["decided_at"],
        run=row["run"],
        bound_unit=row["unit"] if row["is_identity_sound"] else "",
    )


def place_of(head: Head, to: Path) -> Path:
    """Where the copy of a report lies: ``<period>/<unit>_<form>_<number>.xlsx``."""
    return copy_place(head.period, head.unit, head.form, head.submission, to)


def copy_place(period: str, unit: str, form: str, submission: int, to: Path) -> Path:
    report = "_".join([safe_name(unit, NO_UNIT), *filter(None, [safe_name(form, "")])])
    return to / safe_name(period, NO_PERIOD) / f"{report}_{submission}.xlsx"


def safe_name(text: str, otherwise: str) -> str:
    """``text`` as the name of a file or folder on every system, or ``otherwise`` when nothing is left of it."""
    return _UNSAFE.sub("-", text).strip("-.")[:_LONGEST_NAME] or otherwise


def write_returned(items: Sequence[ToReturn], catalog: Catalog, to: Path) -> list[Path]:
    """Write the copies below ``to``, each whole or not at all, and return their paths."""
    with at_hand([item.archived for item in items]) as archived:
        return [
            keep_copy(item, _annotated(item, path, catalog), to) for item, path in zip(items, archived, strict=True)
        ]


def annotated(items: Sequence[ToReturn], catalog: Catalog) -> list[bytes]:
    """The copies as the bytes of workbooks, for :func:`keep_copy` of another machine."""
    with at_hand([item.archived for item in items]) as archived:
        return [_annotated(item, path, catalog) for item, path in zip(items, archived, strict=True)]


def _annotated(item: ToReturn, archived: Path, catalog: Catalog) -> bytes:
    return returned_workbook(archived, item.head.file_name, item.findings, item.head, catalog)


def keep_copy(item: ToReturn, data: bytes, to: Path) -> Path:
    """Write a copy below ``to``, whole or not at all, and return its path."""
    place = place_of(item.head, to)
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{os.urandom(6).hex()}{_DRAFT}")  # two runs may write the same copy
    try:
        draft.write_bytes(data)
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return place


def tidy(engine: Engine, to: Path) -> None:
    """Remove copies of reports that were overtaken or taken back, and drafts that a killed run left a day ago.

    A unit must not mend what is out of date. Only what a run wrote below ``to`` is touched.
    """
    rows = returns.outdated(engine)
    for row in rows.iter_rows(named=True):
        place_of(_head(row), to).unlink(missing_ok=True)
    returns.unmark_returned(engine, rows["submission"].to_list())
    for draft in to.rglob(f".*{_DRAFT}"):
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > _OLD_DRAFT_SECONDS:
                draft.unlink()


def return_reports(
    settings: Settings,
    engine: Engine,
    *,
    period: str | None = None,
    unit: str | None = None,
    submission: int | None = None,
    to: Path | None = None,
    who: str,
) -> list[tuple[Head, Path]]:
    """Write annotated copies on somebody's request: of one submission, of a unit and what is below it, of a period.

    A copy of a report that was overtaken since is tidied away by the next run when it lies in the workspace. Raises
    :class:`ActRefusedError` for a submission that is not there or was not checked yet.
    """
    moment = datetime.now(UTC)
    rows = returns.returnable(engine, period=period, unit=unit, submission=submission)
    if submission is not None and rows.is_empty():
        raise ActRefusedError(
            f"Không có báo cáo số {submission} đã được kiểm tra. Xem: tongket findings",
            f"There is no submission {submission} that was checked. See: tongket findings",
        )
    items = to_return(engine, rows, settings.archive_place)
    paths = write_returned(items, register_of(settings), to or settings.workspace.returned)
    numbers = rows["submission"].to_list()
    acts.record_return(engine, numbers, who=who, reason="trả bản có đánh dấu lỗi")
    returns.mark_returned(engine, numbers, moment)
    return [(item.head, path) for item, path in zip(items, paths, strict=True)]
