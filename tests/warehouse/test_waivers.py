"""Which waivers a file of a batch finds in force, which periods are closed, and what a person is shown of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from sqlalchemy import Engine, text
from world import arrive, batch, frame, furnish

from domain import columns
from warehouse import queries, tables
from warehouse.load import load_batch
from warehouse.waivers import closed_periods, waivers_for, waivers_of

TODAY = date(2025, 4, 1)


def headers_of(*reports: tuple[int, str, str]) -> pl.DataFrame:
    return frame(
        columns.HEADERS,
        [{"file": file, "form": "bieu-1", "unit": unit, "period": period} for file, unit, period in reports],
    )


def give(engine: Engine, number: int, unit: str, rule: str, *, field: str = "received", **more: object) -> None:
    values = {"item": 0, "reason": "đã xác minh", "who": "văn phòng", "at": datetime.now(UTC), **more}
    with engine.begin() as connection:
        ids = {
            "unit_id": f"SELECT id FROM unit WHERE code = '{unit}'",
            "period_id": "SELECT id FROM period WHERE code = '2025-Q1'",
            "form_id": "SELECT id FROM form WHERE code = 'bieu-1'",
        }
        numbers = {name: connection.scalar(text(query)) for name, query in ids.items()}
        connection.execute(tables.waiver.insert().values(id=number, rule=rule, field=field, **numbers, **values))


@pytest.fixture
def waived(engine: Engine) -> Engine:
    furnish(engine)
    give(engine, 1, "X01", "DOS-001")
    give(engine, 2, "X01", "DOS-002", until=TODAY)
    give(engine, 3, "X01", "DOS-003", until=date(2025, 3, 31))
    give(engine, 4, "X02", "DOS-004", field="", is_override=True, second_person="bà Hai")
    return engine


def test_a_file_finds_the_waivers_of_its_unit_period_and_form_until_their_last_day(waived: Engine) -> None:
    asked = headers_of((7, "X01", "2025-Q1"), (8, "X02", "2025-Q1"), (9, "X01", "2024-Q4"), (10, "X09", "2025-Q1"))
    found = waivers_for(waived, asked, TODAY)
    assert found.schema == {name: getattr(pl, kind) for name, kind in columns.WAIVERS.items()}
    assert found.select("file", "rule", "field", "item", "is_override").rows() == [
        (7, "DOS-001", "received", 0, False),
        (7, "DOS-002", "received", 0, False),
        (8, "DOS-004", "", 0, True),
    ]
    assert waivers_for(waived, asked.clear(), TODAY).schema == found.schema


def test_closed_periods_are_those_with_a_moment(waived: Engine) -> None:
    with waived.begin() as connection:
        connection.execute(
            tables.period.update().where(tables.period.c.code == "2024-Q4").values(closed_at=datetime.now(UTC))
        )
    assert closed_periods(waived, ["2025-Q1", "2024-Q4", "2024-Q4", "không có"]) == {"2024-Q4"}
    assert closed_periods(waived, []) == frozenset()


def test_the_list_says_which_waivers_are_in_use(waived: Engine) -> None:
    run = a_run(waived)
    (one,) = arrive(waived, run, "a")
    load_batch(waived, run, batch((one, "X01", "rejected", {})))
    assert waivers_of(waived)["in_use"].to_list() == [False] * 4
    with waived.begin() as connection:
        connection.execute(tables.finding.update().values(settled_by="waiver", explanation="đã xác minh"))
    listed = waivers_of(waived, period="2025-Q1", unit="T01")
    assert listed.select("unit", "rule", "in_use", "second_person").rows() == [
        ("X01", "DOS-001", True, None),
        ("X01", "DOS-002", False, None),
        ("X01", "DOS-003", False, None),
        ("X02", "DOS-004", False, "bà Hai"),
    ]
    assert waivers_of(waived, unit="X02", period="2025-Q1")["rule"].to_list() == ["DOS-004"]
    assert waivers_of(waived, period="2024-Q4").is_empty()
    with pytest.raises(queries.UnknownPeriodError):
        waivers_of(waived, period="2025-Q9")


def a_run(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT id FROM run")).scalar_one())
