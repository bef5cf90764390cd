"""A period's report set as one HTML file that fetches nothing and prints on A4, and as markdown."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from tasks.period_words import Card, Table, Told, Words

#: Rows of a table in Prefect's interface.
_ROWS_IN_MARKDOWN = 30

_STYLE = """
@page { size: A4 landscape; margin: 14mm 12mm 16mm }
:root { --ink:#1c2733; --soft:#5c6b7a; --line:#d5dde5; --head:#eef3f7; --good:#1b6e4a; --bad:#a8321f; --bar:#cfe3f3 }
* { box-sizing: border-box }
body { margin:0; background:#f4f6f8; color:var(--ink); font:14px/1.45 "Noto Sans","DejaVu Sans",Arial,sans-serif }
main { max-width:1180px; margin:0 auto; padding:28px 32px 40px; background:#fff }
header { border-bottom:3px solid var(--ink); padding-bottom:10px; margin-bottom:14px }
h1 { font-size:25px; margin:0; line-height:1.2 }
h2 { font-size:16px; margin:26px 0 8px }
h1 small, h2 small, th small, dt small, .card small { font-weight:400; color:var(--soft) }
h1 small { display:block; font-size:14px } h2 small { font-size:12px; margin-left:6px }
.life { float:right; border:1.5px solid var(--ink); border-radius:4px; padding:3px 10px; font-weight:600 }
dl { display:grid; grid-template-columns:max-content 1fr max-content 1fr; gap:3px 14px; margin:0 0 16px }
dt { color:var(--soft) } dd { margin:0 }
.cards { display:grid; grid-template-columns:repeat(6,1fr); gap:10px; margin:0 0 14px }
.card { border:1px solid var(--line); border-top:4px solid var(--soft); border-radius:4px; padding:8px 10px }
.card.good { border-top-color:var(--good) } .card.bad { border-top-color:var(--bad) }
.card b { display:block; font-size:26px; line-height:1.15 } .card.bad b { color:var(--bad) }
.card span { display:block } .card .share { color:var(--soft); font-size:12.5px }
.warning { margin:0 0 14px; padding:8px 12px; border:1.5px solid var(--bad); border-radius:4px; color:var(--bad) }
.sums { margin:0; padding:8px 12px; background:var(--head); border-radius:4px; list-style:none }
.sums small, .note small { color:var(--soft) }
table { border-collapse:collapse; width:100%; font-size:12.5px }
th { background:var(--head); text-align:left; vertical-align:bottom; font-weight:600;
  border-bottom:1.5px solid var(--soft) }
th small { display:block; font-size:10.5px }
th, td { padding:4px 7px } td { border-bottom:1px solid var(--line); vertical-align:top; overflow-wrap:anywhere }
.n { text-align:right; white-space:nowrap; font-variant-numeric:tabular-nums }
.bar { background:linear-gradient(to right,var(--bar) var(--share),transparent var(--share)) }
.note { color:var(--soft); font-size:12px; margin:5px 0 0 }
footer { margin-top:26px; border-top:1px solid var(--line); padding-top:6px; color:var(--soft); font-size:11.5px }
thead { display:table-header-group } tr { break-inside:avoid } h2 { break-after:avoid }
@media screen and (max-width:800px) { .cards { grid-template-columns:repeat(2,1fr) }
  dl { grid-template-columns:max-content 1fr } section { overflow-x:auto } }
@media print { body { background:#fff; font-size:11px } main { padding:0; max-width:none }
  .card, .sums, th, .bar { -webkit-print-color-adjust:exact; print-color-adjust:exact } table { font-size:10px } }
"""


def page(told: Told) -> str:
    """The report as HTML; no script, nothing fetched."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: Told) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="vi"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield f"<title>{escape(told.title[0])}</title><style>{_STYLE}</style></head><body><main>"
    yield f'<header><span class="life">{escape(told.life[0])} · {escape(told.life[1])}</span>'
    yield f"<h1>{_both(told.title)}</h1></header>"
    if told.warning[0]:
        yield f'<p class="warning">{_both(told.warning)}</p>'
    yield "<dl>" + "".join(f"<dt>{_both(what)}</dt><dd>{escape(value)}</dd>" for what, value in told.facts) + "</dl>"
    yield '<div class="cards">' + "".join(map(_card, told.cards)) + "</div>"
    yield '<ul class="sums">' + "".join(f"<li>{_both(said)}</li>" for said in told.identities) + "</ul>"
    for table in told.tables:
        yield from _table(table)
    yield f"<footer>tongket · {escape(told.period)}</footer></main></body></html>"


def _both(words: Words) -> str:
    return f"{escape(words[0])} <small>{escape(words[1])}</small>"


def _card(card: Card) -> str:
    share = f'<span class="share">{escape(card.share)}</span>' if card.share else ""
    return f'<div class="card {card.tone}"><b>{escape(card.figure)}</b><span>{_both(card.words)}</span>{share}</div>'


def _table(table: Table) -> Iterator[str]:
    yield f"<section><h2>{_both(table.title)}</h2><table><thead><tr>"
    yield "".join(
        f'<th scope="col"{_right(place, table)}>{escape(head[0])}<small>{escape(head[1])}</small></th>'
        for place, head in enumerate(table.heads)
    )
    yield "</tr></thead><tbody>"
    for number, row in enumerate(table.rows):
        bar = table.bars[number] if table.bars else None
        yield "<tr>" + "".join(_cell(place, text, table, bar) for place, text in enumerate(row)) + "</tr>"
    yield "</tbody></table>"
    if table.note[0]:
        yield f'<p class="note">{_both(table.note)}</p>'
    yield "</section>"


def _right(place: int, table: Table) -> str:
    return ' class="n"' if place in table.right else ""


def _cell(place: int, text: str, table: Table, bar: float | None) -> str:
    """The first figure of a row with a share has it drawn behind it."""
    if bar is not None and place == min(table.right):
        return f'<td class="n bar" style="--share:{100 * bar:.2f}%">{escape(text)}</td>'
    return f"<td{_right(place, table)}>{escape(text)}</td>"


# ------------------------------------------------------------------------------------------------ markdown


def markdown(told: Told) -> str:
    """The report for Prefect's interface; lists are cut short, the files have all."""
    return "\n".join(_markdown(told)) + "\n"


def _markdown(told: Told) -> Iterator[str]:
    yield f"# {plain(told.title[0])}\n"
    yield f"**{told.life[0]} · {told.life[1]}**\n"
    if told.warning[0]:
        yield f"**{plain(told.warning[0])}** · {plain(told.warning[1])}\n"
    yield from (f"- {what[0]} · {what[1]}: **{plain(value)}**" for what, value in told.facts)
    yield ""
    yield from (f"- {plain(said[0])}" for said in told.identities)
    for table in told.tables:
        yield f"\n## {plain(table.title[0])} · {plain(table.title[1])}\n"
        yield "| " + " | ".join(plain(f"{vi} · {en}") for vi, en in table.heads) + " |"
        yield "|" + "|".join("---:" if place in table.right else "---" for place in range(len(table.heads))) + "|"
        yield from ("| " + " | ".join(map(plain, row)) + " |" for row in table.rows[:_ROWS_IN_MARKDOWN])
        left = len(table.rows) - _ROWS_IN_MARKDOWN
        if left > 0:
            yield f"\n… +{left}"
        if table.note[0]:
            yield f"\n{plain(table.note[0])}"


def plain(text: str) -> str:
    """Whatever a unit is called or a reason says, it stays text: no markup, no cell, no link of its own."""
    cleaned = text.replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign in "|`*_[]#":
        cleaned = cleaned.replace(sign, f"\\{sign}")
    return " ".join(cleaned.split())
