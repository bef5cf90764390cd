"""How states of a submission and acts are told, in Vietnamese and in English, to follow what they are said of."""

from __future__ import annotations

from domain.act import Act
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

#: What was done, of every act.
ACTS: dict[str, Words] = {
    Act.RETRY: ("cho xử lý lại", "had it tried again"),
    Act.RESTORE: ("lấy lại để kiểm tra từ đầu", "restored it, to be checked anew"),
    Act.WITHDRAW: ("rút báo cáo", "withdrew it"),
    Act.WAIVE: ("miễn một phát hiện", "waived a finding"),
    Act.PERMIT_LATE: ("cho phép gửi muộn", "permitted it to be late"),
    Act.RETURN: ("trả lại tệp đã đánh dấu", "handed the annotated file back"),
    Act.CLOSE_PERIOD: ("đóng kỳ", "closed the period"),
    Act.REOPEN_PERIOD: ("mở lại kỳ", "reopened the period"),
    Act.REPLACE_WAREHOUSE: ("thay toàn bộ kho bằng bản sao lưu", "put a backup in the place of the warehouse"),
    Act.SET_TARGETS: ("giao, sửa chỉ tiêu", "gave or changed targets"),
    Act.DECIDE_RATING: ("quyết định xếp loại", "decided the rating"),
    Act.ADD_CONCLUSION: ("ghi một kết luận hội nghị", "wrote down a conclusion of a conference"),
    Act.CHANGE_CONCLUSION: ("sửa, cập nhật một kết luận hội nghị", "changed or updated a conclusion of a conference"),
    Act.IMPORT_REGISTER: ("nạp danh mục đơn vị", "imported the register of units"),
    Act.OPEN_PERIOD: ("mở kỳ", "opened the period"),
    Act.IMPORT_CONTACTS: ("nạp danh sách người nhận thông báo", "imported the list of contacts"),
    Act.RESEND_NOTICE: ("cho gửi lại một thông báo", "had a notice sent again"),
    Act.DROP_NOTICE: ("cho thôi gửi một thông báo", "let a notice not be sent"),
    Act.OPEN_CONFERENCE: ("mở hội nghị", "opened a conference"),
    Act.FREEZE_CONFERENCE: ("chốt số liệu hội nghị", "froze the figures of a conference"),
    Act.OVERRIDE_FREEZE: ("cho chốt khi còn điều nghiêm trọng", "let it be frozen although something was open"),
}
