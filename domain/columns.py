"""The frames that pass from room to room: column names and their polars types, spelled out once.

Rooms beside each other never import one another; what they agree on is written here. Types are named, not imported,
because this room knows no library.
"""

from __future__ import annotations

#: One row per file of a batch: what the reader learned of its identity. ``file`` is the caller's number for the file.
HEADERS = {
    "file": "Int64",
    "name": "String",
    "form": "String",
    "form_version": "String",
    "unit": "String",
    "unit_name": "String",
    "period": "String",
    "scope": "String",
    "reporter": "String",
    "media": "String",  # xlsx · xls · xlsb · ods · csv · json
}

#: One row per filled cell. ``item`` numbers the rows of a list or matrix from 1 and is 0 for scalars and narratives.
#: ``part`` is ``value`` or ``note``. ``field``: field code · ``<list>.<column>`` · ``<matrix>.<indicator>`` · narrative
#: code.
CELLS = {
    "file": "Int64",
    "form": "String",
    "field": "String",
    "item": "Int32",
    "part": "String",
    "kind": "String",  # number · text · date · bool · error
    "number": "Float64",
    "text": "String",  # the original, as a person would see it
    "sheet": "String",
    "cell": "String",
}

#: One row per fault the reader met with a file, its form or its identity (levels 1 and 2). ``fault`` is the code that
#: the ``file`` or ``intake`` check of a rule names.
FAULTS = {
    "file": "Int64",
    "fault": "String",
    "sheet": "String",
    "cell": "String",
    "observed": "String",
    "expected": "String",
}

#: One row per filled value cell, read: what the figure is and how it was read (:mod:`domain.reading`).
READINGS = {
    "file": "Int64",
    "form": "String",
    "field": "String",
    "item": "Int32",
    "indicator": "String",
    "breakdown": "String",
    "value_kind": "String",
    "value": "Float64",
    "qualifier": "String",
    "numerator": "Float64",
    "denominator": "Float64",
    "low": "Float64",  # loose interval, closed; null when the words give no number
    "high": "Float64",
    "strict_low": "Float64",
    "strict_high": "Float64",
    "status": "String",
    "repairs": "String",  # comma-separated codes of domain.reading.Repair
    "problem": "String",
    "text": "String",
    "note": "String",
    "sheet": "String",
    "cell": "String",
}

#: One row per finding.
FINDINGS = {
    "file": "Int64",
    "rule": "String",
    "level": "Int8",
    "severity": "String",
    "field": "String",
    "item": "Int32",
    "sheet": "String",
    "cell": "String",
    "observed": "String",
    "expected": "String",
    "arithmetic": "String",
    "message_vi": "String",
    "message_en": "String",
    "cells": "String",  # every cell it speaks of, "Số liệu!E7, Số liệu!E8", the first as sheet and cell say
    "settled_by": "String",  # domain.finding.SettledBy; null while the finding stands
    "explanation": "String",  # the unit's note or the reason of the waiver; null while the finding stands
}

#: One row per waiver in force for a file of a batch. ``field`` empty: every field, whatever the item;
#: ``cell:<sheet>!<cell>`` (:data:`domain.finding.WAIVED_CELL`): the findings without a field at that cell.
WAIVERS = {
    "file": "Int64",
    "rule": "String",
    "field": "String",
    "item": "Int32",
    "reason": "String",
    "is_override": "Boolean",
}

#: Other figures of the unit of a file. ``which``: ``previous`` · ``last_year`` · ``longer`` and ``shorter`` (periods
#: that end the same day and begin earlier or later: what a quarter must not equal, or what must not equal it) ·
#: ``part`` (one of the shorter periods that make up this one) · ``parts`` (their sum, given only when every one of them
#: is in force). ``period``, ``name`` (of the file), ``sheet`` and ``cell`` tell where the figure stands; null for
#: ``parts``, which is a sum. Both bounds null: the figure is exact; one null: open there.
HISTORY = {
    "file": "Int64",
    "which": "String",
    "field": "String",
    "item": "Int32",
    "indicator": "String",
    "breakdown": "String",
    "value": "Float64",
    "low": "Float64",
    "high": "Float64",
    "qualifier": "String",
    "period": "String",
    "name": "String",
    "sheet": "String",
    "cell": "String",
}

#: Conclusions of earlier conferences that concern the unit of a file, as its owner or as the one that held the
#: conference. ``expected``: the report is to say how it stands.
KNOWN_CONCLUSIONS = {
    "file": "Int64",
    "conference": "String",
    "number": "Int64",
    "speaker": "String",  # owner · holder: what the unit is to the task
    "expected": "Boolean",
    "text": "String",
    "due": "Date",
    "indicator": "String",
    "target": "Float64",
    "direction": "String",
}

