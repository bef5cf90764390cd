"""Grades that people decided: every version of them, and how a new one is put down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Select, select, update

from domain.act import Act, ActRefusedError
from domain.names import fold_bare
from warehouse import tables
from warehouse.bulk import next_id, read_frame
from warehouse.engine import write
from warehouse.reporting import period_row
from warehouse.signing import one_line, record, sign

_OF_DECISION = (
    "version",
    "rules",
    "grade",
    "grade_vi",
    "grade_en",
    "proposed",
    "peer_group",
    "points",
    "points_lower",
    "points_upper",
    "proposal",
    "over_cap",
    "recorded_from",
    "recorded_to",
)


class RatingsMovedError(Exception):
    """Somebody else decided a grade of the period since those were read that a decision was proved beside."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A grade for a unit and period, beside what was proposed: the columns of ``rating_decision``."""

    unit_id: int
    period: str
    rules: str
    grade: str
    grade_vi: str
    grade_en: str
    proposed: str | None
    peer_group: str
    points: float | None
    points_lower: float | None
    points_upper: float | None
    proposal: str
    over_cap: bool


def decisions_of(
    engine: Engine, *, period: str | None = None, units: Sequence[str] | None = None, history: bool = False
) -> pl.DataFrame:
    """Decisions in force, or with ``history`` every version, by period, unit and version: ``unit_id, unit, unit_name,
    period``, the columns of ``rating_decision`` and ``who, second_person, reason`` of the act. ``units``: codes."""
    with engine.connect() as connection:
        found = read_frame(connection, _query(period))
    if not history:
        found = found.filter(pl.col("recorded_to").is_null())
    if units is not None:
        found = found.filter(pl.col("unit").is_in(list(units)))
    return found.sort("period", "unit", "version")


def _query(period: str | None) -> Select[tuple[Any, ...]]:
    decision, action, unit = tables.rating_decision.c, tables.action.c, tables.unit.c
    query = (
        select(
            decision.unit_id,
            unit.code.label("unit"),
            unit.name.label("unit_name"),
            tables.period.c.code.label("period"),
            *(decision[name] for name in _OF_DECISION),
            action.who,
            action.second_person,
            action.reason,
        )
        .join(tables.unit, unit.id == decision.unit_id)
        .join(tables.period, tables.period.c.id == decision.period_id)
        .join(tables.action, action.id == decision.action_id)
    )
    return query if period is None else query.where(tables.period.c.code == period)


def put_decision(
    engine: Engine, decision: Decision, *, who: str, second: str | None, reason: str, proved_with: pl.DataFrame
) -> int:
    """Put a grade down, in one act; the version of before ends. Returns the version.

    ``proved_with``: the decisions in force of the period (:func:`decisions_of`) when this one was proved; raises
    :class:`RatingsMovedError` when they are others by now. Going over the cap needs a second person, other than the
    first; else :class:`domain.act.ActRefusedError`. Nothing is changed then.
    """
    signed = sign(who, reason)
    agreed = one_line(second or "") or None
    if agreed is not None and fold_bare(agreed) == fold_bare(signed[0]):
        raise ActRefusedError(
            f"Người thứ hai phải khác {signed[0]} (không chỉ khác dấu: ghi cả họ tên)",
            f"The second person must be other than {signed[0]} (not by marks alone: give full names)",
        )
    if decision.over_cap and agreed is None:
        raise ActRefusedError(
            "Vượt giới hạn tỷ lệ cần tên người thứ hai cùng quyết định (--second)",
            "To go over the cap a second person is needed (--second)",
        )
    with write(engine) as connection:
        every = read_frame(connection, _query(decision.period))
        standing = every.filter(pl.col("recorded_to").is_null())
        if _fingerprint(standing) != _fingerprint(proved_with):
            raise RatingsMovedError
        before = standing.filter(pl.col("unit_id") == decision.unit_id)["grade_vi"].to_list()
        period_id = period_row(connection, decision.period)["id"]
        action = record(
            connection,
            Act.DECIDE_RATING,
            signed,
            {"unit_id": decision.unit_id, "period_id": period_id},
            before=before[0] if before else None,
            after=decision.grade_vi,
            second_person=agreed,
        )
        version = int(every.filter(pl.col("unit_id") == decision.unit_id)["version"].max() or 0) + 1  # type: ignore[arg-type]
        _put(connection, decision, period_id, version, action)
    return version


def _fingerprint(decisions: pl.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(decisions.select("unit_id", "version").iter_rows())


def _put(connection: Connection, decision: Decision, period_id: int, version: int, action: int) -> None:
    now = datetime.now(UTC)
    table = tables.rating_decision
    connection.execute(
        update(table)
        .where(table.c.unit_id == decision.unit_id, table.c.period_id == period_id, table.c.recorded_to.is_(None))
        .values(recorded_to=now)
    )
    values = {name: getattr(decision, name) for name in Decision.__slots__ if name != "period"}
    connection.execute(
        table.insert().values(
            **values,
            id=next_id(connection, table),
            period_id=period_id,
            version=version,
            recorded_from=now,
            action_id=action,
        )
    )
