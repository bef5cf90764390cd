"""A report handed back: the unit's own workbook with what is wrong marked at the cell, a first sheet that says all.

Always an .xlsx. A file that is none comes back as the form filled with what was read of it, or as a copy of its values;
one that cannot be opened as the results alone. A bad file never raises.
"""

from __future__ import annotations

import hashlib
import logging
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog import Catalog
from catalog.model import IntakeCheck
from domain.cell import Cell
from domain.finding import Severity
from domain.submission import SubmissionState
from workbook.annotate import Former, annotated
from workbook.equivalent import Filled, copy_of_values, filled_form, nothing
from workbook.faults import BadFileError
from workbook.read import Source, open_source
from workbook.result_sheet import Head, Item, Tone
from workbook.sheets import Book

__all__ = ["Head", "returned_workbook"]

#: What a file that is not built as it should be leads to, wherever it is touched.
_BROKEN = (BadFileError, ValueError, LookupError, struct.error, OverflowError, RecursionError)

_ADDRESS = r"\$?[A-Z]{1,3}\$?[1-9][0-9]*"
#: ``E7, E8, Kiểm tra, giám sát!D5``: a sheet's name may have commas of its own.
_CELLS = re.compile(rf"(?:(?P<own>{_ADDRESS})|(?P<sheet>.+?)!(?P<there>{_ADDRESS}))(?:,\s|$)")
#: Fault of level 2 → the identity cell that it speaks of, for files whose identity has no cells of a form.
_IDENTITY_OF = {
    "unit_missing": "unit",
    "unit_unknown": "unit",
    "unit_not_valid_in_period": "unit",
    "form_not_owed": "unit",
    "returned_to_other": "unit",
    "unit_name_mismatch": "unit_name",
    "period_missing": "period",
    "period_unknown": "period",
    "period_in_future": "period",
    "period_closed": "period",
    "scope_unknown": "scope",
    "reporter_unknown": "reporter",
}

_log = logging.getLogger(__name__)

Finding = Mapping[str, Any]
Locate = Callable[[Finding], tuple[Cell, ...]]


_NEVER = Former()


@dataclass(frozen=True, slots=True)
class _Base:
    """An .xlsx to be annotated, how cells are found in it, and what it is when it is not the file itself."""

    data: bytes
    locate: Locate
    former: Former = _NEVER
    copied: str = ""


def returned_workbook(path: Path, name: str, findings: Sequence[Finding], head: Head, catalog: Catalog) -> bytes:
    """The annotated .xlsx of the file ``path``, whose sender called it ``name``.

    ``findings`` carry the columns of :data:`domain.columns.FINDINGS`. Raises ``OSError`` for a file that the operating
    system cannot open, nothing for one that is bad.
    """
    facts = {
        "submission": str(head.submission),
        "unit": head.bound_unit,
        "period": head.period,
        "form": head.form,
        "sha256": _digest(path),
    }
    for made in _bases(Source(0, path, name), head, catalog):
        try:
            base = made()
            if base is not None:
                return annotated(base.data, base.former, _items(findings, base.locate), head, facts, base.copied)
        except _BROKEN as error:
            _log.warning("submission %d, %s: %r; a plainer way is tried", head.submission, name, error)
    return annotated(nothing(), _NEVER, _items(findings, _as_said), head, facts)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _bases(source: Source, head: Head, catalog: Catalog) -> Iterator[Callable[[], _Base | None]]:
    """Ways to make the workbook, the best first."""
    if head.state == SubmissionState.UNREADABLE:
        return
    try:
        opened = open_source(source)
        if isinstance(opened, Book):
            opened.refuse_giants()
    except BadFileError:
        return
    if not isinstance(opened, Book):
        yield lambda: _form_of_plain(source, catalog)
        return
    if opened.media == "xlsx":
        yield lambda: _Base(opened.data, _as_said, Former(tuple(opened.annotation), opened.marker))
    else:
        yield lambda: _form_of_book(source, catalog)
    yield lambda: _Base(copy_of_values(opened), _as_said, copied="plain")


