"""``period``: the lives of reporting periods: list, show, open, close, reopen, report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import Reason, Who, decider
from console.common import AsJson, definitions, known_period, open_warehouse, shown_moment
from console.output import coloured, out, print_json, table
from console.words import LANG, say
from domain.life import WORDS
from domain.numbers import vi_number

if TYPE_CHECKING:
    from domain.period import Period
    from tasks.settings import Settings
    from warehouse.engine import Engine

period_app = typer.Typer(help=say("vòng đời của kỳ báo cáo", "the lives of reporting periods"))

#: Days ahead whose periods are listed before anybody opened them.
AHEAD = timedelta(days=45)

#: Days a closed period goes on being listed without --all.
REMEMBERED = timedelta(days=120)

#: Units a list on the terminal names.
NAMED = 10

_COLOURS = {"open": "accepted", "reopened": "accepted_with_warnings", "closing": "accepted_with_warnings"}

PeriodArgument = Annotated[str, typer.Argument(help=say("mã kỳ báo cáo", "period code"))]


def register(app: typer.Typer) -> None:
    app.add_typer(period_app, name="period")


def told_life(life: str) -> Any:
    """The life in words, coloured where something is going on."""
    words = say(*WORDS[life])
    return coloured(words, _COLOURS[life]) if life in _COLOURS else words


def _named(life: str) -> str:
    return say(*WORDS[life]) if life in WORDS else life


# ------------------------------------------------------------------------------------------------ list and show


@period_app.command("list", help=say("các kỳ: vòng đời, hạn, đã gửi bao nhiêu", "periods, their lives and deadlines"))
def list_(
    everything: Annotated[
        bool, typer.Option("--all", help=say("cả kỳ đã đóng từ lâu", "those closed long ago as well"))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Those that are open or were closed lately, and those that begin soon."""
    chosen, engine = open_warehouse()
    rows = list(_rows(chosen, engine, everything=everything))
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(say("Chưa có kỳ nào.", "There is no period yet."))
        return
    heads = say(
        "Kỳ|Tên kỳ|Vòng đời|Từ – đến|Chốt số liệu|Hạn cuối|Phải nộp|Đã gửi (+ ngoài diện)|Chưa gửi",
        "Period|Label|Life|Window|Cut-off|Last due|Expected|Received (+ not owed)|Missing",
    ).split("|")
    shown = [
        [
            row["period"],
            row[f"label_{LANG}"],
            told_life(row["life"]),
            f"{_day(row['first_day'])} – {_day(row['last_day'])}",
            _day(row["cutoff"]),
            _day(max(row["due"].values(), default=None)),
            vi_number(row["expected"]),
            _received(row),
            vi_number(row["missing"]),
        ]
        for row in rows
    ]
    out.print(table(say("Kỳ báo cáo", "Periods"), heads, shown, right=(6, 7, 8)))


def _received(row: dict[str, Any]) -> str:
    """Reports that were owed, so that they and the missing are all that were expected; the others beside them."""
    owed = vi_number(row["received"] - row["unexpected"])
    return f"{owed} (+ {vi_number(row['unexpected'])})" if row["unexpected"] else owed


def _rows(chosen: Settings, engine: Engine, *, everything: bool) -> Iterator[dict[str, Any]]:
    """Periods somebody opened or reported, and those the calendar opens soon; the latest first."""
    from catalog.occasions import courses
    from domain.clock import now
    from tasks import periods

    catalog, moment = definitions(chosen), now()
    lives = {row["period"]: row for row in periods.lives(chosen).to_dicts()}
    coming = {course.period.code: course.period for course in courses(catalog, moment, moment + AHEAD)}
    known = {code: period for code in lives if (period := catalog.period(code)) is not None}
    for code, period in sorted({**coming, **known}.items(), key=lambda item: _turn(item[1]), reverse=True):
        row = lives.get(code) or {"life": "planned", "closed_at": None}
        if not everything and (code not in coming if row["life"] == "planned" else _is_long_ago(row, moment)):
            continue
        yield {**_of_calendar(period), **_moments(row), **_counts(engine, code if code in lives else None)}


def _is_long_ago(row: dict[str, Any], moment: datetime) -> bool:
    closed_at = row["closed_at"]
    return closed_at is not None and closed_at < moment - REMEMBERED


def _turn(period: Period) -> tuple[date, date, str]:
    return period.window.last, period.window.first, period.code


def _of_calendar(period: Period) -> dict[str, Any]:
    return {
        "period": period.code,
        "label_vi": period.label_vi,
        "label_en": period.label_en,
        "first_day": period.window.first,
        "last_day": period.window.last,
        "cutoff": period.cutoff,
        "due": period.due,
    }


def _moments(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in ("life", "opened_at", "closing_at", "closed_at", "reopened_at")}


