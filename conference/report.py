"""The report as a Word document, in the style of its standard."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Mm, Pt, RGBColor

from conference.blocks import Block, Chart, Heading, Paragraph, Quote, Table
from conference.charts import draw
from conference.facts import Facts
from conference.outline import Line, Style
from conference.review import Review
from conference.stamping import sealed
from conference.telling import printable
from conference.word_parts import (
    add_field,
    element,
    fix_widths,
    highlight,
    keep_whole,
    repeat_head,
    rule_below,
    set_fonts,
    set_language,
    shade,
)

_SLOT = re.compile(r"(\[[^\[\]]*\])")
_HEAD_FILL = "E7EEF5"

#: A table of more columns is set a point smaller.
_MANY_COLUMNS = 6


def report(facts: Facts, told: Review, style: Style, made_at: datetime) -> bytes:
    """The ``.docx`` of a review."""
    writer = _Writer(facts, told, style)
    writer.write()
    out = io.BytesIO()
    core = writer.document.core_properties
    core.title, core.author, core.last_modified_by = told.title, "", ""
    core.comments, core.subject, core.keywords = "", told.unit, ""
    core.language = "vi-VN" if facts.language == "vi" else "en-GB"
    core.created = core.modified = made_at.replace(tzinfo=None)
    core.revision = 1
    writer.document.save(out)
    return sealed(out.getvalue(), made_at)


class _Writer:
    """One document while it is written; counts tables and charts."""

    def __init__(self, facts: Facts, told: Review, style: Style) -> None:
        self.facts = facts
        self.told = told
        self.style = style
        self.document: Any = Document()
        self.counts = {"table": 0, "chart": 0}

    def write(self) -> None:
        self._page()
        self._styles()
        self._header()
        for line in self.style.title:
            self._line(self.document.add_paragraph(), line, WD_ALIGN_PARAGRAPH.CENTER, self._text_width)
        for block in self.told.blocks:
            self._block(block)
        self._annexes()
        self._foot()

    # -------------------------------------------------------------------------------- page and styles

    def _page(self) -> None:
        section = self.document.sections[0]
        margins = self.style.margins_mm
        section.orientation = WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = (Mm(side) for side in self.style.paper_mm)
        section.top_margin, section.bottom_margin = Mm(margins.top), Mm(margins.bottom)
        section.left_margin, section.right_margin = Mm(margins.left), Mm(margins.right)
        section.header_distance = Mm(self.style.header_distance_mm)
        section.footer_distance = Mm(self.style.header_distance_mm)
        section.different_first_page_header_footer = True  # no number on page 1
        number = section.header.paragraphs[0]
        number.alignment = WD_ALIGN_PARAGRAPH.CENTER
        number.paragraph_format.space_after = Pt(0)
        add_field(number, "PAGE", "2", self.style.page_number.size)

    @property
    def _text_width(self) -> int:
        section = self.document.sections[0]
        return int(section.page_width - section.left_margin - section.right_margin)

    def _styles(self) -> None:
        body = self.style.body
        styles = self.document.styles
        for name in ("Normal", "Heading 1", "Heading 2", "Heading 3", "Caption", "List Bullet"):
            properties = styles[name].element.get_or_add_rPr()
            set_fonts(properties, self.style.font)
            set_language(properties, self.facts.language)
            styles[name].font.color.rgb = RGBColor(0, 0, 0)
        defaults = styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
        set_language(defaults, self.facts.language)
        normal = styles["Normal"]
        normal.font.size = Pt(body.size)
        normal.paragraph_format.space_after = Pt(body.space_after_pt)
        normal.paragraph_format.line_spacing = body.line_spacing
        for level, font in enumerate(self.style.headings, 1):
            heading = styles[f"Heading {level}"]
            heading.font.size, heading.font.bold, heading.font.italic = Pt(font.size), font.bold, font.italic
            heading.font.all_caps = font.caps
            heading.paragraph_format.keep_with_next = True
            heading.paragraph_format.space_before = Pt(10)
            heading.paragraph_format.space_after = Pt(4)
        caption = styles["Caption"]
        caption.font.size, caption.font.italic, caption.font.bold = Pt(self.style.caption.size), True, False

    # -------------------------------------------------------------------------------- header, signature

    @property
    def _filled(self) -> dict[str, str]:
        words, held = self.facts.words, self.facts.frozen.held_on
        return {
            "superior": printable(self.facts.superior or words("superior_slot")),
            "issuer": self.told.unit,
            "place": words("place_slot"),
            # a day below 10 and the first two months bear a 0 before them
            "day": f"{held.day:02d}",
            "month": f"{held.month:02d}" if held.month < 3 else str(held.month),
            "year": str(held.year),
            "number": words("number_slot"),
            "short": words("short_slot"),
            "title": self.told.title,
            "authority": words("authority_slot"),
            "position": words("position_slot"),
            "signer": words("signer_slot"),
        }

    def _header(self) -> None:
        widths = [int(Mm(width)) for width in self.style.header_widths_mm]
        self._pair(self.style.header_left, self.style.header_right, widths, WD_ALIGN_PARAGRAPH.CENTER)

    def _foot(self) -> None:
        half = self._text_width // 2
        recipients = self.style.recipients
        gap = self.document.add_paragraph().paragraph_format
        gap.space_after, gap.keep_with_next = Pt(0), True
        left = (recipients.head, *recipients.lines)
        self._pair(left, self.style.signature, [half, half], WD_ALIGN_PARAGRAPH.LEFT)

    def _pair(self, left: Iterable[Line], right: Iterable[Line], widths: list[int], on_left: Any) -> None:
        """Two columns without borders that stay on one page."""
        table = self.document.add_table(1, 2)
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        fix_widths(table, widths)
        keep_whole(table.rows[0])
        sides = ((left, on_left), (right, WD_ALIGN_PARAGRAPH.CENTER))
        for cell, (lines, alignment), width in zip(table.rows[0].cells, sides, widths, strict=True):
            for line in lines:
                self._line(cell.add_paragraph(), line, alignment, width - int(Mm(4)))
            cell._tc.remove(cell.paragraphs[0]._p)

    def _line(self, paragraph: Any, line: Line, alignment: Any, width: int) -> None:
        paragraph.alignment = alignment
        form = paragraph.paragraph_format
        form.first_line_indent = 0
        form.line_spacing = 1.0
        form.space_before, form.space_after = Pt(line.space_before_pt), Pt(0 if line.rule else line.space_after_pt)
        template = line(self.facts.language)
        for piece in re.split(r"(\{\w+\})", template):
            text = piece.format(**self._filled) if piece.startswith("{") else piece
            is_slot = piece.startswith("{") and bool(_SLOT.fullmatch(text))
            self._line_run(paragraph, text, line, is_slot)
        if line.rule:
            self._rule(paragraph, line, width)

    def _line_run(self, paragraph: Any, text: str, line: Line, is_slot: bool) -> None:
        if not text:
            return
        run = paragraph.add_run(text.upper() if line.caps and not is_slot else text)
        run.font.size = Pt(line.size)
        run.bold, run.italic, run.underline = line.bold, line.italic, line.underline
        if is_slot:
            highlight(run)

    def _rule(self, paragraph: Any, line: Line, width: int) -> None:
        """A line below, as wide as its part of the room."""
        following = element("w:p")
        paragraph._p.addnext(following)
        below = type(paragraph)(following, paragraph._parent)
        rule_below(below, int(width * (1 - line.rule) / 2))
        below.paragraph_format.space_after = Pt(line.space_after_pt)

    # -------------------------------------------------------------------------------- blocks

    def _block(self, block: Block) -> None:
        match block:
            case Heading():
                self.document.add_heading(block.text, block.level)
            case Paragraph():
                self._paragraph(block)
            case Quote():
                self._quote(block)
            case Table():
                self._table(block)
            case Chart():
                self._chart(block)

    def _body(self) -> Any:
        paragraph = self.document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.paragraph_format.first_line_indent = Cm(self.style.body.first_line_cm)
        return paragraph

    def _paragraph(self, block: Paragraph) -> None:
        run = self._body().add_run(block.text)
        run.bold, run.italic = block.bold, block.italic
        if block.write:
            highlight(run)

    def _quote(self, quote: Quote) -> None:
        """The unit's name, then its own words, a paragraph of Word for each of its own."""
        for place, text in enumerate(part for part in quote.text.split("\n") if part.strip()):
            paragraph = self._body()
            if place == 0:
                name = paragraph.add_run(f"{quote.unit}: ")
                name.bold = True
            paragraph.add_run(text.strip())
        if quote.extract:
            paragraph.add_run(" " + self.facts.words("narratives_shortened")).italic = True

    def _caption(self, kind: str, text: str, *, above: bool) -> None:
        """Numbered by a field, so that a table put in by hand moves the numbers on."""
        self.counts[kind] += 1
        paragraph = self.document.add_paragraph(style="Caption")
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = above
        paragraph.paragraph_format.space_before = Pt(8 if above else 0)
        paragraph.paragraph_format.space_after = Pt(4 if above else 10)
        word = self.facts.words(kind)
        paragraph.add_run(f"{word} ").bold = True
        add_field(paragraph, f"SEQ {word.replace(' ', '_')} \\* ARABIC", str(self.counts[kind]), italic=True)
        paragraph.add_run(f". {text}")

    def _table(self, block: Table) -> None:
        self._caption("table", block.caption, above=True)
        table = self.document.add_table(1 + len(block.rows), len(block.head))
        table.style = "Table Grid"
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        widths = block.widths or tuple(1 / len(block.head) for _ in block.head)
        repeat_head(table.rows[0])
        rows = table._tbl.tr_lst
        size = self.style.table.size - (1 if len(block.head) > _MANY_COLUMNS else 0)
        for cell, text in zip(table.rows[0].cells, block.head, strict=True):
            self._cell(cell._tc, text, WD_ALIGN_PARAGRAPH.CENTER, size, bold=True)
            shade(cell, _HEAD_FILL)
        for row, texts in zip(rows[1:], block.rows, strict=True):
            row.get_or_add_trPr().append(element("w:cantSplit", val="true"))
            for place, (cell, text) in enumerate(zip(row.tc_lst, texts, strict=True)):
                right = place in block.right
                self._cell(cell, text, WD_ALIGN_PARAGRAPH.RIGHT if right else WD_ALIGN_PARAGRAPH.LEFT, size)
        fix_widths(table, [int(self._text_width * share) for share in widths])
        self._note(block)

    def _note(self, block: Table) -> None:
        dash = any(text == "–" for row in block.rows for text in row)
        notes = [block.note] if block.note else []
        notes += [self.facts.words("dash_note")] if dash else []
        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.space_before = Pt(3)
        if not notes:
            paragraph.paragraph_format.line_spacing = Pt(6)
            return
        run = paragraph.add_run(" ".join(notes))
        run.italic = True
        run.font.size = Pt(self.style.table.size)

    def _cell(self, cell: Any, text: str, alignment: Any, size: float, *, bold: bool = False) -> None:
        """Text into the one paragraph of a new cell; by elements, as python-docx is slow at cells."""
        paragraph = cell.p_lst[0]
        properties = paragraph.get_or_add_pPr()
        properties.append(element("w:spacing", before="20", after="20", line="240", lineRule="auto"))
        properties.append(element("w:jc", val={0: "left", 1: "center", 2: "right"}[int(alignment)]))
        run = paragraph.add_r()
        font = run.get_or_add_rPr()
        if bold:
            font.append(element("w:b"))
        font.append(element("w:sz", val=str(int(size * 2))))
        run.text = text

    def _chart(self, chart: Chart) -> None:
        paragraph = self.document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        picture = paragraph.add_run().add_picture(
            io.BytesIO(draw(chart, self.facts.language, "png")), width=Emu(int(self._text_width * 0.98))
        )
        described = picture._inline.docPr
        described.set("descr", chart.alternative)
        described.set("title", chart.caption)
        note = f" ({chart.note})" if chart.note else ""
        self._caption("chart", chart.caption + note, above=False)

    def _annexes(self) -> None:
        self.document.add_heading(self.facts.words("annex_list"), 1)
        for annex in self.told.annexes:
            self._paragraph(Paragraph(annex))
        note = self.style.note_vi if self.facts.language == "vi" else self.style.note_en
        if note:
            self._paragraph(Paragraph(f"[{note}]", write=True))
        for paragraph in self.document.paragraphs[-3:]:  # the signature does not stand on a page of its own
            paragraph.paragraph_format.keep_with_next = True
