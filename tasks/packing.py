"""The pack of a conference, from its freeze in the warehouse to a folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from conference.frozen import Frozen
from conference.pack import FORMATS, build_pack


def pack_folder(home: Path, frozen: Frozen, unit: str) -> Path:
    """Where the pack of a unit stands when nobody says otherwise: ``packs/CONFERENCE/UNIT`` of the workspace."""
    return home / "packs" / _as_folder(frozen.conference) / _as_folder(unit)


def make_pack(
    frozen: Frozen,
    unit: str | None,
    folder: Path,
    *,
    style: str | None = None,
    language: str = "vi",
    formats: Sequence[str] = tuple(FORMATS),
) -> list[Path]:
    """The pack of a unit (default: that of the conference), made now. Raises what :func:`build_pack` raises."""
    return build_pack(
        frozen,
        unit or frozen.unit,
        folder,
        style=style,
        language=language,
        made_at=datetime.now(UTC).replace(microsecond=0),
        formats=formats,
    )


def _as_folder(code: str) -> str:
    """A code as the name of one folder: what would lead elsewhere becomes _."""
    name = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in code)
    return name if name.strip(".") else "_"
