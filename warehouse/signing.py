"""Who decides and why: what every act is signed with, and the row it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from domain.act import Act, ActRefusedError
from domain.names import nfc
from warehouse import tables
from warehouse.bulk import next_id
from warehouse.words import Words

#: Characters of a name and of a reason that still fit into a table of decisions.
_LONGEST_NAME, _LONGEST_REASON = 200, 1_000


def sign(who: str, reason: str) -> Words:
    """Who and why, each on one line; refused when one of them says nothing or more than a register can show."""
    name, why = one_line(who), one_line(reason)
    if not name:
        raise ActRefusedError("Thiếu tên người quyết định", "Nobody is named who decides")
    if not why:
        raise ActRefusedError("Thiếu lý do: ghi vì sao, để sau này còn biết", "The reason is missing: say why")
    if len(name) > _LONGEST_NAME:
        raise ActRefusedError(
            f"Tên người quyết định dài {len(name)} ký tự; nhiều nhất {_LONGEST_NAME}",
            f"The name of who decides has {len(name)} characters; {_LONGEST_NAME} at most",
        )
    if len(why) > _LONGEST_REASON:
        raise ActRefusedError(
            f"Lý do dài {len(why)} ký tự; nhiều nhất {_LONGEST_REASON}, văn bản dài thì ghi số hiệu",
            f"The reason has {len(why)} characters; {_LONGEST_REASON} at most: name a long document by its number",
        )
    return name, why


def one_line(text: str) -> str:
    """What a terminal and a table can show: composed, without control characters and doubled spaces."""
    shown = nfc(text)
    if not shown.isprintable():
        shown = "".join(letter if letter.isprintable() else " " for letter in shown)
    return " ".join(shown.split())


def record(
    connection: Connection,
    act: Act,
    signed: Words,
    row: Mapping[str, Any],
    *,
    before: str | None = None,
    after: str | None = None,
    second_person: str | None = None,
) -> int:
    """Write the row of ``action`` and return its number; the moment is taken while nobody else writes, so totals read
    before it are older. ``row``: ``id`` of a submission, ``unit_id`` and ``period_id``, as far as the act is about one.
    """
    number = next_id(connection, tables.action)
    values = {
        "id": number,
        "at": datetime.now(UTC),
        "who": signed[0],
        "what": act.value,
        "reason": signed[1],
        "submission_id": row.get("id"),
        "unit_id": row.get("unit_id"),
        "period_id": row.get("period_id"),
        "before": before,
        "after": after,
        "second_person": second_person,
    }
    connection.execute(tables.action.insert().values(values))
    return number
