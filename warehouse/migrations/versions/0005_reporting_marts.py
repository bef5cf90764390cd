"""Views of reporting that follow renamed units and superiors that are no more, and what they join."""

# ruff: noqa: E501 (comments of columns stand on one line each)
from __future__ import annotations

import importlib

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: Where the views are that these take the place of.
_BEFORE = "warehouse.migrations.versions.0003_ways_in"


def upgrade() -> None:
    _unit_superior()
    _unit_self()
    if op.get_bind().dialect.name == "sqlite":
        _foretell_sizes()
    for name, query in _VIEWS.items():
        _view(name, query)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_OBSERVATION_AS_OF)
        _say_of_parents(_PARENT)


def downgrade() -> None:
    before = importlib.import_module(_BEFORE)
    for name in _VIEWS:
        _view(name, before._VIEWS[name])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(before._OBSERVATION_AS_OF.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
        _say_of_parents(before._COMMENTS["COLUMN mart_reporting.parent"])
    op.drop_table("unit_self")
    op.drop_table("unit_superior")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DELETE FROM sqlite_stat1 WHERE tbl IN ('unit_self', 'unit_superior')")


def _view(name: str, query: str) -> None:
    """On PostgreSQL a view is replaced where it stands: whoever may read it still may."""
    dialect = op.get_bind().dialect.name
    for word, said in _WORDS[dialect].items():
        query = query.replace(word, said)
    if dialect == "sqlite":
        op.execute(f"DROP VIEW {name}")
    replacing = "OR REPLACE " if dialect == "postgresql" else ""
    op.execute(f"CREATE {replacing}VIEW {name} AS\n{query}")


def _say_of_parents(words: str) -> None:
    for name in _VIEWS:
        op.execute(f"COMMENT ON COLUMN {name}.parent IS '{words}'")


def _foretell_sizes() -> None:
    """As migration 0003 does; ``ANALYZE`` replaces these by the true ones."""
    for sizes in _SIZES:
        op.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('{}', '{}', '{}')".format(*sizes))  # noqa: S608


_SIZES = (
    ("unit_superior", "unit_superior", "280000 1 1"),
    ("unit_superior", "ix_unit_superior_parent_code", "280000 20 1 1"),
    ("unit_self", "unit_self", "280000 1 1"),
    ("unit_self", "ix_unit_self_self_id", "280000 1 1"),
)


def _unit_superior() -> None:
    op.create_table(
        "unit_superior",
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Đơn vị | Unit"),
        sa.Column("first_day", sa.Date(), nullable=False, comment="Ngày đầu tiên | First day"),
        sa.Column(
            "last_day",
            sa.Date(),
            nullable=True,
            comment="Ngày cuối cùng; trống khi còn như vậy | Last day; empty while it is so",
        ),
        sa.Column(
            "parent_code",
            sa.String(),
            nullable=True,
            comment="Mã cấp trên: đơn vị đã nhận toàn bộ cấp trên cũ, nếu cấp trên cũ không còn; trống khi không có | Code of the superior: of what a superior that is no more wholly went into; empty where there is none",
        ),
        sa.PrimaryKeyConstraint("unit_id", "first_day", name=op.f("pk_unit_superior")),
        comment="Cấp trên của mỗi đơn vị trong từng giai đoạn, kể cả sau khi đơn vị kết thúc: nơi số liệu của nó được cộng vào; được tính lại khi danh bạ thay đổi | The superior of each unit with the days, also after its end: where its figures are added up; computed anew when the register changes",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_unit_superior_parent_code"), "unit_superior", ["parent_code"])


def _unit_self() -> None:
    op.create_table(
        "unit_self",
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Đơn vị | Unit"),
        sa.Column(
            "self_id",
            sa.Integer(),
            nullable=False,
            comment="Chính nó, hoặc đơn vị nó từng là | Itself, or a unit it was before",
        ),
        sa.PrimaryKeyConstraint("unit_id", "self_id", name=op.f("pk_unit_self")),
        comment="Mỗi đơn vị cùng những gì nó từng là trước khi đổi tên hay chuyển cấp trên, kể cả chính nó; được tính lại khi danh bạ thay đổi | Each unit with what it was before renamings and changes of superior, itself included; computed anew when the register changes",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_unit_self_self_id"), "unit_self", ["self_id"])


_PARENT = "Mã cấp trên vào ngày cuối kỳ; cấp trên đã nhập toàn bộ vào đơn vị khác thì là đơn vị đó | Code of the superior on the last day; of what it wholly went into, where it is no more"

_WORDS = {
    "sqlite": {
        "{arrived}": "date(c.received_at, '+7 hours')",
        "{first_arrived}": "date(MIN(s.received_at), '+7 hours')",
        "{digits}": "CASE WHEN o.value IS NOT NULL THEN printf('%.15g', o.value + 0.0) END",
    },
    "postgresql": {
        "{arrived}": "CAST(c.received_at AT TIME ZONE 'Asia/Ho_Chi_Minh' AS DATE)",
        "{first_arrived}": "CAST(MIN(s.received_at) AT TIME ZONE 'Asia/Ho_Chi_Minh' AS DATE)",
        "{digits}": "CAST(CAST(o.value AS NUMERIC) AS TEXT)",
    },
}

_MART_OBSERVATION = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, i.code AS indicator, i.label_vi, i.label_en, i.measure_vi,
  b.code AS breakdown,
  o.value, o.lower, o.upper, m.qualifier, o.numerator, o.denominator, m.status, m.basis, m.scope, m.derived,
  COALESCE(o.original_text, {digits}) AS value_text,
  o.original_text, o.note, c.sheet, c.cell, o.submission_id, s.version, o.recorded_from, o.recorded_to
FROM observation o
JOIN submission s ON s.id = o.submission_id
JOIN period p ON p.id = o.period_id AND p.id = s.period_id
JOIN unit u ON u.id = o.unit_id AND u.id = s.unit_id
LEFT JOIN form f ON f.id = s.form_id
LEFT JOIN indicator i ON i.id = o.indicator_id
LEFT JOIN breakdown b ON b.id = o.breakdown_id
LEFT JOIN manner m ON m.id = o.manner_id
LEFT JOIN place c ON c.id = o.place_id
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
WHERE o.recorded_to IS NULL"""

_MART_REPORTING = """\
SELECT p.code AS period, r.code AS unit, r.name AS unit_name, r.kind AS unit_kind, r.level AS unit_level,
  y.parent_code AS parent, f.code AS form, COALESCE((SELECT MAX(l.until) FROM unit_self v JOIN lateness_permit l ON l.unit_id = v.self_id AND l.period_id = p.id
      WHERE v.unit_id = r.id), (SELECT d.due FROM period_due d WHERE d.period_id = p.id AND d.level = r.level)) AS due,
  c.id AS submission_id, c.version, COALESCE(c.state, 'missing') AS state, c.received_at, c.decided_at,
  CASE WHEN c.id IS NULL THEN 0 WHEN c.state IN ('accepted', 'accepted_with_warnings') THEN 1
    WHEN (SELECT 1 FROM unit_self v JOIN submission s ON s.unit_id = v.self_id AND s.period_id = p.id AND s.form_id = ob.form_id
      WHERE v.unit_id = r.id AND s.state IN ('accepted', 'accepted_with_warnings') LIMIT 1) = 1 THEN 1 ELSE 0 END AS in_force
FROM period p
JOIN obligation ob ON ob.calendar = p.calendar AND ob.period_kind = p.kind
  AND ob.valid_from <= p.last_day AND (ob.valid_to IS NULL OR p.last_day <= ob.valid_to)
JOIN form f ON f.id = ob.form_id
JOIN unit r ON r.kind = ob.unit_kind
  AND r.valid_from <= p.last_day AND (r.valid_to IS NULL OR p.last_day <= r.valid_to)
LEFT JOIN submission c ON c.id = COALESCE((SELECT MAX(s.id) FROM unit_self v JOIN submission s ON s.unit_id = v.self_id AND s.period_id = p.id AND s.form_id = ob.form_id
      WHERE v.unit_id = r.id
      AND s.state NOT IN ('superseded', 'withdrawn')
      AND (s.state NOT IN ('rejected', 'unreadable') OR (SELECT 1 FROM unit_self x JOIN submission n ON n.unit_id = x.self_id AND n.period_id = p.id AND n.form_id = ob.form_id
        JOIN attempt t ON t.id = n.attempt_id
      WHERE x.unit_id = r.id AND n.id > s.id AND t.outcome IN ('accepted', 'accepted_with_warnings') LIMIT 1) IS NULL)),
    (SELECT MAX(s.id) FROM unit_self v JOIN submission s ON s.unit_id = v.self_id AND s.period_id = p.id AND s.form_id = ob.form_id
      WHERE v.unit_id = r.id))
JOIN unit_superior y ON y.unit_id = r.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
LEFT JOIN obligation nb ON nb.unit_kind = ob.unit_kind AND nb.form_id = ob.form_id AND nb.calendar = ob.calendar
  AND nb.period_kind = ob.period_kind AND nb.valid_from > ob.valid_from
  AND nb.valid_from <= p.last_day AND (nb.valid_to IS NULL OR p.last_day <= nb.valid_to)
WHERE nb.unit_kind IS NULL
"""

_MART_REPORTING_RATE = """\
SELECT t.period, t.unit, t.unit_name, t.unit_kind, t.unit_level, t.parent, t.form,
  t.expected, t.received, t.received - t.late AS on_time, t.late, t.accepted, t.rejected, t.waiting, t.withdrawn,
  t.expected - t.received AS missing, t.in_force, t.complete, t.in_force - t.complete AS empty,
  CAST(100.0 * t.received / t.expected AS DOUBLE PRECISION) AS reporting_rate,
  CAST(100.0 * (t.received - t.late) / t.expected AS DOUBLE PRECISION) AS on_time_rate,
  CAST(100.0 * t.complete / t.expected AS DOUBLE PRECISION) AS completeness_rate
FROM (
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form,
  COUNT(*) AS expected,
  COUNT(c.id) AS received,
  SUM(CASE WHEN c.id IS NULL OR {arrived} <= (SELECT d.due FROM period_due d WHERE d.period_id = p.id AND d.level = r.level) THEN 0
    WHEN (SELECT {first_arrived} FROM unit_self v JOIN submission s ON s.unit_id = v.self_id AND s.period_id = p.id AND s.form_id = ob.form_id
      WHERE v.unit_id = r.id LIMIT 1) > COALESCE((SELECT MAX(l.until) FROM unit_self v JOIN lateness_permit l ON l.unit_id = v.self_id AND l.period_id = p.id
      WHERE v.unit_id = r.id), (SELECT d.due FROM period_due d WHERE d.period_id = p.id AND d.level = r.level)) THEN 1 ELSE 0 END) AS late,
  SUM(CASE WHEN c.state IN ('accepted', 'accepted_with_warnings') THEN 1 ELSE 0 END) AS accepted,
  SUM(CASE WHEN c.state IN ('rejected', 'unreadable') THEN 1 ELSE 0 END) AS rejected,
  SUM(CASE WHEN c.state = 'received' THEN 1 ELSE 0 END) AS waiting,
  SUM(CASE WHEN c.state = 'withdrawn' THEN 1 ELSE 0 END) AS withdrawn,
  SUM(CASE WHEN c.id IS NULL THEN 0 WHEN c.state IN ('accepted', 'accepted_with_warnings') THEN 1
    WHEN (SELECT 1 FROM unit_self v JOIN submission s ON s.unit_id = v.self_id AND s.period_id = p.id AND s.form_id = ob.form_id
      WHERE v.unit_id = r.id AND s.state IN ('accepted', 'accepted_with_warnings') LIMIT 1) = 1 THEN 1 ELSE 0 END) AS in_force,
  SUM(CASE WHEN c.id IS NULL THEN 0
    WHEN c.state IN ('accepted', 'accepted_with_warnings') THEN CASE WHEN c.n_figures > 0 OR (SELECT 1 FROM observation o JOIN manner m ON m.id = o.manner_id
      WHERE o.period_id = c.period_id AND o.submission_id = c.id AND o.recorded_to IS NULL
        AND m.status <> 'missing' AND NOT m.derived LIMIT 1) = 1 THEN 1 ELSE 0 END
    WHEN (SELECT 1 FROM unit_self v JOIN submission s ON s.unit_id = v.self_id AND s.period_id = p.id AND s.form_id = ob.form_id
      WHERE v.unit_id = r.id AND s.state IN ('accepted', 'accepted_with_warnings') AND (s.n_figures > 0 OR (SELECT 1 FROM observation o JOIN manner m ON m.id = o.manner_id
      WHERE o.period_id = s.period_id AND o.submission_id = s.id AND o.recorded_to IS NULL
        AND m.status <> 'missing' AND NOT m.derived LIMIT 1) = 1) LIMIT 1) = 1
    THEN 1 ELSE 0 END) AS complete
FROM period p
JOIN obligation ob ON ob.calendar = p.calendar AND ob.period_kind = p.kind
  AND ob.valid_from <= p.last_day AND (ob.valid_to IS NULL OR p.last_day <= ob.valid_to)
JOIN form f ON f.id = ob.form_id
JOIN unit r ON r.kind = ob.unit_kind
  AND r.valid_from <= p.last_day AND (r.valid_to IS NULL OR p.last_day <= r.valid_to)
LEFT JOIN submission c ON c.id = COALESCE((SELECT MAX(s.id) FROM unit_self v JOIN submission s ON s.unit_id = v.self_id AND s.period_id = p.id AND s.form_id = ob.form_id
      WHERE v.unit_id = r.id
      AND s.state NOT IN ('superseded', 'withdrawn')
      AND (s.state NOT IN ('rejected', 'unreadable') OR (SELECT 1 FROM unit_self x JOIN submission n ON n.unit_id = x.self_id AND n.period_id = p.id AND n.form_id = ob.form_id
        JOIN attempt t ON t.id = n.attempt_id
      WHERE x.unit_id = r.id AND n.id > s.id AND t.outcome IN ('accepted', 'accepted_with_warnings') LIMIT 1) IS NULL)),
    (SELECT MAX(s.id) FROM unit_self v JOIN submission s ON s.unit_id = v.self_id AND s.period_id = p.id AND s.form_id = ob.form_id
      WHERE v.unit_id = r.id))
JOIN unit_above w ON w.unit_id = r.id
  AND w.first_day <= p.last_day AND (w.last_day IS NULL OR p.last_day <= w.last_day)
JOIN unit u ON u.id = w.ancestor_id
JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
LEFT JOIN obligation nb ON nb.unit_kind = ob.unit_kind AND nb.form_id = ob.form_id AND nb.calendar = ob.calendar
  AND nb.period_kind = ob.period_kind AND nb.valid_from > ob.valid_from
  AND nb.valid_from <= p.last_day AND (nb.valid_to IS NULL OR p.last_day <= nb.valid_to)
WHERE nb.unit_kind IS NULL
GROUP BY p.code, u.id, u.code, u.name, u.kind, u.level, y.parent_code, f.code
) t
"""

_MART_TOTAL = """\
SELECT m.period, m.unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level, y.parent_code AS parent,
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
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
"""

_MART_FINDING = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, n.id AS finding, n.rule, q.title_vi, q.title_en,
  n.level AS check_level, n.severity,
  n.settled_by, n.explanation, n.sheet, n.cell, n.field, n.item, n.observed, n.expected AS expected_value, n.arithmetic,
  n.message_vi, n.message_en, s.name AS file_name, s.state, s.id AS submission_id, s.version
FROM submission s
JOIN finding n ON n.submission_id = s.id AND n.attempt_id = s.attempt_id
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN rule q ON q.id = n.rule
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
WHERE s.state NOT IN ('superseded', 'withdrawn') AND NOT EXISTS (
  SELECT 1 FROM submission x LEFT JOIN attempt t ON t.id = x.attempt_id
  WHERE x.unit_id = s.unit_id AND x.period_id = s.period_id AND x.form_id = s.form_id AND x.version > s.version
    AND (x.state NOT IN ('superseded', 'withdrawn') OR (
      s.state IN ('rejected', 'unreadable') AND t.outcome IN ('accepted', 'accepted_with_warnings'))))
UNION ALL
SELECT COALESCE(p.code, s.stated_period), COALESCE(u.code, s.stated_unit), COALESCE(u.name, s.stated_unit_name),
  u.kind, u.level, COALESCE(y.parent_code, u.parent_code), f.code, n.id, n.rule, q.title_vi, q.title_en,
  n.level AS check_level, n.severity,
  n.settled_by, n.explanation, n.sheet, n.cell, n.field, n.item, n.observed, n.expected AS expected_value, n.arithmetic,
  n.message_vi, n.message_en, s.name, s.state, s.id, s.version
FROM submission s
JOIN finding n ON n.submission_id = s.id AND n.attempt_id = s.attempt_id
LEFT JOIN period p ON p.id = s.period_id
LEFT JOIN unit u ON u.id = s.unit_id
LEFT JOIN form f ON f.id = s.form_id
LEFT JOIN rule q ON q.id = n.rule
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
WHERE (s.unit_id IS NULL OR s.period_id IS NULL OR s.form_id IS NULL)
  AND s.state NOT IN ('superseded', 'withdrawn')
"""

_MART_INITIATIVE = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, t.item, t.name, t.owner, t.level, t.status, t.field, t.effective, t.pilot, t.members, t.other_name, t.more, t.key, t.content, c.sheet, c.cell, t.submission_id, s.version
FROM initiative t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
"""

_MART_COMMENDATION = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, t.item, t."by" AS given_by, t.form AS award, t.collectives, t.individuals, t.name, t.decision, t."date" AS decided_on, t.key, t.content, c.sheet, c.cell, t.submission_id, s.version
FROM commendation t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
"""

_MART_INSPECTION = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, t.item, t.activity, t.target, t.kind AS inspection_kind, t.subject, t."date" AS ended_on, t.key, t.content, c.sheet, c.cell, t.submission_id, s.version
FROM inspection t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
"""

_MART_TOPIC = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, t.item, t.year, t."text" AS topic, t.kind AS topic_kind, t."group" AS carried_by, t.key, t.content, c.sheet, c.cell, t.submission_id, s.version
FROM topic t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
"""

_MART_LIST_ITEM = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, t.list, t.item, t.key, t.content, c.sheet, c.cell, t.submission_id, s.version
FROM list_item t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
"""

_MART_NARRATIVE = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, t.section, t.body, c.sheet, c.cell, t.submission_id, s.version
FROM narrative t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
"""

_VIEWS = {
    "mart_observation": _MART_OBSERVATION,
    "mart_reporting": _MART_REPORTING,
    "mart_reporting_rate": _MART_REPORTING_RATE,
    "mart_total": _MART_TOTAL,
    "mart_finding": _MART_FINDING,
    "mart_initiative": _MART_INITIATIVE,
    "mart_commendation": _MART_COMMENDATION,
    "mart_inspection": _MART_INSPECTION,
    "mart_topic": _MART_TOPIC,
    "mart_list_item": _MART_LIST_ITEM,
    "mart_narrative": _MART_NARRATIVE,
}

_OBSERVATION_AS_OF = """\
CREATE OR REPLACE FUNCTION observation_as_of(timestamptz) RETURNS SETOF mart_observation LANGUAGE sql STABLE AS $$
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, i.code AS indicator, i.label_vi, i.label_en, i.measure_vi,
  b.code AS breakdown,
  o.value, o.lower, o.upper, m.qualifier, o.numerator, o.denominator, m.status, m.basis, m.scope, m.derived,
  COALESCE(o.original_text, CAST(CAST(o.value AS NUMERIC) AS TEXT)) AS value_text,
  o.original_text, o.note, c.sheet, c.cell, o.submission_id, s.version, o.recorded_from, o.recorded_to
FROM observation o
JOIN submission s ON s.id = o.submission_id
JOIN period p ON p.id = o.period_id AND p.id = s.period_id
JOIN unit u ON u.id = o.unit_id AND u.id = s.unit_id
LEFT JOIN form f ON f.id = s.form_id
LEFT JOIN indicator i ON i.id = o.indicator_id
LEFT JOIN breakdown b ON b.id = o.breakdown_id
LEFT JOIN manner m ON m.id = o.manner_id
LEFT JOIN place c ON c.id = o.place_id
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
WHERE o.recorded_from <= $1 AND (o.recorded_to IS NULL OR o.recorded_to > $1)
UNION ALL
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, i.code AS indicator, i.label_vi, i.label_en, i.measure_vi,
  b.code AS breakdown,
  o.value, o.lower, o.upper, m.qualifier, o.numerator, o.denominator, m.status, m.basis, m.scope, m.derived,
  COALESCE(o.original_text, CAST(CAST(o.value AS NUMERIC) AS TEXT)) AS value_text,
  o.original_text, o.note, c.sheet, c.cell, o.submission_id, s.version, o.recorded_from, o.recorded_to
FROM observation_past o
JOIN submission s ON s.id = o.submission_id
JOIN period p ON p.id = o.period_id AND p.id = s.period_id
JOIN unit u ON u.id = o.unit_id AND u.id = s.unit_id
LEFT JOIN form f ON f.id = s.form_id
LEFT JOIN indicator i ON i.id = o.indicator_id
LEFT JOIN breakdown b ON b.id = o.breakdown_id
LEFT JOIN manner m ON m.id = o.manner_id
LEFT JOIN place c ON c.id = o.place_id
LEFT JOIN unit_superior y ON y.unit_id = u.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
WHERE o.recorded_from <= $1 AND (o.recorded_to IS NULL OR o.recorded_to > $1)
$$
"""
