"""``doctor``: each thing is made ill, and its line says what is seen and what to do."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tasks import health, health_prefect, health_warehouse, periods
from tasks.condition import Level
from tasks.settings import Settings
from tasks.store import engine_for
from tests.commands import run_here
from tests.conftest import Collected
from warehouse import operations
from warehouse.engine import write


def seen(code: str) -> list[dict[str, Any]]:
    """The lines of ``doctor`` on one thing."""
    return [row for row in run_here("doctor", "--json").json if row["code"] == code]


def ill(code: str) -> tuple[str, str, str]:
    """Level, what was seen and advice of the one line on this thing, which is not well."""
    (row,) = [row for row in seen(code) if row["level"] != "well"]
    assert row["well"] == (row["level"] != "fault")
    assert row["advice"]
    return row["level"], row["seen"], row["advice"]


def change(words: str, **values: object) -> None:
    engine = engine_for(Settings().url)
    with write(engine) as connection:
        connection.execute(text(words), values)
    engine.dispose()


def moment(age: timedelta) -> str:
    return f"{datetime.now(UTC) - age:%Y-%m-%d %H:%M:%S.%f}"


# ------------------------------------------------------------------------------------------------ settings, places


def test_a_variable_nobody_reads_is_named_with_the_nearest(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKET_SMPT_HOST", "x")
    assert ill("settings") == ("attention", "không có cấu hình nào tên TONGKET_SMPT_HOST", "Ý là TONGKET_SMTP_HOST?")
    assert run_here("doctor").code == 0


def test_secrets_that_others_can_read_are_told_without_being_shown(workspace: Path, tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("TONGKET_SMTP_PASSWORD=sEcReT\nTONGKET_LANG=vi\n", encoding="utf-8")
    dotenv.chmod(0o644)
    level, said, advice = ill("settings")
    assert (level, "TONGKET_SMTP_PASSWORD" in said, advice) == ("attention", True, "Chạy: chmod 600 .env")
    assert "sEcReT" not in run_here("doctor").said
    dotenv.chmod(0o600)
    assert [row["level"] for row in seen("settings")] == ["well"]


def test_a_sender_is_missing(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGKET_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("TONGKET_SMTP_PORT", "1")
    assert "TONGKET_SMTP_SENDER" in ill("settings")[1]
    level, said, _ = ill("mail")
    assert (level, said.startswith("127.0.0.1:1 không trả lời")) == ("fault", True)


def test_a_mail_server_without_starttls(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _says(b"220 x\r\n", b"250 x\r\n") as port:
        for name, value in (("HOST", "127.0.0.1"), ("PORT", str(port)), ("SENDER", "a@b.vn")):
            monkeypatch.setenv(f"TONGKET_SMTP_{name}", value)
        assert "STARTTLS" in ill("mail")[1]


def test_a_mail_server_that_speaks_no_tls_when_it_comes_to_it(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = (b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n", b"khong phai TLS\r\n")
    with _says(*answers) as port:
        for name, value in (("HOST", "127.0.0.1"), ("PORT", str(port)), ("SENDER", "Sở Nội vụ <a@b.vn>")):
            monkeypatch.setenv(f"TONGKET_SMTP_{name}", value)
        level, said, advice = ill("mail")
    assert (level, "không nói được starttls" in said, "587" in advice) == ("fault", True, True)
    assert "TONGKET_SMTP_SENDER không phải địa chỉ thư" in ill("settings")[1]


@contextmanager
def _says(*answers: bytes) -> Iterator[int]:
    """A server that greets, and answers each line in turn."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(ConnectionError):
                for answer in answers:
                    connection.sendall(answer)
                    connection.recv(1_000)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("bytes_left", "files_left", "level"),
    [(1_000, 10**6, "fault"), (2 * 1024**3, 10**6, "attention"), (10**12, 500, "fault"), (10**12, 50_000, "attention")],
)
def test_a_disk_that_runs_out_of_bytes_or_of_files(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, bytes_left: int, files_left: int, level: str
) -> None:
    room = os.statvfs_result((4096, 1, bytes_left, bytes_left, bytes_left, 10**7, files_left, files_left, 0, 255))
    monkeypatch.setattr(health.os, "statvfs", lambda _: room)
    assert health.disk_condition(workspace).level.word == level


def test_an_inbox_that_is_away(workspace: Path) -> None:
    (workspace / "inbox").rmdir()
    assert ill("inbox")[0] == "fault"


# ------------------------------------------------------------------------------------------------ the warehouse


def test_a_schema_behind_and_one_ahead_of_the_program(workspace: Path) -> None:
    change("update alembic_version set version_num = '0009'")
    assert ill("schema") == (
        "fault",
        "0009, chương trình cần " + str(health_warehouse.migrate.head()),
        "Chạy: tongket init",
    )
    change("update alembic_version set version_num = '9999'")
    level, said, advice = ill("schema")
    assert (level, "mới hơn chương trình" in said, advice) == ("fault", True, "Cập nhật chương trình trên máy này")


