"""Whether a conference can be held from what there is: who reported, what is open, and what stands in the way.

What would leave a hole that nobody sees is critical: a report that was sent and is in no total (rejected, unreadable,
waiting), or totals that are not those of the reports. A unit that sent nothing is not: it is counted and named, in the
board and in every document, and no conference waits for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from domain.numbers import vi_number
from domain.submission import FAILED, IN_FORCE, SubmissionState

MISSING = "missing"

_state = pl.col("state")
_stands = pl.col("sha256").is_not_null()
_has_failed = _state.is_in([state.value for state in FAILED])

#: What a board counts over the reports of a period; all but the last three are numbers of reports.
COUNTS: Mapping[str, pl.Expr] = {
    "expected": pl.col("owed"),
    "received": _state != MISSING,
    "on_time": (_state != MISSING) & ~pl.col("late"),
    "late": pl.col("late"),
    "accepted": _state.is_in([state.value for state in IN_FORCE]),
    "rejected": _has_failed,
    "waiting": _state == SubmissionState.RECEIVED.value,
    "withdrawn": _state == SubmissionState.WITHDRAWN.value,
    "missing": (_state == MISSING) & pl.col("owed"),
    "in_force": _stands,
    "criticals": pl.col("criticals"),
    "warnings": pl.col("warnings"),
    "waived": pl.col("waived"),
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something in the way of a freeze. What ``may_be_overridden`` is a report that is left out, which whoever decides
    may answer for; what may not be would make the frozen figures contradict one another."""

    code: str
    count: int
    vi: str
    en: str
    may_be_overridden: bool = True


