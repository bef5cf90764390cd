"""Everything that is read from the warehouse, under one name."""

from __future__ import annotations

from warehouse.asking import QueryRefusedError, run_sql
from warehouse.figures import observations_in_force, settled, summary, top_unit, trace, write_roll_up
from warehouse.reporting import (
    UnknownPeriodError,
    changed_by_run,
    counts,
    counts_of_run,
    expected_units,
    failed_of_run,
    finding_counts,
    findings,
    last_day,
    periods_with_submissions,
    status,
    status_below,
    status_by_subtree,
    status_by_unit,
)
from warehouse.units import unit_tree, units

__all__ = [
    "QueryRefusedError",
    "UnknownPeriodError",
    "changed_by_run",
    "counts",
    "counts_of_run",
    "expected_units",
    "failed_of_run",
    "finding_counts",
    "findings",
    "last_day",
    "observations_in_force",
    "periods_with_submissions",
    "run_sql",
    "settled",
    "status",
    "status_below",
    "status_by_subtree",
    "status_by_unit",
    "summary",
    "top_unit",
    "trace",
    "unit_tree",
    "units",
    "write_roll_up",
]
