"""``close-period``: the last collection, a backup, the closing in one transaction, the report of the period."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from domain import clock
from domain.act import ActRefusedError
from domain.occasion import OccasionKind
from flows import closing
from flows.asked import PeriodCode, Reason, Who
from flows.closing import Closing
from flows.collect_period import collect
from flows.outcome import carried_out, completed, run_name
from flows.work import THREADS
from tasks import occasions
from tasks.periods import SCHEDULE
from tasks.settings import Settings


@flow(name="close-period", flow_run_name=run_name("close"), task_runner=THREADS)
def close_period(period: PeriodCode = "", reason: Reason = "", who: Who = "") -> State[list[Closing]]:
    """Đóng kỳ: thu lần cuối, sao lưu, đóng, lập báo cáo kỳ; không ghi kỳ thì đóng mọi kỳ đã đến lúc theo lịch.

    Close a period: collect once more, back up, close, report. By the calendar a closing waits while units may still be
    late; with a reason and a name it does not. Run again after it was cut short it goes on; run twice it says so.

    Args:
        period: Kỳ cần đóng, ví dụ 2026-Q1; trống: theo lịch. / The period to close; empty: what the calendar asks for.
        reason: Lý do, bắt buộc khi đóng ngay dù còn đơn vị được phép muộn. / Why; needed to close at once, whoever may
            still be late.
        who: Người quyết định, cùng với lý do. / Who decides, together with the reason.
    """
    return carried_out(lambda: _closed(Settings(), period, reason.strip(), who.strip()))


def _closed(settings: Settings, period: str, reason: str, who: str) -> State[list[Closing]]:
    if bool(reason) != bool(who) or (reason and not period):
        raise ActRefusedError(
            "Đóng kỳ theo quyết định của người cần đủ ba điều: kỳ, lý do, tên người quyết định",
            "A person who closes a period gives all three: the period, the reason and the name",
        )
    if not period:
        outcome = closing.close_due(settings, collect)
        state = told(outcome.closings)
        if outcome.faults:
            raise outcome.faults[0]
        return state
    done = closing.close(settings, period, who=who or SCHEDULE, reason=reason or closing.BY_CALENDAR, collect=collect)
    if done.is_done:
        closing.mark(settings, period, occasions.due(settings, OccasionKind.CLOSE, clock.now()), done)
    return told((done,))


def told(closings: tuple[Closing, ...]) -> State[list[Closing]]:
    """The state that says what became of each."""
    if not closings:
        return completed("chưa có kỳ nào đến lúc đóng", "no period is due to be closed", [])
    vi, en = "; ".join(item.vi for item in closings), "; ".join(item.en for item in closings)
    return completed(vi, en, list(closings))
