"""The views analysts read: figures in words, and who reported. Their SQL is the same on both databases."""

from __future__ import annotations

_FIGURES = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, i.code AS indicator, i.label_vi, i.label_en, i.measure_vi,
  b.code AS breakdown,
  o.value, o.lower, o.upper, m.qualifier, o.numerator, o.denominator, m.status, m.basis, m.scope, m.derived,
  COALESCE(o.original_text, {digits}) AS value_text,
  o.original_text, o.note, c.sheet, c.cell, o.submission_id, s.version, o.recorded_from, o.recorded_to
"""

#: A figure's unit and period are its submission's: said so, a question about one unit goes by its submissions. What
#: only puts numbers into words is joined from the left, so that no plan begins with it; no number is without its words.
_IN_WORDS = """\
JOIN submission s ON s.id = o.submission_id
JOIN period p ON p.id = o.period_id AND p.id = s.period_id
JOIN unit u ON u.id = o.unit_id AND u.id = s.unit_id
LEFT JOIN form f ON f.id = s.form_id
LEFT JOIN indicator i ON i.id = o.indicator_id
LEFT JOIN breakdown b ON b.id = o.breakdown_id
LEFT JOIN manner m ON m.id = o.manner_id
LEFT JOIN place c ON c.id = o.place_id
"""

MART_OBSERVATION = f"{_FIGURES}FROM observation o\n{_IN_WORDS}WHERE o.recorded_to IS NULL"


def _scalar(select: str) -> str:
    """A subquery that is asked row by row. As ``EXISTS`` PostgreSQL might hash the whole table for one province."""
    return f"({select} LIMIT 1)"


#: The report a row speaks of, in the words of whoever asks.
_OF_REPORT = "{s}.unit_id = r.id AND {s}.period_id = p.id AND {s}.form_id = ob.form_id"

_HAS_PASSED_LATER = _scalar("""\
SELECT 1 FROM submission n JOIN attempt t ON t.id = n.attempt_id
      WHERE n.unit_id = s.unit_id AND n.period_id = s.period_id AND n.form_id = s.form_id AND n.version > s.version
        AND t.outcome IN ('accepted', 'accepted_with_warnings')""")

#: The version of a report that counts, by the rule of warehouse.reporting.is_latest: the last that was neither
#: withdrawn nor superseded; what failed before a version that passed is over, also when that one was withdrawn since.
#: Where only such are left, the last of them.
_COUNTING = f"""\
COALESCE((SELECT s.id FROM submission s WHERE {_OF_REPORT.format(s="s")}
      AND s.state NOT IN ('superseded', 'withdrawn')
      AND (s.state NOT IN ('rejected', 'unreadable') OR {_HAS_PASSED_LATER} IS NULL)
      ORDER BY s.version DESC LIMIT 1),
    (SELECT s.id FROM submission s WHERE {_OF_REPORT.format(s="s")} ORDER BY s.version DESC LIMIT 1))"""  # noqa: S608

_IN_FORCE = "a.state IN ('accepted', 'accepted_with_warnings')"

#: With ``_DUE_BY`` one row a report that is owed, whatever obligations overlap; what nobody owes is in none. ``p`` is
#: the period, ``ob`` the obligation, ``r`` the unit, ``c`` the version that counts, ``a`` the one that stands in the
#: totals.
_OWED = f"""\
FROM period p
JOIN obligation ob ON ob.calendar = p.calendar AND ob.period_kind = p.kind
  AND ob.valid_from <= p.last_day AND (ob.valid_to IS NULL OR p.last_day <= ob.valid_to)
JOIN form f ON f.id = ob.form_id
JOIN unit r ON r.kind = ob.unit_kind
  AND r.valid_from <= p.last_day AND (r.valid_to IS NULL OR p.last_day <= r.valid_to)
LEFT JOIN submission c ON c.id = {_COUNTING}
LEFT JOIN submission a ON {_OF_REPORT.format(s="a")} AND {_IN_FORCE}
"""

#: The day a report is due, and of obligations that overlap the newest. Joined last: PostgreSQL chooses freely among the
#: orders of eight tables and no more, and those before are the ones a question begins with.
_DUE_BY = """\
LEFT JOIN lateness_permit l ON l.period_id = p.id AND l.unit_id = r.id
LEFT JOIN period_due d ON d.period_id = p.id AND d.level = r.level
LEFT JOIN obligation nb ON nb.unit_kind = ob.unit_kind AND nb.form_id = ob.form_id AND nb.calendar = ob.calendar
  AND nb.period_kind = ob.period_kind AND nb.valid_from > ob.valid_from
  AND nb.valid_from <= p.last_day AND (nb.valid_to IS NULL OR p.last_day <= nb.valid_to)
