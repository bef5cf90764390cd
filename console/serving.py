"""``serve``: the flows on schedule and in Prefect's interface, for as long as it is left running."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.common import open_warehouse, shown_moment
from console.monitoring import monitored
from console.output import refuse
from console.words import say

if TYPE_CHECKING:
    from flows.server import OwnServer
    from tasks.settings import Settings

#: Where the server of this machine listens unless PREFECT_API_URL names another.
PORT = 4200

#: Runs at a time: more would only share the same two cores and the same database.
RUNS_AT_A_TIME = 2

#: Seconds between two sentences about a server that does not answer, and between two questions to it; questions
#: without an answer after which it is away.
_SAID_EVERY, _ASKED_EVERY, _AWAY_AFTER = 300, 5, 2

#: Seconds after which a Prefect server knows that nobody takes up runs any more, and a little.
_GONE_AFTER = 90

#: Whoever fails so often sooner than this after its start, with a server that answers, fails by itself.
_STEADY, _ENOUGH = 120, 3

_WORKS = {
    "open-period": say("mở kỳ", "opening periods"),
    "collect-period": say("thu báo cáo", "collecting"),
    "remind": say("nhắc", "reminding"),
    "close-period": say("đóng kỳ", "closing periods"),
    "year-end-review": say("tổng kết năm", "year-end review"),
}


def register(app: typer.Typer) -> None:
    app.command(
        help=say(
            "chạy theo lịch báo cáo, và mở giao diện Prefect để chạy và chạy lại",
            "run on the reporting schedule, and serve the flows in Prefect's interface",
        )
    )(serve)


def serve(
    port: Annotated[int, typer.Option(help=say("cổng của máy chủ", "port of the server"), min=1, max=65535)] = PORT,
    limit: Annotated[
        int, typer.Option(help=say("số lượt chạy cùng lúc", "runs at a time"), min=1, max=64)
    ] = RUNS_AT_A_TIME,
) -> None:
    """Keep the schedule and offer the flows with their forms until stopped with Ctrl-C.

    Uses the server PREFECT_API_URL names, and waits for it when it is away; without one a server of its own is started
    on this machine, and started again when it dies.
    """
    from domain.clock import now
    from flows.runtime import given_server, prepare
    from tasks.occasions import begin

    chosen, _ = open_warehouse()
    # what is served runs in processes of their own
    os.environ["TONGKET_HOME"] = str(chosen.workspace.home)
    given = given_server()
    address = given or f"http://127.0.0.1:{port}/api"
    os.environ["PREFECT_API_URL"] = address
    prepare(chosen.workspace.prefect)
    screen = _Screen()
    server = _given_server(address, screen) if given else _own_server(address, port, chosen, screen)
    with _stopped_by_signals(screen), monitored(chosen) as watched, server:
        _refuse_another(chosen, address)
        since = begin(chosen, now())
        screen.say(say("✓ Giao diện Prefect: ", "✓ Prefect's interface: ") + address.removesuffix("/api"))
        screen.say(say("✓ Lịch được giữ từ ", "✓ The schedule is kept since ") + shown_moment(since))
        _print_schedules(chosen, screen)
        if watched:
            screen.say(say("✓ Theo dõi: ", "✓ Monitoring: ") + f"{watched}/health · {watched}/metrics")
        screen.say(say("  Dừng bằng Ctrl-C.", "  Stop with Ctrl-C."))
        _serve_for_good(chosen, address, limit, screen)


def _refuse_another(chosen: Settings, address: str) -> None:
    """Two warehouses on one server would get each other's runs; whoever stopped a moment ago still seems to serve."""
    from flows.serving import is_served_for_another

    end = time.monotonic() + _GONE_AFTER
    while is_served_for_another(chosen):
        if time.monotonic() > end:
            refuse(
                say(
                    f"Máy chủ Prefect {address} đang phục vụ một kho số liệu khác: chọn --port khác, hoặc đặt"
                    " PREFECT_API_URL là máy chủ khác",
                    f"Another warehouse is served on the Prefect server {address}: choose another --port, or name"
                    " another server in PREFECT_API_URL",
                )
            )
        time.sleep(_ASKED_EVERY)