def test_a_clock_that_went_back(workspace: Path) -> None:
    _add_run("later", "completed", timedelta(days=-2))
    level, said, advice = ill("clock")
    assert (level, "bảng run" in said) == ("fault", True)
    assert "Chỉnh giờ" in advice


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
@pytest.mark.parametrize(("off", "level"), [(0, Level.WELL), (20, Level.ATTENTION), (-300, Level.FAULT)])
def test_a_clock_that_is_not_that_of_the_warehouse(
    url: str, monkeypatch: pytest.MonkeyPatch, off: int, level: Level
) -> None:
    engine = engine_for(url)
    theirs = operations.clock_of(engine)
    monkeypatch.setattr(operations, "clock_of", lambda _: datetime.now(UTC) + timedelta(seconds=off))
    assert [found.level for found in health_warehouse.clock_conditions(engine)] == [level]
    assert abs(theirs - datetime.now(UTC)) < timedelta(seconds=60)
    engine.dispose()


def _add_run(run: str, state: str, age: timedelta, pid: int = 1) -> None:
    values = {"id": run, "state": state, "at": moment(age), "pid": pid, "host": socket.gethostname()}
    finished = ":at" if state != "running" else "null"
    change(
        "insert into run (id, kind, state, host, pid, started_at, heartbeat_at, finished_at)"
        f" values (:id, 'collect-period', :state, :host, :pid, :at, :at, {finished})",
        **values,
    )


def test_runs_that_died_or_never_end(workspace: Path) -> None:
    _add_run("long", "running", timedelta(hours=7), os.getpid())
    assert ill("runs")[0] == "attention"
    _add_run("dead", "running", timedelta(hours=1), 999_999_999)
    level, said, advice = ill("runs")
    assert (level, "1 bị ngắt" in said, "tongket ingest" in advice) == ("fault", True, True)


def test_a_period_that_was_left_half_closed(workspace: Path) -> None:
    settings = Settings()
    _add_run("gone", "running", timedelta(minutes=5), 999_999_999)
    periods.begin_closing(settings, "2025", "gone", who="An", reason="Hết hạn")
    engine_for(settings.url).dispose()
    level, said, advice = ill("periods")
    assert (level, "đóng dở" in said, "tongket period close 2025" in advice) == ("fault", True, True)


@pytest.mark.parametrize(
    ("state", "age", "said"),
    [
        ("sending", timedelta(hours=1), "không rõ đã đi chưa"),
        ("waiting", timedelta(hours=3), "chờ gửi quá 2 giờ"),
        ("refused", timedelta(0), "bị từ chối"),
    ],
)
def test_notices_that_somebody_should_see_to(workspace: Path, state: str, age: timedelta, said: str) -> None:
    change(
        "insert into notice (id, kind, reason, recipient, subject, body, made_at, tried_at, state, tries)"
        " values (1, 'digest', 'r', 'a@b.vn', 's', 'b', :at, :tried, :state, 1)",
        at=moment(age),
        tried=moment(timedelta(0) if state == "waiting" else age),  # tried in vain by every run since
        state=state,
    )
    level, what, advice = ill("notices")
    assert (level, said in what, "notices " in advice) == ("attention", True, True)


