"""Acts of an administrator: ``history``, ``retry``, ``return``, ``waive``, ``permit-late``, ``withdraw``,
``restore``. Every act is on record with who, when and why."""

from __future__ import annotations

import getpass
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.common import (
    AsJson,
    PeriodOption,
    UnitOption,
    a_number,
    definitions,
    known_day,
    known_period,
    known_unit,
    numbers,
    open_warehouse,
    settings,
    shown_moment,
)
from console.intake import STATES, print_failed, print_report, report_json, run_flow
from console.output import HAD_REJECTIONS, coloured, err, out, print_json, refuse, table
from console.words import LANG, say

if TYPE_CHECKING:
    import polars as pl

    from tasks.retrying import Wanted

#: How long a waiver stands unless --until says otherwise: a quarter, until the unit's next report.
WAIVED_FOR = timedelta(days=92)

Reason = Annotated[str, typer.Option(help=say("lý do, được ghi lại", "the reason, kept on record"))]
Who = Annotated[
    str | None,
    typer.Option("--as", help=say("người quyết định (mặc định: tài khoản máy)", "who decides (default: OS user)")),
]
Submission = Annotated[
    int | None, typer.Option(help=say("số của báo cáo", "number of the submission"), min=1, callback=a_number)
]
SubmissionNumber = Annotated[
    int, typer.Argument(help=say("số của báo cáo", "number of the submission"), min=1, callback=a_number)
]


def register(app: typer.Typer) -> None:
    app.command(help=say("mọi phiên bản, lần xử lý, quyết định", "versions, attempts and acts"))(history)
    app.command(help=say("chạy lại báo cáo bị trả lại, chỉ chúng", "run again what failed, only that"))(retry)
    app.command("return", help=say("ghi bản có đánh dấu lỗi cho đơn vị", "write the annotated workbooks"))(return_)
    app.command(help=say("miễn một cảnh báo, có lý do", "waive a finding, with a reason"))(waive)
    app.command(help=say("liệt kê những gì đã được miễn", "list what was waived"))(waivers)
    app.command("permit-late", help=say("cho phép đơn vị nộp muộn", "permit a unit to report late"))(permit_late)
    app.command(help=say("rút một báo cáo khỏi tổng hợp", "take a report out of the totals"))(withdraw)
    app.command(help=say("lấy lại báo cáo đã rút hay bị thay thế", "take up a withdrawn or replaced report"))(restore)


def decider(given: str | None) -> str:
    """Who acts: the name given, else the account of this machine."""
    if given is not None:
        if not given.strip():
            refuse(say("--as phải có tên người quyết định.", "--as needs the name of who decides."))
        return given.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


# ------------------------------------------------------------------------------------------------ history


def history(
    unit: Annotated[str, typer.Option(help=say("mã đơn vị", "unit code"))],
    period: Annotated[str, typer.Option(help=say("mã kỳ báo cáo", "period code"))],
    form: Annotated[str | None, typer.Option(help=say("mã biểu mẫu", "form id"))] = None,
    as_json: AsJson = False,
) -> None:
    """What happened to a unit's reports of a period, in the order it happened."""
    from warehouse import queries

    chosen, engine = open_warehouse()
    known_period(definitions(chosen), period)
    rows = queries.history_of(engine, unit, period, form)
    if not rows:
        known_unit(engine, unit)
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(say(f"{unit} chưa gửi gì cho kỳ {period}.", f"{unit} has sent nothing for {period}."))
        return
    columns = (say("Lúc", "When"), say("Báo cáo", "Submission"), say("Việc", "What happened"), say("Ai", "Who"))
    shown = [(shown_moment(row["at"]), row["submission"], row[f"words_{LANG}"], row["who"]) for row in rows]
    out.print(table(say(f"Lịch sử {unit} · {period}", f"History of {unit} · {period}"), columns, shown))


# ------------------------------------------------------------------------------------------------ retry


def retry(
    reason: Reason,
    period: PeriodOption = None,
    unit: UnitOption = None,
    submission: Annotated[
        list[int] | None,
        typer.Option(
            help=say("số của báo cáo; lặp lại được", "number of a submission; may be repeated"), callback=numbers
        ),
    ] = None,
    all_failed: Annotated[
        bool, typer.Option("--all-failed", help=say("mọi báo cáo bị trả lại", "everything that failed"))
    ] = False,
    mended: Annotated[
        bool,
        typer.Option(
            "--mended",
            help=say(
                "chỉ báo cáo mà quy tắc, biểu mẫu, danh mục vừa sửa chạm tới",
                "only what a mended rule, form or register can touch",
            ),
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("chỉ liệt kê, không chạy", "only list, run nothing"))
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help=say("mã thoát 3 nếu vẫn bị trả lại", "exit 3 when any is rejected again"))
    ] = False,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """The archived bytes are judged anew by the rules of today; what was accepted is never touched."""
    from tasks.retrying import Wanted, reopen

    chosen, engine = open_warehouse()
    if period is not None:
        known_period(definitions(chosen), period)
    known_unit(engine, unit)
    wanted = Wanted(period, unit, tuple(submission or ()), all_failed, mended)
    if dry_run:
        _list_chosen(wanted, as_json)
        return
    decided_by = decider(who)
    # before the flow starts: a mistyped number is refused at once, and what was let go waits even if no flow can run
    reopened = reopen(chosen, wanted, who=decided_by, reason=reason)
    _name_left_out(reopened.left_out, quiet=as_json)
    if not reopened.taken:
        print_json({"run": None, "state": None, "counts": {}, "seconds": {}}) if as_json else out.print(_nothing())
        return
    report = _run_retry(reopened.taken, period, decided_by, reason, quiet=as_json)
    if as_json:
        print_json(report_json(report))
    else:
        print_report(report)
        print_failed(chosen, report)
    if strict and report.failed:
        raise typer.Exit(HAD_REJECTIONS)


