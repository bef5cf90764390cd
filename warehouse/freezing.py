"""What a conference is frozen from: the state of the warehouse about a unit and all below it, as frames of words.

Everything is read on the caller's connection, all of one moment; no number of a row is in what is given, and no moment
but those that are facts. A code of a unit is read as it was on the last day of the period it stands beside.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Select, String, func, literal, select

from domain.observation import CellStatus
from domain.submission import IN_FORCE, SubmissionState
from domain.unit import EventKind
from warehouse import tables
from warehouse.bulk import read_frame, read_where_in
from warehouse.changes import TOTALS_MADE_BY
from warehouse.conferences import Conference
from warehouse.history import in_words
from warehouse.registry import setting
from warehouse.reporting import stale_totals, status_on
from warehouse.units import depth_first, subtree, tree_on

#: Why a filed figure has no value: nothing was there, or words instead of a number (hầu hết, nhiều).
NOTHING_FILED, WORDS_FILED = "missing", "in_words"

_KEY = ["period", "unit", "form", "indicator", "breakdown"]

_NUMBERS = ["value", "lower", "upper", "numerator", "denominator"]

_ABSENT = {
    **dict.fromkeys(("reported", "expected"), pl.Int64),
    **dict.fromkeys(("sheet", "cell"), pl.String),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What a conference is about. ``periods``: ``id, code, first_day, last_day, label_vi, label_en, closed_at`` in
    their order of time; ``units``: ``unit_id, unit, name, kind, parent, depth`` from the unit of the conference down,
    each before what is below it.

    The units are those of the last day of the last period, and those that lived since the first period began and whose
    code nobody bears by then; what answered to a superior that ended answers to what that one went into.
    """

    connection: Connection
    conference: Conference
    periods: pl.DataFrame
    units: pl.DataFrame

    @property
    def codes(self) -> pl.Series:
        return self.units["unit"]

    @property
    def period_codes(self) -> list[str]:
        return self.periods["code"].to_list()


def ground_of(connection: Connection, held: Conference) -> Ground:
    period = tables.period.c
    names = ("id", "code", "first_day", "last_day", "label_vi", "label_en", "closed_at")
    query = select(*[period[name] for name in names]).where(period.code.in_(held.periods))
    periods = read_frame(connection, query.order_by(period.last_day, period.first_day))
    first, last = (periods[name] for name in ("first_day", "last_day"))
    tree = subtree(tree_on(connection, _day(last.max()), _day(first.min())), held.unit)
    top = int(tree.filter(pl.col("unit") == held.unit)["depth"].item())
    is_top = pl.col("unit") == held.unit
    below = tree.with_columns(pl.col("depth") - top, parent=pl.when(~is_top).then("parent"))
    return Ground(connection, held, periods, depth_first(below))


def _day(value: Any) -> date:
    assert isinstance(value, date)
    return value


# ------------------------------------------------------------------------------------------------ who and when


def units_of(ground: Ground) -> pl.DataFrame:
    kind = tables.unit_kind.c
    labels = read_frame(
        ground.connection,
        select(kind.code.label("kind"), kind.label_vi.label("kind_vi"), kind.label_en.label("kind_en")),
    )
    return ground.units.join(labels, on="kind", how="left", maintain_order="left").with_row_index("sort")


def periods_of(ground: Ground) -> pl.DataFrame:
    return ground.periods.select(
        "label_vi",
        "label_en",
        period="code",
        starts="first_day",
        ends="last_day",
        closed=pl.col("closed_at").is_not_null(),
    )


def reports_of(ground: Ground) -> pl.DataFrame:
    """Every report that was owed or sent: the state is that of the version that counts, ``sha256`` the file whose
    figures stand."""
    boards = [status_on(ground.connection, code).with_columns(period=pl.lit(code)) for code in ground.period_codes]
    rows = pl.concat(boards).filter(pl.col("unit").is_in(ground.codes.implode()))
    # of two units that bore one code in the period, the one that owes the report speaks for it
    first = rows.sort("is_expected", "is_in_force", "submission_id", descending=True, nulls_last=True)
    single = first.unique(["period", "unit", "form"], keep="first", maintain_order=True)
    return single.select(
        "period",
        "unit",
        "form",
        "state",
        "due",
        "version",
        owed="is_expected",
        received="received_at",
        late="is_late",
        sha256="in_force_sha256",
        criticals=pl.col("n_critical").fill_null(0),
        warnings=pl.col("n_warning").fill_null(0),
        waived=pl.col("n_waived").fill_null(0) + pl.col("n_overridden").fill_null(0),
    )


