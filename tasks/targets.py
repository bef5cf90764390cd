"""Targets: taken in from a file whole or not at all, written out, and set beside what was reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from catalog import Catalog
from catalog.register import RowFault, Said
from conference.frozen import SCHEMAS
from domain.act import ActRefusedError
from domain.numbers import vi_number, vi_percent
from domain.observation import ValueKind
from domain.period import Period
from domain.target import Outcome, Target
from tasks.register import Change, Difference, FieldChange
from tasks.rolling import totals_in_force
from tasks.target_rows import Bearers, Given, GivenTarget, Key, read_file, year_window
from transform.attainment import ATTAINED, attained
from transform.roll_up import ROLL_UP
from warehouse import queries
from warehouse.engine import Engine
from warehouse.targets import PUT, TargetsMovedError, numbers_of, put_targets, targets_of
from warehouse.units import subtree
from workbook.register import TARGETS, write_targets_csv, write_targets_workbook

#: How often an import is proved anew because somebody else changed targets meanwhile.
_TRIES = 5

_FIELDS = ("direction", "value", "source")


class TargetsRefusedError(Exception):
    """A file of targets was refused whole; ``faults`` names every row that is wrong."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in faults))


# ------------------------------------------------------------------------------------------------ import, export


def import_targets(
    engine: Engine, catalog: Catalog, file: Path, *, who: str, reason: str | None, dry_run: bool = False
) -> Difference:
    """Read a file of targets, prove it, and put its targets down (unless ``dry_run``); the difference it makes.

    A target is known by (unit, indicator, year); what the file does not name stays. A change of one that stands, or
    taking it back, needs a ``reason``: else :class:`domain.act.ActRefusedError`. Raises :class:`TargetsRefusedError`;
    after either nothing was changed.
    """
    for _ in range(_TRIES):
        in_force = targets_of(engine)
        units, indicators = numbers_of(engine)
        bearers = Bearers(units, catalog)
        standing = {
            (row["unit"], row["indicator"], row["year"]): row
            for row in in_force.to_dicts()
            if (row["unit_id"], row["unit_name"]) == bearers.of(row["unit"], row["year"])
        }
        given = read_file(file, catalog, bearers, standing)
        _must_be_synced(given, indicators, file)
        if given.faults:
            raise TargetsRefusedError(sorted(given.faults, key=lambda fault: (fault.sheet, fault.line)))
        difference = _difference(catalog, standing, given)
        changes = [change for change in difference.changes if change.what in ("changed", "removed")]
        if changes and not reason and not dry_run:
            raise ActRefusedError(
                f"{len(changes)} chỉ tiêu đã giao sẽ đổi: ghi lý do bằng --reason, hoặc xem trước bằng --dry-run",
                f"{len(changes)} targets in force would change: give a --reason, or look first with --dry-run",
            )
        if dry_run or not difference.changes:
            return difference
        try:
            put_targets(
                engine,
                _rows(given, standing, indicators),
                who=who,
                reason=reason or f"Giao chỉ tiêu theo tệp {file.name}",
                before=_told(difference, "before"),
                after=_told(difference, "after"),
                proved_with=in_force,
            )
        except TargetsMovedError:
            continue
        return difference
    what = Said("chỉ tiêu đang bị người khác sửa liên tục", "the targets keep being changed by somebody else")
    raise TargetsRefusedError(
        [RowFault(file.name, "", 0, "", what, Said("chạy lại sau ít phút", "run it again in a few minutes"))]
    )


def _must_be_synced(given: Given, indicators: Mapping[str, int], file: Path) -> None:
    """An indicator of definitions that the warehouse has not taken over yet has no number there."""
    for code in sorted({code for _, code, _ in given.targets} - indicators.keys()):
        what = Said(f"kho chưa có chỉ tiêu {code}", f"the warehouse does not know {code} yet")
        given.faults.append(
            RowFault(file.name, "", 0, "indicator", what, Said("chạy: tongket init", "run: tongket init"))
        )


