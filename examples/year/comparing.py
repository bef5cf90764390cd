"""What the workspace says beside what the oracle reckoned; every difference by unit, period and indicator."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from domain.submission import IN_FORCE
from examples.year.oracle import KNOWN, Oracle, Status, Total
from examples.year.reckoning import window_of
from examples.year.yearly import FLOWS
from transform.observations import ytd_from_in_period
from warehouse import queries
from warehouse.engine import Engine

FORMS = ("review-report", "one-stop-dossiers")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be."""

    look: str
    what: str
    unit: str
    period: str
    place: str
    expected: str
    found: str

    def __str__(self) -> str:
        where = " · ".join(filter(None, (self.look, self.what, self.unit, self.period, self.place)))
        return f"{where}: chờ/expected {self.expected} ≠ thấy/found {self.found}"


@dataclass
class Compared:
    """How many things were compared, and what differs."""

    count: int = 0
    differences: list[Difference] = field(default_factory=list)

    def __iadd__(self, other: Compared) -> Compared:
        self.count += other.count
        self.differences += other.differences
        return self


@dataclass(frozen=True)
class Comparison:
    """A look at the workspace at the moment the oracle has reached."""

    engine: Engine
    oracle: Oracle
    label: str
    periods: tuple[str, ...]
    #: where the files lie that were sent
    letters: Path
    #: where the reports of periods are written
    reports_in: Path

    def all(self) -> Compared:
        """Everything: files, findings and their cells, who reported, totals, quarters against the year, the frozen."""
        done = Compared()
        for part in (
            self.files(),
            self.findings(),
            self.cells(),
            self.over_the_year(),
            self.frozen(),
            self.calendar(),
            self.reports(),
            self.notices(),
        ):
            done += part
        for period in self.periods:
            done += self.status(period)
            for form in FORMS:
                done += self.totals(period, form)
        return done

    def files(self) -> Compared:
        """Every file that was taken in: its state, whose it is, which version, and how often it was judged."""
        question = """
            select s.name, s.state, u.code, s.version,
                   (select count(*) from attempt a where a.submission_id = s.id and a.outcome != 'same_bytes'),
                   (select count(*) from attempt a where a.submission_id = s.id and a.outcome = 'same_bytes')
            from submission s left join unit u on u.id = s.unit_id
        """
        found = {row[0]: tuple(row[1:]) for row in self._rows(question)}
        hierarchy = self._hierarchy()
        expected = {}
        for paper in self.oracle.papers:
            state = paper.state
            if state in {item.value for item in IN_FORCE} and hierarchy.get(paper.sent.file):
                state = "accepted_with_warnings"
            again = sum(self.oracle.by_file.get(sent) is paper for sent in self.oracle.by_file) - 1
            unit = paper.unit[0] if paper.unit else None
            expected[paper.sent.file] = (state, unit, paper.version, paper.tries, again)
        return self._beside("tệp/file", expected, found)

    def findings(self) -> Compared:
        """What is wrong with each report, by its present findings; what is only told (info) is left out."""
        question = """
            select s.name, f.rule, f.severity, f.field from finding f
            join submission s on s.id = f.submission_id and s.attempt_id = f.attempt_id
            where f.severity != 'info'
        """
        found: dict[str, set[tuple[Any, ...]]] = {}
        for name, *said in self._rows(question):
            found.setdefault(name, set()).add(tuple(said))
        hierarchy = self._hierarchy()
        expected: dict[str, set[tuple[Any, ...]]] = {}
        for paper in self.oracle.papers:
            told = paper.found | hierarchy.get(paper.sent.file, set())
            if told:
                expected[paper.sent.file] = {tuple(said) for said in told}
        shown = {file: _named(said, found.get(file, set())) for file, said in expected.items()}
        seen = {file: _named(said, expected.get(file, set())) for file, said in found.items()}
        return self._beside("phát hiện/findings", shown, seen)

    def cells(self) -> Compared:
        """The cell a finding names, in the file that was sent: there stands what was typed wrong."""
        question = """
            select s.name, f.rule, f.field, f.sheet, f.cell from finding f
            join submission s on s.id = f.submission_id and s.attempt_id = f.attempt_id
            where f.severity != 'info' and f.field != '' and f.cell is not null
        """
        hierarchy = self._hierarchy()
        expected, found = {}, {}
        for file, rule, code, sheet, cell in self._rows(question):
            paper = self.oracle.by_file[file]
            if (rule, code) in {(name, place) for name, _, place in paper.found | hierarchy.get(file, set())}:
                expected[file, rule, code] = _as_text(paper.filing.figures[code])
                found[file, rule, code] = _as_text(_content(self.letters / file, sheet, cell))
        return self._beside("ô của phát hiện/cells", expected, found)

    def over_the_year(self) -> Compared:
        """Running totals made of the quarters, by the program, beside plain sums of what the oracle reckoned."""
        year = self.periods[-1] if "-Q" not in self.periods[-1] else ""
        if not year:
            return Compared()
        quarters = self.periods[:-1]
        totals = [self.oracle.totals(quarter, FORMS[0]) for quarter in quarters]
        expected: dict[tuple[str, str], float] = {}
        for unit, code, breakdown in totals[-1]:
            given = [total.get((unit, code, breakdown)) for total in totals]
            known = [float(total.figure.value) for total in given if total is not None and total.figure is not None]
            if code in FLOWS and not breakdown and len(known) == len(quarters):
                expected[unit, code] = sum(known)
        rows = [
            (unit, code, *window_of(quarter), value)
            for quarter in quarters
            for unit, code, value in self._rows(_WHOLE, period=quarter, form=FORMS[0])
            if (unit, code) in expected
        ]
        series = pl.DataFrame(rows, schema=["unit", "code", "first", "last", "value"], orient="row")
        last = ytd_from_in_period(series).filter(pl.col("last") == window_of(year)[1])
        found = {(unit, code): value for unit, code, value in last.select("unit", "code", "value").iter_rows()}
        return self._beside("lũy kế/year to date", expected, found, year)

    def frozen(self) -> Compared:
        """What the conference keeps, whatever became of the figures since."""
        question = """
            select period, form, unit, indicator, breakdown, value, lower, upper, qualifier, reported, expected
            from conference_figure where level = 'total'
        """
        found = {row[:5]: row[5:] for row in self._rows(question) if row[3] in KNOWN}
        expected = {place: _total_of(total) for place, total in self.oracle.frozen.items()}
        known = {place: row for place, row in found.items() if place in expected or not _is_beside(place[2:])}
        return self._beside("đã chốt/frozen", expected, known)

    def calendar(self) -> Compared:
        """What was opened, closed and opened again and when; what was done, each once; how many runs it took."""
        almanac = self.oracle.almanac
        moments = "select code, opened_at, closed_at, reopened_at from period where opened_at is not null"
        lives = {code: tuple(map(_moment, said)) for code, *said in self._rows(moments)}
        expected = {
            code: tuple(map(_moment, (life.opened_at, life.closed_at, life.reopened_at)))
            for code, life in almanac.lives.items()
        }
        done = self._beside("đời của kỳ/lives", expected, lives)
        occasions = {
            row[:3]: _moment(row[3]) for row in self._rows("select period, kind, label, done_at from occasion")
        }
        asked = {place: _moment(at) for place, at in almanac.done.items()}
        done += self._beside("việc theo lịch/occasions", asked, occasions)
        runs = {row[0]: row[1] for row in self._rows("select kind, count(*) from run group by kind")}
        done += self._beside("lượt chạy/runs", dict(almanac.runs), runs)
        return done

    def notices(self) -> Compared:
        """Who was told what: reminders by unit and day of reminding, outcomes by file, lists and digests by number."""
        told = self.oracle.told
        done = Compared()
        reminders = """
            select n.kind, u.code, u.valid_from, p.code, n.reason, n.recipient from notice n
            join unit u on u.id = n.unit_id join period p on p.id = n.period_id
            where n.kind in ('opened', 'due_soon', 'overdue') and n.reason not like 'list:%'
        """
        found: dict[tuple[str, ...], str] = {}
        counts: Counter[tuple[str, ...]] = Counter()
        for kind, unit, since, period, reason, recipient in self._rows(reminders):
            key = self.oracle.register.selves((unit, _day(since)))[0]
            place = (key[0], kind, period, ":".join(reason.split(":")[3:]))
            found[place] = recipient
            counts[place] += 1
        expected = {(unit[0], kind, period, what): to for (kind, unit, period, what), to in told.reminders.items()}
        done += self._beside("nhắc/reminders", expected, found)
        done += self._beside("nhắc hai lần/told twice", {}, {place: n for place, n in counts.items() if n > 1})
        outcomes = """
            select s.name, n.kind, count(*) from notice n join submission s on s.id = n.submission_id
            where n.kind in ('accepted', 'rejected') group by s.name, n.kind
        """
        seen = {(name, kind): count for name, kind, count in self._rows(outcomes)}
        done += self._beside("kết quả/outcomes", {(f, kind): n for (kind, f), n in told.outcomes.items()}, seen)
        lists = """
            select p.code, case when n.reason like 'list:%' then 'debts' else 'outcomes' end, count(*) from notice n
            join period p on p.id = n.period_id where n.recipient = 'dau-moi@tinh-mau.example' group by 1, 2
        """
        listed = {(period, what): count for period, what, count in self._rows(lists)}
        done += self._beside("danh sách/lists", {(period, what): n for (what, period), n in told.lists.items()}, listed)
        digests = self._rows("select count(*), count(distinct reason) from notice where kind = 'digest'")
        done += self._beside("tóm tắt/digests", {("", "n"): (len(told.digests),) * 2}, {("", "n"): digests[0]})
        return done

    def reports(self) -> Compared:
        """What the reports of closed periods count."""
        done = Compared()
        for period, counts in self.oracle.reports.items():
            path = self.reports_in / period / f"period-report-{period}.json"
            told = json.loads(path.read_text(encoding="utf-8"))["total"] if path.exists() else {}
            done += self._beside("báo cáo kỳ/period report", counts, {name: told.get(name) for name in counts}, period)
        return done

    def _hierarchy(self) -> dict[str, set[tuple[str, str, str]]]:
        told: dict[str, set[tuple[str, str, str]]] = {}
        for period in self.periods:
            for form in FORMS:
                told |= self.oracle.hierarchy(period, form)
        return told

    def status(self, period: str) -> Compared:
        """Who reported, who is late, overdue, missing or permitted."""
        rows = queries.status_by_unit(self.engine, period, today=self.oracle.today).to_dicts()
        found = {(row["unit"], row["form"]): _status_of(row) for row in rows}
        hierarchy = self.oracle.hierarchy
        warned = {
            (self.oracle.by_file[file].filing.unit, form)
            for form in FORMS
            for file, said in hierarchy(period, form).items()
            if said
        }
        expected = {}
        for place, status in self.oracle.status(period).items():
            is_warned = place in warned and status.state == "accepted"
            expected[place] = _with_state(status, "accepted_with_warnings") if is_warned else status
        return self._beside("tình hình/status", expected, found, period)

    def totals(self, period: str, form: str) -> Compared:
        """Every total of the known indicators, of every unit with units below it."""
        question = """
            select unit, indicator, breakdown, value, lower, upper, qualifier, reported, expected
            from mart_roll_up where period = :period and form = :form
        """
        rows = self._rows(question, period=period, form=form)
        found = {tuple(row[:3]): tuple(row[3:]) for row in rows if row[1] in KNOWN and "field=tong" not in row[2]}
        expected = self.oracle.totals(period, form)
        known = {place: row for place, row in found.items() if place in expected or not _is_beside(place)}
        return self._beside("tổng hợp/totals", {p: _total_of(t) for p, t in expected.items()}, known, period)

    # -------------------------------------------------------------------------------------------- plain work

    def _rows(self, question: str, **values: object) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(question), values)]

    def _beside(self, what: str, expected: Mapping[Any, Any], found: Mapping[Any, Any], period: str = "") -> Compared:
        places = expected.keys() | found.keys()
        apart = [place for place in places if not _same(expected.get(place), found.get(place))]
        return Compared(len(places), list(self._told(what, period, sorted(apart, key=str), expected, found)))

    def _told(
        self, what: str, period: str, places: list[Any], expected: Mapping[Any, Any], found: Mapping[Any, Any]
    ) -> Iterator[Difference]:
        for place in places:
            unit, *rest = place if isinstance(place, tuple) else (place,)
            yield Difference(
                self.label, what, str(unit), period, " ".join(filter(None, rest)), str(expected.get(place)),
                str(found.get(place)),
            )  # fmt: skip


