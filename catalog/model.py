"""The shapes of the definitions: every file under ``catalog/data`` is proved against these models when it is loaded."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from domain.finding import CheckLevel, Severity
from domain.observation import Basis, Nature, OverTime, OverUnits, Scope, ValueKind
from domain.period import Period, PeriodKind

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
FieldCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\[[a-z_]+=[a-z0-9_]+(;[a-z_]+=[a-z0-9_]+)*\])?$")]

#: A column of a check frame: a field, or something derived from the submission, the register or the past.
#:   dossiers_received · previous:dossiers_pending · last_year:dossiers_received · count:initiatives ·
#:   count:initiatives[level=tinh] · length:limitation · register:children[kind=chi_bo] · period:year ·
#:   same_as:previous · sum:dossiers.dossiers_received[field=tong] (matrix items of this breakdown, added up) ·
#:   longer:registered_deeds (the period that ends the same day and begins earlier; shorter: begins later) ·
#:   parts:registered_deeds (the shorter periods that make up this one, added up) · same_as:longer · same_as:shorter
ColumnRef = Annotated[
    str,
    Field(
        pattern=r"^(((previous|last_year|longer|shorter|parts|count|length|register|period|same_as):)?[a-z][a-z0-9_]*"
        r"|sum:[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)"
        r"(\[[a-z_]+=[a-z0-9_]+(;[a-z_]+=[a-z0-9_]+)*\])?$"
    ),
]


class Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# ------------------------------------------------------------------------------------------------ words and codes


class Message(Definition):
    """A sentence in both languages; ``advice`` says what to do.

    Placeholders: {label} {observed} {expected} {arithmetic} {difference} {cell} {sheet} {unit} {period} {list}.
    """

    id: Code
    vi: str
    en: str
    advice_vi: str = ""
    advice_en: str = ""


class CodeItem(Definition):
    code: str
    label_vi: str
    label_en: str
    aliases: tuple[str, ...] = ()


class CodeList(Definition):
    """The codes a dimension or a drop-down may take, in the order they are shown."""

    id: Code
    label_vi: str
    label_en: str
    items: tuple[CodeItem, ...]

    def item(self, code: str) -> CodeItem:
        return next(item for item in self.items if item.code == code)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(item.code for item in self.items)


class Indicator(Definition):
    """What a figure means, once and for all; a rate names its numerator and denominator.

    ``counted_in``: the list whose rows a distinct count counts, with what a row must say to count:
    ``initiatives[status=launched]``. The key of the list's rows tells what is counted once.
    """

    code: Code
    label_vi: str
    label_en: str
    measure_vi: str
    measure_en: str
    kind: ValueKind
    nature: Nature
    basis: Basis = Basis.IN_PERIOD
    over_units: OverUnits
    over_time: OverTime
    dimensions: tuple[Code, ...] = ()
    numerator: tuple[Code, ...] = ()
    denominator: tuple[Code, ...] = ()
    unit_words: tuple[str, ...] = ()
    counted_in: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*(\[[a-z_]+=[a-z0-9_]+\])?)?$")] = ""
    definition_vi: str = ""
    definition_en: str = ""
    source: str = ""
    valid_from: date
    valid_to: date | None = None

    @property
    def is_integer(self) -> bool:
        return self.kind is ValueKind.COUNT

    @property
    def adds_over_time(self) -> bool:
        """Whether the figure of a longer period is the sum of those of the shorter ones that make it up."""
        of_the_period = self.nature is Nature.FLOW and self.basis is Basis.IN_PERIOD
        return of_the_period and self.over_time is OverTime.SUM

    @property
    def is_rate(self) -> bool:
        return self.kind in (ValueKind.PERCENT, ValueKind.RATIO)


# ------------------------------------------------------------------------------------------------ forms


class FormField(Definition):
    """One scalar cell of a form: an indicator with a breakdown (``dossiers_received[field=chung_thuc]``)."""

    code: FieldCode
    form: str
    section: Code
    indicator: Code
    required: bool = False
    label_vi: str = ""
    label_en: str = ""
    help_vi: str = ""
    help_en: str = ""
    dash_is_zero: bool = False

    @property
    def breakdown(self) -> str:
        """``field=chung_thuc`` or the empty string."""
        return self.code.partition("[")[2].removesuffix("]")


class ListColumn(Definition):
    code: Code
    label_vi: str
    label_en: str
    kind: ValueKind
    codelist: Code | None = None
    required: bool = False
    width: int = 20
    given: bool = False  # filled in before the unit gets its template, and locked there


class Section(Definition):
    """A part of the form that sits on one sheet.

    ``scalars``: one figure a row; ``matrix``: items down (a breakdown), indicators across; ``list``: free rows under a
    header; ``narrative``: paragraphs.
    """

    code: Code
    kind: Literal["scalars", "matrix", "list", "narrative"]
    sheet: str
    title_vi: str
    title_en: str
    columns: tuple[ListColumn, ...] = ()  # list
    key: tuple[Code, ...] = ()  # list: columns that name a row
    max_rows: int = 200  # list
    indicators: tuple[Code, ...] = ()  # matrix: across
    items: tuple[str, ...] = ()  # matrix: breakdowns down, "level=xa;field=chung_thuc"
    narratives: tuple[NarrativeField, ...] = ()


class NarrativeField(Definition):
    code: Code
    label_vi: str
    label_en: str
    help_vi: str = ""
    required: bool = False
    max_length: int = 20_000


class Form(Definition):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    label_vi: str
    label_en: str
    version: str
    accepted_versions: tuple[str, ...]
    default_scope: Scope = Scope.OWN
    sections: tuple[Section, ...]
    fields: tuple[FormField, ...] = ()
    #: version → address of each placed thing: field code, ``<list>``, ``<matrix>``, ``<narrative>``, ``identity.unit``
    places: dict[str, dict[str, str]] = {}
    #: column letter of the note ("giải trình") beside a scalar, by version
    note_columns: dict[str, str] = {}
    source: str = ""

    @model_validator(mode="after")
    def _version_is_accepted(self) -> Form:
        if self.version not in self.accepted_versions:
            raise ValueError(f"form {self.id}: its own version {self.version} is not among the accepted ones")
        return self

    def section(self, code: str) -> Section:
        return next(section for section in self.sections if section.code == code)

    def sections_of(self, kind: str) -> tuple[Section, ...]:
        return tuple(section for section in self.sections if section.kind == kind)

    @property
    def narratives(self) -> tuple[NarrativeField, ...]:
        return tuple(n for section in self.sections_of("narrative") for n in section.narratives)


class Obligation(Definition):
    """Which kind of unit files which form for which kind of period."""

    unit_kind: Code
    form: str
    calendar: str
    period_kinds: tuple[PeriodKind, ...]
    valid_from: date
    valid_to: date | None = None

    def asks_for(self, period: Period) -> bool:
        """Whether the form is owed for this period: it is in force on the last day of the period's window."""
        in_time = self.valid_from <= period.window.last and (
            self.valid_to is None or period.window.last <= self.valid_to
        )
        return in_time and self.calendar == period.calendar and period.kind in self.period_kinds


