"""The report of a period: how it went, in counts that prove themselves; as files, and in Prefect's interface."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from catalog import Catalog
from domain.clock import ZONE
from domain.numbers import vi_number, vi_percent
from tasks import log
from tasks.period_page import markdown, page
from tasks.period_words import Told, changed_words, in_words, level_words
from tasks.settings import Settings
from tasks.shown import key_of, show_markdown, show_table
from tasks.store import ensure_periods
from transform.period_report import GROUPS, counted, late, missing, prove
from warehouse.engine import Engine
from warehouse.lives import figures_at_closing
from warehouse.period_facts import PeriodFacts, period_facts

#: Rows of a list in Prefect's interface; the files have all.
ROWS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """How a period went, as of ``as_of``: of a closed period the moment it was closed, whenever the report is made.

    ``total`` and the frames of ``groups`` (``form``, ``level``, ``kind``, ``branch``: a row each with ``code, vi, en``)
    count reports (:data:`transform.period_report.MEASURES`). ``missing``, ``late``, ``permits``, ``waivers``,
    ``findings`` (by rule), ``acts`` and ``runs`` are lists; ``unplaced``: files that name no unit or form, by state.

    ``since_closed``: figures of a closed period that are not those of its first report, each with ``then`` and ``now``;
    ``other_units``: the units behind the figures are not the same, or not in the same state.
    """

    period: str
    label_vi: str
    label_en: str
    first_day: date
    last_day: date
    cutoff: date
    due: Mapping[str, date]
    life: str
    as_of: datetime
    opened_at: datetime | None
    closed_at: datetime | None
    reopened_at: datetime | None
    total: Mapping[str, int]
    groups: Mapping[str, pl.DataFrame]
    missing: pl.DataFrame
    late: pl.DataFrame
    permits: pl.DataFrame
    waivers: pl.DataFrame
    findings: pl.DataFrame
    settled: Mapping[str, int]
    acts: pl.DataFrame
    runs: pl.DataFrame
    unplaced: Mapping[str, int]
    since_closed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    other_units: bool = False

    @property
    def is_changed(self) -> bool:
        """Whether it differs from the report that was made when the period was closed."""
        return self.other_units or bool(self.since_closed)

    @property
    def vi(self) -> str:
        """``2026-Q1: 58/61 báo cáo (95,08 %), 2 muộn, 3 chưa gửi``."""
        total = self.total
        share = vi_percent(100 * total["received_of_expected"] / total["expected"]) if total["expected"] else "–"
        came = f"{vi_number(total['received_of_expected'])}/{vi_number(total['expected'])} báo cáo ({share})"
        told = f"{self.period}: {came}, {vi_number(total['late'])} muộn, {vi_number(total['missing'])} chưa gửi"
        return f"{told} · {changed_words(self)[0]}" if self.is_changed else told

    @property
    def en(self) -> str:
        total = self.total
        came = f"{total['received_of_expected']:,} of {total['expected']:,} reports"
        told = f"{self.period}: {came}, {total['late']:,} late, {total['missing']:,} missing"
        return f"{told} · {changed_words(self)[1]}" if self.is_changed else told


@dataclass(frozen=True, slots=True)
class Written:
    """The files of a report (JSON, HTML), and what it says in a sentence."""

    files: tuple[Path, ...]
    vi: str
    en: str


# ------------------------------------------------------------------------------------------------ made


def period_report(engine: Engine, catalog: Catalog, period: str, moment: datetime) -> PeriodReport:
    """The report of a period at ``moment``; a period nobody knows is registered first. What the first one counted after
    the period was closed is kept, and later ones tell how they differ.

    Raises :class:`transform.period_report.ContradictionError` when its counts do not add up."""
    ensure_periods(engine, catalog, [period])
    facts = period_facts(engine, period, moment)
    total: dict[str, int] = counted(facts.rows).row(0, named=True)
    groups = {name: counted(facts.rows, name) for name in GROUPS}
    prove(total, groups)
    row = facts.period
    since_closed, other_units = _changed(engine, facts, total)
    return PeriodReport(
        period=period,
        **{name: row[name] for name in ("label_vi", "label_en", "first_day", "last_day", "cutoff")},
        due=facts.due,
        life=str(row["life"].value),
        as_of=facts.moment,
        **{name: row[name] for name in ("opened_at", "closed_at", "reopened_at")},
        total=total,
        groups={name: _named(name, frame, facts, catalog) for name, frame in groups.items()},
        missing=missing(facts.rows, facts.today),
        late=late(facts.rows),
        permits=facts.permits,
        waivers=facts.waivers,
        findings=facts.findings,
        settled={
            name: int(facts.rows[f"n_{name}"].fill_null(0).sum()) for name in ("explained", "waived", "overridden")
        },
        acts=facts.acts,
        runs=facts.runs,
        unplaced=facts.unplaced,
        since_closed=since_closed,
        other_units=other_units,
    )


#: What of a row is told by a report; names may be corrected.
_TOLD_OF_ROW = ["unit", "form", "branch", "due", "received_on", "state", "is_expected", "is_late", "is_permitted"]


def _changed(engine: Engine, facts: PeriodFacts, total: Mapping[str, int]) -> tuple[dict[str, Mapping[str, int]], bool]:
    """Figures that differ from those of the first report after the closing, and whether the units behind them do."""
    if facts.period["closed_at"] is None:
        return {}, False
    counts = {**total, **{f"unplaced_{state}": count for state, count in facts.unplaced.items()}}
    rows = facts.rows.select(_TOLD_OF_ROW).sort("unit", "form").write_csv()
    digest = hashlib.sha256(rows.encode()).hexdigest()
    now = {"counts": counts, "rows": digest}
    kept = figures_at_closing(engine, facts.period["code"], facts.moment, now)
    then: Mapping[str, int] = kept["counts"]
    changed: dict[str, Mapping[str, int]] = {
        name: {"then": then[name], "now": count} for name, count in counts.items() if then.get(name, count) != count
    }
    return changed, str(kept["rows"]) != digest


def _named(name: str, frame: pl.DataFrame, facts: PeriodFacts, catalog: Catalog) -> pl.DataFrame:
    """The rows of a breakdown with the words of their codes: ``code, vi, en``, then the counts."""
    names = _words(name, facts, catalog)
    codes = frame[name].to_list()
    words = [
        names.get(code, (code or "không còn trong danh mục", code or "no longer in the register")) for code in codes
    ]
    return frame.select(
        pl.col(name).alias("code"),
        pl.Series("vi", [vi for vi, _ in words], pl.String),
        pl.Series("en", [en for _, en in words], pl.String),
        pl.exclude(name),
    )


def _words(name: str, facts: PeriodFacts, catalog: Catalog) -> dict[Any, tuple[str, str]]:
    match name:
        case "form":
            return {code: (form.label_vi, form.label_en) for code, form in catalog.forms.items()}
        case "kind":
            return {code: (kind.label_vi, kind.label_en) for code, kind in catalog.unit_kinds.items()}
        case "level":
            return dict(level_words())
        case _:
            return {code: (str(label), str(label)) for code, label in facts.names.iter_rows()}


# ------------------------------------------------------------------------------------------------ written


def write_report(settings: Settings, report: PeriodReport, folder: Path | None = None) -> Written:
    """Write the report as JSON and HTML below ``reports/PERIOD`` of the workspace (or into ``folder``), in the
    place of an earlier one; each bears its name only when it is whole. One that differs from that of the closing
    stands beside it (``…-remade``) and replaces nothing."""
    place = folder or settings.workspace.reports / report.period
    place.mkdir(parents=True, exist_ok=True)
    told, name = in_words(report), f"period-report-{report.period}"
    remade = f"{name}-remade"
    own = remade if report.is_changed else name
    files = (_placed(place / f"{own}.json", json_of(report)), _placed(place / f"{own}.html", page(told)))
    if not report.is_changed:
        for kind in ("json", "html"):
            (place / f"{remade}.{kind}").unlink(missing_ok=True)
    log.tell("period.reported", settings, period=report.period, path=files[1])
    return Written(files, report.vi, report.en)


def _placed(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def json_of(report: PeriodReport) -> str:
    return json.dumps(as_data(report), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def as_data(report: PeriodReport) -> dict[str, Any]:
    """The report as plain values: days and moments as text, in the offices' zone."""
    return {name: _plain(getattr(report, name)) for name in report.__dataclass_fields__}


def _plain(value: Any) -> Any:
    match value:
        case pl.DataFrame():
            return [_plain(row) for row in value.iter_rows(named=True)]
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case datetime():
            return value.astimezone(ZONE).isoformat()
        case date():
            return value.isoformat()
        case _:
            return value


def show(report: PeriodReport) -> None:
    """The report and its lists in Prefect's interface, under keys of the period: earlier ones are kept there."""
    told: Told = in_words(report)
    show_markdown(key_of("period-report", report.period), markdown(told), report.vi)
    rows = [
        *({"what": "missing", **row} for row in report.missing.head(ROWS_SHOWN).to_dicts()),
        *({"what": "late", **row} for row in report.late.head(ROWS_SHOWN).to_dicts()),
    ]
    show_table(key_of("period-late", report.period), rows, f"{report.period}: chưa gửi và muộn · missing and late")
