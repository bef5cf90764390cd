"""``python -m examples.year``: a year of a made-up province, played with the flows and compared with the oracle.

The workspace, the files that were sent and the definitions stay in ``--home``. Exit code 1 when anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples.year.comparing import Compared
    from examples.year.playing import Played

#: Differences that are printed one by one.
_SHOWN = 50


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.year", description=__doc__)
    parser.add_argument("--units", type=int, default=200, help="đơn vị · units of the province (200)")
    parser.add_argument("--seed", type=int, default=7, help="mầm · seed (7)")
    parser.add_argument("--home", type=Path, required=True, help="thư mục mới · a new folder")
    parser.add_argument("--database", help="postgresql://… (mặc định · default: SQLite)")
    asked = parser.parse_args()
    home = asked.home.resolve()
    if home.exists() and any(home.iterdir()):
        parser.error(f"{home} không trống · is not empty")
    os.environ["TONGKET_ARRIVAL"] = "modified"
    from flows.runtime import prepare

    prefect = home / "workspace" / ".prefect"
    prefect.mkdir(parents=True)
    prepare(prefect)
    return _play(home, asked.units, asked.seed, asked.database)


def _play(home: Path, units: int, seed: int, database: str | None) -> int:
    from examples.year.machine import FlowMachine
    from examples.year.playing import make_stage, play, settings_of

    stage = make_stage(home, units, seed)
    _say(f"{stage.files} tệp của năm {stage.script.year} · files of the year")
    settings = settings_of(stage, home / "workspace", database)
    played = play(stage, settings, FlowMachine(), told=_tell)
    _summarise(played)
    return 1 if played.compared.differences else 0


def _tell(label: str, seen: Compared) -> None:
    _say(f"  {label}: {seen.count} so sánh · comparisons, {len(seen.differences)} khác · differences")
    for difference in seen.differences[:_SHOWN]:
        _say(f"    {difference}")


def _summarise(played: Played) -> None:
    from rich.console import Console
    from rich.table import Table

    columns = (
        "Kỳ · Period", "Phải gửi · Expected", "Đã gửi · Received", "Đúng hạn · On time", "Muộn · Late",
        "Trả lại · Rejected", "Chưa gửi · Missing", "Đóng lúc · Closed at",
    )  # fmt: skip
    table = Table(*columns, title=f"Năm · Year {played.script.year}", title_justify="left")
    reports = played.player.settings.workspace.reports
    for period in played.script.periods:
        told = json.loads((reports / period / f"period-report-{period}.json").read_text(encoding="utf-8"))
        names = ("expected", "received", "on_time", "late", "rejected", "missing")
        table.add_row(period, *(str(told["total"][name]) for name in names), told["closed_at"])
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(table)
    acts = ", ".join(f"{what} {count}" for what, count in played.acts())
    _say(f"Quyết định · Acts: {acts}")
    _say(f"Lượt chạy · Runs: {', '.join(f'{kind} {n}' for kind, n in sorted(played.oracle.almanac.runs.items()))}")
    compared = played.compared
    _say(
        f"So sánh · Comparisons: {compared.count}, khác · differences: {len(compared.differences)}"
        f" ({played.seconds:.0f} s)"
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
