"""How a period went, counted: who owed, who sent, when, what became of it; every count adds up to another.

A row is a unit and a form: ``unit, name, kind, level, form, branch, due, regular_due, received_on, state, is_expected,
is_late, is_in_force, is_permitted``; ``state`` is that of the latest version, or ``missing``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from domain.submission import SubmissionState

MISSING = "missing"

_is_missing = pl.col("state") == MISSING
_came = ~_is_missing
_in_time = _came & ~pl.col("is_late")

#: States of what came; together they are all that came.
STATES: Mapping[str, SubmissionState] = {
    "accepted": SubmissionState.ACCEPTED,
    "accepted_with_warnings": SubmissionState.ACCEPTED_WITH_WARNINGS,
    "rejected": SubmissionState.REJECTED,
    "unreadable": SubmissionState.UNREADABLE,
    "withdrawn": SubmissionState.WITHDRAWN,
    "waiting": SubmissionState.RECEIVED,
}

#: Reports, counted. What came from units that owe nothing has no deadline and is on time; ``permitted_late``, a part of
#: ``on_time``, came after the deadline of its level and within what its unit was permitted.
MEASURES: Mapping[str, pl.Expr] = {
    "expected": pl.col("is_expected"),
    "received": _came,
    "received_of_expected": _came & pl.col("is_expected"),
    "unexpected": _came & ~pl.col("is_expected"),
    "missing": _is_missing & pl.col("is_expected"),
    "on_time": _in_time,
    "permitted_late": _in_time & pl.col("is_permitted") & (pl.col("received_on") > pl.col("regular_due")),
    "late": pl.col("is_late"),
    **{name: pl.col("state") == state.value for name, state in STATES.items()},
    "in_force": pl.col("is_in_force"),
    "permitted": pl.col("is_permitted") & pl.col("is_expected"),
}

#: What a period is broken down by; ``branch`` is the subtree of a unit of the first level below the top.
GROUPS = ("form", "level", "kind", "branch")


class ContradictionError(AssertionError):
    """Counts that must add up do not: a fault of the program, and no report may be made of them."""


def counted(rows: pl.DataFrame, by: str | None = None) -> pl.DataFrame:
    """:data:`MEASURES` of the rows, in one row or in one for each value of ``by``, in order."""
    sums = {name: which.fill_null(value=False).sum().cast(pl.Int64) for name, which in MEASURES.items()}
    return rows.select(**sums) if by is None else rows.group_by(by).agg(**sums).sort(by, nulls_last=True)


def missing(rows: pl.DataFrame, today: date) -> pl.DataFrame:
    """Reports that are owed and did not come: ``unit, name, form, due, days`` past the due day on ``today`` (0 or less:
    days that are left), ``is_permitted``; those longest overdue first."""
    return (
        rows.filter(MEASURES["missing"])
        .with_columns(days=(pl.lit(today) - pl.col("due")).dt.total_days())
        .select("unit", "name", "form", "due", "days", "is_permitted")
        .sort("days", "unit", "form", descending=[True, False, False], nulls_last=True)
    )


def late(rows: pl.DataFrame) -> pl.DataFrame:
    """Reports whose first version came after the due day: ``unit, name, form, due, received_on, days`` after it,
    ``is_permitted``, ``state``; the latest first."""
    return (
        rows.filter(MEASURES["late"])
        .with_columns(days=(pl.col("received_on") - pl.col("due")).dt.total_days())
        .select("unit", "name", "form", "due", "received_on", "days", "is_permitted", "state")
        .sort("days", "unit", "form", descending=[True, False, False])
    )


def prove(total: Mapping[str, int], groups: Mapping[str, pl.DataFrame]) -> None:
    """Raise :class:`ContradictionError` unless everything adds up: expected = received of them + missing, received = on
    time + late = owed + not owed = by state, and the rows of every breakdown to the whole."""
    said = [*_broken(total), *(item for name, frame in groups.items() for item in _not_the_whole(name, frame, total))]
    if said:
        raise ContradictionError("; ".join(said))


def _broken(total: Mapping[str, int]) -> Iterator[str]:
    sums: Mapping[str, Sequence[Sequence[str]]] = {
        "expected": [["received_of_expected", "missing"]],
        "received": [["on_time", "late"], ["received_of_expected", "unexpected"], list(STATES)],
    }
    for whole, ways in sums.items():
        for parts in ways:
            if total[whole] != sum(total[part] for part in parts):
                yield f"{whole} {total[whole]} ≠ " + " + ".join(f"{part} {total[part]}" for part in parts)


def _not_the_whole(name: str, frame: pl.DataFrame, total: Mapping[str, int]) -> Iterator[str]:
    for measure in MEASURES:
        if frame[measure].sum() != total[measure]:
            yield f"{measure} by {name} {frame[measure].sum()} ≠ {total[measure]}"
