"""A period whose window contains 1 July 2025: reports of units that were merged, divided and renamed within it.

P1 and P2 became P3; A and B became C, D was divided into D1 and D2, E is E9 now, G kept its code under P3, F stayed.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text
from world import CATALOG, arrive, batch

from catalog.model import UnitEventRecord, UnitRecord
from domain.comparison import Boundaries
from domain.period import PeriodKind
from domain.unit import EventKind, EventShare
from tasks.rolling import refresh_roll_up, summary_of
from tasks.year_on_year import Asked, compare_unit, refresh_year_on_year
from warehouse import acts, queries
from warehouse.intake import start_run
from warehouse.load import load_batch
from warehouse.registry import import_register, sync_registry
from warehouse.retrying import failed
from warehouse.returns import returnable

OLD, EVE, REFORM = date(2000, 1, 1), date(2025, 6, 30), date(2025, 7, 1)
FORM = "bieu-1"
_yearly = CATALOG.obligations[0].model_copy(update={"period_kinds": (PeriodKind.YEAR,)})
OURS = replace(CATALOG, units=(), obligations=(*CATALOG.obligations, _yearly))

THEN = {"A": 10.0, "B": 20.0, "D": 40.0, "E": 80.0, "F": 160.0, "G": 320.0}
NOW = {"C": 33.0, "D1": 21.0, "D2": 22.0, "E9": 88.0, "F": 176.0, "G": 352.0}

_LIVES = [
    ("P1", "tinh", None, OLD, EVE), ("P2", "tinh", None, OLD, EVE), ("P3", "tinh", None, REFORM, None),
    ("A", "xa", "P1", OLD, EVE), ("B", "xa", "P1", OLD, EVE), ("C", "xa", "P3", REFORM, None),
    ("D", "xa", "P1", OLD, EVE), ("D1", "xa", "P3", REFORM, None), ("D2", "xa", "P3", REFORM, None),
    ("E", "xa", "P2", OLD, EVE), ("E9", "xa", "P3", REFORM, None), ("F", "xa", "P2", OLD, None),
    ("G", "xa", "P1", OLD, EVE), ("G", "xa", "P3", REFORM, None),
]  # fmt: skip
_FLOWS = [
    ("P1", "P3", "merge", "full"), ("P2", "P3", "merge", "full"), ("A", "C", "merge", "full"),
    ("B", "C", "merge", "full"), ("D", "D1", "split", "partial"), ("D", "D2", "split", "partial"),
    ("E", "E9", "rename", "full"), ("G", "G", "rename", "full"),
]  # fmt: skip
UNITS = [
    UnitRecord(code=code, valid_from=a, valid_to=b, name=f"Tên {code}", kind=kind, parent=parent, source="thử")
    for code, kind, parent, a, b in _LIVES
]
EVENTS = [
    UnitEventRecord(
        kind=EventKind(kind), day=REFORM, old_code=old, old_valid_from=OLD, new_code=new, new_valid_from=REFORM,
        share=EventShare(share), document="NQ",
    )
    for old, new, kind, share in _FLOWS
]  # fmt: skip

_numbers = itertools.count(1)


@pytest.fixture
def run(engine: Engine) -> str:
    sync_registry(engine, OURS, years=(2024, 2025))
    return start_run(engine, "collect-period", "2025-Q3")


def _send(engine: Engine, run: str, period: str, figures: dict[str, float]) -> list[int]:
    numbers = arrive(engine, run, *[f"file {next(_numbers)}" for _ in figures])
    reports = [
        (number, unit, "accepted", {"received": value})
        for number, (unit, value) in zip(numbers, figures.items(), strict=True)
    ]
    load_batch(engine, run, batch(*reports, period=period))
    _refresh(engine, period)
    return numbers


def _refresh(engine: Engine, period: str) -> None:
    refresh_year_on_year(engine, OURS, period, FORM)
    refresh_roll_up(engine, OURS, period, FORM)


def _one(engine: Engine, question: str) -> dict[str, Any]:
    with engine.connect() as connection:
        return dict(connection.execute(text(question)).mappings().one())


def _total(engine: Engine, period: str, unit: str = "P3") -> tuple[float, str]:
    """What the mart says, which must be what adding up everything anew says."""
    question = f"SELECT value, coverage FROM mart_total WHERE period = '{period}' AND unit = '{unit}'"
    question += " AND indicator = 'received'"
    told = _one(engine, question)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM mart_roll_up"))
    refresh_roll_up(engine, OURS, period, FORM)
    assert _one(engine, question) == told
    return told["value"], told["coverage"]


def _compared(engine: Engine, then: str, now: str, unit: str, side: Boundaries = Boundaries.NOW) -> dict[str, Any]:
    periods = OURS.period(then), OURS.period(now)
    assert periods[0]
    assert periods[1]
    (row,) = compare_unit(engine, OURS, Asked(periods[0], periods[1], side), unit, [FORM], "received")
    return row


def _pair(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["value_then"], row["value_now"], row["reported_now"], row["expected_now"], row["reason"], row["cautions"]


@pytest.mark.parametrize(("then", "now"), [("2024-Q3", "2025-Q3"), ("2024", "2025")])
def test_every_answer_about_a_period_that_holds_the_reform(engine: Engine, run: str, then: str, now: str) -> None:
    """Sent by the units of the last day: each is owed by one that lives on it."""
    import_register(engine, OURS, UNITS, EVENTS)
    _send(engine, run, then, THEN)
    _send(engine, run, now, NOW)
    (board,) = queries.status(engine, now)
    assert (board["expected"], board["in_force"], board["missing"], board["unexpected"]) == (6, 6, 0, 0)
    assert _total(engine, now) == (692.0, "6/6")
    rate = _one(engine, f"SELECT * FROM mart_reporting_rate WHERE period = '{now}' AND unit = 'P3'")
    assert (rate["expected"], rate["complete"], rate["completeness_rate"]) == (6, 6, 100)
    # nothing is lacking, so nothing is to be said against it: A and B are in C, and no part of D went elsewhere
    assert _pair(_compared(engine, then, now, "P3")) == (630.0, 692.0, 6, 6, None, "")
    assert _pair(_compared(engine, then, now, "C")) == (30.0, 33.0, 1, 1, None, "")
    assert _pair(_compared(engine, then, now, "E9")) == (80.0, 88.0, 1, 1, None, "")
    assert _compared(engine, then, now, "D1")["reason"] == "split"
    assert _compared(engine, then, now, "E", Boundaries.THEN)["value_now"] == 88.0
    kept = _one(engine, f"SELECT * FROM mart_year_on_year WHERE period = '{now}' AND unit = 'P3' AND value_now = 692")
    assert (kept["value_then"], kept["reported_now"], kept["cautions"]) == (630.0, 6, "")


def test_what_was_sent_under_the_code_of_before_is_the_report_of_the_unit_of_now(engine: Engine, run: str) -> None:
    """E's file bears the code of its old template: E9 owes the report and gave it, in every answer."""
    import_register(engine, OURS, UNITS, EVENTS)
    _send(engine, run, "2024-Q3", THEN)
    others = {unit: value for unit, value in NOW.items() if unit != "E9"}
    _send(engine, run, "2025-Q3", others)
    assert _total(engine, "2025-Q3") == (604.0, "5/6")
    _send(engine, run, "2025-Q3", {"E": 88.0})
    assert _total(engine, "2025-Q3") == (692.0, "6/6")
    assert _pair(_compared(engine, "2024-Q3", "2025-Q3", "E9")) == (80.0, 88.0, 1, 1, None, "")
    assert [row["value"] for row in summary_of(engine, OURS, "2025-Q3", "E9", FORM) if row["value"]] == [88.0]
    assert [row["value"] for row in queries.trace(engine, "E9", "2025-Q3", "received")] == [88.0]
    assert queries.trace(engine, "E9", "2024-Q3", "received") == []
    (sent,) = _send(engine, run, "2025-Q3", {"E9": 90.0})  # again, under the new code: another version
    assert _total(engine, "2025-Q3") == (694.0, "6/6")
    acts.withdraw(engine, sent, who="An", reason="gửi nhầm")
    _refresh(engine, "2025-Q3")
    assert _total(engine, "2025-Q3") == (604.0, "5/6")
    rate = _one(engine, "SELECT * FROM mart_reporting_rate WHERE period = '2025-Q3' AND unit = 'P3'")
    assert (rate["received"], rate["withdrawn"], rate["in_force"]) == (6, 1, 5)


