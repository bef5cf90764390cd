"""``catalog``, ``units`` and ``template``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalog import DATA, load_catalog
from examples.province import write_register
from tests.commands import run_here
from tests.console.test_console_workspace import is_a_refusal
from tests.delivered import Delivery
from workbook.read import Source, read_files


def test_the_shipped_definitions_hold() -> None:
    ran = run_here("catalog", "check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("✓ Nhất quán")
    assert f"{len(load_catalog().rules)} quy tắc" in ran.out


def test_definitions_with_faults_are_refused_with_every_place(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    with (tmp_path / "data" / "obligations.csv").open("a", encoding="utf-8") as stream:
        stream.write("lang,bieu-la,ND09,year,2013-12-15,\n")
    ran = run_here("catalog", "check", str(tmp_path / "data"), "--json")
    assert ran.code == 2
    assert {fault["file"] for fault in ran.json["faults"]} == {"obligations.csv"}
    assert {fault["what"] for fault in ran.json["faults"]} == {"unknown kind lang", "unknown form bieu-la"}
    table = run_here("catalog", "check", str(tmp_path / "data"))
    assert table.code == 2
    assert "unknown kind lang" in table.out


def test_a_folder_without_definitions_is_refused_however_large_it_is() -> None:
    ran = run_here("catalog", "check", "/")
    assert ran.code == 2
    assert "indicators.csv" in ran.out


@pytest.mark.parametrize("code", ["dossiers_received", "LRN-001", "review-report"])
def test_a_definition_is_explained(code: str) -> None:
    shown = run_here("catalog", "show", code)
    assert (shown.code, shown.err) == (0, "")
    assert code in shown.out
    told = run_here("catalog", "show", code, "--json").json
    assert code in (told.get("code"), told.get("id"))


def test_an_indicator_names_the_rules_that_judge_it() -> None:
    assert "DOS-" in run_here("catalog", "show", "dossiers_received").out


def test_an_unknown_code_is_refused() -> None:
    ran = run_here("catalog", "show", "không_có")
    assert is_a_refusal(ran)
    assert "không_có" in ran.err


# ------------------------------------------------------------------------------------------------ units


def test_units_are_imported_listed_and_drawn(workspace: Path, delivery: Delivery, tmp_path: Path) -> None:
    write_register(delivery.province, tmp_path / "units.csv")
    assert run_here("units", "import", str(tmp_path / "units.csv"), "--json").json == {
        "added": 60,
        "changed": 0,
        "same": 0,
    }
    again = run_here("units", "import", str(tmp_path / "units.csv"))
    assert again.out == "✓ Thêm 0 · sửa 0 · giữ nguyên 60 đơn vị\n"
    listed = [row for row in run_here("units", "list", "--json").json if row["code"].startswith("P99")]
    assert len(listed) == 60
    assert set(listed[0]) >= {"code", "name", "kind", "parent", "valid_from", "valid_to", "source"}
    tree = run_here("units", "tree", "--unit", "P99.DU").out
    assert "Tỉnh ủy Tân Phú (tỉnh mẫu)  P99.DU" in tree
    assert "P99.CB.001.001" in tree
    assert "P99.UB" not in tree


def test_a_register_with_faults_is_refused_with_every_row(workspace: Path, tmp_path: Path) -> None:
    path = tmp_path / "units.csv"
    path.write_text(
        "code,valid_from,name,kind,parent\nX1,2025-07-01,Xã Một,xa,X9\nX2,2025-07-01,Xã Hai,lang,\n", encoding="utf-8"
    )
    ran = run_here("units", "import", str(path), "--json")
    assert ran.code == 2
    assert [fault["where"] for fault in ran.json["faults"]] == ["X1 2025-07-01", "X2 2025-07-01"]
    assert "X1" not in {row["code"] for row in run_here("units", "list", "--json").json}


def test_a_register_that_is_not_there_is_refused(workspace: Path) -> None:
    ran = run_here("units", "import", "khong_co.csv")
    assert is_a_refusal(ran)
    assert "khong_co.csv" in ran.err


def test_the_register_of_a_day(workspace: Path) -> None:
    now = {row["code"] for row in run_here("units", "list", "--as-of", "2025-08-01", "--json").json}
    before = {row["code"] for row in run_here("units", "list", "--as-of", "2024-01-01", "--json").json}
    assert before - now, "units that were merged away in 2025"
    assert now - before


def test_units_of_a_kind(workspace: Path) -> None:
    rows = run_here("units", "list", "--kind", "xa", "--json").json
    assert rows
    assert {row["kind"] for row in rows} == {"xa"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--as-of", "01/07/2025"),
        ("list", "--kind", "lang"),
        ("tree", "--unit", "KHONG.CO"),
        ("tree", "--as-of", "hôm qua"),
    ],
)
def test_units_asked_for_wrongly_are_refused(workspace: Path, arguments: tuple[str, ...]) -> None:
    assert is_a_refusal(run_here("units", *arguments))


# ------------------------------------------------------------------------------------------------ template


def test_a_template_is_written_and_names_its_unit(tmp_path: Path) -> None:
    ran = run_here("template", "--form", "review-report", "--period", "2025", "--unit", "DU.28687", "--out", "mẫu.xlsx")
    assert (ran.code, ran.out, ran.err) == (0, "✓ mẫu.xlsx\n", "")
    (header,) = read_files([Source(1, tmp_path / "mẫu.xlsx", "mẫu.xlsx")], load_catalog()).headers.to_dicts()
    assert (header["unit"], header["period"], header["form"]) == ("DU.28687", "2025", "review-report")


def test_templates_of_every_obliged_unit_go_into_the_workspace(workspace: Path) -> None:
    ran = run_here("template", "--form", "one-stop-dossiers", "--period", "2025", "--all", "--json")
    assert ran.code == 0
    assert len(ran.json) > 20
    assert all(Path(name).parent == workspace / "templates" for name in ran.json)
    assert all(Path(name).is_file() for name in ran.json)


def test_many_templates_are_told_in_a_few_lines(workspace: Path) -> None:
    ran = run_here("template", "--form", "one-stop-dossiers", "--period", "2025", "--all")
    assert len(ran.out.splitlines()) == 6
    assert "tất cả" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--form", "la", "--period", "2025", "--unit", "DU.28687"), "review-report"),
        (("--form", "review-report", "--period", "2025-Q9", "--unit", "DU.28687"), "2025-Q1"),
        (("--form", "review-report", "--period", "2025", "--unit", "KHONG.CO"), "KHONG.CO"),
        (("--form", "review-report", "--period", "2025"), "--all"),
        (("--form", "review-report", "--period", "2025", "--unit", "DU.28687", "--all"), "--all"),
        (("--form", "one-stop-dossiers", "--period", "2025", "--unit", "DU.28687"), "không phải nộp"),
        (("--form", "review-report", "--period", "1990", "--all"), "Không có đơn vị nào"),
    ],
)
def test_a_template_asked_for_wrongly_is_refused_with_what_would_do(arguments: tuple[str, ...], said: str) -> None:
    ran = run_here("template", *arguments)
    assert is_a_refusal(ran)
    assert said in ran.err


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "tệp").write_text("x")
    ran = run_here(
        "template", "--form", "review-report", "--period", "2025", "--unit", "DU.28687", "--out", "tệp/mẫu.xlsx"
    )
    assert is_a_refusal(ran)
    assert "tệp" in ran.err
