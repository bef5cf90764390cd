"""The registry: definitions and units copied into the warehouse, so that figures can be read with SQL alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

import polars as pl
from sqlalchemy import Column, Connection, Engine, Integer, Select, Table, delete, func, select

from catalog.fingerprints import UNIT, Fingerprints, definition_fingerprints, unit_fingerprints
from catalog.model import Definition, UnitEventRecord, UnitRecord
from catalog.register import EventKey, event_key, key_of
from catalog.whole import Catalog
from domain.act import Act
from domain.period import Period
from domain.unit import UnitKey
from warehouse import tables
from warehouse.ancestry import refresh_ancestry
from warehouse.bulk import (
    MOMENT,
    gather_statistics,
    insert_frame,
    next_id,
    number_rows,
    polars_type,
    read_frame,
    update_frame,
)
from warehouse.engine import note_act, write

#: Periods are there from this year on unless other years are asked for: before it no report is taken in.
FIRST_YEAR = 2010


#: Where the rows of the shipped register are noted that this installation changed: updates leave them alone.
_CHANGED_HERE = "register_changed_here"

#: The setting that changes when an import changes where units went: whoever follows them must look again.
REGISTER_EVENTS = "register_events"


#: Small tables that every question of analysts begins with: PostgreSQL's own round may never come to them.
_PLANNED_BY = (tables.unit, tables.period, tables.period_due, tables.obligation, tables.form, tables.indicator)


class RegisterMovedError(Exception):
    """Somebody else changed the register between the proof and the writing; nothing was written."""


class UnknownUnitKindError(ValueError):
    """Units were given whose kind the definitions do not know."""


@dataclass(frozen=True, slots=True)
class Synced:
    """How many rows a table gained and how many changed."""

    added: int = 0
    changed: int = 0

    def __add__(self, other: Synced) -> Synced:
        return Synced(self.added + other.added, self.changed + other.changed)


def sync_registry(
    engine: Engine,
    catalog: Catalog,
    units: Sequence[UnitRecord] | None = None,
    *,
    years: Iterable[int] | None = None,
) -> dict[str, Synced]:
    """Bring the registry up to the definitions, in one transaction; done twice it changes nothing the second time.

    ``units`` are taken besides those of the catalog. A unit of the catalog that somebody imported over (its source then
    differs) stays as imported: the register belongs to the installation. Nothing is ever deleted that a figure could
    refer to: a form, an indicator or a rule that left the definitions stays with ``is_current`` false.
    """
    today = datetime.now(UTC).date()
    wanted = range(FIRST_YEAR, today.year + 3) if years is None else years
    with write(engine) as connection:
        _note_beginning(connection, catalog)
        done = {
            "unit_kind": _sync(connection, tables.unit_kind, _unit_kinds(catalog), ["code"]),
            "unit": _sync_shipped(connection, catalog.units) + _sync_units(connection, units or ()),
            "period": Synced(),
            "form": _sync(connection, tables.form, _forms(catalog), ["code"], retire=True),
            "indicator": _sync(connection, tables.indicator, _indicators(catalog), ["code"], retire=True),
            "rule": _sync(connection, tables.rule, _rules(catalog), ["id"], retire=True),
        }
        changed_here = _changed_here(connection)
        shipped = [event for event in catalog.events if _event_words(event_key(event)) not in changed_here]
        done["unit_event"] = _sync_events(connection, shipped)
        if done["unit"] != Synced() or done["unit_event"] != Synced():
            refresh_ancestry(connection)
        done["period"] = ensure_periods(connection, [p for year in wanted for p in catalog.periods(year)])
        _replace_obligations(connection, catalog)
        set_setting(connection, "catalog_fingerprint", catalog.fingerprint)
        _note_changes(connection, definition_fingerprints(catalog) | _unit_fingerprints(connection))
        gather_statistics(connection, sum(synced.added for synced in done.values()), *_PLANNED_BY)
    return done


def import_units(engine: Engine, catalog: Catalog, records: Sequence[UnitRecord]) -> Synced:
    """Add units, or change the ones with the same (code, valid_from); their kinds are those of the catalog.

    Raises :class:`UnknownUnitKindError` naming every kind that is not known; then nothing is changed.
    """
    with write(engine) as connection:
        _note_beginning(connection, catalog)
        _sync(connection, tables.unit_kind, _unit_kinds(catalog), ["code"])
        done = _sync_units(connection, records)
        refresh_ancestry(connection)
        _note_changes(connection, _unit_fingerprints(connection))
    return done


@dataclass(frozen=True, slots=True)
class Signed:
    """Who changes the register, why (empty: nobody said), and from which files: name and SHA-256 of each."""

    who: str
    reason: str
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Register:
    """The units and events the warehouse holds, with all their history."""

    units: tuple[UnitRecord, ...]
    events: tuple[UnitEventRecord, ...]


def read_register(engine: Engine) -> Register:
    """The whole register: units by code and first day, events by day."""
    with engine.connect() as connection:
        return _whole_register(connection)


def _whole_register(connection: Connection) -> Register:
    return Register(tuple(_register(connection)), tuple(_events(connection)))


def import_register(
    engine: Engine,
    catalog: Catalog,
    units: Sequence[UnitRecord],
    events: Sequence[UnitEventRecord],
    removed: Iterable[EventKey] = (),
    *,
    proved_with: Register | None = None,
    signed: Signed | None = None,
) -> None:
    """Add or change units by (code, first day) and events by (day, old, new); take back the ``removed`` events.

    One transaction, with the act that says who did so when it is ``signed``. ``catalog`` is the shipped one: what is
    changed of its rows is noted, and stays as imported when the program is updated. Raises :class:`RegisterMovedError`
    when the register is no longer ``proved_with``, and :class:`UnknownUnitKindError`.
    """
    gone = set(removed)
    with write(engine) as connection:
        if proved_with is not None and _whole_register(connection) != proved_with:
            raise RegisterMovedError
        _note_beginning(connection, catalog)
        before = _counts(connection)
        _sync(connection, tables.unit_kind, _unit_kinds(catalog), ["code"])
        _sync_units(connection, units)
        _remove_events(connection, gone)
        _sync_events(connection, events)
        refresh_ancestry(connection)
        _note_changed_here(connection, catalog, units, events, gone)
        _note_changes(connection, _unit_fingerprints(connection))
        told = sorted(_event_words(event_key(event)) + event.share for event in _events(connection))
        set_setting(connection, REGISTER_EVENTS, hashlib.sha256("\n".join(told).encode()).hexdigest())
        if signed is not None:
            _record_import(connection, signed, before)


def _counts(connection: Connection) -> dict[str, int]:
    """How many units and events there are."""
    counted = {"units": tables.unit, "events": tables.unit_event}
    return {name: connection.scalar(select(func.count()).select_from(table)) or 0 for name, table in counted.items()}


def _record_import(connection: Connection, signed: Signed, before: dict[str, int]) -> None:
    """The act: ``before`` and ``after`` count units and events, ``after`` names the files besides."""
    files = [{"name": name, "sha256": digest} for name, digest in signed.files]
    after = json.dumps({**_counts(connection), "files": files}, ensure_ascii=False)
    connection.execute(
        tables.action.insert().values(
            id=next_id(connection, tables.action),
            at=datetime.now(UTC),
            who=signed.who,
            what=Act.IMPORT_REGISTER.value,
            reason=signed.reason,
            before=json.dumps(before),
            after=after,
        )
    )
    note_act(connection, Act.IMPORT_REGISTER.value)


def read_units(engine: Engine) -> list[UnitRecord]:
    """The whole register with its history, by code and first day."""
    with engine.connect() as connection:
        return _register(connection)


def _register(connection: Connection) -> list[UnitRecord]:
    unit = tables.unit.c
    query = select(
        unit.code, unit.valid_from, unit.valid_to, unit.name, unit.kind, unit.parent_code.label("parent"), unit.source
    ).order_by(unit.code, unit.valid_from)
    # proved when they were written: proving 280,000 units again would take seconds of every run
    return [UnitRecord.model_construct(**row) for row in read_frame(connection, query).iter_rows(named=True)]


def _events(connection: Connection) -> list[UnitEventRecord]:
    event, old, new = tables.unit_event.c, tables.unit.alias("old"), tables.unit.alias("new")
    query = (
        select(
            event.kind,
            event.day,
            old.c.code.label("old_code"),
            old.c.valid_from.label("old_valid_from"),
            new.c.code.label("new_code"),
            new.c.valid_from.label("new_valid_from"),
            event.share,
            event.document,
        )
        .join_from(tables.unit_event, old, old.c.id == event.old_unit_id)
        .join(new, new.c.id == event.new_unit_id)
        .order_by(event.day, old.c.code, new.c.code, old.c.valid_from, new.c.valid_from)
    )
    return [UnitEventRecord.model_construct(**row) for row in read_frame(connection, query).iter_rows(named=True)]


def missing_periods(engine: Engine, codes: Iterable[str]) -> list[str]:
    """Of these period codes, those the warehouse does not know."""
    with engine.connect() as connection:
        known = set(connection.scalars(select(tables.period.c.code)))
    return sorted(set(codes) - known)


def ensure_periods(connection: Connection, periods: Sequence[Period]) -> Synced:
    """Add or correct periods and their due days; a closed period keeps the days by which its reports were late or not:
    calendars bear no dates, so a deadline that is changed is meant for what is to come."""
    period = tables.period.c
    closed = set(connection.scalars(select(period.code).where(period.closed_at.is_not(None))))
    periods = [item for item in periods if item.code not in closed]
    done = _sync(connection, tables.period, [_period_row(period) for period in periods], ["code"])
    ids = dict(connection.execute(select(tables.period.c.code, tables.period.c.id)).tuples().all())
    dues = [
        {"period_id": ids[period.code], "level": level, "due": due}
        for period in periods
        for level, due in period.due.items()
    ]
    _sync(connection, tables.period_due, dues, ["period_id", "level"])
    return done


def setting(connection: Connection, key: str) -> str | None:
    return connection.scalar(select(tables.setting.c.value).where(tables.setting.c.key == key))


def set_setting(connection: Connection, key: str, value: str) -> None:
    if setting(connection, key) != value:
        connection.execute(delete(tables.setting).where(tables.setting.c.key == key))
        connection.execute(tables.setting.insert().values(key=key, value=value, changed_at=datetime.now(UTC)))


# ------------------------------------------------------------------------------------------------ upsert


def _sync(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], key: list[str], *, retire: bool = False
) -> Synced:
    """Insert rows whose key is new and update those that differ. ``retire``: rows not given lose ``is_current``."""
    wanted = _frame(table, rows)
    there = read_frame(connection, select(*[table.c[name] for name in {**dict.fromkeys(key), **wanted.schema}]))
    fresh = wanted.join(there, on=key, how="anti", maintain_order="left")
    changed = wanted.join(fresh, on=key, how="anti").join(there, on=wanted.columns, how="anti", nulls_equal=True)
    if "id" in table.c and "id" not in wanted.columns:
        fresh = number_rows(connection, table, fresh)
    insert_frame(connection, table, fresh)
    update_frame(connection, table, changed, key)
    if retire:
        gone = there.join(wanted, on=key, how="anti").filter("is_current").select(key)
        update_frame(connection, table, gone.with_columns(is_current=pl.lit(False)), key)
    return Synced(fresh.height, changed.height)


def _frame(table: Table, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame typed as the table is; of rows with the same content one is kept."""
    names = list(rows[0]) if rows else [column.name for column in table.c if not _is_number(column)]
    schema = {name: polars_type(table.c[name].type) for name in names}
    return pl.DataFrame(rows, schema=schema, orient="row").unique(maintain_order=True)


