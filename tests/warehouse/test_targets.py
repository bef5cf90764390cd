"""Targets over files and both databases: the whole or nothing, versions with reasons, and what was reached."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from world import CATALOG, arrive, batch, furnish

from conference.frozen import SCHEMAS
from domain.act import ActRefusedError
from tasks import targets as importing
from tasks.rolling import refresh_roll_up
from tasks.targets import (
    TargetsRefusedError,
    attainment_of,
    export_targets,
    import_targets,
    targets_frame,
)
from warehouse.load import load_batch
from warehouse.targets import TargetsMovedError, targets_of

HEAD = "unit;indicator;year;direction;value;source"


@pytest.fixture
def run(engine: Engine) -> str:
    return furnish(engine)


def written(folder: Path, *rows: str, head: str = HEAD) -> Path:
    path = folder / "chỉ tiêu.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def taken(engine: Engine, file: Path, reason: str | None = None, **more: bool) -> dict[str, int]:
    difference = import_targets(engine, CATALOG, file, who="An", reason=reason, **more)
    return {what: difference.count("targets", what) for what in ("added", "changed", "removed", "same")}


def test_a_file_is_taken_whole_and_a_change_needs_a_reason_and_keeps_what_was(
    engine: Engine, run: str, tmp_path: Path
) -> None:
    first = written(tmp_path, "X01;received;2025;ít nhất;100;KH 1", "X02;received;2025;không quá;1.200;KH 1")
    assert taken(engine, first, dry_run=True) == {"added": 2, "changed": 0, "removed": 0, "same": 0}
    assert targets_of(engine).is_empty()
    assert taken(engine, first)["added"] == 2
    assert taken(engine, first) == {"added": 0, "changed": 0, "removed": 0, "same": 2}

    second = written(tmp_path, "X01;received;2025;ít nhất;120;KH 2", "X02;received;2025;bỏ;;KH 2")
    with pytest.raises(ActRefusedError, match="reason"):
        taken(engine, second)
    assert targets_of(engine)["value"].to_list() == [100.0, 1200.0]
    assert taken(engine, second, "điều chỉnh") == {"added": 0, "changed": 1, "removed": 1, "same": 0}
    assert targets_of(engine).select("unit", "value", "version").rows() == [("X01", 120.0, 2)]
    past = targets_of(engine, history=True)
    assert past.select("unit", "version", "value", "reason").rows() == [
        ("X01", 1, 100.0, "Giao chỉ tiêu theo tệp chỉ tiêu.csv"),
        ("X01", 2, 120.0, "điều chỉnh"),
        ("X02", 1, 1200.0, "Giao chỉ tiêu theo tệp chỉ tiêu.csv"),
        ("X02", 2, None, "điều chỉnh"),
    ]
    assert past["recorded_to"].is_null().to_list() == [False, True, False, True]
    with engine.connect() as connection:
        (act,) = connection.execute(text("SELECT before, after FROM action WHERE reason = 'điều chỉnh'")).all()
    assert "X01 · received · 2025: 100 KH 1" in act.before
    assert "X01 · received · 2025: 120 KH 2" in act.after
    # what was taken back may be given again
    assert taken(engine, written(tmp_path, "X02;received;2025;ít nhất;5;KH 3"))["added"] == 1
    assert targets_of(engine, units=["X02"])["version"].to_list() == [3]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_exported_changes_nothing_when_it_is_imported(
    engine: Engine, run: str, tmp_path: Path, ending: str
) -> None:
    taken(engine, written(tmp_path, "X01;received;2025;ít nhất;11.713;=KH 1"))
    to = tmp_path / f"ra.{ending}"
    assert export_targets(engine, CATALOG, to) == 1
    assert taken(engine, to) == {"added": 0, "changed": 0, "removed": 0, "same": 1}


def test_every_faulty_row_is_listed_and_nothing_is_loaded(engine: Engine, run: str, tmp_path: Path) -> None:
    wrong = written(
        tmp_path,
        "X01;received;2025;ít nhất;100;KH 1",
        "X99;received;2025;ít nhất;100;KH 1",
        "X01;nothing;2025;ít nhất;100;KH 1",
        "X01;received;25;ít nhất;100;KH 1",
        "X01;received;2025;hơn;100;KH 1",
        "X01;solved;2025;ít nhất;hơn 100;KH 1",
        "X01;solved;2025;ít nhất;1,5;KH 1",
        "X01;solved;2025;ít nhất;-1;KH 1",
        "X01;solved;2025;ít nhất;5;",
        "X03;solved;2025;bỏ;;KH 1",
        "X01;received;2025;ít nhất;101;KH 1",
    )
    with pytest.raises(TargetsRefusedError) as refused:
        taken(engine, wrong)
    places = [(fault.line, fault.column) for fault in refused.value.faults]
    columns = ["A unit", "B indicator", "C year", "D direction", *["E value"] * 3, "F source", "D direction", ""]
    assert places == list(zip(range(3, 13), columns, strict=True))
    assert targets_of(engine).is_empty()
    for head in ("unit;indicator;year;direction;value", f"{HEAD};more"):
        with pytest.raises(TargetsRefusedError):
            taken(engine, written(tmp_path, "X01;received;2025;ít nhất;1", head=head))


def test_two_imports_at_once_are_one_after_the_other(
    engine: Engine, run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's import comes between reading and writing: this one is proved anew and finds nothing to do."""
    file = written(tmp_path, "X01;received;2025;ít nhất;100;KH 1")
    put, meetings = importing.put_targets, []

    def interrupted(*args: object, **more: object) -> None:
        if not meetings:
            meetings.append(True)
            taken(engine, file)
        put(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "put_targets", interrupted)
    assert taken(engine, file)["same"] == 1
    assert targets_of(engine, history=True).height == 1
    monkeypatch.setattr(importing, "put_targets", lambda *_, **__: (_ for _ in ()).throw(TargetsMovedError))
    with pytest.raises(TargetsRefusedError, match="keep being changed"):
        taken(engine, written(tmp_path, "X02;received;2025;ít nhất;100;KH 1"))