class _Screen:
    """Sentences as they come, also into a pipe or a log, whatever is done with the standard output meanwhile."""

    def __init__(self) -> None:
        self._stream = sys.stdout
        self._lock = threading.Lock()

    def say(self, sentence: str) -> None:
        with self._lock:
            self._stream.write(sentence + "\n")
            self._stream.flush()


class _Stop(BaseException):
    """SIGTERM, wherever the program is; the runner has a handler of its own while it runs."""


@contextmanager
def _stopped_by_signals(screen: _Screen) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _Stop

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except (KeyboardInterrupt, _Stop):
        pass  # asked for, and all that was started has been ended on the way here
    finally:
        signal.signal(signal.SIGTERM, before)
    screen.say(say("✓ Đã dừng.", "✓ Stopped."))


def _hear_no_more() -> None:
    """Whoever asks twice to stop must not keep this from ending what it started."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


# ------------------------------------------------------------------------------------------------ the schedule


def _print_schedules(chosen: Settings, screen: _Screen) -> None:
    from console.scheduling import next_sentence
    from flows.deployments import deployments
    from tasks.store import definitions

    served = [(item.name, len(item.schedules or [])) for item in deployments(definitions(chosen))]
    listed = ", ".join(f"{name} ({count})" for name, count in served if count)
    screen.say(say(f"✓ Phục vụ theo lịch (số lịch): {listed}", f"✓ On schedule (number of schedules): {listed}"))
    by_hand = ", ".join(name for name, count in served if not count)
    if by_hand:
        screen.say(say(f"  Chỉ chạy khi có người yêu cầu: {by_hand}", f"  Only when asked for: {by_hand}"))
    screen.say("  " + next_sentence(chosen))


# ------------------------------------------------------------------------------------------------ serving


def _serve_for_good(chosen: Settings, address: str, limit: int, screen: _Screen) -> None:
    """Serve until stopped; when the server goes away meanwhile, wait for it and go on."""
    from flows.server import answers
    from flows.serving import serve_all, set_aside_late

    failures = 0
    while True:
        began = time.monotonic()
        try:
            set_aside_late()
            with _keeping_up(chosen, screen), _quiet():
                serve_all(chosen, limit)
            return
        except Exception as error:
            failures = failures + 1 if answers(address) and time.monotonic() - began < _STEADY else 0
            if failures == _ENOUGH:
                raise  # not the server's fault, and the next try would end the same way
            screen.say(
                say(
                    f"! Việc phục vụ bị ngắt ({_reason(error)}); bắt đầu lại khi máy chủ Prefect trả lời.",
                    f"! Serving was cut short ({_reason(error)}); it begins anew when the Prefect server answers.",
                )
            )
        while not answers(address):
            time.sleep(_ASKED_EVERY)
        screen.say(say("✓ Tiếp tục phục vụ.", "✓ Serving again."))


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return (str(error).splitlines() or [""])[0] or type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """Prefect prints tracebacks when a server goes away; what happened is said in a sentence."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        yield


