"""``units``: import, export, find, list, tree."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from examples.province import write_register
from tests.commands import run_here
from tests.console.test_console_workspace import is_a_refusal
from tests.delivered import Delivery

SAMPLE = Path(__file__).parents[2] / "examples" / "reform"
FILES = (str(SAMPLE / "units.csv"), str(SAMPLE / "events.csv"))


@pytest.fixture
def reformed(workspace: Path) -> Path:
    """A workspace whose register also holds the sample of the reform of 1 July 2025."""
    assert run_here("units", "import", *FILES).code == 0
    return workspace


# ------------------------------------------------------------------------------------------------ import, export


def test_units_are_imported_listed_and_drawn(workspace: Path, delivery: Delivery, tmp_path: Path) -> None:
    write_register(delivery.province, tmp_path / "units.csv")
    counts = run_here("units", "import", str(tmp_path / "units.csv"), "--json").json
    assert counts["units"] == {"added": 60, "changed": 0, "ended": 0, "same": 0}
    assert len(counts["changes"]) == 60
    again = run_here("units", "import", str(tmp_path / "units.csv"))
    assert again.out == "✓ đơn vị: thêm 0 · sửa 0 · kết thúc 0 · giữ nguyên 60\n"
    listed = [row for row in run_here("units", "list", "--json").json if row["code"].startswith("P99")]
    assert len(listed) == 60
    assert set(listed[0]) >= {"code", "name", "kind", "parent", "valid_from", "valid_to", "source"}
    tree = run_here("units", "tree", "--unit", "P99.DU").out
    assert "Tỉnh ủy Tân Phú (tỉnh mẫu)  P99.DU" in tree
    assert "P99.CB.001.001" in tree
    assert "P99.UB" not in tree


def test_a_trial_shows_what_would_change_and_loads_nothing(workspace: Path, tmp_path: Path) -> None:
    before = run_here("units", "list", "--json").out
    shown = run_here("units", "import", *FILES, "--dry-run")
    assert (shown.code, shown.err) == (0, "")
    assert "○ đơn vị: thêm 23" in shown.out
    assert "○ sự kiện: thêm 15" in shown.out
    assert "--dry-run" in shown.out
    assert run_here("units", "list", "--json").out == before
    run_here("units", "import", *FILES)
    path = tmp_path / "sua.csv"
    path.write_text("code,valid_from,name,kind\nVD.37,2025-07-01,Tỉnh Ninh Bình mới,tinh\n", encoding="utf-8")
    told = run_here("units", "import", str(path), "--dry-run").out
    assert "name: Tỉnh Ninh Bình → Tỉnh Ninh Bình mới" in told
    assert "sua.csv · 2" in told


@pytest.mark.parametrize("name", ["danh-muc.xlsx", "danh-muc.csv"])
def test_the_register_is_written_out_and_read_again_unchanged(reformed: Path, name: str) -> None:
    before = run_here("units", "list", "--json").out
    written = run_here("units", "export", "--out", f"ra/{name}", "--json").json
    answer = run_here("units", "import", *written, "--json").json
    assert answer["changes"] == answer["notices"] == []
    assert answer["not_in_files"] == {"units": 0, "events": 0}
    assert answer["units"]["same"] > 350
    assert answer["events"]["same"] > 230
    assert run_here("units", "list", "--json").out == before


def test_a_register_is_written_as_a_table_only(workspace: Path) -> None:
    assert is_a_refusal(run_here("units", "export", "--out", "danh-muc.pdf"))


def test_a_register_with_faults_is_refused_with_every_row(workspace: Path, tmp_path: Path) -> None:
    path = tmp_path / "units.csv"
    path.write_text(
        "code,valid_from,name,kind,parent\nX1,2025-07-01,Xã Một,xa,X9\nX2,2025-07-01,Xã Hai,lang,\n", encoding="utf-8"
    )
    ran = run_here("units", "import", str(path), "--json")
    assert ran.code == 2
    places = [(fault["file"], fault["line"], fault["column"], fault["where"]) for fault in ran.json["faults"]]
    assert places == [
        ("units.csv", 2, "E parent", "X1 2025-07-01"),
        ("units.csv", 3, "D kind", "X2 2025-07-01"),
    ]
    drawn = run_here("units", "import", str(path))
    assert drawn.code == 2
    assert "Không nạp gì: 2 chỗ sai" in drawn.out
    assert "đơn vị cấp trên X9 không tồn tại vào 2025-07-01" in drawn.out
    assert "X1" not in {row["code"] for row in run_here("units", "list", "--json").json}


def test_a_register_that_is_not_there_is_refused(workspace: Path) -> None:
    ran = run_here("units", "import", "khong_co.csv")
    assert is_a_refusal(ran)
    assert "khong_co.csv" in ran.err


# ------------------------------------------------------------------------------------------------ find


def test_a_former_unit_is_answered_with_where_it_went(workspace: Path) -> None:
    """The An Phú of An Khê is in An Khê, and the An Phú of today is another one."""
    (old,) = run_here("units", "find", "23620", "--json").json["candidates"]
    assert old["standing"] == "ended"
    assert [(end["unit"]["code"], end["unit"]["name"], end["share"]) for end in old["became"]] == [
        ("23617", "Phường An Khê", "full")
    ]
    shown = run_here("units", "find", "phuong an phu").out
    assert "nay ở trong Phường An Khê 23617 (NQ 1664/NQ-UBTVQH15" in shown
    assert "hãy chọn theo mã" in shown
    before = run_here("units", "find", "23620", "--as-of", "2025-06-30", "--json").json
    assert [unit["name"] for unit in before["candidates"][0]["path"]] == ["Thị xã An Khê", "Tỉnh Gia Lai"]
    assert before["candidates"][0]["standing"] == "living"


def test_a_code_and_a_day_name_one_unit(workspace: Path) -> None:
    for day, parent in (("2025-06-30", "Huyện Gò Công Tây"), ("2025-07-01", "Tỉnh Đồng Tháp")):
        found = run_here("units", "find", "28687", "--as-of", day, "--json").json
        assert found["sure"]
        living = [item for item in found["candidates"] if item["standing"] == "living"]
        assert [item["path"][0]["name"].startswith(parent) for item in living] == [True]


@pytest.mark.parametrize("typed", ["xa long bình", "Long Binh", "XÃ long binh", "xa Long Bình", "ubnd xã long binh"])
def test_accents_may_be_left_out_and_are_believed_where_they_stand(workspace: Path, typed: str) -> None:
    found = run_here("units", "find", typed, "--json").json["candidates"]
    assert any(item["name"].casefold().endswith("xã long bình") for item in found)
    assert is_a_refusal(run_here("units", "find", typed.replace("b", "đ").replace("B", "Đ")))
    assert is_a_refusal(run_here("units", "find", "xã lóng bình"))


@pytest.mark.parametrize("arguments", [("không có xã này",), ("",), ("28687", "--as-of", "1/7/2025")])
def test_what_cannot_be_found_is_refused(workspace: Path, arguments: tuple[str, ...]) -> None:
    assert is_a_refusal(run_here("units", "find", *arguments))


# ------------------------------------------------------------------------------------------------ list, tree


def test_the_tree_follows_a_merged_superior(reformed: Path) -> None:
    before = run_here("units", "tree", "--as-of", "2025-06-30", "--unit", "VD.35").out
    after = run_here("units", "tree", "--as-of", "2025-07-01", "--unit", "VD.37").out
    assert "Sở mẫu của tỉnh Hà Nam  VD.35.SNV" in before
    assert "Sở mẫu của tỉnh Hà Nam  VD.35.SNV" in after
    assert is_a_refusal(run_here("units", "tree", "--as-of", "2025-07-01", "--unit", "VD.35"))
    rows = {row["code"]: row for row in run_here("units", "tree", "--as-of", "2025-07-01", "--json").json}
    assert rows["VD.35.SNV"]["parent"] == "VD.37"


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


# ------------------------------------------------------------------------------------------------ acts, mapping


def test_an_import_is_on_record(workspace: Path) -> None:
    acts = ("query", "select who, what, reason, before, after from action", "--json")
    assert run_here("units", "import", *FILES, "--dry-run").code == 0
    assert run_here(*acts).json == []
    assert run_here("units", "import", *FILES, "--as", "Lê Tư", "--reason", "Nghị quyết 202").code == 0
    assert run_here("units", "import", *FILES, "--as", "Lê Tư").code == 0  # nothing changes any more
    (act,) = run_here(*acts).json
    assert (act["who"], act["what"], act["reason"]) == ("Lê Tư", "import_register", "Nghị quyết 202")
    before, after = json.loads(act["before"]), json.loads(act["after"])
    assert [file["name"] for file in after["files"]] == ["units.csv", "events.csv"]
    assert after["files"][0]["sha256"] == hashlib.sha256(Path(FILES[0]).read_bytes()).hexdigest()
    assert 0 < before["units"] < after["units"] == len(run_here("units", "list", "--json").json)
    assert before["events"] < after["events"]


def test_old_and_new_units_between_two_days(reformed: Path) -> None:
    days = ("--from", "2025-06-30", "--to", "2025-07-01")
    rows = run_here("units", "mapping", *days, "--unit", "VD.37", "--format", "json").json
    merged = {row["code_then"]: row for row in rows if row["code_now"] == "VD.37"}
    assert {"VD.35", "VD.36", "VD.37"} <= set(merged)
    assert (merged["VD.35"]["share"], merged["VD.35"]["comparable"]) == ("full", "full")
    assert "202/2025/QH15" in merged["VD.35"]["documents"]
    drawn = run_here("units", "mapping", *days, "--unit", "VD.37")
    assert (drawn.code, drawn.err) == (0, "")
    assert "toàn bộ" in drawn.out
    whole = run_here("units", "mapping", *days, "--format", "csv").out.splitlines()
    assert whole[0] == "code_then,name_then,code_now,name_now,share,comparable,reason,documents"
    living = {row["code"] for row in run_here("units", "list", "--as-of", "2025-06-30", "--json").json}
    assert {line.split(",")[0] for line in whole[1:]} - {""} == living
    parts = [row for row in run_here("units", "mapping", *days, "--json").json if row["share"] == "partial"]
    assert parts
    assert all(row["documents"] for row in parts if row["code_now"])
    for wrong in (
        ("--from", "2025-07-01", "--to", "2025-06-30"),
        ("--from", "1/7/2025", "--to", "2025-07-01"),
        (*days, "--unit", "KHONG.CO"),
    ):
        assert is_a_refusal(run_here("units", "mapping", *wrong))
