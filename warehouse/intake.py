"""Intake: runs, files and submissions, before anything is known of their content."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import polars as pl
import psutil
from sqlalchemy import Connection, Engine, Select, or_, select, update

from domain.submission import AttemptOutcome, FaultNature, SubmissionState
from warehouse import tables
from warehouse.bulk import MOMENT, insert_frame, number_rows, read_frame, read_where_in, update_frame
from warehouse.clock import now_by_warehouse
from warehouse.engine import write

_ARRIVALS: dict[str, pl.DataType | type[pl.DataType]] = {
    "sha256": pl.String,
    "size": pl.Int64,
    "media": pl.String,
    "name": pl.String,
    "received_at": MOMENT,
    "archive_path": pl.String,
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that lies in the archive already; ``received_at`` carries its time zone."""

    sha256: str
    size: int
    media: str
    name: str
    received_at: datetime
    archive_path: str


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an arrival. ``is_pending``: its submission waits to be processed, new or left by a killed run."""

    submission_id: int
    sha256: str
    is_new: bool
    is_pending: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """A submission that waits to be processed; ``name`` is what the sender first called the file."""

    submission_id: int
    sha256: str
    media: str
    name: str
    archive_path: str
    received_at: datetime


class RunOverError(RuntimeError):
    """A run asked for work that has ended, or was declared dead while nothing was heard of it."""


# ------------------------------------------------------------------------------------------------ runs


def start_run(engine: Engine, kind: str, period: str | None = None) -> str:
    """Write down that a run begins; returns its id, which sorts by time.

    Whoever does not renew its heartbeat is taken for dead after a while by runs on other machines: programs use
    :func:`warehouse.leases.running`.
    """
    now = datetime.now(UTC)
    run_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    values = {
        "id": run_id,
        "kind": kind,
        "period": period,
        "state": "running",
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "process_started_at": datetime.fromtimestamp(psutil.Process().create_time(), UTC),
        "heartbeat_at": now_by_warehouse(engine),
        "started_at": now,
    }
    with write(engine) as connection:
        connection.execute(tables.run.insert().values(values))
    return run_id


def finish_run(engine: Engine, run_id: str, state: str, message: str | None = None) -> None:
    """Write down how a run ended: ``completed`` or ``failed``, and in words.

    A run that was declared dead stays ``died``, because others have acted on that: its work was handed to them, and
    they add up its totals anew. That it came to its end all the same is added to its message.
    """
    with write(engine) as connection:
        end_run(connection, run_id, state, message)


def end_run(connection: Connection, run_id: str, state: str, message: str | None = None) -> None:
    """:func:`finish_run` inside :func:`warehouse.engine.write`."""
    run = tables.run.c
    before = connection.execute(select(run.state, run.message).where(run.id == run_id)).first()
    if before is not None and before.state == "died":
        ending = f"{state}, {message}" if message else state
        said = f"Sau đó vẫn chạy tới cùng ({ending}) · It came to its end all the same ({ending})"
        state, message = "died", f"{before.message}\n{said}" if before.message else said
    connection.execute(
        update(tables.run).where(run.id == run_id).values(state=state, message=message, finished_at=datetime.now(UTC))
    )


# ------------------------------------------------------------------------------------------------ arrivals


def receive(engine: Engine, run_id: str, arrivals: Sequence[Arrival]) -> list[Received]:
    """Write down files that arrived; the answer is in the order of the arrivals.

    Bytes that are known: the receipt is written down, an attempt says ``same_bytes``, nothing else changes. Who works
    on what waits is decided by :func:`claim` alone: bytes that arrive again while a run has them stay with that run.
    """
    if not arrivals:
        return []
    frame = pl.DataFrame([asdict(arrival) for arrival in arrivals], schema=_ARRIVALS).with_row_index("order")
    with write(engine) as connection:
        known = _known(connection, frame)
        fresh = frame.join(known, on="sha256", how="anti", maintain_order="left").unique("sha256", keep="first")
        added = _add_submissions(connection, fresh.sort("received_at", "order"))
        placed = frame.join(pl.concat([known, added]), on="sha256", how="left", maintain_order="left").with_columns(
            is_new=pl.col("order").is_in(fresh["order"].implode())
        )
        _write_receipts(connection, run_id, placed)
    return [Received(*row) for row in placed.select("submission_id", "sha256", "is_new", "is_pending").iter_rows()]


def _known(connection: Connection, frame: pl.DataFrame) -> pl.DataFrame:
    """sha256, submission_id, is_pending of the files that are here already."""
    submission = tables.submission.c
    query = select(submission.file_sha256.label("sha256"), submission.id.label("submission_id"), submission.state)
    known = read_where_in(connection, query, submission.file_sha256, frame["sha256"].unique())
    return known.with_columns(is_pending=pl.col("state") == SubmissionState.RECEIVED.value).drop("state")


def _add_submissions(connection: Connection, fresh: pl.DataFrame) -> pl.DataFrame:
    """Files and submissions in the order they arrived; what :func:`_known` would now say of them."""
    files = fresh.select("sha256", "size", "media", "archive_path", first_received_at="received_at")
    insert_frame(connection, tables.file, files)
    rows = fresh.select("name", "received_at", file_sha256="sha256", state=pl.lit(SubmissionState.RECEIVED.value))
    submissions = number_rows(connection, tables.submission, rows)
    insert_frame(connection, tables.submission, submissions)
    return submissions.select(sha256="file_sha256", submission_id="id", is_pending=pl.lit(True))


def _write_receipts(connection: Connection, run_id: str, placed: pl.DataFrame) -> None:
    """A receipt an arrival. A file met again because a run was killed after receiving it is the same arrival."""
    again = placed.filter(~pl.col("is_new"))
    met = _same_arrivals(connection, again)
    arrived = placed.join(met, on=["submission_id", "name", "received_at"], how="anti", maintain_order="left")
    receipts = arrived.select(
        "submission_id", "name", "received_at", file_sha256="sha256", run_id=pl.lit(run_id, pl.String)
    )
    insert_frame(connection, tables.receipt, number_rows(connection, tables.receipt, receipts))
    repeated = arrived.filter(~pl.col("is_new"))
    write_attempts(connection, run_id, repeated["submission_id"], AttemptOutcome.SAME_BYTES, repeated["name"])


def _same_arrivals(connection: Connection, again: pl.DataFrame) -> pl.DataFrame:
    """Receipts of files that may lie in the inbox still: their report waits, or the run that took them in was cut short
    before it could clear the inbox (another run may have decided the report since)."""
    receipt, submission, run = tables.receipt.c, tables.submission.c, tables.run.c
    query = (
        select(receipt.submission_id, receipt.name, receipt.received_at)
        .join_from(tables.receipt, tables.submission, submission.id == receipt.submission_id)
        .join(tables.run, run.id == receipt.run_id)
        .where(or_(submission.state == SubmissionState.RECEIVED.value, run.state != "completed"))
    )
    return read_where_in(connection, query, receipt.submission_id, again["submission_id"].unique())


def write_attempts(
    connection: Connection,
    run_id: str,
    submissions: pl.Series,
    outcome: AttemptOutcome,
    detail: pl.Series | str,
    nature: FaultNature | None = None,
    started_at: datetime | None = None,
) -> None:
    """An attempt with this outcome for each submission, inside :func:`warehouse.engine.write`."""
    now = datetime.now(UTC)
    rows = pl.DataFrame({"submission_id": submissions.cast(pl.Int64)}).with_columns(
        detail=pl.lit(detail),
        run_id=pl.lit(run_id),
        outcome=pl.lit(outcome.value),
        nature=pl.lit(nature.value if nature else None, pl.String),
        started_at=pl.lit(started_at or now, MOMENT),
        finished_at=pl.lit(now, MOMENT),
    )
    insert_frame(connection, tables.attempt, number_rows(connection, tables.attempt, rows))


# ------------------------------------------------------------------------------------------------ waiting


def pending(engine: Engine) -> list[Pending]:
    """Every submission in state ``received``, in the order they arrived, whoever works on it."""
    with engine.connect() as connection:
        rows = read_frame(connection, _pending_query())
    return [Pending(*row) for row in rows.iter_rows()]


def claim(engine: Engine, run_id: str, only: Sequence[int] | None = None) -> list[Pending]:
    """Give the run every submission that waits and that no run has (or, of these, only the numbers in ``only``).

    Answers with all that the run now has and that still waits, in the order of :func:`pending`: asked again after its
    answer was lost, it says the same. No submission is ever given to two runs that are taken to be alive; the claim is
    kept until the submission is decided or the run ends. Raises :class:`RunOverError` when the run is not running.
    """
    with write(engine) as connection:
        _refuse_ended(connection, run_id)
        _take(connection, run_id, only)
        held = read_frame(connection, _pending_query().where(tables.submission.c.claimed_by == run_id))
    chosen = held if only is None else held.filter(pl.col("id").is_in(list(only)))
    return [Pending(*row) for row in chosen.iter_rows()]


def _refuse_ended(connection: Connection, run_id: str) -> None:
    state = connection.scalar(select(tables.run.c.state).where(tables.run.c.id == run_id))
    if state != "running":
        raise RunOverError(f"the run {run_id} can take up nothing: it is {state or 'unknown'}")


def _take(connection: Connection, run_id: str, only: Sequence[int] | None) -> None:
    submission = tables.submission.c
    free = (submission.state == SubmissionState.RECEIVED.value) & submission.claimed_by.is_(None)
    if only is None:
        connection.execute(update(tables.submission).where(free).values(claimed_by=run_id))
        return
    wanted = read_where_in(connection, select(submission.id).where(free), submission.id, only)
    update_frame(connection, tables.submission, wanted.with_columns(claimed_by=pl.lit(run_id)), ["id"])


def release(connection: Connection, run_id: str) -> None:
    """Give back what the run has claimed and not decided, inside :func:`warehouse.engine.write`."""
    submission = tables.submission
    connection.execute(update(submission).where(submission.c.claimed_by == run_id).values(claimed_by=None))


def _pending_query() -> Select[tuple[int, str, str, str, str, datetime]]:
    submission, file = tables.submission.c, tables.file.c
    return (
        select(submission.id, file.sha256, file.media, submission.name, file.archive_path, submission.received_at)
        .join_from(tables.submission, tables.file, file.sha256 == submission.file_sha256)
        .where(submission.state == SubmissionState.RECEIVED.value)
        .order_by(submission.received_at, submission.id)
    )


def fail_attempt(
    engine: Engine,
    run_id: str,
    submission_ids: Sequence[int],
    detail: str,
    *,
    nature: FaultNature = FaultNature.TRANSIENT,
    started_at: datetime | None = None,
) -> None:
    """Write down that a try ended in a fault of the program or its surroundings.

    The submissions go on waiting, and stay claimed until the run ends: it would bring out the same fault again.
    """
    with write(engine) as connection:
        ids = pl.Series(list(submission_ids), dtype=pl.Int64)
        write_attempts(connection, run_id, ids, AttemptOutcome.FAILED, detail, nature, started_at)
