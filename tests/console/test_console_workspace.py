"""``init`` and ``doctor``, and what a person is told when the surroundings are not well."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import Ran, run_here

UNREACHABLE = "postgresql://u:sEcReT@localhost:1/x"
FILE = Path(__file__)

#: Commands that need a workspace, each with arguments that would do.
NEEDING = (
    ("status",),
    ("findings",),
    ("ingest",),
    ("submit", str(FILE)),
    ("trace", "--unit", "UB.12", "--period", "2014", "--indicator", "dossiers_received"),
    ("summary", "--unit", "UB.12", "--period", "2014"),
    ("query", "select 1"),
    ("units", "list"),
    ("units", "tree"),
    ("units", "import", str(FILE)),
)


def is_a_refusal(ran: Ran) -> bool:
    """One sentence on the error stream, nothing on the other, exit code 2, no traceback."""
    return ran.code == 2 and ran.out == "" and ran.err.startswith("✗ ") and "Traceback" not in ran.err


def test_init_makes_the_folders_and_the_warehouse(home: Path) -> None:
    ran = run_here("init")
    assert (ran.code, ran.err) == (0, "")
    assert {"inbox", "archive", "returned", "published", "docs", "templates", "warehouse.db"} <= {
        path.name for path in home.iterdir()
    }
    assert f"✓ Không gian làm việc: {home}" in ran.out
    assert "Đã nạp 75 chỉ tiêu" in ran.out


def test_init_again_changes_nothing(workspace: Path) -> None:
    first, second = run_here("init", "--json"), run_here("init", "--json")
    assert first.code == second.code == 0
    assert first.json == second.json
    assert set(first.json) == {"home", "warehouse", "indicators", "forms", "rules", "units"}
    assert first.json["home"] == str(workspace)


def test_init_elsewhere_says_how_later_commands_find_it(home: Path, tmp_path: Path) -> None:
    ran = run_here("init", "--warehouse", f"sqlite:///{tmp_path / 'kho' / 'w.db'}")
    assert ran.code == 0
    assert (tmp_path / "kho" / "w.db").is_file()
    assert "TONGKET_WAREHOUSE_URL" in ran.out
    assert not (home / "warehouse.db").exists()


@pytest.mark.parametrize("arguments", NEEDING, ids=lambda arguments: " ".join(arguments[:2]))
def test_without_a_workspace_a_person_is_told_to_make_one(home: Path, arguments: tuple[str, ...]) -> None:
    ran = run_here(*arguments)
    assert is_a_refusal(ran)
    assert "tongket init" in ran.err
    assert str(home) in ran.err
    assert not home.exists()


@pytest.mark.parametrize("arguments", NEEDING, ids=lambda arguments: " ".join(arguments[:2]))
def test_a_warehouse_out_of_reach_is_one_sentence_without_the_password(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TONGKET_WAREHOUSE_URL", UNREACHABLE)
    ran = run_here(*arguments)
    assert is_a_refusal(ran)
    assert "Kho số liệu không trả lời" in ran.err
    assert "sEcReT" not in ran.said


@pytest.mark.parametrize(
    "arguments", [("init",), ("init", "--warehouse", UNREACHABLE), ("doctor",), ("doctor", "--json")]
)
def test_the_password_is_never_printed(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TONGKET_WAREHOUSE_URL", UNREACHABLE)
    ran = run_here(*arguments)
    assert ran.code == 2
    assert "sEcReT" not in ran.said
    assert "Traceback" not in ran.said


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("mysql://u:sEcReT@h/x", "mysql is not supported"),
        ("không phải địa chỉ", "Could not parse"),
        ("sqlite:////proc/không/w.db", "/proc"),
    ],
)
def test_an_address_of_no_use_is_said(workspace: Path, monkeypatch: pytest.MonkeyPatch, url: str, cause: str) -> None:
    monkeypatch.setenv("TONGKET_WAREHOUSE_URL", url)
    ran = run_here("status")
    assert is_a_refusal(ran)
    assert cause in ran.err
    assert "sEcReT" not in ran.err


def test_a_warehouse_that_is_no_database_is_said(workspace: Path) -> None:
    (workspace / "warehouse.db").write_bytes(b"day khong phai kho so lieu" * 1000)
    ran = run_here("status")
    assert is_a_refusal(ran)
    assert "file is not a database" in ran.err


def test_a_warehouse_behind_the_program_is_told_to_be_brought_up_to_date(workspace: Path) -> None:
    (workspace / "warehouse.db").write_bytes(b"")
    ran = run_here("status")
    assert is_a_refusal(ran)
    assert "tongket init" in ran.err


def test_a_home_that_is_a_file_is_said(home: Path) -> None:
    home.write_text("một tệp")
    ran = run_here("init")
    assert is_a_refusal(ran)
    assert str(home) in ran.err


@pytest.mark.parametrize("command", ["status", "doctor", "init", "check"])
def test_wrong_settings_are_named_without_their_values(tmp_path: Path, command: str) -> None:
    (tmp_path / ".env").write_text("TONGKET_WORKERS=sEcReT\nTONGKET_BATCH_SIZE=0\n", encoding="utf-8")
    ran = run_here(command, *([str(FILE)] if command == "check" else []))
    assert is_a_refusal(ran)
    assert "TONGKET_WORKERS" in ran.err
    assert "TONGKET_BATCH_SIZE" in ran.err
    assert "sEcReT" not in ran.err


def test_a_dotenv_file_in_another_encoding_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"TONGKET_HOME=nh\xe0\n")
    ran = run_here("status")
    assert is_a_refusal(ran)
    assert "UTF-8" in ran.err


def test_a_dotenv_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TONGKET_HOME")
    (tmp_path / ".env").write_text("TONGKET_HOME=từ_env\n", encoding="utf-8")
    assert run_here("init", "--json").json["home"] == str(tmp_path / "từ_env")


def test_doctor_finds_a_fresh_workspace_well(workspace: Path) -> None:
    ran = run_here("doctor", "--json")
    assert ran.code == 0
    assert all(set(condition) == {"code", "name", "level", "well", "seen", "advice"} for condition in ran.json)
    assert all(condition["well"] and condition["advice"] == "" for condition in ran.json)
    assert "✓" in run_here("doctor").out


def test_doctor_says_what_to_do_without_a_workspace() -> None:
    ran = run_here("doctor", "--json")
    assert ran.code == 2
    (sick,) = [condition for condition in ran.json if not condition["well"]]
    assert sick["advice"] == "Chạy: tongket init"


def test_doctor_sees_definitions_that_do_not_hold(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TONGKET_CATALOG", str(tmp_path / "không có"))
    ran = run_here("doctor", "--json")
    assert ran.code == 2
    assert "tongket catalog check" in {condition["advice"].removeprefix("Chạy: ") for condition in ran.json}


def test_doctor_sees_a_warehouse_out_of_reach(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKET_WAREHOUSE_URL", UNREACHABLE)
    ran = run_here("doctor")
    assert ran.code == 2
    assert "✗" in ran.out
    assert "không trả lời" in ran.out
