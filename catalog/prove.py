"""The proof that definitions fit together: every name resolves, nothing overlaps, nothing goes in a circle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from catalog.calendars import periods_of
from catalog.holidays import FILE as HOLIDAYS
from catalog.holidays import holiday_faults
from catalog.model import (
    Calendar,
    CodeListCheck,
    Form,
    FormField,
    Indicator,
    ReadingCheck,
    Rule,
    Section,
)
from catalog.notices import FILE as NOTICES
from catalog.notices import text_faults
from catalog.occasions import Course, course_of, moment_of
from catalog.rating import FACTS, faults_within
from catalog.refs import PAST, WITHIN_REACH, Ref, refs_of
from catalog.register import register_faults
from catalog.whole import Catalog, Fault
from domain.clock import ZONE
from domain.observation import OverUnits, ValueKind
from domain.period import PeriodKind, Window
from domain.reading import Problem, Repair
from domain.unit import UnitKey

#: Identity cells every form has.
IDENTITY = ("form", "form_version", "unit", "unit_name", "period", "period_label", "scope", "reporter")

#: Columns of the main frame that come from neither the form nor its past.
_COMPUTED = (
    "period:year",
    "period:last_year",
    "period:months",
    "same_as:previous",
    "same_as:longer",
    "same_as:shorter",
)


def faults_of(catalog: Catalog) -> Iterator[Fault]:
    """Everything that does not hold, in the order of the rooms of the catalog."""
    yield from _indicator_faults(catalog)
    for form in catalog.forms.values():
        yield from _form_faults(catalog, form)
    for rule in catalog.rules:
        yield from (Fault("rules", rule.id, what) for what in _rule_faults(catalog, rule))
    yield from _register_faults(catalog)
    yield from _obligation_faults(catalog)
    yield from _comparison_faults(catalog)
    yield from _rating_faults(catalog)
    yield from (Fault("running_text.yaml", where, what) for where, what in _running_text_faults(catalog))
    yield from (Fault(NOTICES, where, what) for where, what in text_faults(catalog.notices))
    yield from (Fault(HOLIDAYS, where, what) for where, what in holiday_faults(catalog.holidays))
    for calendar in catalog.calendars.values():
        yield from (Fault("calendars.yaml", calendar.id, what) for what in _calendar_faults(catalog, calendar))
    yield from _schedule_faults(catalog)


def _comparison_faults(catalog: Catalog) -> Iterator[Fault]:
    said = catalog.comparison
    keys = [*(item.indicator for item in said.not_over_time), *(str(item.since) for item in said.smallest_bases)]
    for key, count in Counter(keys).items():
        if count > 1:
            yield Fault("comparison.yaml", key, f"is said {count} times")
    for item in said.not_over_time:
        if item.indicator not in catalog.indicators:
            yield Fault("comparison.yaml", item.indicator, "is no indicator")


def _rating_faults(catalog: Catalog) -> Iterator[Fault]:
    file = "ratings.yaml"
    for rules in catalog.ratings:
        yield from (Fault(file, f"{rules.id} {where}", what) for where, what in faults_within(rules))
        if rules.form not in catalog.forms:
            yield Fault(file, rules.id, f"unknown form {rules.form}")
        for name in rules.names:
            if what := _unusable(catalog, name):
                yield Fault(file, rules.id, what)
        for item in rules.grades:
            if "grade" in catalog.codelists and item.grade not in catalog.codelists["grade"].codes:
                yield Fault(file, rules.id, f"{item.grade} is not a code of the list grade")
    for before, after in pairwise(sorted(catalog.ratings, key=lambda rules: rules.valid_from)):
        if before.valid_to is None or before.valid_to >= after.valid_from:
            yield Fault(file, after.id, f"is in force while {before.id} still is")


def _unusable(catalog: Catalog, name: str) -> str:
    """Why a rating rule cannot name this; empty when it can."""
    if name in FACTS:
        return ""
    known = catalog.indicators.get(name)
    if known is None:
        return f"names {name}, which is neither an indicator nor one of {', '.join(FACTS)}"
    return "" if known.kind in _NUMBERS else f"names {name}, which is no number"


_NUMBERS = (ValueKind.COUNT, ValueKind.QUANTITY, ValueKind.PERCENT, ValueKind.RATIO)


def _running_text_faults(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Of whatever the paragraphs are said to speak, some form must have it; a phrase means one figure."""
    fields = {field.code: field.indicator for form in catalog.forms.values() for field in form.fields}
    narratives = {text.code for form in catalog.forms.values() for text in form.narratives}
    said = catalog.running_text
    yield from ((code, "is no paragraph of a form") for code in said.outlook if code not in narratives)
    for wording in said.figures:
        named = (wording.field, *(code for terms in wording.or_sums for code in terms), wording.follows)
        yield from ((wording.field, f"{code} is no field of a form") for code in named if code and code not in fields)
        indicator = catalog.indicators.get(fields.get(wording.field, ""))
        if indicator and not (wording.measures or indicator.unit_words or indicator.is_rate):
            yield wording.field, "has no measure that could stand behind a number"
    phrases = Counter((p, w.measures, w.follows) for w in said.figures for p in (*w.phrases, *w.falling))
    yield from ((phrase, f"is the phrase of {count} figures") for (phrase, *_), count in phrases.items() if count > 1)
    for things in said.names:
        columns = {
            f"{part.code}.{c.code}" for form in catalog.forms.values() for part in form.sections for c in part.columns
        }
        named = (*(f"{things.list}.{code}" for code in (things.name, things.owner)), *things.other_names)
        yield from ((things.list, f"{column} is no column of a list") for column in named if column not in columns)


