"""Units are told once what became of their reports and that one is missing; focal points get one list."""

from __future__ import annotations

import mailbox
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text
from telling import Letterbox, Office, free_port, mail_server, parsed, words_of
from world import arrive, batch

from domain.clock import pretending
from domain.notice import NoticeKind
from tasks import notice_files, notice_outcomes
from tasks.notices import deliver, due_reminders, notices_after_run, preview, remind
from warehouse import acts, intake
from warehouse import notices as notices_kept
from warehouse.engine import write
from warehouse.intake import start_run
from warehouse.load import load_batch

DUE = date(2025, 3, 18)  # 2 working days after Friday 14/3/2025


def on(day: date) -> datetime:
    """08:00 of a day where the offices are."""
    return datetime(day.year, day.month, day.day, 1, tzinfo=UTC)


def before(days: int) -> datetime:
    return on(DUE - timedelta(days=days))


@pytest.fixture
def office(url: str, tmp_path: Path) -> Office:
    return Office.at(url, tmp_path / "home").with_people()


# ------------------------------------------------------------------------------------------------ outcomes


def test_the_outcome_of_a_report_is_told_once_with_its_workbook(office: Office) -> None:
    run = office.report(X01="accepted", X02="rejected", X03="rejected")
    workbook = office.annotated("X02")
    assert notices_after_run(office.settings, run).by_kind == {"accepted": 1, "rejected": 3}
    assert office.told("kind", "unit", "recipient") == [
        ("accepted", "X01", "ubnd.x01@tinh.gov.vn"),
        ("rejected", "T01", "vp@tinh.gov.vn"),
        ("rejected", "X02", "hang.x02@tinh.gov.vn"),
        ("rejected", "X03", ""),
    ]

    own = office.files(office.notices(unit="X02")[0])
    assert own["Subject"] == "Báo cáo quý 1/2025 của Xã Hai bị trả lại: cần sửa và gửi lại"
    assert own["To"].addresses[0].display_name == "Nguyễn Thị Hằng"
    assert own["To"].addresses[0].addr_spec == "hang.x02@tinh.gov.vn"
    said = words_of(own)
    for words in ("1 lỗi phải sửa", "1. Số liệu!E5: Tổng không khớp.", "Văn phòng Tỉnh (vp@tinh.gov.vn)", "đánh dấu"):
        assert words in said
    attached = next(own.iter_attachments())
    assert attached.get_content() == workbook
    assert str(attached.get_filename()).startswith("X02_bieu-1_")

    of_nobody = office.files(office.notices(unit="X03")[0])
    assert (of_nobody["To"], of_nobody["X-Unsent"]) == (None, "1")
    assert not list(of_nobody.iter_attachments()), "there is no annotated copy of it"
    everybody = words_of(office.files(office.notices(unit="T01")[0]))
    assert "1 báo cáo được nhận, 2 báo cáo phải sửa" in everybody
    assert "- Xã Hai (X02): bị trả lại" in everybody
    assert "- Xã Ba (X03)" in everybody

    assert not notices_after_run(office.settings, run).total
    number = office.notices(unit="X02")[0]["submission_id"]
    assert not notices_after_run(office.settings, office.again(number, "X02", "rejected")).total, "nothing new"
    assert notices_after_run(office.settings, office.again(number, "X02", "accepted")).by_kind == {"accepted": 2}
    assert ("accepted", "hang.x02@tinh.gov.vn") in office.told("kind", "recipient", unit="X02")


