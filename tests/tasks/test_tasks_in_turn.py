"""Reports of several periods at once are judged as if they had come one after the other; one bad file stops alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from examples.filing import Filing
from examples.write import Writer
from tasks import collect as steps
from tasks.settings import Settings
from tasks.setup import initialise
from tasks.store import engine_for, register_of
from tests.collecting import collect
from warehouse import intake, queries
from workbook.read import Source

#: The summary figures of two quarters; the second carries over 33 dossiers where the first left 10.
FIRST = {
    "dossiers_received": 30, "dossiers_carried_over": 0, "dossiers_received_online": 20, "dossiers_received_direct": 10,
    "dossiers_resolved": 20, "dossiers_resolved_early": 5, "dossiers_resolved_on_time": 15,
    "dossiers_resolved_overdue": 0, "dossiers_pending": 10, "dossiers_pending_in_time": 10,
    "dossiers_pending_overdue": 0,
}  # fmt: skip
SECOND = {**FIRST, "dossiers_received": 63, "dossiers_carried_over": 33, "dossiers_pending": 43}
SECOND["dossiers_pending_in_time"] = 43


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = Settings(home=tmp_path, warehouse_url=SecretStr(f"sqlite:///{tmp_path / 'warehouse.db'}"))
    initialise(chosen, chosen.url)
    return chosen


def _quarters(settings: Settings, folder: Path) -> dict[str, Path]:
    writer = Writer(register_of(settings))
    filings = {
        "first": Filing("UB.12", "2025-Q1", "one-stop-dossiers", figures=FIRST),
        "second": Filing("UB.12", "2025-Q2", "one-stop-dossiers", figures=SECOND),
    }
    folder.mkdir()
    return dict(zip(filings, writer.write_all(filings.items(), folder), strict=True))


def _rules_of_history(settings: Settings) -> list[str]:
    found = queries.findings(engine_for(settings.url), period="2025-Q2")
    return sorted(found.filter(found["level"] == 6)["rule"])


@pytest.mark.thorough("as due-a batch each", "the later first-one batch")
@pytest.mark.parametrize("batch", [1, 2], ids=["a batch each", "one batch"])
@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")], ids=["as due", "the later first"])
def test_a_quarter_is_judged_by_the_quarter_before_that_came_with_it(
    settings: Settings, tmp_path: Path, order: Sequence[str], batch: int
) -> None:
    files = _quarters(settings, tmp_path / "sent")
    collect(settings, [files[name] for name in order], batch=batch)
    together = _rules_of_history(settings)
    assert together, "the second quarter carries over more than the first left pending"

    apart = Settings(home=tmp_path / "apart", warehouse_url=SecretStr(f"sqlite:///{tmp_path / 'apart.db'}"))
    initialise(apart, apart.url)
    collect(apart, [files["first"]])
    collect(apart, [files["second"]])
    assert _rules_of_history(apart) == together


def test_a_file_that_brings_out_a_fault_of_the_program_stops_alone(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(register_of(settings))
    units = ("DU.12", "DU.37", "DU.52", "DU.82", "UB.12")
    filings = [(unit, Filing(unit, "2025", "review-report", figures={"edocs_pending": 3})) for unit in units]
    files = writer.write_all(filings, tmp_path / "sent")
    sound = steps.process_in_worker

    def stumbling(sources: Sequence[Source], *rest: Any) -> Any:
        if any(source.name == "DU.52.xlsx" for source in sources):
            raise ZeroDivisionError("a fault of the program")
        return sound(sources, *rest)

    monkeypatch.setattr(steps, "process_in_worker", stumbling)
    run = collect(settings, files, forgiving=True)
    engine = engine_for(settings.url)
    counts = queries.counts_of_run(engine, run)
    assert counts.pop("failed") == 1
    assert sum(counts.values()) == 4
    assert [item.name for item in intake.pending(engine)] == ["DU.52.xlsx"]

    monkeypatch.setattr(steps, "process_in_worker", sound)
    collect(settings, [])
    assert intake.pending(engine) == []
    assert len(queries.observations_in_force(engine, "2025", "review-report")["unit"].unique()) == 5


def test_a_broken_program_is_not_tried_on_every_file(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sent").mkdir()
    files = []
    for number in range(60):
        files.append(tmp_path / "sent" / f"{number}.csv")
        files[-1].write_text(f"{number}\n", encoding="utf-8")
    calls = []

    def broken(sources: Sequence[Source], *rest: Any) -> Any:
        calls.append(len(sources))
        raise ZeroDivisionError("a fault of the program")

    monkeypatch.setattr(steps, "process_in_worker", broken)
    with pytest.raises(ZeroDivisionError):
        collect(settings, files)
    assert calls.count(1) <= steps.FAULTY_FILES + 1
    assert len(intake.pending(engine_for(settings.url))) == 60
