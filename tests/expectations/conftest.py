"""Submissions without workbooks: the shipped examples, whole or with one thing broken, as the rooms hand them over."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import pytest

from catalog.load import Catalog, load_catalog
from catalog.model import Form
from domain.columns import CELLS, HEADERS
from expectations.check import check
from expectations.places import Layout
from expectations.schema import schema_of
from transform.frames import HISTORY, REGISTER, Context, build_frames
from transform.lists import text_repairs
from transform.normalise import normalise

Patch = Mapping[str, Any]


@dataclass(frozen=True)
class Batch:
    """A stacked batch of one form, ready to be checked."""

    form: str
    headers: pl.DataFrame
    readings: pl.DataFrame
    texts: pl.DataFrame
    frames: dict[str, pl.DataFrame]

    def check(self, catalog: Catalog, **more: Any) -> pl.DataFrame:
        return check(self.frames, self.readings, self.texts, self.headers, catalog, self.form, **more)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def make_batch(catalog: Catalog) -> Any:
    """``make_batch("review-report", {}, {"figures": {"registrants": None}})``: a submission a patch, from file 1."""

    def build(form: str, *patches: Patch, **header: Any) -> Batch:
        return batch_of(catalog, form, patches, header)

    return build


def batch_of(catalog: Catalog, form_id: str, patches: tuple[Patch, ...], header: Mapping[str, Any]) -> Batch:
    form = catalog.forms[form_id]
    reports = [patched(catalog.examples[form_id], patch) for patch in patches]
    rows = [row for file, report in enumerate(reports, 1) for row in _cells(file, report, form)]
    cells = pl.DataFrame(rows, schema=schema_of(CELLS))
    headers = pl.DataFrame(
        [_header(file, report, form) | header for file, report in enumerate(reports, 1)], schema=schema_of(HEADERS)
    )
    readings = normalise(cells, catalog)
    past = [row for file, report in enumerate(reports, 1) for row in _history(file, report, form)]
    register = [(file, ref, value) for file, report in enumerate(reports, 1) for ref, value in _register(report)]
    context = Context(
        pl.DataFrame(past, schema=HISTORY, orient="row"), pl.DataFrame(register, schema=REGISTER, orient="row")
    )
    frames = build_frames(headers, readings, cells, catalog, form_id, context)
    return Batch(form_id, headers, readings, text_repairs(cells), frames)


def patched(example: Mapping[str, Any], patch: Patch) -> dict[str, Any]:
    """The example with the patch laid over it: mappings are merged, lists replaced, null takes a thing away."""
    merged = dict(copy.deepcopy(example))
    for key, value in patch.items():
        below = merged.get(key)
        nested = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = patched(below, value) if nested else copy.deepcopy(value)
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
    for field, item, value in _filled(report, form):
        if value is None:
            continue
        sheet, cell = layout.cell(field, item)
        yield {
            "file": file,
            "form": form.id,
            "field": field,
            "item": item,
            "part": "value",
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


def _history(file: int, report: Mapping[str, Any], form: Form) -> Iterator[tuple[Any, ...]]:
    for which, figures in (report.get("history") or {}).items():
        yield from _past(file, which, ((code, 0, value) for code, value in figures.items()))
    for name, items in (report.get("matrix_history") or {}).items():
        for breakdown, figures in items.items():
            item = form.section(name).items.index(breakdown) + 1
            yield from _past(file, "previous", ((f"{name}.{code}", item, value) for code, value in figures.items()))


def _past(file: int, which: str, figures: Any) -> Iterator[tuple[Any, ...]]:
    for field, item, value in figures:
        if value is not None:
            yield file, which, field, item, float(value), None, None


def _register(report: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for ref, value in (report.get("register") or {}).items():
        yield f"register:{ref.removeprefix('register:')}", float(value)
