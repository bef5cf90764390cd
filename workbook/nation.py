"""The published lists of the nation's administrative units, read from the package that carries them.

``vietnamadminunits`` (MIT): a table of the communes before 1 July 2025, one of those after, and which went where. Only
its data is read, none of its code is run; the wheel as it is downloaded will do, or the folder it was unpacked to.
"""

from __future__ import annotations

import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.nation import NationLists, Place, Went
from workbook.container import DAMAGED_ZIP

_TABLES, _PASSAGES = "data/dataset.db", "data/converter_2025.json"

#: Far more than the tables are; what unpacks to more is no list of communes.
_LARGEST = 200 * 1024 * 1024

_BEFORE = """\
SELECT province, provinceKey, provinceCode, district, districtKey, districtCode, ward, wardKey, wardCode
FROM admin_units_legacy"""
_AFTER = "SELECT province, provinceKey, provinceCode, ward, wardKey, wardCode FROM admin_units"

_VERSION = re.compile(r"vietnamadminunits-(\d[\w.]*)")


class NationListsError(ValueError):
    """The file is not the package that is expected, or its parts do not fit one another; ``vi`` and ``en`` say why."""

    def __init__(self, vi: str, en: str) -> None:
        self.vi, self.en = vi, en
        super().__init__(en)


def read_nation(path: Path) -> NationLists:
    """The lists of a wheel, or of a folder that holds ``vietnamadminunits/``.

    Raises :class:`NationListsError` and ``OSError``.
    """
    parts = _from_folder(path) if path.is_dir() else _from_wheel(path)
    try:
        before, after = _rows(parts[_TABLES])
        passages = json.loads(parts[_PASSAGES])
        return NationLists(
            tuple(_places_before(before)),
            tuple(_places_after(after)),
            tuple(_went(before, after, passages)),
            _source(path),
        )
    except (sqlite3.Error, KeyError, TypeError, AttributeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NationListsError(
            f"{path.name}: các bảng không có dạng đã biết ({error}); cần bản 1.0.4",
            f"{path.name}: its tables are not of the known form ({error}); version 1.0.4 is needed",
        ) from error


def _source(path: Path) -> str:
    found = _VERSION.search(path.name)
    return f"danh mục đơn vị hành chính (vietnamadminunits{f' {found[1]}' if found else ''}, MIT)"


# ------------------------------------------------------------------------------------------------ the package


def _from_wheel(path: Path) -> dict[str, bytes]:
    if not zipfile.is_zipfile(path):
        path.open("rb").close()  # a file that is not there, or may not be read, says so itself
        raise _foreign(path)
    with zipfile.ZipFile(path) as wheel:
        members = {info.filename: info for info in wheel.infolist()}
        found = {part: members.get(f"vietnamadminunits/{part}") for part in (_TABLES, _PASSAGES)}
        if any(info is None or info.file_size > _LARGEST for info in found.values()):
            raise _foreign(path)
        try:
            return {part: wheel.read(info) for part, info in found.items() if info is not None}
        except DAMAGED_ZIP as error:
            raise NationListsError(
                f"{path.name} bị hỏng ({error}); tải lại", f"{path.name} is damaged ({error}); download it again"
            ) from error


def _from_folder(path: Path) -> dict[str, bytes]:
    root = path / "vietnamadminunits"
    if not all((root / part).is_file() for part in (_TABLES, _PASSAGES)):
        raise _foreign(path)
    return {part: (root / part).read_bytes() for part in (_TABLES, _PASSAGES)}


def _foreign(path: Path) -> NationListsError:
    return NationListsError(
        f"{path.name} không phải gói vietnamadminunits; tải bằng: pip download --no-deps vietnamadminunits==1.0.4",
        f"{path.name} is not the package vietnamadminunits; get it by: pip download --no-deps vietnamadminunits==1.0.4",
    )


def _rows(content: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    with io.BytesIO(content) as stream:
        connection = sqlite3.connect(":memory:")
        try:
            connection.deserialize(stream.getvalue())
            connection.row_factory = sqlite3.Row
            before = [dict(row) for row in connection.execute(_BEFORE)]
            after = [dict(row) for row in connection.execute(_AFTER)]
        finally:
            connection.close()
    return before, after


# ------------------------------------------------------------------------------------------------ what is in it


def _places_before(rows: list[dict[str, Any]]) -> Iterator[Place]:
    yield from dict.fromkeys(Place(row["provinceCode"], row["province"], None) for row in rows)
    yield from dict.fromkeys(Place(row["districtCode"], row["district"], row["provinceCode"]) for row in rows)
    # five island districts had no communes
    yield from (Place(row["wardCode"], row["ward"], row["districtCode"]) for row in rows if row["wardCode"])


def _places_after(rows: list[dict[str, Any]]) -> Iterator[Place]:
    yield from dict.fromkeys(Place(row["provinceCode"], row["province"], None) for row in rows)
    yield from (Place(row["wardCode"], row["ward"], row["provinceCode"]) for row in rows)


def _went(before: list[dict[str, Any]], after: list[dict[str, Any]], passages: dict[str, Any]) -> Iterator[Went]:
    """Keys of the package into codes; every former commune is there, whole or in parts."""
    old_provinces = {row["provinceKey"]: row["provinceCode"] for row in before}
    new_provinces = {row["provinceKey"]: row["provinceCode"] for row in after}
    old = {
        "_".join((row["provinceKey"], row["districtKey"], row["wardKey"] or "")): row["wardCode"] or row["districtCode"]
        for row in before
    }
    new = {(row["provinceKey"], row["wardKey"]): row["wardCode"] for row in after}
    for province, parts in passages["DICT_PROVINCE"].items():
        yield from (Went(old_provinces[part], new_provinces[province], is_whole=True) for part in parts)
    for province, wards in passages["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, parts in wards.items():
            yield from (Went(old[part], new[province, ward], is_whole=True) for part in parts)
    for province, divided in passages["DICT_PROVINCE_WARD_DIVIDED"].items():
        for part, pieces in divided.items():
            yield from (Went(old[part], new[province, piece["newWardKey"]], is_whole=False) for piece in pieces)
