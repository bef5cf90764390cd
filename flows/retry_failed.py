"""``retry-failed``: submissions that were rejected or unreadable are judged anew, and only they."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.work import THREADS, RunReport, run_through
from tasks.collect import Waiting, take_up
from tasks.retrying import Wanted, reopen
from tasks.settings import Settings
from tasks.timing import Stopwatch

Reason = Annotated[
    str,
    Field(
        min_length=3,
        title="Lý do",
        description="Vì sao chạy lại; được ghi vào lịch sử của từng báo cáo. / Why; kept in each report's history.",
    ),
]
Who = Annotated[
    str, Field(min_length=1, title="Người thực hiện", description="Ai quyết định chạy lại. / Who decides this.")
]
Period = Annotated[
    str | None,
    Field(title="Kỳ báo cáo", description="Chỉ báo cáo của kỳ này, ví dụ 2025-Q1. / Only reports of this period."),
]
Unit = Annotated[
    str | None,
    Field(
        title="Đơn vị",
        description="Chỉ báo cáo của đơn vị này và cấp dưới, ví dụ DU.82. / Only this unit and what is below it.",
    ),
]
Submissions = Annotated[
    list[Annotated[int, Field(ge=1)]] | None,
    Field(title="Số báo cáo", description="Đúng những báo cáo có số này. / Exactly the submissions with these ids."),
]
Mended = Annotated[
    bool,
    Field(
        title="Chỉ báo cáo mà quy tắc, biểu mẫu hay danh mục vừa sửa có thể thay đổi kết quả",
        description="Only what a mended rule, form or register can touch.",
    ),
]
AllFailed = Annotated[
    bool,
    Field(
        title="Mọi báo cáo bị trả lại hoặc không đọc được",
        description="Khi không chọn gì ở trên. / Every rejected or unreadable report, when nothing above is chosen.",
    ),
]


@flow(name="retry-failed", flow_run_name="retry-{reason}", task_runner=THREADS)
def retry_failed(
    reason: Reason,
    who: Who,
    period: Period = None,
    unit: Unit = None,
    submissions: Submissions = None,
    mended: Mended = False,
    all_failed: AllFailed = False,
) -> State[RunReport]:
    """Chạy lại báo cáo bị trả lại hoặc không đọc được, và chỉ những báo cáo đó.

    Try again what was rejected or could not be read, and only that: the bytes are taken from the archive, the unit need
    not send anything. What was accepted is never touched.
    """
    settings = Settings()
    wanted = Wanted(period, unit, tuple(submissions or ()), all_failed, mended)
    numbers = reopen(settings, wanted, who=who, reason=reason)

    def take(run: str, watch: Stopwatch) -> list[Waiting]:
        return take_up(run, settings, numbers, watch)

    return run_through("retry-failed", settings, period, take)
