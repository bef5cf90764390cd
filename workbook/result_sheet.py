"""The sheet put in front of an annotated workbook: whose report, what became of it, what to do, every finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.cell import Cell
from domain.finding import SettledBy
from domain.numbers import vi_number
from domain.submission import FAILED, SubmissionState
from workbook.marker import RESULT_TITLE
from workbook.mirror import quoted
from workbook.opc import MAIN
from workbook.styles import Styles
from workbook.texts import escaped, shortened

#: So many findings are listed; the rest is counted.
MOST_LISTED = 1_000
#: Cells of one finding that get a row of their own.
_MOST_CELLS = 12
#: Points of a line in each size of letters, and of the tallest row there is.
_LINE, _SMALL_LINE, _TALLEST = 14.5, 12.0, 409.0
#: A cell of a workbook takes 32,767 characters; both languages stand in one.
_LONGEST = 8_000
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class Tone(StrEnum):
    """What a finding asks of the unit, gravest first."""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"
    SETTLED = "settled"


#: The fill of a marked cell.
FILLS = {Tone.FAULT: "FFFFC7CE", Tone.WARNING: "FFFFEB9C", Tone.NOTE: "FFDDEBF7", Tone.SETTLED: "FFDDEBF7"}
_INK = {Tone.FAULT: "FF9C0006", Tone.WARNING: "FF8A4B00", Tone.NOTE: "FF1F3864", Tone.SETTLED: "FF1F3864"}
_SECTIONS = {
    Tone.FAULT: ("Lỗi phải sửa", "Errors to correct"),
    Tone.WARNING: ("Cảnh báo cần giải thích", "Warnings to explain"),
    Tone.NOTE: ("Lưu ý", "Notes"),
    Tone.SETTLED: ("Đã giải thích / được miễn", "Explained or waived"),
}
_HEADS = (
    ("STT", "No."),
    ("Quy tắc", "Rule"),
    ("Ô", "Cell"),
    ("Sai ở đâu, cần làm gì", "What is wrong, what to do"),
    ("Cần là", "Expected"),
    ("Phép tính", "Arithmetic"),
)
_EXPLAINED_HEAD = ("Giải thích, lý do", "Explanation, reason")
_WIDTHS = (6, 11, 21, 66, 30, 32)
_SETTLED: dict[str, tuple[str, str]] = {
    SettledBy.NOTE: ("Đơn vị đã giải thích", "Explained by the unit"),
    SettledBy.WAIVER: ("Được miễn", "Waived"),
    SettledBy.OVERRIDE: ("Lỗi được cho qua", "Let pass by an administrator"),
}
_RESULTS: dict[str, tuple[Tone, str, str]] = {
    SubmissionState.UNREADABLE: (Tone.FAULT, "KHÔNG ĐỌC ĐƯỢC", "Unreadable"),
    SubmissionState.REJECTED: (Tone.FAULT, "TRẢ LẠI ĐỂ SỬA", "Returned for correction"),
    SubmissionState.ACCEPTED_WITH_WARNINGS: (Tone.WARNING, "ĐÃ NHẬN, CÓ CẢNH BÁO", "Accepted with warnings"),
    SubmissionState.ACCEPTED: (Tone.NOTE, "ĐÃ NHẬN", "Accepted"),
    SubmissionState.RECEIVED: (Tone.NOTE, "CHƯA KIỂM TRA", "Not checked yet"),
    SubmissionState.SUPERSEDED: (Tone.NOTE, "ĐÃ CÓ BẢN MỚI HƠN", "Superseded by a newer version"),
    SubmissionState.WITHDRAWN: (Tone.NOTE, "ĐÃ RÚT", "Withdrawn"),
}
_MEND = (
    (
        "Sửa các ô nền đỏ. Chỉ chuột vào ô để đọc ghi chú; bấm vào địa chỉ ô trong bảng dưới đây để đến đúng ô.",
        "Correct the red cells. Hover over a cell to read its comment; click an address below to go to the cell.",
    ),
    (
        "Ô nền cam: nếu số liệu đúng, giải thích ở cột “Ghi chú, giải trình” cùng dòng; nếu sai thì sửa.",
        "Orange cells: when the figure is right, explain it in the note column of its row; otherwise correct it.",
    ),
    (
        "Giữ nguyên cấu trúc tệp: không chèn, xóa, đổi tên trang tính, hàng, cột.",
        "Keep the file as it is built: do not insert, delete or rename sheets, rows or columns.",
    ),
    (
        "Lưu và gửi lại chính tệp này. Không cần xóa màu, ghi chú hay trang này: khi nhận, máy bỏ qua chúng.",
        "Save and send this same file again. Colours, comments and this sheet may stay: they are ignored.",
    ),
)
#: Where nothing could be marked.
_MEND_OWN = (
    (
        "Sửa trong tệp gốc của đơn vị theo bảng dưới đây, rồi gửi lại tệp đó.",
        "Correct your own file by the list below, and send it again.",
    ),
)
_IN_FORCE = (
    "Số liệu đã được nhận; việc sửa hoặc giải thích dưới đây làm cho báo cáo đầy đủ hơn.",
    "The figures are in force; what is asked below makes the report complete.",
)
_BAD_FILE = (
    (
        "Tệp đã gửi không mở được để đọc; lý do ghi ở bảng dưới đây.",
        "The file could not be opened for reading; the reason stands below.",
    ),
    (
        "Mở tệp gốc, lưu lại thành .xlsx (không mật khẩu, không macro), hoặc nhập vào biểu mẫu mới; rồi gửi lại.",
        "Open your own file, save it as .xlsx without password or macros, or fill in a new template; send it again.",
    ),
)
COPIED = {
    "template": (
        "Tệp đã gửi không phải .xlsx. Đây là biểu mẫu .xlsx đã điền số liệu đọc được; có thể sửa và gửi lại tệp này.",
        "The file sent is no .xlsx. This is the .xlsx form filled with what was read; it may be corrected and sent.",
    ),
    "plain": (
        "Tệp đã gửi không giữ được nguyên dạng. Đây là bản chép giá trị mọi trang tính của tệp đó.",
        "The file sent could not be kept as it looks. This is a copy of the values of all its sheets.",
    ),
    "alone": (
        "Không đánh dấu được trong tệp đã gửi; bản này chỉ có kết quả kiểm tra, không có số liệu.",
        "The file sent could not be marked; this copy holds the results of the check alone, no figures.",
    ),
    "lost": (
        "Không mở được tệp đã lưu; bản này chỉ có kết quả kiểm tra, không có số liệu.",
        "The stored file could not be opened; this copy holds the results of the check alone, no figures.",
    ),
}
#: Results without a workbook.
ALONE = ("alone", "lost")


@dataclass(frozen=True, slots=True)
class Item:
    """A finding as it is shown. ``places`` are cells of the workbook; ``where`` is said when there is none."""

    number: int
    tone: Tone
    rule: str
    places: tuple[Cell, ...]
    where: str
    vi: str
    en: str
    expected: str
    arithmetic: str
    settled_by: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Head:
    """What is said about the report on the first sheet. ``bound_unit`` is empty when the identity was in doubt."""

    submission: int
    state: str
    file_name: str
    unit: str
    unit_name: str
    period: str
    period_label: str
    form: str
    form_version: str
    version: int | None
    received_at: datetime
    decided_at: datetime | None
    run: str
    bound_unit: str


@dataclass
class _Grid:
    """Rows of XML, and what hangs on cells."""

    rows: list[bytes] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    links: list[tuple[str, Cell]] = field(default_factory=list)

    @property
    def next(self) -> int:
        """The number of the row to come, from 1 on."""
        return len(self.rows) + 1

    def add(self, cells: Mapping[int, tuple[bytes, int]], height: float | None = None) -> None:
        tall = b' ht="%g" customHeight="1"' % height if height else b""
        content = b"".join(_cell(self.next, column, body, style) for column, (body, style) in sorted(cells.items()))
        self.rows.append(b'<row r="%d"%s>%s</row>' % (self.next, tall, content))


def result_sheet(
    head: Head,
    items: Sequence[Item],
    styles: Styles,
    shown: Callable[[str], str],
    copied: str,
    uncommented: Sequence[str] = (),
) -> bytes:
    """The XML of the sheet. ``shown`` gives the name of a visible sheet of the workbook, or nothing.

    ``copied`` names how the workbook was made when it is not the file that was sent, ``uncommented`` the sheets whose
    marked cells have no comments. Takes any text and any code, even those that nobody knows.
    """
    notes = [*([COPIED[copied]] if copied else []), *map(_without_comments, uncommented)]
    return _Drawing(head, items, _Looks(styles), shown, notes, has_marks=copied not in ALONE).xml()


class _Looks:
    """Cell formats of the sheet by name."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._known: dict[tuple[object, ...], int] = {}

    def of(self, size: float = 11, ink: str = "FF1F2933", *, bold: bool = False, underline: bool = False,
           fill: str = "", box: bool = False, across: str = "left", wrap: bool = False) -> int:  # fmt: skip
        key = (size, ink, bold, underline, fill, box, across, wrap)
        if key not in self._known:
            self._known[key] = self._make(*key)
        return self._known[key]

    def _make(self, size: object, ink: object, bold: object, underline: object, fill: object, box: object,
              across: object, wrap: object) -> int:  # fmt: skip
        add = self._styles.add
        marks = ("<b/>" if bold else "") + ("<u/>" if underline else "")
        font = add("fonts", f'<font>{marks}<sz val="{size}"/><color rgb="{ink}"/><name val="Times New Roman"/></font>')
        side = ' style="thin"><color rgb="FFB8C2CC"/></'
        sides = "".join(f"<{name}{side}{name}>" for name in ("left", "right", "top", "bottom"))
        border = add("borders", f"<border>{sides}<diagonal/></border>") if box else 0
        filled = self._styles.solid(str(fill)) if fill else 0
        down = "top" if wrap else "center"
        return add(
            "cellXfs",
            f'<xf numFmtId="49" fontId="{font}" fillId="{filled}" borderId="{border}" xfId="0" applyNumberFormat="1" '
            'applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">'
            f'<alignment horizontal="{across}" vertical="{down}" wrapText="{int(bool(wrap))}"/></xf>',
        )


