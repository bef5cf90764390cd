"""The flows of the program, called in this process as they are served: what the calendar asks for, and acts by hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.occasion import OccasionKind
from flows.close_period import close_period
from flows.collect_period import collect_period
from flows.open_period import open_period
from flows.remind import remind
from flows.retry_failed import retry_failed
from flows.year_end_review import year_end_review
from tasks import occasions
from tasks.retrying import Wanted
from tasks.settings import Settings

#: What each kind of occasion starts, in the order in which a machine that was off makes up for what it missed.
_FLOWS: dict[OccasionKind, Callable[..., Any]] = {
    OccasionKind.OPEN: open_period,
    OccasionKind.COLLECT: collect_period,
    OccasionKind.REMIND: remind,
    OccasionKind.CLOSE: close_period,
    OccasionKind.REVIEW: year_end_review,
}


class FlowMachine:
    """Flows read their settings from the environment, as deployments do."""

    def wake(self, settings: Settings, moment: datetime) -> None:
        self._surround(settings)
        occasions.begin(settings, moment)
        for kind, flow in _FLOWS.items():
            if occasions.due(settings, kind, moment):
                _run(flow)

    def retry(self, settings: Settings, wanted: Wanted, who: str, reason: str) -> None:
        self._surround(settings)
        _run(retry_failed, reason=reason, who=who, submissions=list(wanted.submissions), mended=wanted.mended)

    def close(self, settings: Settings, period: str, who: str, reason: str) -> None:
        self._surround(settings)
        _run(close_period, period=period, reason=reason, who=who)

    def freeze(self, settings: Settings, year: int, unit: str, who: str, reason: str) -> None:
        self._surround(settings)
        _run(year_end_review, year=year, unit=unit, freeze=True, who=who, reason=reason)

    def _surround(self, settings: Settings) -> None:
        os.environ |= {
            "TONGKET_HOME": str(settings.home),
            "TONGKET_CATALOG": str(settings.catalog),
            "TONGKET_WAREHOUSE_URL": settings.url,
            "TONGKET_ARRIVAL": settings.arrival,
        }


def _run(flow: Callable[..., Any], **parameters: Any) -> None:
    """Run a flow to its end; raises what made it fail."""
    flow(**parameters, return_state=True).result(raise_on_failure=True)
