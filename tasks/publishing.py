"""Publishing: a copy of the marts for people who have no access to the warehouse."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from domain.act import ActRefusedError
from tasks.keeping import put_in_place
from warehouse import publishing
from warehouse.engine import Engine


def publish(engine: Engine, out: Path) -> dict[str, Any]:
    """Write the copy to ``out`` (``….db``) and what it means to ``metadata.json`` beside it.

    Refused when ``out`` exists: what was published does not change. The file bears its name when it is whole, on the
    disk and write-protected.
    """
    if out.exists():
        raise _is_published(out)
    if out.suffix not in (".db", ".sqlite"):
        raise ActRefusedError(f"{out}: tên tệp phải kết thúc bằng .db", f"{out}: the name must end in .db")
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name("metadata.json")
    standing = _standing(beside)
    draft = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        counts = publishing.write_copy(engine, draft)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        draft.chmod(0o444)
        described = {**standing, **publishing.metadata(out.stem, *publishing.newest(engine))}
        described["databases"] = {**standing.get("databases", {}), **described["databases"]}
        beside.write_text(json.dumps(described, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        put_in_place(draft, out)
    except FileExistsError as error:
        raise _is_published(out) from error
    finally:
        for path in (draft, draft.with_name(f"{draft.name}-journal")):
            path.unlink(missing_ok=True)
    return {"file": out, "metadata": beside, "sha256": digest, "rows": counts}


def _is_published(out: Path) -> ActRefusedError:
    return ActRefusedError(
        f"{out} đã công bố; bản đã công bố không đổi, chọn tên khác",
        f"{out} was published already and does not change; choose another name",
    )


def _standing(beside: Path) -> dict[str, Any]:
    """What is said of the copies that were published there before; it stays."""
    if not beside.exists():
        return {}
    try:
        told = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("databases", {}), dict):
        raise ActRefusedError(
            f"{beside} không phải mô tả của bản công bố; chọn thư mục khác",
            f"{beside} describes no published copy; choose another folder",
        )
    return told
