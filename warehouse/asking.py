"""Free questions in SQL over a connection that cannot write."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import polars as pl
import polars.selectors as selectors
from sqlalchemy import Connection, Engine

from warehouse.engine import is_postgres
from warehouse.marts import PRESENT_ONLY, observation_as_of
from warehouse.roles import WITHHELD

#: Questions about the schema that SQLite answers; its connection lets through only those that change nothing.
_PRAGMA = re.compile(r"pragma\b", re.IGNORECASE)

#: The plan of a question; what follows must be a question itself.
_EXPLAIN = re.compile(r"(explain(?:\s+query\s+plan\b|\s+analyze\b)?)\s(.*)", re.IGNORECASE | re.DOTALL)

#: What holds no past: the marts, of which the comparisons are a table.

_COMMENT = re.compile(r"(?:\s+|--[^\n]*\n|/\*.*?\*/)*", re.DOTALL)

#: Seconds a question may take unless said otherwise: one that never ends would hold the warehouse's oldest rows back.
DEFAULT_SECONDS = 120.0

#: Steps of SQLite between two looks at the clock: a few milliseconds.
_STEPS = 20_000


class QueryRefusedError(ValueError):
    """The database refused a question: it would write, or is not SQL it understands. ``vi`` says it in Vietnamese,
    where the words are not the database's own."""

    def __init__(self, en: str, vi: str | None = None) -> None:
        self.vi = vi or en
        super().__init__(en)


class QueryTooLongError(QueryRefusedError):
    """A question was not answered within the seconds it was given."""


def run_sql(
    reader: Engine, sql: str, limit: int, as_of: datetime | None = None, *, seconds: float = DEFAULT_SECONDS
) -> pl.DataFrame:
    """The first ``limit`` rows of one statement, sent over :func:`warehouse.engine.make_reader`'s connection.

    The statement stands inside a ``SELECT``, where the grammar of the database has no place for anything that is not a
    question (``COPY … TO PROGRAM``, ``SET``, ``DO``, a second statement), whatever it looks like to this program.

    With ``as_of`` the view ``mart_observation`` shows what was believed at that moment (which carries its zone); the
    other marts only know the present and are refused. Raises :class:`QueryRefusedError` with the database's own words,
    and :class:`QueryTooLongError` after ``seconds``.
    """
    statement = sql.strip().rstrip(";").rstrip()
    bare = statement[_leading(statement) :]
    if not bare:
        raise QueryRefusedError("the question is empty", "câu hỏi để trống")
    if as_of is not None:
        _refuse_present(bare)
    if is_postgres(reader):
        _refuse_withheld(bare)
    with reader.connect() as connection:
        try:
            return _ask(connection, _as_question(reader, statement, bare, limit, as_of), limit, seconds)
        except connection.dialect.loaded_dbapi.Error as error:
            if _ran_out(error):
                raise QueryTooLongError(f"no answer within {seconds:g} seconds") from error
            raise QueryRefusedError(str(error).strip()) from error


def _leading(statement: str) -> int:
    """Where the statement begins behind its comments."""
    found = _COMMENT.match(statement)
    return found.end() if found else 0


def _as_question(reader: Engine, statement: str, bare: str, limit: int, as_of: datetime | None) -> str:
    if _PRAGMA.match(bare) and not is_postgres(reader):
        return statement
    plan = _EXPLAIN.fullmatch(bare)
    how, asked = (plan[1], plan[2]) if plan else ("", statement)
    return f"{how} {_past(reader, as_of)}SELECT * FROM (\n{asked}\n) AS asked LIMIT {int(limit)}"  # noqa: S608


def _refuse_present(statement: str) -> None:
    """A total of today beside figures of last year would look as if it were of last year."""
    present = [name for name in PRESENT_ONLY if re.search(rf"\b{name}\b", statement, re.IGNORECASE)]
    if present:
        raise QueryRefusedError(
            f"{present[0]} only knows the present; as of a moment ask mart_observation",
            f"{present[0]} chỉ biết hiện tại; hỏi về một lúc trước đây thì dùng mart_observation",
        )


def _refuse_withheld(statement: str) -> None:
    """Names and addresses of people are not for questions. SQLite's own connection does not let them through, nor does
    the role that only reads; here it is the owner of a PostgreSQL warehouse who asks, and is kept from a slip."""
    named = [name for name in WITHHELD if re.search(rf"(?<![\w']){name}(?![\w'])", statement, re.IGNORECASE)]
    if named:
        raise QueryRefusedError(
            f"{named[0]} holds addresses of people and cannot be asked; see: tongket contacts list, notices list",
            f"{named[0]} chứa địa chỉ của người nhận, không tra cứu được; xem: tongket contacts list, notices list",
        )


def _past(reader: Engine, as_of: datetime | None) -> str:
    """A common table that hides the view of the same name, which works on a connection that cannot create anything."""
    if as_of is None:
        return ""
    if as_of.tzinfo is None:
        raise QueryRefusedError("the moment needs a time zone", "thời điểm thiếu múi giờ")
    text = f"{as_of.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    moment = f"TIMESTAMPTZ '{text}+00'" if is_postgres(reader) else f"'{text}'"
    return f"WITH mart_observation AS (\n{observation_as_of(moment, reader.dialect.name)}\n)\n"


def _ask(connection: Connection, statement: str, limit: int, seconds: float) -> pl.DataFrame:
    """One statement, whatever stands in it: prepared statements cannot hold two."""
    driver: Any = connection.connection.driver_connection
    if is_postgres(connection):
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
        cursor = driver.cursor()
        cursor.execute(statement.encode(), prepare=True)
        return _frame(cursor, limit)
    ends = time.monotonic() + seconds
    driver.set_progress_handler(lambda: int(time.monotonic() > ends), _STEPS)
    try:
        return _frame(connection.connection.cursor().execute(statement), limit)
    finally:
        driver.set_progress_handler(None, 0)


def _frame(cursor: Any, limit: int) -> pl.DataFrame:
    if cursor.description is None:
        raise QueryRefusedError("the statement gives no rows", "câu lệnh không trả về dòng nào")
    names = _distinct([str(column[0]) for column in cursor.description])
    rows = cursor.fetchmany(limit)
    try:
        frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None, strict=False)
    except (TypeError, pl.exceptions.PolarsError) as error:  # SQLite lets a column hold numbers, texts and bytes
        raise QueryRefusedError(
            f"a column holds values of several kinds: {error}; cast them, as in CAST(x AS TEXT)",
            f"một cột có giá trị nhiều kiểu ({error}); đổi về một kiểu, ví dụ CAST(x AS TEXT)",
        ) from error
    return frame.with_columns(selectors.decimal().cast(pl.Float64))


def _ran_out(error: Exception) -> bool:
    """57014: PostgreSQL cancelled the statement."""
    return getattr(error, "sqlstate", None) == "57014" or getattr(error, "sqlite_errorname", None) == "SQLITE_INTERRUPT"


def _distinct(names: list[str]) -> list[str]:
    """A frame's columns differ: the second ``code`` becomes ``code_2``."""
    counted: dict[str, int] = {}
    result = []
    for name in names:
        counted[name] = counted.get(name, 0) + 1
        result.append(name if counted[name] == 1 else f"{name}_{counted[name]}")
    return result
