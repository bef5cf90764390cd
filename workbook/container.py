"""The containers spreadsheets come in, looked into before any library opens them.

ZIP (xlsx, xlsb, ods) and the compound file of older Office programs (xls, and encrypted packages). Only what is needed
to refuse dangerous files cheaply: directory, sizes, and the bytes of single parts.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass

from workbook.faults import BadFileError

MAX_FILE = 20_000_000  # bytes; a filled workbook is some 20 KB
MAX_UNPACKED = 128_000_000
MAX_PARTS = 2_000
#: Deflate cannot pack tighter: a small file is harmless whatever its directory says.
MAX_DEFLATE_RATIO = 1032
#: What :mod:`zipfile` raises while it unpacks: bad bytes, too few of them, a method it does not know, a password.
DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
#: How much of a part stands before its root element, where a DOCTYPE must be.
PROLOG = 1024

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL_HEADER = 30
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Part:
    """One member of a ZIP file, as its directory describes it."""

    name: str
    method: int
    packed: int
    size: int
    offset: int
    crc: int


class Zip:
    """The directory of a ZIP file; raises :class:`BadFileError` for one that is cut off, encrypted or a bomb."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.parts = {part.name: part for part in _directory(data)}
        total = sum(part.size for part in self.parts.values())
        if total > MAX_UNPACKED:
            raise BadFileError("zip_bomb", f"{total / 1e6:.0f} MB", f"≤ {MAX_UNPACKED / 1e6:.0f} MB")
        if len(data) * MAX_DEFLATE_RATIO > MAX_UNPACKED:
            for name in self.parts:
                self.read(name)

    def read(self, name: str) -> bytes:
        """The whole part; raises when it holds more than the directory says."""
        part = self.parts[name]
        content = self._inflate(part, part.size + 1)
        if len(content) > part.size:
            raise BadFileError("zip_bomb", f"{name} > {part.size} B", f"{part.size} B")
        if len(content) < part.size:
            raise BadFileError("truncated", name)
        return content

    def prolog(self, name: str) -> bytes:
        return self._inflate(self.parts[name], PROLOG)

    def packed(self, name: str) -> bytes:
        """The bytes of a part as they lie in the file."""
        part = self.parts[name]
        start = self._start(part)
        return self.data[start : start + part.packed]

    def _start(self, part: Part) -> int:
        head = self.data[part.offset : part.offset + _LOCAL_HEADER]
        if len(head) < _LOCAL_HEADER or head[:4] != b"PK\x03\x04":
            raise BadFileError("truncated", part.name)
        return part.offset + _LOCAL_HEADER + head[26] + (head[27] << 8) + head[28] + (head[29] << 8)

    def _inflate(self, part: Part, limit: int) -> bytes:
        start = self._start(part)
        packed = self.data[start : start + part.packed]
        if part.method == _STORED:
            return packed[:limit]
        if part.method != _DEFLATED:
            raise BadFileError("unreadable", f"{part.name}: ZIP {part.method}")
        try:
            return zlib.decompressobj(-15).decompress(packed, limit)
        except zlib.error as error:
            raise BadFileError("unreadable", f"{part.name}: {error}") from error


def _directory(data: bytes) -> list[Part]:
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_600))
    if end < 0 or end + _END.size > len(data):
        raise BadFileError("truncated", f"{len(data)} B")
    _, _, _, _, count, size, start, _ = _END.unpack_from(data, end)
    if count > MAX_PARTS:
        raise BadFileError("zip_bomb", f"{count}", f"≤ {MAX_PARTS}")
    if start + size > end:
        raise BadFileError("truncated", f"{len(data)} B")
    parts = []
    for _ in range(count):
        part, start = _central_entry(data, start)
        parts.append(part)
    return parts


