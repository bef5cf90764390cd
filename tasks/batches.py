"""How a run is cut up: batches, and the worker processes they need."""

from __future__ import annotations

from tasks.settings import Settings

#: Below this many files a batch costs more in fixed checks than a second worker wins.
SMALLEST_BATCH = 200

#: The same for a batch that travels to another machine.
SMALLEST_SHARED_BATCH = 500


def batch_size(count: int, settings: Settings) -> int:
    """Batches of the set size, or smaller ones so that every worker has something to do."""
    share = -(-count // settings.workers)
    return max(1, min(settings.batch_size, max(share, SMALLEST_BATCH)))


def workers_for(count: int, settings: Settings) -> int:
    """Worker processes for ``count`` files: never more than there are batches."""
    return max(1, min(settings.workers, -(-count // batch_size(count, settings))))
