"""What is asked of the warehouse: status, findings, history, totals, and free questions over a reader."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from world import CATALOG, FIRST_DAY, UNITS, arrive, batch, frame, furnish, with_units

from catalog.model import Form, FormField, Section, UnitEventRecord, UnitRecord
from domain import columns
from warehouse import queries
from warehouse.engine import make_reader
from warehouse.history import children_counts, previous_figures
from warehouse.intake import finish_run, start_run
from warehouse.load import load_batch
from warehouse.queries import QueryRefusedError, run_sql
from warehouse.registry import sync_registry

TODAY = date(2025, 4, 1)


@pytest.fixture
def told(engine: Engine) -> Engine:
    """X01 accepted on time, X02 rejected and late, X03 silent, T01 owes nothing but sent something unreadable."""
    run = furnish(engine)
    one, two, three = arrive(engine, run, "a", "b", "c")
    with engine.begin() as connection:
        connection.execute(text("UPDATE period_due SET due = '2025-03-16' WHERE level = 'commune'"))
        later = "2025-03-16 18:00:00.000000" if engine.dialect.name == "sqlite" else "2025-03-16 18:00:00+00"
        connection.execute(text("UPDATE submission SET received_at = :at WHERE id = :id"), {"at": later, "id": two})
    load = batch((one, "X01", "accepted", {"received": 832}), (two, "X02", "rejected", {"received": 5}))
    load_batch(engine, run, load)
    unreadable = batch((three, "X03", "unreadable", {}))
    nobody = unreadable.headers.with_columns(unit=pl.lit(None, pl.String), period=pl.lit(None, pl.String))
    load_batch(engine, run, type(load)(**{**{n: getattr(unreadable, n) for n in load.__slots__}, "headers": nobody}))
    return engine


def test_status_counts_every_unit_once(told: Engine) -> None:
    board, unknown = queries.status(told, "2025-Q1", today=TODAY)
    assert (unknown["form"], unknown["received"], unknown["unreadable"]) == (None, 1, 1)
    assert board == {
        "period": "2025-Q1",
        "form": "bieu-1",
        "expected": 3,
        "received": 2,
        "late": 1,  # 18:00 UTC on the due day is the next day in Việt Nam
        "overdue": 1,
        "waiting": 0,
        "accepted": 1,
        "accepted_with_warnings": 0,
        "rejected": 1,
        "unreadable": 0,
        "withdrawn": 0,
        "missing": 1,
        "in_force": 1,
        "unexpected": 0,
        "permitted": 0,
        "explained": 0,
        "waived": 0,
        "overridden": 0,
        "closed_at": None,
        "life": "open",
    }
    (below,) = queries.status(told, "2025-Q1", "X02", today=TODAY)
    assert (below["expected"], below["rejected"], below["unreadable"]) == (1, 1, 0)


def test_the_status_adds_up_the_tree(told: Engine) -> None:
    rows = queries.status_tree(told, "2025-Q1", "bieu-1").select("unit", "depth", "expected", "received", "missing")
    assert rows.rows() == [("T01", 0, 3, 2, 1), ("X01", 1, 1, 1, 0), ("X02", 1, 1, 1, 0), ("X03", 1, 1, 0, 1)]


def test_the_reporting_view_says_the_same(told: Engine) -> None:
    with told.connect() as connection:
        sql = "SELECT unit, state, in_force FROM mart_reporting WHERE period = '2025-Q1' ORDER BY unit"
        rows = [tuple(row) for row in connection.execute(text(sql))]
    assert rows == [("X01", "accepted", 1), ("X02", "rejected", 0), ("X03", "missing", 0)]


def test_findings_name_the_place_and_the_arithmetic(told: Engine) -> None:
    (found,) = queries.findings(told, period="2025-Q1", unit="T01").to_dicts()
    assert (found["unit"], found["sheet"], found["cell"], found["file_name"]) == ("X02", "Số liệu", "E5", "b.xlsx")
    assert (found["arithmetic"], found["message_vi"]) == ("1 + 1 = 2 ≠ 3", "Tổng không khớp.")
    assert queries.findings(told, severity="info").is_empty()
    assert queries.findings(told, period="2025-Q1", unit="X01").is_empty()
    assert queries.finding_counts(told, "2025-Q1").select("rule", "count").rows() == [("DOS-001", 1)]


def test_failed_submissions_of_a_run_come_with_their_gravest_finding(told: Engine) -> None:
    with told.connect() as connection:
        run = connection.execute(text("SELECT id FROM run")).scalar_one()
    failed = queries.failed_of_run(told, run)
    assert [(row["file_name"], row["state"], row["rule"]) for row in failed] == [
        ("b.xlsx", "rejected", "DOS-001"),
        ("c.xlsx", "unreadable", "DOS-001"),
    ]
    assert queries.changed_by_run(told, run) == [("2025-Q1", "bieu-1")]
    assert queries.periods_with_submissions(told) == ["2025-Q1"]


def test_totals_a_killed_run_left_behind_are_taken_up_by_the_next(told: Engine) -> None:
    """A run may end between loading and adding up; the next one may have nothing of its own to load."""
    after = start_run(told, "collect-period")
    assert queries.changed_by_run(told, after) == [("2025-Q1", "bieu-1")]
    queries.write_roll_up(
        told,
        "2025-Q1",
        "bieu-1",
        pl.DataFrame({"unit": ["T01"], "indicator": ["received"], "breakdown": [""], "value": [832.0]}),
    )
    assert queries.changed_by_run(told, after) == []


def test_a_run_that_came_to_its_end_left_nothing_behind(told: Engine) -> None:
    with told.connect() as connection:
        finish_run(told, connection.execute(text("SELECT id FROM run")).scalar_one(), "completed")
    assert queries.changed_by_run(told, start_run(told, "collect-period")) == []


def test_an_unknown_period_is_said_to_be_unknown(told: Engine) -> None:
    with pytest.raises(queries.UnknownPeriodError, match="2025-Q9"):
        queries.status(told, "2025-Q9")


# ------------------------------------------------------------------------------------------------ totals


def test_totals_are_replaced_whole(told: Engine) -> None:
    totals = pl.DataFrame(
        {
            "unit": ["T01", "X01"],
            "indicator": ["received"] * 2,
            "breakdown": ["", ""],
            "value": [832.0, 832.0],
            "reported": [1, 1],
            "expected": [3, 1],
        }
    )
    assert queries.write_roll_up(told, "2025-Q1", "bieu-1", totals) == 2
    queries.write_roll_up(told, "2025-Q1", "bieu-1", totals.head(1).with_columns(value=pl.lit(833.0)))
    (row,) = queries.summary(told, "2025-Q1", "T01", "bieu-1").to_dicts()
    assert (row["value"], row["reported"], row["expected"], row["label_vi"]) == (833.0, 1, 3, "Hồ sơ tiếp nhận")
    assert queries.summary(told, "2025-Q1", "X01").is_empty()
    assert queries.top_unit(told, "2025-Q1", "T") == "T01"
    assert queries.top_unit(told, "2025-Q1", "%") is None


def test_the_tree_may_hold_units_that_ended_within_the_period(engine: Engine) -> None:
    ended = UnitRecord(
        code="X04",
        valid_from=FIRST_DAY,
        valid_to=date(2025, 1, 31),
        name="Xã Bốn",
        kind="xa",
        parent="T01",
        source="thử",
    )
    sync_registry(engine, with_units(ended), years=(2025,))
    day, first = queries.last_day(engine, "2025-Q1"), date(2024, 12, 15)
    assert "X04" not in queries.unit_tree(engine, day)["unit"]
    assert "X04" in queries.unit_tree(engine, day, since=first)["unit"]
    assert queries.expected_units(engine, "2025-Q1", "bieu-1")["unit"].to_list() == ["X01", "X02", "X03"]


# ------------------------------------------------------------------------------------------------ history


def headers_of(*reports: tuple[int, str, str]) -> pl.DataFrame:
    return frame(
        columns.HEADERS,
        [{"file": file, "form": "bieu-1", "unit": unit, "period": period} for file, unit, period in reports],
    )


def test_previous_figures_are_those_of_the_window_before_and_a_year_ago(engine: Engine) -> None:
    run = furnish(engine)
    one, two, three = arrive(engine, run, "a", "b", "c")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 100}), period="2024-Q1"))
    load_batch(engine, run, batch((two, "X01", "accepted", {"received": 400}), period="2024-Q4"))
    load_batch(engine, run, batch((three, "X01", "rejected", {"received": 999}), period="2024-Q3"))
    found = previous_figures(engine, headers_of((7, "X01", "2025-Q1"), (8, "X02", "2025-Q1"), (9, "X01", "2024-Q4")))
    assert found.select("file", "which", "field", "item", "value", "low", "high").rows() == [
        (7, "last_year", "received", 0, 100.0, 100.0, 100.0),
        (7, "previous", "received", 0, 400.0, 400.0, 400.0),
    ]


def test_figures_of_a_matrix_come_back_with_their_item(engine: Engine) -> None:
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    load = batch((one, "X01", "accepted", {"received": 100}), period="2024-Q4")
    broken = load.observations.with_columns(breakdown=pl.lit("field=ho_tich"))
    load_batch(engine, run, type(load)(**{**{n: getattr(load, n) for n in load.__slots__}, "observations": broken}))
    matrix = Section(
        code="bang",
        kind="matrix",
        sheet="B",
        title_vi="B",
        title_en="B",
        indicators=("received",),
        items=("field=dat_dai", "field=ho_tich"),
    )
    scalar = FormField(code="received[field=ho_tich]", form="bieu-1", section="s", indicator="received")
    form = CATALOG.forms["bieu-1"].model_copy(update={"sections": (matrix,), "fields": (scalar,)})
    assert isinstance(form, Form)
    catalog = type(CATALOG)(
        **{**{n: getattr(CATALOG, n) for n in CATALOG.__dataclass_fields__}, "forms": {"bieu-1": form}}
    )
    found = previous_figures(engine, headers_of((7, "X01", "2025-Q1")), catalog)
    assert found.select("field", "item", "value").rows() == [
        ("bang.received", 2, 100.0),
        ("received[field=ho_tich]", 0, 100.0),
    ]


def test_a_renamed_unit_has_its_past_and_a_merged_one_has_not(engine: Engine) -> None:
    renamed_on = date(2025, 1, 1)
    catalog = with_units(
        UnitRecord(
            code="X05",
            valid_from=FIRST_DAY,
            valid_to=date(2024, 12, 31),
            name="Cũ",
            kind="xa",
            parent="T01",
            source="t",
        ),
        UnitRecord(code="X05", valid_from=renamed_on, name="Mới", kind="xa", parent="T01", source="t"),
        UnitRecord(code="X06", valid_from=renamed_on, name="Gộp", kind="xa", parent="T01", source="t"),
    )
    events = tuple(
        UnitEventRecord(
            kind=kind,
            day=renamed_on,
            old_code="X05",
            old_valid_from=FIRST_DAY,
            new_code=new,
            new_valid_from=renamed_on,
            share="full",
            document="NQ",
        )
        for kind, new in (("rename", "X05"), ("merge", "X06"))
    )
    sync_registry(
        engine,
        type(catalog)(**{**{n: getattr(catalog, n) for n in catalog.__dataclass_fields__}, "events": events}),
        years=(2024, 2025),
    )
    from warehouse.intake import start_run

    run = start_run(engine, "collect-period")
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X05", "accepted", {"received": 7}), period="2024-Q4"))
    found = previous_figures(engine, headers_of((1, "X05", "2025-Q1"), (2, "X06", "2025-Q1")))
    assert found.select("file", "which", "value").rows() == [(1, "previous", 7.0)]


def test_children_are_counted_on_the_last_day_of_the_period(engine: Engine) -> None:
    late = UnitRecord(code="X07", valid_from=date(2025, 3, 15), name="Xã Bảy", kind="xa", parent="T01", source="thử")
    sync_registry(engine, with_units(late), years=(2025,))
    counted = children_counts(engine, headers_of((1, "T01", "2025-Q1"), (2, "T01", "2025-Q2"), (3, "X01", "2025-Q1")))
    assert counted.select("file", "ref", "value").rows() == [
        (1, "register:children", 3.0),
        (1, "register:children[kind=xa]", 3.0),
        (2, "register:children", 4.0),
        (2, "register:children[kind=xa]", 4.0),
    ]


# ------------------------------------------------------------------------------------------------ free questions


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM observation",
        "UPDATE unit SET name = 'x'",
        "DROP TABLE finding",
        "CREATE TABLE mine (a int)",
        "SELECT 1; DELETE FROM observation",
        "WITH gone AS (DELETE FROM observation RETURNING 1) SELECT * FROM gone",
    ],
)
def test_a_reader_refuses_to_write(told: Engine, url: str, statement: str) -> None:
    reader = make_reader(url)
    with pytest.raises(QueryRefusedError):
        run_sql(reader, statement, 10)
    with pytest.raises(DBAPIError), reader.begin() as connection:
        connection.execute(text("DELETE FROM observation"))
    assert queries.counts(told)["observation"] == 1
    reader.dispose()


def test_a_question_is_answered_with_at_most_so_many_rows(told: Engine, url: str) -> None:
    reader = make_reader(url)
    answer = run_sql(reader, "SELECT unit, value_text, value FROM mart_observation; ", 10)
    assert answer.rows() == [("X01", "832", 832.0)]
    assert run_sql(reader, "-- đơn vị\nSELECT code FROM unit ORDER BY code", 2)["code"].to_list() == ["T01", "X01"]
    twice = run_sql(reader, "SELECT sum(size) AS tổng, count(*) AS tổng FROM file", 10)
    assert twice.rows() == [(3, 3)]
    assert twice.columns[0] == "tổng"
    with pytest.raises(QueryRefusedError, match="nowhere"):
        run_sql(reader, "SELECT * FROM nowhere", 10)
    with pytest.raises(QueryRefusedError, match="empty"):
        run_sql(reader, " ; ", 10)
    reader.dispose()


def test_a_question_as_of_a_moment_sees_what_was_believed_then(engine: Engine, url: str) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    between = datetime.now(UTC)
    load_batch(engine, run, batch((two, "X01", "accepted", {"received": 6})))
    reader = make_reader(url)
    sql = "SELECT value FROM mart_observation WHERE unit = 'X01'"
    assert run_sql(reader, sql, 9)["value"].to_list() == [6.0]
    assert run_sql(reader, sql, 9, between)["value"].to_list() == [5.0]
    assert run_sql(reader, sql, 9, between - timedelta(days=1)).is_empty()
    reader.dispose()


def test_the_register_of_a_day_is_not_the_register_of_all_times(told: Engine) -> None:
    assert queries.units(told, date(1999, 1, 1)).is_empty()
    assert queries.units(told)["code"].to_list() == [unit.code for unit in UNITS]
