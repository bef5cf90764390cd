"""Places that hold files: a folder, or a prefix of an object store (``s3://bucket/inbox``), through fsspec.

A folder is a :class:`pathlib.Path`, and what is done with it is :mod:`tasks.archive`'s. What an object store knows of a
file takes the place of what a system knows of it: the entity tag says whether it is still the same, the time it was put
there says when it arrived. Stores are found and opened as fsspec and AWS do it (``AWS_ENDPOINT_URL``,
``AWS_ACCESS_KEY_ID``, …). Whatever goes wrong with a store is an ``OSError``: the surroundings, to be tried again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeVar

from domain.act import ActRefusedError

if TYPE_CHECKING:
    from typing_extensions import TypeIs
    from upath import UPath

    Place = Path | UPath

#: What stands between the name of a store and the path in it.
SCHEME = "://"

#: Requests under way at a time: a store answers one in tens of milliseconds and thousands at once.
AT_A_TIME = 16

#: Seconds a store is given to say that a place is there, where somebody only looks whether all is well: whoever asks
#: for ``/ready`` waits no longer than five.
GLANCE = 4.0

#: Larger objects go over the disk, so that a mistaken upload cannot fill the memory.
IN_MEMORY = 32 * 1024 * 1024

#: Keeps a prefix in being while nothing waits below it: a store has no empty folders.
MARKER = ".tongket"

#: Libraries whose faults are those of the network.
_OF_THE_NETWORK = ("botocore", "aiobotocore", "aiohttp", "fsspec")

_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound")

Item = TypeVar("Item")
Result = TypeVar("Result")


def place_at(address: str) -> Place:
    """The place with this address. Raises :class:`ActRefusedError` for a store whose library is not installed."""
    if SCHEME not in address:
        return Path(address).resolve()
    try:
        from upath import UPath

        place = UPath(address.rstrip("/"))
        place.fs  # noqa: B018  (imports what speaks to this kind of store)
    except (ImportError, ValueError) as error:
        kind = address.partition(SCHEME)[0]
        raise ActRefusedError(
            f"Không mở được {address}: cần cài thêm phần mở rộng cluster (make install-server) cho {kind}",
            f"{address} cannot be opened: install the extra cluster (make install-server) for {kind}",
        ) from error
    return place


def is_remote(place: Place) -> TypeIs[UPath]:
    """Whether ``place`` lies in an object store."""
    return not isinstance(place, Path)


def is_same(one: Place, other: Place) -> bool:
    """Whether two addresses name one place."""
    return str(one) == str(other) if is_remote(one) else one.resolve() == other


def at_once(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """``work`` done for every item, many at a time; raises what one of them raised."""
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        return list(threads.map(work, items))


class Helpers(Protocol):
    """Who does work that may be done anywhere; ``width`` pieces are worth giving out at a time."""

    @property
    def width(self) -> int: ...

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """``work`` done for every item; the results in their order. Raises what a piece raised."""
        ...


class Alone:
    """This process, one piece after the other."""

    width = 1

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        return (work(item) for item in items)


# ------------------------------------------------------------------------------------------------ what goes wrong


@contextmanager
def telling(address: object) -> Iterator[None]:
    """Faults of a store as ``OSError`` with its address in them; a store out of reach is a ``ConnectionError``."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and error.strerror is not None:
            raise
        raise _whole(address, error) from error
    except Exception as error:
        if not type(error).__module__.startswith(_OF_THE_NETWORK):
            raise
        if type(error).__name__ in _NO_CREDENTIALS:
            raise PermissionError(errno.EACCES, str(error), str(address)) from error
        raise _out_of_reach(address, error) from error


def _whole(address: object, error: OSError) -> OSError:
    """The fault with number, words and address, made anew: what is only written into one is lost when it travels to
    another machine. s3fs says what happened and gives it no number; of what is not there it says the name alone."""
    number, words = error.errno or _number_of(error), error.strerror or str(error.args[0] if error.args else "")
    kind = type(error) if type(error).__module__ == "builtins" else OSError
    return kind(number, os.strerror(number) if not words or words in str(address) else words, str(address))


def _number_of(error: OSError) -> int:
    for kind, number in (
        (FileNotFoundError, errno.ENOENT),
        (PermissionError, errno.EACCES),
        (TimeoutError, errno.ETIMEDOUT),
    ):
        if isinstance(error, kind):
            return number
    return errno.EIO


def _out_of_reach(address: object, error: Exception) -> ConnectionError:
    return ConnectionError(errno.EHOSTUNREACH, f"{type(error).__name__}: {error}", str(address))


