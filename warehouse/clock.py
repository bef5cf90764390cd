"""The clock of the warehouse, which runs on different machines have in common."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, func, literal_column, type_coerce

from warehouse.engine import is_postgres
from warehouse.schema import Moment


def now_by_warehouse(bind: Engine | Connection) -> ColumnElement[datetime]:
    """The present moment as the database sees it, as an expression; it moves on within a transaction.

    SQLite runs inside the program: its clock is that of the machine, and of whole milliseconds.
    """
    if is_postgres(bind):
        return type_coerce(func.clock_timestamp(), Moment)
    # six digits after the second, as every other moment is written
    return type_coerce(literal_column("strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"), Moment)
