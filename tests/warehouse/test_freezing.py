"""Conferences frozen in the warehouse: whole or not at all, once, the same in every database, and never changed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from unittest import mock

import polars as pl
import pytest
from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from world import CATALOG, arrival, batch, furnish

from conference.frozen import SCHEMAS
from conference.sealing import DamagedPartError
from domain.act import Act, ActRefusedError
from domain.conference import ConferenceKind
from tasks.conference import Asked, board, freeze, frozen_of, open_conference, verify
from tasks.conference_diff import differences
from tasks.conference_frames import RESTING_ON_OTHERS
from tasks.rolling import refresh_roll_up
from tests.conftest import Server
from warehouse import acts, guards, leases, migrate, queries, tables, whole
from warehouse.ancestry import refresh_ancestry
from warehouse.conferences import conferences
from warehouse.engine import make_engine, write
from warehouse.intake import finish_run, receive, start_run
from warehouse.load import load_batch

PERIOD, FORM = "2025-Q1", "bieu-1"
WHO = "Trần Văn Phòng"
CODE = "T01-2025-Q1-TK"

#: Content of the file → minutes at which it came, its unit, and its figures.
REPORTS = {
    "mot": (0, "X01", {"received": 10.0, "solved": 9.5}),
    "hai": (1, "X02", {"received": 20.1, "solved": 20.0}),
    "ba": (2, "X03", {"received": 30.2}),
}


def _load(engine: Engine, run: str, *contents: str, state: str = "accepted", **other: dict[str, float]) -> list[int]:
    """These files taken in and judged; ``other`` figures than theirs, or new files of a unit as ``X01__name``."""
    files = [arrival(content, minutes=REPORTS[content.split("__")[0]][0]) for content in contents]
    taken = [item.submission_id for item in receive(engine, run, files)]
    units = [REPORTS[content.split("__")[0]][1] for content in contents]
    figures = [other.get(content, REPORTS[content.split("__")[0]][2]) for content in contents]
    loaded = [(number, unit, state, told) for number, unit, told in zip(taken, units, figures, strict=True)]
    load_batch(engine, run, batch(*loaded))
    refresh_roll_up(engine, CATALOG, PERIOD, FORM)
    return taken


@pytest.fixture
def run(engine: Engine) -> str:
    """Three communes reported; the run is over."""
    made = furnish(engine)
    _load(engine, made, *REPORTS)
    finish_run(engine, made, "completed")
    return made


def _opened(engine: Engine, code: str | None = None) -> str:
    asked = Asked("T01", (PERIOD,), ConferenceKind.FINAL, date(2025, 3, 20), code=code)
    return open_conference(engine, CATALOG, asked, who=WHO).code


def _frozen(engine: Engine) -> str:
    return freeze(engine, CATALOG, _opened(engine), who=WHO).code


def _correct(engine: Engine, content: str, **figures: float) -> None:
    later = start_run(engine, "collect-period", PERIOD)
    _load(engine, later, content, **{content: figures})
    finish_run(engine, later, "completed")


# ------------------------------------------------------------------------------------------------ what is kept


def test_a_conference_is_kept_as_it_was_whatever_comes_later(engine: Engine, run: str) -> None:
    assert _frozen(engine) == CODE
    kept = frozen_of(engine, CODE)
    told = kept["figures"].filter(level="total", unit="T01").select("indicator", "value", "reported", "expected").rows()
    assert told == [("received", pytest.approx(60.3), 3, 3), ("solved", 29.5, 2, 3)]
    own = kept["figures"].filter(level="filed", unit="X01", indicator="received")
    assert own.select("trace", "value", "sheet", "cell", "source").rows() == [
        ("2025-Q1/X01/bieu-1/received", 10.0, "Số liệu", "E5", "own")
    ]
    assert kept["units"].select("unit", "parent", "depth", "sort", "kind_vi").rows() == [
        ("T01", None, 0, 0, "Tỉnh"), ("X01", "T01", 1, 1, "Xã"), ("X02", "T01", 1, 2, "Xã"), ("X03", "T01", 1, 3, "Xã"),
    ]  # fmt: skip
    assert kept["lists"]["content"][0] == '{"kind": "Tự chọn", "text": "Nêu gương", "year": "2.025"}'
    assert kept["narratives"].filter(unit="X02")["body"].to_list() == ["Còn “khó khăn”,\nnhất là \\N."]
    assert {name: kept[name].schema for name in SCHEMAS} == {name: pl.Schema(SCHEMAS[name]) for name in SCHEMAS}
    _correct(engine, "mot__sua", received=11.0, solved=9.5)
    later = frozen_of(engine, CODE)
    assert all(later[name].equals(kept[name]) for name in SCHEMAS)
    assert later.hash == kept.hash
    assert verify(engine, CODE).holds
    # what was believed when it was frozen can still be traced to its cell
    (traced,) = queries.trace(engine, "X01", PERIOD, "received", as_of=kept.frozen_at)
    assert (traced["value"], traced["state"], traced["sha256"]) == (10.0, "superseded", _sha256(kept, "X01"))


def _sha256(kept: object, unit: str) -> object:
    return kept["reports"].filter(unit=unit)["sha256"].item()  # type: ignore[index]


def test_the_same_state_has_the_same_hash_in_every_database(
    server: Server, migrated_postgres: str, migrated_sqlite: Path, tmp_path: Path
) -> None:
    """Taken in in opposite orders, hence under other numbers; one cell more or less is another hash."""
    (tmp_path / "one.db").write_bytes(migrated_sqlite.read_bytes())
    urls = [f"sqlite:///{tmp_path / 'one.db'}", server.create("same_hash", migrated_postgres)]
    orders = [[["mot", "hai", "ba"]], [["ba"], ["hai", "mot"]]]
    found = []
    for url, order in zip(urls, orders, strict=True):
        engine = make_engine(url)
        made = furnish(engine)
        for contents in order:
            _load(engine, made, *contents)
        finish_run(engine, made, "completed")
        held = freeze(engine, CATALOG, _opened(engine), who=WHO)
        _correct(engine, "ba__sua", received=30.200000000000003)
        other = freeze(engine, CATALOG, _opened(engine, "khac"), who=WHO)
        found.append((held.hash, other.hash, frozen_of(engine, CODE).frames))
        engine.dispose()
    server.drop("same_hash")
    (one, one_other, frames), (two, two_other, frames_too) = found
    assert [name for name in SCHEMAS if not frames[name].equals(frames_too[name])] == []
    assert one == two
    assert one_other == two_other != one


def test_what_rests_on_other_frames_is_plugged_in_at_one_place(
    engine: Engine, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def targets(made: object) -> pl.DataFrame:
        reached = made.frames["figures"].filter(level="total", indicator="received")  # type: ignore[attr-defined]
        whole_frame = pl.DataFrame(schema=dict(SCHEMAS["targets"]))
        return pl.concat([whole_frame, reached.select("unit", "indicator", "value", year=2025)], how="diagonal_relaxed")

    monkeypatch.setitem(RESTING_ON_OTHERS, "targets", targets)  # type: ignore[arg-type]
    (row,) = frozen_of(engine, _frozen(engine))["targets"].select("unit", "year", "value").rows()
    assert row == ("T01", 2025, pytest.approx(60.3))


# ------------------------------------------------------------------------------------------------ never changed


def test_the_database_itself_refuses_every_change_of_what_was_frozen(engine: Engine, run: str) -> None:
    _frozen(engine)
    _opened(engine, "khac")
    conference, part = tables.conference, tables.conference_part
    figure, link = tables.conference_figure, tables.conference_period
    with engine.connect() as connection:
        row = dict(connection.execute(select(figure)).mappings().first() or {})
        open_id = connection.scalar(select(conference.c.id).where(conference.c.code == "khac"))
    statements = [
        update(figure).values(value=1.0),
        delete(figure),
        insert(figure).values(**{**row, "indicator": "another"}),
        update(part).values(content=b""),
        delete(part).where(part.c.frame == "units"),
        delete(link).where(link.c.conference_id == row["conference_id"]),
        insert(link).values(conference_id=row["conference_id"], period_id=9),
        update(conference).where(conference.c.code == CODE).values(hash="0" * 64),
        update(conference).where(conference.c.code == CODE).values(state="open"),
        delete(conference).where(conference.c.code == CODE),
        # nor may rows of another conference be moved in
        update(link).where(link.c.conference_id == open_id).values(conference_id=row["conference_id"], period_id=9),
    ]
    if engine.dialect.name == "postgresql":
        statements += [text(f"TRUNCATE {name} CASCADE") for name in ("conference", "conference_figure")]
    else:
        replaced = (
            "INSERT OR REPLACE INTO conference SELECT id, code, unit_id, kind, 'khác', held_on, state, opened_at,"
        )
        statements.append(text(f"{replaced} opened_by, frozen_at, frozen_by, hash, override_reason FROM conference"))
    for statement in statements:
        with pytest.raises(IntegrityError, match="the conference is frozen"), write(engine) as connection:
            connection.execute(statement)
    assert verify(engine, CODE).holds
    with write(engine) as connection:  # one that is open may still be changed
        connection.execute(update(conference).where(conference.c.code == "khac").values(title="Tên mới"))


def test_what_was_damaged_behind_the_back_of_the_database_is_named(engine: Engine, run: str) -> None:
    _frozen(engine)
    part, figure = tables.conference_part.c, tables.conference_figure.c
    spoil = {
        "units": update(tables.conference_part).where(part.frame == "units").values(content=b"x"),
        "figures": update(tables.conference_figure).where(figure.unit == "X01").values(value=figure.value + 1),
        "": delete(tables.conference_part).where(part.frame == "labels"),
    }
    for name, statement in spoil.items():
        with suppress(_Undone), write(engine) as connection, guards.set_aside(connection):
            connection.execute(statement)
            _look_again(engine, connection, name)
            raise _Undone
    assert verify(engine, CODE).holds


class _Undone(Exception):  # noqa: N818
    """Ends a transaction that is to leave nothing."""


def _look_again(engine: Engine, connection: object, name: str) -> None:
    """As whoever reads meanwhile would see it, were it committed."""

    @contextmanager
    def same(_engine: Engine) -> Iterator[object]:
        yield connection

    with mock.patch("tasks.conference.snapshot", same):
        with pytest.raises(DamagedPartError) as refused:
            frozen_of(engine, CODE)
        found = verify(engine, CODE)
    assert refused.value.part == name
    assert not found.holds
    assert [part for part, holds in found.parts.items() if not holds] == ([name] if name else [])


def test_a_backup_brings_frozen_figures_back_and_their_guards(engine: Engine, run: str, empty_url: str) -> None:
    _frozen(engine)
    with engine.connect() as connection:
        parts = list(whole.parts(connection))
    counts = {name: sum(frame.height for part, frame in parts if part == name) for name in whole.TABLES}
    whole.replace(engine, parts, counts, who=WHO, reason="thử khôi phục", source="sao lưu")
    other = make_engine(empty_url)
    whole.fill(other, str(migrate.head()), parts, counts)
    for one in (engine, other):
        assert verify(one, CODE).holds
        with pytest.raises(IntegrityError), write(one) as connection:
            connection.execute(delete(tables.conference_figure))
    other.dispose()


def test_a_warehouse_with_a_frozen_conference_goes_down_and_up(engine: Engine, run: str) -> None:
    _frozen(engine)
    with engine.connect() as connection:
        before = guards._guards(connection)
    migrate.downgrade(engine, "0005")
    migrate.upgrade(engine)
    assert conferences(engine) == []
    with engine.connect() as connection:
        assert guards._guards(connection) == before
    assert len(before) == (12 if engine.dialect.name == "sqlite" else 8)


# ------------------------------------------------------------------------------------------------ whole or not at all


def test_a_freeze_that_is_killed_leaves_the_conference_open(engine: Engine, run: str, tmp_path: Path) -> None:
    code = _opened(engine)
    program = f"""
