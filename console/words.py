"""The language a person reads: Vietnamese unless ``--lang en`` or ``TONGKET_LANG=en`` asks for English."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

_OPTION, _VARIABLE = "--lang", "TONGKET_LANG"


def language_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with ``--lang`` before the command, wherever it was typed."""
    option, rest = _split(arguments)
    return [*option, *rest]


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The last ``--lang`` with its value, and everything else; after ``--`` nothing is an option."""
    option: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting and waiting[0] != "--":
        argument = waiting.pop(0)
        if argument == _OPTION and waiting:
            option = [argument, waiting.pop(0)]
        elif argument.startswith(f"{_OPTION}="):
            option = [argument]
        else:
            rest.append(argument)
    return option, rest + waiting


def _chosen() -> str:
    """The language is needed before the command line is parsed, because the help texts are in it too."""
    option, _ = _split(sys.argv[1:])
    if option:
        return option[-1].removeprefix(f"{_OPTION}=")
    return os.environ.get(_VARIABLE) or _in_file(Path(".env"))


def _in_file(path: Path) -> str:
    """``TONGKET_LANG`` of a ``.env`` file; what is wrong with such a file is said where all settings are read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    values = [value for name, _, value in (line.partition("=") for line in lines) if name.strip() == _VARIABLE]
    return values[-1].strip().strip("'\"") if values else ""


LANG = "en" if _chosen().strip().lower() == "en" else "vi"


def say(vi: str, en: str) -> str:
    """The sentence in the language of this process."""
    return en if LANG == "en" else vi
