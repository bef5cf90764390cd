"""One collection of the source filings, done once: written as workbooks, read, checked and loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from examples.sources import source_filings
from examples.write import Writer
from tasks.settings import Settings
from tasks.setup import initialise
from tasks.store import engine_for, register_of
from tests.collecting import collect
from tests.story.told import Story


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    home = tmp_path_factory.mktemp("story")
    settings = Settings(home=home, warehouse_url=SecretStr(f"sqlite:///{home / 'warehouse.db'}"))
    initialise(settings, settings.url)
    catalog = register_of(settings)
    filings = source_filings(catalog)
    Writer(catalog).write_all([(item.name, item.filing) for item in filings], settings.workspace.inbox)
    collect(settings, _files(settings.workspace.inbox))
    return Story(engine_for(settings.url), catalog, filings, home / "typed.xlsx")


def _files(inbox: Path) -> list[Path]:
    return sorted(inbox.iterdir())
