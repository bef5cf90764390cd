"""What is published holds what the marts hold, says what it means, and does not change."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from domain.act import ActRefusedError
from tasks.publishing import publish
from tests.conftest import Collected
from warehouse.extracts import COLUMNS


@pytest.mark.thorough("postgres")
def test_the_copy_is_the_marts_and_the_questions_that_stand_ready_are_answered(
    collected: Collected, tmp_path: Path
) -> None:
    out = tmp_path / "tong-ket.db"
    told = publish(collected.engine, out)
    with collected.engine.connect() as connection:
        for view in COLUMNS:
            here = connection.exec_driver_sql(f"SELECT count(*) FROM {view}").scalar_one()
            assert told["rows"][view] == here
        value = "SELECT sum(value) FROM mart_observation WHERE indicator = 'party_members'"
        total = connection.exec_driver_sql(value).scalar_one()
    described = json.loads((tmp_path / "metadata.json").read_text(encoding="utf-8"))["databases"]["tong-ket"]
    copy = sqlite3.connect(f"file:{out}?mode=ro&immutable=1", uri=True)
    assert copy.execute(value).fetchone()[0] == total
    doubtful = copy.execute("SELECT unit FROM mart_finding WHERE period = '2025' AND severity = 'critical'").fetchone()[
        0
    ]
    units = {"so_lieu": "P99.UB", "loi": doubtful, "so_voi_cung_ky": "DB.12.SNV"}
    for name, query in described["queries"].items():
        period = "2015" if name == "so_voi_cung_ky" else "2025"
        asked = {"period": period, "unit": units.get(name, "P99.DU")}
        assert copy.execute(query["sql"], asked).fetchall(), name
    for table, said in described["tables"].items():
        columns = [row[1] for row in copy.execute(f"PRAGMA table_info({table})")]
        assert set(columns) == set(said["columns"])
    copy.close()
    assert out.stat().st_mode & 0o222 == 0
    before = out.read_bytes()
    with pytest.raises(ActRefusedError):
        publish(collected.engine, out)
    assert out.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"tong-ket.db", "metadata.json"}
    publish(collected.engine, tmp_path / "lan-2.db")
    assert set(json.loads((tmp_path / "metadata.json").read_text(encoding="utf-8"))["databases"]) == {
        "tong-ket",
        "lan-2",
    }
    (tmp_path / "metadata.json").write_text("của tôi", encoding="utf-8")
    with pytest.raises(ActRefusedError):
        publish(collected.engine, tmp_path / "lan-3.db")
    assert not (tmp_path / "lan-3.db").exists()
