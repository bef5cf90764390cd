"""What a run that nobody disturbs comes to, and by which steps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tests.crash.same import Dump, assert_sound, dump, returned
from tests.crash.watching import Point, read_trace
from tests.crash.world import Fresh, Place, World, place
from tests.crash.zygote import Zygote

#: Files a batch: few, so that a run has several loads.
BATCH = 6


@dataclass(frozen=True)
class Undisturbed:
    """``events`` in order, the ``rows`` of the whole warehouse, the annotated copies, and how long it took."""

    events: list[Point]
    rows: Dump
    copies: list[str]
    seconds: float

    def assert_same(self, where: Place) -> None:
        """What lies there is sound, and what this run came to."""
        assert_sound(where)
        assert dump(where).differences(self.rows) == []
        assert returned(where) == self.copies


def run_undisturbed(world: World, fresh: Fresh, processes: Zygote, folder: Path) -> Undisturbed:
    with place(world, folder / "home", fresh) as where:
        began = time.perf_counter()
        trace = folder / "trace"
        ended = processes.run("tests.crash.child:collecting", **where.arguments, trace=str(trace), batch=BATCH)
        seconds = time.perf_counter() - began
        assert ended.is_done, ended.said
        assert_sound(where)
        return Undisturbed(read_trace(trace), dump(where), returned(where), seconds)
