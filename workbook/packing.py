"""ZIP files written from packed members: what did not change is not packed again."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
#: 1 January 1980, the first day of ZIP: equal contents give equal bytes.
_TIME, _DATE = 0, 0x21
_VERSION, _UTF8, _DEFLATED = 20, 0x800, 8
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Member:
    """The packed bytes of one part; ``size`` is what they unpack to."""

    crc: int
    size: int
    packed: bytes
    method: int = _DEFLATED


def packed(content: bytes, level: int = _LEVEL) -> Member:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return Member(zlib.crc32(content), len(content), packer.compress(content) + packer.flush())


def zipped(members: Mapping[str, Member]) -> bytes:
    """The file that holds these members under their names, in their order."""
    pieces: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name, member in members.items():
        local, central = _entry(name.encode(), member, offset)
        pieces += (local, member.packed)
        directory.append(central)
        offset += len(local) + len(member.packed)
    index = b"".join(directory)
    end = _END.pack(b"PK\x05\x06", 0, 0, len(directory), len(directory), len(index), offset, 0)
    return b"".join((*pieces, index, end))


def _entry(name: bytes, member: Member, offset: int) -> tuple[bytes, bytes]:
    sizes = (member.crc, len(member.packed), member.size, len(name), 0)
    shared = (_VERSION, _UTF8, member.method, _TIME, _DATE, *sizes)
    local = _LOCAL.pack(b"PK\x03\x04", *shared) + name
    central = _CENTRAL.pack(b"PK\x01\x02", _VERSION, *shared, 0, 0, 0, 0, offset) + name
    return local, central
