"""What a unit explains and what an administrator waives no longer asks anything of anybody."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from catalog.load import Catalog
from domain.columns import FINDINGS, WAIVERS
from expectations.schema import empty_frame, schema_of
from expectations.settling import waived
from expectations.verdict import verdicts
from tasks.proving import Batch

FORM = "review-report"

#: A change far above what is usual: HIS-007, a warning about party_members.
LEAP = {"history": {"previous": {"party_members": 97254}}}

#: 753 + 384 ≠ 1.127: DOS-024, critical, level 4; LEAP would be found at level 6.
WRONG_SUM = {"figures": {"survey_ballots[respondent=citizen]": 753}}

REASON = "Sáp nhập hai chi bộ theo Quyết định 12-QĐ/ĐU"


def _waivers(*rows: tuple[int, str, str, int, bool]) -> pl.DataFrame:
    named = [(file, rule, field, item, REASON, override) for file, rule, field, item, override in rows]
    return pl.DataFrame(named, schema=schema_of(WAIVERS), orient="row")


def _one(findings: pl.DataFrame, rule: str) -> dict[str, Any]:
    return findings.filter(pl.col("rule") == rule).row(0, named=True)


def _state(batch: Batch, findings: pl.DataFrame) -> str:
    return str(verdicts(batch.headers, findings)["state"].item())


class TestNotes:
    @pytest.mark.parametrize(
        ("note", "settles"),
        [
            ("tăng do sáp nhập", True),
            ("  Ta\u0306ng do sáp nhập chi bộ ", True),
            ("đã rà soát", False),
            ("1234567890", False),
            ("x", False),
            ("32.418 đảng viên", False),
            ("hiện có 32.418 đảng viên", True),
        ],
    )
    def test_a_note_settles_a_warning_when_it_says_something(
        self, catalog: Catalog, make_batch: Any, note: str, settles: bool
    ) -> None:
        stated = {"party_members": "32.418 đảng viên"}
        batch = make_batch(FORM, {**LEAP, "figures": stated, "notes": {"party_members": note}})
        finding = _one(batch.check(catalog), "HIS-007")
        assert finding["settled_by"] == ("note" if settles else None)
        assert finding["explanation"] == (unicodedata.normalize("NFC", note.strip()) if settles else None)

    def test_an_explained_report_is_accepted_and_an_unexplained_one_with_a_warning(
        self, catalog: Catalog, make_batch: Any
    ) -> None:
        explained = make_batch(FORM, {**LEAP, "notes": {"party_members": "tăng do sáp nhập"}})
        assert _state(explained, explained.check(catalog)) == "accepted"
        silent = make_batch(FORM, {**LEAP, "notes": {"non_party_staff": "tăng do sáp nhập"}})
        assert _state(silent, silent.check(catalog)) == "accepted_with_warnings"

    def test_a_note_beside_any_figure_the_finding_names_is_enough(self, catalog: Catalog, make_batch: Any) -> None:
        rule = catalog.rules_by_id["HIS-004"]
        patch = {**rule.counterexample, "notes": {"dossiers_received_base": "số gốc đã điều chỉnh"}}
        assert _one(make_batch(FORM, patch).check(catalog), rule.id)["settled_by"] == "note"

    def test_a_note_beside_a_blank_figure_counts(self, catalog: Catalog, make_batch: Any) -> None:
        given = next(
            rule
            for rule in catalog.rules
            if rule.check.kind == "required"
            and rule.check.columns
            and rule.severity == "warning"
            and FORM in rule.forms
        )
        field = given.check.columns[0]  # type: ignore[union-attr]
        patch = {**given.counterexample, "notes": {field: "chưa tổng hợp được từ cơ sở"}}
        finding = _one(make_batch(FORM, patch).check(catalog), given.id)
        assert (finding["observed"], finding["settled_by"]) == ("(trống)", "note")

    def test_a_note_never_settles_what_is_critical(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, {**WRONG_SUM, "notes": {"survey_ballots": "số liệu đã được kiểm tra kỹ"}})
        findings = batch.check(catalog)
        assert _one(findings, "DOS-024")["settled_by"] is None
        assert _state(batch, findings) == "rejected"


class TestWaivers:
    @pytest.mark.parametrize(
        ("field", "item", "settles"),
        [("party_members", 0, True), ("", 0, True), ("party_members", 2, False), ("non_party_staff", 0, False)],
    )
    def test_a_warning_is_waived_at_its_place_or_everywhere(
        self, catalog: Catalog, make_batch: Any, field: str, item: int, settles: bool
    ) -> None:
        batch = make_batch(FORM, LEAP, LEAP)
        findings = batch.check(catalog, waivers=_waivers((2, "HIS-007", field, item, False)))
        first, second = findings.filter(pl.col("rule") == "HIS-007").iter_rows(named=True)
        assert (first["settled_by"], first["explanation"]) == (None, None)
        expected = ("waiver", REASON) if settles else (None, None)
        assert (second["settled_by"], second["explanation"]) == expected
        assert findings.height == 2

    def test_a_waiver_does_not_let_a_critical_finding_pass(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, WRONG_SUM)
        findings = batch.check(catalog, waivers=_waivers((1, "DOS-024", "", 0, False)))
        assert _state(batch, findings) == "rejected"

    def test_an_override_lets_it_pass_and_opens_the_levels_above(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, WRONG_SUM | LEAP, WRONG_SUM | LEAP)
        hidden = batch.check(catalog)
        assert "HIS-007" not in hidden["rule"]
        findings = batch.check(catalog, waivers=_waivers((1, "DOS-024", "survey_ballots", 0, True)))
        own, other = (findings.filter(pl.col("file") == file) for file in (1, 2))
        let_pass = _one(own, "DOS-024")
        assert (let_pass["severity"], let_pass["settled_by"], let_pass["explanation"]) == (
            "critical",
            "override",
            REASON,
        )
        assert "HIS-007" in own["rule"]
        assert other.equals(hidden.filter(pl.col("file") == 2))
        assert verdicts(batch.headers, findings)["state"].to_list() == ["accepted_with_warnings", "rejected"]

    def test_a_report_with_an_override_alone_is_never_accepted_without_a_mark(
        self, catalog: Catalog, make_batch: Any
    ) -> None:
        batch = make_batch(FORM, WRONG_SUM | LEAP)
        found = batch.check(catalog, waivers=_waivers((1, "DOS-024", "", 0, True), (1, "HIS-007", "", 0, False)))
        assert _one(found, "HIS-007")["settled_by"] == "waiver"
        assert _state(batch, found.filter(pl.col("rule").is_in(["DOS-024", "HIS-007"]))) == "accepted_with_warnings"

    def test_one_override_of_two_leaves_the_levels_above_closed(self, catalog: Catalog, make_batch: Any) -> None:
        both = {"figures": {**WRONG_SUM["figures"], "dossiers_resolved": 64064}, **LEAP}
        batch = make_batch(FORM, both)
        findings = batch.check(catalog, waivers=_waivers((1, "DOS-024", "", 0, True)))
        assert findings.filter((pl.col("severity") == "critical") & pl.col("settled_by").is_null()).height
        assert findings["level"].max() == 4

    def test_nobody_can_let_an_unknown_identity_pass(self) -> None:
        rows = [
            {"file": 1, "rule": "FRM-005", "level": 2, "severity": "critical", "field": "", "item": 0},
            {"file": 1, "rule": "FRM-007", "level": 2, "severity": "warning", "field": "", "item": 0},
        ]
        findings = pl.concat([empty_frame(FINDINGS), pl.DataFrame(rows)], how="diagonal_relaxed")
        settled = waived(findings, _waivers((1, "FRM-005", "", 0, True), (1, "FRM-007", "", 0, False)))
        assert settled["settled_by"].to_list() == [None, "waiver"]


class TestNewRules:
    def test_a_new_rule_says_from_when_on_it_must_be_mended(self, catalog: Catalog, make_batch: Any) -> None:
        def starting(until: date | None) -> Catalog:
            rules = tuple(
                rule.model_copy(update={"starts_as_warning_until": until}) if rule.id == "DOS-024" else rule
                for rule in catalog.rules
            )
            return replace(catalog, rules=rules)

        batch = make_batch(FORM, WRONG_SUM)
        young = _one(batch.check(starting(date(2026, 12, 31))), "DOS-024")
        assert young["severity"] == "warning"
        assert young["message_vi"].endswith("Quy tắc mới: từ ngày 01/01/2027 sẽ là lỗi phải sửa.")
        assert young["message_en"].endswith("A new rule: from 01/01/2027 on it must be mended.")
        grown = _one(batch.check(starting(date(2025, 1, 1))), "DOS-024")
        assert (grown["severity"], "Quy tắc mới" in grown["message_vi"]) == ("critical", False)
        warning = _one(make_batch(FORM, LEAP).check(catalog), "HIS-007")
        assert "Quy tắc mới" not in warning["message_vi"]

    def test_a_finding_without_a_field_is_waived_at_its_cell(self) -> None:
        at = {"file": 1, "rule": "FRM-018", "level": 2, "severity": "warning", "item": 0}
        places: list[tuple[str | None, str | None, str]] = [
            ("", "Số liệu", "H7"),
            ("", "Số liệu", "H8"),
            (None, "Số liệu", "H7"),
            ("received", "Số liệu", "H7"),
        ]
        rows = [
            at | {"field": field, "sheet": sheet, "cell": cell} for field, sheet, cell in [*places, ("", None, "H7")]
        ]
        findings = pl.concat([empty_frame(FINDINGS), pl.DataFrame(rows)], how="diagonal_relaxed")

        def settled(field: str) -> list[bool]:
            return waived(findings, _waivers((1, "FRM-018", field, 0, False)))["settled_by"].is_not_null().to_list()

        assert settled("cell:Số liệu!H7") == [True, False, True, False, False]
        assert settled("cell:H7") == [False, False, False, False, True]
        assert settled("received") == [False, False, False, True, False]
        assert settled("") == [True] * 5
