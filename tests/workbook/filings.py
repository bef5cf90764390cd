"""What the tests of the room fill in: one report of each form, with every kind of cell a person types."""

from __future__ import annotations

from functools import lru_cache

from catalog import Catalog
from catalog.load import load_catalog
from catalog.model import UnitRecord
from domain.period import Period
from workbook.plain import Contents

#: Two forms, their report, and the fields that hold an error where the medium can hold one.
ERROR_FIELD = "study_attendance_rate"


@lru_cache(maxsize=1)
def the_catalog() -> Catalog:
    return load_catalog()


def the_period() -> Period:
    period = the_catalog().period("2025-Q1")
    assert period is not None
    return period


def the_unit(code: str = "12") -> UnitRecord:
    unit = the_catalog().unit_on(code, the_period().window.last)
    assert unit is not None
    return unit


def identity() -> dict[str, str]:
    unit, period = the_unit(), the_period()
    return {
        "unit": unit.code,
        "unit_name": unit.name,
        "period": period.code,
        "period_label": period.label_vi,
        "scope": "own",
        "reporter": "DU.12",
    }


def review_report() -> Contents:
    return Contents(
        identity=identity(),
        figures={
            "subordinate_cells": 46,
            "party_members": 11713,
            "study_convened": "gần 1.600",
            "study_attended": "1.640",
            "registration_rate": 97.49,
            "dossiers_received": 0,
            "one_stop_coverage[kind=so_nganh]": "18/21",
            "one_stop_coverage[kind=cap_xa]": "8/8",
            "survey_ballots[respondent=citizen]": 0.125,
        },
        notes={"party_members": "=1+1 chưa gồm chi bộ quân sự", "subordinate_cells": "(1) theo danh sách"},
        lists={
            "initiatives": [
                {"name": "Chính quyền thân thiện", "owner": "Đảng ủy phường", "level": "Cấp cơ sở", "members": 12},
                {"name": "+1 việc tốt & <mới>", "owner": "Chi bộ 05", "effective": "Có"},
            ],
            "commendations": [
                {"by": "Chủ tịch UBND tỉnh", "form": "Bằng khen", "decision": "05", "date": "2025-02-03"}
            ],
        },
        narratives={"strength": "- Nền nếp.\n- Đúng kỳ.", "limitation": "Một số nơi còn chậm."},
    )


def one_stop() -> Contents:
    return Contents(
        identity=identity(),
        # 9.000 + 2.000 + 700 = 11.700: the sum by channel is wrong by 13
        figures={
            "dossiers_received": 11713,
            "dossiers_received_online": 9000,
            "dossiers_received_direct": 2000,
            "dossiers_carried_over": 700,
            "dossiers_resolved": 11709,
        },
        matrices={
            "dossiers": {
                "level=xa;field=tong": {"dossiers_received": 832, "dossiers_resolved": "hơn 200"},
                "level=tinh;field=dat_dai": {"dossiers_refused": 3},
            }
        },
        narratives={"explanation": "Không có hồ sơ quá hạn."},
    )


FILINGS = {"review-report": review_report, "one-stop-dossiers": one_stop}