def _is_number(column: Column[Any]) -> bool:
    """Numbers are given by the warehouse, ids in words by the definitions."""
    return column.name == "id" and isinstance(column.type, Integer)


def _sync_units(connection: Connection, records: Sequence[UnitRecord]) -> Synced:
    kinds = dict(connection.execute(select(tables.unit_kind.c.code, tables.unit_kind.c.level)).tuples().all())
    unknown = sorted({record.kind for record in records} - set(kinds))
    if unknown:
        raise UnknownUnitKindError(f"unknown kinds of unit: {', '.join(unknown)}")
    rows = [_unit_row(record, kinds[record.kind]) for record in _last_of_each(records)]
    return _sync(connection, tables.unit, rows, ["code", "valid_from"])


def _sync_shipped(connection: Connection, records: Sequence[UnitRecord]) -> Synced:
    unit = tables.unit.c
    source = {
        (code, day): said for code, day, said in connection.execute(select(unit.code, unit.valid_from, unit.source))
    }
    changed_here = _changed_here(connection)
    own = [
        record
        for record in records
        if source.get((record.code, record.valid_from), record.source) == record.source
        and _unit_words(key_of(record)) not in changed_here
    ]
    return _sync_units(connection, own)


def _changed_here(connection: Connection) -> set[str]:
    return set(json.loads(setting(connection, _CHANGED_HERE) or "[]"))


