"""Totals and findings of level 7 after loads, acts and runs cut short: what adding everything up would give."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, func, select
from world import CATALOG, FIRST_DAY, arrive, batch

from catalog import Catalog, load_catalog
from catalog.model import HierarchyCheck, Obligation, UnitRecord
from domain.period import PeriodKind
from tasks import rolling
from tasks.rolling import refresh_roll_up
from warehouse import acts, changes, queries, returns, tables
from warehouse.intake import start_run
from warehouse.load import load_batch
from warehouse.registry import sync_registry

PERIOD, FORM = "2025-Q1", "bieu-1"
SIGNED: dict[str, Any] = {"who": "Trần Văn Phòng", "reason": "đã đối chiếu từng đơn vị"}


def _unit(code: str, kind: str, parent: str | None) -> UnitRecord:
    return UnitRecord(code=code, valid_from=FIRST_DAY, name=f"Đơn vị {code}", kind=kind, parent=parent, source="thử")


def _world() -> Catalog:
    """Two provinces over districts over communes, with the shipped rules of level 7."""
    shipped = load_catalog()
    units = [_unit("T01", "tinh", None), _unit("T02", "tinh", None)]
    for province in ("T01", "T02"):
        for district in range(1, 6):
            units.append(_unit(f"{province}.{district}", "tinh", province))
            units += [_unit(f"{province}.{district}.{commune}", "xa", f"{province}.{district}") for commune in "123"]
    rules = tuple(rule for rule in shipped.rules if isinstance(rule.check, HierarchyCheck))
    rules = tuple(rule.model_copy(update={"counterexample": {}}) for rule in rules)
    return replace(CATALOG, units=tuple(units), rules=rules, messages=shipped.messages, events=())


WORLD = _world()


class World:
    """A warehouse whose reports come one by one; every file is unlike the others."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine = engine
        monkeypatch.setattr(changes, "CLOCKS_APART", changes.CLOCKS_APART * 0)
        sync_registry(engine, WORLD, years=(2024, 2025))
        self.run = start_run(engine, "collect-period", PERIOD)
        self._count = 0

    def send(
        self, unit: str, scope: str = "own", note: str | None = None, word: str = "exact", **figures: float
    ) -> int:
        self._count += 1
        (number,) = arrive(self.engine, self.run, f"{unit}-{self._count}")
        part = batch((number, unit, "accepted", dict(figures)))
        open_end = pl.lit(None, pl.Float64) if word == "ge" else pl.col("upper")
        said = part.observations.with_columns(
            scope=pl.lit(scope), note=pl.lit(note, pl.String), qualifier=pl.lit(word), upper=open_end
        )
        headers = part.headers.with_columns(scope=pl.lit(scope))
        load_batch(self.engine, self.run, replace(part, observations=said, headers=headers))
        return number

    def refresh(self, catalog: Catalog = WORLD) -> None:
        refresh_roll_up(self.engine, catalog, PERIOD, FORM)

    def findings(self) -> list[dict[str, Any]]:
        found = queries.findings(self.engine, period=PERIOD).filter(pl.col("level") == 7)
        names = ["unit", "rule", "cell", "observed", "expected", "arithmetic", "settled_by", "severity", "field"]
        return found.select(names).sort("unit", "rule", "field").to_dicts()

    def totals(self) -> list[tuple[Any, ...]]:
        columns = [column for column in tables.mart_roll_up.c if column.name != "refreshed_at"]
        with self.engine.connect() as connection:
            return sorted((tuple(row) for row in connection.execute(select(*columns))), key=repr)

    def forget(self) -> None:
        """Nothing is left but the reports: the next refresh begins from them."""
        with self.engine.begin() as connection:
            connection.execute(tables.mart_roll_up.delete())
            connection.execute(tables.finding.delete().where(tables.finding.c.level == 7))


