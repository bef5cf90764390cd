"""``open-period``: a period begins; who owes what for it is known from then on."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from domain import clock
from domain.act import ActRefusedError
from domain.occasion import OccasionKind
from flows.asked import PeriodCode, Reason, Who
from flows.outcome import carried_out, completed, ready, run_name
from tasks import occasions, periods
from tasks.notifying import tell_opened
from tasks.periods import SCHEDULE, Opened
from tasks.runs import running
from tasks.settings import Settings


@flow(name="open-period", flow_run_name=run_name("open"))
def open_period(period: PeriodCode = "", reason: Reason = "", who: Who = "") -> State[list[Opened]]:
    """Mở kỳ báo cáo: từ lúc này các đơn vị phải gửi báo cáo của kỳ; không ghi kỳ thì mở mọi kỳ đã đến lúc theo lịch.

    Open a period: its reports are awaited from then on. With nothing named all periods are opened whose time has come
    by the calendar; what is open already stays as it is.

    Args:
        period: Kỳ cần mở, ví dụ 2026-Q1; trống: theo lịch. / The period to open; empty: what the calendar asks for.
        reason: Lý do mở, được ghi lại; bắt buộc khi mở trước ngày đầu kỳ. / Why; kept on record, needed before the
            period begins.
        who: Người quyết định; trống: theo lịch. / Who decides; empty: the schedule.
    """
    return carried_out(lambda: _opened(ready(), period, reason, who))


def _opened(settings: Settings, period: str, reason: str, who: str) -> State[list[Opened]]:
    moment = clock.now()
    if period:
        periods.register(settings, period)
        if not (who.strip() and reason.strip()) and periods.is_to_open(settings, period):
            occasions.refuse_untimely(settings, OccasionKind.OPEN, period, moment)
    occasions.begin(settings, moment)
    due = [item for item in occasions.due(settings, OccasionKind.OPEN, moment) if not period or item.period == period]
    asked = [period] if period else list(dict.fromkeys(item.period for item in due))
    if not asked:
        return completed("chưa có kỳ nào đến lúc mở", "no period is due to be opened", [])
    with running(settings, "open-period", period or None) as run:
        found = [_open(settings, code, reason, who) for code in asked if periods.is_to_open(settings, code)]
        opened = [item for item in found if item is not None]
        state = _told(opened, asked, tell_opened(settings, [item.period for item in opened]))
        occasions.mark_done(settings, due, run, str(state.name))
    return state


def _open(settings: Settings, period: str, reason: str, who: str) -> Opened | None:
    """What is owed; ``None`` where somebody else opened it at the same moment."""
    try:
        return periods.open_period(
            settings,
            period,
            who=who or SCHEDULE,
            reason=reason or "đến ngày mở kỳ theo lịch · the calendar opens it",
            moment=clock.now(),
        )
    except ActRefusedError:
        if periods.is_to_open(settings, period):
            raise
        return None


def _told(opened: list[Opened], asked: list[str], unsent: str) -> State[list[Opened]]:
    if not opened:
        before = ([f"{code} đã mở từ trước" for code in asked], [f"{code} open already" for code in asked])
        return completed(*before, opened)
    state = completed([f"đã mở {item.vi}" for item in opened], [f"opened {item.en}" for item in opened], opened)
    if unsent:
        state.message = f"{state.message} · {unsent}"
    return state
