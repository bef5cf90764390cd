"""Plausible reports whose figures agree with one another and with the reports of the period before.

A sound report meets no rule above ``info``: it has its topic, its paragraphs, a row for every inspection it counts, and
what it carries over is what it left pending before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from random import Random

from catalog.model import UnitRecord
from domain.period import Period
from examples.chance import chance
from examples.filing import Filing, ListRow, Typed
from examples.wording import (
    DIRECTIONS,
    DOCUMENTS,
    EXPLANATION,
    LIMITATIONS,
    MODELS,
    NARRATIVES,
    OVERSIGHT,
    PROVINCE_SCALE,
    TOPIC,
)

Figures = dict[str, Typed]

#: Fields of the dossier form and how many dossiers of each come for every hundred.
_FIELDS = {
    "xa": {"chung_thuc": 48, "ho_tich": 27, "bao_tro_xa_hoi": 6, "nguoi_co_cong": 3, "thi_dua_khen_thuong": 1}
    | {"dat_dai": 9, "kinh_doanh": 3, "khac": 3},
    "tinh": {"kinh_doanh": 22, "dau_tu": 5, "dat_dai": 30, "xay_dung": 8, "giao_thong": 12, "lao_dong": 9}
    | {"tu_phap": 11, "khac": 3},
}


@dataclass(frozen=True)
class Asked:
    """Whose report for which period is asked for; ``cells`` is the number of party cells directly below the unit."""

    unit: UnitRecord
    period: Period
    before: Period
    seed: int
    cells: int

    @cached_property
    def months(self) -> int:
        return max(1, round(self.period.window.days / 30.4))

    @cached_property
    def usual(self) -> Random:
        """What stays the same with the unit from period to period."""
        return chance(self.seed, self.unit.code)

    @cached_property
    def now(self) -> Random:
        """What is different in every period."""
        return chance(self.seed, self.unit.code, self.period.code)


def report_of(asked: Asked, form: str) -> Filing:
    """A sound report. The same unit, period and seed always give the same; raises ``KeyError`` for an unknown form."""
    return _WRITERS[form](asked)


def _review(asked: Asked) -> Filing:
    lists: dict[str, list[ListRow]] = {"topics": _topics(asked), "documents": [dict(row) for row in DOCUMENTS]}
    figures = _administration(asked) if asked.unit.kind.startswith("ubnd") else _party(asked, lists)
    return Filing(
        asked.unit.code, asked.period.code, "review-report", figures=figures, lists=lists, narratives=_text(asked)
    )


def _party(asked: Asked, lists: dict[str, list[ListRow]]) -> Figures:
    """Committees leave the members to their cells, so that nobody is counted twice."""
    figures: Figures = {"subordinate_cells": asked.cells}
    if asked.unit.kind == "chi_bo":
        figures |= _members(asked)
    names = asked.usual.sample(MODELS, asked.usual.randint(1, 3))
    lists["initiatives"] = _model_rows(asked, names)
    figures |= _dissemination(asked) | _models(asked, len(names)) | _groups(asked)
    oversight = _oversight(asked)
    lists["inspections_list"] = oversight_rows(oversight)
    people = asked.now.randint(0, 4)
    rewards: Figures = {
        "commended_individuals": people,
        "commended_individuals[by=cap_uy_co_so;form=giay_khen]": people,
    }
    return figures | oversight | rewards


def _members(asked: Asked) -> Figures:
    """A cell keeps its size: members come and go by one or two from period to period."""
    members = asked.usual.randint(9, 34) + asked.now.randint(-1, 2)
    new = asked.now.randint(0, 2)
    figures: Figures = {
        "party_members": members,
        "party_members[membership=chinh_thuc]": members - new,
        "party_members[membership=du_bi]": new,
        "meeting_attendance_rate": asked.now.randint(840, 1000) / 10,
        "absences_with_reason_rate": 100,
        "committee_premeeting_lead_days": asked.now.randint(1, 4),
        "commitments_signed": members - asked.now.randint(0, 1),
        "breakthrough_contents": asked.now.randint(1, 3),
    }
    figures |= _study(asked, members) | _registration(asked, members)
    return figures | (rating(asked, members) if asked.months >= 12 else {})


def _study(asked: Asked, members: int) -> Figures:
    convened = members * max(1, asked.months // 3)
    attended = convened - asked.now.randint(0, convened // 12)
    return {
        "study_convened": convened,
        "study_attended": attended,
        "study_attendance_rate": _percent(attended, convened),
        "post_study_papers": attended - asked.now.randint(0, attended // 8),
    }


def _registration(asked: Asked, members: int) -> Figures:
    staff = asked.usual.randint(0, 12)
    expected = members + staff
    registered = expected - asked.now.randint(0, expected // 10)
    return {
        "non_party_staff": staff,
        "registrants_expected": expected,
        "registrants": registered,
        "registration_rate": _percent(registered, expected),
        "registered_deeds": registered + asked.now.randint(1, expected // 2),
    }


def rating(asked: Asked, members: int) -> Figures:
    """At most a fifth of those rated good are rated excellent."""
    above = members - asked.now.randint(0, members // 6)
    excellent = above // 6
    grades = {"excellent": excellent, "good": above - excellent, "completed": members - above}
    figures: Figures = {"units_rated[object=dang_vien]": members}
    return figures | {f"units_rated[object=dang_vien;grade={grade}]": count for grade, count in grades.items()}


def _dissemination(asked: Asked) -> Figures:
    """Attendances are a little off a multiple of the sessions, as lists of people present are."""
    sessions = asked.months + asked.now.randint(1, 2)
    attendees = sessions * (asked.usual.randint(14, 30) + asked.now.randint(0, 5)) + asked.now.randint(1, sessions - 1)
    return {"dissemination_sessions": sessions, "dissemination_attendees": attendees}


def _models(asked: Asked, count: int) -> Figures:
    at_province = asked.unit.kind == "tinh_uy"
    return {
        "models_total": count,
        "models_total[level=tinh]": count if at_province else 0,
        "models_total[level=huyen]": 0,
        "models_total[level=co_so]": 0 if at_province else count,
        "models_launched": 0,
        "models_pilot": asked.now.randint(0, 1),
        "target_replication_hamlets": asked.usual.randint(0, 4),
    }


def _groups(asked: Asked) -> Figures:
    groups = asked.usual.randint(1, 3)
    meetings = groups * asked.months
    attendances = meetings * asked.now.randint(4, 9) + (asked.now.randint(1, meetings - 1) if meetings > 1 else 0)
    return {
        "model_groups": groups,
        "model_team_members": groups * 4 + asked.usual.randint(0, 5),
        "model_group_meetings": meetings,
        "model_group_meeting_attendances": attendances,
    }


def _oversight(asked: Asked) -> Figures:
    figures: Figures = {}
    for activity in OVERSIGHT:
        cells = asked.usual.randint(0, 1 + asked.months // 6)
        people = asked.usual.randint(0, 1 + asked.months // 6) + asked.now.randint(0, 1)
        regular = asked.now.randint(0, cells + people)
        figures |= {
            activity: cells + people,
            f"{activity}[target=chi_bo]": cells,
            f"{activity}[target=dang_vien]": people,
            f"{activity}[regularity=regular]": regular,
            f"{activity}[regularity=thematic]": cells + people - regular,
        }
    return figures | {
        "members_inspected": asked.now.randint(2, 6),
        "compliance_rate": asked.now.randint(940, 998) / 10,
    }


def oversight_rows(figures: Figures) -> list[ListRow]:
    """A row for every inspection and supervision that is counted."""
    rows: list[ListRow] = []
    for activity, label in OVERSIGHT.items():
        regular, cells = figures[f"{activity}[regularity=regular]"], figures[f"{activity}[target=chi_bo]"]
        total = figures[activity]
        assert isinstance(total, int)
        assert isinstance(regular, int)
        assert isinstance(cells, int)
        rows.extend(
            {
                "activity": label,
                "target": "Chi bộ, tổ chức đảng" if turn < cells else "Đảng viên",
                "kind": "Thường xuyên" if turn < regular else "Chuyên đề",
                "subject": f"{label} việc thực hiện Kết luận 01, đợt {turn + 1}",
            }
            for turn in range(total)
        )
    return rows


def _model_rows(asked: Asked, names: list[str]) -> list[ListRow]:
    level = "Cấp tỉnh" if asked.unit.kind == "tinh_uy" else "Cấp cơ sở"
    return [
        {"name": name, "owner": asked.unit.name, "level": level, "status": "Đang triển khai", "effective": "Có"}
        for name in names
    ]


def _topics(asked: Asked) -> list[ListRow]:
    return [{"year": asked.period.year, "text": TOPIC, "kind": "Theo cấp trên"}]


def _administration(asked: Asked) -> Figures:
    """Dossiers are left to their own form, so that no figure of a unit stands in two reports."""
    citizens = asked.usual.randint(80, 600) + asked.now.randint(0, 40)
    organisations = asked.usual.randint(20, 120) + asked.now.randint(0, 10)
    pleased = [count - asked.now.randint(0, count // 15) for count in (citizens, organisations)]
    return {
        "procedures_publicly_listed": asked.usual.randint(130, 420),
        "edocs_pending": 0,
        "survey_ballots": citizens + organisations,
        "survey_ballots[respondent=citizen]": citizens,
        "survey_ballots[respondent=organisation]": organisations,
        "survey_satisfied": sum(pleased),
        "survey_satisfied[respondent=citizen]": pleased[0],
        "survey_satisfied[respondent=organisation]": pleased[1],
        "satisfaction_rate": _percent(sum(pleased), citizens + organisations),
    }


def _dossiers(asked: Asked) -> Filing:
    level = "tinh" if asked.unit.kind == "ubnd_tinh" else "xa"
    rows = {field: _row(asked, level, field, weight) for field, weight in _FIELDS[level].items()}
    totals = {name: sum(row[name] for row in rows.values()) for name in rows["khac"]}
    figures: Figures = dict(totals)
    for field, row in {"tong": totals, **rows}.items():
        figures |= {f"dossiers.{name}[level={level};field={field}]": value for name, value in row.items()}
    return Filing(
        asked.unit.code,
        asked.period.code,
        "one-stop-dossiers",
        figures=figures,
        narratives={"explanation": EXPLANATION},
    )


def _row(asked: Asked, level: str, field: str, weight: int) -> dict[str, int]:
    """One line of the dossier table: what came in is what went out and what is left."""
    now = asked.now
    about = weight * asked.months * (PROVINCE_SCALE if level == "tinh" else 4)
    carried = sum(_pending(asked.unit.code, asked.before.code, asked.seed, field, weight))
    in_time, past_due = _pending(asked.unit.code, asked.period.code, asked.seed, field, weight)
    resolved = about - now.randint(0, about // 4) + carried
    late, refused = now.randint(0, resolved // 80), now.randint(0, about // 60)
    early = now.randint(0, (resolved - late) // 2)
    new = resolved + refused + in_time + past_due - carried
    online = now.randint(0, new)
    return {
        "dossiers_received": new + carried,
        "dossiers_received_online": online,
        "dossiers_received_direct": new - online,
        "dossiers_carried_over": carried,
        "dossiers_resolved": resolved,
        "dossiers_resolved_early": early,
        "dossiers_resolved_on_time": resolved - late - early,
        "dossiers_resolved_overdue": late,
        "dossiers_pending": in_time + past_due,
        "dossiers_pending_in_time": in_time,
        "dossiers_pending_overdue": past_due,
        "dossiers_refused": refused,
    }


@lru_cache(maxsize=10_000)
def _pending(unit: str, period: str, seed: int, field: str, weight: int) -> tuple[int, int]:
    """Dossiers in time and past due at the end of a period: known to that period's report and to the next."""
    random = chance(seed, unit, period, field, "pending")
    return random.randint(0, weight), random.randint(0, 2) if weight > 5 else 0


def _text(asked: Asked) -> dict[str, str]:
    return NARRATIVES | {"limitation": asked.now.choice(LIMITATIONS), "direction": asked.now.choice(DIRECTIONS)}


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)


_WRITERS: dict[str, Callable[[Asked], Filing]] = {"review-report": _review, "one-stop-dossiers": _dossiers}
