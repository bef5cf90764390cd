"""What becomes of reports and totals when the register changes in the middle of a period."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tasks.settings import Settings
from tests.collecting import collect
from tests.commands import Ran, run_here
from tests.delivered import PERIOD, Delivery, install

UNITS = "code,valid_from,valid_to,name,kind,parent\n"
EVENTS = "kind,day,old_code,old_valid_from,new_code,new_valid_from,share,document\n"
SUPERIOR, OTHER = "P99.DU.001", "P99.DU.002"
DAY, EVE = "2025-11-01", "2025-10-31"


@pytest.fixture
def made(home: Path, delivery: Delivery) -> Settings:
    settings = install(home, delivery)
    collect(settings, [delivery.folder / f"{name}.xlsx" for name in sound(delivery)[:6]])
    return settings


def sound(delivery: Delivery) -> list[str]:
    return [item.name for item in delivery.sent if item.fault == "" and item.filing.unit.startswith("P99.CB.001")]


def unit_of(delivery: Delivery, number: int) -> str:
    name = sound(delivery)[number]
    return next(item.filing.unit for item in delivery.sent if item.name == name)


def changed(folder: Path, units: str, events: str) -> Ran:
    (folder / "u.csv").write_text(UNITS + units, encoding="utf-8")
    (folder / "e.csv").write_text(EVENTS + events, encoding="utf-8")
    ran = run_here("units", "import", str(folder / "u.csv"), str(folder / "e.csv"))
    assert ran.code == 0, ran.out + ran.err
    return ran


def registered(code: str) -> dict[str, Any]:
    found = [row for row in run_here("units", "list", "--json").json if row["code"] == code]
    return max(found, key=lambda row: str(row["valid_from"]))


def quoted(name: str) -> str:
    return f'"{name}"'


def members(unit: str) -> tuple[float, int, int]:
    rows = run_here("summary", "--period", PERIOD, "--unit", unit, "--json").json
    row = next(row for row in rows if row["indicator"] == "party_members")
    return row["value"], row["reported"], row["expected"]


def board(unit: str) -> dict[str, int]:
    rows = run_here("status", "--period", PERIOD, "--unit", unit, "--json").json
    row = next(row for row in rows if row["form"] == "review-report")
    return {name: row[name] for name in ("expected", "received", "missing", "in_force", "unexpected")}


def test_a_unit_renamed_within_a_period_is_counted_once_and_sends_versions_of_one_report(
    made: Settings, delivery: Delivery, tmp_path: Path
) -> None:
    code = unit_of(delivery, 0)
    here = registered(code)
    before = members(SUPERIOR)
    first = here["valid_from"]
    changed(
        tmp_path,
        f"{code},{first},{EVE},{quoted(here['name'])},{here['kind']},{here['parent']}\n"
        f"{code},{DAY},,{quoted(here['name'] + ' mới')},{here['kind']},{here['parent']}\n",
        f"rename,{DAY},{code},{first},{code},{DAY},full,QĐ 1\n",
    )
    assert members(SUPERIOR) == before
    assert board(code) == {"expected": 1, "received": 1, "missing": 0, "in_force": 1, "unexpected": 0}
    again = tmp_path / "lại.xlsx"
    shutil.copy2(delivery.folder / f"{sound(delivery)[0]}.xlsx", again)
    with again.open("ab") as file:
        file.write(b"\0" * 7)  # the same report in other bytes
    collect(made, [again])
    assert members(SUPERIOR) == before
    told = run_here("history", "--unit", code, "--period", PERIOD, "--json").json
    states = {row["version"]: row["state"] for row in told if row["kind"] == "version"}
    assert len(states) == 2
    assert states[1] == "superseded"
    assert board(code)["received"] == 1


def test_what_a_unit_reported_before_it_went_into_another_stays_in_the_totals(
    made: Settings, delivery: Delivery, tmp_path: Path
) -> None:
    code, heir = unit_of(delivery, 1), unit_of(delivery, 2)
    here, there = registered(code), registered(heir)
    before = members(SUPERIOR)
    ran = changed(
        tmp_path,
        f"{code},{here['valid_from']},{EVE},{quoted(here['name'])},{here['kind']},{here['parent']}\n",
        f"merge,{DAY},{code},{here['valid_from']},{heir},{there['valid_from']},full,QĐ 2\n",
    )
    assert "tính lại" in ran.out
    value, reported, expected = members(SUPERIOR)
    assert (value, expected) == (before[0], before[2] - 1)
    assert reported == before[1] - 1, "who owes nothing any more is not among those who gave what they owed"


def test_a_superior_may_go_into_one_of_the_same_age_and_its_units_follow(
    made: Settings, delivery: Delivery, tmp_path: Path
) -> None:
    here = registered(SUPERIOR)
    whole = members("P99.DU")
    changed(
        tmp_path,
        f"{SUPERIOR},{here['valid_from']},{EVE},{quoted(here['name'])},{here['kind']},{here['parent']}\n"
        f"{OTHER},{here['valid_from']},,Đảng ủy khác,{here['kind']},{here['parent']}\n",
        f"merge,{DAY},{SUPERIOR},{here['valid_from']},{OTHER},{here['valid_from']},full,QĐ 3\n",
    )
    assert members("P99.DU")[0] == whole[0]
    assert members(OTHER)[0] == whole[0], "all that was sent is of units below the one that ended"
