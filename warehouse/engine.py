"""Connections: SQLite and PostgreSQL behind one face, one writer at a time, and readers that cannot write."""

from __future__ import annotations

import importlib.util
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from warehouse.roles import WITHHELD

__all__ = [
    "Engine",
    "MissingDriver",
    "UnsupportedUrlError",
    "hear_acts",
    "identity",
    "is_postgres",
    "is_transient",
    "make_engine",
    "make_reader",
    "note_act",
    "prove_writable",
    "safe_url",
    "snapshot",
    "told",
    "unreachable",
    "write",
]

#: Seconds a SQLite writer waits for the one before it: longer than the largest batch takes to load.
BUSY_SECONDS = 600

#: Seconds PostgreSQL has to answer whoever connects; the driver of itself waits for two minutes.
CONNECT_SECONDS = 15

#: Seconds somebody who only asks whether it can be written waits for a writer.
_PROOF_SECONDS = 1

#: One number for "somebody makes this warehouse"; locks are per PostgreSQL database.
_WRITER_LOCK = 0x746F6E67  # "tong"

_POSTGRES = ("postgresql", "postgres")

#: Classes of SQLSTATE that pass by themselves: connection lost, transaction conflict, resources, operator intervention.
_PASSING = ("08", "40", "53", "57", "55P03")

#: What a statement that only reads is made of, as SQLite names it.
_READING = (
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
)

#: Those that tell of the schema and change nothing, whatever stands behind them.
_HARMLESS_PRAGMAS = frozenset(
    ["table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list"]
)

#: Names and addresses of people, also by the bare pages of the file.
_NOT_FOR_READERS = frozenset([*WITHHELD, "sqlite_dbpage"])

#: Bytes of one value a reader may build: ``zeroblob`` would otherwise fill the memory.
_LONGEST_VALUE = 64 * 1024 * 1024

_MAY_BECOME_READER = """\
SELECT 1 FROM pg_roles AS reader, pg_roles AS me
WHERE reader.rolname = 'pg_read_all_data' AND me.rolname = current_user AND me.rolsuper
"""


_IDENTITY = "SELECT system_identifier || '/' || current_database() FROM pg_control_system()"


class MissingDriver(RuntimeError):  # noqa: N818
    """The database is supported, but the library that speaks to it is not installed."""


class UnsupportedUrlError(ValueError):
    """The address names no database this program knows."""


def safe_url(url: str) -> str:
    """The address as it may be printed: without its password."""
    return make_url(url).render_as_string(hide_password=True)


def is_postgres(bind: Engine | Connection) -> bool:
    return bind.dialect.name == "postgresql"


def missing_file(url: str) -> Path | None:
    """The file of a SQLite warehouse that is not there: whoever connects makes an empty one in its place."""
    path = _file_of(_parse(url))
    return None if path is None or path.exists() else path


def _file_of(url: URL) -> Path | None:
    """The file of a SQLite database, also of one whose address is a ``file:`` one; others have none."""
    named = url.database or ""
    if not url.drivername.startswith("sqlite") or named in ("", ":memory:"):
        return None
    return Path(unquote(urlsplit(named).path) if named.startswith("file:") else named)


def make_engine(url: str) -> Engine:
    """An engine for ``sqlite:///path`` or ``postgresql://…``; the folder of a SQLite file is created. What goes wrong
    is told without the values of a statement: names and addresses of people are among them.

    Raises :class:`UnsupportedUrlError` for other databases and :class:`MissingDriver` when psycopg is not installed.
    """
    parsed = _parse(url)
    if parsed.drivername.startswith("sqlite"):
        if (path := _file_of(parsed)) is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(parsed, pool_pre_ping=True, connect_args=_patience(parsed), hide_parameters=True)


