"""Load the definitions and prove that they fit together; any reference that does not resolve is refused."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from catalog.calendars import periods_of
from catalog.model import (
    Calendar,
    CodeList,
    CodeListCheck,
    Definition,
    Form,
    FormField,
    Indicator,
    Message,
    Obligation,
    ReadingCheck,
    Rule,
    UniqueCheck,
    UnitEventRecord,
    UnitKind,
    UnitRecord,
)
from catalog.refs import Ref, refs_of
from domain.cell import Cell
from domain.period import Period
from domain.reading import Problem, Repair

#: The definitions that ship with the program.
DATA = Path(__file__).parent / "data"

_YEAR = re.compile(r"^(\d{4})")
_D = TypeVar("_D", bound=Definition)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the definitions."""

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.file} · {self.where}: {self.what}"


class CatalogError(Exception):
    """The definitions do not hold together. ``faults`` lists every place, not only the first."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


@dataclass(frozen=True)
class Catalog:
    """Everything the program knows about what is reported. ``fingerprint`` changes when any definition file changes."""

    root: Path
    fingerprint: str
    messages: dict[str, Message]
    codelists: dict[str, CodeList]
    indicators: dict[str, Indicator]
    forms: dict[str, Form]
    examples: dict[str, dict[str, Any]]
    rules: tuple[Rule, ...]
    calendars: dict[str, Calendar]
    unit_kinds: dict[str, UnitKind]
    units: tuple[UnitRecord, ...]
    events: tuple[UnitEventRecord, ...]
    obligations: tuple[Obligation, ...]

    @cached_property
    def rules_by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def _fields(self) -> dict[str, dict[str, FormField]]:
        return {form.id: {field.code: field for field in form.fields} for form in self.forms.values()}

    def field(self, form: str, code: str) -> FormField:
        return self._fields[form][code]

    def period(self, code: str) -> Period | None:
        """The period with this code, or ``None``: ``2025``, ``2025-Q1``, ``2025-H1``, ``2025-9M``, ``2025-M04@CALENDAR``."""
        found = _YEAR.match(code)
        return _periods_by_code(self, int(found[1])).get(code) if found else None

    def periods(self, year: int, calendar: str | None = None) -> list[Period]:
        """All periods labelled with ``year``, in every calendar or in one."""
        chosen = [self.calendars[calendar]] if calendar else list(self.calendars.values())
        return [period for item in chosen for period in periods_of(item, year)]

    @cached_property
    def _units_by_code(self) -> dict[str, list[UnitRecord]]:
        by_code: dict[str, list[UnitRecord]] = defaultdict(list)
        for unit in self.units:
            by_code[unit.code].append(unit)
        return by_code

    def unit_on(self, code: str, day: date) -> UnitRecord | None:
        """The unit that bore ``code`` on ``day``: a code alone names different units at different times."""
        for unit in self._units_by_code.get(code, []):
            if unit.valid_from <= day and (unit.valid_to is None or day <= unit.valid_to):
                return unit
        return None

    def units_of(self, code: str) -> list[UnitRecord]:
        """Every unit that ever bore ``code``."""
        return list(self._units_by_code.get(code, []))

    def rules_for(self, form: str, day: date) -> list[Rule]:
        """The rules in force for a form on a day."""
        return [rule for rule in self.rules if rule.applies_to(form) and rule.applies_on(day)]

    def owed(self, unit_kind: str, period: Period) -> list[Obligation]:
        """The forms a kind of unit owes for a period."""
        return [
            item
            for item in self.obligations
            if item.unit_kind == unit_kind
            and item.calendar == period.calendar
            and period.kind in item.period_kinds
            and item.valid_from <= period.window.last
            and (item.valid_to is None or period.window.last <= item.valid_to)
        ]


@lru_cache(maxsize=256)
def _periods_cached(calendars: tuple[Calendar, ...], year: int) -> dict[str, Period]:
    return {period.code: period for calendar in calendars for period in periods_of(calendar, year)}


def _periods_by_code(catalog: Catalog, year: int) -> dict[str, Period]:
    if not 1945 <= year <= 2200:
        return {}
    return _periods_cached(tuple(catalog.calendars.values()), year)


# ------------------------------------------------------------------------------------------------ reading the files


class _Reader:
    """Reads definition files below a root and gathers faults instead of stopping at the first."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: list[Fault] = []

    def fault(self, file: Path | str, where: str, what: str) -> None:
        name = str(file.relative_to(self.root)) if isinstance(file, Path) else file
        self.faults.append(Fault(name, where, what))

    def yaml(self, *parts: str) -> Any:
        path = self.root.joinpath(*parts)
        if not path.is_file():
            self.fault(path, "file", "is missing")
            return []
        try:
            return yaml.load(path.read_text(encoding="utf-8"), Loader=_yaml_loader())
        except yaml.YAMLError as error:
            self.fault(path, "file", f"is not YAML: {error}")
            return []

    def rows(self, *parts: str) -> Iterator[tuple[str, dict[str, str]]]:
        """(line, row) of a CSV file."""
        path = self.root.joinpath(*parts)
        if not path.is_file():
            self.fault(path, "file", "is missing")
            return
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            for row in reader:
                if None in row or None in row.values():
                    self.fault(path, f"line {reader.line_num}", "has another number of columns than the header")
                    continue
                yield f"line {reader.line_num}", row

    def build(self, model: type[_D], raw: Any, file: str, where: str) -> _D | None:
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            for item in error.errors():
                place = ".".join(str(part) for part in item["loc"])
                self.fault(file, f"{where} {place}".strip(), f"{item['msg']} (got {item.get('input')!r})")
            return None

    def items(self, model: type[_D], file: str) -> list[_D]:
        """The definitions of a YAML list."""
        raw = self.yaml(*file.split("/"))
        built = [self.build(model, item, file, f"item {number}") for number, item in enumerate(raw, 1)]
        return [item for item in built if item is not None]

    def table(self, model: type[_D], file: str, lists: Iterable[str] = ()) -> list[_D]:
        """The definitions of a CSV table; empty cells fall back to the model's default, ``lists`` split at ``|``."""
        split = set(lists)
        built = []
        for where, row in self.rows(*file.split("/")):
            raw = {key: value.split("|") if key in split else value for key, value in row.items() if value != ""}
            built.append(self.build(model, raw, file, where))
        return [item for item in built if item is not None]


