"""Which failed reports are offered for another try: those a changed definition can touch, and no others."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import Engine, delete, select
from world import CATALOG, FIRST_DAY, NOON, UNITS, _unit, arrival, arrive, batch, frame, furnish

from catalog.fingerprints import fingerprints, unit_fingerprints
from catalog.load import load_catalog
from catalog.model import (
    AtMostCheck,
    Check,
    CodeItem,
    CodeList,
    CodeListCheck,
    FileCheck,
    IdentityCheck,
    IntakeCheck,
    Obligation,
    Rule,
    UnitRecord,
)
from catalog.whole import Catalog
from domain import columns
from domain.finding import CheckLevel, Severity
from domain.period import PeriodKind
from domain.submission import FaultNature
from warehouse import acts, intake, retrying, tables
from warehouse.load import LoadBatch, load_batch
from warehouse.registry import import_units, sync_registry


def _rule(code: str, level: CheckLevel, check: Check) -> Rule:
    return Rule(
        id=code,
        level=level,
        severity=Severity.CRITICAL,
        title_vi=code,
        title_en=code,
        message="sai",
        check=check,
        since=FIRST_DAY,
    )


def _intake(code: str, fault: str) -> Rule:
    return _rule(code, CheckLevel.FORM, IntakeCheck(kind="intake", fault=fault))


SUM = _rule("DOS-001", CheckLevel.RECORD, IdentityCheck(kind="identity", total=("received",), parts=("solved",)))
BOUND = _rule("DOS-002", CheckLevel.RECORD, AtMostCheck(kind="at_most", smaller=("solved",), larger=("received",)))
CHILDREN = _rule(
    "LST-001",
    CheckLevel.UNIT,
    AtMostCheck(kind="at_most", smaller=("received",), larger=("register:children[kind=xa]",)),
)
RULES = (
    _rule("FIL-001", CheckLevel.FILE, FileCheck(kind="file", fault="empty")),
    _intake("FRM-001", "unknown_form"),
    _intake("FRM-005", "unit_unknown"),
    _intake("FRM-009", "period_unknown"),
    _intake("FRM-010", "form_not_owed"),
    _intake("FRM-012", "reporter_unknown"),
    SUM,
    BOUND,
    CHILDREN,
)
LAID_DOWN = replace(CATALOG, rules=RULES, units=(*UNITS, _unit("X05", "xa", "T01", "Xã Năm")))

#: What each failed report states and the rule that turned it back; ``None``: the file says nothing of it.
FAILED: dict[str, dict[str, str | None]] = {
    "sum": {"rule": "DOS-001", "unit": "X01"},
    "bound": {"rule": "DOS-002", "unit": "X02"},
    "unknown unit": {"rule": "FRM-005", "unit": "X09"},
    "not owed": {"rule": "FRM-010", "unit": "X03"},
    "children": {"rule": "LST-001", "unit": "T01"},
    "unreadable": {"rule": "FIL-001", "unit": None, "form": None, "period": None},
    "unknown form": {"rule": "FRM-001", "unit": "X01", "form": "bieu-9", "observed": "bieu-9"},
    "unknown period": {"rule": "FRM-009", "unit": "X02", "period": "2025-Q9"},
    "unknown reporter": {"rule": "FRM-012", "unit": "X05", "reporter": "X08"},
}
_LEVELS = {rule.id: int(rule.level) for rule in RULES}


def judged(numbers: dict[str, int]) -> LoadBatch:
    """These reports of ``FAILED``, turned back once more."""
    headers, findings = [], []
    for name, number in numbers.items():
        said = {"form": "bieu-1", "period": "2025-Q1", **FAILED[name]}
        rule = str(said.pop("rule"))
        observed = said.pop("observed", None)
        headers.append({"file": number, "form_version": "1", "media": "xlsx", **said})
        findings.append(
            {
                "file": number,
                "rule": rule,
                "level": _LEVELS[rule],
                "severity": "critical",
                "observed": observed,
                "message_vi": "Sai.",
                "message_en": "Wrong.",
            }
        )
    verdicts = [
        {"file": n, "state": "unreadable" if name == "unreadable" else "rejected"} for name, n in numbers.items()
    ]
    return replace(
        batch(),
        headers=frame(columns.HEADERS, headers),
        verdicts=frame({"file": "Int64", "state": "String"}, verdicts),
        findings=frame(columns.FINDINGS, findings),
        started_at=datetime.now(UTC),
        finished_at=datetime.now(UTC),
    )


def turned_back(engine: Engine) -> dict[str, int]:
    """All of ``FAILED`` in a warehouse that knows ``LAID_DOWN``; their numbers."""
    run = furnish(engine)
    sync_registry(engine, LAID_DOWN, years=(2024, 2025))
    numbers = dict(zip(FAILED, arrive(engine, run, *FAILED), strict=True))
    load_batch(engine, run, judged(numbers))
    return numbers


def offered(engine: Engine, catalog: Catalog, numbers: dict[str, int], **asked: str) -> set[str]:
    names = {number: name for name, number in numbers.items()}
    return {names[number] for number in retrying.touched(engine, catalog, **asked)["submission"]}


def _with_rule(before: Rule, *after: Rule) -> Catalog:
    return replace(LAID_DOWN, rules=(*(rule for rule in RULES if rule is not before), *after))


def _with_forms(**changed: object) -> Catalog:
    form = LAID_DOWN.forms["bieu-1"].model_copy(update=changed)
    return replace(LAID_DOWN, forms=LAID_DOWN.forms | {str(form.id): form})


def _with_calendar(**changed: object) -> Catalog:
    calendar = LAID_DOWN.calendars["ND09"].model_copy(update=changed)
    return replace(LAID_DOWN, calendars=LAID_DOWN.calendars | {calendar.id: calendar})


def _renamed(code: str) -> UnitRecord:
    (unit,) = (unit for unit in LAID_DOWN.units if unit.code == code)
    return unit.model_copy(update={"name": "Tên mới"})


_OWED_BY_PROVINCES = Obligation(
    unit_kind="tinh", form="bieu-1", calendar="ND09", period_kinds=(PeriodKind.QUARTER,), valid_from=FIRST_DAY
)
_OF_BIEU_1 = {*FAILED} - {"unreadable", "unknown form"}
_OF_LEVEL_2 = {"unknown unit", "not owed", "unknown period", "unknown reporter"}

CHANGES: dict[str, tuple[Catalog | UnitRecord, set[str]]] = {
    "nothing": (LAID_DOWN, set()),
    "a rule asks for something else": (
        _with_rule(SUM, SUM.model_copy(update={"check": SUM.check.model_copy(update={"tolerance": 1.0})})),
        {"sum"},
    ),
    "a rule is no longer critical": (
        _with_rule(BOUND, BOUND.model_copy(update={"severity": Severity.WARNING})),
        {"bound"},
    ),
    "a rule of level 1 is dropped": (_with_rule(RULES[0]), {"unreadable"}),
    "a rule is dropped": (_with_rule(SUM), {"sum"}),
    "a rule is added": (replace(LAID_DOWN, rules=(*RULES, SUM.model_copy(update={"id": "DOS-003"}))), set()),
    "a rule is called otherwise": (
        _with_rule(SUM, SUM.model_copy(update={"title_vi": "Tên", "message": "khac", "source": "Công văn"})),
        set(),
    ),
    "a form takes another version": (_with_forms(accepted_versions=("1", "2")), set()),
    "the version that was filled in is another": (_with_forms(note_columns={"1": "G"}), _OF_BIEU_1),
    "another version is another": (_with_forms(note_columns={"2": "G"}, accepted_versions=("1", "2")), set()),
    "a form is called otherwise": (_with_forms(label_vi="Biểu mới", source="Công văn"), set()),
    "a form is added": (_with_forms(id="bieu-9"), {"unknown form"}),
    "others owe the form": (
        replace(LAID_DOWN, obligations=(*LAID_DOWN.obligations, _OWED_BY_PROVINCES)),
        _OF_LEVEL_2,
    ),
    "the calendar is cut otherwise": (_with_calendar(start_day=16), _OF_LEVEL_2 | {"unknown form"}),
    "reports are due later": (_with_calendar(due_working_days={"province": 9, "commune": 9}), set()),
    "a calendar is added": (_with_calendar(id="KHAC", patterns=()), {"unknown period"}),
    "the unknown unit is added": (_unit("X09", "xa", None, "Xã Chín"), {"unknown unit"}),
    "the unknown unit is added below another": (
        _unit("X09", "xa", "T01", "Xã Chín"),
        {"unknown unit", "children"},
    ),
    "another unit is added below": (_unit("X10", "xa", "T01", "Xã Mười"), {"children"}),
    "the unit that owes nothing is another": (_renamed("X03"), {"not owed"}),
    "a unit with a wrong sum is renamed": (_renamed("X01"), set()),
    "the reporter is added": (_unit("X08", "xa", None, "Xã Tám"), {"unknown reporter"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_change_can_touch_is_offered_and_nothing_else(engine: Engine, change: str) -> None:
    numbers = turned_back(engine)
    changed, expected = CHANGES[change]
    if isinstance(changed, UnitRecord):
        import_units(engine, LAID_DOWN, [changed])
        changed = LAID_DOWN
    else:
        sync_registry(engine, changed, years=(2024, 2025))
    assert offered(engine, changed, numbers) == expected


def test_reasons_name_every_definition_that_changed_and_when(engine: Engine) -> None:
    numbers = turned_back(engine)
    import_units(engine, LAID_DOWN, [_unit("X09", "xa", None, "Xã Chín")])
    other = RULES[2].model_copy(update={"since": FIRST_DAY + timedelta(days=1)})
    rules = tuple(other if rule is RULES[2] else rule for rule in RULES if rule is not SUM)
    changed = replace(_with_forms(note_columns={"1": "G"}), rules=rules)
    sync_registry(engine, changed, years=(2024, 2025))
    found = retrying.touched(engine, changed)
    reasons = {number: (vi, en) for number, vi, en in found.select("submission", "why_vi", "why_en").iter_rows()}
    when = r"\d\d:\d\d \d\d/\d\d/\d{4}"
    vi, en = reasons[numbers["unknown unit"]]
    assert re.fullmatch(
        f"quy tắc FRM-005 đã sửa lúc {when}; phiên bản biểu mẫu bieu-1 1 đã sửa lúc {when};"
        f" đơn vị X09 mới có lúc {when}",
        vi,
    )
    form = "version of the form bieu-1 1"
    assert re.fullmatch(f"rule FRM-005 changed at {when}; {form} changed at {when}; unit X09 added at {when}", en)
    vi, en = reasons[numbers["sum"]]
    assert re.fullmatch(f"quy tắc DOS-001 đã bỏ lúc {when}; phiên bản biểu mẫu bieu-1 1 đã sửa lúc {when}", vi)
    assert re.fullmatch(f"rule DOS-001 dropped at {when}; {form} changed at {when}", en)


def test_moments_are_told_in_the_time_of_the_offices(engine: Engine) -> None:
    numbers = turned_back(engine)
    sync_registry(engine, _with_rule(SUM), years=(2024, 2025))
    year = datetime.now(UTC).year + 1
    change = tables.definition_change
    with engine.begin() as connection:
        connection.execute(
            change.update()
            .where(change.c.code == "DOS-001", change.c.fingerprint.is_(None))
            .values(since=datetime(year, 1, 31, 20, 30, tzinfo=UTC))
        )
    (why,) = retrying.touched(engine, _with_rule(SUM)).filter(pl.col("submission") == numbers["sum"])["why_vi"]
    assert why == f"quy tắc DOS-001 đã bỏ lúc 03:30 01/02/{year}"


def test_what_was_judged_after_the_change_is_not_offered_again(engine: Engine) -> None:
    numbers = turned_back(engine)
    changed = _with_rule(SUM, SUM.model_copy(update={"since": FIRST_DAY + timedelta(days=1)}))
    sync_registry(engine, changed, years=(2024, 2025))
    run = intake.start_run(engine, "retry-failed")
    acts.retry(engine, [numbers["sum"]], who="văn phòng", reason="quy tắc đã sửa")
    assert offered(engine, changed, numbers) == set()
    load_batch(engine, run, judged({"sum": numbers["sum"]}))
    assert numbers["sum"] in set(retrying.failed(engine)["submission"])
    assert offered(engine, changed, numbers) == set()


def test_the_same_bytes_sent_again_do_not_hide_a_change(engine: Engine) -> None:
    numbers = turned_back(engine)
    changed = _with_rule(SUM)
    sync_registry(engine, changed, years=(2024, 2025))
    intake.receive(engine, intake.start_run(engine, "collect-period"), [arrival("sum", minutes=90)])
    assert offered(engine, changed, numbers) == {"sum"}


def test_a_change_that_was_taken_back_touches_nothing(engine: Engine) -> None:
    numbers = turned_back(engine)
    for catalog in (_with_rule(SUM), LAID_DOWN):
        sync_registry(engine, catalog, years=(2024, 2025))
    assert offered(engine, LAID_DOWN, numbers) == set()


def test_a_warehouse_that_kept_no_record_starts_with_how_things_are(engine: Engine) -> None:
    """Reports of before are not all offered because an upgraded program begins to keep the record; what changes with
    the very first import is a change."""
    numbers = turned_back(engine)
    with engine.begin() as connection:
        connection.execute(delete(tables.definition_change))
    import_units(engine, LAID_DOWN, [_unit("X09", "xa", None, "Xã Chín")])
    sync_registry(engine, LAID_DOWN, years=(2024, 2025))
    assert offered(engine, LAID_DOWN, numbers) == {"unknown unit"}


def test_a_kind_of_definition_that_was_not_recorded_before_starts_with_how_things_are(engine: Engine) -> None:
    """An upgraded program that begins to record versions of forms offers nobody's report because of it."""
    numbers = turned_back(engine)
    with engine.begin() as connection:
        change = tables.definition_change
        connection.execute(delete(change).where(change.c.kind == "form_version"))
    sync_registry(engine, _with_rule(SUM), years=(2024, 2025))
    assert offered(engine, _with_rule(SUM), numbers) == {"sum"}


