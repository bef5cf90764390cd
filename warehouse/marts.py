"""The views analysts read: figures in words, and who reported. Their SQL is the same on both databases."""

from __future__ import annotations

_FIGURES = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, i.code AS indicator, i.label_vi, i.label_en, i.measure_vi,
  b.code AS breakdown,
  o.value, o.lower, o.upper, m.qualifier, o.numerator, o.denominator, m.status, m.basis, m.scope, m.derived,
  COALESCE(o.original_text, CAST(o.value AS TEXT)) AS value_text,
  o.original_text, o.note, c.sheet, c.cell, o.submission_id, s.version, o.recorded_from, o.recorded_to
"""

_IN_WORDS = """\
JOIN submission s ON s.id = o.submission_id
JOIN period p ON p.id = o.period_id
JOIN unit u ON u.id = o.unit_id
JOIN form f ON f.id = s.form_id
JOIN indicator i ON i.id = o.indicator_id
JOIN breakdown b ON b.id = o.breakdown_id
JOIN manner m ON m.id = o.manner_id
LEFT JOIN place c ON c.id = o.place_id
"""

MART_OBSERVATION = f"{_FIGURES}FROM observation o\n{_IN_WORDS}WHERE o.recorded_to IS NULL"

MART_REPORTING = """\
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

#: Which unit stands under which, and from when to when: found once for all periods, as a unit moves or ends seldom.
_ABOVE = """\
above (unit_id, ancestor_id, next_code, first_day, last_day, steps) AS (
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
"""

#: One row a report that is owed, whatever obligations overlap; what nobody owes counts in no rate.
_OWED = """\
owed AS (
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
"""

#: The version of a report that counts, its first arrival, and the one whose figures stand in the totals.
_SENT = """\
sent AS (
  SELECT s.unit_id, s.period_id, s.form_id, MIN(s.received_at) AS first_at,
    COALESCE(MAX(CASE WHEN s.state NOT IN ('superseded', 'withdrawn') THEN s.version END), MAX(s.version)) AS version,
    MAX(CASE WHEN s.state IN ('accepted', 'accepted_with_warnings') THEN s.id END) AS standing_id
  FROM submission s
  WHERE s.unit_id IS NOT NULL
  GROUP BY s.unit_id, s.period_id, s.form_id
)
"""

#: A report whose cells are all blank is no report: at least one figure must be stated, and a declared 0 is one.
_JUDGED = """\
judged AS (
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
"""


def _count(condition: str) -> str:
    return f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)"


def _rate(count: str) -> str:
    return f"CAST(100.0 * {count} / COUNT(*) AS DOUBLE PRECISION)"


_RECEIVED = _count("j.state <> 'missing'")
_ON_TIME = _count("j.state <> 'missing' AND j.is_late = 0")

_RATE = f"""\
WITH RECURSIVE {_ABOVE}, {_OWED}, {_SENT}, {_JUDGED}
SELECT j.period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form,
  COUNT(*) AS expected,
  {_RECEIVED} AS received,
  {_ON_TIME} AS on_time,
  {_count("j.state <> 'missing' AND j.is_late = 1")} AS late,
  {_count("j.state IN ('accepted', 'accepted_with_warnings')")} AS accepted,
  {_count("j.state IN ('rejected', 'unreadable')")} AS rejected,
  {_count("j.state = 'received'")} AS waiting,
  {_count("j.state = 'withdrawn'")} AS withdrawn,
  {_count("j.state = 'missing'")} AS missing,
  {_count("j.standing_id IS NOT NULL")} AS in_force,
  SUM(j.is_complete) AS complete,
  {_count("j.standing_id IS NOT NULL AND j.is_complete = 0")} AS empty,
  {_rate(_RECEIVED)} AS reporting_rate,
  {_rate(_ON_TIME)} AS on_time_rate,
  {_rate("SUM(j.is_complete)")} AS completeness_rate
FROM judged j
JOIN above w ON w.unit_id = j.unit_id AND w.first_day <= j.last_day AND w.last_day >= j.last_day
JOIN unit u ON u.id = w.ancestor_id
JOIN form f ON f.id = j.form_id
GROUP BY j.period, u.id, u.code, u.name, u.kind, u.level, u.parent_code, f.code
"""  # noqa: S608

#: The day a moment falls on where the offices are; there has been no summer time there since 1975.
_ARRIVED = {
    "sqlite": "date(s.first_at, '+7 hours')",
    "postgresql": "CAST(s.first_at AT TIME ZONE 'Asia/Ho_Chi_Minh' AS DATE)",
}

#: Why a total has no value: what stands in ``mart_roll_up.note``, in both languages.
NOTE_WORDS = {
    "not_additive": ("không cộng được giữa các đơn vị", "not additive over units"),
    "from_lists": ("đếm theo danh sách, không cộng số", "counted from the lists"),
    "counts_missing": ("tỷ lệ không kèm số đếm", "rates without counts"),
    "zero_denominator": ("mẫu số bằng 0", "denominator is 0"),
    "nothing_reported": ("chưa đơn vị nào có số liệu", "no unit gave a figure"),
}