@lru_cache(maxsize=1)
def _yaml_loader() -> type:
    """YAML's safe loader without its octal and yes/no traps: 08 stays text, "no" stays a word."""

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, regex) for tag, regex in rules if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int")]
        for first, rules in Loader.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
    Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
    return Loader


def _read_form(reader: _Reader, folder: Path) -> Form | None:
    name = f"forms/{folder.name}"
    raw = reader.yaml("forms", folder.name, "form.yaml")
    if not isinstance(raw, dict):
        reader.fault(f"{name}/form.yaml", "file", "a form is a mapping")
        return None
    fields = []
    for where, row in reader.rows("forms", folder.name, "fields.csv"):
        given = {key: value for key, value in row.items() if value != ""}
        field = reader.build(FormField, {"form": folder.name, **given}, f"{name}/fields.csv", where)
        fields.extend([field] if field else [])
    places: dict[str, dict[str, str]] = defaultdict(dict)
    for where, row in reader.rows("forms", folder.name, "columns.csv"):
        place = row.pop("place", "")
        for version, address in row.items():
            if not address:
                continue
            try:
                Cell.parse(address)
            except ValueError as error:
                reader.fault(f"{name}/columns.csv", f"{where} {version}", str(error))
            if place in places[version]:
                reader.fault(f"{name}/columns.csv", where, f"{place} is placed twice in version {version}")
            places[version][place] = address
    return reader.build(Form, {**raw, "fields": fields, "places": dict(places)}, f"{name}/form.yaml", "")


def load_catalog(root: Path | str = DATA) -> Catalog:
    """Read every definition below ``root`` and prove the whole; raises :class:`CatalogError` listing every fault."""
    reader = _Reader(Path(root))
    forms = []
    examples = {}
    for folder in sorted(path for path in (reader.root / "forms").glob("*") if path.is_dir()):
        form = _read_form(reader, folder)
        if form:
            forms.append(form)
            examples[form.id] = reader.yaml("forms", folder.name, "example.yaml")
    rules: list[Rule] = []
    for path in sorted((reader.root / "rules").glob("*.yaml")):
        rules.extend(reader.items(Rule, f"rules/{path.name}"))
    indicator_lists = ("dimensions", "numerator", "denominator", "unit_words")
    indicators = reader.table(Indicator, "indicators.csv", indicator_lists)
    catalog = Catalog(
        root=reader.root,
        fingerprint=fingerprint(reader.root),
        messages=_unique(reader, "messages.yaml", reader.items(Message, "messages.yaml"), lambda m: m.id),
        codelists=_unique(reader, "codelists.yaml", reader.items(CodeList, "codelists.yaml"), lambda c: c.id),
        indicators=_unique(reader, "indicators.csv", indicators, lambda i: i.code),
        forms=_unique(reader, "forms", forms, lambda f: f.id),
        examples=examples,
        rules=tuple(_unique(reader, "rules", rules, lambda r: r.id).values()),
        calendars=_unique(reader, "calendars.yaml", reader.items(Calendar, "calendars.yaml"), lambda c: c.id),
        unit_kinds=_unique(reader, "unit_kinds.yaml", reader.items(UnitKind, "unit_kinds.yaml"), lambda k: k.code),
        units=tuple(reader.table(UnitRecord, "units.csv")),
        events=tuple(reader.table(UnitEventRecord, "unit_events.csv")),
        obligations=tuple(reader.table(Obligation, "obligations.csv", ("period_kinds",))),
    )
    faults = reader.faults + list(_faults_of(catalog))
    if faults:
        raise CatalogError(faults)
    return catalog


