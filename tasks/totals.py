"""The totals of a period and form, with all that is computed from them."""

from __future__ import annotations

from catalog.whole import Catalog
from tasks.rolling import refresh_roll_up
from tasks.year_on_year import refresh_year_on_year
from warehouse.engine import Engine


def refresh_totals(engine: Engine, register: Catalog, period: str, form: str) -> None:
    """Compute what changed anew: the comparisons first, as by the totals the next run sees what a killed run left."""
    refresh_year_on_year(engine, register, period, form)
    refresh_roll_up(engine, register, period, form)
