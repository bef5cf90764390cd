"""What a load leaves behind, whatever came before it and whatever interrupts it."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Connection, Engine, func, select, text
from world import NOON, arrival, arrive, batch, furnish

from domain.act import ActRefusedError
from domain.submission import FaultNature
from warehouse import acts, intake, load, queries, tables
from warehouse.engine import make_engine
from warehouse.facts import end_belief
from warehouse.history import known_up_to, previous_figures
from warehouse.load import LoadBatch, LoadFaultError, load_batch


def states(engine: Engine) -> list[tuple[int, str, int | None, int | None]]:
    """(id, state, version, superseded_by) of every submission."""
    s = tables.submission.c
    with engine.connect() as connection:
        return [
            tuple(row) for row in connection.execute(select(s.id, s.state, s.version, s.superseded_by).order_by(s.id))
        ]


def rows_in(engine: Engine, name: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(tables.metadata.tables[name])) or 0)


def in_force(engine: Engine, period: str = "2025-Q1") -> list[tuple[str, str, float]]:
    """(unit, indicator, value) of the figures that stand in the totals."""
    figures = queries.observations_in_force(engine, period)
    return sorted(figures.select("unit", "indicator", "value").rows())


def test_accepted_figures_are_in_force_with_their_cell(engine: Engine) -> None:
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    result = load_batch(engine, run, batch((one, "X01", "accepted", {"received": 832, "solved": 800.5})))
    assert (result.outcomes, result.observations, result.skipped) == ({"accepted": 1}, 2, 0)
    assert in_force(engine) == [("X01", "received", 832.0), ("X01", "solved", 800.5)]
    (found,) = queries.trace(engine, "X01", "2025-Q1", "received")
    assert (found["sheet"], found["cell"], found["original_text"]) == ("Số liệu", "E5", "832")
    assert (found["file_name"], found["version"], found["run"], found["findings"]) == ("a.xlsx", 1, run, [])


def test_lists_and_paragraphs_keep_every_sign(engine: Engine) -> None:
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "accepted", {})))
    with engine.connect() as connection:
        assert connection.scalar(select(tables.narrative.c.body)) == "Còn “khó khăn”,\nnhất là \\N."
        topic = tables.topic.c
        assert connection.execute(select(topic.year, topic.text, topic.kind)).one() == (2025.0, "Nêu gương", "own")


def test_an_identity_with_a_sign_no_text_column_takes_is_loaded(engine: Engine) -> None:
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    wrong = batch((one, "X01", "rejected", {}))
    load_batch(engine, run, replace(wrong, headers=wrong.headers.with_columns(unit_name=pl.lit("Xã\0 Một"))))
    with engine.connect() as connection:
        assert str(connection.scalar(select(tables.submission.c.stated_unit_name))).replace("\0", "") == "Xã Một"


def test_same_bytes_again_change_nothing_but_are_written_down(engine: Engine) -> None:
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    before = states(engine), in_force(engine)
    (again,) = intake.receive(engine, run, [arrival("a", minutes=90)])
    assert (again.submission_id, again.is_new, again.is_pending) == (one, False, False)
    assert (states(engine), in_force(engine)) == before
    assert rows_in(engine, "receipt") == 2
    assert queries.counts_of_run(engine, run) == {"accepted": 1, "same_bytes": 1}


def test_the_same_bytes_twice_in_one_delivery_are_one_submission(engine: Engine) -> None:
    run = furnish(engine)
    first, second = intake.receive(engine, run, [arrival("a"), arrival("a", minutes=1)])
    assert (first.submission_id, first.is_new) == (second.submission_id, True)
    assert not second.is_new
    assert len(intake.pending(engine)) == 1


def test_a_newer_accepted_version_supersedes_and_the_older_stays_readable(engine: Engine, url: str) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    result = load_batch(engine, run, batch((two, "X01", "accepted_with_warnings", {"received": 6})))
    assert result.superseded == 1
    assert states(engine) == [(one, "superseded", 1, two), (two, "accepted_with_warnings", 2, None)]
    assert in_force(engine) == [("X01", "received", 6.0)]
    with engine.connect() as connection:
        o = tables.observation.c
        old, new = connection.execute(select(o.recorded_from, o.recorded_to).order_by(o.submission_id)).all()
    assert old.recorded_from < old.recorded_to <= new.recorded_from
    assert new.recorded_to is None


@pytest.mark.parametrize("minutes", [-90, 90])
def test_the_version_taken_in_last_is_the_newer_one_whatever_its_file_says(engine: Engine, minutes: int) -> None:
    """The day of a file is that of its last saving, or of a clock that is wrong: a correction may look older."""
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    (new,) = intake.receive(engine, run, [arrival("b", minutes=minutes)])
    two = new.submission_id
    load_batch(engine, run, batch((two, "X01", "accepted", {"received": 6})))
    assert states(engine) == [(one, "superseded", 1, two), (two, "accepted", 2, None)]
    assert in_force(engine) == [("X01", "received", 6.0)]


def test_a_rejected_resubmission_leaves_the_accepted_figures_in_force(engine: Engine) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    load_batch(engine, run, batch((two, "X01", "rejected", {"received": 7})))
    assert states(engine) == [(one, "accepted", 1, None), (two, "rejected", 2, None)]
    assert in_force(engine) == [("X01", "received", 5.0)]
    assert rows_in(engine, "observation") == 1
    assert rows_in(engine, "narrative") == 1


def test_two_versions_in_one_batch_follow_the_order_of_arrival(engine: Engine) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    reports = (two, "X01", "accepted", {"received": 6.0}), (one, "X01", "accepted", {"received": 5.0})
    load_batch(engine, run, batch(*reports))
    assert states(engine) == [(one, "superseded", 1, two), (two, "accepted", 2, None)]
    assert in_force(engine) == [("X01", "received", 6.0)]


def test_batches_loaded_in_the_wrong_order_give_the_same_versions(engine: Engine) -> None:
    run = furnish(engine)
    one, two, three = arrive(engine, run, "a", "b", "c")
    load_batch(engine, run, batch((three, "X01", "accepted", {"received": 7})))
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    load_batch(engine, run, batch((two, "X01", "rejected", {})))
    assert states(engine) == [(one, "superseded", 1, three), (two, "rejected", 2, None), (three, "accepted", 3, None)]
    assert in_force(engine) == [("X01", "received", 7.0)]


def test_loading_twice_is_loading_once(engine: Engine) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    load = batch((one, "X01", "accepted", {"received": 5}), (two, "X02", "rejected", {"received": 1}))
    load_batch(engine, run, load)
    counts = queries.counts(engine), rows_in(engine, "attempt"), rows_in(engine, "narrative")
    again = load_batch(engine, run, load)
    assert (again.skipped, again.outcomes, again.observations) == (2, {}, 0)
    assert (queries.counts(engine), rows_in(engine, "attempt"), rows_in(engine, "narrative")) == counts


def test_a_run_killed_between_receiving_and_loading_is_taken_up_by_the_next(engine: Engine) -> None:
    killed = furnish(engine)
    arrive(engine, killed, "a", "b")
    run = intake.start_run(engine, "collect-period")
    received = intake.receive(engine, run, [arrival("a"), arrival("b", minutes=1)])
    assert [item.is_pending for item in received] == [True, True]
    assert rows_in(engine, "receipt") == 2
    waiting = intake.pending(engine)
    assert [item.name for item in waiting] == ["a.xlsx", "b.xlsx"]
    reports = [(item.submission_id, unit, "accepted", {}) for item, unit in zip(waiting, ("X01", "X02"), strict=True)]
    load_batch(engine, run, batch(*reports))
    assert intake.pending(engine) == []
    assert queries.counts_of_run(engine, run) == {"accepted": 2}


def test_a_rejected_submission_can_be_tried_again(engine: Engine) -> None:
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "rejected", {})))
    assert acts.retry(engine, [one], who="văn phòng", reason="danh mục đã sửa") == 1
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    assert states(engine) == [(one, "accepted", 1, None)]
    assert rows_in(engine, "attempt") == 2
    assert queries.findings(engine, period="2025-Q1").is_empty()
    with pytest.raises(ActRefusedError, match=str(one)):
        acts.retry(engine, [one], who="văn phòng", reason="thử")


def test_a_transient_fault_is_on_record_and_the_submission_goes_on_waiting(engine: Engine) -> None:
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    intake.fail_attempt(engine, run, [one], "mất kết nối", nature=FaultNature.TRANSIENT)
    assert [item.submission_id for item in intake.pending(engine)] == [one]
    with engine.connect() as connection:
        tried = connection.execute(select(tables.attempt.c.outcome, tables.attempt.c.nature)).one()
    assert tuple(tried) == ("failed", "transient")


@pytest.mark.parametrize(
    ("unit", "figures", "what"),
    [("X99", {"received": 1.0}, "knows no unit"), ("X01", {"invented": 1.0}, "holds no invented")],
)
def test_a_batch_the_registry_cannot_place_is_refused_whole(
    engine: Engine, unit: str, figures: dict[str, float], what: str
) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    with pytest.raises(ValueError, match=what):
        load_batch(engine, run, batch((one, "X02", "accepted", {"received": 1}), (two, unit, "accepted", figures)))
    assert [state for _, state, _, _ in states(engine)] == ["received", "received"]
    assert rows_in(engine, "attempt") == rows_in(engine, "observation") == 0


def test_a_figure_given_twice_is_refused(engine: Engine) -> None:
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    load = batch((one, "X01", "accepted", {"received": 1}))
    twice = type(load)(
        **{**{n: getattr(load, n) for n in load.__slots__}, "observations": pl.concat([load.observations] * 2)}
    )
    with pytest.raises(ValueError, match="stand twice"):
        load_batch(engine, run, twice)


def test_figures_without_a_verdict_do_not_vanish_in_silence(engine: Engine) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    load = batch((one, "X01", "accepted", {}), (two, "X02", "accepted", {"received": 1}))
    lost = type(load)(**{**{n: getattr(load, n) for n in load.__slots__}, "verdicts": load.verdicts.head(1)})
    with pytest.raises(LoadFaultError, match="have no verdict"):
        load_batch(engine, run, lost)


def test_loads_at_the_same_time_give_what_loads_one_after_the_other_give(engine: Engine, url: str) -> None:
    run = furnish(engine)
    ids = arrive(engine, run, *(f"{number:02}" for number in range(24)))
    units = ("X01", "X02", "X03")
    batches = [
        batch(*((one, units[one % 3], "accepted", {"received": float(one)}) for one in ids[start::4]))
        for start in range(4)
    ]
    failed: list[BaseException] = []

    def load(part: int) -> None:
        own = make_engine(url)
        try:
            load_batch(own, run, batches[part])
        except BaseException as error:
            failed.append(error)
        finally:
            own.dispose()

    threads = [threading.Thread(target=load, args=(part,)) for part in (3, 1, 0, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    last = {units[one % 3]: float(one) for one in ids}
    assert in_force(engine) == sorted((unit, "received", value) for unit, value in last.items())
    versions = [version for _, _, version, _ in states(engine)]
    assert versions == [1 + place // 3 for place in range(24)]
    assert rows_in(engine, "observation") == 24


_KILLED = """
import os, signal, sys
sys.path[:0] = sys.argv[2:4]
from world import batch
from warehouse import load
from warehouse.engine import make_engine

