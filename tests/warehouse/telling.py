"""Units that report, people who are told, and a mail server of this process that remembers what it took."""

from __future__ import annotations

import email.policy
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from pydantic import SecretStr
from sqlalchemy import text
from world import arrive, batch, furnish

from tasks.contacts import import_contacts
from tasks.settings import Settings
from tasks.store import engine_for
from warehouse import acts, intake
from warehouse.engine import Engine
from warehouse.intake import start_run
from warehouse.load import load_batch
from warehouse.notices import notices_of

CONTACTS = """\
unit;role;name;email;lang
X01;unit;Ủy ban nhân dân xã Một;ubnd.x01@tinh.gov.vn;vi
X02;unit;Nguyễn Thị Hằng;hang.x02@tinh.gov.vn;vi
T01;đầu mối;Văn phòng Tỉnh;vp@tinh.gov.vn;
;admin;Quản trị;qt@tinh.gov.vn;vi
"""


@dataclass
class Office:
    """A warehouse where X01, X02 and X03 owe a report for 2025-Q1, and its workspace."""

    settings: Settings
    engine: Engine

    @classmethod
    def at(cls, url: str, home: Path, **more: Any) -> Office:
        settings = Settings(home=home, warehouse_url=SecretStr(url), **more)
        settings.workspace.create()
        engine = engine_for(url)
        furnish(engine)
        opened = datetime(2024, 12, 14, 23, tzinfo=UTC)
        acts.open_period(engine, "2025-Q1", who="thử", reason="theo lịch", moment=opened)
        return cls(settings, engine)

    def with_people(self, told: str = CONTACTS) -> Office:
        file = self.settings.workspace.home / "people.csv"
        file.write_text(told, encoding="utf-8")
        import_contacts(self.engine, file, who="thử", reason="danh sách năm 2025")
        return self

    def by_mail(self, port: int, **more: Any) -> Office:
        mail = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "smtp_sender": "bc@tinh.gov.vn"}
        return Office(self.settings.model_copy(update={**mail, **more}), self.engine)

    def report(self, **states: str) -> str:
        """A run that judges a report of each unit (``X01="accepted"``); its id."""
        run = start_run(self.engine, "collect-period", "2025-Q1")
        numbers = arrive(self.engine, run, *(f"{unit}-{run}" for unit in states))
        intake.claim(self.engine, run, numbers)
        self._judge(run, dict(zip(states.items(), numbers, strict=True)))
        return run

    def again(self, submission: int, unit: str, state: str) -> str:
        """A run that judges one failed report anew."""
        acts.retry(self.engine, [submission], who="thử", reason="thử lại")
        run = start_run(self.engine, "retry-failed", "2025-Q1")
        intake.claim(self.engine, run, [submission])
        self._judge(run, {(unit, state): submission})
        return run

    def _judge(self, run: str, judged: dict[tuple[str, str], int]) -> None:
        reports = [(number, unit, state, {"received": 1.0}) for (unit, state), number in judged.items()]
        load_batch(self.engine, run, batch(*reports))

    def annotated(self, unit: str) -> bytes:
        """An annotated copy of each report of the unit lies there."""
        content = b"PK\x03\x04 " + bytes(range(256)) * 40
        with self.engine.connect() as connection:
            query = text(
                "SELECT s.id FROM submission s JOIN unit u ON u.id = s.unit_id WHERE u.code = :unit ORDER BY s.id"
            )
            for number in connection.scalars(query, {"unit": unit}):
                place = self.settings.workspace.returned / "2025-Q1" / f"{unit}_bieu-1_{number}.xlsx"
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
        return content

    def notices(self, **which: Any) -> list[dict[str, Any]]:
        return notices_of(self.engine, **which).sort("id").to_dicts()

    def told(self, *names: str, **which: Any) -> list[tuple[Any, ...]]:
        return sorted(tuple(row[name] for name in names) for row in self.notices(**which))

    def files(self, row: dict[str, Any]) -> EmailMessage:
        return parsed((self.settings.workspace.home / row["path"]).read_bytes())


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not [fault for part in message.walk() for fault in part.defects]
    return message


def words_of(message: EmailMessage) -> str:
    body = message.get_body()
    assert body is not None
    return str(body.get_content())


# ------------------------------------------------------------------------------------------------ a mail server


@dataclass
class Letterbox:
    """Takes every mail; ``refuses`` these recipients for good, ``delays`` these; cuts the line at ``dies_at`` mails."""

    refuses: frozenset[str] = frozenset()
    delays: frozenset[str] = frozenset()
    dies_at: int = 0
    slow: float = 0.0
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    async def handle_RCPT(  # noqa: N802  (called by this name)
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 5.1.1 no such mailbox"
        if address in self.delays:
            return "451 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.before()
        time.sleep(self.slow)
        self.taken.append((envelope.rcpt_tos[0], envelope.original_content))
        if len(self.taken) == self.dies_at:
            server.transport.abort()
        return "250 taken"

    @property
    def recipients(self) -> list[str]:
        return sorted(recipient for recipient, _ in self.taken)


@contextmanager
def mail_server(box: Letterbox, **options: Any) -> Iterator[int]:
    """The port it listens on."""
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
