"""Acts of administrators, leases of runs, waivers with an end, copies of reports, and when definitions changed."""

# ruff: noqa: E501 (comments of columns stand on one line each)
from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    # what was decided before anybody wrote annotated copies is not to be handed back in one night
    op.execute(
        "UPDATE submission SET returned_at = decided_at"
        " WHERE state IN ('rejected', 'unreadable', 'accepted_with_warnings')"
    )
    op.create_index(op.f("ix_submission_figures_sha256"), "submission", ["figures_sha256"])
    op.create_index(
        "ix_submission_uncompared",
        "submission",
        ["figures_sha256"],
        sqlite_where=sa.text("compared_at IS NULL AND figures_sha256 IS NOT NULL"),
        postgresql_where=sa.text("compared_at IS NULL AND figures_sha256 IS NOT NULL"),
    )
    op.create_index(
        "ix_finding_other",
        "finding",
        ["other_submission_id"],
        sqlite_where=sa.text("other_submission_id IS NOT NULL"),
        postgresql_where=sa.text("other_submission_id IS NOT NULL"),
    )
    _observation_past()
    _mart_reporting(_OF_CURRENT_VERSION)
    op.create_table(
        "definition_change",
        sa.Column(
            "kind",
            sa.String(),
            nullable=False,
            comment="Loại: rule, form, obligation, calendar, unit | Kind: rule, form, obligation, calendar, unit",
        ),
        sa.Column("code", sa.String(), nullable=False, comment="Mã của định nghĩa | Code of the definition"),
        sa.Column("since", MOMENT, nullable=False, comment="Từ lúc nào | Since when"),
        sa.Column(
            "fingerprint",
            sa.String(),
            nullable=True,
            comment="Dấu vân của định nghĩa; trống khi bị bỏ | Its fingerprint; empty: dropped",
        ),
        sa.PrimaryKeyConstraint("kind", "code", "since", name=op.f("pk_definition_change")),
        comment="Thời điểm mỗi định nghĩa thay đổi, để biết báo cáo bị trả lại nào nên xử lý lại | When each definition changed: which failed reports are worth trying again",
    )
    _comment("run", "state", "running, completed, failed hoặc died | running, completed, failed or died")
    _comment(
        "action",
        "what",
        "Việc đã làm: retry, restore, withdraw, waive, permit_late, return, close_period, reopen_period | What was done: retry, restore, withdraw, waive, permit_late, return, close_period, reopen_period",
    )


def downgrade() -> None:
    op.drop_table("definition_change")
    op.drop_table("observation_past")
    _mart_reporting(_OF_LAST_VERSION)
    op.drop_index("ix_finding_other", "finding")
    op.drop_index("ix_submission_uncompared", "submission")
    op.drop_index(op.f("ix_submission_figures_sha256"), "submission")
    for table, columns in _columns().items():
        for column in columns:
            op.drop_column(table, column.name)
    _comment("run", "state", "running, completed hoặc failed | running, completed or failed")
    _comment(
        "action",
        "what",
        "Việc đã làm: retry, withdraw, waive, permit_late | What was done: retry, withdraw, waive, permit_late",
    )


def _observation_past() -> None:
    op.create_table(
        "observation_past",
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
            "period_id",
            "submission_id",
            "indicator_id",
            "breakdown_id",
            "recorded_from",
            name=op.f("pk_observation_past"),
        ),
        comment="Số liệu từng được tin của các báo cáo sau đó được xử lý lại từ đầu | Figures once believed, of reports that were taken up again afterwards",
        sqlite_with_rowid=False,
    )


def _mart_reporting(version: str) -> None:
    op.execute("DROP VIEW mart_reporting")
    op.execute(_MART_REPORTING % version)


