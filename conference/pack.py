"""The pack of a conference: report, annex, slides, page and figures of a unit, in one folder, all or nothing."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from conference.facts import Facts
from conference.figures import figures
from conference.frozen import Frozen
from conference.outline import Style, outline, style_of
from conference.review import Review, review
from conference.stamping import content_hash

#: What a pack may hold → the name of its file. ``figures.json`` and ``pack.json`` always stand beside them.
FORMATS: Mapping[str, str] = MappingProxyType(
    {"report": "report.docx", "annex": "annex.xlsx", "slides": "slides.pptx", "page": "page.html"}
)
_FIGURES, _MANIFEST = "figures.json", "pack.json"


class PackRefusedError(ValueError):
    """What stands in the folder must not be replaced. ``vi`` and ``en`` say why and what to do."""

    def __init__(self, vi: str, en: str) -> None:
        self.vi, self.en = vi, en
        super().__init__(en)


def build_pack(
    frozen: Frozen,
    unit: str,
    folder: Path,
    *,
    style: str | None = None,
    language: str = "vi",
    made_at: datetime,
    formats: Sequence[str] = tuple(FORMATS),
) -> list[Path]:
    """The documents of a unit of the conference, made from its freeze and nothing else.

    They are written beside ``folder`` and moved into its place when all are there. A pack that stands there is replaced
    only when it is of the same freeze and unit and nobody has changed its files; other files of the folder stay. Two
    builds with one ``made_at`` (which carries its zone) are the same to the byte.

    Raises:
        KeyError: the unit is not one of the conference.
        UnknownStyleError: there is no such style.
        PackRefusedError: the folder holds something else, or a file of the pack that was changed.
    """
    facts = Facts(frozen, unit, outline(), language)
    chosen = style_of(str(facts.unit_row["kind"]), style)
    _refuse_foreign(folder, frozen, unit, formats)
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        made = _write(new, facts, chosen, made_at, formats)
        _keep_others(folder, new)
        (new / _MANIFEST).write_bytes(_manifest(new, folder, facts, chosen, made))
        _put_in_place(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return [folder / name for name in (*made, _FIGURES, _MANIFEST)]


def _write(folder: Path, facts: Facts, style: Style, made_at: datetime, formats: Sequence[str]) -> list[str]:
    told = review(facts)
    makers = _makers(facts, told, style, made_at)
    names = [FORMATS[name] for name in FORMATS if name in formats]
    for name in names:
        (folder / name).write_bytes(makers[name]())
    (folder / _FIGURES).write_bytes(figures(facts))
    return names


def _makers(facts: Facts, told: Review, style: Style, made_at: datetime) -> Mapping[str, Callable[[], bytes]]:
    # each library is loaded when its document is wanted
    def report() -> bytes:
        from conference.report import report

        return report(facts, told, style, made_at)

    def annex() -> bytes:
        from conference.annex import annex

        return annex(facts, style, made_at)

    def slides() -> bytes:
        from conference.slides import slides

        return slides(facts, told, made_at)

    def page() -> bytes:
        from conference.page import page

        return page(facts, told, made_at)

    return {"report.docx": report, "annex.xlsx": annex, "slides.pptx": slides, "page.html": page}


# ------------------------------------------------------------------------------------------------ the folder


def _manifest(new: Path, folder: Path, facts: Facts, style: Style, made: Sequence[str]) -> bytes:
    """Which freeze and unit the folder is of, and what its files said when they were made."""
    before = (_read(folder / _MANIFEST) or {}).get("files")
    files = dict(before) if isinstance(before, dict) else {}
    files |= {name: content_hash(new / name) for name in (*made, _FIGURES)}
    told = {
        "conference": facts.frozen.conference,
        "files": files,
        "hash": facts.frozen.hash,
        "language": facts.language,
        "style": style.standard,
        "unit": facts.unit,
    }
    return (json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _refuse_foreign(folder: Path, frozen: Frozen, unit: str, formats: Sequence[str]) -> None:
    """A folder may be empty, or hold a pack of the same freeze whose files are as they were made."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    manifest = _read(folder / _MANIFEST)
    if manifest is None:
        raise PackRefusedError(
            f"{folder} đã có tệp khác, không phải bộ tài liệu hội nghị. Chọn thư mục khác bằng --out.",
            f"{folder} holds other files, not a conference pack. Choose another folder with --out.",
        )
    if (manifest.get("conference"), manifest.get("hash"), manifest.get("unit")) != (
        frozen.conference,
        frozen.hash,
        unit,
    ):
        raise PackRefusedError(
            f"{folder} là bộ tài liệu của bản chốt hoặc đơn vị khác. Chọn thư mục khác bằng --out.",
            f"{folder} holds the pack of another freeze or unit. Choose another folder with --out.",
        )
    files = manifest.get("files")
    for name in [FORMATS[one] for one in formats if one in FORMATS]:
        made, path = (files.get(name) if isinstance(files, dict) else None), folder / name
        if path.exists() and made != content_hash(path):
            raise PackRefusedError(
                f"{path} đã được sửa sau khi tạo; tạo lại sẽ mất phần sửa. Chọn thư mục khác bằng --out.",
                f"{path} was changed after it was made, which would be lost. Choose another folder with --out.",
            )


def _read(manifest: Path) -> dict[str, object] | None:
    try:
        found = json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _keep_others(folder: Path, new: Path) -> None:
    """What stands in the folder and was not made anew goes along, also what a person put there."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if not (new / path.name).exists() and path.name != _MANIFEST:
            copy = shutil.copytree if path.is_dir() else shutil.copy2
            copy(path, new / path.name)


def _put_in_place(new: Path, folder: Path) -> None:
    """One rename for a new folder; a folder that stands there steps aside for it and comes back if that fails."""
    new.chmod(0o755)
    if not folder.exists():
        new.rename(folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent)) / "before"
    folder.rename(aside)
    try:
        new.rename(folder)
    except OSError:
        aside.rename(folder)
        raise
    finally:
        shutil.rmtree(aside.parent, ignore_errors=True)