def _run_retry(taken: list[int], period: str | None, who: str, reason: str, *, quiet: bool) -> Any:
    def start() -> Any:
        from flows.retry_failed import retry_failed

        return retry_failed(reason=reason, who=who, period=period or "", submissions=taken, return_state=True)

    return run_flow(start, len(taken), quiet=quiet)


def _list_chosen(wanted: Wanted, as_json: bool) -> None:
    """What a retry would take up, and with --mended why it may end differently."""
    from tasks.retrying import choose

    chosen = choose(settings(), wanted)
    rows = chosen.taken.to_dicts()
    unmeant = sorted(set(wanted.submissions) - {row["submission"] for row in rows})
    if unmeant:
        listed = ", ".join(map(str, unmeant))
        refuse(
            say(
                f"Không phải báo cáo bị trả lại hay không đọc được đang xét: {listed}.",
                f"Not a rejected or unreadable report that counts: {listed}.",
            )
        )
    _name_left_out(chosen.left_out, quiet=as_json)
    if as_json:
        print_json(rows)
        return
    columns = [
        say("Số", "No."),
        say("Đơn vị", "Unit"),
        say("Kỳ", "Period"),
        say("Tệp", "File"),
        say("Trạng thái", "State"),
    ]
    why = f"why_{LANG}"
    if any(why in row for row in rows):
        columns.append(say("Vì sao nên chạy lại", "Why it is worth it"))
    shown = [
        [row["submission"], row["unit"], row["period"], row["file_name"], coloured(STATES[row["state"]], row["state"])]
        + ([row[why]] if why in row else [])
        for row in rows
    ]
    out.print(table(say("Sẽ chạy lại", "Would be run again"), columns, shown) if shown else _nothing())


def _name_left_out(rows: pl.DataFrame, *, quiet: bool) -> None:
    """Reports of closed periods stand aside; whoever asked for everything is told so."""
    if rows.height and not quiet:
        periods = ", ".join(sorted(rows["period"].unique()))
        err.print(
            say(
                f"Bỏ qua {rows.height} báo cáo của kỳ đã đóng: {periods}.",
                f"{rows.height} reports of closed periods are left out: {periods}.",
            )
        )


def _nothing() -> str:
    return say("Không có báo cáo nào để chạy lại.", "There is nothing to run again.")


# ------------------------------------------------------------------------------------------------ return


