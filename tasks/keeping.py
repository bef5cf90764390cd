"""Backups: warehouse, archive and definitions in one file that is proved before anything of it is believed."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

import polars as pl

from domain.act import ActRefusedError
from tasks import log
from tasks.archive import bring_back, find, waiting, write_once
from tasks.places import telling
from tasks.settings import Settings
from tasks.store import definitions
from warehouse import migrate, whole
from warehouse.engine import Engine, snapshot
from workbook.container import DAMAGED_ZIP

MANIFEST = "manifest.json"

#: Which way of writing a backup this is.
VERSION = 1

_PIECE = 1024 * 1024

#: Backups that nobody gave another name.
_USUAL = re.compile(r"tongket-\d{8}T\d{6}Z\.zip")


@dataclass(slots=True)
class _Writing:
    """A backup under way: what was put in, with its hash."""

    package: zipfile.ZipFile
    members: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, name: str, content: IO[bytes]) -> str:
        """Add a member; its hash."""
        digest, size = hashlib.sha256(), 0
        with self.package.open(name, "w", force_zip64=True) as member:
            while piece := content.read(_PIECE):
                digest.update(piece)
                member.write(piece)
                size += len(piece)
        self.members[name] = {"size": size, "sha256": digest.hexdigest()}
        return digest.hexdigest()


def backup(settings: Settings, engine: Engine, out: Path) -> dict[str, Any]:
    """Write the backup; its manifest.

    All rows are of one moment, also while a run writes: a file is in the archive before a row speaks of it, so every
    row finds its file. ``lost`` names archived files that are gone or no longer have their hash: the rows are kept, and
    whoever reads the manifest knows. Files that wait in the inbox belong to nobody yet and are not taken: ``waiting``
    counts them. ``out`` must not exist; it bears its name only once it is whole and on the disk.
    """
    if out.exists():
        raise _is_there(out)
    draft, began = out.with_name(f".{out.name}.{os.getpid()}.part"), time.perf_counter()
    try:
        with draft.open("xb") as file:
            with zipfile.ZipFile(file, "w") as package:
                manifest = _write(_Writing(package), settings, engine)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(draft, out)
    except FileExistsError as error:
        raise _is_there(out) from error
    finally:
        draft.unlink(missing_ok=True)
    told = {"bytes": out.stat().st_size, "seconds": round(time.perf_counter() - began, 3)}
    log.tell("backup.made", settings, path=out, lost=len(manifest["lost"]), **told)
    return manifest


def put_in_place(draft: Path, out: Path) -> None:
    """Let a whole file bear its name; raises :class:`FileExistsError` rather than replace what came to be there."""
    try:
        os.link(draft, out)  # unlike a renaming this never replaces anything
    except FileExistsError:
        raise
    except OSError:  # a disk that gives a file one name only: a memory stick, some network drives
        if out.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(out)) from None
        draft.rename(out)


def usual_place(settings: Settings, moment: datetime) -> Path:
    """Where a backup goes that nobody gave another name: below ``backups``, named by its moment."""
    settings.workspace.backups.mkdir(parents=True, exist_ok=True)
    return settings.workspace.backups / f"tongket-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"


def own_backups(settings: Settings) -> list[Path]:
    """The backups :func:`usual_place` named, the oldest first; others are not this program's to count or to remove."""
    folder = settings.workspace.backups
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if _USUAL.fullmatch(path.name) and path.is_file())


def keep_only(settings: Settings, count: int) -> list[Path]:
    """Remove all but the newest ``count`` of :func:`own_backups` (at least one); those that went."""
    gone = own_backups(settings)[: -max(count, 1)]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def last_backup(settings: Settings) -> Path | None:
    """The newest file in ``backups`` that calls itself an archive, whoever made it."""
    folder = settings.workspace.backups
    found = [path for path in folder.glob("*.zip") if path.is_file()] if folder.is_dir() else []
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)


def moment_of(file: Path) -> datetime:
    """The moment a backup is of, after a quick look: it is whole, and its manifest speaks of what is in it.

    No byte of the content is proved: :func:`restore` does that. Raises ``ActRefusedError``.
    """
    try:
        with zipfile.ZipFile(file) as package:
            manifest = _read_manifest(package)
            sizes = {info.filename: info.file_size for info in package.infolist() if info.filename != MANIFEST}
            if sizes != {name: told["size"] for name, told in manifest["members"].items()}:
                raise _damaged("danh sách tệp · list of files")
            return datetime.fromisoformat(manifest["moment"])
    except (zipfile.BadZipFile, OSError, EOFError, KeyError, ValueError, TypeError) as error:
        raise error if isinstance(error, ActRefusedError) else _damaged(str(error)) from error


def _is_there(out: Path) -> ActRefusedError:
    return ActRefusedError(f"{out} đã có; chọn tên khác", f"{out} exists already; choose another name")


