"""Who reported, through renamings, changes of superior, mergers and splits within the period: the views of analysts
say of every unit what the status says, and neither ever says more than the whole."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, text
from world import ALL, CATALOG, batch, furnish

from catalog.model import UnitEventRecord, UnitRecord
from domain.unit import EventKind, EventShare
from tests.conftest import Fresh
from warehouse import acts, queries
from warehouse.bulk import read_frame
from warehouse.engine import make_engine
from warehouse.intake import Arrival, receive
from warehouse.load import load_batch
from warehouse.registry import import_register
from warehouse.units import closure, tree_on

PERIOD = "2025-Q3"  # 15 June to 14 September: the reform of 1 July lies within
REFORM = date(2025, 7, 1)
LAST_DAY = date(2025, 9, 14)
IN_TIME = datetime(2025, 9, 10, 3, tzinfo=UTC)
TOO_LATE = datetime(2025, 10, 20, 3, tzinfo=UTC)

#: What a unit sends: a accepted, w the same and withdrawn, r rejected, e accepted without a figure, l accepted late.
BEFORE = ("", "a", "r", "e", "l", "w", "ar", "ra")
AFTER = ("", "a", "r", "w", "l")

FATES = ("stays", "renamed", "recoded", "moved", "merged", "split", "twice", "adopted")


def _unit(code: str, parent: str | None, since: date, until: date | None = None, kind: str = "xa") -> UnitRecord:
    return UnitRecord(
        code=code, valid_from=since, valid_to=until, name=f"Tên {code} {since}", kind=kind, parent=parent, source="thử"
    )


OLD, DAY_BEFORE, AGAIN = date(2000, 1, 1), REFORM - timedelta(days=1), date(2025, 8, 1)


def _life(fate: str, number: int) -> tuple[list[UnitRecord], list[tuple[int, int, EventKind, EventShare]], str]:
    """The lives of one unit of that fate, the events between them, and the code it sends under after the reform."""
    code, home = f"{fate.upper()}{number:03}", f"R{number % 2}"
    old = _unit(code, home, OLD, DAY_BEFORE)
    rename = (0, 1, EventKind.RENAME, EventShare.FULL)
    if fate == "stays":
        return [_unit(code, home, OLD)], [], code
    if fate == "renamed":
        return [old, _unit(code, home, REFORM)], [rename], code
    if fate == "recoded":
        return [old, _unit(f"N{code}", "R9", REFORM)], [rename], f"N{code}"
    if fate == "moved":
        return [old, _unit(code, "R9", REFORM)], [(0, 1, EventKind.REPARENT, EventShare.FULL)], code
    if fate == "merged":
        other = _unit(f"O{code}", home, OLD, DAY_BEFORE)
        into = (0, 2, EventKind.MERGE, EventShare.FULL), (1, 2, EventKind.MERGE, EventShare.FULL)
        return [old, other, _unit(f"N{code}", "R9", REFORM)], [*into], f"N{code}"
    if fate == "split":
        parts = (0, 1, EventKind.SPLIT, EventShare.PARTIAL), (0, 2, EventKind.SPLIT, EventShare.PARTIAL)
        return [old, _unit(f"N{code}", "R9", REFORM), _unit(f"M{code}", home, REFORM)], [*parts], f"N{code}"
    if fate == "twice":
        first = _unit(f"N{code}", home, REFORM, AGAIN - timedelta(days=1))
        return [old, first, _unit(f"M{code}", "R9", AGAIN)], [rename, (1, 2, *rename[2:])], f"M{code}"
    return [_unit(code, home, OLD, date(2025, 6, 30)), _unit(f"N{code}", "R2", REFORM)], [rename], f"N{code}"


def _event(lives: list[UnitRecord], flow: tuple[int, int, EventKind, EventShare]) -> UnitEventRecord:
    old, new, kind, share = lives[flow[0]], lives[flow[1]], flow[2], flow[3]
    return UnitEventRecord(
        kind=kind, day=new.valid_from, old_code=old.code, old_valid_from=old.valid_from, new_code=new.code,
        new_valid_from=new.valid_from, share=share, document="NQ",
    )  # fmt: skip


_numbers = itertools.count(1)


def _send(engine: Engine, run: str, turn: dict[str, str]) -> None:
    """One sending of each unit, all in one batch."""
    if not turn:
        return
    named = [(f"{next(_numbers):064}", TOO_LATE if letter == "l" else IN_TIME) for letter in turn.values()]
    files = [Arrival(digest, 1, "xlsx", f"{digest}.xlsx", at, digest) for digest, at in named]
    numbers = [item.submission_id for item in receive(engine, run, files)]
    reports = [
        (number, unit, "rejected" if letter == "r" else "accepted", {} if letter in "re" else {"received": 1.0})
        for number, (unit, letter) in zip(numbers, turn.items(), strict=True)
    ]
    load_batch(engine, run, batch(*reports, period=PERIOD, known_up_to=ALL))
    for number, letter in zip(numbers, turn.values(), strict=True):
        if letter == "w":
            acts.withdraw(engine, number, who="An", reason="gửi nhầm")


def _told(engine: Engine, question: str) -> pl.DataFrame:
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(text(question)).mappings()]
    return pl.DataFrame(rows, infer_schema_length=None)


@dataclass(frozen=True)
class Reformed:
    """Every fate with every history, to be read: the code of each unit that owes, with its fate and its letters."""

    engine: Engine
    sent: dict[str, tuple[str, str, str]]


def _variant(database: str, when: str) -> Any:
    marks = [pytest.mark.postgres] if database == "postgres" else []
    return pytest.param((database, when), id=f"{database}-{when}", marks=marks)


@pytest.fixture(
    scope="module",
    params=[_variant(*each) for each in itertools.product(["sqlite", "postgres"], ["told in time", "told afterwards"])],
)
def reformed(request: pytest.FixtureRequest, fresh_warehouse: Fresh) -> Iterator[Reformed]:
    database, when = request.param
    with fresh_warehouse(database) as url:
        engine = make_engine(url)
        yield Reformed(engine, _reform(engine, when))
        engine.dispose()


def _reform(engine: Engine, when: str) -> dict[str, tuple[str, str, str]]:
    """Before and after the reform everybody sends; its events are known when they send again, or when all is over."""
    run = furnish(engine)
    provinces = [_unit(code, None, OLD, DAY_BEFORE, "tinh") for code in ("R0", "R1")]
    provinces += [_unit("R9", None, REFORM, kind="tinh"), _unit("R2", None, OLD, kind="tinh")]
    merger = [(0, 2, EventKind.MERGE, EventShare.FULL), (1, 2, EventKind.MERGE, EventShare.FULL)]
    units, events = list(provinces), [_event(provinces, flow) for flow in merger]
    told: dict[str, tuple[str, str, str]] = {}
    first: list[dict[str, str]] = [{}, {}]
    second: list[dict[str, str]] = [{}, {}]
    every = list(itertools.product(FATES, BEFORE, AFTER))
    # the views are the same text on both databases: of the slower one a half, of each fate and each history some
    for number, (fate, before, after) in enumerate(every if engine.dialect.name == "sqlite" else every[::2]):
        lives, flows, code = _life(fate, number)
        units.extend(lives)
        events.extend(_event(lives, flow) for flow in flows)
        told[code] = (fate, before, after)
        for turn, letter in enumerate(before):
            first[turn][lives[0].code] = letter
        for turn, letter in enumerate(after):
            second[turn][code] = letter
    import_register(engine, CATALOG, units, [])
    for turn in first:
        _send(engine, run, turn)
    permitted = next(code for code, life in told.items() if life == ("recoded", "l", ""))
    acts.permit_late(engine, permitted[1:], PERIOD, date(2025, 12, 31), who="An", reason="bão")
    if when == "told in time":
        import_register(engine, CATALOG, [], events)
    for turn in second:
        _send(engine, run, turn)
    if when == "told afterwards":
        import_register(engine, CATALOG, [], events)
    return told


def _status_of_every_unit(engine: Engine) -> dict[str, dict[str, int]]:
    """The counts of the status over every unit and all below it, of reports that are owed."""
    rows = queries.status_by_unit(engine, PERIOD).filter("is_expected")
    with engine.connect() as connection:
        above = closure(tree_on(connection, LAST_DAY))
    state = pl.col("state")
    counts = {
        "expected": pl.len(),
        "received": (state != "missing").sum(),
        "late": pl.col("is_late").sum(),
        "accepted": state.is_in(["accepted", "accepted_with_warnings"]).sum(),
        "rejected": state.is_in(["rejected", "unreadable"]).sum(),
        "waiting": (state == "received").sum(),
        "withdrawn": (state == "withdrawn").sum(),
        "missing": (state == "missing").sum(),
        "in_force": pl.col("is_in_force").sum(),
    }
    told = rows.join(above, on="unit").group_by("ancestor").agg(**counts)
    return {row.pop("ancestor"): row for row in told.to_dicts()}


def test_the_rates_of_every_unit_are_those_of_the_status(reformed: Reformed) -> None:
    engine, sent = reformed.engine, reformed.sent
    rates = _told(engine, f"SELECT * FROM mart_reporting_rate WHERE period = '{PERIOD}'")
    told = _status_of_every_unit(engine)
    names = list(next(iter(told.values())))
    assert {row["unit"]: {name: int(row[name]) for name in names} for row in rates.to_dicts()} == told
    assert rates.height == len(told) > len(sent)
    assert rates.select(pl.max_horizontal("reporting_rate", "on_time_rate", "completeness_rate").max()).item() == 100
    own = {row["unit"]: row for row in rates.to_dicts()}
    for code, (fate, before, after) in sent.items():
        is_itself = fate not in ("merged", "split")
        letters = (before + after) if is_itself else after
        assert own[code]["received"] == bool(letters), (fate, before, after)
        standing = [letter for letter in letters if letter in "ael"]
        if "w" not in letters:
            assert own[code]["in_force"] == bool(standing), (fate, before, after)
            assert own[code]["complete"] == (bool(standing) and standing[-1] != "e"), (fate, before, after)
        late = letters[:1] == "l" and not (set(letters) - {"l"})
        if late and (fate, before, after) != ("recoded", "l", ""):
            assert own[code]["late"] == 1, (fate, before, after)
    permitted = next(own[code] for code, life in sent.items() if life == ("recoded", "l", ""))
    assert (permitted["received"], permitted["late"]) == (1, 0)
    assert sum(own[code]["expected"] for code in ("R9", "R2")) > len(sent)  # those that a split made two of


def test_a_report_of_each_unit_is_the_one_of_the_status(reformed: Reformed) -> None:
    engine, sent = reformed.engine, reformed.sent
    status = queries.status_by_unit(engine, PERIOD).filter("is_expected").sort("unit")
    rows = _told(engine, f"SELECT * FROM mart_reporting WHERE period = '{PERIOD}'").sort("unit")
    names = ["unit", "form", "state", "version", "submission_id"]
    assert rows.select(names).rows() == status.select(names).rows()
    assert rows["in_force"].cast(pl.Boolean).to_list() == status["is_in_force"].to_list()
    assert [str(day) for day in rows["due"]] == [str(day) for day in status["due"]]
    assert {fate for code, (fate, *_) in sent.items() if code in set(rows["unit"])} == set(FATES)


def test_the_superior_is_the_one_the_totals_use(reformed: Reformed) -> None:
    engine, sent = reformed.engine, reformed.sent
    tree = queries.unit_tree(engine, LAST_DAY, since=date(2025, 6, 15))
    parents = dict(tree.select("unit", "parent").iter_rows())
    for mart in ("mart_reporting", "mart_reporting_rate", "mart_observation"):
        rows = _told(engine, f"SELECT unit, unit_name, parent FROM {mart} WHERE period = '{PERIOD}'").unique()
        units = rows.filter(pl.col("unit").is_in(list(parents)))
        told = {(row["unit"], row["parent"]) for row in units.to_dicts()}
        assert told == {(code, parents[code]) for code, _ in told}, mart
        assert {"R9", "R2"} <= {parent for _, parent in told} <= {"R9", "R2", "T01", None}, mart
    assert {fate for fate, _before, _after in sent.values()} == set(FATES)
    assert len(sent) > 100


# ------------------------------------------------------------------------------------------------ what is kept


@pytest.mark.thorough("postgres-told in time", "sqlite-told afterwards")
def test_a_warehouse_that_was_filled_before_is_filled_by_the_migration(reformed: Reformed) -> None:
    engine, sent = reformed.engine, reformed.sent
    from warehouse import migrate

    def kept() -> list[pl.DataFrame]:
        from sqlalchemy import select

        from warehouse import tables

        with engine.connect() as connection:
            return [
                read_frame(connection, select(table).order_by(*table.primary_key))
                for table in (tables.unit_self, tables.unit_superior, tables.unit_above)
            ]

    before, rates = kept(), _told(engine, "SELECT * FROM mart_reporting_rate").sort("period", "unit")
    assert all(frame.height > len(sent) for frame in before)
    migrate.downgrade(engine, "0004")
    told = _told(engine, f"SELECT unit FROM mart_reporting WHERE period = '{PERIOD}'")
    assert sorted(told["unit"]) == sorted(rates.filter(period=PERIOD, unit_kind="xa")["unit"])
    migrate.upgrade(engine)
    assert all(now.equals(then) for now, then in zip(kept(), before, strict=True))
    assert _told(engine, "SELECT * FROM mart_reporting_rate").sort("period", "unit").equals(rates)


def test_what_was_kept_goes_with_the_register_when_an_event_is_taken_back(engine: Engine) -> None:
    from catalog.register import event_key

    run = furnish(engine)
    lives, flows, code = _life("recoded", 0)
    events = [_event(lives, flow) for flow in flows]
    import_register(engine, CATALOG, lives, events)
    _send(engine, run, {lives[0].code: "a"})
    question = f"SELECT received FROM mart_reporting_rate WHERE period = '{PERIOD}' AND unit = '{code}'"
    assert _told(engine, question)["received"].to_list() == [1]
    import_register(engine, CATALOG, [], [], [event_key(events[0])])
    assert _told(engine, question)["received"].to_list() == [0]
