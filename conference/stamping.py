"""Office files made alike: the same freeze gives the same bytes, but for the moment written in the core properties."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

#: The first moment a zip file can tell; every part of every document bears it.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CORE = "docProps/core.xml"
_STAMPS = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")
_EMBEDDED = (".xlsx", ".docx", ".pptx")

#: The moment in a web page stands alone in its line.
HTML_STAMP = re.compile(rb'<meta name="dcterms.modified" content="[^"]*">')


def moment(made_at: datetime) -> str:
    """``2026-11-23T08:00:00Z``."""
    return made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sealed(
    document: bytes, made_at: datetime, changes: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType({})
) -> bytes:
    """The document with fixed times in its zip, embedded workbooks too, and ``made_at`` as its only date.

    ``changes``: part → what is to be made of its bytes before they are written.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            data = changes[name](source.read(name)) if name in changes else source.read(name)
            target.writestr(info, _part(name, data, made_at), compresslevel=4)
    return out.getvalue()


def _part(name: str, data: bytes, made_at: datetime) -> bytes:
    if name == _CORE:
        return _STAMPS.sub(rb"\g<1>" + moment(made_at).encode() + rb"\g<3>", data)
    return sealed(data, made_at) if name.endswith(_EMBEDDED) else data


def content_hash(path: Path) -> str:
    """SHA-256 of what a file of the pack says, whenever it was made: a change of it is a person's work."""
    data = path.read_bytes()
    digest = hashlib.sha256()
    if zipfile.is_zipfile(io.BytesIO(data)):
        _digest_zip(data, digest)
    else:
        digest.update(HTML_STAMP.sub(b"", data) if path.suffix == ".html" else data)
    return digest.hexdigest()


def _digest_zip(data: bytes, digest: hashlib._Hash) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in sorted(archive.namelist()):
            part = archive.read(name)
            digest.update(name.encode() + b"\0")
            if name.endswith(_EMBEDDED):
                _digest_zip(part, digest)
            else:
                digest.update(_STAMPS.sub(rb"\g<1>\g<3>", part) if name == _CORE else part)
