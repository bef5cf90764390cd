"""The whole schema: registry, intake, facts and marts."""

# ruff: noqa: E501 (comments of columns stand on one line each)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _registry()
    _intake()
    _facts()
    _views()


def downgrade() -> None:
    for view in ("mart_reporting", "mart_observation"):
        op.execute(f"DROP VIEW {view}")
    for table in _TABLES:
        op.drop_table(table)


def _registry() -> None:
    op.create_table(
        "form",
        sa.Column(
            "id", sa.Integer(), autoincrement=False, nullable=False, comment="Số của biểu mẫu | Number of the form"
        ),
        sa.Column("code", sa.String(), nullable=False, comment="Mã biểu mẫu | Code of the form"),
        sa.Column("label_vi", sa.String(), nullable=False, comment="Tên bằng tiếng Việt | Vietnamese label"),
        sa.Column("label_en", sa.String(), nullable=False, comment="Tên bằng tiếng Anh | English label"),
        sa.Column("version", sa.String(), nullable=False, comment="Phiên bản mẫu hiện hành | Current template version"),
        sa.Column(
            "accepted_versions",
            sa.String(),
            nullable=False,
            comment="Các phiên bản còn được nhận, cách nhau bằng dấu phẩy | Template versions still accepted, comma-separated",
        ),
        sa.Column(
            "default_scope",
            sa.String(),
            nullable=False,
            comment="Phạm vi số liệu mặc định | Scope of the figures unless stated",
        ),
        sa.Column("source", sa.String(), nullable=False, comment="Căn cứ ban hành | Source"),
        sa.Column(
            "is_current",
            sa.Boolean(),
            nullable=False,
            comment="Còn trong danh mục hiện hành | Whether the present definitions still hold it",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form")),
        sa.UniqueConstraint("code", name=op.f("uq_form_code")),
        comment="Biểu mẫu báo cáo | Report forms",
    )
    op.create_table(
        "indicator",
        sa.Column(
            "id", sa.Integer(), autoincrement=False, nullable=False, comment="Số của chỉ tiêu | Number of the indicator"
        ),
        sa.Column("code", sa.String(), nullable=False, comment="Mã chỉ tiêu | Code of the indicator"),
        sa.Column("label_vi", sa.String(), nullable=False, comment="Tên bằng tiếng Việt | Vietnamese label"),
        sa.Column("label_en", sa.String(), nullable=False, comment="Tên bằng tiếng Anh | English label"),
        sa.Column(
            "measure_vi",
            sa.String(),
            nullable=False,
            comment="Đơn vị tính bằng tiếng Việt | Unit of measure in Vietnamese",
        ),
        sa.Column(
            "measure_en", sa.String(), nullable=False, comment="Đơn vị tính bằng tiếng Anh | Unit of measure in English"
        ),
        sa.Column(
            "kind",
            sa.String(),
            nullable=False,
            comment="Kiểu giá trị: số đếm, lượng, tỷ số, phần trăm… | Kind of value: count, quantity, ratio, percent…",
        ),
        sa.Column(
            "nature",
            sa.String(),
            nullable=False,
            comment="Phát sinh, lũy kế tại thời điểm hay chỉ tiêu giao | Flow, stock or target",
        ),
        sa.Column(
            "basis",
            sa.String(),
            nullable=False,
            comment="Trong kỳ hay lũy kế từ đầu năm | In the period or year to date",
        ),
        sa.Column(
            "over_units", sa.String(), nullable=False, comment="Cách cộng qua các đơn vị | How it is added over units"
        ),
        sa.Column(
            "over_time", sa.String(), nullable=False, comment="Cách cộng qua các kỳ | How it is added over periods"
        ),
        sa.Column(
            "dimensions",
            sa.String(),
            nullable=False,
            comment="Các phân tổ, cách nhau bằng dấu phẩy | Dimensions it is broken down by, comma-separated",
        ),
        sa.Column(
            "numerator", sa.String(), nullable=False, comment="Các chỉ tiêu ở tử số | Indicators of the numerator"
        ),
        sa.Column(
            "denominator", sa.String(), nullable=False, comment="Các chỉ tiêu ở mẫu số | Indicators of the denominator"
        ),
        sa.Column(
            "definition_vi",
            sa.String(),
            nullable=False,
            comment="Định nghĩa bằng tiếng Việt | Definition in Vietnamese",
        ),
        sa.Column(
            "definition_en", sa.String(), nullable=False, comment="Định nghĩa bằng tiếng Anh | Definition in English"
        ),
        sa.Column("source", sa.String(), nullable=False, comment="Căn cứ của chỉ tiêu | Source"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="Dùng từ ngày | In use from"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="Dùng đến ngày | In use until"),
        sa.Column(
            "is_current",
            sa.Boolean(),
            nullable=False,
            comment="Còn trong danh mục hiện hành | Whether the present definitions still hold it",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator")),
        sa.UniqueConstraint("code", name=op.f("uq_indicator_code")),
        comment="Chỉ tiêu: mỗi chỉ tiêu một nghĩa duy nhất | Indicators: what a figure means, once and for all",
    )
    op.create_table(
        "period",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Số của kỳ | Number of the period"),
        sa.Column(
            "code", sa.String(), nullable=False, comment="Mã kỳ, ví dụ 2025-Q1 | Code of the period, such as 2025-Q1"
        ),
        sa.Column("calendar", sa.String(), nullable=False, comment="Lịch báo cáo | Calendar"),
        sa.Column(
            "kind",
            sa.String(),
            nullable=False,
            comment="Loại kỳ: tháng, quý, nửa năm, chín tháng, năm | Kind: month, quarter, half, nine_months, year",
        ),
        sa.Column("year", sa.SmallInteger(), nullable=False, comment="Năm ghi trong tên kỳ | Year in the label"),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False, comment="Thứ tự trong năm | Place within the year"),
        sa.Column("label_vi", sa.String(), nullable=False, comment="Tên kỳ bằng tiếng Việt | Vietnamese label"),
        sa.Column("label_en", sa.String(), nullable=False, comment="Tên kỳ bằng tiếng Anh | English label"),
        sa.Column("first_day", sa.Date(), nullable=False, comment="Ngày đầu kỳ | First day of the window"),
        sa.Column("last_day", sa.Date(), nullable=False, comment="Ngày cuối kỳ | Last day of the window"),
        sa.Column("cutoff", sa.Date(), nullable=False, comment="Ngày chốt số liệu | Day the figures are closed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period")),
        sa.UniqueConstraint("calendar", "kind", "year", "ordinal", name=op.f("uq_period_calendar_kind_year_ordinal")),
        sa.UniqueConstraint("code", name=op.f("uq_period_code")),
        comment="Kỳ báo cáo với ngày đầu và ngày cuối rõ ràng | Reporting periods, each an explicit window of days",
    )
    op.create_table(
        "rule",
        sa.Column(
            "id", sa.String(), nullable=False, comment="Mã quy tắc, ví dụ DOS-003 | Id of the rule, such as DOS-003"
        ),
        sa.Column(
            "level", sa.SmallInteger(), nullable=False, comment="Mức kiểm tra từ 1 đến 7 | Level of the check, 1 to 7"
        ),
        sa.Column(
            "severity",
            sa.String(),
            nullable=False,
            comment="Mức độ: critical, warning, info | Severity: critical, warning, info",
        ),
        sa.Column("title_vi", sa.String(), nullable=False, comment="Tên bằng tiếng Việt | Vietnamese title"),
        sa.Column("title_en", sa.String(), nullable=False, comment="Tên bằng tiếng Anh | English title"),
        sa.Column(
            "forms",
            sa.String(),
            nullable=False,
            comment="Các biểu mẫu áp dụng; trống là mọi biểu mẫu | Forms it applies to; empty: every form",
        ),
        sa.Column("since", sa.Date(), nullable=False, comment="Áp dụng từ ngày | In force from"),
        sa.Column("until", sa.Date(), nullable=True, comment="Áp dụng đến ngày | In force until"),
        sa.Column("source", sa.String(), nullable=False, comment="Căn cứ của quy tắc | Source"),
        sa.Column(
            "fingerprint",
            sa.String(),
            nullable=False,
            comment="Dấu vân của danh mục chứa quy tắc | Fingerprint of the definitions that hold it",
        ),
        sa.Column(
            "is_current",
            sa.Boolean(),
            nullable=False,
            comment="Còn trong danh mục hiện hành | Whether the present definitions still hold it",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
        comment="Quy tắc kiểm tra | Rules that submissions are checked by",
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(), nullable=False, comment="Tên thông số | Name of the setting"),
        sa.Column("value", sa.String(), nullable=False, comment="Giá trị | Value"),
        sa.Column("changed_at", MOMENT, nullable=False, comment="Lúc thay đổi gần nhất | When it last changed"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
        comment="Thông số của kho, như dấu vân của danh mục đang dùng | Facts about the warehouse itself, such as the fingerprint of the definitions in use",
    )
    op.create_table(
        "unit_kind",
        sa.Column("code", sa.String(), nullable=False, comment="Mã loại | Code of the kind"),
        sa.Column("label_vi", sa.String(), nullable=False, comment="Tên loại bằng tiếng Việt | Vietnamese label"),
        sa.Column("label_en", sa.String(), nullable=False, comment="Tên loại bằng tiếng Anh | English label"),
        sa.Column("level", sa.String(), nullable=False, comment="Cấp của đơn vị | Level of the unit"),
        sa.Column(
            "branch",
            sa.String(),
            nullable=False,
            comment="Hệ thống: đảng, nhà nước, lãnh thổ, đoàn thể | Branch: party, state, territory, mass",
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_unit_kind")),
        comment="Loại đơn vị | Kinds of unit",
    )
    op.create_table(
        "obligation",
        sa.Column("unit_kind", sa.String(), nullable=False, comment="Loại đơn vị | Kind of unit"),
        sa.Column("form_id", sa.Integer(), nullable=False, comment="Biểu mẫu phải gửi | Form that is owed"),
        sa.Column("calendar", sa.String(), nullable=False, comment="Lịch báo cáo | Calendar"),
        sa.Column("period_kind", sa.String(), nullable=False, comment="Loại kỳ | Kind of period"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="Áp dụng từ ngày | In force from"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="Áp dụng đến ngày | In force until"),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_obligation_form_id_form")),
        sa.ForeignKeyConstraint(["unit_kind"], ["unit_kind.code"], name=op.f("fk_obligation_unit_kind_unit_kind")),
        sa.PrimaryKeyConstraint(
            "unit_kind", "form_id", "calendar", "period_kind", "valid_from", name=op.f("pk_obligation")
        ),
        comment="Loại đơn vị nào phải gửi biểu nào cho loại kỳ nào | Which kind of unit owes which form for which kind of period",
    )
    op.create_table(
        "period_due",
        sa.Column("period_id", sa.Integer(), nullable=False, comment="Kỳ báo cáo | Period"),
        sa.Column("level", sa.String(), nullable=False, comment="Cấp của đơn vị | Level of the unit"),
        sa.Column(
            "due",
            sa.Date(),
            nullable=False,
            comment="Ngày cuối cùng phải nhận được báo cáo | Last day on which the report must have arrived",
        ),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_period_due_period_id_period")),
        sa.PrimaryKeyConstraint("period_id", "level", name=op.f("pk_period_due")),
        comment="Hạn gửi báo cáo của từng cấp | Day the report is due, by level of unit",
    )
    op.create_table(
        "unit",
        sa.Column(
            "id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Số của đơn vị trong kho | Number of the unit here",
        ),
        sa.Column("code", sa.String(), nullable=False, comment="Mã đơn vị | Code of the unit"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="Ngày đầu tiên tồn tại | First day it existed"),
        sa.Column(
            "valid_to",
            sa.Date(),
            nullable=True,
            comment="Ngày cuối cùng tồn tại; trống khi còn tồn tại | Last day it existed; empty while it lives",
        ),
        sa.Column("name", sa.String(), nullable=False, comment="Tên đơn vị | Name of the unit"),
        sa.Column("kind", sa.String(), nullable=False, comment="Loại đơn vị | Kind of unit"),
        sa.Column(
            "level", sa.String(), nullable=False, comment="Cấp, lấy theo loại đơn vị | Level, taken from the kind"
        ),
        sa.Column(
            "parent_code",
            sa.String(),
            nullable=True,
            comment="Mã đơn vị cấp trên, hiểu theo ngày đang xét | Code of the superior unit, resolved on the day in question",
        ),
        sa.Column(
            "source",
            sa.String(),
            nullable=False,
            comment="Văn bản hoặc danh mục làm căn cứ | Document or list it rests on",
        ),
        sa.ForeignKeyConstraint(["kind"], ["unit_kind.code"], name=op.f("fk_unit_kind_unit_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_unit_code_valid_from")),
        comment="Đơn vị trong từng giai đoạn tồn tại; mã được dùng lại sau sáp nhập nên mã một mình không phải là khóa | Units, each for the time it existed; codes are reused after mergers, so a code alone is never a key",
    )
    op.create_index(op.f("ix_unit_kind"), "unit", ["kind"], unique=False)
    op.create_index(op.f("ix_unit_parent_code"), "unit", ["parent_code"], unique=False)
    op.create_table(
        "unit_event",
        sa.Column(
            "id", sa.Integer(), autoincrement=False, nullable=False, comment="Số của sự kiện | Number of the event"
        ),
        sa.Column("kind", sa.String(), nullable=False, comment="Loại sự kiện | Kind of event"),
        sa.Column("day", sa.Date(), nullable=False, comment="Ngày có hiệu lực | Day it takes effect"),
        sa.Column("old_unit_id", sa.Integer(), nullable=False, comment="Đơn vị cũ | The unit before"),
        sa.Column("new_unit_id", sa.Integer(), nullable=False, comment="Đơn vị mới | The unit after"),
        sa.Column(
            "share",
            sa.String(),
            nullable=False,
            comment="Toàn bộ hay một phần đơn vị cũ | Whether the whole of the old unit went over or a part",
        ),
        sa.Column("document", sa.String(), nullable=False, comment="Văn bản quyết định | Deciding document"),
        sa.CheckConstraint("kind IN ('merge', 'split', 'rename', 'reparent')", name=op.f("ck_unit_event_kind")),
        sa.CheckConstraint("share IN ('full', 'partial')", name=op.f("ck_unit_event_share")),
        sa.ForeignKeyConstraint(["new_unit_id"], ["unit.id"], name=op.f("fk_unit_event_new_unit_id_unit")),
        sa.ForeignKeyConstraint(["old_unit_id"], ["unit.id"], name=op.f("fk_unit_event_old_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_event")),
        sa.UniqueConstraint(
            "day", "old_unit_id", "new_unit_id", name=op.f("uq_unit_event_day_old_unit_id_new_unit_id")
        ),
        comment="Sáp nhập, chia tách, đổi tên, chuyển cấp trên của đơn vị | Mergers, splits, renamings and changes of superior of units",
    )


def _intake() -> None:
    op.create_table(
        "file",
        sa.Column(
            "sha256", sa.String(length=64), nullable=False, comment="Dấu SHA-256 của nội dung | SHA-256 of the bytes"
        ),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="Số byte | Size in bytes"),
        sa.Column(
            "media",
            sa.String(),
            nullable=False,
            comment="Đuôi tệp: xlsx, xls, xlsb, ods, csv, json | Kind of file by its extension",
        ),
        sa.Column("first_received_at", MOMENT, nullable=False, comment="Lúc nhận lần đầu | When it first arrived"),
        sa.Column(
            "archive_path", sa.String(), nullable=False, comment="Chỗ lưu trong kho tệp | Where it lies in the archive"
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_file")),
        comment="Tệp đã nhận, mỗi nội dung một dòng | Files received, a row for each distinct content",
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(), nullable=False, comment="Mã lần chạy | Id of the run"),
        sa.Column(
            "kind",
            sa.String(),
            nullable=False,
            comment="Việc được chạy, ví dụ collect-period | What was run, such as collect-period",
        ),
        sa.Column("period", sa.String(), nullable=True, comment="Kỳ mà lần chạy phục vụ | Period the run was for"),
        sa.Column(
            "state",
            sa.String(),
            nullable=False,
            comment="running, completed hoặc failed | running, completed or failed",
        ),
        sa.Column("message", sa.Text(), nullable=True, comment="Kết quả bằng lời | Outcome in words"),
        sa.Column("host", sa.String(), nullable=False, comment="Máy đã chạy | Machine it ran on"),
        sa.Column("pid", sa.Integer(), nullable=False, comment="Số tiến trình | Process number"),
        sa.Column("started_at", MOMENT, nullable=False, comment="Lúc bắt đầu | When it started"),
        sa.Column(
            "finished_at",
            MOMENT,
            nullable=True,
            comment="Lúc kết thúc; trống khi đang chạy hoặc bị ngắt | When it ended; empty while running or when killed",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        comment="Mỗi lần chương trình chạy | Runs of the program",
    )
    op.create_index(op.f("ix_run_started_at"), "run", ["started_at"], unique=False)
    op.create_table(
        "lateness_permit",
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Đơn vị | Unit"),
        sa.Column("period_id", sa.Integer(), nullable=False, comment="Kỳ báo cáo | Period"),
        sa.Column("until", sa.Date(), nullable=False, comment="Hạn mới | New due day"),
        sa.Column("reason", sa.Text(), nullable=False, comment="Lý do | Reason"),
        sa.Column("who", sa.String(), nullable=False, comment="Người quyết định | Who decided"),
        sa.Column("at", MOMENT, nullable=False, comment="Lúc quyết định | When"),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_lateness_permit_period_id_period")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_lateness_permit_unit_id_unit")),
        sa.PrimaryKeyConstraint("unit_id", "period_id", name=op.f("pk_lateness_permit")),
        comment="Cho phép một đơn vị gửi muộn | Permission for a unit to report late",
    )
    op.create_table(
        "submission",
        sa.Column(
            "id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Số báo cáo, tăng theo thứ tự nhận | Number, growing in order of receipt",
        ),
        sa.Column("file_sha256", sa.String(length=64), nullable=False, comment="Tệp của báo cáo | File it came in"),
        sa.Column(
            "name",
            sa.String(),
            nullable=False,
            comment="Tên tệp do người gửi đặt lúc gửi lần đầu | Name the sender gave the file the first time",
        ),
        sa.Column("state", sa.String(), nullable=False, comment="Trạng thái | State"),
        sa.Column(
            "unit_id",
            sa.Integer(),
            nullable=True,
            comment="Đơn vị báo cáo; trống khi chưa xác định được | Reporting unit; empty when not established",
        ),
        sa.Column(
            "period_id",
            sa.Integer(),
            nullable=True,
            comment="Kỳ báo cáo; trống khi chưa xác định được | Period; empty when not established",
        ),
        sa.Column(
            "form_id",
            sa.Integer(),
            nullable=True,
            comment="Biểu mẫu; trống khi chưa xác định được | Form; empty when not established",
        ),
        sa.Column(
            "form_version", sa.String(), nullable=True, comment="Phiên bản mẫu của tệp | Template version of the file"
        ),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=True,
            comment="Lần gửi thứ mấy của đơn vị, kỳ, biểu này, theo thứ tự đến | Which sending of this unit, period and form it is, in order of arrival",
        ),
        sa.Column("scope", sa.String(), nullable=True, comment="Phạm vi số liệu | Scope of the figures"),
        sa.Column(
            "reporter", sa.String(), nullable=True, comment="Người lập ghi trong tệp | Reporter as stated in the file"
        ),
        sa.Column(
            "stated_unit",
            sa.String(),
            nullable=True,
            comment="Mã đơn vị đúng như ghi trong tệp | Unit code as the file states it",
        ),
        sa.Column(
            "stated_unit_name",
            sa.String(),
            nullable=True,
            comment="Tên đơn vị đúng như ghi trong tệp | Unit name as the file states it",
        ),
        sa.Column(
            "stated_period",
            sa.String(),
            nullable=True,
            comment="Kỳ đúng như ghi trong tệp | Period as the file states it",
        ),
        sa.Column("received_at", MOMENT, nullable=False, comment="Lúc tệp đến | When the file arrived"),
        sa.Column(
            "decided_at", MOMENT, nullable=True, comment="Lúc có kết quả kiểm tra | When its outcome was recorded"
        ),
        sa.Column(
            "attempt_id",
            sa.Integer(),
            nullable=True,
            comment="Lần xử lý đã cho kết quả hiện hành | Attempt that gave the present outcome",
        ),
        sa.Column(
            "superseded_by",
            sa.Integer(),
            nullable=True,
            comment="Báo cáo mới hơn đã thay thế | Newer submission that replaced it",
        ),
        sa.Column(
            "n_critical",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="Số lỗi nghiêm trọng | Number of critical findings",
        ),
        sa.Column(
            "n_warning", sa.Integer(), server_default="0", nullable=False, comment="Số cảnh báo | Number of warnings"
        ),
        sa.Column("n_info", sa.Integer(), server_default="0", nullable=False, comment="Số lưu ý | Number of notes"),
        sa.CheckConstraint(
            "state IN ('received', 'unreadable', 'rejected', 'accepted', 'accepted_with_warnings', 'superseded', 'withdrawn')",
            name=op.f("ck_submission_state"),
        ),
        sa.ForeignKeyConstraint(["file_sha256"], ["file.sha256"], name=op.f("fk_submission_file_sha256_file")),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_submission_form_id_form")),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_submission_period_id_period")),
        sa.ForeignKeyConstraint(
            ["superseded_by"], ["submission.id"], name=op.f("fk_submission_superseded_by_submission")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_submission_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("file_sha256", name=op.f("uq_submission_file_sha256")),
        sa.UniqueConstraint(
            "unit_id", "period_id", "form_id", "version", name=op.f("uq_submission_unit_id_period_id_form_id_version")
        ),
        comment="Báo cáo đã gửi: đơn vị, kỳ, biểu và số phiên bản | Submissions: unit, period, form and a version number",
    )
    op.create_index(op.f("ix_submission_period_id_form_id"), "submission", ["period_id", "form_id"], unique=False)
    op.create_index(op.f("ix_submission_state"), "submission", ["state"], unique=False)
    op.create_index(
        "uq_submission_in_force",
        "submission",
        ["unit_id", "period_id", "form_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('accepted', 'accepted_with_warnings')"),
        postgresql_where=sa.text("state IN ('accepted', 'accepted_with_warnings')"),
    )
    op.create_table(
        "waiver",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Số thứ tự | Number"),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Đơn vị | Unit"),
        sa.Column("period_id", sa.Integer(), nullable=False, comment="Kỳ báo cáo | Period"),
        sa.Column("form_id", sa.Integer(), nullable=False, comment="Biểu mẫu | Form"),
        sa.Column("rule", sa.String(), nullable=False, comment="Mã quy tắc được miễn | Rule that is waived"),
        sa.Column(
            "field",
            sa.String(),
            nullable=False,
            comment="Ô được miễn; trống là mọi ô | Field it is waived for; empty: every field",
        ),
        sa.Column(
            "item",
            sa.Integer(),
            nullable=False,
            comment="Dòng được miễn; 0 khi là ô đơn | Row it is waived for; 0 for a single field",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="Lý do | Reason"),
        sa.Column("who", sa.String(), nullable=False, comment="Người quyết định | Who decided"),
        sa.Column("at", MOMENT, nullable=False, comment="Lúc quyết định | When"),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name=op.f("fk_waiver_form_id_form")),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_waiver_period_id_period")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_waiver_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
        sa.UniqueConstraint(
            "unit_id",
            "period_id",
            "form_id",
            "rule",
            "field",
            "item",
            name=op.f("uq_waiver_unit_id_period_id_form_id_rule_field_item"),
        ),
        comment="Miễn một quy tắc cho một chỗ của một báo cáo, có lý do | A rule waived for one place of one report, with the reason",
    )
    op.create_table(
        "action",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Số thứ tự | Number"),
        sa.Column("at", MOMENT, nullable=False, comment="Lúc thực hiện | When"),
        sa.Column("who", sa.String(), nullable=False, comment="Người thực hiện | Who"),
        sa.Column(
            "what",
            sa.String(),
            nullable=False,
            comment="Việc đã làm: retry, withdraw, waive, permit_late | What was done: retry, withdraw, waive, permit_late",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="Lý do | Reason"),
        sa.Column("submission_id", sa.Integer(), nullable=True, comment="Báo cáo liên quan | Submission concerned"),
        sa.Column("unit_id", sa.Integer(), nullable=True, comment="Đơn vị liên quan | Unit concerned"),
        sa.Column("period_id", sa.Integer(), nullable=True, comment="Kỳ liên quan | Period concerned"),
        sa.Column("before", sa.Text(), nullable=True, comment="Trước đó | Before"),
        sa.Column("after", sa.Text(), nullable=True, comment="Sau đó | After"),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_action_period_id_period")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_action_submission_id_submission")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_action_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
        comment="Mọi quyết định của người quản trị | Every act of an administrator",
    )
    op.create_index(op.f("ix_action_submission_id"), "action", ["submission_id"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Số thứ tự | Number"),
        sa.Column("submission_id", sa.Integer(), nullable=False, comment="Báo cáo | Submission"),
        sa.Column("run_id", sa.String(), nullable=False, comment="Lần chạy | Run"),
        sa.Column("started_at", MOMENT, nullable=False, comment="Lúc bắt đầu | When it started"),
        sa.Column("finished_at", MOMENT, nullable=False, comment="Lúc kết thúc | When it ended"),
        sa.Column("outcome", sa.String(), nullable=False, comment="Kết quả | Outcome"),
        sa.Column(
            "nature",
            sa.String(),
            nullable=True,
            comment="Lỗi tạm thời hay lâu dài; trống khi không lỗi | Transient or permanent fault; empty when there was none",
        ),
        sa.Column("detail", sa.Text(), nullable=True, comment="Chi tiết | Detail"),
        sa.CheckConstraint("nature IN ('transient', 'permanent')", name=op.f("ck_attempt_nature")),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'accepted_with_warnings', 'rejected', 'unreadable', 'same_bytes', 'failed')",
            name=op.f("ck_attempt_outcome"),
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_attempt_run_id_run")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_attempt_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        comment="Mỗi lần xử lý một báo cáo | Each try at a submission",
    )
    op.create_index(op.f("ix_attempt_run_id"), "attempt", ["run_id"], unique=False)
    op.create_index(op.f("ix_attempt_submission_id"), "attempt", ["submission_id"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Số thứ tự | Number"),
        sa.Column("file_sha256", sa.String(length=64), nullable=False, comment="Tệp | File"),
        sa.Column("submission_id", sa.Integer(), nullable=False, comment="Báo cáo | Submission"),
        sa.Column("run_id", sa.String(), nullable=False, comment="Lần chạy đã nhận | Run that received it"),
        sa.Column(
            "name", sa.String(), nullable=False, comment="Tên tệp do người gửi đặt | Name the sender gave the file"
        ),
        sa.Column("received_at", MOMENT, nullable=False, comment="Lúc tệp đến | When it arrived"),
        sa.ForeignKeyConstraint(["file_sha256"], ["file.sha256"], name=op.f("fk_receipt_file_sha256_file")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_receipt_run_id_run")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_receipt_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        comment="Mỗi lần một tệp đến, kể cả đến lại | Each arrival of a file, also when it came again",
    )
    op.create_index(op.f("ix_receipt_run_id"), "receipt", ["run_id"], unique=False)
    op.create_index(op.f("ix_receipt_submission_id"), "receipt", ["submission_id"], unique=False)
    op.create_table(
        "finding",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Số thứ tự | Number"),
        sa.Column("submission_id", sa.Integer(), nullable=False, comment="Báo cáo | Submission"),
        sa.Column("attempt_id", sa.Integer(), nullable=False, comment="Lần xử lý | Attempt"),
        sa.Column("rule", sa.String(), nullable=False, comment="Mã quy tắc | Id of the rule"),
        sa.Column(
            "level", sa.SmallInteger(), nullable=False, comment="Mức kiểm tra từ 1 đến 7 | Level of the check, 1 to 7"
        ),
        sa.Column("severity", sa.String(), nullable=False, comment="Mức độ | Severity"),
        sa.Column("field", sa.String(), nullable=True, comment="Ô của biểu được nói đến | Field of the form"),
        sa.Column(
            "item",
            sa.Integer(),
            nullable=True,
            comment="Dòng của danh sách hoặc bảng; 0 khi là ô đơn | Row of a list or matrix; 0 for a single field",
        ),
        sa.Column("sheet", sa.String(), nullable=True, comment="Trang tính | Sheet"),
        sa.Column("cell", sa.String(), nullable=True, comment="Địa chỉ ô | Cell"),
        sa.Column("observed", sa.Text(), nullable=True, comment="Giá trị thấy được | What was seen"),
        sa.Column("expected", sa.Text(), nullable=True, comment="Giá trị mong đợi | What was expected"),
        sa.Column("arithmetic", sa.Text(), nullable=True, comment="Phép tính | The arithmetic"),
        sa.Column("message_vi", sa.Text(), nullable=False, comment="Lời báo bằng tiếng Việt | Message in Vietnamese"),
        sa.Column("message_en", sa.Text(), nullable=False, comment="Lời báo bằng tiếng Anh | Message in English"),
        sa.CheckConstraint("severity IN ('critical', 'warning', 'info')", name=op.f("ck_finding_severity")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_finding_attempt_id_attempt")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_finding_submission_id_submission")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        comment="Điều phát hiện khi kiểm tra; của lần xử lý hiện hành là những dòng có attempt_id trùng với báo cáo | What checks found; present findings are those whose attempt_id equals their submission's",
    )
    op.create_index(op.f("ix_finding_submission_id"), "finding", ["submission_id"], unique=False)


def _facts() -> None:
    op.create_table(
        "breakdown",
        sa.Column(
            "id", sa.Integer(), autoincrement=False, nullable=False, comment="Số của phân tổ | Number of the breakdown"
        ),
        sa.Column(
            "code",
            sa.String(),
            nullable=False,
            comment="Phân tổ, ví dụ field=chung_thuc; trống là tổng chung | The breakdown, such as field=chung_thuc; empty for the whole",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breakdown")),
        sa.UniqueConstraint("code", name=op.f("uq_breakdown_code")),
        comment="Các phân tổ đã gặp | Breakdowns met so far",
    )
    op.create_table(
        "manner",
        sa.Column(
            "id", sa.Integer(), autoincrement=False, nullable=False, comment="Số của cách nêu | Number of the manner"
        ),
        sa.Column(
            "qualifier",
            sa.String(),
            nullable=False,
            comment="Độ chính xác: exact, gt (hơn), approx (khoảng)… | How exact: exact, gt, approx…",
        ),
        sa.Column(
            "status",
            sa.String(),
            nullable=False,
            comment="value, declared_zero (không phát sinh), missing (chưa có) | value, declared_zero, missing",
        ),
        sa.Column(
            "basis",
            sa.String(),
            nullable=False,
            comment="Trong kỳ hay lũy kế từ đầu năm | In the period or year to date",
        ),
        sa.Column(
            "scope",
            sa.String(),
            nullable=False,
            comment="Số của riêng đơn vị, cả hệ thống dưới hay địa bàn | Own figure, of the subtree or of the territory",
        ),
        sa.Column(
            "derived",
            sa.Boolean(),
            nullable=False,
            comment="Do chương trình tính ra, không phải đơn vị ghi | Computed here, not stated by the unit",
        ),
        sa.CheckConstraint("basis IN ('in_period', 'year_to_date')", name=op.f("ck_manner_basis")),
        sa.CheckConstraint(
            "qualifier IN ('exact', 'gt', 'ge', 'lt', 'le', 'approx', 'approx_below', 'all', 'most', 'some', 'none')",
            name=op.f("ck_manner_qualifier"),
        ),
        sa.CheckConstraint("scope IN ('own', 'subtree', 'territory')", name=op.f("ck_manner_scope")),
        sa.CheckConstraint("status IN ('value', 'declared_zero', 'missing')", name=op.f("ck_manner_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manner")),
        sa.UniqueConstraint(
            "qualifier",
            "status",
            "basis",
            "scope",
            "derived",
            name=op.f("uq_manner_qualifier_status_basis_scope_derived"),
        ),
        comment="Cách một số liệu được nêu; bốn từ và một dấu gộp thành một số để mỗi số liệu chỉ chiếm ít chỗ | How a figure is stated; four words and a mark behind one small number, which keeps a figure small",
    )
    op.create_table(
        "mart_roll_up",
        sa.Column("period", sa.String(), nullable=False, comment="Mã kỳ | Code of the period"),
        sa.Column(
            "unit",
            sa.String(),
            nullable=False,
            comment="Mã đơn vị, hiểu theo ngày cuối kỳ | Code of the unit on the last day of the period",
        ),
        sa.Column("form", sa.String(), nullable=False, comment="Mã biểu mẫu | Code of the form"),
        sa.Column("indicator", sa.String(), nullable=False, comment="Mã chỉ tiêu | Code of the indicator"),
        sa.Column(
            "breakdown",
            sa.String(),
            nullable=False,
            comment="Phân tổ; trống là tổng chung | Breakdown; empty for the whole",
        ),
        sa.Column("value", sa.Double(), nullable=True, comment="Giá trị tổng hợp | Total"),
        sa.Column("lower", sa.Double(), nullable=True, comment="Cận dưới | Lower bound"),
        sa.Column("upper", sa.Double(), nullable=True, comment="Cận trên | Upper bound"),
        sa.Column("qualifier", sa.String(), nullable=True, comment="Độ chính xác | How exact"),
        sa.Column("numerator", sa.Double(), nullable=True, comment="Tổng tử số | Sum of the numerators"),
        sa.Column("denominator", sa.Double(), nullable=True, comment="Tổng mẫu số | Sum of the denominators"),
        sa.Column("reported", sa.Integer(), nullable=True, comment="Số đơn vị có số liệu | Units that gave the figure"),
        sa.Column("expected", sa.Integer(), nullable=True, comment="Số đơn vị phải có số liệu | Units that owed it"),
        sa.Column(
            "source", sa.String(), nullable=True, comment="Cách có được số tổng hợp | How the total was obtained"
        ),
        sa.Column("note", sa.Text(), nullable=True, comment="Ghi chú | Note"),
        sa.Column("refreshed_at", MOMENT, nullable=False, comment="Lúc tính | When it was computed"),
        sa.PrimaryKeyConstraint("period", "unit", "form", "indicator", "breakdown", name=op.f("pk_mart_roll_up")),
        comment="Số tổng hợp của từng đơn vị và mọi đơn vị bên dưới, kèm độ bao phủ; được tính lại sau mỗi lần nạp | Totals of every unit with all units below it, with their coverage; computed anew after each load",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "observation",
        sa.Column("period_id", sa.Integer(), nullable=False, comment="Kỳ báo cáo | Period"),
        sa.Column(
            "submission_id", sa.Integer(), nullable=False, comment="Báo cáo chứa số liệu | Submission it stands in"
        ),
        sa.Column("indicator_id", sa.Integer(), nullable=False, comment="Chỉ tiêu | Indicator"),
        sa.Column("breakdown_id", sa.Integer(), nullable=False, comment="Phân tổ | Breakdown"),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Đơn vị | Unit"),
        sa.Column(
            "manner_id", sa.SmallInteger(), nullable=False, comment="Cách nêu số liệu | How the figure is stated"
        ),
        sa.Column(
            "value",
            sa.Double(),
            nullable=True,
            comment="Giá trị theo đơn vị tính của chỉ tiêu; 97,49 % là 97.49 | Value in the indicator's measure; a percentage as 97.49",
        ),
        sa.Column(
            "lower",
            sa.Double(),
            nullable=True,
            comment="Cận dưới; trống khi có giá trị mà không có cận | Lower bound; empty beside a value: unbounded",
        ),
        sa.Column(
            "upper",
            sa.Double(),
            nullable=True,
            comment="Cận trên; trống khi có giá trị mà không có cận | Upper bound; empty beside a value: unbounded",
        ),
        sa.Column("numerator", sa.Double(), nullable=True, comment="Tử số của tỷ lệ | Numerator of a rate"),
        sa.Column("denominator", sa.Double(), nullable=True, comment="Mẫu số của tỷ lệ | Denominator of a rate"),
        sa.Column("place_id", sa.Integer(), nullable=True, comment="Ô đã ghi số liệu | Cell it was read from"),
        sa.Column(
            "original_text", sa.Text(), nullable=True, comment="Nguyên văn trong ô | The text of the cell as it stood"
        ),
        sa.Column("note", sa.Text(), nullable=True, comment="Giải trình của đơn vị | The unit's note"),
        sa.Column("recorded_from", MOMENT, nullable=False, comment="Được tin từ lúc | Believed from"),
        sa.Column(
            "recorded_to",
            MOMENT,
            nullable=True,
            comment="Được tin đến lúc; trống khi còn hiệu lực | Believed until; empty while in force",
        ),
        sa.PrimaryKeyConstraint(
            "period_id", "submission_id", "indicator_id", "breakdown_id", name=op.f("pk_observation")
        ),
        comment="Số liệu: nói về kỳ nào, của đơn vị nào, được tin từ lúc nào đến lúc nào, và lấy từ ô nào | Figures: the period and unit they speak of, from when to when they were believed, and the cell they come from",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_observation_in_force",
        "observation",
        ["period_id", "indicator_id"],
        unique=False,
        sqlite_where=sa.text("recorded_to IS NULL"),
        postgresql_where=sa.text("recorded_to IS NULL"),
    )
    op.create_table(
        "place",
        sa.Column(
            "id", sa.Integer(), autoincrement=False, nullable=False, comment="Số của địa chỉ | Number of the place"
        ),
        sa.Column(
            "sheet",
            sa.String(),
            nullable=False,
            comment="Trang tính; trống với CSV và JSON | Sheet; empty for CSV and JSON",
        ),
        sa.Column(
            "cell",
            sa.String(),
            nullable=False,
            comment="Ô, dòng CSV hoặc con trỏ JSON | Cell, line of a CSV or JSON pointer",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
        sa.UniqueConstraint("sheet", "cell", name=op.f("uq_place_sheet_cell")),
        comment="Các địa chỉ ô đã gặp | Addresses of cells met so far",
    )
    op.create_table(
        "commendation",
        sa.Column("submission_id", sa.Integer(), nullable=False, comment="Báo cáo | Submission"),
        sa.Column("item", sa.Integer(), nullable=False, comment="Số dòng trong danh sách | Row of the list"),
        sa.Column(
            "key",
            sa.Text(),
            nullable=True,
            comment="Tên đã chuẩn hóa để tìm dòng trùng | Folded name, to find the same row again",
        ),
        sa.Column("by", sa.Text(), nullable=True, comment="Người tặng | Giver"),
        sa.Column("form", sa.Text(), nullable=True, comment="Hình thức | Form"),
        sa.Column("collectives", sa.Double(), nullable=True, comment="Số tập thể | Collectives"),
        sa.Column("individuals", sa.Double(), nullable=True, comment="Số cá nhân | Individuals"),
        sa.Column("name", sa.Text(), nullable=True, comment="Tên tập thể | Collectives by name"),
        sa.Column("decision", sa.Text(), nullable=True, comment="Số quyết định | Number of the decision"),
        sa.Column("date", sa.Text(), nullable=True, comment="Ngày quyết định | Date of the decision"),
        sa.Column("content", sa.Text(), nullable=False, comment="Toàn bộ dòng, dạng JSON | The whole row as JSON"),
        sa.Column("place_id", sa.Integer(), nullable=True, comment="Ô đầu dòng | First cell of the row"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_commendation_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("submission_id", "item", name=op.f("pk_commendation")),
        comment="Quyết định biểu dương, khen thưởng (danh sách commendations) | Commendations (list commendations)",
    )
    op.create_index(op.f("ix_commendation_key"), "commendation", ["key"], unique=False)
    op.create_table(
        "initiative",
        sa.Column("submission_id", sa.Integer(), nullable=False, comment="Báo cáo | Submission"),
        sa.Column("item", sa.Integer(), nullable=False, comment="Số dòng trong danh sách | Row of the list"),
        sa.Column(
            "key",
            sa.Text(),
            nullable=True,
            comment="Tên đã chuẩn hóa để tìm dòng trùng | Folded name, to find the same row again",
        ),
        sa.Column("name", sa.Text(), nullable=True, comment="Tên mô hình | Name of the model"),
        sa.Column("owner", sa.Text(), nullable=True, comment="Đơn vị chủ trì | Owner"),
        sa.Column("level", sa.Text(), nullable=True, comment="Cấp | Level"),
        sa.Column("status", sa.Text(), nullable=True, comment="Tình trạng | Status"),
        sa.Column("field", sa.Text(), nullable=True, comment="Lĩnh vực | Field of work"),
        sa.Column("effective", sa.Text(), nullable=True, comment="Hiệu quả: có hay không | Effective: yes or no"),
        sa.Column("pilot", sa.Text(), nullable=True, comment="Mô hình điểm: có hay không | Pilot: yes or no"),
        sa.Column("members", sa.Double(), nullable=True, comment="Số thành viên | Members"),
        sa.Column("other_name", sa.Text(), nullable=True, comment="Tên gọi khác | Other name"),
        sa.Column(
            "more", sa.Text(), nullable=True, comment="Danh sách còn nữa: có hay không | The list goes on: yes or no"
        ),
        sa.Column("content", sa.Text(), nullable=False, comment="Toàn bộ dòng, dạng JSON | The whole row as JSON"),
        sa.Column("place_id", sa.Integer(), nullable=True, comment="Ô đầu dòng | First cell of the row"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_initiative_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("submission_id", "item", name=op.f("pk_initiative")),
        comment="Mô hình học tập và làm theo (danh sách initiatives) | Models (list initiatives)",
    )
    op.create_index(op.f("ix_initiative_key"), "initiative", ["key"], unique=False)
    op.create_table(
        "inspection",
        sa.Column("submission_id", sa.Integer(), nullable=False, comment="Báo cáo | Submission"),
        sa.Column("item", sa.Integer(), nullable=False, comment="Số dòng trong danh sách | Row of the list"),
        sa.Column(
            "key",
            sa.Text(),
            nullable=True,
            comment="Tên đã chuẩn hóa để tìm dòng trùng | Folded name, to find the same row again",
        ),
        sa.Column("activity", sa.Text(), nullable=True, comment="Kiểm tra hay giám sát | Inspection or supervision"),
        sa.Column("target", sa.Text(), nullable=True, comment="Đối tượng | Target"),
        sa.Column("kind", sa.Text(), nullable=True, comment="Thường xuyên hay chuyên đề | Regular or thematic"),
        sa.Column("subject", sa.Text(), nullable=True, comment="Nội dung | Subject"),
        sa.Column("date", sa.Text(), nullable=True, comment="Ngày kết thúc | Date ended"),
        sa.Column("content", sa.Text(), nullable=False, comment="Toàn bộ dòng, dạng JSON | The whole row as JSON"),
        sa.Column("place_id", sa.Integer(), nullable=True, comment="Ô đầu dòng | First cell of the row"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_inspection_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("submission_id", "item", name=op.f("pk_inspection")),
        comment="Cuộc kiểm tra, giám sát (danh sách inspections_list) | Inspections and supervisions (list inspections_list)",
    )
    op.create_index(op.f("ix_inspection_key"), "inspection", ["key"], unique=False)
    op.create_table(
        "list_item",
        sa.Column("submission_id", sa.Integer(), nullable=False, comment="Báo cáo | Submission"),
        sa.Column("list", sa.String(), nullable=False, comment="Mã danh sách | Code of the list"),
        sa.Column("item", sa.Integer(), nullable=False, comment="Số dòng trong danh sách | Row of the list"),
        sa.Column(
            "key",
            sa.Text(),
            nullable=True,
            comment="Tên đã chuẩn hóa để tìm dòng trùng | Folded name, to find the same row again",
        ),
        sa.Column("content", sa.Text(), nullable=False, comment="Toàn bộ dòng, dạng JSON | The whole row as JSON"),
        sa.Column("place_id", sa.Integer(), nullable=True, comment="Ô đầu dòng | First cell of the row"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_list_item_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("submission_id", "list", "item", name=op.f("pk_list_item")),
        comment="Dòng của các danh sách khác | Rows of the other lists",
    )
    op.create_table(
        "narrative",
        sa.Column("submission_id", sa.Integer(), nullable=False, comment="Báo cáo | Submission"),
        sa.Column("section", sa.String(), nullable=False, comment="Mục | Section"),
        sa.Column("body", sa.Text(), nullable=False, comment="Lời văn | The text"),
        sa.Column("place_id", sa.Integer(), nullable=True, comment="Ô chứa lời văn | Cell it stands in"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_narrative_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("submission_id", "section", name=op.f("pk_narrative")),
        comment="Phần lời văn của báo cáo | Paragraphs of the reports",
    )
    op.create_table(
        "topic",
        sa.Column("submission_id", sa.Integer(), nullable=False, comment="Báo cáo | Submission"),
        sa.Column("item", sa.Integer(), nullable=False, comment="Số dòng trong danh sách | Row of the list"),
        sa.Column(
            "key",
            sa.Text(),
            nullable=True,
            comment="Tên đã chuẩn hóa để tìm dòng trùng | Folded name, to find the same row again",
        ),
        sa.Column("year", sa.Double(), nullable=True, comment="Năm | Year"),
        sa.Column("text", sa.Text(), nullable=True, comment="Tên chuyên đề | Topic"),
        sa.Column("kind", sa.Text(), nullable=True, comment="Tự chọn hay theo cấp trên | Own or inherited"),
        sa.Column("group", sa.Text(), nullable=True, comment="Tổ, khối thực hiện | Group"),
        sa.Column("content", sa.Text(), nullable=False, comment="Toàn bộ dòng, dạng JSON | The whole row as JSON"),
        sa.Column("place_id", sa.Integer(), nullable=True, comment="Ô đầu dòng | First cell of the row"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_topic_submission_id_submission")),
        sa.PrimaryKeyConstraint("submission_id", "item", name=op.f("pk_topic")),
        comment="Chuyên đề học tập và làm theo (danh sách topics) | Topics of the year (list topics)",
    )
    op.create_index(op.f("ix_topic_key"), "topic", ["key"], unique=False)


def _views() -> None:
    op.execute(_MART_OBSERVATION)
    op.execute(_MART_REPORTING)


_MART_OBSERVATION = """\
CREATE VIEW mart_observation AS
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, i.code AS indicator, i.label_vi, i.label_en, i.measure_vi,
  b.code AS breakdown,
  o.value, o.lower, o.upper, m.qualifier, o.numerator, o.denominator, m.status, m.basis, m.scope, m.derived,
  COALESCE(o.original_text, CAST(o.value AS TEXT)) AS value_text,
  o.original_text, o.note, c.sheet, c.cell, o.submission_id, s.version, o.recorded_from, o.recorded_to
FROM observation o
JOIN submission s ON s.id = o.submission_id
JOIN period p ON p.id = o.period_id
JOIN unit u ON u.id = o.unit_id
JOIN form f ON f.id = s.form_id
JOIN indicator i ON i.id = o.indicator_id
JOIN breakdown b ON b.id = o.breakdown_id
JOIN manner m ON m.id = o.manner_id
LEFT JOIN place c ON c.id = o.place_id
WHERE o.recorded_to IS NULL
"""

_MART_REPORTING = """\
CREATE VIEW mart_reporting AS
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, COALESCE(l.until, d.due) AS due,
  s.id AS submission_id, s.version, COALESCE(s.state, 'missing') AS state, s.received_at, s.decided_at,
  CASE WHEN a.id IS NULL THEN 0 ELSE 1 END AS in_force
FROM period p
JOIN obligation ob ON ob.calendar = p.calendar AND ob.period_kind = p.kind
  AND ob.valid_from <= p.last_day AND (ob.valid_to IS NULL OR p.last_day <= ob.valid_to)
JOIN form f ON f.id = ob.form_id
JOIN unit u ON u.kind = ob.unit_kind
  AND u.valid_from <= p.last_day AND (u.valid_to IS NULL OR p.last_day <= u.valid_to)
LEFT JOIN period_due d ON d.period_id = p.id AND d.level = u.level
LEFT JOIN lateness_permit l ON l.period_id = p.id AND l.unit_id = u.id
LEFT JOIN submission s ON s.unit_id = u.id AND s.period_id = p.id AND s.form_id = f.id
  AND s.version = (SELECT MAX(x.version) FROM submission x
    WHERE x.unit_id = u.id AND x.period_id = p.id AND x.form_id = f.id)
LEFT JOIN submission a ON a.unit_id = u.id AND a.period_id = p.id AND a.form_id = f.id
  AND a.state IN ('accepted', 'accepted_with_warnings')
"""

_TABLES = (
    "finding",
    "topic",
    "receipt",
    "narrative",
    "list_item",
    "inspection",
    "initiative",
    "commendation",
    "attempt",
    "action",
    "waiver",
    "unit_event",
    "submission",
    "lateness_permit",
    "unit",
    "period_due",
    "obligation",
    "unit_kind",
    "setting",
    "run",
    "rule",
    "place",
    "period",
    "observation",
    "mart_roll_up",
    "manner",
    "indicator",
    "form",
    "file",
    "breakdown",
)
