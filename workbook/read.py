"""Files of units in, frames out: one meaning for xlsx, xls, xlsb, ods, csv and json.

A bad file never raises: it becomes faults. A file that cannot be opened by the operating system raises ``OSError``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from catalog import Catalog
from domain.columns import CELLS
from workbook.cells import Filled, cell_frame, content_of, fault_frame, header_frame
from workbook.container import MAX_FILE
from workbook.faults import BadFileError, Fault
from workbook.layout import Layout
from workbook.plain import PlainFile, read_csv, read_json
from workbook.sheets import Book, SheetReader, form_and_version, form_faults, identity_faults, marker_faults, scope_code

_ZIP, _COMPOUND = b"PK", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MACRO_SUFFIXES = {".xlsm", ".xltm", ".xlam"}
_SPREADSHEETS = {".xlsx", ".xls", ".xlsb", ".ods"}
_PLAIN = {".csv": read_csv, ".json": read_json}
ACCEPTED = ".xlsx .xls .xlsb .ods .csv .json"


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: the caller's number for it, where its bytes are, and the name its sender gave it."""

    file: int
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The frames ``HEADERS`` (a row a file, in the order of the sources), ``CELLS`` and ``FAULTS``."""

    headers: pl.DataFrame
    cells: pl.DataFrame
    faults: pl.DataFrame


def read_files(sources: Sequence[Source], catalog: Catalog) -> Batch:
    """Read every file; what is wrong with one never touches another."""
    reading = _Reading(catalog)
    for source in sources:
        reading.read(source)
    return reading.batch()


@dataclass
class _Reading:
    catalog: Catalog
    headers: list[dict[str, object]] = field(default_factory=list)
    faults: list[tuple[int, Fault]] = field(default_factory=list)
    filled: dict[tuple[str, str], Filled] = field(default_factory=dict)
    plain: list[tuple[object, ...]] = field(default_factory=list)

    def read(self, source: Source) -> None:
        header: dict[str, object] = {"file": source.file, "name": _shown(source.name)}
        self.headers.append(header)
        try:
            self._read(source, header)
        except BadFileError as bad:
            self.faults.append((source.file, bad.fault))

    def batch(self) -> Batch:
        frames = [filled.frame() for filled in self.filled.values()]
        return Batch(
            headers=header_frame(self.headers),
            cells=pl.concat([*frames, cell_frame(self.plain)]).select(list(CELLS)),
            faults=fault_frame(self.faults),
        )

    def _read(self, source: Source, header: dict[str, object]) -> None:
        header["media"] = _shown(suffix_of(source)).removeprefix(".") or None
        opened = open_source(source)
        if isinstance(opened, Book):
            self._read_book(source.file, header, opened)
        else:
            self._read_plain(source.file, header, opened)

    def _read_book(self, file: int, header: dict[str, object], book: Book) -> None:
        header["media"] = book.media
        form, version = form_and_version(book)
        filled = self._filled(file, header, form, version)
        if filled is None:
            return
        reader = SheetReader(book, filled.layout)
        header.update({name: reader.header.get(name) for name in ("unit", "unit_name", "period", "reporter")})
        header["scope"] = scope_code(_text(reader.header.get("scope")))
        faults = reader.faults or list(identity_faults(header, lambda name: _place(filled.layout, name)))
        faults.extend(marker_faults(header, book.marker, _place(filled.layout, "unit")))
        self.faults.extend((file, fault) for fault in faults)
        self._note_empty(file, any(content_of(value) for value in reader.values), faults)
        filled.files.extend([file] * len(reader.slots))
        filled.slots.extend(reader.slots)
        filled.values.extend(reader.values)

    def _read_plain(self, file: int, header: dict[str, object], plain: PlainFile) -> None:
        header.update(plain.header)
        header["scope"] = scope_code(_text(header.get("scope")))
        form, version = plain.header.get("form"), plain.header.get("form_version")
        filled = self._filled(file, header, form, version)
        if filled is None:
            return
        cells, faults = plain.placed(filled.layout)
        faults.extend(identity_faults(header, lambda name: ("", plain.places.get(name, ""))))
        self.faults.extend((file, fault) for fault in faults)
        self._note_empty(file, bool(cells), faults)
        self.plain.extend((file, form, *cell) for cell in cells)

    def _filled(self, file: int, header: dict[str, object], form: str | None, version: str | None) -> Filled | None:
        """Where cells of this form and version gather; ``None``, and a fault, when there is no such layout."""
        header.update({"form": form, "form_version": version})
        faults = list(form_faults(form, version, self.catalog))
        self.faults.extend((file, fault) for fault in faults)
        if faults or form is None or version is None:
            return None
        key = (form, version)
        if key not in self.filled:
            self.filled[key] = Filled(_layout(self.catalog, form, version))
        return self.filled[key]

    def _note_empty(self, file: int, filled: bool, faults: list[Fault]) -> None:
        if not filled and not faults:
            self.faults.append((file, Fault("no_cells")))


#: Layouts drawn up before, by fingerprint of the catalogue, form and version: a run reads many batches.
_LAYOUTS: dict[tuple[str, str, str], Layout] = {}


def _layout(catalog: Catalog, form: str, version: str) -> Layout:
    key = (catalog.fingerprint, form, version)
    known = _LAYOUTS.get(key)
    if known is None or known.form != catalog.forms[form]:
        known = _LAYOUTS[key] = Layout(catalog.forms[form], version, catalog)
    return known


def suffix_of(source: Source) -> str:
    return Path(source.name).suffix.lower() or source.path.suffix.lower()


def open_source(source: Source) -> Book | PlainFile:
    """The file, opened as what it is by its content; raises :class:`BadFileError` where that must not or cannot be."""
    suffix = suffix_of(source)
    data = _bytes_of(source, suffix)
    if data.startswith((_ZIP, _COMPOUND)):
        return Book(data)
    if suffix in _PLAIN:
        return _PLAIN[suffix](data)
    raise BadFileError("unsupported_type", _shown(suffix), ACCEPTED)


def _bytes_of(source: Source, suffix: str) -> bytes:
    """The bytes of the file, once its size and name allow it to be looked into."""
    size = source.path.stat().st_size
    if size == 0:
        raise BadFileError("empty_file", "0 B")
    if size > MAX_FILE:
        raise BadFileError("too_large_file", f"{size / 1e6:.1f} MB", f"≤ {MAX_FILE / 1e6:.0f} MB")
    if suffix in _MACRO_SUFFIXES:
        raise BadFileError("macro_file", suffix)
    data = source.path.read_bytes()
    if suffix in _SPREADSHEETS and not data.strip(b"\0"):
        raise BadFileError("truncated", f"{size} B")
    return data


def _place(layout: Layout, name: str) -> tuple[str, str]:
    cell = layout.identity.get(name)
    return (cell.sheet, cell.address) if cell else ("", "")


def _shown(name: str) -> str:
    """The name as text: one that another encoding gave the file holds bytes that no text can hold."""
    return name.encode("utf-8", "replace").decode()


def _text(value: object) -> str | None:
    return None if value is None else str(value)
