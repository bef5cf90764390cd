"""Templates for one unit or for every unit that owes a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catalog import Catalog
from catalog.model import UnitRecord
from domain.conclusion import PROGRESS_LIST
from domain.period import Period
from tasks.concluding import prefilled
from warehouse.engine import Engine
from workbook.fill import Filler
from workbook.template import build_template


class TemplateRefusedError(Exception):
    """No template is made for a unit that does not live in the period or does not owe the form."""

    def __init__(self, vi: str, en: str) -> None:
        self.vi, self.en = vi, en
        super().__init__(en)


#: Unit → rows of the list of conclusions it is to report on.
Prefilled = Mapping[str, Sequence[Mapping[str, Any]]]


def write_templates(
    catalog: Catalog, form: str, period: Period, unit: str | None, to: Path, engine: Engine | None = None
) -> list[Path]:
    """Write the workbook of ``unit`` (or of every unit that owes ``form``) and return the paths.

    ``to`` is a file when it ends in .xlsx and one unit is asked for, a folder otherwise. With ``engine`` the
    conclusions of earlier conferences that a unit answers for stand in the list that asks for them.
    """
    units = [_owing(catalog, form, period, unit)] if unit else _all_owing(catalog, form, period)
    if not units:
        raise TemplateRefusedError(
            f"Không có đơn vị nào phải nộp biểu {form} cho kỳ {period.code}.",
            f"No unit owes the form {form} for the period {period.code}.",
        )
    if unit and to.suffix.lower() == ".xlsx":
        to.parent.mkdir(parents=True, exist_ok=True)
        paths = [to]
    else:
        to.mkdir(parents=True, exist_ok=True)
        paths = [to / file_name(form, period, item) for item in units]
    _write_all(
        catalog, form, period, dict(zip(paths, units, strict=True)), _concluded(catalog, form, period, units, engine)
    )
    return paths


def _concluded(
    catalog: Catalog, form: str, period: Period, units: list[UnitRecord], engine: Engine | None
) -> Prefilled:
    asks = any(section.code == PROGRESS_LIST for section in catalog.forms[form].sections_of("list"))
    return prefilled(engine, period.code, [unit.code for unit in units]) if engine and asks else {}


def _write_all(
    catalog: Catalog, form: str, period: Period, units: Mapping[Path, UnitRecord], concluded: Prefilled
) -> None:
    """One template is drawn; the others are copies of it with another identity."""
    first = next(iter(units.values()))
    filler = Filler(build_template(catalog, form, period, first), catalog.forms[form])
    for path, unit in units.items():
        rows = concluded.get(unit.code, ())
        path.write_bytes(
            filler.fill({"unit": unit.code, "unit_name": unit.name}, lists={PROGRESS_LIST: rows} if rows else {})
        )


def file_name(form: str, period: Period, unit: UnitRecord) -> str:
    """``review-report_2025-Q1_DU.28687.xlsx``; @ and other signs stay out of file names."""
    return f"{form}_{period.code.replace('@', '-')}_{unit.code}.xlsx"


def _owes(catalog: Catalog, form: str, period: Period, unit: UnitRecord) -> bool:
    return any(item.form == form for item in catalog.owed(unit.kind, period))


def _all_owing(catalog: Catalog, form: str, period: Period) -> list[UnitRecord]:
    last = period.window.last
    living = [u for u in catalog.units if u.valid_from <= last and (u.valid_to is None or last <= u.valid_to)]
    return [unit for unit in living if _owes(catalog, form, period, unit)]


def _owing(catalog: Catalog, form: str, period: Period, code: str) -> UnitRecord:
    unit = catalog.unit_on(code, period.window.last)
    if unit is None:
        known = "; ".join(f"{u.name} {u.valid_from:%d/%m/%Y}–{u.valid_to or ''}" for u in catalog.units_of(code))
        raise TemplateRefusedError(
            f"Đơn vị {code} không tồn tại vào ngày {period.window.last:%d/%m/%Y}. {known}".strip(),
            f"Unit {code} did not exist on {period.window.last.isoformat()}. {known}".strip(),
        )
    if not _owes(catalog, form, period, unit):
        raise TemplateRefusedError(
            f"{unit.name} ({code}) không phải nộp biểu {form} cho kỳ {period.code}.",
            f"{unit.name} ({code}) does not owe the form {form} for the period {period.code}.",
        )
    return unit
