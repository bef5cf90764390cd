"""Views for analysts: reporting rates, totals and lists in words; figures as of a moment; columns explained."""

# ruff: noqa: E501 (comments of columns stand on one line each)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    _unit_above()
    unplaced = sa.text("unit_id IS NULL OR period_id IS NULL OR form_id IS NULL")
    op.create_index("ix_submission_unplaced", "submission", ["id"], sqlite_where=unplaced, postgresql_where=unplaced)
    if dialect == "sqlite":
        _foretell_sizes()
    for name, query in _VIEWS.items():
        _view(name, query, is_new=name not in _BEFORE)
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
        if name in _BEFORE:
            _view(name, _BEFORE[name], is_new=False)
        else:
            op.execute(f"DROP VIEW {name}")
    op.drop_table("unit_above")
    op.drop_index("ix_submission_unplaced", "submission")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DELETE FROM sqlite_stat1 WHERE tbl IN ('observation', 'submission', 'unit', 'unit_above')")


def _view(name: str, query: str, *, is_new: bool) -> None:
    """On PostgreSQL a view is replaced where it stands: whoever may read it still may."""
    dialect = op.get_bind().dialect.name
    for word, said in _WORDS[dialect].items():
        query = query.replace(word, said)
    if dialect == "sqlite" and not is_new:
        op.execute(f"DROP VIEW {name}")
    replacing = "OR REPLACE " if dialect == "postgresql" and not is_new else ""
    op.execute(f"CREATE {replacing}VIEW {name} AS\n{query}")


def _foretell_sizes() -> None:
    """SQLite has no round of its own that counts rows, and without counts it takes a period for as narrow as a unit: it
    would read all of a country's quarter for the figures of one commune. ``ANALYZE`` replaces these by the true ones.
    """
    op.execute("ANALYZE sqlite_master")
    for sizes in _SIZES:
        op.execute("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('{}', '{}', '{}')".format(*sizes))  # noqa: S608


#: Table, index, and of a large warehouse: rows in all, then rows for each value of one, two… columns of the index.
_SIZES = (
    ("observation", "observation", "16000000 1000000 60 2 1"),
    ("observation", "ix_observation_in_force", "16000000 1000000 15000 30 2 1"),
    ("submission", "sqlite_autoindex_submission_1", "1000000 1"),
    ("submission", "sqlite_autoindex_submission_2", "1000000 4 2 2 1"),
    ("submission", "ix_submission_period_id_form_id", "1000000 250000 200000"),
    ("submission", "uq_submission_in_force", "900000 4 1 1"),
    ("submission", "ix_submission_state", "1000000 150000"),
    ("submission", "ix_submission_figures_sha256", "1000000 2"),
    ("submission", "ix_submission_uncompared", "1000 2"),
    ("submission", "ix_submission_unplaced", "1000 1"),
    ("unit", "sqlite_autoindex_unit_1", "280000 1 1"),
    ("unit", "ix_unit_kind", "280000 14000"),
    ("unit", "ix_unit_parent_code", "280000 20"),
    ("unit_above", "unit_above", "1100000 4 1 1"),
    ("unit_above", "ix_unit_above_ancestor_id", "1100000 4"),
)


