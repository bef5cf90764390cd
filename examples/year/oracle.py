"""What must come of the year, reckoned in dictionaries and loops from the same deeds.

Nothing of the program's checks, transformations or warehouse is used here: the oracle knows what the reports say (it is
in the deeds), which faults were planted and which rule is to speak of each, the days, and the lives of the units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from examples.filing import Filing
from examples.year.almanac import Almanac
from examples.year.deeds import (
    Closes,
    Deed,
    Defines,
    Freezes,
    Introduces,
    Permits,
    Registers,
    Reopens,
    Restores,
    Retries,
    Sends,
    Waives,
    Wakes,
    Withdraws,
)
from examples.year.reckoning import (
    HERE,
    Figure,
    Life,
    Register,
    due,
    figure,
    forms_of,
    local_day,
    quarters_of,
    window_of,
)
from examples.year.telling import Debt, Told

#: Figures that are added over units, by indicator; those of the matrix of dossiers among them.
SUMS = frozenset({
    "subordinate_cells", "party_members", "non_party_staff", "study_convened", "study_attended", "post_study_papers",
    "dissemination_sessions", "dissemination_attendees", "model_groups", "model_group_meetings",
    "model_group_meeting_attendances", "model_team_members", "registrants_expected", "registrants", "registered_deeds",
    "commitments_signed", "breakthrough_contents", "inspections", "supervisions", "commended_individuals",
    "survey_ballots", "survey_satisfied", "edocs_pending", "units_rated", "dossiers_received",
    "dossiers_received_online", "dossiers_received_direct", "dossiers_carried_over", "dossiers_resolved",
    "dossiers_resolved_early", "dossiers_resolved_on_time", "dossiers_resolved_overdue", "dossiers_pending",
    "dossiers_pending_in_time", "dossiers_pending_overdue", "dossiers_refused", "target_replication_hamlets",
})  # fmt: skip
LEAST, MOST = "committee_premeeting_lead_days", "procedures_publicly_listed"
#: Rates are the sums of what they are made of, divided.
RATES = {
    "study_attendance_rate": ("study_attended", "study_convened"),
    "registration_rate": ("registrants", "registrants_expected"),
    "satisfaction_rate": ("survey_satisfied", "survey_ballots"),
}
KNOWN = SUMS | {LEAST, MOST} | RATES.keys()

#: A year that is not the sum of its quarters: rule → field.
PARTS = {
    "HIS-032": "study_convened",
    "HIS-033": "study_attended",
    "HIS-034": "post_study_papers",
    "HIS-035": "dissemination_sessions",
    "HIS-036": "dissemination_attendees",
    "HIS-037": "model_group_meetings",
    "HIS-038": "registered_deeds",
    "HIS-039": "dossiers_received_online",
    "HIS-040": "dossiers_received_direct",
    "HIS-041": "dossiers_resolved",
    "HIS-042": "dossiers_refused",
    "HIS-043": "survey_ballots",
    "HIS-044": "inspections",
    "HIS-045": "supervisions",
    "HIS-047": "commended_individuals",
}

Key = tuple[str, date]
Report = tuple[Key, str, str]  # unit, period, form
Found = tuple[str, str, str]  # rule, severity, field ("" where the finding is of the file or of the whole report)


@dataclass
class Paper:
    """A file that was taken in, and what became of it. ``unit`` is empty while nobody knows whose it is."""

    number: int
    sent: Sends
    arrived: datetime
    state: str = "received"
    unit: Key | None = None
    version: int | None = None
    found: set[Found] = field(default_factory=set)
    has_passed: bool = False
    edition: str = ""
    tries: int = 0
    restored: int = 0

    @property
    def filing(self) -> Filing:
        return self.sent.filing

    @property
    def report(self) -> Report | None:
        return (self.unit, self.filing.period, self.filing.form) if self.unit else None


@dataclass(frozen=True)
class Status:
    """What the board must say of a unit and form."""

    state: str
    is_expected: bool
    is_late: bool
    is_overdue: bool
    is_in_force: bool
    is_permitted: bool
    due: date | None


@dataclass(frozen=True)
class Total:
    """A total with its coverage; ``value`` is ``None`` where nothing was reported."""

    figure: Figure | None
    reported: int
    expected: int


STANDS = ("accepted", "accepted_with_warnings")
FAILED = ("rejected", "unreadable")


class Oracle:
    """The state of the world after the deeds that were told."""

    def __init__(self, year: int) -> None:
        self.register = Register()
        self.edition = ""
        self.inbox: list[Sends] = []
        self.papers: list[Paper] = []
        self.by_file: dict[str, Paper] = {}
        #: the versions of a report in the order they were taken in
        self.by_report: dict[Report, list[Paper]] = {}
        self.permits: dict[tuple[Key, str], date] = {}
        self.waivers: dict[tuple[Report, str], date] = {}
        self.almanac = Almanac(year)
        #: what the report of a period counted when it was closed
        self.reports: dict[str, dict[str, int]] = {}
        self.told = Told()
        #: reports that were withdrawn and whose unit has not heard of it
        self.untold: list[Paper] = []
        self.now = datetime.min.replace(tzinfo=HERE)
        #: the figures that were frozen: period, form, unit, indicator, breakdown
        self.frozen: dict[tuple[str, str, str, str, str], Total] = {}
        self._deeds: dict[type, Callable[..., None]] = {
            Sends: self.inbox.append,
            Permits: self._permit,
            Withdraws: self._withdraw,
            Restores: self._restore,
            Waives: self._waive,
            Retries: self._retry,
            Registers: self._register,
            Introduces: self._introduce,
            Defines: self._define,
            Reopens: self._reopen,
            Closes: lambda deed: self._close([deed.period]),
            Freezes: self._freeze,
            Wakes: self._wake,
        }

    def tell(self, deed: Deed) -> None:
        """Let the deed have happened."""
        self.now = deed.at
        if type(deed) in self._deeds:
            self._deeds[type(deed)](deed)

    @property
    def today(self) -> date:
        return local_day(self.now)

    # -------------------------------------------------------------------------------------------- acts

    def _permit(self, deed: Permits) -> None:
        self.permits[self._bearer(deed.unit, deed.period).key, deed.period] = deed.until

    def _bearer(self, code: str, period: str) -> Life:
        life = self.register.bearer(code, period)
        assert life is not None, (code, period)
        return life

    def _withdraw(self, deed: Withdraws) -> None:
        paper = self.by_file[deed.file]
        if paper.state in STANDS:
            self.untold.append(paper)
        paper.state = "withdrawn"

    def _restore(self, deed: Restores) -> None:
        paper = self.by_file[deed.file]
        paper.state = "received"
        paper.restored += 1

    def _waive(self, deed: Waives) -> None:
        paper = self.by_file[deed.file]
        assert paper.report is not None
        self.waivers[paper.report, deed.rule] = deed.until
        paper.state = self._standing(paper)

    def _register(self, deed: Registers) -> None:
        for unit in deed.units:
            life = Life(unit.code, unit.valid_from, unit.valid_to, unit.name, unit.kind, unit.parent)
            self.register.put(life)
        for event in deed.events:
            old, new = (event.old_code, event.old_valid_from), (event.new_code, event.new_valid_from)
            self.register.happened(str(event.kind), event.day, old, new)

    def _introduce(self, deed: Introduces) -> None:
        for contact in deed.contacts:
            if contact.role == "unit":
                life = self.register.on(contact.unit, self.today)
                assert life is not None
                self.told.people[self._first_self(life.key)] = contact.email

    def _first_self(self, key: Key) -> Key:
        """A unit by the first name it had, which does not change."""
        return self.register.selves(key)[0]

    def _define(self, deed: Defines) -> None:
        self.edition = deed.edition

    def _freeze(self, deed: Freezes) -> None:
        """Kept is what is known of the unit and all below it."""
        period = str(deed.year)
        below = _below(deed.unit, self.register.tree(period))
        self.frozen = {
            (period, form, *place): total
            for form in ("review-report", "one-stop-dossiers")
            for place, total in self.totals(period, form).items()
            if place[0] in below
        }

    # -------------------------------------------------------------------------------------------- runs

    def _wake(self, deed: Wakes) -> None:
        """What the calendar asks for, in turn. However much was missed, each is made up for once."""
        almanac, now = self.almanac, deed.at
        almanac.begin(now)
        if opened := almanac.due("open", now):
            for period, _, _ in opened:
                almanac.life(period).opened_at = now
            almanac.runs["open-period"] += 1
            almanac.do(opened, now)
            for period, _, _ in opened:
                self._remind(period)
        if missed := almanac.due("collect", now):
            self._collect()
            almanac.do(missed, now)
            self._close_due()
        if reminding := almanac.due("remind", now):
            for period, life in almanac.lives.items():
                if life.name in ("open", "reopened"):
                    self._remind(period)
            self.told.digests.add(self.today)
            almanac.runs["remind"] += 1
            almanac.do(reminding, now)
        self._close_due()
        almanac.do(almanac.due("review", now), now)

    def _close_due(self) -> None:
        """What is closed at one moment is closed by one run, after one collection."""
        closing = [occasion for occasion in self.almanac.due("close", self.now) if not self._may_be_late(occasion[0])]
        if closing:
            self._close([period for period, _, _ in closing])
            self.almanac.do(closing, self.now)

    def _remind(self, period: str) -> None:
        life = self.almanac.life(period)
        opened = life.reopened_at or life.opened_at
        last = window_of(period)[1]
        debts: list[Debt] = []
        for (code, _), status in sorted(self.status(period).items()):
            owing = self.register.on(code, last)
            is_open = not status.is_in_force and status.state in ("missing", "withdrawn", *FAILED)
            if status.is_expected and is_open and owing and status.due:
                debts.append(Debt(self._first_self(owing.key), status.due, status.state != "missing"))
        self.told.remind(period, debts, self.today, local_day(opened) if opened else None, life.reopened_at)
        self._tell_withdrawn(period)

    def _tell_outcomes(self) -> None:
        """What became of the reports that count: each outcome is told once."""
        news = []
        for papers in [*self.by_report.values(), *([paper] for paper in self.papers if not paper.unit)]:
            paper = _latest(papers)
            if paper.state in (*STANDS, *FAILED):
                findings = self._warnings(paper) if paper.state in STANDS else frozenset(paper.found)
                period = self.told.decide(paper.sent.file, paper.state, findings, paper.filing.period, paper.restored)
                news.append(period if paper.unit and self._is_under_focal(paper.unit) else "")
        self.told.list_outcomes(news)
        for period in {paper.filing.period for paper in self.untold}:
            self._tell_withdrawn(period)

    def _tell_withdrawn(self, period: str) -> None:
        """Of what was withdrawn and has no other version in its place; the focal point gets a list of its own."""
        told = [paper for paper in self.untold if paper.filing.period == period]
        self.untold = [paper for paper in self.untold if paper.filing.period != period]
        news = []
        for paper in told:
            versions = self.by_report[paper.report] if paper.report else []
            if paper.state == "withdrawn" and not any(other.state in STANDS for other in versions):
                self.told.withdraw(paper.sent.file)
                news.append(period if paper.unit and self._is_under_focal(paper.unit) else "")
        self.told.list_outcomes(news)

    def _warnings(self, paper: Paper) -> int:
        if paper.filing.scope == "own":
            return len(paper.found)
        beside = self.hierarchy(paper.filing.period, paper.filing.form).get(paper.sent.file, set())
        return len(paper.found) + len(beside)

    def _is_under_focal(self, key: Key) -> bool:
        return not key[0].startswith("P99.UB")

    def _may_be_late(self, period: str) -> bool:
        """Whether somebody has leave to report a period today still."""
        return any(code == period and until >= self.today for (_, code), until in self.permits.items())

    def _close(self, periods: Sequence[str]) -> None:
        """Collected once more, closed, reported."""
        self._collect()
        self.almanac.runs["close-period"] += 1
        for period in periods:
            self.almanac.life(period).closed_at = self.now
        for period in periods:
            self.reports[period] = self.counts(period)

    def _reopen(self, deed: Reopens) -> None:
        life = self.almanac.life(deed.period)
        life.closed_at, life.reopened_at = None, deed.at

    @property
    def closed(self) -> set[str]:
        return self.almanac.closed

    def counts(self, period: str) -> dict[str, int]:
        """What the report of a period must count."""
        boards = self.status(period).values()
        came = [status for status in boards if status.state != "missing"]
        return {
            "expected": sum(status.is_expected for status in boards),
            "received": len(came),
            "unexpected": sum(not status.is_expected for status in came),
            "missing": sum(status.is_expected and status.state == "missing" for status in boards),
            "on_time": sum(not status.is_late for status in came),
            "late": sum(status.is_late for status in boards),
            "permitted": sum(status.is_permitted and status.is_expected for status in boards),
            "in_force": sum(status.is_in_force for status in boards),
            **{
                state: sum(status.state == state for status in boards)
                for state in ("rejected", "unreadable", "withdrawn")
            },
        }

    def _collect(self) -> None:
        self.almanac.runs["collect-period"] += 1
        for sent in sorted(self.inbox, key=lambda sent: (sent.at, sent.file)):
            if sent.copy_of:
                self.by_file[sent.file] = self.by_file[sent.copy_of]
                continue
            paper = Paper(len(self.papers) + 1, sent, sent.at)
            self.papers.append(paper)
            self.by_file[sent.file] = paper
        self.inbox.clear()
        self._judge_waiting()

    def _retry(self, deed: Retries) -> None:
        self.almanac.runs["retry-failed"] += 1
        chosen = [self.by_file[file] for file in deed.files] if deed.files else list(self._touched())
        for paper in chosen:
            assert paper.state in FAILED, (paper.sent.file, paper.state)
            paper.state = "received"
        self._judge_waiting()

    def _touched(self) -> Iterator[Paper]:
        """Failed reports that may come out otherwise by the rule that was mended or the unit that is known now."""
        for paper in self.papers:
            if paper.state in FAILED:
                rules = {rule for rule, _, _ in paper.found}
                is_known = self.register.bearer(paper.filing.unit, paper.filing.period) is not None
                if "YER-002" in rules or ("FRM-005" in rules and is_known):
                    yield paper

    def _judge_waiting(self) -> None:
        """Each in the order it came, an earlier period of a unit before a later one."""
        waiting = [paper for paper in self.papers if paper.state == "received"]
        for paper in sorted(waiting, key=lambda paper: (_turn(paper.filing.period), paper.number)):
            self._judge(paper)
        self._tell_outcomes()

    # -------------------------------------------------------------------------------------------- verdicts

    def _judge(self, paper: Paper) -> None:
        paper.tries += 1
        paper.found = set(self._identity(paper))
        is_identified = not any(severity == "critical" for _, severity, _ in paper.found)
        if not paper.sent.damage:
            self._place(paper)
        if is_identified:
            paper.found |= set(self._planted(paper))
            if not any(severity == "critical" for _, severity, _ in paper.found):
                paper.found |= set(self._over_time(paper))
        paper.state = "unreadable" if paper.sent.damage else self._standing(paper)
        paper.has_passed = paper.state in STANDS
        if paper.has_passed:
            self._supersede(paper)

    def _place(self, paper: Paper) -> None:
        life = self.register.bearer(paper.filing.unit, paper.filing.period)
        if life is None or paper.version is not None:
            return
        # what a unit sends again after it was renamed is a version of the report it sent before
        period, form = paper.filing.period, paper.filing.form
        known = (key for key in self.register.selves(life.key) if (key, period, form) in self.by_report)
        paper.unit = next(known, life.key)
        versions = self.by_report.setdefault((paper.unit, period, form), [])
        versions.append(paper)
        paper.version = len(versions)

    def _identity(self, paper: Paper) -> Iterator[Found]:
        if paper.sent.damage:
            yield ("FIL-002", "critical", "")
        elif self.register.bearer(paper.filing.unit, paper.filing.period) is None:
            yield ("FRM-005", "critical", "")
        elif self.today < window_of(paper.filing.period)[1]:
            yield ("FRM-017", "critical", "")
        elif paper.filing.period in self.closed:
            yield ("FRM-019", "critical", "")

    def _planted(self, paper: Paper) -> Iterator[Found]:
        for slip in paper.sent.slips:
            rule, severity, place = self._fate(slip, paper.filing.period)
            if rule:
                yield (rule, severity, place)

    def _fate(self, slip: str, period: str) -> Found:
        """Which rule speaks of a slip today, how gravely, and of which field."""
        last = window_of(period)[1]
        match slip:
            case "wrong_sum":
                return "LRN-001", "critical", "party_members"
            case "negative":
                return "VAL-001", "critical", "registered_deeds"
            case "too_many_commitments":
                return "LRN-010", "critical" if self.edition == "october" else "warning", "commitments_signed"
            case "many_contents":
                return "YER-001", "warning" if last <= date(2026, 9, 30) else "critical", "breakthrough_contents"
            case "early_committee" if self.edition == "january":
                return "YER-002", "critical", "committee_premeeting_lead_days"
        return "", "", ""

    def _over_time(self, paper: Paper) -> Iterator[Found]:
        """Against the reports of other periods that stand now."""
        period, form = paper.filing.period, paper.filing.form
        before = _quarter_before(period)
        earlier = self._standing_of(paper, before) if before else None
        if earlier and earlier.filing.figures == paper.filing.figures:
            yield ("HIS-028", "warning", "")
        if "-Q" in period or form != "review-report":
            return
        meetings = figure(paper.filing.figures.get("model_group_meetings", 0))
        if meetings.high < 12 * figure(paper.filing.figures.get("model_groups", 0)).low:
            yield ("MDL-006", "warning", "model_groups")
        parts = [self._standing_of(paper, quarter) for quarter in quarters_of(period)]
        if any(part is None or part.filing.scope != paper.filing.scope for part in parts):
            return
        for rule, code in PARTS.items():
            stated = [part.filing.figures.get(code) for part in parts if part]
            if code in paper.filing.figures and None not in stated:
                year, added = (
                    figure(paper.filing.figures[code]),
                    _added([figure(typed) for typed in stated if typed is not None]),
                )
                if year.high < added.low or added.high < year.low:
                    yield (rule, "warning", code)

    def _standing_of(self, paper: Paper, period: str) -> Paper | None:
        """The report in force of the same unit, whatever it was called, for another period."""
        assert paper.unit is not None
        found = [
            other
            for key in self.register.selves(paper.unit)
            for other in self.by_report.get((key, period, paper.filing.form), [])
            if other.state in STANDS
        ]
        return found[-1] if found else None

    def _standing(self, paper: Paper) -> str:
        """The state that follows from the findings, those that a waiver settles today aside."""
        open_ = {severity for rule, severity, _ in paper.found if not self._is_waived(paper, rule)}
        return "rejected" if "critical" in open_ else "accepted_with_warnings" if "warning" in open_ else "accepted"

    def _is_waived(self, paper: Paper, rule: str) -> bool:
        until = self.waivers.get((paper.report, rule)) if paper.report else None
        return until is not None and self.today <= until

    def _supersede(self, paper: Paper) -> None:
        """Of the versions that stand only the last one does."""
        assert paper.report is not None
        for older in [other for other in self.by_report[paper.report] if other.state in STANDS][:-1]:
            older.state = "superseded"

    # -------------------------------------------------------------------------------------------- who reported

    def status(self, period: str) -> dict[tuple[str, str], Status]:
        """(unit, form) → what must be said of it."""
        last = window_of(period)[1]
        owing = {(life.code, form): life for life in self.register.living(last) for form in forms_of(life.kind)}
        sent: dict[tuple[str, str], list[Paper]] = {}
        for paper in self.papers:
            if paper.unit and paper.filing.period == period:
                now = self.register.itself_on(paper.unit, last)
                sent.setdefault((now[0], paper.filing.form), []).append(paper)
        return {
            place: self._status(period, owing.get(place), sent.get(place, [])) for place in owing.keys() | sent.keys()
        }

    def _status(self, period: str, life: Life | None, papers: list[Paper]) -> Status:
        permits = [
            until
            for (key, code), until in self.permits.items()
            if life and code == period and self.register.itself_on(key, window_of(period)[1]) == life.key
        ]
        day = max(permits, default=due(life.kind, period)) if life else None
        arrived = min((local_day(paper.arrived) for paper in papers), default=None)
        return Status(
            state=_latest(papers).state if papers else "missing",
            is_expected=life is not None,
            is_late=bool(day and arrived and arrived > day),
            is_overdue=bool(day and not papers and self.today > day),
            is_in_force=any(paper.state in STANDS for paper in papers),
            is_permitted=bool(permits),
            due=day,
        )

    # -------------------------------------------------------------------------------------------- totals

    def in_force(self, period: str, form: str) -> dict[str, Filing]:
        """Unit → the report whose figures count: of one that reported under two names the one sent last."""
        last = window_of(period)[1]
        return {
            self.register.itself_on(paper.unit, last)[0]: paper.filing
            for paper in self.papers
            if paper.unit and paper.state in STANDS and (paper.filing.period, paper.filing.form) == (period, form)
        }

    def totals(self, period: str, form: str) -> dict[tuple[str, str, str], Total]:
        """(unit, indicator, breakdown) → the total, of every unit with units below it."""
        tree = self.register.tree(period)
        reports = {unit: filing for unit, filing in self.in_force(period, form).items() if unit in tree}
        owing = {life.code for life in self.register.living(window_of(period)[1]) if form in forms_of(life.kind)}
        own = {unit: _own_figures(filing) for unit, filing in reports.items() if filing.scope == "own"}
        keys = {key for figures in own.values() for key in figures}
        inner = {parent for parent in tree.values() if parent}
        below = {unit: _below(unit, tree) for unit in inner}
        return {
            (unit, *key): _total(
                key, [(code, own[code]) for code in sorted(below[unit]) if code in own], below[unit] & owing
            )
            for unit in inner
            for key in keys
            if below[unit] & owing or any(key in own.get(code, {}) for code in below[unit])
        }

    def hierarchy(self, period: str, form: str) -> dict[str, set[Found]]:
        """File of a report that speaks for its subtree → what must be said of it beside its children."""
        tree = self.register.tree(period)
        owing = {life.code for life in self.register.living(window_of(period)[1]) if form in forms_of(life.kind)}
        reports = self.in_force(period, form)
        told: dict[str, set[Found]] = {}
        for paper in self.papers:
            is_meant = (paper.filing.period, paper.filing.form, paper.filing.scope) == (period, form, "subtree")
            if is_meant and paper.unit and paper.state in STANDS:
                told[paper.sent.file] = set(self._beside_children(paper, tree, owing, reports))
        return told

    def _beside_children(
        self, paper: Paper, tree: dict[str, str | None], owing: set[str], reports: dict[str, Filing]
    ) -> Iterator[Found]:
        children = [code for code, parent in tree.items() if parent == paper.filing.unit]
        for code, typed in paper.filing.figures.items():
            if code.partition("[")[0] in SUMS:
                given = [
                    figure(reports[c].figures[code]) for c in children if c in reports and code in reports[c].figures
                ]
                if not given:
                    continue
                stated, added = figure(typed), _added(given)
                is_whole = len(given) >= len([c for c in children if c in owing])
                if is_whole and (stated.high < added.low or added.high < stated.low):
                    yield ("HIE-001", "warning", code)
                elif not is_whole and stated.high < added.low:
                    yield ("HIE-002", "warning", code)


# ------------------------------------------------------------------------------------------------ plain sums


def _turn(period: str) -> tuple[date, int]:
    first, last = window_of(period)
    return last, (last - first).days


def _quarter_before(period: str) -> str:
    year, _, quarter = period.partition("-Q")
    if not quarter:
        return ""
    return f"{year}-Q{int(quarter) - 1}" if int(quarter) > 1 else f"{int(year) - 1}-Q4"


def _latest(papers: list[Paper]) -> Paper:
    """The version that counts: the last that was neither withdrawn nor replaced, nor failed before one that passed."""
    passed = max((paper.number for paper in papers if paper.has_passed), default=0)
    counts = [
        paper
        for paper in papers
        if paper.state not in ("superseded", "withdrawn") and not (paper.state in FAILED and paper.number < passed)
    ]
    return (counts or papers)[-1]


def _added(figures: list[Figure]) -> Figure:
    total = figures[0]
    for other in figures[1:]:
        total = total + other
    return total


def _own_figures(filing: Filing) -> dict[tuple[str, str], Figure]:
    """(indicator, breakdown) → figure; the rows of a matrix that are sums of the others are left out."""
    figures = {}
    for code, typed in filing.figures.items():
        name, _, breakdown = code.partition("[")
        indicator, breakdown = name.rpartition(".")[2], breakdown.removesuffix("]")
        if indicator in SUMS | {LEAST, MOST} and "field=tong" not in breakdown:
            figures[indicator, breakdown] = figure(typed)
    for rate, (top, base) in RATES.items():
        if (top, "") in figures and (base, "") in figures and figures[base, ""].value:
            share = 100 * figures[top, ""].value / figures[base, ""].value
            figures[rate, ""] = Figure(share, share, share)
    return figures


def _below(unit: str, tree: dict[str, str | None]) -> set[str]:
    """A unit and everything below it."""
    found, frontier = {unit}, {unit}
    while frontier:
        frontier = {code for code, parent in tree.items() if parent in frontier}
        found |= frontier
    return found


def _total(key: tuple[str, str], reports: list[tuple[str, dict[tuple[str, str], Figure]]], owing: set[str]) -> Total:
    given = [(code, figures) for code, figures in reports if key in figures]
    reported = sum(code in owing for code, _ in given)
    if not given:
        return Total(None, 0, len(owing))
    indicator = key[0]
    if indicator in RATES:
        top, base = RATES[indicator]
        share = (
            100
            * sum((f[top, ""].value for _, f in given), Fraction())
            / sum((f[base, ""].value for _, f in given), Fraction())
        )
        return Total(Figure(share, share, share), reported, len(owing))
    figures = [figures[key] for _, figures in given]
    if indicator in (LEAST, MOST):
        one = (min if indicator == LEAST else max)(figures, key=lambda figure: figure.value)
        return Total(one, reported, len(owing))
    return Total(_added(figures), reported, len(owing))
