"""What keeps frozen figures as they are: triggers of the database itself, set aside only to bring a backup back.

They are made by a migration; here they are taken down and put up again, word for word, inside the transaction of a
restore. Whoever else wants to change a frozen figure meets them, whatever program they use.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from warehouse.engine import is_postgres

_GUARDED = ("conference", "conference_period", "conference_part", "conference_figure")

_OF_SQLITE = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"

_OF_POSTGRES = """\
SELECT t.tgname, c.relname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace ORDER BY t.tgname
"""


@contextmanager
def set_aside(connection: Connection) -> Iterator[None]:
    """Without the guards, inside :func:`warehouse.engine.write`: who reads or writes elsewhere never sees them gone."""
    guards = _guards(connection)
    for name, table, _ in guards:
        connection.execute(text(f'DROP TRIGGER "{name}"{_on(connection, table)}'))
    yield
    for _, _, statement in guards:
        connection.exec_driver_sql(statement)


def _guards(connection: Connection) -> list[tuple[str, str, str]]:
    """Name, table and statement of each; none in a warehouse of an older schema."""
    rows = connection.execute(text(_OF_POSTGRES if is_postgres(connection) else _OF_SQLITE)).all()
    return [(row[0], row[1], row[2]) for row in rows if row[1] in _GUARDED]


def _on(connection: Connection, table: str) -> str:
    return f' ON "{table}"' if is_postgres(connection) else ""
