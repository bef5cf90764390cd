"""The last step of a run: units are told what became of their reports. It never makes a run fail."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from domain.clock import now
from domain.numbers import vi_number
from tasks import notices
from tasks.log import masked
from tasks.settings import Settings
from tasks.timing import Stopwatch
from warehouse.engine import told
from warehouse.signing import one_line

_log = logging.getLogger(__name__)

_LONGEST = 300


def notify(run: str, settings: Settings, watch: Stopwatch) -> str:
    """Make the notices of a run and send what waits; in words what could not be made or sent, empty when all was.

    The figures stand by now: whatever goes wrong here is told, and tried again by the next run.
    """
    with watch.span("notify"):
        try:
            if not settings.notices:
                notices.notices_after_run(settings, run)  # lets what was decided pass
                return ""
            return _notify(run, settings)
        except Exception as error:  # the warehouse out of reach, a full disk: the run itself is done
            _log.warning("run %s: notices could not be made", run, exc_info=True)
            said = masked(one_line(told(error)))[:_LONGEST]
            return f"chưa lập được thông báo · notices could not be made: {said}"


def tell_opened(settings: Settings, periods: Sequence[str]) -> str:
    """Tell units what they owe for periods that were opened just now; in words what could not be made or sent, empty
    when all was. What fails here is made up for by the next reminding, which tells it for a few days."""
    if not periods or not settings.notices:
        return ""
    try:
        for period in periods:
            notices.remind(settings, now(), period)
        return in_words(notices.deliver(settings)) if settings.smtp_host else ""
    except Exception as error:
        _log.warning("%s: notices could not be made", ", ".join(periods), exc_info=True)
        said = masked(one_line(told(error)))[:_LONGEST]
        return f"chưa lập được thông báo · notices could not be made: {said}"


@task(name="notify", cache_policy=NO_CACHE)
def _notify(run: str, settings: Settings) -> str:
    notices.notices_after_run(settings, run)
    delivered = notices.deliver(settings) if settings.smtp_host else notices.Delivered()
    said = in_words(delivered)
    if said:
        create_markdown_artifact(
            key="unsent-notices", markdown=f"{said}\n\n`tongket notices list --state waiting`", description=said
        )
    return said


def in_words(delivered: notices.Delivered) -> str:
    """What could not be sent, and why; empty when there is nothing of the kind."""
    count = notices.unsent(delivered)
    if not count:
        return ""
    why = f": {masked(delivered.fault)}" if delivered.fault else ""  # Prefect shows it to whoever opens its interface
    return f"{vi_number(count)} thông báo chưa gửi được · {count:,} notices could not be sent{why}"
