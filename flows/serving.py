"""Serving the deployments: runs on schedule, and what was missed made up for in one run of each kind."""

from __future__ import annotations

import asyncio
import signal
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psutil
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import DeploymentStatus, FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner
from prefect.states import Cancelled, Crashed, Scheduled

from domain.clock import now, today
from domain.occasion import Occasion, OccasionKind
from flows.deployments import MARK, OFFERED, deployments, mark_of
from tasks import log
from tasks.occasions import FLOW_OF, IN_TURN, due
from tasks.settings import Settings
from tasks.store import definitions

#: Seconds between two looks for what is overdue: a run that failed is tried again after that long.
_EVERY = 3600

#: A run on schedule gets this long before somebody looks whether its work is done.
_GRACE = timedelta(minutes=15)

#: Seconds between two looks at a run that is waited for.
_GLANCE = 2.0

#: Runs read at a time.
_PAGE = 200

#: Who is told of what is being made up for: the name of the deployment and how many occasions.
Told = Callable[[str, int], None]


class _Runner(Runner):
    """Prefect's own answer to SIGTERM leaves its work unfinished. This one ends as after Ctrl-C: runs under way are
    stopped, and nothing is left behind."""

    _end: Callable[[], object]

    async def until_told(self) -> None:
        """Serve until SIGTERM cancels this."""
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        self._end = lambda: None if loop.is_closed() else loop.call_soon_threadsafe(task.cancel)
        await self.start()

    def handle_sigterm(self, *_: Any, **__: Any) -> None:
        self._end()


def serve_all(settings: Settings, limit: int) -> None:
    """Serve every deployment until Ctrl-C or SIGTERM (:class:`KeyboardInterrupt`); raises what else ended it."""
    # a schedule or a run that waits goes on waiting while this process is away
    runner = _Runner(pause_on_shutdown=False, limit=limit)
    for made in deployments(definitions(settings), today(), mark_of(settings)):
        runner.add_deployment(made)
    before = signal.getsignal(signal.SIGTERM)
    # what Prefect forgets to await when its server goes away is nothing a person can act upon
    warnings.filterwarnings("ignore", r"coroutine 'Runner\.", RuntimeWarning)
    try:
        asyncio.run(runner.until_told())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGTERM, before)


def is_served_for_another(settings: Settings) -> bool:
    """Whether somebody serves the deployments of these names on the server at this moment for another warehouse. Who
    served them a minute ago is not told from who does."""
    own = mark_of(settings)
    with get_client(sync_client=True) as client:
        for item in OFFERED:
            with suppress(ObjectNotFound):
                found = client.read_deployment_by_name(f"{item.flow.name}/{item.flow.name}")
                marks = {tag for tag in found.tags if tag.startswith(MARK)}
                if marks - {own} and found.status is DeploymentStatus.READY:
                    return True
    return False


# ------------------------------------------------------------------------------------------------ what was missed


def set_aside_late() -> int:
    """Cancel the scheduled runs whose time went by while nobody served: one run makes up for all of them."""
    wanted = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=now()),
    )
    named = DeploymentFilter(name=DeploymentFilterName(any_=[item.flow.name for item in OFFERED]))
    state: State[Any] = Cancelled(
        message="Đã quá giờ khi không có ai phục vụ; làm bù trong một lượt / made up for in one run"
    )
    count = 0
    with get_client(sync_client=True) as client:
        while late := _scheduled(client.read_flow_runs(flow_run_filter=wanted, deployment_filter=named, limit=_PAGE)):
            for run in late:
                client.set_flow_run_state(run.id, state, force=True)
            count += len(late)
    return count


def bury_dead() -> int:
    """Runs of the deployments that say they are running, and whose process is not on this machine: crashed.

    Until then each holds the place of the next of its kind. For a server of this machine alone; how many there were.
    """
    wanted = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING]))
    )
    named = DeploymentFilter(name=DeploymentFilterName(any_=[item.flow.name for item in OFFERED]))
    state: State[Any] = Crashed(message="Tiến trình không còn / its process is gone")
    alive = _runs_of_processes()
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=wanted, deployment_filter=named, limit=_PAGE)
        dead = [run.id for run in found if str(run.id) not in alive]
        for number in dead:
            client.set_flow_run_state(number, state, force=True)
    return len(dead)


def _runs_of_processes() -> set[str]:
    """The numbers of the runs that processes of this machine carry out."""
    found = set()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            found.add(process.environ().get("PREFECT__FLOW_RUN_ID", ""))
    return found


def _scheduled(runs: list[FlowRun]) -> list[FlowRun]:
    """Those the scheduler made; what a person asked for is done, however late."""
    return [run for run in runs if run.auto_scheduled]


class Overdue:
    """Looks after what is overdue, in a run of each kind of work, one after the other.

    ``told`` hears what is made up for, ``failed`` why it could not be.
    """

    def __init__(self, settings: Settings, told: Told, failed: Callable[[Exception], None]) -> None:
        self._settings = settings
        self._told = told
        self._failed = failed
        self._tried: dict[OccasionKind, _Tried] = {}

    def keep_up(self, stop: threading.Event) -> None:
        """At once and then every hour, until ``stop``."""
        grace = timedelta()
        while not stop.is_set():
            try:
                self.make_up(stop, grace)
                grace = _GRACE
            except Exception as error:  # the server or the warehouse is away: the next look is soon enough
                self._failed(error)
            stop.wait(_EVERY)

    def make_up(self, stop: threading.Event, grace: timedelta) -> None:
        """One run for each kind of work that has been due for longer than ``grace``; waits for each to end.

        What a run left as it was, and had no fault (a closing that waits for units permitted to be late), is tried
        again after a day.
        """
        offered = {item.kind for item in OFFERED}
        for kind in (kind for kind in IN_TURN if kind in offered):
            missed = frozenset(due(self._settings, kind, now() - grace))
            last = self._tried.get(kind)
            if not missed or stop.is_set() or (last is not None and last.is_enough(missed)):
                continue
            if last is None or last.missed != missed:
                self._told(FLOW_OF[kind], len(missed))
                oldest = min(item.at for item in missed)
                log.tell("occasion.missed", self._settings, kind=kind, count=len(missed), due_at=oldest)
            completed = _run_through(kind, stop)
            self._tried[kind] = _Tried(missed, completed, now())


@dataclass(frozen=True, slots=True)
class _Tried:
    missed: frozenset[Occasion]
    completed: bool
    at: datetime

    def is_enough(self, missed: frozenset[Occasion]) -> bool:
        return self.completed and missed == self.missed and now() - self.at < timedelta(days=1)


def _run_through(kind: OccasionKind, stop: threading.Event) -> bool:
    """Start a run and wait for its end; whether it completed."""
    with get_client(sync_client=True) as client:
        number = _deployment(client, FLOW_OF[kind], stop)
        if number is None:
            return False
        run: Any = client.create_flow_run_from_deployment(number, state=Scheduled(), tags=["catch-up"])
        while not stop.wait(_GLANCE):
            state = client.read_flow_run(run.id).state
            if state is not None and state.is_final():
                return state.is_completed()
    return False


def _deployment(client: SyncPrefectClient, name: str, stop: threading.Event) -> UUID | None:
    """The number of the deployment, once it is there; ``None`` when told to stop before."""
    while not stop.is_set():
        try:
            return client.read_deployment_by_name(f"{name}/{name}").id
        except ObjectNotFound:
            stop.wait(_GLANCE)
    return None
