"""Ending a run on request."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from console.words import say


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C and a polite kill end the program at once: a run may be cut short anywhere, the next takes up the rest.

    Left to themselves, Prefect's server would die first and every step would be tried again without it.
    """
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: object) -> None:
    import psutil

    with suppress(OSError):  # the terminal may be gone, which is why this was called
        said = say("Đã dừng theo yêu cầu. Làm tiếp: tongket ingest", "Stopped. Go on with: tongket ingest")
        sys.stderr.write(f"\n✗ {said}\n")
        sys.stderr.flush()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            child.kill()
    os._exit(128 + number)
