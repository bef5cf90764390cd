"""Rules that prove themselves: each must fire once on its counterexample and stay silent on the form's example.

A counterexample is a patch of the form's example; all patched examples of a form are stacked into one batch and judged
together, as real submissions are. Levels 1 and 2 are proved by the reader's and the intake's own tests.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import polars as pl

from catalog import Catalog
from catalog.load import Fault
from catalog.model import CopyCheck, Form, HierarchyCheck, Rule
from domain.columns import CELLS, COPIES, FINDINGS, HEADERS, KNOWN_CONCLUSIONS, STATED_AT
from domain.conclusion import Speaker
from domain.finding import CheckLevel
from expectations.check import check
from expectations.copies import copied
from expectations.hierarchy import judged_against_children
from expectations.places import Layout
from expectations.schema import empty_frame, schema_of
from transform.fonts import in_unicode
from transform.frames import HISTORY, REGISTER, Context, build_frames
from transform.hierarchy import apart_from_children
from transform.lists import text_repairs
from transform.normalise import normalise

Patch = Mapping[str, Any]


def unproved(catalog: Catalog) -> Iterator[Fault]:
    """Rules of levels 3 to 7 that do not fire exactly once on their counterexample, and examples that are not clean."""
    for form in catalog.forms:
        findings = judged(catalog, form)
        if findings[f"form:{form}"].height:
            fired = ", ".join(findings[f"form:{form}"]["rule"].unique().sort())
            yield Fault(f"forms/{form}/example.yaml", "example", f"is not clean: {fired} fire on it")
        for rule in proving(catalog, form):
            count = findings[rule.id].filter(pl.col("rule") == rule.id).height
            if count != 1:
                yield Fault("rules", rule.id, f"fires {count} times on its counterexample, not once")


def proving(catalog: Catalog, form: str) -> list[Rule]:
    """The rules of levels 3 to 7 that are proved on a form's example."""
    judged_here = [rule for rule in catalog.rules if rule.level >= CheckLevel.VALUE]
    return [rule for rule in judged_here if _form_of(catalog, rule) == form]


def _form_of(catalog: Catalog, rule: Rule) -> str:
    """The form a rule is proved on: the one its counterexample names, or the first it is for."""
    return str(rule.counterexample.get("form") or (rule.forms or tuple(catalog.forms))[0])


def judged(catalog: Catalog, form: str) -> dict[str, pl.DataFrame]:
    """The findings of each rule's own submission by its id, and of the untouched example under ``form:<id>``."""
    rules = proving(catalog, form)
    patches = [{k: v for k, v in rule.counterexample.items() if k != "form"} for rule in rules]
    findings = stacked(catalog, form, [{}, *patches]).check(catalog)
    parts = findings.partition_by("file", as_dict=True)
    names = [f"form:{form}", *(rule.id for rule in rules)]
    nothing = empty_frame(FINDINGS)
    found = {name: parts.get((file,), nothing) for file, name in enumerate(names, 1)}
    between_units = {CopyCheck: _copied, HierarchyCheck: _summed}
    kinds = {rule.id: between_units.get(type(rule.check)) for rule in rules}
    return found | {rule.id: prove(catalog, rule, form) for rule in rules if (prove := kinds[rule.id])}


def _copied(catalog: Catalog, rule: Rule, form_id: str) -> pl.DataFrame:
    """The findings of a rule between units, when another unit has sent the form's example before."""
    form, report = catalog.forms[form_id], catalog.examples[form_id]
    field, item, _ = next(_filled(report, form))
    sheet, cell = Layout(form, form.version).cell(field, item)
    period = str(report["period"])
    pair = _header(1, report, form) | {
        "figures": len(report["figures"]),
        "sheet": sheet,
        "cell": cell,
        "other": 0,
        "other_period": period,
        "other_sheet": sheet,
        "other_cell": cell,
    }
    others = rule.counterexample.get("copy") or {}
    pairs = [pair | dict(others)] if isinstance(others, dict) and others else []
    known = [{name: row[name] for name in COPIES} for row in pairs]
    last = catalog.period(period)
    assert last is not None
    return copied(pl.DataFrame(known, schema=schema_of(COPIES)), catalog, last.window.last)


