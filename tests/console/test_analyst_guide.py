"""The guide for analysts: every question is asked in SQL of either database and in polars of an export; all agree."""

from __future__ import annotations

import math
import re
import shlex
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.commands import run_here
from tests.conftest import Collected
from warehouse.asking import run_sql
from warehouse.engine import make_reader

GUIDE = (Path(__file__).parents[2] / "docs" / "analyst-guide.md").read_text(encoding="utf-8")
QUESTION = re.compile(
    r"^## (?P<number>\d+)\. (?P<title>.*?)$.*?```sql\n(?P<sql>.*?)```.*?```python\n(?P<python>.*?)```", re.M | re.S
)


def _block(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL)
    assert found
    return found[1]


def _rows(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    """In an order of their own, numbers to nine digits, days as text: SQLite knows no days."""
    return sorted((tuple(map(_plain, row)) for row in frame.select(sorted(frame.columns)).iter_rows()), key=repr)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return None if math.isinf(value) else float(f"{value:.9g}")
    return None if value is None else str(value)


def test_every_question_has_the_same_answer_in_sql_and_in_polars(
    collected: Collected, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TONGKET_HOME", str(collected.settings.home))
    if collected.settings.warehouse_url is not None:
        monkeypatch.setenv("TONGKET_WAREHOUSE_URL", collected.settings.url)
    for line in _block("sh").splitlines():
        ran = run_here(*shlex.split(line)[1:])
        assert (ran.code, ran.err) == (0, ""), ran.said
    known: dict[str, Any] = {}
    exec(_block("python"), known)
    questions = list(QUESTION.finditer(GUIDE))
    assert [int(question["number"]) for question in questions] == list(range(1, 23))
    reader = make_reader(collected.settings.reading_url)
    for question in questions:
        asked = run_sql(reader, question["sql"], 100_000)
        exec(question["python"], known)
        answer = known.pop("answer")
        assert asked.height > 0, f"{question['title']}: an answer without rows proves nothing"
        assert set(asked.columns) == set(answer.columns), question["title"]
        assert _rows(asked) == _rows(answer), question["title"]
    reader.dispose()
