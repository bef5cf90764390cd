"""A report with another unit's figures: one warning that names both places, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from catalog.load import Catalog
from catalog.model import CopyCheck
from domain.columns import COPIES
from expectations.copies import copied
from expectations.fault import ProgramFault
from expectations.schema import schema_of
from expectations.verdict import verdicts

TODAY = date(2026, 2, 1)


def _pair(file: int = 7, **changes: Any) -> dict[str, Any]:
    return {
        "file": file, "form": "review-report", "form_version": "2025.1", "media": "xlsx", "unit": "DU.12",
        "period": "2025", "figures": 1046, "sheet": "Số liệu", "cell": "E7", "other": 3, "other_unit": "DU.37",
        "other_unit_name": "Đảng ủy xã Bình Lư", "other_period": "2025", "other_name": "DU.37_2025.xlsx",
        "other_sheet": "Số liệu", "other_cell": "E9",
    } | changes  # fmt: skip


def _pairs(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=schema_of(COPIES))


def test_the_other_unit_its_file_and_both_cells_are_named(catalog: Catalog) -> None:
    finding = copied(_pairs(_pair()), catalog, TODAY).row(0, named=True)
    assert (finding["file"], finding["level"], finding["severity"]) == (7, 6, "warning")
    assert (finding["sheet"], finding["cell"], finding["cells"]) == ("Số liệu", "E7", "Số liệu!E7")
    assert (finding["field"], finding["item"], finding["settled_by"]) == ("", 0, None)
    assert finding["message_vi"].startswith(
        "Toàn bộ 1.046 số liệu trùng với báo cáo của Đảng ủy xã Bình Lư (DU.37) kỳ 2025, tệp DU.37_2025.xlsx,"
        " ô Số liệu!E9. Ô đầu tiên của báo cáo này: Số liệu!E7."
    )
    assert finding["message_en"].startswith(
        "All 1,046 figures are those of the report of Đảng ủy xã Bình Lư (DU.37) for 2025, file DU.37_2025.xlsx,"
        " cell Số liệu!E9. First cell of this report: Số liệu!E7."
    )


def test_one_warning_a_file_and_none_without_pairs(catalog: Catalog) -> None:
    pairs = _pairs(_pair(), _pair(other=4, other_unit="DU.52"), _pair(file=8, media="csv", sheet="", cell="dòng 5"))
    findings = copied(pairs, catalog, TODAY)
    assert findings["file"].to_list() == [7, 8]
    assert findings["cells"].to_list() == ["Số liệu!E7", "dòng 5"]
    assert verdicts(pairs, findings)["state"].unique().to_list() == ["accepted_with_warnings"]
    assert copied(_pairs(), catalog, TODAY).is_empty()


def test_without_a_rule_in_force_nothing_passes_in_silence(catalog: Catalog) -> None:
    mute = replace(catalog, rules=tuple(rule for rule in catalog.rules if not isinstance(rule.check, CopyCheck)))
    with pytest.raises(ProgramFault, match="copied"):
        copied(_pairs(_pair()), mute, TODAY)
    assert copied(_pairs(), mute, TODAY).is_empty()
