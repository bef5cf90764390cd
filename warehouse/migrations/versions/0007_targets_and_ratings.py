"""Targets of a year and their versions; grades that people decided, beside what was proposed."""

# ruff: noqa: E501 (comments of columns stand on one line each)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    in_force = sa.text("recorded_to IS NULL")
    op.create_table(
        "rating_decision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Số thứ tự | Number"),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Đơn vị được xếp loại | Unit that is rated"),
        sa.Column("period_id", sa.Integer(), nullable=False, comment="Kỳ | Period"),
        sa.Column("version", sa.SmallInteger(), nullable=False, comment="Phiên bản thứ mấy | Which version it is"),
        sa.Column(
            "rules",
            sa.String(),
            nullable=False,
            comment="Mã bộ quy định dùng để đề xuất | Id of the rule set the proposal was made by",
        ),
        sa.Column("grade", sa.String(), nullable=False, comment="Mã mức xếp loại | Code of the grade"),
        sa.Column(
            "grade_vi", sa.String(), nullable=False, comment="Mức xếp loại bằng tiếng Việt | The grade in Vietnamese"
        ),
        sa.Column(
            "grade_en", sa.String(), nullable=False, comment="Mức xếp loại bằng tiếng Anh | The grade in English"
        ),
        sa.Column(
            "proposed",
            sa.String(),
            nullable=True,
            comment="Mức được đề xuất lúc ấy; hai mức cách nhau bằng dấu sổ khi chưa rõ; trống khi không đề xuất | What was proposed then; two grades with a bar between them where it was open; empty when nothing was",
        ),
        sa.Column("peer_group", sa.String(), nullable=False, comment="Nhóm cùng xét | Group the unit is judged in"),
        sa.Column("points", sa.Double(), nullable=True, comment="Điểm đề xuất | Points proposed"),
        sa.Column("points_lower", sa.Double(), nullable=True, comment="Cận dưới của điểm | Lower bound of the points"),
        sa.Column("points_upper", sa.Double(), nullable=True, comment="Cận trên của điểm | Upper bound of the points"),
        sa.Column(
            "proposal",
            sa.Text(),
            nullable=False,
            comment="Toàn bộ đề xuất lúc ấy với các số liệu đằng sau, dạng JSON | The whole proposal of that moment with the figures behind it, as JSON",
        ),
        sa.Column(
            "over_cap",
            sa.Boolean(),
            nullable=False,
            comment="Có vượt giới hạn tỷ lệ không | Whether it goes over the cap",
        ),
        sa.Column(
            "recorded_from", sa.DateTime(timezone=True), nullable=False, comment="Có hiệu lực từ lúc | In force from"
        ),
        sa.Column(
            "recorded_to",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Có hiệu lực đến lúc; trống khi còn | In force until; empty while it is",
        ),
        sa.Column("action_id", sa.Integer(), nullable=False, comment="Quyết định đã ghi | Act that put it down"),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_rating_decision_action_id_action")),
        sa.ForeignKeyConstraint(["period_id"], ["period.id"], name=op.f("fk_rating_decision_period_id_period")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_rating_decision_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_decision")),
        sa.UniqueConstraint(
            "unit_id", "period_id", "version", name=op.f("uq_rating_decision_unit_id_period_id_version")
        ),
        comment="Mức xếp loại do người có thẩm quyền quyết định, kèm đề xuất của chương trình lúc ấy; quyết định sau là bản mới | Grades that people decided, with what was proposed at that moment; a later decision is a new version",
    )
    op.create_index(
        "uq_rating_decision_in_force",
        "rating_decision",
        ["unit_id", "period_id"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
    op.create_table(
        "target",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Số thứ tự | Number"),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Đơn vị được giao | Unit it is given to"),
        sa.Column(
            "indicator_id",
            sa.Integer(),
            nullable=False,
            comment="Chỉ tiêu thống kê dùng để đo | Indicator it is measured by",
        ),
        sa.Column("year", sa.SmallInteger(), nullable=False, comment="Năm | Year"),
        sa.Column("version", sa.SmallInteger(), nullable=False, comment="Phiên bản thứ mấy | Which version it is"),
        sa.Column(
            "direction",
            sa.String(),
            nullable=False,
            comment="Chiều: at_least (ít nhất), at_most (không quá) | Direction: at_least, at_most",
        ),
        sa.Column(
            "value",
            sa.Double(),
            nullable=True,
            comment="Mức giao theo đơn vị tính của chỉ tiêu; 97,5 % là 97.5; trống: đã bỏ chỉ tiêu | What is to be reached, in the measure of the indicator; 97.5 for 97.5 %; empty: taken back",
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="Văn bản giao | Document that gives it"),
        sa.Column(
            "recorded_from", sa.DateTime(timezone=True), nullable=False, comment="Có hiệu lực từ lúc | In force from"
        ),
        sa.Column(
            "recorded_to",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Có hiệu lực đến lúc; trống khi còn | In force until; empty while it is",
        ),
        sa.Column("action_id", sa.Integer(), nullable=False, comment="Quyết định đã ghi | Act that put it down"),
        sa.CheckConstraint("direction IN ('at_least', 'at_most')", name=op.f("ck_target_direction")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_target_action_id_action")),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"], name=op.f("fk_target_indicator_id_indicator")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_target_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sa.UniqueConstraint(
            "unit_id", "indicator_id", "year", "version", name=op.f("uq_target_unit_id_indicator_id_year_version")
        ),
        comment="Chỉ tiêu giao cho đơn vị trong một năm; mỗi lần sửa là một phiên bản mới, bản cũ vẫn còn | Targets of a unit for a year; each change is a new version, the older ones stay",
    )
    op.create_index(
        "uq_target_in_force",
        "target",
        ["unit_id", "indicator_id", "year"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )

    op.execute(f"CREATE VIEW mart_rating AS\n{_MART_RATING}")
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        _acts(", set_targets, decide_rating")
        for name, comment in _COMMENTS.items():
            op.execute(f"COMMENT ON {name} IS {_quoted(comment)}")


def downgrade() -> None:
    op.execute("DROP VIEW mart_rating")
    if op.get_bind().dialect.name == "postgresql":
        _acts("")
    op.drop_table("rating_decision")
    op.drop_table("target")


#: Acts of the migration before.
_BEFORE = (
    "retry, restore, withdraw, waive, permit_late, return, close_period, reopen_period, replace_warehouse,"
    " open_conference, freeze_conference, override_freeze"
)


def _acts(more: str) -> None:
    acts = f"{_BEFORE}{more}"
    op.alter_column("action", "what", comment=f"Việc đã làm: {acts} | What was done: {acts}")


def _quoted(comment: str) -> str:
    return "'" + comment.replace("'", "''") + "'"


_MART_RATING = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, d.rules, d.peer_group, d.grade, d.grade_vi, d.grade_en, d.proposed,
  CASE WHEN d.proposed = d.grade THEN 1 ELSE 0 END AS as_proposed, CASE WHEN d.over_cap THEN 1 ELSE 0 END AS over_cap,
  d.points, d.points_lower, d.points_upper, d.version, d.recorded_from AS decided_at,
  a.who AS decided_by, a.second_person, a.reason
FROM rating_decision d
JOIN period p ON p.id = d.period_id
JOIN unit u ON u.id = d.unit_id
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
JOIN action a ON a.id = d.action_id
WHERE d.recorded_to IS NULL
"""

_COMMENTS = {
    "VIEW mart_rating": "Mức xếp loại đã quyết định, kèm điểm và mức chương trình đề xuất lúc ấy | Grades that were decided, with the points and the grade that were proposed at that moment",
    "COLUMN mart_rating.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_rating.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_rating.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_rating.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_rating.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_rating.parent": "Mã cấp trên vào ngày cuối kỳ; cấp trên đã nhập toàn bộ vào đơn vị khác thì là đơn vị đó | Code of the superior on the last day; of what it wholly went into, where it is no more",
    "COLUMN mart_rating.rules": "Mã bộ quy định dùng để đề xuất | Id of the rule set of the proposal",
    "COLUMN mart_rating.peer_group": "Nhóm cùng xét | Group the unit is judged in",
    "COLUMN mart_rating.grade": "Mã mức xếp loại đã quyết định | Code of the grade that was decided",
    "COLUMN mart_rating.grade_vi": "Mức xếp loại bằng tiếng Việt | The grade in Vietnamese",
    "COLUMN mart_rating.grade_en": "Mức xếp loại bằng tiếng Anh | The grade in English",
    "COLUMN mart_rating.proposed": "Mức được đề xuất lúc ấy; hai mức cách nhau bằng dấu sổ khi chưa rõ; trống khi không đề xuất | What was proposed then; two grades with a bar between them where it was open; empty when nothing was",
    "COLUMN mart_rating.as_proposed": "1 khi quyết định đúng như đề xuất | 1 when it was decided as proposed",
    "COLUMN mart_rating.over_cap": "1 khi vượt giới hạn tỷ lệ, có lý do | 1 when it goes over the cap, for a reason",
    "COLUMN mart_rating.points": "Điểm đề xuất | Points proposed",
    "COLUMN mart_rating.points_lower": "Cận dưới của điểm | Lower bound of the points",
    "COLUMN mart_rating.points_upper": "Cận trên của điểm | Upper bound of the points",
    "COLUMN mart_rating.version": "Quyết định lần thứ mấy | Which decision it is",
    "COLUMN mart_rating.decided_at": "Lúc quyết định | When it was decided",
    "COLUMN mart_rating.decided_by": "Người quyết định | Who decided",
    "COLUMN mart_rating.second_person": "Người thứ hai cùng quyết định | Second person who agreed",
    "COLUMN mart_rating.reason": "Lý do | Reason",
}