# ------------------------------------------------------------------------------------------------ indicators, forms


def _indicator_faults(catalog: Catalog) -> Iterator[Fault]:
    for indicator in catalog.indicators.values():
        for code in (*indicator.numerator, *indicator.denominator):
            if code not in catalog.indicators:
                yield Fault("indicators.csv", indicator.code, f"names an unknown indicator {code}")
        for dimension in indicator.dimensions:
            if dimension not in catalog.codelists:
                yield Fault("indicators.csv", indicator.code, f"names an unknown dimension {dimension}")
        if bool(indicator.numerator) != bool(indicator.denominator):
            yield Fault("indicators.csv", indicator.code, "a rate names both numerator and denominator")
        yield from (Fault("indicators.csv", indicator.code, what) for what in _counting_faults(catalog, indicator))


def _counting_faults(catalog: Catalog, indicator: Indicator) -> Iterator[str]:
    """A distinct count names a list of a form, and a code that a column of the list can have."""
    if not indicator.counted_in:
        return
    if indicator.over_units not in (OverUnits.DISTINCT, OverUnits.UNION):
        yield "names a list although it is no distinct count"
    ref = Ref.parse(indicator.counted_in)
    lists = [part for form in catalog.forms.values() for part in form.sections_of("list") if part.code == ref.name]
    if not lists:
        yield f"is counted in {ref.name}, which is no list"
    column, _, code = ref.breakdown.partition("=")
    for part in lists if column else ():
        codelists = [item.codelist for item in part.columns if item.code == column and item.codelist]
        if not any(code in catalog.codelists[name].codes for name in codelists if name in catalog.codelists):
            yield f"is counted where {ref.breakdown}, which no row of {ref.name} can say"


def _breakdown_faults(catalog: Catalog, indicator: Indicator, breakdown: str) -> Iterator[str]:
    for pair in filter(None, breakdown.split(";")):
        dimension, _, code = pair.partition("=")
        if dimension not in indicator.dimensions:
            yield f"{indicator.code} is not broken down by {dimension}"
        elif dimension in catalog.codelists and code not in catalog.codelists[dimension].codes:
            yield f"{code} is not a code of {dimension}"


def _form_faults(catalog: Catalog, form: Form) -> Iterator[Fault]:
    file = f"forms/{form.id}"
    for name, count in Counter(section.code for section in form.sections).items():
        if count > 1:
            yield Fault(file, name, f"is the code of {count} sections")
    for field in form.fields:
        yield from (Fault(file, field.code, what) for what in _field_faults(catalog, form, field))
    for section in form.sections:
        yield from (Fault(file, section.code, what) for what in _section_faults(catalog, section))
    yield from _place_faults(form)


def _field_faults(catalog: Catalog, form: Form, field: FormField) -> Iterator[str]:
    if all(section.code != field.section for section in form.sections_of("scalars")):
        yield f"section {field.section} is not a section of scalars"
    if field.code.partition("[")[0] != field.indicator:
        yield f"does not begin with its indicator {field.indicator}"
    if field.indicator not in catalog.indicators:
        yield f"unknown indicator {field.indicator}"
        return
    yield from _breakdown_faults(catalog, catalog.indicators[field.indicator], field.breakdown)


