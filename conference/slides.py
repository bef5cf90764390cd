"""Slides: one message each, its title the message; native charts; where it comes from in the notes of the speaker."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Emu, Inches, Pt

from conference.blocks import Chart, Series
from conference.charts import COLOURS
from conference.facts import Facts
from conference.outline import Section, Sentence
from conference.plotting import values_of
from conference.reaching import ORDER, done_short, level_told, outcome
from conference.review import DONE, Review, counted, outcomes_counted
from conference.selecting import choose, shortened
from conference.stamping import sealed
from conference.telling import Told, printable, target_told, tell
from domain.conclusion import ConclusionState, Met
from domain.target import Outcome

#: Nothing on a slide is smaller: it is read from the back of a hall.
LEAST_POINTS = 24
_TITLE_POINTS, _BODY_POINTS = 34, 28
_WIDTH, _HEIGHT, _MARGIN = Inches(13.333), Inches(7.5), Inches(0.6)
_BARS, _LINES, _NAME_LETTERS, _QUOTE_LETTERS, _TITLE_LETTERS = 6, 6, 28, 130, 150
#: Targets on one slide.
_TARGETS = 4


def _colour(code: str) -> RGBColor:
    made: RGBColor = cast("Any", RGBColor).from_string(code)
    return made


def _chart_data() -> Any:
    return cast("Any", CategoryChartData)()


_INK, _ACCENT = _colour("1A1A1A"), _colour("8B0000")
_FONT = "Arial"


@dataclass(frozen=True, slots=True)
class Slide:
    """A message, what stands below it, and what the speaker needs to know."""

    title: str
    points: tuple[str, ...] = ()
    chart: Chart | None = None
    notes: str = ""
    coverage: str = ""


def slides(facts: Facts, told: Review, made_at: datetime) -> bytes:
    """The ``.pptx`` of a review."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = _WIDTH, _HEIGHT
    _opening(deck, facts, told)
    for slide in messages(facts, told):
        _add(deck, slide)
    core = deck.core_properties
    core.title, core.author, core.last_modified_by, core.subject = told.title[:255], "", "", told.unit[:255]
    core.created = core.modified = made_at.replace(tzinfo=None)
    core.revision = 1
    out = io.BytesIO()
    deck.save(out)
    return sealed(out.getvalue(), made_at)


# ------------------------------------------------------------------------------------------------ messages


def messages(facts: Facts, told: Review) -> list[Slide]:
    """The slides after the first, in the order of the report."""
    found = [*_reporting(facts), *_follow_up(facts)]
    said = [(sentence, tell(facts, sentence)) for sentence in _sentences(facts)]
    found += [_result(facts, told, sentence, one) for sentence, one in said if one.is_told]
    lacking = {sentence.lead: one for sentence, one in said if not one.is_told}
    found += [_lacking(facts, lacking)] if lacking else []
    found += [*_targets(facts), *_words_of_units(facts)]
    return found


def _sentences(facts: Facts) -> Iterator[Sentence]:
    for part in facts.outline.parts:
        for section in part.sections:
            yield from (sentence for sentence in section.sentences if sentence.slide)


def _reporting(facts: Facts) -> Iterator[Slide]:
    owed = facts.owed
    if owed.is_empty():
        return
    lines = [
        f"{facts.form_labels.get(row['form'], row['form'])}: {facts.number(row['n'])}/{facts.number(row['total'])}"
        for row in counted(owed).iter_rows(named=True)
    ]
    silent = facts.silent
    names = [_name(row["name"] or row["unit"]) for row in silent.head(4).iter_rows(named=True)]
    more = f" … (+{facts.number(len(silent) - 4)})" if len(silent) > 4 else ""
    lines += [facts.words("slide_silent", list=", ".join(names) + more)] if names else []
    n, total = facts.number(len(owed) - len(silent)), facts.number(len(owed))
    everyone = ", ".join(printable(name or "") for name in silent["name"].head(200))
    yield Slide(facts.words("slide_reporting", n=n, total=total), tuple(lines), notes=everyone)


