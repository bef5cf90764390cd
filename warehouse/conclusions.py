"""Conclusions of conferences: written down, followed up by acts and by reports, and read back as they stand.

Nothing that was said is rewritten. How a task stands is made of what is believed of it, in the order of the days it
speaks of: the last owner, the last due date, the last state. What an administrator closed stays closed until an
administrator opens it again: a report that was written on an older template does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Engine, FromClause, insert, select, update

from domain import clock
from domain.act import Act, ActRefusedError
from domain.clock import ZONE
from domain.columns import KNOWN_CONCLUSIONS
from domain.conclusion import CLOSED, STATE_WORDS, ConclusionState, Direction, Met, Speaker, judge_target
from domain.observation import ValueKind
from domain.parse import parse_figure
from domain.quantity import interval_of
from warehouse import tables
from warehouse.ancestry import heirs_on
from warehouse.bulk import MOMENT, insert_frame, next_id, number_rows, read_frame, read_where_in
from warehouse.engine import note_act, write
from warehouse.reporting import period_row
from warehouse.resolve import resolve
from warehouse.units import closure, selves, subtree, tree_on

_CLOSED = [state.value for state in CLOSED]

#: The order in which what was said of a task counts, the last last; the view mart_conclusion has the same.
_ORDER = ["conclusion_id", "said_of", "rank", "recorded_from", "id"]


@dataclass(frozen=True, slots=True)
class Task:
    """A task as a conference concluded it; ``owner`` is the number of a unit of the register."""

    number: int
    text: str
    owner_id: int | None = None
    due: date | None = None
    indicator: str | None = None
    target: float | None = None
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class Conference:
    """The conference tasks are concluded at: its code, the unit (its number in the register) and the day."""

    code: str
    unit_id: int
    held_on: date


@dataclass(frozen=True, slots=True)
class Update:
    """What an administrator says of a task as of a day; what is ``None`` is not spoken of."""

    said_of: date
    state: ConclusionState | None = None
    progress: str | None = None
    due: date | None = None
    owner_id: int | None = None


# ------------------------------------------------------------------------------------------------ writing


def conference_of(connection: Connection, code: str) -> Conference | None:
    """The conference of this code, however its letters are written; ``None`` while nothing is known of it.

    It was opened, or tasks were written down of one that was not. This is the one place that asks.
    """
    here, opened = tables.conclusion.c, tables.conference.c
    found = [
        *connection.execute(select(opened.code, opened.unit_id, opened.held_on)),
        *connection.execute(select(here.conference, here.unit_id, here.held_on).distinct()),
    ]
    for known, unit_id, held_on in found:
        if known.casefold() == code.casefold():
            return Conference(known, unit_id, held_on)
    return None


def unit_number(engine: Engine, code: str, valid_from: date) -> int:
    """The number of a unit of the register; raises ``LookupError`` for one that is not there."""
    unit = tables.unit.c
    with engine.connect() as connection:
        found = connection.scalar(select(unit.id).where(unit.code == code, unit.valid_from == valid_from))
    if found is None:
        raise LookupError(f"the register holds no unit {code} from {valid_from}")
    return int(found)


def unit_code(engine: Engine, number: int) -> str:
    """The code of a unit by its number."""
    with engine.connect() as connection:
        return str(connection.scalar(select(tables.unit.c.code).where(tables.unit.c.id == number)))


def tasks_of(connection: Connection, conference: str) -> pl.DataFrame:
    """The tasks of a conference as they stand, by number: :func:`standing` with ``owner_id`` and ``due``."""
    here = tables.conclusion
    return standing(connection, read_frame(connection, select(here).where(here.c.conference == conference)))


def put_tasks(engine: Engine, conference: Conference, tasks: Sequence[Task], *, who: str, reason: str) -> None:
    """Write down tasks that are new, and what of known ones is other than before; in one transaction.

    What a task does not say (``None``) stays as it is. Each task that is added or changed is a row of ``action``; an
    owner or due date that changes is a row of ``conclusion_progress``. Raises :class:`domain.act.ActRefusedError` when
    the conference is known with another unit or day.
    """
    now, said_of = datetime.now(ZONE), max(conference.held_on, clock.today())
    with write(engine) as connection:
        known = conference_of(connection, conference.code)
        if known is not None and known != conference:
            raise ActRefusedError(
                f"Hội nghị {known.code} đã ghi với đơn vị hoặc ngày khác ({known.held_on:%d/%m/%Y})",
                f"The conference {known.code} is written down with another unit or day ({known.held_on.isoformat()})",
            )
        there = {row["number"]: row for row in tasks_of(connection, conference.code).iter_rows(named=True)}
        for task in tasks:
            before = there.get(task.number)
            if before is None:
                _add(connection, conference, task, now, who, reason)
            else:
                _change(connection, conference, task, before, now, said_of, who, reason)


def _add(connection: Connection, conference: Conference, task: Task, now: datetime, who: str, reason: str) -> None:
    number = next_id(connection, tables.conclusion)
    connection.execute(
        insert(tables.conclusion).values(
            id=number,
            conference=conference.code,
            number=task.number,
            unit_id=conference.unit_id,
            held_on=conference.held_on,
            text=task.text,
            indicator=task.indicator,
            target=task.target,
            direction=task.direction.value if task.direction else None,
        )
    )
    first = Update(conference.held_on, ConclusionState.OPEN, None, task.due, task.owner_id)
    _say(connection, number, first, now, who, reason)
    _record(connection, Act.ADD_CONCLUSION, conference.unit_id, now, who, reason, None, _told(conference.code, task))


def _change(
    connection: Connection,
    conference: Conference,
    task: Task,
    before: dict[str, Any],
    now: datetime,
    said_of: date,
    who: str,
    reason: str,
) -> None:
    given = {"text": task.text, "indicator": task.indicator, "target": task.target, "direction": task.direction}
    said = {name: value for name, value in given.items() if value is not None and value != before[name]}
    owner = task.owner_id if task.owner_id != before["owner_id"] else None
    due = task.due if task.due != before["due"] else None
    if said:
        here = tables.conclusion
        connection.execute(update(here).where(here.c.id == before["id"]).values(**said))
    if owner is not None or due is not None:
        _say(connection, before["id"], Update(said_of, None, None, due, owner), now, who, reason)
    if said or owner is not None or due is not None:
        was = Task(
            before["number"], before["text"], before["owner_id"], before["due"], before["indicator"], before["target"],
            Direction(before["direction"]) if before["direction"] else None,
        )  # fmt: skip
        _record(
            connection, Act.CHANGE_CONCLUSION, conference.unit_id, now, who, reason,
            _told(conference.code, was), _told(conference.code, task),
        )  # fmt: skip


def _told(conference: str, task: Task) -> str:
    """A task as a row of ``action`` keeps it."""
    goal = f"{task.indicator} {task.direction} {task.target:g}" if task.direction and task.target is not None else None
    parts = (
        f"{conference} · {task.number}",
        task.text,
        f"owner_id {task.owner_id}" if task.owner_id is not None else None,
        f"due {task.due}" if task.due else None,
        goal or task.indicator,
    )
    return "; ".join(part for part in parts if part)


def say(engine: Engine, conference: str, number: int, said: Update, *, who: str, reason: str) -> None:
    """An administrator says how a task stands: a row of ``conclusion_progress``, and one of ``action``.

    Raises :class:`domain.act.ActRefusedError` for a task nobody wrote down, for a day before the conference, and when
    nothing is said that is not so already.
    """
    now = datetime.now(ZONE)
    with write(engine) as connection:
        rows = [row for row in tasks_of(connection, conference).iter_rows(named=True) if row["number"] == number]
        if not rows:
            raise ActRefusedError(
                f"Hội nghị {conference} không có nhiệm vụ số {number}; xem: tongket conference conclusions list",
                f"The conference {conference} has no task {number}; see: tongket conference conclusions list",
            )
        before = rows[0]
        if said.said_of < before["held_on"]:
            raise ActRefusedError(
                f"Ngày {said.said_of:%d/%m/%Y} trước ngày họp {before['held_on']:%d/%m/%Y}",
                f"{said.said_of.isoformat()} is before the conference of {before['held_on'].isoformat()}",
            )
        if _says_nothing(said, before):
            raise ActRefusedError(
                "Nhiệm vụ đã đúng như vậy, không có gì thay đổi", "The task stands so already; nothing changes"
            )
        _say(connection, before["id"], said, now, who, reason)
        now_so = (
            said.state or before["state"],
            before["owner_id"] if said.owner_id is None else said.owner_id,
            said.due or before["due"],
        )
        was = (before["state"], before["owner_id"], before["due"])
        texts = [
            "; ".join([f"{conference} · {number}", f"state {state}", f"owner_id {owner}", f"due {due}"])
            for state, owner, due in (was, now_so)
        ]
        _record(connection, Act.CHANGE_CONCLUSION, before["unit_id"], now, who, reason, texts[0], texts[1])


def _says_nothing(said: Update, before: dict[str, Any]) -> bool:
    """What only a report said so far is worth an administrator's word."""
    state = said.state.value if said.state else None
    is_new_state = state is not None and (state != before["state"] or state != before["decided"])
    is_new_due = said.due is not None and said.due != before["due"]
    is_new_owner = said.owner_id is not None and said.owner_id != before["owner_id"]
    return not (is_new_state or is_new_due or is_new_owner or said.progress)