# ------------------------------------------------------------------------------------------------ figures


def figures_of(ground: Ground) -> pl.DataFrame:
    """Totals of the units above others, and what each unit itself filed."""
    rows = pl.concat([_totals(ground), _filed(ground)])
    parts = [pl.col("period"), pl.col("unit"), pl.col("form"), pl.col("indicator")]
    named = pl.concat_str(parts, separator="/")
    broken_down = pl.concat_str([named, pl.col("breakdown")], separator="/")
    return rows.with_columns(trace=pl.when(pl.col("breakdown") == "").then(named).otherwise(broken_down))


def _totals(ground: Ground) -> pl.DataFrame:
    mart = tables.mart_roll_up.c
    names = [*_KEY, *_NUMBERS, "qualifier", "reported", "expected", "source", "note"]
    query = select(*[mart[name] for name in names]).where(mart.period.in_(ground.period_codes))
    rows = read_where_in(ground.connection, query, mart.unit, ground.codes)
    absent = [pl.lit(None, pl.String).alias(name) for name in ("sheet", "cell")]
    return _in_order(rows.with_columns(*absent, level=pl.lit("total")))


def _filed(ground: Ground) -> pl.DataFrame:
    """Figures in force of the units themselves, each with the cell it stands in."""
    connection, reports = ground.connection, in_force(ground)
    observation, manner, place = tables.observation.c, tables.manner.c, tables.place.c
    numbers = ["submission_id", "indicator_id", "breakdown_id", "manner_id", "place_id", *_NUMBERS]
    query = select(*[observation[name] for name in numbers]).where(observation.recorded_to.is_(None))
    parts = [
        read_where_in(connection, query.where(observation.period_id == period_id), observation.submission_id, some)
        for period_id, some in zip(ground.periods["id"], _by_period(ground, reports), strict=True)
    ]
    manners = read_frame(
        connection, select(manner.id.label("manner_id"), manner.qualifier, manner.status, manner.scope, manner.derived)
    )
    places = read_frame(connection, select(place.id.label("place_id"), place.sheet, place.cell))
    words = in_words(connection, pl.concat(parts)).join(reports, on="submission_id")
    rows = words.join(manners, on="manner_id").join(places, on="place_id", how="left")
    is_missing = pl.col("status") == CellStatus.MISSING.value
    note = pl.when(is_missing).then(pl.lit(NOTHING_FILED)).otherwise(pl.lit(WORDS_FILED))
    source = pl.when("derived").then(pl.lit("derived")).otherwise("scope")
    absent = [pl.lit(None, pl.Int64).alias(name) for name in ("reported", "expected")]
    told = rows.with_columns(
        *absent, level=pl.lit("filed"), source=source, note=pl.when(pl.col("value").is_null()).then(note)
    )
    # two units that bore one code may both have filed: that is refused before anything is frozen (filed_twice)
    return _in_order(told.sort("submission_id").unique(_KEY, keep="last"))


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    names = [*_KEY, "level", *_NUMBERS, "qualifier", "reported", "expected", "source", "note", "sheet", "cell"]
    return rows.select(names)


def _by_period(ground: Ground, reports: pl.DataFrame) -> list[pl.Series]:
    return [reports.filter(pl.col("period") == code)["submission_id"] for code in ground.period_codes]


def in_force(ground: Ground) -> pl.DataFrame:
    """``submission_id, period, unit, form`` of the reports whose figures stand."""
    here = tables.submission.c
    query = (
        select(
            here.id.label("submission_id"),
            tables.period.c.code.label("period"),
            tables.unit.c.code.label("unit"),
            tables.form.c.code.label("form"),
        )
        .join_from(tables.submission, tables.unit, tables.unit.c.id == here.unit_id)
        .join(tables.period, tables.period.c.id == here.period_id)
        .join(tables.form, tables.form.c.id == here.form_id)
        .where(here.period_id.in_(ground.periods["id"].to_list()), here.state.in_(sorted(IN_FORCE)))
    )
    return read_where_in(ground.connection, query, tables.unit.c.code, ground.codes)


