"""The world that is killed in, processes to be killed, and warehouses that cost a copy."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from tasks.settings import Settings
from tests.conftest import DATABASES, Server
from tests.crash.undisturbed import Undisturbed, run_undisturbed
from tests.crash.world import Fresh, World, make_world, prepare
from tests.crash.zygote import Zygote, zygote

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def processes(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    warm = {"tests.crash.child:warm_up": {"catalog": str(world.catalog)}}
    with zygote(tmp_path_factory.mktemp("children"), warm) as ready:
        yield ready


@pytest.fixture(scope="session")
def _sqlite_template(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "warehouse.db"
    prepare(Settings(home=path.parent, catalog=world.catalog, warehouse_url=SecretStr(f"sqlite:///{path}")))
    return path


@pytest.fixture(scope="session")
def fresh_sqlite(_sqlite_template: Path) -> Fresh:
    @contextmanager
    def fresh(home: Path) -> Iterator[str]:
        home.mkdir(parents=True)
        shutil.copyfile(_sqlite_template, home / "warehouse.db")
        yield f"sqlite:///{home / 'warehouse.db'}"

    return fresh


@pytest.fixture(scope="session")
def fresh_postgres(world: World, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    url = server.create("crash_template")
    home = tmp_path_factory.mktemp("template")
    prepare(Settings(home=home, catalog=world.catalog, warehouse_url=SecretStr(url)))

    @contextmanager
    def fresh(home: Path) -> Iterator[str]:
        name = f"crash_{next(_numbers)}"
        yield server.create(name, "crash_template")
        server.drop(name)

    return fresh


@pytest.fixture(scope="session", params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def fresh(request: pytest.FixtureRequest, database: str) -> Fresh:
    found: Fresh = request.getfixturevalue(f"fresh_{database}")
    return found


@pytest.fixture(scope="session")
def undisturbed_sqlite(
    world: World, fresh_sqlite: Fresh, processes: Zygote, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    return run_undisturbed(world, fresh_sqlite, processes, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="session")
def undisturbed_postgres(
    world: World, fresh_postgres: Fresh, processes: Zygote, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    return run_undisturbed(world, fresh_postgres, processes, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="session")
def undisturbed(request: pytest.FixtureRequest, database: str) -> Undisturbed:
    found: Undisturbed = request.getfixturevalue(f"undisturbed_{database}")
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How often runs were killed, by step and database."""
    counted = {
        report.nodeid.rpartition("::")[2]: count
        for report in terminalreporter.getreports("passed")
        for name, count in report.user_properties
        if name == "killed"
    }
    if counted:
        terminalreporter.section(f"killed {sum(counted.values())} times")
        for test in sorted(counted):
            terminalreporter.write_line(f"{counted[test]:>4} {test}")
