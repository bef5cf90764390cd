"""Refreshing the roll-up of one period: figures in force, added up the unit tree, written back with their coverage."""

from __future__ import annotations

from transform.roll_up import roll_up

from catalog import Catalog
from warehouse import queries
from warehouse.engine import Engine


def refresh_roll_up(engine: Engine, catalog: Catalog, period: str, form: str) -> None:
    """Compute the totals of every unit for a period and form anew, and replace the ones that stood."""
    figures = queries.observations_in_force(engine, period, form)
    window = catalog.period(period)
    if window is None:
        raise LookupError(f"the period {period} is not in the calendars")
    units = queries.unit_tree(engine, window.window.last, since=window.window.first)
    expected = queries.expected_units(engine, period, form)
    queries.write_roll_up(engine, period, form, roll_up(figures, units, expected, catalog))
