"""A summary as of a moment says what it said then: after corrections, withdrawals, reforms and changed definitions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from world import CATALOG, UNITS, _indicator, arrive, batch, furnish

from catalog.whole import Catalog
from domain.act import ActRefusedError
from tasks.rolling import refresh_roll_up, summary_of
from warehouse import acts, migrate
from warehouse.engine import write
from warehouse.load import load_batch
from warehouse.registry import import_units, sync_registry

PERIOD, FORM = "2025-Q1", "bieu-1"


@pytest.fixture
def run(engine: Engine) -> str:
    return furnish(engine)


def _said(engine: Engine, as_of: datetime | None = None, catalog: Catalog = CATALOG) -> dict[str, list[dict[str, Any]]]:
    """What the summaries of the province and of two communes say, without the moment of the computation."""
    told = {unit: summary_of(engine, catalog, PERIOD, unit, FORM, as_of) for unit in ("T01", "X01", "X02")}
    return {
        unit: [{name: value for name, value in row.items() if name != "refreshed_at"} for row in rows]
        for unit, rows in told.items()
    }


def _told(engine: Engine) -> tuple[datetime, dict[str, list[dict[str, Any]]]]:
    said = _said(engine)
    return datetime.now(UTC), said


def _total(said: dict[str, list[dict[str, Any]]], indicator: str, unit: str = "T01") -> tuple[float, int, int] | None:
    rows = [row for row in said[unit] if row["indicator"] == indicator]
    return (rows[0]["value"], rows[0]["reported"], rows[0]["expected"]) if rows else None


def test_every_moment_is_told_as_it_was_told_then(engine: Engine, run: str) -> None:
    """Corrected, withdrawn, restored, emptied and begun again: what was said in between is said again."""
    moments = [_told(engine)]
    one, two, corrected, last = arrive(engine, run, "a", "b", "c", "d")

    def turn(*, refreshed: bool = True) -> None:
        if refreshed:
            refresh_roll_up(engine, CATALOG, PERIOD, FORM)
        moments.append(_told(engine))

    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5.0})))
    turn(refreshed=False)  # loaded and not added up yet
    turn()
    load_batch(engine, run, batch((two, "X02", "accepted", {"received": 7.0, "solved": 3.0})))
    turn()
    turn()  # nothing changed
    load_batch(engine, run, batch((corrected, "X01", "accepted", {"received": 50.0})))
    turn(refreshed=False)
    turn()
    acts.withdraw(engine, two, who="An", reason="gửi nhầm")
    turn()
    acts.withdraw(engine, corrected, who="An", reason="gửi nhầm")
    turn()  # nobody reports any more
    load_batch(engine, run, batch((last, "X01", "accepted", {"received": 1.0})))
    turn()
    acts.restore(engine, two, who="An", reason="không nhầm")
    load_batch(engine, run, batch((two, "X02", "accepted", {"received": 8.0})))
    turn()
    totals = [_total(said, "received") for _, said in moments]
    assert totals == [
        *(None, None),
        *((5.0, 1, 3), (12.0, 2, 3), (12.0, 2, 3), (12.0, 2, 3), (57.0, 2, 3)),
        *((50.0, 1, 3), None, (1.0, 1, 3), (9.0, 2, 3)),
    ]
    for number, (moment, said) in enumerate(moments):
        assert _said(engine, moment) == said, number
    assert _said(engine, datetime.now(UTC)) == _said(engine)
    solved = [_total(said, "solved") for _, said in moments]
    assert solved[2] is None
    assert solved[3] == (3.0, 1, 3)


def test_register_and_definitions_of_today_do_not_reach_the_totals_of_then(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5.0}), (two, "X02", "accepted", {})))
    refresh_roll_up(engine, CATALOG, PERIOD, FORM)
    moment, said = _told(engine)
    assert _total(said, "received") == (5.0, 1, 3)
    gone = UNITS[3].model_copy(update={"valid_to": date(2024, 12, 31)})
    import_units(engine, CATALOG, [gone])
    refresh_roll_up(engine, CATALOG, PERIOD, FORM)
    assert _total(_said(engine), "received") == (5.0, 1, 2)
    assert _said(engine, moment)["T01"] == said["T01"]
    assert _said(engine, moment)["X01"] == said["X01"], "another unit changed, not this one"
    form = CATALOG.forms[FORM].model_copy(update={"version": "2"})
    wider = replace(
        CATALOG,
        fingerprint="khác",
        forms={FORM: form},
        indicators={**CATALOG.indicators, "more": _indicator("more", "Thêm")},
        units=(*UNITS[:3], gone),
    )
    sync_registry(engine, wider, years=(2025,))
    refresh_roll_up(engine, wider, PERIOD, FORM)
    assert [
        {name: value for name, value in row.items() if name != "refreshed_at"}
        for row in summary_of(engine, wider, PERIOD, "T01", FORM, moment)
    ] == said["T01"]
    assert [row["value"] for row in summary_of(engine, wider, PERIOD, "X01", FORM, moment)] == [
        row["value"] for row in said["X01"]
    ], "a newer version of the form is none that it filled in"
    other = form.model_copy(update={"note_columns": {"1": "F"}})
    sync_registry(engine, replace(wider, fingerprint="khác nữa", forms={FORM: other}), years=(2025,))
    with pytest.raises(ActRefusedError, match="not known any more"):  # of a unit without totals nothing was kept
        summary_of(engine, wider, PERIOD, "X01", FORM, moment)


def test_totals_of_before_they_were_kept_are_refused(engine: Engine, run: str) -> None:
    """A warehouse of an earlier schema: what its totals replaced nobody wrote down."""
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5.0})))
    before = datetime.now(UTC)
    refresh_roll_up(engine, CATALOG, PERIOD, FORM)
    migrate.downgrade(engine, "0008")
    migrate.upgrade(engine)
    with pytest.raises(ActRefusedError, match="totals are kept from then on"):
        summary_of(engine, CATALOG, PERIOD, "T01", FORM, before)
    assert _total(_said(engine, datetime.now(UTC)), "received") == (5.0, 1, 3)


def test_only_what_changed_is_kept(engine: Engine, run: str) -> None:
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5.0, "solved": 2.0})))
    for _ in range(3):
        refresh_roll_up(engine, CATALOG, PERIOD, FORM)
    (two,) = arrive(engine, run, "b")
    load_batch(engine, run, batch((two, "X01", "accepted", {"received": 6.0, "solved": 2.0})))
    refresh_roll_up(engine, CATALOG, PERIOD, FORM)
    with write(engine) as connection:
        kept = connection.execute(text("SELECT unit, indicator, value FROM roll_up_past ORDER BY unit")).all()
    assert [tuple(row) for row in kept] == [("", "", None), ("T01", "received", 5.0)], json.dumps([*map(str, kept)])
