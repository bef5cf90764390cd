"""A whole year lived through: what the workspace holds at every look is what an independent count says it must be."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from year_machine import PlainMachine

from domain.clock import ZONE
from examples.year.playing import Played, Stage, make_stage, play, settings_of
from tests.conftest import Server
from warehouse.engine import Engine, make_engine, write

UNITS, SEED = 38, 7

#: On PostgreSQL the year is played as far as this every day, a quarter to its closing and its report; the rest is the
#: thorough suite's.
SPRING = datetime(2026, 4, 7, tzinfo=ZONE)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return make_stage(tmp_path_factory.mktemp("year"), UNITS, SEED)


@pytest.fixture(scope="module")
def played(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Played:
    home = tmp_path_factory.mktemp("played") / "home"
    return play(stage, settings_of(stage, home), PlainMachine())


def test_a_year_is_as_it_was_reckoned(played: Played) -> None:
    assert [str(item) for item in played.compared.differences] == []
    assert played.compared.count > 25_000
    assert set(played.oracle.reports) == set(played.script.periods)


def test_what_is_planted_in_the_year_happens(played: Played) -> None:
    """A script whose deeds come to nothing would be compared in vain."""
    oracle = played.oracle
    states = {paper.state for paper in oracle.papers}
    assert states == {"accepted", "accepted_with_warnings", "rejected", "unreadable", "superseded", "withdrawn"}
    rules = {rule for paper in oracle.papers for rule, _, _ in paper.found}
    assert {"LRN-001", "LRN-010", "VAL-001", "YER-001", "HIS-028", "HIS-036", "FIL-002", "MDL-006"} <= rules
    told = {rule for file in oracle.hierarchy("2026-Q4", "review-report").values() for rule, _, _ in file}
    assert told == {"HIE-001"}
    late = {period: report["late"] for period, report in oracle.reports.items()}
    assert late["2026-Q1"] == 2
    assert late["2026"] == 0
    (outage,) = played.script.outages
    done = _collected_at(played.player.engine)
    assert not [moment for moment in done if outage.since <= moment <= outage.until]
    assert max(Counter(done).values()) > 4, "what fell due meanwhile was done in one go"
    assert {kind for kind, *_ in oracle.told.reminders} == {"opened", "due_soon", "overdue"}
    assert oracle.frozen


def _collected_at(engine: Engine) -> list[datetime]:
    """When each collection the calendar asked for was made."""
    with engine.connect() as connection:
        rows = connection.execute(text("select done_at from occasion where kind = 'collect'")).scalars()
        return [datetime.fromisoformat(str(row)).replace(tzinfo=UTC) for row in rows]


@pytest.mark.parametrize(
    ("tampering", "named"),
    [
        (
            "update mart_roll_up set value = value + 1 where period = '2026-Q3' and unit = 'P99.DU'"
            " and indicator = 'registered_deeds' and breakdown = ''",
            "tổng hợp/totals · P99.DU · 2026-Q3 · registered_deeds",
        ),
        (
            "update mart_roll_up set reported = reported - 1 where period = '2026' and unit = 'P99.DU'",
            "P99.DU · 2026 · ",
        ),
        (
            "update submission set state = 'rejected' where name = 'P99.DU.004_2026-Q2_1.xlsx'",
            "tình hình/status · P99.DU.004 · 2026-Q2 · review-report",
        ),
        ("delete from finding where rule = 'HIS-036'", "phát hiện/findings · "),
        ("delete from notice where kind = 'overdue' and reason not like 'list:%'", "nhắc/reminders · "),
        ("update notice set recipient = 'ai-do@tinh-mau.example' where kind = 'opened'", "nhắc/reminders · "),
        (
            "delete from occasion where kind = 'collect' and label = 'cutoff' and period = '2026-Q3'",
            "2026-Q3 · collect",
        ),
        ("update period set closed_at = reopened_at where code = '2026-Q2'", "đời của kỳ/lives · 2026-Q2"),
        (
            "insert into run (id, kind, state, host, pid, heartbeat_at, started_at) select 'again', kind, state, host,"
            " pid, heartbeat_at, started_at from run where kind = 'collect-period' limit 1",
            "lượt chạy/runs · collect-period",
        ),
    ],
)
def test_whatever_is_tampered_with_is_named(played: Played, tmp_path: Path, tampering: str, named: str) -> None:
    """One figure, one state, one notice: the comparison notices each, and says where."""
    home, copied = played.player.settings.workspace.home, tmp_path / "copy.db"
    with closing(sqlite3.connect(home / "warehouse.db")) as source, closing(sqlite3.connect(copied)) as target:
        source.backup(target)
    copy = make_engine(f"sqlite:///{copied}")
    with write(copy) as connection:
        assert connection.execute(text(tampering)).rowcount
    found = [str(item) for item in played.look("thử", copy).differences]
    copy.dispose()
    assert [line for line in found if named in line], found[:5]


@pytest.mark.postgres
@pytest.mark.thorough("whole")
@pytest.mark.parametrize("until", [pytest.param(SPRING, id="quarter"), pytest.param(None, id="whole")])
def test_the_year_on_postgres_is_as_it_was_reckoned(
    stage: Stage, server: Server, tmp_path: Path, until: datetime | None
) -> None:
    url = server.create(tmp_path.name.lower()[-20:])
    played = play(stage, settings_of(stage, tmp_path / "home", url), PlainMachine(), until=until)
    assert [str(item) for item in played.compared.differences] == []
    assert played.compared.count > (2_000 if until else 25_000)
    assert "2026-Q1" in played.oracle.closed
    played.player.engine.dispose()
