"""The frames of a conference, from the warehouse of one moment and the definitions of the day."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from catalog import Catalog
from catalog.fingerprints import RULE, definition_fingerprints
from catalog.model import Form
from conference.frozen import SCHEMAS
from conference.readiness import Surroundings
from conference.sealing import conformed
from domain import clock, totals
from domain.conclusion import CLOSED
from tasks.rating import ratings_frame
from tasks.targets import targets_frame
from warehouse import freezing
from warehouse.conclusions import conclusions_frame
from warehouse.freezing import Ground
from warehouse.words import STATES

#: Why a filed figure has no value, beside the notes of totals.
_NOTES: dict[str, tuple[str, str]] = {
    **{note.value: words for note, words in totals.WORDS.items()},
    freezing.NOTHING_FILED: ("chưa có số liệu", "no figure"),
    freezing.WORDS_FILED: ("ghi bằng lời, không có số", "stated in words, without a number"),
}

_LABELS = ("label_vi", "label_en")


@dataclass(frozen=True, slots=True)
class Made:
    """What the frames of later parts are made from: ``ground`` reads the warehouse, ``frames`` are made already."""

    ground: Ground
    catalog: Catalog
    frames: Mapping[str, pl.DataFrame]


def _targets(made: Made) -> pl.DataFrame:
    """Targets of the units, with how far they were reached."""
    ground = made.ground
    return targets_frame(ground.connection.engine, made.catalog, ground.codes.to_list(), ground.period_codes)


def _ratings(made: Made) -> pl.DataFrame:
    """What the dated rules propose for each unit, and what people decided."""
    ground = made.ground
    return ratings_frame(ground.connection.engine, made.catalog, ground.codes.to_list(), ground.period_codes)


def _conclusions(made: Made) -> pl.DataFrame:
    """Conclusions of earlier conferences of the unit and those above it, as all that was said of them stands now; what
    is overdue is asked of the day of the conference, so that the day of the freeze makes no difference."""
    ground, day = made.ground, made.ground.conference.held_on
    frame = conclusions_frame(
        ground.connection.engine, ground.conference.unit, ground.period_codes, max(day, clock.today()), before=day
    )
    is_closed = pl.col("state").is_in([state.value for state in CLOSED])
    return frame.with_columns(overdue=(pl.col("due") < day).fill_null(value=False) & ~is_closed)


#: The one place where frames that rest on others are plugged in: name → what makes it, in this order. Nothing else is
#: written while a freeze makes its frames, so that other connections read the same state.
RESTING_ON_OTHERS: dict[str, Callable[[Made], pl.DataFrame]] = {
    "targets": _targets,
    "ratings": _ratings,
    "conclusions": _conclusions,
}


def frames_of(ground: Ground, catalog: Catalog) -> dict[str, pl.DataFrame]:
    """Every frame of ``SCHEMAS``, conformed: what a freeze seals."""
    frames = board_frames(ground)
    frames["figures"] = conformed("figures", freezing.figures_of(ground))
    frames["changes"] = conformed("changes", freezing.changes_of(ground))
    used = pl.concat([frames["figures"]["indicator"], frames["changes"]["indicator"]])
    frames["indicators"] = conformed("indicators", freezing.indicators_of(ground, used))
    frames["places"] = conformed("places", _places(catalog))
    frames["labels"] = conformed("labels", _labels(catalog, frames["figures"]["breakdown"]))
    frames["narratives"] = conformed("narratives", _narratives(freezing.narratives_of(ground), catalog))
    frames["lists"] = conformed("lists", freezing.lists_of(ground))
    frames["versions"] = conformed("versions", _versions(ground, catalog))
    for name, make in RESTING_ON_OTHERS.items():
        frames[name] = conformed(name, make(Made(ground, catalog, frames)))
    return {name: frames[name] for name in SCHEMAS}


def board_frames(ground: Ground) -> dict[str, pl.DataFrame]:
    """``units``, ``periods`` and ``reports``: all that a board is made of."""
    return {
        "units": conformed("units", freezing.units_of(ground)),
        "periods": conformed("periods", freezing.periods_of(ground)),
        "reports": conformed("reports", freezing.reports_of(ground)),
    }


def surroundings(ground: Ground, catalog: Catalog, runs: int, outdated: Collection[str] = ()) -> Surroundings:
    """What stands around the frames; ``runs`` that are alive are counted by whoever asks, before a transaction.
    ``outdated``: periods whose totals are computed anew before anything is frozen."""
    stale = freezing.stale_of(ground, base_periods(ground, catalog))
    return Surroundings(
        runs=runs,
        stale=[pair for pair in stale if pair[0] not in outdated],
        outdated=[pair for pair in stale if pair[0] in outdated],
        unplaced=freezing.unplaced(ground),
        unread=freezing.unread(ground),
        twice=freezing.filed_twice(ground),
        merged=freezing.merged_within(ground),
        moved=freezing.moved(ground),
        definitions_differ=freezing.versions_of(ground)["definitions"] != catalog.fingerprint,
    )


def base_periods(ground: Ground, catalog: Catalog) -> list[str]:
    """The same periods of the year before, with which the totals are compared."""
    here = [period for code in ground.period_codes if (period := catalog.period(code)) is not None]
    return [before.code for period in here if (before := catalog.year_before(period)) is not None]


# ------------------------------------------------------------------------------------------------ words


def _places(catalog: Catalog) -> pl.DataFrame:
    """Where each indicator stands first in each form."""
    rows = [row for form in catalog.forms.values() for row in _places_in(form)]
    return pl.DataFrame(rows, schema=dict(SCHEMAS["places"]), orient="row").unique(
        ["form", "indicator"], keep="first", maintain_order=True
    )


def _places_in(form: Form) -> list[tuple[Any, ...]]:
    stand = [
        (section, code)
        for section in form.sections
        for code in (
            section.indicators
            if section.kind == "matrix"
            else [field.indicator for field in form.fields if field.section == section.code]
        )
    ]
    return [
        (form.id, form.label_vi, form.label_en, section.code, section.title_vi, section.title_en, code, place)
        for place, (section, code) in enumerate(stand)
    ]


def _labels(catalog: Catalog, breakdowns: pl.Series) -> pl.DataFrame:
    """Labels of codes: of every code list by its name; of ``breakdown`` as they stand in figures; of ``note`` and
    ``state``; of the lists of forms as ``lists`` and of their columns as ``column:<list>``."""
    rows: list[tuple[str, str, str, str]] = [
        (name, item.code, item.label_vi, item.label_en) for name, one in catalog.codelists.items() for item in one.items
    ]
    rows += [("dimension", name, one.label_vi, one.label_en) for name, one in catalog.codelists.items()]
    rows += [("breakdown", code, *_in_words(catalog, code)) for code in breakdowns.unique() if code]
    rows += [("note", code, *words) for code, words in _NOTES.items()]
    rows += [("state", str(state), *words) for state, words in STATES.items()]
    rows.append(("state", "missing", "chưa gửi", "missing"))
    for form in catalog.forms.values():
        for section in form.sections_of("list"):
            rows.append(("lists", section.code, section.title_vi, section.title_en))
            rows += [(f"column:{section.code}", item.code, item.label_vi, item.label_en) for item in section.columns]
    return pl.DataFrame(rows, schema=dict(SCHEMAS["labels"]), orient="row").unique(
        ["list", "code"], keep="first", maintain_order=True
    )


def _in_words(catalog: Catalog, breakdown: str) -> tuple[str, str]:
    """``level=xa;field=tong`` → "Cấp xã · Tổng số"; a code that the definitions dropped stands for itself."""
    pairs = [pair.partition("=")[::2] for pair in breakdown.split(";")]
    words = [_word(catalog, dimension, code) for dimension, code in pairs]
    return " · ".join(vi for vi, _ in words), " · ".join(en for _, en in words)


def _word(catalog: Catalog, dimension: str, code: str) -> tuple[str, str]:
    known = catalog.codelists.get(dimension)
    if known is None or code not in known.codes:
        return code, code
    item = known.item(code)
    return item.label_vi, item.label_en


def _narratives(rows: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """With the titles of the sections, in the order of the form; what the form has no more comes last."""
    sections = pl.DataFrame(
        [
            (form.id, item.code, item.label_vi, item.label_en, place)
            for form in catalog.forms.values()
            for place, item in enumerate(form.narratives)
        ],
        schema={
            "form": pl.String, "section": pl.String, "section_vi": pl.String, "section_en": pl.String, "sort": pl.Int64
        },
        orient="row",
    )  # fmt: skip
    return rows.join(sections, on=["form", "section"], how="left").with_columns(
        pl.col("section_vi", "section_en").fill_null(pl.col("section")), pl.col("sort").fill_null(sections.height)
    )


def _versions(ground: Ground, catalog: Catalog) -> pl.DataFrame:
    prints = definition_fingerprints(catalog)
    rules = "\n".join(f"{code}\t{sha256}" for (kind, code), sha256 in sorted(prints.items()) if kind == RULE)
    found = {**freezing.versions_of(ground), "rules": hashlib.sha256(rules.encode()).hexdigest()}
    return pl.DataFrame({"part": list(found), "fingerprint": list(found.values())})
