"""What was typed wrong on the command line, in the language of the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from console.words import LANG

if TYPE_CHECKING:
    from typer.exceptions import TyperException

#: What the command line's library says about a value, and how it is said here; what is not listed stays as it is.
_OF_VALUES = (
    (r".*valid integer.*", "phải là số nguyên"),
    (r".*less than or equal to (\S+)", r"nhiều nhất là \1"),
    (r".*greater than or equal to (\S+)", r"ít nhất là \1"),
    (r".*is not one of (.+?)\.?", r"chỉ nhận \1"),
    (r".*[Dd]oes not exist.*|.*not point to a .*", "không có ở đó"),
)

_OF_USAGE = (
    (r"No such command '(.+?)'\. Did you mean (.+)\?", r"Không có lệnh “\1”; gần giống: \2."),
    (r"No such command '(.+?)'.*", r"Không có lệnh “\1”."),
    (r"Option '(.+?)' requires an argument.*", r"Sau \1 phải có giá trị."),
    (r"Option '(.+?)' does not take a value.*", r"\1 không nhận giá trị."),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)", r"Thừa: \1."),
    (r"Missing command.*", "Thiếu tên lệnh."),
)


def explain_usage(error: TyperException) -> str:
    """One sentence, and where the help is."""
    said = error.format_message() if LANG == "en" else _in_vietnamese(error)
    path = getattr(getattr(error, "ctx", None), "command_path", "tongket")
    return f"{said.rstrip('.')}. {'See' if LANG == 'en' else 'Xem'}: {path} -h"


def _in_vietnamese(error: Any) -> str:
    kind = type(error).__name__
    if kind == "NoSuchOption":
        near = ", ".join(error.possibilities or [])
        return f"Không có tùy chọn {error.option_name}" + (f"; gần giống: {near}" if near else "")
    if kind == "MissingParameter":
        return f"Thiếu {_named(error)}"
    if kind == "BadParameter":
        return f"{_named(error)} không hợp lệ: {_said(error.message, _OF_VALUES)}"
    return _said(error.format_message(), _OF_USAGE)


def _named(error: Any) -> str:
    """The option or argument as the help names it."""
    if error.param_hint:
        return str(error.param_hint).strip("'")
    if error.param is None:
        return "tham số"
    longest = max(error.param.opts, key=len)
    return str(longest)


def _said(message: str, table: tuple[tuple[str, str], ...]) -> str:
    for pattern, words in table:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            return found.expand(words).rstrip(".") if found.re.groups else words.rstrip(".")
    return message
