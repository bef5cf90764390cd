"""``status``, ``findings``, ``trace``, ``summary`` and ``query`` on a workspace that was filled once."""

from __future__ import annotations

import csv
import io

import pytest

from tests.commands import run_here
from tests.conftest import Collected
from tests.console.test_console_workspace import is_a_refusal
from tests.delivered import PERIOD

pytestmark = pytest.mark.usefixtures("filled")


def test_status_counts_what_was_planted(filled: Collected) -> None:
    ran = run_here("status", "--period", PERIOD, "--unit", "P99.DU", "--json")
    (board,) = [item for item in ran.json if item["form"] == "review-report"]
    late = {item.filing.unit for item in filled.delivery.sent if item.late}
    sent = {item.filing.unit for item in filled.delivery.sent if item.filing.form == "review-report"}
    owing = {unit.code for unit in filled.delivery.province.units}
    assert board["expected"] == len([code for code in owing if not code.startswith("P99.UB")])
    assert board["late"] >= len(late) > 0
    assert board["missing"] >= len([code for code in owing if not code.startswith("P99.UB")]) - len(sent)
    assert board["rejected"] > 0


def test_status_is_a_table_for_people() -> None:
    ran = run_here("status", "--period", PERIOD)
    assert (ran.code, ran.err) == (0, "")
    assert "phải nộp" in ran.out
    assert "review-report" in ran.out


@pytest.mark.parametrize("period", ["2025-Q9", "quý một"])
def test_status_of_an_unknown_period_is_refused(period: str) -> None:
    assert is_a_refusal(run_here("status", "--period", period))


def test_status_of_a_period_the_warehouse_never_met_is_no_traceback() -> None:
    ran = run_here("status", "--period", "2150")
    assert ran.code in (0, 2)
    assert "Traceback" not in ran.said


def test_findings_name_place_and_what_to_do(filled: Collected) -> None:
    (wrong,) = [item for item in filled.delivery.sent if item.fault == "wrong_sum"]
    rows = run_here("findings", "--period", PERIOD, "--unit", wrong.filing.unit, "--json").json
    assert {row["unit"] for row in rows} == {wrong.filing.unit}
    (row,) = [row for row in rows if row["rule"] == "LRN-001"]
    assert {"submission", "unit_name", "period", "form", "version", "state", "file_name", "sheet", "cell"} <= set(row)
    table = run_here("findings", "--period", PERIOD, "--unit", wrong.filing.unit)
    assert "LỖI" in table.out
    assert f"{row['sheet']}!{row['cell']}" in table.out
    own = run_here("findings", "--submission", str(row["submission"]), "--json").json
    assert {item["submission"] for item in own} == {row["submission"]}


@pytest.mark.parametrize(
    "command",
    [
        ("findings", "--unit", "DU.KHONG"),
        ("findings", "--period", "2025-Q7"),
        ("status", "--period", PERIOD, "--unit", "DU.KHONG"),
        ("trace", "--period", PERIOD, "--unit", "DU.KHONG", "--indicator", "party_members"),
        ("trace", "--period", PERIOD, "--unit", "DU.12", "--indicator", "khong_co"),
    ],
    ids=" ".join,
)
def test_a_misspelt_code_is_no_good_news(command: tuple[str, ...]) -> None:
    assert is_a_refusal(run_here(*command))


def test_findings_of_one_severity() -> None:
    rows = run_here("findings", "--severity", "critical", "--json").json
    assert rows
    assert {row["severity"] for row in rows} == {"critical"}


def test_a_long_list_of_findings_says_how_much_is_left() -> None:
    ran = run_here("findings")
    assert "… còn" in ran.out


def test_a_severity_that_is_none_is_refused() -> None:
    assert run_here("findings", "--severity", "nặng").code == 2


