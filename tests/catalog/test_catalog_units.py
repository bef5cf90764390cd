"""The register of units: codes are read with a day, and every unit that ended says where it went."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from catalog.load import load_catalog
from catalog.whole import Catalog
from domain.period import PeriodKind

REFORM = date(2025, 7, 1)
BEFORE = REFORM - timedelta(days=1)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("28687", ("Xã Long Bình", "823"), ("Xã Long Bình", "82")),
        ("13504", ("Xã Bình Nghĩa", "352"), ("Xã Bình Lục", "37")),
        ("13495", ("Xã Thanh Nguyên", "351"), ("Xã Thanh Liêm", "37")),
        ("23617", ("Phường Tây Sơn", "623"), ("Phường An Khê", "52")),
        ("23602", ("Xã An Phú", "622"), ("Phường An Phú", "52")),
        ("82", ("Tỉnh Tiền Giang", None), ("Tỉnh Đồng Tháp", None)),
        ("52", ("Tỉnh Bình Định", None), ("Tỉnh Gia Lai", None)),
        ("37", ("Tỉnh Ninh Bình", None), ("Tỉnh Ninh Bình", None)),
        ("DU.28687", ("Đảng ủy xã Long Bình", "DU.823"), ("Đảng ủy xã Long Bình", "DU.82")),
        ("UB.13504", ("UBND xã Bình Nghĩa", "UB.352"), ("UBND xã Bình Lục", "UB.37")),
    ],
)
def test_one_code_names_two_units(
    catalog: Catalog, code: str, before: tuple[str, str | None], after: tuple[str, str | None]
) -> None:
    old, new = catalog.unit_on(code, BEFORE), catalog.unit_on(code, REFORM)
    assert old is not None
    assert new is not None
    assert ((old.name, old.parent), (new.name, new.parent)) == (before, after)
    assert old.valid_to == BEFORE
    assert new.valid_from == REFORM


@pytest.mark.parametrize("code", ["23620", "13492", "35", "64", "87", "623", "UB.351", "DU.35", "CB.351.TT"])
def test_codes_that_the_reform_ended_name_nothing_afterwards(catalog: Catalog, code: str) -> None:
    assert catalog.unit_on(code, BEFORE) is not None
    assert catalog.unit_on(code, REFORM) is None


def test_the_an_phu_of_today_is_not_the_an_phu_of_an_khe(catalog: Catalog) -> None:
    named = {unit.code for unit in catalog.units if unit.name == "Phường An Phú"}
    assert named == {"23620", "23602"}
    became = [event.new_code for event in catalog.events if event.old_code == "23620"]
    assert became == ["23617"]


def test_lai_chau_was_not_merged(catalog: Catalog) -> None:
    lai_chau = catalog.unit_on("UB.12", date(2014, 12, 31))
    assert lai_chau is not None
    assert lai_chau is catalog.unit_on("UB.12", REFORM)


def test_communes_answer_to_the_province_after_the_reform(catalog: Catalog) -> None:
    kinds = {"xa", "phuong", "dang_bo_xa", "dang_bo_phuong", "ubnd_xa", "ubnd_phuong"}
    communes = [unit for unit in catalog.units if unit.kind in kinds and unit.valid_from == REFORM]
    assert len(communes) > 20
    for commune in communes:
        parent = catalog.unit_on(commune.parent or "", REFORM)
        assert parent is not None
        assert catalog.unit_kinds[parent.kind].level == "province"


def test_party_answers_to_party_and_state_to_state(catalog: Catalog) -> None:
    for unit in catalog.units:
        branch = catalog.unit_kinds[unit.kind].branch
        parent = catalog.unit_on(unit.parent, unit.valid_from) if unit.parent else None
        if parent is not None and branch != "mass":
            assert catalog.unit_kinds[parent.kind].branch == branch, unit


#: Kinds of which the sources say nothing beyond the reform: nobody recorded where cells and groups went.
UNRECORDED = {"chi_bo", "to_mo_hinh", "to_nhan_dan_tu_quan", "ap"}


def test_whatever_ended_says_what_became_of_it(catalog: Catalog) -> None:
    told = {(event.old_code, event.old_valid_from) for event in catalog.events}
    ended = [unit for unit in catalog.units if unit.valid_to is not None and unit.kind not in UNRECORDED]
    assert len(ended) > 100
    assert [unit for unit in ended if (unit.code, unit.valid_from) not in told] == []


def test_events_join_the_last_day_of_the_old_to_the_first_of_the_new(catalog: Catalog) -> None:
    units = {(unit.code, unit.valid_from): unit for unit in catalog.units}
    for event in catalog.events:
        old = units[event.old_code, event.old_valid_from]
        assert old.valid_to == event.day - timedelta(days=1), event
        assert event.new_valid_from == event.day, event
        assert event.document


@pytest.mark.parametrize(
    ("new", "olds", "document"),
    [
        ("13495", {"13486", "13492", "13495"}, "NQ 1674/NQ-UBTVQH15"),
        ("28687", {"28681", "28687"}, "NQ 1663/NQ-UBTVQH15"),
        ("23617", {"23617", "23620", "23623", "23630", "23633", "23635"}, "NQ 1664/NQ-UBTVQH15"),
        ("13504", {"13504", "13510", "13516"}, "NQ 1674/NQ-UBTVQH15"),
    ],
)
def test_merged_communes_and_their_resolution(catalog: Catalog, new: str, olds: set[str], document: str) -> None:
    merges = [e for e in catalog.events if e.new_code == new and e.new_valid_from == REFORM and e.kind == "merge"]
    assert {event.old_code for event in merges} == olds
    assert {event.share for event in merges} == {"full"}
    assert all(event.document.startswith(document) for event in merges)


def test_a_split_commune_is_only_partly_in_its_successors(catalog: Catalog) -> None:
    """Phường Quang Trung went to two wards: its old figures cannot be compared with either."""
    splits = [event for event in catalog.events if event.old_code == "13285"]
    assert {event.new_code for event in splits} == {"13285", "13366"}
    assert {(event.kind, event.share) for event in splits} == {("split", "partial")}


@pytest.mark.parametrize(("code", "count"), [("DU.28687", 14), ("DU.23620", 21), ("DB.12.SNV", 3)])
def test_cells_named_by_number_in_the_sources(catalog: Catalog, code: str, count: int) -> None:
    cells = [unit for unit in catalog.units if unit.parent == code and unit.kind == "chi_bo"]
    assert len(cells) == count


@pytest.mark.parametrize(
    ("day", "name"), [(date(2026, 4, 29), "Tỉnh Đồng Nai"), (date(2026, 4, 30), "Thành phố Đồng Nai")]
)
def test_a_province_that_became_a_city(catalog: Catalog, day: date, name: str) -> None:
    unit = catalog.unit_on("75", day)
    assert unit is not None
    assert unit.name == name


def test_territories_and_cells_do_not_owe_dossiers(catalog: Catalog) -> None:
    owing = {item.unit_kind for item in catalog.obligations if item.form == "one-stop-dossiers"}
    assert {catalog.unit_kinds[kind].branch for kind in owing} == {"state"}


@pytest.mark.parametrize(
    ("kind", "period", "forms"),
    [
        ("chi_bo", "2025-Q3", ["review-report"]),
        ("chi_bo", "2025-M03", []),
        ("ubnd_xa", "2025", ["one-stop-dossiers", "review-report"]),
        ("ubnd_xa", "2025-9M", ["review-report"]),
        ("tinh_uy", "2023-M04@CALENDAR", ["review-report"]),
        ("tinh_uy", "2023-M04", ["review-report"]),
        ("tinh_uy", "2023@CALENDAR", []),
        ("xa", "2025", []),
    ],
)
def test_what_a_kind_owes(catalog: Catalog, kind: str, period: str, forms: list[str]) -> None:
    found = catalog.period(period)
    assert found is not None
    assert sorted(item.form for item in catalog.owed(kind, found)) == forms


def test_every_kind_that_owes_has_a_deadline(catalog: Catalog) -> None:
    for item in catalog.obligations:
        level = catalog.unit_kinds[item.unit_kind].level
        assert level in catalog.calendars[item.calendar].due_working_days
        assert set(item.period_kinds) <= set(PeriodKind)
