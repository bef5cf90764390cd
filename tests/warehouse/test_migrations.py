"""The migrations build exactly the tables the program declares."""

from __future__ import annotations

from dataclasses import replace

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, select, text
from world import arrive, batch, frame, furnish

from domain import columns
from warehouse import acts, copies, migrate, returns, tables
from warehouse.engine import make_engine, write
from warehouse.fingerprints import backfill_fingerprints
from warehouse.load import LoadBatch, load_batch
from warehouse.mart_words import VIEW_COLUMNS
from warehouse.marts import VIEW_WORDS, views
from warehouse.tables import metadata


def test_migrated_schema_is_the_declared_one(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_an_empty_warehouse_is_brought_up_and_taken_down_again(empty_url: str) -> None:
    engine = make_engine(empty_url)
    assert migrate.current(engine) is None
    migrate.upgrade(engine)
    assert migrate.is_current(engine)
    assert set(inspect(engine).get_view_names()) == set(views(engine.dialect.name))
    migrate.upgrade(engine)
    migrate.downgrade(engine, "base")
    assert migrate.current(engine) is None
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    engine.dispose()


def test_views_are_the_declared_ones(engine: Engine) -> None:
    """A view is text in the migration and in the program: what both select must be the same."""
    with engine.connect() as connection:
        for name, query in views(engine.dialect.name).items():
            built = connection.execute(text(f"SELECT * FROM {name}"))
            declared = connection.execute(text(query))
            assert list(built.keys()) == list(declared.keys())
            assert set(built.keys()) == set(VIEW_COLUMNS[name]), f"columns of {name} that nobody explains"


def test_every_view_and_column_of_the_database_is_explained_in_both_languages(engine: Engine) -> None:
    """What is built, not what is declared: a column that a migration adds without a comment fails here."""
    if engine.dialect.name == "postgresql":
        query = """
            SELECT c.relname || COALESCE('.' || a.attname, ''), COALESCE(col_description(c.oid, a.attnum), '')
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND c.relname <> 'alembic_version'
            UNION ALL
            SELECT c.relname, COALESCE(obj_description(c.oid, 'pg_class'), '') FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND c.relname <> 'alembic_version'
        """
        with engine.connect() as connection:
            said = dict(connection.exec_driver_sql(query).tuples().all())
        assert len(said) > 300
        declared = {
            f"{view}.{name}": words for view, columns in VIEW_COLUMNS.items() for name, words in columns.items()
        }
        assert {name: said[name] for name in declared} == declared
        assert {name: said[name] for name in VIEW_WORDS} == VIEW_WORDS
    else:
        said = {f"{view}.{name}": words for view, columns in VIEW_COLUMNS.items() for name, words in columns.items()}
    assert [name for name, words in said.items() if len(words.split(" | ")) != 2 or not all(words.split(" | "))] == []


# ------------------------------------------------------------------------------------------------ a warehouse in use


def _in_use(engine: Engine) -> str:
    """Reports of every outcome, with figures of every kind; the run that loaded them."""
    run = furnish(engine)
    reports = [
        (number, "X01", "accepted", {}) for number in arrive(engine, run, "sent", "sent again")
    ]  # the first is superseded
    taken_back, doubtful, failed, few = arrive(engine, run, "withdrawn", "doubtful", "failed", "few")
    reports += [(taken_back, "X02", "accepted", {}), (doubtful, "X03", "accepted_with_warnings", {})]
    loaded = batch(*reports, (failed, "X02", "rejected", {}))
    load_batch(engine, run, _stating(loaded, {number: shift for shift, (number, *_) in enumerate(reports)}))
    load_batch(engine, run, batch((few, "X01", "accepted", {"received": 5.0}), period="2025-Q2"))
    acts.withdraw(engine, taken_back, who="Trần Văn Phòng", reason="gửi nhầm")
    return run


def _stating(load: LoadBatch, shifts: dict[int, int], unit: str | None = None) -> LoadBatch:
    """The batch with a dozen figures a report, among them none, one that was computed and one in thirds."""
    places = [f"field={letter}" for letter in "abcdefghijkl"]
    rows = [
        {"file": file, "indicator": "received", "breakdown": place, "value": (number + shift) / 3 if number else 0.0,
         "qualifier": "exact", "status": "value", "basis": "in_period", "scope": "own", "derived": number == 5}
        for file, shift in shifts.items() for number, place in enumerate(places)
    ]  # fmt: skip
    return replace(load, observations=frame(columns.OBSERVATIONS, rows))


def _rows(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Everything the warehouse of before could hold, and the fingerprints."""
    left_out = {"compared_at", "returned_at", "process_started_at", "heartbeat_at"}
    known = [table for table in metadata.sorted_tables if table.name != "definition_change"]
    queries = {
        table.name: select(*[column for column in table.c if column.name not in left_out]).order_by(*table.primary_key)
        for table in known
    }
    with engine.connect() as connection:
        return {name: [tuple(row) for row in connection.execute(query)] for name, query in queries.items()}


def _prints(engine: Engine) -> list[tuple[object, int]]:
    here = tables.submission.c
    with engine.connect() as connection:
        query = select(here.figures_sha256, here.n_figures).order_by(here.id)
        return [(row.figures_sha256, row.n_figures) for row in connection.execute(query)]


def test_a_warehouse_in_use_is_brought_up_as_if_it_had_always_been_there(engine: Engine) -> None:
    run = _in_use(engine)
    before = _rows(engine)
    assert [count for _, count in _prints(engine)] == [10, 10, 10, 10, 0, 1]
    assert [one is None for one, _ in _prints(engine)] == [False] * 4 + [True] * 2
    for _ in range(2):
        migrate.downgrade(engine, "0001")
        migrate.upgrade(engine)
        assert _rows(engine) == before
    with write(engine) as connection:
        backfill_fingerprints(connection)
    assert _rows(engine) == before
    assert returns.returnable(engine, only_new=True).is_empty()
    with engine.connect() as connection:
        uncompared = select(tables.submission.c.id).where(tables.submission.c.compared_at.is_(None))
        assert connection.scalars(uncompared.order_by(tables.submission.c.id)).all() == [5]
    (copy,) = arrive(engine, run, "copy")
    load_batch(engine, run, _stating(batch((copy, "X02", "accepted", {}), period="2025-Q2"), {copy: 1}))
    assert copies.to_compare(engine).select("file", "other").rows() == [(copy, 2)]
