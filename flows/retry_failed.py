"""``retry-failed``: submissions that were rejected or unreadable are judged anew, and only they."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.asked import PeriodCode, UnitCode
from flows.outcome import carried_out, ready
from flows.work import THREADS, RunReport, run_through
from tasks.cluster import refuse_unready
from tasks.collect import Waiting, take_up
from tasks.places import Helpers
from tasks.retrying import Wanted, reopen
from tasks.settings import Settings
from tasks.timing import Stopwatch

Reason = Annotated[str, Field(min_length=1)]
Who = Annotated[str, Field(min_length=1)]
Submissions = list[Annotated[int, Field(ge=1)]]


@flow(name="retry-failed", flow_run_name="retry-{reason}", task_runner=THREADS)
def retry_failed(
    reason: Reason,
    who: Who,
    period: PeriodCode = "",
    unit: UnitCode = "",
    submissions: Submissions = [],  # noqa: B006  (a plain default is what the form shows; nothing changes it)
    mended: bool = False,
    all_failed: bool = False,
) -> State[RunReport]:
    """Chạy lại báo cáo bị trả lại hoặc không đọc được, và chỉ những báo cáo đó; báo cáo đã được nhận không bị đụng đến.

    Try again what was rejected or could not be read, and only that: the bytes are taken from the archive, the unit need
    not send anything. What was accepted is never touched.

    Args:
        reason: Lý do, được ghi vào lịch sử của từng báo cáo. / Why; kept in the history of each report.
        who: Người quyết định chạy lại. / Who decides this.
        period: Chỉ báo cáo của kỳ này, ví dụ 2025-Q1. / Only reports of this period.
        unit: Chỉ báo cáo của đơn vị này và cấp dưới, ví dụ DU.82. / Only this unit and what is below it.
        submissions: Đúng những báo cáo mang số này. / Exactly the submissions with these numbers.
        mended: Chỉ báo cáo mà định nghĩa vừa sửa chạm tới. / Only what a mended definition can touch.
        all_failed: Mọi báo cáo bị trả lại hay không đọc được, khi không chọn gì khác. / Everything that failed.
    """
    wanted = Wanted(period or None, unit or None, tuple(submissions), all_failed, mended)
    return carried_out(lambda: _retried(ready(), wanted, who, reason))


def _retried(settings: Settings, wanted: Wanted, who: str, reason: str) -> State[RunReport]:
    refuse_unready(settings)
    numbers = reopen(settings, wanted, who=who, reason=reason).taken

    def take(run: str, watch: Stopwatch, _helpers: Helpers | None) -> list[Waiting]:
        return take_up(run, settings, numbers, watch)

    return run_through("retry-failed", settings, wanted.period, take)
