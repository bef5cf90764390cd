"""A small world to be killed in: a dozen files of every kind, few rules, and workspaces in no time."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from catalog import DATA, Catalog, load_catalog
from catalog.model import UnitRecord
from examples.filing import Filing
from examples.write import Writer
from tasks.settings import Settings
from tasks.setup import initialise
from tasks.store import engine_for
from warehouse.registry import import_units

#: Rules of one form that stay; Great Expectations would take most of the time otherwise. Rules of all forms stay too.
_FEW = {"OST-001", "OST-002", "OST-003", "OST-004", "OST-017", "OST-019", "OST-021", "LST-001", "LST-016", "LST-034"}

#: When the files of a delivery were written: one a minute.
_FIRST_MINUTE = 1_760_000_000

PARENT = "K1"
UNITS = tuple(f"{PARENT}.X{number}" for number in range(1, 7))

#: Many more units, for tests of many files.
CROWD_PARENT = "K2"
CROWD = tuple(f"{CROWD_PARENT}.X{number:03}" for number in range(1, 101))

_BALANCED = {
    "dossiers_received": 30, "dossiers_carried_over": 0, "dossiers_received_online": 20, "dossiers_received_direct": 10,
    "dossiers_resolved": 20, "dossiers_resolved_early": 5, "dossiers_resolved_on_time": 15,
    "dossiers_resolved_overdue": 0, "dossiers_pending": 10, "dossiers_pending_in_time": 10,
    "dossiers_pending_overdue": 0,
}  # fmt: skip


def figures(more: int, **changes: int) -> dict[str, int]:
    """The totals of a one-stop shop whose sums agree, ``more`` dossiers than the smallest."""
    grown = ("dossiers_received", "dossiers_received_direct", "dossiers_resolved", "dossiers_resolved_on_time")
    return {**_BALANCED, **{name: _BALANCED[name] + more for name in grown}, **changes}


def one_stop(unit: str, period: str = "2025-Q1", scope: str = "own", **typed: int) -> Filing:
    return Filing(unit, period, "one-stop-dossiers", scope=scope, figures=typed)


def _review(unit: str) -> Filing:
    return Filing(
        unit,
        "2025-Q1",
        "review-report",
        figures={"party_members": 40, "edocs_pending": 3},
        lists={
            "initiatives": [{"name": "Tuyến phố văn minh", "owner": "Tổ 3", "level": "co_so", "status": "operating"}],
            "commendations": [{"by": "tinh_uy", "form": "bang_khen", "collectives": 1, "decision": "962-QĐ/TU"}],
        },
        narratives={"study": "Một số nơi chưa làm đều."},
    )


#: In the order they arrive. Pairs are versions of one report, ``None``: not a workbook, or a copy of another file.
_SENT: dict[str, Filing | None] = {
    "một": one_stop(UNITS[0], **figures(1)),
    "một, quý sau": one_stop(UNITS[0], "2025-Q2", **figures(2, dossiers_carried_over=10, dossiers_received_direct=2)),
    "không đọc được": None,
    "kỳ chưa đến": one_stop(UNITS[5], "2040-Q1", **figures(8)),
    "hai": one_stop(UNITS[1], **figures(3)),
    "bốn, sai tổng": one_stop(UNITS[3], **figures(4, dossiers_received_online=25)),
    "một, gửi lại": None,
    "ba, có cảnh báo": one_stop(UNITS[2], **figures(5, dossiers_pending_overdue=2, dossiers_pending_in_time=8)),
    "hai, bản sửa": one_stop(UNITS[1], **figures(6)),
    "bốn, đã sửa": one_stop(UNITS[3], **figures(7)),
    "toàn tỉnh": one_stop(PARENT, scope="subtree", **figures(90)),
    "năm, báo cáo tổng kết": _review(UNITS[4]),
}


@dataclass(frozen=True)
class World:
    """Definitions with few rules, the files that are delivered, and their contents."""

    folder: Path
    catalog: Path
    delivered: Path

    @property
    def files(self) -> list[Path]:
        return sorted(self.delivered.iterdir(), key=lambda path: path.stat().st_mtime_ns)

    @property
    def definitions(self) -> Catalog:
        return with_units(load_catalog(self.catalog))


def make_world(folder: Path) -> World:
    world = World(folder, folder / "definitions", folder / "delivered")
    shutil.copytree(DATA, world.catalog)
    for path in (world.catalog / "rules").iterdir():
        rules = [rule for rule in yaml.safe_load(path.read_text("utf-8")) if _stays(rule)]
        path.unlink() if not rules else path.write_text(yaml.safe_dump(rules, allow_unicode=True), "utf-8")
    named = [(name, filing) for name, filing in _SENT.items() if filing is not None]
    written = {path.stem: path for path in Writer(world.definitions).write_all(named, world.delivered)}
    (world.delivered / "không đọc được.xlsx").write_bytes(written["hai"].read_bytes()[:2_000])
    shutil.copyfile(written["một"], world.delivered / "một, gửi lại.xlsx")
    for minute, name in enumerate(_SENT):
        stamp(world.delivered / f"{name}.xlsx", minute)
    return world


def stamp(path: Path, minute: int) -> None:
    os.utime(path, (_FIRST_MINUTE + 60 * minute,) * 2)


def _stays(rule: dict[str, Any]) -> bool:
    return "forms" not in rule or rule["id"] in _FEW


def with_units(catalog: Catalog) -> Catalog:
    return replace(catalog, units=(*catalog.units, *_units()))


def _units() -> list[UnitRecord]:
    def record(code: str, kind: str, parent: str | None) -> UnitRecord:
        born = date(2015, 1, 1)
        return UnitRecord(code=code, valid_from=born, name=f"Đơn vị {code}", kind=kind, parent=parent, source="thử")

    tree = {PARENT: UNITS, CROWD_PARENT: CROWD}
    below = (record(code, "ubnd_xa", parent) for parent, codes in tree.items() for code in codes)
    return [*(record(parent, "ubnd_tinh", None) for parent in tree), *below]


# ------------------------------------------------------------------------------------------------ workspaces


@dataclass(frozen=True)
class Place:
    """A workspace with a delivery in its inbox."""

    settings: Settings
    sent: tuple[Path, ...]

    @property
    def home(self) -> Path:
        return self.settings.workspace.home

    @property
    def inbox(self) -> Path:
        return self.settings.workspace.inbox

    @property
    def arguments(self) -> dict[str, str]:
        """What a process needs to know to work here."""
        return {"home": str(self.home), "catalog": str(self.settings.catalog_root), "url": self.settings.url}


#: Gives a fresh warehouse for a workspace folder, as a context: it is dropped at the end.
Fresh = Callable[[Path], Any]


def prepare(settings: Settings) -> None:
    """A warehouse at ``settings`` that knows the definitions and units of the world."""
    initialise(settings, settings.url)
    import_units(engine_for(settings.url), load_catalog(settings.catalog_root), _units())
    engine_for(settings.url).dispose()


@contextmanager
def place(world: World, home: Path, fresh: Fresh, files: list[Path] | None = None) -> Iterator[Place]:
    with fresh(home) as url:
        settings = Settings(home=home, catalog=world.catalog, warehouse_url=SecretStr(url))
        settings.workspace.create()
        sent = tuple(world.files if files is None else files)
        for path in sent:
            shutil.copy2(path, settings.workspace.inbox)
        yield Place(settings, sent)
    shutil.rmtree(home, ignore_errors=True)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
