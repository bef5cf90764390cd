"""``catalog`` and ``template``."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from catalog import DATA, load_catalog
from domain.clock import ZONE, pretending
from tests.commands import run_here
from tests.console.test_console_workspace import is_a_refusal
from workbook.read import Source, read_files


def test_the_shipped_definitions_hold() -> None:
    with pretending(datetime(2030, 6, 10, tzinfo=ZONE)):
        ran = run_here("catalog", "check")
    assert (ran.code, ran.err) == (0, ""), "a year without holidays is no fault"
    assert ran.out.startswith("✓ Nhất quán")
    assert "! Chưa có ngày nghỉ lễ năm 2031" in ran.out
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
