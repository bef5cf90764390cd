"""Frames as spreadsheets: what was text stays text, and nothing a unit wrote is ever run as a formula."""

from __future__ import annotations

import errno
import math
import re
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from workbook.texts import printable, shortened

#: Rows a sheet can hold, its head included.
MOST_ROWS = 1_048_576

#: Signs with which spreadsheet programs take a text for a formula, also behind a tab or a line break.
_FORMULA = r"^[=+\-@\t\r\n]"

_LONGEST = 32_767

_SHORT_ESCAPE = re.compile(rb"_x([0-9A-Fa-f]{1,3})_")

#: Equal frames give equal files.
_CREATED = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)


class TooManyRowsError(ValueError):
    """A frame does not fit a sheet."""


def disarmed(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before every text that a spreadsheet program would run, names of columns too."""
    text = pl.col(pl.String)
    safe = frame.with_columns(pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text).name.keep())
    return safe.rename({name: f"'{name}" for name in frame.columns if re.match(_FORMULA, name)})


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """UTF-8 with the mark by which Excel knows it; texts disarmed."""
    disarmed(frame).write_csv(path, include_bom=True, datetime_format="%Y-%m-%dT%H:%M:%S%.f%:z")


def write_workbook(frames: Mapping[str, pl.DataFrame], path: Path) -> None:
    """A sheet a frame, with a head that stays in sight and filters. Raises :class:`TooManyRowsError`, ``OSError``."""
    try:
        _write_workbook(frames, path)
        _without_escapes_of_calc(path)
    except FileCreateError as error:
        raise OSError(errno.EIO, str(error), str(path)) from error


def _without_escapes_of_calc(path: Path) -> None:
    """LibreOffice takes ``_xa_`` for a sign written by its number, which only four digits between the marks may be:
    ``bao_tro_xa_hoi`` would lose its middle. The texts are in one part of the file, whose mark is written so itself."""
    draft = path.with_name(f"{path.name}.part")
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as safe:
        for part in book.infolist():
            content = book.read(part)
            if part.filename == "xl/sharedStrings.xml":
                content = _SHORT_ESCAPE.sub(rb"_x005F_x\1_", content)
            safe.writestr(part, content)
    draft.replace(path)


def _write_workbook(frames: Mapping[str, pl.DataFrame], path: Path) -> None:
    for name, frame in frames.items():
        if frame.height >= MOST_ROWS:
            raise TooManyRowsError(f"{name}: {frame.height} rows")
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": _CREATED})
        head = book.add_format({"bold": True, "bottom": 1})
        for name, frame in frames.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, frame.columns, head)
            sheet.freeze_panes(1, 0)
            for number, series in enumerate(disarmed(frame)):
                sheet.write_column(1, number, [_cell(value) for value in series])
            if frame.width:
                sheet.autofilter(0, 0, frame.height, frame.width - 1)


def _cell(value: Any) -> Any:
    """An infinite bound is an open one; days and moments are written so that they can be read by eye and by program."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return shortened(printable(value), _LONGEST)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value