def _section_faults(catalog: Catalog, section: Section) -> Iterator[str]:
    columns = {column.code for column in section.columns}
    for column in section.columns:
        if column.codelist and column.codelist not in catalog.codelists:
            yield f"column {column.code}: unknown code list {column.codelist}"
    for code in section.key:
        if code not in columns:
            yield f"its key {code} is not one of its columns"
    for code in section.indicators:
        if code not in catalog.indicators:
            yield f"unknown indicator {code}"
            continue
        for item in section.items:
            yield from (f"item {item}: {what}" for what in _breakdown_faults(catalog, catalog.indicators[code], item))


def _place_faults(form: Form) -> Iterator[Fault]:
    file = f"forms/{form.id}/columns.csv"
    known = set(_placeable(form))
    for version in form.accepted_versions:
        if version not in form.places:
            yield Fault(file, version, "an accepted version has no column")
        for place in sorted(set(form.places.get(version, {})) - known):
            yield Fault(file, place, "is nothing the form knows")
    for place in sorted(known - set(form.places.get(form.version, {}))):
        yield Fault(file, place, f"has no place in the current version {form.version}")


def _placeable(form: Form) -> Iterator[str]:
    yield from (f"identity.{name}" for name in IDENTITY)
    yield from (field.code for field in form.fields)
    for section in form.sections:
        if section.kind in ("list", "matrix"):
            yield section.code
        yield from (narrative.code for narrative in section.narratives)


# ------------------------------------------------------------------------------------------------ rules


def _rule_faults(catalog: Catalog, rule: Rule) -> Iterator[str]:
    if rule.message not in catalog.messages:
        yield f"unknown message {rule.message}"
    if isinstance(rule.check, ReadingCheck):
        code = rule.check.repair or rule.check.problem
        if code not in set(Repair if rule.check.repair else Problem):
            yield f"unknown reading outcome {code}"
    if isinstance(rule.check, CodeListCheck) and rule.check.codelist not in catalog.codelists:
        yield f"unknown code list {rule.check.codelist}"
    yield from _time_faults(catalog, rule)
    for form_id in rule.forms:
        if form_id not in catalog.forms:
            yield f"unknown form {form_id}"
    for form in catalog.forms.values():
        if rule.applies_to(form.id):
            yield from _rule_column_faults(rule, form)


def _time_faults(catalog: Catalog, rule: Rule) -> Iterator[str]:
    for text in refs_of(rule.check):
        ref = Ref.parse(text)
        indicator = catalog.indicators.get(ref.name)
        if ref.source in WITHIN_REACH and (indicator is None or not indicator.adds_over_time):
            yield f"{text}: {ref.name} is not added over the periods of a year"


def _rule_column_faults(rule: Rule, form: Form) -> Iterator[str]:
    columns = _columns_of_frame(form, rule.frame)
    if rule.frame not in ("main", "values", "") and not columns:
        yield f"form {form.id} has no frame {rule.frame}"
        return
    for text in refs_of(rule.check):
        if not _is_known(Ref.parse(text), form, columns):
            yield f"form {form.id} has no column {text} in frame {rule.frame or 'main'}"


def _columns_of_frame(form: Form, frame: str) -> set[str]:
    if frame in ("main", ""):
        return {field.code for field in form.fields} | {narrative.code for narrative in form.narratives}
    return {
        code
        for section in form.sections
        if section.code == frame
        for code in (*section.indicators, *(column.code for column in section.columns))
    }


def _is_known(ref: Ref, form: Form, columns: set[str]) -> bool:
    match ref.source:
        case "" | "length":
            return ref.field in columns
        case source if source in PAST:
            return ref.field in columns
        case "count":
            return any(section.code == ref.name for section in (*form.sections_of("list"), *form.sections_of("matrix")))
        case "sum":
            return _is_sum_of_items(ref, form)
        case "register":
            return ref.name in ("children", "descendants")
        case _:
            return str(ref) in _COMPUTED


def _is_sum_of_items(ref: Ref, form: Form) -> bool:
    matrix, _, indicator = ref.name.partition(".")
    wanted = {*ref.breakdown.split(";")} - {""}
    return any(
        section.code == matrix
        and indicator in section.indicators
        and any(wanted <= {*item.split(";")} for item in section.items)
        for section in form.sections_of("matrix")
    )


