"""A register of units is taken whole or refused whole, with every wrong row named."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import load_catalog
from examples.province import write_register
from tasks.register import RegisterRefusedError, import_units
from tasks.settings import Settings
from tasks.store import engine_for
from tests.delivered import Delivery, install
from warehouse.registry import read_units

HEADER = "code,valid_from,valid_to,name,kind,parent,source\n"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, delivery: Delivery) -> Settings:
    return install(tmp_path_factory.mktemp("register"), delivery)


def load(settings: Settings, path: Path) -> dict[str, int]:
    return import_units(engine_for(settings.url), load_catalog(), path)


def refused(settings: Settings, path: Path, rows: str) -> list[str]:
    """The faults of a register; nothing of it may have been taken."""
    path.write_text(HEADER + rows, encoding="utf-8")
    before = read_units(engine_for(settings.url))
    with pytest.raises(RegisterRefusedError) as caught:
        load(settings, path)
    assert read_units(engine_for(settings.url)) == before
    return [str(fault) for fault in caught.value.faults]


def test_a_register_that_is_there_already_stays_the_same(
    settings: Settings, delivery: Delivery, tmp_path: Path
) -> None:
    write_register(delivery.province, tmp_path / "units.csv")
    assert load(settings, tmp_path / "units.csv") == {"added": 0, "changed": 0, "same": 60}


def test_new_and_changed_units_are_counted(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "units.csv"
    path.write_text(
        "\ufeff"
        + HEADER
        + "Q1.DU,2025-07-01,,Đảng ủy xã Một,dang_bo_xa,,\nQ1.CB,2025-07-01,,Chi bộ ấp 1,chi_bo,Q1.DU,\n",
        encoding="utf-8",
    )
    assert load(settings, path) == {"added": 2, "changed": 0, "same": 0}
    path.write_text(HEADER + "Q1.CB,2025-07-01,,Chi bộ ấp Một,chi_bo,Q1.DU,\n", encoding="utf-8")
    assert load(settings, path) == {"added": 0, "changed": 1, "same": 0}
    kept = {unit.code: unit.name for unit in read_units(engine_for(settings.url))}
    assert kept["Q1.CB"] == "Chi bộ ấp Một"


def test_a_unit_that_is_its_own_ancestor_is_refused(settings: Settings, tmp_path: Path) -> None:
    faults = refused(
        settings,
        tmp_path / "vong.csv",
        "Q2.A,2025-07-01,,Đảng ủy A,dang_bo_xa,Q2.B,\nQ2.B,2025-07-01,,Đảng ủy B,dang_bo_xa,Q2.A,\n",
    )
    assert [fault for fault in faults if "ancestor" in fault and "Q2.A" in fault]
    assert [fault for fault in faults if "ancestor" in fault and "Q2.B" in fault]


def test_two_units_with_one_code_at_one_time_are_refused(settings: Settings, tmp_path: Path) -> None:
    faults = refused(
        settings,
        tmp_path / "chong.csv",
        "Q3,2025-07-01,,Xã cũ,xa,,\nQ3,2025-09-01,,Xã mới,xa,,\n",
    )
    assert len(faults) == 1
    assert "overlaps" in faults[0]
    assert "Q3 2025-07-01" in faults[0]


def test_a_unit_whose_parent_is_unknown_is_refused(settings: Settings, tmp_path: Path) -> None:
    faults = refused(settings, tmp_path / "mo_coi.csv", "Q4,2025-07-01,,Xã,xa,KHONG.CO,\n")
    assert faults == ["mo_coi.csv · Q4 2025-07-01: its parent KHONG.CO did not live on 2025-07-01"]


def test_a_unit_that_stands_twice_is_refused_with_its_line(settings: Settings, tmp_path: Path) -> None:
    faults = refused(
        settings, tmp_path / "trung.csv", "Q5,2025-07-01,,Xã,xa,,\nQ6,2025-07-01,,Xã,xa,,\nQ5,2025-07-01,,Xã,xa,,\n"
    )
    assert faults == ["trung.csv · line 4: Q5 2025-07-01 stands twice"]


def test_every_wrong_row_is_named_at_once(settings: Settings, tmp_path: Path) -> None:
    faults = refused(
        settings, tmp_path / "sai.csv", "Q7,01/07/2025,,Xã,xa,,\nQ8,2025-07-01,,,xa,,\n,2025-07-01,,Xã,xa,,\n"
    )
    assert [fault.split("·")[1].split(":")[0].strip() for fault in faults] == ["line 2", "line 3", "line 4"]


def test_a_unit_of_an_unknown_kind_is_refused(settings: Settings, tmp_path: Path) -> None:
    (fault,) = refused(settings, tmp_path / "loai.csv", "Q9,2025-07-01,,Xã,lang,,\n")
    assert "unknown kind lang" in fault


def test_a_table_without_the_columns_is_refused(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "cot.csv"
    path.write_text("ma,ten\nQ1,Xã\n", encoding="utf-8")
    with pytest.raises(RegisterRefusedError, match="lacks the columns code, valid_from, name, kind"):
        load(settings, path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04\x00\xff\xfe", "code;valid_from\n".encode("utf-16")])
def test_a_file_that_is_no_table_is_refused(settings: Settings, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "units.xlsx"
    path.write_bytes(content)
    with pytest.raises(RegisterRefusedError):
        load(settings, path)
