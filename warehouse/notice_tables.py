"""Whom to tell, and what they were told."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint

from domain.notice import ContactRole, NoticeKind, NoticeState
from warehouse.schema import Moment, col, one_of, table

contact = table(
    "contact",
    "Người nhận thông báo của đơn vị; không có trong bản sao để chia sẻ",
    "People who are told of a unit's reports; never part of a published copy",
    col("id", Integer, "Số thứ tự", "Number", primary_key=True, autoincrement=False),
    col(
        "unit_id",
        Integer,
        "Đơn vị; trống với người quản trị",
        "Unit; empty for an administrator",
        ForeignKey("unit.id"),
        null=True,
    ),
    col("role", String, "Vai: unit, focal, admin", "Role: unit, focal, admin"),
    col("name", String, "Họ tên hoặc chức danh", "Name or office"),
    col("email", String, "Thư điện tử", "E-mail address"),
    col("lang", String, "Ngôn ngữ: vi, en", "Language: vi, en"),
    col("changed_at", Moment, "Lúc ghi gần nhất", "When it was last written"),
    UniqueConstraint("unit_id", "role", "email"),
    one_of("role", ContactRole),
)

notice = table(
    "notice",
    "Thông báo đã lập cho từng người nhận, mỗi lý do một lần",
    "Notices, one for each reason and recipient",
    col("id", Integer, "Số thứ tự", "Number", primary_key=True, autoincrement=False),
    col("kind", String, "Loại thông báo", "Kind of notice"),
    col(
        "reason",
        String,
        "Lý do, ví dụ rejected:57:112: không bao giờ báo hai lần vì cùng một lý do",
        "Reason, such as rejected:57:112: nobody is told twice for the same one",
    ),
    col("unit_id", Integer, "Đơn vị được nói đến", "Unit it speaks of", ForeignKey("unit.id"), null=True),
    col("period_id", Integer, "Kỳ báo cáo", "Period", ForeignKey("period.id"), null=True),
    col("form_id", Integer, "Biểu mẫu", "Form", ForeignKey("form.id"), null=True),
    col("submission_id", Integer, "Báo cáo", "Submission", ForeignKey("submission.id"), null=True),
    col(
        "recipient",
        String,
        "Thư điện tử người nhận; trống khi không có ai để gửi",
        "Address of the recipient; empty when there is none",
    ),
    col("recipient_name", String, "Tên người nhận", "Name of the recipient", null=True),
    col("subject", String, "Tiêu đề", "Subject"),
    col("body", Text, "Nội dung", "Text"),
    col("attachment", String, "Tệp gửi kèm", "File that goes with it", null=True),
    col("path", String, "Tệp thông báo trong không gian làm việc", "File of the notice in the workspace", null=True),
    col("made_at", Moment, "Lúc lập", "When it was made"),
    col("state", String, "Trạng thái", "State"),
    col("tries", Integer, "Số lần thử gửi", "Tries to send it", server_default="0"),
    col("tried_at", Moment, "Lúc thử gửi gần nhất", "When sending was last tried", null=True),
    col("sent_at", Moment, "Lúc máy chủ thư đã nhận", "When the mail server took it", null=True),
    col("fault", Text, "Vì sao chưa gửi được", "Why it could not be sent", null=True),
    UniqueConstraint("reason", "recipient"),
    one_of("kind", NoticeKind),
    one_of("state", NoticeState),
    Index(None, "state"),
    Index(None, "period_id"),
)
