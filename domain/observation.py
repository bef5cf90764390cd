"""What an observation may say of itself."""

from __future__ import annotations

from enum import StrEnum


class CellStatus(StrEnum):
    """Three states of a cell: nothing is ever guessed between them."""

    VALUE = "value"
    DECLARED_ZERO = "declared_zero"  # 0, "không phát sinh"
    MISSING = "missing"  # "", "-", "…", "chưa có số liệu"


class Basis(StrEnum):
    IN_PERIOD = "in_period"
    YEAR_TO_DATE = "year_to_date"


class Scope(StrEnum):
    """Whose figure it is: only ``own`` figures are added up the tree, so that nothing is counted twice."""

    OWN = "own"
    SUBTREE = "subtree"
    TERRITORY = "territory"


class Nature(StrEnum):
    FLOW = "flow"
    STOCK = "stock"
    TARGET = "target"


class OverUnits(StrEnum):
    """How an indicator is added over units."""

    SUM = "sum"
    RATIO_OF_SUMS = "ratio_of_sums"
    LAST = "last"
    DISTINCT = "distinct"
    MAX = "max"
    MIN = "min"
    UNION = "union"
    NOT_ADDITIVE = "not_additive"


class OverTime(StrEnum):
    """How an indicator is added over the periods of a year."""

    SUM = "sum"
    LAST = "last"
    FIRST = "first"
    NONE = "none"


class ValueKind(StrEnum):
    """What a field holds."""

    COUNT = "count"
    QUANTITY = "quantity"
    RATIO = "ratio"  # numerator and denominator in one cell: 18/21
    PERCENT = "percent"  # 97.49 stands for 97,49 %
    TEXT = "text"
    LIST = "list"
    DATE = "date"
    CODE = "code"
