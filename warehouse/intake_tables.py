"""Intake: what arrived, what was tried with it, what was found, and what people decided."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)

from domain.finding import Severity
from domain.submission import IN_FORCE, AttemptOutcome, FaultNature, SubmissionState
from warehouse.schema import Moment, col, one_of, table

_IN_FORCE = text("state IN ({})".format(", ".join(f"'{state}'" for state in sorted(IN_FORCE))))
_UNCOMPARED = text("compared_at IS NULL AND figures_sha256 IS NOT NULL")

_UNPLACED = text("unit_id IS NULL OR period_id IS NULL OR form_id IS NULL")
_HAS_OTHER = text("other_submission_id IS NOT NULL")

run = table(
    "run",
    "Mỗi lần chương trình chạy",
    "Runs of the program",
    col("id", String, "Mã lần chạy", "Id of the run", primary_key=True),
    col("kind", String, "Việc được chạy, ví dụ collect-period", "What was run, such as collect-period"),
    col("period", String, "Kỳ mà lần chạy phục vụ", "Period the run was for", null=True),
    col("state", String, "running, completed, failed hoặc died", "running, completed, failed or died"),
    col("message", Text, "Kết quả bằng lời", "Outcome in words", null=True),
    col("host", String, "Máy đã chạy", "Machine it ran on"),
    col("pid", Integer, "Số tiến trình", "Process number"),
    col("started_at", Moment, "Lúc bắt đầu", "When it started"),
    col(
        "process_started_at",
        Moment,
        "Lúc tiến trình bắt đầu, để không nhầm với tiến trình khác dùng lại số",
        "When the process began: its number may be given to another later",
        null=True,
    ),
    col(
        "heartbeat_at",
        Moment,
        "Lúc gần nhất lượt chạy báo còn sống, theo đồng hồ của kho",
        "When the run last said it was alive, by the clock of the warehouse",
        null=True,
    ),
    col(
        "finished_at",
        Moment,
        "Lúc kết thúc; trống khi đang chạy hoặc bị ngắt",
        "When it ended; empty while running or when killed",
        null=True,
    ),
    Index(None, "started_at"),
)

file = table(
    "file",
    "Tệp đã nhận, mỗi nội dung một dòng",
    "Files received, a row for each distinct content",
    col("sha256", String(64), "Dấu SHA-256 của nội dung", "SHA-256 of the bytes", primary_key=True),
    col("size", BigInteger, "Số byte", "Size in bytes"),
    col("media", String, "Đuôi tệp: xlsx, xls, xlsb, ods, csv, json", "Kind of file by its extension"),
    col("first_received_at", Moment, "Lúc nhận lần đầu", "When it first arrived"),
    col("archive_path", String, "Chỗ lưu trong kho tệp", "Where it lies in the archive"),
)

submission = table(
    "submission",
    "Báo cáo đã gửi: đơn vị, kỳ, biểu và số phiên bản",
    "Submissions: unit, period, form and a version number",
    col(
        "id",
        Integer,
        "Số báo cáo, tăng theo thứ tự nhận",
        "Number, growing in order of receipt",
        primary_key=True,
        autoincrement=False,
    ),
    col("file_sha256", String(64), "Tệp của báo cáo", "File it came in", ForeignKey("file.sha256"), unique=True),
    col("name", String, "Tên tệp do người gửi đặt lúc gửi lần đầu", "Name the sender gave the file the first time"),
    col("state", String, "Trạng thái", "State"),
    col(
        "unit_id",
        Integer,
        "Đơn vị báo cáo; trống khi chưa xác định được",
        "Reporting unit; empty when not established",
        ForeignKey("unit.id"),
        null=True,
    ),
    col(
        "period_id",
        Integer,
        "Kỳ báo cáo; trống khi chưa xác định được",
        "Period; empty when not established",
        ForeignKey("period.id"),
        null=True,
    ),
    col(
        "form_id",
        Integer,
        "Biểu mẫu; trống khi chưa xác định được",
        "Form; empty when not established",
        ForeignKey("form.id"),
        null=True,
    ),
    col("form_version", String, "Phiên bản mẫu của tệp", "Template version of the file", null=True),
    col(
        "version",
        Integer,
        "Lần gửi thứ mấy của đơn vị, kỳ, biểu này, theo thứ tự đến",
        "Which sending of this unit, period and form it is, in order of arrival",
        null=True,
    ),
    col("scope", String, "Phạm vi số liệu", "Scope of the figures", null=True),
    col("reporter", String, "Người lập ghi trong tệp", "Reporter as stated in the file", null=True),
    col("stated_unit", String, "Mã đơn vị đúng như ghi trong tệp", "Unit code as the file states it", null=True),
    col("stated_unit_name", String, "Tên đơn vị đúng như ghi trong tệp", "Unit name as the file states it", null=True),
    col("stated_period", String, "Kỳ đúng như ghi trong tệp", "Period as the file states it", null=True),
    col("received_at", Moment, "Lúc tệp đến", "When the file arrived"),
    col("decided_at", Moment, "Lúc có kết quả kiểm tra", "When its outcome was recorded", null=True),
    col(
        "attempt_id", Integer, "Lần xử lý đã cho kết quả hiện hành", "Attempt that gave the present outcome", null=True
    ),
    col(
        "superseded_by",
        Integer,
        "Báo cáo mới hơn đã thay thế",
        "Newer submission that replaced it",
        ForeignKey("submission.id"),
        null=True,
    ),
    col("n_critical", Integer, "Số lỗi nghiêm trọng", "Number of critical findings", server_default="0"),
    col("n_warning", Integer, "Số cảnh báo", "Number of warnings", server_default="0"),
    col("n_info", Integer, "Số lưu ý", "Number of notes", server_default="0"),
    col(
        "n_explained",
        Integer,
        "Số cảnh báo đơn vị đã giải thích ở cột ghi chú",
        "Warnings the unit explained in its note column",
        server_default="0",
    ),
    col("n_waived", Integer, "Số cảnh báo được miễn", "Warnings that were waived", server_default="0"),
    col(
        "n_overridden",
        Integer,
        "Số lỗi nghiêm trọng được cho qua",
        "Critical findings that were let pass",
        server_default="0",
    ),
    col(
        "claimed_by",
        String,
        "Lượt chạy đang xử lý; trống khi không ai xử lý",
        "Run that works on it; empty when none does",
        null=True,
    ),
    col(
        "figures_sha256",
        String(64),
        "Dấu SHA-256 của mọi số liệu khác 0; trống khi có quá ít số",
        "SHA-256 of all its figures that are not 0; empty when there are too few",
        null=True,
    ),
    col("n_figures", Integer, "Số các số liệu khác 0", "Number of figures that are not 0", server_default="0"),
    col(
        "compared_at",
        Moment,
        "Lúc đối chiếu với báo cáo của đơn vị khác; trống khi chưa đối chiếu",
        "When it was compared with other units' reports; empty when it was not",
        null=True,
    ),
    one_of("state", SubmissionState),
    col(
        "returned_at",
        Moment,
        "Lúc ghi bản có đánh dấu lỗi để trả đơn vị",
        "When the annotated copy for the unit was written",
        null=True,
    ),
    UniqueConstraint("unit_id", "period_id", "form_id", "version"),
    # whatever the program does, two versions of one report can never both stand in the totals
    Index(
        "uq_submission_in_force",
        "unit_id",
        "period_id",
        "form_id",
        unique=True,
        sqlite_where=_IN_FORCE,
        postgresql_where=_IN_FORCE,
    ),
    Index(None, "period_id", "form_id"),
    Index(None, "state"),
    Index(None, "figures_sha256"),
    # few at any time: their findings are asked for with those of the others
    Index("ix_submission_unplaced", "id", sqlite_where=_UNPLACED, postgresql_where=_UNPLACED),
    # few at any time: every run asks for them when it ends
    Index("ix_submission_uncompared", "figures_sha256", sqlite_where=_UNCOMPARED, postgresql_where=_UNCOMPARED),
)

receipt = table(
    "receipt",
    "Mỗi lần một tệp đến, kể cả đến lại",
    "Each arrival of a file, also when it came again",
    col("id", Integer, "Số thứ tự", "Number", primary_key=True, autoincrement=False),
    col("file_sha256", String(64), "Tệp", "File", ForeignKey("file.sha256")),
    col("submission_id", Integer, "Báo cáo", "Submission", ForeignKey("submission.id")),
    col("run_id", String, "Lần chạy đã nhận", "Run that received it", ForeignKey("run.id")),
    col("name", String, "Tên tệp do người gửi đặt", "Name the sender gave the file"),
    col("received_at", Moment, "Lúc tệp đến", "When it arrived"),
    Index(None, "submission_id"),
    Index(None, "run_id"),
)

attempt = table(
    "attempt",
    "Mỗi lần xử lý một báo cáo",
    "Each try at a submission",
    col("id", Integer, "Số thứ tự", "Number", primary_key=True, autoincrement=False),
    col("submission_id", Integer, "Báo cáo", "Submission", ForeignKey("submission.id")),
    col("run_id", String, "Lần chạy", "Run", ForeignKey("run.id")),
    col("started_at", Moment, "Lúc bắt đầu", "When it started"),
    col("finished_at", Moment, "Lúc kết thúc", "When it ended"),
    col("outcome", String, "Kết quả", "Outcome"),
    col(
        "nature",
        String,
        "Lỗi tạm thời hay lâu dài; trống khi không lỗi",
        "Transient or permanent fault; empty when there was none",
        null=True,
    ),
    col("detail", Text, "Chi tiết", "Detail", null=True),
    one_of("outcome", AttemptOutcome),
    one_of("nature", FaultNature),
    Index(None, "submission_id"),
    Index(None, "run_id"),
)

finding = table(
    "finding",
    "Điều phát hiện khi kiểm tra; của lần xử lý hiện hành là những dòng có attempt_id trùng với báo cáo",
    "What checks found; present findings are those whose attempt_id equals their submission's",
    col("id", Integer, "Số thứ tự", "Number", primary_key=True, autoincrement=False),
    col("submission_id", Integer, "Báo cáo", "Submission", ForeignKey("submission.id")),
    col("attempt_id", Integer, "Lần xử lý", "Attempt", ForeignKey("attempt.id")),
    col("rule", String, "Mã quy tắc", "Id of the rule"),
    col("level", SmallInteger, "Mức kiểm tra từ 1 đến 7", "Level of the check, 1 to 7"),
    col("severity", String, "Mức độ", "Severity"),
    col("field", String, "Ô của biểu được nói đến", "Field of the form", null=True),
    col(
        "item",
        Integer,
        "Dòng của danh sách hoặc bảng; 0 khi là ô đơn",
        "Row of a list or matrix; 0 for a single field",
        null=True,
    ),
    col("sheet", String, "Trang tính", "Sheet", null=True),
    col("cell", String, "Địa chỉ ô", "Cell", null=True),
    col("observed", Text, "Giá trị thấy được", "What was seen", null=True),
    col("expected", Text, "Giá trị mong đợi", "What was expected", null=True),
    col("arithmetic", Text, "Phép tính", "The arithmetic", null=True),
    col("message_vi", Text, "Lời báo bằng tiếng Việt", "Message in Vietnamese"),
    col("message_en", Text, "Lời báo bằng tiếng Anh", "Message in English"),
    col(
        "cells",
        Text,
        "Mọi ô được nói đến, ví dụ Số liệu!E7, Số liệu!E8",
        "Every cell it speaks of, such as Số liệu!E7, Số liệu!E8",
        null=True,
    ),
    col(
        "settled_by",
        String,
        "Đã xong nhờ đâu: note (đơn vị giải thích), waiver (được miễn), override (lỗi được cho qua); trống là còn",
        "What settled it: note (the unit explained), waiver, override (a critical let pass); empty: it stands",
        null=True,
    ),
    col("explanation", Text, "Lời giải thích hoặc lý do miễn", "Explanation, or reason of the waiver", null=True),
    col(
        "other_submission_id",
        Integer,
        "Báo cáo khác được nói đến, ví dụ báo cáo bị sao chép",
        "Other submission it speaks of, such as the one that was copied",
        null=True,
    ),
    one_of("severity", Severity),
    Index(None, "submission_id"),
    # few at any time: every run asks for them when it ends
    Index("ix_finding_other", "other_submission_id", sqlite_where=_HAS_OTHER, postgresql_where=_HAS_OTHER),
)

waiver = table(
    "waiver",
    "Miễn một quy tắc cho một chỗ của một báo cáo, có lý do",
    "A rule waived for one place of one report, with the reason",
    col("id", Integer, "Số thứ tự", "Number", primary_key=True, autoincrement=False),
    col("unit_id", Integer, "Đơn vị", "Unit", ForeignKey("unit.id")),
    col("period_id", Integer, "Kỳ báo cáo", "Period", ForeignKey("period.id")),
    col("form_id", Integer, "Biểu mẫu", "Form", ForeignKey("form.id")),
    col("rule", String, "Mã quy tắc được miễn", "Rule that is waived"),
    col("field", String, "Ô được miễn; trống là mọi ô", "Field it is waived for; empty: every field"),
    col("item", Integer, "Dòng được miễn; 0 khi là ô đơn", "Row it is waived for; 0 for a single field"),
    col("reason", Text, "Lý do", "Reason"),
    col("who", String, "Người quyết định", "Who decided"),
    col("at", Moment, "Lúc quyết định", "When"),
    col("until", Date, "Ngày cuối cùng còn được miễn", "Last day it is in force", null=True),
    col(
        "is_override",
        Boolean,
        "Cho qua một lỗi nghiêm trọng",
        "Whether it lets a critical finding pass",
        server_default=text("false"),
    ),
    col("second_person", String, "Người thứ hai cùng quyết định", "Second person who agreed", null=True),
    UniqueConstraint("unit_id", "period_id", "form_id", "rule", "field", "item"),
)

lateness_permit = table(
    "lateness_permit",
    "Cho phép một đơn vị gửi muộn",
    "Permission for a unit to report late",
    col("unit_id", Integer, "Đơn vị", "Unit", ForeignKey("unit.id"), primary_key=True),
    col("period_id", Integer, "Kỳ báo cáo", "Period", ForeignKey("period.id"), primary_key=True),
    col("until", Date, "Hạn mới", "New due day"),
    col("reason", Text, "Lý do", "Reason"),
    col("who", String, "Người quyết định", "Who decided"),
    col("at", Moment, "Lúc quyết định", "When"),
)

action = table(
    "action",
    "Mọi quyết định của người quản trị",
    "Every act of an administrator",
    col("id", Integer, "Số thứ tự", "Number", primary_key=True, autoincrement=False),
    col("at", Moment, "Lúc thực hiện", "When"),
    col("who", String, "Người thực hiện", "Who"),
    col(
        "what",
        String,
        "Việc đã làm: retry, restore, withdraw, waive, permit_late, return, close_period, reopen_period,"
        " replace_warehouse, open_conference, freeze_conference, override_freeze, set_targets, decide_rating,"
        " add_conclusion, change_conclusion, import_register, open_period, import_contacts, resend_notice, drop_notice",
        "What was done: retry, restore, withdraw, waive, permit_late, return, close_period, reopen_period,"
        " replace_warehouse, open_conference, freeze_conference, override_freeze, set_targets, decide_rating,"
        " add_conclusion, change_conclusion, import_register, open_period, import_contacts, resend_notice, drop_notice",
    ),
    col("reason", Text, "Lý do", "Reason"),
    col("submission_id", Integer, "Báo cáo liên quan", "Submission concerned", ForeignKey("submission.id"), null=True),
    col("unit_id", Integer, "Đơn vị liên quan", "Unit concerned", ForeignKey("unit.id"), null=True),
    col("period_id", Integer, "Kỳ liên quan", "Period concerned", ForeignKey("period.id"), null=True),
    col("before", Text, "Trước đó", "Before", null=True),
    col("after", Text, "Sau đó", "After", null=True),
    col("second_person", String, "Người thứ hai cùng quyết định", "Second person who agreed", null=True),
    Index(None, "submission_id"),
)
