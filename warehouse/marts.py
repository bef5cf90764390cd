"""The views analysts read: figures in words, and who reported. Their SQL is the same on both databases."""

from __future__ import annotations

from domain import totals

#: The superior of ``{unit}`` on the last day of the period, or the one its figures are added up under when it ended.
_SUPERIOR = """\
JOIN unit_superior y ON y.unit_id = {unit}.id
  AND y.first_day <= p.last_day AND (y.last_day IS NULL OR p.last_day <= y.last_day)
"""

#: The same where no row may be lost, whatever became of the register.
_SUPERIOR_OF_UNIT = f"LEFT {_SUPERIOR.format(unit='u')}"

_FIGURES = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, i.code AS indicator, i.label_vi, i.label_en, i.measure_vi,
  b.code AS breakdown,
  o.value, o.lower, o.upper, m.qualifier, o.numerator, o.denominator, m.status, m.basis, m.scope, m.derived,
  COALESCE(o.original_text, {digits}) AS value_text,
  o.original_text, o.note, c.sheet, c.cell, o.submission_id, s.version, o.recorded_from, o.recorded_to
"""

#: A figure's unit and period are its submission's: said so, a question about one unit goes by its submissions. What
#: only puts numbers into words is joined from the left, so that no plan begins with it; no number is without its words.
_IN_WORDS = f"""\
JOIN submission s ON s.id = o.submission_id
JOIN period p ON p.id = o.period_id AND p.id = s.period_id
JOIN unit u ON u.id = o.unit_id AND u.id = s.unit_id
LEFT JOIN form f ON f.id = s.form_id
LEFT JOIN indicator i ON i.id = o.indicator_id
LEFT JOIN breakdown b ON b.id = o.breakdown_id
LEFT JOIN manner m ON m.id = o.manner_id
LEFT JOIN place c ON c.id = o.place_id
{_SUPERIOR_OF_UNIT}"""

MART_OBSERVATION = f"{_FIGURES}FROM observation o\n{_IN_WORDS}WHERE o.recorded_to IS NULL"


def _scalar(select: str) -> str:
    """A subquery that is asked row by row. As ``EXISTS`` PostgreSQL might hash the whole table for one province."""
    return f"({select} LIMIT 1)"


#: What was sent of the report a row speaks of, by whatever its unit was when it sent it.
_SENT = """\
FROM unit_self v JOIN submission s ON s.unit_id = v.self_id AND s.period_id = p.id AND s.form_id = ob.form_id
      WHERE v.unit_id = r.id"""

_HAS_PASSED_LATER = _scalar("""\
SELECT 1 FROM unit_self x JOIN submission n ON n.unit_id = x.self_id AND n.period_id = p.id AND n.form_id = ob.form_id
        JOIN attempt t ON t.id = n.attempt_id
      WHERE x.unit_id = r.id AND n.id > s.id AND t.outcome IN ('accepted', 'accepted_with_warnings')""")

#: The version of a report that counts, by the rule of warehouse.reporting: the last that was neither withdrawn nor
#: superseded; what failed before a version that passed is over, also when that one was withdrawn since. Where only such
#: are left, the last of them. Submissions are numbered in the order of their versions.
_COUNTING = f"""\
COALESCE((SELECT MAX(s.id) {_SENT}
      AND s.state NOT IN ('superseded', 'withdrawn')
      AND (s.state NOT IN ('rejected', 'unreadable') OR {_HAS_PASSED_LATER} IS NULL)),
    (SELECT MAX(s.id) {_SENT}))"""

#: With ``_NEWEST`` one row a report that is owed, whatever obligations overlap; what nobody owes is in none. ``p`` is
#: the period, ``ob`` the obligation, ``r`` the unit, ``c`` the version that counts.
_OWED = f"""\
FROM period p
JOIN obligation ob ON ob.calendar = p.calendar AND ob.period_kind = p.kind
  AND ob.valid_from <= p.last_day AND (ob.valid_to IS NULL OR p.last_day <= ob.valid_to)
JOIN form f ON f.id = ob.form_id
JOIN unit r ON r.kind = ob.unit_kind
  AND r.valid_from <= p.last_day AND (r.valid_to IS NULL OR p.last_day <= r.valid_to)
