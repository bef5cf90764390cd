"""Load the definitions and prove that they fit together; any reference that does not resolve is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, TypeVar

from catalog.holidays import FILE as _HOLIDAYS
from catalog.holidays import HolidayYear
from catalog.model import (
    Calendar,
    CodeList,
    Comparison,
    Form,
    Indicator,
    Message,
    Obligation,
    Rule,
    RunningText,
    Schedule,
    UnitEventRecord,
    UnitKind,
    UnitRecord,
)
from catalog.notices import FILE as _NOTICES
from catalog.notices import NoticeText
from catalog.prove import IDENTITY, faults_of
from catalog.rating import RatingRules
from catalog.read import Reader, read_form
from catalog.whole import Catalog, CatalogError, Fault

__all__ = ["DATA", "IDENTITY", "Catalog", "CatalogError", "Fault", "fingerprint", "load_catalog"]

#: The definitions that ship with the program.
DATA = Path(__file__).parent / "data"

_DEFINITION_FILES = ("*.csv", "*.yaml", "rules/*.yaml", "forms/*/*.csv", "forms/*/*.yaml")

_RATINGS = "ratings.yaml"

_D = TypeVar("_D", Comparison, RunningText, Schedule)

_INDICATOR_LISTS = ("dimensions", "numerator", "denominator", "unit_words")


#: Definitions that were loaded, by where they lie and what they say. They cannot be changed, so whoever asks next in
#: this process gets the same: reading and proving takes a hundred times as long as looking whether a file changed.
_loaded: dict[tuple[Path, str], Catalog] = {}
_KEPT = 4


def load_catalog(root: Path | str = DATA) -> Catalog:
    """Read every definition below ``root`` and prove the whole; raises :class:`CatalogError` listing every fault."""
    key = Path(root), fingerprint(Path(root))
    if key in _loaded:
        return _loaded[key]
    catalog = _prove(Reader(key[0]))
    if catalog.fingerprint == key[1] == fingerprint(key[0]):  # nobody wrote in the middle of the reading
        _keep(key, catalog)
    return catalog


def _keep(key: tuple[Path, str], catalog: Catalog) -> None:
    for oldest in list(_loaded)[: max(0, len(_loaded) + 1 - _KEPT)]:
        _loaded.pop(oldest, None)
    _loaded[key] = catalog


def _prove(reader: Reader) -> Catalog:
    catalog = _read_catalog(reader)
    # a slip in one file would be buried under hundreds of references to it that do not resolve
    faults = reader.faults + ([] if reader.is_incomplete else list(faults_of(catalog)))
    if faults:
        raise CatalogError(faults)
    return catalog


def _read_catalog(reader: Reader) -> Catalog:
    forms, examples = _read_forms(reader)
    indicators = reader.table(Indicator, "indicators.csv", _INDICATOR_LISTS)
    return Catalog(
        root=reader.root,
        fingerprint=fingerprint(reader.root),
        messages=reader.unique("messages.yaml", reader.items(Message, "messages.yaml"), lambda m: m.id),
        codelists=reader.unique("codelists.yaml", reader.items(CodeList, "codelists.yaml"), lambda c: c.id),
        indicators=reader.unique("indicators.csv", indicators, lambda i: i.code),
        forms=reader.unique("forms", forms, lambda f: f.id),
        examples=examples,
        rules=tuple(_read_rules(reader)),
        calendars=reader.unique("calendars.yaml", reader.items(Calendar, "calendars.yaml"), lambda c: c.id),
        unit_kinds=reader.unique("unit_kinds.yaml", reader.items(UnitKind, "unit_kinds.yaml"), lambda k: k.code),
        units=tuple(reader.table(UnitRecord, "units.csv")),
        events=tuple(reader.table(UnitEventRecord, "unit_events.csv")),
        obligations=tuple(reader.table(Obligation, "obligations.csv", ("period_kinds",))),
        comparison=_read_if_there(reader, Comparison, "comparison.yaml"),
        ratings=_read_ratings(reader),
        running_text=_read_if_there(reader, RunningText, "running_text.yaml"),
        schedule=_read_if_there(reader, Schedule, "schedule.yaml"),
        notices=_read_notices(reader),
        holidays=_read_holidays(reader),
    )


def _read_if_there(reader: Reader, model: type[_D], file: str) -> _D:
    """Definitions that were written before there was such a file have none: the model itself says what holds then."""
    if not (reader.root / file).is_file():
        return model()
    return reader.build(model, reader.yaml_mapping(file), file, "") or model()


def _read_ratings(reader: Reader) -> tuple[RatingRules, ...]:
    """Definitions that were written before units were rated have no such file."""
    if not (reader.root / _RATINGS).is_file():
        return ()
    return tuple(reader.unique(_RATINGS, reader.items(RatingRules, _RATINGS), lambda rules: rules.id).values())


def _read_notices(reader: Reader) -> tuple[NoticeText, ...]:
    """Definitions that were written before anybody was told anything say it in the words that ship with the program."""
    if (reader.root / _NOTICES).is_file():
        return tuple(reader.items(NoticeText, _NOTICES))
    return tuple(Reader(DATA).items(NoticeText, _NOTICES))


def _read_holidays(reader: Reader) -> tuple[HolidayYear, ...]:
    """Definitions that have no such file go by the holidays that ship with the program; ``[]`` says there are none."""
    there = reader if (reader.root / _HOLIDAYS).is_file() else Reader(DATA)
    return tuple(there.items(HolidayYear, _HOLIDAYS))


def _read_forms(reader: Reader) -> tuple[list[Form], dict[str, dict[str, Any]]]:
    forms = []
    examples = {}
    for folder in sorted(path.name for path in (reader.root / "forms").glob("*") if path.is_dir()):
        form = read_form(reader, folder)
        if form:
            forms.append(form)
            examples[form.id] = reader.yaml_mapping(f"forms/{folder}/example.yaml")
    return forms, examples


def _read_rules(reader: Reader) -> list[Rule]:
    rules = []
    for path in sorted((reader.root / "rules").glob("*.yaml")):
        rules.extend(reader.items(Rule, f"rules/{path.name}"))
    return list(reader.unique("rules", rules, lambda r: r.id).values())


def fingerprint(root: Path) -> str:
    """SHA-256 over the names and bytes of every definition file; whatever else lies in the folder does not count."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _DEFINITION_FILES for path in root.glob(pattern) if path.is_file()):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    if not (root / _HOLIDAYS).is_file():  # deadlines follow the shipped one: the warehouse must hear of its changes
        digest.update((DATA / _HOLIDAYS).read_bytes())
    return digest.hexdigest()
