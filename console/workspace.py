"""``init`` and ``doctor``: the workspace and whether everything in it is well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from console.common import AsJson, definitions, settings
from console.output import REFUSED, out, print_json, table
from console.words import say

#: Below this the next quarter's files may not fit.
LOW_DISK_BYTES = 1024**3


def register(app: typer.Typer) -> None:
    app.command(help=say("tạo không gian làm việc và kho số liệu", "create the workspace and the warehouse"))(init)
    app.command(help=say("kiểm tra mọi thứ có sẵn sàng", "check that everything is well"))(doctor)


def init(
    warehouse: Annotated[
        str | None, typer.Option(help=say("địa chỉ kho số liệu", "address of the warehouse"), show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Folders, migrations, definitions and unit register; running it again changes nothing that is up to date."""
    from tasks.setup import initialise
    from warehouse.engine import safe_url

    chosen = settings()
    url = warehouse or chosen.url
    counts = initialise(chosen, url)
    if as_json:
        print_json({"home": chosen.workspace.home, "warehouse": safe_url(url), **counts})
        return
    home, address = chosen.workspace.home, safe_url(url)
    out.print(say(f"✓ Không gian làm việc: {home}", f"✓ Workspace: {home}"), soft_wrap=True)
    out.print(say(f"✓ Kho số liệu: {address}", f"✓ Warehouse: {address}"), soft_wrap=True)
    out.print(
        say(
            "✓ Đã nạp {indicators} chỉ tiêu, {forms} biểu mẫu, {rules} quy tắc, {units} đơn vị",
            "✓ Loaded {indicators} indicators, {forms} forms, {rules} rules, {units} units",
        ).format(**counts)
    )
    if warehouse:
        out.print(
            say(
                "Đặt TONGKET_WAREHOUSE_URL (hoặc ghi vào tệp .env) để các lệnh sau dùng kho này.",
                "Set TONGKET_WAREHOUSE_URL (or write it into .env) so that later commands use this warehouse.",
            )
        )


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that was looked at, what was seen, and what to do when it is not well."""

    name: str
    well: bool
    seen: str
    advice: str = ""


def doctor(as_json: AsJson = False) -> None:
    """Look at settings, definitions, workspace, disk, warehouse and Prefect; exit 2 when something is not well."""
    conditions = list(_conditions())
    if as_json:
        print_json([{"name": c.name, "well": c.well, "seen": c.seen, "advice": c.advice} for c in conditions])
    else:
        rows = [("✓" if c.well else "✗", c.name, c.seen, c.advice) for c in conditions]
        columns = ("", say("Mục", "What"), say("Thấy", "Seen"), say("Nên làm", "Advice"))
        out.print(table(say("Tình trạng", "Condition"), columns, rows))
    if not all(condition.well for condition in conditions):
        raise typer.Exit(REFUSED)


def _conditions() -> Any:
    chosen = settings()
    yield _definitions_condition()
    home = chosen.workspace.home
    yield Condition(
        say("Không gian làm việc", "Workspace"),
        chosen.workspace.exists,
        str(home),
        "" if chosen.workspace.exists else say("Chạy: tongket init", "Run: tongket init"),
    )
    if chosen.workspace.exists:
        yield _disk_condition(chosen)
        yield _inbox_condition(chosen)
        yield from _warehouse_conditions(chosen)
    yield _prefect_condition()


def _definitions_condition() -> Condition:
    from catalog import CatalogError

    name = say("Bộ định nghĩa", "Definitions")
    try:
        catalog = definitions(settings())
    except CatalogError as error:
        return Condition(
            name, False, str(error.faults[0]), say("Chạy: tongket catalog check", "Run: tongket catalog check")
        )
    seen = say(f"{len(catalog.indicators)} chỉ tiêu, {len(catalog.rules)} quy tắc", "")
    return Condition(name, True, seen or f"{len(catalog.indicators)} indicators, {len(catalog.rules)} rules")


def _disk_condition(chosen: Any) -> Condition:
    from tasks.archive import free_bytes

    free = free_bytes(chosen.workspace.home)
    well = free >= LOW_DISK_BYTES
    advice = "" if well else say("Dọn đĩa hoặc chuyển TONGKET_HOME", "Free the disk or move TONGKET_HOME")
    return Condition(say("Đĩa còn trống", "Free disk"), well, f"{free / 1024**3:.1f} GB", advice)


def _inbox_condition(chosen: Any) -> Condition:
    """An inbox that is away looks like an empty one to whoever does not ask."""
    from tasks.archive import closed
    from tasks.places import require

    inbox = chosen.inbox_place
    try:
        require(inbox)
        shut = closed(inbox)
    except OSError as error:
        shut = [error.filename]
    seen = str(inbox) if not shut else say(f"không đọc được: {shut[0]}", f"cannot be read: {shut[0]}")
    advice = say("Kiểm tra ổ đĩa mạng và quyền đọc", "Check the network drive and the permissions")
    return Condition(say("Hộp thư", "Inbox"), not shut, seen, advice if shut else "")


def _archive_condition(chosen: Any, engine: Any) -> Condition:
    """Reports that wait and whose bytes are not where they were kept."""
    from tasks.archive import find
    from tasks.places import missing
    from warehouse import intake

    pending = intake.pending(engine)
    gone = [pending[at] for at in missing([find(chosen.archive_place, item.archive_path) for item in pending])]
    name = say("Tệp lưu trữ của báo cáo đang chờ", "Archived files of what waits")
    if not gone:
        return Condition(name, True, say("đủ", "all there"))
    first = f"{gone[0].submission_id} · {gone[0].archive_path}"
    advice = say(
        'Khôi phục tệp từ bản sao lưu, hoặc rút báo cáo: tongket withdraw SỐ --reason "…"',
        'Bring the file back from a backup, or withdraw the report: tongket withdraw ID --reason "…"',
    )
    return Condition(name, False, say(f"thiếu {len(gone)}: {first}", f"{len(gone)} missing: {first}"), advice)


def _warehouse_conditions(chosen: Any) -> Any:
    from console.faults import explain
    from tasks.store import engine_for
    from warehouse import queries
    from warehouse.engine import safe_url, write
    from warehouse.migrate import is_current

    name = say("Kho số liệu", "Warehouse")
    try:
        engine = engine_for(chosen.url)
        current = is_current(engine)
        counts = queries.counts(engine) if current else {}
        with write(engine):
            pass  # a warehouse that cannot be written to is not well, however readily it answers
    except Exception as error:
        sentence = explain(error)
        if sentence is None:
            raise
        yield Condition(name, False, sentence, say("Kiểm tra máy chủ và địa chỉ", "Check the server and the address"))
        return
    advice = "" if current else say("Chạy: tongket init", "Run: tongket init")
    yield Condition(name, current, safe_url(chosen.url), advice)
    if current:
        yield _runs_condition(engine)
        yield _archive_condition(chosen, engine)
        waiting = counts.get("received", 0)
        yield Condition(
            say("Báo cáo đang chờ xử lý", "Submissions waiting"),
            waiting == 0,
            str(waiting),
            "" if waiting == 0 else say("Chạy: tongket ingest", "Run: tongket ingest"),
        )


def _runs_condition(engine: Any) -> Condition:
    """Runs that say they are running, and whether they are."""
    from warehouse import leases

    runs = leases.running_now(engine)
    dead = [run for run in runs if not run.is_alive]
    seen = say(
        f"{len(runs) - len(dead)} đang chạy, {len(dead)} bị ngắt", f"{len(runs) - len(dead)} running, {len(dead)} died"
    )
    advice = say("Chạy: tongket ingest (tự lấy lại việc dở dang)", "Run: tongket ingest (takes up what was left)")
    return Condition(say("Lượt chạy", "Runs"), not dead, seen, advice if dead else "")


def _prefect_condition() -> Condition:
    import os
    from importlib.metadata import version

    where = os.environ.get("PREFECT_API_URL") or say("máy chủ nhúng", "embedded server")
    return Condition("Prefect", True, f"{version('prefect')} · {where}")
