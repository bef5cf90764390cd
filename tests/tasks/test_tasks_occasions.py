"""What is due and not done: on both databases, after an absence, at the first start, and twice at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.clock import ZONE, pretending
from domain.occasion import Occasion, OccasionKind
from tasks.occasions import begin, due, mark_done, planned
from tasks.settings import Settings
from tasks.store import engine_for
from warehouse.engine import Engine

COLLECT, OPEN, CLOSE, REMIND = OccasionKind.COLLECT, OccasionKind.OPEN, OccasionKind.CLOSE, OccasionKind.REMIND


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path / "home", warehouse_url=url)  # type: ignore[arg-type]
    made.workspace.create()
    return made


def keys(items: Sequence[Occasion], period: str) -> list[str]:
    return [item.label for item in items if item.period == period]


def rows(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def test_an_absence_is_made_up_for_in_one_piece_of_work(settings: Settings) -> None:
    """From 12/3 to 24/3/2026: twelve mornings, the cut-off of the quarter and the deadlines of its five levels."""
    begin(settings, at("2026-03-12T10:00"))
    back = at("2026-03-24T07:00")
    missed = due(settings, COLLECT, back)
    assert missed == sorted(missed)
    assert keys(missed, "2026-Q1") == [
        *(f"day:2026-03-{day}" for day in (13, 14)),
        "cutoff",
        *(f"day:2026-03-{day}" for day in (15, 16)),
        *("due:cell", "day:2026-03-17", "due:base", "day:2026-03-18", "due:commune", "day:2026-03-19", "due:district"),
        *(f"day:2026-03-{day}" for day in (20, 21, 22, 23, 24)),
    ]
    with pretending(back):
        mark_done(settings, missed, "lượt-1", "Completed · 0 accepted")
    assert due(settings, COLLECT, back) == []
    assert [item.label for item in due(settings, COLLECT, at("2026-03-24T23:30")) if item.period == "2026-Q1"] == [
        "due:province"
    ]
    noted = rows(engine_for(settings.url), "select distinct run_id, outcome from occasion")
    assert noted == [("lượt-1", "Completed · 0 accepted")]
    count = rows(engine_for(settings.url), "select count(*) from occasion where kind = 'collect'")
    assert count == [(len(missed),)]


def test_what_was_noted_stays_as_it_was_noted(settings: Settings) -> None:
    begin(settings, at("2026-03-12T10:00"))
    first = due(settings, COLLECT, at("2026-03-13T07:00"))
    mark_done(settings, first, "a", "lần đầu")
    again = due(settings, COLLECT, at("2026-03-14T07:00"))

    def mark(run: str) -> None:
        mark_done(settings, [*first, *again, *again], run, "lần sau")

    with ThreadPoolExecutor(2) as pool:  # two machines at once
        list(pool.map(mark, ("b", "c")))
    found = dict(rows(engine_for(settings.url), "select outcome, count(*) from occasion group by 1"))  # type: ignore[arg-type]
    assert found == {"lần đầu": len(first), "lần sau": len(again)}
    mark_done(settings, [], "d", "không có gì")
    months = due(settings, COLLECT, at("2026-07-01T07:00"))
    assert len(months) > 500, "more than a statement asks for"
    mark_done(settings, months, "e", "hai lần")
    mark_done(settings, months, "f", "hai lần")  # as another machine does that asked at the same moment
    assert due(settings, COLLECT, at("2026-07-01T07:00")) == []


def test_the_first_start_makes_up_for_nothing_but_opens_what_runs(settings: Settings) -> None:
    """On 20/3/2026 the first quarter is over and its reports come in; the second has begun, so has the year."""
    start = at("2026-03-20T10:00")
    for kind in (COLLECT, CLOSE, REMIND, OccasionKind.REVIEW):
        assert due(settings, kind, start) == []
    to_open = {item.period for item in due(settings, OPEN, start)}
    assert to_open == {"2026", "2026-H1", "2026-9M", "2026-Q1", "2026-Q2", "2026-M03", "2026-M04", "2026-M03@CALENDAR"}
    with pretending(start):
        mark_done(settings, due(settings, OPEN, start), "mở", "đã mở")
    assert due(settings, OPEN, start) == []
    assert begin(settings, at("2026-07-01T00:00")) == start, "the first opening began the schedule"
    assert {i.period for i in due(settings, CLOSE, at("2026-03-27T06:00"))} == {"2026-M03", "2026-Q1"}
    assert due(settings, CLOSE, at("2026-03-27T05:59")) == []


def test_nobody_opens_or_reminds_of_what_should_be_closed(settings: Settings) -> None:
    begin(settings, at("2026-01-10T00:00"))
    back = at("2026-05-01T12:00")
    assert {item.period for item in due(settings, OPEN, back)} >= {"2026-Q2", "2026-M05", "2026-M04@CALENDAR"}
    for kind in (OPEN, REMIND):
        assert "2026-Q1" not in {item.period for item in due(settings, kind, back)}
    for kind in (COLLECT, CLOSE):
        assert "2026-Q1" in {item.period for item in due(settings, kind, back)}


def test_the_plan_has_what_is_overdue_first(settings: Settings) -> None:
    begin(settings, at("2026-03-26T10:00"))
    listed = planned(settings, at("2026-03-28T10:00"), at("2026-03-31T23:31"))
    marks = [item.is_overdue for item in listed]
    assert marks == sorted(marks, reverse=True)
    late = {(i.occasion.kind, i.occasion.period) for i in listed if i.is_overdue}
    assert {(CLOSE, "2026-Q1"), (CLOSE, "2026-M03"), (OPEN, "2026-Q2")} <= late
    last = listed[-1].occasion
    assert (last.period, last.label, last.at) == ("2026-M03@CALENDAR", "cutoff", at("2026-03-31T23:30"))
    assert last.at.tzinfo is UTC
    assert all(i.occasion.at > at("2026-03-28T10:00") for i in listed if not i.is_overdue)
    assert all(i.course.closes_at - i.course.opens_at > timedelta(days=30) for i in listed)
