"""The log: one line an event, whole whoever writes at once, without anybody's address and without secrets."""

from __future__ import annotations

import ast
import json
import multiprocessing
import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.act import ActRefusedError
from tasks import log
from tasks.runs import KINDS
from tasks.settings import Settings
from tasks.store import engine_for
from warehouse import acts
from warehouse.engine import Engine, note_act, write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "archive").mkdir()
    return Settings(home=tmp_path)


def lines(settings: Settings) -> list[dict[str, Any]]:
    files = sorted(settings.workspace.logs.glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_line_has_its_fields_and_nothing_that_names_a_person_or_a_secret(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = OSError("postgresql://kho:sEcReT@máy/x\nan.nguyen@ubnd.example: hộp thư đầy")
    log.tell("notice.failed", settings, notice=7, period="2025-Q1@CALENDAR", error=fault, recipient="an@ubnd.example")
    (line,) = lines(settings)
    assert line["event"] == "notice.failed"
    assert (line["level"], line["notice"], line["period"]) == ("warning", 7, "2025-Q1@CALENDAR")
    assert line["error"] == "OSError: postgresql://…@máy/x\n…@…: hộp thư đầy"
    assert line["left_out"] == ["recipient"]
    assert datetime.fromisoformat(line["at"]).tzinfo is not None
    assert capsys.readouterr().err == ""
    log.tell("notice.sent", settings, notice=1, kind="accepted", error=None)
    assert "left_out" not in lines(settings)[-1]


@pytest.mark.parametrize(("form", "said"), [("json", '"event": "run.started"'), ("text", 'info run.started run="r"')])
def test_the_error_stream_hears_it_when_asked_to(
    settings: Settings, capsys: pytest.CaptureFixture[str], form: str, said: str
) -> None:
    log.tell("run.started", settings.model_copy(update={"log": form}), run="r")
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_levels_below_the_chosen_one_are_not_written(settings: Settings) -> None:
    quiet = settings.model_copy(update={"log_level": "warning"})
    log.tell("run.started", quiet, run="r")
    log.tell("run.failed", quiet, run="r", error="x")
    assert [line["event"] for line in lines(settings)] == ["run.failed"]


def test_without_a_workspace_nothing_is_made(tmp_path: Path) -> None:
    log.tell("run.started", Settings(home=tmp_path / "không"), run="r")
    assert not (tmp_path / "không").exists()


def _write_many(home: Path, start: Any) -> None:
    settings = Settings(home=home)
    start.wait()
    for number in range(150):
        log.tell("batch.done", settings, run="đ" * 3_000, files=number)


def test_lines_of_processes_that_write_at_once_are_whole(settings: Settings) -> None:
    context = multiprocessing.get_context("fork")
    start = context.Event()
    crowd = [context.Process(target=_write_many, args=(settings.home, start)) for _ in range(4)]
    for process in crowd:
        process.start()
    start.set()
    for process in crowd:
        process.join()
    found = lines(settings)
    assert len(found) == 4 * 150
    assert {line["files"] for line in found if line["pid"] == crowd[2].pid} == set(range(150))
    assert {len(line["run"]) for line in found} == {log.LONGEST_TEXT}


def test_files_of_long_ago_go_and_others_stay(settings: Settings) -> None:
    logs = settings.workspace.logs
    logs.mkdir()
    today = datetime.now(UTC).date()
    old, young = (log.file_of(logs, today - timedelta(days=days)) for days in (11, 9))
    for path in (old, young, logs / "tongket.của.tôi.jsonl"):
        path.write_text("{}\n")
    log.tell("run.started", settings.model_copy(update={"log_days": 10}), run="r")
    assert {path.name for path in logs.iterdir()} == {
        young.name,
        log.file_of(logs, today).name,
        "tongket.của.tôi.jsonl",
    }


def test_a_file_that_has_grown_too_large_is_followed_by_another(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "LARGEST_FILE", 200)
    for number in range(6):
        log.tell("batch.done", settings, files=number)
    assert len(list(settings.workspace.logs.iterdir())) > 1
    assert sorted(line["files"] for line in lines(settings)) == list(range(6))


def test_a_log_that_cannot_be_written_stops_nobody_and_is_said_once(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "_complained_at", float("-inf"))
    settings.workspace.logs.write_text("một tệp ở chỗ của thư mục")
    for _ in range(3):
        log.tell("run.started", settings, run="r")
    assert capsys.readouterr().err.count("nhật ký không ghi được") == 1


def _rolled_back(engine: Engine) -> None:
    with write(engine) as connection:
        note_act(connection, "withdraw")
        raise RuntimeError("rolled back")


def test_acts_are_told_when_they_stand_and_not_when_they_are_rolled_back(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kho" / "archive").mkdir(parents=True)
    monkeypatch.setenv("TONGKET_HOME", str(tmp_path / "kho"))
    engine = engine_for(url)
    with write(engine) as connection:
        acts.record_replacement(connection, who="Nguyễn Văn An", reason="Thử", before="x", after="y")
    with pytest.raises(ActRefusedError):
        acts.withdraw(engine, 1, who="An", reason="Không có báo cáo này")
    with pytest.raises(RuntimeError):
        _rolled_back(engine)
    told = lines(Settings())
    (line,) = told
    assert (line["event"], line["what"], line["count"]) == ("act.recorded", "replace_warehouse", 1)
    assert "Nguyễn" not in json.dumps(told, ensure_ascii=False)
    engine.dispose()


def _told_in(path: Path) -> list[tuple[str, set[str]]]:
    """Events a file tells by name, with the fields it names."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    named = [node for node in calls if ast.unparse(node.func) == "log.tell" and isinstance(node.args[0], ast.Constant)]
    return [(str(node.args[0].value), {word.arg for word in node.keywords if word.arg}) for node in named]  # type: ignore[attr-defined]


def test_whatever_the_program_tells_is_in_the_catalogue_with_its_fields() -> None:
    rooms = [path for room in ("tasks", "flows", "console") for path in (ROOT / room).glob("*.py")]
    told = [item for path in rooms for item in _told_in(path)]
    assert len(told) > 10
    strange = [item for item in told if item[0] not in log.EVENTS or not item[1] <= log.EVENTS[item[0]].fields]
    assert strange == []


def test_the_day_of_a_file_is_in_its_name() -> None:
    assert log.file_of(Path("x"), date(2026, 3, 1)).name.endswith(".2026-03-01.jsonl")
    assert os.sep not in log.file_of(Path("x"), date(2026, 3, 1)).name


def test_every_event_is_told_somewhere_and_every_kind_of_run_is_known() -> None:
    told = "".join(
        path.read_text(encoding="utf-8")
        for room in ("console", "flows", "tasks")
        for path in (ROOT / room).rglob("*.py")
        if path.name != "log.py"
    )
    assert {event for event in log.EVENTS if f'"{event}"' not in told} == set()
    assert set(re.findall(r'(?:running\(settings, |run_through\()"([a-z-]+)"', told)) == set(KINDS)
