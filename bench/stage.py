"""The files and the workspace of one measured run."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

from catalog import load_catalog
from examples.province import make_province, with_province
from examples.stage import stage_province

PERIOD = "2025"
SEED = 7

_BORN = date(2020, 1, 1)


def stage(home: Path, submissions: int, code: str = PERIOD) -> list[Path]:
    """A workspace whose register holds a province, and at least ``submissions`` files of a period in a folder beside
    it."""
    os.environ["TONGKET_HOME"] = str(home)
    from tasks.settings import Settings
    from tasks.setup import initialise
    from tasks.store import engine_for
    from warehouse.registry import import_units

    settings = Settings()
    initialise(settings, settings.url)
    made = make_province(SEED, units=submissions)
    # its units report the year before as well
    units = tuple(unit.model_copy(update={"valid_from": _BORN}) for unit in made.units)
    province = replace(made, units=units)
    import_units(engine_for(settings.url), load_catalog(), list(province.units))
    catalog = with_province(load_catalog(), province)
    period = catalog.period(code)
    assert period is not None
    folder = home.parent / f"files-{submissions}-{code}"
    stage_province(catalog, province, period, SEED, folder)
    return sorted(folder.iterdir())