def _follow_up(facts: Facts) -> Iterator[Slide]:
    rows = facts.frozen["conclusions"].to_dicts()
    if not rows:
        return
    states = Counter(str(row[f"state_{facts.language}"] or row["state"]) for row in rows)
    still = [row for row in rows if row["state"] not in DONE]
    lines = [f"{state}: {facts.number(count)}" for state, count in sorted(states.items())]
    lines += _done_short(facts, rows)
    lines += [f"{row['number']}. {_cut(printable(row['text'] or ''), _QUOTE_LETTERS)}" for row in still]
    title = facts.words("slide_follow_up", open=facts.number(len(still)), total=facts.number(len(rows)))
    notes = "\n".join(_noted(facts, row) for row in rows)
    yield Slide(title, tuple(lines), notes=notes)


def _done_short(facts: Facts, rows: list[dict[str, Any]]) -> list[str]:
    """How many of the tasks that count as done have not met their level, or nobody knows whether they have."""
    done = sum(row["state"] == ConclusionState.DONE.value for row in rows)
    found = (("slide_done_not_met", Met.NOT_MET), ("slide_done_not_known", Met.NOT_KNOWN))
    counts = [(key, len(done_short(rows, met))) for key, met in found]
    return [facts.words(key, n=facts.number(n), total=facts.number(done)) for key, n in counts if n]


def _noted(facts: Facts, row: dict[str, Any]) -> str:
    level = level_told(facts, row)
    return f"{row['conference']} {row['number']}: {printable(row['text'] or '')}" + (f" ({level})" if level else "")


def _result(facts: Facts, told: Review, sentence: Sentence, said: Told) -> Slide:
    """The figure as the title, its parts or its chart below it."""
    chart = told.charts.get(sentence.chart or "")
    sources = list(said.traces) + [trace for trace in (chart.traces if chart else ()) if trace not in said.traces]
    notes = f"{said.text}\n{facts.words('slide_sources', traces=', '.join(sources))}"
    points = [point[:1].upper() + point[1:] for point in said.points if point not in said.headline]
    listed = tuple(filter(None, (said.coverage, *points)))
    return Slide(said.headline, listed, chart, notes, said.coverage)


def _lacking(facts: Facts, lacking: Mapping[str, Told]) -> Slide:
    """What the report has no figure of, together: a hall is not shown a slide for each."""
    lines = tuple(f"{facts.label(name)}: {one.points[0]}" for name, one in lacking.items())
    traces = ", ".join(trace for one in lacking.values() for trace in one.traces)
    title = facts.words("slide_nothing", n=facts.number(len(lacking)))
    return Slide(title, lines, notes=facts.words("slide_sources", traces=traces or "–"))


def _targets(facts: Facts) -> Iterator[Slide]:
    """All targets of the unit, on as many slides as they need: none is left out for want of a figure."""
    targets = sorted(facts.targets, key=lambda target: ORDER.index(outcome(target)))
    if not targets:
        return
    met = [target for target in targets if outcome(target) == Outcome.MET]
    rest = outcomes_counted(facts, targets[len(met) :])
    title = facts.words(
        "slide_targets",
        met=facts.number(len(met)),
        total=facts.number(len(targets)),
        rest=f"; {rest}" if rest else "",
    )
    lines = [f"{facts.label(target['indicator'])}: {target_told(facts, target)}" for target in targets]
    pages = [lines[at : at + _TARGETS] for at in range(0, len(lines), _TARGETS)]
    for number, page in enumerate(pages, 1):
        mark = f" ({number}/{len(pages)})" if len(pages) > 1 else ""
        yield Slide(title + mark, tuple(page), notes="\n".join(lines))


def _words_of_units(facts: Facts) -> Iterator[Slide]:
    for part in facts.outline.parts:
        for section in part.sections:
            if section.slide:
                yield from _gathered(facts, section, section(facts.language) or part(facts.language))


