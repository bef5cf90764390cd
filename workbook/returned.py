"""A report handed back: the unit's own workbook with what is wrong marked at the cell, a first sheet that says all.

Always an .xlsx. A file that is none comes back as the form filled with what was read of it, or as a copy of its values;
one that cannot be opened as the results alone. No file raises, nor one that is gone.
"""

from __future__ import annotations

import hashlib
import logging
import re
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
from workbook.opc import StrangePackageError
from workbook.read import Source, open_source
from workbook.result_sheet import Head, Item, Tone
from workbook.sheets import Book

__all__ = ["Head", "returned_workbook"]

_ADDRESS = re.compile(r"\$?[A-Z]{1,3}\$?[1-9][0-9]{0,9}")
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
# Prefect, where it runs in the same process, is told to be silent and silences the root with it
_log.setLevel(logging.WARNING)

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

    ``findings`` carry the columns of :data:`domain.columns.FINDINGS`. Raises nothing for what the file is: the findings
    are known all the same, so that the results alone are the last way. Why a better way failed is logged.
    """
    facts = {
        "submission": str(head.submission),
        "unit": head.bound_unit or "",
        "period": head.period or "",
        "form": head.form or "",
    }
    try:
        facts["sha256"] = _digest(path)
    except OSError as error:
        _log.warning("submission %d, %s: %r; the results alone are returned", head.submission, path, error)
        return _alone(findings, head, facts, "lost")
    for made in _ways(Source(0, path, name), head, catalog):
        try:
            base = made()
            if base is not None:
                return annotated(base.data, base.former, _items(findings, base.locate), head, facts, base.copied)
        except Exception as error:  # whatever a file that was built to do harm leads to, wherever it is touched
            _log_failed(head, path, error)
    # of an unreadable file the sheet says so anyway
    return _alone(findings, head, facts, "" if head.state == SubmissionState.UNREADABLE else "alone")


def _alone(findings: Sequence[Finding], head: Head, facts: Mapping[str, str], why: str) -> bytes:
    return annotated(nothing(), _NEVER, _items(findings, _as_said), head, facts, why)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _ways(source: Source, head: Head, catalog: Catalog) -> list[Callable[[], _Base | None]]:
    """Ways to make the workbook, the best first; none for a file that cannot be opened."""
    if head.state == SubmissionState.UNREADABLE:
        return []
    try:
        return list(_bases(source, catalog))
    except Exception as error:
        _log_failed(head, source.path, error)
        return []


def _log_failed(head: Head, path: Path, error: Exception) -> None:
    # a fault of the file says all; where the program is at fault, whoever mends it needs the place
    place = None if isinstance(error, BadFileError | StrangePackageError) else error
    _log.warning("submission %d, %s: %r; a plainer way is tried", head.submission, path, error, exc_info=place)


def _bases(source: Source, catalog: Catalog) -> Iterator[Callable[[], _Base | None]]:
    """Raises :class:`BadFileError` for a file that cannot be opened."""
    opened = open_source(source)
    if isinstance(opened, Book):
        opened.refuse_giants()
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
    tones: dict[str, Tone] = {Severity.CRITICAL: Tone.FAULT, Severity.WARNING: Tone.WARNING}
    return tones.get(_word(finding, "severity"), Tone.NOTE)


def _word(finding: Finding, name: str) -> str:
    value = finding.get(name)
    return "" if value is None else str(value)


def _as_said(finding: Finding) -> tuple[Cell, ...]:
    """The cells that the finding names; the one of its own first, each once."""
    sheet = _word(finding, "sheet")
    found = [_cell(sheet, _word(finding, "cell"))] if sheet else []
    found += [_cell(there or sheet, address) for there, address in _listed(_word(finding, "cells"))]
    return tuple(dict.fromkeys(cell for cell in found if cell and cell.sheet))


def _listed(cells: str) -> Iterator[tuple[str, str]]:
    """(sheet, address) of ``E7, E8, Kiểm tra, giám sát!D5``: a sheet's name may have commas of its own."""
    waiting: list[str] = []
    for piece in cells.split(", "):
        name, mark, address = piece.rpartition("!")
        if mark and _ADDRESS.fullmatch(address):
            yield ", ".join([*waiting, name]), address
            waiting = []
        elif not waiting and _ADDRESS.fullmatch(piece):
            yield "", piece
        else:
            waiting.append(piece)
    yield from (("", piece) for piece in waiting if _ADDRESS.fullmatch(piece))


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
