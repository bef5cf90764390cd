"""The whole warehouse as frames, out and in again: the same rows on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import polars as pl
from sqlalchemy import Connection, Engine, Table, delete, func, inspect, select

from domain.act import ActRefusedError
from warehouse import guards, migrate, tables
from warehouse.acts import record_replacement
from warehouse.bulk import frames_of, gather_statistics, insert_frame, update_frame
from warehouse.engine import is_postgres, write
from warehouse.leases import running_now

#: The tables a whole warehouse is made of.
TABLES = tuple(table.name for table in tables.metadata.sorted_tables)

#: A table and some of its rows; tables come in an order in which every row finds what it refers to.
Part = tuple[str, pl.DataFrame]


def parts(connection: Connection) -> Iterator[Part]:
    """Every row of every table, by key; with :func:`warehouse.engine.snapshot` all of one moment."""
    for table in tables.metadata.sorted_tables:
        for frame in frames_of(connection, select(table).order_by(*table.primary_key)):
            yield table.name, frame


def archived(connection: Connection) -> list[tuple[str, str]]:
    """SHA-256 and place of every file that was received."""
    file = tables.file.c
    query = select(file.sha256, file.archive_path).order_by(file.sha256)
    return [(row.sha256, row.archive_path) for row in connection.execute(query)]


def is_empty(engine: Engine) -> bool:
    """Whether nothing would be lost: no tables, or not a single row."""
    with engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        known = [table for table in tables.metadata.sorted_tables if table.name in there]
        return all(connection.execute(select(1).select_from(table).limit(1)).first() is None for table in known)


def refuse_unless_it_fits(engine: Engine, schema: str, *, is_replacing: bool) -> None:
    """What stands against a restore, asked before anything is changed: rows that would be lost, a run that is alive,
    tables of another schema."""
    is_blank, standing = is_empty(engine), migrate.current(engine)
    if not is_blank and not is_replacing:
        raise ActRefusedError(
            "Kho không trống; khôi phục vào một kho trống, hoặc thêm --replace và --reason",
            "The warehouse is not empty; restore into an empty one, or add --replace and --reason",
        )
    if standing is not None and standing != schema:
        raise ActRefusedError(
            f"Bản sao lưu ở lược đồ {schema}, kho ở lược đồ {standing}; khôi phục vào một kho chưa có bảng nào",
            f"The backup is of schema {schema}, the warehouse of {standing}; restore it into one without tables",
        )
    if not is_blank and any(run.is_alive for run in running_now(engine)):
        raise ActRefusedError(
            "Đang có lượt chạy ghi vào kho; chờ nó xong rồi làm lại", "A run is writing to the warehouse; wait for it"
        )


def fill(engine: Engine, schema: str, content: Iterable[Part], expected: dict[str, int]) -> None:
    """Make an empty warehouse the one these parts were taken from, then bring it to the present schema.

    ``schema`` is the migration they were taken at, ``expected`` how many rows each table must come to have. The rows
    are one transaction: a restore that is cut short leaves a warehouse that is still empty.
    """
    if migrate.current(engine) is None:
        migrate.upgrade(engine, schema)
    with write(engine) as connection, guards.set_aside(connection):
        _load(connection, content, expected)
    migrate.upgrade(engine)


def replace(
    engine: Engine, content: Iterable[Part], expected: dict[str, int], *, who: str, reason: str, source: str
) -> None:
    """Put the parts in the place of every row there is, in one transaction, and record who did so and why."""
    with write(engine) as connection, guards.set_aside(connection):
        before = {table.name: _count(connection, table) for table in tables.metadata.sorted_tables}
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(delete(table))
        _load(connection, content, expected)
        told = json.dumps({name: count for name, count in before.items() if count}, sort_keys=True)
        record_replacement(connection, who=who, reason=reason, before=told, after=source)


def _load(connection: Connection, content: Iterable[Part], expected: dict[str, int]) -> None:
    later: list[tuple[Table, list[str], pl.DataFrame]] = []
    for name, frame in content:
        table = tables.metadata.tables[name]
        pointing = [column for column in frame.columns if _points_home(table, column)]
        # to a row that may come after this one: set when all are there
        blank = frame.with_columns(pl.lit(None, frame.schema[column]).alias(column) for column in pointing)
        insert_frame(connection, table, blank)
        if pointing:
            key = [column.name for column in table.primary_key]
            pointed = frame.filter(pl.any_horizontal(pl.col(pointing).is_not_null()))
            later.append((table, key, pointed.select(*key, *pointing)))
    for table, key, frame in later:
        update_frame(connection, table, frame, key)
    for name, count in expected.items():
        found = _count(connection, tables.metadata.tables[name])
        if found != count:
            raise ValueError(f"{name} has {found} rows after the restore, not {count}")
    if is_postgres(connection):
        gather_statistics(connection, 1_000_000, *(tables.metadata.tables[name] for name in expected))


def _points_home(table: Table, column: str) -> bool:
    return any(key.column.table is table for key in table.c[column].foreign_keys)


def _count(connection: Connection, table: Table) -> int:
    return int(connection.scalar(select(func.count()).select_from(table)) or 0)
