"""What analysts read in the views: rates that never exceed the whole, totals with their coverage, lists in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from world import UNITS, arrive, batch, furnish

from tests.conftest import Collected
from tests.delivered import PERIOD
from warehouse import acts, queries
from warehouse.engine import write
from warehouse.load import load_batch
from warehouse.registry import import_units

RATE = (
    "SELECT expected, received, on_time, late, accepted, rejected, missing, in_force, complete, empty, reporting_rate,"
    " on_time_rate, completeness_rate FROM mart_reporting_rate WHERE period = '2025-Q1' AND unit = '{unit}'"
)


def _rate(engine: Engine, unit: str) -> dict[str, float]:
    with engine.connect() as connection:
        (row,) = connection.execute(text(RATE.format(unit=unit))).mappings()
    return {name: float(value) for name, value in row.items()}


@pytest.fixture
def run(engine: Engine) -> str:
    return furnish(engine)


def test_an_empty_report_was_sent_and_is_not_complete(engine: Engine, run: str) -> None:
    """X01 gives a figure, X02 declares nothing at all, X03 is silent."""
    full, empty = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((full, "X01", "accepted", {"received": 0.0}), (empty, "X02", "accepted", {})))
    whole = _rate(engine, "T01")
    assert (whole["expected"], whole["received"], whole["missing"]) == (3, 2, 1)
    assert (whole["in_force"], whole["complete"], whole["empty"]) == (2, 1, 1)
    assert whole["reporting_rate"] == pytest.approx(200 / 3)
    assert whole["completeness_rate"] == pytest.approx(100 / 3)
    assert (_rate(engine, "X02")["reporting_rate"], _rate(engine, "X02")["completeness_rate"]) == (100, 0)


def test_a_report_is_late_by_the_day_of_the_offices_and_a_permit_moves_it(engine: Engine, run: str) -> None:
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 1.0})))
    with write(engine) as connection:
        due = connection.execute(text("SELECT due FROM mart_reporting WHERE unit = 'X01' AND period = '2025-Q1'"))
        day = datetime.fromisoformat(str(due.scalar_one())).replace(tzinfo=UTC)
        in_time, late = day + timedelta(hours=16, minutes=59), day + timedelta(hours=17)  # 23:59 and 00:00 over there
        moments = {"sqlite": "%Y-%m-%d %H:%M:%S.000000", "postgresql": "%Y-%m-%d %H:%M:%S+00"}[engine.dialect.name]
        set_to = text("UPDATE submission SET received_at = :at")
        connection.exec_driver_sql(str(set_to).replace(":at", f"'{in_time.strftime(moments)}'"))
    assert (_rate(engine, "T01")["on_time"], _rate(engine, "T01")["late"]) == (1, 0)
    with write(engine) as connection:
        connection.exec_driver_sql(str(set_to).replace(":at", f"'{late.strftime(moments)}'"))
    assert (_rate(engine, "T01")["on_time"], _rate(engine, "T01")["late"]) == (0, 1)
    acts.permit_late(engine, "X01", "2025-Q1", until=late.date() + timedelta(days=1), who="An", reason="bão")
    assert (_rate(engine, "T01")["on_time"], _rate(engine, "T01")["late"]) == (1, 0)


def test_no_rate_exceeds_the_whole_however_often_and_by_whomever_it_was_sent(engine: Engine, run: str) -> None:
    """Versions of one report, obligations that overlap, and a unit that reports without owing."""
    first, again, more, unasked = arrive(engine, run, "a", "b", "c", "d")
    load_batch(engine, run, batch((first, "X01", "accepted", {"received": 1.0}), (unasked, "T01", "accepted", {})))
    load_batch(engine, run, batch((again, "X01", "accepted", {"received": 2.0}), (more, "X01", "rejected", {})))
    with write(engine) as connection:
        connection.exec_driver_sql(
            "INSERT INTO obligation (unit_kind, form_id, calendar, period_kind, valid_from, valid_to)"
            " SELECT unit_kind, form_id, calendar, period_kind, '2010-01-01', NULL FROM obligation"
        )
    own = _rate(engine, "X01")
    assert (own["expected"], own["received"], own["rejected"], own["in_force"], own["complete"]) == (1, 1, 1, 1, 1)
    whole = _rate(engine, "T01")
    assert (whole["expected"], whole["received"]) == (3, 1)
    with engine.connect() as connection:
        most = connection.exec_driver_sql(
            "SELECT max(reporting_rate), max(on_time_rate), max(completeness_rate) FROM mart_reporting_rate"
        ).one()
    assert max(most) == 100


def test_a_unit_that_moved_counts_where_it_stood_on_the_last_day(engine: Engine, run: str) -> None:
    from datetime import date

    from world import CATALOG

    moved = UNITS[1].model_copy(update={"valid_to": date(2025, 6, 30)})
    other = UNITS[0].model_copy(update={"code": "T02", "name": "Tỉnh Hai"})
    anew = UNITS[1].model_copy(update={"valid_from": date(2025, 7, 1), "parent": "T02"})
    import_units(engine, CATALOG, [moved, other, anew])
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT period, unit, expected FROM mart_reporting_rate WHERE unit IN ('T01', 'T02', 'X01')"
            " AND period IN ('2025-Q1', '2025-Q4') ORDER BY period, unit"
        )
        assert [tuple(row) for row in rows] == [
            ("2025-Q1", "T01", 3), ("2025-Q1", "X01", 1),
            ("2025-Q4", "T01", 2), ("2025-Q4", "T02", 1), ("2025-Q4", "X01", 1),
        ]  # fmt: skip


def test_the_rates_say_what_the_status_says(collected: Collected) -> None:
    names = ("expected", "received", "late", "missing", "accepted", "rejected", "unreadable", "in_force")
    tree = queries.status_tree(collected.engine, PERIOD, "review-report").to_dicts()
    with collected.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT * FROM mart_reporting_rate WHERE period = :p AND form = 'review-report'"), {"p": PERIOD}
        ).mappings()
        rates = {row["unit"]: row for row in rows}
    assert len(rates) > 50
    for row in tree:
        if row["unit"] in rates and row["unit"].startswith("P99"):
            rate = rates[row["unit"]]
            told = {**{name: rate[name] for name in names if name != "unreadable"}}
            assert told == {
                **{name: row[name] for name in told},
                "rejected": row["rejected"] + row["unreadable"],
            }, row["unit"]
            assert rate["received"] == rate["on_time"] + rate["late"]
            outcomes = ("accepted", "rejected", "waiting", "withdrawn", "missing")
            assert rate["expected"] == sum(rate[name] for name in outcomes)
            assert rate["complete"] + rate["empty"] == rate["in_force"] <= rate["expected"]


def test_totals_are_told_in_words_with_their_coverage(collected: Collected) -> None:
    summary = queries.summary(collected.engine, PERIOD, "P99.DU", "review-report")
    with collected.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT * FROM mart_total WHERE period = :p AND unit = 'P99.DU' AND form = 'review-report'"),
            {"p": PERIOD},
        ).mappings()
        told = {(row["indicator"], row["breakdown"]): row for row in rows}
        whole = connection.exec_driver_sql("SELECT count(*) FROM mart_roll_up").scalar_one()
        assert connection.exec_driver_sql("SELECT count(*) FROM mart_total").scalar_one() == whole
        assert connection.exec_driver_sql("SELECT count(*) FROM mart_total WHERE unit_name IS NULL").scalar_one() == 0
    assert len(told) == summary.height > 50
    for row in summary.to_dicts():
        words = told[row["indicator"], row["breakdown"]]
        assert words["value"] == row["value"]
        assert words["label_vi"] == row["label_vi"]
        assert words["coverage"] == f"{row['reported']}/{row['expected']}"
        assert (words["note_vi"] is None) == (row["note"] is None)
        assert words["note_vi"] != row["note"] or row["note"] is None


def test_lists_hold_what_is_in_force_and_nothing_else(engine: Engine, run: str) -> None:
    first, again, gone, narrated = arrive(engine, run, "a", "b", "c", "d")
    load_batch(engine, run, batch((first, "X01", "accepted", {}), (gone, "X02", "accepted", {})))
    load_batch(engine, run, batch((again, "X01", "accepted", {}), (narrated, "X03", "rejected", {})))
    acts.withdraw(engine, gone, who="An", reason="gửi nhầm")
    with engine.connect() as connection:
        topics = connection.exec_driver_sql(
            "SELECT unit, submission_id, year, topic, sheet, cell FROM mart_topic"
        ).all()
        told = connection.exec_driver_sql("SELECT unit, section FROM mart_narrative").all()
    assert [tuple(row) for row in topics] == [("X01", again, 2025.0, "Nêu gương", "CĐ", "A3")]
    assert [tuple(row) for row in told] == [("X01", "limitation")]


def test_every_list_with_a_table_has_a_mart(collected: Collected) -> None:
    """As many rows as stand in the tables for reports in force: no join drops or doubles one."""
    for mart, table in {
        "mart_initiative": "initiative", "mart_commendation": "commendation", "mart_inspection": "inspection",
        "mart_topic": "topic", "mart_list_item": "list_item", "mart_narrative": "narrative",
    }.items():  # fmt: skip
        in_force = f"""SELECT count(*) FROM {table} WHERE submission_id IN
            (SELECT id FROM submission WHERE state IN ('accepted', 'accepted_with_warnings'))"""
        with collected.engine.connect() as connection:
            there = connection.exec_driver_sql(in_force).scalar_one()
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {mart}").scalar_one() == there, mart


def test_figures_as_of_a_moment_are_a_function_on_postgresql(engine: Engine, run: str) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no functions of its own; there `query --as-of` is the way")
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5.0})))
    between = datetime.now(UTC)
    load_batch(engine, run, batch((two, "X01", "accepted", {"received": 6.0})))
    with engine.connect() as connection:
        query = text("SELECT unit, value FROM observation_as_of(:moment) WHERE period = '2025-Q1'")
        assert [tuple(row) for row in connection.execute(query, {"moment": between})] == [("X01", 5.0)]
        later = connection.execute(query, {"moment": datetime.now(UTC)})
        assert [tuple(row) for row in later] == [("X01", 6.0)]
        assert connection.execute(query, {"moment": between - timedelta(days=1)}).all() == []


def test_a_figure_is_traced_as_it_was_believed(engine: Engine, run: str) -> None:
    """Also one of a report that was taken up again since: its figure of before stands among those of the past."""
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5.0})))
    first = datetime.now(UTC)
    load_batch(engine, run, batch((two, "X01", "accepted", {"received": 6.0})))
    second = datetime.now(UTC)
    acts.withdraw(engine, two, who="An", reason="gửi nhầm")
    acts.restore(engine, two, who="An", reason="không nhầm")
    load_batch(engine, run, batch((two, "X01", "accepted", {"received": 7.0})))

    def told(as_of: datetime | None) -> list[tuple[float, int]]:
        found = queries.trace(engine, "X01", "2025-Q1", "received", as_of=as_of)
        return [(row["value"], row["submission"]) for row in found]

    assert told(first - timedelta(days=1)) == []
    assert told(first) == [(5.0, one)]
    assert told(second) == [(6.0, two)]
    assert told(datetime.now(UTC)) == told(None) == [(7.0, two)]
