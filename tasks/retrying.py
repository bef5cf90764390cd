"""Which submissions a retry takes up, and the acts that go with it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from domain.act import ActRefusedError
from tasks.settings import Settings
from tasks.setup import keep_registry_current
from tasks.store import definitions, engine_for, register_of
from warehouse import acts, queries, retrying


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an administrator asks to be run again. ``mended``: only what a changed definition can touch."""

    period: str | None = None
    unit: str | None = None
    submissions: tuple[int, ...] = ()
    all_failed: bool = False
    mended: bool = False

    @property
    def names_nothing(self) -> bool:
        return not (self.period or self.unit or self.submissions or self.all_failed or self.mended)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Failed submissions: ``submission, unit, unit_name, period, form, file_name, state``, with ``why_vi, why_en`` when
    what was mended was asked for."""

    taken: pl.DataFrame
    #: of closed periods: they stand aside unless their numbers were given
    left_out: pl.DataFrame


def choose(settings: Settings, wanted: Wanted) -> Chosen:
    """The failed submissions that ``wanted`` means. No submission is changed.

    Raises :class:`ActRefusedError` when nothing was named.
    """
    if wanted.names_nothing:
        raise ActRefusedError(
            "Chưa nói chạy lại báo cáo nào. Chọn kỳ, đơn vị, số báo cáo, “mended” hoặc “all failed” "
            "(lệnh: --period, --unit, --submission, --mended, --all-failed).",
            "Nothing was named. Choose a period, a unit, numbers of submissions, “mended” or “all failed” "
            "(as options: --period, --unit, --submission, --mended, --all-failed).",
        )
    if wanted.submissions:
        named = retrying.failed(engine_for(settings.url), submissions=list(wanted.submissions))
        return Chosen(named, named.clear())
    rows = _meant(settings, wanted)
    # a file that could not be placed is of no period
    is_closed = pl.col("period").is_in(_closed(settings, rows)).fill_null(value=False)
    return Chosen(rows.filter(~is_closed), rows.filter(is_closed))


def _meant(settings: Settings, wanted: Wanted) -> pl.DataFrame:
    engine = engine_for(settings.url)
    if wanted.mended:
        keep_registry_current(engine, definitions(settings))  # what was mended a moment ago counts
        return retrying.touched(engine, register_of(settings), period=wanted.period, unit=wanted.unit)
    return retrying.failed(engine, period=wanted.period, unit=wanted.unit)


def _closed(settings: Settings, rows: pl.DataFrame) -> list[str]:
    return sorted(queries.closed_periods(engine_for(settings.url), rows["period"].drop_nulls().unique().to_list()))


@dataclass(frozen=True, slots=True)
class Reopened:
    """Numbers of the submissions that now wait, and what stood aside as its period is closed."""

    taken: list[int]
    left_out: pl.DataFrame


def reopen(settings: Settings, wanted: Wanted, *, who: str, reason: str) -> Reopened:
    """Let what ``wanted`` means be tried again, each an act on record.

    A number that was given and did not fail is refused, as is a unit that has nothing to try again: whoever asks for it
    means another. Raises :class:`ActRefusedError`; nothing was changed then.
    """
    _refuse_unknown(settings, wanted)
    _refuse_closed(settings, wanted.period)
    chosen = choose(settings, wanted)
    numbers = _numbers(wanted, chosen)
    if numbers:
        acts.retry(engine_for(settings.url), numbers, who=who, reason=reason)
    return Reopened(numbers, chosen.left_out)


def _refuse_unknown(settings: Settings, wanted: Wanted) -> None:
    """A misspelt code must not look like good news."""
    engine = engine_for(settings.url)
    if wanted.period is not None and definitions(settings).period(wanted.period) is None:
        raise ActRefusedError(f"Không có kỳ báo cáo {wanted.period!r}.", f"There is no period {wanted.period!r}.")
    if wanted.unit is not None and wanted.unit not in queries.units(engine)["code"]:
        raise ActRefusedError(f"Không có đơn vị {wanted.unit!r}.", f"There is no unit {wanted.unit!r}.")


def _refuse_closed(settings: Settings, period: str | None) -> None:
    if period is not None and queries.closed_periods(engine_for(settings.url), [period]):
        raise ActRefusedError(
            f'Kỳ {period} đã đóng. Mở lại trước khi chạy lại: tongket period reopen {period} --reason "…"',
            f'The period {period} is closed. Reopen it first: tongket period reopen {period} --reason "…"',
        )


def _numbers(wanted: Wanted, chosen: Chosen) -> list[int]:
    numbers = list(wanted.submissions) or chosen.taken["submission"].to_list()
    if not numbers and wanted.unit and not wanted.mended:
        raise ActRefusedError(
            f"Đơn vị {wanted.unit} không có báo cáo nào bị trả lại hay không đọc được để chạy lại.",
            f"The unit {wanted.unit} has no rejected or unreadable report to try again.",
        )
    return numbers