def test_trace_leads_to_file_and_cell() -> None:
    (row,) = run_here("trace", "--unit", "UB.12", "--period", "2014", "--indicator", "dossiers_received", "--json").json
    assert (row["value"], row["original_text"], row["file_name"]) == (64427.0, "64.427", "lai_chau_2014.xlsx")
    assert row["sheet"]
    assert row["cell"]
    assert len(row["sha256"]) == 64
    table = run_here("trace", "--unit", "UB.12", "--period", "2014", "--indicator", "dossiers_received").out
    assert "64.427" in table
    assert f"{row['sheet']}!{row['cell']}" in table
    assert "lai_chau_2014.xlsx" in table


def test_trace_of_a_breakdown() -> None:
    rows = run_here("trace", "--unit", "UB.12", "--period", "2014", "--indicator", "dossiers_received", "--json").json
    whole = run_here(
        "trace", "--unit", "UB.12", "--period", "2014", "--indicator", "dossiers_received[field=chung_thuc]", "--json"
    )
    assert {row["breakdown"] for row in rows} == {""}
    assert whole.code == 2 or {row["breakdown"] for row in whole.json} == {"field=chung_thuc"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--unit", "UB.12", "--period", "2014", "--indicator", "không_có"),
        ("--unit", "KHONG.CO", "--period", "2014", "--indicator", "dossiers_received"),
        ("--unit", "UB.12", "--period", "20x4", "--indicator", "dossiers_received"),
    ],
)
def test_trace_of_what_is_not_there_is_refused(arguments: tuple[str, ...]) -> None:
    assert is_a_refusal(run_here("trace", *arguments))


def test_summary_shows_totals_with_their_coverage() -> None:
    rows = run_here("summary", "--unit", "P99.DU", "--period", PERIOD, "--json").json
    (members,) = [row for row in rows if row["indicator"] == "party_members" and row["breakdown"] == ""]
    assert members["value"] > 0
    assert 0 < members["reported"] < members["expected"]
    table = run_here("summary", "--unit", "P99.DU", "--period", PERIOD)
    assert (table.code, table.err) == (0, "")
    assert "Số đảng viên" in table.out
    assert f"{members['reported']}/{members['expected']}" in table.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("--unit", "KHONG.CO", "--period", PERIOD),
        ("--unit", "P99.DU", "--period", "20x5"),
        ("--unit", "P99.DU", "--period", PERIOD, "--form", "không-có"),
    ],
)
def test_a_summary_of_what_is_not_there_is_refused(arguments: tuple[str, ...]) -> None:
    assert is_a_refusal(run_here("summary", *arguments))


def test_a_question_is_answered_in_every_format() -> None:
    sql = "select unit, value from mart_observation where indicator = 'dossiers_received' and unit = 'UB.12'"
    assert run_here("query", sql, "--json").json == [{"unit": "UB.12", "value": 64427.0}]
    assert run_here("query", sql, "--format", "json").json == [{"unit": "UB.12", "value": 64427.0}]
    assert list(csv.DictReader(io.StringIO(run_here("query", sql, "--format", "csv").out))) == [
        {"unit": "UB.12", "value": "64427.0"}
    ]
    assert "64.427" in run_here("query", sql).out


def test_no_more_rows_than_asked_for() -> None:
    assert len(run_here("query", "select * from mart_observation", "--limit", "3", "--json").json) == 3


@pytest.mark.parametrize(
    "sql",
    [
        "delete from submission",
        "drop table observation",
        "update unit set name = ''",
        "đây không phải SQL",
        "",
        "select 1; select 2",
    ],
)
def test_a_question_that_would_write_or_is_none_is_refused(filled: Collected, sql: str) -> None:
    count = ("query", "select count(*) as n from submission", "--json")
    before = run_here(*count).json
    assert is_a_refusal(run_here("query", sql))
    assert run_here(*count).json == before


@pytest.mark.parametrize("arguments", [("--format", "xml"), ("--limit", "0"), ("--limit", "nhiều")])
def test_a_format_or_limit_that_is_none_is_refused(arguments: tuple[str, ...]) -> None:
    assert run_here("query", "select 1", *arguments).code == 2
