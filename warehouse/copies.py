"""Reports whose figures are all those of another unit's report: found by their hashes once all are in force.

What bears a finding follows from what is in force alone, not from when it was compared: as long as a report waits that
could belong to a comparison, nothing of its form is compared, and a finding that what is in force no longer bears out
is taken back unless an administrator has settled it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    text,
    true,
    update,
)

from domain import clock
from domain.columns import COPIES
from domain.submission import IN_FORCE, AttemptOutcome, FaultNature, SubmissionState
from warehouse import tables
from warehouse.bulk import MOMENT, insert_frame, number_rows, read_frame, read_where_in, update_frame
from warehouse.engine import write
from warehouse.returns import put_out_of_date
from warehouse.units import selves
from warehouse.waivers import recount, settle

#: As the index says it, word for word: SQLite takes a partial index only then.
_UNCOMPARED = text("compared_at IS NULL AND figures_sha256 IS NOT NULL")

_SAME = ["form_id", "figures_sha256"]

_FIGURE = ["indicator_id", "breakdown_id"]

_PAIR = ["file", "other"]


def to_compare(engine: Engine) -> pl.DataFrame:
    """Pairs of reports in force with the same figures of different units: :data:`domain.columns.COPIES`, a row a copy.

    Of reports that were not compared yet and those with the same form and hash of figures, whatever their period: the
    one whose figures were taken in later, in whatever version of it, is the copy; its partner is the first of another
    unit. A unit is the same through renamings and changes of superior. Left out are reports that bear the finding
    already, copies in a closed period, and every report of a form while one waits that may be of it.
    """
    with engine.connect() as connection:
        return _told(connection, _compared(connection).lacking)


def add_findings(engine: Engine, run_id: str, pairs: pl.DataFrame, findings: pl.DataFrame) -> None:
    """Write the findings on ``pairs`` down, take back those that no longer hold, and mark what was compared, in one
    transaction that can be repeated.

    ``findings`` is a frame of :data:`domain.columns.FINDINGS`, one a copy; a waiver in force settles its finding. Pairs
    of which a report is in force no longer are left out, and reports for which another partner turned up since
    :func:`to_compare` wait for the next comparison, as do copies in a closed period until it is opened again. Where the
    findings of a report changed, its annotated copy is out of date. ``run_id`` is the run that compared; it must be
    known.
    """
    with write(engine) as connection:
        _refuse_unknown(connection, run_id)
        now = _compared(connection)
        told = now.lacking.join(pairs.select(_PAIR), on=_PAIR, how="semi")
        untold = now.lacking.join(told, on="file", how="anti")
        written = _write(connection, told, findings)
        changed = sorted({*written, *_take_back(connection, now.gone)})
        settle(connection, changed, clock.today())
        recount(connection, changed)
        put_out_of_date(connection, changed)
        _mark(connection, now.is_free, pl.concat([untold, now.closed]), changed)


def _refuse_unknown(connection: Connection, run_id: str) -> None:
    if connection.scalar(select(tables.run.c.id).where(tables.run.c.id == run_id)) is None:
        raise LookupError(f"there is no run {run_id}")


# ------------------------------------------------------------------------------------------------ what holds


@dataclass(frozen=True, slots=True)
class _Compared:
    """What a comparison comes to now. ``lacking``: pairs whose copy bears no finding (``file, attempt_id, other``);
    ``closed``: such pairs whose copy is in a closed period; ``gone``: ``finding, file`` of findings that do not hold;
    ``is_free``: the reports that can be compared."""

    lacking: pl.DataFrame
    closed: pl.DataFrame
    gone: pl.DataFrame
    is_free: ColumnElement[bool]


def _compared(connection: Connection) -> _Compared:
    is_free = _is_free(connection)
    borne = _borne(connection, is_free)
    open_ones = borne.filter(~pl.col("is_closed") & ~pl.col("is_settled"))
    doubted = open_ones.filter(~pl.col("holds"))
    alike = _alike(connection, is_free, doubted["figures_sha256"].unique())
    pairs = _pairs(alike.join(_origins(connection, alike["unit_id"]), on="unit_id"))
    judged = open_ones.filter(~pl.col("holds") | pl.col("file").is_in(alike["id"].implode()))
    settled = borne.filter("is_settled")
    lacking = pairs.join(borne, on=_PAIR, how="anti").join(settled, on="file", how="anti").sort("file")
    return _Compared(
        lacking=lacking.filter(~pl.col("is_closed")).select("attempt_id", *_PAIR),
        closed=lacking.filter("is_closed").select("attempt_id", *_PAIR),
        gone=judged.join(pairs, on=_PAIR, how="anti").select("finding", "file"),
        is_free=is_free,
    )


def _is_free(connection: Connection) -> ColumnElement[bool]:
    """Of a submission: that no report waits which is of its form, or may be of it for all that is known.

    A report that a run could not process by a fault of the program holds nothing up: it may wait for a new program.
    """
    here, attempt, later = tables.submission.c, tables.attempt.c, tables.attempt.alias("later").c
    last = select(func.max(later.id)).where(
        later.submission_id == here.id, later.outcome != AttemptOutcome.SAME_BYTES.value
    )
    is_stuck = select(attempt.id).where(
        attempt.id == last.correlate(tables.submission).scalar_subquery(),
        attempt.outcome == AttemptOutcome.FAILED.value,
        attempt.nature == FaultNature.PERMANENT.value,
        or_(here.claimed_by.is_(None), here.claimed_by == attempt.run_id),  # not one that another run is trying
    )
    waiting = select(here.form_id).where(here.state == SubmissionState.RECEIVED.value, ~is_stuck.exists()).distinct()
    forms = connection.scalars(waiting).all()
    if None in forms:
        return false()
    return here.form_id.not_in(forms) if forms else true()


def _stands(state: ColumnElement[str]) -> ColumnElement[bool]:
    """In force; said so that SQLite does not take the index of states, which leads to nearly every report there is."""
    return (state + literal("")).in_(sorted(IN_FORCE))


def _borne(connection: Connection, is_free: ColumnElement[bool]) -> pl.DataFrame:
    """``finding, file, other, figures_sha256, is_settled, is_closed, holds`` of present findings of reports in force;
    ``holds``: the partner is in force with the same figures."""
    here, finding, twin = tables.submission.c, tables.finding.c, tables.submission.alias("twin")
    same = (twin.c.form_id == here.form_id) & (twin.c.figures_sha256 == here.figures_sha256)
    query = (
        select(
            finding.id.label("finding"),
            here.id.label("file"),
            finding.other_submission_id.label("other"),
            here.figures_sha256,
            finding.settled_by,
            tables.period.c.closed_at,
            select(twin.c.id)
            .where(twin.c.id == finding.other_submission_id, same, _stands(twin.c.state))
            .scalar_subquery()
            .label("partner"),
        )
        .join_from(
            tables.finding,
            tables.submission,
            (here.id == finding.submission_id) & (here.attempt_id == finding.attempt_id),
        )
        .join(tables.period, tables.period.c.id == here.period_id)
        .where(finding.other_submission_id.is_not(None), _stands(here.state), is_free)
    )
    found = read_frame(connection, query)
    return found.select(
        "finding",
        *_PAIR,
        "figures_sha256",
        is_settled=pl.col("settled_by").is_not_null(),
        is_closed=pl.col("closed_at").is_not_null(),
        holds=pl.col("partner").is_not_null(),
    )


def _alike(connection: Connection, is_free: ColumnElement[bool], doubted: pl.Series) -> pl.DataFrame:
    """``id, unit_id, form_id, figures_sha256, attempt_id, is_closed, since`` of reports in force that have their form
    and figures in common with another one, where one of them waits to be compared or has ``doubted`` figures.

    ``since`` is the first submission of the report with these figures: a report that was sent once more with other
    words has not copied what was copied from it.
    """
    here, twin, version = (tables.submission.c, *(tables.submission.alias(name).c for name in ("twin", "version")))
    same = (twin.form_id == here.form_id) & (twin.figures_sha256 == here.figures_sha256)
    own = [version[name] == here[name] for name in ("figures_sha256", "unit_id", "period_id", "form_id")]
    query = (
        select(
            *[here[name] for name in ("id", "unit_id", "attempt_id", *_SAME)],
            tables.period.c.closed_at,
            select(func.min(version.id)).where(*own).scalar_subquery().label("since"),
        )
        .join_from(tables.submission, tables.period, tables.period.c.id == here.period_id)
        .where(
            _stands(here.state),
            is_free,
            select(twin.id).where(same, twin.id != here.id, _stands(twin.state)).exists(),
        )
    )
    asked = _waiting(is_free).correlate(None)
    parts = [read_frame(connection, query.where(here.figures_sha256.in_(asked)))]
    if len(doubted):
        parts.append(read_where_in(connection, query, here.figures_sha256, doubted))
    found = pl.concat(parts).unique("id").sort("id")
    return found.with_columns(is_closed=pl.col("closed_at").is_not_null()).drop("closed_at")


def _waiting(is_free: ColumnElement[bool]) -> Select[tuple[str]]:
    here = tables.submission.c
    return select(here.figures_sha256).where(_UNCOMPARED, _stands(here.state), is_free)


def _origins(connection: Connection, unit_ids: pl.Series) -> pl.DataFrame:
    """``unit_id, origin``: what each unit first was."""
    return selves(connection, unit_ids).group_by("unit_id").agg(origin=pl.col("self_id").last())


def _pairs(alike: pl.DataFrame) -> pl.DataFrame:
    """``file, attempt_id, is_closed, other``: the copies, each with what it was copied from."""
    ordered = alike.sort("since", "id")
    first = ordered.group_by(_SAME, maintain_order=True).agg(first=pl.first("id"), of=pl.first("origin"))
    others = ordered.join(first, on=_SAME, maintain_order="left").filter(pl.col("origin") != pl.col("of"))
    second = others.group_by(_SAME, maintain_order=True).agg(second=pl.first("id"))
    is_first = pl.col("origin") == pl.col("of")
    age = ordered.select(other="id", other_since="since")
    # the first report of all is the partner of every other unit's; the reports of its own unit have the second one
    return (
        ordered.join(first, on=_SAME)
        .join(second, on=_SAME)
        .with_columns(other=pl.when(is_first).then("second").otherwise("first"))
        .join(age, on="other")
        .filter(pl.col("other_since") < pl.col("since"))
        .select("attempt_id", "is_closed", "other", file="id")
    )


# ------------------------------------------------------------------------------------------------ in words


def _told(connection: Connection, pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs as :data:`domain.columns.COPIES`; the place is that of the first figure in the order of definitions."""
    reports = _reports(connection, pl.concat([pairs["file"], pairs["other"]]).unique())
    figures = _figures(connection, reports)
    first = figures.sort(_FIGURE).unique("file", keep="first", maintain_order=True)
    return (
        pairs.join(reports, on="file")
        .join(first, on="file", how="left")
        .join(_as_other(reports), on="other")
        .join(_as_other(figures, _FIGURE), on=["other", *_FIGURE], how="left")
        .select(pl.col(name).cast(getattr(pl, kind)) for name, kind in COPIES.items())
        .sort("file")
    )