def test_what_the_calendar_asked_for_and_nobody_did(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr(health_prefect, "OWN_SERVER", "http://127.0.0.1:1/api")
    (workspace / ".prefect").mkdir(exist_ok=True)
    (row,) = seen("calendar")
    assert (row["level"], "chưa chạy theo lịch" in row["seen"]) == ("well", True)
    assert [row["level"] for row in seen("prefect")] == ["well"]
    change(
        "insert into setting (key, value, changed_at) values ('schedule_since', :since, :since)",
        since=(datetime.now(UTC) - timedelta(days=40)).isoformat(),
    )
    level, said, advice = ill("calendar")
    assert (level, "quá giờ chưa làm" in said, "tongket serve" in advice) == ("fault", True, True)
    # whoever kept the schedule is gone: known before anything is overdue
    level, said, advice = ill("prefect")
    assert (level, "không có tongket serve" in said, "tongket serve" in advice) == ("attention", True, True)


# ------------------------------------------------------------------------------------------------ what is kept


@pytest.fixture
def filled_copy(collected_sqlite: Collected, home: Path) -> Path:
    """A workspace with reports, to be changed."""
    shutil.copytree(collected_sqlite.settings.home, home)
    return home


def test_backups_that_are_missing_old_or_broken(filled_copy: Path) -> None:
    assert ill("backup")[0] == "attention"
    made = run_here("backup", "--json").json
    assert [row["level"] for row in seen("backup")] == ["well"]
    file = Path(made["file"])
    _age(file, timedelta(days=9))
    assert "9 ngày trước" in ill("backup")[1]
    file.write_bytes(file.read_bytes()[:-500])
    level, said, _ = ill("backup")
    assert (level, "bị hỏng" in said) == ("fault", True)


def _age(file: Path, age: timedelta) -> None:
    """Let the backup say it is of a moment so long ago."""
    import json

    with zipfile.ZipFile(file) as package:
        content = {name: package.read(name) for name in package.namelist()}
    manifest = json.loads(content["manifest.json"])
    manifest["moment"] = (datetime.now(UTC) - age).isoformat(timespec="seconds")
    content["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(file, "w") as package:
        for name, data in content.items():
            package.writestr(name, data)


def test_old_backups_go_once_a_new_one_is_whole(workspace: Path) -> None:
    folder = workspace / "backups"
    folder.mkdir()
    for name in ("tongket-20250101T000000Z.zip", "tongket-20250201T000000Z.zip", "của-tôi.zip"):
        (folder / name).touch()
    ran = run_here("backup", "--keep", "2", "--json")
    assert ran.code == 0
    left = {path.name for path in folder.iterdir()}
    assert left == {"tongket-20250201T000000Z.zip", "của-tôi.zip", Path(ran.json["file"]).name}


def test_figures_that_were_changed_after_the_freeze(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Held:
        code, is_frozen = "TK-2025", True

    class Verdict:
        holds = False

    monkeypatch.setattr(health_warehouse, "conferences", lambda _: [Held])
    monkeypatch.setattr(health_warehouse, "verify", lambda *_: Verdict)
    level, said, advice = ill("conferences")
    assert (level, said, "tongket conference verify TK-2025" in advice) == ("fault", "đã bị thay đổi: TK-2025", True)


def test_a_warehouse_that_cannot_be_written(workspace: Path) -> None:
    with sqlite3.connect(workspace / "warehouse.db") as held:
        held.execute("PRAGMA journal_mode=DELETE")
    held.close()
    (workspace / "warehouse.db").write_bytes(b"day khong phai kho so lieu" * 1000)
    assert ill("warehouse")[0] == "fault"
    for left in workspace.glob("warehouse.db*"):
        left.unlink()
    assert "không thấy tệp" in ill("warehouse")[1], "the disk is away"
    ran = run_here("status", "--period", "2025")
    assert (ran.code, "Không thấy kho số liệu" in ran.err) == (2, True)
    assert not list(workspace.glob("warehouse.db*")), "looking makes no empty one"


# ------------------------------------------------------------------------------------------------ Prefect


def test_a_server_that_is_named_and_away(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    level, said, advice = ill("prefect")
    assert (level, "không trả lời" in said, "PREFECT_API_URL" in advice) == ("fault", True, True)


@pytest.fixture
def asking(prefect_api: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Asks the Prefect server of this session; what it made is removed."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_api)
    with httpx.Client(base_url=prefect_api, timeout=30) as client:
        made: list[str] = []

        def ask(path: str, **content: Any) -> Any:
            answer = client.post(path, json=content).raise_for_status().json()
            if path == "/deployments/":
                made.append(answer["id"])
            return answer

        yield ask
        for number in made:
            client.delete(f"/deployments/{number}")


@pytest.mark.server
def test_what_prefect_says_of_flows_schedules_workers_and_runs(
    workspace: Path, asking: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = asking("/flows/", name="thử")
    asking("/work_pools/", name="thử-ops", type="process")
    schedule = {"schedule": {"cron": "0 6 * * *", "timezone": "Asia/Ho_Chi_Minh"}, "active": False}
    place = {"work_pool_name": "thử-ops", "tags": ["tongket"], "entrypoint": "flows.open_period.open_period"}
    made = asking("/deployments/", name="bị bỏ quên", flow_id=flow["id"], schedules=[schedule], **place)
    assert [row["level"] for row in seen("prefect")] == ["well"]
    level, said, advice = ill("deployments")
    assert (level, "bị bỏ quên" in said, "tongket serve" in advice) == ("fault", True, True)
    assert "bị bỏ quên" in ill("schedules")[1]
    level, said, advice = ill("workers")
    assert (level, "prefect worker start --pool thử-ops" in advice) == ("fault", True)
    asking(f"/deployments/{made['id']}/create_flow_run", state={"type": "RUNNING", "name": "Running"})
    assert [row["level"] for row in seen("flow_runs")] == ["well"]
    monkeypatch.setattr(health_prefect, "TOO_LONG", dict.fromkeys(health_prefect.TOO_LONG, timedelta(0)))
    time.sleep(0.05)
    level, said, _ = ill("flow_runs")
    assert (level, "1 lượt bị treo" in said) == ("attention", True)


def test_nothing_is_looked_for_where_there_is_no_workspace(home: Path) -> None:
    codes = {row["code"] for row in run_here("doctor", "--json").json}
    assert codes == {"settings", "definitions", "holidays", "workspace", "prefect"}
    assert not home.exists()
