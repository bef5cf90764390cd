"""Rules of the catalogue as formulas of a spreadsheet, so that a form checks itself while it is filled in.

Only rules between exact figures of the form itself can be mirrored: sums (``identity``), parts (``at_most``), ranges.
A formula judges only when every cell it reads that is not blank holds a number: "gần 1.600" is left to the reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from catalog import Catalog
from catalog.model import AtMostCheck, IdentityCheck, RangeCheck, Rule, Section
from domain.cell import Cell, column_letters
from domain.finding import Severity
from domain.observation import ValueKind
from workbook.layout import Layout, split_breakdown

Columns = dict[str, tuple[Cell, ...]]

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


def _frame_rows(layout: Layout, frame: str) -> Iterator[tuple[str, Columns]]:
    """(label, column → its cells) of the one row of ``main`` or of every row of a matrix."""
    if frame == "main":
        yield "", _main_columns(layout)
        return
    for section in layout.form.sections_of("matrix"):
        if section.code == frame:
            for row, breakdown in enumerate(section.items):
                yield breakdown, {code: (cells[row],) for code, cells in _matrix_cells(layout, section).items()}


def _main_columns(layout: Layout) -> Columns:
    """Every scalar, and every sum over rows of a matrix: ``sum:dossiers.dossiers_received[field=tong]``."""
    columns: Columns = _Sums(layout)
    columns.update(
        {item.code: (layout.places[item.code],) for item in layout.form.fields if item.code in layout.places}
    )
    return columns


class _Sums(dict[str, tuple[Cell, ...]]):
    """Columns of ``main``; sums over a matrix are looked up when they are asked for."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._layout = layout

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or bool(self._summed(str(name)))

    def __missing__(self, name: str) -> tuple[Cell, ...]:
        return self._summed(name)

    def _summed(self, name: str) -> tuple[Cell, ...]:
        source, _, rest = name.partition(":")
        matrix, _, column = rest.partition(".")
        section = next((s for s in self._layout.form.sections_of("matrix") if s.code == matrix), None)
        if source != "sum" or section is None:
            return ()
        indicator, breakdown = split_breakdown(column)
        wanted = set(filter(None, breakdown.split(";")))
        cells = _matrix_cells(self._layout, section).get(indicator, ())
        return tuple(c for c, item in zip(cells, section.items, strict=False) if wanted <= set(item.split(";")))


def _matrix_cells(layout: Layout, section: Section) -> Columns:
    """Indicator → its cells from top to bottom; empty in a version without the matrix."""
    place = layout.places.get(section.code)
    if place is None:
        return {}
    return {
        indicator: tuple(Cell(place.sheet, place.row + row, place.column + n) for row in range(len(section.items)))
        for n, indicator in enumerate(section.indicators)
    }


def _of_row(rule: Rule, label: str, columns: Columns) -> LiveCheck | None:
    match rule.check:
        case IdentityCheck(total=total, parts=parts) if _known(total + parts, columns):
            return _identity(rule, rule.check, label, columns)
        case AtMostCheck(smaller=smaller, larger=larger, times=None) if _known(smaller + larger, columns):
            return _at_most(rule, rule.check, label, columns)
        case RangeCheck(columns=names) if names and _known(names, columns):
            return _range(rule, rule.check, label, _cells(names, columns))
        case _:
            return None


def _known(names: tuple[str, ...], columns: Columns) -> bool:
    return all(name in columns for name in names)


def _cells(names: tuple[str, ...], columns: Columns) -> tuple[Cell, ...]:
    return tuple(cell for name in names for cell in columns[name])


def _references(names: tuple[str, ...], columns: Columns) -> str:
    return ",".join(absolute(cell) for cell in _cells(names, columns))


def _given(names: tuple[str, ...], columns: Columns) -> list[str]:
    """A condition for each name: at least one of its cells holds a number."""
    return [f"COUNT({_references((name,), columns)})>0" for name in names]


def _numeric(references: str) -> str:
    return f"COUNTA({references})=COUNT({references})"


def _identity(rule: Rule, check: IdentityCheck, label: str, columns: Columns) -> LiveCheck:
    total, parts = _references(check.total, columns), _references(check.parts, columns)
    needed = check.total + check.when_given + (check.parts if check.missing_parts == "skip" else ())
    conditions = [_numeric(f"{total},{parts}"), f"COUNT({parts})>0", *_given(needed, columns)]
    difference = f"SUM({total})-SUM({parts})"
    return LiveCheck(
        rule=rule,
        label=label,
        cells=_cells(check.total, columns),
        reads=_cells(check.total + check.parts, columns),
        judged=f"AND({','.join(conditions)})",
        broken=f"ABS({difference})>{check.tolerance + _HAIR}",
        difference=difference,
    )


def _at_most(rule: Rule, check: AtMostCheck, label: str, columns: Columns) -> LiveCheck:
    smaller, larger = _references(check.smaller, columns), _references(check.larger, columns)
    conditions = [_numeric(f"{smaller},{larger}"), *_given(check.smaller + check.larger, columns)]
    difference = f"SUM({smaller})-SUM({larger})*{check.factor:g}"
    return LiveCheck(
        rule=rule,
        label=label,
        cells=_cells(check.smaller, columns),
        reads=_cells(check.smaller + check.larger, columns),
        judged=f"AND({','.join(conditions)})",
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