def changes_of(ground: Ground) -> pl.DataFrame:
    """The comparisons with the year before, without the moment they were made at."""
    mart = tables.mart_year_on_year.c
    columns = [column for column in mart if column.name != "refreshed_at"]
    query = select(*columns).where(mart.period.in_(ground.period_codes))
    return read_where_in(ground.connection, query, mart.unit, ground.codes)


# ------------------------------------------------------------------------------------------------ words


def indicators_of(ground: Ground, used: pl.Series) -> pl.DataFrame:
    """What is in use now, and what the figures are of besides."""
    indicator = tables.indicator.c
    names = ("label_vi", "label_en", "measure_vi", "measure_en", "kind", "nature", "over_units")
    more = ("numerator", "denominator", "is_current")
    query = select(indicator.code.label("indicator"), *[indicator[name] for name in (*names, *more)])
    rows = read_frame(ground.connection, query)
    return rows.filter(pl.col("is_current") | pl.col("indicator").is_in(used.unique().implode()))


def narratives_of(ground: Ground) -> pl.DataFrame:
    """``period, unit, form, section, body``."""
    reports, narrative = in_force(ground), tables.narrative.c
    query = select(narrative.submission_id, narrative.section, narrative.body)
    found = read_where_in(ground.connection, query, narrative.submission_id, reports["submission_id"])
    rows = found.join(reports, on="submission_id").sort("submission_id")
    return rows.unique(["period", "unit", "form", "section"], keep="last")


def lists_of(ground: Ground) -> pl.DataFrame:
    """``period, unit, form, list, item, content``: rows of all lists, each as JSON with its keys in order."""
    reports = in_force(ground)
    queries = [_list(table, code) for code, table in tables.LIST_TABLES.items()]
    rest = tables.list_item.c
    every = [*queries, select(rest.submission_id, rest.list, rest.item, rest.content)]
    found = pl.concat(
        [
            read_where_in(ground.connection, query, query.selected_columns["submission_id"], reports["submission_id"])
            for query in every
        ]
    )
    rows = found.join(reports, on="submission_id").sort("submission_id")
    # no expression sorts the keys of JSON; a list has few rows beside the figures
    content = pl.col("content").map_elements(_keys_sorted, return_dtype=pl.String)
    return rows.unique(["period", "unit", "form", "list", "item"], keep="last").with_columns(content)


def _list(table: Any, code: str) -> Select[Any]:
    label: ColumnElement[str] = literal(code, String).label("list")
    return select(table.c.submission_id, label, table.c.item, table.c.content)


def _keys_sorted(content: str) -> str:
    return json.dumps(json.loads(content), ensure_ascii=False, sort_keys=True)


def versions_of(ground: Ground) -> dict[str, str]:
    """Fingerprints of the definitions, of the part of the register the conference is about, and of the way totals are
    made."""
    return {
        "definitions": setting(ground.connection, "catalog_fingerprint") or "",
        "register": _register(ground),
        "totals": setting(ground.connection, TOTALS_MADE_BY) or "",
    }


def _register(ground: Ground) -> str:
    unit, event = tables.unit.c, tables.unit_event.c
    names = ("code", "valid_from", "valid_to", "name", "kind", "parent_code")
    query = select(unit.id, *[unit[name] for name in names])
    units = read_where_in(ground.connection, query, unit.code, ground.codes)
    events = read_frame(
        ground.connection,
        select(event.kind, event.day, event.old_unit_id, event.new_unit_id, event.share, event.document),
    )
    keys = pl.concat_str([pl.col("code"), pl.col("valid_from").cast(pl.String)], separator=" ")
    bearers = units.select("id", key=keys)
    joined = (
        events.join(bearers.rename({"id": "old_unit_id", "key": "old"}), on="old_unit_id", how="left")
        .join(bearers.rename({"id": "new_unit_id", "key": "new"}), on="new_unit_id", how="left")
        .filter(pl.col("old").is_not_null() | pl.col("new").is_not_null())
        .drop("old_unit_id", "new_unit_id")
    )
    return hashlib.sha256("\n".join([*_lines(units.drop("id")), *_lines(joined)]).encode()).hexdigest()


