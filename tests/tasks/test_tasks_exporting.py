"""Exports: whole or not there, the same twice, and nothing a unit wrote is run by a spreadsheet program."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from domain.act import ActRefusedError
from tasks import exporting
from tasks.exporting import Wanted, export
from tests.conftest import Collected
from tests.delivered import PERIOD, figures
from warehouse.extracts import extract
from warehouse.mart_words import VIEW_COLUMNS
from warehouse.migrate import head
from workbook import tabular


def _files(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.thorough("postgres")
@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx"])
def test_an_export_is_what_its_manifest_says_and_the_same_twice(
    collected: Collected, tmp_path: Path, kind: str
) -> None:
    wanted = Wanted(PERIOD, kind, unit="P99.DU")  # type: ignore[arg-type]
    told = export(collected.engine, wanted, tmp_path / "ra")
    first = _files(tmp_path / "ra")
    for file in told["files"]:
        assert hashlib.sha256(first[file["name"]]).hexdigest() == file["sha256"]
    assert set(first) == {file["name"] for file in told["files"]} | {"manifest.json"}
    assert told["schema"] == head()
    export(collected.engine, wanted, tmp_path / "ra")
    again = _files(tmp_path / "ra")
    assert {n: b for n, b in again.items() if n != "manifest.json"} == {
        n: b for n, b in first.items() if n != "manifest.json"
    }


def test_parquet_holds_every_figure_in_force_and_periods_lie_beside_each_other(
    collected: Collected, tmp_path: Path
) -> None:
    periods = {row[0] for row in figures(collected.engine)}
    for period in periods:
        export(collected.engine, Wanted(period, "parquet"), tmp_path)
    hive = pl.scan_parquet(tmp_path / "observations", hive_partitioning=True, hive_schema={"period": pl.String})
    frame = hive.collect()
    assert set(frame.columns) == set(VIEW_COLUMNS["mart_observation"])
    assert frame.height == len(figures(collected.engine))
    assert frame["period"].unique().sort().to_list() == sorted(periods)
    assert frame.schema["value"] == pl.Float64
    assert frame.schema["derived"] == pl.Boolean
    assert frame.schema["recorded_from"] == pl.Datetime("us", "UTC")
    assert set(json.loads((tmp_path / "manifest.json").read_text())["periods"]) == periods


def test_both_databases_export_the_same(collected_sqlite: Collected, collected_postgres: Collected) -> None:
    moments = ["received_at", "decided_at", "recorded_from", "refreshed_at"]
    numbers = ["submission", "submission_id", "finding", "other_submission"]
    one, two = (extract(each.engine, PERIOD) for each in (collected_sqlite, collected_postgres))
    assert one.keys() == two.keys()
    for name in one:
        assert one[name].schema == two[name].schema
        kept = [column for column in one[name].columns if column not in (*moments, *numbers)]
        left, right = (frame.select(kept).sort(kept).to_dicts() for frame in (one[name], two[name]))
        assert left == right, name
    # nobody was commended in the year that is delivered
    assert [name for name in one if one[name].is_empty()] == ["commendations"]


def test_a_unit_is_exported_with_what_is_below_it(collected: Collected) -> None:
    whole, part = extract(collected.engine, PERIOD), extract(collected.engine, PERIOD, "P99.DU")
    assert 0 < part["observations"].height < whole["observations"].height
    assert set(part["status"]["unit"]) < set(whole["status"]["unit"])


def test_figures_of_a_moment_have_no_totals_beside_them(collected: Collected) -> None:
    now = datetime.now(UTC)
    assert set(extract(collected.engine, PERIOD, as_of=now)) == {"observations"}
    assert (
        extract(collected.engine, PERIOD, as_of=now)["observations"]
        .drop("recorded_to")
        .equals(extract(collected.engine, PERIOD)["observations"].drop("recorded_to"))
    )
    assert extract(collected.engine, PERIOD, as_of=now - timedelta(days=99))["observations"].is_empty()


def test_a_formula_is_written_as_text(tmp_path: Path) -> None:
    texts = ["=1+1", "+84", "-5", "@SUM(A1)", "\t=1", "\r=1", "bình thường", "", None, "a=1"]
    expected = ["'=1+1", "'+84", "'-5", "'@SUM(A1)", "'\t=1", "'\r=1", "bình thường", "", None, "a=1"]
    frame = pl.DataFrame({"chữ": texts, "số": [-1.5, *[float("inf")] * 9]})
    assert tabular.disarmed(frame)["chữ"].to_list() == expected
    assert tabular.disarmed(frame)["số"][0] == -1.5
    tabular.write_csv(frame, tmp_path / "a.csv")
    raw = (tmp_path / "a.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b"\n=1" not in raw
    tabular.write_workbook({"một": frame}, tmp_path / "a.xlsx")
    rows = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_name("một").to_python()
    assert [row[0] for row in rows[1:5]] == expected[:4]
    assert rows[1][1] == -1.5
    assert rows[2][1] == ""


def test_an_export_that_is_cut_short_leaves_what_was_there(
    collected: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Wanted(PERIOD, "csv")
    export(collected.engine, wanted, tmp_path)
    before = _files(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "write_csv", full)
    with pytest.raises(OSError, match="space"):
        export(collected.engine, wanted, tmp_path)
    assert _files(tmp_path) == before
    with pytest.raises(OSError, match="space"):
        export(collected.engine, wanted, tmp_path / "mới")
    monkeypatch.undo()
    (tmp_path / "mới" / ".export-left").mkdir()
    assert export(collected.engine, wanted, tmp_path / "mới")["files"]


def test_a_folder_of_something_else_is_left_alone(collected: Collected, tmp_path: Path) -> None:
    (tmp_path / "khác").mkdir()
    (tmp_path / "khác" / "thư.txt").write_text("của tôi")
    with pytest.raises(ActRefusedError):
        export(collected.engine, Wanted(PERIOD, "csv"), tmp_path / "khác")
    export(collected.engine, Wanted(PERIOD, "csv"), tmp_path / "ra")
    for other in (Wanted(PERIOD, "parquet"), Wanted(PERIOD, "csv", unit="P99.DU")):
        with pytest.raises(ActRefusedError):
            export(collected.engine, other, tmp_path / "ra")
    assert _files(tmp_path / "khác") == {"thư.txt": "của tôi".encode()}


def test_a_text_that_looks_like_an_escape_of_calc_is_written_out(tmp_path: Path) -> None:
    """``_xa_`` is no sign number 10: four digits would be."""
    frame = pl.DataFrame({"field": ["bao_tro_xa_hoi", "_x000a_", "_x005F_", "a_xab_cd_x1_"]})
    tabular.write_workbook({"x": frame}, tmp_path / "x.xlsx")
    with zipfile.ZipFile(tmp_path / "x.xlsx") as book:
        texts = book.read("xl/sharedStrings.xml").decode()
    assert "bao_tro_x005F_xa_hoi" in texts
    assert "a_x005F_xab_cd_x005F_x1_" in texts
    rows = CalamineWorkbook.from_path(str(tmp_path / "x.xlsx")).get_sheet_by_name("x").to_python()
    assert [row[0] for row in rows[1:]] == frame["field"].to_list()


def test_periods_exported_at_once_are_both_in_the_manifest(
    collected_sqlite: Collected, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = exporting.extract, []

    def slow(*arguments: object) -> dict[str, pl.DataFrame]:
        calls.append(1)
        if len(calls) == 1:  # while the first one reads, another exports its own period
            export(collected_sqlite.engine, Wanted("2014", "parquet", unit="P99.DU"), tmp_path)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(exporting, "extract", slow)
    export(collected_sqlite.engine, Wanted(PERIOD, "parquet", unit="P99.DU"), tmp_path)
    assert set(json.loads((tmp_path / "manifest.json").read_text())["periods"]) == {PERIOD, "2014"}
