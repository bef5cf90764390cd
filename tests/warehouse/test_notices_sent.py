"""The mail server takes, refuses, is away or dies in the middle: no mail goes out twice, none is lost in silence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from telling import Letterbox, Office, free_port, mail_server, parsed, words_of

from domain.act import ActRefusedError
from domain.clock import now, pretending
from tasks import mailing
from tasks.notices import Delivered, deliver, give_up, notices_after_run, resend
from warehouse.notices import claim, waiting

HANG, X01, FOCAL = "hang.x02@tinh.gov.vn", "ubnd.x01@tinh.gov.vn", "vp@tinh.gov.vn"


@pytest.fixture
def office(url: str, tmp_path: Path) -> Office:
    """Three mails wait: of X01, of X02 with its workbook, and the list of their focal point."""
    made = Office.at(url, tmp_path / "home").with_people().by_mail(1)
    run = made.report(X01="accepted", X02="rejected")
    made.annotated("X02")
    notices_after_run(made.settings, run)
    assert len(waiting(made.engine)) == 3
    return made


def sent_by(office: Office, box: Letterbox, **more: Any) -> Delivered:
    with mail_server(box) as port:
        return deliver(office.by_mail(port, **more).settings)


def states(office: Office) -> dict[str, str]:
    return {row["recipient"]: row["state"] for row in office.notices()}


def test_each_is_sent_once_as_its_file_says(office: Office) -> None:
    box = Letterbox()
    assert sent_by(office, box) == Delivered(sent=3)
    assert sent_by(office, box) == Delivered()
    assert box.recipients == sorted([HANG, X01, FOCAL])
    mail = parsed(dict(box.taken)[HANG])
    file = office.files(office.notices(unit="X02")[0])
    assert mail["Subject"] == file["Subject"]
    assert words_of(mail) == words_of(file)
    assert [part.get_content() for part in mail.iter_attachments()] == [office.annotated("X02")]
    assert mail["Message-ID"] == file["Message-ID"]


def test_a_server_that_is_not_there_is_tried_again_less_and_less_often(office: Office) -> None:
    gone = office.by_mail(free_port()).settings
    for _ in range(4):
        done = deliver(gone)
        assert (done.sent, done.waiting) == (0, 3)
        assert "127.0.0.1" in done.fault
    assert {(row["tries"], row["state"]) for row in office.notices()} == {(4, "waiting")}
    box = Letterbox()
    assert sent_by(office, box).sent == 0, "not due yet"
    with pretending(now() + timedelta(minutes=11)):
        assert sent_by(office, box).sent == 3
    assert office.notices()[0]["fault"] is None


def test_one_refused_for_good_and_one_for_now_do_not_keep_the_others(office: Office) -> None:
    done = sent_by(office, Letterbox(refuses=frozenset([HANG]), delays=frozenset([X01])))
    assert (done.sent, done.refused, done.waiting) == (1, 1, 1)
    assert states(office) == {HANG: "refused", X01: "waiting", FOCAL: "sent"}
    faults = {row["recipient"]: row["fault"] for row in office.notices()}
    assert "550" in faults[HANG]
    assert "451" in faults[X01]
    box = Letterbox()
    sent_by(office, box)
    assert box.recipients == [X01]


def test_a_line_cut_while_the_text_goes_out_leaves_it_to_a_person(office: Office) -> None:
    box = Letterbox(dies_at=2)
    done = sent_by(office, box)
    assert (done.sent, done.unknown, done.waiting) == (2, 1, 0), "the third goes over a line of its own"
    left = office.notices(state="sending")
    assert [row["recipient"] for row in left] == [box.taken[1][0]]
    assert "không rõ đã đến chưa" in left[0]["fault"]
    assert mailing.TEXT_TIMEOUT >= 6 * mailing.TIMEOUT, "a server that looks a mail through is waited for"
    again = Letterbox()
    sent_by(office, again)
    assert not again.taken, "never by itself"
    assert resend(office.settings, left[0]["id"], who="thử", reason="gọi điện: chưa nhận được") == "sending"
    sent_by(office, again)
    assert again.recipients == [left[0]["recipient"]]


def test_who_was_not_reached_is_not_said_to_have_been_sent_to(office: Office) -> None:
    box = Letterbox()
    box.before = lambda: setattr(box, "dies_at", len(box.taken) + 1)  # every line is cut
    done = sent_by(office, box)
    assert (done.sent, done.unknown, done.waiting) == (0, 2, 1)
    (left,) = office.notices(state="waiting")
    assert "không rõ" not in left["fault"]
    assert "liên tiếp ngắt kết nối" in left["fault"]


def test_a_process_killed_while_sending_leaves_it_to_a_person(office: Office) -> None:
    number = waiting(office.engine)["id"][0]
    moment = datetime(2025, 3, 20, tzinfo=UTC)
    with pretending(moment):
        assert claim(office.engine, number, moment)
        assert not claim(office.engine, number, moment), "somebody has it"
        with pytest.raises(ActRefusedError, match="may be on its way"):
            resend(office.settings, number, who="thử", reason="vội")
    box = Letterbox()
    with pretending(moment + timedelta(minutes=16)):
        assert sent_by(office, box).sent == 2
        resend(office.settings, number, who="thử", reason="tiến trình bị ngắt")
        assert sent_by(office, box).sent == 1
    assert box.recipients == sorted([HANG, X01, FOCAL])


def test_two_that_deliver_at_once_send_each_mail_once(office: Office) -> None:
    both, box = threading.Barrier(2), Letterbox(slow=0.05)
    totals: list[Delivered] = []

    with mail_server(box) as port:
        settings = office.by_mail(port).settings

        def run() -> None:
            both.wait()
            totals.append(deliver(settings))

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert box.recipients == sorted([HANG, X01, FOCAL])
    assert sum(item.sent for item in totals) == 3
    assert set(states(office).values()) == {"sent"}


@pytest.mark.parametrize("wrong", ["login", "letters", "sender", "encryption"])
def test_settings_that_are_wrong_leave_everything_waiting_and_no_secret_behind(office: Office, wrong: str) -> None:
    secret = "mật-khẩu-rất-bí-mật".encode().hex()
    more: dict[str, Any] = {
        "login": {"smtp_user": "bc", "smtp_password": _secret(secret)},
        "letters": {"smtp_user": "bc", "smtp_password": _secret("mật-khẩu")},
        "sender": {"smtp_sender": "bc@tinh.gov.vn\r\nBcc: x@y.vn"},
        "encryption": {"smtp_security": "starttls"},
    }[wrong]

    def refuse(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=False, handled=False, message=f"535 5.7.8 {data.password.decode()} is wrong")

    box = Letterbox()
    options = {"authenticator": refuse, "auth_require_tls": False} if wrong in ("login", "letters") else {}
    with mail_server(box, **options) as port:
        done = deliver(office.by_mail(port, **more).settings)
    assert (done.sent, done.waiting) == (0, 3)
    assert done.fault
    assert not box.taken
    kept = repr([done, *office.notices()])
    assert secret not in kept
    assert ("ASCII" in done.fault) == (wrong == "letters")


def _secret(text: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(text)


def test_nothing_goes_out_without_what_belongs_to_it(office: Office) -> None:
    for place in office.settings.workspace.returned.rglob("*.xlsx"):
        place.unlink()
    box = Letterbox()
    done = sent_by(office, box)
    assert HANG not in box.recipients
    assert (done.sent, done.waiting) == (2, 1)
    assert "tệp gửi kèm" in done.fault


def test_what_was_written_for_nobody_goes_to_whom_the_unit_has_by_now(office: Office) -> None:
    notices_after_run(office.settings, office.report(X03="rejected"))
    number = office.notices(unit="X03")[0]["id"]
    with pytest.raises(ActRefusedError, match="nobody"):
        resend(office.settings, number, who="thử", reason="x")
    office.with_people("unit;role;name;email\nX03;unit;Xã Ba;x03@tinh.gov.vn\n")
    resend(office.settings, number, who="thử", reason="nay đã có người nhận")
    assert ("x03@tinh.gov.vn", "waiting") in office.told("recipient", "state", unit="X03")


# ------------------------------------------------------------------------------------------------ who is told by now


CORRECTED = "unit;role;name;email\nX02;unit;Nguyễn Thị Hằng;hang@xahai.gov.vn\n"


def test_what_waits_goes_to_whoever_is_told_by_now(office: Office) -> None:
    deliver(office.by_mail(free_port()).settings)
    office.with_people(CORRECTED + "X01;bỏ;;\nT01;đầu mối;Văn phòng;vp2@tinh.gov.vn\n")
    box = Letterbox()
    assert sent_by(office, box) == Delivered(sent=2)
    assert box.recipients == ["hang@xahai.gov.vn", "vp2@tinh.gov.vn"]
    assert office.told("recipient", "state", unit="X01") == [("", "written"), (X01, "dropped")]
    assert states(office)[HANG] == "dropped"


def test_one_that_was_refused_goes_to_the_corrected_address(office: Office) -> None:
    assert sent_by(office, Letterbox(refuses=frozenset([HANG, X01]))).refused == 2
    office.with_people(CORRECTED)
    numbers = {row["recipient"]: row["id"] for row in office.notices()}
    resend(office.settings, numbers[HANG], who="thử", reason="đã sửa địa chỉ")
    box = Letterbox()
    assert sent_by(office, box).sent == 1
    assert box.recipients == ["hang@xahai.gov.vn"]
    # nobody has to see to one that was told in another way
    assert give_up(office.settings, numbers[X01], who="thử", reason="đã báo qua điện thoại") == "refused"
    with pytest.raises(ActRefusedError, match="waits for nothing"):
        give_up(office.settings, numbers[X01], who="thử", reason="lần nữa")
    assert states(office) == {HANG: "dropped", X01: "dropped", FOCAL: "sent", "hang@xahai.gov.vn": "sent"}


# ------------------------------------------------------------------------------------------------ cut short


def test_what_was_taken_stays_known_when_the_next_one_cannot_be_claimed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = count(1)

    def away(*given: Any) -> bool:
        if next(asked) == 2:
            raise OSError("the warehouse is away")
        return claim(*given)

    monkeypatch.setattr(mailing, "claim", away)
    with pytest.raises(OSError, match="is away"):
        sent_by(office, Letterbox())
    assert sorted(states(office).values()) == ["sent", "waiting", "waiting"]


@pytest.mark.thorough("postgres")
def test_a_server_that_looks_long_into_a_mail_is_waited_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "TIMEOUT", 1.0)
    assert sent_by(office, Letterbox(slow=1.2)) == Delivered(sent=3)


#: Without the definitions, which take their time to load.
SENDS = """\
from tasks.mailing import send_all
from tasks.settings import Settings
from warehouse.engine import make_engine
from warehouse.notices import waiting
engine = make_engine(Settings().url)
send_all(Settings(), engine, waiting(engine)["id"].to_list())
"""


@pytest.mark.thorough("postgres")
def test_a_process_that_is_really_killed_while_it_sends(office: Office) -> None:
    """Of three mails the second was taken by the server when SIGKILL came: it is not sent again, the third is."""
    child: list[subprocess.Popen[bytes]] = []
    box = Letterbox()

    def kill_at_the_second() -> None:
        if len(box.taken) == 1:
            child[0].kill()

    box.before = kill_at_the_second
    with mail_server(box) as port:
        chosen = office.by_mail(port).settings
        told = {name: getattr(chosen, name) for name in ("home", "smtp_host", "smtp_port", "smtp_sender")}
        told |= {"smtp_security": "none", "warehouse_url": chosen.url}
        environment = {**os.environ, **{f"TONGKET_{name.upper()}": str(value) for name, value in told.items()}}
        child.append(subprocess.Popen([sys.executable, "-c", SENDS], env=environment, cwd=Path(__file__).parents[2]))
        assert child[0].wait(60) == -signal.SIGKILL
    assert sorted(states(office).values()) == ["sending", "sent", "waiting"]
    with pytest.raises(ActRefusedError, match="may be on its way"):
        give_up(office.settings, office.notices(state="sending")[0]["id"], who="thử", reason="vội")
    assert sent_by(office, box).sent == 1
    assert box.recipients == sorted([HANG, X01, FOCAL])
