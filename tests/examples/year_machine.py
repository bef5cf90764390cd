"""The year's machine without Prefect's engine: what the flows do, as plain functions in this process."""

from __future__ import annotations

from datetime import datetime

from domain import clock
from domain.occasion import OccasionKind
from tasks import notices, occasions, periods, reviewing
from tasks.period_report import period_report, write_report
from tasks.periods import SCHEDULE
from tasks.retrying import Wanted
from tasks.settings import Settings
from tasks.store import engine_for, register_of
from tests import collecting
from warehouse import leases


class PlainMachine:
    """Does what is due in the order of :data:`tasks.occasions.IN_TURN`."""

    def wake(self, settings: Settings, moment: datetime) -> None:
        occasions.begin(settings, moment)
        self._open(settings, moment)
        due = occasions.due(settings, OccasionKind.COLLECT, moment)
        if due:
            run = self._collect(settings)
            occasions.mark_done(settings, due, run, "đã thu")
            self._close_due(settings, moment)  # the collection looks after closings that are overdue
        self._remind(settings, moment)
        self._close_due(settings, moment)
        reviewing.review(settings, reviewing.Wanted())

    def _close_due(self, settings: Settings, moment: datetime) -> None:
        due = occasions.due(settings, OccasionKind.CLOSE, moment)
        ready = [item for item in due if periods.permits_running(settings, item.period, moment) is None]
        if ready:
            self._close(settings, [item.period for item in ready], SCHEDULE, "đến ngày đóng kỳ theo lịch")
            occasions.mark_done(settings, ready, None, "đã đóng")

    def _collect(self, settings: Settings) -> str:
        run = collecting.collect(settings, [], inbox=settings.workspace.inbox)
        notices.notices_after_run(settings, run)
        return run

    def _remind(self, settings: Settings, moment: datetime) -> None:
        due = occasions.due(settings, OccasionKind.REMIND, moment)
        if due:
            with leases.running(engine_for(settings.url), "remind") as run:
                notices.remind(settings, moment)
                occasions.mark_done(settings, due, run, "đã nhắc")

    def _open(self, settings: Settings, moment: datetime) -> None:
        due = occasions.due(settings, OccasionKind.OPEN, moment)
        if not due:
            return
        with leases.running(engine_for(settings.url), "open-period") as run:
            for item in due:
                if periods.is_to_open(settings, item.period):
                    periods.open_period(settings, item.period, who=SCHEDULE, reason="đến ngày mở kỳ theo lịch")
            occasions.mark_done(settings, due, run, "đã mở")
        for item in due:
            notices.remind(settings, moment, item.period)

    def retry(self, settings: Settings, wanted: Wanted, who: str, reason: str) -> None:
        run = collecting.retry(settings, wanted, who=who, reason=reason)
        notices.notices_after_run(settings, run)

    def close(self, settings: Settings, period: str, who: str, reason: str) -> None:
        self._close(settings, [period], who, reason)

    def _close(self, settings: Settings, codes: list[str], who: str, reason: str) -> None:
        with leases.running(engine_for(settings.url), "close-period", codes[0]) as run:
            for period in codes:
                periods.begin_closing(settings, period, run, who=who, reason=reason)
            self._collect(settings)
            for period in codes:
                periods.close_period(settings, period, who=who, reason=reason, run=run)
            for period in codes:
                made = period_report(engine_for(settings.url), register_of(settings), period, clock.now())
                write_report(settings, made)

    def freeze(self, settings: Settings, year: int, unit: str, who: str, reason: str) -> None:
        reviewing.review(settings, reviewing.Wanted(year, unit, freeze=True, who=who, reason=reason))
