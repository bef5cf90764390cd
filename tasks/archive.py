"""The archive: every file that arrives is kept under its SHA-256 before anything else happens to it.

Inbox and archive are each a folder or a prefix of an object store (:mod:`tasks.places`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, TypeVar

from tasks import places
from tasks.places import Met, is_remote

if TYPE_CHECKING:
    from upath import UPath

    from tasks.places import Place

    #: Where a file is that arrives: in a folder, or in an object store as a listing showed it.
    Arriving = Path | Met

    SomePlace = TypeVar("SomePlace", Path, UPath)

#: Names that are not submissions: lock files of office programs, downloads under way, hidden files.
_NOT_YET = (".part", ".tmp", ".crdownload", ".partial")
_HIDDEN = ("~$", ".")
_LEFT_BY_PROGRAMS = ("thumbs.db", "desktop.ini")

#: Larger files are read in pieces, so that a mistaken upload cannot fill the memory.
_IN_ONE_PIECE = 32 * 1024 * 1024

#: Seconds after which a draft that nobody writes to any more was left by a run that was killed.
_ABANDONED = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Seen:
    """What the system, or the store, knew of a file just before it was copied."""

    came_at: datetime
    saved_at: datetime
    stamp: tuple[object, ...]


#: When a file arrived, told from what the system knows of it.
Arrived = Callable[[Seen], datetime]


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
    path: Place
    source: Arriving
    stamp: tuple[object, ...]


def waiting(inbox: Place) -> Sequence[Arriving]:
    """The files of an inbox in the order they arrived, oldest first; folders below it are looked into."""
    if is_remote(inbox):
        sayable = [met for met in _listed(inbox) if places.is_sayable(met)]
        return sorted(sayable, key=lambda met: (met.put_at, met.path))
    found = [path for path in inbox.rglob("*") if _is_submission(path.relative_to(inbox)) and path.is_file()]
    return sorted(found, key=lambda path: (_changed_at(path), str(path)))


def _listed(inbox: UPath) -> list[Met]:
    return [met for met in places.listed(inbox) if _is_submission(met.below)]


def _is_submission(path: PurePath) -> bool:
    """``path`` as seen from the inbox: what lies in a hidden folder is hidden too."""
    hidden = any(part.startswith(_HIDDEN) for part in path.parts)
    return not hidden and path.name.lower() not in _LEFT_BY_PROGRAMS and path.suffix.lower() not in _NOT_YET


def _changed_at(path: Path) -> int:
    """When the file was last written; one that another run has taken meanwhile comes first."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def arrived_in_folder(seen: Seen) -> datetime:
    """When a file came to lie where it lies: what the system says, not the file, whose own time its sender can set."""
    return seen.came_at


def arrived_when_saved(seen: Seen) -> datetime:
    """When the file was last written, by its own word; in a store when it was put there, for it knows no other time."""
    return seen.saved_at


def arrived_at(moment: datetime) -> Arrived:
    """All at one moment: that of their submission."""
    return lambda _: moment


def store(paths: Sequence[Arriving], archive: Place, arrived: Arrived = arrived_in_folder) -> list[Stored]:
    """Copy files into the archive; when this returns the bytes are on the disk. Raises ``FileNotFoundError``.

    The hash is that of the bytes that were copied, so a file changed meanwhile cannot be taken for another. One flush
    for all: an ``fsync`` a file would cost more than reading and checking it.
    """
    keep = _keeper(archive, arrived)
    stored = places.at_once(keep, paths) if _is_far(paths, archive) else [keep(path) for path in paths]
    _flush(archive)
    return stored


def store_found(paths: Sequence[Arriving], archive: Place, arrived: Arrived = arrived_in_folder) -> list[Stored]:
    """:func:`store` for files met in a folder: those that are gone by now were taken by a run at the same time.

    Also those that went after they were copied: what both runs wrote down would count as two arrivals. Those that may
    not be read stop nobody else's: :func:`closed` names them.
    """
    keep = _keeper(archive, arrived)

    def kept(path: Arriving) -> Stored | None:
        if isinstance(path, Path) and path.exists() and not os.access(path, os.R_OK):
            return None
        try:
            return keep(path)
        except FileNotFoundError:
            return None
        except PermissionError as error:
            if isinstance(path, Path) or error.filename != str(path):  # it is the archive that is closed
                raise
            return None

    found = places.at_once(kept, paths) if _is_far(paths, archive) else [kept(path) for path in paths]
    _flush(archive)
    stored = [item for item in found if item is not None]
    objects = [item.source for item in stored if isinstance(item.source, Met)]
    gone = {met.path for met, there in zip(objects, places.at_once(places.is_there, objects), strict=True) if not there}
    return [item for item in stored if not _is_gone(item.source, gone)]


def _is_far(paths: Sequence[Arriving], archive: Place) -> bool:
    return is_remote(archive) or any(isinstance(path, Met) for path in paths)


def _is_gone(source: Arriving, gone: set[str]) -> bool:
    return source.path in gone if isinstance(source, Met) else not source.exists()