def fingerprint(root: Path) -> str:
    """SHA-256 over the names and bytes of every definition file."""
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _unique(reader: _Reader, file: str, items: list[_D], key: Callable[[_D], str]) -> dict[str, _D]:
    for name, count in Counter(key(item) for item in items).items():
        if count > 1:
            reader.fault(file, name, f"is defined {count} times")
    return {key(item): item for item in items}


# ------------------------------------------------------------------------------------------------ proving the whole


def _faults_of(catalog: Catalog) -> Iterator[Fault]:
    yield from _indicator_faults(catalog)
    for form in catalog.forms.values():
        yield from _form_faults(catalog, form)
    for rule in catalog.rules:
        yield from _rule_faults(catalog, rule)
    yield from _unit_faults(catalog)
    yield from _obligation_faults(catalog)
    yield from _calendar_faults(catalog)


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


def _breakdown_faults(catalog: Catalog, indicator: Indicator, breakdown: str) -> Iterator[str]:
    for pair in filter(None, breakdown.split(";")):
        dimension, _, code = pair.partition("=")
        if dimension not in indicator.dimensions:
            yield f"{indicator.code} is not broken down by {dimension}"
        elif code not in catalog.codelists[dimension].codes:
            yield f"{code} is not a code of {dimension}"


def _form_faults(catalog: Catalog, form: Form) -> Iterator[Fault]:
    file = f"forms/{form.id}"
    sections = {section.code: section for section in form.sections}
    for field in form.fields:
        if field.section not in sections or sections[field.section].kind != "scalars":
            yield Fault(file, field.code, f"section {field.section} is not a section of scalars")
        if field.indicator not in catalog.indicators:
            yield Fault(file, field.code, f"unknown indicator {field.indicator}")
            continue
        for what in _breakdown_faults(catalog, catalog.indicators[field.indicator], field.breakdown):
            yield Fault(file, field.code, what)
        if field.code.partition("[")[0] != field.indicator:
            yield Fault(file, field.code, f"does not begin with its indicator {field.indicator}")
    for section in form.sections:
        for column in section.columns:
            if column.codelist and column.codelist not in catalog.codelists:
                yield Fault(file, f"{section.code}.{column.code}", f"unknown code list {column.codelist}")
        for code in section.indicators:
            if code not in catalog.indicators:
                yield Fault(file, section.code, f"unknown indicator {code}")
                continue
            for item in section.items:
                for what in _breakdown_faults(catalog, catalog.indicators[code], item):
                    yield Fault(file, f"{section.code} {item}", what)
    known = set(_placeable(form))
    for version in form.accepted_versions:
        places = form.places.get(version)
        if places is None:
            yield Fault(f"{file}/columns.csv", version, "an accepted version has no column")
            continue
        for place in places:
            if place not in known:
                yield Fault(f"{file}/columns.csv", place, "is nothing the form knows")
    for place in known - set(form.places.get(form.version, {})):
        yield Fault(f"{file}/columns.csv", place, f"has no place in the current version {form.version}")


#: Identity cells every form has.
IDENTITY = ("form", "form_version", "unit", "unit_name", "period", "period_label", "scope", "reporter")


def _placeable(form: Form) -> Iterator[str]:
    yield from (f"identity.{name}" for name in IDENTITY)
    yield from (field.code for field in form.fields)
    for section in form.sections:
        if section.kind in ("list", "matrix"):
            yield section.code
        yield from (narrative.code for narrative in section.narratives)


def _columns_of_frame(catalog: Catalog, form: Form, frame: str) -> set[str]:
    if frame in ("main", ""):
        return {field.code for field in form.fields} | {narrative.code for narrative in form.narratives}
    section = next((section for section in form.sections if section.code == frame), None)
    if section is None:
        return set()
    return set(section.indicators) | {column.code for column in section.columns}


def _rule_faults(catalog: Catalog, rule: Rule) -> Iterator[Fault]:
    if rule.message not in catalog.messages:
        yield Fault("rules", rule.id, f"unknown message {rule.message}")
    if isinstance(rule.check, ReadingCheck):
        known = set(Repair) | set(Problem)
        code = rule.check.repair or rule.check.problem
        if code not in known:
            yield Fault("rules", rule.id, f"unknown reading outcome {code}")
    if isinstance(rule.check, CodeListCheck) and rule.check.codelist not in catalog.codelists:
        yield Fault("rules", rule.id, f"unknown code list {rule.check.codelist}")
    for form_id in rule.forms:
        if form_id not in catalog.forms:
            yield Fault("rules", rule.id, f"unknown form {form_id}")
    forms = [catalog.forms[f] for f in rule.forms if f in catalog.forms] or list(catalog.forms.values())
    for form in forms:
        yield from _rule_column_faults(catalog, rule, form)