def _as_other(frame: pl.DataFrame, kept: list[str] | None = None) -> pl.DataFrame:
    """The frame as it is said of the partner: ``unit`` becomes ``other_unit``, ``file`` becomes ``other``."""
    same = kept or []
    named = {name: "other" if name == "file" else f"other_{name}" for name in frame.columns if name not in same}
    return frame.rename(named)


def _reports(connection: Connection, ids: pl.Series) -> pl.DataFrame:
    """``file, form, form_version, media, unit, unit_name, period, period_id, name, figures``."""
    here = tables.submission.c
    query = (
        select(
            here.id.label("file"),
            tables.form.c.code.label("form"),
            here.form_version,
            tables.file.c.media,
            tables.unit.c.code.label("unit"),
            tables.unit.c.name.label("unit_name"),
            tables.period.c.code.label("period"),
            here.period_id,
            here.name,
            here.n_figures.label("figures"),
        )
        .join_from(tables.submission, tables.form, tables.form.c.id == here.form_id)
        .join(tables.file, tables.file.c.sha256 == here.file_sha256)
        .join(tables.unit, tables.unit.c.id == here.unit_id)
        .join(tables.period, tables.period.c.id == here.period_id)
    )
    return read_where_in(connection, query, here.id, ids)


def _figures(connection: Connection, reports: pl.DataFrame) -> pl.DataFrame:
    """``file, indicator_id, breakdown_id, sheet, cell`` of the figures that count for the comparison."""
    observation, place = tables.observation.c, tables.place.c
    query = (
        select(
            observation.submission_id.label("file"),
            observation.indicator_id,
            observation.breakdown_id,
            place.sheet,
            place.cell,
        )
        .join_from(tables.observation, tables.place, place.id == observation.place_id)
        .where(observation.recorded_to.is_(None), observation.value != 0)
    )
    parts = [read_frame(connection, query.where(observation.period_id.is_(None)))]
    for (period_id,), part in reports.group_by("period_id"):
        of_it = query.where(observation.period_id == period_id)
        parts.append(read_where_in(connection, of_it, observation.submission_id, part["file"]))
    return pl.concat(parts)


