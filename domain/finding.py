"""A finding: what is wrong, where, what was seen, what was expected. Bad data is a finding, never an exception."""

from __future__ import annotations

from enum import IntEnum, StrEnum

#: What a waiver names as its field when the finding has none and stands at a cell: ``cell:Số liệu!H7``, or ``cell:H7``
#: in a file without sheets.
WAIVED_CELL = "cell:"


class Severity(StrEnum):
    """The severities of Great Expectations: critical blocks loading, warning asks for an explanation, info is shown."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class SettledBy(StrEnum):
    """Why a finding no longer asks anything of the unit.

    ``note``: the unit explained a warning in the note column; ``waiver``: an administrator waived a warning;
    ``override``: an administrator let a critical finding pass, with a second person's name.
    """

    NOTE = "note"
    WAIVER = "waiver"
    OVERRIDE = "override"


class CheckLevel(IntEnum):
    """Each level is judged only when the ones below hold for the submission."""

    FILE = 1
    FORM = 2
    VALUE = 3
    RECORD = 4
    UNIT = 5
    HISTORY = 6
    HIERARCHY = 7
