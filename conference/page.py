"""The web page: one file that needs nothing else, readable without scripts, printable, every unit to choose from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from html import escape
from typing import Any

import polars as pl

from conference.blocks import Block, Chart, Heading, Paragraph, Quote, Table
from conference.charts import draw
from conference.facts import Facts
from conference.outline import DATA, split
from conference.review import Review
from conference.stamping import moment
from conference.telling import printable

_WORDS = (
    "page_search",
    "page_sort",
    "page_more",
    "nothing_to_show",
    "col_indicator",
    "col_now",
    "col_measure",
    "col_coverage",
    "col_source",
)
_DIGITS = re.compile(r"-?\d[\d.,]*")


def page(facts: Facts, told: Review, made_at: datetime) -> bytes:
    """The ``.html`` of a review; the moment it was made stands in one ``meta`` and nowhere else."""
    return "\n".join(_lines(facts, told, made_at)).encode()


def _lines(facts: Facts, told: Review, made_at: datetime) -> Iterator[str]:
    words = facts.words
    yield "<!doctype html>"
    yield f'<html lang="{facts.language}"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    # nothing may be fetched and nothing but the two scripts of this file may run
    yield (
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">"
    )
    yield f'<meta name="dcterms.modified" content="{moment(made_at)}">'
    yield f"<title>{escape(told.title)}</title>"
    yield f"<style>{(DATA / 'page.css').read_text(encoding='utf-8')}</style></head><body><main>"
    yield f'<button class="print screen" id="print" type="button">{escape(words("page_print"))}</button>'
    yield f"<header><p>{escape(told.unit)}</p><h1>{escape(told.title)}</h1></header>"
    yield f"<noscript><p>{escape(words('page_no_script'))}</p></noscript>"
    yield f'<section class="screen"><h2>{escape(words("page_explore"))}</h2><div class="explorer"><div>'
    find = escape(words("page_search_unit"))
    yield f'<input type="search" id="find" placeholder="{find}" aria-label="{find}">'
    yield f'<nav class="tree" id="tree" aria-label="{escape(words("page_choose"))}"></nav></div>'
    yield '<div id="unit" aria-live="polite"></div></div></section>'
    counts = {"table": 0, "chart": 0}
    for block in told.blocks:
        yield _block(facts, block, counts)
    yield f"<h2>{escape(words('annex_list'))}</h2>"
    yield from (f"<p>{escape(annex)}</p>" for annex in told.annexes)
    yield "</main>"
    yield f'<script type="application/json" id="data">{_embedded(explorer(facts))}</script>'
    yield f"<script>{(DATA / 'page.js').read_text(encoding='utf-8')}</script></body></html>"


def _embedded(data: Any) -> str:
    """JSON that cannot end its element, whatever a unit is called."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


# ------------------------------------------------------------------------------------------------ the report as markup


def _block(facts: Facts, block: Block, counts: dict[str, int]) -> str:
    match block:
        case Heading():
            level = block.level + 1
            return f"<h{level}>{escape(block.text)}</h{level}>"
        case Paragraph():
            kind = "write" if block.write else "note" if block.italic else ""
            return f'<p class="{kind}">{escape(block.text)}</p>' if kind else f"<p>{escape(block.text)}</p>"
        case Quote():
            cut = f" <i>{escape(facts.words('narratives_shortened'))}</i>" if block.extract else ""
            return f'<p class="quote"><b>{escape(block.unit)}:</b> {escape(block.text)}{cut}</p>'
        case Table():
            counts["table"] += 1
            return _table(facts, block, counts["table"])
        case Chart():
            counts["chart"] += 1
            return _chart(facts, block, counts["chart"])


def _table(facts: Facts, table: Table, number: int) -> str:
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in table.head)
    rows = "\n".join(
        "<tr>" + "".join(_cell(facts, text, right=place in table.right) for place, text in enumerate(row)) + "</tr>"
        for row in table.rows
    )
    dash = any(text == "–" for row in table.rows for text in row)
    notes = " ".join(filter(None, (table.note, facts.words("dash_note") if dash else "")))
    note = f'<p class="note">{escape(notes)}</p>' if notes else ""
    caption = escape(f"{facts.words('table')} {number}. {table.caption}")
    return (
        f'<div class="scroll"><table class="data"><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{note}"
    )


