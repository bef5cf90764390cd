"""Why a total has no figure, in the code that is stored and in the words that are read."""

from __future__ import annotations

from enum import StrEnum


class NoTotal(StrEnum):
    """What keeps figures of units from being added up."""

    NOT_ADDITIVE = "not_additive"
    #: counted from the distinct rows of a list, not from figures
    FROM_LISTS = "from_lists"
    #: rates were stated, but no unit gave the counts behind them
    COUNTS_MISSING = "counts_missing"
    ZERO_DENOMINATOR = "zero_denominator"
    NOTHING_REPORTED = "nothing_reported"


#: Code → (Vietnamese, English).
WORDS: dict[NoTotal, tuple[str, str]] = {
    NoTotal.NOT_ADDITIVE: ("không cộng được giữa các đơn vị", "not additive over units"),
    NoTotal.FROM_LISTS: ("đếm theo danh sách, không cộng số", "counted from the lists"),
    NoTotal.COUNTS_MISSING: ("tỷ lệ không kèm số đếm", "rates without counts"),
    NoTotal.ZERO_DENOMINATOR: ("mẫu số bằng 0", "denominator is 0"),
    NoTotal.NOTHING_REPORTED: ("chưa đơn vị nào có số liệu", "no unit gave a figure"),
}