# ------------------------------------------------------------------------------------------------ units, calendars


def _register_faults(catalog: Catalog) -> Iterator[Fault]:
    for fault in register_faults(catalog):
        file = "units.csv" if isinstance(fault.key, UnitKey) else "unit_events.csv"
        yield Fault(file, fault.where, fault.what.en)


def _obligation_faults(catalog: Catalog) -> Iterator[Fault]:
    for item in catalog.obligations:
        where = f"{item.unit_kind} {item.form}"
        if item.unit_kind not in catalog.unit_kinds:
            yield Fault("obligations.csv", where, f"unknown kind {item.unit_kind}")
        if item.form not in catalog.forms:
            yield Fault("obligations.csv", where, f"unknown form {item.form}")
        if item.calendar not in catalog.calendars:
            yield Fault("obligations.csv", where, f"unknown calendar {item.calendar}")


#: Calendars are proved on these: a leap year, and every weekday a cut-off can fall on.
_PROVED_YEARS = range(2024, 2031)


def _calendar_faults(catalog: Catalog, calendar: Calendar) -> Iterator[str]:
    levels = {kind.level for kind in catalog.unit_kinds.values()}
    for level, days in calendar.due_working_days.items():
        if days < 1:
            yield f"{level}: the report is due before the cut-off is a working day old"
        if level not in levels:
            yield f"no kind of unit is of level {level}"
    for level in sorted(_owing_levels(catalog, calendar) - set(calendar.due_working_days)):
        yield f"units of level {level} owe reports by this calendar, and due_working_days gives them no deadline"
    if calendar.zone != ZONE.key:
        yield f"zone {calendar.zone}: cut-offs and deadlines are days of {ZONE.key} everywhere in the program"
    periods = [period for year in _PROVED_YEARS for period in periods_of(calendar, year, catalog.working_days)]
    for code, count in Counter(period.code for period in periods).items():
        if count > 1:
            yield f"{code} is the code of {count} periods"
    for kind in dict.fromkeys(period.kind for period in periods):
        yield from _overlaps(kind, [period.window for period in periods if period.kind is kind])


def _owing_levels(catalog: Catalog, calendar: Calendar) -> set[str]:
    owing = {item.unit_kind for item in catalog.obligations if item.calendar == calendar.id}
    return {catalog.unit_kinds[kind].level for kind in owing if kind in catalog.unit_kinds}


def _overlaps(kind: PeriodKind, windows: list[Window]) -> Iterator[str]:
    """The first two windows of a kind that share a day, those of neighbouring years included."""
    for before, after in pairwise(sorted(windows)):
        if before.overlaps(after):
            yield f"{kind}: {before.first} … {before.last} and {after.first} … {after.last} overlap"
            return


# ------------------------------------------------------------------------------------------------ schedule


def _schedule_faults(catalog: Catalog) -> Iterator[Fault]:
    """Nothing is closed before its last collection, and no year is reviewed before it is closed."""
    file, said = "schedule.yaml", catalog.schedule
    for name in sorted(set(said.calendars) - set(catalog.calendars)):
        yield Fault(file, f"calendars.{name}", "unknown calendar")
    if said.review <= said.close:
        what = f"the year would be reviewed at {said.review:%H:%M}, before it is closed at {said.close:%H:%M}"
        yield Fault(file, "review", what)
    for name in ("remind_days_before", "remind_days_after"):
        days = getattr(said, name)
        if len(set(days)) < len(days):
            yield Fault(file, name, "the same day stands twice")
    for calendar in catalog.calendars.values():
        early = next(_closed_too_early(catalog, calendar), None)
        if early is not None:
            above = f"calendars.{calendar.id}." if calendar.id in said.calendars else ""
            last = max(early.due.values(), default=early.period.cutoff)
            what = f"{early.period.code} would be closed before its last collection on {last}"
            yield Fault(file, f"{above}close_working_days", what)


def _closed_too_early(catalog: Catalog, calendar: Calendar) -> Iterator[Course]:
    if any(item.unit_kind not in catalog.unit_kinds for item in catalog.obligations):
        return  # told already
    for period in (item for year in _PROVED_YEARS for item in periods_of(calendar, year, catalog.working_days)):
        course = course_of(catalog, period)
        if course is None:
            continue
        last = max(course.due.values(), default=period.cutoff)
        if course.closes_at <= moment_of(last, catalog.schedule.collect_last):
            yield course
