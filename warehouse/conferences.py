"""Conferences as rows: opened, listed, frozen once, and read back as they were frozen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations
from typing import Any, Protocol

import polars as pl
from sqlalchemy import Connection, Engine, Row, func, select, update

from domain.act import Act, ActRefusedError
from domain.conference import ConferenceKind, ConferenceState
from domain.names import nfc
from domain.period import Window
from warehouse import tables
from warehouse.acts import record_conference
from warehouse.bulk import insert_frame, next_id, read_frame
from warehouse.engine import write

#: What a conference may be called: also the name of a folder, in any system of files.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,79}")

_LONGEST_TITLE = 300

#: How conferences are called unless somebody calls them otherwise.
_KINDS = {ConferenceKind.INTERIM: ("SK", "Hội nghị sơ kết"), ConferenceKind.FINAL: ("TK", "Hội nghị tổng kết")}

#: The frame whose rows are kept as rows, to be asked in SQL.
FIGURES = "figures"


@dataclass(frozen=True, slots=True)
class Conference:
    """A conference without its frames; ``periods`` in their order of time. ``unit`` is the code of ``unit_id``."""

    id: int
    code: str
    kind: str
    title: str
    unit_id: int
    unit: str
    unit_name: str
    periods: tuple[str, ...]
    held_on: date
    state: str
    opened_at: datetime
    opened_by: str
    frozen_at: datetime | None
    frozen_by: str | None
    hash: str | None
    override_reason: str | None

    @property
    def is_frozen(self) -> bool:
        return self.state == ConferenceState.FROZEN


class SealedPart(Protocol):
    """A frame with its seal; ``content`` is ``None`` where the rows themselves are kept."""

    @property
    def frame(self) -> str: ...
    @property
    def fields(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def content(self) -> bytes | None: ...


# ------------------------------------------------------------------------------------------------ opening


def open_conference(
    engine: Engine,
    *,
    unit: str,
    periods: Sequence[str],
    kind: ConferenceKind,
    held_on: date,
    who: str,
    title: str | None = None,
    code: str | None = None,
) -> Conference:
    """Open a conference of ``unit`` and all units below it on these periods.

    Without ``code`` it is called by its unit, last period and kind. Refused: periods that are unknown, named twice or
    that share days (their figures could not stand beside each other as parts of one whole); a unit that does not live
    on the last day of the last of them; a day before that period begins; a code that is taken.
    """
    with write(engine) as connection:
        windows = _windows(connection, periods)
        last = windows[-1]
        if held_on < last.first_day:
            raise ActRefusedError(
                f"Ngày họp {held_on:%d/%m/%Y} trước ngày đầu của kỳ {last.code} ({last.first_day:%d/%m/%Y})",
                f"The day {held_on} is before the period {last.code} begins ({last.first_day})",
            )
        holder = _holder(connection, unit, last)
        name = _title(title, kind, windows, holder)
        values = {
            "id": next_id(connection, tables.conference),
            "code": _code(connection, code, f"{unit}-{last.code}-{_KINDS[kind][0]}"),
            "unit_id": holder.id,
            "kind": kind.value,
            "title": name,
            "held_on": held_on,
            "state": ConferenceState.OPEN.value,
            "opened_at": datetime.now(UTC),
        }
        _refuse_other(connection, str(values["code"]), holder, held_on)
        told = json.dumps({"conference": values["code"], "periods": [item.code for item in windows]})
        who = record_conference(
            connection, Act.OPEN_CONFERENCE, holder.id, who=who, reason=name, before=None, after=told
        )[0]
        connection.execute(tables.conference.insert().values(**values, opened_by=who))
        links = [{"conference_id": values["id"], "period_id": item.id} for item in windows]
        connection.execute(tables.conference_period.insert(), links)
        return conference(connection, str(values["code"]))


def _refuse_other(connection: Connection, code: str, holder: Row[Any], held_on: date) -> None:
    """Conclusions may be written down before their conference is opened here; it must be the same one."""
    here = tables.conclusion.c
    named = connection.execute(select(here.conference, here.unit_id, here.held_on).distinct())
    other = [row for row in named if row.conference.casefold() == code.casefold()]
    if any((row.unit_id, row.held_on) != (holder.id, held_on) for row in other):
        raise ActRefusedError(
            f"Đã ghi kết luận của một hội nghị mang mã {code}, của đơn vị hoặc ngày khác; chọn mã khác bằng --code",
            f"Conclusions of a conference {code} of another unit or day are written down; choose another with --code",
        )


def _windows(connection: Connection, codes: Sequence[str]) -> list[Row[Any]]:
    """The periods in the order of time."""
    period = tables.period.c
    rows = connection.execute(
        select(tables.period).where(period.code.in_(list(codes))).order_by(period.last_day, period.first_day)
    ).all()
    known = {row.code for row in rows}
    if not codes or (unknown := [code for code in codes if code not in known]):
        named = ", ".join(unknown) if codes else "–"
        raise ActRefusedError(f"Không có kỳ {named}", f"There is no period {named}")
    if len(set(codes)) < len(codes):
        raise ActRefusedError("Một kỳ được nêu hai lần", "A period is named twice")
    for one, other in combinations(rows, 2):
        if Window(one.first_day, one.last_day).overlaps(Window(other.first_day, other.last_day)):
            raise ActRefusedError(
                f"Kỳ {one.code} và kỳ {other.code} có ngày chung: số liệu sẽ tính hai lần; chỉ nêu một kỳ",
                f"The periods {one.code} and {other.code} share days: figures would count twice; name one of them",
            )
    return list(rows)


def _holder(connection: Connection, code: str, last: Row[Any]) -> Row[Any]:
    unit = tables.unit.c
    query = select(tables.unit).where(
        unit.code == code,
        unit.valid_from <= last.last_day,
        unit.valid_to.is_(None) | (unit.valid_to >= last.last_day),
    )
    found = connection.execute(query).first()
    if found is None:
        raise ActRefusedError(
            f"Không đơn vị nào mang mã {code} vào ngày cuối kỳ {last.code} ({last.last_day:%d/%m/%Y});"
            " xem: tongket units list",
            f"No unit bears the code {code} on the last day of {last.code} ({last.last_day}); see: tongket units list",
        )
    return found


def _title(given: str | None, kind: ConferenceKind, windows: Sequence[Row[Any]], holder: Row[Any]) -> str:
    labels = ", ".join(row.label_vi[:1].lower() + row.label_vi[1:] for row in windows)
    title = " ".join(nfc(given or f"{_KINDS[kind][1]} {labels} · {holder.name}").split())
    if len(title) > _LONGEST_TITLE:
        raise ActRefusedError(
            f"Tên hội nghị dài {len(title)} ký tự; nhiều nhất {_LONGEST_TITLE}",
            f"The title has {len(title)} characters; {_LONGEST_TITLE} at most",
        )
    return title


def _code(connection: Connection, given: str | None, usual: str) -> str:
    """The code asked for, or the usual one with the number that is free. Codes that differ in their case alone would
    share a folder on some systems."""
    taken = {code.casefold() for code in connection.scalars(select(tables.conference.c.code))}
    if given is None:
        numbered = (f"{usual}-{number}" for number in range(2, len(taken) + 3))
        return usual if usual.casefold() not in taken else next(c for c in numbered if c.casefold() not in taken)
    if not _CODE.fullmatch(given):
        raise ActRefusedError(
            f"Mã hội nghị {given!r} chỉ gồm chữ không dấu, chữ số và . _ @ -, nhiều nhất 80 ký tự",
            f"The code {given!r} must be of plain letters, digits and . _ @ -, 80 at most",
        )
    if given.casefold() in taken:
        raise ActRefusedError(
            f"Mã hội nghị {given} đã dùng; chọn mã khác", f"The code {given} is taken; choose another"
        )
    return given


# ------------------------------------------------------------------------------------------------ reading


def conferences(engine: Engine) -> list[Conference]:
    """All conferences in the order they were opened."""
    with engine.connect() as connection:
        return _read(connection)


def conference(connection: Connection, code: str) -> Conference:
    """The conference with this code; refused when there is none."""
    found = [item for item in _read(connection) if item.code == code]
    if not found:
        raise ActRefusedError(
            f"Không có hội nghị {code}; xem: tongket conference list",
            f"There is no conference {code}; see: tongket conference list",
        )
    return found[0]


def frozen_conference(connection: Connection, code: str) -> Conference:
    """:func:`conference`; refused while its figures are not frozen."""
    found = conference(connection, code)
    if not found.is_frozen:
        raise ActRefusedError(
            f"Hội nghị {code} chưa chốt số liệu; chốt bằng: tongket conference freeze {code}",
            f"The figures of {code} are not frozen; freeze them: tongket conference freeze {code}",
        )
    return found


def open_one(connection: Connection, code: str) -> Conference:
    """:func:`conference`; refused when it is frozen: what was read out once is never replaced."""
    found = conference(connection, code)
    if found.is_frozen:
        raise ActRefusedError(
            f"Hội nghị {code} đã chốt số liệu, không chốt lại được; mở hội nghị khác cho số liệu mới",
            f"The figures of {code} are frozen and never frozen again; open another conference for newer ones",
        )
    return found


def _read(connection: Connection) -> list[Conference]:
    here, unit, period, link = tables.conference.c, tables.unit.c, tables.period.c, tables.conference_period.c
    heads = select(*here, unit.code.label("unit"), unit.name.label("unit_name")).join(
        tables.unit, unit.id == here.unit_id
    )
    spans = (
        select(link.conference_id, period.code)
        .join(tables.period, period.id == link.period_id)
        .order_by(period.last_day, period.first_day)
    )
    periods: dict[int, list[str]] = {}
    for row in connection.execute(spans):
        periods.setdefault(row.conference_id, []).append(row.code)
    return [
        Conference(**row, periods=tuple(periods.get(row["id"], ())))
        for row in connection.execute(heads.order_by(here.id)).mappings()
    ]


# ------------------------------------------------------------------------------------------------ freezing


def keep(
    connection: Connection,
    held: Conference,
    parts: Iterable[SealedPart],
    figures: pl.DataFrame,
    *,
    digest: str,
    moment: datetime,
    who: str,
    reason: str,
    overridden: str | None,
) -> None:
    """Write what a conference is frozen with, and shut it; inside :func:`warehouse.engine.write`.

    ``overridden``: what was open although it was to be frozen, in words; then ``reason`` says why.
    """
    rows = [
        {name: getattr(part, name) for name in ("frame", "fields", "rows", "sha256", "content")}
        | {"conference_id": held.id}
        for part in parts
    ]
    connection.execute(tables.conference_part.insert(), rows)
    insert_frame(connection, tables.conference_figure, figures.with_columns(conference_id=pl.lit(held.id, pl.Int64)))
    told = json.dumps({"conference": held.code, "hash": digest})
    if overridden is not None:
        record_conference(
            connection, Act.OVERRIDE_FREEZE, held.unit_id, who=who, reason=reason, before=overridden, after=told
        )
    signed = record_conference(
        connection, Act.FREEZE_CONFERENCE, held.unit_id, who=who, reason=reason, before=held.state, after=told
    )
    here = tables.conference.c
    connection.execute(
        update(tables.conference)
        .where(here.id == held.id)
        .values(
            state=ConferenceState.FROZEN.value,
            frozen_at=moment,
            frozen_by=signed[0],
            hash=digest,
            override_reason=None if overridden is None else signed[1],
        )
    )


def kept_parts(connection: Connection, held: Conference) -> list[dict[str, Any]]:
    """``frame, fields, rows, sha256, content`` of each part that is kept."""
    part = tables.conference_part.c
    names = ("frame", "fields", "rows", "sha256", "content")
    query = select(*[part[name] for name in names]).where(part.conference_id == held.id).order_by(part.frame)
    return [dict(row) for row in connection.execute(query).mappings()]


def kept_figures(connection: Connection, held: Conference) -> pl.DataFrame:
    """The rows of the frame ``figures``."""
    figure = tables.conference_figure.c
    columns = [column for column in figure if column.name != "conference_id"]
    return read_frame(connection, select(*columns).where(figure.conference_id == held.id))


def count_kept(connection: Connection, held: Conference) -> int:
    """How many figures are kept."""
    figure = tables.conference_figure.c
    query = select(func.count()).select_from(tables.conference_figure).where(figure.conference_id == held.id)
    return int(connection.scalar(query) or 0)
