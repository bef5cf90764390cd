"""What changed since totals were computed: the units whose reports did, or so much that all must be computed anew."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import Connection, Engine, func, or_, select

from warehouse import tables
from warehouse.bulk import read_frame
from warehouse.registry import REGISTER_EVENTS
from warehouse.units import renamed_since

#: The setting that says which version of the computation made the totals.
TOTALS_MADE_BY = "totals_made_by"

#: Settings a change of which may change every total.
_OF_ALL = ("catalog_fingerprint", TOTALS_MADE_BY, REGISTER_EVENTS)

#: What changed so shortly before the totals were computed counts as changed after: machines' clocks differ a little.
CLOCKS_APART = timedelta(minutes=1)


def refreshed_at(connection: Connection, period: str, form: str) -> datetime | None:
    """When the totals of a period and form were last computed; ``None`` where there are none."""
    mart = tables.mart_roll_up.c
    query = select(func.max(mart.refreshed_at)).where(mart.period == period, mart.form == form)
    found: datetime | None = connection.scalar(query)
    return found


def last_refresh(engine: Engine, period: str, form: str) -> datetime | None:
    """:func:`refreshed_at`."""
    with engine.connect() as connection:
        return refreshed_at(connection, period, form)


def totals_kept(engine: Engine) -> list[tuple[str, str]]:
    """Period and form of all totals that stand, those of closed periods left out: they are not computed any more."""
    mart, period = tables.mart_roll_up.c, tables.period.c
    query = (
        select(mart.period, mart.form)
        .join(tables.period, period.code == mart.period)
        .where(period.closed_at.is_(None))
        .distinct()
        .order_by(mart.period, mart.form)
    )
    with engine.connect() as connection:
        return [(row.period, row.form) for row in connection.execute(query)]


def changed_since(engine: Engine, period: str, form: str, moment: datetime) -> list[str] | None:
    """Codes of the units whose reports of the period and form were decided or acted upon since the moment; of one that
    was renamed within the period the code that it owes the report under as well.

    ``None`` when definitions, obligations or the register changed since, or another version of the computation made
    the totals: then everything may have changed.
    """
    since = moment - CLOCKS_APART
    with engine.connect() as connection:
        if all_changed(connection, since):
            return None
        here, action = tables.submission.c, tables.action.c
        acted = select(action.id).where(action.submission_id == here.id, action.at >= since)
        query = (
            select(tables.unit.c.code, here.unit_id, tables.period.c.last_day)
            .join_from(tables.submission, tables.unit, tables.unit.c.id == here.unit_id)
            .join(tables.period, tables.period.c.id == here.period_id)
            .join(tables.form, tables.form.c.id == here.form_id)
            .where(
                tables.period.c.code == period,
                tables.form.c.code == form,
                or_(here.decided_at >= since, acted.exists()),
            )
            .distinct()
        )
        found = read_frame(connection, query)
        if found.is_empty():
            return []
        now = found.join(renamed_since(connection, found["last_day"][0]), on="unit_id")["now"]
        return sorted(pl.concat([found["code"], now]).unique())


def all_changed(connection: Connection, since: datetime) -> bool:
    """Whether definitions, obligations, the register or the computation changed since."""
    change, setting = tables.definition_change.c, tables.setting.c
    defined = select(change.kind).where(change.since >= since).limit(1)
    set_anew = select(setting.key).where(setting.key.in_(_OF_ALL), setting.changed_at >= since).limit(1)
    return any(connection.execute(query).first() is not None for query in (defined, set_anew))
