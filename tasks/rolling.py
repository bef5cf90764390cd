"""Totals of one period: figures in force, added up the unit tree, written back with their coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import polars as pl

from catalog import Catalog
from catalog.model import HierarchyCheck
from domain.act import ActRefusedError
from domain.clock import ZONE, today
from domain.observation import Scope
from domain.period import Period
from expectations.hierarchy import judged_against_children, no_findings
from transform.distinct import lists_counted
from transform.hierarchy import apart_from_children
from transform.refresh import Plan, add_up_again, needed_for, plan
from transform.roll_up import ROLL_UP, roll_up
from warehouse import queries
from warehouse.engine import Engine

#: Goes up whenever totals of the same figures come out otherwise: then none that stands is built upon.
MADE_BY = "3"

_KEY = ["indicator", "breakdown"]
_LABELS = ("label_vi", "label_en", "measure_vi", "measure_en")


def refresh_roll_up(engine: Engine, catalog: Catalog, period: str, form: str) -> None:
    """Compute the totals of every unit with units below it anew, and replace the ones that stood; and with them, from
    the same figures, the findings of level 7.

    A unit without units below it has no total but its own figures, which stand in ``observation`` already. Where only
    a few reports changed since the totals were computed, only those above them are: whatever leaves a doubt that the
    outcome would be the same, all are.
    """
    before = queries.last_refresh(engine, period, form)
    as_of = queries.settled(engine, MADE_BY)
    now = _Now(engine, catalog, period, form, _units(engine, _period(catalog, period)))
    changed = queries.changed_since(engine, period, form, before) if before else None
    done = plan(now.units, now.expected, changed) if changed else None
    if before and done and _refresh_part(now, done, as_of, before):
        return
    figures = now.figures()
    totals = now.added_up(figures).join(_parents(now.units), on="unit", how="semi")
    queries.write_roll_up(engine, period, form, totals, as_of=as_of, findings=now.findings(figures))


def _refresh_part(now: _Now, done: Plan, as_of: datetime, before: datetime) -> bool:
    """The totals above what changed; false when all must be computed."""
    figures = now.figures(units=done.read.to_list())
    standing = queries.kept_totals(now.engine, now.period, now.form, done.standing)
    again = add_up_again(done, figures, standing, now.catalog)
    if again is None:
        return False
    totals = again.totals
    if again.doubtful.height:
        from_all = now.added_up(now.figures(indicators=needed_for(again.doubtful, now.catalog)))
        anew = from_all.join(again.doubtful, on=_KEY, how="semi").filter(pl.col("unit").is_in(done.above.implode()))
        totals = pl.concat([totals.join(again.doubtful, on=_KEY, how="anti"), anew])
    part = queries.Part(tuple(done.above), before)
    findings = now.findings_above(figures, done.above)
    written = queries.write_roll_up(now.engine, now.period, now.form, totals, as_of=as_of, part=part, findings=findings)
    return written is not None


@dataclass(frozen=True)
class _Now:
    """What is in force of a period and form, read when it is asked for."""

    engine: Engine
    catalog: Catalog
    period: str
    form: str
    units: pl.DataFrame
    #: Figures are those believed at this moment; lists, of which nothing is kept, are left out.
    as_of: datetime | None = None

    @cached_property
    def expected(self) -> pl.DataFrame:
        owing = queries.expected_units(self.engine, self.period, self.form)
        return owing.join(self.units.select("unit"), on="unit", how="semi")

    def figures(self, units: list[str] | None = None, indicators: list[str] | None = None) -> pl.DataFrame:
        """Figures of the units of the tree alone: what other units reported does not enter."""
        found = queries.observations_in_force(
            self.engine, self.period, self.form, units=units, indicators=indicators, as_of=self.as_of
        )
        return found.join(self.units.select("unit"), on="unit", how="semi")

    def added_up(self, figures: pl.DataFrame) -> pl.DataFrame:
        rows = None
        if self.as_of is None and self.form in self.catalog.forms and (lists := lists_counted(self.catalog, self.form)):
            listed = queries.list_rows(self.engine, self.period, self.form, lists)
            rows = listed.join(self.units.select("unit"), on="unit", how="semi")
        return roll_up(figures, self.units, self.expected, self.catalog, rows)

    def findings(self, figures: pl.DataFrame, only: pl.Series | None = None) -> pl.DataFrame:
        """Level 7, of every unit or of those named."""
        if self.form not in self.catalog.forms or not any(
            isinstance(rule.check, HierarchyCheck) for rule in self.catalog.rules_for(self.form, today())
        ):
            return no_findings()
        found = apart_from_children(figures, self.units, self.expected, self.catalog, only)
        places = queries.stated_at(self.engine, self.period, found.sums.select("file", *_KEY))
        names = dict(self.units.select("unit", "name").iter_rows())
        return judged_against_children(found.sums, found.terms, places, names, self.catalog, self.form, today())

    def findings_above(self, figures: pl.DataFrame, above: pl.Series) -> pl.DataFrame:
        """Level 7 of these units, whose own figures are among ``figures``; what is below is read where they speak."""
        spoken = figures.filter(pl.col("unit").is_in(above.implode()) & (pl.col("scope") != Scope.OWN.value))
        if spoken.is_empty():
            return no_findings()
        return self.findings(self.figures(indicators=spoken["indicator"].unique().to_list()), above)


def summary_of(
    engine: Engine, catalog: Catalog, period: str, unit: str, form: str, as_of: datetime | None = None
) -> list[dict[str, Any]]:
    """Every total of a unit with its label, measure and coverage; of a unit without units below it, its own figures.

    With ``as_of`` what this said at that moment: totals are kept when they are replaced, the figures of a unit without
    totals are those believed then. Raises :class:`domain.act.ActRefusedError` where that is not known any more.
    """
    try:
        kept = queries.summary(engine, period, unit, form, as_of)
    except queries.NotKeptError as error:
        raise _not_known(period, as_of, error.since, _NOT_KEPT) from error
    if kept.height:
        return kept.to_dicts()
    alone = _units(engine, _period(catalog, period)).filter(pl.col("unit") == unit)
    if alone.is_empty() or form not in catalog.forms:
        return []
    alone = alone.with_columns(parent=pl.lit(None, pl.String))
    now = _Now(engine, catalog, period, form, alone, as_of)
    figures = now.figures(units=[unit])
    if as_of is not None and figures.height and (changed := queries.defined_anew(engine, form, unit, as_of)):
        raise _not_known(period, as_of, changed, _DEFINED_ANEW)
    rows = now.added_up(figures).to_dicts()
    return [{**row, **labels_of(catalog, row["indicator"])} for row in _in_order(catalog, rows)]


def totals_in_force(
    engine: Engine, catalog: Catalog, period: str, form: str, units: Sequence[str], indicators: Sequence[str]
) -> pl.DataFrame:
    """Totals of several units at once (:data:`transform.roll_up.ROLL_UP`): those kept of units with units below them,
    and of the others their own figures, by the same rules. Units without any figure have no rows."""
    tree = _units(engine, _period(catalog, period))
    asked = tree.filter(pl.col("unit").is_in(list(units)))
    superiors = asked.join(_parents(tree), on="unit", how="semi")["unit"].to_list()
    kept = queries.kept_totals(engine, period, form, superiors)
    leaves = asked.filter(~pl.col("unit").is_in(superiors)).with_columns(parent=pl.lit(None, pl.String))
    if leaves.is_empty():
        return kept.cast(dict(ROLL_UP)).filter(pl.col("indicator").is_in(list(indicators)))  # type: ignore[arg-type]
    now = _Now(engine, catalog, period, form, leaves)
    wanted = pl.DataFrame({"indicator": list(indicators)}, schema={"indicator": pl.String})
    figures = now.figures(units=leaves["unit"].to_list(), indicators=needed_for(wanted, catalog))
    both = pl.concat([kept.cast(dict(ROLL_UP)), now.added_up(figures).cast(dict(ROLL_UP))])  # type: ignore[arg-type]
    return both.filter(pl.col("indicator").is_in(list(indicators)))


_NOT_KEPT = ("tổng hợp chỉ được giữ lại từ lúc ấy", "totals are kept from then on")
_DEFINED_ANEW = ("biểu mẫu hoặc đơn vị đã đổi lúc ấy", "the form or the unit was changed then")


def _not_known(period: str, as_of: datetime | None, since: datetime, why: tuple[str, str]) -> ActRefusedError:
    asked, then = (f"{moment.astimezone(ZONE):%d/%m/%Y %H:%M:%S}" for moment in (as_of or since, since))
    return ActRefusedError(
        f"Không còn biết tổng hợp kỳ {period} nói gì lúc {asked} ({then}: {why[0]});"
        " từng số liệu thì hỏi bằng tongket query --as-of",
        f"What the summary of {period} said at {asked} is not known any more ({then}: {why[1]});"
        " for single figures use tongket query --as-of",
    )


def _period(catalog: Catalog, code: str) -> Period:
    period = catalog.period(code)
    if period is None:
        raise LookupError(f"the period {code} is not in the calendars")
    return period


def _units(engine: Engine, period: Period) -> pl.DataFrame:
    return queries.unit_tree(engine, period.window.last, since=period.window.first)


def _parents(units: pl.DataFrame) -> pl.DataFrame:
    return units.select(unit=pl.col("parent")).unique().drop_nulls()


def labels_of(catalog: Catalog, code: str) -> dict[str, str]:
    indicator = catalog.indicators[code]
    return {**{name: getattr(indicator, name) for name in _LABELS}, "kind": indicator.kind.value}


def _in_order(catalog: Catalog, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = {code: number for number, code in enumerate(catalog.indicators)}
    return sorted(rows, key=lambda row: (order[row["indicator"]], row["breakdown"]))
