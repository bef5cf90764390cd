"""Levels 1 and 2: the file itself, its form and its identity. Plain code; Great Expectations is not needed here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType

import polars as pl

from catalog.load import Catalog
from catalog.model import FileCheck, Form, IntakeCheck, Rule, UnitRecord
from domain.cell import Cell
from domain.columns import FAULTS, FINDINGS
from domain.finding import CheckLevel
from domain.names import fold_name
from domain.observation import Scope
from domain.period import Period, Window
from expectations.candidates import Candidates
from expectations.fault import ProgramFault
from expectations.places import SPREADSHEETS, address
from expectations.schema import schema_of
from expectations.severity import said_of_newness

_HEADER = ("file", "form", "form_version", "unit", "unit_name", "period", "scope", "reporter", "media")


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself; blank where it says nothing."""

    file: int
    form: str
    form_version: str
    unit: str
    unit_name: str
    period: str
    scope: str
    reporter: str
    media: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of identity: which, in which identity cell, what stands there, what belongs there, and a sentence that
    helps to find it (vi, en)."""

    code: str
    part: str
    observed: tuple[str, str]
    expected: tuple[str, str] = ("", "")
    hint: tuple[str, str] = ("", "")


def check_intake(
    headers: pl.DataFrame,
    faults: pl.DataFrame,
    catalog: Catalog,
    today: date,
    closed: Mapping[str, date] = MappingProxyType({}),
) -> pl.DataFrame:
    """FINDINGS of levels 1 and 2: what the reader met, and what the register and the calendar say of the identity.

    A file with a fault of level 1 gets none of level 2. Rules are taken as they are in force ``today``, the day the
    report arrives; ``closed``: periods that take no more reports, with the day each was closed. Raises
    :class:`ProgramFault` for a fault that no rule in force names: it would pass in silence.
    """
    known = {header.file: header for header in _headers(headers)}
    rules = _rules_by_fault(catalog, today)
    writer = _Writer(catalog, known, rules, today)
    met = faults.select(list(FAULTS)).unique(maintain_order=True)
    of_file = _at_level(met, rules, CheckLevel.FILE)
    unreadable = set(of_file["file"])
    of_form = _at_level(met, rules, CheckLevel.FORM).filter(~pl.col("file").is_in(unreadable))
    rows = [*writer.of_reader(of_file), *writer.of_reader(of_form)]
    reported = {(file, fault) for file, fault in of_form.select("file", "fault").iter_rows()}
    judge = _Identity(catalog, today, closed)
    for header in known.values():
        if header.file not in unreadable:
            found = [fault for fault in judge.faults(header) if (header.file, fault.code) not in reported]
            rows.extend(writer.of_identity(header, found))
    findings = pl.DataFrame(rows, schema=schema_of(FINDINGS), orient="row")
    return findings.sort("file", "level", "rule", maintain_order=True)


def _headers(headers: pl.DataFrame) -> Iterator[Header]:
    for file, *rest in headers.select(_HEADER).iter_rows():
        yield Header(file, *((text or "").strip() for text in rest))


def _rules_by_fault(catalog: Catalog, today: date) -> dict[str, Rule]:
    return {
        rule.check.fault: rule
        for rule in catalog.rules
        if isinstance(rule.check, FileCheck | IntakeCheck) and rule.applies_on(today)
    }


def _at_level(met: pl.DataFrame, rules: Mapping[str, Rule], level: CheckLevel) -> pl.DataFrame:
    nameless = set(met["fault"]) - rules.keys()
    if nameless:
        raise ProgramFault(f"no rule in force names {', '.join(sorted(nameless))}; it would pass in silence")
    return met.filter(pl.col("fault").is_in([code for code, rule in rules.items() if rule.level == level]))


class _Identity:
    """The faults of a file's identity; the answers of the register and the calendar are remembered."""

    def __init__(self, catalog: Catalog, today: date, closed: Mapping[str, date]) -> None:
        self.catalog = catalog
        self.today = today
        self.closed = closed
        self.period = lru_cache(maxsize=None)(self._period)
        self.unit = lru_cache(maxsize=None)(self._unit)
        self.owes = lru_cache(maxsize=None)(self._owes)
        self.candidates = lru_cache(maxsize=None)(Candidates(catalog).named)

    def faults(self, header: Header) -> Iterator[Fault]:
        """Form first: where the form or its layout is not known, nothing else was read."""
        of_form = list(self._of_form(header))
        yield from of_form
        if of_form:
            return
        period = self.period(header.period)
        yield from self._of_period(header, period)
        yield from self._of_unit(header, period)
        yield from self._of_others(header)

    def _period(self, code: str) -> Period | None:
        return self.catalog.period(code) if code else None

    def _unit(self, code: str, window: Window) -> UnitRecord | None:
        """The unit that bore the code on the last day of the period, or else on its first."""
        return self.catalog.unit_on(code, window.last) or self.catalog.unit_on(code, window.first)

    def _owes(self, kind: str, period_code: str, form: str) -> bool:
        period = self.period(period_code)
        return period is not None and any(item.form == form for item in self.catalog.owed(kind, period))

    def _of_form(self, header: Header) -> Iterator[Fault]:
        form = self.catalog.forms.get(header.form)
        if form is None:
            yield Fault("unknown_form", "form", _same(header.form), _same(", ".join(self.catalog.forms)))
        elif not header.form_version:
            yield Fault("version_missing", "form_version", _same(""), _same(form.version))
        elif header.form_version not in form.accepted_versions:
            accepted = ", ".join(form.accepted_versions)
            yield Fault("version_not_accepted", "form_version", _same(header.form_version), _same(accepted))

    def _of_period(self, header: Header, period: Period | None) -> Iterator[Fault]:
        if not header.period:
            yield Fault("period_missing", "period", _same(""))
        elif period is None:
            yield Fault("period_unknown", "period", _same(header.period))
        elif self.today < period.window.last:
            last = f"{period.window.last:%d/%m/%Y}"
            seen = (f"kỳ kéo dài đến hết ngày {last}", f"the period runs to {last}")
            yield Fault("period_in_future", "period", seen, (f"từ ngày {last}", f"from {last}"))
        elif period.code in self.closed:
            day = self.closed[period.code]
            when = (f"Kỳ đóng ngày {day:%d/%m/%Y}.", f"It was closed on {day}.")
            yield Fault("period_closed", "period", _same(period.code), hint=when)

    def _of_unit(self, header: Header, period: Period | None) -> Iterator[Fault]:
        if not header.unit:
            yield Fault("unit_missing", "unit", _same(""))
            return
        if not self.catalog.units_of(header.unit):
            yield Fault("unit_unknown", "unit", _same(header.unit), hint=self._maybe(header, period))
            return
        if period is None:
            return
        unit = self.unit(header.unit, period.window)
        if unit is None:
            yield Fault("unit_not_valid_in_period", "unit", _same(header.unit))
            return
        if header.unit_name and fold_name(header.unit_name) != fold_name(unit.name):
            yield Fault("unit_name_mismatch", "unit_name", _same(header.unit_name), _same(unit.name))
        if not self.owes(unit.kind, period.code, header.form):
            yield Fault("form_not_owed", "form", _same(header.form))

    def _maybe(self, header: Header, period: Period | None) -> tuple[str, str]:
        vi, en = self.candidates(header.unit, header.unit_name, period.window.last if period else self.today)
        return (f"Có thể là {vi}.", f"It may be {en}.") if vi else ("", "")

    def _of_others(self, header: Header) -> Iterator[Fault]:
        if header.scope and header.scope not in set(Scope):
            yield Fault("scope_unknown", "scope", _same(header.scope), _same(", ".join(Scope)))
        if header.reporter and not self.catalog.units_of(header.reporter):
            yield Fault("reporter_unknown", "reporter", _same(header.reporter))


