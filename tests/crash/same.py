"""Whether two warehouses hold the same, row for row, and whether one is sound."""

from __future__ import annotations

import zipfile
from collections import Counter
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, select, text

from tests.crash.world import Place, sha256
from warehouse import tables
from warehouse.engine import make_engine
from warehouse.schema import Moment

#: How a run went about it may differ; what it came to may not. Attempts are looked at by :func:`assert_sound`.
#: Notices tell of what happened, by the step that a run in Prefect has and the plain steps have not.
_HOW = {"run", "attempt", "roll_up_past", "notice", "alembic_version"}

#: Settings that say how far something has come.
_HOW_FAR = {"notices_told_up_to"}

#: Columns that say who or when, or are a number given out in the order of the work.
_SURROGATE = {"id", "run_id", "attempt_id", "claimed_by", "place_id", "breakdown_id", "manner_id"}

#: Moments that come from outside; the others are those of the work itself.
_TOLD = {"received_at", "first_received_at"}

Row = tuple[tuple[str, Any], ...]


class Dump:
    """Every row of a warehouse in words that two warehouses have in common."""

    def __init__(self, engine: Engine, home: Path) -> None:
        self._home = str(home)
        with engine.connect() as connection:
            self._connection = connection
            self.rows = {name: self._table(table) for name, table in tables.metadata.tables.items() if name not in _HOW}

    def differences(self, other: Dump) -> list[str]:
        """What one holds and the other does not; empty when they are the same."""
        found = []
        for name in self.rows:
            mine, theirs = self.rows[name], other.rows[name]
            found += [f"only here: {name} {dict(row)} ×{n}" for row, n in (mine - theirs).items()]
            found += [f"only there: {name} {dict(row)} ×{n}" for row, n in (theirs - mine).items()]
        return found

    def _table(self, table: Table) -> Counter[Row]:
        columns = [column for column in table.columns if not _is_how(column)]
        records = self._connection.execute(select(*table.columns)).mappings()
        return Counter(
            (*((c.name, self._word(c.name, record[c.name])) for c in columns), *self._looked_up(table, record))
            for record in records
            if table.name != "setting" or record["key"] not in _HOW_FAR
        )

    def _looked_up(self, table: Table, record: Any) -> tuple[tuple[str, Any], ...]:
        return tuple(
            (name, words.get(record[name])) for name, words in self._dictionaries.items() if name in table.columns
        )

    def _word(self, name: str, value: Any) -> Any:
        """Submissions are named by their bytes, places by the path below the workspace."""
        if value is None:
            return None
        if name in ("submission_id", "superseded_by", "other_submission_id"):
            return self._hashes[value]
        if name == "unit_id":
            return self._units[value]
        if isinstance(value, str):
            return value.replace(self._home, "")
        return value if not isinstance(value, datetime | date) else value.isoformat()

    @cached_property
    def _hashes(self) -> dict[int, str]:
        return self._pairs(_HASHES)

    @cached_property
    def _units(self) -> dict[int, str]:
        return self._pairs("select id, code || ' ' || valid_from from unit")

    @cached_property
    def _dictionaries(self) -> dict[str, dict[int, str]]:
        """Numbers that are given out in the order in which their words were met."""
        return {
            "breakdown_id": self._pairs("select id, code from breakdown"),
            "place_id": self._pairs("select id, sheet || '!' || cell from place"),
            "manner_id": self._pairs(
                "select id, qualifier || status || basis || scope || case when derived then 1 else 0 end from manner"
            ),
        }

    def _pairs(self, sql: str) -> dict[int, str]:
        return {int(number): str(word) for number, word in self._connection.execute(text(sql))}


def _is_how(column: Any) -> bool:
    return column.name in _SURROGATE or (isinstance(column.type, Moment) and column.name not in _TOLD)


def dump(place: Place) -> Dump:
    engine = make_engine(place.settings.url)
    try:
        return Dump(engine, place.home)
    finally:
        engine.dispose()


def returned(place: Place) -> list[str]:
    """The annotated copies, each whole, named by the bytes of the report instead of its number.

    One of a report of which a newer version has come since does not count: it depends on when a run came by.
    """
    folder = place.settings.workspace.returned
    engine = make_engine(place.settings.url)
    try:
        with engine.connect() as connection:
            hashes = {str(number): digest for number, digest in connection.execute(text(_HASHES))}
            newest = {str(number) for (number,) in connection.execute(text(_NEWEST))}
    finally:
        engine.dispose()
    names = []
    for path in folder.rglob("*.xlsx"):
        with zipfile.ZipFile(path) as book:
            assert book.testzip() is None
        report, _, number = path.stem.rpartition("_")
        if number in newest:
            names.append(f"{path.parent.name}/{report} {hashes[number]}")
    return sorted(names)


_HASHES = "select id, file_sha256 from submission"

_NEWEST = """
select id from submission s where not exists (
    select 1 from submission n where n.unit_id = s.unit_id and n.period_id = s.period_id and n.form_id = s.form_id
    and n.version > s.version)
"""


# ------------------------------------------------------------------------------------------------ soundness


def assert_sound(place: Place) -> None:
    """Nothing lost, nothing doubled, nothing left over: the archive, the inbox and the books agree."""
    delivered = Counter((sha256(path), path.name) for path in place.sent)
    engine = make_engine(place.settings.url)
    try:
        with engine.connect() as connection:
            _assert_books(connection, delivered)
    finally:
        engine.dispose()
    assert assert_archive_sound(place) == Counter({digest for digest, _ in delivered})
    assert [path for path in place.inbox.rglob("*") if path.is_file()] == []


def _assert_books(connection: Connection, delivered: Counter[tuple[str, str]]) -> None:
    def asked(sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(text(sql))]

    hashes = {digest for digest, _ in delivered}
    assert Counter(asked("select file_sha256 from submission")) == Counter((digest,) for digest in hashes)
    assert Counter(asked("select sha256 from file")) == Counter((digest,) for digest in hashes)
    assert Counter(asked("select file_sha256, name from receipt")) == delivered, "a receipt for each delivered file"
    assert asked("select id from submission where state = 'received' or claimed_by is not null") == []
    deciding = asked("select submission_id from attempt where outcome not in ('same_bytes', 'failed')")
    assert Counter(deciding) == Counter(asked("select id from submission")), "one deciding attempt for each submission"
    same = asked("select submission_id from attempt where outcome = 'same_bytes'")
    assert len(same) == delivered.total() - len(hashes)
    named = "select s.id from submission s join attempt a on a.id = s.attempt_id and a.submission_id = s.id"
    assert len(asked(named)) == len(hashes)
    in_force = "select count(*) from submission where state in ('accepted', 'accepted_with_warnings') group by {}"
    assert set(asked(in_force.format("unit_id, period_id, form_id"))) <= {(1,)}
    believed = "select distinct submission_id from observation where recorded_to is null"
    assert {*asked(believed)} <= {*asked("select id from submission where state like 'accepted%'")}


def assert_archive_sound(place: Place) -> Counter[str]:
    """Every file of the archive is what its name says; which hashes it holds. Copies under way do not count."""
    archive = place.settings.workspace.archive
    kept = [path for path in archive.rglob("*") if path.is_file() and path.parent.name != "incoming"]
    for path in kept:
        assert sha256(path) == path.name.partition(".")[0], "a file in the archive is not what its name says"
    return Counter(path.name.partition(".")[0] for path in kept)
