"""The log of the operation: what happened, as lines of JSON that a program can read and a person can search.

:func:`tell` is the only way in. Each event has its entry in :data:`EVENTS`, which names its level and the fields it may
carry; no other field is written, and none of them is a person, an address or a secret: who decided what is in the
warehouse, where it is guarded. The warehouse stays the truth; a line that could not be written stops nobody's work.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from pythonjsonlogger.json import JsonFormatter

from tasks.settings import Settings
from warehouse.engine import told

_log = logging.getLogger("tongket.events")

#: Longer texts, such as what a database says, are cut.
LONGEST_TEXT = 2_000

#: Beyond this the file of a day is followed by another of the same day: something tells the same thing over and over.
LARGEST_FILE = 64 * 1024 * 1024

#: An address of a person; a period's code (2025-Q1@CALENDAR) is none. Bounded: a long text must not take long.
_MAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,250}\.[A-Za-z]{2,}")

#: User and password in the address of a server.
_PASSWORD = re.compile(r"(?<=://)[^\s/]{1,500}(?=@)")

_FILE = re.compile(r"tongket\..+\.(?P<day>\d{4}-\d{2}-\d{2})(\.\d+)?\.jsonl")


@dataclass(frozen=True, slots=True)
class Kind:
    """An event: its level, the fields it may carry, and what it means."""

    level: int
    fields: frozenset[str]
    vi: str
    en: str


def _kind(level: int, fields: str, vi: str, en: str) -> Kind:
    return Kind(level, frozenset(fields.split()), vi, en)


_COUNTS = "accepted accepted_with_warnings rejected unreadable failed same_bytes"

#: Every event by its name.
EVENTS: dict[str, Kind] = {
    "run.started": _kind(logging.INFO, "run kind period", "lượt chạy bắt đầu", "a run began"),
    "run.ended": _kind(
        logging.INFO, f"run kind period seconds state message {_COUNTS}", "lượt chạy xong, kèm số đếm", "a run ended"
    ),
    "run.failed": _kind(logging.ERROR, "run kind period seconds error", "lượt chạy hỏng", "a run failed"),
    "run.lost": _kind(
        logging.WARNING,
        "run kind host_lost pid_lost released found_by",
        "thấy một lượt chạy đã bị ngắt; báo cáo của nó về lại hàng chờ",
        "a run was found dead; what it held waits again",
    ),
    "batch.done": _kind(logging.INFO, "run files later faults", "xong một lô", "a batch is done"),
    "batch.failed": _kind(logging.WARNING, "run files error", "một lô chưa xong", "a batch could not be done"),
    "worker.lost": _kind(
        logging.WARNING, "run files error", "tiến trình đọc tệp bị ngắt", "a process that reads files died"
    ),
    "period.opened": _kind(logging.INFO, "period run", "kỳ được mở", "a period was opened"),
    "period.closing": _kind(logging.INFO, "period run", "bắt đầu đóng kỳ", "closing a period began"),
    "period.closed": _kind(logging.INFO, "period run", "kỳ đã đóng", "a period was closed"),
    "period.put_off": _kind(logging.INFO, "period run", "hoãn đóng kỳ", "closing a period was put off"),
    "period.reopened": _kind(logging.INFO, "period run", "kỳ được mở lại", "a period was opened again"),
    "period.reported": _kind(logging.INFO, "period run path", "đã lập báo cáo của kỳ", "a period's report was made"),
    "occasion.done": _kind(
        logging.INFO, "kind period label due_at run outcome", "xong một việc theo lịch", "an occasion was done"
    ),
    "occasion.missed": _kind(
        logging.WARNING,
        "kind period due_at count run",
        "làm bù việc theo lịch đã lỡ",
        "what was missed while the program was away is done now",
    ),
    "notice.written": _kind(logging.INFO, "notice kind period count run", "đã lập thông báo", "notices were made"),
    "notice.sent": _kind(logging.INFO, "notice kind period count tries", "đã gửi thông báo", "a notice was sent"),
    "notice.failed": _kind(
        logging.WARNING, "notice kind period count tries error", "chưa gửi được thông báo", "a notice could not be sent"
    ),
    "notice.refused": _kind(
        logging.WARNING, "notice kind period tries error", "máy chủ thư từ chối thông báo", "a notice was refused"
    ),
    "notice.unknown": _kind(
        logging.WARNING,
        "notice kind period count error",
        "không rõ thông báo đã đi chưa",
        "whether a notice left is unknown",
    ),
    "notice.dropped": _kind(
        logging.INFO, "notice kind period count", "thông báo không còn đúng, không gửi", "a notice was no longer true"
    ),
    "act.recorded": _kind(
        logging.INFO, "what count", "quyết định của người quản trị được ghi lại", "an act of an administrator"
    ),
    "conference.frozen": _kind(
        logging.INFO, "conference period hash run", "hội nghị đã chốt số liệu", "a conference was frozen"
    ),
    "backup.made": _kind(logging.INFO, "path bytes seconds lost", "đã sao lưu", "a backup was made"),
    "service.started": _kind(logging.INFO, "service address", "dịch vụ bắt đầu", "a service began"),
    "service.ended": _kind(logging.INFO, "service", "dịch vụ dừng", "a service ended"),
    "service.fault": _kind(logging.ERROR, "service error", "dịch vụ gặp lỗi", "a service met a fault"),
}


def tell(event: str, settings: Settings | None = None, /, **fields: Any) -> None:
    """Write down that ``event`` (a name of :data:`EVENTS`) happened; ``settings`` say where (else the environment's).

    A line goes into the workspace's ``logs`` folder, where there is a workspace, and to the error stream with
    ``TONGKET_LOG``. Fields the event does not know are left out and named under ``left_out``; a field that is ``None``
    is left out without a word. Never raises for a disk that is full or a folder that is away.
    """
    chosen = settings or Settings()
    kind = EVENTS.get(event, _UNKNOWN)
    if kind.level < _level(chosen):
        return
    known = {name: _plain(value) for name, value in fields.items() if name in kind.fields and value is not None}
    strange = sorted(name for name, value in fields.items() if value is not None and name not in kind.fields)
    line = {"event": event, **known, **({"left_out": strange} if strange else {})}
    record = _log.makeRecord(_log.name, kind.level, "", 0, line, (), None)
    if chosen.workspace.exists:
        _append(chosen, _AS_JSON.format(record))
    if chosen.log is not None and sys.stderr is not None:
        _say(sys.stderr, (_AS_JSON if chosen.log == "json" else _AS_TEXT).format(record))


#: What is told under a name nobody knows: the name is written, nothing else.
_UNKNOWN = Kind(logging.WARNING, frozenset(), "", "")


def _level(settings: Settings) -> int:
    return logging.getLevelNamesMapping()[settings.log_level.upper()]


def _plain(value: Any) -> Any:
    """Numbers and truths as they are, anything else as text without addresses and passwords."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, BaseException):
        value = told(value)
    return masked(str(value))[:LONGEST_TEXT]


def masked(text: str) -> str:
    """The text without addresses of people and without passwords of servers."""
    return _MAIL.sub("…@…", _PASSWORD.sub("…", text)) if "@" in text else text


# ------------------------------------------------------------------------------------------------ how it is written


class _Json(JsonFormatter):
    """A line of JSON: ``at`` (UTC), ``level``, ``event``, ``host``, ``pid``, and the event's fields."""

    def __init__(self) -> None:
        super().__init__(json_ensure_ascii=False)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data.update(at=at, level=record.levelname.lower(), event=message_dict["event"])
        log_data.update(host=socket.gethostname(), pid=os.getpid())
        log_data.update({name: value for name, value in message_dict.items() if name not in log_data})


class _Text(logging.Formatter):
    """A line for a person who watches."""

    def format(self, record: logging.LogRecord) -> str:
        message: Any = record.msg  # always made by tell()
        at = datetime.fromtimestamp(record.created, UTC).astimezone().isoformat(timespec="seconds")
        fields = [
            f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in message.items() if name != "event"
        ]
        return " ".join([at, record.levelname.lower(), message["event"], *fields])


_AS_JSON, _AS_TEXT = _Json(), _Text()


def _append(settings: Settings, line: str) -> None:
    """The line at the end of today's file.

    One file a machine and day, opened to append and written in one call: on a disk of the machine the system puts such
    lines one after the other, whoever writes, and a folder that machines share has a file for each.
    """
    try:
        place = file_of(settings.workspace.logs, datetime.now(UTC).date())
        if not place.exists():
            _begin(place, settings.log_days)
        descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(descriptor, (line + "\n").encode("utf-8", "replace"))
        finally:
            os.close(descriptor)
    except OSError as error:
        _complain(error)


def file_of(logs: Path, day: date) -> Path:
    """Today's file of this machine; when it has grown too large, the next one of the same day."""
    stem = f"tongket.{_host()}.{day.isoformat()}"
    place, number = logs / f"{stem}.jsonl", 1
    while place.exists() and place.stat().st_size >= LARGEST_FILE:
        number += 1
        place = logs / f"{stem}.{number}.jsonl"
    return place


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname()) or "host"


