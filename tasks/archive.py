"""The archive: every file that arrives is kept under its SHA-256 before anything else happens to it."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

#: Names that are not submissions: lock files of office programs, downloads under way, hidden files.
_NOT_YET = (".part", ".tmp", ".crdownload", ".partial")
_HIDDEN = ("~$", ".")
_LEFT_BY_PROGRAMS = ("thumbs.db", "desktop.ini")

#: Larger files are read in pieces, so that a mistaken upload cannot fill the memory.
_IN_ONE_PIECE = 32 * 1024 * 1024

#: Seconds after which a draft that nobody writes to any more was left by a run that was killed.
_ABANDONED = 24 * 60 * 60


#: When a file arrived, told from what the system knows of it.
Arrived = Callable[[os.stat_result], datetime]


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the archive; ``name`` is what its sender called it.

    ``source`` is where it came from, ``stamp`` tells whether that is still the file that was copied.
    """

    sha256: str
    size: int
    media: str
    name: str
    arrived_at: datetime
    path: Path
    source: Path
    stamp: tuple[int, ...]


def waiting(inbox: Path) -> list[Path]:
    """The files of an inbox in the order they arrived, oldest first; folders below it are looked into."""
    found = [path for path in inbox.rglob("*") if _is_submission(path.relative_to(inbox)) and path.is_file()]
    return sorted(found, key=lambda path: (_changed_at(path), str(path)))


def _is_submission(path: Path) -> bool:
    """``path`` as seen from the inbox: what lies in a hidden folder is hidden too."""
    hidden = any(part.startswith(_HIDDEN) for part in path.parts)
    return not hidden and path.name.lower() not in _LEFT_BY_PROGRAMS and path.suffix.lower() not in _NOT_YET


def _changed_at(path: Path) -> int:
    """When the file was last written; one that another run has taken meanwhile comes first."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def arrived_in_folder(seen: os.stat_result) -> datetime:
    """When a file came to lie where it lies: what the system says, not the file, whose own time its sender can set."""
    return datetime.fromtimestamp(seen.st_ctime, UTC)


def arrived_when_saved(seen: os.stat_result) -> datetime:
    """When the file was last written, by its own word."""
    return datetime.fromtimestamp(seen.st_mtime, UTC)


def arrived_at(moment: datetime) -> Arrived:
    """All at one moment: that of their submission."""
    return lambda _: moment


def store(paths: Sequence[Path], archive: Path, arrived: Arrived = arrived_in_folder) -> list[Stored]:
    """Copy files into the archive; when this returns the bytes are on the disk. Raises ``FileNotFoundError``.

    The hash is that of the bytes that were copied, so a file changed meanwhile cannot be taken for another. One flush
    for all: an ``fsync`` a file would cost more than reading and checking it.
    """
    incoming = _incoming(archive)
    stored = [_store_one(path, archive, incoming, arrived) for path in paths]
    os.sync()
    return stored


def store_found(paths: Sequence[Path], archive: Path, arrived: Arrived = arrived_in_folder) -> list[Stored]:
    """:func:`store` for files met in a folder: those that are gone by now were taken by a run at the same time.

    Also those that went after they were copied: what both runs wrote down would count as two arrivals. Those that may
    not be read stop nobody else's: :func:`closed` names them.
    """
    incoming = _incoming(archive)
    stored = []
    for path in paths:
        if path.exists() and not os.access(path, os.R_OK):
            continue
        with suppress(FileNotFoundError):
            stored.append(_store_one(path, archive, incoming, arrived))
    os.sync()
    return [item for item in stored if item.source.exists()]


def closed(inbox: Path) -> list[Path]:
    """Files and folders of an inbox that this program may not read."""
    found = [path for path in inbox.rglob("*") if _is_submission(path.relative_to(inbox))]
    return sorted(path for path in found if path.exists() and not os.access(path, _needed(path)))


def _needed(path: Path) -> int:
    return os.R_OK | os.X_OK if path.is_dir() else os.R_OK


def _incoming(archive: Path) -> Path:
    """The folder for copies under way, without what killed runs left there."""
    incoming = archive / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    for draft in incoming.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > _ABANDONED:
                draft.unlink()
    return incoming


def _store_one(path: Path, archive: Path, incoming: Path, arrived: Arrived) -> Stored:
    media = path.suffix.lower().removeprefix(".")
    draft = incoming / f"{os.getpid()}-{os.urandom(6).hex()}"
    try:
        sha256, size, seen = _copy(path, draft)
        place = place_of(archive, sha256, media)
        if not _holds(place, sha256):
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
    return Stored(sha256, size, media, _sayable(path.name), arrived(seen), place, path, _stamp(seen))


def _holds(place: Path, sha256: str) -> bool:
    """Whether the bytes are there already; those that a power cut spoiled have their size but not their hash."""
    if not place.exists():
        return False
    with place.open("rb") as kept:
        return hashlib.file_digest(kept, "sha256").hexdigest() == sha256


def _sayable(name: str) -> str:
    """A file's name as text: bytes of an older encoding, which no database takes, become the replacement sign."""
    return os.fsencode(name).decode("utf-8", "replace")


def _stamp(seen: os.stat_result) -> tuple[int, ...]:
    return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns


def _copy(source: Path, target: Path) -> tuple[str, int, os.stat_result]:
    """Hash and size of what was copied, and what the file looked like just before."""
    digest = hashlib.sha256()
    size = 0
    with source.open("rb") as reader, target.open("wb") as writer:
        seen = os.fstat(reader.fileno())
        for piece in _pieces(reader):
            digest.update(piece)
            writer.write(piece)
            size += len(piece)
    return digest.hexdigest(), size, seen


def _pieces(reader: object) -> Iterator[bytes]:
    read = reader.read  # type: ignore[attr-defined]
    while piece := read(_IN_ONE_PIECE):
        yield piece


def find(archive: Path, written_down: str) -> Path:
    """Where archived bytes lie now: where they were written down, or in this archive when the workspace was moved."""
    there = Path(written_down)
    return there if there.exists() else archive / there.parent.name / there.name


def place_of(archive: Path, sha256: str, media: str) -> Path:
    """Where the bytes with this hash lie; 256 folders keep each of them small."""
    return archive / sha256[:2] / (f"{sha256}.{media}" if media else sha256)


def clear(stored: Iterable[Stored]) -> None:
    """Remove files from the inbox once they are in the archive and in the warehouse.

    One that was written to since it was copied stays: it is another file now, and waits for the next run.
    """
    for item in stored:
        with suppress(FileNotFoundError):
            if _stamp(item.source.stat()) == item.stamp:
                item.source.unlink()


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