# ------------------------------------------------------------------------------------------------ writing


def _write(connection: Connection, told: pl.DataFrame, findings: pl.DataFrame) -> list[int]:
    """The findings of these pairs inserted; returns the submissions that got one."""
    rows = findings.join(told, on="file").unique("file", keep="first", maintain_order=True).sort("file")
    written = rows.rename({"file": "submission_id", "other": "other_submission_id"})
    insert_frame(connection, tables.finding, number_rows(connection, tables.finding, written))
    return rows["file"].to_list()


def _take_back(connection: Connection, gone: pl.DataFrame) -> list[int]:
    """The findings removed; returns the submissions that bore one."""
    if gone.height:
        finding = tables.finding
        connection.execute(delete(finding).where(finding.c.id.in_(gone["finding"].to_list())))
    return gone["file"].to_list()


def _mark(connection: Connection, is_free: ColumnElement[bool], open_pairs: pl.DataFrame, changed: list[int]) -> None:
    """Everything that can be compared is, but for what stands in a pair of which no finding tells yet."""
    here = tables.submission.c
    members = pl.concat([open_pairs["file"], open_pairs["other"]]).unique()
    query = select(here.id, here.compared_at).where(here.compared_at.is_(None))
    waits_on = read_where_in(connection, query, here.id, members)
    now = datetime.now(UTC)
    # one statement for the many that are done, then the few that are not: a batch of a whole country waits here
    connection.execute(
        update(tables.submission).where(_UNCOMPARED, _stands(here.state), is_free).values(compared_at=now)
    )
    anew = pl.DataFrame({"id": changed}, schema={"id": pl.Int64}).with_columns(compared_at=pl.lit(now, MOMENT))
    update_frame(connection, tables.submission, anew, ["id"])
    update_frame(connection, tables.submission, waits_on, ["id"])
