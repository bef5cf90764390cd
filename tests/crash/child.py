"""What the children of the zygote do: collections and acts as plain functions, in processes that can be killed."""

from __future__ import annotations

import logging
import os
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from expectations.engine import Engine, quiet
from tasks import archive
from tasks.settings import Settings
from tasks.store import definitions, engine_for
from tests.collecting import collect
from tests.crash.watching import Point, Watch


def warm_up(catalog: str) -> None:
    """Before any fork: the libraries, the definitions, and Great Expectations once through on a frame of pandas."""
    import pandas as pd

    logging.disable(logging.INFO)
    definitions(settings_of("", catalog, None))
    with quiet():
        import great_expectations as gx

        import expectations.suite  # noqa: F401

        engine = Engine()
        engine.validate("warm", pd.DataFrame({"a": [1.0]}), [gx.expectations.ExpectColumnValuesToNotBeNull(column="a")])


def settings_of(home: str, catalog: str, url: str | None) -> Settings:
    return Settings(home=Path(home), catalog=Path(catalog), warehouse_url=SecretStr(url) if url else None)


def collecting(
    home: str,
    catalog: str,
    url: str,
    trace: str,
    batch: int,
    point: list[Any] | None = None,
    pauses: Sequence[list[Any]] = (),
    piece: int | None = None,
    largest_file: int | None = None,
    user: int | None = None,
) -> None:
    """A run over the workspace's inbox; killed at ``point`` when it comes by there, stopped for a while at ``pauses``.

    ``piece``: bytes that are copied at a time; ``largest_file``: no file may grow beyond; ``user``: who runs it.
    """
    settings = settings_of(home, catalog, url)
    if piece is not None:
        archive._IN_ONE_PIECE = piece
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, resource.RLIM_INFINITY))
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    engine = engine_for(settings.url)
    stops = [Point(*stop) for stop in pauses]
    watch = Watch(settings.workspace.home, Path(trace), Point(*point) if point else None, stops)
    watch.listen(engine)
    collect(settings, [], inbox=settings.workspace.inbox, batch=batch)
    engine.dispose()
