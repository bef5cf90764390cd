"""``check``, ``submit`` and ``ingest``: from a file to figures in the warehouse."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.common import AsJson, PeriodOption, known_period, open_warehouse, settings
from console.output import HAD_REJECTIONS, WOULD_REJECT, coloured, err, finite, out, print_json, refuse, table
from console.stopping import stoppable
from console.words import LANG, say
from domain.numbers import vi_number

if TYPE_CHECKING:
    from tasks.settings import Settings

#: Failed reports a run names on the terminal.
NAMED = 10

STATES = {
    "accepted": say("được nhận", "accepted"),
    "accepted_with_warnings": say("được nhận, có cảnh báo", "accepted with warnings"),
    "rejected": say("bị trả lại", "rejected"),
    "unreadable": say("không đọc được", "unreadable"),
    "received": say("đang chờ", "received"),
    "superseded": say("đã thay thế", "superseded"),
    "withdrawn": say("đã rút", "withdrawn"),
    "same_bytes": say("đã có (trùng tệp)", "already known"),
    "missing": say("chưa gửi", "missing"),
}
SEVERITIES = {
    "critical": say("LỖI", "FAULT"),
    "warning": say("CẢNH BÁO", "WARNING"),
    "info": say("LƯU Ý", "NOTE"),
}


def register(app: typer.Typer) -> None:
    app.command(help=say("đọc và kiểm tra tệp, không lưu gì", "read and check files, storing nothing"))(check)
    app.command(help=say("gửi tệp vào và xử lý ngay", "put files in and process them now"))(submit)
    app.command(help=say("xử lý mọi tệp đang chờ", "process everything that waits"))(ingest)


def check(files: list[Path], as_json: AsJson = False) -> None:
    """Exit 1 when a file would be rejected; without a workspace only what the file itself shows is checked."""
    from tasks.checking import check_files

    for file in files:
        if not file.is_file():
            refuse(say(f"Không có tệp {file}.", f"There is no file {file}."))
    outcome = check_files(settings(), files)
    findings = outcome.findings.to_dicts()
    states = dict(outcome.verdicts.select("file", "state").iter_rows())
    if as_json:
        print_json([_judged(number, file, states, findings) for number, file in enumerate(files, 1)])
    else:
        for number, file in enumerate(files, 1):
            _print_judged(number, file, states, findings)
    if any(state in ("rejected", "unreadable") for state in states.values()):
        raise typer.Exit(WOULD_REJECT)


def _judged(number: int, file: Path, states: dict[int, str], findings: list[dict[str, Any]]) -> dict[str, Any]:
    own = [{k: v for k, v in item.items() if k != "file"} for item in findings if item["file"] == number]
    return {"file": str(file), "state": states[number], "findings": finite(own)}


def _print_judged(number: int, file: Path, states: dict[int, str], findings: list[dict[str, Any]]) -> None:
    state = states[number]
    out.print(file.name, coloured(STATES[state], state), sep=" · ")
    own = [item for item in findings if item["file"] == number]
    if own:
        out.print(findings_table(own))


def findings_table(findings: list[dict[str, Any]], *, unit: bool = False) -> Any:
    """Findings, gravest first, each with its place and what to do."""
    order = {"critical": 0, "warning": 1, "info": 2}
    ranked = sorted(findings, key=lambda item: (order[item["severity"]], item["level"], item["rule"]))
    columns = [say("Mức", "Severity"), say("Quy tắc", "Rule"), say("Ô", "Cell"), say("Nội dung", "What and what to do")]
    rows: list[list[Any]] = [
        [coloured(SEVERITIES[f["severity"]], f["severity"]), f["rule"], place_of(f), _with_explanation(f)]
        for f in ranked
    ]
    if any("finding" in f for f in ranked):  # those of the warehouse have numbers: by one it is waived, by one retried
        columns[:0] = [say("Báo cáo", "Submission"), say("Phát hiện", "Finding")]
        for row, found in zip(rows, ranked, strict=True):
            row[:0] = [str(found["submission"]), str(found["finding"])]
    if unit:
        columns.insert(0, say("Đơn vị", "Unit"))
        for row, finding in zip(rows, ranked, strict=True):
            row.insert(0, finding.get("unit") or finding.get("file_name") or finding.get("name") or "–")
    return table("", columns, rows)


#: Why a finding asks nothing more of the unit, in words.
SETTLED = {
    "note": say("đơn vị giải thích", "explained by the unit"),
    "waiver": say("được miễn", "waived"),
    "override": say("được cho qua", "let pass"),
}


def _with_explanation(finding: dict[str, Any]) -> str:
    message: str = finding[f"message_{LANG}"]
    settled = finding.get("settled_by")
    return f"{message} [{SETTLED[settled]}: {finding['explanation']}]" if settled else message


def place_of(finding: dict[str, Any]) -> str:
    sheet, cell = finding.get("sheet"), finding.get("cell")
    return "!".join(part for part in (sheet, cell) if part) or "–"


def submit(files: list[Path], as_json: AsJson = False) -> None:
    """The files are archived first; then the same flow runs as on schedule, on these files alone."""
    for file in files:
        if not file.is_file():
            refuse(say(f"Không có tệp {file}.", f"There is no file {file}."))
        _refuse_unsayable(file)
    _collect(None, None, files, as_json, strict=False)


def _refuse_unsayable(file: Path) -> None:
    """A run records its files by name; bytes of an older encoding are no name."""
    shown = os.fsencode(file).decode("utf-8", "replace")
    if shown != str(file):
        refuse(
            say(
                f"Tên tệp {shown} không phải UTF-8; đổi tên tệp rồi gửi lại.",
                f"The name of {shown} is not UTF-8; rename the file and submit it again.",
            )
        )


def ingest(
    period: PeriodOption = None,
    inbox: Annotated[
        str | None, typer.Option(help=say("thư mục hoặc s3://… chứa tệp", "folder or s3://… of files"))
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help=say("mã thoát 3 nếu có báo cáo bị trả lại", "exit 3 when any was rejected"))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Exit 0 when the run completed: rejected reports are data, not a failure of the run."""
    if inbox is not None:
        from tasks.places import refuse_unfit

        refuse_unfit(inbox, settings().archive_place)
    _collect(period, inbox, [], as_json, strict=strict)


