"""Engines, registry and dictionary."""

from __future__ import annotations

import importlib.util
import socket
import sqlite3
import time
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError
from world import CATALOG, FIRST_DAY, UNITS, furnish

from catalog.model import UnitRecord
from warehouse.dictionary import data_dictionary
from warehouse.engine import (
    MissingDriver,
    UnsupportedUrlError,
    is_transient,
    make_engine,
    make_reader,
    missing_file,
    prove_writable,
    safe_url,
    told,
    write,
)
from warehouse.registry import (
    Synced,
    UnknownUnitKindError,
    ensure_periods,
    import_units,
    missing_periods,
    read_units,
    setting,
    sync_registry,
)
from warehouse.tables import metadata

ROOT = Path(__file__).parents[2]


def test_a_password_is_never_shown() -> None:
    assert safe_url("postgresql://an:bimat@may/kho") == "postgresql://an:***@may/kho"
    assert "bimat" not in repr(make_engine("postgresql://an:bimat@may/kho"))


def test_a_database_nobody_knows_is_refused() -> None:
    with pytest.raises(UnsupportedUrlError, match="mysql"):
        make_engine("mysql://may/kho")


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDriver, match="make install-server"):
        make_engine("postgresql://may/kho")


def test_a_reader_does_not_make_a_warehouse(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        make_reader(f"sqlite:///{tmp_path / 'không có.db'}")
    assert list(tmp_path.iterdir()) == []


def _write_and_fail(engine: Engine) -> None:
    with write(engine) as connection:
        connection.execute(text("INSERT INTO setting VALUES ('a', 'b', '2025-01-01 00:00:00')"))
        raise RuntimeError("giữa chừng")


def test_a_writer_that_fails_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(RuntimeError, match="giữa chừng"):
        _write_and_fail(engine)
    with engine.connect() as connection:
        assert setting(connection, "a") is None


def test_a_fault_names_nobody(engine: Engine) -> None:
    person = (
        "INSERT INTO contact (id, role, name, email, lang, changed_at) VALUES (1, 'admin', :name, :email, 'vi', :at)"
    )
    values = {"name": "Nguyễn Thị Hằng", "email": "hang@tinh.gov.vn", "at": "2025-01-01 00:00:00"}
    with write(engine) as connection:
        connection.execute(text(person), values)
        with pytest.raises(IntegrityError) as caught, connection.begin_nested():
            connection.execute(text(person), values)
    assert values["name"] not in str(caught.value)
    said = told(caught.value)
    assert said.startswith("IntegrityError: ")
    assert "hang@" not in said


def test_whoever_writes_right_now_is_not_waited_for(url: str) -> None:
    engine = make_engine(url)
    with write(engine):
        began = time.monotonic()
        prove_writable(engine)
        assert time.monotonic() - began < 5
    prove_writable(engine)
    engine.dispose()


def test_a_busy_database_is_worth_trying_again_and_a_broken_rule_is_not(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'kho.db'}")
    with sqlite3.connect(tmp_path / "kho.db", isolation_level=None) as other, engine.connect() as connection:
        connection.execute(text("CREATE TABLE t (a INTEGER PRIMARY KEY)"))
        connection.commit()
        connection.execute(text("PRAGMA busy_timeout=1"))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError) as busy:
            connection.execute(text("INSERT INTO t VALUES (1)"))
        other.execute("ROLLBACK")
        connection.rollback()
        connection.execute(text("INSERT INTO t VALUES (1)"))
        with pytest.raises(IntegrityError) as broken:
            connection.execute(text("INSERT INTO t VALUES (1)"))
    other.close()
    engine.dispose()
    assert is_transient(busy.value)
    assert not is_transient(broken.value)
    assert not is_transient(ValueError("số liệu"))


def test_a_server_that_is_away_is_worth_trying_again() -> None:
    with pytest.raises(OperationalError) as away, make_engine("postgresql://127.0.0.1:1/kho").connect():
        pass
    assert is_transient(away.value)


# ------------------------------------------------------------------------------------------------ registry


def test_a_file_address_names_the_file_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    there = tmp_path / "kho" / "w.db"
    address = f"sqlite:///file:{there}?uri=true"
    assert missing_file(address) == there
    with write(make_engine(address)) as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
    assert missing_file(address) is None
    with make_reader(address).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM t")).scalar_one() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["kho"], "no folder called file:"


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.engine.CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/x"
        began = time.monotonic()
        with pytest.raises(OperationalError) as fault:
            make_engine(address).connect()
        assert is_transient(fault.value)
        assert time.monotonic() - began < 10
        own = make_engine(f"{address}?connect_timeout=7")
        assert own.url.query["connect_timeout"] == "7"


def test_syncing_twice_changes_nothing(engine: Engine) -> None:
    furnish(engine)
    again = sync_registry(engine, CATALOG, years=(2024, 2025))
    assert set(again.values()) == {Synced(0, 0)}
    assert read_units(engine) == list(UNITS)


def test_a_unit_that_ended_is_closed_and_what_was_imported_stays(engine: Engine) -> None:
    furnish(engine)
    closed = UNITS[1].model_copy(update={"valid_to": date(2025, 6, 30), "source": "Nghị quyết 202"})
    assert import_units(engine, CATALOG, [closed]) == Synced(0, 1)
    sync_registry(engine, CATALOG, years=(2025,))
    assert next(unit for unit in read_units(engine) if unit.code == "X01") == closed


def test_units_of_an_unknown_kind_are_refused_whole(engine: Engine) -> None:
    furnish(engine)
    records = [
        UnitRecord(code=code, valid_from=FIRST_DAY, name=code, kind=kind, source="thử")
        for code, kind in (("X08", "xa"), ("X09", "khong_co"))
    ]
    with pytest.raises(UnknownUnitKindError, match="khong_co"):
        import_units(engine, CATALOG, records)
    assert len(read_units(engine)) == len(UNITS)


def test_an_indicator_that_left_the_definitions_stays_but_is_not_current(engine: Engine) -> None:
    furnish(engine)
    fewer = {"received": CATALOG.indicators["received"]}
    sync_registry(
        engine,
        type(CATALOG)(**{**{n: getattr(CATALOG, n) for n in CATALOG.__dataclass_fields__}, "indicators": fewer}),
        years=(),
    )
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT code, is_current FROM indicator ORDER BY code")).all()
    assert [(code, bool(current)) for code, current in rows] == [("received", True), ("solved", False)]


def test_a_period_of_another_year_is_added_when_it_is_needed(engine: Engine) -> None:
    furnish(engine)
    period = CATALOG.period("2031-Q2")
    assert period is not None
    assert missing_periods(engine, ["2031-Q2", "2025-Q1"]) == ["2031-Q2"]
    for added in (1, 0):
        with write(engine) as connection:
            assert ensure_periods(connection, [period]).added == added
    assert missing_periods(engine, ["2031-Q2"]) == []


# ------------------------------------------------------------------------------------------------ dictionary


def test_every_table_and_column_is_explained_in_both_languages() -> None:
    explained = [(table.name, table.comment) for table in metadata.tables.values()]
    explained += [(str(column), column.comment) for table in metadata.tables.values() for column in table.columns]
    halves = {name: (comment or "").split(" | ") for name, comment in explained}
    assert {name for name, said in halves.items() if len(said) != 2 or not all(said)} == set()


def test_the_dictionary_in_the_documents_is_the_present_one() -> None:
    assert (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8") == data_dictionary()
