"""The life of a period in the warehouse, and its report: as it was when it was closed, and adding up."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from world import CATALOG, arrive, batch, furnish

from domain.act import ActRefusedError
from domain.life import Life
from tasks.period_report import as_data, period_report, write_report
from tasks.settings import Settings
from tasks.store import renew_period
from transform.period_report import GROUPS, MEASURES, STATES, ContradictionError, counted, late, missing, prove
from warehouse import acts, leases, lives, queries
from warehouse.load import load_batch
from warehouse.registry import import_units, sync_registry

PERIOD = "2025-Q1"
SIGNED: dict[str, Any] = {"who": "Trần Văn Phòng", "reason": "theo công văn 12"}
MARCH = datetime(2025, 3, 20, 1, tzinfo=UTC)


@pytest.fixture
def run(engine: Engine) -> str:
    return furnish(engine)


def moments(engine: Engine) -> dict[str, Any]:
    return lives.lives(engine, [PERIOD]).row(0, named=True)


def dies(engine: Engine, run_id: str) -> None:
    """The process of the run is no more, and nobody heard of it for long."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE run SET pid = 999999999, heartbeat_at = :then WHERE id = :id"),
            {"then": "2020-01-01 00:00:00.000000", "id": run_id},
        )


def test_a_period_is_opened_closed_and_opened_again_at_given_moments(engine: Engine, run: str) -> None:
    assert lives.life(engine, PERIOD) is Life.PLANNED
    acts.open_period(engine, PERIOD, moment=MARCH, **SIGNED)
    assert (moments(engine)["life"], moments(engine)["opened_at"]) == ("open", MARCH)
    with pytest.raises(ActRefusedError, match="open since 2025-03-20"):
        acts.open_period(engine, PERIOD, **SIGNED)
    with leases.running(engine, "close-period", PERIOD) as closing:
        began = acts.begin_closing(engine, PERIOD, closing, moment=MARCH + timedelta(days=1), **SIGNED)
        assert moments(engine)["life"] == "closing"
        acts.close_period(engine, PERIOD, run=closing, moment=MARCH + timedelta(days=2), **SIGNED)
    closed = moments(engine)
    assert began == MARCH + timedelta(days=1)
    assert (closed["life"], closed["closing_at"], closed["closed_at"]) == ("closed", None, MARCH + timedelta(days=2))
    with pytest.raises(ActRefusedError, match="closed: reopen"):
        acts.open_period(engine, PERIOD, **SIGNED)
    acts.reopen_period(engine, PERIOD, moment=MARCH + timedelta(days=3), **SIGNED)
    again = moments(engine)
    assert (again["life"], again["closed_at"], again["reopened_at"]) == ("reopened", None, MARCH + timedelta(days=3))
    told = lives.acts_of(engine, PERIOD).select("what", "before", "after", "who").rows()
    who = SIGNED["who"]
    assert told == [
        ("open_period", "planned", "open", who),
        ("close_period", "open", "closing", who),
        ("close_period", "closing", "closed", who),
        ("reopen_period", "closed", "open", who),
    ]


def test_one_run_closes_a_period_and_another_goes_on_when_it_is_dead(engine: Engine, run: str) -> None:
    with (
        leases.running(engine, "close-period", PERIOD) as first,
        leases.running(engine, "close-period", PERIOD) as second,
    ):
        acts.begin_closing(engine, PERIOD, first, moment=MARCH, **SIGNED)
        with pytest.raises(acts.ClosedElsewhereError, match=first):
            acts.begin_closing(engine, PERIOD, second, **SIGNED)
        with pytest.raises(acts.ClosedElsewhereError, match=first):
            acts.close_period(engine, PERIOD, **SIGNED)  # a person at the terminal
        assert acts.begin_closing(engine, PERIOD, first, **SIGNED) == MARCH, "a step that is tried again"
        dies(engine, first)
        assert acts.begin_closing(engine, PERIOD, second, **SIGNED) == MARCH
        with pytest.raises(acts.ClosedElsewhereError, match=second):  # it was only asleep
            acts.close_period(engine, PERIOD, run=first, **SIGNED)
        acts.close_period(engine, PERIOD, run=second, **SIGNED)
        assert moments(engine)["life"] == "closed"
        assert lives.acts_of(engine, PERIOD)["after"].to_list() == ["closing", "closed"]
        with leases.running(engine, "close-period", PERIOD) as third:  # opened again before the report was made
            acts.reopen_period(engine, PERIOD, **SIGNED)
            acts.begin_closing(engine, PERIOD, third, **SIGNED)
            lives.finished(engine, PERIOD)
            assert lives.under_way(engine) == {PERIOD: third}


