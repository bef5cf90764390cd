"""The report of a year, made of the reports of its quarters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from examples.filing import Filing, Typed
from examples.reports import Asked, Figures, oversight_rows, rating
from examples.year.slips import WORDED_MORE

#: What is added over the quarters; everything else stands at the end of the year as it does at the end of the last.
FLOWS = (
    "study_convened",
    "study_attended",
    "post_study_papers",
    "dissemination_sessions",
    "dissemination_attendees",
    "model_group_meetings",
    "model_group_meeting_attendances",
    "registered_deeds",
    "inspections",
    "supervisions",
    "commended_individuals",
    "survey_ballots",
    "survey_satisfied",
    "dossiers_received_online",
    "dossiers_received_direct",
    "dossiers_resolved",
    "dossiers_resolved_early",
    "dossiers_resolved_on_time",
    "dossiers_resolved_overdue",
    "dossiers_refused",
)

_RATES = {
    "study_attendance_rate": ("study_attended", "study_convened"),
    "satisfaction_rate": ("survey_satisfied", "survey_ballots"),
}


def year_of(quarters: Sequence[Filing], asked: Asked) -> Filing:
    """The year that the ``quarters`` make up; the last of them tells what stands at its end."""
    first, last = quarters[0], quarters[-1]
    figures: Figures = dict(last.figures)
    for code in figures:
        name = _indicator(code)
        if name in FLOWS:
            figures[code] = _added([quarter.figures[code] for quarter in quarters])
        elif name == "dossiers_carried_over":
            figures[code] = first.figures[code]
    for code in figures:
        if _indicator(code) == "dossiers_received":
            figures[code] = sum(
                _number(figures[code.replace("dossiers_received", part)])
                for part in ("dossiers_received_online", "dossiers_received_direct", "dossiers_carried_over")
            )
    figures |= {
        rate: round(100 * _number(figures[top]) / _number(figures[base]), 2)
        for rate, (top, base) in _RATES.items()
        if rate in figures
    }
    if asked.unit.kind == "chi_bo":
        figures |= rating(asked, _number(figures["party_members"]))
    lists = dict(last.lists)
    if "inspections_list" in lists:
        lists["inspections_list"] = oversight_rows(figures)
    return replace(last, period=asked.period.code, scope="own", figures=figures, lists=lists)


def _indicator(code: str) -> str:
    """``dossiers.dossiers_resolved[level=xa;field=khac]`` → ``dossiers_resolved``."""
    return code.partition("[")[0].rpartition(".")[2]


def _added(values: Sequence[Typed]) -> int:
    worded = sum(isinstance(value, str) for value in values)
    return sum(map(_number, values)) + WORDED_MORE * worded


def _number(value: Typed) -> int:
    """What was typed, without the words round it."""
    return int(value.split()[-1]) if isinstance(value, str) else int(value)


def subtree_of(children: Sequence[Filing], fields: Sequence[str]) -> Figures:
    """What a committee states for everything below it, of some fields."""
    return {field: _added([child.figures[field] for child in children]) for field in fields}