def _unit_above() -> None:
    op.create_table(
        "unit_above",
        sa.Column("unit_id", sa.Integer(), nullable=False, comment="Đơn vị | Unit"),
        sa.Column(
            "ancestor_id",
            sa.Integer(),
            nullable=False,
            comment="Đơn vị bên trên, hoặc chính nó | Unit above it, or itself",
        ),
        sa.Column("first_day", sa.Date(), nullable=False, comment="Ngày đầu tiên | First day"),
        sa.Column(
            "last_day",
            sa.Date(),
            nullable=True,
            comment="Ngày cuối cùng; trống khi còn như vậy | Last day; empty while it is so",
        ),
        sa.Column(
            "steps",
            sa.SmallInteger(),
            nullable=False,
            comment="Số bậc ở giữa; 0 là chính nó | Steps up; 0 for the unit itself",
        ),
        sa.PrimaryKeyConstraint("unit_id", "ancestor_id", "first_day", name=op.f("pk_unit_above")),
        comment="Đơn vị và mọi đơn vị bên trên, kể cả chính nó, trong từng giai đoạn; được tính lại khi danh bạ thay đổi | Units and all units above them, themselves included, with the days; computed anew when the register changes",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_unit_above_ancestor_id"), "unit_above", ["ancestor_id"])


def _acts(more: str) -> None:
    acts = f"retry, restore, withdraw, waive, permit_late, return, close_period, reopen_period{more}"
    op.alter_column("action", "what", comment=f"Việc đã làm: {acts} | What was done: {acts}")


def _quoted(comment: str) -> str:
    return "'" + comment.replace("'", "''") + "'"


#: Views of an earlier migration: nobody had explained them.
_KEPT = ("mart_observation", "mart_reporting")
_COLUMNS_KEPT = tuple(f"COLUMN {name}." for name in _KEPT)

_WORDS = {
    "sqlite": {
        "{arrived}": "date(MIN(s.received_at), '+7 hours')",
        "{digits}": "CASE WHEN o.value IS NOT NULL THEN printf('%.15g', o.value + 0.0) END",
    },
    "postgresql": {
        "{arrived}": "CAST(MIN(s.received_at) AT TIME ZONE 'Asia/Ho_Chi_Minh' AS DATE)",
        "{digits}": "CAST(CAST(o.value AS NUMERIC) AS TEXT)",
    },
}

#: Views as they were before this migration.
_OBSERVATION_BEFORE = """\
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

_REPORTING_BEFORE = """\
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
  AND s.version = COALESCE(
    (SELECT MAX(x.version) FROM submission x WHERE x.unit_id = u.id AND x.period_id = p.id AND x.form_id = f.id
      AND x.state NOT IN ('superseded', 'withdrawn')),
    (SELECT MAX(x.version) FROM submission x WHERE x.unit_id = u.id AND x.period_id = p.id AND x.form_id = f.id))
LEFT JOIN submission a ON a.unit_id = u.id AND a.period_id = p.id AND a.form_id = f.id
  AND a.state IN ('accepted', 'accepted_with_warnings')
"""

_BEFORE = {"mart_observation": _OBSERVATION_BEFORE, "mart_reporting": _REPORTING_BEFORE}

_MART_OBSERVATION = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, i.code AS indicator, i.label_vi, i.label_en, i.measure_vi,
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
WHERE o.recorded_to IS NULL
"""

_MART_REPORTING = """\
SELECT p.code AS period, r.code AS unit, r.name AS unit_name, r.kind AS unit_kind, r.level AS unit_level,
  r.parent_code AS parent, f.code AS form, COALESCE(l.until, d.due) AS due,
  c.id AS submission_id, c.version, COALESCE(c.state, 'missing') AS state, c.received_at, c.decided_at,
  CASE WHEN a.id IS NULL THEN 0 ELSE 1 END AS in_force
FROM period p
JOIN obligation ob ON ob.calendar = p.calendar AND ob.period_kind = p.kind
  AND ob.valid_from <= p.last_day AND (ob.valid_to IS NULL OR p.last_day <= ob.valid_to)
JOIN form f ON f.id = ob.form_id
JOIN unit r ON r.kind = ob.unit_kind
  AND r.valid_from <= p.last_day AND (r.valid_to IS NULL OR p.last_day <= r.valid_to)
LEFT JOIN submission c ON c.id = COALESCE((SELECT s.id FROM submission s WHERE s.unit_id = r.id AND s.period_id = p.id AND s.form_id = ob.form_id
      AND s.state NOT IN ('superseded', 'withdrawn')
      AND (s.state NOT IN ('rejected', 'unreadable') OR (SELECT 1 FROM submission n JOIN attempt t ON t.id = n.attempt_id
      WHERE n.unit_id = s.unit_id AND n.period_id = s.period_id AND n.form_id = s.form_id AND n.version > s.version
        AND t.outcome IN ('accepted', 'accepted_with_warnings') LIMIT 1) IS NULL)
      ORDER BY s.version DESC LIMIT 1),
    (SELECT s.id FROM submission s WHERE s.unit_id = r.id AND s.period_id = p.id AND s.form_id = ob.form_id ORDER BY s.version DESC LIMIT 1))
LEFT JOIN submission a ON a.unit_id = r.id AND a.period_id = p.id AND a.form_id = ob.form_id AND a.state IN ('accepted', 'accepted_with_warnings')
LEFT JOIN lateness_permit l ON l.period_id = p.id AND l.unit_id = r.id
LEFT JOIN period_due d ON d.period_id = p.id AND d.level = r.level
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
  u.parent_code AS parent, f.code AS form,
  COUNT(*) AS expected,
  COUNT(c.id) AS received,
  SUM(CASE WHEN c.id IS NOT NULL AND (SELECT {arrived} FROM submission s WHERE s.unit_id = r.id AND s.period_id = p.id AND s.form_id = ob.form_id LIMIT 1) > COALESCE(l.until, d.due) THEN 1 ELSE 0 END) AS late,
  SUM(CASE WHEN c.state IN ('accepted', 'accepted_with_warnings') THEN 1 ELSE 0 END) AS accepted,
  SUM(CASE WHEN c.state IN ('rejected', 'unreadable') THEN 1 ELSE 0 END) AS rejected,
  SUM(CASE WHEN c.state = 'received' THEN 1 ELSE 0 END) AS waiting,
  SUM(CASE WHEN c.state = 'withdrawn' THEN 1 ELSE 0 END) AS withdrawn,
  COUNT(a.id) AS in_force,
  SUM(CASE WHEN a.id IS NULL THEN 0 WHEN a.n_figures > 0 THEN 1 WHEN (SELECT 1 FROM observation o JOIN manner m ON m.id = o.manner_id
      WHERE o.period_id = a.period_id AND o.submission_id = a.id AND o.recorded_to IS NULL
        AND m.status <> 'missing' AND NOT m.derived LIMIT 1) = 1 THEN 1 ELSE 0 END) AS complete
FROM period p
JOIN obligation ob ON ob.calendar = p.calendar AND ob.period_kind = p.kind
  AND ob.valid_from <= p.last_day AND (ob.valid_to IS NULL OR p.last_day <= ob.valid_to)
JOIN form f ON f.id = ob.form_id
JOIN unit r ON r.kind = ob.unit_kind
  AND r.valid_from <= p.last_day AND (r.valid_to IS NULL OR p.last_day <= r.valid_to)
LEFT JOIN submission c ON c.id = COALESCE((SELECT s.id FROM submission s WHERE s.unit_id = r.id AND s.period_id = p.id AND s.form_id = ob.form_id
      AND s.state NOT IN ('superseded', 'withdrawn')
      AND (s.state NOT IN ('rejected', 'unreadable') OR (SELECT 1 FROM submission n JOIN attempt t ON t.id = n.attempt_id
      WHERE n.unit_id = s.unit_id AND n.period_id = s.period_id AND n.form_id = s.form_id AND n.version > s.version
        AND t.outcome IN ('accepted', 'accepted_with_warnings') LIMIT 1) IS NULL)
      ORDER BY s.version DESC LIMIT 1),
    (SELECT s.id FROM submission s WHERE s.unit_id = r.id AND s.period_id = p.id AND s.form_id = ob.form_id ORDER BY s.version DESC LIMIT 1))
LEFT JOIN submission a ON a.unit_id = r.id AND a.period_id = p.id AND a.form_id = ob.form_id AND a.state IN ('accepted', 'accepted_with_warnings')
JOIN unit_above w ON w.unit_id = r.id
  AND w.first_day <= p.last_day AND (w.last_day IS NULL OR p.last_day <= w.last_day)
JOIN unit u ON u.id = w.ancestor_id
LEFT JOIN lateness_permit l ON l.period_id = p.id AND l.unit_id = r.id
LEFT JOIN period_due d ON d.period_id = p.id AND d.level = r.level
LEFT JOIN obligation nb ON nb.unit_kind = ob.unit_kind AND nb.form_id = ob.form_id AND nb.calendar = ob.calendar
  AND nb.period_kind = ob.period_kind AND nb.valid_from > ob.valid_from
  AND nb.valid_from <= p.last_day AND (nb.valid_to IS NULL OR p.last_day <= nb.valid_to)
WHERE nb.unit_kind IS NULL
GROUP BY p.code, u.id, u.code, u.name, u.kind, u.level, u.parent_code, f.code
) t
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

_MART_FINDING = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, n.id AS finding, n.rule, q.title_vi, q.title_en,
  n.level AS check_level, n.severity,
  n.settled_by, n.explanation, n.sheet, n.cell, n.field, n.item, n.observed, n.expected AS expected_value, n.arithmetic,
  n.message_vi, n.message_en, s.name AS file_name, s.state, s.id AS submission_id, s.version
FROM submission s
JOIN finding n ON n.submission_id = s.id AND n.attempt_id = s.attempt_id
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN rule q ON q.id = n.rule
WHERE s.state NOT IN ('superseded', 'withdrawn') AND NOT EXISTS (
  SELECT 1 FROM submission x LEFT JOIN attempt t ON t.id = x.attempt_id
  WHERE x.unit_id = s.unit_id AND x.period_id = s.period_id AND x.form_id = s.form_id AND x.version > s.version
    AND (x.state NOT IN ('superseded', 'withdrawn') OR (
      s.state IN ('rejected', 'unreadable') AND t.outcome IN ('accepted', 'accepted_with_warnings'))))
UNION ALL
SELECT COALESCE(p.code, s.stated_period), COALESCE(u.code, s.stated_unit), COALESCE(u.name, s.stated_unit_name),
  u.kind, u.level, u.parent_code, f.code, n.id, n.rule, q.title_vi, q.title_en, n.level AS check_level, n.severity,
  n.settled_by, n.explanation, n.sheet, n.cell, n.field, n.item, n.observed, n.expected AS expected_value, n.arithmetic,
  n.message_vi, n.message_en, s.name, s.state, s.id, s.version
FROM submission s
JOIN finding n ON n.submission_id = s.id AND n.attempt_id = s.attempt_id
LEFT JOIN period p ON p.id = s.period_id
LEFT JOIN unit u ON u.id = s.unit_id
LEFT JOIN form f ON f.id = s.form_id
LEFT JOIN rule q ON q.id = n.rule
WHERE (s.unit_id IS NULL OR s.period_id IS NULL OR s.form_id IS NULL) AND s.state NOT IN ('superseded', 'withdrawn')
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
CREATE FUNCTION observation_as_of(timestamptz) RETURNS SETOF mart_observation LANGUAGE sql STABLE AS $$
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, i.code AS indicator, i.label_vi, i.label_en, i.measure_vi,
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
WHERE o.recorded_from <= $1 AND (o.recorded_to IS NULL OR o.recorded_to > $1)
UNION ALL
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, i.code AS indicator, i.label_vi, i.label_en, i.measure_vi,
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
    "VIEW mart_finding": "Điều phát hiện khi kiểm tra ở bản đang được tính của mỗi báo cáo, và ở tệp chưa rõ của ai | What checks found in the version of each report that counts, and in files that could not be placed",
    "COLUMN mart_finding.period": "Mã kỳ báo cáo | Code of the period",
    "COLUMN mart_finding.unit": "Mã đơn vị | Code of the unit",
    "COLUMN mart_finding.unit_name": "Tên đơn vị | Name of the unit",
    "COLUMN mart_finding.unit_kind": "Loại đơn vị | Kind of unit",
    "COLUMN mart_finding.unit_level": "Cấp của đơn vị | Level of the unit",
    "COLUMN mart_finding.parent": "Mã đơn vị cấp trên | Code of the superior unit",
    "COLUMN mart_finding.form": "Mã biểu mẫu | Code of the form",
    "COLUMN mart_finding.finding": "Số của điều phát hiện, dùng với tongket waive | Number of the finding, for tongket waive",
    "COLUMN mart_finding.rule": "Mã quy tắc | Id of the rule",
    "COLUMN mart_finding.title_vi": "Tên quy tắc bằng tiếng Việt | Vietnamese title of the rule",
    "COLUMN mart_finding.title_en": "Tên quy tắc bằng tiếng Anh | English title of the rule",
    "COLUMN mart_finding.check_level": "Mức kiểm tra từ 1 đến 7 | Level of the check, 1 to 7",
    "COLUMN mart_finding.severity": "Mức độ: critical, warning, info | Severity: critical, warning, info",
    "COLUMN mart_finding.settled_by": "Đã xong nhờ đâu: note, waiver, override; trống là còn | What settled it: note, waiver, override; empty: it stands",
    "COLUMN mart_finding.explanation": "Lời giải thích hoặc lý do miễn | Explanation, or reason of the waiver",
    "COLUMN mart_finding.field": "Ô của biểu được nói đến | Field of the form",
    "COLUMN mart_finding.item": "Dòng của danh sách hoặc bảng; 0 khi là ô đơn | Row of a list or matrix; 0 for a single field",
    "COLUMN mart_finding.observed": "Giá trị thấy được | What was seen",
    "COLUMN mart_finding.expected_value": "Giá trị mong đợi | What was expected",
    "COLUMN mart_finding.arithmetic": "Phép tính | The arithmetic",
    "COLUMN mart_finding.message_vi": "Lời báo bằng tiếng Việt | Message in Vietnamese",
    "COLUMN mart_finding.message_en": "Lời báo bằng tiếng Anh | Message in English",
    "COLUMN mart_finding.file_name": "Tên tệp do người gửi đặt | Name the sender gave the file",
    "COLUMN mart_finding.state": "Trạng thái của báo cáo | State of the submission",
    "COLUMN mart_finding.sheet": "Trang tính; trống với CSV và JSON | Sheet; empty for CSV and JSON",
    "COLUMN mart_finding.cell": "Ô, dòng CSV hoặc con trỏ JSON | Cell, line of a CSV or JSON pointer",
    "COLUMN mart_finding.submission_id": "Số báo cáo | Number of the submission",
    "COLUMN mart_finding.version": "Lần gửi thứ mấy | Which sending of the report it is",
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
