"""Conclusions in the warehouse: what was said of them by whom counts as it should, on both databases."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import Engine, insert, select
from world import CATALOG, UNITS, _unit, arrive, batch, frame

from catalog.model import UnitEventRecord
from conference.frozen import KEYS, SCHEMAS
from domain import clock, columns
from domain.act import ActRefusedError
from domain.conclusion import PROGRESS_LIST, ConclusionState, Direction, Speaker
from tasks.rolling import refresh_roll_up
from warehouse import acts, conclusions, tables
from warehouse.bulk import read_frame
from warehouse.conclusions import Conference, Task, Update
from warehouse.engine import write
from warehouse.extracts import read_view
from warehouse.intake import start_run
from warehouse.load import LoadBatch, load_batch
from warehouse.registry import sync_registry

HELD = date(2025, 1, 10)
REFORM = date(2025, 7, 1)
BY = {"who": "văn phòng", "reason": "thử"}


def _event(old: str, new: str, share: str = "full", kind: str = "merge") -> UnitEventRecord:
    known = next(unit for unit in UNITS if unit.code == old)
    return UnitEventRecord.model_validate(
        {
            "kind": kind, "day": REFORM, "old_code": old, "old_valid_from": known.valid_from, "new_code": new,
            "new_valid_from": REFORM, "share": share, "document": "NQ 1",
        }
    )  # fmt: skip


def _world(engine: Engine) -> str:
    """X02 goes wholly into X09 on 1/7/2025, X03 goes apart."""
    last = REFORM - timedelta(days=1)
    units = [unit.model_copy(update={"valid_to": last}) if unit.code in ("X02", "X03") else unit for unit in UNITS]
    later = [
        _unit(code, "xa", "T01", name).model_copy(update={"valid_from": REFORM})
        for code, name in (("X09", "Xã Chín"), ("X08", "Xã Tám"))
    ]
    events = (
        _event("X02", "X09"),
        _event("X03", "X09", "partial", "split"),
        _event("X03", "X08", "partial", "split"),
    )
    sync_registry(engine, replace(CATALOG, units=(*units, *later), events=events), years=(2024, 2025))
    return start_run(engine, "collect-period", "2025-Q1")


def _id(engine: Engine, code: str) -> int:
    unit = tables.unit.c
    with engine.connect() as connection:
        return int(connection.scalars(select(unit.id).where(unit.code == code)).one())


def _concluded(engine: Engine, *tasks: Task, unit: str = "T01") -> Conference:
    meeting = Conference("HN-1", _id(engine, unit), HELD)
    conclusions.put_tasks(engine, meeting, tasks, **BY)
    return meeting


def _saying(number: int, unit: str, period: str, *rows: dict[str, Any], **figures: float) -> LoadBatch:
    """A report whose list speaks of tasks: ``number``, and ``state, progress, value``."""
    listed = [
        {
            "file": number,
            "list": PROGRESS_LIST,
            "item": item,
            "key": str(item),
            "content": json.dumps({"conference": "hn-1", **{k: str(v) for k, v in row.items()}}),
            "read": json.dumps({k: v for k, v in row.items() if k != "progress"}),
            "sheet": "Theo dõi kết luận",
            "cell": f"A{item + 4}",
        }
        for item, row in enumerate(rows, 1)
    ]
    return replace(
        batch((number, unit, "accepted", figures), period=period), list_rows=frame(columns.LIST_ROWS, listed)
    )


def _row(engine: Engine, number: int, **asked: Any) -> dict[str, Any]:
    return conclusions.follow_up(engine, **asked).filter(pl.col("number") == number).row(0, named=True)


def test_of_an_owner_with_units_below_the_total_counts_not_its_own_part(engine: Engine) -> None:
    run = _world(engine)
    task = Task(1, "Nhận hồ sơ", _id(engine, "T01"), date(2025, 5, 1), "received", 50.0, Direction.AT_LEAST)
    _concluded(engine, task)
    own, one, two = arrive(engine, run, "a", "b", "c")
    load_batch(engine, run, batch((own, "T01", "accepted", {"received": 4.0}), period="2025-Q1"))
    row = _row(engine, 1)
    assert (row["value"], row["met"]) == (None, "not_known"), "no total yet, and its own part is none"
    others = batch((one, "X01", "accepted", {"received": 30.0}), (two, "X02", "accepted", {"received": 20.0}))
    load_batch(engine, run, others)
    refresh_roll_up(engine, CATALOG, "2025-Q1", "bieu-1")
    row = _row(engine, 1)
    assert (row["value"], row["met"]) == (54.0, "met")
    headers = pl.DataFrame({"file": [1], "unit": ["T01"], "period": ["2025-Q1"], "form": ["bieu-1"]})
    (known,) = conclusions.known_conclusions(engine, headers).iter_rows(named=True)
    assert (known["indicator"], known["target"]) == ("received", None), "its own report cannot tell"


def test_what_a_report_says_counts_while_the_report_does(engine: Engine) -> None:
    run = _world(engine)
    _concluded(engine, Task(1, "Lập tổ ở các ấp", _id(engine, "X01"), date(2025, 5, 1)))
    first, second = arrive(engine, run, "a", "b")
    load_batch(
        engine, run, _saying(first, "X01", "2025-Q1", {"number": 1.0, "state": "in_progress", "progress": "3 ấp"})
    )
    assert (_row(engine, 1)["state"], _row(engine, 1)["cell"]) == ("in_progress", "A5")
    load_batch(engine, run, _saying(second, "X01", "2025-Q1", {"number": 1.0, "state": "done", "value": 8.0}))
    row = _row(engine, 1)
    assert (row["state"], row["overdue"], row["said"], row["speaker"]) == ("done", False, 8.0, "owner")
    acts.withdraw(engine, second, **BY)
    row = _row(engine, 1)
    assert (row["state"], row["overdue"], row["progress"], row["said"]) == ("open", True, None, None)
    story = conclusions.told(engine, "HN-1", 1)
    assert story["state"].to_list() == ["open", "in_progress", "done"]
    assert story["recorded_to"].is_null().to_list() == [True, False, False]
    assert story["who"].to_list() == ["văn phòng", None, None]
    acts.restore(engine, second, **BY)
    load_batch(engine, run, _saying(second, "X01", "2025-Q1", {"number": 1.0, "state": "done", "value": 8.0}))
    assert _row(engine, 1)["state"] == "done"


def test_what_an_administrator_closed_no_report_opens_again(engine: Engine) -> None:
    run = _world(engine)
    _concluded(engine, Task(1, "Lập tổ ở các ấp", _id(engine, "X01"), date(2025, 5, 1)))
    conclusions.say(engine, "HN-1", 1, Update(date(2025, 2, 1), ConclusionState.DROPPED), **BY)
    (number,) = arrive(engine, run, "a")
    load_batch(engine, run, _saying(number, "X01", "2025-Q1", {"number": 1.0, "state": "in_progress"}))
    assert _row(engine, 1)["state"] == "dropped"
    conclusions.say(engine, "HN-1", 1, Update(date(2025, 3, 1), ConclusionState.OPEN), **BY)
    # the report speaks of a later day than the act that opened the task again
    assert _row(engine, 1)["state"] == "in_progress"


def test_nothing_is_written_when_an_act_is_refused(engine: Engine) -> None:
    _world(engine)
    meeting = _concluded(engine, Task(1, "Lập tổ ở các ấp", _id(engine, "X01"), date(2025, 5, 1)))
    before = conclusions.told(engine, "HN-1", 1)
    with pytest.raises(ActRefusedError, match="no task 2"):
        conclusions.say(engine, "HN-1", 2, Update(HELD, ConclusionState.DONE), **BY)
    with pytest.raises(ActRefusedError, match="before the conference"):
        conclusions.say(engine, "HN-1", 1, Update(HELD - timedelta(days=1), ConclusionState.DONE), **BY)
    with pytest.raises(ActRefusedError, match="stands so already"):
        conclusions.say(engine, "HN-1", 1, Update(HELD, ConclusionState.OPEN, due=date(2025, 5, 1)), **BY)
    with pytest.raises(ActRefusedError, match="another unit or day"):
        conclusions.put_tasks(engine, replace(meeting, held_on=date(2025, 1, 11)), [Task(2, "Việc khác")], **BY)
    # what a file leaves empty takes nothing away, and loaded again it changes nothing
    conclusions.put_tasks(engine, meeting, [Task(1, "Lập tổ ở các ấp")], **BY)
    assert_frame_equal(conclusions.told(engine, "HN-1", 1), before)
    with engine.connect() as connection:
        done = read_frame(connection, select(tables.action.c.what))["what"].to_list()
    assert done == ["add_conclusion"]


def test_a_task_goes_to_whoever_its_owner_became_and_is_asked_of_them_alone(engine: Engine) -> None:
    _world(engine)
    _concluded(
        engine,
        Task(1, "Việc của X01", _id(engine, "X01"), date(2025, 12, 1)),
        Task(2, "Việc của X02", _id(engine, "X02"), date(2025, 12, 1)),
        Task(3, "Việc của X03", _id(engine, "X03"), date(2025, 12, 1)),
        Task(4, "Việc chưa giao"),
        Task(5, "Việc đã xong trước Q3", _id(engine, "X01")),
    )
    conclusions.say(engine, "HN-1", 5, Update(date(2025, 4, 1), ConclusionState.DONE), **BY)

    def listed(period: str) -> dict[str, list[int]]:
        found = conclusions.to_report(engine, period, ["X01", "X02", "X03", "X08", "X09"])
        return {unit: part["number"].to_list() for (unit,), part in found.group_by("unit")}

    assert listed("2024-Q4") == {}  # concluded only in the next period
    assert listed("2025-Q1") == {"X01": [1], "X02": [2], "X03": [3]}
    assert listed("2025-Q3") == {"X01": [1], "X09": [2]}
    owners = {row["number"]: (row["owner"], row["asks"]) for row in conclusions.follow_up(engine).to_dicts()}
    assert owners == {1: ("X01", ""), 2: ("X09", ""), 3: (None, "heir"), 4: (None, "owner,due"), 5: ("X01", "")}
    headers = frame(
        columns.HEADERS,
        [{"file": 1, "unit": "X09", "period": "2025-Q3", "form": "bieu-1"}],
    )
    known = conclusions.known_conclusions(engine, headers)
    assert known.select("number", "speaker", "expected").rows() == [(2, Speaker.OWNER.value, True)]


def test_the_unit_that_met_is_told_of_all_its_tasks_and_asked_for_those_of_nobody(engine: Engine) -> None:
    _world(engine)
    _concluded(engine, Task(1, "Việc của X02", _id(engine, "X02")), Task(2, "Việc chưa giao"), unit="X01")
    headers = frame(columns.HEADERS, [{"file": 1, "unit": "X01", "period": "2025-Q1", "form": "bieu-1"}])
    known = conclusions.known_conclusions(engine, headers)
    assert known.select("number", "speaker", "expected").rows() == [(1, "holder", False), (2, "holder", True)]
    assert conclusions.to_report(engine, "2025-Q1", ["X01"])["number"].to_list() == [1, 2]


def test_a_target_is_judged_by_the_owners_latest_figure_as_an_interval(engine: Engine) -> None:
    run = _world(engine)
    owner = _id(engine, "X01")
    _concluded(
        engine,
        Task(1, "Ít nhất 8", owner, None, "received", 8.0, Direction.AT_LEAST),
        Task(2, "Không quá 8", owner, None, "received", 8.0, Direction.AT_MOST),
        Task(3, "Không có báo cáo", _id(engine, "X02"), None, "received", 8.0, Direction.AT_LEAST),
    )

    def met() -> list[str]:
        return list(conclusions.follow_up(engine)["met"])

    assert met() == ["not_known"] * 3
    before, first, second = arrive(engine, run, "a", "b", "c")
    load_batch(engine, run, batch((before, "X01", "accepted", {"received": 100.0}), period="2024-Q4"))
    assert met() == ["not_known"] * 3  # it speaks of a period that ended before the conference
    load_batch(engine, run, batch((first, "X01", "accepted", {"received": 3.0})))
    assert met() == ["not_met", "met", "not_known"]
    about = batch((second, "X01", "accepted", {"received": 8.0}), period="2025-Q2")
    worded = about.observations.with_columns(lower=pl.lit(7.0), upper=pl.lit(9.0), qualifier=pl.lit("approx"))
    load_batch(engine, run, replace(about, observations=worded))
    assert met() == ["not_known"] * 3
    row = _row(engine, 1)
    assert (row["value"], row["lower"], row["upper"], row["period"]) == (8.0, 7.0, 9.0, "2025-Q2")
    assert _row(engine, 1, periods=["2025-Q1"])["met"] == "not_met"


def test_the_past_shows_what_was_known_then(engine: Engine) -> None:
    _world(engine)
    _concluded(engine, Task(1, "Việc", _id(engine, "X01"), clock.today() + timedelta(days=1)))
    assert conclusions.follow_up(engine, as_of=clock.today() - timedelta(days=1)).is_empty()
    assert not _row(engine, 1, as_of=clock.today())["overdue"]
    assert _row(engine, 1, as_of=clock.today() + timedelta(days=2))["overdue"]
    assert conclusions.counted(engine) == {"open": 1, "overdue": 0, "incomplete": 0}


def test_a_freeze_gets_the_tasks_of_the_unit_and_of_those_above_it(engine: Engine) -> None:
    _world(engine)
    _concluded(engine, Task(1, "Việc của tỉnh", _id(engine, "X01"), date(2025, 5, 1)))
    own = Conference("HN-2", _id(engine, "X02"), date(2025, 2, 1))
    conclusions.put_tasks(engine, own, [Task(1, "Việc của xã")], **BY)
    other = Conference("HN-3", _id(engine, "X01"), date(2025, 2, 1))
    conclusions.put_tasks(engine, other, [Task(1, "Việc của xã khác")], **BY)
    kept = conclusions.conclusions_frame(engine, "X02", ["2025-Q1"], clock.today())
    assert kept.schema == pl.Schema(dict(SCHEMAS["conclusions"]))
    assert kept["conference"].to_list() == ["HN-1", "HN-2"]
    assert kept.sort(KEYS["conclusions"]).equals(kept)
    assert kept.row(0, named=True)["state_vi"] == "chưa thực hiện"
    # its heir answers for what the unit concluded that went into it
    assert conclusions.conclusions_frame(engine, "X09", ["2025-Q3"], clock.today())["conference"].to_list() == [
        "HN-1",
        "HN-2",
    ]
    early = conclusions.conclusions_frame(engine, "X02", ["2025-Q1"], clock.today(), before=date(2025, 2, 1))
    assert early["conference"].to_list() == ["HN-1"]


def test_the_view_says_what_the_program_says(engine: Engine) -> None:
    """Whatever was said in whatever order: two ways to one answer."""
    _world(engine)
    chance = random.Random(7)
    units = [_id(engine, code) for code in ("X01", "X02", "X03")]
    _concluded(engine, *[Task(number, f"Việc {number}") for number in range(1, 31)])
    with write(engine) as connection:
        numbers = read_frame(connection, select(tables.conclusion.c.id))["id"].to_list()
        rows = [
            {
                "id": 1000 + count,
                "conclusion_id": chance.choice(numbers),
                "speaker": chance.choice([speaker.value for speaker in Speaker]),
                "said_of": HELD + timedelta(days=chance.randrange(3)),
                "state": chance.choice([None, *[state.value for state in ConclusionState]]),
                "owner_id": chance.choice([None, *units]),
                "due": chance.choice([None, date(2025, 1, 1), date(2999, 1, 1)]),
                "progress": chance.choice([None, f"tiến độ {count}"]),
                "value": chance.choice([None, float(count)]),
                "recorded_from": datetime(2025, 2, 1, chance.randrange(3), tzinfo=UTC),
                "recorded_to": chance.choice([None, None, datetime(2025, 3, 1, tzinfo=UTC)]),
            }
            for count in range(300)
        ]
        connection.execute(insert(tables.conclusion_progress), rows)
    with engine.connect() as connection:
        view = read_view(connection, "mart_conclusion").sort("number")
    here = conclusions.follow_up(engine).with_columns(owner=pl.coalesce("named", "owner")).sort("number")
    for name in ("state", "owner", "due", "progress", "said_of", "speaker"):
        assert view[name].to_list() == here[name].to_list(), name
    assert view["value"].to_list() == here["said"].to_list()
    assert view["overdue"].to_list() == [int(overdue) for overdue in here["overdue"]]
