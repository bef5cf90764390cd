"""Views for analysts: reporting rates, totals and lists in words; figures as of a moment; columns explained."""

# ruff: noqa: E501 (comments of columns stand on one line each)
from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for name, query in _VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS\n{query.replace('{arrived}', _ARRIVED[dialect])}")
    if dialect != "postgresql":
        return  # SQLite keeps no comments and has no functions of its own: `tongket query --as-of` serves there
    _acts(", replace_warehouse")
    op.execute(_OBSERVATION_AS_OF)
    for name, comment in _COMMENTS.items():
        op.execute(f"COMMENT ON {name} IS {_quoted(comment)}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in _COMMENTS:
            if name.endswith(_KEPT) or name.startswith(_COLUMNS_KEPT):
                op.execute(f"COMMENT ON {name} IS NULL")
        op.execute("DROP FUNCTION observation_as_of(timestamptz)")
        _acts("")
    for name in _VIEWS:
        op.execute(f"DROP VIEW {name}")


def _acts(more: str) -> None:
    acts = f"retry, restore, withdraw, waive, permit_late, return, close_period, reopen_period{more}"
    op.alter_column("action", "what", comment=f"Việc đã làm: {acts} | What was done: {acts}")


def _quoted(comment: str) -> str:
    return "'" + comment.replace("'", "''") + "'"


#: Views of an earlier migration that are only explained here.
_KEPT = ("mart_observation", "mart_reporting")
_COLUMNS_KEPT = tuple(f"COLUMN {name}." for name in _KEPT)

_ARRIVED = {
    "sqlite": "date(s.first_at, '+7 hours')",
    "postgresql": "CAST(s.first_at AT TIME ZONE 'Asia/Ho_Chi_Minh' AS DATE)",
}

_MART_REPORTING_RATE = """\
WITH RECURSIVE above (unit_id, ancestor_id, next_code, first_day, last_day, steps) AS (
  SELECT u.id, u.id, u.parent_code, u.valid_from, COALESCE(u.valid_to, '9999-12-31'), 0 FROM unit u
  UNION ALL
  SELECT w.unit_id, u.id, u.parent_code,
    CASE WHEN u.valid_from > w.first_day THEN u.valid_from ELSE w.first_day END,
    CASE WHEN u.valid_to < w.last_day THEN u.valid_to ELSE w.last_day END,
    w.steps + 1
  FROM above w
  JOIN unit u ON u.code = w.next_code AND u.valid_from <= w.last_day
    AND (u.valid_to IS NULL OR u.valid_to >= w.first_day)
  WHERE w.steps < 30
)
, owed AS (
  SELECT p.id AS period_id, p.code AS period, p.last_day, u.id AS unit_id, ob.form_id,
    MAX(COALESCE(l.until, d.due)) AS due
  FROM period p
  JOIN obligation ob ON ob.calendar = p.calendar AND ob.period_kind = p.kind
    AND ob.valid_from <= p.last_day AND (ob.valid_to IS NULL OR p.last_day <= ob.valid_to)
  JOIN unit u ON u.kind = ob.unit_kind
    AND u.valid_from <= p.last_day AND (u.valid_to IS NULL OR p.last_day <= u.valid_to)
  LEFT JOIN period_due d ON d.period_id = p.id AND d.level = u.level
  LEFT JOIN lateness_permit l ON l.period_id = p.id AND l.unit_id = u.id
  GROUP BY p.id, p.code, p.last_day, u.id, ob.form_id
)
, sent AS (
  SELECT s.unit_id, s.period_id, s.form_id, MIN(s.received_at) AS first_at,
    COALESCE(MAX(CASE WHEN s.state NOT IN ('superseded', 'withdrawn') THEN s.version END), MAX(s.version)) AS version,
    MAX(CASE WHEN s.state IN ('accepted', 'accepted_with_warnings') THEN s.id END) AS standing_id
  FROM submission s
  WHERE s.unit_id IS NOT NULL
  GROUP BY s.unit_id, s.period_id, s.form_id
)
, judged AS (
  SELECT o.period, o.last_day, o.unit_id, o.form_id, s.standing_id, COALESCE(c.state, 'missing') AS state,
    CASE WHEN {arrived} > o.due THEN 1 ELSE 0 END AS is_late,
    CASE WHEN s.standing_id IS NOT NULL AND EXISTS (
      SELECT 1 FROM observation x JOIN manner m ON m.id = x.manner_id
      WHERE x.period_id = o.period_id AND x.submission_id = s.standing_id AND x.recorded_to IS NULL
        AND m.status <> 'missing' AND NOT m.derived
    ) THEN 1 ELSE 0 END AS is_complete
  FROM owed o
  LEFT JOIN sent s ON s.unit_id = o.unit_id AND s.period_id = o.period_id AND s.form_id = o.form_id
  LEFT JOIN submission c ON c.unit_id = s.unit_id AND c.period_id = s.period_id AND c.form_id = s.form_id
    AND c.version = s.version
)

SELECT j.period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form,
  COUNT(*) AS expected,
  SUM(CASE WHEN j.state <> 'missing' THEN 1 ELSE 0 END) AS received,
  SUM(CASE WHEN j.state <> 'missing' AND j.is_late = 0 THEN 1 ELSE 0 END) AS on_time,
  SUM(CASE WHEN j.state <> 'missing' AND j.is_late = 1 THEN 1 ELSE 0 END) AS late,
  SUM(CASE WHEN j.state IN ('accepted', 'accepted_with_warnings') THEN 1 ELSE 0 END) AS accepted,
  SUM(CASE WHEN j.state IN ('rejected', 'unreadable') THEN 1 ELSE 0 END) AS rejected,
  SUM(CASE WHEN j.state = 'received' THEN 1 ELSE 0 END) AS waiting,
  SUM(CASE WHEN j.state = 'withdrawn' THEN 1 ELSE 0 END) AS withdrawn,
  SUM(CASE WHEN j.state = 'missing' THEN 1 ELSE 0 END) AS missing,
  SUM(CASE WHEN j.standing_id IS NOT NULL THEN 1 ELSE 0 END) AS in_force,
  SUM(j.is_complete) AS complete,
  SUM(CASE WHEN j.standing_id IS NOT NULL AND j.is_complete = 0 THEN 1 ELSE 0 END) AS empty,
  CAST(100.0 * SUM(CASE WHEN j.state <> 'missing' THEN 1 ELSE 0 END) / COUNT(*) AS DOUBLE PRECISION) AS reporting_rate,
  CAST(100.0 * SUM(CASE WHEN j.state <> 'missing' AND j.is_late = 0 THEN 1 ELSE 0 END) / COUNT(*) AS DOUBLE PRECISION) AS on_time_rate,
  CAST(100.0 * SUM(j.is_complete) / COUNT(*) AS DOUBLE PRECISION) AS completeness_rate
FROM judged j
JOIN above w ON w.unit_id = j.unit_id AND w.first_day <= j.last_day AND w.last_day >= j.last_day
JOIN unit u ON u.id = w.ancestor_id
JOIN form f ON f.id = j.form_id
GROUP BY j.period, u.id, u.code, u.name, u.kind, u.level, u.parent_code, f.code
"""

_MART_TOTAL = """\
SELECT m.period, m.unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level, u.parent_code AS parent,
  m.form, m.indicator, i.label_vi, i.label_en, i.measure_vi, i.measure_en, i.kind, m.breakdown,
  m.value, m.lower, m.upper, m.qualifier, m.numerator, m.denominator, m.reported, m.expected,
  CASE WHEN m.reported IS NOT NULL AND m.expected IS NOT NULL
    THEN CAST(m.reported AS TEXT) || '/' || CAST(m.expected AS TEXT) END AS coverage,
  CASE WHEN m.expected > 0 THEN CAST(100.0 * m.reported / m.expected AS DOUBLE PRECISION) END AS coverage_rate,
  m.source, m.note, CASE m.note WHEN 'not_additive' THEN 'không cộng được giữa các đơn vị' WHEN 'from_lists' THEN 'đếm theo danh sách, không cộng số' WHEN 'counts_missing' THEN 'tỷ lệ không kèm số đếm' WHEN 'zero_denominator' THEN 'mẫu số bằng 0' WHEN 'nothing_reported' THEN 'chưa đơn vị nào có số liệu' ELSE m.note END AS note_vi, CASE m.note WHEN 'not_additive' THEN 'not additive over units' WHEN 'from_lists' THEN 'counted from the lists' WHEN 'counts_missing' THEN 'rates without counts' WHEN 'zero_denominator' THEN 'denominator is 0' WHEN 'nothing_reported' THEN 'no unit gave a figure' ELSE m.note END AS note_en, m.refreshed_at
FROM mart_roll_up m
JOIN period p ON p.code = m.period
JOIN indicator i ON i.code = m.indicator
LEFT JOIN unit u ON u.id = (
  SELECT x.id FROM unit x WHERE x.code = m.unit AND x.valid_from <= p.last_day ORDER BY x.valid_from DESC LIMIT 1)
"""

_MART_INITIATIVE = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, t.item, t.name, t.owner, t.level, t.status, t.field, t.effective, t.pilot, t.members, t.other_name, t.more, t.key, t.content, c.sheet, c.cell, t.submission_id, s.version
FROM initiative t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
"""

_MART_COMMENDATION = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, t.item, t."by" AS given_by, t.form AS award, t.collectives, t.individuals, t.name, t.decision, t."date" AS decided_on, t.key, t.content, c.sheet, c.cell, t.submission_id, s.version
FROM commendation t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
"""

_MART_INSPECTION = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, t.item, t.activity, t.target, t.kind AS inspection_kind, t.subject, t."date" AS ended_on, t.key, t.content, c.sheet, c.cell, t.submission_id, s.version
FROM inspection t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
"""

_MART_TOPIC = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, t.item, t.year, t."text" AS topic, t.kind AS topic_kind, t."group" AS carried_by, t.key, t.content, c.sheet, c.cell, t.submission_id, s.version
FROM topic t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
"""

_MART_LIST_ITEM = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, t.list, t.item, t.key, t.content, c.sheet, c.cell, t.submission_id, s.version
FROM list_item t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
"""

_MART_NARRATIVE = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, t.section, t.body, c.sheet, c.cell, t.submission_id, s.version
FROM narrative t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
"""

_VIEWS = {
    "mart_reporting_rate": _MART_REPORTING_RATE,
    "mart_total": _MART_TOTAL,
    "mart_initiative": _MART_INITIATIVE,
    "mart_commendation": _MART_COMMENDATION,
    "mart_inspection": _MART_INSPECTION,
    "mart_topic": _MART_TOPIC,
    "mart_list_item": _MART_LIST_ITEM,
    "mart_narrative": _MART_NARRATIVE,
}

_OBSERVATION_AS_OF = """\
CREATE FUNCTION observation_as_of(timestamptz) RETURNS SETOF mart_observation LANGUAGE sql STABLE AS $$
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
WHERE o.recorded_from <= $1 AND (o.recorded_to IS NULL OR o.recorded_to > $1)
UNION ALL
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, i.code AS indicator, i.label_vi, i.label_en, i.measure_vi,
  b.code AS breakdown,
  o.value, o.lower, o.upper, m.qualifier, o.numerator, o.denominator, m.status, m.basis, m.scope, m.derived,
  COALESCE(o.original_text, CAST(o.value AS TEXT)) AS value_text,
  o.original_text, o.note, c.sheet, c.cell, o.submission_id, s.version, o.recorded_from, o.recorded_to
FROM observation_past o
JOIN submission s ON s.id = o.submission_id
JOIN period p ON p.id = o.period_id
JOIN unit u ON u.id = o.unit_id
JOIN form f ON f.id = s.form_id
JOIN indicator i ON i.id = o.indicator_id
JOIN breakdown b ON b.id = o.breakdown_id
JOIN manner m ON m.id = o.manner_id
LEFT JOIN place c ON c.id = o.place_id
WHERE o.recorded_from <= $1 AND (o.recorded_to IS NULL OR o.recorded_to > $1)
$$
"""

_COMMENTS = {
    "VIEW mart_observation": "Số liệu đang có hiệu lực, viết bằng lời | Figures in force, in words",
    "COLUMN mart_observation.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_observation.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_observation.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_observation.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_observation.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_observation.parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "COLUMN mart_observation.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_observation.indicator": "Mã chỉ tiêu | Code of the indicator",
    "COLUMN mart_observation.label_vi": "Tên chỉ tiêu bằng tiếng Việt | Vietnamese label of the indicator",
    "COLUMN mart_observation.label_en": "Tên chỉ tiêu bằng tiếng Anh | English label of the indicator",
    "COLUMN mart_observation.measure_vi": "Đơn vị tính bằng tiếng Việt | Unit of measure in Vietnamese",
    "COLUMN mart_observation.breakdown": "Phân tổ; trống là tổng chung | Breakdown; empty for the whole",
    "COLUMN mart_observation.value": "Giá trị theo đơn vị tính; 97,49 % là 97.49 | Value in the measure; a percentage as 97.49",
    "COLUMN mart_observation.lower": "Cận dưới; trống khi có giá trị mà không có cận | Lower bound; empty beside a value: unbounded",
    "COLUMN mart_observation.upper": "Cận trên; trống khi có giá trị mà không có cận | Upper bound; empty beside a value: unbounded",
    "COLUMN mart_observation.qualifier": "Độ chính xác: exact, gt (hơn), approx (khoảng)… | How exact: exact, gt, approx…",
    "COLUMN mart_observation.numerator": "Tử số của tỷ lệ | Numerator of a rate",
    "COLUMN mart_observation.denominator": "Mẫu số của tỷ lệ | Denominator of a rate",
    "COLUMN mart_observation.status": "value, declared_zero (không phát sinh), missing (chưa có) | value, declared_zero, missing",
    "COLUMN mart_observation.basis": "Trong kỳ hay lũy kế từ đầu năm | In the period or year to date",
    "COLUMN mart_observation.scope": "Số của riêng đơn vị, cả hệ thống dưới hay địa bàn | Own figure, of the subtree or of the territory",
    "COLUMN mart_observation.derived": "Do chương trình tính ra, không phải đơn vị ghi | Computed here, not stated by the unit",
    "COLUMN mart_observation.value_text": "Như đơn vị đã ghi; số tính ra: bằng chữ số | As the unit wrote it; a derived one in digits",
    "COLUMN mart_observation.original_text": "Nguyên văn trong ô | The text of the cell as it stood",
    "COLUMN mart_observation.note": "Giải trình của đơn vị | The unit's note",
    "COLUMN mart_observation.sheet": "Trang tính; trống với CSV và JSON | Sheet; empty for CSV and JSON",
    "COLUMN mart_observation.cell": "Ô, dòng CSV hoặc con trỏ JSON | Cell, line of a CSV or JSON pointer",
    "COLUMN mart_observation.submission_id": "Số báo cáo | Number of the submission",
    "COLUMN mart_observation.version": "Lần gửi thứ mấy | Which sending of the report it is",
    "COLUMN mart_observation.recorded_from": "Được tin từ lúc | Believed from",
    "COLUMN mart_observation.recorded_to": "Được tin đến lúc; trống khi còn hiệu lực | Believed until; empty while in force",
    "VIEW mart_reporting": "Đơn vị nào phải báo cáo kỳ nào, đã gửi chưa, kết quả ra sao | Which unit owes which period, whether it reported, and with what outcome",
    "COLUMN mart_reporting.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_reporting.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_reporting.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_reporting.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_reporting.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_reporting.parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "COLUMN mart_reporting.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_reporting.due": "Hạn nộp, kể cả hạn được gia hạn | Day it is due, with any permit to be late",
    "COLUMN mart_reporting.submission_id": "Báo cáo đang được tính; trống khi chưa gửi | Submission that counts; empty when none came",
    "COLUMN mart_reporting.version": "Lần gửi thứ mấy | Which sending of the report it is",
    "COLUMN mart_reporting.state": "Trạng thái của bản đang được tính; missing khi chưa gửi | State of that version; missing: none came",
    "COLUMN mart_reporting.received_at": "Lúc bản ấy đến | When that version arrived",
    "COLUMN mart_reporting.decided_at": "Lúc có kết quả kiểm tra | When its outcome was recorded",
    "COLUMN mart_reporting.in_force": "1 khi có một bản đang nằm trong tổng hợp | 1 when some version stands in the totals",
    "VIEW mart_reporting_rate": "Tỷ lệ báo cáo của mỗi đơn vị cùng mọi đơn vị bên dưới; chỉ đếm báo cáo phải nộp | Reporting rates of each unit with everything below it; only reports that are owed are counted",
    "COLUMN mart_reporting_rate.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_reporting_rate.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_reporting_rate.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_reporting_rate.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_reporting_rate.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_reporting_rate.parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "COLUMN mart_reporting_rate.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_reporting_rate.expected": "Số báo cáo phải nộp, gồm mọi đơn vị bên dưới | Reports owed by the unit and all below it",
    "COLUMN mart_reporting_rate.received": "Trong đó đã gửi | Of them: something was sent",
    "COLUMN mart_reporting_rate.on_time": "Đã gửi, bản đầu đến trong hạn | Sent, the first version by the due day",
    "COLUMN mart_reporting_rate.late": "Đã gửi, bản đầu đến sau hạn | Sent, the first version after the due day",
    "COLUMN mart_reporting_rate.accepted": "Bản đang được tính đã được nhận | The version that counts was accepted",
    "COLUMN mart_reporting_rate.rejected": "Bản đang được tính bị trả lại hoặc không đọc được | The version that counts was rejected or unreadable",
    "COLUMN mart_reporting_rate.waiting": "Đang chờ kiểm tra | Waiting to be checked",
    "COLUMN mart_reporting_rate.withdrawn": "Đã được rút, chưa có bản khác | Withdrawn, and nothing came instead",
    "COLUMN mart_reporting_rate.missing": "Chưa gửi | Nothing came",
    "COLUMN mart_reporting_rate.in_force": "Có một bản đang nằm trong tổng hợp | Some version stands in the totals",
    "COLUMN mart_reporting_rate.complete": "Có bản trong tổng hợp và bản ấy có ít nhất một số liệu (0 khai báo cũng là số liệu) | A version stands in the totals and states at least one figure (a declared 0 is one)",
    "COLUMN mart_reporting_rate.empty": "Có bản trong tổng hợp nhưng không có số liệu nào | A version stands in the totals without any figure",
    "COLUMN mart_reporting_rate.reporting_rate": "received / expected, phần trăm | received / expected, in percent",
    "COLUMN mart_reporting_rate.on_time_rate": "on_time / expected, phần trăm | on_time / expected, in percent",
    "COLUMN mart_reporting_rate.completeness_rate": "complete / expected, phần trăm | complete / expected, in percent",
    "VIEW mart_total": "Số tổng hợp viết bằng lời, kèm độ bao phủ n/N; đơn vị không có cấp dưới xem mart_observation | Totals in words with their coverage n/N; for units with nothing below them see mart_observation",
    "COLUMN mart_total.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_total.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_total.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_total.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_total.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_total.parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "COLUMN mart_total.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_total.indicator": "Mã chỉ tiêu | Code of the indicator",
    "COLUMN mart_total.label_vi": "Tên chỉ tiêu bằng tiếng Việt | Vietnamese label of the indicator",
    "COLUMN mart_total.label_en": "Tên chỉ tiêu bằng tiếng Anh | English label of the indicator",
    "COLUMN mart_total.measure_vi": "Đơn vị tính bằng tiếng Việt | Unit of measure in Vietnamese",
    "COLUMN mart_total.breakdown": "Phân tổ; trống là tổng chung | Breakdown; empty for the whole",
    "COLUMN mart_total.measure_en": "Đơn vị tính bằng tiếng Anh | Unit of measure in English",
    "COLUMN mart_total.kind": "Kiểu giá trị: số đếm, lượng, tỷ số, phần trăm… | Kind of value: count, quantity, ratio, percent…",
    "COLUMN mart_total.value": "Giá trị tổng hợp; trống thì xem note | Total; when empty see note",
    "COLUMN mart_total.lower": "Cận dưới; trống khi có giá trị mà không có cận | Lower bound; empty beside a value: unbounded",
    "COLUMN mart_total.upper": "Cận trên; trống khi có giá trị mà không có cận | Upper bound; empty beside a value: unbounded",
    "COLUMN mart_total.qualifier": "Độ chính xác: exact, gt (hơn), approx (khoảng)… | How exact: exact, gt, approx…",
    "COLUMN mart_total.numerator": "Tổng tử số | Sum of the numerators",
    "COLUMN mart_total.denominator": "Tổng mẫu số | Sum of the denominators",
    "COLUMN mart_total.reported": "Số đơn vị có số liệu | Units that gave the figure",
    "COLUMN mart_total.expected": "Số đơn vị phải có số liệu | Units that owed it",
    "COLUMN mart_total.coverage": "Độ bao phủ n/N | Coverage n/N",
    "COLUMN mart_total.coverage_rate": "Độ bao phủ, phần trăm | Coverage in percent",
    "COLUMN mart_total.source": "computed (cộng lên) hay reported (nêu chung) | computed (added up) or reported as a whole",
    "COLUMN mart_total.note": "Mã lý do không có giá trị | Code of why there is no value",
    "COLUMN mart_total.note_vi": "Lý do không có giá trị, tiếng Việt | Why there is no value, in Vietnamese",
    "COLUMN mart_total.note_en": "Lý do không có giá trị, tiếng Anh | Why there is no value, in English",
    "COLUMN mart_total.refreshed_at": "Lúc tính | When it was computed",
    "VIEW mart_initiative": "Mô hình trong các báo cáo đang có hiệu lực | Models in reports in force",
    "COLUMN mart_initiative.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_initiative.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_initiative.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_initiative.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_initiative.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_initiative.parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "COLUMN mart_initiative.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_initiative.item": "Số dòng trong danh sách | Row of the list",
    "COLUMN mart_initiative.key": "Tên đã chuẩn hóa để tìm dòng trùng | Folded name, to find the same row again",
    "COLUMN mart_initiative.content": "Toàn bộ dòng, dạng JSON | The whole row as JSON",
    "COLUMN mart_initiative.name": "Tên mô hình | Name of the model",
    "COLUMN mart_initiative.owner": "Đơn vị chủ trì | Owner",
    "COLUMN mart_initiative.level": "Cấp | Level",
    "COLUMN mart_initiative.status": "Tình trạng | Status",
    "COLUMN mart_initiative.field": "Lĩnh vực | Field of work",
    "COLUMN mart_initiative.effective": "Hiệu quả: có hay không | Effective: yes or no",
    "COLUMN mart_initiative.pilot": "Mô hình điểm: có hay không | Pilot: yes or no",
    "COLUMN mart_initiative.members": "Số thành viên | Members",
    "COLUMN mart_initiative.other_name": "Tên gọi khác | Other name",
    "COLUMN mart_initiative.more": "Danh sách còn nữa: có hay không | The list goes on: yes or no",
    "COLUMN mart_initiative.sheet": "Trang tính; trống với CSV và JSON | Sheet; empty for CSV and JSON",
    "COLUMN mart_initiative.cell": "Ô, dòng CSV hoặc con trỏ JSON | Cell, line of a CSV or JSON pointer",
    "COLUMN mart_initiative.submission_id": "Số báo cáo | Number of the submission",
    "COLUMN mart_initiative.version": "Lần gửi thứ mấy | Which sending of the report it is",
    "VIEW mart_commendation": "Khen thưởng trong các báo cáo đang có hiệu lực | Commendations in reports in force",
    "COLUMN mart_commendation.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_commendation.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_commendation.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_commendation.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_commendation.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_commendation.parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "COLUMN mart_commendation.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_commendation.item": "Số dòng trong danh sách | Row of the list",
    "COLUMN mart_commendation.key": "Tên đã chuẩn hóa để tìm dòng trùng | Folded name, to find the same row again",
    "COLUMN mart_commendation.content": "Toàn bộ dòng, dạng JSON | The whole row as JSON",
    "COLUMN mart_commendation.given_by": "Người tặng | Giver",
    "COLUMN mart_commendation.award": "Hình thức khen | Form of the commendation",
    "COLUMN mart_commendation.collectives": "Số tập thể | Collectives",
    "COLUMN mart_commendation.individuals": "Số cá nhân | Individuals",
    "COLUMN mart_commendation.name": "Tên tập thể | Collectives by name",
    "COLUMN mart_commendation.decision": "Số quyết định | Number of the decision",
    "COLUMN mart_commendation.decided_on": "Ngày quyết định, như đã ghi | Date of the decision, as written",
    "COLUMN mart_commendation.sheet": "Trang tính; trống với CSV và JSON | Sheet; empty for CSV and JSON",
    "COLUMN mart_commendation.cell": "Ô, dòng CSV hoặc con trỏ JSON | Cell, line of a CSV or JSON pointer",
    "COLUMN mart_commendation.submission_id": "Số báo cáo | Number of the submission",
    "COLUMN mart_commendation.version": "Lần gửi thứ mấy | Which sending of the report it is",
    "VIEW mart_inspection": "Cuộc kiểm tra trong các báo cáo đang có hiệu lực | Inspections in reports in force",
    "COLUMN mart_inspection.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_inspection.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_inspection.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_inspection.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_inspection.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_inspection.parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "COLUMN mart_inspection.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_inspection.item": "Số dòng trong danh sách | Row of the list",
    "COLUMN mart_inspection.key": "Tên đã chuẩn hóa để tìm dòng trùng | Folded name, to find the same row again",
    "COLUMN mart_inspection.content": "Toàn bộ dòng, dạng JSON | The whole row as JSON",
    "COLUMN mart_inspection.activity": "Kiểm tra hay giám sát | Inspection or supervision",
    "COLUMN mart_inspection.target": "Đối tượng | Target",
    "COLUMN mart_inspection.inspection_kind": "Thường xuyên hay chuyên đề | Regular or thematic",
    "COLUMN mart_inspection.subject": "Nội dung | Subject",
    "COLUMN mart_inspection.ended_on": "Ngày kết thúc, như đã ghi | Date ended, as written",
    "COLUMN mart_inspection.sheet": "Trang tính; trống với CSV và JSON | Sheet; empty for CSV and JSON",
    "COLUMN mart_inspection.cell": "Ô, dòng CSV hoặc con trỏ JSON | Cell, line of a CSV or JSON pointer",
    "COLUMN mart_inspection.submission_id": "Số báo cáo | Number of the submission",
    "COLUMN mart_inspection.version": "Lần gửi thứ mấy | Which sending of the report it is",
    "VIEW mart_topic": "Chuyên đề trong các báo cáo đang có hiệu lực | Topics in reports in force",
    "COLUMN mart_topic.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_topic.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_topic.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_topic.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_topic.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_topic.parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "COLUMN mart_topic.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_topic.item": "Số dòng trong danh sách | Row of the list",
    "COLUMN mart_topic.key": "Tên đã chuẩn hóa để tìm dòng trùng | Folded name, to find the same row again",
    "COLUMN mart_topic.content": "Toàn bộ dòng, dạng JSON | The whole row as JSON",
    "COLUMN mart_topic.year": "Năm | Year",
    "COLUMN mart_topic.topic": "Tên chuyên đề | Topic",
    "COLUMN mart_topic.topic_kind": "Tự chọn hay theo cấp trên | Own or inherited",
    "COLUMN mart_topic.carried_by": "Tổ, khối thực hiện | Group that carries it out",
    "COLUMN mart_topic.sheet": "Trang tính; trống với CSV và JSON | Sheet; empty for CSV and JSON",
    "COLUMN mart_topic.cell": "Ô, dòng CSV hoặc con trỏ JSON | Cell, line of a CSV or JSON pointer",
    "COLUMN mart_topic.submission_id": "Số báo cáo | Number of the submission",
    "COLUMN mart_topic.version": "Lần gửi thứ mấy | Which sending of the report it is",
    "VIEW mart_list_item": "Dòng của các danh sách khác trong các báo cáo đang có hiệu lực | Rows of the other lists in reports in force",
    "COLUMN mart_list_item.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_list_item.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_list_item.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_list_item.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_list_item.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_list_item.parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "COLUMN mart_list_item.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_list_item.list": "Mã danh sách | Code of the list",
    "COLUMN mart_list_item.item": "Số dòng trong danh sách | Row of the list",
    "COLUMN mart_list_item.key": "Tên đã chuẩn hóa để tìm dòng trùng | Folded name, to find the same row again",
    "COLUMN mart_list_item.content": "Toàn bộ dòng, dạng JSON | The whole row as JSON",
    "COLUMN mart_list_item.sheet": "Trang tính; trống với CSV và JSON | Sheet; empty for CSV and JSON",
    "COLUMN mart_list_item.cell": "Ô, dòng CSV hoặc con trỏ JSON | Cell, line of a CSV or JSON pointer",
    "COLUMN mart_list_item.submission_id": "Số báo cáo | Number of the submission",
    "COLUMN mart_list_item.version": "Lần gửi thứ mấy | Which sending of the report it is",
    "VIEW mart_narrative": "Lời văn của các báo cáo đang có hiệu lực | Paragraphs of reports in force",
    "COLUMN mart_narrative.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_narrative.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_narrative.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_narrative.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_narrative.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_narrative.parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "COLUMN mart_narrative.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_narrative.section": "Mục | Section",
    "COLUMN mart_narrative.body": "Lời văn | The text",
    "COLUMN mart_narrative.sheet": "Trang tính; trống với CSV và JSON | Sheet; empty for CSV and JSON",
    "COLUMN mart_narrative.cell": "Ô, dòng CSV hoặc con trỏ JSON | Cell, line of a CSV or JSON pointer",
    "COLUMN mart_narrative.submission_id": "Số báo cáo | Number of the submission",
    "COLUMN mart_narrative.version": "Lần gửi thứ mấy | Which sending of the report it is",
    "FUNCTION observation_as_of(timestamptz)": "mart_observation như được tin vào một thời điểm | mart_observation as it was believed at a moment",
}