#: One row per report whose figures are those of another unit's earlier report. ``file`` is its submission.
COPIES = {
    "file": "Int64",
    "form": "String",
    "form_version": "String",
    "media": "String",
    "unit": "String",
    "period": "String",
    "figures": "Int64",  # how many figures are the same: all of them
    "sheet": "String",  # where the first of them stands, here and there
    "cell": "String",
    "other": "Int64",
    "other_unit": "String",
    "other_unit_name": "String",
    "other_period": "String",
    "other_name": "String",
    "other_sheet": "String",
    "other_cell": "String",
}

#: One row per figure a unit states for its subtree or territory that its children's figures cannot be added up to.
#: ``file`` is its submission. Both bounds null: exact; one null: open there.
CHILD_SUMS = {
    "file": "Int64",
    "unit": "String",
    "indicator": "String",
    "breakdown": "String",
    "scope": "String",
    "value": "Float64",
    "lower": "Float64",
    "upper": "Float64",
    "qualifier": "String",
    "sum": "Float64",  # over the children that gave something
    "sum_lower": "Float64",
    "sum_upper": "Float64",
    "whole": "Int64",  # children of whom everything below them that was owed is in the sum
    "children": "Int64",  # children of whom anything was owed or given
}

#: One row per child of a row of CHILD_SUMS: what it adds to the sum; without a value it gave nothing.
CHILD_TERMS = {
    "file": "Int64",
    "indicator": "String",
    "breakdown": "String",
    "child": "String",
    "value": "Float64",
    "qualifier": "String",
    "is_whole": "Boolean",
}

#: Where the figures of CHILD_SUMS stand, and what the unit wrote beside them.
STATED_AT = {
    "file": "Int64",
    "indicator": "String",
    "breakdown": "String",
    "form_version": "String",
    "period": "String",
    "sheet": "String",
    "cell": "String",
    "original_text": "String",
    "note": "String",
}

#: One row per figure on its way into the warehouse.
OBSERVATIONS = {
    "file": "Int64",
    "indicator": "String",
    "breakdown": "String",
    "value": "Float64",
    "numerator": "Float64",
    "denominator": "Float64",
    "qualifier": "String",
    "lower": "Float64",  # null with a value: unbounded
    "upper": "Float64",
    "status": "String",
    "basis": "String",
    "scope": "String",
    "derived": "Boolean",
    "original_text": "String",
    "note": "String",
    "sheet": "String",
    "cell": "String",
}

#: One row per row of a list; the columns of the list stand in ``content`` as JSON in the words of the unit, those that
#: are figures or codes once more in ``read``, as they were read; the folded key beside them.
LIST_ROWS = {
    "file": "Int64",
    "list": "String",
    "item": "Int32",
    "key": "String",
    "content": "String",
    "read": "String",
    "sheet": "String",
    "cell": "String",
}

NARRATIVES = {
    "file": "Int64",
    "section": "String",
    "body": "String",
    "sheet": "String",
    "cell": "String",
}

#: The frame that holds what each kind of check on running text judges.
SPOKEN = {"spoken_figure": "spoken:figures", "spoken_time": "spoken:times", "spoken_name": "spoken:names"}

#: One row per number of a paragraph that speaks of a figure of its report, with the figure. ``said`` and its bounds:
#: what the words allow; ``figure``: what the cell states, its bounds those of whatever the words may mean as well.
SPOKEN_FIGURES = {
    "file": "Int64",
    "item": "Int32",
    "narrative": "String",
    "field": "String",
    "said": "Float64",
    "low:said": "Float64",
    "high:said": "Float64",
    "strict_low:said": "Float64",
    "strict_high:said": "Float64",
    "figure": "Float64",
    "low:figure": "Float64",
    "high:figure": "Float64",
    "strict_low:figure": "Float64",
    "strict_high:figure": "Float64",
    "said_qualifier": "String",
    "qualifier": "String",
    "words": "String",  # of the paragraph, round the number
    "sheet": "String",  # of the paragraph
    "cell": "String",
    "figure_sheet": "String",
    "figure_cell": "String",
}

#: One row per year or impossible day that a paragraph names: by how many years it is off, for each way of being so
#: (null where that is not judged).
SPOKEN_TIMES = {
    "file": "Int64",
    "item": "Int32",
    "narrative": "String",
    "told": "String",  # the year or day as it is written
    "year": "Int64",  # of the report
    "not_yet": "Float64",
    "not_before": "Float64",
    "no_such_day": "Float64",
    "far_away": "Float64",
    "words": "String",
    "sheet": "String",
    "cell": "String",
}

#: One row per pair of names in a report that may be one thing's: 1 where they differ in this way, else null. The first
#: stands in a list, the second in a list or paragraph (``other_field``).
SPOKEN_NAMES = {
    "file": "Int64",
    "item": "Int32",
    "field": "String",
    "name": "String",
    "other_field": "String",
    "other_name": "String",
    "written": "Float64",
    "near": "Float64",
    "sheet": "String",
    "cell": "String",
    "other_sheet": "String",
    "other_cell": "String",
}