def test_a_settled_finding_and_an_older_version_bring_nothing_back(engine: Engine) -> None:
    numbers = turned_back(engine)
    changed = _with_rule(SUM)
    sync_registry(engine, changed, years=(2024, 2025))
    run = intake.start_run(engine, "collect-period")
    with engine.begin() as connection:
        connection.execute(tables.finding.update().values(settled_by="override"))
    assert offered(engine, changed, numbers) == set()
    with engine.begin() as connection:
        connection.execute(tables.finding.update().values(settled_by=None))
    (newer,) = arrive(engine, run, "newer")
    load_batch(engine, run, batch((newer, "X01", "accepted", {"received": 5})))
    assert offered(engine, changed, numbers) == set()
    assert numbers["sum"] not in set(retrying.failed(engine)["submission"])


def test_failed_reports_are_found_by_period_unit_and_number(engine: Engine) -> None:
    numbers = turned_back(engine)

    def found(**asked: object) -> set[str]:
        names = {number: name for name, number in numbers.items()}
        return {names[number] for number in retrying.failed(engine, **asked)["submission"]}  # type: ignore[arg-type]

    assert found() == set(FAILED)
    assert found(period="2025-Q1") == set(FAILED) - {"unreadable", "unknown period"}
    assert found(period="2025-Q9") == {"unknown period"}
    assert found(unit="X01") == {"sum", "unknown form"}
    assert found(unit="X09") == {"unknown unit"}
    assert found(unit="T01", period="2025-Q1") == set(FAILED) - {"unreadable", "unknown period", "unknown unit"}
    assert found(submissions=[numbers["sum"], numbers["children"], 999]) == {"sum", "children"}
    assert found(submissions=[]) == set()
    changed = _with_forms(note_columns={"1": "G"})
    sync_registry(engine, changed, years=(2024, 2025))
    assert offered(engine, changed, numbers, unit="X02", period="2025-Q1") == {"bound"}
    row = retrying.failed(engine, submissions=[numbers["unknown unit"]]).row(0, named=True)
    assert (row["unit"], row["unit_name"], row["period"], row["form"]) == ("X09", None, "2025-Q1", "bieu-1")
    assert (row["state"], row["file_name"], row["n_critical"]) == ("rejected", "unknown unit.xlsx", 1)
    assert row["decided_at"] > NOON


