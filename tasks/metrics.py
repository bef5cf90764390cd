"""What runs, what came and what is missing, as metrics for Prometheus.

The truth is the warehouse: everything is counted there when it is asked for, so that a restart loses nothing. Counting
the reports of a country takes seconds; it is done again only when something changed, at most once a minute, and beside
the scrape: whoever asks gets the last counts at once, with the moment they are of. Only periods under way or closed
lately are told of, at most eight, so that the number of series stays small. Help texts are English · Vietnamese.
"""

from __future__ import annotations

import platform
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product
from typing import Any

import polars as pl
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from domain import clock
from domain.life import Life
from tasks import keeping, log
from tasks.health_warehouse import next_cutoff, overdue
from tasks.runs import KINDS
from tasks.settings import Settings
from tasks.store import definitions, engine_for
from warehouse import leases, migrate, operations, schedule
from warehouse.engine import Engine, missing_file, unreachable

#: Seconds for which an answer is given again, and for which counts of reports stand before they may be made anew.
CACHE_SECONDS, COUNTS_SECONDS = 5.0, 60.0

#: Seconds a scrape waits for counts that are being made: those of a province are there by then.
A_MOMENT = 0.5

#: How a run can have ended; one that runs may yet become any of them, so it is no part of a counter.
_ENDS, _RUNNING = ("completed", "failed", "died"), "running"

_MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Counts:
    """Reports by period, form and kind of unit, as of a moment; ``mark`` is another when they may be another."""

    frame: pl.DataFrame
    mark: tuple[Any, ...]
    at: datetime


class Warehouse(Collector):
    """Collects the metrics of one installation; whatever fails is told as ``tongket_up 0``, never raised."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._families: list[Metric] = []
        self._collected_at = float("-inf")
        self._counts: Counts | None = None
        self._next_at = float("-inf")
        self._counting: threading.Thread | None = None

    def collect(self) -> Iterable[Metric]:
        """The metric families; asked twice within five seconds, the same ones."""
        with self._lock:
            if time.monotonic() - self._collected_at >= CACHE_SECONDS:
                self._families = list(self._collected())
                self._collected_at = time.monotonic()
            return self._families

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the warehouse."""
        return []

    def _collected(self) -> Iterator[Metric]:
        yield _build_info()
        yield from _disk(self._settings)
        try:
            engine = engine_for(self._settings.url)
            # a file that is gone is not to be made anew by looking at it
            is_current = missing_file(self._settings.url) is None and migrate.is_current(engine)
            found = list(self._of_warehouse(engine)) if is_current else []
        except Exception as error:
            if unreachable(error) is None:
                log.tell("service.fault", self._settings, service="metrics", error=error)
            is_current, found = False, []
        yield _gauge(
            "tongket_up", "1 when the warehouse answers and has the program's schema · kho sẵn sàng", is_current
        )
        yield from found

    def _of_warehouse(self, engine: Engine) -> Iterator[Metric]:
        moment = clock.now()
        periods = operations.periods_now(engine, moment)
        counts = self._current_counts(engine, [period.code for period in periods])
        if counts is not None:
            yield from _reports(counts)
        yield _lives(periods)
        yield from _runs(engine)
        yield from _waiting(engine)
        yield from _calendar(self._settings, engine, moment)

    # -------------------------------------------------------------------------------------------- counts of reports

    def _current_counts(self, engine: Engine, periods: list[str]) -> Counts | None:
        """The counts there are; when they are old and no longer true, others are made meanwhile. ``None`` until the
        first are made, which is waited for only a moment."""
        is_over = self._counting is None or not self._counting.is_alive()
        if is_over and time.monotonic() >= self._next_at:
            if self._counts is not None and _mark(engine, periods) == self._counts.mark:
                self._counts = replace(self._counts, at=datetime.now(UTC))
                self._next_at = time.monotonic() + COUNTS_SECONDS
            else:
                self._counting = threading.Thread(target=self._count, args=(engine, periods), daemon=True)
                self._counting.start()
                self._counting.join(A_MOMENT)
        return self._counts

    def _count(self, engine: Engine, periods: list[str]) -> None:
        """Count, and rest twenty times as long: counting takes at most a twentieth of a processor."""
        began = time.monotonic()
        try:
            self._counts = _counted(engine, periods)
        except Exception as error:
            log.tell("service.fault", self._settings, service="metrics", error=error)
        took = time.monotonic() - began
        self._next_at = time.monotonic() + max(COUNTS_SECONDS, 20 * took)


def _mark(engine: Engine, periods: list[str]) -> tuple[Any, ...]:
    return (clock.today(), tuple(periods), *operations.state_of_reports(engine))


def _counted(engine: Engine, periods: list[str]) -> Counts:
    """The mark is taken first: what changes while it is counted is counted again."""
    mark, at = _mark(engine, periods), datetime.now(UTC)
    return Counts(operations.boards(engine, periods, clock.today()), mark, at)


