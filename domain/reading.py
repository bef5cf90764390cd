"""What was read out of one cell: the figure, how sure it is, and every repair made on the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.observation import CellStatus
from domain.quantity import Qualifier


class Repair(StrEnum):
    """A repair or reading decision that must never be silent: each becomes a finding."""

    UNIT_WORDS = "unit_words"  # "832 hồ sơ" → 832
    SCALE_WORDS = "scale_words"  # "1,07 nghìn" → 1070
    QUALIFIED = "qualified"  # "gần 1.600" → 1600 approx_below
    DOT_EATEN = "dot_eaten"  # 1.64 in a count cell: proposed 1640, not applied
    RATIO_AS_DATE = "ratio_as_date"  # 8/8 that became 08/08/2026
    COMMA_THOUSANDS = "comma_thousands"  # 11,713 in a count cell
    PERCENT_AS_SHARE = "percent_as_share"  # 0.95 in a percent cell
    PERCENT_AS_COUNTS = "percent_as_counts"  # 62/62 in a percent cell
    DECLARED_ZERO = "declared_zero"  # "không phát sinh"
    WORDS_WITHOUT_NUMBER = "words_without_number"  # "hầu hết"
    TEXT_NUMBER = "text_number"  # '832 kept as text
    PREPOSITION = "preposition"  # "trên 08 ấp": in eight hamlets, not more than eight
    FOLDED_TEXT = "folded_text"  # decomposed Unicode put together
    OLD_FONT = "old_font"  # typed with a TCVN3 font, turned into Unicode
    FORMULA_TEXT = "formula_text"  # text that begins like a formula, kept as text


class Problem(StrEnum):
    """Why no figure could be read; the cell then has no value and the submission cannot be loaded."""

    NOT_A_NUMBER = "not_a_number"
    AMBIGUOUS_NUMBER = "ambiguous_number"  # 11,713 could be 11.713 or 11,713
    FRACTION_OF_COUNT = "fraction_of_count"  # half a dossier
    DOT_EATEN = "dot_eaten"  # 1.64 where a count was asked: 1.640?
    SHARE_OR_PERCENT = "share_or_percent"  # 0.95: 95 % or 0,95 %?
    ZERO_DENOMINATOR = "zero_denominator"
    NOT_A_RATIO = "not_a_ratio"
    NOT_A_DATE = "not_a_date"
    NOT_IN_CODE_LIST = "not_in_code_list"
    CELL_ERROR = "cell_error"  # #REF!, #DIV/0!
    DATE_IN_NUMBER = "date_in_number"


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of reading one cell.

    ``value`` is in the unit of measure of the field (percent as 97.49; a ratio's value is its percentage, its counts
    stand in ``numerator`` and ``denominator``). ``status`` is ``MISSING`` for blank-like cells. With a ``problem``
    there is no value.
    """

    value: float | None = None
    qualifier: Qualifier = Qualifier.EXACT
    status: CellStatus = CellStatus.VALUE
    numerator: float | None = None
    denominator: float | None = None
    repairs: tuple[Repair, ...] = ()
    problem: Problem | None = None
