"""The lives of the periods: opened, closed in steps that may be repeated, opened again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from domain import clock
from domain.act import Act, ActRefusedError
from domain.clock import day_of
from domain.life import Life
from domain.numbers import vi_number
from tasks import keeping, log
from tasks.settings import Settings
from tasks.store import definitions, engine_for, ensure_periods, renew_period
from warehouse import acts, leases, queries
from warehouse import lives as kept
from warehouse.lives import Permits

#: Who acts when nobody does: the calendar asked for it.
SCHEDULE = "lịch · schedule"

#: Backups made before a period is closed that are kept, a period.
BACKUPS = 3

#: The moment in the name of a backup, to look for: ``2026-*`` would find those of 2026-Q1 as well.
_STAMPED = "[0-9]" * 8 + "T" + "[0-9]" * 12


@dataclass(frozen=True, slots=True)
class Opened:
    """A period that was opened: reports owed, in all and by form, and the units that owe them."""

    period: str
    at: datetime
    owed: int
    units: int
    by_form: dict[str, int] = field(default_factory=dict)

    @property
    def vi(self) -> str:
        return f"{self.period}: {vi_number(self.units)} đơn vị phải gửi {vi_number(self.owed)} báo cáo"

    @property
    def en(self) -> str:
        return f"{self.period}: {self.units:,} units owe {self.owed:,} reports"


# ------------------------------------------------------------------------------------------------ reading


def lives(settings: Settings) -> pl.DataFrame:
    """The registered periods, the oldest first (:func:`warehouse.lives.lives`)."""
    return kept.lives(engine_for(settings.url))


def life(settings: Settings, period: str) -> Life:
    return kept.life(engine_for(settings.url), period)


def is_to_open(settings: Settings, period: str) -> bool:
    """Whether nobody opened (or closed) the period yet; that reports came early does not open it."""
    found = kept.lives(engine_for(settings.url), [period])
    return found.is_empty() or (found["opened_at"][0] is None and found["closed_at"][0] is None)


def permits_running(settings: Settings, period: str, moment: datetime) -> Permits | None:
    """Permits to be late that run on the day of ``moment``."""
    return kept.permits_running(engine_for(settings.url), period, day_of(moment))


def permits_awaited(settings: Settings, period: str, moment: datetime) -> acts.PermitRunsError | None:
    """What the schedule waits for before it closes the period. A closing that it began before the permit was given, and
    that was cut short, is put off as well: the units are reminded until then."""
    permits = permits_running(settings, period, moment)
    if permits is None:
        return None
    waits = acts.PermitRunsError(period, permits)
    if life(settings, period) is Life.CLOSING and period in interrupted(settings):
        put_off_closing(settings, period, waits)
    return waits


def interrupted(settings: Settings) -> list[str]:
    """Periods whose closing was cut short, before they were closed or before their report was made: the run died, or a
    fault stopped it. The next closing finishes them."""
    engine = engine_for(settings.url)
    closing = kept.under_way(engine)
    if not closing:
        return []
    alive = {run.run for run in leases.running_now(engine) if run.is_alive}
    return [period for period, run in closing.items() if run not in alive]


def finish_closing(settings: Settings, period: str) -> None:
    """The period is closed and its report is there."""
    kept.finished(engine_for(settings.url), period)


def who_began(settings: Settings, period: str) -> tuple[str, str] | None:
    """Who began to close the period, and why; ``None`` unless it is being closed."""
    if life(settings, period) is not Life.CLOSING:
        return None
    told = kept.acts_of(engine_for(settings.url), period)
    began = told.filter((pl.col("what") == Act.CLOSE_PERIOD.value) & (pl.col("after") == Life.CLOSING.value))
    return (str(began["who"][-1]), str(began["reason"][-1])) if began.height else None


def is_waiting(settings: Settings, period: str) -> bool:
    """Whether reports wait that are of the period or may be."""
    return kept.waiting_of(engine_for(settings.url), period) > 0


# ------------------------------------------------------------------------------------------------ acts


def open_period(settings: Settings, period: str, *, who: str, reason: str, moment: datetime | None = None) -> Opened:
    """Register the period and open it at ``moment`` (now); refused when it is open or closed already."""
    engine, moment = engine_for(settings.url), moment or clock.now()
    register(settings, period)
    acts.open_period(engine, period, who=who, reason=reason, moment=moment)
    log.tell("period.opened", settings, period=period)
    return owed(settings, period, moment)


def owed(settings: Settings, period: str, moment: datetime) -> Opened:
    """Who owes what for a registered period."""
    rows = queries.status_by_unit(engine_for(settings.url), period, today=day_of(moment)).filter("is_expected")
    by_form = dict(rows.group_by("form").len().sort("form").iter_rows())
    return Opened(period, moment, rows.height, rows["unit"].n_unique(), by_form)


def begin_closing(
    settings: Settings, period: str, run: str, *, who: str, reason: str, moment: datetime | None = None
) -> datetime:
    """The run begins to close the period, or goes on with what a dead one began (:func:`acts.begin_closing`)."""
    register(settings, period)
    begun = acts.begin_closing(
        engine_for(settings.url), period, run, who=who, reason=reason, moment=moment or clock.now()
    )
    log.tell("period.closing", settings, period=period, run=run)
    return begun


def close_period(
    settings: Settings,
    period: str,
    *,
    who: str,
    reason: str,
    moment: datetime | None = None,
    run: str | None = None,
) -> None:
    """Close the period at ``moment`` (now); refused while reports wait or another run closes it, and to the schedule
    while units may be late."""
    register(settings, period)
    moment = moment or clock.now()
    permits_on = day_of(moment) if who == SCHEDULE else None
    engine = engine_for(settings.url)
    acts.close_period(engine, period, who=who, reason=reason, moment=moment, run=run, permits_on=permits_on)
    log.tell("period.closed", settings, period=period, run=run)


def put_off_closing(settings: Settings, period: str, why: ActRefusedError, run: str | None = None) -> None:
    """The schedule closes the period later: until then it is open as it was."""
    engine = engine_for(settings.url)
    acts.put_off_closing(engine, period, who=SCHEDULE, reason=f"{why.vi} · {why.en}", run=run)
    log.tell("period.put_off", settings, period=period, run=run)


def reopen_period(settings: Settings, period: str, *, who: str, reason: str, moment: datetime | None = None) -> None:
    """Open a closed period again at ``moment`` (now); its days are those of the definitions of today."""
    register(settings, period)
    engine = engine_for(settings.url)
    acts.reopen_period(engine, period, who=who, reason=reason, moment=moment or clock.now())
    renew_period(engine, definitions(settings), period)
    log.tell("period.reopened", settings, period=period)


def register(settings: Settings, period: str) -> None:
    """Let the warehouse know the period; refused when no calendar has it."""
    catalog = definitions(settings)
    if catalog.period(period) is None:
        raise ActRefusedError(
            f"Không có kỳ báo cáo {period!r}; viết như 2025, 2025-H1, 2025-Q1, 2025-9M, 2025-M04",
            f"There is no period {period!r}; write 2025, 2025-H1, 2025-Q1, 2025-9M, 2025-M04",
        )
    ensure_periods(engine_for(settings.url), catalog, [period])


# ------------------------------------------------------------------------------------------------ before it is closed


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The backup that was made, by its name of the first period; ``lost``: archived files that were gone."""

    file: Path
    lost: int


