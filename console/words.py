"""The language a person reads: Vietnamese unless ``--lang en`` or ``TONGKET_LANG=en`` asks for English."""

from __future__ import annotations

import os
import sys


def _chosen() -> str:
    """The language is needed before the command line is parsed, because the help texts are in it too."""
    arguments = sys.argv[1:]
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
    return os.environ.get("TONGKET_LANG", "vi")


LANG = "en" if _chosen().strip().lower() == "en" else "vi"


def say(vi: str, en: str) -> str:
    """The sentence in the language of this process."""
    return en if LANG == "en" else vi