# ------------------------------------------------------------------------------------------------ rules


class FileCheck(Definition):
    """Level 1: a fault the reader met with the file itself."""

    kind: Literal["file"]
    fault: Code


class IntakeCheck(Definition):
    """Level 2: a fault of form, version, identity, period, unit or obligation."""

    kind: Literal["intake"]
    fault: Code


class ReadingCheck(Definition):
    """Level 3: a repair or a problem met while reading a cell (:mod:`domain.reading`)."""

    kind: Literal["reading"]
    repair: str | None = None
    problem: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> ReadingCheck:
        if (self.repair is None) == (self.problem is None):
            raise ValueError("a reading check names a repair or a problem, not both")
        return self


class CopyCheck(Definition):
    """Level 6: a fault between reports of different units, found in the warehouse and not in the frames of a batch."""

    kind: Literal["copy"]
    fault: Literal["copied_from_other_unit"]


class ConclusionCheck(Definition):
    """Level 6: what a report says of the conclusions of earlier conferences, against those the warehouse holds."""

    kind: Literal["conclusion"]
    fault: Literal["conclusion_unknown", "conclusion_done_but_not_met", "conclusion_progress_missing"]


class HierarchyCheck(Definition):
    """Level 7: a figure stated for a subtree or territory against the sum of the children, on intervals.

    It speaks of every figure that is added over units. ``sum``: the children's sum must not lie ``above`` the figure,
    not ``below`` it, or neither; ``children``: judged when the sum holds them all (``whole``), when some are missing
    (``partial``), or always.
    """

    kind: Literal["hierarchy"]
    scopes: tuple[Scope, ...]
    sum: Literal["apart", "above", "below"]
    children: Literal["whole", "partial", "any"]

    @model_validator(mode="after")
    def _can_be_wrong(self) -> HierarchyCheck:
        if Scope.OWN in self.scopes or not self.scopes:
            raise ValueError("what a unit states of itself alone is no sum of its children")
        if self.sum != "above" and self.children != "whole":
            raise ValueError("a sum that lacks children is smaller by itself: only one above the figure is wrong")
        return self