def back_up(settings: Settings, codes: Sequence[str], moment: datetime | None = None) -> BackedUp:
    """Back up warehouse, archive and definitions to ``backups/PERIOD-MOMENT.zip``; the last three of a period stay.

    Periods that are closed together share one file, which bears a name for each. What a killed backup left behind goes.
    Raises :class:`ActRefusedError` in plain words when it cannot be written.
    """
    folder = settings.workspace.backups
    first, *others = _free(folder, codes, moment or clock.now())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for code in codes:
            _remove(folder.glob(f".{code}-{_STAMPED}.zip*.part"))
        manifest = keeping.backup(settings, engine_for(settings.url), first)
        for other in others:
            _name_too(first, other)
        for code, made in zip(codes, (first, *others), strict=True):
            # the one just made stays, also where the clock went back and it bears the earliest moment
            _remove([file for file in backups_of(settings, code) if file != made][: -(BACKUPS - 1)])
    except OSError as error:
        what, named = error.strerror or str(error), ", ".join(codes)
        raise ActRefusedError(
            f"Chưa đóng kỳ {named}: không ghi được bản sao lưu vào {folder} ({what}); sửa rồi chạy lại, kỳ vẫn nhận"
            " báo cáo",
            f"{named} is not closed: no backup could be written to {folder} ({what}); mend that and run it again, the"
            " period still takes reports",
        ) from error
    return BackedUp(first, len(manifest["lost"]))


def _name_too(file: Path, other: Path) -> None:
    """Let the file bear another name too; a copy where the disk gives a file one name only (a network drive)."""
    try:
        os.link(file, other)
    except OSError:
        draft = other.with_name(f".{other.name}.{os.getpid()}.part")
        shutil.copyfile(file, draft)
        keeping.put_in_place(draft, other)


def _free(folder: Path, codes: Sequence[str], moment: datetime) -> list[Path]:
    """Names by period and moment that no backup bears; the clock may stand still, as it does where a year is played."""
    while True:
        stamp = f"{moment.astimezone(clock.ZONE):%Y%m%dT%H%M%S%f}"
        files = [folder / f"{code}-{stamp}.zip" for code in codes]
        if not any(file.exists() for file in files):
            return files
        moment += timedelta(microseconds=1)


def _remove(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def backups_of(settings: Settings, period: str) -> list[Path]:
    """Backups made before this period was closed, the oldest first."""
    return sorted(settings.workspace.backups.glob(f"{period}-{_STAMPED}.zip"))
