"""Free questions in SQL over a connection that cannot write."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import polars as pl
import polars.selectors as selectors
from sqlalchemy import Connection, Engine

from warehouse.engine import is_postgres
from warehouse.marts import observation_as_of

#: Statements that give rows and may stand inside another; the rest runs as it is, and is refused if it writes.
_QUERY = re.compile(r"^\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(select|with|values)\b", re.IGNORECASE | re.DOTALL)


class QueryRefusedError(ValueError):
    """The database refused a question: it would write, or is not SQL it understands."""


def run_sql(reader: Engine, sql: str, limit: int, as_of: datetime | None = None) -> pl.DataFrame:
    """The first ``limit`` rows of one statement, sent over :func:`warehouse.engine.make_reader`'s connection.

    With ``as_of`` the view ``mart_observation`` shows what was believed at that moment (which carries its zone). Raises
    :class:`QueryRefusedError` with the database's own words.
    """
    statement = sql.strip().rstrip(";").rstrip()
    if not statement:
        raise QueryRefusedError("the question is empty")
    if as_of is not None and not _QUERY.match(statement):
        raise QueryRefusedError("only a SELECT can be asked as of a moment")
    if _QUERY.match(statement):
        statement = f"{_past(reader, as_of)}SELECT * FROM (\n{statement}\n) AS asked LIMIT {int(limit)}"  # noqa: S608
    with reader.connect() as connection:
        try:
            return _ask(connection, statement, limit)
        except connection.dialect.loaded_dbapi.Error as error:
            raise QueryRefusedError(str(error).strip()) from error


def _past(reader: Engine, as_of: datetime | None) -> str:
    """A common table that hides the view of the same name, which works on a connection that cannot create anything."""
    if as_of is None:
        return ""
    if as_of.tzinfo is None:
        raise QueryRefusedError("the moment needs a time zone")
    text = f"{as_of.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    moment = f"TIMESTAMPTZ '{text}+00'" if is_postgres(reader) else f"'{text}'"
    return f"WITH mart_observation AS (\n{observation_as_of(moment)}\n)\n"


def _ask(connection: Connection, statement: str, limit: int) -> pl.DataFrame:
    """One statement, whatever stands in it: prepared statements cannot hold two."""
    if is_postgres(connection):
        driver = connection.connection.driver_connection
        assert driver is not None
        cursor = driver.cursor()
        cursor.execute(statement.encode(), prepare=True)
    else:
        cursor = connection.connection.cursor()
        cursor.execute(statement)
    if cursor.description is None:
        raise QueryRefusedError("the statement gives no rows")
    names = _distinct([str(column[0]) for column in cursor.description])
    rows = cursor.fetchmany(limit)
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None, strict=False)
    return frame.with_columns(selectors.decimal().cast(pl.Float64))


def _distinct(names: list[str]) -> list[str]:
    """A frame's columns differ: the second ``code`` becomes ``code_2``."""
    counted: dict[str, int] = {}
    result = []
    for name in names:
        counted[name] = counted.get(name, 0) + 1
        result.append(name if counted[name] == 1 else f"{name}_{counted[name]}")
    return result
