"""The shipped rules: enough of them, in both languages, each with what makes it fire, no figure left unwatched."""

from __future__ import annotations

import string
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest

from catalog import Catalog, load_catalog
from catalog.model import (
    FileCheck,
    Form,
    IntakeCheck,
    Message,
    RangeCheck,
    ReadingCheck,
    RequiredCheck,
    Rule,
)
from catalog.refs import PAST, Ref, refs_of
from domain.finding import CheckLevel, Severity
from domain.observation import ValueKind
from domain.reading import Problem, Repair

#: Words a sentence may ask for; whatever writes findings fills in all of them.
PLACEHOLDERS = {
    "label", "observed", "expected", "arithmetic", "difference", "cell", "sheet", "unit", "period", "list",
}  # fmt: skip

FILE_FAULTS = {
    "empty_file", "truncated", "password", "unsupported_type", "zip_bomb", "sheet_too_large", "macro_file",
    "xml_entities", "unreadable", "no_cells", "bad_json", "bad_csv", "wrong_encoding", "too_large_file",
}  # fmt: skip

INTAKE_FAULTS = {
    "unknown_form", "version_not_accepted", "version_missing", "unit_missing", "unit_unknown",
    "unit_not_valid_in_period", "unit_name_mismatch", "period_missing", "period_unknown", "form_not_owed",
    "scope_unknown", "reporter_unknown", "sheet_missing", "layout_changed", "duplicate_cell", "unknown_field",
    "period_in_future", "unread_cell", "period_closed", "returned_to_other",
}  # fmt: skip

#: What a counterexample may patch in a form's example.
PATCHES = {"figures", "matrices", "lists", "narratives", "history", "matrix_history", "register", "copy", "children"}

FIGURES = (ValueKind.COUNT, ValueKind.QUANTITY, ValueKind.RATIO, ValueKind.PERCENT)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def _figure_codes(form: Form) -> Iterator[str]:
    yield from (field.code for field in form.fields)
    yield from (code for section in form.sections_of("matrix") for code in section.indicators)


def _duplicates(catalog: Catalog) -> dict[str, list[str]]:
    """Checks that two rules make in the same place."""
    by_check: dict[str, list[str]] = defaultdict(list)
    for rule in catalog.rules:
        forms = rule.forms or tuple(catalog.forms)
        for form in forms:
            by_check[f"{form} {rule.frame or 'main'} {rule.check!r}"].append(rule.id)
    return {check: ids for check, ids in by_check.items() if len(ids) > 1}


class TestTheWhole:
    def test_there_are_enough_rules_and_no_two_judge_the_same(self, catalog: Catalog) -> None:
        assert len(catalog.rules) >= 125
        assert _duplicates(catalog) == {}

    def test_identifiers_are_unique(self, catalog: Catalog) -> None:
        assert [rule for rule, count in Counter(rule.id for rule in catalog.rules).items() if count > 1] == []

    @pytest.mark.parametrize("level", CheckLevel)
    def test_every_level_has_rules(self, catalog: Catalog, level: CheckLevel) -> None:
        few = 4 if level is CheckLevel.HIERARCHY else 10  # one of them is for every figure of every form
        assert Counter(rule.level for rule in catalog.rules)[level] >= few

    def test_every_fault_of_files_and_intake_has_exactly_one_rule(self, catalog: Catalog) -> None:
        checks = [rule.check for rule in catalog.rules]
        assert Counter(c.fault for c in checks if isinstance(c, FileCheck)) == Counter(FILE_FAULTS)
        assert Counter(c.fault for c in checks if isinstance(c, IntakeCheck)) == Counter(INTAKE_FAULTS)

    def test_every_repair_and_every_problem_of_reading_has_exactly_one_rule(self, catalog: Catalog) -> None:
        checks = [rule.check for rule in catalog.rules if isinstance(rule.check, ReadingCheck)]
        assert Counter(c.problem for c in checks if c.problem) == Counter(str(problem) for problem in Problem)
        told = Counter(str(repair) for repair in Repair if repair is not Repair.DOT_EATEN)  # never applied: a problem
        assert Counter(c.repair for c in checks if c.repair) == told

    def test_the_level_of_a_check_follows_from_its_kind(self, catalog: Catalog) -> None:
        for rule in catalog.rules:
            fixed = {"file": CheckLevel.FILE, "intake": CheckLevel.FORM, "reading": CheckLevel.VALUE}
            fixed |= {"copy": CheckLevel.HISTORY, "hierarchy": CheckLevel.HIERARCHY}
            fixed |= {"conclusion": CheckLevel.HISTORY}
            assert rule.level is fixed.get(rule.check.kind, rule.level), rule.id
            looks_back = any(Ref.parse(text).source in (*PAST, "same_as") for text in refs_of(rule.check))
            assert not looks_back or rule.level is CheckLevel.HISTORY, rule.id

    def test_an_unreadable_figure_blocks_and_a_repair_never_does(self, catalog: Catalog) -> None:
        for rule in catalog.rules:
            if isinstance(rule.check, ReadingCheck):
                assert (rule.severity is Severity.CRITICAL) == (rule.check.problem is not None), rule.id


