"""Rating rules as data: what ships says where each part comes from, and a wrong set is refused with its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from catalog import DATA, CatalogError, load_catalog
from domain.period import PeriodKind


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str], Path]:
    def change(before: str, after: str) -> Path:
        root = tmp_path / "data"
        shutil.copytree(DATA, root)
        path = root / "ratings.yaml"
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")
        return root

    return change


@pytest.mark.parametrize(
    ("day", "rules"),
    [
        (date(2018, 12, 14), None),
        (date(2019, 12, 14), "HD21-2019"),
        (date(2023, 10, 3), "HD21-2019"),
        (date(2023, 10, 4), "QD124-2023"),
        (date(2025, 8, 29), "QD124-2023"),
        (date(2025, 8, 30), "QD366-2025"),
    ],
)
def test_the_day_decides_the_rules(day: date, rules: str | None) -> None:
    found = load_catalog().rating_on(day)
    assert (found and found.id) == rules


def test_what_ships_says_what_is_not_from_the_decrees() -> None:
    for rules in load_catalog().ratings:
        assert not rules.text_read
        assert rules.note_vi
        assert rules.note_en
        assert {item.origin for item in rules.criteria} == {"judgement"}
        assert all(item.source for item in (*rules.criteria, *rules.conditions, rules.cap))
        assert not rules.cap.outstanding  # known from memory only
        assert [item.from_points for item in rules.grades] == [90, 70, 50, None]
        assert (PeriodKind.QUARTER in rules.period_kinds) == (rules.id == "QD366-2025")
        of_party = [item.weight for item in rules.criteria if not item.branches or "party" in item.branches]
        assert sum(of_party) == 100


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("measure: targets_met,", "measure: targets_reached,", "targets_reached, which is neither"),
        ("measure: registration_rate", "measure: topic", "topic, which is no number"),
        ("test: targets_met >= 100", "test: targets_met", "not one comparison"),
        ("needed_for: good", "needed_for: great", "no grade of the set"),
        ("needed_for: completed", "needed_for: failed", "the last grade needs nothing"),
        ("valid_to: 2025-08-29", "valid_to: 2025-08-30", "in force while QD124-2023 still is"),
        ("from_points: 70", "from_points: 95", "from the best down"),
        ('outstanding_share: "25"', 'outstanding_share: "125"', "less than or equal to 100"),
        ("form: review-report", "form: review", "unknown form review"),
        ("{id: beyond, weight", "{id: targets, weight", "several criteria"),
    ],
)
def test_a_wrong_set_is_refused_and_says_where(
    changed: Callable[[str, str], Path], before: str, after: str, said: str
) -> None:
    with pytest.raises(CatalogError) as refused:
        load_catalog(changed(before, after))
    assert any(fault.file == "ratings.yaml" and said in fault.what for fault in refused.value.faults), refused.value


def test_definitions_without_rating_rules_still_load(tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(DATA, root)
    (root / "ratings.yaml").unlink()
    assert load_catalog(root).ratings == ()
