"""The views of analysts and the answers of the program are two ways to the same figures: they must agree."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, text
from world import CATALOG, UNITS, arrive, batch, furnish

from catalog.model import UnitEventRecord, UnitRecord
from catalog.register import event_key
from domain.act import ActRefusedError
from domain.submission import RESTORABLE
from domain.unit import EventKind, EventShare
from tests.conftest import DATABASES, Server
from warehouse import acts, queries, tables
from warehouse.ancestry import refresh_ancestry
from warehouse.bulk import insert_frame
from warehouse.engine import make_engine, write
from warehouse.history import children_counts
from warehouse.load import load_batch
from warehouse.migrate import upgrade
from warehouse.registry import import_register, import_units
from warehouse.units import closure, tree_on

COUNTS = ("expected", "received", "late", "missing", "accepted", "waiting", "withdrawn", "in_force")


def _asked(engine: Engine, question: str) -> list[dict[str, object]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(text(question)).mappings()]


def _same_rates(engine: Engine, period: str, form: str) -> int:
    """Compares the rates of every unit with the tree of the program; returns how many there were."""
    tree = {row["unit"]: row for row in queries.status_tree(engine, period, form).to_dicts()}
    rows = _asked(engine, f"SELECT * FROM mart_reporting_rate WHERE period = '{period}' AND form = '{form}'")
    rates = {row["unit"]: row for row in rows}
    assert len(rows) == len(rates)
    owing = {unit: row for unit, row in tree.items() if row["expected"]}
    told = {unit: {name: row[name] for name in COUNTS} for unit, row in owing.items()}
    assert {unit: {name: int(str(row[name])) for name in COUNTS} for unit, row in rates.items()} == told
    for unit, row in owing.items():
        assert rates[unit]["rejected"] == row["rejected"] + row["unreadable"]
    return len(rates)


# ------------------------------------------------------------------------------------------------ versions


def _play(engine: Engine, run: str, histories: dict[str, str]) -> None:
    """What happened to the report of each unit, a letter a version: r rejected, a accepted; w the last is withdrawn."""
    last: dict[str, int] = {}
    for turn in range(max(map(len, histories.values()))):
        moves = {unit: told[turn] for unit, told in histories.items() if turn < len(told)}
        sending = [unit for unit, move in moves.items() if move in "ra"]
        numbers = arrive(engine, run, *[f"{unit} {turn}" for unit in sending])
        states = {"r": "rejected", "a": "accepted"}
        reports = [
            (number, unit, states[moves[unit]], {"received": float(number)} if number % 3 else {"received": 0.0})
            for number, unit in zip(numbers, sending, strict=True)
        ]
        if reports:
            load_batch(engine, run, batch(*reports))
        last |= dict(zip(sending, numbers, strict=True))
        for unit, move in moves.items():
            if move == "w" and unit in last:
                try:
                    acts.withdraw(engine, last[unit], who="An", reason="gửi nhầm")
                except ActRefusedError:
                    assert turn > 0  # it was withdrawn the turn before


@pytest.fixture
def histories(engine: Engine) -> dict[str, str]:
    """Everything that can befall a report in three turns, each on a unit of its own; obligations that overlap."""
    told = ["".join(turns) for length in (1, 2, 3) for turns in itertools.product("raw", repeat=length)]
    units = [UNITS[1].model_copy(update={"code": f"H{place:02}"}) for place in range(len(told))]
    run = furnish(engine)
    import_units(engine, CATALOG, units)
    played = dict(zip((unit.code for unit in units), told, strict=True))
    _play(engine, run, played)
    with write(engine) as connection:
        connection.exec_driver_sql(
            "INSERT INTO obligation (unit_kind, form_id, calendar, period_kind, valid_from, valid_to)"
            " SELECT unit_kind, form_id, calendar, period_kind, '2010-01-01', NULL FROM obligation"
        )
    return played


def test_the_version_that_counts_is_the_same_everywhere(engine: Engine, histories: dict[str, str]) -> None:
    assert _same_rates(engine, "2025-Q1", "bieu-1") == len(histories) + len(UNITS)
    status = queries.status_by_unit(engine, "2025-Q1").sort("unit")
    rows = _asked(engine, "SELECT * FROM mart_reporting WHERE period = '2025-Q1' ORDER BY unit")
    names = ["unit", "submission_id", "version", "state"]
    assert [[row[name] for name in names] for row in rows] == [list(row) for row in status.select(names).rows()]
    assert [bool(row["in_force"]) for row in rows] == status["is_in_force"].to_list()
    by_history = {histories[str(row["unit"])]: row["state"] for row in rows if row["unit"] in histories}
    assert (by_history["raw"], by_history["arw"], by_history["ar"]) == ("withdrawn", "accepted", "rejected")


def test_findings_in_words_are_those_of_the_versions_that_count(engine: Engine, histories: dict[str, str]) -> None:
    (unplaced,) = arrive(engine, str(_asked(engine, "SELECT id FROM run")[0]["id"]), "unplaced")
    with write(engine) as connection:
        nowhere = {"state": "rejected", "stated_unit": "X??", "stated_period": "2025-Q1", "attempt_id": 1}
        connection.execute(tables.submission.update().where(tables.submission.c.id == unplaced).values(**nowhere))
        connection.execute(
            tables.finding.insert().values(
                id=9_999, submission_id=unplaced, attempt_id=1, rule="ENV-001", level=2, severity="critical",
                message_vi="Không rõ đơn vị.", message_en="Unknown unit.",
            )
        )  # fmt: skip
    found = queries.findings(engine, period="2025-Q1")
    names = ["finding", "submission", "unit", "rule", "severity", "sheet", "cell", "message_vi", "message_en"]
    rows = _asked(engine, "SELECT * FROM mart_finding WHERE period = '2025-Q1' ORDER BY finding")
    here = [[row["submission_id" if name == "submission" else name] for name in names] for row in rows]
    assert here == [list(row) for row in found.sort("finding").select(names).rows()]
    assert len(here) > 5
    assert "X??" in found["unit"]


# ------------------------------------------------------------------------------------------------ digits


@pytest.mark.parametrize(
    ("value", "digits"),
    [(97.49266862170087, "97.4926686217009"), (5.0, "5"), (0.1, "0.1"), (2 / 3, "0.666666666666667"), (-0.25, "-0.25"),
     (1234567890123.0, "1234567890123"), (0.0, "0")],
)  # fmt: skip
def test_a_derived_figure_has_the_same_digits_on_both_databases(engine: Engine, value: float, digits: str) -> None:
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 1.0})))
    with write(engine) as connection:
        connection.execute(tables.observation.update().values(value=value, original_text=None))
    assert [row["value_text"] for row in _asked(engine, "SELECT value_text FROM mart_observation")] == [digits]
    with write(engine) as connection:
        connection.execute(tables.observation.update().values(value=None))
    assert [row["value_text"] for row in _asked(engine, "SELECT value_text FROM mart_observation")] == [None]


# ------------------------------------------------------------------------------------------------ units above


def _unit(code: str, kind: str, parent: str | None, since: str, until: str | None = None) -> UnitRecord:
    return UnitRecord(
        code=code, valid_from=date.fromisoformat(since), valid_to=date.fromisoformat(until) if until else None,
        name=code, kind=kind, parent=parent, source="thử nghiệm",
    )  # fmt: skip


def test_rates_follow_the_province_that_all_of_another_went_into(engine: Engine) -> None:
    """R1 and R2 became R3 on 1 July, R4 was split: whoever answered to R1 counts below R3, to R4 nowhere."""
    run = furnish(engine)
    ended = ("2000-01-01", "2025-06-30")
    units = [
        *[_unit(code, "tinh", None, *ended) for code in ("R1", "R2", "R4")],
        _unit("R3", "tinh", None, "2025-07-01"), _unit("R5", "tinh", None, "2000-01-01"),
        *[_unit(f"R{n}.X", "xa", f"R{n}", "2000-01-01") for n in (1, 2, 4, 5)],
    ]  # fmt: skip
    day = date(2025, 7, 1)
    flows = [("R1", "R3", EventShare.FULL), ("R2", "R3", EventShare.FULL)]
    flows += [("R4", "R3", EventShare.PARTIAL), ("R4", "R5", EventShare.PARTIAL)]
    first = {unit.code: unit.valid_from for unit in units}
    events = [
        UnitEventRecord(
            kind=EventKind.MERGE if share is EventShare.FULL else EventKind.SPLIT, day=day, old_code=old,
            old_valid_from=first[old], new_code=new, new_valid_from=first[new], share=share, document="NQ",
        )
        for old, new, share in flows
    ]  # fmt: skip
    import_register(engine, CATALOG, units, events)
    (one, two) = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "R1.X", "accepted", {"received": 1.0}), period="2025-Q4"))
    load_batch(engine, run, batch((two, "R2.X", "rejected", {}), period="2025-Q4"))
    for period in ("2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"):
        assert _same_rates(engine, period, "bieu-1") > len(UNITS)
    rate = "SELECT expected, received, accepted FROM mart_reporting_rate WHERE period = '{}' AND unit = '{}'"
    assert [tuple(row.values()) for row in _asked(engine, rate.format("2025-Q4", "R3"))] == [(2, 2, 1)]
    assert [tuple(row.values()) for row in _asked(engine, rate.format("2025-Q1", "R1"))] == [(1, 0, 0)]
    assert _asked(engine, rate.format("2025-Q4", "R4")) == _asked(engine, rate.format("2025-Q1", "R3")) == []
    header = pl.DataFrame({"file": [1], "unit": ["R3"], "period": ["2025-Q4"]})
    assert children_counts(engine, header).filter(ref="register:children")["value"].to_list() == [2]
    # taken back, the event leaves nothing behind
    import_register(engine, CATALOG, [], [], [event_key(events[0])])
    assert [tuple(row.values()) for row in _asked(engine, rate.format("2025-Q4", "R3"))] == [(1, 1, 0)]
    assert _same_rates(engine, "2025-Q4", "bieu-1")


BEGIN = date(2020, 1, 1)
_DAYS = st.integers(0, 12).map(lambda number: BEGIN + timedelta(days=number))
_LIVES = st.tuples(_DAYS, st.one_of(st.none(), _DAYS)).filter(lambda days: days[1] is None or days[0] <= days[1])


@st.composite
def _registers(draw: st.DrawFn) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A register of three layers, so that nobody stands above itself; codes are borne one after the other."""
    lives = draw(st.lists(st.tuples(st.sampled_from("ABCDE"), _LIVES), min_size=2, max_size=9))
    rows: list[dict[str, object]] = []
    for code, (first, last) in sorted(lives, key=lambda one: one[1][0]):
        before = [row for row in rows if row["code"] == code]
        if all(row["valid_to"] is not None and row["valid_to"] < first for row in before):  # type: ignore[operator]
            rows.append({"code": code, "valid_from": first, "valid_to": last, "parent_code": None})
    for code in ("a", "b", "c"):
        parent = draw(st.sampled_from("ABCDE"))
        rows.append({"code": code, "valid_from": BEGIN, "valid_to": None, "parent_code": parent})
        rows.append({"code": code * 2, "valid_from": BEGIN, "valid_to": None, "parent_code": code})
    schema = {"code": pl.String, "valid_from": pl.Date, "valid_to": pl.Date, "parent_code": pl.String}
    units = pl.DataFrame(rows, schema=schema).with_row_index("id", offset=1).cast({"id": pl.Int64})
    tops = units.filter(pl.col("parent_code").is_null())["id"].to_list()
    pairs = st.tuples(_DAYS, st.sampled_from(tops), st.sampled_from(tops), st.sampled_from(["full", "full", "partial"]))
    told = draw(st.lists(pairs, max_size=8, unique_by=lambda one: one[:3]))
    flows = [one for one in told if one[1] != one[2]]
    names = {"day": pl.Date, "old_unit_id": pl.Int64, "new_unit_id": pl.Int64, "share": pl.String}
    return units, pl.DataFrame(flows, schema=names, orient="row").with_row_index("id", offset=1)


