"""What a chart shows: bars from figures, with the coverage and what is left out said in words."""

from __future__ import annotations

from typing import Any

from conference.blocks import Chart, Series
from conference.facts import Facts, Figure
from conference.outline import ChartOf
from conference.telling import printable
from domain.quantity import Qualifier


def chart(facts: Facts, spec: ChartOf) -> Chart | None:
    """The chart of an outline; ``None`` when no figure of it has a number."""
    form = facts.form_for(spec.figures)
    if spec.kind == "children":
        return _of_children(facts, spec, form)
    return _of_figures(facts, spec, form)


def _of_figures(facts: Facts, spec: ChartOf, form: str) -> Chart | None:
    """One row a figure; beside it last year's where it may be compared."""
    found = [(name, facts.figure(name, form)) for name in spec.figures]
    told = [(name, figure) for name, figure in found if figure is not None and figure.value is not None]
    if not told:
        return None
    now = Series(printable(facts.period_label), *_bars(facts, told))
    series, beside = [now], []
    if spec.kind == "beside":
        then = _then(facts, [name for name, _ in told], form)
        if any(value is not None for value in then.values):
            series.append(then)
            beside = [facts.words("beside_base", base=facts.base_label)]
    coverages = dict.fromkeys(filter(None, (facts.coverage(figure) for _, figure in told)))
    lead_coverage = next(iter(coverages), "")
    note = [f"{facts.label(name)}: {facts.coverage(figure)}" for name, figure in told if facts.coverage(figure)]
    said = [lead_coverage] if len(coverages) == 1 else note
    return Chart(
        spec.id,
        spec.kind,
        " ".join([spec(facts.language), *beside]),
        tuple(_category(facts, name, spec) for name, _ in told),
        tuple(series),
        facts.is_rate(spec.figures[0]),
        "; ".join(said + _worded(facts, [figure for _, figure in told])),
        tuple(figure.trace for _, figure in told),
    )


def _category(facts: Facts, name: str, spec: ChartOf) -> str:
    label = facts.label(name)
    return label.partition(": ")[2].capitalize() if spec.kind == "parts" and ": " in label else label


def _bars(facts: Facts, told: list[tuple[str, Figure]]) -> tuple[tuple[float | None, ...], tuple[str, ...]]:
    return (
        tuple(figure.value for _, figure in told),
        tuple(facts.told(name, figure) for name, figure in told),
    )


def _then(facts: Facts, names: list[str], form: str) -> Series:
    changes = [facts.change(name, form) for name in names]
    values = tuple(_value_then(change) for change in changes)
    labels = tuple(
        facts.quantity(value, change["qualifier_then"] if change else None, percent=facts.is_rate(name))
        for name, change, value in zip(names, changes, values, strict=True)
    )
    label = facts.base_label
    return Series(label[:1].upper() + label[1:], values, labels)


def _value_then(change: dict[str, Any] | None) -> float | None:
    return change["value_then"] if change and change["comparable"] else None


def _of_children(facts: Facts, spec: ChartOf, form: str) -> Chart | None:
    """One bar a unit directly below, the highest first; of too many the highest and the lowest half."""
    name = spec.figures[0]
    found = facts.figures_of_children(name, form)
    told = [(unit, figure) for unit, figure in found.items() if figure.value is not None]
    if len(told) < 2:
        return None
    order = {unit: place for place, unit in enumerate(facts.children["unit"])}
    told.sort(key=lambda pair: (-(pair[1].value or 0.0), order[pair[0]]))
    most = facts.outline.limits.chart_bars
    shown = told if len(told) <= most else [*told[: -(-most // 2)], *told[-(most // 2) :]]
    coverage = facts.coverage(facts.figure(name, form))
    silent = len(facts.children) - len(told)
    note = [coverage] if coverage else []
    note += [facts.words("bars_cut", shown=len(shown), total=facts.number(len(told)))] if len(shown) < len(told) else []
    note += [facts.words("no_figure_units", n=facts.number(silent))] if silent else []
    return Chart(
        spec.id,
        "children",
        spec(facts.language),
        tuple(printable(facts.names[unit]) for unit, _ in shown),
        (
            Series(
                printable(facts.period_label),
                tuple(figure.value for _, figure in shown),
                tuple(facts.told(name, figure) for _, figure in shown),
            ),
        ),
        facts.is_rate(name),
        "; ".join(note + _worded(facts, [figure for _, figure in shown])),
        tuple(figure.trace for _, figure in shown),
    )


def _worded(facts: Facts, figures: list[Figure]) -> list[str]:
    rough = any(figure.qualifier != Qualifier.EXACT.value for figure in figures)
    return [facts.words("rounded_chart")] if rough else []


def values_of(chart: Chart) -> list[float]:
    """Every number the chart shows."""
    return [value for series in chart.series for value in series.values if value is not None]
