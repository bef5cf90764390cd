"""``make bench``: whole runs against their floor, all measured in the same call; nothing here is a test.

The floor: two processes that do nothing but read the same files with calamine, plus the bare insert of the same rows
through the database driver. The run is the real flow in a process of its own, with receiving, checks, findings and
roll-up inside; the start-up of processes is reported apart. Then the same units report the year before, and the steps
that look back or upwards are timed each by itself.

``python -m bench roll-up`` measures questions on a large warehouse instead (:mod:`bench.roll_up`), ``python -m bench
cluster`` kills a machine of several in the middle of a run (:mod:`bench.cluster`).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench import cluster, roll_up
from bench.floor import insert_seconds, read_seconds
from bench.run import Measured, run_flow
from bench.stage import stage
from bench.steps import step_seconds

SIZES = (1_000, 10_000)

_STEPS = {
    "roll_up": "all totals anew, level 7 with them",
    "level_seven": "parents judged against their children, of that",
    "year_on_year": "all totals beside those of the year before, reported by the same units",
}


def main() -> None:
    if sys.argv[1:2] == ["roll-up"]:
        roll_up.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["cluster"]:
        cluster.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES), help="submissions to ingest")
    parser.add_argument("--keep", type=Path, help="folder to keep the files in (default: a temporary one)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    results = []
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory(prefix="tongket-bench-") as folder:
            results.append(_measure(size, arguments.keep or Path(folder)))
        if not arguments.json:
            _print(results[-1])
    if arguments.json:
        json.dump(results, sys.stdout, indent=2)


def _measure(size: int, folder: Path) -> dict[str, float]:
    home = folder / f"home-{size}"
    files = stage(home, size)
    read = read_seconds(files)
    measured = run_flow(home, files[0].parent)
    insert, rows = insert_seconds(home / "warehouse.db", folder / "floor.db")
    figures = _figures(size, read, insert, rows, measured)
    for step, (seconds, worked) in step_seconds(home, size).items():
        figures |= {f"{step}_s": seconds, f"{step}_processor_s": worked}
    return figures


def _figures(size: int, read: float, insert: float, rows: int, measured: Measured) -> dict[str, float]:
    floor = read + insert
    working = measured.total - measured.warm_up
    return {
        "submissions": size,
        "observations": rows,
        "floor_read_s": read,
        "floor_insert_s": insert,
        "floor_s": floor,
        "run_s": working,
        "ratio": working / floor,
        "start_up_s": measured.wall - working,
        "whole_process_s": measured.wall,
        "whole_process_ratio": measured.wall / floor,
        "prefect_share": measured.orchestration / working,
        "peak_memory_mb": measured.peak_memory / 1e6,
        "accepted": measured.accepted,
        "copies_s": measured.steps["compare"],
        "return_s": measured.steps["return"],
    }


def _print(figures: dict[str, float]) -> None:
    print(f"\n{figures['submissions']:,} submissions · {figures['observations']:,} observations")
    parts = f"read {figures['floor_read_s']:.2f} + insert {figures['floor_insert_s']:.2f}"
    print(f"  floor     {figures['floor_s']:8.2f} s  ({parts})")
    print(f"  run       {figures['run_s']:8.2f} s  = {figures['ratio']:.2f} × the floor")
    print(f"  start-up  {figures['start_up_s']:8.2f} s  (imports, Prefect's server, worker processes)")
    print(f"  whole     {figures['whole_process_s']:8.2f} s  = {figures['whole_process_ratio']:.2f} × the floor")
    print(f"  Prefect   {figures['prefect_share']:8.1%}  of the run")
    print(f"  memory    {figures['peak_memory_mb']:8.0f} MB at the peak, all processes together")
    print(f"  return    {figures['return_s']:8.2f} s  of the run: annotated workbooks of what failed or has warnings")
    print(f"  copies    {figures['copies_s']:8.2f} s  of the run: reports compared with those of other units")
    for step, said in _STEPS.items():
        seconds, worked = figures[f"{step}_s"], figures[f"{step}_processor_s"]
        print(f"  {step:13} {seconds:4.2f} s  ({worked:.2f} s of the processor) {said}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
