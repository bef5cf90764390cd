"""Load a batch: outcomes, findings and figures of many submissions in one transaction that can be repeated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import polars as pl
from sqlalchemy import Connection, Engine, select

from domain.submission import IN_FORCE, AttemptOutcome, FaultNature, SubmissionState, may_move
from warehouse import tables
from warehouse.bulk import MOMENT, gather_statistics, insert_frame, number_rows, read_frame, read_where_in, update_frame
from warehouse.engine import write
from warehouse.facts import end_belief, write_facts
from warehouse.fingerprints import fingerprints
from warehouse.leases import renew
from warehouse.resolve import resolve
from warehouse.units import selves
from warehouse.versions import KEY, arrange
from warehouse.waivers import COUNTS

_PASSED = [state.value for state in IN_FORCE]
_IS_SUPERSEDED = pl.col("state") == SubmissionState.SUPERSEDED.value

_CHANGED = ["id", "period_id", "state", "was_superseded"]


class LoadFaultError(ValueError):
    """A batch contradicts itself or the registry; nothing of it was loaded."""


class Outcome(Protocol):
    """What the steps before hand over; ``file`` of every frame is the submission's id."""

    @property
    def headers(self) -> pl.DataFrame: ...
    @property
    def verdicts(self) -> pl.DataFrame: ...
    @property
    def findings(self) -> pl.DataFrame: ...
    @property
    def observations(self) -> pl.DataFrame: ...
    @property
    def list_rows(self) -> pl.DataFrame: ...
    @property
    def narratives(self) -> pl.DataFrame: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def finished_at(self) -> datetime: ...
    @property
    def known_up_to(self) -> int: ...


@dataclass(frozen=True, slots=True)
class LoadBatch:
    """The frames of :mod:`domain.columns`; ``verdicts`` has ``file`` and ``state`` for every file of the batch.

    ``known_up_to``: :func:`warehouse.history.known_up_to`, asked before anything else was asked of the past.
    """

    headers: pl.DataFrame
    verdicts: pl.DataFrame
    findings: pl.DataFrame
    observations: pl.DataFrame
    list_rows: pl.DataFrame
    narratives: pl.DataFrame
    started_at: datetime
    finished_at: datetime
    known_up_to: int

    @classmethod
    def of(cls, outcome: Outcome) -> LoadBatch:
        return cls(**{item.name: getattr(outcome, item.name) for item in fields(cls)})

    def only(self, files: pl.Series) -> LoadBatch:
        """The batch without the files that are not in ``files``."""
        frames: dict[str, Any] = {
            item.name: value.filter(pl.col("file").is_in(files.implode()))
            for item in fields(self)
            if isinstance(value := getattr(self, item.name), pl.DataFrame)
        }
        return replace(self, **frames)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """``outcomes``: files by the state their check gave them. ``skipped``: decided or claimed by another run.

    ``stale``: submissions that go on waiting, because a report they are compared with came in force while they were
    checked.
    ``superseded``: submissions that this load took out of force, or that were taken in before a version in force.
    """

    outcomes: dict[str, int]
    skipped: int
    stale: frozenset[int]
    superseded: int
    findings: int
    observations: int


def load_batch(engine: Engine, run_id: str, batch: LoadBatch) -> LoadResult:
    """Record the outcomes of a batch and put the figures of what passed in force, all or nothing.

    Submissions that no longer wait were decided by another run and are skipped, so a load can be repeated; so are those
    that another run has claimed: a run that was taken for dead, and whose work was handed on, doubles nothing when it
    wakes up. Raises :class:`LoadFaultError` when the batch names files, units, periods, forms or indicators that are
    not there.
    """
    _prove(batch)
    prints = fingerprints(batch.observations)
    with write(engine) as connection:
        undecided = _waiting(connection, run_id, batch.verdicts)
        stale = _stale(connection, batch.only(undecided["id"]))
        waiting = undecided.join(stale, left_on="id", right_on="file", how="anti")
        part = batch.only(waiting["id"])
        decided = _decide(connection, part, waiting, prints)
        attempts = _write_attempts(connection, run_id, part)
        changed = _write_submissions(connection, decided.join(attempts, on="file"))
        findings = _write_findings(connection, part.findings, attempts)
        observations = _write_figures(connection, part, decided, changed)
        gather_statistics(connection, waiting.height, tables.submission, tables.attempt, tables.finding)
        renew(connection, run_id)
    counts = part.verdicts.group_by("state").len()
    return LoadResult(
        outcomes=dict(counts.iter_rows()),
        skipped=batch.verdicts.height - undecided.height,
        stale=frozenset(stale["file"]),
        superseded=changed.filter(_IS_SUPERSEDED & ~pl.col("was_superseded")).height,
        findings=findings,
        observations=observations,
    )


# ------------------------------------------------------------------------------------------------ proving