def test_what_waits_because_of_a_passing_fault_is_shown_with_its_last_try(engine: Engine) -> None:
    run = furnish(engine)
    passing, lasting, untried, decided = arrive(engine, run, *"abcd")
    intake.claim(engine, run, [passing])
    for detail in ("mất kết nối", "đĩa đầy"):
        intake.fail_attempt(engine, run, [passing, decided], detail)
    intake.fail_attempt(engine, run, [lasting], "mất kết nối")
    intake.fail_attempt(engine, run, [lasting], "KeyError: x", nature=FaultNature.PERMANENT)
    load_batch(engine, run, batch((decided, "X01", "accepted", {})))
    intake.receive(engine, run, [arrival("a", minutes=90)])
    (row,) = retrying.transient(engine).to_dicts()
    assert (row["submission"], row["file_name"], row["tries"]) == (passing, "a.xlsx", 2)
    assert (row["detail"], row["claimed_by"]) == ("đĩa đầy", run)
    assert untried in [item.submission_id for item in intake.pending(engine)]


# ------------------------------------------------------------------------------------------------ fingerprints


def _changed_by(change: Callable[[Catalog], Catalog]) -> set[tuple[str, str]]:
    before = load_catalog()
    first, second = fingerprints(before), fingerprints(change(before))
    return {key for key in first.keys() | second.keys() if first.get(key) != second.get(key)}


