"""What units deliver, and what the warehouse holds after it was collected: the same question to every run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, func, select

from catalog import load_catalog
from examples.province import Province, Sent, make_province, with_province
from examples.sources import source_filings
from examples.stage import stage_province
from examples.write import Writer
from tasks.settings import Settings
from tasks.setup import initialise
from tasks.store import engine_for
from warehouse import tables
from warehouse.registry import import_units

SEED = 7
PERIOD = "2025"

#: Tables that hold what was reported; the others tell how it got there.
FACTS = (
    "observation",
    "initiative",
    "commendation",
    "inspection",
    "topic",
    "list_item",
    "narrative",
    "finding",
    "mart_roll_up",
    "mart_year_on_year",
)

_FIGURES = """
select period, unit, form, indicator, breakdown, value, lower, upper, qualifier, numerator, denominator,
       status, basis, scope, derived, original_text, note, sheet, cell, version
from mart_observation
"""

_TOTALS = """
select period, unit, form, indicator, breakdown, value, lower, upper, qualifier, numerator, denominator,
       reported, expected, source, note
from mart_roll_up
"""


@dataclass(frozen=True)
class Delivery:
    """The files of the source filings and of a small province with planted faults, with what must become of each."""

    folder: Path
    province: Province
    sent: tuple[Sent, ...]
    sources: int

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name))


def deliver(folder: Path) -> Delivery:
    catalog = load_catalog()
    province = make_province(SEED, units=60)
    period = catalog.period(PERIOD)
    assert period is not None
    sent = stage_province(with_province(catalog, province), province, period, SEED, folder)
    named = [(item.name, item.filing) for item in source_filings(catalog)]
    for path in Writer(catalog).write_all(named, folder):
        moment = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))
    return Delivery(folder, province, tuple(sent), len(named))


def install(home: Path, delivery: Delivery, url: str | None = None) -> Settings:
    """A workspace whose register holds the province."""
    settings = Settings(home=home, warehouse_url=SecretStr(url) if url else None)
    initialise(settings, settings.url)
    import_units(engine_for(settings.url), load_catalog(), list(delivery.province.units))
    return settings


def figures(engine: Engine) -> list[tuple[Any, ...]]:
    """Every figure in force with its place, in words: nothing that depends on the order of the work."""
    return _rows(engine, _FIGURES)


def totals(engine: Engine) -> list[tuple[Any, ...]]:
    return _rows(engine, _TOTALS)


def _rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        rows = [tuple(_plain(value) for value in row) for row in connection.exec_driver_sql(sql)]
    return sorted(rows, key=repr)


def _plain(value: Any) -> Any:
    """SQLite has no truth values of its own."""
    return int(value) if isinstance(value, bool) else value


def fact_counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: int(connection.scalar(select(func.count()).select_from(tables.metadata.tables[name])) or 0)
            for name in FACTS
        }


def first_outcomes(engine: Engine) -> dict[str, str]:
    """File name → how the first try at it ended; known bytes are named by the file they came in this time."""
    attempt, submission = tables.attempt.c, tables.submission.c
    query = (
        select(submission.name, attempt.detail, attempt.outcome)
        .join_from(tables.attempt, tables.submission, submission.id == attempt.submission_id)
        .order_by(attempt.id.desc())
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return {detail if outcome == "same_bytes" else name: outcome for name, detail, outcome in rows}