def _comment(table: str, column: str, comment: str) -> None:
    """SQLite keeps no comments."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(table, column, comment=comment)


def _columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    def column(name: str, kind: Any, comment: str) -> sa.Column[Any]:
        return sa.Column(name, kind, nullable=True, comment=comment)

    def count(name: str, comment: str) -> sa.Column[Any]:
        return sa.Column(name, sa.Integer(), nullable=False, server_default="0", comment=comment)

    def flag(name: str, comment: str) -> sa.Column[Any]:
        return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text("false"), comment=comment)

    return {
        "period": (
            column(
                "closed_at",
                MOMENT,
                "Lúc đóng kỳ; trống khi kỳ còn mở | When the period was closed; empty while it is open",
            ),
        ),
        "run": (
            column(
                "process_started_at",
                MOMENT,
                "Lúc tiến trình bắt đầu, để không nhầm với tiến trình khác dùng lại số | When the process began: its number may be given to another later",
            ),
            column(
                "heartbeat_at",
                MOMENT,
                "Lúc gần nhất lượt chạy báo còn sống, theo đồng hồ của kho | When the run last said it was alive, by the clock of the warehouse",
            ),
        ),
        "submission": (
            count(
                "n_explained",
                "Số cảnh báo đơn vị đã giải thích ở cột ghi chú | Warnings the unit explained in its note column",
            ),
            count("n_waived", "Số cảnh báo được miễn | Warnings that were waived"),
            count("n_overridden", "Số lỗi nghiêm trọng được cho qua | Critical findings that were let pass"),
            column(
                "claimed_by",
                sa.String(),
                "Lượt chạy đang xử lý; trống khi không ai xử lý | Run that works on it; empty when none does",
            ),
            column(
                "figures_sha256",
                sa.String(64),
                "Dấu SHA-256 của mọi số liệu khác 0; trống khi có quá ít số | SHA-256 of all its figures that are not 0; empty when there are too few",
            ),
            count("n_figures", "Số các số liệu khác 0 | Number of figures that are not 0"),
            column(
                "compared_at",
                MOMENT,
                "Lúc đối chiếu với báo cáo của đơn vị khác; trống khi chưa đối chiếu | When it was compared with other units' reports; empty when it was not",
            ),
            column(
                "returned_at",
                MOMENT,
                "Lúc ghi bản có đánh dấu lỗi để trả đơn vị | When the annotated copy for the unit was written",
            ),
        ),
        "finding": (
            column(
                "cells",
                sa.Text(),
                "Mọi ô được nói đến, ví dụ Số liệu!E7, Số liệu!E8 | Every cell it speaks of, such as Số liệu!E7, Số liệu!E8",
            ),
            column(
                "settled_by",
                sa.String(),
                "Đã xong nhờ đâu: note (đơn vị giải thích), waiver (được miễn), override (lỗi được cho qua); trống là còn | What settled it: note (the unit explained), waiver, override (a critical let pass); empty: it stands",
            ),
            column("explanation", sa.Text(), "Lời giải thích hoặc lý do miễn | Explanation, or reason of the waiver"),
            column(
                "other_submission_id",
                sa.Integer(),
                "Báo cáo khác được nói đến, ví dụ báo cáo bị sao chép | Other submission it speaks of, such as the one that was copied",
            ),
        ),
        "waiver": (
            column("until", sa.Date(), "Ngày cuối cùng còn được miễn | Last day it is in force"),
            flag("is_override", "Cho qua một lỗi nghiêm trọng | Whether it lets a critical finding pass"),
            column("second_person", sa.String(), "Người thứ hai cùng quyết định | Second person who agreed"),
        ),
        "action": (column("second_person", sa.String(), "Người thứ hai cùng quyết định | Second person who agreed"),),
    }


_OF_LAST_VERSION = """\
  AND s.version = (SELECT MAX(x.version) FROM submission x
    WHERE x.unit_id = u.id AND x.period_id = p.id AND x.form_id = f.id)
"""

_OF_CURRENT_VERSION = """\
  AND s.version = COALESCE(
    (SELECT MAX(x.version) FROM submission x WHERE x.unit_id = u.id AND x.period_id = p.id AND x.form_id = f.id
      AND x.state NOT IN ('superseded', 'withdrawn')),
    (SELECT MAX(x.version) FROM submission x WHERE x.unit_id = u.id AND x.period_id = p.id AND x.form_id = f.id))
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
%sLEFT JOIN submission a ON a.unit_id = u.id AND a.period_id = p.id AND a.form_id = f.id
  AND a.state IN ('accepted', 'accepted_with_warnings')
"""