def _cell(facts: Facts, text: str, *, right: bool) -> str:
    if not right:
        return f"<td>{escape(text)}</td>"
    return f'<td class="n" data-v="{_sorted_by(text, facts.language)}">{escape(text)}</td>'


def _sorted_by(text: str, language: str) -> str:
    """The number in a printed figure, to sort by; empty without one."""
    found = _DIGITS.search(text)
    if found is None:
        return ""
    digits = found.group().rstrip(".,")
    return digits.replace(".", "").replace(",", ".") if language == "vi" else digits.replace(",", "")


def _chart(facts: Facts, chart: Chart, number: int) -> str:
    drawn = draw(chart, facts.language, "svg").decode()
    svg = drawn[drawn.index("<svg") :]
    # the numbers of glyphs and clips must not meet those of another chart on the page
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>c{number}-", svg)
    label = escape(chart.alternative)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    note = f" ({chart.note})" if chart.note else ""
    caption = escape(f"{facts.words('chart')} {number}. {chart.caption}{note}")
    return f"<figure>{svg}<figcaption>{caption}</figcaption></figure>"


# ------------------------------------------------------------------------------------------------ figures of all units


def explorer(facts: Facts) -> dict[str, Any]:
    """The tree of units and the figures of each, as short as they can be told: ``figures[unit]`` are rows of
    ``[column, words, value, reported, expected]``, ``words`` a place in ``told``."""
    order = facts.branches.select("unit", "name", "parent").with_row_index("at").cast({"at": pl.Int64})
    parents = order.select(parent="unit", above="at")
    units = order.join(parents, on="parent", how="left", maintain_order="left").with_columns(
        pl.col("above").fill_null(-1)
    )
    rows = _chosen(facts).join(order.select("unit", "at"), on="unit").sort("at", "column")
    spoken = rows.select("value", "qualifier", "percent").unique(maintain_order=True)
    told = [facts.quantity(value, qualifier, percent=rate) for value, qualifier, rate in spoken.iter_rows()]
    spoken = spoken.with_row_index("told").cast({"told": pl.Int64})
    rows = rows.join(spoken, on=["value", "qualifier", "percent"], nulls_equal=True, maintain_order="left")
    figures: dict[str, list[list[Any]]] = {}
    for at, *rest in rows.select("at", "column", "told", "value", "reported", "expected").iter_rows():
        figures.setdefault(str(at), []).append(rest)
    return {
        "language": facts.language,
        "period": printable(facts.period_label),
        "code": facts.period_code,
        "words": {key: _word(facts, key) for key in _WORDS},
        "columns": [[facts.label(name), facts.measure(name), _tail(name, form)] for name, form in _columns(facts)],
        "units": [
            [code, printable(name or code), above]
            for code, name, above in units.select("unit", "name", "above").iter_rows()
        ],
        "told": told,
        "figures": figures,
    }


def _word(facts: Facts, key: str) -> str:
    return facts.words(key, n="{n}") if key == "page_more" else facts.words(key)


def _tail(name: str, form: str) -> str:
    indicator, breakdown = split(name)
    return "/".join(filter(None, (form, indicator, breakdown)))


def _columns(facts: Facts) -> list[tuple[str, str]]:
    return [(name, form) for form in facts.outline.forms for name in facts.outline.page]


def _chosen(facts: Facts) -> pl.DataFrame:
    """The figures of the page's columns, ``column`` their place."""
    columns = pl.DataFrame(
        [
            {
                "column": place,
                "form": form,
                "indicator": split(name)[0],
                "breakdown": split(name)[1],
                "percent": facts.is_rate(name),
            }
            for place, (name, form) in enumerate(_columns(facts))
        ]
    )
    told = facts.now.filter(pl.col("value").is_not_null())
    return told.join(columns, on=["form", "indicator", "breakdown"]).with_columns(
        pl.col("qualifier").fill_null("exact")
    )