def advice_on(error: OSError) -> tuple[str, str] | None:
    """What to do about a fault of a store, in Vietnamese and English; ``None`` for one that is not a store's."""
    if SCHEME not in str(error.filename):
        return None
    if isinstance(error, FileNotFoundError):
        return (
            "Kiểm tra địa chỉ (TONGKET_INBOX, TONGKET_ARCHIVE) và thùng chứa; nơi mới thì chạy: tongket init",
            "Check the address (TONGKET_INBOX, TONGKET_ARCHIVE) and the bucket; a new one needs: tongket init",
        )
    if isinstance(error, PermissionError):
        return (
            "Kiểm tra AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, quyền đọc, ghi, xóa ở thùng chứa, và đồng hồ máy (NTP)",
            "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, the permissions there, and this machine's clock (NTP)",
        )
    return (
        "Kiểm tra AWS_ENDPOINT_URL, mạng và máy chủ của kho tệp, rồi chạy lại",
        "Check AWS_ENDPOINT_URL, the network and the store's server, then run it again",
    )


# ------------------------------------------------------------------------------------------------ being there


def require(place: Place, patience: float | None = None) -> None:
    """Raises ``FileNotFoundError`` when a place is away: what is away must not look empty.

    A folder is there or not. A prefix is there when its bucket answers and something lies below it:
    :func:`make` leaves a mark there. ``patience``: seconds a store has to answer, for whoever only looks; without it
    a store that is slow or away is asked again for minutes.
    """
    if not is_remote(place):
        if not place.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place))
        return
    with telling(place):
        place.fs.invalidate_cache()
        place.fs.info(place.path, **({"timeout": patience} if patience and place.fs.async_impl else {}))


def clock_of(place: UPath) -> datetime | None:
    """What a store's clock says, to the second: it decides when a report arrived. ``None``: the store does not tell."""
    if "s3" not in place.fs.protocol:
        return None
    with telling(place):
        answer = place.fs.call_s3("head_bucket", Bucket=place.fs.split_path(place.path)[0])
    told = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(told).astimezone(UTC) if told else None


def refuse_unfit(address: str, archive: Place) -> None:
    """Refuse (:class:`ActRefusedError`) to take in what is not there, or the program's own archive as new files."""
    place = place_at(address)
    try:
        require(place)
    except FileNotFoundError:
        raise ActRefusedError(f"Không có thư mục {address}.", f"There is no folder {address}.") from None
    if archive == place or place in archive.parents:
        raise ActRefusedError(
            f"{address} chứa kho lưu trữ của chính chương trình; chỉ đúng thư mục có báo cáo.",
            f"{address} holds the program's own archive; name the folder that holds the reports.",
        )


def make(place: Place) -> None:
    """Let the place be there; raises ``FileNotFoundError`` when its bucket is not."""
    if not is_remote(place):
        place.mkdir(parents=True, exist_ok=True)
        return
    with telling(place):
        place.fs.pipe_file(f"{place.path}/{MARKER}", b"tongket\n")


def identity(place: Place) -> str:
    """What a place is called by every machine that sees the same one; a shared folder by its number."""
    return str(place) if is_remote(place) else f"{place.stat().st_ino}"


# ------------------------------------------------------------------------------------------------ objects


@dataclass(frozen=True, slots=True)
class Met:
    """An object as a listing showed it; ``path`` is ``bucket/key`` as it is, whatever letters it is made of."""

    store: Any
    path: str
    below: PurePosixPath
    size: int
    tag: str
    put_at: datetime

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def stamp(self) -> tuple[object, ...]:
        return self.tag, self.size

    def __str__(self) -> str:
        return f"s3{SCHEME}{self.path}" if "s3" in self.store.protocol else self.path


def listed(place: UPath) -> list[Met]:
    """Every object below a prefix, however many pages that takes. Raises ``FileNotFoundError`` as :func:`require`."""
    require(place)
    store, root = place.fs, place.path.rstrip("/") + "/"
    with telling(place):
        found = store.find(place.path, detail=True)
    return [
        Met(store, path, PurePosixPath(path.removeprefix(root)), int(about["size"]), _tag(about), _moment(about))
        for path, about in found.items()
        if not path.endswith("/") and path.startswith(root)
    ]


def _tag(about: dict[str, Any]) -> str:
    return str(about.get("ETag") or about.get("etag") or about.get("md5Hash") or "").strip('"')


def _moment(about: dict[str, Any]) -> datetime:
    moment = about.get("LastModified") or about.get("last_modified") or about.get("created")
    return moment.astimezone(UTC) if isinstance(moment, datetime) else datetime.now(UTC)


def is_sayable(met: Met) -> bool:
    """Whether the store's library can be asked for this object by its name."""
    split = getattr(met.store, "split_path", None)
    return split is None or "/".join(split(met.path)[:2]) == met.path


