"""The mail server: what waits is handed over one by one over one connection, and what became of each is written down.

A notice is claimed, in a transaction that is committed, before a byte of it goes out. When the connection breaks after
the text began to go out, nobody knows whether it arrived: it stays ``sending`` until a person decides. A mail that is
lost can be sent again; one that a whole province got twice cannot be taken back.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.clock import now
from domain.notice import NoticeState, is_address
from tasks import log
from tasks.notice_files import AttachmentGoneError, Row, message
from tasks.settings import Settings
from warehouse.engine import Engine
from warehouse.notices import Ended, claim, end, postpone, texts_of
from warehouse.signing import one_line

#: Seconds to wait for each answer of the server; for a text to go out, and for the server to say that it has it. Many
#: look into a mail before they take it, which may last minutes (RFC 5321, 4.5.3.2): who hangs up earlier never knows.
TIMEOUT, TEXT_TIMEOUT = 20.0, 300.0

#: Connections that may break one after the other without a mail having gone out in between.
_PATIENCE = 2

#: So many tries in a row without waiting, then longer and longer between them, up to half a day.
_AT_ONCE, _FIRST_WAIT, _LONGEST_WAIT = 4, timedelta(minutes=10), timedelta(hours=12)

_LONGEST_FAULT = 300

#: Notices in full in memory at a time.
_PAGE = 500

_CLOSING = 421


class NoLineError(Exception):
    """The mail server cannot be reached, or will not talk to us; the sentence says why, without secrets."""


@dataclass(slots=True)
class Tally:
    """What became of the notices: counts by state, and why some wait on (the first fault)."""

    sent: int = 0
    refused: int = 0
    waiting: int = 0
    unknown: int = 0
    fault: str = ""

    def count(self, state: NoticeState, fault: str) -> None:
        name = {NoticeState.SENT: "sent", NoticeState.REFUSED: "refused", NoticeState.SENDING: "unknown"}
        attribute = name.get(state, "waiting")
        setattr(self, attribute, getattr(self, attribute) + 1)
        self.fault = self.fault or fault


def is_due(row: Row, moment: datetime) -> bool:
    """Whether a notice that could not be sent may be tried again by itself."""
    if row["tries"] < _AT_ONCE or row["tried_at"] is None:
        return True
    wait = min(_FIRST_WAIT * 2 ** min(row["tries"] - _AT_ONCE, 10), _LONGEST_WAIT)
    return bool(moment >= row["tried_at"] + wait)


def send_all(settings: Settings, engine: Engine, ids: Sequence[int]) -> Tally:
    """Hand these notices to the mail server; none that another process claimed."""
    delivery = _Delivery(settings, engine)
    tried = 0
    try:
        for start in range(0, len(ids), _PAGE):
            for row in texts_of(engine, ids[start : start + _PAGE]).iter_rows(named=True):
                delivery.send(row)
                tried += 1
    except NoLineError as error:
        rest = list(ids[tried:])
        log.tell("notice.failed", settings, count=len(rest), error=error)
        delivery.settle()
        postpone(engine, rest, str(error), now())
        delivery.tally.waiting += len(rest)
        delivery.tally.fault = delivery.tally.fault or str(error)
    finally:
        delivery.close()
    return delivery.tally


#: How the log calls what became of a notice.
_TOLD = {
    NoticeState.SENT: "notice.sent",
    NoticeState.REFUSED: "notice.refused",
    NoticeState.WAITING: "notice.failed",
    NoticeState.SENDING: "notice.unknown",
}


@dataclass(slots=True)
class _Answer:
    """What a notice has become; ``is_lost``: the connection is of no more use."""

    state: NoticeState
    fault: str = ""
    is_lost: bool = False


@dataclass
class _Delivery:
    settings: Settings
    engine: Engine
    tally: Tally = field(default_factory=Tally)
    server: smtplib.SMTP | None = None
    ended: Ended | None = None
    broken: int = 0
    why: str = ""

    def send(self, row: Row) -> None:
        """Claim it and hand it over; raises :class:`NoLineError` before it is claimed."""
        server = self._line()
        try:
            data = message({**row, "state": NoticeState.SENDING.value}, self.settings)
        except AttachmentGoneError:
            fault = f"không còn tệp gửi kèm {row['attachment']} · the attachment is gone: tongket return"
            postpone(self.engine, [row["id"]], fault, now())
            self.tally.count(NoticeState.WAITING, fault)
            return
        is_ours = claim(self.engine, row["id"], now(), self.ended)
        self.ended = None  # not before that is committed: what the server took would be unknown for ever
        if not is_ours:
            return
        answer = _hand_over(server, str(self.settings.smtp_sender), row["recipient"], data)
        fault = _without_secrets(answer.fault, self.settings)
        self.ended = (row["id"], answer.state, fault, now())
        self.tally.count(answer.state, fault)
        log.tell(_TOLD[answer.state], self.settings, notice=row["id"], kind=row["kind"], error=fault or None)
        if answer.state is NoticeState.SENT:
            self.broken = 0
        if answer.is_lost:
            self.broken += 1
            # of another mail nobody knows whether it arrived; those that wait were not handed over at all
            self.why = "" if answer.state is NoticeState.SENDING else fault
            self.settle()
            self._hang_up()

    def settle(self) -> None:
        """Write down what became of the last one."""
        ended, self.ended = self.ended, None
        if ended is not None:
            end(self.engine, ended)

    def close(self) -> None:
        try:
            self.settle()
        finally:
            self._hang_up()

    def _line(self) -> smtplib.SMTP:
        if self.server is None:
            if self.broken >= _PATIENCE:
                raise NoLineError(self.why or "máy chủ thư liên tiếp ngắt kết nối · the mail server keeps hanging up")
            self.server = connect(self.settings)
        return self.server

    def _hang_up(self) -> None:
        server, self.server = self.server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()


def connect(settings: Settings) -> smtplib.SMTP:
    """A connection to the mail server, encrypted and signed in as the settings say; raises :class:`NoLineError`."""
    if not is_address(settings.smtp_sender or ""):
        raise NoLineError(
            "TONGKET_SMTP_SENDER chưa đặt, hoặc không phải địa chỉ thư · is not set, or is no e-mail address"
        )
    host, port = str(settings.smtp_host), settings.smtp_port
    context = ssl.create_default_context()
    server: smtplib.SMTP | None = None
    try:
        if settings.smtp_security == "tls":
            server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT)
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            secret = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
            server.login(settings.smtp_user, secret)
        server.ehlo_or_helo_if_needed()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        if server is not None:
            server.close()
        # without the error itself behind it: a traceback would show what was said to the server
        raise NoLineError(_why(error, host, port, settings)) from None
    return server


def _why(error: Exception, host: str, port: int, settings: Settings) -> str:
    where = f"{host}:{port}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        said = f"máy chủ thư {where} không nhận tài khoản · refused the login ({error.smtp_code})"
    elif isinstance(error, UnicodeEncodeError) and error.encoding == "ascii":  # its words would show a letter of it
        said = "TONGKET_SMTP_USER, TONGKET_SMTP_PASSWORD: chỉ chữ không dấu · may have ASCII letters only"
    elif isinstance(error, ssl.SSLError | smtplib.SMTPNotSupportedError):
        said = f"máy chủ thư {where}, bảo mật {settings.smtp_security}: {error}"
    elif isinstance(error, TimeoutError):
        said = f"máy chủ thư {where} không trả lời · does not answer"
    else:
        said = f"không kết nối được máy chủ thư {where} · no connection: {error}"
    return _without_secrets(said, settings)


def _without_secrets(text: str, settings: Settings) -> str:
    """One line of what went wrong; a server may repeat what it was told."""
    line = one_line(text)
    secret = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
    if secret:
        line = line.replace(secret, "***")
    return line[:_LONGEST_FAULT]


def _hand_over(server: smtplib.SMTP, sender: str, recipient: str, data: bytes) -> _Answer:
    """Sender and recipient first: what goes wrong there leaves a mail that certainly did not go out."""
    try:
        code, said = server.mail(sender, ())
        if code == 250:
            code, said = server.rcpt(recipient, ())
            if code in (250, 251):
                return _hand_over_text(server, data)
            return _rejected(server, code, said)
        server.rset()
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        fault = f"máy chủ thư ngắt giữa chừng, chưa gửi · broke off before the text: {type(error).__name__}: {error}"
        return _Answer(NoticeState.WAITING, fault, is_lost=True)
    # who sends is the same for all: not this recipient is refused, but our settings are wrong
    return _Answer(NoticeState.WAITING, f"{sender}: {_told(code, said)}", is_lost=True)


def _hand_over_text(server: smtplib.SMTP, data: bytes) -> _Answer:
    try:
        _wait_up_to(server, TEXT_TIMEOUT)
        code, said = server.data(data)
        _wait_up_to(server, TIMEOUT)
    except smtplib.SMTPDataError as error:  # refused before a line of it went out
        return _rejected(server, error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        fault = (
            f"đứt kết nối khi đang gửi, không rõ đã đến chưa · cut off while sending: {type(error).__name__}: {error}"
        )
        return _Answer(NoticeState.SENDING, fault, is_lost=True)
    return _Answer(NoticeState.SENT) if code == 250 else _rejected(server, code, said)


def _wait_up_to(server: smtplib.SMTP, seconds: float) -> None:
    if server.sock is not None:
        server.sock.settimeout(seconds)


def _rejected(server: smtplib.SMTP, code: int, said: Any) -> _Answer:
    """Refused for good (5xx), or for the time being."""
    fault = _told(code, said)
    if code == _CLOSING:
        return _Answer(NoticeState.WAITING, fault, is_lost=True)
    try:
        server.rset()
    except (OSError, smtplib.SMTPException):
        return _Answer(NoticeState.REFUSED if code >= 500 else NoticeState.WAITING, fault, is_lost=True)
    return _Answer(NoticeState.REFUSED if code >= 500 else NoticeState.WAITING, fault)


def _told(code: int, said: Any) -> str:
    return f"{code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