def _same(text: str) -> tuple[str, str]:
    return text, text


def _sentences(*said: str) -> str:
    return " ".join(filter(None, said))


class _Writer:
    """Faults in words."""

    def __init__(self, catalog: Catalog, headers: Mapping[int, Header], rules: Mapping[str, Rule], today: date) -> None:
        self.catalog = catalog
        self.headers = headers
        self.rules = rules
        self.today = today

    def of_reader(self, faults: pl.DataFrame) -> Iterator[tuple[object, ...]]:
        for file, fault, sheet, cell, observed, expected in faults.select(list(FAULTS)).iter_rows():
            header = self.headers.get(file)
            yield self._row(
                file, fault, header, (sheet or "", cell or ""), _same(observed or ""), _same(expected or "")
            )

    def of_identity(self, header: Header, faults: Iterable[Fault]) -> Iterator[tuple[object, ...]]:
        for fault in faults:
            place = self._place(header, fault.part)
            yield self._row(header.file, fault.code, header, place, fault.observed, fault.expected, fault.hint)

    def _place(self, header: Header, part: str) -> tuple[str, str]:
        form: Form | None = self.catalog.forms.get(header.form)
        if form is None or header.media not in SPREADSHEETS:
            return "", ""
        address = form.places.get(header.form_version, {}).get(f"identity.{part}")
        if address is None:
            return "", ""
        cell = Cell.parse(address)
        return cell.sheet, cell.address

    def _row(
        self,
        file: int,
        code: str,
        header: Header | None,
        place: tuple[str, str],
        observed: tuple[str, str],
        expected: tuple[str, str],
        hint: tuple[str, str] = ("", ""),
    ) -> tuple[object, ...]:
        rule = self.rules.get(code)
        if rule is None:
            raise ProgramFault(f"no rule in force names {code}; it would pass in silence")
        message = self.catalog.messages[rule.message]
        severity = rule.severity_on(self.today)
        newness = said_of_newness(rule, severity)
        words = {
            "sheet": place[0],
            "cell": place[1],
            "unit": header.unit if header else "",
            "period": header.period if header else "",
            "rule": rule.id,
        }
        try:
            vi = message.vi.format(observed=observed[0], expected=expected[0], **words)
            en = message.en.format(observed=observed[1], expected=expected[1], **words)
        except (KeyError, IndexError, ValueError) as fault:
            raise ProgramFault(
                f"{rule.id}: its message {message.id} asks for a word it cannot have: {fault}"
            ) from fault
        return (
            file,
            rule.id,
            int(rule.level),
            str(severity),
            "",
            0,
            *place,
            observed[0],
            expected[0],
            "",
            _sentences(vi, hint[0], message.advice_vi, newness[0]),
            _sentences(en, hint[1], message.advice_en, newness[1]),
            address(*place),
            None,
            None,
        )