class RangeCheck(Definition):
    """Every named figure lies in [min, max]; on qualified figures the whole interval must leave the range to fail."""

    kind: Literal["range"]
    columns: tuple[ColumnRef, ...] = ()
    value_kinds: tuple[ValueKind, ...] = ()  # all scalar and matrix figures of these kinds (frame ``values``)
    min: float | None = None
    max: float | None = None


class RequiredCheck(Definition):
    """The columns must have a value — always, or when one of ``when`` has a value above zero."""

    kind: Literal["required"]
    columns: tuple[ColumnRef, ...] = ()  # empty: every field of the form marked required
    when: tuple[ColumnRef, ...] = ()


class CodeListCheck(Definition):
    kind: Literal["code_list"]
    column: ColumnRef
    codelist: Code


class IdentityCheck(Definition):
    """total = sum of parts, on intervals: violated → the rule's severity, suspicious → warning."""

    kind: Literal["identity"]
    total: tuple[ColumnRef, ...]
    parts: tuple[ColumnRef, ...]
    #: missing parts: ``skip`` the identity, or count them as ``zero`` when at least one part is given
    missing_parts: Literal["skip", "zero"] = "zero"
    #: judged only where every one of these has a value: parts without which a sum would be called wrong unjustly
    when_given: tuple[ColumnRef, ...] = ()
    tolerance: float = 0.0

    @model_validator(mode="after")
    def _waits_for_its_own_terms(self) -> IdentityCheck:
        if foreign := set(self.when_given) - {*self.total, *self.parts}:
            raise ValueError(f"when_given names what is neither total nor part: {', '.join(sorted(foreign))}")
        return self


class AtMostCheck(Definition):
    """smaller (× times) ≤ larger × factor, as far as the intervals can tell.

    ``times`` is an exact number of the submission: groups × ``period:months`` ≤ monthly meetings.
    """

    kind: Literal["at_most"]
    smaller: tuple[ColumnRef, ...]
    larger: tuple[ColumnRef, ...]
    factor: float = 1.0
    times: ColumnRef | None = None


class RateCheck(Definition):
    """A stated rate (percent) equals sum(numerator) / sum(denominator) within ``tolerance`` points."""

    kind: Literal["rate"]
    rate: ColumnRef
    numerator: tuple[ColumnRef, ...]
    denominator: tuple[ColumnRef, ...]
    tolerance: float = 0.05


