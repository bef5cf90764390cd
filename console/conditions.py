"""``doctor``: is everything well, and what is to be done where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from console.common import AsJson, settings
from console.output import REFUSED, out, print_json, table
from console.words import say

if TYPE_CHECKING:
    from catalog.register import Said
    from tasks.condition import Condition

_SIGNS = {"well": ("✓", "green"), "attention": ("!", "yellow"), "fault": ("✗", "bold red")}


def register(app: typer.Typer) -> None:
    app.command(help=say("kiểm tra mọi thứ có sẵn sàng", "check that everything is well"))(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Look at settings, definitions, workspace, disk, warehouse, calendar, notices, backups, Prefect and mail.

    ✓ well · ! it works, somebody should see to it · ✗ it does not work: exit 2.
    """
    from tasks.health import conditions

    chosen = settings()
    seen = list(conditions(chosen))
    if as_json:
        print_json([_as_row(condition) for condition in seen])
    else:
        rows = [_as_line(condition) for condition in seen]
        columns = ("", say("Mục", "What"), say("Thấy", "Seen"), say("Nên làm", "Advice"))
        out.print(table(say("Tình trạng", "Condition"), columns, rows))
    if any(condition.is_fault for condition in seen):
        raise typer.Exit(REFUSED)


def _as_row(condition: Condition) -> dict[str, Any]:
    """``well`` is false where something does not work; ``level`` says more."""
    return {
        "code": condition.code,
        "name": _told(condition.name),
        "level": condition.level.word,
        "well": not condition.is_fault,
        "seen": _told(condition.seen),
        "advice": _told(condition.advice),
    }


def _as_line(condition: Condition) -> tuple[Text, str, str, str]:
    sign, style = _SIGNS[condition.level.word]
    return Text(sign, style=style), _told(condition.name), _told(condition.seen), _told(condition.advice)


def _told(said: Said) -> str:
    return say(said.vi, said.en)