def _counts(engine: Engine, period: str | None) -> dict[str, int | None]:
    """Reports of a period, over all forms; of one nobody registered yet nothing is known."""
    from warehouse import queries

    boards = [board for board in queries.status(engine, period) if board["form"]] if period else []
    counted = {name: sum(board[name] for board in boards) for name in ("expected", "received", "missing")}
    return {**counted, "unexpected": sum(board["unexpected"] for board in boards)}


@period_app.command(help=say("một kỳ: ai mở, ai đóng, còn chờ gì", "one period: who opened it, what it waits for"))
def show(period: PeriodArgument, as_json: AsJson = False) -> None:
    from domain.clock import now
    from tasks import periods
    from tasks.occasions import left_open
    from warehouse import lives as kept

    chosen, engine = open_warehouse()
    found = known_period(definitions(chosen), period)
    periods.register(chosen, period)
    row = periods.lives(chosen).row(by_predicate=_is(period), named=True)
    permits = periods.permits_running(chosen, period, now())
    told = {
        **_of_calendar(found),
        **_moments(row),
        **_counts(engine, period),
        "waiting": kept.waiting_of(engine, period),
        "permits_until": permits.until if permits else None,
        "permits": permits.units if permits else 0,
        "interrupted": period in periods.interrupted(chosen),
        "left_open": period in [item.period for item in left_open(chosen)],
        "refused_since_closed": kept.refused_since_closed(engine, period),
        "acts": kept.acts_of(engine, period).to_dicts(),
        "backups": [str(path) for path in periods.backups_of(chosen, period)],
        "reports": [str(path) for path in sorted((chosen.workspace.reports / period).glob("period-report-*"))],
    }
    if as_json:
        print_json(told)
        return
    _print_period(told)


def _is(period: str) -> Any:
    import polars as pl

    return pl.col("period") == period


def _print_period(told: dict[str, Any]) -> None:
    out.print(f"{told['period']} · {told[f'label_{LANG}']} · ", told_life(told["life"]), sep="")
    from tasks.period_words import level_words

    levels = level_words()
    due = " · ".join(f"{say(*levels.get(level, (level, level)))} {_day(day)}" for level, day in told["due"].items())
    lines = [
        (say("Từ – đến", "Window"), f"{_day(told['first_day'])} – {_day(told['last_day'])}"),
        (say("Chốt số liệu", "Cut-off"), _day(told["cutoff"])),
        (say("Hạn gửi", "Due"), due or "–"),
        (
            say("Phải nộp / đã gửi (+ ngoài diện) / chưa gửi", "Expected / received (+ not owed) / missing"),
            _counted(told),
        ),
    ]
    for name, words in (
        ("opened_at", say("Mở lúc", "Opened")),
        ("closing_at", say("Bắt đầu đóng lúc", "Closing since")),
        ("closed_at", say("Đóng lúc", "Closed")),
        ("reopened_at", say("Mở lại lúc", "Reopened")),
    ):
        if told[name] is not None:
            lines.append((words, shown_moment(told[name])))
    for words, value in lines:
        out.print(f"  {words}: {value}")
    for sentence in _waits(told):
        out.print("  ! " + sentence, soft_wrap=True)
    if told["acts"]:
        heads = say("Lúc|Việc|Ai|Lý do", "When|What|Who|Why").split("|")
        acts = [
            [shown_moment(act["at"]), f"{_named(act['before'])} → {_named(act['after'])}", act["who"], act["reason"]]
            for act in told["acts"]
        ]
        out.print(table(say("Đã mở, đóng", "Its life"), heads, acts))
    for path in (*told["reports"], *told["backups"]):
        out.print(f"  {path}", soft_wrap=True)


def _counted(told: dict[str, Any]) -> str:
    return f"{vi_number(told['expected'])} / {_received(told)} / {vi_number(told['missing'])}"


def _waits(told: dict[str, Any]) -> Iterator[str]:
    """What keeps the period from being closed, and what was refused since it was."""
    if told["permits"] and told["life"] != "closed":
        day = _day(told["permits_until"])
        yield say(
            f"đóng theo lịch còn chờ {told['permits']} đơn vị được phép muộn đến {day}",
            f"the schedule waits until {day} to close it; units permitted to be late: {told['permits']}",
        )
    if told["waiting"] and told["life"] != "closed":
        yield say(
            f"{vi_number(told['waiting'])} báo cáo đang chờ xử lý (tongket ingest)",
            f"{told['waiting']:,} submissions wait to be processed (tongket ingest)",
        )
    if told["left_open"]:
        yield say(
            "lịch không đóng kỳ này: mở đến khi có người đóng (tongket period close)",
            "the schedule does not close it: open until a person does (tongket period close)",
        )
    if told["interrupted"]:
        yield say(
            "lần đóng trước bị ngắt giữa chừng; lượt close-period kế tiếp làm nốt",
            "closing it was cut short; the next run of close-period finishes it",
        )
    if told["refused_since_closed"]:
        yield say(
            f"{vi_number(told['refused_since_closed'])} báo cáo đến sau khi đóng đã bị trả lại",
            f"{told['refused_since_closed']:,} reports came after it was closed and were rejected",
        )


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day is not None else "–"


