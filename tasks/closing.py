"""The Prefect tasks of ``close-period``: begin, back up, close, report; faults of the surroundings are tried again."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import task

from domain import clock
from tasks import periods
from tasks.collect import RETRYING
from tasks.period_report import Written, period_report, show, write_report
from tasks.settings import Settings
from tasks.store import engine_for, register_of


@task(name="begin-closing", task_run_name="begin-closing-{period}", **RETRYING)
def begin(settings: Settings, period: str, run: str, who: str, reason: str) -> None:
    """From now on the period is being closed; refused while another run that lives closes it."""
    periods.begin_closing(settings, period, run, who=who, reason=reason, moment=clock.now())


@task(name="back-up", **RETRYING)
def back_up(settings: Settings, codes: Sequence[str]) -> periods.BackedUp:
    """Warehouse, archive and definitions in one file, as they are before these periods are closed."""
    return periods.back_up(settings, codes)


@task(name="close", task_run_name="close-{period}", **RETRYING)
def close(settings: Settings, period: str, run: str, who: str, reason: str) -> None:
    """One transaction, which refuses while anything of the period waits, and to the schedule while permits run."""
    periods.close_period(settings, period, who=who, reason=reason, moment=clock.now(), run=run)


@task(name="period-report", task_run_name="period-report-{period}", **RETRYING)
def report(settings: Settings, period: str) -> Written:
    """The report of the period as it was when it was closed: files, and artifacts in Prefect's interface."""
    made = period_report(engine_for(settings.url), register_of(settings), period, clock.now())
    written = write_report(settings, made)
    show(made)
    periods.finish_closing(settings, period)
    return written
