"""What is published is served by Datasette as it is: every ready question answers, nothing can be written."""

from __future__ import annotations

import asyncio
import hashlib
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tasks.publishing import publish
from tests.conftest import Collected
from warehouse.extracts import COLUMNS
from warehouse.publishing import QUESTIONS

datasette = pytest.importorskip("datasette.app", reason="the extra explore is not installed")
tilde_encode = pytest.importorskip("datasette.utils").tilde_encode


class Served:
    """The published file behind the real Datasette, asked as a browser asks."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._loop = asyncio.new_event_loop()
        told = json.loads(file.with_name("metadata.json").read_text(encoding="utf-8"))
        self._app = datasette.Datasette(immutables=[str(file)], metadata=told)
        self._loop.run_until_complete(self._app.invoke_startup())

    def get(self, path: str, **parameters: str) -> Any:
        address = f"/{tilde_encode(self.file.stem)}{path}?{urlencode(parameters)}"
        return self._loop.run_until_complete(self._app.client.get(address))

    def databases(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self._loop.run_until_complete(self._app.client.get("/-/databases.json")).json()
        return told

    def rows(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        answer = self.get(f"{path}.json", _shape="array", **parameters)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def close(self) -> None:
        for database in self._app.databases.values():
            database.close()
        self._app.executor.shutdown()
        self._loop.close()


@pytest.fixture
def served(collected: Collected, tmp_path: Path) -> Iterator[Served]:
    publish(collected.engine, tmp_path / "tổng-kết.db")
    opened = Served(tmp_path / "tổng-kết.db")
    yield opened
    opened.close()


@pytest.mark.thorough("postgres")
def test_datasette_serves_the_copy(collected: Collected, served: Served) -> None:
    before = hashlib.sha256(served.file.read_bytes()).digest()
    told = served.get(".json").json()
    counts = {table["name"]: table["count"] for table in told["tables"]}
    with collected.engine.connect() as connection:
        assert counts == {
            view: connection.exec_driver_sql(f"SELECT count(*) FROM {view}").scalar_one() for view in COLUMNS
        }
    assert {query["name"] for query in told["queries"]} == set(QUESTIONS)
    index = html.unescape(served.get("").text)
    for name, question in QUESTIONS.items():
        assert question.title in index
        assert served.get(f"/{name}").status_code == 200
        assert served.rows(f"/{name}"), f"{name}: nothing without being told period and unit"
    assert "/ty_le_bao_cao#g.mark=bar&g.x_column=unit_name" in index
    assert served.rows("/so_voi_cung_ky", period="2015", unit="DB.12.SNV")
    assert served.rows("/chua_gui", period="2025") != served.rows("/chua_gui", period="2014")
    for view, columns in COLUMNS.items():
        page = html.unescape(served.get(f"/{view}").text)
        shown = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
        assert shown == columns, view
    assert [database["is_mutable"] for database in served.databases()] == [False]
    for view in COLUMNS:
        for written in (f"DELETE FROM {view}", f"WITH x AS (SELECT 1) INSERT INTO {view} (period) SELECT * FROM x"):
            assert served.get(".json", sql=written).status_code == 400
    assert hashlib.sha256(served.file.read_bytes()).digest() == before
    assert {path.name for path in served.file.parent.iterdir()} == {served.file.name, "metadata.json"}
