"""The loader: definitions are extended by editing data alone; whatever does not fit together is refused by place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import DATA, CatalogError, load_catalog
from catalog.load import Fault

Edit = Callable[[str, str, str], None]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the shipped definitions with a register small enough to load in no time."""
    root = tmp_path / "data"
    shutil.copytree(DATA, root)
    units = (root / "units.csv").read_text(encoding="utf-8").splitlines()
    roots = [line for line in units[1:] if line.split(",")[5] == ""][:3]
    (root / "units.csv").write_text("\n".join([units[0], *roots]) + "\n", encoding="utf-8")
    events = (root / "unit_events.csv").read_text(encoding="utf-8").splitlines()
    (root / "unit_events.csv").write_text(events[0] + "\n", encoding="utf-8")
    return root


@pytest.fixture
def add(data: Path) -> Callable[[str, str], None]:
    """Writes more text at the end of a definition file."""

    def write(file: str, text: str) -> None:
        path = data / file
        path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n" + text + "\n", encoding="utf-8")

    return write


@pytest.fixture
def change(data: Path) -> Edit:
    """Replaces the one place of a definition file where a text stands."""

    def replace(file: str, old: str, new: str) -> None:
        path = data / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old} is not in {file}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


def faults(root: Path) -> list[Fault]:
    with pytest.raises(CatalogError) as caught:
        load_catalog(root)
    assert str(caught.value) == "\n".join(str(fault) for fault in caught.value.faults)
    return caught.value.faults


def assert_refused(root: Path, file: str, where: str, what: str) -> None:
    """Some fault names the file, the place in it and what is wrong."""
    found = faults(root)
    assert any(f.file == file and where in f.where and what in f.what for f in found), found


def rule(check: str, *, id: str = "TST-001", frame: str = "main", form: str = "review-report", **more: str) -> str:  # noqa: A002 -- the definition's own word
    lines = {
        "forms": f"[{form}]",
        "frame": frame,
        "level": "4",
        "severity": "critical",
        "title_vi": "Thử",
        "title_en": "A try",
        "message": "sum_mismatch",
        "check": check,
        "since": "2025-01-01",
        "counterexample": "{figures: {party_members: 1}}",
    } | more
    return "\n  ".join([f"- id: {id}", *(f"{name}: {value}" for name, value in lines.items() if value)])


INDICATOR = {
    "code": "volunteer_days",
    "label_vi": "Số ngày công tình nguyện",
    "label_en": "Volunteer days",
    "measure_vi": "ngày",
    "measure_en": "days",
    "kind": "count",
    "nature": "flow",
    "over_units": "sum",
    "over_time": "sum",
    "valid_from": "2025-01-01",
}