def _say(connection: Connection, task: int, said: Update, now: datetime, who: str, reason: str) -> None:
    connection.execute(
        insert(tables.conclusion_progress).values(
            id=next_id(connection, tables.conclusion_progress),
            conclusion_id=task,
            speaker=Speaker.ACT.value,
            said_of=said.said_of,
            state=said.state.value if said.state else None,
            owner_id=said.owner_id,
            due=said.due,
            progress=said.progress,
            reason=reason,
            who=who,
            recorded_from=now,
        )
    )


def _record(
    connection: Connection,
    act: Act,
    unit_id: int,
    now: datetime,
    who: str,
    reason: str,
    before: str | None,
    after: str,
) -> None:
    values = {"at": now, "who": who, "what": act.value, "reason": reason, "unit_id": unit_id}
    connection.execute(
        insert(tables.action).values(
            id=next_id(connection, tables.action), before=before, after=after, second_person=None, **values
        )
    )
    note_act(connection, act.value)


# ------------------------------------------------------------------------------------------------ what reports say


def write_said(connection: Connection, passed: pl.DataFrame, rows: pl.DataFrame, now: datetime) -> None:
    """Write what reports say of tasks that concern them, inside the transaction that loads the reports.

    ``passed``: ``file, unit_id, period_id``; ``rows`` are those of the list with ``place_id``. Rows that say nothing,
    and rows on what is no task of the unit (a finding tells of them), are left out.
    """
    known = _concerning(connection, passed)
    if known.is_empty():
        return
    told = rows.with_columns(
        folded=_written("conference").str.to_uppercase(),
        number=_read("number").cast(pl.Float64).cast(pl.Int64, strict=False),
        said=_read("state"),
        progress=_written("progress"),
        original_text=_written("value"),
        value=_read("value").cast(pl.Float64),
    )
    spoken = told.with_columns(
        state=pl.when(pl.col("said").is_in([state.value for state in ConclusionState])).then("said")
    ).filter(pl.any_horizontal(pl.col("state", "progress", "original_text").is_not_null()))
    tasks = known.select("file", "conclusion_id", "speaker", "number", folded=pl.col("conference").str.to_uppercase())
    found = spoken.join(tasks, on=["file", "folded", "number"], maintain_order="left")
    dated = found.join(_last_days(connection, passed), on="file", maintain_order="left")
    bounded = dated.with_columns(_bounds(dated))
    written = bounded.select(
        "conclusion_id",
        "speaker",
        "said_of",
        "state",
        "progress",
        "value",
        "lower",
        "upper",
        "original_text",
        "place_id",
        submission_id="file",
        recorded_from=pl.lit(now, MOMENT),
    )
    insert_frame(connection, tables.conclusion_progress, number_rows(connection, tables.conclusion_progress, written))


