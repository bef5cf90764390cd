"""What is said of a paragraph that does not agree with the report: the words as they stand, and what they meet."""

from __future__ import annotations

from typing import Any

from catalog.model import SpokenFigureCheck, SpokenNameCheck, SpokenTimeCheck
from expectations.places import Names
from expectations.wording import EN, VI, Said, Term, Tongue, is_percent, say_against

#: How much of a name is shown.
LONGEST_NAME = 120


def field_of(row: dict[str, Any]) -> str:
    """The field a finding is about: the paragraph, or for names the list's column."""
    return str(row["narrative"] if "narrative" in row else row["field"])


def cells_of(row: dict[str, Any]) -> list[tuple[str, str]]:
    """The place of the words, then that of the figure or the other name."""
    places = [(row["sheet"], row["cell"])]
    places += [(row[f"{other}_sheet"], row[f"{other}_cell"]) for other in ("figure", "other") if f"{other}_cell" in row]
    return list(dict.fromkeys((sheet or "", cell or "") for sheet, cell in places if cell))


def say_spoken(
    check: SpokenFigureCheck | SpokenTimeCheck | SpokenNameCheck | Any,
    row: dict[str, Any],
    names: Names,
    percentages: frozenset[str],
) -> tuple[Said, Said]:
    """(Vietnamese, English)."""
    if isinstance(check, SpokenFigureCheck):
        return _figure(row, names, percentages)
    if isinstance(check, SpokenTimeCheck):
        return _time(check, row)
    return _names(row, names)


def _figure(row: dict[str, Any], names: Names, percentages: frozenset[str]) -> tuple[Said, Said]:
    percent = is_percent(row["field"], percentages)
    said = Term(row["field"], 0, row["said"], row["said_qualifier"], percent, "", "")
    figure = Term(row["field"], 0, row["figure"], row["qualifier"], percent, "", "")
    labels = names.of(row["field"])

    def words(tongue: Tongue, label: str) -> Said:
        arithmetic, difference = say_against(said, figure, tongue)
        observed = f"{tongue.term(said)} (“{row['words']}”)"
        return Said(observed, f"{label}: {tongue.term(figure)}", arithmetic, difference)

    return words(VI, labels[0]), words(EN, labels[1])


def _time(check: SpokenTimeCheck, row: dict[str, Any]) -> tuple[Said, Said]:
    observed = f"{row['told']} (“{row['words']}”)"
    if check.fault == "no_such_day":
        return Said(observed, "một ngày có trong lịch"), Said(observed, "a day of the calendar")
    return Said(observed, str(row["year"])), Said(observed, str(row["year"]))


def _names(row: dict[str, Any], names: Names) -> tuple[Said, Said]:
    """The name of the list and the other one, with the part of the report that has it."""
    other = _short(row["other_name"])
    vi, en = names.of(row["other_field"])
    return (
        Said(_short(row["name"]), f"“{other}” ({vi})"),
        Said(_short(row["name"]), f"“{other}” ({en})"),
    )


def _short(name: str) -> str:
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    return words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1]}…"