def _prove(batch: LoadBatch) -> None:
    for name in ("verdicts", "headers"):
        twice = getattr(batch, name)["file"]
        _refuse(twice.filter(twice.is_duplicated()).unique(), f"stand twice in {name}")
    for item in fields(batch):
        frame = getattr(batch, item.name)
        if isinstance(frame, pl.DataFrame):
            stray = frame.join(batch.verdicts, on="file", how="anti")["file"].unique()
            _refuse(stray, f"stand in {item.name} but have no verdict")
    allowed = [s.value for s in SubmissionState if may_move(SubmissionState.RECEIVED, s)]
    wrong = batch.verdicts.filter(~pl.col("state").is_in(allowed) | pl.col("state").is_null())
    _refuse(wrong["file"], "have a verdict that is no state")


def _refuse(named: Iterable[object], what: str) -> None:
    names = sorted(str(name) for name in named)
    if names:
        more = f" and {len(names) - 10} more" if len(names) > 10 else ""
        raise LoadFaultError(f"{', '.join(names[:10])}{more}: {what}")


def _waiting(connection: Connection, run_id: str, verdicts: pl.DataFrame) -> pl.DataFrame:
    """``id`` of the batch's submissions that nobody has decided yet and that are this run's to decide.

    Those are what it has claimed, and while it is taken to be alive what nobody has. From a run that was taken for dead
    nothing is awaited: what it had may have been decided by another and been let wait anew since.
    """
    submission, run = tables.submission.c, tables.run.c
    query = select(submission.id, submission.state, submission.claimed_by)
    found = read_where_in(connection, query, submission.id, verdicts["file"])
    _refuse(verdicts.join(found, left_on="file", right_on="id", how="anti")["file"], "are no submissions")
    is_running = connection.scalar(select(run.state).where(run.id == run_id)) == "running"
    waits = pl.col("state") == SubmissionState.RECEIVED.value
    is_own = pl.col("claimed_by").eq(run_id).fill_null(is_running)
    return found.filter(waits & is_own).select("id")


def _stale(connection: Connection, batch: LoadBatch) -> pl.DataFrame:
    """``file`` of submissions checked against a past that has changed since; they are to be checked again.

    A report of their unit and form came in force of a period before theirs, within theirs, or around theirs and ending
    the same day. What vanished meanwhile, because it was withdrawn, changes nothing: figures may be compared with those
    of a report that was there a moment ago, as they are when it is withdrawn a moment later.
    """
    fresh = _fresh(connection, batch.known_up_to)
    if fresh.is_empty():
        return batch.verdicts.select("file").clear()
    own = resolve(connection, batch.headers.select("file", "unit", "period", "form"))
    both = (
        own.join(_windows(connection), on="period_id")
        .join(selves(connection, own["unit_id"]), on="unit_id")
        .join(fresh, on=["self_id", "form_id"], suffix="_fresh")
    )
    earlier = pl.col("last_day_fresh") < pl.col("first_day")
    within = (pl.col("first_day_fresh") >= pl.col("first_day")) & (pl.col("last_day_fresh") <= pl.col("last_day"))
    longer = (pl.col("first_day_fresh") < pl.col("first_day")) & (pl.col("last_day_fresh") == pl.col("last_day"))
    other = pl.col("period_id_fresh") != pl.col("period_id")
    return both.filter(other & (earlier | within | longer)).select("file").unique()


def _fresh(connection: Connection, known_up_to: int) -> pl.DataFrame:
    """``self_id`` (the unit), ``form_id, period_id, first_day, last_day`` of what came in force after that attempt."""
    submission, attempt = tables.submission.c, tables.attempt.c
    found = read_frame(
        connection,
        select(submission.unit_id.label("self_id"), submission.form_id, submission.period_id)
        .join_from(tables.attempt, tables.submission, submission.attempt_id == attempt.id)
        .where(attempt.id > known_up_to, attempt.submission_id == submission.id, submission.state.in_(_PASSED)),
    )
    return found.join(_windows(connection), on="period_id")


def _windows(connection: Connection) -> pl.DataFrame:
    period = tables.period.c
    return read_frame(connection, select(period.id.label("period_id"), period.first_day, period.last_day))


# ------------------------------------------------------------------------------------------------ deciding


def _decide(connection: Connection, part: LoadBatch, waiting: pl.DataFrame, prints: pl.DataFrame) -> pl.DataFrame:
    """A row a file of the batch: its identity in numbers, its verdict, its findings counted and its fingerprint."""
    decided = (
        part.verdicts.select("file", "state")
        .join(resolve(connection, part.headers), on="file", how="left")
        .join(part.findings.group_by("file").agg(**COUNTS), on="file", how="left")
        .join(prints, on="file", how="left")
        .join(waiting.rename({"id": "file"}), on="file")
        .with_columns(pl.col(*COUNTS, "n_figures").fill_null(0))
    )
    passed = decided.filter(pl.col("state").is_in(_PASSED))
    for column in KEY:
        unknown = passed.filter(pl.col(column).is_null())
        _refuse(unknown["file"], f"passed, but the registry knows no {column.removesuffix('_id')} of them")
    return decided