def indicator_row(root: Path, **changed: str) -> str:
    header = (root / "indicators.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    return ",".join((INDICATOR | changed).get(column, "") for column in header)


def row_of(root: Path, file: str, **values: str) -> str:
    header = (root / file).read_text(encoding="utf-8").splitlines()[0].split(",")
    return ",".join(values.get(column, "") for column in header)


class TestShipped:
    def test_loads(self) -> None:
        catalog = load_catalog()
        assert {"review-report", "one-stop-dossiers"} <= set(catalog.forms)
        assert catalog.period("2025-Q1") is not None
        assert catalog.rules_by_id["DOS-001"].severity == "critical"

    def test_the_fingerprint_follows_the_files(self, data: Path, add: Callable[[str, str], None]) -> None:
        before = load_catalog(data).fingerprint
        assert load_catalog(data).fingerprint == before
        add("messages.yaml", "# one word more")
        assert load_catalog(data).fingerprint != before

    def test_a_copy_is_the_same_catalog_under_another_root(self, tmp_path: Path) -> None:
        copied = tmp_path / "elsewhere"
        shutil.copytree(DATA, copied)
        assert load_catalog(copied).fingerprint == load_catalog().fingerprint
        assert load_catalog(copied).rules == load_catalog().rules


class TestExtendedByDataAlone:
    def test_a_new_indicator_with_its_field_and_place(self, data: Path, add: Callable[[str, str], None]) -> None:
        add("indicators.csv", indicator_row(data))
        field = {"code": "volunteer_days", "section": "registration", "indicator": "volunteer_days"}
        add("forms/review-report/fields.csv", row_of(data, "forms/review-report/fields.csv", **field))
        place = {
            "place": "volunteer_days",
            "2026.1": "Số liệu!E990",
            "2025.1": "Số liệu!E990",
            "2024.1": "Biểu số liệu!D990",
        }
        add("forms/review-report/columns.csv", row_of(data, "forms/review-report/columns.csv", **place))
        catalog = load_catalog(data)
        assert catalog.field("review-report", "volunteer_days").indicator == "volunteer_days"
        assert catalog.indicators["volunteer_days"].label_vi == "Số ngày công tình nguyện"
        assert catalog.forms["review-report"].places["2026.1"]["volunteer_days"] == "Số liệu!E990"

    def test_a_new_rule_in_a_file_of_its_own(self, data: Path) -> None:
        text = rule("{kind: at_most, smaller: [registrants], larger: [party_members]}")
        (data / "rules" / "ours.yaml").write_text(text, encoding="utf-8")
        catalog = load_catalog(data)
        added = catalog.rules_by_id["TST-001"]
        assert added in catalog.rules_for("review-report", added.since)
        assert added not in catalog.rules_for("one-stop-dossiers", added.since)

    def test_a_new_message_and_a_new_code(self, data: Path, add: Callable[[str, str], None], change: Edit) -> None:
        add("messages.yaml", "- {id: ours, vi: Sai rồi., en: Wrong.}")
        change("rules/file.yaml", "message: file_empty", "message: ours")
        assert load_catalog(data).rules_by_id["FIL-001"].message == "ours"


class TestBrokenFiles:
    @pytest.mark.parametrize(
        "file",
        ["indicators.csv", "messages.yaml", "codelists.yaml", "calendars.yaml", "unit_kinds.yaml", "units.csv",
         "unit_events.csv", "obligations.csv", "forms/review-report/form.yaml", "forms/review-report/fields.csv",
         "forms/review-report/columns.csv", "forms/review-report/example.yaml"],
    )  # fmt: skip
    def test_missing(self, data: Path, file: str) -> None:
        (data / file).unlink()
        assert_refused(data, file, "file", "is missing")

    def test_yaml_with_an_open_bracket(self, data: Path, add: Callable[[str, str], None]) -> None:
        add("rules/value.yaml", "- id: [VAL-900")
        assert_refused(data, "rules/value.yaml", "line", "is not YAML")

    def test_a_file_that_cannot_be_read_is_the_only_fault(self, data: Path, add: Callable[[str, str], None]) -> None:
        add("messages.yaml", "- id: [ours")
        with pytest.raises(CatalogError) as caught:
            load_catalog(data)
        assert [fault.file for fault in caught.value.faults] == ["messages.yaml"]

    def test_yaml_with_a_key_that_stands_twice(self, data: Path, change: Edit) -> None:
        change("rules/file.yaml", "  level: 1\n", "  level: 1\n  level: 2\n")
        assert_refused(data, "rules/file.yaml", "line", "stands twice")

    def test_a_mapping_where_a_list_belongs(self, data: Path) -> None:
        (data / "messages.yaml").write_text("ours: {vi: a, en: b}", encoding="utf-8")
        assert_refused(data, "messages.yaml", "file", "must be a list")

    def test_a_list_where_a_form_belongs(self, data: Path) -> None:
        (data / "forms/review-report/form.yaml").write_text("- id: review-report", encoding="utf-8")
        assert_refused(data, "forms/review-report/form.yaml", "file", "must be a mapping")

    def test_text_that_is_not_utf8(self, data: Path) -> None:
        (data / "messages.yaml").write_bytes("- {id: a, vi: ă, en: b}".encode("utf-16-le"))
        assert_refused(data, "messages.yaml", "", "")
        (data / "messages.yaml").write_bytes(b"\xff\xfe")
        assert_refused(data, "messages.yaml", "byte 0", "is not UTF-8")

    @pytest.mark.parametrize("extra", ["a,b", ",".join("x" for _ in range(40))], ids=["too few", "too many"])
    def test_a_csv_row_with_another_number_of_columns(
        self, data: Path, add: Callable[[str, str], None], extra: str
    ) -> None:
        add("indicators.csv", extra)
        assert_refused(data, "indicators.csv", "line", "another number of columns than the header")

    def test_a_csv_column_nobody_knows(self, data: Path, change: Edit) -> None:
        change("indicators.csv", "label_vi", "nhan")
        assert_refused(data, "indicators.csv", "nhan", "Extra inputs are not permitted")

    def test_leading_zeros_and_yes_stay_words(self, data: Path, add: Callable[[str, str], None]) -> None:
        add("messages.yaml", "- {id: traps, vi: 08, en: no}")
        assert (load_catalog(data).messages["traps"].vi, load_catalog(data).messages["traps"].en) == ("08", "no")

    def test_every_fault_is_told_at_once(self, data: Path, add: Callable[[str, str], None]) -> None:
        add("messages.yaml", "- {id: Wrong Id, vi: a, en: b}")
        add("indicators.csv", indicator_row(data, kind="color", nature="rock"))
        add("rules/value.yaml", rule("{kind: guess}"))
        found = {(fault.file, fault.where.split()[0]) for fault in faults(data)}
        assert {("messages.yaml", "Wrong"), ("indicators.csv", "line"), ("rules/value.yaml", "TST-001")} <= found


class TestDuplicates:
    def test_indicator(self, data: Path, add: Callable[[str, str], None]) -> None:
        add("indicators.csv", indicator_row(data))
        add("indicators.csv", indicator_row(data))
        assert_refused(data, "indicators.csv", "volunteer_days", "is defined 2 times")

    def test_rule_in_two_files(self, data: Path) -> None:
        text = (data / "rules" / "rural.yaml").read_text(encoding="utf-8")
        (data / "rules" / "copy.yaml").write_text(text, encoding="utf-8")
        assert_refused(data, "rules", "NRM-001", "is defined 2 times")

    def test_message(self, data: Path, add: Callable[[str, str], None]) -> None:
        add("messages.yaml", "- {id: file_empty, vi: a, en: b}")
        assert_refused(data, "messages.yaml", "file_empty", "is defined 2 times")

    def test_code_list_and_calendar_and_unit_kind(self, data: Path) -> None:
        for file in ("codelists.yaml", "calendars.yaml", "unit_kinds.yaml"):
            text = (data / file).read_text(encoding="utf-8")
            (data / file).write_text(text + text.replace("&patterns", "&again"), encoding="utf-8")
        found = {fault.file for fault in faults(data) if "is defined 2 times" in fault.what}
        assert found == {"codelists.yaml", "calendars.yaml", "unit_kinds.yaml"}

    def test_form(self, data: Path) -> None:
        shutil.copytree(data / "forms/review-report", data / "forms/copy")
        assert_refused(data, "forms", "review-report", "is defined 2 times")

    def test_field_and_place(self, data: Path) -> None:
        for file in ("forms/one-stop-dossiers/fields.csv", "forms/one-stop-dossiers/columns.csv"):
            lines = (data / file).read_text(encoding="utf-8").splitlines()
            twice = next(line for line in lines if line.startswith("dossiers_refused"))
            (data / file).write_text("\n".join([*lines, twice]) + "\n", encoding="utf-8")
        assert_refused(data, "forms/one-stop-dossiers/fields.csv", "dossiers_refused", "is defined 2 times")
        assert_refused(data, "forms/one-stop-dossiers/columns.csv", "line", "dossiers_refused is placed twice")

    def test_two_figures_in_one_cell(self, data: Path, change: Edit) -> None:
        change("forms/one-stop-dossiers/columns.csv", "dossiers_refused,Tổng hợp!E17", "dossiers_refused,Tổng hợp!E6")
        assert_refused(data, "forms/one-stop-dossiers/columns.csv", "2025.1", "already the place of something else")


class TestUnresolved:
    @pytest.mark.parametrize(
        ("changed", "what"),
        [
            ({"numerator": "never_counted", "denominator": "party_members"}, "unknown indicator never_counted"),
            ({"dimensions": "colour"}, "unknown dimension colour"),
            ({"numerator": "party_members"}, "names both numerator and denominator"),
        ],
    )
    def test_indicator(self, data: Path, add: Callable[[str, str], None], changed: dict[str, str], what: str) -> None:
        add("indicators.csv", indicator_row(data, **changed))
        assert_refused(data, "indicators.csv", "volunteer_days", what)

    @pytest.mark.parametrize(
        ("field", "what"),
        [
            ({"code": "ghost", "section": "totals", "indicator": "ghost"}, "unknown indicator ghost"),
            ({"code": "party_members", "section": "nowhere", "indicator": "party_members"}, "not a section of scalars"),
            (
                {"code": "party_members", "section": "dossiers", "indicator": "party_members"},
                "not a section of scalars",
            ),
            ({"code": "dossiers_due", "section": "totals", "indicator": "party_members"}, "does not begin with"),
            (
                {"code": "dossiers_due[respondent=citizen]", "section": "totals", "indicator": "dossiers_due"},
                "is not broken down by respondent",
            ),
            (
                {"code": "dossiers_due[field=magic]", "section": "totals", "indicator": "dossiers_due"},
                "magic is not a code of field",
            ),
        ],
    )
    def test_field(self, data: Path, add: Callable[[str, str], None], field: dict[str, str], what: str) -> None:
        file = "forms/one-stop-dossiers/fields.csv"
        add(file, row_of(data, file, **field))
        assert_refused(data, "forms/one-stop-dossiers", field["code"], what)

    def test_field_without_a_place(self, data: Path, add: Callable[[str, str], None]) -> None:
        file = "forms/one-stop-dossiers/fields.csv"
        add(file, row_of(data, file, code="dossiers_due", section="totals", indicator="dossiers_due"))
        assert_refused(
            data, "forms/one-stop-dossiers/columns.csv", "dossiers_due", "has no place in the current version"
        )

    def test_place_of_nothing(self, data: Path, add: Callable[[str, str], None]) -> None:
        add("forms/one-stop-dossiers/columns.csv", "ghost,Tổng hợp!E99")
        assert_refused(data, "forms/one-stop-dossiers/columns.csv", "ghost", "is nothing the form knows")

    def test_place_that_is_no_address(self, data: Path, change: Edit) -> None:
        change("forms/one-stop-dossiers/columns.csv", "Tổng hợp!E17", "hàng 17")
        assert_refused(data, "forms/one-stop-dossiers/columns.csv", "2025.1", "not a cell address")

    def test_section(self, data: Path, change: Edit) -> None:
        form = "forms/one-stop-dossiers/form.yaml"
        change(form, "      - dossiers_refused\n", "      - dossiers_refused\n      - ghost\n")
        change(
            form, '      - "level=xa;field=khac"\n', '      - "level=xa;field=khac"\n      - "level=moon;field=khac"\n'
        )
        assert_refused(data, "forms/one-stop-dossiers", "dossiers", "unknown indicator ghost")
        assert_refused(data, "forms/one-stop-dossiers", "dossiers", "moon is not a code of level")

    def test_list_column_and_key(self, data: Path, change: Edit) -> None:
        form = "forms/review-report/form.yaml"
        change(form, "codelist: model_status", "codelist: ghost_list")
        change(form, "key: [name, owner]", "key: [name, colour]")
        assert_refused(data, "forms/review-report", "initiatives", "unknown code list ghost_list")
        assert_refused(data, "forms/review-report", "initiatives", "its key colour is not one of its columns")

    def test_version_that_is_not_accepted_and_version_without_a_column(self, data: Path, change: Edit) -> None:
        form = "forms/one-stop-dossiers/form.yaml"
        change(form, 'accepted_versions: ["2025.1"]', 'accepted_versions: ["2024.9"]')
        assert_refused(data, form, "", "is not among the accepted ones")
        change(form, 'accepted_versions: ["2024.9"]', 'accepted_versions: ["2025.1", "2024.9"]')
        assert_refused(data, "forms/one-stop-dossiers/columns.csv", "2024.9", "an accepted version has no column")

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            (rule("{kind: range, columns: [ghost], min: 0}"), "has no column ghost in frame main"),
            (rule("{kind: range, columns: [party_members], min: 0}", form="ghost-form"), "unknown form ghost-form"),
            (rule("{kind: range, columns: [members], min: 0}", frame="ghost"), "has no frame ghost"),
            (rule("{kind: range, columns: ['count:ghost'], min: 0}"), "has no column count:ghost"),
            (rule("{kind: range, columns: ['previous:ghost'], min: 0}"), "has no column previous:ghost"),
            (
                rule("{kind: range, columns: ['parts:party_members'], min: 0}"),
                "is not added over the periods of a year",
            ),
            (rule("{kind: range, columns: ['longer:dossiers_received']}"), "is not added over the periods of a year"),
            (rule("{kind: range, columns: ['same_as:ghost'], max: 1}"), "has no column same_as:ghost"),
            (rule("{kind: range, columns: ['register:cousins'], min: 0}"), "has no column register:cousins"),
            (rule("{kind: range, columns: ['period:century'], min: 0}"), "has no column period:century"),
            (
                rule("{kind: range, columns: ['sum:dossiers.ghost'], min: 0}", form="one-stop-dossiers"),
                "has no column sum:dossiers.ghost",
            ),
            (
                rule("{kind: range, columns: ['sum:dossiers.dossiers_due[field=tong]']}", form="one-stop-dossiers"),
                "has no column sum:dossiers.dossiers_due[field=tong]",
            ),
            (rule("{kind: length, column: 'length:ghost', min: 1}"), "has no column length:ghost"),
            (rule("{kind: unique, columns: [ghost]}", frame="initiatives"), "has no column ghost in frame initiatives"),
            (rule("{kind: code_list, column: level, codelist: ghost}", frame="initiatives"), "unknown code list ghost"),
            (rule("{kind: reading, repair: ghost}", frame=""), "unknown reading outcome ghost"),
            (rule("{kind: reading, problem: unit_words}", frame=""), "unknown reading outcome unit_words"),
            (rule("{kind: range, columns: [party_members], min: 0}", message="ghost"), "unknown message ghost"),
        ],
    )
    def test_rule(self, data: Path, add: Callable[[str, str], None], text: str, what: str) -> None:
        add("rules/value.yaml", text)
        assert_refused(data, "rules", "TST-001", what)

    @pytest.mark.parametrize(
        ("text", "where", "what"),
        [
            (rule("{kind: guess}"), "TST-001 check", "does not match any of the expected tags"),
            (rule("{kind: range, columns: ['Party Members']}"), "TST-001 check", "should match pattern"),
            (rule("{kind: reading, repair: unit_words, problem: not_a_number}"), "TST-001 check", "not both"),
            (
                rule("{kind: identity, total: [registrants], parts: [party_members], when_given: [models_total]}"),
                "TST-001 check",
                "neither total nor part",
            ),
            (rule("{kind: copy, fault: ghost}", frame=""), "TST-001 check", "copied_from_other_unit"),
            (rule("{kind: unique, columns: [name]}", id="X-1"), "X-1 id", "should match pattern"),
            (rule("{kind: unique, columns: [name]}", severity="fatal"), "TST-001 severity", "'critical', 'warning'"),
            (rule("{kind: unique, columns: [name]}", level="9"), "TST-001 level", "9 is not a valid CheckLevel"),
            (rule("{kind: unique, columns: [name]}", since="soon"), "TST-001 since", "valid date"),
            (rule("{kind: unique, columns: [name]}", colour="red"), "TST-001 colour", "Extra inputs are not permitted"),
        ],
    )
    def test_rule_out_of_shape(
        self, data: Path, add: Callable[[str, str], None], text: str, where: str, what: str
    ) -> None:
        add("rules/value.yaml", text)
        assert_refused(data, "rules/value.yaml", where, what)

    @pytest.mark.parametrize(
        ("changed", "what"),
        [
            ({"unit_kind": "ghost"}, "unknown kind ghost"),
            ({"form": "ghost-form"}, "unknown form ghost-form"),
            ({"calendar": "GHOST"}, "unknown calendar GHOST"),
        ],
    )
    def test_obligation(self, data: Path, add: Callable[[str, str], None], changed: dict[str, str], what: str) -> None:
        row = {"unit_kind": "chi_bo", "form": "review-report", "calendar": "ND09", "period_kinds": "year"}
        add("obligations.csv", row_of(data, "obligations.csv", **(row | {"valid_from": "2025-01-01"} | changed)))
        assert_refused(data, "obligations.csv", "", what)


