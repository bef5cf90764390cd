"""The shapes of rating rules: every set in ``ratings.yaml`` is dated, and says of each part where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from catalog.expression import ExpressionError, Node, Test, names_in, parse, parse_test
from catalog.model import Code, Definition
from domain.period import PeriodKind

#: What rules may name besides indicators. Percentages; ``report_on_time`` is 100 or 0.
FACTS = {
    "targets_met": "share of the unit's targets of the year that are met",
    "targets_beyond": "share of the unit's targets of the year that are surely passed, not only met",
    "report_on_time": "whether the report of the period arrived by its due day",
}

#: Where a part of the rules comes from. ``decree``: the document says so; ``reported``: so it is told where the text
#: itself was not at hand; ``judgement``: chosen here, to be replaced by the organisation's own.
Origin = Literal["decree", "reported", "judgement"]


class RatingGrade(Definition):
    """A grade and the points it begins at; null for the last one, which begins at nothing."""

    grade: Code
    from_points: float | None = Field(default=None, ge=0, le=100)


class Criterion(Definition):
    """What gives points: ``measure`` is an expression worth 0 to 100 (what lies outside is cut off), of which
    ``weight`` points are given in proportion.

    ``branches``: only units of these branches have it; the weights a unit does have are stretched to 100 together.
    """

    id: Code
    label_vi: str
    label_en: str
    weight: float = Field(gt=0, le=100)
    measure: str
    branches: tuple[Literal["party", "state", "mass"], ...] = ()
    origin: Origin
    source: str

    @field_validator("measure")
    @classmethod
    def _is_an_expression(cls, value: str) -> str:
        _proved(parse, value)
        return value

    @property
    def term(self) -> Node:
        return parse(self.measure)


class Condition(Definition):
    """What a unit must fulfil for a grade and every better one.

    ``test``: a comparison over indicators; null where the definitions have no indicator for it: then a person confirms
    it, and the proposal says so.
    """

    id: Code
    needed_for: Code
    label_vi: str
    label_en: str
    test: str | None = None
    branches: tuple[Literal["party", "state", "mass"], ...] = ()
    origin: Origin
    source: str

    @field_validator("test")
    @classmethod
    def _is_a_test(cls, value: str | None) -> str | None:
        if value is not None:
            _proved(parse_test, value)
        return value

    @property
    def comparison(self) -> Test | None:
        return None if self.test is None else parse_test(self.test)


class Cap(Definition):
    """How many units of a peer group may have the best grade.

    ``share`` percent of those rated with the grade below it alone (``good_only``: the best are not among them) or of
    those with either (``good_or_better``); what is left of a unit is dropped. ``outstanding_share`` holds instead for
    groups whose superior has the best grade itself, when ``outstanding`` is on.
    """

    grade: Code
    share: Decimal = Field(gt=0, le=100)
    denominator: Literal["good_only", "good_or_better"]
    peer_group: tuple[Literal["superior", "kind", "level"], ...]
    rounding: Literal["floor"]
    outstanding: bool = False
    outstanding_share: Decimal | None = Field(default=None, gt=0, le=100)
    origin: Origin
    source: str

    @model_validator(mode="after")
    def _says_what_outstanding_means(self) -> Cap:
        if self.outstanding and self.outstanding_share is None:
            raise ValueError("outstanding is on, but no outstanding_share is given")
        if not self.peer_group:
            raise ValueError("a cap needs a peer group")
        return self

    def parts(self, *, outstanding: bool = False) -> tuple[int, int]:
        """Numerator and denominator of what multiplies the number rated with this grade or the one below.

        ``good_only``: of N such, x may have the best when x ≤ s·(N − x), so x ≤ N·s/(1 + s); else x ≤ N·s. Whole
        numbers, so that no binary fraction decides about a unit.
        """
        share = Fraction(self.outstanding_share if outstanding and self.outstanding_share else self.share) / 100
        limit = share / (1 + share) if self.denominator == "good_only" else share
        return limit.numerator, limit.denominator


class RatingRules(Definition):
    """A set of rules for rating units, in force from a day on.

    ``text_read``: whether the text of the decree itself was at hand when this was written. ``margin``: how many points
    below a threshold still count as just under it.
    """

    id: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9\-]*$")]
    label_vi: str
    label_en: str
    valid_from: date
    valid_to: date | None = None
    source: str
    text_read: bool
    note_vi: str = ""
    note_en: str = ""
    form: str
    branches: tuple[Literal["party", "state", "mass"], ...]
    period_kinds: tuple[PeriodKind, ...]
    grades: tuple[RatingGrade, ...] = Field(min_length=2)
    grades_origin: Origin
    grades_source: str
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    conditions: tuple[Condition, ...] = ()
    cap: Cap
    margin: float = Field(ge=0, le=20)

    @model_validator(mode="after")
    def _grades_descend(self) -> RatingRules:
        *with_points, last = self.grades
        if any(item.from_points is None for item in with_points) or last.from_points is not None:
            raise ValueError("every grade but the last begins at some points, the last at none")
        points = [item.from_points for item in with_points]
        if points != sorted(set(points), reverse=True):  # type: ignore[type-var]
            raise ValueError("the grades stand from the best down, each beginning at fewer points than the one before")
        if self.cap.grade != self.grades[0].grade:
            raise ValueError("the cap is on the best grade")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Everything the criteria and conditions name, once each."""
        terms: list[Node | Test] = [item.term for item in self.criteria]
        terms += [test for item in self.conditions if (test := item.comparison)]
        return tuple(dict.fromkeys(name for term in terms for name in names_in(term)))

    def rank(self, grade: str) -> int:
        """0 for the best grade."""
        return [item.grade for item in self.grades].index(grade)

    def in_force_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def faults_within(rules: RatingRules) -> Iterator[tuple[str, str]]:
    """(place, what is wrong) of what one set says of itself alone."""
    grades = [item.grade for item in rules.grades]
    for item in rules.conditions:
        if item.needed_for not in grades:
            yield item.id, f"is needed for {item.needed_for}, which is no grade of the set"
        elif item.needed_for == grades[-1]:
            yield item.id, "the last grade needs nothing"
    ids = [*(item.id for item in rules.criteria), *(item.id for item in rules.conditions)]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield name, "is the id of several criteria or conditions"
    everywhere = sum(item.weight for item in rules.criteria if not item.branches)
    if everywhere <= 0:
        yield "criteria", "no criterion is for every branch"


def _proved(reader: object, value: str) -> None:
    assert callable(reader)
    try:
        reader(value)
    except ExpressionError as error:
        raise ValueError(str(error)) from None
