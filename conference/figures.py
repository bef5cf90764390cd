"""The figures of a pack as JSON: the same bytes for the same freeze."""

from __future__ import annotations

import json
from typing import Any

from conference.facts import Facts


def figures(facts: Facts) -> bytes:
    """Every figure of the unit for the period, with its change on last year, by trace; sorted keys, no moment."""
    frozen = facts.frozen
    rows = [row for _, row in sorted(facts.own.items())]
    told = {
        "conference": frozen.conference,
        "kind": frozen.kind,
        "hash": frozen.hash,
        "unit": facts.unit,
        "unit_name": facts.unit_row["name"],
        "held_on": frozen.held_on.isoformat(),
        "period": facts.period_code,
        "base_period": _base(facts),
        "reports": {"owed": len(facts.owed), "standing": len(facts.owed) - len(facts.silent)},
        "figures": [_figure(facts, row) for row in rows],
    }
    text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


_KEPT = (
    "trace",
    "form",
    "indicator",
    "breakdown",
    "level",
    "value",
    "lower",
    "upper",
    "qualifier",
    "numerator",
    "denominator",
    "reported",
    "expected",
    "source",
    "note",
    "sheet",
    "cell",
)
_CHANGE = ("value_then", "qualifier_then", "difference", "growth", "change_kind", "change_qualifier", "comparable")


def _figure(facts: Facts, row: dict[str, Any]) -> dict[str, Any]:
    name = row["indicator"] + (f"[{row['breakdown']}]" if row["breakdown"] else "")
    change = facts.change(name, row["form"])
    kept = {key: _finite(row[key]) for key in _KEPT}
    return kept | {"change": {key: _finite(change[key]) for key in _CHANGE} if change else None}


def _finite(value: Any) -> Any:
    """An open bound is null: JSON knows no infinity."""
    return None if isinstance(value, float) and value in (float("inf"), float("-inf")) else value


def _base(facts: Facts) -> str | None:
    codes = facts.of_unit("changes")["base_period"].drop_nulls()
    return codes[0] if len(codes) else None
