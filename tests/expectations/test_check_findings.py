"""What a batch of submissions gets: levels, days, severities, words, and faults of the program that never pass."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from catalog.load import Catalog
from catalog.model import Rule
from expectations.check import check
from expectations.fault import ProgramFault
from expectations.verdict import verdicts

FORM = "review-report"
SPLIT = {
    "models_total[level=tinh]": 3,
    "models_total[level=huyen]": "hơn 200",
    "models_total[level=co_so]": "gần 1.300",
}


def _only(catalog: Catalog, *rules: str, **changes: Any) -> Catalog:
    chosen = tuple(
        rule.model_copy(update=changes) if rule.id == rules[0] else rule for rule in catalog.rules if rule.id in rules
    )
    reading = tuple(rule for rule in catalog.rules if rule.check.kind == "reading" and rule.id not in rules)
    return replace(catalog, rules=(*chosen, *reading))


def _of(findings: pl.DataFrame, rule: str) -> pl.DataFrame:
    return findings.filter(pl.col("rule") == rule)


class TestWords:
    def test_a_wrong_sum_is_written_out(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, {"figures": {"survey_ballots[respondent=citizen]": 753}})
        finding = _of(batch.check(_only(catalog, "DOS-024")), "DOS-024").row(0, named=True)
        assert finding["arithmetic"] == "753 + 384 = 1.137 ≠ 1.127 (lệch 10)"
        assert (finding["observed"], finding["expected"]) == ("1.127", "1.137")
        assert "753 + 384 = 1,137 ≠ 1,127 (off by 10)" in finding["message_en"]
        assert f"Các ô: {finding['cell']}," in finding["message_vi"]

    def test_qualified_parts_keep_their_words(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, {"figures": SPLIT | {"models_total": "gần 1.800"}})
        finding = _of(batch.check(_only(catalog, "MDL-001")), "MDL-001").row(0, named=True)
        assert finding["arithmetic"] == "3 + hơn 200 + gần 1.300 = khoảng 1.503 ≠ gần 1.800 (lệch 297)"
        assert finding["severity"] == "critical"

    def test_what_holds_only_at_the_extreme_is_a_warning(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, {"figures": SPLIT | {"models_total": "gần 1.600"}})
        finding = _of(batch.check(_only(catalog, "MDL-001")), "MDL-001").row(0, named=True)
        assert finding["severity"] == "warning"
        assert finding["arithmetic"] == "3 + hơn 200 + gần 1.300 = khoảng 1.503 ≈ gần 1.600 (lệch 97)"
        assert "làm tròn" in finding["message_vi"]

    def test_words_without_a_number_are_no_wrong_sum(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, {"figures": {"survey_ballots[respondent=citizen]": "nhiều"}})
        assert _of(batch.check(_only(catalog, "DOS-024")), "DOS-024").is_empty()

    def test_a_missing_cell_has_its_address(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, {"figures": {"dissemination_sessions": None}})
        form = catalog.forms[FORM]
        findings = batch.check(catalog).filter(pl.col("field") == "dissemination_sessions")
        finding = findings.row(0, named=True)
        assert f"{finding['sheet']}!{finding['cell']}" == form.places[form.version]["dissemination_sessions"]
        assert finding["observed"] == "(trống)"

    def test_a_missing_figure_of_a_csv_has_no_address(self, make_batch: Any, catalog: Catalog) -> None:
        batch = make_batch(FORM, {"figures": {"dissemination_sessions": None}}, media="csv")
        finding = batch.check(catalog).filter(pl.col("field") == "dissemination_sessions").row(0, named=True)
        assert (finding["sheet"], finding["cell"]) == ("", "")


class TestLevels:
    def test_a_critical_level_hides_those_above_it(self, catalog: Catalog, make_batch: Any) -> None:
        wrong_sum = {"survey_ballots[respondent=citizen]": 753}
        batch = make_batch(FORM, {"figures": wrong_sum | {"commitments_signed": -3}}, {"figures": wrong_sum})
        findings = batch.check(catalog)
        assert findings.filter(pl.col("file") == 1)["level"].unique().to_list() == [3]
        assert "DOS-024" in findings.filter(pl.col("file") == 2)["rule"]

    def test_files_of_one_batch_do_not_disturb_each_other(self, catalog: Catalog, make_batch: Any) -> None:
        patches = [{"figures": {"registrants": 38356}}, {}, {"figures": {"commitments_signed": -3}}]
        together = make_batch(FORM, *patches).check(catalog)
        for file, patch in enumerate(patches, 1):
            alone = make_batch(FORM, patch).check(catalog).drop("file")
            assert together.filter(pl.col("file") == file).drop("file").equals(alone)


class TestDays:
    def test_a_new_rule_starts_as_a_warning(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, {"figures": {"survey_ballots[respondent=citizen]": 753}})
        last = catalog.period("2025").window.last  # type: ignore[union-attr]
        young = _only(catalog, "DOS-024", starts_as_warning_until=last)
        grown = _only(catalog, "DOS-024", starts_as_warning_until=date(2025, 1, 1))
        assert _of(batch.check(young), "DOS-024")["severity"].to_list() == ["warning"]
        assert _of(batch.check(grown), "DOS-024")["severity"].to_list() == ["critical"]

    def test_periods_of_one_batch_have_their_own_rules(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, *[{"figures": {"survey_ballots[respondent=citizen]": 753}}] * 2)
        headers = batch.headers.with_columns(period=pl.Series(["2024", "2025"]))
        later = _only(catalog, "DOS-024", since=date(2025, 1, 1))
        findings = replace(batch, headers=headers).check(later)
        assert _of(findings, "DOS-024")["file"].to_list() == [2]

    def test_an_unknown_period_is_a_fault_of_the_caller(self, catalog: Catalog, make_batch: Any) -> None:
        with pytest.raises(ProgramFault, match="2025-Q9"):
            make_batch(FORM, {}, period="2025-Q9").check(catalog)


class TestLists:
    def test_the_repeated_row_is_named_not_the_first(self, catalog: Catalog, make_batch: Any) -> None:
        row = {"name": "Tổ nhân dân tự quản", "owner": "Đảng ủy xã Bình Lư", "level": "co_so"}
        twin = row | {"name": "TỔ NDTQ"}
        batch = make_batch(FORM, {"lists": {"initiatives": [row, twin]}}, {"lists": {"initiatives": [row]}})
        rule = next(r for r in catalog.rules if r.check.kind == "unique" and r.frame == "initiatives")
        findings = _of(batch.check(_only(catalog, rule.id)), rule.id)
        assert findings.select("file", "item").rows() == [(1, 2)]


class TestProgramFaults:
    def test_a_column_that_is_absent(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, {})
        frames = batch.frames | {"main": batch.frames["main"].drop("survey_ballots")}
        with pytest.raises(ProgramFault, match=r"DOS-024.*survey_ballots"):
            check(frames, batch.readings, None, batch.headers, _only(catalog, "DOS-024"), FORM)

    def test_a_frame_that_is_absent(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, {})
        with pytest.raises(ProgramFault, match=r"DOS-024.*main"):
            check({}, batch.readings, None, batch.headers, _only(catalog, "DOS-024"), FORM)

    def test_an_expectation_that_crashes(self, catalog: Catalog, make_batch: Any) -> None:
        batch = make_batch(FORM, {})
        texts = batch.frames["main"].with_columns(pl.col("survey_ballots").cast(pl.String).replace("1127.0", "lot"))
        with pytest.raises(ProgramFault, match=r"DOS-024.*crashed"):
            check({"main": texts}, batch.readings, None, batch.headers, _only(catalog, "DOS-024"), FORM)

    def test_a_dropped_result(self, catalog: Catalog, make_batch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("expectations.engine.Engine.validate", lambda *_: [])
        with pytest.raises(ProgramFault, match=r"DOS-024.*dropped"):
            make_batch(FORM, {}).check(_only(catalog, "DOS-024"))

    def test_a_repair_that_no_rule_names(self, catalog: Catalog, make_batch: Any) -> None:
        mute = replace(catalog, rules=tuple(rule for rule in catalog.rules if rule.check.kind != "reading"))
        batch = make_batch(FORM, {"figures": {"commitments_signed": "32.187 bản"}})
        with pytest.raises(ProgramFault, match="unit_words"):
            batch.check(mute)

    def test_a_message_that_asks_for_an_unknown_word(self, catalog: Catalog, make_batch: Any) -> None:
        rule = catalog.rules_by_id["DOS-024"]
        odd = catalog.messages[rule.message].model_copy(update={"vi": "{nobody_knows}"})
        bent = replace(_only(catalog, "DOS-024"), messages=catalog.messages | {rule.message: odd})
        with pytest.raises(ProgramFault, match=r"DOS-024.*nobody_knows"):
            make_batch(FORM, {"figures": {"survey_ballots[respondent=citizen]": 753}}).check(bent)


class TestQuietly:
    def test_nothing_is_written_and_warnings_stay_with_the_caller(
        self, catalog: Catalog, make_batch: Any, capfd: pytest.CaptureFixture[str]
    ) -> None:
        make_batch(FORM, {}).check(_only(catalog, "DOS-024"))
        said = capfd.readouterr()
        assert (said.out, said.err) == ("", "")
        assert logging._warnings_showwarning is None  # type: ignore[attr-defined]
        with pytest.warns(UserWarning, match="still heard"):
            warnings.warn("still heard", UserWarning, stacklevel=1)

    def test_intake_and_verdicts_do_not_load_great_expectations(self) -> None:
        code = (
            "import sys, expectations.intake, expectations.verdict, expectations.check;"
            "sys.exit('great_expectations' in sys.modules or 'pandas' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestDocs:
    def test_data_docs_show_rule_severity_and_both_languages(
        self, catalog: Catalog, make_batch: Any, tmp_path: Path
    ) -> None:
        batch = make_batch(FORM, {"figures": {"survey_ballots[respondent=citizen]": 753}})
        few = _only(catalog, "DOS-024", "MDL-001")
        first = batch.check(few, docs=tmp_path, run_id="run-1")
        second = batch.check(few, docs=tmp_path, run_id="run-2")
        assert first.equals(second)
        assert first.equals(batch.check(few))
        pages = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")]
        rule: Rule = catalog.rules_by_id["DOS-024"]
        assert (tmp_path / "data_docs" / "index.html").is_file()
        assert any(rule.title_vi in page and rule.title_en in page and "run-2" in page for page in pages)
        assert any("critical" in page and "DOS-024" in page for page in pages)


class TestVerdicts:
    @pytest.mark.parametrize(
        ("found", "state"),
        [
            ([], "accepted"),
            ([(4, "info")], "accepted"),
            ([(4, "info"), (6, "warning")], "accepted_with_warnings"),
            ([(4, "critical"), (3, "warning")], "rejected"),
            ([(2, "critical")], "rejected"),
            ([(1, "critical")], "unreadable"),
            ([(1, "warning")], "accepted_with_warnings"),
            ([(6, "warning", "note"), (4, "warning", "waiver")], "accepted"),
            ([(6, "warning", "note"), (4, "warning")], "accepted_with_warnings"),
            ([(4, "critical", "override")], "accepted_with_warnings"),
            ([(4, "critical", "override"), (4, "critical")], "rejected"),
        ],
    )
    def test_state(self, found: list[tuple[Any, ...]], state: str) -> None:
        headers = pl.DataFrame({"file": [7]})
        findings = pl.DataFrame(
            [(7, *row, None) if len(row) == 2 else (7, *row) for row in found],
            schema={"file": pl.Int64, "level": pl.Int8, "severity": pl.String, "settled_by": pl.String},
            orient="row",
        )
        assert verdicts(headers, findings).rows() == [(7, state)]
