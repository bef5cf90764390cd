"""Acts: what a person decided about a report, a unit or a period; each is a row: who, when, why, before, after."""

from __future__ import annotations

from enum import StrEnum


class Act(StrEnum):
    """``restore`` takes up again what was withdrawn or superseded; ``return`` hands the annotated workbook back;
    ``replace_warehouse`` puts a backup in the place of all that stood in the warehouse; ``import_register``
    changes the register of units."""

    RETRY = "retry"
    RESTORE = "restore"
    WITHDRAW = "withdraw"
    WAIVE = "waive"
    PERMIT_LATE = "permit_late"
    RETURN = "return"
    CLOSE_PERIOD = "close_period"
    REOPEN_PERIOD = "reopen_period"
    REPLACE_WAREHOUSE = "replace_warehouse"
    IMPORT_REGISTER = "import_register"


class ActRefusedError(ValueError):
    """An act that cannot be carried out; nothing was changed. ``vi`` and ``en`` say why, and what to do instead."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en