def unsay(connection: Connection, submissions: pl.Series, now: datetime) -> None:
    """What these reports said of tasks is believed until now: they were superseded or withdrawn."""
    here = tables.conclusion_progress
    if connection.scalar(select(here.c.id).where(here.c.submission_id.is_not(None)).limit(1)) is None:
        return
    for some in submissions.to_frame("submission").iter_slices(1_000):
        own = here.c.submission_id.in_(some["submission"].to_list())
        connection.execute(update(here).where(own, here.c.recorded_to.is_(None)).values(recorded_to=now))


def _written(column: str) -> pl.Expr:
    text = pl.col("content").str.json_path_match(f"$['{column}']").str.strip_chars()
    return pl.when(text != "").then(text)


def _read(column: str) -> pl.Expr:
    return pl.col("read").str.json_path_match(f"$['{column}']")


def _last_days(connection: Connection, passed: pl.DataFrame) -> pl.DataFrame:
    period = tables.period.c
    days = read_where_in(
        connection,
        select(period.id.label("period_id"), period.last_day.label("said_of")),
        period.id,
        passed["period_id"].unique(),
    )
    return passed.select("file", "period_id").join(days, on="period_id").drop("period_id")


def _bounds(rows: pl.DataFrame) -> list[pl.Series]:
    """``lower`` and ``upper`` of the figures, by their words: "khoảng 8" may be less. Open ends are null."""
    pairs = [_interval(text, value) for text, value in rows.select("original_text", "value").iter_rows()]
    sides = zip(*pairs, strict=True) if pairs else ((), ())
    return [pl.Series(name, side, dtype=pl.Float64) for name, side in zip(("lower", "upper"), sides, strict=True)]


def _interval(text: str | None, value: float | None) -> tuple[float | None, float | None]:
    if value is None:
        return None, None
    qualifier = parse_figure(text or "", ValueKind.QUANTITY).qualifier
    found = interval_of(value, qualifier, integer=False, share=1.0)
    if found is None:
        return None, None
    return (found.low if math.isfinite(found.low) else None), (found.high if math.isfinite(found.high) else None)


