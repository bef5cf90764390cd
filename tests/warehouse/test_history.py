"""Figures of other periods: what ends with a period, what makes it up, whose figures they are and where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from sqlalchemy import Engine

from catalog import load_catalog
from catalog.model import UnitEventRecord, UnitRecord
from catalog.whole import Catalog
from domain import columns
from domain.observation import OverTime
from tests.warehouse.world import CATALOG, FIRST_DAY, arrive, batch, frame
from warehouse.history import previous_figures
from warehouse.intake import start_run
from warehouse.load import load_batch
from warehouse.registry import sync_registry

#: ``solved`` stands for figures that are not added over time.
WORLD = replace(
    CATALOG,
    calendars=load_catalog().calendars,
    indicators=CATALOG.indicators
    | {"solved": CATALOG.indicators["solved"].model_copy(update={"over_time": OverTime.LAST})},
)


def _renaming(code: str = "X05") -> Catalog:
    born = date(2025, 3, 15)
    old = UnitRecord(
        code="X05", valid_from=FIRST_DAY, valid_to=date(2025, 3, 14), name="Cũ", kind="xa", parent="T01", source="t"
    )
    new = UnitRecord(code=code, valid_from=born, name="Mới", kind="xa", parent="T01", source="t")
    event = UnitEventRecord(
        kind="rename", day=born, old_code="X05", old_valid_from=FIRST_DAY, new_code=code, new_valid_from=born,
        share="full", document="NQ",
    )  # fmt: skip
    return replace(WORLD, units=(*WORLD.units, old, new), events=(event,))


class Warehouse:
    """Reports of one unit after another, each by its period."""

    def __init__(self, engine: Engine, catalog: Catalog = WORLD) -> None:
        self.engine = engine
        sync_registry(engine, catalog, years=(2023, 2024, 2025))
        self.run = start_run(engine, "collect-period")

    def holds(self, unit: str, reports: Mapping[str, float], scope: str = "own", state: str = "accepted") -> None:
        for period, value in reports.items():
            (number,) = arrive(self.engine, self.run, f"{unit}-{period}-{scope}-{value}")
            load = batch((number, unit, state, {"received": value, "solved": value}), period=period)
            load_batch(self.engine, self.run, replace(load, headers=load.headers.with_columns(scope=pl.lit(scope))))

    def words(self, unit: str, period: str, value: float, low: float | None, high: float | None) -> None:
        (number,) = arrive(self.engine, self.run, f"{unit}-{period}-words")
        load = batch((number, unit, "accepted", {"received": value}), period=period)
        bounds = {"lower": pl.lit(low, pl.Float64), "upper": pl.lit(high, pl.Float64), "qualifier": pl.lit("gt")}
        load_batch(self.engine, self.run, replace(load, observations=load.observations.with_columns(**bounds)))

    def past(self, unit: str, period: str, scope: str = "own") -> pl.DataFrame:
        header = {"file": 9, "form": "bieu-1", "unit": unit, "period": period, "scope": scope}
        return previous_figures(self.engine, frame(columns.HEADERS, [header]))


def _of(found: pl.DataFrame, which: str, indicator: str = "received") -> list[tuple[object, ...]]:
    chosen = found.filter(pl.col("which") == which, pl.col("indicator") == indicator)
    return list(chosen.select("period", "value").iter_rows())


def test_the_frame_is_the_one_that_was_agreed(engine: Engine) -> None:
    found = Warehouse(engine).past("X01", "2025-Q2")
    assert found.is_empty()
    assert found.schema == {name: getattr(pl, kind) for name, kind in columns.HISTORY.items()}


def test_every_figure_has_its_period_file_and_cell(engine: Engine) -> None:
    world = Warehouse(engine)
    world.holds("X01", {"2025-Q1": 30, "2024-Q2": 20})
    found = world.past("X01", "2025-Q2").filter(pl.col("indicator") == "received")
    assert found.select("which", "period", "name", "sheet", "cell", "qualifier").rows() == [
        ("last_year", "2024-Q2", "X01-2024-Q2-own-20.xlsx", "Số liệu", "E5", "exact"),
        ("previous", "2025-Q1", "X01-2025-Q1-own-30.xlsx", "Số liệu", "E5", "exact"),
    ]


@pytest.mark.parametrize(
    ("period", "longer", "shorter"),
    [
        ("2025-Q1", [], ["2025-M03"]),
        ("2025-Q2", ["2025-H1"], []),
        ("2025-H1", [], ["2025-Q2"]),
        ("2025-Q3", ["2025-9M"], []),
        ("2025-9M", [], ["2025-Q3"]),
        ("2025-Q4", ["2025", "2025-H2"], []),
        ("2025-H2", ["2025"], ["2025-Q4"]),
        ("2025", [], ["2025-H2", "2025-Q4"]),
        ("2025-M03", ["2025-Q1"], []),
        ("2024-Q2", [], []),
    ],
)
def test_what_ends_the_same_day(engine: Engine, period: str, longer: list[str], shorter: list[str]) -> None:
    world = Warehouse(engine)
    codes = ["2025-M03", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2025-H1", "2025-H2", "2025-9M", "2025"]
    world.holds("X01", {code: float(number) for number, code in enumerate(codes, 1) if code != period})
    world.holds("X02", {period: 99.0})
    found = world.past("X01", period)
    assert [code for code, _ in _of(found, "longer")] == longer
    assert [code for code, _ in _of(found, "shorter")] == shorter
    assert _of(found, "longer", "solved") == _of(found, "shorter", "solved") == []


def test_the_shortest_periods_that_fill_the_window_are_added(engine: Engine) -> None:
    world = Warehouse(engine)
    world.holds("X01", {"2025-H1": 70, "2025-H2": 80, "2025-Q1": 30, "2025-Q2": 41})
    assert _of(world.past("X01", "2025"), "parts") == [(None, 150)]
    assert _of(world.past("X01", "2025"), "part") == [("2025-H1", 70), ("2025-H2", 80)]
    assert _of(world.past("X01", "2025-H1"), "parts") == [(None, 71)]
    assert _of(world.past("X01", "2025-9M"), "parts") == []
    world.holds("X01", {"2025-Q3": 42})
    assert _of(world.past("X01", "2025-9M"), "parts") == [(None, 113)]
    world.holds("X01", {"2025-Q4": 44})
    assert _of(world.past("X01", "2025"), "parts") == [(None, 157)]
    assert [code for code, _ in _of(world.past("X01", "2025"), "part")] == ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]
    world.holds("X01", {"2025-M01": 9, "2025-M02": 10, "2025-M03": 12})
    assert _of(world.past("X01", "2025-Q1"), "parts") == [(None, 31)]
    assert _of(world.past("X01", "2025-Q1"), "parts", "solved") == []


def test_a_rejected_part_and_a_part_without_the_figure_leave_no_sum(engine: Engine) -> None:
    world = Warehouse(engine)
    world.holds("X01", {"2025-Q1": 30})
    world.holds("X01", {"2025-Q2": 41}, state="rejected")
    assert _of(world.past("X01", "2025-H1"), "parts") == []
    (number,) = arrive(engine, world.run, "without")
    load_batch(engine, world.run, batch((number, "X01", "accepted", {"solved": 3}), period="2025-Q2"))
    assert _of(world.past("X01", "2025-H1"), "parts") == []
    assert _of(world.past("X01", "2025-H1"), "part") == [("2025-Q1", 30)]


def test_periods_of_another_calendar_or_scope_are_not_added(engine: Engine) -> None:
    world = Warehouse(engine)
    world.holds("X01", {"2025-Q1@CALENDAR": 30, "2025-Q2@CALENDAR": 41})
    assert world.past("X01", "2025-H1").is_empty()
    world.holds("X01", {"2025-Q1": 30})
    world.holds("X01", {"2025-Q2": 41}, scope="subtree")
    found = world.past("X01", "2025-H1")
    assert (_of(found, "parts"), _of(found, "shorter")) == ([], [])
    assert _of(world.past("X01", "2025-H1", scope="subtree"), "shorter") == [("2025-Q2", 41)]


def test_intervals_add_and_an_open_bound_stays_open(engine: Engine) -> None:
    world = Warehouse(engine)
    world.words("X01", "2025-Q1", 200, 201, 299)
    world.holds("X01", {"2025-Q2": 10})
    bounds = ["value", "low", "high"]
    past = world.past("X01", "2025-H1")
    assert past.filter(pl.col("which") == "parts").select(bounds).rows() == [(210, 211, 309)]
    assert past.filter(pl.col("which") == "part")["qualifier"].to_list()[0] == "gt"
    world.words("X02", "2025-Q1", 200, 200, None)
    world.holds("X02", {"2025-Q2": 10})
    assert world.past("X02", "2025-H1").filter(pl.col("which") == "parts").select(bounds).rows() == [(210, 210, None)]
    world.words("X03", "2025-Q1", 200, 200, None)
    world.words("X03", "2025-Q2", 10, None, 10)
    assert _of(world.past("X03", "2025-H1"), "parts") == [], "no bound at all is no claim"


def test_a_renamed_unit_has_its_past_its_year_ago_and_its_parts(engine: Engine) -> None:
    world = Warehouse(engine, _renaming())
    world.words("X05", "2025-Q1", 200, 201, 299)
    world.holds("X05", {"2024-Q2": 20})
    world.holds("X05", {"2025-Q2": 10})
    past = world.past("X05", "2025-Q2")
    previous = past.filter(pl.col("which") == "previous").row(0, named=True)
    assert (previous["value"], previous["low"], previous["high"], previous["qualifier"]) == (200, 201, 299, "gt")
    assert _of(past, "last_year") == [("2024-Q2", 20)]
    assert _of(world.past("X05", "2025-H1"), "parts") == [(None, 210)]


def test_what_a_unit_sent_under_its_old_code_has_a_later_report_checked_again(engine: Engine) -> None:
    world = Warehouse(engine, _renaming("X06"))
    (later,) = arrive(engine, world.run, "later")
    world.holds("X05", {"2025-Q1": 200})
    assert _of(world.past("X06", "2025-Q2"), "previous") == [("2025-Q1", 200)]
    loaded = load_batch(
        engine, world.run, batch((later, "X06", "accepted", {"received": 1}), period="2025-Q2", known_up_to=0)
    )
    assert loaded.stale == {later}