class _Drawing:
    def __init__(
        self, head: Head, items: Sequence[Item], looks: _Looks, shown: Callable[[str], str],
        notes: Sequence[tuple[str, str]], *, has_marks: bool,
    ) -> None:  # fmt: skip
        self.head, self.items, self.looks, self.shown = head, items, looks, shown
        self.notes, self.has_marks = notes, has_marks
        self.grid = _Grid()

    def xml(self) -> bytes:
        self._title()
        self._facts()
        self._steps()
        for tone in Tone:
            self._table(tone, [item for item in self.items[:MOST_LISTED] if item.tone is tone])
        self._rest()
        return self._sheet()

    # -------------------------------------------------------------------------------------------- head

    def _title(self) -> None:
        self.grid.add({0: (_plain(RESULT_TITLE), self.looks.of(15, "FF1F3864", bold=True))}, 26)
        tone, vi, en = _RESULTS.get(self.head.state, (Tone.NOTE, _cut(self.head.state), ""))
        counts = [sum(item.tone is wanted for item in self.items) for wanted in (Tone.FAULT, Tone.WARNING)]
        faults, warnings = (vi_number(count) for count in counts)
        words = f"{vi} — {faults} lỗi phải sửa, {warnings} cảnh báo cần giải thích"
        english = f"  ·  {en}: {_counted(counts[0], 'error')}, {_counted(counts[1], 'warning')}"
        ink = _INK[tone] if tone is not Tone.NOTE or self.head.state != SubmissionState.ACCEPTED else "FF1B6E3C"
        self.grid.add({0: (_two(words, english, 13), self.looks.of(13, ink, bold=True))}, 24)

    def _facts(self) -> None:
        head = self.head
        version = f" · bản thứ {head.version} (version {head.version})" if head.version else ""
        form = " ".join(filter(None, (head.form, head.form_version)))
        facts = (
            ("Đơn vị", "Unit", " · ".join(filter(None, (head.unit_name, head.unit)))),
            ("Kỳ báo cáo", "Period", " · ".join(filter(None, (head.period_label, head.period)))),
            ("Biểu mẫu", "Form", form),
            ("Tệp đã gửi", "File", head.file_name),
            ("Nhận lúc", "Received", _moment(head.received_at)),
            ("Kiểm tra lúc", "Checked", _moment(head.decided_at) if head.decided_at else ""),
            ("Số báo cáo", "Submission", f"{head.submission}{version}"),
        )
        self.grid.add({}, 6)
        for vi, en, value in facts:
            if value:
                label = (_two(vi, f"  {en}", 9), self.looks.of(11, "FF4A5560"))
                shown = shortened(value.replace("\n", " "), 200)
                self.grid.add({0: label, 3: (_plain(shown), self.looks.of(11, bold=True))}, 17)

    def _steps(self) -> None:
        steps = [*_BAD_FILE] if self.head.state == SubmissionState.UNREADABLE else self._mending()
        steps += self.notes
        if not steps:
            return
        self.grid.add({}, 6)
        self._band("Việc cần làm", "What to do", "FFDCE6F2", "FF1F3864")
        for number, (vi, en) in enumerate(steps, 1):
            row = self.grid.next
            self.grid.merged.append(f"A{row}:F{row}")
            self.grid.add({0: (_two(f"{number}. {vi}", f"\n{en}", 9), self.looks.of(wrap=True))}, 31)

    def _mending(self) -> list[tuple[str, str]]:
        asking = [item for item in self.items if item.tone in (Tone.FAULT, Tone.WARNING)]
        if not asking:
            return []
        return [*(() if self.head.state in FAILED else (_IN_FORCE,)), *(_MEND if self.has_marks else _MEND_OWN)]

    def _band(self, vi: str, en: str, fill: str, ink: str) -> None:
        style = self.looks.of(12, ink, bold=True, fill=fill)
        body = (_two(vi, f"  ·  {en}", 10), style)
        self.grid.add({0: body, **dict.fromkeys(range(1, len(_WIDTHS)), (b"", style))}, 20)

    # -------------------------------------------------------------------------------------------- tables

    def _table(self, tone: Tone, items: Sequence[Item]) -> None:
        if not items:
            return
        vi, en = _SECTIONS[tone]
        self.grid.add({}, 8)
        self._band(f"{vi} ({vi_number(len(items))})", en, FILLS[tone], _INK[tone])
        heads = [*_HEADS[:4], _EXPLAINED_HEAD, _HEADS[5]] if tone is Tone.SETTLED else [*_HEADS]
        style = self.looks.of(11, "FFFFFFFF", bold=True, fill="FF1F3864", box=True, across="center", wrap=True)
        self.grid.add({n: (_two(vi, f"\n{en}", 9, "FFDCE6F2"), style) for n, (vi, en) in enumerate(heads)}, 31)
        for item in items:
            self._item(item)

    def _item(self, item: Item) -> None:
        words, narrow = self.looks.of(box=True, wrap=True), self.looks.of(box=True, wrap=True, across="center")
        fill = self.looks.of(box=True, wrap=True, across="center", fill=FILLS[item.tone])
        asked = _explanation(item) if item.tone is Tone.SETTLED else _plain(_cut(item.expected))
        places = item.places[:_MOST_CELLS]
        first = {
            0: (_plain(str(item.number)), fill),
            1: (_plain(_cut(item.rule)), narrow),
            2: self._place(places[0]) if places else (_plain(_cut(item.where)), words),
            3: (_two(_cut(item.vi), f"\n{_cut(item.en)}" if item.en else "", 9), words),
            4: (asked, words),
            5: (_plain(_cut(item.arithmetic)), words),
        }
        self.grid.add(first, _height(item, asked=item.explanation if item.tone is Tone.SETTLED else item.expected))
        blank = {**dict.fromkeys(first, (b"", words)), 0: (b"", fill)}
        for place in places[1:]:
            self.grid.add({**blank, 2: self._place(place)})
        if len(item.places) > len(places):
            more = len(item.places) - len(places)
            said = _two(f"… và {vi_number(more)} ô nữa", f"\nand {_counted(more, 'more cell')}", 9)
            self.grid.add({**blank, 2: (said, words)}, 31)

    def _place(self, cell: Cell) -> tuple[bytes, int]:
        """The address, and a link to the cell when its sheet is there to be seen."""
        name = self.shown(cell.sheet)
        text = f"{cell.sheet}!{cell.address}" if cell.sheet else cell.address
        if not name:
            return _plain(_cut(text)), self.looks.of(box=True, wrap=True)
        self.grid.links.append((f"C{self.grid.next}", Cell(name, cell.row, cell.column)))
        return _plain(_cut(text)), self.looks.of(11, "FF1F4E9E", underline=True, box=True, wrap=True)

    def _rest(self) -> None:
        more = len(self.items) - MOST_LISTED
        if more > 0:
            vi = f"Còn {vi_number(more)} điều nữa không liệt kê ở đây; ô của chúng vẫn được tô màu."
            en = f"  ·  {more:,} more findings are not listed here; their cells are coloured all the same."
            self.grid.add({0: (_two(vi, en, 10), self.looks.of(11, _INK[Tone.FAULT], bold=True))}, 20)

    # -------------------------------------------------------------------------------------------- XML

    def _sheet(self) -> bytes:
        columns = "".join(
            f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(_WIDTHS, 1)
        )
        merged = "".join(f'<mergeCell ref="{area}"/>' for area in self.grid.merged)
        links = b"".join(_link(place, cell) for place, cell in self.grid.links)
        return b"".join(
            (
                b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n',
                f'<worksheet xmlns="{MAIN}"><sheetPr><tabColor rgb="FFC00000"/><pageSetUpPr fitToPage="1"/></sheetPr>'
                '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0">'
                '<pane ySplit="2" topLeftCell="A3" activePane="bottomLeft" state="frozen"/>'
                '<selection pane="bottomLeft" activeCell="A3" sqref="A3"/></sheetView></sheetViews>'
                f'<sheetFormatPr defaultRowHeight="15"/><cols>{columns}</cols><sheetData>'.encode(),
                *self.grid.rows,
                b'</sheetData><sheetProtection sheet="1" formatColumns="0" formatRows="0"/>',
                f'<mergeCells count="{len(self.grid.merged)}">{merged}</mergeCells>'.encode() if merged else b"",
                b"<hyperlinks>%s</hyperlinks>" % links if links else b"",
                b'<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.6" header="0.3" footer="0.3"/>'
                b'<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
                b"<headerFooter><oddFooter>&amp;R&amp;9&amp;P/&amp;N</oddFooter></headerFooter></worksheet>",
            )
        )


