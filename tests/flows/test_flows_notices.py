"""Runs tell units what became of their reports; a mail server that is away, or any fault there, never fails a run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import StateType

from domain.clock import pretending
from flows import work as flow_module
from flows.collect_period import collect_period
from flows.remind import remind
from tasks import notices, occasions, workers
from tasks.contacts import import_contacts
from tasks.settings import Settings
from tasks.store import engine_for
from tests.collecting import Inline
from tests.delivered import Delivery, install
from warehouse.notices import notices_of

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("prefect_api")]


@pytest.fixture
def settings(tmp_path: Path, delivery: Delivery, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A sound report and a rejected one in the inbox, a unit with a contact, and no mail server where one should be."""
    surroundings = {"HOME": str(tmp_path / "home"), "WORKERS": "1", "SMTP_SENDER": "bc@tinh.gov.vn"}
    for name, value in {**surroundings, "SMTP_HOST": "127.0.0.1", "SMTP_PORT": "9"}.items():
        monkeypatch.setenv(f"TONGKET_{name}", value)
    monkeypatch.chdir(tmp_path)
    install(tmp_path / "home", delivery)
    made = Settings()
    told = ["unit;role;name;email"]
    for fault in ("", "wrong_sum"):
        sent = next(item for item in delivery.sent if item.fault == fault and item.filing.unit.startswith("P99.CB"))
        shutil.copy2(delivery.folder / f"{sent.name}.xlsx", made.workspace.inbox)
        told.append(f"{sent.filing.unit};unit;Bí thư;a{len(told)}@x.vn")
    (tmp_path / "c.csv").write_text("\n".join(told), encoding="utf-8")
    import_contacts(engine_for(made.url), tmp_path / "c.csv", who="thử", reason="thử")

    @contextmanager
    def pool(_workers: int, chosen: Settings) -> Iterator[Inline]:
        workers.prepare(chosen)
        yield Inline()

    monkeypatch.setattr(flow_module, "pool", pool)
    return made


def test_a_run_ends_well_whatever_becomes_of_its_notices(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(notices, "notices_after_run", broken)
        state: Any = collect_period(period="2025", return_state=True)
    assert (state.type, state.name) == (StateType.COMPLETED, "Completed · 1 accepted · 1 rejected · 0 unreadable")
    assert "No space left" in state.message

    # the next run tells of it, by the mail server that is not there
    state = collect_period(by_calendar=False, return_state=True)
    assert state.type is StateType.COMPLETED
    assert "2 thông báo chưa gửi được · 2 notices could not be sent" in state.message
    assert "127.0.0.1:9" in state.message
    rows = {row["kind"]: row for row in notices_of(engine_for(settings.url)).to_dicts()}
    assert {kind: (row["state"], row["tries"]) for kind, row in rows.items()} == {
        "accepted": ("waiting", 1),
        "rejected": ("waiting", 1),
    }
    annotated = settings.workspace.home / rows["rejected"]["attachment"]
    mail = message_from_bytes((settings.workspace.home / rows["rejected"]["path"]).read_bytes(), policy=policy.default)
    assert [part.get_content() for part in mail.iter_attachments()] == [annotated.read_bytes()]


def test_remind_does_what_the_calendar_asks_for_once(settings: Settings) -> None:
    moment = datetime(2026, 3, 10, 2, tzinfo=UTC)
    with pretending(moment):
        occasions.begin(settings, datetime(2026, 3, 8, tzinfo=UTC))
        first: Any = remind(return_state=True)
        second: Any = remind(return_state=True)
        refused: Any = remind(period="2026-Q9", return_state=True)
    assert (first.type, second.type, refused.type) == (StateType.COMPLETED, StateType.COMPLETED, StateType.FAILED)
    assert "Không có ai phải nhắc" in first.name
    assert "Chưa đến lần nhắc kế tiếp theo lịch" in second.name, "nobody was looked at"
    assert "2026-Q9" in refused.message