def _keeper(archive: Place, arrived: Arrived) -> Callable[[Arriving], Stored]:
    if is_remote(archive):
        return lambda path: _put_one(path, archive, arrived)
    incoming = _incoming(archive)
    return lambda path: _store_one(path, archive, incoming, arrived)


def _flush(archive: Place) -> None:
    """What a store has answered for is kept already."""
    if not is_remote(archive):
        os.sync()


def closed(inbox: Place) -> Sequence[Arriving]:
    """Files and folders of an inbox that this program may not read; in a store also those it cannot ask for."""
    if is_remote(inbox):
        met = _listed(inbox)
        readable = places.at_once(lambda item: places.is_sayable(item) and places.may_read(item), met)
        return [item for item, is_readable in zip(met, readable, strict=True) if not is_readable]
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


def _store_one(path: Arriving, archive: Path, incoming: Path, arrived: Arrived) -> Stored:
    media = _media(path)
    draft = incoming / f"{os.getpid()}-{os.urandom(6).hex()}"
    try:
        with draft.open("wb") as writer:
            sha256, size, seen = _copy(path, writer)
        place = place_of(archive, sha256, media)
        if not _holds(place, sha256):
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
    return Stored(sha256, size, media, _sayable(path.name), arrived(seen), place, path, seen.stamp)


def _put_one(path: Arriving, archive: UPath, arrived: Arrived) -> Stored:
    """What lies there under the same hash is written over with the same bytes: that is cheaper than asking first, and
    mends what was spoiled."""
    media = _media(path)
    with tempfile.SpooledTemporaryFile(max_size=places.IN_MEMORY + 1) as draft:
        sha256, size, seen = _copy(path, draft)
        place = place_of(archive, sha256, media)
        places.put(draft, size, place)
    return Stored(sha256, size, media, _sayable(path.name), arrived(seen), place, path, seen.stamp)


def _media(path: Arriving) -> str:
    return path.suffix.lower().removeprefix(".")


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


def _copy(source: Arriving, writer: IO[bytes]) -> tuple[str, int, Seen]:
    """Hash and size of what was copied, and what the file looked like just before."""
    digest = hashlib.sha256()
    size = 0
    with _opened(source) as (reader, seen):
        for piece in _pieces(reader):
            digest.update(piece)
            writer.write(piece)
            size += len(piece)
    return digest.hexdigest(), size, seen


@contextmanager
def _opened(source: Arriving) -> Iterator[tuple[IO[bytes], Seen]]:
    if isinstance(source, Met):
        with places.opened(source) as reader:
            yield reader, Seen(source.put_at, source.put_at, source.stamp)
        return
    with source.open("rb") as reader:
        seen = os.fstat(reader.fileno())
        came_at, saved_at = (datetime.fromtimestamp(moment, UTC) for moment in (seen.st_ctime, seen.st_mtime))
        yield reader, Seen(came_at, saved_at, _stamp(seen))


def _pieces(reader: object) -> Iterator[bytes]:
    read = reader.read  # type: ignore[attr-defined]
    while piece := read(_IN_ONE_PIECE):
        yield piece


def find(archive: Place, written_down: str) -> Place:
    """Where archived bytes lie now: where they were written down, or in this archive when the workspace was moved.

    Nothing is asked of a store whose address is the one that was written down.
    """
    if places.SCHEME not in written_down:
        there = Path(written_down)
        return there if there.exists() else archive / there.parent.name / there.name
    folder, _, name = written_down.rpartition("/")
    here = archive / folder.rpartition("/")[2] / name
    if str(here) == written_down or (not places.missing([here])):
        return here
    return places.place_at(written_down)


def place_of(archive: SomePlace, sha256: str, media: str) -> SomePlace:
    """Where the bytes with this hash lie; 256 folders keep each of them small."""
    return archive / sha256[:2] / (f"{sha256}.{media}" if media else sha256)


def bring_back(archive: Place, name: str, content: IO[bytes], sha256: str) -> None:
    """Put bytes where they lay below the archive (``ab/abcd….xlsx``), unless they are there."""
    place = archive / name
    if is_remote(place):
        if places.digest_of(place) != sha256:
            with tempfile.TemporaryFile() as draft:
                shutil.copyfileobj(content, draft)
                places.put(draft, draft.tell(), place)
        return
    write_once(place, content, sha256)


def write_once(place: Path, content: IO[bytes], sha256: str) -> None:
    """Write a file, whole or not at all, unless these bytes are there."""
    if _holds(place, sha256):
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as writer:
            shutil.copyfileobj(content, writer)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


def clear(stored: Iterable[Stored]) -> None:
    """Remove files from the inbox once they are in the archive and in the warehouse.

    One that was written to since it was copied stays: it is another file now, and waits for the next run.
    """
    objects = []
    for item in stored:
        if isinstance(item.source, Met):
            objects.append(item.source)
            continue
        with suppress(FileNotFoundError):
            if _stamp(item.source.stat()) == item.stamp:
                item.source.unlink()
    places.at_once(places.remove, objects)


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
