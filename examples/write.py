"""Filings written as the files units would send."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from catalog import Catalog
from examples.filing import Filing
from workbook.fill import Filler
from workbook.template import build_template


class Writer:
    """Writes filings as workbooks; the template of a form and period is drawn once and copied."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._fillers: dict[tuple[str, str], Filler] = {}

    def knowing(self, catalog: Catalog) -> Writer:
        """A writer to whom the units of ``catalog`` are known, with the templates this one has drawn."""
        other = Writer(catalog)
        other._fillers = self._fillers
        return other

    def workbook(self, filing: Filing) -> bytes:
        """The workbook of a filing, as it would look after the unit had typed it."""
        return self._filler(filing.form, filing.period).fill(
            self._identity(filing),
            figures={k: v for k, v in filing.figures.items() if "." not in k.partition("[")[0]},
            notes=dict(filing.notes),
            lists={name: list(rows) for name, rows in filing.lists.items()},
            matrices=_matrices(filing),
            narratives=dict(filing.narratives),
        )

    def write_all(self, filings: Iterable[tuple[str, Filing]], folder: Path) -> list[Path]:
        """Write named filings into a folder; the name is the file's without its ending."""
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, filing in filings:
            path = folder / f"{name}.xlsx"
            path.write_bytes(self.workbook(filing))
            written.append(path)
        return written

    def _identity(self, filing: Filing) -> dict[str, str]:
        period = self._catalog.period(filing.period)
        unit = self._catalog.unit_on(filing.unit, period.window.last) if period else None
        return {
            "unit": filing.unit,
            "unit_name": unit.name if unit else "",
            "period": filing.period,
            "period_label": period.label_vi if period else "",
            "scope": filing.scope,
            "reporter": filing.reporter or filing.unit,
        }

    def _filler(self, form: str, period_code: str) -> Filler:
        key = (form, period_code)
        if key not in self._fillers:
            period = self._catalog.period(period_code) or self._catalog.periods(2025)[0]
            template = build_template(self._catalog, form, period, self._catalog.units[0])
            self._fillers[key] = Filler(template, self._catalog.forms[form])
        return self._fillers[key]


def _matrices(filing: Filing) -> dict[str, dict[str, dict[str, float | int | str]]]:
    """``dossiers.dossiers_received[level=xa;field=tong]`` → matrix, item, indicator."""
    matrices: dict[str, dict[str, dict[str, float | int | str]]] = {}
    for code, value in filing.figures.items():
        name, _, breakdown = code.partition("[")
        matrix, dot, indicator = name.partition(".")
        if dot:
            items = matrices.setdefault(matrix, {})
            items.setdefault(breakdown.removesuffix("]"), {})[indicator] = value
    return matrices