@dataclass(frozen=True, slots=True)
class Note:
    """Something to be said that stands in nobody's way."""

    code: str
    count: int
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the frames do not tell. ``stale``: period and form of totals older than their reports; ``outdated``: those
    of them that a freeze computes anew by itself, which are not among ``stale``. ``unplaced``: files
    that name a unit and period of the conference and could not be placed; ``unread``: files nobody has looked into.
    ``twice``: units whose code two reports in force bear. ``merged``: units that went into another within a period for
    which both have a report in force. ``moved``: periods in which the unit of the conference was another one than on
    the last day. ``definitions_differ``: those on disk are not those of the warehouse."""

    runs: int = 0
    stale: Sequence[tuple[str, str]] = ()
    outdated: Sequence[tuple[str, str]] = ()
    unplaced: int = 0
    unread: int = 0
    twice: Sequence[str] = ()
    merged: Sequence[str] = ()
    moved: Sequence[str] = ()
    definitions_differ: bool = False


@dataclass(frozen=True, slots=True)
class Readiness:
    """``boards``: a row a period with :data:`COUNTS`; ``missing``, ``failing``, ``waiting``: rows of reports with the
    ``name`` of their units."""

    boards: pl.DataFrame
    missing: pl.DataFrame
    failing: pl.DataFrame
    waiting: pl.DataFrame
    obstacles: tuple[Obstacle, ...]
    notes: tuple[Note, ...]

    @property
    def is_ready(self) -> bool:
        return not self.obstacles


def readiness(frames: Mapping[str, pl.DataFrame], around: Surroundings) -> Readiness:
    """The readiness of a conference of whose frames ``units``, ``periods`` and ``reports`` are there."""
    names = frames["units"].select("unit", "name", "kind_vi", "kind_en", "sort")
    reports = frames["reports"].join(names, on="unit", how="left").sort("period", "sort", "form")
    counted = reports.group_by("period").agg(**{name: which.sum().cast(pl.Int64) for name, which in COUNTS.items()})
    boards = (
        frames["periods"]
        .select("period", "label_vi", "label_en", "closed")
        .join(counted, on="period", how="left", maintain_order="left")
        .with_columns(pl.col(list(COUNTS)).fill_null(0))
    )
    found = Readiness(
        boards,
        reports.filter(COUNTS["missing"]),
        reports.filter(_has_failed & ~_stands),
        reports.filter(COUNTS["waiting"]),
        (),
        (),
    )
    told = tuple(item for item in _obstacles(found, around) if item.count)
    notes = tuple(item for item in _notes(found, reports, around) if item.count)
    return Readiness(found.boards, found.missing, found.failing, found.waiting, told, notes)


def _obstacles(found: Readiness, around: Surroundings) -> list[Obstacle]:
    failing, waiting = found.failing.height + around.unplaced, found.waiting.height + around.unread
    stale = _pairs(around.stale)
    twice = ", ".join(around.twice)
    return [
        Obstacle(
            "failing",
            failing,
            f"{vi_number(failing)} báo cáo bị trả lại hoặc không đọc được mà chưa có bản nào được nhận",
            f"{_en(failing)} rejected or unreadable, with no version in force",
        ),
        Obstacle(
            "waiting",
            waiting,
            f"{vi_number(waiting)} báo cáo đã đến mà chưa xử lý",
            f"{_en(waiting)} arrived, not yet processed",
        ),
        Obstacle(
            "running",
            around.runs,
            f"{vi_number(around.runs)} lượt chạy đang làm việc",
            f"{_en(around.runs, 'run')} under way",
        ),
        Obstacle(
            "stale",
            len(around.stale),
            f"Số tổng hợp cũ hơn báo cáo: {stale}; kỳ đã đóng thì mở lại (period reopen) rồi chốt",
            f"Totals are older than their reports: {stale}; where the period is closed, reopen it (period reopen)",
            may_be_overridden=False,
        ),
        Obstacle(
            "twice",
            len(around.twice),
            f"Hai báo cáo cùng có hiệu lực dưới một mã đơn vị: {twice}; rút một bản",
            f"Two reports are in force under one code of a unit: {twice}; withdraw one",
            may_be_overridden=False,
        ),
        Obstacle(
            "merged",
            len(around.merged),
            f"Đơn vị cũ và đơn vị nhận đều có báo cáo được tính, có thể tính trùng: {_named(around.merged)};"
            " rút bản trùng",
            f"A unit and the one it went into both have reports that count, maybe twice: {_named(around.merged)};"
            " withdraw one if so",
        ),
        Obstacle(
            "definitions",
            int(around.definitions_differ),
            "Bộ định nghĩa trên đĩa khác bộ đang dùng trong kho; chạy: tongket init",
            "The definitions on disk are not those of the warehouse; run: tongket init",
            may_be_overridden=False,
        ),
    ]


def _named(pairs: Sequence[str], most: int = 6) -> str:
    rest = len(pairs) - most
    return ", ".join(pairs[:most]) + (f" … (+{rest})" if rest > 0 else "")


def _notes(found: Readiness, reports: pl.DataFrame, around: Surroundings) -> list[Note]:
    missing, late = found.missing.height, int(found.boards["late"].sum())
    kept = reports.filter(_has_failed & _stands).height
    warnings, waived = int(found.boards["warnings"].sum()), int(found.boards["waived"].sum())
    still_open = found.boards.filter(~pl.col("closed"))["period"].to_list()
    moved, opened, outdated = ", ".join(around.moved), ", ".join(still_open), _pairs(around.outdated)
    return [
        Note("missing", missing, f"{vi_number(missing)} báo cáo chưa gửi", f"{_en(missing)} missing"),
        Note("late", late, f"{vi_number(late)} báo cáo gửi muộn", f"{_en(late)} late"),
        Note(
            "correction_failed",
            kept,
            f"{vi_number(kept)} bản sửa bị trả lại, bản trước vẫn được tính",
            f"{_en(kept, 'correction')} failed; the version before stands",
        ),
        Note(
            "warnings",
            warnings,
            f"{vi_number(warnings)} cảnh báo chưa giải quyết",
            f"{_en(warnings, 'warning')} unresolved",
        ),
        Note("waived", waived, f"{vi_number(waived)} cảnh báo được miễn", f"{_en(waived, 'warning')} waived"),
        Note(
            "outdated",
            len(around.outdated),
            f"Số tổng hợp cũ hơn báo cáo, sẽ được tính lại khi chốt: {outdated}",
            f"Totals older than their reports, computed anew when frozen: {outdated}",
        ),
        Note("open_periods", len(still_open), f"Kỳ chưa đóng: {opened}", f"Periods not closed: {opened}"),
        Note(
            "moved",
            len(around.moved),
            f"Kỳ mà mã đơn vị hội nghị khi đó chỉ đơn vị khác (trước sáp nhập, đổi tên): {moved};"
            " số tổng hợp của kỳ đó theo địa bàn khi đó",
            f"Periods in which another unit bore the code of the conference's (before a merger or renaming): {moved};"
            " their totals are on the boundaries of that time",
        ),
    ]


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{period} {form}" for period, form in pairs)


def _en(count: int, what: str = "report") -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
