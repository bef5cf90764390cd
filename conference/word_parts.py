"""What python-docx leaves to its callers: fields, rules, borders, fonts for every script, repeated heads of tables."""

from __future__ import annotations

from typing import Any

from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

LANGUAGES = {"vi": "vi-VN", "en": "en-GB"}


def element(tag: str, **attributes: str) -> Any:
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made


def set_fonts(properties: Any, font: str) -> None:
    """The font for every script: without eastAsia and cs Word falls back to another one for some letters."""
    fonts = properties.get_or_add_rFonts()
    for name in [name for name in fonts.attrib if "Theme" in name]:  # a theme's font would win
        del fonts.attrib[name]
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), font)


def set_language(properties: Any, language: str) -> None:
    code = LANGUAGES[language]
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    properties.append(element("w:lang", val=code, eastAsia=code))


def add_field(paragraph: Any, instruction: str, shown: str, size: float | None = None, *, italic: bool = False) -> None:
    """A field Word computes anew (PAGE, SEQ), with what it shows until then."""
    parts: list[Any] = []
    for kind in ("begin", None, "separate", "text", "end"):
        run = paragraph.add_run()
        run.italic = italic
        if size:
            run.font.size = Pt(size)
        parts.append((kind, run))
    for kind, run in parts:
        if kind is None:
            text = element("w:instrText")
            text.set(qn("xml:space"), "preserve")
            text.text = f" {instruction} "
            run._r.append(text)
        elif kind == "text":
            run.text = shown
        else:
            run._r.append(element("w:fldChar", fldCharType=kind))


def highlight(run: Any) -> None:
    """Marked so that nobody overlooks that something is to be written here."""
    run.font.highlight_color = WD_COLOR_INDEX.YELLOW


def repeat_head(row: Any) -> None:
    """The row stands on top of every page its table goes over."""
    row._tr.get_or_add_trPr().append(element("w:tblHeader", val="true"))


def keep_whole(row: Any) -> None:
    row._tr.get_or_add_trPr().append(element("w:cantSplit", val="true"))


def shade(cell: Any, colour: str) -> None:
    cell._tc.get_or_add_tcPr().append(element("w:shd", val="clear", color="auto", fill=colour))


def fix_widths(table: Any, widths: list[int]) -> None:
    """Columns of these widths (EMU) whatever is in them: a name of 200 letters breaks into lines."""
    table.autofit = False
    properties = table._tbl.tblPr
    for old in properties.findall(qn("w:tblW")):
        properties.remove(old)
    properties.append(element("w:tblW", w=str(sum(widths) // 635), type="dxa"))
    for column, width in zip(table._tbl.tblGrid.findall(qn("w:gridCol")), widths, strict=True):
        column.set(qn("w:w"), str(width // 635))
    for row in table._tbl.tr_lst:
        for cell, width in zip(row.tc_lst, widths, strict=True):
            cell.width = width


def rule_below(paragraph: Any, indent: int) -> None:
    """An empty thin paragraph with a line above it, as much narrower as ``indent`` (EMU) says on both sides."""
    form = paragraph.paragraph_format
    form.left_indent = form.right_indent = indent
    form.first_line_indent = 0
    form.space_before = Pt(2)
    form.space_after = Pt(0)
    form.line_spacing = Pt(3)
    borders = element("w:pBdr")
    borders.append(element("w:top", val="single", sz="6", space="1", color="000000"))
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )
