"""A small world to load: four units, one form, and batches built from a few figures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from catalog.model import Calendar, Form, Indicator, Obligation, PeriodPattern, UnitKind, UnitRecord
from catalog.whole import Catalog
from domain import columns
from domain.observation import Nature, OverTime, OverUnits, ValueKind
from domain.period import PeriodKind
from warehouse.intake import Arrival, receive, start_run
from warehouse.load import LoadBatch
from warehouse.registry import sync_registry

FIRST_DAY = date(2000, 1, 1)
NOON = datetime(2025, 3, 16, 5, 0, tzinfo=UTC)


def _indicator(code: str, vi: str) -> Indicator:
    return Indicator(
        code=code,
        label_vi=vi,
        label_en=code,
        measure_vi="hồ sơ",
        measure_en="dossiers",
        kind=ValueKind.COUNT,
        nature=Nature.FLOW,
        over_units=OverUnits.SUM,
        over_time=OverTime.SUM,
        valid_from=FIRST_DAY,
    )


def _unit(code: str, kind: str, parent: str | None, name: str) -> UnitRecord:
    return UnitRecord(code=code, valid_from=FIRST_DAY, name=name, kind=kind, parent=parent, source="thử nghiệm")


UNITS = (
    _unit("T01", "tinh", None, "Tỉnh Thử"),
    _unit("X01", "xa", "T01", "Xã Một"),
    _unit("X02", "xa", "T01", "Xã Hai"),
    _unit("X03", "xa", "T01", "Xã Ba"),
)

CATALOG = Catalog(
    root=Path(),
    fingerprint="thử",
    messages={},
    codelists={},
    indicators={
        code: _indicator(code, vi) for code, vi in (("received", "Hồ sơ tiếp nhận"), ("solved", "Hồ sơ đã giải quyết"))
    },
    forms={
        "bieu-1": Form(
            id="bieu-1", label_vi="Biểu 1", label_en="Form 1", version="1", accepted_versions=("1",), sections=()
        )
    },
    examples={},
    rules=(),
    calendars={
        "ND09": Calendar(
            id="ND09",
            label_vi="Nghị định 09",
            label_en="Decree 09",
            source="Nghị định 09/2019/NĐ-CP",
            start_day=15,
            month_shift=-1,
            patterns=(
                PeriodPattern(
                    kind=PeriodKind.QUARTER,
                    code="{year}-Q{ordinal}",
                    label_vi="Quý {ordinal}/{year}",
                    label_en="Q{ordinal} {year}",
                    months=3,
                    starts=(1, 4, 7, 10),
                ),
                PeriodPattern(
                    kind=PeriodKind.YEAR,
                    code="{year}",
                    label_vi="Năm {year}",
                    label_en="{year}",
                    months=12,
                    starts=(1,),
                ),
            ),
            due_working_days={"province": 5, "commune": 2},
        )
    },
    unit_kinds={
        "tinh": UnitKind(code="tinh", label_vi="Tỉnh", label_en="Province", level="province", branch="state"),
        "xa": UnitKind(code="xa", label_vi="Xã", label_en="Commune", level="commune", branch="state"),
    },
    units=UNITS,
    events=(),
    obligations=(
        Obligation(
            unit_kind="xa", form="bieu-1", calendar="ND09", period_kinds=(PeriodKind.QUARTER,), valid_from=FIRST_DAY
        ),
    ),
)


def with_units(*units: UnitRecord) -> Catalog:
    return replace(CATALOG, units=(*UNITS, *units))


def furnish(engine: Engine) -> str:
    """The registry filled for 2024 and 2025; returns a run."""
    sync_registry(engine, CATALOG, years=(2024, 2025))
    return start_run(engine, "collect-period", "2025-Q1")


def arrival(content: str, *, minutes: int = 0) -> Arrival:
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Arrival(digest, len(content), "xlsx", f"{content}.xlsx", NOON + timedelta(minutes=minutes), f"kho/{digest}")


def arrive(engine: Engine, run: str, *contents: str) -> list[int]:
    """Files with these contents, a minute apart; the submissions they became."""
    files = [arrival(content, minutes=minute) for minute, content in enumerate(contents)]
    return [item.submission_id for item in receive(engine, run, files)]


def frame(schema: dict[str, str], rows: Sequence[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={name: getattr(pl, kind) for name, kind in schema.items()})


#: A batch judged with everything in sight that there is.
ALL = 2**31 - 1


def batch(
    *reports: tuple[int, str, str, dict[str, float]], period: str = "2025-Q1", known_up_to: int = ALL
) -> LoadBatch:
    """Reports as (submission, unit, state, figures). A figure ``received`` sits in cell ``Số liệu!E5``."""
    headers = [
        {"file": f, "form": "bieu-1", "form_version": "1", "unit": u, "period": period, "scope": "own", "media": "xlsx"}
        for f, u, _, _ in reports
    ]
    return LoadBatch(
        headers=frame(columns.HEADERS, headers),
        verdicts=frame({"file": "Int64", "state": "String"}, [{"file": f, "state": s} for f, _, s, _ in reports]),
        findings=frame(columns.FINDINGS, [_finding(f) for f, _, s, _ in reports if s != "accepted"]),
        observations=frame(
            columns.OBSERVATIONS,
            [_figure(f, code, value) for f, _, _, figures in reports for code, value in figures.items()],
        ),
        list_rows=frame(columns.LIST_ROWS, [_topic(f) for f, _, _, _ in reports]),
        narratives=frame(columns.NARRATIVES, [_account(f) for f, _, _, _ in reports]),
        started_at=datetime.now(UTC),
        finished_at=datetime.now(UTC) + timedelta(seconds=1),
        known_up_to=known_up_to,
    )


def _figure(file: int, indicator: str, value: float) -> dict[str, object]:
    return {
        "file": file,
        "indicator": indicator,
        "breakdown": "",
        "value": value,
        "qualifier": "exact",
        "lower": value,
        "upper": value,
        "status": "value",
        "basis": "in_period",
        "scope": "own",
        "derived": False,
        "original_text": f"{value:g}",
        "sheet": "Số liệu",
        "cell": "E5" if indicator == "received" else "E6",
    }


def _finding(file: int) -> dict[str, object]:
    return {
        "file": file,
        "rule": "DOS-001",
        "level": 4,
        "severity": "critical",
        "field": "received",
        "item": 0,
        "sheet": "Số liệu",
        "cell": "E5",
        "arithmetic": "1 + 1 = 2 ≠ 3",
        "message_vi": "Tổng không khớp.",
        "message_en": "The total does not fit.",
    }


def _topic(file: int) -> dict[str, object]:
    content = '{"year": "2.025", "text": "Nêu gương", "kind": "Tự chọn"}'
    return {
        "file": file,
        "list": "topics",
        "item": 1,
        "key": "neu guong",
        "content": content,
        "read": '{"year": 2025.0, "kind": "own"}',
        "sheet": "CĐ",
        "cell": "A3",
    }


def _account(file: int) -> dict[str, object]:
    return {"file": file, "section": "limitation", "body": "Còn “khó khăn”,\nnhất là \\N.", "sheet": "TM", "cell": "B4"}
