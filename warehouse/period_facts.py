"""What a period's report is made of, all of one moment; of a closed period as it was when it was closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Select, func, or_, select

from domain.clock import ZONE, day_of
from domain.finding import Severity
from domain.life import Life, life_of
from domain.submission import FAILED
from warehouse import tables
from warehouse.bulk import read_frame
from warehouse.engine import snapshot
from warehouse.lives import acts_on, judged_since_closed, last_attempt_of
from warehouse.reporting import period_row, status_on
from warehouse.units import closure, tree_on
from warehouse.waivers import waivers_on

_MOMENTS = ("opened_at", "closing_at", "closed_at", "reopened_at")


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """``period``: its row, with ``life``. ``rows``: as :mod:`transform.period_report` wants them. ``today``: the day it
    is reported of. ``names``: ``branch, branch_name``. ``unplaced``: files that state the period, or came in a run made
    for it, and name no unit or form that could be placed, by state."""

    period: dict[str, Any]
    moment: datetime
    today: date
    due: dict[str, date]
    rows: pl.DataFrame
    names: pl.DataFrame
    findings: pl.DataFrame
    waivers: pl.DataFrame
    permits: pl.DataFrame
    acts: pl.DataFrame
    runs: pl.DataFrame
    unplaced: dict[str, int]


def period_facts(engine: Engine, period: str, moment: datetime) -> PeriodFacts:
    """The facts of a registered period at ``moment``; of a closed one at the moment it was closed: what was judged
    later was refused and is left out. Raises :class:`warehouse.reporting.UnknownPeriodError`."""
    with snapshot(engine) as connection:
        row = period_row(connection, period)
        moment = row["closed_at"] or moment
        later, last = judged_since_closed(connection, row), last_attempt_of(connection, row)
        rows = status_on(connection, period, today=day_of(moment), without=later)
        due = _due(connection, row["id"])
        rows, names = _branched(rows, tree_on(connection, row["last_day"]))
        levels = pl.DataFrame({"level": list(due), "regular_due": list(due.values())}, schema=_LEVELS)
        rows = rows.join(levels, on="level", how="left", maintain_order="left").with_columns(
            received_on=pl.col("received_at").dt.convert_time_zone(ZONE.key).dt.date()
        )
        has_reports = rows.filter(pl.col("submission_id").is_not_null()).height > 0
        life = life_of(*(row[name] for name in _MOMENTS), has_reports=has_reports)
        facts = PeriodFacts(
            {**row, "life": life},
            moment,
            day_of(moment),
            due,
            rows,
            names,
            _findings(connection, row, rows["submission_id"], last),
            waivers_on(connection, period=period),
            _permits(connection, row["id"]),
            acts_on(connection, period),
            _runs(connection, row["id"], last),
            _unplaced(connection, row, last),
        )
    assert life is not Life.CLOSED or facts.moment == row["closed_at"]
    return facts


_LEVELS = {"level": pl.String, "regular_due": pl.Date}


def _due(connection: Connection, period_id: int) -> dict[str, date]:
    due = tables.period_due.c
    query = select(due.level, due.due).where(due.period_id == period_id).order_by(due.due, due.level)
    return dict(connection.execute(query).tuples().all())


def _branched(rows: pl.DataFrame, tree: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with ``branch``: the unit of the first level below the top that they belong to, the top its own; empty
    for units that live no more. And the names of the branches."""
    depths = tree.select("unit", "name", "depth")
    above = (
        closure(tree)
        .join(depths.select(ancestor="unit", at="depth"), on="ancestor")
        .filter(pl.col("at") <= 1)
        .sort("at")
        .group_by("unit", maintain_order=True)
        .agg(branch=pl.col("ancestor").last())
    )
    found = rows.join(above, on="unit", how="left", maintain_order="left")
    names = depths.select(branch="unit", branch_name="name").join(
        found.select("branch").unique(), on="branch", how="semi"
    )
    return found, names


def busiest_top(engine: Engine, period: str) -> str | None:
    """The unit that stands below no other, with most reports of the period from it and all below it; of equals the one
    of which most are expected. ``None`` when nothing is expected or came."""
    with snapshot(engine) as connection:
        rows = status_on(connection, period)
        tree = tree_on(connection, period_row(connection, period)["last_day"])
    tops = closure(tree).join(tree.filter(pl.col("depth") == 0).select(ancestor="unit"), on="ancestor", how="semi")
    ranked = (
        rows.join(tops, on="unit")
        .group_by("ancestor")
        .agg(came=(pl.col("submission_id").is_not_null()).sum(), owed=pl.col("is_expected").sum())
        .sort("came", "owed", "ancestor", descending=[True, True, False])
    )
    return str(ranked["ancestor"][0]) if ranked.height else None


