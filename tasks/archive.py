"""The archive: every file that arrives is kept under its SHA-256 before anything else happens to it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

#: Names that are not submissions: lock files of office programs, downloads under way, hidden files.
_NOT_YET = (".part", ".tmp", ".crdownload", ".partial")
_LEFT_BY_PROGRAMS = ("~$", ".~lock.", ".")

#: Larger files are read in pieces, so that a mistaken upload cannot fill the memory.
_IN_ONE_PIECE = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the archive; ``name`` is what its sender called it."""

    sha256: str
    size: int
    media: str
    name: str
    arrived_at: datetime
    path: Path


def waiting(inbox: Path) -> list[Path]:
    """The files of an inbox in the order they arrived, oldest first; folders below it are looked into."""
    found = [path for path in inbox.rglob("*") if path.is_file() and _is_submission(path)]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, str(path)))


def _is_submission(path: Path) -> bool:
    return not path.name.startswith(_LEFT_BY_PROGRAMS) and path.suffix.lower() not in _NOT_YET


def store(paths: Sequence[Path], archive: Path) -> list[Stored]:
    """Copy files into the archive; when this returns the bytes are on the disk.

    The hash is that of the bytes that were copied, so a file changed meanwhile cannot be taken for another. One flush for all:
    an ``fsync`` a file would cost more than reading and checking it.
    """
    stored = [_store_one(path, archive) for path in paths]
    os.sync()
    return stored


def _store_one(path: Path, archive: Path) -> Stored:
    media = path.suffix.lower().removeprefix(".")
    arrived = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    incoming = archive / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    draft = incoming / f"{os.getpid()}-{os.urandom(6).hex()}"
    sha256, size = _copy(path, draft)
    place = place_of(archive, sha256, media)
    if place.exists() and place.stat().st_size == size:
        draft.unlink()
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.replace(place)
    return Stored(sha256, size, media, path.name, arrived, place)


def _copy(source: Path, target: Path) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    with source.open("rb") as reader, target.open("wb") as writer:
        for piece in _pieces(reader):
            digest.update(piece)
            writer.write(piece)
            size += len(piece)
    return digest.hexdigest(), size


def _pieces(reader: object) -> Iterator[bytes]:
    read = reader.read  # type: ignore[attr-defined]
    while piece := read(_IN_ONE_PIECE):
        yield piece


def place_of(archive: Path, sha256: str, media: str) -> Path:
    """Where the bytes with this hash lie; 256 folders keep each of them small."""
    return archive / sha256[:2] / (f"{sha256}.{media}" if media else sha256)


def clear(paths: Iterable[Path]) -> None:
    """Remove files from the inbox once they are in the archive and in the warehouse."""
    for path in paths:
        path.unlink(missing_ok=True)


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