def test_fingerprints_follow_what_a_definition_uses() -> None:
    assert _changed_by(lambda catalog: catalog) == set()
    before = load_catalog()
    lists = before.forms["review-report"].sections_of("list")
    name = next(column.codelist for part in lists for column in part.columns if column.codelist)

    def with_another_code(catalog: Catalog) -> Catalog:
        items = (*catalog.codelists[name].items, CodeItem(code="khac_nua", label_vi="Khác nữa", label_en="Another"))
        longer: CodeList = catalog.codelists[name].model_copy(update={"items": items})
        return replace(catalog, codelists=catalog.codelists | {name: longer})

    assert ("form_version", "review-report 2025.1") in _changed_by(with_another_code)
    assert {kind for kind, _ in _changed_by(with_another_code)} == {"form_version"}

    def without_the_newest_list(catalog: Catalog) -> Catalog:
        form = catalog.forms["review-report"]
        fewer = tuple(part for part in form.sections if part.code != "conclusion_progress")
        return replace(catalog, forms=catalog.forms | {form.id: form.model_copy(update={"sections": fewer})})

    # what a newer version asks besides touches no report that was filled in on an older one
    assert _changed_by(without_the_newest_list) == {("form_version", "review-report 2026.1")}

    def with_a_rule(catalog: Catalog) -> Catalog:
        asking = CodeListCheck(kind="code_list", column="received", codelist=name)
        return replace(catalog, rules=(_rule("COD-001", CheckLevel.VALUE, asking),))

    one, other = fingerprints(with_a_rule(before)), fingerprints(with_another_code(with_a_rule(before)))
    assert one["rule", "COD-001"] != other["rule", "COD-001"]

    def with_another_measure(catalog: Catalog) -> Catalog:
        code = catalog.forms["one-stop-dossiers"].sections_of("matrix")[0].indicators[0]
        other = catalog.indicators[code].model_copy(update={"unit_words": ("mét",)})
        return replace(catalog, indicators=catalog.indicators | {code: other})

    assert ("form_version", "one-stop-dossiers 2025.1") in _changed_by(with_another_measure)
    assert {kind for kind, _ in _changed_by(with_another_measure)} == {"form_version"}