def test_what_a_killed_run_left_untold_the_next_one_tells(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    notices_after_run(office.settings, office.report(X01="accepted"))
    office.report(X02="rejected")  # killed before it told anybody

    def killed(*_given: object) -> None:
        raise KeyboardInterrupt

    run = office.report(X03="accepted")
    with monkeypatch.context() as patch:
        patch.setattr(notice_files, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            notices_after_run(office.settings, run)
    assert [row["path"] for row in office.notices(unit="X02")] == [None]
    assert not notices_after_run(office.settings, office.report(X03="accepted")).by_kind.get("rejected")
    assert words_of(office.files(office.notices(unit="X02")[0]))
    drafts = [*office.settings.workspace.notices.rglob(".*")]
    assert not drafts


def test_very_many_are_one_file(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_files, "MOST_FILES", 1)
    notices_after_run(office.settings, office.report(X01="rejected", X02="rejected"))
    paths = {row["path"] for row in office.notices(kind="rejected")}
    assert len(paths) == 1
    box = mailbox.mbox(office.settings.workspace.home / paths.pop())
    identities = [message["Message-ID"] for message in box]
    box.close()
    assert len(set(identities) - {None}) == 3


def test_what_is_worded_anew_replaces_no_file_of_others(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_files, "MOST_FILES", 1)
    away = office.by_mail(free_port())
    for days in (10, 8):
        with pretending(before(days)):
            remind(away.settings, before(days))
            deliver(away.settings)
    sizes = {}
    for row in office.notices(kind="due_soon"):
        box = mailbox.mbox(office.settings.workspace.home / row["path"])
        sizes[row["unit"]] = len(box)
        box.close()
    assert sizes == {"T01": 3, "X01": 3, "X02": 3, "X03": 4}, "X03 has nobody: its only copy is in the first file"


def test_everybody_of_a_unit_is_told_however_the_work_is_cut(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.with_people("unit;role;name;email\nX01;unit;A;a@x.vn\nX01;unit;B;b@x.vn\nX01;unit;C;c@x.vn\n")
    monkeypatch.setattr(notice_outcomes, "_AT_A_TIME", 2)
    monkeypatch.setattr(notices_kept, "_PAGE", 1)
    monkeypatch.setattr(notice_files, "MOST_FILES", 2)
    run = office.report(X01="rejected", X02="rejected")
    for made in (5, 0):  # three people of X01, one of X02, the list
        assert notices_after_run(office.settings, run).total == made
    assert [row["recipient"] for row in office.notices(unit="X01")] == ["a@x.vn", "b@x.vn", "c@x.vn"]
    assert len({row["path"] for row in office.notices()}) == 1


def test_notices_can_be_off(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices_kept, "_OVERLAP", timedelta(0))
    mailing = office.by_mail(free_port())
    notices_after_run(mailing.settings, office.report(X02="rejected"))
    off = mailing.settings.model_copy(update={"notices": False})
    assert not notices_after_run(off, office.report(X01="rejected")).total
    assert not remind(off, before(1)).total
    box = Letterbox()
    with mail_server(box) as port:
        assert not deliver(off.model_copy(update={"smtp_port": port})).sent, "not even what waited"
    assert not box.taken
    # on again: of what was decided meanwhile nobody is told months later
    assert notices_after_run(mailing.settings, office.report(X03="rejected")).by_kind == {"rejected": 2}
    assert not office.notices(unit="X01")


def test_a_warning_that_was_waived_is_no_second_rejection(office: Office) -> None:
    run = start_run(office.engine, "collect-period", "2025-Q1")
    (number,) = arrive(office.engine, run, "một")
    intake.claim(office.engine, run, [number])
    made = batch((number, "X02", "rejected", {"received": 1.0}))
    warning = made.findings.with_columns(severity=pl.lit("warning"), rule=pl.lit("DOS-002"))
    load_batch(office.engine, run, replace(made, findings=pl.concat([made.findings, warning])))
    assert notices_after_run(office.settings, run).by_kind == {"rejected": 2}
    with write(office.engine) as connection:
        connection.execute(text("UPDATE finding SET settled_by = 'waiver' WHERE severity = 'warning'"))
    assert not notices_after_run(office.settings, run).total


def test_a_sender_that_is_no_address_keeps_nobody_from_being_told(office: Office) -> None:
    named = office.by_mail(free_port(), smtp_sender="Sở Nội vụ <bc@tinh.gov.vn>")
    notices_after_run(named.settings, office.report(X02="rejected"))
    (row,) = office.notices(unit="X02")
    assert "invalid" in office.files(row)["From"]
    assert "TONGKET_SMTP_SENDER" in deliver(named.settings).fault
    # another installation that writes to the same person for a reason of the same number is another message
    later = notice_files.message({**row, "made_at": row["made_at"] + timedelta(seconds=1)}, office.settings)
    assert parsed(later)["Message-ID"] != office.files(row)["Message-ID"]


# ------------------------------------------------------------------------------------------------ reminders


def test_an_opening_tells_from_when_reports_are_taken_and_the_last_day_of_all(office: Office) -> None:
    acts.permit_late(office.engine, "X03", "2025-Q1", DUE + timedelta(days=30), who="thử", reason="bão")
    first = on(date(2024, 12, 15))
    with pretending(first):
        assert remind(office.settings, first).by_kind["opened"] == 4
    own, everybody = (words_of(office.files(office.notices(unit=unit)[0])) for unit in ("X02", "T01"))
    assert "- Biểu 1 (gửi từ ngày 14/03/2025, hạn ngày 18/03/2025)" in own, "before that day it would be turned back"
    assert "hạn cuối: ngày 17/04/2025" in everybody


def test_who_sent_nothing_is_reminded_of_the_most_urgent_day_alone(office: Office) -> None:
    def told(moment: datetime) -> dict[str, int]:
        with pretending(moment):
            return {kind: count for kind, count in remind(office.settings, moment).by_kind.items() if kind != "digest"}

    assert told(on(date(2024, 12, 15))) == {"opened": 4}
    assert told(before(11)) == {}
    assert told(before(10)) == {"due_soon": 4}
    assert told(before(9)) == {}
    acts.permit_late(office.engine, "X03", "2025-Q1", DUE + timedelta(days=30), who="thử", reason="bão")
    office.report(X01="rejected")
    # nobody looked for a week: 5 and 1 days before were missed, and so was 1 day after
    assert told(on(DUE + timedelta(days=6))) == {"overdue": 3}
    assert told(on(DUE + timedelta(days=7))) == {}
    assert office.told("unit", "recipient", kind="overdue") == [
        ("T01", "vp@tinh.gov.vn"),
        ("X01", "ubnd.x01@tinh.gov.vn"),
        ("X02", "hang.x02@tinh.gov.vn"),
    ]
    returned, own, everybody = (words_of(office.files(row)) for row in office.notices(kind="overdue"))
    assert "quá hạn 6 ngày (hạn ngày 18/03/2025) nhưng chưa nhận được" in own
    assert "- Biểu 1 (hạn ngày 18/03/2025)" in own.splitlines()
    # whose report was returned has sent one, and owes one
    assert "chưa nhận được" not in returned
    assert "- Biểu 1 (hạn ngày 18/03/2025): báo cáo nhận ngày 16/03/2025 đã bị trả lại, phải sửa và gửi lại" in returned
    assert "3/3 đơn vị trong phạm vi đầu mối chưa gửi báo cáo, hoặc chưa gửi lại" in everybody
    assert "- Xã Một (X01): hạn 18/03/2025, quá hạn 6 ngày, báo cáo nhận ngày 16/03/2025 đã bị trả lại" in everybody
    assert "- Xã Hai (X02): hạn 18/03/2025, quá hạn 6 ngày" in everybody.splitlines()
    assert "- Xã Ba (X03): hạn 17/04/2025, còn 24 ngày, đã được phép gửi muộn" in everybody
    # a shorter list is no news, and a closed period reminds nobody
    office.report(X02="accepted")
    assert told(on(DUE + timedelta(days=8))) == {}
    acts.close_period(office.engine, "2025-Q1", who="thử", reason="hết hạn")
    assert told(on(DUE + timedelta(days=25))) == {}


def reminded(office: Office, moment: datetime, period: str | None = None) -> list[tuple[str, str]]:
    """(kind, unit) of what the reminding of this moment told, the digest left out."""
    before = {row["id"] for row in office.notices()}
    with pretending(moment):
        remind(office.settings, moment, period)
    rows = [row for row in office.notices() if row["id"] not in before and row["kind"] != "digest"]
    return sorted((row["kind"], row["unit"]) for row in rows)


def test_what_was_withdrawn_is_told_once_and_owed_anew(office: Office) -> None:
    notices_after_run(office.settings, office.report(X01="accepted", X02="accepted", X03="rejected"))
    (first, second, third) = (office.notices(unit=unit)[0]["submission_id"] for unit in ("X01", "X02", "X03"))
    for number in (first, third):
        acts.withdraw(office.engine, number, who="Trần Văn A", reason="gửi nhầm số liệu quý trước")
    told = reminded(office, before(9))
    assert told == [
        ("due_soon", "T01"),
        ("due_soon", "X01"),
        ("due_soon", "X03"),
        ("rejected", "T01"),
        ("rejected", "X01"),
    ]
    withdrawn, owing = (
        words_of(office.files(office.notices(unit="X01", kind=kind)[-1])) for kind in ("rejected", "due_soon")
    )
    for words in ("đã được rút", "Trần Văn A", "gửi nhầm số liệu quý trước", "trước hết ngày 18/03/2025"):
        assert words in withdrawn
    assert "báo cáo nhận ngày 16/03/2025 đã được rút, cần báo cáo mới" in owing
    assert "- Xã Một (X01): " in words_of(office.files(office.notices(unit="T01", kind="rejected")[-1]))
    assert reminded(office, before(8)) == []
    assert not notices_after_run(office.settings, office.report()).total
    # taken up again and accepted as before it is news, once; what only failed was told already
    acts.restore(office.engine, first, who="thử", reason="số liệu đúng")
    run = start_run(office.engine, "collect-period", "2025-Q1")
    intake.claim(office.engine, run, [first])
    load_batch(office.engine, run, batch((first, "X01", "accepted", {"received": 1.0})))
    assert notices_after_run(office.settings, run).by_kind == {"accepted": 2}
    assert not notices_after_run(office.settings, run).total
    # a new report came before anybody was told: nothing is missing
    acts.withdraw(office.engine, second, who="thử", reason="gửi nhầm")
    assert notices_after_run(office.settings, office.report(X02="accepted")).by_kind == {"accepted": 2}
    assert reminded(office, before(7)) == []
    # the version before is taken up again: told when it is checked, as it is the one that counts
    acts.withdraw(office.engine, office.notices(unit="X02")[-1]["submission_id"], who="thử", reason="gửi nhầm")
    acts.restore(office.engine, second, who="thử", reason="bản này mới đúng")
    assert reminded(office, before(6)) == []
    run = start_run(office.engine, "collect-period", "2025-Q1")
    intake.claim(office.engine, run, [second])
    load_batch(office.engine, run, batch((second, "X02", "accepted", {"received": 1.0})))
    assert notices_after_run(office.settings, run).by_kind == {"accepted": 2}


def test_a_withdrawal_that_waits_is_dropped_when_a_new_report_came(office: Office) -> None:
    away = office.by_mail(free_port())
    notices_after_run(away.settings, office.report(X02="accepted"))
    number = office.notices(unit="X02")[0]["submission_id"]
    acts.withdraw(office.engine, number, who="thử", reason="gửi nhầm")
    with pretending(before(20)):
        assert remind(away.settings, before(20)).by_kind.get("rejected") == 2
    deliver(away.settings)
    states = dict(office.told("kind", "state", unit="X02"))
    assert states == {"accepted": "dropped", "rejected": "waiting"}
    office.report(X02="accepted")
    deliver(away.settings)
    assert dict(office.told("kind", "state", unit="X02"))["rejected"] == "dropped"


def test_a_report_that_comes_back_to_what_it_was_is_told_again(office: Office) -> None:
    def judged(state: str, cell: str = "E5") -> int:
        run = start_run(office.engine, "retry-failed", "2025-Q1")
        intake.claim(office.engine, run, [number])
        made = batch((number, "X02", state, {"received": 1.0}))
        load_batch(office.engine, run, replace(made, findings=made.findings.with_columns(cell=pl.lit(cell))))
        return sum(kind != "" for kind in notices_after_run(office.settings, run).by_kind)

    notices_after_run(office.settings, office.report(X02="rejected"))
    number = office.notices(unit="X02")[0]["submission_id"]
    for state, cell, told in (
        ("rejected", "E5", 0),
        ("rejected", "E6", 1),
        ("rejected", "E5", 1),
        ("rejected", "E5", 0),
        ("accepted", "", 1),
    ):
        acts.retry(office.engine, [number], who="thử", reason="thử lại")
        assert judged(state, cell) == told
    acts.withdraw(office.engine, number, who="thử", reason="nghi sai")
    acts.restore(office.engine, number, who="thử", reason="xem lại")
    assert judged("rejected") == 1
    acts.retry(office.engine, [number], who="thử", reason="thử lại")
    assert judged("rejected") == 0
    assert len(office.notices(unit="X02", kind="rejected")) == 4


def test_who_still_owes_a_period_that_is_opened_again_is_told_anew(office: Office) -> None:
    late = DUE + timedelta(days=6)
    office.report(X01="accepted")
    assert reminded(office, on(date(2024, 12, 15))) == [("opened", "T01"), ("opened", "X02"), ("opened", "X03")]
    both = [("overdue", "T01"), ("overdue", "X02"), ("overdue", "X03")]
    assert reminded(office, on(late)) == both
    for days, (again, more) in enumerate(((7, 8), (60, 61)), 1):
        acts.close_period(office.engine, "2025-Q1", who="thử", reason="hết hạn", moment=on(late))
        assert reminded(office, on(DUE + timedelta(days=again))) == []
        moment = on(DUE + timedelta(days=again))
        acts.reopen_period(office.engine, "2025-Q1", who="thử", reason="bổ sung", moment=moment)
        assert reminded(office, moment) == both, days
        assert reminded(office, on(DUE + timedelta(days=more))) == []
    # a later day that is permitted is the only one that counts from then on
    until = DUE + timedelta(days=80)
    acts.permit_late(office.engine, "X03", "2025-Q1", until, who="thử", reason="bão")
    assert reminded(office, on(DUE + timedelta(days=62))) == []  # nor of the opening, which it was told before
    assert reminded(office, on(until - timedelta(days=5))) == [("due_soon", "X03"), ("overdue", "T01")]
    assert reminded(office, on(until - timedelta(days=4))) == []
    assert reminded(office, on(until + timedelta(days=1))) == [("overdue", "T01"), ("overdue", "X03")]
    assert reminded(office, on(until + timedelta(days=2))) == []


def test_a_period_long_past_is_left_alone_unless_it_is_named(office: Office) -> None:
    moment = on(DUE + timedelta(days=200))
    with pretending(moment):
        assert due_reminders(office.settings, office.engine, moment).is_empty()
        assert due_reminders(office.settings, office.engine, moment, "2025-Q1").height == 4
        seen = preview(office.settings, NoticeKind.DUE_SOON, "X02", "2025-Q1").to_dicts()
    assert [(row["kind"], row["recipient"]) for row in seen] == [("due_soon", "hang.x02@tinh.gov.vn")]
    assert not office.notices()


def test_what_waits_is_dropped_or_put_in_other_words_when_the_world_has_moved_on(office: Office) -> None:
    away = office.by_mail(free_port())
    with pretending(before(10)):
        remind(away.settings, before(10))
        assert deliver(away.settings).waiting == 3  # X01, X02 and the list
    away.report(X01="accepted")
    box = Letterbox()
    with pretending(before(8)), mail_server(box) as port:
        done = deliver(office.by_mail(port).settings)
    assert (done.sent, done.dropped, done.waiting) == (2, 1, 0)
    assert box.recipients == ["hang.x02@tinh.gov.vn", "vp@tinh.gov.vn"]
    assert office.told("unit", "state", kind="due_soon") == [
        ("T01", "sent"),
        ("X01", "dropped"),
        ("X02", "sent"),
        ("X03", "written"),
    ]
    bodies = {row["unit"]: row["body"] for row in office.notices(kind="due_soon")}
    assert "còn 8 ngày" in bodies["X02"]
    assert "2/3 đơn vị" in bodies["T01"]


def test_administrators_are_told_once_a_day_when_something_happened(office: Office) -> None:
    first, second = on(date(2025, 3, 1)), on(date(2025, 3, 2))
    with pretending(first):
        office.report(X01="accepted", X02="rejected")
        assert remind(office.settings, first).by_kind == {"digest": 1}
        assert remind(office.settings, first + timedelta(hours=2)).by_kind == {}
    body = office.notices(kind="digest")[0]["body"]
    for line in ("Báo cáo nhận được: 2; được nhận vào tổng hợp: 1; bị trả lại hoặc không đọc được: 1", "14/03/2025"):
        assert line in body
    with pretending(second):
        assert remind(office.settings, second).by_kind == {}, "nothing happened"
    assert office.files(office.notices(kind="digest")[0])["To"].addresses[0].display_name == "Quản trị"
