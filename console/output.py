"""What the commands print: tables and sentences for people, JSON for programs."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.numbers import vi_number

#: Columns when the output goes to a file or a pipe, where nothing says how wide a line may be.
WIDTH_OF_A_PIPE = 160

#: File names and whatever else comes from outside is text, never markup.
out = Console(
    highlight=False,
    markup=False,
    emoji=False,
    width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH_OF_A_PIPE,
)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)

#: Exit codes: 1 a file would be rejected, 2 the request cannot be carried out, 3 a strict run had rejections.
WOULD_REJECT, REFUSED, HAD_REJECTIONS = 1, 2, 3

STYLE = {
    "critical": "bold red",
    "warning": "yellow",
    "info": "cyan",
    "accepted": "green",
    "accepted_with_warnings": "yellow",
    "rejected": "bold red",
    "unreadable": "bold red",
    "missing": "dim",
    "late": "yellow",
    "received": "cyan",
    "superseded": "dim",
    "withdrawn": "dim",
}


def refuse(sentence: str) -> NoReturn:
    """Say why nothing was done, and end with exit code 2."""
    err.print(Text("✗ " + sentence, style="red"), soft_wrap=True)
    raise typer.Exit(REFUSED)


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Path | timedelta | Decimal | time | UUID):  # what a question in SQL may be answered with
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def finite(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without infinities, which JSON cannot write: an open bound is null."""
    return [
        {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in row.items()} for row in rows
    ]


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[int] = ()) -> Table:
    """A table whose cells are plain text (nothing a unit wrote is taken for markup)."""
    built = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    for index, column in enumerate(columns):
        built.add_column(column, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        built.add_row(*(_cell(value) for value in row))
    return built


def _cell(value: Any) -> Text:
    if isinstance(value, Text):
        return value
    if value is None:
        return Text("–", style="dim")
    if isinstance(value, bool):
        return Text("✓" if value else "–")
    if isinstance(value, int | float):
        return Text(vi_number(value))
    return Text(str(value), style=STYLE.get(str(value), ""))


def coloured(word: str, key: str) -> Text:
    """``word`` in the colour of the state or severity ``key``."""
    return Text(word, style=STYLE.get(key, ""))
