"""Two periods beside one another: what may be said of the change, and the words for what may not.

A growth that rests on other boundaries, another definition or next to no base is worse than none, so every figure that
is not compared carries its reason, and every figure that is compared what a reader must know besides.
"""

from __future__ import annotations

from enum import StrEnum

from domain import totals
from domain.totals import NoTotal


class Boundaries(StrEnum):
    """Whose territory both figures speak of."""

    #: the units of the later period: the older figures are added up anew over what wholly went into them
    NOW = "now"
    #: the units of the older period: the later figures are added up anew over what is wholly within them
    THEN = "then"
    #: each as it was filed; comparable only where the unit stayed the same
    FILED = "filed"


class ChangeKind(StrEnum):
    """How a change is told: counts in percent of the base, rates in percentage points."""

    PERCENT = "percent"
    POINTS = "points"


class NotComparable(StrEnum):
    """Why two figures are not set beside one another."""

    # the unit
    SPLIT = "split"
    UNTOLD = "untold"
    NOT_THE_SAME = "not_the_same"
    # the indicator
    NOT_OVER_TIME = "not_over_time"
    RUNNING_TOTAL = "running_total"
    # the figures
    NOT_ADDITIVE = NoTotal.NOT_ADDITIVE.value
    FROM_LISTS = NoTotal.FROM_LISTS.value
    COUNTS_MISSING = NoTotal.COUNTS_MISSING.value
    ZERO_DENOMINATOR = NoTotal.ZERO_DENOMINATOR.value
    STATED_NOT_ADDED = "stated_not_added"
    MISSING_CURRENT = "missing_current"
    MISSING_BASE = "missing_base"


class NoGrowth(StrEnum):
    """Why two comparable figures have a difference and no percentage."""

    ZERO_BASE = "zero_base"
    NEGATIVE_BASE = "negative_base"
    UNCERTAIN_BASE = "uncertain_base"
    TINY_BASE = "tiny_base"


class Caution(StrEnum):
    """What a reader of the change must know; the change is told nevertheless."""

    BASE_IS_YEAR = "base_is_year"
    COVERAGE_DIFFERS = "coverage_differs"
    INCOMPLETE = "incomplete"
    DEFINITION_CHANGED = "definition_changed"
    SOURCE_DIFFERS = "source_differs"
    DIRECTION_UNKNOWN = "direction_unknown"
    UNTOLD_BELOW = "untold_below"
    ADOPTED_BELOW = "adopted_below"
    TREE_CHANGED = "tree_changed"


#: Code → (Vietnamese, English), for all of the above.
WORDS: dict[str, tuple[str, str]] = {
    NotComparable.SPLIT: (
        "địa bàn bị chia hoặc chỉ chuyển một phần, không chia lại số liệu",
        "the territory was divided or moved in part; figures are not apportioned",
    ),
    NotComparable.UNTOLD: (
        "không sự kiện nào nối đơn vị này với kỳ kia",
        "no event joins this unit to the other period",
    ),
    NotComparable.NOT_THE_SAME: (
        "mã giữ nguyên nhưng không còn là đơn vị cũ",
        "the code stayed, the unit did not stay the same",
    ),
    NotComparable.NOT_OVER_TIME: (
        "chỉ tiêu này không so sánh theo thời gian",
        "this indicator is not compared over time",
    ),
    NotComparable.RUNNING_TOTAL: (
        "số lũy kế từ đầu năm, chỉ so với cùng kỳ năm trước",
        "a running total of the year compares only with the same period of another year",
    ),
    NotComparable.NOT_ADDITIVE: totals.WORDS[NoTotal.NOT_ADDITIVE],
    NotComparable.FROM_LISTS: totals.WORDS[NoTotal.FROM_LISTS],
    NotComparable.COUNTS_MISSING: totals.WORDS[NoTotal.COUNTS_MISSING],
    NotComparable.ZERO_DENOMINATOR: totals.WORDS[NoTotal.ZERO_DENOMINATOR],
    NotComparable.STATED_NOT_ADDED: (
        "các đơn vị nêu số chung cho cả địa bàn; số nêu chung không đem cộng",
        "the units stated figures for their whole territory; such figures are not added",
    ),
    NotComparable.MISSING_CURRENT: ("kỳ này chưa có số liệu", "no figure in this period"),
    NotComparable.MISSING_BASE: ("kỳ gốc không có số liệu", "no figure in the base period"),
    NoGrowth.ZERO_BASE: ("số gốc bằng 0, không có tỷ lệ phần trăm", "the base is 0: no percentage"),
    NoGrowth.NEGATIVE_BASE: ("số gốc âm, không có tỷ lệ phần trăm", "the base is negative: no percentage"),
    NoGrowth.UNCERTAIN_BASE: (
        "số gốc chỉ nêu áng chừng và có thể rất nhỏ, không có tỷ lệ phần trăm",
        "the base is only roughly known and may be next to nothing: no percentage",
    ),
    NoGrowth.TINY_BASE: (
        "số gốc quá nhỏ, không nêu tỷ lệ phần trăm",
        "the base is too small for a percentage",
    ),
    Caution.BASE_IS_YEAR: (
        "số gốc trùng với năm: có thể lấy nhầm ô tiêu đề",
        "the base equals a year: perhaps the header cell was taken for it",
    ),
    Caution.COVERAGE_DIFFERS: ("độ bao phủ hai kỳ khác nhau", "the coverage of the two periods differs"),
    Caution.INCOMPLETE: ("còn đơn vị chưa có số liệu", "some units gave no figure"),
    Caution.DEFINITION_CHANGED: (
        "định nghĩa chỉ tiêu thay đổi giữa hai kỳ",
        "the definition changed between the periods",
    ),
    Caution.SOURCE_DIFFERS: (
        "một kỳ cộng từ các đơn vị, kỳ kia nêu chung",
        "one figure was added up, the other stated as a whole",
    ),
    Caution.DIRECTION_UNKNOWN: (
        "số áng chừng, không rõ tăng hay giảm",
        "the figures are too rough to tell a rise from a fall",
    ),
    Caution.UNTOLD_BELOW: (
        "bên dưới có đơn vị không sự kiện nào nối với kỳ kia",
        "units below are joined to nothing in the other period",
    ),
    Caution.ADOPTED_BELOW: (
        "có đơn vị không ghi từ đâu hay đi đâu, tính ở nơi có cấp trên của nó",
        "units without a recorded trail are counted where their superior is",
    ),
    Caution.TREE_CHANGED: (
        "các đơn vị bên dưới không còn như kỳ gốc",
        "the units below are no longer those of the base period",
    ),
}
