"""The figures of a period as files: Parquet for notebooks, CSV and Excel for people."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl

from domain.act import ActRefusedError
from warehouse.engine import Engine
from warehouse.extracts import extract
from warehouse.migrate import current
from workbook.tabular import TooManyRowsError, write_csv, write_workbook

Format = Literal["parquet", "csv", "xlsx"]

MANIFEST = "manifest.json"

#: What is not whole yet; left behind only by an export that was killed.
_DRAFTS = ".export-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported: a period, of everybody or of a unit with everything below it, as of now or of then."""

    period: str
    format: Format
    unit: str | None = None
    as_of: datetime | None = None

    @property
    def scope(self) -> dict[str, Any]:
        """What all exports in one folder have in common: their files could not be read together otherwise."""
        return {"format": self.format, "unit": self.unit, "as_of": self.as_of.isoformat() if self.as_of else None}


def export(engine: Engine, wanted: Wanted, out: Path) -> dict[str, Any]:
    """Write the period into ``out``; what the manifest then says of it.

    Everything is written beside its place and moved there when it is whole, the manifest last: a file that bears its
    name is complete, and one that does not fit its hash in the manifest was written by an export that was cut short.
    Refused when ``out`` holds an export of another format, unit or moment, or something that is no export.
    """
    manifest = _standing(wanted, out)
    frames = extract(engine, wanted.period, wanted.unit, wanted.as_of)
    out.mkdir(parents=True, exist_ok=True)
    if not (out / MANIFEST).exists():  # from now on the folder is known for an export, however this one ends
        _write_manifest(out / f"{_DRAFTS}{os.getpid()}.json", manifest)
        (out / f"{_DRAFTS}{os.getpid()}.json").replace(out / MANIFEST)
    drafts = Path(tempfile.mkdtemp(prefix=_DRAFTS, dir=out))
    try:
        names = _written(frames, wanted, drafts)
        files = [{"name": name, "rows": rows, **_of_file(drafts / name)} for name, rows in names.items()]
        told = {"moment": datetime.now(UTC).isoformat(timespec="seconds"), "files": files}
        for name in names:
            _moved(drafts / name, out / name)
        # read again: another period may have been exported meanwhile
        periods = {**_standing(wanted, out)["periods"], wanted.period: told}
        whole = {**manifest, "schema": current(engine), "periods": dict(sorted(periods.items()))}
        _write_manifest(drafts / MANIFEST, whole)
        _moved(drafts / MANIFEST, out / MANIFEST)
    finally:
        shutil.rmtree(drafts, ignore_errors=True)
    return {"period": wanted.period, **wanted.scope, "schema": whole["schema"], **told}


def _standing(wanted: Wanted, out: Path) -> dict[str, Any]:
    """The manifest of the folder, or a new one."""
    there = [path for path in out.iterdir() if not path.name.startswith(_DRAFTS)] if out.exists() else []
    if not there:
        return {"tongket": "export", **wanted.scope, "periods": {}}
    try:
        manifest: dict[str, Any] = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        ours = manifest["tongket"] == "export" and isinstance(manifest["periods"], dict)
    except (OSError, ValueError, KeyError, TypeError):
        ours, manifest = False, {}
    if not ours:
        raise ActRefusedError(
            f"{out} không trống và không phải thư mục đã xuất trước đây; chọn thư mục khác.",
            f"{out} is not empty and holds no earlier export; choose another folder.",
        )
    if {name: manifest.get(name) for name in wanted.scope} != wanted.scope:
        raise ActRefusedError(
            f"{out} chứa bản xuất khác về định dạng, đơn vị hoặc thời điểm; chọn thư mục khác.",
            f"{out} holds an export of another format, unit or moment; choose another folder.",
        )
    return manifest


def _write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _written(frames: dict[str, pl.DataFrame], wanted: Wanted, drafts: Path) -> dict[str, int]:
    """Name → rows of the files written."""
    if wanted.format == "xlsx":
        name = f"{wanted.period}.xlsx"
        try:
            write_workbook(frames, drafts / name)
        except TooManyRowsError as error:
            raise ActRefusedError(
                f"Quá nhiều dòng cho một trang tính ({error}); dùng --format parquet hoặc --unit.",
                f"Too many rows for a sheet ({error}); use --format parquet or --unit.",
            ) from error
        return {name: sum(frame.height for frame in frames.values())}
    names = {}
    for table, frame in frames.items():
        name = _name(table, wanted)
        (drafts / name).parent.mkdir(parents=True, exist_ok=True)
        if wanted.format == "csv":
            write_csv(frame, drafts / name)
        else:
            _write_parquet(frame.drop("period"), drafts / name)  # the folder's name says it
        names[name] = frame.height
    return names


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    try:
        frame.write_parquet(path)
    except pl.exceptions.ComputeError as error:  # so polars says that the disk is full
        raise OSError(errno.EIO, str(error), str(path)) from error


def _name(table: str, wanted: Wanted) -> str:
    if wanted.format == "csv":
        return f"{wanted.period}/{table}.csv"
    return f"{table}/period={wanted.period}/data.parquet"


def _of_file(path: Path) -> dict[str, Any]:
    with path.open("rb") as written:
        return {"size": path.stat().st_size, "sha256": hashlib.file_digest(written, "sha256").hexdigest()}


def _moved(draft: Path, place: Path) -> None:
    """On the disk before it bears its name."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(place)
