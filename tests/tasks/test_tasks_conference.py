"""A conference held from files: the same files give the same frames, in whatever order and database they were taken."""

from __future__ import annotations

import re
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, select, text

from conference.frozen import SCHEMAS
from conference.sealing import hash_of, seal
from domain.conference import ConferenceKind
from domain.numbers import vi_number
from tasks.conference import Asked, freeze, frozen_of, open_conference
from tasks.conference_frames import frames_of
from tasks.packing import make_pack
from tasks.settings import Settings
from tasks.store import engine_for, register_of
from tasks.targets import import_targets
from tests.collecting import collect
from tests.conftest import Collected
from tests.delivered import PERIOD, Delivery, install
from warehouse import freezing, tables
from warehouse.conclusions import Conference as Earlier
from warehouse.conclusions import Task, put_tasks
from warehouse.conferences import Conference
from warehouse.engine import snapshot

TOP = "P99.DU"


def _frames(settings: Settings) -> dict[str, pl.DataFrame]:
    """What a conference would be frozen with; nothing is written."""
    engine = engine_for(settings.url)
    with snapshot(engine) as connection:
        unit_id = connection.scalar(
            tables.unit.select().with_only_columns(tables.unit.c.id).where(tables.unit.c.code == TOP)
        )
        now = datetime.now(UTC)
        held = Conference(
            1, "x", "final", "x", int(unit_id or 0), TOP, "x", (PERIOD,), date(2026, 1, 9), "open", now, "x",
            None, None, None, None,
        )  # fmt: skip
        return frames_of(freezing.ground_of(connection, held), register_of(settings))


def _hash(frames: dict[str, pl.DataFrame]) -> str:
    return hash_of({name: seal(name, frame, keep=False).sha256 for name, frame in frames.items()})


@pytest.fixture(scope="session")
def the_other_way(delivery: Delivery, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The files of one half of the units before those of the other, few at a time."""
    settings = install(tmp_path_factory.mktemp("other-way"), delivery)
    halves: tuple[list[Path], list[Path]] = ([], [])
    for path in delivery.files:
        halves["P99.CB.001" in path.name].append(path)
    for half in reversed(halves):
        collect(settings, half, batch=17)
    return settings


@pytest.mark.postgres
def test_the_same_files_give_the_same_hash(
    collected_sqlite: Collected, collected_postgres: Collected, the_other_way: Settings
) -> None:
    here, there, other = (
        _frames(settings) for settings in (collected_sqlite.settings, collected_postgres.settings, the_other_way)
    )
    assert {name: here[name].height > 0 for name in here} == {
        name: name not in ("targets", "conclusions") for name in SCHEMAS
    }
    assert [name for name in SCHEMAS if not here[name].equals(there[name])] == []
    assert [name for name in SCHEMAS if not here[name].equals(other[name])] == []
    assert _hash(here) == _hash(there) == _hash(other)


@pytest.fixture
def engine(collected_sqlite: Collected, tmp_path: Path) -> Iterator[Engine]:
    """A copy of the warehouse that was filled once."""
    source = Path(collected_sqlite.settings.url.removeprefix("sqlite:///"))
    with sqlite3.connect(source) as original, sqlite3.connect(tmp_path / "copy.db") as copy:
        original.backup(copy)
    copy.close()
    original.close()
    made = engine_for(f"sqlite:///{tmp_path / 'copy.db'}")
    yield made
    made.dispose()


def test_frozen_figures_are_those_of_the_summary_and_of_the_cells(collected_sqlite: Collected, engine: Engine) -> None:
    catalog = register_of(collected_sqlite.settings)
    asked = Asked(TOP, (PERIOD,), ConferenceKind.FINAL, date(2026, 1, 9))
    code = open_conference(engine, catalog, asked, who="Văn phòng").code
    freeze(engine, catalog, code, who="Văn phòng", override=True, reason="thử")
    kept = frozen_of(engine, code)
    with engine.connect() as connection:
        totals = pl.read_database(
            "select indicator, breakdown, value from mart_roll_up where unit = 'P99.DU'", connection
        )
        cells = pl.read_database(
            "select unit, indicator, breakdown, value, sheet, cell from mart_observation"
            " where period = '2025' and unit like 'P99.%'",
            connection,
        )
    top = kept["figures"].filter(level="total", unit=TOP).select(totals.columns)
    assert top.sort(pl.all()).equals(totals.sort(pl.all()))
    cells = cells.join(kept["units"].select("unit"), on="unit", how="semi")
    filed = kept["figures"].filter(level="filed").select(cells.columns)
    assert filed.sort(pl.all()).equals(cells.sort(pl.all()))
    assert filed.height > 1_000
    commune = kept["units"].filter(depth=1)["unit"][0]
    within = kept.within(commune)
    assert within["units"].select("unit", "parent", "depth").row(0) == (commune, None, 0)


def test_targets_ratings_and_earlier_conclusions_are_frozen_and_stand_in_the_pack(
    collected_sqlite: Collected, engine: Engine, tmp_path: Path
) -> None:
    catalog = register_of(collected_sqlite.settings)
    with engine.connect() as connection:
        unit = connection.scalar(select(tables.unit.c.id).where(tables.unit.c.code == TOP)) or 0
        total = connection.scalar(
            text(
                "select value from mart_roll_up where unit = 'P99.DU' and indicator = 'registrants' and breakdown = ''"
            )
        )
    file = tmp_path / "targets.csv"
    file.write_text(
        f"unit;indicator;year;direction;value;source\n{TOP};registrants;2025;ít nhất;{int(total or 0) - 1};KH 1\n",
        encoding="utf-8",
    )
    import_targets(engine, catalog, file, who="Văn phòng", reason=None)
    tasks = [Task(4, "Kiểm tra chuyên đề", owner_id=unit, due=date(2025, 11, 30)), Task(5, "Nhân rộng mô hình")]
    put_tasks(engine, Earlier("SK-2025", unit, date(2025, 7, 10)), tasks, who="Văn phòng", reason="Kết luận")
    asked = Asked(TOP, (PERIOD,), ConferenceKind.FINAL, date(2026, 1, 9))
    code = open_conference(engine, catalog, asked, who="Văn phòng").code
    freeze(engine, catalog, code, who="Văn phòng", override=True, reason="thử")
    kept = frozen_of(engine, code)
    assert kept["targets"].select("unit", "indicator", "value").rows() == [(TOP, "registrants", total)]
    assert kept["conclusions"].select("conference", "number", "owner", "state", "overdue").rows() == [
        ("SK-2025", 4, TOP, "open", True),
        ("SK-2025", 5, None, "open", False),
    ]
    assert set(kept["ratings"]["unit"]) <= set(kept["units"]["unit"])
    make_pack(kept, None, tmp_path / "pack", formats=("report",))
    with zipfile.ZipFile(tmp_path / "pack" / "report.docx") as report:
        words = re.sub(r"<[^>]+>", " ", report.read("word/document.xml").decode())
    assert "Kiểm tra chuyên đề" in words
    assert vi_number(int(total or 0) - 1) in words  # the target beside what was reached
    assert vi_number(int(total or 0)) in words
