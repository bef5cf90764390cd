"""What all tables share: naming of constraints, moments in UTC, bilingual comments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, Dialect, MetaData, Table
from sqlalchemy.types import TypeDecorator

#: Every constraint has a name that both databases agree on, so that a migration can find it again.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)


class Moment(TypeDecorator[datetime]):
    """A moment with its zone: ``timestamptz`` on PostgreSQL; on SQLite text in UTC that sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone, got {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words(table: str, vi: str, en: str) -> str:
    """A comment in both languages; :mod:`warehouse.dictionary` takes it apart again."""
    if " | " in vi or " | " in en:
        raise ValueError(f"{table}: the sign between the languages stands inside a sentence")
    return f"{vi} | {en}"


def col(name: str, kind: Any, vi: str, en: str, *more: Any, null: bool = False, **options: Any) -> Column[Any]:
    """A column with its comment; not null unless said otherwise."""
    return Column(name, kind, *more, nullable=null, comment=words(name, vi, en), **options)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """The column holds one of the words of an enumeration, or nothing."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def table(name: str, vi: str, en: str, *parts: Any, **options: Any) -> Table:
    return Table(name, metadata, *parts, comment=words(name, vi, en), **options)
