"""The made-up province: sound reports meet no rule above info, planted faults meet exactly the rules they name."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog import load_catalog
from catalog.model import (
    AtMostCheck,
    ChangeCheck,
    DiffersCheck,
    IdentityCheck,
    RangeCheck,
    RateCheck,
    RequiredCheck,
    Rule,
)
from catalog.whole import Catalog
from domain.finding import Severity
from domain.period import Period
from domain.submission import AttemptOutcome
from examples.faults import COPIED, FAULTS
from examples.filing import Filing
from examples.province import (
    Province,
    Sent,
    filings_of,
    make_province,
    period_before,
    with_province,
    write_register,
)

SEED = 20260714


@pytest.fixture(scope="module")
def province() -> Province:
    return make_province(SEED, communes=6, units=400)


@pytest.fixture(scope="module")
def catalog(province: Province) -> Catalog:
    return with_province(load_catalog(), province)


def _period(catalog: Catalog, code: str = "2026-Q2") -> Period:
    found = catalog.period(code)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def sent(province: Province, catalog: Catalog) -> list[Sent]:
    return list(filings_of(province, catalog, _period(catalog), SEED, history=True))


@pytest.fixture(scope="module")
def earlier(province: Province, catalog: Catalog) -> dict[tuple[str, str], Filing]:
    reports = filings_of(province, catalog, _period(catalog), SEED, previous=True)
    return {(report.filing.unit, report.filing.form): report.filing for report in reports}


# ------------------------------------------------------------------------------------------------ the register


def test_the_province_is_as_large_as_asked(province: Province) -> None:
    kinds = Counter(unit.kind for unit in province.units)
    assert len(province.units) == 400
    assert kinds["dang_bo_xa"] + kinds["dang_bo_phuong"] == kinds["ubnd_xa"] + kinds["ubnd_phuong"] == 6
    assert kinds["chi_bo"] == 400 - 2 - 12
    assert all(unit.code.startswith("P99") for unit in province.units)


def test_units_hang_together(province: Province, catalog: Catalog) -> None:
    assert len({unit.code for unit in province.units}) == len(province.units)
    assert len({unit.name for unit in province.units}) == len(province.units)
    for unit in province.units:
        assert unit.parent is None or catalog.unit_on(unit.parent, unit.valid_from) is not None
        assert unit.kind in catalog.unit_kinds


def test_the_same_seed_gives_the_same_province_and_reports(province: Province, catalog: Catalog) -> None:
    again = make_province(SEED, communes=6, units=400)
    assert again == province
    period = _period(catalog)
    assert list(filings_of(again, catalog, period, 5)) == list(filings_of(province, catalog, period, 5))
    assert list(filings_of(again, catalog, period, 5)) != list(filings_of(province, catalog, period, 6))


def test_too_few_units_for_the_communes_are_refused() -> None:
    with pytest.raises(ValueError, match="too few for 5 communes: at least 12"):
        make_province(1, communes=5, units=11)


def test_the_register_is_written_as_the_catalog_reads_it(province: Province, tmp_path: Path) -> None:
    from catalog.model import UnitRecord
    from catalog.read import Reader

    write_register(province, tmp_path / "units.csv")
    reader = Reader(tmp_path)
    assert tuple(reader.table(UnitRecord, "units.csv")) == province.units
    assert reader.faults == []


# ------------------------------------------------------------------------------------------------ what is sent


def test_every_obliged_unit_is_heard_of(province: Province, catalog: Catalog, sent: list[Sent]) -> None:
    period = _period(catalog)
    owing = {(unit.code, item.form) for unit in province.units for item in catalog.owed(unit.kind, period)}
    misnamed = {report.filing.unit for report in sent if report.fault == "unknown_unit"}
    heard = {(report.filing.unit, report.filing.form) for report in sent}
    assert len(misnamed) > 0
    assert {(unit.removesuffix("X"), form) for unit, form in heard} == owing


def test_every_fault_is_planted(sent: list[Sent]) -> None:
    planted = Counter(report.fault for report in sent if report.version == 1)
    assert set(planted) - {""} == {fault.name for fault in (*FAULTS, COPIED)}
    assert planted[""] > 370


def test_rules_of_faults_are_in_the_catalog(catalog: Catalog) -> None:
    for fault in (*FAULTS, COPIED):
        for step in fault.steps:
            for rule in step.rules:
                severity = catalog.rules_by_id[rule].severity
                blocked = step.outcome in (AttemptOutcome.REJECTED, AttemptOutcome.UNREADABLE)
                assert (severity is Severity.CRITICAL) == blocked, (fault.name, rule)


@pytest.mark.parametrize(
    ("fault", "met"),
    [
        ("dot_eaten", "dot_eaten"),
        ("text_in_number", "not_a_number"),
        ("declared_zero", "declared_zero"),
        ("qualified", "qualified"),
        ("unit_words", "unit_words"),
        ("unknown_unit", "unit_unknown"),
        ("unknown_period", "period_unknown"),
        ("period_not_owed", "form_not_owed"),
        ("sheet_missing", "sheet_missing"),
        ("truncated", "truncated"),
        ("empty_file", "empty_file"),
    ],
)
def test_faults_name_the_rule_that_meets_them(catalog: Catalog, fault: str, met: str) -> None:
    rule = next(step.rules[0] for planted in FAULTS if planted.name == fault for step in planted.steps)
    check = catalog.rules_by_id[rule].check.model_dump()
    assert met in (check.get("fault"), check.get("problem"), check.get("repair"))


def test_outcomes(sent: list[Sent]) -> None:
    outcomes = {(report.fault, report.version): report.outcome for report in sent if report.fault}
    assert outcomes["silent", 1] is None
    assert outcomes["truncated", 1] is AttemptOutcome.UNREADABLE
    assert outcomes["same_bytes", 2] is AttemptOutcome.SAME_BYTES
    assert outcomes["corrected_after_rejection", 1] is AttemptOutcome.REJECTED
    assert outcomes["corrected_after_rejection", 2] is AttemptOutcome.ACCEPTED
    assert {report.fault for report in sent if report.late} == {"late"}


def test_files_of_a_collection_have_different_names(sent: list[Sent]) -> None:
    names = Counter(report.name for report in sent)
    assert max(names.values()) == 1
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in names)


def test_the_same_bytes_come_of_the_same_filing(sent: list[Sent]) -> None:
    twice = [report.filing for report in sent if report.fault == "same_bytes"]
    assert twice[0] == twice[1]


def test_reports_use_fields_and_columns_of_their_form(catalog: Catalog, sent: list[Sent]) -> None:
    for report in sent:
        form = catalog.forms[report.filing.form]
        known = {field.code for field in form.fields}
        for section in form.sections_of("matrix"):
            known |= {f"{section.code}.{i}[{item}]" for i in section.indicators for item in section.items}
        assert set(report.filing.figures) <= known
        assert set(report.filing.narratives) <= {narrative.code for narrative in form.narratives}
        for name, rows in report.filing.lists.items():
            columns = form.section(name).columns
            assert all(set(row) <= {column.code for column in columns} for row in rows)
            for column in (column for column in columns if column.codelist):
                labels = {item.label_vi for item in catalog.codelists[column.codelist or ""].items}
                assert {row[column.code] for row in rows if column.code in row} <= labels


def test_what_was_left_is_carried_over(
    province: Province, catalog: Catalog, sent: list[Sent], earlier: dict[tuple[str, str], Filing]
) -> None:
    dossiers = [report.filing for report in sent if report.filing.form == "one-stop-dossiers"]
    assert len(dossiers) == 7
    for filing in dossiers:
        before = earlier[filing.unit, filing.form]
        for code, value in filing.figures.items():
            if "dossiers_carried_over" in code:
                assert value == before.figures[code.replace("carried_over", "pending")]


@pytest.mark.parametrize(
    ("code", "before"), [("2026-Q1", "2025-Q4"), ("2026-H2", "2026-H1"), ("2026", "2025"), ("2026-M01", "2025-M12")]
)
def test_the_period_before(catalog: Catalog, code: str, before: str) -> None:
    assert period_before(catalog, _period(catalog, code)).code == before


# ------------------------------------------------------------------------------------------------ judged by the rules


@dataclass(frozen=True)
class Judge:
    """A plain reading of the rules on exact figures, independent of the room that judges in earnest."""

    columns: dict[str, float]
    kinds: dict[str, str]

    def total(self, names: tuple[str, ...], *, missing: float | None = 0.0) -> float | None:
        values = [self.columns.get(name) for name in names]
        if all(value is None for value in values) or (missing is None and None in values):
            return None
        return sum(value or 0.0 for value in values)

    def breaks(self, rule: Rule) -> bool:
        match rule.check:
            case IdentityCheck() as check:
                waiting = any(self.columns.get(name) is None for name in check.when_given)
                parts = self.total(check.parts, missing=0.0 if check.missing_parts == "zero" else None)
                total = self.total(check.total)
                return not waiting and None not in (total, parts) and total != parts
            case AtMostCheck() as check:
                smaller, larger = self.total(check.smaller), self.total(check.larger)
                return smaller is not None and larger is not None and smaller > larger * check.factor
            case RateCheck() as check:
                rate, top = self.columns.get(check.rate), self.total(check.numerator)
                base = self.total(check.denominator)
                if rate is None or top is None or not base:
                    return False
                return not math.isclose(rate, 100 * top / base, abs_tol=check.tolerance)
            case RangeCheck() as check:
                named = check.columns or tuple(n for n, kind in self.kinds.items() if kind in check.value_kinds)
                values = [self.columns[name] for name in named if name in self.columns]
                low = -math.inf if check.min is None else check.min
                high = math.inf if check.max is None else check.max
                return any(not low <= value <= high for value in values)
            case RequiredCheck() as check:
                asked = not check.when or any(self.columns.get(name, 0.0) > 0 for name in check.when)
                return asked and any(name not in self.columns for name in check.columns)
            case ChangeCheck() as check:
                now, base = self.columns.get(check.column), self.columns.get(check.base)
                if now is None or base is None or base < check.min_base:
                    return False
                return not base / check.factor <= now <= base * check.factor
            case DiffersCheck() as check:
                one, other = self.columns.get(check.column), self.columns.get(check.other)
                return one is not None and one == other
        return False


def _judge(catalog: Catalog, province: Province, filing: Filing, before: Filing) -> Judge:
    form = catalog.forms[filing.form]
    columns: dict[str, float] = {
        code: float(value) for code, value in filing.figures.items() if not isinstance(value, str) and "." not in code
    }
    columns |= {f"length:{code}": float(len(text)) for code, text in filing.narratives.items()}
    columns |= dict.fromkeys(filing.narratives, 1.0)
    columns |= {f"previous:{k}": float(v) for k, v in before.figures.items() if not isinstance(v, str)}
    for section in form.sections_of("list"):
        columns |= _counts(catalog, filing, section.code)
    columns["register:children[kind=chi_bo]"] = float(province.children.get(filing.unit, 0))
    equal = sum(before.figures.get(code) == value for code, value in filing.figures.items())
    columns["same_as:previous"] = equal / len(filing.figures)
    return Judge(columns, {field.code: catalog.indicators[field.indicator].kind for field in form.fields})


def _counts(catalog: Catalog, filing: Filing, name: str) -> dict[str, float]:
    rows = filing.lists.get(name, [])
    counts = {f"count:{name}": float(len(rows))}
    for column in catalog.forms[filing.form].section(name).columns:
        for item in catalog.codelists[column.codelist].items if column.codelist else ():
            found = sum(row.get(column.code) == item.label_vi for row in rows)
            counts[f"count:{name}[{column.code}={item.code}]"] = float(found)
    return counts


def _broken(catalog: Catalog, province: Province, filing: Filing, before: Filing) -> Iterator[Rule]:
    judge = _judge(catalog, province, filing, before)
    for rule in catalog.rules:
        on_figures = rule.frame in ("main", "values") and rule.applies_to(filing.form)
        if on_figures and rule.severity is not Severity.INFO and judge.breaks(rule):
            yield rule


@pytest.mark.parametrize("code", ["2026-Q2", "2026-H1", "2026"])
def test_sound_reports_break_no_rule(province: Province, catalog: Catalog, code: str) -> None:
    period = _period(catalog, code)
    before = {
        (report.filing.unit, report.filing.form): report.filing
        for report in filings_of(province, catalog, period, SEED, previous=True)
    }
    judged = 0
    for report in filings_of(province, catalog, period, SEED, share=0):
        filing = report.filing
        broken = [rule.id for rule in _broken(catalog, province, filing, before[filing.unit, filing.form])]
        assert broken == [], (filing.unit, filing.form)
        judged += 1
    assert judged == 400 + 7


EVALUABLE = {"wrong_sum", "negative", "part_over_whole", "percent_over_100", "more_than_the_whole", "copied"}


def test_planted_faults_break_exactly_the_rules_they_name(
    province: Province, catalog: Catalog, sent: list[Sent], earlier: dict[tuple[str, str], Filing]
) -> None:
    seen = set()
    for report in sent:
        if report.fault in EVALUABLE:
            filing = report.filing
            broken = list(_broken(catalog, province, filing, earlier[filing.unit, filing.form]))
            lowest = min((rule.level for rule in broken), default=None)
            assert [rule.id for rule in broken if rule.level == lowest] == list(report.rules), report.fault
            seen.add(report.fault)
    assert seen == EVALUABLE


def test_matrix_rows_add_up(sent: list[Sent]) -> None:
    for filing in (report.filing for report in sent if report.filing.form == "one-stop-dossiers"):
        rows: dict[str, dict[str, int]] = {}
        for code, value in filing.figures.items():
            name, _, item = code.partition("[")
            assert isinstance(value, int)
            assert value >= 0
            rows.setdefault(item, {})[name.rpartition(".")[2]] = value
        for row in rows.values():
            settled = row["dossiers_resolved"] + row["dossiers_pending"] + row["dossiers_refused"]
            assert row["dossiers_received"] == settled
        totals = next(row for item, row in rows.items() if "field=tong" in item)
        assert totals == rows[""]
        fields = [row for item, row in rows.items() if item and "field=tong" not in item]
        assert totals == {name: sum(row[name] for row in fields) for name in totals}
