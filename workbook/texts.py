"""Text as it may stand in the XML of a workbook."""

from __future__ import annotations

import html
import re

#: XML 1.0 has no place for these.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: What programs would read as an escaped character is escaped itself (ECMA-376, ST_Xstring).
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def clean(text: str) -> str:
    """The text without what XML cannot hold, safe from being read as an escaped character."""
    return _ESCAPE.sub("_x005F_", printable(text)).replace("\r\n", "\n")


def printable(text: str) -> str:
    """The text without what XML cannot hold."""
    return _FORBIDDEN.sub("", text.encode("utf-8", "replace").decode())


def escaped(text: str) -> bytes:
    """The text between two tags."""
    return html.escape(clean(text), quote=False).encode()


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
