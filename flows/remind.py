"""``remind``: units that owe a report and sent none, their focal points, and the digest of administrators."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from domain.clock import now
from tasks import notices
from tasks.settings import Settings


@flow(name="remind", flow_run_name="remind-{period}")
def remind(period: str = "") -> State[notices.Made]:
    """Nhắc các đơn vị chưa gửi báo cáo; gửi bản tóm tắt cho người quản trị.

    Remind units of open periods that owe a report and sent none; what waits for the mail server is sent.

    Args:
        period: Chỉ kỳ này, ví dụ 2026-Q1; trống là mọi kỳ đang mở. / This period only; empty: all that are open.
    """
    settings = Settings()
    made = notices.remind(settings, now(), period or None)
    notices.deliver(settings)
    name = "Completed · reminded"
    return Completed(name=name, message=name, data=made)
