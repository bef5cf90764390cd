"""Notices as messages (RFC 5322) and as files that mail programs open.

Written by hand: the library's message objects take a millisecond each, and a run can have a quarter of a million.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from domain.clock import ZONE
from domain.notice import NoticeKind, NoticeState, is_address
from tasks.returning import NO_PERIOD, NO_UNIT, safe_name
from tasks.settings import Settings
from warehouse.engine import Engine
from warehouse.notices import mark_written, pages_without_files, without_files

#: Above this many of a kind and period made together, they are one mbox instead of a file each.
MOST_FILES = 2_000

#: The folder of what administrators are told.
ADMINISTRATORS = "quan-tri"

#: Who a message is from as long as nobody said whom mail comes from; no server takes it.
_NO_SENDER = "tongket@localhost.invalid"

_DRAFT = ".part"

#: Bytes of UTF-8 in one encoded word, so that a header line stays below 76 characters (RFC 2047).
_WORD = 36

_PLAIN = re.compile(r"[ !-~]*")
_SPECIAL = re.compile(r"[^A-Za-z0-9 ]")

_PLACES = {"id": pl.Int64, "path": pl.String}

Row = Mapping[str, Any]


class AttachmentGoneError(FileNotFoundError):
    """The file that goes with a notice is not there any more."""


def message(row: Row, settings: Settings) -> bytes:
    """The whole message: 7-bit, lines ended by CRLF; of the same row and attachment always the same bytes.

    Raises :class:`AttachmentGoneError`.
    """
    made_at: datetime = row["made_at"]
    token = _token(row["reason"], row["recipient"], made_at)
    headers = [
        f"Message-ID: <{token}@tongket.invalid>",
        f"Date: {format_datetime(made_at.astimezone(ZONE))}",
        f"From: {settings.smtp_sender if is_address(settings.smtp_sender or '') else _NO_SENDER}",
        f"Subject: {_header(row['subject'])}",
        "MIME-Version: 1.0",
        "Auto-Submitted: auto-generated",
    ]
    if row["recipient"]:
        headers.append(f"To: {_mailbox(row['recipient_name'] or '', row['recipient'])}")
    if row["state"] == NoticeState.WRITTEN:
        headers.append("X-Unsent: 1")  # opened as a draft, to be sent by hand
    body = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "", _base64(_crlf(row))]
    if row["attachment"]:
        return _joined([*headers, *_mixed(body, settings.workspace.home / row["attachment"], token)])
    return _joined([*headers, *body])


def _token(reason: str, recipient: str, made_at: datetime) -> str:
    """The same for the same notice, so that mail programs know one that comes again; with its moment, as two
    installations that write to one person number their reports alike."""
    return hashlib.sha256(f"{reason}\n{recipient}\n{made_at.astimezone(UTC).isoformat()}".encode()).hexdigest()[:32]


def _mixed(body: list[str], place: Path, token: str) -> Iterator[str]:
    """The text and, as it lies there, the file."""
    try:
        content = place.read_bytes()
    except FileNotFoundError as error:
        raise AttachmentGoneError(*error.args) from error
    boundary = f"=_{token}"
    yield from (f'Content-Type: multipart/mixed; boundary="{boundary}"', "", f"--{boundary}", *body)
    yield f"--{boundary}"
    yield "Content-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    yield "Content-Transfer-Encoding: base64"
    yield f'Content-Disposition: attachment; filename="{safe_name(place.name, "bao-cao.xlsx")}"'
    yield from ("", _base64(content), f"--{boundary}--")


def _joined(lines: Iterable[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def _crlf(row: Row) -> bytes:
    return "\r\n".join(row["body"].splitlines()).encode() + b"\r\n"


def _base64(content: bytes) -> str:
    return base64.encodebytes(content).decode("ascii").rstrip("\n").replace("\n", "\r\n")


def _header(text: str) -> str:
    """Plain ASCII as it is; anything else as encoded words, which cannot end a line."""
    if _PLAIN.fullmatch(text) and "=?" not in text and len(text) <= 2 * _WORD:
        return text
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(part).decode()}?=" for part in _pieces(text))


def _pieces(text: str) -> Iterator[bytes]:
    """Pieces of UTF-8 that end where a letter ends."""
    piece = b""
    for letter in text:
        encoded = letter.encode()
        if len(piece) + len(encoded) > _WORD:
            yield piece
            piece = b""
        piece += encoded
    yield piece


def _mailbox(name: str, address: str) -> str:
    if not name:
        return address
    shown = name if _PLAIN.fullmatch(name) and not _SPECIAL.search(name) else ""
    encoded = shown or "\r\n ".join(f"=?utf-8?B?{base64.b64encode(part).decode()}?=" for part in _pieces(name))
    return f"{encoded}\r\n <{address}>"


# ------------------------------------------------------------------------------------------------ files


def write_files(settings: Settings, engine: Engine) -> int:
    """Write the files of notices that have none yet, each whole or not at all; how many notices.

    A file each, ``<period>/<unit>/<moment>-<kind>-<number>.eml``; or, of a kind and period that has very many, one
    mbox. Killed in between, the rest is written next time, under the same names.
    """
    count = 0
    for group in without_files(engine).to_dicts():
        pages = pages_without_files(engine, group)
        places = _as_mbox(settings, pages) if group["count"] > MOST_FILES else _as_files(settings, pages)
        mark_written(engine, places)
        count += places.height
    return count


def _as_files(settings: Settings, pages: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """``id, path`` below the workspace."""
    told, made = [], set[Path]()
    for row in (row for page in pages for row in page.iter_rows(named=True)):
        folder = _folder(settings, row)
        if not _is_administrators(row):
            folder /= safe_name(row["unit"], NO_UNIT)
        if folder not in made:
            folder.mkdir(parents=True, exist_ok=True)
            made.add(folder)
        place = _write(folder, partial("{}.eml".format, _name(row)), [_or_without(row, settings)])
        told.append({"id": row["id"], "path": place.relative_to(settings.workspace.home).as_posix()})
    return pl.DataFrame(told, schema=_PLACES)


def _as_mbox(settings: Settings, pages: Iterator[pl.DataFrame]) -> pl.DataFrame:
    """``id, path``, the same for all."""
    head = next(pages, None)
    if head is None:  # written by somebody else meanwhile
        return pl.DataFrame(schema=_PLACES)
    first = head.row(0, named=True)
    folder = _folder(settings, first)
    folder.mkdir(parents=True, exist_ok=True)
    numbers: list[int] = []

    def pieces() -> Iterator[bytes]:
        for page in chain([head], pages):
            numbers.extend(page["id"])
            yield from (_in_mbox(row, settings) for row in page.iter_rows(named=True))

    # named by how many it holds: those that are worded anew later, or that two processes share, replace no larger one
    place = _write(folder, lambda: f"{_name(first)}-{len(numbers)}.mbox", pieces())
    path = place.relative_to(settings.workspace.home).as_posix()
    return pl.DataFrame({"id": numbers, "path": path}, schema=_PLACES)


def _in_mbox(row: Row, settings: Settings) -> bytes:
    """No line of a message begins with ``From ``: its text is base64."""
    made_at: datetime = row["made_at"]
    head = f"From tongket {made_at:%a %b %d %H:%M:%S %Y}\n".encode()
    return head + _or_without(row, settings).replace(b"\r\n", b"\n") + b"\n"


def _or_without(row: Row, settings: Settings) -> bytes:
    """A file is written also when what goes with it was removed meanwhile; nothing is sent that way."""
    try:
        return message(row, settings)
    except AttachmentGoneError:
        return message({**row, "attachment": None}, settings)


def _folder(settings: Settings, row: Row) -> Path:
    if _is_administrators(row):
        return settings.workspace.notices / ADMINISTRATORS
    return settings.workspace.notices / safe_name(row["period"], NO_PERIOD)


def _is_administrators(row: Row) -> bool:
    return bool(row["kind"] == NoticeKind.DIGEST)


def _name(row: Row) -> str:
    return f"{row['made_at'].astimezone(ZONE):%Y%m%dT%H%M%S}-{row['kind']}-{row['id']}"


def _write(folder: Path, name: Callable[[], str], pieces: Iterable[bytes]) -> Path:
    """Where it lies, whole or not at all; ``name`` is asked when all pieces are written."""
    draft = folder / f".{os.urandom(6).hex()}{_DRAFT}"
    try:
        with draft.open("wb") as file:
            file.writelines(pieces)
        return draft.replace(folder / name())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
