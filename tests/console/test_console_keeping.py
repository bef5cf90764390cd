"""The commands that carry figures out and back, and the time limit of ``query``, as a user meets them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.commands import run_here
from tests.conftest import Collected
from tests.console.test_console_workspace import is_a_refusal
from tests.delivered import PERIOD

ENDLESS = "with recursive r (n) as (select 1 union all select n + 1 from r) select count(*) from r"


def test_a_question_that_never_ends_says_what_to_do(filled: Collected) -> None:
    ran = run_here("query", ENDLESS, "--timeout", "0.3")
    assert is_a_refusal(ran)
    assert "--timeout" in ran.err


def test_a_total_as_of_a_moment_is_refused(filled: Collected) -> None:
    assert is_a_refusal(run_here("query", "select * from mart_total", "--as-of", "2026-01-15"))


def test_the_script_of_a_role_is_printed_and_holds_no_password() -> None:
    ran = run_here("role", "--name", "phan_tich", "--timeout", "30")
    assert (ran.code, ran.err) == (0, "")
    assert 'GRANT SELECT ON ALL TABLES IN SCHEMA "public" TO "phan_tich"' in ran.out
    assert "statement_timeout = '30s'" in ran.out
    assert is_a_refusal(run_here("role", "--name", "Phân tích"))


def test_an_export_lists_its_files_and_refuses_what_it_cannot_do(filled: Collected, tmp_path: Path) -> None:
    ran = run_here("export", "--period", PERIOD, "--out", str(tmp_path / "ra"), "--format", "csv")
    assert (ran.code, ran.err) == (0, "")
    assert f"{PERIOD}/observations.csv" in ran.out
    assert (tmp_path / "ra" / PERIOD / "totals.csv").is_file()
    a_file = tmp_path / "tệp"
    a_file.write_text("a")
    for arguments in (
        ("--period", "2025-Q9", "--out", str(tmp_path / "x")),
        ("--period", PERIOD, "--unit", "KHONG.CO", "--out", str(tmp_path / "x")),
        ("--period", PERIOD, "--out", str(a_file)),
        ("--period", PERIOD, "--out", str(a_file / "dưới")),
        ("--period", PERIOD, "--out", str(tmp_path / "ra"), "--format", "xlsx"),
        ("--period", PERIOD, "--out", str(tmp_path / "x"), "--as-of", "hôm qua"),
    ):
        assert is_a_refusal(run_here("export", *arguments)), arguments
    assert not (tmp_path / "x").exists()


def test_a_backup_comes_back_into_a_workspace_that_was_not_there(
    filled: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = ("query", "select count(*) as n, sum(value) as s from mart_observation", "--json")
    before = run_here(*sql).json
    saved = tmp_path / "sao-lưu.zip"
    ran = run_here("backup", "--out", str(saved))
    assert (ran.code, ran.err) == (0, "")
    assert is_a_refusal(run_here("backup", "--out", str(saved)))
    assert is_a_refusal(run_here("backup", "--out", str(tmp_path / "không có" / "a.zip")))
    assert is_a_refusal(run_here("restore-backup", str(saved)))
    assert is_a_refusal(run_here("restore-backup", str(saved), "--replace"))
    monkeypatch.setenv("TONGKET_HOME", str(tmp_path / "mới"))
    told = run_here("restore-backup", str(saved), "--json")
    assert (told.code, told.json["lost"]) == (0, [])
    assert run_here(*sql).json == before
    assert run_here("doctor").code == 0
    assert is_a_refusal(run_here("restore-backup", str(tmp_path / "không có.zip")))


def test_what_is_published_is_published_once(filled: Collected, tmp_path: Path) -> None:
    out = str(tmp_path / "a.db")
    ran = run_here("publish", "--out", out)
    assert (ran.code, ran.err) == (0, "")
    assert "mart_total" in ran.out
    assert is_a_refusal(run_here("publish", "--out", out))


def test_a_text_that_a_spreadsheet_would_run_is_disarmed_in_an_answer_as_csv(filled: Collected) -> None:
    sql = "select '=1+1' as a, '@x' as b, -5 as c, 'a-b' as d, '-' as e, char(9) || '=2' as f, '+84' as \"=g\""
    assert run_here("query", sql, "--format", "csv").out.splitlines() == [
        "a,b,c,d,e,f,'=g",
        "'=1+1,'@x,-5,a-b,'-,'\t=2,'+84",
    ]
    assert run_here("query", sql, "--json").json[0]["a"] == "=1+1"


def test_what_waits_in_the_inbox_is_said_not_to_be_in_the_backup(workspace: Path, tmp_path: Path) -> None:
    first = run_here("backup", "--out", str(tmp_path / "a.zip"), "--json")
    assert (first.code, first.json["waiting"], first.err) == (0, 0, "")
    (workspace / "inbox" / "một.xlsx").write_bytes(b"x")
    (workspace / "inbox" / "dưới").mkdir()
    (workspace / "inbox" / "dưới" / "hai.xlsx").write_bytes(b"y")
    ran = run_here("backup", "--out", str(tmp_path / "b.zip"))
    assert ran.code == 0
    assert "2 tệp còn chờ trong hộp nhận và KHÔNG có trong bản sao lưu" in ran.err


@pytest.mark.parametrize("command", ["backup", "publish"])
def test_a_name_that_is_taken_meanwhile_is_refused(
    workspace: Path, tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's file appears under the name while ours is written."""
    out = tmp_path / "a.db"
    real = os.fsync

    def meanwhile(number: int) -> None:
        out.write_text("của người khác")
        real(number)

    monkeypatch.setattr(os, "fsync", meanwhile)
    ran = run_here(command, "--out", str(out))
    assert is_a_refusal(ran)
    assert str(out) in ran.err
    assert out.read_text() == "của người khác"
    assert [path.name for path in tmp_path.glob("*") if path.name.endswith(".part")] == []


def test_a_summary_is_told_as_of_a_moment(filled: Collected) -> None:
    now = run_here("summary", "--unit", "P99.DU", "--period", PERIOD, "--json").json
    asked = ("summary", "--unit", "P99.DU", "--period", PERIOD, "--as-of")
    assert run_here(*asked, "2100-01-01", "--json").json == now
    assert run_here(*asked, "2001-01-01", "--json").json == []
    assert is_a_refusal(run_here(*asked, "2001-01-01"))
    assert is_a_refusal(run_here(*asked, "hôm qua"))
    assert "Tổng hợp P99.DU · 2025 · 01/01/2100 23:59" in run_here(*asked, "2100-01-01").out
