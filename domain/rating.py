"""Rating units (xếp loại): what a proposal may say. The program proposes; a person decides."""

from __future__ import annotations

from enum import StrEnum


class Held(StrEnum):
    """What became of a condition for a grade."""

    HOLDS = "holds"
    FAILS = "fails"
    #: the figures are so rough that it may be either
    UNDECIDED = "undecided"
    #: a figure it is judged by is not there
    MISSING = "missing"
    #: nothing that is reported tells it: a person confirms it
    CONFIRM = "confirm"


class Place(StrEnum):
    """Where a unit that qualifies for the best grade stands beside the cap on it."""

    WITHIN = "within"
    #: others cannot be told from it by their points, and there are not places for all
    CONTESTED = "contested"
    BEYOND = "beyond"


#: Between two grades of a proposal that is open.
BETWEEN = "|"

#: Why a unit is not rated, by the state of its report: code → (Vietnamese, English).
NOT_RATED: dict[str, tuple[str, str]] = {
    "missing": ("chưa gửi báo cáo", "sent no report"),
    "rejected": ("báo cáo bị trả lại", "its report was rejected"),
    "unreadable": ("báo cáo không đọc được", "its report cannot be read"),
    "received": ("báo cáo đang chờ kiểm tra", "its report waits to be checked"),
    "withdrawn": ("báo cáo đã được rút", "its report was withdrawn"),
}

CONFIRM_WORDS = ("người đánh giá xác nhận", "to be confirmed by a person")
NO_FIGURE_WORDS = ("chưa có số liệu", "no figure")
OPEN_WORDS = ("chưa kết luận được từ số liệu hiện có", "cannot be told from the figures yet")
NEWER_FAILED_WORDS = (
    "bản gửi sau chưa được nhận; số liệu lấy từ bản trước",
    "a newer version was not accepted; figures are of the one before",
)
