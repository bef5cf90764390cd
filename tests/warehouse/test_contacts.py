"""Whom to tell: files in and out, what they replace, and that nobody who only reads ever sees them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text
from telling import CONTACTS, Office
from test_period_of_the_reform import EVENTS, OURS, UNITS

from domain.clock import now
from domain.notice import is_address
from tasks.contacts import ContactsRefusedError, export_contacts, import_contacts
from tasks.notice_words import People
from tasks.notices import notices_after_run
from warehouse import publishing, tables, whole
from warehouse.asking import QueryRefusedError, run_sql
from warehouse.contacts import contacts_of
from warehouse.engine import make_engine, make_reader, snapshot
from warehouse.extracts import COLUMNS
from warehouse.registry import import_register, sync_registry
from warehouse.roles import WITHHELD, reader_script


@pytest.fixture
def office(url: str, tmp_path: Path) -> Office:
    return Office.at(url, tmp_path / "home")


def put(office: Office, told: str, name: str = "f.csv", **more: object) -> dict[str, int]:
    file = office.settings.workspace.home / name
    file.write_text(told, encoding="utf-8")
    options = {"who": "thử", "reason": "công văn 12", **more}
    difference = import_contacts(office.engine, file, **options)  # type: ignore[arg-type]
    return {what: difference.count("contacts", what) for what in ("added", "changed", "removed", "same")}


def people(office: Office) -> list[tuple[str, str, str]]:
    return list(contacts_of(office.engine).select("unit", "role", "email").iter_rows())


def test_a_file_is_the_contacts_of_the_units_it_names(office: Office) -> None:
    assert put(office, CONTACTS, dry_run=True, reason=None)["added"] == 4
    assert not people(office)
    assert put(office, CONTACTS)["added"] == 4
    more = "đơn vị;vai;họ tên;thư điện tử\nX01;unit;Hai;hai@x.vn\nX01;unit;Ba;UBND.X01@tinh.gov.vn\nX02;bỏ;;\n"
    assert put(office, more) == {"added": 1, "changed": 1, "removed": 1, "same": 0}
    assert people(office) == [
        ("", "admin", "qt@tinh.gov.vn"),
        ("T01", "focal", "vp@tinh.gov.vn"),
        ("X01", "unit", "hai@x.vn"),
        ("X01", "unit", "ubnd.x01@tinh.gov.vn"),
    ]
    for name in ("again.xlsx", "again.csv"):
        out = office.settings.workspace.home / name
        assert export_contacts(office.engine, out) == 4
        difference = import_contacts(office.engine, out, who="thử", reason=None)
        assert (difference.changes, difference.same["contacts"]) == ((), 4)
    with office.engine.connect() as connection:
        told = connection.execute(text("SELECT what, after FROM action ORDER BY id")).all()
    assert [row.what for row in told].count("import_contacts") == 2
    assert "@" not in json.dumps([row.after for row in told])


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("X09;unit;A;a@b.vn", "A unit"),
        ("X01;chief;A;a@b.vn", "B role"),
        ("X01;unit;;a@b.vn", "C name"),
        ("X01;unit;A;a@b.vn, c@d.vn", "D email"),
        ("X01;unit;A;a@b", "D email"),
        ('X01;unit;A;"a@b.vn\nBcc: c@d.vn"', "D email"),
        ('X01;unit;"A\nBcc: c@d.vn";a@b.vn', "C name"),
        (";unit;A;a@b.vn", "A unit"),
        ("X01;admin;A;a@b.vn", "A unit"),
        ("X02;unit;A;a@b.vn\nX02;unit;B;A@B.vn", "D email"),
        ("X02;unit;A;a@b.vn\nX02;remove;;", "B role"),
    ],
)
def test_one_wrong_row_refuses_the_whole_file(tmp_path: Path, migrated_sqlite: Path, row: str, column: str) -> None:
    database = tmp_path / "warehouse.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    office = Office.at(f"sqlite:///{database}", tmp_path / "home")
    with pytest.raises(ContactsRefusedError) as refused:
        put(office, f"unit;role;name;email\nX03;unit;Ba;ba@x.vn\n{row}\n")
    assert column in [fault.column for fault in refused.value.faults]
    assert not people(office)


@pytest.mark.parametrize(
    "text", ["a@b.vn\n", "a@b.vn\r\nBcc: x@y.vn", "a b@c.vn", "<a@b.vn>", "a@b.vn>", "à@b.vn", "@b.vn"]
)
def test_an_address_cannot_become_a_header_or_two(text: str) -> None:
    assert is_address("van-phong.x01+bc@xa.tinh.gov.vn")
    assert not is_address(text)


def test_contacts_follow_a_unit_that_was_renamed_and_came_under_another(url: str, tmp_path: Path) -> None:
    """E of P2 became E9 of P3; A was merged into C."""
    office = Office.at(url, tmp_path / "home")
    engine = office.engine
    sync_registry(engine, OURS, years=(2024, 2025))
    import_register(engine, OURS, UNITS, EVENTS)
    with engine.begin() as connection:  # written down before the reform
        ids = dict(connection.execute(text("SELECT code, min(id) FROM unit GROUP BY code")).tuples().all())
        for number, (code, role) in enumerate([("E", "unit"), ("A", "unit"), ("P3", "focal")], 1):
            person = {"role": role, "name": code, "email": f"{code.lower()}@x.vn", "lang": "vi"}
            row = {"id": number, "unit_id": ids[code], "changed_at": now(), **person}
            connection.execute(tables.contact.insert().values(row))
    found = {(row["unit"], row["is_ended"]) for row in contacts_of(engine).to_dicts()}
    assert found == {("E9", False), ("A", True), ("P3", False)}
    told = People.of(engine, [ids["E"], ids["E9"], ids["C"]], date(2025, 8, 1))
    assert [person.email for person in told.told(ids["E"])] == ["e@x.vn"], "of what it sent before the reform"
    assert [person.email for person in told.told(ids["E9"])] == ["e@x.vn"]
    assert not told.own.get(ids["C"]), "a unit that others were merged into has people of its own"
    assert [above.person.email for above in told.focal[ids["E9"]]] == ["p3@x.vn"]
    assert export_contacts(engine, tmp_path / "out.csv") == 2, "a code may be another unit's by now"


# ------------------------------------------------------------------------------------------------ withheld


@pytest.fixture
def told(office: Office) -> Office:
    office.with_people()
    notices_after_run(office.settings, office.report(X01="accepted"))
    return office


ASKING = [
    "SELECT * FROM contact",
    "SELECT email FROM CONTACT",
    'SELECT body FROM "notice"',
    "SELECT count(*) FROM notice",
    "SELECT key FROM setting WHERE EXISTS (SELECT 1 FROM contact)",
]


@pytest.mark.usefixtures("told")
def test_no_question_reaches_them(url: str) -> None:
    reader = make_reader(url)
    try:
        assert run_sql(reader, "SELECT count(*) AS n FROM unit", 10)["n"][0] > 0
        for sql in ASKING:
            with pytest.raises(QueryRefusedError):
                run_sql(reader, sql, 10)
    finally:
        reader.dispose()


@pytest.mark.postgres
@pytest.mark.usefixtures("told")
def test_roles_that_only_read_do_not_reach_them(url: str, request: pytest.FixtureRequest) -> None:
    if url.startswith("sqlite"):
        pytest.skip("roles are PostgreSQL's")
    name = "reader_of_contacts"
    administrator = make_engine(url)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(reader_script(name).encode())
    request.addfinalizer(lambda: _forget(url, name))
    with administrator.connect() as connection:
        readable = connection.execute(
            text("SELECT table_name FROM information_schema.role_table_grants WHERE grantee = :name"), {"name": name}
        )
        names = set(readable.scalars())
    administrator.dispose()
    assert "unit" in names
    assert not names & set(WITHHELD)
    # whoever may do everything asks as the role that reads every table: that one sees no row
    reader = make_reader(url)
    with reader.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM unit"))
        assert [connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in WITHHELD] == [0, 0]
    reader.dispose()


def _forget(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f'DROP OWNED BY "{name}"')
        owner.execute(f'DROP ROLE "{name}"')


def test_no_copy_that_is_shared_holds_them(told: Office, tmp_path: Path) -> None:
    publishing.write_copy(told.engine, tmp_path / "copy.db")
    copy = create_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    with copy.connect() as connection:
        names = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))
    copy.dispose()
    assert not (names | set(COLUMNS)) & set(WITHHELD)
    assert not any("email" in columns or "recipient" in columns for columns in COLUMNS.values())


def test_a_backup_holds_them(told: Office) -> None:
    with snapshot(told.engine) as connection:
        rows = {name: frame for name, frame in whole.parts(connection) if name in WITHHELD}
    assert [rows[name].height for name in WITHHELD] == [4, 2]


def test_old_roles_lose_what_they_would_have_been_given(engine: Engine, url: str) -> None:
    """A role of an earlier version reads every table that is added."""
    if url.startswith("sqlite"):
        pytest.skip("roles are PostgreSQL's")
    from warehouse.migrate import downgrade, upgrade

    downgrade(engine, "0009")
    name = "reader_of_before"
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f'CREATE ROLE "{name}"')
        owner.execute(f'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "{name}"')
    try:
        upgrade(engine)
        with engine.connect() as connection:
            given = connection.execute(
                text("SELECT table_name FROM information_schema.role_table_grants WHERE grantee = :name"),
                {"name": name},
            )
            names = set(given.scalars())
        assert "occasion" in names
        assert not names & set(WITHHELD)
    finally:
        _forget(url, name)


def test_the_list_of_what_is_withheld_is_the_tables_with_addresses() -> None:
    assert set(WITHHELD) == {
        table.name for table in tables.metadata.sorted_tables if {"email", "recipient"} & set(table.c.keys())
    }