def return_(
    period: PeriodOption = None,
    unit: UnitOption = None,
    submission: Submission = None,
    to: Annotated[
        Path | None, typer.Option("--out", help=say("thư mục ghi ra (mặc định: returned/)", "folder to write to"))
    ] = None,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """The unit's own workbook with each fault marked at its cell and listed on the first sheet."""
    from tasks.returning import return_reports

    chosen, engine = open_warehouse()
    if period is not None:
        known_period(definitions(chosen), period)
    known_unit(engine, unit)
    written = return_reports(chosen, engine, period=period, unit=unit, submission=submission, to=to, who=decider(who))
    if as_json:
        print_json(
            [
                {
                    "submission": head.submission,
                    "unit": head.unit,
                    "period": head.period,
                    "state": head.state,
                    "file": path,
                }
                for head, path in written
            ]
        )
        return
    if not written:
        out.print(say("Không có báo cáo nào cần trả lại.", "No report has to be returned."))
    for head, path in written:
        out.print(f"✓ {head.unit or '–'} · {STATES[head.state]} · {path}", soft_wrap=True)


# ------------------------------------------------------------------------------------------------ decisions


def waive(
    finding: Annotated[
        int, typer.Argument(help=say("số của phát hiện (xem: findings)", "number of it"), callback=a_number)
    ],
    reason: Reason,
    until: Annotated[
        str | None, typer.Option(help=say("ngày cuối được miễn", "last day it stands, e.g. 2026-03-31"))
    ] = None,
    override: Annotated[
        bool, typer.Option("--override", help=say("cho qua một LỖI, cần người thứ hai", "let a FAULT pass"))
    ] = False,
    second: Annotated[
        str | None, typer.Option(help=say("người thứ hai đồng ý (với --override)", "second person who agrees"))
    ] = None,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """A warning is settled at once; a fault that is let pass takes effect when its report is run again."""
    from domain.clock import today
    from warehouse import acts

    _, engine = open_warehouse()
    day = known_day(until) if until else today() + WAIVED_FOR
    done = acts.waive(
        engine,
        finding,
        who=decider(who),
        reason=reason,
        until=day,
        override=override,
        second_person=second,
        today=today(),
    )
    if as_json:
        print_json(
            {
                "finding": finding,
                "submission": done.submission,
                "state": done.state,
                "settled": done.settled,
                "until": day,
                "needs_retry": done.needs_retry,
            }
        )
        return
    out.print(
        say(
            f"✓ Đã miễn phát hiện {finding} của báo cáo {done.submission} đến hết ngày {day:%d/%m/%Y}.",
            f"✓ Finding {finding} of submission {done.submission} is waived until {day:%Y-%m-%d}.",
        )
    )
    if done.settled > 1:
        out.print(
            say(
                f"  Cùng quy tắc, cùng chỗ: {done.settled} phát hiện được miễn một lượt.",
                f"  Same rule, same place: {done.settled} findings are waived at once.",
            )
        )
    if done.needs_retry:
        out.print(
            say(
                f'  Chạy lại để báo cáo được nhận: tongket retry --submission {done.submission} --reason "…"',
                f'  Run it again to have it accepted: tongket retry --submission {done.submission} --reason "…"',
            )
        )


def waivers(period: PeriodOption = None, unit: UnitOption = None, as_json: AsJson = False) -> None:
    """Every waiver with its reason, its end, and whether a present finding rests on it."""
    from warehouse import queries

    chosen, engine = open_warehouse()
    if period is not None:
        known_period(definitions(chosen), period)
    known_unit(engine, unit)
    rows = queries.waivers_of(engine, period=period, unit=unit).to_dicts()
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(say("Chưa miễn điều gì.", "Nothing was waived."))
        return
    heads = say(
        "Đơn vị|Kỳ|Quy tắc|Chỗ|Lý do|Ai|Người thứ hai|Đến ngày|Cho qua LỖI|Đang dùng",
        "Unit|Period|Rule|Place|Reason|Who|Second person|Until|FAULT let pass|In use",
    ).split("|")
    names = ("unit", "period", "rule", "field", "reason", "who", "second_person", "until", "is_override", "in_use")
    out.print(table(say("Đã miễn", "Waivers"), heads, [[row[name] for name in names] for row in rows]))


def permit_late(
    unit: Annotated[str, typer.Option(help=say("mã đơn vị", "unit code"))],
    period: Annotated[str, typer.Option(help=say("mã kỳ báo cáo", "period code"))],
    until: Annotated[str, typer.Option(help=say("hạn mới, ví dụ 2026-01-20", "new due day, e.g. 2026-01-20"))],
    reason: Reason,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """A report of the unit that arrives until the new due day is not late."""
    from warehouse import acts

    chosen, engine = open_warehouse()
    known_period(definitions(chosen), period)
    known_unit(engine, unit)
    day = known_day(until)
    acts.permit_late(engine, unit, period, day, who=decider(who), reason=reason)
    if as_json:
        print_json({"unit": unit, "period": period, "until": day})
        return
    out.print(
        say(
            f"✓ {unit} được nộp báo cáo kỳ {period} đến hết ngày {day:%d/%m/%Y}.",
            f"✓ {unit} may report for {period} until {day:%Y-%m-%d}.",
        )
    )


def withdraw(
    submission: SubmissionNumber,
    reason: Reason,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """Its figures leave the totals at once; the file, the figures and their history are kept."""
    from tasks.acting import withdraw as withdraw_report

    chosen, _ = open_warehouse()
    withdraw_report(chosen, submission, who=decider(who), reason=reason)
    if as_json:
        print_json({"submission": submission, "state": "withdrawn"})
        return
    out.print(
        say(
            f"✓ Đã rút báo cáo {submission}; không tổng hợp nào còn có nó.",
            f"✓ Submission {submission} is withdrawn; it is in no total.",
        )
    )


def restore(
    submission: SubmissionNumber,
    reason: Reason,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """The report waits to be checked anew; the next ingest or retry takes it up."""
    from warehouse import acts

    _, engine = open_warehouse()
    acts.restore(engine, submission, who=decider(who), reason=reason)
    if as_json:
        print_json({"submission": submission, "state": "received"})
        return
    out.print(
        say(
            f"✓ Báo cáo {submission} đang chờ kiểm tra lại. Chạy: tongket ingest",
            f"✓ Submission {submission} waits to be checked again. Run: tongket ingest",
        )
    )