def killed(*args):
    os.kill(os.getpid(), signal.SIGKILL)

load.end_belief = killed
reports = (2, "X01", "accepted", {"received": 6.0}), (3, "X02", "accepted", {})
load.load_batch(make_engine(sys.argv[1]), sys.argv[4], batch(*reports))
"""


def test_a_process_killed_in_the_middle_of_a_load_leaves_nothing_of_it(engine: Engine, url: str) -> None:
    run = furnish(engine)
    one, two, three = arrive(engine, run, "a", "b", "c")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    before = states(engine), in_force(engine), queries.counts(engine)
    root = Path(__file__).parents[2]
    child = subprocess.run(
        [sys.executable, "-c", _KILLED, url, str(root), str(Path(__file__).parent), run], cwd=root, env=os.environ
    )
    assert child.returncode == -signal.SIGKILL
    assert (states(engine), in_force(engine), queries.counts(engine)) == before
    reports = (two, "X01", "accepted", {"received": 6.0}), (three, "X02", "accepted", {})
    load_batch(engine, run, batch(*reports))
    assert states(engine)[0] == (one, "superseded", 1, two)
    assert in_force(engine) == [("X01", "received", 6.0)]


def test_the_database_itself_refuses_two_versions_in_force(engine: Engine) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "accepted", {}), (two, "X01", "accepted", {})))
    with pytest.raises(Exception, match=r"(?i)unique"), engine.begin() as connection:
        connection.execute(text("UPDATE submission SET state = 'accepted' WHERE id = :id"), {"id": one})


def test_moments_carry_their_zone(engine: Engine) -> None:
    run = furnish(engine)
    arrive(engine, run, "a")
    (waiting,) = intake.pending(engine)
    assert waiting.received_at == NOON


# ------------------------------------------------------------------------------------------------ a past that changed


def test_a_report_checked_before_an_earlier_period_came_in_force_is_checked_again(engine: Engine) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    judged_after = known_up_to(engine)
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 100}), period="2024-Q4"))
    first = load_batch(engine, run, batch((two, "X01", "accepted", {"received": 400}), known_up_to=judged_after))
    assert (first.stale, first.skipped, first.observations) == (frozenset({two}), 0, 0)
    again = batch((two, "X01", "accepted", {"received": 400}), known_up_to=known_up_to(engine))
    assert (load_batch(engine, run, again).stale, rows_in(engine, "observation")) == (frozenset(), 2)


@pytest.mark.parametrize(
    ("own", "other", "is_compared"),
    [
        ("2025", "2025-Q1", True),
        ("2025", "2025-Q4", True),
        ("2025-Q4", "2025", True),
        ("2025-Q1", "2025", False),
        ("2025-Q1", "2025-Q2", False),
        ("2025-Q1", "2025-Q1", False),
        ("2025-Q1", "2024", True),
    ],
)
def test_only_what_a_report_is_compared_with_has_it_checked_again(
    engine: Engine, own: str, other: str, is_compared: bool
) -> None:
    run = furnish(engine)
    one, two, three = arrive(engine, run, "a", "b", "c")
    load_batch(engine, run, batch((one, "X01", "accepted", {}), (three, "X02", "rejected", {}), period=other))
    late = batch((two, "X01", "accepted", {}), period=own, known_up_to=0)
    assert load_batch(engine, run, late).stale == ({two} if is_compared else set())


def test_whoever_begins_to_judge_while_a_load_is_under_way_has_not_seen_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    later = batch((two, "X01", "accepted", {"received": 5}), period="2025-Q2")
    seen: list[int] = []

    def begin(connection: Connection, submission_ids: pl.DataFrame, moment: datetime) -> None:
        seen.extend([known_up_to(engine), previous_figures(engine, later.headers).height])
        end_belief(connection, submission_ids, moment)

    monkeypatch.setattr(load, "end_belief", begin)
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 3})))
    monkeypatch.undo()
    known, figures = seen
    assert figures == 0
    assert load_batch(engine, run, replace(later, known_up_to=known)).stale == {two}


def test_a_clock_that_ran_ahead_keeps_nothing_waiting(engine: Engine) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "accepted", {})))
    with engine.begin() as connection:
        connection.execute(tables.submission.update().values(decided_at=datetime.now(UTC) + timedelta(hours=7)))
    later = batch((two, "X01", "accepted", {}), period="2025-Q2", known_up_to=known_up_to(engine))
    assert load_batch(engine, run, later).stale == frozenset()


# ------------------------------------------------------------------------------------------------ what a load records


_SEVEN = {"e": 5.0, "a": 12.5, "c": 3.0, "b": 1e9, "d": 0.3, "f": -2.0, "g": 7.0}


def _printed(engine: Engine) -> list[tuple[str | None, int]]:
    s = tables.submission.c
    with engine.connect() as connection:
        rows = connection.execute(select(s.figures_sha256, s.n_figures).order_by(s.id))
        return [(row.figures_sha256, row.n_figures) for row in rows]


def _rejected_with(figures: dict[int, dict[str, float]], **changed: pl.Expr) -> LoadBatch:
    """Rejected reports with these figures: what they state is compared, whatever became of them."""
    made = batch(*((number, "X01", "rejected", said) for number, said in figures.items()))
    return replace(made, observations=made.observations.with_columns(**changed))


def test_the_same_figures_have_the_same_fingerprint_in_whatever_batch_and_order_they_come(engine: Engine) -> None:
    run = furnish(engine)
    ids = arrive(engine, run, *"abcdef")
    shuffled = dict(sorted(_SEVEN.items())) | {"h": 0.0, "d": 0.1 + 0.2}
    load_batch(engine, run, _rejected_with({ids[0]: _SEVEN}))
    load_batch(engine, run, _rejected_with({ids[3]: {"a": 1.0}, ids[1]: shuffled, ids[2]: _SEVEN | {"e": 6.0}}))
    other = pl.when(pl.col("indicator") == "a").then(pl.lit("field=x")).otherwise("breakdown")
    load_batch(engine, run, _rejected_with({ids[4]: _SEVEN}, breakdown=other))
    load_batch(engine, run, _rejected_with({ids[5]: _SEVEN}, derived=pl.col("indicator").is_in(["a", "g"])))
    first, again, changed, tiny, elsewhere, derived = _printed(engine)
    assert first == again
    assert first[0] is not None
    assert len({first, changed, elsewhere}) == 3
    assert (changed[1], elsewhere[1]) == (7, 7)
    assert (tiny, derived) == ((None, 1), (None, 5))


def test_the_fingerprint_of_figures_is_the_same_everywhere_and_always(engine: Engine) -> None:
    """It is compared with what was written years before, perhaps on another machine: the way it is made is fixed."""
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, _rejected_with({one: _SEVEN}))
    lines = ["a\x1f\x1f12.5", "b\x1f\x1f1000000000.0", "c\x1f\x1f3.0", "d\x1f\x1f0.3", "e\x1f\x1f5.0", "f\x1f\x1f-2.0"]
    text_of_all = "\n".join([*lines, "g\x1f\x1f7.0"])
    assert _printed(engine) == [(hashlib.sha256(text_of_all.encode()).hexdigest(), 7)]


def test_findings_are_counted_by_severity_while_they_stand_and_else_by_what_settled_them(engine: Engine) -> None:
    run = furnish(engine)
    one, two = arrive(engine, run, "a", "b")
    said = [("critical", None), *[("warning", None)] * 2, *[("info", None)] * 3]
    settled = [*[("warning", "note")] * 4, *[("warning", "waiver")] * 5, *[("critical", "override")] * 6]
    made = batch((one, "X01", "rejected", {}), (two, "X02", "accepted", {}))
    rows = [{**made.findings.row(0, named=True), "severity": s, "settled_by": by} for s, by in said + settled]
    load_batch(engine, run, replace(made, findings=pl.DataFrame(rows, schema=made.findings.schema)))
    names = ("critical", "warning", "info", "explained", "waived", "overridden")
    counts = [tables.submission.c[f"n_{name}"] for name in names]
    with engine.connect() as connection:
        assert connection.execute(select(*counts).order_by(tables.submission.c.id)).all() == [
            (1, 2, 3, 4, 5, 6),
            (0, 0, 0, 0, 0, 0),
        ]


def test_a_report_that_is_judged_anew_is_to_be_compared_anew(engine: Engine) -> None:
    run = furnish(engine)
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, _rejected_with({one: _SEVEN}))
    with engine.begin() as connection:
        connection.execute(tables.submission.update().values(compared_at=NOON))
    acts.retry(engine, [one], who="văn phòng", reason="danh mục đã sửa")
    load_batch(engine, run, _rejected_with({one: {"a": 1.0}}))
    with engine.connect() as connection:
        assert connection.scalar(select(tables.submission.c.compared_at)) is None
    assert _printed(engine) == [(None, 1)]
