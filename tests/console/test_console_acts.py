"""Acts through the command line: refused with a sentence and exit code 2, nothing changed; or done and on record."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from tasks.settings import Settings
from tasks.store import engine_for
from tests.collecting import collect
from tests.commands import Ran, run_here
from tests.delivered import Delivery, install

BECAUSE = ("--reason", "thử nghiệm")


@pytest.fixture
def made(home: Path, delivery: Delivery) -> Settings:
    """A sound report (1), one with a wrong sum (2) and a broken file (3) of a province, collected."""
    settings = install(home, delivery)
    for number, fault in enumerate(("", "wrong_sum", "truncated"), 1):
        sent = next(item for item in delivery.sent if item.fault == fault and item.filing.unit.startswith("P99.CB"))
        shutil.copy2(delivery.folder / f"{sent.name}.xlsx", settings.workspace.inbox / f"{number}.xlsx")
    files = sorted(settings.workspace.inbox.iterdir())
    for file in files:
        collect(settings, [file])
        file.unlink()
    return settings


def asked(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with engine_for(settings.url).connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def everything(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    names = ("submission", "action", "finding", "waiver", "lateness_permit", "attempt", "observation", "run", "period")
    return {name: sorted(asked(settings, f"select * from {name}"), key=repr) for name in names}


def numbers(settings: Settings) -> dict[object, object]:
    """State → number: which of the three is which."""
    return dict(asked(settings, "select state, id from submission"))


def is_a_refusal(ran: Ran) -> bool:
    return ran.code == 2 and ran.out == "" and ran.err.startswith("✗ ") and len(ran.err.splitlines()) == 1


def test_what_cannot_be_done_is_refused_and_changes_nothing(made: Settings) -> None:
    by_state = numbers(made)
    accepted = str(by_state.get("accepted") or by_state["accepted_with_warnings"])
    rejected = str(by_state["rejected"])
    (finding,) = asked(made, "select min(id) from finding where level <= 2 and severity = 'critical'")[0]
    (fault,) = asked(made, "select min(id) from finding where level > 2 and severity = 'critical'")[0]
    before = everything(made)
    refused = (
        ("retry", "--submission", accepted, *BECAUSE),
        ("retry", "--submission", "999", *BECAUSE),
        ("retry", "--submission", rejected, "--submission", "999", *BECAUSE),
        ("retry", *BECAUSE),
        ("retry", "--unit", "P98.KHONG", *BECAUSE),
        ("retry", "--submission", rejected, "--reason", " "),
        ("restore", accepted, *BECAUSE),
        ("restore", "999", *BECAUSE),
        ("withdraw", "999", *BECAUSE),
        ("waive", "99999", *BECAUSE),
        ("waive", str(finding), *BECAUSE),
        ("waive", str(fault), *BECAUSE),
        ("waive", str(fault), *BECAUSE, "--override"),
        ("waive", str(fault), *BECAUSE, "--override", "--as", "An", "--second", "an"),
        ("waive", str(fault), *BECAUSE, "--override", "--as", "An", "--second", "Bình", "--until", "2020-01-01"),
        ("waive", str(fault), *BECAUSE, "--until", "mai"),
        ("permit-late", "--unit", "P99.DU", "--period", "2025", "--until", "2020-01-01", *BECAUSE),
        ("permit-late", "--unit", "P98.KHONG", "--period", "2025", "--until", "2030-01-01", *BECAUSE),
        ("permit-late", "--unit", "P99.DU", "--period", "1890", "--until", "2030-01-01", *BECAUSE),
        ("period", "reopen", "2025", *BECAUSE),
        ("return", "--submission", "999"),
        ("history", "--unit", "P98.KHONG", "--period", "2025"),
        ("withdraw", rejected, "--reason", "nhầm", "--as", " "),
    )
    for arguments in refused:
        ran = run_here(*arguments)
        assert is_a_refusal(ran), f"{arguments}: {ran}"
    assert everything(made) == before


def test_a_closed_period_refuses_every_act_on_its_reports(made: Settings) -> None:
    assert run_here("period", "close", "2025", *BECAUSE).code == 0
    by_state = numbers(made)
    (fault,) = asked(made, "select min(id) from finding where level > 2 and severity = 'critical'")[0]
    before = everything(made)
    refused = (
        ("retry", "--submission", str(by_state["rejected"]), *BECAUSE),
        ("retry", "--period", "2025", *BECAUSE),
        ("withdraw", str(by_state["rejected"]), *BECAUSE),
        ("waive", str(fault), *BECAUSE, "--override", "--as", "An", "--second", "Bình"),
        ("permit-late", "--unit", "P99.DU", "--period", "2025", "--until", "2030-01-01", *BECAUSE),
        ("period", "close", "2025", *BECAUSE),
    )
    for arguments in refused:
        ran = run_here(*arguments)
        assert is_a_refusal(ran), f"{arguments}: {ran}"
        assert "đóng" in ran.err
    assert everything(made) == before


def test_every_act_says_who_when_why_before_and_after(made: Settings) -> None:
    rejected = str(numbers(made)["rejected"])
    assert run_here("withdraw", rejected, "--reason", "gửi nhầm", "--as", "Nguyễn Văn An").code == 0
    rows = asked(made, f"select who, what, reason, before, after, at from action where submission_id = {rejected}")
    ((who, what, reason, before, after, at),) = rows
    assert (who, what, reason, before, after) == ("Nguyễn Văn An", "withdraw", "gửi nhầm", "rejected", "withdrawn")
    assert at
    unit = asked(made, f"select stated_unit from submission where id = {rejected}")[0][0]
    told = run_here("history", "--unit", str(unit), "--period", "2025", "--json").json
    assert [row["kind"] for row in told if row["who"] == "Nguyễn Văn An"] == ["act"]


def test_the_annotated_copies_of_a_run_are_written_and_written_again_elsewhere(made: Settings, tmp_path: Path) -> None:
    by_run = {path.name for path in made.workspace.returned.rglob("*.xlsx")}
    assert any(name.endswith(f"_{numbers(made)['rejected']}.xlsx") for name in by_run)
    assert any(name.startswith("khong-ro-don-vi") for name in by_run), "the broken file, which names nobody"
    ran = run_here("return", "--out", str(tmp_path / "ra"), "--json")
    assert ran.code == 0
    assert {Path(row["file"]).name for row in ran.json} == by_run
    assert asked(made, "select count(*) from action where what = 'return'") == [(len(by_run),)]


def test_a_unit_that_chooses_its_code_cannot_choose_where_its_copy_is_written(made: Settings) -> None:
    with engine_for(made.url).begin() as connection:
        connection.execute(
            text(
                "update submission set stated_unit = '../../../etc/x', stated_period = '/tmp/..' where unit_id is null"
            )
        )
    assert run_here("return").code == 0
    outside = [p for p in made.workspace.home.parent.rglob("*.xlsx") if not p.is_relative_to(made.workspace.home)]
    assert outside == []
    assert [path.name for path in made.workspace.returned.rglob("*etc-x*")]


def test_doctor_tells_of_a_run_whose_process_is_gone(made: Settings) -> None:
    assert run_here("doctor", "--json").code == 0
    with engine_for(made.url).begin() as connection:
        connection.execute(text("update run set state = 'running', finished_at = null, pid = 999999999"))
    ran = run_here("doctor", "--json")
    assert ran.code == 2
    (sick,) = [item for item in ran.json if not item["well"]]
    assert "bị ngắt" in sick["seen"]
    assert "tongket ingest" in sick["advice"]
