"""Levels 3 to 6: the rules of a form on a batch of submissions, as findings with cells, arithmetic and advice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from catalog.load import Catalog
from catalog.model import Form, Rule
from domain.columns import FINDINGS
from domain.conclusion import PROGRESS_LIST
from domain.finding import CheckLevel, Severity
from expectations.engine import quiet
from expectations.fault import ProgramFault
from expectations.findings import Beside, write_findings
from expectations.following import followed
from expectations.outcomes import (
    OUTCOMES,
    READINGS,
    TEXTS,
    outcomes,
    repaired_texts,
    rules_by_outcome,
    unreadable_or_repaired,
)
from expectations.schema import empty_frame
from expectations.settling import telling_notes, trusted, waived
from expectations.severity import SUSPICIOUS, severity_of
from expectations.tables import PLAIN, Tables, prepare

if TYPE_CHECKING:
    from expectations.suite import Probe

_FRAMES = frozenset({CheckLevel.VALUE, CheckLevel.RECORD, CheckLevel.UNIT, CheckLevel.HISTORY})


@dataclass(frozen=True, slots=True)
class Days:
    """The last day of every file's period: it decides which rules are in force and how severe they are."""

    by_file: pl.DataFrame  # file, day

    @property
    def distinct(self) -> list[date]:
        return self.by_file["day"].unique().sort().to_list()


def check(
    frames: Mapping[str, pl.DataFrame],
    readings: pl.DataFrame,
    text_repairs: pl.DataFrame | None,
    headers: pl.DataFrame,
    catalog: Catalog,
    form_id: str,
    *,
    history: pl.DataFrame | None = None,
    notes: pl.DataFrame | None = None,
    waivers: pl.DataFrame | None = None,
    conclusions: pl.DataFrame | None = None,
    docs: Path | None = None,
    run_id: str = "",
) -> pl.DataFrame:
    """FINDINGS of levels 3 to 6 for submissions of one form.

    ``frames`` are the form's check frames; ``headers`` holds the files judged here (their period decides which rules
    are in force, their version where empty cells stand). ``history`` (HISTORY) says where the figures of other periods
    stand; ``notes`` (CELLS of the part ``note``) explain warnings, ``waivers`` (WAIVERS) settle findings;
    ``conclusions`` (KNOWN_CONCLUSIONS) are what the units answer for, ``None`` where nobody knows. A critical finding
    that stands at one level hides the levels above it for that file. With ``docs`` the results are also rendered there
    as Data Docs of the run ``run_id``.

    Raises :class:`ProgramFault` when a rule could not be judged: a frame or column is absent, an expectation was
    dropped or crashed, a period is not in the calendar, a message asks for a word it cannot have.
    """
    if headers.is_empty():
        return empty_frame(FINDINGS)
    form = catalog.forms[form_id]
    days = _days(headers, catalog)
    rules = [rule for rule in catalog.rules if rule.level in _FRAMES and rule.applies_to(form_id)]
    rules = [rule for rule in rules if any(rule.applies_on(day) for day in days.distinct)]
    on_frames = [rule for rule in rules if rule.check.kind not in PLAIN]
    tables = prepare(frames, readings, on_frames, form)
    tables[READINGS] = unreadable_or_repaired(readings)
    tables[TEXTS] = repaired_texts(text_repairs)
    hits = pl.concat(
        [
            *rules_by_outcome(tables, [rule for rule in rules if rule.check.kind == "reading"], catalog),
            *_judged(tables, on_frames, form, catalog, days, docs, run_id),
        ]
    )
    known = Beside(readings, headers, history, telling_notes(notes, readings))
    findings = write_findings(_reached(_dated(hits, rules, days), trusted(waivers)), tables, known, catalog, form)
    by_file = dict(days.by_file.iter_rows())
    on_conclusions = followed(frames.get(PROGRESS_LIST), readings, headers, conclusions, catalog, form, by_file)
    return _gated(waived(pl.concat([findings, on_conclusions]), waivers))


def _days(headers: pl.DataFrame, catalog: Catalog) -> Days:
    last = {}
    for code in headers["period"].unique():
        period = catalog.period(code) if code else None
        if period is None:
            raise ProgramFault(f"the period {code!r} is not in the calendar; its files must stop at level 2")
        last[code] = period.window.last
    day = pl.col("period").replace_strict(last, return_dtype=pl.Date)
    return Days(headers.select("file", day=day))


# ------------------------------------------------------------------------------------------------ Great Expectations