def _rule_column_faults(catalog: Catalog, rule: Rule, form: Form) -> Iterator[Fault]:
    columns = _columns_of_frame(catalog, form, rule.frame)
    if rule.frame not in ("main", "") and not columns:
        yield Fault("rules", rule.id, f"form {form.id} has no frame {rule.frame}")
        return
    for text in refs_of(rule.check):
        ref = Ref.parse(text)
        if ref.source in ("", "previous", "last_year"):
            known = ref.field in columns or (isinstance(rule.check, UniqueCheck) and ref.name in columns)
        elif ref.source == "count":
            known = any(section.code == ref.name and section.kind in ("list", "matrix") for section in form.sections)
        elif ref.source == "length":
            known = ref.field in columns
        elif ref.source == "register":
            known = ref.name in ("children", "descendants")
        else:
            known = str(ref) in ("period:year", "period:months", "same_as:previous")
        if not known:
            yield Fault("rules", rule.id, f"form {form.id} has no column {text} in frame {rule.frame or 'main'}")


def _unit_faults(catalog: Catalog) -> Iterator[Fault]:
    keys = Counter((unit.code, unit.valid_from) for unit in catalog.units)
    for (code, day), count in keys.items():
        if count > 1:
            yield Fault("units.csv", f"{code} {day}", f"stands {count} times")
    for unit in catalog.units:
        where = f"{unit.code} {unit.valid_from}"
        if unit.kind not in catalog.unit_kinds:
            yield Fault("units.csv", where, f"unknown kind {unit.kind}")
        if unit.valid_to is not None and unit.valid_to < unit.valid_from:
            yield Fault("units.csv", where, "ends before it begins")
        if unit.parent is not None and catalog.unit_on(unit.parent, unit.valid_from) is None:
            yield Fault("units.csv", where, f"its parent {unit.parent} did not live on {unit.valid_from}")
        for other in catalog.units_of(unit.code):
            if other.valid_from > unit.valid_from and (unit.valid_to is None or other.valid_from <= unit.valid_to):
                yield Fault("units.csv", where, f"overlaps with {other.code} {other.valid_from}")
    yield from _cycle_faults(catalog)
    for event in catalog.events:
        for code, day in ((event.old_code, event.old_valid_from), (event.new_code, event.new_valid_from)):
            if (code, day) not in keys:
                yield Fault(
                    "unit_events.csv", f"{event.day} {event.old_code}→{event.new_code}", f"unknown unit {code} {day}"
                )


def _cycle_faults(catalog: Catalog) -> Iterator[Fault]:
    for unit in catalog.units:
        seen = {unit.code}
        here: UnitRecord | None = unit
        while here is not None and here.parent is not None:
            if here.parent in seen:
                yield Fault("units.csv", f"{unit.code} {unit.valid_from}", "is its own ancestor")
                break
            seen.add(here.parent)
            here = catalog.unit_on(here.parent, unit.valid_from)


def _obligation_faults(catalog: Catalog) -> Iterator[Fault]:
    for item in catalog.obligations:
        where = f"{item.unit_kind} {item.form}"
        if item.unit_kind not in catalog.unit_kinds:
            yield Fault("obligations.csv", where, f"unknown kind {item.unit_kind}")
        if item.form not in catalog.forms:
            yield Fault("obligations.csv", where, f"unknown form {item.form}")
        if item.calendar not in catalog.calendars:
            yield Fault("obligations.csv", where, f"unknown calendar {item.calendar}")


def _calendar_faults(catalog: Catalog) -> Iterator[Fault]:
    levels = {kind.level for kind in catalog.unit_kinds.values()}
    for calendar in catalog.calendars.values():
        for level, days in calendar.due_working_days.items():
            if days < 1:
                yield Fault(
                    "calendars.yaml", calendar.id, f"{level}: the report is due before the cut-off is a working day old"
                )
            if level not in levels:
                yield Fault("calendars.yaml", calendar.id, f"no kind of unit is of level {level}")
        for pattern in calendar.patterns:
            windows = [p.window for p in periods_of(calendar, 2025) if p.kind is pattern.kind]
            for before, after in zip(windows, windows[1:], strict=False):
                if before.overlaps(after):
                    yield Fault("calendars.yaml", calendar.id, f"{pattern.kind}: {before} and {after} overlap")
