"""``role``, ``export``, ``backup`` and ``restore``: what leaves the warehouse whole, and comes back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from console.common import AsJson, UnitOption, a_moment, definitions, known_period, known_unit, open_warehouse
from console.output import out as printed
from console.output import print_json, refuse, table
from console.words import say


def register(app: typer.Typer) -> None:
    app.command(help=say("SQL tạo vai trò PostgreSQL chỉ đọc", "SQL that makes a PostgreSQL role which only reads"))(
        role
    )
    app.command(help=say("xuất một kỳ ra Parquet, CSV hoặc Excel", "a period as Parquet, CSV or Excel"))(export)


def role(
    name: Annotated[str, typer.Option(help=say("tên vai trò", "name of the role"))],
    timeout: Annotated[
        int, typer.Option(help=say("số giây tối đa của một câu hỏi", "most seconds of a question"), min=1, max=86_400)
    ] = 60,
    schema: Annotated[str, typer.Option(help=say("lược đồ chứa kho", "schema that holds the warehouse"))] = "public",
) -> None:
    """Printed, not run: whoever owns the warehouse looks at it first. It holds no password."""
    from warehouse.roles import reader_script

    try:
        sys.stdout.write(reader_script(name, seconds=timeout, schema=schema))
    except ValueError:
        refuse(
            say(
                "Tên vai trò và lược đồ chỉ gồm chữ thường không dấu, chữ số và _; ví dụ phan_tich.",
                "A role and a schema are named with lower-case letters, digits and _ only, such as phan_tich.",
            )
        )


def export(
    period: Annotated[str, typer.Option(help=say("mã kỳ báo cáo", "period code"))],
    out: Annotated[Path, typer.Option(help=say("thư mục để ghi", "folder to write to"))],
    chosen_format: Annotated[
        Literal["parquet", "csv", "xlsx"], typer.Option("--format", help=say("loại tệp", "kind of file"))
    ] = "parquet",
    unit: UnitOption = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help=say("số liệu được tin vào lúc đó", "figures as believed at that moment")),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Figures in words, totals with coverage, findings, status; with --as-of the figures alone, which have a past."""
    from tasks.exporting import Wanted
    from tasks.exporting import export as written

    chosen, engine = open_warehouse()
    known_period(definitions(chosen), period)
    known_unit(engine, unit)
    told = written(engine, Wanted(period, chosen_format, unit, a_moment(as_of)), out)
    if as_json:
        print_json(told)
        return
    rows = [(file["name"], file["rows"], file["size"], file["sha256"][:16] + "…") for file in told["files"]]
    columns = (say("Tệp", "File"), say("Dòng", "Rows"), say("Byte", "Bytes"), "SHA-256")
    printed.print(table(say(f"Đã xuất kỳ {period} vào {out}", f"{period} is in {out}"), columns, rows, right=(1, 2)))