def unit(code: str, since: str = "2020-01-01", until: str = "", kind: str = "xa", parent: str = "") -> str:
    return f"{code},{since},{until},Đơn vị {code},{kind},{parent},tài liệu thử"


class TestUnits:
    @pytest.mark.parametrize(
        ("rows", "where", "what"),
        [
            ([unit("T.1", kind="ghost")], "T.1 2020-01-01", "unknown kind ghost"),
            ([unit("T.1", until="2019-12-31")], "T.1 2020-01-01", "ends before it begins"),
            ([unit("T.1", parent="T.9")], "T.1 2020-01-01", "its parent T.9 did not live on 2020-01-01"),
            ([unit("T.1"), unit("T.2", "2015-01-01", parent="T.1")], "T.2 2015-01-01", "did not live on 2015-01-01"),
            ([unit("T.1"), unit("T.1")], "T.1 2020-01-01", "stands 2 times"),
            ([unit("T.1"), unit("T.1", "2021-01-01")], "T.1 2020-01-01", "overlaps with T.1 2021-01-01"),
            (
                [unit("T.1", until="2021-01-01"), unit("T.1", "2021-01-01")],
                "T.1 2020-01-01",
                "overlaps with T.1 2021-01-01",
            ),
            ([unit("T.1", parent="T.2"), unit("T.2", parent="T.1")], "T.1 2020-01-01", "is its own ancestor"),
            ([unit("T.1", parent="T.1")], "T.1 2020-01-01", "is its own ancestor"),
        ],
    )
    def test_refused(self, data: Path, add: Callable[[str, str], None], rows: list[str], where: str, what: str) -> None:
        add("units.csv", "\n".join(rows))
        assert_refused(data, "units.csv", where, what)

    def test_a_code_may_return_the_day_after_its_unit_ended(self, data: Path, add: Callable[[str, str], None]) -> None:
        add("units.csv", "\n".join([unit("T.1", until="2024-12-31"), unit("T.1", "2025-01-01")]))
        assert len(load_catalog(data).units_of("T.1")) == 2

    def test_event_of_an_unknown_unit(self, data: Path, add: Callable[[str, str], None]) -> None:
        add("units.csv", unit("T.1"))
        event = {"kind": "merge", "day": "2025-07-01", "old_code": "T.9", "old_valid_from": "2020-01-01"}
        event |= {"new_code": "T.1", "new_valid_from": "2020-01-01", "share": "full", "document": "quyết định thử"}
        add("unit_events.csv", row_of(data, "unit_events.csv", **event))
        assert_refused(data, "unit_events.csv", "T.9→T.1", "unknown unit T.9 2020-01-01")


