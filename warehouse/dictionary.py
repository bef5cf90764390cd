"""The data dictionary, written from the comments of the tables; ``python -m warehouse.dictionary`` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

from warehouse import (
    conclusion_tables,
    conference_tables,
    fact_tables,
    intake_tables,
    notice_tables,
    registry_tables,
    review_tables,
    schedule_tables,
)
from warehouse.mart_words import VIEW_COLUMNS
from warehouse.marts import VIEW_WORDS, views
from warehouse.tables import metadata

_ROOMS = (
    ("Danh mục · Registry", registry_tables),
    ("Tiếp nhận · Intake", intake_tables),
    ("Số liệu và tổng hợp · Facts and marts", fact_tables),
    ("Hội nghị · Conferences", conference_tables),
    ("Chỉ tiêu và xếp loại · Targets and ratings", review_tables),
    ("Kết luận hội nghị · Conclusions", conclusion_tables),
    ("Lịch · Schedule", schedule_tables),
    ("Thông báo · Notices", notice_tables),
)

_HEAD = """\
# Từ điển dữ liệu · Data dictionary

Sinh ra từ chú thích của các bảng; không sửa tay.
Generated from the comments of the tables, never by hand: `python -m warehouse.dictionary > docs/data-dictionary.md`

Trên SQLite, thời điểm được lưu bằng chữ theo giờ UTC. · On SQLite moments are text in UTC.
"""

_AS_OF = """\
### `observation_as_of(timestamptz)`

Trên PostgreSQL: `mart_observation` như được tin vào một thời điểm. Trên SQLite: `tongket query --as-of`.
On PostgreSQL: `mart_observation` as it was believed at a moment. On SQLite: `tongket query --as-of`.

```sql
SELECT unit, indicator, value FROM observation_as_of('2026-01-15 08:00+07') WHERE period = '2025'
```
"""


def data_dictionary() -> str:
    """Every table and column in Vietnamese and English, as Markdown."""
    parts = [_HEAD]
    for title, room in _ROOMS:
        parts.append(f"## {title}\n")
        parts.extend(_table(table) for table in _tables_of(room))
    parts.append("## Khung nhìn · Views\n")
    parts.extend(_view(name, query) for name, query in views("postgresql").items())
    parts.append(_AS_OF)
    return "\n".join(parts)


def _tables_of(room: Any) -> Iterator[Table]:
    """Tables in the order they are declared in."""
    for value in vars(room).values():
        if isinstance(value, Table) and value.metadata is metadata:
            yield value


def _table(table: Table) -> str:
    vi, en = _both(table.comment)
    rows = "\n".join(_row(column) for column in table.columns)
    return (
        f"### `{table.name}`\n\n{vi}.\n{en}.\n\n"
        f"| cột · column | kiểu · type | nghĩa | meaning |\n| --- | --- | --- | --- |\n{rows}\n"
    )


def _row(column: Column[Any]) -> str:
    vi, en = _both(column.comment)
    kind = column.type.compile(dialect=postgresql.dialect()).lower()  # type: ignore[no-untyped-call]
    marks = [
        kind,
        *(["khóa · key"] if column.primary_key else []),
        *(["trống được · nullable"] if column.nullable else []),
    ]
    points = "".join(f" → `{key.target_fullname}`" for key in sorted(column.foreign_keys, key=str))
    return f"| `{column.name}`{points} | {', '.join(marks)} | {vi} | {en} |"


def _view(name: str, query: str) -> str:
    vi, en = _both(VIEW_WORDS[name])
    rows = "\n".join("| `{}` | {} | {} |".format(column, *_both(said)) for column, said in VIEW_COLUMNS[name].items())
    return (
        f"### `{name}`\n\n{vi}.\n{en}.\n\n| cột · column | nghĩa | meaning |\n| --- | --- | --- |\n{rows}\n\n"
        f"```sql\n{query.rstrip()}\n```\n"
    )


def _both(comment: str | None) -> tuple[str, str]:
    vi, _, en = (comment or "").partition(" | ")
    return vi, en


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