def _gathered(facts: Facts, section: Section, heading: str) -> Iterator[Slide]:
    chosen = choose(facts.narratives(section.narratives), facts.outline.selection)
    if not chosen.units:
        return
    shown = chosen.quotes[:3]
    lines = [f"{_name(quote.unit)}: {_cut(quote.text, _QUOTE_LETTERS)}" for quote in shown]
    rest = chosen.units - len({quote.unit for quote in shown})
    lines += [facts.words("slide_more", n=facts.number(rest))] if rest > 0 else []
    bare = heading.partition(". ")[2] or heading
    title = facts.words("slide_narratives", section=bare, n=facts.number(chosen.units))
    yield Slide(title, tuple(lines), notes="\n\n".join(f"{quote.unit}: {quote.text}" for quote in chosen.quotes))


def _name(name: str) -> str:
    return _cut_letters(printable(name), 40)


def _cut(text: str, letters: int) -> str:
    """Whole sentences of the text's beginning, or its words and … when the first sentence is longer."""
    first = shortened(" ".join(text.split()), letters)
    return _cut_letters(first, letters)


def _cut_letters(text: str, letters: int) -> str:
    if len(text) <= letters:
        return text
    cut = text[:letters].rsplit(" ", 1)[0]
    if len(cut) < letters // 2:  # a word too long to stand on its own
        cut = text[: letters - 1]
    return cut.rstrip(" ,;:") + "…"


