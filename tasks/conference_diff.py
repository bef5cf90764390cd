"""What changed since a conference: each figure that differs from what was frozen, and the reports that caused it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from catalog import Catalog
from conference.differing import figures_changed
from conference.frozen import Frozen
from conference.sealing import seal
from tasks.conference import frozen_of
from tasks.conference_frames import base_periods, frames_of
from warehouse import freezing, since_freeze
from warehouse.conferences import frozen_conference
from warehouse.engine import Engine, snapshot
from warehouse.units import closure

_REPORT = ["period", "unit", "form"]
_FIGURE = [*_REPORT, "indicator", "breakdown", "level"]

#: Frames beside the figures that a conference is read from; the register and the definitions tell of themselves.
_BESIDES = ("narratives", "lists", "reports", "targets", "ratings", "conclusions")


@dataclass(frozen=True, slots=True)
class Differences:
    """``figures``: as :func:`conference.differing.figures_changed` has them, with ``name`` of the unit, ``label_vi,
    label_en, measure_vi, measure_en, indicator_kind`` and ``causes``, keys of reports (``period/unit/form``).

    ``reports``: those that changed or whose figures did: ``key, period, unit, name, form, version_then,
    file_name_then, sha256_then, became, version, submission, file_name, sha256, received_at, decided_at`` (null where
    none stands). ``acts``: on these reports since, with ``key``. ``versions``: parts of the definitions, the register
    or the computation that are not those of the freeze. ``besides``: other frames that differ. ``stale``: totals of
    now that are older than their reports."""

    frozen: Frozen
    figures: pl.DataFrame
    reports: pl.DataFrame
    acts: pl.DataFrame
    versions: tuple[str, ...]
    besides: tuple[str, ...]
    stale: tuple[tuple[str, str], ...]

    def about(self, units: Sequence[str] | None, indicator: str | None, breakdown: str | None) -> pl.DataFrame:
        """The figures of these units and this indicator (or one breakdown of it) alone."""
        rows = self.figures
        if units is not None:
            rows = rows.filter(pl.col("unit").is_in(list(units)))
        if indicator is not None:
            rows = rows.filter(pl.col("indicator") == indicator)
        return rows if breakdown is None else rows.filter(pl.col("breakdown") == breakdown)


def differences(engine: Engine, catalog: Catalog, code: str) -> Differences:
    """The frozen figures beside those that stand now, all of one moment."""
    frozen = frozen_of(engine, code)
    with snapshot(engine) as connection:
        ground = freezing.ground_of(connection, frozen_conference(connection, code))
        now = frames_of(ground, catalog)
        reports = _reports(ground, frozen)
        acts = since_freeze.acts_since(ground, frozen.frozen_at)
        stale = freezing.stale_of(ground, base_periods(ground, catalog))
    changed = figures_changed(frozen["figures"], now["figures"])
    names = pl.concat([now["units"], frozen["units"]]).unique("unit", keep="first").select("unit", "name", "parent")
    told = _with_causes(changed, reports.filter("has_changed"), names)
    return Differences(
        frozen,
        _in_words(told, frozen, now).join(names.select("unit", "name"), on="unit", how="left", maintain_order="left"),
        _keyed(reports.filter("has_changed").drop("has_changed"), names),
        _keyed(acts.join(reports.filter("has_changed"), on=_REPORT, how="semi", maintain_order="left"), names),
        tuple(_parts_changed(frozen["versions"], now["versions"])),
        tuple(name for name in _BESIDES if _differs(frozen[name], now[name], name)),
        tuple(stale),
    )


def _differs(then: pl.DataFrame, now: pl.DataFrame, name: str) -> bool:
    return seal(name, then, keep=False).sha256 != seal(name, now, keep=False).sha256


def _parts_changed(then: pl.DataFrame, now: pl.DataFrame) -> list[str]:
    both = then.join(now, on="part", how="full", coalesce=True, suffix="_now")
    return both.filter(pl.col("fingerprint").ne_missing(pl.col("fingerprint_now"))).sort("part")["part"].to_list()


# ------------------------------------------------------------------------------------------------ reports


def _reports(ground: freezing.Ground, frozen: Frozen) -> pl.DataFrame:
    """Every report that stood then or stands now, and whether another file stands or it was judged again since."""
    then = frozen["reports"].filter(pl.col("sha256").is_not_null()).select(*_REPORT, sha256_then="sha256")
    files = since_freeze.files_named(ground, then["sha256_then"]).rename(
        {"sha256": "sha256_then", "version": "version_then", "file_name": "file_name_then", "state": "became"}
    )
    now = since_freeze.files_of(ground).drop("state")
    both = then.join(files, on="sha256_then", how="left").join(now, on=_REPORT, how="full", coalesce=True)
    again = (pl.col("decided_at") > frozen.frozen_at).fill_null(value=False)
    return both.with_columns(has_changed=pl.col("sha256").ne_missing(pl.col("sha256_then")) | again).sort(_REPORT)


def _keyed(rows: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(key=_key()).join(
        names.select("unit", "name"), on="unit", how="left", maintain_order="left"
    )


def _key(unit: str = "unit") -> pl.Expr:
    return pl.concat_str(["period", unit, "form"], separator="/")


# ------------------------------------------------------------------------------------------------ causes


def _with_causes(changed: pl.DataFrame, reports: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """``causes`` of each figure: of a filed one its own report; of a total the changed reports below it that changed
    this very figure, else (a rate, a count over lists) every changed report below it."""
    below = closure(units.select("unit", "parent")).rename({"ancestor": "unit", "unit": "source"})
    touched = reports.select("period", "form", source="unit")
    own = changed.filter(level="filed").join(reports, on=_REPORT, how="semi").with_columns(source="unit")
    moved = own.select("period", "form", "indicator", "breakdown", "source")
    totals = changed.filter(level="total").select(_FIGURE).join(below, on="unit")
    exact = totals.join(moved, on=["period", "form", "indicator", "breakdown", "source"], how="semi")
    rest = totals.join(exact, on=_FIGURE, how="anti").join(touched, on=["period", "form", "source"], how="semi")
    causes = (
        pl.concat([own.select(*_FIGURE, "source"), exact, rest])
        .with_columns(cause=_key("source"))
        .group_by(_FIGURE)
        .agg(causes=pl.col("cause").sort())
    )
    return changed.join(causes, on=_FIGURE, how="left", maintain_order="left").with_columns(
        pl.col("causes").fill_null(pl.lit([], pl.List(pl.String)))
    )


def _in_words(changed: pl.DataFrame, frozen: Frozen, now: dict[str, pl.DataFrame]) -> pl.DataFrame:
    words = pl.concat([now["indicators"], frozen["indicators"]]).unique("indicator", keep="first")
    labels = words.select("indicator", "label_vi", "label_en", "measure_vi", "measure_en", indicator_kind="kind")
    top_first = now["units"].select("unit", "sort")
    periods = {code: place for place, code in enumerate(frozen["periods"]["period"])}
    place = pl.col("period").replace_strict(periods, default=len(periods), return_dtype=pl.Int64)
    return (
        changed.join(labels, on="indicator", how="left")
        .join(top_first, on="unit", how="left")
        .sort(place, "sort", "form", "indicator", "breakdown", "level", nulls_last=True)
        .drop("sort")
    )
