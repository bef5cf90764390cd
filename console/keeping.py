"""``role``, ``export``, ``backup`` and ``restore``: what leaves the warehouse whole, and comes back."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from console.output import refuse
from console.words import say


def register(app: typer.Typer) -> None:
    app.command(help=say("SQL tạo vai trò PostgreSQL chỉ đọc", "SQL that makes a PostgreSQL role which only reads"))(
        role
    )


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