LEFT JOIN submission c ON c.id = {_COUNTING}
"""

#: Of obligations that overlap the newest. Joined last: PostgreSQL chooses freely among the orders of eight tables and
#: no more, and those before are the ones a question begins with.
_NEWEST = """\
LEFT JOIN obligation nb ON nb.unit_kind = ob.unit_kind AND nb.form_id = ob.form_id AND nb.calendar = ob.calendar
  AND nb.period_kind = ob.period_kind AND nb.valid_from > ob.valid_from
  AND nb.valid_from <= p.last_day AND (nb.valid_to IS NULL OR p.last_day <= nb.valid_to)
WHERE nb.unit_kind IS NULL
"""

#: The day a report is due by the calendar, and with a permit, which goes with the unit that it was given to, whatever
#: the unit is called now.
_DUE_DAY = "(SELECT d.due FROM period_due d WHERE d.period_id = p.id AND d.level = r.level)"
_DUE = f"""\
COALESCE((SELECT MAX(l.until) FROM unit_self v JOIN lateness_permit l ON l.unit_id = v.self_id AND l.period_id = p.id
      WHERE v.unit_id = r.id), {_DUE_DAY})"""  # noqa: S608

_IN_FORCE = "{row}.state IN ('accepted', 'accepted_with_warnings')"

#: Nearly always the version that counts is the one in force; only of the others the question is asked.
_STANDS = f"""\
CASE WHEN c.id IS NULL THEN 0 WHEN {_IN_FORCE.format(row="c")} THEN 1
    WHEN {_scalar(f"SELECT 1 {_SENT} AND {_IN_FORCE.format(row='s')}")} = 1 THEN 1 ELSE 0 END"""

MART_REPORTING = f"""\
SELECT p.code AS period, r.code AS unit, r.name AS unit_name, r.kind AS unit_kind, r.level AS unit_level,
  y.parent_code AS parent, f.code AS form, {_DUE} AS due,
  c.id AS submission_id, c.version, COALESCE(c.state, 'missing') AS state, c.received_at, c.decided_at,
  {_STANDS} AS in_force
{_OWED}{_SUPERIOR.format(unit="r")}{_NEWEST}"""

#: Late is what first arrived after the due day. When the version that counts was in time by the calendar so was the
#: first, for a permit is a later day; nearly all are, and are asked nothing else.
_IS_LATE = f"""\
CASE WHEN c.id IS NULL OR {{arrived}} <= {_DUE_DAY} THEN 0
    WHEN {_scalar(f"SELECT {{first_arrived}} {_SENT}")} > {_DUE} THEN 1 ELSE 0 END"""

#: A report whose cells are all blank is no report: at least one figure must be stated, and a declared 0 is one. Nearly
#: every report has a figure that is not 0, and how many is known of each.
_STATES_A_FIGURE = """\
{row}.n_figures > 0 OR (SELECT 1 FROM observation o JOIN manner m ON m.id = o.manner_id
      WHERE o.period_id = {row}.period_id AND o.submission_id = {row}.id AND o.recorded_to IS NULL
        AND m.status <> 'missing' AND NOT m.derived LIMIT 1) = 1"""

_IS_COMPLETE = f"""\
CASE WHEN c.id IS NULL THEN 0
    WHEN {_IN_FORCE.format(row="c")} THEN CASE WHEN {_STATES_A_FIGURE.format(row="c")} THEN 1 ELSE 0 END
    WHEN {_scalar(f"SELECT 1 {_SENT} AND {_IN_FORCE.format(row='s')} AND ({_STATES_A_FIGURE.format(row='s')})")} = 1
    THEN 1 ELSE 0 END"""


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
  y.parent_code AS parent, f.code AS form,
  COUNT(*) AS expected,
  COUNT(c.id) AS received,
  SUM({_IS_LATE}) AS late,
  {_count("c.state IN ('accepted', 'accepted_with_warnings')")} AS accepted,
  {_count("c.state IN ('rejected', 'unreadable')")} AS rejected,
  {_count("c.state = 'received'")} AS waiting,
  {_count("c.state = 'withdrawn'")} AS withdrawn,
  SUM({_STANDS}) AS in_force,
  SUM({_IS_COMPLETE}) AS complete
{_OWED}JOIN unit_above w ON w.unit_id = r.id
  AND w.first_day <= p.last_day AND (w.last_day IS NULL OR p.last_day <= w.last_day)
JOIN unit u ON u.id = w.ancestor_id
{_SUPERIOR.format(unit="u")}{_NEWEST}GROUP BY p.code, u.id, u.code, u.name, u.kind, u.level, y.parent_code, f.code
) t
"""  # noqa: S608

