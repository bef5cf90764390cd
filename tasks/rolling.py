"""Totals of one period: figures in force, added up the unit tree, written back with their coverage."""

from __future__ import annotations

from typing import Any

import polars as pl

from catalog import Catalog
from domain.period import Period
from transform.roll_up import roll_up
from warehouse import queries
from warehouse.engine import Engine

_LABELS = ("label_vi", "label_en", "measure_vi", "measure_en")


def refresh_roll_up(engine: Engine, catalog: Catalog, period: str, form: str) -> None:
    """Compute the totals of every unit with units below it anew, and replace the ones that stood.

    A unit without units below it has no total but its own figures, which stand in ``observation`` already.
    """
    as_of = queries.settled(engine)
    units = _units(engine, _period(catalog, period))
    totals = _totals(engine, catalog, period, form, units).join(_parents(units), on="unit", how="semi")
    queries.write_roll_up(engine, period, form, totals, as_of=as_of)


def summary_of(engine: Engine, catalog: Catalog, period: str, unit: str, form: str) -> list[dict[str, Any]]:
    """Every total of a unit with its label, measure and coverage; of a unit without units below it, its own figures."""
    kept = queries.summary(engine, period, unit, form)
    if kept.height:
        return kept.to_dicts()
    alone = _units(engine, _period(catalog, period)).filter(pl.col("unit") == unit)
    if alone.is_empty() or form not in catalog.forms:
        return []
    alone = alone.with_columns(parent=pl.lit(None, pl.String))
    rows = _totals(engine, catalog, period, form, alone).to_dicts()
    return [{**row, **_words(catalog, row["indicator"])} for row in _in_order(catalog, rows)]


def _period(catalog: Catalog, code: str) -> Period:
    period = catalog.period(code)
    if period is None:
        raise LookupError(f"the period {code} is not in the calendars")
    return period


def _units(engine: Engine, period: Period) -> pl.DataFrame:
    return queries.unit_tree(engine, period.window.last, since=period.window.first)


def _parents(units: pl.DataFrame) -> pl.DataFrame:
    return units.select(unit=pl.col("parent")).unique().drop_nulls()


def _totals(engine: Engine, catalog: Catalog, period: str, form: str, units: pl.DataFrame) -> pl.DataFrame:
    """Totals over ``units`` alone: what other units reported or owed does not enter."""
    known = units.select("unit")
    figures = queries.observations_in_force(engine, period, form).join(known, on="unit", how="semi")
    expected = queries.expected_units(engine, period, form).join(known, on="unit", how="semi")
    return roll_up(figures, units, expected, catalog)


def _words(catalog: Catalog, code: str) -> dict[str, str]:
    indicator = catalog.indicators[code]
    return {**{name: getattr(indicator, name) for name in _LABELS}, "kind": indicator.kind.value}


def _in_order(catalog: Catalog, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = {code: number for number, code in enumerate(catalog.indicators)}
    return sorted(rows, key=lambda row: (order[row["indicator"]], row["breakdown"]))
