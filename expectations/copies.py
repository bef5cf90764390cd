"""Level 6, across units: a report whose figures are all those of another unit's report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from catalog.load import Catalog
from catalog.model import CopyCheck, Message, Rule
from domain.columns import COPIES, FINDINGS
from domain.numbers import en_number, vi_number
from expectations.fault import ProgramFault
from expectations.places import address
from expectations.schema import schema_of
from expectations.severity import said_of_newness


def copied(pairs: pl.DataFrame, catalog: Catalog, today: date) -> pl.DataFrame:
    """FINDINGS for COPIES: one a file, at its first figure, with the unit, period, file and cell it stands in as well.

    It cannot be judged on the frames of a batch, which know nothing of other units; the warehouse finds the pairs.
    Raises :class:`ProgramFault` when there are pairs and no rule in force ``today`` names them.
    """
    rows = pairs.select(list(COPIES)).unique("file", keep="first", maintain_order=True)
    return pl.DataFrame(_written(rows, catalog, today), schema=schema_of(FINDINGS), orient="row")


def _written(pairs: pl.DataFrame, catalog: Catalog, today: date) -> Iterator[tuple[Any, ...]]:
    if pairs.is_empty():
        return
    rule = _rule(catalog, today)
    message = catalog.messages[rule.message]
    severity = rule.severity_on(today)
    new_vi, new_en = said_of_newness(rule, severity)
    for pair in pairs.iter_rows(named=True):
        vi, en = _words(pair, rule, message)
        sheet, cell = pair["sheet"] or "", pair["cell"] or ""
        yield (
            pair["file"],
            rule.id,
            int(rule.level),
            str(severity),
            "",
            0,
            sheet,
            cell,
            vi_number(pair["figures"]),
            _other_vi(pair),
            "",
            f"{vi} {message.advice_vi} {new_vi}".strip(),
            f"{en} {message.advice_en} {new_en}".strip(),
            address(sheet, cell),
            None,
            None,
        )


def _rule(catalog: Catalog, today: date) -> Rule:
    for rule in catalog.rules:
        if isinstance(rule.check, CopyCheck) and rule.applies_on(today):
            return rule
    raise ProgramFault("no rule in force names a report copied from another unit; it would pass in silence")


def _words(pair: dict[str, Any], rule: Rule, message: Message) -> tuple[str, str]:
    words = {
        "sheet": pair["sheet"] or "",
        "cell": address(pair["sheet"] or "", pair["cell"] or "") or "…",
        "unit": pair["unit"],
        "period": pair["period"],
    }
    try:
        vi = message.vi.format(observed=vi_number(pair["figures"]), expected=_other_vi(pair), **words)
        en = message.en.format(observed=en_number(pair["figures"]), expected=_other_en(pair), **words)
    except (KeyError, IndexError, ValueError) as fault:
        raise ProgramFault(f"{rule.id}: its message {message.id} asks for a word it cannot have: {fault}") from fault
    return vi, en


def _other_vi(pair: dict[str, Any]) -> str:
    return f"{_other(pair)} kỳ {pair['other_period']}, tệp {pair['other_name']}, {_other_cell(pair, 'ô')}"


def _other_en(pair: dict[str, Any]) -> str:
    return f"{_other(pair)} for {pair['other_period']}, file {pair['other_name']}, {_other_cell(pair, 'cell')}"


def _other(pair: dict[str, Any]) -> str:
    name, code = pair["other_unit_name"], pair["other_unit"]
    return f"{name} ({code})" if name else str(code)


def _other_cell(pair: dict[str, Any], word: str) -> str:
    return f"{word} {address(pair['other_sheet'] or '', pair['other_cell'] or '') or '…'}"