def _note_changed_here(
    connection: Connection,
    catalog: Catalog,
    units: Sequence[UnitRecord],
    events: Sequence[UnitEventRecord],
    removed: set[EventKey],
) -> None:
    """A row of the shipped register that was imported otherwise is this installation's; as shipped it is not."""
    shipped = {_unit_words(key_of(unit)): _digest_of(unit) for unit in catalog.units}
    shipped |= {_event_words(event_key(event)): _digest_of(event) for event in catalog.events}
    given = {_unit_words(key_of(unit)): _digest_of(unit) for unit in units}
    given |= {_event_words(event_key(event)): _digest_of(event) for event in events}
    given |= {_event_words(key): "" for key in removed}
    differing = {key for key, digest in given.items() if shipped.get(key, digest) != digest}
    before = _changed_here(connection)
    after = (before - given.keys()) | differing
    if after != before:
        set_setting(connection, _CHANGED_HERE, json.dumps(sorted(after)))


def _unit_words(key: UnitKey) -> str:
    return f"{key.code} {key.valid_from}"


def _event_words(key: EventKey) -> str:
    day, old, new = key
    return f"{day}: {_unit_words(old)} → {_unit_words(new)}"


def _digest_of(record: Definition) -> str:
    return record.model_dump_json()


def _last_of_each(records: Sequence[UnitRecord]) -> list[UnitRecord]:
    return list({(record.code, record.valid_from): record for record in records}.values())