class DiffersCheck(Definition):
    """Two columns that being equal would be suspicious (the base of a growth and the year)."""

    kind: Literal["differs"]
    column: ColumnRef
    other: ColumnRef


class ChangeCheck(Definition):
    """column stays within [1/factor, factor] × base, when the base is at least ``min_base``."""

    kind: Literal["change"]
    column: ColumnRef
    base: ColumnRef
    factor: float
    min_base: float = 1.0


class GrowthCheck(Definition):
    """A stated growth in percent equals column / base − 1 within ``tolerance`` points."""

    kind: Literal["growth"]
    growth: ColumnRef
    column: ColumnRef
    base: ColumnRef
    tolerance: float = 0.5


class NotMultipleCheck(Definition):
    """``column`` is not an exact whole multiple of ``of`` (a sign of estimating), from ``of`` ≥ ``min_of``."""

    kind: Literal["not_multiple"]
    column: ColumnRef
    of: ColumnRef
    min_of: float = 10.0


class LengthCheck(Definition):
    """Text of a narrative or of a list column has at least/at most so many characters."""

    kind: Literal["length"]
    column: ColumnRef
    min: int | None = None
    max: int | None = None
    when: tuple[ColumnRef, ...] = ()


class UniqueCheck(Definition):
    """No two rows of a list have the same key (after name folding)."""

    kind: Literal["unique"]
    columns: tuple[Code, ...]


class SpokenFigureCheck(Definition):
    """Level 5: a number in a paragraph that speaks of a figure of the report (``running_text.yaml``) and cannot be it.

    On intervals: what the words allow and what the cell states do not meet.
    """

    kind: Literal["spoken_figure"]


class SpokenTimeCheck(Definition):
    """Level 5: a year or a day in a paragraph that cannot be.

    ``not_yet``: told as done in a year after the period's · ``not_before``: results compared with a year that is not
    before the period's · ``no_such_day``: 31/02 · ``far_away``: a year before 1930 or more than two after the period's.
    """

    kind: Literal["spoken_time"]
    fault: Literal["not_yet", "not_before", "no_such_day", "far_away"]


class SpokenNameCheck(Definition):
    """Level 5: one thing under several names in a report: ``written`` otherwise (comma, dash, capital, 5 and 05), or
    another name that is ``near``."""

    kind: Literal["spoken_name"]
    likeness: Literal["written", "near"]


Check = Annotated[
    FileCheck
    | IntakeCheck
    | ReadingCheck
    | CopyCheck
    | ConclusionCheck
    | HierarchyCheck
    | RangeCheck
    | RequiredCheck
    | CodeListCheck
    | IdentityCheck
    | AtMostCheck
    | RateCheck
    | DiffersCheck
    | ChangeCheck
    | GrowthCheck
    | NotMultipleCheck
    | LengthCheck
    | UniqueCheck
    | SpokenFigureCheck
    | SpokenTimeCheck
    | SpokenNameCheck,
    Field(discriminator="kind"),
]


class Rule(Definition):
    """One check with everything a person needs to understand it.

    ``frame`` is ``main`` (one row a submission), ``values`` (one row a figure, for ranges by value kind), the code of a
    matrix or list section, or empty for levels 1, 2 and 7, reading, copy, spoken and conclusion checks.
    ``counterexample`` patches the form's example so that this rule fires exactly once; it is proved by
    ``tongket catalog check`` and by the tests.
    """

    id: Annotated[str, Field(pattern=r"^[A-Z]{3}-[0-9]{3}$")]
    forms: tuple[str, ...] = ()  # empty: every form
    frame: str = ""
    level: CheckLevel
    severity: Severity
    title_vi: str
    title_en: str
    message: Code
    check: Check
    since: date
    until: date | None = None
    starts_as_warning_until: date | None = None
    source: str = ""
    counterexample: dict[str, object] = {}

    @field_validator("level", mode="before")
    @classmethod
    def _level_from_number(cls, value: object) -> object:
        return CheckLevel(value) if isinstance(value, int) else value

    def severity_on(self, day: date) -> Severity:
        """New critical rules may start as warnings until a date."""
        early = self.starts_as_warning_until is not None and day <= self.starts_as_warning_until
        return Severity.WARNING if early and self.severity is Severity.CRITICAL else self.severity

    def applies_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)

    def applies_to(self, form: str) -> bool:
        return not self.forms or form in self.forms


