"""Reports whose figures are all another unit's: which one is the copy, and what is written down of it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, event, select
from world import FIRST_DAY, arrive, batch, frame, furnish, with_units

from catalog.model import UnitEventRecord, UnitRecord
from domain import columns
from warehouse import acts, copies, queries, tables
from warehouse.load import load_batch
from warehouse.registry import sync_registry

TODAY = date(2025, 4, 1)
SIGNED: dict[str, Any] = {"who": "Trần Văn Phòng", "reason": "cùng số thật"}
FIGURES = {"received": 12.0, "solved": 7.0}


@pytest.fixture
def run(engine: Engine) -> str:
    return furnish(engine)


def load(engine: Engine, run: str, number: int, unit: str, figures: str | None = "f", period: str = "2025-Q1") -> None:
    """A report in force whose figures have this hash."""
    load_batch(engine, run, batch((number, unit, "accepted", FIGURES), period=period))
    with engine.begin() as connection:
        values = {"figures_sha256": figures, "n_figures": 2, "compared_at": None}
        connection.execute(tables.submission.update().where(tables.submission.c.id == number).values(values))


def told(pairs: pl.DataFrame, **more: object) -> pl.DataFrame:
    said = {"rule": "HIS-COPY", "level": 6, "severity": "warning", "field": "", "item": 0}
    words = {"message_vi": "Trùng số liệu.", "message_en": "The same figures."}
    return frame(columns.FINDINGS, [{"file": file, **said, **words, **more} for file in pairs["file"]])


def compare(engine: Engine, run: str) -> list[tuple[int, int]]:
    """(copy, partner) of a whole comparison."""
    pairs = copies.to_compare(engine)
    copies.add_findings(engine, run, pairs, told(pairs))
    return pairs.select("file", "other").rows()


def marked(engine: Engine) -> list[tuple[int, str, int]]:
    """(submission, state, n_warning) of what was compared."""
    here = tables.submission.c
    query = select(here.id, here.state, here.n_warning).where(here.compared_at.is_not(None)).order_by(here.id)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_the_later_of_two_is_the_copy_and_both_places_are_named(engine: Engine, run: str) -> None:
    one, two, three, four = arrive(engine, run, "a", "b", "c", "d")
    load(engine, run, one, "X01", period="2024-Q4")
    assert copies.uncompared(engine)
    assert compare(engine, run) == []
    assert not copies.uncompared(engine)
    load(engine, run, three, "X03", None)
    load(engine, run, four, "X03", "other", period="2024-Q4")
    load(engine, run, two, "X02")
    pairs = copies.to_compare(engine)
    assert pairs.schema == {name: getattr(pl, kind) for name, kind in columns.COPIES.items()}
    assert pairs.to_dicts() == [
        {
            "file": two,
            "form": "bieu-1",
            "form_version": "1",
            "media": "xlsx",
            "unit": "X02",
            "period": "2025-Q1",
            "figures": 2,
            "sheet": "Số liệu",
            "cell": "E5",
            "other": one,
            "other_unit": "X01",
            "other_unit_name": "Xã Một",
            "other_period": "2024-Q4",
            "other_name": "a.xlsx",
            "other_sheet": "Số liệu",
            "other_cell": "E5",
        }
    ]
    copies.add_findings(engine, run, pairs, told(pairs))
    copies.add_findings(engine, run, pairs, told(pairs))  # a run that was killed here does it again
    assert marked(engine) == [(one, "accepted", 0), (two, "accepted_with_warnings", 1), (four, "accepted", 0)]
    (found,) = queries.findings(engine, period="2025-Q1").to_dicts()
    assert (found["submission"], found["other_submission"], found["rule"]) == (two, one, "HIS-COPY")
    assert copies.to_compare(engine).is_empty()


def test_one_taken_in_earlier_and_decided_later_makes_the_other_the_copy(engine: Engine, run: str) -> None:
    one, two, three = arrive(engine, run, "a", "b", "c")
    load(engine, run, three, "X03")
    load(engine, run, two, "X02")
    assert compare(engine, run) == [(three, two)]
    load(engine, run, one, "X01")
    assert compare(engine, run) == [(two, one)]  # the third says already whose it is
    assert [row[2] for row in marked(engine)] == [0, 1, 1]


def test_a_unit_does_not_copy_itself_whatever_it_was_called(engine: Engine, run: str) -> None:
    day = date(2025, 1, 1)
    names = {"kind": "xa", "parent": "T01", "source": "thử"}
    old = UnitRecord(code="X05", valid_from=FIRST_DAY, valid_to=date(2024, 12, 31), name="Cũ", **names)
    new = UnitRecord(code="X06", valid_from=day, name="Mới", **names)
    renamed = UnitEventRecord(
        kind="rename",
        day=day,
        old_code="X05",
        old_valid_from=FIRST_DAY,
        new_code="X06",
        new_valid_from=day,
        share="full",
        document="NQ",
    )
    sync_registry(engine, replace(with_units(old, new), events=(renamed,)), years=(2024, 2025))
    one, two, three, four = arrive(engine, run, "a", "b", "c", "d")
    load(engine, run, one, "X05", period="2024-Q3")
    load(engine, run, two, "X06")
    load(engine, run, three, "X06", period="2025-Q2")
    assert compare(engine, run) == []
    load(engine, run, four, "X01")
    assert compare(engine, run) == [(four, one)]


def test_reports_of_the_first_unit_may_be_copies_of_another(engine: Engine, run: str) -> None:
    one, two, three = arrive(engine, run, "a", "b", "c")
    load(engine, run, one, "X01", period="2024-Q4")
    load(engine, run, two, "X02")
    load(engine, run, three, "X01")
    assert compare(engine, run) == [(two, one), (three, two)]


def test_only_what_is_in_force_is_compared(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load(engine, run, one, "X01")
    load(engine, run, two, "X02")
    pairs = copies.to_compare(engine)
    acts.withdraw(engine, one, **SIGNED)
    assert copies.to_compare(engine).is_empty()
    copies.add_findings(engine, run, pairs, told(pairs))
    assert marked(engine) == [(two, "accepted", 0)]
    assert queries.findings(engine, submission=two).is_empty()


def test_what_came_in_force_while_it_was_compared_waits_for_the_next_comparison(engine: Engine, run: str) -> None:
    one, two, three, four = arrive(engine, run, "a", "b", "c", "d")
    load(engine, run, two, "X02")
    load(engine, run, three, "X03")
    pairs = copies.to_compare(engine)
    load(engine, run, one, "X01")
    load(engine, run, four, "X01", "other", period="2024-Q4")
    copies.add_findings(engine, run, pairs, told(pairs))
    assert marked(engine) == [(four, "accepted", 0)]
    assert compare(engine, run) == [(two, one), (three, one)]
    assert not copies.uncompared(engine)


def test_a_waiver_goes_on_settling_the_finding_when_the_report_is_compared_again(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load(engine, run, one, "X01")
    load(engine, run, two, "X02")
    compare(engine, run)
    (number,) = queries.findings(engine, period="2025-Q1")["finding"]
    assert acts.waive(engine, number, **SIGNED, until=None, today=TODAY).state == "accepted"
    acts.withdraw(engine, two, **SIGNED)
    acts.restore(engine, two, **SIGNED)
    load(engine, run, two, "X02")
    assert compare(engine, run) == [(two, one)]
    assert marked(engine)[1] == (two, "accepted", 0)
    (found,) = queries.findings(engine, period="2025-Q1").to_dicts()
    assert (found["settled_by"], found["explanation"]) == ("waiver", "cùng số thật")
    assert queries.waiver_counts(engine) == {"note": 0, "waiver": 1, "override": 0}


def test_what_waits_is_found_by_an_index(engine: Engine, run: str) -> None:
    """Every run asks for it; with years of reports it must not read them all."""
    if engine.dialect.name != "sqlite":
        pytest.skip("the planner of PostgreSQL reads a table this small whole")
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement))
    copies.uncompared(engine)
    copies.to_compare(engine)
    with sqlite3.connect(engine.url.database or "") as driver:
        plans = [
            str(row[3])
            for statement in [text for text in asked if text.startswith("SELECT")][:2]
            for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", ["x"] * statement.count("?"))
        ]
    driver.close()
    assert sum("ix_submission_uncompared" in plan for plan in plans) == 2
    assert all("USING INDEX" in plan for plan in plans if "submission" in plan or "twin" in plan)
    assert not [plan for plan in plans if "ix_submission_state" in plan]
