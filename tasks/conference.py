"""Conferences: opened, looked over, frozen in one transaction, and read back years later as they were."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from catalog import Catalog
from conference.frozen import SCHEMAS, Frozen, empty
from conference.readiness import Readiness, Surroundings, readiness
from conference.sealing import DamagedPartError, Sealed, as_today, hash_of, intact, opened, seal
from domain.act import ActRefusedError
from domain.conference import ConferenceKind
from tasks import log
from tasks.conference_frames import base_periods, board_frames, frames_of, surroundings
from tasks.store import ensure_periods
from tasks.totals import refresh_totals
from warehouse import conferences, freezing, leases, queries
from warehouse.conferences import FIGURES, Conference, conference, frozen_conference
from warehouse.engine import Engine, snapshot, write


@dataclass(frozen=True, slots=True)
class Asked:
    """A conference that is to be opened."""

    unit: str
    periods: tuple[str, ...]
    kind: ConferenceKind
    held_on: date
    title: str | None = None
    code: str | None = None


def open_conference(engine: Engine, catalog: Catalog, asked: Asked, *, who: str) -> Conference:
    """Open it; periods that nobody has reported yet come into the warehouse with it."""
    ensure_periods(engine, catalog, asked.periods)
    return conferences.open_conference(
        engine,
        unit=asked.unit,
        periods=asked.periods,
        kind=asked.kind,
        held_on=asked.held_on,
        who=who,
        title=asked.title,
        code=asked.code,
    )


def board(engine: Engine, catalog: Catalog, code: str) -> tuple[Conference, Readiness]:
    """The conference, and whether it could be frozen now; of a frozen one, what its board was when it was."""
    runs = _runs(engine)
    with snapshot(engine) as connection:
        held = conference(connection, code)
        if not held.is_frozen:
            ground = freezing.ground_of(connection, held)
            open_periods = _open(engine, [*ground.period_codes, *base_periods(ground, catalog)])
            return held, _readiness(ground, catalog, runs, open_periods)
    return held, readiness(frozen_of(engine, code).frames, Surroundings())


def _runs(engine: Engine) -> int:
    return sum(run.is_alive for run in leases.running_now(engine))


def _open(engine: Engine, periods: Collection[str]) -> frozenset[str]:
    return frozenset(periods) - queries.closed_periods(engine, periods)


def _readiness(ground: freezing.Ground, catalog: Catalog, runs: int, outdated: Collection[str] = ()) -> Readiness:
    return readiness(board_frames(ground), surroundings(ground, catalog, runs, outdated))


# ------------------------------------------------------------------------------------------------ freezing


def freeze(
    engine: Engine, catalog: Catalog, code: str, *, who: str, reason: str | None = None, override: bool = False
) -> Conference:
    """Freeze the figures of a conference: everything it is held from, as it is at one moment, in one transaction.

    Totals that are older than their reports are computed anew first. Nothing else is written while the frames are made,
    so none of them can speak of another moment than the others. Refused while something critical is open, unless
    ``override`` says with its ``reason`` that those reports are to be left out; what would make the figures contradict
    one another cannot be overridden. Killed at any moment it leaves the conference open.
    """
    if override and not (reason or "").strip():
        raise ActRefusedError("--override phải có --reason: ghi vì sao vẫn chốt", "--override needs --reason: say why")
    _refresh(engine, catalog, code)
    runs = _runs(engine)
    with write(engine) as connection:
        held = conferences.open_one(connection, code)
        moment = datetime.now(UTC)
        ground = freezing.ground_of(connection, held)
        found = _readiness(ground, catalog, runs)
        _refuse(held, found, override=override)
        frames = frames_of(ground, catalog)
        parts = [seal(name, frame, keep=name != FIGURES) for name, frame in frames.items()]
        digest = hash_of({part.frame: part.sha256 for part in parts})
        conferences.keep(
            connection,
            held,
            parts,
            frames[FIGURES],
            digest=digest,
            moment=moment,
            who=who,
            reason=reason or held.title,
            overridden="; ".join(item.vi for item in found.obstacles) or None,
        )
        frozen = conference(connection, code)
    log.tell("conference.frozen", conference=code, period=", ".join(frozen.periods), hash=frozen.hash)
    return frozen


def _refresh(engine: Engine, catalog: Catalog, code: str) -> None:
    """Compute the totals anew that are older than their reports; those of closed periods stay, and stand in the way."""
    with snapshot(engine) as connection:
        ground = freezing.ground_of(connection, conferences.open_one(connection, code))
        stale = freezing.stale_of(ground, base_periods(ground, catalog))
    still_open = _open(engine, {period for period, _ in stale})
    for period, form in stale:
        if period in still_open:
            refresh_totals(engine, catalog, period, form)


def _refuse(held: Conference, found: Readiness, *, override: bool) -> None:
    against = [item for item in found.obstacles if not (override and item.may_be_overridden)]
    if not against:
        return
    vi, en = "; ".join(item.vi for item in against), "; ".join(item.en for item in against)
    if all(item.may_be_overridden for item in against):
        vi += f". Xem: tongket conference show {held.code}; vẫn chốt thì thêm --override --reason"
        en += f". See: tongket conference show {held.code}; to freeze all the same add --override --reason"
    raise ActRefusedError(f"Chưa chốt được {held.code}: {vi}", f"{held.code} cannot be frozen: {en}")


# ------------------------------------------------------------------------------------------------ reading back


def frozen_of(engine: Engine, code: str) -> Frozen:
    """The conference as it was frozen, from what was kept of it alone; every frame is proved against its seal.

    Raises :class:`conference.sealing.DamagedPartError` naming the frame that is not what was frozen, and
    :class:`domain.act.ActRefusedError` when there is no such conference or it is not frozen.
    """
    with snapshot(engine) as connection:
        held = frozen_conference(connection, code)
        parts = [Sealed(**part) for part in conferences.kept_parts(connection, held)]
        figures = conferences.kept_figures(connection, held)
    _prove(held, parts)
    frames = {part.frame: _frame(part, figures) for part in parts}
    assert held.frozen_at is not None
    assert held.frozen_by is not None
    assert held.hash is not None
    return Frozen(
        held.code,
        held.kind,
        held.title,
        held.unit,
        held.held_on,
        held.frozen_at,
        held.frozen_by,
        held.hash,
        held.override_reason or "",
        {name: as_today(name, frames[name]) if name in frames else empty(name) for name in SCHEMAS},
    )


def _frame(part: Sealed, figures: pl.DataFrame) -> pl.DataFrame:
    return intact(part, figures) if part.frame == FIGURES else opened(part)


def _prove(held: Conference, parts: list[Sealed]) -> None:
    """The seals are those the conference was frozen with, all of them."""
    if hash_of({part.frame: part.sha256 for part in parts}) != held.hash:
        raise DamagedPartError(
            "",
            f"Số liệu đã chốt của {held.code} thiếu hoặc thừa bảng, hoặc dấu của một bảng đã bị sửa:"
            " dấu SHA-256 chung không khớp; khôi phục từ bản sao lưu",
            f"What was frozen of {held.code} lacks a frame, has one too many, or the seal of one was changed: the hash"
            " of the whole differs; bring back a backup",
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether what is kept is what was frozen. ``damaged``: frames that are not; ``recomputed``: the hash of what is
    there, ``None`` where a frame cannot even be read."""

    conference: Conference
    recomputed: str | None
    parts: Mapping[str, bool]

    @property
    def holds(self) -> bool:
        return self.recomputed == self.conference.hash and all(self.parts.values())


def verify(engine: Engine, code: str) -> Verdict:
    """Compute every seal and the hash anew from the kept content."""
    with snapshot(engine) as connection:
        held = frozen_conference(connection, code)
        parts = [Sealed(**part) for part in conferences.kept_parts(connection, held)]
        figures = conferences.kept_figures(connection, held)
    seals = {part.frame: _seal_again(part, figures) for part in parts}
    whole = None if None in seals.values() else hash_of({name: sha256 or "" for name, sha256 in seals.items()})
    return Verdict(held, whole, {part.frame: seals[part.frame] == part.sha256 for part in parts})


def _seal_again(part: Sealed, figures: pl.DataFrame) -> str | None:
    try:
        frame = _frame(part, figures)
    except DamagedPartError:
        return None
    return seal(part.frame, frame, keep=False).sha256
