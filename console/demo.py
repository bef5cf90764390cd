"""``demo``: the whole story on sample data, in a workspace of its own."""

from __future__ import annotations

import os
import shutil
import time
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from console.output import out, refuse, table
from console.words import LANG, say

#: Says that a folder was made by the demo and may be made anew by it.
MARKER = ".tongket-demo"

#: Units of the generated province, and the period it reports on.
PROVINCE_UNITS = 600
PROVINCE_PERIOD = "2025"
SEED = 2025

#: The year-end conference of the province.
CONFERENCE = "TK-2025"
CONFERENCE_DAY = date(2026, 1, 20)


def register(app: typer.Typer) -> None:
    app.command(help=say("toàn bộ câu chuyện trên số liệu mẫu", "the whole story on sample data"))(demo)


def demo(
    home: Annotated[Path, typer.Option(help=say("thư mục của bản trình diễn", "folder of the demo"))] = Path(
        "demo-workspace"
    ),
    units: Annotated[
        int, typer.Option(help=say("số đơn vị của tỉnh mẫu", "units of the sample province"), min=20)
    ] = PROVINCE_UNITS,
    picture: Annotated[
        Path | None, typer.Option(help=say("lưu hình kết quả (SVG)", "save a picture of the outcome (SVG)"))
    ] = None,
) -> None:
    """File the five source documents' figures and a generated province, ingest both, show what came of it, and hold the
    year-end conference of the province."""
    started = time.perf_counter()
    _fresh(home)
    os.environ["TONGKET_HOME"] = str(home)
    for elsewhere in ("TONGKET_INBOX", "TONGKET_ARCHIVE", "TONGKET_DASK"):
        os.environ[elsewhere] = ""  # everything of the demo is in its folder
    os.environ["TONGKET_ARRIVAL"] = "modified"  # the sample files bear the time they are to have arrived at
    _step(1, say("Tạo không gian làm việc và kho số liệu", "Create the workspace and the warehouse"))
    _initialise()
    _step(
        2, say("Báo cáo của các đơn vị trong năm tài liệu nguồn", "The reports of the units in five source documents")
    )
    _file_sources()
    _step(3, say(f"Một tỉnh mẫu {units} đơn vị, có cài lỗi", f"A sample province of {units} units with planted faults"))
    _file_province(units)
    if picture:
        out.record = True
    _step(4, say("Kết quả", "The outcome"))
    _show_outcome()
    if picture:
        _save_picture(picture)
    _step(5, say("Hội nghị tổng kết: chốt số liệu, tạo bộ tài liệu", "The review conference: freeze, make the pack"))
    _hold_conference()
    out.print(
        say(
            f"\nXong sau {time.perf_counter() - started:.0f} giây.",
            f"\nDone in {time.perf_counter() - started:.0f} seconds.",
        )
    )
    _what_next(home)


def _save_picture(path: Path) -> None:
    """What the outcome looked like, as an SVG that needs no font from elsewhere."""
    import re

    from rich._export_format import CONSOLE_SVG_FORMAT

    plain = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    out.save_svg(str(path), title="tongket demo", code_format=plain, clear=True)
    out.record = False


def _fresh(home: Path) -> None:
    """An empty folder; one made by an earlier demo is made anew, anybody else's is left alone."""
    if home.exists() and any(home.iterdir()):
        if not (home / MARKER).is_file():
            refuse(
                say(
                    f"{home} không trống và không phải của bản trình diễn; chọn thư mục khác bằng --home.",
                    f"{home} is not empty and was not made by the demo; choose another folder with --home.",
                )
            )
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARKER).write_text("made by tongket demo\n", encoding="utf-8")


def _step(number: int, title: str) -> None:
    out.print(f"\n{number}. {title}", style="bold")


def _initialise() -> None:
    from console.common import settings
    from tasks.setup import initialise

    chosen = settings()
    counts = initialise(chosen, chosen.url)
    out.print("   " + " · ".join(f"{count} {name}" for name, count in counts.items()))


def _file_sources() -> None:
    from console.common import settings
    from console.intake import print_report, run_collection
    from examples.sources import filings
    from examples.write import Writer
    from tasks.store import register_of

    chosen = settings()
    catalog = register_of(chosen)
    named = [(f"{filing.unit}_{filing.period}", filing) for filing in filings(catalog)]
    files = Writer(catalog).write_all(named, chosen.workspace.inbox)
    out.print(
        say(f"   {len(files)} tệp trong {chosen.workspace.inbox}", f"   {len(files)} files in {chosen.workspace.inbox}")
    )
    print_report(run_collection(None, chosen.workspace.inbox, []))


