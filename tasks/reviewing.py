"""The review of a year: its conference opened, its readiness told, and on a person's word frozen and packed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog import Catalog
from catalog.calendars import DEFAULT_CALENDAR
from conference.readiness import Readiness
from domain import clock
from domain.act import ActRefusedError
from domain.clock import day_of
from domain.conference import ConferenceKind
from domain.numbers import vi_number
from domain.occasion import OccasionKind
from domain.period import PeriodKind
from tasks import conference as conferences
from tasks import occasions
from tasks.packing import make_pack, pack_folder
from tasks.period_page import plain
from tasks.period_words import day, out_of
from tasks.periods import SCHEDULE
from tasks.settings import Settings
from tasks.shown import key_of, show_markdown
from tasks.store import engine_for, ensure_periods, register_of
from warehouse.conferences import Conference
from warehouse.conferences import conferences as all_conferences
from warehouse.engine import Engine
from warehouse.period_facts import busiest_top


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a review is asked for; ``year`` 0: what the calendar asks for."""

    year: int = 0
    unit: str = ""
    freeze: bool = False
    pack: bool = False
    who: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a review of one year came to."""

    conference: str
    period: str
    is_ready: bool
    is_frozen: bool
    vi: str
    en: str
    files: tuple[Path, ...] = ()


def review(settings: Settings, wanted: Wanted) -> list[Reviewed]:
    """Review the year that is wanted, or every year the calendar asks to review; empty when there is none.

    A freeze is decided by a person, who names the year: refused without who and why, and while anything stands in its
    way (:func:`tasks.conference.freeze`). A pack is made of frozen figures only.
    """
    _refuse_half(wanted)
    engine, catalog = engine_for(settings.url), register_of(settings)
    due = occasions.due(settings, OccasionKind.REVIEW, clock.now())
    if wanted.year:
        period = _period_of(catalog, wanted.year)
        asked, due = [period], [item for item in due if item.period == period]
    else:
        asked = list(dict.fromkeys(item.period for item in due))
    found = [_review(settings, engine, catalog, period, wanted) for period in asked]
    for item in found:
        own = [occasion for occasion in due if occasion.period == item.period]
        occasions.mark_done(settings, own, None, f"{item.vi} · {item.en}")
    return found


def _refuse_half(wanted: Wanted) -> None:
    if not wanted.freeze:
        return
    if not (wanted.year and wanted.who and wanted.reason):
        raise ActRefusedError(
            "Chốt số liệu là quyết định của người: ghi đủ năm, người quyết định và lý do",
            "A person decides to freeze: give the year, who decides and the reason",
        )


def _period_of(catalog: Catalog, year: int) -> str:
    found = [item.code for item in catalog.periods(year, DEFAULT_CALENDAR) if item.kind is PeriodKind.YEAR]
    if not found or catalog.period(found[0]) is None:
        raise ActRefusedError(f"Không có kỳ năm {year}", f"There is no period of the year {year}")
    return found[0]


def _review(settings: Settings, engine: Engine, catalog: Catalog, period: str, wanted: Wanted) -> Reviewed:
    ensure_periods(engine, catalog, [period])
    held = _held(engine, catalog, period, wanted)
    _, found = conferences.board(engine, catalog, held.code)
    show_markdown(key_of("year-end-review", period), "\n".join(_told(held, found)), held.title)
    if wanted.freeze and not held.is_frozen:
        held = conferences.freeze(engine, catalog, held.code, who=wanted.who, reason=wanted.reason)
    files = _packed(settings, engine, held) if wanted.pack else ()
    vi, en = _in_a_sentence(held, found, len(files))
    return Reviewed(held.code, period, held.is_frozen or found.is_ready, held.is_frozen, vi, en, files)


def _held(engine: Engine, catalog: Catalog, period: str, wanted: Wanted) -> Conference:
    """The final conference of the unit on this period alone, the newest of them; opened when there is none, to be held
    today until somebody opens one on another day."""
    unit = wanted.unit or busiest_top(engine, period)
    if unit is None:
        raise ActRefusedError(
            f"Không đơn vị nào phải gửi báo cáo kỳ {period}: ghi đơn vị tổ chức hội nghị",
            f"No unit owes a report for {period}: name the unit that holds the conference",
        )
    there = [
        item
        for item in all_conferences(engine)
        if (item.unit, item.periods, item.kind) == (unit, (period,), ConferenceKind.FINAL)
    ]
    if there:
        return max(there, key=lambda item: item.opened_at)
    asked = conferences.Asked(unit, (period,), ConferenceKind.FINAL, day_of(clock.now()))
    return conferences.open_conference(engine, catalog, asked, who=wanted.who or SCHEDULE)


def _packed(settings: Settings, engine: Engine, held: Conference) -> tuple[Path, ...]:
    if not held.is_frozen:
        raise ActRefusedError(
            f"{held.code} chưa chốt: bộ tài liệu chỉ làm từ số liệu đã chốt",
            f"{held.code} is not frozen: a pack is made of frozen figures only",
        )
    frozen = conferences.frozen_of(engine, held.code)
    folder = pack_folder(settings.workspace.home, frozen, held.unit)
    return tuple(make_pack(frozen, None, folder, language=settings.lang))


# ------------------------------------------------------------------------------------------------ in words


def _in_a_sentence(held: Conference, found: Readiness, files: int) -> tuple[str, str]:
    if held.is_frozen:
        pack_vi, pack_en = (f", {files} tệp tài liệu", f", {files} files in the pack") if files else ("", "")
        return f"{held.code} đã chốt{pack_vi}", f"{held.code} is frozen{pack_en}"
    if found.is_ready:
        noted = found.notes
        return (
            "; ".join([f"{held.code} chốt được", *(item.vi for item in noted)]),
            "; ".join([f"{held.code} can be frozen", *(item.en for item in noted)]),
        )
    vi = "; ".join(item.vi for item in found.obstacles)
    en = "; ".join(item.en for item in found.obstacles)
    return f"{held.code} chưa chốt được: {vi}", f"{held.code} cannot be frozen: {en}"


def _told(held: Conference, found: Readiness) -> Iterator[str]:
    """The readiness board in markdown, and what is to be done next."""
    yield f"# {plain(held.title)}\n"
    yield f"**{held.code}** · {plain(held.unit_name)} · họp ngày · held on {day(held.held_on)}\n"
    yield "| Kỳ · period | Đã gửi / phải gửi · received / expected | Được tính · in force | Muộn · late |"
    yield "|---|---:|---:|---:|"
    for row in found.boards.iter_rows(named=True):
        came = out_of(row["expected"] - row["missing"], row["expected"])
        yield f"| {row['period']} | {came} | {vi_number(row['in_force'])} | {vi_number(row['late'])} |"
    for heading, items in (
        ("Cản trở · obstacles", found.obstacles),
        ("Cần biết · notes", found.notes),
    ):
        if items:
            yield f"\n## {heading}\n"
            yield from (f"- {plain(item.vi)} · {plain(item.en)}" for item in items)
    yield "\n## Việc tiếp theo · next\n"
    yield from _next(held, found)


def _next(held: Conference, found: Readiness) -> Iterator[str]:
    if held.is_frozen:
        yield f"- Làm bộ tài liệu · make the pack: `tongket conference pack {held.code}`"
    elif found.is_ready:
        yield f"- Chốt số liệu · freeze: `tongket conference freeze {held.code}`"
    else:
        yield f"- Xem từng cản trở · see what stands in the way: `tongket conference show {held.code}`"