def _findings(connection: Connection, period: dict[str, Any], latest: pl.Series, last: int | None) -> pl.DataFrame:
    """By rule, of the latest versions and of files that state the period and could not be placed: ``rule, severity,
    title_vi, title_en, findings, reports, settled``, the gravest and most frequent first."""
    finding, here, rule = tables.finding.c, tables.submission.c, tables.rule.c
    is_unplaced = here.version.is_(None) & (here.stated_period == period["code"])
    query = (
        select(
            here.id.label("submission_id"),
            here.version,
            finding.rule,
            finding.severity,
            func.count().label("findings"),
            func.count(finding.settled_by).label("settled"),
        )
        .join_from(
            tables.finding,
            tables.submission,
            (finding.submission_id == here.id) & (finding.attempt_id == here.attempt_id),
        )
        .where(or_(here.period_id == period["id"], is_unplaced))
        .group_by(here.id, here.version, finding.rule, finding.severity)
    )
    if last is not None:
        query = query.where(here.attempt_id <= last)
    titles = read_frame(connection, select(rule.id.label("rule"), rule.title_vi, rule.title_en))
    order = pl.col("severity").replace_strict({s.value: n for n, s in enumerate(Severity)}, return_dtype=pl.Int8)
    counts = pl.len().cast(pl.Int64)
    return (
        read_frame(connection, query)
        .filter(pl.col("version").is_null() | pl.col("submission_id").is_in(latest.drop_nulls().implode()))
        .group_by("rule", "severity")
        .agg(pl.col("findings").sum().cast(pl.Int64), reports=counts, settled=pl.col("settled").sum().cast(pl.Int64))
        .join(titles, on="rule", how="left")
        .sort(order, -pl.col("findings"), "rule")
        .select("rule", "severity", "title_vi", "title_en", "findings", "reports", "settled")
    )


def _permits(connection: Connection, period_id: int) -> pl.DataFrame:
    """``unit, name, until, who, reason`` of the permits to be late."""
    permit, unit = tables.lateness_permit.c, tables.unit.c
    query = (
        select(unit.code.label("unit"), unit.name, permit.until, permit.who, permit.reason)
        .join_from(tables.lateness_permit, tables.unit, unit.id == permit.unit_id)
        .where(permit.period_id == period_id)
        .order_by(unit.code)
    )
    return read_frame(connection, query)


def _runs(connection: Connection, period_id: int, last: int | None) -> pl.DataFrame:
    """``run, kind, started_at, reports`` of the runs that judged reports of the period, in their order."""
    attempt, here, run = tables.attempt.c, tables.submission.c, tables.run.c
    query = (
        select(
            run.id.label("run"),
            run.kind,
            run.started_at,
            func.count(attempt.submission_id.distinct()).label("reports"),
        )
        .join_from(tables.attempt, tables.submission, here.id == attempt.submission_id)
        .join(tables.run, run.id == attempt.run_id)
        .where(here.period_id == period_id)
        .group_by(run.id, run.kind, run.started_at)
        .order_by(run.started_at, run.id)
    )
    return read_frame(connection, _up_to(query, last))


def _unplaced(connection: Connection, period: dict[str, Any], last: int | None) -> dict[str, int]:
    attempt, here, run = tables.attempt.c, tables.submission.c, tables.run.c
    failed = [state.value for state in sorted(FAILED)]
    query = (
        select(attempt.outcome, func.count(here.id.distinct()))
        .join_from(tables.attempt, tables.submission, here.id == attempt.submission_id)
        .join(tables.run, run.id == attempt.run_id)
        .where(here.version.is_(None), attempt.outcome.in_(failed), here.state.in_(failed))
        .where(or_(run.period == period["code"], here.stated_period == period["code"]))
        .group_by(attempt.outcome)
    )
    found = dict(connection.execute(_up_to(query, last)).tuples().all())
    return {state: int(found.get(state, 0)) for state in failed}


def _up_to(query: Select[Any], last: int | None) -> Select[Any]:
    return query if last is None else query.where(tables.attempt.c.id <= last)
