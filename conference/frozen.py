"""What a conference was held from: frames that never change, with the words and the register of their day.

A :class:`Frozen` holds everything a pack needs, names and labels included, so that a pack made years later from the
same freeze says the same. No frame carries a row number of a database or the moment of the freeze: the same state of
the figures gives the same frames, and the same hash, in every database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

import polars as pl

#: Frame → column → type. Every frame is sorted by the columns of ``KEYS`` and has no two rows alike in them.
SCHEMAS: Mapping[str, Mapping[str, pl.DataType]] = MappingProxyType(
    {
        # the unit of the conference and all units below it, on the last day of the latest period
        "units": {
            "unit": pl.String(),
            "name": pl.String(),
            "kind": pl.String(),
            "kind_vi": pl.String(),
            "kind_en": pl.String(),
            "parent": pl.String(),  # null for the unit of the conference
            "depth": pl.Int64(),  # 0 for the unit of the conference
            "sort": pl.Int64(),  # the order of the tree, top first
        },
        "periods": {
            "period": pl.String(),
            "label_vi": pl.String(),
            "label_en": pl.String(),
            "starts": pl.Date(),
            "ends": pl.Date(),
            "closed": pl.Boolean(),
        },
        # every report that was owed or sent
        "reports": {
            "period": pl.String(),
            "unit": pl.String(),
            "form": pl.String(),
            "owed": pl.Boolean(),
            "state": pl.String(),  # a domain.submission.State, or "missing"
            "received": pl.Datetime("us", "UTC"),
            "due": pl.Date(),
            "late": pl.Boolean(),
            "version": pl.Int64(),
            "sha256": pl.String(),  # of the file whose figures stand; null when none does
            "criticals": pl.Int64(),  # findings still open
            "warnings": pl.Int64(),
            "waived": pl.Int64(),
        },
        # totals of the units above others, and what each unit itself sent
        # trace names a figure in every table, sheet and note: period/unit/form/indicator[/breakdown]
        "figures": {
            "trace": pl.String(),
            "period": pl.String(),
            "unit": pl.String(),
            "form": pl.String(),
            "indicator": pl.String(),
            "breakdown": pl.String(),  # "" for the whole
            "level": pl.String(),  # "total" or "filed"
            "value": pl.Float64(),  # null: no figure, see note
            "lower": pl.Float64(),
            "upper": pl.Float64(),
            "qualifier": pl.String(),
            "numerator": pl.Float64(),
            "denominator": pl.Float64(),
            "reported": pl.Int64(),  # units that gave the figure, of a total
            "expected": pl.Int64(),
            "source": pl.String(),
            "note": pl.String(),  # code of why there is no figure
            "sheet": pl.String(),  # of a filed figure: where it stands in the file of its report
            "cell": pl.String(),
        },
        # totals beside the same period last year; the columns of mart_year_on_year that are not of the clock
        "changes": {
            "period": pl.String(),
            "base_period": pl.String(),
            "unit": pl.String(),
            "form": pl.String(),
            "indicator": pl.String(),
            "breakdown": pl.String(),
            "value_then": pl.Float64(),
            "lower_then": pl.Float64(),
            "upper_then": pl.Float64(),
            "qualifier_then": pl.String(),
            "reported_then": pl.Int64(),
            "expected_then": pl.Int64(),
            "value_now": pl.Float64(),
            "lower_now": pl.Float64(),
            "upper_now": pl.Float64(),
            "qualifier_now": pl.String(),
            "reported_now": pl.Int64(),
            "expected_now": pl.Int64(),
            "change_kind": pl.String(),
            "difference": pl.Float64(),
            "difference_lower": pl.Float64(),
            "difference_upper": pl.Float64(),
            "growth": pl.Float64(),
            "growth_lower": pl.Float64(),
            "growth_upper": pl.Float64(),
            "change_qualifier": pl.String(),
            "comparable": pl.Boolean(),
            "reason_vi": pl.String(),
            "reason_en": pl.String(),
            "caution_vi": pl.String(),
            "caution_en": pl.String(),
        },
        "indicators": {
            "indicator": pl.String(),
            "label_vi": pl.String(),
            "label_en": pl.String(),
            "measure_vi": pl.String(),
            "measure_en": pl.String(),
            "kind": pl.String(),
            "nature": pl.String(),
            "over_units": pl.String(),
            "numerator": pl.String(),
            "denominator": pl.String(),
        },
        # where an indicator stands in its form: sections in their order, indicators in theirs
        "places": {
            "form": pl.String(),
            "form_vi": pl.String(),
            "form_en": pl.String(),
            "section": pl.String(),
            "section_vi": pl.String(),
            "section_en": pl.String(),
            "indicator": pl.String(),
            "sort": pl.Int64(),
        },
        # labels of the codes that breakdowns and lists use; breakdown as it stands in figures
        "labels": {"list": pl.String(), "code": pl.String(), "label_vi": pl.String(), "label_en": pl.String()},
        "narratives": {
            "period": pl.String(),
            "unit": pl.String(),
            "form": pl.String(),
            "section": pl.String(),  # dissemination, study, … limitation, cause_objective, proposal
            "section_vi": pl.String(),
            "section_en": pl.String(),
            "sort": pl.Int64(),
            "body": pl.String(),
        },
        # rows of the lists of the reports that stand: initiatives, commendations, inspections_list, …
        "lists": {
            "period": pl.String(),
            "unit": pl.String(),
            "form": pl.String(),
            "list": pl.String(),
            "item": pl.Int64(),
            "content": pl.String(),  # the row as JSON, keys sorted
        },
        "targets": {
            "unit": pl.String(),
            "indicator": pl.String(),
            "year": pl.Int64(),
            "direction": pl.String(),  # at_least, at_most
            "target": pl.Float64(),
            "source": pl.String(),
            "value": pl.Float64(),  # what was reached, null when there is no figure
            "attainment": pl.Float64(),  # percent of the target, null when there is none
            "met": pl.Boolean(),
            "note": pl.String(),
        },
        "ratings": {
            "period": pl.String(),
            "unit": pl.String(),
            "rules": pl.String(),  # the dated rule set
            "peer_group": pl.String(),
            "points": pl.Float64(),
            "proposed": pl.String(),
            "proposed_vi": pl.String(),
            "proposed_en": pl.String(),
            "decided": pl.String(),  # null until a person decides
            "decided_vi": pl.String(),
            "decided_en": pl.String(),
            "why_vi": pl.String(),  # the figures behind the proposal
            "why_en": pl.String(),
            "missing_vi": pl.String(),
            "missing_en": pl.String(),
        },
        # conclusions of earlier conferences of the unit and the units above it, with what became of them
        "conclusions": {
            "conference": pl.String(),
            "held_on": pl.Date(),
            "number": pl.Int64(),
            "text": pl.String(),
            "owner": pl.String(),
            "owner_name": pl.String(),
            "due": pl.Date(),
            "indicator": pl.String(),
            "target": pl.Float64(),
            "state": pl.String(),
            "state_vi": pl.String(),
            "state_en": pl.String(),
            "overdue": pl.Boolean(),
            "progress": pl.String(),
            "value": pl.Float64(),  # of the linked indicator, or what was stated with the progress
            "direction": pl.String(),  # at_least, at_most
            "met": pl.String(),  # a domain.conclusion.Met; null without a target
        },
        # fingerprints of the definitions, the register and the rules the figures were made with
        "versions": {"part": pl.String(), "fingerprint": pl.String()},
    }
)

KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "units": ("sort",),
        "periods": ("starts", "ends", "period"),
        "reports": ("period", "unit", "form"),
        "figures": ("period", "unit", "form", "indicator", "breakdown", "level"),
        "changes": ("period", "unit", "form", "indicator", "breakdown"),
        "indicators": ("indicator",),
        "places": ("form", "sort", "indicator"),
        "labels": ("list", "code"),
        "narratives": ("period", "unit", "form", "sort", "section"),
        "lists": ("period", "unit", "form", "list", "item"),
        "targets": ("unit", "indicator", "year"),
        "ratings": ("period", "unit"),
        "conclusions": ("held_on", "conference", "number"),
        "versions": ("part",),
    }
)


@dataclass(frozen=True)
class Frozen:
    """A conference with its frames; ``frames`` has one of each name of ``SCHEMAS``."""

    conference: str
    kind: str  # interim (sơ kết) or final (tổng kết)
    title: str
    unit: str
    held_on: date
    frozen_at: datetime
    frozen_by: str
    hash: str
    #: why it was frozen although something critical was open; empty when nothing was
    override: str
    frames: Mapping[str, pl.DataFrame]

    def __getitem__(self, frame: str) -> pl.DataFrame:
        return self.frames[frame]

    def within(self, unit: str) -> Frozen:
        """The same conference seen from a unit below its own: frames about units keep that unit and those below it, and
        of earlier conclusions those that one of them is to carry out.

        Raises:
            KeyError: the unit is not one of the conference.
        """
        kept = _below(self.frames["units"], unit)
        tops = pl.when(pl.col("unit") == unit).then(None).otherwise(pl.col("parent"))
        top_depth = self.frames["units"].filter(pl.col("unit") == unit)["depth"].item()
        frames = {
            name: frame.filter(pl.col("unit").is_in(kept.implode())) if "unit" in frame.columns else frame
            for name, frame in self.frames.items()
        }
        if unit != self.unit:
            frames["conclusions"] = frames["conclusions"].filter(pl.col("owner").is_in(kept.implode()))
        frames["units"] = frames["units"].with_columns(parent=tops, depth=pl.col("depth") - top_depth)
        return Frozen(
            self.conference,
            self.kind,
            self.title,
            unit,
            self.held_on,
            self.frozen_at,
            self.frozen_by,
            self.hash,
            self.override,
            frames,
        )


def empty(frame: str) -> pl.DataFrame:
    """A frame of the schema without rows."""
    return pl.DataFrame(schema=dict(SCHEMAS[frame]))


def _below(units: pl.DataFrame, unit: str) -> pl.Series:
    """Codes of the unit and of all below it, by going down the parents level by level."""
    if unit not in units["unit"]:
        raise KeyError(unit)
    found = level = pl.Series("unit", [unit], dtype=pl.String)
    while len(level):
        level = units.filter(pl.col("parent").is_in(level.implode()))["unit"]
        found = pl.concat([found, level])
    return found