WHERE nb.unit_kind IS NULL
"""

_DUE = "COALESCE(l.until, d.due)"

MART_REPORTING = f"""\
SELECT p.code AS period, r.code AS unit, r.name AS unit_name, r.kind AS unit_kind, r.level AS unit_level,
  r.parent_code AS parent, f.code AS form, {_DUE} AS due,
  c.id AS submission_id, c.version, COALESCE(c.state, 'missing') AS state, c.received_at, c.decided_at,
  CASE WHEN a.id IS NULL THEN 0 ELSE 1 END AS in_force
{_OWED}{_DUE_BY}"""

#: The day the first version arrived. It is asked for only where something arrived.
_FIRST_DAY_HERE = _scalar(f"SELECT {{arrived}} FROM submission s WHERE {_OF_REPORT.format(s='s')}")  # noqa: S608

_IS_LATE = f"c.id IS NOT NULL AND {_FIRST_DAY_HERE} > {_DUE}"

#: A report whose cells are all blank is no report: at least one figure must be stated, and a declared 0 is one. Nearly
#: every report has a figure that is not 0, and how many is known of each.
_STATES_A_FIGURE = _scalar("""\
SELECT 1 FROM observation o JOIN manner m ON m.id = o.manner_id
      WHERE o.period_id = a.period_id AND o.submission_id = a.id AND o.recorded_to IS NULL
        AND m.status <> 'missing' AND NOT m.derived""")

_IS_COMPLETE = (
    f"CASE WHEN a.id IS NULL THEN 0 WHEN a.n_figures > 0 THEN 1 WHEN {_STATES_A_FIGURE} = 1 THEN 1 ELSE 0 END"
)


def _count(condition: str) -> str:
    return f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)"


def _rate(count: str) -> str:
    return f"CAST(100.0 * {count} / t.expected AS DOUBLE PRECISION)"


_RATE = f"""\
SELECT t.period, t.unit, t.unit_name, t.unit_kind, t.unit_level, t.parent, t.form,
  t.expected, t.received, t.received - t.late AS on_time, t.late, t.accepted, t.rejected, t.waiting, t.withdrawn,
  t.expected - t.received AS missing, t.in_force, t.complete, t.in_force - t.complete AS empty,
  {_rate("t.received")} AS reporting_rate,
  {_rate("(t.received - t.late)")} AS on_time_rate,
  {_rate("t.complete")} AS completeness_rate
FROM (
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form,
  COUNT(*) AS expected,
  COUNT(c.id) AS received,
  {_count(_IS_LATE)} AS late,
  {_count("c.state IN ('accepted', 'accepted_with_warnings')")} AS accepted,
  {_count("c.state IN ('rejected', 'unreadable')")} AS rejected,
  {_count("c.state = 'received'")} AS waiting,
  {_count("c.state = 'withdrawn'")} AS withdrawn,
  COUNT(a.id) AS in_force,
  SUM({_IS_COMPLETE}) AS complete
{_OWED}JOIN unit_above w ON w.unit_id = r.id
  AND w.first_day <= p.last_day AND (w.last_day IS NULL OR p.last_day <= w.last_day)
JOIN unit u ON u.id = w.ancestor_id
{_DUE_BY}GROUP BY p.code, u.id, u.code, u.name, u.kind, u.level, u.parent_code, f.code
) t
"""  # noqa: S608

#: What the two databases do not say alike. ``arrived``: the day a moment falls on where the offices are; there has been
#: no summer time there since 1975. ``digits``: a figure with the 15 digits that are certain, and no more.
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

#: Findings of the versions that count and of files that could not be placed, as warehouse.reporting.findings has them.
# Two questions in one: what is placed is found by its unit and period, which no index can do for "this or that column".
_FINDING = """\
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


#: Figures of the one-stop shop in ``mart_dossier``: column → indicator.
_DOSSIERS = {
    name: f"dossiers_{name}"
    for name in (
        *("received", "received_online", "received_direct", "carried_over"),
        *("resolved", "resolved_early", "resolved_on_time", "resolved_overdue"),
        *("pending", "pending_in_time", "pending_overdue", "refused"),
    )
}

#: The on-time rates: over what was resolved and over what was received, which never stand for one another.
_DOSSIER_RATES = ("resolved", "received")


def _figure(indicator: str, name: str, column: str = "value") -> str:
    return f"MAX(CASE WHEN i.code = '{indicator}' THEN o.{column} END) AS {name}"


def _rate_of(base: str) -> str:
    indicator = f"on_time_rate_{base}"
    parts = [(indicator, "value"), (f"{base}_numerator", "numerator"), (f"{base}_denominator", "denominator")]
    return ",\n  ".join(_figure(indicator, name, column) for name, column in parts)


_ASKED_OF_DOSSIERS = ", ".join(
    f"'{code}'" for code in (*_DOSSIERS.values(), *(f"on_time_rate_{base}" for base in _DOSSIER_RATES))
)

