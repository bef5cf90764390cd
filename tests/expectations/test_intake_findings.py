"""Levels 1 and 2: what the reader met, and what register and calendar say of an identity."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from catalog.load import Catalog
from catalog.model import UnitRecord
from domain.columns import FAULTS, HEADERS
from expectations.fault import ProgramFault
from expectations.intake import check_intake
from expectations.schema import empty_frame, schema_of

TODAY = date(2026, 2, 1)
FORM = "review-report"


def _header(catalog: Catalog, **changes: Any) -> pl.DataFrame:
    example = catalog.examples[FORM]
    row = {"file": 1, "name": "a.xlsx", "form": FORM, "form_version": catalog.forms[FORM].version,
           "unit": example["unit"], "period": str(example["period"]), "scope": "own", "media": "xlsx"}  # fmt: skip
    return pl.DataFrame([row | changes], schema=schema_of(HEADERS))


def _faults(*codes: str) -> pl.DataFrame:
    rows = [
        {"file": 1, "fault": code, "sheet": "S", "cell": "A1", "observed": "seen", "expected": "wanted"}
        for code in codes
    ]
    return pl.DataFrame(rows, schema=schema_of(FAULTS))


def _found(catalog: Catalog, header: pl.DataFrame, *codes: str, today: date = TODAY) -> list[str]:
    findings = check_intake(header, _faults(*codes), catalog, today)
    by_rule = {rule.id: rule.check for rule in catalog.rules}
    return [getattr(by_rule[rule], "fault") for rule in findings["rule"]]  # noqa: B009


READER = ("file", "intake")


def test_a_good_header_has_no_findings(catalog: Catalog) -> None:
    assert _found(catalog, _header(catalog)) == []


def test_every_fault_of_the_reader_becomes_a_finding_with_its_place(catalog: Catalog) -> None:
    for rule in catalog.rules:
        if rule.check.kind in READER:
            findings = check_intake(_header(catalog), _faults(rule.check.fault), catalog, TODAY)
            finding = findings.row(0, named=True)
            assert findings.height == 1, rule.id
            assert (finding["rule"], finding["severity"]) == (rule.id, rule.severity)
            assert (finding["sheet"], finding["cell"], finding["observed"]) == ("S", "A1", "seen")
            assert finding["message_vi"].endswith(catalog.messages[rule.message].advice_vi)
            assert "{" not in finding["message_vi"] + finding["message_en"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"form": "no-such-form"}, "unknown_form"),
        ({"form": None}, "unknown_form"),
        ({"form_version": None}, "version_missing"),
        ({"form_version": "1066"}, "version_not_accepted"),
        ({"unit": None}, "unit_missing"),
        ({"unit": "XX.99999"}, "unit_unknown"),
        ({"unit_name": "Một đơn vị khác"}, "unit_name_mismatch"),
        ({"period": ""}, "period_missing"),
        ({"period": "2025-Q9"}, "period_unknown"),
        ({"scope": "everything"}, "scope_unknown"),
        ({"reporter": "XX.99999"}, "reporter_unknown"),
        ({"period": "2026"}, "period_in_future"),
        ({"period": "2025-Q1@CALENDAR"}, "form_not_owed"),
    ],
)
def test_a_fault_of_identity(catalog: Catalog, changes: dict[str, Any], fault: str) -> None:
    assert _found(catalog, _header(catalog, **changes)) == [fault]


def test_a_unit_of_another_time(catalog: Catalog) -> None:
    ended = next(unit for unit in catalog.units if unit.valid_to and unit.valid_to < date(2025, 11, 1)
                 and all(other.valid_to for other in catalog.units_of(unit.code)))  # fmt: skip
    later = f"{ended.valid_to.year + 1}" if ended.valid_to else ""
    header = _header(catalog, unit=ended.code, period=later)
    assert "unit_not_valid_in_period" in _found(catalog, header, today=date(2030, 1, 1))


def test_a_unit_that_lived_on_the_first_day_only_may_report(catalog: Catalog) -> None:
    ended = next(unit for unit in catalog.units if unit.valid_to and len(catalog.units_of(unit.code)) == 1)
    assert ended.valid_to is not None
    year = next(p for p in catalog.periods(ended.valid_to.year, "ND09") if p.code == str(ended.valid_to.year))
    assert ended.valid_to in year.window
    header = _header(catalog, unit=ended.code, period=year.code)
    assert "unit_not_valid_in_period" not in _found(catalog, header, today=date(2030, 1, 1))


def test_spelling_of_the_name_does_not_matter(catalog: Catalog) -> None:
    unit = catalog.unit_on(catalog.examples[FORM]["unit"], TODAY)
    assert unit is not None
    assert _found(catalog, _header(catalog, unit_name=f"  {unit.name.upper()} ")) == []


def test_the_place_is_the_identity_cell(catalog: Catalog) -> None:
    findings = check_intake(_header(catalog, unit="XX.99999"), empty_frame(FAULTS), catalog, TODAY)
    form = catalog.forms[FORM]
    finding = findings.row(0, named=True)
    assert f"{finding['sheet']}!{finding['cell']}" == form.places[form.version]["identity.unit"]


def _units(*named: tuple[str, str, str]) -> tuple[UnitRecord, ...]:
    return tuple(
        UnitRecord(
            code=code, valid_from=date(2000, 1, 1), valid_to=None, name=name, kind="xa", parent=parent, source="thử"
        )
        for code, name, parent in named
    )


def test_an_unknown_code_is_told_with_the_units_it_may_mean(catalog: Catalog) -> None:
    huge = _units(
        ("XX.01", "Xã An Thử", "P99"), ("XX.02", "Phường An Thử", "XX.01"), ("XX.03", "Xã An Thử", ""),
        ("XX.04", "UBND xã An Thử", ""), ("0987", "Chi bộ 07", ""), ("XX.05", "Xã Hòa Thử", ""),
    )  # fmt: skip
    known = replace(catalog, units=(*catalog.units, *huge))

    def said(unit: str, name: str) -> tuple[str, str]:
        findings = check_intake(_header(known, unit=unit, unit_name=name), empty_frame(FAULTS), known, TODAY)
        finding = findings.filter(pl.col("message_en").str.contains("unit code")).row(0, named=True)
        return finding["message_vi"], finding["message_en"]

    vi, en = said("XA.1", "xã an thử")
    assert vi.startswith("Mã đơn vị XA.1 không có trong danh mục đơn vị. Có thể là XX.01 (Xã An Thử")
    assert "; XX.03 (Xã An Thử). Kiểm tra lại mã" in vi
    assert "It may be XX.01" in en
    vi, _ = said("XA.1", "AN THU")  # without marks and without what kind of unit it is: four fit, three are named
    assert "XX.01" in vi
    assert "; XX.03 (Xã An Thử); và 1 đơn vị khác. Kiểm tra" in vi
    assert "Có thể là 0987 (Chi bộ 07)." in said("987", "")[0]
    assert "Có thể là 0987 (Chi bộ 07)." in said("XA.1", "chi bộ 7")[0]
    assert "Có thể là XX.01" in said("xx.01", "")[0]
    assert "Có thể là XX.05 (Xã Hòa Thử)." in said("XX.055", "")[0]
    assert "Có thể là XX.04 (UBND xã An Thử)." in said("X.04", "")[0]
    assert "Có thể là XX.05 (Xã Hòa Thử)." in said("XX.04Z", "xã hòa thử")[0]  # the name says more than a near code
    for unit, name in (("XA.1", "Xã Không Có Ở Đâu"), ("XA.1", "???"), ("XA.1", "")):
        assert "Có thể là" not in said(unit, name)[0]


def test_a_closed_period_takes_no_more_reports(catalog: Catalog) -> None:
    form = catalog.forms[FORM]
    closed = {"2025": date(2025, 12, 30), "2024": date(2024, 12, 30)}
    finding = check_intake(_header(catalog), empty_frame(FAULTS), catalog, TODAY, closed).row(0, named=True)
    assert (finding["rule"], finding["severity"], finding["observed"]) == ("FRM-019", "critical", "2025")
    assert finding["cells"] == form.places[form.version]["identity.period"]
    assert "Kỳ đóng ngày 30/12/2025." in finding["message_vi"]
    assert "mở lại kỳ (period reopen" in finding["message_vi"]
    assert "closed on 2025-12-30" in finding["message_en"]
    assert check_intake(_header(catalog), empty_frame(FAULTS), catalog, TODAY, {"2024": date(2024, 12, 30)}).is_empty()


def test_a_new_rule_of_intake_says_from_when_on_it_must_be_mended(catalog: Catalog) -> None:
    young = tuple(
        rule.model_copy(update={"starts_as_warning_until": date(2026, 12, 31)}) if rule.id == "FRM-005" else rule
        for rule in catalog.rules
    )
    header = _header(catalog, unit="XX.99999")
    finding = check_intake(header, empty_frame(FAULTS), replace(catalog, rules=young), TODAY).row(0, named=True)
    assert finding["severity"] == "warning"
    assert finding["message_vi"].endswith("Quy tắc mới: từ ngày 01/01/2027 sẽ là lỗi phải sửa.")
    assert finding["message_en"].endswith("A new rule: from 01/01/2027 on it must be mended.")


def test_an_unreadable_file_has_no_findings_of_identity(catalog: Catalog) -> None:
    assert _found(catalog, _header(catalog, unit=None, form=None), "password", "sheet_missing") == ["password"]


def test_what_the_reader_said_is_not_said_twice(catalog: Catalog) -> None:
    assert _found(catalog, _header(catalog, unit=None), "unit_missing") == ["unit_missing"]


def test_the_last_day_of_a_period_is_not_the_future(catalog: Catalog) -> None:
    last = catalog.period("2025").window.last  # type: ignore[union-attr]
    assert _found(catalog, _header(catalog), today=last) == []


def test_a_fault_without_a_rule_does_not_pass_in_silence(catalog: Catalog) -> None:
    mute = replace(catalog, rules=tuple(rule for rule in catalog.rules if rule.check.kind != "intake"))
    with pytest.raises(ProgramFault, match="unit_unknown"):
        check_intake(_header(catalog, unit="XX.99999"), empty_frame(FAULTS), mute, TODAY)
    with pytest.raises(ProgramFault, match="sheet_missing"):
        check_intake(_header(catalog), _faults("sheet_missing"), mute, TODAY)
