"""Frames in and out of tables by the fastest road each database offers; never a statement a row."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Connection,
    Date,
    Select,
    Table,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.types import DateTime, Float, Integer, LargeBinary, TypeEngine

from warehouse.engine import is_postgres
from warehouse.schema import Moment

#: A moment in a frame, as :class:`warehouse.schema.Moment` is one in a table.
MOMENT = pl.Datetime("us", "UTC")

#: Below the limit of parameters of a statement on either database.
_IN_ONE_STATEMENT = 10_000

#: Rows fetched from the driver at a time: enough to be fast, few enough not to hold every row as Python objects.
_ROWS_AT_A_TIME = 50_000

#: Fewer new rows than this change no plan.
_WORTH_ANALYSING = 100

#: As SQLAlchemy writes a moment into SQLite: text in UTC that sorts as time does.
_SQLITE_MOMENT = "%Y-%m-%d %H:%M:%S%.6f"


def insert_frame(connection: Connection, table: Table, frame: pl.DataFrame) -> int:
    """Append the frame's rows; its columns bear the names of the table's. Returns the number of rows.

    PostgreSQL: ``COPY``. SQLite: the driver's ``executemany`` inside the open transaction.
    """
    if frame.is_empty():
        return 0
    if is_postgres(connection):
        _copy(connection, table, frame)
    else:
        _executemany(connection, table, frame)
    return frame.height


def _copy(connection: Connection, table: Table, frame: pl.DataFrame) -> None:
    names = ", ".join(f'"{name}"' for name in frame.columns)
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY \"{table.name}\" ({names}) FROM STDIN (FORMAT csv, NULL '\\N')") as copy,
    ):
        for part in frame.iter_slices(100_000):
            copy.write(_csv(part))


def _csv(frame: pl.DataFrame) -> bytes:
    """Every text is quoted, so that no text of a report can be taken for a missing value; bytes go as hex."""
    buffer = io.BytesIO()
    hexed = [
        (pl.lit("\\x") + pl.col(name).bin.encode("hex")).alias(name) for name in frame.select(pl.col(pl.Binary)).columns
    ]
    _without_nul(frame).with_columns(hexed).write_csv(
        buffer,
        include_header=False,
        quote_style="non_numeric",
        null_value="\\N",
        datetime_format="%Y-%m-%dT%H:%M:%S%.6f%:z",
    )
    return buffer.getvalue()


def _without_nul(frame: pl.DataFrame) -> pl.DataFrame:
    """PostgreSQL cannot hold the NUL character in text; nothing a person could see is lost."""
    return frame.with_columns(pl.col(pl.String).str.replace_all("\0", "", literal=True))


def _executemany(connection: Connection, table: Table, frame: pl.DataFrame) -> None:
    """Columns that hold one value in all rows stand in the statement itself: binding them would double the time."""
    constant = {name: _literal(frame[name]) for name in frame.columns}
    bound = [name for name in frame.columns if constant[name] is None]
    names = ", ".join(f'"{name}"' for name in frame.columns)
    places = ", ".join(constant[name] or "?" for name in frame.columns)
    cursor = connection.connection.cursor()
    try:
        statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({places})'  # noqa: S608
        for part in frame.select(bound).iter_slices(_ROWS_AT_A_TIME) if bound else ():
            cursor.executemany(statement, list(_rows(part)))
        if not bound:
            cursor.executemany(statement, [()] * frame.height)
    finally:
        cursor.close()


def _literal(series: pl.Series) -> str | None:
    """The one value of a column as SQL, when it has only one and that is nothing, a number or a moment."""
    if series.null_count() == len(series):
        return "NULL"
    if series.dtype.is_float() or series.dtype == pl.String or len(series) < 2 or series.null_count():
        return None
    first = series[0]
    if not bool((series == first).all()):
        return None
    if isinstance(series.dtype, pl.Datetime):
        return f"'{_for_sqlite(series.head(1))[0]}'"
    if series.dtype.is_integer() or series.dtype == pl.Boolean:
        return str(int(first))
    return None


def _rows(frame: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    return zip(*(_for_sqlite(series) for series in frame), strict=True)


def _for_sqlite(series: pl.Series) -> list[Any]:
    if isinstance(series.dtype, pl.Datetime):
        return series.dt.convert_time_zone("UTC").dt.strftime(_SQLITE_MOMENT).to_list()
    if series.dtype == pl.Date:
        return series.dt.strftime("%Y-%m-%d").to_list()
    return series.to_list()


def update_frame(connection: Connection, table: Table, frame: pl.DataFrame, key: Sequence[str]) -> int:
    """Set the frame's other columns on the rows its key columns name; returns the number of rows of the frame."""
    if frame.is_empty():
        return 0
    values: dict[str, BindParameter[Any]] = {name: bindparam(f"v_{name}") for name in frame.columns if name not in key}
    where = [table.c[name] == bindparam(f"k_{name}") for name in key]
    writable = _without_nul(frame) if is_postgres(connection) else frame
    renamed = writable.rename(lambda name: f"k_{name}" if name in key else f"v_{name}")
    connection.execute(update(table).where(*where).values(values), renamed.to_dicts())
    return frame.height


