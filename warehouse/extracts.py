"""What leaves the warehouse for notebooks and spreadsheets: frames of one period, all read at one moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import (
    Boolean,
    Connection,
    Date,
    Double,
    Engine,
    Integer,
    String,
    TextClause,
    literal_column,
    select,
    text,
)

from warehouse import tables
from warehouse.bulk import read_frame
from warehouse.engine import is_postgres, snapshot
from warehouse.mart_words import VIEW_COLUMNS, YEAR_ON_YEAR_WORDS
from warehouse.marts import VIEW_WORDS, YEAR_ON_YEAR_IN_WORDS, observation_as_of
from warehouse.reporting import findings_on, period_row
from warehouse.schema import Moment
from warehouse.units import subtree, tree_on

#: Columns of the views that hold no text, by name: SQLite does not tell.
_TYPES: dict[str, Any] = {
    **dict.fromkeys(["recorded_from", "recorded_to", "received_at", "decided_at", "refreshed_at"], Moment),
    **dict.fromkeys(["value", "lower", "upper", "numerator", "denominator", "coverage_rate"], Double),
    **dict.fromkeys(["reporting_rate", "on_time_rate", "completeness_rate"], Double),
    **dict.fromkeys(["members", "collectives", "individuals", "year"], Double),
    **dict.fromkeys(["submission_id", "version", "item", "finding", "check_level", "reported"], Integer),
    **dict.fromkeys(["expected", "in_force"], Integer),
    **dict.fromkeys(["received", "on_time", "late", "accepted", "rejected", "waiting", "withdrawn"], Integer),
    **dict.fromkeys(["missing", "complete", "empty"], Integer),
    **dict.fromkeys(["number", "overdue", "incomplete"], Integer),
    **dict.fromkeys(["due", "held_on", "said_of"], Date),
    "target_value": Double,
    "derived": Boolean,
}

_YEAR_ON_YEAR = tables.mart_year_on_year

#: What leaves the warehouse: view → what it is, and view → its columns and what they mean, all in both languages.
MARTS = {**VIEW_WORDS, _YEAR_ON_YEAR.name: str(_YEAR_ON_YEAR.comment)}
COLUMNS = {
    **VIEW_COLUMNS,
    _YEAR_ON_YEAR.name: {**{c.name: str(c.comment) for c in _YEAR_ON_YEAR.c}, **YEAR_ON_YEAR_WORDS},
}

#: Of single views, where their columns are called as others are elsewhere.
_TYPES_OF: dict[str, dict[str, Any]] = {
    _YEAR_ON_YEAR.name: {column.name: column.type for column in _YEAR_ON_YEAR.c},
    "mart_dossier": {
        name: Double for name in VIEW_COLUMNS["mart_dossier"] if name not in VIEW_COLUMNS["mart_reporting"]
    }
    | {"scope": String, "is_exact": Integer},
}

#: What is extracted: name → view, and the columns by which its rows are put in an order that never changes.
EXTRACTS = {
    "observations": ("mart_observation", ("unit", "form", "indicator", "breakdown", "submission_id", "recorded_from")),
    "totals": ("mart_total", ("unit", "form", "indicator", "breakdown")),
    "year_on_year": ("mart_year_on_year", ("unit", "form", "indicator", "breakdown")),
    "dossiers": ("mart_dossier", ("unit", "form", "scope", "submission_id")),
    "status": ("mart_reporting", ("unit", "form")),
    "reporting_rate": ("mart_reporting_rate", ("unit", "form")),
    "initiatives": ("mart_initiative", ("unit", "form", "submission_id", "item")),
    "commendations": ("mart_commendation", ("unit", "form", "submission_id", "item")),
    "inspections": ("mart_inspection", ("unit", "form", "submission_id", "item")),
    "topics": ("mart_topic", ("unit", "form", "submission_id", "item")),
    "lists": ("mart_list_item", ("unit", "form", "submission_id", "list", "item")),
    "narratives": ("mart_narrative", ("unit", "form", "submission_id", "section")),
}

FINDINGS = "findings"


def extract(
    engine: Engine, period: str, unit: str | None = None, as_of: datetime | None = None
) -> dict[str, pl.DataFrame]:
    """The period's frames by name (:data:`EXTRACTS` and ``findings``), of ``unit`` and everything below it when named.

    Columns are those of the views, typed alike on both databases. With ``as_of`` only ``observations``: the others know
    nothing but the present. Raises :class:`warehouse.reporting.UnknownPeriodError`.
    """
    with snapshot(engine) as connection:
        window = period_row(connection, period)
        below = subtree(tree_on(connection, window["last_day"], window["first_day"]), unit) if unit else None
        if as_of is not None:
            return {"observations": _within(_observations_of(connection, period, as_of), below)}
        frames = {name: _within(_view(connection, *how, period), below) for name, how in EXTRACTS.items()}
        return {**frames, FINDINGS: findings_on(connection, period=period, unit=unit).drop("id").sort("finding")}


def read_view(connection: Connection, view: str) -> pl.DataFrame:
    """Every row of a view of :data:`COLUMNS`."""
    return read_frame(connection, select(*_columns(view)).select_from(_source(view)))


def _source(view: str) -> TextClause:
    return text(f"({YEAR_ON_YEAR_IN_WORDS}) AS {view}" if view == _YEAR_ON_YEAR.name else view)


def _columns(view: str, source: str | None = None) -> list[Any]:
    """Each with the name of what it stands in: SQLite takes a lone ``"name"`` that is no column for a text."""
    types = {**_TYPES, **_TYPES_OF.get(view, {})}
    return [
        literal_column(f'{source or view}."{name}"', types.get(name, String())).label(name) for name in COLUMNS[view]
    ]


def _view(connection: Connection, view: str, order: tuple[str, ...], period: str) -> pl.DataFrame:
    query = select(*_columns(view)).select_from(_source(view)).where(literal_column("period", String()) == period)
    return read_frame(connection, query).sort(order)


def _observations_of(connection: Connection, period: str, as_of: datetime) -> pl.DataFrame:
    moment = f"{as_of.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    literal = f"TIMESTAMPTZ '{moment}+00'" if is_postgres(connection) else f"'{moment}'"
    believed = text(f"({observation_as_of(literal, connection.dialect.name)}) AS believed".replace(":", "\\:"))
    view, order = EXTRACTS["observations"]
    query = (
        select(*_columns(view, "believed")).select_from(believed).where(literal_column("period", String()) == period)
    )
    return read_frame(connection, query).sort(order)


def _within(frame: pl.DataFrame, below: pl.DataFrame | None) -> pl.DataFrame:
    return frame if below is None else frame.join(below.select("unit"), on="unit", how="semi", maintain_order="left")
