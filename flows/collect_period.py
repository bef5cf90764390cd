"""``collect-period``: everything that waits in the inbox, from bytes to figures in the warehouse.

No task a submission: a batch is the unit of work. The truth of what is done is the warehouse's, never Prefect's task
runs.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from domain import clock
from domain.act import ActRefusedError
from domain.occasion import OccasionKind
from flows import closing
from flows.asked import PeriodCode
from flows.outcome import NAMED as NAMED_CLOSINGS
from flows.outcome import carried_out, ready, shortened
from flows.work import THREADS, RunReport, run_through
from tasks import occasions
from tasks.archive import closed
from tasks.collect import Waiting, receive
from tasks.places import Helpers, place_at, refuse_unfit
from tasks.settings import Settings
from tasks.timing import Stopwatch

if TYPE_CHECKING:
    from tasks.places import Place

#: Files a message names one by one.
NAMED = 5

#: A closing that has been due this long was not done when it should have been: somebody may be late, or it was cut
#: short. The daily collection looks after it.
LEFT_OVER = timedelta(hours=1)


def _name() -> str:
    return f"collect-{flow_run.parameters.get('period') or 'all'}"


@flow(name="collect-period", flow_run_name=_name, task_runner=THREADS)
def collect_period(
    period: PeriodCode = "",
    inbox: str = "",
    files: list[str] = [],  # noqa: B006  (a plain default is what the form shows; nothing changes it)
    by_calendar: bool = True,
) -> State[RunReport]:
    """Nhận, kiểm tra và nạp mọi báo cáo đang chờ trong hộp thư.

    Collect the submissions that wait in the inbox (or in ``files``) and load those that pass their checks. Every file
    is judged by the period it states itself. With nothing named the periods that were left to be closed are closed.

    Args:
        period: Kỳ ghi trong tên lượt chạy và bảng kết quả, ví dụ 2025-Q1; trống: mọi kỳ đang mở. / Names the run and
            its report; empty: all open periods.
        inbox: Thư mục hoặc s3://… chứa tệp; trống là hộp thư. / Folder or s3://… of files instead of the inbox.
        files: Chỉ những tệp này. / These files only.
        by_calendar: Khi không ghi gì khác: ghi nhận việc thu theo lịch và đóng nốt kỳ đã quá lúc đóng. / With nothing
            else named: note that the calendar's collections are done, and close what was left to be closed.
    """
    if period or inbox or files or not by_calendar:
        return carried_out(lambda: _asked_for(ready(), period, inbox, files))
    return carried_out(lambda: _by_calendar(ready()))


def _asked_for(settings: Settings, period: str, inbox: str, files: Sequence[str]) -> State[RunReport]:
    if inbox:
        with suppress(ConnectionError):  # a store that is away for a moment is asked again by the run itself
            refuse_unfit(inbox, settings.archive_place)
    if gone := [name for name in files if not Path(name).is_file()]:
        raise ActRefusedError(f"Không có tệp {gone[0]}.", f"There is no file {gone[0]}.")
    return collect(settings, period, inbox, files)


def _by_calendar(settings: Settings) -> State[RunReport]:
    due = occasions.due(settings, OccasionKind.COLLECT, clock.now())
    state = collect(settings)
    report: Any = state.data
    occasions.mark_done(settings, due, report.run, str(state.name))
    left = closing.close_due(settings, collect, overdue=LEFT_OVER)
    if left.faults:
        raise left.faults[0]
    if not left.closings:
        return state
    told = [f"{item.vi} · {item.en}" for item in left.closings]
    more = f" (+{len(told) - NAMED_CLOSINGS})" if len(told) > NAMED_CLOSINGS else ""
    name = " · ".join([str(state.name), *told[:NAMED_CLOSINGS]]) + more
    return Completed(name=shortened(name), message=" · ".join([str(state.name), *told]), data=report)


def collect(settings: Settings, period: str = "", inbox: str = "", files: Sequence[str] = ()) -> State[RunReport]:
    """The collection itself, as a part of whatever flow asks for it; ``period`` names the run."""
    folder = _inbox(settings, inbox, files)
    moment = clock.now()

    def take(run: str, watch: Stopwatch, helpers: Helpers | None) -> list[Waiting]:
        return receive(run, settings, folder, [Path(name) for name in files], watch, moment, helpers)

    return run_through("collect-period", settings, period or None, take, lambda: _not_taken(folder))


def _not_taken(folder: Place | None) -> list[Exception]:
    """What lies in the inbox and may not be read: a run that passed it over in silence would lose a report."""
    shut = closed(folder) if folder else []
    if not shut:
        return []
    named = ", ".join(map(str, shut[:NAMED])) + (f" (+{len(shut) - NAMED})" if len(shut) > NAMED else "")
    return [PermissionError(errno.EACCES, os.strerror(errno.EACCES), named)]


def _inbox(settings: Settings, inbox: str, files: Sequence[str]) -> Place | None:
    """The place to empty: the given one, or the inbox unless single files were given."""
    if inbox:
        return place_at(inbox)
    return None if files else settings.inbox_place