def _collect(period: str | None, inbox: str | None, files: list[Path], as_json: bool, *, strict: bool) -> None:
    chosen, _ = open_warehouse()
    if period is not None:
        from catalog import load_catalog

        known_period(load_catalog(chosen.catalog_root), period)
    report = run_collection(period, inbox, files, quiet=as_json)
    if as_json:
        print_json(report_json(report))
    else:
        print_report(report)
        print_failed(chosen, report)
    if strict and report.failed:
        raise typer.Exit(HAD_REJECTIONS)


def print_failed(chosen: Settings, report: Any) -> None:
    """The first reports that failed by name, what is worst with each, and where their annotated copies lie."""
    from tasks.store import engine_for
    from warehouse import queries

    if not report.failed:
        return
    rows = queries.failed_of_run(engine_for(chosen.url), report.run, limit=NAMED)
    columns = (
        say("Báo cáo", "Submission"),
        say("Tệp", "File"),
        say("Đơn vị", "Unit"),
        say("Trước hết", "First of all"),
    )
    shown = [(str(row["submission"]), row["file_name"], row["unit"], row[f"message_{LANG}"]) for row in rows]
    out.print(table("", columns, shown))
    if report.failed > len(rows):
        more = report.failed - len(rows)
        out.print(say(f"… và {more} báo cáo nữa: tongket findings", f"… and {more} more: tongket findings"))
    out.print(
        say("Bản có đánh dấu lỗi để trả đơn vị: ", "Annotated copies to hand back: ") + str(chosen.workspace.returned),
        soft_wrap=True,
    )


