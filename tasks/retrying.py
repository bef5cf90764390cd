"""Which submissions a retry takes up, and the acts that go with it."""

from __future__ import annotations

from collections.abc import Sequence
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


def chosen(settings: Settings, wanted: Wanted) -> pl.DataFrame:
    """The failed submissions that ``wanted`` means: ``submission, unit, unit_name, period, form, file_name, state``,
    with ``why_vi, why_en`` when it asks for what was mended. Reports of closed periods are left out unless their
    numbers were given. No submission is changed.

    Raises :class:`ActRefusedError` when nothing was named.
    """
    if wanted.names_nothing:
        raise ActRefusedError(
            "Chưa nói chạy lại báo cáo nào. Chọn: --submission SỐ, --unit MÃ, --period KỲ, --mended hoặc --all-failed.",
            "Nothing was named. Choose --submission ID, --unit CODE, --period P, --mended or --all-failed.",
        )
    if wanted.submissions:
        return retrying.failed(engine_for(settings.url), submissions=list(wanted.submissions))
    rows = _meant(settings, wanted)
    return rows.filter(~_is_of(_closed(settings, rows)))


def left_out(settings: Settings, wanted: Wanted) -> pl.DataFrame:
    """What :func:`chosen` leaves out because its period is closed; the same columns."""
    if wanted.names_nothing or wanted.submissions:
        return pl.DataFrame({"submission": [], "period": []}, schema={"submission": pl.Int64, "period": pl.String})
    rows = _meant(settings, wanted)
    return rows.filter(_is_of(_closed(settings, rows)))


def _meant(settings: Settings, wanted: Wanted) -> pl.DataFrame:
    engine = engine_for(settings.url)
    if wanted.mended:
        keep_registry_current(engine, definitions(settings))  # what was mended a moment ago counts
        return retrying.touched(engine, register_of(settings), period=wanted.period, unit=wanted.unit)
    return retrying.failed(engine, period=wanted.period, unit=wanted.unit)


def _is_of(periods: list[str]) -> pl.Expr:
    """A file that could not be placed is of no period."""
    return pl.col("period").is_in(periods).fill_null(value=False)


def _closed(settings: Settings, rows: pl.DataFrame) -> list[str]:
    return sorted(queries.closed_periods(engine_for(settings.url), rows["period"].drop_nulls().unique().to_list()))


def reopen(settings: Settings, wanted: Wanted, *, who: str, reason: str) -> list[int]:
    """Let what ``wanted`` means be tried again, each an act on record; the numbers of what now waits.

    A number that was given and did not fail is refused, as is a unit that has nothing to try again: whoever asks for it
    means another. Raises :class:`ActRefusedError`; nothing was changed then.
    """
    _refuse_unknown(settings, wanted)
    _refuse_closed(settings, wanted.period)
    numbers = _numbers(settings, wanted)
    if numbers:
        acts.retry(engine_for(settings.url), numbers, who=who, reason=reason)
    return numbers


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


def _numbers(settings: Settings, wanted: Wanted) -> list[int]:
    found: Sequence[int] = chosen(settings, wanted)["submission"].to_list()
    numbers = list(wanted.submissions) or list(found)
    if not numbers and wanted.unit and not wanted.mended:
        raise ActRefusedError(
            f"Đơn vị {wanted.unit} không có báo cáo nào bị trả lại hay không đọc được để chạy lại.",
            f"The unit {wanted.unit} has no rejected or unreadable report to try again.",
        )
    return numbers