def test_targets_stand_beside_the_totals_in_force(engine: Engine, run: str, tmp_path: Path) -> None:
    """A parent's total with its coverage, a leaf's own figure, a leaf that is silent; the year runs, as Q1 alone is."""
    taken(
        engine,
        written(
            tmp_path,
            "T01;received;2025;ít nhất;40;KH 1",
            "X01;received;2025;không quá;25;KH 1",
            "X02;solved;2025;ít nhất;5;KH 1",
            "X03;received;2025;ít nhất;5;KH 1",
        ),
    )
    first, second = arrive(engine, run, "a", "b")
    reports = [(first, "X01", "accepted", {"received": 30.0}), (second, "X02", "accepted", {"received": 20.0})]
    load_batch(engine, run, batch(*reports))
    refresh_roll_up(engine, CATALOG, "2025-Q1", "bieu-1")
    found = attainment_of(engine, CATALOG, 2025)
    names = ("unit", "value", "reported", "expected", "attainment", "outcome", "note")
    assert found.select(names).rows() == [
        ("T01", 50.0, 2, 3, 125.0, "met", "year_runs=2025-Q1,incomplete=2/3"),
        ("X01", 30.0, 1, 1, 120.0, "not_met", "year_runs=2025-Q1"),
        ("X02", None, None, None, None, None, "no_figure"),
        ("X03", None, None, None, None, None, "no_figure"),
    ]
    frame = targets_frame(engine, CATALOG, ["T01", "X01", "X03"], ["2025-Q1"])
    assert frame.schema == dict(SCHEMAS["targets"])
    assert frame.select("unit", "met").rows() == [("T01", True), ("X01", False), ("X03", None)]
    assert targets_frame(engine, CATALOG, ["T01"], []).schema == dict(SCHEMAS["targets"])
    assert targets_frame(engine, CATALOG, ["T01"], ["2024"]).is_empty()