def _height(item: Item, asked: str) -> float:
    """Points for the row of a finding: not every program fits rows to their words by itself."""
    _, _, place, words, expected, arithmetic = _WIDTHS
    where = str(item.places[0].sheet) + "!A1000" if item.places else item.where
    narrow = [_lines(where, place), _lines(asked, expected) + 1, _lines(item.arithmetic, arithmetic)]
    wide = _lines(item.vi, words) * _LINE + _lines(item.en, words * 1.5) * _SMALL_LINE
    return min(max(wide, max(narrow) * _LINE) + 4, _TALLEST)


def _lines(text: str, width: float) -> int:
    """Lines of a text in a column; words that do not fit whole leave some of each line empty."""
    return sum(1 + int(len(line) / (width * 1.1)) for line in _cut(text).split("\n")) if text else 0


def _counted(number: int, name: str) -> str:
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"


def _explanation(item: Item) -> bytes:
    vi, en = _SETTLED.get(item.settled_by, (_cut(item.settled_by), ""))
    return _two(f"{vi}: {_cut(item.explanation)}" if item.explanation else vi, f"\n{en}", 9)


def _without_comments(sheet: str) -> tuple[str, str]:
    name = shortened(sheet, 100)
    return (
        f"Trang “{name}” đã có quá nhiều ghi chú: các ô có lỗi chỉ được tô màu, không thêm ghi chú.",
        f"Sheet “{name}” has too many comments already: its cells are coloured without comments of ours.",
    )