def make_reader(url: str) -> Engine:
    """An engine whose connections refuse to write, whatever is sent over them.

    Raises ``FileNotFoundError`` when a SQLite file does not exist, else as :func:`make_engine`.
    """
    parsed = _parse(url)
    if parsed.drivername.startswith("sqlite"):
        path = _file_of(parsed) or Path()
        if not path.is_file():
            raise FileNotFoundError(f"no warehouse at {path}")
        read_only = URL.create("sqlite+pysqlite", database=path.resolve().as_uri(), query={"mode": "ro", "uri": "true"})
        engine = create_engine(read_only, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _open_sqlite_reader)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = _options(parsed, "-c default_transaction_read_only=on")
    engine = create_engine(parsed, pool_pre_ping=True, connect_args={**_patience(parsed), "options": options})
    event.listen(engine, "connect", _open_postgres_reader)
    return engine


def _patience(url: URL) -> dict[str, int]:
    """A server that takes the connection and says nothing is given up; who set a time of their own keeps it."""
    has_own = "connect_timeout" in url.query or "PGCONNECT_TIMEOUT" in os.environ
    return {} if has_own else {"connect_timeout": CONNECT_SECONDS}


def _options(url: URL, more: str) -> str:
    """``options`` of the address itself stay in force."""
    given = url.query.get("options", "")
    return f"{given if isinstance(given, str) else ' '.join(given)} {more}".strip()


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """A transaction that is the only one writing: committed at the end, rolled back when anything is raised.

    SQLite takes its write lock at the start (a lock taken later can fail where waiting would have helped); PostgreSQL
    locks a table against other writers until the transaction ends, also when the process is killed. Readers neither
    wait for it nor can take it: a role that may only read cannot hold up a load.
    """
    acts: list[tuple[str, int]] = []
    with engine.connect().execution_options(warehouse_writer=True, acts=acts) as connection, connection.begin():
        if is_postgres(engine):
            _become_writer(connection)
        yield connection
    hear = _hearers.get(engine)
    if hear is not None:
        for what, count in acts:
            hear(what, count)


#: Who is told of acts, by the warehouse they were recorded in.
_hearers: WeakKeyDictionary[Engine, Callable[[str, int], None]] = WeakKeyDictionary()


def hear_acts(engine: Engine, hear: Callable[[str, int], None]) -> None:
    """Let ``hear`` know of every kind of act that is recorded, and how many rows it made, once that is committed."""
    _hearers[engine] = hear


def note_act(connection: Connection, what: str, count: int = 1) -> None:
    """The transaction records acts; whoever hears of acts is told of them when it is committed."""
    acts: list[tuple[str, int]] | None = connection.get_execution_options().get("acts")
    if acts is not None:
        acts.append((what, count))


def _become_writer(connection: Connection) -> None:
    """An advisory lock would do, were it not that anybody who may connect may take it; it serves the empty database,
    whose first writer makes the table the others lock."""
    if not _lock_table(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})
        _lock_table(connection)


def _lock_table(connection: Connection) -> bool:
    """Whether the table of settings is there, locked: nothing but a writer writes to it."""
    is_there = bool(connection.scalar(text("SELECT to_regclass('setting') IS NOT NULL")))
    if is_there:
        connection.execute(text("LOCK TABLE setting IN SHARE ROW EXCLUSIVE MODE"))
    return is_there


def prove_writable(engine: Engine) -> None:
    """Take the right to write, and give it back; raises what the database says when it cannot be written to.

    Whoever is writing right now proves it as well, and is waited for a moment only: a batch may take minutes.
    """
    try:
        with engine.connect().execution_options(warehouse_writer=True) as connection:
            if is_postgres(engine):
                connection.execute(text(f"SET LOCAL lock_timeout = '{_PROOF_SECONDS}s'"))
                _become_writer(connection)
            else:
                _begin_soon(connection)
    except DBAPIError as error:
        if not _is_held(error):
            raise


def _begin_soon(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA busy_timeout={_PROOF_SECONDS * 1000}").close()
    try:
        connection.begin()
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}").close()