def is_there(met: Met) -> bool:
    """Whether something lies under the name of an object still."""
    try:
        _tag_now(met)
    except FileNotFoundError:
        return False
    return True


def may_read(met: Met) -> bool:
    """Whether this program may read an object; one that is gone by now hinders nobody."""
    try:
        is_there(met)
    except PermissionError:
        return False
    return True


@contextmanager
def opened(met: Met) -> Iterator[IO[bytes]]:
    """The bytes of an object as it was listed. Raises ``FileNotFoundError`` when it is gone or another one by now."""
    if met.size <= IN_MEMORY:
        with telling(met):
            content = met.store.cat_file(met.path)
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != met.tag:
            _refuse_changed(met)
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY + 1) as file:
            file.write(content)
            file.seek(0)
            yield file
        return
    with tempfile.NamedTemporaryFile() as file:
        with telling(met):
            met.store.get_file(met.path, file.name)
        _refuse_changed(met)
        yield file


def _refuse_changed(met: Met) -> None:
    """The tag of an object need not be a digest of its bytes; it changes with them all the same."""
    if _tag_now(met) != met.tag:
        raise FileNotFoundError(errno.ENOENT, "replaced while it was read", str(met))


def _tag_now(met: Met) -> str:
    with telling(met):
        return _tag(met.store.info(met.path, **_anew(met.store)))


def _anew(store: Any) -> dict[str, bool]:
    """Ask the store, not what is remembered of it."""
    return {"refresh": True} if "s3" in store.protocol else {}


def remove(met: Met) -> None:
    """Remove an object unless it is another one by now; one that is gone already is no fault.

    The store itself compares once more while it deletes, where it knows how to.
    """
    with suppress(FileNotFoundError):
        if _tag_now(met) != met.tag:
            return
        with telling(met):
            if "s3" not in met.store.protocol:
                met.store.rm_file(met.path)
                return
            bucket, key, _ = met.store.split_path(met.path)
            try:
                met.store.call_s3("delete_object", Bucket=bucket, Key=key, IfMatch=f'"{met.tag}"')
            except OSError as error:
                if error.errno != errno.EINVAL:  # the precondition: somebody replaced it this very moment
                    raise


def put(content: IO[bytes], size: int, place: UPath) -> None:
    """Write an object and see that the store has it: what is deleted elsewhere afterwards must be there.

    Raises ``OSError`` when it holds something else.
    """
    content.seek(0)
    if size <= IN_MEMORY:
        data = content.read()
        with telling(place):
            answer = place.fs.pipe_file(place.path, data)
        tag = _tag(answer) if isinstance(answer, dict) else ""
        if tag == hashlib.md5(data, usedforsecurity=False).hexdigest():
            return
    else:
        with tempfile.NamedTemporaryFile() as file:
            while piece := content.read(IN_MEMORY):
                file.write(piece)
            file.flush()
            with telling(place):
                place.fs.put_file(file.name, place.path)
    content.seek(0)
    if digest_of(place) != _digest(content):
        raise OSError(errno.EIO, "the store does not hold what was written", str(place))


def digest_of(place: UPath) -> str | None:
    """SHA-256 of an object, read back; ``None`` where there is none."""
    try:
        with telling(place), place.fs.open(place.path, "rb", cache_type="none", block_size=IN_MEMORY) as content:
            return _digest(content)
    except FileNotFoundError:
        return None


def _digest(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := content.read(IN_MEMORY):
        digest.update(piece)
    return digest.hexdigest()


# ------------------------------------------------------------------------------------------------ at hand


@contextmanager
def at_hand(addresses: Sequence[str]) -> Iterator[list[Path]]:
    """Local paths of files, one for each address: files of folders themselves, objects as copies for the time being.

    The path of a file that is gone is one where nothing lies.
    """
    if not any(SCHEME in address for address in addresses):
        yield [Path(address) for address in addresses]
        return
    with tempfile.TemporaryDirectory(prefix="tongket-") as folder:

        def fetched(numbered: tuple[int, str]) -> Path:
            number, address = numbered
            if SCHEME not in address:
                return Path(address)
            place = place_at(address)
            assert is_remote(place)
            here = Path(folder) / f"{number}{place.suffix}"
            with suppress(FileNotFoundError), telling(place):
                place.fs.get_file(place.path, str(here))
            return here

        yield at_once(fetched, list(enumerate(addresses)))


def missing(places: Sequence[Place]) -> list[int]:
    """Positions of the places where nothing lies."""

    def is_there(place: Place) -> bool:
        if not is_remote(place):
            return place.exists()
        with telling(place):
            return bool(place.exists())

    if not any(is_remote(place) for place in places):
        return [number for number, place in enumerate(places) if not place.exists()]
    return [number for number, there in enumerate(at_once(is_there, places)) if not there]
