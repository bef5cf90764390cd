"""Acts of administrators whose consequences reach the totals: the totals are refreshed with them."""

from __future__ import annotations

from tasks.settings import Settings
from tasks.store import engine_for, register_of
from tasks.totals import refresh_totals
from warehouse import acts, queries


def withdraw(settings: Settings, submission: int, *, who: str, reason: str) -> None:
    """Take a report out of the totals. Killed in between, the next run refreshes them."""
    engine = engine_for(settings.url)
    for changed in acts.withdraw(engine, submission, who=who, reason=reason):
        refresh_totals(engine, register_of(settings), changed.period, changed.form)


def refresh_after_register(settings: Settings) -> int:
    """Compute all totals of open periods anew, as units and what became of them changed; how many there are."""
    engine, register = engine_for(settings.url), register_of(settings)
    kept = queries.totals_kept(engine)
    for period, form in kept:
        refresh_totals(engine, register, period, form)
    return len(kept)