import os, signal, sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[2])]!r}
from world import CATALOG
from tasks.conference import freeze
from warehouse import conferences
from warehouse.engine import make_engine
conferences.record_conference = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
freeze(make_engine({engine.url.render_as_string(hide_password=False)!r}), CATALOG, {code!r}, who="x")
"""
    killed = subprocess.run([sys.executable, "-c", program], env={**os.environ}, capture_output=True, timeout=120)
    assert (killed.returncode, killed.stderr) == (-9, b"")
    (held,) = conferences(engine)
    assert held.state == "open"
    with engine.connect() as connection:
        for table in (tables.conference_part, tables.conference_figure):
            assert connection.execute(select(table)).first() is None
    freeze(engine, CATALOG, code, who=WHO)
    assert verify(engine, code).holds


def test_of_two_freezes_at_once_one_wins_and_the_other_is_refused(engine: Engine, run: str, url: str) -> None:
    code, start, said = _opened(engine), threading.Barrier(2), []

    def attempt(who: str) -> None:
        mine = make_engine(url)
        start.wait()
        try:
            said.append(freeze(mine, CATALOG, code, who=who).frozen_by)
        except ActRefusedError as refused:
            said.append(refused.en)
        mine.dispose()

    threads = [threading.Thread(target=attempt, args=(who,)) for who in ("một", "hai")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (held,) = conferences(engine)
    assert sorted(said, key=len)[0] == held.frozen_by
    assert "never frozen again" in max(said, key=len)
    assert _acts(engine) == ["open_conference", "freeze_conference"]


def _acts(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(tables.action.c.what).order_by(tables.action.c.id)))


# ------------------------------------------------------------------------------------------------ in the way


def _refused(engine: Engine, **options: object) -> str:
    with pytest.raises(ActRefusedError) as refused:
        freeze(engine, CATALOG, CODE, who=WHO, **options)  # type: ignore[arg-type]
    assert not conferences(engine)[0].is_frozen
    return refused.value.en


def test_reports_that_are_in_no_total_are_to_be_answered_for(engine: Engine) -> None:
    made = furnish(engine)
    _load(engine, made, "mot")
    _load(engine, made, "hai", state="rejected")
    receive(engine, made, [arrival("ba", minutes=2)])
    finish_run(engine, made, "completed")
    _opened(engine)
    _held, found = board(engine, CATALOG, CODE)
    assert [(item.code, item.count) for item in found.obstacles] == [("failing", 1), ("waiting", 1)]
    (counted,) = found.boards.select("expected", "received", "rejected", "missing", "in_force", "closed").rows()
    assert counted == (3, 2, 1, 1, 1, False)
    assert found.missing.select("unit", "name").rows() == [("X03", "Xã Ba")]
    assert "1 report rejected or unreadable" in _refused(engine)
    assert "needs --reason" in _refused(engine, override=True, reason=" ")
    kept = freeze(engine, CATALOG, CODE, who=WHO, override=True, reason="Hai xã xin nộp sau")
    assert kept.override_reason == frozen_of(engine, CODE).override == "Hai xã xin nộp sau"
    assert _acts(engine)[-2:] == [Act.OVERRIDE_FREEZE, Act.FREEZE_CONFERENCE]
    assert board(engine, CATALOG, CODE)[1].boards.select("expected", "in_force").rows() == [(3, 1)]


def test_a_correction_that_failed_stands_in_nobodys_way(engine: Engine, run: str) -> None:
    later = start_run(engine, "collect-period", PERIOD)
    _load(engine, later, "mot__sua", state="rejected")
    finish_run(engine, later, "completed")
    _held, found = board(engine, CATALOG, _opened(engine))
    assert found.is_ready
    assert ("correction_failed", 1) in [(note.code, note.count) for note in found.notes]
    assert freeze(engine, CATALOG, CODE, who=WHO, override=True, reason="không cần").override_reason is None


def test_a_run_under_way_and_other_definitions_are_waited_for(engine: Engine, run: str) -> None:
    _opened(engine)
    with leases.running(engine, "collect-period", PERIOD):
        assert "1 run under way" in _refused(engine)
    with write(engine) as connection:
        connection.execute(
            update(tables.setting).values(value="khác").where(tables.setting.c.key == "catalog_fingerprint")
        )
    assert "definitions on disk" in _refused(engine, override=True, reason="vội")


def test_totals_are_those_of_the_reports_or_nothing_is_frozen(engine: Engine, run: str) -> None:
    """A program that was killed between withdrawing a report and adding up left the old totals."""
    _opened(engine)
    acts.withdraw(engine, 3, who=WHO, reason="gửi nhầm")
    _held, found = board(engine, CATALOG, CODE)
    assert ("outdated", 1) in [(note.code, note.count) for note in found.notes]
    acts.close_period(engine, PERIOD, who=WHO, reason="hết hạn")
    assert [item.code for item in board(engine, CATALOG, CODE)[1].obstacles] == ["stale"]
    assert "Totals are older" in _refused(engine, override=True, reason="vội")
    acts.reopen_period(engine, PERIOD, who=WHO, reason="tính lại")
    freeze(engine, CATALOG, CODE, who=WHO)
    totals = frozen_of(engine, CODE)["figures"].filter(level="total")
    assert totals.select("indicator", "value", "reported").rows() == [
        ("received", pytest.approx(30.1), 2),
        ("solved", 29.5, 2),
    ]


def test_two_reports_under_one_code_are_not_frozen(engine: Engine, run: str) -> None:
    """The commune was reorganised within the period, and reported before and after."""
    _opened(engine)
    with write(engine) as connection:
        here = tables.unit
        old = dict(connection.execute(select(here).where(here.c.code == "X03")).mappings().one())
        connection.execute(update(here).where(here.c.code == "X03").values(valid_to=date(2025, 1, 31)))
        connection.execute(insert(here).values(**{**old, "id": 99, "valid_from": date(2025, 2, 1)}))
        refresh_ancestry(connection)
    _correct(engine, "ba__sau", received=31.0)
    _held, found = board(engine, CATALOG, CODE)
    assert [item.code for item in found.obstacles] == ["twice"]
    assert "X03; withdraw one" in _refused(engine, override=True, reason="vội")
    acts.withdraw(engine, 3, who=WHO, reason="đơn vị cũ")
    assert freeze(engine, CATALOG, CODE, who=WHO).is_frozen
    kept = frozen_of(engine, CODE)["figures"]
    assert kept.filter(unit="X03", level="filed")["value"].to_list() == [31.0]
    assert kept.filter(unit="T01", indicator="received")["value"].to_list() == [pytest.approx(61.1)]


def test_a_unit_and_its_heir_that_both_count_are_to_be_answered_for(
    engine: Engine, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X02 and X03 went into X09 within the period; X09 may tell their days once more."""
    _opened(engine)
    with write(engine) as connection:
        here, event = tables.unit, tables.unit_event
        heir = dict(connection.execute(select(here).where(here.c.code == "X03")).mappings().one())
        connection.execute(update(here).where(here.c.code.in_(["X02", "X03"])).values(valid_to=date(2025, 1, 31)))
        connection.execute(insert(here).values(**{**heir, "id": 99, "code": "X09", "valid_from": date(2025, 2, 1)}))
        gone = connection.execute(select(here.c.id).where(here.c.code.in_(["X02", "X03"]))).scalars().all()
        connection.execute(
            insert(event),
            [
                {
                    "id": 90 + number, "kind": "merge", "day": date(2025, 2, 1), "old_unit_id": old, "new_unit_id": 99,
                    "share": "full", "document": "NQ 1",
                }
                for number, old in enumerate(gone)
            ],
        )  # fmt: skip
        refresh_ancestry(connection)
    _held, before = board(engine, CATALOG, CODE)
    assert [item.code for item in before.obstacles] == []
    monkeypatch.setitem(REPORTS, "moi", (9, "X09", {"received": 50.3}))
    later = start_run(engine, "collect-period", PERIOD)
    _load(engine, later, "moi")
    finish_run(engine, later, "completed")
    _held, found = board(engine, CATALOG, CODE)
    assert [(item.code, item.count) for item in found.obstacles] == [("merged", 2)]
    assert "X02 → X09, X03 → X09" in found.obstacles[0].vi
    assert "maybe twice" in _refused(engine)
    assert freeze(engine, CATALOG, CODE, who=WHO, override=True, reason="mỗi báo cáo một phần kỳ").is_frozen


