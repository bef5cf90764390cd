"""The workbook a unit fills in, drawn from the definitions: what the form asks and the rules it is checked by."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import xlsxwriter

from catalog import Catalog
from catalog.model import FormField, ListColumn, NarrativeField, Section, UnitRecord
from domain.cell import Cell, column_letters
from domain.finding import Severity
from domain.observation import Scope, ValueKind
from domain.period import Period
from workbook.layout import (
    CHECK_SHEET,
    CODE_COLUMN,
    CODES_SHEET,
    FORM_MARK,
    LABEL_COLUMN,
    MARK_SHEET,
    MEASURE_COLUMN,
    NOTE_HEAD,
    ORDINAL_COLUMN,
    SCOPE_LABELS,
    VALUE_HEAD,
    VERSION_MARK,
    Layout,
    breakdown_label,
    mark_of,
)
from workbook.mirror import LiveCheck, absolute, live_checks, quoted

#: Equal definitions give equal bytes: the clock stays out of the file.
_CREATED = datetime(2024, 1, 1, tzinfo=UTC)

_BASE = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
_BOX = {"border": 1, "border_color": "#9AA5B1"}
_OPEN = {"locked": False, "bg_color": "#FFFDE7", **_BOX}
_STYLES: dict[str, dict[str, object]] = {
    "title": {"bold": True, "font_size": 15, "font_color": "#1F3864"},
    "english": {"italic": True, "font_size": 9, "font_color": "#6B7785"},
    "section": {"bold": True, "bg_color": "#DCE6F2", "font_color": "#1F3864", **_BOX},
    "head": {"bold": True, "text_wrap": True, "align": "center", "bg_color": "#1F3864", "font_color": "white", **_BOX},
    "label": {"text_wrap": True, **_BOX},
    "ordinal": {"align": "center", **_BOX},
    "measure": {"text_wrap": True, "font_color": "#4A5560", **_BOX},
    "code": {"font_size": 8, "font_color": "#9AA5B1"},
    "words": {"text_wrap": True, "valign": "top"},
    "identity": {"bold": True, "bg_color": "#F2F4F7", "num_format": "@", **_BOX},
    "given": {"bg_color": "#F2F4F7", "num_format": "@", "text_wrap": True, "valign": "top", **_BOX},
    "given_number": {"bg_color": "#F2F4F7", "align": "center", "valign": "top", **_BOX},
    "given_date": {"bg_color": "#F2F4F7", "num_format": "dd/mm/yyyy", "align": "center", "valign": "top", **_BOX},
    "open": {"num_format": "@", "text_wrap": True, **_OPEN},
    "narrative": {"num_format": "@", "text_wrap": True, **_OPEN, "valign": "top"},
    # General, so that a typed 8/8 or 95 % takes a format of its own that tells it from a count: 46242, 0.95
    "number": {"num_format": "General", "align": "right", **_OPEN},
    "ratio": {"num_format": "@", "align": "right", **_OPEN},
    "date": {"num_format": "dd/mm/yyyy", "align": "center", **_OPEN},
    "result": {"align": "center", "bold": True, **_BOX},
    "difference": {"num_format": "#,##0.##", "align": "right", **_BOX},
    "link": {"font_color": "#1F4E9E", "underline": 1, **_BOX},
}
_FIGURE_STYLE = {ValueKind.RATIO: "ratio", ValueKind.DATE: "date", ValueKind.TEXT: "open"}
_COLUMN_STYLE = {ValueKind.COUNT: "number", ValueKind.QUANTITY: "number", ValueKind.PERCENT: "number"}
#: What is filled in beforehand is locked, and looks so.
_GIVEN_STYLE = {"open": "given", "number": "given_number", "date": "given_date"}

_IDENTITY_LABELS = {
    "unit": ("Mã đơn vị", "Unit code"),
    "unit_name": ("Tên đơn vị", "Unit"),
    "period": ("Mã kỳ báo cáo", "Period code"),
    "period_label": ("Kỳ báo cáo", "Period"),
    "scope": ("Phạm vi số liệu", "Scope of the figures"),
    "reporter": ("Mã đơn vị báo cáo thay (nếu có)", "Unit reporting on its behalf, if any"),
}
_INSTRUCTIONS = (
    (
        "Chỉ nhập vào các ô nền vàng nhạt; các ô khác đã khóa để máy đọc đúng chỗ.",
        "Fill in the pale yellow cells only.",
    ),
    (
        "Số đếm ghi chữ số thường: 11713 hoặc 11.713. Số ước lượng ghi cả chữ: gần 1.600; trên 90%.",
        "Counts as plain digits; keep the words of an estimate: gần 1.600.",
    ),
    (
        "Tỷ số ghi hai số: 18/21. Tỷ lệ phần trăm ghi số, không ghi dấu %: 97,49.",
        "Ratios as 18/21; percentages as 97,49.",
    ),
    (
        "Không phát sinh: ghi 0. Chưa có số liệu: để trống. Đừng xóa hay chèn dòng, cột.",
        "Nothing occurred: 0. Not known: leave blank. Do not insert or delete rows or columns.",
    ),
    (
        "Ô chuyển màu đỏ là sai, màu cam là cần giải trình ở cột ghi chú; xem trang “Kiểm tra”.",
        "Red: wrong; orange: explain in the note column. See the sheet “Kiểm tra”.",
    ),
)


def build_template(
    catalog: Catalog,
    form_id: str,
    period: Period,
    unit: UnitRecord,
    *,
    scope: Scope | None = None,
    reporter: str | None = None,
    prefill: Mapping[str, int | float | str] | None = None,
    version: str | None = None,
) -> bytes:
    """The .xlsx of one form for one unit and period; equal arguments give equal bytes.

    ``scope`` defaults to the form's, ``version`` to its current one; ``reporter`` is the code of a unit that reports
    on behalf of ``unit``. ``prefill`` writes figures into scalar fields by their code; a code the form does not have,
    or an unknown form or version, raises ``KeyError``.
    """
    form = catalog.forms[form_id]
    layout = Layout(form, version or form.version, catalog)
    identity = {
        "unit": unit.code,
        "unit_name": unit.name,
        "period": period.code,
        "period_label": period.label_vi,
        "scope": SCOPE_LABELS[scope or form.default_scope],
        "reporter": reporter or "",
    }
    stream = io.BytesIO()
    with xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties(
            {"title": form.label_vi, "subject": f"{unit.name} · {period.label_vi}", "created": _CREATED}
        )
        _Drawing(book, catalog, layout, identity, period).draw(prefill or {})
    return stream.getvalue()


class _Drawing:
    """One workbook being drawn."""

    def __init__(
        self, book: Any, catalog: Catalog, layout: Layout, identity: Mapping[str, str], period: Period
    ) -> None:
        self.book, self.catalog, self.layout, self.form = book, catalog, layout, layout.form
        self.identity, self.period = identity, period
        self.styles = {name: book.add_format({**_BASE, **style}) for name, style in _STYLES.items()}
        self.sheets = {name: self._add_sheet(name) for name in self._sheet_names()}
        self.code_ranges: dict[str, str] = {}

    def draw(self, prefill: Mapping[str, int | float | str]) -> None:
        self._draw_code_lists()
        self._draw_identity()
        for section in self.form.sections:
            self._draw_section(section)
        self._draw_prefill(prefill)
        self._draw_checks(live_checks(self.catalog, self.layout, self.period.window.last))
        self._draw_marks()
        for sheet in self.sheets.values():
            self._finish(sheet)
        self.book.get_worksheet_by_name(next(iter(self.sheets))).activate()

    # -------------------------------------------------------------------------------------------- sheets

    def _sheet_names(self) -> list[str]:
        """Identity first, then the sheets in the order of the sections."""
        placed = [cell.sheet for cell in self.layout.identity.values()]
        placed += [cell.sheet for section in self.form.sections if (cell := self._first_cell(section))]
        return list(dict.fromkeys(placed))

    def _first_cell(self, section: Section) -> Cell | None:
        if section.kind == "scalars":
            codes = [item.code for item in self.form.fields if item.section == section.code]
        else:
            codes = [section.code, *(narrative.code for narrative in section.narratives)]
        cells = [self.layout.places[code] for code in codes if code in self.layout.places]
        return min(cells, key=lambda cell: cell.row, default=None)

    def _add_sheet(self, name: str) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        sheet.set_margins(left=0.5, right=0.4, top=0.6, bottom=0.6)
        sheet.set_footer("&L&9&A&C&9" + self.form.id + "&R&9Trang &P/&N")
        return sheet

    def _finish(self, sheet: Any) -> None:
        sheet.fit_to_pages(1, 0)
        # rows and columns may be widened, so that long labels can be read, but not inserted or deleted
        sheet.protect("", {"format_rows": True, "format_columns": True})

    def _heading(self, sheet: Any, column: int, title: str, english: str, above: int) -> None:
        """Title, and below it the English one when two rows are free ``above`` the table."""
        sheet.write_string(0, column, title, self.styles["title"])
        sheet.set_row(0, 24)
        if above > 1:
            words = f"{english} · {self.identity['unit_name']} · {self.identity['period_label']}"
            sheet.write_string(1, column, words, self.styles["english"])

    # -------------------------------------------------------------------------------------------- hidden sheets

    def _draw_marks(self) -> None:
        sheet = self.book.add_worksheet(MARK_SHEET)
        for row, name in ((FORM_MARK.row, "form"), (VERSION_MARK.row, "version")):
            sheet.write_string(row, 0, name)
        sheet.write_string(FORM_MARK.row, FORM_MARK.column, self.form.id)
        sheet.write_string(VERSION_MARK.row, VERSION_MARK.column, self.layout.version)
        sheet.protect()
        sheet.very_hidden()

    def _draw_code_lists(self) -> None:
        used = [column.codelist for section in self.form.sections for column in section.columns if column.codelist]
        lists = {code: [item.label_vi for item in self.catalog.codelists[code].items] for code in dict.fromkeys(used)}
        lists["_scope"] = list(SCOPE_LABELS.values())
        sheet = self.book.add_worksheet(CODES_SHEET)
        for column, (code, labels) in enumerate(lists.items()):
            sheet.write_column(0, column, [code, *labels])
            letters = column_letters(column)
            self.code_ranges[code] = f"={CODES_SHEET}!${letters}$2:${letters}${len(labels) + 1}"
        sheet.protect()
        sheet.very_hidden()

    # -------------------------------------------------------------------------------------------- identity

    def _draw_identity(self) -> None:
        for name, cell in self.layout.identity.items():
            sheet = self.sheets[cell.sheet]
            label, english = _IDENTITY_LABELS[name]
            sheet.write_string(cell.row, cell.column - 1, label, self.styles["label"])
            style = "open" if name in ("scope", "reporter") else "identity"
            self._write_text(sheet, cell, self.identity[name], style)
            sheet.write_string(cell.row, cell.column + 1, english, self.styles["english"])
            sheet.set_row(cell.row, 20)
            self._name(f"identity_{name}", absolute(cell))
        first = min(self.layout.identity.values(), key=lambda cell: cell.row)
        sheet = self.sheets[first.sheet]
        sheet.set_column(first.column - 1, first.column - 1, 36)
        sheet.set_column(first.column, first.column, 60)
        sheet.set_column(first.column + 1, first.column + 1, 30)
        if first.column > 1:
            sheet.set_column(0, first.column - 2, 2)
        self._heading(sheet, first.column - 1, self.form.label_vi, self.form.label_en, first.row)
        self._scope_choice()
        self._instructions(sheet, first.column)

    def _scope_choice(self) -> None:
        cell = self.layout.identity.get("scope")
        if cell:
            choice = {
                "validate": "list",
                "source": self.code_ranges["_scope"],
                **_message("Phạm vi số liệu", _SCOPE_HELP),
            }
            self.sheets[cell.sheet].data_validation(cell.row, cell.column, cell.row, cell.column, choice)

    def _instructions(self, sheet: Any, column: int) -> None:
        row = max(cell.row for cell in self.layout.identity.values()) + 2
        sheet.write_string(row, column - 1, "Hướng dẫn", self.styles["section"])
        sheet.write_string(row, column, "Instructions", self.styles["section"])
        for number, (words, english) in enumerate(_INSTRUCTIONS, 1):
            sheet.merge_range(
                row + number, column - 1, row + number, column, f"{number}. {words}", self.styles["words"]
            )
            sheet.write_string(row + number, column + 1, english, self._english_wrapped)
            sheet.set_row(row + number, 40)

    @property
    def _english_wrapped(self) -> Any:
        if "english_wrapped" not in self.styles:
            style = {**_BASE, **_STYLES["english"], "text_wrap": True, "valign": "top"}
            self.styles["english_wrapped"] = self.book.add_format(style)
        return self.styles["english_wrapped"]

    # -------------------------------------------------------------------------------------------- sections

    def _draw_section(self, section: Section) -> None:
        first = self._first_cell(section)
        if first is None:
            return
        sheet = self.sheets[first.sheet]
        match section.kind:
            case "scalars":
                self._draw_scalars(section, sheet)
            case "matrix":
                self._draw_matrix(section, sheet, first)
            case "list":
                self._draw_list(section, sheet, first)
            case "narrative":
                self._draw_narratives(section, sheet)

    def _draw_scalars(self, section: Section, sheet: Any) -> None:
        items = self.layout.fields_of(section)
        first = min((self.layout.places[item.code] for item in items), key=lambda cell: cell.row)
        note = self._note_column(first)
        self._scalar_columns(sheet, first, note)
        sheet.merge_range(first.row - 1, ORDINAL_COLUMN, first.row - 1, note, section.title_vi, self.styles["section"])
        for number, item in enumerate(items, 1):
            self._draw_scalar(sheet, item, number, note)

    def _note_column(self, first: Cell) -> int:
        letters = self.form.note_columns.get(self.layout.version)
        return Cell.parse(f"{letters}1").column if letters else first.column

    def _scalar_columns(self, sheet: Any, first: Cell, note: int) -> None:
        """Widths and the head of the table, once a sheet."""
        heads = {ORDINAL_COLUMN: ("TT", 6), LABEL_COLUMN: ("Chỉ tiêu", 58), first.column: (VALUE_HEAD, 16)}
        if first.column > MEASURE_COLUMN:
            heads[MEASURE_COLUMN] = ("Đơn vị tính", 15)
        if note > first.column:
            heads[note] = (NOTE_HEAD, 38)
        sheet.set_column(CODE_COLUMN, CODE_COLUMN, 8, None, {"hidden": True})
        top = min(cell.row for cell in self._scalar_cells(first.sheet))
        for column, (words, width) in heads.items():
            sheet.set_column(column, column, width)
            sheet.write_string(top - 2, column, words, self.styles["head"])
        sheet.freeze_panes(top - 1, 0)
        sheet.repeat_rows(top - 2)
        self._heading(sheet, ORDINAL_COLUMN, self.form.label_vi, self.form.label_en, top - 2)

    def _scalar_cells(self, sheet: str) -> list[Cell]:
        cells = [self.layout.places[item.code] for item in self.form.fields if item.code in self.layout.places]
        return [cell for cell in cells if cell.sheet == sheet]

    def _draw_scalar(self, sheet: Any, item: FormField, number: int, note: int) -> None:
        cell = self.layout.places[item.code]
        indicator = self.catalog.indicators[item.indicator]
        label = item.label_vi or indicator.label_vi
        measured = cell.column > MEASURE_COLUMN
        sheet.write_string(cell.row, CODE_COLUMN, mark_of(item.code), self.styles["code"])
        sheet.write_string(cell.row, ORDINAL_COLUMN, str(number), self.styles["ordinal"])
        words = (label if measured else f"{label} ({indicator.measure_vi})") + (" *" if item.required else "")
        sheet.write_string(cell.row, LABEL_COLUMN, words, self.styles["label"])
        if measured:
            sheet.write_string(cell.row, MEASURE_COLUMN, indicator.measure_vi, self.styles["measure"])
        sheet.write_blank(cell.row, cell.column, None, self.styles[_FIGURE_STYLE.get(indicator.kind, "number")])
        if note > cell.column:
            sheet.write_blank(cell.row, note, None, self.styles["open"])
        sheet.set_row(cell.row, _height(words, 58))
        help_vi = item.help_vi or indicator.definition_vi
        self._input_message(sheet, cell, label, help_vi or _KIND_HELP.get(indicator.kind, ""))
        self._name(f"f_{_named(item.code)}", absolute(cell))

    def _draw_matrix(self, section: Section, sheet: Any, first: Cell) -> None:
        head, label = first.row - 1, first.column - 1
        self._heading(sheet, max(0, label - 1), section.title_vi, section.title_en, head)
        sheet.write_string(head, label - 1, "TT", self.styles["head"])
        sheet.write_string(head, label, "Nội dung", self.styles["head"])
        sheet.set_column(label - 1, label - 1, 6)
        sheet.set_column(label, label, 42)
        sheet.set_row(head, 66)
        for row, breakdown in enumerate(section.items):
            sheet.write_string(first.row + row, label - 1, str(row + 1), self.styles["ordinal"])
            words = breakdown_label(self.catalog, breakdown)
            sheet.write_string(first.row + row, label, words, self.styles["label"])
            sheet.set_row(first.row + row, _height(words, 42))
        for offset, code in enumerate(section.indicators):
            self._draw_matrix_column(section, sheet, first, offset, code)
        sheet.set_landscape()
        sheet.freeze_panes(first.row, first.column)
        sheet.repeat_rows(head)
        sheet.repeat_columns(label - 1, label)

    def _draw_matrix_column(self, section: Section, sheet: Any, first: Cell, offset: int, code: str) -> None:
        indicator = self.catalog.indicators[code]
        column, last = first.column + offset, first.row + len(section.items) - 1
        sheet.set_column(column, column, 14)
        sheet.write_string(first.row - 1, column, indicator.label_vi, self.styles["head"])
        style = self.styles[_FIGURE_STYLE.get(indicator.kind, "number")]
        for row in range(first.row, last + 1):
            sheet.write_blank(row, column, None, style)
        help_vi = indicator.definition_vi or _KIND_HELP.get(indicator.kind, "")
        validation = {"validate": "any", **_message(indicator.label_vi, help_vi)}
        sheet.data_validation(first.row, column, last, column, validation)
        self._name(f"m_{section.code}__{code}", _area(first.sheet, first.row, column, last, column))

    def _draw_list(self, section: Section, sheet: Any, first: Cell) -> None:
        head, last = first.row - 1, first.row + section.max_rows - 1
        for offset, column in enumerate(section.columns):
            self._draw_list_column(sheet, column, first.column + offset, first.row, last)
        self._heading(sheet, first.column, section.title_vi, section.title_en, head)
        sheet.set_row(head, 36)
        right = first.column + len(section.columns) - 1
        sheet.autofilter(head, first.column, last, right)
        sheet.set_landscape()
        sheet.freeze_panes(first.row, 0)
        sheet.repeat_rows(head)
        self._name(f"l_{section.code}", _area(first.sheet, first.row, first.column, last, right))

    def _draw_list_column(self, sheet: Any, column: ListColumn, at: int, first: int, last: int) -> None:
        # the format belongs to the column: thousands of empty cells would slow every reading of the file
        sheet.set_column(at, at, max(column.width, 9), self.styles[_list_style(column)])
        for row in range(first - 1):
            sheet.write_blank(row, at, None, self._blank)
        sheet.write_string(first - 1, at, column.label_vi, self.styles["head"])
        validation: dict[str, object] = {"validate": "any", **_message(column.label_vi, _column_help(column))}
        if column.codelist:
            validation |= {"validate": "list", "source": self.code_ranges[column.codelist], **_WRONG_CHOICE}
        sheet.data_validation(first, at, last, at, validation)

    @property
    def _blank(self) -> Any:
        if "blank" not in self.styles:
            self.styles["blank"] = self.book.add_format(_BASE)
        return self.styles["blank"]

    def _draw_narratives(self, section: Section, sheet: Any) -> None:
        placed = [n for n in section.narratives if n.code in self.layout.places]
        first = min((self.layout.places[n.code] for n in placed), key=lambda cell: cell.row)
        top = min(self.layout.places[n.code].row for n in self.form.narratives if self._on(n, first.sheet))
        label = first.column - 1
        sheet.set_column(label, label, 34)
        sheet.set_column(first.column, first.column, 92)
        self._heading(
            sheet, label, section.title_vi if len(placed) == 1 else self.form.label_vi, section.title_en, top - 1
        )
        if first.row - 1 not in self.layout.sheets[first.sheet].rows and first.row > 1:
            sheet.merge_range(
                first.row - 1, label, first.row - 1, first.column, section.title_vi, self.styles["section"]
            )
        for narrative in placed:
            self._draw_narrative(sheet, narrative, self.layout.places[narrative.code])

    def _on(self, narrative: NarrativeField, sheet: str) -> bool:
        place = self.layout.places.get(narrative.code)
        return place is not None and place.sheet == sheet

    def _draw_narrative(self, sheet: Any, narrative: NarrativeField, cell: Cell) -> None:
        required = " *" if narrative.required else ""
        sheet.write_string(cell.row, cell.column - 1, narrative.label_vi + required, self.styles["label"])
        sheet.write_blank(cell.row, cell.column, None, self.styles["narrative"])
        sheet.set_row(cell.row, 96)
        self._input_message(sheet, cell, narrative.label_vi, narrative.help_vi)
        self._name(f"n_{narrative.code}", absolute(cell))

    def _draw_prefill(self, prefill: Mapping[str, int | float | str]) -> None:
        kinds = {item.code: self.catalog.indicators[item.indicator].kind for item in self.form.fields}
        for code, value in prefill.items():
            cell, style = self.layout.places[code], self.styles[_FIGURE_STYLE.get(kinds[code], "number")]
            sheet = self.sheets[cell.sheet]
            write = sheet.write_string if isinstance(value, str) else sheet.write_number
            write(cell.row, cell.column, value, style)

    # -------------------------------------------------------------------------------------------- live checks

    def _draw_checks(self, checks: list[LiveCheck]) -> None:
        bad = {
            Severity.CRITICAL: self.book.add_format({"bg_color": "#F8B4B4", "font_color": "#8B0000"}),
            Severity.WARNING: self.book.add_format({"bg_color": "#FFD8A8", "font_color": "#8A4B00"}),
        }
        sheet = self._add_sheet(CHECK_SHEET)
        self.sheets[CHECK_SHEET] = sheet
        self._check_head(sheet, len(checks))
        for number, check in enumerate(checks):
            self._draw_check(sheet, 4 + number, check)
            self._colour(check, bad[check.rule.severity_on(self.period.window.last)])
        last = 4 + max(len(checks), 1) - 1
        for severity, format_ in bad.items():
            words = '"SAI LỆCH"' if severity is Severity.CRITICAL else '"CẦN GIẢI TRÌNH"'
            sheet.conditional_format(
                4, 3, last, 3, {"type": "cell", "criteria": "==", "value": words, "format": format_}
            )

    def _check_head(self, sheet: Any, count: int) -> None:
        sheet.write_string(0, 0, "Kiểm tra số liệu khi nhập", self.styles["title"])
        sheet.set_row(0, 24)
        sheet.write_string(
            1, 0, "Checks while you type; the full set runs when the report arrives", self.styles["english"]
        )
        last = 4 + max(count, 1)
        results = f"$D$5:$D${last}"
        tally = f'COUNTIF({results},"SAI LỆCH")&" sai lệch · "&COUNTIF({results},"CẦN GIẢI TRÌNH")&" cần giải trình"'
        sheet.set_row(2, 24)
        sheet.write_formula(2, 0, f"={tally}", self.styles["title"], "0 sai lệch · 0 cần giải trình")
        heads = (
            ("Quy tắc", 12),
            ("Nội dung kiểm tra", 62),
            ("Check", 46),
            ("Kết quả", 20),
            ("Chênh lệch", 14),
            ("Ô", 22),
        )
        for column, (words, width) in enumerate(heads):
            sheet.set_column(column, column, width)
            sheet.write_string(3, column, words, self.styles["head"])
        sheet.set_landscape()
        sheet.freeze_panes(4, 0)
        sheet.repeat_rows(3)

    def _draw_check(self, sheet: Any, row: int, check: LiveCheck) -> None:
        rule = check.rule
        where = f" — {breakdown_label(self.catalog, check.label)}" if check.label else ""
        sheet.write_string(row, 0, rule.id, self.styles["ordinal"])
        sheet.write_string(row, 1, rule.title_vi + where, self.styles["label"])
        sheet.set_row(row, max(_height(rule.title_vi + where, 62), _height(rule.title_en, 46)))
        sheet.write_string(row, 2, rule.title_en, self.styles["measure"])
        critical = rule.severity_on(self.period.window.last) is Severity.CRITICAL
        words = "SAI LỆCH" if critical else "CẦN GIẢI TRÌNH"
        outcome = f'=IFERROR(IF({check.judged},IF({check.broken},"{words}","Đúng"),"Chưa đủ số"),"Chưa đủ số")'
        sheet.write_formula(row, 3, outcome, self.styles["result"], "Chưa đủ số")
        difference = f'=IFERROR(IF({check.judged},IF({check.broken},ROUND({check.difference},6),""),""),"")'
        sheet.write_formula(row, 4, difference, self.styles["difference"], "")
        cell = check.cells[0]
        link = f"internal:{quoted(cell.sheet)}!{cell.address}"
        sheet.write_url(row, 5, link, self.styles["link"], f"{cell.sheet}!{cell.address}")

    def _colour(self, check: LiveCheck, format_: Any) -> None:
        """Colour the judged cells; a formula may only look at its own sheet, so others are left to the check sheet."""
        if len({cell.sheet for cell in check.reads}) > 1:
            return
        prefix = f"{quoted(check.cells[0].sheet)}!"
        if check.rule.check.kind == "range":
            self._colour_range(check, format_)
            return
        formula = f"=AND({check.judged},{check.broken})".replace(prefix, "")
        for cell in check.cells:
            rule = {"type": "formula", "criteria": formula, "format": format_}
            self.sheets[cell.sheet].conditional_format(cell.row, cell.column, cell.row, cell.column, rule)

    def _colour_range(self, check: LiveCheck, format_: Any) -> None:
        first = check.cells[0].address
        bounds = check.rule.check
        low, high = getattr(bounds, "min", None), getattr(bounds, "max", None)
        sides = [f"{first}<{low:g}"] if low is not None else []
        sides += [f"{first}>{high:g}"] if high is not None else []
        places = " ".join(cell.address for cell in check.cells)
        rule = {"type": "formula", "criteria": f"=AND(ISNUMBER({first}),OR({','.join(sides)}))", "format": format_}
        cell = check.cells[0]
        rule |= {"multi_range": places} if len(check.cells) > 1 else {}
        self.sheets[cell.sheet].conditional_format(cell.row, cell.column, cell.row, cell.column, rule)

    # -------------------------------------------------------------------------------------------- small things

    def _write_text(self, sheet: Any, cell: Cell, text: str, style: str) -> None:
        if text:
            sheet.write_string(cell.row, cell.column, text, self.styles[style])
        else:
            sheet.write_blank(cell.row, cell.column, None, self.styles[style])

    def _input_message(self, sheet: Any, cell: Cell, title: str, words: str) -> None:
        if words:
            sheet.data_validation(
                cell.row, cell.column, cell.row, cell.column, {"validate": "any", **_message(title, words)}
            )

    def _name(self, name: str, reference: str) -> None:
        self.book.define_name(name, f"={reference}")


_SCOPE_HELP = "Số liệu của riêng đơn vị, gồm cả đơn vị trực thuộc, hay của toàn địa bàn."
_KIND_HELP = {
    ValueKind.COUNT: "Ghi số nguyên, ví dụ 11713.",
    ValueKind.RATIO: "Ghi số đạt/tổng số, ví dụ 18/21.",
    ValueKind.PERCENT: "Ghi tỷ lệ phần trăm, không ghi dấu %, ví dụ 97,49.",
    ValueKind.DATE: "Ghi ngày/tháng/năm, ví dụ 29/02/2024.",
}
_WRONG_CHOICE = {
    "error_title": "Chọn trong danh mục",
    "error_message": "Hãy chọn một mục trong danh sách thả xuống của ô này.",
}


def _message(title: str, words: str) -> dict[str, str]:
    """An input message within the limits of the file format: 32 and 255 characters."""
    return {"input_title": _shortened(title, 32), "input_message": _shortened(words, 255)} if words else {}


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _column_help(column: ListColumn) -> str:
    if column.given:
        return "Đã điền sẵn, không sửa."
    if column.codelist:
        return "Chọn trong danh sách thả xuống."
    return _KIND_HELP.get(column.kind, "Mỗi dòng một mục.")


def _list_style(column: ListColumn) -> str:
    style = _COLUMN_STYLE.get(column.kind, "date" if column.kind is ValueKind.DATE else "open")
    return _GIVEN_STYLE[style] if column.given else style


def _height(words: str, width: int) -> float:
    """Points for a row whose label may take several lines; programs do not fit protected rows by themselves."""
    return 18.0 * (1 + len(words) // round(width * 1.25))


def _named(code: str) -> str:
    """A field code as a name spreadsheets allow: ``dossiers_received__field_ho_tich``."""
    return code.replace("[", "__").replace("]", "").replace(";", "__").replace("=", "_")


def _area(sheet: str, top: int, left: int, bottom: int, right: int) -> str:
    first, last = column_letters(left), column_letters(right)
    return f"{quoted(sheet)}!${first}${top + 1}:${last}${bottom + 1}"
