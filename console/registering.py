"""``units``: the register of units, taken in, written out, looked up and drawn."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console.acting import Who, decider
from console.common import AsJson, UnitOption, definitions, known_day, known_unit, open_warehouse, settings
from console.output import REFUSED, out, print_json, refuse, table
from console.words import LANG, say
from domain.numbers import vi_number

if TYPE_CHECKING:
    from catalog.lookup import Became, Candidate, Found
    from catalog.model import UnitRecord
    from catalog.register import RowFault
    from tasks.register import Change, Difference
    from tasks.settings import Settings

units_app = typer.Typer(help=say("danh mục đơn vị", "the register of units"))
AsOf = Annotated[
    str | None, typer.Option("--as-of", help=say("theo ngày, ví dụ 2025-06-30", "on a day, e.g. 2025-06-30"))
]

#: Of a longer list only the beginning is drawn; ``--json`` has everything.
_MOST_DRAWN = 200
_MOST_NOTICES = 10

_WHAT = {
    "added": say("thêm", "added"),
    "changed": say("sửa", "changed"),
    "ended": say("kết thúc", "ended"),
    "removed": say("hủy", "taken back"),
    "same": say("giữ nguyên", "the same"),
}
_TABLES = {"units": say("đơn vị", "units"), "events": say("sự kiện", "events")}
#: What can happen to the rows of each table.
_CAN_BE = {"units": ("added", "changed", "ended", "same"), "events": ("added", "changed", "removed", "same")}


def register(app: typer.Typer) -> None:
    app.add_typer(units_app, name="units")


# ------------------------------------------------------------------------------------------------ import, export


@units_app.command(
    "import",
    help=say(
        "nạp danh mục đơn vị và sự kiện từ tệp CSV, XLSX; nạp cả tệp hoặc không nạp gì",
        "load units and events from CSV or XLSX files; the whole, or nothing",
    ),
)
def units_import(
    files: Annotated[list[Path], typer.Argument(help=say("tệp đơn vị, tệp sự kiện", "files of units, of events"))],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("chỉ cho xem sẽ thay đổi gì", "only show what would change"))
    ] = False,
    reason: Annotated[str, typer.Option(help=say("lý do, được ghi lại", "the reason, kept on record"))] = "",
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    """What changed is on record: who, when, from which files; `retry --mended` then offers what it can touch."""
    from tasks.register import RegisterRefusedError, import_register

    chosen, engine = open_warehouse()
    try:
        signed = {"who": decider(who), "reason": reason}
        difference = import_register(engine, definitions(chosen), files, dry_run=dry_run, **signed)
    except RegisterRefusedError as error:
        print_faults(error.faults, as_json)
        raise typer.Exit(REFUSED) from None
    refreshed = 0
    if not dry_run and difference.changes:
        from tasks.acting import refresh_after_register

        refreshed = refresh_after_register(chosen)
    if as_json:
        print_json(_difference_json(difference, dry_run))
        return
    _print_difference(difference, dry_run)
    if difference.changes and not dry_run:
        _print_mended(chosen)
    if refreshed:
        out.print(say(f"✓ Đã tính lại {refreshed} bảng tổng hợp", f"✓ {refreshed} tables of totals were computed anew"))


def _print_mended(chosen: Settings) -> None:
    """Reports that were turned back and may pass now."""
    from tasks.retrying import Wanted, choose

    count = choose(chosen, Wanted(mended=True)).taken.height
    if count:
        out.print(
            say(
                f"→ {vi_number(count)} báo cáo bị trả lại nay có thể khác: tongket retry --mended --dry-run --reason …",
                f"→ {count:,} failed reports may come out otherwise: tongket retry --mended --dry-run --reason …",
            ),
            soft_wrap=True,
        )


def print_faults(faults: Sequence[RowFault], as_json: bool) -> None:
    from tasks.register import sentences

    if as_json:
        print_json({"faults": [fault_json(fault) for fault in faults]})
        return
    columns = (
        say("Tệp", "File"),
        say("Dòng", "Line"),
        say("Cột", "Column"),
        say("Sai gì", "What is wrong"),
        say("Cần làm gì", "What to do"),
    )
    title = say(f"Không nạp gì: {len(faults)} chỗ sai", f"Nothing was loaded: {len(faults)} faults")
    out.print(table(title, columns, sentences(faults, LANG == "vi")))


def fault_json(fault: RowFault) -> dict[str, Any]:
    said, advice = fault.what, fault.advice
    return {
        "file": fault.file,
        "sheet": fault.sheet,
        "line": fault.line or None,
        "column": fault.column,
        "where": fault.where,
        "what": say(said.vi, said.en),
        "to_do": say(advice.vi, advice.en),
    }


def _difference_json(difference: Difference, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        **{name: {what: difference.count(name, what) for what in _CAN_BE[name]} for name in _CAN_BE},
        "not_in_files": difference.beside,
        "changes": [
            {
                "table": change.table,
                "what": change.what,
                "where": change.where,
                "name": change.name,
                "place": change.place,
                "fields": [{"column": f.column, "before": f.before, "after": f.after} for f in change.fields],
            }
            for change in difference.changes
        ],
        "notices": [fault_json(notice) for notice in difference.notices],
    }


def _print_difference(difference: Difference, dry_run: bool) -> None:
    if difference.changes:
        columns = (
            say("Việc", "What"),
            say("Đơn vị, sự kiện", "Unit, event"),
            say("Tên", "Name"),
            say("Thay đổi", "Change"),
            say("Dòng", "Line"),
        )
        drawn = [
            (_WHAT[change.what], change.where, change.name, fields_told(change), change.place)
            for change in difference.changes[:_MOST_DRAWN]
        ]
        title = say("Sẽ thay đổi", "Would change") if dry_run else say("Đã thay đổi", "Changed")
        out.print(table(title, columns, drawn))
    if len(difference.changes) > _MOST_DRAWN:
        count = len(difference.changes)
        out.print(say(f"… tất cả {count} dòng; xem hết: --json", f"… {count} rows in all; see them with --json"))
    _print_notices(difference.notices)
    for name in _CAN_BE:
        counts = [(what, difference.count(name, what)) for what in _CAN_BE[name]]
        if name == "units" or any(count for _, count in counts):
            words = " · ".join(f"{_WHAT[what]} {count}" for what, count in counts)
            out.print(f"{'○' if dry_run else '✓'} {_TABLES[name]}: {words}")
    if dry_run:
        out.print(
            say(
                "Chưa nạp gì (--dry-run). Bỏ --dry-run để nạp.",
                "Nothing was loaded (--dry-run). Leave it out to load.",
            )
        )


def fields_told(change: Change) -> str:
    return "; ".join(f"{field.column}: {field.before or '–'} → {field.after or '–'}" for field in change.fields)


def _print_notices(notices: Sequence[RowFault]) -> None:
    from tasks.register import sentences

    for place, line, column, what, advice in sentences(notices[:_MOST_NOTICES], LANG == "vi"):
        out.print(f"! {place} · {line} {column}: {what}. {advice[:1].upper()}{advice[1:]}.")
    if len(notices) > _MOST_NOTICES:
        out.print(say(f"! … tất cả {len(notices)} chỗ như vậy", f"! … {len(notices)} such places in all"))


@units_app.command(
    "export",
    help=say(
        "ghi toàn bộ danh mục ra tệp .xlsx hoặc .csv; nạp lại không đổi gì",
        "write the whole register as .xlsx or .csv; importing it changes nothing",
    ),
)
def units_export(
    to: Annotated[Path, typer.Option("--out", help=say("tệp .xlsx hoặc .csv", "a file .xlsx or .csv"))],
    as_json: AsJson = False,
) -> None:
    from tasks.register import export_register
    from workbook.register import TooLargeToWriteError

    _known_ending(to)
    _, engine = open_warehouse()
    try:
        written = export_register(engine, to)
    except TooLargeToWriteError as error:
        refuse(say(f"{error.vi}; hãy ghi ra .csv.", f"{error.en}; write .csv instead."))
    if as_json:
        print_json([str(path) for path in written])
        return
    for path in written:
        out.print(f"✓ {path}", soft_wrap=True)


# ------------------------------------------------------------------------------------------------ find


@units_app.command(
    "nation",
    help=say(
        "lập tệp đơn vị hành chính cả nước trước và sau 1/7/2025, để xem rồi nạp",
        "make register files of the nation's units before and after 1/7/2025, to look at and import",
    ),
)
def units_nation(
    lists: Annotated[
        Path,
        typer.Argument(help=say("gói vietnamadminunits (.whl) đã tải về", "the downloaded vietnamadminunits .whl")),
    ],
    to: Annotated[Path, typer.Option("--out", help=say("tệp .xlsx hoặc .csv", "a file .xlsx or .csv"))],
    party: Annotated[
        bool, typer.Option("--party", help=say("kèm cấp ủy của từng địa bàn", "with the party committee of each"))
    ] = False,
    state: Annotated[
        bool, typer.Option("--state", help=say("kèm UBND của từng địa bàn", "with the people's committee of each"))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Nothing is changed: what the register lacks is written, for `units import --dry-run` and `units import`."""
    from tasks.nation import write_nation
    from workbook.nation import NationListsError

    _known_ending(to)
    _, engine = open_warehouse()
    bodies = [name for name, is_wanted in (("party", party), ("state", state)) if is_wanted]
    try:
        written = write_nation(engine, lists, to, bodies)
    except NationListsError as error:
        refuse(f"{error.vi if LANG == 'vi' else error.en}.")
    differing = [{"code": unit.code, "register": unit.name, "list": name} for unit, name in written.differing]
    if as_json:
        files = [str(path) for path in written.files]
        print_json({"files": files, "units": written.units, "events": written.events, "differing": differing})
        return
    if written.units == written.events == 0:
        out.print(say("✓ Danh mục đã có đủ, không thiếu gì.", "✓ The register has them all."))
        return
    for path in written.files:
        out.print(f"✓ {path}", soft_wrap=True)
    units, events = vi_number(written.units), vi_number(written.events)
    out.print(say(f"  {units} đơn vị, {events} sự kiện", f"  {written.units:,} units, {written.events:,} events"))
    for row in differing[:_MOST_NOTICES]:
        said = say(
            "! {code}: danh mục đang ghi “{register}”, danh sách ghi “{list}”; giữ tên đang có",
            "! {code}: the register says “{register}”, the list “{list}”; the former stays",
        )
        out.print(said.format(**row), soft_wrap=True)
    if len(differing) > _MOST_NOTICES:
        out.print(f"  … {len(differing) - _MOST_NOTICES}")
    named = " ".join(map(str, written.files))
    out.print(
        say(f"Xem rồi nạp: tongket units import {named} --dry-run", f"Then: tongket units import {named} --dry-run")
    )