def _begin(place: Path, days: int) -> None:
    """The folder for a new file; files older than ``days`` go."""
    place.parent.mkdir(parents=True, exist_ok=True)
    oldest = datetime.now(UTC).date() - timedelta(days=days)
    for path in place.parent.glob("tongket.*.jsonl"):
        found = _FILE.fullmatch(path.name)
        if found is not None and date.fromisoformat(found["day"]) < oldest:
            path.unlink(missing_ok=True)


_complained_at = float("-inf")


def _complain(error: OSError) -> None:
    """A log that cannot be written is said on the error stream, once a minute: the work goes on."""
    global _complained_at  # noqa: PLW0603  (one error stream)
    now = time.monotonic()
    if now - _complained_at >= 60 and sys.stderr is not None:
        _complained_at = now
        _say(sys.stderr, f"! tongket: nhật ký không ghi được · the log cannot be written: {error}")


def _say(stream: TextIO, line: str) -> None:
    with suppress(OSError, ValueError):  # nobody listens any more
        stream.write(line + "\n")
        stream.flush()


def events_in_markdown() -> str:
    """The catalogue of events as a table, for the page on operations."""
    levels = {number: name.lower() for name, number in logging.getLevelNamesMapping().items() if number}
    rows = [
        f"| `{name}` | {levels[kind.level]} | {kind.vi} · {kind.en} | {', '.join(sorted(kind.fields))} |"
        for name, kind in sorted(EVENTS.items())
    ]
    head = "| sự kiện · event | mức · level | nghĩa · meaning | trường · fields |\n|---|---|---|---|"
    return "\n".join([head, *rows])