# ------------------------------------------------------------------------------------------------ how tasks stand


def standing(
    connection: Connection, tasks: pl.DataFrame, *, moment: datetime | None = None, before: date | None = None
) -> pl.DataFrame:
    """The rows of ``conclusion`` with how each stands: ``state, owner_id, due, progress, value, lower, upper``, of the
    last word ``said_of, speaker, submission_id, place_id``, and ``decided``: the last state an administrator gave.

    With ``moment`` as it was believed then, with ``before`` by what was said of days before it.
    """
    here = tables.conclusion_progress
    said = read_where_in(connection, select(here), here.c.conclusion_id, tasks["id"].unique())
    believed = pl.col("recorded_to").is_null()
    if moment is not None:
        believed = (pl.col("recorded_from") <= moment) & (believed | (pl.col("recorded_to") > moment))
    spoken = said.filter(believed, pl.lit(value=True) if before is None else pl.col("said_of") < before)
    holds = pl.col("speaker") == Speaker.HOLDER.value
    ordered = spoken.with_columns(rank=pl.when(holds).then(0).otherwise(1)).sort(_ORDER)
    by_act = pl.col("state").filter(pl.col("speaker") == Speaker.ACT.value)
    last = ordered.group_by("conclusion_id").agg(
        *(pl.col(name).drop_nulls().last() for name in ("owner_id", "due", "progress")),
        *(pl.col(name).filter(pl.col("value").is_not_null()).last() for name in ("value", "lower", "upper")),
        *(pl.col(name).last() for name in ("said_of", "speaker", "submission_id", "place_id")),
        last_state=pl.col("state").drop_nulls().last(),
        decided=by_act.drop_nulls().last(),
    )
    state = pl.when(pl.col("decided").is_in(_CLOSED)).then("decided").otherwise("last_state")
    return (
        tasks.join(last, left_on="id", right_on="conclusion_id", how="left")
        .with_columns(state=state.fill_null(ConclusionState.OPEN.value))
        .drop("last_state")
        .sort("held_on", "conference", "number")
    )


def known_conclusions(engine: Engine, headers: pl.DataFrame) -> pl.DataFrame:
    """:data:`domain.columns.KNOWN_CONCLUSIONS` of the units of a batch; ``headers``: ``file, unit, period, form``."""
    with engine.connect() as connection:
        placed = resolve(connection, headers.select("file", "unit", "period", "form"))
        found = _concerning(connection, placed.drop_nulls(["unit_id", "period_id"]))
        # of a unit with units below it the total counts, which its own report does not hold
        above_others = pl.col("unit_id").is_in(_superiors(connection, placed["unit_id"]).implode())
        not_judged = found.join(placed.filter(above_others), on="file", how="semi").select("file").unique()
    alone = ~pl.col("file").is_in(not_judged["file"].implode())
    found = found.with_columns(pl.when(alone).then("target"), pl.when(alone).then("direction"))
    return found.select(pl.col(name).cast(getattr(pl, kind)) for name, kind in KNOWN_CONCLUSIONS.items())


def _superiors(connection: Connection, unit_ids: pl.Series) -> pl.Series:
    """Those of the units that have, or had, units below them."""
    here = tables.unit_above.c
    query = select(here.ancestor_id).where(here.steps > 0).distinct()
    return read_where_in(connection, query, here.ancestor_id, unit_ids.drop_nulls().unique())["ancestor_id"].cast(
        pl.Int64
    )


def to_report(engine: Engine, period: str, units: Sequence[str]) -> pl.DataFrame:
    """``unit, conference, number, text, due``: the tasks each unit is to report on for a period, as its owner or as the
    unit that held the conference: concluded before the end of the period and not closed before its start."""
    asked = pl.DataFrame({"unit": list(units)}, schema={"unit": pl.String}).with_row_index("file")
    headers = asked.with_columns(pl.col("file").cast(pl.Int64), period=pl.lit(period), form=pl.lit(None, pl.String))
    with engine.connect() as connection:
        placed = resolve(connection, headers).drop_nulls(["unit_id", "period_id"])
        found = _concerning(connection, placed)
    return found.filter("listed").select("unit", "conference", "number", "text", "due")


_NONE_KNOWN = {
    **{name: getattr(pl, kind) for name, kind in KNOWN_CONCLUSIONS.items()},
    "conclusion_id": pl.Int64,
    "unit": pl.String,
    "listed": pl.Boolean,
}