def gather_statistics(connection: Connection, rows: int, *touched: Table) -> None:
    """After many new rows tell PostgreSQL's planner of them at once: its own round comes a minute too late for the
    questions a run asks when it ends, and without statistics some take quadratic time."""
    if rows >= _WORTH_ANALYSING and is_postgres(connection):
        for table in touched:
            connection.exec_driver_sql(f'ANALYZE "{table.name}"')


def next_id(connection: Connection, table: Table) -> int:
    """The number the next row gets. Only inside :func:`warehouse.engine.write`, where nobody else can take it."""
    highest = connection.scalar(select(func.max(table.c.id)))
    return (highest or 0) + 1


def number_rows(connection: Connection, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with ``id``, counted on from the table's highest."""
    start = next_id(connection, table)
    return frame.with_columns(id=pl.int_range(start, start + frame.height, dtype=pl.Int64))


def read_frame(connection: Connection, query: Select[Any]) -> pl.DataFrame:
    """The rows of a query as a frame; types follow the tables, so that an empty answer is typed too."""
    schema = {column.name: polars_type(column.type) for column in query.selected_columns}
    parts = [_part(rows, schema) for rows in _parts(connection, query)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def frames_of(connection: Connection, query: Select[Any]) -> Iterator[pl.DataFrame]:
    """:func:`read_frame` piece by piece, for what is larger than memory.

    Raises ``ValueError`` when a value does not fit its column: SQLite takes any, and it must not be lost in silence.
    """
    schema = {column.name: polars_type(column.type) for column in query.selected_columns}
    for rows in _parts(connection, query):
        frame = _part(rows, schema)
        for series, values in zip(frame, zip(*rows, strict=True), strict=True):
            if series.null_count() != sum(value is None for value in values):
                raise ValueError(f"column {series.name} holds a value that is no {series.dtype}")
        yield frame


def _parts(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    """Rows, so many at a time. SQLite's are taken from the driver: making SQLAlchemy's rows takes longer than reading.

    PostgreSQL's driver would fetch everything at once; there SQLAlchemy keeps a cursor on the server.
    """
    if is_postgres(connection):
        result = connection.execute(query, execution_options={"yield_per": _ROWS_AT_A_TIME})
        yield from result.partitions(_ROWS_AT_A_TIME)
        return
    with connection.execute(query) as result:
        cursor = result.cursor
        assert cursor is not None
        while rows := cursor.fetchmany(_ROWS_AT_A_TIME):
            yield rows


def _part(rows: Sequence[Any], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    columns = zip(*rows, strict=True)
    return pl.DataFrame(
        [_series(name, values, dtype) for (name, dtype), values in zip(schema.items(), columns, strict=True)]
    )


def _series(name: str, values: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    """SQLite gives days and moments as text, and truths as 0 and 1."""
    if isinstance(dtype, pl.Datetime | pl.Date) and any(isinstance(value, str) for value in values):
        texts = pl.Series(name, values, dtype=pl.String)
        if isinstance(dtype, pl.Date):
            return texts.str.to_date("%Y-%m-%d")
        return texts.str.to_datetime(_SQLITE_MOMENT, time_unit="us").dt.replace_time_zone("UTC")
    if dtype == pl.Boolean:
        return pl.Series(name, [None if value is None else bool(value) for value in values], dtype=dtype)
    return pl.Series(name, values, dtype=dtype, strict=False)


def polars_type(kind: TypeEngine[Any]) -> pl.DataType:
    if isinstance(kind, Moment | DateTime):
        return MOMENT
    if isinstance(kind, Date):
        return pl.Date()
    if isinstance(kind, Boolean):
        return pl.Boolean()
    if isinstance(kind, Integer):
        return pl.Int64()
    if isinstance(kind, Float):
        return pl.Float64()
    if isinstance(kind, LargeBinary):
        return pl.Binary()
    return pl.String()


def read_where_in(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], values: Iterable[Any]
) -> pl.DataFrame:
    """:func:`read_frame` of the rows whose ``column`` is among ``values``, however many there are."""
    wanted = list(values)
    parts = [
        read_frame(connection, query.where(column.in_(wanted[start : start + _IN_ONE_STATEMENT])))
        for start in range(0, max(len(wanted), 1), _IN_ONE_STATEMENT)
    ]
    return pl.concat(parts)
