"""Reports as CSV and JSON: written, and read with the same meaning as workbooks.

CSV is long: ``indicator, breakdown, value, note``, identity as rows ``identity.unit`` and so on. JSON is described in
``docs/architecture.md``. A number is a number only when it can mean nothing else: ``11713``, ``97.49``, ``0.125``;
``1.640`` and ``11,713`` stay text, for whoever reads figures to decide.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from catalog.model import Form
from workbook.cells import Content, content_of, is_blank, shown
from workbook.faults import BadFileError, Fault
from workbook.layout import Layout, same_breakdown, split_breakdown

Typed = int | float | str
CSV_COLUMNS = ("indicator", "breakdown", "value", "note")
IDENTITY = ("form", "form_version", "unit", "unit_name", "period", "scope", "reporter")
JSON_IDENTITY = ("form", "form_version", "unit", "unit_name", "period", "scope", "reporter")

#: The label of the period is for people: a file may carry it, the code is what counts.
_KNOWN_IDENTITY = {*IDENTITY, "period_label"}

_NUMBER = re.compile(r"^-?(?:(?:0|[1-9][0-9]*)(?:\.(?:[0-9]{1,2}|[0-9]{4,}))?|0\.[0-9]+)$")
_DAY = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")

#: (field, item, part, kind, number, text, sheet, cell): a row of CELLS after ``file`` and ``form``
PlacedCell = tuple[str, int, str, str, float | None, str, str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One value or note of a plain file, by indicator and breakdown."""

    indicator: str
    breakdown: str
    part: str
    content: Content
    cell: str

    @property
    def name(self) -> str:
        return f"{self.indicator}[{self.breakdown}]" if self.breakdown else self.indicator


@dataclass
class PlainFile:
    """What a CSV or JSON file says. ``places``: identity name → cell."""

    header: dict[str, str | None] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def identify(self, name: str, text: str, cell: str) -> None:
        if name not in _KNOWN_IDENTITY:
            self.faults.append(Fault("unknown_field", f"identity.{name}", " · ".join(IDENTITY), cell=cell))
            return
        if name in self.header:
            self.faults.append(Fault("duplicate_cell", f"identity.{name}", self.places[name], cell=cell))
            return
        self.header[name] = text.strip()
        self.places[name] = cell

    def placed(self, layout: Layout) -> tuple[list[PlacedCell], list[Fault]]:
        """The cells of the form, and faults for entries it does not know or that come twice."""
        faults = list(self.faults)
        first: dict[tuple[str, int, str], str] = {}
        cells: list[PlacedCell] = []
        for entry in self.entries:
            slot = layout.plain_keys.get((entry.indicator, same_breakdown(entry.breakdown)))
            if slot is None:
                faults.append(Fault("unknown_field", entry.name, cell=entry.cell))
            elif (*slot, entry.part) in first:
                faults.append(Fault("duplicate_cell", entry.name, first[*slot, entry.part], cell=entry.cell))
            else:
                first[*slot, entry.part] = entry.cell
                cells.append((*slot, entry.part, *entry.content, "", entry.cell))
        return cells, faults


# ------------------------------------------------------------------------------------------------ reading CSV


def read_csv(data: bytes) -> PlainFile:
    """Read the long form; raises :class:`BadFileError` for another encoding or structure."""
    text = decoded(data)
    plain = PlainFile()
    lines = records(text)
    _, header = next(lines, (0, None))
    if header is None:
        raise BadFileError("no_cells")
    columns = _columns(header)
    for line, record in lines:
        if len(record) > len(header) or any(not is_blank(value) for value in record[len(columns) :]):
            # 97,49 in a file separated by commas would become 97 with the note 49
            raise BadFileError("bad_csv", " | ".join(record), f"{len(columns)} cột", cell=f"A{line}")
        _read_record(plain, line, record, columns)
    return plain