def _concerning(connection: Connection, placed: pl.DataFrame) -> pl.DataFrame:
    """The tasks that concern each report (``file, unit_id, period_id``): KNOWN_CONCLUSIONS with ``conclusion_id``, and
    ``listed``: the template of the period names it. A unit that was merged away is followed to its heir."""
    tasks = read_frame(connection, select(tables.conclusion))
    if tasks.is_empty() or placed.is_empty():
        return pl.DataFrame(schema=_NONE_KNOWN)
    period = tables.period.c
    windows = read_where_in(
        connection,
        select(period.id.label("period_id"), period.first_day, period.last_day),
        period.id,
        placed["period_id"].unique(),
    )
    now = standing(connection, tasks).rename({"id": "conclusion_id"})
    dated = placed.join(windows, on="period_id")
    parts = [
        _concerning_in(connection, part, tasks, now, first, last)
        for (first, last), part in dated.group_by("first_day", "last_day", maintain_order=True)
    ]
    return pl.concat([pl.DataFrame(schema=_NONE_KNOWN), *parts], how="diagonal_relaxed").select(list(_NONE_KNOWN))


def _concerning_in(
    connection: Connection, placed: pl.DataFrame, tasks: pl.DataFrame, now: pl.DataFrame, first: Any, last: Any
) -> pl.DataFrame:
    """:func:`_concerning` for reports of one window."""
    earlier = standing(connection, tasks, before=first).select("state", conclusion_id="id")
    closed_before = earlier.filter(pl.col("state").is_in(_CLOSED))["conclusion_id"]
    concluded = now.filter(pl.col("held_on") <= last)
    bound = _with_heirs(connection, concluded, last).with_columns(
        is_open=~pl.col("conclusion_id").is_in(closed_before.implode())
        & ~pl.col("decided").is_in(_CLOSED).fill_null(value=False)
    )
    sides = pl.concat(
        [
            bound.with_columns(bearer=pl.col("owner_heir"), speaker=pl.lit(Speaker.OWNER.value)),
            bound.with_columns(bearer=pl.col("unit_heir"), speaker=pl.lit(Speaker.HOLDER.value)),
        ]
    ).drop_nulls("bearer")
    was = selves(connection, sides["bearer"]).rename({"unit_id": "bearer", "self_id": "reporting"})
    reports = placed.with_columns(reporting=pl.col("unit_id").cast(pl.Int64)).drop("unit_id")
    found = sides.drop("unit_id").join(was, on="bearer").join(reports, on="reporting")
    single = found.unique(["file", "conclusion_id"], keep="first", maintain_order=True)
    asked = (pl.col("speaker") == Speaker.OWNER.value) | pl.col("owner_heir").is_null()
    return single.with_columns(expected=pl.col("is_open") & asked, listed=pl.col("is_open")).sort(
        "file", "held_on", "conference", "number"
    )


def _with_heirs(connection: Connection, tasks: pl.DataFrame, day: date) -> pl.DataFrame:
    """The tasks with ``owner_heir`` and ``unit_heir``: who the owner and the unit that met are on a day."""
    named = pl.concat([tasks["owner_id"].cast(pl.Int64), tasks["unit_id"].cast(pl.Int64)])
    heirs = heirs_on(connection, named, day)
    for side in ("owner", "unit"):
        mine = heirs.select(pl.col("unit_id").alias(f"{side}_id"), pl.col("heir_id").alias(f"{side}_heir"))
        tasks = tasks.join(mine, on=f"{side}_id", how="left", maintain_order="left")
    return tasks


# ------------------------------------------------------------------------------------------------ read back


def end_of(day: date) -> datetime:
    """The last moment of a day where the offices are."""
    return datetime.combine(day, time.max, ZONE).astimezone(UTC)