#: What the two databases do not say alike. ``arrived``: the day a moment falls on where the offices are; there has been
#: no summer time there since 1975. ``digits``: a figure with the 15 digits that are certain, and no more. ``today``:
#: the day where the offices are.
_WORDS = {
    "sqlite": {
        "{arrived}": "date(c.received_at, '+7 hours')",
        "{first_arrived}": "date(MIN(s.received_at), '+7 hours')",
        "{digits}": "CASE WHEN o.value IS NOT NULL THEN printf('%.15g', o.value + 0.0) END",
        "{today}": "date('now', '+7 hours')",
    },
    "postgresql": {
        "{arrived}": "CAST(c.received_at AT TIME ZONE 'Asia/Ho_Chi_Minh' AS DATE)",
        "{first_arrived}": "CAST(MIN(s.received_at) AT TIME ZONE 'Asia/Ho_Chi_Minh' AS DATE)",
        "{digits}": "CAST(CAST(o.value AS NUMERIC) AS TEXT)",
        "{today}": "CAST(CURRENT_TIMESTAMP AT TIME ZONE 'Asia/Ho_Chi_Minh' AS DATE)",
    },
}


#: Why a total has no value: what stands in ``mart_roll_up.note``, in both languages.
def _note(language: int) -> str:
    cases = " ".join(f"WHEN '{code}' THEN '{words[language]}'" for code, words in totals.WORDS.items())
    return f"CASE m.note {cases} ELSE m.note END"


MART_TOTAL = f"""\
SELECT m.period, m.unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level, y.parent_code AS parent,
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
{_SUPERIOR_OF_UNIT}"""  # noqa: S608

#: Findings of the versions that count and of files that could not be placed, as warehouse.reporting.findings has them.
# Two questions in one: what is placed is found by its unit and period, which no index can do for "this or that column".
_FINDING = f"""\
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
{_SUPERIOR_OF_UNIT}WHERE s.state NOT IN ('superseded', 'withdrawn') AND NOT EXISTS (
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
{_SUPERIOR_OF_UNIT}WHERE (s.unit_id IS NULL OR s.period_id IS NULL OR s.form_id IS NULL)
  AND s.state NOT IN ('superseded', 'withdrawn')
"""  # noqa: S608

_LIST_OF = """\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, f.code AS form, {columns}, c.sheet, c.cell, t.submission_id, s.version
FROM {table} t
JOIN submission s ON s.id = t.submission_id AND s.state IN ('accepted', 'accepted_with_warnings')
JOIN period p ON p.id = s.period_id
JOIN unit u ON u.id = s.unit_id
JOIN form f ON f.id = s.form_id
LEFT JOIN place c ON c.id = t.place_id
{superior}"""


def _list_of(table: str, columns: str) -> str:
    return _LIST_OF.format(table=table, columns=columns, superior=_SUPERIOR_OF_UNIT)


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

#: What was said of a task and is believed, the last first: by the day it speaks of; of one day the unit that met gives
#: way to the owner and to an act, and what was written down later counts.
_LAST_SAID = """\
SELECT x.{what} FROM conclusion_progress x WHERE x.conclusion_id = c.id AND x.recorded_to IS NULL AND {which}
    ORDER BY x.said_of DESC, CASE x.speaker WHEN 'holder' THEN 0 ELSE 1 END DESC, x.recorded_from DESC, x.id DESC"""


def _last_said(what: str, which: str = "") -> str:
    return _scalar(_LAST_SAID.format(what=what, which=which or f"x.{what} IS NOT NULL"))