def run_collection(period: str | None, inbox: str | Path | None, files: list[Path], *, quiet: bool = False) -> Any:
    """Run the flow ``collect-period`` in this process, with progress on the terminal unless ``quiet``."""
    from tasks.archive import waiting
    from tasks.places import place_at

    def start() -> Any:
        from flows.collect_period import collect_period

        return collect_period(
            period=period or "",
            inbox=str(inbox or ""),
            files=[str(file.resolve()) for file in files],
            by_calendar=False,
            return_state=True,
        )

    count = len(files) or len(waiting(place_at(str(inbox)) if inbox else settings().inbox_place))
    return run_flow(start, count, quiet=quiet)


def run_flow(start: Callable[[], Any], count: int, *, quiet: bool) -> Any:
    """Run a flow over ``count`` files in this process and return its report; raises what made it fail."""
    from flows.runtime import dead_server, prepare, without_server
    from tasks.setup import keep_registry_current
    from tasks.store import definitions, engine_for

    chosen = settings()
    if dead := dead_server():
        err.print(
            say(
                f"! Máy chủ Prefect {dead} không trả lời; lượt này chạy bằng máy chủ nhúng.",
                f"! The Prefect server {dead} does not answer; this run uses an embedded one.",
            ),
            soft_wrap=True,
        )
    prepare(chosen.workspace.prefect)
    keep_registry_current(engine_for(chosen.url), definitions(chosen))
    embedded = without_server() if dead else nullcontext()
    with _progress(quiet), _workers(chosen, count), stoppable(), embedded:
        from flows.work import report_of

        return report_of(start())


def _workers(chosen: Settings, count: int) -> AbstractContextManager[None]:
    """The worker processes, started ahead of the flow when there is anything to process."""
    from tasks.batches import workers_for
    from tasks.workers import started_early

    if not count or chosen.dask:  # a cluster has its own
        return nullcontext()
    return started_early(workers_for(count, chosen), chosen)


def _progress(quiet: bool) -> Any:
    return nullcontext() if quiet else _watched()


def _watched() -> Any:
    from contextlib import contextmanager

    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from tasks.progress import Event, watching

    names = {"received": say("Nhận tệp", "Receiving"), "batch": say("Kiểm tra và nạp", "Checking and loading")}

    @contextmanager
    def shown() -> Any:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
            start = bars.add_task(say("Khởi động luồng xử lý", "Starting the flow"), total=1)
            known: dict[str, Any] = {}

            def draw(event: Event) -> None:
                bars.update(start, completed=1)
                if event.step not in known:
                    known[event.step] = bars.add_task(names.get(event.step, event.step), total=event.total)
                bars.update(known[event.step], completed=event.done, total=event.total)

            with watching(draw):
                yield

    return shown()


def report_json(report: Any) -> dict[str, Any]:
    return {
        "run": report.run,
        "state": report.name,
        "counts": report.counts,
        "settled": report.settled,
        "seconds": report.seconds,
    }


def print_report(report: Any) -> None:
    """What the run did, in one line for each outcome."""
    out.print(say(f"Lượt chạy {report.run}", f"Run {report.run}"))
    for state in ("accepted", "accepted_with_warnings", "rejected", "unreadable", "same_bytes"):
        count = report.counts.get(state, 0)
        if count:
            out.print("  ", coloured(STATES[state], state), f": {count:,}".replace(",", "."), sep="")
    if not sum(report.counts.values()):
        out.print(say("  không có tệp nào chờ xử lý", "  nothing was waiting"))
    for kind, words in SETTLED.items():
        if report.settled.get(kind):
            out.print(
                say(
                    f"  trong kỳ: {vi_number(report.settled[kind])} phát hiện {words}",
                    f"  in the period: {report.settled[kind]:,} findings {words}",
                )
            )