def follow_up(
    engine: Engine,
    *,
    conference: str | None = None,
    unit: str | None = None,
    as_of: date | None = None,
    periods: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Every task with how it stands, by the day of the conference, its code and number.

    ``conference, held_on, unit, unit_name`` (that met; ``unit_now``: the code of what it is on the day), ``number,
    text, owner, owner_name`` (on the day: who the owner was merged into), ``named, named_name`` (the owner as named,
    where that is another), ``due, overdue, indicator, target, direction, state, progress, said, said_of, speaker,
    submission_id, sheet, cell``; of the linked indicator ``value, lower, upper, qualifier, period`` as the owner's
    report has it for the latest period that ends after the conference (of ``periods``, when given), and ``met``.
    ``said`` is the figure that was stated with the progress; without a report that has the indicator it is judged.
    ``asks``: what is missing, comma-separated: ``owner, due, heir``.

    ``unit`` means tasks owned or concluded by it or by what is below it. With ``as_of`` as it was believed at the end
    of that day, and overdue by it.
    """
    day = clock.today() if as_of is None else as_of
    with engine.connect() as connection:
        here = tables.conclusion
        query = select(here) if conference is None else select(here).where(here.c.conference == conference)
        told = _followed(connection, read_frame(connection, query), as_of)
        if unit is not None:
            below = subtree(tree_on(connection, day), unit)["unit"].to_list() or [unit]
            told = told.filter(pl.any_horizontal(pl.col("owner", "unit", "unit_now", "named").is_in(below)))
        return _with_figures(connection, told, as_of, periods).select(list(FOLLOW_UP))


def _followed(connection: Connection, tasks: pl.DataFrame, as_of: date | None) -> pl.DataFrame:
    """Tasks that were known on the day, with how they stood and who answers for them."""
    day, moment = (clock.today(), None) if as_of is None else (as_of, end_of(as_of))
    known = standing(connection, tasks, moment=moment).filter(pl.col("said_of").is_not_null())
    return _in_words(connection, _with_heirs(connection, known, day), day)


#: What :func:`follow_up` answers with.
FOLLOW_UP = (
    "conference", "held_on", "unit", "unit_name", "unit_now", "number", "text", "owner", "owner_name", "named",
    "named_name", "due", "overdue", "state", "indicator", "target", "direction", "value", "lower", "upper",
    "qualifier", "period", "met", "progress", "said", "said_of", "speaker", "submission_id", "sheet", "cell", "asks",
)  # fmt: skip


def _in_words(connection: Connection, tasks: pl.DataFrame, day: date) -> pl.DataFrame:
    """Codes and names of the units, places of the last word, and what is still to be asked for."""
    unit, place = tables.unit.c, tables.place.c
    named = {"owner_heir": "owner", "owner_id": "named", "unit_id": "unit", "unit_heir": "unit_now"}
    ids = pl.concat([tasks[name].cast(pl.Int64) for name in named]).drop_nulls().unique()
    names = read_where_in(connection, select(unit.id, unit.code, unit.name), unit.id, ids)
    for column, word in named.items():
        words = names.rename({"id": column, "code": word, "name": f"{word}_name"}).cast({column: pl.Int64})
        tasks = tasks.with_columns(pl.col(column).cast(pl.Int64)).join(words, on=column, how="left")
    places = read_where_in(
        connection,
        select(place.id.label("place_id"), place.sheet, place.cell),
        place.id,
        tasks["place_id"].drop_nulls().unique(),
    )
    is_open = ~pl.col("state").is_in(_CLOSED)
    went_apart = pl.col("owner_id").is_not_null() & pl.col("owner_heir").is_null()
    asks = {"owner": pl.col("owner_id").is_null(), "due": pl.col("due").is_null(), "heir": went_apart}
    moved = pl.col("owner_id").ne_missing(pl.col("owner_heir"))
    return (
        tasks.join(places, on="place_id", how="left")
        .with_columns(
            pl.when(moved).then("named").alias("named"),
            pl.when(moved).then("named_name").alias("named_name"),
            overdue=is_open & (pl.col("due") < day).fill_null(value=False),
            asks=pl.concat_str(
                [pl.when(missing & is_open).then(pl.lit(what)) for what, missing in asks.items()],
                separator=",",
                ignore_nulls=True,
            ),
            said="value",
            said_low="lower",
            said_high="upper",
        )
        .drop("value", "lower", "upper")
    )


def _with_figures(
    connection: Connection, tasks: pl.DataFrame, as_of: date | None, periods: Sequence[str] | None
) -> pl.DataFrame:
    """The tasks with the figure of the linked indicator, and whether the target is met."""
    figures = _figures(connection, tasks, end_of(as_of) if as_of else None, periods)
    both = tasks.join(figures, left_on="id", right_on="task", how="left")
    known = pl.col("value").is_not_null()
    columns = ("known", "value", "lower", "upper", "said", "said_low", "said_high", "direction", "target")
    met = [_met(*row) for row in both.with_columns(known=known).select(columns).iter_rows()]
    return both.with_columns(met=pl.Series(met, dtype=pl.String)).sort("held_on", "conference", "number")


def _met(
    known: bool,
    value: float | None,
    lower: float | None,
    upper: float | None,
    said: float | None,
    said_low: float | None,
    said_high: float | None,
    direction: str | None,
    target: float | None,
) -> str | None:
    """Null without a target."""
    if direction is None or target is None:
        return None
    low, high = (lower, upper) if known else (said_low, said_high)
    if (value if known else said) is None:
        return Met.NOT_KNOWN.value
    bounds = -math.inf if low is None else low, math.inf if high is None else high
    return judge_target(*bounds, Direction(direction), target).value


_FIGURE = {
    "task": pl.Int64,
    "value": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "qualifier": pl.String,
    "period": pl.String,
}


def _figures(
    connection: Connection, tasks: pl.DataFrame, moment: datetime | None, periods: Sequence[str] | None
) -> pl.DataFrame:
    """``task, value, lower, upper, qualifier, period``: the figure of the linked indicator, of the whole, that the
    owner (or its heir; without one the unit that met) reported for the latest period ending on or after the conference.
    Of an owner with units below it the total, never its own part alone; where there is no total, no figure. Totals of a
    past moment are not asked: such an owner has no figure then.
    """
    bearer = pl.coalesce("owner_heir", "owner_id", "unit_heir", "unit_id").cast(pl.Int64)
    asked = tasks.filter(pl.col("indicator").is_not_null()).select("held_on", "indicator", task="id", bearer=bearer)
    if asked.is_empty():
        return pl.DataFrame(schema=_FIGURE)
    was = selves(connection, asked["bearer"]).rename({"unit_id": "bearer", "self_id": "unit_id"})
    former = tasks.select(task="id", unit_id=pl.col("owner_id").cast(pl.Int64)).drop_nulls()
    bearers = pl.concat([asked.join(was, on="bearer").select("task", "unit_id"), former]).unique()
    parts = [
        _stated(connection, source, bearers["unit_id"].unique(), asked["indicator"].unique().to_list(), moment)
        for source in _sources(moment)
    ]
    filed = bearers.join(pl.concat(parts), on="unit_id").join(asked, on=["task", "indicator"])
    superiors = asked.filter(pl.col("bearer").is_in(_superiors(connection, asked["bearer"]).implode()))
    totals = superiors.join(_totals(connection, superiors, moment), on=["bearer", "indicator"])
    found = pl.concat([filed.join(superiors, on="task", how="anti"), totals], how="diagonal_relaxed")
    within = pl.lit(value=True) if periods is None else pl.col("period").is_in(list(periods))
    return (
        found.filter(pl.col("last_day") >= pl.col("held_on"), within, pl.col("value").is_not_null())
        .sort("last_day", "first_day", descending=[False, True])
        .unique("task", keep="last", maintain_order=True)
        .select(list(_FIGURE))
        .cast(pl.Schema(_FIGURE))
    )


def _totals(connection: Connection, superiors: pl.DataFrame, moment: datetime | None) -> pl.DataFrame:
    """``bearer, indicator, period, first_day, last_day, value, lower, upper, qualifier``: the totals that stand."""
    mart, period, unit = tables.mart_roll_up.c, tables.period.c, tables.unit.c
    codes = read_where_in(connection, select(unit.id.label("bearer"), unit.code), unit.id, superiors["bearer"].unique())
    query = (
        select(
            mart.unit.label("code"),
            mart.indicator,
            mart.period,
            period.first_day,
            period.last_day,
            mart.value,
            mart.lower,
            mart.upper,
            mart.qualifier,
        )
        .join_from(tables.mart_roll_up, tables.period, period.code == mart.period)
        .where(mart.breakdown == "", mart.indicator.in_(superiors["indicator"].unique().to_list()))
    )
    # what was said on a day that is over was said of other totals than those that stand
    asked = codes["code"] if moment is None or moment > datetime.now(ZONE) else codes["code"].clear()
    found = read_where_in(connection, query, mart.unit, asked)
    return found.join(codes.cast({"bearer": pl.Int64}), on="code").drop("code")


def _sources(moment: datetime | None) -> list[FromClause]:
    return [tables.observation] if moment is None else [tables.observation, tables.observation_past]


def _stated(
    connection: Connection, source: FromClause, unit_ids: pl.Series, indicators: list[str], moment: datetime | None
) -> pl.DataFrame:
    """Figures of the whole that these units reported, by reports: the key of observations begins with the period."""
    here, period, figure = tables.submission.c, tables.period.c, source.c
    believed: ColumnElement[bool] = figure.recorded_to.is_(None)
    if moment is not None:
        believed = (figure.recorded_from <= moment) & (believed | (figure.recorded_to > moment))
    query = (
        select(
            here.unit_id,
            tables.indicator.c.code.label("indicator"),
            period.code.label("period"),
            period.first_day,
            period.last_day,
            figure.value,
            figure.lower,
            figure.upper,
            tables.manner.c.qualifier,
        )
        .join_from(tables.submission, tables.period, period.id == here.period_id)
        .join(source, (figure.period_id == here.period_id) & (figure.submission_id == here.id))
        .join(tables.indicator, tables.indicator.c.id == figure.indicator_id)
        .join(tables.breakdown, tables.breakdown.c.id == figure.breakdown_id)
        .join(tables.manner, tables.manner.c.id == figure.manner_id)
        .where(tables.breakdown.c.code == "", tables.indicator.c.code.in_(indicators), believed)
    )
    found = read_where_in(connection, query, here.unit_id, unit_ids)
    return found.with_columns(pl.col("unit_id").cast(pl.Int64))


def counted(engine: Engine, unit: str | None = None) -> dict[str, int]:
    """``open, overdue, incomplete``: how many tasks stand so today."""
    here = tables.conclusion.c
    with engine.connect() as connection:
        if connection.scalar(select(here.id).limit(1)) is None:
            return dict.fromkeys(("open", "overdue", "incomplete"), 0)
    rows = follow_up(engine, unit=unit).filter(~pl.col("state").is_in(_CLOSED))
    return {
        "open": rows.height,
        "overdue": int(rows["overdue"].sum()),
        "incomplete": rows.filter(pl.col("asks") != "").height,
    }


def told(engine: Engine, conference: str, number: int) -> pl.DataFrame:
    """Everything that was ever said of a task, in the order it was written down: ``recorded_from, recorded_to, speaker,
    said_of, state, owner, owner_name, due, progress, original_text, reason, who, submission_id, file_name, sheet,
    cell``."""
    said, here, unit = tables.conclusion_progress.c, tables.conclusion.c, tables.unit.c
    query = (
        select(
            said.recorded_from, said.recorded_to, said.speaker, said.said_of, said.state, unit.code.label("owner"),
            unit.name.label("owner_name"), said.due, said.progress, said.original_text, said.reason, said.who,
            said.submission_id, tables.submission.c.name.label("file_name"), tables.place.c.sheet, tables.place.c.cell,
        )
        .join_from(tables.conclusion_progress, tables.conclusion, here.id == said.conclusion_id)
        .outerjoin(tables.unit, unit.id == said.owner_id)
        .outerjoin(tables.submission, tables.submission.c.id == said.submission_id)
        .outerjoin(tables.place, tables.place.c.id == said.place_id)
        .where(here.conference == conference, here.number == number)
        .order_by(said.recorded_from, said.id)
    )  # fmt: skip
    with engine.connect() as connection:
        return read_frame(connection, query)


# ------------------------------------------------------------------------------------------------ for a freeze


#: The frame "conclusions" of a frozen conference, column by column.
_FROZEN = {
    "conference": pl.String, "held_on": pl.Date, "number": pl.Int64, "text": pl.String, "owner": pl.String,
    "owner_name": pl.String, "due": pl.Date, "indicator": pl.String, "target": pl.Float64, "state": pl.String,
    "state_vi": pl.String, "state_en": pl.String, "overdue": pl.Boolean, "progress": pl.String, "value": pl.Float64,
    "direction": pl.String, "met": pl.String,
}  # fmt: skip


def conclusions_frame(
    engine: Engine, unit: str, periods: Sequence[str], as_of: date, before: date | None = None
) -> pl.DataFrame:
    """The tasks of conferences that the unit and those above it held before the day ``before`` (``as_of`` unless
    given), as believed at the end of ``as_of``: the frame "conclusions" of a frozen conference, in its order.

    Who stands above whom, and what a unit that met has become, is asked of the last day of ``periods``. ``value``: of a
    linked indicator the owner's figure of the latest of ``periods`` that has one, otherwise the figure that was stated
    with the progress. The owner is the heir on ``as_of``; where it went apart, the one that was named. Raises
    :class:`warehouse.reporting.UnknownPeriodError`, and ``ValueError`` without periods.
    """
    here = tables.conclusion
    with engine.connect() as connection:
        day = max(period_row(connection, period)["last_day"] for period in periods)
        tree = tree_on(connection, day)
        above = closure(tree).filter(pl.col("unit") == unit).select(unit="ancestor")
        bearers = tree.join(above, on="unit", how="semi")["unit_id"].cast(pl.Int64)
        tasks = read_frame(connection, select(here).where(here.c.held_on < (before or as_of)))
        heirs = heirs_on(connection, tasks["unit_id"], day).filter(pl.col("heir_id").is_in(bearers.implode()))
        mine = tasks.cast({"unit_id": pl.Int64}).join(heirs, on="unit_id", how="semi")
        rows = _with_figures(connection, _followed(connection, mine, as_of), as_of, periods)
    words = {state.value: said for state, said in STATE_WORDS.items()}
    state_vi, state_en = (
        pl.col("state").replace_strict({code: said[n] for code, said in words.items()}, return_dtype=pl.String)
        for n in (0, 1)
    )
    return rows.with_columns(
        pl.coalesce("owner", "named").alias("owner"),
        pl.coalesce("owner_name", "named_name").alias("owner_name"),
        pl.coalesce("value", "said").alias("value"),
        state_vi=state_vi,
        state_en=state_en,
    ).select(pl.col(name).cast(kind) for name, kind in _FROZEN.items())
