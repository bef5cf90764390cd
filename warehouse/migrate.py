"""Bring a warehouse to the present schema; the only way tables are ever created or changed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from warehouse.ancestry import is_kept, refresh_ancestry
from warehouse.engine import write
from warehouse.fingerprints import backfill_fingerprints

_SCRIPTS = Path(__file__).parent / "migrations"

#: The last schema in which reports had no hash of their figures.
_WITHOUT_FINGERPRINTS = "0001"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply what is missing, in one transaction; a warehouse that is current is left alone."""
    with write(engine) as connection:
        before = _revision(connection)
        command.upgrade(_config(connection), revision)
        if before == _WITHOUT_FINGERPRINTS != _revision(connection):
            backfill_fingerprints(connection)
        if not is_kept(connection):
            refresh_ancestry(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Take migrations back to ``revision`` (``base``: the empty warehouse). Data in dropped tables is lost."""
    with write(engine) as connection:
        command.downgrade(_config(connection), revision)


def current(engine: Engine) -> str | None:
    """The migration the warehouse stands at; ``None`` for an empty one."""
    with engine.connect() as connection:
        return _revision(connection)


@cache
def head() -> str | None:
    """The newest migration this program knows."""
    return ScriptDirectory(str(_SCRIPTS)).get_current_head()


def known() -> set[str]:
    """Every migration this program knows."""
    return {script.revision for script in ScriptDirectory(str(_SCRIPTS)).walk_revisions()}


def is_current(engine: Engine) -> bool:
    return current(engine) == head()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
