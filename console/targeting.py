"""``targets``: what units are to reach in a year, taken in, written out, and set beside what was reached."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.acting import Who, decider
from console.common import AsJson, UnitOption, definitions, known_unit, open_warehouse
from console.output import REFUSED, finite, out, print_json, refuse, table
from console.registering import fields_told, print_faults
from console.words import LANG, say
from domain.numbers import en_percent, en_quantity, vi_number, vi_percent, vi_quantity
from domain.target import WORDS, Direction, note_in_words

if TYPE_CHECKING:
    from catalog import Catalog
    from tasks.register import Difference
    from warehouse.engine import Engine

targets_app = typer.Typer(help=say("chỉ tiêu giao cho đơn vị", "targets of units"))

#: Of a longer list only the beginning is drawn; ``--json`` has everything.
_MOST_DRAWN = 200

_WHAT = {
    "added": say("giao", "given"),
    "changed": say("sửa", "changed"),
    "removed": say("bỏ", "taken back"),
    "same": say("giữ nguyên", "the same"),
}
_DIRECTIONS = {
    Direction.AT_LEAST.value: say("ít nhất", "at least"),
    Direction.AT_MOST.value: say("không quá", "at most"),
}

Year = Annotated[int, typer.Option(help=say("năm", "year"), min=2000, max=2100)]
AnyYear = Annotated[int | None, typer.Option("--year", help=say("năm", "year"), min=2000, max=2100)]


def register(app: typer.Typer) -> None:
    app.add_typer(targets_app, name="targets")


# ------------------------------------------------------------------------------------------------ import, export


@targets_app.command(
    "import",
    help=say(
        "nạp chỉ tiêu từ tệp CSV, XLSX; nạp cả tệp hoặc không nạp gì",
        "load targets from a CSV or XLSX file; the whole, or nothing",
    ),
)
def targets_import(
    file: Annotated[Path, typer.Argument(help=say("tệp chỉ tiêu", "a file of targets"))],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("chỉ cho xem sẽ thay đổi gì", "only show what would change"))
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help=say("lý do, cần khi sửa hoặc bỏ", "the reason, needed for changes"))
    ] = None,
    who: Who = None,
    as_json: AsJson = False,
) -> None:
    from tasks.targets import TargetsRefusedError, import_targets

    chosen, engine = open_warehouse()
    signed = decider(who)
    try:
        difference = import_targets(engine, definitions(chosen), file, who=signed, reason=reason, dry_run=dry_run)
    except TargetsRefusedError as error:
        print_faults(error.faults, as_json)
        raise typer.Exit(REFUSED) from None
    if as_json:
        print_json(_difference_json(difference, dry_run))
    else:
        _print_difference(difference, dry_run)


def _difference_json(difference: Difference, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        **{what: difference.count("targets", what) for what in _WHAT},
        "not_in_file": difference.beside["targets"],
        "changes": [
            {
                "what": change.what,
                "where": change.where,
                "name": change.name,
                "place": change.place,
                "fields": [{"column": f.column, "before": f.before, "after": f.after} for f in change.fields],
            }
            for change in difference.changes
        ],
    }


def _print_difference(difference: Difference, dry_run: bool) -> None:
    if difference.changes:
        columns = (
            say("Việc", "What"),
            say("Đơn vị · chỉ tiêu · năm", "Unit · indicator · year"),
            say("Tên", "Name"),
            say("Thay đổi", "Change"),
            say("Dòng", "Line"),
        )
        title = say("Sẽ thay đổi", "Would change") if dry_run else say("Đã thay đổi", "Changed")
        drawn = [
            (_WHAT[change.what], change.where, change.name, fields_told(change), change.place)
            for change in difference.changes[:_MOST_DRAWN]
        ]
        out.print(table(title, columns, drawn))
    if len(difference.changes) > _MOST_DRAWN:
        count = len(difference.changes)
        out.print(say(f"… tất cả {count} dòng; xem hết: --json", f"… {count} rows in all; see them with --json"))
    words = " · ".join(f"{word} {difference.count('targets', what)}" for what, word in _WHAT.items())
    out.print(f"{'○' if dry_run else '✓'} {say('chỉ tiêu', 'targets')}: {words}")
    if dry_run:
        out.print(say("Chưa nạp gì (--dry-run).", "Nothing was loaded (--dry-run)."))


@targets_app.command(
    "export",
    help=say(
        "ghi chỉ tiêu đang có hiệu lực ra tệp .xlsx hoặc .csv; nạp lại không đổi gì",
        "write the targets in force as .xlsx or .csv; importing them changes nothing",
    ),
)
def targets_export(
    to: Annotated[Path, typer.Option("--out", help=say("tệp .xlsx hoặc .csv", "a file .xlsx or .csv"))],
    year: AnyYear = None,
    as_json: AsJson = False,
) -> None:
    from tasks.targets import export_targets
    from workbook.register import TooLargeToWriteError

    if to.suffix.lower() not in (".csv", ".xlsx"):
        refuse(say(f"{to.name}: tên tệp phải kết thúc bằng .csv hoặc .xlsx.", f"{to.name} must end in .csv or .xlsx."))
    chosen, engine = open_warehouse()
    try:
        count = export_targets(engine, definitions(chosen), to, year)
    except TooLargeToWriteError as error:
        refuse(say(f"{error.vi}; hãy ghi ra .csv.", f"{error.en}; write .csv instead."))
    if as_json:
        print_json({"file": to, "targets": count})
        return
    out.print(f"✓ {to}: {say(f'{vi_number(count)} chỉ tiêu', f'{count:,} targets')}", soft_wrap=True)


# ------------------------------------------------------------------------------------------------ list


@targets_app.command("list", help=say("liệt kê chỉ tiêu", "list the targets"))
def targets_list(
    unit: UnitOption = None,
    year: AnyYear = None,
    history: Annotated[
        bool, typer.Option("--history", help=say("cả các phiên bản cũ", "older versions as well"))
    ] = False,
    as_json: AsJson = False,
) -> None:
    from warehouse.targets import targets_of

    chosen, engine = open_warehouse()
    known_unit(engine, unit)
    catalog = definitions(chosen)
    found = targets_of(engine, year=year, units=[unit] if unit else None, history=history)
    rows = found.drop("id", "unit_id", "indicator_id").to_dicts()
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(say("Chưa giao chỉ tiêu nào như vậy.", "There is no such target."))
        return
    columns = [
        say("Mã", "Code"),
        say("Đơn vị", "Unit"),
        say("Năm", "Year"),
        say("Chỉ tiêu", "Indicator"),
        say("Mức giao", "Target"),
        say("Căn cứ", "Document"),
    ]
    if history:
        columns += [say("Bản", "Version"), say("Từ lúc", "From"), say("Ai", "Who"), say("Lý do", "Reason")]
    drawn = [_listed(catalog, row, history=history) for row in rows[:_MOST_DRAWN]]
    out.print(table(say("Chỉ tiêu", "Targets"), columns, drawn, right=(4,)))
    if len(rows) > _MOST_DRAWN:
        out.print(say(f"… tất cả {len(rows)} chỉ tiêu; xem hết: --json", f"… {len(rows)} in all; see them with --json"))


def _listed(catalog: Catalog, row: dict[str, Any], *, history: bool) -> Sequence[Any]:
    from domain.clock import ZONE

    cells = [row["unit"], row["unit_name"], str(row["year"]), _label(catalog, row), _asked(catalog, row, "value")]
    cells.append(row["source"])
    if history:
        moment = row["recorded_from"].astimezone(ZONE)
        cells += [row["version"], f"{moment:%d/%m/%Y %H:%M}", row["who"], row["reason"]]
    return cells


def _label(catalog: Catalog, row: dict[str, Any]) -> str:
    known = catalog.indicators.get(row["indicator"])
    return row["indicator"] if known is None else say(known.label_vi, known.label_en)


def _is_rate(catalog: Catalog, indicator: str) -> bool:
    known = catalog.indicators.get(indicator)
    return known is not None and known.is_rate


def _asked(catalog: Catalog, row: dict[str, Any], name: str) -> str:
    if row[name] is None:
        return say("đã bỏ", "taken back")
    return f"{_DIRECTIONS[row['direction']]} {_number(row[name], percent=_is_rate(catalog, row['indicator']))}"


def _number(value: float, qualifier: str = "exact", *, percent: bool) -> str:
    return (vi_quantity if LANG == "vi" else en_quantity)(round(value, 2), qualifier, percent=percent)


# ------------------------------------------------------------------------------------------------ status


@targets_app.command("status", help=say("chỉ tiêu đạt đến đâu", "how far the targets were reached"))
def targets_status(year: Year, unit: UnitOption = None, as_json: AsJson = False) -> None:
    """Every target of a year with what was reached, on how many units that rests, and why where there is no number.

    With --unit that of the unit and of all below it.
    """
    from tasks.targets import attainment_of

    chosen, engine = open_warehouse()
    known_unit(engine, unit)
    catalog = definitions(chosen)
    found = attainment_of(engine, catalog, year, _below(engine, catalog, unit, year) if unit else None)
    rows = [{**row, **_words(row)} for row in finite(found.drop("unit_id").to_dicts())]
    if as_json:
        print_json(rows)
        return
    if not rows:
        out.print(say(f"Năm {year} chưa giao chỉ tiêu nào như vậy.", f"There is no such target for {year}."))
        return
    _print_status(catalog, rows, year)


def _below(engine: Engine, catalog: Catalog, unit: str, year: int) -> list[str]:
    from tasks.targets import units_below

    return units_below(engine, catalog, unit, year)


def _words(row: dict[str, Any]) -> dict[str, str]:
    """The note in both languages, without the outcome that stands beside it."""
    codes = ",".join(code for code in row["note"].split(",") if code != row["outcome"])
    return {"note_vi": note_in_words(codes, "vi"), "note_en": note_in_words(codes, "en")}


def _print_status(catalog: Catalog, rows: list[dict[str, Any]], year: int) -> None:
    columns = (
        say("Đơn vị", "Unit"),
        say("Chỉ tiêu", "Indicator"),
        say("Giao", "Target"),
        say("Thực hiện", "Reached"),
        say("So với mức giao", "Of the target"),
        say("Kết quả", "Outcome"),
        "n/N",
        say("Ghi chú", "Note"),
    )
    drawn = [
        (
            f"{row['unit_name']} ({row['unit']})",
            _label(catalog, row),
            _asked(catalog, row, "target"),
            _reached(catalog, row),
            _attainment(row),
            WORDS[row["outcome"]][0 if LANG == "vi" else 1] if row["outcome"] else "–",
            _coverage(row),
            row[f"note_{LANG}"],
        )
        for row in rows[:_MOST_DRAWN]
    ]
    out.print(table(say(f"Chỉ tiêu năm {year}", f"Targets of {year}"), columns, drawn, right=(2, 3, 4, 6)))
    if len(rows) > _MOST_DRAWN:
        out.print(say(f"… tất cả {len(rows)} chỉ tiêu; xem hết: --json", f"… {len(rows)} in all; see them with --json"))


def _reached(catalog: Catalog, row: dict[str, Any]) -> str:
    if row["value"] is None:
        return say("chưa đủ số liệu", "not enough data")
    return _number(row["value"], row["qualifier"], percent=_is_rate(catalog, row["indicator"]))


def _attainment(row: dict[str, Any]) -> str:
    """``97,5 %``; its bounds where the figure is rough; of rates the points above or below."""
    percent = vi_percent if LANG == "vi" else en_percent
    if row["points"] is not None:
        sign = "+" if row["points"] > 0 else ""
        points = percent(row["points"]).removesuffix(" %").removesuffix("%")
        return f"{sign}{points} {say('điểm %', 'points')}"
    if row["attainment"] is None:
        return "–"
    low, high = row["attainment_lower"], row["attainment_upper"]
    if low == high:
        return percent(row["attainment"], 1)
    return " – ".join("…" if end is None else percent(end, 1) for end in (low, high))


def _coverage(row: dict[str, Any]) -> str:
    if row["value"] is None and row["expected"] is None:
        return "–"
    return f"{vi_number(row['reported'] or 0)}/{vi_number(row['expected'] or 0)}"
