"""A reader cannot write, run programs or hold on for ever, whatever is sent over it; nor can the role for analysts."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text
from world import arrive, batch, furnish

from tests.conftest import Server
from warehouse.asking import QueryRefusedError, QueryTooLongError, run_sql
from warehouse.engine import _WRITER_LOCK, make_engine, make_reader, write
from warehouse.load import load_batch
from warehouse.roles import reader_script

SQLITE_ATTACKS = [
    "VACUUM INTO '{file}'",
    "VACUUM main INTO '{file}'",
    "ATTACH '{file}' AS other",
    "ATTACH 'file:{file}?mode=rwc' AS other",
    "PRAGMA query_only = OFF",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA writable_schema = ON",
    "PRAGMA optimize",
    "CREATE TEMP TABLE mine (a)",
    "BEGIN IMMEDIATE",
    "COMMIT",
    "EXPLAIN QUERY PLAN ATTACH '{file}' AS other",
    "SELECT load_extension('{file}')",
    "SELECT writefile('{file}', 'a')",
    "SELECT length(zeroblob(1000000000))",
    "SELECT 1) AS asked; DELETE FROM setting; --",
    "UPDATE sqlite_master SET sql = ''",
]

POSTGRES_ATTACKS = [
    "COPY (SELECT 1) TO PROGRAM 'touch {file}'",
    "COPY (SELECT 1) TO '{file}'",
    "COPY setting FROM PROGRAM 'echo a'",
    "SET transaction_read_only = off",
    "SET ROLE postgres",
    "RESET ROLE",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "COMMIT",
    "BEGIN READ WRITE",
    "DO $$ BEGIN EXECUTE 'SET transaction_read_only = off'; DELETE FROM setting; END $$",
    "DO $$ BEGIN RESET ROLE; COPY (SELECT 1) TO PROGRAM 'touch {file}'; END $$",
    "CREATE TEMP TABLE mine AS SELECT 1",
    "EXPLAIN ANALYZE CREATE TABLE mine AS SELECT 1",
    "EXPLAIN ANALYZE DELETE FROM setting",
    "EXPLAIN (ANALYZE) DELETE FROM setting",
    "SELECT * INTO mine FROM setting",
    "SELECT key FROM setting FOR UPDATE",
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT lo_create(0)",
    "SELECT lo_export(1, '{file}')",
    "SELECT pg_reload_conf()",
    "SELECT nextval('numbers')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL",
    "SELECT * FROM query_to_xml('DELETE FROM setting', true, true, '')",
    "SELECT dblink_exec('dbname=postgres', 'CREATE TABLE mine (a int)')",
    "LOCK TABLE setting",
    "NOTIFY somebody",
    "VACUUM",
    "SELECT 1) AS asked; DELETE FROM setting; --",
    "SELECT 1; DELETE FROM setting",
]


def _everything(engine: Engine) -> object:
    """What stands in the warehouse, and every object there is."""
    postgres = engine.dialect.name == "postgresql"
    objects = "SELECT count(*) FROM pg_class" if postgres else "SELECT count(*) FROM sqlite_master"
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM setting ORDER BY key").all()
        large = connection.exec_driver_sql("SELECT count(*) FROM pg_largeobject_metadata").scalar() if postgres else 0
        return [tuple(row) for row in rows], connection.exec_driver_sql(objects).scalar_one(), large


def test_no_attack_leaves_a_trace(engine: Engine, url: str, tmp_path: Path) -> None:
    furnish(engine)
    postgres = engine.dialect.name == "postgresql"
    with write(engine) as connection:
        if postgres:
            connection.exec_driver_sql("CREATE SEQUENCE numbers")
    before = _everything(engine)
    target = Path("/tmp") / f"tongket-attack-{time.time_ns()}"  # the server runs as somebody else: it may write here
    reader = make_reader(url)
    with engine.connect() as witness:  # a connection of the writer that must not be ended
        witness.exec_driver_sql("SELECT 1")
        for attack in POSTGRES_ATTACKS if postgres else SQLITE_ATTACKS:
            with pytest.raises(QueryRefusedError):  # noqa: PT012
                answer = run_sql(reader, attack.format(file=target), 10)
                pytest.fail(f"{attack} was answered: {answer}")
        assert witness.exec_driver_sql("SELECT 1").scalar_one() == 1
    assert _everything(engine) == before
    assert not target.exists()
    reader.dispose()


def test_a_question_that_never_ends_is_ended(engine: Engine, url: str) -> None:
    furnish(engine)
    reader = make_reader(url)
    endless = "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r"
    started = time.monotonic()
    with pytest.raises(QueryTooLongError):
        run_sql(reader, endless, 10, seconds=0.5)
    assert time.monotonic() - started < 20
    assert run_sql(reader, "SELECT 1 AS one", 10, seconds=20)["one"].to_list() == [1]
    reader.dispose()


def test_questions_of_every_form_are_answered(engine: Engine, url: str) -> None:
    furnish(engine)
    reader = make_reader(url)
    for sql in (
        "/* đơn vị */ -- của tỉnh\n (SELECT code FROM unit WHERE code = 'T01') UNION SELECT 'T01'",
        "WITH a AS (SELECT 'T01' AS code) SELECT code FROM a",
        "VALUES ('T01')",
        "SELECT 'T01' AS code -- không có dấu chấm phẩy",
    ):
        if engine.dialect.name == "sqlite" and "(SELECT code" in sql:
            continue  # SQLite takes no brackets around the parts of a UNION
        assert run_sql(reader, sql, 10).rows() == [("T01",)], sql
    assert run_sql(reader, "EXPLAIN SELECT * FROM unit", 10).height > 0
    if engine.dialect.name == "sqlite":
        assert "code" in run_sql(reader, "PRAGMA table_info(unit)", 99)["name"].to_list()
        assert run_sql(reader, "SELECT value FROM json_each('[1, 2]')", 99)["value"].to_list() == [1, 2]
    reader.dispose()


def test_a_total_of_today_is_not_passed_off_as_one_of_the_past(engine: Engine, url: str) -> None:
    from datetime import UTC, datetime

    furnish(engine)
    reader = make_reader(url)
    for mart in ("mart_total", "mart_roll_up", "mart_reporting_rate"):
        with pytest.raises(QueryRefusedError, match=mart):
            run_sql(reader, f"SELECT * FROM {mart}", 10, datetime.now(UTC))
    reader.dispose()


# ------------------------------------------------------------------------------------------------ the role


@pytest.mark.postgres
def test_the_role_reads_everything_and_writes_nothing(server: Server, migrated_postgres: str) -> None:
    owner_url = server.create("roles", migrated_postgres)
    engine = make_engine(owner_url)
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5.0})))
    script = reader_script("phan_tich", seconds=30)
    driver = str(make_url(owner_url).set(drivername="postgresql").render_as_string(hide_password=False))
    analyst_url = make_url(owner_url).set(username="phan_tich", password=None).render_as_string(hide_password=False)
    try:
        with psycopg.connect(driver, autocommit=True) as owner:
            for _ in range(2):
                owner.execute(script)  # type: ignore[arg-type]
            owner.execute("CREATE TABLE came_later (a int)")
        analyst_driver = str(make_url(analyst_url).set(drivername="postgresql").render_as_string(hide_password=False))
        with psycopg.connect(analyst_driver, autocommit=True) as analyst:
            assert analyst.execute("SELECT value FROM mart_observation").fetchall() == [(5.0,)]
            assert analyst.execute("SELECT value FROM observation_as_of(now())").fetchall() == [(5.0,)]
            assert analyst.execute("SELECT * FROM came_later").fetchall() == []
            assert analyst.execute("SHOW statement_timeout").fetchone() == ("30s",)
            analyst.execute("SET default_transaction_read_only = off")  # a habit, which anybody may change
            for attack in (
                "DELETE FROM observation",
                "UPDATE unit SET name = 'x'",
                "INSERT INTO setting VALUES ('a', 'b', now())",
                "TRUNCATE setting",
                "DROP VIEW mart_total",
                "CREATE TABLE mine (a int)",
                "CREATE TEMP TABLE mine (a int)",
                "CREATE SCHEMA mine",
                "ALTER ROLE phan_tich SUPERUSER",
                "SET ROLE postgres",
                "SELECT lo_create(0)",
                "SELECT lo_from_bytea(0, 'a')",
                "SELECT pg_read_file('/etc/hostname')",
                "COPY (SELECT 1) TO PROGRAM 'true'",
                "COPY setting FROM STDIN",
                "DO $$ BEGIN LOCK TABLE setting IN EXCLUSIVE MODE; END $$",
                "DO $$ BEGIN LOCK TABLE setting IN SHARE ROW EXCLUSIVE MODE; END $$",
                "SELECT * FROM setting FOR KEY SHARE",
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):  # noqa: PT012
                    analyst.execute(attack)  # type: ignore[arg-type]
                    pytest.fail(attack)
            # anybody may take an advisory lock, and read what the writers lock: neither holds up a load
            analyst.execute(f"SELECT pg_advisory_lock({_WRITER_LOCK})")
            analyst.execute("BEGIN; SELECT * FROM setting")  # type: ignore[arg-type]
            with write(engine) as connection:
                connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
                connection.execute(text("UPDATE setting SET value = value"))
            analyst.execute("ROLLBACK")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                analyst.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user")
        reader = make_reader(analyst_url)
        assert run_sql(reader, "SELECT value FROM mart_observation", 9)["value"].to_list() == [5.0]
        reader.dispose()
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM observation")).scalar_one() == 1
    finally:
        engine.dispose()
        server.drop("roles")
        with server.admin.connect() as admin:
            admin.execute(text("DROP ROLE IF EXISTS phan_tich"))


@pytest.mark.parametrize("name", ["Phân tích", "a b", 'x"; DROP TABLE y', "", "A"])
def test_a_role_that_would_need_quoting_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        reader_script(name)