@pytest.fixture(scope="module", params=DATABASES)
def register(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('register') / 'warehouse.db'}"
    else:
        server: Server = request.getfixturevalue("server")
        url = server.create("register")
    engine = make_engine(url)
    upgrade(engine)
    with write(engine) as connection:
        kind = {"code": "tinh", "label_vi": "Tỉnh", "label_en": "Province", "level": "province", "branch": "state"}
        connection.execute(tables.unit_kind.insert().values(**kind))
    yield engine
    engine.dispose()


@pytest.mark.thorough("postgres")
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=_registers())
def test_what_is_kept_of_units_above_is_the_tree_of_every_day(
    register: Engine, drawn: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    """Brought up from whatever register the example before left behind, too."""
    units, events = drawn
    with write(register) as connection:
        connection.execute(delete(tables.unit_event))
        connection.execute(delete(tables.unit))
        words = {"name": "Tên", "kind": "tinh", "level": "province", "source": "thử"}
        insert_frame(connection, tables.unit, units.with_columns(pl.lit(said).alias(k) for k, said in words.items()))
        flows = events.with_columns(kind=pl.lit("merge"), document=pl.lit("NQ"))
        insert_frame(connection, tables.unit_event, flows)
        refresh_ancestry(connection)
    with register.connect() as connection:
        for number in range(-1, 15):
            day = BEGIN + timedelta(days=number)
            tree = tree_on(connection, day)
            kept = connection.execute(
                text(
                    "SELECT a.code, u.code, w.steps FROM unit_above w JOIN unit u ON u.id = w.unit_id"
                    " JOIN unit a ON a.id = w.ancestor_id"
                    " WHERE w.first_day <= :day AND (w.last_day IS NULL OR :day <= w.last_day)"
                ),
                {"day": day.isoformat()},
            ).all()
            assert sorted((ancestor, unit) for ancestor, unit, _ in kept) == sorted(closure(tree).rows())
            depth = dict(tree.select("unit", "depth").iter_rows())
            assert {unit: max(n for _, u, n in kept if u == unit) for unit in depth} == depth
            _same_superiors(connection, tree_on(connection, day, BEGIN), day)


def _same_superiors(connection: Connection, tree: pl.DataFrame, day: date) -> None:
    """Also of units that ended since: what they left is added up where the tree has them."""
    rows = connection.execute(
        text(
            "SELECT unit_id, parent_code FROM unit_superior WHERE first_day <= :day"
            " AND (last_day IS NULL OR :day <= last_day)"
        ),
        {"day": day.isoformat()},
    ).all()
    kept = dict(rows)
    assert len(kept) == len(rows)
    known = set(tree["unit"])
    for unit_id, parent in tree.select("unit_id", "parent").iter_rows():
        told = kept[unit_id]
        assert (told if told in known else None) == parent, (unit_id, day)


def test_states_that_are_past_are_those_the_views_name() -> None:
    """The views are text: a new state that is past must be told to them."""
    assert {state.value for state in RESTORABLE} == {"superseded", "withdrawn"}