def _summed(catalog: Catalog, rule: Rule, form_id: str) -> pl.DataFrame:
    """The findings of a rule of level 7, when the example is stated for what is below the unit and the children gave
    the counterexample's figures: ``scope``, ``figure`` and the ``given`` ones, null of a child that is silent."""
    form, report = catalog.forms[form_id], catalog.examples[form_id]
    below = rule.counterexample.get("children") or {}
    if not isinstance(below, dict) or not below:
        return empty_frame(FINDINGS)
    unit, code = str(report["unit"]), str(below["figure"])
    children = {f"{unit}.{number}": value for number, value in enumerate(below["given"], 1)}
    rows = [
        _given_by(1, unit, code, report["figures"][code], str(below["scope"])),
        *(_given_by(2, child, code, value, "own") for child, value in children.items()),
    ]
    figures = pl.DataFrame(rows, infer_schema_length=None)
    units = pl.DataFrame({"unit": [unit, *children], "parent": [None, *(unit for _ in children)]})
    found = apart_from_children(figures, units, units.select("unit"), catalog)
    sheet, cell = Layout(form, form.version).cell(code, 0)
    place = {"file": 1, "indicator": code, "breakdown": "", "form_version": form.version}
    at = pl.DataFrame(
        [{name: place.get(name) for name in STATED_AT} | {"sheet": sheet, "cell": cell}], schema=schema_of(STATED_AT)
    )
    period = catalog.period(str(report["period"]))
    assert period is not None
    return judged_against_children(found.sums, found.terms, at, {}, catalog, form_id, period.window.last)


def _given_by(submission: int, unit: str, code: str, value: Any, scope: str) -> dict[str, Any]:
    number = None if value is None else float(value)
    exact = {"value": number, "lower": number, "upper": number, "qualifier": "exact"}
    return {"submission_id": submission, "unit": unit, "indicator": code, "breakdown": "", "scope": scope} | exact


@dataclass(frozen=True)
class Batch:
    """A stacked batch of one form, ready to be checked."""

    form: str
    headers: pl.DataFrame
    readings: pl.DataFrame
    texts: pl.DataFrame
    frames: dict[str, pl.DataFrame]
    history: pl.DataFrame
    notes: pl.DataFrame
    conclusions: pl.DataFrame

    def check(self, catalog: Catalog, **more: Any) -> pl.DataFrame:
        known = {"history": self.history, "notes": self.notes, "conclusions": self.conclusions} | more
        return check(self.frames, self.readings, self.texts, self.headers, catalog, self.form, **known)


def stacked(catalog: Catalog, form_id: str, patches: Iterable[Patch], header: Mapping[str, Any] | None = None) -> Batch:
    """The form's example once for each patch, from file 1 on, as the rooms hand submissions over."""
    form = catalog.forms[form_id]
    reports = [patched(catalog.examples[form_id], patch) for patch in patches]
    rows = [row for file, report in enumerate(reports, 1) for row in _cells(file, report, form)]
    cells = in_unicode(pl.DataFrame(rows, schema=schema_of(CELLS)))
    headers = pl.DataFrame(
        [_header(file, report, form) | dict(header or {}) for file, report in enumerate(reports, 1)],
        schema=schema_of(HEADERS),
    )
    readings = normalise(cells, catalog)
    past = [row for file, report in enumerate(reports, 1) for row in _history(file, report, form)]
    register = [(file, ref, value) for file, report in enumerate(reports, 1) for ref, value in _register(report)]
    context = Context(pl.DataFrame(past, schema=HISTORY), pl.DataFrame(register, schema=REGISTER, orient="row"))
    frames = build_frames(headers, readings, cells, catalog, form_id, context)
    notes = cells.filter(pl.col("part") == "note")
    concluded = [row for file, report in enumerate(reports, 1) for row in _concluded(file, report)]
    conclusions = pl.DataFrame(concluded, schema=schema_of(KNOWN_CONCLUSIONS))
    return Batch(form_id, headers, readings, text_repairs(cells), frames, context.history, notes, conclusions)


