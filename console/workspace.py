"""``init``: the workspace and the warehouse."""

from __future__ import annotations

from typing import Annotated

import typer

from console.common import AsJson, settings
from console.output import out, print_json
from console.words import say


def register(app: typer.Typer) -> None:
    app.command(help=say("tạo không gian làm việc và kho số liệu", "create the workspace and the warehouse"))(init)


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