def _judged(
    tables: Tables, rules: list[Rule], form: Form, catalog: Catalog, days: Days, docs: Path | None, run_id: str
) -> Iterable[pl.DataFrame]:
    """OUTCOMES of every rule on frames, one suite a table that has rows."""
    with quiet():
        from expectations.engine import Engine
        from expectations.suite import probes

    engine = Engine(docs, run_id)
    yield pl.DataFrame(schema=OUTCOMES)
    sent = probes(tables, rules, form, catalog, days.distinct[-1])
    for name in dict.fromkeys(probe.table for probe in sent):
        chosen = [probe for probe in sent if probe.table == name]
        if tables[name].height:
            results = engine.validate(
                f"{form.id} {name}", _to_pandas(tables[name], chosen), [p.expectation for p in chosen]
            )
            yield from _outcomes(tables[name], chosen, results)
    engine.build_docs()


def _to_pandas(table: pl.DataFrame, chosen: list[Probe]) -> Any:
    needed = dict.fromkeys(column for probe in chosen for column in probe.columns)
    return table.select(list(needed)).to_pandas()


def _outcomes(table: pl.DataFrame, sent: list[Probe], results: list[Any]) -> Iterable[pl.DataFrame]:
    """Row positions by rule; a result that is missing or an expectation that crashed is a fault of the program."""
    by_key = {result.expectation_config.meta["rule_id"]: result for result in results}
    for probe in sent:
        result = by_key.pop(probe.key, None)
        if result is None:
            raise ProgramFault(f"{probe.rule.id}: its expectation was dropped, nothing was judged")
        raised = _raised(result.exception_info)
        if raised:
            raise ProgramFault(f"{probe.rule.id}: its expectation crashed on the table {probe.table}: {raised}")
        positions = result.result.get("unexpected_index_list")
        if len(positions or ()) != result.result["unexpected_count"]:
            raise ProgramFault(f"{probe.rule.id}: {result.result['unexpected_count']} rows failed without a position")
        if positions:
            yield outcomes(table, probe.table, positions, probe.rule, probe.instance)
    if by_key:
        raise ProgramFault(f"results for rules that were never sent: {', '.join(sorted(map(str, by_key)))}")


def _raised(info: Any) -> str:
    """What an expectation raised: Great Expectations keeps it flat or by metric."""
    if not info:
        return ""
    if "raised_exception" in info:
        return str(info.get("exception_message") or "an exception") if info["raised_exception"] else ""
    return "; ".join(str(item.get("exception_message")) for item in info.values() if item.get("raised_exception"))


# ------------------------------------------------------------------------------------------------ what is in force


def _dated(hits: pl.DataFrame, rules: list[Rule], days: Days) -> pl.DataFrame:
    """The hits of rules in force on the file's day, with the severity of that day and the rule's level."""
    in_force = pl.DataFrame(
        [
            (rule.id, instance, day, int(rule.level), str(severity_of(rule, instance, day)))
            for rule in rules
            for day in days.distinct
            if rule.applies_on(day)
            for instance in ("", SUSPICIOUS)
        ],
        schema={"rule": pl.String, "kind": pl.String, "day": pl.Date, "level": pl.Int8, "severity": pl.String},
        orient="row",
    )
    kind = pl.when(pl.col("instance") == SUSPICIOUS).then(pl.lit(SUSPICIOUS)).otherwise(pl.lit(""))
    return (
        hits.join(days.by_file, on="file", how="inner")
        .with_columns(kind=kind)
        .join(in_force, on=["rule", "kind", "day"], how="inner")
        .drop("kind", "day")
    )


def _reached(hits: pl.DataFrame, spared: pl.Series) -> pl.DataFrame:
    """The hits worth writing down: gated, but for files where a critical finding may turn out to be let pass."""
    open_yet = pl.col("file").is_in(spared.implode())
    gated = _gated(hits.filter(~open_yet).with_columns(settled_by=pl.lit(None, pl.String)))
    return pl.concat([gated.drop("settled_by"), hits.filter(open_yet)])


def _gated(found: pl.DataFrame) -> pl.DataFrame:
    """Without the levels above the lowest one at which the file has a critical finding that stands."""
    critical = (pl.col("severity") == Severity.CRITICAL.value) & pl.col("settled_by").is_null()
    stop = found.filter(critical).group_by("file").agg(stop=pl.col("level").min())
    reached = found.join(stop, on="file", how="left", maintain_order="left")
    return reached.filter(pl.col("level") <= pl.col("stop").fill_null(127)).drop("stop")
