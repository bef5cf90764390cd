"""``year-end-review``: is the year ready for its conference; on a person's word it is frozen and its pack is made."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.asked import Reason, UnitCode, Who, Year
from flows.outcome import carried_out, completed, ready, run_name
from tasks import reviewing
from tasks.reviewing import Reviewed, Wanted
from tasks.settings import Settings


@flow(name="year-end-review", flow_run_name=run_name("review", "year"))
def year_end_review(
    year: Year = 0,
    unit: UnitCode = "",
    freeze: bool = False,
    pack: bool = False,
    who: Who = "",
    reason: Reason = "",
) -> State[list[Reviewed]]:
    """Soát xét cuối năm: mở hội nghị tổng kết nếu chưa có, xét đã chốt được số liệu chưa; chốt khi có người quyết định.

    The year's review: opens the final conference unless there is one, tells whether its figures could be frozen and
    what is next. With nothing named it does what the calendar asks for, and never freezes.

    Args:
        year: Năm, ví dụ 2026; 0: theo lịch. / The year; 0: what the calendar asks for.
        unit: Đơn vị tổ chức hội nghị; trống: đơn vị cao nhất phải gửi báo cáo năm. / The unit that holds it; empty: the
            highest one.
        freeze: Chốt số liệu, cần năm, người quyết định và lý do. / Freeze the figures; needs year, who and reason.
        pack: Làm bộ tài liệu sau khi chốt. / Make the pack, once frozen.
        who: Người quyết định chốt. / Who decides.
        reason: Lý do chốt. / Why.
    """
    wanted = Wanted(year, unit, freeze, pack, who.strip(), reason.strip())
    return carried_out(lambda: _reviewed(ready(), wanted))


def _reviewed(settings: Settings, wanted: Wanted) -> State[list[Reviewed]]:
    found = reviewing.review(settings, wanted)
    if not found:
        return completed("chưa đến lúc soát xét năm nào", "no year is due to be reviewed", [])
    return completed([item.vi for item in found], [item.en for item in found], found)