def test_a_permit_runs_to_the_end_of_its_day(engine: Engine, run: str) -> None:
    assert lives.permits_running(engine, PERIOD, date(2025, 4, 1)) is None
    acts.permit_late(engine, "X01", PERIOD, date(2025, 4, 9), **SIGNED)
    acts.permit_late(engine, "X02", PERIOD, date(2025, 4, 12), **SIGNED)
    assert lives.permits_running(engine, PERIOD, date(2025, 4, 9)) == lives.Permits(2, date(2025, 4, 12))
    assert lives.permits_running(engine, PERIOD, date(2025, 4, 10)) == lives.Permits(1, date(2025, 4, 12))
    assert lives.permits_running(engine, PERIOD, date(2025, 4, 13)) is None
    acts.close_period(engine, PERIOD, **SIGNED)
    with pytest.raises(ActRefusedError, match="closed"):
        acts.permit_late(engine, "X03", PERIOD, date(2025, 4, 12), **SIGNED)


def test_the_report_of_a_closed_period_stays_as_it_was(engine: Engine, run: str, tmp_path: Path) -> None:
    """What comes after the closing is refused; the status tells of it, the report of the period never does."""
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5}), (two, "X02", "rejected", {})))
    acts.open_period(engine, PERIOD, moment=MARCH, **SIGNED)
    before = period_report(engine, CATALOG, PERIOD, MARCH)
    assert before.life == "open"
    assert before.as_of == MARCH
    acts.close_period(engine, PERIOD, moment=MARCH + timedelta(days=9), **SIGNED)
    closed = as_data(period_report(engine, CATALOG, PERIOD, MARCH + timedelta(days=9)))
    assert closed["total"] | {"expected": 3, "received": 2, "missing": 1} == closed["total"]
    assert [row["unit"] for row in closed["missing"]] == ["X03"]
    assert closed["missing"][0]["days"] == (date(2025, 3, 29) - CATALOG.period(PERIOD).due["commune"]).days  # type: ignore[union-attr]
    late_one, late_two = arrive(engine, run, "c", "d")  # X03 for the first time, X01 once more
    load_batch(engine, run, batch((late_one, "X03", "rejected", {}), (late_two, "X01", "rejected", {})))
    assert queries.status(engine, PERIOD)[0]["missing"] == 0
    assert as_data(period_report(engine, CATALOG, PERIOD, MARCH + timedelta(days=400))) == closed
    assert lives.refused_since_closed(engine, PERIOD) == 2
    _tell_of_a_register_changed_back(engine, tmp_path)
    acts.reopen_period(engine, PERIOD, **SIGNED)
    assert period_report(engine, CATALOG, PERIOD, MARCH).total["missing"] == 0
    acts.close_period(engine, PERIOD, moment=MARCH + timedelta(days=9), **SIGNED)  # at the very same moment
    again = period_report(engine, CATALOG, PERIOD, MARCH)
    assert (again.total["expected"], again.is_changed) == (2, False), "a closing of its own"
    files = write_report(Settings(home=tmp_path), again, tmp_path).files
    assert sorted(files) == sorted(tmp_path.glob("period-report-*"))


def _tell_of_a_register_changed_back(engine: Engine, folder: Path) -> None:
    """The commune of which nothing came is recorded to have ended within the period."""
    settings = Settings(home=folder)
    first = write_report(settings, period_report(engine, CATALOG, PERIOD, MARCH), folder)
    (gone,) = (unit for unit in CATALOG.units if unit.code == "X03")
    import_units(engine, CATALOG, [gone.model_copy(update={"valid_to": date(2025, 3, 1)})])
    made = period_report(engine, CATALOG, PERIOD, MARCH)
    assert made.since_closed == {"expected": {"then": 3, "now": 2}, "missing": {"then": 1, "now": 0}}
    assert "KHÁC báo cáo lập lúc đóng kỳ: phải gửi 3 → 2, chưa gửi 1 → 0" in made.vi
    assert "NOT as the report made at the closing: expected 3 → 2, missing 1 → 0" in made.en
    remade = write_report(settings, made, folder)
    assert made.vi.partition(" · ")[2] in remade.files[1].read_text(encoding="utf-8")
    assert json.loads(first.files[0].read_text(encoding="utf-8"))["total"]["expected"] == 3, "it replaces nothing"
    import_units(engine, CATALOG, [gone, gone.model_copy(update={"code": "X04"})])
    import_units(engine, CATALOG, [gone.model_copy(update={"valid_to": date(2025, 3, 1)})])
    other = period_report(engine, CATALOG, PERIOD, MARCH)
    assert (other.since_closed, other.other_units) == ({}, True), "one unit for another"
    assert "the same figures, of other units" in other.en
    import_units(engine, CATALOG, [gone.model_copy(update={"code": "X04", "valid_to": date(2025, 3, 1)})])


