"""The one-stop shop in one row a report; totals that were replaced are kept, for summaries as of a moment."""

# ruff: noqa: E501 (comments of columns stand on one line each)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _roll_up_past()
    _note_what_was_not_kept()
    op.execute(f"CREATE VIEW mart_dossier AS\n{_MART_DOSSIER}")
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        for name, comment in _COMMENTS.items():
            op.execute(f"COMMENT ON {name} IS {_quoted(comment)}")
        _acts(", import_register")


def downgrade() -> None:
    op.execute("DROP VIEW mart_dossier")
    op.drop_table("roll_up_past")
    if op.get_bind().dialect.name == "postgresql":
        _acts("")


def _note_what_was_not_kept() -> None:
    """Totals stand that were computed before anybody kept what they replaced: what they were until then is not known."""
    op.execute(
        "INSERT INTO roll_up_past (period, unit, form, indicator, breakdown, refreshed_at, replaced_at, was_there)"
        " SELECT period, '', form, '', '', MAX(refreshed_at), MAX(refreshed_at), true FROM mart_roll_up"
        " GROUP BY period, form"
    )


#: Acts of the migration before.
_BEFORE = (
    "retry, restore, withdraw, waive, permit_late, return, close_period, reopen_period, replace_warehouse,"
    " open_conference, freeze_conference, override_freeze, set_targets, decide_rating, add_conclusion,"
    " change_conclusion"
)


def _acts(more: str) -> None:
    acts = f"{_BEFORE}{more}"
    op.alter_column("action", "what", comment=f"Việc đã làm: {acts} | What was done: {acts}")


def _quoted(comment: str) -> str:
    return "'" + comment.replace("'", "''") + "'"


def _roll_up_past() -> None:
    op.create_table(
        "roll_up_past",
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
        sa.Column(
            "refreshed_at", sa.DateTime(timezone=True), nullable=False, comment="Lúc tính | When it was computed"
        ),
        sa.Column(
            "replaced_at", sa.DateTime(timezone=True), nullable=False, comment="Lúc được thay | When it was replaced"
        ),
        sa.Column(
            "was_there",
            sa.Boolean(),
            nullable=False,
            comment="Trước lúc ấy có dòng này không; unit trống: trước lúc ấy chưa có tổng hợp nào (có thì không được giữ lại) | Whether the row was there before; unit empty: no totals stood before (or, if so, they were not kept)",
        ),
        sa.PrimaryKeyConstraint(
            "period", "unit", "form", "indicator", "breakdown", "replaced_at", name=op.f("pk_roll_up_past")
        ),
        comment="Số tổng hợp từng có và đã được thay: đúng đến lúc replaced_at; chỉ giữ những dòng đã thay đổi | Totals that stood and were replaced: true until replaced_at; only rows that changed are kept",
        sqlite_with_rowid=False,
    )


_MART_DOSSIER = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, m.scope,
  MAX(CASE WHEN i.code = 'dossiers_received' THEN o.value END) AS received,
  MAX(CASE WHEN i.code = 'dossiers_received_online' THEN o.value END) AS received_online,
  MAX(CASE WHEN i.code = 'dossiers_received_direct' THEN o.value END) AS received_direct,
  MAX(CASE WHEN i.code = 'dossiers_carried_over' THEN o.value END) AS carried_over,
  MAX(CASE WHEN i.code = 'dossiers_resolved' THEN o.value END) AS resolved,
  MAX(CASE WHEN i.code = 'dossiers_resolved_early' THEN o.value END) AS resolved_early,
  MAX(CASE WHEN i.code = 'dossiers_resolved_on_time' THEN o.value END) AS resolved_on_time,
  MAX(CASE WHEN i.code = 'dossiers_resolved_overdue' THEN o.value END) AS resolved_overdue,
  MAX(CASE WHEN i.code = 'dossiers_pending' THEN o.value END) AS pending,
  MAX(CASE WHEN i.code = 'dossiers_pending_in_time' THEN o.value END) AS pending_in_time,
  MAX(CASE WHEN i.code = 'dossiers_pending_overdue' THEN o.value END) AS pending_overdue,
  MAX(CASE WHEN i.code = 'dossiers_refused' THEN o.value END) AS refused,
  MAX(CASE WHEN i.code = 'on_time_rate_resolved' THEN o.value END) AS on_time_rate_resolved,
  MAX(CASE WHEN i.code = 'on_time_rate_resolved' THEN o.numerator END) AS resolved_numerator,
  MAX(CASE WHEN i.code = 'on_time_rate_resolved' THEN o.denominator END) AS resolved_denominator,
  MAX(CASE WHEN i.code = 'on_time_rate_received' THEN o.value END) AS on_time_rate_received,
  MAX(CASE WHEN i.code = 'on_time_rate_received' THEN o.numerator END) AS received_numerator,
  MAX(CASE WHEN i.code = 'on_time_rate_received' THEN o.denominator END) AS received_denominator,
  MIN(CASE WHEN m.qualifier = 'exact' THEN 1 ELSE 0 END) AS is_exact,
  s.id AS submission_id, s.version