def _unit_ids(connection: Connection) -> dict[tuple[str, date], int]:
    unit = tables.unit.c
    rows = connection.execute(select(unit.code, unit.valid_from, unit.id)).tuples()
    return {(code, day): number for code, day, number in rows}


def _sync_events(connection: Connection, events: Sequence[UnitEventRecord]) -> Synced:
    ids = _unit_ids(connection) if events else {}
    rows = [
        {
            "kind": event.kind,
            "day": event.day,
            "old_unit_id": ids[event.old_code, event.old_valid_from],
            "new_unit_id": ids[event.new_code, event.new_valid_from],
            "share": event.share,
            "document": event.document,
        }
        for event in events
    ]
    return _sync(connection, tables.unit_event, rows, ["day", "old_unit_id", "new_unit_id"])


def _remove_events(connection: Connection, keys: set[EventKey]) -> None:
    event, ids = tables.unit_event.c, _unit_ids(connection) if keys else {}
    for day, old, new in keys:
        connection.execute(
            delete(tables.unit_event).where(
                event.day == day, event.old_unit_id == ids[old], event.new_unit_id == ids[new]
            )
        )


def _replace_obligations(connection: Connection, catalog: Catalog) -> None:
    """No figure refers to an obligation, so those that left the definitions are removed."""
    form_ids = dict(connection.execute(select(tables.form.c.code, tables.form.c.id)).tuples().all())
    rows = [
        {
            "unit_kind": item.unit_kind,
            "form_id": form_ids[item.form],
            "calendar": item.calendar,
            "period_kind": kind.value,
            "valid_from": item.valid_from,
            "valid_to": item.valid_to,
        }
        for item in catalog.obligations
        for kind in item.period_kinds
    ]
    connection.execute(delete(tables.obligation))
    insert_frame(connection, tables.obligation, _frame(tables.obligation, rows))


# ------------------------------------------------------------------------------------------------ changes


