"""The one exception of this room."""

from __future__ import annotations


class ProgramFault(Exception):  # noqa: N818
    """The program or its definitions are at fault, not the data: a rule was not judged. Never turned into a finding."""
