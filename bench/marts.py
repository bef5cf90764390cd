"""``python -m bench.marts``: how long the questions of analysts take on a country's warehouse of one year.

34 provinces, 280,000 units, one cell of a hundred renamed within the second quarter after it had reported; a report of
each for each quarter, put into the tables directly (no files are read). With
``--url`` an empty database to fill, without it a SQLite file in a temporary folder; ``--filled`` measures what an
earlier call filled. Times are of the reader's connection, rows fetched, the first answer included; in brackets the
mean processor time of this process and of the PostgreSQL process that answered, when it runs on this machine: what is
left when others keep the machine busy.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import psutil
from sqlalchemy import Connection, Engine, Table, func, select, text

from catalog import load_catalog
from catalog.model import UnitEventRecord, UnitRecord
from domain.unit import EventKind, EventShare
from warehouse import tables
from warehouse.bulk import gather_statistics, insert_frame, read_frame
from warehouse.engine import make_engine, make_reader, write
from warehouse.migrate import upgrade
from warehouse.registry import import_register, sync_registry

_SINCE = date(2014, 1, 1)
_RENAMED = date(2025, 5, 5)
_SENT = datetime(2025, 3, 14, 8, tzinfo=UTC)
_PERIODS = ("2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4")
_FORM = "review-report"
_FIGURES = 8

#: How many units of each kind stand below one of the kind before.
_SHAPE = (("tinh_uy", 34), ("dang_bo_xa", 98), ("dang_bo_co_so", 4), ("chi_bo", 20))

_ONE = "WHERE period = '2025-Q2' AND unit = '{unit}'"
_VIEWS = {
    "rate": "mart_reporting_rate",
    "figures": "mart_observation",
    "totals": "mart_total",
    "findings": "mart_finding",
    "report": "mart_reporting",
}

#: Questions about one unit, asked of many; and about all of a period, asked a few times.
_NARROW = {
    **{f"{said} of a province": f"SELECT * FROM {view} {_ONE}" for said, view in _VIEWS.items()},  # noqa: S608
    "rate of every province": "SELECT * FROM mart_reporting_rate WHERE period = '2025-Q2' AND unit_kind = 'tinh_uy'",
    "communes of a province": "SELECT * FROM mart_reporting_rate WHERE period = '2025-Q2' AND parent = '{unit}'",
}
_WIDE = {
    "rates of a period": "SELECT unit, reporting_rate FROM mart_reporting_rate WHERE period = '2025-Q2'",
    "reports of a period": "SELECT state, count(*) FROM mart_reporting WHERE period = '2025-Q2' GROUP BY state",
    "an indicator by province": """SELECT a.code, sum(o.value) FROM mart_observation o
        JOIN unit r ON r.code = o.unit
          AND r.valid_from <= '2025-06-14' AND (r.valid_to IS NULL OR r.valid_to >= '2025-06-14')
        JOIN unit_above w ON w.unit_id = r.id
        JOIN unit a ON a.id = w.ancestor_id AND a.kind = 'tinh_uy'
        WHERE o.period = '2025-Q2' AND o.indicator = '{indicator}' GROUP BY a.code""",
    "totals of a period": "SELECT * FROM mart_total WHERE period = '2025-Q2' AND indicator = '{indicator}'",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="an empty database (default: a SQLite file)")
    parser.add_argument("--filled", action="store_true", help="the database was filled by an earlier call")
    parser.add_argument("--provinces", type=int, default=_SHAPE[0][1])
    parser.add_argument("--plans", action="store_true", help="print how the database goes about each question")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tongket-marts-") as folder:
        url = arguments.url or f"sqlite:///{Path(folder) / 'warehouse.db'}"
        if not arguments.filled:
            _fill(make_engine(url), arguments.provinces)
        _measure(make_reader(url), plans=arguments.plans)


def _fill(engine: Engine, provinces: int) -> None:
    began = time.perf_counter()
    catalog = load_catalog()
    upgrade(engine)
    sync_registry(engine, catalog)
    import_register(engine, catalog, *_renamed(_units(provinces)))
    _say(f"register: {time.perf_counter() - began:.1f} s")
    with write(engine) as connection:
        _reports(connection)
    _say(f"filled: {time.perf_counter() - began:.1f} s")


def _units(provinces: int) -> list[UnitRecord]:
    layers: list[list[UnitRecord]] = [[]]
    for kind, count in _SHAPE:
        above = [unit.code for unit in layers[-1]] or [None]
        number = provinces if len(layers) == 1 else count
        layers.append([_unit(parent, place, kind) for parent in above for place in range(number)])
    return [unit for layer in layers for unit in layer]


def _unit(parent: str | None, place: int, kind: str) -> UnitRecord:
    code = f"{parent}.{place:02}" if parent else f"B{place:02}"
    return UnitRecord(
        code=code, valid_from=_SINCE, valid_to=None, name=f"Đơn vị {code}", kind=kind, parent=parent, source="bench"
    )


def _renamed(units: list[UnitRecord]) -> tuple[list[UnitRecord], list[UnitEventRecord]]:
    """The units with one cell of a hundred renamed, and the events."""
    chosen = [unit for unit in units if unit.kind == _SHAPE[-1][0]][::100]
    ends = {unit.code: unit.model_copy(update={"valid_to": _RENAMED - timedelta(days=1)}) for unit in chosen}
    begins = [unit.model_copy(update={"valid_from": _RENAMED, "name": f"{unit.name} mới"}) for unit in chosen]
    events = [
        UnitEventRecord(
            kind=EventKind.RENAME, day=_RENAMED, old_code=unit.code, old_valid_from=_SINCE, new_code=unit.code,
            new_valid_from=_RENAMED, share=EventShare.FULL, document="bench",
        )
        for unit in chosen
    ]  # fmt: skip
    return [*(ends.get(unit.code, unit) for unit in units), *begins], events


def _reports(connection: Connection) -> None:
    """Nine units of ten report, one of twenty sends a second version, one of fifty is rejected."""
    unit, period = tables.unit.c, tables.period.c
    names = [unit.id.label("unit_id"), unit.code, unit.kind, unit.valid_from, unit.valid_to]
    units = read_frame(connection, select(*names).where(unit.source == "bench"))
    form_id = connection.scalar(select(tables.form.c.id).where(tables.form.c.code == _FORM))
    codes = select(period.id.label("period_id"), period.code.label("period"), period.first_day)
    periods = read_frame(connection, codes.where(period.code.in_(_PERIODS)))
    lived = (pl.col("valid_from") <= pl.col("first_day")) & (pl.col("valid_to") >= pl.col("first_day")).fill_null(True)
    owed = units.join(periods, how="cross").filter(lived).drop("valid_from", "valid_to", "first_day")
    owed = owed.sort("period", "unit_id")
    words = {"id": "bench", "kind": "collect-period", "state": "completed", "host": "bench", "pid": 1}
    run = pl.DataFrame([{**words, "started_at": _SENT}])
    insert_frame(connection, tables.run, run)
    sent = _versions(owed.with_row_index("n").filter(pl.col("n") % 10 != 3)).with_columns(
        id=pl.int_range(1, pl.len() + 1), form_id=pl.lit(form_id, pl.Int64)
    )
    key = pl.format("{}", "id").str.pad_start(64, "0")
    insert_frame(
        connection,
        tables.file,
        sent.select(
            sha256=key, size=pl.lit(1), media=pl.lit("xlsx"), first_received_at=pl.lit(_SENT), archive_path=key
        ),
    )
    insert_frame(connection, tables.submission, _submissions(sent, key))
    insert_frame(connection, tables.attempt, _attempts(sent))
    _figures(connection, sent.filter(pl.col("state") == "accepted"))
    _totals(connection, owed)
    _findings(connection, sent)
    touched: tuple[Table, ...] = (tables.submission, tables.attempt, tables.observation, tables.mart_roll_up)
    gather_statistics(connection, 1_000_000, *touched, tables.finding, tables.unit, tables.unit_above)


def _versions(reports: pl.DataFrame) -> pl.DataFrame:
    again = reports.filter(pl.col("n") % 20 == 1)
    state = pl.when(pl.col("n") % 50 == 7).then(pl.lit("rejected")).otherwise(pl.lit("accepted"))
    first = reports.with_columns(
        version=pl.lit(1), state=pl.when(pl.col("n") % 20 == 1).then(pl.lit("superseded")).otherwise(state)
    )
    return pl.concat([first, again.with_columns(version=pl.lit(2), state=pl.lit("accepted"))])


def _submissions(sent: pl.DataFrame, key: pl.Expr) -> pl.DataFrame:
    figures = (
        pl.when(pl.col("state") == "rejected")
        .then(0)
        .otherwise(pl.when(pl.col("n") % 100 == 4).then(0).otherwise(_FIGURES))
    )
    return sent.select(
        "id", "unit_id", "period_id", "form_id", "version", "state",
        file_sha256=key, name=pl.lit("bench.xlsx"), received_at=pl.lit(_SENT), decided_at=pl.lit(_SENT),
        attempt_id="id", n_figures=figures,
    )  # fmt: skip


def _attempts(sent: pl.DataFrame) -> pl.DataFrame:
    outcome = pl.when(pl.col("state") == "superseded").then(pl.lit("accepted")).otherwise("state")
    return sent.select(
        "id", submission_id="id", run_id=pl.lit("bench"), started_at=pl.lit(_SENT), finished_at=pl.lit(_SENT),
        outcome=outcome,
    )  # fmt: skip


def _figures(connection: Connection, accepted: pl.DataFrame) -> None:
    insert_frame(connection, tables.breakdown, pl.DataFrame({"id": [1], "code": [""]}))
    manner = {"qualifier": "exact", "status": "value", "basis": "in_period", "scope": "own", "derived": False}
    insert_frame(connection, tables.manner, pl.DataFrame([{"id": 1, **manner}]))
    places = pl.DataFrame({"id": range(1, _FIGURES + 1)}).with_columns(
        sheet=pl.lit("Số liệu"), cell=pl.format("E{}", "id")
    )
    insert_frame(connection, tables.place, places)
    number = places.select(indicator_id="id", place_id="id")
    for part in accepted.sort("period_id", "id").iter_slices(100_000):
        rows = part.select("period_id", "unit_id", submission_id="id").join(number, how="cross").with_columns(
            breakdown_id=pl.lit(1), manner_id=pl.lit(1), value=(pl.col("submission_id") % 97).cast(pl.Float64),
            original_text=pl.format("{}", pl.col("submission_id") % 97), recorded_from=pl.lit(_SENT),
        )  # fmt: skip
        insert_frame(connection, tables.observation, rows)


def _totals(connection: Connection, owed: pl.DataFrame) -> None:
    code = read_frame(connection, select(tables.indicator.c.code.label("indicator")).order_by(tables.indicator.c.id))
    rows = owed.filter(pl.col("kind") != "chi_bo").join(code.head(15), how="cross").select(
        "period", "indicator", unit="code", form=pl.lit(_FORM), breakdown=pl.lit(""), value=pl.lit(12.5),
        qualifier=pl.lit("exact"), reported=pl.lit(9), expected=pl.lit(10), source=pl.lit("computed"),
        refreshed_at=pl.lit(_SENT),
    )  # fmt: skip
    insert_frame(connection, tables.mart_roll_up, rows)


def _findings(connection: Connection, sent: pl.DataFrame) -> None:
    rows = sent.filter(pl.col("id") % 2 == 0).select(
        "id", submission_id="id", attempt_id="id", rule=pl.lit("DOS-001"), level=pl.lit(4), severity=pl.lit("warning"),
        sheet=pl.lit("Số liệu"), cell=pl.lit("E5"), message_vi=pl.lit("Tổng không khớp."), message_en=pl.lit("No fit."),
    )  # fmt: skip
    insert_frame(connection, tables.finding, rows)


def _measure(reader: Engine, *, plans: bool) -> None:
    with reader.connect() as connection:
        for table in (
            tables.unit,
            tables.unit_above,
            tables.unit_self,
            tables.submission,
            tables.observation,
            tables.mart_roll_up,
        ):
            _say(f"{table.name}: {connection.scalar(select(func.count()).select_from(table)):,} rows")
        kinds = connection.scalars(text("SELECT code FROM unit WHERE kind = 'tinh_uy' AND source = 'bench'")).all()
        indicator = connection.scalar(text("SELECT code FROM indicator WHERE id = 3"))
        for name, question in _NARROW.items():
            asked = [question.format(unit=kinds[turn % len(kinds)]) for turn in range(30)]
            _say(_told(name, connection, asked))
            _explain(connection, asked[0], wanted=plans)
        for name, question in _WIDE.items():
            asked = [question.format(indicator=indicator)] * 3
            _say(_told(name, connection, asked))
            _explain(connection, asked[0], wanted=plans)


def _told(name: str, connection: Connection, questions: list[str]) -> str:
    times, rows, begun = [], 0, _worked(connection)
    for question in questions:
        began = time.perf_counter()
        rows = len(connection.exec_driver_sql(question).fetchall())
        times.append((time.perf_counter() - began) * 1000)
        if sum(times) > 60_000:
            break
    ninety_five = sorted(times)[min(len(times) - 1, round(0.95 * len(times)))]
    middle, work = statistics.median(times), (_worked(connection) - begun) / len(times) * 1000
    return f"{name:28} {rows:8,} rows   median {middle:9.1f} ms ({work:.1f} ms)   p95 {ninety_five:9.1f} ms"


def _worked(connection: Connection) -> float:
    """Seconds of processor time spent so far on answering."""
    own = time.process_time()
    if connection.dialect.name == "sqlite":
        return own
    try:
        server = psutil.Process(int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)).cpu_times()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return own
    return own + float(server.user + server.system)


def _explain(connection: Connection, question: str, *, wanted: bool) -> None:
    if wanted:
        how = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN (ANALYZE, COSTS)"
        for row in connection.exec_driver_sql(f"{how} {question}"):
            _say(f"    {row[-1]}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