class TestFigures:
    def test_every_figure_of_every_form_is_watched(self, catalog: Catalog) -> None:
        for form in catalog.forms.values():
            rules = [rule for rule in catalog.rules if rule.applies_to(form.id)]
            named = {Ref.parse(text).name for rule in rules for text in refs_of(rule.check)}
            kinds = {kind for rule in rules if isinstance(rule.check, RangeCheck) for kind in rule.check.value_kinds}
            for code in _figure_codes(form):
                indicator = catalog.indicators[code.partition("[")[0]]
                assert indicator.code in named or indicator.kind in kinds, f"{form.id} {code}"

    def test_every_numeric_indicator_is_of_a_watched_kind_or_named(self, catalog: Catalog) -> None:
        named = {Ref.parse(text).name for rule in catalog.rules for text in refs_of(rule.check)}
        kinds = {
            kind for rule in catalog.rules if isinstance(rule.check, RangeCheck) for kind in rule.check.value_kinds
        }
        numeric = [indicator for indicator in catalog.indicators.values() if indicator.kind in FIGURES]
        assert [i.code for i in numeric if i.code not in named and i.kind not in kinds] == []

    def test_every_rate_with_counts_in_a_form_is_recomputed(self, catalog: Catalog) -> None:
        stated = {rule.check.rate for rule in catalog.rules if rule.check.kind == "rate"}
        for form in catalog.forms.values():
            codes = {field.code for field in form.fields}
            for code in codes & set(catalog.indicators):
                indicator = catalog.indicators[code]
                if indicator.numerator and codes >= {*indicator.numerator, *indicator.denominator}:
                    assert code in stated, code

    def test_every_field_a_form_requires_is_asked_for(self, catalog: Catalog) -> None:
        for form in catalog.forms.values():
            if any(field.required for field in form.fields):
                asked = [r for r in catalog.rules if r.applies_to(form.id) and r.frame == "main"]
                assert any(isinstance(r.check, RequiredCheck) and not r.check.columns for r in asked), form.id
            for section in form.sections_of("list"):
                if any(column.required for column in section.columns):
                    asked = [r for r in catalog.rules if r.applies_to(form.id) and r.frame == section.code]
                    assert any(isinstance(r.check, RequiredCheck) and not r.check.columns for r in asked), section.code


