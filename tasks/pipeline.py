"""One batch of files from archived bytes to everything the warehouse needs to know of them.

No Prefect and no writing here: this is what runs in a worker process, and what ``tongket check`` runs without storing
anything.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

import polars as pl

from catalog import Catalog
from domain.columns import WAIVERS
from domain.finding import Severity
from domain.submission import SubmissionState
from expectations.check import check
from expectations.intake import check_intake
from expectations.schema import empty_frame
from expectations.settling import waived
from expectations.verdict import verdicts
from transform.fonts import in_unicode
from transform.frames import HISTORY, REGISTER, Context, build_frames
from transform.lists import list_rows, narratives, text_repairs
from transform.normalise import normalise
from transform.observations import observations
from workbook.read import Source, read_files

#: States whose figures go on into the warehouse.
_PASSED = [SubmissionState.ACCEPTED.value, SubmissionState.ACCEPTED_WITH_WARNINGS.value]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch; ``file`` in every frame is the number the caller gave the file.

    ``known_up_to``: how far the past went that it was judged by (:meth:`Past.known_up_to`).
    """

    headers: pl.DataFrame
    verdicts: pl.DataFrame
    findings: pl.DataFrame
    observations: pl.DataFrame
    list_rows: pl.DataFrame
    narratives: pl.DataFrame
    started_at: datetime
    finished_at: datetime
    known_up_to: int
    seconds: dict[str, float] = field(default_factory=dict)


class Past(Protocol):
    """What was known before this batch, by the batch's own numbers.

    Earlier figures, the register, the waivers in force on a day for its files, the conclusions its units answer for
    (``None``: nobody knows), and which of some periods are closed, with the day;
    ``known_up_to``, asked first, is the number of the last attempt that all of them take into account.
    """

    def known_up_to(self) -> int: ...

    def figures(self, headers: pl.DataFrame) -> pl.DataFrame: ...

    def register(self, headers: pl.DataFrame) -> pl.DataFrame: ...

    def waivers(self, headers: pl.DataFrame, today: date) -> pl.DataFrame: ...

    def conclusions(self, headers: pl.DataFrame) -> pl.DataFrame | None: ...

    def closed(self, codes: Iterable[str]) -> Mapping[str, date]: ...


class NoPast:
    """A check without a warehouse: history and register checks have nothing to compare with and stay silent."""

    def known_up_to(self) -> int:
        return 0

    def figures(self, headers: pl.DataFrame) -> pl.DataFrame:  # noqa: ARG002
        return pl.DataFrame(schema=HISTORY)

    def register(self, headers: pl.DataFrame) -> pl.DataFrame:  # noqa: ARG002
        return pl.DataFrame(schema=REGISTER)

    def waivers(self, headers: pl.DataFrame, today: date) -> pl.DataFrame:  # noqa: ARG002
        return empty_frame(WAIVERS)

    def conclusions(self, headers: pl.DataFrame) -> pl.DataFrame | None:  # noqa: ARG002
        return None

    def closed(self, codes: Iterable[str]) -> Mapping[str, date]:  # noqa: ARG002
        return {}


def process(
    sources: Sequence[Source],
    catalog: Catalog,
    past: Past,
    today: date,
    *,
    in_turn: bool = False,
    docs: Path | None = None,
    run: str = "",
) -> Outcome:
    """Read, check and transform a batch. Never raises for bad data: that is a finding.

    With ``in_turn`` a unit's report is held back (it has no verdict) while an earlier period of the same unit and form
    is in the batch: checks of history must find the earlier figures in the warehouse, whatever arrived together.
    """
    clock = _Clock()
    known_up_to = past.known_up_to()
    batch = read_files(sources, catalog)
    clock.lap("read")
    closed = past.closed(batch.headers["period"].drop_nulls().unique())
    waivers = past.waivers(batch.headers, today)
    intake = waived(check_intake(batch.headers, batch.faults, catalog, today, closed), waivers)
    sound = batch.headers.join(_blocked(intake), on="file", how="anti")
    held = _later_periods(sound, catalog) if in_turn else sound.clear()
    sound = sound.join(held, on="file", how="anti")
    headers = batch.headers.join(held, on="file", how="anti")
    cells = in_unicode(batch.cells.join(sound.select("file"), on="file", how="semi"))
    readings = normalise(cells, catalog)
    clock.lap("normalise")
    findings = [_of(intake, headers), *_check_forms(sound, readings, cells, catalog, past, waivers, docs, run)]
    clock.lap("check")
    all_findings = pl.concat(findings)
    decided = verdicts(headers, all_findings)
    passed = sound.join(decided.filter(pl.col("state").is_in(_PASSED)), on="file", how="semi")
    outcome = Outcome(
        headers=headers,
        verdicts=decided,
        findings=all_findings,
        observations=observations(passed, _of(readings, passed), catalog),
        list_rows=list_rows(_of(cells, passed), catalog),
        narratives=narratives(_of(cells, passed), catalog),
        started_at=clock.started_at,
        finished_at=datetime.now(UTC),
        known_up_to=known_up_to,
        seconds=clock.seconds,
    )
    clock.lap("transform")
    return outcome


def _check_forms(
    headers: pl.DataFrame,
    readings: pl.DataFrame,
    cells: pl.DataFrame,
    catalog: Catalog,
    past: Past,
    waivers: pl.DataFrame,
    docs: Path | None,
    run: str,
) -> Iterator[pl.DataFrame]:
    """The findings of levels 3 to 6, form by form."""
    for (form,), part in headers.group_by("form", maintain_order=True):
        own_readings, own_cells = _of(readings, part), _of(cells, part)
        context = Context(past.figures(part), past.register(part))
        frames = build_frames(part, own_readings, own_cells, catalog, str(form), context)
        yield check(
            frames,
            own_readings,
            text_repairs(own_cells),
            part,
            catalog,
            str(form),
            history=context.history,
            notes=own_cells.filter(pl.col("part") == "note"),
            waivers=_of(waivers, part),
            conclusions=past.conclusions(part),
            docs=docs,
            run_id=run,
        )


def _later_periods(headers: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Files whose unit has a period of the same form among ``headers`` that comes before.

    What ended earlier comes before, and of two that end the same day the shorter: a half year is compared with the
    quarters that make it up.
    """
    if headers.is_empty():
        return headers
    known = {code: period.window for code in headers["period"].unique() if (period := catalog.period(code))}
    last, first = (
        pl.col("period").replace_strict(
            {code: getattr(window, end) for code, window in known.items()}, return_dtype=pl.Date
        )
        for end in ("last", "first")
    )
    # no period is a thousand days long: ending a day later outweighs any length
    turn = last.to_physical() * 1_000 - first.to_physical()
    return headers.filter(turn > turn.min().over("unit", "form"))


def _blocked(findings: pl.DataFrame) -> pl.DataFrame:
    """Files whose form or identity is not known well enough to judge their figures."""
    return findings.filter(pl.col("severity") == Severity.CRITICAL.value).select("file").unique()


def _of(frame: pl.DataFrame, headers: pl.DataFrame) -> pl.DataFrame:
    return frame.join(headers.select("file"), on="file", how="semi")


class _Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.started_at = datetime.now(UTC)
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = now - self._last
        self._last = now
