"""Whoever is renamed while a report is owed goes on as the same: nothing is told twice, and nothing is lost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from telling import Letterbox, Office, free_port, mail_server
from world import CATALOG, UNITS

from catalog.model import UnitEventRecord
from domain.clock import pretending
from domain.unit import EventKind, EventShare
from tasks.notices import deliver, remind
from warehouse.registry import import_register

RENAMED_ON = date(2025, 2, 1)
TOLD_AT, LATER = (datetime(2025, 3, day, 1, tzinfo=UTC) for day in (8, 10))  # due on 18 March: 10 and 8 days before


@pytest.fixture
def office(url: str, tmp_path: Path) -> Office:
    return Office.at(url, tmp_path / "home").with_people()


def _rename(office: Office, *codes: str) -> None:
    """Record, late, that these units bear another name and code since :data:`RENAMED_ON`."""
    olds = [unit for unit in UNITS if unit.code in codes]
    news = [
        old.model_copy(update={"code": f"{old.code}M", "valid_from": RENAMED_ON, "name": f"{old.name} (mới)"})
        for old in olds
    ]
    events = [
        UnitEventRecord(
            kind=EventKind.RENAME, day=RENAMED_ON, old_code=old.code, old_valid_from=old.valid_from, new_code=new.code,
            new_valid_from=RENAMED_ON, share=EventShare.FULL, document="QĐ 45",
        )
        for old, new in zip(olds, news, strict=True)
    ]  # fmt: skip
    ended = [old.model_copy(update={"valid_to": RENAMED_ON - timedelta(days=1)}) for old in olds]
    import_register(office.engine, CATALOG, [*ended, *news], events)


def test_a_renamed_unit_and_a_renamed_focal_point_are_not_told_again(office: Office) -> None:
    with pretending(TOLD_AT):
        assert remind(office.settings, TOLD_AT).by_kind["due_soon"] == 4
    _rename(office, "X02", "T01")
    with pretending(LATER):
        assert remind(office.settings, LATER).by_kind.get("due_soon", 0) == 0
    five_days = datetime(2025, 3, 13, 1, tzinfo=UTC)
    with pretending(five_days):
        remind(office.settings, five_days)
    told = office.told("unit", "recipient", kind="due_soon")
    assert [row for row in told if row[1] == "hang.x02@tinh.gov.vn"] == [
        ("X02", "hang.x02@tinh.gov.vn"),
        ("X02M", "hang.x02@tinh.gov.vn"),
    ]
    assert [row for row in told if row[1] == "vp@tinh.gov.vn"] == [
        ("T01", "vp@tinh.gov.vn"),
        ("T01M", "vp@tinh.gov.vn"),
    ]


def test_what_waits_for_the_mail_server_outlives_the_renaming(office: Office) -> None:
    away = office.by_mail(free_port())
    with pretending(TOLD_AT):
        remind(away.settings, TOLD_AT)
        deliver(away.settings)
    _rename(office, "X02", "T01")
    box = Letterbox()
    with pretending(LATER), mail_server(box) as port:
        reachable = office.by_mail(port).settings
        remind(reachable, LATER)
        done = deliver(reachable, at_once=True)
    assert done.dropped == 0
    assert [to for to in box.recipients if to != "qt@tinh.gov.vn"] == [
        "hang.x02@tinh.gov.vn",
        "ubnd.x01@tinh.gov.vn",
        "vp@tinh.gov.vn",
    ]
