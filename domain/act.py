"""Acts: what a person decided about a report, a unit or a period; each is a row: who, when, why, before, after."""

from __future__ import annotations

from enum import StrEnum


class Act(StrEnum):
    """``restore`` takes up again what was withdrawn or superseded; ``return`` hands the annotated workbook back;
    ``replace_warehouse`` puts a backup in the place of all that stood in the warehouse; ``import_register`` changes the
    register of units; ``override_freeze`` lets the figures of a conference be frozen although something critical is
    open; ``set_targets`` gives, changes or takes back targets of a year; ``decide_rating`` gives a unit its grade;
    ``add_conclusion`` and ``change_conclusion`` write down what a conference concluded, and what became of it;
    ``resend_notice`` lets a notice go out whose fate is not known; ``drop_notice`` says that one need not go out."""

    RETRY = "retry"
    RESTORE = "restore"
    WITHDRAW = "withdraw"
    WAIVE = "waive"
    PERMIT_LATE = "permit_late"
    RETURN = "return"
    CLOSE_PERIOD = "close_period"
    REOPEN_PERIOD = "reopen_period"
    REPLACE_WAREHOUSE = "replace_warehouse"
    OPEN_CONFERENCE = "open_conference"
    FREEZE_CONFERENCE = "freeze_conference"
    OVERRIDE_FREEZE = "override_freeze"
    SET_TARGETS = "set_targets"
    DECIDE_RATING = "decide_rating"
    ADD_CONCLUSION = "add_conclusion"
    CHANGE_CONCLUSION = "change_conclusion"
    IMPORT_REGISTER = "import_register"
    OPEN_PERIOD = "open_period"
    IMPORT_CONTACTS = "import_contacts"
    RESEND_NOTICE = "resend_notice"
    DROP_NOTICE = "drop_notice"


class ActRefusedError(ValueError):
    """An act that cannot be carried out; nothing was changed. ``vi`` and ``en`` say why, and what to do instead."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en