def _cut(text: str) -> str:
    return shortened(text, _LONGEST)


def _moment(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return f"{aware.astimezone(_ZONE):%d/%m/%Y %H:%M}"
    except OverflowError:
        # the last hours there are
        return aware.isoformat()


def _plain(text: str) -> bytes:
    return b'<t xml:space="preserve">%s</t>' % escaped(text) if text else b""


def _two(vi: str, en: str, size: int, ink: str = "FF6B7785") -> bytes:
    """Vietnamese in the format of the cell, English behind it, smaller and grey."""
    run = f'<r><rPr><sz val="{size}"/><color rgb="{ink}"/><rFont val="Times New Roman"/></rPr>'.encode()
    return b"<r>%s</r>" % _plain(vi) + (run + _plain(en) + b"</r>" if en else b"")


def _cell(row: int, column: int, body: bytes, style: int) -> bytes:
    address = Cell("", row - 1, column).address.encode()
    if not body:
        return b'<c r="%s" s="%d"/>' % (address, style)
    return b'<c r="%s" s="%d" t="inlineStr"><is>%s</is></c>' % (address, style, body)


def _link(place: str, cell: Cell) -> bytes:
    target = escaped(f"{quoted(cell.sheet)}!{cell.address}").replace(b'"', b"&quot;")
    return b'<hyperlink ref="%s" location="%s"/>' % (place.encode(), target)