def _difference(catalog: Catalog, standing: Mapping[Key, Mapping[str, Any]], given: Given) -> Difference:
    changes: list[Change] = []
    same: Counter[str] = Counter()
    for key, target in given.targets.items():
        fields = _changed(catalog, key, standing.get(key), target)
        what = (
            "removed" if target.value is None else "added" if key not in standing else "changed" if fields else "same"
        )
        if what == "same":
            same[TARGETS] += 1
        else:
            where = " · ".join(map(str, key))
            changes.append(Change(TARGETS, what, where, target.unit_name, target.place, fields))
    beside = {TARGETS: len(standing.keys() - given.targets.keys())}
    return Difference(tuple(changes), {TARGETS: same[TARGETS]}, beside)


def _changed(
    catalog: Catalog, key: Key, before: Mapping[str, Any] | None, after: GivenTarget
) -> tuple[FieldChange, ...]:
    def words(name: str, value: Any) -> str:
        if value is None or value == "":
            return ""
        return in_words(catalog, key[1], value) if name == "value" else str(value)

    pairs = (
        (name, words(name, before[name] if before else None), words(name, getattr(after, name))) for name in _FIELDS
    )
    kept = ("source",) if after.value is None else ()
    return tuple(FieldChange(*pair) for pair in pairs if pair[1] != pair[2] and pair[0] not in kept)


def _told(difference: Difference, side: str) -> str:
    """What the act keeps of each target: its key with the fields of before, or of after."""
    return "\n".join(
        f"{change.where}: " + " ".join(getattr(field, side) or "–" for field in change.fields)
        for change in difference.changes
    )


def _rows(given: Given, standing: Mapping[Key, Mapping[str, Any]], indicators: Mapping[str, int]) -> pl.DataFrame:
    rows = [
        {
            "unit_id": target.unit_id,
            "indicator_id": indicators[key[1]],
            "year": key[2],
            "direction": target.direction or standing[key]["direction"],
            "value": target.value,
            "source": target.source,
        }
        for key, target in given.targets.items()
        if not _is_same(standing.get(key), target)
    ]
    return pl.DataFrame(rows, schema=PUT)


def _is_same(before: Mapping[str, Any] | None, after: GivenTarget) -> bool:
    return before is not None and all(before[name] == getattr(after, name) for name in _FIELDS)


def in_words(catalog: Catalog, indicator: str, value: float) -> str:
    """A target as files and people write it: 11713 · 97,5 %; digits are not grouped, so that it can be read back."""
    known = catalog.indicators.get(indicator)
    if known is not None and known.kind in (ValueKind.PERCENT, ValueKind.RATIO):
        return vi_percent(value, None)
    return vi_number(value).replace(".", "")


def export_targets(engine: Engine, catalog: Catalog, to: Path, year: int | None = None) -> int:
    """Write the targets in force as ``.csv`` or ``.xlsx``; imported again they change nothing. The number of rows."""
    rows = [
        Target(
            row["unit"],
            row["indicator"],
            row["year"],
            row["direction"],
            in_words(catalog, row["indicator"], row["value"]),
            row["source"],
        )
        for row in targets_of(engine, year=year).to_dicts()
    ]
    to.write_bytes(write_targets_csv(rows) if to.suffix.lower() == ".csv" else write_targets_workbook(rows))
    return len(rows)


# ------------------------------------------------------------------------------------------------ attainment


def attainment_of(
    engine: Engine,
    catalog: Catalog,
    year: int,
    units: Sequence[str] | None = None,
    *,
    up_to: date | None = None,
) -> pl.DataFrame:
    """The targets of a year with what was reached: :data:`transform.attainment.ATTAINED` with ``unit_id, unit_name,
    version``, by unit and indicator in the order of the definitions.

    ``units``: codes; without it all. ``up_to``: only figures of periods that end by this day.
    """
    standing = targets_of(engine, year=year, units=units)
    first, last = year_window(catalog, year)
    tree = queries.unit_tree(engine, last, since=first)
    figures = _figures(engine, catalog, year, standing, up_to)
    asked = standing.select(
        "indicator",
        "year",
        "direction",
        "source",
        unit=pl.col("unit_id").cast(pl.String),
        target="value",
        lives=pl.col("unit_id").is_in(tree["unit_id"].implode()),
    )
    names = standing.select("unit_id", "unit", "unit_name", "indicator", "indicator_id", "version")
    reached = attained(asked, figures, catalog).with_columns(unit_id=pl.col("unit").cast(pl.Int64)).drop("unit")
    found = reached.join(names, on=["unit_id", "indicator"], how="left").sort("unit", "unit_id", "indicator_id")
    return found.select(*ATTAINED, "unit_id", "unit_name", "version")


