"""Reports whose figures are all another unit's: which one is the copy, and what is written down of it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, event, select
from world import FIRST_DAY, arrival, batch, frame, furnish, with_units
from world import arrive as deliver

from catalog.model import UnitEventRecord, UnitRecord
from domain import columns
from domain.submission import FaultNature
from warehouse import acts, copies, intake, leases, queries, returns, tables
from warehouse.load import load_batch
from warehouse.registry import sync_registry

TODAY = date(2025, 4, 1)
SIGNED: dict[str, Any] = {"who": "Trần Văn Phòng", "reason": "cùng số thật"}
FIGURES = {"received": 12.0, "solved": 7.0}


@pytest.fixture
def run(engine: Engine) -> str:
    return furnish(engine)


def arrive(engine: Engine, run: str, *contents: str) -> list[int]:
    """Files that could not be read at first: none of them waits until :func:`load` takes it up again."""
    numbers = deliver(engine, run, *contents)
    unread = batch(*((number, "", "unreadable", {}) for number in numbers))
    load_batch(engine, run, replace(unread, headers=unread.headers.clear()))
    return numbers


def load(engine: Engine, run: str, number: int, unit: str, figures: str | None = "f", period: str = "2025-Q1") -> None:
    """A report in force whose figures have this hash."""
    acts.retry(engine, [number], **SIGNED)
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


def borne(engine: Engine) -> list[tuple[int, int]]:
    """(copy, partner) of the findings there are."""
    found = queries.findings(engine).filter(pl.col("rule") == "HIS-COPY")
    return sorted(found.select("submission", "other_submission").rows())


def marked(engine: Engine) -> list[tuple[int, str, int]]:
    """(submission, state, n_warning) of what was compared."""
    here = tables.submission.c
    query = select(here.id, here.state, here.n_warning).where(here.compared_at.is_not(None)).order_by(here.id)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_the_later_of_two_is_the_copy_and_both_places_are_named(engine: Engine, run: str) -> None:
    one, two, three, four = arrive(engine, run, "a", "b", "c", "d")
    load(engine, run, one, "X01", period="2024-Q4")
    assert marked(engine) == []
    assert compare(engine, run) == []
    assert marked(engine) == [(one, "accepted", 0)]
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
    assert compare(engine, run) == [(two, one), (three, one)]
    assert borne(engine) == [(two, one), (three, one)]  # as if all three had been compared at once
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
    assert [row[0] for row in marked(engine)] == [one, two, three, four]


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
    copies.to_compare(engine)
    with sqlite3.connect(engine.url.database or "") as driver:
        plans = [
            str(row[3])
            for statement in [text for text in asked if text.startswith("SELECT")][:3]
            for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", ["x"] * statement.count("?"))
        ]
    driver.close()
    assert sum("ix_submission_uncompared" in plan for plan in plans) == 1
    assert sum("ix_finding_other" in plan for plan in plans) == 1
    assert sum("ix_submission_state" in plan for plan in plans) == 1  # what waits
    assert not [plan for plan in plans if plan.startswith("SCAN") and "USING" not in plan]


# ------------------------------------------------------------------------------------------------ whatever comes when


def load_again(engine: Engine, run: str, content: str, unit: str, figures: str | None) -> int:
    """A further version, which is taken in and decided at once."""
    (number,) = arrive(engine, run, content)
    load(engine, run, number, unit, figures)
    return number


def test_nothing_is_compared_while_a_report_waits_that_may_be_of_the_form(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load(engine, run, one, "X01")
    load(engine, run, two, "X02")
    (three,) = deliver(engine, run, "c")
    assert compare(engine, run) == marked(engine) == []
    with leases.running(engine, "collect-period") as other:
        intake.claim(engine, other)
        assert compare(engine, run) == marked(engine) == []
        load_batch(engine, other, batch((three, "X01", "accepted", {"received": 1.0})))
    assert compare(engine, run) == borne(engine) == []  # what the second was copied from is superseded
    assert [row[0] for row in marked(engine)] == [two]


def test_a_report_that_brings_out_a_fault_of_the_program_holds_up_nothing(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load(engine, run, one, "X01")
    load(engine, run, two, "X02")
    deliver(engine, run, "c")
    with leases.running(engine, "collect-period") as first:
        intake.claim(engine, first)
        intake.fail_attempt(engine, first, [3], "KeyError", nature=FaultNature.TRANSIENT)
        assert compare(engine, first) == []
        intake.fail_attempt(engine, first, [3], "KeyError", nature=FaultNature.PERMANENT)
        intake.receive(engine, first, [arrival("c", minutes=9)])
        with leases.running(engine, "collect-period") as second:
            assert copies.to_compare(engine).height == 1
            with engine.begin() as connection:
                connection.execute(
                    tables.submission.update().where(tables.submission.c.id == 3).values(claimed_by=second)
                )
            assert copies.to_compare(engine).is_empty()  # the second may have a better program, and is trying it
    assert compare(engine, run) == [(two, one)]


@pytest.mark.parametrize("is_compared_between", [False, True])
def test_what_is_found_does_not_depend_on_when_it_was_looked_for(
    engine: Engine, run: str, is_compared_between: bool
) -> None:
    def between() -> None:
        if is_compared_between:
            compare(engine, run)

    one, two, three, four = arrive(engine, run, "a", "b", "c", "d")
    for number, unit in ((four, "X03"), (two, "X02"), (one, "X01")):
        load(engine, run, number, unit)
        between()
    load_again(engine, run, "a, mended", "X01", "other")
    between()
    load(engine, run, three, "X01", "other", period="2024-Q4")
    compare(engine, run)
    assert borne(engine) == [(four, two)]
    in_force = [row for row in marked(engine) if row[1] != "superseded"]
    doubtful = [row for row in in_force if row[1:] != ("accepted", 0)]
    assert (len(in_force), doubtful) == (4, [(four, "accepted_with_warnings", 1)])


def test_a_report_sent_again_with_other_words_has_copied_nothing(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load(engine, run, one, "X01")
    load(engine, run, two, "X02")
    assert compare(engine, run) == [(two, one)]
    again = load_again(engine, run, "a, in other words", "X01", "f")
    assert compare(engine, run) == borne(engine) == [(two, again)]


def test_what_an_administrator_settled_stays_when_the_partner_is_withdrawn(engine: Engine, run: str) -> None:
    one, two, three = arrive(engine, run, "a", "b", "c")
    for number, unit in ((one, "X01"), (two, "X02"), (three, "X03")):
        load(engine, run, number, unit)
    assert compare(engine, run) == [(two, one), (three, one)]
    (number,) = queries.findings(engine, submission=three)["finding"]
    acts.waive(engine, number, **SIGNED, until=None, today=TODAY)
    acts.withdraw(engine, one, **SIGNED)
    assert compare(engine, run) == []
    assert borne(engine) == [(three, one)]
    assert marked(engine)[1:] == [(two, "accepted", 0), (three, "accepted", 0)]


def test_a_closed_period_is_left_as_it_is_until_it_is_opened_again(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load(engine, run, two, "X02")
    compare(engine, run)
    load(engine, run, one, "X01", period="2025-Q2")
    acts.close_period(engine, "2025-Q1", **SIGNED)
    for _ in range(2):
        assert compare(engine, run) == borne(engine) == []
    acts.reopen_period(engine, "2025-Q1", **SIGNED)
    assert compare(engine, run) == borne(engine) == [(two, one)]
    acts.close_period(engine, "2025-Q1", **SIGNED)
    acts.withdraw(engine, one, **SIGNED)
    compare(engine, run)
    assert borne(engine) == [(two, one)]


def test_a_copy_of_a_workbook_that_lacks_a_finding_is_written_anew(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load(engine, run, one, "X01")
    acts.retry(engine, [two], **SIGNED)
    doubtful = batch((two, "X02", "accepted_with_warnings", FIGURES))
    warnings = doubtful.findings.with_columns(severity=pl.lit("warning"))
    load_batch(engine, run, replace(doubtful, findings=warnings))
    hand_back(engine, two)
    assert due(engine) == []
    with engine.begin() as connection:
        connection.execute(tables.submission.update().values(figures_sha256="f"))
    before = datetime.now(UTC)
    assert compare(engine, run) == [(two, one)]
    assert due(engine) == [two]
    returns.mark_returned(engine, [two], before)  # by a run that had not seen the finding
    assert due(engine) == [two]
    hand_back(engine, two)
    first, second = queries.findings(engine, submission=two)["finding"]
    acts.waive(engine, first, **SIGNED, until=None, today=TODAY)
    assert due(engine) == [two]
    hand_back(engine, two)
    acts.waive(engine, second, **SIGNED, until=None, today=TODAY)
    assert due(engine) == []
    assert returns.outdated(engine)["submission"].to_list() == [two]  # nothing is asked of the unit any more


def hand_back(engine: Engine, number: int) -> None:
    returns.mark_returned(engine, [number], datetime.now(UTC))


def due(engine: Engine) -> list[int]:
    return returns.returnable(engine, only_new=True)["submission"].to_list()
