"""Writing the figures, list rows and paragraphs of submissions that passed."""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from domain.conclusion import PROGRESS_LIST
from warehouse import tables
from warehouse.bulk import MOMENT, insert_frame, number_rows, polars_type, read_frame, read_where_in
from warehouse.conclusions import unsay, write_said
from warehouse.schema import Moment

_MANNER = ["qualifier", "status", "basis", "scope", "derived"]


class UnknownIndicatorError(ValueError):
    """Figures were given for indicators the registry does not hold."""


class RepeatedFigureError(ValueError):
    """A submission gives one figure twice: the same indicator with the same breakdown."""


def write_facts(
    connection: Connection,
    passed: pl.DataFrame,
    observations: pl.DataFrame,
    list_rows: pl.DataFrame,
    narratives: pl.DataFrame,
    now: datetime,
) -> int:
    """Write what the submissions in ``passed`` (``file, unit_id, period_id``) say; returns the number of figures.

    Rows of other submissions are left out: what was rejected reaches no total.
    """
    count = _write_observations(connection, passed, observations, now)
    _write_lists(connection, list_rows.join(passed, on="file", how="semi"))
    _write_progress(connection, passed, list_rows, now)
    _write_narratives(connection, narratives.join(passed, on="file", how="semi"))
    return count


def end_belief(connection: Connection, submissions: pl.DataFrame, now: datetime) -> None:
    """Figures of these (``period_id, submission_id``) are believed until now; what ended before stays so."""
    observation = tables.observation.c
    statement = (
        update(tables.observation)
        .where(
            observation.period_id == bindparam("k_period"),
            observation.submission_id == bindparam("k_submission"),
            observation.recorded_to.is_(None),
        )
        .values(recorded_to=bindparam("now", type_=Moment))
    )
    rows = [{"k_period": p, "k_submission": s, "now": now} for p, s in submissions.iter_rows()]
    if rows:
        connection.execute(statement, rows)
        unsay(connection, submissions["submission_id"], now)


def set_aside(connection: Connection, period_id: int, submission_id: int) -> None:
    """Make room for a second writing of what a submission says: its figures, which must not be believed any more, go
    to the figures of the past; its list rows and paragraphs, which have no past, are dropped."""
    observation = tables.observation
    own = (observation.c.period_id == period_id) & (observation.c.submission_id == submission_id)
    names = [column.name for column in observation.c]
    connection.execute(
        insert(tables.observation_past).from_select(
            names, select(observation).where(own, observation.c.recorded_to.is_not(None))
        )
    )
    connection.execute(delete(observation).where(own, observation.c.recorded_to.is_not(None)))
    for table in (*tables.LIST_TABLES.values(), tables.list_item, tables.narrative):
        connection.execute(delete(table).where(table.c.submission_id == submission_id))


# ------------------------------------------------------------------------------------------------ figures


def _write_observations(connection: Connection, passed: pl.DataFrame, observations: pl.DataFrame, now: datetime) -> int:
    figures = observations.join(passed.select("file", "unit_id", "period_id"), on="file")
    if figures.is_empty():
        return 0
    figures = figures.join(_indicators(connection, figures), on="indicator")
    figures = _coded(connection, tables.breakdown, figures, {"breakdown": "code"})
    figures = _coded(connection, tables.manner, figures, {name: name for name in _MANNER})
    figures = _placed(connection, figures)
    rows = figures.select(
        "period_id",
        "indicator_id",
        "breakdown_id",
        "unit_id",
        "manner_id",
        "value",
        "lower",
        "upper",
        "numerator",
        "denominator",
        "place_id",
        "original_text",
        "note",
        submission_id="file",
        recorded_from=pl.lit(now, MOMENT),
    ).sort("period_id", "submission_id", "indicator_id", "breakdown_id")
    _refuse_repeated(rows, figures)
    return insert_frame(connection, tables.observation, rows)


def _indicators(connection: Connection, figures: pl.DataFrame) -> pl.DataFrame:
    indicator = tables.indicator.c
    known = read_frame(connection, select(indicator.code.label("indicator"), indicator.id.label("indicator_id")))
    unknown = figures.select("indicator").unique().join(known, on="indicator", how="anti")
    if unknown.height:
        raise UnknownIndicatorError(f"the registry holds no {', '.join(sorted(unknown['indicator']))}")
    return known