# ------------------------------------------------------------------------------------------------ running text

#: ``tiếp nhận {n}``: where the number stands with its measure. ``|`` before or behind: the clause begins or ends there;
#: ``…`` behind: whatever follows.
Phrase = Annotated[str, Field(pattern=r"^(\| )?([^{}|…]+ )?\{n\}( [^{}|…]+)?( [|…])?$")]


class Wording(Definition):
    """How paragraphs speak of a figure, in phrases that can mean nothing else.

    ``measures``: the words behind the number, in place of the indicator's. ``follows``: only behind a number of the
    same sentence that was spoken of this other figure. ``falling``: phrases of a growth that is negative. ``or_sums``:
    sums of fields that the same words may mean as well.
    """

    field: FieldCode
    phrases: tuple[Phrase, ...]
    falling: tuple[Phrase, ...] = ()
    measures: tuple[str, ...] = ()
    follows: FieldCode | None = None
    or_sums: tuple[tuple[FieldCode, ...], ...] = ()


class NamedThings(Definition):
    """A list whose rows have names that paragraphs use too.

    ``list``, and of its columns ``name`` and ``owner``; ``called``: the word before such a name ("mô hình");
    ``other_names``: columns (``<list>.<column>``) in which the unit itself says what else a thing is called.
    """

    list: Code
    name: Code
    owner: Code
    called: tuple[str, ...]
    other_names: tuple[str, ...] = ()


class RunningText(Definition):
    """What the definitions say of paragraphs; without ``running_text.yaml`` nothing is looked for in them.

    ``outlook``: paragraphs that speak of what is planned.
    """

    outlook: tuple[Code, ...] = ()
    figures: tuple[Wording, ...] = ()
    names: tuple[NamedThings, ...] = ()


# ------------------------------------------------------------------------------------------------ comparing periods


class SmallestBase(Definition):
    """From a day on: counts and amounts below ``value`` are no base of a percentage (from 2 to 7 is not "+250 %")."""

    since: date
    value: float = Field(gt=0)
    source: str


class NotOverTime(Definition):
    """An indicator that is not compared with another period, and why."""

    indicator: Code
    reason_vi: str
    reason_en: str


class Comparison(Definition):
    """What the definitions say of comparing one period with another; without ``comparison.yaml`` nothing."""

    smallest_bases: tuple[SmallestBase, ...] = ()
    not_over_time: tuple[NotOverTime, ...] = ()

    def smallest_base_on(self, day: date) -> float:
        """The threshold in force on a day; 0 where there is none."""
        known = [item for item in self.smallest_bases if item.since <= day]
        return max(known, key=lambda item: item.since).value if known else 0.0

    def refusal(self, indicator: str) -> NotOverTime | None:
        return next((item for item in self.not_over_time if item.indicator == indicator), None)


# ------------------------------------------------------------------------------------------------ calendars and units