def patched(example: Mapping[str, Any], patch: Patch) -> dict[str, Any]:
    """The example with the patch laid over it: mappings are merged, lists replaced, null takes a thing away."""
    merged = dict(copy.deepcopy(example))
    for key, value in patch.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = patched(below, value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def _header(file: int, report: Mapping[str, Any], form: Form) -> dict[str, Any]:
    return {
        "file": file,
        "name": f"{file}.xlsx",
        "form": form.id,
        "form_version": form.version,
        "unit": report["unit"],
        "unit_name": None,
        "period": str(report["period"]),
        "scope": "own",
        "reporter": None,
        "media": "xlsx",
    }


def _cells(file: int, report: Mapping[str, Any], form: Form) -> Iterator[dict[str, Any]]:
    layout = Layout(form, form.version)
    notes = ((code, 0, "note", text) for code, text in (report.get("notes") or {}).items())
    values = ((field, item, "value", value) for field, item, value in _filled(report, form))
    for field, item, part, value in chain(values, notes):
        if value is None:
            continue
        sheet, cell = layout.cell(field, item)
        yield {
            "file": file,
            "form": form.id,
            "field": field,
            "item": item,
            "part": part,
            **_content(value),
            "sheet": sheet,
            "cell": cell,
        }


def _content(value: Any) -> dict[str, Any]:
    """kind, number and text of a cell; ``{number, shown}`` is a number under a cell format."""
    if isinstance(value, dict):
        return {"kind": "number", "number": float(value["number"]), "text": str(value["shown"])}
    if isinstance(value, int | float):
        return {"kind": "number", "number": float(value), "text": str(value)}
    if isinstance(value, date):
        return {"kind": "date", "number": None, "text": value.isoformat()}
    return {"kind": "error" if str(value).startswith("#") else "text", "number": None, "text": str(value)}


def _filled(report: Mapping[str, Any], form: Form) -> Iterator[tuple[str, int, Any]]:
    yield from ((code, 0, value) for code, value in report["figures"].items())
    yield from ((code, 0, value) for code, value in report["narratives"].items())
    for name, items in report["matrices"].items():
        order = form.section(name).items
        for breakdown, figures in items.items():
            yield from ((f"{name}.{code}", order.index(breakdown) + 1, value) for code, value in figures.items())
    for name, rows in report["lists"].items():
        for number, row in enumerate(rows, 1):
            yield from ((f"{name}.{code}", number, value) for code, value in row.items())


#: Where the other figures of a counterexample are said to stand.
_OTHER_PERIODS = {"previous": "2024", "last_year": "2024", "longer": "2025-2026", "shorter": "2025-Q4"}


def _history(file: int, report: Mapping[str, Any], form: Form) -> Iterator[dict[str, Any]]:
    for which, figures in (report.get("history") or {}).items():
        yield from _past(file, which, ((code, 0, value) for code, value in figures.items()), form)
    for name, items in (report.get("matrix_history") or {}).items():
        for breakdown, figures in items.items():
            item = form.section(name).items.index(breakdown) + 1
            placed = ((f"{name}.{code}", item, value) for code, value in figures.items())
            yield from _past(file, "previous", placed, form)


def _past(file: int, which: str, figures: Iterable[tuple[str, int, Any]], form: Form) -> Iterator[dict[str, Any]]:
    """Rows of HISTORY; a list of figures under ``parts`` is a figure of each shorter period, and their sum.

    A figure with words is a mapping of ``value``, ``qualifier``, ``low`` and ``high``.
    """
    for field, item, value in figures:
        place = {"file": file, "field": field, "item": item, "qualifier": "exact"}
        if isinstance(value, list):
            yield place | {"which": which, "value": float(sum(value))}
            parts = [(f"2025-{number}", part) for number, part in enumerate(value, 1)]
            yield from (_stood(place, "part", period, part, form) for period, part in parts)
        elif value is not None:
            yield _stood(place, which, _OTHER_PERIODS[which], value, form)


def _stood(place: Mapping[str, Any], which: str, period: str, value: Any, form: Form) -> dict[str, Any]:
    sheet, cell = Layout(form, form.version).cell(place["field"], place["item"])
    where = {"period": period, "name": f"{period}.xlsx", "sheet": sheet, "cell": cell}
    stated = value if isinstance(value, dict) else {"value": float(value)}
    return {**place, **where, "which": which, **stated}


def _concluded(file: int, report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What the example's unit answers for."""
    for row in report.get("known_conclusions") or ():
        told = {name: row.get(name) for name in KNOWN_CONCLUSIONS}
        due, target = date.fromisoformat(row["due"]), row.get("target")
        owned = {"file": file, "speaker": Speaker.OWNER.value, "expected": True, "due": due}
        yield told | owned | {"target": None if target is None else float(target)}


def _register(report: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for ref, value in (report.get("register") or {}).items():
        yield f"register:{ref.removeprefix('register:')}", float(value)
