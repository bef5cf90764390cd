"""Conclusions of conferences and what was said of them; a view for analysts."""

# ruff: noqa: E501 (comments of columns stand on one line each)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tables()
    dialect = op.get_bind().dialect.name
    op.execute("CREATE VIEW mart_conclusion AS\n" + _VIEW.replace("{today}", _TODAY[dialect]))
    if dialect != "postgresql":
        return  # SQLite keeps no comments
    _acts(", add_conclusion, change_conclusion")
    op.execute(f"COMMENT ON VIEW mart_conclusion IS {_quoted(_VIEW_COMMENT)}")
    for name, comment in _COLUMN_COMMENTS.items():
        op.execute(f"COMMENT ON COLUMN mart_conclusion.{name} IS {_quoted(comment)}")


def downgrade() -> None:
    op.execute("DROP VIEW mart_conclusion")
    if op.get_bind().dialect.name == "postgresql":
        _acts("")
    op.drop_table("conclusion_progress")
    op.drop_table("conclusion")


#: Acts of the migration before.
_BEFORE = (
    "retry, restore, withdraw, waive, permit_late, return, close_period, reopen_period, replace_warehouse,"
    " open_conference, freeze_conference, override_freeze, set_targets, decide_rating"
)


def _acts(more: str) -> None:
    acts = f"{_BEFORE}{more}"
    op.alter_column("action", "what", comment=f"Việc đã làm: {acts} | What was done: {acts}")


def _quoted(comment: str) -> str:
    return "'" + comment.replace("'", "''") + "'"