class TestCalendars:
    @pytest.mark.parametrize(
        ("old", "new", "where", "what"),
        [
            (
                "due_working_days: {cell: 1,",
                "due_working_days: {cell: 0,",
                "ND09",
                "before the cut-off is a working day",
            ),
            ("due_working_days: {cell: 1,", "due_working_days: {moon: 1,", "ND09", "no kind of unit is of level moon"),
            ("months: 3, starts: [1, 4, 7, 10]", "months: 4, starts: [1, 4, 7, 10]", "ND09", "overlap"),
            ("start_day: 15", "start_day: 31", "ND09 start_day", "less than or equal to 28"),
            ("starts: [1, 4, 7, 10]", "starts: [1, 4, 7, 13]", "patterns", "less than or equal to 12"),
            ('code: "{year}-Q{ordinal}"', 'code: "{year}-Q{quarter}"', "patterns", "can be filled in"),
        ],
    )
    def test_refused(self, data: Path, change: Edit, old: str, new: str, where: str, what: str) -> None:
        change("calendars.yaml", old, new)
        assert_refused(data, "calendars.yaml", where, what)

    @pytest.mark.parametrize(
        ("old", "new", "what"),
        [
            ("months: 3, starts: [1, 4, 7, 10]", "months: 3, starts: [1, 4, 7, 11]", "quarter: 2024-10-15"),
            ("months: 3, starts: [1, 4, 7, 10]", "months: 3, starts: [1, 1, 7, 10]", "overlap"),
            ("months: 12, starts: [1]", "months: 12, starts: [1, 7]", "is the code of 2 periods"),
            ("months: 1, starts: [1, 2,", "months: 2, starts: [1, 2,", "month: 2023-12-15 … 2024-02-14 and 2024-01-15"),
            ('code: "{year}-9M"', 'code: "9M"', "9M is the code of 7 periods"),
            (
                "{cell: 1, base: 2, commune: 3,",
                "{base: 2, commune: 3,",
                "units of level cell owe reports by this calendar",
            ),
            ("{cell: 1,", "{cell: -1,", "cell: the report is due before the cut-off is a working day old"),
            ("start_day: 15", "zone: Asia/Tokyo\n  start_day: 15", "days of Asia/Ho_Chi_Minh everywhere"),
        ],
        ids=[
            "over the year's end",
            "twice the same",
            "code",
            "longer than the step",
            "no year",
            "level",
            "negative",
            "zone",
        ],
    )
    def test_windows_codes_and_deadlines(self, data: Path, change: Edit, old: str, new: str, what: str) -> None:
        change("calendars.yaml", old, new)
        assert_refused(data, "calendars.yaml", "ND09", what)


