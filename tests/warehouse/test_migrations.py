"""The migrations build exactly the tables the program declares."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from warehouse import migrate
from warehouse.engine import make_engine
from warehouse.marts import VIEWS
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
    assert set(inspect(engine).get_view_names()) == set(VIEWS)
    migrate.upgrade(engine)
    migrate.downgrade(engine, "base")
    assert migrate.current(engine) is None
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    engine.dispose()


def test_views_are_the_declared_ones(engine: Engine) -> None:
    """A view is text in the migration and in the program: what both select must be the same."""
    with engine.connect() as connection:
        for name, query in VIEWS.items():
            built = connection.execute(text(f"SELECT * FROM {name}"))
            declared = connection.execute(text(query))
            assert list(built.keys()) == list(declared.keys())
