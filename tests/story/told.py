"""The warehouse after the source filings were collected, asked as an analyst would."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalog import Catalog
from domain.clock import today
from domain.quantity import Interval, Qualifier, Quantity
from examples.sources import SourceFiling
from examples.write import Writer
from tasks.pipeline import NoPast, process
from warehouse import queries
from warehouse.engine import Engine
from workbook.read import Source


class Story:
    """Figures, lists and findings by the name of the filing they were typed into."""

    def __init__(self, engine: Engine, catalog: Catalog, filings: list[SourceFiling], scratch: Path) -> None:
        self._engine = engine
        self._catalog = catalog
        self._scratch = scratch
        self._filings = {item.name: item.filing for item in filings}

    def ask(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            found = connection.exec_driver_sql(sql, values)
            return [dict(row) for row in found.mappings()]

    def figures(self, filing: str) -> list[dict[str, Any]]:
        """Stated figures of a filing, from the analysts' view."""
        item = self._filings[filing]
        return self.ask(
            "select * from mart_observation where unit = :unit and period = :period and form = :form and not derived",
            unit=item.unit,
            period=item.period,
            form=item.form,
        )

    def figure(self, filing: str, field: str) -> dict[str, Any] | None:
        indicator, _, breakdown = field.partition("[")
        wanted = (indicator, breakdown.removesuffix("]"))
        found = [row for row in self.figures(filing) if (row["indicator"], row["breakdown"]) == wanted]
        assert len(found) <= 1, found
        return found[0] if found else None

    def value(self, filing: str, field: str) -> float:
        """The value of a field; ``field:denominator`` is the denominator of its ratio."""
        field, _, part = field.partition(":")
        figure = self.figure(filing, field)
        assert figure is not None, (filing, field)
        value = figure[part or "value"]
        assert value is not None, (filing, field)
        return float(value)

    def qualifier(self, filing: str, field: str) -> str:
        figure = self.figure(filing, field)
        assert figure is not None, (filing, field)
        return str(figure["qualifier"])

    def quantity(self, filing: str, field: str) -> Quantity:
        return Quantity(self.value(filing, field), Qualifier(self.qualifier(filing, field)))

    def interval(self, filing: str, field: str) -> Interval:
        """The bounds the warehouse keeps beside the value."""
        figure = self.figure(filing, field)
        assert figure is not None, (filing, field)
        if figure["lower"] is None and figure["upper"] is None:
            return Interval(figure["value"], figure["value"])
        low = float("-inf") if figure["lower"] is None else figure["lower"]
        return Interval(low, float("inf") if figure["upper"] is None else figure["upper"])

    def submission(self, filing: str) -> dict[str, Any]:
        item = self._filings[filing]
        (found,) = self.ask(
            "select s.id, u.code as unit, u.kind, u.parent_code as parent, s.reporter, p.code as period, s.state "
            "from submission s join unit u on u.id = s.unit_id join period p on p.id = s.period_id "
            "where u.code = :unit and p.code = :period",
            unit=item.unit,
            period=item.period,
        )
        return found

    def findings(self, filing: str) -> dict[str, str]:
        """Rule → severity."""
        found = queries.findings(self._engine, submission=self.submission(filing)["id"])
        return dict(found.select("rule", "severity").iter_rows())

    def findings_if(self, filing: str, typed: dict[str, Any]) -> dict[str, str]:
        """Rule → severity, had the unit typed these figures too; nothing is stored."""
        item = self._filings[filing]
        told = replace(item, figures={**item.figures, **typed})
        self._scratch.write_bytes(Writer(self._catalog).workbook(told))
        outcome = process([Source(1, self._scratch, self._scratch.name)], self._catalog, NoPast(), today())
        return dict(outcome.findings.select("rule", "severity").iter_rows())

    def list_rows(self, filing: str, name: str) -> list[dict[str, Any]]:
        """Rows of a list, from its own table or from the table of the other lists."""
        table = {"initiatives": "initiative", "topics": "topic", "commendations": "commendation"}.get(name)
        submission = self.submission(filing)["id"]
        if table:
            return self.ask(f"select * from {table} where submission_id = :id order by item", id=submission)
        rows = self.ask(
            "select * from list_item where submission_id = :id and list = :name order by item", id=submission, name=name
        )
        return [{**json.loads(row["content"]), "key": row["key"]} for row in rows]

    def statements(self, filing: str, code: str) -> list[dict[str, Any]]:
        return [row for row in self.list_rows(filing, "statements") if row.get("code") == code]

    def distinct_initiatives(self, rows: list[tuple[str, str, int]]) -> int:
        """Initiatives among given rows (filing, list, item), counted by name and owner."""
        return len({self._initiative(filing, item)["key"] for filing, _, item in rows})

    def _initiative(self, filing: str, item: int) -> dict[str, Any]:
        (row,) = [row for row in self.list_rows(filing, "initiatives") if row["item"] == item]
        return row

    def total(self, unit: str, period: str, indicator: str) -> dict[str, Any] | None:
        """The roll-up of an indicator without breakdown."""
        found = queries.summary(self._engine, period, unit).to_dicts()
        rows = [r for r in found if r["indicator"] == indicator and not r["breakdown"] and r["value"] is not None]
        assert len(rows) <= 1, rows
        return rows[0] if rows else None
