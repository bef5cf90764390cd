"""The nation's units: from the package's tables to a register that holds them, once."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest

from catalog.nation import amendments
from tests.commands import run_here

#: Province, district, commune before: key, name, code of each. Two provinces become one, a commune is divided, one
#: keeps its code and name while another joins it, an island district without communes becomes a special zone.
BEFORE = [
    ("tinha", "Tỉnh A", "90", "huyenm", "Huyện M", "900", "xax", "Xã X", "90001"),
    ("tinha", "Tỉnh A", "90", "huyenm", "Huyện M", "900", "xay", "Xã Y", "90004"),
    ("tinha", "Tỉnh A", "90", "huyenm", "Huyện M", "900", "thitranz", "Thị trấn Z", "90007"),
    ("tinhb", "Tỉnh B", "98", "thanhphon", "Thành phố N", "980", "phuongx", "Phường X", "00980"),
    ("tinhb", "Tỉnh B", "98", "huyendao", "Huyện Đảo", "988", None, None, None),
    ("tinhc", "Tỉnh C", "99", "quanq", "Quận Q", "990", "xadongnai", "Xã Dầu Giây", "26326"),
]
AFTER = [
    ("tinhb", "Tỉnh B", "98", "xax", "Xã X", "90001"),
    ("tinhb", "Tỉnh B", "98", "xamoi", "Xã Mới", "90004"),
    ("tinhb", "Tỉnh B", "98", "phuongx", "Phường X", "00980"),
    ("tinhb", "Tỉnh B", "98", "dackhudao", "Đặc khu Đảo", "98801"),
    ("tinhc", "Tỉnh C", "99", "xadaugiay", "Xã Dầu Giây", "26326"),
]
PASSAGES = {
    "DICT_PROVINCE": {"tinhb": ["tinha", "tinhb"], "tinhc": ["tinhc"]},
    "DICT_PROVINCE_WARD_NO_DIVIDED": {
        "tinhb": {
            "xax": ["tinha_huyenm_xax"],
            "xamoi": ["tinha_huyenm_xay"],
            "phuongx": ["tinhb_thanhphon_phuongx"],
            "dackhudao": ["tinhb_huyendao_"],
        },
        "tinhc": {"xadaugiay": ["tinhc_quanq_xadongnai"]},
    },
    "DICT_PROVINCE_WARD_DIVIDED": {
        "tinhb": {"tinha_huyenm_thitranz": [{"newWardKey": "xax"}, {"newWardKey": "xamoi"}]},
    },
}


def tables(to: Path) -> Path:
    with sqlite3.connect(to) as connection:
        names = ["province", "district", "ward"]
        columns = [column for name in names for column in (f"{name}Key", name, f"{name}Code")]
        connection.execute(f"create table admin_units_legacy ({', '.join(columns)})")
        connection.executemany(f"insert into admin_units_legacy values ({', '.join('?' * 9)})", BEFORE)
        columns = [column for name in ("province", "ward") for column in (f"{name}Key", name, f"{name}Code")]
        connection.execute(f"create table admin_units ({', '.join(columns)})")
        connection.executemany(f"insert into admin_units values ({', '.join('?' * 6)})", AFTER)
    connection.close()
    return to


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "vietnamadminunits-1.0.4-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        made.write(tables(tmp_path / "dataset.db"), "vietnamadminunits/data/dataset.db")
        made.writestr("vietnamadminunits/data/converter_2025.json", json.dumps(PASSAGES))
    return path


def of_the_lists(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    own = {place[index] for place in BEFORE for index in (2, 5, 8)} | {
        place[index] for place in AFTER for index in (2, 5)
    }
    return [row for row in rows if row["code"].removeprefix("DU.") in own]


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_the_lists_become_a_register_once(home: Path, tmp_path: Path, wheel: Path, ending: str) -> None:
    assert run_here("init").code == 0
    made = run_here("units", "nation", str(wheel), "--out", str(tmp_path / f"vn.{ending}"), "--party", "--json").json
    assert made["differing"] == []
    taken = run_here("units", "import", *made["files"], "--json")
    assert taken.code == 0, taken
    assert taken.json["units"]["added"] == made["units"]
    assert taken.json["events"]["added"] == made["events"]
    before = of_the_lists(run_here("units", "list", "--as-of", "2025-06-30", "--json").json)
    assert {(row["code"], row["name"], row["kind"], row["parent"]) for row in before if row["code"][0] != "D"} == {
        ("90", "Tỉnh A", "tinh", None),
        ("98", "Tỉnh B", "tinh", None),
        ("99", "Tỉnh C", "tinh", None),
        ("900", "Huyện M", "huyen", "90"),
        ("980", "Thành phố N", "thanh_pho", "98"),
        ("988", "Huyện Đảo", "huyen", "98"),
        ("990", "Quận Q", "quan", "99"),
        ("90001", "Xã X", "xa", "900"),
        ("90004", "Xã Y", "xa", "900"),
        ("90007", "Thị trấn Z", "thi_tran", "900"),
        ("00980", "Phường X", "phuong", "980"),
        ("26326", "Xã Dầu Giây", "xa", "990"),
    }
    now = of_the_lists(run_here("units", "list", "--as-of", "2026-05-01", "--json").json)
    assert {(row["code"], row["name"], row["kind"], row["parent"]) for row in now} == {
        ("98", "Tỉnh B", "tinh", None),
        ("99", "Tỉnh C", "tinh", None),
        ("90001", "Xã X", "xa", "98"),
        ("90004", "Xã Mới", "xa", "98"),
        ("00980", "Phường X", "phuong", "98"),
        ("98801", "Đặc khu Đảo", "dac_khu", "98"),
        ("26326", "Phường Dầu Giây", "phuong", "99"),  # an amendment of 2026
        ("DU.98", "Tỉnh ủy B", "tinh_uy", None),
        ("DU.99", "Tỉnh ủy C", "tinh_uy", None),
        ("DU.90001", "Đảng ủy xã X", "dang_bo_xa", "DU.98"),
        ("DU.90004", "Đảng ủy xã Mới", "dang_bo_xa", "DU.98"),
        ("DU.00980", "Đảng ủy phường X", "dang_bo_phuong", "DU.98"),
        ("DU.98801", "Đảng ủy đặc khu Đảo", "dang_bo_dac_khu", "DU.98"),
        ("DU.26326", "Đảng ủy phường Dầu Giây", "dang_bo_phuong", "DU.99"),
    }
    (alone,) = [row for row in now if row["code"] == "99"]
    assert alone["valid_from"] == "2004-01-01", "a province the reform left alone goes on"
    again = run_here("units", "nation", str(wheel), "--out", str(tmp_path / "lai.csv"), "--party", "--json").json
    assert (again["units"], again["events"]) == (0, 0)


def test_every_former_unit_is_told_where_it_went(home: Path, tmp_path: Path, wheel: Path) -> None:
    assert run_here("init").code == 0
    assert run_here("units", "nation", str(wheel), "--out", str(tmp_path / "vn.csv")).code == 0
    told = (tmp_path / "vn-events.csv").read_text(encoding="utf-8-sig").splitlines()
    rows = {tuple(line.split(";")[index] for index in (0, 2, 4, 6)) for line in told[1:]}
    assert {row for row in rows if row[1] not in {item.code for item in amendments()} or row[1] == "26326"} == {
        ("merge", "90", "98", "full"),
        ("merge", "98", "98", "full"),
        ("merge", "90001", "90001", "full"),
        ("merge", "90004", "90004", "full"),
        ("split", "90007", "90001", "partial"),
        ("split", "90007", "90004", "partial"),
        ("reparent", "00980", "00980", "full"),
        ("rename", "988", "98801", "full"),
        ("reparent", "26326", "26326", "full"),
        ("rename", "26326", "26326", "full"),
    }


def test_a_unit_the_register_names_otherwise_keeps_its_name_and_is_listed(
    home: Path, tmp_path: Path, wheel: Path
) -> None:
    assert run_here("init").code == 0
    own = tmp_path / "own.csv"
    own.write_text("code,valid_from,name,kind\n98,2010-05-01,Tỉnh Bê,tinh\n", encoding="utf-8")
    assert run_here("units", "import", str(own)).code == 0
    ran = run_here("units", "nation", str(wheel), "--out", str(tmp_path / "vn.xlsx"), "--json")
    assert {"code": "98", "register": "Tỉnh Bê", "list": "Tỉnh B"} in ran.json["differing"]
    taken = run_here("units", "import", str(tmp_path / "vn.xlsx"))
    assert taken.code == 0, taken.out
    names = {row["valid_from"]: row["name"] for row in run_here("units", "list", "--json").json if row["code"] == "98"}
    assert names == {"2010-05-01": "Tỉnh Bê", "2025-07-01": "Tỉnh B"}


def test_the_amendments_are_dated_and_of_known_kinds(home: Path) -> None:
    assert len(amendments()) == 25
    assert {item.kind for item in amendments()} == {"thanh_pho_tw", "phuong"}
    assert len({item.code for item in amendments()}) == 25


@pytest.mark.parametrize("what", ["text", "other zip", "no tables", "other tables", "gone"])
def test_another_file_is_refused(home: Path, tmp_path: Path, what: str) -> None:
    assert run_here("init").code == 0
    path = tmp_path / "x.whl"
    if what == "text":
        path.write_text("xin chào", encoding="utf-8")
    elif what != "gone":
        with zipfile.ZipFile(path, "w") as made:
            made.writestr("a.txt", "x")
            if what != "other zip":
                content = tables(tmp_path / "d.db").read_bytes().replace(b"wardKey", b"wordKey")
                made.writestr(
                    "vietnamadminunits/data/dataset.db", content if what == "other tables" else b"no database"
                )
                made.writestr("vietnamadminunits/data/converter_2025.json", "{}")
    ran = run_here("units", "nation", str(path), "--out", str(tmp_path / "vn.csv"))
    assert ran.code == 2
    assert ran.err.startswith("✗ ")
    assert not (tmp_path / "vn.csv").exists()


def test_a_damaged_wheel_is_refused(home: Path, tmp_path: Path, wheel: Path) -> None:
    assert run_here("init").code == 0
    packed = tmp_path / "packed.whl"
    with zipfile.ZipFile(wheel) as plain, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name in plain.namelist():
            made.writestr(name, plain.read(name))
    raw = bytearray(packed.read_bytes())
    begins = raw.index(b"dataset.db") + len("dataset.db")
    raw[begins : begins + 8] = b"\xff" * 8
    packed.write_bytes(raw)

    ran = run_here("units", "nation", str(packed), "--out", str(tmp_path / "vn.csv"))

    assert (ran.code, ran.err.startswith("✗ packed.whl bị hỏng")) == (2, True), ran.err
    assert not (tmp_path / "vn.csv").exists()
