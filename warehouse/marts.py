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

#: Name → query, and what it is in both languages.
VIEWS = {
    "mart_observation": MART_OBSERVATION,
    "mart_reporting": MART_REPORTING,
}

VIEW_WORDS = {
    "mart_observation": "Số liệu đang có hiệu lực, viết bằng lời | Figures in force, in words",
    "mart_reporting": "Đơn vị nào phải báo cáo kỳ nào, đã gửi chưa, kết quả ra sao"
    " | Which unit owes which period, whether it reported, and with what outcome",
}


def observation_as_of(moment: str) -> str:
    """``mart_observation`` as it was believed at a moment, given as SQL text of the moment."""
    believed = f"WHERE o.recorded_from <= {moment} AND (o.recorded_to IS NULL OR o.recorded_to > {moment})"
    parts = [f"{_FIGURES}FROM {table} o\n{_IN_WORDS}{believed}" for table in ("observation", "observation_past")]
    return "\nUNION ALL\n".join(parts)
