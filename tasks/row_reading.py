"""One row of a table that a person made: the words, codes, days and choices in its cells; what a cell cannot mean is a
fault with its place."""

from __future__ import annotations

import unicodedata
from datetime import date

from catalog.register import RowFault, Said
from domain.names import fold_name
from workbook.register import RegisterTable, TableRow

#: Far more than any name or title of a decree; what is longer was pasted by mistake.
_LONGEST = 2_000

RETYPE = Said("gõ lại ô này", "type the cell again")


class RowReading:
    """One row being read; ``faults`` gathers what its cells cannot mean. ``known``: codes a number may stand for."""

    def __init__(self, table: RegisterTable, row: TableRow, known: set[str]) -> None:
        self.table, self.row, self.known = table, row, known
        self.faults: list[RowFault] = []

    def fault(self, column: str, what: Said, advice: Said) -> RowFault:
        letter = self.table.letters.get(column, "")
        shown = " ".join(filter(None, (letter, column)))
        return RowFault(self.table.file, self.table.sheet, self.row.line, shown, what, advice)

    def say(self, column: str, what: Said, advice: Said) -> None:
        self.faults.append(self.fault(column, what, advice))

    def text(self, column: str, *, needed: bool = True) -> str | None:
        """The words of a cell without surrounding space; a number is its digits."""
        content = self.row.cells.get(column)
        words = content[2].strip() if content else ""
        if content and content[0] == "error":
            self.say(column, Said(f"ô có lỗi {words}", f"the cell shows {words}"), RETYPE)
        elif not words and needed:
            self.say(column, Said("để trống", "is empty"), Said("ghi vào ô này", "fill it in"))
        elif len(words) > _LONGEST:
            self.say(column, Said(f"dài {len(words)} ký tự", f"has {len(words)} characters"), RETYPE)
        elif any(unicodedata.category(letter) == "Cc" for letter in words):
            self.say(column, Said("có ký tự điều khiển hoặc xuống dòng", "has line breaks or control signs"), RETYPE)
        else:
            return words or None
        return None

    def code(self, column: str, *, needed: bool = True) -> str | None:
        words = self.text(column, needed=needed)
        if words is None:
            return None
        if not _is_code(words):
            self.say(
                column,
                Said(f"{words!r} không phải mã đơn vị", f"{words!r} is no unit code"),
                Said("mã chỉ gồm A–Z, 0–9, dấu chấm, gạch ngang", "codes are of A–Z, 0–9, dots and hyphens"),
            )
            return None
        content = self.row.cells[column]
        if content[0] == "number" and words not in self.known:
            self.say(
                column,
                Said(f"mã {words} gõ dạng số, có thể đã mất số 0 ở đầu", f"{words} is a number: zeros may be lost"),
                Said(
                    "định dạng cột là Văn bản (Text) rồi gõ lại đủ các số 0",
                    "format the column as Text and type it again",
                ),
            )
            return None
        return words

    def day(self, column: str, *, needed: bool = True) -> date | None:
        words = self.text(column, needed=needed)
        if words is None:
            return None
        try:
            if len(words) != len("2025-07-01"):
                raise ValueError(words)
            return date.fromisoformat(words)
        except ValueError:
            self.say(
                column,
                Said(f"{words!r} không phải ngày", f"{words!r} is not a day"),
                Said(
                    "viết như 2025-07-01, hoặc để ô dạng ngày trong Excel", "write 2025-07-01, or a date cell in Excel"
                ),
            )
            return None

    def choice(self, column: str, choices: dict[str, str]) -> str:
        """What the words of a cell stand for; accents, case and spacing of the words do not matter."""
        words = self.text(column)
        if words is None:
            return ""
        found = {fold_name(word): meant for word, meant in choices.items()}.get(fold_name(words))
        if found is None:
            known = ", ".join(dict.fromkeys(choices.values()))
            self.say(
                column,
                Said(f"không hiểu {words!r}", f"{words!r} is not understood"),
                Said(f"dùng một trong: {known}", f"use one of: {known}"),
            )
        return found or ""


def _is_code(words: str) -> bool:
    return (
        words[0] not in ".-"
        and all(letter.isascii() and (letter.isalnum() or letter in ".-") for letter in words)
        and (words == words.upper())
    )
