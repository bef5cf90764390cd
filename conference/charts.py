"""Charts drawn by matplotlib: colour-blind safe, value labels, the same bytes for the same figures."""

from __future__ import annotations

import io
import textwrap
from typing import Any, Literal

import matplotlib
import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from conference.blocks import Chart
from conference.plotting import values_of
from domain.numbers import en_number, vi_number

#: Okabe and Ito: told apart also by whoever does not see red and green, and in grey.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
_HATCHES = ("", "///", "...", "xx")

_SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "svg.hashsalt": "tongket",
    "svg.fonttype": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.6,
}
_WIDTH, _ROW, _FRAME = 6.6, 0.3, 0.7
_LABEL_WIDTH, _LABEL_LINES = 30, 2


def draw(chart: Chart, language: str, kind: Literal["png", "svg"]) -> bytes:
    """The chart as a picture; nothing in it tells when it was drawn."""
    with matplotlib.style.context(["default", _SETTINGS]):
        figure = _figure(chart, language)
        out = io.BytesIO()
        if kind == "png":
            FigureCanvasAgg(figure)
            figure.savefig(out, format="png", dpi=200, metadata={"Software": None})
        else:
            FigureCanvasSVG(figure)
            figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _figure(chart: Chart, language: str) -> Figure:
    rows = len(chart.categories) * (0.45 + 0.55 * len(chart.series))
    labels = [short(category) for category in chart.categories]
    lines = sum(max(0, label.count("\n")) for label in labels)
    figure = Figure(figsize=(_WIDTH, _FRAME + _ROW * rows + 0.1 * lines), layout="constrained")
    axes = figure.add_subplot()
    height = 0.8 / len(chart.series)
    for place, series in enumerate(chart.series):
        at = [row + (place - (len(chart.series) - 1) / 2) * height for row in range(len(chart.categories))]
        bars = axes.barh(
            at,
            [value or 0.0 for value in series.values],
            height * 0.92,
            color=COLOURS[place],
            hatch=_HATCHES[place],
            edgecolor="white",
            linewidth=0.4,
            label=series.name,
        )
        axes.bar_label(bars, labels=list(series.labels), padding=3, fontsize=9)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.margins(x=0.16)
    axes.set_xlim(left=min(0.0, *values_of(chart)))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=not chart.percent))
    number = vi_number if language == "vi" else en_number
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: number(round(value, 6)) + (" %" if chart.percent else ""))
    )
    axes.tick_params(axis="y", length=0)
    if len(chart.series) > 1:
        figure.legend(loc="outside lower center", ncols=len(chart.series), frameon=False)
    return figure


def short(name: str) -> str:
    """A name over at most two lines, cut with … when longer; the tables have it whole. ``$`` starts no formula."""
    lines = textwrap.wrap(" ".join(name.split()), _LABEL_WIDTH) or [""]
    if len(lines) > _LABEL_LINES:
        lines = [*lines[: _LABEL_LINES - 1], lines[_LABEL_LINES - 1][: _LABEL_WIDTH - 1] + "…"]
    return "\n".join(lines).replace("$", r"\$")