def _write(writing: _Writing, settings: Settings, engine: Engine) -> dict[str, Any]:
    moment = datetime.now(UTC)
    with snapshot(engine) as connection:
        rows = Counter(dict.fromkeys(whole.TABLES, 0))
        for number, (name, frame) in enumerate(whole.parts(connection)):
            content = io.BytesIO()
            frame.write_parquet(content)
            content.seek(0)
            writing.put(f"warehouse/{number:06}-{name}.parquet", content)
            rows[name] += frame.height
        lost = [digest for digest, path in whole.archived(connection) if not _kept(writing, settings, digest, path)]
    catalog = definitions(settings)
    for path in sorted(path for path in settings.catalog_root.rglob("*") if path.is_file()):
        with path.open("rb") as definition:
            writing.put(f"definitions/{path.relative_to(settings.catalog_root).as_posix()}", definition)
    manifest = {
        "tongket": "backup",
        "version": VERSION,
        "moment": moment.isoformat(timespec="seconds"),
        "schema": migrate.current(engine),
        "definitions": catalog.fingerprint,
        "tables": dict(sorted(rows.items())),
        "lost": lost,
        "waiting": len(waiting(settings.inbox_place)),
        "members": writing.members,
    }
    writing.package.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return manifest


def _kept(writing: _Writing, settings: Settings, digest: str, path: str) -> bool:
    """Whether the archived bytes were there and are what they were."""
    place = find(settings.archive_place, path)
    try:
        with telling(place), place.open("rb") as content:
            return writing.put(f"archive/{place.parent.name}/{place.name}", content) == digest
    except FileNotFoundError:
        return False


# ------------------------------------------------------------------------------------------------ and back


def restore(
    settings: Settings, engine_of: Any, file: Path, *, is_replacing: bool = False, who: str = "", reason: str = ""
) -> dict[str, Any]:
    """Make workspace and warehouse what the backup holds; its manifest.

    Every byte is proved first, and nothing is changed when one is wrong. Refused when the warehouse holds a single row,
    unless ``is_replacing``, which is an act with its reason. Definitions other than the program's own go into the
    folder ``definitions`` of the workspace, for ``TONGKET_CATALOG``. ``engine_of`` opens the warehouse when the backup
    is proved.
    """
    try:
        with zipfile.ZipFile(file) as package:
            manifest = _proved(package)
            engine = engine_of(settings.url)
            whole.refuse_unless_it_fits(engine, manifest["schema"], is_replacing=is_replacing)
            _unpack(package, manifest, settings)
            content = _parts(package, manifest)
            if whole.is_empty(engine):
                whole.fill(engine, manifest["schema"], content, manifest["tables"])
            else:
                source = f"{file.name} · {manifest['moment']}"
                whole.replace(engine, content, manifest["tables"], who=who, reason=reason, source=source)
    except (zipfile.BadZipFile, EOFError) as error:
        raise _damaged(str(error)) from error
    return manifest


def _damaged(what: str) -> ActRefusedError:
    return ActRefusedError(
        f"Bản sao lưu bị hỏng hoặc không phải của chương trình này ({what}); chưa có gì thay đổi",
        f"The backup is damaged or not one of this program's ({what}); nothing was changed",
    )


def _proved(package: zipfile.ZipFile) -> dict[str, Any]:
    """The manifest, when all it speaks of is there, is what it was, and may be put where it says."""
    manifest = _read_manifest(package)
    members = manifest["members"]
    if sorted(package.namelist()) != sorted([*members, MANIFEST]):
        raise _damaged("danh sách tệp · list of files")
    for name, told in members.items():
        if not _is_safe(name) or _digest(package, name) != told["sha256"]:
            raise _damaged(name)
    return manifest


def _read_manifest(package: zipfile.ZipFile) -> dict[str, Any]:
    """The manifest, when it is one of a backup this program can bring back."""
    try:
        manifest: dict[str, Any] = json.loads(package.read(MANIFEST))
        kind, version = manifest["tongket"], manifest["version"]
        manifest["members"] = dict(manifest["members"])
        known = set(manifest["tables"]) <= set(whole.TABLES)
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise _damaged(f"{MANIFEST}: {error}") from error
    if kind != "backup":
        raise _damaged(MANIFEST)
    if version != VERSION or not known or manifest.get("schema") not in migrate.known():
        raise ActRefusedError(
            "Bản sao lưu do một phiên bản mới hơn tạo ra; cập nhật chương trình rồi làm lại",
            "The backup was made by a newer version; update the program and try again",
        )
    return manifest


def _is_safe(name: str) -> bool:
    path = PurePosixPath(name)
    inside = not path.is_absolute() and ".." not in path.parts and "\\" not in name and len(path.parts) > 1
    return inside and path.parts[0] in ("archive", "definitions", "warehouse")


def _digest(package: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with package.open(name) as member:
            while piece := member.read(_PIECE):
                digest.update(piece)
    except DAMAGED_ZIP as error:
        raise _damaged(name) from error
    return digest.hexdigest()


def _parts(package: zipfile.ZipFile, manifest: dict[str, Any]) -> Iterator[whole.Part]:
    for name in sorted(name for name in manifest["members"] if name.startswith("warehouse/")):
        table = PurePosixPath(name).stem.partition("-")[2]
        yield table, pl.read_parquet(io.BytesIO(package.read(name)))


def _unpack(package: zipfile.ZipFile, manifest: dict[str, Any], settings: Settings) -> None:
    """Archived files that are not there yet, and definitions that differ from the program's own."""
    settings.workspace.create()
    is_own = manifest["definitions"] == definitions(settings).fingerprint
    for name, told in manifest["members"].items():
        room, _, rest = name.partition("/")
        if room == "archive":
            with package.open(name) as member:
                bring_back(settings.archive_place, rest, member, told["sha256"])
        elif room == "definitions" and not is_own:
            with package.open(name) as member:
                write_once(settings.workspace.home / "definitions" / rest, member, told["sha256"])
    os.sync()
