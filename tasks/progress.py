"""Events of a run for whoever watches it (the terminal); a run without a watcher says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """``step`` is ``received``, ``batch`` or ``rolled_up``; ``done`` of ``total`` files are through it."""

    step: str
    done: int
    total: int


_watchers: list[Callable[[Event], None]] = []


def tell(step: str, done: int, total: int) -> None:
    for watcher in tuple(_watchers):
        watcher(Event(step, done, total))


@contextmanager
def watching(watcher: Callable[[Event], None]) -> Iterator[None]:
    """Events are passed to ``watcher`` from whichever thread they happen in."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)