#: As warehouse.conclusions.standing has it: what an administrator closed stays closed until one opens it again.
_CONCLUSION = f"""\
SELECT t.conference, t.held_on, u.code AS unit, u.name AS unit_name, t.number, t.conclusion,
  w.code AS owner, w.name AS owner_name, t.due, t.indicator, i.label_vi, i.label_en, i.measure_vi,
  t.target AS target_value, t.direction, t.state,
  CASE WHEN t.due < {{today}} AND t.state NOT IN ('done', 'dropped') THEN 1 ELSE 0 END AS overdue,
  CASE WHEN t.owner_id IS NULL OR t.due IS NULL THEN 1 ELSE 0 END AS incomplete,
  t.progress, t.value, l.said_of, l.speaker, l.submission_id, a.sheet, a.cell
FROM (
SELECT c.id, c.conference, c.held_on, c.unit_id, c.number, c.text AS conclusion, c.indicator, c.target, c.direction,
  CASE WHEN {_last_said("state", "x.state IS NOT NULL AND x.speaker = 'act'")} IN ('done', 'dropped')
    THEN {_last_said("state", "x.state IS NOT NULL AND x.speaker = 'act'")}
    ELSE COALESCE({_last_said("state")}, 'open') END AS state,
  {_last_said("owner_id")} AS owner_id,
  {_last_said("due")} AS due,
  {_last_said("progress")} AS progress,
  {_last_said("value")} AS value,
  {_last_said("id")} AS last_id
FROM conclusion c
) t
JOIN unit u ON u.id = t.unit_id
LEFT JOIN unit w ON w.id = t.owner_id
LEFT JOIN indicator i ON i.code = t.indicator
LEFT JOIN conclusion_progress l ON l.id = t.last_id
LEFT JOIN place a ON a.id = l.place_id
"""  # noqa: S608

#: Grades that stand, each with what was proposed when it was decided.
_RATING = f"""\
SELECT p.code AS period, u.code AS unit, u.name AS unit_name, u.kind AS unit_kind, u.level AS unit_level,
  y.parent_code AS parent, d.rules, d.peer_group, d.grade, d.grade_vi, d.grade_en, d.proposed,
  CASE WHEN d.proposed = d.grade THEN 1 ELSE 0 END AS as_proposed, CASE WHEN d.over_cap THEN 1 ELSE 0 END AS over_cap,
  d.points, d.points_lower, d.points_upper, d.version, d.recorded_from AS decided_at,
  a.who AS decided_by, a.second_person, a.reason
FROM rating_decision d
JOIN period p ON p.id = d.period_id
JOIN unit u ON u.id = d.unit_id
{_SUPERIOR_OF_UNIT}JOIN action a ON a.id = d.action_id
WHERE d.recorded_to IS NULL
"""  # noqa: S608

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
  y.parent_code AS parent, f.code AS form, m.scope,
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
{_SUPERIOR_OF_UNIT}WHERE o.recorded_to IS NULL
GROUP BY p.code, u.id, u.code, u.name, u.kind, u.level, y.parent_code, f.code, m.scope, s.id, s.version
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
    "mart_rating": _RATING,
    "mart_conclusion": _CONCLUSION,
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
PRESENT_ONLY = ("mart_roll_up", "mart_year_on_year", *(name for name in TEMPLATES if name != "mart_observation"))

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
    "mart_rating": "Mức xếp loại đã quyết định, kèm điểm và mức chương trình đề xuất lúc ấy"
    " | Grades that were decided, with the points and the grade that were proposed at that moment",
    "mart_conclusion": "Kết luận hội nghị và việc thực hiện đến nay; chủ trì như đã giao, không theo sáp nhập"
    " | Conclusions of conferences and what became of them; owners as named, not followed through mergers",
    "mart_dossier": "Hồ sơ một cửa: mỗi báo cáo đang có hiệu lực một dòng, số của riêng đơn vị nên cộng được; tổng hợp"
    " kèm độ bao phủ ở mart_total | One-stop dossiers: a row a report in force, the units' own figures, which may be"
    " added up; totals with their coverage stand in mart_total",
}


def observation_as_of(moment: str, dialect: str) -> str:
    """``mart_observation`` as it was believed at a moment, given as SQL text of the moment."""
    believed = f"WHERE o.recorded_from <= {moment} AND (o.recorded_to IS NULL OR o.recorded_to > {moment})"
    parts = [f"{_FIGURES}FROM {table} o\n{_IN_WORDS}{believed}" for table in ("observation", "observation_past")]
    return _filled("\nUNION ALL\n".join(parts), dialect)
