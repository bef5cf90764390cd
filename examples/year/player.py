"""The year done on a workspace, by what a user touches: files into the inbox, acts, runs on schedule."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import text

from domain.clock import pretending
from examples.year.deeds import (
    Closes,
    Deed,
    Defines,
    Freezes,
    Introduces,
    Permits,
    Registers,
    Reopens,
    Restores,
    Retries,
    Sends,
    Waives,
    Wakes,
    Withdraws,
)
from tasks import acting, periods
from tasks.contacts import import_contacts
from tasks.register import import_register
from tasks.retrying import Wanted
from tasks.settings import Settings
from tasks.store import definitions, engine_for
from warehouse import acts
from warehouse.engine import Engine
from workbook.register import write_contacts_csv, write_events_csv, write_units_csv

WHO = "Văn phòng Tỉnh ủy"


class Machine(Protocol):
    """Who does what is asked by the calendar and by hand: the flows, or the same tasks as plain functions."""

    def wake(self, settings: Settings, moment: datetime) -> None: ...

    def retry(self, settings: Settings, wanted: Wanted, who: str, reason: str) -> None: ...

    def close(self, settings: Settings, period: str, who: str, reason: str) -> None: ...

    def freeze(self, settings: Settings, year: int, unit: str, who: str, reason: str) -> None: ...


@dataclass
class Player:
    """Plays deeds one after the other; ``letters`` is the folder where the files lie that are sent in the year."""

    settings: Settings
    editions: dict[str, Path]
    letters: Path
    machine: Machine

    def __post_init__(self) -> None:
        self._deeds: dict[type, Callable[..., None]] = {
            Sends: self._send,
            Permits: self._permit,
            Withdraws: self._withdraw,
            Restores: self._restore,
            Waives: self._waive,
            Retries: self._retry,
            Registers: self._register,
            Introduces: self._introduce,
            Defines: self._define,
            Reopens: self._reopen,
            Closes: self._close,
            Freezes: self._freeze,
            Wakes: self._wake,
        }

    @property
    def engine(self) -> Engine:
        return engine_for(self.settings.url)

    def play(self, deed: Deed) -> None:
        """Do the deed, at its moment."""
        if type(deed) in self._deeds:
            with pretending(deed.at):
                self._deeds[type(deed)](deed)

    def _send(self, deed: Sends) -> None:
        path = self.settings.workspace.inbox / deed.file
        shutil.copyfile(self.letters / deed.file, path)
        os.utime(path, (deed.at.timestamp(), deed.at.timestamp()))

    def _permit(self, deed: Permits) -> None:
        acts.permit_late(self.engine, deed.unit, deed.period, deed.until, who=WHO, reason=deed.reason)

    def _withdraw(self, deed: Withdraws) -> None:
        acting.withdraw(self.settings, self.number(deed.file), who=WHO, reason=deed.reason)

    def _restore(self, deed: Restores) -> None:
        acts.restore(self.engine, self.number(deed.file), who=WHO, reason=deed.reason)

    def _waive(self, deed: Waives) -> None:
        question = text("select max(id) from finding where submission_id = :report and rule = :rule")
        with self.engine.connect() as connection:
            found = connection.scalar(question, {"report": self.number(deed.file), "rule": deed.rule})
        acts.waive(self.engine, int(found or 0), who=WHO, reason=deed.reason, until=deed.until, today=deed.at.date())

    def _retry(self, deed: Retries) -> None:
        numbers = tuple(self.number(file) for file in deed.files)
        self.machine.retry(self.settings, Wanted(submissions=numbers, mended=deed.mended), WHO, deed.reason)

    def _register(self, deed: Registers) -> None:
        files = [self.settings.workspace.home / f"{deed.name}.csv"]
        files[0].write_bytes(write_units_csv(deed.units))
        if deed.events:
            files.append(self.settings.workspace.home / f"{deed.name}-su-kien.csv")
            files[1].write_bytes(write_events_csv(deed.events))
        import_register(self.engine, definitions(self.settings), files, who=WHO, reason=deed.reason)
        acting.refresh_after_register(self.settings)

    def _introduce(self, deed: Introduces) -> None:
        file = self.settings.workspace.home / "nguoi-nhan.csv"
        file.write_bytes(write_contacts_csv(deed.contacts))
        import_contacts(self.engine, file, who=WHO, reason=deed.reason)

    def _define(self, deed: Defines) -> None:
        self.settings = self.settings.model_copy(update={"catalog": self.editions[deed.edition]})

    def _reopen(self, deed: Reopens) -> None:
        periods.reopen_period(self.settings, deed.period, who=WHO, reason=deed.reason)

    def _close(self, deed: Closes) -> None:
        self.machine.close(self.settings, deed.period, WHO, deed.reason)

    def _freeze(self, deed: Freezes) -> None:
        self.machine.freeze(self.settings, deed.year, deed.unit, WHO, deed.reason)

    def _wake(self, deed: Wakes) -> None:
        self.machine.wake(self.settings, deed.at)

    def number(self, file: str) -> int:
        """The number of the submission that came in a file."""
        with self.engine.connect() as connection:
            found = connection.scalar(text("select id from submission where name = :file"), {"file": file})
        if found is None:
            raise LookupError(f"the file {file} was never taken in")
        return int(found)
