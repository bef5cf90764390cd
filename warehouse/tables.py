"""All tables of the warehouse under one roof; ``metadata`` is what migrations are compared with."""

from __future__ import annotations

from warehouse.fact_tables import (
    LIST_TABLES,
    breakdown,
    commendation,
    initiative,
    inspection,
    list_item,
    manner,
    mart_roll_up,
    narrative,
    observation,
    place,
    topic,
)
from warehouse.intake_tables import action, attempt, file, finding, lateness_permit, receipt, run, submission, waiver
from warehouse.registry_tables import (
    definition_change,
    form,
    indicator,
    obligation,
    period,
    period_due,
    rule,
    setting,
    unit,
    unit_event,
    unit_kind,
)
from warehouse.schema import metadata

__all__ = [
    "LIST_TABLES",
    "action",
    "attempt",
    "breakdown",
    "commendation",
    "definition_change",
    "file",
    "finding",
    "form",
    "indicator",
    "initiative",
    "inspection",
    "lateness_permit",
    "list_item",
    "manner",
    "mart_roll_up",
    "metadata",
    "narrative",
    "obligation",
    "observation",
    "period",
    "period_due",
    "place",
    "receipt",
    "rule",
    "run",
    "setting",
    "submission",
    "topic",
    "unit",
    "unit_event",
    "unit_kind",
    "waiver",
]
