"""Seconds the pack of a province takes, document by document: ``python -m bench.pack [communes] [cells a commune]``."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from conference.pack import FORMATS, build_pack
from tests.frozen_samples import MADE_AT, province


def main(communes: int = 160, cells: int = 50) -> None:
    frozen = province(communes, cells)
    units, figures = len(frozen["units"]), len(frozen["figures"])
    print(f"{units:,} units, {figures:,} figures")
    with tempfile.TemporaryDirectory() as folder:
        begun, busy = time.perf_counter(), time.process_time()
        for name, file in FORMATS.items():
            start, cpu = time.perf_counter(), time.process_time()
            build_pack(frozen, frozen.unit, Path(folder) / "pack", made_at=MADE_AT, formats=[name])
            size = (Path(folder) / "pack" / file).stat().st_size / 1e6
            print(
                f"{name:8} {time.perf_counter() - start:6.1f} s  {time.process_time() - cpu:6.1f} s CPU  {size:6.1f} MB"
            )
        print(f"{'all':8} {time.perf_counter() - begun:6.1f} s  {time.process_time() - busy:6.1f} s CPU")


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:3]))