def _reports(counts: Counts) -> Iterator[Metric]:
    by_kind, frame = ["period", "form", "kind"], counts.frame
    labels = ["period", "form", "unit_kind"]
    submissions = GaugeMetricFamily(
        "tongket_submissions",
        "Reports by the state of their latest version · báo cáo theo kết quả của bản mới nhất",
        labels=[*labels, "result"],
    )
    sums = {
        "expected": "Reports that are owed · báo cáo phải gửi",
        "late": "Reports whose first version came after the due day · báo cáo đến muộn",
        _MISSING: "Reports that are owed and did not come · báo cáo chưa gửi",
        "overdue": "Reports that did not come and whose due day has passed · báo cáo quá hạn chưa gửi",
    }
    families = {name: GaugeMetricFamily(f"tongket_{name}", text, labels=labels) for name, text in sums.items()}
    if frame.height:
        for *place, state, reports in frame.select(*by_kind, "state", "reports").iter_rows():
            if state != _MISSING:
                submissions.add_metric([*place, state], reports)
        is_missing = pl.col("state") == _MISSING
        totals = frame.group_by(by_kind, maintain_order=True).agg(
            *[pl.col(name).sum() for name in ("expected", "late", "overdue")],
            pl.col("reports").filter(is_missing).sum().alias(_MISSING),
        )
        for name, family in families.items():
            for *place, count in totals.select(*by_kind, name).iter_rows():
                family.add_metric(place, count)
    yield submissions
    yield from families.values()
    yield _gauge(
        "tongket_counted_timestamp_seconds",
        "The last moment the counts of reports were true of · lúc đếm báo cáo",
        counts.at.timestamp(),
    )


def _lives(periods: list[operations.PeriodNow]) -> Metric:
    family = GaugeMetricFamily(
        "tongket_period_life", "1 for the life each period is in · trạng thái của kỳ", labels=["period", "life"]
    )
    for period in periods:
        for life in Life:
            family.add_metric([period.code, life.value], float(period.life is life))
    return family


# ------------------------------------------------------------------------------------------------ runs, what waits


def _runs(engine: Engine) -> Iterator[Metric]:
    total = CounterMetricFamily("tongket_runs", "Runs that ended · lượt chạy đã xong", labels=["kind", "state"])
    # a series that begins with its first failure has not increased: every series is there from the beginning, at 0
    counts = {**dict.fromkeys(product(KINDS, _ENDS), 0), **operations.runs_by_state(engine)}
    for (kind, state), count in sorted(counts.items()):
        if state != _RUNNING:
            total.add_metric([kind, state], count)
    seconds = GaugeMetricFamily(
        "tongket_run_seconds", "Seconds the last run of a kind took · số giây của lượt chạy gần nhất", labels=["kind"]
    )
    for run in operations.last_runs(engine):
        seconds.add_metric([run.kind], run.seconds)
    success = GaugeMetricFamily(
        "tongket_last_success_timestamp_seconds",
        "When a run of a kind last ended well · lần chạy xong gần nhất",
        labels=["kind"],
    )
    for kind, at in sorted(operations.last_successes(engine).items()):
        success.add_metric([kind], at.timestamp())
    now = leases.running_now(engine)
    running = GaugeMetricFamily("tongket_runs_running", "Runs that have not ended · lượt đang chạy", labels=["alive"])
    running.add_metric(["true"], sum(run.is_alive for run in now))
    running.add_metric(["false"], sum(not run.is_alive for run in now))
    yield from (total, seconds, success, running)


def _waiting(engine: Engine) -> Iterator[Metric]:
    yield _gauge(
        "tongket_waiting",
        "Submissions taken in and not decided · báo cáo đang chờ xử lý",
        operations.waiting(engine).count,
    )
    notices = GaugeMetricFamily("tongket_notices", "Notices by state · thông báo theo trạng thái", labels=["state"])
    for state, count in operations.notices_by_state(engine).items():
        notices.add_metric([state], count)
    yield notices


def _calendar(settings: Settings, engine: Engine, moment: datetime) -> Iterator[Metric]:
    cutoff = GaugeMetricFamily(
        "tongket_next_cutoff_timestamp_seconds",
        "When the next period cuts off · lúc chốt số liệu của kỳ tới",
        labels=["period"],
    )
    coming = next_cutoff(definitions(settings), moment)
    if coming is not None:
        cutoff.add_metric([coming.period], coming.at.timestamp())
    yield cutoff
    is_kept = schedule.schedule_since(engine) is not None
    yield _gauge("tongket_schedule_kept", "1 when the calendar is kept · đang chạy theo lịch", is_kept)
    yield _gauge(
        "tongket_overdue_occasions",
        "What the calendar asked for an hour ago and nobody did · việc theo lịch quá giờ chưa làm",
        len(overdue(settings, moment)),
    )


# ------------------------------------------------------------------------------------------------ the machine


def _disk(settings: Settings) -> Iterator[Metric]:
    family = GaugeMetricFamily("tongket_disk_free_bytes", "Free disk · đĩa còn trống", labels=["place"])
    places = {
        "home": settings.workspace.home,
        "archive": settings.workspace.archive,
        "backups": settings.workspace.backups,
    }
    for name, folder in places.items():
        if folder.is_dir():
            family.add_metric([name], shutil.disk_usage(folder).free)
    yield family
    last = keeping.last_backup(settings)
    if last is not None:
        yield _gauge(
            "tongket_last_backup_timestamp_seconds",
            "When the newest backup was written · lần sao lưu gần nhất",
            last.stat().st_mtime,
        )


def _build_info() -> Metric:
    family = GaugeMetricFamily(
        "tongket_build_info", "Versions, always 1 · phiên bản", labels=["version", "schema", "python"]
    )
    family.add_metric([version("tongket"), migrate.head() or "", platform.python_version()], 1)
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def exposition(collector: Collector) -> bytes:
    """The metrics in Prometheus' text format (0.0.4)."""
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry)