def _file_province(units: int) -> None:
    from console.common import open_warehouse
    from console.intake import print_report, run_collection
    from examples.province import make_province
    from examples.stage import stage_province
    from tasks.store import register_of
    from warehouse.registry import import_units

    chosen, engine = open_warehouse()
    province = make_province(SEED, units=units)
    import_units(engine, register_of(chosen), list(province.units))
    catalog = register_of(chosen)
    period = catalog.period(PROVINCE_PERIOD)
    assert period is not None
    began = time.perf_counter()
    count = len(stage_province(catalog, province, period, SEED, chosen.workspace.inbox))
    out.print(
        say(
            f"   {count} tệp viết trong {time.perf_counter() - began:.1f} giây",
            f"   {count} files written in {time.perf_counter() - began:.1f} s",
        )
    )
    print_report(run_collection(PROVINCE_PERIOD, chosen.workspace.inbox, []))


def _show_outcome() -> None:
    from console.common import definitions, open_warehouse
    from console.intake import findings_table
    from console.reading import print_status, print_summary
    from warehouse import queries

    chosen, engine = open_warehouse()
    boards = [
        board for code in queries.periods_with_submissions(engine) for board in queries.status(engine, code, None)
    ]
    print_status([board for board in boards if board["received"]])
    _print_findings_by_rule(queries.finding_counts(engine, PROVINCE_PERIOD).to_dicts())
    worst = queries.findings(engine, period=PROVINCE_PERIOD, severity="critical")
    out.print(findings_table(worst.unique("rule", maintain_order=True).head(6).to_dicts(), unit=True))
    top = queries.top_unit(engine, PROVINCE_PERIOD, "P99")
    if top:
        rows = queries.summary(engine, PROVINCE_PERIOD, top, "review-report").to_dicts()
        told = [row for row in rows if row["value"] is not None and not row["breakdown"]][:18]
        title = say(f"Tổng hợp cuối năm · {top} · {PROVINCE_PERIOD}", f"Year-end summary · {top} · {PROVINCE_PERIOD}")
        print_summary(told, title, definitions(chosen))


def _hold_conference() -> None:
    """Frozen although reports with planted faults are left out; packs for the province and units of each kind below."""
    from console.common import open_warehouse
    from domain.conference import ConferenceKind
    from tasks.conference import Asked, board, freeze, frozen_of, open_conference
    from tasks.packing import make_pack, pack_folder
    from tasks.store import register_of
    from warehouse import queries

    chosen, engine = open_warehouse()
    catalog, who = register_of(chosen), say("Bản trình diễn", "The demo")
    top = queries.top_unit(engine, PROVINCE_PERIOD, "P99")
    assert top is not None
    asked = Asked(top, (PROVINCE_PERIOD,), ConferenceKind.FINAL, CONFERENCE_DAY, code=CONFERENCE)
    open_conference(engine, catalog, asked, who=who)
    for obstacle in board(engine, catalog, CONFERENCE)[1].obstacles:
        out.print("   ! " + say(obstacle.vi, obstacle.en), soft_wrap=True)
    reason = say("báo cáo cài lỗi để trình diễn được để lại", "reports with planted faults are left out")
    held = freeze(engine, catalog, CONFERENCE, who=who, reason=reason, override=True)
    out.print(f"   SHA-256 {held.hash}")
    frozen = frozen_of(engine, CONFERENCE)
    first_of_kind = frozen["units"].filter(depth=1).unique("kind", keep="first", maintain_order=True)["unit"]
    for unit in (top, *first_of_kind):
        folder = pack_folder(chosen.workspace.home, frozen, unit)
        paths = make_pack(frozen, unit, folder, language=LANG)
        out.print(f"   {folder} · {' · '.join(path.name for path in paths)}", soft_wrap=True)


def _print_findings_by_rule(rows: list[dict[str, Any]]) -> None:
    from console.intake import SEVERITIES
    from console.output import coloured

    columns = (say("Mức", "Severity"), say("Quy tắc", "Rule"), say("Nội dung", "What"), say("Số lần", "Times"))
    title = "title_vi" if LANG == "vi" else "title_en"
    shown = [(coloured(SEVERITIES[r["severity"]], r["severity"]), r["rule"], r[title], r["count"]) for r in rows[:15]]
    out.print(table(say("Điều phát hiện, theo quy tắc", "Findings by rule"), columns, shown, right=(3,)))


def _what_next(home: Path) -> None:
    program = "tongket" if shutil.which("tongket") else ".venv/bin/tongket"
    question = "select period, unit_name, value_text from mart_observation where indicator = 'dossiers_received'"
    lines = [
        f"export TONGKET_HOME={home}",
        f"{program} trace --unit UB.12 --period 2014 --indicator dossiers_received",
        f"{program} findings --period {PROVINCE_PERIOD} --severity critical",
        f"{program} template --form review-report --period 2025 --unit DU.12 --out mau.xlsx",
        f'{program} query "{question}"',
        f"{program} conference show {CONFERENCE}",
        f"{program} conference diff {CONFERENCE}",
    ]
    out.print(say("Thử tiếp:", "Try next:"))
    for line in lines:
        out.print("   " + line, soft_wrap=True, markup=False)