def test_fingerprints_of_units_depend_neither_on_order_nor_on_sources() -> None:
    later = UNITS[1].model_copy(update={"valid_from": FIRST_DAY + timedelta(days=400), "name": "Xã Một mới"})
    units = (*UNITS, later)
    prints = unit_fingerprints(units)
    assert prints.keys() == {("unit", u.code) for u in UNITS} | {("unit_children", "T01")}
    elsewhere = [unit.model_copy(update={"source": "khác"}) for unit in reversed(units)]
    assert unit_fingerprints(elsewhere) == prints
    ended = [*UNITS, later.model_copy(update={"valid_to": FIRST_DAY + timedelta(days=500)})]
    assert {key for key, value in unit_fingerprints(ended).items() if prints[key] != value} == {
        ("unit", "X01"),
        ("unit_children", "T01"),
    }


def test_definitions_told_again_leave_no_new_row(engine: Engine) -> None:
    furnish(engine)
    many = [_unit(f"C{number:05}", "xa", f"X{number % 100:02}", f"Chi bộ {number}") for number in range(2_000)]
    import_units(engine, CATALOG, many)
    change = tables.definition_change.c
    query = select(change.kind, change.code, change.since).order_by(change.kind, change.code, change.since)
    with engine.connect() as connection:
        told = connection.execute(query).all()
    assert len({row.code for row in told if row.kind == "unit"}) == 2_000 + len(UNITS)
    import_units(engine, CATALOG, many[::-1])
    sync_registry(engine, CATALOG, years=(2024, 2025))
    with engine.connect() as connection:
        assert connection.execute(query).all() == told