def _write_attempts(connection: Connection, run_id: str, part: LoadBatch) -> pl.DataFrame:
    """An attempt a file; ``file`` and ``attempt_id``."""
    faulty = pl.col("outcome").is_in([AttemptOutcome.REJECTED.value, AttemptOutcome.UNREADABLE.value])
    rows = part.verdicts.select(
        pl.lit(run_id).alias("run_id"),
        submission_id="file",
        outcome="state",
        started_at=pl.lit(part.started_at, MOMENT),
        finished_at=pl.lit(part.finished_at, MOMENT),
    ).with_columns(nature=pl.when(faulty).then(pl.lit(FaultNature.PERMANENT.value)))
    numbered = number_rows(connection, tables.attempt, rows)
    insert_frame(connection, tables.attempt, numbered)
    return numbered.select(file="submission_id", attempt_id="id")


def _write_submissions(connection: Connection, decided: pl.DataFrame) -> pl.DataFrame:
    """Set identity, state and version; returns ``_CHANGED`` of every submission that changed.

    Those that leave force are written first: at no moment do two versions of a report stand beside each other.
    """
    stated = {"stated_unit": "unit", "stated_unit_name": "unit_name", "stated_period": "period"}
    columns = ["form_version", "scope", "reporter", "attempt_id", *COUNTS, "n_figures", "figures_sha256", *KEY]
    own = decided.select(
        *columns,
        id="file",
        **stated,
        state="state",
        decided_at=pl.lit(datetime.now(UTC), MOMENT),
        claimed_by=pl.lit(None, pl.String),
        compared_at=pl.lit(None, MOMENT),
    )
    arranged = _arrange(connection, decided)
    before = arranged.filter(~pl.col("is_new"))
    update_frame(connection, tables.submission, before.select("id", version=pl.lit(None, pl.Int64)), ["id"])
    update_frame(connection, tables.submission, before.select("id", "version", "state", "superseded_by"), ["id"])
    placed = arranged.filter("is_new").select("id", "version", "superseded_by", new_state="state")
    final = (
        own.join(placed, on="id", how="left").with_columns(state=pl.coalesce("new_state", "state")).drop("new_state")
    )
    update_frame(connection, tables.submission, final, ["id"])
    return pl.concat([before.select(_CHANGED), final.with_columns(was_superseded=False).select(_CHANGED)])


def _arrange(connection: Connection, decided: pl.DataFrame) -> pl.DataFrame:
    """The batch's placed submissions and those earlier ones whose version or state changes because of them."""
    new = decided.drop_nulls(KEY).select(
        *KEY,
        "state",
        id="file",
        version=pl.lit(None, pl.Int64),
        superseded_by=pl.lit(None, pl.Int64),
    )
    there = _versions_of(connection, new)
    columns = there.columns
    arranged = arrange(pl.concat([there, new.select(columns)]))
    is_new = pl.col("id").is_in(new["id"].implode())
    unchanged = arranged.filter(~is_new).join(there, on=columns, how="semi", nulls_equal=True)
    superseded = there.filter(_IS_SUPERSEDED)["id"].implode()
    return arranged.join(unchanged, on="id", how="anti").with_columns(
        is_new=is_new, was_superseded=pl.col("id").is_in(superseded)
    )


def _versions_of(connection: Connection, new: pl.DataFrame) -> pl.DataFrame:
    """The decided submissions of the same reports, whatever their state."""
    submission = tables.submission.c
    names = ["id", *KEY, "state", "version", "superseded_by"]
    query = select(*[submission[name] for name in names]).where(
        submission.period_id.in_(new["period_id"].unique().to_list())
    )
    found = read_where_in(connection, query, submission.unit_id, new["unit_id"].unique())
    return found.join(new, on=KEY, how="semi").join(new, on="id", how="anti")


# ------------------------------------------------------------------------------------------------ rows


def _write_findings(connection: Connection, findings: pl.DataFrame, attempts: pl.DataFrame) -> int:
    rows = findings.join(attempts, on="file").rename({"file": "submission_id"})
    return insert_frame(connection, tables.finding, number_rows(connection, tables.finding, rows))


def _write_figures(connection: Connection, part: LoadBatch, decided: pl.DataFrame, changed: pl.DataFrame) -> int:
    """Figures of what passed are believed from now on; those of what was overtaken until now."""
    now = datetime.now(UTC)
    passed = decided.filter(pl.col("state").is_in(_PASSED)).select("file", *KEY)
    count = write_facts(connection, passed, part.observations, part.list_rows, part.narratives, now)
    overtaken = changed.filter(_IS_SUPERSEDED & ~pl.col("was_superseded"))
    end_belief(connection, overtaken.select("period_id", submission_id="id"), now)
    return count
