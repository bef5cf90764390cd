"""How long the steps of a run took, so that what is left can honestly be called orchestration."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Spans of work (seconds of one monotonic clock), possibly overlapping, gathered from several threads."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, float, float]] = []

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.spans.append((name, start, time.perf_counter()))

    def seconds(self, name: str) -> float:
        """Time during which at least one span of this name was open."""
        return _covered([(start, end) for span, start, end in self.spans if span == name])

    def covered(self) -> float:
        """Time during which any span was open."""
        return _covered([(start, end) for _, start, end in self.spans])


def _covered(spans: list[tuple[float, float]]) -> float:
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