def _form_of_book(source: Source, catalog: Catalog) -> _Base | None:
    filled = filled_form(source, catalog, is_workbook=True)
    return _Base(filled.data, _as_said, copied="template") if filled else None


def _form_of_plain(source: Source, catalog: Catalog) -> _Base | None:
    filled = filled_form(source, catalog, is_workbook=False)
    return _Base(filled.data, _in_form(filled, catalog), copied="template") if filled else None


# ------------------------------------------------------------------------------------------------ findings


def _items(findings: Sequence[Finding], locate: Locate) -> list[Item]:
    """The findings as they are shown, what blocks first, otherwise in their order."""
    gravity = list(Tone)
    ordered = sorted(findings, key=lambda finding: gravity.index(_tone(finding)))
    return [_item(number, finding, locate) for number, finding in enumerate(ordered, 1)]


def _item(number: int, finding: Finding, locate: Locate) -> Item:
    sheet, cell = _word(finding, "sheet"), _word(finding, "cell")
    return Item(
        number=number,
        tone=_tone(finding),
        rule=_word(finding, "rule"),
        places=locate(finding),
        where=f"{sheet}!{cell}" if sheet and cell and cell != sheet else cell or sheet,
        vi=_word(finding, "message_vi"),
        en=_word(finding, "message_en"),
        expected=_word(finding, "expected"),
        arithmetic=_word(finding, "arithmetic"),
        settled_by=_word(finding, "settled_by"),
        explanation=_word(finding, "explanation"),
    )


def _tone(finding: Finding) -> Tone:
    if finding.get("settled_by"):
        return Tone.SETTLED
    return {Severity.CRITICAL: Tone.FAULT, Severity.WARNING: Tone.WARNING}.get(finding["severity"], Tone.NOTE)


def _word(finding: Finding, name: str) -> str:
    value = finding.get(name)
    return "" if value is None else str(value)


def _as_said(finding: Finding) -> tuple[Cell, ...]:
    """The cells that the finding names; the one of its own first, each once."""
    sheet = _word(finding, "sheet")
    found = [_cell(sheet, _word(finding, "cell"))] if sheet else []
    listed = _CELLS.finditer(_word(finding, "cells"))
    found += [_cell(part["sheet"] or sheet, part["own"] or part["there"]) for part in listed]
    return tuple(dict.fromkeys(cell for cell in found if cell and cell.sheet))


def _cell(sheet: str, address: str) -> Cell | None:
    try:
        cell = Cell.parse(address)
    except ValueError:
        return None
    return Cell(sheet, cell.row, cell.column)


def _in_form(filled: Filled, catalog: Catalog) -> Locate:
    """Cells of the form for findings about a file that has no sheets: by its addresses, or by field and item."""
    layout = filled.layout
    faults = {rule.id: rule.check.fault for rule in catalog.rules if isinstance(rule.check, IntakeCheck)}

    def place(field: str, item: int) -> Cell | None:
        code = field.rpartition(":")[2] if ":" in field.partition("[")[0] else field
        number = layout.slot_numbers.get((code, item, "value"))
        if number is not None:
            return layout.slots[number].place
        return layout.places.get(code) or layout.places.get(code.partition("[")[0])

    def locate(finding: Finding) -> tuple[Cell, ...]:
        identity = _IDENTITY_OF.get(faults.get(_word(finding, "rule"), ""))
        if identity:
            cell = layout.identity.get(identity)
            return (cell,) if cell else ()
        said = [_word(finding, "cell"), *_word(finding, "cells").split(", ")]
        slots = [filled.slots[address] for address in said if address in filled.slots]
        own = (_word(finding, "field"), int(finding.get("item") or 0))
        found = [place(*slot) for slot in ([own, *slots] if own[0] else slots)]
        return tuple(dict.fromkeys(cell for cell in found if cell))

    return locate