def _note(language: int) -> str:
    cases = " ".join(f"WHEN '{code}' THEN '{words[language]}'" for code, words in NOTE_WORDS.items())
    return f"CASE m.note {cases} ELSE m.note END"


MART_TOTAL = f"""\
SELECT m.period, m.unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level, u.parent_code AS parent,
  m.form, m.indicator, i.label_vi, i.label_en, i.measure_vi, i.measure_en, i.kind, m.breakdown,
  m.value, m.lower, m.upper, m.qualifier, m.numerator, m.denominator, m.reported, m.expected,
  CASE WHEN m.reported IS NOT NULL AND m.expected IS NOT NULL
    THEN CAST(m.reported AS TEXT) || '/' || CAST(m.expected AS TEXT) END AS coverage,
  CASE WHEN m.expected > 0 THEN CAST(100.0 * m.reported / m.expected AS DOUBLE PRECISION) END AS coverage_rate,
  m.source, m.note, {_note(0)} AS note_vi, {_note(1)} AS note_en, m.refreshed_at
FROM mart_roll_up m
JOIN period p ON p.code = m.period
JOIN indicator i ON i.code = m.indicator
LEFT JOIN unit u ON u.id = (
  SELECT x.id FROM unit x WHERE x.code = m.unit AND x.valid_from <= p.last_day ORDER BY x.valid_from DESC LIMIT 1)
"""  # noqa: S608

_LIST_OF = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, {columns}, c.sheet, c.cell, t.submission_id, s.version
FROM {table} t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
"""


def _list_of(table: str, columns: str) -> str:
    return _LIST_OF.format(table=table, columns=columns)


_LISTS = {
    "mart_initiative": _list_of(
        "initiative",
        "t.item, t.name, t.owner, t.level, t.status, t.field, t.effective, t.pilot, t.members, t.other_name,"
        " t.more, t.key, t.content",
    ),
    "mart_commendation": _list_of(
        "commendation",
        't.item, t."by" AS given_by, t.form AS award, t.collectives, t.individuals, t.name, t.decision,'
        ' t."date" AS decided_on, t.key, t.content',
    ),
    "mart_inspection": _list_of(
        "inspection",
        't.item, t.activity, t.target, t.kind AS inspection_kind, t.subject, t."date" AS ended_on, t.key, t.content',
    ),
    "mart_topic": _list_of(
        "topic",
        't.item, t.year, t."text" AS topic, t.kind AS topic_kind, t."group" AS carried_by, t.key, t.content',
    ),
    "mart_list_item": _list_of("list_item", "t.list, t.item, t.key, t.content"),
    "mart_narrative": _list_of("narrative", "t.section, t.body"),
}


def views(dialect: str) -> dict[str, str]:
    """Name → query of every view, as ``sqlite`` or ``postgresql`` understands it."""
    return {
        "mart_observation": MART_OBSERVATION,
        "mart_reporting": MART_REPORTING,
        "mart_reporting_rate": _RATE.replace("{arrived}", _ARRIVED[dialect]),
        "mart_total": MART_TOTAL,
        **_LISTS,
    }


#: Marts that hold no past: asked as of a moment they would answer with the present.
PRESENT_ONLY = ("mart_roll_up", *(name for name in views("sqlite") if name != "mart_observation"))

#: What each view is, in both languages.
VIEW_WORDS = {
    "mart_observation": "Số liệu đang có hiệu lực, viết bằng lời | Figures in force, in words",
    "mart_reporting": "Đơn vị nào phải báo cáo kỳ nào, đã gửi chưa, kết quả ra sao"
    " | Which unit owes which period, whether it reported, and with what outcome",
    "mart_reporting_rate": "Tỷ lệ báo cáo của mỗi đơn vị cùng mọi đơn vị bên dưới; chỉ đếm báo cáo phải nộp"
    " | Reporting rates of each unit with everything below it; only reports that are owed are counted",
    "mart_total": "Số tổng hợp viết bằng lời, kèm độ bao phủ n/N; đơn vị không có cấp dưới xem mart_observation"
    " | Totals in words with their coverage n/N; for units with nothing below them see mart_observation",
    "mart_initiative": "Mô hình trong các báo cáo đang có hiệu lực | Models in reports in force",
    "mart_commendation": "Khen thưởng trong các báo cáo đang có hiệu lực | Commendations in reports in force",
    "mart_inspection": "Cuộc kiểm tra trong các báo cáo đang có hiệu lực | Inspections in reports in force",
    "mart_topic": "Chuyên đề trong các báo cáo đang có hiệu lực | Topics in reports in force",
    "mart_list_item": "Dòng của các danh sách khác trong các báo cáo đang có hiệu lực"
    " | Rows of the other lists in reports in force",
    "mart_narrative": "Lời văn của các báo cáo đang có hiệu lực | Paragraphs of reports in force",
}


def observation_as_of(moment: str) -> str:
    """``mart_observation`` as it was believed at a moment, given as SQL text of the moment."""
    believed = f"WHERE o.recorded_from <= {moment} AND (o.recorded_to IS NULL OR o.recorded_to > {moment})"
    parts = [f"{_FIGURES}FROM {table} o\n{_IN_WORDS}{believed}" for table in ("observation", "observation_past")]
    return "\nUNION ALL\n".join(parts)