def _note_beginning(connection: Connection, catalog: Catalog) -> None:
    """Of kinds of definition whose changes were not recorded so far the record starts: what holds now has held since
    before the first attempt, as far as anybody can tell, and makes no earlier verdict worth reviewing."""
    recorded = set(connection.scalars(select(tables.definition_change.c.kind).distinct()))
    new = {key: value for key, value in definition_fingerprints(catalog).items() if key[0] not in recorded}
    if not new:
        return
    first = connection.scalar(select(func.min(tables.attempt.c.started_at)))
    since = first - timedelta(microseconds=1) if first else datetime.now(UTC)
    units = {} if UNIT in recorded else _unit_fingerprints(connection)
    _note_changes(connection, new | units, since)


def _note_changes(connection: Connection, found: Fingerprints, since: datetime | None = None) -> None:
    """A row for each definition that is not as it was last known; of the kinds that were looked at, also for those that
    are gone."""
    schema = {"kind": pl.String, "code": pl.String, "fingerprint": pl.String}
    present = pl.DataFrame([(*key, value) for key, value in found.items()], schema=schema, orient="row")
    known = read_frame(connection, _newest_changes()).filter(pl.col("kind").is_in(present["kind"].unique().implode()))
    changed = (
        present.join(known, on=["kind", "code"], how="full", coalesce=True, suffix="_known")
        .filter(pl.col("fingerprint").ne_missing(pl.col("fingerprint_known")))
        .select("kind", "code", "fingerprint", since=pl.lit(since or datetime.now(UTC), MOMENT))
    )
    insert_frame(connection, tables.definition_change, changed.sort("kind", "code"))


def _newest_changes() -> Select[tuple[str, str, str | None]]:
    change = tables.definition_change.c
    newest = select(change.kind, change.code, func.max(change.since).label("since")).group_by(change.kind, change.code)
    last = newest.subquery()
    return select(change.kind, change.code, change.fingerprint).join(
        last, (last.c.kind == change.kind) & (last.c.code == change.code) & (last.c.since == change.since)
    )


def _unit_fingerprints(connection: Connection) -> Fingerprints:
    return unit_fingerprints(_register(connection))


# ------------------------------------------------------------------------------------------------ rows


def _plain(item: Definition, *names: str) -> dict[str, Any]:
    """The named attributes; several words become one text with commas."""
    return {name: _plain_value(getattr(item, name)) for name in names}


def _plain_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return ",".join(value)
    return value.value if isinstance(value, Enum) else value


def _unit_kinds(catalog: Catalog) -> list[dict[str, Any]]:
    return [_plain(kind, "code", "label_vi", "label_en", "level", "branch") for kind in catalog.unit_kinds.values()]


def _forms(catalog: Catalog) -> list[dict[str, Any]]:
    names = ("label_vi", "label_en", "version", "accepted_versions", "default_scope", "source")
    return [{"code": form.id, **_plain(form, *names), "is_current": True} for form in catalog.forms.values()]


def _indicators(catalog: Catalog) -> list[dict[str, Any]]:
    skipped = ("id", "is_current")
    names = [column.name for column in tables.indicator.c if column.name not in skipped]
    return [{**_plain(item, *names), "is_current": True} for item in catalog.indicators.values()]


def _rules(catalog: Catalog) -> list[dict[str, Any]]:
    names = ("id", "level", "severity", "title_vi", "title_en", "forms", "since", "until", "source")
    return [{**_plain(rule, *names), "fingerprint": catalog.fingerprint, "is_current": True} for rule in catalog.rules]


def _unit_row(record: UnitRecord, level: str) -> dict[str, Any]:
    names = ("code", "valid_from", "valid_to", "name", "kind", "source")
    return {**_plain(record, *names), "level": level, "parent_code": record.parent}


def _period_row(period: Period) -> dict[str, Any]:
    return {
        "code": period.code,
        "calendar": period.calendar,
        "kind": period.kind.value,
        "year": period.year,
        "ordinal": period.ordinal,
        "label_vi": period.label_vi,
        "label_en": period.label_en,
        "first_day": period.window.first,
        "last_day": period.window.last,
        "cutoff": period.cutoff,
    }