def test_a_renaming_that_is_recorded_afterwards_adds_no_report_to_itself(engine: Engine, run: str) -> None:
    """Both E and E9 are in force when the register learns that they are one."""
    import_register(engine, OURS, UNITS, [event for event in EVENTS if event.new_code != "E9"])
    _send(engine, run, "2025-Q3", {**NOW, "E": 85.0})
    assert _total(engine, "2025-Q3")[0] == 692.0 + 85.0
    import_register(engine, OURS, [], EVENTS)
    _refresh(engine, "2025-Q3")
    assert _total(engine, "2025-Q3") == (692.0 - 88.0 + 85.0, "6/6")  # E's was sent last
    (board,) = queries.status(engine, "2025-Q3")
    assert (board["expected"], board["in_force"], board["unexpected"]) == (6, 6, 0)


def test_what_merged_units_reported_of_their_days_is_added_and_told(engine: Engine, run: str) -> None:
    """A spoke of 15 to 30 June, C speaks of the days since: both count, and the board says who was not asked."""
    import_register(engine, OURS, UNITS, EVENTS)
    _send(engine, run, "2025-Q3", {**NOW, "A": 1.0, "D": 4.0})
    assert _total(engine, "2025-Q3") == (697.0, "6/6")
    (board,) = queries.status(engine, "2025-Q3")
    assert (board["expected"], board["received"], board["unexpected"]) == (6, 8, 2)
    rate = _one(engine, "SELECT * FROM mart_reporting_rate WHERE period = '2025-Q3' AND unit = 'P3'")
    assert (rate["expected"], rate["received"], rate["reporting_rate"]) == (6, 6, 100)
    figure = _one(engine, "SELECT parent FROM mart_observation WHERE unit = 'A'")
    assert figure["parent"] == "P3"


