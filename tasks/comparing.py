"""Reports compared with those of other units, once they are all in force."""

from __future__ import annotations

from catalog import Catalog
from catalog.model import CopyCheck
from domain.clock import today
from expectations.copies import copied
from warehouse import copies
from warehouse.engine import Engine


def compare_reports(engine: Engine, catalog: Catalog, run: str) -> None:
    """Find reports whose figures are all another unit's and write the finding down with the later one.

    It cannot be seen while a batch is checked: the two may stand in batches that are judged at the same time. Whatever
    a killed run left uncompared is compared by the next. Definitions without a rule on copies in force ask for nothing.
    """
    if not any(isinstance(rule.check, CopyCheck) and rule.applies_on(today()) for rule in catalog.rules):
        return
    pairs = copies.to_compare(engine)
    copies.add_findings(engine, run, pairs, copied(pairs, catalog, today()))
