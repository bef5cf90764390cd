"""The five documents as filings: nothing they contain is lost, and every filing is owed by a unit that lived."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import date

import pytest

from catalog import load_catalog
from catalog.whole import Catalog
from domain.quantity import Qualifier
from examples.filing import Filing
from examples.sources import SourceFiling, claims, expected_figures, filings, seeds, source_filings

#: Qualifiers as the documents' figures were noted down → as the warehouse says them.
SAID = {"text_none": "none", "text_all": "all", "exact_preposition_tren": "exact", "counted": "exact"} | {
    "implied": "exact",
    "text_most": "exact",
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def by_name(catalog: Catalog) -> dict[str, SourceFiling]:
    return {source.name: source for source in source_filings(catalog)}


def test_the_documents_are_carried_whole() -> None:
    assert Counter(seed.document for seed in seeds()) == {"000": 9, "001": 43, "002": 20, "003": 34, "004": 27}


def test_every_seed_stands_where_it_says(by_name: dict[str, SourceFiling]) -> None:
    for seed in seeds():
        filing = by_name[seed.filing].filing
        assert filing.unit == seed.unit
        for place in seed.carried_as.split():
            assert _stands(filing, place), (seed.seed, place)


def _stands(filing: Filing, place: str) -> bool:
    name, _, rest = place.rpartition(":")
    if name in filing.lists:
        return len(filing.lists[name]) >= int(rest.partition("-")[0])
    return (name if rest in ("numerator", "denominator") else place) in filing.figures


def test_figures_carry_the_value_and_qualifier_of_the_documents() -> None:
    of_field = {(figure.filing, figure.field): figure for figure in expected_figures()}
    numeric = [seed for seed in seeds() if ":" not in seed.carried_as.split()[0]]
    assert len(numeric) == 69
    for seed in numeric:
        figure = of_field[seed.filing, seed.carried_as.split()[0]]
        assert figure.value == float(seed.value), seed.seed
        assert figure.qualifier == SAID.get(seed.qualifier, seed.qualifier), seed.seed
        assert seed.seed in figure.seeds


def test_ratios_keep_numerator_and_denominator() -> None:
    sides: dict[str, dict[str, str]] = {}
    for seed in seeds():
        field, _, side = seed.carried_as.rpartition(":")
        if side in ("numerator", "denominator"):
            sides.setdefault(field, {})[side] = seed.value
    typed = {figure.field: figure.typed for figure in expected_figures()}
    assert {f"{s['numerator']}/{s['denominator']}" for s in sides.values()} == {"18/21", "8/8", "108/108"}
    assert all(typed[field] == f"{s['numerator']}/{s['denominator']}" for field, s in sides.items())


def test_texts_of_the_documents_stand_in_the_lists(by_name: dict[str, SourceFiling]) -> None:
    texts = {"topic", "topic[group]", "models_effective[name]", "ethics_slogan[text]", "stmt.model_name_variant"}
    checked = 0
    for seed in seeds():
        if seed.indicator in texts or seed.indicator.startswith(("conclusion[", "stmt.")):
            name, _, row = seed.carried_as.partition(":")
            assert seed.value in by_name[seed.filing].filing.lists[name][int(row) - 1].values(), seed.seed
            checked += 1
    assert checked == 48


def test_every_field_and_column_is_one_of_the_form(catalog: Catalog) -> None:
    for filing in filings(catalog):
        form = catalog.forms[filing.form]
        assert set(filing.figures) | set(filing.notes) <= {field.code for field in form.fields}
        assert set(filing.narratives) <= {narrative.code for narrative in form.narratives}
        for name, rows in filing.lists.items():
            columns = {column.code: column for column in form.section(name).columns}
            required = {code for code, column in columns.items() if column.required}
            assert all(required <= set(row) <= set(columns) for row in rows), (filing.unit, name)


def test_every_filing_is_owed_by_a_unit_that_lived(catalog: Catalog) -> None:
    for filing in filings(catalog):
        period = catalog.period(filing.period)
        assert period is not None, filing.period
        for day in (period.window.first, period.window.last):
            unit = catalog.unit_on(filing.unit, day)
            assert unit is not None, (filing.unit, day)
            assert filing.form in {item.form for item in catalog.owed(unit.kind, period)}, (unit.name, period.code)
        assert filing.reporter == "" or catalog.unit_on(filing.reporter, period.window.last)


def test_no_unit_files_twice_for_one_period(catalog: Catalog) -> None:
    keys = Counter((filing.unit, filing.period, filing.form) for filing in filings(catalog))
    assert max(keys.values()) == 1


def test_units_of_the_documents_bear_their_names_in_the_register(catalog: Catalog) -> None:
    for seed in seeds():
        period = catalog.period(next(s.filing.period for s in source_filings(catalog) if s.name == seed.filing))
        assert period is not None
        unit = catalog.unit_on(seed.unit, period.window.last)
        assert unit is not None
        assert unit.name.startswith(seed.unit_as_written.removesuffix(" (toàn tỉnh)")), (seed.unit, unit.name)


def test_figures_of_a_province_are_not_those_of_the_department_that_reports_them(
    by_name: dict[str, SourceFiling],
) -> None:
    filing = by_name["lai_chau_2014"].filing
    assert (filing.unit, filing.scope, filing.reporter) == ("UB.12", "territory", "SO.12.NV")


def test_the_base_of_the_growth_is_missing(by_name: dict[str, SourceFiling]) -> None:
    figures = by_name["an_phu_ubnd_2017"].filing.figures
    assert "dossiers_received_growth_pct" in figures
    assert "dossiers_received_base" not in figures


def test_undated_figures_say_so(by_name: dict[str, SourceFiling]) -> None:
    undated = [seed for seed in seeds() if seed.period_as_written.startswith("undated")]
    assert len(undated) > 20
    for seed in undated:
        source = by_name[seed.filing]
        assert source.period_assumed, seed
        if seed.carried_as in source.filing.figures:
            assert source.filing.notes[seed.carried_as].startswith("Thời gian trong nguồn: không ghi ngày")


def test_numbers_are_typed_as_people_type_them(catalog: Catalog) -> None:
    typed = {value for filing in filings(catalog) for value in filing.figures.values()}
    assert {82, "1.640", "gần 1.600", "trên 90%", "trên 08 ấp", "06", "8/8", "không còn", "832 hồ sơ"} <= typed


def test_expected_qualifiers_are_words_of_the_domain() -> None:
    assert {figure.qualifier for figure in expected_figures()} <= set(Qualifier)


def test_there_are_56_claims_that_point_at_what_is_filed(by_name: dict[str, SourceFiling]) -> None:
    every = claims()
    assert [claim.id for claim in every] == [f"C{number:02d}" for number in range(1, 57)]
    verdicts = {"yes", "no", "flag", "ambiguous", "not_computable", "not_supported"}
    assert {claim.holds for claim in every} == verdicts
    for claim in every:
        assert claim.claim_vi
        assert claim.claim_en
        for name in _filings_named(claim.args):
            assert name in by_name, (claim.id, name)


def _filings_named(args: dict[str, object]) -> set[str]:
    """Names of filings anywhere in the arguments."""
    text = str(args)
    return set(re.findall(r"'([a-z_]+_20\d\d(?:_04|_h1)?)'", text))


def test_claims_name_figures_that_are_there_and_gaps_that_are_not(by_name: dict[str, SourceFiling]) -> None:
    for claim in claims():
        args = claim.args
        if claim.how == "missing":
            assert not set(args["fields"]) & set(by_name[args["filing"]].filing.figures), claim.id
        if claim.how in ("sum", "interval"):
            assert {args["total"], *args["parts"]} <= set(by_name[args["filing"]].filing.figures), claim.id
        if claim.how == "rate":
            assert {*args["numerator"], *args["denominator"]} <= set(by_name[args["filing"]].filing.figures), claim.id


def test_what_is_written_is_composed_unicode(catalog: Catalog) -> None:
    text = repr(source_filings(catalog)) + repr(seeds()) + repr(claims())
    assert unicodedata.is_normalized("NFC", text)


def test_paragraphs_belong_to_filings(by_name: dict[str, SourceFiling]) -> None:
    told = {name for name, source in by_name.items() if source.filing.narratives}
    assert {"long_binh_dang_uy_2023", "an_khe_dang_bo_2018", "snv_dang_bo_2015"} <= told
    assert len(told) == 6


def test_the_conference_was_on_a_leap_day() -> None:
    said = next(seed.value for seed in seeds() if seed.indicator == "ctx.conference_date")
    assert date.fromisoformat(said) == date(2024, 2, 29)
