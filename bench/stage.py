"""The files and the workspace of one measured run."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

from catalog import Catalog, load_catalog
from examples.province import Province, make_province, with_province
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

    settings = Settings()
    initialise(settings, settings.url)
    catalog, province = sample_province(submissions, settings.url)
    period = catalog.period(code)
    assert period is not None
    folder = home.parent / f"files-{submissions}-{code}"
    stage_province(catalog, province, period, SEED, folder)
    return sorted(folder.iterdir())


def sample_province(units: int, url: str) -> tuple[Catalog, Province]:
    """A province of so many units in the register of a warehouse, and the definitions with its units among them."""
    from tasks.store import engine_for
    from warehouse.registry import import_units

    made = make_province(SEED, units=units)
    # its units report the year before as well
    born = tuple(unit.model_copy(update={"valid_from": _BORN}) for unit in made.units)
    province = replace(made, units=born)
    import_units(engine_for(url), load_catalog(), list(province.units))
    return with_province(load_catalog(), province), province
