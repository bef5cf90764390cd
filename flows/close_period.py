"""``close-period``: the last collection, a backup, the closing in one transaction, the report of the period."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from domain import clock
from domain.act import ActRefusedError
from domain.occasion import OccasionKind
from flows import closing
from flows.asked import PeriodCode, Reason, Who
from flows.closing import Asked, Closing, Outcome
from flows.collect_period import collect
from flows.outcome import carried_out, completed, ready, run_name
from flows.work import THREADS
from tasks import occasions
from tasks.settings import Settings


@flow(name="close-period", flow_run_name=run_name("close"), task_runner=THREADS)
def close_period(period: PeriodCode = "", reason: Reason = "", who: Who = "") -> State[list[Closing]]:
    """Đóng kỳ: thu lần cuối, sao lưu, đóng, lập báo cáo kỳ; không ghi kỳ thì đóng mọi kỳ đã đến lúc theo lịch.

    Close a period: collect once more, back up, close, report. By the calendar a closing waits while units may still be
    late; with a reason and a name it does not. Run again after it was cut short it goes on; run twice it says so.

    Args:
        period: Kỳ cần đóng, ví dụ 2026-Q1; trống: theo lịch. / The period to close; empty: what the calendar asks for.
        reason: Lý do, bắt buộc khi đóng trước ngày theo lịch, hay dù còn đơn vị được phép muộn. / Why; needed to close
            before the calendar asks to, or whoever may still be late.
        who: Người quyết định, cùng với lý do. / Who decides, together with the reason.
    """
    return carried_out(lambda: _closed(ready(), period, reason.strip(), who.strip()))


def _closed(settings: Settings, period: str, reason: str, who: str) -> State[list[Closing]]:
    if bool(reason) != bool(who) or (reason and not period):
        raise ActRefusedError(
            "Đóng kỳ theo quyết định của người cần đủ ba điều: kỳ, lý do, tên người quyết định",
            "A person who closes a period gives all three: the period, the reason and the name",
        )
    outcome = _named(settings, period, reason, who) if period else closing.close_due(settings, collect)
    if outcome.faults:
        raise outcome.faults[0]
    if not outcome.closings:
        return completed("chưa có kỳ nào đến lúc đóng", "no period is due to be closed", [])
    said = outcome.closings
    return completed([item.vi for item in said], [item.en for item in said], said)


def _named(settings: Settings, period: str, reason: str, who: str) -> Outcome:
    if not who:
        occasions.refuse_untimely(settings, OccasionKind.CLOSE, period, clock.now())
    asked = Asked(period, who, reason) if who else closing.in_turn(settings, period)
    outcome = closing.close(settings, [asked], collect)
    closing.mark(settings, occasions.due(settings, OccasionKind.CLOSE, clock.now()), outcome)
    return outcome
