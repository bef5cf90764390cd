"""Acts of administrators whose consequences reach the totals: the totals are refreshed with them."""

from __future__ import annotations

from tasks.rolling import refresh_roll_up
from tasks.settings import Settings
from tasks.store import engine_for, register_of
from tasks.year_on_year import refresh_year_on_year
from warehouse import acts


def withdraw(settings: Settings, submission: int, *, who: str, reason: str) -> None:
    """Take a report out of the totals. Killed in between, the next run refreshes them."""
    engine = engine_for(settings.url)
    for changed in acts.withdraw(engine, submission, who=who, reason=reason):
        refresh_year_on_year(engine, register_of(settings), changed.period, changed.form)
        refresh_roll_up(engine, register_of(settings), changed.period, changed.form)