FROM observation o
JOIN submission s ON s.id = o.submission_id
JOIN period p ON p.id = o.period_id AND p.id = s.period_id
JOIN unit u ON u.id = o.unit_id AND u.id = s.unit_id
JOIN form f ON f.id = s.form_id
JOIN indicator i ON i.id = o.indicator_id AND i.code IN ('dossiers_received', 'dossiers_received_online', 'dossiers_received_direct', 'dossiers_carried_over', 'dossiers_resolved', 'dossiers_resolved_early', 'dossiers_resolved_on_time', 'dossiers_resolved_overdue', 'dossiers_pending', 'dossiers_pending_in_time', 'dossiers_pending_overdue', 'dossiers_refused', 'on_time_rate_resolved', 'on_time_rate_received')
JOIN breakdown b ON b.id = o.breakdown_id AND b.code = ''
JOIN manner m ON m.id = o.manner_id
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
WHERE o.recorded_to IS NULL
GROUP BY p.code, u.id, u.code, u.name, u.kind, u.level, y.parent_code, f.code, m.scope, s.id, s.version
"""

_COMMENTS = {
    "VIEW mart_dossier": "Hồ sơ một cửa: mỗi báo cáo đang có hiệu lực một dòng, số của riêng đơn vị nên cộng được; tổng hợp kèm độ bao phủ ở mart_total | One-stop dossiers: a row a report in force, the units' own figures, which may be added up; totals with their coverage stand in mart_total",
    "COLUMN mart_dossier.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_dossier.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_dossier.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_dossier.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_dossier.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_dossier.parent": "Mã cấp trên vào ngày cuối kỳ; cấp trên đã nhập toàn bộ vào đơn vị khác thì là đơn vị đó | Code of the superior on the last day; of what it wholly went into, where it is no more",
    "COLUMN mart_dossier.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_dossier.scope": "Số của riêng đơn vị, cả hệ thống dưới hay địa bàn; chỉ cộng own | Own figures, of the subtree or of the territory; add up none but own",
    "COLUMN mart_dossier.received": "Tiếp nhận, gồm kỳ trước chuyển qua | Received, carried over included",
    "COLUMN mart_dossier.received_online": "Tiếp nhận trực tuyến | Received online",
    "COLUMN mart_dossier.received_direct": "Tiếp nhận trực tiếp, bưu chính | Received directly or by post",
    "COLUMN mart_dossier.carried_over": "Kỳ trước chuyển qua | Carried over",
    "COLUMN mart_dossier.resolved": "Đã giải quyết | Resolved",
    "COLUMN mart_dossier.resolved_early": "Đã giải quyết trước hạn | Resolved early",
    "COLUMN mart_dossier.resolved_on_time": "Đã giải quyết đúng hạn, không kể trước hạn | Resolved on time, early ones not counted",
    "COLUMN mart_dossier.resolved_overdue": "Đã giải quyết quá hạn | Resolved late",
    "COLUMN mart_dossier.pending": "Đang giải quyết | Pending",
    "COLUMN mart_dossier.pending_in_time": "Đang giải quyết, chưa đến hạn | Pending, not yet due",
    "COLUMN mart_dossier.pending_overdue": "Đang giải quyết, đã quá hạn | Pending, past due",
    "COLUMN mart_dossier.refused": "Trả lại, không giải quyết, xin rút | Refused, returned or withdrawn",
    "COLUMN mart_dossier.on_time_rate_resolved": "Tỷ lệ đúng hạn trên số đã giải quyết, phần trăm; nhiều đơn vị: 100 × tổng tử số / tổng mẫu số | On-time rate of the resolved, in percent; of several units: 100 × sum of numerators / sum of denominators",
    "COLUMN mart_dossier.resolved_numerator": "Tử số: giải quyết trước hạn và đúng hạn; trống khi đơn vị chỉ nêu tỷ lệ | Numerator: resolved early and on time; empty where only a rate was stated",
    "COLUMN mart_dossier.resolved_denominator": "Mẫu số: đã giải quyết | Denominator: resolved",
    "COLUMN mart_dossier.on_time_rate_received": "Tỷ lệ đúng hạn trên số tiếp nhận, phần trăm; không thay cho tỷ lệ trên số đã giải quyết | On-time rate of the received, in percent; never stands for the one of the resolved",
    "COLUMN mart_dossier.received_numerator": "Tử số: giải quyết trước hạn và đúng hạn | Numerator: resolved early and on time",
    "COLUMN mart_dossier.received_denominator": "Mẫu số: tiếp nhận | Denominator: received",
    "COLUMN mart_dossier.is_exact": "1 khi mọi số trong dòng là số chính xác; 0 khi có số “hơn”, “gần”: xem mart_observation | 1 when every figure of the row is exact; 0 when some are about: see mart_observation",
    "COLUMN mart_dossier.submission_id": "Số báo cáo | Number of the submission",
    "COLUMN mart_dossier.version": "Lần gửi thứ mấy | Which sending of the report it is",
}