@pytest.fixture
def world(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(engine, monkeypatch)


def test_a_wrong_sum_is_found_at_its_cell_and_goes_when_it_is_mended(world: World) -> None:
    for number, value in enumerate((62812, 480, 0), 1):
        last = world.send(f"T01.1.{number}", received=value)
    parent = world.send("T01.1", "subtree", received=64437)
    world.refresh()
    (found,) = world.findings()
    assert found["arithmetic"] == "62.812 + 480 + 0 = 63.292 ≠ 64.437 (lệch 1.145)"
    assert found["expected"] == "63.292 (đủ 3/3 đơn vị trực thuộc)"
    assert (found["unit"], found["rule"], found["cell"], found["observed"]) == ("T01.1", "HIE-001", "E5", "64.437")
    (state,) = queries.status_by_unit(world.engine, PERIOD, "T01.1").filter(pl.col("unit") == "T01.1").to_dicts()
    assert (state["state"], state["n_warning"]) == ("accepted_with_warnings", 1)
    assert returns.returnable(world.engine)["submission"].to_list() == [parent]
    world.refresh()  # a run that was cut short does it again
    assert world.findings() == [found]

    world.send("T01.1.3", received=1145)  # a child is mended
    world.refresh()
    assert world.findings() == []
    (state,) = queries.status_by_unit(world.engine, PERIOD, "T01.1").filter(pl.col("unit") == "T01.1").to_dicts()
    assert (state["state"], state["n_warning"]) == ("accepted", 0)
    world.send("T01.1.3", received=9145)  # now children give more than the parent: another finding, not a second one
    world.refresh()
    assert [item["arithmetic"] for item in world.findings()] == ["62.812 + 9.145 + 480 = 72.437 ≠ 64.437 (lệch 8.000)"]
    world.send("T01.1", "subtree", received=72437)
    world.refresh()
    assert world.findings() == []
    assert last


def test_missing_children_are_named_and_only_more_is_wrong(world: World) -> None:
    world.send("T01.1.1", received=7)
    world.send("T01.1", "subtree", received=900)
    world.send("T01.2.1", received=7)
    world.send("T01.2", "subtree", received=5)
    world.refresh()
    (found,) = world.findings()
    assert (found["unit"], found["rule"], found["arithmetic"]) == ("T01.2", "HIE-002", "7 > 5 (vượt 2)")
    assert found["expected"] == (
        "7 (1/3 đơn vị trực thuộc, còn thiếu Đơn vị T01.2.2 (T01.2.2), Đơn vị T01.2.3 (T01.2.3))"
    )
    world.send("T01.2", "subtree", word="ge", received=5)  # at least 5 can be 7
    world.refresh()
    assert world.findings() == []


def test_notes_and_waivers_settle_and_closed_periods_are_left_alone(world: World) -> None:
    for number in "123":
        world.send(f"T01.1.{number}", received=1)
        world.send(f"T01.2.{number}", received=1)
    world.send("T01.1", "subtree", note="Gồm 2 hồ sơ của chính cơ quan huyện", received=5)
    world.send("T01.2", "subtree", received=5)
    world.refresh()
    assert [(item["unit"], item["settled_by"]) for item in world.findings()] == [("T01.1", "note"), ("T01.2", None)]
    number = int(queries.findings(world.engine).filter(pl.col("unit") == "T01.2")["finding"][0])
    acts.waive(world.engine, number, until=None, today=date(2025, 4, 1), **SIGNED)
    world.send("T01.2.1", received=2)  # other arithmetic, the same place
    world.refresh()
    (_, waived) = world.findings()
    assert (waived["arithmetic"], waived["settled_by"]) == ("2 + 1 + 1 = 4 ≠ 5 (lệch 1)", "waiver")
    world.send("T01.2.1", received=3)
    acts.close_period(world.engine, PERIOD, **SIGNED)
    world.refresh()
    assert len(world.findings()) == 2  # as it was when it was closed
    acts.reopen_period(world.engine, PERIOD, **SIGNED)
    run = start_run(world.engine, "collect-period", PERIOD)
    assert queries.changed_by_run(world.engine, run) == [(PERIOD, FORM)]
    world.refresh()
    assert [item["unit"] for item in world.findings()] == ["T01.1"]


@pytest.mark.thorough("2", "3")
@pytest.mark.parametrize("seed", range(4))
def test_whatever_happened_the_outcome_is_that_of_beginning_anew(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reports, corrections, withdrawals, obligations and runs cut short before the totals, in any order."""
    drawn = random.Random(seed)
    catalog, short = WORLD, [0]
    again = rolling.add_up_again
    monkeypatch.setattr(rolling, "add_up_again", lambda *given: _counted(again(*given), short))
    codes = [unit.code for unit in WORLD.units]
    sent = [_send(world, drawn, code) for code in codes if drawn.random() < 0.7]
    world.refresh(catalog)
    for _ in range(8):
        for _ in range(drawn.choice((1, 1, 2))):  # what a killed run left is there with what the next one loads
            if sent and drawn.random() < 0.3:
                _withdraw(world, sent.pop(drawn.randrange(len(sent))))
            else:
                sent.append(_send(world, drawn, drawn.choice(codes)))
        if drawn.random() < 0.15:
            catalog = _other_obligations(catalog)
            sync_registry(world.engine, catalog, years=(2024, 2025))
        world.refresh(catalog)
        kept = (world.totals(), world.findings())
        world.forget()
        world.refresh(catalog)
        assert kept == (world.totals(), world.findings())
    assert short[0] > 0


def _counted(outcome: Any, short: list[int]) -> Any:
    short[0] += outcome is not None
    return outcome


def _send(world: World, drawn: random.Random, code: str) -> int:
    scope = "own" if code.count(".") == 2 else drawn.choice(("own", "subtree", "territory"))
    names = drawn.choice((("received",), ("received", "solved"), ("received", "solved")))
    figures = {name: float(drawn.randrange(0, 9)) for name in names}
    return world.send(code, scope, word=drawn.choice(("exact", "exact", "exact", "ge")), **figures)


def _withdraw(world: World, number: int) -> None:
    here = tables.submission.c
    with world.engine.connect() as connection:
        state = connection.scalar(select(here.state).where(here.id == number))
    if state in ("accepted", "accepted_with_warnings"):
        acts.withdraw(world.engine, number, **SIGNED)


def _other_obligations(catalog: Catalog) -> Catalog:
    more = Obligation(
        unit_kind="tinh", form=FORM, calendar="ND09", period_kinds=(PeriodKind.QUARTER,), valid_from=FIRST_DAY
    )
    owed = (more, *WORLD.obligations) if len(catalog.obligations) == 1 else WORLD.obligations
    return replace(catalog, obligations=owed, fingerprint=catalog.fingerprint + "+")


def test_totals_computed_meanwhile_from_elsewhere_are_not_built_upon(world: World) -> None:
    for number in "123":
        world.send(f"T01.1.{number}", received=1)
    world.refresh()
    base = queries.last_refresh(world.engine, PERIOD, FORM)
    assert base is not None
    as_of = queries.settled(world.engine)
    world.refresh()  # another run was faster
    rows = queries.kept_totals(world.engine, PERIOD, FORM, ["T01.1"])
    part = queries.Part(("T01.1",), base)
    assert queries.write_roll_up(world.engine, PERIOD, FORM, rows, as_of=as_of, part=part) is None
    with world.engine.connect() as connection:
        mart = tables.mart_roll_up.c
        assert connection.scalar(select(func.count()).where(mart.unit == "T01.1")) == 1
