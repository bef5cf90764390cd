"""``check``: judge files without storing anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import run_here
from tests.conftest import Collected
from tests.console.test_console_workspace import is_a_refusal
from tests.delivered import Delivery

FINDING = {
    "rule",
    "level",
    "severity",
    "field",
    "item",
    "sheet",
    "cell",
    "observed",
    "expected",
    "arithmetic",
    "message_vi",
    "message_en",
    "cells",
    "settled_by",
    "explanation",
}


@pytest.fixture(scope="session")
def source(delivery: Delivery) -> Path:
    """A report of one of the source documents: accepted, with warnings."""
    return delivery.folder / "lai_chau_2014.xlsx"


@pytest.fixture
def faulty(delivery: Delivery) -> dict[str, Path]:
    """The first file of each planted fault, by the fault's name."""
    first = {}
    for item in delivery.sent:
        first.setdefault(item.fault, delivery.folder / f"{item.name}.xlsx")
    return first


def test_a_file_that_would_be_accepted_ends_with_0(source: Path) -> None:
    ran = run_here("check", str(source))
    assert (ran.code, ran.err) == (0, "")
    assert "được nhận, có cảnh báo" in ran.out
    assert "Thuyết minh!B5" in ran.out


def test_a_wrong_sum_ends_with_1_and_shows_cell_and_arithmetic(filled: Collected, faulty: dict[str, Path]) -> None:
    ran = run_here("check", "--json", str(faulty["wrong_sum"]))
    assert ran.code == 1
    (judged,) = ran.json
    assert set(judged) == {"file", "state", "findings"}
    assert judged["state"] == "rejected"
    (finding,) = [item for item in judged["findings"] if item["severity"] == "critical"]
    assert set(finding) == FINDING
    assert finding["rule"] == "LRN-001"
    assert "≠" in finding["arithmetic"]
    table = run_here("check", str(faulty["wrong_sum"]))
    assert table.code == 1
    assert "LRN-001" in table.out
    assert f"{finding['sheet']}!{finding['cell']}" in table.out


def test_one_bad_file_among_good_ones_ends_with_1_and_all_are_judged(
    filled: Collected, source: Path, faulty: dict[str, Path]
) -> None:
    ran = run_here("check", "--json", str(source), str(faulty["truncated"]), str(faulty["empty_file"]))
    assert ran.code == 1
    assert [(Path(item["file"]), item["state"]) for item in ran.json] == [
        (source, "accepted_with_warnings"),
        (faulty["truncated"], "unreadable"),
        (faulty["empty_file"], "unreadable"),
    ]
    assert [len(item["findings"]) > 0 for item in ran.json] == [True, True, True]


def test_without_a_workspace_only_the_shipped_register_is_known(faulty: dict[str, Path], home: Path) -> None:
    ran = run_here("check", "--json", str(faulty[""]))
    assert ran.code == 1
    assert "FRM-005" in {finding["rule"] for finding in ran.json[0]["findings"]}
    assert not home.exists()


def test_with_a_workspace_its_register_is_known(filled: Collected, faulty: dict[str, Path]) -> None:
    ran = run_here("check", "--json", str(faulty[""]))
    assert (ran.code, ran.json[0]["state"]) == (0, "accepted")


def test_checking_stores_nothing(workspace: Path, source: Path) -> None:
    count = ("query", "--json", "select (select count(*) from submission) + (select count(*) from file) as n")
    run_here("check", str(source))
    assert run_here(*count).json == [{"n": 0}]
    assert list((workspace / "archive").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ảnh.png", b"\x89PNG"),
        ("không đuôi", b"abc"),
        ("rỗng.xlsx", b""),
        ("hỏng.xlsx", b"PK\x03\x04"),
        ("mảng.json", b"[1, 2]"),
        ("bảng.csv", "mã;tên\n".encode("utf-16")),
    ],
)
def test_what_is_no_report_is_unreadable_with_the_reason(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    ran = run_here("check", "--json", name)
    assert ran.code == 1
    (judged,) = ran.json
    assert judged["state"] in ("unreadable", "rejected")
    assert all(finding["message_vi"] and finding["message_en"] for finding in judged["findings"])
    assert [finding for finding in judged["findings"] if finding["severity"] == "critical"]


@pytest.mark.parametrize("name", ["không có.xlsx", "."])
def test_what_is_not_there_is_refused(name: str) -> None:
    assert is_a_refusal(run_here("check", name))
    assert is_a_refusal(run_here("check", "--json", name))


def test_markup_in_a_report_is_text(tmp_path: Path) -> None:
    """What a unit wrote never colours or breaks the screen."""
    name = "[bold red]tệp[/nope].xlsx"
    (tmp_path / "thư mục").mkdir()
    (tmp_path / "thư mục" / name.replace("/", "∕")).write_bytes(b"")
    ran = run_here("check", f"thư mục/{name.replace('/', '∕')}")
    assert ran.code == 1
    assert "[bold red]tệp" in ran.out