class PeriodPattern(Definition):
    """Periods of one kind: ``months`` long, beginning in each of ``starts`` (month numbers of the year).

    ``names_vi`` and ``names_en`` fill ``{name}`` of the labels, one name a start ("đầu", "cuối"); without them the
    ordinal stands there.
    """

    kind: PeriodKind
    code: str  # "{year}-Q{ordinal}"
    label_vi: str
    label_en: str
    months: int = Field(ge=1, le=12)
    starts: tuple[Annotated[int, Field(ge=1, le=12)], ...]
    names_vi: tuple[str, ...] = ()
    names_en: tuple[str, ...] = ()

    @field_validator("code", "label_vi", "label_en")
    @classmethod
    def _knows_its_words(cls, value: str, info: ValidationInfo) -> str:
        words = {"year": 2025, "ordinal": 1} | ({} if info.field_name == "code" else {"name": ""})
        try:
            value.format(**words)
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(f"only {', '.join(f'{{{word}}}' for word in words)} can be filled in: {value}") from error
        return value

    @model_validator(mode="after")
    def _names_every_start(self) -> PeriodPattern:
        if any(names and len(names) != len(self.starts) for names in (self.names_vi, self.names_en)):
            raise ValueError(f"a name is needed for each of the {len(self.starts)} starts, or none")
        return self


class Calendar(Definition):
    """How a calendar year is cut into windows.

    A period starts on day ``start_day`` of its first month shifted by ``month_shift`` months (−1: the month before).
    """

    id: Annotated[str, Field(pattern=r"^[A-Z0-9]+$")]
    label_vi: str
    label_en: str
    source: str
    zone: str = "Asia/Ho_Chi_Minh"
    start_day: int = Field(ge=1, le=28)  # every month has such a day
    month_shift: int
    patterns: tuple[PeriodPattern, ...]
    #: working days between cut-off and the day the report is due, by unit level (at least 1: Nghị định 09/2019, Điều 8)
    due_working_days: dict[str, int]
    #: the day of a month (the first past the cut-off) no report may be due after: long holidays would move it further
    due_by_day: int | None = Field(default=None, ge=1, le=28)


def _time_of_day(value: object) -> object:
    """``"06:00"``; a bare number would be seconds, and a time with a zone another moment than it says."""
    if not isinstance(value, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError(f'write a time of day as "06:00", from "00:00" to "23:59", got {value!r}')
    return time.fromisoformat(value)


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Days = Annotated[int, Field(ge=0, le=366)]


class CalendarSchedule(Definition):
    """What one calendar has otherwise than the rest."""

    close_working_days: Days


class Schedule(Definition):
    """What the program does by itself, and at what time of the day where the offices are (Asia/Ho_Chi_Minh).

    ``open``: on the first day of a period's window. ``collect``: every day from its opening to its closing;
    ``collect_last``: on the cut-off day and on the deadline of each level that owes it, when the day is nearly over.
    ``remind``: every day from opening to closing; whom is told what follows from the days before and after a deadline.
    ``close``: ``close_working_days`` working days after the last deadline (``calendars``: where it is otherwise).
    ``review``: on the day a year is closed.
    """

    open: TimeOfDay = time(6, 0)
    collect: TimeOfDay = time(6, 0)
    collect_last: TimeOfDay = time(23, 30)
    remind: TimeOfDay = time(8, 0)
    remind_days_before: tuple[Days, ...] = (10, 5, 1)
    remind_days_after: tuple[Days, ...] = (1, 5)
    close: TimeOfDay = time(6, 0)
    close_working_days: Days = 3
    review: TimeOfDay = time(9, 0)
    calendars: dict[str, CalendarSchedule] = {}

    def working_days_to_close(self, calendar: str) -> int:
        """Working days from the last deadline of a period of this calendar to the day it is closed."""
        own = self.calendars.get(calendar)
        return own.close_working_days if own else self.close_working_days


class UnitKind(Definition):
    code: Code
    label_vi: str
    label_en: str
    level: Code
    branch: Literal["party", "state", "territory", "mass"]


class UnitRecord(Definition):
    code: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9.\-]*$")]
    valid_from: date
    valid_to: date | None = None
    name: str
    kind: Code
    parent: str | None = None
    source: str


class UnitEventRecord(Definition):
    kind: Literal["merge", "split", "rename", "reparent"]
    day: date
    old_code: str
    old_valid_from: date
    new_code: str
    new_valid_from: date
    share: Literal["full", "partial"]
    document: str
