"""``status``, ``findings``, ``trace`` and ``query``: what the warehouse knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console.common import (
    AsJson,
    AsOf,
    PeriodOption,
    UnitOption,
    a_moment,
    a_number,
    definitions,
    known_period,
    known_unit,
    open_warehouse,
    settings,
)
from console.concluding import print_standing
from console.intake import STATES, findings_table
from console.output import err, finite, out, print_json, refuse, table
from console.periods import told_life
from console.words import LANG, say
from domain import totals
from domain.numbers import vi_number
from domain.totals import NoTotal

if TYPE_CHECKING:
    from polars import DataFrame

    from catalog import Catalog
    from warehouse.engine import Engine

#: Why a total has no value, in words.
NOTES: dict[str | None, str] = {None: "", **{note.value: say(*words) for note, words in totals.WORDS.items()}}

#: Whose figure it is, in words.
SCOPES = {
    "own": say("của riêng đơn vị", "the unit's own"),
    "subtree": say("cả hệ thống dưới", "with everything below"),
    "territory": say("toàn địa bàn", "the whole territory"),
}

#: Rows a person can read on a terminal; --json prints all.
SHOWN = 40

#: Rows of an answer unless --limit says otherwise: on a terminal, and into a file.
ROWS_OF_A_TABLE, ROWS_OF_A_FILE = 1_000, 10_000_000

#: Seconds a question may take unless --timeout says otherwise.
SECONDS_OF_A_QUESTION = 120.0


def register(app: typer.Typer) -> None:
    app.command(help=say("ai đã gửi, ai trễ, ai chưa", "who sent, who is late, who did not"))(status)
    app.command(help=say("sai gì, ở đâu, làm gì", "what is wrong, where, what to do"))(findings)
    app.command(help=say("số liệu này từ đâu ra", "where a figure comes from"))(trace)
    app.command(help=say("tổng hợp của một đơn vị trong kỳ", "the period's summary of a unit"))(summary)
    app.command(help=say("hỏi kho số liệu bằng SQL (chỉ đọc)", "ask the warehouse in SQL (read-only)"))(query)


def status(
    period: PeriodOption = None,
    unit: UnitOption = None,
    depth: Annotated[
        int | None,
        typer.Option(
            help=say("liệt kê bao nhiêu cấp dưới (mặc định: 1 khi có --unit)", "levels below to list"), min=0, max=20
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Expected, received, late, accepted, rejected and missing, by form; with --unit of its subtree.

    With --period also down the tree of units, as many levels as --depth says.
    """
    from warehouse import queries

    chosen, engine = open_warehouse()
    known_unit(engine, unit)
    periods = [period] if period else queries.periods_with_submissions(engine)
    if period:
        known_period(definitions(chosen), period)
    boards = [board for code in periods for board in queries.status(engine, code, unit)]
    if as_json:
        print_json(boards if depth is None else [*boards, *_trees(engine, boards, unit, depth)])
        return
    print_status(boards if period else [board for board in boards if board["received"]])
    print_standing(engine, unit)
    if period:
        levels = depth if depth is not None else int(unit is not None)
        _print_trees(_trees(engine, boards, unit, levels))


def _trees(engine: Engine, boards: list[dict[str, Any]], unit: str | None, depth: int) -> list[dict[str, Any]]:
    """A row a unit and form down the tree, each with everything under it."""
    from warehouse import queries

    return [
        {"period": board["period"], "form": board["form"], **row}
        for board in boards
        if board["form"]
        for row in queries.status_tree(engine, board["period"], board["form"], unit, depth=depth).to_dicts()
    ]


def _print_trees(rows: list[dict[str, Any]]) -> None:
    """Indented by how far down a unit stands."""
    names = ("expected", "received", "late", "accepted", "rejected", "missing")
    heads = say(
        "phải nộp|đã gửi|trễ hạn|được nhận|bị trả lại|chưa gửi", "expected|received|late|accepted|rejected|missing"
    ).split("|")
    columns = [
        say("Mã", "Code"),
        say("Đơn vị (gồm cấp dưới)", "Unit (with what is below)"),
        say("Biểu mẫu", "Form"),
        *heads,
    ]
    shown = [
        [row["unit"], "  " * row["depth"] + row["name"], row["form"], *(row[name] for name in names)] for row in rows
    ]
    if shown:
        out.print(table(say("Theo cây đơn vị", "Down the tree of units"), columns, shown, right=range(3, 9)))


