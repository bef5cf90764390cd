"""Faults planted into a sound report: what is typed instead, which rule must speak of which field, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from examples.filing import Filing, Typed

Figures = dict[str, Typed]

#: Slips whose ``rule`` is this one are of the identity in the file: nothing else is judged.
UNKNOWN_UNIT = "FRM-005"


@dataclass(frozen=True, slots=True)
class Slip:
    """``field`` is the code of the field whose cell the finding must name; empty where the report as a whole is meant.
    What the figures become is ``typed``. Without a ``rule`` nothing may be found."""

    rule: str
    field: str
    typed: Callable[[Figures], Figures]


def number(figures: Figures, field: str) -> int:
    value = figures[field]
    assert isinstance(value, int), field
    return value


def _one_more(figures: Figures) -> Figures:
    return {"registered_deeds": number(figures, "registered_deeds") + 1}


def _worded(figures: Figures) -> Figures:
    """More than a round number that is a little less than the true one; the text grows out of the next ten."""
    ten = -(-number(figures, "registered_deeds") // 10) * 10
    return {"registered_deeds": f"hơn {ten}"}


#: What a figure must be for a year that is made of quarters of which one is worded: more than the sum of what stands.
WORDED_MORE = 2


SLIPS: dict[str, Slip] = {
    "wrong_sum": Slip(
        "LRN-001",
        "party_members",
        lambda f: {"party_members[membership=du_bi]": number(f, "party_members[membership=du_bi]") + 1},
    ),
    "negative": Slip("VAL-001", "registered_deeds", lambda _: {"registered_deeds": -5}),
    "too_many_commitments": Slip(
        "LRN-010", "commitments_signed", lambda f: {"commitments_signed": number(f, "party_members") + 3}
    ),
    "many_contents": Slip("YER-001", "breakthrough_contents", lambda _: {"breakthrough_contents": 9}),
    "early_committee": Slip(
        "YER-002", "committee_premeeting_lead_days", lambda _: {"committee_premeeting_lead_days": 7}
    ),
    "one_more": Slip("", "", _one_more),
    "worded": Slip("", "", _worded),
    "year_is_not_the_sum": Slip(
        "HIS-036",
        "dissemination_attendees",
        lambda f: {"dissemination_attendees": number(f, "dissemination_attendees") + 40},
    ),
    "other_contents": Slip("", "", lambda f: {"breakthrough_contents": number(f, "breakthrough_contents") % 3 + 1}),
}


def slipped(filing: Filing, slips: tuple[str, ...]) -> Filing:
    """The report with the faults in it, one after the other."""
    figures: Figures = dict(filing.figures)
    for name in slips:
        figures |= SLIPS[name].typed(figures)
    return replace(filing, figures=figures)
