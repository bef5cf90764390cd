"""Reports whose figures are all those of another unit's report: found by their hashes once all are in force."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import ColumnElement, Connection, Engine, Select, literal, select, text, update

from domain.columns import COPIES
from domain.finding import SettledBy, Severity
from domain.submission import IN_FORCE
from domain.unit import EventKind, EventShare
from warehouse import tables
from warehouse.bulk import insert_frame, number_rows, read_frame, read_where_in, update_frame
from warehouse.engine import write
from warehouse.waivers import in_force_on, recount

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

#: As the index says it, word for word: SQLite takes a partial index only then.
_UNCOMPARED = text("compared_at IS NULL AND figures_sha256 IS NOT NULL")

_SAME = ["form_id", "figures_sha256"]

_FIGURE = ["indicator_id", "breakdown_id"]

#: Renamed or moved under another superior a unit stays itself; merged or split it does not.
_WHOLE = (EventKind.RENAME.value, EventKind.REPARENT.value)


def uncompared(engine: Engine) -> bool:
    """Whether a report in force waits to be compared."""
    with engine.connect() as connection:
        return connection.execute(_waiting().limit(1)).first() is not None


def to_compare(engine: Engine) -> pl.DataFrame:
    """Pairs of reports in force with the same figures of different units: :data:`domain.columns.COPIES`, a row a copy.

    Of reports that were not compared yet and those with the same form and hash of figures, whatever their period: the
    one taken in later is the copy, its partner the first of another unit. A unit is the same through renamings and
    changes of superior. A report that bears the finding already is left out.
    """
    with engine.connect() as connection:
        return _told(connection, _pairs(connection))


def add_findings(engine: Engine, run_id: str, pairs: pl.DataFrame, findings: pl.DataFrame) -> None:
    """Write the findings on ``pairs`` down and mark what was compared, in one transaction that can be repeated.

    ``findings`` is a frame of :data:`domain.columns.FINDINGS`, one a copy; a waiver in force settles its finding. Pairs
    of which a report is in force no longer are left out, and reports for which another partner turned up since
    :func:`to_compare` wait for the next comparison. ``run_id`` is the run that compared; it must be known.
    """
    with write(engine) as connection:
        _refuse_unknown(connection, run_id)
        now = _pairs(connection)
        told = now.join(pairs.select("file", "other"), on=["file", "other"], how="semi")
        untold = now.join(told, on="file", how="anti")
        added = _write(connection, told, findings)
        recount(connection, added)
        _mark(connection, pl.concat([untold["file"], untold["other"]]))


def _refuse_unknown(connection: Connection, run_id: str) -> None:
    if connection.scalar(select(tables.run.c.id).where(tables.run.c.id == run_id)) is None:
        raise LookupError(f"there is no run {run_id}")


# ------------------------------------------------------------------------------------------------ pairs


def _waiting() -> Select[tuple[int]]:
    here = tables.submission.c
    return select(here.id).where(_UNCOMPARED, _stands(here.state))


def _stands(state: ColumnElement[str]) -> ColumnElement[bool]:
    """In force; said so that SQLite does not take the index of states, which leads to nearly every report there is."""
    return (state + literal("")).in_(sorted(IN_FORCE))


def _pairs(connection: Connection) -> pl.DataFrame:
    """``file, attempt_id, other``: copies that do not bear the finding yet, each with what it was copied from."""
    alike = read_frame(connection, _alike()).join(_origins(connection), on="unit_id", how="left")
    own = pl.coalesce("origin_id", "unit_id")
    ordered = alike.with_columns(origin=own).sort("id")
    first = ordered.group_by(_SAME, maintain_order=True).agg(first=pl.col("id").first(), of=pl.col("origin").first())
    others = ordered.join(first, on=_SAME).filter(pl.col("origin") != pl.col("of"))
    second = others.group_by(_SAME, maintain_order=True).agg(second=pl.col("id").first())
    # the first report of all is the partner of every other unit's; the reports of its own unit have the second one
    return (
        ordered.join(first, on=_SAME)
        .join(second, on=_SAME)
        .with_columns(other=pl.when(pl.col("origin") == pl.col("of")).then("second").otherwise("first"))
        .filter(pl.col("other") < pl.col("id"))
        .join(_found_before(connection, ordered["id"]), on=["id", "attempt_id"], how="anti")
        .select("attempt_id", "other", file="id")
        .sort("file")
    )


def _alike() -> Select[tuple[int, int, int, str, int]]:
    """Reports in force that have their form and figures in common with another one, where one of them waits."""
    here, twin = tables.submission.c, tables.submission.alias("twin").c
    same = (twin.form_id == here.form_id) & (twin.figures_sha256 == here.figures_sha256)
    asked = select(here.figures_sha256).where(_UNCOMPARED, _stands(here.state))
    return select(here.id, here.unit_id, here.form_id, here.figures_sha256, here.attempt_id).where(
        here.figures_sha256.in_(asked.correlate(None)),
        _stands(here.state),
        select(twin.id).where(same, twin.id != here.id, _stands(twin.state)).exists(),
    )


def _origins(connection: Connection) -> pl.DataFrame:
    """``unit_id, origin_id``: what each unit first was, of those that were renamed or moved whole."""
    event = tables.unit_event.c
    steps = read_frame(
        connection,
        select(event.new_unit_id.label("unit_id"), event.old_unit_id.label("origin_id")).where(
            event.kind.in_(_WHOLE), event.share == EventShare.FULL.value
        ),
    ).unique("unit_id", keep="first", maintain_order=True)
    earlier = steps.select(origin_id="unit_id", before="origin_id")
    origins = steps
    for _ in range(steps.height):
        further = origins.join(earlier, on="origin_id", how="left", maintain_order="left")
        if further["before"].null_count() == further.height:
            break
        origins = further.select("unit_id", origin_id=pl.coalesce("before", "origin_id"))
    return origins


def _found_before(connection: Connection, submission_ids: pl.Series) -> pl.DataFrame:
    """``id, attempt_id`` of the attempts that bear such a finding."""
    finding = tables.finding.c
    query = select(finding.submission_id.label("id"), finding.attempt_id).where(
        finding.other_submission_id.is_not(None)
    )
    return read_where_in(connection, query, finding.submission_id, submission_ids).unique()


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
    rows = findings.join(told, on="file").unique("file", keep="first", maintain_order=True)
    settled = _waived(connection, rows)
    rows = rows.drop("settled_by", "explanation").join(settled, on="file", how="left").sort("file")
    written = rows.rename({"file": "submission_id", "other": "other_submission_id"})
    insert_frame(connection, tables.finding, number_rows(connection, tables.finding, written))
    return rows["file"].to_list()


def _waived(connection: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """``file, settled_by, explanation`` of the findings that a waiver in force speaks of."""
    here = tables.submission.c
    key = [here.unit_id, here.period_id, here.form_id]
    placed = read_where_in(connection, select(here.id.label("file"), *key), here.id, rows["file"])
    today = datetime.now(_ZONE).date()
    waivers = in_force_on(connection, placed["period_id"].unique(), today).filter(~pl.col("is_override"))
    warnings = rows.filter(pl.col("severity") == Severity.WARNING.value).select(
        "file", "rule", field=pl.col("field").fill_null(""), item=pl.col("item").fill_null(0).cast(pl.Int64)
    )
    same_place = (pl.col("field_right") == "") | (
        (pl.col("field_right") == pl.col("field")) & (pl.col("item_right") == pl.col("item"))
    )
    return (
        warnings.join(placed, on="file")
        .join(waivers, on=["unit_id", "period_id", "form_id", "rule"])
        .filter(same_place)
        .select("file", settled_by=pl.lit(SettledBy.WAIVER.value), explanation="reason")
        .unique("file", keep="first", maintain_order=True)
    )


def _mark(connection: Connection, untold: pl.Series) -> None:
    """Everything that waits is compared, but for what stands in a pair that nobody has told of yet."""
    here = tables.submission.c
    query = select(here.id, here.compared_at).where(here.compared_at.is_(None))
    waits_on = read_where_in(connection, query, here.id, untold.unique())
    # one statement for the many that are done, then the few that are not: a batch of a whole country waits here
    connection.execute(
        update(tables.submission).where(_UNCOMPARED, _stands(here.state)).values(compared_at=datetime.now(UTC))
    )
    update_frame(connection, tables.submission, waits_on, ["id"])
