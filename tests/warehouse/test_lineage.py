"""Old units and new: shares are conserved, chains compose, and what cannot be compared says why."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from catalog import load_catalog
from catalog.lookup import what_became
from catalog.model import UnitEventRecord, UnitRecord
from catalog.register import register_faults
from catalog.whole import Catalog
from tasks.register import import_register
from warehouse import queries
from warehouse.lineage import MAPPING, unit_mapping
from warehouse.registry import sync_registry

SAMPLE = Path(__file__).parents[2] / "examples" / "reform"
REFORM = date(2025, 7, 1)
BEFORE = REFORM - timedelta(days=1)

# ------------------------------------------------------------------------------------------------ any history

BIRTH = date(2000, 1, 1)
STEPS = [date(2010 + year, 1, 1) for year in range(4)]
#: Days to look from and at: before, at and after every step.
LOOKS = sorted({BIRTH, *STEPS, *(day - timedelta(days=1) for day in STEPS), date(2020, 1, 1)})
CATALOG = load_catalog()
#: What a register is proved against, and little else: an example that fails must be printable.
BARE = replace(CATALOG, messages={}, codelists={}, indicators={}, forms={}, examples={}, rules=(), obligations=())


def a_unit(code: int, born: date) -> UnitRecord:
    return UnitRecord(code=f"U{code}", valid_from=born, name=f"U{code}", kind="xa", source="thử")


def an_event(kind: str, day: date, old: UnitRecord, new: UnitRecord, share: str) -> UnitEventRecord:
    return UnitEventRecord.model_validate(
        {
            "kind": kind,
            "day": day,
            "old_code": old.code,
            "old_valid_from": old.valid_from,
            "new_code": new.code,
            "new_valid_from": new.valid_from,
            "share": share,
            "document": "quyết định thử",
        }
    )


@st.composite
def histories(draw: st.DrawFn) -> Catalog:
    """A few units that merge, split, are renamed, give parts away, end and begin, as a proved register may tell it."""
    living = [a_unit(number, BIRTH) for number in range(draw(st.integers(1, 5)))]
    ended: list[UnitRecord] = []
    events: list[UnitEventRecord] = []
    for day in STEPS:
        born = [a_unit(number, day) for number in sorted(draw(st.sets(st.integers(0, 7), max_size=3)))]
        codes = {unit.code for unit in born}
        leaving: list[UnitRecord] = []
        staying: list[UnitRecord] = []
        for unit in living:
            (leaving if unit.code in codes or draw(st.booleans()) else staying).append(unit)
        targets = [*born, *staying]
        for unit in leaving:
            ended.append(unit.model_copy(update={"valid_to": day - timedelta(days=1)}))
            into = _some(draw, targets, 3)
            share = "full" if len(into) == 1 and draw(st.booleans()) else "partial"
            events += [an_event("merge", day, unit, target, share) for target in into]
        for unit in staying:
            others = [target for target in targets if target is not unit]
            events += [an_event("split", day, unit, target, "partial") for target in _some(draw, others, 1)]
        living = targets
    whole = replace(BARE, units=(*ended, *living), events=tuple(events))
    assert list(register_faults(whole)) == [], "the register itself is sound"
    return whole


def _some(draw: st.DrawFn, units: list[UnitRecord], most: int) -> list[UnitRecord]:
    if not units:
        return []
    return draw(st.lists(st.sampled_from(units), max_size=most, unique_by=lambda unit: unit.code))


def frames(catalog: Catalog) -> tuple[pl.DataFrame, pl.DataFrame]:
    ids = {(unit.code, unit.valid_from): number for number, unit in enumerate(catalog.units)}
    units = [(number, unit.valid_from, unit.valid_to) for number, unit in enumerate(catalog.units)]
    events = [
        (e.day, ids[e.old_code, e.old_valid_from], ids[e.new_code, e.new_valid_from], e.share) for e in catalog.events
    ]
    return (
        pl.DataFrame(units, {"unit_id": pl.Int64, "valid_from": pl.Date, "valid_to": pl.Date}, orient="row"),
        pl.DataFrame(
            events, {"day": pl.Date, "old_unit_id": pl.Int64, "new_unit_id": pl.Int64, "share": pl.String}, orient="row"
        ),
    )


def mapped(catalog: Catalog, then: date, now: date) -> pl.DataFrame:
    return unit_mapping(*frames(catalog), then, now)


def living_on(catalog: Catalog, day: date) -> set[int]:
    return {
        number
        for number, unit in enumerate(catalog.units)
        if unit.valid_from <= day and (unit.valid_to is None or day <= unit.valid_to)
    }


two_days = st.tuples(st.sampled_from(LOOKS), st.sampled_from(LOOKS)).map(sorted)
three_days = st.tuples(st.sampled_from(LOOKS), st.sampled_from(LOOKS), st.sampled_from(LOOKS)).map(sorted)


@settings(deadline=None)
@given(history=histories(), days=two_days)
def test_every_unit_is_accounted_for_and_no_figure_counts_twice(history: Catalog, days: list[date]) -> None:
    mapping = mapped(history, *days)
    assert mapping.schema == MAPPING
    assert set(mapping["unit_then"].drop_nulls()) == living_on(history, days[0])
    assert set(mapping["unit_now"].drop_nulls()) == living_on(history, days[1])
    assert not mapping.select("unit_then", "unit_now").is_duplicated().any()
    rows = Counter(mapping["unit_then"].drop_nulls())
    for row in mapping.drop_nulls("unit_then").iter_rows(named=True):
        assert row["share"] == "partial" or rows[row["unit_then"]] == 1, "a whole is in one place"
    full = mapping.filter(comparable="full")
    assert (full["share"] == "full").all()
    assert full["unit_then"].is_unique().all()
    for _, group in mapping.drop_nulls("unit_now").group_by("unit_now"):
        assert (group["comparable"] == "full").all() or not (group["comparable"] == "full").any()
    assert (
        mapping.filter(pl.col("comparable") != "full", pl.col("share") == "full")
        .select(pl.col("reason").is_in(["received_parts", "ended_untold"]).all())
        .item()
    )


@settings(deadline=None)
@given(history=histories(), days=three_days)
def test_chains_compose(history: Catalog, days: list[date]) -> None:
    """From the first day to the last is the same as over any day between."""
    then, mid, now = days
    first, second = mapped(history, then, mid), mapped(history, mid, now)
    began = first.drop_nulls("unit_then")
    lost = began.filter(pl.col("unit_now").is_null()).select("unit_then", "unit_now", is_full=pl.col("share") == "full")
    over = began.drop_nulls("unit_now").join(
        second.drop_nulls("unit_then").rename({"unit_then": "unit_now", "unit_now": "end", "share": "share_after"}),
        on="unit_now",
    )
    both = (pl.col("share") == "full") & (pl.col("share_after") == "full")
    reached = over.select("unit_then", unit_now="end", is_full=both)
    composed = pl.concat([lost, reached]).group_by("unit_then", "unit_now").agg(pl.col("is_full").all())
    direct = mapped(history, then, now).drop_nulls("unit_then")
    expected = direct.select("unit_then", "unit_now", is_full=pl.col("share") == "full")
    assert composed.sort(pl.all()).equals(expected.sort(pl.all()))


@settings(deadline=None)
@given(history=histories(), day=st.sampled_from(LOOKS))
def test_one_unit_followed_by_itself_goes_where_all_of_them_go(history: Catalog, day: date) -> None:
    ids = {(unit.code, unit.valid_from): number for number, unit in enumerate(history.units)}
    mapping = mapped(history, BIRTH, day).drop_nulls("unit_then")
    for number in living_on(history, BIRTH):
        ends = {
            (ids[end.unit.code, end.unit.valid_from] if end.unit else None, "full" if end.whole else "partial")
            for end in what_became(history, history.units[number], day)
        }
        assert ends == set(mapping.filter(unit_then=number).select("unit_now", "share").iter_rows())


@settings(deadline=None)
@given(history=histories(), day=st.sampled_from(LOOKS))
def test_on_one_day_every_unit_is_itself(history: Catalog, day: date) -> None:
    mapping = mapped(history, day, day)
    assert mapping["unit_then"].to_list() == mapping["unit_now"].to_list() == sorted(living_on(history, day))
    assert set(mapping["reason"]) <= {"unchanged"}


def test_contradictions_are_parts_never_twice_the_figure() -> None:
    """Whole into two, and whole although it lives on: no such register is taken in, but one may be there."""
    units = pl.DataFrame(
        {"unit_id": [1, 2, 3], "valid_from": [BIRTH] * 3, "valid_to": [None] * 3},
        schema_overrides={"valid_to": pl.Date},
    )
    rows = {"day": [REFORM] * 2, "old_unit_id": [1, 1], "new_unit_id": [2, 3], "share": ["full", "full"]}
    mapping = unit_mapping(units, pl.DataFrame(rows), BEFORE, REFORM).filter(unit_then=1)
    assert set(mapping["comparable"]) == {"none"}
    assert mapping["unit_now"].to_list() == [1, 2, 3]


def test_days_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValueError, match="after"):
        mapped(CATALOG, REFORM, BEFORE)


# ------------------------------------------------------------------------------------------------ the reform of 2025


def reformed(engine: Engine) -> None:
    sync_registry(engine, CATALOG, years=[2025])
    import_register(engine, CATALOG, [SAMPLE / "units.csv", SAMPLE / "events.csv"])


def test_the_sample_reform_is_mapped(engine: Engine) -> None:
    reformed(engine)
    mapping = queries.mapping_between(engine, BEFORE, REFORM)
    told = mapping.filter(pl.coalesce("code_then", "code_now").str.starts_with("VD.")).sort("code_then", "code_now")
    found = list(told.select("code_then", "code_now", "share", "comparable", "reason").iter_rows())
    assert found == [
        ("VD.13285", "VD.13285", "partial", "none", "split"),
        ("VD.13285", "VD.13366", "partial", "none", "split"),
        ("VD.13309", "VD.13285", "full", "partial", "received_parts"),
        ("VD.23602", "VD.23602", "full", "full", "continued"),
        ("VD.23617", "VD.23617", "full", "full", "merged"),
        ("VD.23620", "VD.23617", "full", "full", "merged"),
        ("VD.28681", "VD.28687", "full", "full", "merged"),
        ("VD.28687", "VD.28687", "full", "full", "merged"),
        ("VD.35", "VD.37", "full", "full", "merged"),
        ("VD.35.SNV", "VD.35.SNV", "full", "full", "unchanged"),
        ("VD.36", "VD.37", "full", "full", "merged"),
        ("VD.37", "VD.37", "full", "full", "merged"),
        ("VD.52", "VD.52", "full", "full", "merged"),
        ("VD.64", "VD.52", "full", "full", "merged"),
        ("VD.82", "VD.82", "full", "full", "merged"),
        ("VD.87", "VD.82", "full", "full", "merged"),
    ]
    names = dict(told.drop_nulls("code_then").select("code_then", "name_now").iter_rows())
    assert (names["VD.23620"], names["VD.87"]) == ("Phường An Khê", "Tỉnh Đồng Tháp")


def test_the_tree_of_a_day_is_true_through_the_reform(engine: Engine) -> None:
    reformed(engine)
    before, after = (queries.unit_tree(engine, day) for day in (BEFORE, REFORM))
    above, above_now = (dict(tree.select("unit", "parent").iter_rows()) for tree in (before, after))
    name, name_now = (dict(tree.select("unit", "name").iter_rows()) for tree in (before, after))
    assert {"VD.35", "VD.36", "VD.37"} <= above.keys()
    assert {"VD.35", "VD.36", "VD.37"} & above_now.keys() == {"VD.37"}
    assert (name["VD.82"], name_now["VD.82"]) == ("Tỉnh Tiền Giang", "Tỉnh Đồng Tháp")
    assert above["VD.28687"] == above_now["VD.28687"] == "VD.82"
    assert (name["VD.23602"], name_now["VD.23602"]) == ("Xã An Phú", "Phường An Phú")
    assert "VD.23620" not in name_now
    # nobody wrote a new row for the department: it answers to the heir of its province
    assert (above["VD.35.SNV"], above_now["VD.35.SNV"]) == ("VD.35", "VD.37")
    later = queries.unit_tree(engine, date(2026, 11, 1))
    assert later.filter(unit="VD.35.SNV")["parent"].item() == "VD.37"


def test_who_answered_to_a_divided_unit_answers_to_nobody(engine: Engine) -> None:
    """No part of it can claim them; the tree shows them at the top instead of under a guess."""
    upper = [a_unit(number, BIRTH) for number in range(3)]
    upper[0] = upper[0].model_copy(update={"valid_to": BEFORE})
    below = a_unit(9, BIRTH).model_copy(update={"parent": "U0"})
    events = [an_event("split", REFORM, upper[0], upper[number], "partial") for number in (1, 2)]
    sync_registry(engine, replace(CATALOG, units=(*upper, below), events=tuple(events)), years=[2025])
    assert queries.unit_tree(engine, BEFORE).filter(unit="U9")["parent"].item() == "U0"
    tree = queries.unit_tree(engine, REFORM).filter(unit="U9")
    assert tree.select("parent", "depth").rows() == [(None, 0)]
