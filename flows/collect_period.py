"""``collect-period``: everything that waits in the inbox, from bytes to figures in the warehouse.

No task a submission: a batch is the unit of work. The truth of what is done is the warehouse's, never Prefect's task
runs.
"""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from prefect import flow
from prefect.client.schemas.objects import State

from flows.work import THREADS, RunReport, run_through
from tasks.archive import closed
from tasks.collect import Waiting, receive
from tasks.places import Helpers, place_at
from tasks.settings import Settings
from tasks.timing import Stopwatch

if TYPE_CHECKING:
    from tasks.places import Place

#: Files a message names one by one.
NAMED = 5


@flow(name="collect-period", flow_run_name="collect-{period}", task_runner=THREADS)
def collect_period(
    period: str | None = None, inbox: str | None = None, files: list[str] | None = None
) -> State[RunReport]:
    """Nhận, kiểm tra và nạp mọi báo cáo đang chờ trong hộp thư.

    Collect the submissions that wait in the inbox (or in ``files``) and load those that pass their checks. Every file
    is judged by the period it states itself.

    Args:
        period: Kỳ ghi trong tên lượt chạy và bảng kết quả, ví dụ 2025-Q1. / Names the run and its report.
        inbox: Thư mục hoặc s3://… chứa tệp; trống là hộp thư. / Folder or s3://… of files instead of the inbox.
        files: Chỉ những tệp này. / These files only.
    """
    settings = Settings()
    folder = _inbox(settings, inbox, files)
    moment = datetime.now(UTC)

    def take(run: str, watch: Stopwatch, helpers: Helpers | None) -> list[Waiting]:
        return receive(run, settings, folder, [Path(name) for name in files or []], watch, moment, helpers)

    return run_through("collect-period", settings, period, take, lambda: _not_taken(folder))


def _not_taken(folder: Place | None) -> list[Exception]:
    """What lies in the inbox and may not be read: a run that passed it over in silence would lose a report."""
    shut = closed(folder) if folder else []
    if not shut:
        return []
    named = ", ".join(map(str, shut[:NAMED])) + (f" (+{len(shut) - NAMED})" if len(shut) > NAMED else "")
    return [PermissionError(errno.EACCES, os.strerror(errno.EACCES), named)]


def _inbox(settings: Settings, inbox: str | None, files: list[str] | None) -> Place | None:
    """The place to empty: the given one, or the inbox unless single files were given."""
    if inbox:
        return place_at(inbox)
    return None if files else settings.inbox_place