class TestSchedule:
    @pytest.mark.parametrize(
        ("old", "new", "where", "what"),
        [
            ('open: "06:00"', 'open: "24:00"', "open", 'write a time of day as "06:00"'),
            ('open: "06:00"', "open: 6", "open", 'write a time of day as "06:00"'),
            ('remind: "08:00"', 'remind: "8h"', "remind", 'write a time of day as "06:00"'),
            ("close_working_days: 3", "close_working_days: 0", "close_working_days", "closed before its last"),
            ("calendars: {}", "calendars: {ND09: {close_working_days: 0}}", "calendars.ND09.close", "2024-M01"),
            ("calendars: {}", "calendars: {ND9: {close_working_days: 4}}", "calendars.ND9", "unknown calendar"),
            ("calendars: {}", "calendars: {ND09: {close_days: 4}}", "calendars.ND09.close_days", "Extra inputs"),
            ("close_working_days: 3", "close_working_days: -3", "close_working_days", "greater than or equal to 0"),
            ('review: "09:00"', 'review: "05:30"', "review", "at 05:30, before it is closed at 06:00"),
            ("remind_days_after: [1, 5]", "remind_days_after: [1, 1]", "remind_days_after", "stands twice"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_kept(self, data: Path, change: Edit, old: str, new: str, where: str, what: str) -> None:
        change("schedule.yaml", old, new)
        assert_refused(data, "schedule.yaml", where, what)

    def test_definitions_from_before_there_was_one(self, data: Path) -> None:
        (data / "schedule.yaml").unlink()
        assert load_catalog(data).schedule == load_catalog().schedule

    def test_a_calendar_may_be_kept_open_longer(self, data: Path, change: Edit) -> None:
        change("schedule.yaml", "calendars: {}", "calendars: {CALENDAR: {close_working_days: 9}}")
        said = load_catalog(data).schedule
        assert (said.working_days_to_close("CALENDAR"), said.working_days_to_close("ND09")) == (9, 3)


class TestComparison:
    def test_a_name_that_is_no_indicator(self, data: Path, change: Edit) -> None:
        change("comparison.yaml", "indicator: dossiers_received_base", "indicator: dossiers_recieved_base")
        assert_refused(data, "comparison.yaml", "dossiers_recieved_base", "is no indicator")

    def test_a_threshold_that_stands_twice(self, data: Path, change: Edit) -> None:
        twice = "smallest_bases:\n  - {since: 2011-01-01, value: 5, source: t}\n"
        change("comparison.yaml", "smallest_bases:\n", twice)
        assert_refused(data, "comparison.yaml", "2011-01-01", "is said 2 times")

    def test_a_threshold_of_nothing(self, data: Path, change: Edit) -> None:
        change("comparison.yaml", "value: 10", "value: 0")
        assert_refused(data, "comparison.yaml", "smallest_bases", "greater than 0")

    def test_older_definitions_say_nothing_of_it(self, data: Path) -> None:
        (data / "comparison.yaml").unlink()
        assert load_catalog(data).comparison.not_over_time == ()
