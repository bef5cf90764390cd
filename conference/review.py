"""The review report of one unit as blocks, in the order of its outline; Word and the web page only set them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from conference.blocks import Block, Chart, Heading, Paragraph, Quote, Table
from conference.facts import Facts, Figure
from conference.outline import Annex, Part, Section, Sentence
from conference.plotting import chart
from conference.reaching import (
    counted_outcomes,
    coverage_told,
    done_short,
    goal,
    level_told,
    note_told,
    outcome,
    outcome_cell,
    outcome_word,
    reached_told,
)
from conference.selecting import choose
from conference.telling import (
    CONTROL_SIGN,
    Told,
    change_cell,
    lacking_told,
    printable,
    target_told,
    tell,
)
from domain.conclusion import CLOSED, Met
from domain.target import Outcome

#: Outcomes that are told as strengths; all others are limitations.
_STRENGTHS = (Outcome.MET.value, Outcome.MET_SO_FAR.value)

#: States of a conclusion that need nothing more.
DONE = tuple(state.value for state in CLOSED)


@dataclass(frozen=True)
class Review:
    title: str
    unit: str
    blocks: tuple[Block, ...]
    annexes: tuple[str, ...]

    @property
    def charts(self) -> dict[str, Chart]:
        return {block.id: block for block in self.blocks if isinstance(block, Chart)}


def review(facts: Facts) -> Review:
    """Everything the report of the unit says."""
    blocks = [*_opening(facts), *_follow_up(facts), *_reporting(facts), *_targets(facts)]
    for part in facts.outline.parts:
        blocks += _part(facts, part)
    if any(CONTROL_SIGN in block.text for block in blocks if isinstance(block, Quote)):
        blocks.append(Paragraph(facts.words("control_signs"), italic=True))
    annexes = tuple(
        facts.words("annex_item", number=annex.number, title=annex(facts.language)) for annex in facts.outline.annexes
    )
    return Review(printable(facts.frozen.title), printable(facts.name), tuple(blocks), annexes)


def _opening(facts: Facts) -> Iterator[Block]:
    frozen = facts.frozen
    said = []
    if facts.period is None:
        said.append(facts.words("no_periods"))
    else:
        first, last = (f"{facts.period[day]:%d/%m/%Y}" for day in ("starts", "ends"))
        said.append(facts.words("period_told", label=facts.period_label, first=first, last=last))
    said.append(facts.words("frozen_told", day=f"{frozen.frozen_at:%d/%m/%Y}", hash=frozen.hash[:12]))
    if facts.period is not None and not facts.has_changes:
        key = "no_changes" if len(facts.children) else "leaf_not_compared"
        said.append(facts.words(key, unit=facts.unit))
    elif facts.nothing_compared:
        said.append(facts.words("nothing_compared", base=facts.base_label, reason=facts.nothing_compared))
    if frozen.override:
        said.append(facts.words("frozen_override", reason=printable(frozen.override)))
    yield Paragraph(" ".join(said))


# ------------------------------------------------------------------------------------------------ what came before


def _follow_up(facts: Facts) -> Iterator[Block]:
    """What became of the conclusions of earlier conferences: the report begins with it."""
    yield Heading(facts.words("follow_up"), 2)
    rows = facts.frozen["conclusions"].to_dicts()
    if not rows:
        yield Paragraph(facts.words("follow_up_none"))
        return
    states = Counter(row[f"state_{facts.language}"] or row["state"] for row in rows)
    overdue = sum(bool(row["overdue"]) for row in rows)
    told = ", ".join(f"{facts.number(count)} {state.lower()}" for state, count in sorted(states.items()))
    yield Paragraph(facts.words("follow_up_told", total=facts.number(len(rows)), states=told, overdue=overdue))
    yield from _done_short(facts, rows)
    yield _conclusions(facts, rows)


def _done_short(facts: Facts, rows: list[dict[str, Any]]) -> Iterator[Block]:
    """What is said to be done although its level is not met, or nobody can tell."""
    for key, met in (("done_not_met", Met.NOT_MET), ("done_not_known", Met.NOT_KNOWN)):
        short = done_short(rows, met)
        if short:
            listed = ", ".join(f"{row['conference']} {row['number']}" for row in short)
            yield Paragraph(facts.words(key, n=facts.number(len(short)), list=printable(listed)))


def _conclusions(facts: Facts, rows: list[dict[str, Any]]) -> Table:
    """The tasks with their states; with what was required and reached where one of them set a level."""
    keys = ["number", "task", "owner", "due", "state", "progress"]
    columns = [_conclusion(facts, row) for row in rows]
    widths: tuple[float, ...] = (0.06, 0.3, 0.18, 0.15, 0.15, 0.16)
    levels = [level_told(facts, row) for row in rows]
    if any(levels):
        keys.append("level_asked")
        columns = [(*cells, level) for cells, level in zip(columns, levels, strict=True)]
        widths = (0.06, 0.23, 0.15, 0.12, 0.13, 0.13, 0.18)
    frozen = facts.frozen
    days = {"frozen": f"{frozen.frozen_at:%d/%m/%Y}", "held": f"{frozen.held_on:%d/%m/%Y}"}
    return Table(
        facts.words("follow_up"),
        tuple(facts.words(f"col_{key}") for key in keys),
        tuple(columns),
        widths=widths,
        note=facts.words("follow_up_as_of", **days),
    )


def _conclusion(facts: Facts, row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(row["number"]),
        printable(row["text"] or ""),
        printable(row["owner_name"] or row["owner"] or "–"),
        f"{row['due']:%d/%m/%Y}" if row["due"] else "–",
        str(row[f"state_{facts.language}"] or row["state"])
        + (f" ({facts.words('overdue')})" if row["overdue"] else ""),
        printable(row["progress"] or "–"),
    )


def _reporting(facts: Facts) -> Iterator[Block]:
    """How many reports are in, form by form, and whose are not."""
    yield Heading(facts.words("reporting"), 2)
    owed = facts.owed
    if owed.is_empty():
        yield Paragraph(facts.words("reporting_none_owed"))
        return
    for row in counted(owed).iter_rows(named=True):
        yield Paragraph(
            facts.words(
                "reporting_told",
                form=facts.form_labels.get(row["form"], row["form"]),
                n=facts.number(row["n"]),
                total=facts.number(row["total"]),
                rate=facts.percent(100 * row["n"] / row["total"], 1),
                late=facts.number(row["late"]),
            )
        )
    if not facts.silent.is_empty():
        yield Paragraph(silent_told(facts))


def counted(owed: pl.DataFrame) -> pl.DataFrame:
    """Form → ``n`` reports that stand, of ``total`` owed, ``late`` of them."""
    return (
        owed.group_by("form", maintain_order=True)
        .agg(n=pl.col("stands").sum(), total=pl.len(), late=(pl.col("stands") & pl.col("late").fill_null(False)).sum())
        .cast({"n": pl.Int64, "total": pl.Int64, "late": pl.Int64})
    )


def silent_told(facts: Facts) -> str:
    """The reports that are not in, by unit and state; more than a page can list are counted."""
    silent = facts.silent
    most = facts.outline.limits.missing_listed
    listed = [
        f"{printable(row['name'] or row['unit'])} ({facts.state_word(row['state'])})"
        for row in silent.head(most).iter_rows(named=True)
    ]
    rest = len(silent) - len(listed)
    more = facts.words("reporting_more", n=facts.number(rest)) if rest else ""
    return facts.words("reporting_silent", n=facts.number(len(silent)), list=", ".join(listed) + more)


def _targets(facts: Facts) -> Iterator[Block]:
    """Every target of the unit for the year, reached or not."""
    targets = facts.targets
    if not targets:
        return
    title = facts.words("targets_table", year=targets[0]["year"])
    yield Heading(title, 2)
    yield Paragraph(
        facts.words("targets_count", total=facts.number(len(targets)), outcomes=outcomes_counted(facts, targets))
    )
    yield Table(
        title,
        tuple(facts.words(f"col_{key}") for key in ("indicator", "target", "reached", "coverage", "met", "note")),
        tuple(
            (
                facts.label(target["indicator"]),
                goal(facts, target),
                reached_told(facts, target),
                coverage_told(facts, target),
                outcome_cell(facts, target),
                note_told(facts, target),
            )
            for target in targets
        ),
        frozenset({2}),
        (0.27, 0.14, 0.14, 0.14, 0.14, 0.17),
    )


def outcomes_counted(facts: Facts, targets: Iterable[Mapping[str, Any]]) -> str:
    """``1 đạt, 1 đến nay đạt, 1 chưa có số liệu``."""
    return ", ".join(f"{facts.number(n)} {outcome_word(facts, code)}" for code, n in counted_outcomes(targets))


# ------------------------------------------------------------------------------------------------ parts


def _part(facts: Facts, part: Part) -> Iterator[Block]:
    yield Heading(part(facts.language), 1)
    for section in part.sections:
        if section(facts.language):
            yield Heading(section(facts.language), 2)
        yield from _section(facts, section)


def _section(facts: Facts, section: Section) -> Iterator[Block]:
    told = [*_sentences(facts, section.sentences)]
    if section.told:
        told += [Paragraph(text) for text in assessed(facts, section.told)]
    yield from told
    if section.table:
        yield from _results(facts, section)
    if section.children and len(facts.children):
        yield _children(facts, section)
    drawn = (chart(facts, spec) for spec in section.charts)
    yield from (found for found in drawn if found is not None)
    yield from _narratives(facts, section, is_alone=not told)
    if section.write:
        yield Paragraph(facts.words("write_assess", unit=printable(facts.name)), write=True)


def _sentences(facts: Facts, sentences: tuple[Sentence, ...]) -> Iterator[Block]:
    told: list[Told] = [tell(facts, sentence) for sentence in sentences]
    yield from (Paragraph(one.text) for one in told if one.is_told)
    lacking = {name: reason for one in told for name, reason in one.lacking.items()}
    for sentence, one in zip(sentences, told, strict=True):
        if not one.is_told and len(one.points) > 1:  # its clauses have figures of their own
            yield Paragraph(one.text)
        elif not one.is_told:
            lacking = {sentence.lead: one.points[0]} | lacking
    if lacking:
        yield Paragraph(lacking_told(facts, lacking), italic=True)


def assessed(facts: Facts, told: str) -> list[str]:
    """What the targets and the reporting say of strengths or of limitations."""
    is_strength = told == "strengths"
    said = [
        _targets_of(facts, code) for code, _ in counted_outcomes(facts.targets) if (code in _STRENGTHS) is is_strength
    ]
    silent, owed = len(facts.silent), len(facts.owed)
    if not is_strength and silent:
        said.append(facts.words("silent_told", n=facts.number(silent), total=facts.number(owed)))
    return said


def _targets_of(facts: Facts, code: str) -> str:
    """All targets of one outcome."""
    listed = [
        f"{facts.label(target['indicator'])} ({target_told(facts, target)})"
        for target in facts.targets
        if outcome(target) == code
    ]
    return facts.words(f"targets_{code}", list="; ".join(listed))


def _results(facts: Facts, section: Section) -> Iterator[Block]:
    """Figure beside figure of last year; indicators nobody knows anything of have no row, the sentences tell why.
    A unit of which nothing is compared has no columns for it: the report says so once, at its beginning."""
    form = facts.form_for(section.table)
    compares = facts.has_changes
    rows = tuple(
        (
            facts.label(name),
            facts.measure(name),
            facts.told(name, figure),
            *((_then_cell(facts, name, form), change_cell(facts, facts.change(name, form))) if compares else ()),
            facts.coverage_cell(figure),
        )
        for name in section.table
        if (figure := facts.figure(name, form)) is not None
    )
    if rows:
        keys = ("indicator", "measure", "now", *(("then", "change") if compares else ()), "coverage")
        title = "result_table" if compares else "result_table_alone"
        yield Table(
            facts.words(title, section=_bare(section(facts.language)), base=facts.base_label),
            tuple(facts.words(f"col_{key}") for key in keys),
            rows,
            frozenset({2, 3} if compares else {2}),
            (0.27, 0.14, 0.13, 0.12, 0.18, 0.16) if compares else (0.43, 0.18, 0.19, 0.2),
        )


def _then_cell(facts: Facts, name: str, form: str) -> str:
    change = facts.change(name, form)
    if change is None or change["value_then"] is None:
        return "–"
    return facts.quantity(change["value_then"], change["qualifier_then"], percent=facts.is_rate(name))


def _children(facts: Facts, section: Section) -> Block:
    form = facts.form_for(section.children)
    columns = [(name, facts.figures_of_children(name, form)) for name in section.children]
    most = facts.outline.limits.child_rows
    shown = facts.children.head(most)
    rows = tuple(
        (printable(name), *(_child_cell(facts, column, found.get(unit)) for column, found in columns))
        for unit, name in shown.select("unit", "name").iter_rows()
    )
    total = (
        facts.words("total"),
        *(_child_cell(facts, column, facts.figure(column, form)) for column in section.children),
    )
    note = ""
    if len(facts.children) > most:
        note = facts.words("rows_cut", shown=facts.number(most), total=facts.number(len(facts.children)))
    share = 0.76 / len(columns)
    return Table(
        facts.words("children_table", section=_bare(section(facts.language))),
        (facts.words("col_unit"), *(facts.label(name) for name in section.children)),
        (total, *rows),
        frozenset(range(1, len(columns) + 1)),
        (0.24, *(share for _ in columns)),
        note,
    )


def _child_cell(facts: Facts, name: str, figure: Figure | None) -> str:
    if figure is None or not figure.is_told:
        return "–"
    return facts.told(name, figure)


def _bare(title: str) -> str:
    """``3. Kết quả làm theo`` without its number."""
    number, _, rest = title.partition(". ")
    return rest if rest and len(number) <= 4 else title


def _narratives(facts: Facts, section: Section, *, is_alone: bool) -> Iterator[Block]:
    if not section.narratives:
        return
    chosen = choose(facts.narratives(section.narratives), facts.outline.selection)
    if not chosen.units:
        if is_alone:
            yield Paragraph(facts.words("narratives_none"), italic=True)
        return
    yield from chosen.quotes
    if not chosen.is_whole:
        rest = chosen.units - chosen.shown
        told = {"shown": chosen.shown, "total": chosen.units, "rest": rest}
        numbers = {key: facts.number(value) for key, value in told.items()}
        yield Paragraph(facts.words("narratives_cut", **numbers), italic=True)


def annex_title(facts: Facts, annex: Annex) -> str:
    return f"{facts.words('annex')} {annex.number}. {annex(facts.language)}"
