"""Whom to tell: people written down for a unit, for a unit and all below it, or as administrators.

A contact follows its unit through renamings and changes of superior (``unit_self``); of a unit that was merged or split
it stays with what is no more. None of this is for readers: see :data:`warehouse.roles.WITHHELD`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

import polars as pl
from sqlalchemy import Connection, Engine, delete, select

from domain.act import Act
from domain.clock import now, today
from domain.notice import ContactRole
from warehouse import tables
from warehouse.bulk import MOMENT, insert_frame, number_rows, read_frame, read_where_in
from warehouse.engine import write
from warehouse.signing import record, sign

#: What is known of a contact beside the unit: the columns of an import.
PERSON = {"role": pl.String, "name": pl.String, "email": pl.String, "lang": pl.String}

#: Contacts that are to be put down.
PUT = {"unit_id": pl.Int64, **PERSON}

_IN_ONE_STATEMENT = 10_000


class ContactsMovedError(Exception):
    """Somebody else changed contacts since they were read."""


def contacts_of(engine: Engine, *, unit: str | None = None) -> pl.DataFrame:
    """``unit, unit_name, role, name, email, lang, changed_at, unit_id, now_id, is_ended`` by unit, administrators
    first; ``unit`` is the code the unit bears today, or bore when it ended, ``unit_id`` the number it was written with.
    """
    with engine.connect() as connection:
        found = standing(connection, today())
    return found if unit is None else found.filter(pl.col("unit") == unit)


def standing(connection: Connection, day: date) -> pl.DataFrame:
    """:func:`contacts_of` on a connection, for the units as they are on ``day``."""
    contact = tables.contact.c
    names = ["unit_id", "role", "name", "email", "lang", "changed_at"]
    rows = read_frame(connection, select(*[contact[name] for name in names]))
    present = present_units(connection, rows["unit_id"], day)
    return (
        rows.join(present, on="unit_id", how="left")
        .select(
            pl.col("unit").fill_null(""),
            pl.col("unit_name").fill_null(""),
            *names[1:],
            "unit_id",
            "now_id",
            pl.col("is_ended").fill_null(value=False),
        )
        .sort("unit", "role", "email", "unit_id", nulls_last=False)
    )


def present_units(connection: Connection, unit_ids: Iterable[int | None], day: date) -> pl.DataFrame:
    """``unit_id, now_id, unit, unit_name, is_ended``: what these units are on ``day`` after renamings and changes of
    superior; one that lives no more, or not yet, is itself."""
    own, unit = tables.unit_self.c, tables.unit.c
    wanted = pl.Series("unit_id", list(unit_ids), dtype=pl.Int64).drop_nulls().unique()
    later = read_where_in(
        connection,
        select(own.self_id.label("unit_id"), unit.id.label("now_id"), unit.code.label("unit"), unit.name)
        .join_from(tables.unit_self, tables.unit, unit.id == own.unit_id)
        .where(unit.valid_from <= day, unit.valid_to.is_(None) | (unit.valid_to >= day)),
        own.self_id,
        wanted,
    ).unique("unit_id", keep="first", maintain_order=True)
    gone = read_where_in(
        connection,
        select(unit.id.label("unit_id"), unit.id.label("now_id"), unit.code.label("unit"), unit.name),
        unit.id,
        pl.DataFrame({"unit_id": wanted}).join(later, on="unit_id", how="anti")["unit_id"],
    )
    parts = [part.with_columns(is_ended=pl.lit(ended)) for part, ended in ((later, False), (gone, True))]
    return pl.concat(parts).rename({"name": "unit_name"})


def put_contacts(
    engine: Engine,
    units: Collection[int | None],
    rows: pl.DataFrame,
    proved_with: pl.DataFrame,
    *,
    who: str,
    reason: str,
    told: str,
) -> None:
    """Let ``rows`` (:data:`PUT`) be the contacts of ``units`` (``None``: of administrators) and of what those were
    before; those of other units stay. On record as one act, which names nobody: what is told of it can be read by all.

    ``proved_with``: :func:`contacts_of` as it was; raises :class:`ContactsMovedError` when it is otherwise by now.
    """
    signed = sign(who, reason)
    contact, own = tables.contact, tables.unit_self.c
    with write(engine) as connection:
        before = standing(connection, today())
        if not _people(before).equals(_people(proved_with)):
            raise ContactsMovedError
        named = [unit for unit in units if unit is not None]
        same = read_where_in(connection, select(own.self_id), own.unit_id, named)["self_id"].to_list()
        there = before.filter(pl.col("unit_id").is_in([*named, *same]))["unit_id"].unique().to_list()
        for start in range(0, len(there), _IN_ONE_STATEMENT):
            part = there[start : start + _IN_ONE_STATEMENT]
            connection.execute(delete(contact).where(contact.c.unit_id.in_(part)))
        if None in units:
            connection.execute(delete(contact).where(contact.c.unit_id.is_(None)))
        new = rows.select(*PUT).with_columns(changed_at=pl.lit(now(), MOMENT))
        insert_frame(connection, contact, number_rows(connection, contact, new))
        record(connection, Act.IMPORT_CONTACTS, signed, {}, before=f"{before.height}", after=told)


def _people(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(*PUT).sort(*PUT, nulls_last=False)


def recipients(connection: Connection, unit_ids: Iterable[int | None], day: date) -> pl.DataFrame:
    """``unit_id, role, name, email, lang, focal_id, focal, focal_name, steps``: who is told of these units, as they are
    on ``day``: their own people (steps 0) and focal points of every unit above them, the nearest first.

    A focal point is told of its own unit as well (``steps`` 0).
    """
    everyone = standing(connection, day)
    wanted = present_units(connection, unit_ids, day).select("unit_id", "now_id")
    own = everyone.filter(role=ContactRole.UNIT.value).select("now_id", *PERSON)
    units = wanted.join(own, on="now_id").with_columns(
        focal_id=pl.lit(None, pl.Int64), focal=pl.lit(""), focal_name=pl.lit(""), steps=pl.lit(0, pl.Int64)
    )
    focal = everyone.filter(role=ContactRole.FOCAL.value).select(
        *PERSON, focal_id="now_id", focal="unit", focal_name="unit_name"
    )
    above = tables.unit_above.c
    query = select(above.unit_id.label("now_id"), above.ancestor_id.label("focal_id"), above.steps).where(
        above.first_day <= day, above.last_day.is_(None) | (above.last_day >= day)
    )
    lines = read_where_in(connection, query, above.ancestor_id, focal["focal_id"].unique())
    # of a unit that ended nobody stands above any more, but its own focal point
    itself = wanted.select("now_id", focal_id="now_id", steps=pl.lit(0, pl.Int64))
    lines = pl.concat([lines, itself]).unique(["now_id", "focal_id"], keep="first", maintain_order=True)
    focals = wanted.join(lines, on="now_id").join(focal, on="focal_id")
    columns = ["unit_id", *PERSON, "focal_id", "focal", "focal_name", "steps"]
    return pl.concat([units.select(columns), focals.select(columns)]).sort("unit_id", "role", "steps", "email")


def administrators(connection: Connection) -> pl.DataFrame:
    """``name, email, lang``."""
    contact = tables.contact.c
    query = select(contact.name, contact.email, contact.lang).where(contact.role == ContactRole.ADMIN.value)
    return read_frame(connection, query.order_by(contact.email))


def bearer_ids(engine: Engine) -> pl.DataFrame:
    """``code, now_id, unit_name, valid_from``: whom a code in a file means, a row for each unit that bore it, the older
    first; number and name are those of what the unit is today (:func:`present_units`)."""
    unit = tables.unit.c
    query = select(unit.code, unit.id.label("unit_id"), unit.valid_from).order_by(unit.code, unit.valid_from)
    with engine.connect() as connection:
        borne = read_frame(connection, query)
        present = present_units(connection, borne["unit_id"], today())
    return borne.join(present.drop("unit"), on="unit_id", maintain_order="left").select(
        "code", "now_id", "unit_name", "valid_from"
    )
