"""What the calendar asked for and was done, and since when anything is asked for here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl
from sqlalchemy import Engine, select, tuple_

from domain.clock import now
from domain.occasion import Occasion, OccasionKind
from warehouse import tables
from warehouse.bulk import insert_frame
from warehouse.engine import write
from warehouse.registry import set_setting, setting

#: The setting that holds the moment the schedule was first kept: nothing before it is caught up.
SCHEDULE_SINCE = "schedule_since"

#: Keys asked for at a time: databases bound the number of values in a statement.
_AT_A_TIME = 500


def schedule_since(engine: Engine) -> datetime | None:
    """The moment this installation began to keep its schedule; ``None`` before it did."""
    with engine.connect() as connection:
        text = setting(connection, SCHEDULE_SINCE)
    return datetime.fromisoformat(text) if text else None


def begin_schedule(engine: Engine, moment: datetime) -> datetime:
    """The schedule is kept from ``moment`` on, unless it is kept already; since when it is."""
    with write(engine) as connection:
        text = setting(connection, SCHEDULE_SINCE)
        if text:
            return datetime.fromisoformat(text)
        began = moment.astimezone(UTC)
        set_setting(connection, SCHEDULE_SINCE, began.isoformat())
        return began


def done_occasions(engine: Engine, kind: OccasionKind) -> set[tuple[str, str]]:
    """(period, label) of every occasion of the kind that was done."""
    occasion = tables.occasion.c
    with engine.connect() as connection:
        rows = connection.execute(select(occasion.period, occasion.label).where(occasion.kind == kind.value))
        return {(row.period, row.label) for row in rows}


def mark_occasions(engine: Engine, occasions: Sequence[Occasion], run: str | None, outcome: str) -> int:
    """Write down that these were done now, by ``run``; those on record already stay as they are. How many are new."""
    if not occasions:
        return 0
    table = tables.occasion
    keys = {(item.period, item.kind.value, item.label): item for item in occasions}
    asked = list(keys)
    with write(engine) as connection:
        for start in range(0, len(asked), _AT_A_TIME):
            part = asked[start : start + _AT_A_TIME]
            known = select(table.c.period, table.c.kind, table.c.label).where(
                tuple_(table.c.period, table.c.kind, table.c.label).in_(part)
            )
            for row in connection.execute(known).all():
                del keys[row.period, row.kind, row.label]
        rows = [
            {"period": period, "kind": kind, "label": label, "due_at": item.at}
            for (period, kind, label), item in keys.items()
        ]
        frame = pl.DataFrame(rows, schema_overrides={"due_at": pl.Datetime("us", "UTC")}, strict=False)
        if frame.is_empty():
            return 0
        said = frame.with_columns(
            pl.lit(now()).alias("done_at"),
            pl.lit(run, pl.String).alias("run_id"),
            pl.lit(outcome, pl.String).alias("outcome"),
        )
        return insert_frame(connection, table, said)
