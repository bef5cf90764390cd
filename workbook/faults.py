"""What is wrong with a file, as the reader says it: a code of the rules of levels 1 and 2, and the place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one file. ``fault`` is the code that a rule's ``file`` or ``intake`` check names."""

    fault: str
    observed: str = ""
    expected: str = ""
    sheet: str = ""
    cell: str = ""


class BadFileError(Exception):
    """The file cannot be read at all; carries the fault that says why. Never leaves this room."""

    def __init__(self, fault: str, observed: str = "", expected: str = "", sheet: str = "", cell: str = "") -> None:
        self.fault = Fault(fault, observed, expected, sheet, cell)
        super().__init__(f"{fault}: {observed}")
