"""A period's report in words: a headline, key figures, tables; Vietnamese with English beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from domain.act import Act
from domain.clock import ZONE
from domain.life import WORDS
from domain.numbers import vi_number, vi_percent

if TYPE_CHECKING:
    from tasks.period_report import PeriodReport

Words = tuple[str, str]

#: Rows of a list on the page; the JSON beside it has all.
ROWS_TOLD = 300

_LEVELS: Mapping[str, Words] = {
    "cell": ("chi bộ", "party cell"),
    "base": ("cơ sở", "base"),
    "commune": ("cấp xã", "commune"),
    "district": ("cấp huyện", "district"),
    "province": ("cấp tỉnh", "province"),
    "central": ("trung ương", "central"),
}
_STATES: Mapping[str, Words] = {
    "accepted": ("được nhận", "accepted"),
    "accepted_with_warnings": ("được nhận, có cảnh báo", "accepted with warnings"),
    "rejected": ("bị trả lại", "rejected"),
    "unreadable": ("không đọc được", "unreadable"),
    "withdrawn": ("đã rút", "withdrawn"),
    "waiting": ("đang chờ", "waiting"),
    "received": ("đang chờ", "waiting"),
}
_SEVERITIES: Mapping[str, Words] = {
    "critical": ("LỖI", "fault"),
    "warning": ("cảnh báo", "warning"),
    "info": ("lưu ý", "note"),
}
_ACTS: Mapping[tuple[str, str], Words] = {
    (Act.OPEN_PERIOD, "open"): ("mở kỳ", "opened"),
    (Act.CLOSE_PERIOD, "closing"): ("bắt đầu đóng kỳ", "began to close"),
    (Act.CLOSE_PERIOD, "open"): ("hoãn đóng kỳ", "put closing off"),
    (Act.CLOSE_PERIOD, "closed"): ("đóng kỳ", "closed"),
    (Act.REOPEN_PERIOD, "open"): ("mở lại kỳ", "reopened"),
}


def level_words() -> Mapping[str, Words]:
    return _LEVELS


@dataclass(frozen=True, slots=True)
class Card:
    """A key figure: the number as printed, out of how many, and what it counts; ``tone`` is ``good``, ``bad`` or
    empty."""

    figure: str
    share: str
    words: Words
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """``right``: columns of figures; ``bars``: for each row the share (0 to 1) a bar shows, where there is one."""

    title: Words
    heads: tuple[Words, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    bars: tuple[float, ...] = ()
    note: Words = ("", "")


@dataclass(frozen=True, slots=True)
class Told:
    """A report to be set: on a page, or in markdown."""

    title: Words
    period: str
    life: Words
    facts: tuple[tuple[Words, str], ...]
    cards: tuple[Card, ...]
    identities: tuple[Words, ...]
    tables: tuple[Table, ...]
    #: what whoever reads it must know first; empty when there is nothing of the kind
    warning: Words = ("", "")


def in_words(report: PeriodReport) -> Told:
    return Told(
        title=(f"Báo cáo kỳ · {report.label_vi}", f"Period report · {report.label_en}"),
        period=report.period,
        life=WORDS[report.life],
        facts=tuple(_facts(report)),
        cards=tuple(_cards(report.total)),
        identities=(*_identities(report.total), *_unplaced(report.unplaced)),
        tables=tuple(table for table in _tables(report) if table.rows),
        warning=changed_words(report) if report.is_changed else ("", ""),
    )


# ------------------------------------------------------------------------------------------------ figures


def day(value: date | None) -> str:
    return f"{value:%d/%m/%Y}" if value is not None else "–"


def moment(value: datetime | None) -> str:
    return f"{value.astimezone(ZONE):%d/%m/%Y %H:%M}" if value is not None else "–"


def out_of(part: int, whole: int) -> str:
    """``58/61 (95,08 %)``; a share of nothing has no percent."""
    share = f" ({vi_percent(100 * part / whole)})" if whole else ""
    return f"{vi_number(part)}/{vi_number(whole)}{share}"


def _facts(report: PeriodReport) -> Iterator[tuple[Words, str]]:
    yield ("Từ ngày – đến ngày", "window"), f"{day(report.first_day)} – {day(report.last_day)}"
    yield ("Chốt số liệu", "cut-off"), day(report.cutoff)
    levels = (f"{_LEVELS.get(level, (level, level))[0]} {day(due)}" for level, due in report.due.items())
    yield ("Hạn gửi", "due"), " · ".join(levels) or "–"
    yield ("Mở kỳ", "opened"), _by(report, Act.OPEN_PERIOD, "open", report.opened_at)
    yield ("Đóng kỳ", "closed"), _by(report, Act.CLOSE_PERIOD, "closed", report.closed_at)
    if report.reopened_at is not None:
        yield ("Mở lại lần gần nhất", "last reopened"), _by(report, Act.REOPEN_PERIOD, "open", report.reopened_at)
    yield ("Số liệu tính đến", "as of"), moment(report.as_of)


def _by(report: PeriodReport, act: Act, after: str, at: datetime | None) -> str:
    """The moment, with who did it and why."""
    if at is None:
        return "–"
    told = report.acts.filter((pl.col("what") == act.value) & (pl.col("after") == after))
    signed = f" · {told['who'][-1]} ({told['reason'][-1]})" if told.height else ""
    return moment(at) + signed


def _cards(total: Mapping[str, int]) -> Iterator[Card]:
    expected, received = total["expected"], total["received"]
    came = total["received_of_expected"]
    yield Card(vi_number(expected), "", ("phải gửi", "expected"))
    yield Card(vi_number(came), out_of(came, expected), ("đã gửi, trong số phải gửi", "received of those"), "good")
    yield Card(
        vi_number(total["missing"]), out_of(total["missing"], expected), ("chưa gửi", "missing"), _bad(total["missing"])
    )
    on_time = total["on_time"]
    yield Card(vi_number(on_time), out_of(on_time, received), ("đúng hạn, trong số đã gửi", "on time, of received"))
    yield Card(vi_number(total["late"]), out_of(total["late"], received), ("muộn", "late"), _bad(total["late"]))
    stands = total["in_force"]
    yield Card(vi_number(stands), out_of(stands, received), ("có số liệu được tính", "in force"), "good")


def _bad(count: int) -> str:
    return "bad" if count else ""


def _identities(total: Mapping[str, int]) -> Iterator[Words]:
    """The arithmetic, so that whoever reads it can do it again."""
    number = {name: vi_number(count) for name, count in total.items()}
    yield (
        f"Phải gửi {number['expected']} = đã gửi {number['received_of_expected']} + chưa gửi {number['missing']}",
        "expected = received of them + missing",
    )
    permitted = f" (trong đó {number['permitted_late']} được phép muộn)" if total["permitted_late"] else ""
    yield (
        f"Đã gửi {number['received']} = đúng hạn {number['on_time']}{permitted} + muộn {number['late']}",
        "received = on time (those permitted to be late among them) + late",
    )
    if total["unexpected"]:
        yield (
            f"Đã gửi {number['received']} = trong số phải gửi {number['received_of_expected']}"
            f" + không phải gửi mà gửi {number['unexpected']}",
            "received = of those expected + sent without being asked",
        )
    parts = [f"{_STATES[name][0]} {number[name]}" for name in _STATES if name != "received" and total[name]]
    if parts:
        yield f"Đã gửi {number['received']} = " + " + ".join(parts), "received = by what became of the latest version"


def _unplaced(counts: Mapping[str, int]) -> Iterator[Words]:
    told = [f"{vi_number(count)} {_STATES[state][0]}" for state, count in counts.items() if count]
    if told:
        yield (
            f"Ngoài ra {' và '.join(told)}: tệp không rõ đơn vị, kỳ hoặc biểu, không tính ở trên",
            "besides, files that name no known unit, period or form, not counted above",
        )


_FIGURES: Mapping[str, Words] = {
    "expected": ("phải gửi", "expected"),
    "received": ("đã gửi", "received"),
    "received_of_expected": ("đã gửi trong số phải gửi", "received of those expected"),
    "unexpected": ("không phải gửi mà gửi", "sent without being asked"),
    "missing": ("chưa gửi", "missing"),
    "on_time": ("đúng hạn", "on time"),
    "permitted_late": ("được phép muộn", "permitted late"),
    "late": ("muộn", "late"),
    **_STATES,
    "in_force": ("được tính", "in force"),
    "permitted": ("có giấy phép muộn", "holding a permit"),
    "unplaced_rejected": ("bị trả lại, không rõ đơn vị hoặc biểu", "rejected, of no known unit or form"),
    "unplaced_unreadable": ("không đọc được, không rõ đơn vị hoặc biểu", "unreadable, of no known unit or form"),
}


def changed_words(report: PeriodReport) -> Words:
    """How a report made again differs from that of the closing: "phải gửi 61 → 60"."""
    told = [
        (
            f"{_FIGURES[name][0]} {vi_number(figure['then'])} → {vi_number(figure['now'])}",
            f"{_FIGURES[name][1]} {figure['then']:,} → {figure['now']:,}",
        )
        for name, figure in report.since_closed.items()
    ] or [("các con số như cũ, danh sách đơn vị thì khác", "the same figures, of other units")]
    why = (
        "danh mục đơn vị hoặc bộ định nghĩa đã được sửa lùi về kỳ này",
        "the register of units or the definitions were changed back into the period",
    )
    vi, en = (", ".join(words) for words in zip(*told, strict=True))
    return (
        f"KHÁC báo cáo lập lúc đóng kỳ: {vi} ({why[0]})",
        f"NOT as the report made at the closing: {en} ({why[1]})",
    )


# ------------------------------------------------------------------------------------------------ tables

_COUNTS: tuple[tuple[str, str, Words], ...] = (
    ("received_of_expected", "expected", ("đã gửi / phải gửi", "received / expected")),
    ("missing", "expected", ("chưa gửi", "missing")),
    ("on_time", "received", ("đúng hạn / đã gửi", "on time / received")),
    ("permitted_late", "", ("được phép muộn", "permitted late")),
    ("late", "received", ("muộn", "late")),
    ("rejected", "", ("bị trả lại", "rejected")),
    ("unreadable", "", ("không đọc được", "unreadable")),
    ("withdrawn", "", ("đã rút", "withdrawn")),
    ("in_force", "received", ("được tính", "in force")),
)
_SHORT = frozenset({"missing", "late"})

_TITLES: Mapping[str, tuple[Words, Words]] = {
    "form": (("Theo biểu mẫu", "By form"), ("Biểu mẫu", "form")),
    "branch": (("Theo đơn vị cấp dưới trực tiếp (gồm mọi đơn vị bên dưới)", "By subtree"), ("Đơn vị", "unit")),
    "level": (("Theo cấp", "By level"), ("Cấp", "level")),
    "kind": (("Theo loại đơn vị", "By kind of unit"), ("Loại", "kind")),
}


def _tables(report: PeriodReport) -> Iterator[Table]:
    for name, (title, head) in _TITLES.items():
        yield _breakdown(report, name, title, head)
    yield _list(
        report.missing,
        ("Đơn vị chưa gửi", "Missing"),
        [
            ("unit", ("Mã", "code")),
            ("name", ("Đơn vị", "unit")),
            ("form", ("Biểu", "form")),
            ("due", ("Hạn", "due")),
            ("days", ("Quá hạn (ngày)", "days overdue")),
            ("is_permitted", ("Được phép muộn", "permitted")),
        ],
    )
    yield _list(
        report.late,
        ("Đơn vị gửi muộn", "Late"),
        [
            ("unit", ("Mã", "code")),
            ("name", ("Đơn vị", "unit")),
            ("form", ("Biểu", "form")),
            ("due", ("Hạn", "due")),
            ("received_on", ("Ngày gửi", "received")),
            ("days", ("Muộn (ngày)", "days late")),
            ("state", ("Kết quả", "state")),
        ],
    )
    yield _list(
        report.permits,
        ("Được phép gửi muộn", "Permitted to be late"),
        [
            ("unit", ("Mã", "code")),
            ("name", ("Đơn vị", "unit")),
            ("until", ("Đến hết ngày", "until")),
            ("who", ("Ai cho phép", "who")),
            ("reason", ("Lý do", "reason")),
        ],
    )
    yield _list(
        report.waivers,
        ("Đã miễn và cho qua", "Waivers and overrides"),
        [
            ("unit", ("Mã", "code")),
            ("unit_name", ("Đơn vị", "unit")),
            ("rule", ("Quy tắc", "rule")),
            ("field", ("Chỗ", "place")),
            ("is_override", ("Cho qua LỖI", "override")),
            ("in_use", ("Đang dùng", "in use")),
            ("who", ("Ai", "who")),
            ("second_person", ("Người thứ hai", "second person")),
            ("reason", ("Lý do", "reason")),
        ],
    )
    yield _findings(report)
    yield _acts(report)
    yield _list(
        report.runs,
        ("Lượt chạy đã xử lý báo cáo của kỳ", "Runs"),
        [
            ("run", ("Lượt chạy", "run")),
            ("kind", ("Luồng", "flow")),
            ("started_at", ("Bắt đầu", "started")),
            ("reports", ("Báo cáo", "reports")),
        ],
    )


def _breakdown(report: PeriodReport, name: str, title: Words, head: Words) -> Table:
    used = [item for item in _COUNTS if item[1] or report.total[item[0]]]
    frame = report.groups[name]
    rows = tuple(
        (
            f"{row['code']} · {row['vi']}" if row["code"] and row["code"] != row["vi"] else row["vi"],
            *(_count(row, part, whole) for part, whole, _ in used),
        )
        for row in frame.iter_rows(named=True)
    )
    bars = tuple(
        row["received_of_expected"] / row["expected"] if row["expected"] else 0.0 for row in frame.iter_rows(named=True)
    )
    return Table(title, (head, *(words for _, _, words in used)), rows, frozenset(range(1, len(used) + 1)), bars)


def _count(row: Mapping[str, Any], part: str, whole: str) -> str:
    if not whole or part in _SHORT:
        return vi_number(row[part])
    return out_of(row[part], row[whole])


def _list(frame: pl.DataFrame, title: Words, columns: Sequence[tuple[str, Words]]) -> Table:
    names = [name for name, _ in columns]
    rows = tuple(
        tuple(_cell(name, value) for name, value in zip(names, row, strict=True))
        for row in frame.head(ROWS_TOLD).select(names).iter_rows()
    )
    right = frozenset(place for place, name in enumerate(names) if frame.schema[name].is_numeric())
    left = frame.height - len(rows)
    note = (f"… và {vi_number(left)} dòng nữa trong tệp JSON", f"… and {left:,} more in the JSON") if left else ("", "")
    heading = (f"{title[0]} ({vi_number(frame.height)})", f"{title[1]} ({frame.height:,})")
    return Table(heading, tuple(words for _, words in columns), rows, right, (), note)


def _cell(name: str, value: Any) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "có" if value else "–"
        case datetime():
            return moment(value)
        case date():
            return day(value)
        case int() | float():
            return ("còn " + vi_number(-value)) if name == "days" and value < 0 else vi_number(value)
        case _:
            return _STATES[value][0] if name == "state" and value in _STATES else str(value)


def _findings(report: PeriodReport) -> Table:
    heads = (
        ("Mức", "severity"),
        ("Quy tắc", "rule"),
        ("Nội dung", "title"),
        ("Phát hiện", "findings"),
        ("đã giải quyết", "settled"),
        ("Báo cáo", "reports"),
    )
    rows = tuple(
        (
            _SEVERITIES[row["severity"]][0],
            row["rule"],
            row["title_vi"] or "–",
            vi_number(row["findings"]),
            out_of(row["settled"], row["findings"]) if row["settled"] else "–",
            vi_number(row["reports"]),
        )
        for row in report.findings.head(ROWS_TOLD).iter_rows(named=True)
    )
    settled = report.settled
    note = (
        f"Trong các bản đang tính: {vi_number(settled['explained'])} phát hiện đơn vị đã giải thích,"
        f" {vi_number(settled['waived'])} được miễn, {vi_number(settled['overridden'])} LỖI được cho qua.",
        f"In the versions that count: {settled['explained']:,} explained, {settled['waived']:,} waived,"
        f" {settled['overridden']:,} overridden.",
    )
    return Table(("Phát hiện theo quy tắc", "Findings by rule"), heads, rows, frozenset({3, 4, 5}), (), note)


def _acts(report: PeriodReport) -> Table:
    heads = (("Lúc", "when"), ("Việc", "what"), ("Ai", "who"), ("Lý do", "reason"))
    rows = tuple(
        (
            moment(row["at"]),
            " · ".join(_ACTS.get((row["what"], row["after"]), (row["what"], row["what"]))),
            row["who"],
            row["reason"],
        )
        for row in report.acts.iter_rows(named=True)
    )
    return Table(("Kỳ đã được mở, đóng", "The life of the period"), heads, rows)
