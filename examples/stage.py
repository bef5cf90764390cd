"""A generated province's reports laid into a folder: sound ones, faulty ones, broken files and copies."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from catalog import Catalog
from domain.period import Period
from examples.province import Province, Sent, filings_of
from examples.write import Writer

#: The sheet that a unit is made to lose, and what its program called the empty one put in its place.
_LOST_SHEET, _PUT_IN_ITS_PLACE = "Số liệu", "Sheet1"


def stage_province(catalog: Catalog, province: Province, period: Period, seed: int, folder: Path) -> list[Sent]:
    """Write what the province's units send for a period; returns what was sent, silent units left out.

    Files carry the time they would have arrived: a few days before the due date, or after it when the unit is late, and
    later versions after earlier ones.
    """
    sent = [item for item in filings_of(province, catalog, period, seed) if item.outcome is not None]
    return write_sent(catalog, sent, period, folder)


def write_sent(catalog: Catalog, sent: Iterable[Sent], period: Period, folder: Path) -> list[Sent]:
    """Write given reports, damaged where they are to be."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = Writer(catalog)
    written = []
    for item in sent:
        path = folder / f"{item.name}.xlsx"
        path.write_bytes(damaged(writer.workbook(item.filing), item.damage))
        _date(path, _arrival(catalog, item, period))
        written.append(item)
    return written


def damaged(workbook: bytes, damage: str) -> bytes:
    """The file as it arrives: whole, cut off, empty, or without its sheet of figures."""
    match damage:
        case "":
            return workbook
        case "truncated":
            return workbook[: len(workbook) // 2]
        case "empty_file":
            return b""
        case "sheet_missing":
            return _without_sheet(workbook)
    raise ValueError(f"unknown damage {damage!r}")


def _without_sheet(workbook: bytes) -> bytes:
    """The workbook after somebody renamed the sheet of figures: to a reader it is missing."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/workbook.xml":
                content = content.replace(f'name="{_LOST_SHEET}"'.encode(), f'name="{_PUT_IN_ITS_PLACE}"'.encode())
            copy.writestr(name, content)
    return target.getvalue()


def _arrival(catalog: Catalog, item: Sent, period: Period) -> datetime:
    unit = catalog.unit_on(item.filing.unit, period.window.last)
    level = catalog.unit_kinds[unit.kind].level if unit else "cell"
    due = period.due.get(level, period.cutoff)
    day = due + timedelta(days=2) if item.late else due
    return datetime.combine(day, time(1 + item.version), UTC)


def _date(path: Path, moment: datetime) -> None:
    stamp = moment.timestamp()
    os.utime(path, (stamp, stamp))
