"""Periods are opened, being closed, opened again; what the calendar asked for; contacts and notices."""

# ruff: noqa: E501 (comments of columns stand on one line each)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _lives()
    _occasions()
    _contacts()
    _notices()
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        _acts(", open_period, import_contacts, resend_notice, drop_notice")
        _withhold()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _acts("")
    op.drop_table("notice")
    op.drop_table("contact")
    op.drop_table("occasion")
    for name in ("opened_at", "closing_at", "reopened_at"):
        op.drop_column("period", name)


#: Acts of the migration before.
_BEFORE = (
    "retry, restore, withdraw, waive, permit_late, return, close_period, reopen_period, replace_warehouse,"
    " open_conference, freeze_conference, override_freeze, set_targets, decide_rating, add_conclusion,"
    " change_conclusion, import_register"
)


def _acts(more: str) -> None:
    acts = f"{_BEFORE}{more}"
    op.alter_column("action", "what", comment=f"Việc đã làm: {acts} | What was done: {acts}")


def _withhold() -> None:
    """A role made by an earlier version reads every table that is added: it is to read neither of these."""
    for name in ("contact", "notice"):
        op.execute(f"REVOKE ALL ON {name} FROM PUBLIC")
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(_REVOKE)


_REVOKE = """
DO $$
DECLARE
  given record;
BEGIN
  FOR given IN
    SELECT DISTINCT grantee, table_name FROM information_schema.role_table_grants
    WHERE table_schema = current_schema() AND table_name IN ('contact', 'notice')
      AND grantee <> 'PUBLIC' AND grantee <> current_user
  LOOP
    EXECUTE format('REVOKE ALL ON %I FROM %I', given.table_name, given.grantee);
  END LOOP;
END $$
"""


def _lives() -> None:
    op.add_column(
        "period",
        sa.Column(
            "opened_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Lúc mở kỳ; trống khi chưa mở | When the period was opened; empty before",
        ),
    )
    op.add_column(
        "period",
        sa.Column(
            "closing_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Lúc bắt đầu đóng kỳ; trống khi không đang đóng | When closing it began; empty while nobody closes it",
        ),
    )
    op.add_column(
        "period",
        sa.Column(
            "reopened_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Lúc mở lại sau khi đã đóng; trống khi chưa từng | When it was opened again after it was closed; empty if it never was",
        ),
    )


def _occasions() -> None:
    op.create_table(
        "occasion",
        sa.Column("period", sa.String(), nullable=False, comment="Mã kỳ | Code of the period"),
        sa.Column(
            "kind",
            sa.String(),
            nullable=False,
            comment="Việc: open, collect, remind, close, review | What: open, collect, remind, close, review",
        ),
        sa.Column(
            "label",
            sa.String(),
            nullable=False,
            comment="Dịp nào trong kỳ, ví dụ cutoff, due:base; trống khi chỉ có một | Which of the period, such as cutoff, due:base; empty where there is only one",
        ),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Lúc phải làm theo lịch | When the calendar asked for it",
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False, comment="Lúc đã làm xong | When it was done"),
        sa.Column("run_id", sa.String(), nullable=True, comment="Lượt chạy đã làm | Run that did it"),
        sa.Column("outcome", sa.Text(), nullable=True, comment="Kết quả bằng lời | Outcome in words"),
        sa.CheckConstraint("kind IN ('open', 'collect', 'remind', 'close', 'review')", name="ck_occasion_kind"),
        sa.PrimaryKeyConstraint("period", "kind", "label", name="pk_occasion"),
        comment="Những việc theo lịch báo cáo đã được làm, mỗi việc một lần | What the reporting calendar asked for and was done, each once",
    )