def test_a_closed_period_keeps_its_deadlines_when_the_calendar_changes(engine: Engine, run: str) -> None:
    """Calendars bear no dates: another number of working days is meant for the periods to come."""
    calendar = CATALOG.calendars["ND09"]
    later = calendar.model_copy(update={"due_working_days": {"province": 9, "commune": 7}})
    changed = replace(CATALOG, fingerprint="khác", calendars={"ND09": later})
    (number,) = arrive(engine, run, "a")  # two days after the fourteenth: on time
    load_batch(engine, run, batch((number, "X01", "accepted", {"received": 5})))
    acts.close_period(engine, PERIOD, moment=MARCH, **SIGNED)
    before = period_report(engine, CATALOG, PERIOD, MARCH)
    sync_registry(engine, changed, years=(2024, 2025))
    after = period_report(engine, changed, PERIOD, MARCH)
    assert (after.due, after.is_changed) == (before.due, False)
    with engine.connect() as connection:
        moved = connection.scalar(
            text(
                "select due from period_due join period on period.id = period_id"
                " where code = '2025-Q2' and level = 'commune'"
            )
        )
    assert str(moved) == str(changed.period("2025-Q2").due["commune"])  # type: ignore[union-attr]
    acts.reopen_period(engine, PERIOD, **SIGNED)
    renew_period(engine, changed, PERIOD)
    assert period_report(engine, changed, PERIOD, MARCH).due == dict(changed.period(PERIOD).due)  # type: ignore[union-attr]


# ------------------------------------------------------------------------------------------------ counts

_UNITS = [f"X{number:02}" for number in range(6)]
_DUE = date(2025, 3, 16)


@st.composite
def _rows(draw: Any) -> list[dict[str, Any]]:
    rows = []
    for unit in draw(st.lists(st.sampled_from(_UNITS), unique=True, max_size=6)):
        is_expected = draw(st.booleans())
        states = [state.value for state in STATES.values()] + (["missing"] if is_expected else [])
        state, permitted = draw(st.sampled_from(states)), draw(st.booleans()) and is_expected
        due = (_DUE + timedelta(days=5) if permitted else _DUE) if is_expected else None
        received = _DUE + timedelta(days=draw(st.integers(-3, 9))) if state != "missing" else None
        rows.append(
            {
                "unit": unit,
                "name": unit,
                "kind": draw(st.sampled_from(["xa", "phuong"])),
                "level": "commune",
                "form": draw(st.sampled_from(["one", "two"])),
                "branch": draw(st.sampled_from(["T01", None])),
                "due": due,
                "regular_due": _DUE,
                "received_on": received,
                "state": state,
                "is_expected": is_expected,
                "is_late": bool(received and due and received > due),
                "is_in_force": state in ("accepted", "accepted_with_warnings"),
                "is_permitted": permitted,
            }
        )
    return rows


_SCHEMA = {
    **dict.fromkeys(("unit", "name", "kind", "level", "form", "branch"), pl.String),
    **dict.fromkeys(("due", "regular_due", "received_on"), pl.Date),
    "state": pl.String,
    **dict.fromkeys(("is_expected", "is_late", "is_in_force", "is_permitted"), pl.Boolean),
}


@given(_rows())
def test_counts_add_up_and_are_those_of_a_plain_count(rows: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    total: dict[str, int] = counted(frame).row(0, named=True)
    groups = {name: counted(frame, name) for name in GROUPS}
    prove(total, groups)
    plain: Counter[str] = Counter()
    for row in rows:
        came = row["state"] != "missing"
        plain["expected"] += row["is_expected"]
        plain["received"] += came
        plain["missing"] += not came
        plain["late"] += row["is_late"]
        after_the_usual_day = came and row["received_on"] > row["regular_due"]
        plain["permitted_late"] += row["is_permitted"] and after_the_usual_day and not row["is_late"]
    assert {name: total[name] for name in plain} == dict(plain)
    assert len(missing(frame, _DUE)) == total["missing"]
    assert len(late(frame)) == total["late"]
    assert all(row["days"] > 0 for row in late(frame).to_dicts())


def test_counts_that_do_not_add_up_are_no_report() -> None:
    total = dict.fromkeys(MEASURES, 0) | {"expected": 3, "received_of_expected": 1, "missing": 1}
    with pytest.raises(ContradictionError, match="expected 3 ≠ received_of_expected 1 \\+ missing 1"):
        prove(total, {})
