"""Making a workspace: folders, migrations, definitions and register into the warehouse."""

from __future__ import annotations

from catalog import Catalog, load_catalog
from tasks.settings import Settings
from tasks.store import engine_for
from warehouse.engine import Engine
from warehouse.migrate import upgrade
from warehouse.notices import begin_telling
from warehouse.registry import setting, sync_registry


def initialise(settings: Settings, url: str) -> dict[str, int]:
    """Bring the workspace and the warehouse at ``url`` up to date; counts of what they now know.

    Everything here may be repeated: what is already so stays as it is.
    """
    catalog = load_catalog(settings.catalog_root)
    settings.workspace.create()
    engine = engine_for(url)
    upgrade(engine)
    sync_registry(engine, catalog)
    begin_telling(engine)
    return {
        "indicators": len(catalog.indicators),
        "forms": len(catalog.forms),
        "rules": len(catalog.rules),
        "units": len(catalog.units),
    }


def keep_registry_current(engine: Engine, catalog: Catalog) -> None:
    """Tell the warehouse of definitions that changed since it last saw them: figures are loaded by what it knows."""
    with engine.connect() as connection:
        known = setting(connection, "catalog_fingerprint")
    if known != catalog.fingerprint:
        sync_registry(engine, catalog)
