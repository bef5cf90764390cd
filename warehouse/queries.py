"""Everything that is read from the warehouse, under one name."""

from __future__ import annotations

from warehouse.asking import QueryRefusedError, QueryTooLongError, run_sql
from warehouse.changes import changed_since, last_refresh, totals_kept
from warehouse.comparing import (
    deeds,
    has_figures,
    has_year_on_year,
    trails_backward,
    trails_forward,
    units_of_period,
    write_year_on_year,
)
from warehouse.figures import (
    Part,
    defined_anew,
    kept_totals,
    observations_in_force,
    settled,
    summary,
    top_unit,
    trace,
    write_roll_up,
)
from warehouse.hierarchy import stated_at
from warehouse.lineage import mapping_between
from warehouse.listed import list_rows
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
    states_of,
    status,
    status_by_unit,
    status_tree,
    waiver_counts,
)
from warehouse.roll_up_past import NotKeptError
from warehouse.story import history_of
from warehouse.units import unit_tree, units, units_below
from warehouse.waivers import closed_periods, waivers_of

__all__ = [
    "NotKeptError",
    "Part",
    "QueryRefusedError",
    "QueryTooLongError",
    "UnknownPeriodError",
    "changed_by_run",
    "changed_since",
    "closed_periods",
    "counts",
    "counts_of_run",
    "deeds",
    "defined_anew",
    "expected_units",
    "failed_of_run",
    "finding_counts",
    "findings",
    "has_figures",
    "has_year_on_year",
    "history_of",
    "kept_totals",
    "last_day",
    "last_refresh",
    "list_rows",
    "mapping_between",
    "observations_in_force",
    "periods_with_submissions",
    "run_sql",
    "settled",
    "stated_at",
    "states_of",
    "status",
    "status_by_unit",
    "status_tree",
    "summary",
    "top_unit",
    "totals_kept",
    "trace",
    "trails_backward",
    "trails_forward",
    "unit_tree",
    "units",
    "units_below",
    "units_of_period",
    "waiver_counts",
    "waivers_of",
    "write_roll_up",
    "write_year_on_year",
]