def _refuse_repeated(rows: pl.DataFrame, figures: pl.DataFrame) -> None:
    key = ["period_id", "submission_id", "indicator_id", "breakdown_id"]
    twice = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in key)
    repeated = rows.filter(twice)
    if repeated.height:
        first = repeated.row(0, named=True)
        code = figures.filter(pl.col("indicator_id") == first["indicator_id"])["indicator"][0]
        raise RepeatedFigureError(
            f"{repeated.height} figures stand twice, the first: submission {first['submission_id']}, {code}"
        )


def _coded(connection: Connection, table: Table, frame: pl.DataFrame, columns: dict[str, str]) -> pl.DataFrame:
    """The frame with ``<table>_id`` for its words; words met for the first time get a number."""
    names = list(columns)
    wanted = frame.select(names).unique().rename(columns)
    here = list(wanted.columns)
    known = read_frame(connection, select(table.c.id, *[table.c[name] for name in here]))
    fresh = wanted.join(known, on=here, how="anti").sort(here)
    numbered = number_rows(connection, table, fresh)
    insert_frame(connection, table, numbered)
    codes = pl.concat([known, numbered.select(known.columns)]).rename(
        {"id": f"{table.name}_id", **{there: name for name, there in columns.items()}}
    )
    return frame.join(codes, on=names, how="left", maintain_order="left")


def _placed(connection: Connection, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with ``place_id``; null where no cell is known."""
    known = frame.with_columns(pl.col("sheet").fill_null("")).filter(pl.col("cell").is_not_null())
    wanted = known.select("sheet", "cell").unique()
    place = tables.place.c
    there = read_where_in(connection, select(place.id, place.sheet, place.cell), place.cell, wanted["cell"].unique())
    fresh = wanted.join(there, on=["sheet", "cell"], how="anti").sort("sheet", "cell")
    numbered = number_rows(connection, tables.place, fresh)
    insert_frame(connection, tables.place, numbered)
    codes = pl.concat([there, numbered.select(there.columns)]).rename({"id": "place_id"})
    return frame.with_columns(pl.col("sheet").fill_null("")).join(
        codes, on=["sheet", "cell"], how="left", maintain_order="left"
    )


# ------------------------------------------------------------------------------------------------ lists and paragraphs


def _write_lists(connection: Connection, list_rows: pl.DataFrame) -> None:
    if list_rows.is_empty():
        return
    rows = _placed(connection, list_rows).rename({"file": "submission_id"})
    for code, table in tables.LIST_TABLES.items():
        own = rows.filter(pl.col("list") == code)
        insert_frame(connection, table, _picked(table, own))
    others = rows.filter(~pl.col("list").is_in(list(tables.LIST_TABLES)))
    insert_frame(
        connection, tables.list_item, others.select("submission_id", "list", "item", "key", "content", "place_id")
    )


def _write_progress(connection: Connection, passed: pl.DataFrame, list_rows: pl.DataFrame, now: datetime) -> None:
    """What the reports say of conclusions of earlier conferences."""
    rows = list_rows.filter(pl.col("list") == PROGRESS_LIST).join(passed.select("file"), on="file", how="semi")
    if not rows.is_empty():
        write_said(connection, passed, _placed(connection, rows), now)


def _picked(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of the list's own table: figures and codes as they were read, the rest in the unit's words."""
    shared = ["submission_id", "item", "key", "content", "place_id"]
    own = [column for column in table.c if column.name not in shared]
    return rows.select(
        *shared,
        *(_taken(column.name, polars_type(column.type)) for column in own),
    )


def _taken(name: str, kind: pl.DataType) -> pl.Expr:
    """A figure nobody could read is null: its words stand in ``content``, and no number is made of them."""
    read, said = (pl.col(source).str.json_path_match(f"$['{name}']") for source in ("read", "content"))
    return (read.cast(kind) if kind == pl.Float64 else pl.coalesce(read, said)).alias(name)


def _write_narratives(connection: Connection, narratives: pl.DataFrame) -> None:
    if narratives.is_empty():
        return
    rows = _placed(connection, narratives).select("section", "body", "place_id", submission_id="file")
    insert_frame(connection, tables.narrative, rows)
