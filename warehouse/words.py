"""How the states of a submission are told: in Vietnamese and in English, to follow the report they are said of."""

from __future__ import annotations

from domain.submission import SubmissionState

#: Something said in Vietnamese and in English.
Words = tuple[str, str]

STATES: dict[str, Words] = {
    SubmissionState.RECEIVED: ("đang chờ xử lý", "waiting to be processed"),
    SubmissionState.UNREADABLE: ("không đọc được", "unreadable"),
    SubmissionState.REJECTED: ("đã bị trả lại", "rejected"),
    SubmissionState.ACCEPTED: ("đang có hiệu lực", "in force"),
    SubmissionState.ACCEPTED_WITH_WARNINGS: ("đang có hiệu lực, còn cảnh báo", "in force with warnings"),
    SubmissionState.SUPERSEDED: ("đã bị bản mới hơn thay thế", "superseded by a newer version"),
    SubmissionState.WITHDRAWN: ("đã được rút", "withdrawn"),
}