@contextmanager
def _keeping_up(chosen: Settings, screen: _Screen) -> Iterator[None]:
    from flows.serving import Overdue

    def told(name: str, count: int) -> None:
        work = _WORKS[name]
        screen.say(
            say(
                f"→ Làm bù trong một lượt: {work} ({name}), {count} việc đã đến hạn",
                f"→ Making up in one run: {work} ({name}), {count} overdue",
            )
        )

    def failed(error: Exception) -> None:
        screen.say(
            say(
                f"! Chưa làm bù được: {_reason(error)}. Sẽ thử lại.",
                f"! Could not catch up: {_reason(error)}. It will be tried again.",
            )
        )

    stop = threading.Event()
    overdue = Overdue(chosen, told, failed)
    thread = threading.Thread(target=overdue.keep_up, args=(stop,), name="keep-up", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(5)


# ------------------------------------------------------------------------------------------------ the server


@contextmanager
def _given_server(address: str, screen: _Screen) -> Iterator[None]:
    """Waits until the server answers, however long that takes; afterwards says when it goes away and comes back."""
    from flows.server import answers

    said = -float("inf")
    while not answers(address):
        if time.monotonic() - said >= _SAID_EVERY:
            said = time.monotonic()
            screen.say(_away(address))
        time.sleep(_ASKED_EVERY)
    stop = threading.Event()
    watch = threading.Thread(target=_watch, args=(address, screen, stop), name="server", daemon=True)
    watch.start()
    try:
        yield
    finally:
        stop.set()


def _watch(address: str, screen: _Screen, stop: threading.Event) -> None:
    from flows.server import answers

    missed, said = 0, -float("inf")
    while not stop.wait(_ASKED_EVERY):
        if answers(address):
            if missed >= _AWAY_AFTER:
                screen.say(say("✓ Máy chủ Prefect đã trả lời trở lại.", "✓ The Prefect server answers again."))
            missed, said = 0, -float("inf")
            continue
        missed += 1
        if missed >= _AWAY_AFTER and time.monotonic() - said >= _SAID_EVERY:
            said = time.monotonic()
            screen.say(_away(address))


def _away(address: str) -> str:
    return say(
        f"! Máy chủ Prefect {address} chưa trả lời; đang chờ. Kiểm tra máy chủ hoặc PREFECT_API_URL.",
        f"! The Prefect server {address} does not answer; waiting. Check it, or PREFECT_API_URL.",
    )


@contextmanager
def _own_server(address: str, port: int, chosen: Settings, screen: _Screen) -> Iterator[None]:
    """A Prefect server for as long as this process serves, of this workspace alone.

    Whoever serves from the server of another workspace takes its runs from it, and loses its own to it: the deployments
    of both bear the same names.
    """
    from flows.server import OwnServer, ServerNotStartedError, answers, end_left_behind, served_by

    home = chosen.workspace.prefect
    home.mkdir(parents=True, exist_ok=True)
    if end_left_behind(home):
        screen.say(
            say("  Đã dừng máy chủ do lần phục vụ trước để lại.", "  Ended the server a killed one left behind.")
        )
    if (number := served_by(home)) is not None:
        refuse(
            say(
                f"{chosen.workspace.home} đang được phục vụ (tiến trình {number}). Dừng tiến trình ấy trước.",
                f"{chosen.workspace.home} is being served already (process {number}). Stop that process first.",
            )
        )
    if answers(address):
        refuse(
            say(
                f"Cổng {port} đang có máy chủ Prefect khác. Chọn --port khác; nếu dùng chung: "
                f"PREFECT_API_URL={address}",
                f"Another Prefect server is on port {port}. Choose another --port; to share it: "
                f"PREFECT_API_URL={address}",
            )
        )
    server: OwnServer = OwnServer(home, port, lambda what: screen.say(_OF_THE_SERVER[what]))
    try:
        try:
            server.start()
        except ServerNotStartedError as error:
            refuse(
                say(
                    f"Máy chủ Prefect không khởi động được; cổng {port} có thể đang bận. Thử --port khác ({error.log})",
                    f"The Prefect server did not start; port {port} may be taken. Try another --port. ({error.log})",
                )
            )
        _bury_dead(screen)
        yield
    finally:
        _hear_no_more()
        server.stop()


def _bury_dead(screen: _Screen) -> None:
    from flows.serving import bury_dead

    if count := bury_dead():
        screen.say(
            say(
                f"  Đã ghi nhận {count} lượt bị ngắt từ lần phục vụ trước.",
                f"  Noted that {count} runs were cut short when serving ended.",
            )
        )


_OF_THE_SERVER = {
    "died": say("! Máy chủ Prefect đã dừng; đang khởi động lại.", "! The Prefect server died; starting it again."),
    "back": say("✓ Máy chủ Prefect đã chạy lại.", "✓ The Prefect server is running again."),
}
