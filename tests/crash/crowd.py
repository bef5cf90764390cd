"""Many reports of many units, for processes that submit them at the same time."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.write import Writer
from tests.crash.world import CROWD, World, figures, one_stop, stamp

#: Every so many reports one whose sums disagree, and one that is cut off.
_SOME_WRONG = 17
_SOME_CUT_OFF = 23


@dataclass(frozen=True)
class Crowd:
    """``files`` are distinct; each of the ``senders`` sends some of them, in an order of its own."""

    files: tuple[Path, ...]
    senders: tuple[tuple[Path, ...], ...]

    @property
    def arrivals(self) -> list[Path]:
        return [path for sender in self.senders for path in sender]


def make_crowd(world: World, folder: Path, senders: int) -> Crowd:
    """Two quarters of a hundred units; every file is sent by at least one, most by two or three."""
    writer = Writer(world.definitions)
    filings = [
        (f"{number:03}", one_stop(unit, period, **_typed(number, period)))
        for number, (period, unit) in enumerate((p, u) for p in ("2025-Q1", "2025-Q2") for u in CROWD)
    ]
    files = writer.write_all(filings, folder / "written")
    for number, path in enumerate(files):
        if number % _SOME_CUT_OFF == 0:
            path.write_bytes(path.read_bytes()[: 2_000 + number])
        stamp(path, number)
    chance = random.Random(7)
    shares = [_share(files, sender, senders, chance) for sender in range(senders)]
    return Crowd(tuple(files), tuple(_sent(share, folder / str(n)) for n, share in enumerate(shares)))


def _share(files: Sequence[Path], sender: int, senders: int, chance: random.Random) -> list[Path]:
    own = files[sender::senders]
    share = [*own, *chance.sample([path for path in files if path not in own], len(files) // 6)]
    chance.shuffle(share)
    return share


def _typed(number: int, period: str) -> dict[str, int]:
    carried = {} if period.endswith("Q1") else {"dossiers_carried_over": 10, "dossiers_received_direct": number}
    typed = figures(number, **carried)
    return {**typed, "dossiers_received_online": 25} if number % _SOME_WRONG == 0 else typed


def _sent(share: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The same bytes under a name of the sender's own."""
    folder.mkdir()
    sent = [folder / f"{path.stem} từ {folder.name}.xlsx" for path in share]
    for path, name in zip(share, sent, strict=True):
        os.link(path, name)
    return tuple(sent)
