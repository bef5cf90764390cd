"""A fingerprint of each definition: it changes when, and only when, something changes that a verdict can depend on.

By them the warehouse knows since when a rule, a form, a unit is as it is, and which rejected reports are worth judging
anew. Words for people (titles, messages, sources) do not count. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from catalog.model import Calendar, CodeListCheck, Definition, Form, Rule, Section, UnitRecord
from catalog.whole import Catalog

RULE = "rule"
FORM = "form"
FORM_VERSION = "form_version"
OBLIGATION = "obligation"
CALENDAR = "calendar"
UNIT = "unit"
UNIT_CHILDREN = "unit_children"

#: (kind, code) → fingerprint.
Fingerprints = dict[tuple[str, str], str]

_WORDS = {"label_vi", "label_en", "source"}
_WORDS_OF_RULE = {"title_vi", "title_en", "message", "counterexample", "source"}
#: Neither do words nor how totals are made: no verdict depends on it.
_WORDS_OF_INDICATOR = {"definition_vi", "definition_en", "source", "counted_in"}


def fingerprints(catalog: Catalog) -> Fingerprints:
    """Every definition: ``rule`` by id, ``form`` and ``obligation`` by the form's code, ``form_version`` by
    :func:`version_code`, ``calendar`` by id, and the units of the catalog as :func:`unit_fingerprints` has them."""
    return definition_fingerprints(catalog) | unit_fingerprints(catalog.units)


def definition_fingerprints(catalog: Catalog) -> Fingerprints:
    """:func:`fingerprints` without the units."""
    owed: dict[str, list[Any]] = defaultdict(list)
    for item in catalog.obligations:
        owed[item.form].append(_plain(item))
    return {
        **{(RULE, rule.id): _digest(_of_rule(rule, catalog)) for rule in catalog.rules},
        **{(FORM, form.id): _digest(sorted(form.accepted_versions)) for form in catalog.forms.values()},
        **{
            (FORM_VERSION, version_code(form.id, version)): _digest(_of_version(form, version, catalog))
            for form in catalog.forms.values()
            for version in form.accepted_versions
        },
        **{(OBLIGATION, form): _digest(sorted(items, key=_text)) for form, items in owed.items()},
        **{(CALENDAR, item.id): _digest(_of_calendar(item)) for item in catalog.calendars.values()},
    }


def unit_fingerprints(units: Iterable[UnitRecord]) -> Fingerprints:
    """``unit`` by code (whatever bore the code, at any time) and ``unit_children`` by the code of the superior: which
    units of which kind stand directly below it, and when."""
    rows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for unit in units:
        lived = f"{unit.valid_from}\x1f{unit.valid_to or ''}"
        rows[UNIT, unit.code].append(f"{lived}\x1f{unit.kind}\x1f{unit.parent or ''}\x1f{unit.name}")
        if unit.parent:
            rows[UNIT_CHILDREN, unit.parent].append(f"{unit.code}\x1f{unit.kind}\x1f{lived}")
    return {key: _sha256("\n".join(sorted(texts))) for key, texts in rows.items()}


def _of_rule(rule: Rule, catalog: Catalog) -> list[Any]:
    used = [rule.check.codelist] if isinstance(rule.check, CodeListCheck) else []
    return [_plain(rule, _WORDS_OF_RULE), _codelists(used, catalog)]


def version_code(form: str, version: str) -> str:
    """``review-report 2026.1``: how a version of a form is called among the definitions."""
    return f"{form} {version}"


def _of_version(form: Form, version: str, catalog: Catalog) -> list[Any]:
    """What one version of the form has, with the indicators and the code lists it uses.

    A report is judged by the version it was filled in on: what a newer one asks besides touches no older report.
    """
    places = form.places.get(version, {})
    fields = [field for field in form.fields if field.code in places]
    parts = [part for section in form.sections if (part := _placed(section, places))]
    codes = {field.indicator for field in fields} | {code for part in parts for code in part.indicators}
    indicators = [catalog.indicators[code] for code in sorted(codes)]
    drop_downs = {column.codelist for part in parts for column in part.columns if column.codelist}
    dimensions = {dimension for indicator in indicators for dimension in indicator.dimensions}
    return [
        [form.default_scope.value, form.note_columns.get(version, ""), places],
        [_plain(item, _WORDS) for item in (*fields, *parts)],
        [_plain(indicator, _WORDS_OF_INDICATOR) for indicator in indicators],
        _codelists(drop_downs | dimensions, catalog),
    ]


def _placed(section: Section, places: dict[str, str]) -> Section | None:
    """The section as far as the version has it; scalars are told by their fields."""
    if section.kind == "scalars":
        return None
    if section.kind == "narrative":
        texts = tuple(narrative for narrative in section.narratives if narrative.code in places)
        return section.model_copy(update={"narratives": texts}) if texts else None
    return section if section.code in places else None


def _of_calendar(calendar: Calendar) -> dict[str, Any]:
    """Without the days reports are due: lateness is counted, not judged."""
    return _plain(calendar, _WORDS | {"due_working_days", "due_by_day"})


def _codelists(names: Iterable[str], catalog: Catalog) -> list[Any]:
    return [_plain(catalog.codelists[name], _WORDS) for name in sorted(names) if name in catalog.codelists]


def _plain(item: Definition, without: set[str] | None = None) -> dict[str, Any]:
    """What was said, not what was left at its default: a new attribute of the models changes no fingerprint."""
    return item.model_dump(mode="json", exclude=without, exclude_defaults=True)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _digest(value: Any) -> str:
    return _sha256(_text(value))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