def _tables() -> None:
    op.create_table(
        "conclusion",
        sa.Column(
            "id",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="Số của nhiệm vụ trong kho | Number of the task here",
        ),
        sa.Column("conference", sa.String(), nullable=False, comment="Mã hội nghị | Code of the conference"),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="Số thứ tự trong kết luận | Number in the conclusion"
        ),
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Đơn vị đã họp | Unit that held the conference"),
        sa.Column("held_on", sa.Date(), nullable=False, comment="Ngày họp | Day of the conference"),
        sa.Column("text", sa.Text(), nullable=False, comment="Nội dung nhiệm vụ | What is to be done"),
        sa.Column(
            "indicator", sa.String(), nullable=True, comment="Mã chỉ tiêu theo dõi | Indicator it is followed by"
        ),
        sa.Column(
            "target",
            sa.Double(),
            nullable=True,
            comment="Mức phải đạt, theo đơn vị tính của chỉ tiêu | Target, in its measure",
        ),
        sa.Column(
            "direction",
            sa.String(),
            nullable=True,
            comment="at_least: ít nhất bằng mức phải đạt; at_most: không quá | at_least: no less than the target; at_most: no more",
        ),
        sa.CheckConstraint("direction IN ('at_least', 'at_most')", name=op.f("ck_conclusion_direction")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_conclusion_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conclusion")),
        sa.UniqueConstraint("conference", "number", name=op.f("uq_conclusion_conference_number")),
        comment="Nhiệm vụ đã kết luận tại hội nghị; chủ trì, hạn và tình trạng ở conclusion_progress | Tasks concluded at conferences; owner, due date and state stand in conclusion_progress",
    )
    op.create_table(
        "conclusion_progress",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Số thứ tự | Number"),
        sa.Column("conclusion_id", sa.Integer(), nullable=False, comment="Nhiệm vụ | Task"),
        sa.Column(
            "speaker",
            sa.String(),
            nullable=False,
            comment="Ai nói: act (người quản trị), owner (báo cáo của đơn vị chủ trì), holder (báo cáo của đơn vị đã họp) | Who said it: act (an administrator), owner (report of the owner), holder (report of the unit that met)",
        ),
        sa.Column(
            "said_of",
            sa.Date(),
            nullable=False,
            comment="Nói về tình hình đến ngày nào; với báo cáo là ngày cuối kỳ | The day it speaks of; of a report the last day of its period",
        ),
        sa.Column(
            "state",
            sa.String(),
            nullable=True,
            comment="Tình trạng: open, in_progress, done, dropped; trống là không nói đến | State: open, in_progress, done, dropped; empty: not spoken of",
        ),
        sa.Column(
            "owner_id",
            sa.Integer(),
            nullable=True,
            comment="Đơn vị chủ trì được giao; trống là không nói đến | Owner it is given to; empty: not spoken of",
        ),
        sa.Column(
            "due",
            sa.Date(),
            nullable=True,
            comment="Hạn hoàn thành được đặt; trống là không nói đến | Due date that is set; empty: not spoken of",
        ),
        sa.Column("progress", sa.Text(), nullable=True, comment="Kết quả, tiến độ | What was done"),
        sa.Column("value", sa.Double(), nullable=True, comment="Số đạt được đơn vị ghi | Figure reached, as stated"),
        sa.Column(
            "lower",
            sa.Double(),
            nullable=True,
            comment="Cận dưới của số đạt được; trống khi có giá trị mà không có cận | Lower bound of the figure; empty beside a value: unbounded",
        ),
        sa.Column(
            "upper",
            sa.Double(),
            nullable=True,
            comment="Cận trên của số đạt được; trống khi có giá trị mà không có cận | Upper bound of the figure; empty beside a value: unbounded",
        ),
        sa.Column(
            "original_text", sa.Text(), nullable=True, comment="Số đạt được, nguyên văn | The figure as it was written"
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="Lý do của quyết định | Reason of the act"),
        sa.Column("who", sa.String(), nullable=True, comment="Người quyết định | Who decided"),
        sa.Column(
            "submission_id",
            sa.Integer(),
            nullable=True,
            comment="Báo cáo đã nói; trống khi là quyết định | Report that says it; empty for an act",
        ),
        sa.Column(
            "place_id",
            sa.Integer(),
            nullable=True,
            comment="Ô đầu dòng trong báo cáo | First cell of the row in the report",
        ),
        sa.Column(
            "recorded_from", sa.DateTime(timezone=True), nullable=False, comment="Được tin từ lúc | Believed from"
        ),
        sa.Column(
            "recorded_to",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Được tin đến lúc: báo cáo bị thay thế hoặc rút; trống khi còn hiệu lực | Believed until: the report was superseded or withdrawn; empty while in force",
        ),
        sa.CheckConstraint("speaker IN ('act', 'owner', 'holder')", name=op.f("ck_conclusion_progress_speaker")),
        sa.CheckConstraint(
            "state IN ('open', 'in_progress', 'done', 'dropped')", name=op.f("ck_conclusion_progress_state")
        ),
        sa.ForeignKeyConstraint(
            ["conclusion_id"], ["conclusion.id"], name=op.f("fk_conclusion_progress_conclusion_id_conclusion")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["unit.id"], name=op.f("fk_conclusion_progress_owner_id_unit")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_conclusion_progress_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conclusion_progress")),
        comment="Mọi điều đã được nói về một nhiệm vụ: quyết định của người quản trị hay dòng trong báo cáo; không dòng nào bị sửa | Everything that was said of a task, by an administrator or in a report; no row is ever rewritten",
    )
    op.create_index(
        op.f("ix_conclusion_progress_conclusion_id"), "conclusion_progress", ["conclusion_id"], unique=False
    )
    op.create_index(
        op.f("ix_conclusion_progress_submission_id"), "conclusion_progress", ["submission_id"], unique=False
    )


#: The day where the offices are.
_TODAY = {
    "sqlite": "date('now', '+7 hours')",
    "postgresql": "CAST(CURRENT_TIMESTAMP AT TIME ZONE 'Asia/Ho_Chi_Minh' AS DATE)",
}

_VIEW = """\
SELECT t.conference, t.held_on, u.code AS unit, u.name AS unit_name, t.number, t.conclusion,
  w.code AS owner, w.name AS owner_name, t.due, t.indicator, i.label_vi, i.label_en, i.measure_vi,
  t.target AS target_value, t.direction, t.state,
  CASE WHEN t.due < {today} AND t.state NOT IN ('done', 'dropped') THEN 1 ELSE 0 END AS overdue,
  CASE WHEN t.owner_id IS NULL OR t.due IS NULL THEN 1 ELSE 0 END AS incomplete,
  t.progress, t.value, l.said_of, l.speaker, l.submission_id, a.sheet, a.cell
FROM (
SELECT c.id, c.conference, c.held_on, c.unit_id, c.number, c.text AS conclusion, c.indicator, c.target, c.direction,
  CASE WHEN (SELECT x.state FROM conclusion_progress x WHERE x.conclusion_id = c.id AND x.recorded_to IS NULL AND x.state IS NOT NULL AND x.speaker = 'act'
    ORDER BY x.said_of DESC, CASE x.speaker WHEN 'holder' THEN 0 ELSE 1 END DESC, x.recorded_from DESC, x.id DESC LIMIT 1) IN ('done', 'dropped')
    THEN (SELECT x.state FROM conclusion_progress x WHERE x.conclusion_id = c.id AND x.recorded_to IS NULL AND x.state IS NOT NULL AND x.speaker = 'act'
    ORDER BY x.said_of DESC, CASE x.speaker WHEN 'holder' THEN 0 ELSE 1 END DESC, x.recorded_from DESC, x.id DESC LIMIT 1)
    ELSE COALESCE((SELECT x.state FROM conclusion_progress x WHERE x.conclusion_id = c.id AND x.recorded_to IS NULL AND x.state IS NOT NULL
    ORDER BY x.said_of DESC, CASE x.speaker WHEN 'holder' THEN 0 ELSE 1 END DESC, x.recorded_from DESC, x.id DESC LIMIT 1), 'open') END AS state,
  (SELECT x.owner_id FROM conclusion_progress x WHERE x.conclusion_id = c.id AND x.recorded_to IS NULL AND x.owner_id IS NOT NULL
    ORDER BY x.said_of DESC, CASE x.speaker WHEN 'holder' THEN 0 ELSE 1 END DESC, x.recorded_from DESC, x.id DESC LIMIT 1) AS owner_id,
  (SELECT x.due FROM conclusion_progress x WHERE x.conclusion_id = c.id AND x.recorded_to IS NULL AND x.due IS NOT NULL
    ORDER BY x.said_of DESC, CASE x.speaker WHEN 'holder' THEN 0 ELSE 1 END DESC, x.recorded_from DESC, x.id DESC LIMIT 1) AS due,
  (SELECT x.progress FROM conclusion_progress x WHERE x.conclusion_id = c.id AND x.recorded_to IS NULL AND x.progress IS NOT NULL
    ORDER BY x.said_of DESC, CASE x.speaker WHEN 'holder' THEN 0 ELSE 1 END DESC, x.recorded_from DESC, x.id DESC LIMIT 1) AS progress,
  (SELECT x.value FROM conclusion_progress x WHERE x.conclusion_id = c.id AND x.recorded_to IS NULL AND x.value IS NOT NULL
    ORDER BY x.said_of DESC, CASE x.speaker WHEN 'holder' THEN 0 ELSE 1 END DESC, x.recorded_from DESC, x.id DESC LIMIT 1) AS value,
  (SELECT x.id FROM conclusion_progress x WHERE x.conclusion_id = c.id AND x.recorded_to IS NULL AND x.id IS NOT NULL
    ORDER BY x.said_of DESC, CASE x.speaker WHEN 'holder' THEN 0 ELSE 1 END DESC, x.recorded_from DESC, x.id DESC LIMIT 1) AS last_id
FROM conclusion c
) t
JOIN unit u ON u.id = t.unit_id
LEFT JOIN unit w ON w.id = t.owner_id
LEFT JOIN indicator i ON i.code = t.indicator
LEFT JOIN conclusion_progress l ON l.id = t.last_id
LEFT JOIN place a ON a.id = l.place_id
"""

_VIEW_COMMENT = "Kết luận hội nghị và việc thực hiện đến nay; chủ trì như đã giao, không theo sáp nhập | Conclusions of conferences and what became of them; owners as named, not followed through mergers"

_COLUMN_COMMENTS = {
    "conference": "Mã hội nghị | Code of the conference",
    "held_on": "Ngày họp | Day of the conference",
    "unit": "Mã đơn vị đã họp | Code of the unit that held it",
    "unit_name": "Tên đơn vị đã họp | Name of the unit that held it",
    "number": "Số thứ tự trong kết luận | Number in the conclusion",
    "conclusion": "Nội dung nhiệm vụ | What is to be done",
    "owner": "Mã đơn vị chủ trì; trống là chưa giao | Code of the owner; empty: nobody is named",
    "owner_name": "Tên đơn vị chủ trì | Name of the owner",
    "due": "Hạn hoàn thành; trống là chưa đặt | Due date; empty: none is set",
    "indicator": "Mã chỉ tiêu theo dõi | Indicator it is followed by",
    "label_vi": "Tên chỉ tiêu bằng tiếng Việt | Vietnamese label of the indicator",
    "label_en": "Tên chỉ tiêu bằng tiếng Anh | English label of the indicator",
    "measure_vi": "Đơn vị tính bằng tiếng Việt | Unit of measure in Vietnamese",
    "target_value": "Mức phải đạt | Target",
    "direction": "at_least: ít nhất; at_most: không quá | at_least or at_most the target",
    "state": "Tình trạng: open, in_progress, done, dropped | State: open, in_progress, done, dropped",
    "overdue": "1 khi đã quá hạn mà chưa xong | 1 when past due and not closed",
    "incomplete": "1 khi chưa có chủ trì hoặc hạn | 1 when owner or due date is missing",
    "progress": "Kết quả, tiến độ ghi gần nhất | What was last said to be done",
    "value": "Số đạt được ghi gần nhất | Figure last said to be reached",
    "said_of": "Lần nói gần nhất là về tình hình đến ngày nào | Day the last word speaks of",
    "speaker": "Ai nói gần nhất: act, owner, holder | Who spoke last: act, owner, holder",
    "submission_id": "Báo cáo đã nói; trống khi là quyết định | Report that says it; empty for an act",
    "sheet": "Trang tính; trống với CSV và JSON | Sheet; empty for CSV and JSON",
    "cell": "Ô, dòng CSV hoặc con trỏ JSON | Cell, line of a CSV or JSON pointer",
}