# ------------------------------------------------------------------------------------------------ acts


@period_app.command("open", help=say("mở kỳ: từ nay chờ báo cáo của kỳ", "open: its reports are awaited"))
def open_(period: PeriodArgument, reason: Reason, who: Who = None, as_json: AsJson = False) -> None:
    from tasks import periods

    chosen, _ = open_warehouse()
    known_period(definitions(chosen), period)
    opened = periods.open_period(chosen, period, who=decider(who), reason=reason)
    if as_json:
        print_json({"period": period, "life": "open", "expected": opened.owed, "units": opened.units})
        return
    out.print(say(f"✓ Đã mở {opened.vi}.", f"✓ Opened {opened.en}."))
    out.print(
        say(
            f"  Biểu mẫu cho từng đơn vị: tongket template --period {period} --unit MÃ --form BIỂU --out TỆP",
            f"  The template of a unit: tongket template --period {period} --unit CODE --form FORM --out FILE",
        ),
        soft_wrap=True,
    )


@period_app.command("close", help=say("đóng kỳ: không nhận báo cáo nữa", "close: no more reports are taken"))
def close(period: PeriodArgument, reason: Reason, who: Who = None, as_json: AsJson = False) -> None:
    """At once, whoever may still be late; the flow close-period collects and backs up first."""
    from domain.clock import now
    from tasks import periods
    from tasks.period_report import period_report
    from tasks.store import register_of

    chosen, engine = open_warehouse()
    known_period(definitions(chosen), period)
    permits = periods.permits_running(chosen, period, now())
    periods.close_period(chosen, period, who=decider(who), reason=reason)
    period_report(engine, register_of(chosen), period, now())  # what it counts now is kept with the closing
    if as_json:
        print_json({"period": period, "closed": True, "life": "closed", "permits": permits.units if permits else 0})
        return
    out.print(say(f"✓ Kỳ {period} đã đóng.", f"✓ Period {period} is closed."))
    if permits:
        day = _day(permits.until)
        out.print(
            say(
                f"  ! {permits.units} đơn vị còn được phép muộn đến {day}: báo cáo của họ sẽ bị trả lại.",
                f"  ! {permits.units} units were permitted until {day}: their reports will be rejected.",
            )
        )
    out.print(say(f"  Báo cáo kỳ: tongket period report {period}", f"  Its report: tongket period report {period}"))


@period_app.command("reopen", help=say("mở lại kỳ đã đóng", "open a closed period again"))
def reopen(period: PeriodArgument, reason: Reason, who: Who = None, as_json: AsJson = False) -> None:
    from tasks import periods

    chosen, _ = open_warehouse()
    known_period(definitions(chosen), period)
    periods.reopen_period(chosen, period, who=decider(who), reason=reason)
    if as_json:
        print_json({"period": period, "closed": False, "life": "reopened"})
        return
    out.print(say(f"✓ Kỳ {period} đã mở lại.", f"✓ Period {period} is open again."))
    out.print(
        say(
            f'  Báo cáo bị trả lại vì kỳ đóng: tongket retry --period {period} --reason "…"',
            f'  What was rejected because it was closed: tongket retry --period {period} --reason "…"',
        )
    )


# ------------------------------------------------------------------------------------------------ report


@period_app.command(help=say("báo cáo kỳ: ai gửi, ai muộn, ai chưa gửi", "how a period went: HTML and JSON"))
def report(
    period: PeriodArgument,
    to: Annotated[
        Path | None, typer.Option("--out", help=say("thư mục ghi ra (mặc định: reports/KỲ)", "folder to write to"))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Of a closed period as it was when it was closed, whenever it is made."""
    from domain.clock import now
    from tasks.period_report import as_data, period_report, write_report
    from tasks.store import register_of

    chosen, engine = open_warehouse()
    known_period(definitions(chosen), period)
    made = period_report(engine, register_of(chosen), period, now())
    written = write_report(chosen, made, to)
    if as_json:
        print_json({**as_data(made), "files": [str(path) for path in written.files]})
        return
    out.print(say(f"✓ {written.vi}", f"✓ {written.en}"))
    for path in written.files:
        out.print(f"  {path}", soft_wrap=True)
    rows = made.missing.head(NAMED).to_dicts()
    if rows:
        heads = say("Mã|Đơn vị chưa gửi|Biểu|Hạn|Quá hạn (ngày)", "Code|Missing|Form|Due|Days overdue").split("|")
        shown = [[row["unit"], row["name"], row["form"], _day(row["due"]), row["days"]] for row in rows]
        out.print(table("", heads, shown, right=(4,)))
        left = made.missing.height - len(rows)
        if left:
            out.print(say(f"… và {vi_number(left)} báo cáo nữa", f"… and {left:,} more"))
