"""The history of a unit's reports of a period, and the status down the tree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine
from world import FIRST_DAY, NOON, arrival, arrive, frame, furnish, with_units
from world import batch as batch_that_ends_later

from catalog.model import UnitRecord
from domain import columns
from domain.submission import FaultNature
from warehouse import acts, intake, queries, retrying, returns
from warehouse.load import LoadBatch, load_batch
from warehouse.registry import sync_registry

TODAY = date(2025, 4, 1)
SIGNED: dict[str, Any] = {"who": "Trần Văn Phòng", "reason": "theo công văn 12"}


def batch(*reports: tuple[int, str, str, dict[str, float]]) -> LoadBatch:
    """A batch that is checked by the time it is loaded."""
    load = batch_that_ends_later(*reports)
    return replace(load, finished_at=load.started_at)


@pytest.fixture
def run(engine: Engine) -> str:
    return furnish(engine)


def test_everything_that_happened_with_a_report_is_told_in_order(engine: Engine, run: str) -> None:
    one, two, other = arrive(engine, run, "a", "b", "c")
    intake.fail_attempt(engine, run, [one], "mất kết nối", nature=FaultNature.TRANSIENT)
    load_batch(engine, run, batch((one, "X01", "rejected", {}), (other, "X02", "rejected", {})))
    acts.waive(engine, 1, **SIGNED, until=TODAY, override=True, second_person="bà Hai", today=TODAY)
    acts.retry(engine, [one, other], **SIGNED)
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    load_batch(engine, run, batch((two, "X01", "accepted", {"received": 6})))
    again = arrival("a", minutes=60 * 24 * 365 * 10)
    intake.receive(engine, run, [again])
    acts.permit_late(engine, "X01", "2025-Q1", date(2026, 1, 1), **SIGNED)
    acts.withdraw(engine, two, **SIGNED)
    told = queries.history_of(engine, "X01", "2025-Q1")
    assert [(row["kind"], row["submission"]) for row in told] == [
        ("receipt", one),
        ("receipt", two),
        ("attempt", one),
        ("attempt", one),
        ("act", one),
        ("act", one),
        ("attempt", one),
        ("version", one),
        ("attempt", two),
        ("version", two),
        ("attempt", one),
        ("act", None),
        ("act", two),
        ("receipt", one),
    ]
    assert [row["at"] for row in told] == sorted(row["at"] for row in told)
    said = [row["words_vi"] for row in told]
    assert "nhận tệp a.xlsx" in said
    assert "xử lý: không xử lý được do trục trặc: mất kết nối" in said
    assert "xử lý: bị trả lại, 1 phát hiện" in said
    assert "xử lý: tệp đã có, không có gì thay đổi: a.xlsx" in said
    assert f"bản 1: đã bị bản mới hơn thay thế (báo cáo {two})" in said
    assert "bản 2: đã được rút" in said
    assert "cho qua LỖI DOS-001 (received) đến hết 01/04/2025 (cùng bà Hai): theo công văn 12" in said
    assert "cho phép gửi muộn đến hết 01/01/2026: theo công văn 12" in said
    assert "rút báo cáo: theo công văn 12" in said
    assert all(row["words_en"] and row["words_en"] != row["words_vi"] for row in told)
    (withdrawn,) = [row for row in told if row.get("act") == "withdraw"]
    assert (withdrawn["who"], withdrawn["before"], withdrawn["after"], withdrawn["version"], withdrawn["form"]) == (
        "Trần Văn Phòng",
        "accepted",
        "withdrawn",
        2,
        "bieu-1",
    )
    assert {row["submission"] for row in told} == {one, two, None}
    assert queries.history_of(engine, "X03", "2025-Q1") == []
    assert [row["kind"] for row in queries.history_of(engine, "X01", "2025-Q1", "bieu-9")] == ["act"]


def test_files_that_name_the_unit_and_could_not_be_placed_belong_to_its_history(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load = batch((one, "X01", "rejected", {}), (two, "X02", "rejected", {}))
    unknown = load.headers.with_columns(form=pl.lit(None, pl.String))
    load_batch(engine, run, replace(load, headers=unknown))
    acts.withdraw(engine, one, **SIGNED)
    told = queries.history_of(engine, "X01", "2025-Q1")
    assert [(row["kind"], row["submission"], row["version"]) for row in told] == [
        ("receipt", one, None),
        ("attempt", one, None),
        ("version", one, None),
        ("act", one, None),
    ]
    assert told[2]["words_vi"] == "tệp chưa xếp được vào đơn vị, kỳ, biểu nào: đã được rút"


def test_closing_a_period_is_part_of_every_history_of_it(engine: Engine, run: str) -> None:
    acts.close_period(engine, "2025-Q1", **SIGNED)
    acts.reopen_period(engine, "2025-Q1", **SIGNED)
    assert [row["act"] for row in queries.history_of(engine, "X01", "2025-Q1")] == ["close_period", "reopen_period"]
    assert queries.history_of(engine, "X01", "2024-Q4") == []
    with pytest.raises(queries.UnknownPeriodError):
        queries.history_of(engine, "X01", "2031-Q1")


# ------------------------------------------------------------------------------------------------ status


def test_status_down_the_tree_adds_up_at_every_unit(engine: Engine) -> None:
    below = UnitRecord(code="A09", valid_from=FIRST_DAY, name="Xã dưới X01", kind="xa", parent="X01", source="thử")
    run = furnish(engine)
    sync_registry(engine, with_units(below), years=(2025,))
    one, two, three = arrive(engine, run, "a", "b", "c")
    load_batch(engine, run, batch((one, "A09", "accepted", {}), (two, "X02", "rejected", {})))
    load_batch(engine, run, batch((three, "X03", "rejected", {})))
    acts.retry(engine, [three], **SIGNED)
    acts.permit_late(engine, "X01", "2025-Q1", date(2026, 1, 1), **SIGNED)
    names = ["unit", "depth", "expected", "received", "rejected", "waiting", "missing", "permitted", "in_force"]
    whole = queries.status_tree(engine, "2025-Q1", "bieu-1", today=TODAY).select(names)
    assert whole.rows() == [
        ("T01", 0, 4, 3, 1, 1, 1, 1, 1),
        ("X01", 1, 2, 1, 0, 0, 1, 1, 1),
        ("A09", 2, 1, 1, 0, 0, 0, 0, 1),
        ("X02", 1, 1, 1, 1, 0, 0, 0, 0),
        ("X03", 1, 1, 1, 0, 1, 0, 0, 0),
    ]
    assert queries.status_tree(engine, "2025-Q1", "bieu-1", depth=0)["unit"].to_list() == ["T01"]
    part = queries.status_tree(engine, "2025-Q1", "bieu-1", "X01", depth=1)
    assert part.select("unit", "parent", "depth").rows() == [("X01", "T01", 0), ("A09", "X01", 1)]
    assert queries.status_tree(engine, "2025-Q1", "bieu-1", "X99").is_empty()
    (board,) = queries.status(engine, "2025-Q1", today=TODAY)
    assert [board[name] for name in names[2:]] == list(whole.row(0)[2:])


def test_a_withdrawn_newer_version_does_not_hide_the_one_in_force(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "accepted", {}), (two, "X01", "rejected", {})))
    (row,) = queries.status_by_unit(engine, "2025-Q1", "X01").to_dicts()
    assert (row["state"], row["version"], row["is_in_force"]) == ("rejected", 2, True)
    acts.withdraw(engine, two, **SIGNED)
    (row,) = queries.status_by_unit(engine, "2025-Q1", "X01").to_dicts()
    assert (row["state"], row["version"], row["is_in_force"]) == ("accepted", 1, True)
    acts.withdraw(engine, one, **SIGNED)
    (row,) = queries.status_by_unit(engine, "2025-Q1", "X01").to_dicts()
    assert (row["state"], row["version"], row["is_in_force"]) == ("withdrawn", 2, False)
    assert row["received_at"] - NOON < timedelta(minutes=1)
    assert row["received_at"] < datetime.now(UTC)


def test_what_failed_before_a_version_that_passed_is_over_also_when_that_one_was_withdrawn(
    engine: Engine, run: str
) -> None:
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "rejected", {})))
    load_batch(engine, run, batch((two, "X01", "accepted", {})))
    acts.withdraw(engine, two, **SIGNED)
    (row,) = queries.status_by_unit(engine, "2025-Q1", "X01").to_dicts()
    assert (row["state"], row["version"], row["is_in_force"]) == ("withdrawn", 2, False)
    assert queries.findings(engine).is_empty()
    assert retrying.failed(engine).is_empty()
    assert returns.returnable(engine).is_empty()
    # a newer one that fails is looked at again
    (three,) = arrive(engine, run, "c")
    load_batch(engine, run, batch((three, "X01", "rejected", {})))
    (row,) = queries.status_by_unit(engine, "2025-Q1", "X01").to_dicts()
    assert (row["state"], row["version"]) == ("rejected", 3)
    assert retrying.failed(engine)["submission"].to_list() == [three]
    # and one that never passed hides nothing when it is withdrawn
    (four,) = arrive(engine, run, "d")
    load_batch(engine, run, batch((four, "X01", "rejected", {})))
    acts.withdraw(engine, four, **SIGNED)
    assert retrying.failed(engine)["submission"].to_list() == [three]


def test_what_let_figures_pass_is_counted_while_they_stand_whatever_was_sent_since(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load = batch((one, "X01", "accepted_with_warnings", {"received": 5}))
    found = {"file": one, "rule": "D", "severity": "critical", "level": 4, "field": "received", "item": 0}
    settled = {
        "message_vi": "Sai.",
        "message_en": "Wrong.",
        "settled_by": "override",
        "explanation": "theo công văn 12",
    }
    load_batch(engine, run, replace(load, findings=frame(columns.FINDINGS, [{**found, **settled}])))
    load_batch(engine, run, batch((two, "X01", "rejected", {})))
    (board,) = queries.status(engine, "2025-Q1")
    assert (board["rejected"], board["in_force"], board["overridden"]) == (1, 1, 1)
    assert queries.waiver_counts(engine, "2025-Q1")["override"] == 1
    acts.withdraw(engine, one, **SIGNED)
    (board,) = queries.status(engine, "2025-Q1")
    assert (board["in_force"], board["overridden"]) == (0, 0)
    assert queries.waiver_counts(engine, "2025-Q1")["override"] == 0


def test_submissions_are_counted_by_state_below_a_unit(engine: Engine, run: str) -> None:
    assert queries.states_of(engine) == {}
    one, _ = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "rejected", {})))
    assert queries.states_of(engine) == {"rejected": 1, "received": 1}
    assert queries.states_of(engine, unit="T01") == {"rejected": 1}
    assert queries.states_of(engine, unit="X02") == {}
    assert queries.states_of(engine, period="2025-Q2") == {}
    assert queries.states_of(engine, submission=one) == {"rejected": 1}