def _known_ending(to: Path) -> None:
    if to.suffix.lower() not in (".csv", ".xlsx"):
        refuse(say(f"{to.name}: tên tệp phải kết thúc bằng .csv hoặc .xlsx.", f"{to.name} must end in .csv or .xlsx."))


@units_app.command(
    "find",
    help=say(
        "tìm đơn vị theo mã hoặc tên, kể cả đơn vị cũ và nơi nó đã nhập vào",
        "find a unit by code or name, former ones and where they went included",
    ),
)
def units_find(
    text: Annotated[str, typer.Argument(help=say("mã hoặc tên, có dấu hay không", "a code or a name"))],
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    from catalog.lookup import UnitFinder
    from tasks.store import register_of

    day = known_day(as_of or _today())
    open_warehouse()
    found = UnitFinder(register_of(settings())).find(text, day)
    if as_json:
        print_json(_found_json(found))
        return
    if not found.candidates:
        refuse(
            say(
                f"Không có đơn vị nào mang mã hoặc tên {text!r}. Xem: tongket units list",
                f"No unit bears the code or name {text!r}. See: tongket units list",
            )
        )
    columns = (
        say("Mã", "Code"),
        say("Tên", "Name"),
        say("Thuộc", "Under"),
        say("Tồn tại", "Lived"),
        say(f"Vào ngày {day:%d/%m/%Y}", f"On {day}"),
    )
    rows = [
        (item.unit.code, item.unit.name, _path(item.path), _lived(item.unit), _state(item)) for item in found.candidates
    ]
    out.print(table(_heading(found), columns, rows))


# ------------------------------------------------------------------------------------------------ mapping

_SHARES = {"full": say("toàn bộ", "the whole"), "partial": say("một phần", "a part"), None: "–"}
_COMPARABLE = {
    "full": say("so sánh được", "comparable"),
    "partial": say("so sánh một phần", "in part"),
    "none": say("không so sánh được", "not comparable"),
}
_REASONS = {
    "unchanged": say("không đổi", "unchanged"),
    "continued": say("đổi tên, đổi mã hoặc cấp trên", "renamed or under another superior"),
    "merged": say("sáp nhập toàn bộ", "merged whole"),
    "split": say("bị chia", "was divided"),
    "received_parts": say("nhận một phần đơn vị khác", "took parts of others"),
    "ended_untold": say("kết thúc, danh mục không ghi đi đâu", "ended; where to is not in the register"),
    "began_untold": say("mới, danh mục không ghi từ đâu", "new; where from is not in the register"),
}


@units_app.command(
    "mapping",
    help=say("đơn vị cũ nay là đơn vị nào, giữa hai ngày", "which units of one day are which of another"),
)
def units_mapping(
    since: Annotated[str, typer.Option("--from", help=say("ngày trước, ví dụ 2025-06-30", "the day before"))],
    to: Annotated[str, typer.Option("--to", help=say("ngày sau, ví dụ 2025-07-01", "the day after"))],
    unit: UnitOption = None,
    output: Annotated[
        Literal["table", "csv", "json"],
        typer.Option(
            "--format",
            help=say(
                "cách in: bảng chỉ có dòng thay đổi; csv, json có mọi dòng",
                "how to print: tables show what changed, csv and json every row",
            ),
        ),
    ] = "table",
    as_json: AsJson = False,
) -> None:
    """A row a pair of old and new unit; with --unit only of it and what is below, on either day."""
    from tasks.register import mapping

    then, now = known_day(since), known_day(to)
    if then > now:
        refuse(
            say(f"--from {then} sau --to {now}; đổi chỗ hai ngày.", f"--from {then} is after --to {now}; swap them.")
        )
    _, engine = open_warehouse()
    known_unit(engine, unit)
    rows = mapping(engine, then, now, unit)
    if as_json or output == "json":
        print_json(rows.to_dicts())
    elif output == "csv":
        from workbook.tabular import disarmed

        sys.stdout.write(disarmed(rows).write_csv())
    else:
        _print_mapping(rows.to_dicts(), then, now)


def _print_mapping(rows: list[dict[str, Any]], then: date, now: date) -> None:
    changed = [row for row in rows if row["reason"] != "unchanged"]
    columns = (
        say(f"Ngày {then:%d/%m/%Y}", f"On {then}"),
        say(f"Ngày {now:%d/%m/%Y}", f"On {now}"),
        say("Chuyển", "How much"),
        say("So sánh", "Comparison"),
        say("Vì", "Because"),
        say("Văn bản", "Document"),
    )
    drawn = [
        (
            _side(row, "then"),
            _side(row, "now"),
            _SHARES[row["share"]],
            _COMPARABLE[row["comparable"]],
            _REASONS[row["reason"]],
            row["documents"],
        )
        for row in changed[:_MOST_DRAWN]
    ]
    if drawn:
        out.print(table(say("Đơn vị cũ và mới", "Old and new units"), columns, drawn))
    if len(changed) > _MOST_DRAWN:
        count = vi_number(len(changed))
        out.print(say(f"… tất cả {count} dòng; xem hết: --format csv", f"… {count} rows in all: --format csv"))
    same = vi_number(len(rows) - len(changed))
    out.print(say(f"{same} đơn vị không đổi.", f"{same} units are unchanged."))


def _side(row: dict[str, Any], side: str) -> str | None:
    return f"{row[f'name_{side}']} {row[f'code_{side}']}" if row[f"code_{side}"] else None


# ------------------------------------------------------------------------------------------------ found


def _heading(found: Found) -> str:
    if found.sure:
        return say(f"Tìm thấy {found.sure.unit.name}", f"Found {found.sure.unit.name}")
    count = len(found.candidates)
    return say(
        f"{count} đơn vị có thể là {found.text!r}: hãy chọn theo mã",
        f"{count} units may be {found.text!r}: choose by the code",
    )


def _path(units: Sequence[UnitRecord]) -> str:
    return " › ".join(unit.name for unit in reversed(units)) or "–"


def _lived(unit: UnitRecord) -> str:
    return f"{unit.valid_from:%d/%m/%Y} – {f'{unit.valid_to:%d/%m/%Y}' if unit.valid_to else ''}".rstrip()


def _state(item: Candidate) -> str:
    if item.standing == "living":
        return say("đang tồn tại", "lives")
    if item.standing == "later":
        return say("chưa thành lập", "not yet founded")
    return "; ".join(_became(end) for end in item.became)


def _became(end: Became) -> str:
    documents = f" ({'; '.join(end.documents)})" if end.documents else ""
    if end.unit is None:
        return (
            say("đã kết thúc, danh mục không ghi đi đâu", "ended; the register does not say where it went") + documents
        )
    where = f"{end.unit.name} {end.unit.code}"
    if end.whole:
        return say(f"nay ở trong {where}", f"now in {where}") + documents
    return say(f"một phần nay ở trong {where}", f"a part is now in {where}") + documents


def _found_json(found: Found) -> dict[str, Any]:
    return {
        "text": found.text,
        "as_of": found.day,
        "sure": found.sure is not None,
        "candidates": [
            {
                **_unit_json(item.unit),
                "match": item.match.value,
                "standing": item.standing.value,
                "path": [_named(unit) for unit in item.path],
                "became": [
                    {
                        "unit": _named(end.unit) if end.unit else None,
                        "share": "full" if end.whole else "partial",
                        "documents": list(end.documents),
                    }
                    for end in item.became
                ],
            }
            for item in found.candidates
        ],
    }


def _unit_json(unit: UnitRecord) -> dict[str, Any]:
    names = ("code", "name", "kind", "parent", "valid_from", "valid_to", "source")
    return {name: getattr(unit, name) for name in names}


def _named(unit: UnitRecord) -> dict[str, Any]:
    return {"code": unit.code, "valid_from": unit.valid_from, "name": unit.name}


# ------------------------------------------------------------------------------------------------ list, tree


@units_app.command("list", help=say("liệt kê đơn vị", "list the units"))
def units_list(
    as_of: AsOf = None,
    kind: Annotated[str | None, typer.Option(help=say("mã loại đơn vị", "code of a kind of unit"))] = None,
    as_json: AsJson = False,
) -> None:
    if kind is not None and kind not in (kinds := definitions(settings()).unit_kinds):
        known = ", ".join(kinds)
        refuse(say(f"Không có loại đơn vị {kind!r}; có: {known}", f"There is no kind {kind!r}; there are: {known}"))
    rows = [row for row in _units(as_of) if kind is None or row["kind"] == kind]
    if as_json:
        print_json(rows)
        return
    columns = (
        say("Mã", "Code"),
        say("Tên", "Name"),
        say("Loại", "Kind"),
        say("Thuộc", "Parent"),
        say("Từ", "From"),
        say("Đến", "To"),
    )
    keys = ("code", "name", "kind", "parent", "valid_from", "valid_to")
    out.print(table(say("Đơn vị", "Units"), columns, [tuple(row[key] for key in keys) for row in rows]))


@units_app.command("tree", help=say("cây đơn vị", "the tree of units"))
def units_tree(as_of: AsOf = None, unit: UnitOption = None, as_json: AsJson = False) -> None:
    from rich.tree import Tree

    rows = _tree_rows(known_day(as_of or _today()))
    if as_json:
        print_json(rows)
        return
    children: dict[str | None, list[dict[str, Any]]] = {}
    for row in rows:
        children.setdefault(row["parent"], []).append(row)
    codes = {row["code"] for row in rows}
    if unit is not None and unit not in codes:
        refuse(say(f"Không có đơn vị {unit!r} vào ngày này.", f"There is no unit {unit!r} on this day."))
    roots = [row for row in rows if row["code"] == unit] if unit else [r for r in rows if r["parent"] not in codes]
    tree = Tree(say("Đơn vị", "Units"))
    _grow(tree, roots, children)
    out.print(tree)


def _grow(tree: Any, rows: list[dict[str, Any]], children: dict[str | None, list[dict[str, Any]]]) -> None:
    from rich.text import Text

    for row in rows:
        branch = tree.add(Text.assemble(row["name"], (f"  {row['code']}", "dim")))
        _grow(branch, children.get(row["code"], []), children)


def _tree_rows(day: date) -> list[dict[str, Any]]:
    """The register of a day, each unit with its superior of that day: the heir of one that was merged away."""
    from warehouse import queries

    _, engine = open_warehouse()
    parents = queries.unit_tree(engine, day).select("parent", code="unit")
    units = queries.units(engine, day).drop("parent")
    return units.join(parents, on="code", how="left", maintain_order="left").to_dicts()


def _units(as_of: str | None) -> list[dict[str, Any]]:
    """The register as the warehouse holds it; living on a day, or its whole history."""
    from warehouse import queries

    _, engine = open_warehouse()
    return queries.units(engine, known_day(as_of) if as_of else None).to_dicts()


def _today() -> str:
    from domain.clock import today

    return today().isoformat()
