"""Totals that stood and were replaced: what a summary said at a moment, to be said again.

A total rests on more than figures: on the register, on who owed what, on the definitions and on this program, none of
which the warehouse can show as it was at any moment. So no total of the past is computed again; what was replaced was
kept, as long as something in it changed.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
from sqlalchemy import ColumnElement, Connection, insert, select

from warehouse import tables
from warehouse.bulk import MOMENT, insert_frame, read_frame

#: What a total of a period and form is known by, and what it says.
KEY = ["unit", "indicator", "breakdown"]
FIGURES = [
    *("value", "lower", "upper", "qualifier", "numerator", "denominator"),
    *("reported", "expected", "source", "note"),
]


class NotKeptError(LookupError):
    """Totals of a moment were asked for before which nothing was kept; ``since``: from when on it was."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        super().__init__(f"totals are kept since {since.isoformat()}")


def keep_replaced(
    connection: Connection, period: str, form: str, replaced: ColumnElement[bool], rows: pl.DataFrame
) -> None:
    """Keep what ``rows`` (the columns of ``mart_roll_up``) change in the totals they replace, in the transaction that
    replaces them: those that say something else now, those that are gone, and that others were not there."""
    mart, past = tables.mart_roll_up, tables.roll_up_past
    now = datetime.now(UTC)
    standing = read_frame(connection, select(mart).where(replaced))
    if not _is_kept(connection, period, form):
        _note_beginning(connection, period, form, now, was_there=not standing.is_empty())
        if standing.is_empty():
            return
    changed = standing.join(rows, on=[*KEY, *FIGURES], how="anti", nulls_equal=True)
    blank = [pl.lit(None, standing.schema[name]).alias(name) for name in FIGURES]
    new = rows.join(standing, on=KEY, how="anti").with_columns(blank).select(standing.columns)
    parts = [changed.with_columns(was_there=pl.lit(value=True)), new.with_columns(was_there=pl.lit(value=False))]
    kept = pl.concat(parts).with_columns(replaced_at=pl.lit(now, MOMENT))
    insert_frame(connection, past, kept.sort(*KEY))


def _is_kept(connection: Connection, period: str, form: str) -> bool:
    past = tables.roll_up_past.c
    begun = select(past.unit).where(past.period == period, past.form == form, past.unit == "").limit(1)
    return connection.execute(begun).first() is not None


def _note_beginning(connection: Connection, period: str, form: str, now: datetime, *, was_there: bool) -> None:
    """Before now there were no totals of the period and form, or there were and nobody kept them."""
    row = dict.fromkeys(KEY, "") | {"period": period, "form": form, "refreshed_at": now, "replaced_at": now}
    connection.execute(insert(tables.roll_up_past).values(**row, was_there=was_there))


def stood_at(
    connection: Connection, present: pl.DataFrame, period: str, unit: str, form: str | None, moment: datetime
) -> pl.DataFrame:
    """The totals of a unit that stood at the moment: those of ``present`` that nothing replaced since, and of the
    others what was replaced first.

    ``present``: ``form``, :data:`FIGURES`, ``indicator, breakdown, refreshed_at``, of one form or of all. Raises
    :class:`NotKeptError` for a moment of which nothing was kept.
    """
    past = tables.roll_up_past.c
    of_form = [past.period == period, *([past.form == form] if form is not None else [])]
    begun = read_frame(
        connection,
        select(past.form, past.was_there, past.replaced_at).where(*of_form, past.unit == "", past.replaced_at > moment),
    )
    not_kept = begun.filter("was_there")["replaced_at"]
    if not_kept.len():
        raise NotKeptError(not_kept.to_list()[0])
    columns = [past[name] for name in present.columns]
    later = select(*columns, past.was_there, past.replaced_at).where(
        *of_form, past.unit == unit, past.replaced_at > moment
    )
    key = ["form", "indicator", "breakdown"]
    replaced = read_frame(connection, later).sort("replaced_at").unique(key, keep="first", maintain_order=True)
    there = replaced.filter("was_there").select(present.columns)
    stands = present.join(replaced, on=key, how="anti")
    return pl.concat([stands, there]).join(begun, on="form", how="anti")