def test_what_was_filed_under_an_old_code_is_told_of_the_unit_it_is_now(engine: Engine, run: str) -> None:
    """E is E9 since July; F, which only has a new superior, and A, which went into C, are not."""
    import_register(engine, OURS, UNITS, EVENTS)
    numbers = arrive(engine, run, "e", "f", "a")
    reports = [(n, unit, "rejected", {}) for n, unit in zip(numbers, "EFA", strict=True)]
    load_batch(engine, run, batch(*reports, period="2025-Q3"))
    of_e = numbers[0]
    assert queries.findings(engine, period="2025-Q3", unit="E9")["submission"].to_list() == [of_e]
    assert queries.findings(engine, unit="E9")["unit"].to_list() == ["E"]
    assert queries.states_of(engine, period="2025-Q3", unit="E9") == {"rejected": 1}
    assert failed(engine, period="2025-Q3", unit="E9")["submission"].to_list() == [of_e]
    assert returnable(engine, period="2025-Q3", unit="E9")["submission"].to_list() == [of_e]
    told = {row["submission"] for row in queries.history_of(engine, "E9", "2025-Q3")}
    assert told == {of_e}
    assert {row["submission"] for row in queries.history_of(engine, "C", "2025-Q3")} == set()
    assert queries.findings(engine, period="2025-Q3", unit="P3")["submission"].n_unique() >= 2
