"""Totals beside those of the year before, through reforms of the unit tree."""

# ruff: noqa: E501 (comments of columns stand on one line each)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mart_year_on_year",
        sa.Column("period", sa.String(), nullable=False, comment="Mã kỳ | Code of the period"),
        sa.Column(
            "base_period",
            sa.String(),
            nullable=False,
            comment="Mã kỳ gốc: cùng kỳ năm trước | Code of the base period: the same one last year",
        ),
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
        sa.Column(
            "value_then",
            sa.Double(),
            nullable=True,
            comment="Giá trị kỳ gốc; trống thì xem reason | Figure of the base period; when empty see reason",
        ),
        sa.Column("lower_then", sa.Double(), nullable=True, comment="Cận dưới kỳ gốc | Lower bound in the base period"),
        sa.Column("upper_then", sa.Double(), nullable=True, comment="Cận trên kỳ gốc | Upper bound in the base period"),
        sa.Column(
            "qualifier_then",
            sa.String(),
            nullable=True,
            comment="Độ chính xác kỳ gốc | How exact the figure of the base period is",
        ),
        sa.Column(
            "reported_then",
            sa.Integer(),
            nullable=False,
            comment="Số đơn vị có số liệu kỳ gốc | Units that gave the figure in the base period",
        ),
        sa.Column(
            "expected_then",
            sa.Integer(),
            nullable=False,
            comment="Số đơn vị phải có số liệu kỳ gốc | Units that owed it in the base period",
        ),
        sa.Column(
            "value_now",
            sa.Double(),
            nullable=True,
            comment="Giá trị kỳ này; trống thì xem reason | Figure of the period; when empty see reason",
        ),
        sa.Column("lower_now", sa.Double(), nullable=True, comment="Cận dưới kỳ này | Lower bound in the period"),
        sa.Column("upper_now", sa.Double(), nullable=True, comment="Cận trên kỳ này | Upper bound in the period"),
        sa.Column(
            "qualifier_now",
            sa.String(),
            nullable=True,
            comment="Độ chính xác kỳ này | How exact the figure of the period is",
        ),
        sa.Column(
            "reported_now",
            sa.Integer(),
            nullable=False,
            comment="Số đơn vị có số liệu kỳ này | Units that gave the figure in the period",
        ),
        sa.Column(
            "expected_now",
            sa.Integer(),
            nullable=False,
            comment="Số đơn vị phải có số liệu kỳ này | Units that owed it in the period",
        ),
        sa.Column(
            "change_kind",
            sa.String(),
            nullable=False,
            comment="percent: tăng, giảm theo phần trăm; points: theo điểm phần trăm | percent: the change is told in percent; points: in percentage points",
        ),
        sa.Column("difference", sa.Double(), nullable=True, comment="Kỳ này trừ kỳ gốc | The period less the base"),
        sa.Column(
            "difference_lower",
            sa.Double(),
            nullable=True,
            comment="Cận dưới của chênh lệch | Lower bound of the difference",
        ),
        sa.Column(
            "difference_upper",
            sa.Double(),
            nullable=True,
            comment="Cận trên của chênh lệch | Upper bound of the difference",
        ),
        sa.Column(
            "growth",
            sa.Double(),
            nullable=True,
            comment="Tăng, giảm phần trăm: 481,3 % là 481.3; trống với điểm phần trăm và khi không tính được | Growth in percent, 481.3 for +481.3 %; empty for points and where there is none",
        ),
        sa.Column(
            "growth_lower", sa.Double(), nullable=True, comment="Cận dưới của mức tăng | Lower bound of the growth"
        ),
        sa.Column(
            "growth_upper", sa.Double(), nullable=True, comment="Cận trên của mức tăng | Upper bound of the growth"
        ),
        sa.Column(
            "change_qualifier",
            sa.String(),
            nullable=True,
            comment="Mức thay đổi chính xác đến đâu | How exact the change is",
        ),
        sa.Column(
            "comparable",
            sa.Boolean(),
            nullable=False,
            comment="Có so sánh được không | Whether the two may be compared",
        ),
        sa.Column(
            "reason",
            sa.String(),
            nullable=True,
            comment="Mã lý do không so sánh được hoặc không có phần trăm | Code of why they are not compared, or why there is no percentage",
        ),
        sa.Column("reason_vi", sa.Text(), nullable=True, comment="Lý do bằng tiếng Việt | The reason in Vietnamese"),
        sa.Column("reason_en", sa.Text(), nullable=True, comment="Lý do bằng tiếng Anh | The reason in English"),
        sa.Column(
            "cautions",
            sa.String(),
            nullable=True,
            comment="Mã các lưu ý, cách nhau bằng dấu phẩy | Codes of the cautions, comma-separated",
        ),
        sa.Column(
            "caution_vi", sa.Text(), nullable=True, comment="Các lưu ý bằng tiếng Việt | The cautions in Vietnamese"
        ),
        sa.Column("caution_en", sa.Text(), nullable=True, comment="Các lưu ý bằng tiếng Anh | The cautions in English"),
        sa.Column(
            "refreshed_at", sa.DateTime(timezone=True), nullable=False, comment="Lúc tính | When it was computed"
        ),
        sa.CheckConstraint("change_kind IN ('percent', 'points')", name=op.f("ck_mart_year_on_year_change_kind")),
        sa.PrimaryKeyConstraint("period", "unit", "form", "indicator", "breakdown", name=op.f("pk_mart_year_on_year")),
        comment="Số tổng hợp so với cùng kỳ năm trước, theo địa bàn của kỳ này; số kỳ trước được cộng lại từ các đơn vị cũ đã nhập toàn bộ vào đơn vị nay; được tính lại sau mỗi lần nạp | Totals beside those of the same period last year, on the boundaries of this period; last year's are added up anew over the old units that wholly went into those of today; computed anew after each load",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("mart_year_on_year")