def print_status(boards: list[dict[str, Any]]) -> None:
    names = ("expected", "received", "late", "accepted", "accepted_with_warnings", "rejected", "unreadable", "missing")
    heads = say(
        "phải nộp|đã gửi|trễ hạn|được nhận|có cảnh báo|bị trả lại|không đọc được|chưa gửi",
        "expected|received|late|accepted|with warnings|rejected|unreadable|missing",
    ).split("|")
    unknown = say("(không rõ đơn vị)", "(no known unit)")
    rows = [[board["period"], board["form"] or unknown, *(board.get(name, 0) for name in names)] for board in boards]
    columns = [say("Kỳ", "Period"), say("Biểu mẫu", "Form"), *heads]
    out.print(table(say("Tình hình gửi báo cáo", "Status of submissions"), columns, rows, right=range(2, len(columns))))
    for board in boards:
        _print_decisions(board)
    lives = {board["period"]: str(told_life(board["life"])) for board in boards}
    if lives:
        told = " · ".join(f"{period} {life}" for period, life in lives.items())
        out.print(say(f"Vòng đời của kỳ: {told}", f"Lives of the periods: {told}"), soft_wrap=True)


def _print_decisions(board: dict[str, Any]) -> None:
    """What people decided about the period: never out of sight of whoever reads its figures."""
    names = {
        "waiting": say("đang chờ kiểm tra", "waiting to be checked"),
        "explained": say("cảnh báo đơn vị đã giải thích", "warnings explained by the unit"),
        "waived": say("cảnh báo được miễn", "warnings waived"),
        "overridden": say("LỖI được cho qua", "FAULTS let pass"),
        "permitted": say("đơn vị được nộp muộn", "units permitted to be late"),
        "withdrawn": say("đã rút, chưa có bản thay", "withdrawn, nothing in its place"),
        "older": say("bản mới chưa được nhận, bản trước còn hiệu lực", "newest not accepted, an older one in force"),
    }
    counts = {**board, "older": board["in_force"] - board["accepted"] - board["accepted_with_warnings"]}
    parts = [f"{vi_number(counts[name])} {words}" for name, words in names.items() if counts.get(name)]
    if board.get("closed_at"):
        parts.append(say("kỳ đã đóng", "the period is closed"))
    if parts:
        out.print(f"  {board['period']} · {board['form'] or '–'}: " + " · ".join(parts))


