"""The floor: what nobody who reads these files and stores these rows can go below."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

PROCESSES = 2


def read_seconds(files: Sequence[Path]) -> float:
    """Two warm processes read every cell of every sheet of the files with calamine, and throw them away."""
    parts = [[str(path) for path in files[n::PROCESSES]] for n in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        list(pool.map(_read, [part[:1] for part in parts]))
        started = time.perf_counter()
        list(pool.map(_read, parts))
        return time.perf_counter() - started


def _read(files: Sequence[str]) -> int:
    return sum(_rows(file) for file in files)


def _rows(file: str) -> int:
    """Rows of all sheets; none of a file that is broken on purpose."""
    try:
        workbook = CalamineWorkbook.from_path(file)
    except CalamineError:
        return 0
    return sum(len(workbook.get_sheet_by_name(name).to_python()) for name in workbook.sheet_names)


def insert_seconds(warehouse: Path, target: Path) -> tuple[float, int]:
    """The rows of the observation table, inserted into an empty table without indexes in one transaction."""
    with sqlite3.connect(f"file:{warehouse}?mode=ro", uri=True) as source:
        rows = source.execute("select * from observation").fetchall()
        columns = [item[1] for item in source.execute("pragma table_info(observation)")]
    target.unlink(missing_ok=True)
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute(f"create table observation ({', '.join(columns)})")
    marks = ", ".join("?" for _ in columns)
    started = time.perf_counter()
    connection.execute("begin")
    connection.executemany(f"insert into observation values ({marks})", rows)  # noqa: S608
    connection.execute("commit")
    seconds = time.perf_counter() - started
    connection.close()
    return seconds, len(rows)