@pytest.mark.parametrize(
    ("unit", "periods", "held_on", "code", "why"),
    [
        ("T01", ("2025-Q1", "2025"), date(2025, 12, 20), None, "share days"),
        ("T01", ("2025-Q1", "2025-Q1"), date(2025, 12, 20), None, "named twice"),
        ("T01", ("2031-Q9",), date(2025, 12, 20), None, "no period 2031-Q9"),
        ("T01", (), date(2025, 12, 20), None, "no period"),
        ("T99", ("2025-Q1",), date(2025, 12, 20), None, "No unit bears the code T99"),
        ("T01", ("2025-Q2",), date(2025, 3, 1), None, "before the period"),
        ("T01", ("2025-Q1",), date(2025, 3, 20), "a/../b", "plain letters"),
        ("T01", ("2025-Q1",), date(2025, 3, 20), CODE.lower(), "is taken"),
    ],
)
def test_what_cannot_be_held_is_not_opened(
    engine: Engine, unit: str, periods: tuple[str, ...], held_on: date, code: str | None, why: str
) -> None:
    furnish(engine)
    _opened(engine)
    with pytest.raises(ActRefusedError, match=why):
        open_conference(engine, CATALOG, Asked(unit, periods, ConferenceKind.INTERIM, held_on, code=code), who=WHO)
    assert [item.code for item in conferences(engine)] == [CODE]
    assert _opened(engine) == f"{CODE}-2"