def units_below(engine: Engine, catalog: Catalog, unit: str, year: int) -> list[str]:
    """Codes of a unit and of all below it, as the year knew them."""
    first, last = year_window(catalog, year)
    tree = queries.unit_tree(engine, last, since=first)
    if tree.filter(pl.col("unit") == unit).is_empty():
        return [unit]
    found: list[str] = subtree(tree, unit)["unit"].to_list()
    return found


def _figures(engine: Engine, catalog: Catalog, year: int, targets: pl.DataFrame, up_to: date | None) -> pl.DataFrame:
    """Totals of the units with targets in every period of the year; a code means whoever bore it in the period."""
    sent = set(queries.periods_with_submissions(engine)) if targets.height else set()
    chosen = [
        period
        for period in catalog.periods(year)
        if period.code in sent and (up_to is None or period.window.last <= up_to)
    ]
    codes = targets["indicator"].unique().to_list()
    parts = [
        _figures_of(engine, catalog, period, form, targets, codes)
        for period in chosen
        for form in catalog.forms
        if queries.has_figures(engine, period.code, form)
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=_FIGURES)


_FIGURES = {
    **ROLL_UP,
    "year": pl.Int64,
    "period": pl.String,
    "form": pl.String,
    "is_year": pl.Boolean,
    "runs": pl.Boolean,
    "ends": pl.Date,
    "days": pl.Int64,
}


def _figures_of(
    engine: Engine, catalog: Catalog, period: Period, form: str, targets: pl.DataFrame, indicators: Sequence[str]
) -> pl.DataFrame:
    window = period.window
    tree = queries.unit_tree(engine, window.last, since=window.first)
    here = targets.select("unit_id").unique().join(tree.select("unit_id", "unit"), on="unit_id")
    totals = totals_in_force(engine, catalog, period.code, form, here["unit"].to_list(), indicators)
    whole = next((item for item in catalog.periods(period.year, period.calendar) if item.kind == "year"), period)
    return (
        totals.join(here, on="unit")
        .with_columns(
            unit=pl.col("unit_id").cast(pl.String),
            year=pl.lit(period.year, pl.Int64),
            period=pl.lit(period.code),
            form=pl.lit(form),
            is_year=pl.lit(period.kind == "year"),
            runs=pl.lit(window.first == whole.window.first),
            ends=pl.lit(window.last),
            days=pl.lit(window.days, pl.Int64),
        )
        .select(pl.col(name).cast(kind) for name, kind in _FIGURES.items())
    )


def targets_frame(engine: Engine, catalog: Catalog, unit_codes: Sequence[str], periods: Sequence[str]) -> pl.DataFrame:
    """The frame ``targets`` of a freeze (:data:`conference.frozen.SCHEMAS`): targets of the years of ``periods`` of
    these units, beside the figures of periods that end no later than the last of ``periods`` in that year.

    ``met`` is null where the outcome is not final; then ``note`` says how it stands. Words for notes:
    :func:`domain.target.note_in_words`. Of two bearers of a code in one year the later is told.
    """
    known = [period for code in periods if (period := catalog.period(code)) is not None]
    ends = {year: max(p.window.last for p in known if p.year == year) for year in sorted({p.year for p in known})}
    parts = [attainment_of(engine, catalog, year, unit_codes, up_to=day) for year, day in ends.items()]
    schema = dict(SCHEMAS["targets"])
    if not parts:
        return pl.DataFrame(schema=schema)
    finals = {Outcome.MET.value: True, Outcome.NOT_MET.value: False}
    return (
        pl.concat(parts)
        .sort("unit_id")
        .unique(["unit", "indicator", "year"], keep="last", maintain_order=True)
        .with_columns(
            met=pl.col("outcome").replace_strict(finals, default=None, return_dtype=pl.Boolean),
            note=pl.when(pl.col("note") != "").then("note"),
        )
        .select(pl.col(name).cast(kind) for name, kind in schema.items())
        .sort("unit", "indicator", "year")
    )
