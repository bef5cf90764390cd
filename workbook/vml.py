"""Shapes in the drawings that hold the boxes of comments: bytes, for programs write them as no XML reader takes them.

Files come from anywhere: every search ends at the next ``<``, so that its time grows with the size of the drawing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Place = tuple[int, int]  # row, column

_OPENING = re.compile(rb"<v:shape\s(?:[^<>\"']++|\"[^<\"]*+\"|'[^<']*+')*+>")
_CLOSING = b"</v:shape>"
_BLOCKS = re.compile(rb'(<o:idmap\b[^<>]*?\bdata=")([0-9, ]*)(")')
_ANCHOR = re.compile(rb"<x:Anchor>[^<]*<")
_ROW, _COLUMN = (re.compile(rb"<x:%s>\s*+(\d{1,7})(?!\d)" % name) for name in (b"Row", b"Column"))


def redrawn(content: bytes, change: Callable[[bytes], bytes]) -> tuple[bytes, int]:
    """The drawing with every shape changed, and how many shapes it has then; an empty one is gone."""
    pieces, at, left = [], 0, 0
    for start, end in _shapes(content):
        shape = change(content[start:end])
        pieces += [content[at:start], shape]
        left += bool(shape)
        at = end
    return b"".join([*pieces, content[at:]]), left


def _shapes(content: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while opening := _OPENING.search(content, at):
        at = opening.end()
        if not opening[0].endswith(b"/>"):
            closing = content.find(_CLOSING, at)
            if closing < 0:
                return
            at = closing + len(_CLOSING)
        yield opening.start(), at


def place_of(shape: bytes) -> Place | None:
    """The cell whose comment a shape is the box of; ``None`` for another shape."""
    row, column = _ROW.search(shape), _COLUMN.search(shape)
    return (int(row[1]), int(column[1])) if row and column and b'ObjectType="Note"' in shape else None


def anchored(shape: bytes, anchor: str) -> bytes:
    """The shape at another place."""
    return _ANCHOR.sub(lambda _: f"<x:Anchor>{anchor}<".encode(), shape, count=1)


def blocks(content: bytes) -> list[int]:
    """The blocks of numbers that a drawing has taken for its shapes."""
    return [int(number) for found in _BLOCKS.finditer(content) for number in re.findall(rb"\d{1,6}", found[2])]


def with_blocks(content: bytes, numbers: list[int]) -> bytes:
    """The drawing with more blocks taken."""
    more = ",".join(map(str, numbers)).encode()
    return _BLOCKS.sub(lambda found: found[1] + b",".join(filter(None, (found[2], more))) + found[3], content, count=1)
