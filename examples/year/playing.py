"""The year played, deed by deed, on the workspace and in the oracle, and compared wherever the script looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text

from catalog import load_catalog
from examples.year.comparing import Compared, Comparison
from examples.year.deeds import Looks, Script
from examples.year.definitions import write_editions
from examples.year.oracle import Oracle
from examples.year.player import Machine, Player
from examples.year.reckoning import window_of
from examples.year.script import make_script
from examples.year.writing import write_files
from tasks.settings import Settings
from tasks.setup import initialise
from warehouse.engine import Engine


@dataclass(frozen=True)
class Stage:
    """All that a play needs: the script, its files and its definitions. One stage serves any number of plays."""

    script: Script
    letters: Path
    editions: dict[str, Path]
    files: int


@dataclass
class Played:
    """A year after it was played, with everything that was compared on the way."""

    script: Script
    player: Player
    oracle: Oracle
    compared: Compared = field(default_factory=Compared)
    seconds: float = 0.0

    def acts(self) -> list[tuple[str, int]]:
        """What was decided, by kind, and how often."""
        with self.player.engine.connect() as connection:
            rows = connection.execute(text("select what, count(*) from action group by what order by what"))
            return [(str(what), int(count)) for what, count in rows]

    def look(self, label: str, engine: Engine | None = None) -> Compared:
        """Compare everything as it is now, in the warehouse that was played on or in a copy of it."""
        settings = self.player.settings
        ended = tuple(p for p in self.script.periods if self.oracle.today >= window_of(p)[1])
        workspace = settings.workspace
        warehouse = engine or self.player.engine
        return Comparison(warehouse, self.oracle, label, ended, self.player.letters, workspace.reports).all()


def make_stage(folder: Path, units: int, seed: int) -> Stage:
    """Write the definitions and every file of the year below ``folder``."""
    catalog = load_catalog()
    script = make_script(catalog, seed, units)
    files = write_files(catalog, script, folder / "letters")
    return Stage(script, folder / "letters", write_editions(folder / "definitions"), files)


def settings_of(stage: Stage, home: Path, url: str | None = None) -> Settings:
    return Settings(
        home=home,
        warehouse_url=SecretStr(url) if url else None,
        catalog=stage.editions["january"],
        arrival="modified",
        smtp_host=None,
    )


def play(
    stage: Stage,
    settings: Settings,
    machine: Machine,
    *,
    until: datetime | None = None,
    told: Callable[[str, Compared], None] = lambda _label, _compared: None,
) -> Played:
    """Play the year (or what of it is over by ``until``) on a new workspace; ``told`` hears of every look."""
    started = time.perf_counter()
    initialise(settings, settings.url)
    player = Player(settings, stage.editions, stage.letters, machine)
    played = Played(stage.script, player, Oracle(stage.script.year))
    for deed in stage.script.deeds:
        if until is not None and deed.at > until:
            break
        player.play(deed)
        played.oracle.tell(deed)
        if isinstance(deed, Looks):
            seen = played.look(deed.label)
            played.compared += seen
            told(deed.label, seen)
    played.seconds = time.perf_counter() - started
    return played
