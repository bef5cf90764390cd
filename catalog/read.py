"""Definition files into models; what cannot be read is gathered as faults instead of stopping at the first."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from catalog.model import Definition, Form, FormField
from catalog.whole import Fault
from domain.cell import Cell

_D = TypeVar("_D", bound=Definition)
_C = TypeVar("_C", list[Any], dict[str, Any])


class Reader:
    """Reads definition files below ``root``; ``faults`` grows with everything that is wrong."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: list[Fault] = []
        #: a file could not be read at all: what refers to it is not judged
        self.is_incomplete = False

    def fault(self, file: str, where: str, what: str) -> None:
        self.faults.append(Fault(file, where, what))

    def unread(self, file: str, where: str, what: str) -> None:
        self.is_incomplete = True
        self.fault(file, where, what)

    def text(self, file: str) -> str | None:
        """The file as UTF-8 text, or ``None`` with a fault."""
        path = self.root / file
        if not path.is_file():
            self.unread(file, "file", "is missing")
            return None
        try:
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            self.unread(file, f"byte {error.start}", "is not UTF-8")
            return None

    def yaml(self, file: str) -> Any:
        text = self.text(file)
        if text is None:
            return None
        try:
            return yaml.load(text, Loader=_yaml_loader())  # noqa: S506 -- a subclass of SafeLoader
        except yaml.YAMLError as error:
            self.unread(file, _yaml_place(error), f"is not YAML: {getattr(error, 'problem', error)}")
            return None

    def yaml_list(self, file: str) -> list[Any]:
        return self._yaml_of(file, list[Any](), "a list")

    def yaml_mapping(self, file: str) -> dict[str, Any]:
        return self._yaml_of(file, dict[str, Any](), "a mapping")

    def _yaml_of(self, file: str, empty: _C, words: str) -> _C:
        """What the file holds when it is of the type of ``empty``; otherwise ``empty``, with a fault."""
        before = len(self.faults)
        raw = self.yaml(file)
        if isinstance(raw, type(empty)):
            return raw
        if len(self.faults) == before:
            self.fault(file, "file", f"must be {words}")
        return empty

    def rows(self, file: str) -> Iterator[tuple[str, dict[str, str]]]:
        """(line, row) of a CSV file."""
        text = self.text(file)
        if text is None:
            return
        reader = csv.DictReader(text.splitlines(keepends=True))
        for row in reader:
            where = f"line {reader.line_num}"
            if None in row or None in row.values():
                self.fault(file, where, "has another number of columns than the header")
                continue
            yield where, row

    def build(self, model: type[_D], raw: Any, file: str, where: str) -> _D | None:
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            for item in error.errors():
                place = ".".join(str(part) for part in item["loc"])
                self.fault(file, f"{where} {place}".strip(), f"{item['msg']} (got {_short(item.get('input'))})")
            return None

    def items(self, model: type[_D], file: str) -> list[_D]:
        """The definitions of a YAML list."""
        built = [
            self.build(model, item, file, _name(item, number)) for number, item in enumerate(self.yaml_list(file), 1)
        ]
        return [item for item in built if item is not None]

    def table(self, model: type[_D], file: str, lists: Iterable[str] = ()) -> list[_D]:
        """The definitions of a CSV table; empty cells fall back to the model's default, ``lists`` split at ``|``."""
        split = set(lists)
        built = []
        for where, row in self.rows(file):
            raw = {key: value.split("|") if key in split else value for key, value in row.items() if value != ""}
            built.append(self.build(model, raw, file, where))
        return [item for item in built if item is not None]

    def unique(self, file: str, items: list[_D], key: Callable[[_D], str]) -> dict[str, _D]:
        """The items by key; a key that stands twice is a fault."""
        for name, count in Counter(key(item) for item in items).items():
            if count > 1:
                self.fault(file, name, f"is defined {count} times")
        return {key(item): item for item in items}


def _name(raw: Any, number: int) -> str:
    """How a person finds the item again: its id, or its place in the list."""
    for key in ("id", "code"):
        if isinstance(raw, dict) and isinstance(raw.get(key), str):
            return str(raw[key])
    return f"item {number}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _yaml_place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}" if mark else "file"


@lru_cache(maxsize=1)
def _yaml_loader() -> type[yaml.SafeLoader]:
    """YAML's safe loader without its octal and yes/no traps: 08 stays text, "no" stays a word; a key stands once."""
    base: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc, valid-type]
        pass

    plain = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int")
    Loader.yaml_implicit_resolvers = {
        first: [(tag, regex) for tag, regex in rules if tag not in plain]
        for first, rules in base.yaml_implicit_resolvers.items()
    }
    Loader.add_implicit_resolver(plain[0], re.compile(r"^(?:true|false)$"), list("tf"))
    Loader.add_implicit_resolver(plain[1], re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
    Loader.add_constructor("tag:yaml.org,2002:map", _mapping_of_unique_keys)
    Loader.add_constructor("tag:yaml.org,2002:timestamp", _day_there_is)
    return Loader


def _day_there_is(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    """30 February stays text, which no model takes for a day; YAML itself would end the program."""
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:
        return loader.construct_scalar(node)


def _mapping_of_unique_keys(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    """YAML itself keeps the last of two equal keys without a word."""
    seen = set()
    for key, _ in node.value:
        if key.value in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} stands twice", key.start_mark)
        seen.add(key.value)
    return loader.construct_mapping(node, deep=True)


def read_form(reader: Reader, folder: str) -> Form | None:
    """The form of ``forms/<folder>``: its sections, its fields and the place of each of them by version."""
    name = f"forms/{folder}"
    raw = reader.yaml_mapping(f"{name}/form.yaml")
    if not raw:
        return None
    fields = _read_fields(reader, folder)
    places = _read_places(reader, f"{name}/columns.csv")
    return reader.build(Form, {**raw, "fields": fields, "places": places}, f"{name}/form.yaml", "")


def _read_fields(reader: Reader, folder: str) -> list[FormField]:
    file = f"forms/{folder}/fields.csv"
    fields = []
    for where, row in reader.rows(file):
        given = {key: value for key, value in row.items() if value != ""}
        fields.append(reader.build(FormField, {"form": folder, **given}, file, where))
    built = [field for field in fields if field is not None]
    return list(reader.unique(file, built, lambda field: field.code).values())


def _read_places(reader: Reader, file: str) -> dict[str, dict[str, str]]:
    places: dict[str, dict[str, str]] = defaultdict(dict)
    for where, row in reader.rows(file):
        place = row.pop("place", "")
        for version, address in row.items():
            if address:
                _read_place(reader, file, f"{where} {version}", place, address, places[version])
    return dict(places)


def _read_place(reader: Reader, file: str, where: str, place: str, address: str, places: dict[str, str]) -> None:
    try:
        Cell.parse(address)
    except ValueError as error:
        reader.fault(file, where, str(error))
    if place in places:
        reader.fault(file, where, f"{place} is placed twice")
    elif address in places.values():
        reader.fault(file, where, f"{address} is already the place of something else")
    places[place] = address