#: Own figures of reports, never totals: they may be added up over units.
_DOSSIER = (
    """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  u.parent_code AS parent, f.code AS form, m.scope,
  """
    + ",\n  ".join([*(_figure(code, name) for name, code in _DOSSIERS.items()), *map(_rate_of, _DOSSIER_RATES)])
    + f""",
  MIN(CASE WHEN m.qualifier = 'exact' THEN 1 ELSE 0 END) AS is_exact,
  s.id AS submission_id, s.version
FROM observation o
JOIN submission s ON s.id = o.submission_id
JOIN period p ON p.id = o.period_id AND p.id = s.period_id
JOIN unit u ON u.id = o.unit_id AND u.id = s.unit_id
JOIN form f ON f.id = s.form_id
JOIN indicator i ON i.id = o.indicator_id AND i.code IN ({_ASKED_OF_DOSSIERS})
JOIN breakdown b ON b.id = o.breakdown_id AND b.code = ''
JOIN manner m ON m.id = o.manner_id
WHERE o.recorded_to IS NULL
GROUP BY p.code, u.id, u.code, u.name, u.kind, u.level, u.parent_code, f.code, m.scope, s.id, s.version
"""
)

#: ``mart_year_on_year`` with the words of its units and indicators, for whoever has no registry beside it.
YEAR_ON_YEAR_IN_WORDS = """\
SELECT y.*, u.name AS unit_name, i.label_vi, i.label_en, i.measure_vi, i.measure_en
FROM mart_year_on_year y
JOIN period p ON p.code = y.period
JOIN indicator i ON i.code = y.indicator
LEFT JOIN unit u ON u.id = (
  SELECT x.id FROM unit x WHERE x.code = y.unit AND x.valid_from <= p.last_day ORDER BY x.valid_from DESC LIMIT 1)
"""

#: Name → query of every view, with the words for which the databases differ left out.
TEMPLATES = {
    "mart_observation": MART_OBSERVATION,
    "mart_reporting": MART_REPORTING,
    "mart_reporting_rate": _RATE,
    "mart_total": MART_TOTAL,
    "mart_finding": _FINDING,
    **_LISTS,
    "mart_dossier": _DOSSIER,
}


def _filled(query: str, dialect: str) -> str:
    for word, said in _WORDS[dialect].items():
        query = query.replace(word, said)
    return query


def views(dialect: str) -> dict[str, str]:
    """Name → query of every view, as ``sqlite`` or ``postgresql`` understands it."""
    return {name: _filled(query, dialect) for name, query in TEMPLATES.items()}


#: Marts that hold no past: asked as of a moment they would answer with the present.
PRESENT_ONLY = ("mart_roll_up", *(name for name in TEMPLATES if name != "mart_observation"))

#: What each view is, in both languages.
VIEW_WORDS = {
    "mart_observation": "Số liệu đang có hiệu lực, viết bằng lời | Figures in force, in words",
    "mart_reporting": "Đơn vị nào phải báo cáo kỳ nào, đã gửi chưa, kết quả ra sao"
    " | Which unit owes which period, whether it reported, and with what outcome",
    "mart_reporting_rate": "Tỷ lệ báo cáo của mỗi đơn vị cùng mọi đơn vị bên dưới; chỉ đếm báo cáo phải nộp"
    " | Reporting rates of each unit with everything below it; only reports that are owed are counted",
    "mart_total": "Số tổng hợp viết bằng lời, kèm độ bao phủ n/N; đơn vị không có cấp dưới xem mart_observation"
    " | Totals in words with their coverage n/N; for units with nothing below them see mart_observation",
    "mart_finding": "Điều phát hiện khi kiểm tra ở bản đang được tính của mỗi báo cáo, và ở tệp chưa rõ của ai"
    " | What checks found in the version of each report that counts, and in files that could not be placed",
    "mart_initiative": "Mô hình trong các báo cáo đang có hiệu lực | Models in reports in force",
    "mart_commendation": "Khen thưởng trong các báo cáo đang có hiệu lực | Commendations in reports in force",
    "mart_inspection": "Cuộc kiểm tra trong các báo cáo đang có hiệu lực | Inspections in reports in force",
    "mart_topic": "Chuyên đề trong các báo cáo đang có hiệu lực | Topics in reports in force",
    "mart_list_item": "Dòng của các danh sách khác trong các báo cáo đang có hiệu lực"
    " | Rows of the other lists in reports in force",
    "mart_narrative": "Lời văn của các báo cáo đang có hiệu lực | Paragraphs of reports in force",
    "mart_dossier": "Hồ sơ một cửa: mỗi báo cáo đang có hiệu lực một dòng, số của riêng đơn vị nên cộng được; tổng hợp"
    " kèm độ bao phủ ở mart_total | One-stop dossiers: a row a report in force, the units' own figures, which may be"
    " added up; totals with their coverage stand in mart_total",
}


def observation_as_of(moment: str, dialect: str) -> str:
    """``mart_observation`` as it was believed at a moment, given as SQL text of the moment."""
    believed = f"WHERE o.recorded_from <= {moment} AND (o.recorded_to IS NULL OR o.recorded_to > {moment})"
    parts = [f"{_FIGURES}FROM {table} o\n{_IN_WORDS}{believed}" for table in ("observation", "observation_past")]
    return _filled("\nUNION ALL\n".join(parts), dialect)