def _contacts() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Số thứ tự | Number"),
        sa.Column(
            "unit_id",
            sa.Integer(),
            nullable=True,
            comment="Đơn vị; trống với người quản trị | Unit; empty for an administrator",
        ),
        sa.Column("role", sa.String(), nullable=False, comment="Vai: unit, focal, admin | Role: unit, focal, admin"),
        sa.Column("name", sa.String(), nullable=False, comment="Họ tên hoặc chức danh | Name or office"),
        sa.Column("email", sa.String(), nullable=False, comment="Thư điện tử | E-mail address"),
        sa.Column("lang", sa.String(), nullable=False, comment="Ngôn ngữ: vi, en | Language: vi, en"),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Lúc ghi gần nhất | When it was last written",
        ),
        sa.CheckConstraint("role IN ('unit', 'focal', 'admin')", name="ck_contact_role"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_contact_unit_id_unit"),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
        sa.UniqueConstraint("unit_id", "role", "email", name="uq_contact_unit_id_role_email"),
        comment="Người nhận thông báo của đơn vị; không có trong bản sao để chia sẻ | People who are told of a unit's reports; never part of a published copy",
    )


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Số thứ tự | Number"),
        sa.Column("kind", sa.String(), nullable=False, comment="Loại thông báo | Kind of notice"),
        sa.Column(
            "reason",
            sa.String(),
            nullable=False,
            comment="Lý do, ví dụ rejected:57:112: không bao giờ báo hai lần vì cùng một lý do | Reason, such as rejected:57:112: nobody is told twice for the same one",
        ),
        sa.Column("unit_id", sa.Integer(), nullable=True, comment="Đơn vị được nói đến | Unit it speaks of"),
        sa.Column("period_id", sa.Integer(), nullable=True, comment="Kỳ báo cáo | Period"),
        sa.Column("form_id", sa.Integer(), nullable=True, comment="Biểu mẫu | Form"),
        sa.Column("submission_id", sa.Integer(), nullable=True, comment="Báo cáo | Submission"),
        sa.Column(
            "recipient",
            sa.String(),
            nullable=False,
            comment="Thư điện tử người nhận; trống khi không có ai để gửi | Address of the recipient; empty when there is none",
        ),
        sa.Column("recipient_name", sa.String(), nullable=True, comment="Tên người nhận | Name of the recipient"),
        sa.Column("subject", sa.String(), nullable=False, comment="Tiêu đề | Subject"),
        sa.Column("body", sa.Text(), nullable=False, comment="Nội dung | Text"),
        sa.Column("attachment", sa.String(), nullable=True, comment="Tệp gửi kèm | File that goes with it"),
        sa.Column(
            "path",
            sa.String(),
            nullable=True,
            comment="Tệp thông báo trong không gian làm việc | File of the notice in the workspace",
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, comment="Lúc lập | When it was made"),
        sa.Column("state", sa.String(), nullable=False, comment="Trạng thái | State"),
        sa.Column(
            "tries", sa.Integer(), server_default="0", nullable=False, comment="Số lần thử gửi | Tries to send it"
        ),
        sa.Column(
            "tried_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Lúc thử gửi gần nhất | When sending was last tried",
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Lúc máy chủ thư đã nhận | When the mail server took it",
        ),
        sa.Column("fault", sa.Text(), nullable=True, comment="Vì sao chưa gửi được | Why it could not be sent"),
        sa.CheckConstraint(
            "kind IN ('opened', 'due_soon', 'overdue', 'rejected', 'accepted', 'digest')", name="ck_notice_kind"
        ),
        sa.CheckConstraint(
            "state IN ('written', 'waiting', 'sending', 'sent', 'refused', 'dropped')", name="ck_notice_state"
        ),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name="fk_notice_form_id_form"),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name="fk_notice_period_id_period"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_notice_submission_id_submission"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_notice_unit_id_unit"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("reason", "recipient", name="uq_notice_reason_recipient"),
        comment="Thông báo đã lập cho từng người nhận, mỗi lý do một lần | Notices, one for each reason and recipient",
    )
    op.create_index("ix_notice_period_id", "notice", ["period_id"], unique=False)
    op.create_index("ix_notice_state", "notice", ["state"], unique=False)
