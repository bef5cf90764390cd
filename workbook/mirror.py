"""Rules of the catalogue as formulas of a spreadsheet, so that a form checks itself while it is filled in.

Only rules between exact figures of the form itself can be mirrored: sums (``identity``), parts (``at_most``), ranges.
A formula judges only when every cell it reads that is not blank holds a number: "gần 1.600" is left to the reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from catalog import Catalog
from catalog.model import AtMostCheck, IdentityCheck, RangeCheck, Rule
from domain.cell import Cell, column_letters
from domain.finding import Severity
from domain.observation import ValueKind
from workbook.layout import Layout

#: Far below the unit any figure is given in.
_HAIR = 1e-6


@dataclass(frozen=True, slots=True)
class LiveCheck:
    """A rule as formulas without the leading ``=``. ``judged`` and ``broken`` are truths, ``difference`` is a number.

    ``cells`` are coloured when the rule is broken; ``reads`` are all cells it looks at.
    """

    rule: Rule
    label: str
    cells: tuple[Cell, ...]
    reads: tuple[Cell, ...]
    judged: str
    broken: str
    difference: str


def quoted(sheet: str) -> str:
    return "'" + sheet.replace("'", "''") + "'"


def absolute(cell: Cell) -> str:
    """``'Số liệu'!$E$7``"""
    return f"{quoted(cell.sheet)}!${column_letters(cell.column)}${cell.row + 1}"


def live_checks(catalog: Catalog, layout: Layout, day: date) -> list[LiveCheck]:
    """Every rule in force on ``day`` that can be mirrored, in the order of the catalogue."""
    rules = [rule for rule in catalog.rules_for(layout.form.id, day) if rule.severity is not Severity.INFO]
    return [check for rule in rules for check in _mirrored(catalog, layout, rule)]


def _mirrored(catalog: Catalog, layout: Layout, rule: Rule) -> Iterator[LiveCheck]:
    if rule.frame == "values":
        yield from _of_kinds(catalog, layout, rule)
        return
    for label, cells in _frame_rows(layout, rule.frame):
        check = _of_row(rule, label, cells)
        if check:
            yield check


def _frame_rows(layout: Layout, frame: str) -> Iterator[tuple[str, dict[str, Cell]]]:
    """(label, column → cell) of the one row of ``main`` or of every row of a matrix."""
    if frame == "main":
        yield "", {item.code: layout.places[item.code] for item in layout.form.fields if item.code in layout.places}
        return
    section = next((s for s in layout.form.sections_of("matrix") if s.code == frame), None)
    if section is None or frame not in layout.places:
        return
    place = layout.places[frame]
    for row, breakdown in enumerate(section.items):
        cells = {
            indicator: Cell(place.sheet, place.row + row, place.column + column)
            for column, indicator in enumerate(section.indicators)
        }
        yield breakdown, cells


def _of_row(rule: Rule, label: str, cells: dict[str, Cell]) -> LiveCheck | None:
    match rule.check:
        case IdentityCheck(total=total, parts=parts) if _known(total + parts, cells):
            return _identity(rule, rule.check, label, cells)
        case AtMostCheck(smaller=smaller, larger=larger) if _known(smaller + larger, cells):
            return _at_most(rule, rule.check, label, cells)
        case RangeCheck(columns=columns) if columns and _known(columns, cells):
            return _range(rule, rule.check, label, tuple(cells[name] for name in columns))
        case _:
            return None


def _known(columns: tuple[str, ...], cells: dict[str, Cell]) -> bool:
    return all(name in cells for name in columns)


def _references(names: tuple[str, ...], cells: dict[str, Cell]) -> str:
    return ",".join(absolute(cells[name]) for name in names)


def _numeric(references: str) -> str:
    return f"COUNTA({references})=COUNT({references})"


def _identity(rule: Rule, check: IdentityCheck, label: str, cells: dict[str, Cell]) -> LiveCheck:
    total, parts = _references(check.total, cells), _references(check.parts, cells)
    least = len(check.parts) if check.missing_parts == "skip" else 1
    conditions = [_numeric(f"{total},{parts}"), f"COUNT({total})={len(check.total)}", f"COUNT({parts})>={least}"]
    if check.when_given:
        conditions.append(f"COUNT({_references(check.when_given, cells)})={len(check.when_given)}")
    difference = f"SUM({total})-SUM({parts})"
    return LiveCheck(
        rule=rule,
        label=label,
        cells=tuple(cells[name] for name in check.total),
        reads=tuple(cells[name] for name in check.total + check.parts),
        judged=f"AND({','.join(conditions)})",
        broken=f"ABS({difference})>{check.tolerance + _HAIR}",
        difference=difference,
    )


def _at_most(rule: Rule, check: AtMostCheck, label: str, cells: dict[str, Cell]) -> LiveCheck:
    smaller, larger = _references(check.smaller, cells), _references(check.larger, cells)
    given = f"COUNT({smaller})={len(check.smaller)},COUNT({larger})={len(check.larger)}"
    difference = f"SUM({smaller})-SUM({larger})*{check.factor:g}"
    return LiveCheck(
        rule=rule,
        label=label,
        cells=tuple(cells[name] for name in check.smaller),
        reads=tuple(cells[name] for name in check.smaller + check.larger),
        judged=f"AND({_numeric(f'{smaller},{larger}')},{given})",
        broken=f"{difference}>{_HAIR}",
        difference=difference,
    )


def _range(rule: Rule, check: RangeCheck, label: str, cells: tuple[Cell, ...]) -> LiveCheck:
    outside = "+".join(_outside(check, block) for block in _blocks(cells))
    return LiveCheck(
        rule=rule,
        label=label,
        cells=cells,
        reads=cells,
        judged=f"COUNT({','.join(_blocks(cells))})>0",
        broken=f"{outside}>0",
        difference=outside,
    )


def _outside(check: RangeCheck, block: str) -> str:
    """How many numbers of a block lie outside; text is never smaller or larger."""
    sides = [f"({block}<{check.min:g})"] if check.min is not None else []
    sides += [f"({block}>{check.max:g})"] if check.max is not None else []
    return f"SUMPRODUCT(ISNUMBER({block})*({'+'.join(sides)}))"


def _blocks(cells: tuple[Cell, ...]) -> list[str]:
    """Neighbouring cells of one column joined to ranges."""
    blocks: list[tuple[Cell, Cell]] = []
    for cell in sorted(cells, key=lambda c: (c.sheet, c.column, c.row)):
        last = blocks[-1][1] if blocks else None
        if last and (last.sheet, last.column, last.row + 1) == (cell.sheet, cell.column, cell.row):
            blocks[-1] = (blocks[-1][0], cell)
        else:
            blocks.append((cell, cell))
    return [
        absolute(first) if first == last else f"{absolute(first)}:{absolute(last).rpartition('!')[2]}"
        for first, last in blocks
    ]


def _of_kinds(catalog: Catalog, layout: Layout, rule: Rule) -> Iterator[LiveCheck]:
    check = rule.check
    if not isinstance(check, RangeCheck) or ValueKind.RATIO in check.value_kinds:
        return  # a ratio is text: 18/21
    cells = tuple(cell for kind, cell in figure_cells(catalog, layout) if kind in check.value_kinds)
    if cells:
        yield _range(rule, check, "", cells)


def figure_cells(catalog: Catalog, layout: Layout) -> Iterator[tuple[ValueKind, Cell]]:
    """Kind and cell of every figure of scalars and matrices."""
    indicators = catalog.indicators
    for item in layout.form.fields:
        if item.code in layout.places:
            yield indicators[item.indicator].kind, layout.places[item.code]
    for section in layout.form.sections_of("matrix"):
        for slot in layout.slots:
            matrix, _, indicator = slot.field.partition(".")
            if matrix == section.code and slot.item:
                yield indicators[indicator].kind, slot.place