def _is_held(error: DBAPIError) -> bool:
    """Whether somebody else has the lock, and nothing else is wrong."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return getattr(error.orig, "sqlstate", None) == "55P03" or (code or 0) & 0xFF == sqlite3.SQLITE_BUSY


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection on which everything that is read is of one moment, whatever is written meanwhile."""
    isolation = {"isolation_level": "REPEATABLE READ"} if is_postgres(engine) else {}
    with engine.connect().execution_options(**isolation) as connection, connection.begin():
        yield connection


def identity(engine: Engine) -> str:
    """What the database is called by every machine that sees the same one, whatever address it sees it under.

    A SQLite file is seen by its own machine alone.
    """
    if not is_postgres(engine):
        return f"{socket.gethostname()}:{Path(engine.url.database or '').resolve()}"
    with engine.connect() as connection:
        return str(connection.scalar(text(_IDENTITY)))


def is_transient(error: BaseException) -> bool:
    """Whether the same work may well succeed later: a lost connection, a busy database, a deadlock, a full disk."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return isinstance(error, ConnectionError)
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return str(state).startswith(_PASSING)
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return (code & 0xFF) in (
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_CANTOPEN,
        )
    return isinstance(error, OperationalError | InterfaceError)


def unreachable(error: BaseException) -> str | None:
    """What keeps a warehouse from being used, in the words of the database or the system and without a password; or
    ``None``: a fault of the program."""
    if isinstance(error, DBAPIError):
        said = str(error.orig).strip().splitlines()
        return said[0] if said else type(error.orig).__name__
    if isinstance(error, PoolTimeout | ArgumentError | MissingDriver | UnsupportedUrlError | OSError):
        return str(error).strip().splitlines()[0]
    return None


def told(error: BaseException) -> str:
    """A fault for a log: without the statement, and without the row a database says it could not take."""
    said = unreachable(error) if isinstance(error, DBAPIError) else str(error)
    return f"{type(error).__name__}: {said}"


def _parse(url: str) -> URL:
    parsed = make_url(url)
    family = parsed.get_backend_name()
    if family == "sqlite":
        return parsed
    if family not in _POSTGRES:
        raise UnsupportedUrlError(f"{family} is not supported; use sqlite:///path or postgresql://…")
    if importlib.util.find_spec("psycopg") is None:
        raise MissingDriver("PostgreSQL needs the library psycopg: make install-server")
    return parsed.set(drivername="postgresql+psycopg")


def _open_sqlite(connection: Any, _record: Any) -> None:
    # the driver's own transaction handling begins too late and never immediately; it is done in _begin_sqlite
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        # after a power cut the last commit must still be there: its files have left the inbox by then
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "cache_size=-131072",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _open_sqlite_reader(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("query_only=ON", f"busy_timeout={BUSY_SECONDS * 1000}", "cache_size=-131072"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    connection.set_authorizer(_may_read)


def _may_read(action: int, first: str | None, _second: str | None, _database: str | None, _inner: str | None) -> int:
    """SQLite asks this while it compiles a statement. A file opened for reading still lets ``ATTACH`` and ``VACUUM
    INTO`` make other files, and ``PRAGMA`` turn its own locks off: only what reads is let through."""
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if (first or "").lower() in _HARMLESS_PRAGMAS else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_READ and (first or "").lower() in _NOT_FOR_READERS:
        return sqlite3.SQLITE_DENY
    # how SQLite declares the columns of json_each and its like; the table itself may not be modified by anybody
    declares = action == sqlite3.SQLITE_UPDATE and first == "sqlite_master"
    return sqlite3.SQLITE_OK if declares or action in _READING else sqlite3.SQLITE_DENY


def _open_postgres_reader(connection: Any, _record: Any) -> None:
    """A transaction that only reads still lets a superuser run programs and read files of the server: whoever may do
    everything goes on as the role that may read every table and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(_MAY_BECOME_READER)
        if cursor.fetchone() is not None:
            cursor.execute("SET ROLE pg_read_all_data")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    writer = connection.get_execution_options().get("warehouse_writer", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")
