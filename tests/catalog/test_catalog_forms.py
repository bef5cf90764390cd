"""Indicators, code lists and forms: reports can be expressed in them, every cell has one place, examples add up."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from catalog import Catalog, load_catalog
from catalog.model import Form, Section
from domain.cell import Cell
from domain.names import fold_name
from domain.observation import OverTime, OverUnits, ValueKind
from domain.parse import parse_figure
from domain.quantity import Qualifier

REVIEW = "review-report"
ONE_STOP = "one-stop-dossiers"

#: Figures with a breakdown that reports of units are known to state.
STATED_BREAKDOWNS = (
    "dossiers_received[field=chung_thuc]",
    "dossiers_received[field=ho_tich]",
    "dossiers_received[field=nguoi_co_cong]",
    "dossiers_received[field=bao_tro_xa_hoi]",
    "dossiers_received[field=thi_dua_khen_thuong]",
    "survey_ballots[respondent=citizen]",
    "survey_ballots[respondent=organisation]",
    "one_stop_coverage[kind=so_nganh]",
    "one_stop_coverage[kind=cap_huyen]",
    "one_stop_coverage[kind=cap_xa]",
    "commended_collectives[by=dang_uy_khoi;form=giay_khen]",
    "commended_individuals[by=dang_uy_khoi;form=giay_khen]",
    "commended_collectives[by=chu_tich_ubnd_tinh;form=bang_khen]",
    "inspections[target=chi_bo]",
    "supervisions[target=chi_bo]",
    "inspections_and_supervisions[target=dang_vien]",
    "models_total[level=tinh]",
    "models_total[level=huyen]",
    "models_total[level=co_so]",
)

#: What is not a figure of the sheet but a row of a list or a paragraph: indicator → where the form takes it.
STATED_ELSEWHERE = {
    "models_effective": "initiatives",
    "ethics_slogan": "ethics_slogans",
    "same_day_procedures": "same_day_procedures",
    "topic": "topics",
    "conclusion": "conclusions",
    "limitation": "limitation",
    "proposal": "proposal",
}

RECEIVED_PARTS = ("dossiers_carried_over", "dossiers_received_online", "dossiers_received_direct")
RESOLVED_PARTS = ("dossiers_resolved_early", "dossiers_resolved_on_time", "dossiers_resolved_overdue")
PENDING_PARTS = ("dossiers_pending_in_time", "dossiers_pending_overdue")
DOSSIER_IDENTITIES = (
    ("dossiers_received", RECEIVED_PARTS),
    ("dossiers_resolved", RESOLVED_PARTS),
    ("dossiers_pending", PENDING_PARTS),
    ("dossiers_received", ("dossiers_resolved", "dossiers_pending", "dossiers_refused")),
)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module", params=[REVIEW, ONE_STOP])
def form(request: pytest.FixtureRequest, catalog: Catalog) -> Form:
    return catalog.forms[request.param]


def _places(form: Form) -> list[tuple[str, dict[str, Cell]]]:
    return [
        (version, {place: Cell.parse(address) for place, address in form.places[version].items()})
        for version in form.accepted_versions
    ]


def _fields_of(form: Form, section: str) -> list[str]:
    return [field.code for field in form.fields if field.section == section]


def _parts_by(figures: dict[str, Any], indicator: str, dimension: str) -> list[Any]:
    return [value for code, value in figures.items() if code.startswith(f"{indicator}[{dimension}=")]


# ------------------------------------------------------------------------------------------------ what can be said


@pytest.mark.parametrize("code", STATED_BREAKDOWNS)
def test_a_stated_breakdown_is_a_field(catalog: Catalog, code: str) -> None:
    assert catalog.field(REVIEW, code).code == code


def test_every_indicator_has_a_place_in_the_review_report(catalog: Catalog) -> None:
    form = catalog.forms[REVIEW]
    asked = {field.indicator for field in form.fields}
    elsewhere = {section.code for section in form.sections} | {narrative.code for narrative in form.narratives}
    for code in catalog.indicators:
        assert code in asked or STATED_ELSEWHERE.get(code) in elsewhere, code


def test_texts_and_lists_are_never_asked_for_as_figures(catalog: Catalog) -> None:
    kinds = {catalog.indicators[field.indicator].kind for form in catalog.forms.values() for field in form.fields}
    assert kinds <= {ValueKind.COUNT, ValueKind.QUANTITY, ValueKind.RATIO, ValueKind.PERCENT}


def test_a_rate_is_formed_from_its_counts_or_not_added_at_all(catalog: Catalog) -> None:
    for indicator in catalog.indicators.values():
        if indicator.kind is ValueKind.PERCENT:
            assert indicator.over_units is (
                OverUnits.RATIO_OF_SUMS if indicator.numerator else OverUnits.NOT_ADDITIVE
            ), indicator.code
            assert indicator.over_time is OverTime.NONE, indicator.code
        else:
            assert not indicator.numerator, indicator.code


def test_the_three_on_time_rates_differ_in_their_denominator_alone(catalog: Catalog) -> None:
    rates = [catalog.indicators[f"on_time_rate_{base}"] for base in ("resolved", "received", "due")]
    assert {rate.numerator for rate in rates} == {("dossiers_resolved_early", "dossiers_resolved_on_time")}
    assert [rate.denominator for rate in rates] == [("dossiers_resolved",), ("dossiers_received",), ("dossiers_due",)]


def test_the_opening_stock_inside_the_received_dossiers_is_not_added_over_periods(catalog: Catalog) -> None:
    assert catalog.indicators["dossiers_received"].over_time is OverTime.NONE
    assert catalog.indicators["dossiers_carried_over"].over_time is OverTime.FIRST
    assert catalog.indicators["dossiers_pending"].over_time is OverTime.LAST
    assert catalog.indicators["dossiers_received_online"].over_time is OverTime.SUM


def test_no_two_codes_of_a_list_answer_to_one_name(catalog: Catalog) -> None:
    for codelist in catalog.codelists.values():
        names = Counter(
            name
            for item in codelist.items
            for name in {fold_name(text) for text in (item.code, item.label_vi, *item.aliases)}
        )
        assert [name for name, times in names.items() if times > 1] == [], codelist.id


@pytest.mark.parametrize(
    ("indicator", "cell", "value", "qualifier"),
    [
        ("dossiers_received", "832 hồ sơ", 832, Qualifier.EXACT),
        ("dossiers_received", "11.713 hồ sơ", 11713, Qualifier.EXACT),
        ("dossiers_received_growth_pct", "481%", 481, Qualifier.EXACT),
        ("dossiers_received_growth_pct", "-6,55 %", -6.55, Qualifier.EXACT),
        ("registered_deeds", "trên 110 việc làm theo", 110, Qualifier.GT),
        ("models_total", "gần 1.600 mô hình", 1600, Qualifier.APPROX_BELOW),
        ("units_with_ethics_standards", "hơn 900 cơ quan, đơn vị", 900, Qualifier.GT),
        ("target_replication_hamlets", "trên 08 ấp", 8, Qualifier.EXACT),
        ("nrm_criteria_of_remaining_min", "trên 11 tiêu chí", 11, Qualifier.GT),
        ("model_group_meeting_attendances", "658 lượt đồng chí", 658, Qualifier.EXACT),
        ("dissemination_attendees", "1.640 người dự", 1640, Qualifier.EXACT),
        ("inspections", "4 cuộc kiểm tra", 4, Qualifier.EXACT),
        ("survey_districts", "6 huyện, thành phố", 6, Qualifier.EXACT),
        ("edocs_pending", "không còn", 0, Qualifier.NONE),
        ("dossiers_by_process_rate", "tất cả", 100, Qualifier.ALL),
    ],
)
def test_a_cell_with_its_unit_of_measure_is_read(
    catalog: Catalog, indicator: str, cell: str, value: float, qualifier: Qualifier
) -> None:
    known = catalog.indicators[indicator]
    reading = parse_figure(cell, known.kind, known.unit_words)
    assert (reading.value, reading.qualifier, reading.problem) == (value, qualifier, None)


@pytest.mark.parametrize("cell", ["18/21 sở, ngành", "108/108 xã phường, thị trấn", "8/8 huyện, thành phố"])
def test_coverage_keeps_its_counts(catalog: Catalog, cell: str) -> None:
    known = catalog.indicators["one_stop_coverage"]
    reading = parse_figure(cell, known.kind, known.unit_words)
    assert (reading.numerator, reading.denominator) == tuple(float(part) for part in cell.split()[0].split("/"))


def test_inspections_are_not_read_out_of_a_cell_of_supervisions(catalog: Catalog) -> None:
    known = catalog.indicators["inspections"]
    assert parse_figure("4 cuộc giám sát", known.kind, known.unit_words).problem is not None


# ------------------------------------------------------------------------------------------------ where it sits


def test_every_address_is_used_once_in_a_version(form: Form) -> None:
    for version, places in _places(form):
        shared = [cell for cell, times in Counter(places.values()).items() if times > 1]
        assert shared == [], version


def test_the_current_version_places_everything(form: Form) -> None:
    sections = {section.code for kind in ("list", "matrix") for section in form.sections_of(kind)}
    asked = {field.code for field in form.fields} | sections | {narrative.code for narrative in form.narratives}
    assert asked <= set(form.places[form.version])


def test_form_and_version_stand_where_a_reader_looks_before_it_knows_them(form: Form) -> None:
    for _, places in _places(form):
        assert places["identity.form"] == Cell.parse("_tongket!B1")
        assert places["identity.form_version"] == Cell.parse("_tongket!B2")


def test_figures_of_a_section_stand_below_each_other_under_a_free_row_for_its_title(form: Form) -> None:
    for version, places in _places(form):
        taken = {(cell.sheet, cell.row) for cell in places.values()}
        for section in form.sections_of("scalars"):
            cells = [places[code] for code in _fields_of(form, section.code) if code in places]
            assert all((a.sheet, a.row + 1, a.column) == (b.sheet, b.row, b.column) for a, b in pairwise(cells))
            assert not cells or (cells[0].sheet, cells[0].row - 1) not in taken, (version, section.code)


def test_the_title_of_a_part_of_the_text_has_a_free_row(form: Form) -> None:
    for version, places in _places(form):
        taken = {(cell.sheet, cell.row) for cell in places.values()}
        for section in form.sections_of("narrative"):
            rows = [places[narrative.code] for narrative in section.narratives if narrative.code in places]
            assert rows[0].column >= 1, "the label stands to the left"
            assert (rows[0].sheet, rows[0].row - 1) not in taken, (version, section.code)


def test_ordinal_label_and_measure_have_room_left_of_a_figure(form: Form) -> None:
    for _, places in _places(form):
        assert all(places[field.code].column >= 4 for field in form.fields if field.code in places)


def test_notes_stand_beside_the_figures(form: Form) -> None:
    for version, places in _places(form):
        notes = Cell.parse(f"{form.note_columns[version]}1").column
        assert {places[field.code].column for field in form.fields if field.code in places} == {notes - 1}


def test_the_current_version_follows_the_sheet_its_section_names(form: Form) -> None:
    places = dict(_places(form))[form.version]
    for section in form.sections:
        codes = _fields_of(form, section.code) + [narrative.code for narrative in section.narratives]
        if section.kind in ("list", "matrix"):
            codes.append(section.code)
        assert {places[code].sheet for code in codes} == {section.sheet}, section.code


def test_a_list_has_a_sheet_of_its_own_with_room_for_a_header(catalog: Catalog) -> None:
    form = catalog.forms[REVIEW]
    for _, places in _places(form):
        sheets = Counter(cell.sheet for cell in places.values())
        for section in form.sections_of("list"):
            if section.code in places:
                assert sheets[places[section.code].sheet] == 1
                assert places[section.code].row >= 1


def test_a_label_says_by_itself_which_figure_is_meant(form: Form) -> None:
    for labels in ([field.label_vi for field in form.fields], [field.label_en for field in form.fields]):
        assert [label for label, times in Counter(labels).items() if times > 1] == []
        assert all(label[0].isupper() for label in labels)


def test_sheet_names_are_ones_excel_accepts(form: Form) -> None:
    names = {cell.sheet for _, places in _places(form) for cell in places.values()}
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in names)


def test_the_older_template_is_another_layout(catalog: Catalog) -> None:
    form = catalog.forms[REVIEW]
    new, old = (form.places[version] for version in ("2025.1", "2024.1"))
    figures = {field.code for field in form.fields} & set(old)
    assert len(figures) > 50
    assert all(old[code] != new[code] for code in figures)
    assert set(new) - set(old), "the newer template asks for nothing new"


def test_the_dossier_table_has_the_figures_of_the_printed_form_and_the_refused(catalog: Catalog) -> None:
    table = catalog.forms[ONE_STOP].section("dossiers")
    assert len(table.indicators) == 12
    assert table.indicators[-1] == "dossiers_refused"
    corner = Cell.parse(catalog.forms[ONE_STOP].places["2025.1"]["dossiers"])
    assert corner.column == 2, "ordinal and name of the row stand to the left"


def test_every_level_of_the_dossier_table_begins_with_its_total(catalog: Catalog) -> None:
    items = [item.split(";") for item in catalog.forms[ONE_STOP].section("dossiers").items]
    for level in ("level=tinh", "level=huyen", "level=xa"):
        fields = [field for at, field in items if at == level]
        assert fields[0] == "field=tong"
        assert fields.count("field=tong") == 1
        assert len(fields) == 9


# ------------------------------------------------------------------------------------------------ the examples


@pytest.fixture(scope="module")
def review(catalog: Catalog) -> dict[str, Any]:
    return catalog.examples[REVIEW]


@pytest.fixture(scope="module")
def one_stop(catalog: Catalog) -> dict[str, Any]:
    return catalog.examples[ONE_STOP]


def test_examples_fill_every_figure_and_paragraph(catalog: Catalog, form: Form) -> None:
    example = catalog.examples[form.id]
    assert list(example["figures"]) == [field.code for field in form.fields]
    assert set(example["narratives"]) == {narrative.code for narrative in form.narratives}
    assert set(example["lists"]) == {section.code for section in form.sections_of("list")}
    assert set(example["history"]["previous"]) <= set(example["figures"])


def test_an_example_comes_from_a_unit_that_owes_the_form_for_that_period(catalog: Catalog, form: Form) -> None:
    example = catalog.examples[form.id]
    period = catalog.period(example["period"])
    assert period is not None
    unit = catalog.unit_on(example["unit"], period.cutoff)
    assert unit is not None
    assert form.id in {obligation.form for obligation in catalog.owed(unit.kind, period)}


def test_examples_hold_figures_a_unit_could_have_written(catalog: Catalog, form: Form) -> None:
    for code, value in catalog.examples[form.id]["figures"].items():
        indicator = catalog.indicators[catalog.field(form.id, code).indicator]
        if indicator.kind is ValueKind.RATIO:
            assert parse_figure(value, indicator.kind, indicator.unit_words).problem is None, code
        else:
            assert value >= 0, code
            assert not indicator.is_integer or isinstance(value, int), code
            assert indicator.kind is not ValueKind.PERCENT or 1 < value <= 100, code


def test_list_rows_of_the_example_name_known_codes_and_are_told_apart_by_their_key(
    catalog: Catalog, review: dict[str, Any]
) -> None:
    for section in catalog.forms[REVIEW].sections_of("list"):
        rows = review["lists"][section.code]
        keys = Counter(tuple(row.get(code) for code in section.key) for row in rows)
        assert set(keys.values()) == {1}, section.code
        for row in rows:
            _assert_row_fits(catalog, section, row)


def _assert_row_fits(catalog: Catalog, section: Section, row: dict[str, Any]) -> None:
    columns = {column.code: column for column in section.columns}
    assert set(row) <= set(columns)
    assert {column.code for column in section.columns if column.required} <= set(row)
    for code, value in row.items():
        codelist = columns[code].codelist
        assert codelist is None or value in catalog.codelists[codelist].codes, (section.code, code, value)


@pytest.mark.parametrize(
    ("total", "parts"),
    [
        *DOSSIER_IDENTITIES,
        ("dossiers_due", (*RESOLVED_PARTS, "dossiers_pending_overdue")),
        ("registrants_expected", ("party_members", "non_party_staff")),
    ],
)
def test_an_identity_of_the_review_example_holds(review: dict[str, Any], total: str, parts: tuple[str, ...]) -> None:
    figures = review["figures"]
    assert figures[total] == sum(figures[part] for part in parts)


@pytest.mark.parametrize(
    ("total", "dimension"),
    [
        ("party_members", "membership"),
        ("models_total", "level"),
        ("dossiers_received", "field"),
        ("survey_ballots", "respondent"),
        ("survey_satisfied", "respondent"),
        ("inspections", "target"),
        ("inspections", "regularity"),
        ("supervisions", "target"),
        ("supervisions", "regularity"),
        ("inspections_and_supervisions", "target"),
        ("commended_collectives", "by"),
        ("commended_individuals", "by"),
    ],
)
def test_a_breakdown_of_the_review_example_adds_up(review: dict[str, Any], total: str, dimension: str) -> None:
    parts = _parts_by(review["figures"], total, dimension)
    assert len(parts) > 1
    assert review["figures"][total] == sum(parts)


@pytest.mark.parametrize("what", ["to_chuc", "dang_vien"])
def test_the_grades_of_the_review_example_add_up_and_keep_the_cap(review: dict[str, Any], what: str) -> None:
    whole = f"units_rated[object={what}"
    grades = {
        code.split("grade=")[1][:-1]: value
        for code, value in review["figures"].items()
        if code.startswith(f"{whole};grade=")
    }
    assert review["figures"][f"{whole}]"] == sum(grades.values())
    assert grades["excellent"] <= 0.2 * grades["good"]


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ("study_attended", "study_convened"),
        ("post_study_papers", "study_attended"),
        ("registrants", "registrants_expected"),
        ("registrants", "registered_deeds"),
        ("commitments_signed", "party_members"),
        ("models_launched", "models_total"),
        ("models_pilot", "models_total"),
        ("units_with_ethics_slogan", "units_with_ethics_standards"),
        ("survey_satisfied", "survey_ballots"),
        ("members_inspected", "party_members"),
        ("nrm_communes_new", "nrm_communes_total"),
    ],
)
def test_a_part_of_the_review_example_is_not_more_than_its_whole(
    review: dict[str, Any], smaller: str, larger: str
) -> None:
    assert review["figures"][smaller] <= review["figures"][larger]


def test_stated_rates_of_the_review_example_follow_from_their_counts(catalog: Catalog, review: dict[str, Any]) -> None:
    figures = review["figures"]
    rates = [indicator for indicator in catalog.indicators.values() if indicator.numerator]
    assert len(rates) == 6
    for rate in rates:
        share = sum(figures[c] for c in rate.numerator) / sum(figures[c] for c in rate.denominator)
        assert figures[rate.code] == pytest.approx(100 * share, abs=0.005)


def test_the_growth_of_the_review_example_follows_from_its_base_and_the_past(review: dict[str, Any]) -> None:
    figures, past = review["figures"], review["history"]["last_year"]
    base = figures["dossiers_received_base"]
    assert base == past["dossiers_received"]
    assert figures["dossiers_received_growth_pct"] == pytest.approx(
        100 * (figures["dossiers_received"] / base - 1), abs=0.05
    )


def test_the_stocks_of_the_review_example_continue_the_past(review: dict[str, Any]) -> None:
    figures, past = review["figures"], review["history"]["previous"]
    assert figures["dossiers_carried_over"] == past["dossiers_pending"]
    assert figures["nrm_communes_total"] == past["nrm_communes_total"] + figures["nrm_communes_new"]
    assert figures["model_group_meetings"] <= 12 * figures["model_groups"]


def test_counts_of_the_review_example_equal_its_lists(review: dict[str, Any]) -> None:
    figures, lists = review["figures"], review["lists"]
    activities = Counter(row["activity"] for row in lists["inspections_list"])
    models = Counter(row["level"] for row in lists["initiatives"])
    assert figures["models_total"] == len(lists["initiatives"])
    assert {f"models_total[level={level}]": n for level, n in models.items()}.items() <= figures.items()
    assert figures["models_launched"] == sum(row["status"] == "launched" for row in lists["initiatives"])
    assert figures["survey_districts"] == len(lists["survey_district_list"])
    assert figures["conference_conclusions"] == len(lists["conclusions"])
    assert [figures[code] for code in ("inspections", "supervisions", "inspections_and_supervisions")] == [
        activities[kind] for kind in ("inspection", "supervision", "unsplit")
    ]
    assert figures["commended_collectives"] == sum(row["collectives"] for row in lists["commendations"])
    assert figures["commended_individuals"] == sum(row["individuals"] for row in lists["commendations"])


def test_the_review_example_is_no_copy_of_its_past(review: dict[str, Any]) -> None:
    past = review["history"]["previous"]
    same = [code for code, value in past.items() if review["figures"][code] == value]
    assert len(same) < 0.1 * len(past)


@pytest.mark.parametrize(("total", "parts"), DOSSIER_IDENTITIES)
def test_every_row_of_the_dossier_example_adds_up(one_stop: dict[str, Any], total: str, parts: tuple[str, ...]) -> None:
    rows = [
        *one_stop["matrices"]["dossiers"].values(),
        one_stop["figures"],
        *one_stop["matrix_history"]["dossiers"].values(),
    ]
    assert len(rows) == 55
    for row in rows:
        assert row[total] == sum(row[part] for part in parts)


def test_the_dossier_example_adds_up_over_fields_and_levels(catalog: Catalog, one_stop: dict[str, Any]) -> None:
    table = one_stop["matrices"]["dossiers"]
    section = catalog.forms[ONE_STOP].section("dossiers")
    assert tuple(table) == section.items
    for indicator in section.indicators:
        totals = {item: row[indicator] for item, row in table.items() if item.endswith("field=tong")}
        assert one_stop["figures"][indicator] == sum(totals.values())
        for item, total in totals.items():
            level = item.split(";")[0]
            rows = [row[indicator] for other, row in table.items() if other.startswith(f"{level};") and other != item]
            assert total == sum(rows), (item, indicator)


def test_the_dossier_example_carries_over_what_was_pending(one_stop: dict[str, Any]) -> None:
    past = one_stop["matrix_history"]["dossiers"]
    for item, row in one_stop["matrices"]["dossiers"].items():
        assert row["dossiers_carried_over"] == past[item]["dossiers_pending"], item
    assert one_stop["figures"]["dossiers_carried_over"] == one_stop["history"]["previous"]["dossiers_pending"]