def fewer(chart: Chart, bars: int = _BARS) -> Chart:
    """The chart with as many rows as can be read from afar: the first and the last half, an … between."""
    if len(chart.categories) <= bars:
        return chart
    first, last = -(-bars // 2), bars // 2

    def cut(values: tuple[Any, ...], between: Any) -> tuple[Any, ...]:
        return (*values[:first], between, *values[-last:])

    series = tuple(Series(s.name, cut(s.values, None), cut(s.labels, "")) for s in chart.series)
    return replace(chart, categories=cut(chart.categories, "…"), series=series)


# ------------------------------------------------------------------------------------------------ on the slide


def _opening(deck: Any, facts: Facts, told: Review) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    _place(slide.shapes.title, Inches(0.9), Inches(2.2), _WIDTH - Inches(1.8), Inches(2.4))
    _write(slide.shapes.title.text_frame, [_cut_letters(told.title, 200)], 40, bold=True, colour=_ACCENT, centred=True)
    box = slide.shapes.add_textbox(Inches(0.9), Inches(4.8), _WIDTH - Inches(1.8), Inches(1.6))
    day = f"{facts.frozen.held_on:%d/%m/%Y}"
    _write(
        box.text_frame,
        [_cut_letters(told.unit, 120), f"{facts.period_label} · {day}".strip(" ·")],
        _BODY_POINTS,
        centred=True,
    )
    frozen = facts.frozen
    slide.notes_slide.notes_text_frame.text = facts.words(
        "frozen_told", day=f"{frozen.frozen_at:%d/%m/%Y}", hash=frozen.hash
    )


def _add(deck: Any, told: Slide) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    title = _cut_letters(told.title, _TITLE_LETTERS)
    _place(slide.shapes.title, _MARGIN, Inches(0.35), _WIDTH - 2 * _MARGIN, Inches(1.5))
    _write(slide.shapes.title.text_frame, [title], _TITLE_POINTS if len(title) < 90 else 28, bold=True, colour=_ACCENT)
    line = slide.shapes.add_connector(1, _MARGIN, Inches(1.9), _WIDTH - _MARGIN, Inches(1.9))
    line.line.color.rgb = _ACCENT
    line.line.width = Pt(2)
    top, height = Inches(2.05), Inches(5.1)
    if told.chart is not None:
        _chart(slide, fewer(told.chart), top, height - Inches(0.7))
        _below_chart(slide, told, told.chart)
    elif told.points:
        box = slide.shapes.add_textbox(_MARGIN, top, _WIDTH - 2 * _MARGIN, height)
        points = [f"• {_cut_letters(point, 170)}" for point in told.points[:_LINES]]
        points += [f"… (+{len(told.points) - _LINES})"] if len(told.points) > _LINES else []
        long = sum(-(-len(point) // 70) for point in points) > 8
        _write(box.text_frame, points, LEAST_POINTS if long else _BODY_POINTS, space=6 if long else 10)
    slide.notes_slide.notes_text_frame.text = told.notes


def _below_chart(slide: Any, told: Slide, chart: Chart) -> None:
    """What the chart shows, and what it covers."""
    box = slide.shapes.add_textbox(_MARGIN, Inches(6.45), _WIDTH - 2 * _MARGIN, Inches(0.9))
    _write(
        box.text_frame,
        [_cut_letters(" · ".join(filter(None, (chart.caption, told.coverage))), 95)],
        LEAST_POINTS,
        italic=True,
    )


def _place(shape: Any, left: int, top: int, width: int, height: int) -> None:
    shape.left, shape.top, shape.width, shape.height = Emu(left), Emu(top), Emu(width), Emu(height)


def _write(
    frame: Any,
    lines: list[str],
    points: int,
    *,
    bold: bool = False,
    italic: bool = False,
    colour: RGBColor = _INK,
    centred: bool = False,
    space: int = 8,
) -> None:
    frame.word_wrap = True
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE if centred else MSO_ANCHOR.TOP
    for place, text in enumerate(lines):
        paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
        paragraph.alignment = PP_ALIGN.CENTER if centred else PP_ALIGN.LEFT
        paragraph.space_after = Pt(space)
        run = paragraph.add_run()
        run.text = text
        font = run.font
        font.size, font.bold, font.italic, font.name = Pt(points), bold, italic, _FONT
        font.color.rgb = colour


def _chart(slide: Any, chart: Chart, top: int, height: int) -> None:
    data: Any = _chart_data()
    data.categories = [_cut_letters(" ".join(category.split()), _NAME_LETTERS) for category in chart.categories]
    for series in chart.series:
        data.add_series(series.name, series.values)
    frame = slide.shapes.add_chart(
        XL_CHART_TYPE.BAR_CLUSTERED, _MARGIN, top, Emu(_WIDTH - 2 * _MARGIN), Emu(height), data
    )
    frame._element.nvGraphicFramePr.cNvPr.set("descr", chart.alternative)
    native = frame.chart
    native.font.size, native.font.name = Pt(LEAST_POINTS), _FONT
    native.has_title = False
    native.has_legend = len(chart.series) > 1
    if native.has_legend:
        native.legend.position, native.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    native.category_axis.reverse_order = True
    native.category_axis.format.line.color.rgb = _colour("999999")
    native.category_axis.has_major_gridlines = False
    native.value_axis.visible = False
    native.value_axis.has_major_gridlines = False
    native.value_axis.minimum_scale = min(0.0, *values_of(chart))
    # room behind the longest bar for its label
    native.value_axis.maximum_scale = max(max(values_of(chart)) * 1.25, 1.0)
    plot = native.plots[0]
    plot.gap_width, plot.overlap = 45, 0
    for place, (drawn, series) in enumerate(zip(plot.series, chart.series, strict=True)):
        fill = drawn.format.fill
        fill.solid()
        fill.fore_color.rgb = _colour(COLOURS[place].removeprefix("#"))
        for at, label in enumerate(series.labels):
            if series.values[at] is not None:
                _label(drawn.points[at].data_label, label)


def _label(label: Any, text: str) -> None:
    frame = label.text_frame
    frame.text = text
    frame.paragraphs[0].runs[0].font.size = Pt(LEAST_POINTS)
    label.position = XL_LABEL_POSITION.OUTSIDE_END
