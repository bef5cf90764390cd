"""The notebook for analysts runs from its first cell to its last, and what it answers is what the warehouse holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.commands import run_here
from tests.conftest import Collected
from warehouse.asking import run_sql
from warehouse.engine import make_reader

NOTEBOOK = Path(__file__).parents[2] / "examples" / "analyst.ipynb"


def test_the_notebook_answers_five_questions(
    collected: Collected, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TONGKET_HOME", str(collected.settings.home))
    if collected.settings.warehouse_url is not None:
        monkeypatch.setenv("TONGKET_WAREHOUSE_URL", collected.settings.url)
    monkeypatch.chdir(tmp_path)
    ran = run_here("export", "--period", "2025", "--out", "xuat")
    assert (ran.code, ran.err) == (0, ""), ran.said
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    known: dict[str, Any] = {}
    answers: dict[str, pl.DataFrame] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None), "outputs are not kept"
            exec("".join(cell["source"]), known)
            answers[cell["id"]] = known.get("answer", pl.DataFrame())
    asked = [name for name in answers if name.startswith("dap-")]
    assert len(asked) == 5
    assert [name for name in asked if answers[name].is_empty()] == []
    reader = make_reader(collected.settings.reading_url)
    silent = run_sql(
        reader,
        "SELECT unit FROM mart_reporting WHERE period = '2025' AND form = 'review-report' AND state = 'missing'"
        " AND unit LIKE 'P99%'",
        10_000,
    )
    reader.dispose()
    assert sorted(answers["dap-1"]["unit"]) == sorted(silent["unit"])