# ------------------------------------------------------------------------------------------------ what changed since


def test_what_changed_since_is_told_with_what_caused_it(engine: Engine, run: str) -> None:
    _frozen(engine)
    assert differences(engine, CATALOG, CODE).figures.is_empty()
    _correct(engine, "mot__sua", received=11.0, solved=9.5)
    acts.withdraw(engine, 3, who=WHO, reason="gửi nhầm")
    refresh_roll_up(engine, CATALOG, PERIOD, FORM)
    found = differences(engine, CATALOG, CODE)
    told = found.figures.select("unit", "indicator", "level", "kind", "value_then", "value_now", "causes").rows()
    one, three = "2025-Q1/X01/bieu-1", "2025-Q1/X03/bieu-1"
    assert told == [
        ("T01", "received", "total", "changed", pytest.approx(60.3), pytest.approx(31.1), [one, three]),
        ("X01", "received", "filed", "changed", 10.0, 11.0, [one]),
        ("X03", "received", "filed", "gone", 30.2, None, [three]),
    ]
    names = ("unit", "version_then", "version", "became", "file_name")
    assert found.reports.select(names).rows() == [
        ("X01", 1, 2, "superseded", "mot__sua.xlsx"),
        ("X03", 1, None, "withdrawn", None),
    ]
    assert found.acts.select("key", "act", "who", "reason").rows() == [(three, "withdraw", WHO, "gửi nhầm")]
    assert (found.versions, found.stale) == ((), ())
    assert set(found.besides) == {"narratives", "lists", "reports"}


def test_a_total_that_no_report_changed_is_laid_to_the_register(engine: Engine, run: str) -> None:
    _frozen(engine)
    with write(engine) as connection:
        connection.execute(update(tables.unit).where(tables.unit.c.code == "X03").values(valid_to=date(2025, 1, 31)))
    refresh_roll_up(engine, CATALOG, PERIOD, FORM)
    found = differences(engine, CATALOG, CODE)
    assert found.versions == ("register",)
    assert found.figures.filter(unit="T01")["causes"].to_list() == [[]] * found.figures.filter(unit="T01").height
    assert found.figures.filter(unit="T01").height > 0
