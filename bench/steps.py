"""Steps that a run does beside loading, each by itself: level 7, the totals, the comparison with the year before."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from bench.run import run_flow
from bench.stage import PERIOD, stage

_FORM = "review-report"


def step_seconds(home: Path, submissions: int) -> dict[str, tuple[float, float]]:
    """Seconds on the clock and of the processor, in this process: ``year_on_year`` after the same province reported the
    year before as well, ``roll_up`` of all totals anew, and ``level_seven``, the part of it that judges them."""
    year_before = str(int(PERIOD) - 1)
    run_flow(home, stage(home, submissions, year_before)[0].parent)
    os.environ["TONGKET_HOME"] = str(home)
    from tasks.rolling import _Now, _period, _units, refresh_roll_up
    from tasks.settings import Settings
    from tasks.store import engine_for, register_of
    from tasks.year_on_year import refresh_year_on_year
    from warehouse import tables
    from warehouse.engine import write

    settings = Settings()
    engine, register = engine_for(settings.url), register_of(settings)
    with write(engine) as connection:
        connection.execute(tables.mart_roll_up.delete())
    now = _Now(engine, register, PERIOD, _FORM, _units(engine, _period(register, PERIOD)))
    figures = now.figures()
    return {
        "year_on_year": _timed(lambda: refresh_year_on_year(engine, register, PERIOD, _FORM)),
        "roll_up": _timed(lambda: refresh_roll_up(engine, register, PERIOD, _FORM)),
        "level_seven": _timed(lambda: now.findings(figures)),
    }


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    began, begun = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - begun
