"""``conference conclusions``: what a conference concluded, who is to do it by when, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import decider
from console.common import AsJson, known_day, known_unit, open_warehouse
from console.output import REFUSED, err, finite, out, print_json, refuse, table
from console.words import LANG, say
from domain.conclusion import CLOSED, DIRECTION_SIGNS, STATE_WORDS, ConclusionState, Direction, Met, Speaker
from domain.numbers import en_quantity, vi_number, vi_quantity

if TYPE_CHECKING:
    from catalog import Catalog
    from tasks.concluding import Concluding, Imported, Meeting
    from tasks.settings import Settings
    from warehouse.engine import Engine

conclusions_app = typer.Typer(
    help=say("kết luận hội nghị và việc thực hiện", "conclusions of conferences and what became of them")
)

Code = Annotated[str, typer.Argument(help=say("mã hội nghị", "code of the conference"), metavar="CODE")]
Unit = Annotated[
    str | None,
    typer.Option(
        "--unit", help=say("đơn vị đã họp: mã hoặc tên (lần đầu)", "unit that met: code or name (the first time)")
    ),
]
HeldOn = Annotated[
    str | None, typer.Option("--held-on", help=say("ngày họp (lần đầu)", "day of the conference (the first time)"))
]
Owner = Annotated[
    str | None, typer.Option(help=say("đơn vị chủ trì: mã hoặc tên", "owner: code or name of a unit"), metavar="UNIT")
]
Due = Annotated[str | None, typer.Option(help=say("hạn hoàn thành", "due date"), metavar="DATE")]
By = Annotated[
    str | None,
    typer.Option("--by", "--as", help=say("ai ghi (mặc định: tài khoản máy)", "who writes this (default: OS user)")),
]

_SPEAKERS = {
    Speaker.ACT: say("quyết định", "act"),
    Speaker.OWNER: say("báo cáo của chủ trì", "report of the owner"),
    Speaker.HOLDER: say("báo cáo của đơn vị đã họp", "report of the unit that met"),
}
_MET = {Met.MET: say("đạt", "met"), Met.NOT_MET: say("CHƯA ĐẠT", "NOT MET"), Met.NOT_KNOWN: say("chưa rõ", "unknown")}
_ASKS = {
    "owner": say("chưa có đơn vị chủ trì", "has no owner"),
    "due": say("chưa có hạn hoàn thành", "has no due date"),
    "heir": say("đơn vị chủ trì đã chia tách hoặc kết thúc: giao lại", "its owner was split or ended: name another"),
}
_WHAT = {"added": say("thêm", "added"), "changed": say("sửa", "changed"), "same": say("giữ nguyên", "the same")}


def register(app: typer.Typer) -> None:
    """Put the commands under ``conference``."""
    app.add_typer(conclusions_app, name="conclusions")


def _open() -> tuple[Settings, Engine, Concluding]:
    from dataclasses import replace

    from tasks.concluding import Concluding
    from tasks.store import register_of

    chosen, engine = open_warehouse()
    return chosen, engine, Concluding(engine, replace(register_of(chosen)))


def _meeting(code: str, unit: str | None, held_on: str | None) -> Meeting:
    from tasks.concluding import Meeting

    return Meeting(code, unit, _day(held_on))


def _day(text: str | None) -> date | None:
    """A day as offices write it, 30/06/2024, or 2024-06-30."""
    from domain.parse import parse_date

    return None if text is None else parse_date(text) or known_day(text)


# ------------------------------------------------------------------------------------------------ writing down


@conclusions_app.command("add", help=say("ghi một nhiệm vụ đã kết luận", "write down one task concluded"))
def add(
    code: Code,
    number: Annotated[int, typer.Option(help=say("số thứ tự", "its number"), min=1, max=1000)],
    text: Annotated[str, typer.Option(help=say("nội dung nhiệm vụ", "what is to be done"))],
    owner: Owner = None,
    due: Due = None,
    indicator: Annotated[
        str | None, typer.Option(help=say("mã chỉ tiêu theo dõi", "indicator it is followed by"), metavar="CODE")
    ] = None,
    target: Annotated[str | None, typer.Option(help=say("mức phải đạt", "its target"), metavar="VALUE")] = None,
    direction: Annotated[
        str | None, typer.Option(help=say("at_least (mặc định) hoặc at_most", "at_least (default) or at_most"))
    ] = None,
    unit: Unit = None,
    held_on: HeldOn = None,
    reason: Annotated[str, typer.Option(help=say("căn cứ, được ghi lại", "what it rests on, kept on record"))] = say(
        "ghi kết luận hội nghị", "conclusion of the conference"
    ),
    by: By = None,
) -> None:
    _, engine, concluding = _open()
    given = {
        "text": text, "owner": owner, "due": due, "indicator": indicator, "target": target, "direction": direction
    }  # fmt: skip
    concluding.add(_meeting(code, unit, held_on), number, given, who=decider(by), reason=reason)
    out.print(say(f"✓ Đã ghi nhiệm vụ {number} của {code}", f"✓ Task {number} of {code} is written down"))
    _ask(_rows(engine, code), code)


@conclusions_app.command(
    "import",
    help=say(
        "nạp các nhiệm vụ từ tệp CSV, XLSX; nạp cả tệp hoặc không nạp gì",
        "load tasks from a CSV or XLSX file; the whole, or nothing",
    ),
)
def import_(
    code: Code,
    file: Annotated[
        Path,
        typer.Argument(
            help=say(
                "tệp có cột number, text và tùy chọn owner, due, indicator, target, direction",
                "a file with the columns number, text and, if any, owner, due, indicator, target, direction",
            )
        ),
    ],
    unit: Unit = None,
    held_on: HeldOn = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("chỉ cho xem sẽ thay đổi gì", "only show what would change"))
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help=say("căn cứ, được ghi lại", "what it rests on, kept on record"))
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    from tasks.concluding import ConclusionsRefusedError

    _, engine, concluding = _open()
    why = reason or say(f"nạp tệp {file.name}", f"file {file.name}")
    try:
        done = concluding.import_file(_meeting(code, unit, held_on), file, who=decider(by), reason=why, dry_run=dry_run)
    except ConclusionsRefusedError as refused:
        _print_faults(refused.faults, as_json)
        raise typer.Exit(REFUSED) from None
    rows = [] if dry_run else _rows(engine, done.conference.code)
    if as_json:
        print_json(_imported_json(done, dry_run) | {"incomplete": [_brief(row) for row in rows if row["asks"]]})
        return
    _print_imported(done, dry_run)
    _ask(rows, done.conference.code)


def _print_faults(faults: Sequence[Any], as_json: bool) -> None:
    from tasks.register import sentences

    if as_json:
        print_json(
            {
                "faults": [
                    {
                        "file": fault.file,
                        "sheet": fault.sheet,
                        "line": fault.line or None,
                        "column": fault.column,
                        "what": say(fault.what.vi, fault.what.en),
                        "to_do": say(fault.advice.vi, fault.advice.en),
                    }
                    for fault in faults
                ]
            }
        )
        return
    heads = say("Tệp|Dòng|Cột|Sai gì|Cần làm gì", "File|Line|Column|What is wrong|What to do").split("|")
    title = say(f"Không nạp gì: {len(faults)} chỗ sai", f"Nothing was loaded: {len(faults)} faults")
    out.print(table(title, heads, sentences(faults, LANG == "vi")))


def _imported_json(done: Imported, dry_run: bool) -> dict[str, Any]:
    return {
        "conference": done.conference.code,
        "dry_run": dry_run,
        **{what: done.count(what) for what in _WHAT},
        "not_in_file": done.beside,
        "changes": [
            {
                "number": change.number,
                "what": change.what,
                "text": change.text,
                "fields": [{"column": name, "before": before, "after": after} for name, before, after in change.fields],
            }
            for change in done.changes
            if change.what != "same"
        ],
    }


def _print_imported(done: Imported, dry_run: bool) -> None:
    moved = [change for change in done.changes if change.what != "same"]
    if moved:
        heads = say("Việc|Số|Nhiệm vụ|Thay đổi", "What|No.|Task|Change").split("|")
        fields = ["; ".join(f"{n}: {b or '–'} → {a or '–'}" for n, b, a in change.fields) for change in moved]
        drawn = [
            (_WHAT[change.what], change.number, change.text, told) for change, told in zip(moved, fields, strict=True)
        ]
        out.print(table(say("Sẽ thay đổi", "Would change") if dry_run else say("Đã nạp", "Loaded"), heads, drawn))
    counts = " · ".join(f"{words} {done.count(what)}" for what, words in _WHAT.items())
    out.print(f"{'○' if dry_run else '✓'} {done.conference.code}: {counts}")
    if dry_run:
        out.print(say("Chưa nạp gì (--dry-run).", "Nothing was loaded (--dry-run)."))


@conclusions_app.command("update", help=say("ghi tình trạng, hạn, chủ trì mới", "say how a task stands"))
def update(
    code: Code,
    number: Annotated[int, typer.Argument(help=say("số thứ tự", "number of the task"), min=1, max=1000)],
    reason: Annotated[str, typer.Option(help=say("lý do, được ghi lại", "the reason, kept on record"))],
    state: Annotated[
        ConclusionState | None,
        typer.Option(
            help=say("open, in_progress, done (xong), dropped (thôi)", "open, in_progress, done or dropped"),
        ),
    ] = None,
    progress: Annotated[str | None, typer.Option(help=say("kết quả, tiến độ", "what was done"))] = None,
    due: Due = None,
    owner: Owner = None,
    on: Annotated[
        str | None,
        typer.Option(
            "--on", help=say("tình hình đến ngày nào (mặc định: hôm nay)", "as of which day (default: today)")
        ),
    ] = None,
    by: By = None,
) -> None:
    """Nothing is rewritten: what was said before stays readable (``show``)."""
    _, engine, concluding = _open()
    if state is None and not progress and due is None and owner is None:
        refuse(
            say(
                "Chưa nói gì thay đổi: thêm --state, --progress, --due hoặc --owner.",
                "Nothing is said to change: add --state, --progress, --due or --owner.",
            )
        )
    concluding.update(
        code, number, state=state, progress=progress, due=_day(due), owner=owner, on=_day(on),
        who=decider(by), reason=_said(reason),
    )  # fmt: skip
    row = next(row for row in _rows(engine, code) if row["number"] == number)
    out.print(say("✓ Đã ghi. Nay: ", "✓ Written down. It now stands: ") + _brief_words(row), soft_wrap=True)
    if state is not None and row["state"] != state:
        err.print(
            say(
                f"! Báo cáo nói về ngày {row['said_of']:%d/%m/%Y}, sau ngày của quyết định này, nên báo cáo được tính.",
                f"! A report speaks of {row['said_of'].isoformat()}, which is later than this, and counts.",
            )
        )


def _said(reason: str) -> str:
    if not reason.strip():
        refuse(say("Thiếu lý do: ghi vì sao, để sau này còn biết.", "The reason is missing: say why."))
    return " ".join(reason.split())


# ------------------------------------------------------------------------------------------------ reading


def _rows(engine: Engine, code: str | None, unit: str | None = None, day: date | None = None) -> list[dict[str, Any]]:
    from warehouse.conclusions import follow_up

    rows = follow_up(engine, unit=unit, as_of=day).to_dicts()
    return [row for row in rows if code is None or row["conference"].casefold() == code.casefold()]


@conclusions_app.command("list", help=say("nhiệm vụ nào, ai làm, đến đâu", "which tasks, whose, and how they stand"))
def list_(
    code: Annotated[str | None, typer.Argument(help=say("mã hội nghị", "code of the conference"))] = None,
    unit: Annotated[
        str | None,
        typer.Option(help=say("đơn vị (gồm cấp dưới) chủ trì hoặc đã họp", "owned or concluded by it or below it")),
    ] = None,
    only_open: Annotated[bool, typer.Option("--open", help=say("chỉ việc chưa xong", "what is not closed"))] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help=say("chỉ việc quá hạn", "what is overdue"))] = False,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help=say("như đã biết vào cuối ngày đó", "as it was known at the end of that day")),
    ] = None,
    as_json: AsJson = False,
) -> None:
    chosen, engine, _ = _open()
    known_unit(engine, unit)
    rows = _rows(engine, code, unit, _day(as_of))
    if code is not None and not rows and unit is None and as_of is None:
        refuse(
            say(
                f"Chưa ghi kết luận nào của hội nghị {code!r}. Xem tất cả: tongket conference conclusions list",
                f"No conclusion of the conference {code!r} is known. See all: tongket conference conclusions list",
            )
        )
    is_open = [row for row in rows if row["state"] not in CLOSED]
    shown = [row for row in (is_open if only_open or overdue else rows) if row["overdue"] or not overdue]
    if as_json:
        print_json(finite(shown))
        return
    if not shown:
        out.print(say("Không có nhiệm vụ nào như vậy.", "There is no such task."))
        return
    _print_rows(shown, chosen)
    _ask(shown, code)


def _print_rows(rows: list[dict[str, Any]], chosen: Settings) -> None:
    from tasks.store import definitions

    catalog = definitions(chosen)
    heads = say(
        "Hội nghị|Số|Nhiệm vụ|Chủ trì|Hạn|Tình trạng|Chỉ tiêu|Tiến độ",
        "Conference|No.|Task|Owner|Due|State|Indicator|Progress",
    ).split("|")
    drawn = [
        (
            row["conference"],
            row["number"],
            row["text"],
            _owner_words(row),
            f"{row['due']:%d/%m/%Y}" if row["due"] else None,
            _state_words(row),
            _figure_words(row, catalog),
            _progress_words(row),
        )
        for row in rows
    ]
    title = say(f"{vi_number(len(rows))} nhiệm vụ kết luận", f"{len(rows)} tasks concluded")
    out.print(table(title, heads, drawn, right=(1,)))


def _owner_words(row: dict[str, Any]) -> str | None:
    if row["owner"] and row["named"]:
        heir = f"{row['owner']} {row['owner_name']}"
        return say(f"{heir} (tiếp nhận từ {row['named_name']} cũ)", f"{heir} (heir of the former {row['named_name']})")
    code, name = row["owner"] or row["named"], row["owner_name"] or row["named_name"]
    return f"{code} {name}" if code else None


def _state_words(row: dict[str, Any]) -> str:
    vi, en = STATE_WORDS[ConclusionState(row["state"])]
    return say(vi, en) + (say(" · QUÁ HẠN", " · OVERDUE") if row["overdue"] else "")


def _figure_words(row: dict[str, Any], catalog: Catalog) -> str:
    """``Số ấp nhân rộng 3/≥ 8 (2024-Q2): CHƯA ĐẠT``"""
    indicator = catalog.indicators.get(row["indicator"] or "")
    if indicator is None:
        return ""
    label, quantity = say(indicator.label_vi, indicator.label_en), (vi_quantity if LANG == "vi" else en_quantity)
    reached = row["value"] if row["value"] is not None else row["said"]
    figure = say("chưa có số", "no figure") if reached is None else quantity(reached, row["qualifier"] or "exact")
    where = f" ({row['period']})" if row["period"] else ""
    if row["target"] is None:
        return f"{label}: {figure}{where}"
    goal = f"{DIRECTION_SIGNS[Direction(row['direction'])]} {vi_number(row['target'])}"
    return f"{label}: {figure}{where}, {say('phải đạt', 'target')} {goal}: {_MET[Met(row['met'])]}"


def _progress_words(row: dict[str, Any]) -> str:
    told = row["progress"] or ""
    said = f"{told} = {vi_number(row['said'])}" if row["said"] is not None else told
    return f"{said} ({_SPEAKERS[Speaker(row['speaker'])]} {row['said_of']:%d/%m/%Y})".strip()


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    return {"number": row["number"], "text": row["text"], "asks": row["asks"].split(",")}


def _brief_words(row: dict[str, Any]) -> str:
    due = f"{row['due']:%d/%m/%Y}" if row["due"] else "–"
    owner = _owner_words(row) or "–"
    state = f"{row['conference']} · {row['number']}: {_state_words(row)}"
    return f"{state}; {say('chủ trì', 'owner')} {owner}; {say('hạn', 'due')} {due}"


def _ask(rows: Sequence[dict[str, Any]], code: str | None) -> None:
    """What is missing is asked for each time, with the command that gives it."""
    asked = [row for row in rows if row["asks"]]
    if not asked:
        return
    out.print(
        say(
            f"! {len(asked)} nhiệm vụ chưa đủ chủ trì, hạn hoàn thành:",
            f"! {len(asked)} tasks lack an owner or a due date:",
        )
    )
    for row in asked:
        words = "; ".join(_ASKS[what] for what in row["asks"].split(","))
        out.print(f"  {row['conference']} · {row['number']}: {words}", soft_wrap=True)
    first = asked[0]
    command = f"tongket conference conclusions update {code or first['conference']} {first['number']}"
    out.print(
        f'  {say("Ghi", "Say so")}: {command} --owner MÃ --due 30/06/2026 --reason "…"'
        if LANG == "vi"
        else f'  Say so: {command} --owner CODE --due 2026-06-30 --reason "…"',
        soft_wrap=True,
    )


@conclusions_app.command("show", help=say("mọi điều đã ghi về một nhiệm vụ", "everything that was said of a task"))
def show(
    code: Code,
    number: Annotated[int, typer.Argument(help=say("số thứ tự", "number of the task"), min=1, max=1000)],
    as_json: AsJson = False,
) -> None:
    from warehouse.conclusions import told

    _, engine, _ = _open()
    rows = [row for row in _rows(engine, code) if row["number"] == number]
    if not rows:
        refuse(say(f"Hội nghị {code} không có nhiệm vụ {number}.", f"The conference {code} has no task {number}."))
    story = told(engine, rows[0]["conference"], number).to_dicts()
    if as_json:
        print_json({**finite(rows)[0], "story": finite(story)})
        return
    out.print(_brief_words(rows[0]), soft_wrap=True)
    out.print(rows[0]["text"], soft_wrap=True)
    heads = say("Ghi lúc|Ai|Đến ngày|Điều đã nói|Lý do, nơi ghi|Nay", "Written|Who|As of|What was said|Why, where|Now")
    drawn = [
        (*_said_row(row), "" if row["recorded_to"] is None else say("hết hiệu lực", "not in force")) for row in story
    ]
    out.print(table("", heads.split("|"), drawn))


def _said_row(row: dict[str, Any]) -> tuple[str, ...]:
    from domain.clock import ZONE

    state = say(*STATE_WORDS[ConclusionState(row["state"])]) if row["state"] else ""
    owner = f"{say('chủ trì', 'owner')} {row['owner']}" if row["owner"] else ""
    due = f"{say('hạn', 'due')} {row['due']:%d/%m/%Y}" if row["due"] else ""
    said = "; ".join(part for part in (state, owner, due, row["progress"], row["original_text"]) if part)
    cell = "!".join(part for part in (row["sheet"], row["cell"]) if part)
    why = row["reason"] or f"{say('báo cáo', 'submission')} {row['submission_id']}, {row['file_name']}, {cell}"
    who = row["who"] or _SPEAKERS[Speaker(row["speaker"])]
    return f"{row['recorded_from'].astimezone(ZONE):%d/%m/%Y %H:%M}", who, f"{row['said_of']:%d/%m/%Y}", said, why


# ------------------------------------------------------------------------------------------------ on the board


def print_standing(engine: Engine, unit: str | None) -> None:
    """A line below the status board when conclusions are overdue, or nobody is named for them."""
    from warehouse.conclusions import counted

    counts = counted(engine, unit)
    of_unit = f" --unit {unit}" if unit else ""
    if counts["overdue"]:
        out.print(
            say(
                f"! {vi_number(counts['overdue'])}/{vi_number(counts['open'])} nhiệm vụ kết luận chưa xong đã quá hạn:"
                f" tongket conference conclusions list --overdue{of_unit}",
                f"! {counts['overdue']} of {counts['open']} open conclusions are overdue:"
                f" tongket conference conclusions list --overdue{of_unit}",
            ),
            soft_wrap=True,
        )
    if counts["incomplete"]:
        out.print(
            say(
                f"! {vi_number(counts['incomplete'])} nhiệm vụ kết luận chưa đủ chủ trì, hạn:"
                f" tongket conference conclusions list --open{of_unit}",
                f"! {counts['incomplete']} conclusions lack an owner or a due date:"
                f" tongket conference conclusions list --open{of_unit}",
            ),
            soft_wrap=True,
        )