def decoded(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadFileError("wrong_encoding", f"0x{data[error.start]:02X}", "UTF-8", cell=f"A{line}") from error
    if "\0" in text:
        raise BadFileError("wrong_encoding", "0x00", "UTF-8")
    return text


def records(text: str) -> Iterator[tuple[int, list[str]]]:
    """(first line, fields) of every record that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 1
    try:
        for record in reader:
            if any(not is_blank(value) for value in record):
                yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadFileError("bad_csv", str(error), cell=f"A{line}") from error


def _delimiter(text: str) -> str:
    """The sign that splits the header best: Excel in Vietnam writes semicolons."""
    header = text.lstrip().partition("\n")[0]
    return max(";,\t", key=header.count)


def _columns(header: list[str]) -> list[str]:
    columns = [name.strip().casefold() for name in header]
    while columns and not columns[-1]:
        columns.pop()
    if (
        not {"indicator", "value"} <= set(columns)
        or not set(columns) <= set(CSV_COLUMNS)
        or len(set(columns)) < len(columns)
    ):
        raise BadFileError("bad_csv", ", ".join(header), ", ".join(CSV_COLUMNS), cell="A1")
    return columns


def _read_record(plain: PlainFile, line: int, record: list[str], columns: list[str]) -> None:
    fields = dict.fromkeys(columns, "") | dict(zip(columns, record, strict=False))
    letters = {name: "ABCD"[number] for number, name in enumerate(columns)}
    indicator, breakdown = fields["indicator"].strip(), fields.get("breakdown", "").strip()
    if indicator.startswith("identity."):
        plain.identify(indicator.removeprefix("identity."), fields.get("value", ""), f"{letters['value']}{line}")
        return
    for part in ("value", "note"):
        content = _typed(fields.get(part, ""))
        if content:
            plain.entries.append(Entry(indicator, breakdown, part, content, f"{letters[part]}{line}"))


def _typed(text: str) -> Content | None:
    """What a CSV field holds: a number or a day only when nothing else can be meant."""
    stripped = text.strip()
    if _NUMBER.match(stripped) and math.isfinite(float(stripped)):
        return content_of(float(stripped))
    return _day(stripped) or content_of(text)


def _day(text: str) -> Content | None:
    if not _DAY.match(text):
        return None
    try:
        return content_of(date.fromisoformat(text))
    except ValueError:
        return None


# ------------------------------------------------------------------------------------------------ reading JSON


def read_json(data: bytes) -> PlainFile:
    """Read the JSON form; raises :class:`BadFileError` for another encoding, syntax or structure."""
    text = decoded(data)
    try:
        raw = json.loads(text, object_pairs_hook=_unrepeated, parse_constant=_no_constant)
        _prove_texts(raw)
    except (ValueError, RecursionError) as error:
        raise BadFileError("bad_json", str(error) or type(error).__name__) from error
    plain = PlainFile()
    _expect(isinstance(raw, dict), "", raw)
    _known(raw, {*JSON_IDENTITY, "figures", "lists", "narratives"}, "")
    for name in JSON_IDENTITY:
        if raw.get(name) is not None:
            content = _json_content(raw[name], f"/{name}")
            plain.identify(name, content[2] if content else "", f"/{name}")
    _read_figures(plain, raw.get("figures", []))
    _read_lists(plain, raw.get("lists", {}))
    _read_narratives(plain, raw.get("narratives", {}))
    return plain


def _read_figures(plain: PlainFile, figures: Any) -> None:
    _expect(isinstance(figures, list), "/figures", figures)
    for number, figure in enumerate(figures):
        at = f"/figures/{number}"
        _expect(isinstance(figure, dict) and isinstance(figure.get("indicator"), str), at, figure)
        _known(figure, set(CSV_COLUMNS), at)
        breakdown = figure.get("breakdown") or ""
        _expect(isinstance(breakdown, str), f"{at}/breakdown", breakdown)
        for part in ("value", "note"):
            _add(plain, figure["indicator"].strip(), breakdown, part, figure.get(part), f"{at}/{part}")


def _read_lists(plain: PlainFile, lists: Any) -> None:
    _expect(isinstance(lists, dict), "/lists", lists)
    for code, rows in lists.items():
        _expect(isinstance(rows, list), f"/lists/{code}", rows)
        for number, row in enumerate(rows):
            at = f"/lists/{code}/{number}"
            _expect(isinstance(row, dict), at, row)
            for column, value in row.items():
                _add(plain, f"{code}.{column}", f"item={number + 1}", "value", value, f"{at}/{column}")


def _read_narratives(plain: PlainFile, narratives: Any) -> None:
    _expect(isinstance(narratives, dict), "/narratives", narratives)
    for code, body in narratives.items():
        _add(plain, code, "", "value", body, f"/narratives/{code}")


def _add(plain: PlainFile, indicator: str, breakdown: str, part: str, value: Any, cell: str) -> None:
    content = _json_content(value, cell)
    if content:
        plain.entries.append(Entry(indicator, breakdown, part, content, cell))


def _json_content(value: Any, at: str) -> Content | None:
    _expect(value is None or isinstance(value, str | int | float), at, value)
    if isinstance(value, int) and not isinstance(value, bool):
        _expect(abs(value) < 10**300, at, value)
    return (_day(value.strip()) if isinstance(value, str) else None) or content_of(value)


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadFileError("duplicate_cell", twice)
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _prove_texts(value: Any) -> None:
    """JSON can spell half a character and the NUL, which no other medium and no database can hold."""
    if isinstance(value, str):
        value.encode()
        if "\0" in value:
            raise ValueError(f"U+0000 in {value[:60]!r}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _prove_texts(key)
            _prove_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            _prove_texts(inner)


def _expect(holds: bool, at: str, value: Any) -> None:
    if not holds:
        raise BadFileError("bad_json", f"{at or '/'} = {str(value)[:60]}", cell=at)


def _known(mapping: Mapping[str, Any], names: set[str], at: str) -> None:
    """A misspelt key would lose what stands under it."""
    unknown = [key for key in mapping if key not in names]
    if unknown:
        raise BadFileError("bad_json", f"{at}/{unknown[0]}", " · ".join(sorted(names)), cell=f"{at}/{unknown[0]}")


# ------------------------------------------------------------------------------------------------ writing


@dataclass(frozen=True, slots=True)
class Contents:
    """What is filled into one form, keyed as :meth:`workbook.fill.Filler.fill` takes it."""

    identity: Mapping[str, str]
    figures: Mapping[str, Typed] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Sequence[Mapping[str, Typed]]] = field(default_factory=dict)
    matrices: Mapping[str, Mapping[str, Mapping[str, Typed]]] = field(default_factory=dict)
    narratives: Mapping[str, str] = field(default_factory=dict)


def write_csv(form: Form, contents: Contents, version: str | None = None) -> bytes:
    """The report as CSV in UTF-8 with a byte order mark and semicolons, as Excel in Vietnam opens it."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    identity = {"form": form.id, "form_version": version or form.version, **contents.identity}
    writer.writerows((f"identity.{name}", "", identity[name], "") for name in IDENTITY if identity.get(name))
    writer.writerows((i, b, _csv_value(value), note) for i, b, value, note in _figures(contents))
    for code, rows in contents.lists.items():
        for number, row in enumerate(rows, 1):
            writer.writerows((f"{code}.{column}", f"item={number}", _csv_value(v), "") for column, v in row.items())
    writer.writerows((code, "", body, "") for code, body in contents.narratives.items())
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def _csv_value(value: Typed) -> str:
    if isinstance(value, str):
        return value
    text = shown(float(value))
    # three decimals could be read as thousands
    return text + "0" if re.fullmatch(r"-?[1-9][0-9]*\.[0-9]{3}", text) else text


def write_json(form: Form, contents: Contents, version: str | None = None) -> bytes:
    """The report as JSON."""
    identity = {"form": form.id, "form_version": version or form.version, **contents.identity}
    figures = [
        {"indicator": i, "breakdown": b, "value": value, "note": note} for i, b, value, note in _figures(contents)
    ]
    document = {
        **{name: identity[name] for name in JSON_IDENTITY if identity.get(name)},
        "figures": [{key: value for key, value in figure.items() if value != ""} for figure in figures],
        "lists": {code: [dict(row) for row in rows] for code, rows in contents.lists.items()},
        "narratives": dict(contents.narratives),
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _figures(contents: Contents) -> Iterable[tuple[str, str, Typed, str]]:
    """(indicator, breakdown, value, note); a note may stand without a value."""
    for code in {**contents.figures, **contents.notes}:
        name, breakdown = split_breakdown(code)
        yield name, breakdown, contents.figures.get(code, ""), contents.notes.get(code, "")
    for matrix, items in contents.matrices.items():
        for item, values in items.items():
            for indicator, value in values.items():
                yield f"{matrix}.{indicator}", item, value, ""