def _central_entry(data: bytes, at: int) -> tuple[Part, int]:
    if at + _CENTRAL.size > len(data) or data[at : at + 4] != b"PK\x01\x02":
        raise BadFileError("truncated", f"{len(data)} B")
    fields = _CENTRAL.unpack_from(data, at)
    flags, method, crc, packed, size = fields[3], fields[4], fields[7], fields[8], fields[9]
    name_length, extra, comment, offset = fields[10], fields[11], fields[12], fields[16]
    name = data[at + _CENTRAL.size : at + _CENTRAL.size + name_length].decode("utf-8", "replace")
    if flags & _ENCRYPTED:
        raise BadFileError("password", name)
    return Part(name, method, packed, size, offset, crc), at + _CENTRAL.size + name_length + extra + comment


# ------------------------------------------------------------------------------------------------ compound files

_END_OF_CHAIN = 0xFFFFFFFA  # and above: no further sector
_HEADER_FAT_SECTORS = 109
_ENTRY = 128
_STREAM, _ROOT = 2, 5


class Compound:
    """A compound file (MS-CFB): names of its entries and the bytes of its streams."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 512:
            raise BadFileError("truncated", f"{len(data)} B")
        self.data = data
        self._sector = 1 << min(struct.unpack_from("<H", data, 30)[0], 16)
        self._cutoff = struct.unpack_from("<L", data, 56)[0]
        self._fat = self._read_fat()
        self._entries = self._read_entries(struct.unpack_from("<L", data, 48)[0])
        self._mini_fat = _numbers(self._chain(struct.unpack_from("<L", data, 60)[0]))

    @property
    def names(self) -> set[str]:
        return set(self._entries)

    def read(self, name: str) -> bytes:
        _, start, size = self._entries[name]
        if size >= self._cutoff:
            content = self._chain(start)
        else:
            root = next((entry for entry in self._entries.values() if entry[0] == _ROOT), (_ROOT, _END_OF_CHAIN, 0))
            content = _follow(self._chain(root[1]), self._mini_fat, start, 64, 0)
        if len(content) < size:
            raise BadFileError("truncated", name)
        return content[:size]

    def _read_fat(self) -> list[int]:
        sectors = list(struct.unpack_from(f"<{_HEADER_FAT_SECTORS}L", self.data, 76))
        following = struct.unpack_from("<L", self.data, 68)[0]
        seen: set[int] = set()
        while following < _END_OF_CHAIN and following not in seen:
            seen.add(following)
            numbers = _numbers(self._at(following))
            sectors.extend(numbers[:-1])
            following = numbers[-1]
        # each is named once; one that is named again would make the table larger than the file
        return [n for sector in dict.fromkeys(sectors) if sector < _END_OF_CHAIN for n in _numbers(self._at(sector))]

    def _at(self, sector: int) -> bytes:
        start = (sector + 1) * self._sector
        content = self.data[start : start + self._sector]
        if not content:
            raise BadFileError("truncated", f"{len(self.data)} B")
        # the last sector of some writers is not filled up
        return content.ljust(self._sector, b"\xff")

    def _chain(self, start: int) -> bytes:
        return _follow(self.data, self._fat, start, self._sector, self._sector)

    def _read_entries(self, start: int) -> dict[str, tuple[int, int, int]]:
        content = self._chain(start)
        entries = {}
        for at in range(0, len(content) - _ENTRY + 1, _ENTRY):
            length, kind = struct.unpack_from("<HB", content, at + 64)
            if kind:
                name = content[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
                entries[name] = (kind, *struct.unpack_from("<LL", content, at + 116))
        return entries


def _numbers(content: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(content) // 4}L", content[: len(content) // 4 * 4]))


def _follow(data: bytes, table: list[int], start: int, size: int, base: int) -> bytes:
    """The sectors of a chain, one after another; a chain that bites its tail or leaves the file is cut off there."""
    pieces = []
    sector = start
    for _ in range(min(len(table), len(data) // size + 1)):
        if sector >= len(table):
            break
        at = base + sector * size
        pieces.append(data[at : at + size])
        sector = table[sector]
    return b"".join(pieces)
