"""``remind``: units that owe a report and sent none, their focal points, and the digest of administrators."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from domain import clock
from domain.act import ActRefusedError
from domain.numbers import vi_number
from domain.occasion import OccasionKind
from flows.asked import PeriodCode
from flows.outcome import carried_out, completed, ready, run_name
from tasks import notices, occasions
from tasks.notices import Delivered, Made
from tasks.notifying import in_words
from tasks.runs import running
from tasks.settings import Settings
from tasks.store import definitions


@flow(name="remind", flow_run_name=run_name("remind"))
def remind(period: PeriodCode = "") -> State[Made]:
    """Nhắc các đơn vị chưa gửi báo cáo, gửi danh sách cho đầu mối và bản tóm tắt cho người quản trị; gửi nốt thông báo
    đang chờ.

    Remind units of open periods that owe a report and sent none, their focal points, and administrators; what waits
    for the mail server is sent. Nobody is told the same thing twice.

    Args:
        period: Chỉ kỳ này, ví dụ 2026-Q1; trống: mọi kỳ đang mở, theo lịch. / This period only; empty: all that are
            open, by the calendar.
    """
    return carried_out(lambda: _reminded(ready(), period))


def _reminded(settings: Settings, period: str) -> State[Made]:
    moment = clock.now()
    if period and definitions(settings).period(period) is None:
        raise ActRefusedError(f"Không có kỳ báo cáo {period!r}", f"There is no period {period!r}")
    due = [] if period else occasions.due(settings, OccasionKind.REMIND, moment)
    if not period and not due:
        delivered = notices.deliver(settings)
        return _told(Made(), delivered, _NOT_DUE)
    with running(settings, "remind", period or None) as run:
        made = notices.remind(settings, moment, period or None)
        state = _told(made, notices.deliver(settings))
        occasions.mark_done(settings, due, run, str(state.name))
    return state


#: What is said when everybody was looked at, and when nobody was.
_NOBODY = ("không có ai phải nhắc", "nobody is to be reminded")
_NOT_DUE = (
    "chưa đến lần nhắc kế tiếp theo lịch; muốn nhắc ngay thì ghi kỳ",
    "no reminding is due yet; to remind now name a period",
)


def _told(made: Made, delivered: Delivered, nothing: tuple[str, str] = _NOBODY) -> State[Made]:
    vi = [f"{vi_number(made.total)} thông báo" if made.total else nothing[0]]
    en = [f"{made.total:,} notices" if made.total else nothing[1]]
    if delivered.sent:
        vi.append(f"đã gửi {vi_number(delivered.sent)}")
        en.append(f"{delivered.sent:,} sent")
    said = in_words(delivered)
    if said:
        first, _, second = said.partition(" · ")
        vi.append(first)
        en.append(second)
    return completed(vi, en, made)