class TestWords:
    def test_titles_are_given_in_both_languages_and_say_different_things(self, catalog: Catalog) -> None:
        for language in ("title_vi", "title_en"):
            shared = Counter((rule.forms, getattr(rule, language)) for rule in catalog.rules)
            assert [title for title, count in shared.items() if count > 1] == []
        for rule in catalog.rules:
            assert rule.title_vi.strip(), rule.id
            assert rule.title_en.strip(), rule.id
            assert rule.title_vi != rule.title_en, rule.id

    def test_messages_say_what_is_wrong_and_what_to_do_in_both_languages(self, catalog: Catalog) -> None:
        for message in catalog.messages.values():
            for text in (message.vi, message.en, message.advice_vi, message.advice_en):
                assert text.strip(), message.id
                assert text.rstrip()[-1] in ".?!", f"{message.id}: {text}"

    def test_messages_ask_only_for_words_that_can_be_filled_in(self, catalog: Catalog) -> None:
        for message in catalog.messages.values():
            assert _placeholders(message.vi) <= PLACEHOLDERS, message.id
            assert _placeholders(message.en) == _placeholders(message.vi), message.id
            assert _placeholders(message.advice_vi) | _placeholders(message.advice_en) <= PLACEHOLDERS, message.id

    def test_every_message_is_used(self, catalog: Catalog) -> None:
        used = {rule.message for rule in catalog.rules} | {"rounded_sum_doubtful"}  # identities at the extreme
        assert set(catalog.messages) == used

    def test_sums_show_their_arithmetic(self, catalog: Catalog) -> None:
        for rule in catalog.rules:
            if rule.check.kind in ("rate", "growth") or (
                rule.check.kind == "identity" and rule.level is CheckLevel.RECORD
            ):
                assert "arithmetic" in _placeholders(catalog.messages[rule.message].vi), rule.id

    def test_vietnamese_is_composed_unicode(self, catalog: Catalog) -> None:
        for text in _texts(catalog):
            assert unicodedata.normalize("NFC", text) == text, text


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _texts(catalog: Catalog) -> Iterator[str]:
    for message in catalog.messages.values():
        yield from _sentences(message)
    for rule in catalog.rules:
        yield from (rule.title_vi, rule.title_en, rule.source)


def _sentences(message: Message) -> tuple[str, ...]:
    return message.vi, message.en, message.advice_vi, message.advice_en


class TestCounterexamples:
    def test_every_rule_has_one_of_its_kind(self, catalog: Catalog) -> None:
        for rule in catalog.rules:
            match rule.check:
                case FileCheck(fault=fault):
                    assert rule.counterexample == {"file": fault}, rule.id
                case IntakeCheck(fault=fault):
                    assert rule.counterexample == {"intake": fault}, rule.id
                case _:
                    assert set(rule.counterexample) - {"form"}, rule.id
                    assert set(rule.counterexample) - {"form"} <= PATCHES, rule.id

    def test_a_rule_of_several_forms_says_which_example_it_patches(self, catalog: Catalog) -> None:
        for rule in catalog.rules:
            if rule.level >= CheckLevel.VALUE and len(rule.forms) != 1:
                assert rule.counterexample.get("form") in catalog.forms, rule.id

    def test_patches_touch_only_what_the_form_has(self, catalog: Catalog) -> None:
        for rule in catalog.rules:
            if rule.level >= CheckLevel.VALUE:
                form = catalog.forms[str(rule.counterexample.get("form") or rule.forms[0])]
                assert list(_strangers(rule, form)) == [], rule.id


def _strangers(rule: Rule, form: Form) -> Iterator[str]:
    """Names in the patch that the form does not know: such a patch would change nothing."""
    patch: dict[str, dict[str, object]] = {k: v for k, v in rule.counterexample.items() if isinstance(v, dict)}
    fields = {field.code for field in form.fields}
    history = [field for which in patch.get("history", {}).values() for field in dict(which)]  # type: ignore[call-overload]
    yield from (field for field in (*patch.get("figures", {}), *history) if field not in fields)
    lists = {section.code for section in form.sections_of("list")}
    yield from (name for name in patch.get("lists", {}) if name not in lists)
    narratives = {narrative.code for narrative in form.narratives}
    yield from (name for name in patch.get("narratives", {}) if name not in narratives)
    for source in ("matrices", "matrix_history"):
        for name, items in patch.get(source, {}).items():
            yield from (item for item in dict(items) if item not in form.section(name).items)  # type: ignore[call-overload]