_WHOLE = "select unit, indicator, value from mart_roll_up where period = :period and form = :form and breakdown = ''"


def _day(told: Any) -> date:
    return told if isinstance(told, date) else date.fromisoformat(told)


def _moment(told: Any) -> datetime | None:
    """A moment as either database gives it, in UTC."""
    if told is None:
        return None
    moment = told if isinstance(told, datetime) else datetime.fromisoformat(told)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _content(path: Path, sheet: str, cell: str) -> Any:
    """What stands in a cell (``C12``) of a file."""
    letters = cell.rstrip("0123456789")
    column = sum((ord(letter) - ord("A") + 1) * 26**place for place, letter in enumerate(reversed(letters))) - 1
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    return rows[int(cell.removeprefix(letters)) - 1][column]


def _as_text(content: Any) -> str:
    return str(int(content)) if isinstance(content, float) and content.is_integer() else str(content)


def _named(said: set[tuple[Any, ...]], beside: set[tuple[Any, ...]]) -> tuple[tuple[Any, ...], ...]:
    """Findings in order; a field only where the other side names one."""
    nameless = {rule for rule, _, place in beside if not place}
    return tuple(sorted((rule, severity, "" if rule in nameless else place or "") for rule, severity, place in said))


def _status_of(row: Mapping[str, Any]) -> Status:
    return Status(
        row["state"], row["is_expected"], row["is_late"], row["is_overdue"], row["is_in_force"], row["is_permitted"],
        row["due"],
    )  # fmt: skip


def _with_state(status: Status, state: str) -> Status:
    return Status(
        state, status.is_expected, status.is_late, status.is_overdue, status.is_in_force, status.is_permitted,
        status.due,
    )  # fmt: skip


def _is_beside(place: tuple[Any, ...]) -> bool:
    """Rates of parts of a figure follow from the parts; the oracle reckons the whole ones."""
    return bool(place[2]) and str(place[1]).endswith("_rate")


def _total_of(total: Total) -> tuple[Any, ...]:
    if total.figure is None:
        return None, None, None, None, total.reported, total.expected
    low, high = float(total.figure.low), float(total.figure.high)
    return float(total.figure.value), low, high, total.figure.word, total.reported, total.expected


def _same(expected: Any, found: Any) -> bool:
    if isinstance(expected, tuple) and isinstance(found, tuple):
        return len(expected) == len(found) and all(map(_same, expected, found))
    if isinstance(expected, float) and isinstance(found, float):
        return math.isclose(expected, found, rel_tol=1e-12, abs_tol=1e-9)
    return bool(expected == found)
