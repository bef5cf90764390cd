"""What administrators decide: done whole and on record, or refused with the reason and nothing changed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, select, text
from world import arrival, arrive, batch, frame, furnish

from domain import columns
from domain.act import ActRefusedError
from warehouse import acts, intake, queries, tables
from warehouse.engine import make_engine, make_reader
from warehouse.load import LoadBatch, load_batch
from warehouse.story import history_of
from warehouse.waivers import waivers_for, waivers_of

TODAY = date(2025, 4, 1)
SIGNED: dict[str, Any] = {"who": "Trần Văn Phòng", "reason": "theo công văn 12"}


def everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in tables.metadata.sorted_tables
        }


@contextmanager
def refused(engine: Engine, *said: str) -> Any:
    """What follows is refused with these words, and nothing is changed."""
    before = everything(engine)
    with pytest.raises(ActRefusedError) as caught:
        yield
    for words in said:
        assert words in caught.value.vi
    assert caught.value.en
    assert caught.value.en != caught.value.vi
    assert everything(engine) == before


def state_of(engine: Engine, submission: int) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(select(tables.submission.c.state).where(tables.submission.c.id == submission)))


def row_of(engine: Engine, submission: int) -> dict[str, Any]:
    with engine.connect() as connection:
        query = select(tables.submission).where(tables.submission.c.id == submission)
        return dict(connection.execute(query).mappings().one())


def last_act(engine: Engine) -> dict[str, Any]:
    with engine.connect() as connection:
        query = select(tables.action).order_by(tables.action.c.id.desc())
        return dict(connection.execute(query).mappings().first() or {})


def in_force(engine: Engine, period: str = "2025-Q1") -> list[tuple[str, float]]:
    return sorted(queries.observations_in_force(engine, period).select("unit", "value").rows())


def finding(file: int, rule: str, severity: str = "warning", **more: object) -> dict[str, object]:
    said = {"level": 4, "field": "received", "item": 0, "message_vi": "Sai.", "message_en": "Wrong."}
    return {"file": file, "rule": rule, "severity": severity, **said, **more}


def having(load: LoadBatch, *rows: dict[str, object]) -> LoadBatch:
    return replace(load, findings=frame(columns.FINDINGS, rows))


def close(engine: Engine, period: str = "2025-Q1") -> None:
    with engine.begin() as connection:
        connection.execute(tables.period.update().where(tables.period.c.code == period).values(closed_at=TODAY_NOON))


TODAY_NOON = datetime(2025, 4, 1, 5, 0, tzinfo=UTC)


@pytest.fixture
def run(engine: Engine) -> str:
    return furnish(engine)


# ------------------------------------------------------------------------------------------------ retry


def test_failed_reports_wait_again_and_keep_what_was_found(engine: Engine, run: str) -> None:
    one, two, three = arrive(engine, run, "a", "b", "c")
    load_batch(engine, run, batch((one, "X01", "rejected", {}), (two, "X02", "unreadable", {})))
    before = everything(engine)
    assert acts.retry(engine, [one, two, three, one], **SIGNED) == 2
    after = everything(engine)
    assert (after["attempt"], after["finding"]) == (before["attempt"], before["finding"])
    assert [state_of(engine, number) for number in (one, two, three)] == ["received"] * 3
    with engine.connect() as connection:
        told = connection.execute(text("SELECT submission_id, what, who, before, after FROM action ORDER BY id")).all()
    assert [tuple(row) for row in told] == [
        (one, "retry", "Trần Văn Phòng", "rejected", "received"),
        (two, "retry", "Trần Văn Phòng", "unreadable", "received"),
    ]
    assert acts.retry(engine, [one], **SIGNED) == 0


def test_a_retry_names_every_report_that_did_not_fail(engine: Engine, run: str) -> None:
    one, two, three, four = arrive(engine, run, "a", "b", "c", "d")
    reports = (one, "X01", "accepted", {}), (two, "X01", "accepted", {}), (three, "X02", "rejected", {})
    load_batch(engine, run, batch(*reports))
    load_batch(engine, run, batch((four, "X03", "rejected", {}), period="2024-Q4"))
    close(engine, "2024-Q4")
    with refused(
        engine, f"báo cáo {one} đã bị bản mới hơn", "restore", f"áo cáo {two} đang có", "99", "2024-Q4 đã đóng"
    ):
        acts.retry(engine, [one, two, three, four, 99], **SIGNED)


@pytest.mark.parametrize("signed", [{"who": " ", "reason": "đúng"}, {"who": "ai đó", "reason": "\n "}])
def test_nobody_decides_anything_without_a_name_and_a_reason(engine: Engine, run: str, signed: dict[str, str]) -> None:
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, having(batch((one, "X01", "rejected", {})), finding(one, "R")))
    asked: list[Callable[[], object]] = [
        lambda: acts.retry(engine, [one], **signed),
        lambda: acts.withdraw(engine, one, **signed),
        lambda: acts.restore(engine, one, **signed),
        lambda: acts.record_return(engine, [one], **signed),
        lambda: acts.waive(engine, 1, **signed, until=None, today=TODAY),
        lambda: acts.permit_late(engine, "X01", "2025-Q1", date(2026, 1, 1), **signed),
        lambda: acts.close_period(engine, "2025-Q1", **signed),
        lambda: acts.reopen_period(engine, "2025-Q1", **signed),
    ]
    for act in asked:
        with refused(engine):
            act()


# ------------------------------------------------------------------------------------------------ withdraw, restore


def test_a_withdrawn_report_is_in_no_total_until_it_is_restored_and_passes_again(
    engine: Engine, run: str, url: str
) -> None:
    right, wrong = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((right, "X01", "accepted", {"received": 5})))
    load_batch(engine, run, batch((wrong, "X01", "accepted", {"received": 500})))
    at_first = datetime.now(UTC)
    with refused(engine, "rút bản 2 trước"):
        acts.restore(engine, right, **SIGNED)
    assert acts.withdraw(engine, wrong, **SIGNED) == [acts.Changed("2025-Q1", "bieu-1")]
    assert in_force(engine) == []
    (board,) = queries.status(engine, "2025-Q1")
    assert (board["withdrawn"], board["in_force"], board["missing"]) == (1, 0, 2)
    acts.restore(engine, right, **SIGNED)
    (board,) = queries.status(engine, "2025-Q1")
    assert (board["withdrawn"], board["waiting"], board["in_force"]) == (0, 1, 0)
    load_batch(engine, run, batch((right, "X01", "accepted", {"received": 6})))
    assert in_force(engine) == [("X01", 6.0)]
    assert [(row_of(engine, n)["state"], row_of(engine, n)["superseded_by"]) for n in (right, wrong)] == [
        ("accepted", None),
        ("withdrawn", None),
    ]
    (board,) = queries.status(engine, "2025-Q1")
    assert (board["withdrawn"], board["accepted"], board["in_force"]) == (0, 1, 1)
    reader = make_reader(url)
    sql = "SELECT value FROM mart_observation WHERE unit = 'X01'"
    assert queries.run_sql(reader, sql, 9)["value"].to_list() == [6.0]
    assert queries.run_sql(reader, sql, 9, at_first)["value"].to_list() == [500.0]
    with engine.connect() as connection:
        moment = connection.scalar(select(tables.observation_past.c.recorded_from))
    assert queries.run_sql(reader, sql, 9, moment)["value"].to_list() == [5.0]  # what was believed is not forgotten
    view = "SELECT state, in_force FROM mart_reporting WHERE unit = 'X01' AND period = '2025-Q1'"
    assert queries.run_sql(reader, view, 9).rows() == [("accepted", 1)]
    reader.dispose()


def test_a_report_below_one_that_was_accepted_cannot_be_restored(engine: Engine, run: str) -> None:
    ids = arrive(engine, run, "a", "b", "c")
    for number in ids:
        load_batch(engine, run, batch((number, "X01", "accepted", {"received": number})))
    acts.withdraw(engine, ids[2], **SIGNED)
    with refused(engine, "rút bản 2 trước"):
        acts.restore(engine, ids[0], **SIGNED)
    acts.withdraw(engine, ids[1], **SIGNED)
    acts.restore(engine, ids[0], **SIGNED)
    load_batch(engine, run, batch((ids[0], "X01", "accepted", {"received": 1})))
    assert [state_of(engine, number) for number in ids] == ["accepted", "withdrawn", "withdrawn"]
    acts.restore(engine, ids[2], **SIGNED)  # newer than the one in force: it replaces it when it passes
    load_batch(engine, run, batch((ids[2], "X01", "accepted", {"received": 3})))
    assert [state_of(engine, number) for number in ids] == ["superseded", "withdrawn", "accepted"]
    assert in_force(engine) == [("X01", 3.0)]


def test_withdrawing_what_is_not_in_force_changes_no_total(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "rejected", {})))
    assert acts.withdraw(engine, one, **SIGNED) == []
    assert acts.withdraw(engine, two, **SIGNED) == []
    assert (last_act(engine)["before"], last_act(engine)["after"]) == ("received", "withdrawn")
    assert queries.findings(engine, period="2025-Q1").is_empty()
    assert queries.findings(engine, submission=one).height == 1
    with refused(engine, "đã được rút"):
        acts.withdraw(engine, one, **SIGNED)
    with refused(engine, "không có báo cáo 99".capitalize()):
        acts.withdraw(engine, 99, **SIGNED)
    acts.restore(engine, two, **SIGNED)
    assert state_of(engine, two) == "received"


def test_totals_that_an_act_made_old_are_handed_to_every_run_until_they_are_new(engine: Engine, run: str) -> None:
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    intake.finish_run(engine, run, "completed")
    totals = pl.DataFrame({"unit": ["T01"], "indicator": ["received"], "breakdown": [""], "value": [5.0]})
    queries.write_roll_up(engine, "2025-Q1", "bieu-1", totals, as_of=queries.settled(engine))
    later = intake.start_run(engine, "collect-period")
    assert queries.changed_by_run(engine, later) == []
    acts.withdraw(engine, one, **SIGNED)
    assert queries.changed_by_run(engine, later) == [("2025-Q1", "bieu-1")]
    queries.write_roll_up(engine, "2025-Q1", "bieu-1", totals.clear(), as_of=queries.settled(engine))
    assert queries.changed_by_run(engine, later) == []  # nothing is left to add up


@pytest.mark.parametrize(("state", "said"), [("rejected", "retry"), ("accepted", "không có gì để lấy lại")])
def test_only_what_was_taken_out_can_be_restored(engine: Engine, run: str, state: str, said: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", state, {})))
    with refused(engine, said):
        acts.restore(engine, one, **SIGNED)
    with refused(engine, "đang chờ xử lý"):
        acts.restore(engine, two, **SIGNED)


def test_no_report_of_a_closed_period_is_touched(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, having(batch((one, "X01", "accepted_with_warnings", {})), finding(one, "R")))
    load_batch(engine, run, batch((two, "X02", "accepted", {})))
    acts.withdraw(engine, two, **SIGNED)
    acts.close_period(engine, "2025-Q1", **SIGNED)
    asked: list[Callable[[], object]] = [
        lambda: acts.withdraw(engine, one, **SIGNED),
        lambda: acts.restore(engine, two, **SIGNED),
        lambda: acts.waive(engine, 1, **SIGNED, until=None, today=TODAY),
        lambda: acts.permit_late(engine, "X03", "2025-Q1", date(2026, 1, 1), **SIGNED),
        lambda: acts.close_period(engine, "2025-Q1", **SIGNED),
    ]
    for act in asked:
        with refused(engine, "đã đóng"):
            act()
    acts.record_return(engine, [one], **SIGNED)
    acts.reopen_period(engine, "2025-Q1", **SIGNED)
    acts.withdraw(engine, one, **SIGNED)


def test_what_a_run_is_working_on_is_left_alone(engine: Engine, run: str) -> None:
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, having(batch((one, "X01", "rejected", {})), finding(one, "R")))
    acts.retry(engine, [one], **SIGNED)
    intake.claim(engine, run)
    with refused(engine, f"đang được lượt chạy {run} xử lý"):
        acts.withdraw(engine, one, **SIGNED)
    with refused(engine, f"đang được lượt chạy {run} xử lý"):
        acts.waive(engine, 1, **SIGNED, until=None, today=TODAY)
    acts.record_return(engine, [one], **SIGNED)
    with engine.begin() as connection:  # the process of the run is gone, and nobody has noticed yet
        connection.execute(tables.run.update().values(pid=2**22 + 1))
    acts.withdraw(engine, one, **SIGNED)
    late = load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    assert (late.skipped, state_of(engine, one), in_force(engine)) == (1, "withdrawn", [])


def test_of_two_acts_on_one_report_at_the_same_time_one_is_refused(engine: Engine, run: str, url: str) -> None:
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "accepted", {"received": 5})))
    gate, ended = threading.Barrier(2), []

    def act(who: str) -> None:
        own = make_engine(url)
        gate.wait()
        try:
            acts.withdraw(own, one, who=who, reason="gửi nhầm")
            ended.append((who, "done"))
        except ActRefusedError as error:
            ended.append((who, error.vi))
        finally:
            own.dispose()

    threads = [threading.Thread(target=act, args=(who,)) for who in ("ông Một", "bà Hai")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = dict(ended)
    (winner,) = [who for who, word in said.items() if word == "done"]
    (loser,) = [word for word in said.values() if word != "done"]
    assert "đã được rút" in loser
    with engine.connect() as connection:
        assert connection.execute(text("SELECT who FROM action")).scalars().all() == [winner]


# ------------------------------------------------------------------------------------------------ waive


@pytest.fixture
def doubtful(engine: Engine, run: str) -> int:
    """A report accepted with two warnings at one place, one elsewhere, and a note; findings 1 to 4."""
    (one,) = arrive(engine, run, "a")
    rows = finding(one, "R"), finding(one, "R"), finding(one, "S", item=2), finding(one, "N", "info")
    load_batch(engine, run, having(batch((one, "X01", "accepted_with_warnings", {"received": 5})), *rows))
    return one


def test_a_waived_warning_is_settled_at_once(engine: Engine, doubtful: int) -> None:
    done = acts.waive(engine, 1, **SIGNED, until=TODAY, today=TODAY)
    assert done == acts.Waived(doubtful, "accepted_with_warnings", 2, needs_retry=False)
    row = row_of(engine, doubtful)
    assert (row["n_warning"], row["n_waived"], row["n_info"], row["n_critical"]) == (1, 2, 1, 0)
    found = queries.findings(engine, period="2025-Q1").sort("finding")
    assert found.select("finding", "settled_by", "explanation").rows() == [
        (1, "waiver", "theo công văn 12"),
        (2, "waiver", "theo công văn 12"),
        (3, None, None),
        (4, None, None),
    ]
    assert acts.waive(engine, 3, **SIGNED, until=None, today=TODAY).state == "accepted"
    assert state_of(engine, doubtful) == "accepted"
    assert in_force(engine) == [("X01", 5.0)]
    (board,) = queries.status(engine, "2025-Q1")
    assert (board["accepted"], board["waived"], board["explained"], board["overridden"]) == (1, 3, 0, 0)
    assert queries.waiver_counts(engine, "2025-Q1") == {"note": 0, "waiver": 3, "override": 0}
    assert (
        set(queries.waiver_counts(engine, "2024-Q4").values())
        == set(queries.waiver_counts(engine, "?").values())
        == {0}
    )
    told = last_act(engine)
    assert (told["what"], told["submission_id"], told["before"]) == ("waive", doubtful, None)
    assert json.loads(told["after"])["rule"] == "S"
    headers = batch((7, "X01", "accepted", {})).headers
    assert waivers_for(engine, headers, TODAY).select("rule", "item").rows() == [("R", 0), ("S", 2)]


def test_a_finding_without_a_field_is_waived_at_its_cell_alone(engine: Engine, run: str) -> None:
    """Else the rule would be waived for the whole report, and what nobody looked at with it."""
    ids = one, two, _three = arrive(engine, run, "a", "b", "c")
    rows = [
        finding(file, "FRM-018", field=field, sheet="Số liệu", cell=cell)
        for file in ids
        for field, cell in (("", "H7"), ("", "H8"), (None, "H8"), ("received", "H7"))
    ]
    rows.extend(finding(two, "FRM-019", field=None, sheet="Số liệu", cell=cell) for cell in ("", None))
    reports = [(file, f"X0{file}", "accepted_with_warnings", {"received": 5.0}) for file in ids]
    load_batch(engine, run, having(batch(*reports), *rows))
    numbers = {
        (row["submission"], row["rule"], row["cell"], row["field"]): row["finding"]
        for row in queries.findings(engine).to_dicts()
    }
    asked: dict[str, Any] = {**SIGNED, "until": None, "today": TODAY}
    assert acts.waive(engine, numbers[one, "FRM-018", "H7", ""], **asked).settled == 1
    assert acts.waive(engine, numbers[two, "FRM-018", "H8", None], **asked).settled == 2
    assert acts.waive(engine, numbers[two, "FRM-019", None, None], **asked).settled == 2
    given = waivers_of(engine).select("unit", "rule", "field", "in_use").rows()
    assert given == [
        ("X01", "FRM-018", "cell:Số liệu!H7", True),
        ("X02", "FRM-018", "cell:Số liệu!H8", True),
        ("X02", "FRM-019", "", True),
    ]
    told = [row["words_vi"] for row in history_of(engine, "X01", "2025-Q1") if row["kind"] == "act"]
    assert told == ["miễn cảnh báo FRM-018 (Số liệu!H7): theo công văn 12"]


def test_a_waiver_given_again_replaces_the_one_that_ran_out(engine: Engine, run: str, doubtful: int) -> None:
    acts.waive(engine, 1, **SIGNED, until=TODAY, today=TODAY)
    (two,) = [item.submission_id for item in intake.receive(engine, run, [arrival("b", minutes=9)])]
    load = having(batch((two, "X01", "accepted_with_warnings", {"received": 6})), finding(two, "R"))
    load_batch(engine, run, load)
    with refused(engine, "không còn là bản đang xét"):
        acts.waive(engine, 3, **SIGNED, until=None, today=TODAY)
    acts.waive(engine, 5, who="bà Hai", reason="gia hạn", until=date(2025, 6, 1), today=TODAY)
    told = last_act(engine)
    assert json.loads(told["before"])["until"] == "2025-04-01"
    assert json.loads(told["after"])["until"] == "2025-06-01"
    with engine.connect() as connection:
        assert connection.execute(text("SELECT who, reason FROM waiver")).all() == [("bà Hai", "gia hạn")]


def test_waivers_that_cannot_be(engine: Engine, run: str, doubtful: int) -> None:
    with refused(engine, "Không có phát hiện số 99"):
        acts.waive(engine, 99, **SIGNED, until=None, today=TODAY)
    with refused(engine, "31/03/2025 đã qua"):
        acts.waive(engine, 1, **SIGNED, until=date(2025, 3, 31), today=TODAY)
    with refused(engine, "lưu ý"):
        acts.waive(engine, 4, **SIGNED, until=None, today=TODAY)
    with refused(engine, "miễn không cần cho qua"):
        acts.waive(engine, 1, **SIGNED, until=None, override=True, second_person="bà Hai", today=TODAY)
    acts.waive(engine, 1, **SIGNED, until=None, today=TODAY)
    with refused(engine, "đã xong: theo công văn 12"):
        acts.waive(engine, 2, **SIGNED, until=None, today=TODAY)
    acts.withdraw(engine, doubtful, **SIGNED)
    with refused(engine, "không còn là bản đang xét"):
        acts.waive(engine, 3, **SIGNED, until=None, today=TODAY)


def test_a_critical_finding_is_let_pass_by_two_people_when_the_report_is_checked_again(
    engine: Engine, run: str
) -> None:
    (one,) = arrive(engine, run, "a")
    rows = finding(one, "D", "critical"), finding(one, "F", "critical", level=2)
    load_batch(engine, run, having(batch((one, "X01", "rejected", {})), *rows))
    asked: dict[str, Any] = {**SIGNED, "until": None, "today": TODAY}
    with refused(engine, "override"):
        acts.waive(engine, 1, **asked)
    with refused(engine, "người thứ hai"):
        acts.waive(engine, 1, **asked, override=True)
    with refused(engine, "khác Trần Văn Phòng"):
        acts.waive(engine, 1, **asked, override=True, second_person=" TRẦN VĂN  PHÒNG ")
    with refused(engine, "không chỉ khác dấu"):
        acts.waive(engine, 1, **asked, override=True, second_person="Tran Van Phong")
    with refused(engine, "không thể miễn"):
        acts.waive(engine, 2, **asked, override=True, second_person="bà Hai")
    done = acts.waive(engine, 1, **asked, override=True, second_person="bà Hai")
    assert done == acts.Waived(one, "rejected", 0, needs_retry=True)
    assert (last_act(engine)["second_person"], row_of(engine, one)["n_critical"]) == ("bà Hai", 2)
    acts.retry(engine, [one], **SIGNED)
    passed = finding(one, "D", "critical", settled_by="override", explanation="theo công văn 12")
    load_batch(engine, run, having(batch((one, "X01", "accepted_with_warnings", {})), passed, finding(one, "W")))
    with refused(engine, "của lần xử lý trước"):
        acts.waive(engine, 1, **asked, override=True, second_person="bà Hai")
    done = acts.waive(engine, 4, **asked)
    assert (done.state, done.settled) == ("accepted_with_warnings", 1)  # what was let pass goes on being said
    assert queries.waiver_counts(engine, "2025-Q1") == {"note": 0, "waiver": 1, "override": 1}


def test_who_and_why_stand_on_one_line_of_bounded_length(engine: Engine, run: str) -> None:
    (one,) = arrive(engine, run, "a")
    with refused(engine, "Lý do dài 1001 ký tự"):
        acts.withdraw(engine, one, who="An", reason="x" * 1001)
    with refused(engine, "dài 201 ký tự"):
        acts.withdraw(engine, one, who="x" * 201, reason="nhầm")
    with refused(engine, "Thiếu lý do"):
        acts.withdraw(engine, one, who="An", reason="\n\x07\t")
    acts.withdraw(engine, one, who="Nguyễn\nVăn  An", reason="gửi nhầm\r\n\x1b[31mtệp")
    told = last_act(engine)
    assert (told["who"], told["reason"]) == ("Nguyễn Văn An", "gửi nhầm [31mtệp")


def test_nothing_is_waived_for_a_report_of_nobody(engine: Engine, run: str) -> None:
    (one,) = arrive(engine, run, "a")
    load = having(batch((one, "X01", "rejected", {})), finding(one, "R"))
    nobody = load.headers.with_columns(period=pl.lit(None, pl.String))
    load_batch(engine, run, replace(load, headers=nobody))
    with refused(engine, "chưa rõ đơn vị, kỳ hoặc biểu"):
        acts.waive(engine, 1, **SIGNED, until=None, today=TODAY)


# ------------------------------------------------------------------------------------------------ periods, returns


def test_a_permit_to_be_late_moves_the_due_day(engine: Engine, run: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE period_due SET due = '2025-03-16' WHERE level = 'commune'"))
    (one,) = arrive(engine, run, "a")
    load_batch(engine, run, batch((one, "X01", "accepted", {})))
    with engine.begin() as connection:
        connection.execute(tables.submission.update().values(received_at=datetime(2025, 3, 20, tzinfo=UTC)))
    (board,) = queries.status(engine, "2025-Q1", today=TODAY)
    assert (board["late"], board["overdue"], board["permitted"]) == (1, 2, 0)
    acts.permit_late(engine, "X01", "2025-Q1", date(2025, 3, 20), **SIGNED)
    acts.permit_late(engine, "X02", "2025-Q1", date(2025, 4, 1), **SIGNED)
    acts.permit_late(engine, "X02", "2025-Q1", date(2025, 4, 2), **SIGNED)
    (board,) = queries.status(engine, "2025-Q1", today=TODAY)
    assert (board["late"], board["overdue"], board["permitted"]) == (0, 1, 2)
    told = last_act(engine)
    assert (told["before"], told["after"], told["submission_id"]) == ("2025-04-01", "2025-04-02", None)


@pytest.mark.parametrize(
    ("unit", "period", "until", "said"),
    [
        ("X01", "2025-Q1", date(2025, 3, 1), "phải sau ngày đó"),
        ("X09", "2025-Q1", date(2026, 1, 1), "Không có đơn vị X09"),
        ("T01", "2025-Q1", date(2026, 1, 1), "không phải gửi báo cáo"),
        ("X01", "2025", date(2027, 1, 1), "không phải gửi báo cáo"),
        ("X01", "2031-Q1", date(2032, 1, 1), "Không có kỳ 2031-Q1"),
    ],
)
def test_permits_that_cannot_be(engine: Engine, run: str, unit: str, period: str, until: date, said: str) -> None:
    with refused(engine, said):
        acts.permit_late(engine, unit, period, until, **SIGNED)


def test_a_period_is_closed_when_nothing_of_it_waits_and_opened_again(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "rejected", {})))
    with refused(engine, "Còn 1 báo cáo chờ", f"({two})"):
        acts.close_period(engine, "2025-Q1", **SIGNED)  # nobody knows yet of which period it is
    load_batch(engine, run, batch((two, "X02", "accepted", {}), period="2024-Q4"))
    acts.retry(engine, [one], **SIGNED)
    with refused(engine, f"({one})"):
        acts.close_period(engine, "2025-Q1", **SIGNED)
    acts.close_period(engine, "2024-Q4", **SIGNED)
    assert queries.status(engine, "2024-Q4")[0]["closed_at"] is not None
    assert queries.status(engine, "2025-Q1")[0]["closed_at"] is None
    with refused(engine, "Kỳ 2025-Q1 đang mở"):
        acts.reopen_period(engine, "2025-Q1", **SIGNED)
    acts.reopen_period(engine, "2024-Q4", **SIGNED)
    assert queries.status(engine, "2024-Q4")[0]["closed_at"] is None
    assert (last_act(engine)["what"], last_act(engine)["after"]) == ("reopen_period", "open")


def test_every_workbook_handed_back_is_on_record(engine: Engine, run: str) -> None:
    one, two = arrive(engine, run, "a", "b")
    load_batch(engine, run, batch((one, "X01", "rejected", {}), (two, "X02", "rejected", {})))
    with refused(engine, "99"):
        acts.record_return(engine, [one, 99], **SIGNED)
    acts.record_return(engine, [one, two], **SIGNED)
    with engine.connect() as connection:
        told = connection.execute(text("SELECT what, submission_id, unit_id FROM action ORDER BY id")).all()
    assert [tuple(row)[:2] for row in told] == [("return", one), ("return", two)]
    assert all(unit is not None for _, _, unit in told)
