"""The installed program as a process of its own: languages, speed of the help, clean streams."""

from __future__ import annotations

import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.commands import PROGRAM, run, run_here, surroundings
from tests.console.test_console_workspace import is_a_refusal
from tests.delivered import Delivery

HEAVY = ("prefect", "polars", "great_expectations", "pandas", "sqlalchemy", "alembic", "xlsxwriter", "python_calamine")

_LOADED = f"""
import sys
sys.argv = ["tongket", "--help"]
from console.cli import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(",".join(name for name in {HEAVY!r} if name in sys.modules))
"""


def test_the_help_loads_no_heavy_library(home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, env=surroundings(home))
    assert done.stderr == ""
    assert "ingest" in done.stdout


def test_the_help_costs_less_than_a_second(home: Path) -> None:
    """What the program itself needs, the best of three: the machine may be busy with something else."""
    home.mkdir()
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run(home, "--help").code == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 1.0


@pytest.mark.parametrize(
    ("arguments", "more", "said"),
    [
        (("--help",), {}, "gửi tệp vào và xử lý ngay"),
        (("--lang", "en", "--help"), {}, "put files in and process them now"),
        (("--help",), {"TONGKET_LANG": "en"}, "put files in and process them now"),
        (("--lang", "vi", "--help"), {"TONGKET_LANG": "en"}, "gửi tệp vào và xử lý ngay"),
        (("--lang=en", "submit", "--help"), {}, "put files in and process them now"),
        (("units", "--help", "--lang", "en"), {}, "the register of units"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_language(home: Path, arguments: tuple[str, ...], more: dict[str, str], said: str) -> None:
    home.mkdir()
    ran = run(home, *arguments, **more)
    assert (ran.code, ran.err) == (0, "")
    assert said in " ".join(ran.out.split())


def test_refusals_are_in_the_language_too(home: Path) -> None:
    home.mkdir()
    ran = run(home, "--lang", "en", "trace", "--unit", "x", "--period", "2014", "--indicator", "y")
    assert is_a_refusal(ran)
    assert ran.err == f"✗ There is no workspace at {home}. Run: tongket init\n"


def test_the_language_of_a_dotenv_file(home: Path) -> None:
    home.mkdir()
    (home.parent / ".env").write_text("TONGKET_LANG='en'\n", encoding="utf-8")
    assert run(home, "status").err.startswith("✗ There is no workspace")


def test_a_language_that_is_none_is_refused(home: Path) -> None:
    ran = run_here("--lang", "fr", "status")
    assert ran.code == 2
    assert "--lang" in ran.err


def test_vietnamese_is_written_where_the_surroundings_ask_for_another_code_page(home: Path) -> None:
    home.mkdir()
    ran = run(home, "doctor", PYTHONIOENCODING="latin-1")
    assert (ran.code, ran.err) == (2, "")
    assert "Không gian làm việc" in ran.out


@pytest.mark.parametrize("arguments", [(), ("không_có",), ("check",), ("ingest", "--nhanh"), ("trace", "--unit", "x")])
def test_wrong_arguments_end_with_2_and_no_traceback(arguments: tuple[str, ...]) -> None:
    ran = run_here(*arguments)
    assert ran.code == 2
    assert "Traceback" not in ran.said


def test_a_reader_that_goes_away_is_no_fault(home: Path) -> None:
    home.mkdir()
    pipe = f"{PROGRAM} units --help | head -1"
    done = subprocess.run(pipe, shell=True, capture_output=True, text=True, env=surroundings(home))
    assert done.stderr == ""


# ------------------------------------------------------------------------------------------------ ingest, submit


@pytest.fixture
def made(home: Path) -> Path:
    assert run_here("init").code == 0
    return home


@pytest.mark.server
def test_submit_with_a_server_of_its_own_where_the_named_one_is_away(made: Path, delivery: Delivery) -> None:
    """As a user runs it for the first time: no Prefect server anywhere, nothing on the screen but the outcome, and one
    line about the server that PREFECT_API_URL names and nobody finds."""
    nowhere = "http://127.0.0.1:9/api"
    ran = run(made, "submit", str(delivery.folder / "lai_chau_2014.xlsx"), PREFECT_API_URL=nowhere)
    away = f"! Máy chủ Prefect {nowhere} không trả lời; lượt này chạy bằng máy chủ nhúng.\n"
    assert (ran.code, ran.err) == (0, away)
    assert ran.out.splitlines()[1:] == ["  được nhận, có cảnh báo: 1"]
    assert (made / ".prefect").is_dir()
    traced = run_here("trace", "--unit", "UB.12", "--period", "2014", "--indicator", "dossiers_received", "--json")
    assert traced.json[0]["value"] == 64427.0


@pytest.mark.server
def test_ingest_takes_what_waits_and_strict_ends_with_3(made: Path, delivery: Delivery, prefect_api: str) -> None:
    bad = next(item for item in delivery.sent if item.fault == "truncated")
    for name in (f"{bad.name}.xlsx", "lai_chau_2014.xlsx"):
        (made / "inbox" / name).write_bytes((delivery.folder / name).read_bytes())
    ran = run(made, "ingest", "--strict", "--json", "--period", "2025", PREFECT_API_URL=prefect_api)
    assert (ran.code, ran.err) == (3, "")
    assert set(ran.json) == {"run", "state", "counts", "settled", "seconds"}
    assert ran.json["counts"] == {"accepted_with_warnings": 1, "unreadable": 1}
    assert ran.json["state"] == "Completed · 1 accepted · 0 rejected · 1 unreadable"
    assert list((made / "inbox").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ingest", "--period", "2025-Q9"), "2025-Q9"),
        (("ingest", "--inbox", "không_có"), "không_có"),
        (("ingest", "--inbox", "."), "kho lưu trữ"),
        (("submit", "không_có.xlsx"), "không_có.xlsx"),
        (("submit", "."), "."),
    ],
)
def test_a_collection_asked_for_wrongly_is_refused(made: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = run_here(*arguments)
    assert is_a_refusal(ran)
    assert said in ran.err


@pytest.mark.server
def test_a_warehouse_that_cannot_be_written_is_one_sentence(made: Path, prefect_api: str) -> None:
    """Read-only by the address: file rights do not stop an administrator."""
    ran = run(
        made,
        "ingest",
        PREFECT_API_URL=prefect_api,
        TONGKET_WAREHOUSE_URL=f"sqlite:///file:{made / 'warehouse.db'}?mode=ro&uri=true",
    )
    assert is_a_refusal(ran)
    assert "readonly" in ran.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("statu",), "✗ Không có lệnh “statu”; gần giống: 'status'. Xem: tongket -h"),
        (("status", "--perio", "x"), "✗ Không có tùy chọn --perio; gần giống: --period. Xem: tongket status -h"),
        (("status", "a", "b"), "✗ Thừa: a b. Xem: tongket status -h"),
        (("status", "--depth", "99"), "✗ --depth không hợp lệ: nhiều nhất là 20. Xem: tongket status -h"),
        (("withdraw",), "✗ Thiếu submission. Xem: tongket withdraw -h"),
        (("withdraw", "x", "--reason", "y"), "✗ submission không hợp lệ: phải là số nguyên. Xem: tongket withdraw -h"),
        (("findings", "--severity", "x"), "✗ --severity không hợp lệ: chỉ nhận 'critical', 'warning', 'info'."),
        (("period",), "✗ Thiếu tên lệnh. Xem: tongket period -h"),
        (("--lang", "fr", "status"), "✗ --lang không hợp lệ: chọn vi hoặc en. Xem: tongket -h"),
    ],
)
def test_what_is_typed_wrong_is_said_in_vietnamese_too(arguments: tuple[str, ...], sentence: str) -> None:
    ran = run_here(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.strip().startswith(sentence)


def test_the_program_says_which_version_it_is() -> None:
    ran = run_here("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"tongket {version('tongket')}\n", "")


def test_the_program_without_a_command_shows_its_help_and_asks_for_one() -> None:
    ran = run_here()
    assert ran.code == 2
    assert "tongket [OPTIONS] COMMAND" in ran.out
    assert ran.err == ""
