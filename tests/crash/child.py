"""What the children of the zygote do: collections and acts as plain functions, in processes that can be killed."""

from __future__ import annotations

import logging
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from domain.act import ActRefusedError
from expectations.engine import Engine, quiet
from tasks import archive
from tasks.settings import Settings
from tasks.store import definitions, engine_for
from tests.collecting import collect
from tests.crash.watching import Point, Watch
from warehouse import acts as warehouse_acts


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


def submitting(home: str, catalog: str, url: str, files: list[str], batch: int) -> None:
    """A run over given files, as somebody who submits them by hand would start it."""
    settings = settings_of(home, catalog, url)
    collect(settings, [Path(name) for name in files], batch=batch)
    engine_for(settings.url).dispose()


def acting(home: str, catalog: str, url: str, acts: list[list[Any]]) -> None:
    """Acts of an administrator, one after the other; a refused one changes nothing and the next is tried.

    ``["retry", number]`` also runs what it lets wait, as the command does.
    """
    settings = settings_of(home, catalog, url)
    engine = engine_for(settings.url)
    for what, number in acts:
        try:
            if what == "retry":
                warehouse_acts.retry(engine, [number], who="quản trị", reason="thử lại")
                collect(settings, [], batch=2)
            else:
                warehouse_acts.withdraw(engine, number, who="quản trị", reason="đơn vị rút")
        except ActRefusedError as refused:
            sys.stdout.write(f"{what} {number} refused: {refused.en}\n")
        else:
            sys.stdout.write(f"{what} {number} done\n")
    engine.dispose()
