"""A run: alive in the warehouse for as long as it takes, and told in the log from its beginning to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tasks import log
from tasks.settings import Settings
from tasks.store import engine_for
from warehouse import leases

#: Every kind of run there is: whoever watches is to see a kind's first failure as a change.
KINDS = ("open-period", "collect-period", "retry-failed", "close-period", "remind")


@contextmanager
def running(
    settings: Settings, kind: str, period: str | None = None, ended: dict[str, Any] | None = None
) -> Iterator[str]:
    """:func:`warehouse.leases.running`, told in the log; ``ended`` is what its good end is told with, to be filled
    meanwhile."""
    began = time.perf_counter()
    run = ""
    try:
        with leases.running(engine_for(settings.url), kind, period) as run:
            log.tell("run.started", settings, run=run, kind=kind, period=period)
            yield run
    except BaseException as error:
        if run:
            log.tell("run.failed", settings, run=run, kind=kind, period=period, seconds=_since(began), error=error)
        raise
    log.tell("run.ended", settings, run=run, kind=kind, period=period, seconds=_since(began), **(ended or {}))


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 3)