def _lines(frame: pl.DataFrame) -> list[str]:
    cells = [pl.col(name).cast(pl.String).fill_null("") for name in frame.columns]
    line = pl.concat_str(cells, separator="\x1f")
    return sorted(frame.select(line.alias("line"))["line"].to_list())


# ------------------------------------------------------------------------------------------------ what stands around


def stale_of(ground: Ground, bases: Sequence[str]) -> list[tuple[str, str]]:
    """Period and form whose totals are not those of the reports; ``bases`` are periods the others are compared with."""
    return stale_totals(ground.connection, [*ground.period_codes, *bases])


def filed_twice(ground: Ground) -> list[str]:
    """Codes of units of which two reports for one period and form are in force: one code, two units."""
    reports = in_force(ground)
    return sorted(reports.filter(pl.struct("period", "unit", "form").is_duplicated())["unit"].unique())


def merged_within(ground: Ground) -> list[str]:
    """``OLD → NEW`` of units that went into another within a period for which both have a report in force: their days
    may be told twice, once by the unit that ended and once by its heir."""
    event, period = tables.unit_event.c, tables.period.c
    old, new = tables.unit.alias("old"), tables.unit.alias("new")
    before, after = tables.submission.alias("before"), tables.submission.alias("after")
    counts = sorted(IN_FORCE)
    query = (
        select(old.c.code.label("unit"), new.c.code.label("heir"))
        .join_from(tables.unit_event, old, old.c.id == event.old_unit_id)
        .join(new, new.c.id == event.new_unit_id)
        .join(before, before.c.unit_id == old.c.id)
        .join(
            after,
            (after.c.unit_id == new.c.id)
            & (after.c.period_id == before.c.period_id)
            & (after.c.form_id == before.c.form_id),
        )
        .join(tables.period, period.id == before.c.period_id)
        .where(
            before.c.state.in_(counts),
            after.c.state.in_(counts),
            event.kind == EventKind.MERGE.value,  # of a unit that was renamed the report sent last counts
            period.code.in_(ground.period_codes),
            event.day > period.first_day,
            event.day <= period.last_day,
        )
        .distinct()
    )
    found = read_where_in(ground.connection, query, old.c.code, ground.codes)
    return sorted(found.select(pair=pl.format("{} → {}", "unit", "heir"))["pair"])


def moved(ground: Ground) -> list[str]:
    """Periods on whose last day the code of the conference's unit was borne by another unit, or by none."""
    unit, held = tables.unit.c, ground.conference
    rows = read_frame(
        ground.connection, select(unit.id, unit.valid_from, unit.valid_to).where(unit.code == held.unit)
    ).filter(pl.col("id") == held.unit_id)
    lives = pl.lit(rows["valid_from"][0]) <= pl.col("last_day")
    return ground.periods.filter(~lives)["code"].to_list()


def unread(ground: Ground) -> int:
    """Files nobody has looked into yet, which may be of any period."""
    here = tables.submission.c
    query = select(func.count()).where(
        here.state == SubmissionState.RECEIVED.value, here.unit_id.is_(None) | here.period_id.is_(None)
    )
    return int(ground.connection.scalar(query) or 0)


def unplaced(ground: Ground) -> int:
    """Files that failed, name a unit and period of the conference and could not be placed, where nothing else of that
    unit stands."""
    here = tables.submission.c
    query = select(here.stated_unit.label("unit"), here.stated_period.label("period")).where(
        here.state.in_([SubmissionState.REJECTED.value, SubmissionState.UNREADABLE.value]),
        here.version.is_(None),
        here.stated_period.in_(ground.period_codes),
    )
    found = read_where_in(ground.connection, query, here.stated_unit, ground.codes)
    return found.join(in_force(ground), on=["unit", "period"], how="anti").height
