"""``schedule``: what the reporting calendar asks for next, and what it asked for that is not done yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.common import AsJson, definitions, known_day, settings
from console.output import coloured, out, print_json, refuse, table
from console.words import LANG, say

if TYPE_CHECKING:
    from catalog import Catalog
    from catalog.moved import Stretch
    from tasks.occasions import Planned
    from tasks.settings import Settings

#: Days shown unless told otherwise; the farthest day that may be asked for.
DAYS, MOST_DAYS = 31, 3_660

_LEVELS = {
    "province": say("tỉnh", "province"),
    "district": say("huyện", "district"),
    "commune": say("xã", "commune"),
    "base": say("cơ sở", "base"),
    "cell": say("chi bộ", "cell"),
}


def register(app: typer.Typer) -> None:
    app.command(help=say("lịch chạy sắp tới, và việc quá hạn", "the next runs on schedule, and what is overdue"))(
        schedule
    )


def schedule(
    days: Annotated[int | None, typer.Option(help=say("số ngày tới", "days ahead"), min=1, max=MOST_DAYS)] = None,
    until: Annotated[str | None, typer.Option(help=say("đến hết ngày", "to the end of this day"))] = None,
    as_json: AsJson = False,
) -> None:
    """What was not done yet comes first. Needs no server; without a workspace only what is to come is told."""
    from domain.clock import ZONE, now
    from tasks.occasions import planned

    chosen = settings()
    moment = now()
    listed = planned(chosen, moment, _end(days, until, moment))
    catalog = definitions(chosen)
    if as_json:
        print_json([_as_json(catalog, item) for item in listed])
        return
    _print_table(catalog, listed)
    for sentence in _left_open(chosen):
        out.print(sentence, soft_wrap=True)
    for line in holiday_lines(catalog, moment.astimezone(ZONE).date()):
        out.print(f"! {line}")
    out.print(_kept_since(chosen))


def _end(days: int | None, until: str | None, moment: datetime) -> datetime:
    from domain.clock import ZONE

    if days is not None and until is not None:
        refuse(say("Chọn --days hoặc --until, không cả hai.", "Choose --days or --until, not both."))
    today = moment.astimezone(ZONE).date()
    last = known_day(until) if until else today + timedelta(days=days or DAYS)
    if not today <= last <= today + timedelta(days=MOST_DAYS):
        refuse(
            say(
                f"--until phải từ hôm nay ({today}) đến {today + timedelta(days=MOST_DAYS)}.",
                f"--until must lie between today ({today}) and {today + timedelta(days=MOST_DAYS)}.",
            )
        )
    return datetime.combine(last + timedelta(days=1), time.min, tzinfo=ZONE)


# ------------------------------------------------------------------------------------------------ in words


def next_sentence(chosen: Settings) -> str:
    """The next occasion, in one line."""
    from domain.clock import now
    from tasks.occasions import FLOW_OF, planned

    coming = [item for item in planned(chosen, now(), now() + timedelta(days=400)) if not item.is_overdue]
    if not coming:
        return say("Không có việc nào sắp tới theo lịch.", "Nothing is to come on schedule.")
    first = coming[0].occasion
    periods = ", ".join(dict.fromkeys(i.occasion.period for i in coming if _same_run(i, coming[0])))
    when, flow = _when(first.at), FLOW_OF[first.kind]
    return say(f"Việc kế tiếp: {when} · {flow} · {periods}", f"Next: {when} · {flow} · {periods}")


def _same_run(one: Planned, other: Planned) -> bool:
    return (one.occasion.at, one.occasion.kind) == (other.occasion.at, other.occasion.kind)


def _when(at: datetime) -> str:
    from domain.clock import ZONE

    local = at.astimezone(ZONE)
    name = ("T2", "T3", "T4", "T5", "T6", "T7", "CN") if LANG == "vi" else ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
    return f"{name[local.weekday()]} {local:%d/%m/%Y %H:%M}"


def _why(catalog: Catalog, item: Planned) -> str:
    """Why then, and where a holiday moved the day from where to where."""
    return _reason(catalog, item) + _moved(catalog, item)


def _reason(catalog: Catalog, item: Planned) -> str:
    from catalog.occasions import CUTOFF, DUE
    from domain.occasion import OccasionKind

    label, kind = item.occasion.label, item.occasion.kind
    if label == CUTOFF:
        return say("hết ngày chốt số liệu", "the cut-off day ends")
    if label.startswith(DUE):
        level = label.removeprefix(DUE)
        return say(f"hết hạn của cấp {_level(level)}", f"the deadline of level {_level(level)} ends")
    if kind is OccasionKind.CLOSE:
        return _why_closed(catalog, item)
    return {
        OccasionKind.OPEN: say("ngày đầu của kỳ", "first day of the window"),
        OccasionKind.COLLECT: say("hằng ngày khi kỳ còn mở", "every day while it is open"),
        OccasionKind.REMIND: _why_reminded(catalog),
        OccasionKind.REVIEW: say("ngày đóng kỳ năm", "the day the year is closed"),
    }[kind]


def _why_closed(catalog: Catalog, item: Planned) -> str:
    count = catalog.schedule.working_days_to_close(item.course.period.calendar)
    last = f"{max(item.course.due.values(), default=item.course.period.cutoff):%d/%m/%Y}"
    return say(f"{count} ngày làm việc sau hạn cuối {last}", f"{count} working days after the last deadline {last}")


def _moved(catalog: Catalog, item: Planned) -> str:
    from catalog.moved import moved

    found = moved(catalog, item.course, item.occasion)
    if found is None:
        return ""
    because = [_stretch(stretch) for stretch in found.because]
    if found.by_day is not None:
        because.append(say(f"hạn không quá ngày {found.by_day}", f"nothing is due after day {found.by_day}"))
    reasons = ", ".join(because)
    return say(f"; dời từ {_day(found.plain)} vì {reasons}", f"; moved from {_day(found.plain)}: {reasons}")


def _stretch(stretch: Stretch) -> str:
    """``Tết Nguyên đán (16/02–20/02)``, or a day of a weekend that is worked."""
    first, last = f"{stretch.first:%d/%m}", f"{stretch.last:%d/%m}"
    if not stretch.off_vi:
        return say(f"ngày {first} làm việc", f"{first} is worked")
    days = first if first == last else f"{first}–{last}"
    return f"{say(stretch.off_vi, stretch.off_en)} ({days})"


def holiday_lines(catalog: Catalog, today: date) -> list[str]:
    """What somebody should complete in ``holidays.yaml``; nothing when all is known."""
    from tasks.holidays import to_complete

    return [say(said.vi, said.en) for said in to_complete(catalog, today)]


def _why_reminded(catalog: Catalog) -> str:
    before = ", ".join(map(str, sorted(catalog.schedule.remind_days_before, reverse=True))) or "–"
    after = ", ".join(map(str, sorted(catalog.schedule.remind_days_after))) or "–"
    return say(
        f"hằng ngày khi kỳ còn mở; nhắc trước hạn {before} ngày, sau hạn {after} ngày",
        f"every day while it is open; reminds {before} days before, {after} days after a deadline",
    )


def _level(code: str) -> str:
    return _LEVELS.get(code, code)


# ------------------------------------------------------------------------------------------------ shown


def _as_json(catalog: Catalog, item: Planned) -> dict[str, Any]:
    from catalog.moved import moved
    from domain.clock import ZONE
    from tasks.occasions import FLOW_OF

    period = item.course.period
    return {
        "at": item.occasion.at.astimezone(ZONE),
        "flow": FLOW_OF[item.occasion.kind],
        "kind": item.occasion.kind.value,
        "occasion": item.occasion.label,
        "period": period.code,
        "label": period.label_en if LANG == "en" else period.label_vi,
        "first_day": period.window.first,
        "last_day": period.window.last,
        "cutoff": period.cutoff,
        "due": item.course.due,
        "closes_at": item.course.closes_at.astimezone(ZONE),
        "why": _why(catalog, item),
        "moved_from": found.plain if (found := moved(catalog, item.course, item.occasion)) else None,
        "overdue": item.is_overdue,
    }


def _print_table(catalog: Catalog, listed: Sequence[Planned]) -> None:
    """A line an occasion; daily work one line a flow, of its next run: it would hide the rest."""
    from catalog.occasions import DAY

    daily = [item for item in listed if item.occasion.label.startswith(DAY)]
    single = [item for item in listed if not item.occasion.label.startswith(DAY)]
    rows = [_row(catalog, item) for item in single if item.is_overdue]
    rows += [_daily_row(catalog, same) for same in _by_flow([item for item in daily if item.is_overdue])]
    coming = [item for item in daily if not item.is_overdue]
    rows += [_daily_row(catalog, [i for i in same if _same_run(i, same[0])]) for same in _by_flow(coming)]
    rows += [_row(catalog, item) for item in single if not item.is_overdue]
    columns = (
        "",
        say("Lúc", "When"),
        say("Luồng", "Flow"),
        say("Kỳ", "Period"),
        say("Tên kỳ", "Label"),
        say("Từ … đến (ngày chốt)", "Window (to the cut-off)"),
        say("Hạn gửi theo cấp", "Deadline by level"),
        say("Vì sao", "Why"),
    )
    out.print(table(say("Lịch chạy", "Schedule"), columns, rows))


def _row(catalog: Catalog, item: Planned) -> list[Any]:
    from tasks.occasions import FLOW_OF

    period = item.course.period
    return [
        _mark(item),
        _when(item.occasion.at),
        FLOW_OF[item.occasion.kind],
        period.code,
        period.label_en if LANG == "en" else period.label_vi,
        f"{period.window.first:%d/%m/%Y} … {_day(period.cutoff)}",
        ", ".join(f"{_level(level)} {day:%d/%m}" for level, day in item.course.due.items()) or "–",
        _why(catalog, item),
    ]


def _daily_row(catalog: Catalog, same: Sequence[Planned]) -> list[Any]:
    """Daily work of one flow: the periods it is done for, when, and if it was missed how often."""
    from tasks.occasions import FLOW_OF

    first = same[0]
    periods = ", ".join(dict.fromkeys(item.occasion.period for item in same))
    missed = len({item.occasion.at for item in same})
    why = _why(catalog, first)
    if first.is_overdue:
        why = say(f"bỏ lỡ {missed} lần, làm bù một lần; {why}", f"missed {missed} times, made up for once; {why}")
    return [_mark(first), _when(first.occasion.at), FLOW_OF[first.occasion.kind], periods, "", "", "", why]


def _mark(item: Planned) -> Any:
    return coloured(say("TRỄ", "OVERDUE"), "rejected") if item.is_overdue else ""


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _by_flow(items: Sequence[Planned]) -> list[list[Planned]]:
    groups: dict[str, list[Planned]] = {}
    for item in items:
        groups.setdefault(item.occasion.kind.value, []).append(item)
    return list(groups.values())


def _left_open(chosen: Settings) -> Iterator[str]:
    """Periods that stay open until a person closes them."""
    from console.common import shown_moment
    from tasks.occasions import left_open
    from tasks.store import engine_if_any

    for item in left_open(chosen) if engine_if_any(chosen) is not None else ():
        since = shown_moment(item.since)
        yield say(
            f"! {item.period} mở từ {since}: lịch không đóng kỳ này; xong thì chạy"
            f' tongket period close {item.period} --reason "…"',
            f"! {item.period} is open since {since}: the schedule does not close it; when it is enough run"
            f' tongket period close {item.period} --reason "…"',
        )


def _kept_since(chosen: Settings) -> str:
    from console.common import shown_moment
    from tasks.store import engine_if_any
    from warehouse.schedule import schedule_since

    engine = engine_if_any(chosen)
    since = schedule_since(engine) if engine else None
    if since is None:
        return say(
            "Lịch chưa được giữ: chạy tongket serve (hoặc đặt các luồng lên work pool: docs/schedule.md).",
            "The schedule is not kept yet: run tongket serve (or deploy to a work pool: docs/schedule.md).",
        )
    return say(f"Lịch được giữ từ {shown_moment(since)}.", f"The schedule is kept since {shown_moment(since)}.")