def findings(
    period: PeriodOption = None,
    unit: UnitOption = None,
    submission: Annotated[
        int | None, typer.Option(help=say("số của báo cáo", "number of the submission"), callback=a_number)
    ] = None,
    severity: Annotated[
        Literal["critical", "warning", "info"] | None, typer.Option(help=say("chỉ mức này", "only this one"))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Findings of the latest version of each submission, gravest first."""
    from warehouse import queries

    chosen, engine = open_warehouse()
    if period:
        known_period(definitions(chosen), period)
    rows = queries.findings(engine, period=period, unit=unit, submission=submission, severity=severity).to_dicts()
    if not rows:  # a file may have stated a code that no unit bears: its findings stand under that code
        known_unit(engine, unit)
        nothing = _nothing_found(engine, period, unit, submission)
        if severity is not None:
            nothing += say(" (chỉ xét mức đã chọn)", " (only this severity was asked for)")
    if as_json:
        print_json(finite(rows))
        return
    if not rows:
        out.print(nothing)
        return
    out.print(findings_table(rows[:SHOWN], unit=True))
    if len(rows) > SHOWN:
        out.print(
            say(
                f"… còn {len(rows) - SHOWN} mục; thêm --unit, --severity hoặc --json",
                f"… {len(rows) - SHOWN} more; add --unit, --severity or --json",
            )
        )


def _nothing_found(engine: Engine, period: str | None, unit: str | None, submission: int | None) -> str:
    """Where nothing was sent or looked at, nothing was found either: that does not mean that nothing is wrong."""
    from warehouse import queries

    states = queries.states_of(engine, period=period, unit=unit, submission=submission)
    if submission is not None and not states:
        refuse(say(f"Không có báo cáo số {submission}.", f"There is no submission {submission}."))
    if not states:
        return say("Chưa có báo cáo nào được gửi.", "No report was sent yet.")
    if states.keys() <= {"withdrawn", "superseded"}:
        return say("Báo cáo đã gửi đều đã được rút.", "What was sent was withdrawn.")
    waiting = states.get("received", 0)
    if waiting:
        count = vi_number(waiting)
        return say(
            f"Chưa thấy gì sai; còn {count} báo cáo đang chờ kiểm tra (tongket ingest).",
            f"Nothing found yet; {count} reports wait to be checked (tongket ingest).",
        )
    return say("Không có gì sai.", "Nothing is wrong.")


def trace(
    unit: Annotated[str, typer.Option(help=say("mã đơn vị", "unit code"))],
    period: Annotated[str, typer.Option(help=say("mã kỳ báo cáo", "period code"))],
    indicator: Annotated[
        str, typer.Option(help=say("mã chỉ tiêu, có thể kèm [phân tổ]", "indicator code, with [breakdown] if any"))
    ],
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """A figure down to its file and cell, with everything that was said of it on the way."""
    from warehouse import queries

    chosen, engine = open_warehouse()
    catalog = definitions(chosen)
    known_period(catalog, period)
    known_unit(engine, unit)
    code, _, breakdown = indicator.partition("[")
    if code not in catalog.indicators:
        refuse(say(f"Không có chỉ tiêu {code!r}.", f"There is no indicator {code!r}."))
    found = queries.trace(engine, unit, period, code, breakdown.removesuffix("]") or None, a_moment(as_of))
    if not found:
        past = f"tongket history --period {period} --unit {unit}"
        refuse(
            say(
                f"Không có số liệu {indicator} nào của {unit} kỳ {period} đang có hiệu lực. Đã gửi gì, rút gì: {past}",
                f"No {indicator} of {unit} for {period} is in force. What was sent or withdrawn: {past}",
            )
        )
    if as_json:
        print_json(found)
        return
    for item in found:
        _print_trace(item)


def _print_trace(item: dict[str, Any]) -> None:
    from domain.numbers import vi_quantity
    from domain.quantity import Qualifier

    value = vi_quantity(item["value"], Qualifier(item["qualifier"])) if item["value"] is not None else "–"
    code = item["indicator"] + (f"[{item['breakdown']}]" if item["breakdown"] else "")
    rows = [
        (say("Số liệu", "Figure"), f"{value} {item[f'measure_{LANG}']}"),
        (say("Chỉ tiêu", "Indicator"), f"{item[f'label_{LANG}']} ({code})"),
        (say("Đơn vị", "Unit"), f"{item['unit_name']} ({item['unit']})"),
        (say("Phạm vi", "Scope"), SCOPES.get(item["scope"], item["scope"])),
        (say("Người báo cáo", "Reporter"), item.get("reporter")),
        (say("Như đã viết", "As written"), item["original_text"]),
        (
            say("Ô", "Cell"),
            "!".join(part for part in (item["sheet"], item["cell"]) if part) or say("tính ra", "derived"),
        ),
        (say("Tệp", "File"), f"{item['file_name']} · sha256 {item['sha256'][:16]}…"),
        (say("Lưu tại", "Kept at"), _kept_at(item["archive_path"])),
        (
            say("Báo cáo số", "Submission"),
            f"{item['submission']} · {say('bản', 'version')} {item['version']} · {STATES[item['state']]}",
        ),
        (say("Lượt chạy", "Run"), item["run"]),
    ]
    out.print(table("", ("", ""), rows))
    if item["findings"]:
        out.print(findings_table(item["findings"]))


def _kept_at(written_down: str) -> str:
    """Where the file lies now: the workspace may have been moved, or brought back from a backup."""
    from tasks.archive import find

    return str(find(settings().workspace.archive, written_down))


def summary(
    period: Annotated[str, typer.Option(help=say("mã kỳ báo cáo", "period code"))],
    unit: Annotated[str, typer.Option(help=say("mã đơn vị", "unit code"))],
    form: Annotated[str, typer.Option(help=say("mã biểu mẫu", "form id"))] = "review-report",
    everything: Annotated[
        bool, typer.Option("--everything", help=say("cả chỉ tiêu chưa ai có số liệu", "also what nobody reported"))
    ] = False,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Every total of a unit and what is below it, each with the number of units it rests on.

    With --as-of what it said at that moment, whatever was corrected or reorganised since.
    """
    from tasks.rolling import summary_of

    chosen, engine = open_warehouse()
    catalog = definitions(chosen)
    known_period(catalog, period)
    moment = a_moment(as_of)
    known_unit(engine, unit)
    rows = summary_of(engine, catalog, period, unit, form, moment)
    if as_json:
        print_json(finite(rows))
        return
    if not everything:
        rows = [row for row in rows if row["note"] != NoTotal.NOTHING_REPORTED]
    when = f" · {moment:%d/%m/%Y %H:%M}" if moment else ""
    if not rows:
        refuse(
            say(
                f"Chưa có tổng hợp nào của {unit} kỳ {period}{when}.",
                f"There is no summary of {unit} for {period} yet{when}.",
            )
        )
    print_summary(rows, say(f"Tổng hợp {unit} · {period}", f"Summary of {unit} · {period}") + when, catalog)


def print_summary(rows: list[dict[str, Any]], title: str, catalog: Catalog) -> None:
    lines = []
    for row in rows:
        words = breakdown_in_words(catalog, row["breakdown"])
        label = row[f"label_{LANG}"] + (f" · {words}" if words else "")
        measure = row[f"measure_{LANG}"]
        lines.append((label, _total(row), measure, _coverage(row), NOTES.get(row["note"], row["note"])))
    columns = (
        say("Chỉ tiêu", "Indicator"),
        say("Tổng", "Total"),
        say("Đơn vị tính", "Measure"),
        say("Số đơn vị có số liệu", "Units with data"),
        say("Ghi chú", "Note"),
    )
    out.print(table(title, columns, lines, right=(1, 3)))


def breakdown_in_words(catalog: Catalog, breakdown: str) -> str:
    """``level=xa;field=tong`` → "Cấp xã · Tổng số"."""
    pairs = [pair.partition("=")[::2] for pair in breakdown.split(";") if pair]
    items = [catalog.codelists[dimension].item(code) for dimension, code in pairs]
    return " · ".join(item.label_vi if LANG == "vi" else item.label_en for item in items)


def _total(row: dict[str, Any]) -> str:
    """The total with its qualifier, as it may be read out; never 0 for what is not known."""
    from domain.numbers import en_quantity, vi_quantity

    if row["value"] is None:
        return say("chưa đủ số liệu", "not enough data")
    percent = row["kind"] in ("percent", "ratio")
    value = round(row["value"], 2)
    return (vi_quantity if LANG == "vi" else en_quantity)(value, row["qualifier"], percent=percent).removesuffix(" %")


def _coverage(row: dict[str, Any]) -> str:
    """n/N units; a figure that one unit stated for its whole territory rests on no sum."""
    if row["source"] == "reported" and not row["reported"]:
        return say("nêu chung", "stated as a whole")
    return f"{vi_number(row['reported'])}/{vi_number(row['expected'])}"


def query(
    sql: str,
    as_of: AsOf = None,
    output: Annotated[
        Literal["table", "csv", "json", "parquet"],
        typer.Option(
            "--format",
            help=say(
                "cách in; trong CSV, chữ bắt đầu bằng = + - @ có thêm dấu ' để bảng tính không chạy như công thức",
                "how to print; in CSV a text that begins with = + - @ gets a ' so that no spreadsheet runs it",
            ),
        ),
    ] = "table",
    as_json: AsJson = False,
    limit: Annotated[
        int | None,
        typer.Option(help=say("số dòng tối đa (bảng: 1.000)", "most rows (tables: 1,000)"), min=1, show_default=False),
    ] = None,
    timeout: Annotated[
        float, typer.Option(help=say("số giây tối đa", "most seconds"), min=0.1, max=86_400)
    ] = SECONDS_OF_A_QUESTION,
) -> None:
    """The connection itself refuses to write, whatever the statement says; rows that are cut off are said to be."""
    from warehouse.engine import make_reader
    from warehouse.queries import QueryRefusedError, QueryTooLongError, run_sql

    chosen, _ = open_warehouse()
    chosen_format = "json" if as_json else output
    most = limit or (ROWS_OF_A_TABLE if chosen_format == "table" else ROWS_OF_A_FILE)
    try:
        frame = run_sql(make_reader(chosen.reading_url), sql, most + 1, a_moment(as_of), seconds=timeout)
    except QueryTooLongError:
        refuse(
            say(
                f"Quá {timeout:g} giây chưa có câu trả lời. Thu hẹp câu hỏi (một kỳ, một đơn vị) hoặc thêm --timeout.",
                f"No answer within {timeout:g} seconds. Ask for less (one period, one unit) or add --timeout.",
            )
        )
    except QueryRefusedError as error:
        refuse(say(f"Kho từ chối câu hỏi: {error.vi}", f"The warehouse refused: {error}"))
    _print_answer(frame.head(most), chosen_format)
    if frame.height > most:
        cut = say(
            f"Chỉ in {most} dòng đầu; còn nữa. Thêm --limit.",
            f"Only the first {most} rows; there are more. Add --limit.",
        )
        err.print(cut)


def _print_answer(frame: DataFrame, chosen_format: str) -> None:
    import sys

    match chosen_format:
        case "json":
            print_json(finite(frame.to_dicts()))
        case "csv":
            from workbook.tabular import disarmed

            sys.stdout.write(disarmed(frame).write_csv())
        case "parquet":
            frame.write_parquet(sys.stdout.buffer)
        case _:
            out.print(table("", frame.columns, frame.rows()))
